"""The README is short, its translation says the same, and what both show is there."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tests.places import REPO

ENGLISH = (REPO / "README.md").read_text("utf-8")
CHINESE = (REPO / "README.zh-CN.md").read_text("utf-8")
FENCE = re.compile(r"^```.*?^```$", flags=re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]*)\)")
PAGES = [
    *(REPO / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md")),
    REPO / "benchmarks" / "README.md",
    *sorted((REPO / "docs").glob("*.md")),
]


def prose(page: str) -> str:
    """Return a page without its blocks, comments and the addresses of its links."""
    page = re.sub(r"<!--.*?-->", "", FENCE.sub("", page))
    return re.sub(r"\]\([^)]*\)", "]", page)


def words(page: str) -> int:
    """Count the words of headings, paragraphs, lists, tables and descriptions of pictures."""
    return len(re.findall(r"[^\s|]*\w[^\s|]*", prose(page)))


def test_the_readme_has_700_words_at_most():
    assert words("# A *b* c-d\n\n```sh\nx y\n```\n\n| e | `f g` |\n|---|---|\n[h](i.md) · j") == 8
    assert words(ENGLISH) <= 700


def test_the_first_result_is_on_the_first_screen():
    first = ENGLISH[: ENGLISH.index("tokens in 2 files")]
    assert "pip install vlprep\n" in first and "uvx vlprep" in first
    assert first.count("\n") < 40


def headings(page: str) -> list[str]:
    return re.findall(r"^#+(?= )", FENCE.sub("", page), flags=re.MULTILINE)


def numbers(page: str) -> list[str]:
    """Return the numbers of the prose, in the order of their size and not of the sentence."""
    return sorted(re.findall(r"\d[\d,.]*\d|\d", prose(page)))


def links(page: str) -> list[str]:
    here = {"README.md": "other", "README.zh-CN.md": "other"}
    return [here.get(link, link) for link in LINK.findall(FENCE.sub("", page))]


def code_words(page: str) -> list[str]:
    return sorted(" ".join(code.split()) for code in re.findall(r"`[^`]+`", prose(page)))


@pytest.mark.parametrize("part", [headings, FENCE.findall, links, numbers, code_words])
def test_the_translation_keeps_step(part):
    assert part(CHINESE) == part(ENGLISH)


def test_a_list_or_table_has_as_many_lines_in_both():
    for beginning in ("- ", "| "):
        lines = [
            [line for line in FENCE.sub("", page).splitlines() if line.startswith(beginning)]
            for page in (ENGLISH, CHINESE)
        ]
        assert len(lines[0]) == len(lines[1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page):
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        path, _, part = link.partition("#")
        if ":" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if part and target.suffix == ".md" and not part.startswith("vlprep."):
            assert part in anchors(target), link


def anchors(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text("utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in found}


def test_pictures_are_small():
    pictures = {link for link in links(ENGLISH) if link.endswith((".jpg", ".png", ".svg"))}
    assert pictures
    for picture in pictures:
        assert (REPO / picture).stat().st_size < 300_000


def test_the_picture_looks_as_it_is_drawn_today(monkeypatch):
    monkeypatch.syspath_prepend(REPO / "docs")
    pictures = import_module("make_pictures")
    assert pictures.looks_like(pictures.drawn(), pictures.PAGE), "run python docs/make_all.py"


def test_no_link_of_the_long_description_is_relative():
    project = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = ENGLISH
    for change in hook["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    assert "Recipes" in text
    assert all(":" in link for link in LINK.findall(FENCE.sub("", text)))
