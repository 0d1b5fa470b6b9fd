"""Public reports of counts that were wrong for a model folder, each as a small input of ours.

The sizes are those of the reports; the right numbers are what transformers 5.24.0 gives for them.
"""

import pytest

from tests.models.folders import CLIP, QWEN3, model_of, written
from vlprep import get_model, image_tokens, load_model_file, video_tokens
from vlprep.errors import ModelFileError, UnknownModelError

PLAIN = (2048, 2488)
"""A picture of 2488x2048 pixels."""

QWEN2_5 = {"model_type": "qwen2_5_vl", "max_position_embeddings": 128000}


def table(**own):
    return {"image_processor_type": "Qwen2VLImageProcessor", **own}


def limits(low, high):
    return {"shortest_edge": low, "longest_edge": high}


# nested_over_flat: which of several config files holds.


def test_nested_over_flat_a_fine_tune_saved_again(tmp_path):
    nested = table(patch_size=14, merge_size=2, size=limits(3136, 1003520))
    flat = table(patch_size=14, merge_size=2, min_pixels=3136, max_pixels=12845056)
    spec = model_of(
        tmp_path,
        config=QWEN2_5,
        preprocessor_config=flat,
        processor_config={"image_processor": nested},
    )
    count = image_tokens(PLAIN, spec)
    assert count.visual == 1248
    assert any("preprocessor_config.json beside it" in warning for warning in count.warnings)


def test_nested_over_flat_a_key_missing_in_the_nested_table(tmp_path):
    spec = model_of(
        tmp_path,
        config={"model_type": "qwen3_5"},
        preprocessor_config=QWEN3,
        processor_config={"image_processor": table(size=limits(65536, 16777216))},
    )
    count = image_tokens(PLAIN, spec)
    assert count.visual == 6497
    assert any("patch_size 16 for 14" in warning for warning in count.warnings)


# early_class_name: a known former name called foreign.


def test_early_class_name(tmp_path):
    early = {"min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14, "merge_size": 2}
    early["image_processor_type"] = "Qwen2_5_VLImageProcessor"
    spec = model_of(tmp_path, config=QWEN2_5, preprocessor_config=early)
    count = image_tokens(PLAIN, spec)
    assert count.visual == 6497
    assert count.warnings[0] == (
        "preprocessor_config.json names Qwen2_5_VLImageProcessor, which transformers does not "
        "know; it is called Qwen2VLImageProcessor today, and counted as that"
    )


# size_with_pixel_keys: config errors told in the user's words.


@pytest.mark.parametrize(
    ("model_type", "size"),
    [
        ("qwen2_vl", {"max_pixels": 1003520, "min_pixels": 3136}),
        ("qwen2_5_vl", {"max_pixels": 602112, "min_pixels": 3136, **limits(3136, 12845056)}),
    ],
    ids=["pixels_only", "four_keys"],
)
def test_size_with_pixel_keys(tmp_path, model_type, size):
    folder = written(
        tmp_path / "m", config={"model_type": model_type}, preprocessor_config=table(size=size)
    )
    with pytest.raises(ModelFileError) as caught:
        load_model_file(folder)
    assert str(caught.value).startswith(f"{folder / 'preprocessor_config.json'}: size has ")
    for words in ("size.min_pixels", "size.max_pixels", "size.shortest_edge and size.longest_edge"):
        assert words in caught.value.problem


# video_keys_dropped: settings of a config dropped in silence.


@pytest.mark.parametrize(
    ("own", "visual", "steps"),
    [
        ({"cap_pixels_per_frame": True}, 7200, 10),
        ({"num_frames": 32, "fps": None}, 11520, 16),
        ({"do_sample_frames": False}, 11000, 50),
    ],
    ids=["capped", "num_frames", "nosample"],
)
def test_video_keys_dropped(tmp_path, own, visual, steps):
    video = {
        "video_processor_type": "Qwen3VLVideoProcessor",
        "size": limits(4096, 25165824),
        "patch_size": 16,
    }
    spec = model_of(tmp_path, preprocessor_config=QWEN3, video_preprocessor_config={**video, **own})
    count = video_tokens(CLIP, spec)
    assert (count.visual, count.grid_thw[0]) == (visual, steps)


# cap_of_one_token: implausible limits accepted without a word.


@pytest.mark.parametrize(
    ("own", "visual", "said"),
    [
        ({"size": limits(512, 1280)}, 1, "a cap of 1,280 pixels is 1.63 tokens"),
        ({"min_pixels": 1003520, "max_pixels": 3136}, 2, "1,003,520, is above the most, 3,136"),
    ],
    ids=["sides_for_pixels", "swapped"],
)
def test_cap_of_one_token(tmp_path, own, visual, said):
    file = table(patch_size=14, merge_size=2, **own)
    count = image_tokens(PLAIN, model_of(tmp_path, config=QWEN2_5, preprocessor_config=file))
    assert count.visual == visual
    assert sum(said in warning for warning in count.warnings) == 1


# omni_limits: catalogue numbers that a published file contradicts.


@pytest.mark.parametrize(
    ("name", "model_type", "patch", "visual"),
    [
        ("Qwen/Qwen2.5-Omni-7B", "qwen2_5_omni", 14, 6497),
        ("Qwen/Qwen3-Omni-30B-A3B-Instruct", "qwen3_omni_moe", 16, 4992),
    ],
)
def test_omni_limits(tmp_path, name, model_type, patch, visual):
    file = table(patch_size=patch, merge_size=2, min_pixels=3136, max_pixels=12845056)
    file["feature_extractor_type"] = "WhisperFeatureExtractor"
    spec = model_of(tmp_path, config={"model_type": model_type}, preprocessor_config=file)
    for model in (name, spec):
        assert image_tokens(PLAIN, model).visual == visual
    assert video_tokens(CLIP, spec).visual == video_tokens(CLIP, name).visual


# boxes_of_a_fine_tune: a fact at hand that is not used.


def test_boxes_of_a_fine_tune(tmp_path):
    nested = {"image_processor": {**QWEN3, "min_pixels": None, "max_pixels": None}}
    files = {"config": {"model_type": "qwen3_vl"}, "processor_config": nested}
    boxes = model_of(tmp_path, **files).box_rule()
    assert boxes.convention == "relative-1000"
    assert boxes.note == "as its family answers: model_type of config.json is qwen3_vl"


# near_names: suggestions that lead to wrong counts.


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("SomeLab/Qwen3-VL-8B-Instruct-AWQ-4bit", "Qwen/Qwen3-VL-8B-Instruct"),
        ("Qwen/Qwen2.5-VL-7B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-VL-7B-Instruct"),
    ],
)
def test_near_names(name, first):
    with pytest.raises(UnknownModelError) as caught:
        get_model(name)
    near = [get_model(suggestion) for suggestion in caught.value.suggestions]
    assert near[0].name == first
    assert {spec.family for spec in near} == {get_model(first).family}


def test_near_names_as_ollama_writes_them():
    assert get_model("qwen3-vl:8b").name == "Qwen/Qwen3-VL-8B-Instruct"


def test_near_names_a_difference_in_case_alone():
    spec = get_model("qwen/qwen2.5-vl-72b-instruct")
    assert spec.name == "Qwen/Qwen2.5-VL-72B-Instruct"
