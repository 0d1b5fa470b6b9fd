"""Split files into requests that a service takes: by tokens, by number, by bytes.

Numbers only; what each file costs is known before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from vlprep.check.files import images_per_request
from vlprep.models.registry import get_route, request_limits
from vlprep.models.spec import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one file, or several together, put on a request."""

    tokens: int
    """Tokens of the input."""
    images: int = 0
    """Images."""
    videos: int = 0
    """Videos."""
    bytes: int = 0
    """Bytes as they are sent."""

    def __add__(self, other: Load) -> Load:
        """Return both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in _NAMES}
        return Load(**sums)

    def fits(self, limits: RequestRoom) -> bool:
        """Say whether this stays within limits."""
        most = {name: getattr(limits, name) for name in _NAMES}
        return all(top is None or getattr(self, name) <= top for name, top in most.items())


_NAMES = tuple(field.name for field in fields(Load))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRoom:
    """What one request may hold; `None` is no limit."""

    tokens: int
    """Tokens of the media."""
    images: int | None = None
    """Images."""
    videos: int | None = None
    """Videos."""
    bytes: int | None = None
    """Bytes of all files as they are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Files, numbered from 0 as given, split into requests."""

    requests: tuple[tuple[int, ...], ...]
    """The files of each request."""
    too_large: tuple[int, ...]
    """Those that no request can hold; they are in none."""


def request_room(
    model: ModelSpec, tokens: int, *, route: str | None = None, max_bytes: int | None = None
) -> RequestRoom:
    """Return what one request to a model may hold: `tokens`, and what the sources say of a route.

    No source limits the bytes of a whole request, so `max_bytes` is the caller's. Weights run
    anywhere and have no limit but tokens.

    Raises `ConstraintError` for a route that is not known.

    >>> from vlprep import get_model
    >>> request_room(get_model("qwen3-vl-plus"), 1000, route="base64").images
    250
    """
    if model.kind != "api":
        return RequestRoom(tokens=tokens, bytes=max_bytes)
    way = get_route(route or "url")
    return RequestRoom(
        tokens=tokens,
        images=images_per_request(model, way),
        videos=request_limits().max_videos,
        bytes=max_bytes,
    )


def split_requests(loads: Sequence[Load], limits: RequestRoom, *, reorder: bool = False) -> Split:
    """Split files into requests that all stay within `limits`.

    In order, which needs the fewest requests that an order allows: each takes what still fits. With
    `reorder` the costliest come first, each into the first request with room (first fit
    decreasing); within a request the order is as given.

    >>> loads = [Load(tokens=tokens, images=1) for tokens in (6, 5, 4, 5)]
    >>> split_requests(loads, RequestRoom(tokens=10)).requests
    ((0,), (1, 2), (3,))
    >>> split_requests(loads, RequestRoom(tokens=10), reorder=True).requests
    ((0, 2), (1, 3))
    """
    holdable = [number for number, load in enumerate(loads) if load.fits(limits)]
    too_large = tuple(sorted(set(range(len(loads))) - set(holdable)))
    requests = _in_order(loads, holdable, limits)
    if reorder:
        packed = _first_fit_decreasing(loads, holdable, limits)
        requests = min(requests, packed, key=len)
    return Split(requests=tuple(requests), too_large=too_large)


_Requests = list[tuple[int, ...]]


def _in_order(loads: Sequence[Load], numbers: Iterable[int], limits: RequestRoom) -> _Requests:
    requests: list[list[int]] = []
    held = Load(tokens=0)
    for number in numbers:
        together = held + loads[number]
        if requests and together.fits(limits):
            requests[-1].append(number)
            held = together
        else:
            requests.append([number])
            held = loads[number]
    return [tuple(request) for request in requests]


def _first_fit_decreasing(
    loads: Sequence[Load], numbers: Iterable[int], limits: RequestRoom
) -> _Requests:
    requests: list[list[int]] = []
    held: list[Load] = []
    for number in sorted(numbers, key=lambda number: -loads[number].tokens):
        for place, load in enumerate(held):
            together = load + loads[number]
            if together.fits(limits):
                requests[place].append(number)
                held[place] = together
                break
        else:
            requests.append([number])
            held.append(loads[number])
    return sorted(tuple(sorted(request)) for request in requests)
