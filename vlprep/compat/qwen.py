"""qwen-vl-utils' functions without torch: same arguments, same shapes, numpy instead of tensors.

A program written for qwen-vl-utils 0.0.14 runs when its import is changed to

    from vlprep.compat.qwen import process_vision_info

Images come as `PIL.Image` in RGB. A video comes as a numpy array of frames x 3 x height x width,
with values from 0 to 255 in float32 as in the tensors of the original; `dtype="uint8"` holds the
same values in a quarter of the memory. Sizes, frame counts and frame numbers are the original's.

Nothing is kept between calls and no environment variable is read. What those set is a keyword:
`model_seq_len` for MODEL_SEQ_LEN, `threads` for TORCHCODEC_NUM_THREADS. There is one reader, so
nothing takes the place of FORCE_QWENVL_VIDEO_READER.

What version 0.0.14 does and this does not, with issues of QwenLM/Qwen3-VL where there are any:

- It scales the frames of a list twice, first as images (#1833) and to multiples of twice the side
  of a token (#1820, #1931, #1960). Here they are scaled once, to the size of a file of such frames.
- Its earlier releases leave `total_pixels` aside for lists (#1248) and read an environment variable
  named for a frame's limit as the clip's (#1120). Here one budget bounds files and lists.
- It numbers the frames of a list 0, 1, 2, though `raw_fps` says that they lie further apart
  (#2117). Here they have their numbers in the video that they were taken from.
- When a reader fails it takes another, which holds the whole clip in memory (#1841, #1938). Here
  the error is raised, and frames are scaled as they are decoded.
- It refuses a clip of one frame (#1689), and `nframes` when rounding takes it above the clip's own
  number (#2012). Here a single frame is shown twice, and a short clip gives the pairs that it has;
  both are logged, and `strict=True` refuses.
- The rate in `video_kwargs` counts frames, not the steps between them (#1403). Here it is the rate
  of the times at which the frames are displayed.
- With `video_start`, one of its readers counts `frames_indices` from there (#2085), and with the
  others `total_num_frames` is that of the part. Here both are those of the file.
- It leaves EXIF orientation and the mirroring of videos aside. Here all is upright.
- It clips 16-bit grey to white, and drops the transparency of palettes, grey images and videos.
  Here all depths are scaled to 8 bits, and all transparency is laid on white.
- It takes a key for given whose value is None, as rows of data sets have them. Here it is not.
- It downloads URLs. Here they are refused, unless `fetch` is given, a function of your own.

Pictures and frames are scaled from full size as torch scales them, to the last bit, whatever Pillow
is installed; the original takes torch for videos, and for images the Pillow that there is.
`resample="fast"` leaves scaling to FFmpeg. The rate of a clip of variable rate
is measured on its frames' times, which can give a pair of frames more or less than the header's
average. What a user should know of a file, and every choice that was not taken as asked, is logged
under `vlprep.compat`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, Unpack

from PIL import Image

from vlprep.compat.qwen_elements import Element, Fetch, asked_of, read_pixels
from vlprep.compat.qwen_plans import plan_image
from vlprep.compat.qwen_videos import ReaderKeywords, VideoReader
from vlprep.compat.qwen_videos import VideoMetadata as VideoMetadata
from vlprep.errors import ConstraintError
from vlprep.media.picture import resize_picture
from vlprep.types import ImageSize

Conversations: TypeAlias = Sequence[Element] | Sequence[Sequence[Element]]
"""Messages of one conversation, or of several."""


def process_vision_info(
    conversations: Conversations,
    return_video_kwargs: bool = False,
    return_video_metadata: bool = False,
    image_patch_size: int = 14,
    **how: Unpack[ReaderKeywords],
) -> tuple[Any, ...]:
    """Read the images and the videos that chat messages name, at the size that the model sees.

    Returns the images and the videos as two lists, in the order of the messages, each `None` where
    there is none; with `return_video_kwargs` also the arguments for the model's processor. With
    `return_video_metadata` each video is a pair of frames and `VideoMetadata`. `image_patch_size`
    is 14 for Qwen2-VL and Qwen2.5-VL, 16 for Qwen3-VL and later. The other parameters are those of
    `fetch_video`.

    Raises `ConstraintError` for an element without image or video, and the errors of `fetch_image`
    and `fetch_video`.

    >>> content = [{"type": "image", "image": "fixtures/photo.jpg"},
    ...            {"type": "video", "video": "fixtures/clip.mp4", "fps": 2}]
    >>> images, videos = process_vision_info([{"role": "user", "content": content}])
    >>> images[0].size, videos[0].shape
    ((644, 476), (4, 3, 252, 448))
    """
    reader = VideoReader(image_patch_size, **how)
    images, clips = [], []
    for element in extract_vision_info(conversations):
        if _image_of(element) is not None:
            images.append(fetch_image(element, image_patch_size, fetch=reader.fetch))
        elif element.get("video") is not None:
            clips.append(reader.read(element))
        else:
            keys = ", ".join(repr(key) for key, value in element.items() if value is not None)
            raise ConstraintError(f"no image, image_url or video among the keys {keys}")
    videos = [clip[:2] if return_video_metadata else clip[0] for clip in clips]
    inputs = images or None, videos or None
    if not return_video_kwargs:
        return inputs
    kwargs: dict[str, Any] = {"do_sample_frames": False}
    if not return_video_metadata:  # the processors of Qwen2.5-VL take the rates instead
        kwargs["fps"] = [sample_fps for *_, sample_fps in clips]
    return *inputs, kwargs


def extract_vision_info(conversations: Conversations) -> list[Element]:
    """Return the elements of messages that name an image or a video, in order.

    >>> extract_vision_info([{"role": "user", "content": [{"text": "Hi"}, {"image": "a.jpg"}]}])
    [{'image': 'a.jpg'}]
    """
    together: list[Any] = list(conversations)
    if together and isinstance(together[0], dict):
        together = [together]
    messages = (message for conversation in together for message in conversation)
    contents = (message.get("content") for message in messages)
    parts = (part for content in contents if isinstance(content, list) for part in content)
    keys = ("image", "image_url", "video")
    return [
        part for part in parts
        if isinstance(part, dict)
        and (part.get("type") in keys or any(part.get(key) is not None for key in keys))
    ]  # fmt: skip


def fetch_image(
    ele: Element, image_patch_size: int = 14, *, fetch: Fetch | None = None
) -> Image.Image:
    """Read the image that an element names, at the size that the model sees.

    `ele["image"]` or `ele["image_url"]` is a path, with or without `file://` before it, a data
    URL, an image of Pillow's, the content as bytes or an open binary file; a URL goes through
    `fetch`, a function from a URL to the content. Options beside it are `min_pixels`, `max_pixels`,
    and `resized_height` with `resized_width`. The image is turned upright, laid on white where it
    is transparent, and resized as `vlprep.resample` does.

    Raises the errors of `read_pixels` and `plan_image`.

    >>> fetch_image({"image": "fixtures/exif_6.jpg", "max_pixels": 28 * 28 * 6}).size
    (84, 56)
    """
    pixels = read_pixels(_image_of(ele), fetch)
    size = plan_image(ImageSize(*pixels.shape[:2]), asked_of(ele), image_patch_size)
    return Image.fromarray(resize_picture(pixels, size))


def fetch_video(
    ele: Element,
    image_patch_size: int = 14,
    return_video_sample_fps: bool = False,
    return_video_metadata: bool = False,
    **how: Unpack[ReaderKeywords],
) -> Any:
    """Read the frames of the video that an element names, at the size that the model sees.

    `ele["video"]` is a video as `fetch_image` takes an image, or a list of images that are its
    frames. Options beside it: `fps` or `nframes`, `min_frames`, `max_frames`, `video_start` and
    `video_end` in seconds; of a list `sample_fps` and `raw_fps`; of both `min_pixels`, `max_pixels`
    of a frame, `total_pixels` of the clip, `resized_height` with `resized_width`.

    Returns an array of frames x 3 x height x width; with `return_video_metadata` a pair of it and
    its `VideoMetadata`; with `return_video_sample_fps` a pair of that and the frames per second.

    `model_seq_len` is the context in tokens, of which a clip may fill 90 %, by default 128,000;
    `resample`, by default "reference", and `threads` are those of `read_frames`; `dtype` is
    "float32" if nothing is said, or "uint8"; `fetch` is that of `fetch_image`; `strict`
    refuses clips with fewer frames than asked.

    Raises the errors of `plan_video` and `read_frames`, `ConstraintError` for another `dtype` and
    for frames of different sizes, and `DecodeError` where a frame of the plan cannot be had.

    >>> video, metadata = fetch_video(
    ...     {"video": "fixtures/street.mp4", "nframes": 4}, 16, return_video_metadata=True
    ... )
    >>> video.shape, metadata["frames_indices"], metadata["fps"]
    ((4, 3, 352, 640), [0, 100, 199, 299], 30.0)
    """
    frames, metadata, sample_fps = VideoReader(image_patch_size, **how).read(ele)
    video = (frames, metadata) if return_video_metadata else frames
    return (video, sample_fps) if return_video_sample_fps else video


def _image_of(element: Element) -> object:
    image = element.get("image")
    return element.get("image_url") if image is None else image
