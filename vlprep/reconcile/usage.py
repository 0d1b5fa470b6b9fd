"""Read what a reply says that it was billed for, in the spellings of the services and servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vlprep.units import is_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The input tokens that a reply states."""

    input_tokens: int
    """All of them."""
    media_tokens: int | None = None
    """Those of images and videos; `None` where the reply does not tell them apart."""
    text_tokens: int | None = None
    """Those of text and template; `None` likewise."""


def read_usage(reply: Mapping[str, Any]) -> Usage | None:
    """Return the usage of a reply, or of a usage alone; `None` where there is none.

    Known are the replies of OpenAI-compatible services (`prompt_tokens`, the details of Model
    Studio and of SGLang), of OpenAI's responses, of DashScope (`input_tokens`, `image_tokens`,
    `video_tokens`) and of vLLM (`multimodal_tokens`).

    >>> read_usage({"usage": {"input_tokens": 420, "image_tokens": 391}})
    Usage(input_tokens=420, media_tokens=391, text_tokens=None)
    """
    usage = reply.get("usage", reply)
    if not isinstance(usage, Mapping):
        return None
    total = _number(usage, *_TOTALS)
    if total is None:
        return None
    if "prompt_tokens" not in usage:
        total += sum(_number(usage, key) or 0 for key in _APART)
    details: Mapping[str, Any] = {}
    for key in ("prompt_tokens_details", "input_tokens_details"):
        details = usage[key] if isinstance(usage.get(key), Mapping) else details
    by_medium = details.get("multimodal_tokens")
    named = _media(by_medium, "") if isinstance(by_medium, Mapping) else None
    media = next(
        (found for found in (named, _media(details), _media(usage)) if found is not None), None
    )
    return Usage(
        input_tokens=total, media_tokens=media, text_tokens=_number(details, "text_tokens")
    )


_TOTALS = ("prompt_tokens", "input_tokens", "promptTokens", "inputTokens", "input")
"""Keys of all input tokens: of services, and of what gateways and tracers make of them."""

_APART = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Input that Anthropic's replies do not count among `input_tokens`."""


def _media(table: Mapping[str, Any], ending: str = "_tokens") -> int | None:
    found = [_number(table, f"{medium}{ending}") for medium in ("image", "video")]
    stated = [tokens for tokens in found if tokens is not None]
    return sum(stated) if stated else None


def _number(table: Mapping[str, Any], *keys: str) -> int | None:
    for key in keys:
        value = table.get(key)
        if isinstance(value, int) and is_number(value):
            return value
    return None
