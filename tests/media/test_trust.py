"""Limits of what is read of a file, and what its damage comes to, read the way a user reads."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image, ImageFile

import vlprep
from tests.places import FIXTURES, REPO
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    FrameLimitError,
    PixelLimitError,
    SafetyLimitError,
    TimeLimitError,
    VlprepError,
)
from vlprep.media.holes import holes_left
from vlprep.media.source import Item, open_item
from vlprep.trust import Limits, Trust


def all_frames(name, **how):
    with vlprep.read_frames(FIXTURES / name, **how) as stream:
        return list(stream), stream.warnings


def count(name, **how):
    return vlprep.count_tokens(FIXTURES / name, **how)


def view(name, **how):
    return vlprep.view_image(FIXTURES / name, **how)


# Limits. A row a limit: what is read, how much of it there is, and who tells of it.

LIMITED = {
    "pixels": (count, "photo.jpg", 640 * 480, PixelLimitError),
    "frame_pixels": (count, "clip.mp4", 320 * 180, PixelLimitError),
    "frames": (count, "clip.mp4", 60, FrameLimitError),
    "seconds": (count, "clip.mp4", 2, SafetyLimitError),
    "bytes": (count, "photo.jpg", (FIXTURES / "photo.jpg").stat().st_size, SafetyLimitError),
    "decoded_pixels": (all_frames, "clip.mp4", None, SafetyLimitError),
    "memory": (view, "photo.jpg", 640 * 480 * 14, SafetyLimitError),
    "wait_seconds": (all_frames, "street.mp4", None, TimeLimitError),
}


def test_every_limit_has_a_row_here():
    assert LIMITED.keys() == {limit.name for limit in fields(Limits)}


def test_the_defaults_are_those_of_the_page():
    page = (REPO / "docs" / "safety.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", page, re.M)
    said = {name: int(number.replace(",", "")) for name, number in rows}
    assert said == {limit.name: limit.default for limit in fields(Limits)}


@pytest.mark.parametrize("name", LIMITED)
def test_what_is_over_a_limit_is_refused_and_the_limit_named(name):
    read, file, found, error = LIMITED[name]
    least = 1e-9 if name == "wait_seconds" else 1
    tight = found - 1 if found else least
    with pytest.raises(error, match=f"raise {name} in `limits`") as caught:
        read(file, limits=Limits(**{name: tight}))
    assert str(caught.value).startswith(str(FIXTURES / file))
    if found:
        assert (caught.value.found, caught.value.limit, caught.value.name) == (found, tight, name)
        read(file, limits=Limits(**{name: found}))


@pytest.mark.parametrize("name", ["animated.gif", "animated.png", "animated.webp", "animated.avif"])
@pytest.mark.parametrize("limit", ["frames", "frame_pixels", "decoded_pixels", "seconds"])
def test_an_animation_has_the_limits_of_a_video(name, limit):
    with pytest.raises(SafetyLimitError, match=limit):
        count(name, limits=Limits(**{limit: 0.1 if limit == "seconds" else 1}))


@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_is_above_0_and_written_as_it_is_read(name):
    with pytest.raises(ConstraintError, match=f"{name} must be above 0"):
        Limits(**{name: 0})
    limits = Limits(**{name: 1234})
    assert Limits.parse(str(limits)) == limits
    assert Limits.parse(f"{name.replace('_', '-')}=1234") == limits


@pytest.mark.parametrize("text", ["frames", "frame=3", "frames=x", "=3", ""])
def test_limits_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match=r"NAME=VALUE|not a whole number"):
        Limits.parse(text)


def test_an_open_file_keeps_the_limits_it_was_opened_with():
    few = Trust(Limits(frames=59))
    with open_item(FIXTURES / "clip.mp4", few) as item, pytest.raises(FrameLimitError):
        vlprep.count_tokens(item, limits=Limits())
    with pytest.raises(ConstraintError, match="on_damage is one of error, warn, accept"):
        count("photo.jpg", on_damage="ignore")


@pytest.mark.parametrize("name", ["street.mp4", "street.mkv", "clip.ts", "mpeg4.avi"])
def test_a_header_is_waited_for_no_longer_than_that(name, capfd):
    with pytest.raises(TimeLimitError, match="no answer for"):
        vlprep.probe(FIXTURES / name, Trust(Limits(wait_seconds=1e-9)))
    assert capfd.readouterr() == ("", "")  # FFmpeg asks on, and is told nothing


def test_a_refused_file_is_closed():
    content = io.BytesIO((FIXTURES / "photo.jpg").read_bytes())
    content.seek(3)
    with pytest.raises(SafetyLimitError):
        Item(content, Trust(Limits(bytes=5)))
    assert content.tell() == 0


# Damage. A row a kind of it: by default, by "error", by "warn" and by "accept".


def cut_png():
    content = io.BytesIO()
    Image.open(FIXTURES / "photo.jpg").save(content, "PNG")
    return content.getvalue()[: len(content.getvalue()) // 2]


def without_end():
    return (FIXTURES / "photo.jpg").read_bytes()[:-2]


def cut_gif():
    content = (FIXTURES / "animated.gif").read_bytes()
    return content[: len(content) * 2 // 3]


def broken_apng():
    content = bytearray((FIXTURES / "animated.png").read_bytes())
    place = len(content) * 3 // 4
    content[place : place + 200] = b"\x77" * 200
    return bytes(content)


def counted(source, **how):
    return vlprep.count_tokens(source, **how).warnings


def viewed(source, **how):
    return vlprep.view_image(source, **how).info.warnings


def framed(source, **how):
    with vlprep.read_frames(source, fps=10, **how) as stream:
        list(stream)
        return stream.warnings


RAISED = "raised"

DAMAGE = {
    "cut JPEG, counted": (counted, FIXTURES / "truncated.jpg", "cut off", "warn"),
    "cut JPEG, decoded": (viewed, FIXTURES / "truncated.jpg", "truncated", RAISED),
    "JPEG without end, decoded": (viewed, without_end(), "all its pixels are there", "warn"),
    "cut PNG, decoded": (viewed, cut_png(), "truncated", RAISED),
    "cut GIF, counted": (counted, cut_gif(), "the file is cut off", RAISED),
    "cut GIF, decoded": (framed, cut_gif(), "the file is cut off", RAISED),
    "damaged APNG, decoded": (framed, broken_apng(), "the frame before stands in", RAISED),
    "MP4 without its end": (counted, FIXTURES / "truncated.mp4", "promises", RAISED),
    "WebM without its end": (counted, FIXTURES / "truncated.webm", "promises 2.0 s", "warn"),
    "AVI without its end": (counted, FIXTURES / "cut_off.avi", "promises 2.0 s", "warn"),
    "ASF without its end": (counted, FIXTURES / "cut_off.wmv", "promises 2.0 s", "warn"),
    "damaged packets": (framed, FIXTURES / "corrupted.mp4", "stands in|damaged in part", "warn"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_comes_to_what_is_asked(kind):
    read, source, words, otherwise = DAMAGE[kind]
    for wish in (None, "error", "warn", "accept"):
        if wish == "error" or (wish is None and otherwise is RAISED):
            with pytest.raises(DecodeError):
                read(source, on_damage=wish)
            continue
        said = [warning for warning in read(source, on_damage=wish) if re.search(words, warning)]
        assert bool(said) == (wish != "accept"), (kind, wish)


@pytest.mark.parametrize("name", ["empty.jpg", "random.bin", "header_only.jpg", "truncated.heic"])
def test_what_has_no_picture_to_show_is_an_error_whatever_is_asked(name):
    with pytest.raises(VlprepError):
        view(name, on_damage="accept")


def test_a_picture_that_breaks_off_is_decoded_as_far_as_it_goes():
    whole = vlprep.view_image(FIXTURES / "photo.jpg").original
    for cut in (cut_png(), (FIXTURES / "truncated.jpg").read_bytes()):
        read = vlprep.view_image(cut, on_damage="warn").original
        assert read.shape == whole.shape
        assert np.array_equal(read[:100], whole[:100])
        assert not np.array_equal(read[-20:], whole[-20:])


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_lacks_nothing_but_its_end_mark_is_whole(mode, progressive):
    content = io.BytesIO()
    photo = Image.open(FIXTURES / "photo.jpg").convert(mode)
    photo.save(content, "JPEG", progressive=progressive)
    whole, unended = content.getvalue(), content.getvalue()[:-2]
    assert np.array_equal(viewed_pixels(unended), viewed_pixels(whole))
    assert vlprep.compress_image(unended).action in ("unchanged", "converted")
    with pytest.raises(DecodeError, match="truncated"):
        viewed_pixels(whole[: len(whole) * 9 // 10])


def viewed_pixels(content):
    return vlprep.view_image(content).original


def test_a_jpeg_whose_header_claims_more_than_its_bytes_hold_is_damaged():
    content = io.BytesIO()
    Image.new("RGB", (256, 256), "red").save(content, "JPEG")
    data = bytearray(content.getvalue())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = (9000).to_bytes(2, "big") * 2
    with pytest.raises(DecodeError, match="81,000,000 pixels cannot be in"):
        vlprep.view_image(bytes(data))


def test_flat_pictures_are_not_taken_for_those():
    for options in ({"optimize": True}, {"progressive": True}):
        content = io.BytesIO()
        Image.new("L", (4000, 4000), 9).save(content, "JPEG", quality=1, **options)
        assert vlprep.view_image(content.getvalue()).original.shape == (4000, 4000, 3)


def test_who_bears_damage_bears_it_in_one_thread_alone():
    seen = []
    with holes_left():
        thread = threading.Thread(target=lambda: seen.append(bool(ImageFile.LOAD_TRUNCATED_IMAGES)))
        thread.start()
        thread.join()
        assert ImageFile.LOAD_TRUNCATED_IMAGES
    assert seen == [False]
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    with pytest.raises(DecodeError):
        viewed(cut_png())


@pytest.mark.parametrize(
    ("seconds", "waits"), [(None, 600), (0.5, 0.5), (90, 90), (0, float("inf"))]
)
def test_another_wait_leaves_the_other_limits(seconds, waits):
    trust = Trust(Limits(frames=5), "warn").waiting(seconds)
    assert (trust.limits.wait_seconds, trust.limits.frames, trust.on_damage) == (waits, 5, "warn")
    with pytest.raises(ConstraintError, match="patience_seconds must be 0 or more, got -1"):
        trust.waiting(-1)
