"""Arrays in files: what is in them, and that they appear whole or not at all."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vlprep
from tests.places import FIXTURES
from vlprep.errors import ConstraintError

QWEN3 = "Qwen/Qwen3-VL-8B-Instruct"
PHOTO, CLIP = FIXTURES / "photo.jpg", FIXTURES / "clip.mp4"


def read_safetensors(path):
    """Read the format by its description, without its library."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert (8 + length) % 8 == 0
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__")
    types = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "U8": "u1", "I64": "<i8"}
    found, end = {}, 0
    for name, row in header.items():
        start, stop = row["data_offsets"]
        assert start == end
        end = stop
        data = np.frombuffer(content[8 + length :][start:stop], types[row["dtype"]])
        found[name] = row["dtype"], data.reshape(row["shape"])
    assert end == len(content) - 8 - length
    return found


@pytest.mark.parametrize(
    ("dtype", "code"),
    [("float32", "F32"), ("float16", "F16"), ("bfloat16", "BF16"), ("uint8", "U8")],
)
def test_safetensors_hold_what_was_made(tmp_path, dtype, code):
    made = vlprep.pixel_values(PHOTO, CLIP, QWEN3, dtype=dtype, nframes=4)
    made.save(tmp_path / "a.safetensors")
    found = read_safetensors(tmp_path / "a.safetensors")
    assert list(found) == list(made.inputs())
    for name, array in made.inputs().items():
        assert found[name][0] == (code if "values" in name else "I64")
        assert np.array_equal(found[name][1], array)


def test_npz_and_npy_hold_what_was_made(tmp_path):
    made = vlprep.pixel_values(PHOTO, model=QWEN3)
    made.save(tmp_path / "a.npz")
    made.save(tmp_path / "a.npy")
    with np.load(tmp_path / "a.npz") as found:
        assert sorted(found) == ["image_grid_thw", "pixel_values"]
        assert np.array_equal(found["pixel_values"], made.pixel_values)
    assert np.array_equal(np.load(tmp_path / "a.npy"), made.pixel_values)


def test_what_a_file_cannot_hold_is_refused(tmp_path):
    made = vlprep.pixel_values(PHOTO, CLIP, QWEN3, nframes=4, dtype="uint8")
    with pytest.raises(ConstraintError, match=r"images and of videos are two; take \.npz"):
        made.save(tmp_path / "a.npy")
    with pytest.raises(ConstraintError, match=r"there are \.npz, \.safetensors, \.npy"):
        made.save(tmp_path / "a.pt")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unasked(tmp_path):
    made = vlprep.pixel_values(PHOTO, model=QWEN3, dtype="uint8")
    (tmp_path / "a.npz").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        made.save(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == b"mine"
    made.save(tmp_path / "a.npz", overwrite=True)
    assert len(list(tmp_path.iterdir())) == 1
