"""How a request names a file: data URLs, `file://` paths as the DashScope SDK reads them, URLs."""

from __future__ import annotations

import base64
import ntpath
import posixpath
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import quote, urlsplit

from vlprep.errors import ConstraintError
from vlprep.media.sniff import FORMATS

UrlKind = Literal["image", "video"]


@dataclass(frozen=True, slots=True)
class MediaUrl:
    """A URL whose name does not tell what it holds."""

    url: str
    """As it is to be sent; it is never fetched."""
    kind: UrlKind
    """What it holds."""


def is_web_url(source: object) -> bool:
    """Say whether a source is a URL that the service is to fetch.

    >>> is_web_url("https://example.com/a.jpg"), is_web_url("a.jpg")
    (True, False)
    """
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def url_kind(url: str) -> UrlKind:
    """Tell an image from a video by the ending of a URL's path; the content is not looked at.

    Raises `ConstraintError` where it has no ending that is known.

    >>> url_kind("https://example.com/clip.MP4?signature=x")
    'video'
    """
    ending = PurePosixPath(urlsplit(url).path).suffix.lower().removeprefix(".")
    for row in FORMATS:
        if ending in row.extensions and row.kind in ("image", "video"):
            return "image" if row.kind == "image" else "video"
    raise ConstraintError(
        f"{url}: its ending does not tell an image from a video; say which "
        "(MediaUrl(url, kind) or --url-kind)"
    )


def data_url(content: bytes, mime_type: str) -> str:
    """Return content as a data URL.

    >>> data_url(b"GIF89a", "image/gif")
    'data:image/gif;base64,R0lGODlh'
    """
    return f"data:{mime_type};base64,{base64.b64encode(content).decode('ascii')}"


def file_url(path: str, *, windows: bool = False) -> str:
    r"""Return the `file://` form of an absolute path that the DashScope SDK for Python reads.

    It takes the rest of the URL for a form field: `%41` is a letter and a plus is a space, so
    everything but letters, digits, `/` and `_.-~` is escaped. On Windows the drive follows two
    slashes, as the Model Studio guide of 2025-12-18 has it.

    Raises `ConstraintError` for a path that is not absolute, or not Unicode, which no URL of the
    SDK can say.

    >>> file_url("/home/ada/a+b 1.jpg")
    'file:///home/ada/a%2Bb%201.jpg'
    >>> file_url("D:\\images\\test.png", windows=True)
    'file://D:/images/test.png'
    """
    if not (ntpath if windows else posixpath).isabs(path):
        raise ConstraintError(f"{path}: a file:// path is absolute")
    try:
        path.encode()
    except UnicodeEncodeError:
        problem = "its name is not Unicode, which file:// cannot say here; rename it"
        raise ConstraintError(f"{path}: {problem}, or send it by the route base64") from None
    if windows:
        drive, rest = ntpath.splitdrive(path.replace("\\", "/"))
        return f"file://{drive}{quote(rest)}"
    if path[2:3] == ":":  # the SDK takes /d:/ for a drive of Windows
        path = f"//{path.lstrip('/')}"
    return f"file://{quote(path)}"
