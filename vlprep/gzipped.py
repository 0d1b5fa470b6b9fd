"""Files that may be gzipped: what is in them, and what reading raises where they are damaged.

Apart from `parsing`, because what commands load as they begin does without gzip.
"""

from __future__ import annotations

import gzip
import zlib
from io import BufferedReader
from typing import BinaryIO, cast

DAMAGED_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading of `unzipped` raises where the compressed file is cut off or damaged."""


def unzipped(file: BufferedReader) -> BinaryIO:
    """Return what is in a file, which may be gzipped; its content tells, whatever its name says.

    >>> from io import BytesIO
    >>> unzipped(BufferedReader(BytesIO(gzip.compress(b"{}")))).read()
    b'{}'
    """
    is_packed = file.peek(2)[:2] == b"\x1f\x8b"
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_packed else file
