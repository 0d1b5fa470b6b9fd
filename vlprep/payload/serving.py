"""What requests say to servers of open weights, in fields of the servers' own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from vlprep.errors import ConstraintError
from vlprep.models.servers import Server
from vlprep.payload.parts import Json, MediaPart
from vlprep.view import ViewOptions

LOADING = ("fps", "min_frames", "max_frames")
"""Options by which the server's loader samples a video."""
SIZING = ("min_pixels", "max_pixels")
"""Options by which the model's processor sizes images and videos."""


def refuse_unserved(server: Server, options: ViewOptions) -> None:
    """Raise `ConstraintError` for options that a request cannot state to this server."""
    unsaid = {
        name: value
        for name, value in options.asked.items()
        if name not in server.per_request and name in (*LOADING, *SIZING, "total_pixels", "nframes")
    }
    if not unsaid:
        return
    names = ", ".join(f"`{name}`" for name in unsaid)
    problem = f"{server.title} takes no {names} with a request"
    if server.start_up is None:
        raise ConstraintError(f"{problem}; leave that out")
    config = json.dumps({"video": unsaid})
    raise ConstraintError(
        f"{problem}; start it with {server.start_up} '{config}', and leave that out here"
    )


def served_fields(options: ViewOptions, parts: Sequence[MediaPart]) -> Json:
    """Return the fields of a body that state how media are sampled and sized.

    They hold for the whole request: limits of pixels stand in the scope of images and in that of
    videos, where flat ones would reach both, and of a list all images are kept.

    Raises `ConstraintError` where a video and a list, or two lists, need different rates.
    """
    kinds = {part.kind for part in parts}
    asked = options.asked
    sizes = {name: asked[name] for name in SIZING if name in asked}
    scopes = {"images_kwargs": {"image"}, "videos_kwargs": {"video", "frames"}}
    sizing: Json = {scope: sizes for scope, those in scopes.items() if sizes and kinds & those}
    loading: Json = {name: asked[name] for name in LOADING if name in asked and "video" in kinds}
    if "frames" in kinds:
        loading |= {"num_frames": -1, "fps": _rate_of_lists(parts, asked.get("fps"))}
    fields: Json = {}
    if sizing:
        fields["mm_processor_kwargs"] = sizing
    if loading:
        fields["media_io_kwargs"] = {"video": loading}
    return fields


def served_warnings(server: Server, fields: Json) -> list[str]:
    """Return what to know of fields that a server takes only where its owner allows them."""
    if not fields or server.request_switch is None:
        return []
    return [
        f"{server.title} refuses {' and '.join(fields)} with a request unless it was started with "
        f"{server.request_switch}"
    ]


def _rate_of_lists(parts: Sequence[MediaPart], asked: Any) -> float:
    rates = [part.fps for part in parts if part.kind == "frames"]
    rates += [asked] if any(part.kind == "video" for part in parts) else []
    if None in rates or len(set(rates)) != 1:
        problem = "one request states one rate for all its videos and lists of frames"
        raise ConstraintError(f"{problem}; send them apart, or give one `fps`")
    return float(rates[0] or 0)
