"""The resampling of torch and of Pillow in plain whole numbers, slow and without a matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def twin(picture: Any, size: tuple[int, int], kernel: str) -> Any:
    """Scale height x width x channels to `size` as one of the references does."""
    (height, width), (h, w) = picture.shape[:2], size
    passes = [(1, w), (0, h)]
    if kernel == "pillow-12" and height > 100 * width and h < height:
        passes.reverse()
    if kernel == "pillow-13" and h < height and height - h > 2 * (width - w):
        passes.reverse()
    for axis, target in passes:
        picture = _one_pass(picture, axis, target, kernel == "torch")
    return picture


def _one_pass(picture: Any, axis: int, target: int, adaptive: bool) -> Any:
    source = picture.shape[axis]
    if source == target:
        return picture
    lines = np.moveaxis(picture, axis, 0).astype(object)
    rows, places = _weights(source, target, adaptive)
    made = []
    for first, weights in rows:
        total = sum(weight * lines[first + k] for k, weight in enumerate(weights))
        made.append(np.clip((total + (1 << (places - 1))) >> places, 0, 255).astype(np.uint8))
    return np.moveaxis(np.array(made), 0, axis)


def _weights(n: int, m: int, adaptive: bool) -> tuple[list[tuple[int, list[int]]], int]:
    scale = n / m
    stretch = max(scale, 1.0)
    inverse = 1.0 / stretch
    rows = []
    for i in range(m):
        centre = scale * (i + 0.5)
        low = max(int(centre - 2 * stretch + 0.5), 0)
        high = min(int(centre + 2 * stretch + 0.5), n)
        weights = [_cubic((j + low - centre + 0.5) * inverse) for j in range(high - low)]
        total = 0.0
        for weight in weights:
            total += weight
        if adaptive:
            weights = [weight / total for weight in weights]
        else:
            weights = [weight * (1.0 / total) for weight in weights]
        rows.append((low, weights))
    places = 22
    if adaptive:
        largest = max(max(weights) for _, weights in rows)
        while int(0.5 + largest * 2**places) >= 2**15:
            places -= 1
    whole = [(low, [_rounded(weight * 2**places) for weight in weights]) for low, weights in rows]
    return whole, places


def _cubic(x: float) -> float:
    a, x = -0.5, abs(x)
    if x < 1.0:
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    if x < 2.0:
        return (((x - 5.0) * x + 8.0) * x - 4.0) * a
    return 0.0


def _rounded(value: float) -> int:
    return math.trunc(value - 0.5 if value < 0 else value + 0.5)
