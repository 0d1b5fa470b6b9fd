from dataclasses import replace

import pytest

from tests.check.sendings import frame_list, image, request, url, video
from vlprep import image_tokens
from vlprep.check import requests as limits
from vlprep.errors import AspectRatioError, ConstraintError, FrameCountError

SIZE = image_tokens((480, 640)).total
PHOTO = replace(image(), tokens=image_tokens((480, 640)))


@pytest.mark.parametrize(
    ("route", "model", "most"),
    [
        ("base64", "qwen3-vl-plus", 250),
        ("url", "qwen3-vl-plus", 256),
        ("path", "qwen3-vl-plus", 256),
        ("url", "qwen3.7-plus", 2048),
        ("path", "qwen3.7-plus", 2048),
        ("base64", "qwen3.7-plus", 250),
        ("url", "qwen3.8-max", 256),
    ],
)
def test_images_in_a_request(route, model, most):
    assert limits.request_images(request(*[image()] * most, model=model, route=route)) is None
    assert limits.request_images(request(*[image()] * (most + 1), model=model, route=route))


def test_lists_count_as_videos_and_not_as_images():
    lists = [frame_list(*[image()] * 10)] * 64
    assert limits.request_images(request(*lists)) is None
    assert limits.request_videos(request(*lists)) is None
    assert limits.request_videos(request(*lists, video()))


def test_frames_of_lists_are_data_urls_too():
    listed = frame_list(*[image()] * 249)
    assert limits.request_data_urls(request(listed, image())) is None
    assert limits.request_data_urls(request(listed, image(), image()))
    assert limits.request_data_urls(request(listed, image(), image(), route="path")) is None
    assert limits.request_data_urls(request(*[image()] * 251)) is None  # another rule's


@pytest.mark.parametrize("thinking", [None, True, False])
def test_tokens_against_the_largest_input(thinking):
    most = 258_048 if thinking else 260_096

    def of(total):
        return request(PHOTO, text_tokens=total - SIZE, thinking=thinking)

    assert limits.input_tokens(of(most - 1)) is None
    assert limits.input_tokens_edge(of(most - 1)) is None
    assert limits.input_tokens(of(most)) is None
    assert limits.input_tokens_edge(of(most))
    assert limits.input_tokens(of(most + 1))
    assert limits.input_tokens_edge(of(most + 1)) is None
    assert bool(limits.thinking_tokens(of(259_000))) == (thinking is not True)


def test_a_limit_of_one_s_own():
    asked = request(PHOTO, max_input=SIZE)
    assert limits.input_tokens_edge(asked)
    assert limits.thinking_tokens(asked) is None
    assert "takes 301" in limits.input_tokens(replace(asked, max_input=SIZE - 1)).message


def test_a_model_whose_input_nobody_states_has_no_limit():
    unknown = request(PHOTO, model="qvq-72b-preview", text_tokens=10**9)
    assert limits.input_tokens(unknown) is None
    assert limits.context_room(unknown) is None


def test_room_for_thoughts_and_reply():
    asked = request(PHOTO, text_tokens=200_000, thinking=True)
    assert "may take 114,688" in limits.context_room(asked).message  # 81,920 + 32,768
    assert limits.context_room(replace(asked, thinking=False)) is None


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://example.com/a.jpg", False),
        ("http://8.8.8.8/a.jpg", False),
        ("http://localhost:8000/a.jpg", True),
        ("http://127.0.0.1/a.jpg", True),
        ("http://192.168.1.2/a.jpg", True),
        ("http://[::1]/a.jpg", True),
        ("http://nas.local/a.jpg", True),
        ("https://b.oss-cn-beijing-internal.aliyuncs.com/a.jpg?sign=1", True),
        ("https://b.oss-cn-beijing.aliyuncs.com/a.jpg?sign=1", False),
        ("https://", True),
        ("https://[", True),
    ],
)
def test_urls_that_the_service_reaches(address, found):
    assert bool(limits.url_public(url(address), request(route="url"))) == found


def test_what_an_own_rule_names_is_not_uncountable_too():
    ratio = AspectRatioError((1000, 2), 200.0)
    assert limits.countable(replace(image(), problem=ratio), request()) is None
    assert limits.countable(replace(video(), problem=ratio), request())
    length = FrameCountError(3, 4, "3 of 4")
    assert limits.countable(replace(frame_list(image()), problem=length), request()) is None
    other = replace(image(), problem=ConstraintError("no"))
    assert limits.countable(other, request()).measured == "no"


@pytest.mark.parametrize(
    ("fps", "route", "found"),
    [(None, "base64", False), (2.0, "base64", False), (1.0, "url", True), (1.0, "path", False)],
)
def test_a_rate_that_one_api_may_not_follow(fps, route, found):
    assert bool(limits.openai_fps(request(video(), fps=fps, route=route))) == found
    assert limits.openai_fps(request(image(), fps=fps, route=route)) is None


@pytest.mark.parametrize(
    ("fps", "found"), [(None, False), (0.1, False), (10, False), (0.09, True), (10.5, True)]
)
def test_rates(fps, found):
    assert bool(limits.fps_range(request(video(), fps=fps))) == found
    assert limits.fps_range(request(image(), fps=fps)) is None


def test_the_length_of_all_files_together():
    half = image(file_bytes=3_750_000)  # as Base64, 5,000,000 characters and a prefix
    assert limits.request_body(request(half)) is None
    assert limits.request_body(request(half, half)).measured == "about 10,000,046 characters"
    assert limits.request_body(request(frame_list(half, half)))
    assert limits.request_body(request(half, half, route="url")) is None
