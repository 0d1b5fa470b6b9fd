"""How many images fit one request: a plan in which nothing is shrunk, and nothing but images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from vlprep.count.budget import BudgetKeywords, TokenBudget
from vlprep.count.files import Media, MediaCount, MediaFailure, Result, count_files
from vlprep.count.tokens import image_totals
from vlprep.errors import BudgetError, UnsupportedFormatError
from vlprep.plan.many_files import plan_together
from vlprep.plan.requests import Load, split_requests
from vlprep.types import ImageInfo, ImageSize
from vlprep.view import View, ViewKeywords


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImageFit:
    """How images fit one request, in order, and how to split them if not all do.

    Those that could be counted are numbered from 0, in order.
    """

    view: View
    """What was asked of the model's view, whose tokens are meant."""
    items: tuple[Result, ...]
    """Every image as given, counted or with the reason why not."""
    budget: TokenBudget
    """What the images of one request may spend."""
    requests: tuple[tuple[int, ...], ...]
    """The fewest requests that hold the counted ones in order."""
    too_large: tuple[int, ...]
    """Those that no request can hold; they are in none."""
    max_pixels_for_all: int | None
    """Largest `max_pixels` at which all fit one request; `None` if they do, or never would."""

    @property
    def counted(self) -> tuple[MediaCount, ...]:
        """The images that could be counted, in order."""
        return tuple(item for item in self.items if isinstance(item, MediaCount))

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens of each of those."""
        return tuple(count.tokens.total for count in self.counted)

    @property
    def fits(self) -> int:
        """How many fit one request, taken in order until the first that does not."""
        return sum(total <= self.budget.available for total in accumulate(self.tokens))

    @property
    def total_tokens(self) -> int:
        """Tokens of all the images."""
        return sum(self.tokens)

    @property
    def left_tokens(self) -> int:
        """What the images that fit leave of the budget."""
        return self.budget.available - sum(self.tokens[: self.fits])

    def __repr__(self) -> str:
        tokens = f"{self.total_tokens:,} of {self.budget.available:,} tokens"
        return f"ImageFit({self.fits} of {len(self.items)} images fit, {tokens})"

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.fit/1`."""
        sources = [count.source for count in self.counted]
        return {
            "schema": "vlprep.fit/1",
            "model": self.view.model.name,
            "rules": self.view.rules.name,
            "max_input_tokens": self.budget.max_input,
            "reserved_tokens": self.budget.reserved,
            "budget": self.budget.to_dict(),
            "given": len(self.items),
            "fits": self.fits,
            "total_tokens": self.total_tokens,
            "left_tokens": self.left_tokens,
            "items": [item.to_dict() for item in self.items],
            "requests": [[sources[number] for number in request] for request in self.requests],
            "max_pixels_for_all": self.max_pixels_for_all,
        }


class FitKeywords(BudgetKeywords, ViewKeywords, total=False):
    """Keywords of a fit: those of `token_budget`, and of a view."""


def fit_images(items: Media | Iterable[Media], view: View, budget: TokenBudget) -> ImageFit:
    """Say how many of the images fit one request, in order, and how to split them if not all do.

    A file that cannot be counted, a video among them, is reported in its place and takes no part.

    Raises `UnknownFactError` where no source says how the model sizes images, and `ConstraintError`
    for options of the view that cannot be.

    >>> from vlprep import token_budget
    >>> fit = fit_images(["fixtures/photo.jpg"] * 3, View.of("qvq-max"), token_budget("qvq-max"))
    >>> fit
    ImageFit(3 of 3 images fit, 1,179 of 106,495 tokens)
    """
    image_totals([], view)  # what is wrong with the view itself is no fault of a file
    results = tuple(map(_images_only, count_files(items, view)))
    counted = [item for item in results if isinstance(item, MediaCount)]
    tokens, available = [count.tokens.total for count in counted], budget.available
    return ImageFit(
        view=view,
        items=results,
        budget=budget,
        requests=split_requests([Load(total) for total in tokens], Load(available)),
        too_large=tuple(number for number, total in enumerate(tokens) if total > available),
        max_pixels_for_all=_largest_cap([count.info.size for count in counted], view, available)
        if sum(tokens) > available
        else None,
    )


def _largest_cap(sizes: list[ImageSize], view: View, available: int) -> int | None:
    """Return the cap at which all fit one request, `None` where none does or there is none."""
    try:
        return (
            None if view.options.high_res else plan_together(sizes, view, available)[0].max_pixels
        )
    except BudgetError:
        return None


def _images_only(item: Result) -> Result:
    if isinstance(item, MediaFailure) or isinstance(item.info, ImageInfo):
        return item
    problem = "a video; only images are fitted, `count_tokens` counts both"
    error = UnsupportedFormatError(item.source, problem, format=item.info.format)
    return MediaFailure(source=item.source, error=error)
