import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import pytest

from vlprep import get_model, list_models
from vlprep.errors import ConstraintError, UnknownFactError


def test_the_first_rule_set_is_the_default():
    spec = get_model("qwen3-vl-plus")
    assert spec.default_rules == "guide-2025-12"
    assert spec.rules() is spec.rules("guide-2025-12") is spec.rule_sets[0]


def test_an_unknown_rule_set_is_refused_and_the_known_are_named():
    with pytest.raises(ConstraintError, match="it has guide-2025-06, guide-2025-12, api-2026"):
        get_model("qvq-max").rules("transformers")


@pytest.mark.parametrize(
    ("model", "asked", "thinks"),
    [
        ("qvq-max", None, True),
        ("qvq-max", True, True),
        ("qwen3-vl-plus", None, False),
        ("qwen3-vl-plus", True, True),
        ("qwen3-vl-plus", False, False),
        ("qwen-vl-max", None, False),
        ("qwen-vl-max", False, False),
        ("qvq-72b-preview", None, None),
        ("qvq-72b-preview", True, True),
    ],
)
def test_thinking(model, asked, thinks):
    assert get_model(model).thinks(asked) is thinks


def test_thinking_that_cannot_be_is_refused():
    with pytest.raises(ConstraintError, match="always thinks"):
        get_model("qvq-max").thinks(False)
    with pytest.raises(ConstraintError, match="cannot think"):
        get_model("qwen-vl-max").thinks(True)


@pytest.mark.parametrize(
    ("model", "thinking", "limit"),
    [
        ("qvq-max", None, 106_496),
        ("qwen3-vl-plus", None, 260_096),
        ("qwen3-vl-plus", True, 258_048),
        ("qwen3-vl-235b-a22b-thinking", None, 126_976),
        ("Qwen/Qwen3-VL-8B-Instruct", None, 262_144),  # the context, as nothing else is stated
        ("qvq-72b-preview", None, None),
    ],
)
def test_input_limits(model, thinking, limit):
    assert get_model(model).input_limit(thinking) == limit


def test_the_smaller_limit_holds_where_thinking_is_unknown():
    spec = replace(get_model("qwen3-vl-plus"), thinking=None, thinks_by_default=None)
    assert spec.input_limit() == 258_048


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_rule_that_no_source_states_is_an_error_that_names_the_model(kind):
    name = "Qwen/Qwen3-VL-Reranker-8B"
    with pytest.raises(UnknownFactError) as caught:
        getattr(get_model(name).rules(), f"{kind}_rule")(name)
    assert caught.value.model == name
    assert "`load_model_file`" in str(caught.value)


def test_how_boxes_are_measured_is_asked_for_where_no_source_says_it():
    assert get_model("Qwen/Qwen2.5-VL-7B-Instruct").box_rule().convention == "absolute"
    with pytest.raises(UnknownFactError, match="qvq-max: no source states how it measures boxes"):
        get_model("qvq-max").box_rule()


@pytest.mark.parametrize("model", list_models(), ids=lambda model: model.name)
def test_a_model_is_frozen_all_through_hashes_and_survives_a_pickle(model):
    copy = pickle.loads(pickle.dumps(model))
    assert copy == model and copy is not model
    assert hash(copy) == hash(model)
    assert {model, copy, replace(model)} == {model}
    for part in parts_of(model):
        assert hash(part) is not None
        assert not isinstance(part, list | dict | set)


def parts_of(value):
    yield value
    if is_dataclass(value):
        inside = [getattr(value, field.name) for field in fields(value)]
    else:
        inside = value if isinstance(value, tuple) else ()
    for part in inside:
        yield from parts_of(part)


def test_nothing_that_a_caller_does_changes_the_catalogue():
    spec = get_model()
    with pytest.raises(AttributeError):
        spec.rule_sets.clear()
    with pytest.raises(FrozenInstanceError):
        spec.rules().image.max_pixels = 1
    assert spec != replace(spec, max_reply_tokens=1) != get_model("qvq-max")


def test_a_model_has_a_rule_set():
    with pytest.raises(ValueError, match="qwen3-vl-plus: no rules"):
        replace(get_model(), rule_sets=())
