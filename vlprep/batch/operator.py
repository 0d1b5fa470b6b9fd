"""What every operator of this room is: a callable over batches of rows, with its settings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeAlias

from vlprep.batch.tables import Batch, Columns, Row, column_of, with_columns
from vlprep.count.files import MediaFailure
from vlprep.errors import VlprepError
from vlprep.media.remote import RemoteFile
from vlprep.messages.bodies import read_address
from vlprep.models.spec import ModelSpec
from vlprep.view import View

Model: TypeAlias = ModelSpec | str | None

ERRORS: Columns = {"error_code": "string", "error": "string"}


@dataclass(frozen=True, slots=True, init=False)
class Operator(ABC):
    """A callable over batches of rows, with the settings by which it works.

    `model` and the keywords of a view are those of `processor`. `column` holds the media: paths,
    contents as bytes, lists of them for videos of frames, or the `struct<bytes, path>` of HF data
    sets. `prefix` stands before the names of the columns that are added. Raises the errors of
    `processor`, and `TypeError` for a keyword that it does not know.
    """

    columns: ClassVar[Columns]
    """The columns that it adds, without the prefix."""

    view: View
    column: str
    prefix: str
    settings: tuple[tuple[str, Any], ...]
    """What else is asked, by name."""

    def __init__(
        self,
        model: Model = None,
        *,
        column: str = "path",
        prefix: str = "",
        **asked: Any,
    ) -> None:
        view, rest = View.of(model).with_keywords(asked)
        self._bind(view, column, prefix, rest)

    @classmethod
    def of(cls, view: View, *, column: str = "path", prefix: str = "", **asked: Any) -> Self:
        """Return the same for a view, or a processor, that is bound already."""
        made = cls.__new__(cls)
        made._bind(view, column, prefix, asked)
        return made

    def _bind(self, view: View, column: str, prefix: str, rest: dict[str, Any]) -> None:
        if unknown := rest.keys() - self._keywords():
            raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
        for name, value in {
            "view": view,
            "column": column,
            "prefix": prefix,
            "settings": tuple(sorted(rest.items())),
        }.items():
            object.__setattr__(self, name, value)
        self._try()

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with its new columns, as the kind of batch that came.

        Raises `ConstraintError` where `column` is not there, or a new one is.
        """
        rows = self.work(batch)
        if self.prefix:
            rows = [self._named(row) for row in rows]
        types = {f"{self.prefix}{name}": kind for name, kind in self.types.items()}
        return with_columns(batch, rows, types)

    @property
    def types(self) -> Columns:
        """The columns that it adds, with their types."""
        return {**self.columns, **ERRORS}

    @abstractmethod
    def work(self, batch: Batch) -> list[Row]:
        """Return the new columns' values row by row."""

    def _named(self, row: Row) -> Row:
        return {f"{self.prefix}{name}": value for name, value in row.items()}

    def _keywords(self) -> frozenset[str]:
        """Return the keywords that it takes beside those of a view."""
        return frozenset()

    def _try(self) -> None:  # noqa: B027 (there may be nothing to try)
        """Raise `ConstraintError` for settings with which every row would fail."""


class RowOperator(Operator):
    """An operator that works on each row by itself."""

    __slots__ = ()

    def work(self, batch: Batch) -> list[Row]:
        """Return the new columns' values row by row."""
        return [self._safely(value) for value in column_of(batch, self.column)]

    def _safely(self, value: Any) -> Row:
        try:
            return self._row(source_of(value))
        except (VlprepError, OSError) as error:
            return failed(error)

    @abstractmethod
    def _row(self, source: Any) -> Row:
        """Return the values of one row; raises what is wrong with it."""


def source_of(value: Any) -> Any:
    """Return a cell as a source; raises `ConstraintError` for what is none."""
    if hasattr(value, "read") or hasattr(value, "__fspath__") or isinstance(value, RemoteFile):
        return value
    address = read_address(value)
    return list(address) if isinstance(address, tuple) else address


def failed(error: VlprepError | OSError) -> Row:
    """Return the columns of a row that failed."""
    failure = MediaFailure(source="", error=error)
    return {"error_code": failure.code, "error": failure.message}
