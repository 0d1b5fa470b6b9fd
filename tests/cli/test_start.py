"""What each command loads: what it does not need would make it slow to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vlprep.cli import COMMANDS

ROOT = Path(__file__).parents[2]

HEAVY = {"numpy", "PIL", "av", "pillow_heif", "rich", "tomllib"}

LIGHT = {"cli", "choices", "errors", "units", "models.citing"}
"""Rooms and files of the package that a help text may load."""

ROOMS_OF_OTHERS = {
    "arrays", "boxes", "check", "compat", "compress", "draw", "events", "frames", "payload", "plan",
    "reconcile", "replies", "samples", "split",
}  # fmt: skip
"""Rooms that counting an image does without."""

FILES_OF_OTHERS = {
    "vlprep.clips", "vlprep.count.videos", "vlprep.maths.frame_counts", "vlprep.maths.sampling",
    "vlprep.media.mp4", "vlprep.media.fetched", "vlprep.cli.shell", "vlprep.cli.samples",
    "vlprep.models.routes", "vlprep.models.servers", "json", "base64", "shlex",
}  # fmt: skip
"""The same of files in the rooms that it needs, and of the standard library."""


def modules_after(*words: str, completing: str | None = None) -> set[str]:
    """Run a command in a fresh interpreter and return the modules it leaves loaded."""
    program = (
        "import sys, vlprep.cli\n"
        "try: vlprep.cli.main(sys.argv[1:], prog_name='vlprep')\n"
        "except SystemExit as stop: code = stop.code\n"
        "print('\\n'.join(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if completing is not None:
        where = str(len(completing.split(" ")) - 1)
        environment |= {"COMP_WORDS": completing, "COMP_CWORD": where}
        environment["_VLPREP_COMPLETE"] = "bash_complete"
    ran = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT / "fixtures", capture_output=True,
        text=True, check=True, env=environment,
    )  # fmt: skip
    return set(ran.stderr.split())


def rooms_in(loaded: set[str]) -> set[str]:
    inner = {name.removeprefix("vlprep.") for name in loaded if name.startswith("vlprep.")}
    return {name if name in LIGHT else name.partition(".")[0] for name in inner - {"models"}}


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_help_loads_no_room_of_the_library(name):
    loaded = modules_after(*([name] if name else []), "--help")
    assert loaded & HEAVY == set()
    assert rooms_in(loaded) <= LIGHT


@pytest.mark.parametrize("line", ["vlprep tok", "vlprep tokens pho", "vlprep plan --max-p"])
def test_a_tab_that_needs_no_model_loads_no_room_of_the_library(line):
    loaded = modules_after(completing=line)
    assert loaded & HEAVY == set()
    assert rooms_in(loaded) <= LIGHT


@pytest.mark.parametrize("line", ["vlprep tokens -m qvq", "vlprep tokens -m qvq-max --rules g"])
def test_a_tab_for_a_name_loads_the_catalogue_alone(line):
    loaded = modules_after(completing=line)
    assert loaded & HEAVY == {"tomllib"}
    assert not rooms_in(loaded) & {"count", "media", "view", "verbs"}


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["tokens", "photo.jpg", "--json"], {"tomllib", "PIL"}),
        (["tokens", "photo.jpg", "--csv"], {"tomllib", "PIL"}),
        (["tokens", "photo.heic", "--json"], {"tomllib", "PIL", "pillow_heif"}),
        (["tokens", "photo.jpg", "exif_1.jpg", "--explain", "--json"], {"tomllib", "PIL"}),
        (["fit-images", "--size", "1280x1280", "--json"], {"tomllib", "numpy"}),
        (["models", "qvq-max", "--json"], {"tomllib"}),
    ],
)
def test_a_command_loads_what_it_needs(words, needed):
    assert modules_after(*words) & HEAVY == needed


def test_a_table_of_jpegs_in_a_pipe_needs_no_arrays_and_no_other_room():
    loaded = modules_after("tokens", "photo.jpg")
    assert loaded & HEAVY == {"tomllib", "PIL"}
    assert rooms_in(loaded) & ROOMS_OF_OTHERS == set()
    assert loaded & FILES_OF_OTHERS == set()


def test_a_table_of_jpegs_makes_few_records():
    """Making a frozen record takes as long as loading a small file."""
    program = (
        "import sys; from dataclasses import is_dataclass; from vlprep.cli import main\n"
        "try: main(['tokens', 'photo.jpg'], prog_name='vlprep')\n"
        "except SystemExit: pass\n"
        "ours = [(name, vars(it)) for name, it in sys.modules.items() if name[:7] == 'vlprep.']\n"
        "print(sum(isinstance(it, type) and is_dataclass(it) and it.__module__ == name\n"
        "          for name, all in ours for it in all.values()), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "fixtures", capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert 0 < int(ran.stderr) <= 50


def test_one_model_is_read_from_its_own_files():
    program = (
        "import json, tomllib\n"
        "parsed, loads = [], tomllib.loads\n"
        "tomllib.loads = lambda text: parsed.append(loads(text)) or parsed[-1]\n"
        "from vlprep import get_model, list_models\n"
        "get_model('qvq-max-latest')\n"
        "one = sum('models' in table for table in parsed)\n"
        "list_models()\n"
        "print(json.dumps([one, sum('models' in table for table in parsed), len(parsed)]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    one, families, files = json.loads(ran.stdout)
    catalogue = ROOT / "vlprep" / "models" / "catalog"
    assert one == 1
    assert families == len(list((catalogue / "families").iterdir()))
    assert files <= len(list(catalogue.rglob("*.toml")))
