"""What services take whatever the model, as files and as requests: frozen records.

`sources` are where a record was read, others in `_sources` where the field above them was.

They are read by `registry`. What follows from them for a file is in `vlprep.check`; how a request
is put together from them is in `vlprep.payload`.
"""

from __future__ import annotations

from dataclasses import dataclass

from vlprep.models.features import StatedNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """What some documents say cannot be done, and others can."""

    rules: tuple[str, ...]
    """The rule sets of the documents that deny it."""
    sources: tuple[str, ...]
    otherwise: tuple[str, ...]
    """Where it is said that it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way in which a file reaches a service, and how large it may be on that way."""

    name: str
    """What callers know it by: "base64", "path" or "url"."""
    max_image_bytes: int
    """Largest image, which may have just so many; of "base64" the whole data URL counts."""
    max_video_bytes: int | None = None
    """What a video must stay under; `None`: each model has its own limit."""
    raw_bytes: int | None = None
    """What a file must stay under before it is encoded, where that is stated as well."""
    max_request_images: int | None = None
    """Most images in one request."""
    request_sources: tuple[str, ...] = ()
    denied: Denial | None = None
    """Who says that no file goes by it."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """What one request to a service may hold and ask, whatever the model."""

    max_videos: int
    """Most videos."""
    video_sources: tuple[str, ...]
    max_data_urls: int
    """Most data URLs, each frame of a list being one."""
    data_url_sources: tuple[str, ...]
    internal_hosts: tuple[str, ...]
    """Ends of host names that are only known inside the vendor's own network."""
    url_sources: tuple[str, ...]
    """Where was read what a URL must be like."""
    unstreamed_seconds: tuple[StatedNumber, ...]
    """When a call that is not streamed ends, with as much of the answer as there is."""
    partial_header: str
    """The HTTP header that marks such an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormats:
    """The formats that the services take, by the names of `vlprep.media.sniff`."""

    image: tuple[str, ...]
    """Of images."""
    large_image: tuple[str, ...]
    """Of images with more than `large_image_pixels`."""
    large_image_pixels: int
    """Pixels up to which all formats are taken."""
    large_image_sides: tuple[int, ...]
    """Short and long side up to which all formats are taken, should sides be what counts."""
    most_image_pixels: int
    """Most pixels of an image that are advised."""
    video: tuple[str, ...]
    """Containers of videos."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFormats:
    """The formats that the reference for open weights does not open, by the same names."""

    unopened: tuple[str, ...]
    """Of images."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkVersion:
    """The first release of a vendor's SDK that can do something."""

    language: str
    version: str
    needed_for: str | None = None
    """Such as "list rate"; `None`: for any media."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatApi:
    """A protocol in which a service takes requests."""

    name: str
    """What callers know it by: "openai" or "dashscope"."""
    title: str
    path: str
    """Where requests are posted to, after the base URL."""
    routes: tuple[str, ...]
    """Names of the routes by which files can reach it, the advised one first."""
    kinds: tuple[str, ...]
    """Kinds of models that are served by it, "api" or "open-weights"."""
    fixed_fps: float | None = None
    """Frames per second that it takes of a video, and takes a list to have; `None`: as told."""
    fps_sources: tuple[str, ...] = ()
    no_high_res: Denial | None = None
    """Who says that it cannot ask for high resolution."""
    sdks: tuple[SdkVersion, ...] = ()
    """Releases of its SDKs that are needed."""
    sources: tuple[str, ...]
