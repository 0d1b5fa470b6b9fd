"""Bring an image under a byte limit, and into a format that is taken, with little loss to a model.

A model sees a picture at a size of its own, so pixels beyond that cost bytes and show nothing:
pictures are resized first and compressed second. What fits already is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from vlprep.check.files import data_url_length, image_byte_limit
from vlprep.compress.attempts import Attempt, Wish
from vlprep.compress.candidates import encode_within
from vlprep.compress.image_case import ImageHeader, ImageTask, read_header, reasons_against
from vlprep.count.tokens import TokenCount
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.encode import MAX_JPEG_SIDE, MIME_TYPES
from vlprep.media.picture import Picture, decode_picture, read_picture
from vlprep.media.sniff import endings
from vlprep.media.source import Item, SourceLike, open_item, source_name
from vlprep.media.target import PathLike, check_not_source, new_file
from vlprep.models.registry import get_route
from vlprep.types import Action, ImageSize, Keep
from vlprep.units import format_size
from vlprep.view import View

WRITTEN = ("PNG", "JPEG")
"""Formats that images are written in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedImage:
    """An image brought under a limit, in memory; `save_image` writes it."""

    source: str
    """The file as the caller named it."""
    model: str
    """Name of the model."""
    action: Action
    """"unchanged": the source's own bytes; "converted": it was not taken; "compressed"."""
    reason: str
    """Why."""
    content: bytes
    """The file that came of it."""
    format: str
    """Its format, for instance "JPEG"."""
    mime_type: str
    """MIME type of that."""
    limit: int
    """Number of bytes that the content had to stay under."""
    size_before: ImageSize
    """Of the source, as displayed."""
    size_after: ImageSize
    """Of the result."""
    bytes_before: int
    """Length of the source's file."""
    tokens_before: TokenCount
    """What the source costs."""
    tokens_after: TokenCount
    """What the result costs."""
    quality: int | None = None
    """JPEG quality; `None` for other formats, and for what was not encoded anew."""
    encodes: int = 0
    """How often the picture was encoded to get there."""
    dropped: tuple[str, ...] = ()
    """What the result lacks of the source, and how colours were converted; one sentence each."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""

    def __repr__(self) -> str:
        size = format_size(self.size_after)
        lengths = f"{self.bytes_before:,} to {self.bytes_after:,} bytes"
        return f"CompressedImage({self.source}, {self.action}, {size} {self.format}, {lengths})"

    @property
    def bytes_after(self) -> int:
        """Length of the content."""
        return len(self.content)

    @property
    def ratio(self) -> float:
        """Bytes of the source over those of the result."""
        return self.bytes_before / self.bytes_after

    @property
    def data_url_length(self) -> int:
        """Length of the data URL that holds the content."""
        return data_url_length(len(self.content), self.mime_type)

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings of names for the format, the usual one first, with the dot."""
        return endings(self.format)


class ImageKeywords(TypedDict, total=False):
    """Keywords of `compress_image`."""

    limit: int | None
    route: str
    keep: Keep
    format: str | None
    lossless: bool
    page: int | None


def compress_image(
    source: SourceLike,
    view: View,
    *,
    limit: int | None = None,
    route: str = "base64",
    keep: Keep = "model-view",
    format: str | None = None,
    lossless: bool = False,
    page: int | None = None,
) -> CompressedImage:
    """Bring an image under a byte limit with as little loss to a model as can be.

    `limit` is a number of bytes that the file must stay under; by default it is what `route`,
    "base64", "path" or "url", lets through. An image that is under it in a format that the model's
    service takes is returned as it is. Others become PNG or JPEG: of the size at which the model
    sees them, or with `keep` "full" of their own size where that fits. Screens of text keep their
    own size with fewer colours, as resizing would blur them and cost bytes. `format`, "PNG" or
    "JPEG", is what to make of any other; `lossless` allows nothing but PNG. `page` is the place of
    the one picture to take from several, from 0; without it the first is taken, of animations too.

    Colours are converted to sRGB, what shows through is laid on white in a JPEG and kept in a full
    PNG, and metadata, the location above all, is left out: `dropped` says so.

    Raises `ByteLimitError` when nothing fits, `UnsupportedFormatError` for a video,
    `ConstraintError` for limits or pages that cannot be, and the errors of `probe`,
    `decode_picture` and `image_count`.

    >>> image = compress_image("fixtures/photo.jpg", View.of("qwen3-vl-plus"), limit=27_000)
    >>> image.action, image.format, image.bytes_after < 27_000
    ('compressed', 'JPEG', True)
    >>> image.tokens_after.total == image.tokens_before.total
    True
    """
    if limit is not None and limit < 1:
        raise ConstraintError(f"limit must be above 0 bytes, got {limit:,}")
    if keep not in ("model-view", "full"):
        raise ConstraintError(f"keep must be model-view or full, got {keep!r}")
    if format not in (None, *WRITTEN):
        raise ConstraintError(f"images are written as {' or '.join(WRITTEN)}, not as {format}")
    if lossless and format not in (None, "PNG"):
        raise ConstraintError(f"{format} loses details; without loss there is PNG")
    task = ImageTask(source_name(source), view, limit, route, keep, format, lossless)
    with open_source(source) as opened:
        found = recognise(opened)
        header = read_header(opened, found, page)
        reasons = reasons_against(task, header, page)
        if not reasons:
            return _unchanged(task, header, item)
        picture = decode_picture(item, number=page, srgb=True)
    return _changed(task, header, picture, "; ".join(reasons))


def save_image(compressed: CompressedImage, path: PathLike, *, overwrite: bool = False) -> None:
    """Write a compressed image to a file, whose ending must be one of its format.

    Raises `ConstraintError` for another ending, `FileExistsError` for the source itself, and the
    errors of `new_file`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save_image(compress_image("fixtures/photo.jpg", View.of()), f"{folder}/small.jpg")
    """
    if Path(path).suffix.lower() not in compressed.endings:
        problem = f"the content is {compressed.format}; use the ending {compressed.endings[0]}"
        raise ConstraintError(f"{path}: {problem}")
    check_not_source(path, [compressed.source])
    with new_file(path, overwrite=overwrite) as file:
        file.write(compressed.content)


# What stays as it is.


def _unchanged(task: ImageTask, header: ImageHeader, item: Item) -> CompressedImage:
    decoded = decode_picture(item)  # a damaged file is better known now than sent
    item.file.seek(0)
    info, tokens = header.info, task.count(header.info.size)
    located = ("location data stays in the file, as its bytes do",)
    return CompressedImage(
        source=task.source,
        model=task.view.model.name,
        action="unchanged",
        reason=f"{header.file_bytes:,} bytes of {info.format} are within every limit",
        content=item.file.read(),
        format=info.format,
        mime_type=MIME_TYPES[info.format],
        limit=task.byte_limit(info.format),
        size_before=info.size,
        size_after=info.size,
        bytes_before=header.file_bytes,
        tokens_before=tokens,
        tokens_after=tokens,
        warnings=(
            *header.warnings,
            *info.warnings,
            *tokens.warnings,
            *_over_route(task, info.format, header.file_bytes),
            *(located if "location" in decoded.metadata else ()),
        ),
    )


# What is encoded anew.


def _changed(
    task: ImageTask, header: ImageHeader, picture: Picture, reason: str
) -> CompressedImage:
    before = task.count(picture.info.size)
    sizes = _sizes(task, picture.info.size, before)
    too_large = header.file_bytes >= task.byte_limit(header.info.format)
    wish = _wish(task, header, picture, sizes)
    attempt, encodes = encode_within(picture.pixels, wish, task.source)
    _check(attempt)
    after = task.count(attempt.size)
    return CompressedImage(
        source=task.source,
        model=task.view.model.name,
        action="compressed" if too_large else "converted",
        reason=reason,
        content=attempt.content,
        format=attempt.format,
        mime_type=MIME_TYPES[attempt.format],
        limit=task.byte_limit(attempt.format),
        size_before=picture.info.size,
        size_after=attempt.size,
        bytes_before=header.file_bytes,
        tokens_before=before,
        tokens_after=after,
        quality=attempt.quality,
        encodes=encodes,
        dropped=_dropped(header, picture, attempt),
        warnings=(
            *header.warnings,
            *picture.warnings,
            *before.warnings,
            *_reduced(sizes, attempt, before, after),
            *_over_route(task, attempt.format, len(attempt.content)),
        ),
    )


_WORTHWHILE = 0.8
"""Part of a picture's pixels from which the model's view of it saves too little to be tried."""


def _sizes(task: ImageTask, size: ImageSize, tokens: TokenCount) -> tuple[ImageSize, ...]:
    """Return the sizes to encode at, the most wanted first."""
    view, sizes = tokens.resized, [size]
    # Enlarging a side costs bytes and adds nothing; the service does it anyway.
    within = view != size and view.height <= size.height and view.width <= size.width
    if within and task.count(view).resized == view:
        if task.keep == "model-view":
            sizes = [view]
        elif view.pixels < _WORTHWHILE * size.pixels:
            sizes = [size, view]
    if max(sizes[-1]) > MAX_JPEG_SIDE and not task.lossless and task.format != "PNG":
        scale = MAX_JPEG_SIDE / max(sizes[-1])
        sizes.append(ImageSize(*(max(1, int(side * scale)) for side in sizes[-1])))
    return tuple(dict.fromkeys(sizes))


def _wish(
    task: ImageTask, header: ImageHeader, picture: Picture, sizes: tuple[ImageSize, ...]
) -> Wish:
    def snap(size: ImageSize) -> ImageSize:
        try:
            return task.count(size).resized
        except ConstraintError:  # so narrow that rounding its sides makes it too narrow
            return size

    return Wish(
        sizes=sizes,
        limits={format: task.byte_limit(format) for format in WRITTEN},
        formats=WRITTEN if task.format is None else (task.format,),
        lossless=task.lossless,
        from_lossless=picture.info.format in ("PNG", "BMP", "TIFF"),
        png_bytes=header.file_bytes if picture.info.format == "PNG" else None,
        snap=snap,
    )


def _check(attempt: Attempt) -> None:
    """Read the result as a stranger would; nothing unreadable is handed out."""
    with open_item(attempt.content) as item:
        found = item.found
        shape = read_picture(item).shape
    if (found.name, shape[:2]) != (attempt.format, attempt.size):
        raise VlprepError(f"encoded {attempt.format} {attempt.size}, read {found.name} {shape}")


def _dropped(header: ImageHeader, picture: Picture, attempt: Attempt) -> tuple[str, ...]:
    sentences = [f"{kind} data dropped" for kind in picture.metadata]
    if picture.info.orientation != 1:
        sentences.append("turned upright, as the orientation says")
    sentences += picture.changes
    if attempt.opaque and picture.pixels.shape[2] == 4:
        sentences.append("what shows through laid on white")
    if attempt.colours:
        sentences.append(f"colours reduced to {attempt.colours}")
    if header.pictures > 1:
        sentences.append(f"{header.pictures - 1} of {header.pictures} pictures dropped")
    return tuple(sentences)


def _reduced(
    sizes: tuple[ImageSize, ...], attempt: Attempt, before: TokenCount, after: TokenCount
) -> tuple[str, ...]:
    """Tell of pixels that were given up against what was wanted, and of tokens that changed."""
    warnings = []
    if attempt.size.pixels < sizes[0].pixels:
        sizes_said = f"from {format_size(sizes[0])} to {format_size(attempt.size)}"
        warnings.append(f"pixels reduced {sizes_said}, as nothing larger fits")
    if after.total != before.total:
        warnings.append(f"the model sees {after.total:,} tokens of it instead of {before.total:,}")
    return tuple(warnings)


def _over_route(task: ImageTask, format: str, byte_count: int) -> tuple[str, ...]:
    allowed = image_byte_limit(task.view.model, get_route(task.route), MIME_TYPES[format])
    if task.view.model.kind == "open-weights" or byte_count < allowed:
        return ()
    return (f"the route {task.route} takes images of fewer than {allowed:,} bytes",)
