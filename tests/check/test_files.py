import base64
from dataclasses import replace

import pytest

from vlprep import ImageSize, VideoInfo, View, get_model
from vlprep.check.files import (
    check_length,
    data_url_length,
    image_byte_limit,
    images_per_request,
    shortest_video,
    takes_container,
    takes_image,
    video_byte_limit,
)
from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.models.registry import get_route
from vlprep.models.routes import Route

MODEL = get_model("qwen3-vl-plus")
VIEW = View.of(MODEL)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 1000, 4567])
def test_the_length_of_a_data_url_is_that_of_one(count):
    url = "data:image/png;base64," + base64.b64encode(bytes(count)).decode()
    assert data_url_length(count, "image/png") == len(url)


@pytest.mark.parametrize("mime_type", ["image/jpeg", "image/png"])
@pytest.mark.parametrize("most", [100, 101, 102, 103, 9_999_999, 10_000_000])
def test_the_largest_file_whose_data_url_is_under_the_limit(mime_type, most):
    limit = image_byte_limit(
        MODEL, Route(name="base64", max_image_bytes=most, sources=()), mime_type
    )
    assert data_url_length(limit - 1, mime_type) < most <= data_url_length(limit, mime_type)


def test_limits_of_the_routes():
    assert image_byte_limit(MODEL, get_route("base64"), "image/jpeg") == 7_000_000
    assert image_byte_limit(MODEL, get_route("path"), "image/jpeg") == 10_000_000
    native = get_model("qwen3.7-plus")  # P3: 20 MB by URL
    assert image_byte_limit(native, get_route("url"), "image/jpeg") == 20_000_000
    # By the prefix and four characters for three bytes, if no document asked for less:
    bare = Route(name="base64", max_image_bytes=10_000_000, sources=())
    assert image_byte_limit(MODEL, bare, "image/jpeg") == 7_499_982 + 1


@pytest.mark.parametrize("format", ["BMP", "JPEG", "PNG", "TIFF", "WEBP", "HEIC"])
def test_above_4k_only_jpeg_and_png_are_taken(format):
    model = get_model("qwen3-vl-plus")
    assert takes_image(model, format, ImageSize(2160, 3840))
    assert takes_image(model, format, ImageSize(2161, 3840)) == (format in ("JPEG", "PNG"))


@pytest.mark.parametrize("format", ["GIF", "AVIF", "JPEG 2000"])
def test_other_formats_are_taken_by_weights_only(format):
    assert not takes_image(get_model("qwen3-vl-plus"), format, ImageSize(100, 100))
    weights = get_model("Qwen/Qwen2.5-VL-7B-Instruct")
    assert takes_image(weights, format, ImageSize(5000, 5000))


# Videos.


def test_the_length_of_a_data_url_counts_as_a_whole():
    route = replace(get_route("base64"), raw_bytes=None)
    limit = video_byte_limit(VIEW, route)
    assert data_url_length(limit - 1, "video/mp4") < route.max_video_bytes
    assert data_url_length(limit, "video/mp4") >= route.max_video_bytes


@pytest.mark.parametrize(
    ("route", "limit"), [("base64", 7_000_000), ("path", 100_000_000), ("url", 2_000_000_000)]
)
def test_each_route_has_its_limit(route, limit):
    assert video_byte_limit(View.of("qwen3.7-plus"), get_route(route)) == limit


def test_a_limit_that_nobody_states_is_not_guessed():
    view = View.of("Qwen/Qwen3-VL-8B-Instruct")
    with pytest.raises(UnknownFactError, match="route url"):
        video_byte_limit(view, get_route("url"))
    assert shortest_video(view) == 0


def test_containers():
    assert [takes_container(MODEL, name) for name in ("MP4", "MPEG-TS", "GIF", None)] == [
        True,
        False,
        False,
        False,
    ]
    assert takes_container(get_model("Qwen/Qwen3-VL-8B-Instruct"), "MPEG-TS")


def test_a_video_longer_than_the_model_takes_is_refused():
    def lasting(seconds):
        return VideoInfo(size=ImageSize(2, 2), frame_count=9, fps=None, duration_seconds=seconds)

    longest = MODEL.video_files.max_seconds
    check_length(VIEW, lasting(longest), "a.mp4")
    check_length(VIEW, lasting(None), "a.mp4")
    with pytest.raises(ConstraintError, match="cut it first"):
        check_length(VIEW, lasting(longest + 0.1), "a.mp4")


def test_images_of_a_request_are_the_model_s_own_number_before_the_route_s():
    def most(model, route):
        return images_per_request(get_model(model), get_route(route))[0]

    assert [most("qwen3.7-plus", route) for route in ("base64", "path", "url")] == [250, 2048, 2048]
    assert [most("qvq-max", route) for route in ("base64", "path", "url")] == [250, 256, 256]
