"""Logs of calls with a known rule set, constant and day of change: what is found in them."""

from __future__ import annotations

import base64
import gzip
import json
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.places import FIXTURES
from vlprep import ImageSize, VideoInfo, image_tokens, video_tokens
from vlprep.reconcile.logs import _told, reconcile_log
from vlprep.reconcile.usage import read_usage

KINDS = {
    # How each service and server says what was billed: of the total, and of media.
    "compatible": lambda total, media: {
        "usage": {"prompt_tokens": total, "prompt_tokens_details": {"image_tokens": media}}
    },
    "dashscope": lambda total, media: {"usage": {"input_tokens": total, "image_tokens": media}},
    "vllm": lambda total, media: {
        "usage": {
            "prompt_tokens": total,
            "prompt_tokens_details": {"multimodal_tokens": {"image": media}},
        }
    },
    "sglang": lambda total, media: {
        "usage": {
            "prompt_tokens": total,
            "prompt_tokens_details": {"image_tokens": media, "audio_tokens": 0},
        }
    },
    "openai": lambda total, media: {"usage": {"prompt_tokens": total}},
}


def log(kind, rules_of, model="qwen3-vl-plus", days=40, constant=23, markers=0, start=1):
    """Write a call a day with one to three images, counted by the rule set of that day."""
    draw, lines = random.Random(start), []
    for number in range(days):
        day = date(2026, 3, 1) + timedelta(number)
        sizes = [
            (draw.randint(20, 3000), draw.randint(20, 3000)) for _ in range(draw.randint(1, 3))
        ]
        media = sum(image_tokens(size, model, rules=rules_of(day)).visual for size in sizes)
        media += markers * len(sizes)
        lines.append(
            json.dumps(
                {
                    "time": f"{day}T12:00:00Z",
                    "model": model,
                    "media": [{"height": height, "width": width} for height, width in sizes],
                    "response": KINDS[kind](constant + media, media),
                }
            )
        )
    return lines


@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_and_the_constant_are_found(kind):
    (found,), left_out = reconcile_log(log(kind, lambda day: "api-2026"))
    assert left_out == ()
    (period,) = found.periods
    assert (period.best.rules, period.best.matched) == ("api-2026", 40)
    assert abs(period.best.constant - 23) <= 1
    assert found.changed is None
    assert set(found.misses) == {0}


@pytest.mark.parametrize("kind", KINDS)
def test_the_day_on_which_the_rules_changed_is_found(kind):
    changed = date(2026, 3, 26)
    old, new = "guide-2025-06", "api-2026"
    lines = log(kind, lambda day: old if day < changed else new, "qwen-vl-max")
    (found,), _ = reconcile_log(lines)
    assert found.to_dict()["changed_on"] == changed.isoformat()
    before, after = found.periods
    assert before.best.rules == old
    assert new in {after.best.rules, *after.like_best}
    assert abs(before.best.constant - 23) <= 1
    assert abs(after.best.constant - 23) <= 1


def test_markers_that_are_billed_with_the_image_are_told():
    (found,), _ = reconcile_log(log("compatible", lambda day: "api-2026", markers=2))
    best = found.periods[0].best
    assert (best.rules, best.matched, best.per_medium, best.constant) == ("api-2026", 40, 2, 23)


def test_rules_that_nobody_ships_are_found_wanting_from_a_day_on():
    lines = log("compatible", lambda day: "api-2026")
    rows = [json.loads(line) for line in lines]
    for row in rows[25:]:  # the service starts to bill a half more
        usage = row["response"]["usage"]
        more = usage["prompt_tokens_details"]["image_tokens"] // 2
        usage["prompt_tokens"] += more
        usage["prompt_tokens_details"]["image_tokens"] += more
    (found,), _ = reconcile_log([json.dumps(row) for row in rows])
    assert found.to_dict()["changed_on"] == "2026-03-26"
    assert found.periods[1].best is None or found.periods[1].best.matched < 3


def test_a_server_is_among_the_rules_of_weights():
    model = "Qwen/Qwen3-VL-8B-Instruct"
    lines = []
    for seconds in range(10, 20):
        info = VideoInfo(size=ImageSize(1080, 1920), frame_count=30 * seconds, fps=30)
        visual = video_tokens(info, model, server="sglang").visual
        media = [{"height": 1080, "width": 1920, "frames": 30 * seconds, "fps": "30"}]
        usage = {"prompt_tokens": visual + 40, "prompt_tokens_details": {"video_tokens": visual}}
        lines.append(json.dumps({"model": model, "media": media, "usage": usage}))
    (found,), _ = reconcile_log(lines)
    assert found.periods[0].best.rules == "sglang"
    assert found.periods[0].best.matched == 10


def test_requests_of_both_protocols_are_read(tmp_path):
    photo = (FIXTURES / "photo.jpg").read_bytes()
    url = "data:image/jpeg;base64," + base64.b64encode(photo).decode()
    (tmp_path / "photo.jpg").write_bytes(photo)
    contents = [
        [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What?"}],
        [{"image": "photo.jpg"}, {"text": "What?"}],
        [{"image": f"file://{tmp_path}/photo.jpg", "max_pixels": 100_000}, {"text": "What?"}],
    ]
    bodies = [
        {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": contents[0]}]},
        {"input": {"messages": [{"role": "user", "content": contents[1]}]}},
        {"input": {"messages": [{"role": "user", "content": contents[2]}]}},
    ]
    media = [300, 300, 88]
    lines = [
        json.dumps({"request": body, "reply": {"usage": {"input_tokens": 20 + tokens}}})
        for body, tokens in zip(bodies, media, strict=True)
    ]
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(lines))
    (found,), left_out = reconcile_log(path, "qwen3-vl-plus")
    assert left_out == ()
    best = found.periods[0].best
    assert (best.matched, best.constant) == (3, 20)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not a line of a log"),
        ("[]", "not a line of a log"),
        ('{"model": "qvq-max"}', "no usage in it"),
        ('{"usage": {"prompt_tokens": 5}}', "no model in it"),
        ('{"usage": {"prompt_tokens": 5}, "model": "gpt-x"}', "unknown model"),
        (
            '{"usage": {"prompt_tokens": 5}, "model": "qvq-max", "media": ["no.jpg"]}',
            "No such file",
        ),
        (
            '{"usage": {"prompt_tokens": 5}, "model": "qvq-max", "request": {"messages": '
            '[{"content": [{"type": "image_url", "image_url": {"url": "https://a.com/a.jpg"}}]}]}}',
            "not fetched",
        ),
    ],
)
def test_a_line_that_says_nothing_is_named_and_does_not_stop_the_rest(line, reason):
    good = log("compatible", lambda day: "api-2026", days=3)
    (found,), (left,) = reconcile_log([good[0], line, *good[1:]])
    assert (left.line, len(found.calls)) == (2, 3)
    assert reason in left.reason


def test_blank_lines_are_passed_over():
    lines = log("compatible", lambda day: "api-2026", days=4)
    (found,), left_out = reconcile_log([lines[0], "", "  ", *lines[1:]])
    assert ([call.line for call in found.calls], left_out) == ([1, 4, 5, 6], ())


def test_requests_without_media_say_so_and_are_explained():
    usage = {"prompt_tokens": 23, "prompt_tokens_details": {"image_tokens": 0}}
    (found,), _ = reconcile_log([json.dumps({"model": "qvq-max", "usage": usage})] * 3)
    best = found.periods[0].best
    assert (best.matched, best.constant, best.per_medium) == (3, 23, 0)


def test_what_remains_is_what_is_neither_predicted_nor_the_constant():
    rows = [json.loads(line) for line in log("openai", lambda day: "api-2026", days=8)]
    rows[5]["response"]["usage"]["prompt_tokens"] += 7
    (found,), _ = reconcile_log([json.dumps(row) for row in rows])
    assert [number for number, miss in enumerate(found.misses) if miss] == [5]
    assert (found.periods[0].best.matched, found.periods[0].best.constant) == (7, 23)


def test_a_text_that_is_asked_once_explains_nothing_of_itself():
    def line(text, total):
        content = [{"type": "text", "text": text}]
        body = {"messages": [{"role": "user", "content": content}]}
        return json.dumps({"request": body, "usage": {"prompt_tokens": total}, "model": "qvq-max"})

    (found,), _ = reconcile_log([line("one", 20), line("one", 20), line("other", 35)])
    assert (found.periods[0].best.matched, found.periods[0].best.requests) == (2, 3)


def test_rule_sets_that_predict_the_same_are_named_and_no_others():
    lines = log("compatible", lambda day: "api-2026")
    (period,) = reconcile_log(lines)[0][0].periods
    others = {fit.rules for fit in period.fits} - {"api-2026"}
    same = {fit.rules for fit in period.fits if fit.matched == fit.requests} - {"api-2026"}
    assert set(period.like_best) == same < others


def test_media_that_no_rules_take_leave_a_request_unexplained():
    thin = {"height": 20, "width": 20000}  # of more than 200 to 1
    usage = {"prompt_tokens": 23, "prompt_tokens_details": {"image_tokens": 0}}
    bad = json.dumps({"model": "qwen3-vl-plus", "media": [thin], "usage": usage})
    (found,), _ = reconcile_log([*log("compatible", lambda day: "api-2026", days=4), bad])
    best = found.periods[0].best
    assert (best.matched, best.requests) == (4, 5)


def test_models_are_told_apart_and_lines_sorted_by_time():
    lines = log("compatible", lambda day: "api-2026") + log(
        "dashscope", lambda day: "guide-2025-06", "qvq-max"
    )
    random.Random(7).shuffle(lines)
    found, _ = reconcile_log(lines)
    assert {one.model: one.periods[0].best.rules for one in found} == {
        "qwen3-vl-plus": "api-2026",
        "qvq-max": "guide-2025-06",
    }
    assert all(one.calls[k].time <= one.calls[k + 1].time for one in found for k in range(39))


@pytest.mark.parametrize("kind", KINDS)
def test_usage_of_every_kind_is_read(kind):
    usage = read_usage(KINDS[kind](420, 391))
    assert (usage.input_tokens, usage.media_tokens) == (420, None if kind == "openai" else 391)


def test_what_is_no_usage_is_none():
    assert read_usage({"usage": None}) is None
    assert read_usage({"usage": {"prompt_tokens": "many"}}) is None
    assert read_usage({"usage": {"prompt_tokens": True}}) is None


def test_a_period_begins_on_a_day_or_on_a_line():
    (found,), _ = reconcile_log(log("compatible", lambda day: "api-2026"))
    (period,) = found.periods
    assert _told(period).startswith("from 2026-03-01: api-2026 explains 40 of 40")
    timeless = replace(period, first=replace(period.first, time=None))
    assert _told(timeless).startswith("from line 1: api-2026 explains")


def test_a_chart_is_drawn_and_kept(tmp_path):
    (found,), _ = reconcile_log(log("compatible", lambda day: "api-2026"))
    found.save_chart(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 5000
    with pytest.raises(FileExistsError):
        found.save_chart(tmp_path / "chart.png")


def test_a_log_that_is_no_text_is_left_out_line_by_line(tmp_path):
    (tmp_path / "photo.jsonl").write_bytes(b"\xff\xd8\xff\xe0\n\x89PNG\n")
    found, left_out = reconcile_log(tmp_path / "photo.jsonl")
    assert (found, [one.line for one in left_out]) == ((), [1, 2])


FACTS = [{"height": 480, "width": 640}]
BILLED = {"prompt_tokens": 320, "prompt_tokens_details": {"image_tokens": 300}}
URL = "data:image/jpeg;base64," + base64.b64encode((FIXTURES / "photo.jpg").read_bytes()).decode()
BODY = {
    "model": "qwen3-vl-plus",
    "messages": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL}}]},
    ],
}
NULL = {"choices": [{"delta": {"content": "A"}}], "usage": None}


@pytest.mark.parametrize(
    "row",
    [
        {"request": BODY, "response": {"usage": BILLED}},
        {"request": json.dumps(BODY), "response": json.dumps({"usage": BILLED})},
        {"request": BODY, "response": [NULL, NULL, {"choices": [], "usage": BILLED}]},
        {
            "custom_id": "a",
            "body": BODY,
            "response": {"status_code": 200, "body": {"usage": BILLED}},
        },
        {"request": {"url": "/v1/chat/completions", "body": BODY}, "reply": {"usage": BILLED}},
        {**BODY, "response": {"usage": BILLED}, "startTime": 1_767_225_600.5},
        {**BODY, "model": "dashscope/qwen3-vl-plus", "response": {"usage": BILLED}},
        {"request": BODY, "response": {"usage": BILLED}, "timestamp": 1_767_225_600_500},
    ],
)
def test_lines_as_sdks_batches_streams_and_gateways_write_them(row):
    (found,), left_out = reconcile_log([json.dumps(row)] * 3)
    assert left_out == ()
    assert (found.model, found.periods[0].best.matched) == ("qwen3-vl-plus", 3)
    assert all(call.time is None or call.time.year == 2026 for call in found.calls)


def test_results_of_a_batch_find_their_requests_by_custom_id():
    asked = [{"custom_id": f"r{k}", "method": "POST", "url": "/", "body": BODY} for k in range(3)]
    found = [
        {"custom_id": f"r{k}", "response": {"body": {"usage": BILLED}}, "error": None}
        for k in (2, 0, 1, 7)
    ]
    (one,), left_out = reconcile_log(map(json.dumps, [*asked, *found]), "qwen3-vl-plus")
    assert [call.line for call in one.calls] == [4, 5, 6]
    assert [(left.line, left.reason[:16]) for left in left_out] == [(7, "no request in it")]
    (one,), left_out = reconcile_log(map(json.dumps, [*found, *reversed(asked)]), "qwen3-vl-plus")
    assert [call.line for call in one.calls] == [1, 2, 3]
    assert one.periods[0].best.matched == 3
    assert [(left.line, left.reason[:16]) for left in left_out] == [(4, "no request in it")]


def test_a_log_may_be_gzipped_with_a_mark_and_ends_of_lines_of_windows(tmp_path):
    row = {"model": "qwen3-vl-plus", "media": FACTS, "usage": BILLED, "note": "a\u2028b"}
    text = "\r\n".join([json.dumps(row, ensure_ascii=False)] * 3).encode("utf-8-sig")
    for name, content in (("a.jsonl", text), ("a.jsonl.gz", gzip.compress(text))):
        (tmp_path / name).write_bytes(content)
        (found,), left_out = reconcile_log(tmp_path / name)
        assert (found.periods[0].best.matched, left_out) == (3, ())
    (tmp_path / "cut.gz").write_bytes(gzip.compress(text)[:-9])
    _, (left,) = reconcile_log(tmp_path / "cut.gz")
    assert "cut off or damaged" in left.reason


def test_a_usage_alone_that_does_not_say_that_there_were_no_media_is_left_out():
    line = json.dumps({"model": "qwen3-vl-plus", "usage": {"prompt_tokens": 320}})
    found, (left,) = reconcile_log([line])
    assert (found, left.reason[:16]) == ((), "no request in it")


MEDIA = [{"height": 720, "width": 1280}]


def test_what_a_cache_held_is_input_too():
    usage = {"input_tokens": 97, "cache_read_input_tokens": 700, "cache_creation_input_tokens": 3}
    assert read_usage({"usage": usage}).input_tokens == 800
    usage = {"prompt_tokens": 800, "cache_read_input_tokens": 700}
    assert read_usage({"usage": usage}).input_tokens == 800


def test_rules_that_predict_more_than_was_billed_explain_nothing():
    row = {"model": "qvq-max", "media": MEDIA, "usage": {"prompt_tokens": 50}}
    (found,), _ = reconcile_log([json.dumps(row)] * 3)
    assert found.periods[0].best is None
    assert {fit.matched for fit in found.periods[0].fits} == {0}


def test_a_name_that_a_server_gave_its_weights_is_the_model_given():
    row = {"model": "my-qwen", "media": MEDIA, "usage": {"prompt_tokens": 900}}
    (found,), left = reconcile_log([json.dumps(row)], "Qwen/Qwen3-VL-8B-Instruct")
    assert (found.model, left) == ("Qwen/Qwen3-VL-8B-Instruct", ())
    _, (line,) = reconcile_log([json.dumps(row)])
    assert "`model` says which one it stands for" in line.reason


def test_what_a_request_states_to_its_server_is_predicted_for_it():
    view = {"max_pixels": 100_000}
    tokens = image_tokens((720, 1280), "Qwen/Qwen3-VL-8B-Instruct", **view).visual
    url = (
        f"data:image/jpeg;base64,{base64.b64encode((FIXTURES / 'photo.jpg').read_bytes()).decode()}"
    )
    content = [{"type": "image_url", "image_url": {"url": url}}]
    row = {
        "request": {
            "model": "Qwen/Qwen3-VL-8B-Instruct",
            "messages": [{"role": "user", "content": content}],
            "mm_processor_kwargs": {"images_kwargs": view},
        },
        "media": MEDIA,
        "usage": {"prompt_tokens": tokens + 12},
    }
    (found,), _ = reconcile_log([json.dumps(row)] * 3)
    assert (found.periods[0].best.rules, found.periods[0].best.constant) == ("vllm", 12)


@pytest.mark.parametrize(
    "time",
    ["Mon, 02 Mar 2026 12:00:00 GMT", "1772452800", "1772452800.5", "2026-03-02", "20260302"],
)
def test_times_are_read_as_people_write_them(time):
    row = {"model": "qvq-max", "media": MEDIA, "usage": {"prompt_tokens": 900}, "time": time}
    (found,), left = reconcile_log([json.dumps(row)])
    assert (found.calls[0].time.date(), left) == (date(2026, 3, 2), ())


def test_a_time_that_is_none_is_told():
    row = {"model": "qvq-max", "media": MEDIA, "usage": {"prompt_tokens": 900}, "time": "noon"}
    _, (line,) = reconcile_log([json.dumps(row)])
    assert line.reason == "'noon' is no time: ISO 8601 is wanted, or seconds since 1970"


def test_a_stream_that_is_kept_as_it_came_is_read():
    usage = {"choices": [], "usage": {"prompt_tokens": 900}}
    stream = f'data: {{"choices": []}}\n\ndata: {json.dumps(usage)}\n\ndata: [DONE]\n'
    row = {"model": "qvq-max", "media": MEDIA, "response": stream}
    (found,), left = reconcile_log([json.dumps(row)])
    assert (found.calls[0].usage.input_tokens, left) == (900, ())


@pytest.mark.parametrize(
    "row",
    [
        lambda asked, usage: {"request_body": asked, "response_body": usage},
        lambda asked, usage: {"kwargs": asked, "response": usage},
        lambda asked, _: {"input": asked["messages"], "usage": {"input": 900, "output": 3}},
        lambda asked, _: {"input": asked, "usage": {"inputTokens": 900}},
    ],
    ids=["a proxy", "a callback", "a tracer", "a tracer of bodies"],
)
def test_lines_of_proxies_and_tracers_are_read(row):
    content = [{"type": "image_url", "image_url": {"url": str(FIXTURES / "photo.jpg")}}]
    asked = {"messages": [{"role": "user", "content": content}]}
    line = {"model": "qvq-max"} | row(asked, {"usage": {"prompt_tokens": 900}})
    (found,), left = reconcile_log([json.dumps(line)])
    (call,) = found.calls
    assert (call.usage.input_tokens, len(call.media), left) == (900, 1, ())


def test_batches_of_anthropic_are_read():
    asked = {"model": "qvq-max", "messages": [{"role": "user", "content": "Hi"}]}
    result = {"type": "succeeded", "message": {"usage": {"input_tokens": 9}}}
    lines = [{"custom_id": "1", "params": asked}, {"custom_id": "1", "result": result}]
    (found,), left = reconcile_log(list(map(json.dumps, lines)))
    assert (found.calls[0].usage.input_tokens, left) == (9, ())


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"media": ["no.jpg"]}, "no.jpg: No such file or directory"),
        ({"media": "no.jpg"}, "its media are no list"),
        ({"custom_id": "7"}, "no request in it, and none of '7' in the log"),
        (
            {"request": {"messages": [{"content": [{"image": "a.jpg", "max_pixels": "9"}]}]}},
            "max_pixels is '9' in the request; a number is wanted",
        ),
    ],
    ids=["a file", "a text", "a result alone", "a setting"],
)
def test_what_is_wrong_with_a_line_is_told_in_its_words(more, reason):
    _, (line,) = reconcile_log(
        [json.dumps({"model": "qvq-max", "usage": {"prompt_tokens": 5}} | more)]
    )
    assert line.reason == reason


def test_lines_that_say_nothing_are_told_in_their_order():
    waiting = json.dumps({"custom_id": "7", "usage": {"prompt_tokens": 5}})
    _, left = reconcile_log([waiting, "{broken"], "qvq-max")
    assert [one.line for one in left] == [1, 2]


def test_what_stands_beside_a_medium_is_predicted_for_the_processor_and_for_no_server():
    name, log = "Qwen/Qwen2.5-VL-7B-Instruct", []
    billed = image_tokens((480, 640), name).visual
    for most in (50_000, 100_000, 200_000):
        part = {"type": "image_url", "image_url": {"url": URL}, "max_pixels": most}
        body = {"model": name, "messages": [{"role": "user", "content": [part]}]}
        log.append(json.dumps({"request": body, **KINDS["vllm"](billed + 20, billed)}))
    (found,), left_out = reconcile_log(log)
    fits = {fit.rules: fit.matched for fit in found.periods[0].fits}
    assert (fits["vllm"], fits["sglang"], left_out) == (3, 3, ())
    assert max(fits["transformers"], fits["qwen-vl-utils"]) == 1  # what is over, as a constant
