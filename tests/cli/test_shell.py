import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import Remedy
from vlprep.cli.shell import model_words, quote, remedy_line

WORDS = model_words("qvq-max", None, None)


@pytest.mark.parametrize(
    ("remedy", "line"),
    [
        (
            Remedy(
                command="compress", files=("1 .ts", "2.ts"), output="compressed/",
                options=(("route", "path"), ("fps", 1.0), ("page", 0), ("model", "qvq-max")),
            ),
            "vlprep compress '1 .ts' 2.ts -o compressed/ --route path --fps 1 --page 0 "
            "--model qvq-max",
        ),
        (
            Remedy(
                command="frames", files=("-a.mp4",), output="./-a-frames",
                options=(("start_seconds", 0.25), ("tone_map", True), ("model", "qvq-max")),
            ),
            "vlprep frames ./-a.mp4 -o ./-a-frames --start 0.25 --tone-map --model qvq-max",
        ),
        (Remedy(step="rename it to", output="./-a b.png"), "rename it to './-a b.png'"),
        (Remedy(step="lower `fps`, or `max_pixels`"), "lower --fps, or --max-pixels"),
        (Remedy(step="send what `view_image` returns"), "send what vlprep view returns"),
    ],
)  # fmt: skip
def test_a_remedy_is_a_line_of_shell(remedy, line):
    assert remedy_line(remedy, WORDS) == line


def test_a_model_is_named_as_it_was_asked():
    assert model_words("qvq-max", None, "qvq") == ["--model", "qvq-max"]
    assert model_words("own", "a b.toml", "own") == ["--model-file", "'a b.toml'", "--model", "own"]


@pytest.mark.parametrize(
    "name", ["a'b.jpg", "a b", "$(x)`y`", "a\nb\\'c", "\x1b[31m", "ü.jpg", "~"]
)
def test_a_shell_reads_the_name_back(name):
    ran = subprocess.run(["bash", "-c", f"printf %s {quote(name)}"], capture_output=True)
    assert ran.stdout == name.encode()


def test_bytes_that_are_no_text_come_back_too():
    name = b"a\xff.jpg".decode(errors="surrogateescape")
    ran = subprocess.run(["bash", "-c", f"printf %s {quote(name)}"], capture_output=True)
    assert ran.stdout == b"a\xff.jpg"
    assert quote(name).isascii()


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1))
def test_printable_names_are_one_word(name):
    (word,) = shlex.split(quote(name))
    assert word in (name, f"./{name}")
    assert not word.startswith("-")
