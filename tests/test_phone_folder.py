"""A folder from a phone on its way to the model: checked, mended, planned, sent."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image

from tests.places import FIXTURES
from tests.servers import loopback
from vlprep import SplitOptions, build_request, check_media, plan_media, probe
from vlprep.cli import main
from vlprep.models.registry import get_route

openai = pytest.importorskip("openai")  # of the extra "test"

MOST = 4_550_000
"""Characters of one request, so that there are several."""


@pytest.fixture
def phone(tmp_path):
    """The folder: turned photos, a HEIC, one too large, films, one that came half, the rest."""
    folder = tmp_path / "phone"
    (folder / "2024").mkdir(parents=True)
    shutil.copy(FIXTURES / "photo.heic", folder / "IMG_0001.HEIC")
    for number in range(3, 9):
        shutil.copy(FIXTURES / f"exif_{number}.jpg", folder / "2024" / f"IMG_{number:04}.JPG")
    shutil.copy(FIXTURES / "clip.mov", folder / "IMG_6002.MOV")
    shutil.copy(FIXTURES / "rotate_90.mov", folder / "IMG_6003.MOV")
    shutil.copy(FIXTURES / "truncated.jpg", folder / "IMG_0002.JPG")
    (folder / "IMG_4000.AAE").write_text("<plist/>")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    noise = np.random.default_rng(1).integers(0, 256, (2100, 2700, 3), np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (47.0, 22.0, 0.0)}
    Image.fromarray(noise).save(folder / "IMG_0009.JPG", quality=97, exif=exif)
    return folder


@pytest.fixture
def server(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with loopback() as running:
        yield running


def test_a_phone_s_folder_is_checked_mended_planned_and_sent(phone, tmp_path, monkeypatch, server):
    before = {path: path.read_bytes() for path in phone.rglob("*") if path.is_file()}
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return CliRunner().invoke(main, list(words))

    # What is wrong, in less than a screen, and with one command.
    checked = run("check", "-r", "phone")
    assert checked.exit_code == 1
    assert len(checked.stdout.splitlines()) < 20
    for rule in ("base64-length", "cut-off", "image-orientation", "video-rotation", "location"):
        assert rule in checked.output
    command = "vlprep check -r phone --fix -o fixed/ --model qwen3-vl-plus"
    assert f"  {command}\n" in checked.output
    assert ".AAE" not in checked.stdout and "DS_Store" not in checked.stdout

    # That command: all but the one that came half, which is named.
    fixed = run(*command.split()[1:])
    assert fixed.exit_code == 1
    assert len(fixed.stdout.splitlines()) < 20
    assert "error: phone/IMG_0002.JPG: cut off: " in fixed.output
    assert "no problems found in 10 files" in fixed.output
    made = sorted(path for path in Path("fixed").rglob("*") if path.is_file())
    assert [str(path) for path in made if path.suffix == ".mp4"] == ["fixed/IMG_6003.mp4"]
    assert [path.stem for path in made if path.parent.name == "2024"] == [
        f"IMG_{number:04}" for number in range(3, 9)
    ]
    assert check_media(made).findings == ()
    assert all(probe(path).metadata == () for path in made)
    assert before == {path: path.read_bytes() for path in before}
    assert run("check", "-r", "fixed").exit_code == 0

    # In as many requests as it takes.
    plan = plan_media(made, split=SplitOptions(route="base64", max_bytes=MOST))
    assert len(plan.requests) > 1
    assert plan.failures == ()
    assert sorted(number for request in plan.requests for number in request) == list(range(10))
    route = get_route("base64")
    for numbers in plan.requests:
        files = [plan.files[number].source for number in numbers]
        request = build_request(files, "What is this?")
        assert request.tokens <= plan.budget.available
        url = f"{server.url}/compatible-mode/v1"
        with openai.OpenAI(api_key="none", base_url=url, max_retries=0) as client:
            client.chat.completions.create(**request.arguments)
        *media, _ = server.arrived[-1].json["messages"][0]["content"]
        assert len(media) == len(files)
        urls = [next(iter(part[part["type"]].values())) for part in media]
        assert all(len(one) <= route.max_image_bytes for one in urls)
        assert sum(map(len, urls)) <= MOST
