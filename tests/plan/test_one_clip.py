"""The plan against brute force over all settings, by the counter itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vlprep import FrameListInfo, ImageSize, VideoInfo, get_model, video_tokens
from vlprep.count.pixels import BUDGETS
from vlprep.count.videos import video_count
from vlprep.errors import BudgetError, ConstraintError
from vlprep.maths.geometry import rounded_size
from vlprep.maths.sampling import INDEX_RULES
from vlprep.models.registry import get_server
from vlprep.models.spec import ModelSpec
from vlprep.plan.one_clip import PREFERENCES, plan_clip, thinned
from vlprep.plan.settings import ClipChoices
from vlprep.view import View, ViewOptions

LECTURE = VideoInfo(size=ImageSize(1080, 1920), frame_count=90_000, fps=Fraction(25))
HALF = 260_096 // 2
PLUS = View.of("qwen3-vl-plus")

REFERENCES = {
    # budget rule: a model and a rule set of it that has this rule
    "guide": ("qwen3-vl-plus", "guide-2025-12"),
    "guide with a lower floor": ("qwen3-vl-plus", "api-2026"),
    "qwen-vl-utils": ("Qwen/Qwen3-VL-8B-Instruct", "qwen-vl-utils"),
    "frame": ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers"),
    "frame-capped": ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers-capped"),
    "clip": ("Qwen/Qwen3-VL-8B-Instruct", "transformers"),
    "clip-capped": ("Qwen/Qwen3-VL-8B-Instruct", "transformers-capped"),
    "clip behind sglang": ("Qwen/Qwen3-VL-8B-Instruct", "transformers"),
}
BEHIND = "clip behind sglang"


def small_model(reference: str, low: int, high: int, total: int, floor: int) -> ModelSpec:
    """Return a model by the rules of a real one, with tokens of 2 x 2 pixels and small limits."""
    name, rules = REFERENCES[reference]
    model = get_model(name)
    rule_set = model.rules(rules)
    rule = rule_set.video
    per_clip = rule.budget.startswith("clip")
    video = replace(
        rule,
        patch_size=1,
        min_pixels=low,
        max_pixels=high * (3 if per_clip else 1),
        floor_pixels=None if rule.floor_pixels is None else min(floor, low),
        ceiling_pixels=None,
        total_pixels=None if rule.total_pixels is None else total,
        max_frames=9,
        min_fps=None,
        max_fps=None,
    )
    if reference == BEHIND:
        first = replace(
            get_server("sglang").serving(rule_set).video.first, patch_size=1, min_pixels=low,
            max_pixels=high, total_pixels=total,
        )  # fmt: skip
        video = replace(video, first=first, count=first.count, sampling=first.sampling)
    return replace(model, rule_sets=(replace(rule_set, video=video),))


@st.composite
def cases(draw: st.DrawFn, reference: str) -> ClipChoices:
    """Draw a clip, a model, and what is asked of its view; options as often as not are left out."""
    low = draw(st.integers(4, 24))
    high = draw(st.integers(low, 110))
    model = small_model(reference, low, high, draw(st.integers(20, 600)), draw(st.integers(4, 24)))
    side = st.one_of(st.integers(1, 14), st.integers(1, 24))
    info = VideoInfo(
        size=ImageSize(draw(side), draw(side)),
        frame_count=draw(st.integers(2, 40)),
        fps=draw(st.sampled_from((Fraction(2), Fraction(30000, 1001), Fraction(25), Fraction(8)))),
    )
    top = draw(st.sampled_from((0.7, 1.5, 2.0, 6.0)))
    asked = draw(st.just({}) | options(model))
    if "nframes" in asked:
        return ClipChoices(info, View.of(model, **asked))
    lowest = ViewOptions(fps=top / draw(st.sampled_from((1, 3, 20))))
    return ClipChoices(info, View.of(model, fps=top, **asked), lowest)


def options(model: ModelSpec) -> st.SearchStrategy[dict[str, object]]:
    rule = model.rules().video
    rule = rule.first or rule
    own = {
        "min_frames": st.integers(1, 6),
        "max_frames": st.integers(2, 14),
        "min_pixels": st.integers(1, rule.max_pixels),
        "max_pixels": st.integers(1, 2 * rule.max_pixels),
        "start_seconds": st.sampled_from((0.1, 0.5, 3.0)),
        "end_seconds": st.sampled_from((0.7, 1.3, 9.0)),
        "sampling": st.sampled_from(tuple(INDEX_RULES)),
        "strict": st.just(True),
    }
    if BUDGETS[rule.budget].takes_total:
        own["total_pixels"] = st.integers(10, 800)
    if rule.count != "docs":
        own["nframes"] = st.integers(2, 12)
    return st.fixed_dictionaries({}, optional=own)


def taken(draw, reference) -> ClipChoices:
    """Draw a clip that is counted as it is asked for."""
    try:
        choices = draw(cases(reference))
        _ = choices.wanted
    except ConstraintError:
        assume(False)
    return choices


def all_settings(choices: ClipChoices) -> dict[int, dict[int, tuple[int, int]]]:
    """Return tokens and pixels by number of frames and cap, as the counter says."""
    low, high = choices.rates
    rates = [min(low + (high - low) * step / 300, high) for step in range(301)]
    numbers = {choices.frames_at(rate) for rate in rates}
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for frames in range(1, choices.wanted.frames + 1):
        view, rate = choices.view, choices.rate_of.get(frames)
        if rate is None or (not choices.has_rate and frames < choices.wanted.frames):
            assert frames not in numbers or not choices.has_rate
            continue
        if choices.has_rate:
            view = view.asking(fps=rate)
        for cap in range(choices.caps[0], choices.caps[1] + 1):
            try:
                count = video_count(choices.info, view.asking(max_pixels=cap))
            except ConstraintError:
                continue
            assert count.plan.frame_count == frames
            found.setdefault(frames, {})[cap] = (count.total, count.resized.pixels)
    return found


@pytest.mark.parametrize("reference", REFERENCES)
@settings(max_examples=25)
@given(data=st.data())
def test_no_setting_is_better(reference, data):
    choices = taken(data.draw, reference)
    info, view, own = choices.info, choices.view, choices.own_pixels
    if reference == BEHIND and data.draw(st.booleans()):
        choices = choices.without_total()  # and what is chosen says what it needs of a total
    factor = choices.rule.factor
    assert own == max(rounded_size(*info.size, factor=factor).height, factor) * max(
        rounded_size(*info.size, factor=factor).width, factor
    )
    every = all_settings(choices)
    pairs = [(n, *pair) for n, caps in every.items() for pair in caps.values()]
    budget = data.draw(st.integers(min(t for _, t, _ in pairs), max(t for _, t, _ in pairs)))
    fitting = {(n, min(pixels, own)) for n, tokens, pixels in pairs if tokens <= budget}
    plans = {name: plan_clip(choices, budget, name) for name in (None, *PREFERENCES)}
    for plan in plans.values():
        again = video_count(info, view.asking(**plan.chosen.keywords))
        assert again.total == plan.chosen.tokens <= budget
        assert plan.wanted_size.pixels >= max(min(pixels, own) for _, _, pixels in pairs)
    wanted = video_count(info, choices.view)
    assert wanted.total == choices.wanted.tokens
    unasked = plans.pop(None).chosen
    assert unasked == (choices.wanted if wanted.total <= budget else plans["balanced"].chosen)
    got = {
        name: (plan.chosen.frames, min(plan.chosen.count.resized.pixels, own))
        for name, plan in plans.items()
    }
    assert got["motion"] == max(fitting)
    assert got["detail"][::-1] == max((pixels, n) for n, pixels in fitting)
    most_frames, most_pixels = max(every), max(min(pixels, own) for _, _, pixels in pairs)
    least = min(choices.frames_at(min(0.5, choices.rates[1])), most_frames)
    half = int(choices.seconds * min(0.5, choices.rates[1])) // 2 * 2
    moving = (
        {(n, px) for n, px in fitting if n >= least and px >= min(tokens * factor**2, own)}
        for tokens in ((64, 16) if most_frames >= half else (64,))
    )
    fitting = next(filter(None, moving), fitting)
    top = max(n * pixels for n, pixels in fitting)
    close = [(n, pixels) for n, pixels in fitting if n * pixels >= 0.95 * top]
    best = max((min(n * most_pixels, pixels * most_frames), n) for n, pixels in close)
    n, pixels = got["balanced"]
    assert (min(n * most_pixels, pixels * most_frames), n) == best


@pytest.mark.parametrize("reference", REFERENCES)
@settings(max_examples=15)
@given(data=st.data())
def test_the_alternatives_are_those_that_nothing_beats(reference, data):
    choices = taken(data.draw, reference)
    every = all_settings(choices)
    own = choices.own_pixels
    points = {(n, min(px, own)) for n, caps in every.items() for _, px in caps.values()}
    front = {p for p in points if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in points)}
    every_one = plan_clip(choices, 10**12).alternatives()
    found = [(s.frames, min(s.count.resized.pixels, own)) for s in every_one]
    assert set(found) == front
    assert found == sorted(found)


REAL = [
    (name, rules.name)
    for name in ("qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct",
                 "Qwen/Qwen3-VL-8B-Instruct")
    for rules in get_model(name).rule_sets
    if rules.video
]  # fmt: skip


@pytest.mark.parametrize(("name", "rules"), REAL)
@settings(max_examples=8)
@given(
    size=st.tuples(st.integers(20, 2200), st.integers(20, 2200)),
    seconds=st.floats(0.2, 4000),
    rate=st.sampled_from((Fraction(25), Fraction(30000, 1001), Fraction(15, 2))),
    budget=st.integers(100, 200_000),
    prefer=st.sampled_from(sorted(PREFERENCES)),
)
def test_no_plan_of_a_real_model_is_over_budget(name, rules, size, seconds, rate, budget, prefer):
    frame_count = max(int(seconds * rate), 2)
    info = VideoInfo(size=ImageSize(*size), frame_count=frame_count, fps=rate)
    choices = ClipChoices(info, View.of(name, rules=rules))
    try:
        chosen = plan_clip(choices, budget, prefer).chosen
    except BudgetError as error:
        assert error.needed > budget
        return
    count = video_tokens(info, name, fps=chosen.fps, max_pixels=chosen.max_pixels, rules=rules)
    assert count.total == chosen.tokens <= budget
    assert count.plan.frame_count == chosen.frames


@pytest.mark.parametrize(
    ("prefer", "frames", "size", "tokens"),
    [
        ("motion", 2000, (256, 480), 120_002),
        ("detail", 427, (576, 1056), 127_118),
        ("balanced", 1806, (288, 512), 130_034),
    ],
)
def test_an_hour_in_half_a_window(prefer, frames, size, tokens):
    plan = plan_clip(ClipChoices(LECTURE, PLUS), HALF, prefer)
    assert (plan.chosen.frames, plan.chosen.count.resized, plan.chosen.tokens) == (
        frames, size, tokens,
    )  # fmt: skip
    assert plan.wanted.frames == 2000
    assert plan.wanted_size == (576, 1056)
    assert plan.motion == frames / 2000


def test_what_fits_is_left_as_it_is():
    info = VideoInfo(size=ImageSize(360, 640), frame_count=250, fps=Fraction(25))
    for prefer in PREFERENCES:
        plan = plan_clip(ClipChoices(info, PLUS), HALF, prefer)
        assert (plan.chosen.fps, plan.chosen.max_pixels) == (2.0, 655_360)
        assert (plan.motion, plan.detail) == (1, 1)


def test_frames_larger_than_the_file_s_are_not_wanted():
    # 7 frames of transformers' rule may be a seventh larger than the clip, 20 frames not.
    info = VideoInfo(size=ImageSize(720, 1280), frame_count=250, fps=Fraction(25))
    plan = plan_clip(ClipChoices(info, View.of("Qwen/Qwen3-VL-8B-Instruct")), HALF, "detail")
    assert (plan.chosen.frames, plan.chosen.count.resized) == (20, (704, 1280))


def test_the_rate_is_as_short_as_can_be():
    choices = ClipChoices(LECTURE, PLUS)
    assert choices.rate_of[500] == 0.139
    assert choices.rate_of[2000] == 2.0
    assert 2001 not in choices.rate_of


def test_a_list_has_its_frames():
    info = FrameListInfo(size=ImageSize(1080, 1920), frame_count=40, fps=Fraction(1))
    plan = plan_clip(ClipChoices(info, PLUS), 5000)
    assert (plan.chosen.fps, plan.chosen.frames) == (None, 40)
    assert plan.chosen.tokens <= 5000


@pytest.mark.parametrize(
    ("asked", "lowest", "message"),
    [
        ({"fps": 1}, ViewOptions(fps=2), "no range above 0"),
        ({"fps": 1}, ViewOptions(fps=0), "no range above 0"),
        ({"fps": 0}, ViewOptions(), "no range above 0"),
        ({"fps": 1}, ViewOptions(fps=0.05), "the lowest is 0.1"),
        ({"fps": 0.05}, ViewOptions(), "the lowest is 0.1"),
        ({"fps": 20}, ViewOptions(fps=1), "the highest is 10"),
        ({"nframes": 8}, ViewOptions(fps=1), "no rate to choose"),
        ({"max_pixels": 4200}, ViewOptions(max_pixels=5000), "no range"),
        ({"max_pixels": 4200, "min_pixels": 5000}, ViewOptions(), "is above max_pixels"),
    ],
)
def test_what_cannot_be(asked, lowest, message):
    with pytest.raises(ConstraintError, match=message):
        ClipChoices(LECTURE, PLUS.asking(**asked), lowest)


def test_too_little_says_what_is_needed():
    choices = ClipChoices(LECTURE, View.of("qvq-max"))
    with pytest.raises(BudgetError, match="21,602 tokens are the least that 360 frames") as caught:
        plan_clip(choices, 1000)
    assert (caught.value.needed, caught.value.available) == (21_602, 1000)
    assert plan_clip(choices, 21_602).chosen.tokens == 21_602


def test_thinning_keeps_the_ends():
    assert thinned(range(3), 5) == (0, 1, 2)
    assert thinned(range(100), 3) == (0, 50, 99)
