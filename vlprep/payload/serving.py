"""What requests say to servers of open weights, in fields of the servers' own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain

from vlprep.errors import ConstraintError
from vlprep.models.servers import WHOLE_LIST, Server
from vlprep.payload.parts import Json, MediaPart
from vlprep.view import View

LOADING = ("fps", "nframes", "min_frames", "max_frames")
"""Options by which the server's loader samples a video."""
SIZING = ("min_pixels", "max_pixels")
"""Options by which the model's processor sizes images and videos."""


def refuse_unserved(server: Server, view: View) -> None:
    """Raise `ConstraintError` for options that a request cannot state to the view's server."""
    known = (*LOADING, *SIZING, "total_pixels", "clip_pixels")
    unsaid = {
        name: value
        for name, value in view.options.asked.items()
        if name not in server.per_request and name in known
    }
    if not unsaid:
        return
    names = ", ".join(f"`{name}`" for name in unsaid)
    problem = f"{server.title} takes no {names} with a request"
    options_of_start = server.settings({"video": unsaid}, view.rules)
    if not options_of_start:
        raise ConstraintError(f"{problem}; leave that out")
    started = " ".join(f"--{name} '{json.dumps(of)}'" for name, of in options_of_start.items())
    raise ConstraintError(f"{problem}; start it with {started}, and leave that out here")


def served_fields(server: Server, parts: Sequence[MediaPart]) -> Json:
    """Return the fields of a body that state how media are sampled and sized.

    They hold for the whole request: limits of pixels stand in the scope of images and in that of
    videos, where flat ones would reach both, and of a list all images are kept.

    Raises `ConstraintError` where two files need different values.
    """
    images = _asked_of([part for part in parts if part.kind == "image"], SIZING)
    videos = _asked_of([part for part in parts if part.kind != "image"], SIZING)
    videos |= _asked_of([part for part in parts if part.kind == "video"], LOADING)
    if any(part.kind == "frames" for part in parts):
        videos |= {**WHOLE_LIST, "fps": _rate_of_lists(parts)}
    told = {"image": images, "video": videos}
    return {name.replace("-", "_"): scopes for name, scopes in server.settings(told).items()}


def _asked_of(parts: Sequence[MediaPart], names: Sequence[str]) -> Json:
    """Return the options of those names that all the parts are to be seen with."""
    asked = [part.options.asked for part in parts]
    own = [{name: one[name] for name in names if name in one} for one in asked]
    if any(one != own[0] for one in own):
        named = " and ".join(f"`{name}`" for name in dict.fromkeys(chain(*own)))
        problem = f"one request states one {named} for all its {parts[0].kind}s"
        raise ConstraintError(f"{problem}; send {parts[0].name} apart from the others")
    return own[0] if own else {}


def served_warnings(server: Server, fields: Json) -> list[str]:
    """Return what to know of fields that a server takes only where its owner allows them."""
    if not fields or server.request_switch is None:
        return []
    return [
        f"{server.title} refuses {' and '.join(fields)} with a request unless it was started with "
        f"--{server.request_switch}"
    ]


def _rate_of_lists(parts: Sequence[MediaPart]) -> float:
    rates = [part.fps for part in parts if part.kind == "frames"]
    rates += [part.options.fps for part in parts if part.kind == "video"]
    if None in rates or len(set(rates)) != 1:
        problem = "one request states one rate for all its videos and lists of frames"
        raise ConstraintError(f"{problem}; send them apart, or give one `fps`")
    return float(rates[0] or 0)
