"""What an image file tells beside its picture: where it was taken, by what, and how it was edited.

Only whether it is there is looked at, never what it says.
"""

from __future__ import annotations

from PIL import Image

from vlprep.media.orientation import exif_field

_GPS, _EXIF = 0x8825, 0x8769  # numbers of the fields that point to the location and to the rest


def metadata_kinds(image: Image.Image) -> tuple[str, ...]:
    """Return which of "location", "EXIF" and "XMP" an opened image carries.

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
