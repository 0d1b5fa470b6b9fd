"""Shapes in tags: the special tokens of Qwen2-VL, XML points, QwenVL HTML and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

from vlprep.boxes.shapes import Notes, Shape, shapes_of
from vlprep.replies.spelling import excerpt, numbers_in, plain

# Special tokens, as of Qwen2-VL and before it of Qwen-VL.

_TOKENS = re.compile(
    r"(?:(?:<\|object_ref_start\|>|<\|?ref\|?>)(?P<label>[^<]*)(?:<\|object_ref_end\|>|<\|?/ref\|?>)\s*)?"
    r"<\|?(?P<kind>box|quad|point|det|bbox|poly(?:gon)?)(?:_start)?\|?>(?P<numbers>[^<]*)(?P<end><)?"
)


def read_tokens(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the shapes between `<|box_start|>` and `<|box_end|>`, and in the other such tokens."""
    label = None
    for match in _TOKENS.finditer(text):
        if match["label"] is not None:
            label = match["label"].strip()
        elif text[: match.start()].rstrip()[-1:] != ">":
            label = None  # several boxes in a row share the name before them
        if match["end"] is None and match["numbers"].rstrip()[-1:] not in _CLOSED:
            notes.cut_off = True  # a number may have lost its last digits
            continue
        numbers = numbers_in(match["numbers"])
        for few in [numbers] if match["kind"].startswith(("quad", "poly")) else _fours(numbers):
            yield from shapes_of(few, label, None, match[0], notes)


_CLOSED = (")", "]", "）", "］")


def numbers_of_tokens(text: str) -> str:
    """Return a text in which each run of tokens for single numbers is a list of them.

    As of Florence, and of fine-tunes with a token for each coordinate.

    >>> numbers_of_tokens("cat<loc_52><loc_332><loc_932><loc_774>")
    'cat(52,332,932,774)'
    >>> numbers_of_tokens("<|box_start|><0><35><980><987><|box_end|>")
    '<|box_start|>(0,35,980,987)<|box_end|>'
    """
    return _NUMBER_TOKENS.sub(lambda run: f"({','.join(re.findall(r'[0-9]+', run[0]))})", text)


_NUMBER_TOKENS = re.compile(r"(?:<(?:loc_)?\d{1,3}>){2,}", re.ASCII)


def _fours(numbers: list[float]) -> list[list[float]]:
    """Return the numbers of each box, of those that stand in one pair of tokens."""
    if not numbers or len(numbers) % 4:
        return [numbers]
    return [numbers[place : place + 4] for place in range(0, len(numbers), 4)]


# Points as XML elements, the form that the guides recommend.

_POINT_TAG = re.compile(r"<points?\b(?P<given>[^<>]*)(?:(?P<end>>)(?P<inside>[^<]*))?")
_COORDINATE = re.compile(
    r"\b(?P<axis>[xy])(?P<number>\d*)\s*=\s*(?P<quote>\\?[\"']?)\s*(?P<value>-?\d+(?:\.\d+)?)"
    r"\s*(?:(?P=quote)|(?=%))(?=[\s/%]|$)",
    re.ASCII,
)
_ALT = re.compile(r"\balt\s*=\s*(\\?[\"'])(?P<alt>.*?)\1", re.DOTALL)


def read_xml(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield one point for each pair of xN and yN; the label is `alt`, else the text inside."""
    for match in _POINT_TAG.finditer(text):
        if match["end"] is None:
            notes.cut_off = True
        alt = _ALT.search(match["given"])
        label = unescape(alt["alt"] if alt else (match["inside"] or "")).strip()
        yield from _paired(match["given"], label, notes)


def _paired(given: str, label: str, notes: Notes) -> Iterator[Shape]:
    sides: dict[str, dict[str, float]] = {}
    for match in _COORDINATE.finditer(plain(given)):
        sides.setdefault(match["number"], {})[match["axis"]] = float(match["value"])
    for pair in sides.values():
        if len(pair) == 2:
            yield from shapes_of((pair["x"], pair["y"]), label, None, excerpt(given), notes)
        else:
            notes.odd.append(excerpt(given))


# QwenVL HTML: elements with their place as an attribute.


class _Places(HTMLParser):
    """Collects the elements that have a place, each with the text inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _IMPLIED and self._open and self._open[-1][0] == tag:
            self._open.pop()  # the next one ends it, as in any HTML
        words: list[str] = []
        given = {name: value or "" for name, value in attrs}
        label = " ".join(filter(None, (tag, given.get("class"))))
        for name in ("data-bbox", "data-polygon"):
            if name in given:
                self.found.append((label, given[name], words))
        if tag not in _VOID:
            self._open.append((tag, words))

    def handle_data(self, data: str) -> None:
        for _, words in self._open[-_DEEPEST:]:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, max(len(self._open) - _DEEPEST, 0) - 1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return


_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_IMPLIED = frozenset({"p", "li", "td", "th", "tr"})
_DEEPEST = 64  # elements that a text counts for; only hostile answers nest deeper


_HAS_PLACES = re.compile("data-(?:bbox|polygon)", re.IGNORECASE)


def read_html(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the elements with `data-bbox` or `data-polygon`, named by their tag and class."""
    if not _HAS_PLACES.search(text):
        return
    places = _Places()
    places.feed(text.replace('\\"', '"'))
    notes.cut_off |= bool(places.rawdata.strip().startswith("<"))  # a tag that never ended
    for label, value, words in places.found:
        inside = " ".join("".join(words).split())
        yield from shapes_of(numbers_in(value), label, inside, repr(value), notes)


# QwenVL Markdown: places of images and tables as comments.

_COMMENT = re.compile(r"<!--\s*(?P<label>\w[\w ]*?)\s*\((?P<numbers>[-\d.,\s]+)\)\s*-->")


def read_markdown(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the places in comments, each named by the word before its numbers."""
    for match in _COMMENT.finditer(text):
        numbers = numbers_in(match["numbers"])
        yield from shapes_of(numbers, match["label"], None, match[0], notes)
