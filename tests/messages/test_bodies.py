"""Requests as others wrote them: where their media, their text and their settings stand."""

from __future__ import annotations

import pytest

from vlprep.errors import ConstraintError
from vlprep.messages.bodies import SentMedium, read_address, read_body

PART = {"image": "photo.jpg"}


def test_a_list_of_frames_is_on_the_web_where_one_of_them_is():
    assert SentMedium(address=("a.jpg", "https://a.example/b.jpg")).on_the_web is not None
    assert SentMedium(address=("a.jpg", "b.jpg")).on_the_web is None
    assert SentMedium(address="HTTP://a.example/b.jpg").on_the_web is not None


@pytest.mark.parametrize("where", ["parameters", "body"])
def test_high_resolution_is_asked_for_beside_the_model_or_among_parameters(where):
    asked = {"vl_high_resolution_images": True}
    body = {"input": {"messages": [{"content": [PART]}]}}
    body |= {"parameters": asked} if where == "parameters" else asked
    assert read_body(body).high_res
    assert not read_body({"input": body["input"], "parameters": {}}).high_res


def test_settings_that_are_no_object_are_passed_over():
    body = {"messages": [{"content": "Hello"}], "parameters": "none"}
    assert not read_body(body).high_res


def test_the_input_of_a_response_may_be_text_alone():
    assert read_body({"model": "qvq-max", "input": "What is this?"}).text == "What is this?"


@pytest.mark.parametrize("body", [{}, {"messages": 5}, {"input": {"messages": None}}])
def test_a_body_without_messages_is_refused(body):
    with pytest.raises(ConstraintError, match="without messages"):
        read_body(body)


@pytest.mark.parametrize("where", ["extra_body", "body"])
def test_what_a_client_adds_to_a_body_is_read_as_a_part_of_it(where):
    asked = {
        "vl_high_resolution_images": True,
        "mm_processor_kwargs": {"max_pixels": 9},
        "media_io_kwargs": {"video": {"fps": 1}},
    }
    body = {"messages": [{"content": [PART]}]}
    found = read_body(body | (asked if where == "body" else {"extra_body": asked}))
    assert found.high_res
    assert found.served == {name: asked[name] for name in list(asked)[1:]}


@pytest.mark.parametrize("value", ["false", "true", 2, []])
def test_a_switch_is_on_or_off(value):
    body = {"messages": [{"content": [PART]}], "vl_high_resolution_images": value}
    if not value:
        assert not read_body(body).high_res
    else:
        with pytest.raises(ConstraintError, match="true or false is wanted"):
            read_body(body)


@pytest.mark.parametrize(
    ("part", "ignored"),
    [
        (PART | {"resized_height": 280, "resized_width": 420}, ()),
        (PART | {"resized_width": 420}, ("resized_width",)),
        ({"video": "a.mp4", "num_frames": 8}, ("num_frames",)),
        ({"image_url": {"url": "a.jpg", "detail": "low"}}, ("image_url.detail",)),
        ({"image_url": {"url": "a.jpg", "max_pixels": 9}}, ("image_url.max_pixels",)),
        ({"type": "input_image", "image_url": "a.jpg", "detail": "high"}, ("detail",)),
        ({"image_url": {"url": "a.jpg", "detail": "auto"}, "max_pixels": 9}, ()),
    ],
    ids=str,
)
def test_what_is_asked_and_not_counted_is_named(part, ignored):
    (medium,) = read_body({"messages": [{"content": [part]}]}).media
    assert medium.ignored == ignored


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "base64": "R0lG", "mime_type": "image/gif"},
        {"type": "image", "source_type": "base64", "data": "R0lG", "mime_type": "image/gif"},
        {"type": "image", "data": "R0lG", "mimeType": "image/gif"},
        {"type": "video", "base64": "R0lG", "mime_type": "video/mp4"},
    ],
    ids=["LangChain 1", "LangChain 0.3", "MCP", "a video"],
)
def test_base64_beside_the_type_of_a_part_is_content(part):
    (medium,) = read_body({"messages": [{"content": [part]}]}).media
    assert (medium.address, medium.kind) == ("data:;base64,R0lG", part["type"])


@pytest.mark.parametrize("key", ["data", "kwargs"])
def test_a_message_that_langchain_wrote_down_is_read(key):
    said = read_body({"messages": [{"type": "human", key: {"content": ["Hi", PART]}}]})
    assert (said.text, len(said.media)) == ("Hi", 1)


@pytest.mark.parametrize("message", [5, None, [PART]])
def test_what_is_no_message_is_refused(message):
    with pytest.raises(ConstraintError, match="a message is an object"):
        read_body({"messages": [{"content": "Hi"}, message]})


def test_instructions_are_text_and_tools_are_not_counted():
    body = {"instructions": "Be brief.", "input": "Hi", "tools": [{"type": "function"}]}
    assert (read_body(body).text, read_body(body).not_counted) == ("Be brief.\nHi", ("tools",))
    called = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    assert read_body({"messages": [called]}).not_counted == ("tools",)
    assert read_body({"messages": [{"content": "Hi"}], "tools": []}).not_counted == ()


def test_media_of_bedrock_are_read_those_of_tools_too():
    image = {"image": {"format": "png", "source": {"bytes": "QUJD"}}}
    raw = {"image": {"format": "png", "source": {"bytes": b"ABC"}}}
    stored = {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/v.mp4"}}}}
    result = {"toolResult": {"toolUseId": "1", "content": [raw, {"text": "found"}]}}
    said = read_body({
        "system": [{"text": "Be brief."}],
        "messages": [{"role": "user", "content": [image, {"text": "What?"}, stored, result]}],
    })  # fmt: skip
    found = [(medium.kind, medium.address) for medium in said.media]
    assert found == [
        ("image", "data:;base64,QUJD"), ("video", "s3://b/v.mp4"), ("image", b"ABC"),
    ]  # fmt: skip
    assert said.text == "Be brief.\nWhat?\nfound"


def test_images_of_a_message_that_are_no_list_are_one():
    said = read_body({"messages": [{"content": "What?", "images": "a.jpg"}]})
    assert [medium.address for medium in said.media] == ["a.jpg"]
    with pytest.raises(ConstraintError, match="nor bytes: int"):
        read_body({"messages": [{"content": "What?", "images": 5}]})


@pytest.mark.parametrize("result", ["found", ["found"], 5])
def test_a_result_of_a_tool_in_another_form_stops_nothing(result):
    parts = [{"text": "What?"}, {"toolResult": result}]
    assert read_body({"messages": [{"role": "user", "content": parts}]}).text == "What?"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///data/a.png", "/data/a.png"),
        ("file:///data/a%20b.png", "/data/a b.png"),
        ("file://localhost/data/a.png", "/data/a.png"),
        ("file://./images/a.png", "./images/a.png"),  # samples of DashScope put it before any path
        ("file://../a.png", "../a.png"),
        ("file://a.png", "a.png"),
        ("file://D:/images/a.png", "D:/images/a.png"),
        ("file:///data/a#1.png", "/data/a#1.png"),
        ("file:///data/what?.png", "/data/what?.png"),
    ],
)
def test_a_file_address_of_a_message_is_its_path(address, path):
    assert read_address(address) == path
    assert read_address([address, "b.png"]) == (path, "b.png")


@pytest.mark.parametrize("type", [[], {}, None, 5, ["image"]])
def test_a_type_that_is_no_text_says_nothing(type):
    said = read_body({"messages": [{"content": [{"type": type, "text": "What?"}]}]})
    assert (said.text, said.media, said.unfilled, said.not_counted) == ("What?", (), (), ())
