"""What the rules want, in words, for the model and the route of a request; "" asks nothing."""

from __future__ import annotations

from vlprep.check import files
from vlprep.check.files import images_per_request, video_byte_limit
from vlprep.check.rule import Sending, Wanted
from vlprep.errors import UnknownFactError
from vlprep.maths.geometry import RESIZE_RULES
from vlprep.models.registry import file_formats, request_limits


def just(words: str) -> Wanted:
    """Return what is wanted of every request alike."""
    return lambda request: words


def nothing(request: Sending) -> str:
    """Return that nothing is wanted: the rule only tells."""
    return ""


def image_side(request: Sending) -> str:
    """Return the shortest side."""
    shortest = request.image_rule.min_side_pixels if request.image_rule else None
    return "" if shortest is None else f"at least {shortest} px"


def image_ratio(request: Sending) -> str:
    """Return the largest ratio of the sides."""
    limit = most_ratio(request)
    return "" if limit is None else f"at most {limit:g}:1"


def most_ratio(request: Sending) -> float | None:
    """Return the largest ratio that the service takes, or else the rule that resizes."""
    rule = request.image_rule
    if rule is None:
        return None
    return rule.max_aspect_ratio or RESIZE_RULES[rule.resize].max_aspect_ratio


def image_format(request: Sending) -> str:
    """Return the formats of images."""
    return ", ".join(file_formats().image)


def large_image_format(request: Sending) -> str:
    """Return the formats of large images."""
    formats = file_formats()
    short, long = formats.large_image_sides
    return f"{' or '.join(formats.large_image)} above {long}x{short}"


def image_8k(request: Sending) -> str:
    """Return the most pixels that are advised."""
    return f"at most {file_formats().most_image_pixels:,} pixels"


def image_bytes(request: Sending) -> str:
    """Return the bytes that an image must stay under by path or by URL."""
    return "" if request.route.name == "base64" else f"under {most_image_bytes(request):,} bytes"


def most_image_bytes(request: Sending) -> int:
    """Return what an image must stay under by the request's route, of the whole data URL if any."""
    return files.most_image_bytes(request.model, request.route)


def base64_length(request: Sending) -> str:
    """Return the characters that an image's data URL must stay under."""
    return _characters(request, request.route.max_image_bytes)


def video_base64_length(request: Sending) -> str:
    """Return the characters that a video's data URL must stay under."""
    return _characters(request, request.route.max_video_bytes)


def _characters(request: Sending, limit: int | None) -> str:
    if request.route.name != "base64" or limit is None:
        return ""
    return f"under {limit:,} characters"


def raw_bytes(request: Sending) -> str:
    """Return the bytes that a file should stay under before it is encoded."""
    limit = request.route.raw_bytes
    return "" if limit is None else f"under {limit:,} bytes"


def video_container(request: Sending) -> str:
    """Return the containers of videos."""
    return ", ".join(file_formats().video)


def video_duration(request: Sending) -> str:
    """Return how long a video may last."""
    files = request.model.video_files
    return "" if files is None else f"{files.min_seconds:g} to {files.max_seconds:,.0f} s"


def video_bytes(request: Sending) -> str:
    """Return the bytes that a video must stay under by path or by URL."""
    limit = most_video_bytes(request)
    return "" if limit is None else f"under {limit:,} bytes"


def most_video_bytes(request: Sending) -> int | None:
    """Return what a video must stay under by path or by URL; `None` where no source states it."""
    if request.route.name == "base64":
        return None
    try:
        return video_byte_limit(request.model, request.route)
    except UnknownFactError:
        return None


def fps_range(request: Sending) -> str:
    """Return the rates that may be asked."""
    rule = request.video_rule
    if rule is None or rule.min_fps is None or rule.max_fps is None:
        return ""
    return f"{rule.min_fps:g} to {rule.max_fps:g} frames per second"


def openai_fps(request: Sending) -> str:
    """Return the rate that does not change."""
    rates = [api.fixed_fps for api in request.apis if api.fixed_fps is not None]
    return f"{min(rates):g} frames per second" if rates else ""


def frame_list_length(request: Sending) -> str:
    """Return how many images a list may have."""
    rule = request.video_rule
    if rule is None:
        return ""
    low, high = rule.min_list_images or 1, rule.max_list_images
    return f"at least {low} images" if high is None else f"{low} to {high:,} images"


def request_images(request: Sending) -> str:
    """Return how many images a request may hold."""
    most = most_images(request)
    return "" if most is None else f"at most {most:,} images"


def most_images(request: Sending) -> int | None:
    """Return how many images one request may hold by its route."""
    return images_per_request(request.model, request.route)


def request_videos(request: Sending) -> str:
    """Return how many videos a request may hold."""
    return f"at most {request_limits().max_videos:,} videos"


def request_data_urls(request: Sending) -> str:
    """Return how many data URLs a service was seen to take."""
    if request.route.name != "base64":
        return ""
    return f"at most {request_limits().max_data_urls:,} data URLs"


def input_tokens(request: Sending) -> str:
    """Return the largest input."""
    limit = input_limit(request)
    return "" if limit is None else f"at most {limit:,} tokens"


def input_tokens_edge(request: Sending) -> str:
    """Return the input that the guides ask to stay under."""
    limit = input_limit(request)
    return "" if limit is None else f"under {limit:,} tokens"


def input_limit(request: Sending) -> int | None:
    """Return the largest input in tokens; `None` where no source states it."""
    if request.max_input is not None:
        return request.max_input
    return request.model.input_limit(request.thinking)


def thinking_tokens(request: Sending) -> str:
    """Return the input that fits whether the model thinks or not."""
    limit = thinking_limit(request)
    return "" if limit is None else f"at most {limit:,} tokens"


def thinking_limit(request: Sending) -> int | None:
    """Return the smaller of two largest inputs, where a model may think or not."""
    spec = request.model
    limits = (spec.max_input_tokens, spec.max_input_thinking_tokens)
    known = [limit for limit in limits if limit is not None]
    return min(known) if spec.thinking == "optional" and len(known) == len(limits) else None


def context_room(request: Sending) -> str:
    """Return the tokens that the longest thoughts and reply may take."""
    room = longest_answer(request)
    return f"at least {room:,} tokens" if room else ""


def longest_answer(request: Sending) -> int:
    """Return the most tokens of chain of thought, if the model thinks, and of reply."""
    spec = request.model
    thought = (spec.max_thinking_tokens or 0) if spec.thinks(request.thinking) else 0
    return thought + (spec.max_reply_tokens or 0)


def localisation_size(request: Sending) -> str:
    """Return the pixels at which boxes are reliable."""
    range_ = request.model.localisation
    return "" if range_ is None else f"{range_.min_pixels:,} to {range_.max_pixels:,} pixels"
