"""Write named arrays to a file: .npz and .npy of numpy, or .safetensors.

The latter is a length, a header in JSON and the plain bytes, so that it takes no library; it alone
has a name for bfloat16, which the others hold as uint16.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.errors import ConstraintError
from vlprep.output.target import PathLike, check_new, new_file
from vlprep.types import ArrayType

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

_Writer: TypeAlias = Callable[[BinaryIO, Arrays, ArrayType], None]


def check_array_file(path: PathLike, *, both: bool, overwrite: bool) -> None:
    """Raise what `save_arrays` would before any work is done; `both` are images and videos."""
    _writer(path, both=both)
    check_new(path, overwrite=overwrite)


def save_arrays(arrays: Arrays, path: PathLike, dtype: ArrayType, *, overwrite: bool) -> None:
    """Write arrays to a file by its ending, whole or not at all; `dtype` is that of the patches.

    Raises `ConstraintError` for another ending, and the errors of `new_file`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save_arrays({"a": np.ones(3)}, f"{folder}/a.npz", "float32", overwrite=False)
    ...     np.load(f"{folder}/a.npz")["a"].tolist()
    [1.0, 1.0, 1.0]
    """
    write = _writer(path, both=len(arrays) > 2)
    with new_file(path, overwrite=overwrite) as file:
        write(file, arrays, dtype)


def _writer(path: PathLike, *, both: bool) -> _Writer:
    ending = Path(path).suffix.lower()
    if ending not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise ConstraintError(f"{path}: the ending says no format of arrays; there are {known}")
    if both and ending == ".npy":
        problem = ".npy holds one array, and those of images and of videos are two"
        raise ConstraintError(f"{path}: {problem}; take .npz or .safetensors")
    return _WRITERS[ending]


def _write_npz(file: BinaryIO, arrays: Arrays, dtype: ArrayType) -> None:
    np.savez(file, allow_pickle=False, **{name: arrays[name] for name in arrays})


def _write_npy(file: BinaryIO, arrays: Arrays, dtype: ArrayType) -> None:
    np.save(file, next(iter(arrays.values())), allow_pickle=False)


def _write_safetensors(file: BinaryIO, arrays: Arrays, dtype: ArrayType) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, array in arrays.items():
        is_short = dtype == "bfloat16" and array.dtype.itemsize == 2
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": "BF16" if is_short else _SAFETENSORS_TYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the arrays start at a multiple of 8 bytes
    file.write(len(text).to_bytes(8, "little") + text)
    for array in arrays.values():
        file.write(np.ascontiguousarray(array).data)


_SAFETENSORS_TYPES = {"float32": "F32", "float16": "F16", "uint8": "U8", "int64": "I64"}

_WRITERS: dict[str, _Writer] = {
    ".npz": _write_npz,
    ".safetensors": _write_safetensors,
    ".npy": _write_npy,
}
