"""How many images fit one request: the split of a plan for images alone, none of them shrunk.

It chooses no settings: the split is `vlprep.plan.requests`', the cap `vlprep.plan.many_files`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Literal, Unpack

import numpy as np

from vlprep.count.budget import BudgetKeywords, TokenBudget, token_budget
from vlprep.count.files import COUNTED, Media, MediaCount, MediaFailure, Result, count_files
from vlprep.count.tokens import image_totals
from vlprep.display import brief, page
from vlprep.errors import BudgetError, UnsupportedFormatError
from vlprep.plan.cautions import cap_reading
from vlprep.plan.many_files import plan_together
from vlprep.plan.requests import Load, images_by_route, request_room, split_requests
from vlprep.types import ImageInfo, ImageSize, RouteName
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
    route: RouteName | None = None
    """How they are to be sent; `None`: by whatever route."""
    warnings: tuple[str, ...] = ()
    """What to know before relying on it."""

    def __repr__(self) -> str:
        return brief(self, self.verdict)

    def _repr_html_(self) -> str:
        failed = [item for item in self.items if isinstance(item, MediaFailure)]
        lines = (*(f"{one.source}: {one.message}" for one in failed), *self.warnings)
        title = f"{self.view.model.name}, {self.view.rules.name}: {self.verdict}"
        return page(title, COUNTED, [count.cells() for count in self.counted], lines)

    @property
    def verdict(self) -> str:
        """How many fit, and what they cost of how much."""
        tokens = f"{self.total_tokens:,} of {self.budget.available:,} tokens"
        return f"{self.fits:,} of {len(self.items):,} images fit, {tokens}"

    @property
    def counted(self) -> tuple[MediaCount, ...]:
        """The images that could be counted, in order."""
        return tuple(item for item in self.items if isinstance(item, MediaCount))

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens of each of those."""
        return tuple(count.tokens.total for count in self.counted)

    @property
    def most_images(self) -> dict[str, int]:
        """How many images one request may hold by each route, as far as sources say it."""
        stated = images_by_route(self.view.model).items()
        return {route: most for route, most in stated if self.route in (None, route)}

    @property
    def fits_by_tokens(self) -> int:
        """How many fit by their tokens, taken in order until the first that does not."""
        return sum(total <= self.budget.available for total in accumulate(self.tokens))

    @property
    def fits(self) -> int:
        """How many fit one request, by their tokens and by their number: by every route if none."""
        return min([self.fits_by_tokens, *self.most_images.values()])

    @property
    def bound_by(self) -> Literal["tokens", "images"] | None:
        """What keeps more from fitting; `None` where all fit."""
        if self.fits == len(self.counted):
            return None
        return "tokens" if self.fits == self.fits_by_tokens else "images"

    @property
    def total_tokens(self) -> int:
        """Tokens of all the images."""
        return sum(self.tokens)

    @property
    def left_tokens(self) -> int:
        """What the images that fit leave of the budget."""
        return self.budget.available - sum(self.tokens[: self.fits])

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
            "fits_by_tokens": self.fits_by_tokens,
            "most_images": self.most_images,
            "bound_by": self.bound_by,
            "total_tokens": self.total_tokens,
            "left_tokens": self.left_tokens,
            "items": [item.to_dict() for item in self.items],
            "requests": [[sources[number] for number in request] for request in self.requests],
            "max_pixels_for_all": self.max_pixels_for_all,
            "warnings": list(self.warnings),
        }


class FitKeywords(BudgetKeywords, ViewKeywords, total=False):
    """Keywords of a fit: those of `token_budget`, of a view, and the route."""

    route: RouteName | None


def fit_images(
    items: Media | Iterable[Media],
    view: View,
    *,
    route: RouteName | None = None,
    **parts: Unpack[BudgetKeywords],
) -> ImageFit:
    """Say how many of the images fit one request, in order, and how to split them if not all do.

    They fit by their tokens, `parts` being those of `token_budget`, and by their number, which the
    services limit by `route`: "base64", "path" or "url"; without one, what every route takes.

    A file that cannot be counted, a video among them, is reported in its place and takes no part.

    Raises `UnknownFactError` where no source says how the model sizes images, `ConstraintError`
    for options of the view that cannot be and a route that there is not, and the errors of
    `token_budget`.

    >>> fit = fit_images(["fixtures/photo.jpg"] * 3, View.of("qvq-max"))
    >>> fit
    ImageFit(3 of 3 images fit, 1,179 of 106,495 tokens)
    """
    budget = token_budget(view.model, **parts)
    image_totals([], view)  # what is wrong with the view itself is no fault of a file
    results = tuple(map(_images_only, count_files(items, view)))
    counted = [item for item in results if isinstance(item, MediaCount)]
    sizes, available = [count.info.size for count in counted], budget.available
    loads = [Load(count.tokens.total, images=1) for count in counted]
    room = request_room(view.model, available, route=route)
    fit = ImageFit(
        view=view,
        items=results,
        budget=budget,
        requests=split_requests(loads, room),
        too_large=tuple(number for number, load in enumerate(loads) if not load.fits(room)),
        max_pixels_for_all=None,
        route=route,
    )
    if fit.total_tokens > available and len(sizes) <= room.images:
        fit = replace(fit, max_pixels_for_all=_largest_cap(sizes, view, available))
    return replace(fit, warnings=tuple(_doubts(fit, sizes)))


def _largest_cap(sizes: list[ImageSize], view: View, available: int) -> int | None:
    """Return the cap at which all fit one request, `None` where none does or there is none."""
    try:
        return (
            None if view.options.high_res else plan_together(sizes, view, available)[0].max_pixels
        )
    except BudgetError:
        return None


def _doubts(fit: ImageFit, sizes: list[ImageSize]) -> Iterator[str]:
    """Say where images fit only if a lower cap lowers their tokens, which is read otherwise too."""
    reading, view, available = cap_reading(fit.view), fit.view, fit.budget.available
    if reading is None:
        return
    view = view.asking(max_pixels=fit.max_pixels_for_all or view.options.max_pixels)
    totals = image_totals(sizes, view)
    others = image_totals(sizes, view.read_as(view.image_rule, reading))
    fitting, by_other = ((np.cumsum(row) <= available).sum() for row in (totals, others))
    if by_other < fitting:
        yield reading.told(f"{by_other:,} of them fit instead of {fitting:,}")


def _images_only(item: Result) -> Result:
    if isinstance(item, MediaFailure) or isinstance(item.info, ImageInfo):
        return item
    problem = "a video; only images are fitted, `count_tokens` counts both"
    error = UnsupportedFormatError(item.source, problem, format=item.info.format)
    return MediaFailure(source=item.source, error=error)
