"""Split files into requests that a service takes: by tokens, by number, by bytes.

Numbers only; what each file costs is known before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from vlprep.check.files import images_per_request
from vlprep.check.requests import ON_ITS_WAY
from vlprep.models.registry import get_route, list_apis, request_limits
from vlprep.models.spec import ModelSpec
from vlprep.types import RouteName

Requests: TypeAlias = tuple[tuple[int, ...], ...]
"""The numbers of files by the requests that they are in."""


class Load(NamedTuple):
    """What files put on a request, or the most that it may hold; `math.inf` is no limit."""

    tokens: float  # of the media
    images: float = 0
    videos: float = 0
    bytes: float = 0  # of all files as they are sent

    def beside(self, other: Load) -> Load:
        """Return both together."""
        return Load(*(mine + its for mine, its in zip(self, other, strict=True)))

    def fits(self, room: Load) -> bool:
        """Say whether a request may hold it."""
        return all(own <= most for own, most in zip(self, room, strict=True))


def request_room(
    model: ModelSpec, tokens: int, *, route: RouteName | None = None, max_bytes: int | None = None
) -> Load:
    """Return what one request to a model may hold: `tokens`, and what the sources say of a route.

    Without a route it is what every route takes. No source limits the bytes of a whole request, so
    `max_bytes` is the caller's. Weights run anywhere and have no limit but tokens.

    Raises `ConstraintError` for a route that is not known.

    >>> from vlprep import get_model
    >>> request_room(get_model("qwen3-vl-plus"), 1000, route="base64").images
    250
    """
    by_route = images_by_route(model)
    if route is not None:
        images = by_route.get(get_route(route).name, math.inf)
    else:
        images = min(by_route.values(), default=math.inf)
    videos = request_limits().max_videos if model.kind == "api" else math.inf
    return Load(tokens, images, videos, max_bytes or math.inf)


def images_by_route(model: ModelSpec) -> dict[str, int]:
    """Return how many images one request may hold by each route, as far as sources say it.

    >>> from vlprep import get_model
    >>> images_by_route(get_model("qvq-max"))
    {'base64': 250, 'path': 256, 'url': 256}
    """
    if model.kind != "api":
        return {}
    routes = sorted({route for api in list_apis() for route in api.routes})
    stated = {route: images_per_request(model, get_route(route)) for route in routes}
    return {route: found[0] for route, found in stated.items() if found}


def images_in_words(by_route: dict[str, int]) -> str:
    """Say how many images one request takes by which routes.

    >>> images_in_words({"base64": 250, "path": 256, "url": 256})
    '250 images as Base64, 256 by path or by URL'
    """
    ways: dict[int, list[str]] = {}
    for route, most in by_route.items():
        ways.setdefault(most, []).append(ON_ITS_WAY[route])
    (first, how), *others = ways.items()
    more = "".join(f", {most:,} {' or '.join(ways)}" for most, ways in others)
    return f"{first:,} images {' or '.join(how)}{more}"


def split_requests(loads: Sequence[Load], room: Load, *, reorder: bool = False) -> Requests:
    """Split files, numbered from 0, into requests that all stay within `room`.

    A file that alone does not fit is in none.

    In order, which needs the fewest requests that an order allows: each takes what still fits. With
    `reorder` the costliest come first, each into the first request with room (first fit
    decreasing); within a request the order is as given.

    >>> loads = [Load(tokens) for tokens in (6, 5, 4, 5)]
    >>> split_requests(loads, Load(10))
    ((0,), (1, 2), (3,))
    >>> split_requests(loads, Load(10), reorder=True)
    ((0, 2), (1, 3))
    """
    numbers = [number for number, load in enumerate(loads) if load.fits(room)]
    requests = _filled(loads, numbers, room, last_only=True)
    if reorder:
        numbers.sort(key=lambda number: -loads[number].tokens)
        requests = min(requests, _filled(loads, numbers, room, last_only=False), key=len)
    return tuple(requests)


def _filled(
    loads: Sequence[Load], numbers: Sequence[int], room: Load, *, last_only: bool
) -> list[tuple[int, ...]]:
    """Put files one by one into the first request with room, or into the last if it has any."""
    requests: list[list[int]] = []
    held: list[Load] = []
    for number in numbers:
        first = max(len(requests) - 1, 0) if last_only else 0
        for place in range(first, len(requests)):
            together = held[place].beside(loads[number])
            if together.fits(room):
                requests[place].append(number)
                held[place] = together
                break
        else:
            requests.append([number])
            held.append(loads[number])
    return sorted(tuple(sorted(request)) for request in requests)
