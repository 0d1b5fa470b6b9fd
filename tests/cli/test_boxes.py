from __future__ import annotations

import pytest
from PIL import Image

CARS = '[{"bbox_2d": [500, 250, 750, 500], "label": "car"}, {"point_2d": [100, 100]}]'


@pytest.fixture
def answer(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(CARS)
    return path


def test_boxes_are_printed_in_pixels(run, answer):
    ran = run("boxes", "photo.jpg", answer)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("qwen3-vl-plus, coordinates relative-1000 [S004 2025-12-18")
    assert lines[1] == "pixels of photo.jpg, 640x480 as displayed"
    assert lines[2].startswith("note: S004 says [0, 999]")
    assert [line.split() for line in lines[5:]] == [
        ["1", "box", "car", "320.0", "120.0", "480.0", "240.0"],
        ["2", "point", "64.0", "48.0"],
    ]


def test_an_answer_from_stdin_is_drawn(run, tmp_path):
    ran = run("boxes", "photo.jpg", "-", "-o", tmp_path / "o.png", stdin=CARS)
    assert ran.code == 0
    assert ran.out.endswith(f"\nwritten to {tmp_path}/o.png\n")
    with Image.open(tmp_path / "o.png") as written:
        assert written.size == (640, 480)
        assert written.getpixel((320, 200)) == (229, 57, 53)


def test_json_has_all_that_went_into_it(run, answer):
    ran = run("boxes", "exif_6.jpg", answer, "-m", "qwen2.5-vl-7b-instruct", "--json",
              "--resized", "1000x600")  # fmt: skip
    assert ran.code == 0
    document = ran.json
    assert document["schema"] == "vlprep.boxes/1"
    assert document["convention"] == "absolute"
    assert document["convention_from"] == "model"
    assert document["convention_sources"] == ["S002", "S004", "G866"]
    assert (document["height"], document["width"], document["orientation"]) == (48, 80, 6)
    assert (document["resized_height"], document["resized_width"]) == (600, 1000)
    car, point = document["shapes"]
    assert car["points"] == [[40.0, 20.0], [60.0, 40.0]]
    assert car["stored_points"] == [[20.0, 20.0], [40.0, 40.0]]
    assert car["answered_points"] == [[500.0, 250.0], [750.0, 500.0]]
    assert (car["kind"], car["label"], car["text"]) == ("box", "car", None)
    assert (point["kind"], point["label"]) == ("point", None)
    assert document["output"] is None


def test_pixels_of_the_file_itself(run, answer):
    ran = run("boxes", "exif_6.jpg", answer, "--stored")
    assert ran.out.splitlines()[1].endswith("80x48 as displayed, EXIF orientation 6 undone")
    assert ran.out.splitlines()[5].split()[3:] == ["12.0", "20.0", "24.0", "40.0"]


def test_pixel_limits_decide_what_absolute_means(run, answer):
    words = ("boxes", "photo.jpg", answer, "-m", "Qwen/Qwen2.5-VL-7B-Instruct", "--json")
    plain, small = run(*words), run(*words, "--max-pixels", "200*28*28")
    assert (plain.json["resized_width"], small.json["resized_width"]) == (644, 448)
    assert plain.json["shapes"] != small.json["shapes"]


def test_an_unknown_convention_is_asked_for(run, answer):
    ran = run("boxes", "photo.jpg", answer, "-m", "qvq-max")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("vlprep: qvq-max: no source states how it measures boxes; give ")
    assert ran.err.endswith("(absolute, relative-1000, relative-999)\n")
    ran = run("boxes", "photo.jpg", answer, "-m", "qvq-max", "--convention", "relative-999")
    assert ran.code == 0
    assert "coordinates relative-999 (as --convention says)" in ran.out


def test_a_model_of_one_s_own_says_how_it_measures(run, answer, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[models.own]\nfamily = "x"\nkind = "api"\nsources = []\nrules.mine = {}\n'
        'boxes = {convention = "relative-999", sources = []}\n'
    )
    ran = run("boxes", "photo.jpg", answer, "--model-file", path)
    assert ran.code == 0
    assert ran.out.startswith("own, coordinates relative-999 [a model file]\n")


def test_warnings_go_to_stderr(run):
    ran = run("boxes", "photo.jpg", "-", stdin="[1, 2, 3000, 4]")
    assert ran.code == 0
    assert ran.err.startswith("warning: photo.jpg: 1 of 1 lie outside 0 to 1,000")


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        (b"a cat, or not", "no box, point or polygon in the answer ('a cat, or not')"),
        (b"", "no box, point or polygon in the answer (it is empty)"),
        (b"\xff\xfe[", "stdin: the answer is not text in UTF-8"),
        (b'{"bbox_3d": [1, 2, 3]}', "left out, not coordinates: 1"),
    ],
)
def test_an_answer_that_cannot_be_read_is_one_line(run, stdin, message):
    ran = run("boxes", "photo.jpg", "-", stdin=stdin)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_an_answer_and_an_image_in_the_wrong_order_are_told(run, tmp_path):
    answer = tmp_path / "answer.json"
    answer.write_text("[1, 2, 3, 4]")
    assert "photo.jpg: the answer is not text in UTF-8; the order is IMAGE ANSWER" in (
        run("boxes", answer, "photo.jpg").err
    )
    assert "the order is ANSWER PATH..." in run("events", "street.mp4", answer).err


def test_a_byte_order_mark_is_left_aside(run):
    assert run("boxes", "photo.jpg", "-", stdin=b"\xef\xbb\xbf[1, 2, 3, 4]").code == 0


def test_files_that_are_not_there_are_named(run, answer):
    assert run("boxes", "photo.jpg", "no-such.json").err == (
        "vlprep: no-such.json: no such file or directory; an answer is a text file, - for stdin, "
        "or text with brackets\n"
    )
    assert "no-such.jpg" in run("boxes", "no-such.jpg", answer).err


def test_wrong_usage(run, answer):
    assert run("boxes", "photo.jpg").code == 2
    assert run("boxes", "photo.jpg", answer, "--resized", "10").code == 2
    assert run("boxes", "photo.jpg", answer, "--convention", "percent").code == 2


def test_what_is_there_is_kept_without_force(run, answer, tmp_path):
    words = ("boxes", "photo.jpg", answer, "-o", tmp_path / "o.png")
    assert run(*words).code == 0
    again = run(*words)
    assert again.code == 1
    assert "exists already; --force overwrites it" in again.err
    assert run(*words, "--force").code == 0


def test_a_hostile_label_cannot_move_the_cursor(run):
    ran = run("boxes", "photo.jpg", "-", stdin='{"bbox_2d": [1,2,3,4], "label": "a\\u001b[31mb"}')
    assert "\x1b" not in ran.out
    assert "a\\x1b[31mb" in ran.out


def test_nothing_found_is_no_error(run):
    ran = run("boxes", "photo.jpg", "-", stdin="No cat was found in the image.")
    assert (ran.code, ran.err) == (0, "")
    assert run("boxes", "photo.jpg", "-", "--json", stdin="[]").json["shapes"] == []


def test_three_dimensions_are_printed_as_they_are(run):
    stdin = '{"bbox_3d": [1, 2, 3, 4, 5, 6, 7, 8, 9], "label": "chair"}'
    ran = run("boxes", "photo.jpg", "-", stdin=stdin)
    assert ran.code == 0
    assert "in three dimensions: chair [1.0, 2.0, 3.0" in ran.out
    assert "need the camera" in ran.err


def test_letters_without_a_font_are_said(run, tmp_path):
    ran = run("boxes", "photo.jpg", "-", "-o", tmp_path / "o.png",
              stdin='{"bbox_2d": [1, 2, 300, 400], "label": "a \\udbff\\udfff"}')  # fmt: skip
    assert ran.code == 0
    assert "drawn as escapes such as" in ran.err
    assert "name one that has them with --font" in ran.err
    ran = run("boxes", "photo.jpg", "-", "-o", tmp_path / "p.png", "--font", "photo.jpg",
              stdin="[1, 2, 3, 4]")  # fmt: skip
    assert (ran.code, ran.err) == (1, "vlprep: photo.jpg: not a font that can be read\n")
