"""Bring an image under a byte limit, and into a format that is taken, with little loss to a model.

A model sees a picture at a size of its own, so pixels beyond that cost bytes and show nothing:
pictures are resized first and compressed second. What fits already loses its metadata at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vlprep.check.files import data_url_length, image_fits
from vlprep.check.savings import estimated_bytes, unseen_of
from vlprep.compress.image_search import Attempt, ImageSearch, encode_within
from vlprep.compress.image_source import (
    WRITTEN,
    ImageCase,
    examine_image,
    reasons_to_write,
    unseen,
    wanted_sizes,
    within_limits,
)
from vlprep.compress.result import Asked, Compressed, beside, check_ending, grown
from vlprep.count.tokens import TokenCount, image_count
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.metadata import without_metadata
from vlprep.media.picture import Picture, decode_picture, lay_on_white, read_picture
from vlprep.media.sniff import endings, mime_type
from vlprep.media.source import Item, SourceLike, open_item
from vlprep.output.target import PathLike, check_not_source, new_file
from vlprep.types import Action, ImageFormat, ImageInfo, ImageSize, Keep, RouteName
from vlprep.units import format_size
from vlprep.view import View, ViewKeywords

LOSSLESS = frozenset({"PNG", "BMP", "TIFF", "DIB", "ICO", "ICNS", "SGI"})
"""Formats that mostly keep every pixel, as what is made of them should where it fits."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CompressedImage(Compressed):
    """An image brought under a limit, in memory; `save` writes it."""

    kind = "image"
    of_kind = ("quality", "encodes")

    content: bytes
    """The file that came of it."""
    mime_type: str
    """MIME type of that."""
    bytes_after: int
    """Length of that."""
    size_after: ImageSize
    """Of the result."""
    tokens_after: TokenCount
    """What the result costs."""
    quality: int | None = None
    """JPEG quality; `None` for other formats, and for what was not encoded anew."""
    encodes: int = 0
    """How often the picture was encoded to get there."""

    @property
    def data_url_length(self) -> int:
        """Length of the data URL that holds the content."""
        return data_url_length(self.bytes_after, self.mime_type)

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings of names for the format, the usual one first, with the dot."""
        return endings(self.format)

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the content to a file, whose ending must be one of its format.

        Raises `ConstraintError` for another ending, `FileExistsError` for the source itself, and
        the errors of `new_file`.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     compress_image("fixtures/photo.jpg", View.of()).save(f"{folder}/small.jpg")
        """
        check_ending(path, self.format)
        check_not_source(path, [self.source])
        with new_file(path, overwrite=overwrite) as file:
            file.write(self.content)


save_image = CompressedImage.save


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlannedImage(Compressed):
    """What would become of an image; only an encode tells the number of bytes, and the format."""

    kind = "image"
    of_kind = ("quality", "encodes")

    quality: None = None
    """Known of what has been encoded."""
    encodes: int = 0
    """None."""


class ImageKeywords(ViewKeywords, total=False):
    """Keywords of `compress_image`, and of a view."""

    limit: int | None
    route: RouteName
    keep: Keep
    always: bool
    format: ImageFormat | None
    lossless: bool
    page: int | None


def compress_image(source: SourceLike, view: View, **how: Any) -> CompressedImage:
    """Bring an image under a byte limit with as little loss to a model as can be.

    `limit` is a number of bytes that the file must stay under; by default it is what `route`,
    "base64", "path" or "url", lets through. An image that is under it, upright, without metadata
    and in a format that the model's service takes is returned as it is; of one that only has
    metadata, JPEG, PNG or WebP, the picture stays to the last bit. Others become PNG or JPEG: of
    the size at which the model sees them, or with `keep` "full" of their own size where that fits.
    Screens of text keep their own size with fewer colours, as resizing would blur them and cost
    bytes. `always` makes all of them so, of the size that the model sees, where that saves bytes or
    where it sees something else: what shows through on white, colours of print in RGB. `format`,
    "PNG" or "JPEG", is what to make of any other; `lossless` allows nothing but PNG. `page` is the
    place of the one picture to take from several, from 0; without it the first is taken, of
    animations too. The result is meant to be counted and sent by the same view.

    Colours are converted to sRGB, what shows through is laid on white in a JPEG and kept in a full
    PNG, and metadata, the location above all, is left out: `dropped` says so.

    Raises `ByteLimitError` when nothing fits, `UnsupportedFormatError` for a video,
    `ConstraintError` for limits or pages that cannot be, and the errors of `probe`,
    `decode_picture` and `image_count`.
    """
    return image_under(source, view, Asked.at(ImageKeywords, how))


def image_under(source: SourceLike, view: View, asked: Asked) -> CompressedImage:
    """Do what `compress_image` does."""
    with open_item(source, view.trust) as item:
        case = examine_image(item, view, asked)
        reasons = "; ".join(reasons_to_write(case))
        if reasons:
            return _changed(case, reasons)
        more = unseen(case) if asked.always else ""
        smaller = _changed(case, more) if more else None
        if smaller is not None and smaller.bytes_after < smaller.bytes_before:
            return replace(smaller, action="compressed")
        return _unchanged(case)


# What stays as it is, but for metadata.


def _unchanged(case: ImageCase) -> CompressedImage:
    """Return the source's own bytes, but for its metadata."""
    content = case.item.bytes()  # first of all: what is looked at is what is handed out
    decoded = decode_picture(case.item)  # a damaged file is better known now than sent
    info, kinds = case.info, decoded.metadata
    if kinds:
        content = without_metadata(content, info.format)
        if not _shows_the_same(content, decoded):
            return _changed(case, beside(kinds))
    result = _result(case, info, Attempt(content, info.format, info.size))
    return replace(
        result,
        action="converted" if kinds else "unchanged",
        bytes_unseen=unseen_of(info, result.tokens_before.resized),
        reason=beside(kinds) if kinds else within_limits(case),
        dropped=tuple(f"{kind} data dropped" for kind in kinds),
        warnings=(*info.warnings, *decoded.warnings, *result.warnings),
    )


def _shows_the_same(content: bytes, picture: Picture) -> bool:
    """Say whether content is the same picture to the last bit, and says nothing beside it."""
    try:
        with open_item(content) as item:
            read = decode_picture(item)
    except VlprepError:  # a file so odd that leaving out parts of it breaks it
        return False
    return not read.metadata and np.array_equal(read.pixels, picture.pixels)


def _result(case: ImageCase, info: ImageInfo, made: Attempt) -> CompressedImage:
    """Return what is told of every result; `info` is of the picture that was taken."""
    before, item = image_count(info.size, case.view), case.item
    return CompressedImage(
        source=item.name,
        model=case.view.model.name,
        action="unchanged",
        reason="",
        content=made.content,
        format=made.format,
        mime_type=mime_type(made.format),
        limit=case.byte_limit(made.format),
        size_before=info.size,
        size_after=made.size,
        bytes_before=item.file_bytes,
        bytes_after=len(made.content),
        tokens_before=before,
        tokens_after=image_count(made.size, case.view),
        quality=made.quality,
        warnings=(*filter(None, [item.mislabelled]), *before.warnings, *_over_route(case, made)),
    )


# What is encoded anew.


def _changed(case: ImageCase, reason: str) -> CompressedImage:
    wanted = wanted_sizes(case, case.info.size)[0]
    picture = decode_picture(case.item, number=case.asked.page, srgb=True, size=wanted)
    if case.asked.always:
        picture = replace(picture, pixels=lay_on_white(picture.pixels))
    sizes = wanted_sizes(case, picture.info.size)
    attempt, encodes = encode_within(_search(case, picture, sizes))
    _check(attempt)
    action: Action = "converted" if case.fits else "compressed"
    result = replace(_result(case, picture.info, attempt), action=action, reason=reason)
    told = (*picture.warnings, *_reduced(sizes[0], result), *grown(result))
    return replace(
        result,
        encodes=encodes,
        dropped=tuple(_dropped(case, picture, attempt)),
        warnings=(*told, *result.warnings),
    )


def _search(case: ImageCase, picture: Picture, sizes: tuple[ImageSize, ...]) -> ImageSearch:
    def snap(size: ImageSize) -> ImageSize:
        try:
            return image_count(size, case.view).resized
        except ConstraintError:  # so narrow that rounding its sides makes it too narrow
            return size

    return ImageSearch(
        picture=picture.pixels,
        name=case.item.name,
        sizes=sizes,
        limits={format: case.byte_limit(format) for format in WRITTEN},
        formats=WRITTEN if case.asked.format is None else (case.asked.format,),
        lossless=case.asked.lossless,
        shrinks=case.asked.always,
        from_lossless=picture.info.format in LOSSLESS,
        png_bytes=case.item.file_bytes if picture.info.format == "PNG" else None,
        snap=snap,
    )


def _check(attempt: Attempt) -> None:
    """Read the result as a stranger would; nothing unreadable is handed out."""
    with open_item(attempt.content) as item:
        format, shape = item.found.name, read_picture(item).shape
    if (format, shape[:2]) != (attempt.format, attempt.size):
        raise VlprepError(f"encoded {attempt.format} {attempt.size}, read {format} {shape}")


def _dropped(case: ImageCase, picture: Picture, attempt: Attempt) -> Iterator[str]:
    yield from (f"{kind} data dropped" for kind in picture.metadata)
    if picture.info.orientation != 1:
        yield "turned upright, as the orientation says"
    yield from picture.changes
    if attempt.opaque and picture.pixels.shape[2] == 4:
        yield "what shows through laid on white"
    if attempt.colours:
        yield f"colours reduced to {attempt.colours}"
    if case.pictures > 1:
        yield f"{case.pictures - 1} of {case.pictures} pictures dropped"


def _reduced(wanted: ImageSize, result: CompressedImage) -> Iterator[str]:
    """Tell of pixels that were given up against what was wanted, and of tokens that changed."""
    size, before, after = result.size_after, result.tokens_before.total, result.tokens_after.total
    if size.pixels < wanted.pixels:
        change = f"from {format_size(wanted)} to {format_size(size)}"
        yield f"pixels reduced {change}, as nothing larger fits"
    if after != before:
        yield f"the model sees {after:,} tokens of it instead of {before:,}"


def _over_route(case: ImageCase, made: Attempt) -> Iterator[str]:
    model, route = case.view.model, case.route
    fits = image_fits(model, route, len(made.content), mime_type(made.format))
    if model.kind != "open-weights" and not fits:
        allowed = case.allowed(made.format)
        yield f"the route {route.name} takes images of fewer than {allowed:,} bytes"


# What would become of it, told from its header: nothing is decoded and nothing encoded.


def plan_image(item: Item, view: View, asked: Asked) -> PlannedImage:
    """Say what `compress_image` would make of an image, from its header alone.

    Raises the errors of `compress_image` that a header shows.

    >>> from vlprep.media.source import open_item
    >>> with open_item("fixtures/exif_6.jpg") as item:
    ...     plan_image(item, View.of(), Asked()).reason
    'stored turned (EXIF orientation 6)'
    """
    case = examine_image(item, view, asked)
    reasons = "; ".join(reasons_to_write(case))
    if reasons:
        return _planned_anew(case, reasons, "converted" if case.fits else "compressed")
    if more := unseen(case) if asked.always else "":
        return _planned_anew(case, more, "compressed")
    kinds = case.info.metadata
    stays = _planned(case, beside(kinds) if kinds else within_limits(case))
    return replace(stays, action="converted", bytes_after=None) if kinds else stays


def _planned(case: ImageCase, reason: str) -> PlannedImage:
    """Return the plan of a source that stays as it is."""
    info, length = case.info, case.item.file_bytes
    tokens = image_count(info.size, case.view)
    return PlannedImage(
        source=case.item.name,
        model=case.view.model.name,
        action="unchanged",
        reason=reason,
        format=info.format,
        limit=case.byte_limit(info.format),
        bytes_before=length,
        bytes_after=length,
        bytes_estimate=length,
        bytes_unseen=unseen_of(info, tokens.resized),
        size_before=info.size,
        size_after=info.size,
        tokens_before=tokens,
        tokens_after=tokens,
        warnings=(*info.warnings, *filter(None, [case.item.mislabelled]), *tokens.warnings),
    )


def _planned_anew(case: ImageCase, reason: str, action: Action) -> PlannedImage:
    size, format = wanted_sizes(case, case.info.size)[0], case.asked.format
    limit = case.byte_limit(format or "JPEG")
    estimate = estimated_bytes(case.info, size)
    return replace(
        _planned(case, reason),
        action=action,
        format=format or "PNG or JPEG",
        limit=limit,
        bytes_after=None,
        bytes_unseen=0,
        bytes_estimate=estimate if estimate and estimate < limit else None,
        size_after=size,
        tokens_after=image_count(size, case.view),
    )
