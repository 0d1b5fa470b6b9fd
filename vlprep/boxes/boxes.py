"""Find what a model's answer points at in an image, and draw it there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from vlprep.boxes.answers import AnswerForm, parse_answer
from vlprep.boxes.grids import (
    answer_extent,
    box_convention,
    map_boxes,
    outside,
    stored_size,
    turn_points,
)
from vlprep.boxes.outlines import outlined
from vlprep.boxes.shapes import Box3D, Shape
from vlprep.count.tokens import image_count
from vlprep.display import as_png, brief
from vlprep.draw.fonts import font_named
from vlprep.draw.lettering import font_warnings
from vlprep.errors import ConstraintError, UnknownFactError, UnsupportedFormatError, VlprepError
from vlprep.media.picture import read_picture, resize_picture
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, SourceOrFacts, open_item, source_name
from vlprep.output.encode import DRAWN_QUALITY, encode_picture, picture_format
from vlprep.output.target import PathLike, check_new, check_not_source, new_file
from vlprep.trust import Trust
from vlprep.types import BoxConvention, ImageInfo, ImageSize, Region, SizeLike
from vlprep.units import format_size
from vlprep.view import View, ViewKeywords


class LocateKeywords(ViewKeywords, total=False):
    """Keywords of `locate_boxes`, and of a view."""

    convention: BoxConvention | None
    resized: SizeLike | None
    unturned: bool
    region: Region | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedShapes:
    """What an answer points at in one image: three lists of the same length and order."""

    source: str
    """The image as the caller named it."""
    model: str
    """Name of the model that answered."""
    info: ImageInfo
    """Facts of the image's header."""
    form: AnswerForm
    """How the answer is written."""
    convention: BoxConvention
    """How its coordinates were understood."""
    convention_from: Literal["caller", "model"]
    """Who says so."""
    sources: tuple[str, ...]
    """Where it was read of the model; empty where the caller said it."""
    note: str | None = None
    """What else the sources say of it."""
    resized: ImageSize | None
    """What the model saw; `None` where the coordinates are relative and nobody asked."""
    answered: tuple[Shape, ...]
    """In the answer's own numbers."""
    shapes: tuple[Shape, ...]
    """In pixels of the image as displayed, not rounded."""
    stored: tuple[Shape, ...]
    """In pixels of the file before its EXIF orientation is applied, not rounded."""
    boxes_3d: tuple[Box3D, ...] = ()
    """Boxes in three dimensions, as the model says them: these are not mapped."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""
    image: SourceOrFacts = field(repr=False, compare=False)
    """What it is drawn on."""

    def __repr__(self) -> str:
        found = Counter(shape.kind for shape in self.shapes)
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in found.items()) or "nothing"
        labels = ", ".join(dict.fromkeys(shape.label for shape in self.shapes if shape.label))
        return brief(self, self.source, f"found: {kinds}", labels, self.convention)

    def _repr_png_(self) -> bytes | None:
        try:
            return as_png(self.to_pil())
        except (VlprepError, OSError, ValueError):  # moved, closed, or facts alone: no picture
            return None

    def draw(
        self,
        source: SourceLike | None = None,
        *,
        font: PathLike | None = None,
        max_side: int | None = None,
    ) -> npt.NDArray[np.uint8]:
        """Draw the shapes on the image, upright and at its own size, or smaller.

        The result is RGB, height x width x 3; with `max_side` its longer side has at most so many
        pixels. Shapes are numbered from 1 and named, each label in a colour of its own. Letters
        that Pillow's own font lacks come from `font`, the file or the name of one, or from a font
        of the machine; see `drawing_warnings`. `source` is the image where the one that was
        located in cannot be read again.

        Raises the errors of `read_picture`, and `ConstraintError` for a font that there is not.

        >>> from vlprep import locate_boxes
        >>> locate_boxes("fixtures/photo.jpg", "boat: 250, 500, 500, 1000").draw().shape
        (480, 640, 3)
        """
        return np.asarray(self.to_pil(source, font=font, max_side=max_side))

    def to_pil(
        self,
        source: SourceLike | None = None,
        *,
        font: PathLike | None = None,
        max_side: int | None = None,
    ) -> Image.Image:
        """Return what `draw` draws as an image of Pillow's; raises its errors."""
        face = None if font is None else font_named(font)
        with open_item(self.image if source is None else source) as item:
            picture = read_picture(item)
        scale = min((max_side or math.inf) / max(picture.shape), 1)
        if scale < 1:
            size = ImageSize(*picture.shape[:2]).scaled(scale)
            picture = resize_picture(picture, size)
        return outlined(picture, [_enlarged(shape, scale) for shape in self.shapes], face)

    def in_points(self) -> tuple[Shape, ...]:
        """Return the shapes in points of the PDF page that the image is, as annotations have them.

        From the lower left corner of the page before it is turned, y upwards, 1/72 inch each.
        Raises `ConstraintError` for an image that is no such page, and the errors of `probe`.
        """
        if self.info.page is None:
            raise ConstraintError(f"{self.source}: no page of a PDF, which alone has points")
        from vlprep.media.pdf import points_of  # not needed for images

        places = _all_points(self.shapes) / self.info.size[::-1]
        with open_item(self.image) as item:
            _ = item.found  # by which a document of one page becomes that page
            return tuple(_with_points(self.shapes, points_of(item, places)))

    def drawing_warnings(self, *, font: PathLike | None = None) -> tuple[str, ...]:
        """Return what a user should know of the drawing: labels that no font has the letters for.

        Raises `ConstraintError` for a font that there is not.
        """
        face = None if font is None else font_named(font)
        return font_warnings((shape.label or "" for shape in self.shapes), face)

    def save(
        self,
        path: PathLike,
        *,
        overwrite: bool = False,
        source: SourceLike | None = None,
        font: PathLike | None = None,
        max_side: int | None = None,
    ) -> None:
        """Write what `draw` draws to a picture file, whose ending chooses the format.

        Of photos a JPEG takes a fraction of the bytes of a PNG.

        Raises `ConstraintError` for an ending of no known picture format, and the errors of `draw`
        and `new_file`.
        """
        format = picture_format(path)
        check_not_source(path, [self.source])
        check_new(path, overwrite=overwrite)
        content = encode_picture(
            self.to_pil(source, font=font, max_side=max_side), format, DRAWN_QUALITY
        )
        with new_file(path, overwrite=overwrite) as file:
            file.write(content)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.boxes/1`: facts of the image, and every shape thrice."""
        height, width = self.resized or (None, None)
        return {
            "schema": "vlprep.boxes/1",
            "source": self.source,
            "model": self.model,
            "form": self.form,
            "convention": self.convention,
            "convention_from": self.convention_from,
            "convention_sources": list(self.sources),
            "convention_note": self.note,
            "height": self.info.size.height,
            "width": self.info.size.width,
            "orientation": self.info.orientation,
            "resized_height": height,
            "resized_width": width,
            "shapes": list(map(_shape_dict, self.shapes, self.stored, self.answered)),
            "boxes_3d": [{"label": b.label, "numbers": list(b.numbers)} for b in self.boxes_3d],
            "warnings": list(self.warnings),
        }


def locate_boxes(
    source: SourceOrFacts,
    answer: str,
    view: View,
    *,
    convention: BoxConvention | None = None,
    resized: SizeLike | None = None,
    unturned: bool = False,
    region: Region | None = None,
) -> LocatedShapes:
    """Map the boxes, points and polygons of a model's `answer` about an image to its pixels.

    `answer` is text in one of the forms of `parse_answer`. `convention` replaces what the catalogue
    says of the model; see `map_boxes`. Where coordinates are absolute, `resized`, (height, width),
    is the size that the model saw; without it the size that the view gives, whose options must be
    those of the request. `unturned` says that the model was shown the file without its EXIF
    orientation, as qwen-vl-utils does it. `region` is the part of the upright image that the model
    was shown, where that was not all of it; `resized` is then the size of what it saw of that. Only
    the image's header is read.

    Nothing is clipped: what lies outside of the image comes with a warning. Of an answer that says
    that nothing was found there are no shapes.

    Raises `AnswerError`, the errors of `probe` and `map_boxes`, `UnsupportedFormatError` for a
    video, and `ConstraintError` for a region that is not within the image.

    >>> found = locate_boxes("fixtures/photo.jpg", '{"bbox_2d": [250, 500, 500, 1000]}', View.of())
    >>> found.convention, found.shapes[0].points
    ('relative-1000', ((160.0, 240.0), (320.0, 480.0)))
    """
    in_force = box_convention(view.model, convention)
    info = _image_info(source, view.trust)
    read = parse_answer(answer)
    shown = _shown(info, unturned, region)
    seen, warnings = _seen(shown, view, in_force, resized)
    mapped = map_boxes(_all_points(read.shapes), convention=in_force, resized=seen, original=shown)
    if region is not None:
        mapped += (region.x, region.y)
    turned = turn_points(mapped, info.size, info.orientation, upright=unturned)
    upright, stored = (turned, mapped) if unturned else (mapped, turned)
    doubts = _contradictions(read.shapes, in_force, answer_extent(in_force, seen))
    rule = view.model.box_rule() if convention is None else None
    return LocatedShapes(
        source=source_name(source),
        model=view.model.name,
        info=info,
        form=read.form,
        convention=in_force,
        convention_from="model" if convention is None else "caller",
        sources=rule.sources if rule else (),
        note=rule.note if rule else None,
        resized=seen,
        answered=read.shapes,
        shapes=tuple(_with_points(read.shapes, upright)),
        stored=tuple(_with_points(read.shapes, stored)),
        boxes_3d=read.boxes_3d,
        warnings=(*warnings, *info.warnings, *read.warnings, *doubts),
        image=source,
    )


def _enlarged(shape: Shape, scale: float) -> Shape:
    return replace(shape, points=tuple((x * scale, y * scale) for x, y in shape.points))


def _image_info(source: SourceOrFacts, trust: Trust) -> ImageInfo:
    info = probe(source, trust)
    if not isinstance(info, ImageInfo):
        problem = "a video, not an image; boxes are drawn on one frame: `save_frames` writes them"
        raise UnsupportedFormatError(source_name(source), problem, format=info.format)
    return info


def _shown(info: ImageInfo, unturned: bool, region: Region | None) -> ImageSize:
    """Return the size of what the model was shown, before it was resized."""
    if region is None:
        return stored_size(info.size, info.orientation) if unturned else info.size
    if unturned:
        raise ConstraintError("a region is one of the upright image; leave `unturned` out")
    x, y, size = region
    if not (0 <= x <= info.size.width - size.width and 0 <= y <= info.size.height - size.height):
        raise ConstraintError(f"the region {region} is not within {format_size(info.size)}")
    return size


def _seen(
    shown: ImageSize,
    view: View,
    convention: BoxConvention,
    resized: SizeLike | None,
) -> tuple[ImageSize | None, tuple[str, ...]]:
    """Return the size that the model saw, if that is known or matters, and what is to be said."""
    if resized is not None or convention != "absolute":
        return (ImageSize.of(resized) if resized else None), view.model.warnings
    try:
        count = image_count(shown, view)
    except UnknownFactError:
        unknown = "no source states at what size the model sees images: its pixels are taken for "
        return shown, (*view.model.warnings, unknown + "those of the image; or give `resized`")
    return count.resized, count.warnings


def _shape_dict(shape: Shape, stored: Shape, answered: Shape) -> dict[str, Any]:
    return {
        "kind": shape.kind,
        "label": shape.label,
        "text": shape.text,
        "points": list(map(list, shape.points)),
        "stored_points": list(map(list, stored.points)),
        "answered_points": list(map(list, answered.points)),
    }


def _all_points(shapes: Sequence[Shape]) -> npt.NDArray[np.float64]:
    points = [point for shape in shapes for point in shape.points]
    return np.array(points, np.float64).reshape(-1, 2)


def _with_points(shapes: Sequence[Shape], points: npt.NDArray[np.float64]) -> Iterator[Shape]:
    """Give shapes new points, from one array of them all; boxes keep their corners in order."""
    start = 0
    for shape in shapes:
        own = points[start : start + len(shape.points)]
        start += len(shape.points)
        if shape.kind == "box":
            own = np.sort(own, axis=0)
        yield replace(shape, points=tuple(map(tuple, own.tolist())))


def _contradictions(
    shapes: Sequence[Shape], convention: BoxConvention, extent: ImageSize
) -> Iterator[str]:
    """Warn of coordinates that cannot be, if the convention is what it is taken for."""
    if not shapes:
        return
    points = _all_points(shapes)
    if (points % 1).any() and points.max() <= 1:
        yield "no coordinate is over 1: parts of 1 are no convention here; multiply them by 1,000"
    starts = np.cumsum([0, *(len(shape.points) for shape in shapes[:-1])])
    beyond = int(np.logical_or.reduceat(outside(points, extent), starts).sum())
    if not beyond:
        return
    if convention == "absolute":
        limits = f"the {format_size(extent)} that the model is taken to have seen"
        advice = "check `resized`, the pixel limits, or `convention`"
    else:
        limits = f"0 to {extent.width:,}"
        advice = 'the model may have answered in pixels: try `convention` "absolute"'
    yield f"{beyond} of {len(shapes)} lie outside {limits}, and are not clipped; {advice}"
