"""`vlprep tokens` over requests and rows of data sets."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest

from tests.places import FIXTURES

OPEN = ("-m", "Qwen/Qwen3-VL-8B-Instruct", "--media-dir", ".")


@pytest.fixture
def rows(tmp_path):
    def write(*rows, name="train.jsonl"):
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines))
        return str(path)

    return write


PHOTO = {"query": "<image>What?", "images": ["photo.jpg"]}
CLIP = {"query": "<video>What?", "videos": ["street.mp4"]}


def test_a_sample_is_a_row_and_all_are_added_up(run, rows):
    path = rows(PHOTO, CLIP)
    ran = run("tokens", path, *OPEN)
    assert ran.code == 0
    assert "2,584 tokens in 2 samples" in ran.out
    assert "50 % have at most 302, 90 % have at most 2,282" in ran.out
    assert "text is not counted" in ran.out


def test_what_is_too_long_is_named_with_the_setting_that_keeps_it(run, rows):
    path = rows(PHOTO, CLIP)
    ran = run("tokens", path, *OPEN, "--max-input", "1000", "--json")
    over = ran.json["items"][1]
    assert over["fits"] is False
    (settings,) = over["keeps"]
    told = f"{path}:2: too long; fits with "
    assert told + ", ".join(f"{name} {value}" for name, value in settings.items()) in ran.err
    options = {"fps": "--fps", "max_pixels": "--max-pixels"}
    words = [word for name, value in settings.items() for word in (options[name], value)]
    assert run("tokens", "street.mp4", *OPEN[:2], *words, "--json").json["total_tokens"] <= 1000


def test_every_bad_row_is_named_and_the_rest_is_counted(run, rows):
    path = rows(PHOTO, "{", {"query": "<image>", "images": ["no.jpg"]}, CLIP)
    ran = run("tokens", path, *OPEN)
    assert ran.code == 1
    assert "2,584 tokens in 2 of 4 samples; 2 failed" in ran.out
    assert f"error: {path}:2: not JSON" in ran.err
    assert f"error: {path}:3: no.jpg: no such file or directory" in ran.err


@pytest.mark.parametrize("form", ["--json", "--jsonl", "--csv"])
def test_programs_get_the_same_numbers(run, rows, form):
    path = rows(PHOTO, "{")
    ran = run("tokens", path, *OPEN, form)
    assert ran.code == 1
    if form == "--csv":
        head, first, second = ran.out.splitlines()
        assert head.startswith("source,image_tokens,video_tokens,text_tokens,total_tokens")
        assert first.startswith(f"{path}:1,302,0,,302,")
        assert "not JSON" in second
        return
    items = ran.json["items"] if form == "--json" else list(map(json.loads, ran.out.splitlines()))
    assert items[0]["total_tokens"] == 302
    assert items[1]["error"]["code"] == "constraint"


def test_text_is_counted_by_a_tokenizer_file(run, rows, tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    path = rows({"query": "<image>what is this", "images": ["photo.jpg"]})
    for file in (tmp_path, tmp_path / "tokenizer.json"):
        ran = run("tokens", path, *OPEN, "--tokenizer", file, "--json")
        (item,) = ran.json["items"]
        assert (item["text_tokens"], item["total_tokens"]) == (3, 305)


def test_a_file_that_is_no_tokenizer_is_refused(run, rows):
    pytest.importorskip("tokenizers")
    ran = run("tokens", rows(PHOTO), *OPEN, "--tokenizer", "text.txt")
    assert ran.code == 1 and "text.txt: no tokenizer" in ran.err


@pytest.mark.parametrize(
    "words, told",
    [
        (("--explain",), "--explain and --times are for files"),
        (("photo.jpg",), "photo.jpg: no file of samples"),
    ],
)
def test_what_does_not_go_with_samples_is_wrong_usage(run, rows, words, told):
    ran = run("tokens", rows(PHOTO), *words)
    assert ran.code == 2 and told in ran.err


def test_what_is_for_samples_is_refused_for_files(run):
    ran = run("tokens", "photo.jpg", "--media-dir", ".")
    assert ran.code == 2 and "for samples" in ran.err


def test_a_file_that_cannot_be_read_does_not_stop_the_rest(run, rows, tmp_path):
    bad, cut = rows("{broken", name="bad.json"), tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b"{}")[:-9])
    ran = run("tokens", bad, tmp_path / "missing.jsonl", cut, rows(PHOTO), *OPEN, "--json")
    assert ran.code == 1
    codes = [item.get("error", {}).get("code") for item in ran.json["items"]]
    assert codes == ["constraint", "not_found", "damaged", None]
    assert ran.json["total_tokens"] == 302


def test_metadata_of_a_folder_are_samples_of_the_files_beside_it(run, tmp_path):
    for name in ("photo.jpg", "street.mp4"):
        shutil.copy(FIXTURES / name, tmp_path)
    (tmp_path / "metadata.csv").write_text("file_name,label\nphoto.jpg,0\nstreet.mp4,1\n")
    ran = run("tokens", tmp_path / "metadata.csv", *OPEN[:2], "--json")
    photo, street = ran.json["items"]
    alone = run("tokens", "photo.jpg", "street.mp4", *OPEN[:2], "--json").json["items"]
    assert [photo["image_tokens"], street["video_tokens"]] == [one["tokens"] for one in alone]
    assert (photo["warnings"], street["warnings"], ran.code) == ([], [], 0)
