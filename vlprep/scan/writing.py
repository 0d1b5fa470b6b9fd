"""Jobs that write files: smaller media, or the frames that the model sees, in a tree like theirs.

Both are operators of `batch` that need one column more, `place`: where in the folder a row's files
go. What stands there already is kept, unless it may be overwritten or is the same to the last byte,
as after a run that was killed between a file and its row.
"""

from __future__ import annotations

import filecmp
import os
import re
from abc import abstractmethod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

from vlprep.batch.operator import Operator, failed, source_of
from vlprep.batch.operators import CompressMedia
from vlprep.batch.tables import Batch, Columns, Row, column_of
from vlprep.errors import ConstraintError, VlprepError
from vlprep.output.target import new_file
from vlprep.scan.rows import PLACE

OWN = frozenset({"folder", "overwrite"})


def place_of(name: str) -> str:
    """Return a path within a folder for a name, which may be anybody's: none leads out of it.

    >>> place_of("/data/../photos/a.jpg"), place_of("shard.tar:../../a.jpg")
    ('data/photos/a.jpg', 'shard.tar:../a.jpg')
    """
    parts = re.split(r"[/\\]" if os.name == "nt" else "/", name)
    if os.name == "nt":
        parts = [re.sub(r'[<>:"|?*]', "_", part).rstrip(". ") for part in parts]
    return "/".join(part for part in parts if part not in ("", ".", ".."))


class WritingJob(Operator):
    """An operator that writes into `folder`, with `overwrite` over what is there."""

    __slots__ = ()

    @property
    def folder(self) -> str:
        """Where its files go."""
        return str(dict(self.settings)["folder"])

    @property
    def unforced(self) -> Self:
        """The same job that overwrites nothing, whose rows are the same."""
        settings = {**dict(self.settings), "overwrite": False}
        return self.of(self.view, column=self.column, prefix=self.prefix, **settings)

    def work(self, batch: Batch) -> list[Row]:
        """Return the new columns' values row by row, after their files are written."""
        pairs = zip(column_of(batch, self.column), column_of(batch, PLACE), strict=True)
        return [self._written(value, place) for value, place in pairs]

    def _written(self, value: Any, place: str) -> Row:
        overwrite = bool(dict(self.settings).get("overwrite"))
        try:
            return self._write(value, Path(self.folder, place_of(place)), overwrite)
        except (VlprepError, OSError) as error:
            return failed(error)

    @abstractmethod
    def _write(self, value: Any, target: Path, overwrite: bool) -> Row:
        """Write what becomes of a row, and return the row's values."""

    def _how(self) -> dict[str, Any]:
        """Return what is asked of the work itself."""
        return {name: value for name, value in self.settings if name not in OWN}

    def _keywords(self) -> frozenset[str]:
        return OWN

    def _try(self) -> None:
        if not dict(self.settings).get("folder"):
            raise ConstraintError("a `folder` is needed, into which files are written")


_INSTEAD = {"tokens_after": "tokens", "content": "written"}
"""Columns of `CompressMedia` in whose places others are: what a row costs is its `tokens`."""


class CompressInto(WritingJob):
    """Bring each row's file under a byte limit; the result has its name in the folder.

    A file of another format has the ending of that one behind its own name. The keywords are those
    of `compress_file`.

    >>> with TemporaryDirectory() as folder:
    ...     job = CompressInto("qwen3-vl-plus", folder=folder, limit=27_000)
    ...     done = job({"path": ["fixtures/photo.jpg"], "place": ["a/photo.jpg"]})
    ...     Path(done["written"][0]).relative_to(folder).as_posix(), done["bytes_after"][0] < 27_000
    ('a/photo.jpg', True)
    """

    __slots__ = ()

    columns: ClassVar[Columns] = {
        "tokens": "int64",
        **{name: kind for name, kind in CompressMedia.columns.items() if name not in _INSTEAD},
        "written": "string",
    }

    def _write(self, value: Any, target: Path, overwrite: bool) -> Row:
        from vlprep.media.sniff import endings

        work = self._operator()
        (row,) = work.work({work.column: [value]})
        if row.get("error_code"):
            return row
        content, ending = row.pop("content"), endings(row["format"])
        row["tokens"] = row.pop("tokens_after")
        if target.suffix.lower() not in ending:
            target = target.with_name(target.name + ending[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (target.is_file() and target.read_bytes() == content):
            with new_file(target, overwrite=overwrite) as file:
                file.write(content)
        return {**row, "written": str(target)}

    def _operator(self) -> CompressMedia:
        return CompressMedia.of(self.view, **self._how())

    def _keywords(self) -> frozenset[str]:
        from vlprep.compress.many import CompressKeywords

        return OWN | frozenset(CompressKeywords.__annotations__) - {"watch", "dry_run"}

    def _try(self) -> None:
        WritingJob._try(self)
        self._operator()


class FramesInto(WritingJob):
    """Write the frames that the model sees of each row's video, and their manifest, into a folder.

    Each clip has a folder with its whole name. `format` is "jpg", "png" or "npy"; the other
    keywords are those of `read_frames`.

    >>> with TemporaryDirectory() as folder:
    ...     job = FramesInto("qwen3-vl-plus", folder=folder, fps=1)
    ...     done = job({"path": ["fixtures/clip.mp4"], "place": ["clip.mp4"]})
    ...     done["frames"], sorted(os.listdir(done["written"][0]))[0]
    ([4], 'frame_00000_0.000s.jpg')
    """

    __slots__ = ()

    columns: ClassVar[Columns] = {
        "kind": "string",
        "height": "int64",
        "width": "int64",
        "tokens": "int64",
        "sample_fps": "float64",
        "frames": "int64",
        "timestamps": "list<float64>",
        "warnings": "list<string>",
        "written": "string",
    }

    def _write(self, value: Any, target: Path, overwrite: bool) -> Row:
        target.parent.mkdir(parents=True, exist_ok=True)
        if overwrite or not target.exists():
            return {**self._frames(value, target, overwrite), "written": str(target)}
        with TemporaryDirectory() as folder:
            row = self._frames(value, Path(folder, "again"), False)
            if not _is_same(Path(folder, "again"), target):
                self._frames(value, target, False)  # says that something stands there
        return {**row, "written": str(target)}

    def _frames(self, value: Any, target: Path, overwrite: bool) -> Row:
        from vlprep.frames.stream import stream_frames

        asked = {"threads": 1, **self._how()}
        form = asked.pop("format", "jpg")
        with stream_frames(source_of(value), self.view, **asked) as stream:
            records = stream.save(target, format=form, overwrite=overwrite)
        return {
            "kind": "video",
            "height": stream.tokens.resized.height,
            "width": stream.tokens.resized.width,
            "tokens": stream.tokens.total,
            "sample_fps": stream.plan.sample_fps,
            "frames": len(records),
            "timestamps": [record.timestamp_seconds for record in records],
            "warnings": list(stream.warnings),
        }

    def _keywords(self) -> frozenset[str]:
        from vlprep.frames.stream import FrameKeywords

        return OWN | frozenset(FrameKeywords.__annotations__) | {"format"}


def _is_same(made: Path, there: Path) -> bool:
    """Say whether a folder holds the same files as another, and nothing else."""
    if not there.is_dir():
        return False
    names = sorted(os.listdir(made))  # noqa: PTH208
    if names != sorted(os.listdir(there)):  # noqa: PTH208
        return False
    return filecmp.cmpfiles(made, there, names, shallow=False)[0] == names
