"""Files under a limit: how well they fill it, and what happens when nothing fits."""

from __future__ import annotations

from fractions import Fraction
from itertools import repeat

import numpy as np
import pytest

from tests.films import MODEL, VARIABLE, film, names, squeeze
from tests.places import FIXTURES
from vlprep import compress_video
from vlprep.compress.video_search import WORST_CRF, NewClip, encode_under
from vlprep.errors import ByteLimitError
from vlprep.types import ImageSize
from vlprep.video.encode import (
    LEAST_FILE_BYTES,
    LEAST_FRAME_BYTES,
    ClipShape,
    Quality,
    encode_video,
)


@pytest.mark.parametrize("share", [0.9, 0.6, 0.35, 0.2])
@pytest.mark.parametrize("keep", ["model-view", "full"])
@pytest.mark.parametrize("rate", [Fraction(24), Fraction(60000, 1001), VARIABLE])
def test_two_passes_fill_the_limit_and_stay_under_it(tmp_path, rate, keep, share):
    source, target = film(rate), tmp_path / "a.mp4"
    if keep == "full":
        limit = round(source.stat().st_size * share * 0.5)
    else:
        squeeze(source, target)
        limit = round(target.stat().st_size * share)
    done = compress_video(source, target, MODEL, limit=limit, keep=keep, overwrite=True)
    assert done.bit_rate is not None
    assert 0.85 <= target.stat().st_size / limit < 1
    assert done.bytes_after == target.stat().st_size


@pytest.mark.parametrize("keep", ["model-view", "full"])
def test_a_limit_that_cannot_be_met_leaves_nothing(tmp_path, keep):
    with pytest.raises(ByteLimitError) as caught:
        compress_video(FIXTURES / "clip.mp4", tmp_path / "a.mp4", MODEL, limit=900, keep=keep)
    assert caught.value.limit == 900
    assert caught.value.smallest >= 900
    assert names(tmp_path) == []


def test_the_worst_quality_is_the_last_resort(tmp_path):
    source, target = FIXTURES / "street.mp4", tmp_path / "a.mp4"
    with pytest.raises(ByteLimitError) as caught:
        compress_video(source, target, MODEL, limit=1_600)
    limit = caught.value.smallest * 21 // 20  # x264's files of the same frames differ a little
    done = compress_video(source, target, MODEL, limit=limit)
    assert done.crf == WORST_CRF and done.bytes_after < limit


def test_a_clip_that_may_grow_does_so_rather_than_lose_its_quality(tmp_path):
    done = compress_video(FIXTURES / "one_frame.mp4", tmp_path / "a.mp4", MODEL)
    assert done.bytes_after > done.bytes_before
    assert done.crf < WORST_CRF


def test_without_a_size_to_try_there_is_none_that_fits(tmp_path):
    clip = NewClip(open_stream=lambda size: None, frame_count=4, rate=Fraction(2), sizes=())
    with pytest.raises(ByteLimitError, match="cannot be brought under 900 bytes"):
        encode_under(clip, tmp_path / "a.mp4", source="a.mov", limit=900)


@pytest.mark.parametrize("keep", ["model-view", "full"])
def test_what_nothing_can_reach_is_refused_before_anything_is_decoded(keep, monkeypatch, tmp_path):
    monkeypatch.setattr("vlprep.video.decode.decode_frames", None)  # not to be called
    with pytest.raises(ByteLimitError, match="take at least") as caught:
        compress_video(FIXTURES / "street.mp4", tmp_path / "a.mp4", keep=keep, limit=1500)
    assert not caught.value.tried
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ticks", [(), tuple(range(0, 90_000 * 31, 90_000))])
@pytest.mark.parametrize("side", [2, 64])
def test_no_film_takes_fewer_bytes_than_the_least(side, ticks, tmp_path):
    black = np.zeros((side, side, 3), np.uint8)
    shape = ClipShape(ImageSize(side, side), Fraction(1), ticks=ticks)
    for count in (1, 2, 30):
        path = tmp_path / f"{count}.mp4"
        encode_video(path, repeat(black, count), shape, Quality(51))
        assert path.stat().st_size >= LEAST_FILE_BYTES + LEAST_FRAME_BYTES * count
