"""First bytes to format: one row a format, never by the file's name.

The names of a format's usual extensions are here too, so that a mislabelled file can be told.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

HEAD_BYTES = 4096
"""How much of a file's start `sniff` wants to see; a transport stream needs two packets of it."""

Kind = Literal["image", "video", "audio", "document", "unread", "other"]


class Format(NamedTuple):
    """A kind of file that is recognised by its content."""

    name: str
    """Short name, for messages and reports."""
    kind: Kind
    """What is in it; a picture format that can hold an animation is an "image".

    A video of a kind that is not read is "unread"; a "document" has pages that are images.
    """
    pattern: bytes
    """What the file starts with, as a regular expression."""
    extensions: tuple[str, ...] = ()
    """Usual endings of the file name, without the dot."""
    mime_type: str = ""
    """As services know it; empty for those that none of them takes."""
    reader: str = ""
    """Name of Pillow's reader, or of FFmpeg's demuxer."""
    plugin: str = ""
    """Module that brings Pillow its reader."""
    moves: bool = False
    """Whether a picture of it can be an animation."""
    drawn: bool = False
    """Whether it has no pixels of its own, and is drawn in the size that is asked."""
    advice: str = ""
    """For formats that are not read: what to do instead."""


def _image(
    name: str, pattern: bytes, extensions: str, subtype: str, plugin: str, *, moves: bool = False
) -> Format:
    module, _, reader = plugin.partition(" ")
    usual = _format(name, "image", pattern, extensions, f"image/{subtype}", reader)
    return usual._replace(plugin=module, moves=moves)


def _format(
    name: str,
    kind: Kind,
    pattern: bytes,
    extensions: str = "",
    mime_type: str = "",
    reader: str = "",
    *,
    advice: str = "",
) -> Format:
    usual = tuple(extensions.split())
    return Format(name, kind, pattern, usual, mime_type, reader, advice=advice)


_ISO = rb".{4}ftyp"
_AVIF = _ISO + rb"(?:avif|avis|mif1.{0,60}?avif|msf1.{0,60}?avis)"
_ISO_HEIC = _ISO + rb"(?:heic|heix|heim|heis|mif1)"
_ISO_SEQUENCE = _ISO + rb"(?:msf1|hevc|hevx|hevm|hevs)"  # pictures as in a video, not as in a HEIC
_HTML = rb"\s*(?:<\?xml.{0,200}?)?(?:<!--.{0,400}?-->\s*)?<(?i:!doctype html|html)"
_JPEG_2000 = rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"
_JPEG_2000_ENDINGS = "jp2 j2k jpx jpf jpc j2c"
_DIB = rb"[\x28\x34\x38\x40\x6c\x7c]\0{3}.{8}\x01\0[\x01\x04\x08\x10\x18\x20]\0"
# Reserved bytes that are 0, as they should be, or how long the header is.
_BMP = rb"BM(?:.{4}\0{4}|.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0{3})"
_ICO = rb"\0\0\x01\0[\x01-\xff]\0.{3}\0[\0\x01]\0"
_SGI = rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]"
_MOV = rb".{4}(?:moov|mdat|wide|free|skip|pnot)"
_EBML = rb"\x1a\x45\xdf\xa3"
_WEBM = _EBML + rb".{1,99}?\x42\x82.{1,8}?webm"  # the same but for what it says of its type
_ASF = rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
_LATE_TS = rb".{0,1600}?(?:(?:\x47.{187}){3}|(?:\x47.{191}){3}|(?:\x47.{203}){3})\x47"
_LATE_PS = rb".{1,2048}?\0\0\x01\xba[\x21-\x2f\x44-\x7f]"
_MXF = rb"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"
# Streams without a container start with a unit that only they start with: parameters, a delimiter,
# or a message, in which encoders put down their name.
_H264 = (
    rb"\0{2,3}\x01(?:[\x27\x47\x67]|\x06[\0-\x06]"
    rb"|\x09[\x10\x30\x50\x70\x90\xb0\xd0\xf0]\0{2,3}\x01)"
)
_HEVC = rb"\0{2,3}\x01[\x40\x42\x46\x4e]\x01"
_VVC = rb"\0{2,3}\x01\0[\x71\x79\xa1]"
_MPEG4 = rb"\0\0\x01(?:\xb0|[\0-\x1f]\0\0\x01[\x20-\x2f])"
_WRAP = "wrap it: ffmpeg -i FILE -c copy FILE.mp4"
_CONVERT = "convert it: ffmpeg -i FILE FILE.mp4"
_JOIN = "put the stream's first segment in front: cat init.mp4 FILE > FILE.mp4"
_RATE = "wrap it at its rate: ffmpeg -f mjpeg -framerate RATE -i FILE -c copy FILE.mp4"
# Pictures as web cameras send them: a line that parts them, then what is said of each.
_PARTS = (
    rb"\s{0,4}--[^\r\n]{1,99}\r?\n"
    rb"(?i:(?:[\w-]+:[^\n]{0,99}\n){0,9}content-type: ?image/jpe?g)"
)

HEIC_SEQUENCE = _format(
    "HEIC", "video", _ISO_SEQUENCE, "heic heif hif heics heifs", "image/heic", "mov"
)
"""A HEIC with tracks as in a video instead of a picture; others may turn out to be such as well."""

MOTION_JPEG = _format("bare Motion JPEG", "unread", _PARTS, "mjpeg mjpg mjpe", advice=_RATE)
"""Pictures of a video without times; a JPEG may turn out to be the first of them."""

FORMATS = (
    _image("JPEG", rb"\xff\xd8\xff", "jpg jpeg jpe jfif mpo", "jpeg", "PIL.JpegImagePlugin JPEG"),
    _image("PNG", rb"\x89PNG\r\n\x1a\n", "png apng", "png", "PIL.PngImagePlugin PNG", moves=True),
    _image("GIF", rb"GIF8[79]a", "gif", "gif", "PIL.GifImagePlugin GIF", moves=True),
    _image("WEBP", rb"RIFF.{4}WEBP", "webp", "webp", "PIL.WebPImagePlugin WEBP", moves=True),
    _format("BigTIFF, big-endian", "unread", rb"MM\0\+", "tif tiff", advice="convert it to PNG"),
    _image("TIFF", rb"II\*\0|MM\0\*|II\+\0", "tif tiff", "tiff", "PIL.TiffImagePlugin TIFF"),
    _image("BMP", _BMP, "bmp dib", "bmp", "PIL.BmpImagePlugin BMP"),
    _image("AVIF", _AVIF, "avif avifs", "avif", "PIL.AvifImagePlugin AVIF", moves=True),
    _image("HEIC", _ISO_HEIC, "heic heif hif", "heic", "pillow_heif HEIF"),
    _image("JPEG 2000", _JPEG_2000, _JPEG_2000_ENDINGS, "jp2", "PIL.Jpeg2KImagePlugin JPEG2000"),
    _image("DIB", _DIB, "dib", "bmp", "PIL.BmpImagePlugin DIB"),
    _image("ICO", _ICO, "ico", "x-icon", "PIL.IcoImagePlugin ICO"),
    _image("ICNS", rb"icns", "icns", "icns", "PIL.IcnsImagePlugin ICNS"),
    _image("SGI", _SGI, "sgi rgb rgba bw", "sgi", "PIL.SgiImagePlugin SGI"),
    HEIC_SEQUENCE,
    _format("MOV", "video", _ISO + rb"qt  ", "mov qt mp4 m4v", "video/quicktime", "mov"),
    _format("MP4", "video", _ISO, "mp4 m4v mov 3gp 3g2 m4a qt f4v", "video/mp4", "mov"),
    _format("MOV", "video", _MOV, "mov qt mp4", "video/quicktime", "mov"),
    _format("WebM", "video", _WEBM, "webm mkv", "video/webm", "matroska"),
    _format("Matroska", "video", _EBML, "mkv mka", "video/x-matroska", "matroska"),
    _format("AVI", "video", rb"RIFF.{4}AVI ", "avi", "video/x-msvideo", "avi"),
    _format("FLV", "video", rb"FLV\x01", "flv", "video/x-flv", "flv"),
    _format("ASF", "video", _ASF, "wmv asf wma", "video/x-ms-wmv", "asf"),
    _format("Ogg", "video", rb"OggS", "ogv ogg oga opus", reader="ogg"),
    _format("MPEG-PS", "video", rb"\0\0\x01\xba", "mpg mpeg vob", reader="mpeg"),
    _format("MPEG-TS", "video", rb"(?:\x47.{187}){3}\x47", "ts mts m2ts", reader="mpegts"),
    _format("MPEG-TS", "video", rb".{4}(?:\x47.{191}){3}\x47", "m2ts mts ts", reader="mpegts"),
    _format("MXF", "video", _MXF, "mxf", reader="mxf"),
    _format("IVF", "video", rb"DKIF\0\0", "ivf", reader="ivf"),
    _format("YUV4MPEG", "video", rb"YUV4MPEG2 ", "y4m", reader="yuv4mpegpipe"),
    _format("bare H.264", "unread", _H264, "h264 264 avc jsv", advice=_WRAP),
    _format("bare HEVC", "unread", _HEVC, "h265 265 hevc", advice=_WRAP),
    _format("bare VVC", "unread", _VVC, "h266 266 vvc", advice=_WRAP),
    _format("bare MPEG video", "unread", rb"\0\0\x01\xb3", "m2v m1v mpv", advice=_WRAP),
    _format("bare MPEG-4 video", "unread", _MPEG4, "m4v cmp", advice=_WRAP),
    _format("bare VC-1", "unread", rb"\0\0\x01\x0f", "vc1", advice=_WRAP),
    _format("bare AV1", "unread", rb"\x12\0\x0a[\x08-\x20]", "obu av1", advice=_WRAP),
    MOTION_JPEG,
    _format("MP4 segment", "unread", rb".{4}(?:styp|sidx|moof)", "m4s", advice=_JOIN),
    _format("DHAV", "unread", rb"DHAV|DAHUA", "dav", advice=_CONVERT),
    _format("Flash", "unread", rb"[CFZ]WS[\x01-\x40]", "swf", advice=_CONVERT),
    _format("DV", "unread", rb"\x1f\x07\0[\x3f\xbf]", "dv dif", advice=_CONVERT),
    _format("RealMedia", "unread", rb"\.RMF", "rm rmvb", advice=_CONVERT),
    _format("NUT", "unread", rb"nut/multimedia container\0", "nut", advice=_WRAP),
    _format("WTV", "unread", rb"\xb7\xd8\0\x20\x37\x49\xda\x11", "wtv", advice=_CONVERT),
    _format("MP3", "audio", rb"ID3|\xff[\xfa\xfb\xf2\xf3]", "mp3"),
    _format("FLAC", "audio", rb"fLaC", "flac"),
    _format("WAV", "audio", rb"RIFF.{4}WAVE", "wav"),
    _format("PDF", "document", rb"%PDF-", "pdf"),
    _format("EPS", "other", rb"%!PS|\xc5\xd0\xd3\xc6", "eps ps", advice="convert it to PNG"),
    _format(
        "SVG", "other", rb"\s*(?:<\?xml.{0,400}?)?<svg", "svg", advice="convert it to PNG"
    ),
    _format("PSD", "other", rb"8BPS", "psd psb", advice="convert it to PNG"),
    _format("JPEG XL", "other", rb"\xff\x0a|\0\0\0\x0cJXL ", "jxl", advice="convert it to PNG"),
    _format("OpenEXR", "other", rb"\x76\x2f\x31\x01", "exr", advice="convert it to PNG"),
    _format("PNM", "other", rb"P[1-7][ \t\r\n]", "ppm pgm pbm pnm pam", advice="convert it to PNG"),
    _format(
        "PCX", "other", rb"\x0a[\0\x02-\x05]\x01[\x01\x02\x04\x08]", "pcx",
        advice="convert it to PNG",
    ),
    _format(
        "Git LFS pointer", "other", rb"version https://git-lfs", "",
        advice="fetch the file itself: git lfs pull",
    ),
    _format("HTML", "other", _HTML, "html", advice="an error page?"),
    _format("XML", "other", rb"\s*<\?xml", "xml", advice="an error page?"),
    _format(
        "JSON", "other", rb'(?:\xef\xbb\xbf)?\s*[{\[]\s*["{\[]', "json jsonl ndjson",
        advice="`count_messages` counts requests and rows, `fit_request` makes a request fit; from "
        "the web it may be an error",
    ),
    _format(
        "Base64", "other", rb"data:(?:image|video)/|/9j/4|iVBORw0KGgo", "",
        advice="decode it, or pass its text as a data URL",
    ),
    _format("gzip", "other", rb"\x1f\x8b\x08", "gz", advice="unpack it first"),
    _format("HLS playlist", "other", rb"#EXTM3U", "m3u8", advice="download the video itself"),
    _format("concat list", "other", rb"ffconcat", "", advice="pass the files it names"),
    _format("ZIP archive", "other", rb"PK\x03\x04", "zip", advice="unpack it first"),
    # Readers pass over what is before these.
    _format("PDF", "document", rb".{1,1019}?%PDF-\d", "pdf"),
    _format("MPEG-TS", "video", _LATE_TS, "ts mts m2ts", reader="mpegts"),
    _format("MPEG-PS", "video", _LATE_PS, "mpg mpeg vob mp4", reader="mpeg"),  # mp4: by Hikvision
)  # fmt: skip


PDF_PAGE = _format("PDF", "image", b"", "pdf")._replace(drawn=True)
"""What a page of a document is."""


def sniff(head: bytes) -> Format | None:
    """Return the format that content starting with `head` has, or `None` if it is not known.

    >>> sniff(b"GIF89a").name
    'GIF'
    """
    for row in FORMATS:
        if _compiled(row.pattern).match(head):
            return row
    return None


def sniff_file(path: str) -> Format | None:
    """Return the format of a regular file; `None` where it is not known, or cannot be read."""
    try:
        file = Path(path)
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            return sniff(opened.read(HEAD_BYTES))
    except (OSError, ValueError):
        return None


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Compile a row when it is first tried: most files are told by the first rows."""
    return re.compile(pattern, re.DOTALL)


def mime_type(format: str, otherwise: str = "application/octet-stream") -> str:
    """Return the MIME type of a format by its name; `otherwise` where services know none.

    >>> mime_type("JPEG 2000"), mime_type("MPEG-TS")
    ('image/jp2', 'application/octet-stream')
    """
    known = (row.mime_type for row in FORMATS if row.name == format)
    return next(known, "") or otherwise


def endings(format: str) -> tuple[str, ...]:
    """Return the endings of names for a format, the usual one first, with the dot.

    >>> endings("JPEG")[0]
    '.jpg'
    """
    return tuple(f".{ending}" for row in FORMATS if row.name == format for ending in row.extensions)


def is_media_name(name: str) -> bool:
    """Say whether a file's name promises an image or a video, whatever its content is.

    >>> is_media_name("holiday.JPG"), is_media_name("notes.txt")
    (True, False)
    """
    return _extension(name) in _MEDIA_EXTENSIONS


def kind_by_name(name: str) -> Kind | None:
    """Return the kind of media that a file's name promises; `None` for other names.

    >>> kind_by_name("0001.png"), kind_by_name("clips/a.mp4"), kind_by_name("a.txt")
    ('image', 'video', None)
    """
    extension = _extension(name)
    kinds = {row.kind for row in FORMATS if extension in row.extensions}
    return next((kind for kind in _MEDIA_KINDS if kind in kinds), None)


def mislabelled(name: str, found: Format) -> str | None:
    """Return a warning when the file's extension promises another format than was found.

    >>> mislabelled("photo.jpg", sniff(b"GIF89a"))
    'named .jpg but the content is GIF'
    """
    extension = _extension(name)
    if extension in found.extensions or extension not in _MEDIA_EXTENSIONS:
        return None
    return f"named .{extension} but the content is {found.name}"


def misdeclared(mime_type: str, found: Format) -> str | None:
    """Return a warning when a declared type promises another format than was found.

    >>> misdeclared("image/png", sniff(b"GIF89a"))
    'declared as image/png but the content is GIF'
    >>> misdeclared("image/jpg", sniff(bytes.fromhex("ffd8ff")))
    """
    kind, _, subtype = mime_type.partition("/")
    plain = re.sub(r"^x-(?:ms-)?|-sequence$", "", subtype)
    promised = {_ENDINGS_OF_TYPES.get(plain, plain)}
    promised |= {row.extensions[0] for row in FORMATS if row.mime_type == mime_type}
    known = kind in ("image", "video") and not promised.isdisjoint(_MEDIA_EXTENSIONS)
    if not known or not promised.isdisjoint(found.extensions):
        return None
    return f"declared as {mime_type} but the content is {found.name}"


_ENDINGS_OF_TYPES = {
    **{"pjpeg": "jpg", "msvideo": "avi", "matroska": "mkv", "mp2t": "ts", "3gpp": "3gp"},
    **{"3gpp2": "3g2", "quicktime": "mov"},
}
"""What types are called in names of files, where it is not the same."""


def _extension(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    if stem[-1:] in "./\\":  # hidden, or without an ending; else this takes a third of the time
        ending = os.path.splitext(name)[1].removeprefix(".")  # noqa: PTH122 (called per file)
    return ending.lower()


_MEDIA_KINDS: tuple[Kind, ...] = ("image", "video")
_MEDIA_EXTENSIONS = frozenset(
    ending for row in FORMATS if row.kind in _MEDIA_KINDS for ending in row.extensions
)
