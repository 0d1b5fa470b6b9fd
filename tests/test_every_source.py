"""Whatever holds media goes into every verb, and facts of a header where no content is needed."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlprep
from vlprep.errors import UnsupportedFormatError, VlprepError

PHOTO, STREET = "fixtures/photo.jpg", "fixtures/street.mp4"
WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"
BOX = '{"bbox_2d": [250, 500, 500, 1000]}'


def content() -> bytes:
    return Path(PHOTO).read_bytes()


SOURCES = {
    "str": lambda: PHOTO,
    "Path": lambda: Path(PHOTO),
    "bytes": content,
    "bytearray": lambda: bytearray(content()),
    "memoryview": lambda: memoryview(content()),
    "part of a memoryview": lambda: memoryview(b"x" + content())[1:],
    "BytesIO": lambda: io.BytesIO(content()),
    "data URL": lambda: "data:image/jpeg;base64," + base64.b64encode(content()).decode(),
    "PIL image": lambda: Image.open(io.BytesIO(content())),
    "array": lambda: np.asarray(Image.open(io.BytesIO(content()))),
    "file address": lambda: Path(PHOTO).absolute().as_uri(),
}

WITHOUT_CONTENT = {
    "probe": lambda one: vlprep.probe(one).size == (480, 640),
    "count_tokens": lambda one: vlprep.count_tokens(one).tokens.total == 302,
    "count_many": lambda one: [r.tokens.total for r in vlprep.count_many([one, one])] == [302] * 2,
    "count_many of one": lambda one: [r.tokens.total for r in vlprep.count_many(one)] == [302],
    "check_media": lambda one: vlprep.check_media(one).total_tokens == 302,
    "check_media of two": lambda one: vlprep.check_media([one, PHOTO]).total_tokens == 604,
    "plan_media": lambda one: vlprep.plan_media(one, budget=300).total_tokens <= 300,
    "plan_media of two": lambda one: vlprep.plan_media([one, PHOTO]).total_tokens == 604,
    "fit_images": lambda one: vlprep.fit_images(one).total_tokens == 302,
    "locate_boxes": lambda one: vlprep.locate_boxes(one, BOX).shapes[0].points[0] == (160, 240),
}

WITH_CONTENT = {
    "view_image": lambda one: vlprep.view_image(one).image.shape == (480, 640, 3),
    "compress_image": lambda one: vlprep.compress_image(one, limit=25_000).bytes_after < 25_000,
    "compress_file": lambda one: vlprep.compress_file(one, dry_run=True).kind == "image",
    "compress_many": lambda one: next(iter(vlprep.compress_many(one))).kind == "image",
    "build_request": lambda one: vlprep.build_request(one, "x").tokens == 302,
    "pixel_values": lambda one: vlprep.pixel_values(one, model=WEIGHTS).grid_thw[0, 0] == 1,
    "draw": lambda one: vlprep.locate_boxes(one, BOX).draw().shape == (480, 640, 3),
}


@pytest.mark.parametrize("verb", [*WITHOUT_CONTENT, *WITH_CONTENT])
@pytest.mark.parametrize("source", SOURCES)
def test_every_verb_takes_every_kind_of_source(source, verb):
    assert (WITHOUT_CONTENT | WITH_CONTENT)[verb](SOURCES[source]())


@pytest.mark.parametrize("verb", WITHOUT_CONTENT)
def test_facts_are_enough_where_no_content_is_needed(verb):
    assert WITHOUT_CONTENT[verb](vlprep.probe(PHOTO))


@pytest.mark.parametrize("verb", WITH_CONTENT)
def test_where_content_is_needed_facts_are_an_error_that_says_so(verb):
    if verb == "compress_many":
        (failure,) = vlprep.compress_many(vlprep.probe(PHOTO))
        assert "the content is needed" in failure.message
        return
    with pytest.raises(VlprepError, match="the content is needed; give the file itself"):
        WITH_CONTENT[verb](vlprep.probe(PHOTO))


def test_facts_of_a_clip_go_where_the_clip_goes():
    facts = vlprep.probe(STREET)
    assert vlprep.count_tokens(facts).tokens == vlprep.count_tokens(STREET).tokens
    assert vlprep.check_media(facts).findings == vlprep.check_media(STREET).findings
    assert vlprep.plan_media(facts, budget=1500).total_tokens == 1442
    found = vlprep.locate_events(facts, "00:02 - 00:04 a bus passes")
    assert found.events == vlprep.locate_events(STREET, "00:02 - 00:04 a bus passes").events
    with pytest.raises(UnsupportedFormatError, match="the content is needed"):
        vlprep.view_image(facts)
    for frames in (vlprep.read_frames(facts), found.read(found.events[0])):
        with pytest.raises(UnsupportedFormatError, match="the content is needed"):
            next(frames)


def test_a_check_of_facts_asks_what_a_check_of_the_file_asks():
    files = ["fixtures/tiny.png", "fixtures/animated.gif", "fixtures/tall.png"]
    by_file = [(f.rule, f.measured) for f in vlprep.check_media(files).findings]
    by_facts = [(f.rule, f.measured) for f in vlprep.check_media(map(vlprep.probe, files)).findings]
    assert by_facts == by_file
    report = vlprep.check_media(vlprep.probe(PHOTO), decode=True)
    assert "the content is needed" in report.errors[0].message


def test_facts_in_a_list_are_the_frames_of_a_clip():
    page = vlprep.ImageInfo(size=vlprep.ImageSize(352, 640), format="JPEG")
    count = vlprep.count_tokens([page] * 8, fps=2)
    assert (count.frames, count.kind) == (8, "video")
    assert vlprep.check_media([[page] * 8], fps=2).total_tokens == count.tokens.total
    assert vlprep.check_media(count.info, fps=2).total_tokens == count.tokens.total


def test_what_holds_no_media_is_still_misuse():
    for thing in (7, object()):
        with pytest.raises(TypeError):
            vlprep.count_tokens(thing)
