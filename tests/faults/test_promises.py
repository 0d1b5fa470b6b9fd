"""Every promise of SECURITY.md names a test that is there."""

from __future__ import annotations

import re

import pytest

from tests.places import REPO

ROWS = re.findall(r"^\| \*\*(.+?)\*\* \|.*\| (.+?) \|$", (REPO / "SECURITY.md").read_text(), re.M)


def test_there_are_promises():
    assert {
        "No network but what you name",
        "No second file",
        "Bounded memory",
        "No code from files",
    } <= {promise for promise, _ in ROWS}


@pytest.mark.parametrize(("promise", "held"), ROWS, ids=[promise for promise, _ in ROWS])
def test_a_promise_is_held_by_tests_that_are_there(promise, held):
    names = re.findall(r"`(tests/[^`]+)`", held)
    assert names, promise
    for name in names:
        path, _, function = name.partition("::")
        assert (REPO / path).exists(), name
        if function:
            assert f"def {function}(" in (REPO / path).read_text("utf-8"), name
