"""Where numbers come from: pages and packages, and which of them states which number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page or a package that numbers were read from."""

    id: str
    """Short name that records cite."""
    title: str
    """What it is, for a reader who wants to find it."""
    date: str
    """ISO date, or year and month, or year."""
    dated_by: Literal["page", "content", "release"]
    """Whether the page prints the date, or its content tells it, or it is a release's."""
    standing: Literal["official", "mirror", "third-party"]
    """Official page, stored copy of one, or somebody else's notes."""
    address: str | None = None
    """Where it is found, which may say something newer today; `None` where none was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """Some numbers of a record that other sources state than the rest."""

    of: tuple[str, ...]
    """Names of the fields."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """A record of numbers, each with where it was read."""

    sources: tuple[str, ...]
    """Where these numbers were read, but for those in `cited`."""
    cited: tuple[Cited, ...] = ()
    """Numbers that were read elsewhere."""

    def sources_of(self, *numbers: str) -> tuple[str, ...]:
        """Return where some of the record's numbers were read.

        >>> from vlprep import get_model
        >>> get_model("qwen3-vl-plus").sources_of("max_input_thinking_tokens")
        ('S004', 'P1')
        """
        own = {number: part.sources for part in self.cited for number in part.of}
        found = (source for number in numbers for source in own.get(number, self.sources))
        return tuple(dict.fromkeys(found))

    @property
    def all_sources(self) -> tuple[str, ...]:
        """Every source of the record."""
        own = (source for part in self.cited for source in part.sources)
        return tuple(dict.fromkeys([*self.sources, *own]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One number of a rule, as another reading has it."""

    of: str
    to: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the sources of a rule say otherwise, of the same thing."""

    says: str
    """In words."""
    changes: tuple[Change, ...]
    """What it makes of the rule's numbers."""
    remedy: str = ""
    """What holds under both."""
    explained_only: bool = False
    """Whether it is a slip that nobody need be warned of."""
    sources: tuple[str, ...]

    @property
    def numbers(self) -> dict[str, Any]:
        """What it makes of the rule's numbers, by name."""
        return {change.of: change.to for change in self.changes}

    def told(self, outcome: str) -> str:
        """Return the sentence that says it, with what comes of it."""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.says} ({', '.join(self.sources)}): {outcome}{remedy}"
