"""What workers do in `bench_scan.py`, apart from it: of the file itself they load nothing."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlprep.batch import CountTokens
from vlprep.batch.tables import Batch, Columns
from vlprep.view import View


@dataclass(frozen=True)
class Noted:
    """A job whose workers note how many seconds of a processor they have used."""

    job: CountTokens
    folder: str

    @property
    def column(self) -> str:
        """The column that it reads."""
        return self.job.column

    @property
    def view(self) -> View:
        """What the model sees."""
        return self.job.view

    @property
    def types(self) -> Columns:
        """The columns that it adds."""
        return self.job.types

    def __call__(self, batch: Batch) -> Batch:
        """Do the job, and write the note anew."""
        done = self.job(batch)
        Path(self.folder, str(os.getpid())).write_text(str(time.process_time()))
        return done


@dataclass(frozen=True)
class MadeUp:
    """A job that opens nothing."""

    view: View
    types: Columns
    column: str = "path"

    def __call__(self, batch: dict[str, list[str]]) -> dict[str, list[Any]]:
        """Return the columns of a count."""
        rows = batch["path"]
        tokens = [hash(row) % 4096 for row in rows]
        known: dict[str, list[Any]] = {"kind": ["image"] * len(rows), "tokens": tokens}
        known |= dict.fromkeys(("height", "width"), [1000] * len(rows))
        return {**dict.fromkeys(self.types, [None] * len(rows)), **known}
