"""Files over http and https, by aiohttp on fsspec's loop: hosts checked as they are connected to.

fsspec's own HTTP files follow redirects unseen, connect anywhere and read a reply however long it
is; so its client is used, and its loop, but what is asked and taken is decided here. No proxy, no
cookie and no password from the environment takes part.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, NoReturn, TypeVar

from vlprep.errors import AddressError, FetchError, MissingPackageError
from vlprep.media.fetched import FIRST, QUIET, SLOWEST, Opening, over_limit
from vlprep.media.remote import RemoteFile
from vlprep.units import format_bytes

try:
    import aiohttp
    from fsspec.asyn import get_loop, sync
    from yarl import URL
except ImportError as error:
    raise MissingPackageError(str(error.name).partition(".")[0], "remote") from error

_T = TypeVar("_T")

MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 65_536

_SAID = {
    401: "wants a name and a password, or a signed address",
    403: "refuses it; the address may have expired, or wants to be signed",
    404: "has no such file",
    410: "has the file no longer",
    429: "is asked too often; try again later, or with fewer files",
}
"""What a status means to who asks for a file."""


def is_public(host: str) -> bool:
    """Say whether an IP address is one of the internet, and not of a machine or network of its own.

    An IPv4 address inside an IPv6 one is looked at as itself.

    >>> [is_public(host) for host in ("8.8.8.8", "127.0.0.1", "::ffff:10.0.0.1", "100.64.0.1")]
    [True, False, False, False]
    """
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address):
        if (inner := _inner(address)) is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, given up since


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which an IPv6 one leads."""
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


class WebFile:
    """A file on a web server, over connections of its own."""

    def __init__(self, remote: RemoteFile) -> None:
        self._name, self._fetching, self._loop = remote.name, remote.fetching, get_loop()
        self._seconds = min(QUIET, remote.fetching.fetch_seconds / 2)
        self._url = self._parsed(remote.address)
        self._refused = ""  # the last host that may not be asked
        self._length: int | None = None
        self._version: dict[str, str] = {}
        self._session = self._wait(self._client(), 60.0)

    async def _client(self) -> aiohttp.ClientSession:
        wait = self._seconds
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=8, socket_factory=self._socket_for),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=wait, sock_read=wait),
            headers={"User-Agent": "vlprep", "Accept-Encoding": "identity"},
            trust_env=False,
        )

    def _socket_for(self, found: Any) -> socket.socket:
        """Return a socket for an address that was looked up: the last moment before a connection.

        What is checked is the number that is connected to, after all names were looked up. Raises
        `PermissionError` for a host that may not be asked.
        """
        family, kind, protocol, _, place = found
        if not self._fetching.allow_private and not is_public(place[0]):
            self._refused = place[0]
            raise PermissionError(13, "a private address")
        return socket.socket(family=family, type=kind, proto=protocol)

    def open(self, file: BinaryIO) -> Opening:
        """Ask for the first bytes; a server that sends everything is read as far as is allowed."""
        return self._wait(self._open(file), self._fetching.fetch_seconds)

    def fetch(self, start: int, end: int, seconds: float) -> bytes:
        """Return the bytes from `start` to `end`."""
        return self._wait(self._part(start, end), seconds)

    def close(self) -> None:
        """Close the connections."""
        self._wait(self._session.close(), 60.0)

    # What is asked.

    async def _open(self, file: BinaryIO) -> Opening:
        first = min(FIRST, self._fetching.fetch_limit)
        async with asyncio.timeout(self._seconds + first / SLOWEST) as patience:
            async with self._asked(0, first) as answer:
                if answer.status == 416:  # not one byte to send
                    return Opening(0)
                if answer.status == 200:
                    patience.reschedule(None)
                    return await self._whole(answer, file)
                self._length = self._checked_range(answer, 0, first)
                if self._length is not None and not _is_packed(answer):
                    self._remember(answer)
                    got = min(first, self._length)
                    file.write(await self._exactly(answer, got))
                    return Opening(self._length, got, version=_version(answer))
        async with self._asked() as answer:  # ranges of what is packed, or of what has no end
            return await self._whole(answer, file)

    async def _part(self, start: int, end: int) -> bytes:
        async with self._asked(start, end) as answer:
            if answer.status != 206:
                self._refuse(f"a part was asked for, and the answer is {answer.status}")
            total = self._checked_range(answer, start, end)
            if total != self._length or self._remember(answer):
                self._refuse("it has changed while it was read; run this again")
            return await self._exactly(answer, end - start)

    async def _whole(self, answer: aiohttp.ClientResponse, file: BinaryIO) -> Opening:
        """Write all of a reply, of which there may be more than the limit, or no end."""
        limit, got = self._fetching.fetch_limit, 0
        stated = None if _is_packed(answer) else answer.content_length
        if answer.status != 200:
            self._refuse(f"all was asked for, and the answer is {answer.status}")
        if stated is not None and stated > limit:
            raise over_limit(self._name, limit, f"{format_bytes(stated)}: {_NO_RANGES}")
        async for chunk in answer.content.iter_chunked(_CHUNK):
            got += len(chunk)
            if got > limit:
                raise over_limit(self._name, limit, f"a reply without end: {_NO_RANGES}")
            file.write(chunk)
        told = (f"{_NO_RANGES}: all {got:,} bytes were fetched",)
        return Opening(got, got, told, _version(answer))

    @asynccontextmanager
    async def _asked(
        self, start: int | None = None, end: int = 0
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask for bytes, or for all; redirects are followed one by one, each checked."""
        headers = {} if start is None else {"Range": f"bytes={start}-{end - 1}"}
        for _ in range(MOST_REDIRECTS + 1):
            self._refused = ""
            async with self._session.get(
                self._url, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status in _REDIRECTS:
                    self._url = self._redirected(answer)
                    continue
                if answer.status not in (200, 206) and (answer.status, start) != (416, 0):
                    raise FetchError(self._name, self._meaning(answer.status), answer.status)
                yield answer
                return
        self._refuse(f"more than {MOST_REDIRECTS} redirects")

    async def _exactly(self, answer: aiohttp.ClientResponse, length: int) -> bytes:
        content = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            content += chunk
            if len(content) > length:
                self._refuse(f"{length:,} bytes were asked for, and more are sent")
        if len(content) < length:
            self._refuse(f"the server sent {len(content):,} bytes of {length:,}")
        return bytes(content)

    # What is answered.

    def _checked_range(self, answer: aiohttp.ClientResponse, start: int, end: int) -> int | None:
        """Return the length of the file that a part of it states; `None` where it is not known."""
        stated = answer.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d{1,18}|\*)", stated.strip(), re.IGNORECASE)
        if match is None:
            self._refuse("a part was sent without saying which")
        if match[3] == "*":
            return None
        total = int(match[3])
        last = min(end, total) - 1
        if (int(match[1]), int(match[2])) != (start, last):
            self._refuse(f"bytes {start}-{last} were asked for, and others are sent")
        return total

    def _remember(self, answer: aiohttp.ClientResponse) -> bool:
        """Keep what tells one state of a file from another; says whether that has changed."""
        told = {key: answer.headers.get(key, "") for key in ("ETag", "Last-Modified")}
        told = {key: value for key, value in told.items() if value and value[:2] != "W/"}
        known, self._version = self._version, {**told, **self._version}
        return any(known.get(key, value) != value for key, value in told.items())

    def _redirected(self, answer: aiohttp.ClientResponse) -> URL:
        target = answer.headers.get("Location", "")
        if not target:
            self._refuse("a redirect to nowhere")
        try:
            url = self._url.join(URL(target))
        except ValueError:
            self._refuse("a redirect to what is no address")
        if url.scheme not in ("http", "https"):
            where = f"a redirect to {url.scheme or 'no'}:, and only http and https are followed"
            raise AddressError(self._name, where)
        return self._parsed(str(url))

    def _parsed(self, address: str) -> URL:
        try:
            url = URL(address)
        except ValueError:
            self._refuse("no address of the web: it cannot be taken apart")
        if not url.host:
            self._refuse("an address without a host")
        return url

    def _meaning(self, status: int) -> str:
        if 500 <= status < 600:
            return f"the server is in trouble (status {status}); try again later"
        return f"the server {_SAID.get(status, 'does not send it')} (status {status})"

    def _refuse(self, problem: str) -> NoReturn:
        raise FetchError(self._name, problem)

    # What goes wrong on the way.

    def _wait(self, work: Coroutine[Any, Any, _T], seconds: float) -> _T:
        """Run a piece of work on the loop; raises `FetchError` for what goes wrong."""
        try:
            return sync(self._loop, _within, work, max(seconds, 0.001))  # type: ignore[no-any-return]
        except TimeoutError as error:
            is_quiet = isinstance(error.__cause__, aiohttp.ServerTimeoutError)
            raise FetchError(self._name, self._too_slow(seconds, is_quiet)) from None
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            if self._refused:
                where = f"its host is {self._refused}, of a private network or this machine"
                problem = f"{where}; `allow_private` lets it be asked"
                raise AddressError(self._name, problem) from None
            raise FetchError(self._name, _told(error)) from None

    def _too_slow(self, seconds: float, is_quiet: bool) -> str:
        if is_quiet:
            return f"the server is silent for {self._seconds:g} s"
        said = f"too slow: what was asked for is not there after {seconds:.3g} s"
        return f"{said}; `fetch_seconds` allows {self._fetching.fetch_seconds:g} s for a file"


origin_of = WebFile

_NO_RANGES = "the server sends no parts of files"


async def _within(work: Coroutine[Any, Any, _T], seconds: float) -> _T:
    async with asyncio.timeout(seconds):
        return await work


def _version(answer: aiohttp.ClientResponse) -> str:
    """Return what a server says of the state of a file; nothing where it says nothing."""
    return str(answer.headers.get("ETag") or answer.headers.get("Last-Modified", ""))


def _is_packed(answer: aiohttp.ClientResponse) -> bool:
    return answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity")


def _told(error: Exception) -> str:
    """Return what an error of the client means, without the address that it may repeat."""
    for kinds, meaning in _MEANINGS:
        if isinstance(error, kinds):
            return meaning
    return f"the connection failed: {type(error).__name__}"


_MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "no host of that name is known"),
    (aiohttp.ClientSSLError, "no safe connection: the certificate or the protocol does not hold"),
    (aiohttp.ClientConnectorError, "the host cannot be reached"),
    (aiohttp.InvalidURL, "no address of the web: it cannot be taken apart"),
    (aiohttp.ClientResponseError, "the answer is not one of HTTP"),
    (aiohttp.ClientPayloadError, "the connection was cut, or less was sent than was said"),
    (aiohttp.ServerDisconnectedError, "the connection was cut"),
    (ConnectionError, "the connection was cut"),
)
