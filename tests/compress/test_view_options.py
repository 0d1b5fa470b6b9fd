"""Every option of a view: what is kept is what the view's sampler picks, for the same tokens."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest

from tests.films import MODEL, VARIABLE, WEIGHTS, film, moments, numbers, squeeze
from tests.places import FIXTURES
from vlprep import compress_file, compress_image, compress_video, count_tokens, probe, read_frames
from vlprep.errors import ConstraintError, FrameCountError

STREET, LOUD = FIXTURES / "street.mp4", FIXTURES / "video_with_audio.mp4"
NUMBERED = film(Fraction(30000, 1001), 281)
PARTS = [
    {"start_seconds": 3},
    {"end_seconds": 6.5},
    {"start_seconds": 2.02, "end_seconds": 7.3},
]
OPTIONS = [
    {},
    {"fps": 1},
    {"min_frames": 24},
    {"max_frames": 6},
    {"min_frames": 2, "max_frames": 2},
    {"min_pixels": 200_000},
    {"max_pixels": 40_000},
    {"total_pixels": 400_000},
    {"sampling": "linspace"},
    {"strict": True},
    {"high_res": True},
    {"rules": "api-2026", "fps": 3},
    *PARTS,
    {"start_seconds": 4, "fps": 1, "max_pixels": 50_000},
]
OF_WEIGHTS = [
    {"nframes": 7},
    {"nframes": 2},
    {"nframes": 12, "sampling": "arange"},
    {"rules": "qwen-vl-utils", "nframes": 8},
    {"rules": "qwen-vl-utils", "total_pixels": 400_000},
    {"sampling": "linspace-float32", "max_pixels": 40_000},
    {"start_seconds": 2, "end_seconds": 7, "nframes": 6},
    {"strict": True},
    *PARTS,
]
ASKED = [(MODEL, options) for options in OPTIONS] + [
    (model, options) for model in WEIGHTS for options in OF_WEIGHTS
]


def less_the_part(options):
    return {key: value for key, value in options.items() if not key.endswith("_seconds")}


@pytest.mark.parametrize(("model", "options"), ASKED)
def test_the_frames_are_those_that_the_view_picks(tmp_path, model, options):
    target, rest = tmp_path / "a.mp4", less_the_part(options)
    done = squeeze(NUMBERED, target, model, **options)
    before, after = count_tokens(NUMBERED, model, **options), count_tokens(target, model, **rest)
    assert done.tokens_before == before.tokens
    assert done.tokens_after == after.tokens
    assert after.tokens.visual == before.tokens.visual
    if not before.tokens.text:
        assert after.tokens.total == before.tokens.total
    readable = before.tokens.resized.width >= 256  # the blocks of the numbers survive
    if readable:
        assert numbers(target, model, **rest) == numbers(NUMBERED, model, **options)
    first, *_ = shown = moments(NUMBERED, model, **options)
    assert moments(target, model, **rest) == pytest.approx([m - first for m in shown], abs=1 / 29)


@pytest.mark.parametrize("options", [*OPTIONS[:12], {"end_seconds": 99, "start_seconds": 0}])
@pytest.mark.parametrize("source", ["street.mp4", "photo.jpg"])
def test_what_stays_costs_the_same_by_every_view(tmp_path, source, options):
    path = FIXTURES / source
    done = compress_file(path, tmp_path / source, MODEL, limit=10**7, **options).result
    assert done.action == "unchanged"
    expected = count_tokens(path, MODEL, **options).tokens
    assert done.tokens_before == done.tokens_after == expected
    assert count_tokens(tmp_path / source, MODEL, **options).tokens == expected


@pytest.mark.parametrize("options", PARTS)
def test_a_part_is_a_reason_to_write_a_file_anew(tmp_path, options):
    target = tmp_path / "a.mp4"
    done = compress_video(STREET, target, MODEL, limit=10**7, **options)
    start, end = options.get("start_seconds", 0), options.get("end_seconds")
    part = f"the part from {start:g} s " + ("on" if end is None else f"to {end:g} s")
    assert (done.action, done.reason) == ("converted", f"{part} is wanted")
    said = f"all but {part} dropped: count the result without `start_seconds` and `end_seconds`"
    assert said in done.dropped
    plan = count_tokens(STREET, MODEL, **options).tokens.plan
    assert done.frames_after - plan.frame_count in (0, 1)
    dry = compress_video(STREET, None, MODEL, limit=10**7, dry_run=True, **options)
    assert dry.tokens_after.total == done.tokens_after.total == done.tokens_before.total
    assert dry.dropped == done.dropped[-len(dry.dropped) :]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("video_with_audio.mp4", (0.5, 1.5)),
        ("vfr.mp4", (0.4, 1.6)),
        ("animated.gif", (0.3, 1.0)),
        ("late_start.mp4", (0.5, 1.6)),
    ],
)
def test_the_full_part_is_kept_for_watching(tmp_path, name, part):
    source, target = FIXTURES / name, tmp_path / "a.mp4"
    model, options = WEIGHTS[1], {"start_seconds": part[0], "end_seconds": part[1]}
    done = compress_video(source, target, model, keep="full", route="path", limit=10**6, **options)
    info = probe(target)
    assert info.duration_seconds == pytest.approx(part[1] - part[0], abs=0.15)
    assert done.frames_after == info.frame_count < probe(source).frame_count
    plan = count_tokens(source, model, **options).tokens.plan
    with read_frames(target, model) as after, read_frames(source, model, **options) as before:
        assert after.plan.frame_count == plan.frame_count
        for a, b in zip(after, before, strict=True):
            assert a.image.mean() == pytest.approx(b.image.mean(), abs=3)


def test_the_sound_of_a_part_is_that_of_the_part(tmp_path):
    target = tmp_path / "a.mp4"
    options = {"start_seconds": 0.5, "end_seconds": 1.5, "keep": "full"}
    compress_video(LOUD, target, WEIGHTS[1], limit=10**6, route="path", **options)
    with av.open(str(target)) as container:
        sound = container.streams.audio[0]
        assert float(sound.duration * sound.time_base) == pytest.approx(1.0, abs=0.1)


def test_a_long_video_of_which_a_short_part_is_wanted_is_not_too_long(tmp_path):
    from tests.films import write_film

    source = write_film(tmp_path / "long.mp4", 42, Fraction(1), height=64, width=64)
    model = "qwen-vl-max-2024-12-30"
    with pytest.raises(ConstraintError, match="cut it first"):
        compress_video(source, None, model, dry_run=True)
    done = compress_video(source, None, model, dry_run=True, start_seconds=2, end_seconds=20)
    assert done.tokens_after.total == done.tokens_before.total


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("street.mp4", {"nframes": 8}, ConstraintError),  # the guides sample by a rate only
        ("subsecond.mp4", {"strict": True}, FrameCountError),
        ("street.mp4", {"start_seconds": 60}, ConstraintError),
        ("street.mp4", {"min_pixels": 10**6, "max_pixels": 10**5}, ConstraintError),
        ("photo.jpg", {"min_pixels": 10**6, "max_pixels": 10**5}, ConstraintError),
    ],
)
def test_what_cannot_be_counted_so_cannot_be_compressed_so(tmp_path, name, options, error):
    with pytest.raises(error) as counted:
        count_tokens(FIXTURES / name, MODEL, **options)
    with pytest.raises(error) as caught:
        compress_file(FIXTURES / name, tmp_path / name, MODEL, **options)
    assert str(caught.value) == str(counted.value)
    assert list(tmp_path.iterdir()) == []


def test_options_of_videos_do_nothing_to_images():
    options = {"nframes": 4, "start_seconds": 2, "sampling": "arange", "total_pixels": 99}
    plain = compress_image(FIXTURES / "photo.jpg", MODEL, limit=27_000)
    assert compress_image(FIXTURES / "photo.jpg", MODEL, limit=27_000, **options) == plain


def test_a_clip_of_uneven_rate_from_a_moment_on(tmp_path):
    source, target = film(VARIABLE), tmp_path / "a.mp4"
    done = squeeze(source, target, MODEL, start_seconds=1.5)
    assert numbers(target, MODEL) == numbers(source, MODEL, start_seconds=1.5)
    assert done.tokens_after.total == done.tokens_before.total
