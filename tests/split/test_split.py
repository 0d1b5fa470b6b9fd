"""Pages in pieces: letters stay legible, no line is cut, answers come back to the page."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.maths.test_letters import drawn
from tests.places import FIXTURES
from vlprep.errors import BudgetError, ConstraintError, UnsupportedFormatError
from vlprep.maths.letters import SPECK, steps_in_rows
from vlprep.split.split import PagePiece, read_pieces

MODELS = ("qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct")


def written(page, folder):
    """A picture as a file: of that only the header is read to map boxes."""
    path = str(folder / "page.png")
    Image.fromarray(page).save(path, compress_level=1)
    return path


@pytest.fixture(scope="module")
def tall(tmp_path_factory):
    page, height = drawn(16, shape=(5000, 800))
    return written(page, tmp_path_factory.mktemp("tall")), page, height


@pytest.fixture(scope="module")
def solid(tmp_path_factory):
    stripe = np.arange(1000) // 8 % 2 * 255
    page = np.broadcast_to(stripe[None, :, None], (3000, 1000, 3)).astype(np.uint8)
    return written(page, tmp_path_factory.mktemp("solid"))


@pytest.mark.parametrize("model", MODELS)
def test_a_tall_page_is_cut_between_lines_into_pieces_that_can_be_read(tall, model):
    image, page, height = tall
    split = vlprep.split_image(image, model, readable=8)
    drawn_rows = steps_in_rows(page) > SPECK
    assert split.layout.lines_cut == 0
    assert sum(piece.region.size.height for piece in split.pieces) == len(page)
    for piece in split.pieces:
        assert not drawn_rows[piece.region.y]
        seen = vlprep.image_tokens(piece.tokens.resized, model)
        assert seen == piece.tokens
        scale = piece.tokens.resized.height / piece.region.size.height
        assert scale * height >= 8 * 0.93
        wide = piece.region.size.width * split.layout.scale
        assert piece.tokens.resized.width == pytest.approx(wide, abs=17)  # half a step of sides
    assert 7.9 <= split.letters.smallest <= height + 0.1


@pytest.mark.parametrize("model", MODELS)
def test_a_picture_is_what_the_model_sees(tall, model):
    split = vlprep.split_image(tall[0], model)
    for number, piece in enumerate(split.pieces):
        shown = split.picture(number)
        assert shown.shape[:2] == piece.tokens.resized
        view = vlprep.view_image(Image.fromarray(shown), model)
        assert np.array_equal(view.image, shown)


def test_what_is_seen_large_enough_stays_whole():
    split = vlprep.split_image(FIXTURES / "photo.jpg")
    assert [piece.region for piece in split.pieces] == [
        vlprep.Region(0, 0, vlprep.ImageSize(480, 640))
    ]


def test_a_page_that_runs_downwards_is_cut_from_left_to_right(tall):
    turned = np.rot90(tall[1])
    split = vlprep.split_image(Image.fromarray(turned), "qvq-max")
    assert [piece.region.y for piece in split.pieces] == [0] * len(split.pieces)
    assert len(split.pieces) > 1 and split.layout.lines_cut == 0


def test_a_page_without_a_gap_overlaps_and_says_so(solid):
    split = vlprep.split_image(solid, "qvq-max")
    assert {piece.down.after for piece in split.pieces[:-1]} == {40}  # twice a fiftieth of a side
    assert "go through lines" in split.warnings[0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(30, 9000), (48, 12000), (150, 40000), (66000, 300), (3, 5000)])
def test_a_strip_too_narrow_to_be_taken_is_taken_in_pieces(shape, model):
    height, width = shape
    strip = np.linspace(0, 255, height * width).reshape(shape).astype(np.uint8)
    split = vlprep.split_image(Image.fromarray(np.dstack([strip] * 3)), model)
    assert split.whole is None and split.is_needed and split.letters_of_whole is None
    for piece in split.pieces:
        for size in (piece.region.size, piece.tokens.resized):
            assert max(size) <= 200 * min(size)
        assert vlprep.image_tokens(piece.tokens.resized, model).resized == piece.tokens.resized
    assert sum(piece.region.size.pixels for piece in split.pieces) >= height * width


def test_a_picture_without_text_needs_no_pieces():
    smooth = np.dstack([np.linspace(0, 255, 12_000_000).reshape(3000, 4000).astype(np.uint8)] * 3)
    split = vlprep.split_image(Image.fromarray(smooth), MODELS[0])
    assert len(split.pieces) > 1 and not split.is_needed


def test_pixels_that_were_let_go_are_read_again(tall):
    split = vlprep.split_image(tall[0], MODELS[0])
    again = split.let_go()
    assert again._page is None and again.held()._page is not None
    assert np.array_equal(again.picture(1), split.picture(1))
    assert again.to_dict() == split.to_dict()


def test_pieces_beyond_the_budget_are_refused(tall):
    with pytest.raises(BudgetError, match="lower `readable`"):
        vlprep.split_image(tall[0], budget=1000)


def test_a_video_and_a_height_of_nothing_are_refused():
    with pytest.raises(UnsupportedFormatError, match="a video"):
        vlprep.split_image(FIXTURES / "street.mp4")
    with pytest.raises(ConstraintError, match="above 0"):
        vlprep.split_image(FIXTURES / "photo.jpg", readable=0)


def test_files_and_their_manifest_say_the_same(tall, tmp_path):
    split = vlprep.split_image(tall[0], "qvq-max")
    paths = split.save(tmp_path / "pieces")
    assert sorted(paths) == list(paths)
    assert [Path(path).name for path in paths] == [
        PagePiece(split, number).name for number in range(len(split.pieces))
    ]
    manifest = json.loads((tmp_path / "pieces" / "pieces.json").read_text())
    assert manifest == split.to_dict()
    for path, entry in zip(paths, manifest["pieces"], strict=True):
        assert vlprep.count_tokens(path, "qvq-max").tokens.total == entry["tokens"]
    assert read_pieces(tmp_path / "pieces", vlprep.processor("qvq-max")) == split.pieces
    with pytest.raises(FileExistsError):
        split.save(tmp_path / "pieces")


# Answers.


def answered(split, box, model):
    """What a model would say of a box of the page, piece by piece."""
    said = []
    for piece in split.pieces:
        x, y, size = piece.region
        left, top = max(box[0], x), max(box[1], y)
        right, bottom = min(box[2], x + size.width), min(box[3], y + size.height)
        if right - left < 2 or bottom - top < 2:
            said.append("[]")
            continue
        own = vlprep.map_boxes(
            [left - x, top - y, right - x, bottom - y],
            model=model,
            original=size,
            resized=piece.tokens.resized,
            inverse=True,
        )
        said.append(json.dumps([{"bbox_2d": own.round().tolist(), "label": "table"}]))
    return said


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "Qwen/Qwen2.5-VL-7B-Instruct"])
def test_a_box_comes_back_whole_whatever_the_cuts(tall, model):
    split = vlprep.split_image(tall[0], model, max_pixels=1_000_000)
    tolerance = max(max(p.region.size) for p in split.pieces) / 1000 + 1
    for top in range(0, 4700, 370):
        box = [100, top, 600, top + 300]
        found = split.locate(answered(split, box, model), convention=None)
        assert len(found.shapes) == 1, top
        assert np.allclose(found.shapes[0].bounds, box, atol=tolerance)


def test_of_what_overlapping_pieces_both_show_one_is_kept(solid):
    split = vlprep.split_image(solid, "qwen3-vl-plus", max_pixels=1_000_000)
    for top in range(0, 2900, 97):
        box = [100, top, 300, top + 20]
        found = split.locate(answered(split, box, "qwen3-vl-plus"))
        assert len(found.shapes) == 1, top


def test_an_answer_for_each_piece_is_wanted(tall):
    split = vlprep.split_image(tall[0], "qvq-max")
    with pytest.raises(ConstraintError, match="give one for each"):
        split.locate(["[]"])


def test_no_tail_of_a_letter_is_cut(tmp_path):
    page = np.full((3000, 900, 3), 255, np.uint8)
    for top in range(10, 2980, 20):
        page[top : top + 12, 20:860:7] = 0
        page[top + 12 : top + 16, 300:303] = 0  # one tail in each line, almost to the next
    page[1490:1494] = 255
    page[1486:1490, 300:303] = 255
    split = vlprep.split_image(written(page, tmp_path), "qvq-max")
    assert len(split.pieces) > 1
    for piece in split.pieces[:-1]:
        assert (page[piece.down.stop - 1 : piece.down.stop + 1] == 255).all()
