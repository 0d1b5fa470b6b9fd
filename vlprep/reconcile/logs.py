"""Set what a log says was billed against what each rule set predicts; `lines` reads the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vlprep.count.messages import served_options
from vlprep.count.videos import media_count
from vlprep.display import brief
from vlprep.draw.charts import Chart, draw_chart
from vlprep.errors import VlprepError
from vlprep.models.registry import get_model, list_servers
from vlprep.output.drawing import Drawing
from vlprep.output.target import PathLike
from vlprep.reconcile.fit import Billing, Fit, Numbers, find_change, fit_rules, same_numbers
from vlprep.reconcile.lines import Call, LeftOut, lines_of, read_lines
from vlprep.types import ImageInfo
from vlprep.units import plural
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The requests between two changes of rules."""

    first: Call
    last: Call
    fits: tuple[Fit, ...]
    """How each rule set does over them, the best first."""
    like_best: tuple[str, ...]
    """Other rule sets that predict the same of every request."""

    @property
    def best(self) -> Fit | None:
        """The rule set that explains the most; `None` where none explains any."""
        return self.fits[0] if self.fits and self.fits[0].matched else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What a log says of one model: which rules fit, what stands beside media, since when."""

    model: str
    calls: tuple[Call, ...]
    """In the order of time."""
    periods: tuple[Period, ...]
    """One, or two where the rules changed."""
    misses: tuple[int, ...]
    """Tokens billed beyond what the best rule set of each period predicts, request by request."""

    def __repr__(self) -> str:
        best = (period.best.rules if period.best else "none fits" for period in self.periods)
        return brief(self, self.model, plural(len(self.calls), "request"), " then ".join(best))

    @property
    def changed(self) -> Call | None:
        """The first request from which other rules hold; `None` where they did not change."""
        return self.periods[1].first if len(self.periods) > 1 else None

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON."""
        changed = self.changed
        return {
            "model": self.model,
            "requests": len(self.calls),
            "changed_on": _day(changed) if changed else None,
            "changed_at_line": changed.line if changed else None,
            "periods": [
                {
                    "from": _day(period.first),
                    "to": _day(period.last),
                    "best": period.best.rules if period.best else None,
                    "like_best": list(period.like_best),
                    "rule_sets": [asdict(fit) for fit in period.fits],
                }
                for period in self.periods
            ],
        }

    def chart(self) -> Drawing:
        """Draw, request by request, what was billed beyond the prediction."""
        points = tuple((float(k), float(miss)) for k, miss in enumerate(self.misses, 1))
        chart = Chart(
            curves={"billed less predicted": points},
            limit=0.0,
            limit_label="as predicted",
            chosen=points[len(self.calls) - 1],
            across="requests in the order of time",
            up="tokens",
        )
        return Drawing(draw_chart(chart, self.model, [_told(period) for period in self.periods]))

    def save_chart(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write what `chart` draws to a picture file, whose ending chooses the format.

        Raises `ConstraintError` for a format that is not written, and `FileExistsError`.
        """
        self.chart().save(path, overwrite=overwrite)


def _day(call: Call) -> str | None:
    return call.time.date().isoformat() if call.time else None


def _told(period: Period) -> str:
    best = period.best
    what = f"{best.rules} explains {best.matched} of {best.requests}" if best else "no rules fit"
    return f"from {_day(period.first) or f'line {period.first.line}'}: {what}"


def reconcile_log(
    log: PathLike | Iterable[str], model: str | None = None
) -> tuple[tuple[Reconciliation, ...], tuple[LeftOut, ...]]:
    """Set the usage in a log against what every rule set of its models predicts.

    `log` is a file of JSON Lines, gzipped or not, or its lines. A line has the reply (`response` or
    `reply`, a list of its chunks, or a `usage`), the request (`request`, `body` or `messages`), and
    may have `time`, `model`, `text_tokens` and `media`: a list of facts,
    `{"height": 720, "width": 1280}` and for clips `frames` and `fps`, or of paths. Results of a
    batch find their requests, before or after them, by `custom_id`. `model` holds where a line
    names none that is known. Lines that say nothing here are returned too.

    Raises `FileNotFoundError`.

    >>> line = '{"model": "qvq-max", "media": [{"height": 480, "width": 640}],'
    >>> line += '"usage": {"prompt_tokens": 420, "prompt_tokens_details": {"image_tokens": 391}}}'
    >>> (found,), left_out = reconcile_log([line] * 3)
    >>> found.periods[0].best.rules, found.periods[0].best.matched
    ('guide-2025-06', 3)
    """
    if isinstance(log, str | Path):
        with Path(log).open("rb") as file:
            found = list(read_lines(lines_of(file), model, Path(log).parent))
    else:
        found = list(read_lines(log, model, Path()))  # type: ignore[arg-type]
    by_model: dict[str, list[Call]] = {}
    found.sort(key=lambda one: one.line)  # a request may come after its result
    for call in found:
        if isinstance(call, Call):
            by_model.setdefault(call.model, []).append(call)
    left = tuple(one for one in found if isinstance(one, LeftOut))
    return tuple(_reconciled(name, calls) for name, calls in by_model.items()), left


# From calls to numbers.


def _reconciled(model: str, calls: list[Call]) -> Reconciliation:
    if all(call.time for call in calls):
        calls = sorted(calls, key=lambda call: call.time)  # type: ignore[arg-type,return-value]
    billing = _billing(calls)
    predictions = {name: _predicted(calls, view) for name, view in _views(model).items()}
    cut = find_change(billing, predictions)
    parts = [slice(0, len(calls))] if not cut else [slice(0, cut), slice(cut, len(calls))]
    periods, misses = [], np.zeros(len(calls), np.int64)
    for part in parts:
        fits = tuple(fit_rules(billing, predictions, part))
        best = fits[0].rules
        constant = fits[0].constant or 0
        misses[part] = billing.totals[part] - predictions[best][part] - constant
        like = tuple(same_numbers(predictions, best, part))
        own = calls[part]
        periods.append(Period(first=own[0], last=own[-1], fits=fits, like_best=like))
    return Reconciliation(
        model=model, calls=tuple(calls), periods=tuple(periods), misses=tuple(misses.tolist())
    )


def _views(model: str) -> dict[str, View]:
    """Return the ways in which a model's media may have been counted, by name."""
    spec = get_model(model)
    views = {rules.name: View.of(spec, rules=rules.name) for rules in spec.rule_sets}
    if spec.kind == "open-weights":
        views |= {server.name: View.of(spec, server=server) for server in list_servers()}
    return views


def _billing(calls: list[Call]) -> Billing:
    def text_of(call: Call) -> int:
        return call.text_tokens

    return Billing(
        totals=np.array([call.usage.input_tokens - text_of(call) for call in calls], np.int64),
        media=np.array(
            [-1 if call.usage.media_tokens is None else call.usage.media_tokens for call in calls],
            np.int64,
        ),
        counts=np.array([len(call.media) for call in calls], np.int64),
        texts=tuple(call.text for call in calls),
    )


def _predicted(calls: list[Call], view: View) -> Numbers:
    """Return the visual tokens that each request should have; -1 where the rules refuse one."""
    return np.array([_of_call(call, view) for call in calls], np.int64)


def _of_call(call: Call, view: View) -> int:
    total = 0
    for medium in call.media:
        is_image = isinstance(medium.info, ImageInfo)
        served = served_options(view, "image" if is_image else "video", call.served)
        asked = {} if medium.beside and view.server else medium.asked
        try:
            own = view.asking(**{**asked, **served}, high_res=call.high_res and is_image)
            total += media_count(medium.info, own).visual
        except VlprepError:
            return -1
    return total
