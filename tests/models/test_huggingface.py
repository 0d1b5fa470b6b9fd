"""What the keys of a folder's tables come to; `test_folder` has which table and class counts."""

import pytest
from PIL import Image

from tests.models.folders import CLIP, QWEN2, QWEN2_VIDEO, QWEN3, QWEN3_VIDEO, model_of, written
from tests.places import REPO
from vlprep import image_tokens, load_model_file, pixel_values, video_tokens
from vlprep.errors import ModelFileError, ResizeError, UnknownFactError


def numbers(spec, kind="image", rules=None):
    rule = getattr(spec.rules(rules), kind)
    return rule.factor, rule.min_pixels, rule.max_pixels


def image_model(tmp_path, **own):
    return model_of(tmp_path, preprocessor_config={**QWEN2, **own})


def video_model(tmp_path, table=QWEN3_VIDEO, **own):
    return model_of(tmp_path, preprocessor_config=QWEN3, video_preprocessor_config={**table, **own})


def refusal_of(spec, part):
    with pytest.raises(ModelFileError) as caught:
        image_tokens((480, 640), spec) if part == "image" else video_tokens(CLIP, spec)
    return str(caught.value)


def test_the_fine_tune_in_this_folder():
    spec = load_model_file(REPO / "tests/models/fine-tune")
    assert spec.name == "fine-tune"
    assert spec.family == "qwen2_5_vl"
    assert spec.context_tokens == 128_000
    # min_pixels and max_pixels of the file are what counts, for videos as well.
    assert numbers(spec) == numbers(spec, "video") == (28, 50_176, 1_003_520)
    assert image_tokens((1280, 1280), spec).total == 1227
    names = [rules.name for rules in spec.rule_sets]
    assert names == ["transformers", "qwen-vl-utils", "llama-factory"]
    assert spec.rules().verified == "5.24.0"


def test_a_folder_with_flat_files(tmp_path):
    spec = model_of(
        tmp_path,
        preprocessor_config=QWEN3,
        video_preprocessor_config=QWEN3_VIDEO,
        config={"model_type": "qwen3_vl", "text_config": {"max_position_embeddings": 262144}},
    )
    assert spec.name == "my-model"
    assert spec.context_tokens == 262_144
    assert numbers(spec) == (32, 65_536, 16_777_216)
    assert numbers(spec, "video") == (32, 4096, 25_165_824)
    video, prompt = spec.rules().video, spec.rules().prompt
    assert (video.count, video.sampling, video.budget) == ("transformers", "linspace", "clip")
    assert (prompt.timestamps, prompt.note) == (True, None)
    assert spec.warnings == ()


def test_timestamps_of_another_vocabulary_are_marked_as_unverified(tmp_path):
    spec = model_of(
        tmp_path,
        preprocessor_config=QWEN3,
        video_preprocessor_config=QWEN3_VIDEO,
        config={"model_type": "qwen3_5"},
    )
    assert spec.rules().prompt.timestamps
    assert "not verified" in spec.rules().prompt.note


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"text_config": None, "max_position_embeddings": 4096}, 4096),
        ({"thinker_config": {"text_config": {"max_position_embeddings": 4096}}}, 4096),
        ({"text_config": {"max_position_embeddings": "4096"}}, None),
        ({"max_position_embeddings": True}, None),
        ({"max_position_embeddings": 10**16}, None),
        ({"model_type": None, "_name_or_path": None}, None),
    ],
)
def test_the_context_and_odd_values_beside_it(tmp_path, config, tokens):
    spec = model_of(tmp_path, preprocessor_config=QWEN2, config=config)
    assert spec.context_tokens == tokens


# Pixels.


@pytest.mark.parametrize(
    ("own", "low", "high"),
    [
        ({"min_pixels": 4095, "max_pixels": 1_310_720}, 4095, 1_310_720),
        ({"max_pixels": 1_310_720}, 3136, 1_310_720),
        ({"min_pixels": None, "max_pixels": None}, 3136, 12_845_056),
        ({"min_pixels": 4096.0}, 4096, 12_845_056),
        ({"size": None}, 3136, 1_003_520),
        ({"size": {"shortest_edge": 6272}, "max_pixels": 62_720}, 6272, 62_720),
        (
            {"size": {"min_pixels": 1, "max_pixels": 2}, "min_pixels": 8, "max_pixels": 9000},
            *(8, 9000),
        ),
    ],
)
def test_keys_at_the_top_replace_edges_of_the_size(tmp_path, own, low, high):
    assert numbers(image_model(tmp_path, **own)) == (28, low, high)


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({"min_pixels": "3136"}, 'is "3136"; a whole number of pixels above 0 is wanted'),
        ({"max_pixels": "1280*28*28"}, 'max_pixels is "1280*28*28"'),
        ({"max_pixels": 0}, "max_pixels is 0"),
        ({"max_pixels": 100.5}, "max_pixels is 100.5"),
        ({"min_pixels": [1]}, "min_pixels is [1]"),
        ({"size": {"shortest_edge": 3136}}, "size has size.shortest_edge; size.shortest_edge and"),
        ({"size": {"height": 448, "width": 448}}, "size has size.height, size.width; "),
        ({"size": {"shortest_edge": 1, "longest_edge": 9, "height": 3}}, "size.height"),
        ({"size": {"shortest_edge": None, "longest_edge": 9}}, "size.shortest_edge is null"),
        ({"size": {}}, "size has no keys"),
        ({"size": 448}, "size is 448"),
        ({"size": [3136, 12845056]}, "size is [3136, 12845056]"),
        ({"patch_size": "14"}, 'patch_size is "14"; a whole number above 0 is wanted'),
        ({"patch_size": None}, "patch_size is null"),
        ({"patch_size": {}}, "patch_size is {}"),
        ({"patch_size": 14.0}, "patch_size is 14.0"),
        ({"merge_size": 0}, "merge_size is 0"),
        ({"temporal_patch_size": None}, "temporal_patch_size is null"),
        ({"do_resize": []}, "do_resize is []; true or false is wanted"),
        ({"resample": None}, "resample is null; 0 to 5 or a name is wanted"),
        ({"resample": 7}, "resample is 7"),
        ({"rescale_factor": [0.5, 0.5]}, "rescale_factor is [0.5, 0.5]; one number"),
        ({"rescale_factor": 0}, "rescale_factor is 0"),
    ],
)
def test_what_the_reference_raises_on_is_told_with_file_and_key(tmp_path, own, found):
    folder = written(tmp_path / "m", preprocessor_config={**QWEN2, **own})
    with pytest.raises(ModelFileError) as caught:
        load_model_file(folder)
    assert caught.value.path == str(folder / "preprocessor_config.json")
    assert caught.value.problem.startswith(found) or found in caught.value.problem


def test_a_nested_key_is_named_with_its_table(tmp_path):
    folder = written(tmp_path / "m", processor_config={"image_processor": {**QWEN2, "size": 3}})
    with pytest.raises(ModelFileError, match=r"processor_config.json: image_processor\.size is 3"):
        load_model_file(folder)


def test_a_broken_half_does_not_cost_the_other(tmp_path):
    spec = video_model(tmp_path, fps="2")
    assert image_tokens((1280, 1280), spec).visual == 1600
    assert 'video_preprocessor_config.json: fps is "2"' in refusal_of(spec, "video")


def test_the_video_class_of_qwen3_reads_size_alone(tmp_path):
    spec = video_model(tmp_path, min_pixels=1024, max_pixels=2048)
    assert numbers(spec, "video") == (32, 4096, 25_165_824)
    (warning,) = spec.warnings
    assert warning == (
        "Qwen3VLVideoProcessor does not read min_pixels and max_pixels: only size counts"
    )
    assert "size is null" in refusal_of(video_model(tmp_path, size=None), "video")


def test_what_the_folder_leaves_out_is_the_class_default_and_by_how_much_it_differs(tmp_path):
    bare = {"image_processor_type": "Qwen2VLImageProcessorFast"}
    spec = model_of(tmp_path, preprocessor_config=bare, config={"model_type": "qwen3_vl"})
    assert numbers(spec) == (28, 3136, 1_003_520)
    assert numbers(spec, "video") == (32, 131_072, 786_432)
    image, video = spec.warnings
    assert image.startswith("the folder states no image patch_size or size: class default ")
    assert "patch_size 14 where the family ships 16" in image
    assert "longest_edge 1,003,520 where the family ships 16,777,216 (16.7 times)" in image
    assert video.startswith("the folder states no video size: class default ")
    assert "longest_edge 786,432 where the family ships 25,165,824 (32 times)" in video


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"min_pixels": 12_544, "max_pixels": 12_000}, "12,544, is above the most, 12,000"),
        ({"max_pixels": 15 * 784}, "a cap of 11,760 pixels is 15 tokens"),
        ({"max_pixels": True}, "max_pixels is true, which counts as 1"),
        ({"min_pixels": -1}, "min_pixels is -1, which bounds nothing"),
        ({"do_resize": "false"}, 'do_resize is "false", which counts as true'),
        ({"auto_map": {"AutoImageProcessor": "own.Own"}}, "code of the folder's own (auto_map)"),
    ],
)
def test_what_can_hardly_be_meant_is_counted_with_a_warning(tmp_path, own, said):
    count = image_tokens((1280, 1280), image_model(tmp_path, **own))
    assert any(said in warning for warning in count.warnings)


def test_bytes_become_0_to_1_unless_a_folder_says_otherwise(tmp_path):
    assert "rescale_factor" not in QWEN2
    assert image_model(tmp_path).rules().image.normalise.rescale_factor == 1 / 255
    asked = image_model(tmp_path, rescale_factor=0.5)
    assert asked.rules().image.normalise.rescale_factor == 0.5


@pytest.mark.parametrize(
    "own",
    [
        {"resample": 2},
        {"resample": "lanczos"},
        {"rescale_factor": -1},
        {"rescale_factor": 10**400},
        {"image_mean": -0.5},
        {"image_std": [0.5, 0, 0.5]},
    ],
)
def test_what_arrays_cannot_be_made_with_does_not_cost_the_count(tmp_path, own):
    spec, (key,) = image_model(tmp_path, **own), own
    assert image_tokens((1280, 1280), spec).visual == 2116
    assert any(key in said and "arrays are not made" in said for said in spec.warnings)
    with pytest.raises(UnknownFactError):
        pixel_values(Image.new("RGB", (56, 56)), model=spec)


def test_16_tokens_are_a_cap_like_any_other(tmp_path):
    warnings = image_model(tmp_path, max_pixels=16 * 784).warnings
    assert not any("a cap of" in warning for warning in warnings)


def test_pictures_that_are_not_resized_must_fit(tmp_path):
    spec = model_of(
        tmp_path,
        preprocessor_config={**QWEN2, "do_resize": False},
        video_preprocessor_config={**QWEN3_VIDEO, "do_resize": False},
    )
    assert image_tokens((56, 560), spec).visual == 40
    with pytest.raises(ResizeError, match="no multiple of 28"):
        image_tokens((1080, 1920), spec)
    assert "do_resize is false" in spec.warnings[0]
    with pytest.raises(ResizeError, match="no multiple of 32"):
        video_tokens(CLIP, spec)


# Which frames of a video are shown.


@pytest.mark.parametrize(
    ("own", "grid"),
    [
        ({}, (10, 52, 92)),
        ({"fps": None}, (50, 22, 40)),
        ({"num_frames": 33, "fps": None}, (17, 40, 72)),
        ({"num_frames": 33, "fps": None, "max_frames": None}, (17, 40, 72)),
        ({"do_sample_frames": "no"}, (10, 52, 92)),
        ({"do_sample_frames": False}, (50, 22, 40)),
        ({"do_sample_frames": None}, (50, 22, 40)),
        ({"do_sample_frames": False, "num_frames": 33, "max_frames": 31}, (50, 22, 40)),
        ({"min_frames": 64}, (32, 28, 52)),
        ({"fps": None, "min_frames": 200}, (100, 16, 28)),
        ({"fps": None, "max_frames": 30}, (15, 42, 76)),
        ({"fps": 0.5}, (3, 68, 120)),
        ({"cap_pixels_per_frame": True}, (10, 40, 72)),
        ({"cap_pixels_per_frame": True, "max_video_tokens": 256}, (10, 24, 42)),
        ({"max_video_tokens": 256}, (10, 52, 92)),
        ({"temporal_patch_size": 1}, (20, 52, 92)),
        ({"temporal_patch_size": 14}, (2, 52, 92)),
        ({"merge_size": 1}, (10, 52, 93)),
    ],
)
def test_keys_of_a_qwen3_table_are_obeyed(tmp_path, own, grid):
    assert video_tokens(CLIP, video_model(tmp_path, **own)).grid_thw == grid


@pytest.mark.parametrize(
    ("own", "grid"),
    [
        ({}, (10, 78, 138)),
        ({"fps": None, "num_frames": 33}, (16, 78, 138)),
        ({"fps": None, "num_frames": 33, "temporal_patch_size": 3}, (11, 78, 138)),
        ({"temporal_patch_size": 1}, (20, 78, 138)),
        ({"temporal_patch_size": 4, "max_frames": 15}, (3, 78, 138)),
        ({"do_sample_frames": False, "min_frames": None}, (50, 78, 138)),
        ({"do_sample_frames": False, "cap_pixels_per_frame": True}, (50, 72, 128)),
        ({"do_sample_frames": False, "num_frames": 8}, (50, 78, 138)),
        ({"do_sample_frames": False, "max_pixels": 100_000}, (50, 16, 30)),
        (
            {"do_sample_frames": False, "cap_pixels_per_frame": True, "max_video_tokens": 256},
            (50, 2, 4),
        ),
    ],
)
def test_keys_of_a_qwen2_table_are_obeyed(tmp_path, own, grid):
    assert video_tokens(CLIP, video_model(tmp_path, QWEN2_VIDEO, **own)).grid_thw == grid


@pytest.mark.parametrize(
    ("table", "own", "found"),
    [
        (QWEN3_VIDEO, {"num_frames": 32}, "num_frames and fps (2) exclude each other"),
        (QWEN2_VIDEO, {"num_frames": 32}, "num_frames and fps (2) exclude each other"),
        (QWEN2_VIDEO, {"fps": None}, "do_sample_frames is true, without fps or num_frames"),
        (QWEN3_VIDEO, {"fps": 0}, "fps is 0; a number above 0 is wanted"),
        (QWEN3_VIDEO, {"fps": None, "num_frames": 0}, "num_frames is 0"),
        (QWEN3_VIDEO, {"max_frames": None}, "max_frames is null"),
        (QWEN3_VIDEO, {"fps": None, "num_frames": 33.0}, "num_frames is 33.0"),
        (QWEN3_VIDEO, {"do_sample_frames": []}, "do_sample_frames is []"),
        (
            QWEN3_VIDEO,
            {"cap_pixels_per_frame": True, "max_video_tokens": None},
            "max_video_tokens is null",
        ),
    ],
)
def test_keys_of_sampling_that_cannot_be_obeyed_are_refused(tmp_path, table, own, found):
    assert found in refusal_of(video_model(tmp_path, table, **own), "video")


def test_a_rate_asked_for_goes_before_what_the_folder_shows(tmp_path):
    spec = video_model(tmp_path, do_sample_frames=False)
    assert any("every frame" in warning for warning in video_tokens(CLIP, spec).warnings)
    assert video_tokens(CLIP, spec, fps=2).frames == 20
    assert video_tokens(CLIP, spec, nframes=8).frames == 8
    assert video_tokens(CLIP, spec, max_frames=30).frames == 30
    assert video_tokens(CLIP, spec, start_seconds=5).frames == 50


def test_where_a_qwen2_table_is_silent_2_frames_a_second_are_counted_and_it_is_said(tmp_path):
    silent = {key: QWEN2_VIDEO[key] for key in ("video_processor_type", "patch_size", "size")}
    count = video_tokens(CLIP, video_model(tmp_path, silent))
    assert count.grid_thw == (10, 78, 138)
    assert any("transformers by itself takes every frame" in text for text in count.warnings)
    assert video_tokens(CLIP, video_model(tmp_path, silent, fps=1)).frames == 10
    assert video_tokens(CLIP, video_model(tmp_path, silent, num_frames=33)).frames == 32


def test_every_frame_is_counted_where_a_silent_table_says_rate_and_number(tmp_path):
    table = {key: value for key, value in QWEN2_VIDEO.items() if key != "do_sample_frames"}
    count = video_tokens(CLIP, video_model(tmp_path, table, num_frames=8))
    assert count.grid_thw == (50, 78, 138)
    assert any("exclude each other" in said for said in count.warnings)


def test_an_omni_processor_sets_the_limits_of_frames_itself(tmp_path):
    spec = model_of(
        tmp_path,
        preprocessor_config={**QWEN2, "patch_size": 16, "processor_class": "Qwen3OmniMoeProcessor"},
        config={"model_type": "qwen3_omni_moe"},
    )
    assert numbers(spec) == (32, 3136, 12_845_056)
    assert numbers(spec, "video") == (32, 131_072, 786_432)
    assert "131,072 to 786,432 pixels at every call" in spec.warnings[0]


@pytest.mark.parametrize(
    ("model_type", "convention"),
    [
        ("qwen2_vl", "relative-1000"),
        ("qwen2_5_vl", "absolute"),
        ("qwen3_vl_moe", "relative-1000"),
        ("qwen3_5", "relative-1000"),
        ("qwen2_5_omni", None),
        ("llama", None),
    ],
)
def test_boxes_follow_the_model_type(tmp_path, model_type, convention):
    spec = model_of(tmp_path, preprocessor_config=QWEN2, config={"model_type": model_type})
    assert (spec.boxes and spec.boxes.convention) == convention
    assert spec.boxes is None or f"model_type of config.json is {model_type}" in spec.boxes.note
