"""How many frames of a clip may be kept, and what they cost as a list of images. Numbers only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from vlprep.clips import FramePlan
from vlprep.count.videos import VideoCount, video_count
from vlprep.errors import BudgetError
from vlprep.pick.choose import Frames, Pick, keep
from vlprep.types import FrameListInfo, VideoInfo
from vlprep.view import View


@dataclass(frozen=True, slots=True)
class EvenFrames:
    """As many frames as were picked, spread evenly over the clip: what picking is measured by."""

    frames: int
    """How many they are."""
    seconds_apart: float
    """From one to the next."""
    changes_shown: int
    """Of the changes that were found, those of which a frame lies before the next change."""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a look at a clip has found: enough to pick again without another."""

    info: VideoInfo
    frames: Frames
    """Those that may be kept."""
    candidates: tuple[Pick, ...]
    """The frames worth keeping."""
    merged: int = 0
    """Smaller changes that a later one shows as well, or samples that equal one that was kept."""
    busy_share: float = 0.0
    """Of picture and time, 0 to 1: what never rests."""
    probe_fps: float | None = None
    """Moments a second that were looked at; `None` where there was no such look."""
    ranked: bool = False
    """Whether the candidates are in the order in which they are kept; if not, most cells first."""

    def kept(self, view: View, max_gap: float, budget: int | None) -> tuple[Pick, ...]:
        """Return what is kept under a budget of tokens; raises the errors of `keep`."""
        rule, seconds = view.video_rule, self.frames.seconds
        of_rate = math.ceil((seconds[-1] - seconds[0]) * (rule.min_fps or 0)) + 1
        return keep(
            self.candidates,
            self.frames,
            max_gap,
            _most_frames(self.info, self.frames, view, budget),
            least=max(rule.min_list_images or 1, view.options.min_frames or 1, of_rate),
            multiple=rule.temporal_patch_size,
            ranked=self.ranked,
        )

    def shown_at(self, moments: Sequence[float]) -> int:
        """Return of how many candidates a frame at one of the moments lies before the next."""
        borders = np.array([*sorted(pick.seconds for pick in self.candidates), math.inf])
        starts = np.searchsorted(np.asarray(moments), borders - 1e-6)
        return int(np.count_nonzero(starts[1:] > starts[:-1]))


def count_picks_of(info: VideoInfo, picks: Sequence[Pick], view: View, way: str) -> VideoCount:
    """Count picks as a list of images, whose plan has their true moments."""
    span = picks[-1].seconds - picks[0].seconds
    count = _list_count(info, len(picks), span, view)
    plan = FramePlan(
        indices=tuple(pick.frame for pick in picks),
        timestamps_seconds=tuple(pick.seconds for pick in picks),
        sample_fps=count.plan.sample_fps,
        sampling=way,
        warnings=count.plan.warnings,
    )
    return replace(count, plan=plan)


def even_frames(picks: Sequence[Pick], looked: Looked) -> EvenFrames:
    """Return what as many frames show that are spread evenly."""
    count = len(picks)
    moments = np.linspace(picks[0].seconds, picks[-1].seconds, count).tolist()
    apart = moments[1] - moments[0] if count > 1 else 0.0
    return EvenFrames(count, apart, looked.shown_at(moments))


def _list_count(info: VideoInfo, frames: int, span: float, view: View) -> VideoCount:
    """Count a list of so many frames, spread over a span of seconds."""
    rate = (frames - 1) / span if span > 0 and frames > 1 else view.video_rule.fps
    plain = view.asking(  # which frames they are is settled
        fps=None, nframes=None, sampling=None, min_frames=None, max_frames=None,
        start_seconds=None, end_seconds=None,
    )  # fmt: skip
    listed = FrameListInfo(
        size=info.size,
        frame_count=frames,
        fps=Fraction(rate),
        duration_seconds=frames / rate,
    )
    return video_count(listed, plain)


def _most_frames(info: VideoInfo, frames: Frames, view: View, budget: int | None) -> int:
    """Return how many frames may be kept: by the view, by the model, and by a budget of tokens."""
    rule, asked = view.video_rule, view.options.max_frames
    most = rule.max_list_images or rule.max_frames or len(frames.seconds)
    most = most if asked is None else min(most, asked)
    if budget is None:
        return most
    least, span = rule.min_list_images or 1, frames.seconds[-1] - frames.seconds[0]
    low, high = least - 1, max(most, least)
    while low < high:
        middle = (low + high + 1) // 2
        fits = _list_count(info, middle, span, view).total <= budget
        low, high = (middle, high) if fits else (low, middle - 1)
    if low < least:
        total = _list_count(info, least, span, view).total
        raise BudgetError(
            total,
            budget,
            f"{least} frames, the fewest, cost {total:,} tokens, and the `budget` is {budget:,}; "
            "allow more, or a smaller `max_pixels`",
        )
    return low
