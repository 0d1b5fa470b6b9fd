"""How to start a server of open weights for the files of a plan: numbers only.

Which options a server has is data of the catalogue; what a request says to it is
`vlprep.payload.serving`'s.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vlprep.count.budget import TokenBudget
from vlprep.count.videos import media_count
from vlprep.display import brief
from vlprep.models.servers import WHOLE_LIST, Server
from vlprep.plan.settings import Setting
from vlprep.types import FrameListInfo, ImageInfo, VideoInfo
from vlprep.view import View

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


@dataclass(frozen=True, slots=True)
class Shown:
    """One file of a plan, and what the server is to be told of it."""

    info: ImageInfo | VideoInfo
    setting: Setting
    view: View
    """The plan's."""

    @property
    def kind(self) -> str:
        """How servers call it: a list of images is a video to them."""
        return "image" if isinstance(self.info, ImageInfo) else "video"

    @property
    def asked(self) -> dict[str, Any]:
        """The options of the view with the setting, and of a list what keeps all its images."""
        asked: dict[str, Any] = self.view.asking(**self.setting.keywords).options.asked  # type: ignore[arg-type]
        if isinstance(self.info, FrameListInfo):
            rate = self.view.options.fps or self.view.video_rule.fps
            kept = {name: value for name, value in asked.items() if name.endswith("_pixels")}
            return {**kept, **WHOLE_LIST, "fps": rate}
        return asked

    def tokens_with(self, told: dict[str, Any]) -> int:
        """Return what it costs on a server that was started so, and at least what is planned.

        A server that starts has one value for all files, where a plan may have several.
        """
        own = self.setting.keywords
        changed = {name: told[name] for name in own if told.get(name, own[name]) != own[name]}
        if not changed:
            return self.setting.tokens
        view = self.view.asking(**{**own, **changed})
        return max(media_count(self.info, view).total, self.setting.tokens)


def server_flags(
    files: Sequence[tuple[ImageInfo | VideoInfo, Setting]],
    view: View,
    requests: Sequence[Sequence[int]],
    budget: TokenBudget,
) -> ServerFlags | None:
    """Return how the view's server is started for files, numbered in requests; `None`: it has none.

    >>> from vlprep import ImageInfo, ImageSize, processor
    >>> from vlprep.plan.many_files import plan_together
    >>> view = processor("Qwen/Qwen3-VL-8B-Instruct", server="sglang", max_pixels=65536)
    >>> page = ImageInfo(size=ImageSize(512, 512), format="PNG")
    >>> files = [(page, one) for one in plan_together([page.size], view, 1000)]
    >>> budget = view.budget(text_tokens=20, reply_tokens=100)
    >>> server_flags(files, view, [[0]], budget).options["context-length"]
    186
    """
    if view.server is None or not any(requests):
        return None
    server, start = view.server, view.server.start
    shown = [Shown(info, setting, view) for info, setting in files]
    told = {kind: _largest(shown, kind) for kind in ("image", "video")}
    tokens = [file.tokens_with(told[file.kind]) for file in shown]
    length = max(sum(tokens[k] for k in request) for request in requests)
    length += budget.reserved + budget.thinking + budget.reply
    counted = [Counter(shown[k].kind for k in request) for request in requests]
    items = {kind: most for kind in told if (most := max(count[kind] for count in counted))}
    return ServerFlags(
        server=server,
        options={
            start.length: length,
            start.items: items,
            **server.settings(told, view.rules),
            **_pruning(server),
        },
        notes=tuple(_notes(shown, told, server, budget, length)),
    )


def _largest(shown: Sequence[Shown], kind: str) -> dict[str, Any]:
    """Return the largest value of each option that is asked of files of a kind."""
    largest: dict[str, Any] = {}
    for asked in (file.asked for file in shown if file.kind == kind):
        for name, value in asked.items():
            if name not in NOT_TOLD:
                largest[name] = max(value, largest.get(name, value))
    return largest


def _pruning(server: Server) -> dict[str, Any]:
    """Return the options of the pruning that the counts are made with."""
    pruned, start = server.prunes, server.start
    if pruned is None or start.pruning_rate is None or start.pruning_method is None:
        return {}
    return {start.pruning_rate: pruned.rate, start.pruning_method: pruned.method}


def _notes(
    shown: Sequence[Shown],
    told: dict[str, dict[str, Any]],
    server: Server,
    budget: TokenBudget,
    length: int,
) -> Iterator[str]:
    option = server.start.length
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
        yield from _several(shown, kind, values, server)
        known = server.start.takes(kind)
        if kind == "video" and (unknown := [name for name in values if name not in known]):
            names = ", ".join(f"`{name}`" for name in unknown)
            yield f"{server.title} takes no {names} when it starts; the plan counts with it"
    if server.list_type is None and any(isinstance(file.info, FrameListInfo) for file in shown):
        yield f"no source says how {server.title} takes a list of images"


def _several(
    shown: Sequence[Shown], kind: str, largest: dict[str, Any], server: Server
) -> Iterator[str]:
    """Say where files have different settings, of which a server that starts takes one."""
    files = [file.asked for file in shown if file.kind == kind]
    for name, most in largest.items():
        if any(asked.get(name, most) != most for asked in files):
            is_said = server.request_switch and name in server.per_request
            way = f"; a request may say less of all its {kind}s" if is_said else ""
            yield (
                f"{kind}s of the plan have different `{name}`, and the server starts with one: "
                f"the largest, {most:,}, with which {server.start.length} is counted{way}"
            )
