"""The Teams room alone, served over real HTTP with authentication on; the desk behind it is a notebook."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.cards.views import BreachView, Button, PageView, StatusView
from bot.desk.arrivals import Arrival, Incoming, MembersChanged, ShowMessage, Tap, TapAnswer
from bot.errors import Refused
from bot.sla.instants import Instant
from bot.teams.actions import TapActions
from bot.teams.adapter import TeamsAdapter
from bot.teams.door import TeamsDoor
from bot.teams.inbox import Inbox
from bot.teams.key_cache import KeyCache
from bot.teams.routes import Entrance, add_routes
from bot.teams.verify import Verifier
from bot.ticket.effects import Bulletin, Card, Mirror
from bot.ticket.model import Language
from tests.harness.local_channel import LocalChannel

ARRIVED_AT: Instant = 1_763_971_200_000


@dataclass
class Notebook:
    """A desk that writes down what arrives. `trouble` is raised instead, as long as it is set."""

    arrivals: list[Arrival] = field(default_factory=list)
    trouble: BaseException | None = None
    answer: TapAnswer = ShowMessage(Refused("not_allowed"), "vi")  # noqa: RUF009  frozen
    before_answer: Callable[[], Any] | None = None

    async def incoming(self, incoming: Incoming) -> str:
        return await self._write(incoming)

    async def members_changed(self, change: MembersChanged) -> str:
        return await self._write(change)

    async def tap(self, tap: Tap) -> TapAnswer:
        await self._write(tap)
        return self.answer

    async def _write(self, arrival: Arrival) -> str:
        if self.before_answer is not None:
            await self.before_answer()
        if self.trouble is not None:
            raise self.trouble
        self.arrivals.append(arrival)
        return "noted"


class PlainDrawing:
    """Cards and words that show what they were made of."""

    def card(self, view: StatusView | PageView | BreachView, language: Language, *, private: bool) -> dict[str, object]:
        words = f"{view.code} {type(view).__name__} {language} {'private' if private else 'shared'}"
        body = [{"type": "TextBlock", "text": words}]
        if isinstance(view, PageView):
            body += [{"type": "TextBlock", "text": f"<at>{name}</at>"} for name, _ in view.mentions]
        return {"type": "AdaptiveCard", "version": "1.5", "body": body}

    def summary(self, view: StatusView | PageView | BreachView, language: Language) -> str:
        return f"{view.code} {language}"

    def say(self, language: Language, phrase: str, values: dict[str, str]) -> str:
        return f"{phrase} {language} {sorted(values.items())}"

    def refusal(self, language: Language, refused: Refused) -> str:
        return f"{refused.reason} {language}"

    def mirror(self, language: Language, effect: Mirror) -> str:
        return f"{effect.author}: {effect.text}"

    def digest(self, language: Language, bulletin: Bulletin) -> tuple[dict[str, object], str]:
        body = [{"type": "TextBlock", "text": f"{section.name} {section.count}"} for section in bulletin.sections]
        return {"type": "AdaptiveCard", "version": "1.5", "body": body}, f"digest {language}"


@dataclass
class ShownViews:
    """What the desk would show for any card; None: no longer wanted."""

    shown: tuple[StatusView | PageView | BreachView, int, str | None] | None

    async def card_view(self, effect: Card) -> tuple[StatusView | PageView | BreachView, int, str | None] | None:
        return self.shown


@dataclass
class SteppedClock:
    """Desk time that moves when told."""

    instant: Instant = ARRIVED_AT

    def now(self) -> Instant:
        return self.instant


@dataclass
class Edge:
    """The running Teams room."""

    entrance: Entrance
    inbox: Inbox
    keys: KeyCache
    desk: Notebook
    clock: SteppedClock
    counted: Counter[tuple[str, str]]
    tenants: set[str]

    def only(self) -> Any:
        """Return the one thing that arrived."""
        assert len(self.desk.arrivals) == 1, self.desk.arrivals
        return self.desk.arrivals[0]


@asynccontextmanager
async def teams_edge(
    channel: LocalChannel,
    folder: Path,
    *,
    keys: KeyCache | None = None,
    entries_max: int = 100,
    turn_timeout_s: float = 8,
    tap_timeout_s: float = 6,
) -> AsyncIterator[Edge]:
    """Serve the room on a free port and point the channel at it."""
    desk, clock, counted, tenants = Notebook(), SteppedClock(), Counter[tuple[str, str]](), {channel.tenant}

    def count(name: str, label: str) -> None:
        counted[name, label] += 1

    keys = keys or KeyCache(channel.metadata_url, allow_loopback_http=True)
    inbox = Inbox(folder, entries_max=entries_max)
    entrance = Entrance(
        verifier=Verifier(keys, app_id=channel.app_id, issuer=channel.issuer),
        adapter=TeamsAdapter(),
        door=TeamsDoor(desk, TapActions(desk, PlainDrawing(), count, timeout_s=tap_timeout_s), count),
        inbox=inbox,
        clock=clock,
        count=count,
        allowed_tenants=lambda: frozenset(tenants),
        allow_loopback_http=True,
        turn_timeout_s=turn_timeout_s,
    )
    app = web.Application()
    add_routes(app, entrance)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    channel.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield Edge(entrance, inbox, keys, desk, clock, counted, tenants)
    finally:
        await runner.cleanup()
        await keys.close()


def status_view(code: str = "3CX-7Q4M2K") -> StatusView:
    """Return a customer's card in a shared channel."""
    return StatusView(
        code=code,
        priority="P2",
        priority_title={"vi": "Chập chờn", "en": "Unstable"},
        provisional=True,
        state="received",
        received_at=ARRIVED_AT,
        due_at=ARRIVED_AT + 5_400_000,
        resolved_at=None,
        last_answer_at=None,
        details=None,
        support_phone="028 7303 9666",
        now=ARRIVED_AT,
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        button=Button(ticket=code, slot="status:1", version=3, nonce="n"),
    )


def page_view(*mentions: tuple[str, str | None], code: str = "3CX-7Q4M2K") -> PageView:
    """Return an engineer's card that names people."""
    return PageView(
        code=code,
        kind="step",
        level="L2",
        priority="P1",
        priority_title={"vi": "Tê liệt", "en": "Down"},
        priorities={},
        provisional=False,
        state="received",
        company="Công ty Mẫu",
        contract_number="1",
        fqdn="pbx.example.com",
        requester="An",
        subject="Không gọi được",
        excerpt="",
        received_at=ARRIVED_AT,
        due_at=ARRIVED_AT + 1_800_000,
        left=1_800_000,
        used_percent=0,
        holder="",
        ack_until=None,
        breached=False,
        waiting_for="",
        resolution="",
        resolved_at=None,
        chat_linked=False,
        notice_at=None,
        mentions=mentions,
        now=ARRIVED_AT,
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        button=Button(ticket=code, slot="page:1", version=3, nonce="n"),
    )
