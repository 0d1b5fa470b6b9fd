from dataclasses import replace

import pytest

from tests.check.sendings import found, frame_list, image, url, video
from vlprep import get_model, image_tokens
from vlprep.check import reading
from vlprep.check import requests as rules
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
    assert found(rules.request_images, *[image()] * most, model=model, route=route) is None
    assert found(rules.request_images, *[image()] * (most + 1), model=model, route=route)


def test_lists_count_as_videos_and_not_as_images():
    lists = [frame_list(*[image()] * 10)] * 64
    assert found(rules.request_images, *lists) is None
    assert found(rules.request_videos, *lists) is None
    assert found(rules.request_videos, *lists, video())


def test_frames_of_lists_are_data_urls_too():
    listed = frame_list(*[image()] * 249)
    assert found(rules.request_data_urls, listed, image()) is None
    assert found(rules.request_data_urls, listed, image(), image())
    assert found(rules.request_data_urls, listed, image(), image(), route="path") is None
    assert found(rules.request_data_urls, *[image()] * 251) is None  # another rule's


@pytest.mark.parametrize("thinking", [None, True, False])
def test_tokens_against_the_largest_input(thinking):
    most = 258_048 if thinking else 260_096

    def of(rule, total):
        return found(rule, PHOTO, text_tokens=total - SIZE, thinking=thinking)

    assert of(rules.input_tokens, most - 1) is None
    assert of(rules.input_tokens_edge, most - 1) is None
    assert of(rules.input_tokens, most) is None
    assert of(rules.input_tokens_edge, most)
    assert of(rules.input_tokens, most + 1)
    assert of(rules.input_tokens_edge, most + 1) is None
    assert bool(of(rules.thinking_tokens, 259_000)) == (thinking is not True)
    for total, fits_one_way in ((258_048, False), (258_049, True), (260_096, True)):
        told = fits_one_way and thinking is not True
        assert bool(of(rules.thinking_tokens, total)) == told
    assert of(rules.thinking_tokens, 260_097) is None


def test_either_way_of_thinking_may_take_less():
    less = replace(get_model(), max_input_tokens=1000)
    asked = {"text_tokens": 1001 - SIZE, "thinking": True}
    assert "without thinking" in found(rules.thinking_tokens, PHOTO, model=less, **asked).message
    for unstated in ({"max_input_tokens": None}, {"max_input_thinking_tokens": None}):
        model = replace(get_model(), **unstated)
        assert found(rules.thinking_tokens, PHOTO, model=model, text_tokens=259_000) is None


def test_a_limit_of_one_s_own():
    assert found(rules.input_tokens_edge, PHOTO, max_input=SIZE) is None
    assert found(rules.thinking_tokens, PHOTO, max_input=260_000, text_tokens=258_000) is None
    assert "takes 301" in found(rules.input_tokens, PHOTO, max_input=SIZE - 1).message


def test_a_model_whose_input_nobody_states_has_no_limit():
    for rule in (rules.input_tokens, rules.context_room):
        assert found(rule, PHOTO, model="qvq-72b-preview", text_tokens=10**9) is None


def test_room_for_thoughts_and_reply():
    thoughts = found(rules.context_room, PHOTO, text_tokens=200_000, thinking=True)
    assert "may take 114,688" in thoughts.message  # 81,920 + 32,768
    assert found(rules.context_room, PHOTO, text_tokens=200_000, thinking=False) is None
    full = {"text_tokens": 260_096 - SIZE}
    assert found(rules.context_room, PHOTO, **full).measured == "2,048 tokens left"


@pytest.mark.parametrize(
    ("address", "breaks"),
    [
        ("https://example.com/a.jpg", False),
        ("https://www.example.com/a.jpg", False),
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
def test_urls_that_the_service_reaches(address, breaks):
    assert bool(found(rules.url_public, url(address), route="url")) == breaks


def test_the_host_that_is_not_reached_is_named():
    for address, host in (("http://localhost:8000/a.jpg", "localhost"), ("https://[", "no host")):
        assert found(rules.url_public, url(address), route="url").measured == host


def test_what_an_own_rule_names_is_not_uncountable_too():
    ratio = AspectRatioError((1000, 2), 200.0)
    assert found(reading.countable, replace(image(), problem=ratio)) is None
    assert found(reading.countable, replace(video(), problem=ratio))
    length = FrameCountError(3, 4, "3 of 4")
    assert found(reading.countable, replace(frame_list(image()), problem=length)) is None
    other = replace(image(), problem=ConstraintError("no"))
    assert found(reading.countable, other).measured == "no"


@pytest.mark.parametrize(
    ("fps", "route", "breaks"),
    [(None, "base64", False), (2.0, "base64", False), (1.0, "url", True), (1.0, "path", False)],
)
def test_a_rate_that_one_api_may_not_follow(fps, route, breaks):
    assert bool(found(rules.openai_fps, video(), fps=fps, route=route)) == breaks
    assert found(rules.openai_fps, image(), fps=fps, route=route) is None


@pytest.mark.parametrize(
    ("fps", "breaks"), [(None, False), (0.1, False), (10, False), (0.09, True), (10.5, True)]
)
def test_rates(fps, breaks):
    assert bool(found(rules.fps_range, video(), fps=fps)) == breaks
    assert found(rules.fps_range, image(), fps=fps) is None


def test_the_length_of_all_files_together():
    half = image(file_bytes=3_750_000)  # as Base64, 5,000,000 characters and a prefix
    assert found(rules.request_body, half) is None
    assert found(rules.request_body, half, half).measured == "about 10,000,046 characters"
    assert found(rules.request_body, frame_list(half, half))
    assert found(rules.request_body, half, half, route="url") is None
