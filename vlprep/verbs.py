"""The verbs: as methods of a processor, and as functions for a single call.

A processor is a view with verbs on it, each of them the door of the room of its name. Rooms load
when their verb is used, so that making a processor costs next to nothing. Each function binds a
processor and asks it; its keywords are those of `processor`, which say what a model is to see, and
those of the verb itself, where they are documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from vlprep.keywords import telling
from vlprep.models.spec import ModelSpec
from vlprep.view import View, ViewKeywords

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from vlprep.arrays.arrays import ArrayKeywords, Clip
    from vlprep.arrays.steps import ArrayStream
    from vlprep.arrays.values import PixelValues
    from vlprep.boxes.boxes import LocatedShapes, LocateKeywords
    from vlprep.check.check import CheckKeywords
    from vlprep.check.check import Item as CheckedItem
    from vlprep.check.report import CheckReport
    from vlprep.clips import Frames
    from vlprep.compress.fix import FixKeywords, FixReport
    from vlprep.compress.image import CompressedImage, ImageKeywords
    from vlprep.compress.many import CompressedFile, CompressKeywords, Outcome
    from vlprep.compress.video import CompressedVideo, Target, VideoKeywords
    from vlprep.count.budget import BudgetKeywords, TokenBudget
    from vlprep.count.files import (
        Media,
        MediaCount,
        MediaFailure,
        Result,
        Tally,
        TallyKeywords,
    )
    from vlprep.count.frame_list import FrameList
    from vlprep.count.tokens import TokenCount
    from vlprep.count.videos import VideoCount
    from vlprep.events.events import LocatedEvents
    from vlprep.frames.stream import FrameKeywords, FrameStream
    from vlprep.frames.view import ImageView
    from vlprep.media.source import SourceLike, SourceOrFacts
    from vlprep.output.drawing import Drawing
    from vlprep.output.target import PathLike
    from vlprep.payload.parts import Json
    from vlprep.payload.request import Item as SentItem
    from vlprep.payload.request import Request, RequestKeywords
    from vlprep.pick.pick import PickKeywords
    from vlprep.pick.picked import PickedFrames
    from vlprep.plan.fit import FitKeywords, ImageFit
    from vlprep.plan.plan import PlanKeywords
    from vlprep.plan.records import MediaPlan
    from vlprep.refit.request import FitRequestKeywords
    from vlprep.refit.result import BodyT, FittedRequest
    from vlprep.samples.samples import SampleCount, SampleKeywords
    from vlprep.split.crop import Crop, CropKeywords
    from vlprep.split.split import PageSplit, SplitKeywords
    from vlprep.types import Door, Facts, SizeLike, VideoInfo

    Model: TypeAlias = ModelSpec | str | None
    MediaFiles: TypeAlias = Media | Iterable[Media]
    Source: TypeAlias = SourceLike | Sequence[SourceLike] | FrameList
    SentItems: TypeAlias = SentItem | Sequence[SentItem]


def processor(model: Model = None, **view: Unpack[ViewKeywords]) -> Processor:
    """Bind a model, one of its rule sets and the view options, once, for all verbs.

    `model` is a name of the catalogue or a record of your own, by default qwen3-vl-plus. The
    options are those of `ViewOptions`, and `rules`, the name of one of the model's rule sets.

    Raises `UnknownModelError`, `ConstraintError` for a rule set that the model does not have and
    for options that contradict each other, and `TypeError` for an unknown option.

    >>> qvq = processor("qvq-max", fps=1)
    >>> qvq.count("fixtures/street.mp4").tokens.total, qvq.count("fixtures/photo.jpg").tokens.total
    (1497, 393)
    """
    return Processor.of(model, **view)


class Processor(View):
    """A model, a rule set and the view options, with every verb: made by `processor`.

    Frozen, hashable and picklable. Of several files each verb takes an iterable, one file alone as
    it is, and a folder as the media files in it; images that are the frames of one video are a list
    among the items, or a `frame_list`. Verbs of a single source take a folder for such a list. The
    keywords of a view, given to a verb that has keywords, hold for that call alone.
    """

    __slots__ = ()

    # What it costs.

    def count(self, source: Media) -> MediaCount:
        """Count the tokens of an image or a video, from its header alone.

        `source` is a path, the content as bytes, a seekable binary file object, a data URL, or
        facts as `probe` returns them; a list of images, or a folder of them, is a video whose
        frames are all shown, `fps` apart.

        Raises the errors of `probe`, `UnknownFactError` where no source says how the model counts
        it, and `ConstraintError` for what cannot be shown as asked.

        >>> processor("qwen3-vl-plus").count("fixtures/photo.jpg").tokens.total
        302
        """
        from vlprep.count.files import count_file

        return count_file(source, self)

    def count_many(self, sources: MediaFiles) -> Iterator[Result]:
        """Count many files, in order; a file that fails is reported in its place.

        >>> [type(r).__name__ for r in processor().count_many(["fixtures/photo.jpg", "no.jpg"])]
        ['MediaCount', 'MediaFailure']
        """
        from vlprep.count.files import count_files

        return count_files(sources, self)

    def explain(self, source: Media) -> list[str]:
        """Return the steps by which `count` gets to its number, a sentence each, with sources.

        The last of them say what the model's other rule sets would give. Raises the errors of
        `count`.

        >>> processor("qvq-max").explain("fixtures/photo.jpg")[-1]
        'api-2026 would give the same 393 tokens'
        """
        from vlprep.count.explain import explain_count

        counted = self.count(source)
        return explain_count(counted.info, counted.tokens, self)

    def tally(self, results: Iterable[Result], **asked: Unpack[TallyKeywords]) -> Tally:
        """Add counts up, and set them against the largest input and the list price.

        >>> qvq = processor("qvq-max")
        >>> qvq.tally(qvq.count_many(["fixtures/photo.jpg", "fixtures/photo.heic"])).total_tokens
        494
        """
        from vlprep.count.files import tally

        return tally(results, self, **asked)

    def image_tokens(self, size: SizeLike) -> TokenCount:
        """Count the tokens of an image of `size`, (height, width) or "WIDTHxHEIGHT" as displayed.

        >>> processor("qvq-max", high_res=True).image_tokens((1280, 1280)).resized
        ImageSize(height=1288, width=1288)
        """
        from vlprep.count.tokens import image_count

        return image_count(size, self)

    def image_tokens_batch(self, sizes: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Count many images: (N, 2) integer sizes, height first, in; N totals out.

        A size that `image_tokens` refuses counts 0.

        >>> processor("qvq-max").image_tokens_batch([[1280, 1280], [1080, 1920]]).tolist()
        [1227, 1224]
        """
        from vlprep.count.tokens import image_totals

        return image_totals(sizes, self)

    def video_tokens(self, info: VideoInfo) -> VideoCount:
        """Count the tokens of a video from the facts of its header; `.plan` has its frames.

        >>> from vlprep import probe
        >>> processor("qwen3-vl-plus").video_tokens(probe("fixtures/street.mp4")).frames
        20
        """
        from vlprep.count.videos import video_count

        return video_count(info, self)

    def video_tokens_batch(
        self, frame_counts: npt.ArrayLike, rates: npt.ArrayLike, sizes: npt.ArrayLike
    ) -> npt.NDArray[np.int64]:
        """Count many clips: (N,) frames, (N,) rates and (N, 2) sizes, height first; N totals out.

        A clip that `video_tokens` refuses counts 0.

        >>> qwen = processor("qwen3-vl-plus")
        >>> qwen.video_tokens_batch([300, 60], 30.0, [[720, 1280], [720, 1280]]).tolist()
        [5942, 1190]
        """
        from vlprep.count.clips import video_totals

        return video_totals(frame_counts, rates, sizes, self)

    def count_messages(
        self, messages: Mapping[str, Any] | Sequence[Any] | str, **how: Unpack[SampleKeywords]
    ) -> SampleCount:
        """Count the media and the text of a request, of messages, or of a row of a data set.

        >>> row = {"query": "<image>What is this?", "images": ["fixtures/photo.jpg"]}
        >>> processor("qwen3-vl-plus").count_messages(row, text_tokens=5).total_tokens
        307
        """
        from vlprep.samples.samples import count_messages

        view, rest = self.with_keywords(how)
        return count_messages(messages, view, **rest)

    def budget(self, **parts: Unpack[BudgetKeywords]) -> TokenBudget:
        """Return what one request may spend on media, in tokens, and what bounds it.

        >>> processor("qwen3-vl-plus").budget(thinking=True, text_tokens=100).available
        257947
        """
        from vlprep.count.budget import token_budget

        return token_budget(self.model, **parts)

    def plan(self, items: MediaFiles, **asked: Unpack[PlanKeywords]) -> MediaPlan:
        """Choose the rate and the size with which files fit a budget, by the exact counter.

        >>> plan = processor("qwen3-vl-plus").plan("fixtures/street.mp4", budget=1500)
        >>> plan.files[0].keywords, plan.total_tokens
        ({'fps': 1.6, 'max_pixels': 186624}, 1442)
        """
        from vlprep.plan.plan import plan_media

        view, rest = self.with_keywords(asked)
        return plan_media(items, view, **rest)

    def fit(self, items: MediaFiles, **asked: Unpack[FitKeywords]) -> ImageFit:
        """Say how many images fit one request, in order, and how to split them if not all do.

        >>> fit = processor("qvq-max").fit(["fixtures/photo.jpg", "fixtures/photo.heic"])
        >>> fit.fits, fit.total_tokens
        (2, 494)
        """
        from vlprep.plan.fit import fit_images

        view, how = self.with_keywords(asked)
        return fit_images(items, view, **how)

    # What the model sees.

    def frames(self, source: Source, **asked: Unpack[FrameKeywords]) -> FrameStream:
        """Read the very frames that `count` counts, at the size that the model sees.

        >>> with processor("qwen3-vl-plus", fps=1).frames("fixtures/street.mp4") as frames:
        ...     next(frames)
        Frame(number=0, at 0.000 s, 352x640x3)
        """
        from vlprep.frames.stream import stream_frames

        view, how = self.with_keywords(asked)
        return stream_frames(source, view, **how)

    def sheet(
        self, source: Source, *, font: PathLike | None = None, **asked: Unpack[FrameKeywords]
    ) -> Drawing:
        """Draw the frames that `count` counts on one sheet, each with its time and its number.

        >>> processor("qwen3-vl-plus", fps=1).sheet("fixtures/street.mp4").size
        ImageSize(height=1269, width=2392)
        """
        return self.frames(source, **asked).sheet(font=font)

    def frames_many(
        self, sources: SourceLike | Iterable[SourceLike], **asked: Unpack[FrameKeywords]
    ) -> Iterator[tuple[SourceLike, Frames | MediaFailure]]:
        """Read the frames of many clips side by side, in order; one that fails is reported so.

        >>> read = processor("qwen3-vl-plus", fps=1).frames_many(["fixtures/clip.mp4", "no.mp4"])
        >>> [type(frames).__name__ for _, frames in read]
        ['Frames', 'MediaFailure']
        """
        from vlprep.frames.many import read_many

        view, how = self.with_keywords(asked)
        return read_many(sources, view, **how)

    def pick(self, source: SourceLike, **asked: Unpack[PickKeywords]) -> PickedFrames:
        """Pick the frames of a video where something happens; all of it is decoded for that.

        >>> picked = processor("qwen3-vl-plus").pick("fixtures/street.mp4", max_gap=4)
        >>> picked.largest_gap_seconds <= 4, picked.picks[0].why
        (True, 'first')
        """
        from vlprep.pick.pick import pick_frames

        view, how = self.with_keywords(asked)
        return pick_frames(source, view, **how)

    def view(self, source: SourceLike, *, door: Door | None = None) -> ImageView:
        """Show an image as the model sees it; `door` says how it gets in, see `media.doors`.

        >>> processor("qwen3-vl-plus", max_pixels=100_000).view("fixtures/photo.jpg")
        ImageView(fixtures/photo.jpg, 480x640x3 as 256x352x3)
        """
        from vlprep.frames.view import view_image

        return view_image(source, self, door=door)

    def split(self, source: SourceLike, **asked: Unpack[SplitKeywords]) -> PageSplit:
        """Split an image into as few pieces as keep its small letters legible.

        >>> processor("qwen3-vl-plus").split("fixtures/photo.jpg")
        PageSplit(fixtures/photo.jpg, 640x480, pieces: 1, 302 tokens)
        """
        from vlprep.split.split import split_image

        view, how = self.with_keywords(asked)
        return split_image(source, view, **how)

    def crop(self, source: SourceLike, box: Sequence[float], **asked: Unpack[CropKeywords]) -> Crop:
        """Cut a region out of an image, so that the model sees it as large as it can.

        >>> processor("qwen3-vl-plus").crop("fixtures/photo.jpg", [100, 100, 300, 200])
        Crop(fixtures/photo.jpg, 100,100,200,100, seen as 192x96, 20 tokens)
        """
        from vlprep.split.crop import crop_image

        view, how = self.with_keywords(asked)
        return crop_image(source, box, view, **how)

    def arrays(
        self,
        images: SourceLike | Iterable[SourceLike] = (),
        videos: Clip | Iterable[Clip] = (),
        **asked: Unpack[ArrayKeywords],
    ) -> PixelValues:
        """Make the patches that the encoder of open weights takes, equal to transformers' own.

        >>> processor("Qwen/Qwen3-VL-8B-Instruct").arrays("fixtures/photo.jpg").inputs().keys()
        dict_keys(['pixel_values', 'image_grid_thw'])
        """
        from vlprep.arrays.arrays import make_arrays

        view, how = self.with_keywords(asked)
        return make_arrays(images, videos, view, **how)

    def array_steps(self, video: Clip, **asked: Unpack[ArrayKeywords]) -> ArrayStream:
        """Make the patches of a video step by step, in bounded memory.

        >>> with processor("Qwen/Qwen3-VL-8B-Instruct").array_steps("fixtures/clip.mp4") as steps:
        ...     [step.timestamp_seconds for step in steps]
        [0.3333333333333333, 1.6333333333333333]
        """
        from vlprep.arrays.steps import stream_arrays

        view, how = self.with_keywords(asked)
        return stream_arrays(video, view, **how)

    def locate(
        self, source: SourceOrFacts, answer: str, **asked: Unpack[LocateKeywords]
    ) -> LocatedShapes:
        """Map the boxes, points and polygons of the model's answer to pixels of the image.

        >>> found = processor().locate("fixtures/photo.jpg", '{"bbox_2d": [250, 500, 500, 1000]}')
        >>> found.shapes[0].points
        ((160.0, 240.0), (320.0, 480.0))
        """
        from vlprep.boxes.boxes import locate_boxes

        view, how = self.with_keywords(asked)
        return locate_boxes(source, answer, view, **how)

    def events(
        self,
        source: Source | Facts | Sequence[SourceOrFacts],
        answer: str | Sequence[str],
        *,
        pieces: PathLike | MediaPlan | None = None,
    ) -> LocatedEvents:
        """Map the times in the model's answer to frames of the video, from its header alone.

        With `pieces`, a plan that cut the video or the folder of its requests, there is an answer
        for each part, and what two of them tell of is there once.

        >>> found = processor().events("fixtures/street.mp4", "00:02 - 00:04 a bus passes")
        >>> found.events[0].text, found.events[0].frames
        ('a bus passes', range(60, 121))
        """
        from os import PathLike

        from vlprep.events.pieces import locate_answers

        if pieces is None or isinstance(pieces, str | PathLike):
            return locate_answers(source, answer, self, pieces)
        return locate_answers(source, answer, self, pieces.to_dict())

    # What is sent.

    def check(
        self, items: CheckedItem | Iterable[CheckedItem], **asked: Unpack[CheckKeywords]
    ) -> CheckReport:
        """Check the files of one request against every documented limit.

        >>> report = processor("qwen3-vl-plus").check(["fixtures/photo.jpg", "fixtures/tiny.png"])
        >>> [(finding.source, finding.rule, finding.measured) for finding in report.errors]
        [('fixtures/tiny.png', 'image-side', '8 px')]
        """
        from vlprep.check.check import check_files

        view, how = self.with_keywords(asked)
        return check_files(items, view, **how)

    def fix(
        self,
        items: CheckedItem | Iterable[CheckedItem],
        folder: PathLike | None = None,
        **asked: Unpack[FixKeywords],
    ) -> FixReport:
        """Write files into a folder so that they pass a check, and check these; sources stay.

        >>> report = processor().fix("fixtures/exif_6.jpg", dry_run=True)
        >>> report.files[0].result.reason
        'stored turned (EXIF orientation 6)'
        """
        from vlprep.compress.fix import fix_files

        view, how = self.with_keywords(asked)
        return fix_files(items, folder, view, **how)

    def compress(
        self, source: Source, target: Target | None = None, **asked: Unpack[CompressKeywords]
    ) -> CompressedFile:
        """Bring one file under a byte limit, as an image or as a video, whichever it is.

        >>> processor().compress("fixtures/photo.jpg", dry_run=True).result.action
        'unchanged'
        """
        from vlprep.compress.many import compress_file

        view, how = self.with_keywords(asked)
        return compress_file(source, target, view, **how)

    def compress_many(
        self,
        sources: SourceLike | Iterable[SourceLike],
        folder: PathLike | None = None,
        *,
        every: float | None = None,
        roots: Iterable[PathLike] = (),
        skip_existing: bool = False,
        threads: int | None = None,
        **asked: Unpack[CompressKeywords],
    ) -> Iterator[Outcome]:
        """Bring many files under a byte limit, into a folder; one that fails is reported so.

        Videos longer than `every` seconds are cut into parts of so many.

        >>> done = processor().compress_many(["fixtures/photo.jpg", "no.jpg"])
        >>> [type(outcome).__name__ for outcome in done]
        ['CompressedFile', 'MediaFailure']
        """
        from vlprep.compress.many import compress_many

        view, how = self.with_keywords(asked)
        how.update(every=every, roots=roots, skip_existing=skip_existing, threads=threads)
        return compress_many(sources, folder, view, **how)

    def compress_image(self, source: SourceLike, **asked: Unpack[ImageKeywords]) -> CompressedImage:
        """Bring an image under a byte limit, in memory.

        >>> processor().compress_image("fixtures/photo.jpg", limit=27_000).action
        'compressed'
        """
        from vlprep.compress.image import compress_image

        view, how = self.with_keywords(asked)
        return compress_image(source, view, **how)

    def compress_video(
        self, source: Source, target: Target | None, **asked: Unpack[VideoKeywords]
    ) -> CompressedVideo:
        """Bring a video under a byte limit, so that the model is shown the same of it.

        >>> plan = processor().compress_video(
        ...     "fixtures/street.mp4", None, limit=90_000, dry_run=True
        ... )
        >>> plan.frames_before, plan.frames_after
        (300, 20)
        """
        from vlprep.compress.video import compress_video

        view, how = self.with_keywords(asked)
        return compress_video(source, target, view, **how)

    def request(self, items: SentItems, text: str, **asked: Unpack[RequestKeywords]) -> Request:
        """Build a whole request that asks the model about images and videos; nothing is sent.

        >>> processor("qvq-max").request("fixtures/photo.jpg", "What is this?").tokens
        393
        """
        from vlprep.payload.request import build_request

        view, how = self.with_keywords(asked)
        return build_request(items, text, view, **how)

    def fit_request(self, body: BodyT, **asked: Unpack[FitRequestKeywords]) -> FittedRequest[BodyT]:
        """Make the media inside a request body fit, and leave all else as it is.

        >>> processor("qvq-max").fit_request('{ "messages": [] }').body
        '{ "messages": [] }'
        """
        from vlprep.refit.request import fit_request

        view, how = self.with_keywords(asked)
        return fit_request(body, view, **how)


# The same for a single call.


def count_tokens(source: Media, model: Model = None, **view: Unpack[ViewKeywords]) -> MediaCount:
    """Count the tokens of a file as `processor(model, **view).count(source)` does.

    >>> count_tokens("fixtures/photo.jpg", "qwen3-vl-plus").tokens.total
    302
    """
    return processor(model, **view).count(source)


def count_many(
    sources: MediaFiles, model: Model = None, **view: Unpack[ViewKeywords]
) -> Iterator[Result]:
    """Count many files as `processor(model, **view).count_many(sources)` does.

    >>> [count.tokens.total for count in count_many("fixtures/photo.jpg", "qvq-max")]
    [393]
    """
    return processor(model, **view).count_many(sources)


def count_messages(
    messages: Mapping[str, Any] | Sequence[Any] | str,
    model: Model = None,
    **how: Unpack[SampleKeywords],
) -> SampleCount:
    """Count the media and the text of a request, of messages, or of a row of a data set.

    >>> part = {"type": "image_url", "image_url": {"url": "fixtures/photo.jpg"}}
    >>> count = count_messages([{"role": "user", "content": [part]}], "qvq-max", max_input=200)
    >>> count.total_tokens, count.fits, count.keeps
    (393, False, ({'max_pixels': 169932},))
    """
    return processor(model).count_messages(messages, **how)


def image_tokens(size: SizeLike, model: Model = None, **view: Unpack[ViewKeywords]) -> TokenCount:
    """Count the tokens of an image of a size, (height, width) or "WIDTHxHEIGHT" as displayed.

    >>> image_tokens((1080, 1920), "qvq-max").resized, image_tokens("1920x1080", "qvq-max").total
    (ImageSize(height=728, width=1316), 1224)
    """
    return processor(model, **view).image_tokens(size)


def image_tokens_batch(
    sizes: npt.ArrayLike, model: Model = None, **view: Unpack[ViewKeywords]
) -> npt.NDArray[np.int64]:
    """Count many images: (N, 2) integer sizes, height first, in; N totals out, 0 where refused.

    >>> image_tokens_batch([[1280, 1280], [1080, 1920]], "qvq-max").tolist()
    [1227, 1224]
    """
    return processor(model, **view).image_tokens_batch(sizes)


def video_tokens(info: VideoInfo, model: Model = None, **view: Unpack[ViewKeywords]) -> VideoCount:
    """Count the tokens of a video from the facts of its header.

    >>> from vlprep import probe
    >>> video_tokens(probe("fixtures/street.mp4"), "qwen3-vl-plus").total
    2202
    """
    return processor(model, **view).video_tokens(info)


def video_tokens_batch(
    frame_counts: npt.ArrayLike,
    rates: npt.ArrayLike,
    sizes: npt.ArrayLike,
    model: Model = None,
    **view: Unpack[ViewKeywords],
) -> npt.NDArray[np.int64]:
    """Count many clips: (N,) frames, (N,) rates of the files and (N, 2) sizes; 0 where refused.

    >>> video_tokens_batch([300, 60], 30.0, [[720, 1280], [720, 1280]], "qwen3-vl-plus").tolist()
    [5942, 1190]
    """
    return processor(model, **view).video_tokens_batch(frame_counts, rates, sizes)


def token_budget(model: Model = None, **parts: Unpack[BudgetKeywords]) -> TokenBudget:
    """Return what one request to a model may spend on media, in tokens, and what bounds it.

    >>> token_budget("qvq-max").available
    106495
    """
    return processor(model).budget(**parts)


def plan_media(items: MediaFiles, model: Model = None, **asked: Unpack[PlanKeywords]) -> MediaPlan:
    """Choose the settings with which files fit a budget, as `processor(...).plan(items)` does.

    >>> plan_media("fixtures/street.mp4", "qwen3-vl-plus", budget=1500).total_tokens
    1442
    """
    return processor(model).plan(items, **asked)


def fit_images(items: MediaFiles, model: Model = None, **asked: Unpack[FitKeywords]) -> ImageFit:
    """Say how many images fit one request, as `processor(...).fit(items)` does.

    >>> fit_images(["fixtures/photo.jpg"] * 3, "qvq-max", max_input=800).fits
    2
    """
    return processor(model).fit(items, **asked)


def read_frames(source: Source, model: Model = None, **asked: Unpack[FrameKeywords]) -> FrameStream:
    """Read the frames that a model sees of a video, as `processor(...).frames(source)` does.

    >>> with read_frames("fixtures/street.mp4", "qwen3-vl-plus", fps=1) as frames:
    ...     next(frames)
    Frame(number=0, at 0.000 s, 352x640x3)
    """
    return processor(model).frames(source, **asked)


def frame_sheet(
    source: Source,
    model: Model = None,
    *,
    font: PathLike | None = None,
    **asked: Unpack[FrameKeywords],
) -> Drawing:
    """Draw the frames that a model sees of a video on one sheet, in memory.

    >>> frame_sheet("fixtures/street.mp4", "qwen3-vl-plus", fps=1)
    Drawing(2392x1269)
    """
    return processor(model).sheet(source, font=font, **asked)


def pick_frames(
    source: SourceLike, model: Model = None, **asked: Unpack[PickKeywords]
) -> PickedFrames:
    """Pick the frames of a video where something happens, as `processor(...).pick(source)` does.

    >>> pick_frames("fixtures/street.mp4", max_gap=4).picks[0].why
    'first'
    """
    return processor(model).pick(source, **asked)


def read_many(
    sources: SourceLike | Iterable[SourceLike], model: Model = None, **asked: Unpack[FrameKeywords]
) -> Iterator[tuple[SourceLike, Frames | MediaFailure]]:
    """Read the frames of many clips, as `processor(...).frames_many(sources)` does.

    >>> for path, frames in read_many(["fixtures/clip.mp4", "fixtures/street.mp4"], fps=1):
    ...     print(path, frames)
    fixtures/clip.mp4 Frames(4x192x320x3, 0.000 s and on)
    fixtures/street.mp4 Frames(10x352x640x3, 0.000 s and on)
    """
    return processor(model).frames_many(sources, **asked)


def view_image(
    source: SourceLike,
    model: Model = None,
    *,
    door: Door | None = None,
    **view: Unpack[ViewKeywords],
) -> ImageView:
    """Show an image as the model sees it.

    >>> view_image("fixtures/photo.jpg", "qwen3-vl-plus", max_pixels=100_000)
    ImageView(fixtures/photo.jpg, 480x640x3 as 256x352x3)
    """
    return processor(model, **view).view(source, door=door)


def pixel_values(
    images: SourceLike | Iterable[SourceLike] = (),
    videos: Clip | Iterable[Clip] = (),
    model: Model = None,
    **asked: Unpack[ArrayKeywords],
) -> PixelValues:
    """Make the patches that open weights take, as `processor(...).arrays(images, videos)` does.

    >>> pixel_values("fixtures/photo.jpg", model="Qwen/Qwen2.5-VL-7B-Instruct").grid_thw.tolist()
    [[1, 34, 46]]
    """
    return processor(model).arrays(images, videos, **asked)


def locate_boxes(
    source: SourceOrFacts, answer: str, model: Model = None, **asked: Unpack[LocateKeywords]
) -> LocatedShapes:
    """Map the boxes, points and polygons of a model's answer to pixels of the image.

    >>> found = locate_boxes("fixtures/photo.jpg", '{"bbox_2d": [250, 500, 500, 1000]}')
    >>> found.convention, found.shapes[0].points
    ('relative-1000', ((160.0, 240.0), (320.0, 480.0)))
    """
    return processor(model).locate(source, answer, **asked)


def locate_events(
    source: Source | Facts | Sequence[SourceOrFacts],
    answer: str | Sequence[str],
    model: Model = None,
    *,
    pieces: PathLike | MediaPlan | None = None,
    **view: Unpack[ViewKeywords],
) -> LocatedEvents:
    """Map the times in a model's answer to frames of the video, from its header alone.

    `pieces` is a plan that cut the video, or the folder of its requests; then there is an answer
    for each part.

    >>> locate_events("fixtures/street.mp4", '[{"start_time": 9, "end_time": 12}]').warnings
    ('events that reach beyond the 10.000 s that were shown, cut there: 1',)
    """
    return processor(model, **view).events(source, answer, pieces=pieces)


def check_media(
    items: CheckedItem | Iterable[CheckedItem], model: Model = None, **asked: Unpack[CheckKeywords]
) -> CheckReport:
    """Check the files of one request against every documented limit.

    >>> check_media("fixtures/tiny.png", "qwen3-vl-plus").errors[0].rule
    'image-side'
    """
    return processor(model).check(items, **asked)


def fix_media(
    items: CheckedItem | Iterable[CheckedItem],
    folder: PathLike | None = None,
    model: Model = None,
    **asked: Unpack[FixKeywords],
) -> FixReport:
    """Write files into a folder so that they pass a check, and check these; sources stay.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     report = fix_media(["fixtures/photo.avif", "fixtures/exif_6.jpg"], folder, "qvq-max")
    >>> report.passes(), [file.result.action for file in report.files]
    (True, ['converted', 'converted'])
    """
    return processor(model).fix(items, folder, **asked)


def compress_file(
    source: Source,
    target: Target | None = None,
    model: Model = None,
    **asked: Unpack[CompressKeywords],
) -> CompressedFile:
    """Bring one file under a byte limit, as an image or as a video, whichever it is.

    >>> compress_file("fixtures/photo.jpg", dry_run=True).result.action
    'unchanged'
    """
    return processor(model).compress(source, target, **asked)


def compress_many(
    sources: SourceLike | Iterable[SourceLike],
    folder: PathLike | None = None,
    model: Model = None,
    *,
    every: float | None = None,
    roots: Iterable[PathLike] = (),
    skip_existing: bool = False,
    threads: int | None = None,
    **asked: Unpack[CompressKeywords],
) -> Iterator[Outcome]:
    """Bring many files under a byte limit, in order; one that fails is reported in its place.

    Videos longer than `every` seconds are cut into parts of so many.

    >>> [type(done).__name__ for done in compress_many(["fixtures/photo.jpg", "no.jpg"])]
    ['CompressedFile', 'MediaFailure']
    """
    return processor(model).compress_many(
        sources, folder, every=every, roots=roots, skip_existing=skip_existing, threads=threads,
        **asked,
    )  # fmt: skip


def compress_image(
    source: SourceLike, model: Model = None, **asked: Unpack[ImageKeywords]
) -> CompressedImage:
    """Bring an image under a byte limit, in memory.

    >>> image = compress_image("fixtures/photo.jpg", "qwen3-vl-plus", limit=27_000)
    >>> image.action, image.format, image.bytes_after < 27_000
    ('compressed', 'JPEG', True)
    """
    return processor(model).compress_image(source, **asked)


def compress_video(
    source: Source, target: Target | None, model: Model = None, **asked: Unpack[VideoKeywords]
) -> CompressedVideo:
    """Bring a video under a byte limit, into a file, so that a model is shown the same of it.

    >>> plan = compress_video("fixtures/street.mp4", None, limit=90_000, dry_run=True)
    >>> plan.action, plan.frames_before, plan.frames_after
    ('compressed', 300, 20)
    """
    return processor(model).compress_video(source, target, **asked)


def split_image(
    source: SourceLike, model: Model = None, **asked: Unpack[SplitKeywords]
) -> PageSplit:
    """Split an image into as few pieces as keep its small letters legible.

    >>> split_image("fixtures/tall.png", "qwen3-vl-plus", readable=6).letters is None
    True
    """
    return processor(model).split(source, **asked)


def crop_image(
    source: SourceLike, box: Sequence[float], model: Model = None, **asked: Unpack[CropKeywords]
) -> Crop:
    """Cut a region out of an image, so that the model sees it as large as it can.

    >>> crop_image("fixtures/photo.jpg", [0, 0, 999, 500], "qwen3-vl-plus", coordinates="model")
    Crop(fixtures/photo.jpg, 0,0,640,240, seen as 640x256, 162 tokens)
    """
    return processor(model).crop(source, box, **asked)


def fit_request(
    body: BodyT, model: Model = None, **asked: Unpack[FitRequestKeywords]
) -> FittedRequest[BodyT]:
    """Make the media inside a request body fit a model's limits, and those that are asked.

    >>> part = {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}}
    >>> fitted = fit_request({"messages": [{"role": "user", "content": [part]}]}, "qvq-max")
    >>> fitted.fits, fitted.changes, fitted.not_fetched
    (True, (), ('messages[0].content[0].image_url.url',))
    """
    return processor(model).fit_request(body, **asked)


def build_request(
    items: SentItems, text: str, model: Model = None, **asked: Unpack[RequestKeywords]
) -> Request:
    """Build a whole request that asks a model about images and videos; nothing is sent.

    >>> build_request("fixtures/photo.jpg", "What is this?", "qvq-max").tokens
    393
    """
    return processor(model).request(items, text, **asked)


def build_messages(
    items: SentItems, text: str, model: Model = None, **asked: Unpack[RequestKeywords]
) -> list[Json]:
    """Build the messages of a request, as `build_request` does.

    >>> url = "https://example.com/photo.jpg"
    >>> build_messages([url], "What is this?", "qwen-vl-max", system="Be brief.", api="dashscope")
    [{'role': 'system', 'content': [{'text': 'Be brief.'}]},
     {'role': 'user', 'content': [{'image': 'https://example.com/photo.jpg'},
                                  {'text': 'What is this?'}]}]
    """
    return list(build_request(items, text, model, **asked).messages)


def build_message(
    items: SentItems, text: str, model: Model = None, **asked: Unpack[RequestKeywords]
) -> Json:
    """Build the user's message of a request, as `build_request` does.

    >>> message = build_message("fixtures/png_named.jpg", "What is this?")
    >>> message["content"][0]["image_url"]["url"][:22]
    'data:image/png;base64,'
    """
    return build_messages(items, text, model, **asked)[-1]


def draw_boxes(source: SourceLike, located: LocatedShapes) -> npt.NDArray[np.uint8]:
    """Draw what was located on an image, as `LocatedShapes.draw` does: RGB, height x width x 3.

    >>> found = locate_boxes("fixtures/photo.jpg", "boat: 250, 500, 500, 1000")
    >>> draw_boxes("fixtures/photo.jpg", found).shape
    (480, 640, 3)
    """
    return located.draw(source)


def save_boxes(
    source: SourceLike, located: LocatedShapes, path: PathLike, *, overwrite: bool = False
) -> None:
    """Write that drawing to a picture file, as `LocatedShapes.save` does.

    >>> from tempfile import TemporaryDirectory
    >>> found = locate_boxes("fixtures/photo.jpg", "boat: 250, 500, 500, 1000")
    >>> with TemporaryDirectory() as folder:
    ...     save_boxes("fixtures/photo.jpg", found, f"{folder}/boxes.png")
    """
    located.save(path, overwrite=overwrite, source=source)


globals().update(telling([*globals().items()]))
for _name, _verb in telling([*vars(Processor).items()]):
    setattr(Processor, _name, _verb)
