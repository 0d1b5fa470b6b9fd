"""Frames of animations against a plain twin, which lays them down by the formats' own words."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vlprep.errors import DecodeError, PixelLimitError
from vlprep.media.canvas import pictures_at
from vlprep.media.source import open_item

HEIGHT, WIDTH = 24, 32
KEEP, CLEAR, RESTORE = "keep", "clear", "restore"


def shown(content: bytes, numbers) -> list[np.ndarray]:
    with open_item(content) as item:
        return [np.asarray(image.convert("RGBA")) for image in pictures_at(item, numbers)]


def laid(frames):
    """The plain twin: frames of (left, top, RGBA, disposal, covers) on a canvas of nothing."""
    canvas, seen = np.zeros((HEIGHT, WIDTH, 4), np.uint8), []
    for left, top, picture, disposal, covers in frames:
        before = canvas.copy()
        place = canvas[top : top + picture.shape[0], left : left + picture.shape[1]]
        visible = np.ones(picture.shape[:2], bool) if covers else picture[..., 3] > 0
        place[visible] = picture[visible]
        seen.append(canvas.copy())
        if disposal == CLEAR:
            place[:] = 0
        elif disposal == RESTORE:
            canvas = before
    return seen


def same(found, expected):
    """Whether two pictures are equal wherever something is to be seen."""
    clear = expected[..., 3:] == 0
    return np.array_equal(np.where(clear, 0, found), np.where(clear, 0, expected))


def random_frames(seed: int, covers=(False,)):
    rng = random.Random(seed)
    for _ in range(6):
        height, width = rng.randint(1, HEIGHT), rng.randint(1, WIDTH)
        top, left = rng.randint(0, HEIGHT - height), rng.randint(0, WIDTH - width)
        indices = np.array(rng.choices(range(4), k=height * width), np.uint8)
        palette = [rng.randrange(256) for _ in range(12)]
        clear = rng.choice([None, 0, 3])
        picture = np.full((height * width, 4), 255, np.uint8)
        picture[:, :3] = np.array(palette).reshape(4, 3)[indices]
        if clear is not None:
            picture[indices == clear, 3] = 0
        yield {
            "place": (left, top), "indices": indices.reshape(height, width), "palette": palette,
            "clear": clear, "picture": picture.reshape(height, width, 4),
            "disposal": rng.choice([KEEP, CLEAR, RESTORE]), "covers": rng.choice(covers),
        }  # fmt: skip


def gif_of(frames) -> bytes:
    """A GIF of frames with palettes of their own, on a background that is no colour of theirs."""
    made = b"GIF89a" + struct.pack("<2H", WIDTH, HEIGHT) + b"\x81\x01\0" + bytes(range(12))
    for frame in frames:
        height, width = frame["indices"].shape
        memory = io.BytesIO()
        still = Image.fromarray(frame["indices"], "P")
        still.putpalette(frame["palette"])
        still.save(memory, "GIF", optimize=False, interlace=False)
        descriptor = b"\x2c" + struct.pack("<4H", 0, 0, width, height)
        pixels = memory.getvalue().partition(descriptor)[2][1:-1]
        pixels = pixels.removeprefix(bytes(frame["palette"]))
        flags = {KEEP: 0, CLEAR: 2, RESTORE: 3}[frame["disposal"]] << 2 | (
            frame["clear"] is not None
        )
        made += b"\x21\xf9\x04" + struct.pack("<BHB", flags, 10, frame["clear"] or 0) + b"\0"
        made += b"\x2c" + struct.pack("<4HB", *frame["place"], width, height, 0x81)
        made += bytes(frame["palette"]) + pixels
    return made + b"\x3b"


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checked


def apng_of(frames, *, fallback: bool, promised: int | None = None) -> bytes:
    """An APNG of RGBA; with a red picture in front that is no part of it, or without."""

    def data(picture):
        return zlib.compress(b"".join(b"\0" + row.tobytes() for row in picture))

    header = struct.pack(">2I5B", WIDTH, HEIGHT, 8, 6, 0, 0, 0)
    made = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    made += chunk(b"acTL", struct.pack(">2I", promised or len(frames), 0))
    if fallback:
        red = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        red[..., [0, 3]] = 255
        made += chunk(b"IDAT", data(red))
    for number, frame in enumerate(frames):
        height, width = frame["picture"].shape[:2]
        disposal = [KEEP, CLEAR, RESTORE].index(frame["disposal"])
        made += chunk(b"fcTL", struct.pack(
            ">5I2H2B", number, width, height, *frame["place"], 1, 10, disposal, not frame["covers"]
        ))  # fmt: skip
        body = data(frame["picture"])
        is_first = not number and not fallback
        parts = [body[:20], body[20:]]
        made += b"".join(
            chunk(b"IDAT", part) if is_first else chunk(b"fdAT", b"\0\0\0\0" + part)
            for part in parts
        )
    return made + chunk(b"IEND", b"")


def plain(frame):
    return *frame["place"], frame["picture"], frame["disposal"], frame["covers"]


@pytest.mark.parametrize("seed", range(20))
def test_gif_frames_are_laid_as_browsers_do(seed):
    frames = list(random_frames(seed))
    expected = laid(map(plain, frames))
    found = shown(gif_of(frames), range(6))
    assert all(map(same, found, expected))


@pytest.mark.parametrize("fallback", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_apng_frames_are_laid_as_the_format_says(seed, fallback):
    frames = list(random_frames(seed, covers=(False, True)))
    if not fallback:  # the first one is then as large as the canvas, as its data is an IDAT
        whole = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        frames[0] |= {"place": (0, 0), "picture": whole}
    expected = laid(map(plain, frames))
    found = shown(apng_of(frames, fallback=fallback), range(6))
    assert all(map(same, found, expected))


def test_frames_come_in_any_order_and_more_than_once():
    frames = list(random_frames(1))
    once = shown(gif_of(frames), range(6))
    again = shown(gif_of(frames), [3, 3, 1, 5])
    expected = [once[number] for number in (3, 3, 1, 5)]
    assert all(map(np.array_equal, again, expected))


def test_frames_beyond_the_promised_number_do_not_count():
    frames = list(random_frames(2))
    content = apng_of(frames, fallback=True, promised=3)
    assert len(shown(content, range(3))) == 3
    with pytest.raises(DecodeError, match="no picture 3"):
        shown(content, [3])


def resized(frames, width: int, height: int) -> bytes:
    """A GIF whose second frame is said to be of another size."""
    content, stored = bytearray(gif_of(frames)), frames[1]["indices"].shape
    descriptor = b"\x2c" + struct.pack("<4H", *frames[1]["place"], *stored[::-1])
    struct.pack_into("<2H", content, content.index(descriptor) + 5, width, height)
    return bytes(content)


def test_a_frame_of_no_size_changes_nothing():
    frames = [frame | {"disposal": KEEP} for frame in random_frames(3)]
    first, second = shown(resized(frames, 0, 0), [0, 1])
    assert np.array_equal(first, second)


def test_a_frame_beyond_belief_is_refused():
    frames = list(random_frames(3))
    assert len(shown(resized(frames, 65_535, 65_535), [0])) == 1
    with pytest.raises(PixelLimitError):
        shown(resized(frames, 65_535, 65_535), [1])


def test_what_sticks_out_of_the_canvas_is_cut_off():
    frames = list(random_frames(4))
    frames[1] |= {"place": (WIDTH - 2, HEIGHT - 2)}
    assert {picture.shape for picture in shown(gif_of(frames), range(6))} == {(HEIGHT, WIDTH, 4)}
