"""Whether a packet is a keyframe by its own first bytes, where containers are known to be wrong.

An MP4 without a table of keyframes calls every sample one, and of transparency, which lies beside
VP8 and VP9 as a stream of its own with keyframes of its own, no container speaks. FFmpeg's readers
look into H.264, HEVC, AV1 and VP9 themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from av import Packet
from av.video.stream import VideoStream

KeyTest: TypeAlias = Callable[[bytes], bool]
"""Says of a packet's beginning whether decoding may start there: it does not in a picture that
builds on others. Of what is no picture that can be told, the container is believed."""

LOOKED_AT = 4096
"""Bytes of a packet in which its picture must begin."""


def key_test(codec: str) -> KeyTest | None:
    """Return what tells keyframes of a codec by their contents; `None` where the container does.

    >>> key_test("mpeg4")(bytes.fromhex("000001b6 10")), key_test("h264")
    (True, None)
    """
    return _TESTS.get(codec)


def mend_keyframe(packet: Packet[Any]) -> None:
    """Take the mark of a keyframe from a packet that is none."""
    if not packet.is_keyframe or not packet.size:
        return
    if is_looked_into(packet.stream) and not _is_key(packet):
        packet.is_keyframe = False


def is_looked_into(stream: VideoStream) -> bool:
    """Say whether keyframes of a stream are told by their contents."""
    return stream.codec_context.name in _TESTS or has_transparency(stream)


def has_transparency(stream: VideoStream) -> bool:
    """Say whether transparency lies beside the pictures of a stream."""
    return stream.metadata.get("alpha_mode") == "1" and stream.codec_context.name in _ALPHA_TESTS


def is_between(packet: Packet[VideoStream]) -> bool:
    """Say whether a picture is known to build on the last two that were neither."""
    test = _BETWEEN.get(packet.stream.codec_context.name)
    return test is not None and test(bytes(memoryview(packet)[:LOOKED_AT]))


def from_keyframe(packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
    """Leave out the packets before the first keyframe, where a seek went by wrong marks."""
    waits = True
    for packet in packets:
        waits = waits and packet.size > 0 and not packet.is_keyframe
        if not waits:
            yield packet


def _is_key(packet: Packet[VideoStream]) -> bool:
    name = packet.stream.codec_context.name
    if name in _TESTS:
        return _TESTS[name](bytes(memoryview(packet)[:LOOKED_AT]))
    if not packet.has_sidedata("matroska_block_additional"):
        return True
    beside = bytes(packet.get_sidedata("matroska_block_additional"))
    number, alpha = beside[:8], beside[8:]
    return int.from_bytes(number, "big") != _ALPHA or not alpha or _ALPHA_TESTS[name](alpha)


_ALPHA = 1  # number that WebM gives the transparency among what lies beside a picture


# MPEG-4 Part 2 (ISO/IEC 14496-2, 6.2.5): the type stands behind the start code of a picture.


def _mpeg4_type(data: bytes) -> int:
    place = data.find(b"\0\0\1\xb6") + 4
    return data[place] >> 6 if 4 <= place < len(data) else 0


def _mpeg4(data: bytes) -> bool:
    return _mpeg4_type(data) == 0


# MPEG-1 and MPEG-2 video (ISO/IEC 13818-2, 6.2.3): ten bits of order, then three of the type.


def _mpeg12_type(data: bytes) -> int:
    place = data.find(b"\0\0\1\0") + 5
    return data[place] >> 3 & 7 if 5 <= place < len(data) else 1


def _mpeg12(data: bytes) -> bool:
    return _mpeg12_type(data) == 1


# H.263 (ITU-T H.263, 5.1): a start code of 22 bits, 8 of time, then the types, 5.1.3 and 5.1.4.


def _h263(data: bytes) -> bool:
    bits = int.from_bytes(data[:9].ljust(9, b"\0"), "big")

    def field(start: int, length: int) -> int:
        return bits >> (72 - start - length) & ((1 << length) - 1)

    if field(0, 22) != 0x20:
        return True
    if field(35, 3) != 7:  # a source format of the first kind
        return field(38, 1) == 0
    extended = field(38, 3) == 1
    return field(59 if extended else 41, 3) == 0


_BETWEEN: dict[str, KeyTest] = {
    "mpeg4": lambda data: _mpeg4_type(data) == 2,
    "mpeg1video": lambda data: _mpeg12_type(data) == 3,
    "mpeg2video": lambda data: _mpeg12_type(data) == 3,
}
_TESTS: dict[str, KeyTest] = {
    "mpeg4": _mpeg4,
    "mpeg1video": _mpeg12,
    "mpeg2video": _mpeg12,
    "h263": _h263,
}


# VP8 (RFC 6386, 9.1) and VP9 (bitstream specification, 6.2).


def _vp8(data: bytes) -> bool:
    return not data[0] & 1


def _vp9(data: bytes) -> bool:
    bits = data[0] << (data[0] & 0x30 == 0x30)  # profile 3 has one more bit in front
    shows_again, depends = bits & 0x08, bits & 0x04
    return not (shows_again or depends)


_ALPHA_TESTS: dict[str, KeyTest] = {"vp8": _vp8, "vp9": _vp9}
