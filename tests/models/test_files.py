"""What the catalogue says of files, routes and requests."""

from itertools import chain

import pytest

from vlprep import get_model, list_models
from vlprep.errors import ConstraintError
from vlprep.media.sniff import FORMATS
from vlprep.models.registry import file_formats, find_source, get_route, list_apis, request_limits

MODELS = list_models()


def test_routes_have_the_documented_limits():
    base64, path, url = (get_route(name) for name in ("base64", "path", "url"))
    assert (base64.max_image_bytes, base64.max_video_bytes, base64.raw_bytes) == (
        10_000_000, 10_000_000, 7_000_000,
    )  # fmt: skip
    assert (path.max_image_bytes, path.max_video_bytes) == (10_000_000, 100_000_000)
    assert (url.max_image_bytes, url.max_video_bytes) == (10_000_000, None)
    with pytest.raises(ConstraintError, match="there are base64, path, url"):
        get_route("post")


@pytest.mark.parametrize(
    ("model", "seconds", "url_bytes"),
    [  # from the pages, per group of models
        ("qwen3-vl-plus", 3600, 2_000_000_000),
        ("qwen3-vl-8b-instruct", 1200, 2_000_000_000),
        ("qwen-vl-max", 1200, 2_000_000_000),
        ("qwen-vl-plus", 600, 1_000_000_000),
        ("qvq-max", 600, 1_000_000_000),
        ("qvq-72b-preview", 40, 150_000_000),
        ("qwen3.8-max", 7200, 2_000_000_000),
    ],
)
def test_how_long_and_large_videos_may_be(model, seconds, url_bytes):
    files = get_model(model).video_files
    assert (files.min_seconds, files.max_seconds, files.max_url_bytes) == (2, seconds, url_bytes)


def test_formats_are_those_that_are_recognised():
    named = {found.name for found in FORMATS}
    formats = file_formats()
    assert {*formats.image, *formats.large_image, *formats.video} <= named
    assert formats.large_image_pixels == 3840 * 2160


def test_limits_on_files_cite_named_sources():
    cited = [get_route(name).sources for name in ("base64", "path", "url")]
    cited += [model.video_files.sources for model in MODELS if model.video_files]
    assert all(find_source(key) for key in {*chain(*cited, file_formats().sources)})


def test_routes_of_the_ways_of_calling_and_what_a_request_may_hold():
    for api in list_apis():
        assert [get_route(name).name for name in api.routes] == list(api.routes)
        assert all(find_source(key) for key in (*api.sources, *api.fps_sources))
    assert [get_route(name).max_request_images for name in ("base64", "path", "url")] == [
        250, 256, 256,
    ]  # fmt: skip
    limits = request_limits()
    assert (limits.max_videos, limits.max_data_urls) == (64, 250)
    cited = (limits.video_sources, limits.data_url_sources, limits.url_sources)
    assert all(find_source(key) for key in chain(*cited))


def test_where_boxes_are_reliable_is_said_of_one_family_only():
    stated = {model.name for model in MODELS if model.localisation}
    assert {"qwen2.5-vl-7b-instruct", "Qwen/Qwen2.5-VL-7B-Instruct", "qwen-vl-max"} <= stated
    assert not stated & {"qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-Omni-7B"}
    for name in stated:
        found = get_model(name).localisation
        assert (found.min_pixels, found.max_pixels) == (480 * 480, 2560 * 2560)
