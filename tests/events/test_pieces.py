from __future__ import annotations

import json

import pytest

from tests.places import FIXTURES
from vlprep import locate_events, plan_media, processor, save_requests
from vlprep.errors import AnswerError, ConstraintError

STREET = str(FIXTURES / "street.mp4")  # 10 s, 300 frames at 30 per second
MODEL = "qwen3-vl-plus"


@pytest.fixture(scope="module")
def plan():
    made = plan_media(STREET, MODEL, pieces=True, overlap=2, budget=1150)
    starts = [(file.part.start_seconds, file.part.end_seconds) for file in made.files]
    assert starts == [(0.0, 4.7), (2.7, 7.4), (5.4, 10.0)]
    return made


def located(plan, *answers):
    return locate_events(STREET, list(answers), MODEL, pieces=plan)


def spans(found):
    return [(event.text, event.start_seconds, event.end_seconds) for event in found.events]


def test_times_count_from_where_each_part_begins(plan):
    found = located(plan, "0:01 - 0:02 a bus", "0:02.4 - 0:02.6 a dog", "0:03 - 0:04 a cat")
    assert spans(found) == [
        ("a bus", 1, 2), ("a dog", pytest.approx(5.1), pytest.approx(5.3)),
        ("a cat", pytest.approx(8.4), pytest.approx(9.4)),
    ]  # fmt: skip
    assert found.span == (0.0, 10.0)
    assert found.events[2].frames == range(252, 283)


def test_what_two_parts_saw_is_there_once(plan):
    found = located(plan, "0:03 - 0:04 A bus passes.", "0:00.5 - 0:01.2 a bus passes", "none found")
    assert spans(found) == [("A bus passes", 3, 4)]
    assert found.events[0].pieces == (1, 2)


def test_what_goes_on_beyond_a_part_is_whole_again(plan):
    found = located(
        plan, "0:01 - 0:04.7 rain", "0:00 - 0:04.7 rain", "0:00 - 0:03 rain",
    )  # fmt: skip
    assert spans(found) == [("rain", 1, pytest.approx(8.4))]
    (event,) = found.events
    assert event.frames == range(30, 253)
    assert list(event.seen.timestamps_seconds) == sorted(set(event.seen.timestamps_seconds))
    assert event.pieces == (1, 2, 3)


def test_the_same_words_at_other_times_are_other_events(plan):
    found = located(plan, "0:00 - 0:01 a bus", "0:02 - 0:02.5 a bus", "0:03 - 0:04 a bus")
    assert len(found.events) == 3


def test_other_words_in_a_shared_stretch_stay_and_are_told_of(plan):
    found = located(plan, "0:03 - 0:04 a bus", "0:00.3 - 0:01.3 a red coach", "[]")
    assert [event.text for event in found.events] == ["a bus", "a red coach"]
    assert any("two pieces saw" in text for text in found.warnings)


def test_events_are_in_their_order(plan):
    found = located(plan, "0:04 - 0:04.5 b", "0:00 - 0:01 a", "[]")
    assert [event.text for event in found.events] == ["a", "b"]


def test_an_answer_for_each_part_is_wanted(plan):
    with pytest.raises(ConstraintError, match="2 answers for 3 pieces"):
        located(plan, "[]", "[]")
    with pytest.raises(AnswerError, match="piece 2"):
        located(plan, "[]", "nothing at all of the kind", "[]")


def test_the_folder_of_bodies_says_as_much_as_the_plan(plan, tmp_path):
    save_requests(plan, "When?", tmp_path / "out", api="dashscope", as_frames=True)
    answers = ["0:01 - 0:02 a bus", "[]", "0:03 - 0:04 a cat"]
    for place in (tmp_path / "out", tmp_path / "out" / "plan.json"):
        assert spans(locate_events(STREET, answers, MODEL, pieces=place)) == spans(
            locate_events(STREET, answers, MODEL, pieces=plan)
        )
    document = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert [item["start_seconds"] for item in document["items"]] == [0.0, 2.7, 5.4]
    assert [body["file"] for body in document["bodies"]] == [
        f"request-{number}.json" for number in (1, 2, 3)
    ]


def test_another_model_or_clip_is_refused(plan, tmp_path):
    with pytest.raises(ConstraintError, match="qvq-max"):
        locate_events(STREET, ["[]"] * 3, "qvq-max", pieces=plan)
    with pytest.raises(ConstraintError, match=r"vfr\.mp4"):
        locate_events(str(FIXTURES / "vfr.mp4"), ["[]"] * 3, MODEL, pieces=plan)
    with pytest.raises(ConstraintError, match="fps"):
        locate_events(STREET, ["[]"] * 3, MODEL, pieces=plan, fps=1)
    other = tmp_path / "other.json"
    for text in ("[]", "{}", "no JSON", '{"items": [{"source": "x"}]}'):
        other.write_text(text)
        with pytest.raises(ConstraintError, match="no plan of pieces"):
            locate_events(STREET, ["[]"], MODEL, pieces=other)


def test_several_answers_without_pieces_and_one_with_them(plan):
    with pytest.raises(ConstraintError, match="pieces"):
        locate_events(STREET, ["[]", "[]"], MODEL)
    with pytest.raises(ConstraintError, match="a list"):
        locate_events(STREET, "[]", MODEL, pieces=plan)


def test_frames_of_an_event_are_read_from_the_whole_clip(plan):
    bound = processor(MODEL)
    found = bound.events(STREET, ["0:01 - 0:04.7 rain", "0:00 - 0:03 rain", "[]"], pieces=plan)
    frames = list(found.read(found.events[0]))
    assert [frame.number for frame in frames] == list(found.events[0].seen.indices)
    assert found.tokens.total == plan.total_tokens
