"""Plan files under a number of tokens: probe them, ask the numbers, report.

The door of this room: everything beside it that computes knows sizes and facts only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Unpack

from vlprep.check.files import data_url_length
from vlprep.count.budget import BudgetKeywords, TokenBudget, token_budget
from vlprep.count.files import (
    Facts,
    Media,
    MediaFailure,
    Probed,
    as_many,
    count_probed,
    probe_or_failure,
)
from vlprep.count.tokens import image_totals
from vlprep.errors import BudgetError, ConstraintError
from vlprep.media.sniff import mime_type
from vlprep.media.source import source_name
from vlprep.plan.bounds import explain_clip, explain_shared
from vlprep.plan.many_files import plan_together
from vlprep.plan.one_clip import BALANCED, PREFERENCES, Prefer, plan_clip
from vlprep.plan.records import MediaPlan, PlannedFile, SplitOptions
from vlprep.plan.requests import Load, request_room, split_requests
from vlprep.plan.settings import ClipChoices, Lowest, Setting
from vlprep.types import ImageInfo, VideoInfo
from vlprep.view import View, ViewKeywords


class PlanKeywords(BudgetKeywords, ViewKeywords, total=False):
    """Keywords of `plan_media`."""

    prefer: Prefer | None
    lowest_fps: float | None
    lowest_max_pixels: int | None
    weights: Sequence[float] | None
    split: SplitOptions | None


def plan_media(
    items: Media | Iterable[Media],
    view: View,
    *,
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
    fixed, and in the high-resolution mode the cap of images is. What fits as asked is left so.

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
    found = [_probed(item, view) for item in as_many(items)]
    if weights is not None and len(weights) != len(found):
        raise ConstraintError(f"weights: {len(weights)} for {len(found)} files")
    task = _Task(view, budget, prefer, Lowest(lowest_fps, lowest_max_pixels))
    return task.plan(found, weights, split)


def _probed(item: Media, view: View) -> Probed | MediaFailure:
    """Read a header; a folder keeps its name, by which a command can read it again."""
    found = probe_or_failure(item, view)
    if isinstance(found, Probed) and isinstance(item, str | os.PathLike):
        return replace(found, source=source_name(item))
    return found


@dataclass(frozen=True, slots=True)
class _Task:
    """What was asked of a plan."""

    view: View
    budget: TokenBudget
    prefer: Prefer | None
    lowest: Lowest

    def plan(
        self,
        found: Sequence[Probed | MediaFailure],
        weights: Sequence[float] | None,
        split: SplitOptions | None,
    ) -> MediaPlan:
        items = self._without_refused(found)
        files = [item for item in items if isinstance(item, Probed)]
        if split is not None:
            plan = self._split(files, split)
        elif not files:
            plan = self._report([], [])
        elif len(files) == 1 and isinstance(info := files[0].info, VideoInfo):
            plan = self._one_clip(files[0], info)
        else:
            if weights is not None:
                pairs = zip(items, weights, strict=True)
                weights = [weight for item, weight in pairs if isinstance(item, Probed)]
            plan = self._together(files, weights)
        failures = [item for item in items if isinstance(item, MediaFailure)]
        return replace(plan, failures=(*failures, *plan.failures))

    def _without_refused(
        self, items: Sequence[Probed | MediaFailure]
    ) -> list[Probed | MediaFailure]:
        """Put failures in the place of files that the model does not take as the view asks.

        What is wrong with the options is no fault of a file, and raised.
        """
        infos = [item.info for item in items if isinstance(item, Probed)]
        if any(isinstance(info, ImageInfo) for info in infos):
            image_totals([], self.view)
        for info in infos:
            if isinstance(info, VideoInfo):
                self._choices(info)
        counts = count_probed(items, self.view)
        return [
            count if isinstance(count, MediaFailure) else item
            for item, count in zip(items, counts, strict=True)
        ]

    def _choices(self, info: VideoInfo) -> ClipChoices:
        return ClipChoices(info, self.view, self.lowest)

    def _one_clip(self, file: Probed, info: VideoInfo) -> MediaPlan:
        """Choose among all settings of one clip."""
        clip = plan_clip(self._choices(info), self.budget.available, self.prefer)
        report = self._report([file], [clip.chosen], clip.unbound.tokens)
        return replace(report, clip=clip, bounds=explain_clip(clip, self.budget))

    def _together(self, files: Sequence[Probed], weights: Sequence[float] | None) -> MediaPlan:
        """Choose one cap, and one rate, for all files."""
        shared = plan_together(
            [file.info.size if isinstance(file.info, ImageInfo) else file.info for file in files],
            self.view,
            self.budget.available,
            prefer=self.prefer,
            weights=weights,
            lowest=self.lowest,
        )
        report = self._report(files, shared.settings, shared.wanted_tokens)
        return replace(report, bounds=explain_shared(shared.wanted_tokens, self.budget))

    def _split(self, files: Sequence[Probed], asked: SplitOptions) -> MediaPlan:
        """Show every file as wanted, in as many requests as that takes."""
        kept: list[tuple[Probed, Setting]] = []
        failed: list[MediaFailure] = []
        for file in files:
            try:
                kept.append((file, self._alone(file.info)))
            except BudgetError as error:
                failed.append(MediaFailure(source=file.source, error=error))
        room = request_room(
            self.view.model, self.budget.available, route=asked.route, max_bytes=asked.max_bytes
        )
        loads = [_load(file, setting.tokens, asked) for file, setting in kept]
        for (file, _), load in zip(kept, loads, strict=True):
            if not load.fits(room):
                problem = "too large for any request; a higher `max_bytes`, or compress"
                failed.append(MediaFailure(source=file.source, error=ConstraintError(problem)))
        settings = [setting for _, setting in kept]
        wanted = sum(setting.tokens for setting in settings)
        report = self._report([file for file, _ in kept], settings, wanted)
        requests = split_requests(loads, room, reorder=asked.reorder)
        return replace(report, failures=tuple(failed), requests=requests)

    def _alone(self, info: Facts) -> Setting:
        """Return what the view asks of a file, or its best where a whole request is too little."""
        available = self.budget.available
        if isinstance(info, VideoInfo):
            choices = self._choices(info)
            fits = choices.wanted.tokens <= available
            return choices.wanted if fits else plan_clip(choices, available, self.prefer).chosen
        return plan_together([info.size], self.view, available, lowest=self.lowest).settings[0]

    def _report(
        self, files: Sequence[Probed], settings: Sequence[Setting], wanted: int = 0
    ) -> MediaPlan:
        planned = tuple(
            PlannedFile(source=file.source, info=file.info, tokens=one.count, setting=one)
            for file, one in zip(files, settings, strict=True)
        )
        return MediaPlan(
            view=self.view,
            prefer=self.prefer or BALANCED,
            budget=self.budget,
            files=planned,
            requests=(tuple(range(len(planned))),) if planned else (),
            wanted_tokens=wanted,
        )


def _load(file: Probed, tokens: int, asked: SplitOptions) -> Load:
    """Return what a file puts on a request; its bytes matter only where they are limited."""
    info, size = file.info, 0
    if asked.max_bytes is not None:
        if info.file_bytes is None:
            raise ConstraintError(f"{file.source}: its length in bytes is not known")
        size = info.file_bytes
        if asked.route == "base64":
            size = data_url_length(size, _mime_type(info))
    is_image = isinstance(info, ImageInfo)
    return Load(tokens, images=int(is_image), videos=int(not is_image), bytes=size)


def _mime_type(info: Facts) -> str:
    image = isinstance(info, ImageInfo)
    return mime_type(info.format or "", "application/octet-stream" if image else "video/x-matroska")
