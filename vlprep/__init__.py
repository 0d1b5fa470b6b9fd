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
    from vlprep.errors import VlprepError as VlprepError
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
    from vlprep.rules.boxes import map_boxes as map_boxes
    from vlprep.rules.budget import TokenBudget as TokenBudget
    from vlprep.rules.budget import token_budget as token_budget
    from vlprep.rules.limits.finding import Finding as Finding
    from vlprep.rules.packing import FitPlan as FitPlan
    from vlprep.rules.tokens import TokenCount as TokenCount
    from vlprep.rules.tokens import image_tokens as image_tokens
    from vlprep.rules.tokens import image_tokens_batch as image_tokens_batch
    from vlprep.rules.tokens import video_tokens as video_tokens
    from vlprep.tasks.answers import Shape as Shape
    from vlprep.tasks.boxes import LocatedShapes as LocatedShapes
    from vlprep.tasks.boxes import draw_boxes as draw_boxes
    from vlprep.tasks.boxes import locate_boxes as locate_boxes
    from vlprep.tasks.boxes import save_boxes as save_boxes
    from vlprep.tasks.check import CheckReport as CheckReport
    from vlprep.tasks.check import check_media as check_media
    from vlprep.tasks.compress.files import CompressedFile as CompressedFile
    from vlprep.tasks.compress.files import CompressOptions as CompressOptions
    from vlprep.tasks.compress.files import compress_file as compress_file
    from vlprep.tasks.compress.files import compress_many as compress_many
    from vlprep.tasks.compress.image import CompressedImage as CompressedImage
    from vlprep.tasks.compress.image import compress_image as compress_image
    from vlprep.tasks.compress.image import save_image as save_image
    from vlprep.tasks.compress.video import CompressedVideo as CompressedVideo
    from vlprep.tasks.compress.video import compress_video as compress_video
    from vlprep.tasks.count import CountOptions as CountOptions
    from vlprep.tasks.count import MediaCount as MediaCount
    from vlprep.tasks.count import MediaFailure as MediaFailure
    from vlprep.tasks.count import count_many as count_many
    from vlprep.tasks.count import count_tokens as count_tokens
    from vlprep.tasks.fit import ImageFit as ImageFit
    from vlprep.tasks.fit import fit_images as fit_images
    from vlprep.tasks.frame_files import FrameRecord as FrameRecord
    from vlprep.tasks.frame_files import save_frames as save_frames
    from vlprep.tasks.frames import FrameStream as FrameStream
    from vlprep.tasks.frames import read_frames as read_frames
    from vlprep.tasks.images import ImageView as ImageView
    from vlprep.tasks.images import save_view as save_view
    from vlprep.tasks.images import view_image as view_image
    from vlprep.tasks.payload.request import Request as Request
    from vlprep.tasks.payload.request import build_message as build_message
    from vlprep.tasks.payload.request import build_messages as build_messages
    from vlprep.tasks.payload.request import build_request as build_request
    from vlprep.tasks.payload.urls import MediaUrl as MediaUrl
    from vlprep.tasks.plan.chart import save_chart as save_chart
    from vlprep.tasks.plan.media import plan_media as plan_media
    from vlprep.tasks.plan.records import MediaPlan as MediaPlan
    from vlprep.tasks.plan.records import PlannedFile as PlannedFile
    from vlprep.tasks.plan.records import SplitOptions as SplitOptions
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
    "rules.boxes": ("map_boxes",),
    "rules.budget": ("TokenBudget", "token_budget"),
    "rules.limits.finding": ("Finding",),
    "rules.packing": ("FitPlan",),
    "rules.tokens": ("TokenCount", "image_tokens", "image_tokens_batch", "video_tokens"),
    "tasks.compress.files": (
        "CompressOptions",
        "CompressedFile",
        "compress_file",
        "compress_many",
    ),
    "tasks.check": ("CheckReport", "check_media"),
    "tasks.answers": ("Shape",),
    "tasks.boxes": ("LocatedShapes", "draw_boxes", "locate_boxes", "save_boxes"),
    "tasks.compress.image": ("CompressedImage", "compress_image", "save_image"),
    "tasks.compress.video": ("CompressedVideo", "compress_video"),
    "tasks.count": ("CountOptions", "MediaCount", "MediaFailure", "count_many", "count_tokens"),
    "tasks.fit": ("ImageFit", "fit_images"),
    "tasks.frame_files": ("FrameRecord", "save_frames"),
    "tasks.frames": ("FrameStream", "read_frames"),
    "tasks.images": ("ImageView", "save_view", "view_image"),
    "tasks.payload.request": ("Request", "build_message", "build_messages", "build_request"),
    "tasks.payload.urls": ("MediaUrl",),
    "tasks.plan.media": ("plan_media",),
    "tasks.plan.chart": ("save_chart",),
    "tasks.plan.records": ("MediaPlan", "PlannedFile", "SplitOptions"),
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
