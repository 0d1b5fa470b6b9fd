"""How many images fit a budget, how to split them into requests, and how small they would all fit.

Only sizes and token counts; the files are `vlprep.plan.fit`'s.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vlprep.count.budget import TokenBudget
from vlprep.count.tokens import image_tokens_batch
from vlprep.maths.geometry import SizeArray, smart_resize_batch
from vlprep.models.registry import get_model
from vlprep.models.spec import ImageRule, ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """What becomes of a row of images under a budget. Images are numbered from 0, as given."""

    tokens: tuple[int, ...]
    """Tokens of each."""
    budget: TokenBudget
    """What they may spend."""
    fits: int
    """How many fit one request, taken in order until the first that does not."""
    requests: tuple[tuple[int, ...], ...]
    """The fewest requests that hold them in order."""
    too_large: tuple[int, ...]
    """Those that no request can hold; they are in none."""
    max_pixels_for_all: int | None
    """Largest `max_pixels` at which all fit one request; `None` if they do, or never would."""

    @property
    def total_tokens(self) -> int:
        """Tokens of all the images."""
        return sum(self.tokens)

    @property
    def left_tokens(self) -> int:
        """What the images that fit leave of the budget."""
        return self.budget.available - sum(self.tokens[: self.fits])


def plan_fit(
    sizes: npt.ArrayLike,
    model: ModelSpec | str | None,
    budget: TokenBudget,
    *,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    high_res: bool = False,
    rules: str | None = None,
) -> FitPlan:
    """Plan how images of `sizes`, (N, 2) integers, height first, fit a budget.

    The limits mean the same as for `image_tokens`, whose errors are raised here too. A size that
    no model can see counts 0 and takes no part.

    >>> from vlprep.count.budget import token_budget
    >>> plan = plan_fit([[1280, 1280]] * 90, "qvq-max", token_budget("qvq-max"))
    >>> plan.fits, [len(request) for request in plan.requests], plan.max_pixels_for_all
    (86, [86, 4], 960400)
    """
    spec = get_model(model)
    rows = np.asarray(sizes, dtype=np.int64).reshape(-1, 2)

    def count(sizes: SizeArray, cap: int | None) -> SizeArray:
        return image_tokens_batch(
            sizes, spec, min_pixels=min_pixels, max_pixels=cap, high_res=high_res, rules=rules
        )

    tokens = count(rows, max_pixels)
    search = None
    if int(tokens.sum()) > budget.available and not high_res:
        rule = spec.rules(rules).image_rule(spec.name)
        lowest = max(min_pixels or 0, rule.floor_pixels or rule.min_pixels)
        highest = rule.max_pixels if max_pixels is None else max_pixels
        caps = range(lowest, highest + 1)
        search = _largest_cap(rows[tokens > 0], rule, caps, budget, count) if caps else None
    requests, too_large = split_in_order(tokens.tolist(), budget.available)
    return FitPlan(
        tokens=tuple(tokens.tolist()),
        budget=budget,
        fits=fitting_prefix(tokens, budget.available),
        requests=requests,
        too_large=too_large,
        max_pixels_for_all=search,
    )


def fitting_prefix(tokens: npt.ArrayLike, available: int) -> int:
    """Return how many of `tokens`, summed in order, stay within `available`.

    >>> fitting_prefix([5, 5, 5], 12)
    2
    """
    return int(np.searchsorted(np.cumsum(np.asarray(tokens)), available, side="right"))


def split_in_order(
    tokens: Sequence[int], available: int
) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Split item numbers into the fewest runs that cost at most `available` each, order kept.

    Items that cost more than that alone, or nothing at all, are left out; the former are returned
    as the second value.

    >>> split_in_order([4, 4, 9, 4], 8)
    (((0, 1), (3,)), (2,))
    """
    requests: list[tuple[int, ...]] = []
    current: list[int] = []
    spent = 0
    for number, cost in enumerate(tokens):
        if not 0 < cost <= available:
            continue
        if spent + cost > available:
            requests.append(tuple(current))
            current, spent = [], 0
        current.append(number)
        spent += cost
    if current:
        requests.append(tuple(current))
    return tuple(requests), tuple(k for k, cost in enumerate(tokens) if cost > available)


_Count = Callable[[SizeArray, int | None], SizeArray]


def _largest_cap(
    sizes: SizeArray, rule: ImageRule, caps: range, budget: TokenBudget, count: _Count
) -> int | None:
    """Return the largest of `caps` at which all sizes together stay within the budget.

    Tokens grow with the cap, every step of the resize being monotone, also in floats; but not
    everywhere. Below some cap a narrow picture is refused; and where a rule lifts a side to one
    factor, a picture shrunk just below its rounded size has more tokens than at it. The caps
    between such places are searched by bisection, from the top.
    """

    def seen(cap: int) -> bool:
        return bool((count(sizes, cap) > 0).all())

    def is_too_much(cap: int) -> bool:
        return int(count(sizes, cap).sum()) > budget.available

    return largest_cap(caps, narrow_drops(sizes, rule, caps), seen, is_too_much)


def largest_cap(
    caps: range,
    drops: Sequence[int],
    seen: Callable[[int], bool],
    is_too_much: Callable[[int], bool],
) -> int | None:
    """Return the largest of `caps` (there are some) that is not too much, `None` where none is.

    `seen` says whether all pictures are taken at a cap, which stays true from some cap on. What
    `is_too_much` goes by must grow with the cap but for `drops`, the caps, ascending, at which it
    may fall.

    >>> largest_cap(range(10), [6], lambda cap: cap > 1, lambda cap: cap in (4, 5) or cap > 7)
    7
    """
    start = caps.start if seen(caps.start) else _first(caps, seen)
    if start is None:
        return None
    places = [start, *(cap for cap in drops if start < cap < caps.stop), caps.stop]
    for low, high in reversed(list(pairwise(places))):
        if not is_too_much(low):
            over = _first(range(low, high), is_too_much)
            return (high if over is None else over) - 1
    return None


def narrow_drops(sizes: SizeArray, rule: ImageRule, caps: range) -> list[int]:
    """Return the caps, ascending, at which the tokens of a narrow picture may fall."""
    narrow = sizes[sizes.min(axis=1) < 2 * rule.factor]
    rounded = smart_resize_batch(
        narrow, factor=rule.factor, min_pixels=0, max_pixels=math.inf, reference=rule.resize
    )
    pixels = np.unique(rounded[:, 0] * rounded[:, 1])
    return [cap for cap in pixels.tolist() if cap in caps]


def _first(numbers: range, holds: Callable[[int], bool]) -> int | None:
    """Return the first number for which `holds` is true, given that it stays true from there."""
    position = bisect_left(numbers, True, key=holds)
    return numbers[position] if position < len(numbers) else None
