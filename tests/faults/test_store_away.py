"""The store is killed and comes back while two replicas run: nothing that arrived meanwhile is lost or misdated."""

import json

import aiohttp
import pytest

from bot.desk.ports import RecordKey
from bot.sla.instants import MINUTE
from bot.ticket.model import Event, Ticket
from tests.faults.stage import Run, fresh_run, standing_stage
from tests.harness.desk import wait_until
from tests.harness.servers import ENGINES, Engine
from tests.rules.ladder import at

pytestmark = pytest.mark.asyncio
START = at("2026-03-09 10:00")


@pytest.mark.parametrize("engine", ENGINES)
async def test_what_arrives_while_the_store_is_away_is_handled_afterwards_as_of_its_arrival(engine: Engine) -> None:
    async with (
        standing_stage(engine, durable=True) as stage,
        fresh_run(stage, START, None, "before delivery") as run,
    ):
        channel, people, server = stage.channel, stage.people, stage.server
        customer = people.customer.people[0]
        await run.write_mail(customer, "[P1] Tổng đài không gọi được", "Cả team 25 kênh không gọi ra được.")
        await run.travel(to_minute=0)
        before, _ = await run.ticket()

        server.kill()
        await _until_status(run, "/readyz", 503)
        run.clock.move_to(START + 3 * MINUTE)
        chat = channel.personal(stage.persona(customer))
        posted = await channel.message(stage.persona(customer), chat, f"mã ticket {before.code} vẫn chưa gọi được")
        assert posted.status == 200
        (kept,) = (run.folder / "inbox").glob("*.json")
        assert json.loads(kept.read_bytes())["arrived_at"] == START + 3 * MINUTE
        run.clock.move_to(START + 4 * MINUTE)
        await run.write_mail(customer, "[P2] Voicemail không gửi", "Voicemail không về mail từ sáng nay.")
        assert len(list((run.folder / "mail" / "inbox" / "new").iterdir())) == 1
        run.clock.move_to(START + 16 * MINUTE)
        assert await _statuses(run, "/healthz") == [200, 200]
        assert await _statuses(run, "/readyz") == [503, 503]
        asked = len(channel.sent)

        server.start()
        await _until_status(run, "/readyz", 200)
        await _until_gone(run)
        await run.settle()

        assert not any(replica.has_ended() for replica in run.replicas.values())
        ticket, events = await _ticket(run, before.code)
        assert ticket.notice_at == START + 3 * MINUTE
        assert [thread.chat.conversation for thread in ticket.threads] == [chat.id]
        (other_code,) = set(await stage.ledger.index("tickets", limit=10)) - {before.code}
        other, _ = await _ticket(run, other_code)
        assert other.mail_at == START + 4 * MINUTE
        paged = [(event.data["level"], sorted(event.data["contacts"])) for event in events if event.kind == "paged"]  # type: ignore[call-overload]
        assert ("L3", [people.l3.id]) in paged
        chats = {sent.conversation for sent in channel.sent[asked:] if sent.method == "POST" and sent.status == 201}
        assert {stage.places[person.id].id for person in (people.l2, people.l2_second, people.l3)} <= chats
        assert ticket.pending == ()
        assert await stage.ledger.dead_letters() == []
        assert not list((run.folder / "inbox").glob("**/*.json"))


async def _ticket(run: Run, code: str) -> tuple[Ticket, list[Event]]:
    key = RecordKey("ticket", code)
    stored = await run.stage.ledger.read(key)
    assert stored is not None
    events = [Event.model_validate_json(body) for body in await run.stage.ledger.events(key)]
    return Ticket.model_validate_json(stored.body), events


async def _statuses(run: Run, path: str) -> list[int]:
    found = []
    async with aiohttp.ClientSession() as session:
        for replica in run.replicas.values():
            async with session.get(f"http://127.0.0.1:{replica.port}{path}") as answer:
                found.append(answer.status)
    return found


async def _until_status(run: Run, path: str, status: int) -> None:
    async def all_say_it() -> bool:
        return set(await _statuses(run, path)) == {status}

    await wait_until(all_say_it, f"{path} of every replica is {status}")


async def _until_gone(run: Run) -> None:
    """Wait until both inboxes are empty."""

    async def empty() -> bool:
        letters = list((run.folder / "mail" / "inbox" / "new").iterdir())
        return not letters and not list((run.folder / "inbox").glob("*.json"))

    await wait_until(empty, "what was kept is handed on")
