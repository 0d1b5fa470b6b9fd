"""Every verb takes every view option, with the same effect on the tokens, or says why not."""

from __future__ import annotations

import pytest

import vlprep
from tests.places import FIXTURES
from vlprep.errors import VlprepError
from vlprep.view import TRUSTED, ViewKeywords

MODELS = ("qwen3-vl-plus", "qvq-max", "Qwen/Qwen3-VL-8B-Instruct")

OPTIONS = {
    "rules": ("--rules", {"qwen3-vl-plus": "api-2026", "qvq-max": "api-2026"}),
    "fps": ("--fps", 1),
    "nframes": ("--nframes", 8),
    "min_frames": ("--min-frames", 24),
    "max_frames": ("--max-frames", 6),
    "min_pixels": ("--min-pixels", 500_000),
    "max_pixels": ("--max-pixels", 100_000),
    "total_pixels": ("--total-pixels", 2_000_000),
    "clip_pixels": ("--clip-pixels", 3_000_000),
    "start_seconds": ("--start", 2),
    "end_seconds": ("--end", 6),
    "sampling": ("--sampling", "linspace"),
    "high_res": ("--high-res", True),
    "strict": ("--strict", True),
    "server": ("--server", {"Qwen/Qwen3-VL-8B-Instruct": "sglang"}),
}
ELSEWHERE = {"rules": "transformers", "server": "vllm"}
"""What is asked of other models, which they refuse."""


def value_of(option, model):
    value = OPTIONS[option][1]
    return value.get(model, ELSEWHERE.get(option)) if isinstance(value, dict) else value


PHOTO, STREET, SHORT = (
    str(FIXTURES / name) for name in ("photo.jpg", "street.mp4", "subsecond.mp4")
)
LIST = [PHOTO] * 6
SMALL = vlprep.ImageInfo(size=vlprep.ImageSize(100, 100), format="PNG")
LARGE = vlprep.ImageInfo(size=vlprep.ImageSize(3000, 3000), format="PNG")
SOURCES = {"image": PHOTO, "video": STREET, "short": SHORT, "list": LIST}


def test_the_options_are_all_there_are():
    assert set(OPTIONS) == set(ViewKeywords.__annotations__) - set(TRUSTED)  # tests/media


# The library. Each verb gives the tokens of one source.


def counted(source, model, **view):
    return vlprep.count_tokens(source, model, **view).tokens.total


def framed(source, model, **view):
    with vlprep.read_frames(source, model, **view) as frames:
        return frames.tokens.total


def viewed(source, model, **view):
    return vlprep.view_image(source, model, **view).tokens.total


def checked(source, model, **view):
    (file,) = vlprep.check_media([source], model, **view).files
    if file.tokens is None:
        raise file.problem
    return file.tokens.total


def planned(source, model, **view):
    plan = vlprep.plan_media([source], model, budget=10**9, **view)
    for failure in plan.failures:
        raise failure.error
    return plan.total_tokens


def compressed(source, model, **view):
    result = vlprep.compress_file(source, None, model, dry_run=True, limit=10**8, **view).result
    return result.tokens_before.total


def requested(source, model, **view):
    return vlprep.build_request([source], "What is this?", model, check=False, **view).tokens


VERBS = {
    "frames": (framed, {"video", "short", "list"}),
    "view": (viewed, {"image"}),
    "check": (checked, set(SOURCES)),
    "plan": (planned, set(SOURCES)),
    "compress": (compressed, set(SOURCES)),
    "request": (requested, {"image", "video", "short"}),
}


def outcome(verb, source, model, view):
    try:
        return verb(source, model, **view)
    except VlprepError as error:
        return error


@pytest.mark.parametrize("option", [None, *OPTIONS])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("verb", "kind"),
    [(verb, kind) for verb, (_, kinds) in VERBS.items() for kind in SOURCES if kind in kinds],
)
def test_a_verb_takes_an_option_as_counting_does(verb, kind, model, option):
    view = {} if option is None else {option: value_of(option, model)}
    expected = outcome(counted, SOURCES[kind], model, view)
    found = outcome(VERBS[verb][0], SOURCES[kind], model, view)
    if isinstance(expected, VlprepError):
        assert type(found) is type(expected)
        assert str(expected).split(": ")[-1] in str(found)
    elif isinstance(found, VlprepError):
        assert verb == "request", found
        assert option in str(found)  # what a request cannot say is refused by name
    else:
        assert found == expected


@pytest.mark.parametrize("kind", ["video", "short"])
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("view", "request")])
def test_a_verb_takes_a_total_behind_a_server_s_resize(verb, kind):
    view = {"server": "sglang", "clip_pixels": 1_000_000}
    model, source = "Qwen/Qwen3-VL-8B-Instruct", SOURCES[kind]
    expected = counted(source, model, **view)
    assert outcome(VERBS[verb][0], source, model, view) == expected
    if kind == "video":
        assert expected < counted(source, model, server="sglang")


@pytest.mark.parametrize("option", OPTIONS)
def test_most_options_make_a_difference(option):
    """The test above would pass with options that nobody reads."""
    model = "Qwen/Qwen3-VL-8B-Instruct" if option == "nframes" else "qwen3-vl-plus"
    source = {"high_res": LARGE, "strict": SHORT, "rules": SMALL}.get(option, STREET)
    plain = outcome(counted, source, model, {})
    asked = outcome(counted, source, model, {option: value_of(option, model)})
    if option == "sampling":
        plans = (
            vlprep.count_tokens(STREET, model, **view).tokens.plan
            for view in ({}, {"sampling": "linspace"})
        )
        plain, asked = (plan.indices for plan in plans)
    assert plain != asked


@pytest.mark.parametrize(
    "call",
    [
        vlprep.count_tokens, vlprep.count_many, vlprep.read_frames, vlprep.view_image,
        vlprep.check_media, vlprep.plan_media, vlprep.fit_images, vlprep.compress_image,
        vlprep.compress_many,
    ],
)  # fmt: skip
def test_a_typo_is_a_type_error_in_every_verb(call):
    with pytest.raises(TypeError, match="fsp"):
        call(PHOTO, fsp=1)
    with pytest.raises(TypeError, match="fsp"):
        vlprep.build_request(PHOTO, "What is this?", fsp=1)
