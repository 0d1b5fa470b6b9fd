"""Single numbers of a block of EXIF, such as how an image asks to be turned.

Only the number that is wanted is looked for, because reading all of EXIF takes longer than all else
that a count needs.
"""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112  # number of the EXIF field


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
