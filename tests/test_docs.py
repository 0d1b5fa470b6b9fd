"""Examples in docstrings and on pages are run, and public functions have one."""

from __future__ import annotations

import doctest
import inspect
import pkgutil
import re
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest

import vlprep
from tests.places import REPO

MODULES = ["vlprep"] + [
    module.name
    for module in pkgutil.walk_packages(vlprep.__path__, "vlprep.")
    if module.name != "vlprep.__main__"
]
PUBLIC = [name for name in vlprep.__all__ if name != "__version__"]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(REPO)  # examples name fixtures/ and tests/models/


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module):
    failed, _ = doctest.testmod(import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_documented(name):
    thing = getattr(vlprep, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        assert ">>> " in inspect.getdoc(thing), f"{name} has no example"


@pytest.fixture
def examples(monkeypatch):
    monkeypatch.syspath_prepend(REPO / "docs")
    return import_module("make_examples")


PAGES = [REPO / "README.md", REPO / "CONTRIBUTING.md", *sorted((REPO / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of_pages_print_what_they_show(page, examples):
    assert examples.updated(page) == page.read_text("utf-8"), "run python docs/make_all.py"


def test_an_example_that_prints_something_else_is_noticed(tmp_path, examples):
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n\n"
        "```console\n$ vlprep --version\nold\n\n$ other program\nkept\n```\n"
    )
    _, text, session = examples.updated(page).split("\n```\n\n")
    assert text == "```text\n2"
    assert "old" not in session and vlprep.__version__ in session
    assert session.endswith("\n\n$ other program\nkept\n```\n")


@pytest.mark.parametrize("line", ["vlprep tokens missing.jpg", "rm -r x"])
def test_a_line_of_shell_that_fails_or_that_nobody_knows_is_refused(line, examples):
    with pytest.raises(SystemExit, match=line):
        examples.run_script(f"{line}\n")


def writers() -> list[tuple[str, str, str]]:
    sys.path.insert(0, str(REPO / "docs"))
    try:
        return list(import_module("make_all").WRITERS)
    finally:
        sys.path.remove(str(REPO / "docs"))


@pytest.mark.parametrize(("module", "function", "page"), writers())
def test_written_pages_are_as_they_would_be_written_today(module, function, page, monkeypatch):
    monkeypatch.syspath_prepend(REPO / "docs")
    text = (REPO / "docs" / page).read_text("utf-8")
    assert import_module("make_all").writer(module, function)(text) == text, "docs/make_all.py"


def test_the_reference_lists_every_public_name():
    names = (REPO / "docs" / "api.md").read_text("utf-8").partition("<!-- end -->")[0]
    listed = re.findall(r"^::: vlprep\.(\w+)$", names, re.M)
    assert sorted(listed) == sorted(PUBLIC)


def test_links_between_files_lead_between_pages_of_the_site(monkeypatch):
    monkeypatch.syspath_prepend(REPO / "docs")
    site = import_module("make_site")
    pages = {"index.md", "zh.md", "start.md", "contributing.md", "overview.jpg"}
    files = SimpleNamespace(get_file_from_path=lambda name: name if name in pages else None)

    def shown(text: str, page: str) -> str:
        place = SimpleNamespace(file=SimpleNamespace(src_uri=page))
        return site.on_page_markdown(text, place, None, files)

    assert shown("[a](../CONTRIBUTING.md#release)", "start.md") == "[a](contributing.md#release)"
    assert shown("[a](docs/start.md) [b](README.md)", "zh.md") == "[a](start.md) [b](index.md)"
    assert shown("![a](docs/overview.jpg)", "zh.md") == "![a](overview.jpg)"
    assert (
        shown("[code](../vlprep/view.py), [x](https://a.b)", "start.md") == "code, [x](https://a.b)"
    )
    assert shown("```text\n[a](b.md)\n```", "start.md") == "```text\n[a](b.md)\n```"
