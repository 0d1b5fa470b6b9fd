"""Requests of a plan: what is sent is what was planned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import (
    SplitOptions,
    build_request,
    build_requests,
    plan_media,
    probe,
    save_requests,
)
from vlprep.errors import ConstraintError, UnknownFactError

PHOTO, STREET, VFR = (str(FIXTURES / name) for name in ("photo.jpg", "street.mp4", "vfr.mp4"))
WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"


def tokens(plan):
    """Return what was planned for each request."""
    return [sum(plan.files[k].tokens.total for k in numbers) for numbers in plan.requests]


FRAMES = {"api": "dashscope", "as_frames": True}
FIELDS = {"api": "dashscope", "video_fields": True}


def built(plan, how):
    """Build the requests, with the fields of 2026 where frames would be sized anew by a service."""
    try:
        return list(build_requests(plan, "What?", **how))
    except ConstraintError as error:
        assert "of a list of images; `video_fields` states" in str(error)
        return list(build_requests(plan, "What?", **FIELDS))


@pytest.mark.parametrize("split", [None, SplitOptions(), SplitOptions(reorder=True)])
@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qvq-max", "qwen3-vl-235b-a22b-instruct"])
@pytest.mark.parametrize("how", [FRAMES, FIELDS], ids=["frames", "fields"])
@pytest.mark.parametrize("budget", [700, 1300, 2300])
def test_what_is_sent_costs_what_was_planned(split, model, how, budget):
    files = [PHOTO, STREET, PHOTO, VFR, PHOTO]
    plan = plan_media(files, model, budget=budget, split=split)
    requests = built(plan, how)
    assert [request.tokens for request in requests] == tokens(plan)
    assert [len(request.parts) for request in requests] == list(map(len, plan.requests))
    assert not [text for request in requests for text in request.warnings if "planned" in text]


def test_picked_frames_go_as_a_list_and_in_no_other_way():
    plan = plan_media(STREET, "qwen3-vl-plus", pick={"by": "keyframes"})
    with pytest.raises(ConstraintError, match="picked frames go as a list; say `as_frames`"):
        list(build_requests(plan, "What?", api="dashscope"))
    (request,) = build_requests(plan, "What?", api="dashscope", as_frames=True)
    assert len(request.parts[0].files) == plan.files[0].tokens.frames


@pytest.mark.parametrize("budget", [700, 5000])
def test_by_the_openai_api(budget):
    plan = plan_media([PHOTO, STREET], budget=budget, api="openai")
    (request,) = build_requests(plan, "What?", as_frames=True)
    assert [request.tokens] == tokens(plan)
    assert request.body["messages"][0]["content"][1].keys() == {"type", "video"}  # 2 fps, unsaid


def test_a_file_that_is_shown_as_asked_goes_as_it_is():
    plan = plan_media([PHOTO, STREET], split=SplitOptions())
    (planned,) = build_requests(plan, "What?")
    assert planned.body == build_request([PHOTO, STREET], "What?").body
    assert [part.action for part in planned.parts] == ["unchanged", "unchanged"]


def test_an_image_whose_cap_may_lower_nothing_is_sent_as_small_as_it_is_seen(tmp_path):
    big = tmp_path / "big.png"
    Image.new("RGB", (4000, 3000)).save(big)
    plan = plan_media([big, big], budget=2000)
    (request,) = build_requests(plan, "What?")
    assert [request.tokens] == tokens(plan)
    assert {part.facts.info.size for part in request.parts} == {plan.files[0].tokens.resized}
    assert not any(part.limits for part in request.parts)
    asked = plan_media([big], max_pixels=500_000, split=SplitOptions())
    (request,) = build_requests(asked, "What?")
    assert (request.tokens, request.parts[0].limits) == (tokens(asked)[0], {})
    # By the rules of June the cap holds, and is said.
    (request,) = build_requests(plan_media([big], "qvq-max", budget=500), "What?")
    assert request.parts[0].limits["max_pixels"] < 500_000


def test_a_list_is_one_video():
    plan = plan_media([[PHOTO] * 8, PHOTO], budget=700)
    (request,) = build_requests(plan, "What?", **FIELDS)
    assert [request.tokens] == tokens(plan)
    assert [part.kind for part in request.parts] == ["frames", "image"]


def test_content_and_open_files_are_sent_as_well():
    with Path(PHOTO).open("rb") as file:
        plan = plan_media([file, file.read()], split=SplitOptions())
        (request,) = build_requests(plan, "What?")
    assert [request.tokens] == tokens(plan)


@pytest.mark.parametrize("server", ["vllm", "sglang"])
@pytest.mark.parametrize("budget", [1300, 9000])
def test_servers_of_weights(server, budget):
    plan = plan_media([PHOTO, STREET, PHOTO], WEIGHTS, server=server, budget=budget)
    (request,) = build_requests(plan, "What?")
    assert [request.tokens] == tokens(plan)
    body = request.body
    if server == "vllm" and budget == 1300:
        kept = {file.kind: file.setting for file in plan.files}
        scopes = body["mm_processor_kwargs"]
        assert scopes["images_kwargs"] == {"max_pixels": kept["image"].max_pixels}
        assert scopes["videos_kwargs"] == {"max_pixels": kept["video"].max_pixels}
        assert body["media_io_kwargs"] == {"video": {"fps": kept["video"].fps}}
    else:
        assert not {"mm_processor_kwargs", "media_io_kwargs"} & set(body)
    told = "3 of 3 files are seen as planned only where the server was started as the plan says"
    assert (told in request.warnings) == ((server, budget) == ("sglang", 1300))


def test_one_request_to_a_server_has_one_setting():
    clips = {"server": "vllm", "budget": 1300, "weights": [1, 2]}
    plan = plan_media([STREET, STREET], WEIGHTS, **clips)
    with pytest.raises(ConstraintError, match="one `max_pixels` for all its videos"):
        list(build_requests(plan, "What?"))


def test_weights_of_no_known_server_take_no_setting():
    plan = plan_media([STREET], WEIGHTS, budget=1300)
    with pytest.raises(UnknownFactError, match="how a server of these weights takes"):
        list(build_requests(plan, "What?"))


def test_facts_are_no_content():
    plan = plan_media([probe(PHOTO)])
    with pytest.raises(ConstraintError, match="no content to send"):
        list(build_requests(plan, "What?"))


def test_what_the_protocol_cannot_say_is_refused_with_the_way_out():
    plan = plan_media([STREET], budget=1500)
    with pytest.raises(ConstraintError, match=r"`as_frames` sends the very frames"):
        list(build_requests(plan, "What?"))


def test_more_bytes_than_were_to_be_are_told():
    split = SplitOptions(max_bytes=215_000)
    plan = plan_media([STREET], budget=1500, split=split)
    (request,) = build_requests(plan, "What?", **FRAMES)
    (told,) = [text for text in request.warnings if "`max_bytes`" in text]
    sent = sum(len(file.address) for file in request.parts[0].files)
    assert told.startswith(f"{sent:,} bytes as sent, more than the 215,000")


def test_a_limit_of_bytes_is_of_what_is_sent():
    content = len(build_request([PHOTO], "What?").parts[0].files[0].address)
    for route in (None, "base64"):
        split = SplitOptions(max_bytes=2 * content, route=route)
        plan = plan_media([PHOTO] * 4, split=split)
        assert plan.requests == ((0, 1), (2, 3))
        for request in build_requests(plan, "What?"):
            assert sum(len(part.files[0].address) for part in request.parts) == 2 * content
    split = SplitOptions(max_bytes=2 * content - 1)
    assert len(plan_media([PHOTO] * 4, split=split).requests) == 4


@pytest.fixture
def photos(tmp_path):
    made = [tmp_path / f"{k}.jpg" for k in range(12)]
    for path in made:
        shutil.copy(PHOTO, path)
    return made


def test_bodies_are_files_of_a_folder(tmp_path, photos):
    plan = plan_media(photos, budget=302, split=SplitOptions())
    folder = tmp_path / "bodies"
    saved = save_requests(plan, "What is this?", folder)
    assert [body.file for body in saved] == [f"request-{k:02}.json" for k in range(1, 13)]
    assert sorted(path.name for path in folder.iterdir()) == [body.file for body in saved]
    for body, photo in zip(saved, photos, strict=True):
        document = json.loads((folder / body.file).read_text())
        assert document == build_request([photo], "What is this?").body
        assert (body.sources, body.tokens) == ((str(photo),), 302)
        assert body.file_bytes == (folder / body.file).stat().st_size


def test_bodies_of_an_earlier_plan_go_and_other_files_stay(tmp_path, photos):
    folder = tmp_path / "bodies"
    save_requests(plan_media(photos, budget=302, split=SplitOptions()), "What?", folder)
    (folder / "notes.txt").write_text("mine")
    plan = plan_media(photos, budget=2000, split=SplitOptions())
    with pytest.raises(FileExistsError, match="is not empty"):
        save_requests(plan, "What?", folder)
    save_requests(plan, "What?", folder, overwrite=True)
    names = {path.name for path in folder.iterdir()}
    assert names == {"notes.txt", "request-1.json", "request-2.json"}


def test_all_are_written_or_none(tmp_path, photos):
    plan = plan_media(photos, budget=302, split=SplitOptions())
    photos[7].write_bytes(b"no picture")
    folder = tmp_path / "bodies"
    with pytest.raises(Exception, match=r"7\.jpg"):
        save_requests(plan, "What?", folder)
    assert not folder.exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_arguments_for_the_sdk(tmp_path):
    split = SplitOptions(route="path")
    plan = plan_media([PHOTO], split=split)
    asked = {"api": "dashscope"}
    with pytest.raises(ConstraintError, match="files by their path are for the DashScope SDK"):
        save_requests(plan, "What?", tmp_path / "a", **asked)
    save_requests(plan, "What?", tmp_path / "b", sdk=True, **asked)
    document = json.loads((tmp_path / "b" / "request-1.json").read_text())
    assert document["messages"][0]["content"][0] == {"image": f"file://{PHOTO}"}
