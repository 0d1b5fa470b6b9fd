"""Where the limits of a request were read: of its model, its route, or of all requests."""

from __future__ import annotations

from vlprep.check.rule import Sending
from vlprep.models.registry import file_formats, request_limits


def nowhere(asked: Sending) -> tuple[str, ...]:
    """Return no source: none says anything about it."""
    return ()


def image_rule(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the rule that sizes images."""
    return asked.image_rule.sources if asked.image_rule else ()


def list_rule(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the rule on videos and lists of images."""
    return asked.video_rule.sources if asked.video_rule else ()


def formats(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the formats taken."""
    return file_formats().sources


def route(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the route."""
    return asked.route.sources


def image_bytes(asked: Sending) -> tuple[str, ...]:
    """Return the sources of an image's limit by the route."""
    own = asked.model.url_files
    return own.sources if own and asked.route.name == "url" else asked.route.sources


def video_bytes(asked: Sending) -> tuple[str, ...]:
    """Return the sources of a video's limit by the route."""
    by_model = asked.route.max_video_bytes is None
    return video_files(asked) if by_model else asked.route.sources


def video_files(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the model's limits on videos."""
    return asked.model.video_files.sources if asked.model.video_files else ()


def request_images(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the number of images."""
    own = asked.model.url_files
    other = own is not None and own.max_request_images is not None and asked.route.name != "base64"
    return own.sources if own and other else asked.route.request_sources


def request_videos(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the number of videos."""
    return request_limits().video_sources


def data_urls(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the number of data URLs."""
    return request_limits().data_url_sources


def fps(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the range of rates."""
    return asked.video_rule.sources if asked.video_rule else ()


def openai_fps(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the rate that is fixed."""
    return tuple(source for api in asked.apis for source in api.fps_sources)


def urls(asked: Sending) -> tuple[str, ...]:
    """Return the sources of what a URL must be like."""
    return request_limits().url_sources


def localisation(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the sizes at which boxes are reliable."""
    return asked.model.localisation.sources if asked.model.localisation else ()


def windows(asked: Sending) -> tuple[str, ...]:
    """Return the sources of the model's largest input."""
    return asked.model.sources
