"""What `vlprep scan` does with each row, as its options say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vlprep.batch import Operator
    from vlprep.verbs import Processor

JOBS = ("tokens", "check", "frames", "compress")

OF_JOBS = {
    "route": ("check", "compress"),
    "into": ("frames", "compress"),
    "format": ("frames",),
    "limit": ("compress",),
    "keep": ("compress",),
    "always": ("compress",),
}
"""Options of some jobs alone, by parameter."""

LIMITS = ("max_input", "max_model_len", "thinking")


def job_of(
    processor: Processor, paths: Iterable[str], samples: bool, asked: dict[str, Any]
) -> Operator:
    """Return what is done with each row; takes what is about it alone out of `asked`."""
    kind, folder, tokenizer = (asked.pop(name) for name in ("job", "media_dir", "tokenizer"))
    fetch = asked.pop("fetch")
    own = {name: value for name in OF_JOBS if (value := asked.pop(name)) not in (None, False)}
    for name in own:
        if kind not in OF_JOBS[name]:
            jobs = " or ".join(OF_JOBS[name])
            raise click.UsageError(f"--{name} is for --job {jobs}")
    if not samples and (folder or tokenizer or fetch):
        raise click.UsageError(
            "--media-dir, --tokenizer, --fetch are for samples: .jsonl, .json, .csv"
        )
    if samples and kind != "tokens":
        raise click.UsageError(f"--job {kind} is for media, not for samples")
    if kind in OF_JOBS["into"]:
        return _writing(processor, kind, own, asked["force"])
    limits = {name: asked[name] for name in LIMITS}
    if kind == "check":
        from vlprep.batch import CheckMedia

        return CheckMedia.of(processor, **{"route": "base64", **own}, **limits)
    from vlprep.batch import CountTokens

    if not samples:
        return CountTokens.of(processor)
    from vlprep.cli.samples import load_tokenizer

    return CountTokens.of(
        processor,
        column="messages",
        folder=_folder_of(paths) if folder is None else folder,
        tokenizer=load_tokenizer(tokenizer) if tokenizer else None,
        fetch=fetch,
        **limits,
    )


def _writing(processor: Processor, kind: str, own: dict[str, Any], force: bool) -> Operator:
    from vlprep.scan.writing import CompressInto, FramesInto

    if "into" not in own:
        raise click.UsageError(f"--job {kind} writes files: --into DIR says where to")
    settings = {"folder": own.pop("into"), "overwrite": force, **own}
    job = FramesInto if kind == "frames" else CompressInto
    return job.of(processor, **settings)


def _folder_of(paths: Iterable[str]) -> str:
    """Return the folder in which paths of samples begin: the one in which all of them lie.

    Of samples at an address it is the working folder.
    """
    from pathlib import Path

    from vlprep.media.remote import scheme_of

    folders = sorted({"." if scheme_of(path) else str(Path(path).parent) for path in paths})
    if len(folders) > 1:
        named = ", ".join(folders)
        raise click.UsageError(f"samples of several folders ({named}): --media-dir says where")
    return folders[0]
