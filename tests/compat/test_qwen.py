from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.compat.test_qwen_plans import rows_of
from tests.places import FIXTURES, GOLDEN, REPO
from tests.test_vectors import FOLDERS
from vlprep import ImageSize, resample
from vlprep.compat.qwen import (
    extract_vision_info,
    fetch_image,
    fetch_video,
    process_vision_info,
)
from vlprep.errors import ConstraintError, UnsupportedFormatError

PHOTO = FIXTURES / "photo.jpg"  # 480 x 640
CLIP = FIXTURES / "clip.mp4"  # 60 frames of 180 x 320, 30 a second
GOLDEN_ROWS = [
    json.loads(line)
    for line in (GOLDEN / "compat" / "qwen_vl_utils.jsonl").read_text().splitlines()
]


def said(*content):
    """A conversation of one message."""
    return [{"role": "user", "content": [*content, {"type": "text", "text": "What is it?"}]}]


def image(value, **options):
    return {"type": "image", "image": str(value), **options}


def video(value, **options):
    return {"type": "video", "video": str(value), **options}


# The reference's outputs.


def message_of(row):
    key = "video" if "idx" in row else "image"
    return said({"type": key, key: str(FIXTURES / row["file"]), **row})


@pytest.mark.parametrize("patch_size", [14, 16])
def test_the_fixtures_come_as_from_the_reference(patch_size):
    rows = [row for row in GOLDEN_ROWS if row["image_patch_size"] == patch_size]
    rows = [row for row in rows if "idx" not in row or "fps" not in row]
    assert len(rows) > 90
    for row in rows:
        images, videos = process_vision_info(
            message_of(row), False, True, patch_size, dtype="uint8", resample="fast"
        )
        if "idx" not in row:
            assert videos is None
            assert images[0].size == (row["w_bar"], row["h_bar"]), row
            continue
        assert images is None
        ((frames, metadata),) = videos
        assert frames.shape == (len(row["idx"]), 3, row["h_bar"], row["w_bar"]), row
        assert metadata["frames_indices"] == row["idx"], row
        assert metadata["fps"] == pytest.approx(row["video_fps"])
        assert metadata["total_num_frames"] == row["total_frames"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_images_of_recorded_sizes_come_as_from_the_reference(folder):
    rows = rows_of(folder, "image_qwen_vl_utils")
    rows = [row for row in rows if "h_bar" in row and row["h_bar"] * row["w_bar"]]
    small = [row for row in rows if row["h"] * row["w"] < 2e6 > row["h_bar"] * row["w_bar"]]
    assert len(small) >= 5
    for row in small:
        element = {"image": Image.new("RGB", (row["w"], row["h"])), **row}
        got = fetch_image(element, row["image_patch_size"])
        assert got.size == (row["w_bar"], row["h_bar"]), row


PLAIN = ["photo.jpg", "cmyk.jpg", "still.webp", "photo.bmp", "page.tif", "pages.tif", "mpo.jpg"]
TURNED = [f"exif_{orientation}.jpg" for orientation in range(1, 9)]


@pytest.mark.parametrize("name", [*PLAIN, *TURNED, "alpha.png"])
@pytest.mark.parametrize("patch_size", [14, 16])
def test_images_are_the_upright_image_resampled(name, patch_size):
    ((got,), _) = process_vision_info(said(image(FIXTURES / name)), image_patch_size=patch_size)
    with Image.open(FIXTURES / name) as stored:
        upright = ImageOps.exif_transpose(stored)
    if upright.mode == "RGBA":
        white = Image.new("RGB", upright.size, "white")
        white.paste(upright, mask=upright.getchannel("A"))
        upright = white
    size = ImageSize(got.height, got.width)
    assert got.mode == "RGB"
    assert np.array_equal(np.asarray(got), resample(np.asarray(upright.convert("RGB")), size))


# Messages written for qwen-vl-utils.


def test_a_message_list_written_for_qwen_vl_utils_runs_unchanged():
    picture = Image.open(PHOTO)
    encoded = base64.b64encode(PHOTO.read_bytes()).decode()
    three = [f"file://{FIXTURES}/exif_1.jpg"] * 3
    messages = [
        said({"type": "image", "image": f"file://{PHOTO}"}),
        said({"type": "image_url", "image_url": f"data:image;base64,{encoded}"}),
        said({"type": "image", "image": picture}),
        said(image(PHOTO, resized_height=280, resized_width=420)),
        said(image(PHOTO, min_pixels=50176, max_pixels=50176)),
        [{"role": "system", "content": "Be brief."}, *said(video(f"file://{CLIP}"))],
        said({"type": "video", "video": three}),
        said({"type": "video", "video": three, "sample_fps": 1}),
        said(video(CLIP, fps=2.0, resized_height=280, resized_width=280)),
        said(video(CLIP, max_pixels=360 * 420, fps=1.0)),
        said(video(CLIP, total_pixels=20480 * 28 * 28, min_pixels=16 * 28 * 28)),
    ]
    images, videos, kwargs = process_vision_info(messages, return_video_kwargs=True)
    assert [picture.size for picture in images] == [
        *[(644, 476)] * 3, (420, 280), (252, 168),
    ]  # fmt: skip
    # All as from qwen-vl-utils 0.0.14, but for the lists, which it makes 280 x 392.
    assert [clip.shape for clip in videos] == [
        (4, 3, 252, 448), (4, 3, 252, 420), (4, 3, 252, 420),
        (4, 3, 280, 280), (4, 3, 252, 448), (4, 3, 168, 308),
    ]  # fmt: skip
    assert all(clip.dtype == np.float32 for clip in videos)
    assert kwargs["do_sample_frames"] is False
    assert kwargs["fps"] == pytest.approx([1.5254, 2, 1, 1.5254, 1.5254, 1.5254], abs=1e-4)


def test_videos_come_with_metadata_in_the_way_of_qwen3_vl():
    messages = said(video(CLIP, nframes=4), video(CLIP, nframes=2))
    _, videos, kwargs = process_vision_info(
        messages, image_patch_size=16, return_video_kwargs=True, return_video_metadata=True
    )
    videos, metadatas = zip(*videos, strict=True)
    assert [clip.shape for clip in videos] == [(4, 3, 288, 512), (2, 3, 288, 512)]
    assert metadatas[1] == {
        "fps": 30.0, "frames_indices": [0, 59], "total_num_frames": 60, "video_backend": "vlprep",
    }  # fmt: skip
    assert kwargs == {"do_sample_frames": False}


def test_messages_without_media_give_none():
    assert process_vision_info(said()) == (None, None)
    assert process_vision_info([]) == (None, None)
    _, _, kwargs = process_vision_info(said(image(PHOTO)), return_video_kwargs=True)
    assert kwargs == {"do_sample_frames": False, "fps": []}


def test_an_element_without_image_or_video_is_refused():
    with pytest.raises(ConstraintError, match="among the keys 'type', 'path'"):
        process_vision_info(said({"type": "video", "path": str(CLIP)}))


def test_a_key_without_a_value_is_not_given():
    # Tables give every row all keys.
    empty = {"text": None, "image": None, "image_url": None, "video": None, "fps": None}
    messages = said(
        empty | {"type": "text", "text": "Look:"},
        empty | {"type": "image_url", "image_url": str(PHOTO)},
        empty | {"type": "video", "video": str(CLIP)},
    )
    images, videos = process_vision_info(messages)
    assert (len(images), len(videos)) == (1, 1)
    with pytest.raises(ConstraintError, match=r"among the keys 'type'$"):
        process_vision_info(said(empty | {"type": "image"}))


def test_the_elements_are_found_in_order_in_one_conversation_or_several():
    first, second = image(PHOTO), {"video": str(CLIP)}
    nameless = {"type": "image_url"}
    plain = {"role": "system", "content": "an image, a video"}
    silent = {"role": "assistant", "content": None, "tool_calls": []}
    one = [plain, silent, *said("image", first), *said(second, nameless)]
    assert extract_vision_info(one) == [first, second, nameless]
    assert extract_vision_info([one, said(), said(first)]) == [first, second, nameless, first]
    assert extract_vision_info([]) == []


def test_a_url_is_refused_or_goes_to_the_caller_s_function():
    messages = said({"image_url": "https://example.org/a.jpg"}, video("http://example.org/a.mp4"))
    with pytest.raises(UnsupportedFormatError, match="not fetched"):
        process_vision_info(messages)
    files = {"https://example.org/a.jpg": PHOTO.read_bytes(), "http://example.org/a.mp4": CLIP}
    images, videos = process_vision_info(messages, fetch=files.__getitem__)
    assert images[0].size == (644, 476)
    assert videos[0].shape == (4, 3, 252, 448)


# One call knows nothing of another.


def test_nothing_is_changed_in_the_messages():
    picture = Image.open(io.BytesIO((FIXTURES / "exif_6.jpg").read_bytes()))
    messages = said({"type": "image", "image": picture}, video(CLIP, fps=1))
    before = json.dumps(messages, default=repr)
    process_vision_info(messages)
    assert json.dumps(messages, default=repr) == before


def test_calls_at_the_same_time_do_not_meet():
    asked = [said(video(CLIP, nframes=2 * k), image(PHOTO)) for k in (1, 2, 3, 4)]
    alone = [process_vision_info(messages)[1][0] for messages in asked]
    with ThreadPoolExecutor(4) as pool:
        together = [videos[0] for _, videos in pool.map(process_vision_info, asked * 3)]
    for k, frames in enumerate(together):
        assert np.array_equal(frames, alone[k % 4])


def test_no_environment_variable_counts_and_no_tensor_library_is_loaded():
    code = (
        "import sys; from vlprep.compat.qwen import process_vision_info, fetch_video\n"
        f"print(*fetch_video({{'video': {str(CLIP)!r}}}).shape)\n"
        "print(*sorted({'torch', 'torchvision', 'transformers', 'requests'} & set(sys.modules)))"
    )
    names = ("MODEL_SEQ_LEN", "VIDEO_MAX_PIXELS", "TORCHCODEC_NUM_THREADS")
    environment = dict.fromkeys(names, "1000") | {"FORCE_QWENVL_VIDEO_READER": "decord"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPO, env={"PYTHONPATH": str(REPO), **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.splitlines() == ["4 3 252 448", ""]
    assert ran.stderr == ""


def test_what_the_environment_set_is_a_keyword():
    element = {"video": str(FIXTURES / "street.mp4"), "fps": 10}
    frames = fetch_video(element, 16, model_seq_len=8000, dtype="uint8")
    assert len(frames) == 100
    # 90 % of 8,000 tokens are 144 a pair of frames; a frame of the default size has 220.
    assert frames.shape[2] * frames.shape[3] / 32**2 <= 144 < 220
    assert fetch_video(element, 16, dtype="uint8", threads=1).shape == (100, 3, 352, 640)
