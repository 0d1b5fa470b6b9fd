from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.replies.unwrap import unwrap

ANSWER = '[{"bbox_2d": [1, 2, 30, 40], "label": "the \\"big\\" cat"}]'
MESSAGE = {"role": "assistant", "content": ANSWER, "reasoning_content": "perhaps [5, 6, 7, 8]"}
CHAT = {"id": "x", "choices": [{"index": 0, "message": MESSAGE}], "usage": {"total_tokens": 9}}
DASHSCOPE = {
    "status_code": 200, "message": "", "output": {"text": None, "choices": [
        {"finish_reason": "stop", "message": {"role": "assistant", "content": [{"text": ANSWER}]}},
    ]}, "usage": {"image_tokens": 302},
}  # fmt: skip


def chunks(parts, of="delta"):
    return [json.dumps({"choices": [{of: {"content": part}}]}) for part in parts]


CLICK = '{"action": "left_click", "coordinate": [769, 70]}'


@pytest.mark.parametrize("content", [None, "", []])
@pytest.mark.parametrize("arguments", [CLICK, json.loads(CLICK)])
def test_what_a_tool_is_called_with_is_the_answer(content, arguments):
    calls = [{"type": "function", "function": {"name": "computer_use", "arguments": arguments}}]
    message = {"role": "assistant", "content": content, "tool_calls": calls}
    assert unwrap(json.dumps({"choices": [{"message": message}]})).text == CLICK
    assert unwrap(json.dumps({"message": message, "model": "qwen3-vl"})).text == CLICK


def test_text_beside_a_tool_call_is_kept():
    calls = [{"function": {"name": "computer_use", "arguments": CLICK}}]
    message = {"role": "assistant", "content": "I click.", "tool_calls": calls}
    assert unwrap(json.dumps({"choices": [{"message": message}]})).text == f"I click.\n{CLICK}"


def output(text):
    return {
        "output": {"choices": [{"message": {"role": "assistant", "content": [{"text": text}]}}]}
    }


@pytest.mark.parametrize(
    "saved",
    [
        ANSWER,
        json.dumps(CHAT),
        json.dumps(CHAT, indent=2),
        repr(CHAT),
        json.dumps(DASHSCOPE),
        repr(DASHSCOPE),
        json.dumps({"choices": [{"message": {"role": "assistant", "content": [
            {"type": "text", "text": ANSWER[:9]}, {"type": "text", "text": ANSWER[9:]}]}}]}),
        json.dumps({"output": {"text": ANSWER, "finish_reason": "stop"}, "usage": {}}),
        json.dumps({"output": [{"type": "reasoning", "summary": []}, {
            "type": "message", "role": "assistant",
            "content": [{"type": "output_text", "text": ANSWER}]}]}),
        json.dumps({"model": "qwen3-vl", "message": MESSAGE, "done": True}),
        json.dumps({"model": "qwen3-vl", "response": ANSWER, "done": True}),
        json.dumps({"custom_id": "1", "response": {"status_code": 200, "body": CHAT}}),
        json.dumps([{"role": "user", "content": "Where?"}, MESSAGE]),
        json.dumps(MESSAGE),
        f"ChatCompletion(id='x', choices=[Choice(finish_reason='stop', index=0, message="
        f"ChatCompletionMessage(content={ANSWER!r}, role='assistant'))], usage=None)",
        f"ChatCompletionMessage(content={ANSWER!r}, role='assistant')",
        f"Choice(content={ANSWER!r})",
        "\n\n".join(f"data: {chunk}" for chunk in chunks(ANSWER)) + "\n\ndata: [DONE]\n",
        "\n".join(chunks([ANSWER[:9], ANSWER[9:]])),
        "\n".join(f"id:{n}\nevent:result\n:HTTP_STATUS/200\ndata:{json.dumps(output(part))}\n"
                  for n, part in enumerate([ANSWER[:9], ANSWER[:30], ANSWER])),
        f"<think>perhaps [5, 6, 7, 8]</think>{ANSWER}",
        f"Perhaps [5, 6, 7, 8]. Wait.\n\n**Final Answer**\n\n\\[ \\boxed{{{ANSWER}}} \\]",
        json.dumps(ANSWER),
        ANSWER.replace("\\", "").replace('"', '\\"').replace("the \\\"big\\\" cat", "a"),
    ],
)  # fmt: skip
def test_the_answer_is_what_is_left(saved):
    reply = unwrap(saved)
    expected = ANSWER.replace('the \\"big\\" cat', "a") if '\\"a\\"' in saved else ANSWER
    assert (reply.text, reply.warnings) == (expected, ())


def test_what_stands_in_a_box_is_the_answer_if_it_has_numbers_enough():
    assert unwrap("Or [1, 2]?\n\\boxed{\\text{a }[3, 4]} and \\boxed{[5, 6]}").text == (
        "\\text{a }[3, 4]\n[5, 6]"
    )
    counts = "They are at [1, 2] and [3, 4]: \\boxed{2 cats, 3 dogs}"
    for answer in (counts, "They are at [1, 2] and [3, 4]: \\boxed{2}", "[1, 2] \\boxed{[3, 4"):
        assert unwrap(answer).text == answer


def test_a_stream_without_a_word_is_an_empty_answer():
    empty = json.dumps({"choices": [{"delta": {"role": "assistant"}}]})
    assert unwrap(f"data: {empty}\n\ndata: {empty}\n").text == ""


def test_of_several_answers_the_first_is_taken_and_said():
    both = {"choices": [{"message": {"content": "[1, 2]"}}, {"message": {"content": "[3, 4]"}}]}
    reply = unwrap(json.dumps(both))
    assert reply.text == "[1, 2]"
    assert reply.warnings == ("the reply holds 2 answers; the first one was taken",)


def test_of_a_reply_cut_off_the_answer_that_is_there_is_taken():
    reply = unwrap(json.dumps(CHAT)[:120])
    assert ANSWER.startswith(reply.text) and len(reply.text) > 20
    assert "cut off" in reply.warnings[0]


@pytest.mark.parametrize(
    "answer",
    [
        '{"output": [{"bbox_2d": [1, 2, 3, 4]}]}',
        '{"message": "cat", "box": [1, 2, 3, 4]}',
        '{"message": {}}',
        '{"message":' * 900 + "1" + "}" * 900,
        '{"role": "dog", "content": [1, 2, 3, 4]}',
        '<p class="a" data-x=\\"b\\">',
        "",
        '"',
        '"a"b"',
    ],
)
def test_an_answer_that_looks_like_a_reply_stays_as_it_is(answer):
    assert unwrap(answer).text == answer


@given(st.text() | st.text('{}[]":,choicesmessagecontentroleassistant\\ '))
def test_any_text_can_be_unwrapped(text):
    assert isinstance(unwrap(text).text, str)
