"""Every model of the catalogue against numbers from outside (`golden/counts`, `golden/limits`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction

import pytest

from tests.places import GOLDEN
from vlprep import ImageSize, VideoInfo, get_model, image_tokens, list_models, video_tokens
from vlprep.errors import UnknownFactError

FILES = {path.stem: json.loads(path.read_text()) for path in sorted(GOLDEN.glob("counts/*.json"))}
LIMITS = json.loads((GOLDEN / "limits.json").read_text())
MODELS = [model.name for model in list_models()]


def rows(kind: str) -> list[object]:
    return list(_rows(kind))


def _rows(kind: str) -> Iterator[object]:
    for file in FILES.values():
        for row in file.get(kind, ()):
            for rules in row.get("rules", [None]) if kind != "unknown" else [row.get("rules")]:
                for model in file["models"]:
                    label = f"{model}-{row['id']}" + (f"-{rules}" if rules else "")
                    yield pytest.param(model, row, rules, id=label)


@pytest.mark.parametrize(("model", "row", "rules"), rows("image"))
def test_image(model, row, rules):
    count = image_tokens(tuple(row["size"]), model, rules=rules, **row.get("ask", {}))
    assert list(count.resized) == row["resized"]
    assert_tokens(count, row)


@pytest.mark.parametrize(("model", "row", "rules"), rows("video"))
def test_video(model, row, rules):
    info = VideoInfo(
        size=ImageSize(*row["size"]), frame_count=row["frames"], fps=Fraction(row["fps"])
    )
    count = video_tokens(info, model, rules=rules, strict=True, **row.get("ask", {}))
    if "sampled" in row:
        assert count.plan.frame_count == row["sampled"]
    if "resized" in row:
        assert list(count.resized) == row["resized"]
    assert_tokens(count, row)


def assert_tokens(count, row):
    assert {"total", "visual"} & set(row)
    assert count.visual == row.get("visual", count.visual)
    assert count.total == row.get("total", count.total)


@pytest.mark.parametrize(("model", "row", "rules"), rows("unknown"))
def test_unknown(model, row, rules):
    with pytest.raises(UnknownFactError, match="no source states"):
        if row["kind"] == "image":
            image_tokens((480, 640), model, rules=rules)
        else:
            clip = VideoInfo(size=ImageSize(480, 640), frame_count=300, fps=Fraction(30))
            video_tokens(clip, model, rules=rules)


@pytest.mark.parametrize("model", MODELS)
def test_every_rule_set_of_every_model_has_a_row(model):
    spec = get_model(model)
    files = [file for file in FILES.values() if model in file["models"]]
    assert files, f"no file in tests/golden/counts lists {model}"
    known = {kind: rules_with_rows(files, kind, spec) for kind in ("image", "video")}
    stated = {
        "image": {rules.name for rules in spec.rule_sets if rules.image},
        "video": {rules.name for rules in spec.rule_sets if rules.video},
    }
    assert known == stated
    unknown = {(row["kind"], row.get("rules")) for file in files for row in file.get("unknown", ())}
    for kind in ("image", "video"):
        if spec.default_rules not in stated[kind]:
            assert (kind, None) in unknown


def rules_with_rows(files, kind, spec):
    return {
        rules or spec.default_rules
        for file in files
        for row in file.get(kind, ())
        for rules in row.get("rules", [None])
    }


def test_every_file_names_models_of_the_catalogue_and_an_origin():
    for name, file in FILES.items():
        assert set(file["models"]) <= set(MODELS), name
        assert file["origin"]
        assert all(row["from"] for kind in ("image", "video") for row in file.get(kind, ()))


@pytest.mark.parametrize("model", LIMITS["models"])
def test_windows(model):
    expected = dict(LIMITS["models"][model])
    del expected["group"]
    spec = get_model(model)
    assert set(expected.pop("also")) <= set(spec.aliases)
    assert {key: getattr(spec, key) for key in expected} == expected


@pytest.mark.parametrize(
    "model", [name for name, row in LIMITS["models"].items() if row["group"] is not None]
)
def test_limits_of_the_api_reference(model):
    expected = LIMITS["groups"][LIMITS["models"][model]["group"]]
    rules = get_model(model).rules("api-2026")
    got = {"factor": rules.image.factor}
    got |= {f"image_{key}": getattr(rules.image, key) for key in PIXELS}
    got |= {f"video_{key}": getattr(rules.video, key) for key in (*PIXELS, *CLIP)}
    assert got == expected
    assert rules.video.factor == expected["factor"]


PIXELS = ("min_pixels", "floor_pixels", "max_pixels", "ceiling_pixels")
CLIP = ("total_pixels", "min_frames", "max_frames")


def test_every_api_model_has_limits_from_outside():
    assert {model.name for model in list_models() if model.kind == "api"} == set(LIMITS["models"])


@pytest.mark.parametrize(
    ("model", "row"),
    [pytest.param(model, row, id=model) for row in LIMITS["weights"] for model in row["models"]],
)
def test_limits_of_the_weights(model, row):
    rules = get_model(model).rules("transformers")
    for rule, expected in ((rules.image, row["image"]), (rules.video, row["video"])):
        got = rule and [rule.factor, rule.min_pixels, rule.max_pixels]
        assert got == expected


def test_all_weights_have_limits_from_outside():
    listed = {model for row in LIMITS["weights"] for model in row["models"]}
    assert {model.name for model in list_models() if model.kind == "open-weights"} == listed
