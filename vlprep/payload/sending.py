"""Turn what a caller names into parts of a message: as it is, made smaller, or as frames.

Each file is opened once, and what is counted and checked of it is what is sent.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TypeAlias

from vlprep.check.check import count_facts, facts_of, facts_of_list
from vlprep.check.files import image_fits, takes_image
from vlprep.check.rule import FileFacts
from vlprep.compress.image import compress_image
from vlprep.compress.result import Compressed
from vlprep.compress.video import CompressedVideo, compress_video
from vlprep.count.frame_list import FrameList, as_frame_list, frame_list_info, read_frame_list
from vlprep.count.videos import video_count
from vlprep.errors import ConstraintError, DecodeError, FrameCountError
from vlprep.frames.stream import FrameStream, stream_frames
from vlprep.maths.sampling import frame_rate
from vlprep.media.addresses import is_web_url, shown_name
from vlprep.media.pages import file_stem
from vlprep.media.sniff import endings, mime_type
from vlprep.media.source import Item as OpenItem
from vlprep.media.source import SourceLike, open_item
from vlprep.models.registry import get_route
from vlprep.output.encode import encode_jpeg
from vlprep.output.target import new_file
from vlprep.payload.parts import (
    MediaPart,
    MediaUrl,
    PartAction,
    PartKind,
    SentFile,
    as_url,
    data_url,
    file_url,
)
from vlprep.payload.terms import How, check_seen, list_rate, refuse_unsaid, video_rate
from vlprep.pick.pick import pick_frames
from vlprep.pick.picked import PickedStream
from vlprep.types import ImageInfo, VideoInfo
from vlprep.units import format_size, plural

Item: TypeAlias = SourceLike | MediaUrl | Sequence[SourceLike | MediaUrl] | FrameList
"""A file, a URL, or a list of images that stands for a video."""

FRAME_QUALITY = 90
"""JPEG quality of frames that are sent in place of a video."""


def prepare(item: Item, how: How, number: int) -> MediaPart:
    """Return the part of a message that an item becomes; `number` is its place among them, from 1.

    Raises the errors of `probe`, and where they are asked for, of `compress_image`,
    `compress_video` and `stream_frames`; `ConstraintError` for what the protocol cannot say.
    """
    url = as_url(item)
    if url is not None:
        return _given(url, how)
    found = as_frame_list(item)  # type: ignore[arg-type]  # a list may hold URLs: it is not read
    if isinstance(found, FrameList):
        return _listed(found, how, number)
    with open_item(found, how.view.trust) as opened:
        if _goes_inside(opened, how) and (not how.remakes or _is_small(opened)):
            opened.bytes()  # first, so that what is rewritten in its place is counted as it is sent
        is_video = isinstance(opened.info, VideoInfo)
        if is_video and how.as_frames:
            return sampled(_chosen(opened, how), how, number)
        if not (how.compress or opened.found.drawn):
            return _as_it_is(opened, how)
        return (_compressed_video if is_video else _compressed_image)(opened, how, number)


def make_part(
    facts: FileFacts,
    files: Sequence[SentFile],
    how: How,
    *,
    kind: PartKind | None = None,
    action: PartAction = "unchanged",
    fps: float | None = None,
    notes: tuple[str, ...] = (),
    warnings: Sequence[str] = (),
) -> MediaPart:
    """Return a part, counted, with what is to be told of its content and its count."""
    facts = _counted(facts, how, fps)
    if how.view.options.strict and isinstance(facts.problem, FrameCountError):
        raise facts.problem
    kind = kind or _KINDS.get(facts.kind, "video")
    told = [*warnings, *(facts.info.warnings if facts.info else ()), *map(_misnamed, files)]
    if facts.problem is not None:
        told.append(f"not counted: {str(facts.problem).removeprefix(f'{facts.source}: ')}")
    told += facts.tokens.warnings if facts.tokens else ()
    own = how.model.warnings
    return MediaPart(
        facts=facts,
        kind=kind,
        files=tuple(files),
        action=action,
        fps=fps,
        states_fps=how.server is None and (kind != "frames" or how.says_rates),
        limits=_limits(kind, how),
        list_type=how.server.list_type if how.server and kind == "frames" else None,
        options=how.view.options,
        notes=notes,
        warnings=tuple(dict.fromkeys(text for text in told if text and text not in own)),
    )


def _limits(kind: PartKind, how: How) -> dict[str, int]:
    """Return the limits that stand beside a medium; servers have them beside all."""
    if how.server is not None:
        return {}
    return how.pixel_limits if kind == "image" else how.video_limits


_KINDS: dict[str, PartKind] = {"image": "image", "frame list": "frames"}


def _counted(facts: FileFacts, how: How, rate: float | None) -> FileFacts:
    """Count an image, or a video or list as it is seen by who is told its rate."""
    view = how.view if facts.kind == "image" else how.seen(rate)
    return count_facts([facts], view)[0]


def _misnamed(file: SentFile) -> str:
    """Tell of a name that the DashScope SDK, which goes by names, will take for another type."""
    guessed = mimetypes.guess_type(file.path)[0] if file.path is not None else file.mime_type
    if guessed == file.mime_type:
        return ""
    return f"the SDK uploads it as {guessed or 'no type'} by its name; it is {file.mime_type}"


# What stays as it is.


def _given(url: MediaUrl, how: How) -> MediaPart:
    if url.kind == "video" and how.as_frames:
        problem = "is not fetched; frames can be taken of a file only"
        raise ConstraintError(f"{shown_name(url.url)}: {problem}, or of a `RemoteFile`")
    facts, rate = FileFacts(source=shown_name(url.url), kind="URL"), None
    if url.kind == "video":
        refuse_unsaid(how, facts.source)
        rate = video_rate(how)
    return make_part(facts, [_sent_url(url)], how, kind=url.kind, action="given", fps=rate)


def _as_it_is(opened: OpenItem, how: How) -> MediaPart:
    """Return the part that an image or a video becomes with its own bytes."""
    rate = None
    if isinstance(opened.info, VideoInfo):
        rate = video_rate(how)
        check_seen(opened.info, how, rate, opened.name)
    return make_part(facts_of(opened), [_sent(opened, how)], how, fps=rate)


def _listed(found: FrameList, how: How, number: int) -> MediaPart:
    """Send a list as it is, or where that is asked and not all fits, all of it as JPEGs.

    The frames of a video have one size and one format.
    """
    files, frames, read = [], [], list[SourceLike]()
    may_remake = how.compress and not any(map(_is_url, found.images))
    for image in found.images:
        if _is_url(image):
            files.append(_sent_url(image))
            continue
        with open_item(image, how.view.trust) as opened:
            if _goes_inside(opened, how):
                opened.bytes()
            if may_remake:
                read.append(_held(opened.bytes(), opened.name))
                if not _fits(opened, how):
                    rest = found.images[len(read) :]
                    return _remade(FrameList((*read, *rest)), opened.info, how, number)
            files.append(_sent(opened, how))
            frames.append(facts_of(opened))
    return _list_part(files, frames, how)


def _list_part(files: Sequence[SentFile], frames: Sequence[FileFacts], how: How) -> MediaPart:
    name = files[0].name
    rate, warnings = _rate_of_list(how, name)
    if len(frames) < len(files):
        refuse_unsaid(how, name, is_list=True)
        facts = FileFacts(source=name, kind="frame list", frames=tuple(frames))
        return make_part(facts, files, how, action="given", fps=rate, warnings=warnings)
    facts = facts_of_list(name, frames, how.seen(rate))
    if isinstance(facts.info, VideoInfo):
        check_seen(facts.info, how, rate, name)
    return make_part(facts, files, how, fps=rate, warnings=warnings)


def _rate_of_list(how: How, name: str) -> tuple[float, tuple[str, ...]]:
    """Return the rate that the images of a list are taken to have, with what to tell of it."""
    rate, rule = how.view.options.fps, how.view.rules.video
    if rate is not None:
        return list_rate(rate, how, name), ()
    usual = how.protocol.fixed_fps or (rule.fps if rule else None)
    if usual is None:
        raise ConstraintError(f"{name}: say the `fps` of the list")
    facts, apart = how.model.features, f"taken for frames {1 / usual:g} s apart"
    ignored = facts.no_rate_sources and not facts.rate_sources
    said = f"{apart}; {'no rate has an effect' if ignored else '`fps` says otherwise'}"
    return list_rate(usual, how, name), (said,)


def _is_url(image: object) -> bool:
    return isinstance(image, MediaUrl) or is_web_url(image)


def _sent_url(image: object) -> SentFile:
    url = image.url if isinstance(image, MediaUrl) else str(image)
    return SentFile(name=shown_name(url), address=url)


def _sent(opened: OpenItem, how: How, path: str | None = None) -> SentFile:
    """Return an open file as it is sent, by `path` if it was written for that."""
    mime_type, address = _mime_type(opened), ""
    if how.route == "path":
        path = path or _local_path(opened)
        address = file_url(path, windows=os.name == "nt") if mime_type else ""
    elif _goes_inside(opened, how):
        address = data_url(opened.bytes(), str(mime_type))
    return SentFile(
        name=opened.name,
        address=address,
        mime_type=mime_type,
        file_bytes=opened.file_bytes,
        path=path,
    )


def _goes_inside(opened: OpenItem, how: How) -> bool:
    """Say whether a request is to hold the content; what a check is sure to refuse is not read."""
    if how.route != "base64" or _mime_type(opened) is None:
        return False
    return not how.check or how.model.kind == "open-weights" or _is_small(opened)


def _is_small(opened: OpenItem) -> bool:
    route = get_route("base64")
    return opened.file_bytes < max(route.max_image_bytes, route.max_video_bytes or 0)


def _mime_type(opened: OpenItem) -> str | None:
    return mime_type(opened.found.name, "") or None


def _local_path(opened: OpenItem) -> str:
    """Return where a file lies, for the route "path"; raises `ConstraintError` for what is none."""
    if opened.path is None:
        raise ConstraintError(f"{opened.name}: has no path to send; use the route base64")
    return str(Path(opened.path).absolute())  # links stay: the SDK sends the name as well


# Frames.


def _chosen(opened: OpenItem, how: How) -> FrameStream:
    """Return the frames of a video that the model's sampler chooses, or those that are picked."""
    if how.pick is None:
        return stream_frames(opened, how.view, tone_map=True)
    picked = pick_frames(opened, how.view, **how.pick)
    return picked.frames(tone_map=True)


def sampled(stream: FrameStream, how: How, number: int) -> MediaPart:
    """Return the part of a stream's frames, as JPEGs of the size that the model sees.

    Raises `ConstraintError` where they are so far apart that the protocol cannot say it, or where
    the service would not keep them at the size that a total gave them.
    """
    with stream:
        shown = frame_rate(stream.plan.timestamps_seconds, stream.plan.sample_fps)
        rate = list_rate(round(shown, 6), how, stream.source)
        made = list(_frame_files(stream, how, number))
        warnings = stream.warnings
    if not made:
        raise DecodeError(stream.source, "none of the frames could be decoded")
    files, frames = zip(*made, strict=True)
    facts = _counted(facts_of_list(stream.source, frames, how.seen(rate)), how, rate)
    size = stream.tokens.resized
    if facts.tokens is not None and facts.tokens.resized != size:
        refuse_unsaid(how, stream.source, is_list=True)
        anew = format_size(facts.tokens.resized)
        warnings = (f"the service sizes the frames anew, to {anew}", *warnings)
    taken = f"{plural(len(files), 'frame')} of {format_size(size)} as JPEG"
    notes = (f"{taken}, {1 / rate:.4g} s apart",)
    if isinstance(stream, PickedStream):
        notes = (f"{taken}, picked at {_moments(stream)} s",)
        warnings = (
            *warnings,
            f"a list has no uneven moments: the model is told that the frames "
            f"are {1 / rate:.3g} s apart, which they are on average",
        )
    return make_part(facts, files, how, action="sampled", fps=rate, notes=notes, warnings=warnings)


def _moments(stream: FrameStream) -> str:
    return ", ".join(f"{moment:.1f}" for moment in stream.plan.timestamps_seconds)


def _frame_files(
    stream: FrameStream, how: How, number: int
) -> Iterator[tuple[SentFile, FileFacts]]:
    for place, frame in enumerate(stream, 1):
        name = f"{stream.source} at {frame.timestamp_seconds:.3f} s"
        content = encode_jpeg(frame.image, FRAME_QUALITY)
        yield make_file(content, name, f"{number:03}-{place:05}.jpg", how)


def _remade(images: FrameList, first: ImageInfo | VideoInfo, how: How, number: int) -> MediaPart:
    """Return the part of a list as JPEGs; an image that was read already comes from memory."""
    names, infos = images.names, [first] * len(images.images)
    info = frame_list_info(names, infos, how.view)
    tokens = video_count(info, how.view)
    frames = read_frame_list(images, tokens.plan, tokens.resized)
    return sampled(FrameStream(names, how.model, info, tokens, frames), how, number)


# What is made smaller.


def _fits(opened: OpenItem, how: How) -> bool:
    info = opened.info
    if not isinstance(info, ImageInfo):
        return False
    fits = image_fits(how.model, get_route(how.route), opened.file_bytes, mime_type(info.format))
    return takes_image(how.model, info.format, info.size) and fits


def _compressed_image(opened: OpenItem, how: How, number: int) -> MediaPart:
    done = compress_image(opened, how.view, route=how.route)
    if done.action == "unchanged":
        return _as_it_is(opened, how)
    return _smaller(opened, done, done.content, how, number)


def _compressed_video(opened: OpenItem, how: How, number: int) -> MediaPart:
    """Return the part of a file of just the frames that the model sees, unless the source fits."""
    dry = compress_video(opened, None, how.view, route=how.route, dry_run=True)
    if dry.action == "unchanged":
        return _as_it_is(opened, how)
    rate = _rate_of_file(dry, how)
    with TemporaryDirectory() as folder:
        with _ONE_VIDEO:  # whose encoder uses all processors
            done = compress_video(
                opened, lambda format: Path(folder, f"video{endings(format)[0]}"), how.view,
                route=how.route,
            )  # fmt: skip
        content = Path(str(done.target)).read_bytes()
    return _smaller(opened, done, content, how, number, rate)


_ONE_VIDEO = Lock()


def _smaller(
    opened: OpenItem,
    done: Compressed,
    content: bytes,
    how: How,
    number: int,
    rate: float | None = None,
) -> MediaPart:
    """Return the part of a file that was made of another one."""
    stem = file_stem(opened.name)[-40:] if opened.path is not None else "media"
    ending = endings(done.format)[0]
    file_name = f"{number:03}-{stem if stem.isprintable() else 'media'}{ending}"
    file, facts = make_file(content, opened.name, file_name, how)
    notes = (f"{done.lengths(f'{len(content):,}')}: {done.reason}", *done.dropped)
    return make_part(
        facts, [file], how, action=done.action, fps=rate, notes=notes, warnings=done.warnings
    )


def _rate_of_file(dry: CompressedVideo, how: How) -> float | None:
    """Return the rate to state for a file of just the frames that are asked for.

    Told it, the service samples them as asked; raises `ConstraintError` where no rate does that.
    """
    usual, frames, seconds = video_rate(how), dry.frames_after, dry.duration_after
    if not how.unsaid:
        return usual
    assert dry.size_after and frames and seconds  # a plan of the model's view knows them
    true = Fraction(frames) / Fraction(seconds)
    info = VideoInfo(size=dry.size_after, frame_count=frames, fps=true, duration_seconds=seconds)
    for rate in (usual, round(float(true), 6)) if how.says_rates else (usual,):
        if video_count(info, how.seen(rate)).total == dry.tokens_before.total:
            return rate
    refuse_unsaid(how, dry.source)
    return usual


def make_file(content: bytes, name: str, file_name: str, how: How) -> tuple[SentFile, FileFacts]:
    """Return a file made here, written where the route needs a path, and what is known of it."""
    path = None
    if how.route == "path":
        if how.folder is None:
            raise ConstraintError(f"{name}: the route path needs a `folder` for what is made of it")
        target = Path(how.folder) / file_name
        with new_file(target) as file:
            file.write(content)
        path = str(target.absolute())
    made = _held(content, name)
    return _sent(made, how, path), facts_of(made)


def _held(content: bytes, name: str) -> OpenItem:
    """Return content in memory under the name by which messages call it."""
    item = OpenItem(content)
    item.name = name
    return item
