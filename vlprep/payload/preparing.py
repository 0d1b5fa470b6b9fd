"""Prepare all items of a request: damage is found first, images are made smaller side by side."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.media.cores import usable_cores
from vlprep.media.picture import read_picture
from vlprep.media.source import Item as OpenItem
from vlprep.media.source import SourceOrFacts, open_item
from vlprep.payload.parts import MediaPart, as_url
from vlprep.payload.planned_parts import Item, prepare_item
from vlprep.payload.terms import How
from vlprep.plan.records import PlannedFile
from vlprep.split.split import PagePiece
from vlprep.trust import Trust
from vlprep.types import ImageInfo, VideoInfo
from vlprep.video.workers import in_order

MOST_OPEN = 128
"""Files that are held open at once; of more, the rest are looked at in their turn."""

MOST_THREADS = 4


def prepare_all(
    items: Sequence[Item], how: How
) -> Generator[tuple[Item, Callable[[], MediaPart]], None, None]:
    """Yield items with what prepares them, in order; what is made smaller is made side by side.

    Nothing is made where a header tells that a file cannot be: raises what is wrong with it.
    """
    if not how.compress:
        for number, item in enumerate(items, 1):
            yield item, partial(prepare_item, item, how, number)
        return
    with ExitStack() as until_done:
        opened = list(enumerate(_open_whole(items, how.view.trust, until_done), 1))

        def prepare(task: tuple[int, Item]) -> Iterator[MediaPart]:
            yield prepare_item(task[1], how, task[0])

        threads = min(usable_cores(), MOST_THREADS)
        made = in_order(opened, lambda: nullcontext(prepare), workers=threads, room=1)
        for item, part in zip(items, until_done.enter_context(closing(made)), strict=True):
            yield item, partial(_made, part)


def _made(part: MediaPart) -> MediaPart:
    return part


def _open_whole(items: Iterable[Item], trust: Trust, until_done: ExitStack) -> Iterator[Item]:
    """Yield items with their files open, so that damage is known before any work is done.

    Raises the errors of a header, and `DecodeError` for a picture that is cut off. URLs pass, facts
    of a header, and pieces of a page.
    """
    room = MOST_OPEN
    for item in items:
        given = item.given if isinstance(item, PlannedFile) else item
        if as_url(given) is not None or isinstance(given, ImageInfo | VideoInfo | PagePiece):
            yield item
            continue
        found = as_frame_list(given)  # type: ignore[arg-type]  # a list may hold URLs: it is not read
        images = found.images if isinstance(found, FrameList) else (found,)
        room -= len(images)
        if room < 0:
            yield item
            continue
        opened = tuple(one if as_url(one) else _whole(one, trust, until_done) for one in images)
        whole = FrameList(opened, found.folder) if isinstance(found, FrameList) else opened[0]
        ready: Any = whole  # open files, and URLs where a list has some
        yield replace(item, given=ready) if isinstance(item, PlannedFile) else ready


def _whole(source: SourceOrFacts, trust: Trust, until_done: ExitStack) -> OpenItem:
    opened = until_done.enter_context(open_item(source, trust))
    if isinstance(opened.info, ImageInfo) and opened.info.cut_off:
        read_picture(opened)  # which may be all there but for the mark of its end
    return opened
