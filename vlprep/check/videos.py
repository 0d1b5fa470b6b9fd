"""Rules on videos and on lists of images that stand for one."""

from __future__ import annotations

from vlprep.check.files import longest_by_others, takes_container, video_bytes_stated
from vlprep.check.images import few_bytes, few_raw_bytes, short_data_url
from vlprep.check.remedies import as_seen, compress, right_length
from vlprep.check.rule import FileFacts, Files, Found, Hit, Said, Sending, Wanted, remark, rule
from vlprep.models.citing import named
from vlprep.models.registry import file_formats
from vlprep.types import VideoInfo


@rule("warning", "a container that is listed", of="video", remedy=compress)
def video_container(sending: Sending, files: Files) -> Found:
    formats = file_formats()
    words = ", ".join(formats.video)
    yield Wanted(words, formats.sources)
    for file in files:
        container = _info(file).format or "unknown container"
        if not takes_container(sending.model, container):
            message = f'{container} may be refused: the guides list {words} "etc."'
            yield Hit(container, message, file)


@rule("error", "shortest and longest video of the model", of="video", remedy=right_length)
def video_duration(sending: Sending, files: Files) -> Found:
    limits = sending.view.video_files
    if limits is None:
        return
    words = f"{limits.min_seconds:g} to {limits.max_seconds:,.0f} s"
    yield Wanted(words, limits.sources_of("min_seconds", "max_seconds"))
    for file in files:
        seconds = _info(file).duration_seconds
        if seconds is not None and not limits.min_seconds <= seconds <= limits.max_seconds:
            found, by = f"{seconds:,.1f} s", longest_by_others(sending.view)
            yield Hit(found, f"lasts {found}, and {sending.model.name} takes {words}{by}", file)


@rule("error", "bytes of a video by path or URL", of="video", remedy=compress)
def video_bytes(sending: Sending, files: Files) -> Found:
    stated = video_bytes_stated(sending.view, sending.route)
    return iter(()) if stated is None else few_bytes(sending, files, stated, "under")


@rule("error", "length of a video's data URL", of="video", remedy=compress)
def video_base64_length(sending: Sending, files: Files) -> Found:
    return short_data_url(sending, files, sending.route.max_video_bytes, "under")


@rule("warning", "bytes of a video before encoding, as advised", of="video", remedy=compress)
def video_raw_bytes(sending: Sending, files: Files) -> Found:
    return few_raw_bytes(sending, files, sending.route.max_video_bytes, "under")


@rule(
    "error", "images in a list that stands for a video", of="frame list",
    remedy="leave out or add frames, or send them as images",
)  # fmt: skip
def frame_list_length(sending: Sending, files: Files) -> Found:
    rule = sending.rules.video
    if rule is None:
        return
    low, high = rule.min_list_images or 1, rule.max_list_images
    words = f"at least {low} images" if high is None else f"{low} to {high:,} images"
    yield Wanted(words, rule.sources_of("min_list_images", "max_list_images"))
    for file in files:
        count = len(file.frames)
        if not low <= count <= (high or count):
            taken = f"{low} to {high or count:,} as frames of a video"
            found = f"{count:,} images"
            yield Hit(found, f"{found} in the list, and {sending.model.name} takes {taken}", file)


@rule(
    "warning", "images in a list on which the sources agree", of="frame list",
    remedy="leave out frames, or send the video itself",
)  # fmt: skip
def list_readings(sending: Sending, files: Files) -> Found:
    rule = sending.rules.video
    if rule is None or rule.max_list_images is None:
        return
    own = f"{named(rule.sources_of('max_list_images'))} gives {rule.max_list_images:,}"
    for reading in rule.readings:
        if "max_list_images" not in reading.numbers:
            continue
        fewer = reading.numbers["max_list_images"]
        yield Wanted(f"at most {fewer:,} images", reading.sources)
        for file in files:
            if fewer < len(file.frames) <= rule.max_list_images:
                found = f"{len(file.frames):,} images"
                words = f"{named(reading.sources)} gives {fewer:,}, and {own}"
                yield Hit(found, f"{found} may be too many: {words}", file)


@rule("note", "a video without sound, which is not heard", of="video")
def sound(sending: Sending, files: Files) -> Found:
    sources = sending.model.features.deaf_sources
    yield Wanted("no sound" if sources else "", sources)
    for file in files if sources else ():
        if _info(file).has_sound:
            message = f"{sending.model.name} does not hear it: put what is said into the text"
            yield Hit("sound", f"there is sound in it, and {message}", file)


@rule(
    "note", "a model that takes video files of everyone", of="video",
    remedy="send the frames that `read_frames` gives, should it be refused",
)  # fmt: skip
def video_ticket(sending: Sending, files: Files) -> Found:
    sources = sending.model.video_ticket_sources
    yield Wanted("a ticket" if sources else "", sources)
    for file in files if sources else ():
        when = f"video files to {sending.model.name} needed a ticket to the vendor first"
        yield Hit("a video file", f"{when}, by {named(sources)}; no later page says so", file)


@remark("warning", "a whole video, of one stream", "a header without a question", of="video")
def video_header(file: FileFacts) -> Said | None:
    remarks = "; ".join(said for said in _info(file).warnings if said != file.mislabelled)
    return (remarks, remarks) if remarks else None


@remark("note", "a video stored upright", "upright", of="video", remedy=compress)
def video_rotation(file: FileFacts) -> Said | None:
    info = _info(file)
    if not (info.rotation or info.mirrored):
        return None
    turned = f"turned by {info.rotation} degrees" if info.rotation else "mirrored"
    problem = "counted as displayed; no source says whether the service turns it"
    return turned, f"stored {turned} and {problem}"


@remark(
    "warning", "a video of ordinary dynamic range", "the range of ordinary screens",
    of="video", remedy=as_seen,
)  # fmt: skip
def hdr(file: FileFacts) -> Said | None:
    if _info(file).hdr is None:
        return None
    found = f"high dynamic range ({_info(file).hdr})"
    return found, (
        f"{found} looks flat and grey where it is not mapped; the references do not map it, and no "
        "source says what the service does"
    )


@remark("note", "a video of one moment a frame", "one moment a frame", of="video")
def interlaced(file: FileFacts) -> Said | None:
    message = "a frame holds two moments on alternate rows, and movement shows as combs"
    return ("interlaced", message) if _info(file).interlaced else None


@remark("note", "a video of square pixels", "square pixels", of="video")
def pixel_aspect(file: FileFacts) -> Said | None:
    ratio = _info(file).sample_aspect_ratio
    if ratio == 1:
        return None
    pixels = f"{ratio.numerator}:{ratio.denominator}"
    problem = "count as square, so the model sees it squeezed or stretched"
    return f"pixels of {pixels}", f"its pixels are {pixels} and {problem}"


def _info(file: FileFacts) -> VideoInfo:
    assert isinstance(file.info, VideoInfo)
    return file.info
