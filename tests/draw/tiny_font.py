"""A font made here, a square for each of a few letters, so that no machine's fonts matter."""

from __future__ import annotations

import struct

EM = 1000


def tiny_font(letters: str, family: str = "Tiny", style: str = "Regular") -> bytes:
    """Return a TrueType file with a square for each letter, and a thin bar for all others."""
    outlines = [_box(100, 200), *[_box(50, 900)] * len(letters)]
    places = [sum(map(len, outlines[:n])) for n in range(len(outlines) + 1)]
    count = len(outlines)
    return _file({
        b"cmap": _cmap(letters),
        b"glyf": b"".join(outlines),
        b"head": struct.pack(
            ">IIIIHHQQhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, EM, 0, 0, 0, 0, EM, EM,
            0, 8, 2, 1, 0,
        ),
        b"hhea": struct.pack(">Ihhh12HH", 0x10000, 800, -200, 0, EM, *[0] * 11, count),
        b"hmtx": struct.pack(">Hh", EM, 0) * count,
        b"loca": struct.pack(f">{count + 1}I", *places),
        b"maxp": struct.pack(">IH13H", 0x10000, count, 4, 1, 0, 0, 1, *[0] * 8),
        b"name": _names(family, style),
    })  # fmt: skip


def _names(*names: str) -> bytes:
    texts = [name.encode("utf-16-be") for name in names]
    head = struct.pack(">HHH", 0, len(texts), 6 + 12 * len(texts))
    for number, text in enumerate(texts, 1):
        place = sum(map(len, texts[: number - 1]))
        head += struct.pack(">6H", 3, 1, 0x409, number, len(text), place)
    return head + b"".join(texts)


def _box(left: int, right: int) -> bytes:
    corners = [(left, 0), (left, 700), (right, 700), (right, 0)]
    steps = [
        (x - px, y - py) for (x, y), (px, py) in zip(corners, [(0, 0), *corners], strict=False)
    ]
    head = struct.pack(">hhhhhHH", 1, left, 0, right, 700, 3, 0)
    across = struct.pack(">4h", *(x for x, _ in steps))
    return head + bytes([1] * 4) + across + struct.pack(">4h", *(y for _, y in steps))


def _cmap(letters: str) -> bytes:
    groups = b"".join(
        struct.pack(">III", ord(a), ord(a), letters.index(a) + 1) for a in sorted(letters)
    )
    table = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(letters)) + groups
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table


def _file(tables: dict[bytes, bytes]) -> bytes:
    place = 12 + 16 * len(tables)
    directory, body = struct.pack(">IHHHH", 0x10000, len(tables), 0, 0, 0), b""
    for name, content in tables.items():
        directory += struct.pack(">4sIII", name, 0, place + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    return directory + body
