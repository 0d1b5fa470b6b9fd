import json
import shlex
import shutil

import pytest
from PIL import Image

from tests.places import REPO
from vlprep.check.report import RULES

SHAPE = {"schema", "model", "model_warnings", "rules", "route", "errors", "warnings", "notes",
         "items", "findings", "total_tokens", "max_input_tokens", "unseen_bytes"}  # fmt: skip
FINDING = {"rule", "severity", "source", "measured", "limit", "message", "remedy", "sources"}


def test_a_clean_request_says_so_in_few_lines(run):
    ran = run("check", "photo.jpg", "street.mp4")
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out == (
        "qwen3-vl-plus, by the documented rules guide-2025-12 (2025-12-18), files sent as Base64\n"
        "\n"
        "openai      dashscope   files\n"
        "base64      path        photo.jpg, street.mp4\n"
        "no problems found in 2 files; 2,504 of 260,096 tokens\n"
    )


def test_findings_are_told_by_rule_with_one_command_for_all(run):
    ran = run("check", "photo.avif", "tiny.png", "--model", "qvq-max", "--route", "path")
    assert ran.code == 1
    assert (
        "error   image-format: photo.avif: the format is AVIF, and BMP, JPEG, PNG, TIFF, WEBP, "
        "HEIC are taken [S004 2025-12-18, P3 2026-06]\n"
    ) in ran.out
    assert (
        "1 of 2 files can be mended, into a folder:\n"
        "  vlprep check photo.avif tiny.png --fix -o fixed/ --route path --model qvq-max\n"
    ) in ran.out
    assert "\nnote    path-sdk: only the DashScope SDK" in ran.out
    assert ran.out.endswith("2 errors, 0 warnings, 1 note in 2 files; 107 of 106,496 tokens\n")


def test_only_fail_on_warnings_fails_on_warnings_and_nothing_fails_on_notes(run):
    assert run("check", "png_named.jpg").code == 0
    assert run("check", "png_named.jpg", "--fail-on-warnings").code == 1
    assert run("check", "exif_6.jpg", "--fail-on-warnings").code == 0


def test_a_missing_file_is_a_finding_and_the_rest_is_checked(run):
    ran = run("check", "no-such.jpg", "photo.jpg")
    assert ran.code == 1
    assert "error   readable: no-such.jpg: no such file or directory\n" in ran.out
    assert "302 of 260,096 tokens" in ran.out


def test_the_json_has_its_documented_shape(run):
    ran = run("check", "tiny.png", "https://example.com/a.jpg", "--route", "url", "--json")
    assert ran.code == 1
    document = ran.json
    assert set(document) == SHAPE
    assert document["schema"] == "vlprep.check/1"
    assert (document["errors"], document["warnings"], document["notes"]) == (1, 0, 2)
    tiny, url = document["items"]
    assert tiny == {
        "source": "tiny.png", "kind": "image", "file_bytes": 199, "tokens": 6,
        "routes": {"openai": ["base64", "url"], "dashscope": ["path", "base64", "url"]},
    }  # fmt: skip
    assert url["kind"] == "URL"
    assert url["tokens"] is None
    assert all(set(finding) == FINDING for finding in document["findings"])
    first = document["findings"][0]
    assert (first["rule"], first["severity"], first["limit"]) == (
        "image-side", "error", "at least 11 px",
    )  # fmt: skip
    assert first["sources"] == [{"id": "S004", "date": "2025-12-18"}]


def test_all_rules_are_listed_with_their_sources(run):
    ran = run("check", "--list-rules")
    assert ran.code == 0
    for rule in RULES:
        assert f"{rule.id} " in ran.out
        assert rule.title in ran.out
    assert "S004 2025-12-18" in ran.out
    assert "4 to 2,000 images" in ran.out
    listed = run("check", "--list-rules", "--json", "--model", "qwen-vl-max").json
    assert [row["rule"] for row in listed["rules"]] == [rule.id for rule in RULES]
    (boxes,) = [row for row in listed["rules"] if row["rule"] == "localisation-size"]
    assert boxes["for_weights"]
    assert boxes["limit"] == "230,400 to 6,553,600 pixels"
    assert [source["id"] for source in boxes["sources"]] == ["S002", "S004"]


def test_for_weights_only_what_holds_there_is_listed(run):
    listed = run("check", "--list-rules", "--json", "-m", "Qwen/Qwen3-VL-8B-Instruct").json
    assert [row["rule"] for row in listed["rules"]] == [
        rule.id for rule in RULES if not rule.of_service
    ]


def test_the_page_of_rules_is_fresh(monkeypatch):
    monkeypatch.syspath_prepend(REPO / "docs")
    import make_rules

    page = make_rules.PAGE.read_text("utf-8")
    assert make_rules.updated(page) == page


def test_weights_are_told_what_holds_for_them(run):
    ran = run("check", "photo.avif", "tall.png", "--model", "Qwen/Qwen3-VL-8B-Instruct")
    assert "image-format" not in ran.out
    assert "image-ratio" in ran.out
    assert "takes" not in ran.out.splitlines()[-2]
    assert "files sent" not in ran.out


def test_a_folder_is_its_files_and_a_list_where_that_is_said(run, tmp_path):
    for number in range(3):
        shutil.copy("photo.jpg", tmp_path / f"{number}.jpg")
    ran = run("check", tmp_path, "--list")
    assert ran.code == 1
    assert f"frame-list-length: {tmp_path}: 3 images in the list" in ran.out
    for words in ([tmp_path], ["-r", tmp_path]):
        ran = run("check", *words)
        assert (ran.code, "in 3 files" in ran.out) == (0, True)


def test_a_model_file_stands_in_the_commands(run):
    words = ("check", "alpha.png", "--model-file", REPO / "tests/models/fine-tune")
    ran = run(*words)
    assert ran.code == 0
    assert f"--fix -o fixed/ --model-file {REPO}/tests/models/fine-tune\n" in ran.out


def test_odd_names_are_harmless_and_commands_still_name_them(run, tmp_path):
    odd = tmp_path / "a\x1b[31m'b.avif"
    shutil.copy("photo.avif", odd)
    ran = run("check", odd)
    assert "\x1b" not in ran.out
    assert "a\\x1b[31m\\'b.avif' --fix -o fixed/" in ran.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("check",), "name a file"),
        (("check", "photo.jpg", "--route", "pigeon"), "is not one of"),
        (("check", "photo.jpg", "--text-tokens", "many"), "not a whole number"),
    ],
)
def test_wrong_usage(run, words, message):
    ran = run(*words)
    assert ran.code == 2
    assert message in ran.err


def test_text_and_thinking_count(run):
    words = ("check", "photo.jpg", "--text-tokens", "259,000")
    assert "thinking-tokens" in run(*words).out
    ran = run(*words, "--thinking")
    assert ran.code == 1
    assert "259,302 tokens, 259,000 of them text, and qwen3-vl-plus takes 258,048" in ran.out
    assert run(*words, "--max-input", "300000").code == 0


def test_every_option_of_the_view_counts(run):
    def tokens(command, *more):
        document = run(command, "street.mp4", "--json", *more).json
        return document["items"][0]["tokens"]

    for more in (
        ("--start", "2", "--end", "6"),
        ("--min-frames", "24"),
        ("--sampling", "linspace"),
    ):
        assert tokens("check", *more) == tokens("tokens", *more)
    ran = run("check", "one_frame.mp4", "--strict")
    assert ran.code == 1
    assert "cannot be counted" in ran.out


def test_what_the_model_warns_of_is_said_once_and_stands_in_the_json(run, tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14, "merge_size": 2, '
        '"temporal_patch_size": 2}'
    )
    ran = run("check", "photo.jpg", "photo.heic", "--model-file", tmp_path, "--json")
    assert ran.err.count("no image size") == 1
    assert [word for word in ran.json["model_warnings"] if "no image size" in word]


def test_texts_name_options(run):
    ran = run("check", "photo.jpg", "--text-tokens", "260,000")
    assert "send fewer files, lower --fps, or lower --max-pixels" in ran.out
    assert "`" not in run("check", "photo.jpg", "street.mp4", "-m", "qwen-vl-ocr").out


# By rule, in few lines.


@pytest.fixture
def turned(tmp_path):
    for number in range(20):
        shutil.copy("exif_6.jpg", tmp_path / f"{number:02}.jpg")
    return tmp_path


def test_one_note_of_twenty_files_is_told_once(run, turned):
    out = run("check", "-r", turned).out
    assert len(out.splitlines()) <= 14
    assert "note    image-orientation in 20 files\n" in out
    assert "3 largest of 20, -v shows all" in out
    assert "20 of 20 files can be mended, into a folder:\n" in out
    assert f"  vlprep check -r {turned} --fix -o fixed/ --model qwen3-vl-plus\n" in out
    for word in ("-v", "--all"):
        shown = run("check", "-r", turned, word).out
        assert all(f"{turned}/{number:02}.jpg: stored turned" in shown for number in range(20))


def test_what_was_just_done_is_not_advised(run, turned, tmp_path):
    ran = run("check", turned / "00.jpg", "tiny.png", "--fix", "-o", tmp_path / "fixed")
    assert "written to" in ran.out and "can be mended" not in ran.out


def test_statistics_count_by_rule(run, turned):
    shutil.copy("truncated.jpg", turned)
    ran = run("check", "-r", turned, "--statistics")
    assert ran.code == 1
    rows = [line.split() for line in ran.out.splitlines()[2:]]
    assert rows == [["image-orientation", "note", "20"], ["cut-off", "error", "1"]]


def test_routes_are_a_table_without_those_that_fail(run):
    out = run("check", "tall.png", "photo.jpg", "street.mp4", "photo.heic").out
    table = out[out.index("openai ") :].splitlines()
    assert table[:2] == [
        "openai      dashscope   files",
        "base64      path        photo.jpg, street.mp4, photo.heic",
    ]
    assert "tall.png" not in "\n".join(table)


def test_sources_are_listed_with_addresses(run):
    out = run("check", "tiny.png", "--sources").out
    assert "\nS004  Model Studio" in out
    assert "\n    https://www.alibabacloud.com/" in out
    assert "https://" in run("check", "--list-rules", "--sources").out


def test_what_the_model_does_not_see_is_said(run, tmp_path):
    Image.effect_noise((3000, 2000), 50).convert("RGB").save(tmp_path / "a.jpg", quality=95)
    ran = run("check", tmp_path / "a.jpg")
    saved = run("check", tmp_path / "a.jpg", "--json").json["unseen_bytes"]
    assert ran.out.endswith("the model does not see; vlprep compress --always drops them\n")
    planned = run("plan", tmp_path / "a.jpg").out.splitlines()
    assert ran.out.splitlines()[-1] in planned
    small = run("compress", tmp_path / "a.jpg", "-o", tmp_path / "b.jpg", "--always", "--json").json
    (item,) = small["items"]
    assert item["bytes_before"] - item["bytes_after"] == pytest.approx(saved, rel=0.4)


@pytest.mark.parametrize("name", ["truncated.jpg", "header_only.jpg", "empty.jpg"])
def test_damage_that_needs_no_decoding_is_always_found(run, name):
    assert run("check", name).code == 1


# For other programs.


def test_github_shows_findings_beside_files(run, tmp_path):
    odd = tmp_path / "50%, a:b.jpg"
    shutil.copy("tiny.png", odd)
    ran = run("check", "exif_6.jpg", odd, "--output-format", "github")
    assert ran.code == 1
    note, error, warning = ran.out.splitlines()
    assert note.startswith("::notice file=exif_6.jpg,title=vlprep image-orientation::stored turned")
    assert note.endswith("%0Avlprep compress exif_6.jpg -o compressed/ --route base64 "
                         "--model qwen3-vl-plus")  # fmt: skip
    name = str(odd).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    assert error.startswith(f"::error file={name},title=vlprep image-side::8x8: the shorter")
    assert warning.startswith("::warning ")
    assert run("check", "photo.jpg", "--output-format", "github").out == ""


def test_sarif_is_as_its_standard_has_it(run, tmp_path):
    odd = tmp_path / "a b#é.png"
    shutil.copy("tiny.png", odd)
    words = ("exif_6.jpg", odd, "https://example.com/a.jpg", "--route", "url")
    log = run("check", *words, "--output-format", "sarif").json
    assert (log["version"], set(log)) == ("2.1.0", {"$schema", "version", "runs"})
    (ran,) = log["runs"]
    rules = ran["tool"]["driver"]["rules"]
    assert ran["tool"]["driver"]["name"] == "vlprep"
    for result in ran["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert result["level"] == rule["defaultConfiguration"]["level"] in (
            "error", "warning", "note",
        )  # fmt: skip
        assert result["message"]["text"]
    places = [
        where["physicalLocation"]["artifactLocation"]["uri"]
        for result in ran["results"]
        for where in result.get("locations", ())
    ]
    assert places[0] == "exif_6.jpg"
    assert odd.as_uri() in places and "https://example.com/a.jpg" in places
    assert len(ran["results"]) > len(places)  # what concerns the request has no place
    clean = run("check", "photo.jpg", "--output-format", "sarif").json["runs"][0]
    assert clean["results"] == clean["tool"]["driver"]["rules"] == []


# Mended.


def test_fix_writes_what_passes_and_says_what_it_left_out(run, tmp_path):
    ran = run("check", "exif_6.jpg", "truncated.jpg", "photo.jpg", "--fix", "-o", tmp_path / "out")
    assert ran.code == 1
    assert ran.err.startswith("error: truncated.jpg: cut off: the picture has no end in the file")
    assert ran.out.splitlines()[1:3] == [
        f"written to {tmp_path / 'out'}: 1 converted, 1 unchanged, 34.7 kB to 36.4 kB",
        "not written: 1 of 3, named above",
    ]
    assert ran.out.endswith("no problems found in 2 files; 308 of 260,096 tokens\n")
    again = run("check", "exif_6.jpg", "photo.jpg", "--fix", "-o", tmp_path / "out")
    assert again.code == 1
    assert f"{tmp_path / 'out' / 'photo.jpg'}: exists already; --force overwrites" in again.err
    words = ("check", "exif_6.jpg", "photo.jpg", "--fix", "-o", tmp_path / "out")
    assert run(*words, "--skip-existing").code == run(*words, "--force").code == 0


def test_fix_as_json_has_both_checks(run, tmp_path):
    words = ("check", "photo.avif", "--fix", "--json")
    ran = run(*words, "-o", tmp_path / "out")
    assert (ran.code, ran.json["schema"]) == (0, "vlprep.fix/1")
    assert (ran.json["before"]["errors"], ran.json["after"]["errors"]) == (1, 0)
    assert ran.json["items"][0]["target"] == str(tmp_path / "out" / "photo.jpg")
    assert ran.json["before"]["findings"][0]["remedy"].startswith("vlprep compress")
    dry = run(*words, "--dry-run")
    assert (dry.json["after"], dry.json["items"][0]["target"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--fix"], "say where to"), (["-o", "out"], "go with --fix"), (["--force"], "with --fix")],
)
def test_options_of_a_fix_belong_together(run, words, message):
    ran = run("check", "photo.jpg", *words)
    assert (ran.code, message in ran.err) == (2, True)


def test_the_command_that_is_printed_runs_and_mends(run, tmp_path, monkeypatch):
    shutil.copytree(".", tmp_path / "a b", ignore=lambda _, names: {
        name for name in names if not name.startswith("exif")
    })  # fmt: skip
    line = next(
        line for line in run("check", "-r", tmp_path / "a b", "--fps", 1).out.splitlines()
        if line.startswith("  vlprep check ")
    )  # fmt: skip
    words = shlex.split(line)[1:]
    words[words.index("fixed/")] = str(tmp_path / "fixed")
    assert words[words.index("--fps") + 1] == "1"
    ran = run(*words)
    assert ran.code == 0
    assert ran.out.splitlines()[-1].startswith("no problems found in 8 files")


def test_a_folder_that_is_walked_may_hold_what_is_written(run, turned, monkeypatch):
    monkeypatch.chdir(turned)
    for _ in range(2):
        ran = run("check", "-r", ".", "--fix", "-o", "fixed", "--force")
        assert (ran.code, len(list((turned / "fixed").rglob("*.*")))) == (0, 20)


def test_what_a_fix_leaves_is_told_with_a_step_and_no_call_of_python(run, tmp_path):
    ran = run("check", "tiny.png", "--fix", "-q", "-o", tmp_path / "out")
    assert ran.code == 1 and ran.err.count("\n") == 1
    told = "takes 11 or more; enlarge it, or paste it onto a larger canvas"
    assert ran.err.rstrip().endswith(told)
    assert "no problems" not in ran.out
    (left,) = json.loads(run("check", "tiny.png", "--fix", "--dry-run", "--json").out)["left"]
    assert left["remedy"] == "enlarge it, or paste it onto a larger canvas"
    assert left["reason"].endswith("takes 11 or more")
