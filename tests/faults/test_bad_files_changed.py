"""A few hundred changed files a reader: no error may come out that is none of ours.

`benchmarks/fuzz.py` runs the same readers for as long as wanted.
"""

from __future__ import annotations

import random
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.targets import TARGETS, mutated


@cache
def seeds_of(name):
    return TARGETS[name].seeds()


@pytest.mark.parametrize("name", TARGETS)
def test_what_they_begin_with_is_there_and_read(name):
    target = TARGETS[name]
    assert seeds_of(name)
    for content in seeds_of(name):
        try:
            target.run(content)
        except target.expected:
            assert name in ("images", "videos", "mp4"), f"{name} begins with what it refuses"


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60)
@given(st.integers(0, 1 << 60))
def test_changed_bytes_end_in_a_result_or_in_an_error_of_ours(name, seed):
    target, draw, seeds = TARGETS[name], random.Random(seed), seeds_of(name)
    content = mutated(draw.choice(seeds), seeds, target.words, draw)
    with suppress(*target.expected):
        target.run(content)


# Found by `benchmarks/fuzz.py`, each as small as it shows what was wrong.

LOG = '{"model": "qvq-max", "usage": {"prompt_tokens": 420}, "media": [%s]%s}'
CLIP = '{"height": 36, "width": 64, "frames": 9, "fps": 3, "asked_fps": %s}'
FOUND = {
    "a number of thousands of digits, again and again": (
        "answers",
        b"[[[[[" + b"9" * 5000 + b"x" * 9,
    ),
    "brackets that break, again and again": ("answers", b'{"a":' * 60 + b"{{" + b'{"a":' * 9000),
    "a row nested without end": ("rows", b"[" * 5000),
    "a log nested without end": ("logs", b"[" * 5000),
    "pieces nested without end": ("pieces", b"[" * 5000),
    "a model nested without end": ("model-files", b"a = " + b"[" * 5000),
    "no number for a rate": ("logs", (LOG % (CLIP % "NaN", "")).encode()),
    "a rate that is a list": ("logs", (LOG % (CLIP % "[]", "")).encode()),
    "a side that is an object": ("logs", (LOG % ('{"height": {}, "width": 9}', "")).encode()),
    "a side that is a word": ("logs", (LOG % ('{"height": "9", "width": 9}', "")).encode()),
    "a rate of many digits": ("logs", (LOG % (CLIP % ("9" * 401), "")).encode()),
    "a time beyond all": ("logs", (LOG % ("", ', "time": 1e300')).encode()),
    "a model of many letters": ("logs", LOG.replace("qvq-max", "q" * 5000).encode() % (b"", b"")),
    "tokens of many digits": ("logs", LOG.replace("420", "9" * 30).encode() % (b"", b"")),
    "a limit of many digits": (
        "model-folders",
        b'{"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14, "merge_size": 2, '
        b'"size": {"shortest_edge": 3136, "longest_edge": ' + b"9" * 401 + b"}}",
    ),
    "a mean of many digits": (
        "model-folders",
        b'{"image_processor_type": "Qwen2VLImageProcessor", "image_mean": ' + b"9" * 401 + b"}",
    ),
}


@pytest.mark.parametrize("found", FOUND)
def test_what_was_found_stays_mended(found):
    name, content = FOUND[found]
    target = TARGETS[name]
    with suppress(*target.expected):
        target.run(content)
