"""What commands look like in a terminal, by way of a real one: a pseudo-terminal of any width.

`python -m tests.screens` writes the golden screens anew: look at the difference before it is
committed. Each file of `tests/golden/screens/` is one command, at several widths and in two
encodings. Colours are left out; `tests/cli/test_screens.py` compares.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import (
    ExitStack,
    chdir,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from pathlib import Path
from unittest import mock

from tests.places import FIXTURES, GOLDEN
from tests.reconcile.test_reconcile import log
from tests.refit.bodies import chat, data_url
from vlprep.cli import COMMANDS, main

SCREENS = GOLDEN / "screens"
WIDTHS = (40, 60, 80, 120)
ENCODINGS = ("UTF-8", "ASCII")

TYPICAL = {
    "tokens": (
        "tokens fixtures/photo.jpg fixtures/empty.jpg fixtures/street.mp4",
        "tokens fixtures/one_frame.mp4 fixtures/tall.png --explain",
        "tokens no-such-file.jpg",
        "tokens rows.jsonl -m Qwen/Qwen3-VL-8B-Instruct",
    ),
    "scan": ("scan fixtures/photo.jpg fixtures/street.mp4 no-such-file.jpg --pack 4096",),
    "plan": (
        "plan fixtures/street.mp4 --budget 1500 --explain",
        "plan fixtures/photo.jpg fixtures/street.mp4 no-such-file.jpg --budget 2000",
        "plan fixtures/street.mp4 --budget 1500 --table",
        "plan fixtures/photo.jpg fixtures/cmyk.jpg fixtures/exif_6.jpg --split --budget 320 "
        "--text hi -o bodies",
    ),
    "frames": (
        "frames fixtures/street.mp4 --fps 1 -o frames --sheet sheet.png",
        "frames fixtures/clip.mp4 no-such-file.mp4 fixtures/street.mp4 --fps 1 -o frames",
        "frames fixtures/one_frame.mp4 --dry-run",
    ),
    "view": ("view fixtures/exif_6.jpg -o view.png",),
    "crop": ("crop fixtures/photo.jpg --box 10,20,300,400 -o detail.png",),
    "split": ("split fixtures/page.tif -o pieces --readable 20",),
    "arrays": (
        "arrays fixtures/photo.jpg fixtures/clip.mp4 -m Qwen/Qwen3-VL-8B-Instruct -o inputs.npz",
    ),
    "compress": (
        "compress fixtures/photo.jpg fixtures/street.mp4 no-such-file.jpg --limit 100kB --dry-run",
        "compress fixtures/photo.jpg -o small.jpg",
    ),
    "check": (
        "check fixtures/photo.jpg fixtures/exif_6.jpg fixtures/tall.png fixtures/truncated.heic "
        "--decode",
        "check fixtures/street.mp4 fixtures/photo.jpg",
        "check --list-checks -m Qwen/Qwen3-VL-8B-Instruct",
    ),
    "payload": (
        "payload fixtures/photo.jpg --text 'What is this?' --deployment china -o body.json",
        "payload fixtures/photo.jpg fixtures/exif_6.jpg fixtures/street.mp4 -t hi -o body.json",
        "payload fixtures/photo.jpg fixtures/exif_6.jpg -t hi -v -o body.json",
        "payload fixtures/tall.png fixtures/still.gif -t hi",
    ),
    "fit-request": (
        "fit-request request.json --max-side 100 --max-images 1 -o fitted.json",
        "fit-request request.json --max-images 2 --drop-oldest -o fitted.json",
    ),
    "fit-images": (
        "fit-images --size 1280x1280 --model qvq-max",
        "fit-images fixtures/photo.jpg no-such-file.jpg fixtures/cmyk.jpg --max-input 400",
    ),
    "boxes": ("boxes fixtures/photo.jpg boxes.json -o boxes.png",),
    "events": ("events events.json fixtures/street.mp4",),
    "reconcile": ("reconcile calls.jsonl",),
    "models": ("models qvq", "models Qwen/Qwen3-VL-235B", "models qvq-max", "models qvq --sources"),
    "config": ("config",),
    "errors": (
        "tokens",
        "frames fixtures/street.mp4",
        "tokens fixtures/photo.jpg -m qwen9-vl-mega",
        "boxes fixtures/photo.jpg 'no such answer.json'",
    ),
    "help": ("--help",),
    **{f"help-{name}": (f"{name} --help",) for name in COMMANDS},
}
"""What a user types, by the name of the file that shows it."""

ROW = '{"query": "<image>What is this?", "images": ["fixtures/photo.jpg"]}'
BOXES = """[{"bbox_2d": [370, 830, 540, 960], "label": "the red car that waits at the crossing"},
{"bbox_2d": [10, 20, 300, 400], "label": "红色汽车"}]"""
EVENTS = """[{"start_time": 2, "end_time": 4, "event": "a bus"},
{"start_time": 8, "end_time": 9, "event": "a car turns into the street and stops at the shop"}]"""


def _body() -> str:
    images = [data_url(name) for name in ("photo", "tiny")] + ["https://example.com/a.jpg"]
    return json.dumps(chat([{"type": "image_url", "image_url": {"url": one}} for one in images]))


@contextmanager
def _folder() -> Iterator[None]:
    """Stay in a new folder with what the commands read, and room for what they write."""
    with tempfile.TemporaryDirectory() as name, chdir(name):
        Path("fixtures").symlink_to(FIXTURES, target_is_directory=True)
        Path("request.json").write_text(_body(), "utf-8")
        Path("boxes.json").write_text(BOXES, "utf-8")
        Path("events.json").write_text(EVENTS, "utf-8")
        Path("calls.jsonl").write_text("\n".join([*log("compatible", lambda day: "api-2026"), "{"]))
        Path("rows.jsonl").write_text("\n".join([ROW, "{", ROW.replace("photo", "no-such")]))
        yield


def shown(command: str, width: int, encoding: str = "UTF-8", **environment: str) -> str:
    """Run a command in a terminal and return all that it shows, colours and all."""
    import fcntl
    import pty
    import struct
    import termios
    import tty
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # begun by a command, it would hold the terminal open
    reader, writer = pty.openpty()
    tty.setraw(writer)  # or it ends lines as typewriters do
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    came: list[bytes] = []
    thread = threading.Thread(target=_read, args=(reader, came))
    thread.start()
    with ExitStack() as stack:
        stack.enter_context(_folder())
        stack.enter_context(mock.patch("vlprep.cli.progress.PATIENCE_SECONDS", 3600))
        terminal = {"TERM": "xterm", "COLUMNS": "", "NO_COLOR": "", **environment}
        stack.enter_context(mock.patch.dict(os.environ, terminal))
        stdout, stderr = (os.fdopen(os.dup(writer), "w", encoding=encoding) for _ in range(2))
        os.close(writer)
        ended = suppress(SystemExit)
        with stdout, stderr, redirect_stdout(stdout), redirect_stderr(stderr), ended:
            main(shlex.split(command), prog_name="vlprep")
    thread.join()
    return b"".join(came).decode(encoding)


def _read(reader: int, came: list[bytes]) -> None:
    with io.FileIO(reader) as terminal, suppress(OSError):  # as Linux has it at the end
        while piece := terminal.read(65536):
            came.append(piece)


def plain(text: str) -> str:
    """Return what was shown without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def screens(name: str) -> str:
    """Return what a file of `SCREENS` holds."""
    return "\n".join(_both(command, width) for command in TYPICAL[name] for width in WIDTHS)


def _both(command: str, width: int) -> str:
    unicode, ascii_only = (plain(shown(command, width, encoding)) for encoding in ENCODINGS)
    second = "the same in ASCII\n" if ascii_only == unicode else f"in ASCII\n{ascii_only}"
    head = f"{width} columns ".ljust(width, "=")
    return f"{head}\n$ vlprep {command}\n{unicode}{'-' * width}\n{second}"


if __name__ == "__main__":
    SCREENS.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or TYPICAL:
        (SCREENS / f"{chosen}.txt").write_text(screens(chosen), "utf-8")
