from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import count_tokens, get_model, probe
from vlprep.count.frame_list import FrameList
from vlprep.errors import ConstraintError
from vlprep.models.registry import get_api
from vlprep.payload.remake import compressed, sampled
from vlprep.payload.wish import Wish

STREET = FIXTURES / "street.mp4"


def wish(api="dashscope", **asked):
    return Wish(spec=get_model(asked.pop("model", None)), api=get_api(api), **asked)


def test_sampled_frames_are_what_is_counted_at_their_true_rate():
    part = sampled(STREET, wish(fps=1.0), 1)
    count = count_tokens(STREET, fps=1)
    assert (part.fps, len(part.files), part.tokens.total) == (1.0, 10, count.tokens.total)
    sizes = {probe(file.source).size for file in part.files}
    assert sizes == {count.tokens.resized}
    assert part.files[3].name == f"{STREET} at 3.000 s"


@pytest.mark.parametrize("name", ["street.mp4", "vfr.mp4", "ntsc.mp4", "clip.ts", "gop250.mp4"])
def test_the_list_that_is_sent_costs_what_the_video_did(name):
    part = sampled(FIXTURES / name, wish(), 1)
    arrived = count_tokens([file.source for file in part.files], fps=part.fps)
    assert arrived.tokens.total == part.tokens.total


def test_a_bound_on_frames_lowers_the_rate_that_is_sent():
    part = sampled(STREET, wish(max_frames=4), 1)
    assert (len(part.files), part.fps) == (4, 0.4)  # 4 frames of 10 s


def test_frames_too_far_apart_for_the_protocol_are_refused():
    assert sampled(STREET, wish("openai"), 1).fps == 2.0
    with pytest.raises(ConstraintError, match=r"2\.5 s apart.*0\.5 s apart"):
        sampled(STREET, wish("openai", max_frames=4), 1)
    stated = sampled(STREET, wish("openai", max_frames=4, video_fields=True), 1)
    assert (stated.fps, stated.states_fps) == (0.4, True)
    assert not sampled(STREET, wish("openai"), 1).states_fps


def test_pixel_limits_size_the_frames_and_need_no_field():
    part = sampled(STREET, wish(fps=1.0, max_pixels=100_000), 1)
    assert probe(part.files[0].source).size.pixels <= 100_000
    assert (part.limits, part.warnings) == ({}, ())


def test_frames_that_the_service_would_size_anew_are_counted_so():
    small = {"fps": 1.0, "max_pixels": 50_000, "rules": "api-2026"}  # which enlarges to 65,536
    part = sampled(STREET, wish(**small), 1)
    assert part.tokens.resized.pixels >= 65_536 > 50_000
    assert "--video-fields" in part.warnings[-1]
    stated = sampled(STREET, wish(**small, video_fields=True), 1)
    assert stated.limits == {"max_pixels": 50_000}
    assert stated.tokens.total < part.tokens.total


def test_high_dynamic_range_is_mapped():
    part = sampled(FIXTURES / "hdr_pq.mp4", wish(), 1)
    assert not any("flat without tone mapping" in warning for warning in part.warnings)


def test_what_fits_is_sent_untouched():
    for name in ("photo.jpg", "street.mp4"):
        part = compressed(FIXTURES / name, wish(compress=True), 1)
        assert (part.action, part.files[0].source) == ("unchanged", FIXTURES / name)


def test_a_list_is_remade_whole_or_not_at_all(tmp_path):
    for number in range(4):
        picture = np.full((112, 168, 3), 40 * number, np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{number}.{'png' if number else 'gif'}")
    found = FrameList(tuple(sorted(map(str, tmp_path.iterdir()))))
    part = compressed(found, wish(fps=1.0, compress=True), 1)  # GIF is not taken
    assert (part.action, part.fps) == ("sampled", 1.0)
    assert {file.mime_type for file in part.files} == {"image/jpeg"}
    plain = compressed(FrameList(found.images[1:]), wish(fps=1.0, compress=True), 1)
    assert [file.source for file in plain.files] == list(found.images[1:])


def test_what_is_made_for_the_route_path_needs_a_folder_and_gets_names(tmp_path):
    by_path = wish(compress=True, route="path")
    with pytest.raises(ConstraintError, match="--folder"):
        compressed(str(FIXTURES / "clip.ts"), by_path, 1)
    by_path = wish(compress=True, route="path", folder=tmp_path)
    part = compressed(str(FIXTURES / "clip.ts"), by_path, 7)
    assert part.files[0].path == str(tmp_path / "007-clip.mp4")
    assert probe(part.files[0].path).format == "MP4"
    with pytest.raises(FileExistsError):
        compressed(str(FIXTURES / "clip.ts"), by_path, 7)


def test_frames_for_the_route_path_are_numbered(tmp_path):
    part = sampled(STREET, wish(fps=0.5, route="path", folder=tmp_path), 2)
    assert [Path(file.path).name for file in part.files] == sorted(
        path.name for path in tmp_path.iterdir()
    )
    assert Path(part.files[0].path).name == "002-00001.jpg"


def test_an_unprintable_name_is_not_passed_on(tmp_path):
    odd = tmp_path / "a\n\x1b[31m.gif"
    shutil.copy(FIXTURES / "still.gif", odd)
    part = compressed(str(odd), wish(compress=True, route="path", folder=tmp_path), 1)
    assert Path(part.files[0].path).stem == "001-media"
