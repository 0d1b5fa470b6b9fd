"""Decoded images against what was drawn, against Pillow's own steps, and against arithmetic."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageOps, TiffImagePlugin

from tests.places import FIXTURES
from tests.reference.resample import twin
from vlprep import ImageInfo, ImageSize, probe, read_frames, view_image
from vlprep.errors import DecodeError, PixelLimitError, UnsupportedFormatError
from vlprep.media.picture import (
    animation_frames,
    decode_picture,
    read_picture,
    resize_picture,
)
from vlprep.media.source import open_item

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
ANIMATIONS = [
    *("animated.gif", "animated.webp", "animated.png"),
    *("no_delays.webp", "no_delays.png", "fallback.png", "animated.avif"),
]
IMAGES = [name for name, row in TRUTH.items() if row["kind"] == "image" and name not in ANIMATIONS]


def read(source):
    with open_item(source) as item:
        return read_picture(item)


def drawn():
    """The street as it was drawn, 240 x 320: one of the files keeps every pixel of it."""
    with Image.open(FIXTURES / "lossless.webp") as image:
        return np.asarray(image.convert("RGB"))


def encoded(image, format, **options):
    memory = io.BytesIO()
    image.save(memory, format, **options)
    return memory.getvalue()


def distance(picture, other):
    assert picture.shape == other.shape
    return np.abs(picture.astype(int) - other.astype(int)).mean()


@pytest.mark.parametrize("name", IMAGES)
def test_every_image_is_upright_rgb_of_the_size_in_its_header(name):
    info, picture = probe(FIXTURES / name), read(FIXTURES / name)
    assert isinstance(info, ImageInfo)
    assert picture.shape == (*info.size, 3) == (TRUTH[name]["height"], TRUTH[name]["width"], 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 5  # neither black nor white nor one grey


@pytest.mark.parametrize("name", ["page.tif", "pages.tif", "png_named.jpg", "lossless.webp"])
def test_what_is_stored_without_loss_comes_out_without_loss(name):
    assert np.array_equal(read(FIXTURES / name), drawn())


@pytest.mark.parametrize(
    "name", ["mpo.jpg", "jpg_named.mp4", "photo.avif", "still.webp", "photo.jp2", "cmyk.jpg"]
)
def test_what_is_stored_with_loss_comes_close(name):
    assert distance(read(FIXTURES / name), drawn()) < 6


# Orientation.


@pytest.mark.parametrize("orientation", range(2, 9))
def test_pictures_of_all_orientations_are_the_same(orientation):
    upright = read(FIXTURES / "exif_1.jpg")
    # JPEG's blocks and its halved colour lie elsewhere in a turned picture.
    assert distance(read(FIXTURES / f"exif_{orientation}.jpg"), upright) < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("format", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 90})]
)
def test_the_orientation_means_what_pillow_says_it_means(format, options, orientation):
    stored = Image.fromarray(drawn()[:96, :160])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = encoded(stored, format, exif=exif.tobytes(), **options)
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(read(content), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_turned_once(orientation):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[ExifTags.Base.Orientation] = orientation
    stored = Image.fromarray(drawn()[:96, :160])
    stored.getexif()[ExifTags.Base.Orientation] = orientation
    expected = np.asarray(ImageOps.exif_transpose(stored))
    assert np.array_equal(read(encoded(stored, "TIFF", tiffinfo=tags)), expected)


@pytest.mark.parametrize("name", ["photo.heic", "turned.avif"])
def test_heic_and_avif_are_turned_once(name):
    # The same street of this size is the last page of another file.
    with Image.open(FIXTURES / "pages.tif") as pages:
        pages.seek(2)
        upright = np.asarray(pages.convert("RGB"))
    assert distance(read(FIXTURES / name), upright) < 5


# Transparency.


def on_white(rgba):
    colour, opacity = rgba[..., :3].astype(float), rgba[..., 3:] / 255
    return colour * opacity + 255 * (1 - opacity)


def test_a_fading_picture_fades_to_white():
    with Image.open(FIXTURES / "alpha.png") as image:
        expected = on_white(np.asarray(image))
    picture = read(FIXTURES / "alpha.png")
    assert np.abs(picture - expected).max() <= 1
    assert (picture[0] == 255).all()  # nothing is to be seen of the top row
    assert np.array_equal(picture[-60:], drawn()[-60:])


def test_the_transparent_colour_of_a_palette_is_white():
    with Image.open(FIXTURES / "palette.png") as image:
        palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
        expected, clear = palette[np.asarray(image)], np.asarray(image) == 0
    assert clear.any()
    expected[clear] = 255
    assert np.array_equal(read(FIXTURES / "palette.png"), expected)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_grey_with_opacity(format):
    grey, opacity = np.meshgrid(np.arange(256), np.arange(256))
    both = np.stack([grey, opacity], axis=-1).astype(np.uint8)
    image = Image.merge("LA", [Image.fromarray(both[..., k]) for k in (0, 1)])
    picture = read(encoded(image, format))
    assert np.abs(picture - on_white(both[..., [0, 0, 0, 1]])).max() <= 1


@pytest.mark.parametrize(("mode", "clear"), [("RGB", (255, 0, 0)), ("L", 76), ("1", 0)])
def test_a_png_can_name_one_colour_as_transparent(mode, clear):
    image = Image.new(mode, (40, 30), clear)
    image.paste({"RGB": (0, 0, 255), "L": 10, "1": 255}[mode], (20, 0, 40, 30))
    picture = read(encoded(image, "PNG", transparency=clear))
    assert (picture[:, :20] == 255).all()
    assert np.array_equal(picture[:, 20:], np.asarray(image.convert("RGB"))[:, 20:])


@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    opacity=st.integers(0, 255),
)
def test_white_stays_white_and_opaque_stays_itself_at_every_opacity(colour, opacity):
    image = Image.new("RGBA", (2, 1), (*colour, opacity))
    image.putpixel((1, 0), (255, 255, 255, opacity))
    picture = read(encoded(image, "PNG"))
    assert (picture[0, 1] == 255).all()
    expected = on_white(np.array([*colour, opacity], np.uint8))
    assert np.abs(picture[0, 0] - expected).max() <= 1
    if opacity == 255:
        assert tuple(picture[0, 0].tolist()) == colour


# Other depths and colours.

RAMP = np.repeat(np.arange(256)[None], 4, axis=0)
"""Every grey that 8 bits have."""


def test_16_bit_grey_is_scaled_not_clipped():
    # Each of its numbers is the 8-bit grey times 257.
    expected = np.asarray(Image.fromarray(drawn()).convert("L"))
    assert np.array_equal(read(FIXTURES / "gray16.png"), np.stack([expected] * 3, axis=-1))


@pytest.mark.parametrize(
    ("values", "format"),
    [
        pytest.param((RAMP * 257).astype(np.uint16), "PNG", id="16-bit-png"),
        pytest.param((RAMP * 257).astype(np.uint16), "TIFF", id="16-bit-tiff"),
        pytest.param((RAMP * 257).astype(np.int32), "TIFF", id="32-bit-to-65535"),
        pytest.param(RAMP.astype(np.int32), "TIFF", id="32-bit-to-255"),
        pytest.param((RAMP / 255).astype(np.float32), "TIFF", id="fractions"),
        pytest.param(RAMP.astype(np.float32), "TIFF", id="float-to-255"),
        pytest.param((RAMP * 257).astype(np.float32), "TIFF", id="float-to-65535"),
    ],
)
def test_a_ramp_of_many_bits_keeps_all_its_greys(values, format):
    picture = read(encoded(Image.fromarray(values), format))
    assert np.array_equal(picture, np.stack([RAMP] * 3, axis=-1))


def test_a_dark_picture_of_16_bits_stays_dark():
    values = np.full((4, 4), 1000, np.uint16)
    assert np.unique(read(encoded(Image.fromarray(values), "PNG"))).tolist() == [4]


def test_light_below_0_is_black():
    values = np.array([[-5.0, -0.1, 0.5, 1.0]], np.float32)
    assert read(encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 0, 128, 255]


@pytest.mark.parametrize("unknown", [np.nan, np.inf, -np.inf])
def test_a_pixel_without_a_value_does_not_blacken_the_others(unknown):
    values = (RAMP / 255).astype(np.float32)
    values[0, 0] = unknown  # as maps of depth and of height mark where nothing was measured
    picture = read(encoded(Image.fromarray(values), "TIFF"))
    assert np.array_equal(picture[1:, :, 0], RAMP[1:])


def test_one_bit_is_black_and_white():
    bits = np.indices((30, 40)).sum(axis=0) % 2 == 0
    for format in ("PNG", "TIFF", "BMP"):
        picture = read(encoded(Image.fromarray(bits), format))
        assert np.array_equal(picture, np.stack([bits * 255] * 3, axis=-1))


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("inks", "colour"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((0, 0, 0, 255), (0, 0, 0)),
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 255, 255, 0), (255, 0, 0)),
        ((0, 0, 0, 127), (128, 128, 128)),
    ],
)
def test_four_inks(format, inks, colour):
    picture = read(encoded(Image.new("CMYK", (32, 32), inks), format))
    assert np.abs(picture.astype(int) - colour).max() <= 2


def test_grey_and_palettes_become_rgb():
    grey = Image.fromarray(RAMP.astype(np.uint8))
    for image in (grey, grey.convert("P"), grey.quantize(256)):
        expected = np.asarray(image.convert("RGB"))
        assert np.array_equal(read(encoded(image, "PNG")), expected)


# Broken files.


@pytest.mark.parametrize("name", ["truncated.jpg", "truncated.heic", "header_only.jpg"])
def test_a_picture_that_breaks_off_is_an_error_not_a_grey_half(name):
    with pytest.raises(DecodeError, match=name) as caught:
        read(FIXTURES / name)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    "name", ["photo.bmp", "page.tif", "photo.jp2", "photo.avif", "still.webp", "alpha.png"]
)
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_every_format_says_when_it_is_cut_off(name, share):
    content = (FIXTURES / name).read_bytes()
    with pytest.raises(DecodeError):
        read(content[: int(len(content) * share)])


def test_a_bomb_is_refused_unread():
    with pytest.raises(PixelLimitError) as caught:
        read(FIXTURES / "bomb.png")
    assert caught.value.pixels == 60_000 * 60_000


def test_a_preview_is_not_taken_for_the_picture():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1  # as camera raw files mark their thumbnail
    with pytest.raises(UnsupportedFormatError, match="only a preview"):
        read(encoded(Image.new("RGB", (60, 40)), "TIFF", tiffinfo=tags))


def test_a_file_can_be_read_again():
    with (FIXTURES / "exif_6.jpg").open("rb") as file:
        assert np.array_equal(read(file), read(file))


# Scaling.


@pytest.mark.parametrize("size", [ImageSize(28, 28), ImageSize(672, 448), ImageSize(240, 320)])
def test_resizing_is_the_reference_s_whatever_pillow_there_is(size):
    picture = drawn()
    assert np.array_equal(resize_picture(picture, size), twin(picture, size, "torch"))
    if picture.shape[:2] != size:
        pillow = Image.fromarray(picture).resize((size.width, size.height), Image.BICUBIC)
        assert np.abs(np.asarray(pillow).astype(int) - resize_picture(picture, size)).max() <= 2


def test_colours_count_as_much_as_they_are_seen():
    hidden = np.zeros((28, 56, 4), np.uint8)
    hidden[:, 28:] = 255
    resized = resize_picture(hidden, ImageSize(14, 31))
    assert {0, 255} < set(resized[..., 3].ravel().tolist())
    assert (resized[..., :3][resized[..., 3] > 0] == 255).all()


def test_a_picture_of_the_right_size_is_left_as_it_is():
    assert np.array_equal(resize_picture(drawn(), ImageSize(240, 320)), drawn())


@given(
    level=st.integers(0, 255),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    to=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_a_plain_picture_stays_plain_at_every_size(level, size, to):
    resized = resize_picture(np.full((*size, 3), level, np.uint8), ImageSize(*to))
    assert resized.shape == (*to, 3)
    assert (resized == level).all()


# Animations.


def animate(source, numbers, size):
    with open_item(source) as item:
        return list(animation_frames(item, numbers, ImageSize(*size)))


def drawn_number(image):
    """Read the number in the corner, whose blocks are 7 pixels wide in these small pictures."""
    block = min(8, image.shape[1] // 16)
    row = image[block // 2, block // 2 : 16 * block : block].mean(axis=-1)
    return int("".join("01"[bit] for bit in (row > 128).astype(int)), 2)


@pytest.mark.parametrize("name", ANIMATIONS)
def test_the_frames_of_an_animation_are_the_ones_asked_for(name):
    numbers = [0, 1, 1, TRUTH[name]["frames"] - 1, 2]  # backwards too
    frames = animate(FIXTURES / name, numbers, (80, 120))
    assert [drawn_number(frame) for frame in frames] == numbers
    assert {frame.shape for frame in frames} == {(80, 120, 3)}
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("name", ANIMATIONS)
def test_a_frame_of_an_animation_is_scaled_like_a_picture(name):
    (whole,), (small,) = (animate(FIXTURES / name, [3], size) for size in ((80, 120), (28, 56)))
    assert np.array_equal(small, resize_picture(whole, ImageSize(28, 56)))


@pytest.mark.parametrize("name", ANIMATIONS)
def test_the_frames_of_an_animation_show_at_the_times_in_the_file(name):
    truth = TRUTH[name]
    model, count = "Qwen/Qwen3-VL-8B-Instruct", truth["frames"]
    frames = list(read_frames(FIXTURES / name, model, nframes=count))
    assert [frame.number for frame in frames] == list(range(count))
    times = [frame.timestamp_seconds for frame in frames]
    assert times == pytest.approx(truth["times_seconds"], abs=1e-6)


def moving(**options):
    """An animation of a black square that wanders over nothing."""
    frames = []
    for number in range(5):
        frame = Image.new("RGBA", (60, 40), (255, 0, 0, 0))
        frame.paste((0, 0, 0, 255), (10 * number, 10, 10 * number + 10, 20))
        frames.append(frame)
    return frames[0], {"save_all": True, "append_images": frames[1:], "duration": 100, **options}


@pytest.mark.parametrize(
    ("format", "options"),
    [("GIF", {"disposal": 2}), ("WEBP", {"lossless": True}), ("PNG", {"disposal": 1})],
)
def test_what_is_clear_in_an_animation_is_white(format, options):
    first, rest = moving(**options)
    for number, frame in enumerate(animate(encoded(first, format, **rest), range(5), (40, 60))):
        expected = np.full((40, 60, 3), 255)
        expected[10:20, 10 * number : 10 * number + 10] = 0
        assert np.array_equal(frame, expected)


@pytest.mark.parametrize("format", ["WEBP", "PNG"])
def test_an_animation_is_turned_like_a_picture(format):
    frames = []
    for number in range(4):  # red on the left, which is at the top once it is turned
        stored = np.zeros((64, 96, 3), np.uint8)
        stored[:, :48, 0], stored[:, 48:, 2], stored[-8:, :, 1] = 255, 255, 60 * number
        frames.append(Image.fromarray(stored))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    options = {"save_all": True, "append_images": frames[1:], "duration": 100}
    options |= {"lossless": True} if format == "WEBP" else {}
    content = encoded(frames[0], format, exif=exif.tobytes(), **options)
    assert probe(content).size == (96, 64)
    frame = next(read_frames(content, "Qwen/Qwen3-VL-8B-Instruct"))
    assert frame.image.shape == (96, 64, 3)
    assert frame.image[10, 32].tolist() == [255, 0, 0]
    assert frame.image[-10, 32].tolist() == [0, 0, 255]


@pytest.mark.parametrize("name", ANIMATIONS)
def test_an_animation_with_damage_is_an_error(name):
    content = bytearray((FIXTURES / name).read_bytes())
    content[len(content) // 2 :] = b"\xaa" * (len(content) - len(content) // 2)
    with pytest.raises(DecodeError):
        animate(bytes(content), range(TRUTH[name]["frames"]), (80, 120))


def test_an_animation_can_be_left_early():
    with open_item(FIXTURES / "animated.gif") as item:
        frames = animation_frames(item, range(12), ImageSize(28, 28))
        next(frames)
        frames.close()
        assert not item.file.closed


# Colour profiles.


def profiled(profile, mode="RGB", colour=(200, 100, 50)):
    image = Image.new("RGB", (16, 16), colour).convert(mode)
    return encoded(image, "TIFF", icc_profile=profile)


def gamma_profile(gamma):
    """Grey or RGB whose curves are powers; built from LittleCMS' own sRGB by replacing curves."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for offset in range(132, 132 + 12 * int.from_bytes(content[128:132], "big"), 12):
        tag, at = content[offset : offset + 4], int.from_bytes(content[offset + 4 : offset + 8])
        if tag in (b"rTRC", b"gTRC", b"bTRC"):  # a curve of one number is a power
            content[at : at + 14] = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
            content[offset + 8 : offset + 12] = struct.pack(">I", 14)
        if tag == b"desc":
            length = int.from_bytes(content[offset + 8 : offset + 12])
            part = content[at : at + length].replace(b"R\0G\0B", b"B\0G\0R")
            content[at : at + length] = part
    return bytes(content)


def decode(source, **options):
    with open_item(source) as item:
        return decode_picture(item, **options)


def test_colours_stay_as_they_are_stored_unless_asked():
    source = profiled(gamma_profile(1.0))
    assert read(source)[0, 0].tolist() == [200, 100, 50]
    assert view_image(source).original[0, 0].tolist() == [200, 100, 50]
    assert decode(source).changes == ()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_a_profile_is_converted_to_srgb_when_asked(mode):
    colour = (128, 128, 128) if mode == "L" else (200, 100, 50)
    picture = decode(profiled(gamma_profile(1.0), mode, colour), srgb=True)
    light = np.array(colour) / 255  # as stored: a power of 1
    expected = 255 * (1.055 * light ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    assert picture.pixels.shape[2] == 3
    assert np.abs(picture.pixels[0, 0] - expected).max() < 3
    assert picture.changes[0].endswith("converted to sRGB")


def test_a_profile_of_srgb_changes_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = decode(profiled(srgb), srgb=True)
    assert picture.pixels[0, 0].tolist() == [200, 100, 50]
    assert (picture.changes, picture.warnings) == ((), ())


@pytest.mark.parametrize(("mode", "cut"), [("RGB", 10), ("RGB", 200), ("CMYK", 10), ("CMYK", None)])
def test_a_profile_that_cannot_be_used_is_ignored_with_a_warning(mode, cut):
    picture = decode(profiled(gamma_profile(1.8)[:cut], mode), srgb=True)
    assert picture.warnings == ("the colour profile is damaged and was ignored",)
    assert np.abs(picture.pixels[0, 0].astype(int) - (200, 100, 50)).max() < 2


# Transparency and pages.


def test_what_is_hidden_becomes_white():
    hidden = np.zeros((4, 4, 4), np.uint8)
    hidden[:, 2:] = (10, 20, 30, 40)
    pixels = decode(encoded(Image.fromarray(hidden), "PNG")).pixels
    assert pixels[0, 0].tolist() == [255, 255, 255, 0]
    assert pixels[0, 3].tolist() == [10, 20, 30, 40]


def test_alpha_that_hides_nothing_is_left_out():
    assert decode(encoded(Image.new("RGBA", (4, 4), (1, 2, 3, 255)), "PNG")).pixels.shape[2] == 3


def test_pages_are_decoded_by_number():
    pages = [Image.new("RGB", (8 + k, 8), (k, 0, 0)) for k in range(3)]
    source = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    for number, page in enumerate(pages):
        picture = decode(source, number=number)
        assert np.array_equal(picture.pixels, np.asarray(page))
        assert picture.info.size == (8, 8 + number)
    with pytest.raises(DecodeError):
        decode(source, number=3)
