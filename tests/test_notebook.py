"""The example notebook: its cells run, and a notebook shows what they give."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from tests.places import REPO

NOTEBOOK = REPO / "docs" / "example.ipynb"
PICTURES, TABLES = 5, 6


def cells() -> list[dict]:
    return [
        cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"
    ]


def test_the_notebook_is_stored_without_what_it_gave():
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells())
    assert NOTEBOOK.stat().st_size < 10_000


def test_every_cell_runs_and_ends_with_something_to_look_at(monkeypatch):
    monkeypatch.chdir(NOTEBOOK.parent)
    names, shown = {}, []
    for cell in cells():
        *before, last = "".join(cell["source"]).splitlines()
        exec("\n".join(before), names)
        shown.append(eval(last, names))
    assert sum(hasattr(one, "_repr_png_") for one in shown) == PICTURES
    assert sum(hasattr(one, "_repr_html_") for one in shown) == TABLES


def test_a_kernel_shows_tables_and_pictures(tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="the extra notebook is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the extra notebook is not installed")
    pytest.importorskip("ipykernel", reason="the extra notebook is not installed")
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    client = nbclient.NotebookClient(
        book, timeout=600, resources={"metadata": {"path": NOTEBOOK.parent}}
    )
    client.execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    data = [output["data"] for output in outputs if output["output_type"] == "execute_result"]
    pictures = [one["image/png"] for one in data if "image/png" in one]
    assert (len(pictures), sum("text/html" in one for one in data)) == (PICTURES, TABLES)
    for number, picture in enumerate(pictures):
        content = base64.b64decode(picture)
        assert Image.open(io.BytesIO(content)).size > (400, 200)
        (tmp_path / f"{number}.png").write_bytes(content)
    assert all(len(one["text/plain"]) <= 250 for one in data)
