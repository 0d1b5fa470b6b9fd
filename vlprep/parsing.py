"""Read JSON and TOML that strangers wrote: whatever is wrong with it is one `ValueError`.

Parsers end with other errors where brackets are nested without end or a number has thousands of
digits, and a file without an end, such as a device, is read until memory is full. Answers of models
are read by `replies`, which takes what is nearly JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

MOST_BYTES = 64_000_000
"""Longest file of settings, numbers or names that is read."""


def parse_json(text: str | bytes) -> Any:
    """Return a JSON document; raises `ValueError` for what is none that can be read.

    >>> parse_json("[" * 9999)
    Traceback (most recent call last):
    ...
    ValueError: brackets nested without end
    """
    import json  # which TOML does without

    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(_NESTED) from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError:  # of Python, on which JSON sets no limit
        raise ValueError(_DIGITS) from None


def parse_toml(content: bytes) -> dict[str, Any]:
    """Return a TOML document; raises `ValueError` for what is none that can be read.

    >>> parse_toml(b"a = 1")
    {'a': 1}
    """
    import tomllib  # only where there is such a file

    try:
        return tomllib.loads(content.decode())
    except RecursionError:
        raise ValueError(_NESTED) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise
    except ValueError:
        raise ValueError(_DIGITS) from None


_NESTED = "brackets nested without end"
_DIGITS = "a number of thousands of digits"


def read_small(path: str | Path, most: int = MOST_BYTES) -> bytes:
    """Return what is in a file, or comes out of a pipe, of at most so many bytes.

    Raises `ValueError` for more, which is not read, and `FileNotFoundError` and its siblings.
    """
    with Path(path).open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"longer than {most:,} bytes")
    return content
