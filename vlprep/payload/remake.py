"""Make smaller files of what is too large to send, or frames of a video."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from vlprep.check.files import VIDEO_MIME_TYPES, image_byte_limit, takes_image
from vlprep.compress.image import compress_image
from vlprep.compress.video import compress_video
from vlprep.count.frame_list import FrameList
from vlprep.errors import ConstraintError
from vlprep.frames.stream import FrameStream, read_frames
from vlprep.media.encode import MIME_TYPES, encode_jpeg
from vlprep.media.probe import probe
from vlprep.media.sniff import endings
from vlprep.media.source import SourceLike, source_name
from vlprep.media.target import new_file
from vlprep.models.registry import get_route
from vlprep.payload.media import as_it_is, count_as_sent, frame_list
from vlprep.payload.parts import MediaPart, SentFile
from vlprep.payload.wish import Wish, list_rate, sampling_rate, unsaid
from vlprep.types import Frame, ImageInfo, VideoInfo

FRAME_QUALITY = 90
"""JPEG quality of frames that are sent in place of a video."""


def compressed(source: SourceLike | FrameList, wish: Wish, number: int) -> MediaPart:
    """Return the part that a source becomes when it is brought under the limits of the route."""
    if isinstance(source, FrameList):
        return _compressed_list(source, wish, number)
    if isinstance(probe(source), VideoInfo):
        return _compressed_video(source, wish, number)
    return _compressed_image(source, wish, number)


def sampled(source: SourceLike | FrameList, wish: Wish, number: int) -> MediaPart:
    """Return the part of the frames that the model's sampler picks, as JPEGs of the model's size.

    Raises `ConstraintError` where they are so far apart that the protocol cannot say it.
    """
    images = list(source.images) if isinstance(source, FrameList) else source
    with read_frames(
        images,
        wish.spec,
        fps=wish.fps,
        max_frames=None if isinstance(source, FrameList) else wish.max_frames,
        min_pixels=wish.min_pixels,
        max_pixels=wish.max_pixels,
        rules=wish.rules,
        tone_map=True,
    ) as stream:
        rate = list_rate(_true_rate(stream), wish, stream.source)
        files = [_frame_file(frame, stream, wish, number) for frame in stream]
        warnings = stream.warnings
    sources = [file.source for file in files if file.source is not None]
    tokens, more = count_as_sent(sources, wish, rate, is_video=True)
    if tokens is not None and tokens.total != stream.tokens.total:
        more = (*more, *unsaid(wish))  # the service sizes them by limits of its own
    height, width = stream.tokens.resized
    note = f"{len(files)} frames of {width}x{height} as JPEG, {1 / rate:.4g} s apart"
    return MediaPart(
        name=stream.source,
        kind="frames",
        files=tuple(files),
        action="sampled",
        fps=rate,
        states_fps=wish.states_fps,
        tokens=tokens,
        limits=wish.pixel_limits if wish.video_fields else {},
        notes=(note,),
        warnings=tuple(dict.fromkeys((*warnings, *more))),
    )


def _true_rate(stream: FrameStream) -> float:
    """Return how many frames pass in a second, by the moments that were sampled."""
    moments = stream.plan.timestamps_seconds
    span = moments[-1] - moments[0]
    return round((len(moments) - 1) / span, 6) if span > 0 else stream.plan.sample_fps


def _frame_file(frame: Frame, stream: FrameStream, wish: Wish, number: int) -> SentFile:
    name = f"{stream.source} at {frame.timestamp_seconds:.3f} s"
    content = encode_jpeg(frame.image, FRAME_QUALITY)
    file_name = f"{number:03}-{stream.delivered:05}.jpg"
    return _made(content, name, "image/jpeg", file_name, wish)


def _compressed_list(found: FrameList, wish: Wish, number: int) -> MediaPart:
    """Send a list as it is, or all of it as JPEGs: the frames of a video have one size."""
    if all(_fits(image, wish) for image in found.images):
        return frame_list(found, wish)
    return sampled(found, wish, number)


def _fits(image: SourceLike, wish: Wish) -> bool:
    info = probe(image)
    if not isinstance(info, ImageInfo):
        return False
    limit = image_byte_limit(wish.spec, get_route(wish.route), MIME_TYPES[info.format])
    return takes_image(wish.spec, info.format, info.size) and (info.file_bytes or 0) < limit


def _compressed_image(source: SourceLike, wish: Wish, number: int) -> MediaPart:
    made = compress_image(
        source,
        wish.spec,
        route=wish.route,
        min_pixels=wish.min_pixels,
        max_pixels=wish.max_pixels,
        high_res=wish.high_res,
        rules=wish.rules,
    )
    if made.action == "unchanged":
        return as_it_is(source, wish)
    file_name = _file_name(source, number, made.endings[0])
    return MediaPart(
        name=made.source,
        kind="image",
        files=(_made(made.content, made.source, made.mime_type, file_name, wish),),
        action=made.action,
        tokens=made.tokens_after,
        limits=wish.pixel_limits,
        notes=(
            f"{made.bytes_before:,} to {made.bytes_after:,} bytes: {made.reason}",
            *made.dropped,
        ),
        warnings=made.warnings,
    )


def _compressed_video(source: SourceLike, wish: Wish, number: int) -> MediaPart:
    rate = sampling_rate(wish)

    def inside(folder: Path) -> Callable[[str], Path]:
        return lambda format: folder / f"video{endings(format)[0]}"

    with TemporaryDirectory() as folder:
        made = compress_video(
            source,
            inside(Path(folder)),
            wish.spec,
            route=wish.route,
            fps=wish.fps,
            min_pixels=wish.min_pixels if wish.video_fields else None,
            max_pixels=wish.max_pixels if wish.video_fields else None,
            rules=wish.rules,
        )
        if made.action == "unchanged":
            return as_it_is(source, wish)
        content = Path(str(made.target)).read_bytes()
    file_name = _file_name(source, number, endings(made.format)[0])
    mime_type = VIDEO_MIME_TYPES[made.format]
    return MediaPart(
        name=made.source,
        kind="video",
        files=(_made(content, made.source, mime_type, file_name, wish),),
        action=made.action,
        fps=rate,
        tokens=made.tokens_after,
        limits=wish.pixel_limits if wish.video_fields else {},
        notes=(f"{made.bytes_before:,} to {len(content):,} bytes: {made.reason}", *made.dropped),
        warnings=made.warnings,
    )


def _file_name(source: SourceLike, number: int, ending: str) -> str:
    """Name a new file after its source, and unlike any other of the request."""
    stem = Path(source_name(source)).stem if isinstance(source, str) else "media"
    return f"{number:03}-{stem[:40] if stem.isprintable() else 'media'}{ending}"


def _made(content: bytes, name: str, mime_type: str, file_name: str, wish: Wish) -> SentFile:
    """Return a file made here: in memory, or written where the route needs a path."""
    source: SourceLike = content
    path = None
    if wish.route == "path":
        if wish.folder is None:
            problem = "the route path needs a folder for what is made of it (folder or --folder)"
            raise ConstraintError(f"{name}: {problem}")
        target = Path(wish.folder) / file_name
        with new_file(target) as file:
            file.write(content)
        path = str(target.absolute())
        source = path
    return SentFile(
        name=name, source=source, mime_type=mime_type, file_bytes=len(content), path=path
    )
