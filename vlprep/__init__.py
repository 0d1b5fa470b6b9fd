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
    from vlprep.boxes.boxes import locate_boxes as locate_boxes
    from vlprep.boxes.boxes import save_boxes as save_boxes
    from vlprep.boxes.grids import map_boxes as map_boxes
    from vlprep.check.check import CheckReport as CheckReport
    from vlprep.check.check import check_media as check_media
    from vlprep.check.rule import Finding as Finding
    from vlprep.compress.image import CompressedImage as CompressedImage
    from vlprep.compress.image import compress_image as compress_image
    from vlprep.compress.image import save_image as save_image
    from vlprep.compress.many import CompressedFile as CompressedFile
    from vlprep.compress.many import CompressOptions as CompressOptions
    from vlprep.compress.many import compress_file as compress_file
    from vlprep.compress.many import compress_many as compress_many
    from vlprep.compress.video import CompressedVideo as CompressedVideo
    from vlprep.compress.video import compress_video as compress_video
    from vlprep.count.budget import TokenBudget as TokenBudget
    from vlprep.count.budget import token_budget as token_budget
    from vlprep.count.files import CountOptions as CountOptions
    from vlprep.count.files import MediaCount as MediaCount
    from vlprep.count.files import MediaFailure as MediaFailure
    from vlprep.count.files import count_many as count_many
    from vlprep.count.files import count_tokens as count_tokens
    from vlprep.count.tokens import TokenCount as TokenCount
    from vlprep.count.tokens import image_tokens as image_tokens
    from vlprep.count.tokens import image_tokens_batch as image_tokens_batch
    from vlprep.count.tokens import video_tokens as video_tokens
    from vlprep.errors import VlprepError as VlprepError
    from vlprep.frames.files import FrameRecord as FrameRecord
    from vlprep.frames.files import save_frames as save_frames
    from vlprep.frames.stream import FrameStream as FrameStream
    from vlprep.frames.stream import read_frames as read_frames
    from vlprep.frames.view import ImageView as ImageView
    from vlprep.frames.view import save_view as save_view
    from vlprep.frames.view import view_image as view_image
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
    from vlprep.payload.request import build_message as build_message
    from vlprep.payload.request import build_messages as build_messages
    from vlprep.payload.request import build_request as build_request
    from vlprep.payload.urls import MediaUrl as MediaUrl
    from vlprep.plan.chart import save_chart as save_chart
    from vlprep.plan.fit import ImageFit as ImageFit
    from vlprep.plan.fit import fit_images as fit_images
    from vlprep.plan.packing import FitPlan as FitPlan
    from vlprep.plan.plan import plan_media as plan_media
    from vlprep.plan.records import MediaPlan as MediaPlan
    from vlprep.plan.records import PlannedFile as PlannedFile
    from vlprep.plan.records import SplitOptions as SplitOptions
    from vlprep.types import Frame as Frame
    from vlprep.types import FramePlan as FramePlan
    from vlprep.types import Frames as Frames
    from vlprep.types import ImageInfo as ImageInfo
    from vlprep.types import ImageSize as ImageSize
    from vlprep.types import VideoInfo as VideoInfo

_HOMES = {
    "errors": ("VlprepError",),
    "maths.geometry": ("smart_resize", "smart_resize_batch", "smart_resize_clip"),
    "maths.sampling": ("plan_frames", "smart_nframes"),
    "media.probe": ("probe",),
    "models.registry": ("get_model", "list_models", "load_model_file"),
    "models.spec": ("ModelSpec",),
    "boxes.grids": ("map_boxes",),
    "count.budget": ("TokenBudget", "token_budget"),
    "check.rule": ("Finding",),
    "plan.packing": ("FitPlan",),
    "count.tokens": ("TokenCount", "image_tokens", "image_tokens_batch", "video_tokens"),
    "compress.many": (
        "CompressOptions",
        "CompressedFile",
        "compress_file",
        "compress_many",
    ),
    "check.check": ("CheckReport", "check_media"),
    "boxes.answers": ("Shape",),
    "boxes.boxes": ("LocatedShapes", "draw_boxes", "locate_boxes", "save_boxes"),
    "compress.image": ("CompressedImage", "compress_image", "save_image"),
    "compress.video": ("CompressedVideo", "compress_video"),
    "count.files": ("CountOptions", "MediaCount", "MediaFailure", "count_many", "count_tokens"),
    "plan.fit": ("ImageFit", "fit_images"),
    "frames.files": ("FrameRecord", "save_frames"),
    "frames.stream": ("FrameStream", "read_frames"),
    "frames.view": ("ImageView", "save_view", "view_image"),
    "payload.request": ("Request", "build_message", "build_messages", "build_request"),
    "payload.urls": ("MediaUrl",),
    "plan.plan": ("plan_media",),
    "plan.chart": ("save_chart",),
    "plan.records": ("MediaPlan", "PlannedFile", "SplitOptions"),
    "types": ("Frame", "FramePlan", "Frames", "ImageInfo", "ImageSize", "VideoInfo"),
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
