"""How to start a server of open weights for the files of a plan: numbers only.

Which options a server has is data of the catalogue; what a request says to it is
`vlprep.payload.serving`'s.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vlprep.count.videos import media_count
from vlprep.display import brief
from vlprep.models.servers import WHOLE_LIST, Server
from vlprep.types import FrameListInfo
from vlprep.view import View

if TYPE_CHECKING:
    from vlprep.plan.records import MediaPlan, PlannedFile

NOT_TOLD = ("strict", "high_res", "sampling")
"""Options of a view that are no setting of a server of weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFlags:
    """The options with which a server takes the largest request of a plan."""

    server: Server
    """Whose options they are."""
    options: dict[str, Any]
    """By name, without dashes: numbers, words, or what is written as JSON."""
    notes: tuple[str, ...] = ()
    """What they leave out, or cannot hold."""

    def __repr__(self) -> str:
        return brief(self, self.server.name, " ".join(self.words))

    @property
    def words(self) -> list[str]:
        """The options as words of a command line, not quoted.

        >>> from vlprep import plan_media
        >>> plan = plan_media("fixtures/photo.jpg", "Qwen/Qwen3-VL-8B-Instruct", server="vllm")
        >>> [word.lstrip("-") for word in plan.server_flags.words[:4]]
        ['max-model-len', '302', 'limit-mm-per-prompt', '{"image":1}']
        """
        return [
            word for name, value in self.options.items() for word in (f"--{name}", _word(value))
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of `vlprep.plan/1`."""
        return {"flags": self.words, "notes": list(self.notes)}


def _word(value: Any) -> str:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)


def server_flags(plan: MediaPlan) -> ServerFlags | None:
    """Return how the server of a plan's view is started for its files; `None`: it has none.

    >>> from vlprep import plan_media
    >>> beside = {"text_tokens": 20, "reply_tokens": 100}
    >>> qwen = "Qwen/Qwen3-VL-8B-Instruct"
    >>> plan = plan_media("fixtures/photo.jpg", qwen, server="sglang", max_pixels=65536, **beside)
    >>> plan.total_tokens, server_flags(plan).options["context-length"]
    (56, 176)
    """
    server, budget = plan.view.server, plan.budget
    if server is None or not any(plan.requests):
        return None
    told = {kind: _largest(plan, kind) for kind in ("image", "video")}
    tokens = [_tokens_with(file, plan.view, told[file.kind]) for file in plan.files]
    length = max(sum(tokens[k] for k in request) for request in plan.requests)
    length += budget.reserved + budget.thinking + budget.reply
    counted = [Counter[str](plan.files[k].kind for k in request) for request in plan.requests]
    items = {kind: most for kind in told if (most := max(count[kind] for count in counted))}
    return ServerFlags(
        server=server,
        options={
            server.start.length: length,
            server.start.items: items,
            **server.settings(told, plan.view.rules),
            **_pruning(server),
        },
        notes=tuple(_notes(plan, told, server, length)),
    )


def _asked(plan: MediaPlan, kind: str) -> list[dict[str, Any]]:
    """Return what is asked of each file of a kind: the options of the view with its setting.

    A list of images is a video to servers, and keeps all its images.
    """
    view, found = plan.view, list[dict[str, Any]]()
    for file in (one for one in plan.files if one.kind == kind):
        asked = view.asking(**file.setting.keywords).options.asked  # type: ignore[arg-type]
        if isinstance(file.info, FrameListInfo):
            rate = view.options.fps or view.video_rule.fps
            kept = {name: value for name, value in asked.items() if name.endswith("_pixels")}
            asked = {**kept, **WHOLE_LIST, "fps": rate}
        found.append(asked)
    return found


def _largest(plan: MediaPlan, kind: str) -> dict[str, Any]:
    """Return the largest value of each option that is asked of files of a kind."""
    largest: dict[str, Any] = {}
    for asked in _asked(plan, kind):
        for name, value in asked.items():
            if name not in NOT_TOLD:
                largest[name] = max(value, largest.get(name, value))
    return largest


def _tokens_with(file: PlannedFile, view: View, told: dict[str, Any]) -> int:
    """Return what a file costs on a server that was started so, and at least what is planned.

    A server that starts has one value for all files, where a plan may have several.
    """
    own, planned = file.setting.keywords, file.setting.tokens
    changed = {name: told[name] for name in own if told.get(name, own[name]) != own[name]}
    if not changed:
        return planned
    return max(media_count(file.info, view.asking(**{**own, **changed})).total, planned)


def _pruning(server: Server) -> dict[str, Any]:
    """Return the options of the pruning that the counts are made with."""
    pruned, start = server.prunes, server.start
    if pruned is None or start.pruning_rate is None or start.pruning_method is None:
        return {}
    return {start.pruning_rate: pruned.rate, start.pruning_method: pruned.method}


def _notes(
    plan: MediaPlan, told: Mapping[str, dict[str, Any]], server: Server, length: int
) -> Iterator[str]:
    option, budget = server.start.length, plan.budget
    beside = {"text": (budget.reserved, "text_tokens"), "a reply": (budget.reply, "reply_tokens")}
    for what, (kept, parameter) in beside.items():
        if not kept:
            yield f"{option} {length:,} is without room for {what}; `{parameter}` adds it"
    if budget.context is not None and length > budget.context:
        yield f"{option} {length:,} is more than the context of {budget.context:,} tokens"
    stated = any(name in server.per_request for values in told.values() for name in values)
    if stated and server.request_switch:
        yield (
            "requests that state settings of their own, as payload writes them, are taken only "
            f"with --{server.request_switch} too"
        )
    for kind, values in told.items():
        yield from _several(plan, kind, values, server)
        known = server.start.takes(kind)
        if kind == "video" and (unknown := [name for name in values if name not in known]):
            names = ", ".join(f"`{name}`" for name in unknown)
            yield f"{server.title} takes no {names} when it starts; the plan counts with it"
    if server.list_type is None and any(
        isinstance(file.info, FrameListInfo) for file in plan.files
    ):
        yield f"no source says how {server.title} takes a list of images"


def _several(plan: MediaPlan, kind: str, largest: dict[str, Any], server: Server) -> Iterator[str]:
    """Say where files have different settings, of which a server that starts takes one."""
    files = _asked(plan, kind)
    for name, most in largest.items():
        if any(asked.get(name, most) != most for asked in files):
            is_said = server.request_switch and name in server.per_request
            way = f"; a request may say less of all its {kind}s" if is_said else ""
            yield (
                f"{kind}s of the plan have different `{name}`, and the server starts with one: "
                f"the largest, {most:,}, with which {server.start.length} is counted{way}"
            )
