"""Options that commands share, each with one meaning everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click
from click.core import ParameterSource

from vlprep.choices import READABLE, Door, OnDamage, PruningMethod, Sampling, ServerName
from vlprep.cli.text import flagged
from vlprep.errors import ConstraintError, UnknownModelError, VlprepError
from vlprep.units import parse_bytes, parse_count, parse_rate, parse_seconds, parse_size

if TYPE_CHECKING:
    from vlprep.models.servers import Server
    from vlprep.models.spec import ModelSpec
    from vlprep.trust import Limits
    from vlprep.verbs import Processor

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


def _place(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise ValueError(f"{text!r} is not a place; write X,Y in pixels, for instance 800,600")
    x, y = map(int, parts)
    return x, y


PLACE = _Parsed("x,y", _place)


def _tokens_or_share(text: str) -> int | Fraction:
    if not text.strip().endswith("%"):
        return _positive(text)
    share = parse_rate(text.strip()[:-1]) / 100
    if share > 1:
        raise ValueError(f"{text!r} is more than there is")
    return share


def _limits(text: str) -> Limits:
    from vlprep.trust import Limits

    return Limits.parse(text)


BUDGET = _Parsed("tokens|share%", _tokens_or_share)
"""Whole tokens as an `int`, or a share of the largest input, such as 50%, as a `Fraction`."""


_WIDEST_CHOICE = 24
"""Characters of choices that help shows in the place of a value; longer ones follow in the text."""


def choice_option(
    name: str, choices: Iterable[str], help: str, default: str | None = None
) -> Callable[[_Command], _Command]:
    """Return an option that takes one of some words."""
    words = click.Choice(list(choices), case_sensitive=False)
    metavar = None
    if len("|".join(words.choices)) > _WIDEST_CHOICE:
        metavar, help = "NAME", f"{help} One of {', '.join(words.choices)}."
    return click.option(
        name, type=words, default=default, show_default=True, help=help, metavar=metavar
    )


api_option = choice_option("--api", ("openai", "dashscope"), "Count for one protocol.")


font_option = click.option(
    "--font",
    metavar="FILE|NAME",
    help="Take letters that Pillow's own font lacks from this font, not from one of the machine.",
)


def max_side_option(usual: int) -> Callable[[_Command], _Command]:
    """Return --max-side, how large a picture is drawn."""
    help = "Longer side in pixels up to which the picture is drawn at its own size."
    return click.option(
        "--max-side", type=POSITIVE, default=str(usual), show_default=True, help=help
    )


def readable_option(height: float | None, help: str) -> Callable[[_Command], _Command]:
    """Return --readable, the least height of small letters."""
    above_0 = click.FloatRange(min=0, min_open=True)
    return click.option(
        "--readable", type=above_0, default=height, show_default=True, metavar="PIXELS", help=help
    )


readable_pieces_option = readable_option(
    None,
    f"Keep letters so high as the model sees them, with --pieces; {READABLE:g} by default.",
)


def route_option(help: str, default: str | None = "base64") -> Callable[[_Command], _Command]:
    """Return --route, how files reach a service."""
    return choice_option("--route", ("base64", "path", "url"), help, default)


door_option = choice_option(
    "--door",
    get_args(Door),
    "Read pictures as displayed, or as the reference takes a path or an opened image.",
)
threads_option = click.option(
    "--threads", type=click.IntRange(1, 64), help="Work in so many threads."
)


def together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return a decorator that adds options in their order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


force_option = click.option("--force", is_flag=True, help="Overwrite what is there.")
skip_option = click.option("--skip-existing", is_flag=True, help="Pass over files that are done.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
output_options = together(force_option, json_option)
form_options = together(
    click.option("--json", "form", flag_value="json", help="Print one JSON document."),
    click.option("--jsonl", "form", flag_value="jsonl", help="Print one JSON object a file."),
    click.option("--csv", "form", flag_value="csv", help="Print CSV, one row a file."),
)
"""The same for commands whose documents have `items`, a file each; `print_document` prints them."""

sending_options = together(
    click.option(
        "--as-frames", is_flag=True, help="Send the frames that the model sees of a video."
    ),
    click.option(
        "--compress", is_flag=True, help="Bring files under the limit of the route first."
    ),
    click.option(
        "--video-fields",
        is_flag=True,
        help="Send fps and pixel limits beside videos and lists: the API reference of 2026 takes "
        "them.",
    ),
)
"""What may be sent in place of a file, or beside it."""
sample_options = together(
    click.option("--media-dir", metavar="DIR", help="Begin paths in samples there."),
    click.option("--tokenizer", metavar="FILE", help="Count text of samples by a tokenizer.json."),
    click.option("--fetch", is_flag=True, help="Fetch the media that samples name by address."),
)
"""How files of samples are read."""


sdk_option = click.option(
    "--sdk", is_flag=True, help="Print arguments for the vendor's Python SDK instead."
)

deployment_option = click.option(
    "--deployment", metavar="NAME", help="Say where the model is served, such as china."
)
text_tokens_option = click.option(
    "--text-tokens", type=COUNT, default=0, help="Count so many tokens of text beside the media."
)
thinking_option = click.option(
    "--thinking/--no-thinking", default=None, help="Let the model think, or not."
)
input_limit_options = together(
    click.option("--max-input", type=POSITIVE, help="Take this as the model's largest input."),
    click.option(
        "--max-model-len",
        type=POSITIVE,
        help="Take this as its context, prompt and reply together, as a server of weights has it.",
    ),
    thinking_option,
)
budget_option = click.option(
    "--budget",
    type=BUDGET,
    help="Spend no more tokens on text and media; 50% is half of the largest input.",
)
"""Tokens, or a share that `take_share` reads."""
budget_options = together(
    budget_option,
    text_tokens_option,
    click.option(
        "--thinking-tokens", type=COUNT, help="Allow for a chain of thought of so many tokens."
    ),
    click.option("--reply-tokens", type=COUNT, help="Allow for a reply of so many tokens."),
    input_limit_options,
)
"""What the media of a request may cost, as `token_budget` has it."""

view_options = together(
    click.option(
        "-m", "--model", metavar="NAME", help="Name the model; qwen3-vl-plus if none is named."
    ),
    click.option(
        "--model-file",
        metavar="FILE",
        help="Read the numbers of your own model: TOML, or a Hugging Face folder or "
        "preprocessor_config.json.",
    ),
    click.option("--rules", metavar="NAME", help="Count by a rule set of `vlprep models MODEL`."),
    click.option("--fps", type=RATE, help="Sample so many frames per second of video."),
    click.option("--nframes", type=POSITIVE, help="Sample so many frames, whatever the length."),
    click.option("--min-frames", type=POSITIVE, help="Sample no fewer frames."),
    click.option("--max-frames", type=POSITIVE, help="Sample no more frames."),
    click.option("--min-pixels", type=COUNT, help="Enlarge smaller pictures to this."),
    click.option(
        "--max-pixels",
        type=POSITIVE,
        help="Shrink larger pictures, or whole clips with open Qwen3-VL; 1280*28*28 works.",
    ),
    click.option(
        "--total-pixels",
        type=POSITIVE,
        help="Shrink the frames of a clip until all together have no more; pairs count once.",
    ),
    click.option(
        "--clip-pixels",
        type=POSITIVE,
        help="Let all frames of a clip together have no more, behind a server's own resize.",
    ),
    click.option("--start", "start_seconds", type=SECONDS, help="Begin there; 90 or 1:30."),
    click.option("--end", "end_seconds", type=SECONDS, help="End there."),
    choice_option("--sampling", get_args(Sampling), "Spread the frames by another rule."),
    click.option("--high-res", is_flag=True, help="Use the high-resolution mode for images."),
    click.option("--strict", is_flag=True, help="Refuse clips too short for the reference."),
    choice_option(
        "--server", get_args(ServerName), "Count as this server of open weights samples."
    ),
    choice_option(
        "--on-damage", get_args(OnDamage), "Refuse damaged files, tell of damage, or accept it."
    ),
    click.option(
        "--safety",
        "limits",
        type=_Parsed("name=value", _limits),
        help="Change limits of what is read of a file: bytes=50MB,frames=5000.",
    ),
    click.option(
        "--pruning-rate", type=float, help="Let the server leave out this share of tokens."
    ),
    choice_option(
        "--pruning-method", get_args(PruningMethod), "Leave them out so; evs by default."
    ),
)
"""What a model is to see: the model, its rules, and the options of a `View`."""


@contextmanager
def wrong_usage() -> Iterator[None]:
    """Tell options that contradict each other as wrong usage, once for all files."""
    try:
        yield
    except ConstraintError as error:
        raise click.UsageError(flagged(str(error))) from error


def bind(asked: dict[str, Any]) -> Processor:
    """Take the options of `view_options` out of `asked` and bind them.

    What a user must know of the model before believing a count is said here, for every command.
    """
    from vlprep.cli.render import note
    from vlprep.verbs import processor
    from vlprep.view import ViewKeywords, ViewOptions

    name, file = asked.pop("model"), asked.pop("model_file")
    view = {name: asked.pop(name) for name in ViewKeywords.__annotations__}
    rate, method = asked.pop("pruning_rate"), asked.pop("pruning_method")
    with wrong_usage():
        ViewOptions(**{option.name: view[option.name] for option in fields(ViewOptions)})
        model = _model(name, file)
    view["server"] = _server(view["server"], rate, method)
    bound = processor(model if file else name, **view)  # an alias is what requests are to say
    for warning in model.warnings:
        note(f"warning: {model.name}: {warning}")
    return bound


def _model(name: str | None, file: str | None) -> ModelSpec:
    """Return the model; where no model has a name of the settings, these are pointed to."""
    from vlprep.models.registry import resolve_model

    try:
        return resolve_model(name, file)
    except UnknownModelError as error:
        context = click.get_current_context()
        if context.get_parameter_source("model") is not ParameterSource.DEFAULT_MAP:
            raise
        raise VlprepError(f"{error} vlprep config says where the name was set.") from error


def take_share(asked: dict[str, Any], processor: Processor) -> None:
    """Turn a budget in `asked` that is a share of the largest input into tokens."""
    from vlprep.count.budget import share_of_input

    if isinstance(asked["budget"], Fraction):
        share = float(asked["budget"])
        asked["budget"] = share_of_input(processor.model, share, asked.get("thinking"))


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
