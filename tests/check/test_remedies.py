import re
from dataclasses import replace

import pytest

import vlprep
from tests.check.sendings import frame_list, image, sending, video
from tests.places import FIXTURES
from vlprep import get_model
from vlprep.check import remedies
from vlprep.check.report import check_sending

QVQ = ("model", "qvq-max")


def test_verbs_name_files_route_and_model():
    asked = sending(model="qvq-max", fps=1, route="path")
    remedy = remedies.compress(video(path="a b.ts"), asked)
    assert (remedy.command, remedy.files, remedy.output) == ("compress", ("a b.ts",), "compressed/")
    assert remedy.options == (("route", "path"), ("fps", 1), QVQ)
    assert remedies.compress(image(path="a.png"), asked).options == (("route", "path"), QVQ)
    page = remedies.first_page(image(path="a.tif"), asked)
    assert page.options == (("route", "path"), ("page", 0), QVQ)
    seen = remedies.as_seen(video(path="x/a.mp4"), asked)
    assert seen.options == (("route", "path"), ("always", True), ("fps", 1), QVQ)
    assert seen.output == "compressed/"


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
    options = dict(remedies.compress(video(path="a.mp4"), sending(fps=20)).options)
    assert options.keys() == {"route", "model"}


def test_without_a_file_there_is_a_step_in_words():
    for remedy in (remedies.compress, remedies.as_seen, remedies.first_page):
        step = remedy(image(), sending())
        assert step.call is None
        assert str(step) == step.step
        assert hasattr(vlprep, step.step.split("`")[1])
    assert str(remedies.rename(image(), sending())) == "declare it as 'image/jpeg'"


def test_one_file_has_one_command_whatever_is_wrong_with_it():
    turned = image(6000, 4500, path="a.jpg", orientation=6, file_bytes=21_000_000)
    see_through = replace(turned, info=replace(turned.info, transparent=True, frame_count=2))
    for file, more in ((turned, ()), (see_through, (("page", 0), ("always", True)))):
        found = check_sending(sending(file)).findings
        assert {"base64-length", "image-orientation"} <= {finding.rule for finding in found}
        (remedy,) = {finding.remedy for finding in found}
        assert (remedy.command, remedy.output) == ("compress", "compressed/")
        assert remedy.options[0] == ("route", "base64")
        assert set(more) <= set(remedy.options)
        assert len(remedy.options) == len(more) + 2


def test_no_command_is_named_for_a_file_that_none_mends():
    broken = image(3000, 10, path="a.jpg", orientation=6)
    report = check_sending(sending(broken))
    remedies_ = {finding.rule: finding.remedy for finding in report.findings}
    assert remedies_["image-orientation"] is None
    assert remedies_["image-ratio"].command == "split"
    assert (report.remedies, report.lost) == ({}, {"a.jpg"})


@pytest.mark.parametrize(
    ("remedy", "name", "call"),
    [
        (
            remedies.compress, "photo.jpg",
            "list(compress_many('photo.jpg', 'compressed/', route='base64', "
            "model='qwen3-vl-plus'))",
        ),
        (
            remedies.as_seen, "rotate_90.mov",
            "list(compress_many('rotate_90.mov', 'compressed/', route='base64', always=True, "
            "model='qwen3-vl-plus'))",
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
