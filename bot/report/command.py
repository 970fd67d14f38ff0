"""`python -m bot report`: prints a month of one customer, or of all."""

import argparse
import json
import sys
from dataclasses import dataclass
from typing import TextIO

from bot.desk.handle import Desk
from bot.desk.ports import Clock, Ledger
from bot.report.as_data import as_data
from bot.report.gather import gather
from bot.report.written import written
from bot.sla.book import Book
from bot.sla.credits import Month
from bot.sla.instants import Instant


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command understands."""
    parser.add_argument("--month", required=True, help="calendar month in the desk's time zone, like 2026-03")
    parser.add_argument("--customer", default="", metavar="ID", help="only this customer (default: all)")
    parser.add_argument("--lang", choices=("vi", "en"), default="vi", help="language of the text (default: vi)")
    parser.add_argument("--json", action="store_true", help="as one JSON object, with every figure's tickets")


async def print_report(
    ledger: Ledger, book: Book, clock: Clock, options: argparse.Namespace, *, out: TextIO | None = None
) -> int:
    """Print the report; returns the exit code: 0 printed, 2 the call is wrong. Raises StoreAwayError."""
    out = out or sys.stdout
    now = clock.now()
    try:
        month = Month.parse(options.month)
    except ValueError as error:
        return _refuse(str(error))
    if month.window(book.desk.zone)[0] > now:
        return _refuse(f"{month} has not begun")
    customers = [one for one in book.customers.customers if options.customer in ("", one.id)]
    if options.customer and not customers:
        return _refuse(f"there is no customer {options.customer!r} in customers.yaml")
    desk = Desk(ledger, _Book(book), _Stopped(now), lambda: None)
    months = await gather(desk, customers, month)
    if options.json:
        told = {"month": str(month), "customers": [as_data(figures) for figures in months]}
        out.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        out.write("\n\n\n".join(written(figures, options.lang) for figures in months) + "\n")
    return 0


def _refuse(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


@dataclass(frozen=True)
class _Book:
    """Implements `desk.ports.BookSource`: the files as they were read for this report."""

    read: Book

    def book(self) -> Book:
        return self.read


@dataclass(frozen=True)
class _Stopped:
    """Implements `desk.ports.Clock`: all figures of a report are of one moment."""

    at: Instant

    def now(self) -> Instant:
        return self.at
