"""The tokens of a video that are left where a server leaves out those of still regions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vlprep.models.spec import Pruning


def kept_tokens(pruning: Pruning | None, steps: Any, step_tokens: Any) -> npt.NDArray[np.int64]:
    """Return the tokens that are left of `steps` steps of `step_tokens` tokens each.

    Both are whole numbers, or arrays of one length. By vLLM 0.33 the method "evs" keeps the tokens
    of a whole step at least, "vidcom2" a token of each step.

    >>> int(kept_tokens(Pruning(rate=0.95, method="evs"), 10, 100))
    100
    >>> int(kept_tokens(Pruning(rate=0.95, method="vidcom2"), 10, 100))
    50
    """
    tokens: npt.NDArray[np.int64] = np.asarray(steps, np.int64) * step_tokens
    if pruning is None:
        return tokens
    floor = np.asarray(step_tokens if pruning.method == "evs" else steps, np.int64)
    kept: npt.NDArray[np.int64] = np.trunc(tokens * (1 - pruning.rate)).astype(np.int64)
    return np.maximum(floor, kept)
