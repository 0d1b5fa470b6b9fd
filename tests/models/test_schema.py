from dataclasses import dataclass, field
from typing import Literal

import pytest

from vlprep.models.schema import build


@dataclass(frozen=True)
class Part:
    size: int
    ratio: float | None = None


@dataclass(frozen=True)
class Record:
    name: str
    kind: Literal["api", "open"]
    fps: float
    max_pixels: int | None = None
    sources: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    part: Part | None = None
    flag: bool = False
    extra: list[int] = field(default_factory=list)


LEAST = {"name": "a", "kind": "api", "fps": 2}


def test_tables_become_records_and_whole_numbers_floats():
    record = build(
        Record, {**LEAST, "part": {"size": 4}, "parts": [{"size": 1}, {"size": 2}]}, "here"
    )
    assert record == Record("a", "api", 2.0, part=Part(4), parts=(Part(1), Part(2)))
    assert isinstance(record.fps, float)


def test_records_pass_through():
    part = Part(4)
    assert build(Record, {**LEAST, "part": part}, "here").part is part


def test_dates_become_text():
    import datetime

    assert build(Record, {**LEAST, "name": datetime.date(2025, 6, 5)}, "here").name == "2025-06-05"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fpz": 2}, "here: unknown key 'fpz'; known: name, kind, fps"),
        ({"name": 3}, "here.name: 3 is not of type str"),
        ({"kind": "closed"}, "here.kind: 'closed' is not one of api, open"),
        ({"fps": "2"}, "here.fps: '2' is not of type float"),
        ({"fps": True}, "here.fps: True is not of type float"),
        ({"max_pixels": 1.5}, "here.max_pixels: 1.5 is not of type int"),
        ({"max_pixels": True}, "here.max_pixels: True is not of type int"),
        ({"max_pixels": -1}, "here.max_pixels: -1 is below 0"),
        ({"sources": "S001"}, "here.sources: 'S001' is not of type list"),
        ({"sources": ["S001", 2]}, "here.sources: 2 is not of type str"),
        ({"part": {}}, "here.part: 'size' is missing"),
        ({"part": {"size": 1, "sise": 2}}, "here.part: unknown key 'sise'"),
        ({"parts": [{"size": -2}]}, "here.parts.size: -2 is below 0"),
        ({"flag": 1}, "here.flag: 1 is not of type bool"),
    ],
)
def test_the_key_that_is_wrong_is_named(change, message):
    with pytest.raises(ValueError, match=r"^here") as caught:
        build(Record, {**LEAST, **change}, "here")
    assert message in str(caught.value)


@pytest.mark.parametrize("missing", LEAST)
def test_a_missing_key_is_named(missing):
    table = {key: value for key, value in LEAST.items() if key != missing}
    with pytest.raises(ValueError, match=f"here: '{missing}' is missing"):
        build(Record, table, "here")
