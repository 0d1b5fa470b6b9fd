"""What Tab offers for a word of a command: the catalogue's names where they are meant, else files.

A command learns it only while a word is completed. How the words reach a shell is click's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class
from click.shell_completion import get_completion_class as shell_class

from vlprep.errors import VlprepError

if TYPE_CHECKING:
    from vlprep.models.spec import ModelSpec

SHELLS = ("bash", "zsh", "fish")

FREE = frozenset({"text", "system", "currency", "box", "region", "address"})
"""Parameters of which nothing can be offered."""


def offer(command: click.Command) -> None:
    """Let the parameters of a command that take any text offer what is meant."""
    for parameter in command.params:
        if parameter.type is click.STRING and parameter.name not in FREE:
            parameter.type = _Offered(NAMES.get(str(parameter.name)))


def mend_shells() -> None:
    """Let shells complete the value in `--name=value`, which click takes for the whole word."""
    for name in SHELLS:
        kind = shell_class(name)
        assert kind is not None  # click has all of `SHELLS`
        if not issubclass(kind, _AfterEquals):
            add_completion_class(type(kind.__name__, (_AfterEquals, kind), {}), name)


class _AfterEquals(ShellComplete):
    """Bash takes the word apart at the sign and replaces what is behind it, others all of it."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        option, sign, _ = incomplete.partition("=")
        found = super().get_completions(args[:-1] if args[-1:] == ["="] else args, incomplete)
        for item in found if sign and option.startswith("--") else ():
            item.value = f"{option}={item.value}"
        return found


class _Offered(click.types.StringParamType):
    """Text, of which the shell is told names, or to offer files."""

    def __init__(self, names: Callable[[click.Context, str], Iterable[str]] | None) -> None:
        self._names = names

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin so, or the sign for files."""
        if self._names is None:
            return [CompletionItem(incomplete, type="file")]
        try:
            return [CompletionItem(name) for name in self._names(ctx, incomplete)]
        except (VlprepError, OSError, click.UsageError):  # a run will say what is wrong
            return []


def _models(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Return the models that begin so, or else those that do where case is left aside."""
    from vlprep.models.tables import model_names

    found = _beginning(model_names(), incomplete)
    if not found:
        from vlprep.models.registry import names_like

        found = names_like(incomplete)
    return found


def _of_model(names: Callable[[ModelSpec], Iterable[str]]) -> Callable[..., Iterable[str]]:
    """Return names that the model has which is named in the same line, or else as its default."""

    def offered(ctx: click.Context, incomplete: str) -> Iterable[str]:
        from vlprep.cli.settings import read_settings
        from vlprep.models.registry import resolve_model

        named = [ctx.params.get(key) for key in ("model", "model_file")]
        if named == [None, None]:
            settings = read_settings()
            named = [getattr(settings.get(key), "value", None) for key in ("model", "model-file")]
        return _beginning(names(resolve_model(*named)), incomplete)

    return offered


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def _commands(_: click.Context, incomplete: str) -> Iterable[str]:
    from vlprep.cli import COMMANDS

    return _beginning(COMMANDS, incomplete)


def _recipes(ctx: click.Context, incomplete: str) -> Iterable[str]:
    from vlprep.models.registry import list_recipes

    return _beginning((recipe.name for recipe in list_recipes()), incomplete)


NAMES: dict[str, Callable[[click.Context, str], Iterable[str]]] = {
    "model": _models,
    "name": _models,
    "rules": _of_model(lambda model: (rules.name for rules in model.rule_sets)),
    "deployment": _of_model(
        lambda model: [price.deployment for price in model.prices] or model.deployments
    ),
    "wanted": _commands,
    "recipe": _recipes,
}
"""By parameter, what gives its names."""
