from __future__ import annotations

from pathlib import Path

from vlprep import list_models
from vlprep.models.registry import list_sources

TESTS = Path(__file__).parents[1]


def test_list_has_every_model_once(run):
    lines = run("models").out.splitlines()
    for spec in list_models():
        assert sum(line.split()[:1] == [spec.name] for line in lines) == 1


def test_a_page_has_numbers_sources_and_marks_what_differs(run):
    page = run("models", "qwen3-vl-plus").out
    assert "largest input, thinking      258,048 [S004 2025-12-18, P1 2026-01]" in page
    assert "rules guide-2025-12 (in force unless --rules says otherwise)" in page
    assert "  * min_pixels           65,536 = 64 tokens" in page
    assert "points to qwen3-vl-plus-2025-12-19" in page
    assert "0.2 / 1.6 USD per 1,000,000 tokens [P1 2026-01]" in page


def test_an_alias_shows_its_model(run):
    assert run("models", "qvq-max-0515").out.startswith("qvq-max-2025-05-15")


def test_unknown_limits_are_said(run):
    assert "windows: not stated" in run("models", "Qwen/Qwen2-VL-7B-Instruct").out
    assert "image: not stated" in run("models", "Qwen/Qwen3-VL-Reranker-8B").out


def test_how_boxes_are_measured_is_shown_or_said_to_be_unknown(run):
    page = run("models", "qwen3-vl-plus").out
    assert "  boxes     relative-1000 [S004 2025-12-18, G1427 2025-09-28" in page
    assert "differs by at most 0.1 % of a side" in page
    assert "boxes     not stated" in run("models", "qvq-max").out
    document = run("models", "Qwen/Qwen2-VL-7B-Instruct", "--json").json
    assert document["models"][0]["boxes"]["convention"] == "relative-1000"
    assert "G866" in document["sources"]


def test_what_documents_say_beside_the_limits_is_shown(run):
    page = run("models", "qvq-max").out.splitlines()
    for line in (
        "  sound     not heard [S000 2025-03, S001 2025-03, S004 2025-12-18]",
        "  list rate counts [S000 2025-03, P2 2026-09]",
        "  advised   at most 1,003,520 [S000 2025-03, S003 2025-05] or 805,952 [S001 2025-03] "
        "pixels an image",
        "  free      1,000,000 tokens for 180 days [S003 2025-05]",
        "  SDK       dashscope, Java 2.19.0 for QVQ [S000 2025-03, S001 2025-03]",
    ):
        assert line in page
    page = run("models", "qwen3-vl-plus").out.splitlines()
    for line in (
        "  can       languages: 33 [S004 2025-12-18]",
        "  can       tool calls: yes [P8 2025]",
        "  free      1,000,000 tokens for 90 days, international alone [S004 2025-12-18]",
        "  address   hongkong: not stated",
        "  address   global, openai: https://dashscope-us.aliyuncs.com/compatible-mode/v1 "
        "[P11 2026, P10 2026-01-06]",
    ):
        assert line in page
    assert not any("QVQ" in line for line in page)
    page = run("models", "qwen2.5-vl-7b-instruct").out
    assert "needed a ticket to the vendor first [S002 2025-06-05]" in page
    assert "free      100,000,000 tokens [S002 2025-06-05]" in page
    assert "SDK" not in run("models", "Qwen/Qwen3-VL-8B-Instruct").out


def test_json_has_what_documents_say_beside_the_limits(run):
    document = run("models", "qwen3-vl-plus", "--json").json
    (model,) = document["models"]
    assert model["features"]["series"] == "Qwen3-VL"
    assert model["regions"]["hongkong"] is None
    china = model["regions"]["china"]
    assert china["bases"]["dashscope"] == "https://dashscope.aliyuncs.com/api/v1"
    assert [sdk["version"] for sdk in model["sdks"]["dashscope"]][:2] == ["1.20.7", "1.20.10"]
    assert {"P2", "P8", "P10"} <= set(document["sources"])


def test_json_has_every_number_and_the_sources_cited(run):
    document = run("models", "qvq-max", "--json").json
    assert document["schema"] == "vlprep.models/1"
    (model,) = document["models"]
    assert model["rule_sets"]["guide-2025-06"]["image"]["max_pixels"] == 1003520
    assert set(model["sources"]) <= set(document["sources"])
    assert document["sources"]["S004" if "S004" in document["sources"] else "S002"]["date"]


def test_the_whole_catalogue_as_json_cites_only_named_sources(run):
    document = run("models", "--json").json
    assert len(document["models"]) == len(list_models())
    assert all(source["title"] and source["date"] for source in document["sources"].values())


def test_sources_are_listed_with_dates_and_addresses(run):
    lines = run("models", "qvq-max", "--sources").out.splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("S000  "))
    assert "2025-03 (official)" in lines[at]
    assert lines[at + 1].strip() == "https://www.alibabacloud.com/help/en/model-studio/qvq"
    every = run("models", "--sources").out
    assert "P9  " in every and "no address was kept" in every


def test_a_number_of_another_source_is_shown_with_it(run):
    page = run("models", "qvq-max").out
    assert "ceiling_pixels       12,845,056 = 16,384 tokens [S004 2025-12-18]" in page
    assert "streaming only [S000 2025-03, S003 2025-05]; system message refused [S000" in page
    assert "otherwise: the guide's samples in JavaScript" in page
    assert "before that: llamafactory" in run("models", "Qwen/Qwen3-VL-8B-Instruct").out


def test_a_model_file_is_shown_with_its_warnings(run):
    ran = run("models", "--model-file", TESTS / "models" / "fine-tune")
    assert ran.code == 0
    assert ran.out.startswith("fine-tune · qwen2_5_vl, open weights")
    assert "does not say that videos are sampled" in ran.err


def test_what_a_model_takes_by_url_and_where_its_boxes_hold_is_shown_with_sources(run):
    page = run("models", "qwen3.7-plus").out
    assert "images    from a URL up to 20 MB, 2,048 a request by URL or path [P3 2026-06]" in page
    page = run("models", "qwen-vl-max").out
    assert (
        "finding   reliable from 230,400 to 6,553,600 pixels [S002 2025-06-05, S004 2025-12-18]"
        in page
    )


def test_unknown_names_fail_with_near_matches(run):
    ran = run("models", "SomeLab/Qwen3-VL-8B-Instruct-4bit")
    assert ran.code == 1
    assert "Qwen/Qwen3-VL-8B-Instruct" in ran.err


def test_the_beginning_of_names_lists_those_that_begin_so(run):
    lines = run("models", "Qwen2.5-VL").out.splitlines()
    names = [line.split()[0] for line in lines if "qwen" in line.casefold()]
    assert "Qwen/Qwen2.5-VL-7B-Instruct" in names
    assert "qwen2.5-vl-7b-instruct" in names
    assert all("qwen2.5-vl" in name.casefold() for name in names)
    document = run("models", "qwen2.5-vl", "--json").json
    assert [model["name"] for model in document["models"]] == names


def test_a_shorter_name_shows_its_model(run):
    assert run("models", "qwen/qwen3-vl-8b").out.startswith("Qwen/Qwen3-VL-8B-Instruct")


def test_a_page_says_what_the_rules_were_checked_with(run):
    page = run("models", "Qwen/Qwen3-VL-8B-Instruct").out
    assert "transformers 5.24.0, 2026; checked by running 5.24.0" in page


def test_a_part_of_a_folder_that_cannot_be_counted_is_told(run, tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "Qwen2VLImageProcessorFast"}'
    )
    page = run("models", "--model-file", tmp_path).out
    assert "video_processor_type names no class of a Qwen processor" in page


def test_the_sources_of_the_whole_catalogue_are_listed_with_addresses(run):
    out = run("models", "--sources").out
    listed = {line.split()[0] for line in out.splitlines() if not line.startswith(" ")}
    assert listed == {source.id for source in list_sources()} >= {"P1", "P3", "S000", "VLLM"}
    assert out.count("    https://") > 20
