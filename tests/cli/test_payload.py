from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import FIXTURES
from vlprep.cli.payload import body_length, preview
from vlprep.payload.request import json_chunks


def test_the_body_is_on_stdout_and_notes_on_stderr(run):
    ran = run("payload", "photo.jpg", "-t", "What is this?", "-m", "qvq-max")
    assert ran.code == 0
    image, text = ran.json["messages"][0]["content"]
    url = image["image_url"]["url"]
    assert base64.b64decode(url.partition(",")[2]) == (FIXTURES / "photo.jpg").read_bytes()
    assert (ran.json["model"], ran.json["stream"], text["text"]) == (
        "qvq-max", True, "What is this?",
    )  # fmt: skip
    assert ran.err.splitlines() == [
        "photo.jpg: image, image/jpeg, 393 tokens",
        "qvq-max, openai API: 393 tokens of media; body for POST .../chat/completions, 40.1 kB",
    ]


def test_a_preview_is_short_and_tells_the_true_length(run):
    words = ("payload", "street.mp4", "-t", "hi")
    shown, whole = run(*words, "--preview"), run(*words)
    assert len(shown.out) < 600 < 200_000 < len(whole.out)
    assert "(205,554 characters)" in shown.out
    assert shown.err == whole.err


def test_a_terminal_gets_a_preview():
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "vlprep", "payload", str(FIXTURES / "street.mp4"), "-t", "hi"]
    ran = subprocess.run(words, stdout=theirs, stderr=subprocess.PIPE, text=True, check=True)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "(205,554 characters)" in shown
    assert ran.stderr.startswith("data URLs are cut for the terminal; -o FILE or a pipe")


def test_a_file_is_written_whole_and_not_over_another(run, tmp_path):
    words = ("payload", "photo.jpg", "-t", "hi", "-o", tmp_path / "body.json")
    assert run(*words).out == ""
    written = json.loads(Path(tmp_path, "body.json").read_text("ascii"))
    assert written == run("payload", "photo.jpg", "-t", "hi").json
    assert "exists already; --force" in run(*words).err
    assert run(*words, "--force").code == 0


def test_arguments_for_the_sdk(run):
    options = ("--thinking", "--thinking-budget", "1*1024", "--high-res", "-m", "qwen3-vl-flash-us")
    words = ("payload", "https://example.com/a.jpg", "-t", "hi", *options)
    assert run(*words, "--sdk").json["extra_body"] == {
        "enable_thinking": True, "thinking_budget": 1024, "vl_high_resolution_images": True,
    }  # fmt: skip
    body = run(*words).json
    assert (body["model"], body["enable_thinking"]) == ("qwen3-vl-flash-us", True)
    native = run(*words, "--api", "dashscope", "--stream")
    assert native.json["parameters"]["vl_high_resolution_images"] is True
    assert "it needs the header X-DashScope-SSE: enable" in native.err
    assert "unknown tokens of media" in native.err


def test_the_text_may_come_from_a_file_or_stdin(run, tmp_path):
    (tmp_path / "ask.txt").write_bytes("街?\n".encode())
    for words, stdin in ((("--text-file", tmp_path / "ask.txt"), b""),
                         (("--text-file", "-"), "街?\n".encode())):  # fmt: skip
        ran = run("payload", "https://example.com/a.jpg", *words, stdin=stdin)
        assert ran.json["messages"][0]["content"][-1]["text"] == "街?"
    assert run("payload", "photo.jpg").code == 2
    assert run("payload", "photo.jpg", "-t", "a", "--text-file", "-").code == 2
    assert "UTF-8" in run("payload", "photo.jpg", "--text-file", "-", stdin=b"\xff").err


def test_frames(run):
    ran = run("payload", "street.mp4", "-t", "hi", "--as-frames", "--fps", 1, "--api", "dashscope")
    (message,) = ran.json["input"]["messages"]
    assert (len(message["content"][0]["video"]), message["content"][0]["fps"]) == (10, 1)
    assert ran.err.startswith("street.mp4: 10 frames at 1 fps, image/jpeg, 1,102 tokens; 10 frames")


def test_images_may_be_a_list(run):
    names = [f"exif_{number}.jpg" for number in range(1, 5)]
    ran = run("payload", *names, "--list", "--fps", 2, "-t", "hi", "--preview")
    assert len(ran.json["messages"][0]["content"][0]["video"]) == 4


def test_urls_of_unknown_kind_are_asked_about(run):
    words = ("payload", "https://example.com/stream", "-t", "hi")
    assert "--url-kind" in run(*words).err
    (message,) = run(*words, "--url-kind", "video").json["messages"]
    assert message["content"][0] == {
        "type": "video_url", "video_url": {"url": "https://example.com/stream"},
    }  # fmt: skip


def test_many_files_are_told_of_in_one_line_unless_asked(run, tmp_path):
    names = [f"exif_{turn}.jpg" for turn in range(1, 9)]
    words = ("payload", *names, "street.mp4", "-t", "hi")
    short = run(*words, "-o", tmp_path / "body.json").err.splitlines()
    assert short[0] == "8 images, 1 video; -v tells of each"
    assert not any(name in line for line in short for name in names)
    told = run(*words, "-v", "-o", tmp_path / "again.json").err.splitlines()
    assert told[:8] == [f"{name}: image, image/jpeg, 6 tokens" for name in names]
    assert told[9:] == short[1:]


def test_every_broken_limit_is_named_and_nothing_is_built(run):
    ran = run("payload", "still.gif", "tiny.png", "photo.jpg", "-t", "hi")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("error: ") >= 2
    assert ran.err.endswith("nothing was built; --no-check goes on all the same\n")
    assert run("payload", "still.gif", "-t", "hi", "--no-check").code == 0
    assert run("payload", "still.gif", "-t", "hi", "--compress").code == 0


def test_a_refusal_is_one_line(run):
    ran = run("payload", "photo.jpg", "-t", "hi", "-m", "qvq-max", "--system", "x")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "vlprep: qvq-max takes no system message; put it into the text\n"


def test_every_broken_limit_comes_with_a_command(run):
    ran = run("payload", "still.gif", "-t", "hi", "-m", "qvq-max")
    assert "\n  vlprep compress still.gif -o compressed/ " in ran.err
    assert "compress_many" not in ran.err and "`" not in ran.err


def test_what_a_request_cannot_say_is_refused_in_words_of_the_command_line(run):
    ran = run("payload", "street.mp4", "-t", "hi", "--start", 2, "--max-pixels", 100_000)
    assert ran.code == 1
    assert "cannot say --start and --max-pixels of a video file; --as-frames sends" in ran.err
    ran = run("payload", "street.mp4", "-t", "hi", "--start", 2, "--as-frames")
    assert "16 frames at 2 fps" in ran.err


def test_a_body_may_be_written_cut(run, tmp_path):
    run("payload", "photo.jpg", "-t", "hi", "--preview", "-o", tmp_path / "body.json")
    assert len((tmp_path / "body.json").read_text("ascii")) < 400


def test_a_region_names_where_to_send_it(run, tmp_path):
    words = ("payload", "photo.jpg", "-t", "hi", "--deployment", "china")
    base = "https://dashscope.aliyuncs.com/compatible-mode/v1"
    ran = run(*words, "-o", tmp_path / "a b.json")
    assert f"body for POST {base}/chat/completions" in ran.err
    assert f"curl {base}/chat/completions --data-binary '@{tmp_path}/a b.json' -H " in ran.err
    assert f'client = OpenAI(base_url="{base}"' in run(*words, "--sdk").err
    native = run(*words, "--api", "dashscope", "--stream")
    assert '-H "X-DashScope-SSE: enable"' in native.err
    native = run(*words, "--api", "dashscope", "--sdk")
    assert 'dashscope.base_http_api_url = "https://dashscope.aliyuncs.com/api/v1"' in native.err
    assert "keys of other regions are not good" in native.err
    assert "not in us" in run("payload", "photo.jpg", "-t", "hi", "--deployment", "us").err


def test_recipes_are_listed_and_asked_for(run):
    page = run("payload", "--recipes")
    assert page.code == 0
    assert "boxes: find objects, each with its box; Qwen2.5-VL [S002 2025-06-05]" in page.out
    assert "  seed               3407" in page.out
    ran = run("payload", "photo.jpg", "--recipe", "html", "--stream")
    assert ran.json["messages"][0]["content"][-1]["text"] == "qwenvl html"
    assert run("payload", "photo.jpg", "--recipe", "text").code == 2  # which has no words to add
    assert "--stream it" in run("payload", "photo.jpg", "--recipe", "html").err
    assert "there are text, boxes" in run("payload", "photo.jpg", "--recipe", "x", "-t", "x").err


def test_what_a_list_needs_is_noted(run):
    names = [f"exif_{number}.jpg" for number in range(1, 5)]
    words = ("payload", *names, "--list", "--fps", 4, "-t", "hi", "--api", "dashscope")
    assert "needs dashscope 1.20.10 or newer" in run(*words, "-m", "qwen-vl-max").err


def test_a_model_file_may_be_asked_for(run, tmp_path):
    config = {"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14, "merge_size": 2}
    config = json.dumps(config | {"temporal_patch_size": 2})
    (tmp_path / "preprocessor_config.json").write_text(config)
    ran = run("payload", "photo.jpg", "-t", "hi", "--model-file", tmp_path)
    assert ran.json["model"] == tmp_path.name
    assert ran.err.count("the folder states no image size") == 1


DOCUMENTS = st.dictionaries(
    st.text(max_size=5), st.text(max_size=20) | st.lists(st.floats(0, 10) | st.booleans())
)


@given(DOCUMENTS)
def test_the_pieces_are_the_document_in_ascii(document):
    written = "".join(json_chunks(document))
    assert written.isascii()
    assert json.loads(written) == document
    assert json.loads("".join(json_chunks(document, indent=2))) == document
    assert body_length(document) == len(json.dumps(document, separators=(",", ":")))


def test_a_preview_cuts_data_urls_only_and_changes_nothing():
    url = "data:image/jpeg;base64," + "/" * 3000
    body = {"a": [{"url": url}, "x" * 3000, "data:,short"], "b": 1}
    shown = preview(body)
    assert shown["a"][0]["url"] == "data:image/jpeg;base64,////////... (3,023 characters)"
    assert shown["a"][1:] == body["a"][1:] and shown["b"] == 1
    assert body["a"][0]["url"] == url


def test_a_history_is_read_from_a_file_of_messages_or_a_body(run, tmp_path):
    run("payload", "photo.jpg", "--text", "What?", "-o", tmp_path / "first.json")
    body = json.loads((tmp_path / "first.json").read_text())
    body["messages"].append({"role": "assistant", "content": "A street."})
    for name, document in (("body.json", body), ("list.json", body["messages"])):
        (tmp_path / name).write_text(json.dumps(document))
        ran = run("payload", "--history", tmp_path / name, "--text", "Where?")
        assert ran.code == 0, ran.err
        assert len(json.loads(ran.out)["messages"]) == 3
        assert "302 tokens" in ran.err
    (tmp_path / "no.json").write_text('{"a": 1}')
    assert (
        "neither a list of messages"
        in run("payload", "--history", tmp_path / "no.json", "--text", "x").err
    )
    assert run("payload", "--text", "x").code == 2


BY_PATH = ("--api", "dashscope", "--route", "path", "--sdk")
SERVED = ("-m", "Qwen/Qwen3-VL-8B-Instruct", "--server", "vllm")


@pytest.mark.parametrize(
    ("words", "option", "is_idle"),
    [
        (("photo.jpg", "--url-kind", "image"), "--url-kind", True),
        (("https://example.com/1", "--url-kind", "image"), "--url-kind", False),
        (("photo.jpg", "--folder", "FOLDER"), "--folder", True),
        (("street.mp4", "--as-frames", "--folder", "FOLDER"), "--folder", True),
        (("photo.jpg", "--compress", *BY_PATH, "--folder", "FOLDER"), "--folder", True),
        (("street.mp4", "--as-frames", *BY_PATH, "--folder", "FOLDER"), "--folder", False),
        (("street.mp4", "--video-fields", *SERVED), "--video-fields", True),
        (("street.mp4", "--video-fields", "--fps", 1), "--video-fields", False),
    ],
)
def test_options_of_urls_and_of_new_files_are_told_of_without_these(
    run, tmp_path, words, option, is_idle
):
    words = [tmp_path if word == "FOLDER" else word for word in words]
    ran = run("payload", *words, "-t", "What?", "--preview")
    assert ran.code == 0, ran.err
    assert (f"note: {option}: for" in ran.err) == is_idle
