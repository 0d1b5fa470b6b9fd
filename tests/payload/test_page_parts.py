"""Pages in pieces inside a request."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.longpages import small_letters
from tests.places import FIXTURES
from vlprep.errors import BudgetError

PHOTO, MODEL = str(FIXTURES / "photo.jpg"), "qwen3-vl-plus"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return small_letters(tmp_path_factory.mktemp("page"))


@pytest.mark.parametrize("api", ["openai", "dashscope"])
def test_pieces_go_in_reading_order_with_a_line_before_each(page, api):
    split = vlprep.split_image(page, MODEL)
    request = vlprep.build_request([page, PHOTO], "Read it.", MODEL, api=api, pieces=True)
    content = request.messages[-1]["content"]
    texts = [part["text"] for part in content if "text" in part]
    count = len(split.pieces)
    assert texts == [
        *(f"Part {k + 1} of {count} of one page, in reading order:" for k in range(count)),
        "Read it.",
    ]
    assert len(content) == 2 * count + 2
    assert [part.action for part in request.parts] == ["split"] * count + ["unchanged"]
    assert request.tokens == split.total_tokens + vlprep.count_tokens(PHOTO, MODEL).tokens.total


def test_an_address_and_a_list_of_frames_are_no_pages():
    url, frames = "https://example.com/page.png", [PHOTO] * 4
    request = vlprep.build_request([url, frames], "?", MODEL, api="dashscope", pieces=True)
    assert [part.action for part in request.parts] == ["given", "unchanged"]


def test_what_is_sent_is_the_pieces_pixels(page):
    split = vlprep.split_image(page, MODEL)
    request = vlprep.build_request(page, "Read it.", MODEL, pieces=True)
    for number, part in enumerate(request.parts):
        (file,) = part.files
        content = base64.b64decode(file.address.partition(",")[2])
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), split.picture(number))
        assert part.tokens.resized == split.pieces[number].tokens.resized


def test_what_is_legible_or_no_image_stays_as_it_is():
    street = str(FIXTURES / "clip.mp4")
    plain = vlprep.build_request([PHOTO, street], "What?", MODEL)
    split = vlprep.build_request([PHOTO, street], "What?", MODEL, pieces=True)
    assert split.body == plain.body


def test_a_strip_too_narrow_to_be_taken_is_sent_in_pieces():
    strip = Image.fromarray(np.tile(np.arange(9000) % 251, (30, 1)).astype(np.uint8))
    request = vlprep.build_request(strip, "What?", MODEL, pieces=True)
    assert [part.action for part in request.parts] == ["split"] * len(request.parts) != ["split"]


def test_a_large_picture_without_text_stays_whole(tmp_path):
    Image.linear_gradient("L").resize((4000, 3000)).save(tmp_path / "sky.png")
    request = vlprep.build_request(tmp_path / "sky.png", "What?", MODEL, pieces=True)
    assert [part.action for part in request.parts] == ["unchanged"]


def test_pieces_beyond_the_largest_input_are_refused(page, monkeypatch):
    monkeypatch.setattr("vlprep.split.split._room", lambda view, budget: 500)
    with pytest.raises(BudgetError, match="pieces cost"):
        vlprep.build_request(page, "Read it.", MODEL, pieces=True)


def test_pieces_can_be_brought_under_the_limit_of_a_route(page):
    request = vlprep.build_request([page, PHOTO], "Read it.", MODEL, pieces=True, compress=True)
    assert request.tokens == vlprep.build_request([page, PHOTO], "?", MODEL, pieces=True).tokens


def test_files_by_path_are_written(page, tmp_path):
    (tmp_path / "out").mkdir()
    how = {"api": "dashscope", "route": "path", "folder": tmp_path / "out", "pieces": True}
    request = vlprep.build_request(page, "Read it.", MODEL, **how)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == len(request.parts) and names[0].startswith("001-page-1-of-")
