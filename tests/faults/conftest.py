from __future__ import annotations

import pytest

from tests.faults.writers import Place


@pytest.fixture
def place(tmp_path, monkeypatch):
    made = Place(tmp_path / "place")
    monkeypatch.chdir(made.folder)
    return made
