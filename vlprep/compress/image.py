"""Bring an image under a byte limit, and into a format that is taken, with little loss to a model.

A model sees a picture at a size of its own, so pixels beyond that cost bytes and show nothing:
pictures are resized first and compressed second. What fits already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

from vlprep.check.files import data_url_length, image_byte_limit, image_fits, takes_image
from vlprep.compress.image_search import Attempt, ImageSearch, encode_within
from vlprep.compress.result import Asked, Compressed, check_ending
from vlprep.count.tokens import TokenCount, image_count
from vlprep.errors import ConstraintError, PixelLimitError, UnsupportedFormatError, VlprepError
from vlprep.media.image import animation_seconds, probe_image
from vlprep.media.picture import Picture, decode_picture, read_picture
from vlprep.media.sniff import endings, mime_type
from vlprep.media.source import Item, SourceLike, open_item
from vlprep.models.registry import get_route
from vlprep.models.service import Route
from vlprep.output.encode import MAX_JPEG_SIDE
from vlprep.output.target import PathLike, check_not_source, new_file
from vlprep.types import MAX_FRAME_PIXELS, ImageFormat, ImageInfo, ImageSize, Keep, RouteName
from vlprep.units import format_size
from vlprep.view import View, ViewKeywords

WRITTEN: tuple[ImageFormat, ...] = get_args(ImageFormat)
"""Formats that images are written in."""

_LOSSLESS = frozenset({"PNG", "BMP", "TIFF", "DIB", "ICO", "ICNS", "SGI"})
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


class ImageKeywords(ViewKeywords, total=False):
    """Keywords of `compress_image`, and of a view."""

    limit: int | None
    route: RouteName
    keep: Keep
    format: ImageFormat | None
    lossless: bool
    page: int | None


def compress_image(source: SourceLike, view: View, **how: Any) -> CompressedImage:
    """Bring an image under a byte limit with as little loss to a model as can be.

    `limit` is a number of bytes that the file must stay under; by default it is what `route`,
    "base64", "path" or "url", lets through. An image that is under it in a format that the model's
    service takes is returned as it is. Others become PNG or JPEG: of the size at which the model
    sees them, or with `keep` "full" of their own size where that fits. Screens of text keep their
    own size with fewer colours, as resizing would blur them and cost bytes. `format`, "PNG" or
    "JPEG", is what to make of any other; `lossless` allows nothing but PNG. `page` is the place of
    the one picture to take from several, from 0; without it the first is taken, of animations too.
    The result is meant to be counted and sent by the same view.

    Colours are converted to sRGB, what shows through is laid on white in a JPEG and kept in a full
    PNG, and metadata, the location above all, is left out: `dropped` says so.

    Raises `ByteLimitError` when nothing fits, `UnsupportedFormatError` for a video,
    `ConstraintError` for limits or pages that cannot be, and the errors of `probe`,
    `decode_picture` and `image_count`.

    >>> view = View.of("qwen3-vl-plus")
    >>> image = compress_image("fixtures/photo.jpg", view, limit=27_000)
    >>> image.action, image.format, image.bytes_after < 27_000
    ('compressed', 'JPEG', True)
    >>> image.tokens_after.total == image.tokens_before.total
    True
    """
    return image_under(source, view, Asked.at(ImageKeywords, how))


def image_under(source: SourceLike, view: View, asked: Asked) -> CompressedImage:
    """Do what `compress_image` does."""
    asked.check()
    if asked.format not in (None, *WRITTEN):
        wanted = " or ".join(WRITTEN)
        raise ConstraintError(f"images are written as {wanted}, not as {asked.format}")
    if asked.lossless and asked.format not in (None, "PNG"):
        raise ConstraintError(f"{asked.format} loses details; without loss there is PNG")
    route = get_route(asked.route)
    with open_item(source) as item:
        info, pictures = _read_header(item, asked.page)
        case = _Case(item, view, asked, route, info, pictures)
        reasons = "; ".join(_reasons(case))
        return _changed(case, reasons) if reasons else _unchanged(case)


# Whether it can stay as it is.


@dataclass(frozen=True, slots=True)
class _Case:
    """An image before it is decoded: what is asked of it, and what its header says."""

    item: Item
    view: View
    asked: Asked
    route: Route
    info: ImageInfo
    pictures: int
    """How many there are in it."""

    def allowed(self, format: str) -> int:
        """Return the number of bytes that the route wants a file of a format to stay under."""
        return image_byte_limit(self.view.model, self.route, mime_type(format))

    def byte_limit(self, format: str) -> int:
        """Return the number of bytes that a file of a format must stay under."""
        return self.allowed(format) if self.asked.limit is None else self.asked.limit

    @property
    def fits(self) -> bool:
        """Whether the source has few enough bytes."""
        count, limit, mime = self.item.file_bytes, self.asked.limit, mime_type(self.info.format)
        return (
            image_fits(self.view.model, self.route, count, mime) if limit is None else count < limit
        )


def _read_header(item: Item, page: int | None) -> tuple[ImageInfo, int]:
    """Return the facts of an image, and how many pictures there are in it.

    Raises `UnsupportedFormatError` for a video, `ConstraintError` for a picture that is not there,
    `PixelLimitError` for an animation too large to be decoded, and the errors of `probe_image`.
    """
    if item.found.kind != "image":
        problem = "a video, not an image; `compress_video` is for those"
        raise UnsupportedFormatError(item.name, problem, format=item.found.name)
    info = probe_image(item)
    frames = len(animation_seconds(item))
    pictures = max(frames, info.frame_count)
    if page is not None and not 0 <= page < pictures:
        raise ConstraintError(f"{item.name}: no picture {page}; it has {pictures}, from 0")
    if frames > 1 and info.size.pixels > MAX_FRAME_PIXELS:
        raise PixelLimitError(item.name, info.size.pixels, MAX_FRAME_PIXELS)
    return info, pictures


def _reasons(case: _Case) -> Iterator[str]:
    """Say why the source cannot stay as it is; nothing where it can."""
    info, model = case.info, case.view.model
    if not case.fits:
        yield f"{case.item.file_bytes:,} bytes are not under {case.byte_limit(info.format):,}"
    if not takes_image(model, info.format, info.size):
        yield f"{model.name} does not take {info.format} of {format_size(info.size)}"
    if case.asked.format not in (None, info.format):
        yield f"{case.asked.format} is wanted, not {info.format}"
    if case.pictures > info.frame_count:
        yield "an animation is not one picture"
    elif case.asked.page is not None and case.pictures > 1:
        yield f"one of {case.pictures} pictures is wanted"


def _unchanged(case: _Case) -> CompressedImage:
    content = case.item.bytes()  # first of all: what is looked at is what is handed out
    decoded = decode_picture(case.item)  # a damaged file is better known now than sent
    info, located = case.info, "location" in decoded.metadata
    stays = ("location data stays in the file, as its bytes do",) if located else ()
    result = _result(case, info, Attempt(content, info.format, info.size))
    return replace(
        result,
        reason=f"{case.item.file_bytes:,} bytes of {info.format} are within every limit",
        warnings=(*info.warnings, *result.warnings, *stays),
    )


def _result(case: _Case, info: ImageInfo, made: Attempt) -> CompressedImage:
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


def _changed(case: _Case, reason: str) -> CompressedImage:
    picture = decode_picture(case.item, number=case.asked.page, srgb=True)
    sizes = _sizes(case, picture.info.size)
    attempt, encodes = encode_within(_search(case, picture, sizes))
    _check(attempt)
    result = _result(case, picture.info, attempt)
    return replace(
        result,
        action="converted" if case.fits else "compressed",
        reason=reason,
        encodes=encodes,
        dropped=tuple(_dropped(case, picture, attempt)),
        warnings=(*picture.warnings, *_reduced(sizes[0], result), *result.warnings),
    )


_WORTHWHILE = 0.8
"""Part of a picture's pixels from which the model's view of it saves too little to be tried."""


def _sizes(case: _Case, size: ImageSize) -> tuple[ImageSize, ...]:
    """Return the sizes to encode at, the most wanted first."""
    view, sizes = image_count(size, case.view).resized, [size]
    # Enlarging a side costs bytes and adds nothing; the service does it anyway.
    within = view != size and view.height <= size.height and view.width <= size.width
    if within and image_count(view, case.view).resized == view:
        if case.asked.keep == "model-view":
            sizes = [view]
        elif view.pixels < _WORTHWHILE * size.pixels:
            sizes = [size, view]
    if max(sizes[-1]) > MAX_JPEG_SIDE and not case.asked.lossless and case.asked.format != "PNG":
        scale = MAX_JPEG_SIDE / max(sizes[-1])
        sizes.append(ImageSize(*(max(1, int(side * scale)) for side in sizes[-1])))
    return tuple(dict.fromkeys(sizes))


def _search(case: _Case, picture: Picture, sizes: tuple[ImageSize, ...]) -> ImageSearch:
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
        from_lossless=picture.info.format in _LOSSLESS,
        png_bytes=case.item.file_bytes if picture.info.format == "PNG" else None,
        snap=snap,
    )


def _check(attempt: Attempt) -> None:
    """Read the result as a stranger would; nothing unreadable is handed out."""
    with open_item(attempt.content) as item:
        format, shape = item.found.name, read_picture(item).shape
    if (format, shape[:2]) != (attempt.format, attempt.size):
        raise VlprepError(f"encoded {attempt.format} {attempt.size}, read {format} {shape}")


def _dropped(case: _Case, picture: Picture, attempt: Attempt) -> Iterator[str]:
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


def _over_route(case: _Case, made: Attempt) -> Iterator[str]:
    model, route = case.view.model, case.route
    fits = image_fits(model, route, len(made.content), mime_type(made.format))
    if model.kind != "open-weights" and not fits:
        allowed = case.allowed(made.format)
        yield f"the route {route.name} takes images of fewer than {allowed:,} bytes"
