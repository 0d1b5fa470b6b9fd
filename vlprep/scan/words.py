"""What a scan comes to in sentences, for the command line and the page."""

from __future__ import annotations

from collections.abc import Iterator

from vlprep.scan.summary import Kept, Packed, ScanSummary
from vlprep.units import format_money, plural


def sentences(found: ScanSummary) -> Iterator[str]:
    """Yield what rows come to: how many there are and failed, tokens, prices, settings."""
    kinds = ", ".join(plural(count, kind) for kind, count in found.kinds.items())
    failed = f"{sum(found.errors.values()):,} failed"
    yield f"{plural(found.rows, 'row')}{': ' if kinds else ''}{kinds}, {failed}"
    if found.resumed:
        yield f"{found.resumed:,} of them were finished by an earlier run"
    if found.known_by_length:
        rows = plural(found.known_by_length, "row")
        yield f"{rows} of them known by address and length alone, as servers say no more"
    if found.strays:
        yield f"passed over {plural(found.strays, 'file')}, no image or video"
    yield from _failures(found)
    if found.findings:
        yield "found: " + ", ".join(f"{rule} {rows:,}" for rule, rows in found.findings.items())
    yield f"{found.total_tokens:,} tokens"
    if found.percentiles:
        pairs = found.percentiles.items()
        yield ", ".join(f"{share} % have at most {most:,}" for share, most in pairs)
    yield from _prices(found)
    if found.packed is not None and found.percentiles:
        yield _packing(found.packed)
    if found.kept is not None and found.kept.over:
        yield _keeping(found.kept)


def _failures(found: ScanSummary) -> Iterator[str]:
    for code, count in found.errors.items():
        name, why = found.failures[code]
        which = f"such as {name}" if count > 1 else name
        yield f"failed: {code} {count:,}, {which}: {why}"


def _prices(found: ScanSummary) -> Iterator[str]:
    for price in found.prices:
        tier = f", up to {price.tier} tokens" if price.tier else ""
        yield (
            f"about {format_money(price.amount)} {price.currency} as input of a request a row "
            f"(list price, {price.deployment}{tier}, as of {price.as_of})"
        )


def _packing(packed: Packed) -> str:
    left = f", {packed.too_long:,} too long for one" if packed.too_long else ""
    return (
        f"packed first-fit, the longest first: {plural(packed.sequences, 'sequence')} of "
        f"{packed.room:,} tokens, {100 * packed.filled:.1f} % full{left}"
    )


def _keeping(kept: Kept) -> str:
    parts = [_kept_kind(kept, kind) for kind in kept.over]
    over = plural(sum(kept.over.values()), "row")
    return f"{over} above {kept.limit:,} tokens: {'; '.join(parts)}"


def _kept_kind(kept: Kept, kind: str) -> str:
    rows = plural(kept.over[kind], kind)
    if kept.kept[kind]:
        return f"{rows}, no more than 1 %"
    name, value = {"image": ("max_pixels", kept.max_pixels), "video": ("fps", kept.fps)}.get(
        kind, ("", None)
    )
    if value is not None:
        return f"{rows}, with `{name}` {value} no more than 1 %"
    return f"{rows}, and no `{name}` keeps 99 %" if name else rows
