"""Pages in pieces, each a file of its own that the model sees at its own size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vlprep.compress.parts import Part
from vlprep.errors import VlprepError
from vlprep.media.source import Item, SourceLike
from vlprep.output.encode import encode_picture
from vlprep.output.target import new_file
from vlprep.split.split import split_image
from vlprep.view import View


class Page:
    """How one page is split, and once it is, which piece of it each file is."""

    def __init__(self, readable: float) -> None:
        self._readable = readable
        self._document: dict[str, Any] = {}

    def pieces(self, source: SourceLike, view: View) -> Iterator[Part]:
        """Yield the pieces of an image in reading order, or the image where it needs none.

        What cannot be split is a part with an error.
        """
        try:
            split = split_image(source, view, readable=self._readable)
        except (VlprepError, OSError) as error:
            yield Part(source, view, error=error)
            return
        self._document, count = split.to_dict(), len(split.pieces)
        if count == 1:
            yield Part(source, view)
            return
        for number in range(count):
            item = Item(encode_picture(split.picture(number), "PNG"))
            item.name = split.source
            suffix = f"-{number + 1:0{len(str(count))}}-of-{count}"
            yield Part(item, view, suffix)

    def save_manifest(self, targets: Sequence[str], *, overwrite: bool) -> str:
        """Write beside the files of the pieces which is which; returns where.

        Raises the errors of `new_file`.
        """
        first = Path(targets[0])
        path = first.with_name(f"{first.stem.rsplit('-', 3)[0]}-pieces.json")
        for entry, target in zip(self._document["pieces"], targets, strict=True):
            entry["file"] = Path(target).name
        with new_file(path, overwrite=overwrite) as file:
            file.write(json.dumps(self._document, indent=1).encode("utf-8"))
        return str(path)
