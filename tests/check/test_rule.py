from tests.check.sendings import found, frame_list, image, sending, url, video
from vlprep import Remedy
from vlprep.check.rule import Hit, Wanted, remark, rule

WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"


def always(file):
    return "this", f"{file.source} is this"


def small(file):
    return always(file) if file.file_bytes < 10 else None


def of(subject, test=always, **more):
    @rule("note", "a test", of=subject, remedy="mend it", **more)
    def asked(sending, files):
        yield Wanted("that", ("S004",))
        yield from (Hit(*said, file) for file in files if (said := test(file)))

    return asked


def sources(rule, *files, **asked):
    return [finding.source for finding in rule.findings(sending(*files, **asked))]


def test_a_rule_of_a_kind_looks_at_no_other():
    files = (image(), video(), url("https://example.com/a"))
    assert sources(of("video"), *files) == ["a.mp4"]
    assert len(sources(of("file"), *files)) == 3


def test_a_rule_of_pictures_looks_into_lists_and_tells_once():
    frames = [image(source=f"{n}.jpg", file_bytes=n) for n in (12, 3, 8)]
    asked = sending(frame_list(*frames), image(file_bytes=4), video(file_bytes=4))
    single, listed = of("picture", small).findings(asked)
    assert (listed.source, single.source) == ("frames", "a.jpg")
    assert listed.measured == "2 of 3 images, such as 8.jpg: this"
    assert single.measured == "this"


def test_a_finding_carries_what_the_rule_says():
    @rule("note", "a test", remedy="mend it")
    def of_the_whole(sending, files):
        yield Wanted("that", ("S004",))
        yield Hit("this", "so")

    (finding,) = of_the_whole.findings(sending(image()))
    assert (finding.rule, finding.severity, finding.source) == ("of-the-whole", "note", None)
    assert (finding.measured, finding.message, finding.limit) == ("this", "so", "that")
    assert (finding.remedy, finding.sources) == (Remedy(step="mend it"), ("S004",))


def test_a_rule_that_asks_nothing_finds_nothing():
    idle = rule("note", "a test")(lambda sending, files: iter(()))
    assert found(idle, image()) is None
    assert idle.wanted(sending()) == Wanted("", ())


def test_a_rule_is_asked_once_a_request_and_not_once_a_file():
    asked = []

    @rule("note", "a test")
    def counted(sending, files):
        asked.append(1)
        yield from (Hit(*always(file), file) for file in files)

    assert len(sources(counted, *[image()] * 100)) == 100
    assert len(asked) == 1


def test_weights_know_the_rules_of_no_service_but_every_remark():
    assert not sources(of("file"), image(), model=WEIGHTS)
    assert sources(of("file", weights=True), image(), model=WEIGHTS)
    assert sources(remark("note", "a test", "that")(always), image(), model=WEIGHTS)
    assert remark("note", "a test", "that")(always).id == "always"


def test_the_largest_image_is_what_counts_of_a_list():
    assert frame_list(image(file_bytes=3), image(file_bytes=9)).file_bytes == 9
    assert image().file_bytes == 0
    assert url("https://example.com/a").file_bytes == 0
