"""Limits on videos and on lists of images that stand for one."""

from __future__ import annotations

from vlprep.check import wanted
from vlprep.check.files import VIDEO_MIME_TYPES, takes_container
from vlprep.check.images import too_long_for_data_url
from vlprep.check.rule import FileFacts, Hit, Sending
from vlprep.models.registry import file_formats
from vlprep.types import VideoInfo
from vlprep.units import format_bytes


def video_container(file: FileFacts, request: Sending) -> Hit | None:
    """Find a container that the services do not list."""
    container = _info(file).format or "unknown container"
    if takes_container(request.model, container):
        return None
    listed = ", ".join(file_formats().video)
    return Hit(
        container,
        f'{container} may be refused: the guides list {listed} "etc."',
    )


def video_duration(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video that is shorter or longer than the model's service takes."""
    files, seconds = request.model.video_files, _info(file).duration_seconds
    if files is None or seconds is None or files.min_seconds <= seconds <= files.max_seconds:
        return None
    return Hit(
        f"{seconds:,.1f} s",
        f"lasts {seconds:,.1f} s, and {request.model.name} takes {wanted.video_duration(request)}",
    )


def video_bytes(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video too large for the route by path or by URL."""
    limit = wanted.most_video_bytes(request)
    if limit is None:
        return None
    return _too_large(file.file_bytes, limit, f"by {request.route.name} it must be")


def video_base64_length(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video whose data URL is too long."""
    limit = request.route.max_video_bytes
    if request.route.name != "base64" or limit is None:
        return None
    return too_long_for_data_url(file.file_bytes, _mime_type(file), limit)


def video_raw_bytes(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video over what is advised before encoding, though its data URL is short enough."""
    limit = request.route.raw_bytes
    if limit is None or video_base64_length(file, request) is not None:
        return None
    return _too_large(file.file_bytes, limit, "to be sent as Base64 the guides want it")


def _too_large(file_bytes: int, limit: int, reason: str) -> Hit | None:
    if file_bytes < limit:
        return None
    return Hit(
        f"{file_bytes:,} bytes",
        f"{format_bytes(file_bytes)} ({file_bytes:,} bytes), and {reason} under "
        f"{format_bytes(limit)}",
    )


def frame_list_length(file: FileFacts, request: Sending) -> Hit | None:
    """Find a list of more or fewer images than pass for a video."""
    rule, count = request.video_rule, len(file.frames)
    if rule is None:
        return None
    low, high = rule.min_list_images or 1, rule.max_list_images or count
    if low <= count <= high:
        return None
    return Hit(
        f"{count:,} images",
        f"{count:,} images in the list, and {request.model.name} takes {low} to {high:,} as frames "
        "of a video",
    )


def video_rotation(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video that is stored turned or mirrored."""
    info = _info(file)
    if not (info.rotation or info.mirrored):
        return None
    turned = f"turned by {info.rotation} degrees" if info.rotation else "mirrored"
    return Hit(
        turned,
        f"stored {turned} and counted as displayed; no source says whether the service turns it",
    )


def hdr(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video of high dynamic range."""
    curve = _info(file).hdr
    if curve is None:
        return None
    return Hit(
        f"high dynamic range ({curve})",
        f"high dynamic range ({curve}) looks flat and grey where it is not mapped; the references "
        "do not map it, and no source says what the service does",
    )


def interlaced(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video whose frames hold two moments."""
    if not _info(file).interlaced:
        return None
    return Hit(
        "interlaced",
        "a frame holds two moments on alternate rows, and movement shows as combs",
    )


def pixel_aspect(file: FileFacts, request: Sending) -> Hit | None:
    """Find a video whose pixels are not square."""
    ratio = _info(file).sample_aspect_ratio
    if ratio == 1:
        return None
    return Hit(
        f"pixels of {ratio.numerator}:{ratio.denominator}",
        f"its pixels are {ratio.numerator}:{ratio.denominator} and count as square, so the model "
        "sees it squeezed or stretched",
    )


def video_header(file: FileFacts, request: Sending) -> Hit | None:
    """Find what the reader of the header remarked, such as a file cut off."""
    remarks = [remark for remark in _info(file).warnings if remark != file.mislabelled]
    if not remarks:
        return None
    return Hit("; ".join(remarks), "; ".join(remarks))


def _info(file: FileFacts) -> VideoInfo:
    assert isinstance(file.info, VideoInfo)
    return file.info


def _mime_type(file: FileFacts) -> str:
    return VIDEO_MIME_TYPES.get(_info(file).format or "", "video/x-matroska")
