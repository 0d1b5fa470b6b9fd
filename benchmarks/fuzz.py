"""Feed changed files to what reads strangers' bytes, for as long as wanted.

    python benchmarks/fuzz.py                       # every target, 10,000 inputs each
    python benchmarks/fuzz.py answers mp4 --runs 100000 --seed 7
    python benchmarks/fuzz.py answers --guided      # by coverage, where atheris is installed

A target is a reader of `tests/faults/targets.py` with inputs to begin with. Each runs in a process
of its own, with a bound on its memory. Told are errors that are none of ours, inputs that take long
and those that make memory jump; their bytes are kept in `--keep`. The exit code is 1 where there
are any. Without `--guided` inputs are changed blindly, with the words of each format put in.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

SLOW_SECONDS = 2.0
JUMP_BYTES = 300_000_000
MOST_MEMORY = 6_000_000_000


@dataclass
class Report:
    """What came of one target."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    refused: int = 0
    """Inputs that ended in an error of ours."""
    escaped: dict[str, int] = field(default_factory=dict)
    """Errors that are none of ours, by class and place, and how often each came."""
    slow: dict[str, float] = field(default_factory=dict)
    jumps: dict[str, int] = field(default_factory=dict)
    ended: str = ""
    """How the process ended, where it ended early."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not (self.escaped or self.slow or self.jumps or self.ended)


class Runner:
    """Runs inputs of one target, and notes what they do."""

    def __init__(self, target: Any, keep: Path | None) -> None:
        self.target, self.keep = target, keep
        self.report = Report(target.name)
        self.seen: Counter[str] = Counter()
        self.peak = _peak()

    def run(self, content: bytes) -> None:
        """Run one input."""
        started = time.perf_counter()
        try:
            self.target.run(content)
        except self.target.expected:
            self.report.refused += 1
        except Exception as error:
            place = _place(error)
            self.seen[place] += 1
            if self.seen[place] == 1:
                self._keep(content, place)
        took, self.report.inputs = time.perf_counter() - started, self.report.inputs + 1
        self.report.seconds += took
        if took > SLOW_SECONDS:
            self.report.slow[self._keep(content, "slow")] = round(took, 2)
        if (peak := _peak()) > self.peak + JUMP_BYTES:
            self.report.jumps[self._keep(content, "memory")] = peak - self.peak
        self.peak = max(peak, self.peak)
        self.report.escaped = dict(self.seen)

    def _keep(self, content: bytes, why: str) -> str:
        name = f"{self.target.name}-{blake2b(content, digest_size=6).hexdigest()}"
        if self.keep is not None:
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / name).write_bytes(content)
            (self.keep / f"{name}.txt").write_text(f"{why}\n")
        return name


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _place(error: Exception) -> str:
    """Return an error's class and where in the package it left it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/vlprep/" in frame.filename]
    last = own[-1] if own else frames[-1]
    module = last.filename.rpartition("/vlprep/")[2]
    return f"{type(error).__name__} in {module}:{last.lineno} ({str(error)[:80]})"


def blind(target: Any, seed: int) -> Iterator[bytes]:
    """Yield changed inputs without end, each from what the target begins with."""
    from tests.faults.targets import mutated

    draw, seeds = random.Random(seed), target.seeds()
    while True:
        yield mutated(draw.choice(seeds), seeds, target.words, draw)


def guided(target: Any, runner: Runner, runs: int, seconds: float, seed: int, done: Any) -> None:
    """Let atheris choose inputs by the lines that they reach; does not return."""
    import atheris  # type: ignore[import-untyped]  # in no extra: it is for some Pythons only

    started = time.monotonic()

    def one(content: bytes) -> None:
        runner.run(content)
        if runner.report.inputs >= runs or time.monotonic() - started > seconds:
            done(runner.report)
            os._exit(0)

    corpus = runner.keep or Path("/tmp")
    folder = corpus / f"corpus-{target.name}"
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(target.seeds()):
        (folder / f"seed{number}").write_bytes(content[:65_536])
    words = folder.with_suffix(".dict")
    words.write_text("\n".join(map(_word, filter(lambda word: len(word) < 64, target.words))))
    flags = ["-max_len=65536", f"-seed={seed}", f"-dict={words}", "-rss_limit_mb=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *flags, str(folder)], one)
    atheris.Fuzz()


def _word(word: bytes) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


def work(name: str, asked: argparse.Namespace, done: Callable[[Report], None]) -> None:
    """Run one target to its end, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    warnings.simplefilter("ignore")
    if asked.guided:
        import atheris

        with atheris.instrument_imports(include=["vlprep"]):
            import vlprep
            from tests.faults.targets import TARGETS

            for public in vlprep.__all__:
                getattr(vlprep, public)
    else:
        from tests.faults.targets import TARGETS
    target = TARGETS[name]
    runner = Runner(target, asked.keep)
    if asked.guided:
        guided(target, runner, asked.runs, asked.seconds, asked.seed, done)
    started = time.monotonic()
    for content in blind(target, asked.seed):
        runner.run(content)
        if runner.report.inputs >= asked.runs or time.monotonic() - started > asked.seconds:
            break
    done(runner.report)


def apart(name: str, asked: argparse.Namespace) -> Report:
    """Run one target in another process, and return what came of it, also if that crashes."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=work, args=(name, asked, sender.send)
    )
    process.start()
    sender.close()
    try:
        report: Report = receiver.recv()
    except EOFError:
        process.join()
        report = Report(name, ended=f"the process ended with {process.exitcode}")
    process.join()
    return report


def said(report: Report) -> str:
    """Return a report in lines."""
    head = f"{report.target}: {report.inputs:,} inputs in {report.seconds:,.0f} s, "
    head += f"{report.refused:,} refused"
    found = [f"{count:,}x {place}" for place, count in report.escaped.items()]
    found += [f"slow: {name}, {seconds} s" for name, seconds in report.slow.items()]
    found += [f"memory: {name}, {jump / 1e6:,.0f} MB more" for name, jump in report.jumps.items()]
    found += [report.ended] if report.ended else []
    return "\n  ".join([head, *found])


def main() -> int:
    """Run the targets that are asked for."""
    from tests.faults.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", action="store_true")
    parser.add_argument("--keep", type=Path, help="a folder for inputs that do what they must not")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    reports = []
    for name in asked.targets or TARGETS:
        reports.append(apart(name, asked))
        print(said(reports[-1]), flush=True)
    print(f"{sum(report.inputs for report in reports):,} inputs in all")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(report) for report in reports], indent=1) + "\n")
    return int(not all(report.is_clean for report in reports))


if __name__ == "__main__":
    sys.exit(main())
