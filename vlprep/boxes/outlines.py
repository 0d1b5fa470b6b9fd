"""Draw boxes, points and polygons with their names on a picture.

Arrays come in, Pillow images go out; no file is read or written. Coordinates are x, y in pixels of
the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from vlprep.boxes.shapes import Shape
from vlprep.draw.fonts import Face
from vlprep.draw.lettering import Colour, shortened, text_width, write

COLOURS: tuple[Colour, ...] = (
    (229, 57, 53), (30, 136, 229), (255, 193, 7), (67, 160, 71), (171, 71, 188),
    (0, 188, 212), (255, 112, 67), (205, 220, 57), (236, 64, 122), (121, 134, 203),
)  # fmt: skip
"""Colours of the labels, RGB, in the order in which labels first appear."""
_SHADE: Colour = (0, 0, 0)  # around every line, so that it shows on any colour

_DOT = 3  # radius of a point, in thicknesses of a line
_NEIGHBOURS = 200  # labels that a new one keeps clear of; of thousands no picture can be read

_Area: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom; the last two not included


def outlined(
    picture: npt.NDArray[np.uint8], shapes: Sequence[Shape], font: Face | None = None
) -> Image.Image:
    """Draw shapes on a picture (RGB uint8, height x width x 3), numbered as they come, from 1.

    A label has one colour throughout. Lines and letters grow with the picture. What lies outside
    of the picture is not drawn. Letters that Pillow's own font lacks come from `font`, or from a
    font of the machine.

    >>> from vlprep.boxes.answers import parse_answer
    >>> cat = parse_answer("cat: 10, 20, 60, 50").shapes
    >>> outlined(np.zeros((80, 100, 3), np.uint8), cat).getpixel((11, 21))
    (229, 57, 53)
    """
    image = Image.fromarray(picture)
    colours = _colours(shapes)
    for shape in shapes:
        _draw_outline(image, shape, colours[shape.label])
    taken: list[_Area] = []
    canvas = (0, 0, image.width, image.height)
    for number, shape in enumerate(shapes, 1):  # after all lines, so that none runs through one
        if not _meet(_grown(_area(image, shape), 1), canvas):
            continue
        text = f"{number} {shape.label}" if shape.label else str(number)
        _draw_label(image, text, shape, colours[shape.label], taken, font)
    return image


def _colours(shapes: Sequence[Shape]) -> dict[str | None, Colour]:
    labels = dict.fromkeys(shape.label for shape in shapes)
    return {label: COLOURS[place % len(COLOURS)] for place, label in enumerate(labels)}


def _draw_outline(image: Image.Image, shape: Shape, colour: Colour) -> None:
    pen, thick = ImageDraw.Draw(image), _thickness(image)
    if shape.kind == "box":
        left, top, right, bottom = _area(image, shape)
        corners = (left, top, max(right - 1, left), max(bottom - 1, top))
        pen.rectangle(_grown(corners, 1), outline=_SHADE, width=thick + 2)
        pen.rectangle(corners, outline=colour, width=thick)
        return
    points = [_within(image, x, y) for x, y in shape.points]
    if shape.kind == "point":
        ((x, y),) = points
        radius = _DOT * thick
        for reach, fill in ((radius + 1, _SHADE), (radius, colour), (thick, _SHADE)):
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=fill)
        return
    ring = [*points, *points[:2]]  # one corner more, for a joint where the line closes
    pen.line(ring, fill=_SHADE, width=thick + 2, joint="curve")
    pen.line(ring, fill=colour, width=thick, joint="curve")


def _draw_label(
    image: Image.Image,
    text: str,
    shape: Shape,
    colour: Colour,
    taken: list[_Area],
    font: Face | None,
) -> None:
    size = min(max(round(_extent(image) / 50), 10), 64)
    inset = max(size // 5, 2)
    text = shortened(text, size, max(image.width - 2 * inset, 3 * size), font)
    width = math.ceil(text_width(text, size, font)) + 2 * inset
    area = _free_place(image, _area(image, shape), width, size * 5 // 4, taken[-_NEIGHBOURS:])
    taken.append(area)
    pen = ImageDraw.Draw(image)
    pen.rectangle((area[0], area[1], area[2] - 1, area[3] - 1), fill=colour)
    left, middle = area[0] + inset, (area[1] + area[3]) / 2
    write(pen, (left, middle), text, size, _ink(colour), font=font, middle=True)


def _free_place(
    image: Image.Image, around: _Area, width: int, height: int, taken: Sequence[_Area]
) -> _Area:
    """Return where a label stands: above its shape, else below or inside, where none is yet."""
    left, top, _, bottom = around
    tops = [top - height - 1, bottom + 1, top, bottom - height]
    x = min(max(left - 1, 0), max(image.width - width, 0))
    places = [(x, y, x + width, y + height) for y in tops if 0 <= y <= image.height - height]
    if not places:
        y = min(max(top, 0), max(image.height - height, 0))
        places = [(x, y, x + width, y + height)]
    return next((place for place in places if not any(_meet(place, t) for t in taken)), places[0])


def _meet(a: _Area, b: _Area) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _area(image: Image.Image, shape: Shape) -> _Area:
    """Return the pixels that a shape's drawing takes."""
    x1, y1, x2, y2 = shape.bounds
    (left, top), (right, bottom) = _within(image, x1, y1), _within(image, x2, y2)
    area = math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
    return _grown(area, _DOT * _thickness(image)) if shape.kind == "point" else area


def _thickness(image: Image.Image) -> int:
    return max(round(_extent(image) / 250), 2)


def _extent(image: Image.Image) -> int:
    """Return the side that lines and letters grow with; of a strip they keep to its width."""
    return min(max(image.size), 3 * min(image.size))


def _within(image: Image.Image, x: float, y: float) -> tuple[float, float]:
    """Bring what is far outside near to the picture, where Pillow can count the pixels."""
    return (
        min(max(x, -image.width), 2 * image.width),
        min(max(y, -image.height), 2 * image.height),
    )


def _grown(area: _Area, by: int) -> _Area:
    return area[0] - by, area[1] - by, area[2] + by, area[3] + by


def _ink(colour: Colour) -> Colour:
    """Return black or white, whichever is easier to read on a colour."""
    red, green, blue = colour
    return (0, 0, 0) if 299 * red + 587 * green + 114 * blue > 128_000 else (255, 255, 255)
