import shlex
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.check.sendings import frame_list, image, request, video
from vlprep.check import remedies as remedy

WORDS = ("--model", "qvq-max")


def test_commands_name_file_route_and_model():
    asked = request(model_words=WORDS, fps=1, route="path")
    assert remedy.compress(image(path="a b.png"), asked) == (
        "vlprep compress 'a b.png' -o compressed/ --route path --model qvq-max"
    )
    assert remedy.compress(video(path="a.ts"), asked) == (
        "vlprep compress a.ts -o compressed/ --route path --fps 1 --model qvq-max"
    )
    assert remedy.first_page(image(path="a.tif"), asked) == (
        "vlprep compress a.tif -o compressed/ --route path --page 0 --model qvq-max"
    )
    assert remedy.mapped_frames(video(path="x/a.mp4"), asked) == (
        "vlprep frames x/a.mp4 -o x/a-frames --fps 1 --tone-map --model qvq-max"
    )


def test_all_images_of_a_list_are_named():
    listed = frame_list(image(path="1.avif"), image(path="2.avif"))
    assert remedy.compress(listed, request()) == (
        "vlprep compress 1.avif 2.avif -o compressed/ --route base64"
    )


def test_a_rate_that_may_not_be_asked_is_not_asked_again():
    assert "--fps" not in remedy.frames(video(path="a.mp4"), request(fps=20))


def test_without_a_file_there_is_a_step_in_words():
    for step in (remedy.compress, remedy.view, remedy.frames):
        assert "vlprep." in step(image(), request())
    assert remedy.rename(image(), request()) is None


def test_a_file_is_renamed_for_its_content():
    file = replace(image(path="-a b.jpg"), usual_ending=".png")
    assert remedy.rename(file, request()) == "rename it to './-a b.png'"


@pytest.mark.parametrize(
    "name", ["a'b.jpg", "a b", "$(x)`y`", "a\nb\\'c", "\x1b[31m", "ü.jpg", "~"]
)
def test_a_shell_reads_the_name_back(name):
    ran = subprocess.run(["bash", "-c", f"printf %s {remedy.quote(name)}"], capture_output=True)
    assert ran.stdout == name.encode()


def test_bytes_that_are_no_text_come_back_too():
    name = b"a\xff.jpg".decode(errors="surrogateescape")
    ran = subprocess.run(["bash", "-c", f"printf %s {remedy.quote(name)}"], capture_output=True)
    assert ran.stdout == b"a\xff.jpg"
    assert remedy.quote(name).isascii()


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1))
def test_printable_names_are_one_word(name):
    (word,) = shlex.split(remedy.quote(name))
    assert word in (name, f"./{name}")
    assert not word.startswith("-")
