"""What a check found: all rules, asked of one request, and the report of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from vlprep.check import images, reading, requests, videos
from vlprep.check.remedies import in_pieces, larger, one_a_file
from vlprep.check.routes import RouteAdvice, advise_routes
from vlprep.check.rule import FileFacts, Finding, Remedy, Rule, Sending, Severity
from vlprep.check.savings import unseen_bytes
from vlprep.display import brief, page
from vlprep.models.registry import find_source
from vlprep.units import plural

SCHEMA = "vlprep.check/1"

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The gravest first."""

RULES = tuple(
    rule
    for room in (reading, images, videos, requests)
    for rule in vars(room).values()
    if isinstance(rule, Rule)
)
"""Every rule, in the order in which they are written and tried."""

IN_PIECES = frozenset(rule.id for rule in RULES if rule.remedy in (in_pieces, larger))
"""Ids of the rules that a page breaks as a whole, and not in pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check found of the files of one request."""

    model: str
    """Name of the model."""
    rules: str
    """Name of the rule set by which tokens were counted."""
    route: str
    """The route that was checked for."""
    files: tuple[FileFacts, ...]
    """Every file in order, with what is known of it."""
    findings: tuple[Finding, ...]
    """What was found, file by file, the gravest first; of the request as a whole last."""
    advice: tuple[RouteAdvice, ...]
    """Which routes suit each file; empty for weights, which run anywhere."""
    total_tokens: int
    """Tokens of the files that could be counted and of the text."""
    max_input_tokens: int | None
    """Largest input; `None` where no source states it."""
    unseen_bytes: int = 0
    """About how many bytes of the images are of pixels that the model does not see."""
    model_warnings: tuple[str, ...] = ()
    """What a user should know of the model before believing any count of it."""

    def __repr__(self) -> str:
        return brief(self, self.model, f"{self.route}: {self.verdict}")

    def _repr_html_(self) -> str:
        headings = ("severity", "file", "rule", "found", "wanted", "what to do")
        title = f"{self.model}, {self.rules}, files by {self.route}: {self.verdict}"
        return page(title, headings, list(map(_cells, self.findings)), self.model_warnings)

    @property
    def verdict(self) -> str:
        """How much was found of each severity, in how many files."""
        found = ", ".join(plural(len(self._of(word)), word) for word in SEVERITIES)
        return f"{found} in {plural(len(self.files), 'file')}"

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What will be refused."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What may be refused or misunderstood."""
        return self._of("warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is good to know."""
        return self._of("note")

    @property
    def remedies(self) -> dict[str, Remedy]:
        """What mends each file that is made anew, by the file's name in `files`."""
        return {
            finding.source: finding.remedy
            for finding in self.findings
            if finding.source and finding.remedy and finding.remedy.compresses
        }

    @property
    def pages(self) -> frozenset[str]:
        """The images that are taken in pieces only, or whose letters are large enough so only."""
        return frozenset(one.source for one in self._in_pieces if one.source) - self.lost

    @property
    def lost(self) -> frozenset[str]:
        """The files with an error that neither making them anew nor splitting mends."""
        mended, split = self.remedies, self._in_pieces
        return frozenset(
            finding.source
            for finding in self.errors
            if finding.source is not None and finding.source not in mended and finding not in split
        )

    @property
    def _in_pieces(self) -> tuple[Finding, ...]:
        images = {file.source for file in self.files if file.kind == "image"}
        return tuple(one for one in self.findings if one.rule in IN_PIECES and one.source in images)

    def passes(self, *, fail_on_warnings: bool = False) -> bool:
        """Say whether there is no error and, if `fail_on_warnings`, no warning either."""
        return not (self.errors or (fail_on_warnings and self.warnings))

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON of `vlprep.check/1`; a remedy is its text."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "model_warnings": list(self.model_warnings),
            "rules": self.rules,
            "route": self.route,
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "notes": len(self.notes),
            "items": list(self._items()),
            "findings": [finding_json(finding) for finding in self.findings],
            "total_tokens": self.total_tokens,
            "max_input_tokens": self.max_input_tokens,
            "unseen_bytes": self.unseen_bytes,
        }

    def _items(self) -> Iterator[dict[str, Any]]:
        routes: dict[str, dict[str, list[str]]] = {}
        for advice in self.advice:
            routes.setdefault(advice.source, {})[advice.api] = list(advice.routes)
        for file in self.files:
            yield {
                "source": file.source,
                "kind": file.kind,
                "file_bytes": file.file_bytes or None,
                "tokens": file.tokens.total if file.tokens else None,
                "routes": routes.get(file.source, {}),
            }

    def _of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == severity)


def _cells(finding: Finding) -> tuple[str, ...]:
    source, remedy = finding.source or "the request", str(finding.remedy or "")
    found = finding.measured, finding.limit
    return finding.severity, source, finding.rule, *found, remedy


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON has it, its sources with their dates."""
    remedy = finding.remedy and str(finding.remedy)
    return {**asdict(finding), "remedy": remedy, "sources": dated(finding.sources)}


def dated(sources: tuple[str, ...]) -> list[dict[str, str | None]]:
    """Return sources with their dates, as JSON has them."""
    found = {key: find_source(key) for key in sources}
    return [{"id": key, "date": source.date if source else None} for key, source in found.items()]


def check_sending(sending: Sending) -> CheckReport:
    """Hold what is to be sent against every rule; nothing is opened and nothing counted.

    Raises `ConstraintError` for a way of thinking that the model does not have.
    """
    return CheckReport(
        model=sending.model.name,
        rules=sending.rules.name,
        route=sending.route.name,
        files=sending.files,
        findings=find_problems(sending),
        advice=advise_routes(sending),
        total_tokens=sending.total_tokens,
        max_input_tokens=sending.input_limit,
        unseen_bytes=unseen_bytes(sending),
        model_warnings=sending.model.warnings,
    )


def find_problems(sending: Sending) -> tuple[Finding, ...]:
    """Return what all rules find in a request, file by file, the gravest first.

    What concerns the request as a whole comes last.

    >>> from vlprep.models.registry import get_route
    >>> from vlprep.types import ImageInfo, ImageSize
    >>> from vlprep.view import View
    >>> info = ImageInfo(size=ImageSize(8, 80), format="GIF")
    >>> file = FileFacts(source="a.gif", kind="image", info=info)
    >>> ask = Sending(view=View.of("qvq-max"), files=(file,), route=get_route("base64"))
    >>> [finding.rule for finding in find_problems(ask)]
    ['image-side', 'image-format']
    """
    places: dict[str | None, int] = {None: len(sending.files)}
    for place, file in enumerate(sending.files):
        places.setdefault(file.source, place)
    found = list(one_a_file(finding for rule in RULES for finding in rule.findings(sending)))
    found.sort(key=lambda one: (places[one.source], SEVERITIES.index(one.severity)))
    return tuple(found)
