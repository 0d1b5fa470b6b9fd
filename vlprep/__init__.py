"""What a vision-language model sees of your images and videos, and what it costs in tokens.

The names below load on first use, so that importing the package is instant: numpy, Pillow and
PyAV come in only when something needs them.

>>> import vlprep
>>> vlprep.image_tokens((1280, 1280), "qvq-max").total
1227
"""

from importlib import import_module

TYPE_CHECKING = False  # what checkers go by; importing typing would double the time to import this
if TYPE_CHECKING:
    from vlprep.boxes.answers import Shape as Shape
    from vlprep.boxes.boxes import LocatedShapes as LocatedShapes
    from vlprep.boxes.boxes import draw_boxes as draw_boxes
    from vlprep.boxes.boxes import save_boxes as save_boxes
    from vlprep.boxes.grids import map_boxes as map_boxes
    from vlprep.check.check import CheckReport as CheckReport
    from vlprep.check.rule import Finding as Finding
    from vlprep.compress.image import CompressedImage as CompressedImage
    from vlprep.compress.image import save_image as save_image
    from vlprep.compress.many import CompressedFile as CompressedFile
    from vlprep.compress.video import CompressedVideo as CompressedVideo
    from vlprep.count.budget import InputLimit as InputLimit
    from vlprep.count.budget import TokenBudget as TokenBudget
    from vlprep.count.files import MediaCount as MediaCount
    from vlprep.count.files import MediaFailure as MediaFailure
    from vlprep.count.files import Tally as Tally
    from vlprep.count.pixels import PixelLimits as PixelLimits
    from vlprep.count.tokens import TokenCount as TokenCount
    from vlprep.count.tokens import VideoCount as VideoCount
    from vlprep.errors import VlprepError as VlprepError
    from vlprep.frames.files import FrameRecord as FrameRecord
    from vlprep.frames.files import save_frames as save_frames
    from vlprep.frames.stream import FrameStream as FrameStream
    from vlprep.frames.view import ImageView as ImageView
    from vlprep.frames.view import save_view as save_view
    from vlprep.functions import build_message as build_message
    from vlprep.functions import build_messages as build_messages
    from vlprep.functions import build_request as build_request
    from vlprep.functions import check_media as check_media
    from vlprep.functions import compress_file as compress_file
    from vlprep.functions import compress_image as compress_image
    from vlprep.functions import compress_many as compress_many
    from vlprep.functions import compress_video as compress_video
    from vlprep.functions import count_many as count_many
    from vlprep.functions import count_tokens as count_tokens
    from vlprep.functions import fit_images as fit_images
    from vlprep.functions import image_tokens as image_tokens
    from vlprep.functions import image_tokens_batch as image_tokens_batch
    from vlprep.functions import locate_boxes as locate_boxes
    from vlprep.functions import plan_media as plan_media
    from vlprep.functions import read_frames as read_frames
    from vlprep.functions import token_budget as token_budget
    from vlprep.functions import video_tokens as video_tokens
    from vlprep.functions import video_tokens_batch as video_tokens_batch
    from vlprep.functions import view_image as view_image
    from vlprep.maths.geometry import smart_resize as smart_resize
    from vlprep.maths.geometry import smart_resize_batch as smart_resize_batch
    from vlprep.maths.geometry import smart_resize_clip as smart_resize_clip
    from vlprep.maths.sampling import plan_frames as plan_frames
    from vlprep.maths.sampling import smart_nframes as smart_nframes
    from vlprep.media.probe import probe as probe
    from vlprep.models.registry import get_model as get_model
    from vlprep.models.registry import list_models as list_models
    from vlprep.models.registry import load_model_file as load_model_file
    from vlprep.models.spec import ModelSpec as ModelSpec
    from vlprep.payload.request import Request as Request
    from vlprep.payload.urls import MediaUrl as MediaUrl
    from vlprep.plan.chart import save_chart as save_chart
    from vlprep.plan.fit import ImageFit as ImageFit
    from vlprep.plan.records import MediaPlan as MediaPlan
    from vlprep.plan.records import PlannedFile as PlannedFile
    from vlprep.plan.records import SplitOptions as SplitOptions
    from vlprep.types import Frame as Frame
    from vlprep.types import FrameListInfo as FrameListInfo
    from vlprep.types import FramePlan as FramePlan
    from vlprep.types import Frames as Frames
    from vlprep.types import ImageInfo as ImageInfo
    from vlprep.types import ImageSize as ImageSize
    from vlprep.types import VideoInfo as VideoInfo
    from vlprep.verbs import Processor as Processor
    from vlprep.verbs import processor as processor
    from vlprep.view import View as View
    from vlprep.view import ViewKeywords as ViewKeywords
    from vlprep.view import ViewOptions as ViewOptions

_HOMES = {
    "boxes.answers": ("Shape",),
    "boxes.boxes": (
        "LocatedShapes",
        "draw_boxes",
        "save_boxes",
    ),
    "boxes.grids": ("map_boxes",),
    "check.check": ("CheckReport",),
    "check.rule": ("Finding",),
    "compress.image": (
        "CompressedImage",
        "save_image",
    ),
    "compress.many": ("CompressedFile",),
    "compress.video": ("CompressedVideo",),
    "count.budget": (
        "InputLimit",
        "TokenBudget",
    ),
    "count.files": (
        "MediaCount",
        "MediaFailure",
        "Tally",
    ),
    "count.pixels": ("PixelLimits",),
    "count.tokens": (
        "TokenCount",
        "VideoCount",
    ),
    "errors": ("VlprepError",),
    "frames.files": (
        "FrameRecord",
        "save_frames",
    ),
    "frames.stream": ("FrameStream",),
    "frames.view": (
        "ImageView",
        "save_view",
    ),
    "functions": (
        "build_message",
        "build_messages",
        "build_request",
        "check_media",
        "compress_file",
        "compress_image",
        "compress_many",
        "compress_video",
        "count_many",
        "count_tokens",
        "fit_images",
        "image_tokens",
        "image_tokens_batch",
        "locate_boxes",
        "plan_media",
        "read_frames",
        "token_budget",
        "video_tokens",
        "video_tokens_batch",
        "view_image",
    ),
    "maths.geometry": (
        "smart_resize",
        "smart_resize_batch",
        "smart_resize_clip",
    ),
    "maths.sampling": (
        "plan_frames",
        "smart_nframes",
    ),
    "media.probe": ("probe",),
    "models.registry": (
        "get_model",
        "list_models",
        "load_model_file",
    ),
    "models.spec": ("ModelSpec",),
    "payload.request": ("Request",),
    "payload.urls": ("MediaUrl",),
    "plan.chart": ("save_chart",),
    "plan.fit": ("ImageFit",),
    "plan.records": (
        "MediaPlan",
        "PlannedFile",
        "SplitOptions",
    ),
    "types": (
        "Frame",
        "FrameListInfo",
        "FramePlan",
        "Frames",
        "ImageInfo",
        "ImageSize",
        "VideoInfo",
    ),
    "verbs": (
        "Processor",
        "processor",
    ),
    "view": (
        "View",
        "ViewKeywords",
        "ViewOptions",
    ),
}

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = sorted((*_HOME_OF, "__version__"))


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'vlprep' has no attribute {name!r}")
    value = getattr(import_module(f"vlprep.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
