"""Decode images to what a model is shown: upright RGB of 8 bits laid on white.

The models' own processors leave colour profiles aside, so a view of what a model sees does too.
What is written anew loses its profile, so there the colours are converted to sRGB first.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageOps

from vlprep.errors import DecodeError, MemoryLimitError
from vlprep.maths.resample import Numbers, resample
from vlprep.maths.resample import Pixels as Pixels
from vlprep.media.canvas import pictures_at
from vlprep.media.holes import holes_left
from vlprep.media.image import (
    describe_image,
    open_image,
    plugin_errors,
    probe_image,
)
from vlprep.media.jpeg import END_MARK, MORE_PIXELS, NO_END, is_arithmetic, is_unended
from vlprep.media.layers import in_rgb, is_deep, layers
from vlprep.media.metadata import metadata_kinds
from vlprep.media.source import BYTES_A_PIXEL, Item, memory_errors
from vlprep.types import ImageInfo, ImageSize

_TURNS = {
    # EXIF orientation: what brings the stored picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture, and what became of its file's other contents."""

    pixels: Pixels
    """Height x width x 3 (RGB) or, where something shows through, x 4 (RGBA); upright."""
    info: ImageInfo
    """Facts of its header."""
    metadata: tuple[str, ...]
    """Kinds of metadata in the file, such as "location"; see `metadata_kinds`."""
    changes: tuple[str, ...]
    """How the colours were converted, one sentence each."""
    warnings: tuple[str, ...]
    """What a user should know."""


def decode_picture(
    item: Item, *, number: int | None = None, srgb: bool = False, size: ImageSize | None = None
) -> Picture:
    """Decode one picture of an image, as displayed, with its transparency.

    `number` is its place in the file, from 0; without it the file's main picture is meant. `srgb`
    converts colours from the file's profile to sRGB; a damaged profile is ignored, with a warning.
    What is fully transparent becomes white. `size` is what a page of a PDF is drawn in, which has
    no pixels of its own; others keep theirs.

    Raises the errors of `read_picture`; a picture that is not there makes the file damaged.

    >>> from vlprep.media.source import open_item
    >>> with open_item("fixtures/alpha.png") as item:
    ...     decode_picture(item).pixels.shape
    (240, 320, 4)
    """
    with memory_errors(item):
        try:
            image = open_image(item) if number is None else next(pictures_at(item, [number]))
            _check_claim(image, item)
            return _decoded(image, item, srgb, size)
        except DecodeError as error:
            return _as_far_as_it_goes(item, number, srgb, error)


_PIXELS_A_BYTE = 512
"""Pixels that a byte of a JPEG stands for at most: a block of 64 takes a bit for its brightness.

So it is with Huffman's codes; those of arithmetic may take less.
"""


def _check_claim(image: Image.Image, item: Item) -> None:
    """Refuse a picture that takes too much memory, or that cannot be in so short a file."""
    pixels = image.width * image.height
    item.trust.check("pixels", pixels, item.name)
    item.trust.check("memory", pixels * BYTES_A_PIXEL, item.name)
    is_short = item.found.name == "JPEG" and pixels > item.file_bytes * _PIXELS_A_BYTE
    if is_short and not is_arithmetic(item.bytes()):
        problem = f"a picture of {pixels:,} pixels cannot be in {item.file_bytes:,} bytes of JPEG"
        raise DecodeError(item.name, f"{problem}; its header is wrong, or most of it is missing")


def _decoded(image: Image.Image, item: Item, srgb: bool, size: ImageSize | None = None) -> Picture:
    info = describe_image(image, item)
    if size is not None and item.found.drawn:
        image.draft(None, (size.width, size.height))
    colours, alpha = layers(image, item.name, info.format)
    profile = image.info.get("icc_profile") if srgb else None
    colours, said, warned = _to_srgb(colours, profile)
    colours = in_rgb(colours, item.name, info.format)
    pixels = _upright(_together(colours, alpha), info)
    return Picture(pixels, info, metadata_kinds(image), _changes(image) + said, warned)


def _as_far_as_it_goes(item: Item, number: int | None, srgb: bool, damage: DecodeError) -> Picture:
    """Decode a damaged picture, where that is the wish, or where nothing but its end is missing."""
    if item.found.name == "JPEG" and number is None and is_unended(item):
        return _ended(item, srgb, damage)
    warned = item.trust.bears(damage, lost=True)
    with holes_left():
        image = open_image(item) if number is None else next(pictures_at(item, [number]))
        picture = _decoded(image, item, srgb)
    return replace(picture, warnings=picture.warnings + warned)


def _ended(item: Item, srgb: bool, damage: DecodeError) -> Picture:
    """Decode a JPEG without an end mark; all of it is there if more pixels would change nothing."""
    read, other = (
        _decoded(open_image(item, tail), item, srgb) for tail in (END_MARK, MORE_PIXELS + END_MARK)
    )
    if np.array_equal(read.pixels, other.pixels):
        warned = item.trust.bears(DecodeError(item.name, NO_END))
    else:
        warned = item.trust.bears(damage, lost=True)
    return replace(read, warnings=read.warnings + warned)


def read_picture(item: Item) -> Pixels:
    """Decode the first picture of an image, height x width x 3, as displayed, laid on white.

    Raises `DecodeError` where the file is damaged or cut off, `PixelLimitError` for a size beyond
    belief, `UnsupportedFormatError` for camera raw files and `MemoryLimitError`.
    """
    return lay_on_white(decode_picture(item).pixels)


def opened_pixels(image: Image.Image) -> Pixels:
    """Decode an image that Pillow has opened or made, upright and laid on white as `read_picture`.

    Raises `DecodeError` where its file turns out to be damaged or cut off.

    >>> opened_pixels(Image.new("LA", (30, 20))).shape
    (20, 30, 3)
    """
    name, format = str(getattr(image, "filename", "") or "<PIL image>"), str(image.format)
    try:
        with plugin_errors(name, format):
            upright = ImageOps.exif_transpose(image)
        colours, alpha = layers(upright, name, format)
        return lay_on_white(np.asarray(_together(in_rgb(colours, name, format), alpha)))
    except MemoryError as error:
        raise MemoryLimitError(name, (image.height, image.width)) from error


def lay_on_white(picture: Pixels) -> Pixels:
    """Return an RGB or RGBA picture as RGB; what shows through is white.

    >>> lay_on_white(np.zeros((1, 1, 4), np.uint8)).tolist()
    [[[255, 255, 255]]]
    """
    if picture.shape[2] == 3:
        return picture
    image = Image.fromarray(picture)
    return np.asarray(_on_white(image.convert("RGB"), image.getchannel("A")))


def _on_white(colours: Image.Image, alpha: Image.Image) -> Image.Image:
    white = Image.new("RGB", colours.size, "white")
    white.paste(colours, mask=alpha)
    return white


@dataclass(frozen=True, slots=True, eq=False)
class RgbImage:
    """An RGB image of Pillow's, which can be read some rows at a time, with no copy of it all.

    >>> rows = np.empty((1, 3, 2), np.uint8)
    >>> RgbImage(Image.new("RGB", (2, 5), (1, 2, 3))).lay_out(range(4, 5), rows)
    >>> rows.tolist()
    [[[1, 1], [2, 2], [3, 3]]]
    """

    image: Image.Image

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and number of colours."""
        return self.image.height, self.image.width, 3

    @property
    def pixels(self) -> Pixels:
        """The whole of it, height x width x 3."""
        return np.asarray(self.image)

    def lay_out(self, rows: range, out: Numbers) -> None:
        """Write some rows to `out`, rows x colours x columns, which Pillow sorts quicker."""
        part = self.image.crop((0, rows.start, self.image.width, rows.stop))
        np.copyto(out, np.frombuffer(part.tobytes("raw", "RGB;L"), np.uint8).reshape(out.shape))


def resize_picture(picture: Pixels, size: ImageSize) -> Pixels:
    """Scale a picture as the models' own processors do: bicubic, with antialiasing, by torch's way.

    Where something shows through (RGBA), colours count as much as they are seen.

    >>> resize_picture(np.zeros((10, 20, 3), np.uint8), ImageSize(28, 56)).shape
    (28, 56, 3)
    """
    if picture.shape[:2] == size:
        return picture
    if picture.shape[2] == 3:
        return resample(picture, size)
    seen = np.asarray(Image.fromarray(picture).convert("RGBa"))
    height, width = size
    scaled = Image.frombytes("RGBa", (width, height), resample(seen, size).tobytes())
    return np.asarray(scaled.convert("RGBA"))


def read_pictures(item: Item, count: int) -> None:
    """Decode the first pictures of an image or an animation, to know that they can be.

    Raises the errors of `read_picture`.
    """
    read_picture(item)
    if count > 1:
        with memory_errors(item):
            for image in pictures_at(item, range(count)):
                layers(image, item.name, item.found.name)


def animation_frames(item: Item, numbers: Sequence[int], size: ImageSize) -> Iterator[Pixels]:
    """Decode some frames of an animated image, in the order of `numbers`, laid on white.

    `size` is that of the delivered frames, height x width x 3. Where damage is borne, the frame
    before stands in, which is the same array. Raises `DecodeError` where the file is damaged, and
    `TimeLimitError` when a frame takes longer than the file is waited for.
    """
    with memory_errors(item):
        frames = _frames(item, numbers, size)
        shown = next(frames)
        yield shown
        for _ in numbers[1:]:
            try:
                shown = next(frames, shown)  # behind a damaged one all build on what is not there
            except DecodeError as error:
                item.trust.bears(error, lost=True)
            yield shown


def _frames(item: Item, numbers: Sequence[int], size: ImageSize) -> Iterator[Pixels]:
    info, format = probe_image(item), item.found.name
    for image in pictures_at(item, numbers):
        colours, alpha = layers(image, item.name, format)
        colours = in_rgb(colours, item.name, format)
        flat = colours if alpha is None else _on_white(colours, alpha)
        yield resize_picture(_upright(flat, info), size)


def _together(colours: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """Join colours and alpha; an alpha channel that hides nothing is left out."""
    if alpha is None or alpha.getextrema() == (255, 255):
        return colours
    # Readers that leave alpha aside show what is hidden, which is often black or noise.
    shown = alpha.point([0] + [255] * 255)
    joined = Image.composite(colours, Image.new("RGB", colours.size, "white"), shown)
    joined.putalpha(alpha)
    return joined


def _changes(image: Image.Image) -> tuple[str, ...]:
    if is_deep(image):
        return ("more than 8 bits a channel scaled to 8",)
    return ("colours of print (CMYK) converted to RGB",) if image.mode == "CMYK" else ()


_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Pillow's modes of a profile's kinds of colour."""


_IGNORED = ("the colour profile is damaged and was ignored",)


def _to_srgb(
    image: Image.Image, profile: bytes | None
) -> tuple[Image.Image, tuple[str, ...], tuple[str, ...]]:
    """Convert colours as a profile tells; returns what to say and what to warn of as well."""
    if not profile:
        return image, (), ()
    from PIL import ImageCms

    try:
        stored = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(stored).strip() or "without a name"
        if "sRGB" in name:
            return image, (), ()
        mode = _PROFILE_MODES.get(stored.profile.xcolor_space.strip())
        if mode is None or (mode == "CMYK") != (image.mode == "CMYK"):
            return image, (), _IGNORED
        converted = ImageCms.profileToProfile(
            image.convert(mode),
            stored,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.PERCEPTUAL,
            outputMode="RGB",
        )
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return image, (), _IGNORED
    assert converted is not None  # it is, where nothing was to be done in place
    return converted, (f"colour profile ({name[:60]}) converted to sRGB",), ()


def _upright(image: Image.Image, info: ImageInfo) -> Pixels:
    # Pillow turns TIFFs by itself.
    turn = None if info.format == "TIFF" else _TURNS.get(info.orientation)
    return np.asarray(image if turn is None else image.transpose(turn))
