"""The desk's files while it runs: a good edit is live, a bad one changes nothing and is told once."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Fault, StoreAwayError
from bot.sla.instants import to_datetime
from bot.ticket.model import DeskRecord
from bot.workers.housekeeping import Housekeeping
from tests.harness.desk import DeskUnderTest, wait_until
from tests.harness.example_desk import OPERATOR_MAIL
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene

pytestmark = pytest.mark.asyncio
on_one_engine = pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)


async def edit(desk: DeskUnderTest, name: str, change: Callable[[str], str]) -> str:
    """Save one of the desk's files, changed; returns what it was."""
    path: Path = desk.folder / "config" / name
    before = path.read_text(encoding="utf-8")  # noqa: ASYNC240
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")  # noqa: ASYNC240
    return before


def faults_told(scene: Scene) -> list[str]:
    return [text for text in scene.desk.channel.texts(scene.desk_channel) if "roster.yaml" in text]


async def read_again(desk: DeskUnderTest) -> None:
    """Wait until housekeeping has looked at the files twice since now."""
    seen = [0]
    original = desk.service.telemetry.beat

    def beat(loop: str) -> None:
        seen[0] += loop == "housekeeping"
        original(loop)

    desk.service.telemetry.beat = beat  # type: ignore[method-assign]
    await wait_until(lambda: _at_least(seen, 3), "housekeeping looked at the files")
    desk.service.telemetry.beat = original  # type: ignore[method-assign]
    await desk.settle()


async def _at_least(seen: list[int], turns: int) -> bool:
    return seen[0] >= turns


@on_one_engine
async def test_a_new_engineer_is_paged_without_a_restart(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    chi = "  - id: chi.pham\n    name: Phạm Linh Chi\n    level: L2\n    team: "
    await edit(desk, "roster.yaml", lambda text: text.replace(f"{chi}software", f"{chi}teamx"))
    await read_again(desk)
    code = await scene.open_ticket()
    (page,) = scene.pages(people.l2_software)
    assert code in page.summary
    assert faults_told(scene) == []
    assert desk.sent_mails(OPERATOR_MAIL) == []


@on_one_engine
async def test_a_bad_edit_keeps_the_old_files_and_is_told_once_to_desk_and_operator(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    before = await edit(desk, "roster.yaml", lambda text: text.replace("level: L3", "level: L9"))
    await read_again(desk)
    await read_again(desk)
    (told,) = faults_told(scene)
    assert "L9" in told
    (mail,) = desk.sent_mails(OPERATOR_MAIL)
    assert "roster.yaml" in mail.text
    assert await scene.open_ticket()
    await desk.fast_forward(minutes=16)
    assert len(scene.pages(people.l3)) == 1
    (desk.folder / "config" / "roster.yaml").write_text(before, encoding="utf-8")
    await read_again(desk)
    assert len(faults_told(scene)) == 1
    assert len(desk.sent_mails(OPERATOR_MAIL)) == 1


async def test_faults_that_could_not_be_told_because_the_store_was_away_are_told_afterwards() -> None:
    desk = _DeskOfAlerts()
    files = _FilesChangedOnce([Fault("roster.yaml", 3, "no such level", fatal=True)])
    housekeeping = Housekeeping(desk, files, lambda fatal, other: None, [])  # type: ignore[arg-type]
    with pytest.raises(StoreAwayError):
        await housekeeping.turn()
    assert desk.told == []
    for _ in range(3):
        await housekeeping.turn()
    assert len(desk.told) == 1


class _DeskOfAlerts:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.away = True
        self.clock = self

    def now(self) -> int:
        return 0

    async def desk_record(self) -> DeskRecord:
        if self.away:
            self.away = False
            raise StoreAwayError("gone")
        return DeskRecord()

    async def alert_operator(self, what: str, *_: Any, **__: Any) -> None:
        self.told.append(what)


class _FilesChangedOnce:
    def __init__(self, faults: list[Fault]) -> None:
        self._faults: list[Fault] | None = faults

    async def check(self) -> list[Fault] | None:
        faults, self._faults = self._faults, None
        return faults


@on_one_engine
async def test_a_corrected_calendar_reaches_open_tickets_at_once(scene: Scene) -> None:
    """A day that was marked as Tết by mistake: what is due without it is paged without anybody touching the ticket."""
    desk = scene.desk
    today = to_datetime(desk.service.clock.now()).astimezone(desk.service.desk.books.book().desk.zone).date()
    days = [today + timedelta(days=n) for n in range(3)]
    line = "\n  - {{ date: {day}, kind: tet, name: {{ vi: nhầm, en: wrong }}, source: thử }}"
    wrong = "".join(line.format(day=day) for day in days)
    name = f"calendars/{today.year}.yaml"
    before = await edit(desk, name, lambda text: text.replace("\ndays:", f"\ndays:{wrong}", 1))
    await read_again(desk)
    code = await scene.open_ticket()
    await desk.fast_forward(minutes=20)
    assert not scene.pages(desk.people.l3), "the clock stands"
    await edit(desk, name, lambda _: before)
    await read_again(desk)
    assert len(await desk.events(code, "calendar_corrected")) == 1
    assert len(scene.pages(desk.people.l3)) == 1
