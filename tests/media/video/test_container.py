from __future__ import annotations

import shutil

import pytest

from tests.places import FIXTURES
from vlprep.errors import AudioOnlyError, DecodeError, UnknownCodecError
from vlprep.media.orientation import TrackHeader
from vlprep.media.sniff import FORMATS
from vlprep.media.source import Item, open_item
from vlprep.media.video.container import choose_stream, header_of, open_video

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
