"""At every call of the system that a writing command makes: a failure, an interrupt, a kill."""

from __future__ import annotations

import errno
import signal
from multiprocessing import forkserver

import pytest

from tests.faults.injected import failing, signalled
from tests.faults.writers import SEVERAL, WRITERS, run
from vlprep.scan import processes

JOURNAL = "out.jsonl.journal"  # which is meant to stay, for `scan --resume`


@pytest.fixture(scope="module", autouse=True)
def quick_workers():
    """Let processes that scan begin with what they need for thumbnails; they begin at each step."""
    server = forkserver.ForkServer()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(processes, "_NEEDED", (*processes._NEEDED, "vlprep.scan.thumbnails"))
        for name in ("connect_to_new_process", "ensure_running", "set_forkserver_preload"):
            patched.setattr(forkserver, name, getattr(server, name))
        yield


every_writer = pytest.mark.parametrize("name", WRITERS)
new_and_earlier = pytest.mark.parametrize("is_earlier", [False, True], ids=["new", "earlier"])


def steps_of(name, place, is_earlier):
    """Run a command; returns its words, how many calls it makes, and what it leaves."""
    words = WRITERS[name].split()
    with failing(place.folder, 0) as counted:
        assert run(words).code == 0
    done = place.written()
    if is_earlier:
        words.append("--force")
        with failing(place.folder, 0) as counted:
            assert run(words).code == 0
        assert place.written() == done
    assert len(counted.calls) > 4
    return words, len(counted.calls), done


def left_by(place):
    assert place.hashes().items() >= place.sources.items()
    left = place.written()
    left.pop(JOURNAL, None)
    return left


@new_and_earlier
@every_writer
def test_a_call_that_fails_leaves_all_as_it_was_or_all_done(name, is_earlier, place):
    words, steps, done = steps_of(name, place, is_earlier)
    for turn in range(1, steps + 1):
        if not is_earlier:
            place.clear()
        with failing(place.folder, turn, (errno.EIO, errno.ENOSPC)[turn % 2]) as injected:
            ran = run(words)
        at = f"{name}, step {turn}: {injected.calls[turn - 1 : turn]}: {ran.err}"
        left = left_by(place)
        if name in SEVERAL and not is_earlier:
            assert left.items() <= done.items(), at
        else:
            assert left == (done if ran.code == 0 or is_earlier else {}), at
        assert ran.code in (0, 1), at
        if ran.code:
            assert ".part" not in ran.err and "out" in ran.err, at  # the name of the target


@pytest.mark.parametrize(
    ("number", "is_earlier"), [(signal.SIGINT, False), (signal.SIGTERM, True)], ids=["INT", "TERM"]
)
@every_writer
def test_a_signal_leaves_all_as_it_was_or_all_done(name, number, is_earlier, place):
    words, steps, done = steps_of(name, place, is_earlier)
    for turn in range(1, steps + 1):
        if not is_earlier:
            place.clear()
        with signalled(place.folder, turn, number) as injected:
            ran = run(words)
        if len(injected.calls) < turn:  # folders are looked through once
            break
        left = left_by(place)
        at = f"{name}, step {turn}: {injected.calls[turn - 1]}: {ran.err}: {left}"
        assert left.items() <= done.items() if name in SEVERAL else left in ({}, done), at
        assert left == done or not is_earlier, at
        if name == "scan" and ran.code == 0:  # the first signal lets it finish what it is at
            continue
        assert ran.code == 128 + number, at
        assert "interrupted" in ran.err or "ended by a signal" in ran.err, at
