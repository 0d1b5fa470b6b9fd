"""`vlprep frames`: the frames that a model sees, as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from vlprep.choices import PATIENCE_SECONDS
from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command
from vlprep.cli.idle import say_unused
from vlprep.cli.named import input_options, list_option, take_video
from vlprep.cli.options import (
    BYTES,
    SECONDS,
    bind,
    budget_option,
    choice_option,
    font_option,
    output_options,
    take_share,
    threads_option,
    view_options,
)
from vlprep.cli.picking import look_options, pick_of, picked_lines, take_picking
from vlprep.cli.progress import track, tracking
from vlprep.cli.render import (
    counted_of,
    document,
    heading,
    print_json,
    print_table,
    report_problems,
    rows_of,
    say_warnings,
)
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.units import format_size, plural

if TYPE_CHECKING:
    from vlprep.count.files import MediaFailure
    from vlprep.frames.files import FrameFormat, FrameRecord
    from vlprep.frames.many import SavedClip
    from vlprep.frames.stream import FrameStream
    from vlprep.view import View


@click.command(name="frames", cls=Command)
@input_options
@click.option("-o", "--output", metavar="DIR", help="Write the frames and a manifest there.")
@choice_option(
    "--format",
    ("jpg", "png", "npy"),
    "Write a picture each, or one array of frames x height x width x 3.",
    "jpg",
)
@click.option("--sheet", metavar="FILE", help="Draw a contact sheet: .jpg, .png or .webp.")
@font_option
@list_option
@view_options
@look_options
@budget_option
@choice_option(
    "--resample",
    ("fast", "reference"),
    "Scale by FFmpeg's bicubic filter, or to the pixels of transformers.",
    "fast",
)
@click.option("--tone-map", is_flag=True, help="Map HDR to the range of ordinary screens.")
@threads_option
@click.option("--memory", type=BYTES, help="Let frames wait in so many bytes; 250MB by default.")
@click.option(
    "--patience",
    "patience_seconds",
    type=SECONDS,
    help=f"Wait so long for one frame, by default {PATIENCE_SECONDS:.0f} s; 0 is no limit.",
)
@click.option("--dry-run", is_flag=True, help="Tell the moments and the cost; write nothing.")
@output_options
def command(
    *,
    output: str | None,
    format: FrameFormat,
    sheet: str | None,
    font: str | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Write the very frames that `tokens` counts, at the size that the model sees.

    They are named by their place and their time; manifest.json lists them with their moments and
    what they cost. Everything appears when all is done, or nothing does. A folder is the media
    files in it. Images without a clip among them, or with --list, are the frames of one video,
    --fps of them a second.

    Several clips are read side by side, each into a folder of its own in DIR. One that cannot be
    read is named with its reason, the others are written, and the exit code is 1.

    With --pick the frames are those of each clip in which something happens, within --max-frames
    and --budget, counted as a list of images; --dry-run then looks for them and writes nothing.
    --drop-duplicates leaves out what equals the last frame kept, of those spread evenly.

    \b
    vlprep frames clip.mp4 --fps 1 -o frames --sheet sheet.jpg
    vlprep frames talk.mp4 --pick changes --max-gap 15 -o frames
    vlprep frames *.mp4 --fps 1 -o frames
    """
    from vlprep.frames.many import save_many
    from vlprep.pick.pick import save_picks

    source, clips = take_video(asked)
    _check_outputs(output, sheet, font, dry_run, is_one=not clips)
    processor = bind(asked)
    say_unused(["video"])
    take_share(asked, processor)
    picking = take_picking(asked, budget=True)
    if clips and output is not None:
        how = {"format": format, "overwrite": force, **asked}
        how |= {} if picking is None else {"pick": picking}
        save_all = save_many if picking is None else save_picks
        made = save_all(clips, output, processor, **how)
        watched = track(made, len(clips), "reading clips", clips)
        return _report_many(list(watched), processor, as_json)
    picked = None
    if picking is None:
        stream = processor.frames(source, **asked)
    else:
        picked, stream = pick_of(source, processor, picking, asked)
    said = [] if picked is None else list(picked_lines(picked))
    if dry_run:
        return _tell(stream, processor, as_json, said)
    records = stream.save(
        output,
        format=format,
        sheet=sheet,
        font=font,
        overwrite=force,
        watch=tracking(stream.source),
    )
    if as_json:
        print_json(stream.to_dict(records))
    else:
        say(*_report(stream, processor, len(records)), *said, *_written(records, output, sheet))
        say_warnings(stream.source, stream.warnings, processor)
    return EXIT_FAILED if stream.missing else 0


def _check_outputs(
    output: str | None, sheet: str | None, font: str | None, dry_run: bool, *, is_one: bool
) -> None:
    if output is None and sheet is None and not dry_run:
        raise click.UsageError(
            "say where to: -o DIR for the frames, --sheet FILE for a sheet; --dry-run lists them"
        )
    if font is not None and sheet is None:
        raise click.UsageError("--font goes with --sheet")
    if not is_one and (output is None or sheet is not None or dry_run):
        raise click.UsageError("several clips go to -o DIR; --sheet and --dry-run are for one")


def _tell(stream: FrameStream, view: View, as_json: bool, said: list[str]) -> int:
    """Tell what would be read; `said` is what is to be said of it beside."""
    moments = list(stream.plan.timestamps_seconds)
    if as_json:
        told = stream.to_dict()
        for what_came in ("files", "missing_frames"):
            del told[what_came]
        print_json({**told, "timestamps_seconds": moments})
    else:
        first, *more = (f"{moment:.3f}" for moment in moments)
        say(*_report(stream, view, len(moments)), *said)
        say(f"at {first} s" if not more else f"at {first}, {', '.join(more)} s")
        say_warnings(stream.source, stream.warnings, view)
    return 0


def _report_many(clips: list[SavedClip | MediaFailure], view: View, as_json: bool) -> int:
    from vlprep.frames.many import SavedClip

    saved = [clip for clip in clips if isinstance(clip, SavedClip)]
    if as_json:
        print_json(document("clips", view, items=[clip.to_dict() for clip in clips]))
    else:
        say(heading(view))
        if saved:
            rows = rows_of(clips, HEADINGS, _row)
            print_table(HEADINGS, rows, left=2, names=HEADINGS[:2], drop=MAY_GO)
    code = report_problems(clips, None if as_json else view)
    if saved and not as_json:
        frames = plural(sum(len(clip.records) for clip in saved), "frame")
        say("", f"{frames} of {counted_of(len(saved), len(clips), 'clip')}")
    return EXIT_FAILED if any(clip.stream.missing for clip in saved) else code


HEADINGS = ("clip", "written to", "frames", "width×height", "tokens")
MAY_GO = ("width×height", "frames", "written to")


def _row(clip: SavedClip) -> tuple[str, ...]:
    tokens = clip.stream.tokens
    seen, total = format_size(tokens.resized), thousands(tokens.total)
    return clip.source, clip.folder, thousands(len(clip.records)), seen, total


def _report(stream: FrameStream, view: View, frames: int) -> tuple[str, str]:
    tokens = stream.tokens
    return (
        heading(view),
        f"{plural(frames, 'frame')} of {safe(stream.source)}, each seen as "
        f"{format_size(tokens.resized)}; together {thousands(tokens.total)} tokens",
    )


def _written(records: list[FrameRecord], output: str | None, sheet: str | None) -> Iterator[str]:
    if output is not None:
        files = list(dict.fromkeys(str(record.file) for record in records))
        span = files[0] if len(files) == 1 else f"{files[0]} to {files[-1]}"
        yield f"written to {safe(output)}: {span}, manifest.json"
    if sheet is not None:
        yield f"contact sheet: {safe(sheet)}"
