"""Every exception that vlprep raises on purpose.

```
VlprepError
├─ UnknownModelError        (LookupError)   .name .suggestions
├─ UnknownFactError         (LookupError)   .model .fact
│  └─ NotBuiltError                         known, and not built here
├─ ModelFileError           (ValueError)    .path
├─ MissingPackageError      (ImportError)   .package .extra
├─ WorkerError              (RuntimeError)  no process can be had to work in
├─ CheckError                               .problems .findings
├─ AnswerError              (ValueError)    a model's answer without what is looked for
├─ MediaError                               .source
│  ├─ UnsupportedFormatError (ValueError)   .format
│  │  ├─ AudioOnlyError                     .has_cover
│  │  ├─ UnknownCodecError                  .codec
│  │  └─ EncryptedMediaError
│  ├─ DecodeError            (ValueError)   damaged or cut off; the cause is chained
│  │  ├─ EmptyFileError
│  │  └─ TruncatedFileError                 .promised .present
│  ├─ FetchError                            .status; a remote file cannot be fetched
│  │  └─ AddressError                       of a host or a scheme that is not asked
│  ├─ TimeLimitError                        .seconds
│  ├─ MemoryLimitError                      .size
│  └─ MissingMetadataError   (ValueError)   .field
└─ ConstraintError          (ValueError)    the request cannot be met as stated
   ├─ ResizeError                           .size
   ├─ AspectRatioError                      .size .limit
   ├─ SafetyLimitError                      .source .name .found .limit
   │  ├─ PixelLimitError                    .pixels
   │  └─ FrameLimitError
   ├─ FrameCountError                       .requested .available
   ├─ BudgetError                           .needed .available
   └─ ByteLimitError                        .limit .smallest
```

A missing file stays `FileNotFoundError`; misuse of a Python argument stays `ValueError` or
`TypeError`. Each class has a `code`, the stable word that machine-readable output carries. A
message says what was found, what was wanted, and what to do.
"""

from __future__ import annotations

import copyreg
from collections.abc import Sequence
from typing import ClassVar


class VlprepError(Exception):
    """Base of everything vlprep raises on purpose."""

    code: ClassVar[str] = "error"

    def __reduce__(self) -> tuple[object, ...]:
        # Pickled by its fields, not its arguments: batch workers send these between processes.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # pickle's


class UnknownModelError(VlprepError, LookupError):
    """No model of that name is in the catalogue; `suggestions` are the nearest names.

    `is_path` is whether a file or a folder has that name.
    """

    code = "unknown_model"

    def __init__(
        self, name: str, suggestions: Sequence[str] = (), *, is_path: bool = False
    ) -> None:
        self.name, self.suggestions, self.is_path = name, tuple(suggestions), is_path
        near = f" Did you mean {' or '.join(self.suggestions)}?" if suggestions else ""
        remedy = "`list_models` lists the names; `load_model_file` reads numbers of your own."
        if is_path:
            near, remedy = "", "It is a path, which `load_model_file` reads."
        super().__init__(f"unknown model {name!r}.{near} {remedy}")


class UnknownFactError(VlprepError, LookupError):
    """The question needs a number of `model` that no source states."""

    code = "unknown_fact"

    def __init__(self, model: str, fact: str, remedy: str) -> None:
        self.model, self.fact, self.remedy = model, fact, remedy
        super().__init__(f"{model}: no source states {fact}; {remedy}")


class NotBuiltError(UnknownFactError):
    """The question needs a rule that a source states and that is not built here."""

    code = "not_built"

    def __init__(self, model: str, fact: str, remedy: str) -> None:
        super().__init__(model, fact, remedy)
        self.args = (f"{model}: {fact} is not built; {remedy}",)


class ModelFileError(VlprepError, ValueError):
    """A model file does not follow the schema; the message names the key."""

    code = "model_file"

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class MissingPackageError(VlprepError, ImportError):
    """A package is not installed that an extra of vlprep brings: `package`, `extra`."""

    code = "missing_package"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; pip install 'vlprep[{extra}]' brings it")
        self.package = package
        self.extra = extra


class WorkerError(VlprepError, RuntimeError):
    """A process in which files are worked at cannot begin."""

    code = "no_worker"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"no process can be had to work in ({reason}); `workers` asks for fewer, and `resume` "
            "goes on with what is finished"
        )


class CheckError(VlprepError):
    """The check of what is to be sent found errors; `problems` names each, with its remedy.

    `findings` are the same as the check reports them.
    """

    code = "check_failed"

    def __init__(self, problems: Sequence[str], findings: Sequence[object] = ()) -> None:
        self.problems, self.findings = tuple(problems), tuple(findings)
        count, all_of_them = len(self.problems), "; ".join(self.problems)
        found = f"{count} error{'s' * (count != 1)}: {all_of_them}"
        super().__init__(f"the check found {found} (`check=False` goes on all the same)")


class AnswerError(VlprepError, ValueError):
    """A model's answer has no places or times in it, or none that can be read."""

    code = "answer"


class MediaError(VlprepError):
    """Something about one image or video file, named by `source`."""

    code = "media"

    def __init__(self, source: str, problem: str) -> None:
        self.source, self.problem = source, problem
        super().__init__(f"{source}: {problem}")


class UnsupportedFormatError(MediaError, ValueError):
    """The content is not a kind of image or video that vlprep reads."""

    code = "unsupported_format"

    def __init__(self, source: str, problem: str, *, format: str | None = None) -> None:
        super().__init__(source, problem)
        self.format = format


class AudioOnlyError(UnsupportedFormatError):
    """The file has sound but no video; a cover picture is not a video."""

    code = "audio_only"

    def __init__(self, source: str, *, format: str | None, has_cover: bool) -> None:
        cover = " (its cover picture is not a video)" if has_cover else ""
        super().__init__(source, f"audio file without a video stream{cover}", format=format)
        self.has_cover = has_cover


class UnknownCodecError(UnsupportedFormatError):
    """The container is fine, but no decoder knows its video codec; `codec` is `None` if unnamed."""

    code = "unknown_codec"

    def __init__(self, source: str, *, format: str | None, codec: str | None) -> None:
        name = "the video codec" if codec is None else f"video codec {codec!r}"
        problem = f"{name} has no decoder here; convert the file to H.264"
        super().__init__(source, problem, format=format)
        self.codec = codec


class EncryptedMediaError(UnsupportedFormatError):
    """The video stream is encrypted (DRM), or a PDF opens with a password only."""

    code = "encrypted"


class DecodeError(MediaError, ValueError):
    """The file is damaged or cut off; the reader's own error is chained."""

    code = "damaged"


class EmptyFileError(DecodeError):
    """The file has no bytes."""

    code = "empty_file"

    def __init__(self, source: str) -> None:
        super().__init__(source, "empty file (0 bytes)")


class TruncatedFileError(DecodeError):
    """The header promises more frames than the file holds."""

    code = "truncated"

    def __init__(self, source: str, *, promised: int, present: int) -> None:
        frames = f"the header promises {promised:,} frames, the file holds {present:,}"
        super().__init__(source, f"cut off: {frames}; fetch it again")
        self.promised, self.present = promised, present


class FetchError(MediaError):
    """A remote file cannot be fetched, or only beyond a limit; `status` is what HTTP says to it."""

    code = "fetch"

    def __init__(self, source: str, problem: str, status: int | None = None) -> None:
        super().__init__(source, problem)
        self.status = status


class AddressError(FetchError):
    """An address, or a redirect, leads to a host or a scheme that is not asked."""

    code = "address_refused"


class TimeLimitError(MediaError):
    """The file takes longer to read than is waited for its header, one frame or one page."""

    code = "too_slow"

    def __init__(self, source: str, seconds: float, problem: str = "") -> None:
        remedy = "if you trust the file, raise wait_seconds in `limits`"
        super().__init__(source, problem or f"no frame for {seconds:g} s; {remedy}")
        self.seconds = seconds


class MemoryLimitError(MediaError):
    """Memory ran out while a picture of `size`, (height, width) if it is known, was decoded."""

    code = "memory"

    def __init__(self, source: str, size: tuple[int, int] | None = None) -> None:
        what = (
            "its header was read, which may be damaged and ask for too much"
            if size is None
            else f"a picture of {size[1]}x{size[0]} pixels was decoded"
        )
        remedy = "allow more memory, end other programs, or make the picture smaller first"
        super().__init__(source, f"memory ran out while {what}; {remedy}")
        self.size = size


class MissingMetadataError(MediaError, ValueError):
    """A fact that the question needs is neither in the header nor found by a scan."""

    code = "missing_metadata"

    def __init__(self, source: str, field: str, remedy: str) -> None:
        super().__init__(source, f"no {field} in the file; {remedy}")
        self.field = field


class ConstraintError(VlprepError, ValueError):
    """The request cannot be met as stated."""

    code = "constraint"


class ResizeError(ConstraintError):
    """A side of `size`, (height, width) in pixels, is below 1 or would shrink to 0."""

    code = "resize"

    def __init__(self, size: tuple[int, int], problem: str) -> None:
        self.size, self.problem = size, problem
        super().__init__(f"{size[1]}x{size[0]}: {problem}")


class AspectRatioError(ConstraintError):
    """The long side of `size`, (height, width) in pixels, is over `limit` times the short one."""

    code = "aspect_ratio"

    def __init__(self, size: tuple[int, int], limit: float) -> None:
        self.size, self.limit = size, limit
        found = f"{size[1]}x{size[0]}: aspect ratio {max(size) / min(size):.1f}:1"
        super().__init__(f"{found} is over {limit:g}:1; crop or split it")


class SafetyLimitError(ConstraintError):
    """A file claims more of something than vlprep is willing to handle: the limit `name`."""

    code = "over_limit"

    def __init__(self, source: str, found: float, limit: float, name: str) -> None:
        self.source, self.name, self.found, self.limit = source, name, found, limit
        what, unit = _LIMITED[name]
        claim = f"{what} {found:,.15g} {unit}, over the safety limit of {limit:,.15g}"
        super().__init__(f"{source}: {claim}; if you trust the file, raise {name} in `limits`")


_LIMITED = {
    "pixels": ("the header claims", "pixels"),
    "frame_pixels": ("the header claims frames of", "pixels"),
    "frames": ("at least", "frames"),
    "decoded_pixels": ("all its frames together have", "pixels"),
    "seconds": ("it lasts", "seconds"),
    "bytes": ("the file has", "bytes"),
    "memory": ("decoding it takes about", "bytes of memory"),
}
"""How each limit is told of, and in what."""


class PixelLimitError(SafetyLimitError):
    """The header claims more pixels than vlprep is willing to handle."""

    code = "too_many_pixels"

    @property
    def pixels(self) -> float:
        """What the header claims."""
        return self.found


class FrameLimitError(SafetyLimitError):
    """The file has more frames than vlprep is willing to handle."""

    code = "too_many_frames"


class FrameCountError(ConstraintError):
    """The frames asked for cannot be taken from the frames there are."""

    code = "frame_count"

    def __init__(self, requested: int, available: int, reason: str) -> None:
        self.requested, self.available, self.reason = requested, available, reason
        super().__init__(reason)


class BudgetError(ConstraintError):
    """What was asked needs more tokens than there are."""

    code = "budget"

    def __init__(self, needed: int, available: int, reason: str) -> None:
        self.needed, self.available, self.reason = needed, available, reason
        super().__init__(reason)


class ByteLimitError(ConstraintError):
    """No encoding of `source` is under `limit` bytes.

    The `smallest` that was made is as large, or where nothing was `tried` none can be smaller.
    """

    code = "too_large"

    def __init__(
        self, source: str, limit: int, smallest: int, what: str = "", *, tried: bool = True
    ) -> None:
        self.source, self.limit, self.smallest, self.tried = source, limit, smallest, tried
        made = f"the smallest attempt is {smallest:,} bytes{f' {what}' if what else ''}"
        told = made if tried else f"{what} take at least {smallest:,} bytes"
        super().__init__(f"{source}: cannot be brought under {limit:,} bytes: {told}")
