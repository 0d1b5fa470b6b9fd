"""Records are values: what was returned cannot be changed, and is equal to its like."""

from __future__ import annotations

import inspect
import pkgutil
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass
from functools import cached_property
from importlib import import_module
from typing import get_origin

import numpy as np
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


ON = {
    "compress.result": {"Asked.tone_map"},  # what is sent is seen on ordinary screens
    "compress.video_search": {"NewClip.at_any_cost", "NewClip.quality_first"},
    "count.pixels": {"_Ranges.has_floor", "_Ranges.__new__.has_floor"},
    "errors": {"ByteLimitError.tried"},
    "media.held": {"picture_array.checked"},
    "models.servers": {"Server.turns_images"},
    "models.spec": {"ImageRule.cap_can_fall", "ImageRule.upright"},
    "output.private": {"locked.wait"},
    "payload.parts": {"MediaPart.states_fps"},
    "payload.terms": {"How.check"},
    "split.cuts": {"Span.is_last"},
    "video.container": {"open_video.probes"},
    "video.decode": {"DecodePlan.skip_unwanted"},
    "video.reader": {"FrameReader.skip_unwanted"},
    "video.timeline": {"Timeline.skips_exactly"},
    "cli.command": {"Command.takes_defaults"},
}
"""Switches that are on where nothing is said."""


def own(module):
    """Yield the functions and classes that a module defines, and their methods, by name."""
    for name, thing in vars(import_module(module)).items():
        if getattr(thing, "__module__", None) == module and callable(thing):
            yield name, thing
            if inspect.isclass(thing):
                inner = ((key, getattr(thing, key)) for key in vars(thing))
                yield from ((f"{name}.{key}", method) for key, method in inner if callable(method))


def switches(module):
    """Yield the name and the default of every parameter that is on or off unless it is given."""
    for name, thing in own(module):
        try:
            given = inspect.signature(thing).parameters.values()
        except ValueError:  # of what is made in C
            continue
        whose = name.removesuffix(".__init__")
        yield from ((f"{whose}.{one.name}", one.default) for one in given)


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


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_what_holds_arrays_is_equal_to_itself_alone(module):
    known = vars(import_module(module))
    for record in records(module):
        words = {word for field in fields(record) for word in re.findall(r"\w+", str(field.type))}
        if "NDArray" in words or any(get_origin(known.get(word)) is np.ndarray for word in words):
            assert record.__eq__ is object.__eq__, f"{record.__name__} compares arrays"


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_a_switch_is_off_unless_it_is_asked_for(module):
    on = {name for name, default in switches(module) if default is True}
    assert on == ON.get(module.removeprefix("vlprep."), set())
