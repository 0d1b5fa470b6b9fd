"""Files over HTTP, from a server on this machine: what is fetched, what refused, what said."""

from __future__ import annotations

import io
import pickle
import socket
from fractions import Fraction

import av
import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import vlprep
from tests.fileserver import file_server
from tests.places import FIXTURES
from vlprep import Fetching, RemoteFile
from vlprep.errors import (
    AddressError,
    ConstraintError,
    EmptyFileError,
    FetchError,
    SafetyLimitError,
)
from vlprep.media.source import Item
from vlprep.trust import Limits, Trust

pytest.importorskip("aiohttp")
pytest.importorskip("fsspec")

from vlprep.media import web

NEAR = Fetching(allow_private=True)
HASTY = Fetching(allow_private=True, fetch_seconds=0.5)


@pytest.fixture
def server():
    with file_server() as state:
        yield state


def remote(server, path, fetching=NEAR):
    return RemoteFile(f"{server.url}/{path}", fetching)


def refused(server, path, fetching=NEAR, kind=FetchError):
    """Return what is said of a file that cannot be fetched, without its name."""
    with pytest.raises(kind) as caught:
        vlprep.probe(remote(server, path, fetching))
    assert caught.value.source.removesuffix("?…") == f"{server.url}/{path}".partition("?")[0]
    return caught.value.problem


# What is fetched.


@pytest.mark.parametrize("way", ["files", "whole", "chunked", "gzip", "gzippart", "nototal"])
@pytest.mark.parametrize(
    "name", ["photo.jpg", "photo.heic", "photo.avif", "alpha.png", "clip.mp4", "animated.gif"]
)
def test_a_file_is_the_same_from_wherever_it_comes(server, way, name):
    info, here = vlprep.probe(remote(server, f"{way}/{name}")), vlprep.probe(FIXTURES / name)
    told = [text for text in info.warnings if "all " in text]
    assert (info.size, info.file_bytes, type(info)) == (here.size, here.file_bytes, type(here))
    if way == "files":
        assert info == here
    else:
        sent = (FIXTURES / name).stat().st_size
        assert told == [f"the server sends no parts of files: all {sent:,} bytes were fetched"]


def test_every_byte_is_the_same_in_any_order(server):
    content = np.random.default_rng(1).bytes(1_000_000)
    server.files["noise"] = content
    with Item(remote(server, "files/noise")) as item:
        assert item.tail(99) == content[-99:]
        rng = np.random.default_rng(2)
        for start, length in rng.integers(0, [1_100_000, 50_000], (60, 2)):
            item.file.seek(start)
            assert item.file.read(length) == content[start : start + length]
        with item.reader() as other:
            assert other.read() == content
        assert item.bytes() == content
    assert server.sent == len(content), "nothing is fetched twice"


def test_what_is_expected_is_fetched_side_by_side(server):
    content = np.random.default_rng(1).bytes(1_000_000)
    server.files["noise"] = content
    places = range(100_000, 1_000_000, 45_000)
    with Item(remote(server, "lagging/noise")) as item:
        item.expect(places)
        asked = len(server.asked)
        assert server.most_at_once > 1
        for place in places:
            item.file.seek(place)
            assert item.file.read(1000) == content[place : place + 1000]
    assert len(server.asked) == asked == 1 + len(places)
    small = Fetching(allow_private=True, fetch_limit=70_000)
    with Item(remote(server, "files/noise", small)) as item:
        with pytest.raises(FetchError, match="more than 70 kB would have to be fetched"):
            item.expect(places)
        assert len(server.asked) == asked + 1
    with Item(io.BytesIO(content)) as item:
        item.expect(places)  # which is nothing to do


def test_the_header_of_an_image_takes_one_or_two_small_reads(server):
    photo = (FIXTURES / "photo.jpg").read_bytes()
    server.files["large.jpg"] = photo[:-2] + bytes(4_000_000) + b"\xff\xd9"
    assert vlprep.probe(remote(server, "files/large.jpg")).size == (480, 640)
    assert len(server.asked) == 2
    assert server.sent < 70_000


def noisy(format, **how):
    """Return a picture of hundreds of kilobytes, turned by EXIF."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    noise = np.random.default_rng(4).integers(0, 255, (600, 500, 3), dtype=np.uint8)
    written = io.BytesIO()
    if format == "HEIF":
        pillow_heif.from_pillow(Image.fromarray(noise)).save(written, exif=exif.tobytes(), **how)
    else:
        Image.fromarray(noise).save(written, format, exif=exif, **how)
    return written.getvalue()


@pytest.mark.parametrize(
    ("format", "how"),
    [
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 100}),
        ("HEIF", {"quality": 100}),
        ("AVIF", {"quality": 100, "speed": 10}),
        ("PNG", {}),
    ],
)
def test_no_pixels_are_fetched_for_a_header(server, format, how):
    content = noisy(format, **how)
    server.files["noise"] = content
    assert vlprep.probe(remote(server, "files/noise")) == vlprep.probe(content)
    assert server.sent < 90_000 < 300_000 < len(content)
    view = vlprep.view_image(remote(server, "files/noise"))
    assert np.array_equal(view.image, vlprep.view_image(content).image)


def test_the_frames_of_an_animation_are_counted_without_their_pixels(server):
    noise = np.random.default_rng(5).integers(0, 255, (6, 300, 400, 3), dtype=np.uint8)
    first, *rest = map(Image.fromarray, noise)
    written = io.BytesIO()
    first.save(written, "WEBP", save_all=True, append_images=rest, duration=300, lossless=True)
    server.files["noise"] = written.getvalue()
    assert vlprep.probe(remote(server, "files/noise")) == vlprep.probe(written.getvalue())
    assert server.sent < 150_000 < 2_000_000 < len(written.getvalue())


def write_heavy(path, options):
    """Write an MP4 of H.264 of more than 100 MB: 2 s of noise, again and again."""
    rng = np.random.default_rng(3)
    packets = []
    with av.open(str(path), "w", options=options) as output:
        how = {"preset": "ultrafast", "qp": "6", "g": "24", "sc_threshold": "0"}
        stream = output.add_stream("libx264", rate=24, options=how)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for _ in range(24):
            noise = rng.integers(0, 255, (360, 640, 3), dtype=np.uint8)
            packets += stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24"))
        packets += stream.encode(None)
        content = [(bytes(packet), packet.is_keyframe) for packet in packets]
        for number in range(24 * (100_000_000 // sum(len(one) for one, _ in content) + 1)):
            data, is_key = content[number % 24]
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 24)
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, is_key
            output.mux_one(packet)


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}], ids=["index last", "first"])
def test_a_video_of_100_mb_is_counted_with_less_than_3_mb(server, tmp_path, options):
    film = tmp_path / "film.mp4"
    write_heavy(film, options)
    server.files["film.mp4"] = film.read_bytes()
    count = vlprep.count_tokens(remote(server, "files/film.mp4"))
    assert count.tokens == vlprep.count_tokens(film).tokens
    assert count.info.frame_count_from == "header"
    assert count.info.file_bytes > 100_000_000
    assert server.sent < 3_000_000


def test_decoding_fetches_each_byte_once(server):
    with Item(remote(server, "files/street.mp4")) as item:
        frames = [frame.image for frame in vlprep.read_frames(item)]
    here = [frame.image for frame in vlprep.read_frames(FIXTURES / "street.mp4")]
    assert np.array_equal(frames, here)
    assert server.sent == (FIXTURES / "street.mp4").stat().st_size


def test_redirects_are_followed(server):
    target = "to/" * 4 + "files/photo.jpg"
    assert vlprep.probe(remote(server, target)).size == (480, 640)
    absolute = remote(server, f"to/?{server.url}/files/photo.jpg")
    assert vlprep.probe(absolute).size == (480, 640)


def test_many_overlap_and_few_are_under_way(server):
    names = ["lagging/photo.jpg", "status/404", "lagging/tiny.png"] * 10
    counted = list(vlprep.count_many(remote(server, name) for name in names))
    assert [getattr(one, "code", one.source[-4:]) for one in counted] == [
        ".jpg", "fetch", ".png",
    ] * 10  # fmt: skip
    assert 3 <= server.most_at_once <= 8


def test_the_facts_of_a_file_are_pickled_and_its_address_too(server):
    one = remote(server, "files/photo.jpg")
    assert pickle.loads(pickle.dumps(one)) == one
    assert {one, RemoteFile(one.address, NEAR)} == {one}


# Which hosts are asked.

PRIVATE = [
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::"),
    *("2001:0:53aa:64c:0:0:f5ff:fffe", "2001:db8::1", "100::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_known(host):
    assert not web.is_public(host)


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_is_known(host):
    assert web.is_public(host)


@given(st.ip_addresses(v=4))
def test_an_address_in_another_s_clothes_is_what_it_is(address):
    packed, public = int(address), web.is_public(str(address))
    for dressed in (f"::ffff:{address}", f"64:ff9b::{packed >> 16:x}:{packed & 0xFFFF:x}"):
        assert web.is_public(dressed) == public


SPELLINGS = (
    *("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1"),
    *("0.0.0.0", "0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1.", "LOCALHOST"),
)


@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_is_not_asked_however_it_is_spelt(server, host):
    with pytest.raises(FetchError) as caught:
        vlprep.probe(f"http://{host}:{server.port}/files/photo.jpg")
    assert server.asked == []
    if isinstance(caught.value, AddressError):
        assert "`allow_private` lets it be asked" in caught.value.problem


def test_a_name_is_judged_by_what_it_is_looked_up_to_when_it_is_connected_to(server, monkeypatch):
    real, asked = socket.getaddrinfo, []

    def look_up(host, port, *args, **extra):
        if host != "rebinding.example":
            return real(host, port, *args, **extra)
        asked.append(host)
        place = "93.184.215.14" if len(asked) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(AddressError, match=r"its host is 127\.0\.0\.1"):
        vlprep.probe(f"http://rebinding.example:{server.port}/files/photo.jpg")
    assert asked == ["rebinding.example"]
    assert server.asked == []


def test_each_redirect_is_judged(server, monkeypatch):
    monkeypatch.setattr(web, "is_public", lambda host: host == "127.0.0.1")
    target = f"http://127.0.0.2:{server.port}/files/photo.jpg"
    one = RemoteFile(f"{server.url}/to/?{target}")
    with pytest.raises(AddressError, match=r"its host is 127\.0\.0\.2"):
        vlprep.probe(one)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "FILE:/etc/passwd", "ftp://127.0.0.1/a", "gopher://x/", "data:,x",
     "s3://bucket/a.jpg", "javascript:x"],
)  # fmt: skip
def test_a_redirect_to_another_scheme_is_not_followed(server, target):
    said = refused(server, f"to/?{target}", kind=AddressError)
    assert said.startswith(f"a redirect to {target.partition(':')[0].lower()}:, and only http")


def test_redirects_have_an_end_and_a_place(server):
    assert refused(server, "loop/") == "more than 5 redirects"
    assert len(server.asked) == 6
    assert refused(server, "to/?http://host:port/") == "a redirect to what is no address"


def test_a_proxy_of_the_environment_takes_no_part(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert vlprep.probe(remote(server, "files/photo.jpg")).size == (480, 640)


@pytest.mark.parametrize("address", ["ftp://h/a.jpg", "gopher://h/a.jpg", "smb://h/a.jpg"])
def test_other_schemes_are_not_fetched(address):
    with pytest.raises(ValueError, match="is not fetched; http, https, s3, gs and oss are"):
        vlprep.probe(address)
    with pytest.raises(ConstraintError, match="no address of http"):
        RemoteFile(address)


# What servers do wrong.

WRONG = {
    "status/404": "the server has no such file (status 404)",
    "status/403": "the server refuses it; the address may have expired, or wants to be signed "
    "(status 403)",
    "status/410": "the server has the file no longer (status 410)",
    "status/500": "the server is in trouble (status 500); try again later",
    "status/418": "the server does not send it (status 418)",
    "shorter/photo.jpg": "the connection was cut, or less was sent than was said",
    "cutpart/photo.jpg": "the connection was cut, or less was sent than was said",
    "lesspart/photo.jpg": "the server sent 29,874 bytes of 29,881",
    "muchpart/photo.jpg": "29,881 bytes were asked for, and more are sent",
    "otherpart/photo.jpg": "bytes 0-29999 were asked for, and others are sent",
    "unsaidpart/photo.jpg": "a part was sent without saying which",
    "changing/street.mp4": "it has changed while it was read; run this again",
    "growing/street.mp4": "it has changed while it was read; run this again",
    "turning/street.mp4": "a part was asked for, and the answer is 200",
    "nonsense/": "the answer is not one of HTTP",
    "nowhere/": "a redirect to nowhere",
}


@pytest.mark.parametrize("path", WRONG)
def test_what_a_server_does_wrong_is_named(server, path):
    assert refused(server, path) == WRONG[path]


def test_a_server_that_is_silent_is_given_up(server):
    assert refused(server, "silent/", HASTY) == "the server is silent for 0.25 s"


def test_a_server_that_is_slow_is_given_up(server):
    said = refused(server, "slow/", HASTY)
    assert said.startswith("too slow: what was asked for is not there after 0.5 s; `fetch_seconds`")


def test_a_reply_without_end_is_given_up_at_the_limit(server):
    small = Fetching(allow_private=True, fetch_limit=1_000_000)
    said = refused(server, "endless/", small)
    assert said.startswith("more than 1 MB would have to be fetched of a reply without end")
    assert server.sent < 30_000_000
    assert "a reply without end" in refused(server, "bomb/", small)


def test_a_length_beyond_the_limit_is_refused_before_it_is_fetched(server):
    server.files["much"] = b"\xff\xd8\xff" + bytes(5_000_000)
    said = refused(server, "whole/much", Fetching(allow_private=True, fetch_limit=1_000_000))
    assert said.startswith("more than 1 MB would have to be fetched of 5 MB: the server sends no")
    assert "`fetch_limit` allows more" in said


def test_the_limit_holds_for_all_that_is_fetched_of_a_file(server):
    server.files["noise"] = bytes(3_000_000)
    small = Fetching(allow_private=True, fetch_limit=1_000_000)
    with Item(remote(server, "files/noise", small)) as item:
        item.tail(9)  # which costs nothing to speak of
        with pytest.raises(FetchError, match="more than 1 MB would have to be fetched"):
            item.bytes()
    assert server.sent <= 1_000_000


def test_a_length_that_is_a_lie_costs_nothing(server):
    server.files["lie.mp4"] = (FIXTURES / "clip.mp4").read_bytes()[:40]
    with pytest.raises(SafetyLimitError, match="raise bytes in `limits`"):
        vlprep.probe(remote(server, "hugetotal/lie.mp4"))
    trusted = Trust(Limits(bytes=10**15))
    with pytest.raises(FetchError, match=r"does not send it \(status 416\)"):
        vlprep.probe(remote(server, "hugetotal/lie.mp4"), trusted)


def test_more_than_was_said_is_not_taken(server):
    server.files["one.gif"] = (FIXTURES / "animated.gif").read_bytes()
    with pytest.raises(vlprep.VlprepError):
        vlprep.view_image(remote(server, "longer/one.gif"))


def test_an_empty_file_and_a_page_of_html_are_called_so(server):
    with pytest.raises(EmptyFileError):
        vlprep.probe(remote(server, "empty/"))
    server.files["page.jpg"] = b"<!DOCTYPE html><html>log in</html>"
    with pytest.raises(ValueError, match="HTML"):
        vlprep.probe(remote(server, "files/page.jpg"))


def test_where_nobody_listens_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/a.jpg"
        with pytest.raises(FetchError, match="the host cannot be reached"):
            vlprep.probe(RemoteFile(closed, NEAR))


def test_a_certificate_that_does_not_hold_is_no_connection(server):
    with pytest.raises(FetchError, match="no safe connection"):
        vlprep.probe(RemoteFile(f"https://127.0.0.1:{server.port}/files/photo.jpg", NEAR))


NOWHERE = ["http://", "http:///a.jpg", "http://[::1/a.jpg", "http://h:99999999/a"]


@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_that_is_none_is_called_so(address):
    with pytest.raises(FetchError):
        vlprep.probe(address)


# What is secret.


def test_no_message_repeats_what_may_be_secret(server):
    secret = f"http://ada:geheim@127.0.0.1:{server.port}/%s?X-Amz-Signature=geheim&k=geheim#geheim"
    for path in ("status/403", "silent/", "whole/notes.txt", "to/"):
        one = RemoteFile(secret % path, HASTY)
        server.files["notes.txt"] = b"no medium at all"
        (failure,) = vlprep.count_many([one])
        said = f"{failure!r} {failure.source} {failure.message} {failure.error} {one!r} {one.name}"
        assert "geheim" not in said, path
        assert failure.source == f"http://127.0.0.1:{server.port}/{path}?…"


def test_a_name_and_a_password_go_to_their_own_host_only(server):
    one = f"http://ada:pw@127.0.0.1:{server.port}"
    vlprep.probe(RemoteFile(f"{one}/files/photo.jpg", NEAR))
    assert server.asked[-1].headers["Authorization"].startswith("Basic ")
    vlprep.probe(RemoteFile(f"{one}/to/?http://localhost:{server.port}/files/photo.jpg", NEAR))
    assert server.asked[-1].headers["Authorization"] is None
    assert all(asked.headers["Cookie"] is None for asked in server.asked)


# What may be asked.


def test_terms_that_cannot_be_are_refused():
    for wrong in ({"fetch_limit": 0}, {"fetch_seconds": 0}, {"fetch_seconds": -1.0}):
        with pytest.raises(ConstraintError, match="must be above 0"):
            Fetching(**wrong)
