"""What is to be sent, made of plain facts."""

from __future__ import annotations

from typing import Any

from vlprep import ImageInfo, ImageSize, VideoInfo
from vlprep.check.rule import FileFacts, Finding, Rule, Sending
from vlprep.models.registry import get_route
from vlprep.view import View


def image(width: int = 640, height: int = 480, **facts: Any) -> FileFacts:
    own = {key: facts.pop(key) for key in list(facts) if key in ("source", "kind", "path")}
    info = ImageInfo(size=ImageSize(height, width), **{"format": "JPEG", **facts})
    return FileFacts(**{"source": "a.jpg", "kind": "image", "info": info, **own})


def video(**facts: Any) -> FileFacts:
    own = {key: facts.pop(key) for key in list(facts) if key in ("source", "kind", "path")}
    known = {"frame_count": 300, "fps": None, "format": "MP4", "duration_seconds": 10.0, **facts}
    info = VideoInfo(size=ImageSize(360, 640), **known)
    return FileFacts(**{"source": "a.mp4", "kind": "video", "info": info, **own})


def frame_list(*frames: FileFacts) -> FileFacts:
    return FileFacts(source="frames", kind="frame list", frames=frames)


def url(address: str) -> FileFacts:
    return FileFacts(source=address, kind="URL")


def sending(
    *files: FileFacts, model: Any = None, route: str = "base64", text_tokens: int = 0,
    max_input: int | None = None, thinking: bool | None = None, **view: Any,
) -> Sending:  # fmt: skip
    return Sending(
        view=View.of(model, **view), files=files, route=get_route(route), text_tokens=text_tokens,
        max_input=max_input, thinking=thinking,
    )  # fmt: skip


def found(rule: Rule, *files: FileFacts, **asked: Any) -> Finding | None:
    """Return what a rule finds in a request, which is one thing at most."""
    findings = list(rule.findings(sending(*files, **asked)))
    assert len(findings) < 2
    return findings[0] if findings else None
