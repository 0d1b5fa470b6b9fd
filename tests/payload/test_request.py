from __future__ import annotations

import json
import threading

import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import MediaUrl, build_message, build_messages, build_request, count_tokens, processor
from vlprep.errors import CheckError, ConstraintError, DecodeError, UnsupportedFormatError
from vlprep.payload.request import json_chunks

PHOTO, STREET = FIXTURES / "photo.jpg", FIXTURES / "street.mp4"
URL = "https://example.com/a.jpg"


def test_the_message_is_the_last_of_the_messages_of_the_body():
    asked = {"api": "dashscope", "system": "Be brief.", "fps": 1.0}
    request = build_request([PHOTO, STREET], "hi", "qwen-vl-max", **asked)
    messages = build_messages([PHOTO, STREET], "hi", "qwen-vl-max", **asked)
    assert request.body["input"]["messages"] == messages
    assert build_message([PHOTO, STREET], "hi", "qwen-vl-max", **asked) == messages[-1]
    assert [message["role"] for message in messages] == ["system", "user"]


def test_media_come_before_the_text_in_order():
    content = build_message([STREET, PHOTO, URL], "hi")["content"]
    assert [part["type"] for part in content] == ["video_url", "image_url", "image_url", "text"]


def test_one_item_alone_is_a_list_of_one():
    url = MediaUrl("https://example.com/", "image")
    with PHOTO.open("rb") as file:
        for item in (PHOTO, str(PHOTO), PHOTO.read_bytes(), file, URL, url):
            assert build_message(item, "hi") == build_message([item], "hi")


def test_tokens_are_the_sum_of_what_is_counted():
    request = build_request([PHOTO, STREET], "hi")
    assert request.tokens == sum(count_tokens(file).tokens.total for file in (PHOTO, STREET))
    assert build_request([PHOTO, URL], "hi").tokens is None
    assert build_request([], "hi").tokens == 0


def test_the_model_is_called_as_the_caller_does():
    assert build_request([URL], "hi", "qvq-max-0325").body["model"] == "qvq-max-0325"
    assert build_request([URL], "hi").body["model"] == "qwen3-vl-plus"


def test_a_broken_limit_stops_it_unless_the_caller_goes_on():
    gif = FIXTURES / "still.gif"
    with pytest.raises(CheckError) as caught:
        build_request([gif, PHOTO, FIXTURES / "still.webp"], "hi")
    assert all(str(gif) in problem for problem in caught.value.problems)
    request = build_request([gif], "hi", check=False)
    assert request.parts[0].files[0].mime_type == "image/gif"


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(CheckError) as caught:
        build_request(["no-such.jpg", FIXTURES / "text.txt", FIXTURES / "tiny.png"], "hi")
    assert [problem.rpartition("/")[2].split(":")[0] for problem in caught.value.problems] == [
        "no-such.jpg", "text.txt", "tiny.png",
    ]  # fmt: skip
    with pytest.raises(CheckError, match=r"no-such\.jpg: no such file"):
        build_request([[PHOTO, "no-such.jpg"]], "hi")


def test_what_is_remade_is_checked_as_it_is_sent():
    request = build_request([FIXTURES / "still.gif"], "hi", compress=True)
    assert request.parts[0].files[0].mime_type in ("image/jpeg", "image/png")
    assert request.parts[0].action == "converted"


def test_warnings_name_their_file_once():
    (warning,) = build_request([FIXTURES / "png_named.jpg"], "hi").warnings
    assert warning.startswith(f"{FIXTURES}/png_named.jpg: named .jpg but the content is PNG")


def test_what_a_check_and_a_header_say_of_several_pictures_is_said_once(tmp_path):
    pages, moving = tmp_path / "pages.tif", FIXTURES / "animated.webp"
    page = Image.new("RGB", (300, 200))
    page.save(pages, save_all=True, append_images=[page])
    of_pages, of_moving = build_request([pages, moving], "hi").warnings
    assert of_pages.endswith("only the first is counted; no source says which is seen")
    assert of_moving.endswith("of 8 frames; no source says what becomes of it as an image")
    assert len(build_request([pages, moving], "hi", check=False).warnings) == 2


def test_warnings_of_the_model_are_its_own_and_said_once(tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14, "merge_size": 2, '
        '"temporal_patch_size": 2}'
    )
    from vlprep import load_model_file

    model = load_model_file(tmp_path)
    request = processor(model).request([PHOTO, PHOTO], "hi", check=False)
    assert model.warnings
    for warning in model.warnings:
        assert [said for said in request.warnings if warning in said] == [
            f"{model.name}: {warning}"
        ]


def test_paths_have_no_body_but_arguments(tmp_path):
    request = build_request([PHOTO], "hi", api="dashscope", route="path")
    with pytest.raises(ConstraintError, match="`arguments`"):
        _ = request.body
    assert request.arguments["messages"][0]["content"][0] == {"image": f"file://{PHOTO}"}
    assert request.to_dict(sdk=True) == request.arguments
    assert repr(request) == "Request(dashscope, qwen3-vl-plus, 1 image, 302 tokens)"


def test_files_that_are_no_media_are_refused():
    with pytest.raises((CheckError, UnsupportedFormatError), match=r"text\.txt"):
        build_request([FIXTURES / "text.txt"], "hi")
    with pytest.raises(FileNotFoundError):
        build_request(["no-such.jpg"], "hi", check=False)


def test_an_unknown_option_is_a_type_error():
    for call in (build_request, build_message, build_messages, processor().request):
        with pytest.raises(TypeError, match="fsp"):
            call([URL], "hi", fsp=2)


@pytest.mark.parametrize("sdk", [False, True])
def test_a_request_is_saved_as_it_would_be_sent(tmp_path, sdk):
    request = build_request([PHOTO], "街?", "qvq-max", thinking=True)
    request.save(tmp_path / "body.json", sdk=sdk)
    written = json.loads((tmp_path / "body.json").read_text("ascii"))
    assert written == request.to_dict(sdk=sdk) == (request.arguments if sdk else request.body)
    with pytest.raises(FileExistsError):
        request.save(tmp_path / "body.json")
    request.save(tmp_path / "body.json", overwrite=True)


def test_what_is_no_json_is_an_error():
    with pytest.raises(ValueError, match="not JSON compliant"):
        "".join(json_chunks({"fps": float("nan")}))


# Smaller on the way.


def test_damage_is_found_before_the_work(monkeypatch):
    import vlprep.payload.sending as sending

    begun = []
    monkeypatch.setattr(sending, "compress_image", lambda *_, **__: begun.append(1))
    for bad, error in (("truncated.jpg", DecodeError), ("no-such.jpg", FileNotFoundError)):
        files = [FIXTURES / "exif_6.jpg", FIXTURES / "photo.avif", FIXTURES / bad]
        with pytest.raises(error):
            build_request(files, "hi", compress=True)
        with pytest.raises(error):
            build_request([files], "hi", compress=True, fps=1)
    assert begun == []


def test_images_are_made_smaller_side_by_side_and_stay_in_order(monkeypatch):
    import vlprep.payload.preparing as module

    together = threading.Barrier(2, timeout=20)
    prepare = module.prepare_item

    def waiting(*asked):
        together.wait()  # nobody goes on alone
        return prepare(*asked)

    monkeypatch.setattr(module, "prepare_item", waiting)
    monkeypatch.setattr(module, "usable_cores", lambda: 2)
    files = [FIXTURES / f"exif_{number}.jpg" for number in range(3, 7)]
    request = build_request(files, "hi", compress=True)
    assert [part.facts.source for part in request.parts] == [str(file) for file in files]
    assert {part.action for part in request.parts} == {"converted"}


def test_more_files_than_are_held_open_go_too(monkeypatch):
    import vlprep.payload.preparing as preparing

    monkeypatch.setattr(preparing, "MOST_OPEN", 2)
    files = [FIXTURES / f"exif_{number}.jpg" for number in range(1, 5)]
    request = build_request([URL, *files], "hi", compress=True)
    assert [part.action for part in request.parts][1:] == ["converted"] * 4
