"""Videos made for a test, whose frames carry their numbers as those of the fixtures do."""

import atexit
import shutil
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import av
import numpy as np

from tests.frames.test_stream import drawn_number
from vlprep import compress_video, count_tokens, read_frames

MODEL = "qwen3-vl-plus"
API = [MODEL, "qvq-max", "qwen3.7-plus"]
WEIGHTS = ["Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"]
VARIABLE = "variable"
UNEVEN = [tick for group in range(0, 400, 12) for tick in (group, group + 1, group + 7)]
RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]


def numbered(number, height=180, width=320):
    """A picture with some texture and movement, and its number as 16 blocks in the corner."""
    y, x = np.mgrid[:height, :width]
    waves = 128 + 60 * np.sin((x + 3 * number) / 9) + 60 * np.cos((y - number) / 7)
    picture = np.stack([waves, waves[::-1], 255 - waves], axis=-1).astype(np.uint8)
    block = width // 40
    bits = [int(bit) * 255 for bit in f"{number:016b}"]
    picture[:block, : 16 * block] = np.repeat(np.array(bits, np.uint8), block)[None, :, None]
    return picture


def write_film(path: Path, frames: int, rate: Fraction, *, ticks=None, height=180, width=320):
    """Write an H.264 MP4; `ticks` are the times of the frames in units of 1/rate, if uneven."""
    times = list(range(frames)) if ticks is None else list(ticks)[:frames]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        for number, tick in enumerate(times):
            picture = numbered(number, height, width)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = tick, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@cache
def film(rate, frames=None):
    """A video at a rate, or of a variable one; about 4.7 s, of which an odd number is sampled."""
    path = _films() / f"{rate}-{frames}.mp4".replace("/", "_")
    if rate == VARIABLE:
        return write_film(path, frames or 47, Fraction(30), ticks=UNEVEN)
    return write_film(path, frames or round(4.7 * rate), rate)


@cache
def _films():
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def numbers(path, model, **options):
    with read_frames(path, model, **options) as stream:
        return [drawn_number(frame.image) for frame in stream]


def moments(path, model, **options):
    return count_tokens(path, model, **options).tokens.plan.timestamps_seconds


def squeeze(source, target, model=MODEL, **options):
    """Compress to just under the source's length."""
    return compress_video(source, target, model, limit=source.stat().st_size, **options)
