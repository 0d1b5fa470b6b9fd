"""What the model sees of each row: the frames of a video, or the arrays that it takes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar

from vlprep.batch.operator import RowOperator
from vlprep.batch.tables import Columns, Row
from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.media.source import at_hand
from vlprep.types import ImageInfo

if TYPE_CHECKING:
    from vlprep.arrays.values import PixelValues as Arrays


class SampleFrames(RowOperator):
    """Read the frames that the model sees of each row's video, as pictures in a list.

    `format` is "jpg", "png" or "webp". The other keywords are those of `read_frames`; one thread
    decodes, as engines run several of these side by side.

    >>> done = SampleFrames("qwen3-vl-plus", fps=1)({"path": ["fixtures/street.mp4"]})
    >>> len(done["images"][0]), done["timestamps"][0][:3]
    (10, [0.0, 1.0, 2.0])
    """

    __slots__ = ()

    columns: ClassVar[Columns] = {
        "height": "int64",
        "width": "int64",
        "tokens": "int64",
        "sample_fps": "float64",
        "numbers": "list<int64>",
        "timestamps": "list<float64>",
        "images": "list<binary>",
        "warnings": "list<string>",
    }

    def _row(self, source: Any) -> Row:
        from vlprep.frames.stream import stream_frames
        from vlprep.output.encode import encode_picture, picture_format

        asked = {"threads": 1, **dict(self.settings)}
        form = picture_format(f"frame.{asked.pop('format', 'jpg')}")
        with closing(stream_frames(source, self.view, **asked)) as stream:
            frames = [
                (frame.number, frame.timestamp_seconds, encode_picture(frame.image, form))
                for frame in stream
            ]
            stream.require(frames)
        numbers, times, images = (list(part) for part in zip(*frames, strict=True))
        return {
            "height": stream.tokens.resized.height,
            "width": stream.tokens.resized.width,
            "tokens": stream.tokens.total,
            "sample_fps": stream.plan.sample_fps,
            "numbers": numbers,
            "timestamps": times,
            "images": images,
            "warnings": list(stream.warnings),
        }

    def _keywords(self) -> frozenset[str]:
        from vlprep.frames.stream import FrameKeywords

        return frozenset((*FrameKeywords.__annotations__, "format"))

    def _try(self) -> None:
        from vlprep.output.encode import picture_format

        picture_format(f"frame.{dict(self.settings).get('format', 'jpg')}")


class PixelValues(RowOperator):
    """Make the arrays that an open model takes of each row's image or video.

    A cell of `pixel_values` is the bytes of an array of `shape`, patches x numbers of a patch, in
    rows: `numpy.frombuffer(cell, dtype).reshape(shape)`, with bfloat16 as its 16 bits in uint16.
    The keywords are those of `pixel_values`, and one thread works unless told otherwise.

    >>> done = PixelValues("Qwen/Qwen3-VL-8B-Instruct")({"path": ["fixtures/photo.jpg"]})
    >>> done["shape"], done["grid_thw"], done["tokens"]
    ([[1200, 1536]], [[1, 30, 40]], [302])
    """

    __slots__ = ()

    columns: ClassVar[Columns] = {
        "kind": "string",
        "tokens": "int64",
        "grid_thw": "list<int64>",
        "shape": "list<int64>",
        "dtype": "string",
        "pixel_values": "binary",
        "timestamps": "list<float64>",
        "warnings": "list<string>",
    }

    def _row(self, source: Any) -> Row:
        from vlprep.arrays.arrays import make_arrays
        from vlprep.media.probe import probe

        asked = {"threads": 1, **dict(self.settings)}
        found = as_frame_list(source)
        if isinstance(found, FrameList):
            return _made(make_arrays((), [found], self.view, **asked))
        with at_hand(found) as item:
            if isinstance(probe(item), ImageInfo):
                return _made(make_arrays([item], (), self.view, **asked))
            return _made(make_arrays((), [item], self.view, **asked))

    def _keywords(self) -> frozenset[str]:
        from vlprep.arrays.arrays import ArrayKeywords

        return frozenset(ArrayKeywords.__annotations__) - {"out"}

    def _try(self) -> None:
        from vlprep.arrays.arrays import Making

        asked = dict(self.settings)
        dtype, resample = asked.get("dtype", "float32"), asked.get("resample", "reference")
        making = Making(self.view, dtype, asked.get("door"), resample, False, 1)
        making.encoding(self.view.image_rule)


def _made(made: Arrays) -> Row:
    (part,) = made.parts
    return {
        "kind": part.kind,
        "tokens": part.tokens.total,
        "grid_thw": made.grid_thw[0].tolist(),
        "shape": list(made.pixel_values.shape),
        "dtype": str(made.pixel_values.dtype),
        "pixel_values": made.pixel_values.tobytes(),
        "timestamps": list(part.timestamps_seconds) or None,
        "warnings": [*part.warnings, *part.tokens.warnings, *made.own_warnings],
    }
