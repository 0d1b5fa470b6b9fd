from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--model", "qvq-max"), 86),
        (("--model", "qvq-max", "--high-res"), 50),
        (("--model", "qvq-max", "--max-input", "98304"), 80),
        (("--model", "qvq-max", "--max-input", "98304", "--high-res"), 46),
        (("--model", "qwen-vl-max-2024-11-19"), 25),
        (("--model", "qwen-vl-max-2024-11-19", "--high-res"), 14),
    ],
)
def test_the_documents_worked_examples(run, words, count):
    ran = run("fit-images", "--size", "1280x1280", *words)
    assert ran.code == 0
    assert f"{count} images of 1280x1280 fit" in ran.out
    assert run("fit-images", "--size", "1280x1280", *words, "--json").json["fits"] == count


def test_a_hundred_images_of_2560_tokens_beside_a_hundred_text_tokens(run):
    words = ("--model", "qwen3-vl-plus", "--thinking", "--text-tokens", "100")
    ran = run("fit-images", "--size", "2048x1280", *words, "--json")
    assert ran.json["items"][0]["visual_tokens"] == 2560
    assert ran.json["fits"] == 100
    assert ran.json["reserved_tokens"] == 100
    assert ran.json["budget"]["available"] == 257_947
    assert (ran.json["budget"]["text"], ran.json["budget"]["binding"]) == (100, "largest input")


def test_size_is_width_by_height(run):
    item = run("fit-images", "--size", "1920x1080", "--json").json["items"][0]
    assert (item["height"], item["width"]) == (1080, 1920)


def test_all_fit(run):
    ran = run("fit-images", "photo.jpg", "photo.heic", "--model", "qvq-max")
    assert "2 of 2 images fit one request" in ran.out
    assert "requests hold them" not in ran.out


def test_split_left_and_the_largest_common_max_pixels(run):
    words = ("photo.jpg", "exif_1.jpg", "photo.jpg", "--model", "qvq-max", "--max-input", "500")
    ran = run("fit-images", *words, "--json")
    document = ran.json
    assert document["schema"] == "vlprep.fit/1"
    assert (document["given"], document["fits"], document["max_input_tokens"]) == (3, 2, 500)
    tokens = [item["tokens"] for item in document["items"]]
    assert document["requests"] == [["photo.jpg", "exif_1.jpg"], ["photo.jpg"]]
    assert document["left_tokens"] == 500 - tokens[0] - tokens[1]
    cap = document["max_pixels_for_all"]
    again = run("fit-images", *words, "--max-pixels", cap, "--json").json
    assert again["fits"] == 3
    over = run("fit-images", *words, "--max-pixels", cap + 1, "--json").json
    assert over["fits"] < 3
    assert f"--max-pixels {cap}" in run("fit-images", *words).out


def test_an_image_too_large_for_any_request_is_in_none(run):
    ran = run("fit-images", "photo.jpg", "exif_1.jpg", "--max-input", "100", "--json")
    assert ran.json["requests"] == [["exif_1.jpg"]]
    assert ran.json["fits"] == 0


def test_videos_and_bad_files_are_named_and_take_no_part(run):
    ran = run("fit-images", "photo.jpg", "street.mp4", "empty.jpg", "--json")
    assert ran.code == 1
    assert (ran.json["given"], ran.json["fits"]) == (3, 1)
    assert ran.json["items"][1]["error"]["code"] == "unsupported_format"
    assert "street.mp4: a video; only images are fitted" in ran.err


def test_a_context_that_would_bind_is_noted_and_enforced_when_asked(run):
    noted = run("fit-images", "--size", "1280x1280", "--thinking")
    assert "leaves 4,097 tokens of the context of 262,144" in noted.err
    words = ("--thinking", "--thinking-tokens", "81920", "--reply-tokens", "32768")
    enforced = run("fit-images", "--size", "1280x1280", *words, "--json")
    assert enforced.json["fits"] == (262144 - 81920 - 32768) // 1602


def test_less_than_the_maximum(run):
    """104 tokens each: 1,024 images would come to the largest input itself, which is too much."""
    words = ("fit-images", "--size", "476x168", "--model", "qvq-max")
    assert run(*words, "--json").json["fits_by_tokens"] == 1023
    assert "by their tokens 1,023 would fit" in run(*words).out
    beside = run(*words, "--text-tokens", "95264", "--json").json
    assert (beside["fits"], beside["left_tokens"], beside["bound_by"]) == (107, 103, "tokens")
    # Of the context of open weights, and of a limit of the caller's own, all may be used.
    own = (*words, "--max-input", "106496", "--text-tokens", "95264", "--json")
    assert run(*own).json["fits"] == 108
    weights = ("--model", "Qwen/Qwen3-VL-8B-Instruct", "--max-model-len", 1030, "--json")
    assert run("fit-images", "--size", "608x864", *weights).json["fits"] == 2  # 515 tokens each


def test_images_in_one_request(run):
    words = ("fit-images", "--size", "28x28", "--model", "qvq-max")
    for route, most in ((None, 250), ("base64", 250), ("path", 256), ("url", 256)):
        fit = run(*words, *(["--route", route] if route else []), "--json").json
        assert (fit["fits"], fit["bound_by"], fit["fits_by_tokens"]) == (most, "images", 17_749)
    out = run(*words).out
    assert "250 images of 28x28 fit" in out
    assert "one request takes 250 images as Base64, 256 by path or by URL" in out
    # The other verbs say the same.
    for route, most in (("base64", 250), ("path", 256)):
        for number in (most, most + 1):
            files = ["exif_1.jpg"] * number
            checked = run("check", *files, "--route", route, "--json").json["findings"]
            is_over = "request-images" in {finding["rule"] for finding in checked}
            fit = run("fit-images", *files, "--route", route, "--json").json
            plan = run("plan", *files, "--split", "--route", route, "--json").json
            assert is_over == (fit["fits"] < number) == (len(plan["requests"]) > 1)
            assert len(fit["requests"]) == len(plan["requests"])
    weights = ("--model", "Qwen/Qwen3-VL-8B-Instruct", "--json")
    fit = run("fit-images", "--size", "28x28", *weights).json
    assert (fit["most_images"], fit["bound_by"]) == ({}, "tokens")


def test_reply_room_dropped(run):
    words = ("fit-images", "--size", "2488x2048", "-m", "Qwen/Qwen2.5-VL-72B-Instruct-AWQ")
    for reply, fits in ((30_000, 0), (26_000, 1)):
        together = ("--max-model-len", 32_768, "--reply-tokens", reply)
        assert run(*words, *together, "--json").json["fits"] == fits
        assert run(*words, *together).err == ""
    alone = run(*words, "--max-input", 32_768, "--reply-tokens", 30_000)
    assert "5 images of 2488x2048 fit" in alone.out
    assert "--reply-tokens 30,000: nothing is kept" in alone.err
    assert "--max-model-len" in alone.err


def test_prompt_and_reply_together_hold_wherever_a_largest_input_does(run):
    model, limit = ("-m", "Qwen/Qwen2-VL-7B-Instruct"), ("--max-model-len", 400)
    kept = ("--reply-tokens", 100)
    assert "does not fit one request" in run("tokens", "photo.jpg", *model, *limit[:1], 390).out
    assert "of the context, 400 tokens" in run("tokens", "photo.jpg", *model, *limit).out
    assert run("check", "photo.jpg", *model, *limit).code == 0
    over = run("check", "photo.jpg", *model, *limit, "--text-tokens", 10, "--json").json
    assert "input-tokens" in {finding["rule"] for finding in over["findings"]}
    plan = run("plan", "photo.jpg", *model, *limit, *kept, "--json").json
    assert plan["total_tokens"] <= plan["available_tokens"] == 300
    fit = run("fit-images", "photo.jpg", *model, *limit, *kept, "--json").json
    assert (fit["fits"], fit["budget"]["binding"]) == (0, "context")


def test_small_max_pixels(run):
    """By one reading a lower cap lowers nothing: what rests on it is said, with the way out."""
    words = ("fit-images", "photo.jpg", "photo.jpg", "--max-input", 500)
    for more in ((), ("--max-pixels", 200_000)):
        ran = run(*words, *more)
        assert "shrinking the file itself holds under both" in ran.err
        assert run(*words, *more, "--json").json["warnings"]
    assert "or as vlprep view writes them with it" in run(*words).out
    assert run(*words, "-m", "qvq-max", "--json").json["warnings"] == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "name images, or --size"),
        (("photo.jpg", "--size", "1x1"), 2, "name images, or --size"),
        (("--size", "1280"), 2, "not a size"),
        (("--size", "0x10"), 2, "side of 0"),
        (("--size", "10x10", "--reserve", "300000"), 1, "300,000 tokens are reserved"),
        (("--size", "10x10", "-m", "Qwen/Qwen2-VL-7B-Instruct"), 1, "--max-input"),
        (("--size", "9x3000", "-m", "Qwen/Qwen2-VL-7B-Instruct", "--max-input", "9"), 1, "333.3:1"),
    ],
)
def test_what_cannot_be(run, words, code, message):
    ran = run("fit-images", *words)
    assert ran.code == code
    assert message in ran.err
    assert ran.out == ""
