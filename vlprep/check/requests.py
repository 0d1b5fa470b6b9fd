"""Rules on a request as a whole, on its tokens, and on URLs."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from vlprep.check.files import Stated, data_url_length, images_per_request
from vlprep.check.remedies import by_url
from vlprep.check.rule import FileFacts, Files, Found, Hit, Said, Sending, Wanted, remark, rule
from vlprep.count.budget import longest_answer
from vlprep.models.citing import named
from vlprep.models.registry import list_apis, request_limits
from vlprep.models.routes import Denial

ON_ITS_WAY = {"base64": "as Base64", "path": "by path", "url": "by URL"}
"""How a route is called in a sentence."""

_SPLIT = "split the files into several requests"
_SHRINK = "send fewer files, lower `fps`, or lower `max_pixels`"


@rule(
    "error", "frames per second that may be asked of a video",
    remedy="ask a rate within the range with `fps`",
)  # fmt: skip
def fps_range(sending: Sending, files: Files) -> Found:
    rule, fps = sending.rules.video, sending.view.options.fps
    if rule is None or rule.min_fps is None or rule.max_fps is None:
        return
    words = f"{rule.min_fps:g} to {rule.max_fps:g} frames per second"
    yield Wanted(words, rule.sources_of("min_fps", "max_fps"))
    if fps is not None and not rule.takes_fps(fps) and _has_video(sending):
        asked = f"{fps:g} frames per second"
        yield Hit(asked, f"{asked} are asked for, and {words} are taken")


@rule(
    "warning", "a rate that the OpenAI-compatible API follows",
    remedy="call DashScope, or send the frames that `read_frames` gives at 2 a second, as a list",
)  # fmt: skip
def openai_fps(sending: Sending, files: Files) -> Found:
    asked = sending.view.options.fps
    fixed = {api.fixed_fps: api for api in sending.apis if api.fixed_fps is not None}
    yield Wanted(
        f"{min(fixed):g} frames per second" if fixed else "",
        tuple(source for api in sending.apis for source in api.fps_sources),
    )
    rates = {rate for rate, api in fixed.items() if sending.route.name in api.routes} - {asked}
    if asked is not None and rates and _has_video(sending):
        message = (
            f"the OpenAI-compatible API samples {min(rates):g} frames per second whatever is "
            "asked, say the guides; the API reference of 2026 lists fps"
        )
        yield Hit(f"{asked:g} frames per second", message)


@rule(
    "warning", "a rate for a list, which the model goes by", of="frame list",
    remedy="say in the text how far apart the frames are, or send the video itself",
)  # fmt: skip
def list_rate(sending: Sending, files: Files) -> Found:
    facts, asked, rule = sending.model.features, sending.view.options.fps, sending.rules.video
    yield Wanted("no rate" if facts.no_rate_sources else "", facts.no_rate_sources)
    if asked is None or not facts.no_rate_sources:
        return
    problem = f"has no effect on {sending.model.name}"
    if facts.rate_sources:
        if rule is not None and asked == rule.fps:  # what a list is taken to have anyway
            return
        other = f"{problem} by another place in {named(facts.no_rate_sources)}"
        problem = f"counts by {named(facts.rate_sources)}, and {other}"
    for file in files:
        found = f"{asked:g} frames per second"
        yield Hit(found, f"the rate of a list, {found}, {problem}", file)


def _has_video(sending: Sending) -> bool:
    return sending.of_kind("video", "frame list") > 0


@rule("error", "images in one request", remedy=_SPLIT)
def request_images(sending: Sending, files: Files) -> Found:
    stated = images_per_request(sending.model, sending.route)
    count = sending.of_kind("image", "animation")
    return iter(()) if stated is None else _at_most(stated, count, "images", sending)


@rule("error", "videos in one request", remedy=_SPLIT)
def request_videos(sending: Sending, files: Files) -> Found:
    limits, count = request_limits(), sending.of_kind("video", "frame list")
    return _at_most((limits.max_videos, limits.video_sources), count, "videos", sending)


def _at_most(stated: Stated, count: int, things: str, sending: Sending) -> Found:
    most, sources = stated
    yield Wanted(f"at most {most:,} {things}", sources)
    if count > most:
        found = f"{count:,} {things}"
        yield Hit(
            found, f"{found} {ON_ITS_WAY[sending.route.name]}, and one request takes {most:,}"
        )


@rule(
    "warning", "data URLs in one request, those of frames too",
    remedy="send a video file, or the frames by URL or path",
)  # fmt: skip
def request_data_urls(sending: Sending, files: Files) -> Found:
    most, sources = request_limits().max_data_urls, request_limits().data_url_sources
    yield Wanted(f"at most {most:,} data URLs" if sending.is_encoded else "", sources)
    count = sum(max(len(file.frames), 1) for file in files if file.kind != "unreadable")
    if sending.is_encoded and count > most and sending.lists:
        found = f"{count:,} data URLs"
        problem = f"may be refused: a service was seen to take {most:,}"
        yield Hit(found, f"{found} with the frames of lists {problem}")


@rule(
    "warning", "length of all data URLs together",
    remedy="send fewer files at once, or by URL or path",
)  # fmt: skip
def request_body(sending: Sending, files: Files) -> Found:
    parts = [part for file in files for part in file.frames or (file,) if part.file_bytes]
    length = sum(data_url_length(part.file_bytes, "image/jpeg") for part in parts)
    is_long = len(parts) > 1 and length >= sending.route.max_image_bytes
    if is_long and sending.is_encoded:
        found = f"about {length:,} characters"
        message = (
            f"the files come to {found} of Base64 together; no source states how many one request "
            "may have, and a gateway may be stricter than the service"
        )
        yield Hit(found, message)


@rule("error", "all tokens within the largest input", weights=True, remedy=_SHRINK)
def input_tokens(sending: Sending, files: Files) -> Found:
    limit = sending.input_limit
    yield Wanted(f"at most {limit:,} tokens" if limit else "", sending.model.sources)
    if limit is not None and sending.total_tokens > limit:
        yield _too_much(sending, f"and {sending.model.name} takes {limit:,}")


@rule("warning", "fewer tokens than the largest input", remedy=_SHRINK)
def input_tokens_edge(sending: Sending, files: Files) -> Found:
    limit = sending.largest_input
    is_open = limit is None or not limit.is_excluded
    yield Wanted(
        "" if limit is None or is_open else f"under {limit.tokens:,} tokens", sending.model.sources
    )
    if limit is not None and limit.most < sending.total_tokens <= limit.tokens:
        yield _too_much(sending, "the largest input: the guides ask for fewer")


@rule("warning", "fits whether the model thinks or not", remedy=_SHRINK)
def thinking_tokens(sending: Sending, files: Files) -> Found:
    spec, limit = sending.model, sending.input_limit
    plain, thinking = spec.max_input_tokens, spec.max_input_thinking_tokens
    if spec.thinking != "optional" or plain is None or thinking is None:
        yield Wanted(sources=spec.sources)
        return
    smaller = min(plain, thinking)
    sources = spec.sources_of("max_input_tokens", "max_input_thinking_tokens")
    yield Wanted(f"at most {smaller:,} tokens", sources)
    fits_as_asked = limit is not None and smaller < sending.total_tokens <= limit
    if fits_as_asked and sending.max_input is None:
        other = "with" if smaller == thinking else "without"
        yield _too_much(sending, f"but {other} thinking {spec.name} takes {smaller:,}")


def _too_much(sending: Sending, limit: str) -> Hit:
    found = f"{sending.total_tokens:,} tokens"
    text = f", {sending.text_tokens:,} of them text" if sending.text_tokens else ""
    return Hit(found, f"{found}{text}, {limit}")


@rule("note", "a call that has time to think", remedy="stream the reply")
def unstreamed_thinking(sending: Sending, files: Files) -> Found:
    spec = sending.model
    yield Wanted("a streamed reply", request_limits().unstreamed_seconds[0].sources)
    only = spec.requests is not None and spec.requests.streaming == "only"
    if spec.thinks(sending.thinking) and not only:
        yield Hit("thinking", unstreamed("a call that thinks"))


def unstreamed(what: str) -> str:
    """Return what becomes of a call that is not streamed, in one sentence about it."""
    limits = request_limits()
    seconds = " or ".join(
        f"{one.number} s ({named(one.sources)})" for one in limits.unstreamed_seconds
    )
    partial = f"with part of an answer, marked {limits.partial_header}"
    return f"{what} and is not streamed may end after {seconds} {partial}"


@rule("note", "room in the context for the longest thoughts and reply", weights=True)
def context_room(sending: Sending, files: Files) -> Found:
    spec, limit, total = sending.model, sending.input_limit, sending.total_tokens
    room = longest_answer(spec, sending.thinking)
    context = sending.context_tokens
    yield Wanted(f"at least {room:,} tokens" if room else "", spec.sources)
    if context is None or (limit is not None and total > limit):
        return
    left = context - total
    if left < room:
        message = (
            f"the context of {context:,} leaves {left:,} tokens for chain of thought "
            f"and reply, which may take {room:,}"
        )
        yield Hit(f"{left:,} tokens left", message)


@rule("error", "a URL goes by the route url", of="URL", remedy=by_url)
def url_route(sending: Sending, files: Files) -> Found:
    yield Wanted("a local file", request_limits().url_sources)
    way = ON_ITS_WAY[sending.route.name]
    for file in files if sending.route.name != "url" else ():
        yield Hit(f"a URL, {way}", f"a URL cannot be sent {way}", file)


@rule(
    "error", "a URL that the service can reach", of="URL",
    remedy="put the file where the public network reaches it; signed URLs do",
)  # fmt: skip
def url_public(sending: Sending, files: Files) -> Found:
    yield Wanted("a public host", request_limits().url_sources)
    for file in files:
        host = _host(file.source)
        if host is None or _is_private(host):
            found = host or "no host"
            yield Hit(found, f"{found} cannot be reached from the public network", file)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname or None
    except ValueError:  # such as an unclosed bracket
        return None


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        inside = (*request_limits().internal_hosts, ".local", ".internal", ".localhost")
        return host == "localhost" or host.endswith(inside)


@remark(
    "note", "what is not known of a URL", "", of="URL", remedy="`RemoteFile` fetches and checks it"
)
def url_unfetched(file: FileFacts) -> Said:
    unknown = "bytes, format, size and tokens of this URL are not checked and not counted"
    return "not fetched", f"only its name is looked at: {unknown}"


@rule("note", "what a server must say of a file")
def url_headers(sending: Sending, files: Files) -> Found:
    yield Wanted(sources=request_limits().url_sources)
    if sending.route.name == "url":
        message = (
            "the URL must be public, and its server must send the right Content-Length and "
            "Content-Type, or the download fails"
        )
        yield Hit("by URL", message)


@rule("note", "who takes files by path")
def path_sdk(sending: Sending, files: Files) -> Found:
    yield Wanted(sources=sending.route.sources)
    if sending.route.name == "path":
        takers = " and ".join(api.title for api in list_apis() if "path" in api.routes)
        said = sending.route.denied
        doubt = f": {readings(said)}, and Base64 holds under both" if said else ""
        yield Hit("by path", f"only the {takers} takes file:// paths{doubt}")


def readings(denial: Denial) -> str:
    """Return who says that something goes, and who that it does not."""
    return f"so say {named(denial.otherwise)}; {named(denial.sources)} deny it"
