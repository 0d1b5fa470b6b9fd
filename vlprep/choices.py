"""The words that callers choose among, and what is chosen where they do not.

They are apart from the value objects of `vlprep.types`, which has them too, because these take
longer to make than a command takes to print its help.
"""

from __future__ import annotations

from typing import Literal

Resample = Literal["fast", "reference"]
Door = Literal["display", "path", "object"]  # how a picture gets in; see `vlprep.media.doors`
ArrayType = Literal["float32", "float16", "bfloat16", "uint8"]
Sampling = Literal[
    "interval", "linspace", "linspace-cut", "linspace-float32", "arange", "arange-even"
]
BoxConvention = Literal["absolute", "relative-1000", "relative-999"]
ServerName = Literal["vllm", "sglang"]  # of `models/catalog/servers.toml`
PruningMethod = Literal["evs", "vidcom2"]  # by which a server leaves out tokens of a video
Keep = Literal["model-view", "full"]  # of what is compressed
OnDamage = Literal["error", "warn", "accept"]  # what damage of a file comes to; see `vlprep.trust`

PATIENCE_SECONDS = 600.0
"""Longest time that a single frame may take, lest a file made to be slow holds everything up."""

PANEL_SIDE = 1280
"""Longer side in pixels of each of two pictures side by side, so that they fill a screen."""

READABLE = 8.0
"""Height of small letters, in pixels that a model sees, from which text is taken for legible.

No source states it of these models. A recogniser of small type reads from 4.5 to 5 pixels on
(google/fonts#10820, 2026-08-19), Tesseract wants 20; 8 is a cautious choice between.
"""

FAINT = 5.0
"""Height below which even a recogniser of small type fails, by the same source."""

_TABLES = (".jsonl", ".ndjson", ".json", ".csv")
SAMPLE_ENDINGS = (*_TABLES, *(f"{ending}.gz" for ending in _TABLES))
"""Endings of names by which a file is taken for one of samples."""


def holds_samples(name: object) -> bool:
    """Say whether a file is one of samples, by its name.

    >>> holds_samples("data/train.jsonl"), holds_samples("photo.jpg")
    (True, False)
    """
    return isinstance(name, str) and name.lower().endswith(SAMPLE_ENDINGS)
