import pickle

from tests.places import FIXTURES
from vlprep import plan_media

STREET, PHOTO = str(FIXTURES / "street.mp4"), str(FIXTURES / "photo.jpg")


def test_an_image_has_no_rate_and_no_frames():
    video, image = plan_media([STREET, PHOTO]).files
    assert set(video.keywords) == {"fps", "max_pixels"}
    assert set(image.keywords) == {"max_pixels"}
    assert (video.frames, image.frames) == (20, None)
    assert (video.kind, image.kind) == ("video", "image")


def test_the_total_is_that_of_the_files():
    plan = plan_media([PHOTO] * 3)
    assert plan.total_tokens == 3 * 302 == plan.wanted_tokens


def test_they_are_short_to_read():
    plan = plan_media("fixtures/street.mp4", budget=1500)
    assert repr(plan) == "MediaPlan(qwen3-vl-plus, files: 1, 1,442 of 1,500 tokens)"
    assert repr(plan.files[0]) == (
        "PlannedFile(fixtures/street.mp4, fps=1.6, max_pixels=186624, 1,442 tokens)"
    )


def test_they_can_be_pickled():
    plan = plan_media([STREET, PHOTO], budget=1500)
    assert pickle.loads(pickle.dumps(plan)) == plan
    alone = pickle.loads(pickle.dumps(plan_media(STREET, budget=1500)))
    assert alone.to_dict(table=True) == plan_media(STREET, budget=1500).to_dict(table=True)


def test_the_document():
    document = plan_media([STREET, [PHOTO] * 4, "no.jpg"], budget=1500).to_dict()
    assert document["schema"] == "vlprep.plan/1"
    assert document["budget"]["available"] == document["available_tokens"] == 1500
    assert document["budget"]["binding"] == "budget" == document["budget"]["limits"][0]["name"]
    clip, images, failure = document["items"]
    assert (clip["nframes"], images["fps"], failure["error"]["code"]) == (None, None, "not_found")
    assert (document["motion"], "what_if" in document) == (None, False)
    table = plan_media(STREET, budget=1500, text_tokens=100).to_dict(table=True)
    assert (table["budget"]["text"], table["budget"]["reserve"]) == (100, 0)
    assert all(row["tokens"] <= 1400 for row in table["alternatives"])
