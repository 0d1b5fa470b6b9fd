"""How a number's sources are written in sentences: by their ids, each with its date."""

from __future__ import annotations


def cite(sources: tuple[str, ...]) -> str:
    """Return sources with their dates, for the end of a sentence; a user's own have none.

    >>> cite(("S004", "P1"))
    '[S004 2025-12-18, P1 2026-01]'
    """
    return f"[{named(sources)}]"


def named(sources: tuple[str, ...]) -> str:
    """Return sources with their dates, for the midst of a sentence.

    >>> named(("S004",))
    'S004 2025-12-18'
    """
    return ", ".join(map(_dated, sources))


def _dated(key: str) -> str:
    from vlprep.models.registry import find_source  # texts may be printed before a model is asked

    source = find_source(key)
    return key if source is None else f"{key} {source.date}"
