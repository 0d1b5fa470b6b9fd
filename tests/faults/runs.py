"""Run every command on a bad file, in this process, and see all that it does meanwhile.

What may come of it is a closed list; see `OUTCOMES`. Whatever else happens is a `DefectError`.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import json
import os
import socket
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.faults.bad_files import BAD_FILES, NEIGHBOUR, BadFile
from tests.places import FIXTURES
from vlprep.cli import main

OUTCOMES = {
    "read": "✓",
    "read with a warning": "!",
    "refused": "✗",
    "wrong usage": "?",
    "not asked": "·",
}
"""All that may come of a command, and its sign in the table."""

MOST_MEMORY = 600_000_000
"""Bytes that a command may take for a file of this size, above what was taken before."""

WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"
PHOTO, CLIP = str(FIXTURES / "photo.jpg"), str(FIXTURES / "clip.mp4")
BOX = '[{"bbox_2d": [1, 2, 30, 40]}]'
TIMES = '[{"start_time": 0, "end_time": 1, "event": "x"}]'

RECIPES: dict[str, tuple[str, ...]] = {
    # command, or the option that takes a file: the words; FILE is the bad one, OUT is new.
    "tokens": ("tokens", "FILE"),
    "plan": ("plan", "FILE", "--budget", "50%"),
    "frames": ("frames", "FILE", "-o", "OUT", "--fps", "1"),
    "view": ("view", "FILE", "-o", "OUT.png"),
    "split": ("split", "FILE", "-o", "OUT"),
    "crop": ("crop", "FILE", "--box", "0,0,1,1", "-o", "OUT.png"),
    "arrays": ("arrays", "FILE", "-m", WEIGHTS, "--max-pixels", "65536", "-o", "OUT.npz"),
    "compress": ("compress", "FILE", "-o", "OUT", "--limit", "50kB"),
    "check": ("check", "FILE", "--decode"),
    "payload": ("payload", "FILE", "--text", "x", "-o", "OUT.json"),
    "fit-request": ("fit-request", "BODY", "-o", "OUT.json"),
    "fit-images": ("fit-images", "FILE"),
    "boxes": ("boxes", "FILE", BOX, "-o", "OUT.png"),
    "events": ("events", TIMES, "FILE", "-o", "OUT"),
    "scan": (),  # of all files at once, for it starts processes
    "boxes ANSWER": ("boxes", PHOTO, "FILE", "-o", "OUT.png"),
    "events ANSWER": ("events", "FILE", CLIP),
    "fit-request FILE": ("fit-request", "FILE", "-o", "OUT.json"),
    "reconcile": ("reconcile", "FILE"),
    "models": ("models", "--model-file", "FILE"),
    "config": ("config",),  # beside a vlprep.toml that is the file
    "--model-file": ("tokens", PHOTO, "--model-file", "FILE"),
    "--from-file": ("tokens", "--from-file", "FILE"),
    "--text-file": ("payload", PHOTO, "--text-file", "FILE", "-o", "OUT.json"),
    "--history": ("payload", PHOTO, "--text", "x", "--history", "FILE", "-o", "OUT.json"),
    "--pieces": ("boxes", PHOTO, BOX, "--pieces", "FILE"),
    "--font": ("boxes", PHOTO, BOX, "--font", "FILE", "-o", "OUT.png"),
}
NO_FILES = {"completion", "help"}
"""Commands that take no file."""

KEEPS_THE_REST = {"fit-request", "events"}
"""Commands that write what could be done, name what could not, and exit with 1."""

MEDIA = tuple(RECIPES)[: tuple(RECIPES).index("scan") + 1]
"""Those that take the file for a picture or a video; the others take it for text."""


class DefectError(AssertionError):
    """Something happened that must not."""


# What is watched.


@dataclass
class Watched:
    """What a process does with files and sockets while a command runs."""

    folder: str
    allowed: tuple[str, ...]
    seen: list[str] = field(default_factory=list)


_WATCHED: list[Watched] = []
_SPEAKS = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "ssl.")
_STARTS = ("subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "pty.")
_LOADS = ("pickle.",)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _WATCHED:
        return
    watched = _WATCHED[-1]
    if event == "socket.__new__" and arguments[1] == socket.AF_UNIX:
        return  # by which an event loop wakes itself; to connect one is another event
    if event.startswith((*_SPEAKS, *_STARTS, *_LOADS)):
        watched.seen.append(f"{event} {arguments!r:.100}")
    elif event == "open" and isinstance(arguments[0], str | bytes):
        path = os.fsdecode(arguments[0])
        inside = path.startswith(watched.folder) or path.startswith("/etc/")
        if inside and not path.startswith(watched.allowed):
            watched.seen.append(f"opened {path}")


_IS_HOOKED: list[bool] = []


@contextmanager
def watching(folder: Path, allowed: tuple[str, ...]) -> Iterator[Watched]:
    """Note every file that Python opens in a folder, every socket and every process."""
    if not _IS_HOOKED:
        sys.addaudithook(_hook)  # for ever: such a hook cannot be taken off
        _IS_HOOKED.append(True)
    watched = Watched(str(folder), allowed)
    _WATCHED.append(watched)
    try:
        yield watched
    finally:
        _WATCHED.pop()


class Notifier:
    """Tells whether anybody, C code too, opened one of some files; on Linux only."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        self._queue = self._libc.inotify_init1(os.O_NONBLOCK) if self._libc else -1

    def watch(self, path: Path) -> None:
        """Look at one file more."""
        if self._libc:
            self._libc.inotify_add_watch(self._queue, os.fsencode(path), 0x20)  # IN_OPEN

    def opened(self) -> bool:
        """Say whether any was opened since this was asked."""
        with suppress(BlockingIOError):
            return self._queue >= 0 and bool(os.read(self._queue, 65_536))
        return False


@cache
def notifier() -> Notifier:
    return Notifier()


@cache
def listener() -> socket.socket:
    """Return a socket of this machine that files name; nobody may come."""
    heard = socket.socket()
    heard.bind(("127.0.0.1", 0))
    heard.listen()
    heard.setblocking(False)
    atexit.register(heard.close)
    return heard


def port() -> int:
    found: int = listener().getsockname()[1]
    return found


def somebody_came() -> bool:
    try:
        listener().accept()[0].close()
    except BlockingIOError:
        return False
    return True


def memory_taken() -> tuple[int, int]:
    """Return the bytes of memory that are taken, and the most that were; zeros where unknown."""
    with suppress(OSError), Path("/proc/self/status").open() as status:
        lines = dict(line.split(":", 1) for line in status)
        return tuple(int(lines[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM"))  # type: ignore[return-value]
    return 0, 0


def forget_the_most() -> None:
    with suppress(OSError), Path("/proc/self/clear_refs").open("w") as file:
        file.write("5")


# What is run.


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    outcome: str
    said: str
    memory: int


@dataclass
class Place:
    """A bad file where it lies, and the folders around."""

    bad: BadFile
    path: Path
    work: Path

    def words(self, recipe: str) -> list[str]:
        """Return the words of a recipe for this file."""
        given = self.path if recipe != "fit-request" else self._body()
        out = str(self.work / "out" / "new")
        return [
            word.replace("OUT", out) if word.startswith("OUT")
            else {"FILE": str(self.path), "BODY": str(given)}.get(word, word)
            for word in RECIPES[recipe]
        ]  # fmt: skip

    def _body(self) -> Path:
        """Return a request that holds the file's content."""
        path = self.work / "body.json"
        url = "data:image/png;base64," + b64encode(self.path.read_bytes()).decode()
        part = {"type": "image_url", "image_url": {"url": url}}
        path.write_text(json.dumps({"messages": [{"role": "user", "content": [part]}]}))
        return path


def place(bad: BadFile, folder: Path) -> Place:
    """Make a bad file, and empty folders for what commands write."""
    path = bad.put(folder / "in", port())
    work = folder / "work"
    for name in ("out", "tmp", "home"):
        (work / name).mkdir(parents=True)
    notifier().watch(path.parent / NEIGHBOUR)
    return Place(bad, path, work)


def is_asked(bad: BadFile, recipe: str) -> bool:
    """Say whether a recipe makes sense of a file: a pipe is waited for where text is read."""
    if recipe == "scan":
        return True
    if recipe == "config":
        return not bad.is_special
    if recipe == "fit-request":
        return not bad.is_special and bad.kind != "is a bad document"
    reads_text = recipe not in MEDIA
    return not (reads_text and bad.name in ("pipe.mp4", "zero.mp4"))


def run(placed: Place, recipe: str) -> Ran:
    """Run a recipe on a file; raises `DefectError` for anything that must not happen."""
    before = _state(placed.path)
    words = placed.words(recipe)
    if recipe == "config":
        (placed.work / "vlprep.toml").symlink_to(placed.path)
    names_others = recipe == "--from-file"  # which a list is for
    allowed = (str(placed.path.parent if names_others else placed.path), str(placed.work))
    forget_the_most()
    taken, _ = memory_taken()
    notifier().opened()
    with _surroundings(placed.work), watching(placed.path.parent.parent, allowed) as watched:
        result = CliRunner().invoke(main, words)
    most = memory_taken()[1] - taken
    came = [f"a socket was opened to port {port()}"] if somebody_came() else []
    came += ["the neighbour was opened"] if notifier().opened() and not names_others else []
    if recipe == "config":
        (placed.work / "vlprep.toml").unlink()
    line = f"vlprep {' '.join(words)}"[:300]
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise DefectError(f"{line}: {result.exception!r:.500}") from result.exception
    said = result.stdout + result.stderr
    for problem in (*watched.seen, *came, *_left(placed, words, result.exit_code, before)):
        raise DefectError(f"{line}: {problem}\n{said[:500]}")
    if result.exit_code not in (0, 1, 2):
        raise DefectError(f"{line}: exit code {result.exit_code}")
    if most > MOST_MEMORY:
        raise DefectError(f"{line}: took {most:,} bytes of memory")
    if "\x1b" in said or "Traceback" in said:
        raise DefectError(f"{line}: said {said[:500]!r}")
    return Ran(_outcome(result.exit_code, said), said, most)


def _outcome(code: int, said: str) -> str:
    if code == 0:
        return "read with a warning" if "warning" in said.lower() else "read"
    return "refused" if code == 1 else "wrong usage"


@contextmanager
def _surroundings(work: Path) -> Iterator[None]:
    """Stand in an empty folder, with an empty home and a folder for temporary files."""
    here, home, temporary = Path.cwd(), os.environ.get("HOME"), tempfile.tempdir
    os.chdir(work)
    os.environ["HOME"], tempfile.tempdir = str(work / "home"), str(work / "tmp")
    try:
        yield
    finally:
        os.chdir(here)
        tempfile.tempdir = temporary
        if home is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = home


def _state(path: Path) -> object:
    """Return what must not change: what lies there, when it was written, what is in it."""
    beside = sorted(one.name for one in path.parent.iterdir())
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return beside
    content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    return beside, status.st_ino, status.st_mtime_ns, hashlib.sha256(content).digest()


def _left(placed: Place, words: list[str], code: int, before: object) -> Iterator[str]:
    """Yield what a command left behind that it must not, and clear what it wrote."""
    if _state(placed.path) != before:
        yield "the source, or what lies beside it, has changed"
    written = sorted((placed.work / "out").rglob("*"))
    if code and words[0] not in KEEPS_THE_REST and any(path.is_file() for path in written):
        yield f"failed, and wrote {[path.name for path in written]}"
    if any(path.name.startswith(".") or path.suffix == ".part" for path in written):
        yield f"left unfinished files: {[path.name for path in written]}"
    for name in ("tmp", "home"):
        if found := [path.name for path in (placed.work / name).iterdir()]:
            yield f"left {found} in {name}"
    for path in reversed(written):
        path.rmdir() if path.is_dir() else path.unlink()


def places(folder: Path) -> dict[str, Place]:
    """Make all bad files in a folder, by name."""
    return {bad.name: place(bad, folder / str(number)) for number, bad in enumerate(BAD_FILES)}


def scanned(places: dict[str, Place], folder: Path) -> dict[str, str]:
    """Scan all files in two runs, media and samples; return the outcome of each by its name."""
    names = {os.fspath(one.path): name for name, one in places.items()}
    samples = [path for path in names if path.endswith((".json", ".jsonl"))]
    outcomes = dict.fromkeys(places, "not asked")
    for paths in ([path for path in names if path not in samples], samples):
        rows = folder / f"rows{len(paths)}.jsonl"
        beside = ["--media-dir", str(folder)] if paths is samples else []
        result = CliRunner().invoke(
            main, ["scan", *paths, "--workers", "1", "-o", str(rows), *beside]
        )
        if not isinstance(result.exception, SystemExit | None) or not rows.exists():
            said = f"{result.exception!r} {result.stderr[-500:]}"
            raise DefectError(f"scan: {said}") from result.exception
        for row in map(json.loads, rows.read_text().splitlines()):
            source = row["source"]
            name = names.get(source) or names.get(source.rpartition(":")[0])
            if name is not None:
                outcomes[name] = _of_row(row)
    return outcomes


def _of_row(row: dict[str, Any]) -> str:
    if row.get("error"):
        return "refused"
    return "read with a warning" if row.get("warnings") else "read"


# The table.

HEADINGS = ["fault", *RECIPES]


def shown(name: str) -> str:
    """Return the name of a bad file as the table has it."""
    if len(name) > 40:
        name = name[:12] + "…"
    said = ascii(name)[1:-1].replace("|", "\\|").replace("`", "'")
    return f"`{said}`"


def row(bad: BadFile, outcomes: dict[str, str]) -> str:
    """Return the line of the table for one fault."""
    return f"| {shown(bad.name)} | " + " | ".join(OUTCOMES[outcomes[one]] for one in RECIPES) + " |"


def outcomes_of(placed: Place, scan: str) -> dict[str, str]:
    """Run every recipe on a file and return what came of each."""
    found = {}
    for recipe in RECIPES:
        if recipe == "scan":
            found[recipe] = scan
        elif not is_asked(placed.bad, recipe):
            found[recipe] = "not asked"
        else:
            found[recipe] = run(placed, recipe).outcome
    return found
