"""Videos of just their picked frames, at their own moments."""

from __future__ import annotations

import av
import numpy as np
import pytest

import vlprep
from tests.places import FIXTURES
from tests.screencasts import FILMS
from vlprep.errors import ConstraintError

MODEL, PICK = "qwen3-vl-plus", {"max_gap": 10.0}


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    film = FILMS["cuts"]()
    film.seconds = 30
    return str(film.write(tmp_path_factory.mktemp("talk") / "talk.mp4"))


def read(path):
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [(float(one.time), one.to_ndarray(format="rgb24")) for one in frames]


def test_each_picked_frame_shows_from_its_own_moment(talk, tmp_path):
    picked = vlprep.pick_frames(talk, MODEL, **PICK)
    done = vlprep.compress_video(talk, tmp_path / "out.mp4", MODEL, pick=PICK)
    frames = read(tmp_path / "out.mp4")
    assert [time for time, _ in frames] == pytest.approx(
        [pick.seconds for pick in picked.picks], abs=0.001
    )
    assert done.duration_after == pytest.approx(30, abs=0.01)
    whole = read(talk)
    for (_, small), pick in zip(frames, picked.picks, strict=True):
        large = whole[pick.frame][1]
        assert abs(large.mean() - small.mean()) < 2
    assert done.frames_after == len(picked.picks)


def test_what_the_service_then_samples_is_said(talk):
    done = vlprep.compress_video(talk, None, MODEL, pick=PICK, dry_run=True)
    picked = vlprep.pick_frames(talk, MODEL, **PICK)
    (said,) = [text for text in done.warnings if "sampled at" in text]
    assert f"of the {len(picked.picks)} picked" in said
    assert done.tokens_after.frames == int(said.split("comes to ")[1].split()[0])
    model = "Qwen/Qwen3-VL-8B-Instruct"
    weights = vlprep.compress_video(talk, None, model, pick=PICK, dry_run=True)
    assert any("taken for evenly spread" in text for text in weights.warnings)


def test_a_part_begins_at_its_own_moment(talk, tmp_path):
    how = {"start_seconds": 10, "end_seconds": 20, "pick": PICK}
    done = vlprep.compress_video(talk, tmp_path / "out.mp4", MODEL, **how)
    frames = read(tmp_path / "out.mp4")
    assert frames[0][0] == 0 and frames[-1][0] < 10.2
    assert done.duration_after == pytest.approx(10.1, abs=0.01)


def test_distinct_samples_follow_the_rate(talk):
    few, many = (
        vlprep.compress_video(talk, None, MODEL, fps=fps, pick={"by": "distinct"}, dry_run=True)
        for fps in (0.2, 2)
    )
    assert few.frames_after < many.frames_after


def test_what_cannot_be_picked_from_is_refused(talk, tmp_path):
    with pytest.raises(ConstraintError, match="`pick`"):
        vlprep.compress_video(talk, None, MODEL, pick=PICK, keep="full", dry_run=True)
    photo = str(FIXTURES / "photo.jpg")
    with pytest.raises(ConstraintError, match="is for videos"):
        vlprep.compress_video([photo] * 4, tmp_path / "o.mp4", MODEL, pick=PICK, dry_run=True)
    assert vlprep.compress_file(photo, None, MODEL, pick=PICK, dry_run=True).kind == "image"


def test_many_files_are_picked_from_one_by_one(talk, tmp_path):
    street = str(FIXTURES / "street.mp4")
    done = list(vlprep.compress_many([talk, street], tmp_path / "out", MODEL, pick=PICK))
    for one, source in zip(done, (talk, street), strict=True):
        frames = vlprep.pick_frames(source, MODEL, **PICK).tokens.frames
        assert one.result.frames_after == frames == len(read(one.target))
    assert np.isfinite(done[0].result.ratio)
