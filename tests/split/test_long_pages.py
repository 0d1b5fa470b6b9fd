"""Long pages in pieces: no line cut, all within limits, boxes back on the stored page.

The benchmark does the same with fifty.
"""

from __future__ import annotations

import numpy as np
import pytest

import vlprep
from tests.longpages import answers, lines_cut, long_page, stored_box

PAGES = (0, 1, 2, 3)


@pytest.mark.parametrize("number", PAGES)
@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qvq-max"])
def test_a_long_page(tmp_path, number, model):
    orientation = number % 8 + 1
    page = long_page(number)
    path = page.write(tmp_path / "page.jpg", orientation)
    split = vlprep.split_image(path, model)
    assert len(split.pieces) > 1 and lines_cut(page, split) == 0
    for piece in split.pieces:
        seen = piece.tokens.resized
        assert vlprep.image_tokens(seen, model).resized == seen
        assert min(seen) >= 10 and max(seen) <= 200 * min(seen)
    given = list(answers(page, split, relative=model == "qwen3-vl-plus"))
    found = split.locate(given, convention=None if "3" in model else "absolute")
    by_label = {
        shape.label: (shape.bounds, stored.bounds)
        for shape, stored in zip(found.shapes, found.stored, strict=True)
    }
    assert len(found.shapes) == len(by_label) == len(page.lines)
    for label, box in enumerate(page.lines):
        upright, stored = by_label[str(label)]
        assert np.abs(np.subtract(upright, box)).max() <= 1
        size = vlprep.probe(path).size
        assert np.abs(np.subtract(stored, stored_box(box, size, orientation))).max() <= 1
