"""Pictures in memory: what a notebook shows, what Pillow gets, and the frames of a clip."""

from __future__ import annotations

import io
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.decoders import small_decoders
from tests.draw.tiny_font import tiny_font
from vlprep.errors import ConstraintError, DecodeError

PHOTO, STREET = "fixtures/photo.jpg", "fixtures/street.mp4"
MODEL = "qwen3-vl-plus"
BOX = '[{"bbox_2d": [250, 500, 500, 1000], "label": "boat"}]'


def opened(png: bytes) -> Image.Image:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return Image.open(io.BytesIO(png))


def read(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def frames() -> vlprep.Frames:
    with vlprep.read_frames(STREET, MODEL, fps=1) as stream:
        return stream.collect()


SHOWN = {
    "sheet": lambda: vlprep.frame_sheet(STREET, MODEL, fps=1),
    "chart": lambda: vlprep.plan_media(STREET, MODEL, budget=1500).chart(),
    "comparison": lambda: vlprep.view_image(PHOTO).compare(),
    "view": lambda: vlprep.view_image(PHOTO),
    "boxes": lambda: vlprep.locate_boxes(PHOTO, BOX),
    "frame": lambda: frames()[3],
    "events": lambda: vlprep.locate_events(STREET, "00:02 - 00:03 a bus").sheet(),
}


@pytest.mark.parametrize("what", SHOWN)
def test_a_notebook_shows_it_as_a_picture_that_is_not_too_large(what):
    thing = SHOWN[what]()
    own, shown = thing.to_pil(), opened(thing._repr_png_())
    assert shown.mode == own.mode == "RGB"
    assert shown.width * shown.height <= 1_000_000
    if own.width * own.height <= 1_000_000:
        assert shown.tobytes() == own.tobytes()
    assert shown.width / shown.height == pytest.approx(own.width / own.height, rel=0.01)


def test_what_is_written_is_what_is_drawn(tmp_path):
    sheet = vlprep.frame_sheet(STREET, MODEL, fps=1)
    sheet.save(tmp_path / "a.png")
    with vlprep.read_frames(STREET, MODEL, fps=1) as stream:
        stream.save(sheet=tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        assert read(tmp_path / name).tobytes() == sheet.to_pil().tobytes()
    plan = vlprep.plan_media(STREET, MODEL, budget=1500)
    plan.save_chart(tmp_path / "c.png")
    assert read(tmp_path / "c.png").tobytes() == plan.chart().image.tobytes()
    with pytest.raises(FileExistsError):
        sheet.save(tmp_path / "a.png")
    sheet.save(tmp_path / "a.png", overwrite=True)
    with pytest.raises(ConstraintError, match=r"ends in \.jpg"):
        sheet.save(tmp_path / "a.gif")


def test_a_drawing_is_not_written_over_what_it_shows(tmp_path):
    copy = shutil.copy(PHOTO, tmp_path / "photo.jpg")
    with pytest.raises(FileExistsError, match="is the source itself"):
        vlprep.view_image(copy).compare().save(copy, overwrite=True)


def test_photos_are_small_as_jpeg_and_comparisons_of_a_size_to_look_at(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
    photo = np.asarray(Image.fromarray(noise).resize((3264, 2448), Image.Resampling.BICUBIC))
    shown = vlprep.view_image(photo, MODEL)
    for name in ("c.png", "c.jpg"):
        shown.save(tmp_path / name, compare=True)
    png, jpg = ((tmp_path / name).stat().st_size for name in ("c.png", "c.jpg"))
    assert png < 5_000_000 and jpg < png / 2
    found = vlprep.locate_boxes(photo, BOX)
    found.save(tmp_path / "b.png", max_side=800)
    assert read(tmp_path / "b.png").size == (800, 600)
    assert found.draw().shape == (2448, 3264, 3)


def test_boxes_on_a_smaller_picture_are_where_they_were():
    found = vlprep.locate_boxes(PHOTO, BOX)
    half = np.asarray(found.to_pil(max_side=320)).astype(int)
    whole = np.asarray(found.to_pil().resize((320, 240), Image.Resampling.BOX)).astype(int)
    red = [np.argwhere((p[..., 0] > 180) & (p[..., 1] < 90)) for p in (half, whole)]
    for corner in (np.min, np.max):
        assert corner(red[0][:, 1]) == pytest.approx(corner(red[1][:, 1]), abs=3)
    assert found.to_pil(max_side=5000).size == (640, 480)


def test_boxes_of_what_is_gone_are_shown_as_text(tmp_path):
    copy = shutil.copy(PHOTO, tmp_path / "photo.jpg")
    found = vlprep.locate_boxes(copy, BOX)
    assert found._repr_png_() is not None
    copy.unlink()
    assert found._repr_png_() is None
    assert vlprep.locate_boxes(vlprep.probe(PHOTO), BOX)._repr_png_() is None


def test_a_chart_is_of_images_too_but_not_of_nothing():
    assert vlprep.plan_media([PHOTO, PHOTO], MODEL).chart().size == (800, 1280)
    with pytest.raises(ConstraintError, match="nothing was planned"):
        vlprep.plan_media(["no.jpg"]).chart()


def test_a_sheet_without_a_frame_is_an_error(monkeypatch):
    small_decoders(monkeypatch, 1000)
    with pytest.raises(DecodeError, match="none of the frames could be decoded"):
        vlprep.frame_sheet("fixtures/clip.mp4", MODEL)


# Letters.


def test_a_sheet_says_which_letters_no_font_has(machine, tmp_path):
    named = shutil.copy(STREET, tmp_path / "视频 测试.mp4")
    sheet = vlprep.frame_sheet(named, MODEL, fps=1)
    assert sheet.warnings[0].startswith("no font here has the letters 视频测试, which are drawn as")
    stream = vlprep.read_frames(named, MODEL, fps=1)
    stream.save(sheet=tmp_path / "sheet.png")
    assert sheet.warnings == stream.warnings
    plan = vlprep.plan_media(named, MODEL, budget=1500)
    assert "视频测试" in plan.chart().warnings[0]
    picture = shutil.copy(PHOTO, tmp_path / "照片.jpg")
    assert "照片" in vlprep.view_image(picture).compare().warnings[0]
    assert vlprep.frame_sheet(STREET, MODEL, fps=1).warnings == ()


def test_a_font_is_named_for_every_drawing(machine, tmp_path):
    (machine / "tiny.ttf").write_bytes(tiny_font("视频测试照片"))
    font = tmp_path / "own.ttf"
    font.write_bytes(tiny_font("视频测试照片."))
    named = shutil.copy(STREET, tmp_path / "视频 测试.mp4")
    picture = shutil.copy(PHOTO, tmp_path / "照片.jpg")
    plan, view = vlprep.plan_media(named, MODEL, budget=1500), vlprep.view_image(picture)
    drawings = {
        "sheet": lambda **how: vlprep.frame_sheet(named, MODEL, fps=1, **how),
        "chart": plan.chart,
        "comparison": view.compare,
    }
    for draw in drawings.values():
        for how in ({}, {"font": font}, {"font": "Tiny"}):
            assert draw(**how).warnings == ()
        with pytest.raises(ConstraintError, match="neither a font file nor the name of a font"):
            draw(font="no such font")


# Frames, one by one.


def test_frames_have_places_and_are_the_stream_s():
    with vlprep.read_frames(STREET, MODEL, fps=1) as stream:
        assert len(stream) == 10
        streamed = list(stream)
        assert len(stream) == 10
    whole = frames()
    assert len(whole) == len(list(whole)) == 10
    for one, other in zip(whole, streamed, strict=True):
        assert (one.number, one.pts, one.timestamp_seconds) == (
            other.number, other.pts, other.timestamp_seconds,
        )  # fmt: skip
        assert (one.image == other.image).all() and one.substituted == other.substituted
    assert whole[-1].number == whole[9].number == 270
    assert whole[np.int64(2)].timestamp_seconds == 2.0
    with pytest.raises(IndexError):
        whole[10]
    with pytest.raises(TypeError):
        whole["a"]


def test_part_of_frames_is_frames():
    whole = frames()
    part = whole[2:8:3]
    assert isinstance(part, vlprep.Frames) and len(part) == 2
    assert part.timestamps_seconds == (2.0, 5.0) and part[1].number == 150
    assert np.shares_memory(part.data, whole.data)
    assert np.shares_memory(whole[3].image, whole.data)
    assert len(whole[5:5]) == 0 and repr(whole[5:5]) == "Frames(0x352x640x3)"
    assert [picture.size for picture in part.to_pil()] == [(640, 352)] * 2


def test_frames_keep_what_is_known_of_each(tmp_path):
    with vlprep.read_frames("fixtures/corrupted.mp4", MODEL) as stream:
        streamed = list(stream)
    ((_, whole),) = vlprep.read_many(["fixtures/corrupted.mp4"], MODEL)
    marks = [(frame.substituted, frame.damaged) for frame in streamed]
    assert [(frame.substituted, frame.damaged) for frame in whole] == marks
    again = pickle.loads(pickle.dumps(whole))
    assert [frame.number for frame in again] == [frame.number for frame in streamed]
    assert len(pickle.dumps(whole)) < whole.data.nbytes + 20_000


def test_a_stack_made_by_hand_has_frames_too():
    made = vlprep.Frames(np.zeros((3, 4, 6, 3), np.uint8), (0.0, 0.5, 1.0))
    assert [(frame.number, frame.timestamp_seconds, frame.pts) for frame in made] == [
        (0, 0.0, None), (1, 0.5, None), (2, 1.0, None),
    ]  # fmt: skip


def test_steps_of_arrays_have_a_length():
    with vlprep.processor("Qwen/Qwen3-VL-8B-Instruct").array_steps("fixtures/clip.mp4") as steps:
        assert len(steps) == len(list(steps)) == 2


# What a sheet says of a clip.


@pytest.mark.parametrize(
    ("clip", "said"),
    [("fixtures/one_frame.mp4", ("1 frame of", "0.033 s")), (STREET, ("20 frames of", "10.0 s"))],
)
def test_a_sheet_counts_frames_and_seconds_as_people_do(clip, said):
    lines = " / ".join(vlprep.read_frames(clip, MODEL)._caption())
    assert all(part in lines for part in said), lines
