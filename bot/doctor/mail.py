"""The local mailbox: its folders take mails, its door greets, and mails come and are worked off."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.doctor.installation import Installation
from bot.doctor.lines import Line, age, counted, fail, ok, warn

_BOXES = ("inbox", "aside", "sent")
_PARTS = ("tmp", "new", "cur")
_TIMEOUT_S = 5.0
_WAITED_TOO_LONG_S = 300.0
_GREETED = b"220"
_DONE = b"250"


async def folders(desk: Installation) -> list[Line]:
    """Write into each folder and take it away again."""
    check, root = "mail folders", desk.mail_folder
    if not root.exists():
        return [warn(check, f"{root} is not there yet", "start the desk; it makes its folders")]
    refused = await asyncio.to_thread(_refused, [root / box / part for box in _BOXES for part in _PARTS])
    if refused:
        advice = "give the desk's user the folder (chown), or room on the disk (df -h); a restart makes missing ones"
        return [fail(check, f"{folder} cannot be written to ({why})", advice) for folder, why in refused]
    return [ok(check, f"{root} can be written to")]


async def traffic(desk: Installation) -> list[Line]:
    """Say when the last mail came, what waits and what was set aside for a person."""
    root, now_s = desk.mail_folder, desk.real_s()
    places = (root / "inbox" / "new", root / "inbox" / "cur", root / "aside" / "new")
    waiting, handled, aside = await asyncio.gather(*(asyncio.to_thread(_ages_s, place, now_s) for place in places))
    lines = []
    if waiting and max(waiting) > _WAITED_TOO_LONG_S:
        told = f"{counted(len(waiting), 'mail waits', 'mails wait')} in the inbox, the oldest for {age(max(waiting))}"
        lines.append(fail("mail", told, "is the desk running? Then look at the loop `mailbox` on /healthz/desk"))
    if aside:
        told = f"{counted(len(aside), 'mail was', 'mails were')} set aside unread, the newest {age(min(aside))} ago"
        lines.append(warn("mail", told, f"read them in {root / 'aside'}: the first header says why; then delete them"))
    seen = [*waiting, *handled]
    if not seen:
        address = desk.book.desk.support_mail
        lines.append(warn("mail", "no mail ever came", f"send one to {address} and see a ticket opened"))
    return lines or [ok("mail", f"the last mail came {age(min(seen))} ago")]


async def smtp_door(desk: Installation) -> list[Line]:
    """Say EHLO to the local SMTP door."""
    check = "mail door"
    if not desk.smtp_port:
        return [warn(check, "MAIL_SMTP_PORT is 0, so nobody knows where mails are taken in", "set MAIL_SMTP_PORT")]
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            answers = await _greet(desk.smtp_port)
    except (OSError, TimeoutError) as error:
        found = f"no SMTP door answers on 127.0.0.1:{desk.smtp_port} ({type(error).__name__})"
        return [warn(check, found, "start the desk, or look at its log; run doctor where the bot runs")]
    if not (answers[0].startswith(_GREETED) and answers[1].startswith(_DONE)):
        found = f"127.0.0.1:{desk.smtp_port} does not speak as an SMTP door"
        return [fail(check, found, "something else has the port: set MAIL_SMTP_PORT, or stop it")]
    return [ok(check, f"127.0.0.1:{desk.smtp_port} answers EHLO")]


async def _greet(port: int) -> tuple[bytes, bytes]:
    """Return what the door says first, and to EHLO."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        first, second = await reader.readline(), b""
        if first.startswith(_GREETED):
            writer.write(b"EHLO doctor.localhost\r\n")
            await writer.drain()
            second = await reader.readline()
            writer.write(b"QUIT\r\n")
    except ValueError:  # a line without an end
        return b"", b""
    else:
        return first, second
    finally:
        writer.close()


def _refused(folders: Iterable[Path]) -> list[tuple[Path, str]]:
    refused = []
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            refused.append((folder, error.strerror or type(error).__name__))
    return refused


def _ages_s(folder: Path, now_s: float) -> list[float]:
    ages = []
    for path in folder.glob("[!.]*"):
        try:
            ages.append(now_s - path.stat().st_mtime)
        except FileNotFoundError:
            continue  # it was handled in this very moment
    return ages
