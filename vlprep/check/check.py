"""Check files against the documented limits: read the headers, then ask the rules.

`check_files` opens each file once. Who has opened files already makes `FileFacts` of them
(`facts_of`, `facts_of_list`), puts in the counts that there are and has `count_facts` do the rest,
and asks `report.check_sending` of a `Sending` of these: nothing is opened again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from vlprep.check.report import CheckReport, check_sending
from vlprep.check.rule import FileFacts, MediaKind, Sending
from vlprep.choices import FAINT
from vlprep.count.files import MediaFailure, Probed, as_many, count_probed, media_name
from vlprep.count.frame_list import FrameList, as_frame_list, frame_list_info
from vlprep.errors import ConstraintError, DecodeError, UnsupportedFormatError, VlprepError
from vlprep.maths.legible import Letters
from vlprep.media.addresses import is_web_url
from vlprep.media.jpeg import NO_END
from vlprep.media.overlap import is_remote, overlapped
from vlprep.media.sniff import FORMATS
from vlprep.media.source import Item as OpenItem
from vlprep.media.source import SourceOrFacts, open_item, source_name
from vlprep.models.registry import get_route, list_apis
from vlprep.models.routes import ChatApi
from vlprep.trust import Trust
from vlprep.types import ApiName, Facts, FrameListInfo, ImageInfo, ImageSize, RouteName, VideoInfo
from vlprep.view import View, ViewKeywords

Item: TypeAlias = SourceOrFacts | Sequence[SourceOrFacts] | FrameList
"""A file, or a list of images that stands for a video; or facts of a header."""


class CheckKeywords(ViewKeywords, total=False):
    """Keywords of `check_files`, and of a view."""

    route: RouteName
    api: ApiName | None
    text_tokens: int
    max_input: int | None
    max_model_len: int | None
    thinking: bool | None
    decode: bool
    readable: float | None


def check_files(
    items: Item | Iterable[Item],
    view: View,
    *,
    route: RouteName = "base64",
    api: ApiName | None = None,
    text_tokens: int = 0,
    max_input: int | None = None,
    max_model_len: int | None = None,
    thinking: bool | None = None,
    decode: bool = False,
    readable: float | None = None,
) -> CheckReport:
    """Check the files of one request against every documented limit, from their headers alone.

    `items` are sources as `count_files` takes them, or http(s) URLs, which the service fetches; a
    `RemoteFile` is fetched here. An inner list, or a `frame_list`, is a list of images that stands
    for a video. `route` is how they reach the service: "base64", "path" or "url"; `api` is the
    protocol, "openai" or "dashscope", and without it both are looked at. `text_tokens` are what the
    prompt costs beside them; `max_input` replaces the model's largest input, `max_model_len` its
    context, and `thinking` chooses between its two inputs. `decode` looks further: it decodes every
    image and every frame of a video, which takes its time, and so finds damage that no header
    shows, and small letters: they are to be at least `readable` pixels high as the model sees them,
    or 5 pixels. In long images, such as screenshots of whole pages, these are looked for always,
    and where `readable` is given in every image.

    A file that cannot be read is a finding, not an error that stops the rest. For weights, which
    run anywhere, only what holds there is checked.

    Raises `ConstraintError` for a route, an API or a way of thinking that there is not.
    """
    asked = Sending(
        view=view, files=(), route=get_route(route),
        apis=list_apis() if api is None else (_api_of(api, route, view),),
        text_tokens=text_tokens, max_input=max_input, max_model_len=max_model_len,
        thinking=thinking, readable=FAINT if readable is None else readable,
    )  # fmt: skip
    look = partial(look_at, view=view, decode=decode, letters=readable is not None)
    found = list(overlapped(look, as_many(items), _is_far))
    return check_sending(replace(asked, files=count_facts(found, view)))


def _is_far(item: object) -> bool:
    return is_remote(item) and not is_web_url(item)


def _api_of(name: ApiName, route: RouteName, view: View) -> ChatApi:
    api = view.protocol(name)
    if route not in api.routes:
        raise ConstraintError(f"the {name} API takes {', '.join(api.routes)}; not {route}")
    return api


def look_at(item: Item, view: View, *, decode: bool = False, letters: bool = False) -> FileFacts:
    """Return what is known of one item, not counted yet; what is wrong with it is part of that.

    Pages are looked at for their letters, and with `letters` every image.
    """
    if is_web_url(item):
        return FileFacts(source=media_name(item), kind="URL")
    try:
        found = as_frame_list(item)
    except (VlprepError, OSError) as error:
        return FileFacts(source=media_name(item), kind="unreadable", problem=error)
    if isinstance(found, FrameList):
        read = partial(_read, trust=view.trust, decode=decode, letters=letters)
        frames = list(overlapped(read, found.images, _is_far))
        return facts_of_list(media_name(item), frames, view)
    return _read(found, view.trust, decode=decode, letters=letters)


def _read(source: SourceOrFacts, trust: Trust, *, decode: bool, letters: bool) -> FileFacts:
    """Read the header of one file, with `decode` its content, with `letters` an image's text."""
    if isinstance(source, ImageInfo | VideoInfo) and not decode:
        return _known(source)
    if is_web_url(source):
        problem = "a URL in a list is not looked at; give it as a `RemoteFile`"
        error = UnsupportedFormatError(source_name(source), problem)
        return FileFacts(source=source_name(source), kind="unreadable", problem=error)
    try:
        with open_item(source, trust) as item:
            facts = _ended(item, facts_of(item))
            if decode:
                facts = _decoded(item, facts)
            is_page = facts.kind == "image" and (decode or letters or _is_long(facts.size))
            return replace(facts, letters=_letters(item)) if is_page else facts
    except (VlprepError, OSError) as error:
        return FileFacts(source=source_name(source), kind="unreadable", problem=error)


def _ended(item: OpenItem, facts: FileFacts) -> FileFacts:
    """Look into a JPEG without an end mark: all its pixels may be there."""
    info = facts.info
    if not (isinstance(info, ImageInfo) and info.cut_off):
        return facts
    from vlprep.media.picture import decode_picture

    try:
        warnings = decode_picture(item).warnings
    except DecodeError:
        return facts
    return replace(
        facts, info=replace(info, cut_off=bool({*warnings} - {NO_END}), warnings=warnings)
    )


_LONG = 3
"""Sides in this ratio make an image a page rather than a photo: its text is looked at."""


def _is_long(size: ImageSize) -> bool:
    return max(size) >= _LONG * min(size) and size.pixels >= LEAST_PAGE_PIXELS


LEAST_PAGE_PIXELS = 1_000_000
"""Pixels of a page that is worth looking at: a smaller one is hardly shrunk by any model."""


def _letters(item: OpenItem) -> Letters | None:
    from vlprep.maths.letters import find_letters  # a check of headers needs neither
    from vlprep.media.picture import read_picture

    return find_letters(read_picture(item))


def _decoded(item: OpenItem, facts: FileFacts) -> FileFacts:
    """Decode all that is in a file; raises `DecodeError` where hardly anything, or an end, fails.

    Damage amid a video is a remark on it.
    """
    info = item.info
    if item.found.kind == "image":
        from vlprep.media.picture import read_pictures  # a check of headers needs no codec

        read_pictures(item, info.frame_count if isinstance(info, VideoInfo) else 1)
        return facts
    from vlprep.video.decode import damaged_frames

    assert isinstance(info, VideoInfo)
    bad, last = damaged_frames(item), info.frame_count - 1
    ends = [name for name, number in {"first": 0, "last": last}.items() if number in bad]
    if len(bad) > last:
        raise DecodeError(item.name, f"none of its frames can be decoded, {len(bad):,} in all")
    if ends:
        raise DecodeError(item.name, f"the {' and the '.join(ends)} frame cannot be decoded")
    if not bad:
        return facts
    told = f"{len(bad):,} of {last + 1:,} frames cannot be decoded as they should, from number"
    return replace(facts, info=replace(info, warnings=(*info.warnings, f"{told} {bad[0]:,} on")))


def facts_of(item: OpenItem) -> FileFacts:
    """Return what is known of an open file, not counted yet; raises the errors of its header."""
    info, found = item.info, item.found
    kind: MediaKind = "image" if isinstance(info, ImageInfo) else "video"
    if kind == "video" and found.kind == "image":
        kind = "animation"
    if isinstance(info, ImageInfo) and item.trust.on_damage in ("warn", "accept"):
        info = replace(info, cut_off=False)  # of which the warnings of the header tell, if any
    return FileFacts(
        source=item.name,
        kind=kind,
        info=info,
        path=item.path,
        mislabelled=item.mislabelled,
    )


def _known(info: Facts) -> FileFacts:
    """Return what is known of a file by the facts of its header, which somebody else read."""
    found = next((row for row in FORMATS if row.name == info.format), None)
    kind: MediaKind = "image" if isinstance(info, ImageInfo) else "video"
    if isinstance(info, FrameListInfo):
        kind = "frame list"
    elif kind == "video" and found and found.kind == "image":
        kind = "animation"
    return FileFacts(source=source_name(info), kind=kind, info=info)


def facts_of_list(name: str, frames: Sequence[FileFacts], view: View) -> FileFacts:
    """Return what is known of a list of images that stands for a video, not counted yet."""
    for frame in frames:
        if frame.kind == "unreadable":  # one bad frame spoils the list, and is what to tell of
            return frame
    facts = FileFacts(source=name, kind="frame list", frames=tuple(frames))
    infos = [frame.info for frame in frames if frame.info is not None]
    try:
        return replace(facts, info=frame_list_info([one.source for one in frames], infos, view))
    except VlprepError as error:
        return replace(facts, problem=error)


def count_facts(files: Sequence[FileFacts], view: View) -> tuple[FileFacts, ...]:
    """Count what has been read, the images all at once; one that cannot be has a problem.

    >>> with open_item("fixtures/photo.jpg") as item:
    ...     (file,) = count_facts([facts_of(item)], View.of("qvq-max"))
    >>> file.tokens.total
    393
    """
    waiting = {
        place: Probed(file.source, file.info)
        for place, file in enumerate(files)
        if file.info is not None and file.tokens is None and file.problem is None
    }
    done = list(files)
    for place, count in zip(waiting, count_probed(waiting.values(), view), strict=True):
        if isinstance(count, MediaFailure):
            done[place] = replace(done[place], problem=count.error)
        else:
            done[place] = replace(done[place], tokens=count.tokens)
    return tuple(done)
