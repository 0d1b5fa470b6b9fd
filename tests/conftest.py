"""Settings of the property tests: the same cases on every run, and as long as they take.

`pytest --hypothesis-profile=search` looks for new ones, many times as many, and
`thorough` even more.
"""

import signal

import pytest
from hypothesis import HealthCheck, settings

from vlprep.draw import fonts
from vlprep.media.cores import usable_cores

settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=250,
    # A slow machine, or another release that draws differently, must not fail a law that holds.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("search", deadline=None, database=None, max_examples=3000)
settings.register_profile("thorough", deadline=None, database=None, max_examples=10_000)
settings.load_profile("same")


if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell starts jobs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # pytest-xdist asks it; the suite runs without it too
def pytest_xdist_auto_num_workers():
    """Run `-n auto` on the cores that this process was given, not on those of the machine."""
    return usable_cores()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Stand in for the fonts of a machine: a folder without any but what a test puts there."""
    folder = tmp_path / "fonts of the machine"
    folder.mkdir()
    monkeypatch.setattr(fonts, "font_folders", lambda: [folder])
    _forget_fonts()
    yield folder
    _forget_fonts()


def _forget_fonts():
    fonts.font_files.cache_clear()
    fonts._named_faces.cache_clear()
    fonts.load_face.cache_clear()
    fonts._FOUND.clear()
