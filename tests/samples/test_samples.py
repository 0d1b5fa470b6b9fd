"""What samples cost, which of them are too long, and what keeps them."""

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
