"""Requests to servers of open weights: the fields that their own code reads."""

from __future__ import annotations

import ast
import base64
import io
import json

import pytest
from PIL import Image

from tests.places import FIXTURES, GOLDEN
from vlprep import build_request, count_tokens
from vlprep.errors import ConstraintError, UnknownFactError

WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"
PHOTO, STREET = str(FIXTURES / "photo.jpg"), str(FIXTURES / "street.mp4")
SCHEMAS = json.loads((GOLDEN / "server_requests.json").read_text())


def build(*items, server="vllm", **asked):
    return build_request(list(items), "What?", WEIGHTS, server=server, **asked)


def test_rates_and_limits_stand_in_the_fields_of_the_server():
    body = build(PHOTO, STREET, fps=1, max_pixels=200_000, max_frames=8).body
    assert body["media_io_kwargs"] == {"video": {"fps": 1, "max_frames": 8}}
    scope = {"max_pixels": 200_000}
    assert body["mm_processor_kwargs"] == {"images_kwargs": scope, "videos_kwargs": scope}
    parts = body["messages"][0]["content"]
    assert [set(part) for part in parts] == [
        {"type", "image_url"}, {"type", "video_url"}, {"type", "text"},
    ]  # fmt: skip


def test_only_scopes_of_what_is_sent_are_stated():
    assert build(PHOTO, max_pixels=200_000).body["mm_processor_kwargs"] == {
        "images_kwargs": {"max_pixels": 200_000}
    }
    assert "media_io_kwargs" not in build(PHOTO, max_pixels=200_000).body
    plain = build(PHOTO, STREET).body
    assert not {"mm_processor_kwargs", "media_io_kwargs"} & set(plain)


def test_what_is_counted_is_what_the_fields_make_of_it():
    request = build(STREET, fps=1, max_pixels=2_000_000)
    counted = count_tokens(STREET, WEIGHTS, server="vllm", fps=1, max_pixels=2_000_000)
    assert request.tokens == counted.tokens.total
    assert request.tokens != count_tokens(STREET, WEIGHTS, server="vllm").tokens.total


def test_that_the_server_must_allow_these_fields_is_said():
    (warning,) = [text for text in build(STREET, fps=1).warnings if "started with" in text]
    assert warning == (
        "vLLM 0.33 refuses media_io_kwargs with a request unless it was started with "
        "--trust-request-mm-kwargs"
    )
    assert not [text for text in build(STREET).warnings if "started with" in text]


def test_a_number_of_frames_goes_with_the_loader_that_takes_one():
    request = build(STREET, nframes=9)
    assert request.body["media_io_kwargs"] == {
        "video": {"video_backend": "opencv", "num_frames": 9}
    }
    counted = count_tokens(STREET, WEIGHTS, server="vllm", nframes=9)
    assert request.parts[0].tokens == counted.tokens


def test_frames_to_a_weights_server():
    request = build([PHOTO] * 40, fps=4)
    (part,) = request.parts
    assert part.tokens == count_tokens([PHOTO] * 40, WEIGHTS, server="vllm", fps=4).tokens
    body = request.body
    assert body["media_io_kwargs"] == {"video": {"num_frames": -1, "fps": 4.0}}
    url = body["messages"][0]["content"][0]["video_url"]["url"]
    head, _, rest = url.partition(",")
    assert head == "data:video/jpeg;base64"
    pictures = rest.split(",")  # as the server takes it apart
    assert len(pictures) == 40
    assert Image.open(io.BytesIO(base64.b64decode(pictures[0]))).size == (640, 480)


def test_the_frames_of_a_video_go_as_such_a_list():
    request = build(STREET, as_frames=True, fps=1)
    (part,) = request.parts
    assert (part.action, len(part.files)) == ("sampled", 10)
    assert request.body["media_io_kwargs"]["video"]["num_frames"] == -1


def test_one_request_states_one_rate():
    with pytest.raises(ConstraintError, match="one rate for all"):
        build([PHOTO] * 4, STREET, fps=None)
    body = build([PHOTO] * 4, STREET, fps=2).body
    assert body["media_io_kwargs"]["video"] == {"fps": 2.0, "num_frames": -1}


@pytest.mark.parametrize(
    ("server", "asked", "match"),
    [
        ("vllm", {"total_pixels": 10**7}, "takes no `total_pixels` with a request; leave that out"),
        ("vllm", {"start_seconds": 1}, "cannot say `start_seconds`"),
        ("sglang", {"fps": 1}, 'start it with --mm-process-config \'{"video": {"fps": 1}}\''),
        ("sglang", {"max_pixels": 200_000}, "takes no `max_pixels` with a request"),
        (
            "sglang",
            {"clip_pixels": 5_000_000},
            'start it with --mm-process-config \'{"video": {"size": {"shortest_edge": 4096, '
            '"longest_edge": 5000000}}}\'',
        ),
    ],
)
def test_what_a_request_cannot_say_is_refused_with_the_way_there_is(server, asked, match):
    with pytest.raises(ConstraintError) as caught:
        build(STREET, server=server, **asked)
    assert match in str(caught.value)


def test_a_list_of_frames_is_refused_where_nothing_is_known():
    with pytest.raises(UnknownFactError, match=r"how SGLang 0\.5\.23 takes a list of frames"):
        build([PHOTO] * 4, server="sglang")
    with pytest.raises(UnknownFactError, match="or each of the 4 frames as an image"):
        build_request([[PHOTO] * 4], "What?", WEIGHTS)


@pytest.mark.parametrize("server", ["vllm", "sglang"])
def test_bodies_have_only_what_the_servers_request_models_know(server):
    known = SCHEMAS[server]
    asked = {"fps": 1, "max_pixels": 200_000} if server == "vllm" else {}
    for items in ([PHOTO, STREET], [PHOTO], *([[[PHOTO] * 4]] if server == "vllm" else [])):
        body = build(*items, server=server, **asked).body
        assert set(body) <= set(known["fields"])
        for part in body["messages"][0]["content"]:
            assert part["type"] in known["parts"]
            assert set(part) == {"type", part["type"]}


def test_the_schemas_are_those_of_named_releases():
    assert "vLLM 0.33.0" in SCHEMAS["origin"]
    assert "SGLang 0.5.23" in SCHEMAS["origin"]
    assert ast.literal_eval(repr(SCHEMAS["vllm"]["fields"])) == sorted(SCHEMAS["vllm"]["fields"])
