"""The resampler: equal to a plain twin in whole numbers, and to the references' recorded bytes."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.patterns import pattern
from tests.places import GOLDEN, SHARED
from tests.reference.resample import twin
from vlprep import ImageSize, resample
from vlprep.errors import ConstraintError
from vlprep.maths import resample as module
from vlprep.maths.resample import KERNELS
from vlprep.maths.windows import axis_of, blocks_of, runs_of

sides = st.integers(1, 60)
kernels = st.sampled_from(sorted(KERNELS))


@given(sides, sides, sides, sides, kernels, st.sampled_from(["noise", "checker"]))
@settings(max_examples=150, deadline=None)
def test_equals_a_plain_twin(h, w, to_h, to_w, kernel, name):
    picture = pattern(name, h * 61 + w, h, w, 3)
    size = ImageSize(to_h, to_w)
    assert np.array_equal(resample(picture, size, kernel), twin(picture, size, kernel))


@pytest.mark.parametrize("kernel", sorted(KERNELS))
@pytest.mark.parametrize(
    ("size", "to"),
    [
        ((1, 1), (50, 50)),
        ((1, 200), (28, 5600)),
        ((200, 1), (5600, 28)),
        ((700, 500), (7, 5)),
        ((2000, 9), (20, 450)),
        ((3, 4), (150, 200)),
        ((2100, 3), (21, 3)),
        ((90, 1700), (90, 17)),
        ((301, 2), (300, 4)),
    ],
)
def test_equals_the_twin_at_extremes(kernel, size, to):
    picture = pattern("checker", 7, *size, 3)
    found = resample(picture, ImageSize(*to), kernel)
    assert np.array_equal(found, twin(picture, ImageSize(*to), kernel))


@given(sides, sides, sides, sides, st.integers(1, 4), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_threads_channels_and_memory_order_change_nothing(h, w, to_h, to_w, channels, threads):
    picture = pattern("noise", h + w, h, w, channels)
    size = ImageSize(to_h, to_w)
    alone = resample(picture, size)
    other_order = np.asfortranarray(picture)
    assert np.array_equal(resample(other_order, size, threads=threads), alone)
    for channel in range(channels):
        one = resample(picture[..., channel : channel + 1], size)
        assert np.array_equal(one[..., 0], alone[..., channel])


def test_planes_are_the_picture_and_room_that_is_used_again_changes_nothing():
    how = module.Resampler.of(ImageSize(97, 131), ImageSize(40, 260))
    for seed in range(3):
        picture = pattern("noise", seed, 97, 131, 3)
        planes = module.Planes(tuple(np.asfortranarray(picture[..., c]) for c in range(3)))
        wanted = twin(picture, (40, 260), "torch")
        for by_colour in (False, True):
            found = how.picture(planes, by_colour=by_colour)
            assert np.array_equal(found, wanted)
            assert found.flags.c_contiguous != by_colour
        grey = how.picture(module.Held(picture[..., 1:2]))
        assert np.array_equal(grey, wanted[..., 1:2])


@pytest.mark.parametrize("rows", [1, 7, 28, 1000])
@pytest.mark.parametrize("to", [(150, 260), (311, 90), (20, 13), (97, 131), (97, 13)])
def test_the_height_of_bands_changes_nothing(rows, to):
    picture = pattern("noise", 3, 97, 131, 3)
    whole = resample(picture, ImageSize(*to))
    made = np.zeros_like(whole)

    def place(first, band):
        made[first : first + len(band)] = band.transpose(0, 2, 1)

    how = module.Resampler.of(ImageSize(97, 131), ImageSize(*to))
    how.run(module.Held(picture), rows, place, threads=3)
    assert np.array_equal(made, whole)


@given(sides, sides, sides, sides, st.integers(0, 255), kernels)
@settings(max_examples=60, deadline=None)
def test_one_colour_stays_one_colour(h, w, to_h, to_w, level, kernel):
    picture = np.full((h, w, 3), level, np.uint8)
    assert (resample(picture, ImageSize(to_h, to_w), kernel) == level).all()


@given(sides, sides, sides, sides)
@settings(max_examples=60, deadline=None)
def test_a_mirrored_picture_gives_the_mirrored_result(h, w, to_h, to_w):
    picture, size = pattern("noise", h, h, w, 3), ImageSize(to_h, to_w)
    mirrored = resample(picture[:, ::-1], size)[:, ::-1].astype(int)
    assert np.abs(mirrored - resample(picture, size)).max() <= 1  # centres are rounded


def test_the_size_it_has_is_the_picture_itself():
    picture = pattern("noise", 1, 5, 6, 3)
    assert resample(picture, ImageSize(5, 6)) is picture


def test_what_it_refuses():
    with pytest.raises(ConstraintError, match="unknown kernel 'lanczos'; known: torch"):
        resample(np.zeros((2, 2, 3), np.uint8), ImageSize(3, 3), "lanczos")
    with pytest.raises(ValueError, match="sides must be 1 or more"):
        resample(np.zeros((2, 2, 3), np.uint8), ImageSize(0, 3))


@given(st.integers(1, 900), st.integers(1, 900), st.booleans())
@example(1280, 555, True)
@settings(max_examples=40, deadline=None)
def test_blocks_and_runs_hold_every_weight_once(source, target, adapts):
    axis = axis_of(source, target, adapts)
    dense = np.zeros((target, source + axis.weights.shape[1]))
    places = axis.first[:, None] + np.arange(axis.weights.shape[1])
    np.put_along_axis(dense, places, axis.weights * 2.0**-axis.places, axis=1)
    across, down = np.zeros((target, source)), np.zeros((target, source))
    for run in runs_of(axis):
        size = run.matrices.shape[2]
        for k, matrix in enumerate(run.matrices):
            rows = slice(run.first + k * size, run.first + (k + 1) * size)
            start = run.span.start + k * run.step
            assert 0 <= start <= source - len(run.span)
            across[rows, start : start + len(run.span)] += matrix.T
    for block in blocks_of(axis, 28):
        down[block.first : block.end, block.span.start : block.span.stop] += block.matrix
    assert np.array_equal(across, dense[:, :source])
    assert np.array_equal(down, dense[:, :source])


@given(st.integers(1, 900), st.integers(1, 900), st.booleans())
@example(200, 100, True)
@example(101, 50, True)
@settings(max_examples=60, deadline=None)
def test_no_sum_of_products_is_too_large_to_be_exact(source, target, adapts):
    axis = axis_of(source, target, adapts)
    lowest, highest = -axis.shift, 255 - axis.shift
    products = np.stack([axis.weights * lowest, axis.weights * highest])
    sums = (products.max(axis=0).clip(0).sum(axis=1), products.min(axis=0).clip(max=0).sum(axis=1))
    assert max(np.abs(side).max() for side in sums) < 2 ** (np.finfo(axis.dtype).nmant + 1)
    assert axis.shift in (0, 128)


def test_weights_of_the_worked_example():
    axis = axis_of(6, 4, True)
    assert axis.places == 15
    assert axis.weights[1].tolist() == [-1255, 12194, 20323, 2860, -1355]
    assert axis.weights.sum(axis=1).tolist() == [32768, 32767, 32767, 32768]
    assert axis_of(2, 3, True).weights.tolist() == [[17462, -1078], [8192, 8192], [-1078, 17462]]


@pytest.mark.parametrize(("scale", "places"), [(0.9, 14), (1.5, 15), (3, 16), (6, 17), (12, 18)])
def test_places_follow_the_scale(scale, places):
    assert axis_of(int(100 * scale), 100, True).places == places


@pytest.mark.parametrize("name", ["image", "fixtures"])
def test_pictures_of_files_are_those_that_transformers_resizes(name):
    from tests.places import FIXTURES
    from vlprep import read_frames, view_image

    folder = FIXTURES if name == "fixtures" else SHARED / "media" / name
    if not folder.is_dir():
        pytest.skip("real files are not there: ../shared/media")
    golden = json.loads((GOLDEN / "pixel_values" / f"{name}.json").read_text())
    asked = {"model": "Qwen/Qwen3-VL-8B-Instruct", "max_pixels": golden["max_pixels"]}
    checked = 0
    for file, row in golden["files"].items():
        view = view_image(folder / file, **asked)
        if _sha256(view.original) != row["upright"]:
            continue  # another release of a codec
        with read_frames([folder / file] * 2, resample="reference", **asked) as frames:
            (_, frame) = frames
        for image, key in ((view.image, ""), (frame.image, "frame_")):
            assert list(image.shape[:2]) == row[f"{key}size"]
            assert _sha256(image) == row[f"{key}sha256"], file
        checked += 1
    assert checked > len(golden["files"]) / 2


def _sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
