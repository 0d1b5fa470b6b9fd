"""Whether a video can stay as it is, by which limit."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.films import MODEL, WEIGHTS, names, write_film
from tests.places import FIXTURES
from vlprep import compress_video
from vlprep.errors import ConstraintError, UnknownFactError


def test_the_route_sets_the_limit(tmp_path):
    def limit(**options):
        return compress_video(FIXTURES / "clip.mp4", None, dry_run=True, **options).limit

    assert limit(model=MODEL) == 7_000_000
    assert limit(model=MODEL, route="path") == 100_000_000
    assert limit(model="qvq-max", route="url") == 1_000_000_000
    assert limit(model=WEIGHTS[0]) == 7_000_000
    with pytest.raises(UnknownFactError, match="give a `limit`"):
        limit(model=WEIGHTS[0], route="url")
    with pytest.raises(ConstraintError, match="unknown route"):
        limit(model=MODEL, route="post")


def test_weights_take_any_container_and_length(tmp_path):
    done = compress_video(FIXTURES / "subsecond.mp4", tmp_path / "a.mp4", WEIGHTS[0])
    assert done.action == "unchanged"
    assert (
        compress_video(FIXTURES / "clip.ts", None, WEIGHTS[0], dry_run=True).action == "unchanged"
    )
    assert compress_video(FIXTURES / "clip.ts", None, MODEL, dry_run=True).action == "converted"


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_the_limit_is_strict(tmp_path, over):
    source, target = FIXTURES / "clip.mp4", tmp_path / "a.mp4"
    length = source.stat().st_size
    done = compress_video(source, target, MODEL, limit=length + over)
    assert done.action == ("unchanged" if over > 0 else "compressed")
    assert target.stat().st_size < length + over


def test_a_video_too_long_for_the_model_is_refused(tmp_path):
    source = write_film(tmp_path / "long.mp4", 42, Fraction(1), height=64, width=64)
    with pytest.raises(ConstraintError, match="cut it first"):
        compress_video(source, tmp_path / "a.mp4", "qwen-vl-max-2024-12-30", limit=9000)
    assert names(tmp_path) == ["long.mp4"]
