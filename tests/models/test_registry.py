import re
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from tests.places import FIXTURES, REPO
from vlprep import VlprepError, count_tokens, get_model, image_tokens, list_models, load_model_file
from vlprep.count.explain import explain_count
from vlprep.count.pixels import BUDGETS
from vlprep.errors import ConstraintError, ModelFileError, UnknownModelError
from vlprep.maths.frame_counts import FRAME_COUNT_RULES
from vlprep.maths.geometry import RESIZE_RULES
from vlprep.maths.sampling import INDEX_RULES
from vlprep.models.registry import DEFAULT_MODEL, find_source
from vlprep.view import View

MODELS = list_models()


def test_the_default_model_is_in_the_catalogue():
    assert get_model() is get_model(None) is get_model(DEFAULT_MODEL)
    assert get_model().name == DEFAULT_MODEL


def test_a_record_passes_through():
    spec = replace(get_model("qvq-max"), name="mine")
    assert get_model(spec) is spec


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("qvq-maxx", "qvq-max"),
        ("qwen3vl-plus", "qwen3-vl-plus"),
        ("Qwen3-VL-8B-Instruct", "Qwen/Qwen3-VL-8B-Instruct"),
        ("unsloth/Qwen2-VL-2B-Instruct-bnb-4bit", "Qwen/Qwen2-VL-2B-Instruct"),
    ],
)
def test_unknown_names_come_with_near_ones(name, near):
    with pytest.raises(UnknownModelError) as caught:
        get_model(name)
    assert caught.value.name == name
    assert near in caught.value.suggestions
    assert near in str(caught.value)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("unsloth/Qwen3-VL-8B-Instruct-unsloth-bnb-4bit", "Qwen/Qwen3-VL-8B-Instruct"),
        ("unsloth/Qwen3-VL-8B-Thinking-GGUF", "Qwen/Qwen3-VL-8B-Thinking"),
        ("huihui_ai/qwen3-vl-abliterated:8b", "Qwen/Qwen3-VL-8B-Instruct"),
        ("accounts/fireworks/models/qwen2p5-vl-32b-instruct", "Qwen/Qwen2.5-VL-32B-Instruct"),
        ("qwen2_5_vl_7b_instruct", "qwen2.5-vl-7b-instruct"),
        ("us.amazon.qwen.qwen3-vl-235b-a22b", "qwen3-vl-235b-a22b-instruct"),
        ("Qwen3VL-8B-Instruct-Q4_K_M.gguf", "qwen3-vl-8b-instruct"),
        ("qwen3-vl-plus-2026-01-01", "qwen3-vl-plus"),
    ],
)
def test_names_of_quantisers_and_resellers_come_first_with_their_own_model(name, first):
    with pytest.raises(UnknownModelError) as caught:
        get_model(name)
    assert caught.value.suggestions[0] == first
    line = first.lower().removeprefix("qwen/")[:8]  # no other line has tokens of the same side
    assert all(line in near.lower() for near in caught.value.suggestions)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("QVQ-MAX", "qvq-max"),
        ("qwen/qwen2.5-vl-7b-instruct", "Qwen/Qwen2.5-VL-7B-Instruct"),
        ("Qwen/Qwen3-VL-8B", "Qwen/Qwen3-VL-8B-Instruct"),
        ("qwen2-vl-7b", "Qwen/Qwen2-VL-7B-Instruct"),
        ("qwen3.5-9b", "Qwen/Qwen3.5-9B"),
        ("qwen3-vl:8b", "Qwen/Qwen3-VL-8B-Instruct"),  # the service has one of this size as well
        ("Qwen3-VL:8B-thinking", "Qwen/Qwen3-VL-8B-Thinking"),
        ("qwen2.5-vl:7b-instruct", "Qwen/Qwen2.5-VL-7B-Instruct"),
        ("qwen2.5vl:7b", "Qwen/Qwen2.5-VL-7B-Instruct"),  # as Ollama's library has it
        (" qwen-vl-max\n", "qwen-vl-max"),
    ],
)
def test_letters_prefix_and_instruct_do_not_matter_where_one_model_remains(name, meant):
    assert get_model(name).name == meant
    assert View.of(name).name == meant  # what requests call it


@pytest.mark.parametrize("name", ["Qwen3-VL-8B-Instruct", "qwen2.5-vl-7b"])
def test_a_name_that_two_models_share_is_not_guessed(name):
    with pytest.raises(UnknownModelError) as caught:
        get_model(name)
    service, weights = caught.value.suggestions[:2]
    assert weights.casefold() == f"qwen/{service}"


def test_a_name_beside_a_folder_of_one_model_is_refused():
    folder = REPO / "tests" / "models" / "fine-tune"
    for path in (folder, folder / "preprocessor_config.json"):
        with pytest.raises(ConstraintError, match="holds the numbers of one model; leave the name"):
            load_model_file(path, "qvq-max")


def test_a_name_like_no_other_has_no_suggestion():
    with pytest.raises(UnknownModelError) as caught:
        get_model("zzz")
    assert caught.value.suggestions == ()
    assert "Did you mean" not in str(caught.value)


def test_every_alias_is_one_model_and_no_name_stands_twice():
    names = list(chain.from_iterable((model.name, *model.aliases) for model in MODELS))
    assert len(set(names)) == len(names)
    for model in MODELS:
        for alias in model.aliases:
            assert get_model(alias) is model


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
class TestEveryModel:
    def test_sources_are_known(self, model):
        rules = model.rule_sets
        cited = [
            model.sources,
            *(part.sources for r in rules for part in (r.image, r.video) if part),
        ]
        cited += [price.sources for price in model.prices]
        cited += [model.boxes.sources] if model.boxes else []
        cited += [(pointer.source,) for pointer in model.points_to]
        own = (model.video_files, model.url_files, model.localisation)
        cited += [part.sources for part in own if part]
        cited += [model.requests.sources] if model.requests else []
        assert all(cited)
        cited += [r.prompt.sources for r in rules]  # the usual two markers need none
        for source in chain.from_iterable(cited):
            assert find_source(source).date

    def test_rules_are_known_by_name(self, model):
        for rules in model.rule_sets:
            if rules.image:
                assert rules.image.resize in RESIZE_RULES
            if rules.video:
                assert rules.video.resize in RESIZE_RULES
                assert rules.video.count in FRAME_COUNT_RULES
                assert rules.video.sampling in INDEX_RULES
                assert rules.video.budget in BUDGETS

    def test_limits_are_in_order(self, model):
        for rules in model.rule_sets:
            for rule in filter(None, (rules.image, rules.video)):
                floor = rule.min_pixels if rule.floor_pixels is None else rule.floor_pixels
                ceiling = rule.max_pixels if rule.ceiling_pixels is None else rule.ceiling_pixels
                assert 0 < floor <= rule.min_pixels < rule.max_pixels <= ceiling
                assert rule.factor in (28, 32)
            if rules.video:
                assert 2 <= rules.video.min_frames <= rules.video.max_frames

    def test_windows_are_in_order(self, model):
        whole = model.context_tokens
        for part in (
            model.max_input_tokens, model.max_input_thinking_tokens,
            model.max_thinking_tokens, model.max_reply_tokens,
        ):  # fmt: skip
            assert part is None or (part > 0 and (whole is None or part <= whole))
        if model.thinking == "never":
            assert model.max_thinking_tokens is None

    def test_moving_names_point_to_models_or_older_ones(self, model):
        for pointer in model.points_to:
            assert pointer.snapshot.startswith(model.name.removesuffix("-latest"))
            assert pointer.deployment is None or pointer.deployment in (
                *model.deployments, "china", "international",
            )  # fmt: skip


OWN = """
[models.mine]
family = "mine"
kind = "open-weights"
context_tokens = 4096
sources = []

[models.mine.rules.own.image]
resize = "transformers"
patch_size = 14
merge_size = 2
min_pixels = 3136
max_pixels = 50176
sources = []
"""

OTHER = OWN.replace("models.mine", "models.other")


def written(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_model_of_one_s_own_is_counted_by_its_numbers(tmp_path):
    spec = load_model_file(written(tmp_path, OWN))
    assert spec.name == "mine"
    assert spec.rules().title == "a model file"
    assert image_tokens((1000, 1000), spec).resized == (224, 224)
    assert spec.input_limit() == 4096


def test_a_model_file_may_use_the_classes_of_the_catalogue(tmp_path):
    text = OWN.split("[models.mine.rules")[0] + 'rules.guide-2025-06 = { image = "standard" }\n'
    spec = load_model_file(written(tmp_path, text))
    assert image_tokens((1280, 1280), spec).total == 1227


def test_one_of_several_models_is_chosen_by_name(tmp_path):
    path = written(tmp_path, OWN + OTHER)
    assert load_model_file(path, "other").name == "other"
    with pytest.raises(ModelFileError, match="choose one: mine, other"):
        load_model_file(path)
    with pytest.raises(UnknownModelError, match="Did you mean other"):
        load_model_file(path, "othr")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no [models.<name>] table"),
        ("[models", "not valid TOML"),
        ("[models.x]\nfamily = 'x'\nkind = 'api'\nsources = []", "x: no rules"),
        (OWN.replace("patch_size", "pach_size"), "unknown key 'pach_size'"),
        (OWN.replace("patch_size = 14\n", ""), "'patch_size' is missing"),
        (OWN.replace("max_pixels = 50176", "max_pixels = -1"), "-1 is below 0"),
        (OWN.replace("patch_size = 14", "patch_size = '14'"), "not of type int"),
        (OWN.replace('kind = "open-weights"', 'kind = "free"'), "'free' is not one of"),
        (OWN.replace("context_tokens", "contxt"), "unknown key 'contxt'"),
        (OWN + "[models.mine.rules.own.pictures]\n", "unknown key 'pictures'"),
        (
            OWN.split("[models.mine.rules")[0] + 'rules.api-2026 = { image = "standrd" }\n',
            "nothing is called 'standrd'",
        ),
    ],
)
def test_a_file_that_breaks_the_schema_is_named_with_the_key(tmp_path, text, problem):
    path = written(tmp_path, text)
    with pytest.raises(ModelFileError) as caught:
        load_model_file(path)
    assert caught.value.path == str(path)
    assert problem in str(caught.value)


BARE = OWN.split("[models.mine.rules")[0]
VIDEO = """
[models.mine.rules.own.video]
resize = "transformers"
count = "transformers"
sampling = "linspace"
budget = "clip"
patch_size = 14
merge_size = 2
min_pixels = 4096
max_pixels = 25165824
fps = 2
min_frames = 4
max_frames = 768
sources = []
"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[models]\nmine = 3", id="model-is-a-number"),
        pytest.param("defaults = 3\n" + OWN, id="defaults-are-a-number"),
        pytest.param(BARE + "rules.own.image = 3", id="image-is-a-number"),
        pytest.param(BARE + "rules.own = { prompt = 3 }", id="prompt-is-a-number"),
        pytest.param("models = 3", id="models-are-a-number"),
        pytest.param("models = [1, 2]", id="models-are-a-list"),
        pytest.param(BARE + "rules = 3", id="rules-are-a-number"),
        pytest.param(BARE + "rules.own = 3", id="rule-set-is-a-number"),
        pytest.param(
            OWN.replace('"transformers"', '"nearest"'),
            id="unknown-resize-rule",
        ),
        pytest.param(
            OWN + VIDEO.replace('count = "transformers"', 'count = "all"'),
            id="unknown-counting-rule",
        ),
        pytest.param(
            OWN + VIDEO.replace('sampling = "linspace"', 'sampling = "random"'),
            id="unknown-sampling-rule",
        ),
        pytest.param(
            OWN + VIDEO.replace('budget = "clip"', 'budget = "none"'),
            id="unknown-budget-rule",
        ),
        pytest.param(
            OWN + VIDEO + "temporal_patch_size = 0\n",
            id="no-frames-a-step",
        ),
    ],
)
def test_what_cannot_be_counted_with_gives_an_error_of_ours(tmp_path, text):
    with pytest.raises(VlprepError):
        use(load_model_file(written(tmp_path, text)))


def use(spec):
    """Do with a model what the commands do."""
    count = count_tokens(FIXTURES / "photo.jpg", spec)
    explain_count(count.info, count.tokens, View.of(spec))
    if spec.rules().video:
        count_tokens(FIXTURES / "clip.mp4", spec)


def test_the_file_of_these_cases_is_good_in_itself(tmp_path):
    use(load_model_file(written(tmp_path, OWN + VIDEO)))


def test_a_model_file_may_name_how_boxes_are_measured_or_write_it_out(tmp_path):
    path = tmp_path / "own.toml"
    rules = 'sources = []\nfamily = "x"\nkind = "api"\nrules.mine = {}\n'
    path.write_text(f'[models.own]\n{rules}boxes = "qwen2-vl"\n')
    assert load_model_file(path).boxes == get_model("Qwen/Qwen2-VL-7B-Instruct").boxes
    path.write_text(f'[models.own]\n{rules}boxes = {{convention = "relative-999", sources = []}}\n')
    assert load_model_file(path).boxes.convention == "relative-999"


@pytest.mark.parametrize(
    ("boxes", "problem"),
    [
        ('"nobody"', "nothing is called 'nobody'"),
        ('{convention = "percent", sources = []}', "'percent' is not one of absolute, "),
        ("{sources = []}", "'convention' is missing"),
    ],
)
def test_a_way_of_measuring_boxes_that_is_none_is_named(tmp_path, boxes, problem):
    path = tmp_path / "own.toml"
    head = 'sources = []\nfamily = "x"\nkind = "api"\nrules.mine = {}\n'
    path.write_text(f"[models.own]\n{head}boxes = {boxes}\n")
    with pytest.raises(ModelFileError, match=re.escape(problem)):
        load_model_file(path)


def test_a_user_may_cite_sources_of_their_own(tmp_path):
    text = OWN.replace("sources = []", 'sources = ["my notes"]')
    spec = load_model_file(written(tmp_path, text))
    count = count_tokens(FIXTURES / "photo.jpg", spec)
    lines = explain_count(count.info, count.tokens, View.of(spec))
    assert any("[my notes]" in line for line in lines)


def test_a_missing_model_file_stays_what_the_system_says(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model_file(tmp_path / "none.toml")


def test_text_that_is_not_utf8_is_a_damaged_file(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes(b"title = '\xe9'")
    with pytest.raises(ModelFileError, match="not valid TOML"):
        load_model_file(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (OWN.replace("min_pixels = 3136", "min_pixels = 60000"), "min_pixels 60,000 is above"),
        (OWN.replace("patch_size = 14", f"patch_size = {10**30}"), "no number may be over"),
        (OWN.replace("patch_size = 14", "patch_size = 10001"), "patch_size must be at most 10,000"),
        (OWN.replace("max_pixels = 50176", "max_pixels = " + "9" * 401), "no number may be over"),
        (OWN + VIDEO.replace("fps = 2", "fps = inf"), "no number may be over"),
        (OWN + VIDEO.replace("fps = 2", "fps = nan"), "nan is below 0"),
        ("a = " + "[" * 5000, "brackets nested without end"),
        ("a = " + "9" * 5000, "a number of thousands of digits"),
        (".".join("a" * 3000) + " = 1", "no [models.<name>] table"),
    ],
)
def test_numbers_and_nesting_that_no_model_has_are_named(tmp_path, text, problem):
    with pytest.raises(ModelFileError, match=re.escape(problem)):
        load_model_file(written(tmp_path, text))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
@pytest.mark.parametrize("name", ["own.toml", "own.json"])
def test_a_model_file_without_an_end_is_not_read_to_its_end(tmp_path, name):
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(ModelFileError):
        load_model_file(tmp_path / name)


def test_a_path_where_a_name_is_wanted_is_told(tmp_path):
    with pytest.raises(
        UnknownModelError, match="It is a path, which `load_model_file` reads"
    ) as it:
        get_model(str(tmp_path))
    assert it.value.is_path
    with pytest.raises(TypeError, match="named by text, and this is 640"):
        image_tokens(480, 640)
