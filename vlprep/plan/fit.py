"""Fit images into a model's input: probe the files, ask the packing rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vlprep.count.budget import TokenBudget, token_budget
from vlprep.count.files import CountOptions, MediaCount, MediaFailure, Result, count_many
from vlprep.count.tokens import TokenCount, image_tokens
from vlprep.errors import UnsupportedFormatError
from vlprep.media.source import SourceLike
from vlprep.models.registry import get_model
from vlprep.models.spec import ModelSpec
from vlprep.plan.packing import FitPlan, plan_fit
from vlprep.types import ImageInfo, ImageSize


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFit:
    """How given images fit one model's input."""

    items: tuple[Result, ...]
    """Every image as given, counted or with the reason why not."""
    plan: FitPlan
    """The plan over the counted ones, numbered as in `counted`."""
    rules: str
    """Name of the rule set in force."""

    @property
    def counted(self) -> tuple[MediaCount, ...]:
        """The images that could be counted, in order."""
        return tuple(item for item in self.items if isinstance(item, MediaCount))


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualFit:
    """How many images of one size fit."""

    size: ImageSize
    """Size of each."""
    tokens: TokenCount
    """What each costs."""
    budget: TokenBudget
    """What they may spend."""

    @property
    def fits(self) -> int:
        """How many fit one request."""
        return self.budget.available // self.tokens.total

    @property
    def left_tokens(self) -> int:
        """What they leave of the budget."""
        return self.budget.available % self.tokens.total


def fit_images(
    sources: Iterable[SourceLike],
    model: ModelSpec | str | None = None,
    *,
    budget: TokenBudget | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    high_res: bool = False,
    rules: str | None = None,
) -> ImageFit:
    """Say how many of the images fit one request, in order, and how to split them if not all do.

    `sources` are paths, bytes, file objects or data URLs; `budget` is what they may spend, by
    default all of the model's largest input (see `token_budget`). The pixel limits mean the same
    as for `image_tokens`. A file that cannot be counted, a video among them, is reported in its
    place and takes no part.

    Raises the errors of `token_budget` and `plan_fit`.

    >>> fit = fit_images(["fixtures/photo.jpg", "fixtures/photo.heic"], "qvq-max")
    >>> fit.plan.fits, fit.plan.total_tokens
    (2, 494)
    """
    spec = get_model(model)
    options = CountOptions(
        min_pixels=min_pixels, max_pixels=max_pixels, high_res=high_res, rules=rules
    )
    results = count_many(sources, spec, options)
    return fit_counted(results, spec, budget or token_budget(spec), options)


def fit_counted(
    results: Iterable[Result], spec: ModelSpec, budget: TokenBudget, options: CountOptions
) -> ImageFit:
    """Fit images that have been counted with `options`; see `fit_images`.

    >>> from vlprep import count_many, get_model, token_budget
    >>> spec, options = get_model("qvq-max"), CountOptions()
    >>> results = count_many(["fixtures/photo.jpg"] * 3, spec, options)
    >>> fit_counted(results, spec, token_budget(spec, max_input=800), options).plan.fits
    2
    """
    items = tuple(_images_only(item) for item in results)
    plan = plan_fit(
        [item.info.size for item in items if isinstance(item, MediaCount)],
        spec,
        budget,
        min_pixels=options.min_pixels,
        max_pixels=options.max_pixels,
        high_res=options.high_res,
        rules=options.rules,
    )
    return ImageFit(items=items, plan=plan, rules=spec.rules(options.rules).name)


def fit_equal(
    size: tuple[int, int], model: ModelSpec | str | None, budget: TokenBudget, options: CountOptions
) -> EqualFit:
    """Say how many images of one `size`, (height, width) in pixels, fit a budget.

    Raises the errors of `image_tokens`.

    >>> from vlprep import token_budget
    >>> fit_equal((1280, 1280), "qvq-max", token_budget("qvq-max"), CountOptions()).fits
    86
    """
    tokens = image_tokens(
        size,
        model,
        min_pixels=options.min_pixels,
        max_pixels=options.max_pixels,
        high_res=options.high_res,
        rules=options.rules,
    )
    return EqualFit(size=ImageSize(*size), tokens=tokens, budget=budget)


def _images_only(item: Result) -> Result:
    if isinstance(item, MediaFailure) or isinstance(item.info, ImageInfo):
        return item
    problem = "a video; only images are fitted, `vlprep tokens` counts both"
    error = UnsupportedFormatError(item.source, problem, format=item.info.format)
    return MediaFailure(source=item.source, error=error)
