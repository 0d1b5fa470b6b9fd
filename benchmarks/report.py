"""What the benchmarks share: repeat and time, keep results, draw their tables.

`python benchmarks/report.py` prints the tables of the files in `benchmarks/results/`;
`docs/make_all.py` puts them, and a chart, where they are read. What is measured, and how, is in the
`bench_*.py` files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

PACKAGES = ("numpy", "Pillow", "av", "click", "vlprep")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long each run of one thing took, in seconds."""

    seconds: tuple[float, ...]
    """One item a run, in the order of the runs."""

    @property
    def median(self) -> float:
        """The middle run, which one disturbed run does not move."""
        return statistics.median(self.seconds)

    def summary(self) -> dict[str, float | int]:
        """Return median and spread, rounded to what such a measurement can tell."""
        return {
            "median_seconds": _round(self.median),
            "fastest_seconds": _round(min(self.seconds)),
            "slowest_seconds": _round(max(self.seconds)),
            "runs": len(self.seconds),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the table: what was measured, what came out, and what is allowed."""

    what: str
    """What was measured, for the reader of the table."""
    value: float
    """The median, or the count."""
    unit: str = ""
    """What `value` counts."""
    low: float | None = None
    """Lowest value of a single run or round."""
    high: float | None = None
    """Highest value of a single run or round."""
    bar: float | None = None
    """The `value` that is just good enough; `None` where no promise is made."""
    more_is_better: bool = False
    """Whether the bar is a lowest value rather than a highest."""

    @property
    def met(self) -> bool:
        """Whether the bar, if there is one, is kept."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.more_is_better else self.value <= self.bar


def alternate(
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    per_round: Mapping[str, int] | None = None,
    measure: Callable[[Callable[[], Any]], float] | None = None,
) -> dict[str, Timing]:
    """Run each call once to warm up, then all of them in turn for `rounds` rounds.

    Taking turns spreads a slow spell of the machine over all of them, so that ratios hold.
    `per_round` names calls that run more than once in a round; `measure` says what one costs in
    seconds, if not by the clock.
    """
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            for _ in range((per_round or {}).get(name, 1)):
                seconds[name].append((measure or clock)(call))
    return {name: Timing(tuple(runs)) for name, runs in seconds.items()}


def clock(call: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def ratio(
    what: str,
    slow: Timing,
    fast: Timing,
    *,
    per: float = 1,
    bar: float | None = None,
    more_is_better: bool = False,
) -> Finding:
    """Return how many times as long `slow` takes as `fast`, divided by `per`.

    Runs of the same round are set against each other; the median is over the rounds.
    """
    per_round = len(fast.seconds) // len(slow.seconds)
    pairs = zip(slow.seconds, _middles(fast.seconds, per_round), strict=True)
    rounds = [long / short / per for long, short in pairs]
    value = statistics.median(rounds)
    return Finding(
        what=what,
        value=value,
        unit="x",
        low=min(rounds),
        high=max(rounds),
        bar=bar,
        more_is_better=more_is_better,
    )


def milliseconds(what: str, timing: Timing) -> Finding:
    """Return the time that something takes, in milliseconds."""
    low, high = min(timing.seconds) * 1e3, max(timing.seconds) * 1e3
    return Finding(what=what, value=timing.median * 1e3, unit=" ms", low=low, high=high)


def machine_facts() -> dict[str, str | int | None]:
    """Return what a reader needs to judge the numbers, and nothing that names the machine."""
    facts: dict[str, str | int | None] = {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    return facts | {package.lower(): version(package) for package in PACKAGES}


def finish(
    benchmark: str,
    timings: Mapping[str, Timing],
    findings: Sequence[Finding],
    json_file: Path | None,
    **facts: Any,
) -> int:
    """Print the findings, write them to `json_file` if one is asked for, return the exit code."""
    print("\n".join(table(map(asdict, findings))))
    if json_file is not None:
        document = {
            "benchmark": benchmark,
            "machine": machine_facts(),
            "findings": [_rounded(finding) for finding in findings],
            "timings": {name: timing.summary() for name, timing in timings.items()},
            **facts,
        }
        json_file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0 if all(finding.met for finding in findings) else 1


def options(description: str) -> argparse.ArgumentParser:
    """Return a parser with the option that every benchmark has."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    return parser


def table(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return findings as lines of a Markdown table."""
    head = ["| Measured | Median | Spread | Bar |", "|---|---:|---:|---:|"]
    return head + [_table_row(finding) for finding in findings]


def tables(folder: Path = RESULTS) -> str:
    """Return ratios and what has a bar as one Markdown table with the machine underneath."""
    documents = [json.loads(file.read_bytes()) for file in sorted(folder.glob("*.json"))]
    documents = [document for document in documents if "findings" in document]
    findings = (finding for document in documents for finding in document["findings"])
    lines = table(f for f in findings if f["unit"] == "x" or f["bar"] is not None)
    for document in documents:
        if "readers" in document:
            lines += ["", *reader_table(document["readers"])]
    machines = dict.fromkeys(_machine_line(document["machine"]) for document in documents)
    return "\n".join([*lines, "", *machines])


def reader_table(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what video readers took as lines of a Markdown table."""
    head = ["| Clip | Reader | Wall | CPU | Peak memory |", "|---|---|---:|---:|---:|"]
    return head + [
        f"| {row['case']} | {row['reader']} | {_number(row['wall_seconds'])} s "
        f"| {_number(row['cpu_seconds'])} s | {_number(row['peak_mb'])} MB |"
        for row in rows
    ]


def _machine_line(machine: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {machine[name.lower()]}" for name in PACKAGES)
    return (
        f"Measured on {machine['processors']} {machine['architecture']} processors, "
        f"{machine['system']}, Python {machine['python']}, {packages}."
    )


def _table_row(finding: Mapping[str, Any]) -> str:
    unit, bar = finding["unit"], finding["bar"]
    low, high = finding["low"], finding["high"]
    spread = "" if low is None else f"{_number(low)}–{_number(high)}"
    sign = "≥" if finding["more_is_better"] else "≤"
    limit = "" if bar is None else f"{sign} {_number(bar)}{unit}"
    if bar is not None and (finding["value"] < bar if sign == "≥" else finding["value"] > bar):
        limit = f"**missed**: {limit}"
    return f"| {finding['what']} | {_number(finding['value'])}{unit} | {spread} | {limit} |"


def _number(value: float) -> str:
    """Return three digits, which is all that a noisy machine can tell."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _rounded(finding: Finding) -> dict[str, Any]:
    numbers = {key: getattr(finding, key) for key in ("value", "low", "high")}
    known = {key: value for key, value in numbers.items() if value is not None}
    return asdict(finding) | {key: _round(value) for key, value in known.items()}


def _round(value: float) -> float:
    return float(f"{value:.4g}")


def _middles(values: Sequence[float], size: int) -> list[float]:
    """Return the median of each run of `size` values."""
    return [statistics.median(values[k : k + size]) for k in range(0, len(values), size)]


if __name__ == "__main__":
    print(tables())
