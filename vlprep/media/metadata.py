"""What an image tells beside its picture: where it was taken, by what, how it was edited.

Which kinds of that there are, not what they say; and files without it, their pixels untouched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image

from vlprep.media import jpeg
from vlprep.media.exif import exif_field

_GPS, _EXIF = 0x8825, 0x8769  # numbers of the fields that point to the location and to the rest


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
