from __future__ import annotations

import io
import shutil

import pytest

from tests.places import FIXTURES
from vlprep import MediaUrl, get_model
from vlprep.errors import ConstraintError
from vlprep.models.registry import get_api
from vlprep.payload.items import prepare
from vlprep.payload.urls import data_url
from vlprep.payload.wish import Wish

PHOTO = FIXTURES / "photo.jpg"


def wish(api="dashscope", **asked):
    return Wish(spec=get_model(), api=get_api(api), **asked)


def test_every_kind_of_source_is_an_item():
    content = PHOTO.read_bytes()
    url = data_url(content, "image/png")  # a wrong type: the content tells
    for item in (PHOTO, str(PHOTO), content, io.BytesIO(content), url):
        part = prepare(item, wish(), 1)
        assert part.files[0].address(windows=False) == data_url(content, "image/jpeg")


def test_a_folder_is_a_list_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 1, 2):
        shutil.copy(FIXTURES / "tiny.png", tmp_path / f"{number}.png")
    part = prepare(tmp_path, wish(fps=1.0), 1)
    names = [file.name.rpartition("/")[2] for file in part.files]
    assert (part.kind, names) == ("frames", ["1.png", "2.png", "9.png", "10.png"])


def test_a_url_is_what_its_ending_or_the_caller_says():
    assert prepare("https://e.com/a.mp4", wish(fps=1.0), 1).fps == 1.0
    image = prepare(MediaUrl("https://e.com/a.mp4", "image"), wish(max_pixels=9), 1)
    assert (image.kind, image.fps, image.limits) == ("image", None, {"max_pixels": 9})
    assert image.files[0].mime_type is None and image.tokens is None


def test_frames_of_a_url_cannot_be_taken():
    with pytest.raises(ConstraintError, match="not fetched"):
        prepare("https://e.com/a.mp4", wish(as_frames=True), 1)


def test_what_is_asked_is_done_to_what_it_concerns():
    frames = wish(as_frames=True, fps=1.0)
    assert prepare(FIXTURES / "street.mp4", frames, 1).action == "sampled"
    assert prepare(PHOTO, frames, 1).action == "unchanged"
    assert prepare(FIXTURES / "clip.ts", wish(compress=True), 1).action == "converted"
    assert prepare("https://e.com/a.jpg", wish(compress=True), 1).action == "given"
    listed = prepare([PHOTO, "https://e.com/a.jpg"], wish(compress=True, fps=1.0), 1)
    assert [file.url for file in listed.files] == [None, "https://e.com/a.jpg"]
