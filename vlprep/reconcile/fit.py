"""Find the rules that explain billed tokens: the constant beside media, and the day of a change.

Numbers only: how many tokens each rule set predicts of each request, and what was billed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

FEWEST = 3
"""Requests in a row that must speak for a change of rules before one is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How one rule set does over some requests."""

    rules: str
    """Its name."""
    matched: int
    """Requests of which it explains every token."""
    requests: int
    """Out of so many."""
    constant: int | None
    """Tokens beside media in each request: template, markers and text; `None` if none matched."""
    per_medium: int | None
    """Tokens of each image or clip beside those predicted."""
    off: float
    """Median of what remains, in tokens."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Billing:
    """What was billed, request by request, in the order of time."""

    totals: Numbers
    """(N,) input tokens, less text where that is known."""
    media: Numbers
    """(N,) tokens of media where the replies state them, else -1."""
    counts: Numbers
    """(N,) numbers of images and clips."""
    texts: tuple[str, ...]
    """What identifies the text of each request: equal texts have equal constants."""


def residuals(billing: Billing, predicted: Numbers) -> tuple[Numbers, npt.NDArray[np.bool_], int]:
    """Return what predictions leave over, which requests they explain, and tokens a medium.

    Where the replies tell media apart, those alone are compared, and a whole number of tokens for
    each medium is allowed, such as its two markers; else each text may have a constant of its own,
    which is no fewer than 0 tokens.
    """
    stated = billing.media >= 0
    left = np.where(stated, billing.media, billing.totals) - predicted
    extra = _usual(
        left[k] // billing.counts[k]
        for k in np.flatnonzero(stated & (billing.counts > 0)).tolist()
        if left[k] % billing.counts[k] == 0
    )
    rest = left - np.where(stated, extra * billing.counts, 0)
    by_text: dict[str, list[int]] = {}
    for k in np.flatnonzero(~stated).tolist():
        by_text.setdefault(billing.texts[k], []).append(int(rest[k]))
    constants_of = {text: _usual(values) for text, values in by_text.items() if len(values) > 1}
    usual = {text: constant for text, constant in constants_of.items() if constant >= 0}
    known = np.array([text in usual for text in billing.texts], bool)
    constants = np.array([usual.get(text, 0) for text in billing.texts], np.int64)
    rest = np.where(stated, rest, np.where(known, rest - constants, rest))
    return rest, (rest == 0) & (stated | known), extra


def _usual(values: Iterable[int]) -> int:
    """Return the value that occurs most often, the smallest of several; 0 of none."""
    counted = Counter(map(int, values))
    return min(counted, key=lambda value: (-counted[value], abs(value))) if counted else 0


def fit_rules(billing: Billing, predictions: dict[str, Numbers], part: slice) -> list[Fit]:
    """Return how each rule set does over a part of the requests, the best first."""
    chosen = _part(billing, part)
    fits = []
    for rules, predicted in predictions.items():
        rest, matched, extra = residuals(chosen, predicted[part])
        beside = chosen.totals - predicted[part] - extra * chosen.counts * (chosen.media >= 0)
        constant = _usual(beside[matched].tolist()) if matched.any() else None
        fits.append(
            Fit(
                rules=rules,
                matched=int(matched.sum()),
                requests=len(matched),
                constant=constant,
                per_medium=extra if (chosen.media >= 0).any() else None,
                off=float(np.median(np.abs(rest))) if len(rest) else 0.0,
            )
        )
    return sorted(fits, key=lambda fit: (-fit.matched, fit.off))


def find_change(billing: Billing, predictions: dict[str, Numbers]) -> int | None:
    """Return the first request from which other rules hold, or none that is known; `None`: none.

    The cut is where the requests explained before it by one rule set, and after it by another, are
    the most.
    """
    matched = {rules: residuals(billing, tokens)[1] for rules, tokens in predictions.items()}
    if not matched or not len(billing.totals):
        return None
    table = np.array(list(matched.values()))
    before = np.concatenate([np.zeros((len(table), 1), int), table.cumsum(axis=1)], axis=1)
    after = before[:, -1:] - before
    explained = before.max(axis=0) + after.max(axis=0)
    whole = int(before[:, -1].max())
    cut = int(explained.argmax())
    if explained[cut] >= whole + FEWEST:
        return cut
    best = table[int(before[:, -1].argmax())]
    last = int(np.flatnonzero(best)[-1]) + 1 if best.any() else 0
    return last if best.any() and len(best) - last >= FEWEST else None


def _part(billing: Billing, part: slice) -> Billing:
    return Billing(
        totals=billing.totals[part],
        media=billing.media[part],
        counts=billing.counts[part],
        texts=billing.texts[part],
    )


def same_numbers(predictions: dict[str, Numbers], rules: str, part: slice) -> Sequence[str]:
    """Return the other rule sets that predict the same of each request of a part."""
    own = predictions[rules][part]
    return [
        name for name, tokens in predictions.items()
        if name != rules and np.array_equal(tokens[part], own)
    ]  # fmt: skip
