"""Find what a model's answer points at in an image, and draw it there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from vlprep.boxes.answers import AnswerForm, Shape, parse_answer
from vlprep.boxes.grids import (
    answer_extent,
    box_convention,
    map_boxes,
    outside,
    stored_size,
    turn_points,
)
from vlprep.boxes.outlines import outlined
from vlprep.count.tokens import image_tokens
from vlprep.errors import UnsupportedFormatError
from vlprep.media.encode import encode_picture, picture_format
from vlprep.media.picture import read_picture
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, open_item, source_name
from vlprep.media.target import PathLike, check_new, check_not_source, new_file
from vlprep.models.registry import get_model
from vlprep.models.spec import BoxConvention, ModelSpec
from vlprep.types import ImageInfo, ImageSize
from vlprep.units import format_size


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
    resized: ImageSize | None
    """What the model saw; `None` where the coordinates are relative and nobody asked."""
    answered: tuple[Shape, ...]
    """In the answer's own numbers."""
    shapes: tuple[Shape, ...]
    """In pixels of the image as displayed, not rounded."""
    stored: tuple[Shape, ...]
    """In pixels of the file before its EXIF orientation is applied, not rounded."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""


def locate_boxes(
    source: SourceLike,
    answer: str,
    model: ModelSpec | str | None = None,
    *,
    convention: str | None = None,
    resized: ImageSize | tuple[int, int] | None = None,
    unturned: bool = False,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    high_res: bool = False,
    rules: str | None = None,
) -> LocatedShapes:
    """Map the boxes, points and polygons of a model's `answer` about an image to its pixels.

    `answer` is text in one of the forms of `parse_answer`. `convention` replaces what the catalogue
    says of the model; see `map_boxes`. Where coordinates are absolute, `resized`, (height, width),
    is the size that the model saw; without it the size that `image_tokens` computes with the other
    parameters, which must be those of the request. `unturned` says that the model was shown the
    file without its EXIF orientation, as qwen-vl-utils does it. Only the image's header is read.

    Nothing is clipped: what lies outside of the image comes with a warning.

    Raises `AnswerError`, the errors of `probe` and `map_boxes`, and `UnsupportedFormatError` for a
    video.

    >>> found = locate_boxes("fixtures/photo.jpg", '{"bbox_2d": [250, 500, 500, 1000]}')
    >>> found.convention, found.shapes[0].points
    ('relative-1000', ((160.0, 240.0), (320.0, 480.0)))
    """
    spec = get_model(model)
    in_force = box_convention(spec, convention)
    info = probe(source)
    if not isinstance(info, ImageInfo):
        problem = "a video, not an image; boxes are drawn on one frame: `save_frames` writes them"
        raise UnsupportedFormatError(source_name(source), problem, format=info.format)
    read = parse_answer(answer)
    shown = stored_size(info.size, info.orientation) if unturned else info.size
    seen = None if resized is None else ImageSize(*resized)
    if seen is None and in_force == "absolute":
        seen = image_tokens(
            shown,
            spec,
            min_pixels=min_pixels,
            max_pixels=max_pixels,
            high_res=high_res,
            rules=rules,
        ).resized
    mapped = map_boxes(_all_points(read.shapes), convention=in_force, resized=seen, original=shown)
    upright = turn_points(mapped, info.size, info.orientation, upright=True) if unturned else mapped
    stored = turn_points(upright, info.size, info.orientation)
    return LocatedShapes(
        source=source_name(source),
        model=spec.name,
        info=info,
        form=read.form,
        convention=in_force,
        convention_from="model" if convention is None else "caller",
        sources=() if convention is not None else spec.box_rule().sources,
        resized=seen,
        answered=read.shapes,
        shapes=tuple(_with_points(read.shapes, upright)),
        stored=tuple(_with_points(read.shapes, stored)),
        warnings=(
            *info.warnings,
            *read.warnings,
            *_contradictions(read.shapes, in_force, answer_extent(in_force, seen)),
        ),
    )


def draw_boxes(source: SourceLike, located: LocatedShapes) -> npt.NDArray[np.uint8]:
    """Draw what `locate_boxes` found on the image, upright and at its own size.

    The result is RGB, height x width x 3. Shapes are numbered from 1 and named, each label in a
    colour of its own; characters that Pillow's own font lacks become boxes.

    Raises the errors of `read_picture`.

    >>> found = locate_boxes("fixtures/photo.jpg", "boat: 250, 500, 500, 1000")
    >>> draw_boxes("fixtures/photo.jpg", found).shape
    (480, 640, 3)
    """
    with open_item(source) as item:
        picture = read_picture(item)
    return np.asarray(outlined(picture, located.shapes))


def save_boxes(
    source: SourceLike, located: LocatedShapes, path: PathLike, *, overwrite: bool = False
) -> None:
    """Write the drawing of `draw_boxes` to a picture file, whose ending chooses the format.

    Raises `ConstraintError` for an ending of no known picture format, and the errors of
    `draw_boxes` and `new_file`.

    >>> from tempfile import TemporaryDirectory
    >>> found = locate_boxes("fixtures/photo.jpg", "boat: 250, 500, 500, 1000")
    >>> with TemporaryDirectory() as folder:
    ...     save_boxes("fixtures/photo.jpg", found, f"{folder}/boxes.png")
    """
    format = picture_format(path)
    check_not_source(path, [located.source])
    check_new(path, overwrite=overwrite)
    content = encode_picture(draw_boxes(source, located), format)
    with new_file(path, overwrite=overwrite) as file:
        file.write(content)


def _all_points(shapes: Sequence[Shape]) -> npt.NDArray[np.float64]:
    return np.array([point for shape in shapes for point in shape.points], np.float64)


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
