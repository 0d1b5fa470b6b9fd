"""`--size` and `--duration`: what files of a size and length would cost, before there are any."""

from __future__ import annotations

from fractions import Fraction

import pytest

from vlprep import ImageInfo, ImageSize, VideoInfo, count_tokens, plan_media

CLIP = ("--size", "1920x1080", "--duration", "10:00")


def clip(fps: str = "30") -> VideoInfo:
    frames = round(600 * Fraction(fps))
    return VideoInfo(size=ImageSize(1080, 1920), frame_count=frames, fps=Fraction(fps))


def test_a_size_is_counted_as_an_image(run):
    ran = run("tokens", "--size", "640x480", "--size", "4000x3000", "--json")
    sizes = (ImageSize(480, 640), ImageSize(3000, 4000))
    known = [count_tokens(ImageInfo(size=size, format="image")).tokens.total for size in sizes]
    assert [item["tokens"] for item in ran.json["items"]] == known


@pytest.mark.parametrize(("words", "fps"), [((), "30"), (("--source-fps", "1"), "1")])
def test_with_a_length_it_is_counted_as_a_video(run, words, fps):
    item = run("tokens", *CLIP, *words, "--json").json["items"][0]
    assert (item["kind"], item["tokens"]) == ("video", count_tokens(clip(fps)).tokens.total)


def test_a_plan_of_facts_names_no_file_and_starts_the_server(run):
    words = ("--model", "Qwen/Qwen3-VL-8B-Instruct", "--server", "vllm")
    ran = run("plan", *CLIP, *CLIP[:2], *words, "--max-model-len", "32768")
    planned = plan_media(
        [clip()] * 2, "Qwen/Qwen3-VL-8B-Instruct", server="vllm", max_model_len=32768
    )
    assert f"--max-model-len {planned.total_tokens} --limit-mm-per-prompt" in ran.out
    commands = [line for line in ran.out.splitlines() if line.startswith("vlprep ")]
    assert all(" FILE FILE " in line for line in commands)
    assert "--size" not in "".join(commands)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("photo.jpg", "--size", "9x9"), "--size stands for files"),
        (("--size", "9x9", "--list"), "--size stands for files"),
        (("--duration", "9"), "--duration goes with --size"),
        (("--size", "9x9", "--source-fps", "9"), "--source-fps goes with --duration"),
    ],
)
@pytest.mark.parametrize("command", ["tokens", "plan"])
def test_facts_beside_files_and_halves_of_facts_are_wrong_usage(run, command, words, why):
    ran = run(command, *words)
    assert (ran.code, why in ran.err) == (2, True)


def test_facts_cannot_be_sent_or_decoded(run, tmp_path):
    bodies = run("plan", "--size", "9x9", "--text", "?", "-o", str(tmp_path / "bodies"))
    assert (bodies.code, list(tmp_path.iterdir())) == (1, [])
    assert "facts of a header are no content to send" in bodies.err
    assert run("tokens", *CLIP, "--pick", "changes").code == 1
