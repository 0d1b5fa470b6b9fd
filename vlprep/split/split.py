"""Split an image into pieces in which a model can read, and cut a region out.

The door of this room.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vlprep.boxes.boxes import LocatedShapes, locate_boxes
from vlprep.choices import READABLE
from vlprep.count.budget import token_budget
from vlprep.count.tokens import TokenCount, count_dict, image_count
from vlprep.display import brief
from vlprep.errors import (
    BudgetError,
    ConstraintError,
    UnknownFactError,
    UnsupportedFormatError,
)
from vlprep.maths.legible import Letters
from vlprep.maths.letters import Pixels
from vlprep.media.pages import file_stem
from vlprep.media.picture import decode_picture, lay_on_white, resize_picture
from vlprep.media.source import SourceLike, open_item
from vlprep.output.encode import encode_picture
from vlprep.output.target import PathLike, check_new_folder, new_folder
from vlprep.parsing import parse_json, read_small
from vlprep.split.answers import joined
from vlprep.split.cuts import Span
from vlprep.split.layout import Layout, Piece, lay_out, scale_seen
from vlprep.types import BoxConvention, ImageInfo, ImageSize
from vlprep.units import format_size, plural
from vlprep.view import View, ViewKeywords

MANIFEST = "pieces.json"
"""Name of the file that says where the pieces of a folder come from."""


class SplitKeywords(ViewKeywords, total=False):
    """Keywords of `split_image`, and of a view."""

    readable: float
    budget: int | None


@dataclass(frozen=True, slots=True, eq=False)
class PageSplit:
    """An image in pieces, in reading order, and what they cost together."""

    source: str
    """The file as the caller named it."""
    view: View = field(repr=False)
    info: ImageInfo
    """Facts of its header."""
    size: ImageSize
    """The image upright."""
    layout: Layout = field(repr=False)
    readable: float
    """How high small letters were to be as the model sees them, in pixels."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""
    _source: SourceLike = field(repr=False, default="")
    _page: Pixels | None = field(repr=False, default=None)

    @property
    def page(self) -> Pixels:
        """The image upright, RGB of height x width x 3; decoded again where it was let go.

        Raises the errors of `read_picture`.
        """
        return _read(self._source, self.view)[0] if self._page is None else self._page

    def held(self) -> PageSplit:
        """Return the same with its pixels in memory, for several pictures of it."""
        return replace(self, _page=self.page)

    def let_go(self) -> PageSplit:
        """Return the same without its pixels in memory."""
        return replace(self, _page=None)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces in reading order."""
        return self.layout.pieces

    @property
    def letters(self) -> Letters | None:
        """The small letters as the model sees them in the pieces; `None` where there is no text."""
        found = self.layout.letters
        return found.scaled(self.layout.scale) if found else None

    @property
    def whole(self) -> TokenCount | None:
        """What the page costs uncut; `None` where the model takes no page of its sides."""
        return self.layout.whole

    @property
    def letters_of_whole(self) -> Letters | None:
        """The small letters as the model sees them uncut, where there is text and it takes that."""
        found, whole = self.layout.letters, self.whole
        if found is None or whole is None:
            return None
        return found.scaled(scale_seen(self.size, whole.resized))

    @property
    def is_needed(self) -> bool:
        """Whether the page is refused uncut, or its letters are seen too small."""
        return len(self.pieces) > 1 and (self.whole is None or self.letters is not None)

    @property
    def total_tokens(self) -> int:
        """Tokens of all pieces."""
        return sum(piece.tokens.total for piece in self.pieces)

    def picture(self, number: int) -> Pixels:
        """Return a piece as the model sees it, by its number from 0: RGB, height x width x 3."""
        piece = self.pieces[number]
        return resize_picture(piece.cut_from(self.page), piece.tokens.resized)

    def names(self) -> list[str]:
        """Return names for files of the pieces, which sort in reading order."""
        many = str(len(self.pieces))
        stem = file_stem(self.source) or "page"
        return [
            f"{stem}-{str(number).zfill(len(many))}-of-{many}.png"
            for number in range(1, len(self.pieces) + 1)
        ]

    def save(self, folder: PathLike, *, overwrite: bool = False) -> tuple[str, ...]:
        """Write the pieces as PNG files into a folder, with a manifest; returns their paths.

        Raises the errors of `new_folder`.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     paths = split_image("fixtures/photo.jpg", View.of()).save(f"{folder}/pieces")
        >>> [Path(path).name for path in paths]
        ['photo-1-of-1.png']
        """
        check_new_folder(folder, overwrite=overwrite)
        with new_folder(folder, overwrite=overwrite, index=MANIFEST) as new:
            for number, name in enumerate(self.names()):
                (new / name).write_bytes(encode_picture(self.picture(number), "PNG"))
            (new / MANIFEST).write_text(json.dumps(self.to_dict(), indent=1), "utf-8")
        return tuple(str(Path(folder) / name) for name in self.names())

    def locate(
        self, answers: Sequence[str], *, convention: BoxConvention | None = None
    ) -> LocatedShapes:
        """Map what the model answered of each piece, in their order, to pixels of the page.

        What two pieces show is there once, and a box that a cut went through is whole again.
        Raises the errors of `locate_boxes`, and `ConstraintError` where answers are missing.

        >>> split = split_image("fixtures/photo.jpg", View.of("qwen3-vl-plus"))
        >>> split.locate(['{"bbox_2d": [250, 500, 500, 1000]}']).shapes[0].points
        ((160.0, 240.0), (320.0, 480.0))
        """
        return locate_in_pieces(
            self._source, answers, self.pieces, self.view, convention=convention
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.split/1`, which is the manifest too."""
        letters = self.letters
        return {
            "schema": "vlprep.split/1",
            "source": self.source,
            "model": self.view.model.name,
            "rules": self.view.rules.name,
            "height": self.size.height,
            "width": self.size.width,
            "scale": round(self.layout.scale, 4),
            "letters": letters and {"smallest": letters.smallest, "usual": letters.usual},
            "lines_cut": self.layout.lines_cut,
            "total_tokens": self.total_tokens,
            "uncut": self._uncut(),
            "pieces": list(self._entries()),
            "warnings": list(self.warnings),
        }

    def _uncut(self) -> dict[str, Any] | None:
        whole, letters = self.whole, self.letters_of_whole
        if whole is None:
            return None
        return {
            "resized_height": whole.resized.height,
            "resized_width": whole.resized.width,
            "tokens": whole.total,
            "letters": letters and {"smallest": letters.smallest, "usual": letters.usual},
        }

    def _entries(self) -> Iterator[dict[str, Any]]:
        for name, piece in zip(self.names(), self.pieces, strict=True):
            yield {
                "file": name,
                "x": piece.region.x,
                "y": piece.region.y,
                **count_dict(piece.region.size, piece.tokens),
                "overlap_above": piece.down.before,
                "overlap_below": piece.down.after,
                "overlap_left": piece.across.before,
                "overlap_right": piece.across.after,
                "is_last_row": piece.down.is_last,
                "is_last_column": piece.across.is_last,
            }

    def __repr__(self) -> str:
        size, cost = format_size(self.size), plural(self.total_tokens, "token")
        return brief(self, self.source, size, f"pieces: {len(self.pieces)}", cost)


@dataclass(frozen=True, slots=True)
class PagePiece:
    """One of the pieces of a page."""

    split: PageSplit = field(repr=False)
    number: int
    """Its place in reading order, from 0."""

    def __repr__(self) -> str:
        return brief(self, self.split.source, self.caption)

    @property
    def piece(self) -> Piece:
        """Where it lies, and what it costs."""
        return self.split.pieces[self.number]

    @property
    def name(self) -> str:
        """A name for a file of it."""
        return self.split.names()[self.number]

    @property
    def caption(self) -> str:
        """Which piece it is, for the model."""
        return f"Part {self.number + 1} of {len(self.split.pieces)} of one page, in reading order:"


def split_image(
    source: SourceLike, view: View, *, readable: float = READABLE, budget: int | None = None
) -> PageSplit:
    """Split an image into as few pieces as keep its small letters legible to the model.

    Letters are to be at least `readable` pixels high as the model sees them; nothing is enlarged.
    Pieces are cut between lines, share lines where nothing else is there to be cut, and are in
    reading order. An image that is seen large enough as a whole is one piece. `budget` is what all
    may cost in tokens, by default the model's largest input where a source states it.

    Raises `BudgetError` where the pieces cost more, `UnsupportedFormatError` for a video,
    `ConstraintError` for a height that is not above 0, and the errors of `read_picture`.
    """
    split = split_page(source, view, readable)
    room, cost = _room(view, budget), split.total_tokens
    if room is not None and cost > room:
        problem = f"{len(split.pieces)} pieces cost {cost:,} tokens of {room:,}"
        raise BudgetError(cost, room, f"{split.source}: {problem}; lower `readable`")
    return split


def split_page(source: SourceLike, view: View, readable: float) -> PageSplit:
    """Split an image, whatever its pieces cost together; raises the other errors."""
    if not readable > 0:
        raise ConstraintError(f"`readable` must be above 0, got {readable:g}")
    page, name, info, warnings = _read(source, view)
    layout = lay_out(page, view, readable)
    return PageSplit(
        source=name,
        view=view,
        info=info,
        size=ImageSize(*page.shape[:2]),
        layout=layout,
        readable=readable,
        warnings=(*warnings, *_doubts(layout, readable)),
        _source=source,
        _page=page,
    )


def _read(source: SourceLike, view: View) -> tuple[Pixels, str, ImageInfo, tuple[str, ...]]:
    """Return the pixels of an image on white, its name, its facts and the warnings of both."""
    with open_item(source, view.trust) as item:
        info = item.info
        if not isinstance(info, ImageInfo):
            problem = "a video, not an image; `compress_many` with `every` cuts those"
            raise UnsupportedFormatError(item.name, problem, format=info.format)
        read = decode_picture(item)
        return lay_on_white(read.pixels), item.name, info, (*info.warnings, *read.warnings)


def locate_in_pieces(
    source: SourceLike,
    answers: Sequence[str],
    pieces: Sequence[Piece],
    view: View,
    *,
    convention: BoxConvention | None = None,
) -> LocatedShapes:
    """Map what the model answered of each piece, in their order, to pixels of the page.

    Raises the errors of `locate_boxes`, and `ConstraintError` where answers are missing.
    """
    if len(answers) != len(pieces):
        raise ConstraintError(f"{len(answers)} answers for {len(pieces)} pieces; give one for each")
    with open_item(source, view.trust) as item:  # once for all: only its header is read
        found = [
            locate_boxes(
                item,
                answer,
                view,
                region=piece.region,
                resized=piece.tokens.resized,
                convention=convention,
            )
            for piece, answer in zip(pieces, answers, strict=True)
        ]
    return replace(joined(found, pieces), image=source)


def read_pieces(path: PathLike, view: View) -> tuple[Piece, ...]:
    """Return the pieces that a manifest, or the folder that it lies in, tells of.

    Raises `FileNotFoundError`, and `ConstraintError` for what is no manifest, and where the view
    sees the pieces in another size.
    """
    file = Path(path) / MANIFEST if Path(path).is_dir() else Path(path)
    try:
        return tuple(_piece_of(entry, view) for entry in parse_json(read_small(file))["pieces"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConstraintError(f"{file}: no manifest of pieces: {error}") from error


def _piece_of(entry: dict[str, Any], view: View) -> Piece:
    spans = [
        Span(entry[at], entry[at] + entry[side], entry[before], entry[after], entry[last])
        for at, side, before, after, last in (
            ("y", "height", "overlap_above", "overlap_below", "is_last_row"),
            ("x", "width", "overlap_left", "overlap_right", "is_last_column"),
        )
    ]
    seen = ImageSize(entry["resized_height"], entry["resized_width"])
    tokens = image_count(seen, view)
    if tokens.resized != seen:
        raise ConstraintError(f"{view.model.name} sees pieces in another size; name their model")
    return Piece(down=spans[0], across=spans[1], tokens=tokens)


def _room(view: View, budget: int | None) -> int | None:
    if budget is not None:
        return budget
    try:
        return token_budget(view.model).available
    except UnknownFactError:
        return None


def _doubts(layout: Layout, readable: float) -> Iterator[str]:
    if layout.letters and layout.letters.smallest < readable:
        height = layout.letters.smallest
        yield f"letters are about {height:g} px high in the file: enlarging adds tokens, no detail"
    if layout.lines_cut:
        yield f"{layout.lines_cut} cuts go through lines, for want of a gap; pieces overlap there"
