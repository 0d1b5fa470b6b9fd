"""The video of all frames, with its sound: for people to watch, within the limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vlprep.compress.clips import (
    EvenPlan,
    StreamClip,
    even_plan,
    even_size,
    planned_frames,
    smaller_size,
)
from vlprep.compress.video_search import AIM, LEAST_BITS_PER_PIXEL, ClipOrder
from vlprep.compress.video_source import Outline, VideoCase, changed_anyway
from vlprep.frames.stream import FrameStream
from vlprep.media.source import open_item
from vlprep.media.video.sound import write_sound
from vlprep.types import ImageSize, VideoInfo

SOUND_BIT_RATES = (64_000, 32_000, 16_000)
"""Bits per second of the sound, the first that leaves two thirds of the limit to the pictures."""

LEAST_SIDE = 64
"""A watchable video's frames get no smaller than this, in pixels of the short side."""


def outline_full(case: VideoCase) -> Outline:
    """Plan to show all frames at an even rate; what the source's packets say is read for it.

    Raises the errors of `even_plan`.
    """
    plan = even_plan(case.single_source, case.info)
    longest = math.ceil(Fraction(case.task.least_seconds) * plan.rate)
    frames = max(len(plan.numbers), case.task.least_frames, longest)
    clip = StreamClip(lambda size: _stream(case, plan, size), frames)
    held = ("the last frame is held, as a video must not be so short",)
    return Outline(
        frame_count=frames,
        duration_seconds=float(frames / plan.rate),
        dropped=tuple(_changed(case, plan)),
        warnings=held if len(plan.numbers) < frames else (),
        order=lambda folder: _order(case, clip, plan.rate, folder),
    )


def _stream(case: VideoCase, plan: EvenPlan, size: ImageSize) -> FrameStream:
    task = case.task
    frames = planned_frames(case.single_source, plan, size, tone_map=task.tone_map)
    tokens = replace(case.tokens, plan=plan.frame_plan)
    return FrameStream(
        case.names, task.view.model, case.info, tokens, frames, tone_mapped=task.tone_map
    )


def _order(case: VideoCase, clip: StreamClip, rate: Fraction, folder: Path) -> ClipOrder:
    sound = _write_sound(case, folder / "sound", float(clip.frame_count / rate))
    return ClipOrder(
        case.names[0],
        clip,
        _sizes(case, clip.frame_count, sound.stat().st_size if sound else 0),
        rate,
        case.limit,
        case.task.watch,
        pixel_aspect=_displayed_aspect(case.info),
        sound=sound,
        at_any_cost=not case.may_grow,
        quality_first=case.action == "converted",
    )


def _write_sound(case: VideoCase, path: Path, seconds: float) -> Path | None:
    """Write the source's sound to a file, if there is any."""
    if not case.has_sound:
        return None
    allowed = [rate for rate in SOUND_BIT_RATES if rate / 8 * seconds <= case.limit / 3]
    with open_item(case.single_source) as item:
        length = write_sound(
            path,
            item,
            bit_rate=(allowed or SOUND_BIT_RATES[-1:])[0],
            start_seconds=case.info.start_seconds,
        )
    return path if length else None


def _sizes(case: VideoCase, frames: int, sound_bytes: int) -> list[ImageSize]:
    """Return sizes of the frames, from the largest one to which enough bits fall."""
    sizes = [even_size(case.info.size)]
    if case.may_grow:
        return sizes
    while min(smaller := even_size(smaller_size(sizes[-1]))) >= LEAST_SIDE:
        sizes.append(smaller)
    bits = (case.limit - sound_bytes) * 8 * AIM
    enough = [size for size in sizes if bits / (frames * size.pixels) >= LEAST_BITS_PER_PIXEL]
    return enough or sizes[-1:]


def _displayed_aspect(info: VideoInfo) -> Fraction:
    """Return the shape of a pixel once the picture is turned upright."""
    shape = info.sample_aspect_ratio
    return 1 / shape if info.rotation in (90, 270) else shape


def _changed(case: VideoCase, plan: EvenPlan) -> Iterator[str]:
    if plan.resampled:
        yield f"variable frame rate made even, at {float(plan.rate):.4g} frames a second"
    if case.has_sound:
        yield "sound encoded anew as AAC, mono"
    yield from changed_anyway(case)
