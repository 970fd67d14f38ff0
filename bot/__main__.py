"""The command line: `python -m bot run | check-config | schema | doctor | tickets | due | simulate | report`."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from bot.config.check import check_config
from bot.config.load import load_book
from bot.config.schema import MODELS, print_schema
from bot.desk.ports import RecordKey
from bot.doctor.examine import examine
from bot.doctor.lines import worst
from bot.errors import ConfigError, StoreAwayError
from bot.receipt import commands as receipts
from bot.rehearsal import commands as rehearsal
from bot.rehearsal.scenario import Scenario
from bot.report.command import add_arguments, print_report
from bot.settings import Settings, read_settings
from bot.sla.book import Book
from bot.sla.instants import to_datetime
from bot.store.redis_store import RedisLedger
from bot.telemetry import configure_logging
from bot.ticket.codes import normalise
from bot.ticket.model import Event, Ticket
from bot.wiring import StoreClock, channels_of, installation, open_store, run

_LIST_MAX = 200
_SCHEMAS: Mapping[str, type[BaseModel]] = {**MODELS, "scenario": Scenario}
"""By the name for `schema`: the desk's files and what `simulate` plays."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 1 failed, 2 the configuration or the call is wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        settings = read_settings()
        configure_logging(settings.log_level)
        return int(options.call(options, settings))
    except ConfigError as error:
        print(error, file=sys.stderr)
        print(f"{len(error.faults)} fault(s); nothing was started", file=sys.stderr)
        return 2
    except StoreAwayError as error:
        print(f"the store does not answer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell says it
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Trực Ban, the support desk's officer on duty.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    starting = commands.add_parser("run", help="run the desk until it is stopped")
    starting.add_argument("--role", choices=("all", "web", "worker"), default="all", help="which part to run")
    starting.set_defaults(call=_run)
    checking = commands.add_parser("check-config", help="prove the desk's files; exit 2 if the desk could not start")
    checking.add_argument("--config", type=Path, help="folder of the files (default: DESK_CONFIG)")
    day = "first of the 366 days in which every page is to reach somebody (default: today)"
    checking.add_argument("--from", dest="first_day", type=date.fromisoformat, metavar="YYYY-MM-DD", help=day)
    checking.add_argument("--json", action="store_true", help="as one JSON object")
    checking.set_defaults(call=_check)
    describing = commands.add_parser("schema", help="print what may be written in a file, as a JSON schema")
    describing.add_argument("name", nargs="?", choices=sorted(_SCHEMAS), help="which; without it they are listed")
    describing.set_defaults(call=lambda options, _: print_schema(options.name, _SCHEMAS))
    examining = commands.add_parser("doctor", help="look at everything the desk needs; exit 1 if something fails")
    examining.add_argument("--url", default="", help="public address that Teams is to call, https://…")
    examining.add_argument("--json", action="store_true", help="as one JSON object")
    examining.set_defaults(call=_doctor)
    tickets = commands.add_parser("tickets", help="look at tickets").add_subparsers(required=True, metavar="WHAT")
    listing = tickets.add_parser("list", help="list tickets, newest first")
    listing.add_argument("--all", action="store_true", help="also resolved ones")
    listing.add_argument("--limit", type=int, default=50, help=f"how many at most (default 50, up to {_LIST_MAX})")
    listing.add_argument("--json", action="store_true", help="as JSON lines")
    listing.set_defaults(call=_list)
    showing = tickets.add_parser("show", help="show one ticket with its events")
    showing.add_argument("code", metavar="CODE", help="ticket code, as people write it")
    showing.add_argument("--json", action="store_true", help="as one JSON object")
    showing.add_argument("--proof", action="store_true", help="what became of each page; exit 1 if events were changed")
    showing.set_defaults(call=_show)
    telling = tickets.add_parser("receipt", help="account for every minute of a ticket's clock")
    telling.set_defaults(call=_receipt)
    verifying = tickets.add_parser("verify", help="prove that no event was changed; exit 1 with the list of tickets")
    verifying.set_defaults(call=_verify)
    receipts.add_arguments(telling, verifying)
    asking = commands.add_parser("due", help="when a ticket would be due, and whom its ladder pages until then")
    rehearsal.add_due_arguments(asking)
    asking.set_defaults(call=lambda options, settings: rehearsal.due(options, settings.desk_config))
    playing = commands.add_parser("simulate", help="play a scenario against the desk's files; exit 1 if it differs")
    rehearsal.add_simulate_arguments(playing)
    playing.set_defaults(call=lambda options, settings: rehearsal.simulate(options, settings.desk_config))
    reporting = commands.add_parser("report", help="uptime, credits and deadlines of a month, customer by customer")
    add_arguments(reporting)
    reporting.set_defaults(call=_report)
    return parser


def _run(options: argparse.Namespace, settings: Settings) -> int:
    book, _ = load_book(settings.desk_config, channels_of(settings))
    asyncio.run(run(settings, book.desk.id, role=options.role))
    return 0


def _check(options: argparse.Namespace, settings: Settings) -> int:
    first_day = options.first_day or datetime.now().astimezone().date()  # noqa: TID251  the operator's today
    folder, channels = options.config or settings.desk_config, channels_of(settings)
    return check_config(folder, channels, first_day, as_json=options.json)


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    return asyncio.run(_with_ledger(settings, lambda ledger, _: _examine(ledger, settings, options)))


def _list(options: argparse.Namespace, settings: Settings) -> int:
    return asyncio.run(_with_ledger(settings, lambda ledger, book: _print_list(ledger, book, options)))


def _show(options: argparse.Namespace, settings: Settings) -> int:
    return asyncio.run(_with_ledger(settings, lambda ledger, book: _print_ticket(ledger, book, options)))


def _receipt(options: argparse.Namespace, settings: Settings) -> int:
    async def work(ledger: RedisLedger, book: Book) -> int:
        clock = StoreClock(speed=settings.desk_speed)
        await clock.sync(ledger)
        return await receipts.print_receipt(ledger, book, clock.now(), options)

    return asyncio.run(_with_ledger(settings, work))


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    return asyncio.run(_with_ledger(settings, lambda ledger, _: receipts.verify(ledger, every=options.all)))


def _report(options: argparse.Namespace, settings: Settings) -> int:
    async def work(ledger: RedisLedger, book: Book) -> int:
        clock = StoreClock(speed=settings.desk_speed)
        await clock.sync(ledger)
        return await print_report(ledger, book, clock, options)

    return asyncio.run(_with_ledger(settings, work))


async def _with_ledger(settings: Settings, work: Callable[[RedisLedger, Book], Awaitable[int]]) -> int:
    book, _ = load_book(settings.desk_config, channels_of(settings))
    async with open_store(settings, book.desk.id, attach=True) as store:
        return await work(store.ledger, book)


async def _examine(ledger: RedisLedger, settings: Settings, options: argparse.Namespace) -> int:
    async with installation(settings, ledger, public_url=options.url) as desk:
        lines = await examine(desk)
    status = worst(lines)
    if options.json:
        told = {"status": status, "lines": [asdict(line) for line in lines]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        print(*lines, sep="\n")
    return 1 if status == "fail" else 0


async def _print_list(ledger: RedisLedger, book: Book, options: argparse.Namespace) -> int:
    zone = book.desk.zone
    limit = max(1, min(options.limit, _LIST_MAX))
    codes = await ledger.index("tickets" if options.all else "open", newest_first=True, limit=limit)
    for stored in await ledger.read_many([RecordKey("ticket", code) for code in codes]):
        if stored is None:
            continue
        ticket = Ticket.model_validate_json(stored.body)
        if options.json:
            print(ticket.model_dump_json())
            continue
        holder = ticket.ack.name if ticket.ack is not None else "-"
        opened = _written(ticket.opened_at, zone)
        row = (ticket.code, ticket.priority, f"{ticket.state:<8}", opened, ticket.customer, holder, ticket.subject)
        print("  ".join(row))
    if not codes and not options.json:
        print("no tickets" if options.all else "no open tickets; --all lists resolved ones too")
    return 0


async def _print_ticket(ledger: RedisLedger, book: Book, options: argparse.Namespace) -> int:
    if options.proof:
        return await receipts.tell_proof(ledger, book, options.code, as_json=options.json)
    zone, prefix = book.desk.zone, book.policy.codes.prefix
    code = normalise(options.code, prefix) or options.code.strip().upper()
    stored = await ledger.read(RecordKey("ticket", code))
    if stored is None:
        print(f"there is no ticket {code}", file=sys.stderr)
        return 1
    ticket = Ticket.model_validate_json(stored.body)
    events = [Event.model_validate_json(body) for body in await ledger.events(RecordKey("ticket", code))]
    if options.json:
        shown = ticket.model_dump(mode="json") | {"events": [event.model_dump(mode="json") for event in events]}
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return 0
    print(f"{ticket.code}  {ticket.priority}{' (provisional)' if ticket.provisional else ''}  {ticket.state}")
    print(f"  {ticket.subject}")
    print(f"  customer {ticket.customer}, team {ticket.team}, opened {_written(ticket.opened_at, zone)}")
    for event in events:
        details = "  ".join(f"{name}={_detail(name, value, zone)}" for name, value in event.data.items())
        print(f"  {event.n:>4}  {_written(event.at, zone)}  {event.kind:<14} {event.by}  {details}".rstrip())
    return 0


def _written(at: int, zone: ZoneInfo) -> str:
    local: datetime = to_datetime(at).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}"


def _detail(name: str, value: object, zone: ZoneInfo) -> str:
    return _written(value, zone) if name.endswith("_at") and isinstance(value, int) else _short(value)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004  a terminal's width


if __name__ == "__main__":
    sys.exit(main())
