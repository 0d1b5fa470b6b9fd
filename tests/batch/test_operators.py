"""Callables over batches: the same rows from dicts, arrays and Arrow; nothing kept or raised."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import vlprep
from tests.places import FIXTURES, REPO
from vlprep.batch import CheckMedia, CompressMedia, CountTokens, PixelValues, SampleFrames
from vlprep.errors import ConstraintError

PHOTO, CLIP = str(FIXTURES / "photo.jpg"), str(FIXTURES / "clip.mp4")
PATHS = [PHOTO, "no-such.jpg", CLIP, str(FIXTURES / "tiny.png"), str(FIXTURES / "photo.heic")]
OPERATORS = {
    "count": CountTokens("qwen3-vl-plus", fps=1),
    "check": CheckMedia("qwen3-vl-plus", route="path"),
    "frames": SampleFrames("qwen3-vl-plus", fps=1),
    "compress": CompressMedia("qwen3-vl-plus", limit=60_000),
    "pixels": PixelValues("Qwen/Qwen3-VL-8B-Instruct", fps=1, max_pixels=100_000),
}


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_a_row_comes_out_for_each_that_goes_in_and_the_bad_one_says_why(operator):
    done = operator({"path": PATHS, "label": [1, 2, 3, 4, 5]})
    assert done["label"] == [1, 2, 3, 4, 5]
    assert {name: len(column) for name, column in done.items()} == dict.fromkeys(done, 5)
    assert done["error_code"][1] == "not_found"
    assert done["error"][1]
    assert list(done)[2:] == list(operator.types)
    assert done["error_code"][2] is None


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_a_pickle_carries_it_and_nothing_is_kept(operator):
    copy = pickle.loads(pickle.dumps(operator))
    first = operator({"path": PATHS})
    assert copy == operator
    assert hash(copy) == hash(operator)
    assert copy({"path": PATHS}) == first == operator({"path": PATHS})


def test_the_count_is_the_one_of_the_library():
    done = OPERATORS["count"]({"path": PATHS})
    for path, tokens, kind in zip(PATHS, done["tokens"], done["kind"], strict=True):
        if path != "no-such.jpg":
            count = vlprep.count_tokens(path, "qwen3-vl-plus", fps=1)
            assert (tokens, kind) == (count.tokens.total, count.kind)


def test_facts_of_the_file_stand_beside_what_is_sampled_of_it():
    done = OPERATORS["count"]({"path": PATHS})
    assert done["file_fps"] == [None, None, 30.0, None, None]
    assert done["file_frames"] == [None, None, 60, None, None]
    assert done["frames"][2] < 60


CELLS = {
    "path": PHOTO,
    "bytes": (FIXTURES / "photo.jpg").read_bytes(),
    "struct of bytes": {"bytes": (FIXTURES / "photo.jpg").read_bytes(), "path": None},
    "struct of path": {"bytes": None, "path": PHOTO},
    "memory": memoryview((FIXTURES / "photo.jpg").read_bytes()),
    "path object": FIXTURES / "photo.jpg",
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_cell_is_a_path_the_content_or_a_struct_of_both(cell):
    column = np.empty(2, object)
    column[:] = [cell, cell]
    for cells in ([cell, cell], column):
        done = CountTokens("qwen3-vl-plus", column="image")({"image": cells})
        assert done["tokens"] == [302, 302]


def test_a_list_in_a_cell_is_a_video_of_frames():
    want = vlprep.count_tokens([PHOTO] * 4, "qwen3-vl-plus").tokens.total
    frames = np.empty(1, object)
    frames[0] = np.array([PHOTO] * 4, object)
    assert CountTokens("qwen3-vl-plus")({"path": [[PHOTO] * 4]})["tokens"] == [want]
    assert CountTokens("qwen3-vl-plus")({"path": frames})["tokens"] == [want]


@pytest.mark.parametrize("cell", [None, 5, b"", b"no medium", [], "https://x.org/a.jpg", "a\0b"])
def test_what_is_no_medium_is_an_error_in_its_row(cell):
    done = CountTokens()({"path": [cell, PHOTO]})
    assert done["tokens"][0] is None
    assert done["error_code"][0]
    assert done["tokens"][1] == 302


def _asking(*media):
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in media]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "What?"}]}]


def test_samples_are_counted_with_what_is_beside_them():
    import json

    rows = [_asking(PHOTO), json.dumps(_asking(PHOTO, PHOTO)), "not JSON", _asking("no-such.jpg")]
    done = CountTokens("qwen3-vl-plus", column="messages", text_tokens=5, max_input=400)(
        {"messages": rows}
    )
    assert done["tokens"] == [307, 609, None, None]
    assert done["fits"] == [True, False, None, None]
    assert json.loads(done["keeps"][1])[0]["max_pixels"] < 480 * 640
    assert done["error_code"][2:] == ["constraint", "not_found"]
    beside = {"messages": [[{"role": "user", "content": "<image>?"}]], "images": [[PHOTO]]}
    assert CountTokens("qwen3-vl-plus", column="messages")(beside)["tokens"] == [302]


def test_columns_that_are_there_already_want_a_prefix():
    count = CountTokens("qwen3-vl-plus")
    done = count({"path": [PHOTO]})
    with pytest.raises(ConstraintError, match=r"kind, height.*`prefix`"):
        count(done)
    both = CheckMedia("qwen3-vl-plus", prefix="check_")(done)
    assert (both["tokens"], both["check_passes"]) == ([302], [True])


@pytest.mark.parametrize(
    ("make", "kind", "match"),
    [
        (lambda: CountTokens("qwen3-vl-plus", fbs=1), TypeError, "fbs"),
        (lambda: CountTokens("qwen3-vl-plus", max_input=5), ConstraintError, "samples"),
        (lambda: CountTokens(fps=1, nframes=2), ConstraintError, "exclude"),
        (lambda: CheckMedia(route="post"), ConstraintError, "post"),
        (lambda: CompressMedia(limit=0), ConstraintError, "limit"),
        (lambda: CompressMedia(overwrite=True), TypeError, "overwrite"),
        (lambda: SampleFrames(format="gif"), ConstraintError, "gif"),
        (lambda: CountTokens()({"file": ["a"]}), ConstraintError, "no column 'path'.* file"),
        (lambda: CountTokens()(["a.jpg"]), TypeError, "list"),
    ],
)
def test_wrong_settings_are_raised_at_once(make, kind, match):
    with pytest.raises(kind, match=match):
        make()


def test_compressed_content_is_what_the_library_writes():
    done = CompressMedia("qwen3-vl-plus", limit=27_000)({"path": [PHOTO]})
    alone = vlprep.compress_image(PHOTO, "qwen3-vl-plus", limit=27_000)
    assert done["content"] == [alone.content]
    assert done["tokens_before"] == [alone.tokens_before.total]
    assert done["tokens_after"] == [alone.tokens_after.total]
    assert CompressMedia("qwen3-vl-plus", dry_run=True)({"path": [PHOTO]})["content"] == [None]


def test_frames_are_those_of_the_library():
    done = SampleFrames("qwen3-vl-plus", fps=1, format="png")({"path": [CLIP]})
    with vlprep.read_frames(CLIP, "qwen3-vl-plus", fps=1) as stream:
        frames = list(stream)
    assert done["numbers"] == [[frame.number for frame in frames]]
    assert len(done["images"][0]) == len(frames)
    with vlprep.read_frames(done["images"][0], "qwen3-vl-plus", fps=1) as again:
        assert (next(again).image == frames[0].image).all()


def test_a_map_of_hugging_face_takes_the_columns_as_they_are():
    batch = {"image": [{"bytes": CELLS["bytes"], "path": "photo.jpg"}], "label": [7]}
    done = CountTokens("qwen3-vl-plus", column="image")(batch)  # a batched map adds these columns
    assert (done["tokens"], done["label"]) == ([302], [7])


def test_no_engine_is_loaded():
    code = (
        "import sys, vlprep.batch as b; b.CountTokens()({'path': ['fixtures/photo.jpg']});"
        "print({'pyarrow', 'ray', 'daft', 'datasets', 'av'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True)
    assert ran.stdout.strip() == "set()", ran.stderr


# Arrow.


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_a_table_gets_typed_columns_of_the_same_values(operator):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"path": PATHS})
    done = operator(table)
    assert done.to_pydict() == operator({"path": PATHS})
    empty = operator(table.slice(0, 0))
    failed = operator(pa.table({"path": ["no-such.jpg"]}))
    assert empty.schema == failed.schema == done.schema  # whatever is missing
    (batch,) = table.to_batches()
    assert operator(batch).to_pydict() == done.to_pydict()


def test_a_struct_of_arrow_is_a_source_and_messages_are_samples():
    pa = pytest.importorskip("pyarrow")
    images = pa.table({"image": [{"bytes": CELLS["bytes"], "path": None}, None]})
    done = CountTokens("qwen3-vl-plus", column="image")(images)
    assert done["tokens"].to_pylist() == [302, None]
    samples = pa.table({"messages": [_asking(PHOTO), _asking(PHOTO, PHOTO)]})
    assert CountTokens("qwen3-vl-plus", column="messages")(samples)["tokens"].to_pylist() == [
        302,
        604,
    ]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
def test_arrays_are_those_of_the_library_whatever_holds_the_file(dtype):
    model, asked = "Qwen/Qwen3-VL-8B-Instruct", {"dtype": dtype, "max_pixels": 100_000, "fps": 1}
    cells = [PHOTO, CLIP, (FIXTURES / "photo.jpg").read_bytes(), [PHOTO] * 4]
    images, videos = ([PHOTO], [], [PHOTO], []), ([], [CLIP], [], [[PHOTO] * 4])
    done = PixelValues(model, **asked)({"path": cells})
    for number, one in enumerate(zip(images, videos, strict=True)):
        made = vlprep.pixel_values(*one, model, **asked)
        shape, kind = done["shape"][number], done["dtype"][number]
        values = np.frombuffer(done["pixel_values"][number], kind).reshape(shape)
        assert np.array_equal(values, made.pixel_values)
        assert done["grid_thw"][number] == made.grid_thw[0].tolist()
        assert (done["timestamps"][number] or []) == list(made.timestamps_seconds[0])
    assert (done["kind"][0], done["kind"][3]) == ("image", "video")


def test_arrays_are_refused_before_any_row_where_none_can_be():
    for model, asked, said in (
        ("qwen3-vl-plus", {}, "open weights"),
        ("Qwen/Qwen3-VL-8B-Instruct", {"dtype": "int3"}, "dtype"),
    ):
        with pytest.raises(ConstraintError, match=said):
            PixelValues(model, **asked)
