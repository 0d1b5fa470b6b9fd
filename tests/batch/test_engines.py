"""Real engines, where they are installed, give the rows that a plain loop gives."""

import pytest

from tests.places import FIXTURES, REPO
from vlprep.batch import CountTokens

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


def test_a_function_of_daft():
    daft = pytest.importorskip("daft")

    @daft.func.batch(return_dtype=daft.DataType.int64())
    def tokens(path):
        return COUNT({"path": path.to_pylist()})["tokens"]

    frame = daft.from_pydict({"path": PATHS})
    done = frame.with_column("tokens", tokens(frame["path"])).to_pydict()
    assert done["tokens"] == WANTED["tokens"]


def test_map_batches_of_ray():
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    ray.init(
        num_cpus=2,
        logging_level="ERROR",
        include_dashboard=False,
        object_store_memory=200_000_000,
        runtime_env={"env_vars": {"PYTHONPATH": str(REPO)}},
    )
    try:
        rows = ray.data.from_items([{"path": path} for path in PATHS])
        for form in ("numpy", "pyarrow"):  # functions as tasks: actors may wait for ever for a CPU
            done = rows.map_batches(COUNT, batch_size=7, batch_format=form).take_all()
            found = [(row["path"], row["tokens"], row["error_code"]) for row in done]
            names = ("path", "tokens", "error_code")
            want = zip(*(WANTED[name] for name in names), strict=True)
            assert sorted(found, key=str) == sorted(want, key=str)
    finally:
        ray.shutdown()
