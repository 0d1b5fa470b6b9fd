from __future__ import annotations

import pytest

from tests.places import FIXTURES
from vlprep import View, build_request, image_tokens
from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.payload.terms import How, check_rate, list_rate, video_rate

URL = "https://example.com/a.jpg"


def build(model=None, items=(URL,), text="hi", **asked):
    return build_request(items, text, model, **asked)


def test_qvq_streams_always_and_takes_no_system_message():
    body = build("qvq-max").body
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert [message["role"] for message in body["messages"]] == ["user"]
    request = build("qvq-max", api="dashscope")
    assert request.body["parameters"] == {"incremental_output": True}
    with pytest.raises(ConstraintError, match="by streaming only"):
        build("qvq-max", stream=False)
    with pytest.raises(ConstraintError, match="no system message"):
        build("qvq-max", system="Be brief.")
    with pytest.raises(ConstraintError, match="always thinks"):
        build("qvq-max", thinking=False)
    assert "enable_thinking" not in build("qvq-max", thinking=True).body


def test_others_stream_when_asked():
    assert "stream" not in build("qwen3-vl-plus").body
    assert build("qwen3-vl-plus", stream=True).body["stream"] is True


def test_thinking_is_sent_where_it_is_a_choice_and_asked():
    assert build("qwen3-vl-plus", thinking=False).body["enable_thinking"] is False
    assert "enable_thinking" not in build("qwen3-vl-plus").body
    assert "enable_thinking" not in build("qwen-vl-max", thinking=False).body
    with pytest.raises(ConstraintError, match="cannot think"):
        build("qwen-vl-max", thinking=True)
    with pytest.raises(UnknownFactError, match="whether it thinks"):
        build("qvq-72b-preview", thinking=True)


def test_a_budget_needs_thinking_and_has_a_most():
    assert build(thinking=True, thinking_budget=81_920).body["thinking_budget"] == 81_920
    with pytest.raises(ConstraintError, match="1 to 81,920, got 81,921"):
        build(thinking=True, thinking_budget=81_921)
    with pytest.raises(ConstraintError, match="needs thinking"):
        build(thinking_budget=100)
    with pytest.raises(UnknownFactError, match="thinking budget"):
        build("qvq-max", thinking_budget=100)


def test_high_resolution_is_sent_where_it_is_known():
    assert build("qvq-max", high_res=True).body["vl_high_resolution_images"] is True
    with pytest.raises(ConstraintError, match="this rule set has none"):
        build("qwen-vl-ocr", high_res=True)


def test_a_system_message_that_is_advised_against_is_told():
    assert "advises against" in build("qwen3-vl-plus", system="x").warnings[0]
    assert build("qwen-vl-max", system="x").warnings == ()


def test_paths_are_for_dashscope_alone():
    with pytest.raises(ConstraintError, match="by the route path; there are base64, url"):
        build(route="path")


def test_two_files_of_one_name_cannot_go_by_path(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.jpg").write_bytes((FIXTURES / "photo.jpg").read_bytes())
    items = [tmp_path / "a" / "1.jpg", tmp_path / "b" / "1.jpg"]
    with pytest.raises(ConstraintError, match=r"b/1\.jpg: the SDK uploads it to the same place"):
        build(items=items, api="dashscope", route="path")
    assert len(build(items=items, api="dashscope").parts) == 2


def test_the_route_url_takes_no_files():
    with pytest.raises(ConstraintError, match="vlprep uploads nothing"):
        build(items=[FIXTURES / "photo.jpg"], route="url")


def test_text_is_unicode():
    with pytest.raises(ConstraintError, match="UTF-8"):
        build(text="\udcff")


def test_open_weights_speak_the_common_form_without_the_vendors_fields():
    weights = "Qwen/Qwen3-VL-8B-Instruct"
    body = build(weights).body
    assert body["model"] == weights
    with pytest.raises(ConstraintError, match="no dashscope API"):
        build(weights, api="dashscope")
    for asked in ({"max_pixels": 9}, {"as_frames": True}):
        with pytest.raises(UnknownFactError, match="server of these weights"):
            build(weights, **asked)
    with pytest.raises(ConstraintError, match="`high_res`"):
        build(weights, high_res=True)
    with pytest.raises(
        UnknownFactError, match=r"list of frames.* 2 frames as an image; vLLM 0\.33"
    ):
        build(weights, items=[[URL, URL]])


def test_who_has_only_frames_is_told_what_can_be_done(monkeypatch):
    monkeypatch.chdir(FIXTURES)
    weights, frames = "Qwen/Qwen2.5-VL-7B-Instruct", ["photo.jpg"] * 4
    with pytest.raises(UnknownFactError) as caught:
        build(weights, items=[frames])
    alone = sum(image_tokens((480, 640), weights).total for _ in frames)
    assert f"each of the 4 frames as an image, {alone:,} tokens" in str(caught.value)
    assert "vLLM 0.33 takes a list, as `server` 'vllm' has it" in str(caught.value)
    assert len(build(weights, items=frames).parts) == 4
    with pytest.raises(UnknownFactError) as caught:
        build(weights, items=[frames], server="sglang")
    assert "vLLM" not in str(caught.value)


@pytest.mark.parametrize("text", ["file:///etc/hosts", "oss://x", "~", "~/x", "photo.jpg"])
def test_texts_that_the_sdk_would_change_are_told(text, monkeypatch):
    monkeypatch.chdir(FIXTURES)
    assert "takes this text for the name of a file" in build(text=text, api="dashscope").warnings[0]
    assert build(text=text).warnings == ()
    assert build(text=f"What is {text}?", api="dashscope").warnings == ()


# Rates of frames.


def how(api="openai", *, video_fields=False, **view):
    return How(view=View.of(**view), api=api, video_fields=video_fields)


def test_a_rate_is_stated_where_it_can_be():
    assert video_rate(how("dashscope", fps=0.5)) == 0.5
    assert video_rate(how("dashscope")) is None
    assert video_rate(how(fps=2.0)) is None  # what it does anyway
    assert video_rate(how(fps=1.0, video_fields=True)) == 1.0


@pytest.mark.parametrize("rate", [0.05, 10.5, 0.0, -1.0, float("nan"), float("inf")])
def test_rates_out_of_the_documented_range_are_refused(rate):
    with pytest.raises(ConstraintError, match=r"from 0\.1 to 10"):
        check_rate(rate, how("dashscope"))


def test_the_ends_of_the_range_are_in_it():
    assert [check_rate(rate, how("dashscope")) for rate in (0.1, 10)] == [0.1, 10]


def test_a_list_has_the_fixed_rate_or_is_refused():
    assert list_rate(2.0, how(), "a.jpg") == 2.0
    # a rate of a file, such as 24000/1001 over 12
    assert list_rate(1.995, how(), "a.jpg") == 1.995
    with pytest.raises(ConstraintError, match=r"a\.jpg: .* 1 s apart.*0\.5 s apart; .*dashscope"):
        list_rate(1.0, how(), "a.jpg")
    assert list_rate(1.0, how("dashscope"), "a.jpg") == 1.0
    assert list_rate(1.0, how(video_fields=True), "a.jpg") == 1.0
    with pytest.raises(ConstraintError, match=r"a\.jpg: .* 30 fps: fps must be from 0\.1 to 10"):
        list_rate(30.0, how("dashscope"), "a.jpg")


# What a request cannot say of a video.

VIDEO = "https://example.com/a.mp4"


@pytest.mark.parametrize("option", ["max_pixels", "min_pixels"])
def test_pixel_limits_of_a_video_need_their_fields(option):
    with pytest.raises(ConstraintError, match=f"`{option}`.*`video_fields`"):
        build(items=[VIDEO], **{option: 100_000})
    (message,) = build(items=[VIDEO], **{option: 100_000}, video_fields=True).messages
    assert message["content"][0][option] == 100_000


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("nframes", 8),
        ("min_frames", 8),
        ("max_frames", 8),
        ("start_seconds", 1),
        ("end_seconds", 8),
        ("sampling", "linspace"),
        ("total_pixels", 1_000_000),
    ],
)
@pytest.mark.parametrize("api", ["openai", "dashscope"])
def test_what_is_never_said_of_a_video_is_refused(api, option, value):
    for more in ({}, {"compress": True}, {"video_fields": True}):
        with pytest.raises(ConstraintError, match=f"`{option}` of a video file; `as_frames`"):
            build(items=[VIDEO], api=api, **{option: value}, **more)
    assert build(items=[URL], api=api, **{option: value})  # an image does not mind


def test_a_rate_that_the_protocol_would_ignore_is_refused():
    with pytest.raises(ConstraintError, match=r"`fps`.*dashscope API; `video_fields`"):
        build(items=[VIDEO], fps=1.0)
    assert build(items=[VIDEO], fps=1.0, api="dashscope").parts[0].fps == 1.0


def test_what_makes_no_difference_is_not_refused():
    street = FIXTURES / "street.mp4"  # of which 20 frames are shown, at 640x352
    plain = build(items=[street])
    for harmless in ({"max_frames": 20}, {"min_frames": 4}, {"max_pixels": 640 * 352}):
        assert build(items=[street], **harmless).body == plain.body
    for harmful in ({"max_frames": 18}, {"min_frames": 22}, {"max_pixels": 640 * 352 - 1}):
        with pytest.raises(ConstraintError, match=next(iter(harmful))):
            build(items=[street], **harmful)


def test_strict_is_asked_of_the_count_not_of_the_service():
    street, short = FIXTURES / "street.mp4", FIXTURES / "subsecond.mp4"
    assert build(items=[street], strict=True).body == build(items=[street]).body
    assert build(items=[short], check=False).tokens
    with pytest.raises(ConstraintError):
        build(items=[short], strict=True, check=False)
