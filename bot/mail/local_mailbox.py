"""The embedded mailbox: Maildirs on local disk. A mail is in one place or the other after any crash, never in none."""

import asyncio
import hashlib
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.desk.ports import Clock, Letter
from bot.errors import DeliveryError
from bot.mail.charsets import one_line

_RECEIVED = b"X-Desk-Received"
_RECIPIENTS = b"X-Desk-Recipients"
_RETURN_PATH = b"Return-Path"
_OURS = re.compile(rb"(?:x-desk-[^:\s]*|return-path)\s*:", re.IGNORECASE)
_BATCH_LETTERS = 50
_BATCH_BYTES = 64 * 1024 * 1024


class LocalMailbox:
    """A `Mailbox` on Maildirs: `inbox` (new: waiting, cur: done), `aside` and `sent`.

    Received time and envelope stand in headers that only this class writes, so they survive a restart.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._count = itertools.count()
        self._sending = asyncio.Lock()
        for box in ("inbox", "aside", "sent"):
            for part in ("tmp", "new", "cur"):
                (folder / box / part).mkdir(parents=True, exist_ok=True)

    async def deliver(self, raw: bytes, *, envelope_from: str, envelope_to: Sequence[str]) -> str:
        """Take a mail in; returns its letter id once it is on the disk. Raises OSError."""
        received_at = self._clock.now()
        name = f"{received_at:015d}.{next(self._count):08d}.{os.urandom(6).hex()}"
        head = b"".join(
            b"%s: %s\n" % (key, one_line(value).encode("utf-8"))
            for key, value in (
                (_RETURN_PATH, envelope_from or "<>"),
                (_RECEIVED, str(received_at)),
                (_RECIPIENTS, " ".join(one_line(address) for address in envelope_to)),
            )
        )
        await asyncio.to_thread(_place, self._folder / "inbox", name, [head, _without_ours(raw)])
        return name

    async def waiting(self) -> list[Letter]:
        """Return the oldest mails not yet done, at most 50 or 64 MB at once (one at least)."""
        return await asyncio.to_thread(self._read_waiting)

    async def done(self, letter: Letter) -> None:
        """Mark a mail as handled (Maildir's seen); doing it twice is harmless."""
        await asyncio.to_thread(self._mark_done, letter.id)

    async def set_aside(self, letter: Letter, reason: str) -> None:
        """Move a mail into `aside`, with the reason as its first header."""
        await asyncio.to_thread(self._move_aside, letter.id, reason)

    async def was_sent(self, message_id: str) -> bool:
        """Return whether a mail with this Message-ID is in `sent`."""
        return await asyncio.to_thread(self._is_in_sent, _sent_name(message_id))

    async def send(self, message: bytes, *, message_id: str, sender: str, recipients: Sequence[str]) -> None:
        """Put a mail into `sent` unless it is there. Raises DeliveryError."""
        if not sender or not recipients:
            raise DeliveryError("a mail needs a sender and a recipient", permanent=True)
        name = _sent_name(message_id)
        async with self._sending:
            try:
                if not await asyncio.to_thread(self._is_in_sent, name):
                    await asyncio.to_thread(_place, self._folder / "sent", name, [message])
            except OSError as error:
                raise DeliveryError(f"the mail folder refused a mail: {error.strerror}") from error

    def _read_waiting(self) -> list[Letter]:
        letters: list[Letter] = []
        size = 0
        for path in _oldest_first(self._folder / "inbox" / "new"):
            try:
                letter = _letter(path)
            except FileNotFoundError:
                continue  # another worker was faster
            size += len(letter.raw)
            if letters and size > _BATCH_BYTES:
                break
            letters.append(letter)
            if len(letters) >= _BATCH_LETTERS:
                break
        return letters

    def _mark_done(self, name: str) -> None:
        inbox = self._folder / "inbox"
        try:
            (inbox / "new" / name).rename(inbox / "cur" / f"{name}:2,S")
        except FileNotFoundError:
            return
        _sync_folder(inbox / "cur")
        _sync_folder(inbox / "new")

    def _move_aside(self, name: str, reason: str) -> None:
        path = self._folder / "inbox" / "new" / name
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return
        head = b"X-Desk-Aside: %s\n" % one_line(reason)[:300].encode("utf-8")
        _place(self._folder / "aside", name, [head, stored])
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def _is_in_sent(self, name: str) -> bool:
        sent = self._folder / "sent"
        if (sent / "new" / name).exists():
            return True
        # a mail program that read it moved it to cur and added flags to its name
        with os.scandir(sent / "cur") as entries:
            return any(entry.name.partition(":")[0] == name for entry in entries)


def _place(box: Path, name: str, pieces: list[bytes]) -> None:
    """Write a file into a Maildir so that it is there whole, on the disk, or not at all."""
    draft = box / "tmp" / f"{name}.{os.urandom(4).hex()}"
    try:
        with draft.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(box / "new" / name)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(box / "new")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _oldest_first(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_file() and not entry.name.startswith("."))
    return (folder / name for name in names)


def _letter(path: Path) -> Letter:
    stored = path.read_bytes()
    ours: dict[bytes, str] = {}
    for expected in (_RETURN_PATH, _RECEIVED, _RECIPIENTS):
        line, end, rest = stored.partition(b"\n")
        if not end or not line.startswith(expected + b": "):
            break
        ours[expected] = line[len(expected) + 2 :].decode("utf-8", "replace")
        stored = rest
    received = ours.get(_RECEIVED, "")
    # a mail that another program put here carries no time of ours: the file's is the nearest truth
    received_at = int(received) if received.isdigit() else path.stat().st_mtime_ns // 1_000_000
    return Letter(
        id=path.name,
        raw=stored,
        received_at=received_at,
        envelope_from=ours.get(_RETURN_PATH, ""),
        envelope_to=tuple(ours.get(_RECIPIENTS, "").split()),
    )


def _without_ours(raw: bytes) -> bytes:
    """Return a mail without headers of the names that only this mailbox may write."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    if not gap:
        head, gap, body = raw.partition(b"\n\n")
    kept: list[bytes] = []
    dropping = False
    for line in head.splitlines(keepends=True):
        if line[:1] not in {b" ", b"\t"}:
            dropping = _OURS.match(line) is not None
        if not dropping:
            kept.append(line)
    cleaned = b"".join(kept)
    return (cleaned if kept else b"") + gap + body


def _sent_name(message_id: str) -> str:
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]
