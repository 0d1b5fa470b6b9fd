"""What to do about a file: verbs that read it as it was checked, or a step in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from vlprep.check.rule import FileFacts, Finding, Remedy, Sending
from vlprep.media.sniff import mime_type

_Option: TypeAlias = tuple[str, object]


def compress(file: FileFacts, sending: Sending, *more: _Option) -> Remedy:
    """Bring a file under the route's limits, into a format taken; all images of a list."""
    paths = [one.path for one in file.frames or (file,)]
    files = tuple(path for path in paths if path)
    options = (("route", sending.route.name), *more, *_asked(file, sending))
    if len(files) < len(paths):
        return Remedy(step="bring it under the limit with `compress_file`", options=options)
    return Remedy(command="compress", files=files, output="compressed/", options=options)


def first_page(file: FileFacts, sending: Sending) -> Remedy:
    """Take the first picture out of a file of several."""
    return compress(file, sending, ("page", 0))


def as_seen(file: FileFacts, sending: Sending) -> Remedy:
    """Write a file as the model sees it: its size, upright, on white, of ordinary colours."""
    return compress(file, sending, ("always", True))


def as_advised(file: FileFacts, sending: Sending) -> Remedy | None:
    """Write it so where it then keeps within a number of pixels that is advised and it is above."""
    advised = sending.model.features.advised_pixels
    seen = file.tokens.resized.pixels if file.tokens else 0
    helps = any(seen <= one.number < file.size.pixels for one in advised)
    return as_seen(file, sending) if helps else None


def right_length(file: FileFacts, sending: Sending) -> Remedy:
    """Help a video that is too short, or too long, for the model's service."""
    limits = sending.view.video_files
    assert limits is not None  # the rule has found its limits there
    seconds = getattr(file.info, "duration_seconds", None) or 0.0
    if seconds <= limits.max_seconds:
        return compress(file, sending)  # which lengthens a clip that is too short
    parts = math.ceil(seconds / (limits.max_seconds - 1))  # a part may end a frame late
    return compress(file, sending, ("every", math.ceil(seconds / parts)))


def rename(file: FileFacts, sending: Sending) -> Remedy:
    """Give a file the ending of its content, and a data URL its type."""
    if not file.path:
        return Remedy(step="declare it as", output=mime_type(file.format))
    return compress(file, sending)


def in_pieces(file: FileFacts, sending: Sending) -> Remedy:
    """Split a page into pieces that the model sees larger."""
    if not file.path:
        return Remedy(step="split it with `split_image`")
    options = tuple(_asked(file, sending))
    return Remedy(command="split", files=(file.path,), output="pieces/", options=options)


_AS_LARGE = 0.95  # views have sides of whole patches, and so shrink a little whatever the size


def larger(file: FileFacts, sending: Sending) -> Remedy:
    """Split a page whose letters are seen smaller than they are; else no pieces help."""
    own, seen = file.letters, file.seen_letters
    if own and seen and seen < _AS_LARGE * own.smallest:
        return in_pieces(file, sending)
    return Remedy(step="scan or draw it with more pixels: enlarging adds no detail")


def by_url(file: FileFacts, sending: Sending) -> Remedy:
    """Check a URL for the route that it can go."""
    options = (("route", "url"), ("model", sending.model.name))
    return Remedy(command="check", files=(file.source,), options=options)


def one_a_file(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings so that those of one file ask for the same, if it is to be made anew.

    That has what all of them want of it. Where an error is none that it mends, it is not named.
    """
    of_file: dict[str | None, list[Finding]] = {}
    for finding in findings:
        of_file.setdefault(finding.source, []).append(finding)
    for found in of_file.values():
        mending = [one.remedy for one in found if one.remedy and one.remedy.compresses]
        is_lost = any(one.severity == "error" and one.remedy not in mending for one in found)
        together = None if is_lost or not mending else _together(mending)
        for one in found:
            yield replace(one, remedy=together) if one.remedy in mending else one


def _together(remedies: list[Remedy]) -> Remedy:
    options = {name: value for remedy in remedies for name, value in remedy.options}
    return replace(remedies[0], options=tuple(options.items()))


_OF_IMAGES = {"min_pixels", "max_pixels", "high_res"}


def _asked(file: FileFacts, sending: Sending) -> Iterator[_Option]:
    """Yield the options by which the file was counted, where they are something to it."""
    rule, fps = sending.rules.video, sending.view.options.fps
    takes_rate = rule is not None and fps is not None and rule.takes_fps(fps)
    shown_alone = file.kind in ("image", "frame list")
    for name, value in sending.view.options.asked.items():
        fits = name in _OF_IMAGES if shown_alone else name != "high_res"
        if fits and (name != "fps" or takes_rate):
            yield name, value
    yield from sending.view.bound.items()
    yield "model", sending.model.name
