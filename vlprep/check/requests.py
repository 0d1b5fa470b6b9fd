"""Limits on a request as a whole, on URLs, and what keeps a file from being counted."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from vlprep.check import wanted
from vlprep.check.files import data_url_length
from vlprep.check.rule import FileFacts, Hit, Sending
from vlprep.errors import AspectRatioError, FrameCountError, UnknownFactError
from vlprep.models.registry import list_apis, request_limits

ON_ITS_WAY = {
    "base64": "as Base64",
    "path": "by path",
    "url": "by URL",
}
"""How a route is called in a sentence."""


def readable(file: FileFacts, request: Sending) -> Hit | None:
    """Find a file that is missing, damaged, or neither image nor video."""
    reason = describe(file)
    return Hit(reason, reason)


def countable(file: FileFacts, request: Sending) -> Hit | None:
    """Find a file whose tokens cannot be told, for a reason that no other rule names."""
    named = isinstance(file.problem, AspectRatioError) and file.kind in ("image", "animation")
    listed = isinstance(file.problem, FrameCountError) and file.kind == "frame list"
    unknown = isinstance(file.problem, UnknownFactError)
    if file.kind == "unreadable" or file.problem is None or named or listed or unknown:
        return None
    reason = describe(file)
    return Hit(reason, f"cannot be counted: {reason}")


def count_known(request: Sending) -> Hit | None:
    """Find files whose tokens no source tells how to count for the model."""
    unknown = [file for file in request.files if isinstance(file.problem, UnknownFactError)]
    if not unknown:
        return None
    files = f"{len(unknown):,} of {len(request.files):,} files"
    return Hit(
        f"{files} not counted",
        f"{files} are left out of the count: {unknown[0].problem}",
    )


def describe(file: FileFacts) -> str:
    """Return what is wrong with a file, without its name."""
    problem = file.problem
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror[:1].lower() + problem.strerror[1:]
    return str(problem).removeprefix(f"{file.source}: ")


def request_images(request: Sending) -> Hit | None:
    """Find more images than one request may hold."""
    count = sum(file.kind in ("image", "animation") for file in request.files)
    return _too_many(count, "images", wanted.most_images(request), request)


def request_videos(request: Sending) -> Hit | None:
    """Find more videos than one request may hold."""
    count = sum(file.kind in ("video", "frame list") for file in request.files)
    return _too_many(count, "videos", request_limits().max_videos, request)


def request_data_urls(request: Sending) -> Hit | None:
    """Find more data URLs than a service was seen to take; each frame of a list is one."""
    lists = [file for file in request.files if file.kind == "frame list"]
    if request.route.name != "base64" or not lists:
        return None
    count = sum(max(len(file.frames), 1) for file in request.files if file.kind != "unreadable")
    most = request_limits().max_data_urls
    if count <= most:
        return None
    return Hit(
        f"{count:,} data URLs",
        f"{count:,} data URLs with the frames of lists may be refused: a service was seen to take "
        f"{most:,}",
    )


def request_body(request: Sending) -> Hit | None:
    """Find files that together are longer than one alone may be, for which no limit is stated."""
    parts = [part for file in request.files for part in file.frames or (file,) if part.file_bytes]
    if request.route.name != "base64" or len(parts) < 2:
        return None
    length = sum(data_url_length(part.file_bytes, "image/jpeg") for part in parts)
    if length < request.route.max_image_bytes:
        return None
    return Hit(
        f"about {length:,} characters",
        f"the files come to about {length:,} characters of Base64 together; no source states how "
        "many one request may have, and a gateway may be stricter than the service",
    )


def _too_many(count: int, things: str, most: int | None, request: Sending) -> Hit | None:
    if most is None or count <= most:
        return None
    return Hit(
        f"{count:,} {things}",
        f"{count:,} {things} {ON_ITS_WAY[request.route.name]}, and one request takes {most:,}",
    )


def input_tokens(request: Sending) -> Hit | None:
    """Find a request that is larger than the model's largest input."""
    limit = wanted.input_limit(request)
    if limit is None or request.total_tokens <= limit:
        return None
    return _too_much(request, f"and {request.model.name} takes {limit:,}")


def input_tokens_edge(request: Sending) -> Hit | None:
    """Find a request that fills the largest input to the last token."""
    limit = wanted.input_limit(request)
    if limit is None or request.total_tokens != limit:
        return None
    return _too_much(request, "as many as fit: the guides ask for fewer")


def thinking_tokens(request: Sending) -> Hit | None:
    """Find a request that fits only as long as the model does not think, or only if it does."""
    spec, limit = request.model, wanted.input_limit(request)
    smaller, total = wanted.thinking_limit(request), request.total_tokens
    if request.max_input is not None or limit is None or smaller is None:
        return None
    if not smaller < total <= limit:
        return None
    other = "with" if smaller == spec.max_input_thinking_tokens else "without"
    return _too_much(request, f"but {other} thinking {spec.name} takes {smaller:,}")


def context_room(request: Sending) -> Hit | None:
    """Find a request beside which the longest thoughts and reply have no room in the context."""
    spec, limit = request.model, wanted.input_limit(request)
    if spec.context_tokens is None or (limit is not None and request.total_tokens > limit):
        return None
    room, left = wanted.longest_answer(request), spec.context_tokens - request.total_tokens
    if left >= room:
        return None
    return Hit(
        f"{left:,} tokens left",
        f"the context of {spec.context_tokens:,} leaves {left:,} tokens for chain of thought and "
        f"reply, which may take {room:,}",
    )


def _too_much(request: Sending, limit: str) -> Hit:
    total = request.total_tokens
    text = f", {request.text_tokens:,} of them text" if request.text_tokens else ""
    return Hit(f"{total:,} tokens", f"{total:,} tokens{text}, {limit}")


def fps_range(request: Sending) -> Hit | None:
    """Find a rate that may not be asked of a video."""
    rule, fps = request.video_rule, request.fps
    if fps is None or rule is None or rule.takes_fps(fps) or not _has_video(request):
        return None
    return Hit(
        f"{fps:g} frames per second",
        f"{fps:g} frames per second are asked for, and {wanted.fps_range(request)} are taken",
    )


def _has_video(request: Sending) -> bool:
    return any(file.kind in ("video", "frame list") for file in request.files)


def openai_fps(request: Sending) -> Hit | None:
    """Find a rate that an API of fixed rate may not follow."""
    apis = [api for api in request.apis if request.route.name in api.routes]
    fixed = {api.fixed_fps for api in apis if api.fixed_fps is not None} - {request.fps}
    if request.fps is None or not fixed or not _has_video(request):
        return None
    rate = min(fixed)
    return Hit(
        f"{request.fps:g} frames per second",
        f"the OpenAI-compatible API samples {rate:g} frames per second whatever is asked, say the "
        "guides; the API reference of 2026 lists fps",
    )


def path_sdk(request: Sending) -> Hit | None:
    """Tell who takes files by path."""
    if request.route.name != "path":
        return None
    apis = [api.title for api in list_apis() if "path" in api.routes]
    return Hit("by path", f"only the {' and '.join(apis)} takes file:// paths")


def url_headers(request: Sending) -> Hit | None:
    """Tell what a server must say of a file that is fetched from it."""
    if request.route.name != "url":
        return None
    return Hit(
        "by URL",
        "the URL must be public, and its server must send the right Content-Length and "
        "Content-Type, or the download fails",
    )


def url_unfetched(file: FileFacts, request: Sending) -> Hit | None:
    """Tell what is not known of a URL."""
    return Hit(
        "not fetched",
        "vlprep does not download: bytes, format, size and tokens of this URL are not checked and "
        "not counted",
    )


def url_route(file: FileFacts, request: Sending) -> Hit | None:
    """Find a URL that is to go by another route."""
    if request.route.name == "url":
        return None
    return Hit(
        f"a URL, {ON_ITS_WAY[request.route.name]}",
        f"a URL cannot be sent {ON_ITS_WAY[request.route.name]}",
    )


def url_public(file: FileFacts, request: Sending) -> Hit | None:
    """Find a URL that the service cannot reach."""
    host = _host(file.source)
    if host and not _is_private(host):
        return None
    found = host or "no host"
    return Hit(found, f"{found} cannot be reached from the public network")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # such as an unclosed bracket
        return None


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        inside = (*request_limits().internal_hosts, ".local", ".internal", ".localhost")
        return host == "localhost" or host.endswith(inside)
