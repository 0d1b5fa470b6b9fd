"""Servers of open weights: how each changes the rules by which a model is counted, as data.

What a server does to a video before the model's processor sees it, and what requests and start-up
options it takes, was read in its code and is dated in `catalog/servers.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.models.class_keys import EDGES
from vlprep.models.sourced import Change, Sourced
from vlprep.models.spec import ByNumber, Pruning, RuleSet, VideoRule
from vlprep.types import PruningMethod, ServerName

SERVERS: tuple[ServerName, ...] = get_args(ServerName)
"""Names of the servers in `catalog/servers.toml`, which is slow to read."""

Fields: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What a request states to a server, by the names of the fields."""

WHOLE_LIST = {"num_frames": -1}
"""What keeps all images of a list, where a server would keep some only."""

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
    by_number: ByNumber | None = None
    """How it chooses frames where a number of them is asked, if that is another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSetting:
    """Where a server reads settings of images or of videos, when it starts or with a request."""

    of: Literal["image", "video"]
    option: str
    """Name of the start-up option, whose value is JSON; a request has it with underscores."""
    scope: str
    """Key in that JSON."""
    takes: tuple[str, ...]
    """Keys in the scope, most of them names of options of a view."""
    flat: bool = False
    """Whether a request's keys outside the scope hold too, as far as it has them."""
    size: str | None = None
    """Key there for `clip_pixels`: the `size` of the processor behind a first resize."""
    number: str | None = None
    """Key there for `nframes`."""
    with_number: tuple[Change, ...] = ()
    """What must be told beside a number of frames."""

    @property
    def field(self) -> str:
        """Name of the field that says the same in a request."""
        return self.option.replace("-", "_")

    def read(self, own: Mapping[str, Any], listed: bool) -> tuple[dict[str, Any], list[str]]:
        """Return the options of a view that a request asks for here, and the keys left over."""
        asked = {name: own[name] for name in self.takes if name in own and name != self.number}
        known, size = {*asked}, own.get("size")
        if self.flat and isinstance(size, Mapping) and set(size) == set(EDGES):
            asked = {key: size[edge] for edge, key in EDGES.items()} | asked
            known.add("size")
        beside = {change.of: change.to for change in self.with_number}
        if listed or WHOLE_LIST.items() <= own.items():
            known.add(str(self.number))
        elif self.number and self.number in own and beside.items() <= own.items():
            asked["nframes"] = own[self.number]
            known |= {self.number, *beside}
        return asked, [key for key in own if key not in known]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUp(Sourced):
    """How a server is started: names of its options, without their dashes."""

    command: str
    model: str | None = None
    """Option that names the model; `None`: it follows the command."""
    length: str
    """Option for the tokens of prompt and reply together."""
    items: str
    """Option for the images and videos of one request, as JSON."""
    pruning_rate: str | None = None
    pruning_method: str | None = None
    settings: tuple[MediaSetting, ...]

    def takes(self, kind: str) -> set[str]:
        """Return the options of a view that can be set for images or for videos."""
        places = [place for place in self.settings if place.of == kind]
        ours = {"clip_pixels": "size", "nframes": "number"}
        others = {name for name, key in ours.items() if any(getattr(one, key) for one in places)}
        return others | {name for place in places for name in place.takes}


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
    start: StartUp
    """How it is started."""
    pruning: tuple[PruningMethod, ...] = ()
    """Methods by which it leaves out tokens of videos."""
    prunes: Pruning | None = None
    """What it leaves out of videos, as its owner set it."""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return brief(self, self.name, self.title, self.date)

    def pruned(self, rate: float, method: PruningMethod = "evs") -> Server:
        """Return the server as one that leaves out a share of the tokens of videos.

        Raises `ConstraintError` for a method that it does not have, and a rate outside [0, 1).
        """
        if method not in self.pruning:
            ways = f"prunes videos by {', '.join(self.pruning)}, not by {method!r}"
            none = "prunes no videos; leave `pruning_rate` out"
            raise ConstraintError(f"{self.title} {ways if self.pruning else none}")
        if not 0 <= rate < 1:
            raise ConstraintError(f"`pruning_rate` must be in [0, 1), got {rate:g}")
        return replace(self, prunes=Pruning(rate=rate, method=method))

    def settings(
        self, told: Mapping[str, Mapping[str, Any]], rules: RuleSet | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return what it can be told of the values for "image" and "video", where it reads them.

        A total of pixels is written with the least of the processor's own, which `rules` have.

        >>> from vlprep import get_server
        >>> get_server("vllm").settings({"image": {"max_pixels": 200_000, "fps": 1}})
        {'mm-processor-kwargs': {'images_kwargs': {'max_pixels': 200000}}}
        """
        by_option: dict[str, dict[str, Any]] = {}
        for place in self.start.settings:
            values = told.get(place.of, {})
            own = {name: values[name] for name in place.takes if name in values}
            if place.size and rules and rules.video and "clip_pixels" in values:
                least, most = rules.video.min_pixels, values["clip_pixels"]
                own[place.size] = {"shortest_edge": least, "longest_edge": most}
            if place.number and "nframes" in values:
                beside = {change.of: change.to for change in place.with_number}
                own |= {**beside, place.number: values["nframes"]}
            if own:
                by_option.setdefault(place.option, {})[place.scope] = own
        return by_option

    def list_limit(self, told: Fields) -> int | None:
        """Return how many images of a list are kept, the first; `None`: all.

        >>> from vlprep import get_server
        >>> get_server("vllm").list_limit({}), get_server("sglang").list_limit({})
        (32, None)
        """
        most = self.list_images
        for place in self.start.settings:
            table = told.get(place.field, {}).get(place.scope)
            if place.number and self.per_request and isinstance(table, Mapping):
                most = table.get(place.number, most)
        return most if isinstance(most, int) and most >= 0 else None

    def read(
        self, told: Fields, kind: str, *, listed: bool = False
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return what a request's own fields ask of images or videos, and what else they say.

        It is `settings` the other way round. What is asked is options of a view, by name; a number
        of frames is one where the loader that goes by it is asked for too. Of the images of a list
        it is what `list_limit` returns.

        >>> from vlprep import get_server
        >>> get_server("vllm").read({"mm_processor_kwargs": {"max_pixels": 9, "fps": 1}}, "image")
        ({'max_pixels': 9}, ('mm_processor_kwargs.fps',))
        """
        if not self.per_request:
            return {}, tuple(told)
        asked, left = dict[str, Any](), list[str]()
        scopes = {place.scope for place in self.start.settings}
        for place in self.start.settings:
            table = told.get(place.field, {})
            if place.of == kind:
                own = {key: table[key] for key in table if place.flat and key not in scopes}
                inner = table.get(place.scope)
                found, rest = place.read(
                    {**own, **inner} if isinstance(inner, Mapping) else own, listed
                )
                asked |= found
                left += (f"{place.field}.{key}" for key in rest)
        return asked, tuple(left)

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
                served = replace(
                    rule, first=part.first, by_number=part.by_number, pruning=self.prunes,
                    sources=sources,
                )  # fmt: skip
                return replace(served, **changes)
        raise ConstraintError(f"{self.title}: nothing is known of videos counted by {rule.count}")
