"""Every number leads to a page that states it: a title, a date, an address."""

from __future__ import annotations

import pytest

from vlprep import get_model, list_models
from vlprep.models.registry import find_source, get_api

JUNE, DECEMBER = "guide-2025-06", "guide-2025-12"


@pytest.mark.parametrize(
    ("model", "number", "sources"),
    [
        ("qwen3-vl-plus", "context_tokens", ("P1",)),
        ("qwen3-vl-plus", "max_input_tokens", ("P1",)),
        ("qwen3-vl-plus", "max_reply_tokens", ("P1",)),
        ("qwen3-vl-plus", "max_input_thinking_tokens", ("S004", "P1")),
        ("qwen3-vl-flash", "max_input_thinking_tokens", ("P1",)),
        ("qwen-vl-max", "context_tokens", ("S002", "P1")),
        ("qwen-vl-plus-latest", "max_reply_tokens", ("S002", "P1")),
        ("qwen-vl-max-2025-08-13", "context_tokens", ("P1",)),
        ("qwen-vl-plus-2025-08-15", "max_input_tokens", ("P1",)),
        ("qwen3-vl-235b-a22b-thinking", "context_tokens", ("P1",)),
    ],
)
def test_sources_per_number(model, number, sources):
    assert get_model(model).sources_of(number) == sources


def test_sources_of_limits_that_stand_in_one_document_only():
    june = get_model("qvq-max").rules(JUNE)
    assert june.video.sources_of("min_fps", "max_fps") == ("S004",)
    assert june.video.sources_of("fps") == ("S002", "S000")
    assert june.image.sources_of("ceiling_pixels") == ("S004",)
    assert june.image.sources_of("max_pixels", "ceiling_pixels") == ("S002", "S000", "S003", "S004")
    assert set(get_model("qvq-max").video_files.sources) >= {"S000", "S001"}
    assert get_model("qwen3-vl-plus").video_files.sources == ("S004",)
    assert "S000" in get_api("openai").fps_sources
    assert "S004" in get_model("qwen-vl-max").localisation.sources
    assert get_model("qvq-max").requests.sources_of("system_message") == ("S000",)
    assert get_model("qvq-max").requests.sources_of("streaming") == ("S000", "S003")


def test_unsourced_limit():
    spec = get_model("qvq-72b-preview")
    assert spec.max_image_tokens is None
    assert any("do not cover it" in note for note in spec.notes)


def test_official_pages_have_an_address():
    cited = {key for model in list_models() for key in model.all_sources}
    found = [find_source(key) for key in sorted(cited)]
    assert all(source.title and source.date for source in found)
    without = {source.id for source in found if source.address is None}
    assert without <= {"P8", "P9", "HF-COPY", "HF-EXPECTED", "HOSTED", "OMNI-COPIES", "OMNI-NOTE"}
    assert all(source.address.startswith("https://") for source in found if source.address)


def test_what_is_cited_is_a_number_of_its_record():
    for model in list_models():
        records = [model, model.video_files, model.requests]
        records += [part for rules in model.rule_sets for part in (rules.image, rules.video)]
        for record in filter(None, records):
            for part in record.cited:
                assert all(getattr(record, number) is not None for number in part.of)
                assert all(find_source(key) for key in part.sources)
