"""What is finished, kept as it is finished, so that a run that ended early can go on.

A file to which lines are appended: a key, a tab, the row as JSON. The key is a digest of what the
row depends on. A last line without its end was being written when the run was killed, and is
dropped. Rows are written to the system at once; a power cut may lose the last of them.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from errno import EEXIST
from io import BufferedWriter
from pathlib import Path

import numpy as np

from vlprep.output.private import takes_lock
from vlprep.output.target import check_new, errors_name
from vlprep.scan.rows import KEY_LENGTH, Finished


class Journal:
    """Rows by key, in a file beside the output; rows of an earlier run are found in it."""

    def __init__(self, path: Path, *, resume: bool, overwrite: bool) -> None:
        """Open it, and keep others from it as long as it is open.

        Raises `FileExistsError` for one that another run writes, and for an earlier one of which
        nothing is said.
        """
        self.path = path
        check_new(path, overwrite=True)
        is_left = path.exists()
        self._file = _opened_alone(path)
        if is_left and not (resume or overwrite):
            self._file.close()
            problem = "is left of a run that did not end; `resume` goes on, `overwrite` starts anew"
            raise FileExistsError(EEXIST, problem, str(path))
        if not resume:
            self._file.truncate(0)
        self._reader = path.open("rb")
        self._end = self._read_earlier() if resume else 0

    def _read_earlier(self) -> int:
        """Index what is there; returns where it ends, less a torn last line."""
        keys, places, end = array("Q"), array("q"), 0
        for line in self._reader:
            if not line.endswith(b"\n"):
                break
            with suppress(ValueError):  # no line of ours
                keys.append(int(line[: KEY_LENGTH // 2], 16))
                places.append(end)
            end += len(line)
        self._file.truncate(end)
        order = np.argsort(np.asarray(keys, np.uint64), kind="stable")
        self._keys = np.asarray(keys, np.uint64)[order]
        self._places = np.asarray(places, np.int64)[order]
        return end

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        with closing(self._reader), errors_name(self.path):
            self._file.close()

    def __len__(self) -> int:
        """Return how many rows of an earlier run there are."""
        return len(self._keys) if hasattr(self, "_keys") else 0

    def find(self, key: str) -> int | None:
        """Return the place of a row of an earlier run."""
        if not len(self):
            return None
        begin = np.uint64(int(key[: KEY_LENGTH // 2], 16))
        first = int(np.searchsorted(self._keys, begin, "left"))
        last = int(np.searchsorted(self._keys, begin, "right"))
        own = key.encode()
        for place in self._places[first:last].tolist()[::-1]:  # the last counts
            if self._line(place).startswith(own):
                return int(place)
        return None

    def add(self, done: Finished) -> Iterator[int]:
        """Keep finished rows; yields the place of each."""
        place = self._end
        with errors_name(self.path):
            self._end += self._file.write(done.lines)
        for length in done.lengths:
            yield place
            place += length

    def flush(self) -> None:
        """Hand what was added to the system, where the end of this process cannot reach it."""
        with errors_name(self.path):
            self._file.flush()

    def rows(self, places: Iterable[int]) -> Iterator[bytes]:
        """Yield rows by their places."""
        self.flush()
        for place in places:
            yield self._line(place)[KEY_LENGTH + 1 : -1]

    def _line(self, place: int) -> bytes:
        self._reader.seek(place)
        return self._reader.readline()

    def remove(self) -> None:
        """Delete the file: what is in it is elsewhere now."""
        os.unlink(self.path)  # noqa: PTH108 (as it is still open)


def _opened_alone(path: Path) -> BufferedWriter:
    """Open a file to append to, locked; raises `FileExistsError` where another one has it."""
    while True:
        file = path.open("ab")
        if not takes_lock(file.fileno()):
            file.close()
            problem = "another run is writing it; wait for that one, or name another output"
            raise FileExistsError(EEXIST, problem, str(path))
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # a run that ended meanwhile has removed it
