"""Compressed videos as files: dry runs, targets, interrupts, full disks, and files by others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import av
import pytest

from tests.films import MODEL, names
from tests.leftovers import threads_since
from tests.places import FIXTURES, REAL_MEDIA
from vlprep import compress_video, read_frames
from vlprep.errors import ByteLimitError, ConstraintError, DecodeError, VlprepError
from vlprep.video.reader import FrameReader


def test_what_fits_is_copied_to_the_byte(tmp_path):
    source, target = FIXTURES / "clip.mp4", tmp_path / "a.mp4"
    done = compress_video(source, target, MODEL)
    assert (done.action, done.passes, done.ratio, done.dropped) == ("unchanged", 0, 1, ())
    assert target.read_bytes() == source.read_bytes()
    done = compress_video(source.read_bytes(), target, MODEL, overwrite=True)
    assert (done.action, done.source) == ("unchanged", "<bytes>")


def test_a_dry_run_writes_nothing_and_knows_what_it_can(tmp_path):
    source = FIXTURES / "street.mp4"
    plan = compress_video(source, tmp_path / "a.mp4", MODEL, limit=90_000, dry_run=True)
    done = compress_video(source, tmp_path / "a.mp4", MODEL, limit=90_000)
    for fact in ("action", "reason", "size_after", "duration_after", "frames_after", "limit"):
        assert getattr(plan, fact) == getattr(done, fact)
    assert (plan.target, plan.bytes_after, plan.ratio) == (None, None, None)
    assert plan.tokens_after.total == done.tokens_after.total
    full = compress_video(source, None, MODEL, limit=90_000, keep="full", dry_run=True)
    assert (full.action, full.frames_after, full.size_after) == ("compressed", 300, None)
    assert repr(full).endswith("street.mp4, compressed, MP4, 154,147 to ? bytes)")


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_the_source_is_no_target_by_any_name(tmp_path, link):
    source, other = tmp_path / "a.mp4", tmp_path / "b.mp4"
    shutil.copy(FIXTURES / "clip.mp4", source)
    link(source, other)
    for target in (source, other):
        for limit in (None, 19_000):
            with pytest.raises(FileExistsError, match="is the source itself"):
                compress_video(source, target, MODEL, limit=limit, overwrite=True)
    assert source.read_bytes() == (FIXTURES / "clip.mp4").read_bytes()


def test_nothing_is_overwritten_unasked(tmp_path):
    target = tmp_path / "a.mp4"
    target.write_bytes(b"earlier")
    with pytest.raises(FileExistsError, match="exists already"):
        compress_video(FIXTURES / "clip.mp4", target, MODEL)
    assert target.read_bytes() == b"earlier"


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("a.mkv", {}, "use the ending .mp4"),
        ("a.mp4", {"limit": 0}, "above 0 bytes"),
        ("a.mp4", {"keep": "half"}, "keep must be"),
        (None, {}, "a target is needed"),
    ],
)
def test_requests_that_cannot_be(tmp_path, target, options, message):
    path = tmp_path / target if target else None
    with pytest.raises(ConstraintError, match=message):
        compress_video(FIXTURES / "clip.mp4", path, MODEL, **options)


@pytest.mark.parametrize(
    ("keep", "what"),
    [
        ("model-view", "encoding"),
        ("model-view", "pass 1 of 2"),
        ("model-view", "pass 2 of 2"),
        ("full", "pass 1 of 2"),  # a full video goes straight to two passes
        ("full", "pass 2 of 2"),
    ],
)
def test_an_interrupt_leaves_nothing(tmp_path, keep, what):
    def interrupt(frames, total, doing):
        for done, frame in enumerate(frames):
            if doing == what and done == 3:
                raise KeyboardInterrupt
            yield frame

    request = {"limit": 60_000, "keep": keep, "watch": interrupt}
    with threads_since(), pytest.raises(KeyboardInterrupt):
        compress_video(FIXTURES / "street.mp4", tmp_path / "a.mp4", MODEL, **request)
    assert names(tmp_path) == []


def test_the_frames_pass_by_whoever_watches(tmp_path):
    seen = []

    def watch(frames, total, doing):
        seen.append((doing, total))
        return frames

    compress_video(FIXTURES / "street.mp4", tmp_path / "a.mp4", MODEL, limit=60_000, watch=watch)
    assert seen[:3] == [("encoding", 20), ("pass 1 of 2", 20), ("pass 2 of 2", 20)]


@pytest.mark.parametrize("keep", ["model-view", "full"])
def test_a_full_disk_leaves_nothing(tmp_path, keep):
    script = (
        "import resource, signal, sys\n"
        "from vlprep import compress_video\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "try:\n"
        "    compress_video(sys.argv[1], sys.argv[2], limit=100_000, keep=sys.argv[3])\n"
        "except OSError as error: print(error.filename)\n"
    )
    target = tmp_path / "a.mp4"
    source = FIXTURES / "street.mp4"
    ran = subprocess.run(
        [sys.executable, "-c", script, str(source), str(target), keep],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == str(target)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["audio_only.mp3", "encrypted.mp4", "photo.jpg", "random.bin"])
def test_what_is_no_video_is_refused(tmp_path, name):
    with pytest.raises(VlprepError):
        compress_video(FIXTURES / name, tmp_path / "a.mp4", MODEL)
    assert names(tmp_path) == []


REAL = sorted((REAL_MEDIA / "video").glob("*")) if (REAL_MEDIA / "video").is_dir() else []
QUICK = [path for path in REAL if path.stat().st_size < 1_250_000]


@pytest.mark.parametrize("limit", [1_000_000, 7_000_000, 10_000_000])
@pytest.mark.parametrize("path", QUICK or [None], ids=lambda path: path and path.stem)
def test_real_videos_get_under_the_limit_or_are_refused_with_a_reason(tmp_path, path, limit):
    if path is None:
        pytest.skip("no real videos here")
    try:
        plan = compress_video(path, None, MODEL, limit=limit, dry_run=True)
        target = tmp_path / f"a{'.mp4' if plan.format == 'MP4' else path.suffix}"
        done = compress_video(path, target, MODEL, limit=limit)
    except VlprepError as error:
        assert path.name in str(error)
        assert names(tmp_path) == []
        return
    assert target.stat().st_size < limit
    assert done.tokens_after.total == done.tokens_before.total
    if done.action != "unchanged":
        assert len(list(read_frames(target, MODEL))) == done.tokens_after.plan.frame_count


@pytest.mark.parametrize("name", ["subsecond.mp4", "one_frame.mp4", "two_frames.mp4", "clip.flv"])
def test_what_could_have_stayed_but_for_its_length_does_not_grow_or_says_so(tmp_path, name):
    source = FIXTURES / name
    done = compress_video(source, tmp_path / "a.mp4", MODEL)
    grown = done.bytes_after > done.bytes_before
    assert grown == any("more than the source's" in warning for warning in done.warnings)
    assert (name == "one_frame.mp4") or not grown


def test_a_video_of_which_nothing_decodes_is_not_copied(tmp_path):
    content = bytearray((FIXTURES / "street.mp4").read_bytes())
    place = content.index(b"mdat") + 4
    content[place:] = bytes(len(content) - place)
    with pytest.raises(DecodeError, match="none of the frames could be decoded"):
        compress_video(bytes(content), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_a_copy_with_a_broken_end_says_so(tmp_path):
    content = bytearray((FIXTURES / "street.mp4").read_bytes())
    content[-2000:] = bytes(2000)
    done = compress_video(bytes(content), tmp_path / "a.mp4")
    assert done.action == "unchanged"
    assert "the last frame cannot be decoded as it should" in done.warnings


@pytest.mark.parametrize("keep", ["model-view", "full"])
def test_an_hour_under_a_limit_that_cannot_be_is_refused_before_anything_is_decoded(
    keep, tmp_path, monkeypatch
):
    film = tmp_path / "hour.mp4"
    picture = av.VideoFrame(64, 48, "yuv420p")
    with av.open(film, "w") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(2 * 3599):
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    monkeypatch.setattr(FrameReader, "__init__", None)  # whoever decodes makes one
    before = hash(film.read_bytes())
    with pytest.raises(ByteLimitError, match="cannot be brought under 20,000 bytes"):
        compress_video(film, tmp_path / "new.mp4", limit=20_000, keep=keep)
    assert [path.name for path in tmp_path.iterdir()] == ["hour.mp4"]
    assert hash(film.read_bytes()) == before
