"""`--pick`: frames and bodies of what changes."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pytest
from PIL import Image

from tests.screencasts import FILMS
from vlprep.draw.sheets import PICKED


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    film = FILMS["cuts"]()
    film.seconds = 30
    return str(film.write(tmp_path_factory.mktemp("talk") / "talk.mp4"))


def test_picked_frames_are_written_with_why_each_was_kept(run, talk, tmp_path):
    folder, sheet = tmp_path / "out", tmp_path / "sheet.png"
    ran = run("frames", talk, "--pick", "changes", "--max-gap", 15, "-o", folder, "--sheet", sheet)
    assert ran.code == 0
    assert "5 changes found" in ran.out and "5 shown" in ran.out
    assert "evenly spread, as many frames are" in ran.out
    manifest = json.loads((folder / "manifest.json").read_text())
    kept = manifest["picked"]["frames"]
    assert [pick["seconds"] for pick in kept] == [
        entry["timestamp_seconds"] for entry in manifest["files"]
    ]
    assert sum(pick["why"] == "change" for pick in kept) == 5
    assert kept[0]["why"] == "first" and kept[-1]["why"] == "last"
    with Image.open(sheet) as picture:
        green = (np.asarray(picture) == PICKED).all(axis=-1)
    assert green.sum() > 5000


def test_a_dry_run_looks_and_writes_nothing(run, talk):
    ran = run("frames", talk, "--pick", "every", "--max-frames", 6, "--dry-run", "--json")
    assert ran.json["frames"] == len(ran.json["timestamps_seconds"]) == 6
    assert ran.json["picked"]["by"] == "every"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--max-gap", 5), "--max-gap: say --pick changes too"),
        (("--budget", 500, "--probe-fps", 4), "--budget, --probe-fps: say --pick changes too"),
    ],
)
def test_what_says_nothing_is_refused(run, talk, words, said):
    ran = run("frames", talk, *words, "--dry-run")
    assert ran.code == 2 and said in ran.err


def test_defaults_of_a_rate_give_way(run, talk, monkeypatch):
    monkeypatch.setenv("VLPREP_FPS", "1")
    assert (
        run("frames", talk, "--pick", "changes", "--dry-run", "--json").json["picked"]["changes"]
        == 5
    )


def test_errors_speak_of_options(run, talk):
    ran = run("frames", talk, "--pick", "changes", "--max-gap", 1, "--max-frames", 5, "--dry-run")
    assert ran.code == 1
    assert "takes 31 frames, and 5 may be kept; allow more, or a --max-gap of 7.5" in ran.err
    ran = run("frames", talk, "--pick", "changes", "--fps", 1, "--dry-run")
    assert ran.code == 1 and "--fps: the frames follow what changes" in ran.err


def test_several_clips_are_picked_in_one_command(run, talk, tmp_path):
    out = tmp_path / "out"
    ran = run("frames", talk, "clip.mp4", "no.mp4", "--pick", "changes", "-o", out)
    assert ran.code == 1 and "no.mp4" in ran.err
    manifest = json.loads((out / "talk" / "manifest.json").read_text())
    alone = run("frames", talk, "--pick", "changes", "--dry-run", "--json").json
    assert manifest["picked"] == alone["picked"]
    assert (out / "clip" / "manifest.json").exists() and not (out / "no").exists()


def test_duplicates_of_even_sampling_are_dropped(run, talk):
    ran = run("frames", talk, "--drop-duplicates", "--dry-run")
    assert ran.code == 0 and "60 frames sampled equal the last one kept" in ran.out
    picked = run("frames", talk, "--drop-duplicates", "--fps", "1", "--dry-run", "--json").json
    assert picked["picked"]["by"] == "distinct"
    assert picked["picked"]["changes"] + picked["picked"]["merged_changes"] == 30
    counted = run("tokens", talk, "--drop-duplicates", "--fps", "1", "--json").json
    assert counted["items"][0]["tokens"] == picked["tokens"]


def test_keyframes_say_what_they_are(run, talk):
    ran = run("frames", talk, "--pick", "keyframes", "--dry-run")
    assert ran.code == 0 and "keyframes are where the encoder put them" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--pick", "changes", "--drop-duplicates"),
            "--drop-duplicates is of frames spread evenly",
        ),
        (("--drop-duplicates", "--probe-fps", 3), "--probe-fps is for --pick changes"),
        (("--pick", "keyframes", "--probe-fps", 3), "--probe-fps is for --pick changes"),
    ],
)
def test_ways_of_picking_do_not_mix(run, talk, words, said):
    ran = run("frames", talk, *words, "--dry-run")
    assert ran.code == 2 and said in ran.err


def test_a_body_holds_the_picked_frames_and_tells_their_moments(run, talk):
    dry = run("frames", talk, "--pick", "changes", "--dry-run", "--json").json
    how = ("--as-frames", "--pick", "changes", "--api", "dashscope", "-t", "What?", "-v")
    ran = run("payload", talk, *how)
    (part, _) = ran.json["input"]["messages"][-1]["content"]
    assert len(part["video"]) == dry["frames"]
    assert part["fps"] == pytest.approx((dry["frames"] - 1) / dry["timestamps_seconds"][-1], 1e-4)
    moments = ", ".join(f"{moment:.1f}" for moment in dry["timestamps_seconds"])
    assert f"picked at {moments} s" in ran.err
    assert "which they are on average" in ran.err


def test_a_body_without_frames_has_none_to_pick(run, talk):
    ran = run("payload", talk, "--pick", "changes", "--api", "dashscope", "-t", "What?")
    assert ran.code == 1 and "--pick chooses the frames that --as-frames sends" in ran.err


def test_tokens_count_what_frames_picks(run, talk):
    dry = run("frames", talk, "--pick", "changes", "--dry-run", "--json").json
    ran = run("tokens", talk, "photo.jpg", "no.mp4", "--pick", "changes", "--json", "--times")
    video, photo, failed = ran.json["items"]
    assert ran.code == 1 and failed["error"]["code"] == "not_found"
    assert (video["tokens"], video["frames"]) == (dry["tokens"], dry["frames"])
    assert video["timestamps_seconds"] == dry["timestamps_seconds"]
    assert photo["tokens"] == run("tokens", "photo.jpg", "--json").json["total_tokens"]


@pytest.mark.parametrize("words", [("--explain",), ("--api", "openai")])
def test_tokens_say_what_does_not_go_with_picks(run, talk, words):
    ran = run("tokens", talk, "--pick", "changes", *words)
    assert ran.code == 2 and "--pick" in ran.err


@pytest.mark.parametrize("way", [("--pick", "changes"), ("--drop-duplicates",)])
def test_a_plan_by_picks_prints_commands_that_give_them_again(run, talk, tmp_path, way):
    ran = run("plan", talk, *way, "--budget", 900)
    assert "as many tokens at a rate:" in ran.out
    planned = run("plan", talk, *way, "--budget", 900, "--json").json
    commands = [shlex.split(line) for line in ran.out.splitlines() if line.startswith("vlprep ")]
    frames, payload = commands
    frames[frames.index("DIR")] = str(tmp_path / "out")
    assert run(*frames[1:], "--json").json["tokens"] == planned["total_tokens"]
    sent = run(*payload[1:])
    assert f"{planned['total_tokens']:,} tokens of media" in sent.err


def test_a_plan_refuses_what_picks_have_no_use_for(run, talk):
    ran = run("plan", talk, "--pick", "changes", "--split")
    assert ran.code == 1 and "--split: --pick chooses the frames" in ran.err
