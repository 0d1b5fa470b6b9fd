"""What a request is told of by documents: denials, recipes, regions, releases of SDKs."""

import pytest

from tests.places import FIXTURES, SHARED
from vlprep import build_request, frame_list, list_models, list_recipes
from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.models.registry import find_region, find_source

URL, PHOTO = "https://example.com/a.jpg", FIXTURES / "photo.jpg"
LIST = [FIXTURES / f"exif_{number}.jpg" for number in (1, 2, 3, 4)]


def build(model=None, items=(URL,), text="hi", **asked):
    return build_request(items, text, model, **asked)


def said(word, request):
    return [warning for warning in request.warnings if word in warning]


def test_a_list_longer_than_one_reading_takes_is_told_of_once():
    request = build("qwen3-vl-235b-a22b-instruct", [[PHOTO] * 81], api="dashscope")
    (told,) = said("80", request)
    assert "at most 80 frames (S004)" in told


# Calls that are not streamed.


def test_a_call_that_thinks_is_to_be_streamed():
    (warning,) = build(thinking=True).warnings
    assert "180 s (S004 2025-12-18, P3 2026-06)" in warning
    assert "x-dashscope-partialresponse; `stream` it" in warning
    assert build(thinking=True, stream=True).warnings == ()
    assert build(thinking=False).warnings == ()
    assert said("180 s", build("qwen3-vl-8b-thinking"))
    assert build("qvq-max").warnings == ()  # which streams by itself


def test_a_call_that_parses_a_page_is_to_be_streamed():
    for recipe in ("html", "markdown"):
        assert said("parses a page", build(recipe=recipe, text=""))
        assert not build(recipe=recipe, text="", stream=True).warnings
    assert not said("180 s", build(recipe="times"))


def test_weights_have_no_service_that_ends_a_call():
    assert build("Qwen/Qwen3-VL-8B-Thinking").warnings == ()


# What some documents deny.


def test_local_paths_by_the_rules_of_june_are_warned_of():
    asked = {"items": [PHOTO], "api": "dashscope", "route": "path"}
    (warning,) = build("qvq-max", **asked).warnings
    assert "so say S004 2025-12-18, S001 2025-03; S002 2025-06-05, S000 2025-03 deny it" in warning
    assert warning.endswith("the route base64 holds by both")
    assert build("qwen3-vl-plus", **asked).warnings == ()
    assert build("qvq-max", items=[PHOTO], api="dashscope").warnings == ()


def test_high_resolution_by_the_rules_of_june_is_for_dashscope():
    (warning,) = build("qvq-max", high_res=True).warnings
    assert "S002 2025-06-05, S000 2025-03, S003 2025-05 deny it; dashscope holds by both" in warning
    assert build("qvq-max", high_res=True, api="dashscope").warnings == ()
    assert build("qwen3-vl-plus", high_res=True).warnings == ()
    assert build("qvq-max", rules="api-2026", high_res=True).warnings == ()


# Rates of lists.


def test_list_rate_without_effect():
    folder = SHARED / "cases" / "list_rate_without_effect" / "list"
    if not folder.exists():
        pytest.skip("../shared/cases is not there")
    request = build("qwen2-vl-72b-instruct", items=[frame_list(folder)], fps=4, api="dashscope")
    assert said("has no effect on qwen2-vl-72b-instruct", request)


@pytest.mark.parametrize(
    ("model", "fps", "words"),
    [
        ("qwen2-vl-72b-instruct", 4, "has no effect on qwen2-vl-72b-instruct"),
        ("qwen2-vl-72b-instruct", None, "0.5 s apart; no rate has an effect"),
        ("qwen3-vl-plus", 4, "counts by S004 2025-12-18, P2 2026-09, and has no effect"),
        ("qwen-vl-max", None, "0.5 s apart; `fps` says otherwise"),
    ],
)
def test_the_rate_of_a_list(model, fps, words):
    view = {} if fps is None else {"fps": fps}
    assert said(words, build(model, items=[LIST], api="dashscope", **view))
    assert not said("effect", build("qwen-vl-max", items=[LIST], api="dashscope", **view))


def test_the_rate_of_a_list_needs_a_release_of_the_sdk():
    (note,) = build("qwen-vl-max", items=[LIST], api="dashscope", fps=4).notes
    assert note.endswith("needs dashscope 1.20.10 or newer (S002 2025-06-05)")
    assert build("qwen-vl-max", items=[LIST]).notes == ()  # openai states none
    assert build("qwen-vl-max", items=[PHOTO], api="dashscope").notes == ()


# Recipes.


def test_every_recipe_has_something_to_add_and_says_where_it_is_from():
    series = {model.features.series for model in list_models()}
    for recipe in list_recipes():
        assert recipe.text or recipe.sampling.said
        assert all(map(find_source, recipe.sources))
        assert set(recipe.series) <= series
        for model in ("qwen-vl-max", "qwen3-vl-plus"):
            request = build(model, recipe=recipe.name, stream=True)
            assert request.body["messages"][-1]["content"][-1]["text"].startswith("hi")


def test_boxes_and_points_are_asked_for_with_the_least_chance():
    for recipe, word in (("boxes", "bbox_2d"), ("points", "point_2d")):
        body = build("qwen-vl-max", recipe=recipe, text="Find the car.").body
        first, second = body["messages"][0]["content"][-1]["text"].split("\n")
        assert first == "Find the car." and word in second
        sampling = [body[name] for name in ("temperature", "top_k", "seed")]
        assert sampling == [0, 1, 3407]
    native = build("qwen-vl-max", recipe="boxes", api="dashscope").body
    assert native["parameters"] == {"temperature": 0, "top_k": 1, "seed": 3407}


def test_text_is_read_with_penalties_and_the_caller_s_own_words():
    request = build("qwen-vl-plus-latest", recipe="text", text="Read it.")
    assert request.messages[0]["content"][-1]["text"] == "Read it."
    assert (request.body["presence_penalty"], request.body["repetition_penalty"]) == (1.5, 1.0)
    assert request.arguments["extra_body"] == {"repetition_penalty": 1.0}


def test_a_format_is_asked_for_by_its_words_alone():
    def text(recipe):
        return build("qwen-vl-max", recipe=recipe, text="", stream=True).messages[-1]["content"][-1]

    assert text("html")["text"] == "qwenvl html"
    assert text("markdown")["text"] == "qwenvl markdown"
    assert "start_time, end_time and event" in text("times")["text"]


def test_a_system_message_of_a_recipe_is_sent_unless_there_is_another():
    request = build("qwen-vl-max", recipe="html-2025-06", text="", stream=True)
    system, user = request.messages
    assert system["role"] == "system" and "QwenVL HTML" in system["content"]
    assert user["content"][-1]["text"] == "QwenVL HTML"
    with pytest.raises(ConstraintError, match="`system` message of its own"):
        build("qwen-vl-max", recipe="html-2025-06", system="Be brief.")
    with pytest.raises(ConstraintError, match="takes no system message"):
        build("qvq-max", recipe="html-2025-06")
    assert build("qwen-vl-max", recipe="html", system="Be brief.").messages[0]["role"] == "system"


@pytest.mark.parametrize(
    ("model", "recipe", "told"),
    [
        ("qwen-vl-max", "boxes", False),
        ("qwen2.5-vl-3b-instruct", "points", False),
        ("qwen3-vl-plus", "boxes", True),
        ("qwen3-vl-plus", "html", False),
        ("qwen-vl-max-2024-11-19", "text", True),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "times", False),
        ("Qwen/Qwen2-VL-7B-Instruct", "times", True),
    ],
)
def test_a_recipe_for_other_models_is_told(model, recipe, told):
    assert bool(said(f"the recipe {recipe} is for", build(model, recipe=recipe))) == told


def test_servers_of_weights_take_no_sampling_of_the_vendor():
    with pytest.raises(UnknownFactError, match="`top_k`"):
        build("Qwen/Qwen2.5-VL-7B-Instruct", recipe="boxes")


def test_an_unknown_recipe_gets_the_known_ones():
    with pytest.raises(ConstraintError, match="unknown recipe 'box'; there are text, boxes"):
        build(recipe="box")


# Regions.


@pytest.mark.parametrize(
    ("region", "api", "url"),
    [
        ("international", "openai", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("international", "dashscope", "https://dashscope-intl.aliyuncs.com/api/v1"),
        ("china", "openai", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
        ("china", "dashscope", "https://dashscope.aliyuncs.com/api/v1"),
    ],
)
def test_a_region_has_an_address(region, api, url):
    request = build(region=region, api=api)
    assert request.base_url == url
    assert request.url == f"{url}/{request.api.path}"


def test_where_a_model_is_served_in_one_place_that_is_it():
    assert build("qvq-plus").region == find_region("china")
    assert build("qwen3-vl-plus").url is None
    for model in list_models():
        if len(model.deployments) == 1:
            assert find_region(model.deployments[0]).bases["openai"]


def test_what_is_not_known_of_a_region_is_said():
    with pytest.raises(ConstraintError, match="served in international, china; not in us"):
        build("qwen-vl-max", region="us")
    with pytest.raises(UnknownFactError, match="the address of the dashscope API in us"):
        build("qwen3-vl-flash", region="us", api="dashscope")
    assert build("qwen3-vl-flash", region="us").base_url.startswith("https://dashscope-us.")
    with pytest.raises(UnknownFactError, match="the address of the openai API in hongkong"):
        build("qwen3-vl-plus", region="hongkong")
    with pytest.raises(ConstraintError, match="run anywhere"):
        build("Qwen/Qwen3-VL-8B-Instruct", region="china")
