"""What the catalogue says that services take: files, routes, requests."""

from dataclasses import FrozenInstanceError, fields
from itertools import chain

import pytest

from vlprep import get_model, list_models
from vlprep.errors import ConstraintError
from vlprep.media.sniff import FORMATS
from vlprep.models.registry import (
    file_formats,
    find_source,
    get_api,
    get_route,
    list_apis,
    request_limits,
)
from vlprep.payload.forms import FORMS

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


def test_every_api_has_a_form_known_routes_and_named_sources():
    for name in FORMS:
        api = get_api(name)
        assert [get_route(route).name for route in api.routes]
        assert api.sources and all(find_source(key) for key in api.sources)


def test_an_unknown_api_is_refused():
    with pytest.raises(ConstraintError, match="there are openai, dashscope"):
        get_api("grpc")


def test_the_guides_rates():
    # S002, S004: OpenAI-compatible "one frame every 0.5 s"
    assert [get_api(name).fixed_fps for name in ("openai", "dashscope")] == [2.0, None]


@pytest.mark.parametrize(
    ("name", "streaming", "system"),
    [
        ("qvq-max", "only", "refused"),
        ("qvq-plus-latest", "only", "refused"),
        ("qwen3-vl-plus", "optional", "discouraged"),
        ("qwen3-vl-8b-thinking", "optional", "discouraged"),
    ],
)
def test_what_the_guides_say_of_a_model(name, streaming, system):
    rules = get_model(name).requests
    assert (rules.streaming, rules.system_message) == (streaming, system)


def test_nothing_is_claimed_of_models_that_the_guides_leave_out():
    # S003: "the usage described here does not apply to qvq-72b-preview"
    assert get_model("qvq-72b-preview").requests is None
    assert get_model("qwen-vl-max").requests is None
    cited = [model.requests.sources for model in MODELS if model.requests]
    assert all(find_source(key) for key in chain(*cited))


def test_a_record_is_built_once_and_stays_as_it_is():
    for ask in (file_formats, request_limits, lambda: get_route("url"), lambda: get_api("openai")):
        assert ask() is ask()
        with pytest.raises(FrozenInstanceError):
            delattr(ask(), fields(ask())[0].name)
    assert all(one is other for one, other in zip(list_apis(), list_apis(), strict=True))
    assert find_source("S004") is find_source("S004")
