"""What samples cost, which of them are too long, and what keeps them."""

import base64
import json

import pytest

import vlprep
from tests.places import FIXTURES
from vlprep.errors import ConstraintError
from vlprep.samples.rows import read_rows
from vlprep.samples.samples import SampleCount, count_rows

PHOTO, STREET = str(FIXTURES / "photo.jpg"), str(FIXTURES / "street.mp4")
OPEN = "Qwen/Qwen3-VL-8B-Instruct"


def sample(*images, videos=(), **more):
    marks = "<image>" * len(images) + "<video>" * len(videos)
    return {"query": f"{marks}What?", "images": list(images), "videos": list(videos), **more}


def test_a_sample_costs_what_its_media_cost_alone():
    count = vlprep.count_messages(sample(PHOTO, PHOTO, videos=[STREET]), OPEN)
    alone = vlprep.count_tokens(PHOTO, OPEN).tokens.total
    clip = vlprep.count_tokens(STREET, OPEN).tokens.total
    assert (count.image_tokens, count.video_tokens) == (2 * alone, clip)
    assert count.total_tokens == 2 * alone + clip
    assert count.text_tokens is None


@pytest.mark.parametrize(
    "tokenizer",
    [len, list, lambda text: {"input_ids": [0] * len(text)}],
    ids=["number", "tokens", "transformers"],
)
def test_text_is_counted_by_the_tokenizer_of_the_caller(tokenizer):
    count = vlprep.count_messages(sample(PHOTO), tokenizer=tokenizer)
    assert count.text_tokens == len("What?")
    assert count.total_tokens == count.media_tokens + len("What?")


def test_a_tokenizer_and_a_number_exclude_each_other():
    with pytest.raises(ConstraintError, match="exclude each other"):
        vlprep.count_messages(sample(PHOTO), text_tokens=3, tokenizer=len)


def test_options_beside_a_medium_hold_for_it_alone():
    part = {"type": "video", "video": STREET}
    messages = [{"role": "user", "content": [part, part | {"nframes": 4, "video_end": 5}]}]
    count = vlprep.count_messages(messages, OPEN, fps=1)
    asked = vlprep.count_tokens(STREET, OPEN, nframes=4, end_seconds=5)
    assert count.files[0].tokens == vlprep.count_tokens(STREET, OPEN, fps=1).tokens
    assert count.files[1].tokens == asked.tokens


def test_what_keeps_a_sample_within_the_limit_does():
    row = sample(PHOTO, PHOTO, videos=[STREET])
    count = vlprep.count_messages(row, OPEN, text_tokens=10, max_input=1500)
    assert count.fits is False and count.room < 0
    kept = [
        vlprep.count_tokens(file, OPEN, **settings).tokens.total
        for file, settings in zip([PHOTO, PHOTO, STREET], count.keeps, strict=True)
    ]
    assert 0 < sum(kept) <= 1490


def test_what_nothing_keeps_is_told():
    count = vlprep.count_messages(sample(PHOTO), OPEN, text_tokens=10, max_input=11)
    assert count.fits is False and count.keeps is None


def test_a_medium_that_fails_leaves_the_total_unknown():
    count = vlprep.count_messages(sample(PHOTO, "no.jpg", "https://example.com/a.jpg"))
    assert count.total_tokens is None and count.fits is None
    assert [file.source for file in count.failures] == ["no.jpg", "https://example.com/a.jpg"]
    assert count.media_tokens == vlprep.count_tokens(PHOTO).tokens.total


def test_a_medium_that_is_not_in_the_messages_leaves_the_total_unknown():
    parts = [{"image": PHOTO}, {"type": "input_image", "file_id": "file-1"}]
    count = vlprep.count_messages([{"role": "user", "content": parts}])
    assert count.total_tokens is None
    (failure,) = count.failures
    assert "name an image that is not in them" in str(failure.error)


def test_paths_begin_in_the_folder_and_files_as_they_are():
    row = sample("photo.jpg", f"file://{PHOTO}")
    count = vlprep.count_messages(row, folder=FIXTURES)
    assert count.failures == () and len(count.files) == 2


def test_what_a_limit_refuses_is_found():
    count = vlprep.count_messages(sample(str(FIXTURES / "tiny.png")), "qwen3-vl-plus")
    assert [one.rule for one in count.findings if one.severity == "error"] == ["image-side"]


def test_another_model_in_the_request_is_warned_of():
    body = {"model": "qvq-max", "messages": [{"role": "user", "content": "Hi"}]}
    assert "it asks for qvq-max" in vlprep.count_messages(body, "qwen3-vl-plus").warnings[0]
    assert vlprep.count_messages(body, "qvq-max").warnings == ()


# Files of samples.


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_bad_row_does_not_end_the_rest(tmp_path):
    lines = [json.dumps(sample(PHOTO)), "{", "", json.dumps({"answer": 1}), json.dumps(sample())]
    path = written(tmp_path, "train.jsonl", "\n".join(lines))
    counts = list(count_rows(read_rows(path), vlprep.processor()))
    assert [one.source for one in counts] == [f"{path}:{line}" for line in (1, 2, 4, 5)]
    assert [isinstance(one, SampleCount) for one in counts] == [True, False, False, True]


@pytest.mark.parametrize(
    "document, rows",
    [
        (sample(PHOTO), 1),
        ([sample(PHOTO), sample()], 2),
        ([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi"}], 1),
    ],
    ids=["one sample", "a list of samples", "messages"],
)
def test_a_document_is_one_sample_or_a_list(tmp_path, document, rows):
    path = written(tmp_path, "data.json", json.dumps(document))
    counts = list(count_rows(read_rows(path), vlprep.processor()))
    assert len(counts) == rows and all(isinstance(one, SampleCount) for one in counts)


SERVED = {
    "mm_processor_kwargs": {
        "images_kwargs": {"max_pixels": 100_000},
        "videos_kwargs": {"max_pixels": 3_000_000},
    },
    "media_io_kwargs": {"video": {"fps": 1}},
}


@pytest.mark.parametrize(
    ("served", "asked"),
    [
        (SERVED, ({"max_pixels": 100_000}, {"max_pixels": 3_000_000, "fps": 1})),
        ({"mm_processor_kwargs": {"max_pixels": 400_000}}, ({"max_pixels": 400_000},) * 2),
        (
            {"mm_processor_kwargs": {"size": {"shortest_edge": 9000, "longest_edge": 90_000}}},
            ({"min_pixels": 9000, "max_pixels": 90_000},) * 2,
        ),
        (
            {"media_io_kwargs": {"video": {"num_frames": 6, "video_backend": "opencv"}}},
            ({}, {"nframes": 6}),
        ),
    ],
    ids=["scopes", "flat", "size", "a number of frames"],
)
def test_what_a_request_states_to_its_server_counts_as_if_it_were_asked(served, asked):
    content = [{"image": PHOTO}, {"video": STREET}]
    body = {"messages": [{"role": "user", "content": content}], **served}
    count = vlprep.count_messages(body, OPEN, server="vllm")
    for file, source, own in zip(count.files, (PHOTO, STREET), asked, strict=True):
        assert file.tokens == vlprep.count_tokens(source, OPEN, server="vllm", **own).tokens
    assert not any("not counted" in warning for warning in count.warnings)


@pytest.mark.parametrize("server", ["vllm", "sglang", None])
def test_a_request_that_payload_built_costs_what_payload_says(server):
    request = vlprep.build_request(
        [PHOTO, STREET], "What?", OPEN, max_pixels=200_000, fps=1, server="vllm"
    )
    count = vlprep.count_messages(request.body, OPEN, server=server)
    if server == "vllm":
        assert count.media_tokens == request.tokens
    else:
        (told,) = [one for one in count.warnings if "kwargs" in one]
        assert told.startswith("not counted: mm_processor_kwargs")


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"mm_processor_kwargs": {"fps": 5}}, "mm_processor_kwargs.fps"),
        ({"media_io_kwargs": {"video": {"num_frames": 8}}}, "media_io_kwargs.num_frames"),
        ({"mm_processor_kwargs": {"size": {"longest_edge": 9}}}, "mm_processor_kwargs.size"),
    ],
    ids=["a rate where none is read", "a number alone", "half a size"],
)
def test_what_changes_nothing_at_the_server_is_told(fields, left):
    body = {"messages": [{"role": "user", "content": [{"video": STREET}]}], **fields}
    count = vlprep.count_messages(body, OPEN, server="vllm")
    assert f"not counted: {left}" in count.warnings
    assert count.media_tokens == vlprep.count_tokens(STREET, OPEN, server="vllm").tokens.total


def list_of(number):
    """Return a list of frames as vLLM takes it."""
    content = base64.b64encode((FIXTURES / "photo.jpg").read_bytes()).decode()
    url = "data:video/jpeg;base64," + ",".join([content] * number)
    return {"type": "video_url", "video_url": {"url": url}}


@pytest.mark.parametrize(
    ("stated", "kept"),
    [({}, 32), ({"num_frames": 8}, 8), ({"num_frames": -1}, 40), ({"num_frames": 50}, 40)],
    ids=str,
)
def test_a_list_in_one_data_url_has_the_frames_that_its_server_keeps(stated, kept):
    media = {"video": stated | {"fps": 2}}
    messages = [{"role": "user", "content": [list_of(40)]}]
    count = vlprep.count_messages(
        {"messages": messages, "media_io_kwargs": media}, OPEN, server="vllm"
    )
    alone = vlprep.count_tokens([PHOTO] * kept, OPEN, server="vllm", fps=2)
    assert count.media_tokens == alone.tokens.total
    told = (f"vLLM 0.33 keeps the first {kept} images of a list",) if kept < 40 else ()
    assert count.warnings == told


def test_a_list_that_payload_built_for_a_server_costs_what_payload_says():
    request = vlprep.build_request([[PHOTO] * 40], "What?", OPEN, fps=2, server="vllm")
    count = vlprep.count_messages(request.body, OPEN, server="vllm")
    assert (count.media_tokens, count.failures) == (request.tokens, ())


def test_settings_of_servers_change_nothing_at_a_service():
    body = {"messages": [{"role": "user", "content": [{"image": PHOTO}]}], **SERVED}
    (told,) = vlprep.count_messages(body).warnings
    fields = "mm_processor_kwargs and media_io_kwargs"
    assert told == f"not counted: {fields}; only servers of open weights read that"


def test_a_setting_that_is_no_number_is_told_by_its_name():
    body = {"messages": [{"role": "user", "content": [{"image": PHOTO, "max_pixels": "1280*28"}]}]}
    (failure,) = vlprep.count_messages(body).failures
    assert failure.message == "max_pixels is '1280*28' in the request; a number is wanted"


def test_a_video_that_is_sent_as_an_image_is_told():
    told = [
        vlprep.count_messages([{"role": "user", "content": [part]}]).warnings
        for part in ({"image": STREET}, {"video": PHOTO}, {"image": PHOTO}, {"video": STREET})
    ]
    assert [bool(warnings) for warnings in told] == [True, True, False, False]
    assert told[0] == (f"{STREET}: sent as image, and counted as the video that it is",)


def test_json_lines_under_the_name_of_a_document_are_lines(tmp_path):
    path = tmp_path / "train.json"
    path.write_text('{"query": "a"}\n\n{"query": "b"}\nbroken\n')
    assert [source for source, _ in read_rows(path)] == [f"{path}:{line}" for line in (1, 3, 4)]
    path.write_text('{"query":\n"a"}\n')
    assert [source for source, _ in read_rows(path)] == [str(path)]


@pytest.mark.parametrize("name", ["qwen3-vl:8b", "qwen/qwen3-vl-8b-instruct", OPEN])
def test_a_model_in_another_spelling_is_no_other_model(name):
    body = {"model": name, "messages": [{"role": "user", "content": [{"image": PHOTO}]}]}
    assert vlprep.count_messages(body, OPEN).warnings == ()


UTILS = {"model": "Qwen/Qwen2.5-VL-7B-Instruct", "rules": "qwen-vl-utils"}
SIZED = {"resized_height": 300, "resized_width": 410}


@pytest.mark.parametrize(
    ("medium", "visual"),
    [
        # 300 x 410 is 308 x 420: 11 x 15 patches of 28 pixels.
        ({"type": "image", "image": PHOTO, **SIZED}, 165),
        ({"type": "image", "image": PHOTO, "max_pixels": 50_000, **SIZED}, 165),
        ({"type": "video", "video": STREET, "nframes": 4, **SIZED}, 2 * 165),
        # Beyond the 768 tokens of a frame and the budget of a clip, within those of an image.
        (
            {
                "type": "video", "video": STREET, "nframes": 4, "total_pixels": 200_000,
                "resized_height": 1400, "resized_width": 1400,
            },
            2 * 50 * 50,
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_size_that_a_message_states_counts_where_qwen_vl_utils_reads_it(medium, visual):
    said = vlprep.count_messages([{"role": "user", "content": [medium]}], **UTILS)
    assert said.files[0].tokens.visual == visual
    assert said.warnings == ()


@pytest.mark.parametrize(
    "view",
    [
        {"model": "qwen3-vl-plus"},
        {"model": "Qwen/Qwen2.5-VL-7B-Instruct"},
        {"model": "Qwen/Qwen2.5-VL-7B-Instruct", "server": "vllm"},
    ],
    ids=str,
)
def test_a_size_that_nobody_reads_is_told(view):
    part = {"type": "image", "image": PHOTO, **SIZED}
    said, plain = (
        vlprep.count_messages([{"role": "user", "content": [one]}], **view)
        for one in (part, {"type": "image", "image": PHOTO})
    )
    assert said.total_tokens == plain.total_tokens
    assert said.warnings == ("not counted: resized_height, resized_width", *plain.warnings)


@pytest.mark.parametrize("side", [0, -28, "280", 28.5, True])
def test_a_size_that_is_none_is_told(side):
    part = {"image": PHOTO, "resized_height": side, "resized_width": 280}
    (failure,) = vlprep.count_messages([{"content": [part]}], **UTILS).failures
    assert "resized_height and resized_width are" in failure.message


@pytest.mark.parametrize("server", ["vllm", "sglang"])
def test_servers_take_of_a_part_its_address_alone(server):
    # vllm-project/vllm#11652, QwenLM/Qwen3-VL#946 and #1585: max_pixels beside the URL did nothing.
    fields = {"max_pixels": 100_000, "fps": 1, "video_start": 2, "total_pixels": 2_000_000}
    content = [
        {"type": "image_url", "image_url": {"url": PHOTO}, "max_pixels": 100_000},
        {"type": "video_url", "video_url": {"url": STREET}, **fields},
    ]
    count = vlprep.count_messages([{"content": content}], OPEN, server=server)
    alone = [vlprep.count_tokens(one, OPEN, server=server).tokens for one in (PHOTO, STREET)]
    assert [file.tokens for file in count.files] == alone
    assert "not counted: max_pixels, total_pixels, fps, video_start" in count.warnings
