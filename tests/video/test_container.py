from __future__ import annotations

import io
import shutil
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest

from tests.films import numbered
from tests.frames.test_stream import drawn_number
from tests.places import FIXTURES
from vlprep import probe, read_frames
from vlprep.errors import AudioOnlyError, DecodeError, UnknownCodecError
from vlprep.media.orientation import TrackHeader
from vlprep.media.sniff import FORMATS
from vlprep.media.source import Item, open_item
from vlprep.video.container import (
    choose_stream,
    demuxed,
    header_of,
    open_video,
    unreadable,
)
from vlprep.video.decode import scan_clip

MP4 = next(row for row in FORMATS if row.name == "MP4")
MATROSKA = next(row for row in FORMATS if row.name == "Matroska")


def chosen(name):
    with open_item(FIXTURES / name) as item, open_video(item) as container:
        stream, warnings = choose_stream(container, item)
        return stream.index, warnings


def test_the_default_stream_is_chosen_and_the_choice_is_said():
    assert chosen("two_streams.mp4") == (1, ("2 video streams; stream 1 is counted",))
    assert chosen("street.mp4") == (0, ())


@pytest.mark.parametrize(
    ("name", "error"),
    [("audio_only.m4a", AudioOnlyError), ("unknown_codec.mp4", UnknownCodecError)],
)
def test_what_has_no_stream_to_watch(name, error):
    with pytest.raises(error, match=name):
        chosen(name)


def test_only_the_demuxer_that_the_content_calls_for_is_let_in(monkeypatch):
    monkeypatch.setattr(Item, "found", MATROSKA)
    with pytest.raises(DecodeError, match="cannot be read as Matroska"):
        chosen("street.mp4")


@pytest.mark.parametrize("name", ["playlist_named.mp4", "ffconcat_named.mp4"])
def test_a_playlist_opens_nothing_even_when_taken_for_a_video(name, tmp_path, monkeypatch):
    monkeypatch.setattr(Item, "found", MP4)
    shutil.copy(FIXTURES / "street.mp4", tmp_path)
    shutil.copy(FIXTURES / name, tmp_path)
    with (
        pytest.raises(DecodeError),
        open_item(tmp_path / name) as item,
        open_video(item),
    ):
        pass


def test_a_stream_without_a_header_of_its_own_is_upright():
    with open_item(FIXTURES / "street.mp4") as item, open_video(item) as container:
        stream = container.streams.video[0]
        turned = TrackHeader(rotation=90)
        assert header_of(stream, {stream.id: turned}, item) == turned
        assert header_of(stream, {}, item) == TrackHeader()


@pytest.mark.parametrize(
    ("name", "reason", "told"),
    [
        ("clip.mp4", ValueError("odd"), "as MP4: odd; the index (moov) may be missing"),
        ("clip.mov", ValueError(), "as MOV: ValueError; the index (moov) may be missing"),
        ("street.mkv", RuntimeError("odd"), "as Matroska: odd"),
        ("street.mkv", OSError(5, "Input/output error"), "as Matroska: Input/output error"),
    ],
)
def test_the_reason_is_told_and_the_index_where_there_is_one(name, reason, told):
    with open_item(FIXTURES / name) as item:
        assert str(unreadable(item, reason)).endswith(f"cannot be read {told}")


def written(path, codec="mpeg2video", metadata=(), **options):
    with av.open(path, "w") as output:
        stream = output.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.metadata.update(metadata)
        grey = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 99, np.uint8), format="rgb24")
        for _ in range(4):
            output.mux(stream.encode(grey))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("order", "is_interlaced"),
    [("progressive", False), ("tt", True), ("bb", True), ("tb", True), ("bt", True)],
)
def test_every_order_of_fields_is_interlaced(order, is_interlaced, tmp_path):
    path = written(tmp_path / "film.mov", field_order=order)
    assert probe(path).interlaced == is_interlaced


def test_a_video_that_says_it_has_transparency_and_has_none_is_read(tmp_path):
    path = written(tmp_path / "film.mkv", "libx264", metadata={"alpha_mode": "1"})
    path.write_bytes(path.read_bytes().replace(b"ALPHA_MODE", b"alpha_mode"))
    with av.open(path) as container:
        assert container.streams.video[0].metadata["alpha_mode"] == "1"
    assert len(list(read_frames(path, "Qwen/Qwen3-VL-8B-Instruct", nframes=4))) == 4


class LateStream:
    """A container of which PyAV reads some packets and then meets a stream that is new to it."""

    def __init__(self, *parts):
        self.parts = list(parts)

    def demux(self, stream):
        yield from (SimpleNamespace(size=size) for size in self.parts.pop(0))
        if self.parts:
            raise IndexError("list index out of range")


def test_a_stream_that_turns_up_late_does_not_end_the_others():
    with open_item(FIXTURES / "clip.ts") as item:
        packets = demuxed(LateStream([5, 6], [7], [8, 0]), None, item)
        assert [packet.size for packet in packets] == [5, 6, 7, 8, 0]


def test_an_error_without_progress_is_one():
    with open_item(FIXTURES / "clip.ts") as item:
        packets = demuxed(LateStream([5], [], [9]), None, item)
        assert next(packets).size == 5
        with pytest.raises(DecodeError, match="list index out of range"):
            next(packets)


def test_a_size_that_the_header_lies_about_is_not_learnt_from_it():
    content = bytearray((FIXTURES / "clip.mp4").read_bytes())
    place = content.index(b"avc1", content.index(b"stsd")) + 28  # of the width, then the height
    content[place : place + 4] = bytes([0, 16, 0, 16])
    with open_item(bytes(content)) as item:
        assert item.info.size == (180, 320)
        assert scan_clip(item).frame_pixels == 180 * 320


def packets_of(name):
    """Return the packets of a transport stream."""
    content = (FIXTURES / name).read_bytes()
    return [content[start : start + 188] for start in range(0, len(content), 188)]


def pid(packet):
    return int.from_bytes(packet[1:3], "big") & 0x1FFF


TABLES = (0, 0x11, 0x1000)
STREAMS = {
    "joined amid a packet": lambda: b"".join(packets_of("clip.ts"))[70:],
    "as fetched, head and all": lambda: (
        b"HTTP/1.1 200 OK\r\n\r\n" + b"".join(packets_of("clip.ts"))
    ),
    "with error correction": lambda: b"".join(part + bytes(16) for part in packets_of("clip.ts")),
    "by a recorder": lambda: b"IMKH" + bytes(36) + (FIXTURES / "clip.mpg").read_bytes(),
    "without tables": lambda: b"".join(
        part for part in packets_of("clip.ts") if pid(part) not in TABLES
    ),
    "without a table of programmes": lambda: b"".join(
        part for part in packets_of("clip.ts") if pid(part)
    ),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_that_does_not_begin_as_it_should_is_read(kind):
    content = STREAMS[kind]()
    with av.open(io.BytesIO(content)) as container:
        shown = sum(1 for _ in container.decode(video=0))
    info = probe(content)
    assert (info.frame_count, info.warnings) == (shown, ())
    with read_frames(content, "qwen3-vl-plus", fps=5, max_pixels=640 * 640) as frames:
        drawn = [drawn_number(frame.image) for frame in frames]
        assert drawn == list(frames.plan.indices)
        assert (frames.missing, frames.substituted) == (0, 0)


def test_pictures_that_come_long_after_the_sound_are_found():
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts") as output:
        sound, stream = output.add_stream("aac", rate=8000), output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(160):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.pts, silence.sample_rate = 1024 * number, 8000
            output.mux(sound.encode(silence))
        for number in range(30):
            picture = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            picture.pts, picture.time_base = 500 + number, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux([*sound.encode(None), *stream.encode(None)])
    info = probe(file.getvalue())
    assert (info.frame_count, info.size, info.warnings) == (30, (180, 320), ())
    with read_frames(file.getvalue(), "qwen3-vl-plus", fps=5, max_pixels=640 * 640) as frames:
        assert [drawn_number(frame.image) for frame in frames] == list(frames.plan.indices)
