"""Request bodies as text: whole to be sent, or shortened to be looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vlprep.payload.forms import Json


def body_chunks(document: Json, *, indent: int | None = None) -> Iterator[str]:
    r"""Yield a body as JSON in ASCII, piece by piece, so that no second copy of it is made.

    >>> "".join(body_chunks({"model": "é"}))
    '{"model": "\\u00e9"}'
    """
    return json.JSONEncoder(allow_nan=False, indent=indent).iterencode(document)


def body_length(document: Json) -> int:
    """Return how many bytes a body has as it is posted, without white space.

    >>> body_length({"model": "m"})
    13
    """
    encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
    return sum(map(len, encoder.iterencode(document)))


def preview(document: Any) -> Any:
    """Return a body to look at: its data URLs are cut, and say how long they are.

    >>> preview({"url": "data:image/png;base64," + "A" * 1000})
    {'url': 'data:image/png;base64,AAAAAAAA... (1,022 characters)'}
    """
    if isinstance(document, dict):
        return {key: preview(value) for key, value in document.items()}
    if isinstance(document, list):
        return [preview(value) for value in document]
    if isinstance(document, str) and document.startswith("data:") and len(document) > _SHORT:
        head, comma, data = document.partition(",")
        return f"{head}{comma}{data[:8]}... ({len(document):,} characters)"
    return document


_SHORT = 200
"""Characters up to which a data URL is shown whole."""
