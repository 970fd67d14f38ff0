"""SMTP on loopback: a mail is answered 250 only when it is safe on the disk. Runs in the bot's own event loop.

Nothing is relayed: whatever the recipient, a mail ends in the desk's inbox.
"""

import asyncio
import logging
from collections.abc import Callable

from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.mail.local_mailbox import LocalMailbox

SIZE_MAX_BYTES = 25 * 1024 * 1024
_STREAM_BYTES = 64 * 1024
_PATIENCE = 4
"""A mail this many times too large is not read to its end."""
_CONNECTIONS_MAX = 20
_RECIPIENTS_MAX = 100
_IDLE_TIMEOUT_S = 60.0

log = logging.getLogger(__name__)
# aiosmtpd logs addresses at INFO and every line of a mail at DEBUG
logging.getLogger("mail.log").setLevel(logging.WARNING)


class SmtpDoor:
    """The local SMTP server. `on_mail` is called after each mail that was taken in."""

    def __init__(
        self,
        mailbox: LocalMailbox,
        *,
        port: int,
        on_mail: Callable[[], None],
        hostname: str = "localhost",
        size_max_bytes: int = SIZE_MAX_BYTES,
    ) -> None:
        self._handler = _Handler(mailbox, on_mail)
        self._wanted_port = port
        self._hostname = hostname
        self._size_max_bytes = size_max_bytes
        self._server: asyncio.Server | None = None
        self._open: set[_Protocol] = set()

    async def start(self) -> None:
        """Listen on 127.0.0.1; raises OSError if the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self._wanted_port)

    @property
    def port(self) -> int:
        """Return the port that is listened on; raises RuntimeError before start."""
        if self._server is None:
            raise RuntimeError("the SMTP door is closed")
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and end open sessions; a mail whose 250 was not sent will be sent again."""
        if self._server is None:
            return
        self._server.close()
        for protocol in list(self._open):
            protocol.hang_up()
        await self._server.wait_closed()
        self._server = None

    def _protocol(self) -> asyncio.Protocol:
        if len(self._open) >= _CONNECTIONS_MAX:
            return _Busy()
        return _Protocol(self._handler, self._open, self._hostname, self._size_max_bytes)


class _Handler:
    """What aiosmtpd calls."""

    def __init__(self, mailbox: LocalMailbox, on_mail: Callable[[], None]) -> None:
        self._mailbox = mailbox
        self._on_mail = on_mail

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= _RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        sender = envelope.mail_from or ""
        try:
            letter_id = await self._mailbox.deliver(
                content if isinstance(content, bytes) else b"",
                envelope_from=sender if sender.strip("<>") else "<>",
                envelope_to=envelope.rcpt_tos,
            )
        except OSError as error:
            log.error("mail refused for now: %s", error.strerror)  # noqa: TRY400  the cause is the disk, not a bug
            return "451 4.3.0 Cannot store the mail now, try again later"
        log.info("mail %s taken in", letter_id)
        self._on_mail()
        return "250 2.0.0 OK"


class _Protocol(SMTP):
    """aiosmtpd's protocol with a DATA that keeps one buffer of bounded size.

    Why: the library keeps a list of lines (25 MB of empty lines become 800 MB of objects), collects a line
    without an end for ever, and refuses lines over 1,000 bytes, which broken mail programs do write.
    """

    line_length_limit = _STREAM_BYTES

    def __init__(self, handler: _Handler, open_sessions: set["_Protocol"], hostname: str, size_max_bytes: int) -> None:
        super().__init__(
            handler,
            data_size_limit=size_max_bytes,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="ready",
            timeout=_IDLE_TIMEOUT_S,
            loop=asyncio.get_running_loop(),
        )
        self._open_sessions = open_sessions
        self._size_max_bytes = size_max_bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open_sessions.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """End the session."""
        if self.transport is not None:
            self.transport.close()

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  the library's name
        """Read a mail up to the lone dot, never holding more than the announced size."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._read_content()
        if content is None:
            status = "552 5.3.4 Error: Too much mail data"
        else:
            envelope.content = envelope.original_content = content
            status = await self._call_handler_hook("DATA")
        self.envelope = self._create_envelope()
        await self.push(status)

    async def _read_content(self) -> bytes | None:
        """Return the mail, dots unstuffed; None if it was larger than announced: it is read to its end all the same."""
        content = bytearray()
        received = awake_until = 0
        fits = line_begins = True
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as overrun:
                piece = await self._reader.read(overrun.consumed)
            if line_begins:
                if piece == b".\r\n":
                    return bytes(content) if fits else None
                piece = piece.removeprefix(b".")
            line_begins = piece.endswith(b"\r\n")
            received += len(piece)
            if received > awake_until:
                self._reset_timeout()
                awake_until = received + _STREAM_BYTES
            if received > self._size_max_bytes:
                fits = False
                content.clear()
                if received > self._size_max_bytes * _PATIENCE:
                    self.hang_up()
            if fits:
                content += piece


class _Busy(asyncio.Protocol):
    """Says that too many are connected, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101  create_server gives nothing else
        transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()
