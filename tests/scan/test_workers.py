"""Workers: whatever one of them does, the others finish and the culprit alone is named."""

import os
import subprocess
import sys
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.places import REPO
from tests.scan import jobs
from vlprep.errors import ConstraintError, WorkerError
from vlprep.scan import workers as workers_room
from vlprep.scan.workers import CAN_LIMIT_MEMORY, Limits, Lost, work_through


def outcomes(names, work=jobs.lengths, workers=2, **limits):
    done = work_through(work, names, workers=workers, limits=Limits(**limits))
    return dict(pair for chunk, result in done for pair in pairs(chunk, result))


def pairs(chunk, result):
    """Set each item of a chunk against what became of it; one that is lost is alone."""
    return [(chunk[0], result)] if isinstance(result, Lost) else zip(chunk, result, strict=True)


def test_all_is_done_whatever_the_number():
    names = [f"file {number}" for number in range(3000)]
    assert outcomes(iter(names)) == {name: len(name) for name in names}
    assert outcomes([]) == {}


def test_a_culprit_loses_its_own_file_and_no_other():
    good = [f"file {number}" for number in range(400)]
    bad = {"segfault": "crashed", "exit": "crashed", "raise": "crashed", "hang": "timeout"}
    names = good.copy()
    for place, name in zip((3, 120, 250, 390), bad, strict=True):
        names.insert(place, name)
    found = outcomes(names, seconds=1)
    assert {name: found.pop(name).code for name in bad} == bad
    assert found == {name: len(name) for name in good}


def test_the_reason_says_how_it_died():
    found = outcomes(["segfault", "exit", "raise", "hang"], workers=1, seconds=0.5)
    assert [lost.message for lost in found.values()] == [
        "its process died: SIGSEGV",
        "its process died: exit code 3",
        "ZeroDivisionError: by a defect",
        "took longer than 0.5 s",
    ]


@pytest.mark.skipif(not CAN_LIMIT_MEMORY, reason="the system holds no process to it")
def test_memory_is_held_to_what_is_allowed():
    found = outcomes(["a", "eat", "b"], workers=1, memory=300_000_000)
    assert found == {"a": 1, "b": 1, "eat": Lost("memory", "took more memory than it may")}


def test_nothing_is_begun_once_it_is_to_stop_and_what_runs_is_finished():
    stopping, taken, done = Event(), [], []

    def names():
        for number in range(10_000):
            taken.append(number)
            yield f"slow {number}"

    under_way = work_through(jobs.lengths, names(), workers=2, limits=Limits(), stopping=stopping)
    for chunk, _ in under_way:
        stopping.set()
        done += chunk
    assert 0 < len(done) <= len(taken) < 100


def test_few_items_are_under_way_at_a_time():
    taken = []

    def names():
        for number in range(100_000):
            taken.append(number)
            yield f"file {number}"

    done = work_through(jobs.lengths, names(), workers=2, limits=Limits())
    seen = 0
    for chunk, _ in done:
        seen += len(chunk)
        assert len(taken) - seen <= 3 * 256
        if seen > 5000:
            break
    done.close()


def test_heavy_items_go_few_at_a_time():
    chunks = work_through(
        len_of_all, [b"x"] * 300, workers=1, limits=Limits(), weight=lambda _: 3_000_000
    )
    assert max(len(chunk) for chunk, _ in chunks) == 3


def len_of_all(chunk):
    return [len(chunk)] * len(chunk)


def test_a_worker_that_cannot_begin_ends_the_work():
    with pytest.raises(WorkerError, match="ended as it began: exit code 7"):
        outcomes(["a"], work=jobs.Unloadable())


UNGUARDED = """
from vlprep.scan.workers import Limits, work_through
print("the script runs", flush=True)
print([done for _, done in work_through(len, ["a"], workers=1, limits=Limits())])
"""
OWN = """
from vlprep.scan.workers import Limits, work_through
def size(chunk):
    return 3 * len(chunk)
if __name__ == "__main__":
    print([done for _, done in work_through(size, ["a"], workers=1, limits=Limits())])
"""
LIMITED = """
import multiprocessing.popen_forkserver, os, resource, traceback
from vlprep.scan.workers import Limits, work_through
if os.geteuid() == 0:
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
list(work_through(len, ["a"], workers=1, limits=Limits()))
"""


def run(tmp_path, text):
    script = tmp_path / "script.py"
    script.write_text(text)
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    return subprocess.run([sys.executable, script], env=env, capture_output=True, text=True)


def test_the_script_that_asks_is_not_run_again_by_workers(tmp_path):
    assert run(tmp_path, UNGUARDED).stdout == "the script runs\n[1]\n"


def test_work_of_the_script_itself_is_found_by_workers(tmp_path):
    assert run(tmp_path, OWN).stdout == "[3]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="others hold users to no such limit")
def test_without_processes_to_be_had_the_error_says_so(tmp_path):
    said = run(tmp_path, LIMITED).stderr
    assert "WorkerError: no process can be had to work in" in said


def test_a_process_that_the_system_refuses_ends_the_work_with_the_reason(monkeypatch):
    def refuse(*_):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(workers_room, "start_process", refuse)
    with pytest.raises(WorkerError, match=r"\(Resource temporarily unavailable\); `workers`"):
        outcomes(["a"])


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"seconds": float("nan")}, {"workers": 0}])
def test_limits_that_cannot_be_are_refused(limits):
    with pytest.raises(ConstraintError):
        outcomes(["a"], **limits)


@settings(max_examples=6)
@given(
    st.lists(st.sampled_from(["a", "bb", "exit", "raise", "segfault"]), max_size=12),
    st.integers(1, 3),
)
def test_each_item_has_one_outcome(names, workers):
    items = [f"{name} {number}" for number, name in enumerate(names)]
    found = outcomes(items, workers=workers)
    assert sorted(found) == sorted(items)
    lost = {name for name, result in found.items() if isinstance(result, Lost)}
    assert lost == {name for name in items if name[0] not in "ab"}
