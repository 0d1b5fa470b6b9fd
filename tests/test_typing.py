"""What a type checker sees of a slip, and what is said of it at run time."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import get_args

import pytest

import vlprep
from tests.places import REPO
from vlprep import types
from vlprep.errors import VlprepError
from vlprep.maths.frame_counts import FRAME_COUNT_RULES
from vlprep.maths.geometry import RESIZE_RULES
from vlprep.maths.sampling import INDEX_RULES
from vlprep.models.registry import find_region, list_apis

RIGHT = """
import vlprep
import numpy as np
from PIL import Image

vlprep.build_message(["a.jpg"], "x", fps=1, api="openai", route="base64")
vlprep.build_request(bytearray(), "x", recipe="boxes", region="china")
vlprep.plan_media(vlprep.probe("a.mp4"), prefer="motion", api=None)
vlprep.check_media(["a.jpg", vlprep.ImageInfo(size=vlprep.ImageSize(1, 1), format="JPEG")])
vlprep.count_tokens(Image.new("RGB", (30, 20)), server="vllm", sampling="linspace")
vlprep.count_tokens(memoryview(b"")), vlprep.view_image(np.zeros((30, 20, 3), np.uint8))
vlprep.image_tokens("640x480"), vlprep.image_tokens((480, 640))
vlprep.map_boxes([0, 0, 1, 1], original="640x480", convention="absolute")
vlprep.smart_resize(20, 30, factor=28, min_pixels=0, max_pixels=9, reference="transformers")
list(vlprep.count_many(["a.mp4"], fps=1))
"""

SLIPS = [
    ('vlprep.build_message(["a.jpg"], "x", api="opnai")', "ConstraintError", "openai, dashscope"),
    ('vlprep.build_message(["a.jpg"], "x", fsp=1)', "TypeError", "fsp"),
    ('vlprep.build_request(PHOTO, "x", route="base46")', "ConstraintError", "base64, path"),
    ('vlprep.build_request(PHOTO, "x", recipe="box")', "ConstraintError", "boxes, points"),
    ('vlprep.build_request(PHOTO, "x", region="chine")', "ConstraintError", "chine"),
    ('vlprep.check_media(PHOTO, route="link")', "ConstraintError", "base64, path, url"),
    ('vlprep.check_media(PHOTO, api="opnai")', "ConstraintError", "openai, dashscope"),
    ('vlprep.plan_media(PHOTO, prefer="speed")', "ConstraintError", "balanced, detail, motion"),
    ('vlprep.plan_media(PHOTO, api="opnai")', "ConstraintError", "openai, dashscope"),
    ('vlprep.fit_images(PHOTO, route="link")', "ConstraintError", "base64, path, url"),
    ('vlprep.compress_image(PHOTO, keep="all")', "ConstraintError", "model-view or full"),
    ('vlprep.compress_image(PHOTO, format="TIFF")', "ConstraintError", "PNG"),
    ('vlprep.compress_image(PHOTO, route="link")', "ConstraintError", "base64, path, url"),
    ('vlprep.count_tokens(STREET, sampling="even")', "ConstraintError", "interval, linspace"),
    ('vlprep.count_tokens(PHOTO, QWEN3, server="llama")', "ConstraintError", "vllm, sglang"),
    ('vlprep.view_image(PHOTO, door="window")', "ConstraintError", "display, path, object"),
    ('vlprep.read_frames(STREET, resample="slow").collect()', "ConstraintError", "reference"),
    ('vlprep.pixel_values(PHOTO, model=QWEN3, dtype="int8")', "ConstraintError", "float32"),
    ('vlprep.locate_boxes(PHOTO, "1, 2, 3, 4", convention="x")', "ConstraintError", "absolute"),
    ("vlprep.smart_nframes(300, 30.0, reference='x')", "ConstraintError", "docs, qwen-vl-utils"),
    ("vlprep.plan_frames(300, 30.0, sampling='x')", "ConstraintError", "interval, linspace"),
]

NAMES = {"PHOTO": "fixtures/photo.jpg", "STREET": "fixtures/street.mp4"}
NAMES |= {"QWEN3": "Qwen/Qwen3-VL-8B-Instruct", "vlprep": vlprep}


def lines_refused(code: str, folder) -> list[int]:
    """Return the numbers of the lines, from 1, in which mypy finds an error."""
    file = folder / "slips.py"
    file.write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)]
    environment = {**os.environ, "MYPYPATH": str(REPO)}
    ran = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True)
    found = [
        line.partition("slips.py:")[2] for line in ran.stdout.splitlines() if ": error:" in line
    ]
    assert all(found), ran.stdout + ran.stderr
    return sorted({int(line.partition(":")[0]) for line in found})


def test_a_type_checker_finds_every_slip_and_nothing_else(tmp_path):
    head = [
        "import vlprep",
        *(f"{name} = {NAMES[name]!r}" for name in ("PHOTO", "STREET", "QWEN3")),
    ]
    code = "\n".join([*head, *(slip for slip, _, _ in SLIPS)]) + RIGHT
    assert lines_refused(code, tmp_path) == [len(head) + k for k in range(1, len(SLIPS) + 1)]


@pytest.mark.parametrize(("slip", "error", "told"), SLIPS)
def test_a_slip_is_told_at_run_time(slip, error, told):
    with pytest.raises((VlprepError, TypeError), match=told) as raised:
        eval(slip, NAMES)
    assert type(raised.value).__name__ == error


def test_the_words_for_checkers_are_the_words_that_are_known():
    known = {
        types.ApiName: [api.name for api in list_apis()],
        types.ServerName: [server.name for server in vlprep.list_servers()],
        types.RecipeName: [recipe.name for recipe in vlprep.list_recipes()],
        types.ResizeName: RESIZE_RULES,
        types.FrameCountName: FRAME_COUNT_RULES,
        types.Sampling: INDEX_RULES,
    }
    for names, rows in known.items():
        assert get_args(names) == tuple(rows)
    assert {route for api in list_apis() for route in api.routes} == set(get_args(types.RouteName))
    assert all(find_region(name) for name in get_args(types.RegionName))


def test_a_size_may_be_written_as_people_write_it():
    assert vlprep.image_tokens("640x480") == vlprep.image_tokens((480, 640))
    assert vlprep.image_tokens(" 640 × 480 ") == vlprep.image_tokens(vlprep.ImageSize(480, 640))
    box = [250, 500, 500, 1000]
    by_text = vlprep.map_boxes(box, original="640x480", resized="644x476", convention="absolute")
    by_pair = vlprep.map_boxes(box, original=(480, 640), resized=(476, 644), convention="absolute")
    assert by_text.tolist() == by_pair.tolist()
    found = vlprep.locate_boxes(NAMES["PHOTO"], "1, 2, 3, 4", resized="644x476")
    assert found.resized == (476, 644)
    for wrong in ("640", "0x480", "640x480x3", ""):
        with pytest.raises(ValueError, match=r"size|side"):
            vlprep.image_tokens(wrong)


def test_options_of_a_view_go_into_count_many():
    (count,) = vlprep.count_many(["fixtures/street.mp4"], fps=1)
    assert count.frames == 10
