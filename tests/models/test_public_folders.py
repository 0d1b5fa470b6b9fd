"""Folders of public repositories, and made-up ones, against recorded transformers.

`golden/configs/folders.json` has the facts and what transformers gave, in `results` once each;
`variants.json` has made-up folders, each with one thing that people write otherwise.
Where the reference refuses a size or a whole folder, so must the count; two things are more here:
a class by its former name is counted as what it is called today, and a class that is told to
sample nothing is counted at two frames a second where the folder does not say it.
"""

import json
from fractions import Fraction

import pytest

from tests.places import GOLDEN
from vlprep import ImageSize, VideoInfo, VlprepError, image_tokens, load_model_file, video_tokens
from vlprep.errors import ModelFileError

DOCUMENT, VARIANTS = (
    json.loads((GOLDEN / "configs" / name).read_text())
    for name in ("folders.json", "variants.json")
)
FORMER = [
    row for row in DOCUMENT["folders"] if "Qwen2_5_VLImageProcessor" in json.dumps(row["files"])
]
KNOWN = [row for row in DOCUMENT["folders"] if row not in FORMER]


def clips(document):
    return [
        VideoInfo(size=ImageSize(height, width), frame_count=frames, fps=Fraction(rate))
        for frames, height, width, rate in document["clips"]
    ]


def loaded(tmp_path, files):
    for name, facts in files.items():
        (tmp_path / name).write_text(json.dumps(facts))
    return load_model_file(tmp_path)


def grids(count, of, model, **asked):
    return [grid(count, one, model, **asked) for one in of]


def grid(count, one, model, **asked):
    try:
        return list(count(one, model, **asked).grid_thw)
    except ModelFileError:
        raise
    except VlprepError:
        return None


def assert_equal(row, spec, document=DOCUMENT):
    for part, ask in (
        ("image", lambda: grids(image_tokens, document["sizes"], spec)),
        ("video", lambda: grids(video_tokens, clips(document), spec, strict=True)),
    ):
        wanted = document["results"][row[part]]
        if wanted is None or not any(wanted):  # the folder or its numbers are refused
            with pytest.raises(ModelFileError):
                ask()
        else:
            assert ask() == wanted


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["from"])
def test_a_public_folder_counts_as_transformers_does(tmp_path, row):
    check(tmp_path, row, DOCUMENT)


@pytest.mark.parametrize("row", VARIANTS["folders"], ids=lambda row: row["from"])
def test_a_made_up_folder_counts_as_transformers_does(tmp_path, row):
    check(tmp_path, row, VARIANTS)


def check(tmp_path, row, document):
    if all(not any(document["results"][row[part]] or ()) for part in ("image", "video")):
        with pytest.raises(ModelFileError):
            loaded(tmp_path, row["files"])
        return
    assert_equal(row, loaded(tmp_path, row["files"]), document)


@pytest.mark.parametrize("row", FORMER, ids=lambda row: row["from"])
def test_a_folder_with_a_former_name_counts_as_its_twin_with_today_s(tmp_path, row):
    files = json.loads(json.dumps(row["files"]).replace("Qwen2_5_VLImage", "Qwen2VLImage"))
    (twin,) = {json.dumps(other["image"]) for other in KNOWN if other["files"] == files}
    assert DOCUMENT["results"][row["image"]] is None
    assert_equal({**row, "image": json.loads(twin)}, loaded(tmp_path, row["files"]))


def test_there_are_40_folders_with_30_sizes_and_10_clips_and_each_has_an_origin():
    assert DOCUMENT["transformers"].startswith("5.24.")
    assert len(DOCUMENT["folders"]) >= 40
    assert (len(DOCUMENT["sizes"]), len(DOCUMENT["clips"])) == (30, 10)
    assert all(row["from"].startswith("https://") for row in DOCUMENT["folders"])
    assert len({row["from"] for row in DOCUMENT["folders"]}) == len(DOCUMENT["folders"])
