"""Rules on a request as a whole, on its tokens, and on URLs."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from vlprep.check.files import Stated, data_url_length, images_per_request
from vlprep.check.remedies import by_url
from vlprep.check.rule import FileFacts, Hit, Sending, Wanted, remark, rule
from vlprep.count.budget import longest_answer
from vlprep.models.registry import list_apis, request_limits

ON_ITS_WAY = {"base64": "as Base64", "path": "by path", "url": "by URL"}
"""How a route is called in a sentence."""

_SPLIT = "split the files into several requests"
_SHRINK = "send fewer files, lower `fps`, or lower `max_pixels`"


@rule(
    "error", "frames per second that may be asked of a video",
    remedy="ask a rate within the range with `fps`",
)  # fmt: skip
def fps_range(sending: Sending) -> Wanted | None:
    rule, fps = sending.rules.video, sending.view.options.fps
    if rule is None or rule.min_fps is None or rule.max_fps is None:
        return None
    words = f"{rule.min_fps:g} to {rule.max_fps:g} frames per second"
    sources = rule.sources_of("min_fps", "max_fps")
    if fps is None or rule.takes_fps(fps) or not _has_video(sending):
        return Wanted(words, sources)
    asked = f"{fps:g} frames per second"
    return Wanted(words, sources, hit=(asked, f"{asked} are asked for, and {words} are taken"))


@rule(
    "warning", "a rate that the OpenAI-compatible API follows",
    remedy="call DashScope, or send the frames that `read_frames` gives at 2 a second, as a list",
)  # fmt: skip
def openai_fps(sending: Sending) -> Wanted:
    asked = sending.view.options.fps
    fixed = {api.fixed_fps: api for api in sending.apis if api.fixed_fps is not None}
    words = f"{min(fixed):g} frames per second" if fixed else ""
    sources = tuple(source for api in sending.apis for source in api.fps_sources)
    rates = {rate for rate, api in fixed.items() if sending.route.name in api.routes}
    rates -= {asked}
    if asked is None or not rates or not _has_video(sending):
        return Wanted(words, sources)
    message = (
        f"the OpenAI-compatible API samples {min(rates):g} frames per second whatever is asked, "
        "say the guides; the API reference of 2026 lists fps"
    )
    return Wanted(words, sources, hit=(f"{asked:g} frames per second", message))


def _has_video(sending: Sending) -> bool:
    return sending.of_kind("video", "frame list") > 0


@rule("error", "images in one request", remedy=_SPLIT)
def request_images(sending: Sending) -> Wanted | None:
    stated = images_per_request(sending.model, sending.route)
    count = sending.of_kind("image", "animation")
    return None if stated is None else _at_most(stated, count, "images", sending)


@rule("error", "videos in one request", remedy=_SPLIT)
def request_videos(sending: Sending) -> Wanted:
    limits, count = request_limits(), sending.of_kind("video", "frame list")
    return _at_most((limits.max_videos, limits.video_sources), count, "videos", sending)


def _at_most(stated: Stated, count: int, things: str, sending: Sending) -> Wanted:
    most, sources = stated
    words, found = f"at most {most:,} {things}", f"{count:,} {things}"
    message = f"{found} {ON_ITS_WAY[sending.route.name]}, and one request takes {most:,}"
    return Wanted(words, sources, hit=(found, message) if count > most else None)


@rule(
    "warning", "data URLs in one request, those of frames too",
    remedy="send a video file, or the frames by URL or path",
)  # fmt: skip
def request_data_urls(sending: Sending) -> Wanted:
    most, sources = request_limits().max_data_urls, request_limits().data_url_sources
    if not sending.is_encoded:
        return Wanted(sources=sources)
    sent = [file for file in sending.files if file.kind != "unreadable"]
    count = sum(max(len(file.frames), 1) for file in sent)
    found = f"{count:,} data URLs"
    problem = f"may be refused: a service was seen to take {most:,}"
    message = f"{found} with the frames of lists {problem}"
    is_hit = count > most and sending.of_kind("frame list")
    return Wanted(f"at most {most:,} data URLs", sources, hit=(found, message) if is_hit else None)


@rule(
    "warning", "length of all data URLs together",
    remedy="send fewer files at once, or by URL or path",
)  # fmt: skip
def request_body(sending: Sending) -> Wanted | None:
    parts = [part for file in sending.files for part in file.frames or (file,) if part.file_bytes]
    length = sum(data_url_length(part.file_bytes, "image/jpeg") for part in parts)
    is_long = len(parts) > 1 and length >= sending.route.max_image_bytes
    if not (is_long and sending.is_encoded):
        return None
    found = f"about {length:,} characters"
    message = (
        f"the files come to {found} of Base64 together; no source states how many one request may "
        "have, and a gateway may be stricter than the service"
    )
    return Wanted(hit=(found, message))


@rule("error", "all tokens within the largest input", weights=True, remedy=_SHRINK)
def input_tokens(sending: Sending) -> Wanted:
    limit, sources = sending.input_limit, sending.model.sources
    if limit is None:
        return Wanted(sources=sources)
    is_over = sending.total_tokens > limit
    hit = _too_much(sending, f"and {sending.model.name} takes {limit:,}")
    return Wanted(f"at most {limit:,} tokens", sources, hit=hit if is_over else None)


@rule("warning", "fewer tokens than the largest input", remedy=_SHRINK)
def input_tokens_edge(sending: Sending) -> Wanted:
    limit, sources = sending.largest_input, sending.model.sources
    if limit is None or not limit.is_excluded:
        return Wanted(sources=sources)
    is_full = limit.most < sending.total_tokens <= limit.tokens
    hit = _too_much(sending, "the largest input: the guides ask for fewer")
    return Wanted(f"under {limit.tokens:,} tokens", sources, hit=hit if is_full else None)


@rule("warning", "fits whether the model thinks or not", remedy=_SHRINK)
def thinking_tokens(sending: Sending) -> Wanted:
    spec, limit = sending.model, sending.input_limit
    plain, thinking = spec.max_input_tokens, spec.max_input_thinking_tokens
    if spec.thinking != "optional" or plain is None or thinking is None:
        return Wanted(sources=spec.sources)
    sources = spec.sources_of("max_input_tokens", "max_input_thinking_tokens")
    smaller = min(plain, thinking)
    other = "with" if smaller == thinking else "without"
    fits_as_asked = limit is not None and smaller < sending.total_tokens <= limit
    is_hit = fits_as_asked and sending.max_input is None
    hit = _too_much(sending, f"but {other} thinking {spec.name} takes {smaller:,}")
    return Wanted(f"at most {smaller:,} tokens", sources, hit=hit if is_hit else None)


def _too_much(sending: Sending, limit: str) -> Hit:
    found = f"{sending.total_tokens:,} tokens"
    text = f", {sending.text_tokens:,} of them text" if sending.text_tokens else ""
    return found, f"{found}{text}, {limit}"


@rule("note", "room in the context for the longest thoughts and reply", weights=True)
def context_room(sending: Sending) -> Wanted:
    spec, limit, total = sending.model, sending.input_limit, sending.total_tokens
    room = longest_answer(spec, sending.thinking)
    words = f"at least {room:,} tokens" if room else ""
    context = sending.context_tokens
    if context is None or (limit is not None and total > limit):
        return Wanted(words, spec.sources)
    left = context - total
    message = (
        f"the context of {context:,} leaves {left:,} tokens for chain of thought and "
        f"reply, which may take {room:,}"
    )
    hit = (f"{left:,} tokens left", message) if left < room else None
    return Wanted(words, spec.sources, hit=hit)


@rule("error", "a URL goes by the route url", of="URL", remedy=by_url)
def url_route(sending: Sending) -> Wanted:
    way = ON_ITS_WAY[sending.route.name]
    is_other = sending.route.name != "url"
    hit = (f"a URL, {way}", f"a URL cannot be sent {way}") if is_other else None
    return Wanted("a local file", request_limits().url_sources, lambda file: hit)


@rule(
    "error", "a URL that the service can reach", of="URL",
    remedy="put the file where the public network reaches it; signed URLs do",
)  # fmt: skip
def url_public(sending: Sending) -> Wanted:
    def test(file: FileFacts) -> Hit | None:
        found = _host(file.source) or "no host"
        is_public = found != "no host" and not _is_private(found)
        message = f"{found} cannot be reached from the public network"
        return None if is_public else (found, message)

    return Wanted("a public host", request_limits().url_sources, test)


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


@remark(
    "note", "what is not known of a URL", "", of="URL", remedy="download the file and check that"
)
def url_unfetched(file: FileFacts) -> Hit:
    unknown = "bytes, format, size and tokens of this URL are not checked and not counted"
    return "not fetched", f"vlprep does not download: {unknown}"


@rule("note", "what a server must say of a file")
def url_headers(sending: Sending) -> Wanted:
    message = (
        "the URL must be public, and its server must send the right Content-Length and "
        "Content-Type, or the download fails"
    )
    hit = ("by URL", message) if sending.route.name == "url" else None
    return Wanted(sources=request_limits().url_sources, hit=hit)


@rule("note", "who takes files by path")
def path_sdk(sending: Sending) -> Wanted:
    takers = " and ".join(api.title for api in list_apis() if "path" in api.routes)
    message = f"only the {takers} takes file:// paths"
    hit = ("by path", message) if sending.route.name == "path" else None
    return Wanted(sources=sending.route.sources, hit=hit)
