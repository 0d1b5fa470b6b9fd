"""All rules of a check, one row a rule, and the function that applies them."""

from __future__ import annotations

from vlprep.check import images as picture
from vlprep.check import remedies as remedy
from vlprep.check import requests as request
from vlprep.check import sources, wanted
from vlprep.check import videos as video
from vlprep.check.rule import (
    Finding,
    Rule,
    Sending,
    Severity,
    each,
    each_picture,
    whole,
)


def find_problems(asked: Sending) -> tuple[Finding, ...]:
    """Return what all rules find in a request, file by file, the gravest first.

    What concerns the request as a whole comes last.

    >>> from vlprep.types import ImageInfo, ImageSize
    >>> from vlprep.models.registry import get_route
    >>> from vlprep.check.rule import FileFacts
    >>> from vlprep.view import View
    >>> info = ImageInfo(size=ImageSize(8, 80), format="GIF")
    >>> file = FileFacts(source="a.gif", kind="image", info=info)
    >>> ask = Sending(view=View.of("qvq-max"), files=(file,), route=get_route("base64"))
    >>> [finding.rule for finding in find_problems(ask)]
    ['image-side', 'image-format']
    """
    places = {file.source: place for place, file in reversed(list(enumerate(asked.files)))}
    found = [finding for rule in RULES for finding in rule.findings(asked)]

    def order(finding: Finding) -> tuple[int, int]:
        place = len(asked.files) if finding.source is None else places[finding.source]
        return place, SEVERITIES.index(finding.severity)

    return tuple(sorted(found, key=order))


SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The gravest first."""


_SPLIT = remedy.say("split the files into several requests")
_SHRINK = remedy.say("send fewer files, lower --fps, or lower --max-pixels")

RULES = (
    Rule(
        id="readable", severity="error", title="the file is an image or a video that can be read",
        wanted=wanted.just("an image or a video"),
        check=each(request.readable, "unreadable"), remedy=remedy.nothing, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="countable", severity="error", title="its tokens can be counted",
        wanted=wanted.just("tokens that can be counted"),
        check=each(request.countable), remedy=remedy.nothing,
        sources=sources.nowhere, of_service=False,
    ),
    Rule(
        id="count-known", severity="warning", title="a source says how its tokens are counted",
        wanted=wanted.just("every file counted"),
        check=whole(request.count_known), remedy=remedy.nothing, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="image-side", severity="error", title="the shortest side taken",
        wanted=wanted.image_side,
        check=each_picture(picture.image_side), sources=sources.image_rule,
        remedy=remedy.say("enlarge it, or paste it onto a larger canvas"),
    ),
    Rule(
        id="image-ratio", severity="error", title="the largest ratio of sides taken",
        wanted=wanted.image_ratio,
        check=each_picture(picture.image_ratio), sources=sources.image_rule, of_service=False,
        remedy=remedy.say("crop it, or split it into several images"),
    ),
    Rule(
        id="image-format", severity="error", title="a format taken",
        wanted=wanted.image_format,
        check=each_picture(picture.image_format), remedy=remedy.compress, sources=sources.formats,
    ),
    Rule(
        id="large-image-format", severity="warning", title="a format taken above 4K",
        wanted=wanted.large_image_format,
        check=each_picture(picture.large_image_format), remedy=remedy.compress,
        sources=sources.formats,
    ),
    Rule(
        id="image-8k", severity="warning", title="pixels of an image, as advised: 8K",
        wanted=wanted.image_8k,
        check=each_picture(picture.image_8k), remedy=remedy.view, sources=sources.formats,
    ),
    Rule(
        id="image-bytes", severity="error", title="bytes of an image by path or URL",
        wanted=wanted.image_bytes,
        check=each_picture(picture.image_bytes), remedy=remedy.compress,
        sources=sources.image_bytes,
    ),
    Rule(
        id="base64-length", severity="error", title="length of an image's data URL",
        wanted=wanted.base64_length,
        check=each_picture(picture.base64_length), remedy=remedy.compress, sources=sources.route,
    ),
    Rule(
        id="raw-bytes", severity="warning", title="bytes of an image before encoding, as advised",
        wanted=wanted.raw_bytes,
        check=each_picture(picture.raw_bytes), remedy=remedy.compress, sources=sources.route,
    ),
    Rule(
        id="video-container", severity="warning", title="a container that is listed",
        wanted=wanted.video_container,
        check=each(video.video_container, "video"), remedy=remedy.compress, sources=sources.formats,
    ),
    Rule(
        id="video-duration", severity="error", title="shortest and longest video of the model",
        wanted=wanted.video_duration,
        check=each(video.video_duration, "video"), remedy=remedy.right_length,
        sources=sources.video_files,
    ),
    Rule(
        id="video-bytes", severity="error", title="bytes of a video by path or URL",
        wanted=wanted.video_bytes,
        check=each(video.video_bytes, "video"), remedy=remedy.compress, sources=sources.video_bytes,
    ),
    Rule(
        id="video-base64-length", severity="error", title="length of a video's data URL",
        wanted=wanted.video_base64_length,
        check=each(video.video_base64_length, "video"), remedy=remedy.compress,
        sources=sources.route,
    ),
    Rule(
        id="video-raw-bytes", severity="warning",
        title="bytes of a video before encoding, as advised",
        wanted=wanted.raw_bytes,
        check=each(video.video_raw_bytes, "video"), remedy=remedy.compress, sources=sources.route,
    ),
    Rule(
        id="fps-range", severity="error", title="frames per second that may be asked of a video",
        wanted=wanted.fps_range,
        check=whole(request.fps_range), sources=sources.fps,
        remedy=remedy.say("ask a rate within the range with --fps"),
    ),
    Rule(
        id="openai-fps", severity="warning", title="a rate that the OpenAI-compatible API follows",
        wanted=wanted.openai_fps,
        check=whole(request.openai_fps), sources=sources.openai_fps,
        remedy=remedy.say("call DashScope, or send the frames of vlprep frames --fps 2 as a list"),
    ),
    Rule(
        id="frame-list-length", severity="error", title="images in a list that stands for a video",
        wanted=wanted.frame_list_length,
        check=each(video.frame_list_length, "frame list"), sources=sources.list_rule,
        remedy=remedy.say("leave out or add frames, or send them as images"),
    ),
    Rule(
        id="request-images", severity="error", title="images in one request",
        wanted=wanted.request_images,
        check=whole(request.request_images), remedy=_SPLIT, sources=sources.request_images,
    ),
    Rule(
        id="request-videos", severity="error", title="videos in one request",
        wanted=wanted.request_videos,
        check=whole(request.request_videos), remedy=_SPLIT, sources=sources.request_videos,
    ),
    Rule(
        id="request-data-urls", severity="warning",
        title="data URLs in one request, those of frames too",
        wanted=wanted.request_data_urls,
        check=whole(request.request_data_urls), sources=sources.data_urls,
        remedy=remedy.say("send a video file, or the frames by URL or path"),
    ),
    Rule(
        id="request-body", severity="warning", title="length of all data URLs together",
        wanted=wanted.nothing,
        check=whole(request.request_body), sources=sources.nowhere,
        remedy=remedy.say("send fewer files at once, or by URL or path"),
    ),
    Rule(
        id="input-tokens", severity="error", title="all tokens within the largest input",
        wanted=wanted.input_tokens,
        check=whole(request.input_tokens), remedy=_SHRINK,
        sources=sources.windows, of_service=False,
    ),
    Rule(
        id="input-tokens-edge", severity="warning", title="fewer tokens than the largest input",
        wanted=wanted.input_tokens_edge,
        check=whole(request.input_tokens_edge), remedy=_SHRINK, sources=sources.windows,
    ),
    Rule(
        id="thinking-tokens", severity="warning", title="fits whether the model thinks or not",
        wanted=wanted.thinking_tokens,
        check=whole(request.thinking_tokens), remedy=_SHRINK, sources=sources.windows,
    ),
    Rule(
        id="context-room", severity="note",
        title="room in the context for the longest thoughts and reply",
        wanted=wanted.context_room,
        check=whole(request.context_room), remedy=remedy.nothing, sources=sources.windows,
        of_service=False,
    ),
    Rule(
        id="localisation-size", severity="note", title="size at which boxes are reliable",
        wanted=wanted.localisation_size,
        check=each(picture.localisation_size, "image"), remedy=remedy.nothing,
        sources=sources.localisation, of_service=False,
    ),
    Rule(
        id="mislabelled", severity="warning", title="a name that says what the content is",
        wanted=wanted.just("a name that says so"),
        check=each(picture.mislabelled), remedy=remedy.rename, sources=sources.urls,
    ),
    Rule(
        id="animated", severity="warning", title="not an animated picture",
        wanted=wanted.just("one picture"),
        check=each(picture.animated, "animation"), remedy=remedy.frames, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="several-pages", severity="warning", title="one picture in a file",
        wanted=wanted.just("one picture"),
        check=each_picture(picture.several_pages), remedy=remedy.first_page,
        sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="image-orientation", severity="note", title="an image stored upright",
        wanted=wanted.just("upright"),
        check=each_picture(picture.image_orientation), remedy=remedy.view, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="alpha", severity="note", title="an opaque image",
        wanted=wanted.just("an opaque picture"),
        check=each_picture(picture.alpha), remedy=remedy.view, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="colour-mode", severity="note", title="an image of 8-bit grey or RGB",
        wanted=wanted.just("8-bit grey or RGB"),
        check=each_picture(picture.colour_mode), remedy=remedy.view, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="video-header", severity="warning", title="a whole video, of one stream",
        wanted=wanted.just("a header without a question"),
        check=each(video.video_header, "video"), remedy=remedy.nothing, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="video-rotation", severity="note", title="a video stored upright",
        wanted=wanted.just("upright"),
        check=each(video.video_rotation, "video"), remedy=remedy.frames, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="hdr", severity="warning", title="a video of ordinary dynamic range",
        wanted=wanted.just("the range of ordinary screens"),
        check=each(video.hdr, "video"), remedy=remedy.mapped_frames, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="interlaced", severity="note", title="a video of one moment a frame",
        wanted=wanted.just("one moment a frame"),
        check=each(video.interlaced, "video"), remedy=remedy.nothing, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="pixel-aspect", severity="note", title="a video of square pixels",
        wanted=wanted.just("square pixels"),
        check=each(video.pixel_aspect, "video"), remedy=remedy.nothing, sources=sources.nowhere,
        of_service=False,
    ),
    Rule(
        id="url-route", severity="error", title="a URL goes by the route url",
        wanted=wanted.just("a local file"),
        check=each(request.url_route, "URL"), remedy=remedy.by_url, sources=sources.urls,
    ),
    Rule(
        id="url-public", severity="error", title="a URL that the service can reach",
        wanted=wanted.just("a public host"),
        check=each(request.url_public, "URL"), sources=sources.urls,
        remedy=remedy.say("put the file where the public network reaches it; signed URLs do"),
    ),
    Rule(
        id="url-unfetched", severity="note", title="what is not known of a URL",
        wanted=wanted.nothing,
        check=each(request.url_unfetched, "URL"), sources=sources.nowhere, of_service=False,
        remedy=remedy.say("download the file and check that"),
    ),
    Rule(
        id="url-headers", severity="note", title="what a server must say of a file",
        wanted=wanted.nothing,
        check=whole(request.url_headers), remedy=remedy.nothing, sources=sources.urls,
    ),
    Rule(
        id="path-sdk", severity="note", title="who takes files by path",
        wanted=wanted.nothing,
        check=whole(request.path_sdk), remedy=remedy.nothing, sources=sources.route,
    ),
)  # fmt: skip
"""Every rule, in the order in which they are tried."""
