"""How media are to be sent, and what the protocol, the model and its service refuse of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from vlprep.count.pixels import image_limits
from vlprep.count.tokens import image_count
from vlprep.count.videos import FRAME_CHOICES, video_count
from vlprep.errors import ConstraintError, UnknownFactError, UnsupportedFormatError
from vlprep.models.asking import Recipe, Region
from vlprep.models.registry import find_region, get_api, get_route, get_server
from vlprep.models.routes import ChatApi
from vlprep.models.servers import SERVERS, Server
from vlprep.models.spec import ModelSpec
from vlprep.output.target import PathLike
from vlprep.payload.forms import OPENAI_SAMPLING
from vlprep.payload.history import History
from vlprep.payload.parts import MediaPart, SentFile
from vlprep.payload.serving import refuse_unserved
from vlprep.pick.pick import PickOptions
from vlprep.types import ApiName, FrameListInfo, ImageInfo, RouteName, VideoInfo
from vlprep.view import View, ViewOptions

NEVER_SAID = (*FRAME_CHOICES, "total_pixels", "clip_pixels")
"""Options of the view that no request can say of a video file, which the service samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How the caller wants media to be sent; the view says what the model is to see of them."""

    view: View
    api: ApiName = "openai"
    route: RouteName = "base64"
    system: str | None = None
    thinking: bool | None = None
    thinking_budget: int | None = None
    stream: bool | None = None
    region: str | None = None
    recipe: Recipe | None = None
    compress: bool = False
    as_frames: bool = False
    pick: PickOptions | None = None
    pieces: bool = False
    readable: float | None = None
    video_fields: bool = False
    check: bool = True
    folder: PathLike | None = None

    @property
    def protocol(self) -> ChatApi:
        """The protocol; raises `ConstraintError` where there is none of that name."""
        return get_api(self.api)

    @property
    def model(self) -> ModelSpec:
        """Whose service is asked."""
        return self.view.model

    @property
    def sampling(self) -> dict[str, float | int]:
        """How words are to be chosen, by the recipe."""
        return self.recipe.sampling.said if self.recipe else {}

    @property
    def remakes(self) -> bool:
        """Whether other files than the caller's may be sent."""
        return self.compress or self.as_frames or self.pieces

    @property
    def says_rates(self) -> bool:
        """Whether a request can state a rate of frames; where not, the protocol has its own."""
        served = self.server is not None and "fps" in self.server.per_request
        return served or self.protocol.fixed_fps is None or self.video_fields

    @property
    def server(self) -> Server | None:
        """The server of open weights that is asked; `None`: the vendor's, or one of no name."""
        return self.view.server

    @property
    def pixel_limits(self) -> dict[str, Any]:
        """The limits asked for, by name."""
        asked = self.view.options.asked
        return {name: asked[name] for name in ("min_pixels", "max_pixels") if name in asked}

    @property
    def video_limits(self) -> dict[str, Any]:
        """Those of them that a request states for a video or a list."""
        return self.pixel_limits if self.video_fields or self.server else {}

    @property
    def unsaid(self) -> tuple[str, ...]:
        """What is asked of the view and cannot be said of a video or a list, by name."""
        asked, fixed = self.view.options.asked, self.protocol.fixed_fps
        if self.server is not None:
            said = self.server.per_request
            return tuple(name for name in NEVER_SAID if name in asked and name not in said)
        rate = () if self.says_rates or asked.get("fps", fixed) == fixed else ("fps",)
        limits = () if self.video_fields else tuple(self.pixel_limits)
        return (*rate, *(name for name in NEVER_SAID if name in asked), *limits)

    def seen(self, fps: float | None) -> View:
        """Return the view that the service has of a video or list of which a rate is said."""
        asked = self.view.options
        said = ViewOptions(fps=fps, strict=asked.strict, **self.video_limits)
        if self.server is not None:
            said = replace(
                said,
                nframes=None if fps else asked.nframes,
                min_frames=asked.min_frames,
                max_frames=asked.max_frames,
            )
        return replace(self.view, options=said)


# What cannot be asked.


def refuse(how: How, text: str) -> None:
    """Raise `ConstraintError` or `UnknownFactError` for what the protocol or the model lacks."""
    spec, api, route = how.model, how.protocol, get_route(how.route).name
    if route not in api.routes:
        problem = f"the {api.name} API takes no files by the route {route}"
        raise ConstraintError(f"{problem}; there are {', '.join(api.routes)}")
    if how.system is not None and spec.requests and spec.requests.system_message == "refused":
        raise ConstraintError(f"{spec.name} takes no system message; put it into the text")
    if how.pick is not None and not how.as_frames:
        raise ConstraintError("`pick` chooses the frames that `as_frames` sends; say that too")
    if how.readable is not None and not how.pieces:
        raise ConstraintError("`readable` is of the letters in `pieces`; say that too")
    if not _is_unicode(text + (how.system or "")):
        raise ConstraintError("the text holds bytes that are no Unicode; write it in UTF-8")
    if spec.kind == "open-weights":
        _refuse_for_weights(how)


def _refuse_for_weights(how: How) -> None:
    """Servers of open weights share the OpenAI-compatible form, and none of the vendor's fields."""
    how.view.protocol(how.api)  # raises where it is not theirs
    vendors = {name: True for name in how.sampling if name not in OPENAI_SAMPLING}
    media = {"as_frames": how.as_frames, **how.pixel_limits}
    if how.server is not None:
        refuse_unserved(how.server, how.view)
        media = {"as_frames": how.as_frames and how.server.list_type is None}
    for name, value in {**media, **vendors}.items():
        if value:
            fact = f"how a server of these weights takes `{name}`"
            raise UnknownFactError(how.model.name, fact, "set it where the server is started")


def refuse_history(how: How, history: History) -> None:
    """Raise `ConstraintError` for a system message in a history that cannot have one."""
    if not history.has_system:
        return
    if how.system is not None:
        raise ConstraintError("the history has a `system` message of its own; leave one out")
    if how.model.requests and how.model.requests.system_message == "refused":
        raise ConstraintError(f"{how.model.name} takes no system message; drop it from the history")


def check_seen(info: VideoInfo, how: How, fps: float | None, name: str) -> None:
    """Raise an error where the service, told `fps`, would be shown otherwise than is asked."""
    if not how.unsaid:
        return
    asked, seen = video_count(info, how.view), video_count(info, how.seen(fps))
    if (asked.plan.indices, asked.resized) != (seen.plan.indices, seen.resized):
        refuse_unsaid(how, name, is_list=isinstance(info, FrameListInfo))


def refuse_unsaid(how: How, name: str, *, is_list: bool = False) -> None:
    """Raise `ConstraintError` for options that do not reach the service, if there are any.

    `name` is what messages call the video or the list of images.
    """
    if not how.unsaid:
        return
    said = " and ".join(f"`{option}`" for option in how.unsaid)
    what = "a list of images" if is_list else "a video file"
    problem = f"{name}: a request to the {how.api} API cannot say {said} of {what}"
    ways = []
    if how.model.kind != "api" and how.server is None:
        ways.append("a `server` that samples clips has fields of its own for it")
    elif not is_list:
        by = " by the dashscope API" if "fps" in how.unsaid and how.server is None else ""
        ways.append(f"`as_frames` sends the very frames{by}")
    if not set(how.unsaid) <= set(NEVER_SAID):
        ways.append("`video_fields` states rates and limits as the API reference of 2026 has them")
    raise ConstraintError("; ".join((problem, *(ways or ["leave that out"]))))


def refuse_parts(how: How, parts: Sequence[MediaPart]) -> None:
    """Raise an error for media that cannot go together so, or of which one cannot go at all."""
    lists = [part for part in parts if part.kind == "frames"]
    if lists and not (how.model.kind == "api" or (how.server and how.server.list_type)):
        named = how.server.title if how.server else "a server of these weights"
        ways = "; ".join(_ways_of(lists[0], how))
        raise UnknownFactError(how.model.name, f"how {named} takes a list of frames", ways)
    files = [(file, part.facts.info) for part in parts for file in part.files]
    for file, info in files:
        if not file.address:
            _refuse_file(how, file, info)
    _refuse_same_names([file for file, _ in files])


def _ways_of(frames: MediaPart, how: How) -> Iterator[str]:
    """Yield what can be done with a list of frames that cannot be sent as such."""
    sizes = [frame.info.size for frame in frames.facts.frames if frame.info is not None]
    cost = ""
    if len(sizes) == len(frames.files):
        cost = f", {sum(image_count(size, how.view).total for size in sizes):,} tokens"
    yield f"send the video itself, or each of the {len(frames.files)} frames as an image{cost}"
    for server in () if how.server else map(get_server, SERVERS):
        if server.list_type:
            yield f"{server.title} takes a list, as `server` {server.name!r} has it"


def _refuse_file(how: How, file: SentFile, info: ImageInfo | VideoInfo | None) -> NoReturn:
    if how.route == "url":
        raise ConstraintError(f"{file.name}: the route url takes URLs only; vlprep uploads nothing")
    if file.mime_type is None and info is not None:
        problem = f"{info.format} has no MIME type among those taken; `compress` makes an MP4"
        raise UnsupportedFormatError(file.name, problem, format=info.format)
    problem = f"{file.file_bytes:,} bytes are too many for the route {how.route}"
    raise ConstraintError(f"{file.name}: {problem}; `compress` makes it smaller")


def _refuse_same_names(files: Sequence[SentFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.path is None:
            continue
        name = Path(file.path).name
        if name in seen:
            problem = f"the SDK uploads it to the same place as {seen[name]}, by its name"
            raise ConstraintError(f"{file.name}: {problem}; rename one, or use the route base64")
        seen[name] = file.name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# Rates of frames.


def video_rate(how: How) -> float | None:
    """Return the rate that a request states for a video file; `None` where it states none."""
    rate = how.view.options.fps
    if rate is None or not how.says_rates or rate == how.protocol.fixed_fps:
        return None
    return check_rate(rate, how)


def list_rate(rate: float, how: How, name: str) -> float:
    """Return the rate that a list of frames is sent at; `name` is what messages call the list.

    Raises `ConstraintError` where the protocol cannot say it.
    """
    fixed = how.protocol.fixed_fps
    if fixed is not None and not how.says_rates and abs(rate - fixed) > 0.01 * fixed:
        asked = [f"`{name}`" for name in how.unsaid if name in ("fps", *FRAME_CHOICES)]
        by = f" by {' and '.join(asked)}" if asked else ""
        raise ConstraintError(
            f"{name}: the frames are {1 / rate:.3g} s apart{by}, and the {how.api} API takes a "
            f"list for frames {1 / fixed:g} s apart; take them at {fixed:g} fps, or use the "
            "dashscope API, or the field that the API reference of 2026 has (`video_fields`)"
        )
    try:
        return check_rate(rate, how)
    except ConstraintError as error:
        raise ConstraintError(f"{name}: a list of frames at {rate:g} fps: {error}") from None


def check_rate(rate: float, how: How) -> float:
    """Return a rate that a request may state; raises `ConstraintError` for another."""
    rule = how.view.rules.video
    if not (rate > 0 and (rule is None or rule.takes_fps(rate))):
        low, high = (rule.min_fps, rule.max_fps) if rule else (None, None)
        wanted = "above 0" if low is None or high is None else f"from {low:g} to {high:g}"
        raise ConstraintError(f"fps must be {wanted} for {how.model.name}, got {rate:g}")
    return rate


# What is asked beside the media.


def streams(how: How) -> bool:
    """Say whether the reply is to come in pieces."""
    only = how.model.requests is not None and how.model.requests.streaming == "only"
    if only and how.stream is False:
        problem = "replies by streaming only; leave `stream=False` out"
        raise ConstraintError(f"{how.model.name} {problem}")
    return only if how.stream is None else how.stream


def extras(how: How) -> dict[str, bool | int]:
    """Return the vendor's own fields of a request, by name."""
    spec, said = how.model, dict[str, bool | int]()
    thinks = spec.thinks(how.thinking)
    if how.thinking is not None and spec.thinking is None:
        raise UnknownFactError(spec.name, "whether it thinks", "leave `thinking` out")
    if how.thinking is not None and spec.thinking == "optional":
        said["enable_thinking"] = how.thinking
    if how.thinking_budget is not None:
        said["thinking_budget"] = _budget(spec, how.thinking_budget, thinks)
    if how.view.options.high_res:
        said["vl_high_resolution_images"] = _high_res(how.view)
    return said


def region_of(how: How) -> Region | None:
    """Return where the request goes: as asked, or where alone the model is served.

    Raises `ConstraintError` where it is not served there, and `UnknownFactError` where no source
    states the address.
    """
    spec, asked = how.model, how.region
    if asked is None and len(spec.deployments) != 1:
        return None
    name = asked or spec.deployments[0]
    if spec.kind == "open-weights":
        raise ConstraintError(f"{spec.name}: open weights, which run anywhere; leave `region` out")
    if spec.deployments and name not in spec.deployments:
        places = ", ".join(spec.deployments)
        raise ConstraintError(f"{spec.name} is served in {places}; not in {name}")
    region = find_region(name)
    if region is None or how.api not in region.bases:
        fact = f"the address of the {how.api} API in {name}"
        raise UnknownFactError(spec.name, fact, "leave `region` out")
    return region


def _high_res(view: View) -> bool:
    try:
        image_limits(view.image_rule, min_pixels=None, max_pixels=None, high_res=True)
    except ConstraintError as error:
        raise ConstraintError(f"`high_res`: {error}") from None
    return True


def _budget(spec: ModelSpec, budget: int, thinks: bool | None) -> int:
    if thinks is not True:
        raise ConstraintError(f"a thinking budget needs thinking; {spec.name} is not asked to")
    if spec.requests is None or spec.requests.takes_budget is None:
        fact = "whether it takes a thinking budget"
        raise UnknownFactError(spec.name, fact, "leave `thinking_budget` out")
    most = spec.max_thinking_tokens
    if budget < 1 or (most is not None and budget > most):
        wanted = f"the thinking budget of {spec.name} is 1 to {most:,}"
        raise ConstraintError(f"{wanted}, got {budget:,}")
    return budget
