"""Files mended for a request: what is written, what is left out, and that it passes then."""

import json
import shutil

import av
import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.films import names
from tests.longpages import small_letters
from tests.places import FIXTURES
from vlprep import (
    CompressedFile,
    SkippedFile,
    check_media,
    fix_media,
    frame_list,
    get_model,
    probe,
    processor,
)
from vlprep.count.files import MediaFailure
from vlprep.errors import ConstraintError
from vlprep.split.split import locate_in_pieces, read_pieces

GOOD = ["photo.jpg", "street.mp4"]
MENDED = [
    "photo.avif", "exif_6.jpg", "pages.tif", "png_named.jpg", "palette.png", "cmyk.jpg", "clip.ts",
    "subsecond.mp4", "hdr_pq.mp4", "rotate_90.mov", "animated.webp", "mpo.jpg",
]  # fmt: skip
LOST = ["truncated.jpg", "tiny.png", "empty.jpg", "text.txt", "no-such.jpg"]


def paths(*found):
    return [str(FIXTURES / name) for name in found]


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_mended_passes_then_with_nothing_to_note(tmp_path, name):
    before = (FIXTURES / name).read_bytes()
    report = fix_media(FIXTURES / name, tmp_path / "out")
    assert report.before.remedies
    assert (report.after.findings, report.failed, report.passes()) == ((), (), True)
    (target,) = (tmp_path / "out").iterdir()
    assert report.files[0].target == str(target)
    assert (FIXTURES / name).read_bytes() == before


@pytest.mark.parametrize("name", GOOD)
def test_what_needs_nothing_is_copied(tmp_path, name):
    report = fix_media(paths(name), tmp_path / "out")
    assert (tmp_path / "out" / name).read_bytes() == (FIXTURES / name).read_bytes()
    assert [file.result.action for file in report.files] == ["unchanged"]


@pytest.mark.parametrize("name", LOST)
def test_what_cannot_be_mended_is_left_out_and_named_with_its_reason(tmp_path, name):
    report = fix_media(paths(name, "photo.jpg"), tmp_path / "out")
    assert names(tmp_path / "out") == ["photo.jpg"]
    (left,) = report.left
    assert report.failed == (left.source,) == (str(FIXTURES / name),)
    assert left.reason.startswith(report.before.errors[0].message)
    assert report.after.passes() and not report.passes()


def test_a_position_does_not_go_out(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (47.0, 22.0, 0.0)}
    Image.new("RGB", (64, 64)).save(tmp_path / "a.jpg", exif=exif)
    report = fix_media(tmp_path / "a.jpg", tmp_path / "out")
    assert [finding.rule for finding in report.before.findings] == ["location"]
    assert probe(tmp_path / "out" / "a.jpg").metadata == ()
    assert report.after.findings == ()


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_nor_does_that_of_a_film(tmp_path, name):
    source = tmp_path / name
    with av.open(str(FIXTURES / "clip.mp4")) as old, av.open(str(source), "w") as new:
        new.metadata["location"] = "+47.3700+008.5400/"
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    assert probe(source).metadata == ("location",)
    report = fix_media(source, tmp_path / "out")
    assert [finding.rule for finding in report.before.findings] == ["location"]
    assert report.files[0].result.reason == "location data in it"
    assert probe(tmp_path / "out" / "a.mp4").metadata == ()


def test_a_long_video_is_cut(tmp_path):
    from dataclasses import replace

    spec = get_model()
    short = replace(spec, video_files=replace(spec.video_files, max_seconds=6.0))
    report = fix_media(paths("street.mp4"), tmp_path / "out", short)
    assert names(tmp_path / "out") == ["street-1.mp4", "street-2.mp4"]
    assert report.passes()


def test_a_list_stays_a_list(tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(4):
        shutil.copy(FIXTURES / "exif_6.jpg", frames / f"{number}.jpg")
    for items in ([frame_list(frames)], [[str(path) for path in sorted(frames.iterdir())]]):
        out = tmp_path / f"out{len(names(tmp_path))}"
        report = fix_media(items, out)
        assert [file.kind for file in report.after.files] == ["frame list"]
        assert len(report.after.files[0].frames) == 4
        assert report.passes(fail_on_warnings=True)
    assert report.after.findings == ()


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path):
    report = fix_media(paths("exif_6.jpg", "truncated.jpg"), tmp_path / "out", dry_run=True)
    assert names(tmp_path) == []
    assert report.after is None
    assert [file.result.action for file in report.files] == ["converted"]
    assert report.failed == (str(FIXTURES / "truncated.jpg"),)
    with pytest.raises(ConstraintError, match="a folder is needed"):
        fix_media(paths("photo.jpg"))


def test_results_are_kept_unless_told_otherwise(tmp_path):
    out, files = tmp_path / "out", paths("exif_6.jpg", "photo.jpg")
    fix_media(files, out)
    again = fix_media(files, out)
    assert [type(file) for file in again.files] == [MediaFailure] * 2
    assert len(again.failed) == 2
    resumed = fix_media(files, out, skip_existing=True)
    assert [type(file) for file in resumed.files] == [SkippedFile] * 2
    assert resumed.passes() and len(resumed.after.files) == 2
    forced = fix_media(files, out, overwrite=True)
    assert [type(file) for file in forced.files] == [CompressedFile] * 2


def test_a_url_is_passed_on(tmp_path):
    url = "https://example.com/a.jpg"
    report = fix_media([url, *paths("exif_6.jpg")], tmp_path / "out", route="url")
    assert report.failed == () and [left.source for left in report.left] == [url]
    assert [file.kind for file in report.after.files] == ["image", "URL"]
    assert report.passes()


def test_what_concerns_the_request_as_a_whole_remains_and_is_told(tmp_path):
    report = fix_media(paths("exif_6.jpg", "photo.jpg"), tmp_path / "out", max_input=100)
    assert [finding.rule for finding in report.after.errors] == ["input-tokens"]
    assert not report.passes()


def test_a_report_tells_its_own_json(tmp_path):
    report = fix_media(paths("exif_6.jpg", "truncated.jpg"), tmp_path / "out")
    document = json.loads(json.dumps(report.to_dict()))
    assert set(document) == {
        "schema", "model", "rules", "route", "folder", "items", "left", "before", "after",
        "manifests",
    }  # fmt: skip
    assert document["schema"] == "vlprep.fix/1"
    assert document["left"][0]["reason"].startswith("cut off")
    assert document["before"]["errors"] == 1 and document["after"]["errors"] == 0
    assert repr(report) == (
        "FixReport(1 made, 1 failed; CheckReport(qwen3-vl-plus, base64: 0 errors, "
        "0 warnings, 0 notes in 1 file))"
    )


def test_what_is_written_is_what_the_commands_of_the_check_would_write(tmp_path):
    """The remedy that a finding names and the fix are the same work."""
    from vlprep import compress_many

    source = str(FIXTURES / "palette.png")
    fix_media(source, tmp_path / "fixed")
    (remedy,) = check_media(source).remedies.values()
    list(compress_many(remedy.files, tmp_path / "by-hand", **dict(remedy.options)))
    made = [(tmp_path / folder / "palette.png").read_bytes() for folder in ("fixed", "by-hand")]
    assert made[0] == made[1]


def test_content_without_a_file_is_mended_too(tmp_path):
    report = fix_media((FIXTURES / "photo.avif").read_bytes(), tmp_path / "out")
    assert names(tmp_path / "out") == ["bytes.jpg"]
    assert report.before.errors and report.passes()


def test_the_work_is_watched(tmp_path):
    seen = []

    def watch(items, total, what, names=(), /):
        seen.append((what, total))
        files = [name.rpartition("/")[2] for name in names]
        assert files in ([], ["exif_6.jpg", "clip.ts"])
        return items

    fix_media(paths("exif_6.jpg", "clip.ts", "empty.jpg"), tmp_path / "out", watch=watch)
    assert seen[0] == ("mending", 2)
    assert "encoding" in {what for what, _ in seen}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return small_letters(tmp_path_factory.mktemp("page"), height=20_000)


def test_a_page_of_small_letters_is_split(tmp_path, page):
    report = fix_media([page, *paths("photo.jpg")], tmp_path / "out")
    assert "small-letters" in [finding.rule for finding in report.before.findings]
    assert report.before.pages == {page}
    assert report.passes(fail_on_warnings=True) and not report.after.findings
    (manifest,) = report.manifests
    document = json.loads((tmp_path / "out" / "page-pieces.json").read_text())
    assert manifest.endswith("page-pieces.json")
    written = [entry["file"] for entry in document["pieces"]]
    assert names(tmp_path / "out") == sorted([*written, "page-pieces.json", "photo.jpg"])
    assert len(written) > 2 and written == sorted(written)
    whole = {"bbox_2d": [0, 0, 1000, 1000]}
    answers = [json.dumps([{**whole, "label": name}]) for name in written]
    pieces = read_pieces(manifest, processor())
    found = locate_in_pieces(page, answers, pieces, processor())
    assert max(shape.bounds[3] for shape in found.shapes) == 20_000
    assert all(one.source == page for one in report.files[:-1])


def test_a_strip_too_narrow_to_be_taken_is_split(tmp_path):
    strip = np.tile(np.arange(9000) % 251, (30, 1)).astype(np.uint8)
    Image.fromarray(strip).save(tmp_path / "strip.png")
    report = fix_media(tmp_path / "strip.png", tmp_path / "out")
    assert [finding.rule for finding in report.before.errors] == ["image-ratio"]
    assert report.passes(fail_on_warnings=True) and not report.after.findings
    assert len(report.files) == 2 and len(report.manifests) == 1


def test_a_strip_that_is_too_low_as_well_is_left_and_named(tmp_path):
    Image.new("L", (9000, 8)).save(tmp_path / "strip.png")
    report = fix_media(tmp_path / "strip.png", tmp_path / "out")
    (left,) = report.left
    assert "shorter side" in left.reason and "split_image" not in left.reason


def test_a_dry_run_says_how_many_pieces_there_would_be(page):
    report = fix_media(page, dry_run=True)
    assert len(report.files) > 2 and report.manifests == ()


def test_letters_are_not_enlarged_for_a_check(tmp_path, page):
    report = fix_media(page, tmp_path / "out", readable=400)
    assert not report.failed and not report.passes(fail_on_warnings=True)
