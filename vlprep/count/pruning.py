"""The tokens of a video that are left where a server leaves out those of still regions."""

from __future__ import annotations

from typing import Any

from vlprep.maths.arithmetic import NUMBERS, Arithmetic
from vlprep.models.spec import Pruning


def kept_tokens(
    pruning: Pruning | None, steps: Any, step_tokens: Any, *, of: Arithmetic = NUMBERS
) -> Any:
    """Return the tokens that are left of `steps` steps of `step_tokens` tokens each.

    Both are whole numbers, or arrays of one length. By vLLM 0.33 the method "evs" keeps the tokens
    of a whole step at least, "vidcom2" a token of each step.

    >>> kept_tokens(Pruning(rate=0.95, method="evs"), 10, 100)
    100
    >>> kept_tokens(Pruning(rate=0.95, method="vidcom2"), 10, 100)
    50
    """
    tokens = steps * step_tokens
    if pruning is None:
        return tokens
    floor = step_tokens if pruning.method == "evs" else steps
    return of.most(floor, of.trunc(tokens * (1 - pruning.rate)))
