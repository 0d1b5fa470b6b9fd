"""What happens to a source, or to the folder of the results, while a command is at work."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from contextlib import suppress

import pytest

import vlprep
from tests.faults.injected import folding, watching
from tests.faults.writers import SEVERAL, WRITERS, environment, program, run
from tests.places import FIXTURES
from vlprep.errors import VlprepError
from vlprep.media.source import Item

OF_MEDIA = [
    name
    for name, line in WRITERS.items()
    if name != "scan" and {"clip.mp4", "small.png"} & {*line.split()}
]
"""Commands that read media in this process."""


@pytest.fixture(params=[0, 2], ids=["to nothing", "to two thirds"])
def shrinking(request, monkeypatch, tmp_path):
    """Cut each file as soon as its header was read."""
    read = Item.info.fget

    def info(item):
        found = read(item)
        if item.path is not None and item.path.startswith((str(tmp_path), "clip", "small")):
            os.truncate(item.path, os.path.getsize(item.path) * request.param // 3)  # noqa: PTH202
        return found

    monkeypatch.setattr(Item, "info", property(info))


@pytest.mark.parametrize("name", OF_MEDIA)
def test_a_source_that_shrinks_leaves_a_whole_result_or_none(name, shrinking, place):
    ran = run(WRITERS[name].split())
    assert ran.code in (0, 1)
    written = place.written()
    assert not [name for name in written if ".part" in name]
    if ran.code and name not in SEVERAL:
        assert {path: what for path, what in written.items() if what != "folder"} == {}, ran.err


MEDIA = (
    *("photo.jpg", "palette.png", "animated.gif", "animated.png", "animated.webp", "photo.heic"),
    *("photo.avif", "page.tif", "photo.bmp", "photo.jp2", "clip.mp4", "clip.mov", "street.mkv"),
    *("vp9.webm", "mpeg4.avi", "clip.ts", "clip.mpg", "clip.flv", "clip.wmv", "clip.mxf"),
)


@pytest.mark.parametrize("name", MEDIA)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_file_that_shrinks_is_read_as_far_as_it_goes_or_refused(name, shrinking, tmp_path):
    path = shutil.copy(FIXTURES / name, tmp_path)
    with suppress(VlprepError):
        if isinstance(vlprep.probe((FIXTURES / name).read_bytes()), vlprep.ImageInfo):
            vlprep.view_image(path)
        else:
            with vlprep.read_frames(path, fps=5, threads=2) as frames:
                told = sum(1 for _ in frames)
            assert told + frames.missing == len(frames)


# The folder of the results.


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_may_only_be_read_is_told_of_by_the_name_of_the_target(name, place):
    def refuse(_number, what, path):
        if what not in ("listdir", "close"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), *filter(None, [path]))

    with watching(place.folder, refuse):
        ran = run(WRITERS[name].split())
    assert ran.code == 1
    assert "out" in ran.err and "ead-only" in ran.err and ".part" not in ran.err
    assert place.written() == {}


def test_a_mount_that_may_only_be_read(place):
    """The same by a real mount, where this process may make one of its own."""
    words = program(*WRITERS["view"].split())
    mount = 'mount -o bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" && cd "$PWD" || exit 77'
    try:
        ran = subprocess.run(
            ["unshare", "-rm", "sh", "-c", mount + '; exec "$@"', "sh", *words],
            cwd=place.folder, env=environment(), capture_output=True, text=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("no program to make a mount of one's own")
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip("no mount may be made here")
    assert ran.returncode == 1
    assert ran.stderr.startswith("vlprep: out.png: read-only file system")
    assert place.written() == {}


LETTERS = (
    # what is read, and the name of what is written in other letters
    "view small.png -o SMALL.png",
    "compress small.png --always -o Small.PNG",
    "compress clip.mp4 --limit 20kB -o CLIP.MP4",
    "payload small.png --text hi -o SMALL.PNG",
)


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize("line", LETTERS)
def test_where_capitals_are_no_other_letters_a_source_stays(line, force, place):
    with folding(place.folder):
        ran = run([*line.split(), *force])
    assert ran.code == 1
    assert "is the source itself" in ran.err
    assert place.hashes() == place.sources
