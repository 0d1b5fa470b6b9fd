"""Time the reading of headers: `vlprep tokens --json` against the least that Pillow can do.

One more part: MP4 headers against the least that PyAV can do.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import av
import numpy as np
from click.testing import CliRunner
from clips import ClipPlan, make_clip
from PIL import ExifTags, Image
from report import Finding, Timing, alternate, finish, milliseconds, options, ratio

from vlprep import count_many
from vlprep.cli import main as vlprep_main
from vlprep.media.probe import probe

FIXTURES = Path(__file__).parents[1] / "fixtures"

RATIO_BAR = 2.5

CAMERA_SIZES = ((640, 480), (1280, 720), (1920, 1080), (2048, 1536), (4032, 3024))
"""Stored width and height; a turned picture is stored so too, and shown upright."""

ORIENTATIONS = (1, 3, 6, 8)
"""The EXIF orientations that cameras write."""

TURNED = (6, 8)
"""Those that swap height and width."""

Origin = Literal["camera", "plain"]
"""Pictures with an EXIF block, or without."""

JPEG_QUALITY = 30
"""Low, as no pixel is read and a thousand files should be small."""

SHOT_AT = b"2025:06:05 12:00:00"
"""Time of each picture in its EXIF block; replaced so that no two files are the same."""

MAKER_NOTE_BYTES = 12_000
"""Cameras and phones write 5 to 40 kB of settings that nobody else can read."""

CLIPS = ("street.mp4", "clip.mp4", "hevc.mp4", "av1.mp4", "video_with_audio.mp4")
CLIP_COUNT = 20
CLIP_PASSES = 5
"""Passes over the clips in one run, as a single one is too short to time."""
CAMERA_CLIP = ClipPlan(1080, 1920, 2)
"""What a clip of a camera is like; the fixtures are small."""


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--files", type=int, default=1000, metavar="N", help="how many JPEGs")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        camera, camera_timed = compare_pictures(Path(folder), arguments.files, "camera")
        plain, plain_timed = compare_pictures(Path(folder), arguments.files, "plain")
        clips, clips_timed = compare_clips("MP4 headers", copy_clips(Path(folder)))
        large, large_timed = compare_clips("MP4 headers of 1080p", large_clips(Path(folder)))
    timings = camera_timed | plain_timed | clips_timed | large_timed
    return finish("headers", timings, [*camera, *plain, *clips, *large], arguments.json)


# Pictures


def compare_pictures(
    folder: Path, count: int, origin: Origin
) -> tuple[list[Finding], dict[str, Timing]]:
    """Time Pillow alone, `count_many` and the whole command on the same files, in turn."""
    expected = write_pictures(folder, count, origin)
    files = list(expected)
    title = f"{count:,} {origin} JPEGs"
    timings = alternate(
        {
            f"{title}: Image.open": lambda: [stored_size(file) for file in files],
            f"{title}: count_many": lambda: list(count_many(files)),
            f"{title}: vlprep tokens --json": lambda: run_command(files),
        },
        rounds=11,
    )
    bare, counted, command = timings.values()
    # The bar is for what cameras write: only there does Pillow by itself read the EXIF block.
    bar = RATIO_BAR if origin == "camera" else None
    findings = [
        ratio(f"{title}: vlprep tokens --json / Image.open", command, bare, bar=bar),
        ratio(f"{title}: count_many / Image.open", counted, bare),
        milliseconds(f"{title}: Image.open", bare),
        milliseconds(f"{title}: vlprep tokens --json", command),
        Finding(what=f"{title}: wrong sizes", value=wrong_sizes(expected), bar=0),
    ]
    return findings, timings


def stored_size(file: str) -> tuple[int, int]:
    """Return width and height as Pillow reads them, with no regard to orientation."""
    with Image.open(file) as image:
        return image.size


def run_command(files: Sequence[str]) -> str:
    """Run `vlprep tokens --json` in this process and return what it prints.

    Everything but the start of the interpreter is in it: parsing, counting, prices, JSON.
    """
    result = CliRunner().invoke(vlprep_main, ["tokens", "--json", *files])
    if result.exit_code:
        raise RuntimeError(f"vlprep tokens failed: {result.stderr}")
    return result.stdout


def wrong_sizes(expected: Mapping[str, tuple[int, int]]) -> int:
    """Count the files that the command does not report with their height and width as shown."""
    items = json.loads(run_command(list(expected)))["items"]
    reported = {item["source"]: (item["height"], item["width"]) for item in items}
    return sum(reported.get(file) != size for file, size in expected.items())


def write_pictures(folder: Path, count: int, origin: Origin) -> dict[str, tuple[int, int]]:
    """Write `count` JPEGs and return their (height, width) as shown.

    Twenty are encoded; the others are these again, those of a camera shot at another second.
    """
    orientations = ORIENTATIONS if origin == "camera" else (1,) * len(ORIENTATIONS)
    kinds = list(product(CAMERA_SIZES, orientations))
    encode = camera_jpeg if origin == "camera" else plain_jpeg
    encoded = [(encode(*kind), shown_size(*kind)) for kind in kinds]
    expected = {}
    for number, (content, size) in enumerate(islice(cycle(encoded), count)):
        file = folder / f"{origin}_{number:04}.jpg"
        file.write_bytes(content.replace(SHOT_AT, shot_at(number), 1))
        expected[str(file)] = size
    return expected


def shown_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return height and width as a viewer shows the picture."""
    width, height = size
    return (width, height) if orientation in TURNED else (height, width)


def shot_at(number: int) -> bytes:
    """Return an EXIF time of the same length as `SHOT_AT`, another for each number."""
    minutes, seconds = divmod(number, 60)
    hours, minutes = divmod(minutes, 60)
    return f"2025:06:05 {hours % 24:02}:{minutes:02}:{seconds:02}".encode()


def camera_jpeg(size: tuple[int, int], orientation: int) -> bytes:
    """Encode a picture as cameras do: EXIF right at the start, no JFIF block."""
    output = io.BytesIO()
    soft_picture(size).save(output, "JPEG", quality=JPEG_QUALITY, exif=camera_exif(orientation))
    return without_jfif(output.getvalue())


def plain_jpeg(size: tuple[int, int], _orientation: int) -> bytes:
    """Encode a picture as web sites and data sets keep it: a JFIF block, no EXIF."""
    output = io.BytesIO()
    soft_picture(size).save(output, "JPEG", quality=JPEG_QUALITY)
    return output.getvalue()


def soft_picture(size: tuple[int, int]) -> Image.Image:
    """Return a picture of random colours that flow into each other, the same in every run."""
    coarse = np.random.default_rng(size).integers(0, 256, size=(24, 32, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def camera_exif(orientation: int) -> Image.Exif:
    """Return an EXIF block of the kind and length that cameras write."""
    tags, exif = ExifTags.Base, Image.Exif()
    exif.update({tags.Make: "Camera", tags.Model: "Model 1", tags.Orientation: orientation})
    exif.update({tags.XResolution: 72.0, tags.YResolution: 72.0, tags.ResolutionUnit: 2})
    exif[tags.DateTime] = SHOT_AT.decode()
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    shot.update({tags.ExposureTime: 0.01, tags.FNumber: 1.8, tags.ISOSpeedRatings: 100})
    shot[tags.MakerNote] = bytes(MAKER_NOTE_BYTES)
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSImgDirection] = 90.0
    return exif


def without_jfif(content: bytes) -> bytes:
    """Drop the JFIF block, which Pillow writes first and cameras leave out."""
    if content[2:4] != b"\xff\xe0":
        return content
    return content[:2] + content[4 + int.from_bytes(content[4:6], "big") :]


# Clips


def compare_clips(kind: str, clips: Iterator[str]) -> tuple[list[Finding], dict[str, Timing]]:
    """Time PyAV alone and `probe` on the same clips, in turn."""
    files = list(clips) * CLIP_PASSES
    title = f"{CLIP_COUNT} {kind}, {CLIP_PASSES} times"
    timings = alternate(
        {
            f"{title}: av.open": lambda: [coded_size(file) for file in files],
            f"{title}: probe": lambda: [probe(file) for file in files],
        },
        rounds=11,
    )
    bare, probed = timings.values()
    return [ratio(f"{title}: probe / av.open", probed, bare)], timings


def coded_size(file: str) -> tuple[int, int]:
    """Return width and height as PyAV reads them, with no regard to rotation or frame count."""
    with av.open(file) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def copy_clips(folder: Path) -> Iterator[str]:
    """Copy the clips of the fixtures until there are enough files."""
    for number, name in enumerate(islice(cycle(CLIPS), CLIP_COUNT)):
        yield str(shutil.copy(FIXTURES / name, folder / f"{number:02}_{name}"))


def large_clips(folder: Path) -> Iterator[str]:
    """Make a clip of a camera's size, and copies of it."""
    clip = make_clip(CAMERA_CLIP, folder)
    for number in range(CLIP_COUNT):
        yield str(shutil.copy(clip, folder / f"{number:02}_{clip.name}"))


if __name__ == "__main__":
    sys.exit(main())
