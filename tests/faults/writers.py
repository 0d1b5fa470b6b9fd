"""Every command that writes, and a place of its own to run it in."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests import drawings
from tests.places import FIXTURES, REPO
from tests.reconcile.test_reconcile import log
from vlprep.cli import main

WRITERS = {
    "frames": "frames clip.mp4 --fps 1 -o out",
    "frames --sheet": "frames clip.mp4 --fps 1 --sheet out.png",
    "view": "view small.png -o out.png",
    "view many": "view small.png small.png -o out/",
    "frames many": "frames two.mp4 two.mp4 -o out",
    "split": "split small.png -o out",
    "crop": "crop small.png --box 10,10,60,60 -o out.png",
    "arrays": "arrays small.png -m Qwen/Qwen3-VL-8B-Instruct -o out.npz",
    "compress image": "compress small.png --keep full --limit 6kB -o out.png",
    "compress video": "compress clip.mp4 --limit 20kB -o out.mp4",
    "compress copy": "compress clip.mp4 -o out.mp4",
    "compress many": "compress small.png clip.mp4 --limit 20kB -o out/",
    "check --fix": "check small.png --fix -o out",
    "plan": "plan small.png --budget 2000 --text hi -o out",
    "plan --chart": "plan small.png --budget 2000 --chart out.png",
    "payload": "payload small.png --text hi -o out.json",
    "fit-request": "fit-request body.json --max-pixels 20000 -o out.json",
    "boxes": "boxes small.png answer.json -o out.png",
    "events": "events times.txt clip.mp4 --fps 2 -o out",
    "events --sheet": "events times.txt clip.mp4 --fps 2 --sheet out.png",
    "scan": "scan small.png --workers 1 -o out.jsonl --html out.html",
    "reconcile": "reconcile calls.jsonl -o out.png",
}


SEVERAL = ("compress many", "view many", "frames many", "scan")
"""Those that write several things one after the other; of these some may be done."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class Place:
    """A folder with sources, in which commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        shutil.copy(FIXTURES / "clip.mp4", folder)
        shutil.copy(FIXTURES / "two_frames.mp4", folder / "two.mp4")
        Image.fromarray(drawings.text(120, 160)).save(folder / "small.png")
        (folder / "answer.json").write_text('{"bbox_2d": [100, 100, 500, 500], "label": "a"}')
        (folder / "times.txt").write_text("00:00 - 00:01 a thing")
        (folder / "calls.jsonl").write_text("\n".join(log("compatible", lambda day: "api-2026")))
        (folder / "body.json").write_text(json.dumps(self._body()))
        self.sources = self.hashes()

    def _body(self) -> object:
        url = (
            "data:image/png;base64,"
            + base64.b64encode((self.folder / "small.png").read_bytes()).decode()
        )
        media = {"type": "image_url", "image_url": {"url": url}}
        return {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": [media]}]}

    def hashes(self) -> dict[str, str]:
        """Return every file below the folder by its path, hidden ones too."""
        return {
            str(path.relative_to(self.folder)): "folder"
            if path.is_dir()
            else hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
        }

    def written(self) -> dict[str, str]:
        """Return what is there beside the sources."""
        return {name: what for name, what in self.hashes().items() if name not in self.sources}

    def clear(self) -> None:
        """Remove what is there beside the sources."""
        for name in self.written():
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()


def run(words: list[str]) -> Ran:
    """Run a command in this process; what it raises comes out, for it would be a traceback."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words, prog_name="vlprep")
        except SystemExit as end:
            code = end.code
    for stream in (out, err):
        stream.flush()
    assert isinstance(code, int)
    return Ran(code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode())


def program(*words: str) -> list[str]:
    """Return the command line as a process of its own."""
    return [sys.executable, "-m", "vlprep", *words]


def environment() -> dict[str, str]:
    """Return what such a process finds this checkout by."""
    return {**os.environ, "PYTHONPATH": str(REPO)}
