"""How messages quote what an answer says."""

from __future__ import annotations

import pytest

from vlprep.replies.spelling import excerpt, plain


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a" * 40, repr("a" * 40)),
        ("a" * 41, repr("a" * 39 + "…")),
        ("one \n two", "'one two'"),
        (" " * 2000 + "far away", "it is empty"),
    ],
)
def test_a_quote_has_forty_letters_at_most(text, quoted):
    assert excerpt(text) == quoted


def test_every_full_width_digit_is_a_digit():
    assert plain("０１２３４５６７８９") == "0123456789"
