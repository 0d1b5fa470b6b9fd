"""Callables over batches of rows, for data engines: Ray Data, Daft, HF datasets, or a loop.

No engine is imported here, nor is pyarrow before a table of its comes.

>>> from vlprep.batch import CountTokens
>>> CountTokens("qwen3-vl-plus")({"path": ["fixtures/photo.jpg"]})["tokens"]
[302]
"""

from vlprep.batch.operator import Operator as Operator
from vlprep.batch.operators import CheckMedia as CheckMedia
from vlprep.batch.operators import CompressMedia as CompressMedia
from vlprep.batch.operators import CountTokens as CountTokens
from vlprep.batch.pixels import PixelValues as PixelValues
from vlprep.batch.pixels import SampleFrames as SampleFrames
