"""Records are values: what was returned cannot be changed, and is equal to its like."""

from __future__ import annotations

import pkgutil
from dataclasses import FrozenInstanceError, fields, is_dataclass
from functools import cached_property
from importlib import import_module

import pytest

import vlprep

MODULES = sorted(module.name for module in pkgutil.walk_packages(vlprep.__path__, "vlprep."))

FILLED_AS_THEY_GO = {
    "Notes",
    "Trouble",
    "_Place",
    "FrameStream",
    "ImageSearch",
    "_Task",
    "PickedStream",
}
"""Records that are no results."""


def records(module):
    return [
        thing
        for thing in vars(import_module(module)).values()
        if isinstance(thing, type) and is_dataclass(thing) and thing.__module__ == module
    ]


def _whole(record):
    """Return a record that can be made: of an abstract one a child without more than that."""
    rest = dict.fromkeys(getattr(record, "__abstractmethods__", ()))
    return type(record.__name__, (record,), {"__slots__": (), **rest}) if rest else record


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_records_of_a_module_cannot_be_changed(module):
    for record in records(module):
        if record.__name__ in FILLED_AS_THEY_GO:
            continue
        blank = object.__new__(_whole(record))
        for name in (*(field.name for field in fields(record)), "no_such_field"):
            with pytest.raises((FrozenInstanceError, TypeError)):
                setattr(blank, name, None)
        if not any(isinstance(thing, cached_property) for thing in vars(record).values()):
            assert not hasattr(blank, "__dict__"), f"{record.__name__} has room for more"
