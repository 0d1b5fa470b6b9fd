"""What a user must know before believing the count of a Hugging Face folder."""

from __future__ import annotations

from collections.abc import Iterator

from vlprep.errors import ModelFileError
from vlprep.models.class_keys import EDGES, ClassReader
from vlprep.models.folder import Config, Folder, Part, Table, shown

FEWEST_TOKENS = 16
"""A cap of fewer tokens was hardly meant: a side was written where pixels belong."""


def remarks(folder: Folder, reader: ClassReader, rule: Table, shipped: Table) -> Iterator[str]:
    """Yield what a user must know before believing the count of a rule, which `reader` read.

    `shipped` is the rule set of transformers with the numbers that families ship with.
    """
    table = reader.table
    yield from _former_name(folder, table, reader.part)
    yield from _misfit(folder, reader)
    yield from _defaults(folder, reader, shipped)
    yield from _disagreement(folder, reader, rule)
    yield from _odd_limits(rule)
    if "auto_map" in table.values:
        yield f"{table.name} names code of the folder's own (auto_map), which may count otherwise"


def _former_name(folder: Folder, table: Config, part: Part) -> Iterator[str]:
    name = folder.former_name(table) if part == "image" else None
    if name:
        today = folder.class_of(table, part)
        yield (
            f"{table.file.name} names {name}, which transformers does not know; it is called "
            f"{today} today, and counted as that"
        )


def _misfit(folder: Folder, reader: ClassReader) -> Iterator[str]:
    wanted = folder.model_type.get(reader.part)
    if wanted and wanted != reader.class_name:
        yield (
            f"{reader.table.file.name} is loaded by {reader.class_name}, which does not fit "
            f"model_type {folder.type_name}: {wanted} would, with other limits"
        )


def _defaults(folder: Folder, reader: ClassReader, shipped: Table) -> Iterator[str]:
    """Say which defaults of the class stand in, where the family ships with other numbers."""
    family = shipped[reader.part].get(folder.model_type.get("shipped"), {})
    missing = [
        key
        for key, name in _MATTERING.items()
        if key in reader.missing and reader.defaults[key] != family.get(name)
    ]
    if missing:
        values = (
            _default(key, reader.defaults[key], family.get(_MATTERING[key])) for key in missing
        )
        what = dict.fromkeys("size" if key in EDGES else key for key in missing)
        yield (
            f"the folder states no {reader.part} {' or '.join(what)}: "
            f"class default {', '.join(values)}"
        )


_MATTERING = {"patch_size": "patch_size", **EDGES}
"""Keys whose defaults differ between families, and their names in the catalogue."""


def _default(key: str, own: int, ships: int | None) -> str:
    beside = "" if ships is None else f" where the family ships {ships:,} ({ships / own:.3g} times)"
    return f"{key} {own:,}{beside}"


def _disagreement(folder: Folder, reader: ClassReader, rule: Table) -> Iterator[str]:
    other = folder.passed_over(reader.part)
    if other is None:
        return
    differs = _differences(folder, other, reader.part, rule)
    if differs:
        own = reader.table.name
        yield f"{own} counts; {other.name} beside it is not read, and differs: {differs}"


def _differences(folder: Folder, other: Config, part: Part, rule: Table) -> str:
    try:
        reader = ClassReader(folder, other, part, folder.class_of(other, part))
        theirs = reader.image_rule() if part == "image" else reader.video_rule()
    except ModelFileError as error:
        return error.problem
    keys = [key for key in theirs if theirs[key] != rule.get(key)]
    return ", ".join(f"{key} {shown(theirs[key])} for {shown(rule.get(key))}" for key in keys)


def _odd_limits(rule: Table) -> Iterator[str]:
    low, high = rule["min_pixels"], rule["max_pixels"]
    token = (rule["patch_size"] * rule["merge_size"]) ** 2
    if rule["resize"] == "as-is":
        yield "do_resize is false: pictures are taken as they are, and some sizes are refused"
    elif low > high:
        yield f"the least number of pixels, {low:,}, is above the most, {high:,}: was that meant?"
    elif high < FEWEST_TOKENS * token:
        yield f"a cap of {high:,} pixels is {high / token:.3g} tokens: was that meant?"
