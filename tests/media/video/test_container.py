from __future__ import annotations

import shutil

import pytest

from tests.places import FIXTURES
from vlprep.errors import AudioOnlyError, DecodeError, UnknownCodecError
from vlprep.media.orientation import TrackHeader
from vlprep.media.sniff import FORMATS
from vlprep.media.source import open_source
from vlprep.media.video.container import choose_stream, header_of, open_video

MP4 = next(row for row in FORMATS if row.name == "MP4")
MATROSKA = next(row for row in FORMATS if row.name == "Matroska")


def chosen(name, found=MP4):
    with open_source(FIXTURES / name) as opened, open_video(opened, found) as container:
        stream, warnings = choose_stream(container, opened, found)
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


def test_only_the_demuxer_that_the_content_calls_for_is_let_in():
    with pytest.raises(DecodeError, match="cannot be read as Matroska"):
        chosen("street.mp4", MATROSKA)


@pytest.mark.parametrize("name", ["playlist_named.mp4", "ffconcat_named.mp4"])
def test_a_playlist_opens_nothing_even_when_taken_for_a_video(name, tmp_path):
    shutil.copy(FIXTURES / "street.mp4", tmp_path)
    shutil.copy(FIXTURES / name, tmp_path)
    with (
        pytest.raises(DecodeError),
        open_source(tmp_path / name) as opened,
        open_video(opened, MP4),
    ):
        pass


def test_a_stream_without_a_header_of_its_own_is_upright():
    with open_source(FIXTURES / "street.mp4") as opened, open_video(opened, MP4) as container:
        stream = container.streams.video[0]
        turned = TrackHeader(rotation=90)
        assert header_of(stream, {stream.id: turned}, MP4) == turned
        assert header_of(stream, {}, MP4) == TrackHeader()
