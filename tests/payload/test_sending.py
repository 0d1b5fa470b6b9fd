from __future__ import annotations

import base64
import io
import os
import resource
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import MediaUrl, View, build_request, count_tokens, get_model, probe
from vlprep.errors import ConstraintError, UnsupportedFormatError, VlprepError
from vlprep.payload import request as request_room
from vlprep.payload import sending
from vlprep.payload.parts import data_url
from vlprep.payload.terms import How

PHOTO, STREET = FIXTURES / "photo.jpg", FIXTURES / "street.mp4"
ODD_LIST = [FIXTURES / f"exif_{number}.jpg" for number in (1, 2, 3, 4)]
OF_A_REQUEST = {name for name in How.__dataclass_fields__ if name != "view"}


def prepare(item, number=1, *, model=None, **asked):
    """Prepare an item by the dashscope API, which can say most, unless another is asked for."""
    view = {name: value for name, value in asked.items() if name not in OF_A_REQUEST}
    how = {name: value for name, value in asked.items() if name in OF_A_REQUEST}
    how = How(view=View.of(model, **view), **{"api": "dashscope", **how})
    return sending.prepare(item, how, number)


def content_of(file):
    return base64.b64decode(file.address.partition(",")[2], validate=True)


# Each kind of item.


def test_every_kind_of_source_is_an_item():
    content = PHOTO.read_bytes()
    url = data_url(content, "image/png")  # a wrong type: the content tells
    with PHOTO.open("rb") as file:
        for item in (PHOTO, str(PHOTO), content, io.BytesIO(content), file, url):
            part = prepare(item)
            assert part.files[0].address == data_url(content, "image/jpeg")
        assert file.tell() == 0  # a caller's file is left as it was


def test_a_folder_is_a_list_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 1, 2):
        shutil.copy(FIXTURES / "tiny.png", tmp_path / f"{number}.png")
    part = prepare(tmp_path, fps=1.0)
    names = [file.name.rpartition("/")[2] for file in part.files]
    assert (part.kind, names) == ("frames", ["1.png", "2.png", "9.png", "10.png"])


def test_a_url_is_what_its_ending_or_the_caller_says():
    assert prepare("https://e.com/a.mp4", fps=1.0).fps == 1.0
    image = prepare(MediaUrl("https://e.com/a.mp4", "image"), max_pixels=9)
    assert (image.kind, image.fps, image.limits) == ("image", None, {"max_pixels": 9})
    assert image.files[0].mime_type is None and image.tokens is None


def test_frames_of_a_url_cannot_be_taken():
    with pytest.raises(ConstraintError, match="not fetched"):
        prepare("https://e.com/a.mp4", as_frames=True)


def test_what_is_asked_is_done_to_what_it_concerns():
    assert prepare(STREET, as_frames=True, fps=1.0).action == "sampled"
    assert prepare(PHOTO, as_frames=True, fps=1.0).action == "unchanged"
    assert prepare(FIXTURES / "clip.ts", compress=True).action == "converted"
    assert prepare("https://e.com/a.jpg", compress=True).action == "given"
    listed = prepare([PHOTO, "https://e.com/a.jpg"], compress=True, fps=1.0)
    assert [file.address[:5] for file in listed.files] == ["data:", "https"]


# As it is.


@pytest.mark.parametrize(
    ("name", "kind", "mime_type"),
    [
        ("photo.jpg", "image", "image/jpeg"),
        ("png_named.jpg", "image", "image/png"),
        ("photo.heic", "image", "image/heic"),
        ("page.tif", "image", "image/tiff"),
        ("mp4_named.jpg", "video", "video/mp4"),
        ("jpg_named.mp4", "image", "image/jpeg"),
        ("clip.mov", "video", "video/quicktime"),
        ("h264.avi", "video", "video/x-msvideo"),
        ("street.mkv", "video", "video/x-matroska"),
        ("clip.flv", "video", "video/x-flv"),
        ("clip.wmv", "video", "video/x-ms-wmv"),
        ("animated.webp", "video", "image/webp"),
    ],
)
def test_kind_and_type_are_those_of_the_content(name, kind, mime_type):
    part = prepare(FIXTURES / name)
    assert (part.kind, part.files[0].mime_type) == (kind, mime_type)
    assert part.files[0].address == data_url((FIXTURES / name).read_bytes(), mime_type)


def test_a_container_without_a_type_is_refused_with_a_way_out():
    with pytest.raises(UnsupportedFormatError, match=r"MPEG-TS .*`compress` makes an MP4"):
        build_request([FIXTURES / "clip.ts"], "hi")


@pytest.mark.parametrize("api", ["openai", "dashscope"])
def test_it_costs_what_is_counted(api):
    assert prepare(STREET, api=api).tokens == count_tokens(STREET).tokens
    part = prepare(PHOTO, api=api, max_pixels=100_000)
    assert part.tokens == count_tokens(PHOTO, max_pixels=100_000).tokens
    assert part.limits == {"max_pixels": 100_000}


def test_a_rate_is_counted_as_it_is_sent():
    part = prepare(STREET, fps=1.0)
    assert (part.fps, part.tokens.frames) == (1.0, 10)


def test_limits_that_are_sent_for_a_video_are_counted():
    plain = prepare(STREET, api="openai")
    sent = prepare(STREET, api="openai", max_pixels=100_000, video_fields=True)
    assert sent.limits == {"max_pixels": 100_000}
    assert sent.tokens.total < plain.tokens.total


def test_what_cannot_be_counted_is_said():
    spec = get_model("qwen-vl-ocr")
    spec = replace(spec, rule_sets=(replace(spec.rules(), image=None),))
    part = prepare(PHOTO, model=spec)
    assert part.tokens is None
    assert part.warnings[0].startswith("not counted: qwen-vl-ocr: no source states")


def test_what_is_too_large_for_the_route_is_not_read(tmp_path):
    large = tmp_path / "large.mp4"
    shutil.copy(STREET, large)
    os.truncate(large, 3_000_000_000)  # with a hole in it
    with pytest.raises(VlprepError, match=r"large\.mp4: .*3,000,000,000 bytes|4,000,000,0"):
        build_request([large], "hi")


# Lists.


def test_a_list_has_its_rate_or_the_usual_one_with_a_word():
    part = prepare(ODD_LIST, fps=0.5)
    assert (part.kind, part.fps, part.warnings) == ("frames", 0.5, ())
    usual = prepare(ODD_LIST)
    assert (usual.fps, usual.warnings[0]) == (
        2.0, "taken for frames 0.5 s apart; `fps` says otherwise",
    )  # fmt: skip
    assert usual.tokens.frames == 4
    assert [content_of(file) for file in usual.files] == [path.read_bytes() for path in ODD_LIST]


def test_a_list_of_urls_is_not_counted():
    urls = [f"https://example.com/{number}" for number in range(4)]
    part = prepare(urls, fps=1.0)
    assert (part.tokens, part.action, part.warnings) == (None, "given", ())
    assert [file.address for file in part.files] == urls


def test_a_list_is_remade_whole_or_not_at_all(tmp_path):
    for number in range(4):
        picture = np.full((112, 168, 3), 40 * number, np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{number}.{'gif' if number == 2 else 'png'}")
    images = sorted(map(str, tmp_path.iterdir()))
    part = prepare(images, fps=1.0, compress=True)  # GIF is not taken
    assert (part.action, part.fps, len(part.files)) == ("sampled", 1.0, 4)
    assert {file.mime_type for file in part.files} == {"image/jpeg"}
    assert part.name == images[0]
    shades = [np.asarray(Image.open(io.BytesIO(content_of(file)))).mean() for file in part.files]
    assert shades == pytest.approx([0, 40, 80, 120], abs=2)
    plain = prepare([*images[:2], images[3], images[3]], fps=1.0, compress=True)
    assert plain.action == "unchanged"
    assert content_of(plain.files[1]) == Path(images[1]).read_bytes()


def test_the_frames_of_a_list_that_is_remade_have_one_size(tmp_path):
    for number, side in enumerate((112, 112, 140, 112)):
        image = Image.fromarray(np.zeros((112, side, 3), np.uint8))
        image.save(tmp_path / f"{number}.{'png' if number else 'gif'}")
    with pytest.raises(ConstraintError, match="the frames of a video have one size"):
        prepare(sorted(tmp_path.iterdir()), fps=1.0, compress=True)


# By path.


def test_a_path_is_absolute_and_of_a_file(monkeypatch):
    monkeypatch.chdir(FIXTURES)
    (file,) = prepare("photo.jpg", route="path").files
    assert (file.path, file.address) == (str(PHOTO), f"file://{PHOTO}")
    with pytest.raises(ConstraintError, match="no path to send"):
        prepare(PHOTO.read_bytes(), route="path")


def test_a_name_that_misleads_the_sdk_is_told():
    warnings = prepare(FIXTURES / "png_named.jpg", route="path").warnings
    assert "the SDK uploads it as image/jpeg by its name; it is image/png" in warnings
    assert prepare(PHOTO, route="path").warnings == ()


def test_what_is_made_for_the_route_path_needs_a_folder_and_gets_names(tmp_path):
    source, asked = str(FIXTURES / "clip.ts"), {"compress": True, "route": "path"}
    with pytest.raises(ConstraintError, match="`folder`"):
        prepare(source, **asked)
    (file,) = prepare(source, 7, **asked, folder=tmp_path).files
    assert file.path == str(tmp_path / "007-clip.mp4")
    assert probe(file.path).format == "MP4"
    with pytest.raises(FileExistsError):
        prepare(source, 7, **asked, folder=tmp_path)


def test_frames_for_the_route_path_are_numbered(tmp_path):
    part = prepare(STREET, 2, as_frames=True, fps=0.5, route="path", folder=tmp_path)
    assert [Path(file.path).name for file in part.files] == sorted(
        path.name for path in tmp_path.iterdir()
    )
    assert Path(part.files[0].path).name == "002-00001.jpg"


def test_an_unprintable_name_is_not_passed_on(tmp_path):
    odd = tmp_path / "a\n\x1b[31m.gif"
    shutil.copy(FIXTURES / "still.gif", odd)
    (file,) = prepare(str(odd), compress=True, route="path", folder=tmp_path).files
    assert Path(file.path).stem == "001-media"


# Frames.


def test_sampled_frames_are_what_is_counted_at_their_true_rate():
    part = prepare(STREET, as_frames=True, fps=1.0)
    count = count_tokens(STREET, fps=1)
    assert (part.fps, len(part.files), part.tokens.total) == (1.0, 10, count.tokens.total)
    sizes = {probe(file.address).size for file in part.files}
    assert sizes == {count.tokens.resized}
    assert part.files[3].name == f"{STREET} at 3.000 s"


@pytest.mark.parametrize("name", ["street.mp4", "vfr.mp4", "ntsc.mp4", "clip.ts", "gop250.mp4"])
def test_the_list_that_is_sent_costs_what_the_video_did(name):
    part = prepare(FIXTURES / name, as_frames=True)
    arrived = count_tokens([file.address for file in part.files], fps=part.fps)
    assert arrived.tokens.total == part.tokens.total


def test_a_bound_on_frames_lowers_the_rate_that_is_sent():
    part = prepare(STREET, as_frames=True, max_frames=4)
    assert (len(part.files), part.fps) == (4, 0.4)  # 4 frames of 10 s


def test_frames_too_far_apart_for_the_protocol_are_refused():
    asked = {"as_frames": True, "api": "openai"}
    part = prepare(STREET, **asked)
    assert (part.fps, part.states_fps) == (2.0, False)
    with pytest.raises(ConstraintError, match=r"2\.5 s apart by `max_frames`.*0\.5 s apart"):
        prepare(STREET, **asked, max_frames=4)
    stated = prepare(STREET, **asked, max_frames=4, video_fields=True)
    assert (stated.fps, stated.states_fps) == (0.4, True)


def test_pixel_limits_size_the_frames_and_need_no_field():
    part = prepare(STREET, as_frames=True, fps=1.0, max_pixels=100_000)
    assert probe(part.files[0].address).size.pixels <= 100_000
    assert (part.limits, part.warnings) == ({}, ())


def test_frames_that_the_service_would_size_anew_are_refused():
    # The rules enlarge to 65,536 pixels, unless a lower limit is said.
    small = {"as_frames": True, "fps": 1.0, "max_pixels": 50_000, "rules": "api-2026"}
    with pytest.raises(ConstraintError, match=r"`max_pixels`.*`video_fields`"):
        prepare(STREET, **small)
    stated = prepare(STREET, **small, video_fields=True)
    assert stated.limits == {"max_pixels": 50_000}
    (file, *_), seen = stated.files, stated.tokens.resized
    assert probe(file.address).size == (160, 288) and seen == (192, 320)
    assert stated.warnings[0] == "the service sizes the frames anew, to 320x192"


def test_high_dynamic_range_is_mapped():
    part = prepare(FIXTURES / "hdr_pq.mp4", as_frames=True)
    assert not any("flat without tone mapping" in warning for warning in part.warnings)


# Made smaller.


def test_what_fits_is_sent_untouched():
    for source in (PHOTO, STREET):
        part = prepare(source, compress=True)
        assert (part.action, content_of(part.files[0])) == ("unchanged", source.read_bytes())


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A video that is too large for a request, of ten seconds."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    shutil.copy(STREET, path)
    with path.open("ab") as file:  # an atom that players skip
        size = 9_000_000
        file.write(size.to_bytes(4, "big") + b"free" + bytes(size - 8))
    return path


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_frames", 6), ("end_seconds", 6), ("total_pixels", 2_000_000), ("max_pixels", 100_000)],
)
def test_a_file_of_just_the_frames_asked_needs_no_words(large, option, value):
    part = prepare(large, compress=True, **{option: value})
    assert part.action == "compressed"
    assert part.tokens.total == count_tokens(large, **{option: value}).tokens.total
    arrived = count_tokens(part.files[0].address, fps=part.fps)
    assert arrived.tokens.total == part.tokens.total  # by what the request says alone


def test_a_file_that_would_be_sampled_otherwise_is_refused(large):
    part = prepare(large, compress=True, min_frames=24)
    assert (part.fps, part.tokens.frames) == (2.4, 24)
    with pytest.raises(ConstraintError, match="`min_frames` of a video file"):
        prepare(large, compress=True, min_frames=24, api="openai")


# One opening.

_OPENED: list[str] | None = None


def _hear(event, arguments):
    if event == "open" and _OPENED is not None and isinstance(arguments[0], str | bytes | Path):
        _OPENED.append(os.fsdecode(arguments[0]))


@pytest.fixture(scope="session")  # a worker may come back to this file, and would hear twice
def hook():
    sys.addaudithook(_hear)  # for good, but deaf unless `opened` listens


@pytest.fixture
def opened(hook):
    global _OPENED
    _OPENED = []
    yield _OPENED
    _OPENED = None


WAYS = {"plain": {}, "compress": {"compress": True}, "as_frames": {"as_frames": True}}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["photo.jpg", "street.mp4", "still.gif", "clip.ts", "large.mp4"])
def test_a_file_is_opened_once(opened, large, name, way, check):
    path = str(large if name == "large.mp4" else FIXTURES / name)
    try:
        build_request([path], "hi", api="dashscope", check=check, **WAYS[way])
    except VlprepError:
        assert way != "compress"
    assert opened.count(path) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["photo.jpg", "street.mp4", "clip.ts", "large.mp4"])
def test_so_is_a_file_that_goes_by_its_path(opened, large, tmp_path, name, way):
    path = str(large if name == "large.mp4" else FIXTURES / name)
    by_path = {"route": "path", "folder": tmp_path, "api": "dashscope", "check": False}
    try:
        build_request([path], "hi", **by_path, **WAYS[way])
    except UnsupportedFormatError:
        assert (name, way) == ("clip.ts", "plain")
    assert opened.count(path) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ending", ["png", "gif"])
def test_an_animation_is_opened_once(opened, way, ending):
    path = str(FIXTURES / f"animated.{ending}")
    build_request([path], "hi", api="dashscope", check=False, **WAYS[way])
    assert opened.count(path) == 1


@pytest.mark.parametrize("way", WAYS)
def test_each_image_of_a_list_is_opened_once(opened, tmp_path, way):
    for number in range(6):
        shutil.copy(FIXTURES / ("still.gif" if number == 3 else "tiny.png"), tmp_path / f"{number}")
        Image.new("RGB", (64, 64)).save(tmp_path / f"{number}", "GIF" if number == 3 else "PNG")
    paths = sorted(map(str, tmp_path.iterdir()))
    for listed in (paths, [*paths[:3], *paths[4:]]):
        opened.clear()
        build_request([listed], "hi", api="dashscope", check=False, **WAYS[way])
        assert [path for path in opened if path in paths] == listed


def test_many_images_need_few_descriptors(tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "0.png")
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max((int(file.name) for file in Path("/proc/self/fd").glob("*")), default=200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(used + 40, usual[0]), usual[1]))
    try:
        paths = [tmp_path / "0.png"] * 300
        for items in ([paths], paths):
            request = build_request(items, "hi", api="dashscope", check=False)
            assert sum(len(part.files) for part in request.parts) == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)


# A file that changes under us.


def replaced(path, other):
    other.replace(path)


def rewritten(path, other):
    path.write_bytes(other.read_bytes())


STEPS = [(sending, "facts_of"), (sending, "count_facts"), (request_room, "check_sending")]


@pytest.mark.parametrize("change", [replaced, rewritten])
@pytest.mark.parametrize(("room", "step"), STEPS)
def test_what_is_counted_is_what_is_sent_even_if_the_file_changes(
    monkeypatch, tmp_path, room, step, change
):
    path, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    shutil.copy(PHOTO, path)
    Image.effect_noise((1200, 900), 90).save(other)
    usual, changed = getattr(room, step), []

    def changing(*arguments):
        if not changed:
            changed.append(change(path, other))
        return usual(*arguments)

    monkeypatch.setattr(room, step, changing)
    request = build_request([path], "hi")
    assert changed
    (file,) = request.parts[0].files
    assert content_of(file) == PHOTO.read_bytes()
    assert len(content_of(file)) == file.file_bytes
    assert request.tokens == count_tokens(PHOTO).tokens.total


@pytest.mark.parametrize("way", ["compress", "as_frames"])
def test_what_is_made_of_a_file_is_made_of_the_one_that_was_opened(monkeypatch, tmp_path, way):
    path, other = tmp_path / "a.ts", tmp_path / "b.ts"
    shutil.copy(FIXTURES / "clip.ts", path)
    shutil.copy(STREET, other)
    usual = sending.open_item

    def swapping(source, *trust):
        item = usual(source, *trust)
        if other.exists():
            other.replace(path)
        return item

    monkeypatch.setattr(sending, "open_item", swapping)
    request = build_request([path], "hi", api="dashscope", **WAYS[way])
    assert request.tokens == count_tokens(FIXTURES / "clip.ts").tokens.total


# Every option of the view.

VIEWS = {
    "fps": 1, "nframes": 8, "min_frames": 24, "max_frames": 6, "min_pixels": 500_000,
    "max_pixels": 100_000, "total_pixels": 2_000_000, "start_seconds": 2, "end_seconds": 6,
    "sampling": "linspace", "high_res": True, "strict": True, "rules": "api-2026",
}  # fmt: skip
KINDS = {"image": PHOTO, "video": STREET, "list": [PHOTO] * 6}


@pytest.mark.parametrize("option", VIEWS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("api", ["openai", "dashscope"])
def test_an_option_is_honoured_or_refused_by_name(api, way, kind, option):
    view = {option: VIEWS[option]}
    try:
        expected = count_tokens(KINDS[kind], **view).tokens.total
    except ConstraintError as error:
        with pytest.raises(type(error), match=str(error).rpartition(": ")[2]):
            build_request([KINDS[kind]], "hi", api=api, **WAYS[way], **view, check=False)
        return
    try:
        request = build_request([KINDS[kind]], "hi", api=api, **WAYS[way], **view)
    except ConstraintError as error:
        assert kind != "image" and f"`{option}`" in str(error)
    else:
        assert request.tokens == expected
