"""`vlprep arrays`: the numbers that the encoder of open weights takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import click

from vlprep.choices import ArrayType
from vlprep.cli.command import Command
from vlprep.cli.idle import say_unused
from vlprep.cli.named import file_options, take_inputs
from vlprep.cli.options import (
    bind,
    choice_option,
    door_option,
    output_options,
    threads_option,
    view_options,
)
from vlprep.cli.render import heading, print_json, say_warnings
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.units import format_size

if TYPE_CHECKING:
    from vlprep.arrays.values import PixelValues
    from vlprep.count.files import Probed


@click.command(name="arrays", cls=Command)
@file_options
@click.option(
    "-o", "--output", metavar="OUT", required=True, help="Write .npz, .safetensors or .npy."
)
@choice_option("--dtype", get_args(ArrayType), "Write numbers of this type.", "float32")
@door_option
@choice_option(
    "--resample",
    ("fast", "reference"),
    "Scale frames by FFmpeg's bicubic filter, or as the reference does.",
    "reference",
)
@click.option("--tone-map", is_flag=True, help="Map HDR to the range of ordinary screens.")
@threads_option
@view_options
@output_options
def command(output: str, *, force: bool, as_json: bool, **asked: Any) -> int:
    """Write the patches that the encoder of open weights takes, equal to those of transformers.

    In the file are pixel_values and image_grid_thw of the images, pixel_values_videos and
    video_grid_thw of the videos. A folder is the media files in it; with --list all images are the
    frames of one video. bfloat16 is in .npz and .npy as its 16 bits. uint8 are bytes before they
    are normalised.

    \b
    vlprep arrays page.png clip.mp4 -m Qwen/Qwen3-VL-8B-Instruct -o inputs.safetensors
    """
    from vlprep.arrays.files import check_array_file
    from vlprep.count.files import probe_media
    from vlprep.types import ImageInfo

    processor, files = bind(asked), take_inputs(asked)
    probed = [probe_media(file, processor) for file in files]
    kinds = [isinstance(one.info, ImageInfo) for one in probed]
    say_unused("image" if kind else "video" for kind in kinds)
    check_array_file(output, both=len(set(kinds)) > 1, overwrite=force)
    images, videos = (
        [file for file, is_image in zip(files, kinds, strict=True) if is_image is wanted]
        for wanted in (True, False)
    )
    made = processor.arrays(images, videos, **asked)
    made.save(output, overwrite=force)
    if as_json:
        print_json({**made.to_dict(), "output": output})
        return 0
    say(heading(processor), *_report(made, probed, output))
    for part in made.parts:
        say_warnings(part.source, part.warnings, processor)
    say_warnings(output, made.own_warnings, processor)
    return 0


def _report(made: PixelValues, probed: list[Probed], output: str) -> Iterator[str]:
    for part in made.parts:
        steps, rows, columns = part.tokens.grid_thw
        yield (
            f"{safe(part.source)}: {format_size(part.tokens.resized)}, a grid of "
            f"{steps} x {rows} x {columns} patches, {thousands(part.tokens.total)} tokens"
        )
    rows, row = made.pixel_values.shape
    size = made.pixel_values.nbytes
    yield f"written to {safe(output)}: {thousands(rows)} x {row} {made.dtype}, {size / 1e6:,.1f} MB"
