"""`vlprep payload`: a whole request for a chat API, to be sent by something else."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command, is_quiet
from vlprep.cli.findings import tell_refused
from vlprep.cli.idle import say_idle, say_unused
from vlprep.cli.inputs import read_input
from vlprep.cli.named import file_options, take_inputs
from vlprep.cli.options import (
    POSITIVE,
    bind,
    choice_option,
    deployment_option,
    force_option,
    readable_pieces_option,
    route_option,
    sdk_option,
    sending_options,
    thinking_option,
    view_options,
)
from vlprep.cli.picking import look_options, take_picking
from vlprep.cli.render import note
from vlprep.cli.shell import model_words, quote, variable
from vlprep.cli.terminal import say
from vlprep.cli.text import CommandLine, flagged, safe, thousands
from vlprep.errors import CheckError, ConstraintError
from vlprep.models.citing import cite
from vlprep.units import format_bytes, plural

if TYPE_CHECKING:
    from vlprep.models.asking import Recipe, Region
    from vlprep.payload.parts import Json, MediaPart, UrlKind
    from vlprep.payload.request import Request


def _list_recipes(context: click.Context, _: click.Parameter, asked: bool) -> None:
    from vlprep.models.registry import list_recipes

    if asked:
        say(*(line for recipe in list_recipes() for line in _recipe_lines(recipe)))
        context.exit()


def _recipe_lines(recipe: Recipe) -> Iterator[str]:
    yield f"{recipe.name}: {recipe.title}; {', '.join(recipe.series)} {cite(recipe.sources)}"
    said = {"text": recipe.text, "system": recipe.system, **recipe.sampling.said}
    yield from (f"  {name:<18} {value}" for name, value in said.items() if value not in ("", None))


@click.command(name="payload", cls=Command)
@file_options
@click.option("-t", "--text", help="Ask this.")
@click.option("--text-file", metavar="FILE", help="Read what to ask from a file, - for stdin.")
@click.option("--recipe", metavar="NAME", help="Ask as documents advise; --recipes lists how.")
@click.option(
    "--recipes", is_flag=True, is_eager=True, expose_value=False, callback=_list_recipes,
    help="Print all recipes, and stop.",
)  # fmt: skip
@click.option(
    "--history", metavar="FILE", help="Send earlier messages first: a JSON list, or a body."
)
@click.option("--system", help="Send a system message, to models that take one.")
@choice_option(
    "--api",
    ("openai", "dashscope"),
    "Speak the OpenAI-compatible protocol, or DashScope's own.",
    "openai",
)
@deployment_option
@route_option("Put files in the request, let the DashScope SDK upload them, or take URLs alone.")
@choice_option(
    "--url-kind", ("image", "video"), "Take URLs for this; by default their endings tell."
)
@view_options
@sending_options
@look_options
@click.option("--fetch", is_flag=True, help="Put files at addresses in, as any other file.")
@click.option(
    "--pieces", is_flag=True, help="Send images of small letters in pieces that can be read."
)
@readable_pieces_option
@click.option("--folder", metavar="DIR", help="Write new files there that are sent by their path.")
@thinking_option
@click.option(
    "--thinking-budget", type=POSITIVE, help="End a chain of thought after so many tokens."
)
@click.option("--stream/--no-stream", default=None, help="Let the reply come in pieces, or not.")
@click.option("--no-check", is_flag=True, help="Go on where a documented limit is broken.")
@sdk_option
@click.option("-v", "--verbose", is_flag=True, help="Tell of each file, on stderr.")
@click.option("--preview", "shortened", is_flag=True, help="Cut the data URLs, for a look.")
@click.option("-o", "--output", metavar="FILE", help="Write it to a file.")
@force_option
def command(
    *,
    text: str | None,
    text_file: str | None,
    history: str | None,
    url_kind: UrlKind | None,
    no_check: bool,
    sdk: bool,
    shortened: bool,
    output: str | None,
    force: bool,
    verbose: bool,
    **asked: Any,
) -> int:
    """Print the body of a request that asks a model about images and videos.

    Nothing is sent. Files are held against the documented limits first, and put into the request
    byte for byte unless --compress or --as-frames is given; their types are those of their content.
    A folder is the media files in it; with --list all images are the frames of one video. URLs are
    passed on and not fetched, unless --fetch is given. --as-frames with --pick sends the frames of
    videos in which something happens; --pieces sends pages of small letters in pieces, in reading
    order. --sdk prints the keyword arguments of
    client.chat.completions.create or dashscope.MultiModalConversation.call instead.

    \b
    vlprep payload photo.jpg --text "What is this?" --model qvq-max --preview
    vlprep payload clip.mp4 --text "What happens?" -o body.json
    curl "$BASE_URL/chat/completions" --data-binary @body.json \\
      -H "Authorization: Bearer $KEY" -H "Content-Type: application/json"
    """
    model, model_file, asked["region"] = (
        asked["model"],
        asked["model_file"],
        asked.pop("deployment"),
    )
    question, asked["pick"] = _text(text, text_file, asked["recipe"]), take_picking(asked)
    processor = bind(asked)
    items = [_item(file, url_kind) for file in take_inputs(asked, optional=history is not None)]
    try:
        earlier = None if history is None else _history(history)
        request = processor.request(items, question, check=not no_check, history=earlier, **asked)
    except CheckError as error:
        words = model_words(processor.model.name, model_file, model)
        tell_refused(error, words, "nothing was built; --no-check goes on all the same")
        return EXIT_FAILED
    say_unused(part.kind for part in request.parts)
    if all(file.mime_type for part in request.parts for file in part.files):
        say_idle(["url_kind"], "for URLs that are passed on, and none is")
    if processor.server:
        say_idle(["video_fields"], f"for a service, and {processor.server.title} has its own")
    made = {part.action for part in request.parts} - {"unchanged", "given"}
    if request.route != "path" or not made:
        say_idle(["folder"], "for files made here and sent by --route path, and there are none")
    document = request.to_dict(sdk=sdk)
    if output is None and sys.stdout.isatty() and not shortened:
        shortened = True
        note("data URLs are cut for the terminal; -o FILE or a pipe gets them whole")
    _write(preview(document) if shortened else document, output, force=force)
    for line in _parts(request.parts, verbose=verbose):
        note(line)
    _report(request, body_length(document), sdk=sdk, output=output)
    said = {f"{processor.model.name}: {warning}" for warning in processor.model.warnings}
    for warning in request.warnings:
        if warning not in said:  # of the model, when it was bound
            note(f"warning: {warning}")
    return 0


def _history(name: str) -> list[Any]:
    """Return the messages in a file: a list of them, or a body that holds one."""
    from vlprep.parsing import parse_json

    try:
        found = parse_json(read_input(name))
    except ValueError as error:
        raise ConstraintError(f"{name}: not JSON: {error}") from error
    for key in ("input", "messages"):
        found = found.get(key, found) if isinstance(found, dict) else found
    if not isinstance(found, list):
        raise ConstraintError(f"{name}: neither a list of messages nor a body with one")
    return found


def _item(file: Any, kind: UrlKind | None) -> Any:
    """Return a file, or the images of a list, with what URLs are said to hold."""
    from dataclasses import replace

    from vlprep.count.frame_list import FrameList
    from vlprep.media.addresses import is_web_url
    from vlprep.payload.parts import MediaUrl

    if isinstance(file, FrameList):
        return replace(file, images=tuple(_item(image, kind) for image in file.images))
    return MediaUrl(file, kind) if kind is not None and is_web_url(file) else file


def _text(text: str | None, file: str | None, recipe: str | None) -> str:
    from vlprep.models.registry import get_recipe

    if text is None and file is None and recipe is not None and get_recipe(recipe).text:
        return ""
    if (text is None) == (file is None):
        raise click.UsageError("say what to ask: --text TEXT, or --text-file FILE")
    if file is None:
        return str(text)
    return read_input(file).decode(errors="surrogateescape").removesuffix("\n")


def _write(document: Json, output: str | None, *, force: bool) -> None:
    """Write a document piece by piece, to stdout or a file."""
    from vlprep.payload.request import json_chunks, write_json

    if output is not None:
        write_json(document, output, overwrite=force)
        return
    for chunk in json_chunks(document, indent=2):
        click.echo(chunk, nl=False)
    click.echo()


def _report(request: Request, length: int, *, sdk: bool, output: str | None) -> None:
    tokens = "unknown tokens" if request.tokens is None else f"{thousands(request.tokens)} tokens"
    url = request.url or f".../{request.api.path}"
    what = "arguments" if sdk else f"body for POST {url}"
    note(f"{request.settings.model}, {request.api.name} API: {tokens} of media; {what}, "
         f"{format_bytes(length)}")  # fmt: skip
    for name, value in request.headers.items() if not sdk else ():
        if name != "Content-Type":
            note(f"it needs the header {name}: {value}")
    if request.region:
        if not is_quiet():
            say(_call(request, output or "body.json", sdk=sdk), err=True)
        note(_keys(request.region))
    for text in request.notes:
        note(text)


def _keys(region: Region) -> str:
    more = f"; {region.note}" if region.note else ""
    return f"in {region.title} {cite(region.sources)} keys of other regions are not good{more}"


def _call(request: Request, body: str, *, sdk: bool) -> str:
    """Return the line that sends a body to its region, or that points the SDK there."""
    if not sdk:
        headers = {"Authorization": f"Bearer {variable('KEY')}", **request.headers}
        words = " ".join(f'-H "{name}: {value}"' for name, value in headers.items())
        return CommandLine(f"curl {request.url} --data-binary {quote(f'@{body}')} {words}")
    if request.api.name == "openai":
        return f'client = OpenAI(base_url="{request.base_url}", api_key=key)'
    return f'dashscope.base_http_api_url = "{request.base_url}"'


def _parts(parts: Sequence[MediaPart], *, verbose: bool) -> Iterator[str]:
    """Tell of one part, or of each, or in one line of all."""
    if verbose or len(parts) == 1:
        yield from map(_line, parts)
    elif parts:
        kinds = Counter("frame list" if part.kind == "frames" else part.kind for part in parts)
        what = ", ".join(plural(many, kind) for kind, many in kinds.items())
        changed = sum(bool(part.notes) for part in parts)
        yield f"{what}{f', {changed:,} of them changed' if changed else ''}; -v tells of each"


def _line(part: MediaPart) -> str:
    count = plural(len(part.files), "frame") if part.kind == "frames" else part.kind
    rate = f" at {part.fps:g} fps" if part.fps is not None else ""
    types = ", ".join(dict.fromkeys(file.mime_type or "a URL" for file in part.files))
    tokens = "" if part.tokens is None else f", {thousands(part.tokens.total)} tokens"
    changes = "".join(f"; {flagged(remark)}" for remark in part.notes)
    return f"{safe(part.name)}: {count}{rate}, {types}{tokens}{changes}"


def body_length(document: Json) -> int:
    """Return how many bytes a body has as it is posted, without white space.

    >>> body_length({"model": "m"})
    13
    """
    import json

    encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
    return sum(map(len, encoder.iterencode(document)))


def preview(document: Any) -> Any:
    """Return a body to look at: its data URLs are cut, and say how long they are.

    >>> preview({"url": "data:image/png;base64," + "A" * 1000})
    {'url': 'data:image/png;base64,AAAAAAAA... (1,022 characters)'}
    """
    if isinstance(document, dict):
        return {key: preview(value) for key, value in document.items()}
    if isinstance(document, list):
        return [preview(value) for value in document]
    if isinstance(document, str) and document.startswith("data:") and len(document) > _SHORT:
        head, comma, data = document.partition(",")
        return f"{head}{comma}{data[:8]}... ({len(document):,} characters)"
    return document


_SHORT = 200
"""Characters up to which a data URL is shown whole."""
