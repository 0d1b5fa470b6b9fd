"""Read the very frames that a count is about: plan, then decode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vlprep.clips import Frame, FramePlan, Frames
from vlprep.count.frame_list import FrameList, as_frame_list, probe_frame_list, read_frame_list
from vlprep.count.tokens import count_dict
from vlprep.count.videos import VideoCount, video_count
from vlprep.display import brief
from vlprep.draw.fonts import Face, font_named
from vlprep.draw.lettering import font_warnings
from vlprep.draw.sheets import ContactSheet
from vlprep.errors import DecodeError
from vlprep.frames.files import SCHEMA, FrameFormat, FrameRecord, check_targets, write_folder
from vlprep.frames.reading import decode_plan, probe_clip
from vlprep.media.cores import check_threads
from vlprep.media.picture import Pixels
from vlprep.media.source import SourceOrFacts, source_name
from vlprep.models.spec import ModelSpec
from vlprep.output.drawing import Drawing
from vlprep.output.target import PathLike
from vlprep.trust import TRUST, Trust
from vlprep.types import FrameListInfo, ImageSize, Resample, VideoInfo, Watch, unwatched
from vlprep.units import format_size, plural
from vlprep.video.paint import Look
from vlprep.view import View, ViewKeywords


@dataclass(eq=False, repr=False)
class FrameStream:
    """The frames of a plan, decoded as they are asked for, in order and in bounded memory.

    Iterate over it once; close it, or use it in a `with` statement, to stop early.
    """

    sources: tuple[str, ...]
    """The files that are read, as the caller named them; several for a list of images."""
    model: ModelSpec
    """The model that they are for."""
    info: VideoInfo
    """Facts of the header."""
    tokens: VideoCount
    """What these frames cost."""
    _frames: Iterator[Frame]
    tone_mapped: bool = field(default=False, kw_only=True)
    """Whether high dynamic range is mapped to that of ordinary screens."""
    trust: Trust = field(default=TRUST, kw_only=True)
    """What is said of damage."""
    _into: list[Pixels] = field(default_factory=list, kw_only=True)  # once they are gathered: all
    delivered: int = field(default=0, init=False)
    """Frames handed out so far."""
    substituted: int = field(default=0, init=False)
    """Those among them for which the frame displayed before stands in."""
    damaged: int = field(default=0, init=False)
    """Those among them of which the decoder could make out only part."""
    interlaced: int = field(default=0, init=False)
    """Those among them that hold two moments, on alternate rows."""
    _exhausted: bool = field(default=False, init=False)
    _lettering: tuple[str, ...] = field(default=(), init=False)

    def __repr__(self) -> str:
        frames = f"{plural(len(self), 'frame')} of {format_size(self.tokens.resized)}"
        return brief(self, self.source, frames, f"{self.delivered:,} read")

    def __len__(self) -> int:
        """Frames of the plan, handed out or not; damage may leave fewer."""
        return self.plan.frame_count

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        try:
            frame = next(self._frames)
        except StopIteration:
            self._exhausted = True
            raise
        self.delivered += 1
        self.substituted += frame.substituted
        self.damaged += frame.damaged
        self.interlaced += frame.interlaced
        return frame

    def __enter__(self) -> FrameStream:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def source(self) -> str:
        """The first of the files."""
        return self.sources[0]

    @property
    def plan(self) -> FramePlan:
        """The plan that the frames follow."""
        return self.tokens.plan

    @property
    def missing(self) -> int:
        """Frames of the plan that have not been handed out; after the last, those that cannot."""
        return self.plan.frame_count - self.delivered

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the file, the plan and the frames handed out so far."""
        return self.info.warnings + self.tokens.warnings + tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        yield from self.losses()
        if self.interlaced or self.info.interlaced:
            yield "interlaced: a frame holds two moments, which shows as combs where things move"
        if self.info.hdr and not self.tone_mapped:
            yield f"high dynamic range ({self.info.hdr}), which looks flat without tone mapping"
        yield from self._lettering

    def losses(self) -> tuple[str, ...]:
        """Say which frames are not as they should be; nothing where that is accepted."""
        return () if self.trust.on_damage == "accept" else tuple(self._losses())

    def _losses(self) -> Iterator[str]:
        if self._exhausted and self.missing:
            yield (
                f"{self.missing} of the {self.plan.frame_count} frames counted cannot be decoded "
                "and are missing"
            )
        if self.substituted:
            yield (
                f"{self.substituted} of {self.delivered} frames are broken in the file; "
                "the frame before stands in for each"
            )
        if self.damaged:
            yield f"{self.damaged} of {self.delivered} frames are damaged in part"

    def close(self) -> None:
        """Stop decoding and close the file."""
        getattr(self._frames, "close", lambda: None)()

    def save(
        self,
        folder: PathLike | None = None,
        *,
        format: FrameFormat = "jpg",
        sheet: PathLike | None = None,
        font: PathLike | None = None,
        overwrite: bool = False,
        watch: Watch = unwatched,
    ) -> list[FrameRecord]:
        """Write all frames into a folder, draw them on a contact sheet, or both; then close.

        "jpg" (quality 95, full colour) and "png" give one file a frame, named by its place and its
        time; "npy" gives one array, frames x height x width x 3. The folder also gets a manifest,
        as `to_dict` returns it. Files appear together when all frames are read, or not at all.
        `font` is that of `sheet`. `watch` gets the frames, their number and what is being done, and
        passes them on.

        Raises `DecodeError` when no frame can be decoded, `ConstraintError` for a sheet named as no
        known picture format and a font that there is not, the errors of iterating, and those of
        `new_folder` and `new_file`, which come before anything is decoded where they can be
        foreseen.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     stream = stream_frames("fixtures/street.mp4", View.of("qwen3-vl-plus", fps=1))
        ...     saved = stream.save(f"{folder}/frames")
        >>> saved[3].file, saved[3].frame, saved[3].timestamp_seconds
        ('frame_00003_3.000s.jpg', 90, 3.0)
        """
        size, is_list = self.tokens.resized, isinstance(self.info, FrameListInfo)
        with self:
            check_targets(self.sources, folder, sheet, is_list=is_list, overwrite=overwrite)
            face = None if font is None else font_named(font)
            drawn = ContactSheet(self.plan.frame_count, size) if sheet else None
            frames = _seen(watch(self, self.plan.frame_count, "reading frames"), drawn)
            if folder is None:
                records = list(map(FrameRecord.of, frames))
                self.require(records)
            else:
                records = write_folder(
                    frames, folder, self.to_dict, format=format, size=size, overwrite=overwrite
                )
            if drawn is not None and sheet is not None:
                self._drawing(drawn, face).save(sheet, overwrite=overwrite)
        return records

    def sheet(self, *, font: PathLike | None = None, watch: Watch = unwatched) -> Drawing:
        """Draw all frames on a contact sheet, each with its time and its number; then close.

        Letters that Pillow's own font lacks come from `font`, the file or the name of one, or from
        a font of the machine. `watch` is that of `save`.

        Raises `DecodeError` when no frame can be decoded, `ConstraintError` for a font that there
        is not, and the errors of iterating.

        >>> stream_frames("fixtures/street.mp4", View.of("qwen3-vl-plus", fps=1)).sheet()
        Drawing(2392x1269)
        """
        face = None if font is None else font_named(font)
        drawn = ContactSheet(self.plan.frame_count, self.tokens.resized)
        with self:
            for _ in _seen(watch(self, self.plan.frame_count, "reading frames"), drawn):
                pass
        self.require(range(self.delivered))
        return self._drawing(drawn, face)

    def _drawing(self, drawn: ContactSheet, face: Face | None) -> Drawing:
        title, lines = Path(self.source).name, self._caption()
        self._lettering = font_warnings([title, *lines], face)
        sources = () if isinstance(self.info, FrameListInfo) else self.sources
        return Drawing(drawn.draw(title, lines, face), self.warnings, sources)

    def to_dict(self, records: Sequence[FrameRecord] = ()) -> dict[str, Any]:
        """Return the document of `vlprep.frames/1`: what was read, at what cost, and where it went.

        Raises `DecodeError` when not a single frame could be decoded.
        """
        if self._exhausted:
            self.require(range(self.delivered))
        info, count = self.info, count_dict(self.info.size, self.tokens)
        return {
            "schema": SCHEMA,
            "source": self.source,
            "model": self.model.name,
            "rules": self.tokens.rules,
            "fps": None if info.fps is None else float(info.fps),
            "sample_fps": self.plan.sample_fps,
            **count,
            "missing_frames": self.missing,
            "warnings": list(self.warnings),
            "files": [asdict(record) for record in records],
        }

    def none_decoded(self) -> DecodeError:
        """Return the error for a clip of which no frame came out, with what its header tells."""
        problem = "; ".join(["none of the frames could be decoded", *self.info.warnings])
        return DecodeError(self.source, problem)

    def require(self, frames: Sized) -> None:
        """Raise `DecodeError` where not a single frame came."""
        if not frames:
            raise self.none_decoded()

    def _caption(self) -> list[str]:
        """Return the lines of a contact sheet: the clip, what is seen of it, its cost."""
        info, tokens, plan = self.info, self.tokens, self.plan
        rate = f", {float(info.fps):.4g} fps" if info.fps else ""
        seconds = info.duration_seconds or 0
        length = f", {seconds:.{1 if seconds >= 1 else 3}f} s" if seconds else ""
        return [
            f"{format_size(info.size)}{rate}{length}",
            f"{plural(plan.frame_count, 'frame')} of {format_size(tokens.resized)} at "
            f"{plan.sample_fps:.4g} fps, {tokens.total:,} tokens, {self.model.name} by "
            f"{tokens.rules}",
            *self.warnings,
        ]

    def collect(self) -> Frames:
        """Decode all that is left into one array.

        Raises `DecodeError` when no frame could be decoded.
        """
        self.gather()
        return collect_frames(self, self)

    def gather(self) -> None:
        """Have the pictures decoded into one array, if none of them is yet."""
        if not self._into:
            self._into.append(np.empty((len(self), *self.tokens.resized, 3), np.uint8))

    def room(self) -> Pixels:
        """Return the array for all pictures, where they are already if they are gathered."""
        self.gather()
        return self._into[0]


def collect_frames(stream: FrameStream, frames: Iterable[Frame]) -> Frames:
    """Lay frames of a stream, however they came here, into one array.

    Raises `DecodeError` where there are none.
    """
    data, marks = np.empty((0, *stream.tokens.resized, 3), np.uint8), list[Frame]()
    for number, frame in enumerate(frames):
        if not marks:
            data = stream.room()
        if not np.may_share_memory(data[number], frame.image):
            data[number] = frame.image
        marks.append(replace(frame, image=data[:0, 0]))
    stream.require(marks)
    times = tuple(frame.timestamp_seconds for frame in marks)
    return Frames(data[: len(times)], times, stream.warnings, tuple(marks))


def _seen(frames: Iterable[Frame], sheet: ContactSheet | None) -> Iterator[Frame]:
    for frame in frames:
        if sheet is not None:
            sheet.add(frame)
        yield frame


save_frames = FrameStream.save


class FrameKeywords(ViewKeywords, total=False):
    """Keywords of `stream_frames`, and of a view."""

    resample: Resample
    tone_map: bool
    threads: int | None
    memory: int | None
    patience_seconds: float | None


def stream_frames(
    source: SourceOrFacts | Sequence[SourceOrFacts] | FrameList,
    view: View,
    *,
    resample: Resample = "fast",
    tone_map: bool = False,
    threads: int | None = None,
    memory: int | None = None,
    patience_seconds: float | None = None,
) -> FrameStream:
    """Read the frames of a video that `count_file` counts, at the size that the model sees.

    The view's rules choose the frames: API models are shown what is on display every 1/fps seconds,
    open weights the frame numbers of their reference's reader, counted over the displayed frames. A
    list of images, or a folder of them, is a video whose frames are all shown, `fps` apart.

    Frames are RGB uint8 of height x width x 3, upright, with transparency laid on white. `resample`
    is "fast" (FFmpeg's bicubic, in one step with the colours) or "reference" (the full frame, as
    transformers resizes it, to the last bit; a list of images always is). `tone_map` maps high
    dynamic range to that of ordinary screens, which the references do not do. A frame that is
    broken in the file is replaced by the one displayed before it, and says so.

    `threads` is how many decode, by default one for each processor that this process may use; with
    1, all is done in the caller's. `memory` is how many bytes finished frames may take until they
    are asked for, and how many the pictures inside of all decoders; by default a quarter of a GB.

    Raises the errors of `probe` and `video_count`, `UnsupportedFormatError` for a single image,
    `ConstraintError` for an unknown `resample`, and while iterating `DecodeError` and, when a frame
    takes longer than `patience_seconds` (0: no limit; `None`: as the `limits` say),
    `TimeLimitError`.
    """
    return open_frames(
        source,
        view,
        partial(Look, resample=resample, tone_map=tone_map),
        threads=threads,
        memory=memory,
        patience_seconds=patience_seconds,
    )


def open_frames(
    source: SourceOrFacts | Sequence[SourceOrFacts] | FrameList,
    view: View,
    look_at: Callable[[ImageSize], Look],
    *,
    threads: int | None = None,
    memory: int | None = None,
    patience_seconds: float | None = None,
) -> FrameStream:
    """Read the frames that `stream_frames` reads, with any look at a size; raises as it does."""
    trust = view.trust.waiting(patience_seconds)
    check_threads(threads)
    found = as_frame_list(source)
    if isinstance(found, FrameList):
        info = probe_frame_list(found, view)
        tokens = video_count(info, view)
        images = read_frame_list(found, tokens.plan, tokens.resized, view.trust)
        return FrameStream(found.names, view.model, info, tokens, images, trust=view.trust)
    clip = probe_clip(found, view.trust)
    tokens = video_count(clip, view)
    look, into = look_at(tokens.resized), list[Pixels]()
    frames = decode_plan(
        found,
        tokens.plan,
        look,
        threads=threads,
        memory=memory,
        trust=trust,
        into=into,
    )
    return FrameStream(
        (source_name(found),),
        view.model,
        clip,
        tokens,
        frames,
        tone_mapped=look.tone_map,
        trust=view.trust,
        _into=into,
    )
