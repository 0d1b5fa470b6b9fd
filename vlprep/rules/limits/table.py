"""All rules of a check, one row a rule, and the function that applies them."""

from __future__ import annotations

from vlprep.models.registry import file_formats, list_apis, request_limits
from vlprep.rules.limits import picture, remedy, request, video
from vlprep.rules.limits.finding import (
    Finding,
    Request,
    Rule,
    Severity,
    each,
    each_picture,
    whole,
)


def find_problems(asked: Request) -> tuple[Finding, ...]:
    """Return what all rules find in a request, file by file, the gravest first.

    What concerns the request as a whole comes last.

    >>> from vlprep import ImageInfo, ImageSize, get_model
    >>> from vlprep.models.registry import get_route
    >>> from vlprep.rules.limits.finding import FileFacts
    >>> info = ImageInfo(size=ImageSize(8, 80), format="GIF")
    >>> file = FileFacts(source="a.gif", kind="image", info=info)
    >>> ask = Request(model=get_model("qvq-max"), files=(file,), route=get_route("base64"))
    >>> [finding.rule for finding in find_problems(ask)]
    ['image-side', 'image-format']
    """
    places = {file.source: place for place, file in reversed(list(enumerate(asked.files)))}
    found = [finding for rule in RULES for finding in rule.findings(asked)]

    def order(finding: Finding) -> tuple[int, int]:
        place = len(places) if finding.source is None else places[finding.source]
        return place, SEVERITIES.index(finding.severity)

    return tuple(sorted(found, key=order))


SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The gravest first."""


def _nowhere(asked: Request) -> tuple[str, ...]:
    """Return no source: none says anything about it."""
    return ()


def _image_rule(asked: Request) -> tuple[str, ...]:
    return asked.image_rule.sources if asked.image_rule else ()


def _list_rule(asked: Request) -> tuple[str, ...]:
    return asked.video_rule.sources if asked.video_rule else ()


def _formats(asked: Request) -> tuple[str, ...]:
    return file_formats().sources


def _route(asked: Request) -> tuple[str, ...]:
    return asked.route.sources


def _image_bytes(asked: Request) -> tuple[str, ...]:
    own = asked.model.url_files
    return own.sources if own and asked.route.name == "url" else asked.route.sources


def _video_bytes(asked: Request) -> tuple[str, ...]:
    by_model = asked.route.max_video_bytes is None
    return _video_files(asked) if by_model else asked.route.sources


def _video_files(asked: Request) -> tuple[str, ...]:
    return asked.model.video_files.sources if asked.model.video_files else ()


def _request_images(asked: Request) -> tuple[str, ...]:
    own = asked.model.url_files
    other = own is not None and own.max_request_images is not None and asked.route.name != "base64"
    return own.sources if own and other else asked.route.request_sources


def _request_videos(asked: Request) -> tuple[str, ...]:
    return request_limits().video_sources


def _data_urls(asked: Request) -> tuple[str, ...]:
    return request_limits().data_url_sources


def _fps(asked: Request) -> tuple[str, ...]:
    return request_limits().fps_sources


def _openai_fps(asked: Request) -> tuple[str, ...]:
    return tuple(source for api in list_apis() for source in api.fps_sources)


def _urls(asked: Request) -> tuple[str, ...]:
    return request_limits().url_sources


def _localisation(asked: Request) -> tuple[str, ...]:
    return asked.model.localisation.sources if asked.model.localisation else ()


def _windows(asked: Request) -> tuple[str, ...]:
    return asked.model.sources


_SPLIT = remedy.say("split the files into several requests")
_SHRINK = remedy.say("send fewer files, lower --fps, or lower --max-pixels")

RULES = (
    Rule(
        id="readable", severity="error", title="the file is an image or a video that can be read",
        check=each(request.readable, "unreadable"), remedy=remedy.nothing, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="countable", severity="error", title="its tokens can be counted",
        check=each(request.countable), remedy=remedy.nothing, sources=_nowhere, of_service=False,
    ),
    Rule(
        id="image-side", severity="error", title="sides of more than 10 pixels",
        check=each_picture(picture.image_side), sources=_image_rule,
        remedy=remedy.say("enlarge it, or paste it onto a larger canvas"),
    ),
    Rule(
        id="image-ratio", severity="error", title="long over short side of at most 200:1",
        check=each_picture(picture.image_ratio), sources=_image_rule, of_service=False,
        remedy=remedy.say("crop it, or split it into several images"),
    ),
    Rule(
        id="image-format", severity="error", title="BMP, JPEG, PNG, TIFF, WEBP or HEIC",
        check=each_picture(picture.image_format), remedy=remedy.compress, sources=_formats,
    ),
    Rule(
        id="large-image-format", severity="warning", title="above 4K only JPEG and PNG",
        check=each_picture(picture.large_image_format), remedy=remedy.compress, sources=_formats,
    ),
    Rule(
        id="image-8k", severity="warning", title="at most 8K, as is advised",
        check=each_picture(picture.image_8k), remedy=remedy.view, sources=_formats,
    ),
    Rule(
        id="image-bytes", severity="error", title="bytes of an image by path or URL",
        check=each_picture(picture.image_bytes), remedy=remedy.compress, sources=_image_bytes,
    ),
    Rule(
        id="base64-length", severity="error", title="length of an image's data URL",
        check=each_picture(picture.base64_length), remedy=remedy.compress, sources=_route,
    ),
    Rule(
        id="raw-bytes", severity="warning", title="bytes of an image before encoding, as advised",
        check=each_picture(picture.raw_bytes), remedy=remedy.compress, sources=_route,
    ),
    Rule(
        id="video-container", severity="warning", title="MP4, AVI, MKV, MOV, FLV or WMV",
        check=each(video.video_container, "video"), remedy=remedy.compress, sources=_formats,
    ),
    Rule(
        id="video-duration", severity="error", title="shortest and longest video of the model",
        check=each(video.video_duration, "video"), remedy=remedy.right_length, sources=_video_files,
    ),
    Rule(
        id="video-bytes", severity="error", title="bytes of a video by path or URL",
        check=each(video.video_bytes, "video"), remedy=remedy.compress, sources=_video_bytes,
    ),
    Rule(
        id="video-base64-length", severity="error", title="length of a video's data URL",
        check=each(video.video_base64_length, "video"), remedy=remedy.compress, sources=_route,
    ),
    Rule(
        id="video-raw-bytes", severity="warning",
        title="bytes of a video before encoding, as advised",
        check=each(video.video_raw_bytes, "video"), remedy=remedy.compress, sources=_route,
    ),
    Rule(
        id="fps-range", severity="error", title="frames per second that may be asked of a video",
        check=each(video.fps_range, "video", "frame list"), sources=_fps,
        remedy=remedy.say("ask a rate within the range with --fps"),
    ),
    Rule(
        id="openai-fps", severity="warning", title="a rate that the OpenAI-compatible API follows",
        check=whole(request.openai_fps), sources=_openai_fps,
        remedy=remedy.say("call DashScope, or send the frames of vlprep frames --fps 2 as a list"),
    ),
    Rule(
        id="frame-list-length", severity="error", title="images in a list that stands for a video",
        check=each(video.frame_list_length, "frame list"), sources=_list_rule,
        remedy=remedy.say("leave out or add frames, or send them as images"),
    ),
    Rule(
        id="request-images", severity="error", title="images in one request",
        check=whole(request.request_images), remedy=_SPLIT, sources=_request_images,
    ),
    Rule(
        id="request-videos", severity="error", title="videos in one request",
        check=whole(request.request_videos), remedy=_SPLIT, sources=_request_videos,
    ),
    Rule(
        id="request-data-urls", severity="warning",
        title="data URLs in one request, those of frames too",
        check=whole(request.request_data_urls), sources=_data_urls,
        remedy=remedy.say("send a video file, or the frames by URL or path"),
    ),
    Rule(
        id="input-tokens", severity="error", title="all tokens within the largest input",
        check=whole(request.input_tokens), remedy=_SHRINK, sources=_windows, of_service=False,
    ),
    Rule(
        id="input-tokens-edge", severity="warning", title="fewer tokens than the largest input",
        check=whole(request.input_tokens_edge), remedy=_SHRINK, sources=_windows,
    ),
    Rule(
        id="thinking-tokens", severity="warning", title="fits whether the model thinks or not",
        check=whole(request.thinking_tokens), remedy=_SHRINK, sources=_windows,
    ),
    Rule(
        id="context-room", severity="note",
        title="room in the context for the longest thoughts and reply",
        check=whole(request.context_room), remedy=remedy.nothing, sources=_windows,
        of_service=False,
    ),
    Rule(
        id="localisation-size", severity="note", title="size at which boxes are reliable",
        check=each(picture.localisation_size, "image"), remedy=remedy.nothing,
        sources=_localisation, of_service=False,
    ),
    Rule(
        id="mislabelled", severity="warning", title="a name that says what the content is",
        check=each(picture.mislabelled), remedy=remedy.rename, sources=_urls,
    ),
    Rule(
        id="animated", severity="warning", title="not an animated picture",
        check=each(picture.animated, "animation"), remedy=remedy.frames, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="several-pages", severity="warning", title="one picture in a file",
        check=each_picture(picture.several_pages), remedy=remedy.first_page, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="image-orientation", severity="note", title="an image stored upright",
        check=each_picture(picture.image_orientation), remedy=remedy.view, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="alpha", severity="note", title="an opaque image",
        check=each_picture(picture.alpha), remedy=remedy.view, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="colour-mode", severity="note", title="an image of 8-bit grey or RGB",
        check=each_picture(picture.colour_mode), remedy=remedy.view, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="video-rotation", severity="note", title="a video stored upright",
        check=each(video.video_rotation, "video"), remedy=remedy.frames, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="hdr", severity="warning", title="a video of ordinary dynamic range",
        check=each(video.hdr, "video"), remedy=remedy.mapped_frames, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="interlaced", severity="note", title="a video of one moment a frame",
        check=each(video.interlaced, "video"), remedy=remedy.nothing, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="pixel-aspect", severity="note", title="a video of square pixels",
        check=each(video.pixel_aspect, "video"), remedy=remedy.nothing, sources=_nowhere,
        of_service=False,
    ),
    Rule(
        id="url-route", severity="error", title="a URL goes by the route url",
        check=each(request.url_route, "URL"), remedy=remedy.by_url, sources=_urls,
    ),
    Rule(
        id="url-public", severity="error", title="a URL that the service can reach",
        check=each(request.url_public, "URL"), sources=_urls,
        remedy=remedy.say("put the file where the public network reaches it; signed URLs do"),
    ),
    Rule(
        id="url-unfetched", severity="note", title="what is not known of a URL",
        check=each(request.url_unfetched, "URL"), sources=_nowhere, of_service=False,
        remedy=remedy.say("download the file and check that"),
    ),
    Rule(
        id="url-headers", severity="note", title="what a server must say of a file",
        check=whole(request.url_headers), remedy=remedy.nothing, sources=_urls,
    ),
    Rule(
        id="path-sdk", severity="note", title="who takes files by path",
        check=whole(request.path_sdk), remedy=remedy.nothing, sources=_route,
    ),
)  # fmt: skip
"""Every rule, in the order in which they are tried."""
