"""Fit images into a model's input: probe the files, ask the packing rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vlprep.errors import UnsupportedFormatError
from vlprep.media.source import SourceLike
from vlprep.models.registry import get_model
from vlprep.models.spec import ModelSpec
from vlprep.rules.budget import TokenBudget, token_budget
from vlprep.rules.packing import FitPlan, plan_fit
from vlprep.tasks.count import CountOptions, MediaCount, MediaFailure, count_many
from vlprep.types import ImageInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFit:
    """How given images fit one model's input."""

    items: tuple[MediaCount | MediaFailure, ...]
    """Every image as given, counted or with the reason why not."""
    plan: FitPlan
    """The plan over the counted ones, numbered as in `counted`."""

    @property
    def counted(self) -> tuple[MediaCount, ...]:
        """The images that could be counted, in order."""
        return tuple(item for item in self.items if isinstance(item, MediaCount))


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
    budget = budget or token_budget(spec)
    options = CountOptions(
        min_pixels=min_pixels, max_pixels=max_pixels, high_res=high_res, rules=rules
    )
    items = tuple(_images_only(item) for item in count_many(sources, spec, options))
    sizes = [item.info.size for item in items if isinstance(item, MediaCount)]
    plan = plan_fit(
        sizes, spec, budget,
        min_pixels=min_pixels, max_pixels=max_pixels, high_res=high_res, rules=rules,
    )  # fmt: skip
    return ImageFit(items=items, plan=plan)


def _images_only(item: MediaCount | MediaFailure) -> MediaCount | MediaFailure:
    if isinstance(item, MediaFailure) or isinstance(item.info, ImageInfo):
        return item
    problem = "a video; only images are fitted, `vlprep tokens` counts both"
    error = UnsupportedFormatError(item.source, problem, format=item.info.format)
    return MediaFailure(source=item.source, error=error)
