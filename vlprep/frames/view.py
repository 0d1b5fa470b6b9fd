"""Show an image as a model sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from vlprep.choices import PANEL_SIDE
from vlprep.count.tokens import TokenCount, count_dict, image_count
from vlprep.display import as_png, brief
from vlprep.draw.beside import side_by_side, worst_place
from vlprep.draw.fonts import font_named
from vlprep.draw.lettering import font_warnings
from vlprep.errors import UnsupportedFormatError
from vlprep.maths.legible import Letters
from vlprep.maths.letters import find_letters
from vlprep.media.doors import see, size_behind
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, at_hand, source_name
from vlprep.output.drawing import Drawing, save_picture
from vlprep.output.encode import picture_format
from vlprep.output.target import PathLike
from vlprep.types import Door, ImageInfo
from vlprep.units import format_size
from vlprep.view import View


@dataclass(frozen=True, slots=True, eq=False)
class ImageView:
    """An image as displayed, and as a model sees it; both RGB uint8, height x width x 3."""

    source: str
    """The file as the caller named it."""
    model: str
    """Name of the model."""
    info: ImageInfo
    """Facts of its header."""
    tokens: TokenCount
    """What it costs."""
    original: npt.NDArray[np.uint8]
    """As it gets in: upright, with transparency laid on white, if no other door is named."""
    image: npt.NDArray[np.uint8]
    """The same at the size of the model's input."""

    def __repr__(self) -> str:
        sizes = " as ".join("x".join(map(str, a.shape)) for a in (self.original, self.image))
        return brief(self, self.source, sizes)

    def _repr_png_(self) -> bytes:
        return as_png(self.to_pil())

    def to_pil(self) -> Image.Image:
        """Return what the model sees as an image of Pillow's, without a copy of its pixels."""
        return Image.fromarray(self.image)

    def letters(self) -> tuple[Letters, Letters] | None:
        """Measure the text of the original, and how high the model sees it; `None`: there is none.

        >>> view_image("fixtures/photo.jpg", View.of()).letters() is None
        True
        """
        found = find_letters(self.original)
        if found is None:
            return None
        whole, seen = self.original.shape[:2], self.tokens.resized
        return found, found.scaled(min(seen.height / whole[0], seen.width / whole[1]))

    def compare(
        self,
        *,
        zoom: bool | tuple[int, int] = False,
        max_side: int = PANEL_SIDE,
        font: PathLike | None = None,
    ) -> Drawing:
        """Draw the original and the view side by side, the view enlarged to the same size.

        Each is at most `max_side` pixels long. With `zoom` a detail of both stands under them, at
        the original's own size: around a place, (x, y) in pixels of the original, or where the view
        loses most. Letters that Pillow's own font lacks come from `font`, the file or the name of
        one, or from a font of the machine.

        Raises `ConstraintError` for a font that there is not.

        >>> view_image("fixtures/photo.jpg", View.of(max_pixels=100_000)).compare()
        Drawing(1376x579)
        """
        face = None if font is None else font_named(font)
        known = f"{Path(self.source).name}, {format_size(self.info.size)}"
        cost = f"{format_size(self.tokens.resized)}, {self.tokens.total:,} tokens"
        seen = f"as {self.model} sees it: {cost}"
        if text := self.letters():
            heights = [f", small letters {one.smallest:.1f} px" for one in text]
            known, seen = known + heights[0], seen + heights[1]
        captions = known, seen
        pair, warnings = (self.original, self.image), font_warnings(captions, face)
        place = worst_place(*pair, max_side) if zoom is True else zoom or None
        if place and max(self.original.shape) <= max_side:
            warnings += ("all of the image is drawn at 100 %, so no detail of it is",)
        picture = side_by_side(*pair, captions, max_side=max_side, place=place, font=face)
        return Drawing(picture, warnings, (self.source,))

    def save(self, path: PathLike, *, compare: bool = False, overwrite: bool = False) -> None:
        """Write the picture to a file, whose ending chooses the format.

        With `compare` it is what `compare` draws.

        Raises `ConstraintError` for an ending of no known picture format, and the errors of
        `new_file`.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     view_image("fixtures/photo.jpg", View.of()).save(f"{folder}/view.png")
        """
        if compare:
            picture_format(path)  # what is wrong with it is known before anything is drawn
            self.compare().save(path, overwrite=overwrite)
        else:
            save_picture(self.image, path, [self.source], overwrite=overwrite)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.view/1`: sizes, tokens and warnings."""
        return {
            "schema": "vlprep.view/1",
            "source": self.source,
            "model": self.model,
            "rules": self.tokens.rules,
            **count_dict(self.info.size, self.tokens),
            "warnings": list(self.info.warnings + self.tokens.warnings),
        }


save_view = ImageView.save


def view_image(source: SourceLike, view: View, *, door: Door | None = None) -> ImageView:
    """Decode an image and scale it to the size that `image_count` counts.

    The image is turned upright, laid on white where it is transparent, and scaled as the models'
    own processors do, to the last bit. `door` names another way in; see `vlprep.media.doors`.

    Raises the errors of `probe`, `image_count` and `see`, and `UnsupportedFormatError` for a video.
    """
    with at_hand(source, view.trust) as opened:
        name, info = source_name(opened), probe(opened)
        if not isinstance(info, ImageInfo):
            problem = "a video, not an image; `save_frames` with `sheet` shows its frames"
            raise UnsupportedFormatError(name, problem, format=info.format)
        size = size_behind(info, door)
        tokens, seen = image_count(size, view), see(opened, door)
        original, image = seen.pixels, seen.at(tokens.resized)
    info = replace(info, size=size, warnings=info.warnings + seen.warnings)
    return ImageView(name, view.model.name, info, tokens, original, image)
