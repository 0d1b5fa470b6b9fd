from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.places import FIXTURES
from vlprep import (
    FrameListInfo,
    ImageInfo,
    ImageSize,
    SplitOptions,
    VideoInfo,
    count_tokens,
    fit_images,
    frame_list,
    get_model,
    plan_media,
    probe,
    processor,
    read_frames,
)
from vlprep.count.pixels import is_per_clip
from vlprep.errors import BudgetError, ConstraintError, UnknownFactError

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
    assert plan.budget.available == 260_096 - 1 - 100
    assert plan.budget.binding.name == "largest input"
    assert plan.bounds == ()
    with pytest.raises(UnknownFactError, match="`max_input`"):
        plan_media(STREET, "Qwen/Qwen2-VL-7B-Instruct")
    assert plan_media(STREET, "Qwen/Qwen2-VL-7B-Instruct", budget=9000).total_tokens <= 9000


def test_facts_need_no_file():
    plan = plan_media(LECTURE, "qwen3-vl-plus", budget=130_048, prefer="balanced")
    assert plan.files[0].keywords == {"fps": 0.5017, "max_pixels": 655_360}
    assert plan.total_tokens == 130_034
    names = [bound.name for bound in plan.bounds]
    assert names == ["budget", "frames", "frame pixels", "total pixels"]


def test_facts_and_files_give_the_same_plan():
    by_file = plan_media(STREET, budget=900).files[0]
    assert plan_media(probe(STREET), budget=900).files[0].keywords == by_file.keywords


def test_sources_of_every_kind():
    content = Path(PHOTO).read_bytes()
    with Path(STREET).open("rb") as file:
        plan = plan_media([file, content, Path(PHOTO), PHOTO], budget=2000)
    assert [file.frames is None for file in plan.files] == [False, True, True, True]
    assert plan.total_tokens <= 2000
    assert len({file.setting.max_pixels for file in plan.files[1:]}) == 1


def test_a_list_is_a_video_of_images():
    plan = plan_media([[PHOTO] * 6], budget=500)
    (file,) = plan.files
    assert set(file.keywords) == {"max_pixels"}
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
        plan_media([STREET, PHOTO], fps=1, lowest_fps=2)


def test_weights_follow_their_files_past_a_failure():
    files = [str(FIXTURES / "empty.jpg"), PHOTO, PHOTO]
    plan = plan_media(files, budget=300, weights=[9, 1, 3])
    small, large = plan.files
    assert large.setting.max_pixels == 3 * small.setting.max_pixels
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
    plan = plan_media([STREET], "qvq-max", price_cap=0.001)
    assert plan.budget.binding.name == "price"
    assert plan.total_tokens * 1.2e-6 <= 0.001
    assert plan.bounds[0].name == "price"


def test_too_little_is_an_error():
    with pytest.raises(BudgetError, match="are the least that all files cost"):
        plan_media([PHOTO] * 100, budget=300)
    with pytest.raises(ConstraintError, match="known: balanced, detail, motion"):
        plan_media(PHOTO, prefer="speed")


def test_an_hour_is_planned_without_reading_it():
    assert plan_media([LECTURE] * 3, "qwen3-vl-plus").total_tokens < 260_096


# What the view asks.

VIEWS = [
    {},
    {"fps": 0.5},
    {"fps": 5},
    {"nframes": 7},
    {"min_frames": 24},
    {"max_frames": 6},
    {"min_pixels": 300_000},
    {"min_pixels": 5000, "max_pixels": 6000},
    {"max_pixels": 50_000},
    {"max_pixels": 10**9},
    {"max_pixels": 1},
    {"total_pixels": 900_000},
    {"start_seconds": 2.5},
    {"start_seconds": 1, "end_seconds": 4.2, "fps": 1},
    {"sampling": "interval"},
    {"sampling": "arange", "nframes": 6},
    {"high_res": True},
    {"strict": True},
    {"strict": True, "min_frames": 2, "max_pixels": 90_000, "end_seconds": 8},
]
SHORT = VideoInfo(size=ImageSize(360, 640), frame_count=3, fps=Fraction(25))
SOURCES = {
    "photo": PHOTO,
    "street": STREET,
    "vfr": str(FIXTURES / "vfr.mp4"),
    "subsecond": str(FIXTURES / "subsecond.mp4"),
    "one frame": str(FIXTURES / "one_frame.mp4"),
    "three frames": SHORT,
    "list": [PHOTO] * 5,
    "large": ImageInfo(size=ImageSize(3000, 4000), format="PNG"),
    "lecture": LECTURE,
}
MODELS = [
    ("qwen3-vl-plus", "guide-2025-12"),
    ("qvq-max", "guide-2025-06"),
    ("Qwen/Qwen3-VL-8B-Instruct", "transformers"),
    ("Qwen/Qwen3-VL-8B-Instruct", "qwen-vl-utils"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers-capped"),
]


@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize(("model", "rules"), MODELS)
def test_what_fits_costs_what_counting_says(model, rules, view):
    bound = with_its_total(processor(model, rules=rules, **view))
    for name, source in SOURCES.items():
        try:
            expected = bound.count(source).tokens
        except ConstraintError as error:
            with pytest.raises(ConstraintError) as caught:
                raise_first_failure(bound.plan([source], max_input=10**9))
            assert str(caught.value) == str(error), name
            continue
        for items in ([source], [source, source]):
            file = bound.plan(items, max_input=10**9).files[0]
            assert file.tokens.total == expected.total, name
            assert bound.asking(**file.keywords).count(source).tokens.total == expected.total


def with_its_total(view):
    """Ask for a clip's default total outright: a given budget lifts one that is only a default."""
    rule = view.video_rule
    if is_per_clip(rule) and view.options.max_pixels is None:
        return view.asking(max_pixels=rule.max_pixels)
    return view


def raise_first_failure(plan):
    for failure in plan.failures:
        raise failure.error


@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize(("model", "rules"), MODELS)
def test_what_does_not_fit_is_exact_by_the_counter(model, rules, view):
    bound = processor(model, rules=rules, **view)
    for items in ([STREET], [SOURCES["list"]], [STREET, PHOTO, SOURCES["vfr"]]):
        try:
            plan = bound.plan(items, max_input=900)
        except (BudgetError, ConstraintError):
            continue
        assert plan.total_tokens <= 900
        for item, file in zip(() if plan.failures else items, plan.files, strict=False):
            again = bound.asking(**file.keywords).count(item).tokens
            assert again.total == file.tokens.total


def test_the_rate_of_a_view_is_the_highest_and_its_cap_as_well():
    plan = plan_media(STREET, fps=1, max_pixels=100_000)
    assert plan.files[0].keywords == {"fps": 1, "max_pixels": 100_000}
    plan = plan_media(STREET, fps=1, max_pixels=100_000, budget=200)
    assert plan.files[0].setting.fps <= 1
    assert plan.files[0].setting.max_pixels <= 100_000


def test_the_lowest_that_may_be_chosen():
    for prefer in ("motion", "detail"):
        asked = {"lowest_fps": 1.5, "lowest_max_pixels": 80_000, "prefer": prefer}
        (file,) = plan_media(STREET, budget=800, **asked).files
        assert file.setting.fps >= 1.5
        assert file.setting.max_pixels >= 80_000
    with pytest.raises(BudgetError):
        plan_media(STREET, budget=100, lowest_fps=1.5, lowest_max_pixels=80_000)
    with pytest.raises(ConstraintError, match="no range"):
        plan_media(PHOTO, max_pixels=50_000, lowest_max_pixels=60_000)


def test_a_number_of_frames_is_kept():
    plan = plan_media(STREET, "Qwen/Qwen3-VL-8B-Instruct", budget=400, nframes=8)
    (file,) = plan.files
    assert (set(file.keywords), file.keywords["nframes"]) == ({"nframes", "max_pixels"}, 8)
    assert file.frames == 8
    with pytest.raises(ConstraintError, match="no rate to choose"):
        plan_media(STREET, "Qwen/Qwen3-VL-8B-Instruct", budget=400, nframes=8, lowest_fps=1)


def test_images_of_high_resolution_have_no_cap_to_choose():
    large = SOURCES["large"]
    video, image = plan_media([LECTURE, large], budget=40_000, high_res=True).files
    assert image.keywords == {}
    assert image.tokens.total == count_tokens(large, high_res=True).tokens.total
    assert video.tokens.total < count_tokens(LECTURE).tokens.total
    with pytest.raises(BudgetError):
        plan_media(large, budget=5000, high_res=True)


def test_a_list_keeps_its_pace():
    for fps in (None, 4, 25):
        (file,) = plan_media([[PHOTO] * 6], budget=500, fps=fps).files
        assert (file.frames, set(file.keywords)) == (6, {"max_pixels"})
    facts = FrameListInfo(size=ImageSize(480, 640), frame_count=6, fps=Fraction(2))
    assert (
        plan_media(facts, budget=500).files[0].tokens
        == plan_media([[PHOTO] * 6], budget=500, fps=2).files[0].tokens
    )


def test_a_folder_is_its_files_and_a_video_where_that_is_said(tmp_path):
    for number in range(4):
        shutil.copy(PHOTO, tmp_path / f"{number}.jpg")
    assert [file.kind for file in plan_media(tmp_path, budget=500).files] == ["image"] * 4
    (file,) = plan_media(frame_list(tmp_path), budget=500).files
    assert (file.kind, file.frames) == ("video", 4)


def test_frames_and_pixels_are_weighed_where_nothing_need_be_only_when_asked():
    whole = count_tokens(LECTURE, "qwen3-vl-plus").tokens
    assert plan_media(LECTURE, "qwen3-vl-plus").files[0].tokens.total == whole.total
    detail = plan_media(LECTURE, "qwen3-vl-plus", prefer="detail").files[0]
    assert detail.tokens.resized.pixels > 4 * whole.resized.pixels


def test_fitting_and_planning_agree():
    picture = ImageInfo(size=ImageSize(1280, 1280), format="JPEG")
    for number in (162, 163):
        plan = plan_media([picture] * number, "qwen3-vl-plus")
        fit = fit_images([picture] * number, "qwen3-vl-plus")
        assert plan.budget == fit.budget
        assert (fit.fits == number) == (plan.total_tokens == fit.total_tokens) == (number == 162)
    assert plan.files[0].setting.max_pixels == fit.max_pixels_for_all


def test_one_file_is_one_file():
    with Path(PHOTO).open("rb") as file:
        for one in (PHOTO, Path(PHOTO), Path(PHOTO).read_bytes(), file, probe(PHOTO)):
            assert [found.tokens.total for found in plan_media(one).files] == [302]


@pytest.mark.parametrize("shows", ["all", "every", "nframes"])
def test_frames_that_the_rules_show_by_no_rate_are_left_where_they_fit(shows):
    model = get_model("Qwen/Qwen3-VL-8B-Instruct")
    rules = model.rules()
    number = 12 if shows == "nframes" else None
    video = replace(rules.video, shows=shows, nframes=number)
    view = with_its_total(processor(replace(model, rule_sets=(replace(rules, video=video),))))
    expected = view.count(STREET).tokens
    for items in ([STREET], [STREET, STREET], [STREET, PHOTO]):
        plan = view.plan(items, max_input=10**9)
        assert (plan.files[0].tokens.total, plan.files[0].frames) == (
            expected.total, expected.frames,
        )  # fmt: skip
        assert plan.total_tokens == plan.wanted_tokens
        assert view.asking(**plan.files[0].keywords).count(STREET).tokens.total == expected.total
        small = view.plan(items, max_input=1200).files[0]
        assert view.asking(**small.keywords).count(STREET).tokens == small.tokens
