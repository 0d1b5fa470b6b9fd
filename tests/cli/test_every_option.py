"""Every command takes every view option, with the same effect on the tokens, or says why not."""

from __future__ import annotations

import pytest

from tests.test_every_option import MODELS, OPTIONS, value_of
from vlprep.cli.text import flagged

COMMANDS = {
    # command: what follows its file, how its JSON tells the tokens, kinds of files
    "frames": (["--sheet", "SHEET"], lambda json: json["tokens"], {"video"}),
    "view": (["-o", "SHEET"], lambda json: json["tokens"], {"image"}),
    "check": ([], lambda json: json["items"][0]["tokens"], {"image", "video"}),
    "plan": (["--budget", "99%"], lambda json: json["items"][0]["tokens"], {"image", "video"}),
    "compress": (
        ["--dry-run", "--limit", "50MB"],
        lambda json: json["items"][0]["tokens_before"],
        {"image", "video"},
    ),
    "payload": (["--text", "What?", "--no-check"], None, {"image", "video"}),
}
FILES = {"image": "photo.jpg", "video": "street.mp4"}


def flags_of(option, model):
    if option is None:
        return []
    flag, value = OPTIONS[option][0], value_of(option, model)
    return [flag] if value is True else [flag, value]


@pytest.mark.parametrize("option", [None, *OPTIONS])
@pytest.mark.parametrize("model", MODELS[::2])
@pytest.mark.parametrize(
    ("command", "kind"),
    [(command, kind) for command, (_, _, kinds) in COMMANDS.items() for kind in sorted(kinds)],
)
def test_a_command_takes_an_option_as_tokens_does(run, tmp_path, command, kind, model, option):
    flags = ["-m", model, *flags_of(option, model)]
    more, tokens_of, _ = COMMANDS[command]
    more = [tmp_path / "sheet.png" if word == "SHEET" else word for word in more]
    counted = run("tokens", FILES[kind], *flags, "--json")
    ran = run(command, FILES[kind], *more, *flags, *([] if tokens_of is None else ["--json"]))
    if not counted.out:  # refused before any file is opened
        assert (ran.code, ran.err) == (counted.code, counted.err)
        return
    expected = counted.json["items"][0]
    assert ran.code != 2, ran.err  # the option is known
    if "error" in expected:
        said = expected["error"]["message"].split(": ")[-1]
        assert any(text in ran.err + ran.out for text in (said, flagged(said)))
    elif tokens_of is None:
        assert ran.code == 0 or OPTIONS[option][0] in ran.err  # refused by name
    else:
        assert tokens_of(ran.json) == expected["tokens"], ran.err


def test_no_command_warns_of_a_model_more_than_once_or_not_at_all(run, tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14, "merge_size": 2, '
        '"temporal_patch_size": 2}'
    )
    commands = {
        "tokens": [], "check": [], "plan": ["--budget", "5000"], "view": ["-o", "OUT"],
        "compress": ["--dry-run"], "payload": ["--text", "What?"],
        "fit-images": ["--max-input", 5000],
    }  # fmt: skip
    for command, more in commands.items():
        for form in ([], ["--json"]) if command != "payload" else ([],):
            output = tmp_path / f"{command}{len(form)}.png"
            words = [output if word == "OUT" else word for word in more]
            ran = run(command, "photo.jpg", "--model-file", tmp_path, *words, *form)
            assert ran.code == 0, ran.err
            assert ran.err.count("the folder states no image size") == 1, (command, form)
            assert f"warning: {tmp_path.name}: " in ran.err


@pytest.mark.parametrize("words", [("tokens",), ("check",), ("plan",), ("compress", "--dry-run")])
def test_an_option_of_videos_is_told_of_where_there_are_none(run, words):
    command, *more = words
    ran = run(command, "photo.jpg", *more, "--fps", 4, "--start", 1)
    assert ran.err.count("--fps, --start: for videos, and all files are images") == 1
    for files in (("street.mp4", "photo.jpg"), ("street.mp4",)):
        assert "for videos, and" not in run(command, *files, *more, "--fps", 1).err
    assert "for videos, and" not in run(command, "photo.jpg", *more).err


def test_a_request_of_images_tells_of_them_too(run):
    ran = run("payload", "photo.jpg", "--text", "x", "--preview", "--fps", 4)
    assert "--fps: for videos, and all files are images" in ran.err
