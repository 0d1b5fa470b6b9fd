"""`vlprep split`, `vlprep crop`, and answers about what they wrote."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.maths.test_letters import drawn


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.png"
    Image.fromarray(drawn(16, shape=(4000, 700))[0]).save(path)
    return str(path)


def test_pieces_are_written_and_answers_come_back(run, page, tmp_path):
    folder = tmp_path / "pieces"
    model = ("-m", "qwen3-vl-plus", "--max-pixels", 1_000_000)
    ran = run("split", page, "-o", folder, *model)
    assert ran.code == 0
    assert "small letters are seen about 8.0 px high" in ran.out
    pieces = json.loads((folder / "pieces.json").read_text())["pieces"]
    assert f"tokens in {len(pieces)} pieces" in ran.out and len(pieces) > 1
    answers = [[{"point_2d": [500, 500], "label": str(number)}] for number in range(len(pieces))]
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    found = run("boxes", page, tmp_path / "answers.json", "--pieces", folder, "--json", *model).json
    middles = [(p["x"] + p["width"] / 2, p["y"] + p["height"] / 2) for p in pieces]
    points = [shape["points"][0] for shape in found["shapes"]]
    assert np.allclose(points, middles)


def test_the_json_is_the_manifest(run, page, tmp_path):
    ran = run("split", page, "-o", tmp_path / "p", "--json")
    manifest = json.loads((tmp_path / "p" / "pieces.json").read_text())
    assert ran.json == manifest | {"output": str(tmp_path / "p")}
    assert ran.json["schema"] == "vlprep.split/1"


def test_nothing_is_overwritten(run, page, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    ran = run("split", page, "-o", tmp_path)
    assert ran.code == 1 and "not empty" in ran.err
    assert [file.name for file in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize("answer", ["{}", "no", '["[]"]'])
def test_answers_that_are_no_list_for_the_pieces_are_refused(run, page, tmp_path, answer):
    model = ("--max-pixels", 500_000)
    run("split", page, "-o", tmp_path / "p", *model)
    (tmp_path / "a.json").write_text(answer)
    ran = run("boxes", page, tmp_path / "a.json", "--pieces", tmp_path / "p", *model)
    assert ran.code == 1 and ("JSON list" in ran.err or "give one for each" in ran.err)


def test_a_crop_is_written_and_an_answer_about_it_comes_back(run, tmp_path):
    box = "--box=250,500,500,1000"
    ran = run("crop", "photo.jpg", box, "--coordinates", "model", "-o", tmp_path / "c.png")
    assert ran.code == 0 and "region 160,240,160,240: 160x240, seen as 160x256" in ran.out
    with Image.open(tmp_path / "c.png") as crop:
        assert crop.size == (160, 240)
    (tmp_path / "a.txt").write_text('{"point_2d": [500, 500]}')
    found = run("boxes", "photo.jpg", tmp_path / "a.txt", "--region", "160,240,160,240", "--json")
    assert found.json["shapes"][0]["points"] == [[240.0, 360.0]]


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", ""])
def test_a_box_that_is_none_is_wrong_usage(run, box):
    ran = run("crop", "photo.jpg", "--box", box)
    assert ran.code == 2 and "x1,y1,x2,y2" in ran.err


def test_a_region_beyond_the_image_is_refused(run, tmp_path):
    (tmp_path / "a.txt").write_text('{"point_2d": [500, 500]}')
    ran = run("boxes", "photo.jpg", tmp_path / "a.txt", "--region", "600,0,100,100")
    assert ran.code == 1 and "not within 640x480" in ran.err
