from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.draw.tiny_font import tiny_font
from tests.places import FIXTURES
from vlprep import locate_events, processor, read_frames
from vlprep.errors import AnswerError, ConstraintError, UnsupportedFormatError
from vlprep.events.files import _caption
from vlprep.events.frame_range import Span, frames_within, moments_within

STREET = FIXTURES / "street.mp4"  # 10 s, 300 frames at 30 per second


def one(start, end, **view):
    (event,) = locate_events(STREET, f'[["{start}", "{end}", "x"]]', **view).events
    return event


def test_event_answers():
    answer = (
        '[{"start_time": "00:00:00", "end_time": "00:00:04", "event": "opens the box"},'
        ' {"start_time": "00:04", "end_time": "00:00:09.5", "event": "closes it"}]'
    )
    found = locate_events(STREET, answer)
    opens, closes = found.events
    assert (opens.text, opens.answered) == ("opens the box", (0.0, 4.0))
    assert (opens.start_seconds, opens.end_seconds) == (0.0, 4.0)
    assert opens.frames == range(121)
    assert opens.seen.indices == tuple(range(0, 121, 15))
    assert (closes.frames, closes.end_seconds) == (range(120, 286), 9.5)
    assert (found.step_seconds, found.span, found.warnings) == (0.5, (0.0, 10.0), ())


def test_nothing_is_decoded_to_locate(monkeypatch):
    def refuse(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr("vlprep.frames.reading.scan_clip", refuse)
    assert one("00:01", "00:02").frames == range(30, 61)


def test_an_event_between_two_frames_that_were_seen():
    event = one("5.1", "5.2")
    assert event.frames == range(153, 157)
    assert event.seen.indices == (150,)
    assert one("5.01", "5.02").frames == range(150, 151)


def test_what_reaches_beyond_the_clip_is_cut_there():
    found = locate_events(STREET, "00:08 - 00:30 x")
    (event,) = found.events
    assert (event.answered, event.start_seconds, event.end_seconds) == ((8, 30), 8, 10)
    assert event.frames == range(240, 300)
    assert found.warnings == (
        "events that reach beyond the 10.000 s that were shown, cut there: 1",
    )
    assert locate_events(STREET, "00:09 - 00:10 x").warnings == ()
    assert locate_events(STREET, '[{"start_time": -2, "end_time": 1}]').events[0].frames == range(
        31
    )


def test_what_lies_outside_has_no_frames():
    found = locate_events(STREET, "00:45 - 00:50 x")
    (event,) = found.events
    assert (event.frames, event.seen.indices) == (range(0), ())
    assert found.warnings == (
        "events wholly outside of the 10.000 s that were shown, which have no frames: 1",
    )
    assert found.to_dict()["events"][0]["first_frame"] is None


def test_a_reversed_event_is_turned_and_said():
    found = locate_events(STREET, "00:04 - 00:02 x")
    assert found.events[0].frames == range(60, 121)
    assert found.events[0].answered == (4, 2)
    assert found.warnings == ("events that end before they begin, taken the other way round: 1",)


def test_an_event_without_length_is_the_frame_on_display():
    found = locate_events(STREET, "00:04 - 00:04 x")
    assert found.events[0].frames == range(120, 121)
    assert found.warnings == ("events without length, taken as moments: 1",)
    assert one("10", "10").frames == range(299, 300)


def test_times_count_from_where_the_view_begins():
    found = locate_events(STREET, "00:01 - 00:02 x", start_seconds=3, end_seconds=8)
    (event,) = found.events
    assert found.span == (3, 8)
    assert (event.start_seconds, event.end_seconds) == (4, 5)
    assert event.frames == range(120, 151)
    assert set(event.seen.indices) <= set(range(120, 151))
    late = locate_events(STREET, "00:04 - 00:09 x", start_seconds=3, end_seconds=8)
    assert late.events[0].end_seconds == 8
    assert "beyond the 5.000 s that were shown" in late.warnings[0]


def test_the_view_says_what_was_seen():
    assert one("2", "4", fps=1).seen.timestamps_seconds == (2, 3, 4)
    assert one("2", "4", model="Qwen/Qwen3-VL-8B-Instruct", nframes=4).seen.frame_count == 1
    assert locate_events(STREET, "[2, 4]", fps=1).step_seconds == 1


@pytest.mark.parametrize("answer", ["[]", "The event is not visible in the video."])
def test_that_nothing_happens_is_an_answer(answer, tmp_path):
    found = locate_events(STREET, answer)
    assert found.events == ()
    assert found.save(tmp_path / "out", sheet=tmp_path / "sheet.png") == []
    assert json.loads((tmp_path / "out" / "events.json").read_text())["events"] == []
    assert (tmp_path / "sheet.png").exists()


def test_a_list_of_images_and_an_animation_are_videos(tmp_path):
    paths = []
    for number in range(8):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", (64, 64), (30 * number, 0, 0)).save(paths[-1])
    found = locate_events(paths, "<1 seconds> - <2 seconds>: x", fps=2)
    assert found.events[0].frames == range(2, 5)
    assert [frame.number for frame in found.read(found.events[0])] == [2, 3, 4]
    animated = locate_events(FIXTURES / "animated.gif", "[0, 1]")
    assert list(animated.read(animated.events[0]))


def test_the_frames_are_those_that_the_model_saw():
    found = processor("qwen3-vl-plus", fps=1).events(STREET, "00:02 - 00:04 x")
    with read_frames(STREET, "qwen3-vl-plus", fps=1) as frames:
        seen = list(frames)[2:5]
    read = list(found.read(found.events[0]))
    assert [frame.number for frame in read] == [60, 90, 120]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(read, seen, strict=True))


def test_what_was_found_can_be_written_down_and_sent_elsewhere():
    found = locate_events(STREET, "00:02 - 00:04 a bus passes")
    table = found.to_dict()
    assert json.loads(json.dumps(table)) == table
    assert (table["schema"], table["frames"], table["fps"]) == ("vlprep.events/1", 300, 30)
    assert table["events"][0] == {
        "event": "a bus passes",
        "answered_start_seconds": 2, "answered_end_seconds": 4,
        "start_seconds": 2, "end_seconds": 4, "first_frame": 60, "last_frame": 120,
        "seen_frames": [60, 75, 90, 105, 120], "seen_seconds": [2, 2.5, 3, 3.5, 4],
    }  # fmt: skip
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_caption_names_the_frames_and_how_many_were_shown():
    assert (
        _caption(one(1, 4))
        == "0:01.000 to 0:04.000, frames 30 to 120, of which the model was shown 7"
    )
    outside = "0:03.000 to 0:03.000: outside of what the model was shown"
    assert _caption(one(4, 5, end_seconds=3)) == outside


def test_frames_and_a_sheet_of_each_event_are_written(tmp_path):
    answer = '[[2, 3, "a bus"], [30, 40, "late"], [8, 9, "a car"]]'
    found = locate_events(STREET, answer, fps=1, max_pixels=64 * 32 * 32)
    records = found.save(tmp_path / "out", sheet=tmp_path / "sheet.png")
    assert [record.frame for record in records] == [60, 90, 240, 270]
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {*(record.file for record in records), "events.json"}
    table = json.loads((tmp_path / "out" / "events.json").read_text())
    assert [len(entry["files"]) for entry in table["events"]] == [2, 0, 2]
    with Image.open(tmp_path / "out" / records[0].file) as written:
        assert written.size == found.tokens.resized[::-1]
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width >= 800 and sheet.height > 3 * found.tokens.resized.height


def test_png_and_what_cannot_be_written(tmp_path):
    found = locate_events(STREET, "[2, 3]", fps=1)
    assert found.save(tmp_path / "out", format="png")[0].file.endswith(".png")
    with pytest.raises(FileExistsError, match="not empty"):
        found.save(tmp_path / "out")
    with pytest.raises(ConstraintError, match="name a folder, a `sheet`, or both"):
        found.save()
    with pytest.raises(ConstraintError, match="jpg or png"):
        found.save(tmp_path / "other", format="npy")
    with pytest.raises(ConstraintError, match=r"ends in \.jpg"):
        found.save(sheet=tmp_path / "sheet.gif")
    assert not (tmp_path / "other").exists()


def test_words_without_a_font_are_said(machine, tmp_path):
    found = locate_events(STREET, "[[2, 3, '手表']]", fps=1)
    assert "no font here has the letters 手表" in found.drawing_warnings()[0]
    assert found.sheet().warnings == found.drawing_warnings()
    assert locate_events(STREET, "[2, 3]").drawing_warnings() == ()
    named = tmp_path / "named.ttf"
    named.write_bytes(tiny_font("手表"))
    assert found.drawing_warnings(font=named) == ()
    drawing = found.sheet(font=named)
    found.save(sheet=tmp_path / "sheet.png", font=named)
    with Image.open(tmp_path / "sheet.png") as written:
        assert written.tobytes() == drawing.image.tobytes()
    assert drawing.image.tobytes() != found.sheet().image.tobytes()


def test_errors():
    with pytest.raises(UnsupportedFormatError, match="an image, not a video"):
        locate_events(FIXTURES / "photo.jpg", "[2, 3]")
    with pytest.raises(AnswerError, match="no times"):
        locate_events(STREET, "a bus")
    with pytest.raises(FileNotFoundError):
        locate_events("no-such.mp4", "[2, 3]")


# Which frames: laws.


@given(st.floats(0, 20), st.floats(0, 20), st.integers(1, 600), st.sampled_from([1.0, 24.0, 29.97]))
def test_frames_lie_within_the_stretch(a, b, count, rate):
    span = Span(min(a, b), max(a, b))
    frames = frames_within(span, rate, count)
    assert frames and 0 <= frames[0] <= frames[-1] < count
    if len(frames) > 1:
        assert all(span.start - 1e-5 <= frame / rate <= span.end + 1e-5 for frame in frames)
    inside = [k for k in range(count) if span.start <= k / rate <= span.end]
    assert set(inside) <= set(frames)


@given(st.lists(st.floats(0, 20), max_size=20), st.floats(0, 20), st.floats(0, 20))
def test_moments_lie_within_the_stretch(moments, a, b):
    moments, span = sorted(moments), Span(min(a, b), max(a, b))
    places = moments_within(span, moments)
    inside = [k for k, moment in enumerate(moments) if span.start <= moment <= span.end]
    assert set(inside) <= set(places)
    assert len(places) > 0 or not moments
