from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.boxes.answers import parse_answer
from vlprep.boxes.shapes import Box3D, Shape
from vlprep.errors import AnswerError

BOX = ((1.0, 2.0), (30.0, 40.0))
CAT = Shape("box", BOX, "cat")


def found(text):
    return list(parse_answer(text).shapes)


@pytest.mark.parametrize(
    "text",
    [
        '[{"bbox_2d": [1, 2, 30, 40], "label": "cat"}]',
        '{"bbox_2d": [1, 2, 30, 40], "label": "cat"}',
        '{"label": "cat", "bbox": [1.0, 2.0, 30.0, 40.0]}',
        '```json\n[\n\t{"bbox_2d": [1, 2, 30, 40], "label": "cat"}\n]\n```',
        'Here it is:\n```json\n{"bbox_2d": [1, 2, 30, 40], "label": "cat"}\n```\nAsk for more [1].',
        '{"objects": [{"bbox_2d": "1, 2, 30, 40", "name": "cat"}]}',
        '[{"bbox_2d": [[1, 2], [30, 40]], "label": "cat"}]',
        '<think>perhaps [5, 6, 7, 8]</think>{"bbox_2d": [1, 2, 30, 40], "label": "cat"}',
        "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(1,2),(30,40)<|box_end|>",
        "<ref> cat</ref><box>(1,2),(30,40)</box>",
        "cat: [1, 2, 30, 40]",
        "- cat: (1, 2), (30, 40)",
        "cat(1,2),(30,40)",
        "cat: 1, 2, 30, 40",
        "1. **cat**: [1, 2, 30, 40]",
        "2) cat (1, 2, 30, 40)",
        "| no. | what | where |\n|---|---|---|\n| 1 | cat | [1, 2, 30, 40] |",
        "a line before\ncat = 1 2 30 40\nand one after",
        # Other spellings.
        "[{'bbox_2d': [1, 2, 30, 40], 'label': 'cat'}]",
        "[{'bbox_2d': (1, 2, 30, 40), 'label': 'cat', 'sub_label': None}]",
        '[{"bbox_2d": ["1", "2", "30", "40"], "label": "cat"}]',
        '{"bbox_2d": ["1,2", "30,40"], "label": "cat"}',
        '[{"box_2d": [1, 2, 30, 40], "label": "cat"}]',
        '{"boundingBox": [1, 2, 30, 40], "alt": "cat"}',
        '[{"bbox_2d": [1, 2, 30, 40,], "label": "cat",},]',
        '[{"bbox_2d": [1, 2, 30, 40] "label": "cat"}]',
        "{bbox_2d: [1, 2, 30, 40], label: cat}",
        "[{“bbox_2d”：［１，２，３０，４０］，“label”：“cat”}]",
        '[{"bbox_2d": [1, 2, 30, 40], // upper left\n "label": "cat"}]',
        '{"cat": [1, 2, 30, 40]}',
        '{"label": "cat", "bbox": {"x1": 1, "y1": 2, "x2": 30, "y2": 40}}',
        '{"label": "cat", "xmin": 1, "ymin": "2", "xmax": 30, "ymax": 40}',
        '{"label": "cat", "x": 1, "y": 2, "width": 29, "height": 38}',
        '{"label": ["cat"], "location": [1, 2, 30, 40]}',
        "cat：（1，2），（30，40）",
        r"[{\"bbox_2d\": [1, 2, 30, 40], \"label\": \"cat\"}]",
        # Of fine-tunes, of other families, and of who asks otherwise.
        "<|ref|>cat<|/ref|><|det|>[[1, 2, 30, 40]]<|/det|>",
        "<ref>cat</ref><box>[[1, 2, 30, 40]]</box>",
        "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(1,2),(30,40)",
        "<think>[9, 9, 9, 9]</think> as [8, 8, 8, 8] <answer>cat: [1, 2, 30, 40]</answer>",
        '{"label": "cat", "top_left": [1, 2], "bottom_right": [30, 40]}',
        '{"名称": "cat", "边界框": {"左上角": [1, 2], "右下角": [30, 40]}}',
        '{"label": "cat", "bbox": {"top_left": {"x": 1, "y": 2}, "bottom_right": "(30, 40)"}}',
        '{"label": "cat", "x0": 1, "y0": 2, "x1": 30, "y1": 40}',
        '{"label": "cat", "bbox_xywh": [1, 2, 29, 38]}',
        '{"label": "cat", "cxcywh": [15.5, 21, 29, 38]}',
        '{"label": "cat", "center": [15.5, 21], "width": 29, "height": 38}',
        '{"label": "cat", "rect": {"left": 1, "top": 2, "right": 30, "bottom": 40}}',
        '[["cat", [1, 2, 30, 40]]]',
        '["cat", 1, 2, 30, 40]',
        '{"cat": {"bbox": [1, 2, 30, 40]}}',
        '{"objects": {"cat": [{"bbox_2d": [1, 2, 30, 40]}]}}',
        '{"result": "[{\\"bbox_2d\\": [1, 2, 30, 40], \\"label\\": \\"cat\\"}]"}',
        '[{"bbox_2d": [1, 2, 30, 40, "label": "cat"}]',
        '[{"bbox_2d": [1, 2, 30, 40] /* upper left */, "label": "cat"}]',
        "**cat**: `[1, 2, 30, 40]`",
        "cat (0.93): [1, 2, 30, 40]",
        "[1, 2, 30, 40] cat",
        "1. [1, 2, 30, 40]: cat",
        "1. **cat**\n   - Colour: brown\n   - Bounding box: [1, 2, 30, 40]",
        "- label: cat\n  bbox_2d: [1, 2, 30, 40]",
        "### cat\n- Top-left corner: (1, 2)\n- Bottom-right corner: (30, 40)",
        "cat: x1=1, y1=2, x2=30, y2=40",
        "cat:\n- xmin: 1\n- ymin: 2\n- xmax: 30\n- ymax: 40",
        "cat: (1, 2) to (30, 40)",
        "cat：（1，2）到（30，40）",
        "cat: {1, 2, 30, 40}",
        "cat: (1, 2) - (30, 40)",
        "cat: x=1, y=2, width=29, height=38",
        'The "cat" is at [1, 2, 30, 40].',
        "“cat”的位置是[1, 2, 30, 40]。",
        "| Object | x1 | y1 | x2 | y2 |\n|---|---|---|---|---|\n| cat | 1 | 2 | 30 | 40 |",
        "label,xmin,ymin,xmax,ymax\ncat,1,2,30,40",
        r'"[{\"bbox_2d\": [1, 2, 30, 40],\n \"label\": \"cat\"}]"',
        # With how sure the model is.
        '{"bbox_2d": [1, 2, 30, 40, 0.93], "label": "cat"}',
        '{"cat": [[1, 2, 30, 40, 0.93]]}',
        "cat: [1, 2, 30, 40, 1.0]",
        '["cat", 1, 2, 30, 40, 0.93]',
        '[["cat", [1, 2, 30, 40], 0.93]]',
        # A token for each number.
        "cat<loc_1><loc_2><loc_30><loc_40>",
        "<|object_ref_start|>cat<|object_ref_end|><|box_start|><1><2><30><40><|box_end|>",
        # Sides and corners by other names.
        '{"cat": "[1, 2, 30, 40]"}',
        '{"cat": "1, 2, 30, 40"}',
        '{"label": "cat", "bbox": {"min": [1, 2], "max": [30, 40]}}',
        '{"label": "cat", "bbox": {"min_x": 1, "min_y": 2, "max_x": 30, "max_y": 40}}',
        '{"label": "cat", "bbox": [{"x": 1, "y": 2}, {"x": 30, "y": 40}]}',
        "cat: [[1, 2, 30, 40]]",
        "- bbox_2d: [1, 2, 30, 40]\n  label: cat",
        "1. cat - top left: (1, 2), bottom right: (30, 40)",
        # After drafts.
        "Perhaps [5, 6, 7, 8]. Wait.\n\n**Final Answer**\n\\[ \\boxed{cat: [1, 2, 30, 40]} \\]",
    ],
)
def test_one_box_in_all_the_ways_to_write_it(text):
    (shape,) = found(text)
    assert shape.points == BOX
    assert shape == CAT


@pytest.mark.parametrize("text", ["[1, 2, 30, 40]", "(1, 2, 30, 40)", "1,2,30,40", "1 2 30 40\n"])
def test_bare_numbers_are_a_box(text):
    assert found(text) == [Shape("box", BOX)]


@pytest.mark.parametrize(
    "text",
    ['{"point_2d": [3, 4.5], "label": "tip"}', '{"point_2d": "3, 4.5", "label": "tip"}',
     '{"coordinate": [3, 4.5], "label": "tip"}', "tip: (3, 4.5)", "tip(x=3, y=4.5)"],
)  # fmt: skip
def test_points(text):
    assert found(text) == [Shape("point", ((3.0, 4.5),), "tip")]


@pytest.mark.parametrize("corners", ["[[1, 2], [3, 4], [5, 6]]", "[1, 2, 3, 4, 5, 6]"])
def test_polygons_flat_or_in_pairs(corners):
    assert found(f'{{"polygon": {corners}, "label": "roof"}}') == [ROOF]


ROOF = Shape("polygon", ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)), "roof")
QUAD = ((1.0, 2.0), (30.0, 2.0), (30.0, 40.0), (1.0, 40.0))


def test_polygons_whose_corners_have_names():
    corners = [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 6}]
    assert found(json.dumps({"poly": corners, "label": "roof"})) == [ROOF]
    sides = [f"{axis}{number}" for number in "1234" for axis in "xy"]
    numbered = dict(zip(sides, (side for corner in QUAD for side in corner), strict=True))
    assert found(json.dumps({"label": "cat", **numbered})) == [Shape("polygon", QUAD, "cat")]


@pytest.mark.parametrize("tag", ["quad", "poly", "polygon"])
def test_polygons_between_tokens(tag):
    text = f"<ref>cat</ref><{tag}>(1,2),(30,2),(30,40),(1,40)</{tag}>"
    assert found(text) == [Shape("polygon", QUAD, "cat")]


def test_a_box_that_only_words_for_a_place_stand_before_has_no_name():
    for text in (
        "Bounding box: [1, 2, 30, 40]",
        "The bounding boxes are: [[1, 2, 30, 40]]",
        "The final answer is [1, 2, 30, 40].",
        "坐标：[1, 2, 30, 40]",
        "xmin=1 ymin=2 xmax=30 ymax=40",
    ):
        assert found(text) == [Shape("box", BOX)]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ('{"name": "mobile_use", "arguments": {"action": "swipe", "coordinate": [1, 2], '
         '"coordinate2": [30, 40]}}', [("swipe", (1, 2)), ("swipe", (30, 40))]),
        ('{"label": "cat", "center": [1, 2]}', [("cat", (1, 2))]),
        ('{"名称": "cat", "中心点": [1, 2]}', [("cat", (1, 2))]),
        ("pyautogui.click(x=1, y=2, button='left')", [("pyautogui.click", (1, 2))]),
        ("drag(start_box='(1,2)', end_box='(30,40)')",
         [("start_box", (1, 2)), ("end_box", (30, 40))]),
    ],
)  # fmt: skip
def test_points_of_agents(text, points):
    assert found(text) == [Shape("point", (place,), label) for label, place in points]


def test_points_of_a_body_have_the_names_of_their_keys():
    text = '{"bbox_2d": [1, 2, 30, 40], "label": "cat", "keypoints": {"left eye": [3, 4]}}'
    assert found(text) == [CAT, Shape("point", ((3, 4),), "left eye")]


def test_several_boxes_within_one_pair_of_tokens_are_boxes():
    text = "<ref>cat</ref><box>[[1, 2, 30, 40], [5, 6, 7, 8]]</box>"
    assert found(text) == [CAT, Shape("box", ((5, 6), (7, 8)), "cat")]
    text = "<|box_start|>(1,2),(30,40), (5,6),(7,8)<|box_end|>"
    assert [shape.kind for shape in found(text)] == ["box", "box"]


DOG = Shape("box", ((5, 6), (7, 8)), "dog")


@pytest.mark.parametrize(
    "text",
    [
        "cat [[1, 2, 30, 40]] and dog [[5, 6, 7, 8]]",
        '{"bbox_2d": [1, 2, 30, 40], "label": "cat", "bbox_2d": [5, 6, 7, 8], "label": "dog"}',
        "- bbox_2d: [1, 2, 30, 40]\n  label: cat\n- bbox_2d: [5, 6, 7, 8]\n  label: dog",
        "cat<loc_1><loc_2><loc_30><loc_40>dog<loc_5><loc_6><loc_7><loc_8>",
    ],
)
def test_two_boxes_with_names(text):
    assert found(text) == [CAT, DOG]


def test_boxes_between_semicolons_share_the_name_before_them():
    shapes = found("A cat [[001,002,030,040;005,006,007,008]] beside a dog [[5,6,7,8]].")
    assert [shape.label for shape in shapes] == ["A cat", "A cat", "beside a dog"]
    assert [shape.points for shape in shapes] == [BOX, DOG.points, DOG.points]


def test_numbers_in_the_text_beside_an_object_are_left_out_and_said():
    text = 'It is about [5, 6, 7, 8].\n```json\n[{"bbox_2d": [1, 2, 30, 40], "label": "cat"}]\n```'
    answer = parse_answer(text)
    assert answer.shapes == (CAT,)
    assert answer.warnings == ("left out, numbers in the text beside the JSON: 1",)


def test_places_in_several_frames_are_told():
    frames = [{"time": n / 2, "bbox_2d": [1, 2, 30, 40], "label": "cat"} for n in range(2)]
    answer = parse_answer(json.dumps({"frames": frames}))
    assert answer.shapes == (CAT, CAT)
    assert answer.warnings[0].endswith("all put on this one: 0.0, 0.5")


def test_each_of_several_places_on_a_line_has_its_own_name():
    shapes = found("There is a cat [1, 2, 30, 40], a dog [5, 6, 7, 8] and a pig [1, 1, 2, 2].")
    assert [shape.label for shape in shapes] == ["There is a cat", "a dog", "a pig"]


def test_a_field_names_its_place_and_not_what_is_written_there():
    (shape,) = found('{"invoice_no": {"value": "A-7", "bbox_2d": [1, 2, 30, 40]}}')
    assert (shape.label, shape.text) == ("invoice_no", "A-7")


def test_places_in_several_pictures_are_told():
    told = "places in several pictures, all put on this one: 1, 2"
    text = '[{"image": 1, "bbox_2d": [1, 2, 3, 4]}, {"image": 2, "bbox_2d": [5, 6, 7, 8]}]'
    assert parse_answer(text).warnings == (told,)
    assert parse_answer(text.replace("2,", "1,", 1)).warnings == (told,)
    text = '{"image_1": [{"bbox_2d": [1, 2, 3, 4]}], "image_2": [{"bbox_2d": [5, 6, 7, 8]}]}'
    assert parse_answer(text).warnings[0].endswith("image_1, image_2")
    assert parse_answer('[{"image": 1, "bbox_2d": [1, 2, 3, 4]}]').warnings == ()


def test_colours_are_no_places():
    text = '[{"name": "cat", "bbox": [1, 2, 30, 40]}, {"name": "sky", "rgba": [1, 2, 3, 4]}]'
    assert found(text) == [CAT]


def test_attributes_of_html_in_capitals():
    assert found('<P DATA-BBOX="1 2 30 40">t</P>') == [Shape("box", BOX, "p", "t")]


def test_several_points_of_one_name():
    shapes = found('{"point_2d": [[1, 2], [3, 4]], "label": "eye"}')
    assert shapes == [Shape("point", ((1.0, 2.0),), "eye"), Shape("point", ((3.0, 4.0),), "eye")]


def test_several_boxes_of_one_name():
    text = '[{"bbox_2d": [[1, 2, 30, 40], [5, 6, 7, 8]], "label": "cat"}]'
    assert found(text) == [CAT, Shape("box", ((5.0, 6.0), (7.0, 8.0)), "cat")]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('{"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "labels": ["cat", "dog"]}', ["cat", "dog"]),
        ('{"bbox_2d": [[1, 2, 3, 4], [5, 6, 7, 8]], "label": ["cat", "dog"]}', ["cat", "dog"]),
        ('{"bbox_2d": [[1, 2, 3, 4]], "label": ["cat", "black"]}', ["cat, black"]),
        ('{"<OD>": {"bboxes": [[1, 2, 3, 4]], "labels": ["cat"]}}', ["cat"]),
        ('{"points": [[1, 2], [3, 4]], "names": ["cat", "dog"]}', ["cat", "dog"]),
        ('{"cat": [[1, 2, 3, 4], [5, 6, 7, 8]], "dog": [[9, 9, 10, 10]]}', ["cat", "cat", "dog"]),
        ('{"objects": [[1, 2, 3, 4]]}', [None]),
    ],
)
def test_labels_in_a_list_of_their_own_or_as_keys(text, labels):
    assert [shape.label for shape in parse_answer(text).shapes] == labels


def test_labels_and_boxes_of_other_numbers_are_paired_as_far_as_they_go():
    more = parse_answer('{"boxes": [[1, 2, 3, 4]], "labels": ["cat", "dog"]}')
    assert [shape.label for shape in more.shapes] == ["cat"]
    assert more.warnings == ("labels that could not be read: 1",)
    fewer = parse_answer('{"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "labels": ["cat"]}')
    assert [shape.label for shape in fewer.shapes] == ["cat", None]


def test_boxes_after_one_reference_share_its_name():
    boxes = "<|box_start|>(1,2),(30,40)<|box_end|>" * 2
    text = f"<|object_ref_start|>cat<|object_ref_end|>{boxes} and {boxes}"
    assert [shape.label for shape in found(text)] == ["cat", "cat", None, None]


def test_documents_as_html():
    # Built like the sample of document S002; the second paragraph is not closed.
    text = (
        '```html\n<html><body>\n<h1 data-bbox="10 20 300 40">A &amp; B<br>C</h1>\n'
        '<p data-bbox="10 60 300 90">some <b>bold</b>  text\n'
        '<div class="image" data-bbox="10 100 300 400"><img data-bbox="11 101 299 399"/></div>\n'
        '<p data-polygon="1 1 9 1 9 9 1 9">slanted</p></body></html>\n```'
    )
    answer = parse_answer(text)
    assert answer.form == "html"
    assert [(s.kind, s.label) for s in answer.shapes] == [
        ("box", "h1"), ("box", "p"), ("box", "div image"), ("box", "img"), ("polygon", "p"),
    ]  # fmt: skip
    assert answer.shapes[0].text == "A & BC"
    assert answer.shapes[1].text.startswith("some bold text")
    assert answer.shapes[4].text == "slanted"


def test_an_element_that_is_not_closed_ends_where_the_next_begins():
    shapes = found('<p data-bbox="1 2 3 4">one<p data-bbox="5 6 7 8">two</p>three')
    assert [shape.text for shape in shapes] == ["one", "two"]


def test_a_key_of_broken_json_is_no_name():
    assert found('{\n  "bbox_2d": [1, 2, 30, 40],\n  "lab') == [Shape("box", BOX)]


def test_a_label_that_cannot_be_read_is_said():
    broken = parse_answer('{"bbox_2d": [1, 2, 30, 40], "label": cat: dog}')
    table = parse_answer('{"bbox_2d": [1, 2, 30, 40], "label": {"en": "cat"}}')
    for answer in (broken, table):
        assert answer.shapes == (Shape("box", BOX),)
        assert answer.warnings == ("labels that could not be read: 1",)
    assert parse_answer('{"bbox_2d": [1, 2, 30, 40]}').warnings == ()


def test_what_is_written_there_names_it_where_nothing_else_does():
    (shape,) = found('{"bbox_2d": [1, 2, 30, 40], "text_content": "EXIT"}')
    assert (shape.label, shape.text) == ("EXIT", "EXIT")


def test_quotes_inside_of_a_label_are_part_of_it():
    text = '[{"bbox_2d": [1, 2, 30, 40], "label": "the "red" cat\'s"}]'
    assert found(text)[0].label == 'the "red" cat\'s'
    assert found("[{'bbox_2d': [1, 2, 30, 40], 'label': 'cat's'}]")[0].label == "cat's"
    assert found("{'bbox': [1, 2, 30, 40], 'label': '\\u732b\\ud83d\\ude3a'}")[0].label == "猫😺"


def test_documents_as_markdown():
    text = "# Title\n<!-- Image (1, 2, 30, 40) -->\n<!-- Table (5,6,7,8)-->\n\\begin{tabular}{l}"
    answer = parse_answer(text)
    assert answer.form == "markdown"
    assert [s.label for s in answer.shapes] == ["Image", "Table"]


def test_text_that_is_read_is_not_the_label():
    (shape,) = found('{"bbox_2d": [1, 2, 30, 40], "text_content": "EXIT", "label": "sign"}')
    assert (shape.label, shape.text) == ("sign", "EXIT")


# What has to be mended, and said.


@pytest.mark.parametrize("cut", range(50, 93))
def test_of_a_list_cut_off_anywhere_the_whole_boxes_are_taken(cut):
    whole = json.dumps([{"bbox_2d": [1, 2, 30, 40], "label": "cat"},
                        {"label": "dog", "bbox_2d": [500, 600, 700, 800]}])  # fmt: skip
    answer = parse_answer(whole[:cut])
    assert answer.shapes[0] == CAT
    assert answer.warnings == ("the answer is cut off; what is complete was taken",)
    assert all(shape.points == ((500, 600), (700, 800)) for shape in answer.shapes[1:])


def test_html_and_tokens_cut_off():
    html = parse_answer('<p data-bbox="1 2 30 40">t</p><p data-bbox="10 2')
    tokens = parse_answer("<box>(1,2),(30,40)</box><box>(1,2),(3")
    for answer in (html, tokens):
        assert [shape.points for shape in answer.shapes] == [BOX]
        assert "cut off" in answer.warnings[0]


def test_a_whole_answer_is_not_taken_for_cut_off():
    assert parse_answer('See [this] and {that}: [{"bbox_2d": [1, 2, 30, 40]}]').warnings == ()


def test_exchanged_corners_are_put_in_order_with_a_warning():
    answer = parse_answer("[[30, 2, 1, 40], [1, 2, 30, 40]]")
    assert [shape.points for shape in answer.shapes] == [BOX, BOX]
    assert answer.warnings == ("boxes with exchanged corners, put in order: 1",)


@pytest.mark.parametrize(
    "odd",
    ["[1, 2, 3]", "[1, 2, 30, 40, 93]", '["1%", "2%", "30%", "40%"]', '"nowhere"', "null",
     "[1, 2, true, 4]", "[1, 2, 1e999, 4]", "{}", "[]"],
)  # fmt: skip
def test_what_is_no_place_is_left_out_and_said(odd):
    answer = parse_answer(f'[{{"bbox_2d": {odd}}}, {{"bbox_2d": [1, 2, 30, 40]}}]')
    assert [shape.points for shape in answer.shapes] == [BOX]
    assert answer.warnings[0].startswith("left out, not coordinates: 1, for instance")


# What is no answer.


@pytest.mark.parametrize(
    "text",
    ["", " \n", "<think>[1, 2, 3, 4], or", "A cat and a dog.", "[1]", '{"label": "cat"}',
     '{"bbox_2d": [1, 2, 3]}', "in 2024, 3 cats", "I cannot see the image.", "no image given",
     "see [1] and [2]", "<p data-bbox='x'>t</p>", "<think>[1, 2, 3, 4]</think>", "\x00\x1b[31m"],
)  # fmt: skip
def test_an_answer_without_places_is_an_error(text):
    with pytest.raises(AnswerError, match=r"^no box, point or polygon in the answer"):
        parse_answer(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [("[]", "json"), ("{}", "json"), ("```json\n[]\n```", "json"), ('{"objects": []}', "json"),
     ('{"bbox_2d": null, "label": "cat"}', "json"), ('[{"bbox_2d": [], "label": "cat"}]', "json"),
     ("None", "text"), ("I see no cat.", "text"), ("There are no cats in the image.", "text"),
     ("No objects were found.", "text"), ("The cat isn't visible here.", "text"),
     ("未检测到目标", "text"), ("图中没有猫。", "text"), ("<think>[1, 2]</think>[]", "json")],
)  # fmt: skip
def test_an_answer_that_nothing_was_found_is_empty(text, form):
    answer = parse_answer(text)
    assert (answer.shapes, answer.form) == ((), form)


def test_three_dimensions_are_passed_through_as_they_are():
    numbers = (0.1, 0.2, 1.5, 0.3, 0.3, 0.4, 0, 0, 0.1)
    text = json.dumps([{"bbox_3d": numbers, "label": "chair"}])
    answer = parse_answer(text)
    assert answer.boxes_3d == (Box3D(numbers, "chair"),)
    assert answer.shapes == ()
    assert "need the camera to be drawn: 1" in answer.warnings[0]
    with pytest.raises(AnswerError, match="left out, not coordinates: 1"):
        parse_answer('{"bbox_3d": [1, 2, 3]}')


# Cases that were reported, each with inputs of its own.


@pytest.mark.parametrize("escaped", [False, True])
def test_escaped_html(escaped):
    tags = [f'<p data-bbox="1 {n} 30 {n + 9}">line {n}</p>' for n in range(1, 17)]
    text = "<html><body>\n" + "\n".join(tags) + "\n</body></html>"
    answer = parse_answer(text.replace('"', '\\"') if escaped else text)
    assert [shape.text for shape in answer.shapes] == [f"line {n}" for n in range(1, 17)]
    assert answer.shapes[0].points == ((1, 1), (30, 10))
    assert answer.warnings == ()


CAKE = '[{"bbox_2d": [60, 95, 204, 278], "label": "cake"}]'


@pytest.mark.parametrize(
    "reply",
    [
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": CAKE}}],
         "usage": {"prompt_tokens": 321, "x": [1, 2, 3, 4]}},
        {"output": {"choices": [{"message": {"role": "assistant", "content": [{"text": CAKE}]}}]},
         "usage": {"image_tokens": 302}},
    ],
    ids=["chat", "dashscope"],
)  # fmt: skip
def test_whole_reply(reply):
    answer = parse_answer(json.dumps(reply))
    assert answer.shapes == (Shape("box", ((60, 95), (204, 278)), "cake"),)
    assert answer.warnings == ()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("[{'bbox_2d': [100, 200, 300, 400], 'label': 'cat'}]", "cat"),
        ('[{"bbox_2d": ["100", "200", "300", "400"], "label": "cat"}]', "cat"),
        ("目标：（100，200），（300，400）", "目标"),
        ('[{"box_2d": [100, 200, 300, 400], "label": "lamp"}]', "lamp"),
    ],
)
def test_answer_spellings(text, label):
    answer = parse_answer(text)
    assert answer.shapes == (Shape("box", ((100, 200), (300, 400)), label),)
    assert answer.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        '<points x1="10" y1="20" x2="30" y2="40" alt="windows">windows</points>',
        "<points x1='10' y1='20' x2='30' y2='40'>windows</points>",
        '<points x1=10 y1=20 x2=30 y2=40 alt="windows"/>',
        '<points x1=\\"10\\" y1=\\"20\\" x2=\\"30\\" y2=\\"40\\">windows</points>',
        '<point x="10" y="20">windows</point> and <point x="30" y="40" alt="windows">w</point>',
        '<points alt="windows" x1="10" y1="20" x2="30" y2="40"',
    ],
)
def test_xml_points(text):
    answer = parse_answer(text)
    assert answer.form == "xml"
    assert [shape.points for shape in answer.shapes] == [((10, 20),), ((30, 40),)]
    assert {shape.label for shape in answer.shapes} == {"windows"}
    assert ("cut off" in str(answer.warnings)) == (not text.endswith(">"))


def test_a_point_without_its_other_coordinate_is_left_out():
    answer = parse_answer('<points x1="10" y1="20" x2="30" alt="a">a</points>')
    assert answer.shapes == (Shape("point", ((10, 20),), "a"),)
    assert answer.warnings[0].startswith("left out, not coordinates: 1")


def test_ocr_words_info():
    words = [{"rotate_rect": [95, 50, 30, 110, 90], "text": "TOTAL",
              "location": [40, 35, 150, 35, 150, 65, 40, 65]}]  # fmt: skip
    corners = ((40, 35), (150, 35), (150, 65), (40, 65))
    located = parse_answer(json.dumps({"words_info": words}))
    assert located.shapes == (Shape("polygon", corners, "TOTAL", "TOTAL"),)
    del words[0]["location"]
    (turned,) = parse_answer(json.dumps({"words_info": words})).shapes
    assert np.allclose(turned.points, corners)
    part = {"text": "TOTAL", "ocr_result": {"words_info": words}}
    reply = {"output": {"choices": [{"message": {"role": "assistant", "content": [part]}}]}}
    assert parse_answer(json.dumps(reply)).shapes == (turned,)


def test_a_turn_is_clockwise_as_displayed():
    (shape,) = found('{"rotate_rect": [100, 100, 80, 20, 10], "text": "up"}')
    left, right = shape.points[0], shape.points[1]
    assert right[0] - left[0] == pytest.approx(80 * np.cos(np.radians(10)))
    assert right[1] - left[1] == pytest.approx(80 * np.sin(np.radians(10)))  # down to the right


@pytest.mark.parametrize("bomb", ["[" * 100_000, '{"a":' * 50_000, "<p>" * 20_000 + "data-bbox"])
def test_nesting_without_end_is_no_crash(bomb):
    with pytest.raises(AnswerError):
        parse_answer(bomb)


@pytest.mark.parametrize(
    "text",
    ["[" + "1, " * 30_000, "{'a': '" * 9_000, '["],' * 9_000, "[" + '"a ' * 20_000, "[//" * 9_000,
     '<points x1="' * 9_000, '{"choices": [' * 900, "data: {" * 9_000, "no " * 30_000,
     "1 " * 30_000 + "x", "cat: " + "(1, 2" * 20_000,
     "<p>" * 9_000 + "</x>" * 9_000 + "data-bbox", '{"a": [' * 900,
     "<box>" * 20_000, "<!-- Image " * 9_000, "\\boxed{" * 20_000, "[1, 2, 3, 4; " * 9_000],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_a_model_that_repeats_itself_is_read_quickly(text):
    started = time.process_time()
    with pytest.raises(AnswerError):
        parse_answer(text)
    assert time.process_time() - started < 5


def check_any(text):
    try:
        answer = parse_answer(text)
    except AnswerError:
        return
    for shape in answer.shapes:
        assert {"point": 1, "box": 2}.get(shape.kind, 3) <= len(shape.points)
        assert shape.bounds[0] <= shape.bounds[2]


@given(st.text(alphabet="[]{}(),\"<>|- 0123456789.abox_2dp:\n'\\/=") | st.text())
def test_any_text_is_an_answer_or_an_answer_error(text):
    check_any(text)


SPELLINGS = {
    "json": lambda box, label: json.dumps([{"bbox_2d": box, "label": label}]),
    "python": lambda box, label: repr([{"bbox_2d": tuple(box), "label": label}]),
    "strings": lambda box, label: json.dumps({"bbox_2d": [*map(str, box)], "label": label}),
    "escaped": lambda box, label: json.dumps([{"bbox_2d": box, "label": label}]).replace(
        '"', '\\"'
    ),
    "reply": lambda box, label: json.dumps(
        {"choices": [{"message": {"content": json.dumps({"bbox_2d": box, "label": label})}}]}
    ),
    "fence": lambda box, label: f"```json\n{json.dumps({'bbox_2d': box, 'label': label})}\n```",
    "tokens": lambda box, label: "<ref>{4}</ref><box>({0},{1}),({2},{3})</box>".format(*box, label),
    "text": lambda box, label: "{4}：（{0}，{1}），（{2}，{3}）".format(*box, label),
}
BOXES = st.tuples(*[st.integers(0, 999)] * 4)


@given(BOXES, st.text("abcxyz猫犬é", min_size=1, max_size=9))
def test_all_spellings_mean_the_same(box, label):
    read = {name: found(spell(list(box), label)) for name, spell in SPELLINGS.items()}
    assert all(shapes == read["json"] for shapes in read.values())
    assert read["json"][0].label == label


@given(st.sampled_from(sorted(SPELLINGS)), BOXES, st.data())
def test_a_damaged_answer_is_an_answer_or_an_answer_error(name, box, data):
    text = SPELLINGS[name](list(box), "cat")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 5))
        put = data.draw(st.text("[]{}()\"'\\:,<>｛“1e9", max_size=3))
        text = text[:place] + put + text[place + gone :]
    check_any(text)


@given(st.lists(st.tuples(*[st.integers(0, 9999)] * 4), min_size=1, max_size=8), st.booleans())
def test_json_is_read_as_it_was_written(boxes, fenced):
    text = json.dumps([{"bbox_2d": box, "label": str(n)} for n, box in enumerate(boxes)])
    shapes = found(f"```json\n{text}\n```" if fenced else text)
    assert [shape.label for shape in shapes] == [str(n) for n in range(len(boxes))]
    assert [shape.bounds for shape in shapes] == [
        (min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes
    ]
