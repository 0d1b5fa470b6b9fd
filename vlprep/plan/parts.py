"""Files of a plan in parts: clips by their time, and pages by where their lines are."""

from __future__ import annotations

from collections.abc import Sequence

from vlprep.choices import READABLE
from vlprep.count.files import Media, MediaCount
from vlprep.errors import BudgetError, ConstraintError
from vlprep.plan.one_clip import Prefer
from vlprep.plan.pieces import OVERLAP_SECONDS, cut_clip
from vlprep.plan.records import MediaPlan, PlannedFile
from vlprep.plan.requests import Load, Requests, request_room, split_requests
from vlprep.plan.settings import Setting
from vlprep.types import FrameListInfo, ImageInfo


def clip_parts(
    given: Media, found: MediaCount, plan: MediaPlan, prefer: Prefer | None, overlap: float | None
) -> list[PlannedFile]:
    """Return the parts of a clip, each shown as wanted; raises the errors of `cut_clip`."""
    if isinstance(found.info, ImageInfo | FrameListInfo):
        raise ConstraintError("a list of images: no video, and no page, to cut into `pieces`")
    shared = OVERLAP_SECONDS if overlap is None else overlap
    return [
        PlannedFile(source=found.source, info=found.info, tokens=setting.count,
                    setting=setting, given=given, part=part)
        for part, setting in cut_clip(found.info, plan.view, plan.budget.available, prefer, shared)
    ]  # fmt: skip


def page_pieces(
    given: Media, found: MediaCount, plan: MediaPlan, readable: float | None
) -> list[PlannedFile]:
    """Return the pieces of a page, none of an image that needs none; pixels are not kept.

    Raises `BudgetError` where one piece costs more than a request may, and the errors of
    `split_image`.
    """
    from vlprep.split.split import PagePiece, split_page

    if isinstance(given, ImageInfo):
        raise ConstraintError(f"{found.source}: facts of a header are nothing to cut")
    split = split_page(given, plan.view, readable or READABLE).let_go()  # type: ignore[arg-type]  # no list
    if not split.is_needed:
        return []
    dearest, room = max(piece.tokens.total for piece in split.pieces), plan.budget.available
    if dearest > room:
        problem = f"a piece of the page costs {dearest:,} tokens, and {room:,} are there"
        raise BudgetError(dearest, room, f"{problem}; ask for a lower `max_pixels`")
    return [
        PlannedFile(source=found.source, info=found.info, tokens=piece.tokens, given=given,
                    setting=Setting(max_pixels=None, count=piece.tokens),
                    piece=PagePiece(split, number))
        for number, piece in enumerate(split.pieces)
    ]  # fmt: skip


def requests_of_parts(planned: Sequence[PlannedFile], plan: MediaPlan) -> Requests:
    """Put each part of a clip into a request of its own, and images into as few as hold them."""
    images = [k for k, file in enumerate(planned) if file.kind == "image"]
    loads = [Load(planned[k].tokens.total, images=1) for k in images]
    packed = split_requests(loads, request_room(plan.view.model, plan.budget.available))
    together = [tuple(images[k] for k in request) for request in packed]
    alone = [(k,) for k, file in enumerate(planned) if file.kind != "image"]
    return tuple(sorted([*together, *alone]))
