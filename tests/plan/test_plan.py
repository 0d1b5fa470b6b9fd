from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from vlprep.count.spending import spending

from tests.places import FIXTURES
from vlprep import (
    ImageSize,
    SplitOptions,
    VideoInfo,
    count_tokens,
    get_model,
    plan_media,
    probe,
    read_frames,
)
from vlprep.errors import BudgetError, ConstraintError, UnknownFactError
from vlprep.plan.plan import plan_files
from vlprep.plan.records import PlanOptions

STREET, PHOTO = str(FIXTURES / "street.mp4"), str(FIXTURES / "photo.jpg")
LECTURE = VideoInfo(size=ImageSize(1080, 1920), frame_count=90_000, fps=Fraction(25))


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qvq-max", "Qwen/Qwen3-VL-8B-Instruct"])
@pytest.mark.parametrize("prefer", ["motion", "detail", "balanced"])
def test_the_keywords_give_the_planned_number(model, prefer):
    plan = plan_media(STREET, model, budget=1200, prefer=prefer)
    (file,) = plan.files
    assert plan.total_tokens <= 1200
    assert count_tokens(STREET, model, **file.keywords).tokens == file.tokens
    assert plan.requests == ((0,),)


def test_the_frames_read_are_the_frames_planned():
    (file,) = plan_media(STREET, "qwen3-vl-plus", budget=400).files
    with read_frames(STREET, "qwen3-vl-plus", **file.keywords) as frames:
        shapes = [frame.image.shape for frame in frames]
    assert shapes == [(*file.tokens.resized, 3)] * file.frames


def test_without_a_budget_the_model_s_limits_count():
    plan = plan_media(STREET, "qwen3-vl-plus", reserve=100)
    assert plan.spending.available == 262_144 - 32_768 - 100
    assert plan.spending.binding.name == "context"
    assert plan.bounds == ()
    with pytest.raises(UnknownFactError, match="--budget"):
        plan_media(STREET, "Qwen/Qwen2-VL-7B-Instruct")
    assert plan_media(STREET, "Qwen/Qwen2-VL-7B-Instruct", budget=9000).total_tokens <= 9000


def test_facts_need_no_file():
    plan = plan_media(LECTURE, "qwen3-vl-plus", budget=130_048)
    assert plan.files[0].keywords == {"fps": 0.2673, "max_pixels": 655_360}
    assert plan.total_tokens == 126_986
    assert [bound.name for bound in plan.bounds] == ["frames", "frame pixels", "total pixels"]


def test_facts_and_files_give_the_same_plan():
    by_file = plan_media(STREET, budget=900).files[0]
    assert plan_media(probe(STREET), budget=900).files[0].keywords == by_file.keywords


def test_sources_of_every_kind():
    content = Path(PHOTO).read_bytes()
    with Path(STREET).open("rb") as file:
        plan = plan_media([file, content, Path(PHOTO), PHOTO], budget=2000)
    assert [file.frames is None for file in plan.files] == [False, True, True, True]
    assert plan.total_tokens <= 2000
    assert len({file.max_pixels for file in plan.files[1:]}) == 1


def test_a_list_is_a_video_of_images():
    plan = plan_media([[PHOTO] * 6], budget=500)
    (file,) = plan.files
    assert file.keywords == {"max_pixels": file.max_pixels}
    assert (file.frames, plan.total_tokens <= 500) == (6, True)


def test_what_cannot_be_read_is_told_and_the_rest_planned(tmp_path):
    plan = plan_media([str(FIXTURES / "empty.jpg"), PHOTO, str(tmp_path / "none.jpg")], budget=200)
    assert [failure.code for failure in plan.failures] == ["empty_file", "not_found"]
    assert len(plan.files) == 1
    assert plan_media(str(FIXTURES / "empty.jpg"), budget=200).files == ()


def test_a_picture_that_no_setting_shows_is_told():
    clip = VideoInfo(size=ImageSize(9, 3000), frame_count=100, fps=Fraction(25))
    plan = plan_media([clip, PHOTO], "qwen3-vl-plus", budget=5000)
    assert [failure.code for failure in plan.failures] == ["aspect_ratio"]
    assert [file.source for file in plan.files] == [PHOTO]


def test_a_clip_of_unknown_rate_does_not_stop_the_others():
    still = VideoInfo(size=ImageSize(90, 120), frame_count=1, fps=None)
    plan = plan_media([still, PHOTO], "qwen3-vl-plus", budget=5000)
    assert "frame rate" in plan.failures[0].message
    assert [file.source for file in plan.files] == [PHOTO]
    with pytest.raises(ConstraintError, match="no range"):
        plan_media([STREET, PHOTO], fps_range=(2, 1))


def test_weights_follow_their_files_past_a_failure():
    files = [str(FIXTURES / "empty.jpg"), PHOTO, PHOTO]
    plan = plan_media(files, budget=300, weights=[9, 1, 3])
    small, large = plan.files
    assert large.max_pixels == 3 * small.max_pixels
    with pytest.raises(ConstraintError, match="weights: 1 for 3"):
        plan_media(files, budget=300, weights=[1])


def test_a_split_shows_all_as_wanted():
    plan = plan_media([PHOTO, STREET, PHOTO, PHOTO], budget=2300, split=SplitOptions())
    tokens = [file.tokens.total for file in plan.files]
    assert tokens == [302, 2202, 302, 302]
    assert plan.requests == ((0,), (1,), (2, 3))
    for request in plan.requests:
        assert sum(tokens[number] for number in request) <= 2300
    packed = plan_media(
        [PHOTO, STREET, PHOTO, PHOTO], budget=2504, split=SplitOptions(reorder=True)
    )
    assert packed.requests == ((0, 1), (2, 3))


def test_a_split_shrinks_only_what_no_request_holds():
    plan = plan_media([PHOTO, STREET], budget=1000, split=SplitOptions())
    assert plan.files[0].tokens.total == 302
    assert 500 < plan.files[1].tokens.total <= 1000
    assert plan.requests == ((0,), (1,))


def test_a_split_minds_number_and_bytes(tmp_path):
    size = Path(PHOTO).stat().st_size
    split = SplitOptions(route="path", max_bytes=2 * size)
    plan = plan_media([PHOTO] * 5, budget=100_000, split=split)
    assert [len(request) for request in plan.requests] == [2, 2, 1]
    encoded = SplitOptions(route="base64", max_bytes=2 * size)
    plan = plan_media([PHOTO] * 5, budget=100_000, split=encoded)
    assert [len(request) for request in plan.requests] == [1] * 5
    tiny = SplitOptions(max_bytes=10)
    assert plan_media([PHOTO], split=tiny).failures[0].code == "constraint"
    tiny_picture = tmp_path / "tiny.jpg"
    shutil.copy(FIXTURES / "exif_1.jpg", tiny_picture)
    plan = plan_media([str(tiny_picture)] * 600, split=SplitOptions(route="base64"))
    assert [len(request) for request in plan.requests] == [250, 250, 100]


def test_bytes_of_facts_are_not_known():
    with pytest.raises(ConstraintError, match="length in bytes is not known"):
        plan_media(LECTURE, split=SplitOptions(max_bytes=10))


def test_a_price_is_a_limit():
    model = get_model("qvq-max")
    allowed = spending(model, price_cap=0.001)
    plan = plan_files([STREET], model, allowed, PlanOptions())
    assert plan.spending.binding.name == "price"
    assert plan.total_tokens * 1.2e-6 <= 0.001
    assert plan.bounds[0].name == "price"


def test_too_little_is_an_error():
    with pytest.raises(BudgetError, match="are the least that all files cost"):
        plan_media([PHOTO] * 100, budget=300)
    with pytest.raises(ConstraintError, match="known: balanced, detail, motion"):
        plan_media(PHOTO, prefer="speed")


def test_an_hour_is_planned_without_reading_it():
    assert plan_media([LECTURE, LECTURE], "qwen3-vl-plus").total_tokens <= 229_376
