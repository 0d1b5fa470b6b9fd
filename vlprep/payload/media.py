"""Send files as they are: their type by their content, their bytes untouched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vlprep.check.files import VIDEO_MIME_TYPES
from vlprep.count.files import count_tokens
from vlprep.count.frame_list import FrameList
from vlprep.count.tokens import TokenCount
from vlprep.errors import ConstraintError, UnsupportedFormatError, VlprepError
from vlprep.media.encode import MIME_TYPES
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, open_item, source_name
from vlprep.payload.parts import MediaPart, SentFile
from vlprep.payload.urls import MediaUrl, is_web_url
from vlprep.payload.wish import Wish, list_rate, sampling_rate, unsaid
from vlprep.types import ImageInfo, VideoInfo


def as_it_is(source: SourceLike, wish: Wish) -> MediaPart:
    """Return the part that an image or a video becomes with its own bytes."""
    file, info = _sent_file(source, wish)
    is_video = isinstance(info, VideoInfo)
    limits, fps = wish.pixel_limits, None
    warnings = [*info.warnings, *_misnamed(file)]
    if is_video:
        fps, limits = sampling_rate(wish), limits if wish.video_fields else {}
        warnings += unsaid(wish)
    tokens, uncounted = count_as_sent(
        source, wish, wish.fps if is_video else None, is_video=is_video
    )
    return MediaPart(
        name=file.name,
        kind="video" if is_video else "image",
        files=(file,),
        fps=fps,
        tokens=tokens,
        limits=limits,
        warnings=(*warnings, *uncounted),
    )


def frame_list(found: FrameList, wish: Wish) -> MediaPart:
    """Return the part that a list of images becomes with their own bytes."""
    files = [_list_file(image, wish) for image in found.images]
    rule = wish.spec.rules(wish.rules).video
    rate, warnings = wish.fps, []
    if rate is None:
        rate = wish.api.fixed_fps or (rule.fps if rule else None)
        if rate is None:
            raise ConstraintError(f"{source_name(found.images[0])}: say the fps of the list")
        warnings = [f"taken for frames {1 / rate:g} s apart; fps or --fps says otherwise"]
    rate = list_rate(rate, wish, files[0].name)
    local = all(file.url is None for file in files)
    tokens, uncounted = (
        count_as_sent(found.images, wish, rate, is_video=True) if local else (None, ())
    )
    return MediaPart(
        name=files[0].name,
        kind="frames",
        files=tuple(files),
        action="unchanged" if local else "given",
        fps=rate,
        states_fps=wish.states_fps,
        tokens=tokens,
        limits=wish.pixel_limits if wish.video_fields else {},
        warnings=(*warnings, *(w for file in files for w in _misnamed(file)), *uncounted),
    )


def _list_file(image: SourceLike | MediaUrl, wish: Wish) -> SentFile:
    if isinstance(image, MediaUrl) or is_web_url(image):
        url = image.url if isinstance(image, MediaUrl) else str(image)
        return SentFile(name=url, source=None, url=url)
    return _sent_file(image, wish)[0]


def _sent_file(source: SourceLike, wish: Wish) -> tuple[SentFile, ImageInfo | VideoInfo]:
    """Return a file as it is sent, and what its header says."""
    info = probe(source)
    with open_item(source) as item:
        found = item.found
        length, path = item.file_bytes, item.path
    mime_type = MIME_TYPES.get(found.name) or VIDEO_MIME_TYPES.get(found.name)
    if mime_type is None:
        problem = f"{found.name}, which has no MIME type among those taken; --compress makes an MP4"
        raise UnsupportedFormatError(source_name(source), problem, format=found.name)
    by_path = local_path(path, source_name(source), wish) if wish.route == "path" else None
    file = SentFile(
        name=source_name(source),
        source=source,
        mime_type=mime_type,
        file_bytes=length,
        path=by_path,
    )
    return file, info


def local_path(path: str | None, name: str, wish: Wish) -> str:
    """Return where a file lies, for the route "path"; raises `ConstraintError` for what is none."""
    if path is None:
        raise ConstraintError(f"{name}: has no path to send; use the route base64")
    return str(Path(path).absolute())  # links stay: the SDK sends the name as well


def count_as_sent(
    source: SourceLike | Sequence[SourceLike], wish: Wish, fps: float | None, *, is_video: bool
) -> tuple[TokenCount | None, tuple[str, ...]]:
    """Count what a source costs as it is sent; or tell why it is not known."""
    as_sent = wish.video_fields or not is_video
    try:
        count = count_tokens(
            source,
            wish.spec,
            fps=fps,
            min_pixels=wish.min_pixels if as_sent else None,
            max_pixels=wish.max_pixels if as_sent else None,
            high_res=wish.high_res,
            rules=wish.rules,
        )
    except VlprepError as error:
        return None, (f"not counted: {str(error).removeprefix(f'{_first_name(source)}: ')}",)
    return count.tokens, count.tokens.warnings


def _first_name(source: SourceLike | Sequence[SourceLike]) -> str:
    """Return what messages call a source, or the first of several."""
    return source_name(source[0] if isinstance(source, list | tuple) else source)  # type: ignore[arg-type]


def _misnamed(file: SentFile) -> list[str]:
    """Tell of a name that the DashScope SDK, which goes by names, will take for another type."""
    if file.path is None or not isinstance(file.source, str | os.PathLike):
        return []
    import mimetypes

    guessed = mimetypes.guess_type(file.path)[0]
    if guessed == file.mime_type:
        return []
    return [f"the SDK uploads it as {guessed or 'no type'} by its name; it is {file.mime_type}"]
