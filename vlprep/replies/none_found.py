"""Whether an answer says that there is nothing to be found, in words or with empty lists."""

from __future__ import annotations

import re
from typing import Any

from vlprep.replies.loose_json import Trouble, json_values


def says_none(text: str) -> bool:
    """Say whether an answer means that nothing was found; an empty text means nothing at all.

    >>> says_none('{"objects": []}'), says_none("There are no cats."), says_none("未检测到目标")
    (True, True, True)
    >>> says_none("I cannot see the image."), says_none("A cat."), says_none("")
    (False, False, False)
    """
    trouble = Trouble()
    values = [value for _, value in json_values(text, trouble)]
    if values:
        return not trouble.cut_off and all(map(_is_hollow, values))
    words = " ".join(text.replace("’", "'").split()).lower().strip("`'\". ")
    if len(words) > _LONGEST or _NO_PICTURE.search(words):
        return False
    return bool(_NOTHING.fullmatch(words) or _NONE_FOUND.search(words))


def _is_hollow(value: Any) -> bool:
    """Say whether a value is a list or an object with nothing in it, however deep."""
    layer = [value]
    while layer:
        tables = [member for member in layer if isinstance(member, dict)]
        for table in filter(None, tables):
            if not any(isinstance(value, _HOLLOW) for value in table.values()):
                return False  # it says something, and of no list that it is empty
        inner = [item for item in layer if isinstance(item, list)]
        if any(not isinstance(item, _HOLLOW) for items in inner for item in items):
            return False
        layer = [item for items in inner for item in items]
        layer += [v for table in tables for v in table.values() if isinstance(v, dict | list)]
    return True


_HOLLOW = (dict, list, type(None))  # of which nothing is said
_LONGEST = 300  # letters of an answer that says only this

_NOTHING = re.compile(r"none|null|nothing|empty|n/?a|no|无|無|没有|沒有")
_FOUND = r"(?:find|found|see|seen|detect(?:ed)?|locate[d]?|identif(?:y|ied)|visible|present|exist)"
_NONE_FOUND = re.compile(
    r"^no such\b|\bthere (?:is|are|was|were)(?: no\b|n't| not)"
    rf"|\b(?:no|none|nothing|zero|not any)\b.{{0,80}}\b{_FOUND}\b"
    r"|\b(?:no|none|nothing|zero)\b.{0,80}\b(?:in (?:the|this)|here)\b"
    rf"|(?:\bnot|n't|\bcannot)\b.{{0,30}}\b(?:{_FOUND}|contain|any|appear|show)\b"
    rf"|\b{_FOUND} (?:no|nothing|none)\b"
    r"|(?:未能?|没有?|沒有?|无法|無法)(?:检测|檢測|发现|發現|找到|看到|识别|識別|定位|检出|出现|出現)"
    r"|(?:图|圖|画面|視頻|视频)[中里裡内內]?(?:没有|沒有|不存在|无|無)|找不到|不存在|不包含"
)
_NO_PICTURE = re.compile(
    r"\b(?:see|view|open|access|load|process) (?:the|this|that|your|any|an)? ?"
    r"(?:image|picture|photo|video|clip|file)s?\b"
    r"|\bno (?:image|picture|photo|video|file)s?\b|(?:看不到|无法查看|無法查看|没有收到|未提供)"
)
