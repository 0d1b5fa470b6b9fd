"""Put text in the place of an image, as the protocol of its message spells it."""

from __future__ import annotations

from typing import Any

from vlprep.check.rule import Finding
from vlprep.refit.places import Medium, value_at


def dropped_part(medium: Medium, body: Any, why: Finding) -> dict[str, Any] | None:
    """Return the text that takes the place of a part, as its protocol spells it.

    `None` where the part cannot go: it holds more than the image, or no text can stand there.
    """
    stands_in_list = bool(medium.part) and isinstance(medium.part[-1], int)
    if medium.is_frame or not (stands_in_list and medium.fills_part):
        return None
    part = value_at(body, medium.part)
    if "text" in part:
        return None
    text = f"[an image was left out here: {why.message}]"
    type = part.get("type")
    if type is None:
        return {"text": text}
    written = {"type": "input_text" if type == "input_image" else "text", "text": text}
    kept = part.get("cache_control")  # what is cached ends where it did
    return written if kept is None else {**written, "cache_control": kept}
