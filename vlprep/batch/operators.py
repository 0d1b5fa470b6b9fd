"""What an engine maps over batches: objects that keep nothing, and that a pickle carries.

Each adds columns to a batch of rows, one row out for one row in. A row that fails has its reason in
the columns `error_code` and `error`, so that no bad file ends a job.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from vlprep.batch.operator import ERRORS, Operator, RowOperator, failed, source_of
from vlprep.batch.tables import Batch, Columns, Row, column_of, rows_of
from vlprep.count.files import MediaCount, MediaFailure, count_probed, probe_file
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.overlap import overlapped
from vlprep.types import ImageInfo

if TYPE_CHECKING:
    from vlprep.compress.result import Compressed
    from vlprep.samples.samples import SampleCount

# What it costs.


class CountTokens(Operator):
    """Count what the media of each row cost, from their headers.

    With `samples` the column holds messages, a request, or text of either in JSON; lists `images`
    and `videos` beside it are what the text names. `folder` is where paths in samples begin;
    `text_tokens`, `tokenizer`, `max_input`, `max_model_len`, `thinking` and `route` are those of
    `count_messages`. A column called "messages" holds samples unless told otherwise.

    >>> count = CountTokens("qwen3-vl-plus", max_pixels=100_000)
    >>> done = count({"path": ["fixtures/photo.jpg", "no-such.jpg"]})
    >>> done["tokens"], done["error_code"]
    ([90, None], [None, 'not_found'])
    """

    __slots__ = ()

    columns: ClassVar[Columns] = {
        "kind": "string",
        "height": "int64",
        "width": "int64",
        "resized_height": "int64",
        "resized_width": "int64",
        "file_frames": "int64",
        "file_fps": "float64",
        "frames": "int64",
        "tokens": "int64",
        "warnings": "list<string>",
    }
    of_samples: ClassVar[Columns] = {
        "media": "int64",
        "image_tokens": "int64",
        "video_tokens": "int64",
        "text_tokens": "int64",
        "tokens": "int64",
        "max_input_tokens": "int64",
        "fits": "bool",
        "keeps": "string",
        "warnings": "list<string>",
    }
    """The columns of samples; `keeps` is JSON: the settings for each medium with which it fits."""

    @property
    def counts_samples(self) -> bool:
        """Whether the rows are samples, not media."""
        asked = dict(self.settings).get("samples")
        return self.column == "messages" if asked is None else bool(asked)

    @property
    def types(self) -> Columns:
        """The columns that it adds, with their types."""
        return {**(self.of_samples if self.counts_samples else self.columns), **ERRORS}

    def work(self, batch: Batch) -> list[Row]:
        """Return the new columns' values row by row."""
        if self.counts_samples:
            column_of(batch, self.column)  # raises where it is not there
            return [self._sample(row) for row in rows_of(batch)]
        probed = overlapped(self._probed, column_of(batch, self.column))
        return [_counted(result) for result in count_probed(probed, self.view)]

    def _probed(self, value: Any) -> Any:
        try:
            source = source_of(value)
        except VlprepError as error:
            return MediaFailure(source="", error=error)
        return probe_file(source, self.view)

    def _sample(self, row: Row) -> Row:
        from vlprep.samples.samples import count_messages

        said = row[self.column]
        is_list = isinstance(said, str) and said.lstrip()[:1] == "["
        if is_list or isinstance(said, list | tuple):
            said = {**row, "messages": said}
        try:
            return _sampled(count_messages(said, self.view, **self._how()))
        except (VlprepError, OSError) as error:
            return failed(error)

    def _keywords(self) -> frozenset[str]:
        from vlprep.samples.samples import SampleOptions

        return frozenset((*SampleOptions.__annotations__, "samples"))

    def _try(self) -> None:
        from vlprep.samples.samples import count_messages

        foreign = sorted(name for name, _ in self.settings if name != "samples")
        if self.counts_samples:
            count_messages([{"content": ""}], self.view, **self._how())
        elif foreign:
            raise ConstraintError(f"`{foreign[0]}` is for samples, not for media")

    def _how(self) -> dict[str, Any]:
        return {name: value for name, value in self.settings if name != "samples"}


def _counted(result: MediaCount | MediaFailure) -> Row:
    if isinstance(result, MediaFailure):
        return {"error_code": result.code, "error": result.message}
    info, tokens = result.info, result.tokens
    row: Row = {
        "kind": result.kind,
        "height": info.size.height,
        "width": info.size.width,
        "resized_height": tokens.resized.height,
        "resized_width": tokens.resized.width,
        "frames": tokens.frames,
        "tokens": tokens.total,
        "warnings": list(result.warnings),
    }
    if not isinstance(info, ImageInfo):
        row["file_frames"] = info.frame_count
        row["file_fps"] = None if info.fps is None else float(info.fps)
    return row


def _sampled(count: SampleCount) -> Row:
    failure = next(iter(count.failures), None)
    keeps = None if count.keeps is None else json.dumps([dict(one) for one in count.keeps])
    return {
        "media": len(count.files),
        "image_tokens": count.image_tokens,
        "video_tokens": count.video_tokens,
        "text_tokens": count.text_tokens,
        "tokens": count.total_tokens,
        "max_input_tokens": count.limit.tokens if count.limit else None,
        "fits": count.fits,
        "keeps": keeps,
        "warnings": [*count.warnings, *(f"not counted: {what}" for what in count.not_counted)],
        "error_code": failure.code if failure else None,
        "error": f"{failure.source}: {failure.message}" if failure else None,
    }


# What is sent.


class CheckMedia(RowOperator):
    """Check each row's file against every documented limit, as a request of its own.

    The keywords are those of `check_media`.

    >>> done = CheckMedia("qwen3-vl-plus")({"path": ["fixtures/photo.jpg", "fixtures/tiny.png"]})
    >>> done["passes"], done["rules"]
    ([True, False], [[], ['image-side']])
    """

    __slots__ = ()

    columns: ClassVar[Columns] = {
        "kind": "string",
        "tokens": "int64",
        "passes": "bool",
        "errors": "int64",
        "warnings": "int64",
        "rules": "list<string>",
        "findings": "list<string>",
    }

    def _row(self, source: Any) -> Row:
        from vlprep.check.check import check_files

        report = check_files([source], self.view, **dict(self.settings))
        findings = [one for one in report.findings if one.severity != "note"]
        row = {
            "kind": report.files[0].kind,
            "tokens": report.total_tokens,
            "passes": report.passes(),
            "errors": len(report.errors),
            "warnings": len(report.warnings),
            "rules": [one.rule for one in findings],
            "findings": [f"{one.severity}: {one.rule}: {one.message}" for one in findings],
        }
        problem = report.files[0].problem
        return row if problem is None else {**row, "tokens": None, **failed(problem)}

    def _keywords(self) -> frozenset[str]:
        from vlprep.check.check import CheckKeywords

        return frozenset(CheckKeywords.__annotations__)

    def _try(self) -> None:
        from vlprep.check.check import check_files

        check_files([], self.view, **dict(self.settings))


class CompressMedia(RowOperator):
    """Bring each row's file under a byte limit; the result is in the column `content`.

    The keywords are those of `compress_file`; with `dry_run` there is no content.

    >>> done = CompressMedia("qwen3-vl-plus", limit=27_000)({"path": ["fixtures/photo.jpg"]})
    >>> done["action"], len(done["content"][0]) < 27_000
    (['compressed'], True)
    """

    __slots__ = ()

    columns: ClassVar[Columns] = {
        "kind": "string",
        "action": "string",
        "reason": "string",
        "format": "string",
        "bytes_before": "int64",
        "bytes_after": "int64",
        "tokens_before": "int64",
        "tokens_after": "int64",
        "dropped": "list<string>",
        "warnings": "list<string>",
        "content": "binary",
    }

    def _row(self, source: Any) -> Row:
        from vlprep.compress.many import compress_file
        from vlprep.media.sniff import endings

        asked = dict(self.settings)
        if asked.get("dry_run"):
            return _compressed(compress_file(source, None, self.view, **asked).result, None)
        with TemporaryDirectory() as folder:
            written = compress_file(
                source,
                lambda format: Path(folder, f"whole{endings(format)[0]}"),
                self.view,
                **asked,
            )
            return _compressed(written.result, Path(str(written.target)).read_bytes())

    def _keywords(self) -> frozenset[str]:
        from vlprep.compress.many import CompressKeywords

        return frozenset(CompressKeywords.__annotations__) - {"overwrite", "watch"}

    def _try(self) -> None:
        from vlprep.compress.result import Asked

        Asked(**dict(self.settings)).check()


def _compressed(result: Compressed, content: bytes | None) -> Row:
    return {
        "kind": result.kind,
        "action": result.action,
        "reason": result.reason,
        "format": result.format,
        "bytes_before": result.bytes_before,
        "bytes_after": result.bytes_after,
        "tokens_before": result.tokens_before.total,
        "tokens_after": None if result.tokens_after is None else result.tokens_after.total,
        "dropped": list(result.dropped),
        "warnings": list(result.warnings),
        "content": content,
    }
