"""Samples in `vlprep tokens`: requests and rows of data sets, one row of the table each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from vlprep.cli import EXIT_FAILED
from vlprep.cli.render import (
    FAILED,
    counted_of,
    document,
    heading,
    note,
    print_csv,
    print_json,
    print_json_line,
    print_table,
    rows_of,
)
from vlprep.cli.terminal import say
from vlprep.cli.text import thousands
from vlprep.count.files import MediaFailure
from vlprep.errors import MissingPackageError, ModelFileError, VlprepError
from vlprep.samples.rows import read_rows
from vlprep.samples.samples import SampleCount, Tokenizer, count_rows
from vlprep.verbs import Processor

Counted: TypeAlias = SampleCount | MediaFailure

COLUMNS = (
    "source", "image_tokens", "video_tokens", "text_tokens", "total_tokens", "max_input_tokens",
    "fits", "error_code", "error_message",
)  # fmt: skip


def count_files(
    files: Sequence[str], processor: Processor, folder: str | None, **how: Any
) -> Iterator[Counted]:
    """Count the samples of files; paths in them begin in `folder`, or beside their file."""
    from pathlib import Path

    for file in files:
        own = Path(file).parent if folder is None else folder
        try:
            yield from count_rows(read_rows(file), processor, folder=own, **how)
        except (VlprepError, OSError) as error:  # of the file as a whole
            yield MediaFailure(source=file, error=error)


def load_tokenizer(path: str) -> Tokenizer:
    """Return what counts text by a `tokenizer.json`, which the package `tokenizers` reads."""
    from pathlib import Path

    try:
        from tokenizers import Tokenizer as Read
    except ImportError as error:
        raise MissingPackageError("tokenizers", "text") from error
    file = Path(path) / "tokenizer.json" if Path(path).is_dir() else Path(path)
    try:
        read = Read.from_buffer(file.read_bytes())
    except ValueError as error:
        raise ModelFileError(str(file), f"no tokenizer: {error}") from error
    return partial(_count_text, read)  # which goes to other processes


def _count_text(tokenizer: Any, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False).ids)


def print_samples(counted: Iterable[Counted], processor: Processor, form: str | None) -> int:
    """Print samples in the form asked for, and return the exit code."""
    if form == "jsonl":
        return max((_print_line(one) for one in counted), default=0)
    samples = list(counted)
    if form == "json":
        items, total = [one.to_dict() for one in samples], sum(_totals(samples))
        print_json(document("samples", processor, items=items, total_tokens=total))
    elif form == "csv":
        print_csv((one.to_dict() for one in samples), COLUMNS)
    else:
        say(heading(processor))
        if _totals(samples):
            rows = rows_of(samples, HEADINGS, _row, at="tokens")
            print_table(HEADINGS, rows, names=HEADINGS[:1], drop=MAY_GO)
    code = max(map(_report, samples), default=0)
    if form is None:
        say("", *_summary(samples))
    return code


MAY_GO = ("media", "room left", "image", "video", "text")
HEADINGS = ("sample", "media", "image", "video", "text", "tokens", "room left")


def _row(sample: SampleCount) -> tuple[str, ...]:
    return (
        sample.source,
        thousands(len(sample.files)),
        thousands(sample.image_tokens),
        thousands(sample.video_tokens),
        thousands(sample.text_tokens),
        FAILED if sample.failures else thousands(sample.total_tokens),
        thousands(sample.room),
    )


def _print_line(one: Counted) -> int:
    print_json_line(one.to_dict())
    return _report(one)


def _totals(samples: Iterable[Counted]) -> list[int]:
    """Return the tokens of the samples in which all could be counted, the fewest first."""
    counts = (one for one in samples if isinstance(one, SampleCount))
    return sorted(one.total_tokens for one in counts if one.total_tokens is not None)


SHARES = (50, 90, 99, 100)
"""Percentiles that a summary tells."""


def _summary(samples: Sequence[Counted]) -> Iterator[str]:
    totals = _totals(samples)
    done = counted_of(len(totals), len(samples), "sample")
    yield f"{thousands(sum(totals))} tokens in {done}"
    if len(totals) > 1:
        at = [totals[-(-share * len(totals) // 100) - 1] for share in SHARES]
        pairs = zip(SHARES, at, strict=True)
        yield ", ".join(f"{share} % have at most {thousands(most)}" for share, most in pairs)
    counts = [one for one in samples if isinstance(one, SampleCount)]
    over = [one for one in counts if one.fits is False]
    if over:
        limit = over[0].limit
        assert limit is not None
        kept = sum(one.keeps is not None for one in over)
        yield (
            f"{thousands(len(over))} too long for the {limit.name}, {thousands(limit.tokens)} "
            f"tokens; {thousands(kept)} would fit with other settings"
        )
    if any(one.text_tokens is None for one in counts):
        yield "text is not counted; --tokenizer counts it"


def _report(one: Counted) -> int:
    """Say on stderr what is wrong with a sample; returns the exit code."""
    if isinstance(one, MediaFailure):
        note(f"error: {one.source}: {one.message}")
        return EXIT_FAILED
    for failure in one.failures:
        note(f"error: {one.source}: {failure.source}: {failure.message}")
    for warning in one.warnings:
        note(f"warning: {one.source}: {warning}")
    if one.not_counted:
        note(f"warning: {one.source}: not counted: {', '.join(one.not_counted)}")
    if one.fits is False:
        note(f"warning: {one.source}: too long; {_kept(one)}")
    return EXIT_FAILED if one.failures else 0


def _kept(sample: SampleCount) -> str:
    """Tell the settings with which a sample fits, those of equal media once."""
    if sample.keeps is None:
        return "no setting makes it fit"
    told = (", ".join(f"{name} {value}" for name, value in one.items()) for one in sample.keeps)
    return f"fits with {'; '.join(dict.fromkeys(filter(None, told)))}"
