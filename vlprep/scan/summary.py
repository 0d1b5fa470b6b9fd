"""What a scan comes to: totals, shares, a histogram, prices, the dearest, errors, settings."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from vlprep.count.budget import InputLimit
from vlprep.count.prices import Billed, PriceEstimate, prices_of
from vlprep.scan.keeping import SHARE, keeping_fps, keeping_max_pixels
from vlprep.scan.totals import MOST_NAMED, Totals
from vlprep.view import View

SCHEMA = "vlprep.scan/1"

PERCENTILES = (1, 10, 50, 90, 99, 100)


class Bin(NamedTuple):
    """Rows whose tokens are in a range, both ends included."""

    least: int
    most: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """How samples go into sequences for training: first fit, the longest first."""

    room: int
    """Tokens of a sequence."""
    sequences: int
    """How many are needed."""
    too_long: int
    """Rows that are longer than one."""
    filled: float
    """The part of the sequences that holds tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Which rows cost more than a limit, and what keeps 99 % of their kind within it."""

    limit: int
    """Tokens that a row may cost."""
    over: Mapping[str, int]
    """Rows that cost more, by kind; those of samples are "sample"."""
    kept: Mapping[str, bool]
    """Whether 99 % of that kind cost no more as it is."""
    max_pixels: int | None
    """The largest with which 99 % of the images cost no more; `None`: they do, or none does it."""
    fps: float | None
    """The same of videos."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSummary:
    """What a scan comes to."""

    model: str
    rules: str
    rows: int
    """All rows, those that failed too."""
    resumed: int
    """Those among them that an earlier run had finished."""
    known_by_length: int
    """Those of the latter of which a server says no more than their length: a change of the same
    length would not be seen."""
    strays: int
    """Files of folders that are no media."""
    finished: bool
    """Whether all rows were gone through."""
    output: str | None
    """The table, where one was written."""
    kinds: Mapping[str, int]
    """Rows by kind of medium."""
    errors: Mapping[str, int]
    """Rows that failed, by code."""
    failures: Mapping[str, tuple[str, str]]
    """One row of each code, the first by its name, and why it failed."""
    findings: Mapping[str, int]
    """What a check found, by rule."""
    total_tokens: int
    percentiles: Mapping[int, int]
    """Tokens that so many per cent of the rows have at most."""
    histogram: Sequence[Bin]
    largest: Sequence[tuple[str, int]]
    """The rows with the most tokens, and how many."""
    prices: Sequence[PriceEstimate]
    """List prices, each row as a request of its own."""
    packed: Packed | None
    kept: Kept | None

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.scan/1`."""
        return {
            "schema": SCHEMA,
            **{name: getattr(self, name) for name in _PLAIN},
            "kinds": dict(self.kinds),
            "errors": dict(self.errors),
            "failures": [
                {"source": name, "error_code": code, "error": why}
                for code, (name, why) in self.failures.items()
            ],
            "findings": dict(self.findings),
            "percentiles": {str(share): most for share, most in self.percentiles.items()},
            "histogram": [one._asdict() for one in self.histogram],
            "largest": [{"source": name, "tokens": tokens} for name, tokens in self.largest],
            "estimated_prices": [asdict(price) for price in self.prices],
            "packing": None if self.packed is None else asdict(self.packed),
            "keeping": None if self.kept is None else {"share": SHARE, **asdict(self.kept)},
        }


_PLAIN = (
    "model",
    "rules",
    "rows",
    "resumed",
    "known_by_length",
    "strays",
    "finished",
    "output",
    "total_tokens",
)


def summarise(
    totals: Totals,
    view: View,
    *,
    limit: InputLimit | None,
    pack: int | None,
    deployment: str | None,
    **run: Any,
) -> ScanSummary:
    """Return what rows come to; `run` is what is known of the run itself."""
    lengths = sum(totals.lengths.values(), Counter[int]())
    bills = [Billed(input_tokens=tokens) for tokens in lengths]
    largest = heapq.nlargest(MOST_NAMED, totals.largest)
    return ScanSummary(
        model=view.model.name,
        rules=view.rules.name,
        rows=totals.rows,
        kinds=dict(sorted(totals.kinds.items())),
        errors=_most_first(totals.errors),
        failures={code: totals.failures[code] for code in _most_first(totals.errors)},
        findings=_most_first(totals.findings),
        total_tokens=totals.tokens,
        percentiles=percentiles(lengths),
        histogram=tuple(histogram(lengths)),
        largest=[(name, tokens) for tokens, name in largest],
        prices=prices_of(view.model, bills, deployment, times=lengths.values()) if bills else (),
        packed=None if pack is None else _packed(lengths, pack),
        kept=None if limit is None else _kept(totals, view, limit),
        **run,
    )


def _kept(totals: Totals, view: View, limit: InputLimit) -> Kept:
    over, kept = dict[str, int](), dict[str, bool]()
    for kind, lengths in sorted(totals.lengths.items()):
        longer = sum(count for tokens, count in lengths.items() if tokens > limit.most)
        if longer:
            over[kind], kept[kind] = longer, longer <= (1 - SHARE) * lengths.total()
    pixels = fps = None
    if not kept.get("image", True):
        sizes = np.asarray(totals.images, np.int64).reshape(-1, 2)
        pixels = keeping_max_pixels(sizes, view, limit.most)
    if not kept.get("video", True):
        clips = np.asarray(totals.clips, np.float64).reshape(-1, 4)
        fps = keeping_fps(clips[:, 0], clips[:, 1], clips[:, 2:], view, limit.most)
    return Kept(limit=limit.most, over=over, kept=kept, max_pixels=pixels, fps=fps)


def _packed(lengths: Counter[int], room: int) -> Packed:
    fitting = {length: count for length, count in lengths.items() if length <= room}
    sequences = sequences_needed(fitting, room)
    tokens = sum(length * count for length, count in fitting.items())
    return Packed(
        room=room,
        sequences=sequences,
        too_long=lengths.total() - sum(fitting.values()),
        filled=tokens / (sequences * room) if sequences else 0.0,
    )


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def percentiles(lengths: Mapping[int, int]) -> dict[int, int]:
    """Return how many tokens so many per cent of the rows have at most, by nearest rank.

    >>> percentiles({100: 98, 200: 1, 300: 1})
    {1: 100, 10: 100, 50: 100, 90: 100, 99: 200, 100: 300}
    """
    many = sum(lengths.values())
    ranks = {share: -(-share * many // 100) for share in PERCENTILES if many}
    found, passed = dict[int, int](), 0
    for length in sorted(lengths):
        passed += lengths[length]
        for share, rank in ranks.items():
            if share not in found and passed >= rank:
                found[share] = length
    return found


def histogram(lengths: Mapping[int, int]) -> Iterator[Bin]:
    """Yield ranges that double, from the one of the shortest row to that of the longest.

    >>> list(histogram({3: 2, 9: 1}))
    [Bin(least=2, most=3, rows=2), Bin(least=4, most=7, rows=0), Bin(least=8, most=15, rows=1)]
    """
    by_range = Counter[int]()
    for length, count in lengths.items():
        by_range[length.bit_length()] += count
    for bits in range(min(by_range, default=1), max(by_range, default=0) + 1):
        yield Bin(1 << (bits - 1) if bits else 0, (1 << bits) - 1, by_range[bits])


def sequences_needed(lengths: Mapping[int, int], room: int) -> int:
    """Return how many sequences of `room` tokens hold samples, first fit, the longest first.

    `lengths` says how many samples there are of each length. Those longer than `room` fit nowhere
    and are left out. Equal samples, and sequences with equal room, are dealt with together, so that
    millions take no longer than the lengths there are.

    >>> sequences_needed({6: 2, 5: 1, 4: 2}, 10)
    3
    """
    runs: list[tuple[int, int]] = []  # room left, and how many sequences in a row have it
    for length in sorted((one for one in lengths if 0 < one <= room), reverse=True):
        runs = _with(runs, length, lengths[length], room)
    return sum(count for _, count in runs)


def _with(runs: list[tuple[int, int]], length: int, count: int, room: int) -> list[tuple[int, int]]:
    """Return the sequences with `count` samples of a length put in, and new ones where needed."""
    done: list[tuple[int, int]] = []
    for left, many in [*runs, (room, count)]:  # as many new ones as could be needed
        each = left // length
        full, rest = divmod(count, each) if each else (0, 0)
        if full >= many:
            full, rest = many, 0
        count -= full * each + rest
        _join(done, left - each * length, full)
        if rest:
            _join(done, left - rest * length, 1)
        _join(done, left, many - full - (rest > 0))
    if done[-1][0] == room:  # not needed
        done.pop()
    return done


def _join(runs: list[tuple[int, int]], left: int, many: int) -> None:
    if many and runs and runs[-1][0] == left:
        runs[-1] = (left, runs[-1][1] + many)
    elif many:
        runs.append((left, many))
