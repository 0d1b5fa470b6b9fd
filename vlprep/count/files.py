"""Count the tokens of files: read the header, then ask the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Literal, TypeAlias

from vlprep.count.explain import explain_image, explain_video
from vlprep.count.frame_list import FrameList, as_frame_list, probe_frame_list
from vlprep.count.prices import PriceEstimate, input_prices
from vlprep.count.tokens import TokenCount, image_token_counts, image_tokens, video_tokens
from vlprep.errors import VlprepError
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, source_name
from vlprep.models.registry import get_model
from vlprep.models.spec import ModelSpec
from vlprep.types import ImageInfo, VideoInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOptions:
    """What a caller may ask of a count; `None` leaves it to the model."""

    fps: float | None = None
    """Frames per second sampled from a video."""
    nframes: int | None = None
    """Frames sampled from a video, instead of a rate."""
    min_frames: int | None = None
    """Frames sampled at least."""
    max_frames: int | None = None
    """Frames sampled at most."""
    min_pixels: int | None = None
    """Lower pixel limit of an image, or of a video's frame or clip."""
    max_pixels: int | None = None
    """Upper pixel limit of an image, or of a video's frame or clip."""
    total_pixels: int | None = None
    """Pixel budget of a clip, counted once per frame pair."""
    start_seconds: float | None = None
    """Where in a video to begin."""
    end_seconds: float | None = None
    """Where in a video to end."""
    sampling: str | None = None
    """Name of the rule that spreads the frames of a video."""
    high_res: bool = False
    """High-resolution mode of the services, for images."""
    rules: str | None = None
    """Name of one of the model's rule sets."""
    strict: bool = False
    """Refuse clips that the reference refuses instead of counting what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCount:
    """What one file is and costs."""

    source: str
    """The file as the caller named it."""
    info: ImageInfo | VideoInfo
    """Facts of its header."""
    tokens: TokenCount
    """What it costs, and what the model sees."""

    @property
    def kind(self) -> Literal["image", "video"]:
        """Whether it is an image or a video."""
        return "image" if isinstance(self.info, ImageInfo) else "video"

    @property
    def frames(self) -> int | None:
        """Frames the model is shown of a video; `None` for an image."""
        return None if self.tokens.plan is None else self.tokens.plan.frame_count

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the file or of its count."""
        return self.info.warnings + self.tokens.warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailure:
    """Why one file could not be counted."""

    source: str
    """The file as the caller named it."""
    error: VlprepError | OSError
    """What was raised."""

    @property
    def code(self) -> str:
        """Stable word for the kind of error."""
        if isinstance(self.error, VlprepError):
            return self.error.code
        return _OS_CODES.get(type(self.error), "os_error")

    @property
    def message(self) -> str:
        """What is wrong, without the name of the file."""
        if isinstance(self.error, OSError) and self.error.strerror:
            return _lower_first(self.error.strerror)
        return str(self.error).removeprefix(f"{self.source}: ")


Result: TypeAlias = MediaCount | MediaFailure
"""What becomes of one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What counted files come to together, as one request."""

    total_tokens: int
    """Sum over the files that could be counted."""
    max_input_tokens: int | None
    """Largest input of the model; `None` where no source states it."""
    prices: tuple[PriceEstimate, ...]
    """Estimated list prices of the input; empty where no source states one."""


def count_tokens(
    source: SourceLike | Sequence[SourceLike],
    model: ModelSpec | str | None = None,
    *,
    fps: float | None = None,
    nframes: int | None = None,
    min_frames: int | None = None,
    max_frames: int | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    total_pixels: int | None = None,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    sampling: str | None = None,
    high_res: bool = False,
    rules: str | None = None,
    strict: bool = False,
) -> MediaCount:
    """Count the tokens that an image or a video costs a model, from its header alone.

    `source` is a path, the content as bytes, a seekable binary file object, or a data URL; a list
    of images, or a folder of them, is a video whose frames are all shown, `fps` apart. `model` is a
    name of the catalogue or a record of your own. The other parameters mean the same as
    for `image_tokens` and `video_tokens`, which say where the numbers come from; the fields of
    `CountOptions` give their units.

    Raises the errors of `probe`, `image_tokens` and `video_tokens`.

    >>> count = count_tokens("fixtures/photo.jpg", "qwen3-vl-plus")
    >>> count.info.size, count.tokens.resized, count.tokens.total
    (ImageSize(height=480, width=640), ImageSize(height=480, width=640), 302)
    """
    options = CountOptions(
        fps=fps,
        nframes=nframes,
        min_frames=min_frames,
        max_frames=max_frames,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        total_pixels=total_pixels,
        start_seconds=start_seconds,
        end_seconds=end_seconds,
        sampling=sampling,
        high_res=high_res,
        rules=rules,
        strict=strict,
    )
    return _count(source, get_model(model), options)


def count_many(
    sources: Iterable[SourceLike],
    model: ModelSpec | str | None = None,
    options: CountOptions | None = None,
) -> Iterator[Result]:
    """Count many files one by one, in order; a file that fails is reported in its place.

    Raises `UnknownModelError` at once.

    >>> [type(result).__name__ for result in count_many(["fixtures/photo.jpg", "no-such.jpg"])]
    ['MediaCount', 'MediaFailure']
    """
    return _count_in_batches(sources, get_model(model), options or CountOptions())


def tally(
    results: Iterable[Result],
    model: ModelSpec | str | None = None,
    *,
    max_input: int | None = None,
    thinking: bool | None = None,
    deployment: str | None = None,
) -> Tally:
    """Add counts up and set them against the model's largest input and its list price.

    `max_input`, in tokens, replaces the model's own; `thinking` chooses between its two;
    `deployment` is where the price is looked up.

    Raises `ConstraintError` for thinking that the model cannot do, or a deployment without price.

    >>> tally(count_many(["fixtures/photo.jpg"])).total_tokens
    302
    """
    spec = get_model(model)
    total = sum(result.tokens.total for result in results if isinstance(result, MediaCount))
    limit = spec.input_limit(thinking) if max_input is None else max_input
    prices = input_prices(spec, total, deployment)
    return Tally(total_tokens=total, max_input_tokens=limit, prices=prices)


def explain(count: MediaCount, model: ModelSpec | str | None, options: CountOptions) -> list[str]:
    """Tell in sentences how `count` came about: rules, sources, steps, and other rule sets.

    >>> count = count_tokens("fixtures/photo.jpg", "qvq-max")
    >>> explain(count, "qvq-max", CountOptions())[-1]
    'api-2026 would give the same 393 tokens'
    """
    spec = get_model(model)
    info = count.info
    if isinstance(info, ImageInfo):
        lines = explain_image(info, count.tokens, spec)
    else:
        lines = explain_video(info, count.tokens, spec)
    return lines + _other_rules(
        count, spec, lambda name: count_info(info, spec, options, name).total
    )


def _other_rules(count: MediaCount, spec: ModelSpec, total: Callable[[str], int]) -> list[str]:
    lines = []
    for name in (rule_set.name for rule_set in spec.rule_sets):
        if name == count.tokens.rules:
            continue
        try:
            other = total(name)
        except VlprepError as error:
            lines.append(f"{name} would refuse: {error}")
        else:
            same = "the same " if other == count.tokens.total else ""
            lines.append(f"{name} would give {same}{other:,} tokens")
    return lines


def _count(
    source: SourceLike | Sequence[SourceLike], spec: ModelSpec, options: CountOptions
) -> MediaCount:
    found = as_frame_list(source)
    info: ImageInfo | VideoInfo
    if isinstance(found, FrameList):
        info, name = probe_frame_list(found, spec, options.fps, options.rules), found.names[0]
    else:
        info, name = probe(found), source_name(found)
    tokens = count_info(info, spec, options, options.rules)
    return MediaCount(source=name, info=info, tokens=tokens)


BATCH = 64
"""Images whose tokens are counted together; small, so that results keep coming."""


@dataclass(frozen=True, slots=True)
class _Probed:
    source: str
    info: ImageInfo | VideoInfo


def _count_in_batches(
    sources: Iterable[SourceLike], spec: ModelSpec, options: CountOptions
) -> Iterator[Result]:
    """Count in order; images that follow each other share one run of the arithmetic."""
    for are_images, run in groupby(map(_probe_or_failure, sources), _is_image):
        if are_images:
            while batch := list(islice(run, BATCH)):
                yield from _count_images(batch, spec, options)
        else:
            yield from (_count_video(probed, spec, options) for probed in run)


def _probe_or_failure(source: SourceLike) -> _Probed | MediaFailure:
    name = source_name(source)
    try:
        return _Probed(name, probe(source))
    except (VlprepError, OSError) as error:
        return MediaFailure(source=name, error=error)


def _is_image(probed: _Probed | MediaFailure) -> bool:
    return isinstance(probed, _Probed) and isinstance(probed.info, ImageInfo)


def _count_images(
    images: Sequence[_Probed | MediaFailure], spec: ModelSpec, options: CountOptions
) -> Iterator[Result]:
    probed = [image for image in images if isinstance(image, _Probed)]
    counts: Sequence[TokenCount | VlprepError]
    try:
        counts = image_token_counts(
            [image.info.size for image in probed],
            spec,
            min_pixels=options.min_pixels,
            max_pixels=options.max_pixels,
            high_res=options.high_res,
            rules=options.rules,
        )
    except VlprepError as error:  # nothing can be counted so: every image has the same reason
        counts = [error] * len(probed)
    for image, count in zip(probed, counts, strict=True):
        if isinstance(count, VlprepError):
            yield MediaFailure(source=image.source, error=count)
        else:
            yield MediaCount(source=image.source, info=image.info, tokens=count)


def _count_video(probed: _Probed | MediaFailure, spec: ModelSpec, options: CountOptions) -> Result:
    if isinstance(probed, MediaFailure):
        return probed
    try:
        tokens = count_info(probed.info, spec, options, options.rules)
    except VlprepError as error:
        return MediaFailure(source=probed.source, error=error)
    return MediaCount(source=probed.source, info=probed.info, tokens=tokens)


def count_info(
    info: ImageInfo | VideoInfo, spec: ModelSpec, options: CountOptions, rules: str | None
) -> TokenCount:
    """Count the tokens of a file whose header has been read, by the rule set `rules`.

    Raises the errors of `image_tokens` and `video_tokens`.
    """
    if isinstance(info, ImageInfo):
        return image_tokens(
            info.size,
            spec,
            min_pixels=options.min_pixels,
            max_pixels=options.max_pixels,
            high_res=options.high_res,
            rules=rules,
        )
    return video_tokens(
        info,
        spec,
        fps=options.fps,
        nframes=options.nframes,
        min_frames=options.min_frames,
        max_frames=options.max_frames,
        min_pixels=options.min_pixels,
        max_pixels=options.max_pixels,
        total_pixels=options.total_pixels,
        start_seconds=options.start_seconds,
        end_seconds=options.end_seconds,
        sampling=options.sampling,
        rules=rules,
        strict=options.strict,
    )


_OS_CODES: dict[type[OSError], str] = {
    FileNotFoundError: "not_found",
    PermissionError: "permission_denied",
    IsADirectoryError: "is_a_folder",
}


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
