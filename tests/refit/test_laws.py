"""Laws of every request: one pass does all there is to do, and the rest stays as it was.

`pytest tests/refit --hypothesis-profile=thorough` makes 10,000 requests for each law.
"""

from __future__ import annotations

import io
import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.refit.bodies import LOST, MENDABLE, images_of, spelled
from vlprep import fit_request

MODELS = st.sampled_from(("qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct"))
OWN = st.fixed_dictionaries(
    {},
    optional={
        "max_side": st.sampled_from((40, 77, 128, 199)),
        "limit": st.sampled_from((1_500, 4_000, 9_000)),
        "max_body": st.sampled_from((9_000, 15_000, 30_000)),
    },
)


def blanked(text: str) -> str:
    """Return a body without what stands in its media, by a pattern that knows nothing of JSON."""
    text = re.sub(r'"data:image\\?/[^"\\]*(?:\\/[^"\\]*)*"', '"URL"', text)
    text = re.sub(r'("(?:data|bytes)" ?: ?)"[^"]*"', r'\1"DATA"', text)
    return re.sub(r'("(?:media_type|format)" ?: ?)"[^"]*"', r'\1"TYPE"', text)


@given(spelled(MENDABLE), MODELS, OWN)
def test_all_that_can_be_met_is_met_and_the_rest_is_as_it_was(text, model, own):
    fitted = fit_request(text, model, **own)
    assert fitted.left == ()
    assert len(fitted.body.encode()) <= own.get("max_body", 10**9)
    for content in images_of(json.loads(fitted.body)):
        assert len(content) < own.get("limit", 10**9)
        assert max(Image.open(io.BytesIO(content)).size) <= own.get("max_side", 10**9)
    assert blanked(fitted.body) == blanked(text)
    again = fit_request(fitted.body, model, **own)
    assert (again.body, again.changes) == (fitted.body, ())


@given(spelled((*MENDABLE, *LOST)), MODELS, OWN, st.sampled_from((None, 0, 1, 2, 3)), st.booleans())
def test_what_cannot_be_met_stays_and_is_told(text, model, own, most, drops):
    drop = "oldest" if drops else None
    fitted = fit_request(text, model, max_images=most, drop=drop, **own)
    before, after = images_of(json.loads(text)), images_of(json.loads(fitted.body))
    left = {finding.rule for finding in fitted.left}
    kept = len(before) if most is None or not drops else min(most, len(before))
    assert len(after) == kept
    assert ("max-images" in left) == (most is not None and len(after) > most)
    too_long = len(fitted.body.encode()) > own.get("max_body", 10**9)
    assert ("max-body" in left) == too_long
    for old, new in zip(before[len(before) - kept :], after, strict=True):
        assert new == old or Image.open(io.BytesIO(new)).format in ("PNG", "JPEG")
    again = fit_request(fitted.body, model, max_images=most, drop=drop, **own)
    assert (again.body, again.changes, again.left) == (fitted.body, (), fitted.left)


@settings(max_examples=settings().max_examples // 3)
@given(spelled((*MENDABLE, *LOST)), OWN)
def test_an_object_fares_as_its_text(text, own):
    own = {name: value for name, value in own.items() if name != "max_body"}
    body = json.loads(text)
    fitted = fit_request(body, "qvq-max", **own)
    assert body == json.loads(text)
    assert fitted.body == json.loads(fit_request(text, "qvq-max", **own).body)
    assert fitted.body["x"] is body["x"]
    if not fitted.changes:
        assert fitted.body is body
