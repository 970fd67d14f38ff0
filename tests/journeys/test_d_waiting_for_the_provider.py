"""Journey D: the desk waits for the trunk provider, is reminded to ask, goes on; the receipt shows every minute."""

import asyncio
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.desk.ports import RecordKey
from bot.desk.receipts import load
from bot.receipt.commands import tell_proof, tell_receipt, verify
from bot.sla.instants import MINUTE, SECOND
from bot.ticket.model import Event
from tests.harness.channel_connector import Standing
from tests.journeys.conftest import MONDAY_MORNING
from tests.journeys.scene import Scene
from tests.journeys.test_c_acknowledged_from_the_card import press, shown
from tests.journeys.test_command_line import Shell, mailed_ticket

pytestmark = pytest.mark.asyncio

REFERENCE = "VT-20260309-0417"


def latest(scene: Scene) -> Standing:
    """Return the newest card of the engineer who has the ticket."""
    return scene.pages(scene.desk.people.l2)[-1]


async def act(scene: Scene, verb: str, **data: object) -> dict[str, object]:
    """Press a button of the engineer's newest card."""
    return await press(scene, scene.desk.people.l2, latest(scene), verb, data)


async def waited(scene: Scene) -> str:
    """Have a P1 of 10:00 wait for the provider from 10:09 to 10:37 and end at 10:44; returns its code."""
    desk = scene.desk
    code = await scene.open_ticket()
    await desk.fast_forward(minutes=4)
    await act(scene, "acknowledge")
    await desk.fast_forward(minutes=5)
    asked: dict[str, object] = {"reason": "third_party", "note": "Số riêng của nhà mạng", "reference": REFERENCE}
    foreseen = await act(scene, "pause", **asked)
    assert (await desk.ticket(code)).pauses == (), "nothing is done before it is confirmed"
    assert "10:30" in shown(foreseen["value"])  # type: ignore[arg-type]
    await act(scene, "pause", confirmed="true", **asked)
    await desk.fast_forward(minutes=17)
    await act(scene, "chase", pause="1", note="Họ hẹn mười phút nữa")
    await desk.fast_forward(minutes=11)
    await act(scene, "resume")
    await desk.fast_forward(minutes=7)
    await act(scene, "resolve", note="Đã đổi đường truyền.", called="chị Mẫu")
    return code


async def told(scene: Scene, code: str, **options: Any) -> tuple[int, str]:
    """Return the exit code and the output of `tickets receipt`."""
    out = io.StringIO()
    book, now = scene.desk.service.desk.books.book(), scene.desk.clock.now()
    options = {"language": "vi", "audience": "desk", **options}
    return await tell_receipt(scene.desk.ledger, book, now, code, out=out, **options), out.getvalue()


async def test_the_deadline_moves_by_the_pause_and_not_by_a_minute_more(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    started = (await desk.ticket(code)).opened_at
    await desk.fast_forward(minutes=9)
    reason: dict[str, object] = {"reason": "third_party", "note": "x", "reference": REFERENCE, "confirmed": "true"}
    await act(scene, "pause", **reason)
    paused = json.loads((await told(scene, code, as_json=True))[1])
    assert (paused["due_at"], paused["left_ms"]) == (None, 21 * MINUTE)
    customer = scene.persona(desk.people.customer.people[0])
    posted = await desk.channel.message(customer, scene.customer_channel, code)
    await desk.settle()
    (status,) = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    assert "Đang chờ" in shown(status)
    await desk.fast_forward(minutes=28)
    await act(scene, "resume")
    ticket = await desk.ticket(code)
    running = json.loads((await told(scene, code, as_json=True))[1])
    assert running["due_at"].startswith("2026-03-09T10:58:00")
    assert ticket.opened_at == started == MONDAY_MORNING


async def test_the_holder_is_reminded_to_ask_the_provider(scene: Scene) -> None:
    desk = scene.desk
    await scene.open_ticket()
    await act(scene, "acknowledge")
    await desk.fast_forward(minutes=9)
    await act(scene, "pause", reason="third_party", note="x", reference=REFERENCE, confirmed="true")
    before = len(scene.pages(desk.people.l2))
    others = len(scene.pages(desk.people.l2_second))
    await desk.fast_forward(minutes=14.9)
    assert len(scene.pages(desk.people.l2)) == before
    await desk.fast_forward(minutes=0.2)
    assert len(scene.pages(desk.people.l2)) == before + 1
    assert len(scene.pages(desk.people.l2_second)) == others
    await desk.fast_forward(minutes=5)
    assert len(scene.pages(desk.people.l3)) == 1, "unanswered, the chase goes to L3"


async def test_the_receipt_shows_every_minute(scene: Scene) -> None:
    code = await waited(scene)
    done, text = await told(scene, code.lower().replace("-", " "))
    assert done == 0
    loaded = await load(scene.desk.ledger, code)
    assert loaded is not None
    data = json.loads((await told(scene, code, as_json=True))[1])
    (measure,) = data["measures"]
    rows = [(row["start"][11:16], row["end"][11:16], row["kind"], row["charged_ms"]) for row in measure["rows"]]
    assert rows == [
        ("10:00", "10:09", "running", 9 * MINUTE),
        ("10:09", "10:37", "paused", 0),
        ("10:37", "10:44", "running", 7 * MINUTE),
    ]
    assert (data["used_ms"], data["left_ms"]) == (16 * MINUTE, 14 * MINUTE)
    assert data["due_at"].startswith("2026-03-09T10:58")
    holder = scene.desk.people.l2.name
    for part in (
        "đã dùng 16 phút trong 30 phút cam kết: đúng hạn, còn 14 phút",
        f"mã tham chiếu của nhà cung cấp: {REFERENCE}",
        f"đã hỏi lại lúc T2 09/03/2026 10:26 ({holder}): Họ hẹn mười phút nữa",
        "nhắc hỏi lại lúc T2 09/03/2026 10:24",
        f"Hồ sơ của ticket có {loaded.ticket.events} sự kiện",
    ):
        assert part in text


async def test_the_customers_edition_leaves_the_desks_own_words_out(scene: Scene, tmp_path: Path) -> None:
    code = await waited(scene)
    page = tmp_path / "receipt.html"
    done, text = await told(scene, code, language="en", audience="customer", html=page)
    assert (done, text) == (0, "")
    html = page.read_text(encoding="utf-8")
    assert REFERENCE in html
    assert "16 min of 30 min used: in time, 14 min left" in html
    for internal in ("Số riêng của nhà mạng", "Họ hẹn mười phút nữa", "reminder"):
        assert internal not in html


async def test_the_proof_tells_each_page_and_that_the_chain_holds(scene: Scene) -> None:
    code = await waited(scene)
    out = io.StringIO()
    book = scene.desk.service.desk.books.book()
    assert await tell_proof(scene.desk.ledger, book, code, out=out) == 0
    text = out.getvalue()
    holder = scene.desk.people.l2
    assert f"acknowledged  2026-03-09T10:04:00+07:00  +4 min, {holder.name} ({holder.id}) by teams" in text
    assert re.search(rf"accepted .*, {holder.name} \({holder.id}\) by teams", text)
    events = (await scene.desk.ticket(code)).events
    assert text.endswith(f"chain of {events} events holds\n")
    out = io.StringIO()
    assert await tell_proof(scene.desk.ledger, book, code, as_json=True, out=out) == 0
    proof = json.loads(out.getvalue())
    assert proof["chain"]["holds"] is True
    first = proof["pages"][0]
    assert (first["kind"], first["level"], first["due_at"]) == ("step", "L2", "2026-03-09T10:00:00+07:00")
    assert {sending["fate"] for sending in first["sendings"]} == {"accepted"}


async def test_an_event_that_somebody_changed_in_the_store_is_found(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, book = scene.desk, scene.desk.service.desk.books.book()
    code, other = await waited(scene), await scene.open_ticket("[P2] Cuộc gọi chập chờn")
    assert await verify(desk.ledger, every=True, out=(out := io.StringIO())) == 0
    assert "2 tickets" in out.getvalue()
    assert "every chain holds" in out.getvalue()
    key = desk.ledger._keys.events(RecordKey("ticket", code))
    bodies = await desk.ledger.events(RecordKey("ticket", code))
    events = [Event.model_validate_json(body) for body in bodies]
    paused = next(event for event in events if event.kind == "paused")
    earlier = paused.model_copy(update={"at": paused.at - 30 * SECOND})
    await desk.ledger._client.lset(key, paused.n - 1, earlier.model_dump_json())
    assert await verify(desk.ledger, every=True, out=(out := io.StringIO())) == 1
    assert out.getvalue().startswith(f"{code}: chain BREAKS at event {paused.n}: ")
    assert other not in out.getvalue()
    assert await verify(desk.ledger, every=False, out=(out := io.StringIO())) == 0, "the open one holds"
    out = io.StringIO()
    assert await tell_proof(desk.ledger, book, code, out=out) == 1
    assert f"chain BREAKS at event {paused.n}: its content is not what its hash was made of" in out.getvalue()
    assert (await told(scene, code)) == (1, "")
    assert "there is no receipt of changed events" in capsys.readouterr().err


async def test_events_cut_off_the_end_are_found_by_the_record(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    events = (await desk.ticket(code)).events
    await desk.ledger._client.rpop(desk.ledger._keys.events(RecordKey("ticket", code)))
    assert await verify(desk.ledger, every=True, out=(out := io.StringIO())) == 1
    assert f"{code}: chain BREAKS at event {events}: the record says {events} events" in out.getvalue()


async def test_a_code_without_a_ticket_is_told(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert (await told(scene, "3CX-7K2M-9QXD")) == (1, "")
    book = scene.desk.service.desk.books.book()
    assert await tell_proof(scene.desk.ledger, book, "3CX-7K2M-9QXD", out=io.StringIO()) == 1
    assert capsys.readouterr().err.count("there is no ticket 3CX-7K2M-9QXD") == 2


async def test_the_commands_work_beside_a_running_desk(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    page = tmp_path / "receipt.html"
    async with shell.started() as running:
        code = await mailed_ticket(shell, running)
        receipt = await asyncio.to_thread(shell.type, "tickets", "receipt", code, "--lang", "en", "--html", str(page))
        proof = await asyncio.to_thread(shell.type, "tickets", "show", code, "--proof")
        verified = await asyncio.to_thread(shell.type, "tickets", "verify", "--all")
    assert (receipt.returncode, proof.returncode, verified.returncode) == (0, 0, 0), receipt.stderr + proof.stderr
    assert f"SLA clock receipt – ticket {code}" in page.read_text(encoding="utf-8")
    assert re.search(r"chain of \d+ events holds\n$", proof.stdout)
    assert re.fullmatch(r"1 ticket, \d+ events: every chain holds\n", verified.stdout)
