"""What every command has: options in groups, `-q`, defaults from files, words that were renamed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from vlprep.cli.pages import Context
from vlprep.cli.terminal import say

if TYPE_CHECKING:
    from vlprep.cli.settings import Setting

GROUPS = {
    "Files": (
        "recursive", "from-file", "0", "list", "pages", "dpi", "size", "duration", "source-fps",
        "url-kind", "page", "media-dir", "tokenizer", "fetch", "allow-private", "fetch-limit",
        "fetch-seconds", "pieces", "region", "box", "coordinates", "column",
    ),
    "Question": (
        "text", "text-file", "recipe", "recipes", "history", "system", "thinking-budget",
    ),
    "Model": ("model", "model-file", "rules", "server", "thinking"),
    "What the model sees": (
        "min-pixels", "max-pixels", "high-res", "door", "resample", "tone-map", "convention",
        "resized", "unturned", "readable",
    ),
    "What it sees of videos": (
        "fps", "nframes", "min-frames", "max-frames", "total-pixels", "clip-pixels", "start",
        "end", "sampling", "pick", "drop-duplicates", "max-gap", "probe-fps", "strict",
        "pruning-rate", "pruning-method",
    ),
    "Planning": ("prefer", "lowest-fps", "lowest-max-pixels", "split", "reorder", "overlap"),
    "Budget": (
        "budget", "max-input", "max-model-len", "text-tokens", "thinking-tokens", "reply-tokens",
        "price-cap", "currency", "rounds", "separate", "batch", "cached", "pack",
    ),
    "Sending": (
        "route", "api", "deployment", "limit", "request-limit", "max-body", "max-images",
        "drop-oldest", "stream", "as-frames", "compress", "folder", "video-fields", "no-check",
    ),
    "Processing": (
        "job", "keep", "always", "every", "lossless", "decode", "fix", "threads", "workers",
        "memory", "patience", "time-limit", "engine", "address", "on-damage", "safety",
    ),
    "Output": (
        "output", "into", "format", "dtype", "sheet", "compare", "zoom", "zoom-at", "max-side",
        "stored", "points", "font", "chart", "explain", "times", "table", "all", "statistics",
        "sources", "list-checks", "fail-on-warnings", "sdk", "preview", "verbose", "dry-run",
        "skip-existing", "html", "resume", "force", "output-format", "json", "jsonl", "csv",
    ),
    "Other": ("quiet", "help"),
}  # fmt: skip
"""The options of all commands by what they are about, in the order in which help shows them."""

OF_IMAGES = frozenset({"view", "split", "crop", "boxes", "fit-images"})
"""Commands that take no video: their help leaves out what it would be about videos."""

RENAMED: Mapping[str, Mapping[str, str]] = {
    "plan": {"--max-bytes": "--request-limit", "--reserve": "--text-tokens"},
    "fit-images": {"--reserve": "--text-tokens"},
    "check": {"--list-rules": "--list-checks"},
    "payload": {"--region": "--deployment"},
}
"""Former words of options, by command: still taken, with a warning that has the new one."""

WRITTEN = frozenset({"output", "sheet", "chart", "html", "folder"})
"""Options that name what is written; whatever else a command line names is read."""

_QUIET, _WRITES = "vlprep.quiet", "vlprep.writes"
_WIDEST = 26
"""Columns of the options' own words, beside which their help stands."""


class Command(click.Command):
    """A command whose help is in groups, and whose options may have defaults elsewhere."""

    context_class = Context

    def __init__(self, *args: Any, takes_defaults: bool = True, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self._takes_defaults = takes_defaults
        self.params.append(_quiet_option())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line, which stands above the defaults of files and the environment."""
        renamed = {} if ctx.resilient_parsing else RENAMED.get(self.name or "", {})
        args = with_new_words(args, renamed)
        typed = tuple(args)  # of which the parser takes off what it has read
        runs = not ctx.resilient_parsing and {"-h", "--help"}.isdisjoint(args)
        try:
            if self._takes_defaults and runs:
                return self._parse_above_defaults(ctx, args)
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            named = [word for word in typed if word.startswith("-") and os.path.lexists(word)]
            if named:
                raise click.UsageError(
                    f"{error.message} For the file of that name write ./{named[0]}", ctx
                ) from error
            raise

    def _parse_above_defaults(self, ctx: click.Context, args: list[str]) -> list[str]:
        from vlprep.cli.settings import Setting, merged, read_settings  # help does without

        settings = read_settings()
        ctx.default_map = dict(self._values(settings))
        rest = super().parse_args(ctx, args)
        given = {key_of(param): Setting("", "") for param in self.params if _is_given(ctx, param)}
        kept = merged([settings, given])
        for param in self.params:
            if param.name in ctx.default_map and key_of(param) not in kept:
                ctx.params[param.name] = None  # another option of the command line is in its place
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; what is named to be read is not written over, whatever is asked."""
        given = {key_of(param): ctx.params.get(str(param.name)) for param in self.params}
        ctx.meta[_WRITES] = any(given.get(key) for key in WRITTEN)
        if given.get("force") and not ctx.meta[_WRITES]:
            from vlprep.cli.idle import say_idle  # few lines need

            say_idle(["force"], "nothing is written")
        for key, value in given.items():
            if key not in WRITTEN:
                spare(value if isinstance(value, tuple) else (value,))
        return super().invoke(ctx)

    def _values(self, settings: Mapping[str, Setting]) -> Iterator[tuple[str, Any]]:
        """Yield the defaults of this command's options; raises `click.UsageError` for a bad one."""
        for param in self.params:
            setting = settings.get(key_of(param))
            if setting is not None:
                yield str(param.name), converted(param, setting)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options group by group."""
        options = {key_of(it): it for it in self.get_params(ctx) if isinstance(it, click.Option)}
        known = {key for keys in GROUPS.values() for key in keys}
        others = [key for key in options if key not in known]
        for title, keys in GROUPS.items():
            if title == "What it sees of videos" and self.name in OF_IMAGES:
                continue  # taken all the same, for files of settings, and told to change nothing
            wanted = [*keys, *others] if title == "Other" else keys
            shown = (options[key] for key in wanted if key in options)
            rows = [record for option in shown if (record := option.get_help_record(ctx))]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=_WIDEST)


def key_of(param: click.Parameter) -> str:
    """Return the word of an option on the command line, without its dashes.

    >>> key_of(click.Option(["-m", "--model"]))
    'model'
    """
    return max(param.opts, key=len).lstrip("-")


def converted(param: click.Parameter, setting: Setting) -> Any:
    """Return a setting as the value of an option; raises `click.UsageError` with its origin."""
    try:
        return param.type.convert(setting.value, param, None)
    except click.BadParameter as error:
        message = f"{setting.origin}: {key_of(param)}: {error.message}"
        raise click.UsageError(message) from error


def _is_given(ctx: click.Context, param: click.Parameter) -> bool:
    return ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE


def with_new_words(args: Sequence[str], renamed: Mapping[str, str]) -> list[str]:
    """Return arguments with former words of options replaced, each with a warning on stderr.

    Raises `click.UsageError` where both words are given.
    """
    options = list(args[: args.index("--")] if "--" in args else args)
    words = [option.partition("=")[0] for option in options]
    for old, new in renamed.items():
        if old not in words:
            continue
        if new in words:
            raise click.UsageError(f"{old} and {new} are the same; give {new} alone")
        if {"-q", "--quiet"}.isdisjoint(words):
            warning = click.style("warning:", fg="yellow")
            say(f"{warning} {old} is called {new} now", err=True)
    new_options = [
        renamed.get(word, word) + option[len(word) :]
        for word, option in zip(words, options, strict=True)
    ]
    return [*new_options, *args[len(options) :]]


def _quiet_option() -> click.Option:
    def keep(ctx: click.Context, _: click.Parameter, quiet: bool) -> None:
        ctx.meta[_QUIET] = quiet

    return click.Option(
        ["-q", "--quiet"], is_flag=True, expose_value=False, callback=keep,
        help="Print nothing but errors on stderr.",
    )  # fmt: skip


def spare(names: Iterable[object]) -> None:
    """Let the command that runs write nothing over these files."""
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(_WRITES):
        from vlprep.output.target import protected  # which those that write nothing do without

        context.with_resource(protected([name for name in names if isinstance(name, str)]))


def is_quiet() -> bool:
    """Say whether the command that runs is to print nothing but errors on stderr."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET))
