"""The times that stand before the steps of a video, and the tokens that their text costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from vlprep.models.spec import Prompt, VideoRule


def timestamp_tokens(
    times: Sequence[float] | npt.NDArray[np.float64], rule: VideoRule, prompt: Prompt
) -> int:
    """Count the text `<12.3 seconds>` before each step: five tokens and one per leading digit.

    `times` are the seconds of the frames. Nothing where the prompt has no timestamps. The rule was
    checked against the vocabulary of Qwen2 and Qwen3 from 0.0 to 3999.9 seconds.

    >>> from vlprep import get_model
    >>> rules = get_model("Qwen/Qwen3-VL-8B-Instruct").rules()
    >>> timestamp_tokens([0.0, 8.0, 16.0, 24.0], rules.video, rules.prompt)
    13
    """
    if not prompt.timestamps:
        return 0
    seconds = step_seconds(times, rule)
    digits_after_first = np.searchsorted(leading_digit_ends(), seconds, side="right")
    return 6 * len(seconds) + int(digits_after_first.sum())


@cache
def leading_digit_ends() -> npt.NDArray[np.float64]:
    """Return the lowest floats that are written with 2, 3, ... digits before the point."""
    ends = [10**digits - 0.05 for digits in range(1, 10)]  # just below or above, as floats are
    written = (
        end if len(f"{end:.1f}") == digits + 3 else math.nextafter(end, math.inf)
        for digits, end in enumerate(ends, 1)
    )
    return np.array(list(written))


def step_seconds(
    times: Sequence[float] | npt.NDArray[np.float64], rule: VideoRule
) -> npt.NDArray[np.float64]:
    """Return the time of each step of the grid: the middle of its first and last frame."""
    size, frames = rule.temporal_patch_size, np.asarray(times, dtype=np.float64)
    if missing := -len(frames) % size:
        frames = np.append(frames, np.repeat(frames[-1:], missing))
    middles: npt.NDArray[np.float64] = (frames[::size] + frames[size - 1 :: size]) / 2
    return middles
