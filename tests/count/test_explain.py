from dataclasses import replace
from fractions import Fraction

import pytest

from vlprep import (
    FrameListInfo,
    ImageInfo,
    ImageSize,
    VideoInfo,
    get_model,
    image_tokens,
    list_models,
)
from vlprep.count.explain import cite, explain_count
from vlprep.count.videos import media_count
from vlprep.view import View

IMAGE = ImageInfo(size=ImageSize(1280, 1280), format="JPEG", orientation=6)
CLIP = VideoInfo(
    size=ImageSize(720, 1280), frame_count=250, fps=Fraction(25), codec="h264", format="MP4",
    rotation=90,
)  # fmt: skip


def explained(info, model, **view):
    bound = View.of(model, **view)
    return explain_count(info, media_count(info, bound), bound)


def test_an_image_step_by_step():
    spec = get_model("qvq-max")
    rules, facts, unit, limits, resize, total, *_ = explained(IMAGE, spec)
    assert rules.startswith("rules guide-2025-06: Model Studio visual understanding guide")
    assert rules.endswith("2025-06-05")
    assert facts == "JPEG, 1280x1280 as displayed, EXIF orientation 6 applied"
    assert unit.startswith("one token is 28x28 pixels")
    assert unit.endswith(cite(spec.rules().image.sources))
    assert limits.startswith(
        "an image may have 3,136 to 1,003,520 pixels, bound by the default cap"
    )
    assert "1280x1280" in resize
    assert "980x980" in resize
    assert total == "35 x 35 = 1,225 visual tokens + 2 markers = 1,227"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_turn_and_every_mirroring_is_told(orientation):
    _, facts, *_ = explained(replace(IMAGE, orientation=orientation), "qvq-max")
    assert ("orientation" in facts) == (orientation > 1)


def test_a_video_step_by_step():
    lines = explained(CLIP, "Qwen/Qwen3-VL-8B-Instruct")
    assert "MP4 (h264), 1280x720 as displayed, turned by 90 degrees" in lines
    assert "250 frames (header) at 25 frames per second" in lines
    assert (
        "10 frame pairs x 22 x 40 = 8,800 visual tokens + 22 markers + 60 of timestamp text = 8,882"
    ) in lines


@pytest.mark.parametrize(
    ("size", "reason", "seen"),
    [
        ((10, 10), "too few: enlarged", "56x56"),
        ((100, 100), "within the range", "112x112"),
        ((2000, 2000), "too many: shrunk", "980x980"),
        # 1,003,520 pixels are the cap, which the size meets before it is rounded, not after.
        ((1001, 1001), "too many: shrunk", "980x980"),
    ],
)
def test_the_reason_of_a_resize(size, reason, seen):
    assert reason in resize_step(size, "qvq-max")
    assert f"seen as {seen}" in resize_step(size, "qvq-max")


@pytest.mark.parametrize(
    ("info", "model", "step"),
    [
        (IMAGE, "qvq-max", "1288x1288, 1,658,944 pixels, too many: shrunk to multiples of 28"),
        (CLIP, "qvq-max", "1288x728, 937,664 pixels, too many: shrunk to multiples of 28"),
        # Here the frames of the clip share one range.
        (CLIP, "Qwen/Qwen3-VL-8B-Instruct", "1280x704 x 20 frames, within the range"),
    ],
)
def test_frames_are_multiplied_only_where_they_share_a_range(info, model, step):
    (line,) = (line for line in explained(info, model) if "seen as" in line)
    assert line.split(" rounds to ")[1].split("; ")[0] == step


def test_what_other_rules_would_give_is_the_same_only_where_it_is():
    assert explained(CLIP, "qwen3-vl-plus")[-1] == "api-2026 would give the same 5,942 tokens"
    fewer, more = explained(CLIP, "qvq-max"), explained(CLIP, "qvq-max", rules="api-2026")
    assert fewer[-1] == "api-2026 would give 5,942 tokens"
    assert more[-2:] == [
        "guide-2025-06 would give 7,202 tokens",
        "guide-2025-12 would give 9,662 tokens",
    ]


def test_a_lifted_side_is_explained_as_lifted():
    model, rules = "Qwen/Qwen2.5-VL-7B-Instruct", "qwen-vl-utils"
    assert image_tokens((10, 2000), model, rules=rules).resized == (28, 1988)
    assert "within the range" in resize_step((10, 2000), model, rules)


def resize_step(size, model, rules=None):
    lines = explained(ImageInfo(size=ImageSize(*size), format="PNG"), model, rules=rules)
    return next(line for line in lines if "seen as" in line)


@pytest.mark.parametrize("model", list_models(), ids=lambda model: model.name)
def test_every_rule_set_can_be_explained(model):
    for rules in model.rule_sets:
        for info, rule in ((IMAGE, rules.image), (CLIP, rules.video)):
            assert rule is None or all(explained(info, model, rules=rules.name))


def test_citations_carry_their_dates():
    assert cite(("S002",)) == "[S002 2025-06-05]"


def test_how_frames_are_chosen_is_told_as_it_was_asked():
    lines = explained(CLIP, "qwen3-vl-plus", sampling="linspace")
    assert any("spread by linspace [S004" in line for line in lines)
    images = FrameListInfo(size=CLIP.size, frame_count=8, fps=CLIP.fps)
    lines = explained(images, "qvq-max")
    assert "all 8 images of a list are shown" in lines
    assert any(line.startswith("frame list, ") for line in lines)
