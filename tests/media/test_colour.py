"""Tone mapping against published values, and against the standards' arithmetic done one by one."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.places import FIXTURES
from tests.video.test_hazards import patch_colours
from vlprep import read_frames
from vlprep.media.colour import tone_map

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
CURVES = ["PQ", "HLG"]
KNEE = 85  # nits; the curve bends at 88


# The standards once more: scalars instead of tables, and the gamut from its primaries instead of
# the rounded matrix.


def pq_code(nits):
    """Signal of a luminance, SMPTE ST 2084."""
    power = (nits / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def pq_nits(code):
    power = code ** (32 / 2523)
    ratio = max(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)
    return 10_000 * ratio ** (16384 / 2610)


def hlg_codes(nits):
    """Signal of a colour in nits of red, green and blue, on a display of 1,000 nits, BT.2100."""
    shown = [part / 1000 for part in nits]
    luminance = sum(map(math.prod, zip((0.2627, 0.6780, 0.0593), shown, strict=True)))
    scene = [part * luminance ** (1 / 1.2 - 1) if luminance else 0 for part in shown]
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return [
        math.sqrt(3 * part) if part <= 1 / 12 else a * math.log(12 * part - b) + c for part in scene
    ]


def codes_of(nits, curve):
    return hlg_codes(nits) if curve == "HLG" else [pq_code(part) for part in nits]


def squeezed(nits):
    """BT.2390's curve from a peak of 1,000 nits to one of 203."""
    if nits >= 1000:
        return 203.0
    code, top = pq_code(nits) / pq_code(1000), pq_code(203) / pq_code(1000)
    knee = 1.5 * top - 0.5
    if code < knee:
        return nits
    t = (code - knee) / (1 - knee)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * top
    )
    return pq_nits(bent * pq_code(1000))


def to_xyz(*primaries):
    """Matrix from RGB to XYZ for chromaticities of red, green and blue, and the white of D65."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    return columns * np.linalg.solve(columns, white)


BT2020 = to_xyz((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
BT709 = to_xyz((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))


def expected_colour(nits):
    """8-bit R'G'B' of BT.709 for nits of BT.2020's red, green and blue."""
    brightest = max(nits)
    light = np.array(nits) * (squeezed(brightest) / brightest if brightest else 0) / 203
    return 255 * np.clip(np.linalg.solve(BT709, BT2020 @ light), 0, 1) ** (1 / 2.4)


def as_pixels(*colours):
    """Code values from 0 to 1 as a picture of one row."""
    return np.rint(np.clip([colours], 0, 1) * 65535).astype(np.uint16)


def mapped_nits(nits, curve):
    """What becomes of a colour, by way of the curve's signal."""
    return tone_map(as_pixels(codes_of(nits, curve)), curve)[0, 0].astype(int)


def grey(code, curve):
    (levels,) = tone_map(as_pixels([code] * 3), curve)[0]
    return levels.mean()


def luminance_of(level):
    """Nits on a screen whose white is 203 nits, BT.1886."""
    return 203 * (level / 255) ** 2.4


# Curves.


def test_the_arithmetic_of_this_file_gives_the_values_in_print():
    # ST 2084 as quoted in BT.2408 and in the manual of the Python package "colour".
    assert pq_code(100) == pytest.approx(0.508078421517399, abs=1e-12)
    printed = {0: 0.0, 1: 0.1499, 203: 0.5807, 1000: 0.7518, 10_000: 1.0}
    for nits, code in printed.items():
        assert pq_code(nits) == pytest.approx(code, abs=1e-4)
    # HLG: reference white is 75 %, a twelfth of the scene's light 50 %.
    assert hlg_codes([203] * 3)[0] == pytest.approx(0.75, abs=1e-3)
    assert hlg_codes([1000 / 12**1.2] * 3)[0] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("curve", "percent", "nits"),
    [
        # BT.2408, table 1: the grey card, two charts and reference white.
        ("PQ", 38, 26), ("PQ", 56, 162), ("PQ", 57, 179), ("PQ", 58, 203),
        ("HLG", 38, 26), ("HLG", 71, 162), ("HLG", 73, 179), ("HLG", 75, 203),
    ],
)  # fmt: skip
def test_signals_of_the_standard_s_table_look_as_bright_as_it_says(curve, percent, nits):
    # The table has whole per cents, so what is wanted lies between half of one less and more.
    low, high = (grey((percent + side) / 100, curve) for side in (-0.6, 0.6))
    assert low <= expected_colour([nits] * 3)[0] <= high


@pytest.mark.parametrize(("code", "nits"), [(0.508, 100), (0.581, 203), (0.752, 1000), (0.150, 1)])
def test_pq_codes_in_print_give_the_grey_of_their_nits(code, nits):
    assert grey(code, "PQ") == pytest.approx(expected_colour([nits] * 3)[0], abs=1)


def test_reference_white_is_the_same_grey_in_both_curves():
    assert grey(0.75, "HLG") == pytest.approx(grey(0.5807, "PQ"), abs=0.5)


@pytest.mark.parametrize("curve", CURVES)
def test_brighter_grey_never_looks_darker(curve):
    ramp = np.repeat(np.arange(65536, dtype=np.uint16)[None, :, None], 3, axis=2)
    levels = tone_map(ramp, curve)[0].astype(int)
    assert (np.diff(levels, axis=0) >= 0).all()
    assert len(np.unique(levels[:, 0])) == 256  # nor does it jump


@pytest.mark.parametrize("curve", CURVES)
def test_black_stays_black(curve):
    assert not tone_map(np.zeros((2, 3, 3), np.uint16), curve).any()


@given(st.floats(1000, 9900))
def test_grey_of_1000_nits_and_more_is_white(nits):
    assert mapped_nits([nits * 1.001] * 3, "PQ").tolist() == [255] * 3


def test_the_peak_of_hlg_is_white_and_reference_white_is_not():
    assert grey(1, "HLG") == 255
    assert grey(0.75, "HLG") < 240  # room for what is brighter


@pytest.mark.parametrize("curve", CURVES)
@given(nits=st.floats(0.05, KNEE))
def test_what_is_darker_than_the_knee_keeps_its_luminance(curve, nits):
    level = mapped_nits([nits] * 3, curve).mean()
    assert luminance_of(level - 1) <= nits <= luminance_of(level + 1)


@pytest.mark.parametrize("curve", CURVES)
@given(nits=st.floats(KNEE, 1000))
def test_what_is_brighter_is_compressed_but_never_to_nothing(curve, nits):
    level = mapped_nits([nits] * 3, curve).mean()
    assert luminance_of(level - 1) <= nits
    assert level >= 255 * (KNEE / 203) ** (1 / 2.4) - 1
    assert level == pytest.approx(expected_colour([nits] * 3)[0], abs=1)


# Colours.


@pytest.mark.parametrize("curve", CURVES)
@given(code=st.floats(0, 1))
def test_neutral_stays_neutral(curve, code):
    levels = tone_map(as_pixels([code] * 3), curve)[0, 0].astype(int)
    assert np.ptp(levels) <= 1  # the standard's matrix has four digits


inner = st.tuples(*[st.floats(0.05, 1)] * 3)
"""BT.709 light: colours that both gamuts hold."""


def in_bt2020(light, brightest):
    nits = np.maximum(np.linalg.solve(BT2020, BT709 @ np.array(light)), 0)
    return (nits / nits.max() * brightest).tolist()


@pytest.mark.parametrize("curve", CURVES)
@given(light=inner, brightest=st.floats(1, 900))
def test_every_colour_is_what_the_standards_arithmetic_says(curve, light, brightest):
    nits = in_bt2020(light, brightest)
    assume(max(codes_of(nits, curve)) < 1.001)  # HLG has no signal for blue as bright as that
    got = mapped_nits(nits, curve)
    assert np.abs(got - expected_colour(nits)).max() <= 2


@pytest.mark.parametrize("curve", CURVES)
@given(light=inner, brightest=st.floats(1, 900))
def test_the_order_of_red_green_and_blue_is_kept(curve, light, brightest):
    nits = in_bt2020(light, brightest)
    assume(max(codes_of(nits, curve)) < 1.001)
    levels = mapped_nits(nits, curve)
    ascending = levels[np.argsort(light)]
    assert (np.diff(ascending) >= -1).all()  # a level either way is rounding


@given(light=inner, brightest=st.floats(100, 900))
def test_a_bright_colour_keeps_the_proportions_of_a_dim_one(light, brightest):
    dim, bright = (mapped_nits(in_bt2020(light, nits), "PQ") for nits in (80, brightest))
    if bright.max() == 255:  # a pure colour may be more than the screen has
        return
    proportions = [(levels / levels.max()) ** 2.4 for levels in (dim, bright)]
    assert np.abs(proportions[0] - proportions[1]).max() < 0.04


@pytest.mark.parametrize("curve", CURVES)
def test_pure_primaries_beyond_the_screen_s_are_cut_not_turned_around(curve):
    levels = np.array([mapped_nits(np.eye(3)[k] * 150, curve) for k in range(3)])
    assert (levels.argmax(axis=1) == [0, 1, 2]).all()
    assert (np.sort(levels, axis=1)[:, :2] == 0).all()


@pytest.mark.parametrize("curve", CURVES)
@given(code=st.tuples(*[st.integers(0, 65535)] * 3))
def test_no_signal_is_refused(curve, code):
    levels = tone_map(np.array([[code]], np.uint16), curve)
    assert (levels.shape, levels.dtype) == ((1, 1, 3), np.uint8)


@pytest.mark.parametrize("curve", CURVES)
def test_each_pixel_is_mapped_by_itself(curve):
    picture = np.random.default_rng(1).integers(0, 65536, (7, 5, 3)).astype(np.uint16)
    whole = tone_map(picture, curve)
    alone = [tone_map(picture[y : y + 1, x : x + 1], curve) for y in range(7) for x in range(5)]
    assert np.array_equal(whole.reshape(-1, 3), np.concatenate(alone).reshape(-1, 3))


# Files.


def patches_of(name, **options):
    patches = TRUTH[name]["patches"]
    frames = list(read_frames(FIXTURES / name, "qwen3-vl-plus", tone_map=True, **options))
    return [patch_colours(frame.image, patches) for frame in frames], patches


@pytest.mark.parametrize("resample", ["fast", "reference"])
@pytest.mark.parametrize("name", ["hdr_pq.mp4", "hdr_hlg.mp4"])
def test_patches_of_known_light_look_as_they_should(name, resample):
    found, patches = patches_of(name, resample=resample)
    expected = np.array([expected_colour(patch["nits"]) for patch in patches])
    for colours in found:
        off = np.abs(colours - expected)
        # So close to black, a level is a few thousandths of a nit and lost in 10 bits.
        off[(colours < 16) & (expected < 16)] = 0
        assert off.max() <= 3


def test_the_same_light_looks_the_same_in_pq_and_hlg():
    pq, hlg = (patches_of(name)[0][0] for name in ("hdr_pq.mp4", "hdr_hlg.mp4"))
    assert np.abs(pq - hlg).max() <= 3


@pytest.mark.parametrize("name", ["hdr_pq.mp4", "hdr_hlg.mp4"])
def test_without_it_highlights_and_paper_stay_apart_and_grey_as_the_references_show_them(name):
    patches = TRUTH[name]["patches"]
    frame = next(read_frames(FIXTURES / name, "qwen3-vl-plus"))
    white, highlight = patch_colours(frame.image, patches)[[3, 4]]
    signal = {"hdr_pq.mp4": (0.581, 0.752), "hdr_hlg.mp4": (0.75, 1.0)}[name]
    assert white == pytest.approx([signal[0] * 255] * 3, abs=3)
    assert highlight == pytest.approx([signal[1] * 255] * 3, abs=3)


def test_an_ordinary_video_is_left_as_it_is():
    plain, asked = (
        read_frames(FIXTURES / "ten_bit.mp4", "qwen3-vl-plus", tone_map=flag).collect().data
        for flag in (False, True)
    )
    assert np.array_equal(plain, asked)
