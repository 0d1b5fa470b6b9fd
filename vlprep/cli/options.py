"""Options that commands share, each with one meaning everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from vlprep.cli.shell import quote
from vlprep.models.servers import PRUNING_METHODS, SERVERS, PruningMethod, Server
from vlprep.types import Door
from vlprep.units import parse_bytes, parse_count, parse_rate, parse_seconds, parse_size
from vlprep.verbs import Processor, processor
from vlprep.view import SAMPLINGS, ViewKeywords

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Parsed(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases only
    """A value that a function of `vlprep.units` reads; its `ValueError` is a usage error."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse text; a value that is no text has been parsed before."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


RATE = _Parsed("rate", lambda text: float(parse_rate(text)))
"""A rate as the float that the references compute with."""
SECONDS = _Parsed("time", parse_seconds)
COUNT = _Parsed("number", parse_count)
BYTES = _Parsed("bytes", parse_bytes)
SIZE = _Parsed("widthxheight", parse_size)


def _positive(text: str) -> int:
    value = parse_count(text)
    if value < 1:
        raise ValueError(f"{text!r} is not above 0")
    return value


POSITIVE = _Parsed("number", _positive)


def _tokens_or_share(text: str) -> int | Fraction:
    if not text.strip().endswith("%"):
        return _positive(text)
    share = parse_rate(text.strip()[:-1]) / 100
    if share > 1:
        raise ValueError(f"{text!r} is more than there is")
    return share


BUDGET = _Parsed("tokens|share%", _tokens_or_share)
"""Whole tokens as an `int`, or a share of the largest input, such as 50%, as a `Fraction`."""


list_option = click.option(
    "--list", "as_list", is_flag=True, help="The images, or those of a folder, are one video."
)
"""That images are the frames of one video; `take_listed` takes it."""


def choice_option(
    name: str, choices: Iterable[str], help: str, default: str | None = None
) -> Callable[[_Command], _Command]:
    """Return an option that takes one of some words."""
    words = click.Choice(list(choices))
    return click.option(name, type=words, default=default, show_default=True, help=help)


api_option = choice_option("--api", ("openai", "dashscope"), "The protocol, if decided.")


def route_option(help: str, default: str | None = "base64") -> Callable[[_Command], _Command]:
    """Return --route, how files reach a service."""
    return choice_option("--route", ("base64", "path", "url"), help, default)


door_option = choice_option(
    "--door",
    get_args(Door),
    "How pictures get in: as displayed, or as the reference takes a path or an opened image.",
)


def _together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


force_option = click.option("--force", is_flag=True, help="Overwrite what is there.")
skip_option = click.option("--skip-existing", is_flag=True, help="Pass over files that are done.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
output_options = _together(force_option, json_option)

sending_options = _together(
    click.option(
        "--as-frames", is_flag=True, help="Send the frames that the model sees of a video."
    ),
    click.option(
        "--compress", is_flag=True, help="Bring files under the limit of the route first."
    ),
    click.option(
        "--video-fields",
        is_flag=True,
        help="Send fps and pixel limits of videos and lists, as the API reference of 2026 has them "
        "and the guides do not.",
    ),
)
"""What may be sent in place of a file, or beside it."""
sdk_option = click.option(
    "--sdk", is_flag=True, help="Print arguments for the vendor's Python SDK instead."
)

deployment_option = click.option(
    "--deployment", metavar="NAME", help="Where the price is looked up."
)
text_tokens_option = click.option(
    "--text-tokens", type=COUNT, default=0, help="Tokens of the prompt's text."
)
thinking_option = click.option(
    "--thinking/--no-thinking", default=None, help="Whether the model thinks."
)
input_limit_options = _together(
    click.option("--max-input", type=POSITIVE, help="Largest input in tokens."),
    click.option(
        "--max-model-len",
        type=POSITIVE,
        help="Prompt and reply together in tokens, as a server of weights has it.",
    ),
    thinking_option,
)
budget_options = _together(
    click.option("--reserve", type=COUNT, default=0, help="Tokens of the input kept free."),
    text_tokens_option,
    click.option("--thinking-tokens", type=COUNT, help="Room kept for chain of thought."),
    click.option("--reply-tokens", type=COUNT, help="Room kept for the reply."),
    input_limit_options,
)
"""What the media of a request may cost, as `token_budget` has it."""

input_options = _together(
    click.argument("paths", nargs=-1, metavar="PATH..."),
    click.option("-r", "--recursive", is_flag=True, help="Walk folders."),
    click.option("--from-file", metavar="LIST", help="Read names from a file, - for stdin."),
    click.option("-0", "null_separated", is_flag=True, help="Names in LIST end with NUL."),
)

view_options = _together(
    click.option("-m", "--model", help="Name of the model; qwen3-vl-plus if none is given."),
    click.option(
        "--model-file",
        metavar="FILE",
        help="Numbers of your own model: TOML, or a Hugging Face folder or "
        "preprocessor_config.json.",
    ),
    click.option("--rules", metavar="NAME", help="Rule set; `vlprep models NAME` lists them."),
    click.option("--fps", type=RATE, help="Frames sampled per second of video."),
    click.option("--nframes", type=POSITIVE, help="Frames sampled, instead of a rate."),
    click.option("--min-frames", type=POSITIVE, help="Frames sampled at least."),
    click.option("--max-frames", type=POSITIVE, help="Frames sampled at most."),
    click.option("--min-pixels", type=COUNT, help="Enlarge smaller pictures to this."),
    click.option("--max-pixels", type=POSITIVE, help="Shrink larger ones; 1280*28*28 works."),
    click.option(
        "--total-pixels", type=POSITIVE, help="Pixels of a whole clip, a frame pair once."
    ),
    click.option("--start", "start_seconds", type=SECONDS, help="Begin there; 90 or 1:30."),
    click.option("--end", "end_seconds", type=SECONDS, help="End there."),
    choice_option(
        "--sampling", SAMPLINGS, "How the frames are spread; by default as the model's rules say."
    ),
    click.option("--high-res", is_flag=True, help="High-resolution mode, for images."),
    click.option("--strict", is_flag=True, help="Refuse clips too short for the reference."),
    choice_option("--server", SERVERS, "What serves the open weights; it samples in its own way."),
    click.option("--pruning-rate", type=float, help="Share of a video's tokens it leaves out."),
    choice_option("--pruning-method", PRUNING_METHODS, "How it does; evs if a rate is given."),
)
"""What a model is to see: the model, its rules, and the options of a `View`."""


def bind(asked: dict[str, Any]) -> Processor:
    """Take the options of `view_options` out of `asked` and bind them.

    What a user must know of the model before believing a count is said here, for every command.
    """
    from vlprep.cli.render import note
    from vlprep.models.registry import resolve_model

    name, file = asked.pop("model"), asked.pop("model_file")
    model = resolve_model(name, file)
    view = {name: asked.pop(name) for name in ViewKeywords.__annotations__}
    view["server"] = _server(view["server"], asked.pop("pruning_rate"), asked.pop("pruning_method"))
    for warning in model.warnings:
        note(f"warning: {model.name}: {warning}")
    return processor(model if file else name, **view)  # an alias is what requests are to say


def _server(name: str | None, rate: float | None, method: PruningMethod | None) -> Server | None:
    """Return the server of that name, as one that prunes videos where that is asked."""
    from vlprep.models.registry import get_server

    if name is None and (rate is not None or method is not None):
        raise click.UsageError("--pruning-rate, --pruning-method: say the --server that prunes")
    if method is not None and rate is None:
        raise click.UsageError("--pruning-method: say the --pruning-rate too")
    if name is None:
        return None
    return get_server(name) if rate is None else get_server(name).pruned(rate, method or "evs")


def input_words(asked: Mapping[str, Any]) -> list[str] | None:
    """Return the words that name the files in `asked`, quoted; `None` where stdin names them.

    >>> given = {"recursive": True, "from_file": None, "null_separated": False}
    >>> input_words({"paths": ("my photos", "-b"), **given})
    ['-r', "'my photos'", './-b']
    """
    listed = asked["from_file"]
    if listed == "-":
        return None
    words = ["-r"] if asked["recursive"] else []
    if listed is not None:
        words += ["--from-file", quote(listed), *(["-0"] if asked["null_separated"] else [])]
    return [*words, *map(quote, asked["paths"])]


def input_roots(asked: Mapping[str, Any]) -> list[str]:
    """Return the folders that are walked: what is below them keeps the folders between.

    >>> input_roots({"recursive": False, "paths": ("photos",)})
    []
    """
    from vlprep.media.addresses import local_path

    paths = map(local_path, asked["paths"]) if asked["recursive"] else ()
    return [path for path in paths if Path(path).is_dir()]


def outside(files: list[str], folder: str | None) -> list[str]:
    """Return the files that are not in a folder: what an earlier run has written there is no input.

    >>> outside(["a.jpg", "small/a.jpg"], "small/")
    ['a.jpg']
    """
    if folder is None:
        return files
    own = Path(folder).resolve()
    return [file for file in files if not Path(file).resolve().is_relative_to(own)]


def take_inputs(asked: dict[str, Any], *, optional: bool = False) -> list[str]:
    """Take the options of `input_options` out of `asked` and return the files that they name.

    Raises a usage error when none is named and that is not `optional`.
    """
    paths, recursive, from_file, null_separated = (
        asked.pop(name) for name in ("paths", "recursive", "from_file", "null_separated")
    )
    if not (paths or optional or from_file is not None):
        raise click.UsageError("name a file, or --from-file with a list of them")
    from vlprep.cli.inputs import input_files

    return input_files(paths, recursive, from_file, null_separated)


def take_listed(asked: dict[str, Any], files: list[Any]) -> list[Any]:
    """Take `list_option` out of `asked` and return the files, all as one list where it is given.

    One folder stays as it is: it is a list of its images.
    """
    if not (asked.pop("as_list") and files):
        return files
    is_folder = len(files) == 1 and isinstance(files[0], str) and Path(files[0]).is_dir()
    return files if is_folder else [files]
