"""The vendors' own clients send our requests to this machine; what arrives is decoded again."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES
from tests.servers import WORDS, Loopback, loopback
from vlprep import (
    Request,
    build_request,
    compress_image,
    compress_video,
    count_tokens,
    read_frames,
)
from vlprep.payload.parts import file_url

openai = pytest.importorskip("openai")  # of the extra "test"
dashscope = pytest.importorskip("dashscope")

SAID = "".join(WORDS)


@pytest.fixture
def server(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # a proxy in the way: nothing listens there
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with loopback() as running:
        monkeypatch.setattr(dashscope, "base_http_api_url", f"{running.url}/api/v1")
        yield running


def send_openai(request: Request, server: Loopback) -> str:
    url = f"{server.url}/compatible-mode/v1"
    with openai.OpenAI(api_key="none", base_url=url, max_retries=0) as client:
        reply = client.chat.completions.create(**request.arguments)
        if request.settings.stream:
            return "".join(chunk.choices[0].delta.content for chunk in reply)
        return reply.choices[0].message.content


def send_dashscope(request: Request, server: Loopback) -> str:
    reply = dashscope.MultiModalConversation.call(api_key="none", **request.arguments)
    pieces = reply if request.settings.stream else [reply]
    texts = []
    for piece in pieces:
        assert piece.status_code == 200, piece.message
        texts.append(piece.output.choices[0].message.content[0]["text"])
    return "".join(texts)


SEND = {"openai": send_openai, "dashscope": send_dashscope}
BOTH = pytest.mark.parametrize("api", SEND)


def sent(server: Loopback, request: Request) -> list[dict]:
    """Send a request with its client; return the content of the user's message that arrived."""
    assert SEND[request.api.name](request, server) == SAID
    body = server.chat.json
    assert server.chat.path.endswith(request.api.path)
    if not any(file.path for part in request.parts for file in part.files):
        assert body == request.body  # the client adds nothing to it and leaves nothing out
    messages = body["messages"] if request.api.name == "openai" else body["input"]["messages"]
    return messages[-1]["content"]


def address(part: dict) -> str | list[str]:
    """Return what stands for the media in a part, of either protocol."""
    for key in ("image_url", "video_url"):
        if key in part:
            return part[key]["url"]
    return part.get("image") or part["video"]


def decoded(url: str) -> tuple[str, bytes]:
    head, comma, data = url.partition(",")
    assert comma and head.startswith("data:") and head.endswith(";base64")
    return head[5:-7], base64.b64decode(data, validate=True)


def fixture_bytes(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_an_image_arrives_byte_for_byte(server, api, stream):
    request = build_request([FIXTURES / "photo.jpg"], "Was ist das? 街", api=api, stream=stream)
    image, text = sent(server, request)
    assert decoded(address(image)) == ("image/jpeg", fixture_bytes("photo.jpg"))
    assert text["text"] == "Was ist das? 街"


@BOTH
def test_several_images_arrive_in_order_with_the_types_of_their_content(server, api):
    names = ["photo.jpg", "png_named.jpg", "photo.heic", "lossless.webp", "photo.bmp"]
    request = build_request([FIXTURES / name for name in names], "Compare.", api=api)
    *images, _ = sent(server, request)
    types = ["image/jpeg", "image/png", "image/heic", "image/webp", "image/bmp"]
    wanted = [(kind, fixture_bytes(name)) for kind, name in zip(types, names, strict=True)]
    assert [decoded(address(image)) for image in images] == wanted


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_a_video_file_arrives_byte_for_byte(server, api, stream):
    request = build_request([FIXTURES / "street.mp4"], "What happens?", api=api, stream=stream)
    video, _ = sent(server, request)
    assert decoded(address(video)) == ("video/mp4", fixture_bytes("street.mp4"))


def test_the_rate_of_a_video_file_arrives(server):
    request = build_request([FIXTURES / "street.mp4"], "What?", api="dashscope", fps=0.5)
    video, _ = sent(server, request)
    assert video["fps"] == 0.5


@BOTH
def test_a_list_of_frames_arrives_with_its_rate(server, api):
    images = [FIXTURES / f"exif_{number}.jpg" for number in range(1, 5)]
    request = build_request([images], "What happens?", api=api, fps=2)
    frames, _ = sent(server, request)
    contents = [image.read_bytes() for image in images]
    assert [decoded(url) for url in address(frames)] == [("image/jpeg", c) for c in contents]
    assert (frames.get("type"), frames.get("fps")) == {
        "openai": ("video", None), "dashscope": (None, 2),
    }[api]  # fmt: skip


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_the_frames_of_a_video_arrive_as_the_model_sees_them(server, api, stream):
    source = FIXTURES / "street.mp4"
    request = build_request([source], "What?", api=api, as_frames=True, stream=stream)
    frames, _ = sent(server, request)
    assert frames.get("fps", 2) == 2
    with read_frames(source, fps=2) as wanted:
        pairs = zip(address(frames), wanted, strict=True)
        for url, frame in pairs:
            kind, content = decoded(url)
            with Image.open(io.BytesIO(content)) as picture:
                pixels = np.asarray(picture.convert("RGB"), np.int16)
            assert kind == "image/jpeg"
            assert pixels.shape == frame.image.shape
            assert np.abs(pixels - frame.image).mean() < 3


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    noise = np.random.default_rng(1).integers(0, 256, (1600, 1600, 3), np.uint8)
    path = tmp_path_factory.mktemp("large") / "noise.png"
    Image.fromarray(noise).save(path, compress_level=0)
    assert path.stat().st_size > 7_000_000
    return path, compress_image(path)


@BOTH
def test_a_compressed_image_arrives_as_its_compressed_form(server, api, large):
    path, made = large
    image, _ = sent(server, build_request([path], "What?", api=api, compress=True))
    assert decoded(address(image)) == (made.mime_type, made.content)
    assert len(address(image)) < 10_000_000


@BOTH
def test_a_converted_video_arrives_as_its_converted_form(server, api, tmp_path):
    source = FIXTURES / "clip.ts"
    request = build_request([source], "What?", api=api, compress=True)
    video, _ = sent(server, request)
    kind, content = decoded(address(video))
    assert (kind, content[4:8]) == ("video/mp4", b"ftyp")
    made = compress_video(source, tmp_path / "clip.mp4")
    assert content == (tmp_path / "clip.mp4").read_bytes()
    assert count_tokens(content).tokens.total == made.tokens_after.total


ODD_NAMES = ["a b+c.jpg", "100%41 #1?.jpg", "街 ~é;&.jpg", "-x\n\t.jpg", "..jpg", "~.jpg"]


def test_files_are_uploaded_by_their_path_whatever_they_are_called(server, tmp_path):
    for number, name in enumerate(ODD_NAMES):
        Path(tmp_path, name).write_bytes(fixture_bytes("photo.jpg") + bytes([number]))
    items = [tmp_path / name for name in ODD_NAMES]
    request = build_request(items, "What?", api="dashscope", route="path")
    *images, _ = sent(server, request)
    assert list(server.uploads.values()) == [item.read_bytes() for item in items]
    keys = [f"oss://dashscope-instant/today/{name}" for name in ODD_NAMES]
    assert [address(image) for image in images] == keys
    assert server.chat.headers["X-DashScope-OssResourceResolve"] == "enable"


def test_a_video_and_a_list_are_uploaded_by_their_paths(server):
    frames = [FIXTURES / f"exif_{number}.jpg" for number in (1, 2, 3, 4)]
    items = [FIXTURES / "street.mp4", frames]
    request = build_request(
        items, "What?", "qvq-max", api="dashscope", route="path", fps=1, check=False
    )
    video, listed, _ = sent(server, request)
    wanted = [fixture_bytes("street.mp4"), *(frame.read_bytes() for frame in frames)]
    assert list(server.uploads.values()) == wanted
    assert (video["fps"], listed["fps"], len(listed["video"])) == (1, 1, 4)
    assert server.chat.headers["X-DashScope-SSE"] == "enable"


def test_the_sdk_reads_our_paths_back_even_where_they_look_like_drives():
    from dashscope.utils.oss_utils import _resolve_file_uri_path as as_read

    for path in ("/d:/x.jpg", "/tmp/a+b%.jpg", "/~/x.jpg"):
        assert Path(as_read(file_url(path))) in (Path(path), Path(f"/{path}"))
    assert as_read(file_url(r"D:\a b\x+.jpg", windows=True)) == "D:/a b/x+.jpg"


@BOTH
def test_the_vendors_own_fields_arrive_where_each_protocol_has_them(server, api):
    request = build_request(
        [FIXTURES / "photo.jpg"],
        "What?",
        api=api,
        thinking=True,
        thinking_budget=1000,
        high_res=True,
        max_pixels=1_000_000,
        stream=True,
        system="Be brief.",
    )
    image, _ = sent(server, request)
    assert image["max_pixels"] == 1_000_000
    body = server.chat.json
    fields = body if api == "openai" else body["parameters"]
    assert fields["enable_thinking"] is True
    assert fields["thinking_budget"] == 1000
    assert fields["vl_high_resolution_images"] is True
    if api == "openai":
        assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
        assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    else:
        assert fields["incremental_output"] is True
        assert server.chat.headers["X-DashScope-SSE"] == "enable"
        assert request.headers["X-DashScope-SSE"] == "enable"
        assert body["input"]["messages"][0]["content"] == [{"text": "Be brief."}]


@BOTH
def test_the_sampling_of_a_recipe_arrives(server, api):
    request = build_request(
        [FIXTURES / "photo.jpg"], "Find the car.", "qwen-vl-max", api=api, recipe="boxes"
    )
    _, text = sent(server, request)
    assert text["text"].startswith("Find the car.\nAnswer in JSON")
    fields = server.chat.json if api == "openai" else server.chat.json["parameters"]
    assert [fields[name] for name in ("temperature", "top_k", "seed")] == [0, 1, 3407]


@BOTH
def test_urls_arrive_as_given(server, api):
    urls = ["https://example.com/a.jpg?sign=%2B", "http://example.com/b.MP4"]
    image, video, _ = sent(server, build_request(urls, "What?", api=api))
    assert [address(image), address(video)] == urls


def test_a_text_that_the_sdk_takes_for_a_file_is_warned_of(server, monkeypatch):
    monkeypatch.chdir(FIXTURES)
    url = "https://example.com/a.jpg"
    request = build_request([url], "photo.jpg", api="dashscope")
    assert request.warnings == (
        "the DashScope SDK takes this text for the name of a file; add words to it",
    )
    send_dashscope(request, server)
    assert server.uploads  # so it does
    assert build_request([url], "What is photo.jpg?", api="dashscope").warnings == ()
