"""Count the tokens of an image from its size and a model's numbers.

The arithmetic is in `vlprep.maths`; here the model's defaults meet the caller's limits. Videos are
counted in `vlprep.count.videos`, and files read in `vlprep.count.files`, which asks both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from vlprep.count.pixels import PixelLimits, image_limits
from vlprep.display import brief, page
from vlprep.errors import ConstraintError, ResizeError, VlprepError
from vlprep.maths.geometry import FIRST_RESIZES, PAIR, smart_resize, smart_resize_clip
from vlprep.models.sourced import Reading
from vlprep.models.spec import FirstResize, ImageRule, VideoRule
from vlprep.types import ImageInfo, ImageSize, SizeLike
from vlprep.units import format_size, plural
from vlprep.view import View

if TYPE_CHECKING:  # numpy is slow to import, and one picture needs none
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCount:
    """What an image or a video costs, and what the model sees of it."""

    resized: ImageSize
    """Size of the picture, or of every frame, at the model's input."""
    grid_thw: tuple[int, int, int]
    """Grid of patches: steps in time, rows, columns."""
    visual: int
    """Tokens of the picture itself."""
    markers: int
    """Tokens that mark where it starts and ends."""
    text: int = 0
    """Tokens of the timestamps written between the steps of a video."""
    limits: PixelLimits
    """The pixel range in force."""
    rules: str
    """Name of the rule set in force."""
    warnings: tuple[str, ...] = ()
    """What a user should know; the model's own warnings first."""

    def __repr__(self) -> str:
        frames = "" if self.frames is None else plural(self.frames, "frame")
        seen = f"seen as {format_size(self.resized)}"
        return brief(self, plural(self.total, "token"), frames, seen, self.rules)

    def _repr_html_(self) -> str:
        parts = {"visual": self.visual, "markers": self.markers, "text": self.text}
        rows = [(name, f"{tokens:,}") for name, tokens in {**parts, "in all": self.total}.items()]
        seen = format_size(self.resized)
        frames = "" if self.frames is None else f", {plural(self.frames, 'frame')}"
        title = f"{plural(self.total, 'token')} by {self.rules}, seen as {seen}{frames}"
        return page(title, ("part", "tokens"), rows, self.warnings)

    @property
    def total(self) -> int:
        """All tokens together."""
        return self.visual + self.markers + self.text

    @property
    def frames(self) -> int | None:
        """Frames that the model is shown; `None` of an image."""
        return None


_Count = TypeVar("_Count", bound=TokenCount)


def count_dict(size: ImageSize, tokens: TokenCount) -> dict[str, int | None]:
    """Return the documented JSON of a count, in which sizes are height and width apart."""
    return {
        "height": size.height,
        "width": size.width,
        "resized_height": tokens.resized.height,
        "resized_width": tokens.resized.width,
        "frames": tokens.frames,
        "tokens": tokens.total,
        "visual_tokens": tokens.visual,
        "marker_tokens": tokens.markers,
        "text_tokens": tokens.text,
    }


def seen_size(info: ImageInfo, view: View) -> ImageSize:
    """Return the size of an image as what serves the model takes it: upright, or as stored."""
    return info.size if view.image_rule.upright else info.stored_size


def handed_size(size: ImageSize, rule: ImageRule | VideoRule, limits: PixelLimits) -> ImageSize:
    """Return the size at which a picture is handed to the processor: resized, or as it is."""
    low, high = limits.min_pixels, limits.max_pixels
    if isinstance(rule.first, FirstResize):
        sides = float(size[0]), float(size[1])
        return ImageSize(*map(int, FIRST_RESIZES[rule.first.resize](sides, low, high)))
    if rule.first is None:
        return size
    return resize_frames(size, rule.first, limits, rule.first.min_frames, strict=False)[0]


def image_count(size: SizeLike, view: View) -> TokenCount:
    """Count the tokens of an image of `size`, (height, width) or "WIDTHxHEIGHT" as displayed.

    Raises `UnknownFactError` where no source says how the model sizes images, `ConstraintError` for
    limits that cannot be, and the errors of `smart_resize`.
    """
    (count,) = image_counts([ImageSize.of(size)], view)
    if isinstance(count, ConstraintError):
        raise count
    return count


def image_counts(sizes: Sequence[ImageSize], view: View) -> list[TokenCount | ConstraintError]:
    """Count several images as `image_count` does; a size that it refuses gives the error.

    >>> [count.total for count in image_counts([ImageSize(1280, 1280)] * 2, View.of("qvq-max"))]
    [1227, 1227]
    """
    rule, limits = view.image_rule, _image_limits(view)
    counts = {size: _image_count(size, view, limits) for size in dict.fromkeys(sizes)}
    for reading in warned_of(rule):
        others = image_counts(list(counts), view.read_as(rule, reading))
        counts = {
            size: count if isinstance(count, ConstraintError) else warned(count, other, reading)
            for (size, count), other in zip(counts.items(), others, strict=True)
        }
    return [counts[size] for size in sizes]


def image_totals(sizes: npt.ArrayLike, view: View) -> npt.NDArray[np.int64]:
    """Count the tokens of many images: (N, 2) integer sizes in, N totals out.

    Sizes are (height, width) in pixels. A size that `image_count` refuses counts 0; its other
    errors are raised here too.
    """
    import numpy as np

    from vlprep.maths.size_arrays import first_sizes, smart_resize_batch

    rule, limits = view.image_rule, _image_limits(view)
    low, high = limits.min_pixels, limits.max_pixels
    if rule.first is not None:
        sizes = first_sizes(rule.first.resize, sizes, min_pixels=low, max_pixels=high)
        low, high = rule.min_pixels, rule.max_pixels
    resized = smart_resize_batch(
        sizes, factor=rule.factor, min_pixels=low, max_pixels=high, reference=rule.resize
    )
    visual = resized[:, 0] * resized[:, 1] // rule.token_pixels
    return np.where(visual > 0, visual + view.rules.prompt.image_markers, 0)


def _image_limits(view: View) -> PixelLimits:
    asked = view.options
    return image_limits(
        view.image_rule,
        min_pixels=asked.min_pixels,
        max_pixels=asked.max_pixels,
        high_res=asked.high_res,
    )


def _image_count(size: ImageSize, view: View, limits: PixelLimits) -> TokenCount | ConstraintError:
    rule = view.image_rule
    try:
        resized = _resize_image(size, rule, limits)
    except ConstraintError as error:
        return error
    count = TokenCount(
        resized=resized,
        grid_thw=(1, resized.height // rule.patch_size, resized.width // rule.patch_size),
        visual=resized.pixels // rule.token_pixels,
        markers=view.rules.prompt.image_markers,
        limits=limits,
        rules=view.rules.name,
        warnings=view.model.warnings + limits.warnings + _refused_by_service(size, rule),
    )
    return told_if_unclear(size, count)


FEW_TOKENS = 16
"""Visual tokens of a picture, four by four, below which little can be recognised.

That is a judgement: no source says where it begins.
"""


def told_if_unclear(size: ImageSize, count: _Count) -> _Count:
    """Return a count with a warning where a picture of that size is shrunk to next to nothing."""
    if not is_unclear(size, count):
        return count
    return replace(count, warnings=(*count.warnings, unclear(count.resized)))


def is_unclear(size: ImageSize, count: TokenCount) -> bool:
    """Say whether a picture, or the frames of a clip, are shrunk until nothing is left of them."""
    is_small = count.visual // count.grid_thw[0] < FEW_TOKENS
    return is_small and size[0] * size[1] > 2 * count.resized.pixels  # also of a plain pair


def unclear(resized: ImageSize) -> str:
    """Return the words for that, with the size that they are shrunk to."""
    return (
        f"shown in pictures of fewer than {FEW_TOKENS} tokens, such as {format_size(resized)} "
        "pixels: little can be recognised in them"
    )


def _resize_image(size: ImageSize, rule: ImageRule, limits: PixelLimits) -> ImageSize:
    own: PixelLimits | ImageRule = limits if rule.first is None else rule
    low, high = own.min_pixels, own.max_pixels
    handed = handed_size(size, rule, limits)
    try:
        return smart_resize(
            *handed, factor=rule.factor, min_pixels=low, max_pixels=high, reference=rule.resize
        )
    except ConstraintError as error:
        if rule.first is None:
            raise
        by = f"refused by {rule.first.resize} or by the processor behind it"
        raise ResizeError(size, by) from error


def warned_of(rule: ImageRule | VideoRule) -> tuple[Reading, ...]:
    """Return the other readings of a rule of which users are warned."""
    return tuple(reading for reading in rule.readings if not reading.explained_only)


def warned(count: _Count, other: TokenCount | VlprepError, reading: Reading) -> _Count:
    """Warn of what another reading comes to, which may be a refusal, where that is not the same."""
    outcome = "refused"
    if isinstance(other, TokenCount):
        if other.total == count.total:
            return count
        outcome = f"{other.total:,} tokens instead of {count.total:,}"
    return replace(count, warnings=(*count.warnings, reading.told(outcome)))


def resize_frames(
    size: ImageSize, rule: VideoRule, limits: PixelLimits, frames: int, strict: bool
) -> tuple[ImageSize, tuple[str, ...]]:
    """Return the size of every frame at the model's input, and what is to be said of it."""
    factor, low, high = rule.factor, limits.min_pixels, limits.max_pixels
    padding: tuple[str, ...] = ()
    group = rule.temporal_patch_size
    if frames < group and not strict:
        padding = (_repeated(frames, group),)
        frames = group
    if limits.per_clip:
        resized = smart_resize_clip(
            frames, *size, factor=factor, min_pixels=low, max_pixels=high,
            temporal_factor=rule.temporal_patch_size,
        )  # fmt: skip
    else:
        resized = smart_resize(
            *size, factor=factor, min_pixels=low, max_pixels=high, reference=rule.resize
        )
    return resized, padding


def _repeated(frames: int, group: int) -> str:
    if group == PAIR:
        return "a single frame is shown twice, as models read frames in pairs"
    return (
        f"the last of {plural(frames, 'frame')} is repeated, as the model reads {group} at a time"
    )


def _refused_by_service(size: tuple[int, int], rule: ImageRule) -> tuple[str, ...]:
    short, long = min(size), max(size)
    warnings = []
    if rule.min_side_pixels is not None and short < rule.min_side_pixels:
        warnings.append(f"the service refuses sides below {rule.min_side_pixels} pixels")
    if rule.max_aspect_ratio is not None and long > rule.max_aspect_ratio * short:
        warnings.append(f"the service refuses aspect ratios over {rule.max_aspect_ratio:g}:1")
    return tuple(warnings)
