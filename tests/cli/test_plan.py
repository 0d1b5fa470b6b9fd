from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from tests.longpages import small_letters
from tests.models.folders import QWEN2, written
from tests.places import FIXTURES, REPO
from vlprep import get_server, plan_media, processor


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qvq-max", "Qwen/Qwen3-VL-8B-Instruct"])
@pytest.mark.parametrize("prefer", ["motion", "detail", "balanced"])
@pytest.mark.parametrize("files", [("street.mp4",), ("street.mp4", "photo.jpg", "vfr.mp4")])
def test_the_printed_commands_give_the_planned_number(run, model, prefer, files):
    words = (*files, "--model", model, "--budget", 1300, "--prefer", prefer)
    planned = run("plan", *words, "--json").json["total_tokens"]
    assert planned <= 1300
    lines = run("plan", *words).out.splitlines()
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("vlprep tokens ")]
    assert sum(run(*command, "--json").json["total_tokens"] for command in commands) == planned


VIEWS = [
    ("--start", "1.25", "--end", "0:09.5", "--fps", "3"),
    ("--min-frames", 8, "--max-frames", 12, "--sampling", "linspace", "--strict"),
    ("--min-pixels", 6000, "--total-pixels", 2_000_000),
    ("--rules", "api-2026", "--max-pixels", "200*32*32", "--fps", "24/23"),
    ("--high-res",),
]


OF_IMAGES = {"--min-pixels", "--max-pixels", "--rules", "--high-res"}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("files", [("street.mp4",), ("street.mp4", "photo.jpg", "vfr.mp4")])
def test_the_printed_commands_repeat_the_view(run, view, files):
    words = (*files, "--model", "qwen3-vl-plus", *view, "--budget", 1000)
    planned = run("plan", *words, "--json").json["total_tokens"]
    lines = run("plan", *words).out.splitlines()
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("vlprep tokens ")]
    assert sum(run(*command, "--json").json["total_tokens"] for command in commands) == planned
    for line in lines:
        if line.startswith("vlprep "):
            for flag in (word for word in view if str(word).startswith("--")):
                if flag in OF_IMAGES or not line.startswith("vlprep view "):
                    assert f" {flag} " in line + " "


@pytest.mark.parametrize(
    "server", [("vllm",), ("sglang",), ("vllm", "--pruning-rate", 0.5, "--pruning-method", "evs")]
)
def test_the_printed_commands_repeat_the_server(run, server):
    words = ("street.mp4", "--model", "Qwen/Qwen3-VL-8B-Instruct", "--server", *server)
    words = (*words, "--budget", 1000)
    planned = run("plan", *words, "--json").json["total_tokens"]
    lines = run("plan", *words).out.splitlines()
    (line,) = (line for line in lines if line.startswith("vlprep tokens "))
    assert run(*shlex.split(line)[1:], "--json").json["total_tokens"] == planned
    (python,) = (line for line in lines if line.startswith("Python: "))
    keywords = eval(f"dict({python.removeprefix('Python: ')})", {"get_server": get_server})
    view = processor("Qwen/Qwen3-VL-8B-Instruct", **keywords)
    assert view.count(FIXTURES / "street.mp4").tokens.total == planned


def test_a_number_of_frames(run):
    words = ("street.mp4", "-m", "Qwen/Qwen3-VL-8B-Instruct", "--nframes", 8, "--budget", 400)
    item = run("plan", *words, "--json").json["items"][0]
    assert (item["fps"], item["nframes"], item["frames"]) == (None, 8, 8)
    lines = run("plan", *words).out.splitlines()
    (line,) = (line for line in lines if line.startswith("vlprep tokens "))
    assert run(*shlex.split(line)[1:], "--json").json["total_tokens"] == item["tokens"]
    assert "rate" in run("plan", *words, "--lowest-fps", 1).err


def ran_as_printed(run, folder, *words):
    """Plan, run every printed command in its order, and return the tokens that each one names."""
    tokens = {}
    for number, line in enumerate(run("plan", *words).out.splitlines()):
        if not line.startswith("vlprep "):
            continue
        verb, *more = shlex.split(line)[1:]
        more = [word.replace("DIR", str(folder / f"out{number}")) for word in more]
        more = [word.replace("views/", f"{folder}/views/") for word in more]
        ran = run(verb, *more, *(["--json"] if verb in ("tokens", "frames", "plan") else []))
        assert ran.code == 0, (line, ran.err)
        if verb == "tokens":
            tokens.setdefault(verb, []).append(ran.json["total_tokens"])
        elif verb == "frames":
            tokens.setdefault(verb, []).append(ran.json["tokens"])
        elif verb == "plan":
            tokens.setdefault(verb, []).extend(body["tokens"] for body in ran.json["bodies"])
        elif verb == "payload":
            (told,) = (told for told in ran.err.splitlines() if " tokens of media" in told)
            count = told.partition(" API: ")[2].partition(" tokens")[0]
            tokens.setdefault(verb, []).append(int(count.replace(",", "")))
        else:
            tokens.setdefault(verb, [])
    return tokens


def copies(folder, number):
    """Make a folder of so many copies of one photo."""
    folder.mkdir()
    for k in range(number):
        shutil.copy(FIXTURES / "photo.jpg", folder / f"{k}.jpg")
    return folder


@pytest.fixture
def frames_folder(tmp_path):
    return copies(tmp_path / "list of 8", 8)


@pytest.mark.parametrize("fps", [(), ("--fps", 4)])
@pytest.mark.parametrize("model", ["qvq-max", "qwen3-vl-plus"])
def test_plan_of_a_list(run, tmp_path, frames_folder, model, fps):
    images = [str(path) for path in sorted(frames_folder.iterdir())]
    for number, names in enumerate(([frames_folder], images)):
        words = (*names, "--list", "-m", model, *fps)
        words = (*words, "--budget", 700)
        (item,) = run("plan", *words, "--json").json["items"]
        assert (item["frames"], item["tokens"] <= 700) == (8, True)
        assert item["source"] == str(names[0])
        outputs = tmp_path / str(number)
        outputs.mkdir()
        tokens = ran_as_printed(run, outputs, *words)
        assert tokens == {verb: [item["tokens"]] for verb in ("tokens", "frames", "payload")}


def test_images_are_a_list_only_if_told(run):
    words = (*["photo.jpg"] * 4, "--budget", 1300, "--json")
    assert [item["kind"] for item in run("plan", *words).json["items"]] == ["image"] * 4
    (item,) = run("plan", *words, "--list", "--fps", 1).json["items"]
    assert (item["kind"], item["frames"]) == ("video", 4)


@pytest.mark.parametrize("files", [("street.mp4",), ("street.mp4", "photo.jpg"), ("photo.jpg",)])
@pytest.mark.parametrize("budget", [250, 1300])
def test_every_printed_command_runs_and_costs_the_planned_number(run, tmp_path, files, budget):
    if files[0] == "street.mp4" and budget < 1000:
        budget += 300
    for name in files:
        shutil.copy(name, tmp_path)
    words = [*(tmp_path / name for name in files), "--budget", budget, "-m", "qwen3-vl-plus"]
    planned = run("plan", *words, "--json").json["total_tokens"]
    found = ran_as_printed(run, tmp_path, *words)
    (sent,) = (found[verb] for verb in ("payload", "plan") if verb in found)
    assert sum(found["tokens"]) == sum(sent) == planned
    assert "compress" in found


@pytest.fixture
def photos(tmp_path):
    return copies(tmp_path / "five photos", 5)


def test_commands_of_many_files_repeat_what_named_them(run, tmp_path, photos):
    listed = tmp_path / "names"
    listed.write_text("".join(f"{path}\n" for path in sorted(photos.iterdir())))
    ways = (("-r", photos), ("--from-file", listed), sorted(photos.iterdir()))
    for number, words in enumerate(ways):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = ran_as_printed(run, folder, *words, "-m", "qwen3-vl-plus")
        assert found["tokens"] == found["payload"] == [5 * 302]
    printed = run("plan", "-r", photos, "-m", "qwen3-vl-plus").out
    assert f"vlprep tokens -r {shlex.quote(str(photos))} --model" in printed


SPLITS = [
    ("--budget", 700),
    (
        "--budget",
        "1.5%",
        "--reserve",
        2500,
        "--reorder",
        "--route",
        "base64",
        "--max-bytes",
        "250kB",
    ),
    (
        "--budget",
        1300,
        "--thinking",
        "--max-pixels",
        310_000,
        "--api",
        "openai",
        "--max-bytes",
        "250kB",
    ),
    ("--price-cap", 0.0001, "--currency", "USD", "--deployment", "international"),
    ("--fps", "24/23", "--lowest-fps", 0.1, "--prefer", "motion", "--budget", 1500),
]


@pytest.mark.parametrize("more", SPLITS)
@pytest.mark.parametrize("clip", [(), ("street.mp4",)])
def test_a_split_prints_one_command_that_writes_all_bodies(run, tmp_path, photos, more, clip):
    words = ("-r", photos, *clip, "-m", "qwen3-vl-plus", *more, "--split")
    planned = run("plan", *words, "--json").json
    assert len(planned["requests"]) > 1
    found = ran_as_printed(run, tmp_path, *words)
    assert sum(found["tokens"]) == sum(found["plan"]) == planned["total_tokens"]
    assert len(found["plan"]) == len(planned["requests"])


def test_images_and_clips_of_one_plan_are_sent_by_one_command(run, tmp_path):
    words = ("photo.jpg", "street.mp4", "-m", "qwen3-vl-plus", "--budget", "50%", "--no-thinking")
    printed = run("plan", *words).out.splitlines()
    assert printed[-1] == (
        "vlprep plan photo.jpg street.mp4 --model qwen3-vl-plus --budget 50% --no-thinking "
        "--api dashscope --as-frames --text TEXT -o DIR"
    )
    assert not [line for line in printed if line.startswith("vlprep payload")]


def test_bodies_are_written_with_a_table_of_them(run, tmp_path):
    folder = tmp_path / "bodies"
    words = ("photo.jpg", "exif_1.jpg", "photo.jpg", "street.mp4", "--budget", 2300, "--split")
    ran = run("plan", *words, "--text", "What is this?", "-o", folder)
    assert (ran.code, ran.err) == (0, "")
    assert "vlprep " not in ran.out  # what the commands would do is done
    table = ran.out.partition("to be posted as they are\n")[2].splitlines()
    sizes = [f"{(folder / f'request-{k}.json').stat().st_size:,}" for k in (1, 2)]
    assert table[0].split() == ["body", "files", "tokens", "bytes"]
    assert " ".join(table[2].split()) == f"request-1.json 3: photo.jpg to photo.jpg 610 {sizes[0]}"
    assert " ".join(table[3].split()) == f"request-2.json street.mp4 2,202 {sizes[1]}"
    again = run("plan", *words, "--text", "What is this?", "-o", folder)
    assert (again.code, "is not empty; name another folder, or --force" in again.err) == (1, True)
    body = json.loads((folder / "request-2.json").read_text())
    assert body["messages"][0]["content"][1] == {"type": "text", "text": "What is this?"}


def test_what_posting_takes_is_told(run, tmp_path):
    words = ("photo.jpg", "-m", "qvq-max", "--api", "dashscope", "--text", "What?")
    ran = run("plan", *words, "-o", tmp_path / "bodies")
    assert "they need the header X-DashScope-SSE: enable" in ran.err


def test_nothing_is_written_where_no_request_holds_anything(run, tmp_path):
    words = (
        "photo.jpg",
        "--split",
        "--max-bytes",
        10,
        "--text",
        "What?",
        "-o",
        tmp_path / "bodies",
    )
    ran = run("plan", *words)
    assert (ran.code, "too large for any request" in ran.err) == (1, True)
    assert not (tmp_path / "bodies").exists()


def test_names_from_a_pipe_and_odd_names_are_repeated(run, tmp_path):
    names = [tmp_path / "-x y.jpg", tmp_path / "it's.jpg"]
    for name in names:
        shutil.copy("photo.jpg", name)
    words = ("--from-file", "-", "-m", "qwen3-vl-plus", "--budget", 302, "--split")
    printed = run("plan", *words, stdin="".join(f"{name}\n" for name in names)).out.splitlines()
    again = shlex.split(printed[-1].replace("DIR", str(tmp_path / "bodies")))[1:]
    assert [body["tokens"] for body in run(*again, "--json").json["bodies"]] == [302, 302]


def test_a_bad_file_is_named_and_the_others_are_sent(run, tmp_path):
    words = ("empty.jpg", "photo.jpg", "--text", "What?", "-o", tmp_path / "bodies", "--json")
    ran = run("plan", *words)
    assert (ran.code, "empty.jpg: empty file" in ran.err) == (1, True)
    (body,) = ran.json["bodies"]
    assert (body["file"], body["sources"], body["tokens"]) == ("request-1.json", ["photo.jpg"], 302)
    ran = run("plan", "empty.jpg", "--text", "What?", "-o", tmp_path / "none")
    assert (ran.code, (tmp_path / "none").exists()) == (1, False)


def test_what_a_body_cannot_say_is_refused_and_nothing_is_written(run, tmp_path):
    words = ("street.mp4", "--budget", 1500, "--text", "What?", "-o", tmp_path / "bodies")
    ran = run("plan", *words)
    assert (ran.code, "--as-frames sends the very frames" in ran.err) == (1, True)
    assert not (tmp_path / "bodies").exists()
    assert run("plan", *words, "--api", "dashscope", "--as-frames").code == 0


@pytest.mark.parametrize(
    ("file", "words", "helps"),
    [("still.gif", (), True), ("tiny.png", (), False), ("tiny.png", ("--compress",), False)],
)
def test_what_the_check_refuses_is_compressed_only_where_that_helps(
    run, tmp_path, file, words, helps
):
    ran = run("plan", file, "--text", "What?", "-o", tmp_path / "bodies", *words)
    remedy = "; --compress brings files under the limits first" * helps
    assert (ran.code, ran.err.splitlines()[-1]) == (1, f"nothing was written{remedy}")


def test_where_no_protocol_is_asked_for_the_commands_say_which_they_take(run):
    told = "the openai one samples 2 frames per second whatever is asked; --api openai plans for it"
    assert told in run("plan", "street.mp4", "--budget", 1500).err
    for words in (("street.mp4", "--api", "openai"), ("street.mp4", "--json"), ("photo.jpg",)):
        assert told not in run("plan", *words, "--budget", 1500).err


def test_a_shell_runs_what_is_printed_of_many_files(run, tmp_path, photos):
    printed = run("plan", "-r", photos, "-m", "qwen3-vl-plus", "--budget", 1000).out.splitlines()
    script = [line for line in printed if line.startswith("vlprep ")]
    assert sum(line.startswith("vlprep view ") for line in script) == 1
    python = f'vlprep() {{ {shlex.quote(sys.executable)} -m vlprep "$@"; }}'
    text = "\n".join(["set -e", python, *script]).replace("DIR/", "out/")
    done = subprocess.run(
        ["bash", "-c", text], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 5
    assert '"image_url"' in done.stdout


def test_small_max_pixels(run, tmp_path):
    """By one reading a lower cap lowers nothing: a plan says so, and shrinks the files instead."""
    big = tmp_path / "big.png"
    Image.new("RGB", (4000, 3000)).save(big)
    words = (big, big, big, "--budget", 3000)
    plan = run("plan", *words, "--json").json
    assert plan["total_tokens"] == 3 * 974
    assert "7,488 tokens instead of 2,922, which do not fit 3,000" in plan["warnings"][0]
    assert "7,488 tokens instead of 2,922" in run("plan", *words).err
    assert ran_as_printed(run, tmp_path, *words)["payload"] == [2922]
    shrunk = run("tokens", tmp_path / "views" / "big.png", "--json").json
    assert (shrunk["total_tokens"], shrunk["items"][0]["warnings"]) == (974, [])
    # The June rules know no such reading, and what is not lowered does not rest on it.
    for more in (("-m", "qvq-max"), ("--budget", 8000)):
        plan = run("plan", *words, *more, "--json").json
        assert plan["warnings"] == []
        assert "vlprep view" not in run("plan", *words, *more).out


def test_the_openai_api_takes_no_rate(run, tmp_path):
    refused = run("plan", "street.mp4", "--api", "openai", "--fps", "0.3")
    assert (refused.code, "samples 2 frames per second whatever is asked" in refused.err) == (
        1,
        True,
    )
    assert run("tokens", "street.mp4", "--api", "openai", "--fps", 1).code == 1
    assert "no --lowest-fps" in run("plan", "street.mp4", "--api", "openai", "--lowest-fps", 1).err
    shutil.copy("street.mp4", tmp_path)
    words = (tmp_path / "street.mp4", "--api", "openai", "--budget", 1500)
    (item,) = run("plan", *words, "--json").json["items"]
    assert (item["fps"], item["frames"], item["tokens"] <= 1500) == (2.0, 20, True)
    found = ran_as_printed(run, tmp_path, *words)
    assert found["tokens"] == found["frames"] == found["payload"] == [item["tokens"]]
    free = run("plan", *words[:1], "--api", "dashscope", "--fps", "0.3", "--json").json["items"][0]
    assert free["fps"] == 0.3
    weights = ("-m", "Qwen/Qwen3-VL-8B-Instruct", "--budget", 1500, "--fps", 1, "--json")
    assert run("plan", *words[:3], *weights).code == 0  # a server of weights samples as it likes


def test_a_budget_in_which_nothing_is_recognisable_says_so(run):
    words = ["photo.jpg"] * 40
    told = " shown in pictures of fewer than 16 tokens"
    assert told in run("plan", *words, "--budget", 400).err
    assert told in run("plan", *words, "--budget", 400, "--json").json["warnings"][-1]
    assert told not in run("plan", *words, "--budget", 2000).err
    assert told in run("plan", "street.mp4", "--budget", 100, "--prefer", "motion").err
    ran = run("plan", "street.mp4", "--budget", 10)
    assert f"warning: the file is{told}, such as 64x32 pixels" in ran.err
    assert told not in run("plan", "tiny.png", "--budget", 400).err  # it is no smaller than it was


def test_more_images_than_a_request_takes(run):
    words = ["exif_1.jpg"] * 251
    assert run("plan", *words[1:], "--json").json["warnings"] == []
    (told,) = run("plan", *words, "--json").json["warnings"]
    assert "251 images: one request takes 250 images as Base64, 256 by path or by URL" in told
    split = run("plan", *words, "--split", "--json").json
    assert ([len(request) for request in split["requests"]], split["warnings"]) == ([250, 1], [])


def test_weights_are_sent_without_limits_of_ours(run):
    ran = run("plan", "street.mp4", "--model", "Qwen/Qwen3-VL-8B-Instruct", "--budget", 1300)
    assert "vlprep payload" not in ran.out


def test_one_video(run):
    ran = run("plan", "street.mp4", "--budget", 1500)
    assert ran.code == 0
    flags = "--model qwen3-vl-plus --fps 1.6 --max-pixels 186624"
    for line in (
        f"vlprep tokens street.mp4 {flags}",
        f"vlprep frames street.mp4 -o DIR {flags}",
        f"vlprep compress street.mp4 -o DIR/ {flags}",
        f"vlprep payload street.mp4 --text TEXT {flags} --api dashscope --as-frames",
        "Python: fps=1.6, max_pixels=186624",
        "1,442 of 1,500 tokens, 96 %",
        "80 % of the 20 frames wanted, 82 % of the pixels of 640x352",
    ):
        assert line in ran.out.splitlines()


def test_json(run):
    document = run("plan", "street.mp4", "--budget", 1500, "--table", "--json").json
    assert document["schema"] == "vlprep.plan/1"
    (item,) = document["items"]
    assert (item["fps"], item["max_pixels"], item["frames"], item["tokens"]) == (
        1.6, 186_624, 16, 1442,
    )  # fmt: skip
    assert document["available_tokens"] == 1500
    assert document["limits"][0]["name"] == "budget"
    assert document["budget"]["binding"] == "budget"
    assert document["requests"] == [["street.mp4"]]
    assert [bound["name"] for bound in document["bounds"]] == ["budget"]
    assert all(row["tokens"] <= 1500 for row in document["alternatives"])
    table = document["what_if"]
    assert len(table["tokens"]) == len(table["rates"])
    assert {len(row) for row in table["tokens"]} == {len(table["caps"])}


def test_the_share_of_a_window(run):
    document = run("plan", "street.mp4", "--budget", "50%", "--reserve", 48, "--json").json
    assert document["available_tokens"] == 130_000


def test_the_table_marks_what_is_over(run):
    out = run("plan", "street.mp4", "--budget", 1500, "--table").out
    assert "2,202*" in out
    assert "what fits, and nothing beats in both frames and pixels" in out
    assert "--table is of one video" in run("plan", "photo.jpg", "photo.jpg", "--table").err


def test_the_explanation(run):
    words = ("plan", "street.mp4", "--explain")
    assert "702 tokens more" in run(*words, "--budget", 1500).out
    assert "(--split)" in run(*words, "photo.jpg", "--budget", 1500).out
    assert "nothing binds: all is shown as wanted" in run(*words).out


def test_a_split(run):
    words = ("photo.jpg", "exif_1.jpg", "photo.jpg", "--budget", 400, "--split")
    assert run("plan", *words, "--json").json["requests"] == [
        ["photo.jpg", "exif_1.jpg"],
        ["photo.jpg"],
    ]
    ran = run("plan", *words, "--reorder", "--route", "base64", "--max-bytes", "10MB")
    assert "610 tokens in 2 requests of at most 400" in ran.out


def test_a_chart(run, tmp_path):
    target = tmp_path / "plan.png"
    assert run("plan", "street.mp4", "--chart", target).code == 0
    assert target.stat().st_size > 5000
    assert run("plan", "street.mp4", "--chart", target).code == 1
    assert run("plan", "street.mp4", "--chart", target, "--force").code == 0


def test_a_price(run):
    ran = run("plan", "street.mp4", "-m", "qvq-max", "--price-cap", "0.001", "--json").json
    assert ran["available_tokens"] == 833
    assert ran["limits"][0]["name"] == "price"
    ran = run("plan", "street.mp4", "-m", "qvq-max", "--price-cap", 1, "--deployment", "china")
    assert (ran.code, "choose one with --currency" in ran.err) == (1, True)


def test_a_rate_of_the_user_s(run):
    item = run("plan", "street.mp4", "--fps", 5, "--json").json["items"][0]
    assert item["frames"] == 50
    words = ("--fps", 3, "--lowest-fps", 3, "--budget", 500, "--json")
    item = run("plan", "street.mp4", *words).json["items"][0]
    assert item["frames"] == 30


def test_a_full_input_leaves_little_for_the_reply_which_is_said(run):
    assert "leaves 2,049 tokens of the context" in run("plan", "photo.jpg").err
    assert run("plan", "photo.jpg", "--reply-tokens", 1000).err == ""


def test_bad_files_are_named_and_the_rest_is_planned(run):
    ran = run("plan", "empty.jpg", "photo.jpg", "--json")
    assert ran.code == 1
    assert [item["source"] for item in ran.json["items"]] == ["photo.jpg", "empty.jpg"]
    assert "empty.jpg: empty file" in ran.err
    assert run("plan", "empty.jpg").code == 1


def test_names_are_quoted(run, tmp_path):
    name = tmp_path / "a b.jpg"
    shutil.copy("photo.jpg", name)
    assert f"vlprep tokens '{name}' --model" in run("plan", name).out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "name a file"),
        (("street.mp4", "--budget", "0"), 2, "not above 0"),
        (("street.mp4", "--budget", "120%"), 2, "more than there is"),
        (("street.mp4", "--budget", "5"), 1, "tokens are the least"),
        (("street.mp4", "--reorder"), 2, "go with --split"),
        (("street.mp4", "-o", "bodies"), 2, "say what the requests ask: --text TEXT"),
        (("street.mp4", "--text", "What?"), 2, "--text: say where to: -o DIR"),
        (("street.mp4", "--as-frames", "--sdk"), 2, "--as-frames and --sdk: say where to: -o DIR"),
        (("street.mp4", "--lowest-fps", "3", "--fps", "1"), 1, "no range"),
        (("street.mp4", "--fps", "11"), 1, "the highest is 10"),
        (("street.mp4", "--reserve", "999999"), 1, "are reserved of 260,095"),
        (("street.mp4", "-m", "Qwen/Qwen2-VL-7B-Instruct"), 1, "give one with --max-input"),
        (("street.mp4", "-m", "Qwen/Qwen2-VL-7B-Instruct", "--budget", "5%"), 1, "in tokens"),
        (("street.mp4", "-m", "Qwen/Qwen3-VL-8B-Instruct", "--price-cap", "1"), 1, "a price"),
    ],
)
def test_what_cannot_be(run, words, code, message):
    ran = run("plan", *words)
    assert ran.code == code
    assert message in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("server", "start", "flags"),
    [
        (
            "vllm",
            ["vllm", "serve"],
            ["max-model-len", "limit-mm-per-prompt", "mm-processor-kwargs", "media-io-kwargs"],
        ),
        (
            "sglang",
            ["python", "-m", "sglang.launch_server", "--model-path"],
            ["context-length", "limit-mm-data-per-request", "mm-process-config"],
        ),
    ],
)
def test_how_the_server_is_started_is_a_line_of_a_shell(run, server, start, flags):
    model = "Qwen/Qwen3-VL-8B-Instruct"
    words = ("street.mp4", "photo.jpg", "--model", model, "--server", server, "--budget", 1300)
    ran = run("plan", *words, "--text-tokens", 25, "--reply-tokens", 100)
    lines = ran.out.splitlines()
    line = lines[lines.index("start the server with") + 1]
    told = shlex.split(line)
    assert told[: len(start) + 1] == [*start, model]
    pairs = dict(zip(*[iter(told[len(start) + 1 :])] * 2, strict=True))
    assert list(pairs) == [f"--{flag}" for flag in flags]
    length, *texts = pairs.values()
    document = run("plan", *words, "--text-tokens", 25, "--reply-tokens", 100, "--json").json
    assert int(length) == document["total_tokens"] + 25 + 100
    assert json.loads(texts[0]) == {"image": 1, "video": 1}
    assert all(isinstance(json.loads(text), dict) for text in texts)
    assert document["server_flags"]["flags"] == told[len(start) + 1 :]
    switch = ["--trust-request-mm-kwargs" in note for note in document["server_flags"]["notes"]]
    assert switch == ([True] if server == "vllm" else [])


def test_what_the_start_leaves_out_is_noted(run):
    model = ("--model", "Qwen/Qwen3-VL-8B-Instruct")
    ran = run("plan", "photo.jpg", *model, "--server", "vllm")
    assert "note: max-model-len 302 is without room for a reply; --reply-tokens adds it" in ran.err
    ran = run("plan", "photo.jpg", *model)
    assert "start the server" not in ran.out
    assert "server_flags" not in run("plan", "photo.jpg", *model, "--json").json


PARTS = ("plan", "street.mp4", "--pieces", "--overlap", "2", "--budget", "1150")


def test_parts_of_a_clip_have_their_times_and_their_commands(run, tmp_path):
    ran = run(*PARTS)
    assert ran.code == 0
    assert [line.split()[1:3] for line in ran.out.splitlines()[3:6]] == [
        ["0:00.000", "0:04.700"], ["0:02.700", "0:07.400"], ["0:05.400", "0:10.000"],
    ]  # fmt: skip
    assert "parts that follow each other share 2 s" in ran.out
    commands = [shlex.split(line) for line in ran.out.splitlines() if line.startswith("vlprep ")]
    assert [words[1] for words in commands] == ["payload"] * 3 + ["plan", "events"]
    for words in commands[:3]:
        target = tmp_path / words[-1]
        assert run(*words[1:-1], target).code == 0
    assert run(*commands[3][1:-1], tmp_path / "out").code == 0
    for number in (1, 2, 3):
        one, all_of = (tmp_path / place / f"request-{number}.json" for place in ("", "out"))
        assert json.loads(one.read_text()) == json.loads(all_of.read_text())
    answers = '["0:01 - 0:02 a bus", "[]", "0:03 - 0:04 a cat"]'
    words = [{"ANSWERS": answers, "DIR": str(tmp_path / "out")}.get(it, it) for it in commands[4]]
    found = run(*words[1:], "--json").json
    assert [event["start_seconds"] for event in found["events"]] == [1.0, 8.4]
    assert [event["pieces"] for event in found["events"]] == [[1], [3]]


def test_parts_of_weights_are_read_by_themselves(run, tmp_path):
    ran = run(*PARTS[:-1], "900", "--model", "Qwen/Qwen3-VL-8B-Instruct", "--fps", "1")
    commands = [shlex.split(line) for line in ran.out.splitlines() if line.startswith("vlprep ")]
    assert commands and {words[1] for words in commands} == {"frames"}
    place = commands[0].index("-o") + 1
    commands[0][place] = str(tmp_path / "part")
    assert run(*commands[0][1:]).code == 0


@pytest.mark.parametrize("words", [("--overlap", "3"), ("--pieces", "--split")])
def test_options_of_parts_that_do_not_go_together(run, words):
    ran = run("plan", "street.mp4", *words)
    assert ran.code == 2 and words[0] in ran.err


def test_pages_stand_beside_themselves_uncut_and_the_commands_send_them(run, tmp_path):
    page = small_letters(tmp_path)
    ran = run("plan", page, "--pieces", "--readable", "7")
    plan = plan_media(page, pieces=True, readable=7)
    split, pieces = plan.files[0].piece.split, len(plan.files)
    assert f"{pieces} pieces, {plan.total_tokens:,} tokens, letters about 7.0 px high" in ran.out
    assert f"uncut {split.whole.total:,} tokens, letters about" in ran.out
    assert f"{pieces} images; one request takes 250 images" in ran.out
    commands = [shlex.split(line) for line in ran.out.splitlines() if line.startswith("vlprep ")]
    assert [words[1] for words in commands] == ["split", "payload"]
    words = [{"DIR": str(tmp_path / "pieces")}.get(it, it) for it in commands[0]]
    assert run(*words[1:]).code == 0 and len(list((tmp_path / "pieces").iterdir())) == pieces + 1
    body = run(*commands[1][1:]).json
    assert len(body["messages"][0]["content"]) == 2 * pieces + 1
    few = run("plan", page, "--pieces", "--budget", "2600")
    assert "request" in few.out.splitlines()[1]
    commands = [shlex.split(line) for line in few.out.splitlines() if line.startswith("vlprep ")]
    assert [words[1] for words in commands] == ["split", "plan"]
    words = [{"DIR": str(tmp_path / "out")}.get(it, it) for it in commands[1]]
    assert run(*words[1:]).code == 0 and len(list((tmp_path / "out").iterdir())) > 1


@pytest.mark.parametrize("command", ["plan", "payload"])
def test_a_height_of_letters_goes_with_pieces(run, command):
    ran = run(command, "photo.jpg", "--readable", "7", *(["-t", "?"] if command != "plan" else []))
    assert ran.code != 0 and "--pieces" in ran.err


def test_a_folder_of_weights_is_what_the_server_is_started_with(run, tmp_path):
    files = {"preprocessor_config": QWEN2, "config": {"model_type": "qwen2_vl"}}
    folder = written(tmp_path / "my model", **files)
    words = ("plan", "photo.jpg", "--server", "vllm", "--max-model-len", 8192, "--model-file")
    assert f"vllm serve '{folder}' --max" in run(*words, folder).out
    assert "vllm serve MODEL --max" in run(*words, folder / "config.json").out


def test_bodies_that_the_check_refuses_are_told_with_commands(run, tmp_path):
    words = ("plan", "photo.jpg", "still.gif", "--split", "--text", "hi", "-o", tmp_path / "out")
    ran = run(*words)
    assert (ran.code, (tmp_path / "out").exists()) == (1, False)
    assert "\n  vlprep compress still.gif -o compressed/" in ran.err
    assert "--no-check" not in ran.err and "compress_many" not in ran.err
    assert run(*words, "--compress").code == 0
