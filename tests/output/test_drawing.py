"""What was drawn is saved as a new file, in the format of its name."""

import pytest
from PIL import Image

from vlprep.errors import ConstraintError
from vlprep.output.drawing import Drawing

DRAWN = Drawing(Image.new("RGB", (40, 30), "white"))


@pytest.mark.parametrize("name, format", [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP")])
def test_the_ending_chooses_the_format(tmp_path, name, format):
    DRAWN.save(tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert (picture.format, picture.size) == (format, (40, 30))


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ConstraintError):
        DRAWN.save(tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_where_that_is_asked(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        DRAWN.save(file)
    assert file.read_bytes() == b"mine"
    DRAWN.save(file, overwrite=True)
    assert file.read_bytes() != b"mine"


def test_drawings_are_told_apart_by_identity():
    assert Drawing(DRAWN.image) != DRAWN
