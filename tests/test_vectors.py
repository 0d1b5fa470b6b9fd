"""Recorded outputs of the references, row by row, through the public functions.

All of them lie outside the repository (`../shared/vectors`, whose README tells their origin); a
sample of each file is in `golden/vectors` and always runs. What must be equal: sizes, counts,
tokens, frame numbers, timestamps, and whether there is an error at all. A size with a side of 0,
which the references return, is a `ResizeError` here.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.places import GOLDEN, SHARED
from vlprep import (
    ImageSize,
    ModelSpec,
    VideoInfo,
    VlprepError,
    get_model,
    image_tokens,
    plan_frames,
    video_tokens,
)
from vlprep.count.timestamps import step_seconds
from vlprep.errors import ResizeError

FOLDERS = {"sample": GOLDEN / "vectors", "all": SHARED / "vectors"}

FILES = {
    "image_docs28": lambda row: check_image(row, docs28_image(row)),
    "image_docs32": lambda row: check_image(row, docs32_image(row)),
    "image_hf_qwen2vl": lambda row: check_image(row, transformers_image(row)),
    "image_hf_qwen3vl": lambda row: check_image(row, transformers_image(row)),
    "image_qwen_vl_utils": lambda row: check_image(row, utils_image(row)),
    "video_docs28": lambda row: check_video(row, *docs_video(row, "qvq-max")),
    "video_docs32": lambda row: check_video(row, *docs_video(row, "qwen3-vl-plus")),
    "nframes_qwen_vl_utils": lambda row: check_video(row, *utils_video(row)),
    "nframes_hf_qwen2vl": lambda row: check_video(row, *qwen2_video(row), index_tolerance=1),
    "nframes_hf_qwen3vl": lambda row: check_video(row, *qwen3_video(row)),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_row_of_the_reference(folder: str, name: str) -> None:
    path = FOLDERS[folder] / f"{name}.jsonl"
    if folder == "all" and not path.is_file():
        pytest.skip("../shared/vectors is not there: only the sample in tests/golden was checked")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) >= 20
    wrong = []
    for number, row in enumerate(rows, start=1):
        found = FILES[name](row)
        if found:
            wrong.append(f"line {number}: {found}\n    {row}")
    assert not wrong, f"{len(wrong)} of {len(rows)} rows differ:\n" + "\n".join(wrong[:10])


# Images: which call answers a row.


def docs28_image(row):
    # 16,384 tokens are the guide's high-resolution mode.
    high_res = row["max_tokens"] == 16384
    return lambda: image_tokens(size_of(row), "qvq-max", high_res=high_res)


def docs32_image(row):
    # The sample code takes any limits; the documented floor and ceiling are another matter.
    spec = spec_with_image(
        "qwen3-vl-plus", min_pixels=row["min_pixels"], max_pixels=row["max_pixels"]
    )
    high_res = row["vl_high_resolution_images"]
    return lambda: image_tokens(size_of(row), spec, high_res=high_res)


def transformers_image(row):
    name = {14: "Qwen/Qwen2-VL-7B-Instruct", 16: "Qwen/Qwen3-VL-8B-Instruct"}[row["patch"]]
    spec = spec_with_image(name, min_pixels=row["min_pixels"], max_pixels=row["max_pixels"])
    return lambda: image_tokens(size_of(row), spec)


def utils_image(row):
    if "resized_height" in row:  # takes the place of the picture's size; limits are not looked at
        size, limits = (row["resized_height"], row["resized_width"]), {}
    else:
        size, limits = size_of(row), given(row, "min_pixels", "max_pixels")
    return lambda: image_tokens(
        size, UTILS[row["image_patch_size"]], rules="qwen-vl-utils", **limits
    )


UTILS = {14: "Qwen/Qwen2.5-VL-7B-Instruct", 16: "Qwen/Qwen3-VL-8B-Instruct"}


def check_image(row, count_of) -> str | None:
    try:
        count = count_of()
    except VlprepError as error:
        return refusal_differs(row, error)
    expected = expected_sizes(row)
    got = {"h_bar": count.resized.height, "w_bar": count.resized.width}
    got |= dict(zip(("grid_t", "grid_h", "grid_w"), count.grid_thw, strict=True))
    # The guides' formula includes the two markers; the packages' counts do not.
    got["tokens"] = (
        count.total if "tokens_sample_div784" in row or "max_tokens" in row else count.visual
    )
    return difference(expected, got)


# Videos: the model that a row's numbers make, and what is asked of it.


def docs_video(row, name):
    spec = spec_with_video(
        name,
        None,
        min_pixels=row["cfg_frame_min_pixels"],
        max_pixels=row["cfg_frame_max_pixels"],
        total_pixels=row["cfg_total_pixels"],
        max_frames=row["cfg_max_frames"],
    )
    return spec, clip_of(row), given(row, "fps", "min_frames", "max_frames")


def utils_video(row):
    name, info = UTILS[row["image_patch_size"]], clip_of(row)
    spec = spec_with_video(name, "qwen-vl-utils")
    asked = given(
        row, "fps", "min_frames", "max_frames", "min_pixels", "max_pixels", "total_pixels",
        nframes="req_nframes", start_seconds="video_start", end_seconds="video_end",
    )  # fmt: skip
    if "resized_height" in row:  # takes the place of the frame's size, within an image's limits
        image = get_model(name).rules("qwen-vl-utils").image
        spec = spec_with_video(
            name,
            "qwen-vl-utils",
            budget="frame",
            min_pixels=image.min_pixels,
            max_pixels=image.max_pixels,
            total_pixels=None,
        )
        info = replace(info, size=ImageSize(row["resized_height"], row["resized_width"]))
        for key in ("min_pixels", "max_pixels", "total_pixels"):
            asked.pop(key, None)
    return spec, info, asked


def qwen2_video(row):
    spec = spec_with_video(
        "Qwen/Qwen2-VL-7B-Instruct",
        None,
        min_pixels=row["min_pixels"],
        max_pixels=row["max_pixels"],
    )
    return spec, clip_of(row), given(row, "fps", "min_frames", "max_frames", nframes="num_frames")


def qwen3_video(row):
    spec = spec_with_video(
        "Qwen/Qwen3-VL-8B-Instruct",
        "transformers-capped" if row["cap_pixels_per_frame"] else "transformers",
        min_pixels=row["min_pixels"],
        max_pixels=row["max_pixels"],
        min_frames=row["cfg_min_frames"],
        max_frames=row["cfg_max_frames"],
    )
    return spec, clip_of(row), given(row, "fps", nframes="num_frames")


def check_video(row, spec: ModelSpec, info: VideoInfo, asked, index_tolerance=0) -> str | None:
    try:
        count = video_tokens(info, spec, **asked, strict=True)
    except VlprepError as error:
        return refusal_differs(row, error) or plan_before_refusal_differs(
            row, spec, info, asked, index_tolerance
        )
    got = {"h_bar": count.resized.height, "w_bar": count.resized.width}
    got |= dict(zip(("grid_t", "grid_h", "grid_w"), count.grid_thw, strict=True))
    # The guides' formula includes the two markers; the packages' counts do not.
    got["tokens"] = count.total if "cfg_total_pixels" in row else count.visual
    got["nframes"], got["sample_fps"] = count.plan.frame_count, count.plan.sample_fps
    wrong = difference(expected_sizes(row), got)
    wrong = wrong or indices_differ(row, count.plan.indices, index_tolerance)
    if wrong or "ts_head" not in row:
        return wrong
    seconds = step_seconds(count.plan.timestamps_seconds, spec.rules().video)
    return timestamps_differ(row, [f"<{t:.1f} seconds>" for t in seconds])


def plan_before_refusal_differs(row, spec, info, asked, tolerance) -> str | None:
    """Where the reference refused the size, the frames it had chosen before must be ours too."""
    if row.get("stage") != "resize" or not row.get("n_idx", row.get("nframes")):
        return None
    rule = spec.rules().video
    ours = {key: value for key, value in asked.items() if not key.endswith("pixels")}
    ours.setdefault("min_frames", rule.min_frames)
    plan = plan_frames(
        info.frame_count,
        None if info.fps is None else float(info.fps),
        max_frames_default=rule.max_frames,
        reference=rule.count,
        sampling=rule.sampling,
        strict=True,
        **ours,
    )
    wrong = (
        difference({"nframes": row["nframes"]}, {"nframes": plan.frame_count})
        if "nframes" in row
        else None
    )
    return wrong or indices_differ(row, plan.indices, tolerance)


# Comparing.


def refusal_differs(row, error: VlprepError) -> str | None:
    if "error" in row or (isinstance(error, ResizeError) and 0 in (row["h_bar"], row["w_bar"])):
        return None
    return f"refused: {error}"


def expected_sizes(row):
    keys = ("h_bar", "w_bar", "grid_t", "grid_h", "grid_w", "tokens", "nframes", "sample_fps")
    if "error" in row:
        return {"error": row["error"]}
    expected = {key: row[key] for key in keys if key in row}
    if row.get("idx_out_of_range"):  # the frame past the end alone fills the reference's last step
        expected["grid_t"] -= 1
        expected["tokens"] -= row["grid_h"] * row["grid_w"] // 4
    return expected


def difference(expected, got) -> str | None:
    wrong = {key: value for key, value in expected.items() if got.get(key) != value}
    return f"expected {wrong}, got { ({key: got.get(key) for key in wrong}) }" if wrong else None


def indices_differ(row, indices, tolerance) -> str | None:
    """Compare frame numbers: all of them, or the ends and a checksum of a long list."""
    if "n_idx" not in row:
        return None
    wanted = row["n_idx"] - bool(row.get("idx_out_of_range"))  # the number past the end is dropped
    if len(indices) != wanted:
        return f"expected {wanted} frame numbers, got {len(indices)}"
    if tolerance == 0 and zlib.crc32(",".join(map(str, indices)).encode()) != row["idx_crc32"]:
        return f"other frame numbers: {list(indices[:8])} ..."
    if "idx" in row:
        pairs = zip(row["idx"], indices, strict=False)
    else:
        tail = row["idx_tail"][: -1 if row.get("idx_out_of_range") else None]
        pairs = [*zip(row["idx_head"], indices, strict=False),
                 *zip(tail, indices[-len(tail) :], strict=True)]  # fmt: skip
    far = [(theirs, ours) for theirs, ours in pairs if abs(theirs - ours) > tolerance]
    return f"other frame numbers (theirs, ours): {far}" if far else None


def timestamps_differ(row, texts) -> str | None:
    joined = "".join(texts)
    expected = {
        "head": row["ts_head"], "tail": row["ts_tail"],
        "chars": row["ts_chars"], "crc32": row["ts_crc32"],
    }  # fmt: skip
    got = {
        "head": texts[:3], "tail": texts[-1],
        "chars": len(joined), "crc32": zlib.crc32(joined.encode()),
    }  # fmt: skip
    return difference(expected, got)


# Building what the rows ask for.


def size_of(row) -> tuple[int, int]:
    return row["h"], row["w"]


def clip_of(row) -> VideoInfo:
    rate = row["video_fps"]
    return VideoInfo(
        size=ImageSize(*size_of(row)),
        frame_count=row.get("total_frames", row.get("total_num_frames")),
        fps=None if rate is None else Fraction(rate),
    )


def given(row, *same, **renamed):
    keys = {**{key: key for key in same}, **renamed}
    return {ours: row[theirs] for ours, theirs in keys.items() if theirs in row}


def spec_with_image(name: str, **numbers) -> ModelSpec:
    """Return a catalogue model with other limits and nothing that bounds them."""
    spec = get_model(name)
    rules = spec.rules()
    image = replace(rules.image, floor_pixels=None, ceiling_pixels=None, **numbers)
    return replace(spec, rule_sets=(replace(rules, image=image),))


def spec_with_video(name: str, rule_set: str | None, **numbers) -> ModelSpec:
    spec = get_model(name)
    rules = spec.rules(rule_set)
    video = replace(rules.video, floor_pixels=None, ceiling_pixels=None, **numbers)
    return replace(spec, rule_sets=(replace(rules, video=video),))
