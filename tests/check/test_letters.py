"""Small letters are warned of with the height at which the model sees them."""

import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.maths.test_letters import drawn
from tests.places import FIXTURES


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A tall page, and one of a photo's shape with the same letters; and their height."""
    folder = tmp_path_factory.mktemp("pages")
    page, height = drawn(16, shape=(9000, 700))
    Image.fromarray(page).save(folder / "tall.png", compress_level=1)
    Image.fromarray(np.hstack(np.split(page, 4))).save(folder / "wide.png", compress_level=1)
    return folder, height


def found(path, model="qvq-max", **how):
    report = vlprep.check_media([path], model, **how)
    return [one for one in report.findings if one.rule == "small-letters"]


@pytest.mark.parametrize("model", ["qvq-max", "qwen3-vl-plus"])
def test_the_height_is_that_in_the_file_by_the_scale_of_the_view(pages, model):
    folder, height = pages
    (finding,) = found(folder / "tall.png", model, readable=8)
    seen = vlprep.count_tokens(folder / "tall.png", model).tokens.resized
    wanted = height * min(seen.height / 9000, seen.width / 700)
    measured = float(finding.measured.removesuffix(" px"))
    assert measured == pytest.approx(wanted, abs=0.1 + 0.12 * wanted)
    assert finding.severity == "warning" and finding.limit == "at least 8 px high"


def test_the_remedy_makes_pieces_in_which_nothing_is_small(pages, tmp_path):
    folder, _ = pages
    (finding,) = found(folder / "tall.png")
    assert finding.remedy.command == "split"
    paths = vlprep.split_image(folder / "tall.png", "qvq-max").save(tmp_path / "pieces")
    report = vlprep.check_media(paths, "qvq-max", decode=True)
    assert not [one for one in report.findings if one.rule == "small-letters"]


def test_the_floor_can_be_moved(pages):
    assert found(pages[0] / "tall.png", readable=0.5) == []


def test_what_has_a_photo_s_shape_is_looked_at_when_it_is_decoded(pages):
    wide = pages[0] / "wide.png"
    assert found(wide, "qvq-max", max_pixels=200_000) == []
    assert len(found(wide, "qvq-max", max_pixels=200_000, decode=True)) == 1


def test_a_floor_that_is_asked_for_is_looked_at_in_every_image(pages):
    assert len(found(pages[0] / "wide.png", "qvq-max", max_pixels=200_000, readable=5)) == 1


def test_no_pieces_are_advised_for_letters_that_are_as_small_in_the_file(tmp_path):
    page, _ = drawn(8, shape=(900, 700))
    Image.fromarray(page).save(tmp_path / "small.png")
    (finding,) = found(tmp_path / "small.png", "qwen3-vl-plus", readable=8)
    assert finding.remedy.command is None
    assert finding.remedy.step.startswith("scan or draw it with more pixels")


@pytest.mark.parametrize("name", ["photo.jpg", "tall.png", "alpha.png"])
def test_nothing_is_said_of_what_has_no_text(name):
    assert found(FIXTURES / name, decode=True, max_pixels=20_000) == []


def test_a_view_says_both_heights(pages):
    folder, height = pages
    view = vlprep.view_image(folder / "tall.png", "qvq-max")
    whole, seen = view.letters()
    assert whole.smallest == pytest.approx(height, abs=1)
    scale = min(view.image.shape[0] / 9000, view.image.shape[1] / 700)
    assert seen.smallest == pytest.approx(whole.smallest * scale)
