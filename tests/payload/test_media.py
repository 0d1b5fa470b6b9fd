from __future__ import annotations

import pytest

from tests.places import FIXTURES
from vlprep import count_tokens, get_model
from vlprep.count.frame_list import FrameList
from vlprep.errors import ConstraintError, UnsupportedFormatError
from vlprep.models.registry import get_api
from vlprep.payload.media import as_it_is, frame_list
from vlprep.payload.wish import Wish


def wish(api="openai", **asked):
    return Wish(spec=get_model(asked.pop("model", None)), api=get_api(api), **asked)


@pytest.mark.parametrize(
    ("name", "kind", "mime_type"),
    [
        ("photo.jpg", "image", "image/jpeg"),
        ("png_named.jpg", "image", "image/png"),
        ("photo.heic", "image", "image/heic"),
        ("page.tif", "image", "image/tiff"),
        ("mp4_named.jpg", "video", "video/mp4"),
        ("jpg_named.mp4", "image", "image/jpeg"),
        ("clip.mov", "video", "video/quicktime"),
        ("h264.avi", "video", "video/x-msvideo"),
        ("street.mkv", "video", "video/x-matroska"),
        ("clip.flv", "video", "video/x-flv"),
        ("clip.wmv", "video", "video/x-ms-wmv"),
        ("animated.webp", "video", "image/webp"),
    ],
)
def test_kind_and_type_are_those_of_the_content(name, kind, mime_type):
    part = as_it_is(FIXTURES / name, wish())
    assert (part.kind, part.files[0].mime_type) == (kind, mime_type)


def test_a_container_without_a_type_is_refused_with_a_way_out():
    with pytest.raises(UnsupportedFormatError, match="--compress makes an MP4"):
        as_it_is(FIXTURES / "clip.ts", wish())


@pytest.mark.parametrize("api", ["openai", "dashscope"])
def test_it_costs_what_is_counted(api):
    video, image = FIXTURES / "street.mp4", FIXTURES / "photo.jpg"
    assert as_it_is(video, wish(api)).tokens == count_tokens(video).tokens
    part = as_it_is(image, wish(api, max_pixels=100_000, high_res=False))
    assert part.tokens == count_tokens(image, max_pixels=100_000).tokens
    assert part.limits == {"max_pixels": 100_000}


def test_a_rate_is_counted_as_it_is_sent():
    part = as_it_is(FIXTURES / "street.mp4", wish("dashscope", fps=1.0))
    assert (part.fps, part.tokens.plan.frame_count) == (1.0, 10)


def test_limits_that_are_not_sent_for_a_video_are_not_counted_either():
    plain = as_it_is(FIXTURES / "street.mp4", wish())
    part = as_it_is(FIXTURES / "street.mp4", wish(max_pixels=100_000))
    assert (part.limits, part.tokens) == ({}, plain.tokens)
    assert "--video-fields" in part.warnings[-1]
    sent = as_it_is(FIXTURES / "street.mp4", wish(max_pixels=100_000, video_fields=True))
    assert sent.limits == {"max_pixels": 100_000}
    assert sent.tokens.total < plain.tokens.total


def test_what_cannot_be_counted_is_said():
    part = as_it_is(FIXTURES / "photo.jpg", wish(model="qwen-vl-ocr"))
    assert part.tokens is None
    assert part.warnings[0].startswith("not counted: qwen-vl-ocr: no source states")


def test_a_list_has_its_rate_or_the_usual_one_with_a_word():
    images = FrameList(tuple(FIXTURES / f"exif_{number}.jpg" for number in (1, 2, 3, 4)))
    part = frame_list(images, wish("dashscope", fps=0.5))
    assert (part.kind, part.fps, part.warnings) == ("frames", 0.5, ())
    usual = frame_list(images, wish("dashscope"))
    assert (usual.fps, usual.warnings[0]) == (
        2.0, "taken for frames 0.5 s apart; fps or --fps says otherwise",
    )  # fmt: skip
    assert usual.tokens.plan.frame_count == 4


def test_a_list_of_urls_is_not_counted():
    urls = FrameList(tuple(f"https://example.com/{number}" for number in range(4)))
    part = frame_list(urls, wish("dashscope", fps=1.0))
    assert (part.tokens, part.action, part.warnings) == (None, "given", ())
    assert [file.url for file in part.files] == list(urls.images)


def test_a_path_is_absolute_and_of_a_file(monkeypatch):
    monkeypatch.chdir(FIXTURES)
    by_path = wish("dashscope", route="path")
    assert as_it_is("photo.jpg", by_path).files[0].path == str(FIXTURES / "photo.jpg")
    with pytest.raises(ConstraintError, match="no path to send"):
        as_it_is((FIXTURES / "photo.jpg").read_bytes(), by_path)


def test_a_name_that_misleads_the_sdk_is_told():
    by_path = wish("dashscope", route="path")
    warnings = as_it_is(FIXTURES / "png_named.jpg", by_path).warnings
    assert "the SDK uploads it as image/jpeg by its name; it is image/png" in warnings
    assert as_it_is(FIXTURES / "photo.jpg", by_path).warnings == ()
