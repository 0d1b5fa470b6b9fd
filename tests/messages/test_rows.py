"""Rows of data sets and bodies of requests: the same picture and the same text in every form."""

import base64
import json

import numpy as np
import pytest
from PIL import Image

from vlprep.errors import ConstraintError
from vlprep.messages.rows import belongs, read_sample, talks

A, B, CLIP = "a.jpg", "b.jpg", "c.mp4"
DATA = base64.b64encode(b"GIF89a").decode()

ONE_PICTURE = {
    "openai chat": {
        "model": "qvq-max",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": A, "detail": "low"}},
                    {"type": "text", "text": "What?"},
                ],
            }
        ],
    },
    "openai responses": {
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": A},
                    {"type": "input_text", "text": "What?"},
                ],
            }
        ]
    },
    "dashscope": {
        "input": {"messages": [{"role": "user", "content": [{"image": A}, {"text": "What?"}]}]}
    },
    "anthropic": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "url", "url": A}},
                    {"type": "text", "text": "What?"},
                ],
            }
        ]
    },
    "messages alone": [
        {
            "role": "user",
            "content": [{"type": "image", "image": A}, {"type": "text", "text": "What?"}],
        }
    ],
    "a line of a batch": {
        "custom_id": "1",
        "body": {
            "messages": [{"content": [{"type": "image_url", "image_url": A}, {"text": "What?"}]}]
        },
    },
    "ms-swift": {"messages": [{"role": "user", "content": "<image>What?"}], "images": [A]},
    "ms-swift query": {"query": "<image>What?", "images": A},
    "ms-swift human": {"conversation": [{"human": "<image>What?"}], "images": [A]},
    "llama-factory": {
        "conversations": [{"from": "human", "value": "<image>What?"}],
        "images": [{"bytes": None, "path": A}],
    },
    "no mark": {"messages": [{"role": "user", "content": "What?"}], "images": [A]},
    "image in one column": {"prompt": "What?", "image": A},
    "numbered columns": {
        "question": "What?",
        "image_1": {"bytes": None, "path": A},
        "image_2": None,
    },
    "ms-swift, in the text": {"query": f"<img>{A}</img>What?"},
    "trl": {"prompt": [{"content": [{"type": "image"}, {"text": "What?"}]}], "images": [A]},
    "verl": {"prompt": [{"role": "user", "content": "<image>What?"}], "images": [{"image": A}]},
    "easy r1": {"problem": "<image>What?", "images": [A]},
    "ollama": {"messages": [{"role": "user", "content": "What?", "images": [A]}]},
    "struct in a part": [{"content": [{"type": "image", "image": {"path": A}}, {"text": "What?"}]}],
    "template, url": [
        {"content": [{"type": "image", "url": A}, {"type": "text", "text": "What?"}]}
    ],
    "template, path": [{"content": [{"type": "image", "path": A}, {"text": "What?"}]}],
    "part and column": {
        "messages": [{"content": [{"type": "image"}, {"type": "text", "text": "What?"}]}],
        "images": [A],
    },
}


@pytest.mark.parametrize("form", ONE_PICTURE)
def test_one_picture_and_its_question_in_every_form(form):
    said = read_sample(ONE_PICTURE[form])
    assert [medium.address for medium in said.media] == [A]
    assert said.text == "What?"


@pytest.mark.parametrize("form", ONE_PICTURE)
def test_text_is_read_as_json(form):
    assert read_sample(json.dumps(ONE_PICTURE[form])) == read_sample(ONE_PICTURE[form])


def test_media_stand_in_the_order_in_which_the_text_names_them():
    row = {
        "messages": [
            {"role": "user", "content": "<image>then <video>"},
            {"role": "assistant", "content": "yes"},
            {"role": "user", "content": "and <image>?"},
        ],
        "images": [A, B],
        "videos": [CLIP],
    }
    said = read_sample(row)
    assert [(one.kind, one.address) for one in said.media] == [
        ("image", A), ("video", CLIP), ("image", B),
    ]  # fmt: skip
    assert said.text == "then \nyes\nand ?"


@pytest.mark.parametrize(
    "marks, images", [("<image>", [A, B]), ("<image><image>", [A]), ("<image>", [])]
)
def test_a_text_that_names_more_or_fewer_than_there_are_is_refused(marks, images):
    with pytest.raises(ConstraintError, match=rf"{marks.count('<')} <image> in the text, "):
        read_sample({"query": marks, "images": images})


def test_of_two_answers_the_chosen_one_is_said():
    row = {"question": "What?", "image": A, "chosen": "A cat.", "rejected": "A dog."}
    assert read_sample(row).text == "What?\nA cat."


def test_turns_of_a_prompt_and_its_completion_are_said():
    row = {"prompt": [{"content": "What?"}], "completion": [{"content": "A cat."}], "images": [A]}
    assert read_sample(row).text == "What?\nA cat."


def test_options_beside_a_medium_of_a_column_are_its_own():
    row = {"prompt": [{"content": "<video>"}], "videos": [{"video": CLIP, "fps": 1}]}
    (medium,) = read_sample(row).media
    assert (medium.kind, medium.address, medium.asked) == ("video", CLIP, {"fps": 1})


def test_of_two_columns_for_one_kind_the_list_holds():
    row = {"query": "What?", "image": A, "images": [A, B], "image_1": A}
    assert [medium.address for medium in read_sample(row).media] == [A, B]
    assert [medium.address for medium in read_sample(row | {"images": []}).media] == [A]


def test_a_column_of_something_else_is_refused():
    with pytest.raises(ConstraintError, match="neither a path nor an address"):
        read_sample({"query": "What?", "image": 12345})


def test_a_row_of_pictures_alone_is_a_sample():
    assert [medium.address for medium in read_sample({"images": [A, B]}).media] == [A, B]


@pytest.mark.parametrize("key", ["image", "images"])
def test_pictures_in_memory_are_taken_as_they_are(key):
    picture = Image.new("RGB", (8, 8))
    for held in (picture, np.asarray(picture)):
        value = [held] if key == "images" else held
        (medium,) = read_sample({"question": "What?", key: value}).media
        assert medium.address is held
        (medium,) = read_sample([{"content": [{"type": "image", "image": held}]}]).media
        assert medium.address is held


def test_parts_that_name_more_than_there_are_are_refused():
    row = {"messages": [{"content": [{"type": "image"}, {"type": "image"}]}], "images": [A]}
    with pytest.raises(ConstraintError, match="2 <image> in the messages, 1 of images"):
        read_sample(row)


@pytest.mark.parametrize(
    "part, kind",
    [
        ({"type": "image"}, "image"),
        ({"type": "video", "video": None}, "video"),
        ({"type": "input_image", "file_id": "file-1"}, "image"),
        ({"type": "image", "source": {"type": "file", "file_id": "file-1"}}, "image"),
    ],
)
def test_a_part_that_holds_no_medium_is_told_of(part, kind):
    said = read_sample([{"content": [part]}])
    assert (said.media, said.unfilled) == ((), (kind,))


def test_base64_of_a_chat_template_is_content():
    (medium,) = read_sample([{"content": [{"type": "image", "base64": DATA}]}]).media
    assert medium.address == f"data:;base64,{DATA}"


def test_a_list_of_frames_is_one_video_and_says_its_rate():
    (medium,) = read_sample([{"content": [{"type": "video", "video": [A, B], "fps": 2}]}]).media
    assert medium.address == (A, B)
    assert medium.asked == {"fps": 2}


def test_options_of_qwen_messages_are_options_of_a_view():
    part = {"type": "video", "video": CLIP, "nframes": 4, "video_start": 1.5, "video_end": None}
    (medium,) = read_sample([{"content": [part]}]).media
    assert medium.asked == {"nframes": 4, "start_seconds": 1.5}


def test_pictures_inside_results_of_tools_are_found():
    picture = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/gif", "data": DATA},
    }
    result = {"type": "tool_result", "content": [picture, {"type": "text", "text": "done"}]}
    said = read_sample({"system": "Be brief.", "messages": [{"role": "user", "content": [result]}]})
    assert [one.address for one in said.media] == [f"data:image/gif;base64,{DATA}"]
    assert said.text == "Be brief.\ndone"
    call = {"type": "computer_call_output", "output": {"type": "x", "image_url": A}}
    assert [one.address for one in read_sample({"input": [call]}).media] == [A]


def test_content_of_a_data_set_is_taken_as_it_is():
    row = {"query": "<image>", "images": [{"bytes": b"GIF89a", "path": "a.gif"}]}
    assert read_sample(row).media[0].address == b"GIF89a"


def test_what_is_not_counted_is_told():
    content = [{"type": "input_audio", "input_audio": {}}, {"type": "file", "file": {}}]
    assert read_sample([{"role": "user", "content": content}]).not_counted == ("audio", "file")


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "3",
        {},
        {"label": "x"},
        {"messages": 3},
        {"messages": "x"},
        {"messages": "x", "input": {"a": 1}},
        b"\xff",
    ],
)  # fmt: skip
def test_what_is_no_sample_is_refused(row):
    with pytest.raises(ConstraintError):
        read_sample(row)


@pytest.mark.parametrize("ending", ["_path", "_url", "_file", "_paths", "_urls", "_files"])
@pytest.mark.parametrize("kind", ["image", "video"])
def test_columns_of_paths_and_addresses_hold_media(kind, ending):
    value = ["a.bin"] if ending.endswith("s") else "a.bin"
    (medium,) = read_sample({"question": "What?", kind + ending: value}).media
    assert (medium.address, medium.kind) == ("a.bin", kind)


def test_a_file_in_a_column_that_is_not_known_is_told():
    assert read_sample({"question": "What?", "img": "a.jpg"}).not_counted == ("column img",)
    row = {"question": "What?", "id": "a.jpg", "image": "a.jpg"}
    assert read_sample(row).not_counted == ()


def test_columns_of_sound_are_not_counted():
    row = {"query": "<image>What?", "images": ["a.jpg"]}
    assert read_sample(row | {"audios": ["a.wav"]}).not_counted == ("audio",)
    assert read_sample(row | {"audios": []}).not_counted == ()


def test_a_line_of_a_batch_of_anthropic_is_a_request():
    source = {"type": "url", "url": "a.jpg"}
    messages = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    (medium,) = read_sample({"custom_id": "1", "params": {"messages": messages}}).media
    assert medium.address == "a.jpg"


def test_a_video_written_out_in_the_text_is_read():
    said = read_sample({"query": "<img>a.jpg</img><video>b.mp4</video>What?"})
    assert [(one.address, one.kind) for one in said.media] == [
        ("a.jpg", "image"),
        ("b.mp4", "video"),
    ]
    assert said.text == "What?"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"query": "<image>What?"}, "<image> in the text"),
        ({"query": "What?", "image_base64": "R0lG"}, "column image_base64"),
        ({"messages": [{"content": [{"type": "image_embeds"}]}]}, "image_embeds"),
    ],
    ids=["a mark", "a column", "a part"],
)
def test_media_that_cannot_be_found_are_told(row, told):
    assert read_sample(row).not_counted == (told,)


@pytest.mark.parametrize("key", ["path", "url", "bytes", "image"])
def test_what_is_asked_beside_a_place_in_a_column_is_asked(key):
    row = {"query": "<image>What?", "images": [{key: "a.jpg", "max_pixels": 9}]}
    (medium,) = read_sample(row).media
    assert (medium.address, medium.asked, medium.ignored) == ("a.jpg", {"max_pixels": 9}, ())


def test_settings_beside_a_conversation_are_told():
    assert read_sample({"query": "What?", "videos": ["a.mp4"], "fps": 1}).ignored == ("fps",)
    asked = {"messages": [{"content": "What?"}], "max_pixels": 9, "max_frames": 4}
    assert read_sample(asked).ignored == ("max_pixels", "max_frames")


def test_turns_of_a_history_are_said():
    row = {"history": [["<image>A", "B"]], "instruction": "<image>C", "images": ["a.jpg", "b.jpg"]}
    said = read_sample(row)
    assert (said.text, len(said.media)) == ("A\nB\nC", 2)


@pytest.mark.parametrize(
    "said",
    [
        {"query": "A", "response": "B"},
        {"conversations": [{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}]},
        {"messages": [{"content": "A"}, {"content": "B"}]},
    ],
    ids=["fields", "turns", "messages"],
)
def test_what_the_system_says_is_said_once_and_first(said):
    assert read_sample({"system": "Be brief.", **said}).text == "Be brief.\nA\nB"


PICTURED = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}]
GOOD, BAD = {"role": "assistant", "content": "Good."}, {"role": "assistant", "content": "Bad."}
PREFERENCES = {
    "TRL": {"prompt": PICTURED, "chosen": [GOOD], "rejected": [BAD]},
    "TRL without a prompt": {"chosen": [*PICTURED, GOOD], "rejected": [*PICTURED, BAD]},
    "LLaMA-Factory, ShareGPT": {
        "conversations": [{"from": "human", "value": "<image>What?"}],
        "chosen": {"from": "gpt", "value": "Good."}, "rejected": {"from": "gpt", "value": "Bad."},
    },
    "LLaMA-Factory, OpenAI": {
        "messages": [{"role": "user", "content": "<image>What?"}], "chosen": GOOD, "rejected": BAD,
    },
    "LLaMA-Factory, Alpaca": {"instruction": "<image>What?", "chosen": "Good.", "rejected": "Bad."},
    "ms-swift": {
        "messages": [{"role": "user", "content": "<image>What?"}, GOOD],
        "rejected_response": "Bad.",
    },
    "ms-swift, messages": {
        "messages": [{"role": "user", "content": "<image>What?"}, GOOD],
        "rejected_messages": [{"role": "user", "content": "<image>What?"}, BAD],
    },
}  # fmt: skip


@pytest.mark.parametrize("form", PREFERENCES)
def test_rows_of_preferences_say_the_reply_that_is_preferred(form):
    said = read_sample({**PREFERENCES[form], "images": ["a.jpg"]})
    assert [medium.address for medium in said.media] == ["a.jpg"]
    assert (said.text, said.not_counted) == ("What?\nGood.", ())


@pytest.mark.parametrize(
    "rejected",
    [
        {"rejected": [{"role": "assistant", "content": [{"image": "b.jpg"}]}]},
        {"rejected_messages": [{"role": "assistant", "content": [{"image": "b.jpg"}]}]},
    ],
)
def test_media_of_a_reply_that_is_not_said_are_told(rejected):
    chosen = {"prompt": "What?", "chosen": [{"content": [{"image": "a.jpg"}]}]}
    said = read_sample({**chosen, **rejected})
    assert [medium.address for medium in said.media] == ["a.jpg"]
    assert said.not_counted == ("media of the rejected reply",)
    assert read_sample({**chosen, "rejected": chosen["chosen"]}).not_counted == ()


@pytest.mark.parametrize("column", ["rejected_images", "positive_images", "negative_videos"])
def test_columns_of_media_of_other_talks_are_told(column):
    said = read_sample({"query": "<image>What?", "images": ["a.jpg"], column: [["b.jpg"]]})
    assert [medium.address for medium in said.media] == ["a.jpg"]
    assert said.not_counted == (f"column {column}",)
    assert belongs(column)


@pytest.mark.parametrize(
    ("row", "media"),
    [
        ({"file_name": "0001.png", "text": "A cat."}, [("image", "0001.png")]),
        ({"file_name": "clips/a.mp4", "label": 3}, [("video", "clips/a.mp4")]),
        ({"file_names": ["a.png", "b.png"]}, [("image", "a.png"), ("image", "b.png")]),
        (
            {"before_file_name": "a.png", "after_file_name": "b.png"},
            [("image", "a.png"), ("image", "b.png")],
        ),
        ({"images": ["c.png"], "file_name": "a.png"}, [("image", "c.png")]),
        ({"file_name": {"bytes": b"ABC", "path": None}}, [("image", b"ABC")]),
    ],
)
def test_metadata_of_a_folder_name_its_files(row, media):
    said = read_sample(row)
    assert [(medium.kind, medium.address) for medium in said.media] == media
    assert said.text == row.get("text", "")
    assert all(belongs(column) for column in row if column != "label")


@pytest.mark.parametrize(
    "row",
    [
        # As HuggingFaceM4/FineVision and the_cauldron have them.
        {"texts": [{"user": "What?", "assistant": "A cat.", "source": "vqa"}]},
        {"conversations": [{"human": "What?", "assistant": "A cat."}]},
        {"texts": '[{"user": "What?"}, {"assistant": "A cat."}]'},
    ],
    ids=str,
)
def test_both_sides_of_a_turn_are_said(row):
    said = read_sample({**row, "images": ["a.jpg"]})
    assert (said.text, len(said.media)) == ("What?\nA cat.", 1)
    assert all(map(talks, row))


@pytest.mark.parametrize("column", ["text", "caption"])
def test_a_caption_is_said_where_nothing_else_is(column):
    row = {"image": "a.jpg", column: "A cat."}
    assert talks(column) and belongs(column)
    assert read_sample(row).text == "A cat."
    assert read_sample({**row, "question": "What?"}).text == "What?"
