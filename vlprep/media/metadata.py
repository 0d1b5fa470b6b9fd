"""What an image tells beside its picture: where it was taken, by what, how it was edited.

Which kinds of that there are, not what they say, but for how a picture is to be turned; and files
without it, their pixels untouched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image

from vlprep.media import jpeg

_GPS, _EXIF = 0x8825, 0x8769  # numbers of the fields that point to the location and to the rest
_ORIENTATION = 0x0112


def metadata_kinds(image: Image.Image) -> tuple[str, ...]:
    """Return which of "location", "EXIF" and "XMP" an opened image carries, not what they say.

    >>> image = Image.new("RGB", (1, 1))
    >>> image.info["exif"] = bytes.fromhex("4d4d002a00000008 0001 8825 0004 00000001 00000020")
    >>> metadata_kinds(image)
    ('location', 'EXIF')
    """
    exif, xmp, tags = _exif(image), _xmp(image), getattr(image, "tag_v2", ())
    located = _GPS in tags or exif_field(exif, _GPS) is not None or b"GPSLatitude" in xmp
    found = {"location": located, "EXIF": bool(exif) or _EXIF in tags, "XMP": bool(xmp)}
    return tuple(kind for kind, there in found.items() if there)


def _exif(image: Image.Image) -> bytes:
    stored = image.info.get("exif")
    if isinstance(stored, bytes):
        return stored
    text = image.info.get("Raw profile type exif")  # how older PNGs hold it: in hexadecimal lines
    if not isinstance(text, str):
        return b""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError:
        return b""


def _xmp(image: Image.Image) -> bytes:
    for name in ("xmp", "XML:com.adobe.xmp"):
        stored = image.info.get(name)
        if stored:
            return stored.encode() if isinstance(stored, str) else bytes(stored)
    return b""


# Single numbers of EXIF: reading all of it takes longer than all else that a count needs.


def exif_orientation(exif: bytes) -> int | None:
    """Return the orientation, 1 to 8, of a block of EXIF; `None` where it has none or is damaged.

    >>> exif_orientation(bytes.fromhex("4d4d002a00000008 0001 0112 0003 00000001 0006 0000"))
    6
    """
    value = exif_field(exif, _ORIENTATION)
    return value if value is not None and 1 <= value <= 8 else None


def exif_field(exif: bytes, number: int) -> int | None:
    """Return the first 16 bits of a field of a block of EXIF; `None` if not there, or damaged.

    Only the main table is looked at.

    >>> exif_field(bytes.fromhex("4d4d002a00000008 0001 0112 0003 00000001 0006 0000"), 0x8825)
    """
    begin = 6 if exif.startswith(b"Exif\0\0") else 0  # and no copy of it all without these
    order = _ORDERS.get(exif[begin : begin + 2])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(order + "I", exif, begin + 4)
        (fields,) = struct.unpack_from(order + "H", exif, begin + start)
    except struct.error:
        return None
    table = exif[begin + start + 2 : begin + start + 2 + 12 * fields]
    for found, value in struct.iter_unpack(order + "H6xH2x", table[: len(table) // 12 * 12]):
        if found == number:
            return int(value)
    return None


_ORDERS = {b"II": "<", b"MM": ">"}


# Without them.


def without_metadata(content: bytes, format: str) -> bytes:
    """Return the file of an upright picture without metadata, its pixels to the last bit.

    A format in which that takes encoding anew is returned as it is.

    >>> without_metadata(b"GIF89a", "GIF")
    b'GIF89a'
    """
    return _STRIPPED[format](content) if format in _STRIPPED else content


def can_be_stripped(format: str) -> bool:
    """Say whether `without_metadata` knows a format.

    >>> can_be_stripped("JPEG"), can_be_stripped("HEIC")
    (True, False)
    """
    return format in _STRIPPED


def _png(content: bytes) -> bytes:
    kept = [content[start:end] for name, start, end in _png_chunks(content) if name not in _TOLD]
    return content[:8] + b"".join(kept)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    start = 8
    while start + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, start)
        yield name, start, start + length + 12
        start += length + 12
        if name == b"IEND":
            return


_TOLD = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"EXIF", b"XMP "}
"""Chunks of PNG and of WebP that say more than the picture."""


def _webp(content: bytes) -> bytes:
    body, start = b"", 12
    while start + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, start)
        end = start + 8 + length + length % 2
        chunk = content[start:end]
        if name == b"VP8X" and len(chunk) > 8:  # whose first byte says what there is
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        body += b"" if name in _TOLD else chunk
        start = end
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


_STRIPPED = {"JPEG": jpeg.without_metadata, "PNG": _png, "WEBP": _webp}
