"""What to know before relying on a plan: other readings, tiny pictures, too many files.

Numbers only. What binds a plan is `vlprep.plan.bounds`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vlprep.count.pixels import is_per_clip
from vlprep.count.tokens import image_totals, is_unclear, unclear
from vlprep.count.videos import VideoCount
from vlprep.models.sourced import Change, Reading
from vlprep.plan.requests import Load, images_by_route, images_in_words, request_room
from vlprep.plan.settings import Setting
from vlprep.types import ImageInfo, ImageSize, VideoInfo
from vlprep.units import format_size, plural
from vlprep.view import View


def cap_reading(view: View) -> Reading | None:
    """Return what says that `max_pixels` cannot lower the model's default cap of images, if any.

    >>> cap_reading(View.of("qwen3-vl-plus")).sources, cap_reading(View.of("qvq-max"))
    (('S004',), None)
    """
    if view.rules.image is None or view.options.high_res:
        return None
    change = Change(of="cap_can_fall", to=False)
    return next((one for one in view.rules.image.readings if change in one.changes), None)


def rests_on_cap(sizes: Sequence[ImageSize], settings: Sequence[Setting], view: View) -> int | None:
    """Return the tokens of images where their caps lower nothing, as one reading has it.

    `None` where no source reads so, or it makes no difference.
    """
    reading, total = cap_reading(view), sum(setting.tokens for setting in settings)
    if reading is None or not sizes:
        return None
    groups: dict[int | None, list[ImageSize]] = {}
    for size, setting in zip(sizes, settings, strict=True):
        groups.setdefault(setting.max_pixels, []).append(size)
    other = sum(
        int(
            image_totals(group, view.asking(max_pixels=cap).read_as(view.image_rule, reading)).sum()
        )
        for cap, group in groups.items()
    )
    return None if other == total else other


def cautions(
    infos: Sequence[ImageInfo | VideoInfo],
    settings: Sequence[Setting],
    view: View,
    available: int,
    *,
    is_split: bool = False,
) -> Iterator[str]:
    """Say what to know of files that are shown so under `available` tokens."""
    pairs = [(info.size, one) for info, one in zip(infos, settings, strict=True)
             if isinstance(info, ImageInfo)]  # fmt: skip
    sizes, shown = [size for size, _ in pairs], [one for _, one in pairs]
    total = sum(one.tokens for one in settings)
    other = rests_on_cap(sizes, shown, view)
    if (reading := cap_reading(view)) and other is not None:
        other += total - sum(one.tokens for one in shown)
        told = f"{other:,} tokens instead of {total:,}"
        if other > available and not is_split:
            told += f", which do not fit {available:,}"
        yield reading.told(told)
    yield from _too_small(infos, settings, view)
    if not is_split:
        yield from _too_many(len(pairs), len(infos) - len(pairs), view)


def over_default(settings: Sequence[Setting], view: View, default: Setting | None) -> Iterator[str]:
    """Say where a clip is given other limits than the defaults, which its owner is to set.

    `default` is how it is shown without, where that is one clip.
    """
    without = f"; without, {told(default)}" if default else ""
    for one in settings:
        lifts = [f"`{name}` {value:,}" for name, value in one.lifted.items()]
        how = f"as {view.server.title} is started" if view.server else "where the model's files are"
        if lifts:
            yield f"{', '.join(lifts)} in place of defaults; its owner sets that, {how}{without}"
        if one.nframes and view.server and not view.options.nframes:
            loader = f"{view.server.title} takes fewer by a rate"
            yield f"`nframes` {one.nframes:,} in place of `fps`, as {loader}{without}"
    rule = view.rules.video
    if rule is None or rule.ceiling_pixels is not None or not is_per_clip(rule):
        return
    caps = (one.max_pixels for one in settings if isinstance(one.count, VideoCount))
    most = max((cap for cap in caps if cap is not None), default=0)
    if view.options.max_pixels is None and rule.first is None and most > rule.max_pixels:
        yield (
            f"`max_pixels` {most:,} is more than the {rule.max_pixels:,} of the model's files: the "
            f"processor takes it as size.longest_edge, vLLM as max_pixels of its "
            f"videos_kwargs{without}"
        )


def told(setting: Setting) -> str:
    """Say how a clip is shown, and what that costs."""
    frames = f"{plural(setting.frames, 'frame')} of {format_size(setting.count.resized)}"
    return f"{frames} cost {setting.tokens:,} tokens"


def _too_small(
    infos: Sequence[ImageInfo | VideoInfo], settings: Sequence[Setting], view: View
) -> Iterator[str]:
    """Say where pictures are shrunk to so few tokens that nothing is left of them."""
    small = [
        one.count
        for info, one in zip(infos, settings, strict=True)
        if is_unclear(info.size, one.count)
    ]
    if small:
        least = min(small, key=lambda count: count.resized.pixels)
        files, fewer = "the file is", "or a shorter part of it"
        if len(settings) > 1:
            files = f"{len(small):,} of {len(settings):,} files are"
            fewer = "fewer files, or several requests (`split`)"
        yield f"{files} {unclear(least.resized)}; give more tokens, {fewer}"


def _too_many(images: int, videos: int, view: View) -> Iterator[str]:
    room: Load = request_room(view.model, 0)
    if images > room.images:
        most = images_in_words(images_by_route(view.model))
        yield f"{images:,} images: one request takes {most}; several hold them (`split`)"
    if videos > room.videos:
        most = f"{room.videos:,.0f}"
        yield f"{videos:,} videos: one request takes {most}; several hold them (`split`)"
