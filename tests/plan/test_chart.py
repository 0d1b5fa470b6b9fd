from fractions import Fraction

import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import ImageSize, SplitOptions, VideoInfo, plan_media, save_chart
from vlprep.errors import ConstraintError
from vlprep.plan.chart import _chart, chart_of_files

STREET, PHOTO = FIXTURES / "street.mp4", FIXTURES / "photo.jpg"


@pytest.mark.parametrize(("name", "format"), [("a.png", "PNG"), ("a.jpg", "JPEG")])
def test_it_is_written_as_its_ending_says(tmp_path, name, format):
    save_chart(plan_media(STREET, budget=1500), tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert (picture.format, picture.size) == (format, (1280, 800))


def test_nothing_is_overwritten_unasked(tmp_path):
    target = tmp_path / "a.png"
    plan = plan_media(STREET, budget=1500)
    plan.save_chart(target)
    with pytest.raises(FileExistsError):
        save_chart(plan, target)
    save_chart(plan, target, overwrite=True)


def test_a_video_of_fixed_frames_has_none(tmp_path):
    fixed = plan_media(STREET, "Qwen/Qwen3-VL-8B-Instruct", budget=9000, nframes=8)
    for plan in (plan_media([[PHOTO] * 4]), fixed):
        with pytest.raises(ConstraintError, match="its frames are fixed"):
            save_chart(plan, tmp_path / "a.png")
    with pytest.raises(ConstraintError, match="nothing was planned"):
        save_chart(plan_media([FIXTURES / "empty.jpg"]), tmp_path / "a.png")
    with pytest.raises(ConstraintError, match=r"\.gif|format"):
        save_chart(plan_media(STREET), tmp_path / "a.gif")


def test_images_and_several_files_add_up():
    plan = plan_media([PHOTO, STREET, PHOTO], budget=1300)
    files = [(file.info, file.tokens.total) for file in plan.files]
    chart, _ = chart_of_files(files, plan.view, plan.requests, plan.budget.available)
    assert chart.curves["as wanted"] == [(0, 0), (1, 302), (2, 2504), (3, 2806)]
    assert chart.chosen == chart.curves["as planned"][-1] == (3, plan.total_tokens)
    assert (chart.limit, chart.across) == (1300, "files, in order")


def test_the_requests_of_a_split_begin_with_nothing(tmp_path):
    plan = plan_media([PHOTO] * 5, budget=700, split=SplitOptions())
    files = [(file.info, file.tokens.total) for file in plan.files]
    chart, _ = chart_of_files(files, plan.view, plan.requests, 700)
    drawn = [(0, 0), (1, 302), (2, 604), (2, 0), (3, 302), (4, 604), (4, 0), (5, 302)]
    assert chart.curves == {"as planned": drawn}
    plan.save_chart(tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as picture:
        assert (picture.format, picture.size) == ("WEBP", (1280, 800))


def test_a_total_shared_by_all_frames_is_named_by_the_sizes_that_it_gives():
    lecture = VideoInfo(size=ImageSize(1080, 1920), frame_count=18_000, fps=Fraction(30))
    plan = plan_media([lecture], "Qwen/Qwen3-VL-8B-Instruct", budget=32_768)
    assert list(_chart(plan.clip).curves)[:2] == ["1920x1088", "1920x1088 to 1344x736"]


def test_what_is_drawn():
    plan = plan_media(STREET, budget=1500)
    chart = _chart(plan.clip)
    setting = plan.clip.chosen
    assert (chart.limit, chart.limit_label) == (1500, "1,500 for media")
    assert chart.chosen == (setting.fps, setting.tokens)
    low, high = plan.clip.choices.rates
    # A cap of 327,680 and one of 655,360 show the clip as it is: one line, named by the size.
    caps = [cap for cap in reversed(plan.clip.what_if().caps) if cap != 327_680]
    assert list(chart.curves) == ["640x352", "576x320", "512x288", "352x192", "256x128"]
    for points, cap in zip(chart.curves.values(), caps, strict=True):
        (first, *_, (last, tokens)) = points
        assert first == (low, plan.clip.choices.tokens_at(low, cap))
        assert tokens == plan.clip.choices.tokens_at(last, cap)
        # Up to a quarter beyond the rate that shows as many frames as there may be.
        assert last == pytest.approx(min(1.25 * plan.clip.choices.full_rate, high))
    assert chart.across.startswith("frames per second")
    assert ("higher rates give no more" in chart.across) == (last < high)
