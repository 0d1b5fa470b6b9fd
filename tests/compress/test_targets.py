"""Names of results: told before any work, and the same in a second run."""

import shutil

import pytest

from tests.films import names
from tests.places import FIXTURES
from vlprep import SkippedFile, compress_many
from vlprep.compress.many import CompressedFile
from vlprep.compress.targets import Targets
from vlprep.count.files import MediaFailure

PHOTO, CLIP = FIXTURES / "photo.jpg", FIXTURES / "clip.mov"


@pytest.fixture
def tree(tmp_path):
    for place in ("a/x.jpg", "b/x.jpg", "b/c/x.jpg", "y.jpg"):
        target = tmp_path / "src" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PHOTO, target)
    return tmp_path / "src"


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_folders_below_a_root_stay(tree, tmp_path):
    sources = sorted(str(path) for path in tree.rglob("*.jpg"))
    list(compress_many(sources, tmp_path / "out", roots=[tree]))
    assert files_below(tmp_path / "out") == ["a/x.jpg", "b/c/x.jpg", "b/x.jpg", "y.jpg"]
    list(compress_many(sources, tmp_path / "flat"))
    assert files_below(tmp_path / "flat") == ["x-2.jpg", "x-3.jpg", "x.jpg", "y.jpg"]


def test_several_roots_keep_their_names(tree, tmp_path):
    sources = [str(tree / "a/x.jpg"), str(tree / "b/x.jpg")]
    list(compress_many(sources, tmp_path / "out", roots=[tree / "a", tree / "b"]))
    assert files_below(tmp_path / "out") == ["a/x.jpg", "b/x.jpg"]


def test_a_second_run_passes_over_what_is_there(tree, tmp_path):
    sources = sorted(str(path) for path in tree.rglob("*.jpg"))
    out = tmp_path / "out"
    first = list(compress_many(sources[:2], out, roots=[tree], limit=28_000))
    again = list(compress_many(sources, out, roots=[tree], limit=28_000, skip_existing=True))
    assert [type(one) for one in again] == [SkippedFile] * 2 + [CompressedFile] * 2
    assert [one.target for one in again[:2]] == [one.target for one in first]
    assert again[0].to_dict() == {
        "source": sources[0], "target": first[0].target, "action": "skipped",
    }  # fmt: skip


def test_one_that_failed_does_not_take_the_result_of_another_for_its_own(tmp_path):
    (tmp_path / "x.heic").write_bytes(b"damaged")
    shutil.copy(PHOTO, tmp_path / "x.jpg")
    sources, out = [str(tmp_path / "x.heic"), str(tmp_path / "x.jpg")], tmp_path / "out"
    for _ in range(2):
        bad, good = compress_many(sources, out, skip_existing=True)
        assert isinstance(bad, MediaFailure)
        assert good.target == str(out / "x-2.jpg")
    assert isinstance(good, SkippedFile)


def test_a_photo_and_the_film_beside_it_share_a_name():
    targets = Targets("out", ["IMG_1.HEIC", "IMG_1.MOV", "IMG_1.jpg", "img_1.Mov"])
    stems = [targets.stem(place).name for place in range(4)]
    assert stems == ["IMG_1", "IMG_1", "IMG_1-2", "img_1-2"]


def test_what_became_an_mp4_is_called_so(tmp_path):
    shutil.copy(CLIP, tmp_path / "IMG_6002.MOV")
    for limit, name in ((10_000, "IMG_6002.mp4"), (10**6, "IMG_6002.MOV")):
        (done,) = compress_many(tmp_path / "IMG_6002.MOV", tmp_path / str(limit), limit=limit)
        assert names(tmp_path / str(limit)) == [name]
        assert done.target.endswith(name)


def test_what_is_in_the_way_is_named_and_not_the_source(tmp_path):
    list(compress_many(PHOTO, tmp_path / "out"))
    (again,) = compress_many(PHOTO, tmp_path / "out")
    assert again.message.startswith(f"{tmp_path / 'out' / 'photo.jpg'}: exists already")
