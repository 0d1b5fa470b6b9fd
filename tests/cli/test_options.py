"""The options of all commands: in groups, quiet, under their former words, contradictory."""

from __future__ import annotations

import importlib
import re

import click
import pytest

from tests.places import FIXTURES
from vlprep.cli import COMMANDS
from vlprep.cli.command import GROUPS, OF_IMAGES, RENAMED, key_of

GROUPED = {name for names in GROUPS.values() for name in names}


def options_of(name):
    command = importlib.import_module(f"vlprep.cli.{COMMANDS[name][0]}").command
    return [param for param in command.params if isinstance(param, click.Option)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_group(name):
    assert {key_of(option) for option in options_of(name)} <= GROUPED


def test_no_group_has_an_option_that_there_is_not_and_none_is_in_two():
    there = {key_of(option) for name in COMMANDS for option in options_of(name)} | {"help"}
    assert there == GROUPED
    assert len(GROUPED) == sum(map(len, GROUPS.values()))


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_every_option_within_the_width_and_breaks_no_word(run, name, width):
    command = importlib.import_module(f"vlprep.cli.{COMMANDS[name][0]}").command
    how = {"terminal_width": width, "help_option_names": ["-h", "--help"]}
    with command.context_class(command, info_name=f"vlprep {name}", **how) as context:
        out = command.get_help(context)
    for line in out.partition("\n  vlprep ")[2].partition("\n\n")[2].splitlines():
        assert len(line) <= width, line
    left_out = GROUPS["What it sees of videos"] if name in OF_IMAGES else ()
    for option in options_of(name):
        for word in option.opts:
            shown = re.search(rf"(?<![\w-]){word}(?![\w-])", out) is not None
            assert shown == (key_of(option) not in left_out), word
    titles = [line[:-1] for line in out.splitlines() if re.fullmatch(r"\S.*:", line)]
    assert titles == [title for title in GROUPS if title in titles] and titles[-1] == "Other"


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_told_in_short_sentences(name):
    for option in options_of(name):
        assert option.help[0].isupper() and option.help.endswith("."), option.name
        assert len(option.help) <= 160, option.name


# One word for one thing.


SAME = {  # what an option is about in every command that has it
    "--max-input", "--max-model-len", "--budget", "--text-tokens", "--fps", "--max-pixels",
    "--json", "--jsonl", "--csv", "--force", "--list", "--recursive", "--from-file", "--start",
    "--strict",
    "--rules", "--deployment", "--thinking", "--reply-tokens", "--thinking-tokens", "--threads",
}  # fmt: skip


def test_an_option_means_the_same_in_every_command():
    texts = {}
    for name in COMMANDS:
        for option in options_of(name):
            for word in set(option.opts) & SAME:
                texts.setdefault(word, set()).add(option.help)
    assert {word: said for word, said in texts.items() if len(said) > 1} == {}
    assert texts.keys() == SAME


def test_former_words_are_taken_with_a_warning(run):
    told = "warning: --reserve is called --text-tokens now\n"
    old = run("plan", "photo.jpg", "--reserve", 100, "--json")
    new = run("plan", "photo.jpg", "--text-tokens", 100, "--json")
    assert old.json == new.json
    assert (old.err.startswith(told), told in new.err) == (True, False)
    assert told not in run("plan", "photo.jpg", "--reserve=100", "--json", "-q").err
    both = run("plan", "photo.jpg", "--reserve", 1, "--text-tokens", 2)
    assert (both.code, "give --text-tokens alone" in both.err) == (2, True)
    assert "--list-checks" in run("check", "--list-rules").err


def test_former_words_are_in_no_help_and_the_new_ones_are(run):
    for name, words in RENAMED.items():
        out = run(name, "--help").out
        for old, new in words.items():
            assert not re.search(rf"{old}(?![\w-])", out) and new in out


def test_bytes_of_a_request_are_those_that_are_sent(run):
    sizes = {}
    for route in ("base64", "path", None):
        words = ["plan", *["photo.jpg"] * 3, "--split", "--request-limit", "100kB", "--json"]
        words += ["--route", route] if route else []
        sizes[route] = [len(request) for request in run(*words).json["requests"]]
    assert sizes == {"base64": [2, 1], "path": [3], None: [2, 1]}  # 29,881 bytes, 39,844 characters


def test_a_budget_of_tokens(run):
    ran = run("tokens", "photo.jpg", "--budget", 200)
    assert "151 % of the budget, 200 tokens: does not fit one request" in ran.out
    shared = run("tokens", "photo.jpg", "--budget", "50%", "--json").json["max_input_tokens"]
    assert shared == 130_048
    for command in ("plan", "fit-images"):
        ran = run(command, "photo.jpg", "--budget", "50%", "--json").json
        assert ran["budget"]["binding"] == "budget"
        assert ran["budget"]["available"] == 130_048


# Quiet.


@pytest.mark.parametrize(
    "words",
    [
        ("tokens", "photo.jpg", "hdr_pq.mp4"), ("check", "photo.jpg"), ("plan", "exif_6.jpg"),
        ("frames", "hdr_pq.mp4", "--dry-run"), ("fit-images", "photo.jpg"), ("models", "qvq-max"),
        ("payload", "photo.jpg", "-t", "What?"), ("compress", "hdr_pq.mp4", "--dry-run"),
        ("view", "exif_6.jpg", "-o", "OUT"), ("boxes", "photo.jpg", "[[1, 2, 3, 4]]"),
        ("events", '[{"start_time": 2, "end_time": 99}]', "street.mp4"), ("config",),
    ],
)  # fmt: skip
def test_quiet_prints_nothing_on_stderr_but_errors(run, tmp_path, words):
    words = [tmp_path / "out.png" if word == "OUT" else word for word in words]
    for flag in ("-q", "--quiet"):
        ran = run(*words, flag, *(["--force"] if "view" in words else []))
        assert (ran.code, ran.err) == (0, "")
        assert ran.out


def test_quiet_keeps_errors(run):
    ran = run("tokens", "nope.jpg", "photo.jpg", "-q")
    assert (ran.code, ran.err) == (1, "error: nope.jpg: no such file or directory\n")
    ran = run("payload", "tiny.png", "-t", "What?", "-q")
    assert (ran.code, "error: tiny.png: " in ran.err) == (1, True)


# Wrong usage is told once.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--start", 5, "--end", 2), "no two frames between --start 5 and --end 2"),
        (("--fps", 2, "--nframes", 4), "--fps and --nframes exclude each other"),
        (("--model-file", "FOLDER", "-m", "qvq-max"), "leave the name 'qvq-max' out"),
    ],
)
@pytest.mark.parametrize("command", ["tokens", "check", "plan", "frames", "compress", "payload"])
def test_options_that_contradict_each_other_are_told_once(run, command, words, told):
    folder = FIXTURES.parent / "tests" / "models" / "fine-tune"
    words = [folder if word == "FOLDER" else word for word in words]
    more = {"payload": ("-t", "hi"), "frames": ("--dry-run",), "compress": ("--dry-run",)}
    files = ("street.mp4",) if command == "frames" else ("street.mp4", "clip.mp4", "no.mp4")
    ran = run(command, *files, *words, *more.get(command, ()))
    assert (ran.code, ran.out, ran.err.count(told)) == (2, "", 1)


@pytest.mark.parametrize("form", [(), ("--json",), ("--jsonl",)])
def test_a_deployment_that_there_is_not_is_refused_before_the_work(run, form):
    ran = run("tokens", "photo.jpg", "street.mp4", "--deployment", "foo", *form)
    assert ran.out == ""
    assert ran.err.count("there is international") == 1
    assert ran.code == 1


def test_a_deployment_or_a_currency_is_looked_at_without_a_price(run):
    ran = run("plan", "photo.jpg", "--deployment", "foo")
    assert (ran.code, ran.out, "there is international" in ran.err) == (1, "", True)
    assert run("plan", "photo.jpg", "--deployment", "china").code == 0
    ran = run("plan", "photo.jpg", "--currency", "USD")
    assert (ran.code, "goes with --price-cap" in ran.err) == (2, True)


def test_a_number_of_frames_by_guides_of_rates_names_the_rate(run):
    ran = run("tokens", "street.mp4", "--nframes", 8)
    assert "an fps of 0.8 gives 8 frames of this clip" in ran.err
    assert run("tokens", "street.mp4", "--fps", 0.8, "--json").json["items"][0]["frames"] == 8
    assert "an fps" not in run("tokens", "street.mp4", "--nframes", 2).err  # the guides take 4


def test_choices_are_taken_in_any_case(run):
    words = ("tokens", "photo.jpg", "-m", "Qwen/Qwen3-VL-8B-Instruct", "--server")
    assert run(*words, "vLLM").out == run(*words, "vllm").out


def test_where_no_file_is_named_a_size_will_do(run):
    assert run("plan").err.endswith("--from-file with a list, or --size\n")
    assert "--size" not in run("check").err
