"""The hooks among the recipes, as they stand on the page: with a plain app, and a plain litellm."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from types import ModuleType

import pytest

import vlprep
from tests.places import REPO
from tests.refit.bodies import chat, data_url

RECIPES = (REPO / "docs" / "recipes.md").read_text("utf-8")


def block(language, word):
    """Return what a block of the page with a word in it defines."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", RECIPES, re.DOTALL | re.MULTILINE)
    (code,) = (text for text in blocks if word in text)
    names = {"vlprep": vlprep}
    exec(code, names)
    return names["FitMedia"]


def body():
    part = {"type": "image_url", "image_url": {"url": data_url("drawn")}}
    return json.dumps(chat([part]), indent=1).encode()


def through(content, path="/v1/chat/completions", pieces=3, **options):
    """Return what an app gets of a request that arrives in pieces: its body and headers."""
    got, sent = {}, []

    async def app(scope, receive, send):
        got["headers"], got["body"], more = dict(scope["headers"]), b"", True
        while more:
            message = await receive()
            got["body"] += message["body"]
            more = message["more_body"]
        got["end"] = await receive()
        for reply in (b"data: 1\n\n", b"data: 2\n\n"):
            await send({"type": "http.response.body", "body": reply, "more_body": True})

    size = -(-len(content) // pieces)
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    waiting = [
        {"type": "http.request", "body": part, "more_body": place + 1 < len(parts)}
        for place, part in enumerate(parts)
    ] + [{"type": "http.disconnect"}]

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message["body"])

    headers = [(b"Content-Length", b"%d" % len(content)), (b"x-own", b"1")]
    scope = {"type": "http", "path": path, "headers": headers}
    middleware = block("python", "http.request")(app, "qwen3-vl-plus", max_side=100, **options)
    asyncio.run(middleware(scope, receive, send))
    assert sent == [b"data: 1\n\n", b"data: 2\n\n"]
    assert got["end"] == {"type": "http.disconnect"}
    return got


def test_an_app_gets_the_body_that_fits_and_its_length():
    got = through(body())
    assert got["body"] == vlprep.fit_request(body(), "qwen3-vl-plus", max_side=100).body != body()
    assert got["headers"] == {b"content-length": b"%d" % len(got["body"]), b"x-own": b"1"}


@pytest.mark.parametrize(
    ("content", "options"),
    [(b"no json", {}), (body(), {"path": "/v1/files"}), (body(), {"most": 200})],
)
def test_what_is_not_for_it_goes_through_as_it_came(content, options):
    assert through(content, **options)["body"] == content


def test_litellm_gets_the_data_that_fit(monkeypatch):
    module = ModuleType("litellm.integrations.custom_logger")
    module.CustomLogger = object
    monkeypatch.setitem(sys.modules, module.__name__, module)
    part = {"type": "image_url", "image_url": {"url": data_url("photo")}}
    data = {**chat([part] * 51), "metadata": object()}
    hook = block("py", "litellm")()
    fitted = asyncio.run(hook.async_pre_call_hook(None, None, data, "completion"))
    kinds = [part["type"] for part in fitted["messages"][0]["content"]]
    assert kinds == ["text"] + ["image_url"] * 50
    assert fitted["metadata"] is data["metadata"]
    other = {"file": "x"}
    assert asyncio.run(hook.async_pre_call_hook(None, None, other, "transcription")) is other
