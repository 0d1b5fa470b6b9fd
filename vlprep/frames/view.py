"""Show an image as a model sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vlprep.count.tokens import TokenCount, count_dict, image_count
from vlprep.display import brief
from vlprep.draw.sheets import side_by_side
from vlprep.errors import UnsupportedFormatError
from vlprep.media.doors import see, size_behind
from vlprep.media.picture import resize_picture
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, at_hand, source_name
from vlprep.output.encode import encode_picture, picture_format
from vlprep.output.target import PathLike, check_not_source, new_file
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

    def save(self, path: PathLike, *, compare: bool = False, overwrite: bool = False) -> None:
        """Write the picture to a file, whose ending chooses the format.

        With `compare` the original stands beside it, and the view is enlarged to the same size.

        Raises `ConstraintError` for an ending of no known picture format, and the errors of
        `new_file`.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     view_image("fixtures/photo.jpg", View.of()).save(f"{folder}/view.png")
        """
        format = picture_format(path)
        check_not_source(path, [self.source])
        known = f"{Path(self.source).name}, {format_size(self.info.size)}"
        cost = f"{format_size(self.tokens.resized)}, {self.tokens.total:,} tokens"
        captions = known, f"as {self.model} sees it: {cost}"
        both = side_by_side(self.original, self.image, captions) if compare else None
        content = encode_picture(self.image if both is None else both, format)
        with new_file(path, overwrite=overwrite) as file:
            file.write(content)

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

    >>> view_image("fixtures/photo.jpg", View.of("qwen3-vl-plus", max_pixels=100_000))
    ImageView(fixtures/photo.jpg, 480x640x3 as 256x352x3)
    """
    with at_hand(source) as opened:
        name, info = source_name(opened), probe(opened)
        if not isinstance(info, ImageInfo):
            problem = "a video, not an image; `save_frames` with `sheet` shows its frames"
            raise UnsupportedFormatError(name, problem, format=info.format)
        size = size_behind(info, door)
        tokens, seen = image_count(size, view), see(opened, door)
        original = seen.pixels
    info = replace(info, size=size, warnings=info.warnings + seen.warnings)
    image = resize_picture(original, tokens.resized)
    return ImageView(name, view.model.name, info, tokens, original, image)
