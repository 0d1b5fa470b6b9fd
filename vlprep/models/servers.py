"""Servers of open weights: how each changes the rules by which a model is counted, as data.

What a server does to a video before the model's processor sees it, and what requests and start-up
options it takes, was read in its code and is dated in `catalog/servers.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from vlprep.errors import ConstraintError
from vlprep.models.sourced import Change, Sourced
from vlprep.models.spec import Pruning, RuleSet, VideoRule

SERVERS = ("vllm", "sglang")
"""Names of the servers in `catalog/servers.toml`, which is slow to read."""

PruningMethod = Literal["evs", "vidcom2"]
PRUNING_METHODS: tuple[PruningMethod, ...] = get_args(PruningMethod)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedVideos:
    """How a server changes one way of counting videos."""

    of: str
    """Name of the counting rule that it changes."""
    changes: tuple[Change, ...] = ()
    """Numbers of the video rule that it replaces."""
    first: VideoRule | None = None
    """A resize of frames before the processor's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server(Sourced):
    """A server of open weights, and what it is told to leave out of videos."""

    name: str
    """What callers know it by: "vllm" or "sglang"."""
    title: str
    """It and its version."""
    date: str
    videos: tuple[ServedVideos, ...]
    """What it makes of videos, by counting rule."""
    refuses: tuple[str, ...] = ()
    """Options of a view that it has nothing for."""
    turns_images: bool = True
    """Whether the EXIF orientation of an image is applied."""
    list_images: int | None = None
    """Images of a list that it keeps unless it is told their number; `None` keeps all."""
    per_request: tuple[str, ...] = ()
    """Options of a view that a request may state; the others are set where it is started."""
    request_switch: str | None = None
    """Name of the start-up option without which it refuses what a request states of media."""
    list_type: str | None = None
    """MIME type of the data URL that holds a list of frames; `None`: none is known."""
    start_up: str | None = None
    """Name of the start-up option that holds the rest, as JSON."""
    pruning: tuple[PruningMethod, ...] = ()
    """Methods by which it leaves out tokens of videos."""
    prunes: Pruning | None = None
    """What it leaves out of videos, as its owner set it."""
    notes: tuple[str, ...] = ()

    def pruned(self, rate: float, method: PruningMethod = "evs") -> Server:
        """Return the server as one that leaves out a share of the tokens of videos.

        Raises `ConstraintError` for a method that it does not have, and a rate outside [0, 1).
        """
        if method not in self.pruning:
            known = ", ".join(self.pruning) or "none"
            raise ConstraintError(f"{self.title} prunes videos by {known}, not by {method!r}")
        if not 0 <= rate < 1:
            raise ConstraintError(f"`pruning_rate` must be in [0, 1), got {rate:g}")
        return replace(self, prunes=Pruning(rate=rate, method=method))

    def serving(self, rules: RuleSet) -> RuleSet:
        """Return a rule set of transformers as this server applies it."""
        image = rules.image and replace(rules.image, upright=self.turns_images)
        video = rules.video and self._serving_video(rules.video)
        title = f"{rules.title}, served by {self.title}"
        return replace(rules, title=title, image=image, video=video, notes=self.notes)

    def _serving_video(self, rule: VideoRule) -> VideoRule:
        for part in self.videos:
            if part.of == rule.count:
                changes: dict[str, Any] = {change.of: change.to for change in part.changes}
                sources = (*rule.sources, *self.sources)
                served = replace(rule, first=part.first, pruning=self.prunes, sources=sources)
                return replace(served, **changes)
        raise ConstraintError(f"{self.title}: nothing is known of videos counted by {rule.count}")
