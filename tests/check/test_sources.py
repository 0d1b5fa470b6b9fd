import pytest

from tests.check.sendings import request
from vlprep import list_models
from vlprep.check.table import RULES
from vlprep.models.registry import find_source


@pytest.mark.parametrize("route", ["base64", "path", "url"])
@pytest.mark.parametrize("model", list_models(), ids=lambda model: model.name)
def test_every_source_of_every_rule_is_known(model, route):
    asked = request(model=model, route=route)
    for rule in RULES:
        assert all(find_source(source).date for source in rule.sources(asked))


UNSTATED = {  # nothing is said of these anywhere, and the findings say so
    "readable", "countable", "count-known", "animated", "several-pages", "image-orientation",
    "alpha", "colour-mode", "video-header", "video-rotation", "hdr", "interlaced", "pixel-aspect",
    "url-unfetched", "request-body",
}  # fmt: skip


@pytest.mark.parametrize("route", ["base64", "path", "url"])
def test_every_limit_of_a_service_has_a_source(route):
    asked = request(model="qwen-vl-max", route=route)
    without = {rule.id for rule in RULES if not rule.sources(asked)}
    assert without == UNSTATED


def test_a_limit_of_the_model_s_own_is_cited_from_there():
    own = request(model="qwen3.7-plus", route="url")
    cited = {rule.id: rule.sources(own) for rule in RULES}
    assert cited["image-bytes"] == cited["request-images"] == ("P3",)
    assert cited["video-bytes"] == own.model.video_files.sources
