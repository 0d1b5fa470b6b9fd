"""Where numbers were read: sources with their dates and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def source_lines(keys: Iterable[str]) -> Iterator[str]:
    """Yield two lines for each source, in the order of their ids.

    >>> next(source_lines(["S004"])).split()[0]
    'S004'
    """
    from vlprep.models.registry import find_source

    for key in sorted(set(keys)):
        source = find_source(key)
        if source is not None:
            yield f"{key}  {source.title}, {source.date} ({source.standing})"
            yield f"    {source.address or 'no address was kept'}"
