import re
from dataclasses import replace

import pytest

import vlprep
from tests.check.sendings import frame_list, image, sending, video
from tests.places import FIXTURES
from vlprep import get_model
from vlprep.check import remedies

QVQ = ("model", "qvq-max")


def test_verbs_name_files_route_and_model():
    asked = sending(model="qvq-max", fps=1, route="path")
    remedy = remedies.compress(video(path="a b.ts"), asked)
    assert (remedy.command, remedy.files, remedy.output) == ("compress", ("a b.ts",), "compressed/")
    assert remedy.options == (("route", "path"), ("fps", 1), QVQ)
    assert remedies.compress(image(path="a.png"), asked).options == (("route", "path"), QVQ)
    page = remedies.first_page(image(path="a.tif"), asked)
    assert page.options == (("route", "path"), ("page", 0), QVQ)
    frames = remedies.mapped_frames(video(path="x/a.mp4"), asked)
    assert frames.options == (("fps", 1), ("tone_map", True), QVQ)
    assert frames.output == "x/a-frames"


def test_what_was_asked_of_the_view_is_asked_of_the_remedy():
    asked = sending(
        model="qwen3-vl-plus", rules=get_model().rule_sets[-1].name, nframes=8, start_seconds=1,
        max_pixels=100_000, high_res=True, strict=True,
    )  # fmt: skip
    of_image, of_video = (dict(remedies.compress(f, asked).options) for f in (
        image(path="a.png"), video(path="a.mp4"),
    ))  # fmt: skip
    rest = {"route": "base64", "model": "qwen3-vl-plus"}
    if asked.rules != get_model().rules(None):
        rest["rules"] = asked.rules.name
    assert of_image == {"max_pixels": 100_000, "high_res": True, **rest}
    assert of_video == {
        "nframes": 8, "start_seconds": 1, "max_pixels": 100_000, "strict": True, **rest,
    }  # fmt: skip


def test_what_serves_the_weights_is_asked_of_the_remedy():
    asked = sending(model="Qwen/Qwen3-VL-8B-Instruct", server="vllm")
    options = dict(remedies.compress(image(path="a.png"), asked).options)
    assert options == {
        "route": "base64", "server": "vllm", "model": "Qwen/Qwen3-VL-8B-Instruct",
    }  # fmt: skip


def test_all_images_of_a_list_are_named():
    listed = frame_list(image(path="1.avif"), image(path="2.avif"))
    assert remedies.compress(listed, sending()).files == ("1.avif", "2.avif")
    half = frame_list(image(path="1.avif"), image())
    assert remedies.compress(half, sending()).command is None


def test_a_rate_that_may_not_be_asked_is_not_asked_again():
    assert dict(remedies.frames(video(path="a.mp4"), sending(fps=20)).options).keys() == {"model"}


def test_without_a_file_there_is_a_step_in_words():
    for remedy in (remedies.compress, remedies.view, remedies.frames):
        step = remedy(image(), sending())
        assert step.call is None
        assert str(step) == step.step
        assert hasattr(vlprep, step.step.split("`")[1])
    assert str(remedies.rename(image(), sending())) == "declare it as 'image/jpeg'"


def test_a_file_is_renamed_for_its_content():
    file = replace(image(path="-a b.jpg"), usual_ending=".png")
    assert str(remedies.rename(file, sending())) == "rename it to './-a b.png'"


@pytest.mark.parametrize(
    ("remedy", "name", "call"),
    [
        (
            remedies.compress, "photo.jpg",
            "list(compress_many('photo.jpg', 'compressed/', route='base64', "
            "model='qwen3-vl-plus'))",
        ),
        (
            remedies.view, "exif_6.jpg",
            "view_image('exif_6.jpg', model='qwen3-vl-plus').save('exif_6-view.png')",
        ),
        (
            remedies.frames, "rotate_90.mov",
            "save_frames(read_frames('rotate_90.mov', model='qwen3-vl-plus'), 'rotate_90-frames')",
        ),
        (
            remedies.by_url, "photo.jpg",
            "check_media('photo.jpg', route='url', model='qwen3-vl-plus')",
        ),
    ],
)  # fmt: skip
def test_python_gets_a_call_that_runs(remedy, name, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes((FIXTURES / name).read_bytes())
    made = remedy(image(source=name, path=name), sending())
    assert str(made) == made.call == call
    named = set(re.findall(r"\w+", made.call)) & set(vlprep.__all__)
    eval(made.call, {name: getattr(vlprep, name) for name in named})
    assert made.output is None or (tmp_path / made.output).exists()
