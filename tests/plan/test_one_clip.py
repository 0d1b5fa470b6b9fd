"""The plan against brute force over all settings, by the counter itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vlprep import ImageSize, VideoInfo, get_model
from vlprep.count.tokens import video_tokens
from vlprep.errors import BudgetError, ConstraintError
from vlprep.maths.geometry import rounded_size
from vlprep.models.spec import ModelSpec
from vlprep.plan.one_clip import PREFERENCES, alternatives, plan_clip, thinned
from vlprep.plan.settings import ClipChoices

LECTURE = VideoInfo(size=ImageSize(1080, 1920), frame_count=90_000, fps=Fraction(25))
HALF = 260_096 // 2

REFERENCES = {
    # budget rule: a model and a rule set of it that has this rule
    "guide": ("qwen3-vl-plus", "guide-2025-12"),
    "guide with a lower floor": ("qwen3-vl-plus", "api-2026"),
    "qwen-vl-utils": ("Qwen/Qwen3-VL-8B-Instruct", "qwen-vl-utils"),
    "frame": ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers"),
    "frame-capped": ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers-capped"),
    "clip": ("Qwen/Qwen3-VL-8B-Instruct", "transformers"),
    "clip-capped": ("Qwen/Qwen3-VL-8B-Instruct", "transformers-capped"),
}


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
    return replace(model, rule_sets=(replace(rule_set, video=video),))


@st.composite
def cases(draw: st.DrawFn, reference: str) -> tuple[VideoInfo, ModelSpec, tuple[float, float]]:
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
    return info, model, (top / draw(st.sampled_from((1, 3, 20))), top)


def all_settings(choices: ClipChoices) -> dict[int, dict[int, tuple[int, int]]]:
    """Return tokens and pixels by number of frames and cap, as the counter says."""
    low, high = choices.rates
    rates = {}
    for step in range(301):
        fps = min(low + (high - low) * step / 300, high)
        rates.setdefault(choices.frames_at(fps), fps)
    rates.pop(0, None)
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for frames, fps in rates.items():
        for cap in range(choices.caps[0], choices.caps[1] + 1):
            try:
                count = video_tokens(choices.info, choices.model, fps=fps, max_pixels=cap)
            except ConstraintError:
                continue
            assert count.plan.frame_count == frames
            found.setdefault(frames, {})[cap] = (count.total, count.resized.pixels)
    return found


@pytest.mark.parametrize("reference", REFERENCES)
@settings(max_examples=15)
@given(data=st.data())
def test_no_setting_is_better(reference, data):
    info, model, fps_range = data.draw(cases(reference))
    try:
        choices = ClipChoices(info, model, fps_range=fps_range)
        choices.setting(choices.rates[1], choices.caps[1])
    except ConstraintError:
        assume(False)
    every = all_settings(choices)
    pairs = [(n, *pair) for n, caps in every.items() for pair in caps.values()]
    factor = choices.rule.factor
    own = max(rounded_size(*info.size, factor=factor).height, factor) * max(
        rounded_size(*info.size, factor=factor).width, factor
    )
    budget = data.draw(st.integers(min(t for _, t, _ in pairs), max(t for _, t, _ in pairs)))
    fitting = {(n, min(pixels, own)) for n, tokens, pixels in pairs if tokens <= budget}
    plans = {name: plan_clip(choices, budget, name) for name in PREFERENCES}
    for plan in plans.values():
        chosen = plan.chosen
        again = video_tokens(info, model, fps=chosen.fps, max_pixels=chosen.max_pixels)
        assert again.total == chosen.tokens <= budget
        assert plan.wanted_size.pixels >= max(min(pixels, own) for _, _, pixels in pairs)
    got = {
        name: (plan.chosen.frames, min(plan.chosen.count.resized.pixels, own))
        for name, plan in plans.items()
    }
    assert got["motion"] == max(fitting)
    assert got["detail"][::-1] == max((pixels, n) for n, pixels in fitting)
    most_frames, most_pixels = max(every), max(min(pixels, own) for _, _, pixels in pairs)
    top = max(n * pixels for n, pixels in fitting)
    close = [(n, pixels) for n, pixels in fitting if n * pixels >= 0.95 * top]
    best = max((min(n * most_pixels, pixels * most_frames), n) for n, pixels in close)
    n, pixels = got["balanced"]
    assert (min(n * most_pixels, pixels * most_frames), n) == best


@pytest.mark.parametrize("reference", REFERENCES)
@settings(max_examples=10)
@given(data=st.data())
def test_the_alternatives_are_those_that_nothing_beats(reference, data):
    info, model, fps_range = data.draw(cases(reference))
    try:
        choices = ClipChoices(info, model, fps_range=fps_range)
        choices.setting(choices.rates[1], choices.caps[1])
    except ConstraintError:
        assume(False)
    every = all_settings(choices)
    own = choices.own_pixels
    points = {(n, min(px, own)) for n, caps in every.items() for _, px in caps.values()}
    front = {p for p in points if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in points)}
    found = [(s.frames, min(s.count.resized.pixels, own)) for s in alternatives(choices)]
    assert set(found) == front
    assert found == sorted(found)


REAL = [
    (name, rules.name)
    for name in ("qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct",
                 "Qwen/Qwen3-VL-8B-Instruct")
    for rules in get_model(name).rule_sets
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
    choices = ClipChoices(info, get_model(name), rules=rules)
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
        ("balanced", 962, (384, 704), 126_986),
    ],
)
def test_an_hour_in_half_a_window(prefer, frames, size, tokens):
    plan = plan_clip(ClipChoices(LECTURE, get_model("qwen3-vl-plus")), HALF, prefer)
    assert (plan.chosen.frames, plan.chosen.count.resized, plan.chosen.tokens) == (
        frames, size, tokens,
    )  # fmt: skip
    assert plan.wanted.frames == 2000
    assert plan.wanted_size == (576, 1056)
    assert plan.motion == frames / 2000


def test_what_fits_is_left_as_it_is():
    info = VideoInfo(size=ImageSize(360, 640), frame_count=250, fps=Fraction(25))
    for prefer in PREFERENCES:
        plan = plan_clip(ClipChoices(info, get_model("qwen3-vl-plus")), HALF, prefer)
        assert (plan.chosen.fps, plan.chosen.max_pixels) == (2.0, 655_360)
        assert (plan.motion, plan.detail) == (1, 1)


def test_frames_larger_than_the_file_s_are_not_wanted():
    # 7 frames of transformers' rule may be a seventh larger than the clip, 20 frames not.
    info = VideoInfo(size=ImageSize(720, 1280), frame_count=250, fps=Fraction(25))
    plan = plan_clip(ClipChoices(info, get_model("Qwen/Qwen3-VL-8B-Instruct")), HALF, "detail")
    assert (plan.chosen.frames, plan.chosen.count.resized) == (20, (704, 1280))


def test_the_rate_is_as_short_as_can_be():
    choices = ClipChoices(LECTURE, get_model("qwen3-vl-plus"))
    assert choices.rate_of(500) == 0.139
    assert choices.rate_of(2000) == 2.0
    assert choices.rate_of(2001) is None


def test_a_list_has_its_frames():
    info = replace(LECTURE, frame_count=40, fps=Fraction(1), frame_count_from="list")
    plan = plan_clip(ClipChoices(info, get_model("qwen3-vl-plus")), 5000)
    assert (plan.chosen.fps, plan.chosen.frames) == (None, 40)
    assert plan.chosen.tokens <= 5000
    with pytest.raises(ConstraintError, match="of a list of images all are shown"):
        ClipChoices(info, get_model("qwen3-vl-plus"), fps_range=(1, 2))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"fps_range": (2, 1)}, "no range above 0"),
        ({"fps_range": (0, 1)}, "no range above 0"),
        ({"fps_range": (0.05, 1)}, "the lowest is 0.1"),
        ({"fps_range": (1, 20)}, "the highest is 10"),
        ({"min_pixels": 5000, "max_pixels": 4200}, "no range"),
    ],
)
def test_what_cannot_be(asked, message):
    with pytest.raises(ConstraintError, match=message):
        ClipChoices(LECTURE, get_model("qwen3-vl-plus"), **asked)


def test_too_little_says_what_is_needed():
    choices = ClipChoices(LECTURE, get_model("qvq-max"))
    with pytest.raises(BudgetError, match="21,602 tokens are the least that 360 frames") as caught:
        plan_clip(choices, 1000)
    assert (caught.value.needed, caught.value.available) == (21_602, 1000)
    assert plan_clip(choices, 21_602).chosen.tokens == 21_602


def test_thinning_keeps_the_ends():
    assert thinned(range(3), 5) == (0, 1, 2)
    assert thinned(range(100), 3) == (0, 50, 99)
