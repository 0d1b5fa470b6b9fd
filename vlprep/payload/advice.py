"""What a user is told of a request: what its documents warn of, and what it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from vlprep.check.requests import readings, unstreamed
from vlprep.models.citing import named
from vlprep.models.registry import get_route
from vlprep.models.routes import Denial
from vlprep.payload.parts import MediaPart
from vlprep.payload.terms import How, streams


def warnings_of(how: How, text: str) -> Iterator[str]:
    """Yield what is sent otherwise than it looks, or may be answered otherwise than is hoped."""
    rules = how.model.requests
    if how.system is not None and rules is not None and rules.system_message == "discouraged":
        yield f"the guide advises against a system message for {how.model.name}"
    if how.api == "dashscope" and _read_as_file(text):
        yield "the DashScope SDK takes this text for the name of a file; add words to it"
    if how.model.kind == "api":
        yield from _of_service(how)
    if how.recipe:
        series = how.model.features.series or how.model.family
        if series not in how.recipe.series:
            about = f"{', '.join(how.recipe.series)} by {named(how.recipe.sources)}"
            yield f"the recipe {how.recipe.name} is for {about}; no source has it for {series}"


def _of_service(how: How) -> Iterator[str]:
    if not streams(how):
        if how.model.thinks(how.thinking):
            yield f"{unstreamed('a call that thinks')}; `stream` it"
        elif how.recipe and how.recipe.long_reply:
            yield f"{unstreamed('a call that parses a page')}; `stream` it"
    path = get_route(how.route).denied
    if path and _by_rules(path, how):
        yield f"files by their path, with the SDK: {readings(path)}; the route base64 holds by both"
    high_res = how.protocol.no_high_res
    if high_res and _by_rules(high_res, how) and how.view.options.high_res:
        yield f"`high_res` by the {how.api} API: {readings(high_res)}; dashscope holds by both"


def _by_rules(denial: Denial, how: How) -> bool:
    return how.view.rules.name in denial.rules


def notes_of(how: How, parts: Sequence[MediaPart]) -> Iterator[str]:
    """Yield what the request needs of the vendor's SDK for Python."""
    has_rate = any(part.kind == "frames" and part.states_fps for part in parts)
    for sdk in how.protocol.sdks if has_rate else ():
        if (sdk.language, sdk.needed_for) == ("Python", "list rate"):
            version = f"{how.api} {sdk.version} or newer ({named(sdk.sources)})"
            yield f"with the SDK for Python, the rate of a list needs {version}"


def _read_as_file(text: str) -> bool:
    """Say whether the SDK would upload a file, or change the text, where it should send it."""
    expanded = os.path.expanduser(text)  # noqa: PTH111 (a text, which only looks like a path)
    return text.startswith(("file://", "oss://")) or expanded != text or os.path.isfile(text)  # noqa: PTH113
