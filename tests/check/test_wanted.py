import pytest

from tests.check.sendings import request
from vlprep.check import wanted
from vlprep.check.table import RULES

LIMITS = {rule.id: rule.wanted for rule in RULES}
NATIVE, WEIGHTS = "qwen3.7-plus", "Qwen/Qwen2.5-VL-7B-Instruct"


@pytest.mark.parametrize(
    ("rule", "asked", "words"),
    [
        ("image-side", {}, "at least 11 px"),
        ("image-ratio", {}, "at most 200:1"),
        ("image-ratio", {"model": WEIGHTS}, "at most 200:1"),  # of the rule that resizes
        ("image-format", {}, "BMP, JPEG, PNG, TIFF, WEBP, HEIC"),
        ("large-image-format", {}, "JPEG or PNG above 3840x2160"),
        ("image-8k", {}, "at most 33,177,600 pixels"),
        ("image-bytes", {}, ""),
        ("image-bytes", {"route": "url"}, "under 10,000,000 bytes"),
        ("image-bytes", {"route": "url", "model": NATIVE}, "under 20,000,000 bytes"),
        ("image-bytes", {"route": "path", "model": NATIVE}, "under 10,000,000 bytes"),
        ("base64-length", {}, "under 10,000,000 characters"),
        ("base64-length", {"route": "url"}, ""),
        ("raw-bytes", {}, "under 7,000,000 bytes"),
        ("raw-bytes", {"route": "path"}, ""),
        ("video-container", {}, "MP4, AVI, Matroska, MOV, FLV, ASF"),
        ("video-duration", {"model": "qvq-max"}, "2 to 600 s"),
        ("video-duration", {"model": WEIGHTS}, ""),
        ("video-bytes", {}, ""),
        ("video-bytes", {"route": "path"}, "under 100,000,000 bytes"),
        ("video-bytes", {"route": "url", "model": "qvq-max"}, "under 1,000,000,000 bytes"),
        ("video-bytes", {"route": "url", "model": "qwen-vl-ocr"}, ""),
        ("video-base64-length", {}, "under 10,000,000 characters"),
        ("fps-range", {}, "0.1 to 10 frames per second"),
        ("openai-fps", {}, "2 frames per second"),
        ("frame-list-length", {}, "4 to 2,000 images"),
        ("frame-list-length", {"model": "qwen-vl-ocr"}, ""),
        ("request-images", {"route": "url"}, "at most 256 images"),
        ("request-images", {"route": "url", "model": NATIVE}, "at most 2,048 images"),
        ("request-videos", {}, "at most 64 videos"),
        ("request-data-urls", {}, "at most 250 data URLs"),
        ("request-data-urls", {"route": "url"}, ""),
        ("input-tokens", {}, "at most 260,096 tokens"),
        ("input-tokens", {"thinking": True}, "at most 258,048 tokens"),
        ("input-tokens", {"max_input": 9}, "at most 9 tokens"),
        ("input-tokens-edge", {}, "under 260,096 tokens"),
        ("thinking-tokens", {}, "at most 258,048 tokens"),
        ("thinking-tokens", {"model": "qvq-max"}, ""),
        ("context-room", {}, "at least 32,768 tokens"),
        ("context-room", {"thinking": True}, "at least 114,688 tokens"),
        ("localisation-size", {}, ""),
        ("localisation-size", {"model": WEIGHTS}, "230,400 to 6,553,600 pixels"),
        ("alpha", {}, "an opaque picture"),
        ("url-headers", {}, ""),
    ],
)
def test_the_limit_is_that_of_the_model_and_the_route(rule, asked, words):
    assert LIMITS[rule](request(**asked)) == words


def test_a_rule_set_may_know_no_images():
    assert wanted.image_side(request(model="qwen-vl-ocr")) == ""
    assert wanted.image_ratio(request(model="qwen-vl-ocr")) == ""
