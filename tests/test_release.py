"""What a release says of itself: one version, dated changes, a page of errors that names rules."""

from __future__ import annotations

import re
import tomllib

import vlprep
from tests.places import REPO
from vlprep.check.report import RULES

CHANGES = (REPO / "CHANGELOG.md").read_text("utf-8")
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_version_stands_in_one_place():
    assert "version" in PROJECT["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", vlprep.__version__)
    assert (REPO / "vlprep" / "__init__.py").read_text("utf-8").count(vlprep.__version__) == 1


def test_changes_are_unreleased_or_have_a_version_and_a_date():
    first, *released = re.findall(r"^## (.*)$", CHANGES, flags=re.MULTILINE)
    assert first == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", name) for name in released)
    for section in re.split(r"^## ", CHANGES, flags=re.MULTILINE)[1:]:
        assert section.count("### Counts changed") == 1


def test_classifiers_name_the_versions_and_systems():
    assert "Programming Language :: Python :: 3.11" in PROJECT["classifiers"]
    assert any(name.startswith("Operating System ::") for name in PROJECT["classifiers"])
    assert PROJECT["authors"] == [{"name": "The vlprep developers"}]


def test_the_page_of_errors_names_rules_that_exist_and_every_error_there_is():
    page = (REPO / "docs" / "errors.md").read_text("utf-8")
    lines = re.findall(r"^Rules?: .*?(?:\n\n|\Z)", page, flags=re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"`([a-z][a-z0-9-]*)`", "".join(lines))) - {"check"}
    assert named <= {rule.id for rule in RULES}
    assert {rule.id for rule in RULES if rule.severity == "error"} - {"countable"} <= named
