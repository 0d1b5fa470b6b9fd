"""Screencasts and slide talks made for a test, with the truth beside them.

Each film is 640x360 or upright, at 10 frames a second, and says when its states are on show. What
is drawn depends on its name alone, so that a film is the same every time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FPS = 10
PAPER, INK = (246, 246, 242), (30, 30, 36)
WORDS = [
    *("model", "frame", "token", "image", "budget", "video", "picture", "pixel", "window"),
    *("server", "answer", "lesson"),
]


@dataclass
class Film:
    """Pictures by time, and what is to be seen of them."""

    name: str
    seconds: float
    states: list[tuple[float, float]]
    """From when until when each state is on show, without the way to it."""
    draw: Callable[[float], np.ndarray]
    size: tuple[int, int] = (360, 640)
    shown: Callable[[int], bool] = field(default=lambda number: True)
    """Which of the frames are written; the others' time belongs to the one before."""

    def write(self, path: Path) -> Path:
        """Write an H.264 MP4, as recorders do."""
        with av.open(str(path), "w") as output:
            options = {"preset": "veryfast", "crf": "23"}
            stream = output.add_stream("libx264", rate=FPS, options=options)
            stream.height, stream.width = self.size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, FPS)
            for number in range(round(self.seconds * FPS)):
                if self.shown(number):
                    frame = av.VideoFrame.from_ndarray(self.draw(number / FPS), format="rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, FPS)
                    output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    def seen(self, moments: Sequence[float]) -> int:
        """Return how many states at least one of the moments shows."""
        return sum(
            any(start - 1e-6 <= moment < end - 1e-6 for moment in moments)
            for start, end in self.states
        )


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def _states(times: Sequence[float], seconds: float) -> list[tuple[float, float]]:
    return list(zip(times, [*times[1:], seconds], strict=True))


def _line(rng: np.random.Generator) -> str:
    return "$ " + " ".join(rng.choice(WORDS, rng.integers(3, 8)))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _slide(rng: np.random.Generator, size=(360, 640)) -> np.ndarray:
    """A title and some lines on light paper."""
    page = Image.new("RGB", size[::-1], PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((30, 24), " ".join(rng.choice(WORDS, 3)), fill=(20, 60, 120), font=_font(28))
    for row in range(rng.integers(3, 7)):
        text = "- " + " ".join(rng.choice(WORDS, rng.integers(3, 7)))
        pen.text((40, 80 + 36 * row), text, fill=INK, font=_font(18))
    left, top = rng.integers(60, 400), rng.integers(230, 280)
    colour = tuple(int(value) for value in rng.integers(60, 220, 3))
    pen.rectangle((left, top, left + 120, top + 50), fill=colour)
    return np.asarray(page)


def _terminal(lines: Sequence[str], size=(360, 640)) -> np.ndarray:
    page = Image.new("RGB", size[::-1], (24, 24, 28))
    pen = ImageDraw.Draw(page)
    for row, line in enumerate(lines):
        pen.text((12, 10 + 22 * row), line, fill=(220, 220, 210), font=_font(14))
    return np.asarray(page)


def _blinking(picture: np.ndarray, row: int, text: str, t: float, half: float = 0.53) -> np.ndarray:
    """Draw a cursor behind a line, which goes on and off."""
    if int(t / half) % 2:
        return picture
    picture = picture.copy()
    left = 14 + int(_font(14).getlength(text))
    picture[10 + 22 * row : 28 + 22 * row, left : left + 8] = 220
    return picture


def _webcam(picture: np.ndarray, t: float, height: int, width: int) -> np.ndarray:
    """Lay a patch in a corner in which all moves, with the noise of a sensor."""
    picture = picture.copy()
    y, x = np.mgrid[:height, :width]
    away = np.hypot(y - height / 2 - 6 * np.sin(2 * t), x - width / 2 - 12 * np.sin(3 * t))
    patch = 90 + 90 * (away < height / 3) + 20 * np.sin(x / 9 + 4 * t)
    noise = np.random.default_rng(int(10 * t)).normal(0, 12, (height, width, 3))
    picture[-height:, -width:] = np.clip(patch[..., None] + noise, 0, 255)
    return picture


def _typed(name: str, times: Sequence[float], seconds: float, webcam=None, size=(360, 640)) -> Film:
    """Whole lines that appear behind a blinking cursor; the screen is cleared when it is full."""
    rng, rows = _rng(name), size[0] // 22 - 2
    lines = [_line(rng) for _ in times]

    @cache
    def page(count: int) -> np.ndarray:
        return _terminal(
            lines[count - count % rows if count % rows else max(count - rows, 0) : count], size
        )

    def draw(t: float) -> np.ndarray:
        count = sum(time <= t + 1e-6 for time in times)
        on_page = count % rows or min(count, rows)
        picture = _blinking(page(count), on_page, "", t)
        return picture if webcam is None else _webcam(picture, t, *webcam)

    return Film(name, seconds, _states(times, seconds), draw, size)


def _letters() -> Film:
    """Text that grows letter by letter in bursts; what counts is how each ends."""
    rng = _rng("letters")
    starts = [4.0, 12.0, 21.0, 30.0, 36.0, 47.0, 58.0, 65.0, 76.0, 85.0]
    lines = [_line(rng) for _ in starts]
    ends = [start + len(line) / 10 for start, line in zip(starts, lines, strict=True)]

    def draw(t: float) -> np.ndarray:
        shown = [
            line[: max(int((t - start) * 10 + 1e-6), 0)]
            for start, line in zip(starts, lines, strict=True)
            if t >= start - 1e-6
        ]
        row = max(len(shown) - 1, 0)
        return _blinking(_terminal(shown), row, shown[-1] if shown else "", t)

    states = list(zip(ends, [*starts[1:], 92.0], strict=True))
    return Film("letters", 92, states, draw)


def _cuts(name: str, times: Sequence[float], seconds: float, size=(360, 640), laid=None) -> Film:
    """Slides that follow each other without a way between; `laid` is drawn on all."""
    rng = _rng(name)
    slides = [_slide(rng, size) for _ in range(len(times) + 1)]

    def draw(t: float) -> np.ndarray:
        slide = slides[sum(time <= t + 1e-6 for time in times)]
        return slide if laid is None else laid(slide, t)

    return Film(name, seconds, _states([0.0, *times], seconds), draw, size)


def _fades() -> Film:
    """Slides that fade into each other, in half a second to ten."""
    rng, lengths = _rng("fades"), [0.5, 1, 2, 5, 10, 0.5, 1, 2, 5, 10]
    slides = [_slide(rng) for _ in range(len(lengths) + 1)]
    starts, t = [], 6.0
    for length in lengths:
        starts.append(t)
        t += length + 6
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]

    def draw(t: float) -> np.ndarray:
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if t < start:
                return slides[number]
            if t < end:
                part = (t - start) / (end - start)
                mixed = slides[number] * (1 - part) + slides[number + 1] * part
                return np.rint(mixed).astype(np.uint8)
        return slides[-1]

    return Film("fades", t, list(zip([0.0, *ends], [*starts, t], strict=True)), draw)


def _scroll(name: str, times: Sequence[float], seconds: float) -> Film:
    """A full terminal that moves up by some lines at once."""
    rng = _rng(name)
    lines = [_line(rng) for _ in range(15 + 3 * len(times))]

    def draw(t: float) -> np.ndarray:
        count = sum(time <= t + 1e-6 for time in times)
        return pages[count]

    pages = [_terminal(lines[3 * k : 3 * k + 15]) for k in range(len(times) + 1)]
    return Film(name, seconds, _states([0.0, *times], seconds), draw)


def _smooth_scroll() -> Film:
    """A page of text that moves for six seconds and rests for six."""
    rng = _rng("smooth scroll")
    tall = np.concatenate([_slide(rng) for _ in range(10)])

    def draw(t: float) -> np.ndarray:
        turn, rest = divmod(t, 12)
        top = int(360 * turn + 60 * max(rest - 6, 0))
        return tall[top : top + 360]

    states = [(12.0 * k, 12.0 * k + 6) for k in range(8)]
    return Film("smooth scroll", 96, states, draw)


def _clock(slide: np.ndarray, t: float) -> np.ndarray:
    page = Image.fromarray(slide)
    text = f"10:{int(t) // 60 + 14:02}:{int(t) % 60:02}"
    ImageDraw.Draw(page).text((540, 8), text, fill=INK, font=_font(18))
    return np.asarray(page)


def _black(slide: np.ndarray, t: float) -> np.ndarray:
    """Go black for a moment now and then, and once for three seconds."""
    blank = any(at <= t < at + 0.3 for at in (12, 33, 55)) or 70 <= t < 73
    return np.zeros_like(slide) if blank else slide


def _returning() -> Film:
    """Slides A, B and A again, and so on: what comes back is a state of its own."""
    film = _cuts("a-b-a", [8, 15, 24, 31, 38, 47, 54, 63, 70, 79], 88)
    rng = _rng("a-b-a")
    both = [_slide(rng), _slide(rng)]
    starts = [start for start, _ in film.states]
    film.draw = lambda t: both[(sum(start <= t + 1e-6 for start in starts) - 1) % 2]
    return film


def _subject() -> Film:
    """A slide over which a square of half a percent passes now and then, within three seconds."""
    slide, starts = _slide(_rng("subject")), (10, 27, 49, 66)

    def draw(t: float) -> np.ndarray:
        picture = slide.copy()
        for start in starts:
            if start <= t < start + 3:
                left = int((t - start) * 200)
                picture[150:184, left : left + 34] = (200, 40, 40)
        return picture

    return Film("subject", 80, [(float(start), start + 3.0) for start in starts], draw)


def _cursor_only() -> Film:
    page = _terminal(["$ "])
    return Film("cursor only", 60, [(0.0, 60.0)], lambda t: _blinking(page, 0, "$ ", t, 0.5))


def _still() -> Film:
    page = _slide(_rng("still"))
    return Film("still", 60, [(0.0, 60.0)], lambda t: page)


def _uneven() -> Film:
    """Slides by a recorder that writes a frame only where something changes."""
    film = _cuts("variable rate", [9, 15.3, 21, 30, 36.2, 44, 50, 71, 78], 90)
    written = {0, 899, *(round(start * FPS) for start, _ in film.states), *range(300, 340)}
    film.shown = lambda number: number in written
    return film


REGULAR = [5.0 + 6 * k for k in range(14)]
IRREGULAR = [
    *(3, 4.2, 5.1, 6.3, 12, 20.4, 21.5, 22.3, 23.4, 41.2, 47, 48.1, 49.3, 50.2, 57.8, 66, 75.1),
    *(76.2, 90.5),
]  # fmt: skip

FILMS: dict[str, Callable[[], Film]] = {
    "typed evenly": lambda: _typed("typed evenly", REGULAR, 90),
    "typed in bursts": lambda: _typed("typed in bursts", IRREGULAR, 100),
    "letters": _letters,
    "cuts": lambda: _cuts("cuts", [4 + 5.7 * k for k in range(14)], 88),
    "fades": _fades,
    "scroll": lambda: _scroll("scroll", [4, 9, 11.5, 19, 27, 29, 38, 45, 52, 61, 70, 78], 88),
    "webcam of 2 %": lambda: _typed("webcam of 2 %", REGULAR, 90, webcam=(50, 92)),
    "webcam of 25 %": lambda: _cuts(
        "webcam of 25 %", [4 + 6.3 * k for k in range(13)], 88,
        laid=lambda slide, t: _webcam(slide, t, 180, 320),
    ),
    "clock": lambda: _cuts("clock", [5 + 6.1 * k for k in range(13)], 88, laid=_clock),
    "a-b-a": _returning,
    "portrait": lambda: _cuts(
        "portrait", [4 + 6.2 * k for k in range(13)], 88, size=(640, 360)
    ),
    "smooth scroll": _smooth_scroll,
    "black": lambda: _cuts("black", [20, 40, 60, 80], 90, laid=_black),
    "subject": _subject,
    "cursor only": _cursor_only,
    "still": _still,
    "variable rate": _uneven,
}  # fmt: skip
"""By name; each is drawn when it is asked for."""

SCREENCASTS = (
    "typed evenly", "typed in bursts", "letters", "cuts", "fades", "scroll", "webcam of 2 %",
    "webcam of 25 %", "clock", "a-b-a",
)  # fmt: skip
"""The ten by which picking is measured."""
