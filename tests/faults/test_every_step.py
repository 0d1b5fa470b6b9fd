"""Every call of the system that a writing command makes fails in its turn."""

from __future__ import annotations

import errno

import pytest

from tests.faults.injected import failing
from tests.faults.writers import WRITERS, Place, run

OF_MANY = ("compress many", "view many", "frames many", "scan")
JOURNAL = "out.jsonl.journal"  # which is meant to stay, for `scan --resume`


@pytest.fixture
def place(tmp_path, monkeypatch):
    made = Place(tmp_path / "place")
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.parametrize("is_earlier", [False, True], ids=["new", "earlier"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_step_that_fails_leaves_all_as_it_was_or_all_done(name, is_earlier, place):
    words = WRITERS[name].split()
    with failing(place.folder, 0) as counted:
        ran = run(words)
    assert ran.code == 0, ran.err
    done = place.written()
    if is_earlier:
        words.append("--force")
        with failing(place.folder, 0) as counted:
            assert run(words).code == 0
        assert place.written() == done
    assert len(counted.calls) > 4
    for turn in range(1, len(counted.calls) + 1):
        if not is_earlier:
            place.clear()
        with failing(place.folder, turn, (errno.EIO, errno.ENOSPC)[turn % 2]) as injected:
            ran = run(words)
        at = f"{name}, step {turn}: {injected.calls[turn - 1 : turn]}: {ran.err}"
        left = place.written()
        left.pop(JOURNAL, None)
        if name in OF_MANY and not is_earlier:
            assert left.items() <= done.items(), at  # what does not fail is done
        else:
            assert left == (done if ran.code == 0 or is_earlier else {}), at
        assert place.hashes().items() >= place.sources.items(), at
        assert ran.code in (0, 1), at
        if ran.code:
            assert "Traceback" not in ran.err and ".part" not in ran.err, at
            assert "out" in ran.err, at  # which is the name of what could not be written
