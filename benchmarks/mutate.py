"""Measure what the tests hold: change the code in one place, and see whether a test fails.

The changes are the operators of cosmic-ray; this file draws a sample of them for each module, the
same for the same seed, and runs the tests that hold the module against each. Everything happens in
a copy in a temporary folder. What came out, and how to read it, is in `README.md` beside this file.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_item import MutationSpec

REPO = Path(__file__).parents[1]
RESULTS = REPO / "benchmarks" / "results" / "mutation.json"

ROOMS = (
    *("arrays", "batch", "boxes", "events", "frames", "messages", "models", "payload", "pick"),
    *("reconcile", "refit", "replies", "samples", "scan"),
)
"""Those that the tests in their own folder hold."""

HOLDERS = {
    "vlprep/maths/*.py": "tests/maths tests/test_vectors.py "
    "tests/laws/test_resize_laws.py tests/laws/test_sampling_laws.py",
    "vlprep/count/*.py": "tests/count tests/test_golden.py",
    "vlprep/plan/[fp]*.py": "tests/plan tests/laws/test_budget_laws.py",
    "vlprep/plan/*.py": "tests/plan",
    "vlprep/check/*.py": "tests/check",
    "vlprep/models/servers.py": "tests/models tests/count/test_servers.py",
    **{f"vlprep/{room}/*.py": f"tests/{room}" for room in ROOMS},
    "vlprep/split/*.py": "tests/split tests/boxes",
    "vlprep/output/*.py": "tests/output tests/faults/test_targets.py",
    "vlprep/trust.py": "tests/media/test_trust.py tests/media/test_hostile.py",
    "vlprep/parsing.py": "tests/test_parsing.py",
    "vlprep/media/p[ad]*.py": "tests/media/test_pdf.py",
    "vlprep/media/[frw]e*.py": "tests/media/test_web.py tests/cli/test_remote.py",
    "vlprep/media/*.py": "tests/media",
    "vlprep/cli/named.py": "tests/cli/test_tokens.py tests/cli/test_options.py "
    "tests/cli/test_inputs.py",
    "vlprep/video/[dpr]*.py": "tests/video/test_decode.py "
    "tests/video/test_hazards.py tests/media/test_probe.py",
    "vlprep/video/[cis]*.py": "tests/video/test_index.py "
    "tests/video/test_probe.py tests/video/test_hazards.py",
    "vlprep/video/*.py": "",  # their own tests are all
}
"""The tests of each module, beside the examples in its docstrings."""

FLAGS = "-x -q -p no:cacheprovider --doctest-modules -o doctest_optionflags=NORMALIZE_WHITESPACE"

RECORDS = (
    "test_records_of_a_module_cannot_be_changed",
    "test_what_holds_arrays_is_equal_to_itself_alone",
    "test_a_switch_is_off_unless_it_is_asked_for",
)
"""The tests in `tests/test_records.py` that hold every module."""

IDENTITY = {"Is", "IsNot"}
"""Only swapped for each other: for `None` and small numbers identity and equality are one."""

NO_OPERATION = ("parameters", "dictorsetmaker")
"""Where a `*` or `**` stands for no arithmetic, though cosmic-ray takes it so."""


def mutants(module: Path) -> Iterator[MutationSpec]:
    """Yield every change of one module that could be noticed: none of annotations."""
    tree, unread = get_ast_from_path(module), _annotations(module)
    for name in cosmic_ray.plugins.operator_names():
        operator = cosmic_ray.plugins.get_operator(name)
        if operator.arguments() or len(IDENTITY & set(name.split("_"))) == 1:
            continue
        find = operator().mutation_positions
        places = ((node, *place) for node in ast_nodes(tree) for place in find(node))
        for occurrence, (node, start, end) in enumerate(places):
            evaluated = not any(first <= start < last for first, last in unread)
            if evaluated and getattr(node.parent, "type", "") not in NO_OPERATION:
                yield MutationSpec(module, name, occurrence, start, end)


def sample(module: Path, size: int, seed: str) -> list[MutationSpec]:
    """Draw `size` places of a module, and one change at each, in the order of their lines.

    Drawing places first keeps a `+`, which can become eleven other signs, from crowding the sample.
    """
    places: dict[Any, list[MutationSpec]] = defaultdict(list)
    for mutant in mutants(module):
        places[mutant.start_pos, mutant.operator_name.split("_")[0]].append(mutant)
    chance = random.Random(seed)
    chosen = chance.sample(sorted(places), min(size, len(places)))
    return sorted((chance.choice(places[place]) for place in chosen), key=lambda one: one.start_pos)


def name_of(mutant: MutationSpec) -> str:
    """Return what names a mutant within its module: line, column, operator and its occurrence."""
    line, column = mutant.start_pos
    return f"{line}:{column} {mutant.operator_name.removeprefix('core/')}#{mutant.occurrence}"


def measure(module: str, wanted: list[MutationSpec], before: dict[str, Any]) -> dict[str, Any]:
    """Run the tests against each mutant; `before` is an earlier record, whose verdicts are kept."""
    command = _test_command(module)
    started = time.perf_counter()
    if subprocess.run(shlex.split(command), stdout=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit(f"{module}: the tests fail without a change: {command}")
    patience = 10 * max(1, time.perf_counter() - started)  # what hangs is noticed too
    verdicts = {tuple(one["change"]): one["equivalent"] for one in before.get("survived", ())}
    killed: list[str] = []
    survived: list[dict[str, Any]] = []
    for mutant in wanted:
        result = mutate_and_test([mutant], command, patience)
        if result.test_outcome == "killed":
            killed.append(name_of(mutant))
            continue
        if result.diff is None:  # the operator makes nothing of this place after all
            continue
        lines = [line for line in result.diff.splitlines()[3:] if line[:1] in ("-", "+")]
        change = [f"{line[0]} {line[1:].strip()}" for line in lines]
        verdict = verdicts.get(tuple(change), "")
        survived.append({"mutant": name_of(mutant), "change": change, "equivalent": verdict})
        print(f"  {module}", *survived[-1].values(), sep="\n    ", flush=True)
    seconds = round(time.perf_counter() - started)
    tests = command.split(" -- ")[1]
    return {"seconds": seconds, "tests": tests, "killed": killed, "survived": survived}


def summary(records: dict[str, Any]) -> Iterator[str]:
    """Return the shares of mutants killed, of those not equivalent, as a Markdown table."""
    yield "| Module | Mutants | Equivalent | Killed at first | Killed now | Left |"
    yield "|---|---:|---:|---:|---:|---:|"
    rooms = dict.fromkeys(str(Path(module).parent) + "/" for module in records)
    for part in [*records, *rooms, "vlprep/"]:
        own = [record for module, record in records.items() if module.startswith(part)]
        killed = sum(len(record["killed"]) for record in own)
        first = sum(record.get("at_first", len(record["killed"])) for record in own)
        verdicts = [one["equivalent"] for record in own for one in record["survived"]]
        left = verdicts.count("")
        total, same, counted = killed + len(verdicts), len(verdicts) - left, max(killed + left, 1)
        shares = f"{first / counted:.0%} | {killed / counted:.0%}"
        yield f"| {part} | {total} | {same} | {shares} | {left} |"


def main() -> None:
    """Measure the modules asked for, and print the table of all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("modules", nargs="*", help="files or patterns; all by default")
    parser.add_argument("--size", type=int, default=30, help="mutants a module")
    parser.add_argument("--seed", default="1", help="another seed draws another sample")
    parser.add_argument("--again", action="store_true", help="only those that survived last time")
    parser.add_argument("--json", type=Path, default=RESULTS, help="the file of results")
    asked = parser.parse_args()
    file = asked.json.resolve()
    records = json.loads(file.read_bytes())["modules"] if file.exists() else {}
    with TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(REPO, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        os.chdir(copy)
        os.environ["PYTHONPATH"] = str(copy)
        files = sorted(map(str, Path("vlprep").rglob("[!_]*.py")))
        patterns = asked.modules or HOLDERS
        for module in (one for one in files if any(fnmatch(one, name) for name in patterns)):
            before = records.get(module, {})
            if asked.again:
                records[module] = _measure_again(module, before)
            else:
                wanted = sample(Path(module), asked.size, f"{asked.seed} {module}")
                records[module] = measure(module, wanted, before)
            print(list(summary({module: records[module]}))[2], flush=True)
            document = {"seed": asked.seed, "modules": dict(sorted(records.items()))}
            file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(*summary(records), sep="\n")


def _measure_again(module: str, before: dict[str, Any]) -> dict[str, Any]:
    """Try what survived before and is not equivalent, by tests that may be new."""
    same = [one for one in before["survived"] if one["equivalent"]]
    alive = {one["mutant"] for one in before["survived"] if not one["equivalent"]}
    wanted = [mutant for mutant in mutants(Path(module)) if name_of(mutant) in alive]
    if len(wanted) != len(alive):
        raise SystemExit(f"{module} is no longer what was measured: measure it anew")
    record = measure(module, wanted, before) if wanted else {"killed": [], "survived": []}
    at_first = before.get("at_first", len(before["killed"]))
    killed, survived = before["killed"] + record["killed"], same + record["survived"]
    return {**before, "at_first": at_first, "killed": killed, "survived": survived}


def _test_command(module: str) -> str:
    """Return how the holders of a module are run; most mutants are killed by the first."""
    holders = next(tests for pattern, tests in HOLDERS.items() if fnmatch(module, pattern))
    mirror = Path("tests", *Path(module).parts[1:-1], f"test_{Path(module).stem}.py")
    first = f"{mirror} " if mirror.exists() else ""
    name = module.removesuffix(".py").replace("/", ".")
    records = " ".join(f"tests/test_records.py::{test}[{name}]" for test in RECORDS)
    return f"{shlex.quote(sys.executable)} -m pytest {FLAGS} -- {module} {records} {first}{holders}"


def _annotations(module: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where annotations stand: they are never evaluated, so a change of one is none."""
    return [
        ((note.lineno, note.col_offset), (note.end_lineno or 0, note.end_col_offset or 0))
        for node in ast.walk(ast.parse(module.read_text()))
        for field in ("annotation", "returns")
        if (note := getattr(node, field, None)) is not None
    ]


if __name__ == "__main__":
    main()
