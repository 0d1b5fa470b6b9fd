"""Files of all kinds: which is compressed as what, under which name, and what stops at whom."""

import json
import shutil
import sys

import pytest

from tests.films import names
from tests.leftovers import threads_since
from tests.places import FIXTURES
from vlprep import compress_file, compress_many, count_tokens, probe
from vlprep.compress.many import CompressedFile
from vlprep.count.files import MediaFailure
from vlprep.errors import ByteLimitError, ConstraintError, UnknownModelError
from vlprep.models.registry import load_model_file

PHOTO, CLIP, GIF = (str(FIXTURES / name) for name in ("photo.jpg", "clip.mp4", "animated.gif"))


def test_each_kind_goes_its_way(tmp_path):
    image = compress_file(PHOTO, tmp_path / "a.jpg", limit=18_000)
    video = compress_file(CLIP, tmp_path / "a.mp4", limit=18_000)
    assert (image.kind, image.source, image.target) == ("image", PHOTO, str(tmp_path / "a.jpg"))
    assert (video.kind, video.source, video.target) == ("video", CLIP, str(tmp_path / "a.mp4"))
    for done in (image, video):
        assert done.result.action == "compressed"
        assert (tmp_path / done.target).stat().st_size == done.result.bytes_after < 18_000
        tokens = count_tokens(done.target).tokens.total
        assert tokens == done.result.tokens_after.total


def test_an_animation_is_a_video_unless_one_picture_is_wanted(tmp_path):
    assert compress_file(GIF, tmp_path / "a.mp4").kind == "video"
    one = compress_file(GIF, tmp_path / "a.png", page=3)
    assert (one.kind, one.result.action) == ("image", "converted")
    assert "an animation is not one picture" in one.result.reason
    assert "11 of 12 pictures dropped" in one.result.dropped
    assert probe(tmp_path / "a.png").frame_count == 1


def test_a_folder_of_images_is_a_video(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(4):
        shutil.copy(PHOTO, folder / f"{number}.jpg")
    done = compress_file(str(folder), tmp_path / "a.mp4")
    assert (done.kind, done.result.frames_after) == ("video", 4)


@pytest.mark.parametrize(
    ("source", "target", "format"),
    [
        ("photo.heic", "a.jpg", "JPEG"),
        ("photo.heic", "a.PNG", "PNG"),
        ("photo.jpg", "a.png", "PNG"),
        ("palette.png", "a.jpeg", "JPEG"),
        ("clip.ts", "a.mp4", "MP4"),
        ("vfr.mkv", "a.mp4", "MP4"),
    ],
)
def test_the_ending_says_what_it_becomes(tmp_path, source, target, format):
    done = compress_file(FIXTURES / source, tmp_path / target)
    assert probe(tmp_path / target).format == done.result.format == format
    assert f"{format} is wanted" in done.result.reason or "does not take" in done.result.reason


def test_what_is_so_already_stays_as_it_is(tmp_path):
    for source, target in ((PHOTO, "a.jpeg"), (CLIP, "a.mp4")):
        assert compress_file(source, tmp_path / target).result.action == "unchanged"


def test_a_png_that_does_not_fit_is_not_replaced_by_a_jpeg(tmp_path):
    with pytest.raises(ByteLimitError, match="as PNG"):
        compress_file(PHOTO, tmp_path / "a.png", limit=20_000)
    assert names(tmp_path) == []


def test_requests_that_cannot_be(tmp_path):
    with pytest.raises(ConstraintError, match="a target is needed"):
        compress_file(PHOTO, None)
    with pytest.raises(ConstraintError, match="JPEG loses details"):
        compress_file(PHOTO, tmp_path / "a.jpg", lossless=True)
    with pytest.raises(ConstraintError, match="use the ending"):
        compress_file(PHOTO, tmp_path / "a.webp")
    with pytest.raises(FileExistsError, match="exists already"):
        (tmp_path / "a.jpg").touch()
        compress_file(PHOTO, tmp_path / "a.jpg")
    with pytest.raises(ConstraintError, match="threads must be 1 or more"):
        list(compress_many([PHOTO], tmp_path, threads=0))


def test_many_files_keep_their_names_and_order(tmp_path):
    sources = [PHOTO, "missing.jpg", CLIP, str(FIXTURES / "photo.heic"), GIF]
    outcomes = list(compress_many(sources, tmp_path / "new"))
    assert [type(outcome) for outcome in outcomes] == [
        CompressedFile, MediaFailure, CompressedFile, CompressedFile, CompressedFile,
    ]  # fmt: skip
    assert [outcome.source for outcome in outcomes] == sources
    assert names(tmp_path / "new") == ["animated.mp4", "clip.mp4", "photo-2.png", "photo.jpg"]
    assert outcomes[1].code == "not_found"


def test_names_that_clash_get_numbers(tmp_path):
    for folder, name in (("a", "x.jpg"), ("b", "X.jpg"), ("c", "x.jpg")):
        (tmp_path / folder).mkdir()
        shutil.copy(PHOTO, tmp_path / folder / name)
    sources = [str(path) for path in sorted(tmp_path.glob("*/*"))]
    list(compress_many(sources, tmp_path / "all"))
    assert names(tmp_path / "all") == ["X-2.jpg", "x-3.jpg", "x.jpg"]


def test_a_wrong_ending_is_put_right(tmp_path):
    shutil.copy(PHOTO, tmp_path / "a.b.png")
    list(compress_many([str(tmp_path / "a.b.png")], tmp_path / "out"))
    assert names(tmp_path / "out") == ["a.b.jpg"]


def test_no_source_is_overwritten_by_another(tmp_path):
    for name in ("photo.avif", "photo.jpg"):
        shutil.copy(FIXTURES / name, tmp_path / name)
    before = (tmp_path / "photo.jpg").read_bytes()
    sources = [str(tmp_path / "photo.avif"), str(tmp_path / "photo.jpg")]
    outcomes = list(compress_many(sources, tmp_path, limit=28_000, overwrite=True))
    assert (
        outcomes[0].message == f"{tmp_path / 'photo.jpg'}: is the source itself; name another file"
    )
    assert outcomes[1].target == str(tmp_path / "photo-2.jpg")
    assert (tmp_path / "photo.jpg").read_bytes() == before


def test_earlier_results_are_overwritten_only_when_asked(tmp_path):
    list(compress_many([PHOTO], tmp_path / "out"))
    (again,) = compress_many([PHOTO], tmp_path / "out")
    assert "exists already" in again.message
    (again,) = compress_many([PHOTO], tmp_path / "out", overwrite=True)
    assert isinstance(again, CompressedFile)


def test_a_dry_run_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcomes = list(compress_many([PHOTO, CLIP], None, limit=18_000))
    assert [outcome.target for outcome in outcomes] == [None, None]
    named = compress_file(FIXTURES / "photo.heic", "a.jpg", dry_run=True)
    assert (named.target, named.result.format) == (None, "JPEG")
    assert names(tmp_path) == []


def test_an_unknown_model_ends_it_at_once(tmp_path):
    with pytest.raises(UnknownModelError):
        compress_many([PHOTO], tmp_path, "no-such-model")


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing_but_the_time(tmp_path, threads):
    sources = [PHOTO, CLIP, "missing.jpg", *(str(FIXTURES / f"exif_{n}.jpg") for n in range(1, 9))]
    folder = tmp_path / "out"
    outcomes = list(compress_many(sources, folder, limit=25_000, threads=threads))
    assert [outcome.source for outcome in outcomes] == sources
    assert len(names(folder)) == len(sources) - 1
    alone = compress_file(PHOTO, tmp_path / "alone.jpg", limit=25_000)
    assert outcomes[0].result.content == alone.result.content


def test_closing_early_ends_the_threads_and_writes_no_more(tmp_path):
    with threads_since():
        outcomes = compress_many([PHOTO] * 20, tmp_path / "out", threads=3)
        next(outcomes)
        del outcomes
    assert names(tmp_path / "out") == ["photo.jpg"]


@pytest.mark.parametrize("kind", ["name", "path", "bytes", "file"])
def test_one_file_alone_is_one_file(tmp_path, kind):
    with FIXTURES.joinpath("photo.heic").open("rb") as file:
        sources = {
            "name": file.name,
            "path": FIXTURES / "photo.heic",
            "bytes": (FIXTURES / "photo.heic").read_bytes(),
            "file": file,
        }
        (done,) = compress_many(sources[kind], tmp_path / "out", limit=5000)
    assert done.result.bytes_after < 5000
    assert names(tmp_path / "out") == ["bytes.jpg" if kind == "bytes" else "photo.jpg"]


def test_a_dry_run_of_many_writes_nothing(tmp_path):
    planned = list(compress_many([PHOTO, CLIP], tmp_path / "out", limit=18_000, dry_run=True))
    assert [file.target for file in planned] == [None, None]
    assert names(tmp_path) == []


def opens_of(name, call):
    """Count how often a file of that name is opened while `call` runs."""
    opened, watching = [], True

    def hook(event, args):
        if watching and event in ("open", "os.open") and str(args[0]).endswith(name):
            opened.append(event)

    sys.addaudithook(hook)
    try:
        call()
    finally:
        watching = False
    return len(opened)


@pytest.mark.parametrize("limit", [10**6, 18_000])
@pytest.mark.parametrize("name", ["photo.jpg", "clip.mp4", "animated.gif"])
def test_a_source_is_opened_once(tmp_path, name, limit):
    path = shutil.copy(FIXTURES / name, tmp_path / f"source-{name}")
    folder = tmp_path / "out"
    assert opens_of(path.name, lambda: list(compress_many([path], folder, limit=limit))) == 1
    target = tmp_path / ("a.jpg" if name == "photo.jpg" else "a.mp4")
    assert opens_of(path.name, lambda: compress_file(path, target, limit=limit)) == 1


@pytest.mark.parametrize("name", ["photo.jpg", "clip.mp4"])
def test_what_is_copied_is_what_was_counted(tmp_path, name):
    """Another file takes the source's place while it is open."""
    path, target = tmp_path / name, tmp_path / "a" / name
    shutil.copy(FIXTURES / name, path)
    target.parent.mkdir()

    def swapped(format):
        other = tmp_path / "other"
        other.write_bytes(b"something else")
        other.replace(path)
        return target

    done = compress_file(path, swapped)
    assert done.result.action == "unchanged"
    assert target.read_bytes() == (FIXTURES / name).read_bytes()


def test_what_a_model_warns_of_is_told_of_every_file(tmp_path):
    config = {"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14}
    config |= {"merge_size": 2, "temporal_patch_size": 2}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    model = load_model_file(tmp_path)
    assert model.warnings
    for limit in (10**6, 18_000):
        done = compress_file(PHOTO, None, model, limit=limit, dry_run=True)
        assert set(model.warnings) <= set(done.warnings) == set(done.to_dict()["warnings"])


def test_a_result_tells_its_own_json(tmp_path):
    for source, name in ((PHOTO, "a.jpg"), (CLIP, "a.mp4")):
        done = compress_file(source, tmp_path / name, limit=18_000)
        entry = done.to_dict()
        assert json.loads(json.dumps(entry)) == entry
        assert (entry["source"], entry["target"]) == (source, str(tmp_path / name))
        assert entry["bytes_after"] == (tmp_path / name).stat().st_size
        assert entry["tokens_after"] == count_tokens(tmp_path / name).tokens.total
