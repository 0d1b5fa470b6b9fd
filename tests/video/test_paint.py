"""Painted frames against a decode of the whole clip, turned by Pillow."""

from __future__ import annotations

import json
from functools import cache

import av
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from tests.places import FIXTURES
from tests.video.test_hazards import patch_colours
from vlprep import ImageSize, read_frames, resample
from vlprep.media.orientation import TrackHeader
from vlprep.media.source import Item
from vlprep.video.paint import Look, Painter

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
MODEL = "qwen3-vl-plus"
ITEM = Item(b"none, as the frames are made here")
TURNED = [name for name, row in TRUTH.items() if row["kind"] == "video" and "orientation" in row]


@cache
def upright_frames(name):
    """All frames, full size: PyAV's own conversion, turned as Pillow turns photographs."""
    pictures = []
    with av.open(FIXTURES / name) as container:
        for frame in container.decode(video=0):
            picture = Image.fromarray(frame.to_ndarray(format="gbrp"))
            picture.getexif()[ExifTags.Base.Orientation] = TRUTH[name].get("orientation", 1)
            pictures.append(ImageOps.exif_transpose(picture))
    return pictures


def read(name, **options):
    return list(read_frames(FIXTURES / name, MODEL, **options))


@pytest.mark.parametrize("max_pixels", [40_000, None])
@pytest.mark.parametrize("name", ["clip.mp4", "odd_sides.mp4", "bt709_full.mp4", *TURNED])
def test_the_reference_way_resamples_the_upright_frame(name, max_pixels):
    for frame in read(name, fps=5, resample="reference", max_pixels=max_pixels):
        whole = np.asarray(upright_frames(name)[frame.number])
        assert np.array_equal(frame.image, resample(whole, ImageSize(*frame.image.shape[:2])))


@pytest.mark.parametrize("name", ["clip.mp4", "hevc.mp4", "ten_bit.mp4", "hdr_pq.mp4", *TURNED])
def test_the_fast_way_comes_close(name):
    for max_pixels in (40_000, None):
        fast = read(name, fps=3, max_pixels=max_pixels)
        exact = read(name, fps=3, max_pixels=max_pixels, resample="reference")
        for one, other in zip(fast, exact, strict=True):
            assert one.number == other.number
            assert np.abs(one.image.astype(int) - other.image).mean() < 2


@pytest.mark.parametrize("tone_map", [False, True])
@pytest.mark.parametrize("name", ["hdr_hlg.mp4", "alpha_prores.mov", "alpha_vp9.webm"])
def test_it_comes_close_where_colours_are_mapped_or_laid_on_white(name, tone_map):
    (fast, *_), (exact, *_) = (
        read(name, max_pixels=40_000, tone_map=tone_map, resample=resample)
        for resample in ("fast", "reference")
    )
    assert np.abs(fast.image.astype(int) - exact.image).mean() < 2


@pytest.mark.parametrize("resample", ["fast", "reference"])
@pytest.mark.parametrize("max_pixels", [40_000, None])
@pytest.mark.parametrize("name", ["bt709_limited.mp4", "bt601_limited.mp4", "ten_bit.mp4"])
def test_white_is_255_and_black_is_0_where_the_range_is_limited(name, max_pixels, resample):
    patches = TRUTH[name]["patches"]
    assert [patch["rgb"][0] for patch in patches[:2]] == [255, 0]
    for frame in read(name, fps=3, max_pixels=max_pixels, resample=resample):
        white, black = patch_colours(frame.image, patches)[:2]
        assert white.tolist() == [255] * 3
        assert black.tolist() == [0] * 3


@pytest.mark.parametrize("name", ["bt709_limited.mp4", "bt709_full.mp4", "ten_bit.mp4"])
def test_flat_colours_are_right_to_the_level_in_the_fast_way(name):
    patches = TRUTH[name]["patches"]
    expected = np.array([patch["rgb"] for patch in patches])
    for frame in read(name, fps=3):
        assert np.abs(patch_colours(frame.image, patches) - expected).max() <= 1


def quadrants():
    """A frame of four flat quarters: red, green, blue and white, as one reads."""
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:32, :48], picture[:32, 48:] = (255, 0, 0), (0, 255, 0)
    picture[32:, :48], picture[32:, 48:] = (0, 0, 255), (255, 255, 255)
    return picture


@pytest.mark.parametrize("resample", ["fast", "reference"])
@pytest.mark.parametrize(
    ("rotation", "mirrored", "corners"),
    [
        (0, False, "RGBW"), (90, False, "BRWG"), (180, False, "WBGR"), (270, False, "GWRB"),
        (0, True, "GRWB"), (90, True, "WGBR"), (180, True, "BWRG"), (270, True, "RBGW"),
    ],
)  # fmt: skip
def test_a_frame_is_mirrored_first_and_turned_clockwise_then(resample, rotation, mirrored, corners):
    frame = av.VideoFrame.from_ndarray(quadrants(), format="rgb24")
    turned = rotation % 180 == 90
    size = ImageSize(48, 32) if turned else ImageSize(32, 48)
    painter = Painter(Look(size, resample), TrackHeader(rotation=rotation, mirrored=mirrored), ITEM)
    image = painter.paint(frame)
    assert image.shape == (*size, 3)
    colours = {"R": [255, 0, 0], "G": [0, 255, 0], "B": [0, 0, 255], "W": [255, 255, 255]}
    found = [image[y, x].tolist() for y in (3, -4) for x in (3, -4)]
    assert found == [colours[letter] for letter in corners]


@pytest.mark.parametrize("resample", ["fast", "reference"])
def test_a_picture_belongs_to_the_caller(resample):
    frame = av.VideoFrame.from_ndarray(quadrants(), format="rgb24")
    painter = Painter(Look(ImageSize(64, 96), resample), TrackHeader(), ITEM)
    first = painter.paint(frame)
    kept = first.copy()
    painter.paint(av.VideoFrame.from_ndarray(255 - quadrants(), format="rgb24"))
    assert np.array_equal(first, kept)  # one converter serves all frames, but not its memory
    assert first.flags.c_contiguous


@pytest.mark.parametrize("resample", ["fast", "reference"])
@pytest.mark.parametrize("name", ["alpha_vp8.webm", "alpha_vp9.webm", "alpha_prores.mov"])
def test_transparency_is_laid_on_white(name, resample):
    patches = TRUTH[name]["patches"]
    expected = np.array([patch["rgb"] for patch in patches])
    for frame in read(name, fps=3, resample=resample):
        found = patch_colours(frame.image, patches)
        assert np.abs(found - expected).max() <= 4
        clear = [place for place, patch in enumerate(patches) if patch["opacity"] == 0]
        assert (found[clear] >= 254).all()  # whatever colour it has where nothing shows


@pytest.mark.parametrize("curve", [2, 16, 18])  # none in particular, PQ, HLG
def test_what_is_mapped_is_laid_on_white_as_well(curve):
    painter = Painter(Look(ImageSize(32, 48), tone_map=True), TrackHeader(), ITEM)

    def painted(layout, opacity=(), painter=painter):
        picture = np.array((30_000, 20_000, 10_000, *opacity), np.uint16)
        rows = np.broadcast_to(picture, (32, 48, len(picture)))
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rows), format=layout)
        frame.color_trc = curve
        return painter.paint(frame).astype(int)

    plain = painted("gbrp16le")
    solid, half, clear = (painted("gbrap16le", [share]) for share in (65_535, 32_768, 0))
    assert (solid == plain).all()
    assert np.abs(half - (plain + 255) / 2).max() <= 1
    assert (clear == 255).all()
    as_it_is = painted("gbrp16le", painter=Painter(Look(ImageSize(32, 48)), TrackHeader(), ITEM))
    assert (as_it_is == plain).all() == (curve == 2)  # nothing is mapped unless asked for
    assert np.abs(as_it_is - (117, 78, 39)).max() <= 1


def test_an_unknown_way_to_scale_is_refused():
    with pytest.raises(ValueError, match="resample"):
        read("clip.mp4", resample="Reference")


@pytest.mark.parametrize("layout", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12"])
def test_every_column_is_painted_at_the_file_s_own_size(layout):
    for width in range(322, 354, 2):
        ramp = np.broadcast_to(np.linspace(20, 230, width)[None, :, None], (32, width, 3))
        picture = ramp.round().astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=layout)
        painted = Painter(Look(ImageSize(32, width)), TrackHeader(), ITEM).paint(frame)
        assert np.abs(painted.astype(int) - picture).max() <= 6, width
