"""Which files of a folder are media, in which order, and what is passed over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import vlprep
from tests.places import FIXTURES
from vlprep.media.folders import as_folder, is_companion, media_files, walk


@pytest.fixture
def phone(tmp_path):
    """A folder as a phone leaves it: media, what stands beside them, and a subfolder."""
    for name, source in {
        "IMG_2.JPG": "photo.jpg", "IMG_10.JPG": "photo.jpg", "no-ending": "photo.jpg",
        "clip.mp4": "clip.mp4", "broken.jpg": "empty.jpg",
    }.items():  # fmt: skip
        shutil.copy(FIXTURES / source, tmp_path / name)
    for stray in ("IMG_2.AAE", ".DS_Store", "._IMG_2.JPG", "notes.txt"):
        (tmp_path / stray).write_text("no medium")
    (tmp_path / "sub").mkdir()
    shutil.copy(FIXTURES / "photo.heic", tmp_path / "sub")
    return tmp_path


OWN = ["IMG_2.JPG", "IMG_10.JPG", "broken.jpg", "clip.mp4", "no-ending"]


def names(files):
    return [Path(file).name for file in files]


def everywhere(folder):
    """The media of a folder and of those in it."""
    return [path for path, is_medium in walk(str(folder), recursive=True) if is_medium]


def test_files_count_by_name_or_content_and_10_comes_after_9(phone):
    assert names(media_files(str(phone))) == OWN
    assert names(everywhere(phone)) == [*OWN, "photo.heic"]


def test_what_names_a_folder(phone):
    assert as_folder(phone) == as_folder(str(phone)) == str(phone)
    assert as_folder(f"FILE://{phone}") == str(phone)
    for other in (phone / "clip.mp4", "no-such", b"photo", "data:image/png;base64,AAAA", 7):
        assert as_folder(other) is None


def test_what_stands_beside_media():
    assert all(map(is_companion, ["a/IMG_1.aae", "Thumbs.db", "._a.jpg", "b.XMP"]))
    assert not any(map(is_companion, ["a.jpg", "aae", "notes.txt", "thumbs.db/a.jpg"]))


# In every verb that takes several files.


def sources(items):
    return names(item.source for item in items)


@pytest.mark.parametrize("form", [str, Path, lambda path: [path], lambda path: f"file://{path}"])
def test_every_verb_of_several_files_takes_the_files_of_a_folder(phone, form):
    given = form(phone)
    assert sources(vlprep.count_many(given)) == OWN
    assert sources(vlprep.check_media(given).files) == OWN
    assert sources(vlprep.fit_images(given).items) == OWN
    plan = vlprep.plan_media(given)
    assert sorted(sources((*plan.files, *plan.failures))) == sorted(OWN)
    assert sources(vlprep.compress_many(given)) == OWN
    assert names(source for source, _ in vlprep.read_many(given, fps=1)) == OWN
    (phone / "broken.jpg").unlink()
    request = vlprep.build_request(given, "What?", check=False)
    assert [part.kind for part in request.parts] == ["image", "image", "video", "image"]


def test_a_folder_of_images_for_the_encoder_is_its_files(tmp_path):
    for number in range(3):
        shutil.copy(FIXTURES / "photo.jpg", tmp_path / f"{number}.jpg")
    made = vlprep.pixel_values(tmp_path, model="Qwen/Qwen3-VL-8B-Instruct")
    assert sources(made.parts) == ["0.jpg", "1.jpg", "2.jpg"]


def test_a_folder_without_media_is_a_failure_and_not_nothing(tmp_path):
    (tmp_path / "notes.txt").write_text("no medium")
    (failure,) = vlprep.count_many(tmp_path)
    assert (failure.source, failure.message) == (
        str(tmp_path),
        "a folder without an image or a video in it",
    )
    assert not vlprep.check_media(tmp_path).passes()


def test_a_folder_that_may_not_be_read_is_told(phone, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if Path(path).name == "sub":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = everywhere(phone)
    assert names(found) == [*OWN, "sub"]
    assert names(media_files(str(phone / "sub"))) == ["sub"]
    monkeypatch.setattr(Path, "iterdir", lambda path: os.scandir(path))
    *_, failure = vlprep.count_many(found)
    assert (failure.code, Path(failure.source).name) == ("permission_denied", "sub")


def test_frames_of_a_video_where_that_is_said(tmp_path):
    for number in range(4):
        shutil.copy(FIXTURES / "photo.jpg", tmp_path / f"{number}.jpg")
    listed, files = vlprep.frame_list(tmp_path), media_files(str(tmp_path))
    for one in (listed, files):  # inside the list of items, a list is one as well
        assert [count.kind for count in vlprep.count_many([one])] == ["video"]
        assert [file.kind for file in vlprep.check_media([one]).files] == ["frame list"]
        assert vlprep.plan_media([one]).files[0].frames == 4
        assert [part.kind for part in vlprep.build_request([one], "?").parts] == ["frames"]
    ((source, frames),) = vlprep.read_many([listed], fps=1)
    assert source is listed and len(frames) == 4
    assert vlprep.count_tokens(tmp_path).kind == "video"  # of a single source nothing else is meant


def test_a_single_file_is_no_list_of_frames():
    with pytest.raises(vlprep.VlprepError, match="neither a list of images nor a folder"):
        vlprep.frame_list(FIXTURES / "photo.jpg")


def test_folders_nested_deeper_than_python_calls_are_walked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("d")  # noqa: PTH102 (the whole path is too long for some systems)
        os.chdir("d")
    Path("a.jpg").write_bytes(b"x")
    os.chdir(tmp_path)
    try:
        (found,) = everywhere(".")
    finally:  # or nobody could clear them away who calls himself for each
        os.chdir("/".join("d" * 1200))
        Path("a.jpg").unlink()
        for _ in range(1200):
            os.chdir("..")
            os.rmdir("d")  # noqa: PTH106
    assert found.count("/d") == 1200
