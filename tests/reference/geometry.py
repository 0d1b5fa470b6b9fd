"""The references' resize formulas one size at a time, in plain Python: the oracle of the kernels.

Slow on purpose, and in the order of operations that the references are written in.
"""

import math

MAX_ASPECT_RATIO = 200


class RefusedError(Exception):
    """The reference gives no usable size."""


def resize(height, width, *, factor, min_pixels, max_pixels, reference):
    if min(height, width) < 1:
        raise RefusedError("a side below 1")
    if reference == "qwen-vl-utils" and max_pixels < min_pixels:
        raise RefusedError("limits the wrong way round")
    if reference != "docs" and max(height, width) / min(height, width) > MAX_ASPECT_RATIO:
        raise RefusedError("too long")
    h, w = round(height / factor) * factor, round(width / factor) * factor
    if reference in ("docs-video", "qwen-vl-utils"):
        h, w = max(factor, h), max(factor, w)
    if h * w > max_pixels:
        beta = math.sqrt((height * width) / max_pixels)
        h = math.floor(height / beta / factor) * factor
        w = math.floor(width / beta / factor) * factor
        if reference == "transformers":
            h, w = max(factor, h), max(factor, w)
    elif h * w < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        h = math.ceil(height * beta / factor) * factor
        w = math.ceil(width * beta / factor) * factor
    if h * w == 0:
        raise RefusedError("a side of 0")
    return h, w


def resize_clip(frames, height, width, *, factor, min_pixels, max_pixels):
    """Resize the frames of a clip whose limits are totals (transformers, Qwen3-VL and later)."""
    if frames < 2 or min(height, width) < 1:
        raise RefusedError("too few frames, or a side below 1")
    if min(height, width) < factor:
        scale = max(factor / height, factor / width)
        height, width = int(height * scale), int(width * scale)
    if max(height, width) / min(height, width) > MAX_ASPECT_RATIO:
        raise RefusedError("too long")
    h, w = round(height / factor) * factor, round(width / factor) * factor
    t = round(frames / 2) * 2
    if t * h * w > max_pixels:
        beta = math.sqrt((frames * height * width) / max_pixels)
        h = max(factor, math.floor(height / beta / factor) * factor)
        w = max(factor, math.floor(width / beta / factor) * factor)
    elif t * h * w < min_pixels:
        beta = math.sqrt(min_pixels / (frames * height * width))
        h = math.ceil(height * beta / factor) * factor
        w = math.ceil(width * beta / factor) * factor
    return h, w
