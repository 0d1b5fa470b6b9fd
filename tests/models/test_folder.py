"""Which table of a folder counts, and the class that it is loaded by."""

import json

import pytest

from tests.models.folders import CLIP, QWEN2, QWEN2_VIDEO, QWEN3, QWEN3_VIDEO, model_of, written
from vlprep import image_tokens, load_model_file, video_tokens
from vlprep.errors import ModelFileError

NAMELESS = {key: value for key, value in QWEN2.items() if not key.endswith(("_type", "_class"))}
SMALL = {**QWEN2, "max_pixels": 100_352}


def image_cap(spec):
    return spec.rules().image.max_pixels


def test_a_nested_table_goes_before_the_flat_file_and_what_differs_is_said(tmp_path):
    files = {"processor_config": {"image_processor": SMALL}, "preprocessor_config": QWEN2}
    spec = model_of(tmp_path, **files)
    assert image_cap(spec) == 100_352
    assert spec.warnings[0] == (
        "image_processor of processor_config.json counts; preprocessor_config.json beside it is "
        "not read, and differs: max_pixels 12845056 for 100352"
    )


def test_tables_that_agree_are_nothing_to_tell(tmp_path):
    files = {"processor_config": {"image_processor": QWEN2}, "preprocessor_config": QWEN2}
    warnings = model_of(tmp_path, **files).warnings
    assert not any("differs" in warning for warning in warnings)


def test_a_file_that_is_not_read_may_be_broken(tmp_path):
    folder = written(tmp_path / "m", processor_config={"image_processor": SMALL})
    (folder / "preprocessor_config.json").write_text("{")
    assert image_cap(load_model_file(folder)) == 100_352


def test_images_and_videos_are_decided_apart(tmp_path):
    spec = model_of(
        tmp_path,
        processor_config={"image_processor": SMALL},
        preprocessor_config=QWEN2,
        video_preprocessor_config=QWEN3_VIDEO,
    )
    assert image_cap(spec) == 100_352
    assert spec.rules().video.max_pixels == 25_165_824


def test_nothing_is_merged_from_the_other_files(tmp_path):
    nested = {"image_processor": {"image_processor_type": "Qwen2VLImageProcessor"}}
    spec = model_of(tmp_path, processor_config=nested, preprocessor_config=SMALL)
    assert image_cap(spec) == 1_003_520


def test_without_a_video_file_the_image_file_serves(tmp_path):
    video = model_of(tmp_path, preprocessor_config=QWEN2).rules().video
    assert (video.count, video.sampling, video.budget) == ("transformers-qwen2", "arange", "frame")
    assert (video.factor, video.min_pixels, video.max_pixels) == (28, 3136, 12_845_056)


def test_a_nested_table_that_is_null_is_passed_over(tmp_path):
    nested = {"image_processor": None, "video_processor": None}
    spec = model_of(tmp_path, processor_config=nested, preprocessor_config=SMALL)
    assert image_cap(spec) == spec.rules().video.max_pixels == 100_352
    with pytest.raises(ModelFileError, match="no numbers for images: no image_processor in"):
        load_model_file(written(tmp_path / "alone", processor_config=nested))


def test_images_alone_load_and_videos_are_refused_when_asked_for(tmp_path):
    spec = model_of(tmp_path, processor_config={"image_processor": QWEN2})
    assert image_tokens((1280, 1280), spec).visual == 2116
    with pytest.raises(ModelFileError, match="no numbers for videos: no video_processor in"):
        video_tokens(CLIP, spec)


def test_videos_alone_load_too(tmp_path):
    spec = model_of(tmp_path, video_preprocessor_config=QWEN3_VIDEO)
    assert video_tokens(CLIP, spec).visual == 11_960
    with pytest.raises(ModelFileError, match="no numbers for images"):
        image_tokens((480, 640), spec)


@pytest.mark.parametrize(
    ("files", "budget"),
    [
        # Four letters decide between a limit of a frame and one of a clip.
        ({"preprocessor_config": QWEN2, "config": {"model_type": "qwen3_vl"}}, "frame"),
        ({"preprocessor_config": QWEN3, "config": {"model_type": "qwen3_vl"}}, "clip"),
        ({"preprocessor_config": NAMELESS, "config": {"model_type": "qwen3_vl"}}, "clip"),
        ({"preprocessor_config": NAMELESS, "config": {"model_type": "qwen2_vl"}}, "frame"),
        (
            {
                "preprocessor_config": QWEN2,
                "video_preprocessor_config": {"image_processor_type": "Qwen2VLImageProcessor"},
            },
            "frame",
        ),
        (
            {"preprocessor_config": {**QWEN2, "image_processor_type": "Qwen3VLImageProcessor"}},
            "clip",
        ),
    ],
)
def test_the_class_of_videos_is_named_inferred_or_that_of_the_model_type(tmp_path, files, budget):
    assert model_of(tmp_path, **files).rules().video.budget == budget


def test_a_class_that_does_not_fit_the_model_is_counted_and_said(tmp_path):
    spec = model_of(tmp_path, preprocessor_config=QWEN2, config={"model_type": "qwen3_vl"})
    assert any(
        "loaded by Qwen2VLVideoProcessor, which does not fit model_type qwen3_vl" in warning
        for warning in spec.warnings
    )


def test_a_type_without_an_image_class_needs_a_name_in_the_table(tmp_path):
    files = {"preprocessor_config": NAMELESS, "config": {"model_type": "qwen3_vl_moe"}}
    spec = model_of(tmp_path, **files)
    assert spec.rules().video.budget == "clip"
    with pytest.raises(ModelFileError, match="image_processor_type names no class"):
        image_tokens((480, 640), spec)


def test_the_name_of_the_class_around_both_decides_nothing_of_the_numbers(tmp_path):
    own = {**QWEN2, "processor_class": "BiQwen2_5_Processor"}
    spec = model_of(tmp_path, preprocessor_config=own)
    assert (image_cap(spec), spec.rules().video.budget) == (12_845_056, "frame")
    odd = model_of(tmp_path, preprocessor_config={**QWEN2, "processor_class": ["x"]})
    assert image_cap(odd) == 12_845_056


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "no numbers for images: no image_processor in processor_config.json, and no"),
        ({"config": {"model_type": "qwen3_vl"}}, "no numbers for images"),
        (
            {"preprocessor_config": {"image_processor_type": "CLIPImageProcessor"}},
            "'CLIPImageProcessor' is not of a Qwen processor: Qwen2VLImageProcessor is",
        ),
        ({"preprocessor_config": NAMELESS}, "model_type of config.json is not stated"),
        (
            {"preprocessor_config": NAMELESS, "config": {"model_type": "llava"}},
            "model_type of config.json says 'llava'",
        ),
        (
            {"preprocessor_config": {**NAMELESS, "image_processor_type": 3}},
            "image_processor_type is 3, not the name of a class",
        ),
        (
            {"preprocessor_config": {"feature_extractor_type": "WhisperFeatureExtractor"}},
            "'WhisperImageProcessor' is not of a Qwen processor",
        ),
        ({"preprocessor_config": [1, 2]}, "is [1, 2], not a JSON object"),
        ({"processor_config": {"image_processor": "x"}}, 'image_processor is "x", not a table'),
        ({"processor_config": {"image_processor": []}}, "image_processor is [], not a table"),
    ],
)
def test_what_is_no_qwen_folder_is_refused_by_name(tmp_path, files, problem):
    folder = written(tmp_path / "m", **files)
    with pytest.raises(ModelFileError) as caught:
        load_model_file(folder)
    assert problem in str(caught.value)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_in_an_encoding_that_the_reference_does_not_read_is_refused(tmp_path, encoding):
    folder = written(tmp_path / "m")
    (folder / "preprocessor_config.json").write_text(json.dumps(QWEN2), encoding=encoding)
    with pytest.raises(ModelFileError, match="not valid JSON"):
        load_model_file(folder)


def test_an_adapter_and_a_gguf_file_are_told_what_is_wanted_instead(tmp_path):
    base = {"base_model_name_or_path": "Qwen/Qwen2.5-VL-7B-Instruct"}
    folder = written(tmp_path / "adapter", adapter_config=base)
    for path in (folder, folder / "adapter_config.json"):
        with pytest.raises(ModelFileError, match=r"an adapter of 'Qwen/Qwen2\.5-VL-7B-Instruct'"):
            load_model_file(path)
    weights = written(tmp_path / "gguf") / "mmproj.gguf"
    weights.write_bytes(b"GGUF")
    for path in (weights, weights.parent):
        with pytest.raises(ModelFileError, match="GGUF files are not read"):
            load_model_file(path)


def test_a_model_of_the_hub_s_cache_is_its_main_snapshot_and_has_the_name_of_its_place(tmp_path):
    top = tmp_path / "models--Me--My-Model"
    snapshot = top / "snapshots" / "0a1b"
    for part in (snapshot, top / "blobs", top / "refs"):
        part.mkdir(parents=True)
    (top / "refs" / "main").write_text("0a1b")
    (top / "blobs" / "77").write_text(json.dumps(SMALL))
    (snapshot / "preprocessor_config.json").symlink_to("../../blobs/77")
    for path in (top, snapshot, snapshot / "preprocessor_config.json"):
        spec = load_model_file(path)
        assert (spec.name, image_cap(spec)) == ("Me/My-Model", 100_352)


def test_an_image_class_of_another_model_brings_its_video_class_along(tmp_path):
    other = {**QWEN2, "image_processor_type": "Glm4vImageProcessor"}
    with pytest.raises(ModelFileError, match="Glm4vImageProcessor"):
        model_of(tmp_path, preprocessor_config=other, config={"model_type": "qwen2_5_vl"})


@pytest.mark.parametrize("text", ['{"patch_size": 14', "\xff", "[" * 100_000])
def test_damaged_json_is_refused_by_name(tmp_path, text):
    folder = written(tmp_path / "m", preprocessor_config=QWEN2)
    (folder / "preprocessor_config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelFileError, match=r"preprocessor_config\.json: not valid JSON"):
        load_model_file(folder)


@pytest.mark.parametrize(
    "name",
    ["config", "processor_config", "preprocessor_config", "video_preprocessor_config"],
)
def test_any_of_the_four_files_stands_for_its_folder(tmp_path, name):
    folder = written(
        tmp_path / "m",
        config={"model_type": "qwen3_vl"},
        processor_config={"processor_class": "Qwen3VLProcessor"},
        preprocessor_config=QWEN3,
        video_preprocessor_config=QWEN3_VIDEO,
    )
    assert load_model_file(folder / f"{name}.json") == load_model_file(folder)


def test_a_file_that_is_not_there_stands_for_nothing(tmp_path):
    folder = written(tmp_path / "m", preprocessor_config=QWEN3)
    with pytest.raises(FileNotFoundError):
        load_model_file(folder / "processor_config.json")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (QWEN2, "image"),
        (QWEN3_VIDEO, "video"),
        (QWEN2_VIDEO, "video"),
        ({"image_processor": QWEN3, "video_processor": QWEN3_VIDEO}, "image"),
    ],
)
def test_a_file_of_another_name_stands_alone_where_it_names_a_qwen_class(tmp_path, content, part):
    folder = written(tmp_path / "m", preprocessor_config=SMALL, copy=content)
    rules = load_model_file(folder / "copy.json").rules()
    assert getattr(rules, part).max_pixels in (12_845_056, 16_777_216, 25_165_824)


def test_a_file_that_names_none_is_refused_with_what_was_looked_for(tmp_path):
    path = tmp_path / "package.json"
    path.write_text(json.dumps({"name": "site", "size": {"shortest_edge": 1, "longest_edge": 9}}))
    with pytest.raises(ModelFileError) as caught:
        load_model_file(path)
    assert caught.value.path == str(path)
    assert "is none of processor_config.json, preprocessor_config.json" in str(caught.value)
    assert "looked for Qwen2VLImageProcessor" in str(caught.value)


def test_a_size_with_more_than_both_edges_is_told_that_they_stand_alone(tmp_path):
    size = {"shortest_edge": 3136, "longest_edge": 12845056, "height": None}
    table = {"image_processor_type": "Qwen2VLImageProcessor", "size": size}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(table))
    with pytest.raises(ModelFileError, match="in pixels and nothing beside them"):
        load_model_file(tmp_path)


def test_weights_are_no_numbers(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(bytes(9))
    with pytest.raises(ModelFileError, match="weights are not read: give their folder"):
        load_model_file(tmp_path / "model.safetensors")
