"""Plan files under a number of tokens: probe them, ask the numbers, report.

The door of this room: everything beside it that computes knows sizes and facts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Unpack

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
    probe_file,
)
from vlprep.count.tokens import image_totals
from vlprep.errors import BudgetError, ConstraintError, VlprepError
from vlprep.media.overlap import overlapped
from vlprep.media.sniff import mime_type
from vlprep.plan.bounds import explain_clip, explain_shared
from vlprep.plan.cautions import cautions, over_default
from vlprep.plan.lifting import explain_lifts, plan_lifting
from vlprep.plan.many_files import plan_together
from vlprep.plan.one_clip import BALANCED, PREFERENCES, Prefer, plan_clip
from vlprep.plan.picking import PickedSetting, check_picks, explain_picks, share_out
from vlprep.plan.pieces import check_pieces, clip_parts, page_pieces, requests_of_parts
from vlprep.plan.records import MediaPlan, PlannedFile, SplitOptions
from vlprep.plan.requests import Load, request_room, split_requests
from vlprep.plan.settings import ClipChoices, Setting
from vlprep.types import ApiName, Facts, FrameListInfo, ImageInfo, ImageSize, VideoInfo
from vlprep.view import View, ViewKeywords, ViewOptions

if TYPE_CHECKING:  # which loads decoders
    from vlprep.pick.pick import PickOptions
    from vlprep.pick.picked import PickedFrames


class PlanKeywords(BudgetKeywords, ViewKeywords, total=False):
    """Keywords of `plan_media`."""

    api: ApiName | None
    prefer: Prefer | None
    lowest_fps: float | None
    lowest_max_pixels: int | None
    weights: Sequence[float] | None
    split: SplitOptions | None
    pieces: bool
    overlap: float | None
    readable: float | None
    pick: PickOptions | None


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
    pieces: bool = False,
    overlap: float | None = None,
    readable: float | None = None,
    pick: PickOptions | None = None,
    **parts: Unpack[BudgetKeywords],
) -> MediaPlan:
    """Choose the settings with which files fit a number of tokens, by the exact counter.

    The view says what is wanted: its `fps` and `max_pixels` are the highest that may be chosen, and
    `lowest_fps` and `lowest_max_pixels` the lowest; its other options hold as they are. Without
    `fps` the model's own rate is wanted; with `nframes`, and of a list of images, the frames are
    fixed, and in the high-resolution mode the cap of images is. What fits as asked is left so. For
    one clip of open weights a budget that is given is used beyond defaults that their owner may
    set otherwise, as `plan_lifting` says; a warning tells where, and what there is without. An
    `api`, "openai" or "dashscope", may have a rate of its own, which is then kept.

    `parts` are those of `token_budget`. One video is planned by `plan_clip`, several files by
    `plan_together`, which say what `prefer` and `weights` mean. With `split` every file is
    shown as wanted, and they are split into the fewest requests instead. With `pieces` every video
    is cut into the fewest parts that are, as `cut_clip` says, each a file of the plan and a request
    of its own; two that follow each other share `overlap` seconds, 5 if nothing is said. Images are
    decoded for it, and those whose letters the model sees less than `readable` pixels high, 8 if
    nothing is said, or that are too narrow for it, are shown in pieces, as `split_image` does; the
    images are in as few requests as hold them in their order. With
    `pick`, keywords of `pick_frames`, clips are decoded and shown by what changes in them, as
    `share_out` says.

    A file that cannot be read, or that the rules refuse, is reported in `failures`. Raises
    `BudgetError` when nothing fits, and the errors of `token_budget`, `rate_range` and `cap_range`.

    >>> plan = plan_media(["fixtures/photo.jpg"] * 3, View.of("qvq-max"), price_cap=0.0006)
    >>> plan.budget.available, plan.total_tokens, plan.files[0].keywords
    (500, 468, {'max_pixels': 132299})
    """
    if prefer not in (None, *PREFERENCES):
        raise ConstraintError(f"prefer {prefer!r}; known: {', '.join(PREFERENCES)}")
    budget = token_budget(view.model, **parts)
    others = {"split": split, "weights": weights, "lowest_fps": lowest_fps,
              "lowest_max_pixels": lowest_max_pixels}  # fmt: skip
    of_pieces = {"overlap": overlap, "readable": readable}
    _check_ways(view, others, of_pieces, pieces=pieces, pick=pick)
    view, lowest_fps = _by_api(view, lowest_fps, api)
    lowest = ViewOptions(fps=lowest_fps, max_pixels=lowest_max_pixels)
    given = list(as_many(items))
    counted = _counted(list(overlapped(partial(probe_file, view=view), given)), view, lowest)
    files = [_File(item, found) for item, found in zip(given, counted, strict=True)
             if isinstance(found, MediaCount)]  # fmt: skip
    plan = MediaPlan(
        view=view,
        prefer=prefer or BALANCED,
        budget=budget,
        failures=tuple(item for item in counted if isinstance(item, MediaFailure)),
        wanted_tokens=sum(file.found.tokens.total for file in files),
    )
    if pieces:
        return _in_pieces(plan, files, prefer, lowest, of_pieces)
    if pick is not None:
        return _by_picks(plan, files, prefer, pick)
    weights = _weights_of_files(weights, counted)
    if split is not None:
        return _split(plan, files, prefer, lowest, split)
    if not files:
        return plan
    if len(files) == 1 and isinstance(files[0].found.info, VideoInfo):
        asks = any(parts.get(limit) is not None for limit in _GIVEN)
        return _one_clip(plan, files[0], prefer, lowest, asks=asks)
    settings = plan_together(
        [_shape(file.found.info) for file in files], view, budget.available,
        prefer=prefer, weights=weights, lowest=lowest,
    )  # fmt: skip
    plan = replace(plan, bounds=explain_shared(plan.wanted_tokens, budget))
    return _with_settings(plan, files, settings)


def _one_clip(
    plan: MediaPlan, file: _File, prefer: Prefer | None, lowest: ViewOptions, *, asks: bool
) -> MediaPlan:
    """Choose the rate and the size of one clip; `asks` says whether a limit was given."""
    info = file.found.info
    assert isinstance(info, VideoInfo)
    choices = ClipChoices(info, plan.view, lowest)
    clip = (plan_lifting if asks else plan_clip)(choices, plan.budget.available, prefer)
    bounds = (*explain_clip(clip, plan.budget), *explain_lifts(clip, prefer))
    return _with_settings(replace(plan, clip=clip, bounds=bounds), [file], [clip.chosen])


def _check_ways(
    view: View,
    others: Mapping[str, object],
    of_pieces: Mapping[str, float | None],
    *,
    pieces: bool,
    pick: PickOptions | None,
) -> None:
    """Raise `ConstraintError` for parameters that do not go together."""
    for name, value in of_pieces.items():
        if value is not None and not pieces:
            raise ConstraintError(f"`{name}` is of the parts of a clip or a page; say `pieces` too")
    if pick is not None:
        check_picks(view, {**others, "pieces": pieces or None})
    if pieces:
        check_pieces(view, of_pieces["overlap"], others)


class _File(NamedTuple):
    """A file that could be counted."""

    given: Media
    """What the caller gave."""
    found: MediaCount
    """What it is, and costs as wanted."""


_GIVEN = ("budget", "max_input", "max_model_len", "price_cap")
"""Limits of tokens that a caller gives: what they leave is for the clip to use."""


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


def _planned(file: _File, setting: Setting) -> PlannedFile:
    found = file.found
    return PlannedFile(source=found.source, info=found.info, tokens=setting.count, setting=setting,
                       given=file.given)  # fmt: skip


def _with_settings(
    plan: MediaPlan,
    files: Sequence[_File],
    settings: Sequence[Setting],
    *,
    is_split: bool = False,
) -> MediaPlan:
    """Return the plan with a setting for each file, all in one request."""
    planned = tuple(_planned(file, one) for file, one in zip(files, settings, strict=True))
    infos, room = [file.found.info for file in files], plan.budget.available
    ruled = [one for one in settings if not isinstance(one, PickedSetting)]
    said = [
        *over_default(ruled, plan.view, plan.clip.default if plan.clip else None),
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


def _in_pieces(
    plan: MediaPlan,
    files: Sequence[_File],
    prefer: Prefer | None,
    lowest: ViewOptions,
    asked: Mapping[str, float | None],
) -> MediaPlan:
    """Cut videos into parts that are shown as wanted, a request each, and pages into pieces."""
    planned: list[PlannedFile] = []
    failed: list[MediaFailure] = []
    for file in files:
        try:
            if file.found.kind == "image":
                planned += page_pieces(*file, plan, asked["readable"]) or [
                    _planned(file, _alone(file.found.info, plan, prefer, lowest))
                ]
            else:
                planned += clip_parts(*file, plan, prefer, asked["overlap"])
        except (VlprepError, OSError) as error:
            if len(files) == 1 and isinstance(error, BudgetError):
                raise
            failed.append(MediaFailure(source=file.found.source, error=error))
    said = cautions(
        [replace(file.info, size=file.tokens.resized) if file.piece else file.info
         for file in planned], [file.setting for file in planned], plan.view,
        plan.budget.available, is_split=True,
    )  # fmt: skip
    return replace(
        plan,
        files=tuple(planned),
        failures=(*plan.failures, *failed),
        requests=requests_of_parts(planned, plan),
        warnings=tuple(said),
    )


def _by_picks(
    plan: MediaPlan, files: Sequence[_File], prefer: Prefer | None, pick: PickOptions
) -> MediaPlan:
    """Show clips by what changes in them, and images as they are."""
    looked: dict[_File, PickedFrames | MediaCount] = {}
    failed: list[MediaFailure] = []
    for file in files:
        try:
            looked[file] = _look(file, plan.view, pick)
        except (VlprepError, OSError) as error:
            if len(files) == 1:
                raise
            failed.append(MediaFailure(source=file.found.source, error=error))
    settings = share_out(list(looked.values()), plan.budget.available, prefer)
    wanted = sum(one.tokens.total for one in looked.values())
    plan = replace(
        plan,
        failures=(*plan.failures, *failed),
        wanted_tokens=wanted,
        bounds=explain_picks(settings, wanted, plan.budget),
    )
    return _with_settings(plan, list(looked), settings)


def _look(file: _File, view: View, pick: PickOptions) -> PickedFrames | MediaCount:
    """Look for what changes in a clip; images, and lists of them, are shown as they are."""
    if isinstance(file.found.info, ImageInfo | FrameListInfo):
        return file.found
    if isinstance(file.given, VideoInfo):
        raise ConstraintError(f"{file.found.source}: facts of a header are nothing to look at")
    from vlprep.pick.pick import pick_frames

    return pick_frames(file.given, view, **pick)  # type: ignore[arg-type]  # no list, no facts


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
