"""The sound of a video: found, encoded anew, kept in step with the pictures."""

from errno import ENOSPC
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.places import FIXTURES
from vlprep.media.source import open_item
from vlprep.types import ImageSize
from vlprep.video.encode import ClipShape, Quality, encode_video
from vlprep.video.sound import has_sound, write_errors, write_sound


def sound_of(path):
    """The samples of a file's sound, the moment of the first one, and its rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in frames])
    return samples, frames[0].time, frames[0].sample_rate


def write(path, name="video_with_audio.mp4", *, start_seconds=0.0, bit_rate=64_000):
    with open_item(FIXTURES / name) as item:
        return write_sound(path, item, bit_rate=bit_rate, start_seconds=start_seconds)


@pytest.mark.parametrize(
    ("name", "heard"), [("video_with_audio.mp4", True), ("clip.mp4", False), ("vfr.mkv", False)]
)
def test_sound_is_found(name, heard):
    with open_item(FIXTURES / name) as item:
        assert has_sound(item) is heard


def test_a_silent_video_gives_no_sound(tmp_path):
    assert write(tmp_path / "sound", "clip.mp4") == 0


def test_it_lasts_as_long_and_sounds_alike(tmp_path):
    path = tmp_path / "sound"
    assert write(path) == path.stat().st_size > 0
    before, _, rate = sound_of(FIXTURES / "video_with_audio.mp4")
    after, start, same_rate = sound_of(path)
    assert (rate, start) == (same_rate, pytest.approx(0, abs=0.05))
    assert len(after) == pytest.approx(len(before), abs=0.05 * rate)

    def loudest(samples):
        """The frequency that is strongest."""
        middle = samples[rate // 2 : rate]
        return np.argmax(np.abs(np.fft.rfft(middle))) * rate / len(middle)

    assert loudest(after) == pytest.approx(loudest(before), rel=0.01)


def test_what_is_heard_before_the_first_frame_is_left_out(tmp_path):
    write(tmp_path / "whole")
    write(tmp_path / "late", start_seconds=0.5)
    whole, _, rate = sound_of(tmp_path / "whole")
    late, _, _ = sound_of(tmp_path / "late")
    assert len(whole) - len(late) == pytest.approx(rate / 2, abs=0.05 * rate)


def wave(
    path, rate, *, begins=0.0, codec="pcm_s16le", seconds=1, container="matroska", shown="mpeg4"
):
    """Write a file whose sound begins late, beside two seconds of pictures from the start."""
    with av.open(str(path), "w", format=container) as output:
        pictures = output.add_stream(shown, rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = output.add_stream(codec, rate=rate, layout="mono")
        grey = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 99, np.uint8), format="rgb24")
        for _ in range(50):
            output.mux(pictures.encode(grey))
        tone = (9000 * np.sin(np.arange(rate * seconds) / 9)).astype(np.int16)
        for start in range(0, len(tone), 1000):
            frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1000], "s16", "mono")
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = start + round(begins * rate)
            output.mux(sound.encode(frame))
        for stream in (pictures, sound):
            output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        *((rate, rate) for rate in (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)),
        (9000, 48000),
        (96000, 48000),
    ],
)
def test_a_rate_that_aac_has_is_kept(rate, written, tmp_path):
    wave(tmp_path / "film.mkv", rate)
    write(tmp_path / "sound", tmp_path / "film.mkv")
    assert sound_of(tmp_path / "sound")[2] == written


def test_sound_that_begins_late_stays_late(tmp_path):
    wave(tmp_path / "film.mkv", 16_000, begins=0.75)
    write(tmp_path / "sound", tmp_path / "film.mkv")
    samples, start, rate = sound_of(tmp_path / "sound")
    silent = start + np.argmax(np.abs(samples) > 0.05 * np.abs(samples).max()) / rate
    assert silent == pytest.approx(0.75, abs=0.1)


def stalled(path, is_shown):
    """Write a stream that breaks off for 15 seconds behind the second one: its sound, and whether
    its pictures as well."""
    with av.open(str(path), "w", format="mpegts") as output:
        pictures = output.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound, packets = output.add_stream("aac", rate=16_000, layout="mono"), []
        for number in range(475):
            if is_shown or not 50 <= number < 425:
                grey = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 250, np.uint8))
                grey.pts, grey.time_base = number, Fraction(1, 25)
                packets += pictures.encode(grey)
            if not 50 <= number < 425:
                tone = np.sin(np.arange(640) / 9).astype(np.float32)[None]
                frame = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
                frame.sample_rate, frame.pts = 16_000, 640 * number
                packets += sound.encode(frame)
        packets += [*pictures.encode(None), *sound.encode(None)]
        output.mux(sorted(packets, key=lambda packet: packet.dts * packet.time_base))


@pytest.mark.parametrize("is_shown", [True, False])
def test_sound_behind_a_long_pause_stays_where_it_is(is_shown, tmp_path):
    stalled(tmp_path / "film.ts", is_shown)
    write(tmp_path / "sound", tmp_path / "film.ts")
    with av.open(str(tmp_path / "sound")) as container:
        times = [frame.time for frame in container.decode(audio=0)]
    assert times[-1] == pytest.approx(19, abs=0.3)
    assert not [time for time in times if 3 < time < 16.5]


def test_a_damaged_packet_of_sound_is_skipped(tmp_path):
    path = tmp_path / "film.mp4"
    data = bytearray((FIXTURES / "video_with_audio.mp4").read_bytes())
    with av.open(str(FIXTURES / "video_with_audio.mp4")) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
    for packet in packets[20:30]:
        data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    assert write(tmp_path / "damaged", path) > 0
    assert write(tmp_path / "whole") > 0
    damaged, _, rate = sound_of(tmp_path / "damaged")
    whole, _, _ = sound_of(tmp_path / "whole")
    assert 0.5 * len(whole) < len(damaged) <= len(whole) + 0.05 * rate


def test_sound_of_a_codec_that_refuses_its_own_settings_is_none(tmp_path):
    content = wave(tmp_path / "film.mkv", 8000, codec="alac").read_bytes()
    settings = bytes.fromhex("00001000 0018280a0e01")  # samples a frame, then ALAC's constants
    assert content.count(settings) == 1
    (tmp_path / "refused.mkv").write_bytes(content.replace(settings, bytes(4) + settings[4:]))
    assert write(tmp_path / "sound", tmp_path / "film.mkv") > 0
    assert write(tmp_path / "none", tmp_path / "refused.mkv") == 0


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (av.error.OSError(ENOSPC, "full"), "No space left on device"),
        (av.error.InvalidDataError(1, "odd"), "the encoder failed"),
    ],
)
def test_errors_of_writing_name_the_file(error, told, tmp_path):
    with (
        pytest.raises(OSError, match="sound") as caught,
        write_errors(tmp_path / "sound"),
    ):
        raise error
    assert told in str(caught.value)
    assert caught.value.filename == str(tmp_path / "sound")


def test_a_bit_rate_is_kept_to(tmp_path):
    sizes = [write(tmp_path / str(rate), bit_rate=rate) for rate in (16_000, 64_000)]
    assert sizes[0] < sizes[1] < 1.5 * 64_000 / 8 * 2  # of 2 s


def test_it_goes_into_a_video_as_it_is(tmp_path):
    sound, film = tmp_path / "sound", tmp_path / "film.mp4"
    write(sound)
    grey = np.full((64, 64, 3), 128, np.uint8)
    shape = ClipShape(ImageSize(64, 64), Fraction(10))
    encode_video(film, [grey] * 20, shape, Quality(30), sound)
    assert np.array_equal(sound_of(film)[0], sound_of(sound)[0])
