"""Cut a region out of an image, so that the model sees it with the whole of its pixel budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from PIL import Image

from vlprep.boxes.boxes import LocatedShapes, locate_boxes
from vlprep.boxes.grids import map_boxes
from vlprep.count.tokens import TokenCount, count_dict, image_count
from vlprep.display import as_png, brief
from vlprep.errors import ConstraintError, UnsupportedFormatError
from vlprep.maths.letters import Pixels
from vlprep.media.picture import decode_picture, lay_on_white
from vlprep.media.source import SourceLike, open_item
from vlprep.output.drawing import save_picture
from vlprep.output.target import PathLike
from vlprep.types import BoxConvention, ImageInfo, ImageSize, Region, SizeLike
from vlprep.units import format_size
from vlprep.view import View, ViewKeywords

Box = Sequence[float]
"""x1, y1, x2, y2."""

Coordinates = Literal["image", "model"]


class CropKeywords(ViewKeywords, total=False):
    """Keywords of `crop_image`, and of a view."""

    coordinates: Coordinates
    resized: SizeLike | None


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A region of an image, of whole pixels and not resized, and what the model sees of it."""

    source: str
    """The file as the caller named it."""
    view: View = field(repr=False)
    region: Region
    """Where it lies in the image, upright."""
    tokens: TokenCount
    """What it costs as an image of its own."""
    image: Pixels = field(repr=False)
    """RGB, height x width x 3."""
    _whole: SourceLike = field(repr=False, default="")
    warnings: tuple[str, ...] = ()
    """What a user should know of the image, and of the count."""

    def crop(
        self,
        box: Box,
        *,
        coordinates: Coordinates = "image",
        resized: SizeLike | None = None,
    ) -> Crop:
        """Cut a region out of this one; its `region` is in pixels of the whole image too.

        >>> crop = crop_image("fixtures/photo.jpg", [100, 100, 500, 400], View.of())
        >>> crop.crop([10, 20, 60, 80]).region
        Region(x=110, y=120, size=ImageSize(height=60, width=50))
        """
        inner = _region(box, self.region.size, self.view, coordinates, resized)
        tokens = image_count(inner.size, self.view)
        return replace(
            self,
            region=inner.within(self.region),
            tokens=tokens,
            image=_cut(self.image, inner),
            warnings=tuple(dict.fromkeys((*self.warnings, *tokens.warnings))),
        )

    def locate(self, answer: str, *, convention: BoxConvention | None = None) -> LocatedShapes:
        """Map what the model answered of the crop to pixels of the whole image.

        Raises the errors of `locate_boxes`.

        >>> crop = crop_image("fixtures/photo.jpg", [160, 240, 320, 480], View.of())
        >>> crop.locate('{"point_2d": [500, 500]}').shapes[0].points
        ((240.0, 360.0),)
        """
        seen = self.tokens.resized
        return locate_boxes(
            self._whole, answer, self.view, convention=convention, region=self.region, resized=seen
        )

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the crop to a picture file, whose ending chooses the format.

        Raises `ConstraintError` for an ending of no known picture format, and the errors of
        `new_file`.
        """
        save_picture(self.image, path, [self.source], overwrite=overwrite)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.crop/1`."""
        x, y, size = self.region
        return {
            "schema": "vlprep.crop/1",
            "source": self.source,
            "model": self.view.model.name,
            "rules": self.view.rules.name,
            "x": x,
            "y": y,
            **count_dict(size, self.tokens),
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        seen = f"seen as {format_size(self.tokens.resized)}"
        return brief(self, self.source, str(self.region), seen, f"{self.tokens.total:,} tokens")

    def _repr_png_(self) -> bytes:
        return as_png(self.to_pil())

    def to_pil(self) -> Image.Image:
        """Return the region as an image of Pillow's, without a copy of its pixels."""
        return Image.fromarray(self.image)


def crop_image(
    source: SourceLike,
    box: Box,
    view: View,
    *,
    coordinates: Coordinates = "image",
    resized: SizeLike | None = None,
) -> Crop:
    """Cut the region around a box out of an image, to be asked about by itself.

    `box` is x1, y1, x2, y2: pixels of the upright image, or with `coordinates` "model" as the model
    answers of the whole image, which saw it in the size `resized` if that is not what the view
    gives. The region has whole pixels, is not smaller than the box, and ends at the image's edges.

    Raises `ConstraintError` for a box without pixels inside the image and for coordinates that
    there are not, `UnsupportedFormatError` for a video, and the errors of `read_picture` and
    `image_count`.

    >>> box = [250, 500, 500, 1000]
    >>> crop = crop_image("fixtures/photo.jpg", box, View.of(), coordinates="model")
    >>> crop.region, crop.tokens.total
    (Region(x=160, y=240, size=ImageSize(height=240, width=160)), 42)
    """
    with open_item(source, view.trust) as item:
        name, info = item.name, item.info
        if not isinstance(info, ImageInfo):
            problem = "a video, not an image; `save_frames` writes its frames"
            raise UnsupportedFormatError(name, problem, format=info.format)
        region = _region(box, info.size, view, coordinates, resized)
        read = decode_picture(item)
    tokens, image = image_count(region.size, view), _cut(lay_on_white(read.pixels), region)
    warnings = tuple(dict.fromkeys((*info.warnings, *read.warnings, *tokens.warnings)))
    return Crop(name, view, region, tokens, image, source, warnings)


def _cut(picture: Pixels, region: Region) -> Pixels:
    x, y, size = region
    return np.ascontiguousarray(picture[y : y + size.height, x : x + size.width])


def _region(
    box: Box,
    size: ImageSize,
    view: View,
    coordinates: Coordinates,
    resized: SizeLike | None,
) -> Region:
    """Return the smallest region of whole pixels around a box, within a picture."""
    if coordinates not in ("image", "model"):
        raise ConstraintError(f"coordinates {coordinates!r}; known: image, model")
    if len(box) != 4:
        raise ConstraintError(f"a box is x1, y1, x2, y2; got {len(box)} numbers")
    corners = np.sort(np.asarray(box, np.float64).reshape(2, 2), axis=0).reshape(4)
    if coordinates == "model":
        seen = image_count(size, view).resized if resized is None else ImageSize.of(resized)
        corners = map_boxes(corners, model=view.model, original=size, resized=seen)
    left, top = (max(0, int(np.floor(corner))) for corner in corners[:2])
    right = min(size.width, int(np.ceil(corners[2])))
    bottom = min(size.height, int(np.ceil(corners[3])))
    if right <= left or bottom <= top:
        told = ", ".join(f"{number:g}" for number in box)
        raise ConstraintError(f"the box {told} has no pixels within {format_size(size)}")
    return Region(left, top, ImageSize(bottom - top, right - left))
