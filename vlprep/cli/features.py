"""What the page of a model says of it beside its limits, and of asking it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vlprep.models.citing import cite

if TYPE_CHECKING:
    from vlprep.models.features import FreeQuota, StatedNumber
    from vlprep.models.spec import ModelSpec


def feature_lines(spec: ModelSpec) -> Iterator[str]:
    """Yield what documents say of a model, a line a fact, each with its sources."""
    facts = spec.features
    if facts.deaf_sources:
        yield f"  sound     not heard {cite(facts.deaf_sources)}"
    if spec.video_ticket_sources:
        yield f"  videos    needed a ticket to the vendor first {cite(spec.video_ticket_sources)}"
    rates = {"counts": facts.rate_sources, "has no effect": facts.no_rate_sources}
    said = "; ".join(f"{what} {cite(sources)}" for what, sources in rates.items() if sources)
    if said:
        yield f"  list rate {said}"
    if facts.advised_pixels:
        yield f"  advised   at most {_numbers(facts.advised_pixels)} pixels an image"
    for one in facts.capabilities:
        yield f"  can       {one.name}: {one.says} {cite(one.sources)}"
    for quota in facts.quotas:
        yield f"  free      {_quota(quota)}"
    yield from _addresses(spec)
    yield from _sdks(spec)


def _numbers(stated: Sequence[StatedNumber]) -> str:
    return " or ".join(f"{one.number:,} {cite(one.sources)}" for one in stated)


def _quota(quota: FreeQuota) -> str:
    days = f" for {quota.days} days" if quota.days else ""
    place = f", {quota.deployment} alone" if quota.deployment else ""
    return f"{quota.tokens:,} tokens{days}{place} {cite(quota.sources)}"


def _addresses(spec: ModelSpec) -> Iterator[str]:
    from vlprep.models.document import regions_of

    for name, region in regions_of(spec).items():
        if region is None:
            yield f"  address   {name}: not stated"
            continue
        for api, base in region.bases.items():
            yield f"  address   {name}, {api}: {base} {cite(region.sources)}"


def _sdks(spec: ModelSpec) -> Iterator[str]:
    from vlprep.models.document import sdks_of

    for api, sdks in sdks_of(spec).items():
        for sdk in sdks:
            what = f"{sdk.language} {sdk.version} for {sdk.needed_for or 'media'}"
            yield f"  SDK       {api}, {what} {cite(sdk.sources)}"
