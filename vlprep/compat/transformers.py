"""The image and video processors of transformers without torch: same arguments, same keys, numpy.

A program that calls `Qwen2VLImageProcessor`, `Qwen2VLVideoProcessor` or `Qwen3VLVideoProcessor` of
transformers 5.24 runs on the classes here, for the open weights of the catalogue and for folders:

    from vlprep.compat.transformers import ImageProcessor

    processor = ImageProcessor.from_pretrained("Qwen/Qwen3-VL-8B-Instruct")
    inputs = processor(images=["page.png"], return_tensors="np")

Values are equal in every bit for images that Pillow opened and for arrays of uint8. What differs:

- A path gets in upright and laid on white, where the reference shows the colours that transparency
  hides and leaves 16 bits undivided; `door="path"` does as it does. An image of Pillow's is turned
  upright; `door="object"` leaves it as it is. See `vlprep.media.doors`.
- A video file is decoded by vlprep, frame by frame, and frames are numbered as they are displayed.
- An array of frames is sampled if its metadata tells a rate; the reference supposes 24 where there
  is none. A single frame is shown twice, where the reference of Qwen3-VL refuses.
- Fractions are refused: the reference does not round what it makes of them.
- `return_tensors` is "np"; `torch.from_numpy` takes it from there, without a copy.
- `device`, `disable_grouping` and `data_format`, which change no value, are not taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Self, TypeAlias, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from vlprep.count.tokens import image_count
from vlprep.count.videos import video_count
from vlprep.errors import ConstraintError
from vlprep.media.source import SourceLike, is_held
from vlprep.models.registry import get_model, load_model_file
from vlprep.models.spec import ImageRule, ModelSpec, Normalisation, VideoRule
from vlprep.types import ArrayType, Door, ImageSize, VideoInfo
from vlprep.verbs import Processor

Array: TypeAlias = npt.NDArray[Any]
Metadata: TypeAlias = Mapping[str, Any]
"""Of a video: `fps`, and what else qwen-vl-utils or transformers say of it."""


class NumberKeywords(TypedDict, total=False):
    """What a call may set in place of the model's own numbers."""

    do_resize: bool | None
    do_rescale: bool | None
    do_normalize: bool | None
    do_convert_rgb: bool | None
    size: Mapping[str, int] | None
    min_pixels: int | None
    max_pixels: int | None
    rescale_factor: float | None
    image_mean: float | Sequence[float] | None
    image_std: float | Sequence[float] | None
    patch_size: int | None
    temporal_patch_size: int | None
    merge_size: int | None


class Features(dict[str, Any]):
    """Arrays by their names; a name is an attribute as well."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(f"no {name!r} among {', '.join(self)}")
        return self[name]


@dataclass(frozen=True, slots=True)
class _OfModel:
    """A processor of one model."""

    model: ModelSpec
    """Whose numbers count; a name or a folder becomes one in `from_pretrained`."""
    rules: str | None = None
    """Name of one of its rule sets; by default the model's own."""
    door: Door | None = None
    """How pictures get in; see `vlprep.media.doors`."""
    threads: int | None = None
    """How many work side by side."""

    @classmethod
    def from_pretrained(cls, model: str | os.PathLike[str] | ModelSpec, **how: Any) -> Self:
        """Return the processor of a model of the catalogue, or of a folder on the disk.

        Raises the errors of `get_model` and `load_model_file`.
        """
        if isinstance(model, ModelSpec):
            return cls(model, **how)
        path = Path(model)
        return cls(load_model_file(path) if path.exists() else get_model(str(model)), **how)

    def _processor(self, numbers: NumberKeywords, **changes: Any) -> tuple[Processor, ArrayType]:
        """Return what makes arrays by the model's numbers and those of a call, and their type."""
        made = Processor.of(self.model, rules=self.rules)
        image, video = made.rules.image, made.rules.video
        rules = replace(
            made.rules,
            image=image and _with_numbers(image, numbers),
            video=video and replace(_with_numbers(video, numbers), **changes),
        )
        plain = numbers.get("do_rescale") is False and numbers.get("do_normalize") is False
        return replace(made, rules=rules), "uint8" if plain else "float32"


@dataclass(frozen=True, slots=True)
class ImageProcessor(_OfModel):
    """Makes `pixel_values` and `image_grid_thw` of images."""

    def __call__(
        self,
        images: Any,
        *,
        input_data_format: str | None = None,
        return_tensors: str | None = "np",
        **numbers: Unpack[NumberKeywords],
    ) -> Features:
        """Make the arrays of images: paths, images of Pillow's, arrays, one or lists of them.

        Raises `ConstraintError` for another `return_tensors`, and the errors of `pixel_values`.

        >>> processor = ImageProcessor.from_pretrained("Qwen/Qwen3-VL-8B-Instruct")
        >>> processor("fixtures/photo.jpg").image_grid_thw.tolist()
        [[1, 30, 40]]
        """
        _check(numbers, return_tensors)
        processor, dtype = self._processor(numbers)
        sources = [_upright_axes(image, input_data_format) for image in _flat(images)]
        made = processor.arrays(sources, dtype=dtype, door=self.door, threads=self.threads)
        return Features(made.inputs())

    preprocess = __call__

    def get_number_of_image_patches(
        self, height: int, width: int, images_kwargs: Mapping[str, Any] | None = None
    ) -> int:
        """Return how many patches an image of a size becomes.

        >>> processor = ImageProcessor.from_pretrained("Qwen/Qwen3-VL-8B-Instruct")
        >>> processor.get_number_of_image_patches(480, 640)
        1200
        """
        keys = ("min_pixels", "max_pixels", "patch_size", "merge_size")
        given = {key: value for key, value in (images_kwargs or {}).items() if key in keys}
        processor, _ = self._processor(NumberKeywords(**given))  # type: ignore[typeddict-item]
        steps, rows, columns = image_count(ImageSize(height, width), processor).grid_thw
        return steps * rows * columns


@dataclass(frozen=True, slots=True)
class VideoProcessor(_OfModel):
    """Makes `pixel_values_videos` and `video_grid_thw` of videos."""

    def __call__(
        self,
        videos: Any,
        *,
        video_metadata: Metadata | Sequence[Metadata] | None = None,
        do_sample_frames: bool | None = None,
        fps: float | None = None,
        num_frames: int | None = None,
        min_frames: int | None = None,
        max_frames: int | None = None,
        cap_pixels_per_frame: bool | None = None,
        input_data_format: str | None = None,
        return_metadata: bool = False,
        return_tensors: str | None = "np",
        **numbers: Unpack[NumberKeywords],
    ) -> Features:
        """Make the arrays of videos: paths, arrays of frames, lists of frames, one or several.

        A list of frames is one video, of paths of files several, as the reference has it.
        `video_metadata` of an array tells its rate. Frames are sampled unless `do_sample_frames` is
        false; of arrays without a rate, and of lists of frames, all are shown.

        Raises `ConstraintError` for another `return_tensors`, and the errors of `pixel_values`.

        >>> processor = VideoProcessor.from_pretrained("Qwen/Qwen3-VL-8B-Instruct")
        >>> processor("fixtures/street.mp4", num_frames=8).video_grid_thw.tolist()
        [[4, 22, 40]]
        """
        _check(numbers, return_tensors)
        changes: dict[str, Any] = {"shows": "every"} if do_sample_frames is False else {}
        if cap_pixels_per_frame is not None:
            own = Processor.of(self.model, rules=self.rules).video_rule.budget
            plain = own.removesuffix("-capped")
            changes["budget"] = f"{plain}-capped" if cap_pixels_per_frame else plain
        processor, dtype = self._processor(numbers, **changes)
        chosen = processor.asking(
            fps=fps, nframes=num_frames, min_frames=min_frames, max_frames=max_frames
        )
        clips, metadata = _clips(videos), video_metadata
        told = (
            [metadata] * len(clips)
            if metadata is None or isinstance(metadata, Mapping)
            else metadata
        )
        grids, values, facts = [], [], []
        for clip, facts_of_clip in zip(clips, told, strict=True):
            known = dict(facts_of_clip or {})
            shown, view = _shown(clip, known, input_data_format, chosen, do_sample_frames)
            made = view.arrays(videos=[shown], dtype=dtype, threads=self.threads)
            known.setdefault("timestamps_seconds", list(made.timestamps_seconds[0]))
            values.append(made.pixel_values)
            grids.append(made.grid_thw)
            facts.append(known)
        whole = values[0] if len(values) == 1 else np.concatenate(values)
        found = Features(pixel_values_videos=whole, video_grid_thw=np.concatenate(grids))
        return Features(**found, video_metadata=facts) if return_metadata else found

    preprocess = __call__


def _shown(
    clip: Any, facts: dict[str, Any], data_format: str | None, view: Processor, sampled: bool | None
) -> tuple[Any, Processor]:
    """Return what is shown of a video, and by which view; `facts` get what is sampled here."""
    if not isinstance(clip, list | tuple) and not is_held(clip):
        return clip, view
    if isinstance(clip, list | tuple):
        frames: Any = [_upright_axes(frame, data_format) for frame in clip]
    else:
        frames = _upright_axes(clip, data_format)
    rate = facts.get("fps")
    if isinstance(frames, np.ndarray) and (sampled or (sampled is None and rate)):
        frames = _chosen_frames(view, frames, rate or 24, facts)
    return frames, view.asking(fps=rate or None, nframes=None, min_frames=None, max_frames=None)


def _chosen_frames(view: Processor, stack: Array, rate: float, facts: dict[str, Any]) -> Array:
    size = ImageSize(*stack.shape[1:3])
    info = VideoInfo(size=size, frame_count=len(stack), fps=Fraction(rate))
    numbers = list(video_count(info, view).plan.indices)
    facts |= {"frames_indices": numbers, "total_num_frames": len(stack), "fps": rate}
    return stack[numbers]


def _check(numbers: NumberKeywords, return_tensors: str | None) -> None:
    if unknown := set(numbers) - set(NumberKeywords.__annotations__):
        raise TypeError(f"unknown arguments: {', '.join(sorted(unknown))}")
    if return_tensors not in (None, "np"):
        raise ConstraintError(
            f'return_tensors is "np" here, got {return_tensors!r}; torch.from_numpy and its like '
            "take the arrays without a copy"
        )
    if numbers.get("do_convert_rgb") is False:
        raise ConstraintError("do_convert_rgb: pictures are always converted to RGB here")


def _with_numbers(rule: Any, numbers: NumberKeywords) -> Any:
    """Return a rule with the numbers of a call in place of its own."""
    keys = ("patch_size", "merge_size", "temporal_patch_size", "min_pixels", "max_pixels")
    given: dict[str, Any] = {key: numbers.get(key) for key in keys}
    edges = numbers.get("size") or {}
    if unknown := set(edges) - {"shortest_edge", "longest_edge"}:
        raise ConstraintError(f"size has {', '.join(sorted(unknown))}; two edges are wanted")
    given["min_pixels"] = given["min_pixels"] or edges.get("shortest_edge")
    given["max_pixels"] = given["max_pixels"] or edges.get("longest_edge")
    changes = {key: value for key, value in given.items() if value is not None}
    if numbers.get("do_resize") is False:
        changes["resize"] = "as-is"
        if isinstance(rule, VideoRule):
            changes["budget"] = "frame"
    return replace(rule, normalise=_normalisation(rule, numbers), **changes)


def _normalisation(rule: ImageRule | VideoRule, numbers: NumberKeywords) -> Normalisation | None:
    own = rule.normalise or Normalisation()
    mean = _colours(numbers.get("image_mean"), own.mean)
    std = _colours(numbers.get("image_std"), own.std)
    if numbers.get("do_normalize") is False:
        mean = std = None
    elif mean is None or std is None:
        return rule.normalise
    factor = numbers.get("rescale_factor") or own.rescale_factor or 1 / 255
    asked = numbers.get("do_rescale")
    is_scaled = own.rescale_factor is not None if asked is None else asked
    return Normalisation(mean=mean, std=std, rescale_factor=factor if is_scaled else None)


def _colours(
    given: float | Sequence[float] | None, usual: tuple[float, ...] | None
) -> tuple[float, ...] | None:
    if given is None:
        return usual
    return (float(given),) * 3 if isinstance(given, int | float) else tuple(map(float, given))


def _flat(images: Any) -> Iterator[Any]:
    """Yield the pictures of nested lists and of stacks, one by one."""
    if isinstance(images, list | tuple) or getattr(images, "ndim", 0) > 3:
        for image in images:
            yield from _flat(image)
    else:
        yield images


def _clips(videos: Any) -> list[Any]:
    """Return the videos of a call; a list of pictures is one."""
    if getattr(videos, "ndim", 0) == 5:
        return list(videos)
    if not isinstance(videos, list | tuple):
        return [videos]
    is_frames = bool(videos) and all(is_held(one) and _depth(one) <= 3 for one in videos)
    return [videos] if is_frames else list(videos)


def _depth(picture: object) -> int:
    return int(getattr(picture, "ndim", 3))


def _upright_axes(source: SourceLike | Array, data_format: str | None) -> Any:
    """Return an array with its channels last, as the reference would find them; others as is."""
    if not isinstance(source, np.ndarray) or source.ndim < 3:
        return source
    by_shape = "channels_first" if source.shape[-3] in (1, 3, 4) else "channels_last"
    first = (data_format or by_shape) == "channels_first"
    return np.moveaxis(source, -3, -1) if first else source
