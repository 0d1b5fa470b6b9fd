"""`vlprep events`: when in a video a model's answer is, and the frames of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command
from vlprep.cli.idle import say_unused
from vlprep.cli.inputs import read_answer, read_answers
from vlprep.cli.named import input_options, list_option, take_video
from vlprep.cli.options import bind, font_option, output_options, view_options
from vlprep.cli.render import print_json, print_table, say_error, say_warnings
from vlprep.cli.terminal import say
from vlprep.cli.text import safe
from vlprep.units import format_time

if TYPE_CHECKING:
    from vlprep.events.events import LocatedEvent, LocatedEvents


@click.command(name="events", cls=Command)
@click.argument("answer", metavar="ANSWER")
@input_options
@list_option
@click.option("-o", "--output", metavar="DIR", help="Write the frames of each event there.")
@click.option("--sheet", metavar="FILE", help="Draw the events under one another: .jpg, .png, ...")
@click.option(
    "--pieces",
    metavar="DIR",
    help="Take ANSWER for a JSON list, an answer for each part of a clip that `plan --pieces -o "
    "DIR` cut.",
)
@font_option
@view_options
@output_options
def command(
    answer: str,
    *,
    pieces: str | None,
    output: str | None,
    sheet: str | None,
    font: str | None,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Map the times in a model's answer to frames of the video, and write or draw them.

    ANSWER is a text file, - for stdin, or text with brackets: JSON with start_time, end_time and
    event, ranges such as 00:02 - 00:07 with what happens beside them, or times such as
    <12.5 seconds>; or the whole reply of an API with one of them in it. Times are seconds, mm:ss or
    hh:mm:ss, with a fraction or none.

    They count from the beginning of what the model was shown: from --start, where that is given.
    The options must be those of the request, for they say which frames the model saw. With --pieces
    plan.json in DIR says it; the events are on the whole clip, those that two parts tell of once.

    \b
    vlprep events answer.json clip.mp4 --model qwen3-vl-plus --sheet events.jpg
    """
    if font is not None and sheet is None:
        raise click.UsageError("--font goes with --sheet")
    source, clips = take_video(asked)
    if clips:
        raise click.UsageError("an answer is about one video; name one clip, or images")
    processor = bind(asked)
    say_unused(["video"])
    said = read_answer(answer) if pieces is None else read_answers(answer)
    found = processor.events(source, said, pieces=pieces)
    missing = 0
    if output is not None or sheet is not None:
        records = found.save(output, sheet=sheet, font=font, overwrite=force)
        missing = sum(event.seen.frame_count for event in found.events) - len(records)
    if as_json:
        print_json({**found.to_dict(), "output": output, "sheet": sheet})
    else:
        say(*_heading(found))
        rows = map(_row, enumerate(found.events, 1))
        print_table(HEADINGS, rows, left=2, prose=("event",), drop=("seen", "frames"))
        for place in filter(None, (output, sheet)):
            say(f"written to {safe(place)}")
        drawn = found.drawing_warnings(font=font) if sheet is not None else ()
        say_warnings(found.source, (*found.warnings, *drawn), processor)
    if missing:
        say_error(f"error: {found.source}: {missing} frames cannot be decoded and are missing")
    return EXIT_FAILED if missing else 0


HEADINGS = ("#", "event", "start", "end", "frames", "seen")


def _heading(found: LocatedEvents) -> Iterator[str]:
    start, end = found.span
    yield f"{safe(found.model)}, times of {safe(found.source)}, counted from {format_time(start)}"
    shown = f"shown {found.tokens.frames} frames up to {format_time(end)}"
    yield f"{shown}, one every {found.step_seconds:.3g} s: times are no finer than that"


def _row(numbered: tuple[int, LocatedEvent]) -> tuple[str, ...]:
    number, event = numbered
    frames = f"{event.frames[0]} to {event.frames[-1]}" if event.frames else "none"
    times = (format_time(event.start_seconds), format_time(event.end_seconds))
    return (str(number), event.text or "", *times, frames, str(event.seen.frame_count))
