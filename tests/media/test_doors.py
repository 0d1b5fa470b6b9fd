"""Doors: what becomes of one picture by each, and pictures in memory as sources."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.places import FIXTURES
from vlprep.errors import UnsupportedFormatError
from vlprep.media.doors import see
from vlprep.media.held import held_file, held_info, picture_array
from vlprep.media.probe import probe


def saved(image, format="PNG", **how):
    memory = io.BytesIO()
    image.save(memory, format, **how)
    return memory.getvalue()


HIDDEN = np.dstack([np.full((4, 6, 3), 200, np.uint8), np.zeros((4, 6), np.uint8)])
PALETTE = Image.new("P", (3, 2), 5)
PALETTE.putpalette([7, 8, 9] * 256)


@pytest.mark.parametrize(
    ("image", "how", "levels"),
    [
        (Image.fromarray(HIDDEN), {}, {"display": 255, "object": 255, "path": 200}),
        (PALETTE, {"transparency": 5}, {"display": 255, "object": 255, "path": 7}),
        (
            Image.fromarray(np.full((4, 6), 0x4000, np.uint16)),
            {},
            {"display": 64, "object": 255, "path": None},
        ),
    ],
    ids=["alpha", "palette", "deep"],
)
def test_each_door_treats_a_file_in_its_way(image, how, levels):
    content = saved(image, **how)
    for door, level in levels.items():
        if level is None:
            with pytest.raises(UnsupportedFormatError, match="leaves undivided"):
                see(content, door)
        else:
            assert see(content, door).pixels[0, 0, 0] == level, door
    assert np.array_equal(see(content).pixels, see(content, "display").pixels)


def test_what_is_cut_is_said():
    deep = Image.fromarray(np.full((4, 6), 0x4000, np.uint16))
    assert "cut at 255" in see(deep).warnings[0]
    assert see(deep).pixels.max() == 255
    assert see(deep, "display").pixels.max() == 64 and not see(deep, "display").warnings


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_by_door(orientation):
    path = FIXTURES / f"exif_{orientation}.jpg"
    upright = see(path).pixels
    assert np.array_equal(see(path, "path").pixels, upright)
    with Image.open(path) as image:
        stored = np.asarray(image)
        assert np.array_equal(see(image, "object").pixels, stored)
        assert np.array_equal(see(image).pixels, upright)
        assert held_info(image).size == probe(path).size
    assert np.array_equal(see(path, "object").pixels, stored)


def test_formats_that_the_reference_does_not_open_by_path():
    for name in ("photo.bmp", "photo.heic", "page.tif"):
        with pytest.raises(UnsupportedFormatError, match="does not open by its path"):
            see(FIXTURES / name, "path")


def test_view_goes_through_the_same_doors():
    path = FIXTURES / "exif_6.jpg"
    stored = vlprep.view_image(path, "qwen3-vl-plus", door="object")
    assert stored.original.shape == (80, 48, 3) and stored.info.size == (80, 48)
    assert stored.tokens == vlprep.image_tokens((80, 48), "qwen3-vl-plus")


# Pictures in memory.


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"])
def test_a_picture_in_memory_is_a_file_of_the_same_pixels(mode):
    image = Image.new(mode, (6, 4), 1 if mode == "F" else 0)
    info = probe(held_file(image))
    assert info.size == held_info(image).size == (4, 6)
    if mode not in ("I;16", "F"):
        assert np.array_equal(see(held_file(image)).pixels, see(image, "display").pixels)


@pytest.mark.parametrize("turn", range(10))
def test_an_image_of_pillow_is_as_large_as_it_is_shown(turn):
    image = Image.new("RGB", (40, 30))
    image.getexif()[0x0112] = turn
    info = held_info(image)
    assert info.orientation == (turn if 1 <= turn <= 8 else 1)
    assert info.size == ((40, 30) if 5 <= turn <= 8 else (30, 40))


def test_an_array_is_what_it_says():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert see(grey).pixels.tolist() == np.repeat(grey[..., None], 3, 2).tolist()
    assert (see(HIDDEN).pixels == 255).all() and (see(HIDDEN, "path").pixels == 200).all()
    assert see(np.full((2, 2, 3), 9.0)).warnings
    for bad in (np.zeros((2, 2, 5), np.uint8), np.zeros((0, 2, 3), np.uint8), np.zeros(4)):
        with pytest.raises(UnsupportedFormatError):
            picture_array(bad)
    for bad in (np.nan, -1, 256, 0.5):
        with pytest.raises(UnsupportedFormatError, match="whole numbers from 0 to 255"):
            picture_array(np.full((2, 2, 3), bad))


@pytest.mark.filterwarnings("ignore")
def test_every_verb_takes_pictures_in_memory(tmp_path):
    qwen = vlprep.processor("qwen3-vl-plus", max_pixels=100_000)
    path = FIXTURES / "photo.jpg"
    image = Image.open(path)
    array = np.asarray(image)
    for source in (image, array):
        assert qwen.count(source).tokens == qwen.count(path).tokens
        assert np.array_equal(qwen.view(source).image, qwen.view(path).image)
        assert [count.tokens.total for count in qwen.count_many([source, path])] == [
            qwen.count(path).tokens.total
        ] * 2
        assert qwen.check(source).files[0].tokens == qwen.check(path).files[0].tokens
        assert qwen.plan(source, budget=200).total_tokens <= 200
        assert qwen.fit([source] * 2).fits == 2
        assert qwen.compress_image(source, limit=20_000).bytes_after < 20_000
        request = qwen.request(source, "What is this?")
        assert request.tokens == qwen.request(path, "What is this?").tokens
        assert qwen.locate(source, "boat: 250, 500, 500, 1000").shapes


def test_a_stack_of_frames_is_a_video():
    stack = np.zeros((8, 64, 96, 3), np.uint8)
    qwen = vlprep.processor("Qwen/Qwen3-VL-8B-Instruct")
    assert qwen.count(stack).frames == 8
    assert qwen.count(stack).tokens == qwen.count(list(stack)).tokens
    with qwen.frames(stack) as frames:
        assert frames.collect().data.shape == (8, *frames.tokens.resized, 3)
