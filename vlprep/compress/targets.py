"""Where the results of many files go: names that are known before any work is done.

A name depends on the sources alone, never on what became of the others, so that a second run finds
what a first one has written. Files below a root keep the folders between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from vlprep.media.addresses import file_name, local_path
from vlprep.media.pages import file_stem
from vlprep.media.sniff import endings
from vlprep.output.target import PathLike, check_not_source

_WRITTEN = {"MP4": (".mp4", ".m4v")}
"""Endings that a name keeps where its format has more of them than players know."""


class Targets:
    """Names in a folder for the results of sources, by their place among these.

    >>> targets = Targets("out", ["a/x.heic", "a/x.jpg", "a/x.mov", "b/x.jpg"], roots=["."])
    >>> [str(targets.stem(place)) for place in range(4)]
    ['out/a/x', 'out/a/x-2', 'out/a/x', 'out/b/x']
    """

    def __init__(
        self, folder: PathLike, sources: Sequence[str], roots: Sequence[PathLike] = ()
    ) -> None:
        self._folder = Path(folder)
        self._sources = sources
        self._names = list(map(_name, sources))
        self._stems = list(_stems(sources, self._names, roots))
        self._known = frozenset(map(Path, sources))
        self._taken: dict[str, object] = {}

    def stem(self, place: int) -> Path:
        """Return where the result of a source goes, but for the ending."""
        return self._folder / self._stems[place]

    def earlier(self, place: int, suffix: str, kind: str) -> Path | None:
        """Return the file that an earlier run has written for a source of a kind, if it is there.

        `suffix` is that of its part.
        """
        own, stem = self._names[place].suffix, self.stem(place)
        made = ("PNG", "JPEG") if kind == "image" else ("MP4",)
        likely = dict.fromkeys([own, *(endings(format)[0] for format in made)])
        paths = (stem.with_name(f"{stem.name}{suffix}{ending}") for ending in likely)
        return next((path for path in paths if path.is_file() and path not in self._known), None)

    def free(self, place: int, suffix: str, format: str) -> Path:
        """Return where to write the result of a source, or of the part that `suffix` tells apart.

        Raises `FileExistsError` where that is one of the sources, and `OSError` where its folder
        cannot be made.
        """
        stem, own, owner = self.stem(place), self._names[place].suffix, (place, suffix)
        allowed = _WRITTEN.get(format, endings(format))
        ending = own if own.lower() in allowed else allowed[0]
        first = f"{stem.name}{suffix}"
        names = chain([first], (f"{first}-{number}" for number in count(2)))
        paths = (stem.with_name(f"{name}{ending}") for name in names)
        path = next(path for path in paths if self._taken.get(_folded(path), owner) == owner)
        check_not_source(path, self._sources)
        path.parent.mkdir(parents=bool(self._stems[place].parent.parts), exist_ok=True)
        self._taken[_folded(path)] = owner
        return path


def _name(source: str) -> Path:
    """Return what a source is called, without its folder or address; pages are numbered."""
    source = file_name(source)
    return Path(file_stem(source) + Path(source).suffix.partition("#")[0].rstrip(">"))


def _folded(path: Path) -> str:
    return str(path).casefold()  # some file systems know no difference between A.JPG and a.jpg


def _stems(
    sources: Sequence[str], names: Sequence[Path], roots: Sequence[PathLike]
) -> Iterator[Path]:
    """Yield the name of each source without its ending, numbered where several would share it.

    A photo and the film beside it have names of their own anyway.
    """
    met = Counter[tuple[str, bool]]()
    for source, name in zip(sources, names, strict=True):
        stem = _below(source, roots) / name.stem
        kinds = [(_folded(stem), is_film) for is_film in _may_be_film(name)]
        met.update(kinds)
        number = max(met[kind] for kind in kinds)
        yield stem if number == 1 else stem.with_name(f"{stem.name}-{number}")


def _below(source: str, roots: Sequence[PathLike]) -> Path:
    """Return the folders between a root and a source; several roots keep their own names."""
    path = Path(local_path(source)) if roots else Path()
    for root in roots:
        if path.is_relative_to(root):
            own = Path(root).resolve().name if len(roots) > 1 else ""
            return own / path.relative_to(root).parent
    return Path()


def _may_be_film(name: Path) -> Iterable[bool]:
    ending = name.suffix.lower()
    if ending in _FILMS:
        return (True,)
    return (False,) if ending in _PHOTOS else (False, True)


_PHOTOS = {e for name in ("JPEG", "PNG", "HEIC", "AVIF", "TIFF", "BMP") for e in endings(name)}
_FILMS = {e for name in ("MOV", "MP4", "Matroska", "WebM", "AVI") for e in endings(name)}
