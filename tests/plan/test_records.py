from tests.places import FIXTURES
from vlprep import plan_media


def test_an_image_has_no_rate_and_no_frames():
    video, image = plan_media([FIXTURES / "street.mp4", FIXTURES / "photo.jpg"]).files
    assert set(video.keywords) == {"fps", "max_pixels"}
    assert set(image.keywords) == {"max_pixels"}
    assert (video.frames, image.frames) == (20, None)


def test_the_total_is_that_of_the_files():
    plan = plan_media([FIXTURES / "photo.jpg"] * 3)
    assert plan.total_tokens == 3 * 302 == plan.wanted_tokens
