"""Plan files under a number of tokens: probe them, ask the numbers, report.

The door of this room: everything beside it that computes knows sizes and facts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, Unpack

from vlprep.check.files import data_url_length
from vlprep.count.budget import BudgetKeywords, token_budget
from vlprep.count.files import (
    Media,
    MediaCount,
    MediaFailure,
    Probed,
    Result,
    as_many,
    count_probed,
    probe_or_failure,
)
from vlprep.count.pixels import is_per_clip
from vlprep.count.tokens import image_totals
from vlprep.errors import BudgetError, ConstraintError
from vlprep.media.overlap import overlapped
from vlprep.media.sniff import mime_type
from vlprep.plan.bounds import explain_clip, explain_shared
from vlprep.plan.cautions import cautions, over_default
from vlprep.plan.lifting import explain_lifts, kept_at_least
from vlprep.plan.many_files import plan_together
from vlprep.plan.one_clip import BALANCED, PREFERENCES, Prefer, plan_clip
from vlprep.plan.records import MediaPlan, PlannedFile, SplitOptions
from vlprep.plan.requests import Load, request_room, split_requests
from vlprep.plan.settings import ClipChoices, Setting
from vlprep.types import ApiName, Facts, FrameListInfo, ImageInfo, ImageSize, VideoInfo
from vlprep.view import View, ViewKeywords, ViewOptions


class PlanKeywords(BudgetKeywords, ViewKeywords, total=False):
    """Keywords of `plan_media`."""

    api: ApiName | None
    prefer: Prefer | None
    lowest_fps: float | None
    lowest_max_pixels: int | None
    weights: Sequence[float] | None
    split: SplitOptions | None


def plan_media(
    items: Media | Iterable[Media],
    view: View,
    *,
    api: ApiName | None = None,
    prefer: Prefer | None = None,
    lowest_fps: float | None = None,
    lowest_max_pixels: int | None = None,
    weights: Sequence[float] | None = None,
    split: SplitOptions | None = None,
    **parts: Unpack[BudgetKeywords],
) -> MediaPlan:
    """Choose the settings with which files fit a number of tokens, by the exact counter.

    The view says what is wanted: its `fps` and `max_pixels` are the highest that may be chosen, and
    `lowest_fps` and `lowest_max_pixels` the lowest; its other options hold as they are. Without
    `fps` the model's own rate is wanted; with `nframes`, and of a list of images, the frames are
    fixed, and in the high-resolution mode the cap of images is. What fits as asked is left so. For
    a clip of open weights whose files have a default total of pixels, a budget that is given is
    used beyond that total, and a warning says where to set it. An
    `api`, "openai" or "dashscope", may have a rate of its own, which is then kept.

    `parts` are those of `token_budget`. One video is planned by `plan_clip`, several files by
    `plan_together`, which say what `prefer` and `weights` mean. With `split` every file is
    shown as wanted, and they are split into the fewest requests instead.

    A file that cannot be read, or that the rules refuse, is reported in `failures`. Raises
    `BudgetError` when nothing fits, and the errors of `token_budget`, `rate_range` and `cap_range`.

    >>> plan = plan_media(["fixtures/photo.jpg"] * 3, View.of("qvq-max"), price_cap=0.0006)
    >>> plan.budget.available, plan.total_tokens, plan.files[0].keywords
    (500, 468, {'max_pixels': 132299})
    """
    if prefer not in (None, *PREFERENCES):
        raise ConstraintError(f"prefer {prefer!r}; known: {', '.join(PREFERENCES)}")
    budget = token_budget(view.model, **parts)
    view, lowest_fps = _by_api(view, lowest_fps, api)
    lowest = ViewOptions(fps=lowest_fps, max_pixels=lowest_max_pixels)
    given = list(as_many(items))
    counted = _counted(list(overlapped(partial(probe_or_failure, view=view), given)), view, lowest)
    files = [_File(item, found) for item, found in zip(given, counted, strict=True)
             if isinstance(found, MediaCount)]  # fmt: skip
    plan = MediaPlan(
        view=view,
        prefer=prefer or BALANCED,
        budget=budget,
        failures=tuple(item for item in counted if isinstance(item, MediaFailure)),
        wanted_tokens=sum(file.found.tokens.total for file in files),
    )
    weights = _weights_of_files(weights, counted)
    if split is not None:
        return _split(plan, files, prefer, lowest, split)
    if not files:
        return plan
    if len(files) == 1 and isinstance(info := files[0].found.info, VideoInfo):
        asks = any(parts.get(limit) is not None for limit in _GIVEN)
        wide = view if not asks else _with_total(info, view)
        clip = plan_clip(ClipChoices(info, wide, lowest), budget.available, prefer)
        clip = kept_at_least(clip, prefer) if asks else clip
        bounds = (*explain_clip(clip, budget), *explain_lifts(clip, prefer))
        plan = replace(plan, clip=clip, bounds=bounds)
        return _with_settings(plan, files, [clip.chosen])
    settings = plan_together(
        [_shape(file.found.info) for file in files], view, budget.available,
        prefer=prefer, weights=weights, lowest=lowest,
    )  # fmt: skip
    plan = replace(plan, bounds=explain_shared(plan.wanted_tokens, budget))
    return _with_settings(plan, files, settings)


class _File(NamedTuple):
    """A file that could be counted."""

    given: Media
    """What the caller gave."""
    found: MediaCount
    """What it is, and costs as wanted."""


_GIVEN = ("budget", "max_input", "max_model_len", "price_cap")
"""Limits of tokens that a caller gives: what they leave is for the clip to use."""


def _with_total(info: VideoInfo, view: View) -> View:
    """Let all frames of a clip have their own size, where a default total of pixels forbids it.

    Such a total is a number in the files of open weights, which a request or the server's owner
    may change; where a source states a highest one, or the caller gives a cap, it stays.
    """
    rule = view.video_rule.first or view.video_rule
    if view.options.max_pixels is not None or not is_per_clip(rule) or rule.ceiling_pixels:
        return view
    choices = ClipChoices(info, view)
    return view.asking(max_pixels=max(rule.max_pixels, choices.own_pixels * choices.wanted.frames))


def _by_api(view: View, lowest_fps: float | None, api: ApiName | None) -> tuple[View, float | None]:
    seen = view.by_api(api)
    if seen is view:
        return view, lowest_fps
    if lowest_fps not in (None, seen.options.fps):
        raise ConstraintError(f"the {api} API leaves no rate to choose, so no `lowest_fps`")
    return seen, seen.options.fps


def _counted(
    found: Sequence[Probed | MediaFailure], view: View, lowest: ViewOptions
) -> list[Result]:
    """Count the files as the view asks; one that the model does not take so is a failure.

    What is wrong with the options is no fault of a file, and raised.
    """
    infos = [item.info for item in found if isinstance(item, Probed)]
    if any(isinstance(info, ImageInfo) for info in infos):
        image_totals([], view)
    for info in infos:
        if isinstance(info, VideoInfo):
            ClipChoices(info, view, lowest)
    return list(count_probed(found, view))


def _weights_of_files(
    weights: Sequence[float] | None, counted: Sequence[Result]
) -> list[float] | None:
    """Return the weights of the files that could be counted."""
    if weights is None:
        return None
    if len(weights) != len(counted):
        raise ConstraintError(f"weights: {len(weights)} for {len(counted)} files")
    pairs = zip(counted, weights, strict=True)
    return [weight for item, weight in pairs if isinstance(item, MediaCount)]


def _shape(info: Facts) -> ImageSize | VideoInfo:
    return info if isinstance(info, VideoInfo) else info.size


def _with_settings(
    plan: MediaPlan,
    files: Sequence[_File],
    settings: Sequence[Setting],
    *,
    is_split: bool = False,
) -> MediaPlan:
    """Return the plan with a setting for each file, all in one request."""
    planned = tuple(
        PlannedFile(source=file.source, info=file.info, tokens=one.count, setting=one, given=given)
        for (given, file), one in zip(files, settings, strict=True)
    )
    infos, room = [file.found.info for file in files], plan.budget.available
    said = [
        *over_default(settings, plan.view),
        *cautions(infos, settings, plan.view, room, is_split=is_split),
    ]
    requests = (tuple(range(len(planned))),)
    return replace(plan, files=planned, requests=requests, warnings=tuple(said))


def _split(
    plan: MediaPlan,
    files: Sequence[_File],
    prefer: Prefer | None,
    lowest: ViewOptions,
    asked: SplitOptions,
) -> MediaPlan:
    """Show every file as wanted, in as many requests as that takes."""
    kept: list[_File] = []
    settings: list[Setting] = []
    failed: list[MediaFailure] = []
    for file in files:
        try:
            settings.append(_alone(file.found.info, plan, prefer, lowest))
            kept.append(file)
        except BudgetError as error:
            failed.append(MediaFailure(source=file.found.source, error=error))
    room = request_room(
        plan.view.model, plan.budget.available, route=asked.route, max_bytes=asked.max_bytes
    )
    loads = [_load(file.found, one.tokens, asked) for file, one in zip(kept, settings, strict=True)]
    for file, load in zip(kept, loads, strict=True):
        if not load.fits(room):
            problem = "too large for any request; a higher `max_bytes`, or compress"
            failed.append(MediaFailure(source=file.found.source, error=ConstraintError(problem)))
    return replace(
        _with_settings(plan, kept, settings, is_split=True),
        failures=(*plan.failures, *failed),
        split=asked,
        requests=split_requests(loads, room, reorder=asked.reorder),
    )


def _alone(info: Facts, plan: MediaPlan, prefer: Prefer | None, lowest: ViewOptions) -> Setting:
    """Return what the view asks of a file, or its best where a whole request is too little."""
    view, available = plan.view, plan.budget.available
    if isinstance(info, ImageInfo):
        return plan_together([info.size], view, available, lowest=lowest)[0]
    choices = ClipChoices(info, view, lowest)
    fits = choices.wanted.tokens <= available
    return choices.wanted if fits else plan_clip(choices, available, prefer).chosen


def _load(file: MediaCount, tokens: int, asked: SplitOptions) -> Load:
    """Return what a file puts on a request; its bytes matter only where they are limited."""
    info, size = file.info, 0
    if asked.max_bytes is not None:
        if info.file_bytes is None:
            raise ConstraintError(f"{file.source}: its length in bytes is not known")
        size = info.file_bytes
        if asked.route in (None, "base64"):
            size = _encoded(info, size)
    is_image = isinstance(info, ImageInfo)
    return Load(tokens, images=int(is_image), videos=int(not is_image), bytes=size)


def _encoded(info: Facts, size: int) -> int:
    """Return the length of a file's data URL, or at least that of all of a list's together."""
    type = _mime_type(info)
    others = info.frame_count - 1 if isinstance(info, FrameListInfo) else 0
    return data_url_length(size, type) + others * data_url_length(1, type)


def _mime_type(info: Facts) -> str:
    image = isinstance(info, ImageInfo)
    return mime_type(info.format or "", "application/octet-stream" if image else "video/x-matroska")
