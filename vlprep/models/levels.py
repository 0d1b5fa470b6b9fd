"""Read how bytes of a picture become numbers from a table of a Hugging Face folder.

Tokens do not depend on it: what transformers takes and arrays of ours cannot be made with costs the
arrays alone.
"""

from __future__ import annotations

from typing import Any

from vlprep.models.folder import Config, Table, shown
from vlprep.units import MOST

BICUBIC = (3, "bicubic")
"""The way of scaling that arrays are made by."""

_RESAMPLES = (
    *range(6),
    *("nearest", "nearest-exact", "bilinear", "bicubic", "box", "hamming", "lanczos"),
)
"""Ways of scaling, as Pillow numbers them and torchvision names them."""


def read_level(table: Config, key: str, defaults: Table) -> Any:
    """Return what a table says of `image_mean`, `image_std`, `rescale_factor` or `resample`.

    Raises `ModelFileError` for what the reference raises on.
    """
    value = table.values.get(key, defaults.get(key, _USUAL.get(key)))
    if key == "resample":
        if not isinstance(value, int | str) or value not in _RESAMPLES:
            raise table.refuse(key, f"is {shown(value)}; 0 to 5 or a name is wanted")
    elif key == "rescale_factor":
        if not isinstance(value, int | float) or value == 0:
            raise table.refuse(key, f"is {shown(value)}; one number other than 0 is wanted")
    else:
        return _colours(table, key, value)
    return value


_USUAL = {"rescale_factor": 1 / 255, "resample": 3}


def _colours(table: Config, key: str, value: Any) -> list[Any]:
    numbers = value if isinstance(value, list) else [value]
    if not all(isinstance(number, int | float) for number in numbers):
        raise table.refuse(key, f"is {shown(value)}; numbers are wanted")
    if len(numbers) not in (1, 3):
        raise table.refuse(key, f"has {len(numbers)} numbers; one or three are wanted")
    return numbers * (3 // len(numbers))


def is_ordinary(key: str, value: Any) -> bool:
    """Say whether arrays can be made with what a table says."""
    if key == "resample":
        return value in BICUBIC
    numbers = value if isinstance(value, list) else [value]
    return all(0 <= number <= MOST and (number > 0 or key == "image_mean") for number in numbers)


def normalisation(levels: Table) -> dict[str, Any]:
    """Return ordinary levels as the catalogue has them; what is switched off is left out."""
    taken: dict[str, Any] = {"rescale_factor": None}
    for key in levels.keys() - {"resample"}:
        value = levels[key]
        name = key.removeprefix("image_")
        taken[name] = [float(n) for n in value] if isinstance(value, list) else float(value)
    return taken
