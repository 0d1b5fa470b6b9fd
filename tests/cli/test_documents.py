"""What a command prints as JSON, a program has from the same verb."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import vlprep

MODEL, WEIGHTS = "qwen3-vl-plus", "Qwen/Qwen3-VL-8B-Instruct"
VIEW = vlprep.processor(MODEL)
FILES = ["photo.jpg", "street.mp4", "empty.jpg"]
BOXES = '{"bbox_2d": [250, 500, 500, 1000], "label": "boat"}'
TIMES = "00:02 - 00:04 a bus passes"


def clip_frames(**view):
    with vlprep.read_frames("street.mp4", MODEL, **view) as stream:
        records = stream.save(sheet="sheet.jpg")
    return stream.to_dict(records)


def dict_of_compressed():
    (done,) = vlprep.compress_many(["photo.jpg"], model=MODEL, limit=27_000)
    return {**done.to_dict(), "target": None}


DOCUMENTS = {
    ("tokens", *FILES): lambda: VIEW.tally(VIEW.count_many(FILES)).to_dict(),
    ("tokens", *FILES, "--separate", "--rounds", "2"): lambda: VIEW.tally(
        VIEW.count_many(FILES), separate=True, rounds=2
    ).to_dict(),
    ("plan", "street.mp4", "--budget", "1500"): lambda: VIEW.plan(
        "street.mp4", budget=1500
    ).to_dict(),
    ("plan", "street.mp4", "--budget", "1500", "--table"): lambda: VIEW.plan(
        "street.mp4", budget=1500
    ).to_dict(table=True),
    ("frames", "street.mp4", "--sheet", "sheet.jpg"): clip_frames,
    ("view", "photo.jpg", "-o", "v.png"): lambda: {
        **VIEW.view("photo.jpg").to_dict(), "output": "v.png",
    },
    ("fit-images", "photo.jpg", "exif_6.jpg"): lambda: VIEW.fit(
        ["photo.jpg", "exif_6.jpg"]
    ).to_dict(),
    ("boxes", "photo.jpg", "boxes.json"): lambda: {
        **VIEW.locate("photo.jpg", BOXES).to_dict(), "output": None,
    },
    ("events", "times.txt", "street.mp4"): lambda: {
        **VIEW.events("street.mp4", TIMES).to_dict(), "output": None, "sheet": None,
    },
    ("models",): lambda: vlprep.list_models().to_dict(),
}  # fmt: skip


@pytest.fixture
def here(run, tmp_path, monkeypatch):
    """Stand in a folder with the files that are asked about."""
    for name in (*FILES, "exif_6.jpg"):
        (tmp_path / name).write_bytes(Path(name).read_bytes())
    (tmp_path / "boxes.json").write_text(BOXES)
    (tmp_path / "times.txt").write_text(TIMES)
    monkeypatch.chdir(tmp_path)
    return run


def as_json(document):
    return json.loads(json.dumps(document))


@pytest.mark.parametrize("command", DOCUMENTS, ids=" ".join)
def test_a_document_is_to_be_had_from_python(here, command):
    printed = here(*command, "--json").json
    for drawn in Path().glob("sheet.jpg"):
        drawn.unlink()
    assert printed == as_json(DOCUMENTS[command]())
    assert printed["schema"].startswith("vlprep.")


def test_one_model_is_an_entry_of_the_document(here):
    (entry,) = here("models", WEIGHTS, "--json").json["models"]
    assert entry == as_json(vlprep.get_model(WEIGHTS).to_dict())


def test_entries_of_many_files_are_what_each_result_has(here):
    (entry,) = here("compress", "photo.jpg", "--limit", "27kB", "--dry-run", "--json").json["items"]
    assert entry == as_json(dict_of_compressed())
    (entry, _) = here("frames", "street.mp4", "street.mp4", "-o", "f", "--json").json["items"]
    made = json.loads(Path("f/street/manifest.json").read_text())
    assert {**made, "folder": entry["folder"]} == entry


def test_an_explanation_is_the_processor_s(here):
    items = here("tokens", "photo.jpg", "street.mp4", "--explain", "--json").json["items"]
    explained = [VIEW.explain(name) for name in ("photo.jpg", "street.mp4")]
    assert [item["explanation"] for item in items] == explained


def test_a_request_is_the_body(here):
    printed = here("payload", "photo.jpg", "--text", "hi").json
    assert printed == as_json(vlprep.build_request("photo.jpg", "hi").to_dict())


def test_a_check_differs_by_its_remedies_alone(here):
    printed = here("check", "photo.jpg", "empty.jpg", "--json").json
    report = as_json(VIEW.check(["photo.jpg", "empty.jpg"]).to_dict())
    for finding in (*printed["findings"], *report["findings"]):
        del finding["remedy"]  # of the command line, or of Python
    assert printed == report


def test_arrays_are_described(here):
    printed = here("arrays", "photo.jpg", "-o", "a.npz", "-m", WEIGHTS, "--json").json
    made = vlprep.pixel_values("photo.jpg", model=WEIGHTS)
    assert printed == {**as_json(made.to_dict()), "output": "a.npz"}
