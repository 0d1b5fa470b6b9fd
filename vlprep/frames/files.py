"""Write the frames that a model sees to files, with a manifest of times and tokens, and a sheet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from vlprep.draw.sheets import ContactSheet
from vlprep.errors import DecodeError
from vlprep.frames.stream import FrameStream
from vlprep.media.encode import encode_picture, picture_format
from vlprep.media.target import (
    PathLike,
    check_new,
    check_new_folder,
    check_not_source,
    new_file,
    new_folder,
)
from vlprep.types import Frame, FrameListInfo, ImageSize, Watch, unwatched
from vlprep.units import format_size

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


def save_frames(
    stream: FrameStream,
    folder: PathLike | None = None,
    *,
    format: FrameFormat = "jpg",
    sheet: PathLike | None = None,
    overwrite: bool = False,
    watch: Watch = unwatched,
) -> list[FrameRecord]:
    """Write all frames of a stream into a folder, draw them on a contact sheet, or both.

    "jpg" (quality 95, full colour) and "png" give one file a frame, named by its place and its
    time; "npy" gives one array, frames x height x width x 3. The folder also gets a manifest, as
    `manifest` returns it. Files appear together when all frames are read, or not at all. `watch`
    gets the frames, their number and what is being done, and passes them on. The stream is closed
    at the end.

    Raises `DecodeError` when no frame can be decoded, `ConstraintError` for a sheet named as no
    known picture format, the errors of iterating over a stream, and those of `new_folder` and
    `new_file`, which come before anything is decoded where they can be foreseen.

    >>> from tempfile import TemporaryDirectory
    >>> from vlprep import read_frames
    >>> with TemporaryDirectory() as folder:
    ...     stream = read_frames("fixtures/street.mp4", "qwen3-vl-plus", fps=1)
    ...     saved = save_frames(stream, f"{folder}/frames")
    >>> saved[3].file, saved[3].frame, saved[3].timestamp_seconds
    ('frame_00003_3.000s.jpg', 90, 3.0)
    """
    with stream:
        _check_targets(stream, folder, sheet, overwrite)
        drawn = ContactSheet(stream.plan.frame_count, stream.tokens.resized) if sheet else None
        frames = _seen(watch(stream, stream.plan.frame_count, "reading frames"), drawn)
        if folder is None:
            records = [_record(frame, None) for frame in frames]
            _require(records, stream)
        else:
            records = _save(stream, frames, Path(folder), format, overwrite)
        if drawn is not None and sheet is not None:
            picture = drawn.draw(Path(stream.source).name, caption(stream))
            with new_file(sheet, overwrite=overwrite) as file:
                file.write(encode_picture(picture, picture_format(sheet)))
    return records


def manifest(stream: FrameStream, records: Iterable[FrameRecord]) -> dict[str, Any]:
    """Return what was read, for whom and at what cost, as it is written to `manifest.json`."""
    info, tokens, plan = stream.info, stream.tokens, stream.plan
    return {
        "schema": SCHEMA,
        "source": stream.source,
        "model": stream.model.name,
        "rules": tokens.rules,
        "height": info.size.height,
        "width": info.size.width,
        "fps": None if info.fps is None else float(info.fps),
        "resized_height": tokens.resized.height,
        "resized_width": tokens.resized.width,
        "frames": plan.frame_count,
        "sample_fps": plan.sample_fps,
        "tokens": tokens.total,
        "visual_tokens": tokens.visual,
        "marker_tokens": tokens.markers,
        "text_tokens": tokens.text,
        "missing_frames": stream.missing,
        "warnings": list(stream.warnings),
        "files": [asdict(record) for record in records],
    }


def caption(stream: FrameStream) -> list[str]:
    """Return the lines that stand on a contact sheet: the clip, what is seen of it, its cost."""
    info, tokens, plan = stream.info, stream.tokens, stream.plan
    rate = f", {float(info.fps):.4g} fps" if info.fps else ""
    length = f", {info.duration_seconds:.1f} s" if info.duration_seconds else ""
    return [
        f"{format_size(info.size)}{rate}{length}",
        f"{plan.frame_count} frames of {format_size(tokens.resized)} at {plan.sample_fps:.4g} fps, "
        f"{tokens.total:,} tokens, {stream.model.name} by {tokens.rules}",
        *stream.warnings,
    ]


def _check_targets(
    stream: FrameStream, folder: PathLike | None, sheet: PathLike | None, overwrite: bool
) -> None:
    """Find out what can go wrong with writing before anything is decoded."""
    if folder is not None:
        check_new_folder(folder, overwrite=overwrite)
        if isinstance(stream.info, FrameListInfo):
            for source in stream.sources:
                check_not_source(folder, [str(Path(source).parent)])
    if sheet is not None:
        picture_format(sheet)
        check_not_source(sheet, stream.sources)
        if folder is None or Path(sheet).parent != Path(folder):  # else it is there in time
            check_new(sheet, overwrite=overwrite)


def _seen(frames: Iterable[Frame], sheet: ContactSheet | None) -> Iterator[Frame]:
    for frame in frames:
        if sheet is not None:
            sheet.add(frame)
        yield frame


def _save(
    stream: FrameStream, frames: Iterator[Frame], folder: Path, format: FrameFormat, overwrite: bool
) -> list[FrameRecord]:
    with new_folder(folder, overwrite=overwrite, index=MANIFEST, outdated=_earlier) as partial:
        if format == "npy":
            records = list(_write_array(frames, partial, stream))
        else:
            records = list(_write_pictures(frames, partial, format))
        _require(records, stream)
        (partial / MANIFEST).write_text(json.dumps(manifest(stream, records), indent=1))
    return records


def _write_pictures(frames: Iterable[Frame], folder: Path, ending: str) -> Iterator[FrameRecord]:
    for position, frame in enumerate(frames):
        name = f"frame_{position:05}_{frame.timestamp_seconds:.3f}s.{ending}"
        (folder / name).write_bytes(encode_picture(frame.image, picture_format(name)))
        yield _record(frame, name)


def _write_array(
    frames: Iterable[Frame], folder: Path, stream: FrameStream
) -> Iterator[FrameRecord]:
    with (folder / ARRAY).open("xb") as file:
        _array_header(file, stream.plan.frame_count, stream.tokens.resized)
        for frame in frames:
            file.write(frame.image.data)
            yield _record(frame, ARRAY)
        # Fewer may have come than were planned; the header has room for any number.
        file.seek(0)
        _array_header(file, stream.delivered, stream.tokens.resized)


def _array_header(file: BinaryIO, count: int, size: ImageSize) -> None:
    shape = (count, size.height, size.width, 3)
    np.lib.format.write_array_header_1_0(
        file, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )


def _require(records: list[FrameRecord], stream: FrameStream) -> None:
    if not records:
        raise DecodeError(stream.source, "none of the frames could be decoded")


def _record(frame: Frame, file: str | None) -> FrameRecord:
    return FrameRecord(
        file=file,
        frame=frame.number,
        timestamp_seconds=frame.timestamp_seconds,
        pts=frame.pts,
        substituted=frame.substituted,
        damaged=frame.damaged,
    )


def _earlier(folder: Path) -> list[str]:
    """Return what an earlier manifest lists, so that no old frame stands among the new ones."""
    try:
        earlier = json.loads((folder / MANIFEST).read_bytes())
        names = {entry["file"] for entry in earlier["files"]} if earlier["schema"] == SCHEMA else ()
    except (OSError, ValueError, LookupError, TypeError):
        return []  # no manifest of ours
    return [name for name in names if isinstance(name, str) and Path(name).name == name]
