"""Clips to time video readers on: a camera that pans and zooms over a scene with moving things.

They are drawn and encoded here, so that everyone times the same content: H.264 as x264 makes it by
default, three B-frames, and a key frame every 250 frames; HEVC and AV1 alike. Long clips repeat the
packets of a short one, which takes no encoding.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Picture = npt.NDArray[np.uint8]

KEY_FRAMES_EVERY = 250
FRAMES_PER_SECOND = 30
SEED = 20251218

_KEYS = f"keyint={KEY_FRAMES_EVERY}:min-keyint={KEY_FRAMES_EVERY}:scenecut=0"
OPTIONS = {
    "libx264": {"preset": "medium", "x264-params": _KEYS},
    "libx265": {"preset": "medium", "x265-params": f"log-level=error:{_KEYS}"},
    "libsvtav1": {"preset": "8", "g": str(KEY_FRAMES_EVERY)},
}


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What a clip should be."""

    height: int
    """Rows."""
    width: int
    """Columns."""
    seconds: int
    """Length of the drawn part."""
    repeats: int = 1
    """Times that the drawn part is shown."""
    codec: str = "libx264"
    """FFmpeg's name of the encoder."""

    @property
    def name(self) -> str:
        """File name, which tells all of it."""
        codec = "" if self.codec == "libx264" else f"_{self.codec}"
        return f"{self.width}x{self.height}_{self.seconds * self.repeats}s{codec}.mp4"


def make_clip(plan: ClipPlan, folder: Path) -> Path:
    """Draw and encode a clip, unless the folder has it already."""
    path = folder / plan.name
    if not path.exists():
        drawn = folder / f"drawn_{plan.name}"
        encode(plan, drawn)
        repeat(drawn, path, plan.repeats)
        drawn.unlink()
    return path


def encode(plan: ClipPlan, path: Path) -> None:
    """Encode the scene with one key frame every 250 frames, and else the encoder's defaults."""
    with av.open(str(path), "w") as output:
        os.environ.setdefault("SVT_LOG", "1")  # errors only
        stream: Any = output.add_stream(plan.codec, rate=FRAMES_PER_SECOND)
        stream.height, stream.width, stream.pix_fmt = plan.height, plan.width, "yuv420p"
        stream.options = OPTIONS[plan.codec]
        for picture in scene(plan):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))


def repeat(source: Path, target: Path, times: int) -> None:
    """Write the packets of a clip several times, one showing after the other."""
    with av.open(str(target), "w") as output:
        with av.open(str(source)) as clip:
            copy = output.add_stream_from_template(clip.streams.video[0], opaque=True)
            length = clip.streams.video[0].duration or 0
        for turn in range(times):
            with av.open(str(source)) as clip:
                for packet in clip.demux(video=0):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts += turn * length
                    packet.dts += turn * length
                    packet.stream = copy
                    output.mux(packet)


def scene(plan: ClipPlan) -> Iterator[Picture]:
    """Draw the frames: a drifting, slowly zooming view of a landscape, cars and some grain."""
    random = np.random.default_rng(SEED)
    # The view is up to 1.3 times as wide as the picture; of 4K twice the width would be 2 GB.
    landscape = Image.fromarray(texture(random, side=min(2 * plan.width, 5120)))
    # Drawing grain for each frame would take longer than all else.
    grain = random.normal(0, 2, (8, plan.height, plan.width, 1)).astype(np.int16)
    for number in range(plan.seconds * FRAMES_PER_SECOND):
        picture = view(landscape, plan, number)
        draw_cars(picture, number)
        noisy = np.asarray(picture).astype(np.int16) + np.roll(grain[number % 8], number * 7)
        yield noisy.clip(0, 255).astype(np.uint8)


def view(landscape: Image.Image, plan: ClipPlan, number: int) -> Image.Image:
    """Cut out what the camera sees: it swings over the landscape and breathes in and out."""
    seconds = number / FRAMES_PER_SECOND
    zoom = 1 + 0.2 * math.sin(seconds / 5)
    room_x, room_y = landscape.width - 1.3 * plan.width, landscape.height - 1.3 * plan.height
    left = room_x * (0.5 + 0.45 * math.sin(seconds / 7))
    top = room_y * (0.5 + 0.45 * math.sin(seconds / 11))
    return landscape.transform(
        (plan.width, plan.height),
        Image.Transform.AFFINE,
        (zoom, 0, left, 0, zoom, top),
        Image.Resampling.BILINEAR,
    )


def draw_cars(picture: Image.Image, number: int) -> None:
    """Let six boxes cross the picture at speeds of their own."""
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    for lane in range(6):
        speed = (1 + lane) * 0.0015 * (-1) ** lane
        x = ((lane * 0.31 + number * speed) % 1.2 - 0.1) * width
        y = height * (0.3 + 0.11 * lane)
        colour = (60 + 30 * lane, 220 - 30 * lane, 80 + (lane * 70) % 160)
        draw.rectangle((x, y, x + width * 0.09, y + height * 0.06), fill=colour)


def texture(random: np.random.Generator, side: int) -> Picture:
    """Return a square of detail on all scales, as grass, leaves and walls have it."""
    total = np.zeros((side, side, 3), np.float32)
    for octave in range(2, 10):
        cells = random.normal(0, 1, (2**octave, 2**octave, 3)).astype(np.float32)
        planes = [
            Image.fromarray(cells[..., k]).resize((side, side), Image.Resampling.BICUBIC)
            for k in range(3)
        ]
        total += np.stack([np.asarray(plane) for plane in planes], axis=-1) / 1.6**octave
    low, high = np.percentile(total, (1, 99))
    picture: Picture = ((total - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    return picture
