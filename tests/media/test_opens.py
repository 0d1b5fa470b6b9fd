"""One opening for each source, whatever is done with it, and never another by its name."""

import io
import shutil
import sys
from contextlib import contextmanager

import av
import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import ImageSize, probe
from vlprep.media.picture import animation_frames, decode_picture
from vlprep.media.source import Item, open_item
from vlprep.video.decode import DecodePlan, damaged_ends, decode_frames, scan_clip
from vlprep.video.paint import Look
from vlprep.video.sound import has_sound, write_sound

LOOK = Look(ImageSize(36, 64))
_opened: list[str] | None = None


def _note(event, arguments):
    if event == "open" and _opened is not None:
        _opened.append(str(arguments[0]))


sys.addaudithook(_note)  # which stays for good


@contextmanager
def opens_of(path):
    """Give a list that holds what Python opens in the block, less what is not `path`."""
    global _opened
    _opened, opened = [], []
    try:
        yield opened
        opened += [name for name in _opened if name == str(path)]
    finally:
        _opened = None


def frames(item, threads, numbers=(0, 40, 120, 299)):
    plan = DecodePlan(scan_clip(item), LOOK, numbers, threads=threads)
    return [frame.image for frame in decode_frames(plan)]


def equal(some, others):
    return len(some) == len(others) and all(map(np.array_equal, some, others))


@pytest.fixture
def street(tmp_path):
    return str(shutil.copy(FIXTURES / "street.mp4", tmp_path / "a.mp4"))


@pytest.mark.parametrize("threads", [1, 4])
def test_a_video_is_opened_once_to_be_probed_scanned_decoded_and_heard(threads, street, tmp_path):
    with opens_of(street) as opened, Item(street) as item:
        assert (item.info.frame_count, len(frames(item, threads))) == (300, 4)
        assert damaged_ends(item) == ()
        assert not has_sound(item)
        write_sound(tmp_path / "none.mp4", item, bit_rate=64_000, start_seconds=0)
    assert opened == [street]


def bitmap(path):
    Image.fromarray(np.arange(64 * 48 * 3, dtype=np.uint8).reshape(48, 64, 3)[..., 0]).save(path)
    return str(path)


@pytest.mark.parametrize("name", ["a.bmp", "a.tif", "a.png", "a.jpg", "a.webp", "a.gif"])
def test_an_image_is_opened_once_to_be_probed_and_decoded(name, tmp_path):
    path = bitmap(tmp_path / name)
    with opens_of(path) as opened, open_item(path) as item:
        assert (item.info.size, decode_picture(item).pixels.shape) == ((48, 64), (48, 64, 3))
    assert opened == [path]


@pytest.mark.parametrize("threads", [1, 4])
def test_a_file_that_takes_the_place_of_a_video_is_not_noticed(threads, street, tmp_path):
    with Item(street) as item:
        expected = frames(item, 1)
    with Item(street) as item:
        assert item.info == probe(street)
        clip = shutil.copy(FIXTURES / "clip.mp4", tmp_path / "b.mp4")
        shutil.move(clip, street)
        assert equal(frames(item, threads), expected)


@pytest.mark.parametrize("name", ["a.bmp", "a.tif"])
def test_a_file_that_takes_the_place_of_an_image_is_not_noticed(name, tmp_path):
    path = bitmap(tmp_path / name)
    with Item(path) as item:
        (tmp_path / name).unlink()
        Image.new("L", (64, 48)).save(path)
        assert decode_picture(item).pixels.max() == 255


@pytest.mark.parametrize("threads", [1, 4])
def test_what_lies_in_memory_gives_the_same_frames_with_any_number_of_threads(threads, street):
    with Item(street) as item:
        expected = frames(item, 1)
    content = (FIXTURES / "street.mp4").read_bytes()
    for source in (content, io.BytesIO(content)):
        with Item(source) as item:
            assert equal(frames(item, threads), expected)


def test_another_working_directory_changes_nothing(monkeypatch):
    monkeypatch.chdir(FIXTURES)
    with Item("animated.gif") as animation, Item("clip.mp4") as clip:
        monkeypatch.chdir("/")
        assert len(list(animation_frames(animation, range(3), LOOK.size))) == 3
        assert len(frames(clip, 4, (0, 59))) == 2


@pytest.mark.parametrize("name", ["clip.mp4", "street.mkv", "mpeg4.avi", "clip.ts"])
def test_ffmpeg_is_asked_for_one_format_and_for_no_protocol(name, monkeypatch):
    asked, really = [], av.open
    monkeypatch.setattr(
        av, "open", lambda *given, **how: asked.append(how["options"]) or really(*given, **how)
    )
    with open_item(FIXTURES / name) as item:
        assert item.info.size
        formats = {item.found.reader}
    assert {options["format_whitelist"] for options in asked} == formats
    assert {options["protocol_whitelist"] for options in asked} == {"none"}
    assert "," not in "".join(formats)
