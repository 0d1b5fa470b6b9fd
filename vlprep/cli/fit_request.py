"""`vlprep fit-request`: a request body with media that fit."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command
from vlprep.cli.idle import say_unused
from vlprep.cli.inputs import read_input
from vlprep.cli.options import BYTES, COUNT, POSITIVE, bind, output_options, view_options
from vlprep.cli.render import note, print_json, say_error

if TYPE_CHECKING:
    from vlprep.check.rule import Finding
    from vlprep.refit.result import FittedRequest


@click.command(name="fit-request", cls=Command)
@click.argument("request", metavar="REQUEST.json")
@click.option("-o", "--output", metavar="FILE", help="Write the body here instead of to stdout.")
@click.option("--max-body", type=BYTES, help="Keep the whole body at so many bytes; 5MB, 5MiB.")
@click.option("--max-images", type=COUNT, help="Take so many images at most, those by URL too.")
@click.option("--drop-oldest", is_flag=True, help="Put text in place of the first images too many.")
@click.option("--max-side", type=POSITIVE, help="Shrink images with a longer side to this.")
@click.option("--limit", type=BYTES, help="Keep each file under so many bytes; 3MB, 5MiB.")
@view_options
@output_options
def command(
    request: str,
    *,
    output: str | None,
    drop_oldest: bool,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Make the images and videos inside a request body fit a model's limits, and your own.

    REQUEST.json is a body for OpenAI's chat or responses, DashScope, Anthropic or Bedrock, - for
    stdin. The same body comes out, byte for byte but for the media that were over a limit: their
    bytes, their sides, their format, the type they declare. What is within the limits is left
    alone. What was changed, and for which limit, is said on stderr; so is what cannot be mended,
    which stays, and makes the exit code 1. Nothing is fetched or sent.

    \b
    vlprep fit-request body.json --max-body 5MB -o fitted.json
    vlprep fit-request - --max-images 50 --drop-oldest < body.json
    """
    if as_json and output is None:
        raise click.UsageError(
            "--json tells of the changes on stdout; name a file for the body: -o"
        )
    processor = bind(asked)
    asked["drop"] = "oldest" if drop_oldest else None
    fitted = processor.fit_request(read_input(request), **asked)
    if output is None:
        sys.stdout.buffer.write(fitted.body)
        sys.stdout.buffer.flush()
    else:
        fitted.save(output, overwrite=force)
    say_unused(fitted.kinds)
    for line in _told(fitted):
        note(line)
    for finding in fitted.left:
        if finding.severity == "error":
            say_error(f"error: {_sentence(finding)}")
        else:
            note(f"warning: {_sentence(finding)}")
    if as_json:
        print_json({**fitted.to_dict(), "output": output})
    return 0 if fitted.fits else EXIT_FAILED


def _told(fitted: FittedRequest[bytes]) -> Iterator[str]:
    for change in fitted.changes:
        yield f"{change.source}: {change.message}"
    yield from (f"warning: {warning}" for warning in fitted.warnings)
    yield f"{len(fitted.changes):,} of {fitted.media:,} media changed, by limits of {fitted.model}"
    if fitted.not_fetched:
        first, *more = fitted.not_fetched
        others = f" and {len(more):,} more" if more else ""
        why = "by URL, path or id, or a list in one data URL; left as it is"
        yield f"warning: {first}{others}: {why}"


def _sentence(finding: Finding) -> str:
    place = f"{finding.source}: " if finding.source else ""
    step = finding.remedy.step if finding.remedy else ""
    return f"{finding.rule}: {place}{'; '.join(filter(None, [finding.message, step]))}"
