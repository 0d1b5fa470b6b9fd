"""Whose fault an error is: the file's, the memory's, the disk's, the caller's, or one of ours."""

import subprocess
import sys
import textwrap
from errno import EIO

import av
import pytest
from PIL import Image

from tests.places import FIXTURES, REPO
from vlprep import compress_image, probe, read_frames, view_image
from vlprep.errors import DecodeError, MemoryLimitError
from vlprep.media import picture, readers
from vlprep.media.image import plugin_errors
from vlprep.media.picture import animation_frames, opened_pixels
from vlprep.media.source import Item, open_item
from vlprep.types import ImageSize
from vlprep.video.container import av_errors, open_video
from vlprep.video.paint import Painter

CLIP = FIXTURES / "clip.mp4"


def raises(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("error", [TypeError("ours"), ValueError("ours"), KeyError("ours")])
def test_a_mistake_of_ours_in_a_video_keeps_its_class(threads, error, monkeypatch):
    monkeypatch.setattr(Painter, "paint", raises(error))
    with pytest.raises(type(error), match="ours") as caught:
        list(read_frames(CLIP, fps=10, threads=threads))
    assert caught.value is error


@pytest.mark.parametrize("read", [view_image, compress_image])
@pytest.mark.parametrize("error", [AttributeError("ours"), ValueError("ours")])
def test_a_mistake_of_ours_in_an_image_keeps_its_class(read, error, monkeypatch):
    monkeypatch.setattr(picture, "layers", raises(error))
    with pytest.raises(type(error), match="ours") as caught:
        read(FIXTURES / "photo.jpg")
    assert caught.value is error


def test_a_mistake_of_ours_in_a_header_keeps_its_class(monkeypatch):
    monkeypatch.setattr("vlprep.media.image._displayed_size", raises(TypeError("ours")))
    with pytest.raises(TypeError, match="ours"):
        probe(FIXTURES / "photo.jpg")
    monkeypatch.setattr("vlprep.video.probe._pixel_shape", raises(TypeError("ours")))
    with pytest.raises(TypeError, match="ours"):
        probe(CLIP)


@pytest.mark.parametrize("error", [ValueError("a caller's"), RuntimeError("a caller's")])
def test_what_a_caller_does_meanwhile_is_not_held_against_the_file(error):
    with pytest.raises(type(error), match="a caller's"), open_item(CLIP) as item, open_video(item):
        raise error
    with (
        pytest.raises(type(error), match="a caller's"),
        open_item(FIXTURES / "animated.gif") as item,
    ):
        for _ in animation_frames(item, range(3), ImageSize(9, 9)):
            raise error


# Memory.


def limited(code, megabytes):
    """Run code in a process that has only so much memory, and return what it prints."""
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_AS, ({megabytes << 20},) * 2)\n"
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code).replace("LIMIT\n", limit)],
        cwd=REPO,
        env={"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr[-500:]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
def test_a_large_picture_and_little_memory_is_not_a_damaged_file(tmp_path):
    Image.new("RGB", (12000, 12000)).save(tmp_path / "big.png", compress_level=1)
    code = f"""
        from vlprep.errors import MemoryLimitError
        from vlprep.media.source import open_item
        from vlprep.media.picture import read_picture
        LIMIT
        with open_item({str(tmp_path / "big.png")!r}) as item:
            try:
                read_picture(item)
            except MemoryLimitError as error:
                print(error.code, error.size[0], error.size[1], error)
        """
    printed = limited(code, 900)
    assert printed.startswith("memory 12000 12000 ")
    assert "memory ran out while a picture of 12000x12000 pixels was decoded" in printed


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
def test_of_no_format_a_lack_of_memory_is_damage(tmp_path):
    big = Image.new("RGB", (4000, 4000))
    for name in ("a.png", "a.jpg", "a.tif", "a.gif", "a.bmp", "a.webp", "a.jp2"):
        big.save(tmp_path / name)
    code = f"""
        import pathlib, resource
        import vlprep
        from vlprep.errors import VlprepError
        for path in sorted(pathlib.Path({str(tmp_path)!r}).iterdir()):
            vlprep.view_image("fixtures/" + {{".jpg": "photo.jpg", ".png": "alpha.png"}}.get(
                path.suffix, "lossless.webp"))
            taken = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * 4096
            for more in (2_000_000, 20_000_000, 60_000_000):
                resource.setrlimit(resource.RLIMIT_AS, (taken + more, -1))
                try:
                    vlprep.view_image(path)
                except VlprepError as error:
                    print(error.code)
                resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        """
    printed = limited(code, 0).split()
    assert printed == ["memory"] * 21


@pytest.mark.parametrize("threads", [1, 4])
def test_memory_that_runs_out_amid_a_video_is_said(threads, monkeypatch):
    monkeypatch.setattr(Painter, "paint", raises(MemoryError()))
    with pytest.raises(MemoryLimitError, match="320x180 pixels") as caught:
        list(read_frames(CLIP, fps=10, threads=threads))
    assert (caught.value.code, caught.value.size) == ("memory", (180, 320))


def test_memory_that_runs_out_in_a_header_is_said(monkeypatch):
    monkeypatch.setattr("vlprep.media.image.describe_image", raises(MemoryError()))
    with pytest.raises(MemoryLimitError, match="while its header was read"):
        probe(FIXTURES / "photo.jpg")


def test_memory_that_runs_out_in_a_picture_of_pillow_s_is_said(monkeypatch):
    monkeypatch.setattr(picture, "layers", raises(MemoryError()))
    with pytest.raises(MemoryLimitError, match=r"<PIL image>: memory ran out .* 30x20 pixels"):
        opened_pixels(Image.new("RGB", (30, 20)))


@pytest.mark.parametrize("error", [MemoryError(), av.error.MemoryError(12, "no memory")])
def test_a_header_that_asks_for_more_memory_than_there_is(error, monkeypatch):
    monkeypatch.setattr(av, "open", raises(error))
    with pytest.raises(MemoryLimitError, match="while its header was read"):
        probe(CLIP)


# What PyAV and Pillow say of a file.


@pytest.mark.parametrize(
    "error",
    [
        av.error.InvalidDataError(1, "odd bytes"),
        ValueError("cannot decode unknown codec"),
        IndexError("list index out of range"),
        RuntimeError("no such thing"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_pyav_says_is_the_file_s_fault(error):
    with (
        Item(CLIP) as item,
        pytest.raises(DecodeError, match="cannot be read as MP4") as caught,
        av_errors(item),
    ):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [MemoryError(), av.error.MemoryError(12, "no memory")])
def test_what_pyav_says_of_memory_is_the_memory_s(error):
    with Item(CLIP) as item, pytest.raises(MemoryLimitError), av_errors(item):
        raise error


class Refusing:
    """A decoder of PyAV that refuses whatever it is given."""

    def __init__(self, decoder):
        self._decoder = decoder

    def __getattr__(self, name):
        return getattr(self._decoder, name)

    decode = raises(ValueError("cannot decode unknown codec"))


def test_a_decoder_that_refuses_all_is_the_file_s_fault(monkeypatch):
    given = "vlprep.video.reader.decoder_of"
    monkeypatch.setattr(given, lambda stream, *_: Refusing(stream.codec_context))
    with pytest.raises(DecodeError, match="cannot decode unknown codec"):
        list(read_frames(CLIP, fps=10, threads=1))


def test_pillow_s_words_are_the_file_s_fault_but_a_disk_s_are_not():
    with pytest.raises(DecodeError, match="damaged PNG file: broken"), plugin_errors("a", "PNG"):
        raise SyntaxError("broken")
    with pytest.raises(OSError, match="Input/output error"), plugin_errors("a", "PNG"):
        raise OSError(EIO, "Input/output error")


@pytest.mark.parametrize("name", ["photo.jpg", "clip.mp4"])
def test_a_disk_that_fails_is_the_system_s_error(name, monkeypatch):
    with Item(FIXTURES / name) as item:
        assert item.found
    monkeypatch.setattr(readers, "_pread", lambda *_: raises(OSError(EIO, "Input/output error"))())
    with pytest.raises(OSError, match="Input/output error") as caught:
        probe(FIXTURES / name)
    assert caught.value.errno == EIO
