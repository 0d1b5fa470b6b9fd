"""Measure compressed images and videos against the recipes that the vendor's guide prints."""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from clips import FRAMES_PER_SECOND, ClipPlan, scene
from pictures import (
    camera_photos,
    decoded,
    drawn_photos,
    encoded,
    psnr,
    screens,
    seen,
)
from PIL import Image
from report import Finding, Timing, finish, options, ratio

from vlprep import compress_image, compress_video, read_frames

MODELS = ("qwen3-vl-plus", "qvq-max")  # 2,560 tokens of 32 pixels, 1,280 of 28
SHARES = (0.8, 0.5, 0.3, 0.15)
"""Limits, as parts of the source's bytes."""

PHOTO_BAR_DB, TEXT_BAR_DB, ENCODES_BAR = 1, 5, 2.5
SMALLER_BAR, VIDEO_BAR_DB = 10, 39


# Images.


@dataclass(frozen=True, slots=True)
class Trial:
    """One image under one limit for one model."""

    gain_db: float
    """How much nearer to the source the model's view is than with the guide's recipe."""
    encodes: int
    """How often it was encoded."""


def try_images(images: Iterable[tuple[str, bytes]]) -> list[Trial]:
    """Bring each image under each limit for each model."""
    return [
        try_image(content, round(share * len(content)), model)
        for _, content in images
        for share in SHARES
        for model in MODELS
    ]


def try_image(content: bytes, limit: int, model: str) -> Trial:
    """Set the model's view of our file against that of the guide's recipe at as many bytes."""
    ours = compress_image(content, model, limit=limit)
    assert ours.bytes_after < limit
    source, (height, width) = decoded(content), ours.tokens_before.resized
    view = seen(source, height, width)
    near = psnr(view, seen(decoded(ours.content), height, width))
    recipe = Recipe(source, height, width)
    return Trial(near - recipe.at(ours.bytes_after, view), ours.encodes)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The guide's lines: the full size through Pillow's JPEG encoder, at some quality."""

    source: Image.Image
    height: int
    width: int

    def at(self, bytes_wanted: int, view: Any) -> float:
        """Return the view's PSNR at a number of bytes, between the two qualities next to it."""
        low, high = 1, 100
        while high - low > 1:
            middle = (low + high) // 2
            fits = len(self._file(middle)) <= bytes_wanted
            low, high = (middle, high) if fits else (low, middle)
        small, large = self._file(low), self._file(high)
        share = math.log(bytes_wanted / len(small)) / math.log(len(large) / len(small))
        near = [psnr(view, seen(decoded(file), self.height, self.width)) for file in (small, large)]
        return near[0] + min(max(share, 0), 1) * (near[1] - near[0])

    def _file(self, quality: int) -> bytes:
        return encoded(self.source, "JPEG", optimize=True, quality=quality)


def image_findings(kinds: Mapping[str, tuple[list[Trial], float]]) -> Iterator[Finding]:
    """Report the gain for each kind of image, and the encodes for all of them."""
    for kind, (trials, bar) in kinds.items():
        gains = [trial.gain_db for trial in trials]
        yield Finding(
            what=f"{len(trials)} {kind}: gain over the guide's recipe at equal bytes",
            value=statistics.median(gains),
            unit=" dB",
            low=min(gains),
            high=max(gains),
            bar=bar,
            more_is_better=True,
        )
    encodes = [trial.encodes for trials, _ in kinds.values() for trial in trials]
    yield Finding(
        what="the same: encodes an image, mean",
        value=statistics.mean(encodes),
        low=min(encodes),
        high=max(encodes),
        bar=ENCODES_BAR,
    )


# Videos.


@dataclass(frozen=True, slots=True)
class Camera:
    """A clip as a camera writes it."""

    plan: ClipPlan
    bit_rate: int

    def name(self, path: Path) -> str:
        """Return what the table calls it, with the bit rate that the encoder came to."""
        rate = path.stat().st_size * 8 / self.plan.seconds / 1e6
        return f"{self.plan.height}p, {self.plan.seconds} s, {rate:.3g} Mbit/s"


CAMERAS = (
    Camera(ClipPlan(720, 1280, 20), 9_000_000),
    Camera(ClipPlan(1080, 1920, 20), 17_000_000),
)


def record(camera: Camera, folder: Path) -> Path:
    """Draw and encode a clip, unless the folder has it already."""
    path = folder / f"camera_{camera.plan.name}"
    if path.exists():
        return path
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.height, stream.width = camera.plan.height, camera.plan.width
        stream.pix_fmt, stream.bit_rate = "yuv420p", camera.bit_rate
        stream.options = {"preset": "veryfast"}  # as little effort as a camera's chip
        for picture in scene(camera.plan):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path


def follow_guide(source: Path, target: Path) -> None:
    """Encode as the guide says: all frames, full size, `-crf 28 -preset slow`."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=FRAMES_PER_SECOND)
        picture = clip.streams.video[0]
        picture.thread_type = "AUTO"
        stream.height, stream.width, stream.pix_fmt = picture.height, picture.width, "yuv420p"
        stream.options = {"preset": "slow", "crf": "28"}
        for frame in clip.decode(picture):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def try_camera(
    camera: Camera, folder: Path, rounds: int
) -> tuple[list[Finding], dict[str, Timing]]:
    """Compress a clip and follow the guide in turn; compare time, bytes and sampled frames."""
    source = record(camera, folder)
    name = camera.name(source)
    ours, guide = folder / "ours.mp4", folder / "guide.mp4"
    seconds: dict[str, list[float]] = {"vlprep": [], "guide": []}
    for _ in range(rounds):
        started = time.perf_counter()
        done = compress_video(source, ours, MODELS[0], overwrite=True)
        seconds["vlprep"].append(time.perf_counter() - started)
        started = time.perf_counter()
        follow_guide(source, guide)
        seconds["guide"].append(time.perf_counter() - started)
    walls = {name: Timing(tuple(runs)) for name, runs in seconds.items()}
    near = frames_psnr(source, ours)
    assert done.ratio is not None
    findings = [
        Finding(
            what=f"{name}: bytes / bytes of the model's view",
            value=done.ratio,
            unit="x",
            bar=SMALLER_BAR,
            more_is_better=True,
        ),
        Finding(
            what=f"{name}: the sampled frames, {len(near)} of them",
            value=statistics.mean(near),
            unit=" dB",
            low=min(near),
            high=max(near),
            bar=VIDEO_BAR_DB,
            more_is_better=True,
        ),
        ratio(
            f"{name}: the guide's crf 28 preset slow / vlprep",
            walls["guide"],
            walls["vlprep"],
            bar=1,
            more_is_better=True,
        ),
    ]
    return findings, {f"{name}: {name}": wall for name, wall in walls.items()}


def frames_psnr(source: Path, result: Path) -> list[float]:
    """Compare what the model is shown of two videos, frame by frame."""
    with read_frames(source, MODELS[0]) as before, read_frames(result, MODELS[0]) as after:
        return [psnr(a.image, b.image) for a, b in zip(before, after, strict=True)]


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="JPEGs of cameras, as well")
    parser.add_argument("--clips", type=Path, metavar="FOLDER", help="keep the clips here")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each video")
    arguments = parser.parse_args()
    kinds = {
        "drawn photos": (try_images(drawn_photos()), PHOTO_BAR_DB),
        "screens of text": (try_images(screens()), TEXT_BAR_DB),
    }
    if arguments.photos is not None:
        kinds["camera photos"] = (try_images(camera_photos(arguments.photos)), PHOTO_BAR_DB)
    findings = list(image_findings(kinds))
    timings: dict[str, Timing] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder: Path = arguments.clips or Path(scratch)
        for camera in CAMERAS:
            found, walls = try_camera(camera, folder, arguments.rounds)
            findings += found
            timings |= walls
    return finish("compress", timings, findings, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
