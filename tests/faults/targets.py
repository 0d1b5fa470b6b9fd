"""What is fuzzed: a reader of strangers' bytes, bytes to begin with, and a way to change them.

A run of a target must end in a result or in an error of `vlprep.errors`; whatever else comes out is
a defect. The suite runs a few hundred changed inputs of each, `benchmarks/fuzz.py` as many as one
wants.
"""

from __future__ import annotations

import io
import json
import random
import struct
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import vlprep
from tests.models.folders import QWEN2, QWEN2_VIDEO, QWEN3
from tests.places import FIXTURES
from vlprep import ImageInfo, ImageSize, VideoInfo
from vlprep.errors import VlprepError
from vlprep.media import animation, metadata, mp4, orientation, sniff
from vlprep.reconcile.logs import reconcile_log
from vlprep.refit.body import Body
from vlprep.split.split import read_pieces
from vlprep.video.samples import sample_times
from vlprep.view import View


@dataclass(frozen=True)
class Target:
    """A reader that is fuzzed."""

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = ()
    """What is put in among the changes: what the format gives a meaning."""
    expected: tuple[type[Exception], ...] = (VlprepError,)


def images(content: bytes) -> None:
    """Look at a picture's header, then at its pixels."""
    if isinstance(vlprep.probe(content), ImageInfo):
        vlprep.view_image(content)


def videos(content: bytes) -> None:
    """Count a clip, then decode the first of its frames."""
    if isinstance(vlprep.probe(content), VideoInfo):
        vlprep.count_tokens(content)
        with vlprep.read_frames(content, fps=1) as frames:
            list(islice(frames, 4))


PICTURE = ImageInfo(size=ImageSize(480, 640), format="JPEG")
CLIP = VideoInfo(size=ImageSize(360, 640), frame_count=300, fps=30)


def answers(content: bytes) -> None:
    """Take bytes for an answer with boxes, then for one with events; either may have none."""
    text = content.decode("utf-8", "replace")
    for locate in (partial(vlprep.locate_boxes, PICTURE), partial(vlprep.locate_events, CLIP)):
        try:
            repr(locate(text).to_dict())
        except VlprepError:
            continue


def mp4_headers(content: bytes) -> None:
    """Walk an MP4's boxes, the turns of its tracks and the times of its samples."""
    file = io.BytesIO(content)
    orientation.track_headers(file, "mov")
    orientation.track_headers(file, "matroska")
    for samples in (15, 60):
        sample_times(file, 1, samples)
    list(islice(mp4.tracks(file), 100))


BROKEN_OFF = (EOFError, IndexError, ValueError, struct.error)
"""What the readers of headers say of one that is damaged, which those above them expect."""


def animations(content: bytes) -> None:
    """Read how long each picture of an animation shows, and cut it into parts."""
    for reader in ("GIF", "PNG", "WEBP"):
        try:
            list(islice(animation.parts(io.BytesIO(content), reader), 2000))
        except BROKEN_OFF:
            continue


def names(content: bytes) -> None:
    """Recognise a format, and the turn that a block of EXIF asks for."""
    sniff.sniff(content)
    metadata.exif_orientation(content)
    metadata.exif_orientation(b"Exif\0\0" + content)


@cache
def folder() -> Path:
    """Return a folder for those readers that take a file; it goes with the process."""
    made = tempfile.TemporaryDirectory(prefix="vlprep-fuzz-")
    _FOLDERS.append(made)
    return Path(made.name)


_FOLDERS: list[Any] = []


def written(name: str, content: bytes) -> Path:
    path = folder() / name
    path.write_bytes(content)
    return path


def model_files(content: bytes) -> None:
    """Take bytes for a model in TOML and count with it."""
    model = vlprep.load_model_file(written("own.toml", content))
    count_with(model)


def model_folders(content: bytes) -> None:
    """Take bytes for the configuration of open weights and count with it."""
    count_with(vlprep.load_model_file(written("preprocessor_config.json", content)))


def count_with(model: Any) -> None:
    for count in (
        lambda: vlprep.image_tokens((480, 640), model),
        lambda: vlprep.video_tokens(CLIP, model),
    ):
        try:
            count()
        except VlprepError:
            continue


def rows(content: bytes) -> None:
    """Take bytes for lines of a data set."""
    for line in content.splitlines()[:5]:
        try:
            vlprep.count_messages(line, folder=folder())
        except (VlprepError, OSError):  # of files that are not there
            continue


def bodies(content: bytes) -> None:
    """Make the media of a request fit."""
    Body(content)
    vlprep.fit_request(content, max_body=3_000, max_images=1, drop="oldest")


def logs(content: bytes) -> None:
    """Reconcile the lines of a log of replies."""
    reconcile_log(content.decode("utf-8", "replace").splitlines())


def pieces(content: bytes) -> None:
    """Read the list that lies beside the pieces of a page."""
    written("pieces.json", content)
    read_pieces(folder(), View.of())


# What they begin with.


def fixtures(*endings: str, largest: int = 60_000) -> list[bytes]:
    paths = sorted(path for path in FIXTURES.iterdir() if path.suffix[1:] in endings)
    contents = (path.read_bytes() for path in paths if 0 < path.stat().st_size <= largest)
    return list(contents)


PICTURES = ("jpg", "png", "gif", "webp", "bmp", "tif", "heic", "avif")
CLIPS = ("mp4", "mov", "mkv", "webm", "avi", "ts", "mpg", "flv", "wmv", "mxf", "ivf", "y4m")

ANSWERS = [
    b'[{"bbox_2d": [1, 20, 30, 40], "label": "cat"}, {"point": [5, 6], "label": "\xe7\x8c"}]',
    b"```json\n{'boxes': [(1, 2), (3, 4)], 'label': None,}\n```",
    b'<points x1="10" y1="20" x2="30" y2="40" alt="dogs">dogs</points>',
    b"boat: 250, 500, 500, 1000",
    b'<p data-bbox="1 2 3 4">text</p>',
    b'{"words_info": [{"text": "a", "location": [1,2,3,4,5,6,7,8], "rotate_rect": [1,2,3,4,5]}]}',
    b'[{"start_time": "00:04", "end_time": "00:00:09.5", "event": "nods"}]',
    b"00:02 - 00:07 pours water\n<12.5 seconds> a bell rings\n1m 30s to 2 minutes: walks",
    b'data: {"choices": [{"delta": {"content": "[{\\"bbox_2d\\": [1,2,3,4]}]"}}]}\n\ndata: [DONE]',
    b"<think>hm</think>There are no cats.",
]
PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
TALK = [{"role": "user", "content": [PART, {"type": "text", "text": "What?"}]}]
ROWS = [
    {"messages": TALK, "model": "qvq-max", "parameters": {"vl_high_resolution_images": True}},
    {"query": "<image>What?", "response": "x", "images": ["a.jpg"], "videos": []},
    {"conversations": [{"from": "human", "value": "<video>x"}], "videos": [["a.jpg", "b.jpg"]]},
    {"input": {"messages": [{"role": "user", "content": [{"image": "a.jpg", "max_pixels": 9}]}]}},
]
USAGE = {"prompt_tokens": 420, "prompt_tokens_details": {"image_tokens": 391, "text_tokens": 29}}
LOGS = [
    {"model": "qvq-max", "media": [{"height": 480, "width": 640}], "usage": USAGE, "time": 1.7e9},
    {"model": "qvq-max", "request": {"messages": TALK}, "response": {"usage": USAGE}},
    {
        "model": "qwen3-vl-plus",
        "media": [{"height": 360, "width": 640, "frames": 300, "fps": "30/1", "asked_fps": 2}],
        "usage": {"input_tokens": 99, "video_tokens": 50},
        "time": "2026-01-02T03:04:05",
    },
]
OWN_MODEL = """
[models.mine]
family = "Mine"
kind = "open-weights"
context_tokens = 4096
sources = []
[models.mine.rules.own.image]
resize = "transformers"
patch_size = 14
merge_size = 2
min_pixels = 3136
max_pixels = 50176
sources = []
[models.mine.rules.own.video]
resize = "transformers"
count = "transformers"
sampling = "linspace"
budget = "clip"
patch_size = 14
merge_size = 2
min_pixels = 4096
max_pixels = 25165824
fps = 2
min_frames = 4
max_frames = 768
sources = []
"""


def lines(values: Iterable[Any]) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


def request_bodies() -> list[bytes]:
    from base64 import b64encode

    texts = []
    for name in ("tiny.png", "exif_6.jpg"):
        data = b64encode((FIXTURES / name).read_bytes()).decode()
        url = f"data:image/{name[-3:].replace('jpg', 'jpeg')};base64,{data}"
        part = {"type": "image_url", "image_url": {"url": url}}
        texts.append({"model": "x", "messages": [{"role": "user", "content": [part, part]}]})
    return lines(texts)


def tables() -> list[bytes]:
    return [OWN_MODEL.encode(), OWN_MODEL.partition("[models.mine.rules.own.video]")[0].encode()]


def configs() -> list[bytes]:
    return lines((QWEN2, QWEN3, {**QWEN2, **QWEN2_VIDEO}))


def saved_pieces() -> list[bytes]:
    with tempfile.TemporaryDirectory() as made:
        split = vlprep.split_image(FIXTURES / "photo.jpg")
        split.save(Path(made) / "pieces")
        return [(Path(made) / "pieces" / "pieces.json").read_bytes()]


JSON_WORDS = (
    *(b"[" * 5, b"{" * 5, b'{"a":' * 200, b"[" * 3000, b"]", b"}", b",", b":", b'"', b"null"),
    *(b"true", b"NaN", b"-Infinity", b"1e400", b"-1", b"0", b"0.5", b"9" * 401, b"9" * 5000),
    *(
        b"1e308",
        b"1" + b"0" * 30,
        b"\\ud800",
        b"\\u0000",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\xe3\x80\x80",
    ),
    *(b"''", b"[]", b"{}", b'"a"', b"a" * 20_000, b"18446744073709551616"),
)
BOX_WORDS = (
    *(b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x08"),
    *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts", b"ctts", b"stsz", b"elst", b"edts"),
    *(b"tkhd", b"mdhd", b"stsd", b"meta", b"iprp", b"moof", b"ftyp", b"mvex", b"\1", b"\x80"),
)
PICTURE_WORDS = (
    *(b"\xff\xd8\xff", b"\xff\xc0", b"\xff\xda", b"\xff\xd9", b"\x89PNG\r\n\x1a\n", b"IHDR"),
    *(b"IDAT", b"IEND", b"acTL", b"fcTL", b"GIF89a", b"\x21\xf9\x04", b"\x2c", b"\x3b"),
    *(b"RIFF", b"WEBP", b"ANIM", b"ANMF", b"VP8X", b"Exif\0\0", b"II*\0", b"MM\0*"),
    *(b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff", b"\0\0", b"\x80"),
)

TARGETS = {
    target.name: target
    for target in (
        Target("images", images, partial(fixtures, *PICTURES), PICTURE_WORDS),
        Target("videos", videos, partial(fixtures, *CLIPS), BOX_WORDS),
        Target(
            "answers", answers, lambda: ANSWERS, (*JSON_WORDS, b"<points", b"00:01 - ", b"bbox")
        ),
        Target("mp4", mp4_headers, partial(fixtures, "mp4", "mov", "mkv"), BOX_WORDS, BROKEN_OFF),
        Target("animation", animations, partial(fixtures, "gif", "png", "webp"), PICTURE_WORDS),
        Target("names", names, partial(fixtures, *PICTURES, *CLIPS), PICTURE_WORDS),
        Target("model-files", model_files, tables, (*JSON_WORDS, b"[models.", b"= ", b"\n")),
        Target("model-folders", model_folders, configs, JSON_WORDS),
        Target("rows", rows, lambda: lines(ROWS), JSON_WORDS),
        Target("bodies", bodies, request_bodies, JSON_WORDS),
        Target("logs", logs, lambda: lines(LOGS), JSON_WORDS),
        Target("pieces", pieces, saved_pieces, JSON_WORDS),
    )
}


# How inputs are changed.


def mutated(
    content: bytes, others: list[bytes], words: tuple[bytes, ...], draw: random.Random
) -> bytes:
    """Return bytes with one to six changes: what fuzzers do, with the words of the format."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        change = draw.choice(_CHANGES)
        place = _place(data, draw)
        change(data, place, others, words, draw)
        del data[_LONGEST:]
    return bytes(data)


_LONGEST = 200_000


def _place(data: bytearray, draw: random.Random) -> int:
    """Return a place, near the start as often as anywhere: headers are there."""
    most = draw.choice((64, 1024, len(data)))
    return draw.randrange(min(most, len(data)) + 1)


def _flip(data: bytearray, place: int, _others: Any, _words: Any, draw: random.Random) -> None:
    if place < len(data):
        data[place] ^= 1 << draw.randrange(8)


def _set(data: bytearray, place: int, _others: Any, _words: Any, draw: random.Random) -> None:
    width = draw.choice((1, 2, 4, 8))
    number = draw.choice(
        (0, 1, (1 << 8 * width) - 1, (1 << 8 * width - 1) - 1, draw.getrandbits(8 * width))
    )
    data[place : place + width] = number.to_bytes(width, draw.choice(("big", "little")))


def _word(data: bytearray, place: int, _others: Any, words: Any, draw: random.Random) -> None:
    if words:
        word = draw.choice(words)
        data[place : place + draw.choice((0, len(word)))] = word


def _number(data: bytearray, place: int, _others: Any, words: Any, draw: random.Random) -> None:
    """Put another word in place of a number of a text."""
    while place < len(data) and not 48 <= data[place] < 58:
        place += 1
    end = place
    while end < len(data) and 48 <= data[end] < 58:
        end += 1
    if words:
        data[place:end] = draw.choice(words)


def _cut(data: bytearray, place: int, _others: Any, _words: Any, draw: random.Random) -> None:
    del data[place : place + draw.choice((1, 4, 64, 1024))]


def _end(data: bytearray, place: int, _others: Any, _words: Any, _draw: random.Random) -> None:
    del data[max(place, 1) :]


def _again(data: bytearray, place: int, _others: Any, _words: Any, draw: random.Random) -> None:
    part = data[place : place + draw.choice((2, 16, 256, 2048))]
    data[place:place] = part * draw.choice((1, 1, 2, 50))


def _join(data: bytearray, place: int, others: Any, _words: Any, draw: random.Random) -> None:
    other = draw.choice(others)
    data[place:] = other[_place(bytearray(other), draw) :]


_CHANGES = (_flip, _flip, _set, _set, _word, _word, _number, _cut, _end, _again, _join)
