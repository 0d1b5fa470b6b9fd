"""Encrypted videos of which a reader says something else than that."""

from __future__ import annotations

import random

import pytest

from tests.places import FIXTURES
from vlprep import count_tokens, probe
from vlprep.errors import DecodeError, EncryptedMediaError


def scrambled(content: bytes, step: int = 188, *, marked: bool = True) -> bytes:
    """Make noise of what the packets of a transport stream's video hold."""
    made, noise = bytearray(content), random.Random(0)
    for start in range(step - 188, len(made), step):
        first, second, third, ahead = made[start + 1 : start + 5]
        if (first & 0x1F) << 8 | second == 0x100:
            place = start + 4 + (1 + ahead if third & 0x20 else 0)
            made[place : start + 188] = noise.randbytes(start + 188 - place)
            made[start + 3] |= 0x80 * marked
    return bytes(made)


def for_discs(content: bytes) -> bytes:
    """Put a time of arrival before each packet."""
    return b"".join(
        bytes(4) + content[place : place + 188] for place in range(0, len(content), 188)
    )


def test_a_scrambled_transport_stream_is_told():
    content = (FIXTURES / "clip.ts").read_bytes()
    for made in (scrambled(content), scrambled(for_discs(content), 192)):
        with pytest.raises(EncryptedMediaError):
            probe(made)
        with pytest.raises(EncryptedMediaError):
            count_tokens(made, "qwen3-vl-plus")


def test_a_stream_that_is_only_damaged_is_not():
    with pytest.raises(DecodeError):
        probe(scrambled((FIXTURES / "clip.ts").read_bytes(), marked=False))


@pytest.mark.parametrize("lost", [b"stsz", b"stsc", b"stco"])
def test_an_encrypted_track_that_cannot_be_read_is_told(lost):
    content = (FIXTURES / "encrypted.mp4").read_bytes()
    with pytest.raises(EncryptedMediaError):
        probe(content.replace(lost, b"free"))
