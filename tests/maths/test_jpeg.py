import io

import pytest
from PIL import Image

from vlprep.maths.jpeg import likely_bytes, table_quality


@pytest.mark.parametrize("quality", [30, 50, 75, 90, 95, 100])
def test_the_quality_is_that_of_the_tables_that_libjpeg_writes(quality):
    memory = io.BytesIO()
    Image.new("RGB", (16, 16)).save(memory, "JPEG", quality=quality)
    assert table_quality(Image.open(memory).quantization[0]) == pytest.approx(quality, abs=1)


def test_more_pixels_and_a_lower_quality_before_make_more_bytes():
    assert likely_bytes(1000, 95, 1.0) == 1000
    assert likely_bytes(1000, 95, 0.5) < 1000 < likely_bytes(1000, 75, 1.0)
