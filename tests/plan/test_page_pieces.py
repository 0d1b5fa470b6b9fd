"""Pages in pieces among planned files: what they cost, beside the page uncut."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.longpages import small_letters
from tests.places import FIXTURES
from vlprep import ImageInfo, ImageSize, build_requests, plan_media
from vlprep.errors import BudgetError, ConstraintError

PHOTO, STREET, MODEL = str(FIXTURES / "photo.jpg"), str(FIXTURES / "street.mp4"), "qwen3-vl-plus"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return small_letters(tmp_path_factory.mktemp("page"))


def test_the_pieces_are_those_of_a_split_and_the_page_uncut_stands_beside_them(page):
    split = vlprep.split_image(page, MODEL)
    plan = plan_media(page, MODEL, pieces=True)
    assert [file.piece.piece for file in plan.files] == list(split.pieces)
    assert plan.requests == (tuple(range(len(split.pieces))),)
    assert plan.total_tokens == split.total_tokens
    assert plan.wanted_tokens == vlprep.count_tokens(page, MODEL).tokens.total
    held = plan.files[0].piece.split
    assert held.whole == vlprep.count_tokens(page, MODEL).tokens
    seen = held.whole.resized.height / 9_000
    assert held.letters_of_whole.smallest == pytest.approx(
        seen * held.layout.letters.smallest, rel=0.02
    )
    assert held.letters_of_whole.smallest < 6 < 7.9 < held.letters.smallest


def test_letters_as_high_as_asked_take_as_few_pieces(page):
    pieces = [len(plan_media(page, MODEL, pieces=True, readable=px).files) for px in (4, 6, 9)]
    assert pieces == sorted(pieces) and pieces[0] < pieces[-1]


def test_what_one_request_does_not_hold_goes_in_several_in_order(page):
    whole = plan_media(page, MODEL, pieces=True)
    dearest = max(file.tokens.total for file in whole.files)
    plan = plan_media(page, MODEL, pieces=True, budget=dearest)
    assert plan.requests == tuple((k,) for k in range(len(whole.files)))
    with pytest.raises(BudgetError, match="lower `max_pixels`"):
        plan_media(page, MODEL, pieces=True, budget=dearest - 1)


def test_images_that_need_no_pieces_and_clips_stand_among_them(page):
    plan = plan_media([STREET, page, PHOTO], MODEL, pieces=True)
    clip, *pieces, photo = plan.files
    assert clip.part and not clip.piece and not photo.piece
    assert all(file.piece for file in pieces)
    assert plan.requests == ((0,), tuple(range(1, len(plan.files))))


def test_requests_of_a_plan_send_the_pieces(page):
    plan = plan_media([page, PHOTO], MODEL, pieces=True, readable=6)
    (planned,) = build_requests(plan, "Read it.")
    direct = vlprep.build_request([page, PHOTO], "Read it.", MODEL, pieces=True, readable=6)
    assert planned.body == direct.body
    assert planned.tokens == plan.total_tokens
    split = vlprep.split_image(page, MODEL, readable=6)
    url = planned.messages[0]["content"][1]["image_url"]["url"]
    sent = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    assert np.array_equal(np.asarray(sent), split.picture(0))


def test_pieces_in_several_requests_go_on_counting(page):
    plan = plan_media(page, MODEL, pieces=True, budget=2600)
    requests = list(build_requests(plan, "Read it."))
    count = len(plan.files)
    said = [
        part["text"]
        for request in requests
        for part in request.messages[0]["content"][:-1]
        if part["type"] == "text"
    ]
    assert said == [
        f"Part {number} of {count} of one page, in reading order:" for number in range(1, count + 1)
    ]


def test_a_plan_holds_no_pixels_and_its_document_says_where_each_piece_lies(page):
    plan = plan_media(page, MODEL, pieces=True)
    assert all(file.piece.split._page is None for file in plan.files)
    items = plan.to_dict()["items"]
    assert [item["piece"] for item in items] == list(range(1, len(items) + 1))
    ends = [item["y"] + item["piece_height"] for item in items]
    assert [item["y"] for item in items] == [0, *ends[:-1]] and ends[-1] == 9_000


@pytest.mark.parametrize("asked", [{"readable": 6}, {"readable": 6, "overlap": 2}])
def test_a_height_says_nothing_without_pieces(asked):
    with pytest.raises(ConstraintError, match="say `pieces` too"):
        plan_media(PHOTO, MODEL, **asked)
    with pytest.raises(ConstraintError, match="`readable`"):
        vlprep.build_request(PHOTO, "?", MODEL, readable=6)


def test_facts_alone_cannot_be_cut(page):
    facts = ImageInfo(size=ImageSize(9_000, 800), format="PNG")
    plan = plan_media([facts, page], MODEL, pieces=True)
    assert "facts of a header" in plan.failures[0].message and len(plan.files) > 1
