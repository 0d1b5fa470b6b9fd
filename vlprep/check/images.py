"""Rules on images: sides, formats, bytes, and what services and models make of odd ones."""

from __future__ import annotations

from typing import Literal, TypeAlias

from vlprep.check.files import Stated, data_url_length, image_bytes_stated
from vlprep.check.remedies import (
    as_advised,
    as_seen,
    compress,
    first_page,
    in_pieces,
    larger,
    rename,
)
from vlprep.check.rule import FileFacts, Files, Found, Hit, Said, Sending, Wanted, remark, rule
from vlprep.media.sniff import mime_type
from vlprep.models.citing import named
from vlprep.models.registry import file_formats, reference_formats, request_limits
from vlprep.types import ImageInfo
from vlprep.units import format_bytes, format_size, plural

Bound: TypeAlias = Literal["at most", "under"]
"""Whether just the number of a limit is taken: of images it is, of videos it is not."""


@rule(
    "error", "the shortest side taken", of="picture",
    remedy="enlarge it, or paste it onto a larger canvas",
)  # fmt: skip
def image_side(sending: Sending, files: Files) -> Found:
    rule = sending.rules.image
    if rule is None or rule.min_side_pixels is None:
        return
    shortest = rule.min_side_pixels
    yield Wanted(f"at least {shortest} px", rule.sources)
    for file in files:
        side = min(file.size)
        if side < shortest:
            problem = f"the shorter side has {plural(side, 'pixel')}, and the service takes"
            yield Hit(f"{side} px", f"{format_size(file.size)}: {problem} {shortest} or more", file)


@rule(
    "error", "the largest ratio of sides taken", of="picture", weights=True, remedy=in_pieces,
)  # fmt: skip
def image_ratio(sending: Sending, files: Files) -> Found:
    rule = sending.rules.image
    if rule is None:
        return
    most = rule.most_ratio
    yield Wanted(f"at most {most:g}:1" if most else "", rule.sources)
    for file in files:
        long, short = max(file.size), min(file.size)
        if most is not None and long > most * short:
            found = f"{long / short:,.1f}:1"
            problem = f"the sides are {found}, and up to {most:g}:1 is taken"
            yield Hit(found, f"{format_size(file.size)}: {problem}", file)


@rule(
    "warning", "letters large enough for the model to see", of="image", weights=True,
    remedy=larger,
)  # fmt: skip
def small_letters(sending: Sending, files: Files) -> Found:
    yield Wanted(f"at least {sending.readable:g} px high")
    for file in files:
        if file.letters is None or (height := file.seen_letters) is None:
            continue
        if height < sending.readable:
            found = f"{height:.1f} px"
            whole = f"{file.letters.smallest:g} in the file"
            yield Hit(found, f"small letters are seen about {found} high, {whole}", file)


@rule("error", "a format taken", of="picture", remedy=compress)
def image_format(sending: Sending, files: Files) -> Found:
    formats = file_formats()
    words = ", ".join(formats.image)
    yield Wanted(words, formats.sources)
    for file in files:
        if file.format not in formats.image:
            yield Hit(file.format, f"the format is {file.format}, and {words} are taken", file)


@rule(
    "warning", "a format that the reference for weights opens", of="picture", weights=True,
    remedy=compress,
)  # fmt: skip
def reference_format(sending: Sending, files: Files) -> Found:
    if sending.is_served:
        return
    formats = reference_formats()
    yield Wanted(f"not {' or '.join(formats.unopened)}", formats.sources)
    for file in files:
        if file.format in formats.unopened:
            message = f"transformers, on Pillow, does not open {file.format}"
            yield Hit(file.format, message, file)


@rule("warning", "a format taken above 4K", of="picture", remedy=compress)
def large_image_format(sending: Sending, files: Files) -> Found:
    formats = file_formats()
    short, long = formats.large_image_sides
    taken = " or ".join(formats.large_image)
    yield Wanted(f"{taken} above {long}x{short}", formats.sources)
    doubtful = set(formats.image) - set(formats.large_image)
    for file in files:
        by_pixels = file.size.pixels > formats.large_image_pixels
        by_sides = min(file.size) > short or max(file.size) > long
        if file.format in doubtful and (by_pixels or by_sides):
            size = format_size(file.size)
            doubt = "" if by_pixels else ", and no source says whether pixels or sides count"
            limit = f"above {long:,} x {short:,} only {taken} is taken{doubt}"
            message = f"{size} as {file.format} may be refused: {limit}"
            yield Hit(f"{size} {file.format}", message, file)


@rule("warning", "pixels of an image, as advised: 8K", of="picture", remedy=as_seen)
def image_8k(sending: Sending, files: Files) -> Found:
    formats = file_formats()
    yield Wanted(f"at most {formats.most_image_pixels:,} pixels", formats.sources)
    for file in files:
        if file.size.pixels > formats.most_image_pixels:
            problem = "is more than the 8K that is advised; larger ones may time out"
            found = f"{file.size.pixels:,} pixels"
            yield Hit(found, f"{format_size(file.size)} {problem}", file)


@rule("note", "pixels of an image, as the model's own page advises", of="image", remedy=as_advised)
def advised_pixels(sending: Sending, files: Files) -> Found:
    stated = sorted(sending.model.features.advised_pixels, key=lambda one: one.number)
    if not stated:
        return
    words = ", or ".join(f"{one.number:,} by {named(one.sources)}" for one in stated)
    yield Wanted(f"at most {stated[-1].number:,} pixels", stated[-1].sources)
    for file in files:
        if file.size.pixels > stated[0].number:
            found = f"{file.size.pixels:,} pixels"
            problem = f"has {found}; advised are at most {words}"
            yield Hit(found, f"{format_size(file.size)} {problem}", file)


@rule("error", "bytes of an image by path or URL", of="picture", remedy=compress)
def image_bytes(sending: Sending, files: Files) -> Found:
    return few_bytes(sending, files, image_bytes_stated(sending.model, sending.route), "at most")


def few_bytes(sending: Sending, files: Files, stated: Stated, bound: Bound) -> Found:
    """Want so few bytes as are stated for a route, where files are sent as they are."""
    limit, sources = stated
    words = "" if sending.is_encoded else f"{bound} {limit:,} bytes"
    yield Wanted(words, sources)
    for file in files if words else ():
        if not _is_within(file.file_bytes, limit, bound):
            yield _too_large(file, limit, f"by {sending.route.name} it must be {bound}")


@rule("error", "length of an image's data URL", of="picture", remedy=compress)
def base64_length(sending: Sending, files: Files) -> Found:
    return short_data_url(sending, files, sending.route.max_image_bytes, "at most")


@rule("warning", "bytes of an image before encoding, as advised", of="picture", remedy=compress)
def raw_bytes(sending: Sending, files: Files) -> Found:
    return few_raw_bytes(sending, files, sending.route.max_image_bytes, "at most")


def short_data_url(sending: Sending, files: Files, limit: int | None, bound: Bound) -> Found:
    """Want data URLs of so few characters, where files are sent as such."""
    if limit is None or not sending.is_encoded:
        yield Wanted(sources=sending.route.sources)
        return
    yield Wanted(f"{bound} {limit:,} characters", sending.route.sources)
    for file in files:
        length = _data_url_length(file)
        if not _is_within(length, limit, bound):
            found, size = f"{length:,} characters", format_bytes(file.file_bytes)
            problem = f"become a data URL of {found}, and it must be {bound} {limit:,}"
            yield Hit(found, f"{size} {problem}", file)


def few_raw_bytes(sending: Sending, files: Files, limit: int | None, bound: Bound) -> Found:
    """Want so few bytes before encoding as is advised, of files whose data URL is short enough."""
    most = sending.route.raw_bytes
    yield Wanted(f"under {most:,} bytes" if most else "", sending.route.sources)
    for file in files:
        if most is None or file.file_bytes < most:
            continue
        if limit is None or _is_within(_data_url_length(file), limit, bound):
            yield _too_large(file, most, "to be sent as Base64 the guides want it under")


def _too_large(file: FileFacts, limit: int, reason: str) -> Hit:
    found, size = f"{file.file_bytes:,} bytes", format_bytes(file.file_bytes)
    return Hit(found, f"{size} ({found}), and {reason} {format_bytes(limit)}", file)


def _is_within(count: int, limit: int, bound: Bound) -> bool:
    return count <= limit if bound == "at most" else count < limit


@rule("note", "size at which boxes are reliable", of="image", weights=True)
def localisation_size(sending: Sending, files: Files) -> Found:
    best = sending.model.localisation
    if best is None:
        return
    words = f"{best.min_pixels:,} to {best.max_pixels:,} pixels"
    yield Wanted(words, best.sources)
    for file in files:
        if not best.min_pixels <= file.size.pixels <= best.max_pixels:
            found = f"{file.size.pixels:,} pixels"
            problem = f"boxes are reliable from {words}, outside they may drift"
            yield Hit(found, f"{format_size(file.size)} has {found}; {problem}", file)


@rule("warning", "a name that says what the content is", remedy=rename)
def mislabelled(sending: Sending, files: Files) -> Found:
    yield Wanted("a name that says so", request_limits().url_sources)
    for file in files:
        if file.mislabelled is not None:
            message = f"{file.mislabelled}; the type that is declared must be that of the content"
            yield Hit(file.format, message, file)


@remark("warning", "not an animated picture", "one picture", of="animation", remedy=as_seen)
def animated(file: FileFacts) -> Said:
    count = plural(getattr(file.info, "frame_count", 1), "frame")
    return count, (
        f"an animated {file.format} is counted as a video, of {count}; no source says what becomes "
        "of it as an image"
    )


@remark("warning", "one picture in a file", "one picture", of="picture", remedy=first_page)
def several_pages(file: FileFacts) -> Said | None:
    if not isinstance(file.info, ImageInfo) or file.info.frame_count < 2:
        return None
    found = f"{file.info.frame_count:,} pictures"
    problem = "only the first is counted; no source says which is seen"
    return found, f"{found} in the file; {problem}"


@remark("note", "an image stored upright", "upright", of="picture", remedy=compress)
def image_orientation(file: FileFacts) -> Said | None:
    if not isinstance(file.info, ImageInfo) or file.info.orientation == 1:
        return None
    found = f"EXIF orientation {file.info.orientation}"
    return found, (
        f"stored turned ({found}) and counted upright; no source says whether it is turned before "
        "the model sees it, and the reference for weights does not"
    )


@remark("note", "a file that does not say where it was taken", "no position", remedy=compress)
def location(file: FileFacts) -> Said | None:
    is_located = file.info is not None and "location" in file.info.metadata
    listed = any(frame.info and "location" in frame.info.metadata for frame in file.frames)
    message = "the file says where it was taken, and whoever it is sent to can read it"
    return ("a position", message) if is_located or listed else None


@remark("note", "an opaque image", "an opaque picture", of="picture", remedy=as_seen)
def alpha(file: FileFacts) -> Said | None:
    if not isinstance(file.info, ImageInfo) or not file.info.transparent:
        return None
    return f"transparency ({file.info.mode})", (
        "transparent in places; the reference for weights lays it on white, and no source says "
        "what the service does"
    )


@remark("note", "an image of 8-bit grey or RGB", "8-bit grey or RGB", of="picture", remedy=as_seen)
def colour_mode(file: FileFacts) -> Said | None:
    mode = file.info.mode if isinstance(file.info, ImageInfo) else None
    if mode is None or not is_unusual(mode):
        return None
    return mode, f"colours of the kind {mode}; no source says how they are turned into 8-bit RGB"


def is_unusual(mode: str | None) -> bool:
    """Say whether colours are neither 8-bit grey, RGB nor a palette, by Pillow's name of them.

    >>> is_unusual("CMYK"), is_unusual("RGBA")
    (True, False)
    """
    return mode is not None and (mode.rstrip("aA") in _UNUSUAL or mode.startswith("I;16"))


_UNUSUAL = ("CMYK", "YCbCr", "LAB", "HSV", "I", "F", "RGB;16", "RGBX")
"""Pillow's names of such colours."""


def _data_url_length(file: FileFacts) -> int:
    """Return the length of a file's data URL; of an unlisted container with the type of most."""
    other = ("video/x-matroska",) if file.kind == "video" else ()
    return data_url_length(file.file_bytes, mime_type(file.format, *other))
