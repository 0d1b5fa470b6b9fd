"""Resizing rules of the Qwen-VL references, written once for one size and for millions.

The references share one idea (round both sides to a multiple of `factor`, then scale the picture
into a pixel range) and differ in their guards, which `RESIZE_RULES` lists. Results are part of a
token count, so the order of float64 operations is the references' own: rewriting `side / beta /
factor` as `side / (beta * factor)` changes answers. Here is what resizes one size; arrays of them
are in `size_arrays`. How many frames a clip gives is in `frame_counts`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from vlprep.errors import AspectRatioError, ConstraintError, FrameCountError, ResizeError
from vlprep.maths.arithmetic import NUMBERS, Arithmetic
from vlprep.types import ImageSize, ResizeName
from vlprep.units import plural

PAIR = 2
"""Frames that the models read together; counts come in pairs in most of the rules."""

MAX_SIDE = 1 << 26
"""Longest side in pixels that is computed; beyond it a product of sides is not exact in float64."""


class ResizeRule(NamedTuple):
    """In what a reference's resize differs from the others."""

    rounds_half_up: bool = False
    """Half a factor is rounded up, as by Math.round, and not to the even one, as by Python."""
    lifts_rounded_side: bool = False
    """A side that rounds to 0 becomes one factor before the pixel range is looked at."""
    lifts_floored_side: bool = False
    """A side that shrinking would floor to 0 becomes one factor."""
    max_aspect_ratio: float | None = None
    """Long side over short side above which the reference refuses."""
    needs_ordered_limits: bool = False
    """The reference refuses `max_pixels` below `min_pixels`."""
    keeps_size: bool = False
    """Nothing is resized: sides that are no multiples of `factor` are refused."""


RESIZE_RULES = {
    # Model Studio guides of June and December 2025: the image samples check nothing ...
    "docs": ResizeRule(),
    # ... those in JavaScript and Java of June round otherwise ...
    "docs-half-up": ResizeRule(rounds_half_up=True),
    # ... and their video samples do.
    "docs-video": ResizeRule(lifts_rounded_side=True, max_aspect_ratio=200.0),
    # qwen-vl-utils 0.0.14
    "qwen-vl-utils": ResizeRule(
        lifts_rounded_side=True, max_aspect_ratio=200.0, needs_ordered_limits=True
    ),
    # transformers 4.57 to 5.24
    "transformers": ResizeRule(lifts_floored_side=True, max_aspect_ratio=200.0),
    # the same with do_resize off
    "as-is": ResizeRule(keeps_size=True),
}


def smart_resize(
    height: int,
    width: int,
    *,
    factor: int,
    min_pixels: float,
    max_pixels: float,
    reference: ResizeName = "docs",
) -> ImageSize:
    """Return the size in pixels at which a model sees an image of `height` x `width` pixels.

    Both sides of the answer are multiples of `factor`, and their product is meant to lie in
    [`min_pixels`, `max_pixels`]; the references' rounding may leave that range by a little when
    it is narrow. `reference` is "docs" (Model Studio guides of 2025-06-05 and 2025-12-18; their
    video samples' variant is "docs-video"), "qwen-vl-utils" (0.0.14), "transformers" (5.24.0) or
    "as-is" (transformers with do_resize off, where sides must be multiples of `factor`).

    Raises `AspectRatioError` above 200:1 where the reference does, `ResizeError` for a side below
    1 or one that the reference would shrink to 0, and `ConstraintError` for limits that the
    reference refuses or a reference that is not known.

    >>> smart_resize(1280, 1280, factor=28, min_pixels=4 * 784, max_pixels=1280 * 784)
    ImageSize(height=980, width=980)
    """
    rule = resize_rule(reference)
    check_limits(rule, factor, min_pixels, max_pixels)
    return _resize_one(height, width, rule, factor, min_pixels, max_pixels)


def llamafactory_sides(
    sides: Sides, min_pixels: Any, max_pixels: Any, *, of: Arithmetic = NUMBERS
) -> Sides:
    """Return the size at which LLaMA-Factory hands an image to the processor.

    It scales a picture by one factor into [`min_pixels`, `max_pixels`] and cuts off what is behind
    the point, lifts sides below 28 to 28, and makes ratios over 200:1 180:1 (0.9.5, read in its
    code). A size of which a side becomes 0, or is none, is (0, 0).

    >>> llamafactory_sides((4630.0, 203.0), 1024, 768 * 768)
    (3667, 160)
    """
    sides = _cut(sides, max_pixels, operator.gt, of)
    sides = _cut(sides, min_pixels, operator.lt, of)
    is_size = of.least(*sides) >= 1
    tall, wide = (of.most(side, 28) for side in sides)
    short = of.least(tall, wide)
    tall = of.choose(tall > short * 200, lambda: short * 180, tall)
    wide = of.choose(wide > short * 200, lambda: short * 180, wide)
    return tall * is_size, wide * is_size


def _cut(sides: Sides, bound: Any, leaves: Callable[[Any, Any], Any], of: Arithmetic) -> Sides:
    """Scale sides whose area leaves a bound to that bound, without what is behind the point."""
    tall, wide = sides
    area = of.most(tall * wide, 1)
    is_out, scale = leaves(area, bound), of.root(bound / area)
    return (
        of.choose(is_out, lambda: of.trunc(tall * scale), tall),
        of.choose(is_out, lambda: of.trunc(wide * scale), wide),
    )


FIRST_RESIZES = {"llamafactory": llamafactory_sides}
"""What frameworks make of an image before the processor sees it, by name."""


def rounded_size(
    height: int, width: int, *, factor: int, reference: ResizeName = "docs"
) -> ImageSize:
    """Return a size in pixels rounded to multiples of `factor`, before any limit is looked at.

    A side may be 0 where the reference does not lift it.

    >>> rounded_size(10, 2000, factor=28), rounded_size(10, 2000, factor=28, reference="docs-video")
    (ImageSize(height=0, width=1988), ImageSize(height=28, width=1988))
    """
    rule = resize_rule(reference)
    return ImageSize(*(int(_rounded(side, rule, factor, NUMBERS)) for side in (height, width)))


def smart_resize_clip(
    frame_count: int,
    height: int,
    width: int,
    *,
    factor: int,
    min_pixels: float,
    max_pixels: float,
    temporal_factor: int = PAIR,
) -> ImageSize:
    """Return the frame size for a clip whose pixel range is a total over its frames.

    This is the video rule of transformers 5.24.0 for Qwen3-VL and later: `frame_count` frames of
    `height` x `width` pixels share [`min_pixels`, `max_pixels`].

    Raises `FrameCountError` below `temporal_factor` frames, otherwise as `smart_resize` does.

    >>> smart_resize_clip(20, 720, 1280, factor=32, min_pixels=4096, max_pixels=25165824)
    ImageSize(height=704, width=1280)
    """
    rule = RESIZE_RULES["transformers"]
    check_limits(rule, factor, min_pixels, max_pixels)
    if frame_count < temporal_factor:
        raise FrameCountError(
            temporal_factor,
            frame_count,
            f"{plural(frame_count, 'frame')}, at least {temporal_factor} needed",
        )
    # The count is rounded (half to even) for the comparison only; the scale uses it as it is.
    rounded_count = round(frame_count / temporal_factor) * temporal_factor
    source = clip_source_size(height, width, factor)
    return _resize_one(*source, rule, factor, min_pixels, max_pixels, frame_count, rounded_count)


def clip_source_size(height: int, width: int, factor: int) -> ImageSize:
    """Return the size in pixels that `smart_resize_clip` starts from: no side below one factor.

    >>> clip_source_size(16, 100, 32)
    ImageSize(height=32, width=200)
    """
    if 1 <= min(height, width) < factor:
        scale = max(factor / height, factor / width)
        height, width = int(height * scale), int(width * scale)
    return ImageSize(height, width)


def is_no_size(short: Any, long: Any) -> Any:
    """Say of sides, numbers or rows, which are none that any rule takes."""
    return (short < 1) | (long > MAX_SIDE)


def is_too_long(short: Any, long: Any, rule: ResizeRule) -> Any:
    """Say of sides, numbers or rows, which are too far from square for a rule."""
    return rule.max_aspect_ratio is not None and long / short > rule.max_aspect_ratio


def _resize_one(
    height: int, width: int, rule: ResizeRule, factor: int, *ranges: float
) -> ImageSize:
    """Resize one size, or say why the reference does not; `ranges` are those of `resize_sides`.

    The guards are asked first, of whole numbers: Python's have no bounds, which arrays have.
    """
    size = (height, width)
    if is_no_size(min(size), max(size)):
        raise ResizeError(size, f"a side must be 1 to {MAX_SIDE:,} pixels")
    if rule.max_aspect_ratio is not None and is_too_long(min(size), max(size), rule):
        raise AspectRatioError(size, rule.max_aspect_ratio)
    sides = float(height), float(width)
    answer = ImageSize(*map(int, resize_sides(sides, rule, factor, *ranges)))
    if answer.pixels == 0:
        kept = f"taken as it is, and a side is no multiple of {factor}"
        narrow = "so narrow that the reference shrinks a side to 0"
        raise ResizeError(size, kept if rule.keeps_size else narrow)
    return answer


Sides: TypeAlias = tuple[Any, Any]
"""Height and width: floats, or rows of them."""


def resize_sides(
    sides: Sides,
    rule: ResizeRule,
    factor: int,
    min_pixels: Any,
    max_pixels: Any,
    frame_count: Any = 1,
    rounded_count: Any = 1,
    *,
    of: Arithmetic = NUMBERS,
) -> Sides:
    """Resize sides from 1 to MAX_SIDE; where a side is not, the answer has no meaning.

    Limits and counts are numbers, or rows as long as the sides.
    """
    tall, wide = sides
    if rule.keeps_size:
        fits = (tall % factor == 0) & (wide % factor == 0)
        return tall * fits, wide * fits
    rounded = [_rounded(side, rule, factor, of) for side in sides]
    pixels, area = rounded_count * rounded[0] * rounded[1], frame_count * tall * wide
    over, under = pixels > max_pixels, pixels < min_pixels
    shrink = of.choose(over, lambda: of.root(area / max_pixels), 1)
    enlarge = of.choose(under, lambda: of.root(min_pixels / area), 1)

    def resized(side: Any, as_rounded: Any) -> Any:
        enlarged = of.choose(under, lambda: of.ceil(side * enlarge / factor) * factor, as_rounded)
        return of.choose(over, lambda: _shrunk(side, shrink, rule, factor, of), enlarged)

    return resized(tall, rounded[0]), resized(wide, rounded[1])


def _rounded(side: Any, rule: ResizeRule, factor: int, of: Arithmetic) -> Any:
    number = side / factor
    number = of.floor(number + 0.5) if rule.rounds_half_up else of.nearest(number)
    rounded = number * float(factor)
    return of.most(rounded, factor) if rule.lifts_rounded_side else rounded


def _shrunk(side: Any, beta: Any, rule: ResizeRule, factor: int, of: Arithmetic) -> Any:
    shrunk = of.floor(side / beta / factor) * factor
    return of.most(shrunk, factor) if rule.lifts_floored_side else shrunk


def resize_rule(reference: ResizeName) -> ResizeRule:
    """Return the rule of that name; raises `ConstraintError` with the names there are."""
    try:
        return RESIZE_RULES[reference]
    except KeyError:
        known = ", ".join(RESIZE_RULES)
        raise ConstraintError(f"unknown rule {reference!r}; known: {known}") from None


def check_limits(rule: ResizeRule, factor: int, min_pixels: float, max_pixels: float) -> None:
    """Raise `ConstraintError` for limits or a factor that the reference does not take."""
    if factor < 1 or max_pixels <= 0 or min_pixels < 0:
        raise ConstraintError(
            f"factor {factor}, min_pixels {min_pixels:g}, max_pixels {max_pixels:g}: "
            "factor and max_pixels must be above 0 and min_pixels not below it"
        )
    if rule.needs_ordered_limits and max_pixels < min_pixels:
        raise ConstraintError(f"max_pixels {max_pixels:,.0f} is below min_pixels {min_pixels:,.0f}")
