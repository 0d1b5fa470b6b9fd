"""Jobs that misbehave, for workers to be tried with; workers import them by name."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from vlprep.view import View

VIEW = View.of("qwen3-vl-plus")


@dataclass(frozen=True)
class Codec:
    """Counts the letters of a name, and does what the name says; remembers what it was given."""

    log: str = ""
    column: str = "path"

    @property
    def view(self):
        return VIEW

    @property
    def types(self):
        return {"tokens": "int64", "error_code": "string", "error": "string"}

    def __call__(self, batch):
        tokens = [self._decode(path) for path in batch[self.column]]
        nothing = [None] * len(tokens)
        return {**batch, "tokens": tokens, "error_code": nothing, "error": nothing}

    def _decode(self, path):
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{path}\n")
        act(path)
        return len(path)


def act(path):
    if "segfault" in path:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in path:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        while True:
            time.sleep(60)
    if "eat" in path:
        eaten = [bytearray(50_000_000) for _ in range(1000)]
        del eaten
    if "exit" in path:
        os._exit(3)
    if "raise" in path:
        raise ZeroDivisionError("by a defect")
    if "slow" in path:
        time.sleep(0.05)


def lengths(chunk):
    """The plain work of a worker."""
    for name in chunk:
        act(name)
    return [len(name) for name in chunk]


def explode(*_):
    os._exit(7)


class Unloadable:
    """Ends the process that loads it."""

    def __reduce__(self):
        return explode, ()

    def __call__(self, chunk):
        return chunk
