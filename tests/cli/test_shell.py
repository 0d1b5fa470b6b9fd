import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import Remedy
from vlprep.cli.shell import folded, model_words, quote, remedy_line, this_shell

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


@pytest.mark.parametrize(
    ("environment", "system", "shell"),
    [
        ({}, "posix", "posix"),
        ({"PROMPT": "$P$G"}, "nt", "cmd"),
        ({"PSModulePath": "C:\\"}, "nt", "powershell"),
        ({"PROMPT": "$P$G", "MSYSTEM": "MINGW64"}, "nt", "posix"),
    ],
)
def test_the_shell_is_told_from_the_environment(environment, system, shell):
    assert this_shell(environment, system) == shell


def read_by_cmd(line: str, known: dict[str, str]) -> list[str]:
    """Return the words that a program gets of cmd.exe: a plain twin of what Windows documents."""
    line = re.sub("%([^%]+)%", lambda match: known.get(match[1], match[0]), line)
    passed, quoted, escaped = "", False, False
    for character in line:
        if character == "^" and not (quoted or escaped):
            escaped = True
            continue
        assert quoted or escaped or character not in "&|<>()", "cmd.exe would act on it"
        quoted ^= character == '"' and not escaped
        passed, escaped = passed + character, False
    words, word, quoted, backslashes = [], "", False, 0
    for character in passed + " ":
        if character == "\\":
            backslashes += 1
            continue
        if character == '"':
            word += "\\" * (backslashes // 2)
            if backslashes % 2:
                word += '"'
            else:
                quoted = not quoted
        elif character == " " and not quoted:
            words.append(word + "\\" * backslashes)
            word = ""
        else:
            word += "\\" * backslashes + character
        backslashes = 0
    return words


FILE_NAMES = st.text(
    st.sampled_from("ab.-_ %$`'&|<>()^!,;=~#@[]{}\\\"\u2019ü视"), min_size=1, max_size=12
).filter(lambda name: name != "-")  # which is stdin


@given(FILE_NAMES)
def test_cmd_reads_the_name_back(name):
    quoted = quote(name, "cmd")
    name = f"./{name}" if name[0] == "-" else name
    assert read_by_cmd(quoted, {"a": "gone", "b": "gone"}) == [name]


@given(FILE_NAMES)
def test_powershell_reads_the_name_back(name):
    quoted = quote(name, "powershell")
    name = f"./{name}" if name[0] == "-" else name
    if quoted == name:
        assert re.fullmatch(r"[\w./\\:+=-]+", name)
        return
    inner = re.fullmatch("'((?:[^'\u2018-\u201b]|(['\u2018-\u201b])\\2)*)'", quoted)
    assert inner, "a quotation mark ends it"
    assert re.sub("(['\u2018-\u201b])\\1", "\\1", inner[1]) == name


WORDS_OF_A_LINE = st.lists(
    st.one_of(FILE_NAMES.map(quote), st.sampled_from(["--fps", "-o", "--max-pixels", '"$x"-y'])),
    min_size=1,
    max_size=12,
)


@given(WORDS_OF_A_LINE, st.integers(40, 120))
def test_a_folded_command_is_the_same_command(words, width):
    line = " ".join(["printf", *words])
    lines = list(folded(line, width, "posix"))
    assert shlex.split("\n".join(lines).replace(" \\\n", " ")) == shlex.split(line)
    longest = max(len(word) for word in words)
    assert all(len(part) <= max(width, longest + 4) for part in lines)
    assert all(part.endswith(" \\") for part in lines[:-1])


def test_bash_takes_a_folded_command_as_one():
    names = ["a b.jpg", "it's.jpg", "a\nb.jpg", "$(x).jpg", "back\\slash.jpg", "plain.jpg"]
    line = "printf '%s|' " + " ".join(map(quote, names))
    for width in (12, 20, 40):
        folds = "\n".join(folded(line, width, "posix"))
        ran = subprocess.run(["bash", "-c", folds], capture_output=True, check=True)
        assert ran.stdout.decode() == "".join(f"{name}|" for name in names)


def test_lines_go_on_as_each_shell_has_it():
    line = "vlprep tokens clip.mp4 --fps 1"
    assert list(folded(line, 24, "cmd")) == ["vlprep tokens clip.mp4 ^", "  --fps 1"]
    assert list(folded(line, 24, "powershell")) == ["vlprep tokens clip.mp4 `", "  --fps 1"]
    assert list(folded(f"    {line}", 100)) == [f"    {line}"]
