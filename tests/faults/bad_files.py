"""Files that strangers send: a name, what is wrong, and what makes it. None is stored.

Traps stand beside each: a clip that a playlist may name, and an address of this machine at which
somebody listens. Neither may be touched.
"""

from __future__ import annotations

import io
import json
import os
import random
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from PIL import Image

from tests.places import FIXTURES

NEIGHBOUR = "neighbour.mp4"
"""A good clip that lies beside every bad file."""

ADDRESS = "http://127.0.0.1:{port}/clip.mp4"


@dataclass(frozen=True)
class BadFile:
    """One fault."""

    name: str
    """What the file is called, also in the table of the documents."""
    kind: str
    """The part of that table."""
    make: Callable[[Path, int], None]
    """Makes it at a path; the number is the port at which somebody listens."""
    is_never_read: bool = True
    """Whether no command may take it for a picture or a video."""
    is_special: bool = False
    """Whether it is no regular file."""

    def put(self, folder: Path, port: int) -> Path:
        """Make it in a folder of its own, with a clip beside it."""
        folder.mkdir(parents=True)
        (folder / NEIGHBOUR).write_bytes(fixture("clip.mp4"))
        path = folder / os.fsdecode(self.name.encode("utf-8", "surrogateescape"))
        self.make(path, port)
        return path


@cache
def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def _content(content: bytes | str, path: Path, port: int) -> None:
    if isinstance(content, str):
        filled = content.replace("PORT", str(port)).replace("FOLDER", str(path.parent))
        content = filled.encode()
    path.write_bytes(content)


def _of(content: bytes | str) -> Callable[[Path, int], None]:
    return partial(_content, content)


# Files that lead elsewhere.

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile '{}'\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video PORT RTP/AVP 96\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    "<AdaptationSet><Representation id='1'><BaseURL>{}</BaseURL></Representation></AdaptationSet>"
    "</Period></MPD>"
)
ENTITY = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file://FOLDER/neighbour.mp4">]><svg>&x;</svg>'
WEB = "http://127.0.0.1:PORT/clip.mp4"
HTML = f"<html><img src='{WEB}'><script src='{WEB}'></script></html>"


def leading() -> Iterator[BadFile]:
    """Yield playlists, descriptions and pages that name other files and addresses."""
    texts = {
        "hls.m3u8": HLS.format(NEIGHBOUR),
        "hls_file.m3u8": HLS.format(f"file://FOLDER/{NEIGHBOUR}"),
        "hls_web.m3u8": HLS.format(WEB),
        "hls_named.mp4": HLS.format(NEIGHBOUR),
        "hls_named.avi": HLS.format(WEB),
        "hls_named.jpg": HLS.format(NEIGHBOUR),
        "hls_bare": HLS.format(NEIGHBOUR),
        "ffconcat.txt": CONCAT.format(NEIGHBOUR),
        "ffconcat.mp4": CONCAT.format(NEIGHBOUR),
        "ffconcat.mkv": CONCAT.format(f"FOLDER/{NEIGHBOUR}"),
        "ffconcat_web.mp4": CONCAT.format(WEB),
        "ffconcat_itself.mp4": CONCAT.format("ffconcat_itself.mp4"),
        "stream.sdp": SDP,
        "sdp_named.mp4": SDP,
        "dash.mpd": DASH.format(NEIGHBOUR),
        "dash_named.mp4": DASH.format(WEB),
        "text.nfo": "a text",
        "subtitles.srt": "1\n00:00:01,000 --> 00:00:02,000\nhello\n",
        "subtitles_named.mp4": "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,x\n",
        "entity.svg": ENTITY,
        "entity_named.png": ENTITY,
        "page.html": HTML,
        "page_named.jpg": HTML,
        "list_of_names.txt": f"{NEIGHBOUR}\n/dev/zero\n",
    }
    for name, text in texts.items():
        yield BadFile(name, "leads elsewhere", _of(text))


# Files that promise too much.


def png_chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(width: int, height: int, *chunks: bytes, pixels: bytes = b"") -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(pixels or bytes(100), 9))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + data + png_chunk(b"IEND", b"")


def swollen(kind: bytes, name: bytes) -> bytes:
    """Return a small picture with a chunk that unpacks to 100 MB."""
    return png(2, 2, png_chunk(kind, name + zlib.compress(bytes(100_000_000), 9)), pixels=bytes(6))


def gif(width: int, height: int, frames: int) -> bytes:
    """Return an animation of frames of one pixel on a canvas of that size."""
    head = b"GIF89a" + struct.pack("<2H", width, height) + b"\x80\0\0" + bytes(6)
    frame = b"\x21\xf9\x04\0\x0a\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0" + b"\x02\x02\x44\x01\0"
    return head + frame * frames + b"\x3b"


def jpeg(quality: int = 75, **how: object) -> bytes:
    file = io.BytesIO()
    Image.open(FIXTURES / "exif_1.jpg").save(file, "JPEG", quality=quality, **how)
    return file.getvalue()


def jpeg_of(height: int, width: int) -> bytes:
    """Return a small JPEG whose header claims another size, cut off in the first rows."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">2H", height, width)
    return bytes(data)


def box(kind: bytes, content: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack(">I4s", len(content) + 8 if length is None else length, kind) + content


def nested(kind: bytes, depth: int) -> bytes:
    """Return boxes within boxes, each as long as the rest of the file says."""
    return b"".join(struct.pack(">I4s", 8 * (depth - k), kind) for k in range(depth))


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2")


def promising() -> Iterator[BadFile]:
    """Yield bombs, false counts and headers without end."""
    contents = {
        "header_60000.png": png(60_000, 60_000),
        "header_2_31.png": png(2**31 - 1, 2**31 - 1),
        "header_0.png": png(0, 7),
        "text_bomb.png": swollen(b"zTXt", b"Comment\0\0"),
        "profile_bomb.png": swollen(b"iCCP", b"icc\0\0"),
        "canvas_65535.gif": gif(65_535, 65_535, 3),
        "frames_2000.gif": gif(1, 1, 2_000),
        "canvas_0.gif": gif(0, 0, 1),
        "header_65535.jpg": jpeg_of(65_535, 65_535),
        "header_0.jpg": jpeg_of(0, 80),
        "header.bmp": b"BM"
        + struct.pack("<IHHIIiiHH6I", 58, 0, 0, 54, 40, 2**30, 2**30, 1, 24, *[0] * 6),
        "header_loop.tif": struct.pack("<2sHIH2HII", b"II", 42, 8, 1, 256, 4, 1, 9)
        + struct.pack("<I", 8),
        "header_huge.tif": b"II*\0\x08\0\0\0\xff\xff" + bytes(range(256)) * 4,
        "header.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\x10\0\0\0" + b"\xff" * 6,
        "boxes_nested.mp4": FTYP + nested(b"moov", 20_000),
        "boxes_nested.heic": box(b"ftyp", b"heic\0\0\0\0mif1heic") + nested(b"meta", 20_000),
        "boxes_many.mp4": FTYP + box(b"free") * 30_000,
        "box_longest.mp4": FTYP + struct.pack(">I4sQ", 1, b"moov", 2**63 - 1) + bytes(50),
        "header.y4m": b"YUV4MPEG2 W99999 H99999 F30:1 C420\nFRAME\n" + bytes(500),
        "header.ivf": b"DKIF\0\0\x20\0VP90\xff\xff\xff\xff" + b"\xff" * 16 + bytes(40),
        "elements.mkv": b"\x1a\x45\xdf\xa3\x80"
        + b"\x18\x53\x80\x67\x01"
        + b"\xff" * 7
        + b"\xae" * 900,
    }
    for name, content in contents.items():
        yield BadFile(name, "promises too much", _of(content), is_never_read=False)
    for name in ("bomb.png", "false_count.mp4", "false_times.mp4"):
        yield BadFile(name, "promises too much", _of(fixture(name)), is_never_read=False)


# Files that are not whole.

WHOLE = (
    *("photo.jpg", "palette.png", "animated.gif", "animated.png", "lossless.webp", "photo.bmp"),
    *("page.tif", "photo.heic", "photo.avif", "animated.webp"),
    *("clip.mp4", "clip.mov", "street.mkv", "vp9.webm", "mpeg4.avi", "clip.ts", "clip.mpg"),
    *("clip.flv", "clip.wmv", "clip.mxf", "clip.ivf", "clip.y4m"),
)
DAMAGED = (
    *("truncated.jpg", "header_only.jpg", "truncated.heic", "truncated.mp4", "truncated.webm"),
    *("no_moov.mp4", "corrupted.mp4", "cut_off.avi", "cut_off.wmv", "encrypted.mp4"),
    *("unknown_codec.mp4", "bare.h264", "audio_only.mp3", "audio_only.m4a"),
)


def cut() -> Iterator[BadFile]:
    """Yield files that end early, or are damaged in the middle."""
    for name in WHOLE:
        stem, _, ending = name.rpartition(".")
        content = fixture(name)
        yield BadFile(
            f"{stem}_head.{ending}", "is not whole", _of(content[:64]), is_never_read=False
        )
        half = content[: len(content) * 6 // 10]
        yield BadFile(f"{stem}_half.{ending}", "is not whole", _of(half), is_never_read=False)
    for name in DAMAGED:
        yield BadFile(name, "is not whole", _of(fixture(name)), is_never_read=False)


# Files that are something else.

MAGIC = {
    "jpg": b"\xff\xd8\xff\xe0", "png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF89a",
    "webp": b"RIFF\x99\0\0\0WEBPVP8 ", "bmp": b"BM", "tif": b"II*\0", "mp4": FTYP,
    "heic": box(b"ftyp", b"heic\0\0\0\0mif1heic"), "mkv": b"\x1a\x45\xdf\xa3",
    "avi": b"RIFF\x99\0\0\0AVI ", "ts": b"\x47\x40\0\x10" + bytes(184), "flv": b"FLV\1\5\0\0\0\x09",
    "ogv": b"OggS\0",
}  # fmt: skip


def junk() -> Iterator[BadFile]:
    """Yield noise, noise behind a good beginning, and what is named for something else."""
    noise = random.Random(19).randbytes(3000)
    contents = {
        "noise.jpg": noise, "noise.mp4": noise, "zeros.png": bytes(4000), "zeros.mp4": bytes(4000),
        "empty.jpg": b"", "empty.mp4": b"", "one_byte.png": b"\x89",
        "archive.jpg": b"PK\3\4" + noise,
        "document.pdf": b"%PDF-1.7\n" + noise, "document_named.png": b"%PDF-1.7\n" + noise,
        "script_named.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n",
        "blp_named.jpg": b"BLP2\1\0\0\0" + noise, "program.mp4": b"\x7fELF\2\1\1" + noise,
    }  # fmt: skip
    for name, content in contents.items():
        yield BadFile(name, "is something else", _of(content))
    for ending, magic in MAGIC.items():
        name = f"noise_behind.{ending}"
        yield BadFile(name, "is something else", _of(magic + noise), is_never_read=False)
    for name, of in (
        *(("a_png.jpg", "palette.png"), ("a_png.mp4", "palette.png"), ("a_clip.png", "clip.mp4")),
        ("a_photo.txt", "exif_6.jpg"),
    ):
        yield BadFile(name, "is something else", _of(fixture(of)), is_never_read=False)


def exif_jpeg(exif: bytes) -> bytes:
    block = b"Exif\0\0" + exif
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg()[2:]


def described() -> Iterator[BadFile]:
    """Yield sound pictures of which the notes beside the pixels are damaged."""
    loop = b"II*\0\x08\0\0\0\1\0" + struct.pack("<2H2I", 0x8769, 4, 1, 8) + b"\x08\0\0\0"
    contents = {
        "exif_noise.jpg": exif_jpeg(random.Random(3).randbytes(300)),
        "exif_loop.jpg": exif_jpeg(loop),
        "exif_far.jpg": exif_jpeg(b"MM\0*\xff\xff\xff\xff\xff\xff"),
        "profile_noise.jpg": jpeg(icc_profile=random.Random(4).randbytes(400)),
    }
    for name, content in contents.items():
        yield BadFile(name, "has bad notes", _of(content), is_never_read=False)


ODD_NAMES = (
    *("-dash.png", "http:x.png", "concat:a|b.png", "file:x.png", "seq%03d.png", "two\nlines.png"),
    *("esc\x1b[31mred\x1b[0m.png", "bidi\u202egnp.exe.png", "quote'\"$(x).png", " space .png"),
    *("x" * 240 + ".png", "bytes\udcff\udcfe.png", "[brackets]*.png", "pipe:0.png"),
)


def named() -> Iterator[BadFile]:
    """Yield a good picture under names that mean something to somebody."""
    for name in ODD_NAMES:
        yield BadFile(name, "has an odd name", _of(fixture("tiny.png")), is_never_read=False)


# Documents.


def documents() -> Iterator[BadFile]:
    """Yield JSON, TOML and text that parsers give up on, each in its own way."""
    contents = {
        "nested.json": b"[" * 100_000,
        "nested_objects.json": b'{"messages":' * 5000,
        "nested.toml": b"a = " + b"[" * 5000,
        "digits.json": b'{"max_pixels": ' + b"9" * 5000 + b"}",
        "digits.toml": b"a = " + b"9" * 5000,
        "digits_401.json": b'[{"bbox_2d": [1, 2, 3, ' + b"9" * 401 + b'], "label": "x"}]',
        "label_long.json": json.dumps([{"bbox_2d": [1, 2, 30, 40], "label": "x" * 10**6}]).encode(),
        "latin.json": '{"text": "é"}'.encode("latin-1"),
        "latin.toml": 'a = "é"'.encode("latin-1"),
        "nan.json": b'[{"bbox_2d": [NaN, Infinity, 1, 2], "start_time": NaN, "end_time": 1e400}]',
        "nested.jsonl": b"[" * 5000 + b"\n" + b'{"a":' * 5000 + b"\n" + b"9" * 5000 + b"\n",
        "no_rows.jsonl": b'{"x": 1}\n[]\n"text"\nnull\n3\n',
        "odd_rows.jsonl": b'{"messages": [{"content": [{"image": {}, "max_pixels": {}}]}]}\n',
        "zero.json": b"\0" * 1000,
        "word.json": b"null",
    }
    for name, content in contents.items():
        has_text = name == "odd_rows.jsonl"  # which is counted
        yield BadFile(name, "is a bad document", _of(content), is_never_read=not has_text)


# What is no file.


def _fifo(path: Path, _port: int) -> None:
    os.mkfifo(path)


def _socket(path: Path, _port: int) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # names of sockets are short
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


def _link(target: str, path: Path, _port: int) -> None:
    path.symlink_to(target)


def _folder(path: Path, _port: int) -> None:
    path.mkdir()


def _nothing(_path: Path, _port: int) -> None:
    pass


def special() -> Iterator[BadFile]:
    """Yield what a path may lead to besides a file."""
    makers = {
        "pipe.mp4": _fifo,
        "socket.jpg": _socket,
        "folder.jpg": _folder,
        "loop.jpg": partial(_link, "loop.jpg"),
        "dangling.png": partial(_link, "nowhere.png"),
        "missing.jpg": _nothing,
        "zero.mp4": partial(_link, "/dev/zero"),
        "null.jpg": partial(_link, "/dev/null"),
    }
    for name, make in makers.items():
        yield BadFile(name, "is no file", make, is_special=True)


BAD_FILES = tuple(
    bad
    for family in (leading, promising, cut, junk, described, named, documents, special)
    for bad in family()
)
