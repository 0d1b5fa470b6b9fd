"""Of all rules: what they want of a model by a route, where it was read, and in what order."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.check.sendings import image, sending, url, video
from vlprep import Finding, get_model, list_models
from vlprep.check.report import RULES, SEVERITIES, check_sending
from vlprep.models.registry import find_source

BY_ID = {rule.id: rule for rule in RULES}
NATIVE, WEIGHTS = "qwen3.7-plus", "Qwen/Qwen2.5-VL-7B-Instruct"


def cited(rule, **asked):
    return BY_ID[rule].wanted(sending(**asked)).sources


def test_ids_are_stable_words_and_stand_once():
    assert len(BY_ID) == len(RULES)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in BY_ID)
    assert all(rule.title and rule.severity in SEVERITIES for rule in RULES)


@pytest.mark.parametrize(
    ("rule", "asked", "words"),
    [
        ("image-side", {}, "at least 11 px"),
        ("image-ratio", {}, "at most 200:1"),
        ("image-ratio", {"model": WEIGHTS}, "at most 200:1"),  # of the rule that resizes
        ("image-format", {}, "BMP, JPEG, PNG, TIFF, WEBP, HEIC"),
        ("large-image-format", {}, "JPEG or PNG above 3840x2160"),
        ("image-8k", {}, "at most 33,177,600 pixels"),
        ("image-bytes", {}, ""),
        ("image-bytes", {"route": "url"}, "at most 10,000,000 bytes"),
        ("image-bytes", {"route": "url", "model": NATIVE}, "at most 20,000,000 bytes"),
        ("image-bytes", {"route": "path", "model": NATIVE}, "at most 10,000,000 bytes"),
        ("base64-length", {}, "at most 10,000,000 characters"),
        ("base64-length", {"route": "url"}, ""),
        ("raw-bytes", {}, "under 7,000,000 bytes"),
        ("raw-bytes", {"route": "path"}, ""),
        ("video-container", {}, "MP4, AVI, Matroska, MOV, FLV, ASF"),
        ("video-duration", {"model": "qvq-max"}, "2 to 600 s"),
        ("video-duration", {"model": WEIGHTS}, ""),
        ("video-bytes", {}, ""),
        ("video-bytes", {"route": "path"}, "under 100,000,000 bytes"),
        ("video-bytes", {"route": "url", "model": "qvq-max"}, "under 1,000,000,000 bytes"),
        ("video-bytes", {"route": "url", "model": "qwen-vl-ocr"}, ""),
        ("video-base64-length", {}, "under 10,000,000 characters"),
        ("fps-range", {}, "0.1 to 10 frames per second"),
        ("openai-fps", {}, "2 frames per second"),
        ("frame-list-length", {}, "4 to 2,000 images"),
        ("frame-list-length", {"model": "qwen-vl-ocr"}, ""),
        ("request-images", {"route": "url"}, "at most 256 images"),
        ("request-images", {"route": "url", "model": NATIVE}, "at most 2,048 images"),
        ("request-videos", {}, "at most 64 videos"),
        ("request-data-urls", {}, "at most 250 data URLs"),
        ("request-data-urls", {"route": "url"}, ""),
        ("input-tokens", {}, "at most 260,096 tokens"),
        ("input-tokens", {"thinking": True}, "at most 258,048 tokens"),
        ("input-tokens", {"max_input": 9}, "at most 9 tokens"),
        ("input-tokens-edge", {}, "under 260,096 tokens"),
        ("thinking-tokens", {}, "at most 258,048 tokens"),
        ("thinking-tokens", {"model": "qvq-max"}, ""),
        ("context-room", {}, "at least 32,768 tokens"),
        ("context-room", {"thinking": True}, "at least 114,688 tokens"),
        ("localisation-size", {}, ""),
        ("localisation-size", {"model": WEIGHTS}, "230,400 to 6,553,600 pixels"),
        ("alpha", {}, "an opaque picture"),
        ("url-headers", {}, ""),
    ],
)
def test_the_limit_is_that_of_the_model_and_the_route(rule, asked, words):
    assert BY_ID[rule].wanted(sending(**asked)).words == words


def test_a_rule_set_may_know_no_images():
    for rule in ("image-side", "image-ratio"):
        assert BY_ID[rule].wanted(sending(model="qwen-vl-ocr")).words == ""


@pytest.mark.parametrize("route", ["base64", "path", "url"])
@pytest.mark.parametrize("model", list_models(), ids=lambda model: model.name)
def test_every_source_of_every_rule_is_known(model, route):
    for rule in BY_ID:
        assert all(find_source(source).date for source in cited(rule, model=model, route=route))


UNSTATED = {  # nothing is said of these anywhere, and the findings say so
    "readable", "cut-off", "countable", "location", "count-known", "animated", "several-pages",
    "image-orientation", "alpha", "colour-mode", "video-header", "video-rotation", "hdr",
    "interlaced", "pixel-aspect", "url-unfetched", "request-body", "small-letters",
}  # fmt: skip
OF_WEIGHTS = {"reference-format"}


OF_OTHERS = {"list-rate", "list-readings", "video-ticket"}  # what no source says of qwen-vl-max


@pytest.mark.parametrize("route", ["base64", "path", "url"])
def test_every_limit_of_a_service_has_a_source(route):
    assert {rule for rule in BY_ID if not cited(rule, model="qwen-vl-max", route=route)} == (
        UNSTATED | OF_WEIGHTS | OF_OTHERS
    )
    assert all(cited(rule, model=WEIGHTS) for rule in OF_WEIGHTS)


@pytest.mark.parametrize(
    ("rule", "model", "route", "source"),
    [  # the model's own limit is cited from there, where it has one for the route
        ("image-bytes", "qwen3.7-plus", "url", "OWN"),
        ("image-bytes", "qwen3.7-plus", "path", "ROUTE"),
        ("image-bytes", "qvq-max", "url", "ROUTE"),
        ("request-images", "qwen3.7-plus", "url", "OWN"),
        ("request-images", "qwen3.7-plus", "path", "OWN"),
        ("request-images", "qwen3.7-plus", "base64", "REQUEST"),
        ("request-images", "qwen3.8-max", "url", "REQUEST"),  # which has its own for bytes alone
        ("request-images", "qvq-max", "url", "REQUEST"),
        ("video-bytes", "qvq-max", "url", "VIDEO"),
        ("video-bytes", "qvq-max", "path", "ROUTE"),
    ],
)
def test_a_limit_is_cited_from_where_it_was_read(rule, model, route, source):
    spec = get_model(model)
    own = spec.url_files and replace(spec.url_files, sources=("OWN",))
    videos = replace(spec.video_files, sources=("VIDEO",))
    asked = sending(model=replace(spec, url_files=own, video_files=videos), route=route)
    way = replace(asked.route, sources=("ROUTE",), request_sources=("REQUEST",))
    assert BY_ID[rule].wanted(replace(asked, route=way)).sources == (source,)


FILES = st.one_of(
    st.builds(image, st.integers(1, 9000), st.integers(1, 9000), source=st.sampled_from("abc"),
              format=st.sampled_from(["JPEG", "GIF", "WEBP"]), orientation=st.integers(1, 8),
              file_bytes=st.integers(1, 2 * 10**7)),
    st.builds(video, source=st.sampled_from("def"), file_bytes=st.integers(1, 3 * 10**9),
              duration_seconds=st.none() | st.floats(0, 10**4), interlaced=st.booleans()),
    st.builds(url, st.just("https://example.com/a.jpg")),
)  # fmt: skip


@given(
    st.lists(FILES, max_size=6),
    st.sampled_from(["base64", "path", "url"]),
    st.sampled_from(["qvq-max", "qwen3.7-plus", "Qwen/Qwen2.5-VL-7B-Instruct", "qwen-vl-ocr"]),
    st.none() | st.floats(0.01, 30),
)
def test_findings_are_whole_and_in_order(files, route, model, fps):
    found = check_sending(sending(*files, route=route, model=model, fps=fps)).findings
    names = [file.source for file in files]
    places = [
        (len(names) if one.source is None else names.index(one.source),
         SEVERITIES.index(one.severity))
        for one in found
    ]  # fmt: skip
    assert places == sorted(places)
    for finding in found:
        assert isinstance(finding, Finding)
        assert finding.remedy is None or str(finding.remedy)
        assert finding.measured
        assert finding.message[-1] not in ".\n"


# The report.


def test_the_documented_json_is_what_the_record_says():
    report = check_sending(sending(image(8, 80, path="a.jpg", orientation=6), route="path"))
    document = json.loads(json.dumps(report.to_dict()))
    assert document["schema"] == "vlprep.check/1"
    assert (document["errors"], document["warnings"], document["notes"]) == (1, 0, 2)
    side, turned, _ = document["findings"]
    assert side["sources"] == [{"id": "S004", "date": "2025-12-18"}]
    assert side["remedy"] == "enlarge it, or paste it onto a larger canvas"
    assert turned["remedy"] is None  # as nothing that can be run mends the file
    assert document["items"][0]["routes"]["openai"] == ["base64", "url"]


def test_a_report_shows_itself_in_a_line():
    assert repr(check_sending(sending(image(8, 80)))) == (
        "CheckReport(qwen3-vl-plus, base64: 1 error, 0 warnings, 0 notes in 1 file)"
    )


def test_the_model_s_own_warnings_are_in_the_report():
    spec = replace(get_model(), warnings=("the folder states no image size",))
    report = check_sending(sending(image(), model=spec))
    assert report.model_warnings == spec.warnings
    assert report.to_dict()["model_warnings"] == list(spec.warnings)
    assert report.passes(fail_on_warnings=True)  # which is about the files


def test_the_length_of_a_file_is_told_where_it_is_known():
    files = (image(source="a.jpg", file_bytes=1234), image(source="b.jpg"), url("https://c.com/c"))
    report = check_sending(sending(*files))
    assert [item["file_bytes"] for item in report.to_dict()["items"]] == [1234, None, None]
