"""What results say of themselves: one short line, and a table in a notebook."""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import vlprep
from vlprep.display import MOST_CHARACTERS, MOST_ROWS, Listing, brief, page, shortened

STREET, PHOTO = "fixtures/street.mp4", "fixtures/photo.jpg"
WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"
EVENTS = "\n".join(f"00:0{k} - 00:0{k + 1} a bus passes by on the left" for k in range(9))
POLYGON = {"bbox_2d": [round(k * 9.7) for k in range(100)], "label": "line\nof the horizon" * 9}


def half_an_hour() -> vlprep.VideoInfo:
    size = vlprep.ImageSize(1080, 1920)
    return vlprep.VideoInfo(size=size, frame_count=54_000, fps=30, warnings=("a" * 300,))


def counting():
    long = vlprep.video_tokens(half_an_hour(), fps=30, max_frames=54_000)
    yield from (long, long.plan, long.limits, half_an_hour())
    for source in (STREET, PHOTO):
        count = vlprep.count_tokens(source, WEIGHTS)
        yield from (count, count.info, count.tokens, count.tokens.limits)
    yield from vlprep.count_many(["no/such/" * 40 + "file.jpg", "fixtures/html_named.mp4"])
    yield vlprep.processor().tally(vlprep.count_many([STREET, "no.jpg"]))
    yield from (vlprep.token_budget(), vlprep.token_budget().binding)
    yield vlprep.processor(WEIGHTS, server="vllm", fps=1, max_pixels=100_000)
    yield (page := vlprep.PdfPage("a" * 300 + ".pdf", 3, dpi=72))
    yield vlprep.PageInfo(page.number, (595.0, 842.0), 150)
    yield vlprep.probe("fixtures/held.mkv").display_times
    yield vlprep.View.of()
    yield vlprep.ViewOptions(fps=1)
    yield from (vlprep.Fetching(), vlprep.RemoteFile("https://example.com/" + "a" * 300))


def planning():
    plans = [
        vlprep.plan_media(half_an_hour(), budget=100_000),
        vlprep.plan_media([PHOTO] * 300, split=vlprep.SplitOptions()),
        vlprep.plan_media(PHOTO, WEIGHTS, server="vllm"),
    ]
    for plan in plans:
        yield from (plan, *plan.files[:1], plan.clip, *plan.bounds, plan.server_flags)
    yield vlprep.fit_images([PHOTO] * 3, "qvq-max", max_input=800)


def looking():
    with vlprep.read_frames(STREET, fps=1) as stream:
        yield from (stream, next(stream), stream.collect())
    yield vlprep.view_image(PHOTO)
    made = vlprep.pixel_values([PHOTO] * 60, model=WEIGHTS, dtype="uint8", max_pixels=65536)
    yield from (made, made.parts[0])
    with vlprep.processor(WEIGHTS).array_steps("fixtures/clip.mp4") as steps:
        yield from (steps, next(steps))
    boxes = vlprep.locate_boxes(PHOTO, str(POLYGON).replace("'", '"'))
    yield from (boxes, boxes.info, *boxes.shapes)
    events = vlprep.locate_events(STREET, EVENTS)
    yield from (events, *events.events)


def sending():
    report = vlprep.check_media([PHOTO, "fixtures/tiny.png", "fixtures/photo.heic"], WEIGHTS)
    yield from (report, *report.findings, *report.files)
    yield from vlprep.check_media(PHOTO).advice
    yield from (finding.remedy for finding in report.findings)
    for source in (PHOTO, STREET):
        done = vlprep.compress_file(source, dry_run=True)
        yield from (done, done.result)
    yield vlprep.compress_image(PHOTO)
    with TemporaryDirectory() as folder:
        small = Path(folder, "small")
        yield from vlprep.compress_many(PHOTO, small)
        yield from vlprep.compress_many(PHOTO, small, skip_existing=True)
    fixed = vlprep.fix_media([PHOTO, "fixtures/truncated.jpg"], None, dry_run=True)
    yield from (fixed, *fixed.left)
    request = vlprep.build_request([PHOTO] * 61, "x", check=False)
    fitted = vlprep.fit_request(request.body, "qvq-max", max_side=320, max_body=900_000)
    yield from (fitted, *fitted.changes[:1])
    yield from (request, *request.parts[:1], *request.parts[0].files)


def logs():
    sizes = [(480, 640), (720, 1280), (300, 300)]
    lines = [
        json.dumps({
            "model": "qvq-max",
            "media": [{"height": height, "width": width}],
            "usage": {"prompt_tokens": vlprep.image_tokens((height, width), "qvq-max").total},
        })
        for height, width in sizes
    ]  # fmt: skip
    yield from vlprep.reconcile_log(lines)[0]


def small():
    url = "https://example.com/" + "a" * 300
    yield from (vlprep.MediaUrl(url, "image"), vlprep.Box3D((1.5,) * 9, "car" * 100))
    yield vlprep.ImageSize(100_000, 100_000)
    yield from (vlprep.get_model(WEIGHTS).rules().image.normalise, vlprep.SplitOptions(max_bytes=9))
    with TemporaryDirectory() as folder, vlprep.read_frames(STREET, fps=1) as stream:
        yield from stream.save(Path(folder, "frames"))
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PHOTO}}]}]
    yield vlprep.count_messages(messages, source="sample" * 99)
    yield from vlprep.processor().tally([vlprep.count_tokens(PHOTO)]).prices
    yield vlprep.plan_frames(300, 30.0)
    yield vlprep.frame_sheet(STREET, fps=1)
    picked = vlprep.pick_frames(STREET)
    yield from (picked, picked.picks[0])
    yield vlprep.view_image(PHOTO).compare()
    yield vlprep.crop_image(PHOTO, [100, 100, 500, 400])
    cut = vlprep.plan_media(STREET, pieces=True, budget=1150, overlap=2)
    yield from (cut, *(file.part for file in cut.files))
    yield vlprep.plan_media(STREET, pick={"max_gap": 4}).files[0].setting
    page = vlprep.split_image(PHOTO)
    yield from (page, *page.pieces)
    with TemporaryDirectory() as folder:
        plan = vlprep.plan_media([PHOTO] * 3, split=vlprep.SplitOptions())
        yield from vlprep.save_requests(plan, "What is it?", Path(folder, "bodies"))
    yield from (vlprep.Limits(frames=9, bytes=10**9), vlprep.Trust(vlprep.Limits(memory=5), "warn"))
    yield vlprep.frame_list([PHOTO] * 99)
    listed = vlprep.count_tokens([PHOTO] * 8, fps=2)
    yield from (listed.info, listed)


def catalogue():
    model = vlprep.get_model()
    yield from (model, model.rules(), model.rules().image, model.rules().video)
    yield from (vlprep.list_models(), vlprep.list_servers(), vlprep.list_recipes())
    yield from (*vlprep.list_servers(), *vlprep.list_recipes())


RESULTS = [counting, planning, looking, sending, logs, small, catalogue]


@pytest.mark.parametrize("results", RESULTS)
def test_every_result_is_one_short_line(results):
    for result in results():
        said = repr(result)
        assert len(said) <= MOST_CHARACTERS and said.isprintable(), said
        assert result is None or said.startswith(f"{type(result).__name__}("), said


def test_every_public_record_is_among_them():
    public = {getattr(vlprep, name) for name in vlprep.__all__}
    records = {thing for thing in public if isinstance(thing, type) and is_dataclass(thing)}
    seen = {type(result) for results in RESULTS for result in results()}
    assert records - seen == set()


def test_a_line_says_what_a_person_wants_to_know():
    said = {
        repr(vlprep.count_tokens(STREET, fps=1)),
        repr(vlprep.build_request([PHOTO, STREET], "x", "qvq-max")),
        repr(vlprep.get_model("qvq-max")),
    }
    assert said == {
        "MediaCount(fixtures/street.mp4, video 640x360 seen as 640x352, 10 frames, 1,102 tokens)",
        "Request(openai, qvq-max, 1 image, 1 video, 3,385 tokens)",
        "ModelSpec(qvq-max, api, rules: guide-2025-06, guide-2025-12, api-2026)",
    }


def test_names_with_line_breaks_stay_on_one_line():
    assert brief(Listing(), "a\x1b[31m\nb\udc80") == "Listing(a\\x1b[31m\\nb\\udc80)"
    assert len(shortened("word " * 100, 30)) == 30


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


HOSTILE = "<img src=x onerror=alert(1)>&amp;.jpg"


def test_markup_in_names_is_inert(tmp_path):
    named = tmp_path / HOSTILE.replace("/", "_")
    named.write_bytes(Path(PHOTO).read_bytes())
    broken = tmp_path / "<script>alert(1)<_script>.jpg"
    broken.write_bytes(b"no picture")
    results = [
        vlprep.count_tokens(named),
        vlprep.plan_media([named, broken]),
        vlprep.fit_images([named, broken]),
        vlprep.check_media([named, broken]),
    ]
    for result in results:
        reader = read(result._repr_html_())
        assert set(reader.tags) <= {"div", "strong", "table", "thead", "tbody", "tr", "th", "td"}
        assert HOSTILE in "".join(reader.texts) or isinstance(result, vlprep.CheckReport)
    assert "<script>" in "".join(read(results[-1]._repr_html_()).texts)


@pytest.mark.parametrize(
    "result",
    [
        vlprep.count_tokens(STREET),
        vlprep.count_tokens(STREET).tokens,
        vlprep.plan_media(STREET, budget=1500),
        vlprep.fit_images([PHOTO]),
        vlprep.check_media("fixtures/tiny.png"),
        vlprep.processor().tally(vlprep.count_many([STREET, PHOTO])),
        vlprep.list_models(),
        vlprep.list_servers(),
    ],
    ids=lambda result: type(result).__name__,
)
def test_tables_have_the_notebook_s_own_colours(result):
    html = result._repr_html_()
    assert html.startswith('<div class="vlprep">') and len(html) < 12_000
    assert not {"color", "background", "font", "script", "http"} & set(
        html.replace('"', " ").split()
    )
    rows = html.count("<tr>")
    assert html.count("<td") % (rows - 1) == 0


def test_of_many_rows_the_first_are_shown():
    html = page("many", ["n"], [[str(k)] for k in range(100)], ["that is all"])
    texts = read(html).texts
    assert texts.count("29") == 1 and "30" not in texts
    assert texts[-2:] == [f"… and {100 - MOST_ROWS} more", "that is all"]


def test_the_catalogue_is_still_a_tuple():
    models = vlprep.list_models()
    assert isinstance(models, tuple) and models == tuple(models)
    assert models[0].name == "qvq-max" and len(models) > 80
