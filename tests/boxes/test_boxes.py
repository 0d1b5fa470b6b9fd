from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.draw.tiny_font import tiny_font
from tests.places import FIXTURES
from vlprep import draw_boxes, get_model, image_tokens, locate_boxes, save_boxes
from vlprep.boxes.outlines import COLOURS
from vlprep.errors import AnswerError, ConstraintError, UnknownFactError, UnsupportedFormatError
from vlprep.media.source import open_item
from vlprep.types import ImageSize

PHOTO = FIXTURES / "photo.jpg"
SIGN = (0, 0, 42, 13)  # of the eight small pictures: the blue name of the street, in 80x48 pixels
ANSWER = f"sign: {round(SIGN[2] / 0.08)}, 0, 0, {round(SIGN[3] / 0.048)}"


def upright_crop(path, box):
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).crop(box), float)


def stored_crop(path, box):
    with Image.open(path) as image:
        return np.asarray(image.crop(box), float)


# The eight orientations: the same place in all of them.


@pytest.mark.parametrize("orientation", range(1, 9))
class TestTurnedPictures:
    def test_the_box_lies_on_the_same_content(self, orientation):
        path = FIXTURES / f"exif_{orientation}.jpg"
        found = locate_boxes(path, ANSWER)
        (shape,), (stored,) = found.shapes, found.stored
        assert found.info.orientation == orientation
        assert np.allclose(shape.bounds, SIGN, atol=0.05)
        box, stored_box = (tuple(round(v) for v in s.bounds) for s in (shape, stored))
        seen, in_file = upright_crop(path, box), stored_crop(path, stored_box)
        assert sorted(seen.shape) == sorted(in_file.shape)
        assert np.allclose(seen.mean((0, 1)), in_file.mean((0, 1)), atol=1e-9)
        blue = seen.mean((0, 1))
        assert blue[2] > 100 > blue[0]

    def test_every_corner_of_the_file_s_box_turns_into_the_upright_one(self, orientation):
        path = FIXTURES / f"exif_{orientation}.jpg"
        found = locate_boxes(path, "a: 125, 250, 375, 500")
        with Image.open(path) as image:
            mask, exif = Image.new("L", image.size), image.getexif()
        mask.paste(255, tuple(round(side) for side in found.stored[0].bounds))
        mask.getexif()[274] = exif.get(274, 1)
        rows, columns = np.nonzero(np.asarray(ImageOps.exif_transpose(mask)))
        extent = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert extent == found.shapes[0].bounds == (10, 12, 30, 24)

    @pytest.mark.parametrize("convention", ["absolute", "relative-1000"])
    def test_a_model_that_was_shown_the_file_unturned(self, orientation, convention):
        path = FIXTURES / f"exif_{orientation}.jpg"
        model = "Qwen/Qwen2.5-VL-7B-Instruct"
        height, width = (80, 48) if orientation > 4 else (48, 80)
        resized = image_tokens((height, width), model).resized
        scale = resized[::-1] if convention == "absolute" else (1000, 1000)
        there = locate_boxes(path, ANSWER).stored[0].points
        answer = str([(x * scale[0] / width, y * scale[1] / height) for x, y in there])
        found = locate_boxes(path, answer[1:-1], model, convention=convention, unturned=True)
        assert np.allclose(found.shapes[0].bounds, SIGN, atol=0.05)
        assert np.allclose(found.stored[0].points, there)

    def test_it_is_drawn_upright(self, orientation):
        path = FIXTURES / f"exif_{orientation}.jpg"
        picture = draw_boxes(path, locate_boxes(path, "500, 250, 875, 750"))
        assert picture.shape == (48, 80, 3)
        assert picture[30, 40].tolist() == list(COLOURS[0])  # its left side, at 40 of 80
        assert picture[35, 60].tolist() == list(COLOURS[0])  # its lower side, at 36 of 48
        plain = upright_crop(path, (0, 0, 30, 48))
        assert np.abs(picture[:, :30].astype(float) - plain).max() == 0


# Which numbers are meant.


def test_absolute_answers_go_by_the_size_of_the_request():
    answer = "[[0, 0, 28, 28]]"
    small = {"max_pixels": 100_352}
    model = "Qwen/Qwen2.5-VL-7B-Instruct"
    found = locate_boxes(PHOTO, answer, model, **small)
    resized = image_tokens((480, 640), model, **small).resized
    assert found.resized == resized != locate_boxes(PHOTO, answer, model).resized
    right, lower = found.shapes[0].points[1]
    assert (right, lower) == pytest.approx((28 * 640 / resized.width, 28 * 480 / resized.height))


def test_the_size_that_was_seen_may_be_named():
    found = locate_boxes(PHOTO, "[10, 10, 20, 20]", convention="absolute", resized=(240, 160))
    assert found.resized == ImageSize(240, 160)
    assert found.shapes[0].bounds == (40, 20, 80, 40)


def test_the_convention_and_who_said_it():
    own, asked = (locate_boxes(PHOTO, "[1, 2, 3, 4]", convention=c) for c in (None, "relative-999"))
    assert (own.convention, own.resized) == ("relative-1000", None)
    assert "S004" in own.sources
    assert (own.convention_from, asked.convention_from) == ("model", "caller")
    assert (asked.convention, asked.sources) == ("relative-999", ())


def test_an_unknown_convention_is_asked_for_and_taken():
    with pytest.raises(UnknownFactError, match="qvq-max: no source states how it measures"):
        locate_boxes(PHOTO, "[1, 2, 3, 4]", "qvq-max")
    found = locate_boxes(PHOTO, "[1, 2, 3, 4]", "qvq-max", convention="absolute")
    assert found.resized == image_tokens((480, 640), "qvq-max").resized


def test_boxes_of_moving_names():
    page = io.BytesIO()
    Image.new("RGB", (1024, 1024)).save(page, "PNG")
    for name in ("qwen-vl-max", "qwen-vl-max-latest", "qwen-vl-plus", "qwen-vl-plus-latest"):
        found = locate_boxes(page, "cake: 60, 395, 204, 578", name, rules="guide-2025-06")
        assert (found.convention, found.resized) == ("absolute", (980, 980))
        assert found.sources == ("S002", "S004")
        assert "may point elsewhere" in found.note
        assert found.shapes[0].points[0] == pytest.approx((62.7, 412.7), abs=0.05)


def test_an_answer_that_nothing_was_found_is_located_and_drawn():
    found = locate_boxes(PHOTO, "[]")
    assert (found.shapes, found.stored, found.warnings) == ((), (), ())
    with Image.open(PHOTO) as photo:
        assert np.array_equal(found.draw(), np.asarray(photo.convert("RGB")))


def test_boxes_in_three_dimensions_come_along_unmapped():
    numbers = [0.1, 0.2, 1.5, 0.3, 0.3, 0.4, 0, 0, 0.1]
    found = locate_boxes(PHOTO, json.dumps({"bbox_3d": numbers, "label": "chair"}))
    assert found.to_dict()["boxes_3d"] == [{"label": "chair", "numbers": numbers}]
    assert found.shapes == ()


def test_where_no_source_says_the_size_the_image_s_own_is_taken_and_said():
    found = locate_boxes(PHOTO, "[10, 20, 30, 40]", rebuilt_without_sizes(), convention="absolute")
    assert found.shapes[0].bounds == (10, 20, 30, 40)
    assert "`resized`" in found.warnings[0]


def rebuilt_without_sizes():
    model = get_model("qwen3-vl-plus")
    return replace(model, rule_sets=tuple(replace(r, image=None) for r in model.rule_sets))


def test_chinese_labels_drawn(machine, tmp_path):
    named = tmp_path / "named.ttf"
    named.write_bytes(tiny_font("手表"))
    found = locate_boxes(PHOTO, '[{"bbox_2d": [323, 118, 444, 825], "label": "手表"}]')
    (warning,) = found.drawing_warnings()
    assert warning.startswith("no font here has the letters 手表, which are drawn as escapes")
    assert found.drawing_warnings(font=named) == ()
    assert not np.array_equal(found.draw(), found.draw(font=named))
    found.save(tmp_path / "out.png", font=named)
    with Image.open(tmp_path / "out.png") as written:
        assert np.array_equal(np.asarray(written), found.draw(font=named))
    with pytest.raises(ConstraintError, match="not a font that can be read"):
        found.draw(font=PHOTO)


def test_shapes_of_all_kinds_keep_their_order_and_names():
    answer = (
        '[{"point_2d": [500, 500], "label": "a"}, {"bbox_2d": [0, 0, 500, 1000], "label": "b"},'
        '{"polygon": [0, 0, 1000, 0, 1000, 1000], "label": "c", "text": "x"}]'
    )
    found = locate_boxes(PHOTO, answer)
    assert [(s.kind, s.label, s.points) for s in found.shapes] == [
        ("point", "a", ((320, 240),)),
        ("box", "b", ((0, 0), (320, 480))),
        ("polygon", "c", ((0, 0), (640, 0), (640, 480))),
    ]
    assert found.answered[0].points == ((500, 500),)


# What contradicts itself is said, and never mended.


def test_pixels_under_a_relative_convention_are_suspected():
    found = locate_boxes(PHOTO, "[[10, 20, 30, 40], [10, 20, 1400, 40]]")
    assert found.shapes[1].bounds[2] == pytest.approx(896)
    (warning,) = found.warnings
    assert warning.startswith("1 of 2 lie outside 0 to 1,000, and are not clipped")
    assert '`convention` "absolute"' in warning


def test_coordinates_beyond_the_resized_image_are_suspected():
    found = locate_boxes(PHOTO, "[10, 20, 30, 999]", "qwen2.5-vl-7b-instruct")
    (warning,) = found.warnings
    assert "lie outside the 644x476 that the model is taken to have seen" in warning


def test_parts_of_one_are_suspected():
    assert "multiply them by 1,000" in locate_boxes(PHOTO, "[0.1, 0.2, 0.5, 1]").warnings[0]
    assert locate_boxes(PHOTO, "[0, 0, 1, 1]").warnings == ()


def test_the_very_edges_are_inside():
    assert locate_boxes(PHOTO, "[0, 0, 1000, 1000]").warnings == ()
    assert locate_boxes(PHOTO, "[0, 0, 999, 999]", convention="relative-999").warnings == ()


def test_warnings_of_file_and_answer_come_along():
    found = locate_boxes(FIXTURES / "png_named.jpg", "[30, 20, 10, 40]")
    assert "content is PNG" in found.warnings[0]
    assert "exchanged corners" in found.warnings[1]


# Errors.


def test_a_video_is_not_an_image():
    with pytest.raises(UnsupportedFormatError, match="drawn on one frame"):
        locate_boxes(FIXTURES / "street.mp4", "[1, 2, 3, 4]")


def test_what_is_wrong_is_told_before_any_pixel_is_read():
    with pytest.raises(AnswerError):
        locate_boxes(PHOTO, "a photo")
    with pytest.raises(ConstraintError, match="unknown convention"):
        locate_boxes(PHOTO, "[1, 2, 3, 4]", convention="percent")
    with pytest.raises(FileNotFoundError):
        locate_boxes(FIXTURES / "no-such.jpg", "[1, 2, 3, 4]")
    with pytest.raises(ValueError, match="sides above 0"):
        locate_boxes(PHOTO, "[1, 2, 3, 4]", resized=(0, 4))


# The drawing as a file.


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_the_drawing_is_written_at_the_size_of_the_original(tmp_path, ending):
    found = locate_boxes(PHOTO, "car: 100, 100, 500, 500")
    save_boxes(PHOTO, found, tmp_path / f"out.{ending}")
    with Image.open(tmp_path / f"out.{ending}") as written:
        assert written.size == (640, 480)
    if ending == "png":
        with Image.open(tmp_path / "out.png") as written:
            assert np.array_equal(np.asarray(written), draw_boxes(PHOTO, found))


def test_what_was_found_can_be_drawn_saved_and_written_down(tmp_path):
    found = locate_boxes(PHOTO, "car: 100, 100, 500, 500")
    assert np.array_equal(found.draw(), draw_boxes(PHOTO, found))
    found.save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as written:
        assert np.array_equal(np.asarray(written), found.draw())
    with pytest.raises(FileExistsError):
        found.save(tmp_path / "out.png")
    table = found.to_dict()
    assert json.loads(json.dumps(table)) == table
    assert (table["schema"], table["height"], table["width"]) == ("vlprep.boxes/1", 480, 640)
    assert table["shapes"][0]["label"] == "car"
    assert table["shapes"][0]["answered_points"] == [[100, 100], [500, 500]]


def test_the_image_can_be_given_again_where_it_was_read_from_memory():
    content = PHOTO.read_bytes()
    with io.BytesIO(content) as file:
        found = locate_boxes(file, "car: 100, 100, 500, 500")
        drawn = found.draw()
    assert np.array_equal(found.draw(content), drawn)


def test_of_an_open_item_the_image_that_was_located_in_is_drawn_on(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO.read_bytes())
    with open_item(path) as item:
        found = locate_boxes(item, "car: 100, 100, 500, 500")
        (tmp_path / "other.png").write_bytes((FIXTURES / "alpha.png").read_bytes())
        (tmp_path / "other.png").replace(path)
        assert np.array_equal(found.draw(), draw_boxes(PHOTO, found))


def test_what_is_known_of_a_model_and_of_the_count_comes_along():
    spec = replace(get_model("Qwen/Qwen2.5-VL-7B-Instruct"), warnings=("not certain",))
    for convention in ("absolute", "relative-1000"):
        found = locate_boxes(PHOTO, "[1, 2, 30, 40]", spec, convention=convention)
        assert found.warnings == ("not certain",)


def test_nothing_is_written_over_unasked(tmp_path):
    source = tmp_path / "photo.jpg"
    source.write_bytes(PHOTO.read_bytes())
    found = locate_boxes(source, "[1, 2, 300, 400]")
    with pytest.raises(FileExistsError, match="the source itself"):
        save_boxes(source, found, source, overwrite=True)
    save_boxes(source, found, tmp_path / "out.png")
    with pytest.raises(FileExistsError, match="exists already"):
        save_boxes(source, found, tmp_path / "out.png")
    save_boxes(source, found, tmp_path / "out.png", overwrite=True)
    with pytest.raises(ConstraintError, match=r"ends in \.jpg"):
        save_boxes(source, found, tmp_path / "out.gif")


def test_transparency_and_bytes_are_fine():
    content = (FIXTURES / "alpha.png").read_bytes()
    found = locate_boxes(content, "[100, 100, 900, 900]")
    assert draw_boxes(content, found).shape == (240, 320, 3)
    assert found.source == "<bytes>"
    assert locate_boxes(io.BytesIO(content), "[1, 1, 9, 9]").info.size == (240, 320)
