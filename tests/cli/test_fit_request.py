"""`vlprep fit-request`: the body on stdout, what was done to it on stderr."""

from __future__ import annotations

import json

from tests.refit.bodies import chat, data_url, picture
from vlprep import fit_request

URL = {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}}


def body(*names):
    parts = [{"type": "image_url", "image_url": {"url": data_url(name)}} for name in names]
    return json.dumps(chat([*parts, {"type": "text", "text": "数"}]), ensure_ascii=False, indent=1)


def test_a_body_goes_through_as_it_is(run):
    text = body("photo")
    ran = run("fit-request", "-", stdin=text)
    assert (ran.code, ran.out) == (0, text)
    assert ran.err.splitlines()[-1] == "0 of 1 media changed, by limits of qwen3-vl-plus"


def test_changes_are_told_on_stderr(run):
    ran = run("fit-request", "-", "--max-side", 100, stdin=body("drawn", "photo"))
    assert (ran.code, ran.out) == (0, fit_request(body("drawn", "photo"), max_side=100).body)
    first, _, _, total = ran.err.splitlines()
    assert first.startswith("messages[0].content[0].image_url.url: 90x200 PNG ")
    assert first.endswith(": max-side, at most 100 px")
    assert "→ 45x100 " in first
    assert total == "2 of 2 media changed, by limits of qwen3-vl-plus"


def test_what_stays_broken_is_an_error_and_the_body_is_written_all_the_same(run):
    text = body("tiny", "photo")
    ran = run("fit-request", "-", "--max-images", 1, stdin=text)
    assert (ran.code, ran.out) == (1, text)
    rules = [line.split(": ")[1] for line in ran.err.splitlines() if line.startswith("error: ")]
    assert rules == ["image-side", "max-images"]


def test_the_oldest_make_room(run):
    words = ("fit-request", "-", "--max-images", 1, "--drop-oldest")
    ran = run(*words, stdin=body("tiny", "photo"))
    assert ran.code == 0
    assert "an image was left out here" in ran.out
    assert run(*words, stdin=ran.out).out == ran.out


def test_all_limits_and_the_model_are_taken(run):
    words = (
        "--max-body",
        "15kB",
        "--limit",
        "9kB",
        "--max-side",
        150,
        "-m",
        "qvq-max",
        "--high-res",
    )
    text = body("photo", "bmp", "drawn")
    ran = run("fit-request", "-", *words, stdin=text)
    own = {"max_body": 15_000, "limit": 9_000, "max_side": 150, "high_res": True}
    assert ran.out == fit_request(text, "qvq-max", **own).body
    assert len(ran.out.encode()) <= 15_000


def test_to_a_file_with_the_changes_as_json(run, tmp_path):
    source, target = tmp_path / "body.json", tmp_path / "fitted.json"
    source.write_text(body("named-wrong"), "utf-8")
    ran = run("fit-request", source, "-o", target, "--json")
    assert ran.json["changes"][0]["action"] == "relabelled"
    assert ran.json["changes"][0]["bytes_after"] == len(picture("named-wrong")[1])
    assert target.read_text("utf-8") == source.read_text("utf-8").replace("png;", "jpeg;")
    again = run("fit-request", source, "-o", target)
    assert again.code == 1
    assert "fitted.json" in again.err
    assert run("fit-request", source, "-o", target, "--force").code == 0


def test_names_are_told_once_and_never_fetched(run):
    ran = run("fit-request", "-", stdin=json.dumps(chat([URL, URL])))
    assert "messages[0].content[0].image_url.url and 1 more: by URL, path or id" in ran.err


def test_options_of_videos_are_told_of_where_there_are_none(run):
    url = {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}
    for parts, is_idle in (([URL], True), ([URL, url], False), ([{"video": ["a.jpg"]}], False)):
        ran = run("fit-request", "-", "--fps", 4, stdin=json.dumps(chat(parts)))
        assert ("--fps: for videos, and all files are images" in ran.err) == is_idle


def test_wrong_usage(run):
    assert run("fit-request", "-", "--json", stdin="{}").code == 2
    assert run("fit-request", "-", "--max-side", 0, stdin="{}").code == 2
    ran = run("fit-request", "-", stdin="no json")
    assert (ran.code, ran.out) == (1, "")
    assert "not JSON" in ran.err


def test_limits_of_another_model_than_the_body_asks_for_are_told(run):
    text = body("photo").replace('"model": "m"', '"model": "QVQ-max"')
    told = "warning: it asks for QVQ-max, and is held to the limits of qwen3-vl-plus; --model names"
    assert told in run("fit-request", "-", stdin=text).err
    assert "warning" not in run("fit-request", "-", "-m", "qvq-max", stdin=text).err
    assert fit_request(text, "qvq-max").warnings == ()
