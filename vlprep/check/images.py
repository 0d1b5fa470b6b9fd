"""Rules on images: sides, formats, bytes, and what services and models make of odd ones."""

from __future__ import annotations

from vlprep.check.files import Stated, data_url_length, image_bytes_stated
from vlprep.check.remedies import compress, first_page, frames, rename, view
from vlprep.check.rule import FileFacts, Hit, Sending, Wanted, remark, rule
from vlprep.maths.geometry import RESIZE_RULES
from vlprep.media.sniff import mime_type
from vlprep.models.registry import file_formats, reference_formats, request_limits
from vlprep.types import ImageInfo
from vlprep.units import format_bytes, format_size


@rule(
    "error", "the shortest side taken", of="picture",
    remedy="enlarge it, or paste it onto a larger canvas",
)  # fmt: skip
def image_side(sending: Sending) -> Wanted | None:
    rule = sending.rules.image
    if rule is None or rule.min_side_pixels is None:
        return None
    shortest = rule.min_side_pixels

    def test(file: FileFacts) -> Hit | None:
        side = min(file.size)
        if side >= shortest:
            return None
        problem = f"the shorter side has {side} pixels, and the service takes {shortest} or more"
        return f"{side} px", f"{format_size(file.size)}: {problem}"

    return Wanted(f"at least {shortest} px", rule.sources, test)


@rule(
    "error", "the largest ratio of sides taken", of="picture", weights=True,
    remedy="crop it, or split it into several images",
)  # fmt: skip
def image_ratio(sending: Sending) -> Wanted | None:
    rule = sending.rules.image
    if rule is None:
        return None
    most = rule.max_aspect_ratio or RESIZE_RULES[rule.resize].max_aspect_ratio
    if most is None:
        return Wanted(sources=rule.sources)

    def test(file: FileFacts) -> Hit | None:
        long, short = max(file.size), min(file.size)
        if long <= most * short:
            return None
        found = f"{long / short:,.1f}:1"
        size = format_size(file.size)
        return found, f"{size}: the sides are {found}, and up to {most:g}:1 is taken"

    return Wanted(f"at most {most:g}:1", rule.sources, test)


@rule("error", "a format taken", of="picture", remedy=compress)
def image_format(sending: Sending) -> Wanted:
    formats = file_formats()
    words = ", ".join(formats.image)

    def test(file: FileFacts) -> Hit | None:
        if file.format in formats.image:
            return None
        return file.format, f"the format is {file.format}, and {words} are taken"

    return Wanted(words, formats.sources, test)


@rule(
    "warning", "a format that the reference for weights opens", of="picture", weights=True,
    remedy=compress,
)  # fmt: skip
def reference_format(sending: Sending) -> Wanted | None:
    if sending.is_served:
        return None
    formats = reference_formats()

    def test(file: FileFacts) -> Hit | None:
        if file.format not in formats.unopened:
            return None
        return file.format, f"transformers, on Pillow, does not open {file.format}"

    return Wanted(f"not {' or '.join(formats.unopened)}", formats.sources, test)


@rule("warning", "a format taken above 4K", of="picture", remedy=compress)
def large_image_format(sending: Sending) -> Wanted:
    formats = file_formats()
    short, long = formats.large_image_sides
    taken = " or ".join(formats.large_image)
    doubtful = set(formats.image) - set(formats.large_image)

    def test(file: FileFacts) -> Hit | None:
        size = file.size
        by_pixels = size.pixels > formats.large_image_pixels
        by_sides = min(size) > short or max(size) > long
        if file.format not in doubtful or not (by_pixels or by_sides):
            return None
        doubt = "" if by_pixels else ", and no source says whether pixels or sides count"
        limit = f"above {long:,} x {short:,} only {taken} is taken{doubt}"
        message = f"{format_size(size)} as {file.format} may be refused: {limit}"
        return f"{format_size(size)} {file.format}", message

    return Wanted(f"{taken} above {long}x{short}", formats.sources, test)


@rule("warning", "pixels of an image, as advised: 8K", of="picture", remedy=view)
def image_8k(sending: Sending) -> Wanted:
    formats = file_formats()
    most = formats.most_image_pixels

    def test(file: FileFacts) -> Hit | None:
        if file.size.pixels <= most:
            return None
        size = format_size(file.size)
        problem = f"{size} is more than the 8K that is advised; larger ones may time out"
        return f"{file.size.pixels:,} pixels", problem

    return Wanted(f"at most {most:,} pixels", formats.sources, test)


@rule("error", "bytes of an image by path or URL", of="picture", remedy=compress)
def image_bytes(sending: Sending) -> Wanted:
    return few_bytes(sending, image_bytes_stated(sending.model, sending.route))


def few_bytes(sending: Sending, stated: Stated) -> Wanted:
    """Want so few bytes as are stated for a route, where files are sent as they are."""
    limit, sources = stated
    if sending.is_encoded:
        return Wanted(sources=sources)
    reason = f"by {sending.route.name} it must be"
    return Wanted(f"under {limit:,} bytes", sources, lambda file: too_large(file, limit, reason))


@rule("error", "length of an image's data URL", of="picture", remedy=compress)
def base64_length(sending: Sending) -> Wanted:
    return short_data_url(sending, sending.route.max_image_bytes)


@rule("warning", "bytes of an image before encoding, as advised", of="picture", remedy=compress)
def raw_bytes(sending: Sending) -> Wanted:
    return few_raw_bytes(sending, base64_length.wanted(sending))


def short_data_url(sending: Sending, limit: int | None) -> Wanted:
    """Want data URLs under so many characters, where files are sent as such."""
    sources = sending.route.sources
    if limit is None or not sending.is_encoded:
        return Wanted(sources=sources)

    def test(file: FileFacts) -> Hit | None:
        length = data_url_length(file.file_bytes, _mime_type(file))
        if length < limit:
            return None
        found, size = f"{length:,} characters", format_bytes(file.file_bytes)
        return found, f"{size} become a data URL of {found}, and it must be under {limit:,}"

    return Wanted(f"under {limit:,} characters", sources, test)


def few_raw_bytes(sending: Sending, encoded: Wanted) -> Wanted:
    """Want so few bytes before encoding as is advised, of files short enough when `encoded`."""
    most, sources = sending.route.raw_bytes, sending.route.sources
    if most is None:
        return Wanted(sources=sources)

    def test(file: FileFacts) -> Hit | None:
        hit = too_large(file, most, "to be sent as Base64 the guides want it")
        is_told = hit and encoded.test and encoded.test(file)
        return None if is_told else hit

    return Wanted(f"under {most:,} bytes", sources, test)


def too_large(file: FileFacts, limit: int, reason: str) -> Hit | None:
    """Find a file of so many bytes or more."""
    if file.file_bytes < limit:
        return None
    found, size = f"{file.file_bytes:,} bytes", format_bytes(file.file_bytes)
    return found, f"{size} ({found}), and {reason} under {format_bytes(limit)}"


@rule("note", "size at which boxes are reliable", of="image", weights=True)
def localisation_size(sending: Sending) -> Wanted | None:
    best = sending.model.localisation
    if best is None:
        return None
    words = f"{best.min_pixels:,} to {best.max_pixels:,} pixels"

    def test(file: FileFacts) -> Hit | None:
        if best.min_pixels <= file.size.pixels <= best.max_pixels:
            return None
        found = f"{file.size.pixels:,} pixels"
        problem = f"boxes are reliable from {words}, outside they may drift"
        return found, f"{format_size(file.size)} has {found}; {problem}"

    return Wanted(words, best.sources, test)


@rule("warning", "a name that says what the content is", remedy=rename)
def mislabelled(sending: Sending) -> Wanted:
    def test(file: FileFacts) -> Hit | None:
        message = f"{file.mislabelled}; the type that is declared must be that of the content"
        return (file.format, message) if file.mislabelled is not None else None

    return Wanted("a name that says so", request_limits().url_sources, test)


@remark("warning", "not an animated picture", "one picture", of="animation", remedy=frames)
def animated(file: FileFacts) -> Hit:
    count = f"{getattr(file.info, 'frame_count', 1):,} frames"
    return count, (
        f"an animated {file.format} of {count} is counted as a video; no source says what becomes "
        "of it as an image"
    )


@remark("warning", "one picture in a file", "one picture", of="picture", remedy=first_page)
def several_pages(file: FileFacts) -> Hit | None:
    if not isinstance(file.info, ImageInfo) or file.info.frame_count < 2:
        return None
    found = f"{file.info.frame_count:,} pictures"
    problem = "of which only the first is counted; no source says which is seen"
    return found, f"{found} in the file, {problem}"


@remark("note", "an image stored upright", "upright", of="picture", remedy=view)
def image_orientation(file: FileFacts) -> Hit | None:
    if not isinstance(file.info, ImageInfo) or file.info.orientation == 1:
        return None
    found = f"EXIF orientation {file.info.orientation}"
    return found, (
        f"stored turned ({found}) and counted upright; no source says whether it is turned before "
        "the model sees it, and the reference for weights does not"
    )


@remark("note", "an opaque image", "an opaque picture", of="picture", remedy=view)
def alpha(file: FileFacts) -> Hit | None:
    if not isinstance(file.info, ImageInfo) or not file.info.transparent:
        return None
    return f"transparency ({file.info.mode})", (
        "transparent in places; the reference for weights lays it on white, and no source says "
        "what the service does"
    )


@remark("note", "an image of 8-bit grey or RGB", "8-bit grey or RGB", of="picture", remedy=view)
def colour_mode(file: FileFacts) -> Hit | None:
    mode = (isinstance(file.info, ImageInfo) and file.info.mode) or ""
    if mode.rstrip("aA") not in _UNUSUAL and not mode.startswith("I;16"):
        return None
    return mode, f"colours of the kind {mode}; no source says how they are turned into 8-bit RGB"


_UNUSUAL = ("CMYK", "YCbCr", "LAB", "HSV", "I", "F", "RGB;16", "RGBX")
"""Pillow's names of what is neither 8-bit grey, RGB nor a palette."""


def _mime_type(file: FileFacts) -> str:
    """Return the MIME type of a file's content; of other containers, that of most."""
    return mime_type(file.format, *(("video/x-matroska",) if file.kind == "video" else ()))
