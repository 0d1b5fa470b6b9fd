from dataclasses import replace

import pytest

from tests.check.sendings import found, frame_list, image, video
from vlprep.check import reading
from vlprep.errors import AspectRatioError, FrameCountError, UnknownFactError

SHORT = FrameCountError(1, 1, "1 frame, at least 4 needed")
NARROW = AspectRatioError((1, 300), 200)
UNKNOWN = UnknownFactError("qwen-vl-ocr", "how it samples videos", "choose another model")


@pytest.mark.parametrize(
    ("file", "problem", "is_told"),
    [
        (video(), SHORT, True),
        (image(kind="animation"), SHORT, True),
        (frame_list(image()), SHORT, False),  # the rule of the length of a list tells it
        (video(), NARROW, True),
        (image(), NARROW, False),  # the rule of ratios tells it
        (image(kind="animation"), NARROW, False),
        (video(), UNKNOWN, False),  # the rule of what is known tells it
        (image(kind="unreadable"), OSError(5, "Input/output error"), False),
    ],
)
def test_what_cannot_be_counted_is_told_once(file, problem, is_told):
    assert bool(found(reading.countable, replace(file, problem=problem))) == is_told


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (FileNotFoundError(2, "No such file or directory"), "no such file or directory"),
        (OSError("gone"), "gone"),
        (ValueError("a.jpg: damaged"), "damaged"),
    ],
)
def test_a_problem_is_told_without_the_name_of_the_file(problem, told):
    finding = found(reading.readable, replace(image(kind="unreadable"), problem=problem))
    assert (finding.measured, finding.message) == (told, told)


@pytest.mark.parametrize("model", ["qwen-vl-ocr", "Qwen/Qwen3-VL-Reranker-2B"])
def test_what_no_source_says_is_told_of_services_and_of_weights(model):
    other = UnknownFactError("other", "how it sizes images", "choose another model")
    files = (replace(video(), problem=UNKNOWN), image(), replace(image(), problem=other))
    finding = found(reading.count_known, *files, model=model)
    assert finding.measured == "2 of 3 files not counted"
    assert finding.message == f"2 of 3 files are left out of the count: {UNKNOWN}"
    assert found(reading.count_known, image(), model=model) is None
