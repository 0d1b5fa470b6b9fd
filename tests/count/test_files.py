import io
import json

import pytest

from tests.places import FIXTURES
from vlprep import (
    FrameListInfo,
    MediaCount,
    MediaFailure,
    count_many,
    count_tokens,
    get_model,
    image_tokens,
    list_models,
    load_model_file,
    probe,
    video_tokens,
)
from vlprep.count.explain import explain_count
from vlprep.count.files import BATCH, tally
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    FrameCountError,
    UnknownFactError,
    UnknownModelError,
    UnsupportedFormatError,
)
from vlprep.view import View

PHOTO, STREET = FIXTURES / "photo.jpg", FIXTURES / "street.mp4"
QVQ = View.of("qvq-max")


def explained(count, model, **view):
    return explain_count(count.info, count.tokens, View.of(model, **view))


def test_an_image():
    count = count_tokens(PHOTO, "qvq-max")
    assert count.source == str(PHOTO)
    assert count.kind == "image"
    assert count.frames is None
    assert count.info == probe(PHOTO)
    assert count.tokens == image_tokens((480, 640), "qvq-max")


def test_a_video():
    count = count_tokens(STREET, "Qwen/Qwen3-VL-8B-Instruct", fps=1)
    assert count.kind == "video"
    assert count.frames == 10
    assert count.tokens == video_tokens(probe(STREET), "Qwen/Qwen3-VL-8B-Instruct", fps=1)


def test_an_animation_is_counted_as_a_video():
    count = count_tokens(FIXTURES / "animated.gif", "qwen3-vl-plus")
    assert count.kind == "video"
    assert count.frames == 4
    assert any("counted as a video" in warning for warning in count.warnings)


def test_warnings_of_the_file_and_of_the_count_stand_together():
    tiny = count_tokens(FIXTURES / "tiny.png", "qvq-max")
    assert any("sides below 11" in warning for warning in tiny.warnings)
    named = count_tokens(FIXTURES / "png_named.jpg", "qvq-max")
    assert named.warnings == ("named .jpg but the content is PNG",)


def test_every_option_reaches_the_rules():
    image = {"min_pixels": 40_000, "max_pixels": 50_000, "rules": "api-2026"}
    assert count_tokens(PHOTO, "qvq-max", **image).tokens == image_tokens(
        (480, 640), "qvq-max", **image
    )
    assert (
        count_tokens(FIXTURES / "pages.tif", high_res=True).tokens.limits.max_pixels == 16_777_216
    )
    video = {
        "fps": 3.0,
        "min_frames": 6,
        "max_frames": 8,
        "min_pixels": 100_352,
        "max_pixels": 150_000,
        "total_pixels": 10**6,
        "rules": "guide-2025-06",
        "strict": True,
    }
    expected = video_tokens(probe(STREET), "qvq-max", **video)
    assert count_tokens(STREET, "qvq-max", **video).tokens == expected
    numbered = count_tokens(STREET, "Qwen/Qwen3-VL-8B-Instruct", nframes=7)
    assert numbered.frames == 7


def test_a_typo_in_an_option_is_a_type_error():
    for call in (count_tokens, count_many):
        with pytest.raises(TypeError, match="fsp"):
            call(STREET, fsp=1)


def test_a_list_among_files_is_called_by_its_first_image():
    results = count_many([["gone.png", PHOTO], [], [PHOTO] * 4], "qvq-max")
    assert [result.source for result in results] == ["gone.png", "frame list", str(PHOTO)]


@pytest.mark.parametrize("one", [str(PHOTO), PHOTO, PHOTO.read_bytes(), PHOTO.open("rb")])
def test_one_file_alone_is_one_file(one):
    (count,) = count_many(one, "qvq-max")
    assert count.tokens.total == 393


def test_a_warning_of_the_model_is_said_with_every_count(tmp_path):
    config = {
        "image_processor_type": "Qwen2VLImageProcessor",
        "patch_size": 14, "merge_size": 2, "temporal_patch_size": 2,
    }  # fmt: skip
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    model = load_model_file(tmp_path)
    assert "the folder states no image size" in model.warnings[0]
    assert set(model.warnings) <= set(count_tokens(PHOTO, model).warnings)
    assert set(model.warnings) <= set(next(count_many(PHOTO, model)).warnings)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (FileNotFoundError, {"source": "no-such.jpg"}),
        (UnsupportedFormatError, {"source": FIXTURES / "text.txt"}),
        (DecodeError, {"source": FIXTURES / "header_only.jpg"}),
        (UnknownModelError, {"source": PHOTO, "model": "no-such-model"}),
        (UnknownFactError, {"source": PHOTO, "model": "Qwen/Qwen3-VL-Reranker-8B"}),
        (UnknownFactError, {"source": STREET, "model": "Qwen/Qwen3-VL-Reranker-8B"}),
        (
            FrameCountError,
            {"source": FIXTURES / "subsecond.mp4", "model": "qvq-max", "strict": True},
        ),
        (ConstraintError, {"source": PHOTO, "model": "qvq-max", "rules": "no-such-rules"}),
    ],
)
def test_errors(error, arguments):
    with pytest.raises(error):
        count_tokens(**arguments)


def test_a_short_clip_is_counted_with_a_warning():
    count = count_tokens(FIXTURES / "subsecond.mp4", "qvq-max")
    assert count.frames == 4
    assert any("refuses so short a clip" in warning for warning in count.warnings)
    single = count_tokens(FIXTURES / "one_frame.mp4", "qvq-max")
    assert single.tokens.grid_thw[0] == 1


@pytest.mark.parametrize("model", list_models(), ids=lambda model: model.name)
def test_every_model_counts_a_photo_and_a_clip_or_says_what_is_unknown(model):
    for source, kind in ((PHOTO, "image"), (STREET, "video")):
        for rules in model.rule_sets:
            if getattr(rules, kind) is None:
                with pytest.raises(UnknownFactError):
                    count_tokens(source, model, rules=rules.name)
            else:
                assert count_tokens(source, model, rules=rules.name).tokens.total > 0


# Many.

MIXED = [
    PHOTO, "no-such.jpg", STREET, FIXTURES / "text.txt", FIXTURES / "empty.jpg", PHOTO.read_bytes(),
    FIXTURES / "tall.png",
]  # fmt: skip


def test_many_are_counted_in_order_with_failures_in_their_place():
    results = list(count_many(MIXED, "Qwen/Qwen3-VL-8B-Instruct"))
    codes = [result.code if isinstance(result, MediaFailure) else None for result in results]
    assert codes == [
        None, "not_found", None, "unsupported_format", "empty_file", None, "aspect_ratio",
    ]  # fmt: skip
    assert [result.source for result in results[:3]] == [str(PHOTO), "no-such.jpg", str(STREET)]
    assert results[5].source == "<bytes>"


def test_many_count_as_each_alone():
    names = ["photo.jpg", "clip.mp4", "alpha.png", "photo.heic", "animated.gif", "exif_6.jpg"]
    sources = [FIXTURES / name for name in names] * 3
    alone = [count_tokens(source, "qvq-max", max_pixels=100_000) for source in sources]
    assert list(count_many(sources, "qvq-max", max_pixels=100_000)) == alone


def test_batches_of_images_longer_than_one():
    results = list(count_many([PHOTO] * (2 * BATCH + 1), "qvq-max"))
    assert results == [count_tokens(PHOTO, "qvq-max")] * (2 * BATCH + 1)


def test_what_holds_for_all_images_fails_each():
    results = list(count_many([PHOTO, STREET, PHOTO], "Qwen/Qwen3-VL-Reranker-8B"))
    assert [result.code for result in results] == ["unknown_fact"] * 3


def test_results_come_as_they_are_counted_not_at_the_end():
    def sources():
        yield from [STREET, FIXTURES / "clip.mp4"]
        raise AssertionError("asked for more than was needed")

    assert next(iter(count_many(sources(), "qvq-max"))).source == str(STREET)


def test_an_unknown_model_is_told_before_any_file_is_opened():
    with pytest.raises(UnknownModelError):
        count_many(iter([]), "no-such-model")


def test_nothing_gives_nothing():
    assert list(count_many([], "qvq-max")) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no-such.jpg", "no such file or directory"),
        (FIXTURES / "empty.jpg", "empty file (0 bytes)"),
        (io.BytesIO(), "empty file (0 bytes)"),
    ],
)
def test_a_failure_s_message_leaves_the_name_out(source, message):
    (failure,) = count_many([source], "qvq-max")
    assert failure.message == message


def test_a_tally():
    results = list(count_many([PHOTO, "no-such.jpg", PHOTO], "qvq-max"))
    total = tally(results, QVQ)
    assert total.total_tokens == 2 * 393
    assert total.max_input_tokens == 106_496
    assert [price.currency for price in total.prices] == ["USD"]
    assert tally(results, QVQ, max_input=1000).max_input_tokens == 1000
    assert len(tally(results, QVQ, deployment="china").prices) == 2
    assert tally([], View.of("qvq-72b-preview")).max_input_tokens is None


def test_a_tally_of_thinking_that_cannot_be():
    with pytest.raises(ConstraintError, match="always thinks"):
        tally([], QVQ, thinking=False)


def test_explanations_end_with_what_the_other_rules_would_give():
    count = count_tokens(PHOTO, "qwen-vl-max")
    lines = explained(count, "qwen-vl-max")
    assert lines[-2:] == [
        "api-2026 would give the same 302 tokens", "guide-2025-06 would give 393 tokens",
    ]  # fmt: skip


def test_explanations_tell_a_rule_set_that_would_refuse():
    spec = get_model("Qwen/Qwen3-VL-8B-Instruct")
    count = count_tokens(PHOTO, spec, max_pixels=3000, rules="transformers")
    lines = explained(count, spec, max_pixels=3000, rules="transformers")
    assert any(line.startswith("qwen-vl-utils would refuse: ") for line in lines)


def test_a_result_is_a_value():
    first, again = count_tokens(STREET, "qvq-max"), count_tokens(STREET, "qvq-max")
    assert first == again
    assert isinstance(first, MediaCount)
    assert hash(first) == hash(again)


def test_a_part_of_a_clip_and_other_sampling():
    count = count_tokens(
        FIXTURES / "street.mp4", "Qwen/Qwen3-VL-8B-Instruct",
        nframes=5, start_seconds=2, end_seconds=4, sampling="linspace",
    )  # fmt: skip
    assert count.tokens.plan.indices == (60, 75, 90, 105, 120)
    with pytest.raises(ConstraintError, match="unknown rule 'random'"):
        count_tokens(FIXTURES / "street.mp4", sampling="random")


# street.mp4 has 300 frames in 10 s; 360 x 640 is 11 x 20 blocks of 32 pixels, 13 x 23 of 28.
@pytest.mark.parametrize(
    ("model", "start", "end", "numbers", "a_pair"),
    [
        # From 2 to 4 s both ends count: 61 frames, which at 2 a second are 4, from 60 on.
        ("qwen3-vl-plus", 2, 4, (60, 75, 90, 105), 11 * 20),
        ("Qwen/Qwen3-VL-8B-Instruct", 2, 4, (60, 80, 100, 120), 11 * 20),
        ("Qwen/Qwen2.5-VL-7B-Instruct", 2, 4, (60, 75, 90, 105), 13 * 23),
        # To the end: 91 frames, 3.03 s, which is 6.
        ("qwen3-vl-plus", 6.98, None, (210, 225, 240, 255, 270, 285), 11 * 20),
        # From the start: frames 0 to 60.
        ("qwen3-vl-plus", None, 2, (0, 15, 30, 45), 11 * 20),
    ],
)
def test_a_part_costs_what_its_frames_cost(model, start, end, numbers, a_pair):
    count = count_tokens(STREET, model, start_seconds=start, end_seconds=end)
    assert count.tokens.plan.indices == numbers
    assert count.tokens.visual == len(numbers) // 2 * a_pair
    assert count.info == probe(STREET)


@pytest.mark.parametrize("start", [-5, 0, None])
@pytest.mark.parametrize("end", [10, 99, None])
def test_a_part_that_is_the_whole_costs_the_same(start, end):
    whole = count_tokens(STREET, "qvq-max")
    assert count_tokens(STREET, "qvq-max", start_seconds=start, end_seconds=end) == whole


@pytest.mark.parametrize(("start", "end"), [(4, 2), (10, None), (99, None), (None, 0), (3, 3)])
def test_a_part_without_two_frames_is_refused(start, end):
    with pytest.raises(ConstraintError, match="no two frames between"):
        count_tokens(STREET, "qvq-max", start_seconds=start, end_seconds=end)


def test_another_way_to_spread_moves_frames_but_not_the_count():
    model = "Qwen/Qwen3-VL-8B-Instruct"
    plans = {
        name: count_tokens(STREET, model, fps=1, sampling=name).tokens.plan.indices
        for name in ("interval", "linspace", "linspace-float32", "arange")
    }
    assert plans["linspace"] == plans["linspace-float32"] == (
        0, 33, 66, 100, 133, 166, 199, 233, 266, 299,  # 299 / 9 apart
    )  # fmt: skip
    assert plans["interval"] == plans["arange"] == tuple(range(0, 300, 30))
    assert count_tokens(STREET, model, fps=1).tokens.plan.indices == plans["linspace"]


def test_a_part_and_a_way_to_spread_hold_for_many_too():
    part = {"start_seconds": 2, "end_seconds": 4, "nframes": 4, "sampling": "arange"}
    first, photo = count_many([STREET, PHOTO], "Qwen/Qwen3-VL-8B-Instruct", **part)
    assert first.tokens.plan.indices == (60, 75, 90, 105)
    assert photo.tokens.frames is None


def test_a_list_of_images_is_counted_as_a_video():
    count = count_tokens([PHOTO] * 6, "qwen3-vl-plus", fps=1)
    assert (count.kind, count.frames, count.source) == ("video", 6, str(PHOTO))
    # 480 x 640 is 15 x 20 tokens of 32 x 32, for each of three pairs, between two markers.
    assert (count.tokens.visual, count.tokens.total) == (900, 902)
    assert isinstance(count.info, FrameListInfo)
    assert count.info.duration_seconds == 6
    limited = count_tokens([PHOTO] * 6, "qwen3-vl-plus", max_pixels=100 * 32 * 32)
    assert limited.tokens.visual == 3 * 8 * 11  # 8.66 x 11.5 blocks, downwards


def test_a_list_can_be_explained():
    count = count_tokens([PHOTO] * 5, "qwen3-vl-plus")
    lines = explained(count, "qwen3-vl-plus")
    assert any("api-2026 would" in line for line in lines)
    assert any("all 5 images" in line for line in lines)


def test_a_folder_of_images_is_counted_as_a_video(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(PHOTO.read_bytes())
    count = count_tokens(tmp_path, "qwen3-vl-plus")
    assert (count.kind, count.tokens.visual) == ("video", 600)
    assert count.source == str(tmp_path)
