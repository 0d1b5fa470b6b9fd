"""Which route suits a file, by the ways of calling a service; the table is in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from vlprep.check.files import VIDEO_MIME_TYPES, image_byte_limit, video_byte_limit
from vlprep.errors import UnknownFactError
from vlprep.models.registry import get_route, list_apis
from vlprep.models.service import Route
from vlprep.models.spec import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAdvice:
    """By which routes one file may go through one way of calling a service."""

    source: str
    """The file as the caller named it."""
    api: str
    """Name of the way of calling: "openai" or "dashscope"."""
    routes: tuple[str, ...]
    """Routes that it fits, the advised one first; empty where it must be made smaller."""
    sources: tuple[str, ...]
    """Where the routes were read."""

    @property
    def recommended(self) -> str | None:
        """The route that suits it best; `None` where none does."""
        return self.routes[0] if self.routes else None


def advise_routes(
    source: str, file_bytes: int, model: ModelSpec, *, is_video: bool, format: str | None
) -> tuple[RouteAdvice, ...]:
    """Return the routes that a file of so many bytes fits, for each way of calling a service.

    Of a list of images, `file_bytes` is the largest image. `format` is the name of the content's
    format. Weights run anywhere: for them there is no advice.

    >>> from vlprep import get_model
    >>> for advice in advise_routes(
    ...     "a.png", 8_000_000, get_model("qvq-max"), is_video=False, format="PNG"
    ... ):
    ...     print(advice.api, advice.routes)
    openai ('url',)
    dashscope ('path', 'url')
    """
    if model.kind == "open-weights":
        return ()
    return tuple(
        RouteAdvice(
            source=source,
            api=api.name,
            routes=tuple(
                name
                for name in api.routes
                if file_bytes < _limit(get_route(name), model, is_video, format)
            ),
            sources=api.sources,
        )
        for api in list_apis()
    )


def advise_url(source: str, model: ModelSpec) -> tuple[RouteAdvice, ...]:
    """Return the only route that a URL can go."""
    if model.kind == "open-weights":
        return ()
    return tuple(
        RouteAdvice(source=source, api=api.name, routes=("url",), sources=api.sources)
        for api in list_apis()
        if "url" in api.routes
    )


def _limit(route: Route, model: ModelSpec, is_video: bool, format: str | None) -> float:
    """Return what a file must stay under; a limit that no source states is none."""
    if not is_video:
        return image_byte_limit(model, route, f"image/{(format or '').lower()}")
    try:
        return video_byte_limit(model, route, format if format in VIDEO_MIME_TYPES else "MP4")
    except UnknownFactError:
        return float("inf")
