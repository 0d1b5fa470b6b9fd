"""Pictures drawn for people: kept in memory, shown by a notebook, written to a file if asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from vlprep.display import as_png, brief
from vlprep.output.encode import DRAWN_QUALITY, encode_picture, picture_format
from vlprep.output.target import PathLike, check_not_source, new_file
from vlprep.types import ImageSize
from vlprep.units import format_size


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A sheet, a chart or a comparison, in memory.

    >>> Drawing(Image.new("RGB", (40, 30)))
    Drawing(40x30)
    """

    image: Image.Image
    """The picture, RGB."""
    warnings: tuple[str, ...] = ()
    """What a user should know of how it is drawn, and of what is drawn."""
    sources: tuple[str, ...] = ()
    """Files that it shows, and so must not be written over."""

    def __repr__(self) -> str:
        return brief(self, format_size(self.size))

    def _repr_png_(self) -> bytes:
        return as_png(self.image)

    @property
    def size(self) -> ImageSize:
        """Height and width in pixels."""
        return ImageSize(self.image.height, self.image.width)

    def to_pil(self) -> Image.Image:
        """Return the picture as an image of Pillow's."""
        return self.image

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the picture to a file, whose ending chooses the format: .png, .jpg or .webp.

        Of photos a JPEG takes a fraction of the bytes of a PNG, at quality 90.

        Raises `ConstraintError` for an ending of no known picture format, and the errors of
        `new_file`.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     Drawing(Image.new("RGB", (40, 30))).save(f"{folder}/drawing.png")
        """
        save_picture(self.image, path, self.sources, DRAWN_QUALITY, overwrite=overwrite)


def save_picture(
    picture: npt.NDArray[np.uint8] | Image.Image,
    path: PathLike,
    sources: Iterable[PathLike],
    quality: int = 95,
    *,
    overwrite: bool,
) -> None:
    """Write a picture to a file, whose ending chooses the format, but over none of its sources.

    Raises `ConstraintError` for an ending of no known picture format, and the errors of `new_file`.
    """
    format = picture_format(path)
    check_not_source(path, sources)
    content = encode_picture(picture, format, quality)
    with new_file(path, overwrite=overwrite) as file:
        file.write(content)
