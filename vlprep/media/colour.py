"""High dynamic range to the range of ordinary screens: curves, tone mapping and gamut.

Plain arithmetic on arrays of RGB code values; decoding is in `vlprep.video`. Curves and
constants are those of ITU-R BT.2100-2 (PQ, HLG), BT.2390-11 section 5.4 (tone mapping), BT.2408-7
(reference white) and BT.2087-0 (gamut).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from vlprep.types import Transfer

WHITE_NITS = 203.0
"""Luminance of reference white in HDR (BT.2408), which becomes white on an ordinary screen."""

PEAK_NITS = 1000.0
"""Brightest highlight that is told from white; the nominal peak of HLG and of most PQ masters."""

_Floats = npt.NDArray[np.float32]

_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)  # of BT.2020's primaries
_SCREEN_GAMMA = 2.4  # BT.1886


def tone_map(image: npt.NDArray[np.uint16], transfer: Transfer) -> npt.NDArray[np.uint8]:
    """Map HDR pixels to BT.709: height x width x 3 of 16-bit code values in, of 8 bits out.

    Colours are BT.2020 by the curve `transfer`. What is darker than about half of reference white
    keeps its luminance; what is brighter is compressed, up to `PEAK_NITS`, without a change of hue.

    >>> grey = np.full((1, 1, 3), 65535, np.uint16)
    >>> tone_map(grey, "PQ").tolist()
    [[[255, 255, 255]]]
    """
    nits = _LIGHT[transfer](image)
    brightest = nits.max(axis=-1, keepdims=True)
    gain = np.interp(brightest, *_tone_curve()) / np.maximum(brightest, 1e-6)
    light = (nits * gain.astype(np.float32)) @ _TO_BT709.T / WHITE_NITS
    code = np.clip(light, 0, 1) ** (1 / _SCREEN_GAMMA)
    mapped: npt.NDArray[np.uint8] = np.rint(code * 255).astype(np.uint8)
    return mapped


def _pq_light(image: npt.NDArray[np.uint16]) -> _Floats:
    return _pq_table()[image]


def _hlg_light(image: npt.NDArray[np.uint16]) -> _Floats:
    scene = _hlg_table()[image]
    luminance = np.maximum(scene @ _LUMINANCE, 1e-6)[..., None]
    light: _Floats = PEAK_NITS * luminance**0.2 * scene  # system gamma 1.2 at 1,000 nits
    return light


_LIGHT = {"PQ": _pq_light, "HLG": _hlg_light}


@cache
def _pq_table() -> _Floats:
    """Return the nits of each 16-bit code value."""
    return _pq_to_nits(np.arange(65536) / 65535).astype(np.float32)


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _pq_to_nits(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    power = code ** (1 / _M2)
    return 10000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)


def _nits_to_pq(nits: npt.ArrayLike) -> npt.NDArray[np.float64]:
    power = (np.asarray(nits, np.float64) / 10000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


@cache
def _hlg_table() -> _Floats:
    """Return the light of the scene, 0 to 1, of each 16-bit code value."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    code = np.arange(65536) / 65535
    light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return light.astype(np.float32)


@cache
def _tone_curve() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return nits in and nits out: straight up to a knee, then a spline to reference white."""
    peak = float(_nits_to_pq(PEAK_NITS))
    top = float(_nits_to_pq(WHITE_NITS)) / peak
    knee = 1.5 * top - 0.5
    code = np.linspace(0, 1, 1025)
    t = np.clip((code - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * top
    )
    mapped = np.where(code < knee, code, spline)
    return _pq_to_nits(code * peak), _pq_to_nits(mapped * peak)
