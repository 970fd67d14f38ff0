"""A wire that a test can cut: it sees every request between a client and a server and decides what becomes of it.

RESP 2 (a store) and HTTP/1.1 (a channel). Requests are numbered from 1 over all connections, in the order
in which they were complete, so that a test can walk through them: "kill at request n".
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

Protocol: TypeAlias = Literal["resp", "http"]


@dataclass(frozen=True)
class Address:
    """Where to listen or to connect: a unix socket, or a port of loopback (0: a free one)."""

    path: Path | None = None
    port: int = 0


@dataclass(frozen=True)
class Seen:
    """A complete request of the client, not yet delivered."""

    number: int
    name: str
    """`EVALSHA`, `GET`; `POST /v3/conversations/…`."""
    raw: bytes
    client_port: int = 0
    """Whose request it is; 0 on a unix socket."""


@dataclass(frozen=True)
class Pass:
    """Deliver it."""


@dataclass(frozen=True)
class Delay:
    """Deliver it after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class DropRequest:
    """Cut the connection; the server never sees it."""


@dataclass(frozen=True)
class DropReply:
    """Deliver it, wait for the reply, do `then`, and cut the connection; the client never sees the reply."""

    then: Callable[[], None] | None = None


Action: TypeAlias = Pass | Delay | DropRequest | DropReply
Hook: TypeAlias = Callable[[Seen], Awaitable[Action]]


async def pass_all(_: Seen) -> Action:
    """Let everything through."""
    return Pass()


def kill_at(number: int, pid: Callable[[], int], *, delivered: bool) -> Hook:
    """Return a hook that ends a process with SIGKILL at one request: before delivery, or before its reply."""

    def kill() -> None:
        os.kill(pid(), signal.SIGKILL)

    async def hook(seen: Seen) -> Action:
        if seen.number != number:
            return Pass()
        if delivered:
            return DropReply(then=kill)
        kill()
        return DropRequest()

    return hook


@dataclass
class Proxy:
    """Stands between clients and one server while its context is open. `on_request` may be changed at any time."""

    upstream: Address
    protocol: Protocol
    listen: Address = field(default_factory=Address)
    on_request: Hook = pass_all
    seen: list[str] = field(default_factory=list, init=False)
    """Names of the requests so far."""

    async def __aenter__(self) -> Self:
        if self.listen.path is not None:
            self._server = await asyncio.start_unix_server(self._connected, str(self.listen.path))
        else:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.listen.port)
        self._connections: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        if self._errors and error is None:
            raise self._errors[0]

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def redis_url(self) -> str:
        """The URL of the store as seen through the proxy."""
        return f"unix://{self.listen.path}?db=0" if self.listen.path else f"redis://127.0.0.1:{self.port}/0"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrying = asyncio.create_task(self._carry(reader, writer))
        self._connections.add(carrying)
        await asyncio.wait([carrying])
        await _close(writer)
        self._connections.discard(carrying)
        if not carrying.cancelled() and (error := carrying.exception()) is not None:
            self._errors.append(error)

    async def _carry(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await self._open()
        except OSError:
            return
        waiting: deque[Action] = deque()
        client_port = (to_client.get_extra_info("peername") or ("", 0))[1]
        directions = [
            asyncio.create_task(self._requests(client, to_server, waiting, client_port)),
            asyncio.create_task(self._replies(server, to_client, waiting)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            to_server.close()  # at once: we may be cancelled again while we wait below
            for direction in directions:
                direction.cancel()
            results = await asyncio.gather(*directions, return_exceptions=True)
            await _close(to_server)
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, OSError):
                    raise result

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.upstream.path is not None:
            return await asyncio.open_unix_connection(str(self.upstream.path))
        return await asyncio.open_connection("127.0.0.1", self.upstream.port)

    async def _requests(
        self,
        client: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
        waiting: deque[Action],
        client_port: int,
    ) -> None:
        buffer = b""
        size_of = _resp_size if self.protocol == "resp" else _http_size
        while chunk := await client.read(65536):
            buffer += chunk
            while (size := size_of(buffer)) is not None:
                raw, buffer = buffer[:size], buffer[size:]
                name = _resp_name(raw) if self.protocol == "resp" else _http_name(raw)
                self.seen.append(name)
                action = await self.on_request(Seen(len(self.seen), name, raw, client_port))
                if isinstance(action, DropRequest):
                    return
                if isinstance(action, Delay):
                    await asyncio.sleep(action.seconds)
                waiting.append(action)
                to_server.write(raw)
                await to_server.drain()

    async def _replies(
        self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, waiting: deque[Action]
    ) -> None:
        buffer = b""
        while chunk := await server.read(65536):
            buffer += chunk
            while buffer and (size := self._reply_size(buffer)) is not None:
                raw, buffer = buffer[:size], buffer[size:]
                action = waiting.popleft() if waiting else Pass()
                if isinstance(action, DropReply):
                    if action.then is not None:
                        action.then()
                    return
                to_client.write(raw)
                with suppress(ConnectionError):
                    await to_client.drain()

    def _reply_size(self, buffer: bytes) -> int | None:
        """Return how much of the buffer is one reply. HTTP clients send one request at a time: all of it."""
        return _resp_size(buffer) if self.protocol == "resp" else len(buffer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _resp_size(buffer: bytes, start: int = 0) -> int | None:
    """Return where the RESP 2 value at `start` ends; None if it is not complete."""
    end = buffer.find(b"\r\n", start)
    if end < 0:
        return None
    kind, line, after = buffer[start : start + 1], buffer[start + 1 : end], end + 2
    if kind == b"$":
        after += max(-2, int(line)) + 2 if int(line) >= 0 else 0
        return after if after <= len(buffer) else None
    if kind == b"*":
        for _ in range(int(line)):
            item = _resp_size(buffer, after)
            if item is None:
                return None
            after = item
    return after


def _resp_name(raw: bytes) -> str:
    parts = raw.split(b"\r\n", 3)
    return parts[2].decode(errors="replace").upper() if raw.startswith(b"*") else parts[0].decode(errors="replace")


def _http_size(buffer: bytes) -> int | None:
    """Return where the HTTP/1.1 request at the start ends; None if it is not complete."""
    head, mark, _ = buffer.partition(b"\r\n\r\n")
    if not mark:
        return None
    after = len(head) + 4
    headers = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        return _chunks_end(buffer, after)
    after += int(headers.get(b"content-length", b"0"))
    return after if after <= len(buffer) else None


def _chunks_end(buffer: bytes, start: int) -> int | None:
    while (end := buffer.find(b"\r\n", start)) >= 0:
        size = int(buffer[start:end].split(b";")[0], 16)
        start = end + 2 + size + 2
        if start > len(buffer):
            return None
        if size == 0:
            return start
    return None


def _http_name(raw: bytes) -> str:
    return raw.split(b" HTTP/", 1)[0].decode(errors="replace")
