"""Options of what commands draw: fonts, details, sizes."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image

from tests.draw.tiny_font import tiny_font
from tests.places import FIXTURES


@pytest.mark.parametrize(
    ("command", "drawn"),
    [
        (("frames", "视频.mp4", "--fps", "1", "--sheet", "s.png"), "视频"),
        (("plan", "视频.mp4", "--budget", "1500", "--chart", "c.png"), "视频"),
        (("view", "照片.jpg", "-o", "v.png", "--compare"), "照片"),
        (("events", "answer.txt", "视频.mp4", "--sheet", "e.png"), "视频"),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else part,
)
def test_commands_say_which_letters_no_font_has(
    machine, run, tmp_path, monkeypatch, command, drawn
):
    shutil.copy(FIXTURES / "street.mp4", tmp_path / "视频.mp4")
    shutil.copy(FIXTURES / "photo.jpg", tmp_path / "照片.jpg")
    (tmp_path / "answer.txt").write_text("[2, 3]")
    (tmp_path / "tiny.ttf").write_bytes(tiny_font("视频照片"))
    monkeypatch.chdir(tmp_path)
    ran = run(*command)
    assert ran.code == 0 and f"no font here has the letters {drawn}" in ran.err
    assert "--font" in ran.err
    again = run(*command, "--font", "tiny.ttf", "--force")
    assert again.code == 0 and "no font here" not in again.err


def test_view_zooms_and_asks_for_a_place(run, tmp_path):
    for more in (["--zoom"], ["--zoom-at", "100,200"], ["--compare"]):
        out = tmp_path / f"{'-'.join(more)}.png"
        ran = run("view", "photo.jpg", "-o", out, *more, "--max-side", "200")
        assert ran.code == 0
        with Image.open(out) as picture:
            assert picture.height > (380 if "zoom" in more[0] else 190)
    assert run("view", "photo.jpg", "-o", tmp_path / "x.png", "--zoom-at", "1x2").code == 2
    assert run("view", "photo.jpg", "-o", tmp_path / "x.png", "--font", "a").code == 2
    ran = run("view", "photo.jpg", "-o", tmp_path / "x.png", "--zoom")
    assert "all of the image is drawn at 100 %" in ran.err


def test_a_font_without_a_drawing_is_a_mistake(run, tmp_path):
    assert run("frames", "street.mp4", "-o", tmp_path / "f", "--font", "x").code == 2
    assert run("plan", "street.mp4", "--font", "x").code == 2
