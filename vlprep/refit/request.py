"""Make the media of a whole request fit: each one, their number, and the bytes of the body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from vlprep.check.check import count_facts, facts_of_list
from vlprep.check.rule import FileFacts, Finding
from vlprep.errors import ConstraintError
from vlprep.messages.bodies import MediumKind
from vlprep.models.registry import stands_for
from vlprep.refit.body import Body, Given
from vlprep.refit.limits import OwnLimits, remaining, too_long, too_many
from vlprep.refit.media import FittedMedium, fit_media, of_one_size, read_medium
from vlprep.refit.places import JsonPath, Medium, find_media, value_at
from vlprep.refit.result import BodyT, FittedRequest, MediumChange, change_of, changed
from vlprep.view import View, ViewKeywords

Drop = Literal["oldest"]
"""Which images go where there are too many: those that come first."""


class FitRequestKeywords(ViewKeywords, total=False):
    """Keywords of `fit_request`, and of a view."""

    max_body: int | None
    max_images: int | None
    max_side: int | None
    limit: int | None
    drop: Drop | None


def fit_request(
    body: BodyT, view: View, *, drop: Drop | None = None, **limits: Any
) -> FittedRequest[BodyT]:
    """Return a request with media that fit the limits of a model and of the caller's.

    `body` is an object or JSON text, in the shape of OpenAI's chat or responses, of DashScope,
    Anthropic or Bedrock's Converse; whatever data URL and Base64 with its type there is in it is
    looked at. It is handed back as it came but for the media that do not fit, text byte for byte.

    `max_body` is the most bytes of the whole body, for which the largest files give way, down to
    the same length; an object is measured as `json.dumps` writes it. `max_images` is the most
    images, `max_side` their longest side in pixels, and `limit` what a file must stay under, in
    bytes before Base64. Too many images are an error that stays, unless `drop` is "oldest": then
    those that come first become text that says so.

    What cannot be mended stays as it is and is told in `left`. Nothing is fetched.

    Raises `ConstraintError` for what is no JSON object, and for limits that cannot be.

    >>> from base64 import b64encode
    >>> from pathlib import Path
    >>> data = b64encode(Path("fixtures/photo.jpg").read_bytes()).decode()
    >>> part = {"image": f"data:image/jpeg;base64,{data}"}
    >>> body = {"input": {"messages": [{"role": "user", "content": [part, {"text": "What?"}]}]}}
    >>> fitted = fit_request(body, View.of("qwen3-vl-plus"), max_side=320)
    >>> fitted.changes[0].size_before, fitted.changes[0].size_after
    (ImageSize(height=480, width=640), ImageSize(height=240, width=320))
    """
    if drop not in (None, *get_args(Drop)):
        raise ConstraintError(f"`drop` must be oldest, or be left out; got {drop!r}")
    read = Body(body)
    own = OwnLimits(**limits)
    if _is_high_res(read.value):
        view = view.asking(high_res=True)
    work = _Work(read, view, own)
    if drop:
        work.drop_oldest()
    work.fit_each()
    work.fit_body()
    work.even_frames()
    return work.result()  # type: ignore[return-value]  # the body is of the kind that was given


def _is_high_res(body: Mapping[str, Any]) -> bool:
    beside = body.get("parameters")
    places = (body, beside) if isinstance(beside, Mapping) else (body,)
    return any(place.get("vl_high_resolution_images") is True for place in places)


class _Work:
    """A request on its way: what is found in it, and what has become of that so far."""

    def __init__(self, body: Body, view: View, own: OwnLimits) -> None:
        self.body, self.view, self.own = body, view, own
        media = list(find_media(body.value))
        self.read = [read_medium(medium, view) for medium in media if medium.url is not None]
        self.named = [medium for medium in media if medium.url is None]
        self.order = [medium.path for medium in media]
        self.kinds: list[MediumKind] = ["video" if one.is_frame else one.kind for one in media]
        self.dropped: list[tuple[Medium, MediumChange, Any]] = []
        types = (medium.type_path for medium in media if medium.type_path)
        body.look_up([*self.order, *types, *(medium.part for medium in media)])

    # Their number.

    @property
    def images(self) -> list[Medium]:
        """The images in the order of the document, those that are only named among them."""
        inside = {one.medium.path: one.medium for one in self.read if _is_image(one)}
        named = {one.path: one for one in self.named if one.kind == "image" and not one.is_frame}
        both = inside | named
        return [both[path] for path in self.order if path in both]

    def too_many(self) -> Finding | None:
        """Return what is told of too many images; `None` where there are not."""
        inside = any(map(_is_image, self.read))
        return too_many(len(self.images), self.view, self.own, inside=inside)

    def drop_oldest(self) -> None:
        """Put text in the place of the first images, as long as there are too many."""
        for medium in self.images:
            why = self.too_many()
            if why is None:
                return
            if text := dropped_part(medium, self.body.value, why):
                facts = next((one.was for one in self.read if one.medium == medium), None)
                self.dropped.append((medium, change_of(medium, "dropped", (why,), facts), text))
                self.read = [one for one in self.read if one.medium != medium]
                self.named = [one for one in self.named if one != medium]

    # Their bytes.

    def fit_each(self) -> None:
        """Make each medium fit its own limits."""
        self.came = self.read
        self.read = fit_media(self.came, self.own)

    def fit_body(self) -> None:
        """Make the largest media smaller, down to the same length, until the body is short enough.

        Where that cannot be reached nothing is made smaller for it.
        """
        most = self.own.max_body
        if most is None or (before := self.length(self.read)) <= most:
            return
        fitted, stuck = list(self.read), set[int]()
        while self.length(fitted) > most:
            lengths = list(map(self.length_of, fitted))
            room = most - self.length(fitted) + sum(lengths)
            level = water_level(lengths, stuck, room)
            tight = [place for place, length in enumerate(lengths) if length > level]
            tight = [place for place in tight if place not in stuck]
            if not tight or level <= 0:
                return
            came = [self.came[place] for place in tight]
            # Escapes and line breaks may be what makes a small file long.
            unders = [min(_bytes_of(level), one.facts.file_bytes) for one in came]
            for place, made in zip(tight, fit_media(came, self.own, unders), strict=True):
                if self.length_of(made) <= level:
                    fitted[place] = made
                else:
                    stuck.add(place)
        why = too_long(before, most)
        self.read = [
            one if one is was else replace(one, because=(*one.because, why))
            for one, was in zip(fitted, self.read, strict=True)
        ]

    def even_frames(self) -> None:
        """Bring the frames of each list to one size, where they had one."""
        done = {one.medium.path: one for one in self.read}
        for came in self._lists():
            if came[0].medium.is_frame:
                now = [done[one.medium.path] for one in came]
                even = of_one_size(came, now, self.own)
                done |= {one.medium.path: one for one in even}
        self.read = list(done.values())

    def length_of(self, one: FittedMedium) -> int:
        """Return the bytes that a medium takes in the body."""
        path = one.medium.path
        changed = one.changes().get(path)
        return self.body.length_of(path) if changed is None else len(changed) + 2

    def edits(self, media: Iterable[FittedMedium]) -> dict[JsonPath, Any]:
        """Return what stands in which place instead."""
        changed = {path: new for one in media for path, new in one.changes().items()}
        return changed | {medium.part: text for medium, _, text in self.dropped}

    def length(self, media: Iterable[FittedMedium]) -> int:
        """Return the bytes of the body with media as they stand."""
        return self.body.length(self.edits(media))

    # What is told.

    def result(self) -> FittedRequest[Given]:
        """Return the request as it now is."""
        changes = {one.medium.path: changed(one) for one in self.read if one.action != "unchanged"}
        changes |= {medium.path: change for medium, change, _ in self.dropped}
        return FittedRequest(
            body=self.body.replaced(self.edits(self.read)),
            model=self.view.model.name,
            changes=tuple(changes[path] for path in self.order if path in changes),
            left=tuple(self._left()),
            kinds=tuple(self.kinds),
            not_fetched=tuple(medium.name for medium in self.named),
            warnings=tuple(self._warnings()),
        )

    def _warnings(self) -> Iterator[str]:
        asked, model = self.body.value.get("model"), self.view.model
        if isinstance(asked, str) and not stands_for(asked, model):
            yield (
                f"it asks for {asked}, and is held to the limits of {model.name}; "
                "`model` names another"
            )

    def _left(self) -> Iterator[Finding]:
        yield from remaining(self._files(), self.view, self.own)
        if why := self.too_many():
            yield why
        most = self.own.max_body
        if most is not None and (length := self.length(self.read)) > most:
            yield too_long(length, most)

    def _files(self) -> list[FileFacts]:
        """Return what is known of the media inside, the frames of a list together."""
        done = {one.medium.path: one for one in self.read}
        lists = [[done[one.medium.path] for one in came] for came in self._lists()]
        return [_of_list(own) if own[0].medium.is_frame else own[0].facts for own in lists]

    def _lists(self) -> list[list[FittedMedium]]:
        """Return the media as they came, those of one list together, each other one alone."""
        lists: dict[JsonPath, list[FittedMedium]] = {}
        for one in self.came:
            lists.setdefault(one.medium.list_path or one.medium.path, []).append(one)
        return list(lists.values())


def _of_list(frames: Sequence[FittedMedium]) -> FileFacts:
    first = frames[0]
    facts = facts_of_list(first.medium.name, [one.facts for one in frames], first.view)
    return count_facts([facts], first.view)[0]


def _is_image(one: FittedMedium) -> bool:
    if one.medium.is_frame:
        return False
    return one.was.kind in ("image", "animation") or (
        one.was.kind == "unreadable" and one.medium.kind == "image"
    )


def water_level(lengths: Sequence[int], stuck: set[int], room: int) -> int:
    """Return the length to which the longest are to be cut so that all of them find room.

    Those that are stuck keep theirs. It is 0 or less where there is no room.

    >>> water_level([10, 50, 90], set(), 80)
    35
    >>> water_level([10, 50, 90], {2}, 120)
    20
    """
    room -= sum(lengths[place] for place in stuck)
    free = sorted(length for place, length in enumerate(lengths) if place not in stuck)
    for place, length in enumerate(free):
        share = room // (len(free) - place)
        if length > share:
            return share
        room -= length
    return max(free, default=0)


_AROUND = len('"data:image/jpeg;base64,"')


def _bytes_of(length: int) -> int:
    """Return the bytes that a file must stay under for its data URL to have no more characters."""
    return max(1, (length - _AROUND) // 4 * 3 + 1)


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
