"""A server on the loopback interface that takes what chat clients send, and answers just enough.

It speaks the OpenAI-compatible protocol and DashScope's own, with and without streaming, and plays
the storage to which the DashScope SDK uploads files first.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

WORDS = ("A street", " with cars")
"""What the server says to everything, in as many pieces."""


@dataclass(frozen=True)
class Arrived:
    """One request as it came in."""

    method: str
    path: str
    headers: Message
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Loopback:
    """The server's address, and what has arrived so far."""

    url: str
    arrived: list[Arrived] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)

    @property
    def chat(self) -> Arrived:
        """The only chat request."""
        (one,) = [a for a in self.arrived if a.path.endswith(("/completions", "/generation"))]
        return one


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Run the server while the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.loopback = Loopback(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.loopback
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._take()
        place = {
            "upload_host": f"{self.state.url}/oss",
            "upload_dir": "dashscope-instant/today",
            "oss_access_key_id": "id",
            "signature": "signature",
            "policy": "policy",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        self._answer({"request_id": "1", "data": place})

    def do_POST(self) -> None:
        arrived = self._take()
        if arrived.path == "/oss":
            self.state.uploads.update(_uploaded(arrived))
            return self._answer({})
        chat = _openai if arrived.path.endswith("/completions") else _dashscope
        if arrived.json.get("stream") or arrived.headers["X-DashScope-SSE"] == "enable":
            return self._stream(chat)
        self._answer(chat("".join(WORDS), whole=True))

    @property
    def state(self) -> Loopback:
        return self.server.loopback

    def _take(self) -> Arrived:
        content = self.rfile.read(int(self.headers["Content-Length"] or 0))
        arrived = Arrived(self.command, urlsplit(self.path).path, self.headers, content)
        self.state.arrived.append(arrived)
        return arrived

    def _answer(self, document: object) -> None:
        self._send(json.dumps(document).encode(), "application/json")

    def _stream(self, chat: Any) -> None:
        events = [json.dumps(chat(word, whole=False)) for word in WORDS]
        if chat is _openai:
            events.append("[DONE]")
        self._send("".join(f"data:{event}\n\n" for event in events).encode(), "text/event-stream")

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


def _openai(text: str, *, whole: bool) -> dict[str, Any]:
    said = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion" if whole else "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message" if whole else "delta": said},
        ],
    }


def _dashscope(text: str, *, whole: bool) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"text": text}]}
    choice = {"finish_reason": "stop" if whole else "null", "message": message}
    usage = {"input_tokens": 1, "output_tokens": 1}
    return {"request_id": "1", "output": {"choices": [choice]}, "usage": usage}


def _uploaded(arrived: Arrived) -> dict[str, bytes]:
    """Return the file of an upload by the key under which it is to be kept."""
    boundary = arrived.headers.get_param("boundary")
    parts = (b"\r\n" + arrived.content).split(f"\r\n--{boundary}".encode())[1:-1]
    fields = {}
    for part in parts:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'[ ;]name="(.*?)"', head)
        fields[name[1].decode()] = value
    return {fields["key"].decode(): fields["file"]}
