from tests.check.sendings import frame_list, image, request, url, video
from vlprep.check.rule import Hit, Rule, each, each_picture, whole

WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"


def rule(check, **more):
    return Rule(
        id="test", severity="note", title="a test", check=check,
        wanted=lambda asked: "that", remedy=lambda file, asked: "mend it",
        sources=lambda asked: ("S004",), **more,
    )  # fmt: skip


def always(file, asked):
    return Hit("this", f"{file.source} is this")


def small(file, asked):
    return always(file, asked) if file.file_bytes < 10 else None


def sources(found):
    return [finding.source for finding in found]


def test_a_check_of_a_kind_looks_at_no_other():
    asked = request(image(), video(), url("https://example.com/a"))
    assert sources(rule(each(always, "video")).findings(asked)) == ["a.mp4"]
    assert len(list(rule(each(always)).findings(asked))) == 3


def test_a_check_of_pictures_looks_into_lists_and_tells_once():
    frames = [image(source=f"{n}.jpg", file_bytes=n) for n in (12, 3, 8)]
    asked = request(frame_list(*frames), image(file_bytes=4), video(file_bytes=4))
    listed, single = rule(each_picture(small)).findings(asked)
    assert (listed.source, single.source) == ("frames", "a.jpg")
    assert listed.measured == "2 of 3 images, such as 8.jpg: this"
    assert single.measured == "this"


def test_a_finding_carries_what_the_rule_says():
    (finding,) = rule(whole(lambda asked: Hit("this", "so"))).findings(request())
    assert (finding.rule, finding.severity, finding.source) == ("test", "note", None)
    assert (finding.limit, finding.remedy, finding.sources) == ("that", "mend it", ("S004",))


def test_weights_know_the_rules_of_no_service():
    asked = request(image(), model=WEIGHTS)
    assert not list(rule(each(always)).findings(asked))
    assert list(rule(each(always), of_service=False).findings(asked))


def test_the_largest_image_is_what_counts_of_a_list():
    assert frame_list(image(file_bytes=3), image(file_bytes=9)).file_bytes == 9
    assert image().file_bytes == 0
    assert url("https://example.com/a").file_bytes == 0
