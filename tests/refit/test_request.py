"""Requests in the protocols' own shapes: what is changed, what is told, what clients take."""

from __future__ import annotations

import base64
import copy
import io
import json

import pytest
from PIL import Image

from tests.places import FIXTURES, case_file
from tests.refit.bodies import anthropic, chat, data_url, images_of, picture
from vlprep import fit_request, probe, processor
from vlprep.errors import ConstraintError

URL = {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}}


def part(name):
    return {"type": "image_url", "image_url": {"url": data_url(name)}}


def sizes(body):
    return [Image.open(io.BytesIO(content)).size for content in images_of(body)]


def test_within_the_limits_the_very_same_comes_back():
    body = chat([part("photo"), URL])
    fitted = fit_request(body, "qvq-max")
    assert fitted.body is body
    assert (fitted.changes, fitted.left, fitted.fits) == ((), (), True)
    assert fitted.not_fetched == ("messages[0].content[1].image_url.url",)


def test_an_object_shares_what_is_not_changed_and_is_not_changed_itself():
    body = chat([part("photo"), part("drawn"), {"type": "text", "text": "?"}])
    before = copy.deepcopy(body)
    fitted = fit_request(body, "qvq-max", max_side=170)
    assert body == before
    content, made = body["messages"][0]["content"], fitted.body["messages"][0]["content"]
    assert [new is old for old, new in zip(content, made, strict=True)] == [True, False, True]
    assert sizes(fitted.body) == [(160, 120), (76, 170)]
    (change,) = fitted.changes
    assert (change.size_before, change.size_after) == ((200, 90), (170, 76))
    assert [one.rule for one in change.because] == ["max-side"]
    assert change.message.endswith("max-side, at most 170 px")


def test_a_type_that_is_declared_wrongly_is_all_that_changes():
    body = {"messages": [{"role": "user", "content": [anthropic("named-wrong")]}]}
    fitted = fit_request(json.dumps(body), "qvq-max")
    assert [change.action for change in fitted.changes] == ["relabelled"]
    body["messages"][0]["content"][0]["source"]["media_type"] = "image/jpeg"
    assert fitted.body == json.dumps(body)


def test_data_url_wrong_type():
    url = case_file("data_url_wrong_type", "heic_as_png.dataurl").read_text().strip()
    body = chat([{"type": "image_url", "image_url": {"url": url}}])
    fitted = fit_request(body, "qwen3-vl-plus")
    (change,) = fitted.changes
    assert (change.action, change.format_before) == ("relabelled", "HEIC")
    made = fitted.body["messages"][0]["content"][0]["image_url"]["url"]
    assert made == "data:image/heic;base64," + url.partition(",")[2]
    assert fitted.left == ()


def test_results_of_tools_are_found_in_every_protocol():
    screenshot = {"type": "computer_screenshot", "image_url": data_url("drawn")}
    type, data = "image/png", data_url("drawn").partition(",")[2]
    mcp = {"type": "image", "data": data, "mimeType": type}
    bodies = (
        {"input": [{"type": "computer_call_output", "call_id": "1", "output": screenshot}]},
        {"messages": [{"role": "tool", "content": [part("drawn")]}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [mcp]}]}]},
        {"messages": [{"content": [{"type": "file", "mediaType": type, "data": data}]}]},  # AI SDK
        {"anything": {"of": [{"ours": data_url("drawn")}]}},
    )
    for body in bodies:
        (change,) = fit_request(body, "qvq-max", max_side=100).changes
        assert change.size_after == (100, 45)


def test_text_that_looks_like_a_medium_is_text():
    url = data_url("drawn")
    call = {"function": {"name": "f", "arguments": url}}
    body = chat([{"type": "text", "text": url}])
    body["messages"] += [{"role": "assistant", "content": url, "tool_calls": [call]}]
    assert fit_request(body, "qvq-max", max_side=50).body is body


def test_what_a_call_of_a_tool_says_is_no_medium_of_the_request():
    use = {"type": "tool_use", "id": "1", "name": "f", "input": {"image": "a.jpg"}}
    drawn = {**use, "input": {"image": data_url("drawn")}}
    document = {"type": "document", "source": {"type": "file", "file_id": "file-1"}}
    file = {"type": "file", "file": {"file_id": "file-2"}}
    fitted = fit_request(chat([use, document, file]), "qvq-max", max_images=0, drop="oldest")
    assert (fitted.media, fitted.not_fetched, fitted.left, fitted.changes) == (0, (), (), ())
    kept = fit_request(chat([drawn]), "qvq-max", max_images=0, drop="oldest")
    assert (kept.changes, [one.rule for one in kept.left]) == ((), ["max-images"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (part("photo"), {"type": "text"}),
        (URL, {"type": "text"}),
        ({"type": "input_image", "image_url": data_url("photo")}, {"type": "input_text"}),
        ({"type": "input_image", "file_id": "file-1"}, {"type": "input_text"}),
        ({"image": data_url("photo")}, {}),
        (anthropic("photo"), {"type": "text", "cache_control": {"type": "ephemeral"}}),
        (
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
            {"type": "text"},
        ),
    ],
)
def test_the_oldest_image_becomes_text_as_its_protocol_spells_it(old, new):
    body = chat([old, part("drawn")])
    fitted = fit_request(body, "qvq-max", max_images=1, drop="oldest")
    text = "[an image was left out here: 2 images in the request, at most 1 image taken]"
    kept = body["messages"][0]["content"][1]
    assert fitted.body["messages"][0]["content"] == [{**new, "text": text}, kept]
    assert [change.action for change in fitted.changes] == ["dropped"]
    assert fitted.fits


def test_an_error_names_the_place_of_what_is_no_data():
    broken = {"type": "image_url", "image_url": {"url": "data:image/png;base64,*"}}
    (finding,) = fit_request(chat([broken]), "qvq-max").left
    assert finding.source == "messages[0].content[0].image_url.url"
    assert finding.message.startswith("not valid Base64")


def test_too_many_images_stay_and_are_an_error_unless_asked():
    body = chat([part("photo")] * 3)
    fitted = fit_request(body, "qvq-max", max_images=2)
    assert fitted.body is body
    assert [finding.rule for finding in fitted.left] == ["max-images"]
    assert not fitted.fits
    documented = fit_request(chat([URL] * 257), "qvq-max")
    assert [finding.rule for finding in documented.left] == ["request-images"]


def test_a_request_in_high_resolution_is_counted_as_one():
    white = io.BytesIO()
    Image.new("RGB", (4000, 3000), "white").save(white, "PNG")
    url = "data:image/png;base64," + base64.b64encode(white.getvalue()).decode()
    body = chat([{"type": "image_url", "image_url": {"url": url}}] * 60)
    assert fit_request(body, "qwen3-vl-plus").fits
    fitted = fit_request({**body, "vl_high_resolution_images": True}, "qwen3-vl-plus")
    assert [finding.rule for finding in fitted.left] == ["input-tokens"]


def test_an_image_deep_in_a_part_is_not_taken_for_all_of_it():
    content = data_url("photo").split(",")[1]
    deep = {"type": "image", "note": {"media_type": "image/jpeg", "data": content}, "k": "kept"}
    body = chat([deep])
    fitted = fit_request(body, "qvq-max", max_images=0, drop="oldest")
    assert fitted.body is body


def test_a_screenshot_that_no_text_can_replace_stays():
    shot = {"type": "computer_screenshot", "image_url": data_url("photo")}
    body = {"input": [{"type": "computer_call_output", "call_id": "1", "output": shot}]}
    fitted = fit_request(body, "qvq-max", max_images=0, drop="oldest")
    assert fitted.body is body
    assert [finding.rule for finding in fitted.left] == ["max-images"]


def test_what_cannot_be_mended_stays_and_is_told():
    body = chat([part("tiny"), part("narrow"), part("nonsense")])
    fitted = fit_request(body, "qvq-max")
    assert fitted.body is body
    assert [(one.rule, one.source.split(".")[1]) for one in fitted.left] == [
        ("image-side", "content[0]"),
        ("image-ratio", "content[1]"),
        ("readable", "content[2]"),
    ]


def test_the_largest_files_give_way_to_the_same_length():
    body = json.dumps(chat([part("photo"), part("photo"), part("drawn")]))
    fitted = fit_request(body, "qvq-max", max_body=16_000)
    assert 13_000 < len(fitted.body) <= 16_000
    first, second, third = images_of(json.loads(fitted.body))
    assert first == second
    assert third == picture("drawn")[1]
    assert [one.rule for change in fitted.changes for one in change.because] == ["max-body"] * 2


def test_a_body_that_cannot_be_so_short_is_left_alone():
    body = json.dumps(chat([part("photo")]))
    fitted = fit_request(body, "qvq-max", max_body=200)
    assert fitted.body is body
    assert [finding.rule for finding in fitted.left] == ["max-body"]


def test_escapes_count_where_they_make_a_body_too_long():
    body = json.dumps(chat([part("photo")])).replace("/", "\\/")
    fitted = fit_request(body, "qvq-max", max_body=len(body) - 2)
    assert fitted.fits
    assert len(fitted.body) <= len(body) - 2


def test_bytes_keep_their_mark_and_come_back_as_bytes():
    body = b"\xef\xbb\xbf" + json.dumps(chat([part("drawn")]), indent=3).encode()
    fitted = fit_request(body, "qvq-max", max_side=100)
    start, end = body.index(b"data:"), body.rindex(b'"', 0, body.index(b"}", body.index(b"data:")))
    assert fitted.body.startswith(body[:start])
    assert fitted.body.endswith(body[end:])


def test_frames_of_a_list_keep_one_size():
    frames = [data_url("photo"), data_url("gif")]
    flat = Image.new("RGB", (160, 120), "white")
    memory = io.BytesIO()
    flat.save(memory, "PNG")
    frames = [
        data_url("photo"),
        f"data:image/png;base64,{base64.b64encode(memory.getvalue()).decode()}",
    ]
    body = chat([{"type": "video", "video": frames * 2}])
    fitted = fit_request(body, "qvq-max", limit=1_500)
    assert len(set(sizes(fitted.body))) == 1
    assert sizes(fitted.body)[0] < (160, 120)
    assert {one.rule for change in fitted.changes for one in change.because} == {
        "limit", "frame-size",
    }  # fmt: skip
    assert fit_request(fitted.body, "qvq-max", limit=1_500).changes == ()


def test_a_video_is_made_smaller_too():
    data = base64.b64encode((FIXTURES / "clip.mp4").read_bytes()).decode()
    video = {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{data}"}}
    limit = (FIXTURES / "clip.mp4").stat().st_size // 2
    fitted = fit_request(chat([video]), "qwen3-vl-plus", limit=limit)
    (change,) = fitted.changes
    assert change.bytes_after < limit
    url = fitted.body["messages"][0]["content"][0]["video_url"]["url"]
    assert probe(url).file_bytes == change.bytes_after
    assert fit_request(fitted.body, "qwen3-vl-plus", limit=limit).body is fitted.body


def test_what_is_no_request_is_refused():
    for body, problem in (("[1]", "an object"), ("{", "not JSON"), (b'"\xff"', "not JSON")):
        with pytest.raises(ConstraintError, match=problem):
            fit_request(body)
    for limits in ({"max_side": 0}, {"limit": 0}, {"max_body": 0}, {"max_images": -1}):
        with pytest.raises(ConstraintError, match=next(iter(limits))):
            fit_request({}, **limits)
    with pytest.raises(ConstraintError, match="drop"):
        fit_request({}, drop="newest")
    with pytest.raises(ConstraintError, match="written as JSON"):
        fit_request({"messages": [object()]}, max_body=9)


def test_nests_of_any_depth_and_keys_that_are_there_twice():
    deep = '{"a": ' + "[" * 900 + "]" * 900 + "}"
    assert fit_request(deep).body == deep
    url = data_url("drawn")
    twice = f'{{"image": "{url}", "b": [{{"url": "{url}"}}], "b": [{{"url": "{url}"}}]}}'
    fitted = fit_request(twice, max_side=100)
    assert fitted.body.count(url) == 1  # the first `b`, which no reader sees
    assert fit_request(fitted.body, max_side=100).body == fitted.body


def test_the_clients_own_types_take_the_result():
    openai = pytest.importorskip("openai")
    pydantic = pytest.importorskip("pydantic")
    from openai.types.chat import ChatCompletionMessageParam

    message = pydantic.TypeAdapter(ChatCompletionMessageParam)
    fitted = processor("qvq-max").fit_request(
        chat([part("photo"), part("drawn")]), max_images=1, max_side=100, drop="oldest"
    )
    assert message.validate_python(fitted.body["messages"][0])["role"] == "user"
    assert openai.__version__


def test_a_list_of_frames_in_one_data_url_is_left_as_it_is():
    url = "data:video/jpeg;base64,AAAA,AAAA"
    content = [{"type": "video_url", "video_url": {"url": url}}]
    body = {"messages": [{"role": "user", "content": content}]}
    fitted = fit_request(body, "Qwen/Qwen3-VL-8B-Instruct", server="vllm")
    assert (fitted.body, fitted.left, len(fitted.not_fetched)) == (body, (), 1)


@pytest.mark.parametrize(
    "place",
    [
        lambda data: {"content": "What?", "images": [data]},
        lambda data: {"content": [{"type": "image_url", "image_url": {"url": data}}]},
        lambda data: {"content": [{"type": "image", "base64": data, "mime_type": "image/jpeg"}]},
    ],
    ids=["Ollama", "bare in a part", "LangChain 1"],
)
def test_base64_without_a_data_url_is_fitted_and_stays_without(place):
    came = data_url("photo").partition(",")[2]
    fitted = fit_request({"messages": [place(came)]}, "qvq-max", max_side=100)
    (made,) = [change.size_after for change in fitted.changes]
    assert (max(made), fitted.left) == (100, ())
    text = json.dumps(fitted.body)
    assert came not in text and "data:" not in text
    assert fit_request(fitted.body, "qvq-max", max_side=100).body is fitted.body


def test_text_of_many_letters_beside_images_is_no_picture():
    body = {"messages": [{"content": "A" * 400, "images": ["B" * 400, "photo.jpg"]}]}
    assert fit_request(body, "qvq-max", max_side=100).media == 0


def converse(format, content, kind="image"):
    source = {"bytes": base64.b64encode(content).decode()}
    return {"messages": [{"content": [{kind: {"format": format, "source": source}}]}]}


def test_a_picture_of_bedrock_is_fitted_and_says_its_format_as_bedrock_does():
    body = converse("bmp", picture("bmp")[1])
    fitted = fit_request(body, "qvq-max", max_side=100)
    (made,) = [change.size_after for change in fitted.changes]
    image = fitted.body["messages"][0]["content"][0]["image"]
    assert (max(made), image["format"], fitted.not_fetched) == (100, "png", ())
    relabelled = fit_request(converse("png", picture("photo")[1]), "qvq-max")
    assert [change.action for change in relabelled.changes] == ["relabelled"]
    assert relabelled.body == converse("jpeg", picture("photo")[1])


def test_media_of_bedrock_are_left_out_and_named_like_others():
    body = converse("jpeg", picture("photo")[1])
    stored = {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/v.mp4"}}}}
    body["messages"][0]["content"].append(stored)
    fitted = fit_request(body, "qvq-max", max_images=0, drop="oldest")
    first, second = fitted.body["messages"][0]["content"]
    assert (list(first), second) == (["text"], stored)
    assert fitted.not_fetched == ("messages[0].content[1].video.source.s3Location.uri",)
