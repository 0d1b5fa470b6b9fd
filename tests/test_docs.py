"""Examples in docstrings and in the README are run, and public functions have one."""

from __future__ import annotations

import doctest
import inspect
import io
import pkgutil
import re
import shlex
from contextlib import redirect_stdout
from importlib import import_module

import pytest
from click.testing import CliRunner

import vlprep
from tests.places import REPO
from vlprep.cli import main

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


README = (REPO / "README.md").read_text()
PAGES = ("README.md", "docs/arrays.md")
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def python_blocks(page: str) -> list[tuple[str, str | None]]:
    """Return a page's python blocks, each with the output that a text block after it shows."""
    text = (REPO / page).read_text()
    blocks = [(match["language"], match["text"]) for match in BLOCK.finditer(text)]
    following = [*blocks[1:], ("", "")]
    return [
        (text, next_text if next_language == "text" else None)
        for (language, text), (next_language, next_text) in zip(blocks, following, strict=True)
        if language == "python"
    ]


@pytest.mark.parametrize("page", PAGES)
def test_examples_of_pages(page):
    names: dict[str, object] = {}  # a reader goes on from one block to the next
    for code, output in python_blocks(page):
        if ">>> " in code:
            test = doctest.DocTestParser().get_doctest(code, {}, page, page, 0)
            assert doctest.DocTestRunner().run(test).failed == 0
            continue
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(code, page, "exec"), names)
        if output is not None:
            assert printed.getvalue() == output


def console_commands() -> list[tuple[str, str]]:
    """Return the README's shell sessions as commands and what they print."""
    sessions = [m["text"] for m in BLOCK.finditer(README) if m["language"] == "console"]
    parts = (part for session in sessions for part in re.split(r"^\$ ", session, flags=re.M)[1:])
    return [(command, output.strip()) for command, _, output in (p.partition("\n") for p in parts)]


@pytest.mark.parametrize(("command", "output"), console_commands())
def test_readme_sessions_print_what_they_show(command, output):
    program, *words = shlex.split(command)
    assert program == "vlprep"
    assert CliRunner().invoke(main, words).stdout.strip() == output


def test_the_speed_table_is_drawn_from_the_results(monkeypatch):
    monkeypatch.syspath_prepend(REPO / "benchmarks")
    assert import_module("report").readme_table().strip() in README
