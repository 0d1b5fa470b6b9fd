import ast
import copy
import pickle
import re

import pytest

from tests.places import REPO
from vlprep import errors
from vlprep.errors import VlprepError

EXAMPLES = [
    VlprepError("something"),
    errors.UnknownModelError("qvq-mx", ["qvq-max"]),
    errors.UnknownFactError("qwen-vl-ocr", "how images are sized", "ask"),
    errors.NotBuiltError("qwen-vl-ocr", "how videos are sampled", "ask"),
    errors.ModelFileError("own.toml", "no [models.<name>] table"),
    errors.MissingPackageError("tokenizers", "text"),
    errors.WorkerError("too many"),
    errors.CheckError(["a.jpg: 12 MB", "b.mp4: too long"]),
    errors.AnswerError("no box in the answer"),
    errors.MediaError("a.jpg", "something"),
    errors.UnsupportedFormatError("a.pdf", "PDF", format="PDF"),
    errors.AudioOnlyError("a.mp3", format="MP3", has_cover=True),
    errors.UnknownCodecError("a.mp4", format="MP4", codec="zzzz"),
    errors.EncryptedMediaError("a.mp4", "encrypted", format="MP4"),
    errors.DecodeError("a.jpg", "damaged"),
    errors.EmptyFileError("a.jpg"),
    errors.TruncatedFileError("a.mp4", promised=60, present=30),
    errors.FetchError("https://example.com/a.mp4", "no such file", 404),
    errors.AddressError("https://example.com/a.mp4", "a private host"),
    errors.TimeLimitError("a.mp4", 600.0),
    errors.MemoryLimitError("a.png", (900, 1600)),
    errors.MissingMetadataError("a.mp4", "duration", "scan it"),
    errors.ConstraintError("cannot be"),
    errors.ResizeError((20, 10), "a side of 0"),
    errors.AspectRatioError((1000, 2), 200.0),
    errors.SafetyLimitError("a.mp4", 10**9, 10**8, "seconds"),
    errors.PixelLimitError("a.png", 10**10, 10**8, "pixels"),
    errors.FrameLimitError("a.mkv", 10**8, 10**7, "frames"),
    errors.FrameCountError(32, 31, "32 of 31 frames"),
    errors.BudgetError(200, 100, "200 tokens are reserved of 100"),
    errors.ByteLimitError("a.png", 1000, 2345, "at quality 40, 11x11"),
    errors.ByteLimitError("a.mp4", 1000, 2345, "60 frames", tried=False),
]


def all_classes(base: type[VlprepError] = VlprepError) -> set[type[VlprepError]]:
    return {base}.union(*(all_classes(cls) for cls in base.__subclasses__()))


def test_every_class_has_an_example_here():
    assert {type(error) for error in EXAMPLES} == all_classes()


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_a_copy_keeps_class_message_and_fields(error, copied):
    again = copied(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__
    assert again.args == error.args


def test_every_class_has_a_code_of_its_own():
    codes = [cls.code for cls in all_classes()]
    assert len(set(codes)) == len(codes)
    assert all(code.replace("_", "").isalpha() and code.islower() for code in codes)


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (errors.UnknownModelError, LookupError),
        (errors.UnknownFactError, LookupError),
        (errors.ModelFileError, ValueError),
        (errors.UnsupportedFormatError, ValueError),
        (errors.DecodeError, ValueError),
        (errors.MissingMetadataError, ValueError),
        (errors.FrameLimitError, ValueError),
        (errors.ConstraintError, ValueError),
    ],
)
def test_classes_are_caught_as_the_builtin_too(cls, builtin):
    assert issubclass(cls, builtin)


def test_none_passes_for_an_error_of_the_system():
    # TimeoutError would: whoever tells a missing file from a bad one asks for OSError.
    assert not any(issubclass(cls, OSError) for cls in all_classes())


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = errors.__doc__
    for cls in all_classes():
        assert cls.__name__ in drawn


def test_no_text_of_the_library_speaks_of_the_command_line():
    """It names parameters and functions; the command line makes options of them."""
    spoken = re.compile(r"(?<![\w-])--[a-z]|\bvlprep (tokens|plan|frames|view|check|models)\b")
    for path in (REPO / "vlprep").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree) if "cli" not in path.parts else ():
            if isinstance(node, ast.Constant) and id(node) not in documented:
                assert not spoken.search(str(node.value)), (path, node.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (EXAMPLES[1], "Did you mean qvq-max?"),
        (errors.UnknownModelError("x"), "unknown model 'x'."),
        (errors.AspectRatioError((1000, 2), 200.0), "2x1000: aspect ratio 500.0:1 is over 200:1"),
        (errors.ResizeError((20, 10), "a side of 0"), "10x20: a side of 0"),
        (errors.TruncatedFileError("a.mp4", promised=1000, present=3), "1,000 frames"),
        (errors.EmptyFileError("a.jpg"), "a.jpg: empty file (0 bytes)"),
        (errors.TimeLimitError("a.mp4", 0.5), "a.mp4: no frame for 0.5 s; if you trust"),
        (
            errors.FrameLimitError("a.mkv", 10**8, 10**7, "frames"),
            "a.mkv: at least 100,000,000 frames, over the safety limit of 10,",
        ),
    ],
)
def test_messages_say_what_was_found_and_what_to_do(error, message):
    assert message in str(error)
