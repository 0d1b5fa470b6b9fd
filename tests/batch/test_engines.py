"""Real engines, where they are installed, give the rows that a plain loop gives."""

import sys

import pytest

from tests.places import FIXTURES, REPO
from tests.scan.jobs import Codec
from vlprep.batch import CountTokens
from vlprep.errors import ConstraintError, MissingPackageError
from vlprep.scan.scan import scan

pytestmark = pytest.mark.filterwarnings("ignore")  # their own

NAMES = ("photo.jpg", "no-such.jpg", "clip.mp4", "photo.heic")
PATHS = [str(FIXTURES / name) for name in NAMES] * 5
COUNT = CountTokens("qwen3-vl-plus")
WANTED = COUNT({"path": PATHS})


def test_a_map_of_datasets():
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_dict({"path": PATHS})
    for given in (rows, rows.with_format("arrow")):
        done = given.map(COUNT, batched=True, batch_size=7).with_format(None)
        assert done.to_dict() == WANTED
    images = datasets.Dataset.from_dict({"image": [PATHS[0]]})
    images = images.cast_column("image", datasets.Image(decode=False))
    count = CountTokens("qwen3-vl-plus", column="image")
    assert images.map(count, batched=True)["tokens"][:] == [302]


def rows(table):
    """Return a table's rows, each by its source."""
    return {row["path"]: row for row in table}


def test_a_function_of_daft():
    daft = pytest.importorskip("daft")
    made_of = {
        "int64": daft.DataType.int64(),
        "float64": daft.DataType.float64(),
        "string": daft.DataType.string(),
        "list<string>": daft.DataType.list(daft.DataType.string()),
    }
    fields = {name: made_of[kind] for name, kind in COUNT.types.items()}

    @daft.func.batch(return_dtype=daft.DataType.struct(fields))
    def counted(path):
        return COUNT.work({"path": path.to_pylist()})

    frame = daft.from_pydict({"path": PATHS}).with_column("counted", counted(daft.col("path")))
    done = frame.select("path", daft.col("counted").unnest()).to_pylist()
    want = [dict(zip(WANTED, values, strict=True)) for values in zip(*WANTED.values(), strict=True)]
    assert rows(done) == rows(want)
    assert len(done) == len(want)


@pytest.fixture
def ray(monkeypatch):
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    monkeypatch.setenv("PYTHONPATH", str(REPO))  # which its processes have from here
    ray.init(
        num_cpus=2,
        logging_level="ERROR",
        include_dashboard=False,
        object_store_memory=200_000_000,
    )
    yield ray
    ray.shutdown()


def test_map_batches_of_ray(ray):
    given = ray.data.from_items([{"path": path} for path in PATHS])
    for form in ("numpy", "pyarrow"):  # functions as tasks: actors may wait for ever for a CPU
        done = given.map_batches(COUNT, batch_size=7, batch_format=form).take_all()
        found = [(row["path"], row["tokens"], row["error_code"]) for row in done]
        names = ("path", "tokens", "error_code")
        want = zip(*(WANTED[name] for name in names), strict=True)
        assert sorted(found, key=str) == sorted(want, key=str)


def test_a_scan_by_ray_is_that_of_this_machine(ray, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    tables, names = [], [*PATHS, str(FIXTURES / "truncated.jpg")]
    for engine in ("local", "ray"):
        out = tmp_path / f"{engine}.parquet"
        found = scan(names, COUNT, output=out, engine=engine, workers=2)
        tables.append(pq.read_table(out))
        assert found.errors == {"not_found": 5}
    assert tables[0].equals(tables[1])
    assert tables[0].num_rows == 21


def test_a_file_that_crashes_or_hangs_costs_its_own_row_in_ray_too(ray):
    names = ["a", "segfault", "hang", "raise", "b"]
    found = scan(names, Codec(), engine="ray", time_limit=1)
    assert found.errors == {"crashed": 2, "timeout": 1}
    assert (found.rows, found.total_tokens) == (5, 2)


def test_without_ray_the_line_that_brings_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    out = tmp_path / "rows.jsonl"
    with pytest.raises(MissingPackageError, match=r"vlprep\[ray\]"):
        scan(PATHS, COUNT, engine="ray", output=out)
    with pytest.raises(ConstraintError, match="address"):
        scan(PATHS, COUNT, address="auto", output=out)
    assert list(tmp_path.iterdir()) == []
