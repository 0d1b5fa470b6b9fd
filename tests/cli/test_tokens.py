from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest

ITEM_KEYS = [
    "source", "kind", "height", "width", "resized_height", "resized_width", "frames", "tokens",
    "visual_tokens", "marker_tokens", "text_tokens", "warnings",
]  # fmt: skip


def test_table_shows_what_the_model_sees_and_the_total(run):
    ran = run("tokens", "street.mp4", "photo.jpg", "--fps", "1")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == (
        "qwen3-vl-plus, by the documented rules guide-2025-12 (2025-12-18)"
    )
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["street.mp4", "video", "640x360", "640x352", "10", "1,102"] in rows
    assert ["photo.jpg", "image", "640x480", "640x480", "302"] in rows
    assert "1,404 tokens in 2 files" in ran.out
    assert "0.54 % of the largest input, 260,096 tokens" in ran.out
    assert "USD" in ran.out and "international" in ran.out and "2026-01" in ran.out
    assert ran.err == ""


def test_json_is_the_documented_document(run):
    ran = run("tokens", "street.mp4", "--fps", "1", "--json")
    assert ran.json["schema"] == "vlprep.tokens/1"
    assert ran.json["model"] == "qwen3-vl-plus"
    assert ran.json["rules"] == "guide-2025-12"
    assert ran.json["total_tokens"] == 1102
    assert ran.json["max_input_tokens"] == 260096
    (item,) = ran.json["items"]
    assert list(item) == ITEM_KEYS
    assert item == {
        "source": "street.mp4", "kind": "video", "height": 360, "width": 640,
        "resized_height": 352, "resized_width": 640, "frames": 10, "tokens": 1102,
        "visual_tokens": 1100, "marker_tokens": 2, "text_tokens": 0, "warnings": [],
    }  # fmt: skip


def test_a_bad_file_is_named_and_the_rest_is_counted(run):
    ran = run("tokens", "photo.jpg", "empty.jpg", "missing.jpg", "street.mp4", "--json")
    assert ran.code == 1
    items = ran.json["items"]
    assert [item["source"] for item in items] == [
        "photo.jpg", "empty.jpg", "missing.jpg", "street.mp4",
    ]  # fmt: skip
    assert items[1]["error"] == {"code": "empty_file", "message": "empty file (0 bytes)"}
    assert items[2]["error"]["code"] == "not_found"
    assert ran.json["total_tokens"] == items[0]["tokens"] + items[3]["tokens"]
    assert "error: empty.jpg: empty file (0 bytes)" in ran.err


def test_warnings_go_to_stderr_in_a_table_and_into_the_item_in_json(run):
    table = run("tokens", "png_named.jpg")
    assert (table.code, table.err) == (
        0, "warning: png_named.jpg: named .jpg but the content is PNG\n",
    )  # fmt: skip
    as_json = run("tokens", "png_named.jpg", "--json")
    assert as_json.err == ""
    assert as_json.json["items"][0]["warnings"] == ["named .jpg but the content is PNG"]


@pytest.mark.parametrize(
    ("words", "tokens"),
    [
        ((), 302),
        (("--model", "qvq-max"), 393),
        (("--max-pixels", "100*32*32"), 90),
        (("--max-pixels", "102400", "--high-res"), 302),
        (("--min-pixels", "1024*1024"), 1038),
        (("--rules", "api-2026"), 302),
        (("--model", "Qwen/Qwen3-VL-8B-Instruct"), 302),
        (("--model", "Qwen/Qwen2.5-VL-7B-Instruct", "--rules", "qwen-vl-utils"), 393),
    ],
)
def test_options_reach_the_count(run, words, tokens):
    assert run("tokens", "photo.jpg", *words, "--json").json["total_tokens"] == tokens


@pytest.mark.parametrize(
    ("words", "frames"),
    [((), 20), (("--fps", "1"), 10), (("--fps", "1/2"), 5), (("--max-frames", "6"), 6)],
)
def test_frame_options_reach_the_plan(run, words, frames):
    assert run("tokens", "street.mp4", *words, "--json").json["items"][0]["frames"] == frames


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ((), 260096),
        (("--thinking",), 258048),
        (("--no-thinking",), 260096),
        (("--max-input", "30,720"), 30720),
        (("--model", "qvq-max"), 106496),
        (("--model", "Qwen/Qwen2-VL-7B-Instruct"), None),
    ],
)
def test_largest_input(run, words, limit):
    assert run("tokens", "photo.jpg", *words, "--json").json["max_input_tokens"] == limit


def test_unknown_largest_input_is_said(run):
    ran = run("tokens", "photo.jpg", "--model", "Qwen/Qwen2-VL-7B-Instruct")
    assert "largest input: not stated by any source; --max-input sets it" in ran.out


def test_too_much_for_one_request_is_said(run):
    assert (
        "302 % of the largest input, 100 tokens: does not fit one request"
        in run("tokens", "photo.jpg", "--max-input", "100").out
    )


def test_strict_refuses_what_the_reference_refuses(run):
    lenient = run("tokens", "subsecond.mp4")
    assert lenient.code == 0
    assert "the rule of the guides refuses so short a clip; counted 4 frames" in lenient.err
    strict = run("tokens", "subsecond.mp4", "--strict", "--json")
    assert strict.code == 1
    assert strict.json["items"][0]["error"]["code"] == "frame_count"


def test_explain_gives_steps_sources_and_the_other_rule_sets(run):
    out = run("tokens", "tiny.png", "--explain").out
    assert "[S004 2025-12-18]" in out
    assert "api-2026 would give 66 tokens" in out
    item = run("tokens", "tiny.png", "--explain", "--json").json["items"][0]
    assert item["explanation"][-1] == "api-2026 would give 66 tokens"


def test_jsonl_prints_an_item_a_line(run):
    ran = run("tokens", "photo.jpg", "empty.jpg", "street.mp4", "--jsonl")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["source"] for line in lines] == ["photo.jpg", "empty.jpg", "street.mp4"]
    assert ran.code == 1


def test_csv_has_a_row_a_file(run):
    ran = run("tokens", "photo.jpg", "png_named.jpg", "empty.jpg", "--csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["tokens"] for row in rows] == ["302", "82", ""]
    assert rows[1]["warnings"] == "named .jpg but the content is PNG"
    assert rows[2]["error_code"] == "empty_file"


def test_a_folder_is_its_media_and_r_goes_into_subfolders(run, tmp_path):
    shutil.copy("photo.jpg", tmp_path / "b.jpg")
    shutil.copy("photo.jpg", tmp_path / "no-extension")
    (tmp_path / "sub").mkdir()
    shutil.copy("empty.jpg", tmp_path / "sub" / "a.jpg")
    (tmp_path / "notes.txt").write_text("hello")
    own = run("tokens", tmp_path, "--json")
    assert [Path(item["source"]).name for item in own.json["items"]] == ["b.jpg", "no-extension"]
    assert own.err.splitlines() == [
        "note: passed over 1 folder, which -r looks into: sub",
        "note: passed over 1 file that is no image or video: notes.txt",
    ]
    walked = run("tokens", "-r", tmp_path, "--json")
    names = [Path(item["source"]).name for item in walked.json["items"]]
    assert names == ["b.jpg", "no-extension", "a.jpg"]


def test_patterns_are_expanded_where_the_shell_did_not(run):
    items = run("tokens", "exif_*.jpg", "--json").json["items"]
    assert [item["source"] for item in items] == [f"exif_{k}.jpg" for k in range(1, 9)]


@pytest.mark.parametrize(("separator", "words"), [(b"\n", ()), (b"\r\n", ()), (b"\0", ("-0",))])
def test_names_from_stdin(run, separator, words):
    names = separator.join([b"photo.jpg", b"street.mp4", b""])
    ran = run("tokens", "--from-file", "-", *words, "--json", stdin=names)
    assert [item["source"] for item in ran.json["items"]] == ["photo.jpg", "street.mp4"]


def test_names_from_a_file(run, tmp_path):
    (tmp_path / "list").write_text("photo.jpg\n")
    assert len(run("tokens", "--from-file", tmp_path / "list", "--json").json["items"]) == 1


def test_odd_names_are_harmless_in_tables_and_whole_in_json(run, tmp_path):
    raw = os.fsencode(tmp_path) + b"/esc\x1b[31m\xff\n.jpg"
    shutil.copy("photo.jpg", raw)
    table = run("tokens", "-r", tmp_path)
    assert "\x1b" not in table.out
    assert r"esc\x1b[31m\xff\x0a.jpg" in table.out
    item = run("tokens", "-r", tmp_path, "--json").json["items"][0]
    assert os.fsencode(item["source"]) == raw


def test_a_model_file_counts_a_fine_tune(run):
    folder = Path(__file__).parents[1] / "models" / "fine-tune"
    ran = run("tokens", "photo.jpg", "--model-file", folder, "--json")
    assert ran.json["model"] == "fine-tune"
    assert ran.json["rules"] == "transformers"
    assert "does not say that videos are sampled" in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "qwen3-vl-plsu"), "Did you mean qwen3-vl-plus"),
        (("--rules", "guide-1999"), "it has guide-2025-12, api-2026"),
        (("--model", "qvq-max", "--no-thinking"), "always thinks"),
        (("--deployment", "moon"), "there is international"),
        (("--model-file", "no-such.toml"), "no-such.toml"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line_and_exit_1(run, words, message):
    ran = run("tokens", "photo.jpg", *words)
    assert ran.code == 1
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("photo.jpg", "--fps", "0"),
        ("photo.jpg", "--fps", "two"),
        ("photo.jpg", "--max-pixels", "-1"),
        ("photo.jpg", "--max-input", "0"),
        ("photo.jpg", "--csv", "--explain"),
        ("photo.jpg", "--no-such-option"),
    ],
)
def test_wrong_usage_is_exit_2_and_nothing_on_stdout(run, words):
    ran = run("tokens", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: vlprep tokens" in ran.err


def test_the_moments_that_are_sampled_come_when_asked_for(run):
    words = ("tokens", "street.mp4", "photo.jpg", "no.mp4", "--fps", 1, "--end", 4)
    for form in ("--json", "--jsonl"):
        ran = run(*words, "--times", form)
        video, image, failure = (
            ran.json["items"] if form == "--json" else map(json.loads, ran.out.splitlines())
        )
        assert video["timestamps_seconds"] == [0, 1, 2, 3]
        assert "timestamps_seconds" not in {**image, **failure}
    assert "timestamps_seconds" not in run(*words, "--json").json["items"][0]
    ran = run(*words, "--times")
    assert (ran.code, "--times needs --json" in ran.err) == (2, True)


def test_a_conversation_is_priced_round_by_round(run):
    asked = ("--rounds", 3, "--text-tokens", 100, "--reply-tokens", 500)
    document = run("tokens", "photo.jpg", *asked, "--json").json
    assert [one["input_tokens"] for one in document["requests"]] == [402, 1002, 1602]
    (price,) = document["estimated_prices"]
    assert price["amount"] == pytest.approx(3006 * 0.2e-6 + 1500 * 1.6e-6)
    printed = run("tokens", "photo.jpg", *asked).out
    assert "as input and output of 3 requests, 0.0024 of it output" in printed
    apart = run("tokens", "photo.jpg", "photo.jpg", "--separate", "--json").json
    assert [one["input_tokens"] for one in apart["requests"]] == [302, 302]


def test_an_explanation_speaks_of_options(run):
    words = ("tokens", "clip.mp4", "-m", "Qwen/Qwen3-VL-8B-Instruct", "--explain")
    assert "count with other --rules" in run(*words).out
