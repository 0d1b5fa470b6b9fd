"""Requests of every protocol, with pictures small enough to be made by the hundred."""

from __future__ import annotations

import base64
import io
import json
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

MENDABLE = ("photo", "drawn", "see-through", "bmp", "gif", "turned", "webp", "named-wrong")
LOST = ("tiny", "narrow", "cut", "nonsense")


@cache
def picture(name: str) -> tuple[str, bytes]:
    """Return a picture by its name, as the type that is declared and the content."""
    noise = np.random.default_rng(7).integers(0, 256, (12, 16, 3), np.uint8)
    photo = Image.fromarray(noise).resize((160, 120), Image.Resampling.BICUBIC)
    drawn = Image.new("RGB", (90, 200), "white")
    drawn.paste((200, 30, 30), (10, 10, 60, 150))
    turned = Image.Exif()
    turned[0x0112] = 6
    match name:
        case "photo" | "cut":
            content = _file(photo, "JPEG", quality=95)
            return "image/jpeg", content if name == "photo" else content[: len(content) // 2]
        case "drawn":
            return "image/png", _file(drawn, "PNG")
        case "see-through":
            return "image/png", _file(photo.copy().convert("RGBA"), "PNG")
        case "bmp":
            return "image/bmp", _file(photo, "BMP")
        case "gif":
            return "image/gif", _file(drawn, "GIF")
        case "turned":
            return "image/jpeg", _file(photo, "JPEG", exif=turned, quality=90)
        case "webp":
            return "image/webp", _file(photo, "WEBP", quality=90)
        case "named-wrong":
            return "image/png", _file(photo, "JPEG", quality=60)
        case "tiny":
            return "image/png", _file(drawn.resize((8, 40)), "PNG")
        case "narrow":
            return "image/png", _file(Image.new("RGB", (3000, 12)), "PNG")
    return "image/png", b"no picture at all"


def _file(image: Image.Image, format: str, **how: Any) -> bytes:
    memory = io.BytesIO()
    image.save(memory, format, **how)
    return memory.getvalue()


@cache
def data_url(name: str) -> str:
    """Return a picture as a data URL."""
    type, content = picture(name)
    return f"data:{type};base64,{base64.b64encode(content).decode()}"


def anthropic(name: str) -> dict[str, Any]:
    """Return a picture as a block of Anthropic's."""
    type, content = picture(name)
    source = {"type": "base64", "media_type": type, "data": base64.b64encode(content).decode()}
    return {"type": "image", "source": source, "cache_control": {"type": "ephemeral"}}


def chat(parts: list[Any]) -> dict[str, Any]:
    """Return a body of OpenAI's chat."""
    return {"model": "m", "messages": [{"role": "user", "content": parts}], "temperature": 0.10}


def _chat(names: list[str], text: str) -> dict[str, Any]:
    images = [{"type": "image_url", "image_url": {"url": data_url(one)}} for one in names]
    return chat([{"type": "text", "text": text}, *images])


def _responses(names: list[str], text: str) -> dict[str, Any]:
    images = [
        {"type": "input_image", "image_url": data_url(one), "detail": "auto"} for one in names
    ]
    call = {"type": "function_call_output", "call_id": "1", "output": images[1:]}
    first = {"role": "user", "content": [*images[:1], {"type": "input_text", "text": text}]}
    return {"input": [first, call], "instructions": text}


def _dashscope(names: list[str], text: str) -> dict[str, Any]:
    images = [{"image": data_url(one), "max_pixels": 200_000} for one in names]
    return {"input": {"messages": [{"role": "user", "content": [*images, {"text": text}]}]}}


def _anthropic(names: list[str], text: str) -> dict[str, Any]:
    images = list(map(anthropic, names))
    result = {"type": "tool_result", "tool_use_id": "1", "content": images[1:]}
    content = [*images[:1], {"type": "text", "text": text}, result]
    return {"system": text, "max_tokens": 9, "messages": [{"role": "user", "content": content}]}


def _bedrock(names: list[str], text: str) -> dict[str, Any]:
    def part(name: str) -> dict[str, Any]:
        type, content = picture(name)
        source = {"bytes": base64.b64encode(content).decode()}
        return {"image": {"format": type.partition("/")[2], "source": source}}

    images = list(map(part, names))
    result = {"toolResult": {"toolUseId": "1", "content": images[1:]}}
    content = [*images[:1], {"text": text}, result]
    return {"system": [{"text": text}], "messages": [{"role": "user", "content": content}]}


SHAPES = (_chat, _responses, _dashscope, _anthropic, _bedrock)
PLAIN = st.text(max_size=12) | st.sampled_from(["\\", '"', "数\u2028", "/", "a: {[,"])
TEXTS = PLAIN | st.just('data:image/png;base64,"')


@cache  # as to make a strategy takes longer than to draw from it
def bodies(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Return bodies of all protocols with some of these pictures, and texts of all kinds."""
    pictures = st.lists(st.sampled_from(names), min_size=1, max_size=4)
    return st.builds(
        lambda shape, pictures, text, more: {**shape(pictures, text), "x": more},
        st.sampled_from(SHAPES), pictures, TEXTS, st.recursive(
            st.none() | st.booleans() | st.integers() | PLAIN,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
            max_leaves=6,
        ),
    )  # fmt: skip


def spelled(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return bodies as text, in the ways in which JSON may be written."""
    return st.builds(
        _spelled, bodies(names), st.booleans(), st.sampled_from((None, 1, "\t")),
        st.sampled_from(((",", ":"), (" , ", " : "))), st.booleans(),
    )  # fmt: skip


def _spelled(
    body: dict[str, Any], is_ascii: bool, indent: Any, separators: tuple[str, str], escapes: bool
) -> str:
    text = json.dumps(body, ensure_ascii=is_ascii, indent=indent, separators=separators)
    return text.replace("/", "\\/") if escapes else text


def images_of(body: Any) -> list[bytes]:
    """Return the content of all images in a body, found by a plain recursion."""
    if isinstance(body, dict):
        if "media_type" in body:
            return [base64.b64decode(body["data"])]
        if "bytes" in body:
            return [base64.b64decode(body["bytes"])]
        return [one for key, value in body.items() if key != "x" for one in images_of(value)]
    if isinstance(body, list):
        return [one for value in body for one in images_of(value)]
    is_url = isinstance(body, str) and body.startswith("data:image/") and not body.endswith('"')
    return [base64.b64decode(body.partition(",")[2])] if is_url else []
