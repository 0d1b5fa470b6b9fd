"""Turn files of a plan into parts of a message: each is sent as it was planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from vlprep.count.tokens import TokenCount
from vlprep.count.videos import media_count
from vlprep.errors import ConstraintError
from vlprep.frames.view import view_image
from vlprep.media.source import SourceLike
from vlprep.output.encode import encode_picture
from vlprep.payload.page_parts import piece_part
from vlprep.payload.parts import MediaPart
from vlprep.payload.sending import Item as UnplannedItem
from vlprep.payload.sending import make_file, make_part, prepare, sampled
from vlprep.payload.terms import How, refuse
from vlprep.plan.cautions import rests_on_cap
from vlprep.plan.picking import PickedSetting
from vlprep.plan.records import PlannedFile
from vlprep.split.split import PagePiece
from vlprep.types import ImageInfo, VideoInfo
from vlprep.units import format_size

Item: TypeAlias = UnplannedItem | PlannedFile | PagePiece
"""A file, a URL, or a list of images that stands for a video; or one of these as it was planned; or
a piece of a page."""


def prepare_item(item: Item, how: How, number: int) -> MediaPart:
    """Return the part of a message that an item becomes, as `prepare` does, or as it was planned.

    Raises the errors of `prepare`.
    """
    if isinstance(item, PlannedFile):
        return _planned(item, how, number)
    if isinstance(item, PagePiece):
        return piece_part(item, how, number)
    return prepare(item, how, number)


def _planned(file: PlannedFile, how: How, number: int) -> MediaPart:
    """Return the part of a planned file; its setting is asked only where it makes a difference.

    An image whose cap may lower nothing, as one reading has it, is sent as small as it is seen.
    """
    given, view = file.given, how.view.asking(**file.keywords)  # type: ignore[arg-type]
    if isinstance(given, ImageInfo | VideoInfo):
        raise ConstraintError(f"{file.source}: facts of a header are no content to send")
    sent: UnplannedItem = given  # type: ignore[assignment]  # facts in a list are found later
    own, is_image = replace(how, view=view), isinstance(file.info, ImageInfo)
    if isinstance(file.setting, PickedSetting):
        if not how.as_frames:
            raise ConstraintError(f"{file.source}: picked frames go as a list; say `as_frames`")
        return sampled(file.setting.picked.frames(tone_map=True), own, number)
    if file.part is not None:  # which holds whatever else is asked
        refuse(own, "")
        return prepare(sent, own, number)
    if is_image and rests_on_cap([file.info.size], [file.setting], how.view) is not None:
        return _as_seen(given, file.source, own, number)  # type: ignore[arg-type]  # no list
    if _shown(media_count(file.info, how.view)) == _shown(file.tokens):
        return prepare(sent, how, number)
    if how.server is not None and not set(file.keywords) <= set(how.server.per_request):
        return _as_started(file, prepare(sent, how, number))
    refuse(own, "")
    return prepare(sent, own, number)


def _shown(count: TokenCount) -> tuple[object, ...]:
    return count.total, count.resized, count.frames


STARTED = "seen as planned only where the server was started as the plan says"
"""What is noted of a part whose setting no request to its server can say."""


def _as_started(file: PlannedFile, part: MediaPart) -> MediaPart:
    """Return the part of a file that a server shows as planned when it has been started so."""
    facts = replace(part.facts, tokens=file.tokens)
    return replace(part, facts=facts, notes=(*part.notes, STARTED))


def _as_seen(source: SourceLike, name: str, how: How, number: int) -> MediaPart:
    """Return the part of an image at the size that the model sees, which needs no limits then."""
    view = how.view.asking(min_pixels=None, max_pixels=None)
    seen = view_image(source, how.view)
    content = encode_picture(seen.image, "PNG")
    file, facts = make_file(content, name, f"{number:03}-view.png", how)
    notes = (f"{format_size(seen.tokens.resized)} as PNG, which holds by every reading",)
    return make_part(facts, [file], replace(how, view=view), action="converted", notes=notes)
