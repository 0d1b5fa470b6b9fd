"""What documents say of models beside their limits, each said with where it was read."""

import shutil

import pytest
from PIL import Image

import vlprep
from tests.check.sendings import found, frame_list, image, sending, url, video
from tests.places import SHARED
from vlprep import check_media, list_models
from vlprep.check import images, requests, videos
from vlprep.models.registry import find_source

CASES = SHARED / "cases"
OMNI = [model for model in list_models() if "Omni" in model.name]


def case_file(*parts):
    path = CASES.joinpath(*parts)
    if not path.exists():
        pytest.skip("../shared/cases is not there")
    return path


# Sound.


def test_sound_ignored():
    report = check_media([case_file("sound_ignored", "tone.mp4")], model="qvq-max")
    (note,) = report.notes
    assert (note.rule, note.severity) == ("sound", "note")
    assert "qvq-max does not hear it" in note.message
    assert note.sources == ("S000", "S001", "S004")


def test_who_hears_is_not_told_that_they_do_not():
    heard = video(has_sound=True)
    assert OMNI
    for model in OMNI:
        assert found(videos.sound, heard, model=model) is None
    for model in (
        "qwen-vl-max",
        "qwen3-vl-plus",
        "qwen2.5-vl-3b-instruct",
        "qwen2-vl-72b-instruct",
    ):
        assert found(videos.sound, heard, model=model)
    for silent in (False, None):
        assert found(videos.sound, video(has_sound=silent)) is None
    assert found(videos.sound, heard, model="qwen3.7-plus") is None  # no source says either


# Lists of frames.


def pictures(folder, count):
    folder.mkdir()
    for number in range(count):
        Image.new("RGB", (64, 64)).save(folder / f"{number:03}.png")
    return folder


def test_list_frames_of_open_models(tmp_path):
    asked = {"model": "qwen3-vl-8b-instruct", "route": "path"}
    report = check_media([vlprep.frame_list(pictures(tmp_path / "81", 81))], **asked)
    (warning,) = report.warnings
    assert warning.message == (
        "81 images may be too many: S004 2025-12-18 gives 80, and P3 2026-06 gives 512"
    )
    assert not check_media([vlprep.frame_list(pictures(tmp_path / "80", 80))], **asked).warnings
    rule, asked = videos.frame_list_length, sending(model="qwen3-vl-8b-instruct")
    assert rule.wanted(asked).sources == ("S004", "P3")  # at least 4, at most 512


@pytest.mark.parametrize(
    ("count", "rules"),
    [(80, []), (81, ["list-readings"]), (512, ["list-readings"]), (513, ["frame-list-length"])],
)
@pytest.mark.parametrize("size", ["235b-a22b", "32b", "30b-a3b", "8b"])
@pytest.mark.parametrize("kind", ["instruct", "thinking"])
def test_more_images_than_one_source_takes_are_a_warning(count, rules, size, kind):
    listed, model = frame_list(*[image()] * count), f"qwen3-vl-{size}-{kind}"
    hits = {rule.id for rule in (videos.frame_list_length, videos.list_readings)
            if found(rule, listed, model=model)}  # fmt: skip
    assert sorted(hits) == rules


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qwen3-vl-flash", "qwen-vl-max", "qvq-max"])
def test_models_that_the_guide_names_have_one_number(model):
    assert found(videos.list_readings, frame_list(*[image()] * 512), model=model) is None


def test_list_rate_without_effect(tmp_path):
    folder = case_file("list_rate_without_effect", "list")
    shutil.copytree(folder, tmp_path / "list")
    asked = {"model": "qwen2-vl-72b-instruct", "fps": 4, "api": "dashscope"}
    report = check_media([vlprep.frame_list(tmp_path / "list")], **asked)
    (warning,) = report.warnings
    assert warning.rule == "list-rate"
    assert "has no effect on qwen2-vl-72b-instruct" in warning.message
    assert warning.sources == ("S002", "S004")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("qwen-vl-max-2024-11-19", "4 frames per second, has no effect on qwen-vl-max-2024-11-19"),
        ("qwen-vl-plus-2025-01-02", "has no effect"),
        ("qwen3-vl-flash", "counts by S004 2025-12-18, P2 2026-09, and has no effect"),
        ("qwen3-vl-32b-thinking", "another place in S004 2025-12-18"),
        ("qwen-vl-max", None),
        ("qwen2.5-vl-3b-instruct", None),
        ("qvq-plus", None),
        ("qwen3.8-max", None),
    ],
)
def test_who_goes_by_the_rate_of_a_list(model, said):
    listed = frame_list(*[image()] * 4)
    hit = found(requests.list_rate, listed, model=model, fps=4)
    assert (said is None) == (hit is None)
    assert said is None or said in hit.message
    assert found(requests.list_rate, listed, model=model) is None  # no rate is asked
    usual = found(requests.list_rate, listed, model=model, fps=2)  # no reading is another then
    assert bool(usual) == (said is not None and "counts" not in hit.message)
    assert found(requests.list_rate, video(), model=model, fps=4) is None  # a file is sampled


# Pictures.


@pytest.mark.parametrize(
    ("model", "most", "sources"),
    [
        ("qvq-max", 805_952, ("S000", "S003")),
        ("qwen-vl-max", 12_000_000, ("S002",)),
        ("qwen-vl-plus", 1_003_520, ("S002",)),
    ],
)
def test_advised_pixels(model, most, sources):
    assert found(images.advised_pixels, image(most, 1), model=model) is None
    note = found(images.advised_pixels, image(most + 1, 1), model=model)
    assert (note.severity, note.sources) == ("note", sources)
    assert f"{most:,}" in note.message


@pytest.mark.parametrize(("size", "helps"), [((1148, 840), False), ((3000, 2000), True)])
def test_a_remedy_of_advised_pixels_brings_the_file_within_one_of_them(size, helps, tmp_path):
    Image.new("RGB", size).save(tmp_path / "a.png")
    report = check_media([tmp_path / "a.png"], "qvq-max")
    (note,) = [one for one in report.findings if one.rule == "advised-pixels"]
    assert (note.remedy is not None) is helps


def test_both_numbers_for_qvq_are_named():
    (note,) = images.advised_pixels.findings(sending(image(4000, 3000), model="qvq-max"))
    assert note.message == (
        "4000x3000 has 12,000,000 pixels; advised are at most 805,952 by S001 2025-03, or "
        "1,003,520 by S000 2025-03, S003 2025-05"
    )


@pytest.mark.parametrize(
    "model", ["qwen3-vl-plus", "qwen-vl-max-2025-08-13", "qwen2-vl-72b-instruct"]
)
def test_no_pixels_are_advised_where_no_page_of_the_model_does(model):
    assert found(images.advised_pixels, image(5000, 5000), model=model) is None


# What was needed to be let in, and how long a call may take.


def test_video_files_that_needed_a_ticket():
    for model in ("qwen-vl-plus", "qwen2.5-vl-3b-instruct", "qwen2.5-vl-7b-instruct"):
        note = found(videos.video_ticket, video(), model=model)
        assert (note.severity, note.sources) == ("note", ("S002",))
        assert "S002 2025-06-05" in note.message
        assert found(videos.video_ticket, frame_list(*[image()] * 4), model=model) is None
    for model in ("qwen-vl-max", "qwen-vl-plus-2025-08-15", "qwen2.5-vl-72b-instruct"):
        assert found(videos.video_ticket, video(), model=model) is None


def test_thinking_is_to_be_streamed():
    rule = requests.unstreamed_thinking
    note = found(rule, image(), thinking=True)
    assert "after 180 s (S004 2025-12-18, P3 2026-06) or 300 s (P2 2026-09)" in note.message
    assert "x-dashscope-partialresponse" in note.message
    assert found(rule, image()) is None
    assert found(rule, image(), model="qwen3-vl-8b-thinking")
    assert found(rule, image(), model="qvq-max") is None  # streams always


def test_paths_are_for_the_sdk_by_the_newer_pages_alone():
    note = found(requests.path_sdk, image(), route="path")
    assert "so say S004 2025-12-18, S001 2025-03; S002 2025-06-05, S000 2025-03 deny it" in (
        note.message
    )
    assert note.message.endswith("Base64 holds under both")


def test_every_page_that_is_named_is_known():
    for model in list_models():
        facts = model.features
        named = facts.deaf_sources + facts.rate_sources + facts.no_rate_sources
        for part in (*facts.advised_pixels, *facts.capabilities, *facts.quotas):
            named += part.sources
        assert all(map(find_source, (*named, *model.video_ticket_sources)))


def test_urls_have_no_sound_and_no_pixels():
    report = [rule for rule in (videos.sound, images.advised_pixels)
              if found(rule, url("https://example.com/a.mp4"), model="qvq-max")]  # fmt: skip
    assert report == []
