"""Images brought under limits: what holds for all of them, and every trap on the way."""

from __future__ import annotations

import functools
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageDraw

from tests.drawings import screen
from tests.places import FIXTURES, REAL_MEDIA
from vlprep import CompressedImage, compress_image, image_tokens, probe, save_image
from vlprep.compress.quality import MAX_TRIALS
from vlprep.errors import (
    ByteLimitError,
    ConstraintError,
    DecodeError,
    PixelLimitError,
    UnsupportedFormatError,
)
from vlprep.media.sniff import sniff
from vlprep.types import ImageInfo

WEIGHTS = "Qwen/Qwen2.5-VL-7B-Instruct"


def encoded(image, format="PNG", **options):
    memory = io.BytesIO()
    image.save(memory, format, **options)
    return memory.getvalue()


def pixels(content, mode="RGB"):
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert(mode)).astype(int)


def noise(height=300, width=400, seed=1):
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8))


def soft(height=300, width=400):
    return noise(height // 10 + 2, width // 10 + 2).resize(
        (width, height), Image.Resampling.BICUBIC
    )


def text(height, width):
    image = Image.new("RGB", (width, height), (250, 250, 245))
    draw = ImageDraw.Draw(image)
    for row, y in enumerate(range(2, height, 14)):
        colour = (30 * row % 200, 70 * row % 200, 110 * row % 200)
        draw.text((4, y), f"line {row}: " + "the quick brown fox " * 12, fill=colour)
    return image


# What holds for every image.

KINDS = {
    "noise": noise,
    "soft": soft,
    "text": text,
    "gradient": lambda height, width: Image.linear_gradient("L").resize((width, height)),
    "flat": lambda height, width: Image.new("RGB", (width, height), (90, 120, 40)),
}
MODES = {
    "JPEG": ["RGB", "L", "CMYK"],
    "PNG": ["RGB", "RGBA", "LA", "P", "1", "I;16"],
    "WEBP": ["RGB", "RGBA"],
    "TIFF": ["RGB", "RGBA", "LA", "P", "1", "I;16", "CMYK"],
    "BMP": ["RGB", "L", "P", "1"],
    "GIF": ["P", "L"],
}
FORMATS_AND_MODES = [(format, mode) for format, modes in MODES.items() for mode in modes]


def in_mode(image, mode):
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    if mode in ("RGBA", "LA"):
        image = image.convert(mode)
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        return image
    return image.convert(mode)


@functools.cache
def source_of(kind, height, width, format, mode):
    return encoded(in_mode(KINDS[kind](height, width).convert("RGB"), mode), format)


sides = st.one_of(st.integers(20, 400), st.integers(20, 1500))


@settings(max_examples=80)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    height=sides,
    width=sides,
    format_and_mode=st.sampled_from(FORMATS_AND_MODES),
    limit=st.floats(3.3, 6.3).map(lambda power: int(10**power)),
    model=st.sampled_from(["qwen3-vl-plus", "qvq-max", WEIGHTS]),
    keep=st.sampled_from(["model-view", "full"]),
)
def test_every_image_fits_or_is_refused(kind, height, width, format_and_mode, limit, model, keep):
    source = source_of(kind, height, width, *format_and_mode)
    before = image_tokens((height, width), model)
    try:
        image = compress_image(source, model, limit=limit, keep=keep)
    except ByteLimitError as error:
        assert error.limit == limit <= error.smallest
        assert min(height, width) < 100  # only narrow pictures cannot shrink any further
        return
    assert image.bytes_after == len(image.content) < limit
    assert image.encodes <= MAX_TRIALS
    assert image.action == "converted" or image.bytes_after <= len(source)
    assert (image.action == "unchanged") == (image.content == source) == (image.encodes == 0)
    info = probe(image.content)
    assert isinstance(info, ImageInfo)
    assert (info.size, info.format) == (image.size_after, image.format)
    assert pixels(image.content).shape == (*info.size, 3)
    assert image.tokens_before.total == before.total
    assert image.tokens_after.total == image_tokens(info.size, model).total
    reduced = any("pixels reduced" in warning for warning in image.warnings)
    if not reduced:
        assert image.tokens_after.total == before.total
    elif image.tokens_after.total != before.total:
        assert any("instead of" in warning for warning in image.warnings)


def test_the_same_image_comes_out_the_same():
    source = encoded(soft(700, 900))
    assert compress_image(source, limit=50_000) == compress_image(source, limit=50_000)


def octaves(height, width):
    """Noise of all scales, the finer the fainter, as in nature."""
    total = np.zeros((height, width, 3))
    for scale in (1, 2, 4, 8, 16, 32, 64):
        layer = noise(height // scale + 2, width // scale + 2, seed=scale)
        layer = layer.resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(layer) - 128.0) * scale**0.8
    return Image.fromarray(np.clip(128 + total / 25, 0, 255).astype(np.uint8))


def test_few_encodes_are_made_on_average():
    counts = []
    for height, width in [(600, 800), (700, 500), (640, 960)]:
        source = encoded(octaves(height, width), "JPEG", quality=98, subsampling=0)
        top = compress_image(source, limit=len(source))
        counts.append(top.encodes)
        for share in (0.8, 0.5, 0.35):
            image = compress_image(source, limit=int(share * top.bytes_after))
            assert image.bytes_after > 0.85 * share * top.bytes_after
            counts.append(image.encodes)
    assert sum(counts) / len(counts) <= 2.5
    assert max(counts) <= 4


# What fits stays as it is.


@pytest.mark.parametrize("name", ["photo.jpg", "alpha.png", "still.webp", "page.tif", "photo.bmp"])
def test_what_fits_is_returned_byte_for_byte(name):
    image = compress_image(FIXTURES / name)
    assert image.action == "unchanged"
    assert image.content == (FIXTURES / name).read_bytes()
    assert image.format == probe(FIXTURES / name).format
    assert image.tokens_after == image.tokens_before
    assert (image.encodes, image.quality, image.dropped) == (0, None, ())


def test_limits_are_strict():
    source = (FIXTURES / "photo.jpg").read_bytes()
    assert compress_image(source, limit=len(source) + 1).action == "unchanged"
    image = compress_image(source, limit=len(source))
    assert image.action == "compressed" and image.bytes_after < len(source)


def test_limits_come_from_the_route():
    photo = FIXTURES / "photo.jpg"
    limits = {name: compress_image(photo, route=name).limit for name in ("base64", "path", "url")}
    assert limits == {"base64": 7_000_000, "path": 10_000_000, "url": 10_000_000}
    with pytest.raises(ConstraintError, match="unknown route"):
        compress_image(photo, route="pigeon")


def test_a_file_between_raw_and_encoded_limit_is_shrunk_for_base64_only():
    source = encoded(noise(1540, 1620))
    assert 7_000_000 < len(source) < 10_000_000
    assert compress_image(source, route="path").action == "unchanged"
    image = compress_image(source, route="base64")
    assert image.action == "compressed"
    assert image.bytes_after < 7_000_000 and image.data_url_length < 10_000_000


def test_the_callers_limit_is_for_the_file_itself():
    source = encoded(noise(1540, 1620))
    image = compress_image(source, route="base64", limit=9_000_000)
    assert image.action == "unchanged"
    assert image.warnings[-1] == "the route base64 takes images of fewer than 7,000,000 bytes"


@pytest.mark.parametrize("format", ["WEBP", "BMP"])
def test_above_4k_other_formats_are_converted_though_they_are_small(format):
    big = encoded(Image.new("L", (3841, 2160), 99), format)
    image = compress_image(big, limit=20_000_000)
    assert (image.action, image.format) == ("converted", "PNG")
    assert image.tokens_after.total == image.tokens_before.total
    assert compress_image(big, WEIGHTS, limit=20_000_000).action == "unchanged"


@pytest.mark.parametrize("name", ["photo.avif", "still.gif", "photo.jp2"])
def test_formats_that_are_not_taken_are_converted(name):
    image = compress_image(FIXTURES / name)
    assert image.action == "converted" and image.format in ("JPEG", "PNG")
    assert compress_image(FIXTURES / name, WEIGHTS).action == "unchanged"


@pytest.mark.parametrize("page", [-1, 3])
def test_a_page_that_is_not_there_is_refused(page):
    with pytest.raises(ConstraintError, match="it has 3"):
        compress_image(FIXTURES / "pages.tif", page=page)


def test_a_video_is_not_an_image():
    with pytest.raises(UnsupportedFormatError, match="a video"):
        compress_image(FIXTURES / "street.mp4")


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(PixelLimitError):
        compress_image(FIXTURES / "bomb.png")


@pytest.mark.parametrize("kind", ["path", "data URL", "file"])
def test_every_kind_of_source_can_stay(kind):
    import base64

    path = FIXTURES / "photo.jpg"
    content = path.read_bytes()
    with path.open("rb") as file:
        url = "data:image/jpeg;base64," + base64.b64encode(content).decode()
        source = {"path": str(path), "data URL": url, "file": file}[kind]
        assert compress_image(source).content == content


def test_a_damaged_file_is_not_passed_on():
    with pytest.raises(DecodeError):
        compress_image(FIXTURES / "truncated.jpg")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_what_fits_loses_its_metadata_and_not_a_bit_of_its_picture(format):
    table = Image.Exif()
    table[ExifTags.Base.Make] = "a camera"
    table[ExifTags.IFD.GPSInfo] = {1: "N", 2: (47.0, 22.0, 0.0)}
    kinds = {"exif": table.tobytes(), "icc_profile": swapped_profile(), "xmp": b"<x/>"}
    source = encoded(soft(), format, **kinds) + b"behind" * (format == "JPEG")
    image = compress_image(source)
    assert (image.action, image.format, image.encodes) == ("converted", format, 0)
    assert image.dropped[:2] == ("location data dropped", "EXIF data dropped")
    assert b"a camera" not in image.content and b"behind" not in image.content
    made = Image.open(io.BytesIO(image.content))
    assert made.info["icc_profile"] == kinds["icc_profile"]
    assert made.tobytes() == Image.open(io.BytesIO(source)).tobytes()
    assert probe(image.content).metadata == ()
    assert compress_image(image.content).action == "unchanged"


def test_metadata_of_other_formats_go_with_a_new_encode():
    image = compress_image(FIXTURES / "photo.heic")
    assert (image.action, image.reason) == ("converted", "EXIF data in it")
    assert probe(image.content).metadata == ()


@pytest.mark.parametrize("orientation", range(2, 9))
def test_what_fits_is_turned_upright(orientation):
    image = compress_image(FIXTURES / f"exif_{orientation}.jpg")
    assert image.reason.startswith(f"stored turned (EXIF orientation {orientation})")
    assert probe(image.content).orientation == 1
    assert image.size_after == probe(FIXTURES / "exif_1.jpg").size


# What fits, made smaller all the same.


def test_always_leaves_out_what_the_model_does_not_see():
    source = encoded(soft(900, 1200), "JPEG", quality=95)
    stays, small = (
        compress_image(source, max_pixels=200_000, always=always) for always in (False, True)
    )
    assert (stays.action, small.action) == ("unchanged", "compressed")
    assert small.size_after == image_tokens(probe(source).size, max_pixels=200_000).resized
    assert small.tokens_after.total == stays.tokens_after.total
    assert "is seen as" in small.reason
    saved = stays.bytes_before - small.bytes_after
    assert saved / 1.5 < stays.bytes_unseen < saved * 1.5


def test_always_does_not_make_larger_what_saves_nothing():
    source = encoded(soft(900, 1200), "JPEG", quality=30)
    image = compress_image(source, max_pixels=900_000, always=True)
    assert image.content == source


@pytest.mark.parametrize("name", ["palette.png", "alpha.png", "cmyk.jpg", "gray16.png"])
def test_always_shows_what_the_model_is_shown(name):
    image = compress_image(FIXTURES / name, always=True)
    info = probe(image.content)
    assert image.action == "converted"
    assert not info.transparent
    assert info.mode in ("L", "P", "RGB")


def test_always_and_all_of_it_contradict():
    with pytest.raises(ConstraintError, match="`always`"):
        compress_image(FIXTURES / "photo.jpg", always=True, keep="full")


def test_the_mime_type_is_that_of_the_content():
    for name in ("png_named.jpg", "photo.heic", "photo.avif", "still.gif"):
        image = compress_image(FIXTURES / name)
        assert sniff(image.content[:4096]).name == image.format
        assert image.mime_type == f"image/{image.format.lower()}"


# Orientation, colours, metadata.


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_baked_in(orientation):
    path = FIXTURES / f"exif_{orientation}.jpg"
    image = compress_image(path, limit=4000)
    upright = compress_image(FIXTURES / "exif_1.jpg", limit=4000)
    assert image.size_after == probe(path).size == upright.size_after
    assert "exif" not in Image.open(io.BytesIO(image.content)).info
    assert np.abs(pixels(image.content) - pixels(upright.content)).mean() < 8


def test_location_and_other_metadata_are_dropped_and_named():
    table = Image.Exif()
    table[ExifTags.Base.Make] = "a camera"
    table[ExifTags.IFD.GPSInfo] = {1: "N", 2: (47.0, 22.0, 0.0)}
    source = encoded(soft(), "JPEG", quality=95, exif=table.tobytes(), xmp=b"<x/>")
    image = compress_image(source, limit=len(source) // 2)
    assert image.dropped == ("location data dropped", "EXIF data dropped", "XMP data dropped")
    info = Image.open(io.BytesIO(image.content)).info
    assert not {"exif", "xmp", "icc_profile"} & set(info)


def swapped_profile():
    """An ICC profile of RGB in which red and blue have changed places."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for offset in range(132, 132 + 12 * int.from_bytes(content[128:132], "big"), 12):
        tag = bytes(content[offset : offset + 4])
        content[offset : offset + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(tag, tag)
        if tag == b"desc":
            at = int.from_bytes(content[offset + 4 : offset + 8], "big")
            end = at + int.from_bytes(content[offset + 8 : offset + 12], "big")
            content[at:end] = content[at:end].replace(b"R\0G\0B", b"B\0G\0R")
    return bytes(content)


def test_colours_are_converted_to_srgb():
    red = Image.new("RGB", (64, 64), (255, 0, 0))
    image = compress_image(encoded(red, "TIFF", icc_profile=swapped_profile()), limit=2000)
    assert any("converted to sRGB" in sentence for sentence in image.dropped)
    assert np.abs(pixels(image.content) - (0, 0, 255)).max() < 6


def test_a_damaged_profile_is_ignored_and_told():
    red = Image.new("RGB", (64, 64), (255, 0, 0))
    image = compress_image(encoded(red, "TIFF", icc_profile=b"no profile"), limit=2000)
    assert any("profile is damaged" in warning for warning in image.warnings)
    assert np.abs(pixels(image.content) - (255, 0, 0)).max() < 3


# Modes.


def test_transparency_is_white_in_jpeg_and_kept_in_png():
    drawing = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    ImageDraw.Draw(drawing).rectangle((100, 100, 200, 200), fill=(200, 30, 40, 255))
    png = compress_image(encoded(drawing, "TIFF"), limit=100_000, keep="full")
    assert png.format == "PNG"
    assert np.array_equal(pixels(png.content, "RGBA")[..., 3], np.asarray(drawing)[..., 3])
    assert pixels(png.content)[0, 0].tolist() == [255, 255, 255]  # also where alpha is left aside
    assert not any("white" in sentence for sentence in png.dropped)
    faded = soft().convert("RGBA")
    faded.putalpha(60)
    jpeg = compress_image(encoded(faded, "WEBP", lossless=True, exact=True), limit=8000)
    assert jpeg.format == "JPEG"
    assert pixels(jpeg.content).min() > 170
    assert "what shows through laid on white" in jpeg.dropped


def test_16_bits_are_scaled_and_not_clipped():
    ramp = np.tile(np.array([0, 255, 256, 32768, 65535], np.uint16).repeat(20), (100, 1))
    image = compress_image(encoded(Image.fromarray(ramp), "TIFF"), limit=10_000, keep="full")
    assert pixels(image.content)[50, 10::20, 0].tolist() == [0, 1, 1, 128, 255]
    assert "more than 8 bits a channel scaled to 8" in image.dropped


def test_cmyk_is_converted():
    source = encoded(soft().convert("CMYK"), "JPEG", quality=95)
    image = compress_image(source, limit=len(source) // 2, keep="full")
    with Image.open(io.BytesIO(image.content)) as result:
        assert result.mode == "RGB"
    assert "colours of print (CMYK) converted to RGB" in image.dropped
    assert np.abs(pixels(image.content) - np.asarray(soft()).astype(int)).mean() < 10


@pytest.mark.parametrize(("format", "mode"), FORMATS_AND_MODES)
def test_every_mode_can_be_compressed(format, mode):
    source = source_of("soft", 200, 300, format, mode)
    image = compress_image(source, limit=1500)
    assert image.bytes_after < 1500 and image.action == "compressed"


# Several pictures.


def pages():
    first, second = soft(80, 100), Image.new("RGB", (200, 160), (10, 200, 30))
    return encoded(first, "TIFF", save_all=True, append_images=[second, noise(50, 60)])


def test_the_first_of_several_is_taken_and_the_others_told():
    image = compress_image(pages(), limit=10_000)
    assert image.size_before == (80, 100)
    assert "2 of 3 pictures dropped" in image.dropped
    whole = compress_image(pages())
    assert whole.action == "unchanged"
    assert whole.warnings == ("3 pictures in the file; only the first is counted",)


def test_another_page_is_taken_when_asked_for():
    image = compress_image(pages(), page=1)
    assert (image.action, image.size_before) == ("converted", (160, 200))
    assert np.abs(pixels(image.content) - (10, 200, 30)).max() < 3
    assert image.tokens_before.total == image_tokens((160, 200)).total


@pytest.mark.parametrize("name", ["animated.gif", "animated.png", "animated.webp"])
def test_an_animation_becomes_one_of_its_pictures(name):
    truth = json.loads((FIXTURES / "truth.json").read_text())[name]
    first = compress_image(FIXTURES / name)
    assert first.action == "converted"
    assert isinstance(probe(first.content), ImageInfo)
    assert first.dropped[-1].endswith(f"of {truth['frames']} pictures dropped")
    third = compress_image(FIXTURES / name, page=3)
    assert third.size_after == first.size_after
    assert np.abs(pixels(third.content) - pixels(first.content)).mean() > 0.5


# Encoding again can make it larger.


def test_a_source_that_is_smaller_than_any_new_file_is_kept():
    source = encoded(soft(), "JPEG", quality=10)
    assert compress_image(source, limit=len(source) + 1).content == source
    image = compress_image(source, limit=len(source))
    assert image.bytes_after < len(source)


# The floor of quality.


def test_pixels_shrink_at_the_floor_and_tokens_lost_are_told():
    source = encoded(noise(900, 1200), "JPEG", quality=90)
    image = compress_image(source, limit=30_000)
    assert image.quality == 40
    assert image.tokens_after.total < image.tokens_before.total
    assert image.warnings == (
        f"pixels reduced from 1200x900 to {image.size_after.width}x{image.size_after.height}, "
        "as nothing larger fits",
        f"the model sees {image.tokens_after.total:,} tokens of it "
        f"instead of {image.tokens_before.total:,}",
    ) or image.warnings[0].startswith("pixels reduced from ")


def test_what_is_impossible_is_refused_with_a_reason():
    with pytest.raises(ByteLimitError, match="cannot be brought under 100 bytes") as caught:
        compress_image(FIXTURES / "photo.jpg", limit=100)
    assert caught.value.limit == 100 < caught.value.smallest


# What the caller may ask.


def test_the_view_is_what_the_model_sees():
    source = encoded(soft(2000, 3000), "JPEG", quality=95)
    image = compress_image(source, "qvq-max", limit=500_000)
    assert image.size_after == image_tokens((2000, 3000), "qvq-max").resized
    assert image.tokens_after.resized == image.size_after
    wider = compress_image(source, "qvq-max", limit=1_500_000, high_res=True)
    assert wider.size_after.pixels > 2 * image.size_after.pixels
    less = compress_image(source, "qvq-max", limit=500_000, max_pixels=300_000)
    assert less.size_after.pixels <= 300_000


def test_all_pixels_are_kept_unless_nothing_else_fits():
    source = encoded(soft(2000, 3000), "JPEG", quality=95)
    whole = compress_image(source, limit=1_500_000, keep="full")
    assert (whole.size_after, whole.warnings) == ((2000, 3000), ())
    image = compress_image(source, limit=60_000, keep="full")
    assert image.size_after.pixels < 6_000_000
    assert image.warnings[0].startswith("pixels reduced from 3000x2000 to ")


def test_small_pictures_are_not_enlarged():
    image = compress_image(encoded(noise(40, 50), "GIF"), "qvq-max")
    assert image.size_after == (40, 50)
    assert image.tokens_after.resized.pixels > 40 * 50


def test_lossless_means_every_pixel():
    source = encoded(soft(200, 300), "BMP")
    image = compress_image(source, limit=len(source), lossless=True, keep="full")
    assert image.format == "PNG"
    assert np.array_equal(pixels(image.content), np.asarray(soft(200, 300)))
    with pytest.raises(ByteLimitError, match="as PNG"):
        compress_image(source, limit=50_000, lossless=True)


@pytest.mark.parametrize("options", [{"limit": 0}, {"limit": -5}, {"keep": "half"}])
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ConstraintError):
        compress_image(FIXTURES / "photo.jpg", **options)


# Writing.


def test_the_content_is_written_as_it_is(tmp_path):
    image = compress_image(FIXTURES / "photo.jpg", limit=27_000)
    save_image(image, tmp_path / "small.JPG")
    assert (tmp_path / "small.JPG").read_bytes() == image.content
    with pytest.raises(FileExistsError):
        save_image(image, tmp_path / "small.JPG")
    save_image(image, tmp_path / "small.JPG", overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["small.JPG"]


@pytest.mark.parametrize("name", ["small.png", "small", "small.jpg.webp"])
def test_an_ending_of_another_format_is_refused(tmp_path, name):
    with pytest.raises(ConstraintError, match=r"the content is JPEG; use the ending \.jpg"):
        save_image(compress_image(FIXTURES / "photo.jpg"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_source_is_never_written_over(tmp_path):
    source = tmp_path / "photo.jpg"
    source.write_bytes((FIXTURES / "photo.jpg").read_bytes())
    with pytest.raises(FileExistsError, match="the source itself"):
        save_image(compress_image(source), source, overwrite=True)


def test_it_says_in_short_what_it_is():
    image = compress_image(FIXTURES / "photo.avif")
    assert isinstance(image, CompressedImage)
    assert repr(image).endswith(
        f"photo.avif, converted, 320x240 JPEG, 2,474 to {image.bytes_after:,} bytes)"
    )


# Files of real cameras.


@pytest.mark.parametrize("limit", [1_000_000, 7_000_000, 10_000_000])
def test_real_images_fit(limit):
    files = sorted((REAL_MEDIA / "image").glob("*"))
    if not files:
        pytest.skip("no real media here")
    for file in files:
        if limit > 1_000_000 and file.stat().st_size < 1_000_000:
            continue  # the same as at one megabyte
        image = compress_image(file, limit=limit)
        assert image.bytes_after < limit, file.name
        assert image.tokens_after.total == image.tokens_before.total, file.name
        assert image.encodes <= MAX_TRIALS


def test_a_screen_that_keeps_its_size_is_not_said_to_lose_pixels():
    source = encoded(Image.fromarray(screen(1440, 2560)))
    image = compress_image(source, limit=len(source) // 2)
    assert (image.size_after, image.tokens_after.total) == ((1440, 2560), image.tokens_before.total)
    assert image.warnings == ()
    assert image.dropped == ("colours reduced to 64",)
