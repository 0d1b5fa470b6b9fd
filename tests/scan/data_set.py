"""A data set of 1,000 samples, the same at every writing: images and clips of many sizes, some bad.

`benchmarks/record_samples.py` has transformers count it from the facts alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from PIL import Image

FIXTURES = Path(__file__).parents[2] / "fixtures"  # not by `places`, which needs pytest
MODEL = "Qwen/Qwen2.5-VL-7B-Instruct"
SAMPLES = 1000


class Clip(NamedTuple):
    """Facts of a film of the fixtures."""

    frames: int
    size: tuple[int, int]
    fps: Fraction


CLIPS = {
    "clip.mp4": Clip(60, (180, 320), Fraction(30)),
    "street.mp4": Clip(300, (360, 640), Fraction(30)),
    "ntsc.mp4": Clip(48, (180, 320), Fraction(24000, 1001)),
}


class Sample(NamedTuple):
    """What is in a sample: sizes of its images, height first; its clips; whether it is sound."""

    images: tuple[tuple[int, int], ...]
    clips: tuple[str, ...]
    damage: str | None


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    chance = random.Random(17)
    for number in range(SAMPLES):
        many = chance.choice((0, 1, 1, 1, 2, 3, 5))
        images = tuple(
            (int(2 ** chance.uniform(4, 11.4)), int(2 ** chance.uniform(4, 11.4)))
            for _ in range(many)
        )
        clips = (chance.choice(list(CLIPS)),) if number % 9 == 0 else ()
        damage = chance.choice(("missing", "damaged", "empty")) if number % 31 == 5 else None
        yield Sample(images or ((28, 40),), clips, damage)


def write(folder: Path) -> Path:
    """Write the data set: pictures, and a file of rows in the shapes that trainers take."""
    with (folder / "data.jsonl").open("w") as file:
        for number, sample in enumerate(samples()):
            names = [_picture(folder, number, *pair) for pair in enumerate(sample.images)]
            if sample.damage:
                _damage(folder / names[-1], sample.damage)
            videos = [str(FIXTURES / clip) for clip in sample.clips]
            file.write(json.dumps(_row(number, names, videos)) + "\n")
    return folder / "data.jsonl"


def _picture(folder: Path, number: int, place: int, size: tuple[int, int]) -> str:
    name = f"{number:04}-{place}.png"
    Image.new("1", size[::-1], 1).save(folder / name, compress_level=1)
    return name


def _damage(path: Path, how: str) -> None:
    path.unlink()
    if how != "missing":
        path.write_bytes(b"" if how == "empty" else b"\x89PNG\r\n\x1a\n\0\0\0")


def _row(number: int, images: list[str], videos: list[str]) -> dict[str, object]:
    said = "<image>" * len(images) + "<video>" * len(videos) + "What is this?"
    match number % 4:
        case 0:  # ms-swift
            asked = [{"role": "user", "content": said}]
            return {"messages": asked, "images": images, "videos": videos}
        case 1:  # LLaMA-Factory
            turns = [{"from": "human", "value": said}, {"from": "gpt", "value": "A plain picture."}]
            return {"conversations": turns, "images": images, "videos": videos}
        case 2:  # OpenAI
            parts = [{"type": "image_url", "image_url": {"url": one}} for one in images]
            parts += [{"type": "video_url", "video_url": {"url": one}} for one in videos]
            return {"messages": [{"role": "user", "content": parts}]}
    parts = [{"image": one} for one in images] + [{"video": one} for one in videos]
    return {"messages": [{"role": "user", "content": [*parts, {"text": "What is this?"}]}]}
