from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.errors import AnswerError
from vlprep.events.answers import Event, parse_events
from vlprep.events.times import seconds_of

POURS = Event(2.0, 7.0, "pours water")


def found(text):
    return list(parse_events(text).events)


@pytest.mark.parametrize(
    "text",
    [
        '[{"start_time": "00:00:02", "end_time": "00:00:07", "event": "pours water"}]',
        '{"events": [{"start_time": "00:02", "end_time": "0:07", "event": "pours water"}]}',
        '```json\n[{"start_time": 2, "end_time": 7.0, "event": "pours water"}]\n```',
        '[{"start_time": "2.0s", "end_time": "<7.0 seconds>", "description": "pours water"}]',
        '[{"start_time": "00:00:02.00", "end_time": "00:00:07,000", "caption": "pours water"}]',
        "[{'start': 2, 'end': 7, 'label': 'pours water'}]",
        '{"Start Time": "00:02", "End Time": "00:07", "Event": "pours water"}',
        '[{"start_time": 00:02, "end_time": 00:07, "event": "pours water"}]',
        '[{"start_time": "00:02", "end_time": "00:07", "event": "pours water",},]',
        '{"timestamp": "00:02 - 00:07", "event": "pours water"}',
        '{"timestamps": [[2, 7]], "event": "pours water"}',
        '{"time": [2.0, 7.0], "event": "pours water"}',
        '{"segments": [{"start": 2, "end": 7, "text": "pours water"}]}',
        '{"00:02-00:07": "pours water"}',
        '[[2, 7, "pours water"]]',
        '["00:00:02", "00:00:07", "pours water"]',
        '{"time": {"start": 2, "end": 7, "event": "pours water"}}',
        "00:02 - 00:07 pours water",
        "- **00:02–00:07**: pours water.",
        "1. [00:00:02 --> 00:00:07] pours water",
        "1\n00:00:02,000 --> 00:00:07,000\npours water",
        "<2.0 seconds> - <7.0 seconds>: pours water",
        "2.0s-7.0s: pours water",
        "pours water: 2 to 7 seconds",
        "From 00:02 to 00:07, pours water",
        "Start: 00:02, End: 00:07, Event: pours water",
        "pours water 2.0 - 7.0",
        "0m 2s until 0m 7s: pours water",
        '[{"start_sec": 2, "end_sec": 7, "event": "pours water"}]',
        '[{"t_start": 2, "t_end": 7, "event": "pours water"}]',
        '[{"start": 2, "duration": 5, "event": "pours water"}]',
        '[{"time": {"start": "00:02", "end": "00:07"}, "event": "pours water"}]',
        '{"pours water": {"start": "00:02", "end": "00:07"}}',
        '{"pours water": "00:02-00:07"}',
        '{"events": {"pours water": [[2, 7]]}}',
        '{"result": "[{\\"start\\": 2, \\"end\\": 7, \\"event\\": \\"pours water\\"}]"}',
        "[00:02, 00:07] pours water",
        "<answer>2.0 to 7.0 pours water</answer>",
        "<timestamp>2.0-7.0</timestamp> pours water",
        "- **[0:02-0:07]** — pours water",
        "pours water: starts at 2s and ends at 7s",
        "Start: 00:02\nEnd: 00:07\nEvent: pours water",
        "**开始时间**：00:02\n**结束时间**：00:07\npours water",
        "| Start (s) | End (s) | Event |\n|---|---|---|\n| 2 | 7 | pours water |",
        "start,end,event\n2,7,pours water",
        "０２：００ is late\n００：０２～００：０７ pours water",
        "<think>00:01 - 00:09</think>00:02 - 00:07 pours water",
        "| from | to | what |\n|---|---|---|\n| 0:02 | 0:07 | pours water |",
        "0'02\" - 0'07\" pours water",
        "From 0′02″ to 0′07″, pours water",
        '[{"start_time": "0\'02\\"", "end_time": "0\'07\\"", "event": "pours water"}]',
        "(2.0s, 7.0s) pours water",
        "00:02〜00:07 pours water",
        "von 0:02 bis 0:07 pours water",
        "t=2s to t=7s pours water",
        "from 0 minutes and 2 seconds to 7 seconds pours water",
        "between 2 seconds and 7 seconds pours water",
        '{"event_start": 2, "event_end": 7, "event": "pours water"}',
        '{"begin_time": 2, "finish_time": 7, "event": "pours water"}',
        "pours water (00:02, 00:07)",
        '{"pours water": [2, 7]}',
        "At 00:01? No. So:\n\n**Final Answer**\n\n\\[ \\boxed{00:02 - 00:07 pours water} \\]",
    ],
)
def test_one_event_in_all_the_ways_to_write_it(text):
    assert found(text) == [POURS]


def test_a_key_that_comes_again_begins_another_event():
    text = '{"start": 2, "end": 7, "event": "pours water", "start": 8, "end": 9, "event": "nods"}'
    for spelled in (text, text.replace('"', "'")):
        assert found(spelled) == [POURS, Event(8, 9, "nods")]


def test_words_before_a_time_do_not_belong_to_the_event_before_it():
    assert found("At 00:05, a car. At 00:10, a bus.") == [
        Event(5, 5, "a car"), Event(10, 10, "a bus"),
    ]  # fmt: skip


def test_chinese():
    assert found("从第2秒到第7秒，倒水") == [Event(2.0, 7.0, "倒水")]
    assert found("在1分2秒至1分7秒：倒水") == [Event(62.0, 67.0, "倒水")]


@pytest.mark.parametrize(
    "text", ["[2, 7]", '{"time": [2, 7]}', "[2.0, 7.0]", '["00:02", "00:07"]', "2.0 - 7.0"]
)
def test_a_bare_range_is_an_event_without_words(text):
    assert found(text) == [Event(2.0, 7.0)]


@pytest.mark.parametrize(
    "text",
    ["<12.5 seconds> a bell rings <14 seconds> it stops", "0:12.5 a bell rings\n0:14 it stops",
     '[{"time": 12.5, "event": "a bell rings"}, {"start_time": 14, "event": "it stops"}]'],
)  # fmt: skip
def test_moments(text):
    assert found(text) == [Event(12.5, 12.5, "a bell rings"), Event(14, 14, "it stops")]


def test_a_list_of_more_than_two_times_is_moments():
    assert found('{"timestamps": [1, 2, 3], "event": "bell"}') == [
        Event(moment, moment, "bell") for moment in (1, 2, 3)
    ]


# The case that was reported, with inputs of its own.


def test_event_answers():
    assert found(
        '[{"start_time": "00:00:00", "end_time": "00:00:04", "event": "opens the box"},'
        ' {"start_time": "00:04", "end_time": "00:00:09.5", "event": "closes it"}]'
    ) == [Event(0.0, 4.0, "opens the box"), Event(4.0, 9.5, "closes it")]
    assert found('[{"start_time": 1.5, "end_time": 3.0, "event": "nods"}]') == [
        Event(1.5, 3.0, "nods")
    ]
    broken = parse_events(
        '{"events": [{"start_time": "00:00:02", "end_time": "00:00:07", "event": "pours water"'
    )
    assert broken.events == (POURS,)
    assert broken.warnings == ("the answer is cut off; what is complete was taken",)


def test_a_whole_reply():
    answer = '[{"start_time": "00:02", "end_time": "00:07", "event": "pours water"}]'
    reply = {"choices": [{"message": {"content": answer}}], "created": 1700000000}
    assert parse_events(json.dumps(reply)).events == (POURS,)


@pytest.mark.parametrize("cut", range(80, 141))
def test_of_a_list_cut_off_anywhere_the_whole_events_are_taken(cut):
    whole = json.dumps(
        [
            {"start_time": "00:02", "end_time": "00:07", "event": "pours water"},
            {"start_time": "00:08", "end_time": "00:12", "event": "drinks it all"},
        ]
    )
    answer = parse_events(whole[:cut])
    assert answer.events[0] == POURS
    for event in answer.events[1:]:
        assert (event.start_seconds, event.end_seconds) == (8, 12)
        assert event.text in (None, "drinks it all")
    assert answer.warnings[0].startswith("the answer is cut off")


def test_what_is_no_time_is_left_out_and_said():
    answer = parse_events(
        '[{"start_time": "soon", "end_time": "later"}, {"start_time": 2, "end_time": 7,'
        ' "event": "pours water"}]'
    )
    assert answer.events == (POURS,)
    assert answer.warnings == ("left out, no times: 1, for instance 'soon to later'",)


@pytest.mark.parametrize("text", ["[]", '{"events": []}', "No such event was found in the video."])
def test_an_answer_that_nothing_happens_is_empty(text):
    assert parse_events(text).events == ()


@pytest.mark.parametrize(
    "text", ["", "A man pours water.", '[{"event": "x"}]', "in 16:9", "00:00:02:12 a",
             '{"start_time": "00:02", "end_ti', "3 cats and 2 dogs", "[1]"],
)  # fmt: skip
def test_an_answer_without_times_is_an_error(text):
    if text == "[1]":
        assert found(text) == [Event(1, 1)]
        return
    with pytest.raises(AnswerError, match=r"^no times in the answer"):
        parse_events(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 50_000, "1:" * 50_000, "00:02 - " * 20_000, "1 to " * 30_000,
     "<" * 50_000, "[1" + " " * 100_000 + "x", "12 h " * 20_000, "00:02 end " * 9_000,
     '{"start_time": ' * 9_000, "1.5-" * 30_000],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_a_model_that_repeats_itself_is_read_quickly(text):
    started = time.process_time()
    with suppress(AnswerError):
        parse_events(text)
    assert time.process_time() - started < 5


def check_any(text):
    try:
        answer = parse_events(text)
    except AnswerError:
        return
    for event in answer.events:
        assert abs(event.start_seconds) < 1e10 and abs(event.end_seconds) < 1e10


@given(st.text(alphabet='[]{}(),"<>|- 0123456789.:sendtart_time\n') | st.text())
def test_any_text_is_an_answer_or_an_answer_error(text):
    check_any(text)


def clock(seconds):
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:05.2f}"


SPELLINGS = {
    "clocks": lambda a, b, text: json.dumps(
        [{"start_time": clock(a), "end_time": clock(b), "event": text}]
    ),
    "seconds": lambda a, b, text: json.dumps([{"start_time": a, "end_time": b, "event": text}]),
    "python": lambda a, b, text: repr([{"start_time": clock(a), "end_time": b, "event": text}]),
    "range": lambda a, b, text: json.dumps({"time": f"{clock(a)} - {clock(b)}", "event": text}),
    "lines": lambda a, b, text: f"{clock(a)} - {clock(b)}: {text}",
    "stamps": lambda a, b, text: f"<{a} seconds> - <{b} seconds> {text}",
}
QUARTERS = st.integers(0, 4 * 7000).map(lambda quarters: quarters / 4)


@given(QUARTERS, QUARTERS, st.text("abcxyz猫", min_size=1, max_size=9))
def test_all_spellings_mean_the_same(start, end, text):
    for name, spell in SPELLINGS.items():
        assert found(spell(start, end, text)) == [Event(start, end, text)], name


@given(st.sampled_from(sorted(SPELLINGS)), QUARTERS, QUARTERS, st.data())
def test_a_damaged_answer_is_an_answer_or_an_answer_error(name, start, end, data):
    text = SPELLINGS[name](start, end, "pours water")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        put = data.draw(st.text("[]{}\"'\\:,<>-9s", max_size=3))
        text = text[:place] + put + text[place + data.draw(st.integers(0, 5)) :]
    check_any(text)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(0, 0), (1.5, 1.5), ("90", 90), ("1:30", 90), ("01:00:00.5", 3600.5), ("1h 2m 3s", 3723),
     ("2 minutes", 120), ("3秒", 3), ("<12.5 seconds>", 12.5), (" 0:04 ", 4), ("-1", -1),
     ("1 minute and 5 seconds", 65), ("1h 3m", 3780), ("1 hour and 5 s", 3605),
     ("1 hour and 2 minutes and 5 seconds", 3725), ("1 hour and 2 min", 3720),
     ("1'30\"", 90), ("1’ 05.5”", 65.5), ("1′30″", 90), ("5:00 PM", None), ("5:00 pm", None),
     (True, None), (None, None), ("", None), ("a", None), (float("inf"), None), (1e300, None),
     ([1], None), ("1:2:3:4", None)],
)  # fmt: skip
def test_times(value, seconds):
    assert seconds_of(value) == seconds
