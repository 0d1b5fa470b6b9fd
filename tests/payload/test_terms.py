from __future__ import annotations

import pytest

from tests.places import FIXTURES
from vlprep import build_request
from vlprep.errors import ConstraintError, UnknownFactError

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
    with pytest.raises(UnknownFactError, match="high-resolution mode"):
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


def test_a_bound_on_frames_needs_frames():
    with pytest.raises(ConstraintError, match="--as-frames"):
        build(max_frames=4)


def test_text_is_unicode():
    with pytest.raises(ConstraintError, match="UTF-8"):
        build(text="\udcff")


def test_open_weights_speak_the_common_form_without_the_vendors_fields():
    weights = "Qwen/Qwen3-VL-8B-Instruct"
    body = build(weights).body
    assert body["model"] == weights
    with pytest.raises(ConstraintError, match="no dashscope API"):
        build(weights, api="dashscope")
    for asked in ({"high_res": True}, {"max_pixels": 9}, {"as_frames": True}):
        with pytest.raises(UnknownFactError, match="server of these weights"):
            build(weights, **asked)
    with pytest.raises(UnknownFactError, match="list of frames"):
        build(weights, items=[[URL, URL]])


@pytest.mark.parametrize("text", ["file:///etc/hosts", "oss://x", "~", "~/x", "photo.jpg"])
def test_texts_that_the_sdk_would_change_are_told(text, monkeypatch):
    monkeypatch.chdir(FIXTURES)
    assert "takes this text for the name of a file" in build(text=text, api="dashscope").warnings[0]
    assert build(text=text).warnings == ()
    assert build(text=f"What is {text}?", api="dashscope").warnings == ()
