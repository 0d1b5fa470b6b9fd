from __future__ import annotations

import pytest

EVENTS = (
    '[{"start_time": "00:00:02", "end_time": "00:00:04", "event": "a bus"},'
    ' {"start_time": 8, "end_time": 30, "event": "a car"}]'
)


@pytest.fixture
def answer(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(EVENTS)
    return path


def test_events_are_printed_with_their_frames(run, answer):
    ran = run("events", answer, "street.mp4")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "qwen3-vl-plus, times of street.mp4, counted from 0:00.000"
    assert "one every 0.5 s" in lines[1]
    assert [line.split() for line in lines[4:]] == [
        ["1", "a", "bus", "0:02.000", "0:04.000", "60", "to", "120", "5"],
        ["2", "a", "car", "0:08.000", "0:10.000", "240", "to", "299", "4"],
    ]
    assert ran.err == (
        "warning: street.mp4: events that reach beyond the 10.000 s that were shown, cut there: 1\n"
    )


def test_json_frames_and_a_sheet(run, answer, tmp_path):
    words = ("events", answer, "street.mp4", "--fps", "1", "-o", tmp_path / "out",
             "--sheet", tmp_path / "sheet.jpg", "--json")  # fmt: skip
    ran = run(*words)
    assert ran.code == 0
    assert ran.json["schema"] == "vlprep.events/1"
    assert [event["seen_frames"] for event in ran.json["events"]] == [[60, 90, 120], [240, 270]]
    assert (ran.json["output"], ran.json["sheet"]) == (
        str(tmp_path / "out"),
        str(tmp_path / "sheet.jpg"),
    )
    assert len(list((tmp_path / "out").glob("event_0*.jpg"))) == 5
    assert (tmp_path / "sheet.jpg").stat().st_size > 10_000
    again = run(*words)
    assert (again.code, again.out) == (1, "")
    assert run(*words, "--force").code == 0


def test_times_count_from_the_start_of_the_view(run):
    ran = run("events", "-", "street.mp4", "--start", "3", stdin="00:01 - 00:02 x")
    assert "counted from 0:03.000" in ran.out
    assert ran.out.splitlines()[4].split()[2:] == ["0:04.000", "0:05.000", "120", "to", "150", "3"]


def test_nothing_found_is_no_error(run):
    ran = run("events", "-", "street.mp4", stdin="[]")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        ("a bus", "no times in the answer ('a bus')"),
        (b"\xff\xfe[", "stdin: the answer is not text"),
    ],
)
def test_an_answer_that_cannot_be_read_is_one_line(run, stdin, message):
    ran = run("events", "-", "street.mp4", stdin=stdin)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_wrong_usage(run, answer):
    assert run("events", answer).code == 2
    assert "not a video" in run("events", answer, "photo.jpg").err
