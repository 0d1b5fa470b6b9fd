"""The sizes and frames that qwen-vl-utils 0.0.14 chooses, from header facts alone.

The numbers are in the catalogue (`rules/qwen-vl-utils.toml`), the arithmetic in `vlprep.maths`.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

from vlprep.compat.qwen_elements import Asked
from vlprep.count.messages import taking_sizes
from vlprep.count.tokens import image_count
from vlprep.count.videos import VideoCount, video_count
from vlprep.errors import ConstraintError
from vlprep.maths.geometry import PAIR
from vlprep.maths.sampling import ASSUMED_FPS
from vlprep.models.registry import list_models
from vlprep.models.spec import ModelSpec, Prompt
from vlprep.types import FrameListInfo, ImageSize, VideoInfo
from vlprep.view import View

REFERENCE = "qwen-vl-utils"
"""Name of the rule set that is followed."""

USED_SHARE = 0.9
"""Part of a model's context that the clip's default budget takes; qwen-vl-utils 0.0.14."""


def plan_image(size: ImageSize, asked: Asked, patch_size: int = 14) -> ImageSize:
    """Return the size at which an image of `size` is delivered.

    Raises `ConstraintError` for limits that cannot be or a patch size that no model has, and the
    errors of `smart_resize`.

    >>> plan_image(ImageSize(1080, 1920), Asked(max_pixels=1_003_520))
    ImageSize(height=728, width=1316)
    """
    model = reference_model(patch_size)
    if asked.resized:  # the reference looks at no other option then
        return image_count(asked.resized, View.of(model)).resized
    limits = {"min_pixels": asked.min_pixels, "max_pixels": asked.max_pixels}
    view = View.of(model, **limits)  # type: ignore[arg-type]  # they may be fractions
    return image_count(size, view).resized


def plan_video(
    info: VideoInfo,
    asked: Asked,
    patch_size: int = 14,
    *,
    model_seq_len: float | None = None,
    strict: bool = False,
) -> VideoCount:
    """Return the frames of a clip that are delivered, as `.plan`, and their size, as `.resized`.

    Without a `total_pixels` of the caller a clip's budget is 90 % of `model_seq_len` tokens, by
    default 128,000. A clip with fewer frames than asked is planned with what there is, with a
    warning; `strict` raises `FrameCountError` instead, as the reference does. Of a list of frames,
    which `info` calls so, all are delivered.

    Raises the errors of `video_count` and `plan_image`.

    >>> clip = VideoInfo(size=ImageSize(720, 1280), frame_count=300, fps=Fraction(30))
    >>> count = plan_video(clip, Asked(fps=1))
    >>> count.plan.indices, count.resized
    ((0, 33, 66, 100, 133, 166, 199, 233, 266, 299), ImageSize(height=560, width=1008))
    """
    model, options = reference_model(patch_size), {}
    if asked.resized:
        info = replace(info, size=asked.resized)
    else:
        options = {name: getattr(asked, name) for name in ("min_pixels", "max_pixels")}
        options["total_pixels"] = _total_pixels(asked, model, model_seq_len)
    if info.frame_count == 1 and info.fps is None:  # a single frame has no rate, and needs none
        info = replace(info, fps=Fraction(ASSUMED_FPS))
    if not isinstance(info, FrameListInfo):
        names = ("fps", "nframes", "min_frames", "max_frames")
        options |= {name: getattr(asked, name) for name in names}
        options |= {"start_seconds": asked.video_start, "end_seconds": asked.video_end}
    view = View.of(model, **options, strict=strict)
    return video_count(info, taking_sizes(view) if asked.resized else view)


def list_facts(size: ImageSize, count: int, sample_fps: float) -> FrameListInfo:
    """Return the facts of a list of `count` frames; an odd one is filled up to whole pairs.

    Raises `ConstraintError` when `sample_fps` is not above 0.

    >>> list_facts(ImageSize(48, 80), 3, 2).frame_count
    4
    """
    if not sample_fps > 0:
        raise ConstraintError(f"sample_fps must be above 0, got {sample_fps:g}")
    return FrameListInfo(size=size, frame_count=count + count % PAIR, fps=Fraction(sample_fps))


@cache
def reference_model(patch_size: int) -> ModelSpec:
    """Return the numbers of qwen-vl-utils for a patch size as those of a model.

    Raises `ConstraintError` for a patch size that no model of the catalogue has.

    >>> reference_model(16).rules().image.max_pixels
    16777216
    """
    known: dict[int, ModelSpec] = {}
    for model in list_models():
        for rules in model.rule_sets:
            if rules.name == REFERENCE and rules.image and rules.video:
                known.setdefault(rules.image.patch_size, model)  # the same for all of a patch size
    if patch_size not in known:
        sizes = ", ".join(map(str, sorted(known)))
        raise ConstraintError(f"image_patch_size must be one of {sizes}; got {patch_size}")
    model = known[patch_size]
    rules = replace(model.rules(REFERENCE), prompt=Prompt())
    name = f"{REFERENCE} with patches of {patch_size}"
    return replace(model, name=name, aliases=(), warnings=(), rule_sets=(rules,))


def _total_pixels(asked: Asked, model: ModelSpec, model_seq_len: float | None) -> float | None:
    if asked.total_pixels is not None or model_seq_len is None:
        return asked.total_pixels
    factor = model.rules().video_rule(model.name).factor
    return model_seq_len * factor * factor * USED_SHARE
