"""What `python -m bot tickets receipt`, `show --proof` and `verify` do; each returns the exit code."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from bot.desk.ports import Ledger
from bot.desk.receipts import load, receipt
from bot.receipt.data import receipt_as_data
from bot.receipt.page import as_page
from bot.receipt.plain import as_text
from bot.receipt.proof import chain_in_words, proof_as_data, proof_as_text
from bot.sla.book import Book
from bot.sla.instants import Instant
from bot.text.receipts_written import write_receipt
from bot.ticket.codes import normalise
from bot.ticket.model import Language
from bot.ticket.receipt import Audience

_AT_ONCE = 200
_PROGRESS_EVERY = 100


def add_arguments(telling: argparse.ArgumentParser, verifying: argparse.ArgumentParser) -> None:
    """Say what `tickets receipt` and `tickets verify` take."""
    telling.add_argument("code", metavar="CODE", help="ticket code, as people write it")
    telling.add_argument("--lang", choices=("vi", "en"), default="vi", help="language (default vi)")
    telling.add_argument("--for", choices=("desk", "customer"), default="desk", dest="audience", help="whose edition")
    telling.add_argument("--json", action="store_true", help="as one JSON object")
    telling.add_argument("--html", type=Path, metavar="FILE", help="write a page that can be printed")
    verifying.add_argument("--all", action="store_true", help="also resolved and merged ones")


async def print_receipt(ledger: Ledger, book: Book, now: Instant, options: argparse.Namespace) -> int:
    """Do what the arguments of `tickets receipt` ask for."""
    return await tell_receipt(
        ledger,
        book,
        now,
        options.code,
        language=options.lang,
        audience=options.audience,
        as_json=options.json,
        html=options.html,
    )


async def tell_receipt(
    ledger: Ledger,
    book: Book,
    now: Instant,
    written_code: str,
    *,
    language: Language,
    audience: Audience,
    as_json: bool = False,
    html: Path | None = None,
    out: TextIO | None = None,
) -> int:
    """Print a ticket's receipt, or write it as a page; 1 if there is no such ticket or its events were changed.

    A receipt of a broken chain is no proof of anything, so none is made.
    """
    out = out or sys.stdout
    code = _code_of(written_code, book)
    loaded = await load(ledger, code)
    if loaded is None:
        return _no_ticket(code)
    if not loaded.chain.holds:
        _say(f"{code}: {chain_in_words(loaded.chain)}; there is no receipt of changed events")
        return 1
    told = await receipt(ledger, book, loaded, now, audience)
    if html is not None:
        _write(html, as_page(write_receipt(told, language)))
    if as_json:
        out.write(json.dumps(receipt_as_data(told), ensure_ascii=False, indent=2) + "\n")
    elif html is None:
        out.write(as_text(write_receipt(told, language)))
    return 0


async def tell_proof(
    ledger: Ledger, book: Book, written_code: str, *, as_json: bool = False, out: TextIO | None = None
) -> int:
    """Print what became of each page and whether the chain holds; 1 if it does not, or there is no such ticket."""
    out = out or sys.stdout
    code = _code_of(written_code, book)
    loaded = await load(ledger, code)
    if loaded is None:
        return _no_ticket(code)
    zone = book.desk.zone
    if as_json:
        out.write(json.dumps(proof_as_data(loaded, zone), ensure_ascii=False, indent=2) + "\n")
    else:
        out.write(proof_as_text(loaded, book.roster, zone))
    return 0 if loaded.chain.holds else 1


async def verify(ledger: Ledger, *, every: bool, out: TextIO | None = None) -> int:
    """Verify the chain of every open ticket, or of every ticket that there is; 1 with the list of those that break."""
    out = out or sys.stdout
    index = "tickets" if every else "open"
    total = await ledger.index_size(index)
    broken: list[str] = []
    done = events = 0
    while codes := await ledger.index(index, limit=_AT_ONCE, offset=done):
        for code in codes:
            loaded = await load(ledger, code)
            if loaded is None:
                broken.append(f"{code}: it is listed, and there is no record of it")
            else:
                events += len(loaded.chain.events)
                broken += [] if loaded.chain.holds else [f"{code}: {chain_in_words(loaded.chain)}"]
            done += 1
            if done % _PROGRESS_EVERY == 0:
                _say(f"{done} of {total} tickets")
    _tell_verified(done, events, broken, out, every=every)
    return 1 if broken else 0


def _tell_verified(tickets: int, events: int, broken: Sequence[str], out: TextIO, *, every: bool) -> None:
    which = ("" if every else "open ") + ("ticket" if tickets == 1 else "tickets")
    if broken:
        out.write("".join(f"{line}\n" for line in broken))
        _say(f"{len(broken)} of {tickets} {which} do not hold")
        return
    out.write(f"{tickets} {which}, {events} events: every chain holds\n")


def _write(path: Path, page: str) -> None:
    path.write_text(page, encoding="utf-8")
    _say(f"written to {path}")


def _code_of(written: str, book: Book) -> str:
    """Return a ticket code as people write it in the form in which it is kept."""
    return normalise(written, book.policy.codes.prefix) or written.strip().upper()


def _no_ticket(code: str) -> int:
    _say(f"there is no ticket {code}")
    return 1


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
