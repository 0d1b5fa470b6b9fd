"""What a plan says: records that `vlprep.plan.plan` fills."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vlprep.clips import ClipPart
from vlprep.count.budget import TokenBudget
from vlprep.count.files import COUNTED, Media, MediaCount, MediaFailure
from vlprep.display import brief, page
from vlprep.errors import ConstraintError
from vlprep.output.target import PathLike
from vlprep.plan.bounds import Bound
from vlprep.plan.one_clip import ClipPlan, Prefer
from vlprep.plan.picking import PickedSetting
from vlprep.plan.settings import Setting
from vlprep.plan.start import ServerFlags, server_flags
from vlprep.types import RouteName
from vlprep.units import plural
from vlprep.view import View

if TYPE_CHECKING:  # which loads Pillow
    from vlprep.output.drawing import Drawing
    from vlprep.split.split import PagePiece


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """How files are split into requests."""

    reorder: bool = False
    """Pack the files tightly instead of keeping their order."""
    route: RouteName | None = None
    """How they are sent: "base64", "path" or "url"; decides how many go into one request."""
    max_bytes: int | None = None
    """Bytes of all files of one request as they are sent: as Base64, if no other route is named."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlannedFile(MediaCount):
    """One file with the setting chosen for it, and what it costs so."""

    setting: Setting
    """The setting."""
    given: Media
    """What the caller gave for it."""
    part: ClipPart | None = None
    """Which part of it, where a clip is asked about in several."""
    piece: PagePiece | None = None
    """Which piece of it, where a page is shown in several."""

    def __repr__(self) -> str:
        chosen = (f"{name}={value}" for name, value in self.keywords.items())
        return brief(self, self.source, *chosen, plural(self.tokens.total, "token"))

    @property
    def keywords(self) -> dict[str, float | int]:
        """The setting as view options, to be asked together with those of the plan's view."""
        if self.part is None:
            return self.setting.keywords
        times = {"start_seconds": self.part.start_seconds, "end_seconds": self.part.end_seconds}
        return {**self.setting.keywords, **times}

    def to_dict(self) -> dict[str, Any]:
        """Return the file's entry of `vlprep.plan/1`: its count and its setting."""
        chosen = {**dict(zip(_CHOSEN, _chosen(self.setting), strict=True)), **self.setting.lifted}
        picked = self.setting.to_dict() if isinstance(self.setting, PickedSetting) else {}
        counted = MediaCount.to_dict(self)
        return {"source": self.source, **self._times(), **self._place(), **chosen, **counted,
                **picked}  # fmt: skip

    def _place(self) -> dict[str, int]:
        if self.piece is None:
            return {}
        (x, y, size), split = self.piece.piece.region, self.piece.split
        return {
            "piece": self.piece.number + 1, "pieces": len(split.pieces),
            "x": x, "y": y, "piece_height": size.height, "piece_width": size.width,
        }  # fmt: skip

    def _times(self) -> dict[str, float]:
        part = self.part
        return {} if part is None else {
            "start_seconds": part.start_seconds,
            "end_seconds": part.end_seconds,
            "overlap_before_seconds": part.before,
            "overlap_after_seconds": part.after,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MediaPlan:
    """The settings chosen for files under a number of tokens."""

    view: View
    """What was asked of the model's view, whose tokens are meant."""
    prefer: Prefer
    """What was kept where not all fits."""
    budget: TokenBudget
    """What the files of one request may cost, and why."""
    files: tuple[PlannedFile, ...] = ()
    """The files that could be planned, in order."""
    failures: tuple[MediaFailure, ...] = ()
    """The files that could not."""
    requests: tuple[tuple[int, ...], ...] = ()
    """Numbers of `files` by request, one request unless a split was asked for."""
    split: SplitOptions | None = None
    """How they were split, if they were."""
    wanted_tokens: int = 0
    """What all would cost as the view asks, whatever the budget."""
    clip: ClipPlan | None = None
    """More of the plan where it is for one video."""
    bounds: tuple[Bound, ...] = ()
    """What keeps the files from being shown as wanted."""
    warnings: tuple[str, ...] = ()
    """What to know before relying on the plan."""

    def __repr__(self) -> str:
        return brief(self, self.view.model.name, f"files: {len(self.files):,}", self.verdict)

    def _repr_html_(self) -> str:
        rows = [
            (
                file.source,
                *("" if value is None else f"{value:,}" for value in _chosen(file.setting)),
                *file.cells()[2:],
            )
            for file in self.files
        ]
        failed = (f"{one.source}: {one.message}" for one in self.failures)
        reasons = (f"{bound.name}: {bound.reason}" for bound in self.bounds)
        title = f"{self.view.model.name}, {self.view.rules.name}: {self.verdict}"
        headings = ("file", *_CHOSEN, *COUNTED[2:])
        return page(title, headings, rows, (*failed, *reasons, *self.warnings))

    @property
    def verdict(self) -> str:
        """What the files cost, and of how much."""
        if len(self.requests) > 1:
            return f"{self.total_tokens:,} tokens in {len(self.requests):,} requests"
        return f"{self.total_tokens:,} of {self.budget.available:,} tokens"

    @property
    def total_tokens(self) -> int:
        """Tokens of all files."""
        return sum(file.tokens.total for file in self.files)

    @property
    def views(self) -> tuple[View, ...]:
        """How the model sees each of the files: the plan's view with what was chosen for it."""
        return tuple(self.view.asking(**file.keywords) for file in self.files)  # type: ignore[arg-type]

    @property
    def server_flags(self) -> ServerFlags | None:
        """How to start the server of the view for the largest request; `None` without a server."""
        return server_flags(self)

    def chart(self, *, font: PathLike | None = None) -> Drawing:
        """Draw the plan under its budget.

        Of one clip, tokens are drawn against frames per second for several caps; of images and of
        several files, how they add up, as wanted and as planned, request by request. Letters that
        Pillow's own font lacks come from `font`, the file or the name of one, or from a font of
        the machine.

        Raises `ConstraintError` for a plan of nothing, or of one video whose frames are fixed, and
        for a font that there is not.

        >>> from vlprep import plan_media
        >>> plan_media("fixtures/street.mp4", "qwen3-vl-plus", budget=1500).chart()
        Drawing(1280x800)
        """
        from vlprep.plan.chart import chart_of_clip, chart_of_files, draw_plan

        if self.clip is not None and not self.clip.choices.has_rate:
            problem = "its frames are fixed, so that there is no rate to draw tokens against"
            raise ConstraintError(f"{self.files[0].source}: {problem}")
        if not self.files:
            raise ConstraintError("nothing was planned, so there is nothing to draw")
        if self.clip is not None:
            charted = chart_of_clip(self.clip)
        else:
            files = [(file.info, file.tokens.total) for file in self.files]
            charted = chart_of_files(files, self.view, self.requests, self.budget.available)
        return draw_plan(charted, [file.source for file in self.files], font)

    def save_chart(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write what `chart` draws to a picture file, whose ending chooses the format.

        Raises the errors of `chart`, `ConstraintError` for an ending of no known picture format,
        and the errors of `new_file`.

        >>> from tempfile import TemporaryDirectory
        >>> from vlprep import plan_media
        >>> plan = plan_media("fixtures/street.mp4", "qwen3-vl-plus", budget=1500)
        >>> with TemporaryDirectory() as folder:
        ...     plan.save_chart(f"{folder}/plan.png")
        """
        self.chart().save(path, overwrite=overwrite)

    def to_dict(self, *, table: bool = False) -> dict[str, Any]:
        """Return the document of `vlprep.plan/1`, of one clip with its `table` of alternatives."""
        clip, budget = self.clip, self.budget.to_dict()
        items: list[MediaCount | MediaFailure] = [*self.files, *self.failures]
        document: dict[str, Any] = {
            "schema": "vlprep.plan/1",
            "model": self.view.model.name,
            "rules": self.view.rules.name,
            "options": self.view.options.asked,
            "prefer": self.prefer,
            "available_tokens": self.budget.available,
            "reserved_tokens": self.budget.reserved,
            "limits": budget["limits"],
            "budget": budget,
            "items": [item.to_dict() for item in items],
            "requests": [[self.files[k].source for k in request] for request in self.requests],
            "total_tokens": self.total_tokens,
            "wanted_tokens": self.wanted_tokens,
            "motion": clip and clip.motion,
            "detail": clip and clip.detail,
            "bounds": [asdict(bound) for bound in self.bounds],
            "warnings": list(self.warnings),
        }
        if clip and clip.default:
            document["with_defaults"] = _setting_dict(clip.default)
        if flags := self.server_flags:
            document["server_flags"] = flags.to_dict()
        if table and clip:
            document["alternatives"] = [_setting_dict(one) for one in clip.alternatives()]
            document["what_if"] = asdict(clip.what_if())
        return document


save_chart = MediaPlan.save_chart

_CHOSEN = ("fps", "nframes", "max_pixels")


def _chosen(setting: Setting) -> tuple[float | int | None, ...]:
    return setting.fps, setting.nframes, setting.max_pixels


def _setting_dict(setting: Setting) -> dict[str, Any]:
    return {
        "fps": setting.fps,
        "max_pixels": setting.max_pixels,
        "frames": setting.frames,
        "resized_height": setting.count.resized.height,
        "resized_width": setting.count.resized.width,
        "tokens": setting.tokens,
    }
