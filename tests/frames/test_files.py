from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import read_frames, save_frames
from vlprep.errors import ConstraintError, DecodeError

STREET = FIXTURES / "street.mp4"


def street(**options):
    return read_frames(STREET, "qwen3-vl-plus", fps=1, **options)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_picture_a_frame_named_by_place_and_time(tmp_path):
    records = save_frames(street(), tmp_path / "out")
    expected = [f"frame_{k:05}_{k}.000s.jpg" for k in range(10)]
    assert [record.file for record in records] == expected
    assert names(tmp_path / "out") == [*expected, "manifest.json"]
    assert names(tmp_path) == ["out"]


def test_png_keeps_every_pixel_and_jpeg_nearly(tmp_path):
    frames = street().collect().data
    for ending, most in (("png", 0), ("jpg", 3)):
        records = save_frames(street(), tmp_path / ending, format=ending)
        for record, frame in zip(records, frames, strict=True):
            with Image.open(tmp_path / ending / str(record.file)) as picture:
                written = np.asarray(picture)
            assert np.abs(written.astype(int) - frame).mean() <= most


def test_an_array_of_all_frames(tmp_path):
    save_frames(street(), tmp_path / "out", format="npy")
    array = np.load(tmp_path / "out" / "frames.npy", mmap_mode="r")
    assert np.array_equal(array, street().collect().data)


def test_an_array_of_fewer_frames_than_were_planned_says_so(tmp_path):
    stream = street()
    records = save_frames(
        stream, tmp_path / "out", format="npy",
        watch=lambda frames, total, what: (next(stream) for _ in range(7)),
    )  # fmt: skip
    array = np.load(tmp_path / "out" / "frames.npy")
    assert array.shape == (7, 352, 640, 3)
    assert np.array_equal(array, street().collect().data[:7])
    assert len(records) == 7


def test_the_manifest_says_what_was_read_and_what_it_costs(tmp_path):
    stream = street()
    records = save_frames(stream, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert written == stream.to_dict(records)
    assert written["schema"] == "vlprep.frames/1"
    assert (written["frames"], written["tokens"], written["missing_frames"]) == (10, 1102, 0)
    assert written["files"][3] == {
        "file": "frame_00003_3.000s.jpg", "frame": 90, "timestamp_seconds": 3.0, "pts": 46080,
        "substituted": False, "damaged": False,
    }  # fmt: skip


def test_a_sheet_alone_and_a_sheet_beside_the_frames(tmp_path):
    save_frames(street(), sheet=tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 1600
    save_frames(street(), tmp_path / "out", sheet=tmp_path / "out" / "sheet.jpg")
    assert "sheet.jpg" in names(tmp_path / "out")


def test_what_is_there_is_kept_unless_it_may_be_overwritten(tmp_path):
    save_frames(street(), tmp_path / "out")
    with pytest.raises(FileExistsError):
        save_frames(street(), tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    save_frames(read_frames(STREET, fps=0.5), tmp_path / "out", overwrite=True)
    left = names(tmp_path / "out")
    assert len([name for name in left if name.endswith(".jpg")]) == 5  # none of the earlier ten
    assert "notes.txt" in left


def test_a_folder_in_the_way_of_one_frame_leaves_the_earlier_ones_whole(tmp_path):
    out = tmp_path / "out"
    save_frames(read_frames(STREET, fps=1), out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (out / "frame_00005_5.533s.jpg").mkdir()
    with pytest.raises(FileExistsError, match="a folder in the way"):
        save_frames(read_frames(STREET, fps=0.9), out, overwrite=True)
    (out / "frame_00005_5.533s.jpg").rmdir()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "removed"),
    [
        ('{"schema": "vlprep.frames/1", "files": [{"file": "../photo.jpg"}]}', []),
        ('{"schema": "another/1", "files": [{"file": "old.jpg"}]}', []),
        ('{"schema": "vlprep.frames/1", "files": [{"file": "old.jpg"}]}', ["old.jpg"]),
        ("[1, 2", []),
    ],
)
def test_only_what_an_earlier_manifest_lists_is_removed(tmp_path, content, removed):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "photo.jpg").write_bytes(b"1")
    (out / "old.jpg").write_bytes(b"1")
    (out / "manifest.json").write_text(content)
    save_frames(street(), out, overwrite=True)
    assert (tmp_path / "photo.jpg").exists()
    assert (out / "old.jpg").exists() == ("old.jpg" not in removed)


def test_what_can_be_foreseen_is_refused_before_anything_is_decoded(tmp_path):
    for options in ({"folder": tmp_path / "no" / "out"}, {"sheet": tmp_path / "no" / "s.jpg"}):
        stream = street()
        with pytest.raises(FileNotFoundError):
            save_frames(stream, **options)
        assert stream.delivered == 0
    with pytest.raises(ConstraintError, match="the name of a picture ends in"):
        save_frames(street(), sheet=tmp_path / "sheet.bmp")


def test_neither_the_source_nor_its_folder_is_written_over(tmp_path):
    clip = tmp_path / "clip.jpg"  # the name proves nothing
    shutil.copy(STREET, clip)
    with pytest.raises(FileExistsError, match="the source itself"):
        save_frames(read_frames(clip), sheet=clip, overwrite=True)
    images = tmp_path / "images"
    save_frames(street(), images)
    with pytest.raises(FileExistsError, match="the source itself"):
        save_frames(read_frames(images), images, overwrite=True)
    assert len(names(images)) == 11


def test_frames_of_which_none_can_be_decoded_leave_nothing(tmp_path):
    noise = bytearray((FIXTURES / "clip.mp4").read_bytes())
    start = noise.index(b"mdat") + 4
    noise[start:] = bytes(len(noise) - start)
    with pytest.raises(DecodeError, match="none of the frames"):
        save_frames(read_frames(bytes(noise)), tmp_path / "out")
    assert names(tmp_path) == []


def test_the_frames_pass_by_whoever_watches(tmp_path):
    seen = []

    def watch(frames, total, doing):
        seen.append((doing, total))
        return frames

    save_frames(street(), tmp_path / "out", watch=watch)
    assert seen == [("reading frames", street().plan.frame_count)]


def test_an_interrupt_leaves_nothing(tmp_path):
    def interrupted(frames, total, what):
        for number, frame in enumerate(frames):
            if number == 5:
                raise KeyboardInterrupt
            yield frame

    for format in ("jpg", "npy"):
        with pytest.raises(KeyboardInterrupt):
            save_frames(street(), tmp_path / "out", format=format, watch=interrupted)
    assert names(tmp_path) == []
