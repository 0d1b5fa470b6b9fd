"""Which route suits a file, by the ways of calling a service; the table is in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from vlprep.check.files import image_fits, video_byte_limit
from vlprep.check.rule import FileFacts, Sending
from vlprep.display import brief
from vlprep.errors import UnknownFactError
from vlprep.media.sniff import mime_type
from vlprep.models.registry import get_route
from vlprep.models.spec import ModelSpec
from vlprep.view import View


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

    def __repr__(self) -> str:
        return brief(self, self.source, f"{self.api}: {' or '.join(self.routes) or 'no route'}")

    @property
    def recommended(self) -> str | None:
        """The route that suits it best; `None` where none does."""
        return self.routes[0] if self.routes else None


def advise_routes(sending: Sending) -> tuple[RouteAdvice, ...]:
    """Return the routes that each file fits, for each way of calling a service.

    What cannot be read has none, and a URL its own. Weights run anywhere: for them there is no
    advice.

    >>> from vlprep.types import ImageInfo, ImageSize
    >>> from vlprep.view import View
    >>> info = ImageInfo(size=ImageSize(2000, 3000), format="PNG", file_bytes=8_000_000)
    >>> file = FileFacts(source="a.png", kind="image", info=info)
    >>> ask = Sending(view=View.of("qvq-max"), files=(file,), route=get_route("url"))
    >>> for advice in advise_routes(ask):
    ...     print(advice.api, advice.routes)
    openai ('url',)
    dashscope ('path', 'url')
    """
    if not sending.is_served:
        return ()
    under = cache(partial(_video_limit, sending.view))  # once a container, not once a file
    return tuple(
        RouteAdvice(
            source=file.source,
            api=api.name,
            routes=tuple(name for name in api.routes if _goes(file, name, sending.model, under)),
            sources=api.sources,
        )
        for file in sending.files
        if file.kind != "unreadable"
        for api in sending.apis
    )


def _goes(
    file: FileFacts, route: str, model: ModelSpec, under: Callable[[str, str], float]
) -> bool:
    if file.kind == "URL":
        return route == "url"
    if file.kind == "video":
        return file.file_bytes < under(route, file.format)
    format = file.frames[0].format if file.frames else file.format  # a list goes as images
    return image_fits(model, get_route(route), file.file_bytes, mime_type(format))


def _video_limit(view: View, route: str, format: str) -> float:
    """Return what a video must stay under; a limit that no source states is none."""
    try:
        return video_byte_limit(view, get_route(route), format)
    except UnknownFactError:
        return float("inf")
