"""What the protocol and the model's service take beside the media, and what they refuse."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.models.spec import ModelSpec
from vlprep.payload.parts import MediaPart
from vlprep.payload.wish import Wish

# What cannot be asked.


def refuse(wish: Wish, system: str | None, text: str) -> None:
    """Raise `ConstraintError` or `UnknownFactError` for what the protocol or the model lacks."""
    spec, api = wish.spec, wish.api
    if wish.route not in api.routes:
        raise ConstraintError(
            f"the {api.name} API takes no files by the route {wish.route}; "
            f"there are {', '.join(api.routes)}"
        )
    if wish.max_frames is not None and not wish.as_frames:
        raise ConstraintError(
            "max_frames bounds the frames that are sampled here: it needs as_frames (--as-frames)"
        )
    if system is not None and spec.requests and spec.requests.system_message == "refused":
        raise ConstraintError(f"{spec.name} takes no system message; put it into the text")
    for said in (text, system or ""):
        if not _is_unicode(said):
            raise ConstraintError("the text holds bytes that are no Unicode; write it in UTF-8")
    if spec.kind == "open-weights":
        _refuse_for_weights(wish)


def _refuse_for_weights(wish: Wish) -> None:
    """Servers of open weights share the OpenAI-compatible form, and none of the vendor's fields."""
    if wish.spec.kind not in wish.api.kinds:
        problem = f"open weights, which no {wish.api.name} API serves; use another api"
        raise ConstraintError(f"{wish.spec.name}: {problem}")
    asked = {"high_res": wish.high_res, "as_frames": wish.as_frames, **wish.pixel_limits}
    for name, value in asked.items():
        if value:
            fact = f"how a server of these weights takes {name}"
            raise UnknownFactError(wish.spec.name, fact, "set it where the server is started")


def refuse_parts(wish: Wish, parts: Sequence[MediaPart]) -> None:
    """Raise `ConstraintError` or `UnknownFactError` for media that cannot go together so."""
    if wish.spec.kind == "open-weights" and any(part.kind == "frames" for part in parts):
        fact = "how a server of these weights takes a list of frames"
        raise UnknownFactError(wish.spec.name, fact, "send the video itself")
    files = [file for part in parts for file in part.files]
    if wish.route == "url" and any(file.url is None for file in files):
        name = next(file.name for file in files if file.url is None)
        raise ConstraintError(f"{name}: the route url takes URLs only; vlprep uploads nothing")
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


# What is asked beside the media.


def streams(spec: ModelSpec, asked: bool | None) -> bool:
    """Say whether the reply is to come in pieces."""
    only = spec.requests is not None and spec.requests.streaming == "only"
    if only and asked is False:
        raise ConstraintError(f"{spec.name} replies by streaming only; leave --no-stream out")
    return only if asked is None else asked


def extras(wish: Wish, thinking: bool | None, budget: int | None) -> dict[str, bool | int]:
    """Return the vendor's own fields of a request, by name."""
    spec, fields = wish.spec, dict[str, bool | int]()
    thinks = spec.thinks(thinking)
    if thinking is not None and spec.thinking is None:
        raise UnknownFactError(spec.name, "whether it thinks", "leave thinking out")
    if thinking is not None and spec.thinking == "optional":
        fields["enable_thinking"] = thinking
    if budget is not None:
        _check_budget(spec, budget, thinks)
        fields["thinking_budget"] = budget
    if wish.high_res:
        rule = spec.rules(wish.rules).image
        if rule is None or rule.high_res_pixels is None:
            fact = "whether it has the high-resolution mode"
            raise UnknownFactError(spec.name, fact, "leave high_res out")
        fields["vl_high_resolution_images"] = True
    return fields


def _check_budget(spec: ModelSpec, budget: int, thinks: bool | None) -> None:
    if thinks is not True:
        raise ConstraintError(f"a thinking budget needs thinking; {spec.name} is not asked to")
    if spec.requests is None or spec.requests.takes_budget is None:
        fact = "whether it takes a thinking budget"
        raise UnknownFactError(spec.name, fact, "leave the budget out")
    most = spec.max_thinking_tokens
    if budget < 1 or (most is not None and budget > most):
        raise ConstraintError(
            f"the thinking budget of {spec.name} is 1 to {most:,}, got {budget:,}"
        )


# What is sent otherwise than it looks.


def text_warnings(wish: Wish, system: str | None, text: str) -> list[str]:
    """Tell of texts that are not taken for what they are."""
    warnings, rules = [], wish.spec.requests
    if system is not None and rules is not None and rules.system_message == "discouraged":
        warnings.append(f"the guide advises against a system message for {wish.spec.name}")
    if wish.api.name == "dashscope" and _read_as_file(text):
        warnings.append("the DashScope SDK takes this text for the name of a file; add words to it")
    return warnings


def _read_as_file(text: str) -> bool:
    """Say whether the SDK would upload a file, or change the text, where it should send it."""
    expanded = os.path.expanduser(text)  # noqa: PTH111 (a text, which only looks like a path)
    return text.startswith(("file://", "oss://")) or expanded != text or os.path.isfile(text)  # noqa: PTH113
