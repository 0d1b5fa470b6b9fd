"""Plan files under a number of tokens: probe them, ask the rules, say what to type."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from vlprep.check.files import VIDEO_MIME_TYPES, data_url_length
from vlprep.count.files import MediaFailure
from vlprep.count.frame_list import FrameList, as_frame_list, probe_frame_list
from vlprep.count.spending import Spending, spending
from vlprep.count.tokens import image_tokens, image_tokens_batch
from vlprep.errors import BudgetError, ConstraintError, VlprepError
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, source_name
from vlprep.models.registry import get_model
from vlprep.models.spec import ModelSpec
from vlprep.plan.bounds import explain_clip, explain_shared
from vlprep.plan.many_files import Share, SharedPlan, plan_together
from vlprep.plan.one_clip import PREFERENCES, Prefer, plan_clip
from vlprep.plan.records import (
    Facts,
    MediaPlan,
    PlannedFile,
    PlanOptions,
    SplitOptions,
)
from vlprep.plan.requests import Load, request_room, split_requests
from vlprep.plan.settings import ClipChoices
from vlprep.types import ImageInfo, VideoInfo
from vlprep.units import format_size

PlanSource: TypeAlias = SourceLike | Sequence[SourceLike] | Facts


def plan_media(
    items: PlanSource | Iterable[PlanSource],
    model: ModelSpec | str | None = None,
    *,
    budget: int | None = None,
    reserve: int = 0,
    prefer: Prefer = "balanced",
    fps_range: tuple[float, float] | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    weights: Sequence[float] | None = None,
    rules: str | None = None,
    split: SplitOptions | None = None,
) -> MediaPlan:
    """Choose the settings with which files fit a number of tokens, by the exact counter.

    `items` are paths, bytes, file objects, data URLs, or facts as `probe` returns them; a list
    among them is a video of images. `budget` is in tokens of text and media, of which `reserve`
    are kept for text; without one the model's own limits count, with room for its longest chain of
    thought and reply (`plan_files` takes other limits). One video is planned by `plan_clip`,
    several files by `plan_together`, which say what `prefer` means. With `split` every file is
    shown as wanted, and they are split into the fewest requests instead.

    A file that cannot be read is reported in `failures`. Raises `BudgetError` when nothing fits,
    the errors of `spending`, and those of counting.

    >>> plan = plan_media("fixtures/street.mp4", "qwen3-vl-plus", budget=1500)
    >>> plan.files[0].keywords, plan.total_tokens
    ({'fps': 1.6, 'max_pixels': 186624}, 1442)
    """
    spec = get_model(model)
    options = PlanOptions(
        prefer=prefer,
        fps_range=fps_range,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        weights=None if weights is None else tuple(weights),
        rules=rules,
    )
    allowed = spending(spec, budget=budget, reserve=reserve)
    sources = [items] if _is_one(items) else items
    return plan_files(sources, spec, allowed, options, split)  # type: ignore[arg-type]


def plan_files(
    sources: Iterable[PlanSource],
    model: ModelSpec,
    allowed: Spending,
    options: PlanOptions,
    split: SplitOptions | None = None,
) -> MediaPlan:
    """Plan files under what `spending` allows; see `plan_media`.

    >>> from vlprep import get_model
    >>> from vlprep.count.spending import spending
    >>> spec = get_model("qvq-max")
    >>> allowed = spending(spec, price_cap=0.0006)
    >>> plan = plan_files(["fixtures/photo.jpg"] * 3, spec, allowed, PlanOptions())
    >>> plan.spending.available, plan.total_tokens, plan.files[0].max_pixels
    (500, 468, 132299)
    """
    if options.prefer not in PREFERENCES:
        raise ConstraintError(f"prefer {options.prefer!r}; known: {', '.join(PREFERENCES)}")
    items = [_probe(source, model, options) for source in sources]
    weights = options.weights or (1.0,) * len(items)
    if len(weights) != len(items):
        raise ConstraintError(f"weights: {len(weights)} for {len(items)} files")
    items = _without_refused(items, model, options)
    kept = [(item, w) for item, w in zip(items, weights, strict=True) if isinstance(item, _Probed)]
    failures = tuple(item for item in items if isinstance(item, MediaFailure))
    found, kept_weights = [item for item, _ in kept], tuple(weight for _, weight in kept)
    work = _Work(model, allowed, replace(options, weights=kept_weights), found, failures)
    if split is not None:
        return work.split(split)
    if len(found) == 1 and isinstance(found[0].info, VideoInfo):
        return work.one_clip(found[0].info)
    return work.together()


@dataclass(frozen=True, slots=True)
class _Probed:
    source: str
    info: Facts


def _is_one(items: object) -> bool:
    """Say whether this is one source, not several."""
    if isinstance(
        items, str | bytes | bytearray | memoryview | os.PathLike | ImageInfo | VideoInfo
    ):
        return True
    return hasattr(items, "read")


def _probe(source: PlanSource, model: ModelSpec, options: PlanOptions) -> _Probed | MediaFailure:
    if isinstance(source, ImageInfo | VideoInfo):
        size = format_size(source.size)
        return _Probed(f"{'image' if isinstance(source, ImageInfo) else 'clip'} of {size}", source)
    name = "frame list"
    try:
        found = as_frame_list(source)
        if isinstance(found, FrameList):
            name = found.names[0]
            return _Probed(name, probe_frame_list(found, model, None, options.rules))
        name = source_name(found)
        return _Probed(name, probe(found))
    except (VlprepError, OSError) as error:
        return MediaFailure(source=name, error=error)


def _choices(info: VideoInfo, model: ModelSpec, options: PlanOptions) -> ClipChoices:
    return ClipChoices(
        info,
        model,
        rules=options.rules,
        fps_range=None if info.frame_count_from == "list" else options.fps_range,
        min_pixels=options.min_pixels,
        max_pixels=options.max_pixels,
    )


def _without_refused(
    items: list[_Probed | MediaFailure], model: ModelSpec, options: PlanOptions
) -> list[_Probed | MediaFailure]:
    """Put failures in the place of files that the model takes with no settings."""
    found = [(place, item) for place, item in enumerate(items) if isinstance(item, _Probed)]
    images = [(place, item) for place, item in found if isinstance(item.info, ImageInfo)]
    seen: set[int] = set()
    if images:  # nearly all are taken: one look at all of them
        sizes = [item.info.size for _, item in images]
        tokens = image_tokens_batch(sizes, model, rules=options.rules)
        seen = {place for (place, _), count in zip(images, tokens, strict=True) if count}
    checked = list(items)
    for place, item in found:
        refusal = None if place in seen else _refusal(item.info, model, options)
        if refusal is not None:
            checked[place] = MediaFailure(source=item.source, error=refusal)
    return checked


def _refusal(info: Facts, model: ModelSpec, options: PlanOptions) -> ConstraintError | None:
    """Return why a model takes a file with no settings; raises what is wrong with the options."""
    choices = _choices(info, model, options) if isinstance(info, VideoInfo) else None
    try:
        if choices is None:
            image_tokens(info.size, model, rules=options.rules)
        else:
            choices.check()
    except ConstraintError as error:
        return error
    return None


@dataclass(frozen=True, slots=True)
class _Work:
    """Files to plan, and what was asked of the plan."""

    model: ModelSpec
    allowed: Spending
    options: PlanOptions
    found: list[_Probed]
    failures: tuple[MediaFailure, ...]

    def one_clip(self, info: VideoInfo) -> MediaPlan:
        """Choose among all settings of one clip."""
        choices = _choices(info, self.model, self.options)
        plan = plan_clip(choices, self.allowed.available, self.options.prefer)
        chosen = plan.chosen
        share = Share(fps=chosen.fps, max_pixels=chosen.max_pixels, count=chosen.count)
        return replace(
            self._report([share], plan.unbound.tokens),
            clip=plan,
            choices=choices,
            bounds=explain_clip(plan, choices, self.allowed),
        )

    def together(self) -> MediaPlan:
        """Choose one cap, and one rate, for all files."""
        if not self.found:
            return self._report([], 0)
        plan = self._shared(self.found, self.options.weights)
        bounds = explain_shared(plan, self.allowed)
        return replace(self._report(plan.shares, plan.wanted_tokens), bounds=bounds)

    def split(self, asked: SplitOptions) -> MediaPlan:
        """Show every file as wanted, in as many requests as that takes."""
        shares: list[Share] = []
        kept: list[_Probed] = []
        failures = list(self.failures)
        for item in self.found:
            try:
                shares.append(self._alone(item))
                kept.append(item)
            except BudgetError as error:
                failures.append(MediaFailure(source=item.source, error=error))
        limits = request_room(
            self.model, self.allowed.available, route=asked.route, max_bytes=asked.max_bytes
        )
        pairs = zip(kept, shares, strict=True)
        loads = [_load(item, share.count.total, asked) for item, share in pairs]
        requests = split_requests(loads, limits, reorder=asked.reorder)
        for place in requests.too_large:
            reason = ConstraintError("too large for any request; a higher --max-bytes, or compress")
            failures.append(MediaFailure(source=kept[place].source, error=reason))
        work = replace(self, found=kept, failures=tuple(failures))
        wanted = sum(share.count.total for share in shares)
        return replace(work._report(shares, wanted), requests=requests.requests)

    def _alone(self, item: _Probed) -> Share:
        """Return what a file gets as wanted, or its best where a whole request is too little."""
        available = self.allowed.available
        if isinstance(item.info, VideoInfo):
            choices = _choices(item.info, self.model, self.options)
            one = choices.wanted
            if one.tokens > available:
                one = plan_clip(choices, available, self.options.prefer).chosen
            return Share(fps=one.fps, max_pixels=one.max_pixels, count=one.count)
        return self._shared([item], None).shares[0]

    def _shared(self, items: list[_Probed], weights: tuple[float, ...] | None) -> SharedPlan:
        files = [i.info.size if isinstance(i.info, ImageInfo) else i.info for i in items]
        return plan_together(
            files,
            self.model,
            self.allowed.available,
            prefer=self.options.prefer,
            weights=weights,
            rules=self.options.rules,
            fps_range=self.options.fps_range,
            min_pixels=self.options.min_pixels,
            max_pixels=self.options.max_pixels,
        )

    def _report(self, shares: Sequence[Share], wanted_tokens: int) -> MediaPlan:
        files = tuple(
            PlannedFile(
                source=item.source,
                info=item.info,
                fps=share.fps,
                max_pixels=share.max_pixels,
                tokens=share.count,
            )
            for item, share in zip(self.found, shares, strict=True)
        )
        return MediaPlan(
            model=self.model,
            rules=self.model.rules(self.options.rules).name,
            prefer=self.options.prefer,
            spending=self.allowed,
            files=files,
            failures=self.failures,
            requests=(tuple(range(len(files))),) if files else (),
            wanted_tokens=wanted_tokens,
        )


def _load(item: _Probed, tokens: int, asked: SplitOptions) -> Load:
    """Return what a file puts on a request; its bytes matter only where they are limited."""
    info, size = item.info, 0
    if asked.max_bytes is not None:
        if info.file_bytes is None:
            raise ConstraintError(f"{item.source}: its length in bytes is not known")
        size = info.file_bytes
        if asked.route == "base64":
            size = data_url_length(size, _mime_type(info))
    image = isinstance(info, ImageInfo)
    return Load(tokens=tokens, images=int(image), videos=int(not image), bytes=size)


def _mime_type(info: Facts) -> str:
    if isinstance(info, ImageInfo):
        return f"image/{info.format.lower()}"
    return VIDEO_MIME_TYPES.get(info.format or "", "video/x-matroska")
