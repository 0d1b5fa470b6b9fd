"""The video of all frames, with its sound: for people to watch, within the limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vlprep.compress.clips import ClipFrames, EvenPlan, even_plan, even_size, smaller_size
from vlprep.compress.video_search import AIM, LEAST_BITS_PER_PIXEL, NewClip
from vlprep.compress.video_source import VideoCase, changed_anyway
from vlprep.frames.stream import FrameStream, decode_plan
from vlprep.media.video.paint import Look
from vlprep.media.video.sound import write_sound
from vlprep.types import ImageSize, VideoInfo

SOUND_BIT_RATES = (64_000, 32_000, 16_000)
"""Bits per second of the sound, the first that leaves two thirds of the limit to the pictures."""

LEAST_SIDE = 64
"""A watchable video's frames get no smaller than this, in pixels of the short side."""


def full_clip(case: VideoCase, folder: Path | None) -> NewClip:
    """Plan to show all frames at an even rate; what the source's packets say is read for it.

    The sound is written into a private `folder`, which a dry run does without. Raises the errors of
    `even_plan` and `write_sound`.
    """
    plan = even_plan(case)
    longest = math.ceil(Fraction(case.least_seconds) * plan.rate)
    count = max(len(plan.numbers), case.least_frames, longest)
    sound = None if folder is None else _write_sound(case, folder / "sound", count / plan.rate)
    held = ("the last frame is held, as a video must not be so short",)
    return NewClip(
        frames=ClipFrames(lambda size: _stream(case, plan, size), count),
        rate=plan.rate,
        sizes=_sizes(case, count, sound.stat().st_size if sound else 0),
        pixel_aspect=_displayed_aspect(case.info),
        sound=sound,
        at_any_cost=not case.may_grow,
        quality_first=case.action == "converted",
        dropped=tuple(_changed(case, plan)),
        warnings=held if len(plan.numbers) < count else (),
    )


def _stream(case: VideoCase, plan: EvenPlan, size: ImageSize) -> FrameStream:
    look = Look(size, tone_map=case.tone_map)
    frames = decode_plan(case.item, plan.frame_plan, look)
    tokens = replace(case.tokens, plan=plan.frame_plan)
    model = case.view.model
    return FrameStream(case.names, model, case.info, tokens, frames, tone_mapped=case.tone_map)


def _write_sound(case: VideoCase, path: Path, seconds: Fraction) -> Path | None:
    """Write the source's sound to a file, if there is any."""
    if not case.has_sound:
        return None
    allowed = [rate for rate in SOUND_BIT_RATES if rate / 8 * seconds <= case.limit / 3]
    length = write_sound(
        path,
        case.item,
        bit_rate=(allowed or SOUND_BIT_RATES[-1:])[0],
        start_seconds=case.info.start_seconds + case.first_seconds,
        seconds=None if case.part is None else case.seconds,
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
