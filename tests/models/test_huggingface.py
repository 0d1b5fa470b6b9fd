import json

import pytest

from tests.places import REPO
from vlprep import VlprepError, image_tokens, load_model_file
from vlprep.errors import ModelFileError

QWEN2 = {
    "image_processor_type": "Qwen2VLImageProcessor",
    "processor_class": "Qwen2_5_VLProcessor",
    "patch_size": 14,
    "merge_size": 2,
    "size": {"shortest_edge": 3136, "longest_edge": 12845056},
}
QWEN3 = {
    "image_processor_type": "Qwen2VLImageProcessorFast",
    "processor_class": "Qwen3VLProcessor",
    "patch_size": 16,
    "merge_size": 2,
    "size": {"shortest_edge": 65536, "longest_edge": 16777216},
}
QWEN3_VIDEO = {
    "video_processor_type": "Qwen3VLVideoProcessor",
    "patch_size": 16,
    "size": {"shortest_edge": 4096, "longest_edge": 25165824},
    "fps": 2,
    "min_frames": 4,
    "max_frames": 768,
}


def folder_of(tmp_path, **files):
    folder = tmp_path / "my-model"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def numbers(spec, kind="image", rules=None):
    rule = getattr(spec.rules(rules), kind)
    return rule.factor, rule.min_pixels, rule.max_pixels


def test_the_fine_tune_in_this_folder():
    spec = load_model_file(REPO / "tests/models/fine-tune")
    assert spec.name == "fine-tune"
    assert spec.family == "qwen2_5_vl"
    assert spec.context_tokens == 128_000
    # min_pixels and max_pixels of the file are what counts.
    assert numbers(spec) == (28, 50_176, 1_003_520)
    assert image_tokens((1280, 1280), spec).total == 1227
    assert [rules.name for rules in spec.rule_sets] == ["transformers", "qwen-vl-utils"]


def test_a_folder_with_flat_files(tmp_path):
    folder = folder_of(
        tmp_path,
        preprocessor_config=QWEN3,
        video_preprocessor_config=QWEN3_VIDEO,
        config={"model_type": "qwen3_vl", "text_config": {"max_position_embeddings": 262144}},
    )
    spec = load_model_file(folder)
    assert spec.name == "my-model"
    assert spec.context_tokens == 262_144
    assert numbers(spec) == (32, 65_536, 16_777_216)
    assert numbers(spec, "video") == (32, 4096, 25_165_824)
    video, prompt = spec.rules().video, spec.rules().prompt
    assert (video.count, video.sampling, video.budget) == ("transformers", "linspace", "clip")
    assert (prompt.timestamps, prompt.note) == (True, None)
    assert spec.warnings == ()


def test_the_preprocessor_file_itself_may_be_named(tmp_path):
    folder = folder_of(tmp_path, preprocessor_config=QWEN3)
    assert load_model_file(folder / "preprocessor_config.json") == load_model_file(folder)


def test_newer_uploads_nest_both_processors(tmp_path):
    folder = folder_of(
        tmp_path,
        processor_config={
            "processor_class": "Qwen3VLProcessor",
            "image_processor": {k: v for k, v in QWEN3.items() if k != "processor_class"},
            "video_processor": QWEN3_VIDEO,
        },
    )
    spec = load_model_file(folder)
    assert numbers(spec) == (32, 65_536, 16_777_216)
    assert numbers(spec, "video") == (32, 4096, 25_165_824)


def test_min_and_max_pixels_win_over_the_size(tmp_path):
    own = {**QWEN3, "min_pixels": 4095, "max_pixels": 1_310_720}
    assert numbers(load_model_file(folder_of(tmp_path, preprocessor_config=own))) == (
        32, 4095, 1_310_720,
    )  # fmt: skip


def test_the_qwen2_video_rule_is_per_frame(tmp_path):
    spec = load_model_file(folder_of(tmp_path, preprocessor_config=QWEN2))
    video = spec.rules().video
    assert (video.count, video.sampling, video.budget) == ("transformers-qwen2", "arange", "frame")
    assert numbers(spec, "video") == (28, 100_352, 602_112)


def test_what_the_folder_leaves_out_is_the_class_default_and_said(tmp_path):
    folder = folder_of(tmp_path, preprocessor_config={"processor_class": "Qwen3VLProcessor"})
    spec = load_model_file(folder)
    assert numbers(spec) == (28, 3136, 1_003_520)
    assert numbers(spec, "video") == (32, 131_072, 786_432)
    assert any("no image patch_size" in warning for warning in spec.warnings)
    assert any("no video" in warning for warning in spec.warnings)


def test_timestamps_of_another_vocabulary_are_marked_as_unverified(tmp_path):
    folder = folder_of(
        tmp_path,
        preprocessor_config=QWEN3,
        video_preprocessor_config=QWEN3_VIDEO,
        config={"model_type": "qwen3_5"},
    )
    prompt = load_model_file(folder).rules().prompt
    assert prompt.timestamps
    assert "not verified" in prompt.note


def test_an_unknown_processor_has_no_video_rule(tmp_path):
    own = {key: value for key, value in QWEN2.items() if key != "processor_class"}
    assert load_model_file(folder_of(tmp_path, preprocessor_config=own)).rules().video is None


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "no preprocessor_config.json"),
        ({"config": {"model_type": "qwen3_vl"}}, "no preprocessor_config.json"),
        (
            {"preprocessor_config": {"image_processor_type": "CLIPImageProcessor"}},
            "'CLIPImageProcessor' is not a Qwen processor",
        ),
        ({"preprocessor_config": [1, 2]}, "not a JSON object"),
        ({"preprocessor_config": {**QWEN2, "patch_size": "14"}}, "not of type int"),
        ({"preprocessor_config": {**QWEN2, "patch_size": None}}, "not of type int"),
    ],
)
def test_what_is_no_qwen_folder_is_refused_by_name(tmp_path, files, problem):
    folder = folder_of(tmp_path, **files)
    with pytest.raises(ModelFileError) as caught:
        load_model_file(folder)
    assert problem in str(caught.value)
    assert str(folder) in str(caught.value)


def test_damaged_json_is_refused_by_name(tmp_path):
    folder = folder_of(tmp_path, preprocessor_config=QWEN2)
    (folder / "preprocessor_config.json").write_text('{"patch_size": 14')
    with pytest.raises(ModelFileError, match="not valid JSON"):
        load_model_file(folder)


@pytest.mark.parametrize(
    "own",
    [
        pytest.param({"size": {"height": 448, "width": 448}}, id="size-of-other-keys"),
        pytest.param({"merge_size": 0}, id="merge-of-0"),
        pytest.param({"patch_size": 0}, id="patch-of-0"),
        pytest.param({"size": {"shortest_edge": 3136, "longest_edge": 0}}, id="limit-of-0"),
        pytest.param({"image_processor_type": None}, id="no-type"),
        pytest.param({"size": [3136, 12845056]}, id="size-is-a-list"),
        pytest.param({"size": None}, id="size-is-null"),
        pytest.param({"processor_class": ["Qwen2VLProcessor"]}, id="class-is-a-list"),
    ],
)
def test_odd_values_give_an_error_of_ours(tmp_path, own):
    folder = folder_of(tmp_path, preprocessor_config={**QWEN2, **own})
    with pytest.raises(VlprepError):
        image_tokens((480, 640), load_model_file(folder))
