"""Addresses on the command line: every command takes them, and says how far it fetches."""

from __future__ import annotations

import json
import threading

import pytest

import vlprep
from tests.fileserver import file_server
from tests.places import FIXTURES
from vlprep import Fetching, RemoteFile
from vlprep.errors import AddressError

pytest.importorskip("aiohttp")
pytest.importorskip("fsspec")

BOX = '{"bbox_2d": [250, 500, 500, 1000]}'
EVENT = '[{"start_time": "00:02", "end_time": "00:04", "event": "a bus"}]'
WEIGHTS = ("--model", "Qwen/Qwen3-VL-8B-Instruct")


@pytest.fixture
def server():
    with file_server() as state:
        yield state


COMMANDS = {
    "tokens": (["tokens", "PHOTO", "STREET"], None),
    "tokens --list": (["tokens", "--list", *["PHOTO"] * 4], None),
    "tokens --pick": (["tokens", "--pick", "changes", "STREET"], None),
    "plan": (["plan", "STREET", "--budget", "1500"], None),
    "plan of many": (["plan", "PHOTO", "PHOTO", "--budget", "500"], None),
    "fit-images": (["fit-images", "PHOTO"], None),
    "frames": (["frames", "STREET", "-o", "OUT/street", "--fps", "1"], "street/manifest.json"),
    "view": (["view", "PHOTO", "-o", "OUT/view.png"], "view.png"),
    "views": (["view", "PHOTO", "PHOTO", "-o", "OUT/"], "photo-2.png"),
    "arrays": (["arrays", "PHOTO", "-o", "OUT/a.npz", *WEIGHTS], "a.npz"),
    "compress": (["compress", "PHOTO", "-o", "OUT/", "--limit", "25kB"], "photo.jpg"),
    "compress a video": (["compress", "STREET", "-o", "OUT/", "--limit", "90kB"], "street.mp4"),
    "check": (["check", "PHOTO", "--fetch"], None),
    "check --decode": (["check", "STREET", "--fetch", "--decode"], None),
    "payload": (["payload", "PHOTO", "-t", "hi", "--fetch"], None),
    "boxes": (["boxes", "PHOTO", BOX, "-o", "OUT/boxes.png"], "boxes.png"),
    "events": (["events", EVENT, "STREET", "--sheet", "OUT/events.jpg"], "events.jpg"),
    "split": (["split", "PHOTO", "-o", "OUT/pieces"], "pieces/pieces.json"),
    "crop": (["crop", "PHOTO", "--box", "0,0,99,99", "-o", "OUT/crop.png"], "crop.png"),
    "scan": (["scan", "PHOTO", "STREET", "-o", "OUT/rows.jsonl"], "rows.jsonl"),
    "scan --job check": (["scan", "PHOTO", "--job", "check", "-o", "OUT/r.csv"], "r.csv"),
}


def words(server, name, tmp_path):
    given = {"PHOTO": f"{server.url}/files/photo.jpg?key=geheim"}
    given["STREET"] = f"{server.url}/files/street.mp4?key=geheim"
    told = [given.get(word, word) for word in COMMANDS[name][0]]
    return [word.replace("OUT/", f"{tmp_path}/") for word in told]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_an_address(run, server, name, tmp_path):
    ran = run(*words(server, name, tmp_path), "--allow-private")
    assert ran.code == 0, ran.err
    assert "geheim" not in ran.out + ran.err or name.startswith("payload --")
    made = COMMANDS[name][1]
    assert made is None or (tmp_path / made).is_file(), sorted(tmp_path.rglob("*"))
    assert server.asked


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_asks_this_machine_unless_it_is_told_to(run, server, name, tmp_path):
    ran = run(*words(server, name, tmp_path))
    assert ran.code in (1, 2), ran.out
    assert "--allow-private" in ran.out + ran.err or name.startswith("scan")
    assert server.asked == []


def test_what_the_service_fetches_is_not_fetched_here(run, server):
    url = f"{server.url}/files/photo.jpg"
    assert run("payload", url, "-t", "hi", "--no-check").code == 0
    assert "url-unfetched" in run("check", url, "--route", "url").out
    assert server.asked == []


def test_a_body_holds_what_was_fetched(run, server):
    url = f"{server.url}/files/photo.jpg"
    far = run("payload", url, "-t", "hi", "--fetch", "--allow-private")
    near = run("payload", "photo.jpg", "-t", "hi")
    assert far.json == near.json


def test_limits_are_options(run, server):
    url = f"{server.url}/whole/photo.jpg"
    ran = run("tokens", url, "--allow-private", "--fetch-limit", "10kB", "--json")
    assert ran.code == 1
    (item,) = ran.json["items"]
    assert item["error"]["code"] == "fetch"
    assert "more than 10 kB would have to be fetched" in item["error"]["message"]
    assert "; --fetch-limit allows more" in ran.err
    slow = run("tokens", f"{server.url}/slow/", "--allow-private", "--fetch-seconds", "0.5")
    assert "--fetch-seconds allows 0.5 s" in slow.err


def test_limits_have_defaults_elsewhere_and_private_hosts_have_none(run, server, monkeypatch):
    monkeypatch.setenv("VLPREP_FETCH_LIMIT", "10kB")
    monkeypatch.setenv("VLPREP_ALLOW_PRIVATE", "true")
    url = f"{server.url}/whole/photo.jpg"
    assert "more than 10 kB" in run("tokens", url, "--allow-private").err
    assert "private network" in run("tokens", url).err


def test_a_list_of_names_may_hold_addresses(run, server):
    listed = f"{server.url}/files/photo.jpg\nphoto.jpg\n{server.url}/status/404\n"
    ran = run("tokens", "--from-file", "-", "--allow-private", "--json", stdin=listed)
    assert [item.get("tokens") for item in ran.json["items"]] == [302, 302, None]
    assert ran.json["items"][2]["error"]["message"] == "the server has no such file (status 404)"


def test_a_query_with_signs_of_patterns_is_an_address(run, server):
    url = f"{server.url}/files/photo.jpg?x=[1]*"
    ran = run("tokens", url, "--allow-private", "--json")
    assert ran.json["items"][0]["source"] == f"{server.url}/files/photo.jpg?…"


def test_the_commands_that_are_printed_hold_no_secret_and_the_way_to_fetch(run, server):
    url = f"{server.url}/files/street.mp4?key=geheim"
    ran = run("plan", url, "--allow-private", "--budget", "1500")
    assert "--allow-private" in ran.out
    assert "geheim" not in ran.out


# Samples.


def sample(server, name="photo.jpg"):
    part = {"type": "image_url", "image_url": {"url": f"{server.url}/files/{name}"}}
    return {"messages": [{"role": "user", "content": [part, {"type": "text", "text": "hi"}]}]}


def test_what_a_body_names_is_fetched_on_request_only(server):
    unasked = vlprep.count_messages(sample(server))
    assert "is on the web, which is not fetched" in unasked.failures[0].message
    assert server.asked == []
    count = vlprep.count_messages(sample(server), fetch=Fetching(allow_private=True))
    assert count.media_tokens == 302
    refused = vlprep.count_messages(sample(server), fetch=Fetching())
    assert refused.failures[0].code == "address_refused"


@pytest.mark.parametrize("command", ["tokens", "scan"])
def test_samples_are_fetched_with_fetch(run, server, tmp_path, command):
    file = tmp_path / "train.jsonl"
    file.write_text("".join(json.dumps(sample(server)) + "\n" for _ in range(3)))
    without = run(command, file, "--json", "--allow-private")
    assert without.code == 1
    assert server.asked == []
    ran = run(command, file, "--json", "--fetch", "--allow-private")
    assert ran.code == 0, ran.err
    assert len(server.asked) == 3


def test_fetch_is_about_samples(run):
    for command in ("tokens", "scan"):
        ran = run(command, "photo.jpg", "--fetch")
        assert ran.code == 2
        assert "--fetch are for samples" in ran.err


# Engines and threads.


def test_the_hook_of_qwen_vl_utils_takes_a_remote_file(server):
    from vlprep.compat.qwen import fetch_image

    near = Fetching(allow_private=True)
    url = f"{server.url}/files/photo.jpg"
    image = fetch_image({"image": url}, fetch=lambda url: RemoteFile(url, near))
    assert image.size == fetch_image({"image": "fixtures/photo.jpg"}).size
    with pytest.raises(AddressError):
        fetch_image({"image": url}, fetch=RemoteFile)


def test_a_row_of_a_batch_may_be_an_address(server):
    from vlprep.batch import CountTokens

    one = RemoteFile(f"{server.url}/files/photo.jpg", Fetching(allow_private=True))
    done = CountTokens()({"path": [one, f"{server.url}/files/photo.jpg"]})
    assert done["tokens"] == [302, None]
    assert done["error_code"] == [None, "address_refused"]


def test_threads_of_a_program_fetch_side_by_side(server):
    one, found = RemoteFile(f"{server.url}/files/photo.jpg", Fetching(allow_private=True)), []
    threads = [
        threading.Thread(target=lambda: found.append(vlprep.count_tokens(one).tokens.total))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [302] * 12


VERBS = {
    "probe": lambda one: vlprep.probe(one).size == (480, 640),
    "count_tokens": lambda one: vlprep.count_tokens(one).tokens.total == 302,
    "check_media": lambda one: vlprep.check_media(one).total_tokens == 302,
    "plan_media": lambda one: vlprep.plan_media(one, budget=300).total_tokens <= 300,
    "fit_images": lambda one: vlprep.fit_images(one).total_tokens == 302,
    "locate_boxes": lambda one: vlprep.locate_boxes(one, BOX).shapes[0].points[0] == (160, 240),
    "draw": lambda one: vlprep.locate_boxes(one, BOX).draw().shape == (480, 640, 3),
    "view_image": lambda one: vlprep.view_image(one).image.shape == (480, 640, 3),
    "compress_image": lambda one: vlprep.compress_image(one, limit=25_000).bytes_after < 25_000,
    "compress_many": lambda one: next(iter(vlprep.compress_many(one))).kind == "image",
    "build_request": lambda one: vlprep.build_request(one, "x").tokens == 302,
    "build_request of a list": lambda one: vlprep.build_request([[one] * 4], "x").tokens > 9,
    "crop_image": lambda one: vlprep.crop_image(one, [0, 0, 99, 99]).tokens.total > 0,
    "split_image": lambda one: len(vlprep.split_image(one).pieces) == 1,
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_a_remote_file(server, verb):
    one = RemoteFile(f"{server.url}/files/photo.jpg", Fetching(allow_private=True))
    assert VERBS[verb](one)
    assert (FIXTURES / "photo.jpg").stat().st_size <= server.sent
