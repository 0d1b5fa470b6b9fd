import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.check.sendings import frame_list, image, sending, url, video
from vlprep import get_model
from vlprep.check.routes import advise_routes
from vlprep.check.rule import FileFacts
from vlprep.models.registry import list_apis

MODEL, WEIGHTS = "qvq-max", "Qwen/Qwen3-VL-8B-Instruct"


def advice(*files, model=MODEL):
    return advise_routes(sending(*files, model=model))


def routes(count, model=MODEL, *, is_video=False, format="JPEG"):
    file = (video if is_video else image)(file_bytes=count, format=format)
    return {one.api: one.routes for one in advice(file, model=model)}


@pytest.mark.parametrize(
    ("count", "openai", "dashscope"),
    [
        (6_999_999, ("base64", "url"), ("path", "base64", "url")),
        (7_000_000, ("url",), ("path", "url")),
        (10_000_000, ("url",), ("path", "url")),
        (10_000_001, (), ()),
    ],
)
def test_images_go_by_the_table_of_the_guides(count, openai, dashscope):
    assert routes(count) == {"openai": openai, "dashscope": dashscope}


@pytest.mark.parametrize(
    ("count", "openai", "dashscope"),
    [
        (6_999_999, ("base64", "url"), ("path", "base64", "url")),
        (99_999_999, ("url",), ("path", "url")),
        (100_000_000, ("url",), ("url",)),
        (1_000_000_000, (), ()),  # the model's own limit by URL
    ],
)
def test_videos_go_by_the_table_of_the_guides(count, openai, dashscope):
    assert routes(count, is_video=True, format="MP4") == {"openai": openai, "dashscope": dashscope}


def test_some_models_take_larger_images_by_url():
    assert routes(20_000_000, "qwen3.8-max")["openai"] == ("url",)
    assert routes(20_000_001, "qwen3.8-max")["openai"] == ()


def test_a_limit_that_nobody_states_keeps_no_route_away():
    assert get_model("qwen-vl-ocr").video_files is None
    assert routes(10**12, "qwen-vl-ocr", is_video=True, format="MP4")["openai"] == ("url",)


def test_weights_run_anywhere():
    assert advice(image(), url("https://example.com/a"), model=WEIGHTS) == ()


def test_a_url_goes_by_url_and_each_advice_has_sources():
    found = advice(url("https://example.com/a"))
    assert [one.api for one in found] == [api.name for api in list_apis()]
    assert all(one.recommended == "url" and one.sources for one in found)


def test_what_cannot_be_read_goes_nowhere_and_a_list_as_its_largest_image():
    broken = FileFacts(source="a", kind="unreadable")
    listed = frame_list(image(file_bytes=5), image(file_bytes=7_000_000))
    assert {one.source: one.routes for one in advice(broken, listed) if one.api == "openai"} == {
        "frames": ("url",)
    }


@given(
    st.integers(0, 3 * 10**9),
    st.integers(0, 10**8),
    st.sampled_from(["JPEG", "PNG", "MP4", "MOV", None]),
)
def test_a_smaller_file_has_every_route_of_a_larger_one(count, less, format):
    is_video = format in ("MP4", "MOV")
    larger = routes(count, is_video=is_video, format=format)
    smaller = routes(max(count - less, 0), is_video=is_video, format=format)
    for api, names in larger.items():
        assert set(names) <= set(smaller[api])
