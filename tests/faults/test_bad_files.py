"""Every bad file goes through every command, and what may come of it is a closed list.

No traceback, no other file or socket opened, nothing left behind, the source as it was, bounded
memory: `runs` watches for that. What comes of each is the table of `docs/faults.md`.
"""

from __future__ import annotations

import re

import pytest

from tests.faults import runs
from tests.faults.bad_files import BAD_FILES, HLS, NEIGHBOUR, BadFile
from tests.places import REPO
from vlprep.cli import COMMANDS

PAGE = (REPO / "docs" / "faults.md").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """All bad files, each in a folder of its own."""
    return runs.places(tmp_path_factory.mktemp("bad").resolve())


@pytest.fixture(scope="module")
def scan(places, tmp_path_factory):
    return runs.scanned(places, tmp_path_factory.mktemp("scan"))


def test_every_command_that_takes_files_is_asked():
    asked = {words[0] for words in runs.RECIPES.values() if words} | {"scan"}
    assert asked | runs.NO_FILES == set(COMMANDS), "give a new command a recipe in runs.py"


def test_no_two_faults_have_one_name():
    assert len({bad.name for bad in BAD_FILES}) == len(BAD_FILES)


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: ascii(bad.name)[1:-1][:40])
def test_what_comes_of_a_bad_file_is_in_the_table(bad, places, scan):
    outcomes = runs.outcomes_of(places[bad.name], scan[bad.name])
    if bad.is_never_read:
        read = [one for one in runs.MEDIA if outcomes[one].startswith("read")]
        assert read == [], f"{bad.name} passes for a picture or a video"
    assert runs.row(bad, outcomes) in PAGE, "python docs/make_faults.py"


def test_the_table_has_no_other_rows(places):
    rows = [line for line in PAGE if re.match(r"\| `", line)]
    assert len(rows) == len(BAD_FILES)


# The watch itself.


def watched(tmp_path, monkeypatch, does):
    """Run `tokens` on a playlist, with a reader that does something it must not."""
    bad = BadFile("hls.mp4", "x", lambda path, port: path.write_text(HLS.format(NEIGHBOUR)))
    placed = runs.place(bad, tmp_path.resolve())
    monkeypatch.setattr("vlprep.media.source.sniff", lambda _head: (does(placed), None)[1])
    return runs.run(placed, "tokens")


DEEDS = {
    "opens the neighbour": (lambda p: (p.path.parent / NEIGHBOUR).read_bytes(), "opened"),
    "speaks": (
        lambda _: __import__("socket").create_connection(("127.0.0.1", runs.port())).close(),
        "soc",
    ),
    "makes objects of bytes": (lambda _: __import__("pickle").loads(b"cos\nsystem\n."), "pickle"),
    "starts a process": (lambda _: __import__("subprocess").run(["true"], check=True), "subproc"),
    "writes beside": (lambda p: (p.path.parent / "x").write_text(""), "opened|has changed"),
    "changes the source": (lambda p: p.path.write_text("y"), "has changed"),
    "leaves a file": (lambda p: (p.work / "tmp" / "x").write_text(""), "left"),
    "raises": (lambda _: 1 // 0, "ZeroDivisionError"),
    "takes memory": (lambda _: len(b"x" * (runs.MOST_MEMORY + 10**7)), "bytes of memory"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_watch_sees(tmp_path, monkeypatch, deed):
    does, told = DEEDS[deed]
    if deed == "takes memory" and runs.memory_taken() == (0, 0):
        pytest.skip("no such numbers here")
    with pytest.raises(runs.DefectError, match=told):
        watched(tmp_path, monkeypatch, does)


def test_what_does_nothing_of_that_is_refused_and_no_more(tmp_path, monkeypatch):
    assert watched(tmp_path, monkeypatch, lambda _: None).outcome == "refused"
