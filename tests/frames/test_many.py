"""Many clips at once: the same frames as one by one, in order, whatever happens to some of them."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from tests.leftovers import threads_since
from tests.places import FIXTURES
from vlprep import Frames, MediaFailure, processor, read_frames, read_many
from vlprep.errors import ConstraintError, DecodeError
from vlprep.frames import many
from vlprep.frames.many import are_clips, save_many
from vlprep.view import View

NAMES = ("street.mp4", "no.mp4", "clip.ts", "truncated.mp4", "hevc.mp4", "photo.jpg", "vp9.webm",
         "animated.gif", "encrypted.mp4", "corrupted.mp4")  # fmt: skip
PATHS = [str(FIXTURES / name) for name in NAMES]
FAILED = {"no.mp4", "truncated.mp4", "photo.jpg", "encrypted.mp4"}


@pytest.mark.parametrize("threads", [1, 2, 5, 40, None])
def test_clips_come_in_order_as_if_read_one_by_one(threads):
    with threads_since():
        read = list(read_many(PATHS, fps=1, threads=threads))
        assert [path for path, _ in read] == PATHS
        for name, (path, frames) in zip(NAMES, read, strict=True):
            if name in FAILED:
                assert isinstance(frames, MediaFailure)
                assert frames.source == path
            else:
                alone = read_frames(path, fps=1).collect()
                assert np.array_equal(frames.data, alone.data)
                assert frames.timestamps_seconds == alone.timestamps_seconds
                assert frames.warnings == alone.warnings


def test_what_is_to_be_known_of_frames_comes_with_them():
    _, frames = next(read_many(FIXTURES / "corrupted.mp4", "Qwen/Qwen3-VL-8B-Instruct", fps=10))
    assert any("broken in the file" in warning for warning in frames.warnings)
    assert Frames(frames.data, frames.timestamps_seconds).warnings == ()


def test_one_alone_and_none():
    ((source, frames),) = processor(fps=1).frames_many(FIXTURES / "clip.mp4")
    assert (source, len(frames)) == (FIXTURES / "clip.mp4", 4)
    assert list(read_many([])) == []
    content = (FIXTURES / "clip.mp4").read_bytes()
    ((source, frames),) = read_many(content, fps=1)
    assert source is content


def test_options_hold_for_all_and_a_wrong_one_is_told_of_each():
    read = [frames for _, frames in read_many([FIXTURES / "clip.mp4"] * 2, resample="none")]
    assert [type(failure.error) for failure in read] == [ConstraintError, ConstraintError]
    with pytest.raises(ConstraintError, match="threads must be 1 or more"):
        read_many([], threads=0)


@pytest.mark.parametrize("memory", [0, 1_000_000])
def test_however_little_room_there_is_all_come(memory):
    paths = [FIXTURES / "street.mp4"] * 4
    read = [len(frames) for _, frames in read_many(paths, fps=5, threads=3, memory=memory)]
    assert read == [50] * 4


def test_frames_wait_within_the_room(monkeypatch):
    made, taken, most = [], 0, 0
    stream_frames = many.stream_frames

    def counted(*args, **how):
        stream = stream_frames(*args, **how)
        inner = stream._frames
        stream._frames = (made.append(1) or frame for frame in inner)
        return stream

    monkeypatch.setattr(many, "stream_frames", counted)
    one = 352 * 640 * 3
    for _, frames in read_many([FIXTURES / "street.mp4"] * 6, fps=2, threads=3, memory=8 * one):
        taken += len(frames)
        time.sleep(0.1)
        most = max(most, len(made) - taken)
    assert taken == 120
    assert 0 < most <= 8 + 2 + 3  # two of the clip whose turn it is, and one in each hand


def test_an_error_amid_a_clip_is_its_own(monkeypatch):
    stream_frames = many.stream_frames

    def breaks(source, *args, **how):
        stream = stream_frames(source, *args, **how)
        if "hevc" in str(source):
            stream._frames = broken(stream._frames)
        return stream

    def broken(frames):
        yield next(frames)
        raise DecodeError("hevc.mp4", "cannot be read any further")

    monkeypatch.setattr(many, "stream_frames", breaks)
    paths = [FIXTURES / name for name in ("clip.mp4", "hevc.mp4", "street.mp4")]
    read = [frames for _, frames in read_many(paths, fps=1, threads=2)]
    assert [type(frames) for frames in read] == [Frames, MediaFailure, Frames]
    assert read[1].code == "damaged"


def test_a_mistake_of_ours_is_no_failure_of_a_file(monkeypatch):
    monkeypatch.setattr(many, "stream_frames", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(read_many(PATHS))


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_closing_early_ends_the_threads(taken):
    with threads_since():
        read = read_many([FIXTURES / "street.mp4"] * 20, fps=10, threads=3)
        for _ in range(taken):
            next(read)
        read.close()


# Into folders.


def test_each_clip_gets_a_folder_of_its_own(tmp_path):
    names = ["clip.mp4", "no.mp4", "clip.mov", "street.mp4"]
    paths = [str(FIXTURES / name) for name in names]
    saved = list(save_many(paths, tmp_path / "out", View.of(fps=1), threads=3))
    assert isinstance(saved.pop(1), MediaFailure)
    assert [clip.source for clip in saved] == [paths[0], paths[2], paths[3]]
    assert [len(clip.records) for clip in saved] == [4, 4, 10]
    folders = [tmp_path / "out" / name for name in ("clip", "clip-2", "street")]
    assert [clip.folder for clip in saved] == [str(folder) for folder in folders]
    assert sorted((tmp_path / "out").iterdir()) == sorted(folders)
    for clip, folder in zip(saved, folders, strict=True):
        manifest = json.loads((folder / "manifest.json").read_text())
        assert clip.to_dict() == {**manifest, "folder": str(folder)}


def test_what_is_there_is_not_overwritten_unasked(tmp_path):
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "notes.txt").write_text("mine")
    paths = [FIXTURES / "clip.mp4", FIXTURES / "street.mp4"]
    refused, saved = save_many(paths, tmp_path, View.of(fps=1))
    assert isinstance(refused.error, FileExistsError)
    assert len(saved.records) == 10
    again = list(save_many(paths, tmp_path, View.of(fps=1), overwrite=True))
    assert [len(clip.records) for clip in again] == [4, 10]


def test_closing_early_leaves_nothing_half_done(tmp_path):
    with threads_since():
        paths = [FIXTURES / "clip.mp4", *[FIXTURES / "street.mp4"] * 6]
        saved = save_many(
            paths, tmp_path, View.of(fps=10, max_frames=2000), threads=3, format="png"
        )
        next(saved)
        saved.close()
    for folder in tmp_path.iterdir():  # those that were done
        assert (folder / "manifest.json").exists(), folder


def test_which_lists_are_of_clips():
    clip, gif, photo = (FIXTURES / name for name in ("clip.mp4", "animated.gif", "photo.jpg"))
    assert are_clips([photo, clip])
    assert are_clips([photo, gif])
    assert are_clips([FIXTURES / "truncated.mp4"])  # though nobody can read it
    assert not are_clips([photo, photo, "missing.mp4"])
