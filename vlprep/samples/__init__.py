"""Samples: requests and rows of data sets, counted and held against limits before they are used."""

from __future__ import annotations

from pathlib import PurePath

SAMPLE_ENDINGS = (".jsonl", ".ndjson", ".json")
"""Endings of names by which a file is taken for one of samples."""


def holds_samples(name: object) -> bool:
    """Say whether a file is one of samples, by its name.

    >>> holds_samples("data/train.jsonl"), holds_samples("photo.jpg")
    (True, False)
    """
    return isinstance(name, str) and PurePath(name).suffix.lower() in SAMPLE_ENDINGS
