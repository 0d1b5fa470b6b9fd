"""Earlier rounds of a conversation go along, and their media are counted."""

from __future__ import annotations

import json

import pytest

from tests.places import FIXTURES
from vlprep import build_request, count_tokens
from vlprep.errors import ConstraintError

PHOTO, STREET = str(FIXTURES / "photo.jpg"), str(FIXTURES / "street.mp4")


def reply(text, **more):
    return {"role": "assistant", "content": text, **more}


def test_five_rounds_with_two_images_and_a_clip():
    images = [PHOTO, PHOTO]
    request = build_request([*images, STREET], "What is there?", "qvq-max")
    media = 2 * count_tokens(PHOTO, "qvq-max").tokens.total
    media += count_tokens(STREET, "qvq-max").tokens.total
    for number in range(2, 6):
        history = [*request.body["messages"], reply(f"Answer {number}", reasoning_content="Hm.")]
        request = build_request([], f"Question {number}", "qvq-max", history=history)
        assert request.tokens == media
        assert len(request.body["messages"]) == 2 * number - 1
    sent = json.dumps(request.body)
    assert "reasoning_content" not in sent
    assert [f"Answer {number}" in sent for number in range(2, 6)] == [True] * 4
    assert sent.count("data:image/jpeg") == 2
    assert sent.count("data:video/mp4") == 1


def test_media_of_all_rounds_are_counted_with_what_their_messages_ask():
    small = {"type": "image_url", "image_url": {"url": PHOTO}, "max_pixels": 100_000}
    earlier = [{"role": "user", "content": [small]}, reply("A street.")]
    request = build_request([PHOTO], "And this?", "qwen3-vl-plus", history=earlier)
    expected = count_tokens(PHOTO, max_pixels=100_000).tokens.total
    expected += count_tokens(PHOTO).tokens.total
    assert request.tokens == expected
    assert any("2 earlier messages go along, 90 tokens of media" in note for note in request.notes)


def test_the_dashscope_form_is_read_too():
    earlier = [{"role": "user", "content": [{"image": PHOTO}, {"text": "What?"}]}]
    earlier.append({"role": "assistant", "content": [{"text": "A street."}]})
    request = build_request([], "Where?", "qwen3-vl-plus", history=earlier, api="dashscope")
    assert request.tokens == 302
    assert request.body["input"]["messages"][:2] == earlier


def test_what_is_not_fetched_is_not_counted_and_said():
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}}
    earlier = [{"role": "user", "content": [part]}, reply("A cat.")]
    request = build_request([PHOTO], "And?", "qwen3-vl-plus", history=earlier)
    assert request.tokens is None
    assert (
        "history: not counted: https://example.com/a.jpg is on the web, which is not fetched"
        in request.warnings
    )


@pytest.mark.parametrize(
    ("history", "match"),
    [
        (["hi"], "message 1 is not an object"),
        ([{"role": "robot", "content": "x"}], "with a role out of system, user"),
        ([{"role": "user"}], "message 1 has no content"),
    ],
)
def test_what_is_no_history_is_refused(history, match):
    with pytest.raises(ConstraintError, match=match):
        build_request([PHOTO], "x", "qwen3-vl-plus", history=history)


def test_one_system_message_at_most_and_none_where_the_model_takes_none():
    earlier = [{"role": "system", "content": "Be brief."}]
    with pytest.raises(ConstraintError, match="leave one out"):
        build_request([PHOTO], "x", "qwen3-vl-plus", history=earlier, system="Be kind.")
    with pytest.raises(ConstraintError, match="qvq-max takes no system message"):
        build_request([PHOTO], "x", "qvq-max", history=earlier)
    body = build_request([PHOTO], "x", "qwen3-vl-plus", history=earlier).body
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
