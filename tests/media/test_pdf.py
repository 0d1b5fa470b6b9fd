"""PDFs: which pages there are, how large they count, and what is drawn of them."""

from __future__ import annotations

import base64
import pickle
import random
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from ctypes import c_double
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vlprep
from tests.pdfs import Sheet, filled, locked, pdf, text_at, written
from vlprep.errors import (
    AspectRatioError,
    ConstraintError,
    DecodeError,
    EncryptedMediaError,
    MissingPackageError,
    PixelLimitError,
    TimeLimitError,
    UnsupportedFormatError,
    VlprepError,
)

pdfium = pytest.importorskip("pypdfium2")

from vlprep.media import pdf as reader  # noqa: E402  (after it is known that it can be loaded)
from vlprep.media.pages import is_document  # noqa: E402
from vlprep.media.source import open_item  # noqa: E402

A4 = Sheet(content=text_at(72, 700, 10, "letters of ten points"))
WEIGHTS = "Qwen/Qwen2.5-VL-7B-Instruct"
RED, GREEN, BLUE, BLACK = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)


def documents(count, seed=0):
    """Yield documents of mixed pages: sizes, turns, visible parts, units, each with something."""
    rng = random.Random(seed)
    for _ in range(count):
        sheets = []
        for _ in range(rng.randint(1, 4)):
            width, height = rng.uniform(40, 2000), rng.uniform(40, 2000)
            x, y = rng.uniform(-500, 500), rng.uniform(-500, 500)
            box = (x, y, x + width, y + height)
            crop = (x + width / 8, y + height / 9, x + width * 0.9, y + height * 0.8)
            sheets.append(
                Sheet(
                    box=box,
                    rotate=rng.choice([0, 90, 180, 270, -90, 450]),
                    crop=crop if rng.random() < 0.5 else None,
                    content=text_at(x + width / 4, y + height / 2, 20, "words")
                    + filled(x + width / 4, y + height / 4, width / 9, height / 9, RED),
                    more=b"/UserUnit 2" if rng.random() < 0.3 else b"",
                )
            )
        yield pdf(sheets)


# Which pages there are.


def test_a_document_is_its_pages_wherever_files_are_taken():
    document = pdf([A4, Sheet((0, 0, 300, 200)), A4])
    counts = list(vlprep.count_many(document))
    assert [count.source for count in counts] == [f"<bytes>#page={k}" for k in (1, 2, 3)]
    assert [count.info.page.number for count in counts] == [1, 2, 3]
    assert [count.kind for count in counts] == ["image"] * 3
    plan = vlprep.plan_media(document, budget=3000)
    assert len(plan.files) == 3
    assert plan.total_tokens <= 3000


def test_every_kind_of_source_can_be_a_document(tmp_path):
    document = pdf([A4] * 2)
    path = tmp_path / "report.pdf"
    path.write_bytes(document)
    bare = tmp_path / "report"  # without an ending
    bare.write_bytes(document)
    url = "data:application/pdf;base64," + base64.b64encode(document).decode()
    with path.open("rb") as file:
        for source in (path, str(path), f"file://{path}", document, file, url, str(bare)):
            counts = list(vlprep.count_many(source))
            assert [count.tokens.total for count in counts] == [2147, 2147], source
        assert file.tell() == 0
        assert not file.closed


def test_a_page_is_named_as_on_the_web(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf([A4, Sheet((0, 0, 72, 144))]))
    assert vlprep.probe(f"{path}#page=2").size == (300, 150)
    assert vlprep.probe(Path(f"{path}#page=2&dpi=72.5")).size == (145, 73)
    page = vlprep.pdf_pages(path, [2], dpi=72.5)[0]
    assert str(page) == f"{path}#page=2&dpi=72.5"
    assert vlprep.probe(page) == vlprep.probe(str(page))
    assert pickle.loads(pickle.dumps(page)) == page


def test_a_file_of_such_a_name_is_that_file(tmp_path):
    odd = tmp_path / "a.pdf#page=1"
    odd.write_bytes(Path("fixtures/photo.jpg").read_bytes())
    assert vlprep.probe(odd).size == (480, 640)


def test_a_document_of_one_page_is_that_page():
    assert vlprep.probe("fixtures/document.pdf").size == (500, 667)
    assert vlprep.count_tokens(pdf([A4])).tokens.total == 2147


def test_of_several_pages_none_is_chosen():
    with pytest.raises(UnsupportedFormatError, match=r"2 pages.*pdf_pages.*<bytes>#page=1"):
        vlprep.count_tokens(pdf([A4] * 2))


def test_pages_are_those_of_pdfs():
    with pytest.raises(UnsupportedFormatError, match="JPEG, which has no page"):
        vlprep.probe("fixtures/photo.jpg#page=1")
    with pytest.raises(UnsupportedFormatError, match="not a PDF"):
        vlprep.pdf_pages("fixtures/photo.jpg")


def test_what_stands_before_the_document_is_passed_over():
    assert vlprep.count_tokens(b"\r\nHTTP/1.1 200 OK\r\n\r\n" + pdf([A4])).tokens.total == 2147


def test_a_folder_of_pdfs_alone_is_them(tmp_path):
    for name in ("b.pdf", "a.PDF"):
        (tmp_path / name).write_bytes(pdf([A4]))
    (tmp_path / "notes.txt").write_text("nothing")
    names = [Path(count.source).name for count in vlprep.count_many(tmp_path)]
    assert names == ["a.PDF#page=1", "b.pdf#page=1"]
    (tmp_path / "photo.jpg").write_bytes(Path("fixtures/photo.jpg").read_bytes())
    assert [Path(count.source).name for count in vlprep.count_many(tmp_path)] == ["photo.jpg"]


@st.composite
def choices(draw):
    count = draw(st.integers(1, 30))
    numbers = st.integers(1, count)
    parts, meant = [], []
    for _ in range(draw(st.integers(1, 4))):
        first, last = sorted((draw(numbers), draw(numbers)))
        kind = draw(st.sampled_from(["one", "range", "open"]))
        last = {"one": first, "range": last, "open": count}[kind]
        parts.append({"one": f"{first}", "range": f" {first} - {last}", "open": f"{first}-"}[kind])
        meant += range(first, last + 1)
    return count, ",".join(parts), list(dict.fromkeys(meant))


@given(choices())
def test_pages_are_taken_in_the_order_asked_each_once(choice):
    from vlprep.media.pages import page_numbers

    count, asked, meant = choice
    assert list(page_numbers(asked, count)) == meant
    assert list(page_numbers(meant, count)) == meant


@pytest.mark.parametrize("asked", ["", "x", "0", "3-1", "1,,2", "-2", "1-2-3", [0], ["1"], "1.5"])
def test_what_names_no_pages_is_told(asked):
    with pytest.raises(ConstraintError, match="pages"):
        vlprep.pdf_pages(pdf([A4] * 3), asked)


def test_pages_that_are_not_there_are_told_of():
    document = pdf([A4] * 2)
    with pytest.raises(ConstraintError, match="#page=3: cannot be read, or is not there"):
        vlprep.pdf_pages(document, "1-3")
    with pytest.raises(DecodeError, match="no page 3 can be read; it has 2"):
        vlprep.count_tokens(vlprep.PdfPage(document, 3))


# How large they count.


@pytest.mark.parametrize(
    ("sheet", "dpi", "size"),
    [
        (Sheet((0, 0, 595, 842)), None, (1754, 1240)),
        (Sheet((0, 0, 595, 842)), 300, (3508, 2479)),
        (Sheet((0, 0, 612, 792)), 72, (792, 612)),
        (Sheet((100, 200, 172, 344)), 72, (144, 72)),
        (Sheet((0, 0, 72, 144), rotate=90), 72, (72, 144)),
        (Sheet((0, 0, 72, 144), crop=(10, 20, 60, 120)), 72, (100, 50)),
        (Sheet((0, 0, 72, 144), rotate=270, crop=(10, 20, 60, 120)), 72, (50, 100)),
        (Sheet((0, 0, 72, 144), crop=(-50, 20, 600, 120)), 72, (100, 72)),
        (Sheet((0, 0, 0.1, 0.1)), None, (1, 1)),
    ],
)
def test_a_page_counts_by_its_visible_part_as_displayed(sheet, dpi, size):
    (page,) = vlprep.pdf_pages(pdf([sheet]), dpi=dpi)
    info = vlprep.probe(page)
    assert info.size == size
    assert (info.format, info.file_bytes, info.frame_count) == ("PDF", None, 1)


def test_counting_draws_and_loads_no_page(monkeypatch):
    def forbidden(*_):
        raise AssertionError("a page was loaded")

    monkeypatch.setattr(pdfium.PdfDocument, "get_page", forbidden)
    monkeypatch.setattr(pdfium.PdfDocument, "__getitem__", forbidden)
    counts = list(vlprep.count_many(pdf([A4] * 50)))
    assert sum(count.tokens.total for count in counts) == 50 * 2147


def test_a_document_is_opened_once_for_all_its_pages(monkeypatch):
    opened, whole = [], pdfium.PdfDocument.__init__
    monkeypatch.setattr(
        pdfium.PdfDocument, "__init__", lambda *args: opened.append(1) or whole(*args)
    )
    assert len(list(vlprep.count_many(pdf([A4] * 50)))) == 50
    assert len(opened) == 1


# What is drawn of them.


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qvq-max", WEIGHTS])
def test_every_page_is_drawn_straight_at_the_size_that_the_model_sees(model, monkeypatch):
    asked, drawn = [], reader._drawn
    monkeypatch.setattr(reader, "_drawn", lambda *args: asked.append(args[2]) or drawn(*args))
    view, pages = vlprep.processor(model, max_pixels=200_000), 0
    for document in documents(20):
        for page in vlprep.pdf_pages(document):
            seen = view.view(page)
            assert seen.image.shape == (*view.count(page).tokens.resized, 3)
            assert asked[-1] == seen.tokens.resized
            assert seen.image.min() < 200  # something is on it
            made = view.compress_image(page)
            assert made.size_after == seen.tokens.resized
            assert asked[-1] == seen.tokens.resized
            pages += 1
    assert pages > 20


def test_the_picture_is_that_of_pdfium_at_this_size():
    sheet = Sheet((0, 0, 448, 640), content=text_at(40, 600, 24, "Agreement") * 3)
    document = pdf([sheet])
    (page,) = vlprep.pdf_pages(document, dpi=144)
    seen = vlprep.view_image(page)
    with pdfium.PdfDocument(document) as opened:
        expected = opened[0].render(scale=2, rev_byteorder=True).to_numpy()
    assert seen.image.shape == (1280, 896, 3)
    assert np.array_equal(seen.image, expected[..., :3])


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_drawn_as_it_is_displayed(turn):
    corners = {(10, 120): RED, (60, 120): GREEN, (60, 20): BLUE, (10, 20): BLACK}
    content = b"".join(filled(x - 8, y - 8, 16, 16, rgb) for (x, y), rgb in corners.items())
    (page,) = vlprep.pdf_pages(pdf([Sheet((0, 0, 72, 144), turn, (10, 20, 60, 120), content)]))
    image = vlprep.view_image(page, min_pixels=0).image
    seen = [image[0, 0], image[0, -1], image[-1, -1], image[-1, 0]]  # clockwise
    clockwise = [RED, GREEN, BLUE, BLACK]
    quarter = turn // 90
    expected = clockwise[-quarter:] + clockwise[:-quarter] if quarter else clockwise
    assert [tuple(pixel // 255) for pixel in seen] == expected


def test_notes_and_filled_forms_are_drawn():
    look = filled(0, 0, 20, 20, RED)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Annots [4 0 R 6 0 R] >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /Rect [10 10 30 30] /F 4 "
        b"/AP << /N 5 0 R >> >>",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 20 20] /Length %d >>\nstream\n%s\nendstream"
        % (len(look), look),
        b"<< /Type /Annot /Subtype /Stamp /Rect [60 60 80 80] /F 4 /AP << /N 5 0 R >> >>",
    ]
    image = vlprep.view_image(written(objects)).image
    height, width = image.shape[:2]
    for x, y in ((20, 20), (70, 70)):
        assert image[height - 1 - height * y // 100, width * x // 100].tolist() == [255, 0, 0]


def test_threads_take_turns():
    document = pdf([A4._replace(content=text_at(72, 700, 20 + k, "words")) for k in range(12)])
    pages = vlprep.pdf_pages(document)
    alone = [vlprep.view_image(page, max_pixels=50_000).image for page in pages]
    with ThreadPoolExecutor(4) as pool:
        read = pool.map(lambda page: vlprep.view_image(page, max_pixels=50_000).image, pages)
        assert all(map(np.array_equal, read, alone))


DESCRIPTORS = Path("/proc/self/fd")


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="counts descriptors there")
def test_nothing_stays_open(tmp_path, monkeypatch):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf([A4] * 3))
    opened = []
    before, whole = len(list(DESCRIPTORS.iterdir())), pdfium.PdfDocument.__init__
    monkeypatch.setattr(
        pdfium.PdfDocument, "__init__", lambda own, *args: opened.append(own) or whole(own, *args)
    )
    for page in vlprep.pdf_pages(path):
        vlprep.view_image(page, max_pixels=10_000)
    for damaged in (b"%PDF-1.7\n", locked(), pdf([])):
        with pytest.raises(VlprepError):
            vlprep.count_tokens(damaged)
    assert len(list(DESCRIPTORS.iterdir())) == before
    assert opened
    assert not any(getattr(document, "raw", None) for document in opened)


# Documents that are wrong.


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (locked(), EncryptedMediaError),
        (pdf([]), DecodeError),
        (b"%PDF-1.7\n", DecodeError),
        (b"%PDF-1.7\n" + bytes(5000), DecodeError),
        (pdf([A4] * 3)[:700], DecodeError),
        (pdf([Sheet(crop=(900, 900, 1000, 1000))]), DecodeError),  # nothing visible
        (pdf([Sheet((0, 0, 14400, 10))]), AspectRatioError),  # as of any image
    ],
)
def test_what_is_wrong_with_a_document_is_told(content, error):
    with pytest.raises(error):
        vlprep.count_tokens(content, WEIGHTS)
    (failure,) = vlprep.count_many(content, WEIGHTS)
    assert isinstance(failure.error, error)


def test_a_document_without_pages_is_not_taken_for_the_locked_one_before_it():
    with pytest.raises(EncryptedMediaError):
        vlprep.probe(locked())
    with pytest.raises(DecodeError, match="without pages"):
        vlprep.probe(pdf([]))


def test_a_million_pages_are_not_listed():
    bomb = pdf([A4], count=1_000_000)
    with pytest.raises(ConstraintError, match="1,000,000 pages, and up to 10,000"):
        vlprep.pdf_pages(bomb)
    with pytest.raises(ConstraintError, match="10,000"):
        vlprep.pdf_pages(pdf([A4]), "1-999999999")
    assert len(vlprep.pdf_pages(bomb, "1")) == 1
    (failure,) = vlprep.count_many(bomb)
    assert "1,000,000 pages" in failure.message


def test_a_page_that_cannot_be_found_does_not_stop_the_rest():
    results = list(vlprep.count_many(pdf([A4], count=3)))
    assert [type(result).__name__ for result in results] == ["MediaCount"] + ["MediaFailure"] * 2
    assert "no page 3 can be read; it is damaged" in results[2].message


def test_a_huge_page_counts_by_fewer_pixels_and_says_so():
    info = vlprep.probe(pdf([Sheet((0, 0, 14400, 14400))]))
    assert info.size == (8192, 8192)
    assert "14,400x14,400 points: counted at 41 pixels per inch, not 150" in info.warnings[0]


def test_no_pixel_is_allocated_beyond_the_limit():
    (page,) = vlprep.pdf_pages(pdf([Sheet((0, 0, 14400, 14400))]), dpi=150)
    tracemalloc.start()
    try:
        with pytest.raises(PixelLimitError):
            vlprep.view_image(page)
        with open_item(pdf([A4])) as item, pytest.raises(PixelLimitError):
            _ = item.found
            reader._drawn(item, 1, vlprep.ImageSize(20_000, 20_000))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_page_made_to_be_slow_is_given_up(monkeypatch):
    monkeypatch.setattr(reader, "LONGEST_SECONDS", 0)
    slow = Sheet(content=b"0 0 m 500 800 l S\n" * 500)
    with pytest.raises(TimeLimitError, match="page 1 takes more than"):
        vlprep.view_image(pdf([slow]))


def test_bytes_changed_at_random_raise_errors_of_ours_alone():
    whole = pdf([A4] * 3)
    for seed in range(60):
        rng, changed = random.Random(seed), bytearray(whole)
        for _ in range(rng.randint(1, 40)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            for page in vlprep.pdf_pages(bytes(changed)):
                vlprep.view_image(page, max_pixels=10_000)
        except VlprepError:
            pass


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'vlprep\[pdf\]'"):
        vlprep.count_tokens(pdf([A4]))
    (failure,) = vlprep.count_many(pdf([A4] * 2))
    assert failure.code == "missing_package"


# Points of the document.


@given(
    turn=st.sampled_from([0, 90, 180, 270]),
    crop=st.booleans(),
    place=st.tuples(st.integers(0, 1000), st.integers(0, 1000)),
)
def test_places_map_to_points_as_pdfium_maps_them(turn, crop, place):
    sheet = Sheet((50, -30, 350, 470), turn, (80, 0, 300, 400) if crop else None)
    document = pdf([sheet])
    with open_item(document) as item:
        _ = item.found
        found = reader.points_of(item, np.array([place]) / 1000)
    x, y = c_double(), c_double()
    with pdfium.PdfDocument(document) as opened:
        pdfium.raw.FPDF_DeviceToPage(opened[0], 0, 0, 1000, 1000, 0, *place, x, y)
    assert np.allclose(found, [[x.value, y.value]], atol=1e-3)


def test_an_answer_is_told_in_points_of_the_page():
    document = pdf([A4, Sheet((0, 0, 500, 1000))])
    page = vlprep.pdf_pages(document)[1]
    found = vlprep.locate_boxes(page, '{"bbox_2d": [100, 100, 200, 300]}')
    assert [shape.points for shape in found.in_points()] == [((50.0, 700.0), (100.0, 900.0))]
    assert found.source == "<bytes>#page=2"
    photo = vlprep.locate_boxes("fixtures/photo.jpg", '{"bbox_2d": [100, 100, 200, 300]}')
    with pytest.raises(ConstraintError, match="no page of a PDF"):
        photo.in_points()


# What other verbs make of pages.


def test_a_request_has_the_pages_as_the_model_sees_them():
    request = vlprep.build_request([pdf([A4] * 2)], "What is this?")
    assert request.tokens == 2 * 2147
    for part, number in zip(request.parts, (1, 2), strict=True):
        assert part.facts.source == f"<bytes>#page={number}"
        assert part.facts.size == part.tokens.resized == (1760, 1248)
        assert part.files[0].mime_type == "image/png"


def test_a_planned_page_is_sent_as_planned():
    from vlprep import SplitOptions
    from vlprep.payload.planned import build_requests

    plan = vlprep.plan_media(pdf([A4] * 3), budget=2000, split=SplitOptions())
    requests = list(build_requests(plan, "What is this?"))
    assert sum(request.tokens for request in requests) == plan.total_tokens
    assert not [
        warning for request in requests for warning in request.warnings if "planned" in warning
    ]


def test_a_page_can_be_split_and_cropped_by_more_pixels():
    lines = b"".join(
        text_at(40, 800 - 12 * k, 8, "small letters of a long page" * 3) for k in range(64)
    )
    document = pdf([Sheet(content=lines)])
    (page,) = vlprep.pdf_pages(document, dpi=300)
    split = vlprep.split_image(page, "qwen3-vl-plus", readable=14)
    assert len(split.pieces) > 1
    assert split.letters.smallest >= 14
    assert split.names()[0].startswith("bytes-p001-1-of-")
    crop = vlprep.crop_image(page, [100, 100, 1300, 700])
    assert crop.image.shape[:2] == (600, 1200)


def test_compressed_pages_bear_their_numbers(tmp_path):
    path = tmp_path / "v1.2 report.pdf"
    path.write_bytes(pdf([A4] * 2))
    done = list(vlprep.compress_many(path, tmp_path / "out"))
    names = [Path(file.target).name for file in done]
    assert names == ["v1.2 report-p001.png", "v1.2 report-p002.png"]
    assert [file.result.bytes_before for file in done] == [0, 0]
    assert vlprep.probe(done[0].target).size == (1760, 1248)
    full = vlprep.compress_image(f"{path}#page=1", keep="full")
    assert full.size_after == (1754, 1240)


def test_a_check_asks_for_pages_as_images(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf([A4] * 2))
    report = vlprep.check_media(path)
    assert [error.rule for error in report.errors] == ["image-format"] * 2
    assert report.errors[1].remedy.files == (f"{path}#page=2",)
    fixed = vlprep.fix_media(path, tmp_path / "fixed")
    assert fixed.passes()
    weights = vlprep.check_media(path, "Qwen/Qwen3-VL-8B-Instruct")
    assert "reference-format" in {warning.rule for warning in weights.warnings}


def test_pages_are_no_video():
    document = pdf([A4] * 2)
    with pytest.raises(UnsupportedFormatError, match="2 pages, each an image"):
        vlprep.read_frames(document)
    with pytest.raises(UnsupportedFormatError, match="an image, not a video"):
        vlprep.read_frames(vlprep.PdfPage(document, 1))


def test_a_page_becomes_patches():
    page = vlprep.pdf_pages(pdf([A4]), dpi=72)[0]
    made = vlprep.pixel_values(page, model=WEIGHTS)
    assert made.grid_thw.tolist() == [list(vlprep.count_tokens(page, WEIGHTS).tokens.grid_thw)]


@pytest.mark.parametrize("name", ["no\0name", "x" * 300, "a folder/", ""])
def test_a_name_that_no_file_can_have_is_no_document(name):
    assert not is_document(name)
