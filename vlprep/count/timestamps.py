"""The times that stand before the steps of a video, and the tokens that their text costs."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from functools import cache

from vlprep.models.spec import Prompt, VideoRule


def timestamp_tokens(times: Sequence[float], rule: VideoRule, prompt: Prompt) -> int:
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
    ends = leading_digit_ends()
    return sum(6 + bisect(ends, seconds) for seconds in step_seconds(times, rule))


@cache
def leading_digit_ends() -> tuple[float, ...]:
    """Return the lowest floats that are written with 2, 3, ... digits before the point."""
    ends = [10**digits - 0.05 for digits in range(1, 10)]  # just below or above, as floats are
    return tuple(
        end if len(f"{end:.1f}") == digits + 3 else math.nextafter(end, math.inf)
        for digits, end in enumerate(ends, 1)
    )


def step_seconds(times: Sequence[float], rule: VideoRule) -> list[float]:
    """Return the time of each step of the grid: the middle of its first and last frame.

    >>> from vlprep import get_model
    >>> step_seconds([0.0, 8.0, 16.0], get_model("qwen3-vl-plus").rules().video)
    [4.0, 16.0]
    """
    size = rule.temporal_patch_size
    frames = [*times, *list(times[-1:]) * (-len(times) % size)]
    return [(a + b) / 2 for a, b in zip(frames[::size], frames[size - 1 :: size], strict=True)]
