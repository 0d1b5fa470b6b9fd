from __future__ import annotations

from itertools import chain

import pytest

from vlprep import get_model, list_models
from vlprep.errors import ConstraintError
from vlprep.models.registry import find_source, get_api, get_route
from vlprep.payload.forms import FORMS


def test_every_api_has_a_form_known_routes_and_named_sources():
    for name in FORMS:
        api = get_api(name)
        assert [get_route(route).name for route in api.routes]
        assert api.sources and all(find_source(key) for key in api.sources)


def test_an_unknown_api_is_refused():
    with pytest.raises(ConstraintError, match="there are openai, dashscope"):
        get_api("grpc")


def test_the_guides_rates():
    # S002, S004: OpenAI-compatible "one frame every 0.5 s"
    assert [get_api(name).fixed_fps for name in ("openai", "dashscope")] == [2.0, None]


@pytest.mark.parametrize(
    ("name", "streaming", "system"),
    [
        ("qvq-max", "only", "refused"),
        ("qvq-plus-latest", "only", "refused"),
        ("qwen3-vl-plus", "optional", "discouraged"),
        ("qwen3-vl-8b-thinking", "optional", "discouraged"),
    ],
)
def test_what_the_guides_say_of_a_model(name, streaming, system):
    rules = get_model(name).requests
    assert (rules.streaming, rules.system_message) == (streaming, system)


def test_nothing_is_claimed_of_models_that_the_guides_leave_out():
    # S003: "the usage described here does not apply to qvq-72b-preview"
    assert get_model("qvq-72b-preview").requests is None
    assert get_model("qwen-vl-max").requests is None
    cited = [model.requests.sources for model in list_models() if model.requests]
    assert all(find_source(key) for key in chain(*cited))
