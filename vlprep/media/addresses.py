"""What a text means that stands for media: a path, a `file:` or web address, a data URL, Base64.

Schemes are taken in any case, as RFC 3986 wants it, and data as browsers take it.
"""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

from vlprep.errors import UnsupportedFormatError
from vlprep.media.sniff import HEAD_BYTES, sniff

_LEAST_BASE64 = 64
"""Characters from which on a text can be Base64 of a picture; names of so many have a dot."""

_ECHOED = 40
"""Characters of a text that no file can be called that messages repeat."""

_LONGEST_NAME, LONGEST_PATH = 255, 4096
"""Bytes that systems allow for a file's name and for a path."""


def is_web_url(text: object) -> bool:
    """Say whether something is the address of a file on the web.

    >>> is_web_url("HTTPS://example.com/a.jpg"), is_web_url("a.jpg")
    (True, False)
    """
    return isinstance(text, str) and text[:8].lower().startswith(("http://", "https://"))


def public_address(text: str) -> str:
    """Return an address without what may be secret: no name, no password, no query, no fragment.

    Any other text stays as it is.

    >>> public_address("https://ada:pw@example.com/a.jpg?Signature=x"), public_address("a.jpg?x")
    ('https://example.com/a.jpg?…', 'a.jpg?x')
    """
    match = re.match(_ADDRESS, text)
    if match is None:
        return text
    place, mark, _ = match["place"].partition("?")
    return f"{match['scheme']}{place}{'?…' if mark else ''}"


_ADDRESS = r"(?s)(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#]*@)?(?P<place>[^#]*)"


def foreign_scheme(text: str) -> str | None:
    """Return the scheme of an address that is none of a local file; `None` for other texts.

    >>> foreign_scheme("ftp://example.com/a.jpg"), foreign_scheme("a.jpg")
    ('ftp', None)
    """
    match = re.match(_ADDRESS, text)
    scheme = match["scheme"][:-3].lower() if match else None
    return None if scheme == "file" else scheme


def file_name(text: str) -> str:
    """Return how a file would be called to which an address leads; any other text as it is.

    >>> file_name("https://example.com/a%20b.jpg?…"), file_name("photos/a.jpg")
    ('a b.jpg', 'photos/a.jpg')
    """
    match = re.match(_ADDRESS, text)
    if match is None:
        return text
    name = unquote(match["place"].partition("?")[0].rstrip("/").rpartition("/")[2])
    return re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "-", name).lstrip(".") or "file"


def local_path(text: str) -> str:
    """Return the path that a `file:` address means; any other text as it is.

    >>> local_path("file:///photos/a%20b.jpg"), local_path("photos/a%20b.jpg")
    ('/photos/a b.jpg', 'photos/a%20b.jpg')
    """
    if text[:6].lower() != "file:/":  # without a path from the root it is the name of a file
        return text
    address = re.sub(r"^//(?:localhost(?=/))?", "", text[5:], flags=re.IGNORECASE)
    if os.name == "nt":
        address = re.sub(r"^/(?=[A-Za-z]:)", "", address)
    path = unquote(address)
    # Some put "file://" in front of a path as it is.
    return address if os.path.exists(address) and not os.path.exists(path) else path  # noqa: PTH110


def embedded(text: str) -> bytes | None:
    r"""Return the content of a data URL, or of Base64; `None` for what is neither.

    Raises `UnsupportedFormatError` where it is malformed.

    >>> embedded("DATA:image/gif;BASE64,R0lGODlh"), embedded("a.gif")
    (b'GIF89a', None)
    >>> embedded(" data:;base64,R0lGODlhAQ\n")  # without padding, with space around it
    b'GIF89a\x01'
    """
    if is_data_url(text):
        head, _, data = text.partition(",")
        if not re.search(r"; *base64$", head, re.IGNORECASE):
            raise UnsupportedFormatError(_DATA_URL, "not of the form data:TYPE;base64,DATA")
        return _decoded(unquote(data), _DATA_URL)
    return _decoded(text, _BASE64) if is_base64(text) else None


def _decoded(data: str, name: str) -> bytes:
    import base64  # here and below: paths do without

    solid = "".join(data.split())  # it comes in lines, too
    if len(solid) % 4 > 1 and "=" not in solid:
        solid += "=" * (4 - len(solid) % 4)  # browsers and many libraries do without
    try:
        return base64.b64decode(solid, validate=True)
    except ValueError as error:
        raise UnsupportedFormatError(name, f"not valid Base64: {error}") from error


_DATA_URL, _BASE64 = "<data URL>", "<Base64>"


def shown_name(text: str) -> str:
    """Return what messages call a text: a path in full, and of what can be none the beginning.

    Of an address nothing is repeated that may be secret.

    >>> shown_name("a.jpg"), shown_name("data:image/png;base64,AAAA"), shown_name("A" * 300)
    ('a.jpg', '<data URL>', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA... (300 characters)')
    """
    if is_data_url(text):
        return _DATA_URL
    if is_base64(text):
        return _BASE64
    path = public_address(local_path(text))
    return path if can_be_path(path) else f"{text[:_ECHOED]}... ({len(text):,} characters)"


def declared_type(text: str) -> str | None:
    """Return the type that a data URL says its content has; `None` where it says none.

    >>> declared_type("data:Image/PNG;base64,AAAA"), declared_type("a.png")
    ('image/png', None)
    """
    head = text.partition(",")[0] if is_data_url(text) else ""
    said = head.partition(":")[2].partition(";")[0]
    return said.strip().lower() or None


def can_be_path(text: str) -> bool:
    """Say whether a text can be a path, rather than content that somebody meant to hand over.

    >>> can_be_path("photos/a.jpg"), can_be_path("A" * 300)
    (True, False)
    """
    if len(text) <= _LONGEST_NAME:
        return True
    if len(text) > LONGEST_PATH:
        return False
    return not re.fullmatch(_BASE64_TEXT, text) or os.path.exists(text)  # noqa: PTH110 (as written)


def is_data_url(text: str) -> bool:
    """Say whether a text is a data URL; a file may be called "data:x.mp4" all the same."""
    return bool(_DATA_SCHEME.match(text)) and "," in text


_DATA_SCHEME = re.compile(r"[\s\ufeff]{0,99}data:", re.IGNORECASE)
_BASE64_TEXT = r"[A-Za-z0-9+/\s]+={0,2}\s*"


def is_base64(text: str) -> bool:
    """Say whether a text is Base64 of a picture or a video, by its beginning."""
    start = text[: 2 * HEAD_BYTES]
    if len(text) < _LEAST_BASE64 or not re.fullmatch(_BASE64_TEXT, start):
        return False
    import base64

    head = "".join(start.split())
    found = sniff(base64.b64decode(head[: len(head) // 4 * 4]))
    return found is not None and found.kind in ("image", "video")
