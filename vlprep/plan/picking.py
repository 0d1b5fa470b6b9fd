"""Frames of clips where something happens, within tokens, beside what is spread evenly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from vlprep.count.budget import TokenBudget
from vlprep.count.files import MediaCount
from vlprep.count.pixels import is_per_clip
from vlprep.count.videos import VideoCount
from vlprep.display import brief
from vlprep.errors import BudgetError, ConstraintError
from vlprep.plan.bounds import Bound
from vlprep.plan.one_clip import BALANCED, LEAST_TOKENS, Prefer, plan_clip
from vlprep.plan.settings import ClipChoices, Setting, cap_range
from vlprep.units import plural
from vlprep.view import View

if TYPE_CHECKING:  # which loads decoders
    from vlprep.pick.picked import PickedFrames


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PickedSetting(Setting):
    """A setting with which the frames of a clip are picked, and the uniform one beside it."""

    picked: PickedFrames
    """The frames."""
    even: Setting | None
    """What the same tokens show of the clip at a rate; `None` where that is nothing."""

    def __repr__(self) -> str:
        return brief(self, plural(self.frames, "frame"), plural(self.tokens, "token"))

    @property
    def even_shown(self) -> int:
        """Of the changes that were found, those that the uniform setting shows."""
        return self.picked.looked.shown_at(_plan(self.even).timestamps_seconds) if self.even else 0

    @property
    def even_seconds(self) -> float:
        """Seconds from one frame of the uniform setting to the next."""
        return 1 / _plan(self.even).sample_fps if self.even else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return what a plan's document says of the picks, and of what stands beside them."""
        evenly = None
        if self.even is not None:
            evenly = {
                **self.even.keywords,
                "frames": self.even.frames,
                "tokens": self.even.tokens,
                "seconds_apart": self.even_seconds,
                "changes_shown": self.even_shown,
            }
        return {"picked": self.picked.to_dict(), "evenly": evenly}


def _plan(setting: Setting) -> Any:
    assert isinstance(setting.count, VideoCount)
    return setting.count.plan


def share_out(
    looked: Sequence[PickedFrames | MediaCount], available: int, prefer: Prefer | None
) -> list[Setting]:
    """Choose the picks of clips that together cost at most `available` tokens.

    Images cost what they cost; clips get what leaves no gap too long, and what then is left in
    proportion to what all of their changes cost. Where that is not enough, "motion" makes the
    frames smaller until all changes are shown, "balanced" does so while frames keep 64 tokens, and
    without a preference, as with "detail", frames stay as large as asked and the smallest changes
    have none. Distinct frames of even sampling are all shown, however small that makes them.

    Raises `BudgetError` where nothing fits.
    """
    clips = [one for one in looked if not isinstance(one, MediaCount)]
    images = sum(one.tokens.total for one in looked if isinstance(one, MediaCount))
    if images > available:
        raise BudgetError(images, available, f"the images alone cost {images:,} tokens")
    shares = iter(_shares(clips, available - images))
    return [
        _setting(one, next(shares), prefer)
        if not isinstance(one, MediaCount)
        else Setting(max_pixels=None, count=one.tokens)
        for one in looked
    ]


def _shares(clips: Sequence[PickedFrames], room: int) -> list[int]:
    """Return the tokens of each clip: without its changes, and a part of what those cost."""
    least = [one.without_changes().tokens.total for one in clips]
    more = [one.tokens.total - few for one, few in zip(clips, least, strict=True)]
    part = Fraction(min(max(room - sum(least), 0), sum(more)), sum(more) or 1)
    if sum(least) > room:
        return [few * room // sum(least) for few in least]
    return [few + int(extra * part) for few, extra in zip(least, more, strict=True)]


def _setting(wanted: PickedFrames, share: int, prefer: Prefer | None) -> PickedSetting:
    picked = wanted
    if wanted.tokens.total > share:
        picked = _smaller(wanted, share, prefer) or wanted.within(share)
    return PickedSetting(
        max_pixels=picked.view.options.max_pixels,
        max_frames=None if picked.by == "distinct" else len(picked.picks),
        count=picked.tokens,
        picked=picked,
        even=_even(wanted, share, prefer),
    )


def _smaller(wanted: PickedFrames, share: int, prefer: Prefer | None) -> PickedFrames | None:
    """Return the picks with the largest cap under which all changes fit; `None`: sizes stay."""
    if prefer not in ("motion", BALANCED) and wanted.by != "distinct":
        return None
    rule, options = wanted.view.video_rule, wanted.view.options
    low, high = cap_range(rule.first or rule, options)
    if prefer == BALANCED:
        frames = len(wanted.picks) if is_per_clip(rule) else 1
        low = min(max(low, LEAST_TOKENS * rule.factor**2 * frames), high)
    needed = wanted.within(max_pixels=low).tokens.total
    if needed > share and wanted.by == "distinct":
        reason = f"{len(wanted.picks):,} distinct frames cost {needed:,} tokens at least"
        raise BudgetError(
            needed, share, f"{reason}, and {share:,} are there; ask for a lower `fps`"
        )
    if needed > share:
        return wanted.within(share, max_pixels=low)
    while high - low > 1:
        middle = (low + high) // 2
        fits = wanted.within(max_pixels=middle).tokens.total <= share
        low, high = (middle, high) if fits else (low, middle)
    return wanted.within(max_pixels=low)


def _even(wanted: PickedFrames, share: int, prefer: Prefer | None) -> Setting | None:
    try:
        return plan_clip(ClipChoices(wanted.info, wanted.view), share, prefer).chosen
    except BudgetError:
        return None


def check_picks(view: View, others: Mapping[str, object]) -> None:
    """Raise `ConstraintError` for what has no use where frames are picked.

    `others` are parameters by name, with what was given for each.
    """
    named = {**others, "nframes": view.options.nframes}
    if words := " and ".join(f"`{name}`" for name, value in named.items() if value is not None):
        raise ConstraintError(f"{words}: `pick` chooses the frames; leave it out")


def explain_picks(
    settings: Sequence[Setting], wanted: int, budget: TokenBudget
) -> tuple[Bound, ...]:
    """Return the limit on tokens where changes have no frame for it."""
    picked = [one.picked for one in settings if isinstance(one, PickedSetting)]
    dropped = sum(one.dropped for one in picked)
    if not dropped or wanted <= budget.available:
        return ()
    found = sum(one.changes for one in picked)
    reason = f"{budget.binding.reason}; {dropped} of {found} changes have no frame"
    remedy = f"{wanted - budget.available:,} tokens more, or smaller frames (`prefer` motion)"
    return (Bound(budget.binding.name, reason, remedy),)
