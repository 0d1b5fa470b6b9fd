"""`vlprep arrays`."""

from __future__ import annotations

import numpy as np

import vlprep
from tests.places import FIXTURES

QWEN3 = "Qwen/Qwen3-VL-8B-Instruct"


def test_writes_what_python_makes(run, tmp_path):
    output = tmp_path / "a.npz"
    ran = run("arrays", "street.mp4", "photo.jpg", "-m", QWEN3, "--nframes", "4", "-o", output)
    assert ran.code == 0, ran.err
    assert "a grid of 1 x 30 x 40 patches, 302 tokens" in ran.out
    wanted = vlprep.pixel_values(
        FIXTURES / "photo.jpg", FIXTURES / "street.mp4", QWEN3, nframes=4
    ).inputs()
    with np.load(output) as found:
        assert sorted(found) == sorted(wanted)
        assert all(np.array_equal(found[name], wanted[name]) for name in wanted)


def test_json_says_shapes_sizes_and_tokens(run, tmp_path):
    words = ["-m", QWEN3, "-o", tmp_path / "a.npy", "--dtype", "uint8", "--json"]
    json = run("arrays", "photo.jpg", *words).json
    assert json["schema"] == "vlprep.arrays/1"
    assert (json["shape"], json["dtype"]) == ([1200, 1536], "uint8")
    assert json["files"][0]["grid_thw"] == [1, 30, 40]
    assert "vLLM" in json["warnings"][0]


def test_a_model_behind_an_api_is_refused(run, tmp_path):
    ran = run("arrays", "photo.jpg", "-o", tmp_path / "a.npz")
    assert ran.code == 1 and "takes files and not arrays" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_refused_before_any_work(run, tmp_path):
    ran = run("arrays", "photo.jpg", "-m", QWEN3, "-o", tmp_path / "a.pt")
    assert ran.code == 1 and "there are .npz, .safetensors, .npy" in ran.err


def test_doors_are_named(run, tmp_path):
    ran = run("arrays", "gray16.png", "-m", QWEN3, "--door", "path", "-o", tmp_path / "a.npz")
    assert ran.code == 1 and '--door "display" scales them' in ran.err
    words = ["-m", QWEN3, "--door", "object", "-o", tmp_path / "a.npz"]
    assert "cut at 255" in run("arrays", "gray16.png", *words).err
    ran = run("view", "exif_6.jpg", "--door", "object", "-o", tmp_path / "view.png", "--json")
    assert (ran.json["height"], ran.json["width"]) == (80, 48)
