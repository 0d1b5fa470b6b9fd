"""Write frames to files, with a manifest, so that a folder of them appears whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from vlprep.clips import Frame
from vlprep.output.encode import encode_picture, picture_format
from vlprep.output.target import PathLike, check_new, check_new_folder, check_not_source, new_folder
from vlprep.types import ImageSize

FrameFormat = Literal["jpg", "png", "npy"]

SCHEMA = "vlprep.frames/1"
MANIFEST = "manifest.json"
ARRAY = "frames.npy"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRecord:
    """Where one frame went, and what it is."""

    file: str | None
    """Name of its file in the folder; all share one in the format "npy"; `None`: not written."""
    frame: int
    """Its place among the displayed frames of the clip, from 0."""
    timestamp_seconds: float
    """When it is first displayed, from the first displayed frame."""
    pts: int | None
    """Timestamp in the stream's own ticks."""
    substituted: bool
    """Whether the frame itself is broken and the one displayed before it stands in."""
    damaged: bool
    """Whether the decoder could make out only part of it."""

    @classmethod
    def of(cls, frame: Frame, file: str | None = None) -> FrameRecord:
        """Return the record of a frame, which went into `file`."""
        return cls(
            file=file,
            frame=frame.number,
            timestamp_seconds=frame.timestamp_seconds,
            pts=frame.pts,
            substituted=frame.substituted,
            damaged=frame.damaged,
        )


def check_targets(
    sources: Sequence[str],
    folder: PathLike | None,
    sheet: PathLike | None,
    *,
    is_list: bool,
    overwrite: bool,
) -> None:
    """Find out what can go wrong with writing before anything is decoded."""
    if folder is not None:
        check_new_folder(folder, overwrite=overwrite)
        for source in sources if is_list else ():
            check_not_source(folder, [str(Path(source).parent)])
    if sheet is not None:
        picture_format(sheet)
        check_not_source(sheet, sources)
        if folder is None or Path(sheet).parent != Path(folder):  # else it is there in time
            check_new(sheet, overwrite=overwrite)


Manifest = Callable[[list[FrameRecord]], dict[str, Any]]
"""Gives the document for the frames that were written; refuses when there are none."""


def write_folder(
    frames: Iterable[Frame],
    folder: PathLike,
    manifest: Manifest,
    *,
    format: FrameFormat,
    size: ImageSize,
    overwrite: bool,
) -> list[FrameRecord]:
    """Write frames into a folder: pictures, or one array of frames of `size`, and a manifest.

    Raises the errors of `new_folder` and of `manifest`.
    """
    target = Path(folder)
    with new_folder(target, overwrite=overwrite, index=MANIFEST, outdated=_earlier) as partial:
        if format == "npy":
            records = list(_write_array(frames, partial, size))
        else:
            records = list(_write_pictures(frames, partial, format))
        (partial / MANIFEST).write_text(json.dumps(manifest(records), indent=1))
    return records


def _write_pictures(frames: Iterable[Frame], folder: Path, ending: str) -> Iterator[FrameRecord]:
    for position, frame in enumerate(frames):
        name = f"frame_{position:05}_{frame.timestamp_seconds:.3f}s.{ending}"
        (folder / name).write_bytes(encode_picture(frame.image, picture_format(name)))
        yield FrameRecord.of(frame, name)


def _write_array(frames: Iterable[Frame], folder: Path, size: ImageSize) -> Iterator[FrameRecord]:
    count = 0
    with (folder / ARRAY).open("xb") as file:
        _array_header(file, count, size)
        for frame in frames:
            file.write(frame.image.data)
            count += 1
            yield FrameRecord.of(frame, ARRAY)
        file.seek(0)  # how many came is known now; the header has room for any number
        _array_header(file, count, size)


def _array_header(file: BinaryIO, count: int, size: ImageSize) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *size, 3)}
    np.lib.format.write_array_header_1_0(file, header)


def _earlier(folder: Path) -> list[str]:
    """Return what an earlier manifest lists, so that no old frame stands among the new ones."""
    try:
        earlier = json.loads((folder / MANIFEST).read_bytes())
        names = {entry["file"] for entry in earlier["files"]} if earlier["schema"] == SCHEMA else ()
    except (OSError, ValueError, LookupError, TypeError):
        return []  # no manifest of ours
    return [name for name in names if isinstance(name, str) and Path(name).name == name]
