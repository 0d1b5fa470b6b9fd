from __future__ import annotations

from PIL import Image


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


def test_an_image_is_written_as_the_model_sees_it(run, tmp_path):
    asked = ("--max-pixels", 100_000, "--rules", "api-2026")
    ran = run("view", "photo.jpg", "-o", tmp_path / "v.png", *asked)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1:] == [
        "photo.jpg: 640x480 is seen as 352x256, 29.3 % of its pixels, for 90 tokens",
        f"written to {tmp_path}/v.png",
    ]
    assert size_of(tmp_path / "v.png") == (352, 256)


def test_json_has_the_keys_of_a_count(run, tmp_path):
    ran = run("view", "photo.jpg", "-o", tmp_path / "v.webp", "-m", "qvq-max", "--json")
    assert ran.json["schema"] == "vlprep.view/1"
    assert (ran.json["model"], ran.json["tokens"]) == ("qvq-max", 393)
    assert ran.json["output"] == f"{tmp_path}/v.webp"


def test_a_comparison_is_twice_as_wide(run, tmp_path):
    assert run("view", "photo.jpg", "-o", tmp_path / "v.jpg", "--compare").code == 0
    assert size_of(tmp_path / "v.jpg")[0] > 1280


def test_what_is_there_is_kept_without_force(run, tmp_path):
    words = ("view", "photo.jpg", "-o", tmp_path / "v.png")
    assert run(*words).code == 0
    again = run(*words)
    assert (again.code, again.err) == (
        1, f"vlprep: {tmp_path}/v.png: exists already; --force overwrites it\n",
    )  # fmt: skip
    assert run(*words, "--force").code == 0


def test_a_video_is_sent_to_its_own_command(run, tmp_path):
    ran = run("view", "street.mp4", "-o", tmp_path / "v.png")
    assert ran.code == 1
    assert "vlprep frames with --sheet" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_warnings_go_to_stderr(run, tmp_path):
    ran = run("view", "png_named.jpg", "-o", tmp_path / "v.png")
    assert ran.err == "warning: png_named.jpg: named .jpg but the content is PNG\n"
