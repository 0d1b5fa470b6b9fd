"""A web server on the loopback interface with files, and with everything that servers do wrong.

The first part of a path says how it behaves, the rest names a file of `fixtures`, or whatever the
behaviour is about.
"""

from __future__ import annotations

import gzip
import re
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from tests.places import FIXTURES


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    path: str
    headers: Message

    @property
    def range(self) -> tuple[int, int] | None:
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        return (int(match[1]), int(match[2]) + 1) if match else None


@dataclass
class FileServer:
    """Its address, what was asked, and how many were under way at a time."""

    url: str
    port: int
    asked: list[Asked] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0
    """Bytes of content that were sent."""
    at_once: int = 0
    most_at_once: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def content(self, name: str) -> bytes:
        return self.files[name] if name in self.files else (FIXTURES / name).read_bytes()


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Run the server while the block lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    port = server.server_port
    server.state = FileServer(f"http://127.0.0.1:{port}", port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64  # with the usual 5, connections side by side wait for a second


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        state = self.server.state
        self.asked = Asked(self.path, self.headers)
        with state.lock:
            state.asked.append(self.asked)
            state.at_once += 1
            state.most_at_once = max(state.most_at_once, state.at_once)
        _, behaviour, rest = self.path.partition("?")[0].split("/", 2)
        try:
            with suppress(ConnectionError):
                getattr(self, f"_{behaviour}")(unquote(rest))
        finally:
            with state.lock:
                state.at_once -= 1

    def _answer(self, status: int, content: bytes, **headers: object) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": len(content), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.server.state.sent += len(content)
        self.wfile.write(content)

    def _part(self, content: bytes, **headers: object) -> None:
        assert self.asked.range is not None
        start, end = self.asked.range
        part, total = content[start:end], len(content)
        if not part:
            return self._answer(416, b"", Content_Range=f"bytes */{total}")
        place = f"bytes {start}-{start + len(part) - 1}/{total}"
        self._answer(206, part, **{"Content_Range": place, **headers})

    # What servers do.

    def _files(self, name: str) -> None:
        self._part(self.server.state.content(name), ETag='"one"')

    def _versioned(self, name: str) -> None:
        """Say which state it is by its content."""
        content = self.server.state.content(name)
        self._part(content, ETag=f'"{zlib.crc32(content)}"')

    def _dated(self, name: str) -> None:
        self._part(self.server.state.content(name), Last_Modified="Thu, 26 Nov 2026 08:00:00 GMT")

    def _bare(self, name: str) -> None:
        """Say nothing of its state but its length."""
        self._part(self.server.state.content(name))

    def _lagging(self, name: str) -> None:
        time.sleep(0.1)
        self._files(name)

    def _whole(self, name: str) -> None:
        self._answer(200, self.server.state.content(name))

    def _chunked(self, name: str) -> None:
        self._start(200, Transfer_Encoding="chunked")
        content = self.server.state.content(name)
        for start in range(0, len(content), 5000):
            self._chunk(content[start : start + 5000])
        self.wfile.write(b"0\r\n\r\n")

    def _gzip(self, name: str) -> None:
        content = gzip.compress(self.server.state.content(name))
        self._answer(200, content, Content_Encoding="gzip")

    def _gzippart(self, name: str) -> None:
        if self.asked.range is None:
            return self._gzip(name)
        self._part(gzip.compress(self.server.state.content(name)), Content_Encoding="gzip")

    def _nototal(self, name: str) -> None:
        if self.asked.range is None:
            return self._whole(name)
        content = self.server.state.content(name)[: self.asked.range[1]]
        self._answer(206, content, Content_Range=f"bytes 0-{len(content) - 1}/*")

    def _empty(self, _: str) -> None:
        self._answer(416, b"", Content_Range="bytes */0")

    def _status(self, status: str) -> None:
        self._answer(int(status), b"<html>no</html>")

    def _to(self, address: str) -> None:
        self._answer(302, b"", Location=self.path.partition("?")[2] or f"/{address}")

    def _loop(self, rest: str) -> None:
        self._answer(302, b"", Location=f"/loop/{rest}x")

    # What they do wrong.

    def _silent(self, _: str) -> None:
        time.sleep(5)

    def _slow(self, _: str) -> None:
        self._start(200, Content_Length=1_000_000)
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def _endless(self, _: str) -> None:
        self._start(200, Connection="close")
        for _ in range(2000):
            self.wfile.write(bytes(65_536))
            self.server.state.sent += 65_536

    def _bomb(self, _: str) -> None:
        self._answer(200, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")

    def _shorter(self, name: str) -> None:
        content = self.server.state.content(name)
        self._answer(200, content[:-9], Content_Length=len(content))
        self.close_connection = True

    def _longer(self, name: str) -> None:
        self._answer(200, self.server.state.content(name), Content_Length=100)
        self.close_connection = True

    def _cutpart(self, name: str) -> None:
        start, end = self.asked.range
        content = self.server.state.content(name)
        place = f"bytes {start}-{min(end, len(content)) - 1}/{len(content)}"
        self._answer(206, content[start:end][:-7], Content_Range=place,
                     Content_Length=len(content[start:end]))  # fmt: skip
        self.close_connection = True

    def _lesspart(self, name: str) -> None:
        start, end = self.asked.range
        content = self.server.state.content(name)
        place = f"bytes {start}-{min(end, len(content)) - 1}/{len(content)}"
        self._answer(206, content[start:end][:-7], Content_Range=place)

    def _muchpart(self, name: str) -> None:
        start, end = self.asked.range
        content = self.server.state.content(name)
        place = f"bytes {start}-{min(end, len(content)) - 1}/{len(content)}"
        self._answer(206, content[start:end] + b"more", Content_Range=place)

    def _otherpart(self, name: str) -> None:
        self._answer(206, self.server.state.content(name)[5:99], Content_Range="bytes 5-98/30000")

    def _unsaidpart(self, name: str) -> None:
        self._answer(206, self.server.state.content(name))

    def _hugetotal(self, name: str) -> None:
        start, end = self.asked.range
        if start:
            return self._answer(416, b"", Content_Range="bytes */100000")
        content = self.server.state.content(name)[:end].ljust(end, b"\0")
        self._answer(206, content, Content_Range=f"bytes 0-{end - 1}/900000000000000")

    def _changing(self, name: str) -> None:
        self._part(self.server.state.content(name), ETag=f'"{len(self.server.state.asked)}"')

    def _growing(self, name: str) -> None:
        more = bytes(len(self.server.state.asked))
        self._part(self.server.state.content(name) + more)

    def _turning(self, name: str) -> None:
        """Know parts at first, and none any more later."""
        if self.asked.range[0] == 0:
            return self._files(name)
        self._whole(name)

    def _nonsense(self, _: str) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        self.close_connection = True

    def _nowhere(self, _: str) -> None:
        self.send_response(302)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _start(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
