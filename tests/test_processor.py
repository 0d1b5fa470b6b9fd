"""The processor: bound and checked once, a value, and cheap."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import FrozenInstanceError, fields
from functools import partial
from importlib import import_module
from typing import get_args

import pytest

import vlprep
from tests.places import FIXTURES
from vlprep import Processor, ViewOptions, processor
from vlprep.compress.image import ImageKeywords
from vlprep.compress.many import CompressKeywords
from vlprep.compress.result import Asked
from vlprep.compress.video import VideoKeywords
from vlprep.errors import ConstraintError, UnknownModelError
from vlprep.maths.sampling import INDEX_RULES
from vlprep.types import Sampling
from vlprep.view import View, ViewKeywords

PHOTO = str(FIXTURES / "photo.jpg")


def test_it_is_a_value():
    first, again = processor("qvq-max", fps=1), processor("qvq-max", fps=1)
    assert first == again != processor("qvq-max", fps=2)
    assert len({first, again}) == 1
    assert pickle.loads(pickle.dumps(first)) == first
    with pytest.raises(FrozenInstanceError):
        first.model = first.model


def test_it_binds_a_model_a_rule_set_and_the_options():
    bound = processor("qwen3-vl-plus", rules="api-2026", fps=1, high_res=True)
    assert bound.model is vlprep.get_model("qwen3-vl-plus")
    assert bound.rules is bound.model.rules("api-2026")
    assert bound.options == ViewOptions(fps=1, high_res=True)
    assert bound.options.asked == {"fps": 1, "high_res": True}
    assert processor().model.name == "qwen3-vl-plus"
    assert processor().options.asked == {}


def test_an_alias_keeps_its_name():
    name = next(alias for model in vlprep.list_models() for alias in model.aliases)
    assert processor(name).name == name
    assert processor(name).model == vlprep.get_model(name)


@pytest.mark.parametrize(
    ("error", "model", "view"),
    [
        (UnknownModelError, "no-such-model", {}),
        (ConstraintError, "qvq-max", {"rules": "no-such-rules"}),
        (ConstraintError, "qvq-max", {"fps": 1, "nframes": 8}),
        (ConstraintError, "qvq-max", {"fps": -1}),
        (ConstraintError, "qvq-max", {"fps": float("nan")}),
        (ConstraintError, "qvq-max", {"sampling": "random"}),
        (ConstraintError, "qvq-max", {"max_pixels": -1}),
        (ConstraintError, "qvq-max", {"max_pixels": 0}),
        (ConstraintError, "qvq-max", {"min_pixels": -1}),
        (ConstraintError, "qvq-max", {"total_pixels": 0}),
        (ConstraintError, "qvq-max", {"nframes": 0}),
        (ConstraintError, "qvq-max", {"min_frames": -4}),
        (ConstraintError, "qvq-max", {"max_frames": 0}),
        (ConstraintError, "qvq-max", {"start_seconds": 5, "end_seconds": 2}),
        (TypeError, "qvq-max", {"fsp": 1}),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(error, model, view):
    with pytest.raises(error):
        processor(model, **view)


def test_other_options_make_another_view_of_the_same_kind():
    first = processor("qvq-max", fps=1)
    other = first.asking(fps=None, max_pixels=100_000)
    assert isinstance(other, Processor)
    assert other.options.asked == {"max_pixels": 100_000}
    assert first.options.asked == {"fps": 1}
    assert first.by("api-2026").rules.name == "api-2026"


def test_the_keywords_are_the_fields():
    names = {field.name for field in fields(ViewOptions)}
    assert set(ViewKeywords.__annotations__) == names | {"rules", "server", "limits", "on_damage"}
    assert set(get_args(Sampling)) == set(INDEX_RULES)


@pytest.mark.parametrize(
    ("keywords", "function"),
    [
        ("vlprep.boxes.boxes.LocateKeywords", "locate_boxes"),
        ("vlprep.check.check.CheckKeywords", "check_files"),
        ("vlprep.count.budget.BudgetKeywords", "token_budget"),
        ("vlprep.frames.stream.FrameKeywords", "stream_frames"),
        ("vlprep.plan.plan.PlanKeywords", "plan_media"),
        ("vlprep.payload.request.RequestKeywords", "build_request"),
    ],
)
def test_the_keywords_of_a_verb_are_its_parameters(keywords, function):
    home, _, name = keywords.rpartition(".")
    module = import_module(home)
    parameters = inspect.signature(getattr(module, function)).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return  # then the record that takes them refuses what it does not know
    own = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    of_view = set(ViewKeywords.__annotations__)
    assert set(getattr(module, name).__annotations__) - of_view == own


def test_the_keywords_of_compress_are_those_of_its_record():
    of_image, of_video, of_both = (
        set(keywords.__annotations__) - set(ViewKeywords.__annotations__)
        for keywords in (ImageKeywords, VideoKeywords, CompressKeywords)
    )
    assert of_image | of_video == {field.name for field in fields(Asked)}
    assert of_both == (of_image | of_video) - {"format"}  # which the ending of the target says


@pytest.mark.parametrize(
    ("compress", "keyword"),
    [
        (partial(vlprep.compress_image, PHOTO), "dry_run"),
        (partial(vlprep.compress_image, PHOTO), "tone_map"),
        (partial(vlprep.compress_video, FIXTURES / "clip.mp4", None), "page"),
        (partial(vlprep.compress_video, FIXTURES / "clip.mp4", None), "lossless"),
        (partial(vlprep.compress_file, PHOTO), "format"),
        (partial(vlprep.compress_many, PHOTO), "format"),
        (partial(vlprep.compress_many, PHOTO), "no_such"),
    ],
)
def test_a_door_of_compress_refuses_the_keywords_of_another(compress, keyword):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{keyword}'"):
        compress(**{keyword: None})


@pytest.mark.parametrize(
    ("verb", "keyword", "near"),
    [
        (partial(vlprep.count_tokens, PHOTO), "max_pixel", "max_pixels"),
        (partial(vlprep.processor, "qvq-max"), "high_rez", "high_res"),
        (partial(vlprep.plan_media, PHOTO), "budgt", "budget"),
        (partial(vlprep.check_media, PHOTO), "text_token", "text_tokens"),
        (partial(vlprep.compress_image, PHOTO), "limt", "limit"),
        (partial(vlprep.count_messages, [{"content": "Hi"}]), "max_inputs", "max_input"),
        (partial(vlprep.token_budget), "thinkin", "thinking"),
        (partial(processor().tally, []), "deploymnt", "deployment"),
        (partial(processor().frames, PHOTO), "fp", "fps"),
        (partial(vlprep.count_tokens, PHOTO), "zzz", None),
        (partial(vlprep.read_frames, FIXTURES / "clip.mp4"), "memry", "memory"),
    ],
)
def test_a_misspelt_keyword_is_told_by_the_verb_with_the_nearest(verb, keyword, near):
    with pytest.raises(TypeError) as told:
        verb(**{keyword: 1})
    remedy = f"; did you mean '{near}'?" if near else ""
    name = verb.func.__name__
    assert str(told.value) == f"{name}() got an unexpected keyword argument '{keyword}'{remedy}"


def test_a_type_error_of_something_else_stays(monkeypatch):
    def broken(*_, **__):
        raise TypeError("unexpected keyword argument 'fps'")

    monkeypatch.setattr("vlprep.count.files.count_file", broken)
    with pytest.raises(TypeError, match=r"^unexpected keyword argument 'fps'$"):
        vlprep.count_tokens(PHOTO, fps=1)


def test_the_keywords_of_a_view_hold_for_one_call():
    bound = processor("qwen3-vl-plus", fps=2)
    with bound.frames(str(FIXTURES / "street.mp4"), fps=1) as once:
        assert once.plan.frame_count == 10
    with bound.frames(str(FIXTURES / "street.mp4")) as again:
        assert again.plan.frame_count == 20
    report = bound.check(PHOTO, rules="api-2026", max_pixels=100_000)
    assert (
        report.files[0].tokens
        == bound.by("api-2026").asking(max_pixels=100_000).count(PHOTO).tokens
    )


def test_a_function_is_the_verb_of_a_processor():
    bound = processor("qvq-max", max_pixels=100_000)
    assert vlprep.count_tokens(PHOTO, "qvq-max", max_pixels=100_000) == bound.count(PHOTO)
    assert list(bound.count_many(PHOTO)) == [bound.count(PHOTO)]
    assert bound.image_tokens((480, 640)) == bound.count(PHOTO).tokens
    assert isinstance(bound, View)


def test_a_protocol_that_no_server_of_weights_speaks_is_refused():
    view = View.of("Qwen/Qwen3-VL-8B-Instruct")
    assert view.by_api("openai") == view
    with pytest.raises(ConstraintError, match="open weights, which no dashscope API serves"):
        view.by_api("dashscope")
