import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import smart_resize, smart_resize_batch, smart_resize_clip
from vlprep.errors import AspectRatioError, ConstraintError, FrameCountError, ResizeError
from vlprep.maths.geometry import MAX_SIDE, RESIZE_RULES
from vlprep.maths.size_arrays import CHUNK_ROWS, smart_resize_clip_ranges, smart_resize_ranges

GUIDE = {"factor": 28, "min_pixels": 3136, "max_pixels": 1_003_520}
ALL = tuple(RESIZE_RULES)


@pytest.mark.parametrize(
    ("size", "reference", "answer"),
    [
        # Half-way sides go to the even multiple: 70 = 2.5 x 28 to 56, and 98 = 3.5 x 28 to 112.
        pytest.param((70, 700), "docs", (56, 700), id="half-down-to-even"),
        pytest.param((98, 700), "docs", (112, 700), id="half-up-to-even"),
        pytest.param((1022, 630), "docs", (1008, 616), id="half-to-even-twice"),
        # 38 * sqrt(3136 / 1444) is 56.00000000000001 in float64, which is part of the answer.
        pytest.param((38, 38), "docs", (84, 84), id="float-artefact-38"),
        pytest.param((19, 19), "docs", (84, 84), id="float-artefact-19"),
        pytest.param((13, 13), "docs", (56, 56), id="smaller-than-half-a-token"),
        pytest.param((13, 13), "transformers", (56, 56), id="smaller-than-half-a-token-hf"),
        # A side that rounds to 0 makes the guides enlarge, that is shrink, a long picture.
        pytest.param((10, 2000), "docs", (28, 812), id="thin-docs"),
        pytest.param((10, 2000), "transformers", (28, 812), id="thin-transformers"),
        pytest.param((10, 2000), "qwen-vl-utils", (28, 1988), id="thin-qwen-vl-utils"),
        pytest.param((10, 2000), "docs-video", (28, 1988), id="thin-docs-video"),
        pytest.param((50_000, 50_000), "docs", (980, 980), id="beyond-32-bits"),
        pytest.param((299, 69), "docs", (308, 56), id="ratio-changes-by-27-per-cent"),
    ],
)
def test_traps(size, reference, answer):
    assert smart_resize(*size, **GUIDE, reference=reference) == answer


def test_the_order_of_operations_is_the_references_own():
    # Written as side / (beta * factor), the width would be 728.
    assert smart_resize(6400, 3380, **GUIDE) == (1372, 700)


@pytest.mark.parametrize(
    "reference", [name for name in ALL if name not in ("docs", "docs-half-up", "as-is")]
)
def test_200_to_1_passes_and_more_is_refused(reference):
    assert min(smart_resize(28, 5600, **GUIDE, reference=reference)) >= 28
    with pytest.raises(AspectRatioError) as caught:
        smart_resize(28, 5601, **GUIDE, reference=reference)
    assert caught.value.size == (28, 5601)
    assert caught.value.limit == 200


def test_what_is_taken_as_it_is_must_fit():
    limits = {"factor": 28, "min_pixels": 1, "max_pixels": 100}
    assert smart_resize(56, 28_000, **limits, reference="as-is") == (56, 28_000)
    with pytest.raises(ResizeError, match="no multiple of 28"):
        smart_resize(56, 57, **limits, reference="as-is")


def test_the_guides_image_code_has_no_limit_of_the_ratio():
    assert smart_resize(28, 28_000, **GUIDE) == (28, 28_000)


@pytest.mark.parametrize("reference", ["docs", "docs-video", "qwen-vl-utils"])
def test_a_side_shrunk_to_0_is_refused(reference):
    with pytest.raises(ResizeError, match="shrinks a side to 0") as caught:
        smart_resize(61, 7255, factor=28, min_pixels=3136, max_pixels=50_176, reference=reference)
    assert caught.value.size == (61, 7255)


def test_transformers_lifts_such_a_side_to_one_token():
    answer = smart_resize(
        61, 7255, factor=28, min_pixels=3136, max_pixels=50_176, reference="transformers"
    )
    assert answer == (28, 2436)


def test_a_picture_of_13333_to_1_is_refused_by_its_answer_not_its_ratio():
    with pytest.raises(ResizeError):
        smart_resize(15, 200_000, **GUIDE)


@pytest.mark.parametrize("reference", ALL)
@pytest.mark.parametrize("size", [(0, 100), (100, 0), (-1, 100), (MAX_SIDE + 1, MAX_SIDE)])
def test_impossible_sides_are_refused(size, reference):
    with pytest.raises(ResizeError, match="a side must be 1 to") as caught:
        smart_resize(*size, **GUIDE, reference=reference)
    assert caught.value.size == size


def test_the_longest_side_is_2_to_the_26():
    at_most = 67_108_864
    assert smart_resize(at_most, at_most, **GUIDE) == (980, 980)
    assert smart_resize_batch([[at_most, at_most], [at_most, at_most + 1]], **GUIDE).tolist() == [
        [980, 980],
        [0, 0],
    ]


@pytest.mark.parametrize(
    "limits",
    [
        {"factor": 0, "min_pixels": 1, "max_pixels": 10},
        {"factor": 28, "min_pixels": -1, "max_pixels": 10},
        {"factor": 28, "min_pixels": 1, "max_pixels": 0},
        {"factor": 28, "min_pixels": 0, "max_pixels": -1},
    ],
)
def test_impossible_limits_are_refused(limits):
    for reference in ALL:
        with pytest.raises(ConstraintError, match="must be above 0"):
            smart_resize(100, 100, **limits, reference=reference)
        with pytest.raises(ConstraintError, match="must be above 0"):
            smart_resize_batch([[100, 100]], **limits, reference=reference)


def test_only_qwen_vl_utils_refuses_limits_the_wrong_way_round():
    limits = {"factor": 28, "min_pixels": 200_704, "max_pixels": 100_352}
    with pytest.raises(ConstraintError, match="below min_pixels"):
        smart_resize(500, 500, **limits, reference="qwen-vl-utils")
    assert smart_resize(500, 500, **limits, reference="transformers") == (308, 308)


def test_an_unknown_reference_is_a_wrong_argument_and_the_known_are_named():
    with pytest.raises(ValueError, match="qwen-vl-utils"):
        smart_resize(100, 100, **GUIDE, reference="qwen")


# Batches. That they equal their rows is a law: tests/laws/test_resize_laws.py.


def test_a_batch_longer_than_a_chunk_is_the_same_row_by_row():
    sizes = np.array([[1280, 1280], [1080, 1920], [0, 5], [15, 200_000]])
    many = np.tile(sizes, (CHUNK_ROWS // 2 + 3, 1))
    answers = smart_resize_batch(many, **GUIDE)
    assert answers.dtype == np.int64
    assert answers[:4].tolist() == [[980, 980], [728, 1316], [0, 0], [0, 0]]
    assert (answers == np.tile(answers[:4], (CHUNK_ROWS // 2 + 3, 1))).all()


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_any_integers_are_taken_without_overflow(dtype):
    sizes = np.array([[30_000, 20_000], [100, 100]], dtype=dtype)
    expected = [list(smart_resize(30_000, 20_000, **GUIDE)), [112, 112]]
    assert smart_resize_batch(sizes, **GUIDE).tolist() == expected


def test_the_sizes_given_are_not_changed():
    sizes = np.array([[1280, 1280], [0, 7]])
    smart_resize_batch(sizes, **GUIDE)
    assert sizes.tolist() == [[1280, 1280], [0, 7]]


@pytest.mark.parametrize("empty", [[], np.empty((0, 2)), np.empty((0, 2), dtype=np.int64)])
def test_no_sizes_give_no_answers(empty):
    assert smart_resize_batch(empty, **GUIDE).shape == (0, 2)


@pytest.mark.parametrize(
    "sizes", [[1, 2], [[1, 2, 3]], [[1.5, 2.0]], np.ones((2, 2, 2), dtype=int), [["1", "2"]]]
)
def test_what_is_no_table_of_sizes_is_a_wrong_argument(sizes):
    with pytest.raises(ValueError, match=r"\(N, 2\) integer array"):
        smart_resize_batch(sizes, **GUIDE)


# Clips, whose limits are totals over the frames.

SHIPPED = {"factor": 32, "min_pixels": 4096, "max_pixels": 25_165_824}


@pytest.mark.parametrize(
    ("frames", "size", "answer"),
    [
        pytest.param(20, (720, 1280), (704, 1280), id="within"),
        pytest.param(20, (1080, 1920), (832, 1472), id="shrunk"),
        # round(5 / 2) is 2: the budget is compared with 4 frames, 6 are shown.
        pytest.param(5, (2130, 2864), (2144, 2880), id="odd-count-half-to-even"),
        pytest.param(2, (8, 8), (64, 64), id="enlarged-from-one-token"),
    ],
)
def test_clips(frames, size, answer):
    assert smart_resize_clip(frames, *size, **SHIPPED) == answer


def test_a_clip_of_one_frame_is_refused():
    with pytest.raises(FrameCountError) as caught:
        smart_resize_clip(1, 720, 1280, **SHIPPED)
    assert (caught.value.requested, caught.value.available) == (2, 1)


def test_a_clip_is_refused_by_ratio_and_sides_like_an_image():
    with pytest.raises(AspectRatioError):
        smart_resize_clip(4, 64, 64 * 201, **SHIPPED)
    with pytest.raises(ResizeError):
        smart_resize_clip(4, 0, 64, **SHIPPED)


# One size under many ranges.


@given(
    size=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    ranges=st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 90_000)), min_size=1),
    reference=st.sampled_from(sorted(RESIZE_RULES)),
)
def test_many_ranges_give_what_each_gives_alone(size, ranges, reference):
    low, high = zip(*ranges, strict=True)
    rows = smart_resize_ranges(
        *size, factor=28, min_pixels=low, max_pixels=high, reference=reference
    ).tolist()
    for row, (least, most) in zip(rows, ranges, strict=True):
        try:
            alone = smart_resize(
                *size, factor=28, min_pixels=least, max_pixels=most, reference=reference
            )
        except ConstraintError:
            alone = (0, 0)
        assert tuple(row) == alone


@given(
    size=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    totals=st.lists(
        st.tuples(st.integers(1, 20), st.integers(0, 5000), st.integers(1, 900_000)), min_size=1
    ),
)
def test_many_totals_give_what_each_gives_alone(size, totals):
    counts, low, high = zip(*totals, strict=True)
    rows = smart_resize_clip_ranges(
        counts, *size, factor=32, min_pixels=low, max_pixels=high
    ).tolist()
    for row, (count, least, most) in zip(rows, totals, strict=True):
        try:
            alone = smart_resize_clip(count, *size, factor=32, min_pixels=least, max_pixels=most)
        except ConstraintError:
            alone = (0, 0)
        assert tuple(row) == alone


def test_ranges_that_no_reference_takes():
    with pytest.raises(ConstraintError, match="max_pixels"):
        smart_resize_ranges(10, 10, factor=28, min_pixels=0, max_pixels=[100, 0])
    assert smart_resize_ranges(10, 10, factor=28, min_pixels=[], max_pixels=[]).shape == (0, 2)
