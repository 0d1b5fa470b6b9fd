import re

from hypothesis import given
from hypothesis import strategies as st

from tests.check.sendings import image, request, url, video
from vlprep.check.rule import Finding
from vlprep.check.table import RULES, SEVERITIES, find_problems


def test_ids_are_stable_words_and_stand_once():
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)
    assert all(rule.title and rule.severity in SEVERITIES for rule in RULES)


FILES = st.one_of(
    st.builds(image, st.integers(1, 9000), st.integers(1, 9000), source=st.sampled_from("abc"),
              format=st.sampled_from(["JPEG", "GIF", "WEBP"]), orientation=st.integers(1, 8),
              file_bytes=st.integers(1, 2 * 10**7)),
    st.builds(video, source=st.sampled_from("def"), file_bytes=st.integers(1, 3 * 10**9),
              duration_seconds=st.none() | st.floats(0, 10**4), interlaced=st.booleans()),
    st.builds(url, st.just("https://example.com/a.jpg")),
)  # fmt: skip


@given(
    st.lists(FILES, max_size=6),
    st.sampled_from(["base64", "path", "url"]),
    st.sampled_from(["qvq-max", "qwen3.7-plus", "Qwen/Qwen2.5-VL-7B-Instruct", "qwen-vl-ocr"]),
    st.none() | st.floats(0.01, 30),
)
def test_findings_are_whole_and_in_order(files, route, model, fps):
    found = find_problems(request(*files, route=route, model=model, fps=fps))
    names = [file.source for file in files]
    places = [
        (len(names) if one.source is None else names.index(one.source),
         SEVERITIES.index(one.severity))
        for one in found
    ]  # fmt: skip
    assert places == sorted(places)
    for finding in found:
        assert isinstance(finding, Finding)
        assert finding.measured
        assert finding.message[-1] not in ".\n"
