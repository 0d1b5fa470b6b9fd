"""Count the media of messages as others wrote them, each as its message asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlprep.count.files import MediaCount, count_file
from vlprep.errors import ConstraintError
from vlprep.media.addresses import is_data_url, shown_name
from vlprep.media.remote import Fetching, RemoteFile, scheme_of
from vlprep.media.source import SourceLike
from vlprep.messages.bodies import ASKED, SIZE, MediumKind, OneAddress, SentMedium
from vlprep.types import Facts, ImageSize
from vlprep.units import MOST, is_number
from vlprep.view import View

if TYPE_CHECKING:
    from vlprep.models.servers import Fields


def medium_source(
    medium: SentMedium, folder: Path = Path(), fetch: Fetching | None = None
) -> SourceLike | list[SourceLike]:
    """Return what a message calls a medium as a source; paths begin in `folder`.

    Raises `ConstraintError` for one on the web, which is fetched only where `fetch` says how far.

    >>> medium_source(SentMedium(address="photo.jpg"), Path("album"))
    'album/photo.jpg'
    """
    if medium.on_the_web and fetch is None:
        name = shown_name(medium.on_the_web)[:60]
        raise ConstraintError(f"{name} is on the web, which is not fetched")
    address = medium.address
    if isinstance(address, tuple):
        return [_placed(one, folder, fetch) for one in address]
    return _placed(address, folder, fetch)


def _placed(address: OneAddress, folder: Path, fetch: Fetching | None) -> SourceLike:
    if not isinstance(address, str) or is_data_url(address):
        return address
    if fetch is not None and scheme_of(address):
        return RemoteFile(address, fetch)
    return str(folder / address)


def asking(medium: SentMedium, view: View, served: Fields | None = None) -> View:
    """Return the view that a message asks for; its own options go before those of the view.

    Of a view by a server they are what the request states to it in `served`: servers take of a part
    its address alone.

    Raises `ConstraintError` where they contradict each other, and for what is no number.
    """
    asked = served_options(view, medium.kind, served or {}) if view.server else medium.asked
    for name, value in asked.items():
        if not is_number(value, -MOST):
            raise ConstraintError(f"{name} is {value!r} in the request; a number is wanted")
    if {"fps", "nframes"} & asked.keys():  # the one replaces the other
        asked = {"fps": None, "nframes": None, **asked}
    return view.asking(**asked)


def at_stated_size(medium: SentMedium, info: Facts, view: View) -> tuple[Facts, View]:
    """Return a medium as if it had the size that its message states, and the view to count it by.

    Raises `ConstraintError` for sides that are no whole numbers above 0.
    """
    if medium.size is None or not view.rules.takes_sizes:
        return info, view
    if not all(type(side) is int and side > 0 for side in medium.size):
        problem = f"{' and '.join(SIZE)} are {medium.size!r} in the request"
        raise ConstraintError(f"{problem}; whole numbers above 0 are wanted")
    return replace(info, size=ImageSize(*medium.size)), taking_sizes(view)


def taking_sizes(view: View) -> View:
    """Return a view in which the size of a clip is bounded as that of an image, and by no option.

    So qwen-vl-utils goes by a size that is stated.
    """
    bare = view.asking(min_pixels=None, max_pixels=None, total_pixels=None)
    rules, name = view.rules, view.model.name
    image, video = rules.image_rule(name), rules.video_rule(name)
    low, high = image.min_pixels, image.max_pixels
    video = replace(video, budget="frame", min_pixels=low, max_pixels=high, total_pixels=None)
    return replace(bare, rules=replace(rules, video=video))


def served_options(view: View, kind: MediumKind, served: Fields) -> dict[str, Any]:
    """Return what a request asks of media by its fields for the server of a view."""
    return view.server.read(served, kind)[0] if view.server else {}


def unread_fields(medium: SentMedium, view: View) -> list[str]:
    """Return the fields beside a medium that nobody reads who shows it to the model."""
    beside = [name for name, option in ASKED.items() if option in medium.asked]
    sizes = SIZE if medium.size and not view.rules.takes_sizes else ()
    return [*medium.ignored, *(beside if view.server else ()), *sizes]


def count_medium(medium: SentMedium, view: View, folder: Path = Path()) -> MediaCount:
    """Count one medium of a message; raises the errors of `medium_source` and `count_file`.

    >>> medium = SentMedium(address="fixtures/photo.jpg", asked={"max_pixels": 100_000})
    >>> count_medium(medium, View.of()).tokens.total
    90
    """
    return count_file(medium_source(medium, folder), asking(medium, view))
