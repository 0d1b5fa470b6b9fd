"""Read numbers out of the bits of a header."""

from __future__ import annotations


class Bits:
    """The bits of some bytes, first ones first; zeros past the end.

    >>> bits = Bits(bytes([0b101_00101]))
    >>> bits.take(3), bits.number(), bits.take(99)
    (5, 4, 0)
    """

    def __init__(self, data: bytes) -> None:
        self._left = 8 * len(data)
        self._value = int.from_bytes(data, "big")

    def take(self, count: int) -> int:
        """Read a number of so many bits."""
        self._left -= count
        taken = self._value >> self._left if self._left >= 0 else 0
        self._value &= (1 << max(self._left, 0)) - 1
        return taken

    def number(self) -> int:
        """Read a number without sign whose length it tells itself (Exp-Golomb)."""
        zeros = self._left - self._value.bit_length()
        if not 0 <= zeros <= 32:
            self._left = self._value = 0
            return 0
        self.take(zeros)
        return self.take(zeros + 1) - 1

    def numbers(self, count: int) -> None:
        """Pass over some of them."""
        for _ in range(min(count, 256)):
            self.number()
