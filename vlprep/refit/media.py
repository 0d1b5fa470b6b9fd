"""Make one medium of a request fit: its bytes, its sides, its format, or just the type it declares.

What is within its limits stays to the last character. What is made anew has no breach that its
original had not, and fewer of these; otherwise the original stays.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from vlprep.check.check import count_facts, facts_of
from vlprep.check.files import image_byte_limit, video_byte_limit
from vlprep.check.images import mislabelled
from vlprep.check.report import find_problems
from vlprep.check.rule import FileFacts, Finding, Sending
from vlprep.compress.image import LOSSLESS, compress_image
from vlprep.compress.image_search import ImageSearch, encode_within
from vlprep.compress.image_source import WRITTEN
from vlprep.compress.video import compress_video
from vlprep.errors import ByteLimitError, MediaError, VlprepError
from vlprep.media.cores import usable_cores
from vlprep.media.picture import decode_picture
from vlprep.media.sniff import endings, mime_type
from vlprep.media.source import Item
from vlprep.models.registry import get_route
from vlprep.refit.limits import OwnLimits, breaches, own_finding
from vlprep.refit.places import FORMAT, JsonPath, Medium
from vlprep.types import ImageSize
from vlprep.units import format_size
from vlprep.view import View

FitAction = Literal["unchanged", "relabelled", "compressed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedMedium:
    """A medium inside a body, as it stands: as it came, or as it was made."""

    medium: Medium
    view: View
    """What its request asks of it."""
    was: FileFacts
    facts: FileFacts
    because: tuple[Finding, ...] = ()
    """The limits that it was over, and is not any more."""
    content: bytes | None = None
    """What was made of it; `None`: its own."""
    mime_type: str | None = None
    """The type to declare; `None`: as it did."""

    @property
    def action(self) -> FitAction:
        """What became of it."""
        if self.content is not None:
            return "compressed"
        return "unchanged" if self.mime_type is None else "relabelled"

    def open(self) -> Item:
        """Return it as an open file, of the name of its place."""
        assert self.medium.url is not None
        item = Item(self.medium.url if self.content is None else self.content, self.view.trust)
        item.name = self.medium.name
        return item

    def changes(self) -> dict[JsonPath, str]:
        """Return what is to stand in its places of the body instead; nothing where it stays."""
        if self.action == "unchanged":
            return {}
        assert self.medium.url is not None and self.mime_type is not None
        own = self.medium.url.partition(",")[2]
        data = own if self.content is None else base64.b64encode(self.content).decode()
        if self.medium.bare:
            return {} if self.content is None else {self.medium.path: data}
        if self.medium.type_path is None:
            return {self.medium.path: f"data:{self.mime_type};base64,{data}"}
        is_short = self.medium.type_path[-1] == FORMAT
        type = self.mime_type.rpartition("/")[2] if is_short else self.mime_type
        declared = {self.medium.type_path: type}
        return declared if self.content is None else {**declared, self.medium.path: data}


def read_medium(medium: Medium, view: View) -> FittedMedium:
    """Read the header of a medium inside a body; what is wrong with it is part of the facts."""
    as_it_came = FileFacts(source=medium.name, kind="unreadable")
    read = FittedMedium(medium=medium, view=view, was=as_it_came, facts=as_it_came)
    try:
        asked = view if view.server else view.asking(**medium.asked)  # which looks at no part
        with read.open() as item:
            facts = facts_of(item)
    except (VlprepError, OSError) as error:
        told = replace(as_it_came, problem=_named(error, medium.name))
        return replace(read, was=told, facts=told)
    (facts,) = count_facts([facts], asked)
    return replace(read, view=asked, was=facts, facts=facts)


def _named(error: VlprepError | OSError, name: str) -> VlprepError | OSError:
    """Let an error name the place of a medium; what is no data has none of its own."""
    if isinstance(error, MediaError):
        error.source, error.args = name, (f"{name}: {error.problem}",)
    return error


def fit_media(
    media: Sequence[FittedMedium], own: OwnLimits, unders: Iterable[int | None] = repeat(None)
) -> list[FittedMedium]:
    """Return what `fit_medium` does of each, worked out side by side: codecs let threads run.

    `unders` are numbers of bytes that they must stay under.
    """
    fit = partial(fit_medium, own=own)
    threads = min(usable_cores(), MOST_THREADS, len(media))
    if threads < 2:
        return [fit(one, under=under) for one, under in zip(media, unders, strict=False)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda one, under: fit(one, under=under), media, unders))


MOST_THREADS = 4
"""Media that are worked at side by side at most: each has its picture in memory."""


def fit_medium(fitted: FittedMedium, own: OwnLimits, under: int | None = None) -> FittedMedium:
    """Return a medium made to fit; the same where it does, or where nothing better can be made.

    `under` is a number of bytes that it must stay under beside its limits.
    """
    while better := _better(fitted, own, under):
        fitted = better
    return fitted


def _better(fitted: FittedMedium, own: OwnLimits, under: int | None) -> FittedMedium | None:
    """Return a medium with fewer breaches than it has; `None` where there is none to be made."""
    why = breaches(fitted.facts, fitted.view, own)
    is_heavy = under is not None and fitted.facts.file_bytes >= under
    if not why and not is_heavy:
        return None
    if not is_heavy and all(finding.rule == mislabelled.id for finding in why):
        declared = mime_type(fitted.facts.format)
        facts = replace(fitted.facts, mislabelled=None)
        because = (*fitted.because, *why)
        return replace(fitted, facts=facts, mime_type=declared, because=because)
    before = _problems(fitted.facts, fitted.view, own)
    for content in _made(fitted, own, why, under):
        made = replace(fitted, content=content)
        with made.open() as item:
            (facts,) = count_facts([facts_of(item)], fitted.view)
        after = _problems(facts, fitted.view, own)
        is_under = under is None or facts.file_bytes < under
        if after < before or (is_heavy and after <= before and is_under):
            gone = tuple(finding for finding in why if finding.rule not in after)
            return replace(
                made, facts=facts, mime_type=mime_type(facts.format),
                because=(*fitted.because, *gone),
            )  # fmt: skip
    return None


def _problems(facts: FileFacts, view: View, own: OwnLimits) -> set[str]:
    """Return the ids of what is wrong with one medium."""
    sending = Sending(view=view, files=(facts,), route=_BASE64)
    errors = (finding for finding in find_problems(sending) if finding.severity == "error")
    return {finding.rule for finding in (*errors, *breaches(facts, view, own))}


# What is made of it.


def _made(
    fitted: FittedMedium, own: OwnLimits, why: tuple[Finding, ...], under: int | None
) -> Iterator[bytes]:
    """Yield what can be made of a medium, the best first."""
    for make in _ways(fitted, own, why, under):
        try:
            with fitted.open() as item:
                yield make(item)
        except ByteLimitError:
            continue  # the next way may do
        except VlprepError:
            return  # it cannot be decoded, or cannot be shown to the model


def _ways(
    fitted: FittedMedium, own: OwnLimits, why: tuple[Finding, ...], under: int | None
) -> Iterator[Callable[[Item], bytes]]:
    """Yield functions that make something of a medium, those that keep most first."""
    facts, view = fitted.facts, fitted.view
    if facts.kind == "video":
        limit = _tightest(own.limit, under, video_byte_limit(view, get_route("base64")))
        yield partial(_video, view=view, limit=limit)
        return
    limit = _tightest(own.limit, under, image_byte_limit(view.model, _BASE64, "image/jpeg"))
    if own.max_side is None or max(facts.size) <= own.max_side:
        options = {option for one in why if one.remedy for option in one.remedy.options}
        always = ("always", True) in options
        yield lambda item: compress_image(item, view, limit=limit, always=always).content
        return
    size = facts.size.scaled(own.max_side / max(facts.size))
    if facts.format == "JPEG":  # which was compressed harder, maybe, than it would be now
        yield partial(_scaled, size=size, limit=min(limit, facts.file_bytes), lossless=False)
    yield partial(_scaled, size=size, limit=limit, lossless=facts.format in LOSSLESS)


_BASE64 = get_route("base64")


def _tightest(*limits: int | None) -> int:
    return max(1, min(limit for limit in limits if limit is not None))


def _scaled(item: Item, *, size: ImageSize, limit: int, lossless: bool) -> bytes:
    picture = decode_picture(item, srgb=True).pixels
    search = ImageSearch(
        picture=picture, name=item.name, sizes=(size,), shrinks=True, from_lossless=lossless,
        limits=dict.fromkeys(WRITTEN, limit),
    )  # fmt: skip
    return encode_within(search)[0].content


def _video(item: Item, *, view: View, limit: int) -> bytes:
    with TemporaryDirectory() as folder:
        target = partial(_target, folder)
        done = compress_video(item, target, view, limit=limit)
        return Path(str(done.target)).read_bytes()


def _target(folder: str, format: str) -> Path:
    return Path(folder, f"video{endings(format)[0]}")


# The frames of a list, which stands for a video.


def of_one_size(
    came: Sequence[FittedMedium], fitted: Sequence[FittedMedium], own: OwnLimits
) -> list[FittedMedium]:
    """Return frames that came with one size so that they have one, the smallest made of any.

    None of them gets longer by it. A frame that cannot be made smaller stays as it is.
    """
    done = list(fitted)
    while len(_sizes(came)) == 1 and len(_sizes(done)) > 1:
        smallest = min(_sizes(done), key=max)
        tighter = replace(own, max_side=max(smallest))
        made = [_smaller(*pair, tighter, smallest) for pair in zip(came, done, strict=True)]
        if _sizes(made) == _sizes(done):
            break
        done = made
    return done


def _sizes(frames: Sequence[FittedMedium]) -> set[ImageSize]:
    return {one.facts.info.size for one in frames if one.facts.info}


def _smaller(
    came: FittedMedium, fitted: FittedMedium, own: OwnLimits, size: ImageSize
) -> FittedMedium:
    if fitted.facts.info is None or fitted.facts.size == size:
        return fitted
    made = fit_medium(came, own, fitted.facts.file_bytes + 1)
    if made.facts.file_bytes > fitted.facts.file_bytes:
        return fitted
    return replace(made, because=(*fitted.because, _uneven(fitted.facts.size, size)))


def _uneven(size: ImageSize, smallest: ImageSize) -> Finding:
    found, wanted = format_size(size), format_size(smallest)
    message = f"another frame of the list is made {wanted}, and frames have one size"
    return own_finding("frame-size", found, wanted, message)
