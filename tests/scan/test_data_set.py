"""1,000 samples: they cost what transformers says, and each that is dropped has its reason."""

import json

import pytest

import vlprep
from tests.places import GOLDEN
from tests.scan import data_set
from vlprep.batch import CountTokens
from vlprep.scan.scan import scan

ROOM = 2048


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def rows(folder):
    names, out = [str(data_set.write(folder))], folder / "rows.jsonl"
    job = CountTokens(data_set.MODEL, column="messages", folder=str(folder), max_input=ROOM)
    found = scan(names, job, samples=True, output=out, workers=2, max_input=ROOM)
    assert found.rows == data_set.SAMPLES
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_each_costs_what_transformers_makes_of_it(rows):
    golden = json.loads((GOLDEN / "samples.json").read_text())
    assert golden["model"] == data_set.MODEL
    assert [row["tokens"] for row in rows] == golden["tokens"]


def test_each_that_is_dropped_has_its_reason_and_its_setting(rows, folder):
    codes = {"missing": "not_found", "damaged": "damaged", "empty": "empty_file", None: None}
    over = 0
    for row, sample in zip(rows, data_set.samples(), strict=True):
        assert row["error_code"] == codes[sample.damage]
        assert (row["error"] is None) == (sample.damage is None)
        assert row["fits"] == (None if sample.damage else row["tokens"] <= ROOM)
        if row["fits"] is False:
            over += 1
            assert kept(row, sample, folder) <= ROOM
        elif row["fits"]:
            assert json.loads(row["keeps"]) == []
    assert over > 100


def kept(row, sample, folder):
    """Return what a sample costs with the settings that its row names."""
    number = int(row["source"].rpartition(":")[2]) - 1
    names = [str(folder / f"{number:04}-{place}.png") for place in range(len(sample.images))]
    names += [str(data_set.FIXTURES / clip) for clip in sample.clips]
    asked = json.loads(row["keeps"])
    return sum(
        vlprep.count_tokens(name, data_set.MODEL, **settings).tokens.total
        for name, settings in zip(names, asked, strict=True)
    )
