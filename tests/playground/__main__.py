"""`./run playground`: two Teams-like clients in front of a desk of example people, until Ctrl-C."""

import argparse
import asyncio
import contextlib
import math
import signal
import sys
from collections.abc import Sequence

from tests.playground.client import BOT_NAME, Playground
from tests.playground.installed import LackingError
from tests.playground.mail import CUSTOMER
from tests.playground.stage import Stage, Ticket, eventually, running_stage

OPEN = """
Trực Ban in the Microsoft 365 Agents Playground: on this machine alone, with invented people and temporary data.

Open both pages:
  engineer   {engineer}   {engineer_name}, Level 2, on duty
  customer   {customer}   {customer_name}, of {company}

Waiting for the engineer's page; then the customer mails and a ticket is opened. Ctrl-C stops everything.
"""
TYPE = """
{customer_name} has mailed: P1 ticket {code} is open. {engineer_name} is paged in the personal chat and in the
channel General, which is the desk's own; the channel "{second}" gets the managers' alerts.

Try this:
  1. Customer, personal chat: type      cho em hỏi {code}
     or in the channel General: type @, choose {bot}, then      mã ticket {code} vẫn chưa gọi được
     In the channel "{shared}", which others can read, the same shows state and deadline only.
  2. Engineer: press "Nhận xử lý" on the card. It changes in place; the customer's card says "Đang xử lý".
  3. Answer the customer by mail, as the engineer, from another terminal; it appears in the customer's chat:
       {answer}
  4. Customer: write back in the personal chat. The mail of it is in
       {sent}
  5. Open one more ticket by mail:
       {mail}

The Playground hands over a channel's message only if it mentions the bot; Teams hands over every one.
The bot's log: {log}
"""
ASK = ".venv/bin/python -m tests.playground.mail --port {port}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run playground", description=__doc__)
    parser.add_argument("--english", action="store_true", help="the people's Teams is in English")
    options = parser.parse_args(arguments)
    try:
        return asyncio.run(_play(locale="en-US" if options.english else "vi-VN"))
    except LackingError as error:
        print(error, file=sys.stderr)
        return 1


async def _play(*, locale: str) -> int:
    """Run until a signal comes; one that comes while everything is still starting ends the start."""
    playing = asyncio.create_task(_show(locale))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await playing
    print("Stopped; nothing is left behind.")
    return 0


async def _show(locale: str) -> None:
    print("Starting the Playground, an embedded Valkey and the bot …", flush=True)
    async with running_stage(locale=locale) as stage:
        print(OPEN.format(**_names(stage)), flush=True)
        await eventually(lambda: _is_open(stage.engineer, stage), "the engineer's page", within_s=math.inf)
        ticket = await stage.open_ticket(sender=CUSTOMER)
        print(TYPE.format(**_names(stage), **_typed(stage, ticket)), flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            print("\nStopping …", flush=True)


def _is_open(playground: Playground, stage: Stage) -> bool:
    """Return whether somebody has opened a page: it installs the bot in the personal chat."""
    return any(activity["conversation"]["id"] == playground.personal for activity in stage.relay.activities)


def _names(stage: Stage) -> dict[str, str]:
    return {
        "customer": stage.customer.url,
        "customer_name": stage.customer.me.name,
        "company": stage.people.customer.name,
        "engineer": stage.engineer.url,
        "engineer_name": stage.engineer.me.name,
    }


def _typed(stage: Stage, ticket: Ticket) -> dict[str, str]:
    ask = ASK.format(port=stage.smtp_port)
    return {
        "code": ticket.code,
        "bot": BOT_NAME,
        "second": stage.engineer.team.second_name,
        "shared": stage.customer.team.second_name,
        "mail": f'{ask} --subject "[P2] Cuộc gọi chập chờn"',
        "answer": f"{ask} --answers '{ticket.message_id}' --text 'Em đã khởi động lại trunk, chị thử lại giúp em.'",
        "sent": str(stage.folder / "data" / "mail" / "sent" / "new"),
        "log": str(stage.bot_log),
    }


if __name__ == "__main__":
    sys.exit(main())
