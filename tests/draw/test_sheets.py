import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.places import FIXTURES
from vlprep import read_frames
from vlprep.clips import Frame
from vlprep.draw.layout import choose_grid
from vlprep.draw.lettering import BACKGROUND
from vlprep.draw.sheets import SUBSTITUTE, ContactSheet
from vlprep.types import ImageSize

COLOURS = [(200, 30, 120), (20, 190, 90), (60, 80, 220), (210, 160, 10), (120, 20, 200)]
MARGIN = 32


def plain(size, colour):
    return np.full((*size, 3), colour, np.uint8)


def frame(size, colour=COLOURS[0], number=0, seconds=0.0, substituted=False):
    return Frame(number, seconds, None, plain(size, colour), substituted)


def filled_sheet(count, size, expected=None):
    sheet = ContactSheet(count if expected is None else expected, ImageSize(*size))
    one = plain(size, COLOURS[0])
    for k in range(count):
        sheet.add(Frame(k, float(k), None, one))
    return sheet


def drawn(sheet, title="clip.mp4", lines=("facts",)):
    return np.asarray(sheet.draw(title, lines))


def where(pixels, colour):
    """Return top, left, height and width of what has exactly one colour."""
    rows, columns = np.nonzero((pixels == colour).all(axis=-1))
    top, left = rows.min(), columns.min()
    return top, left, rows.max() + 1 - top, columns.max() + 1 - left


# Sizes.


def sizes_of_any_shape():
    def size(longer, ratio, turned):
        shorter = max(round(longer / ratio), 1)
        return ImageSize(longer, shorter) if turned else ImageSize(shorter, longer)

    return st.builds(size, st.integers(1, 8000), st.floats(1, 20), st.booleans())


@given(st.integers(0, 2500), sizes_of_any_shape().filter(lambda size: size.pixels < 40_000))
@settings(max_examples=8)
def test_a_sheet_keeps_its_limits_under_the_longest_caption(count, size):
    sheet = filled_sheet(count, size).draw("name " * 300, ["words " * 60] * 20)
    assert sheet.mode == "RGB"
    assert sheet.width * sheet.height <= 16_000_000
    assert 800 <= sheet.width <= 2400
    assert sheet.height <= 16_000


# Frames.


def test_frames_stand_in_order_in_their_own_colours():
    size = ImageSize(90, 160)
    sheet = ContactSheet(len(COLOURS), size)
    for k, colour in enumerate(COLOURS):
        sheet.add(frame(size, colour, number=30 * k, seconds=k))
    pixels, grid = drawn(sheet), choose_grid(len(COLOURS), size)
    places = [where(pixels, colour) for colour in COLOURS]
    assert all(place[2:] == grid.thumbnail for place in places)
    first_top, first_left = places[0][:2]
    for k, (top, left, _, _) in enumerate(places):
        assert (top - first_top, left - first_left) == grid.place(k)


def test_a_frame_that_is_not_shrunk_is_left_as_it_is():
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    sheet = ContactSheet(1, ImageSize(90, 160))
    sheet.add(Frame(0, 0.0, None, image))
    pixels = drawn(sheet, "", [])
    top = 3 * MARGIN // 4 + MARGIN
    assert (pixels[top : top + 90, MARGIN : MARGIN + 160] == image).all()


def test_a_shrunk_frame_is_averaged_not_picked():
    image = np.zeros((2000, 4000, 3), np.uint8)
    image[:, ::2] = 255
    sheet = ContactSheet(200, ImageSize(2000, 4000))
    sheet.add(Frame(0, 0.0, None, image))
    top, left = 3 * MARGIN // 4 + MARGIN, MARGIN
    inside = drawn(sheet, "", [])[top + 5 : top + 50, left + 5 : left + 100]
    assert np.ptp(inside) <= 2
    assert abs(inside.mean() - 127.5) <= 2


def test_a_substitute_has_a_red_frame_and_a_red_badge_and_others_have_none():
    size = ImageSize(90, 160)
    sheet = ContactSheet(2, size)
    sheet.add(frame(size, COLOURS[1]))
    assert not (drawn(sheet) == SUBSTITUTE).all(axis=-1).any()
    sheet.add(frame(size, COLOURS[2], substituted=True))
    pixels = drawn(sheet)
    top, left, height, width = where(pixels, COLOURS[2])
    assert where(pixels, SUBSTITUTE) == (top - 4, left - 4, height + 8, width + 8)
    for edge in (pixels[top - 4, left : left + width], pixels[top : top + height, left - 1]):
        assert (edge == SUBSTITUTE).all()
    assert (pixels[top + height - 2, left + 1] == SUBSTITUTE).all()  # the badge, inside
    assert where(pixels, COLOURS[1])[2:] == size  # the neighbour is not covered


@pytest.mark.parametrize("size", [(20, 400), (400, 20), (1, 20), (20, 1)])
def test_strips_are_marked_too(size):
    sheet = ContactSheet(300, ImageSize(*size))
    sheet.add(frame(size, substituted=True))
    assert (drawn(sheet) == SUBSTITUTE).all(axis=-1).sum() > 100


def test_a_broken_clip_shows_its_substitutes():
    with read_frames(FIXTURES / "corrupted.mp4", "qwen3-vl-plus", fps=30) as stream:
        frames = list(stream)
    sheet = ContactSheet(len(frames), ImageSize(*frames[0].image.shape[:2]))
    for one in frames:
        sheet.add(one)
    assert any(one.substituted for one in frames)
    assert (drawn(sheet) == SUBSTITUTE).all(axis=-1).any()


def test_time_and_number_are_written_under_the_frame():
    size = (90, 160)

    def label(number, seconds):
        sheet = ContactSheet(1, ImageSize(*size))
        sheet.add(frame(size, number=number, seconds=seconds))
        return drawn(sheet)[-30:].tobytes()

    labels = {label(number, seconds) for number in (0, 7) for seconds in (0.0, 3.5)}
    assert len(labels) == 4


def test_no_frame_is_a_caption_alone():
    for expected in (0, 5):
        picture = ContactSheet(expected, ImageSize(90, 160)).draw("clip.mp4", ["no frames"])
        assert picture.height < 200
        assert picture.getpixel((0, 0)) == BACKGROUND


def test_fewer_frames_than_expected_need_fewer_rows():
    whole = filled_sheet(12, (180, 320)).draw("clip.mp4", [])
    part = filled_sheet(2, (180, 320), expected=12).draw("clip.mp4", [])
    grid = choose_grid(12, ImageSize(180, 320))
    assert part.width == whole.width
    assert part.height == whole.height - (grid.rows - 1) * grid.pitch.height


def test_of_thousands_some_are_drawn_and_the_caption_says_so():
    sheet = ContactSheet(6001, ImageSize(2, 4))
    one = plain((2, 4), COLOURS[0])
    for k in range(6001):
        sheet.add(Frame(k, float(k), None, one, substituted=k == 1))
    picture = sheet.draw("clip.mp4", [])
    assert picture.width * picture.height <= 16_000_000
    said = filled_sheet(2001, (2, 4)).draw(
        "clip.mp4",
        ["One in 3 of the 6,001 frames is drawn here; substitutes among the others: 1"],
    )
    caption = (0, 0, picture.width, 120)
    assert picture.crop(caption).tobytes() == said.crop(caption).tobytes()


# Text.


def caption_height(lines, title="clip.mp4"):
    return ContactSheet(0, ImageSize(90, 160)).draw(title, lines).height


def test_long_lines_are_wrapped_and_stay_inside_the_margins():
    one, two = caption_height(["word"]), caption_height(["word", "word"])
    wrapped = ContactSheet(0, ImageSize(90, 160)).draw("clip.mp4", ["word " * 40])
    assert wrapped.height - one in {k * (two - one) for k in range(1, 6)}
    right = np.asarray(wrapped)[:, -MARGIN + 2 :]
    assert (right == BACKGROUND).all()


def test_long_words_and_titles_are_shortened_in_the_middle():
    name = "a" * 500 + ".mp4"
    assert caption_height([name], name) == caption_height(["word"])
    sheet = ContactSheet(0, ImageSize(90, 160))
    # The ends are kept, what is between them makes no difference.
    assert drawn(sheet, name).tobytes() == drawn(sheet, "a" * 900 + ".mp4").tobytes()
    assert drawn(sheet, name).tobytes() != drawn(sheet, "a" * 500 + ".mov").tobytes()
    assert (drawn(sheet, name, [name])[:, -MARGIN + 2 :] == BACKGROUND).all()


def test_a_caption_without_end_is_cut():
    assert caption_height(["word"] * 17) == caption_height(["word"] * 16)
    assert caption_height(["word"] * 16) > caption_height(["word"] * 15)


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=40)
def test_any_text_can_be_drawn(title, line):
    assert ContactSheet(0, ImageSize(90, 160)).draw(title, [line]).width == 800


@pytest.mark.parametrize("name", ["街道.mp4", "\ud800.mp4", "a\x00b\n.mp4", "\u202e4pm.exe", "😀"])
def test_names_in_other_letters(name):
    assert caption_height([name], name) == caption_height(["word"])


def test_accents_are_left_out_rather_than_drawn_as_boxes(machine):
    sheet = ContactSheet(0, ImageSize(90, 160))
    expected = drawn(sheet, "Muller 2x3.mp4").tobytes()
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "Müller 2×3.mp4")
        assert drawn(sheet, name).tobytes() == expected
