"""PDFs on the command line: every page a row, and results under their numbers."""

from __future__ import annotations

import base64
import json

import pytest

from tests.pdfs import Sheet, pdf, text_at
from vlprep.media.probe import probe
from vlprep.media.source import open_item

pytest.importorskip("pypdfium2")

A4 = Sheet(content=text_at(72, 700, 10, "letters of ten points"))


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf([A4, Sheet((0, 0, 300, 200)), A4, A4]))
    return path


def test_tokens_has_a_row_for_every_page_and_a_total(run, report):
    ran = run("tokens", report)
    assert ran.code == 0
    assert all(f"{report}#page={number}" in ran.out for number in (1, 2, 3, 4))
    assert run("tokens", report, "--json").json["total_tokens"] == 3 * 2147 + 262


def test_pages_are_chosen_and_counted_by_another_resolution(run, report):
    items = run("tokens", report, "--pages", "4,1-2", "--dpi", "72", "--json").json["items"]
    assert [item["source"] for item in items] == [f"{report}#page={n}&dpi=72" for n in (4, 1, 2)]
    assert [item["width"] for item in items] == [595, 595, 300]


def test_the_explanation_says_by_which_resolution(run, report):
    told = run("tokens", report, "--pages", "1", "--explain").out
    assert "page 1 of a PDF, 595x842 points: it counts as 1240x1754, at 150 pixels per inch" in told


def test_a_page_that_is_not_there_fails_alone(run, report):
    ran = run("tokens", report, "--pages", "1,9")
    assert ran.code == 1
    assert "#page=9: no page 9 can be read; it has 4" in ran.err
    assert "2,147 tokens in 1 of 2 files" in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("report.pdf", "--pages", "x"), "write numbers from 1 as in 1-3,7 or 5-"),
        (("report.pdf", "--pages", "1-99999"), "up to 10,000 are taken at once; name some by --p"),
        (("photo.jpg", "--pages", "1"), "--pages and --dpi are about PDFs, and none is named"),
        (("report.pdf#page=1", "--dpi", "72"), "named as in a.pdf#page=3&dpi=300 has its own"),
    ],
)
def test_what_cannot_be_asked_of_pages_is_wrong_usage(run, report, words, told):
    paths = [report.with_name(word) if word.startswith("report") else word for word in words]
    ran = run("tokens", *paths)
    assert ran.code == 2
    assert told in ran.err


def test_a_document_comes_from_stdin_too(run, report):
    ran = run("tokens", "-", "--pages", "2", "--json", stdin=report.read_bytes())
    assert ran.json["items"][0]["source"] == "<stdin>#page=2"


def test_a_folder_of_documents_is_them(run, report):
    (report.parent / "notes.txt").write_text("nothing")
    assert len(run("tokens", report.parent, "--json").json["items"]) == 4
    assert len(run("tokens", f"{report.parent}/*", "--json").json["items"]) == 4


def test_views_are_called_after_their_pages(run, report, tmp_path):
    assert run("view", report, "--pages", "2-3", "-o", tmp_path / "views").code == 0
    written = sorted(path.name for path in (tmp_path / "views").iterdir())
    assert written == ["report-p002.png", "report-p003.png"]
    assert run("view", report, "--pages", "3", "-o", tmp_path / "page.png").code == 0
    assert probe(tmp_path / "page.png").size == (1760, 1248)


@pytest.mark.parametrize("command", ["view", "compress"])
def test_several_pages_do_not_go_into_one_file(run, report, tmp_path, command):
    ran = run(command, report, "-o", tmp_path / "page.png")
    assert ran.code == 2
    assert "a PDF of 4 pages: name a folder for them, or take one by --pages" in ran.err


def test_compressed_pages_count_the_same(run, report, tmp_path):
    items = run("compress", report, "-o", tmp_path / "out", "--json").json["items"]
    assert [item["target"].rpartition("/")[2] for item in items] == [
        f"report-p00{number}.png" for number in (1, 2, 3, 4)
    ]
    told = run("compress", report, "-o", tmp_path / "again")
    assert "smaller" in told.out
    assert "×" not in told.out.replace("width×height", "")


def test_a_check_wants_pages_as_images_and_makes_them(run, report, tmp_path):
    ran = run("check", report, "--pages", "1-2")
    assert ran.code == 1
    assert "#page=1: the format is PDF, and BMP, JPEG" in ran.out
    assert "--pages 1-2" in ran.out
    fixed = run("check", report, "--pages", "1-2", "--fix", "-o", tmp_path / "fixed")
    assert fixed.code == 0
    assert len(list((tmp_path / "fixed").iterdir())) == 2


def test_a_request_holds_pages_at_the_size_that_is_counted(run, report):
    body = run("payload", report, "--text", "What is this?").json
    pages = body["messages"][0]["content"][:-1]
    counted = run("tokens", report, "--json").json["items"]
    for page, item in zip(pages, counted, strict=True):
        with open_item(page["image_url"]["url"]) as sent:
            assert sent.info.size == (item["resized_height"], item["resized_width"])
    told = run("payload", report, "--text", "?", "-v", "--preview").err
    assert "report.pdf#page=2: image, image/png" in told


def test_a_plan_is_over_pages(run, report):
    document = run("plan", report, "--budget", "3000", "--json").json
    assert document["total_tokens"] <= 3000
    assert len(document["items"]) == 4


def test_each_page_is_split_into_its_own_folder(run, report, tmp_path):
    ran = run("split", report, "--pages", "1-2", "-o", tmp_path / "pieces", "--json")
    assert ran.json["schema"] == "vlprep.splits/1"
    assert [item["output"].rpartition("/")[2] for item in ran.json["items"]] == [
        "report-p001", "report-p002",
    ]  # fmt: skip
    folder = tmp_path / "pieces" / "report-p001"
    answers = json.dumps(['{"bbox_2d": [100, 100, 200, 300]}'])
    found = run("boxes", report, answers, "--pages", "1", "--pieces", folder, "--json").json
    assert found["shapes"][0]["points"] == [[124.0, 175.4], [248.0, 526.2]]
    alone = run("split", report, "--pages", "2", "-o", tmp_path / "one", "--json").json
    assert alone["schema"] == "vlprep.split/1"
    assert (tmp_path / "one" / "report-p002-1-of-1.png").is_file()


def test_a_page_that_cannot_be_split_does_not_stop_the_rest(run, report, tmp_path):
    ran = run("split", report, "--pages", "9,1", "-o", tmp_path / "pieces")
    assert ran.code == 1
    assert "#page=9" in ran.err
    assert (tmp_path / "pieces" / "report-p001").is_dir()


def test_a_crop_has_the_pixels_of_its_resolution(run, report, tmp_path):
    box = ("--box", "300,300,1500,900", "-o", tmp_path / "crop.png")
    assert run("crop", report, "--pages", "3", "--dpi", "300", *box).code == 0
    assert probe(tmp_path / "crop.png").size == (600, 1200)
    ran = run("crop", report, *box)
    assert (ran.code, "4 pages; take one by --pages" in ran.err) == (2, True)


def test_boxes_are_told_in_points(run, report):
    answer = '{"bbox_2d": [100, 100, 200, 300], "label": "sum"}'
    ran = run("boxes", report, answer, "--pages", "2", "--points")
    assert "points of" in ran.out
    assert "30.0   140.0   60.0   180.0" in " ".join(ran.out.split("sum")[-1:]).strip()
    found = run("boxes", f"{report}#page=2", answer, "--points", "--json").json
    assert found["points"] == [[[30.0, 140.0], [60.0, 180.0]]]
    photo = run("boxes", "photo.jpg", answer, "--points")
    assert (photo.code, "no page of a PDF" in photo.err) == (1, True)


def test_pages_are_no_video(run, report, tmp_path):
    ran = run("frames", report, "-o", tmp_path / "frames")
    assert ran.code == 1
    assert "a PDF of 4 pages, each an image: vlprep tokens lists them" in ran.err
    ran = run("frames", f"{report}#page=1", "-o", tmp_path / "frames")
    assert (ran.code, "an image, not a video" in ran.err) == (1, True)


def test_a_locked_document_does_not_stop_the_rest(run, report):
    from tests.pdfs import locked

    report.with_name("locked.pdf").write_bytes(locked())
    ran = run("tokens", report.with_name("locked.pdf"), report, "--pages", "1")
    assert ran.code == 1
    assert "opens with a password only" in ran.err
    assert "2,147 tokens in 1 of 2 files" in ran.out


def test_a_data_url_of_a_document_is_told_by_its_pages():
    url = "data:application/pdf;base64," + base64.b64encode(pdf([A4])).decode()
    assert probe(url).size == (1754, 1240)
