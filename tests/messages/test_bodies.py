"""Requests as others wrote them: where their media, their text and their settings stand."""

from __future__ import annotations

import pytest

from vlprep.errors import ConstraintError
from vlprep.messages.bodies import SentMedium, read_body

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
