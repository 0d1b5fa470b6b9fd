"""The page of a scan: in a real browser it sorts and filters, and nothing of a name is markup."""

import base64
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from PIL import Image

from tests.places import FIXTURES
from tests.scan.jobs import Codec
from vlprep.batch import CountTokens
from vlprep.errors import ConstraintError
from vlprep.scan import report, thumbnails
from vlprep.scan.scan import scan

HOSTILE = (
    "<img src=x onerror=document.title='taken'>.jpg",
    "</script><script>document.title='taken'</script>",
    "<!--<script>",
    "a&amp;b\u2028.jpg",
)


def page_of(tmp_path, names, job=None, **asked):
    page = tmp_path / "report.html"
    out = tmp_path / "out.jsonl"
    scan(names, job or Codec(), output=out, report=page, overwrite=True, workers=1, **asked)
    return page


def data_in(page):
    found = re.search(r'<script id="data".*?>(.*?)</script>', page.read_text("utf-8"), re.S)
    return json.loads(found[1])


def test_the_page_has_the_rows_and_the_numbers(tmp_path):
    names = [str(FIXTURES / name) for name in ("photo.jpg", "clip.mp4", "no-such.jpg")]
    data = data_in(page_of(tmp_path, names, CountTokens("qwen3-vl-plus")))
    assert [row[0] for row in data["rows"]] == names
    assert data["columns"][:5] == ["source", "tokens", "kind", "error_code", "error"]
    assert "warnings" not in data["columns"]  # as there are none
    tokens = data["columns"].index("tokens")
    assert data["rows"][0][tokens] == 302
    assert data["facts"][0] == "3 rows: 1 image, 1 video, 1 failed"
    assert sum(one["rows"] for one in data["bars"]) == 2


def test_names_with_markup_add_nothing_to_the_page(tmp_path):
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = []

        def handle_starttag(self, tag, attrs):
            self.found.append((tag, *(name for name, _ in attrs)))

    def tags(page):
        parser = Tags()
        parser.feed(page.read_text("utf-8"))
        return parser.found

    plain = tags(page_of(tmp_path, ["plain"] * len(HOSTILE)))
    page = page_of(tmp_path, HOSTILE)
    assert tags(page) == plain
    assert tuple(row[0] for row in data_in(page)["rows"]) == HOSTILE


def test_nothing_is_fetched(tmp_path):
    text = page_of(tmp_path, ["a"]).read_text("utf-8")
    assert "default-src 'none'" in text
    assert not re.search(
        r"https?:|//[a-z]+\.|@import|<link(?! rel=\"icon\" href=\"data:)|src=", text
    )


def test_of_too_many_rows_the_failed_and_the_dearest_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MOST_ROWS", 3)
    data = data_in(page_of(tmp_path, ["bb", "raise", "a", "dddd", "ccc"]))
    assert [row[0] for row in data["rows"]] == ["raise", "dddd", "ccc"]
    assert data["total"] == 5


FILES = [str(FIXTURES / name) for name in ("photo.jpg", "exif_6.jpg", "clip.mp4", "truncated.jpg")]
COUNT = CountTokens("qwen3-vl-plus")


def test_files_that_opened_have_a_small_picture(tmp_path, monkeypatch):
    data = data_in(page_of(tmp_path, [*FILES, "no-such.jpg"], COUNT))
    assert set(data["pictures"]) == set(FILES[:3])  # what is cut off has a header and no picture
    sizes = {}
    for name, url in data["pictures"].items():
        kind, content = url.split(",")
        assert kind == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
            sizes[name] = picture.size
    assert [sizes[name] for name in FILES[:3]] == [(96, 72), (80, 48), (96, 58)]
    monkeypatch.setattr(report, "MOST_PICTURES", 1)
    assert len(data_in(page_of(tmp_path, FILES, COUNT))["pictures"]) == 1  # the dearest


def test_a_file_that_cannot_be_decoded_in_time_has_no_picture(tmp_path, monkeypatch):
    page = page_of(tmp_path, ["segfault"], Codec())
    assert data_in(page)["pictures"] == {}


def test_a_page_needs_a_table_and_overwrites_nothing(tmp_path):
    page = tmp_path / "report.html"
    with pytest.raises(ConstraintError, match="report"):
        scan(["a"], Codec(), report=page)
    page.write_text("mine")
    with pytest.raises(FileExistsError):
        scan(["a"], Codec(), output=tmp_path / "out.jsonl", report=page)
    assert page.read_text() == "mine"


# In a browser.

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def seen():
    if CHROMIUM is None:
        pytest.skip("no Chromium here")

    def look(page, **view):
        asked = "&".join(f"{name}={quote(value)}" for name, value in view.items())
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom")
        ran = subprocess.run(
            [CHROMIUM, *flags, f"{page.as_uri()}#{asked}"],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return ran.stdout

    return look


def names_in(dom):
    return re.findall(r'<td class="name">(.*?)</td>', dom, re.S)


def test_a_browser_sorts_filters_and_takes_names_for_text(tmp_path, seen):
    page = page_of(tmp_path, ["file 10", "file 9 is long", "raise file", "other", *HOSTILE])
    everything = seen(page)
    assert "<title>What a scan found</title>" in everything
    assert len(names_in(everything)) == 8
    assert "&lt;img src=x" in everything
    assert names_in(seen(page, sort="-tokens", filter="file")) == [
        "file 9 is long",
        "file 10",
        "raise file",  # not counted: last
    ]
    assert names_in(seen(page, sort="source", filter="file")) == [
        "file 9 is long",
        "file 10",
        "raise file",
    ]
    assert "1 of 8 rows" in seen(page, filter="SRC=x")


def test_a_browser_shows_the_pictures_beside_their_names(tmp_path, seen):
    dom = seen(page_of(tmp_path, [*FILES, *HOSTILE], COUNT), sort="-tokens", filter="jpg")
    rows = re.findall(r'<td class="picture">(.*?)</td><td class="name">(.*?)</td>', dom, re.S)
    shown = {name for picture, name in rows if picture.startswith('<img src="data:image/jpeg')}
    assert shown == set(FILES[:2])
    assert len(rows) == 5


def test_nothing_is_fetched_for_a_picture(monkeypatch):
    given = []
    monkeypatch.setattr(
        thumbnails, "work_through", lambda _, names, **how: given.extend(names) or []
    )
    names = ["https://example.org/a.jpg", "s3://bucket/b.jpg", FILES[0]]
    thumbnails.thumbnails(names, COUNT.view, workers=1, limits=None, stopping=None)
    assert given == [FILES[0]]


def test_what_cannot_be_decoded_has_no_thumbnail():
    for name in ("truncated.mp4", "truncated.heic", "no such file"):
        assert thumbnails.thumbnail(str(FIXTURES / name), COUNT.view) is None


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((4800, 100), (96, 2)),
        ((100, 4800), (2, 96)),
        ((9000, 20), (96, 1)),
        ((50, 30), (50, 30)),
    ],
)
def test_a_thumbnail_keeps_the_shape_and_a_pixel_at_least(tmp_path, size, small):
    Image.new("RGB", size, "white").save(tmp_path / "a.png")
    made = thumbnails.thumbnail(str(tmp_path / "a.png"), COUNT.view)
    assert Image.open(io.BytesIO(made)).size == small
