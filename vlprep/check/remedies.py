"""What to do about a file: verbs that read it as it was checked, or a step in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import PurePath
from typing import TypeAlias

from vlprep.check.rule import Command, FileFacts, Remedy, Sending
from vlprep.media.sniff import mime_type

_Option: TypeAlias = tuple[str, object]


def compress(file: FileFacts, sending: Sending, *more: _Option) -> Remedy:
    """Bring a file under the route's limits, into a format taken; all images of a list."""
    paths = [one.path for one in file.frames or (file,)]
    files = tuple(path for path in paths if path)
    if len(files) < len(paths):
        return Remedy(step="bring it under the limit with `compress_file`")
    options = (("route", sending.route.name), *more, *_asked(file, sending))
    return Remedy(command="compress", files=files, output="compressed/", options=options)


def first_page(file: FileFacts, sending: Sending) -> Remedy:
    """Take the first picture out of a file of several."""
    return compress(file, sending, ("page", 0))


def view(file: FileFacts, sending: Sending) -> Remedy:
    """Write an image upright, on white, as the model sees it."""
    return _written(file, sending, "view", "-view.png", "send what `view_image` returns")


def frames(file: FileFacts, sending: Sending, *more: _Option) -> Remedy:
    """Write the frames of a video, to be sent as a list of images."""
    step = "send the frames that `read_frames` gives"
    return _written(file, sending, "frames", "-frames", step, *more)


def mapped_frames(file: FileFacts, sending: Sending) -> Remedy:
    """Write the frames of a video, with high dynamic range mapped to that of screens."""
    return frames(file, sending, ("tone_map", True))


def _written(
    file: FileFacts, sending: Sending, command: Command, ending: str, step: str, *more: _Option
) -> Remedy:
    if not file.path:
        return Remedy(step=step)
    output, options = _stem(file.path) + ending, tuple(_asked(file, sending, *more))
    return Remedy(command=command, files=(file.path,), output=output, options=options)


def right_length(file: FileFacts, sending: Sending) -> Remedy:
    """Help a video that is too short, or too long, for the model's service."""
    limits = sending.view.video_files
    assert limits is not None  # the rule has found its limits there
    seconds = getattr(file.info, "duration_seconds", None) or 0.0
    if seconds <= limits.max_seconds:
        return compress(file, sending)  # which lengthens a clip that is too short
    if file.kind != "video":
        return Remedy(step=f"cut it into parts of up to {limits.max_seconds:,.0f} s")
    parts = math.ceil(seconds / (limits.max_seconds - 1))  # a part may end a frame late
    return compress(file, sending, ("every", math.ceil(seconds / parts)))


def rename(file: FileFacts, sending: Sending) -> Remedy | None:
    """Give a file the ending of its content, and a data URL its type."""
    if not file.path:
        return Remedy(step="declare it as", output=mime_type(file.format))
    return Remedy(step="rename it to", output=_stem(file.path) + file.usual_ending)


def by_url(file: FileFacts, sending: Sending) -> Remedy:
    """Check a URL for the route that it can go."""
    options = (("route", "url"), ("model", sending.model.name))
    return Remedy(command="check", files=(file.source,), options=options)


_OF_IMAGES = {"min_pixels", "max_pixels", "high_res"}


def _asked(file: FileFacts, sending: Sending, *more: _Option) -> Iterator[_Option]:
    """Yield the options by which the file was counted, where they are something to it."""
    rule, fps = sending.rules.video, sending.view.options.fps
    takes_rate = rule is not None and fps is not None and rule.takes_fps(fps)
    shown_alone = file.kind in ("image", "frame list")
    for name, value in sending.view.options.asked.items():
        fits = name in _OF_IMAGES if shown_alone else name != "high_res"
        if fits and (name != "fps" or takes_rate):
            yield name, value
    yield from more
    yield from sending.view.bound.items()
    yield "model", sending.model.name


def _stem(path: str) -> str:
    stem = str(PurePath(path).with_suffix(""))
    return f"./{stem}" if stem.startswith("-") else stem
