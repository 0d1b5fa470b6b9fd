"""Against the tables of the vendor's guides: what stands where in each protocol."""

from __future__ import annotations

import pytest

from vlprep.check.rule import FileFacts
from vlprep.payload.forms import DASHSCOPE, OPENAI, Settings
from vlprep.payload.parts import MediaPart, SentFile

URL = "https://example.com/x"


def part(kind, fps=None, files=1, states_fps=True, **limits):
    return MediaPart(
        facts=FileFacts(source="x", kind="URL"),
        kind=kind,
        files=(SentFile(name="x", address=URL),) * files,
        fps=fps,
        states_fps=states_fps,
        limits=limits,
    )


@pytest.mark.parametrize(
    ("media", "openai", "dashscope"),
    [
        (part("image"), {"type": "image_url", "image_url": {"url": URL}}, {"image": URL}),
        (
            part("image", max_pixels=5, min_pixels=3),
            {"type": "image_url", "image_url": {"url": URL}, "max_pixels": 5, "min_pixels": 3},
            {"image": URL, "max_pixels": 5, "min_pixels": 3},
        ),
        (part("video"), {"type": "video_url", "video_url": {"url": URL}}, {"video": URL}),
        (
            part("video", fps=2.0),
            {"type": "video_url", "video_url": {"url": URL}, "fps": 2},
            {"video": URL, "fps": 2},
        ),
        (
            part("frames", fps=0.5, files=2),
            {"type": "video", "video": [URL, URL], "fps": 0.5},
            {"video": [URL, URL], "fps": 0.5},
        ),
        (
            part("frames", fps=2.0, files=1, states_fps=False),
            {"type": "video", "video": [URL]},
            {"video": [URL]},
        ),
    ],
)
def test_media(media, openai, dashscope):
    assert OPENAI.media(media) == openai
    assert DASHSCOPE.media(media) == dashscope


PLAIN = Settings(model="m", stream=False, extras={})
FULL = Settings(model="m", stream=True, extras={"enable_thinking": True, "thinking_budget": 9})
MESSAGES = [{"role": "user", "content": []}]


def test_plain_requests_have_nothing_more():
    assert OPENAI.call(MESSAGES, PLAIN, False) == {"model": "m", "messages": MESSAGES}
    assert OPENAI.call(MESSAGES, PLAIN, True) == OPENAI.call(MESSAGES, PLAIN, False)
    assert DASHSCOPE.call(MESSAGES, PLAIN, True) == {"model": "m", "messages": MESSAGES}
    assert DASHSCOPE.call(MESSAGES, PLAIN, False) == {
        "model": "m", "input": {"messages": MESSAGES}, "parameters": {},
    }  # fmt: skip


def test_the_vendors_fields_are_at_the_top_or_in_extra_body():
    stream = {"stream": True, "stream_options": {"include_usage": True}}
    call = {"model": "m", "messages": MESSAGES, **stream}
    assert OPENAI.call(MESSAGES, FULL, False) == {
        **call,
        "enable_thinking": True,
        "thinking_budget": 9,
    }
    assert OPENAI.call(MESSAGES, FULL, True) == {
        **call, "extra_body": {"enable_thinking": True, "thinking_budget": 9},
    }  # fmt: skip


def test_the_vendors_fields_are_parameters_or_arguments():
    fields = {"enable_thinking": True, "thinking_budget": 9, "incremental_output": True}
    assert DASHSCOPE.call(MESSAGES, FULL, False)["parameters"] == fields
    assert DASHSCOPE.call(MESSAGES, FULL, True) == {
        "model": "m", "messages": MESSAGES, "stream": True, **fields,
    }  # fmt: skip


def test_sampling_that_is_the_vendor_s_own_goes_with_its_fields():
    settings = Settings(
        model="m", stream=False, extras={}, sampling={"temperature": 0, "top_k": 1, "seed": 2}
    )
    own = {"model": "m", "messages": MESSAGES, "temperature": 0, "seed": 2}
    assert OPENAI.call(MESSAGES, settings, False) == {**own, "top_k": 1}
    assert OPENAI.call(MESSAGES, settings, True) == {**own, "extra_body": {"top_k": 1}}
    assert DASHSCOPE.call(MESSAGES, settings, False)["parameters"] == settings.sampling
    assert DASHSCOPE.call(MESSAGES, settings, True) == {**own, "top_k": 1}


def test_a_header_asks_dashscope_for_the_stream():
    assert DASHSCOPE.headers(FULL)["X-DashScope-SSE"] == "enable"
    assert DASHSCOPE.headers(PLAIN) == OPENAI.headers(FULL) == {"Content-Type": "application/json"}


def test_text_and_system_messages():
    assert OPENAI.text("hi") == {"type": "text", "text": "hi"}
    assert DASHSCOPE.text("hi") == {"text": "hi"}
    assert OPENAI.system("hi") == {"role": "system", "content": "hi"}
    assert DASHSCOPE.system("hi") == {"role": "system", "content": [{"text": "hi"}]}
