from __future__ import annotations

import pytest

from vlprep.replies.none_found import says_none


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", "```json\n[]\n```", '{"objects": [], "count": 0}', "[[], {}]", '{"boxes": null}',
     "none", "None.", '"null"', "N/A", "No objects detected.", "There are no cats in this image.",
     "There isn't any dog.", "I could not find a bus.", "The bus does not appear in the clip.",
     "Nothing was found.", "No such event is visible in the video.", "No such event.",
     "I don't see any cat.",
     "未检测到目标", "图中没有猫。", "没有发现目标", "找不到对应的物体", "無法識別"],
)  # fmt: skip
def test_nothing_found(text):
    assert says_none(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "A cat.", "[1]", '[{"label": "cat"}]', "I can't see the image.",
     "No image was given.", "无法查看图片", "Note the cat.", "A knot in the rope.", "no " * 200,
     '{"bbox_2d": [1, 2',
     "Now I see cats.", "[[[1]]]", '{"a": {"b": 1}}'],
)  # fmt: skip
def test_something_else(text):
    assert not says_none(text)
