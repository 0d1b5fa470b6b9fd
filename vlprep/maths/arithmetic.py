"""What the rules are written in, so that one formula serves one number and whole arrays.

A rule of a reference stands here once, in operators and in the functions of an `Arithmetic`. Of
numbers these are Python's own, so that one picture or one clip is counted without numpy, which
takes longer to import than all the rest; of arrays they are numpy's. Both compute in float64 and in
the same order, and give the same to the last bit.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple


class Arithmetic(NamedTuple):
    """What operators do not say of numbers and arrays alike."""

    floor: Callable[[Any], Any]
    ceil: Callable[[Any], Any]
    trunc: Callable[[Any], Any]
    nearest: Callable[[Any], Any]
    """To the nearest whole number, half to the even one."""
    single: Callable[[Any], Any]
    """To the nearest number of single precision."""
    root: Callable[[Any], Any]
    least: Callable[[Any, Any], Any]
    most: Callable[[Any, Any], Any]
    any: Callable[[Any], Any]
    choose: Callable[[Any, Callable[[], Any], Any], Any]
    """Where a condition holds, what a function gives, which is asked only then; else the other."""


def _single(number: float) -> float:
    (nearest,) = struct.unpack("f", struct.pack("f", number))
    return float(nearest)


NUMBERS = Arithmetic(
    floor=math.floor,
    ceil=math.ceil,
    trunc=math.trunc,
    nearest=lambda number: float(round(number)),
    single=_single,
    root=math.sqrt,
    least=min,
    most=max,
    any=bool,
    choose=lambda is_so, then, otherwise: then() if is_so else otherwise,
)
"""Of single numbers."""


@cache
def arrays() -> Arithmetic:
    """Return the arithmetic of arrays, which loads numpy.

    >>> arrays().nearest([0.5, 1.5]).tolist(), NUMBERS.nearest(1.5)
    ([0.0, 2.0], 2.0)
    """
    import numpy as np

    def choose(is_so: Any, then: Callable[[], Any], otherwise: Any) -> Any:
        return np.where(is_so, then(), otherwise) if np.any(is_so) else otherwise

    return Arithmetic(
        floor=np.floor,
        ceil=np.ceil,
        trunc=np.trunc,
        nearest=np.rint,
        single=lambda numbers: np.asarray(numbers, np.float32).astype(np.float64),
        root=np.sqrt,
        least=np.minimum,
        most=np.maximum,
        any=np.any,
        choose=choose,
    )
