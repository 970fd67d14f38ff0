"""The managers' digest: what a step promised them, once each morning, wherever they can be reached."""

import json

import pytest

from bot.desk.digest import arm, tell_managers
from bot.sla.instants import DAY, HOUR, MINUTE
from tests.harness.channel_connector import Standing
from tests.harness.example_desk import ExamplePerson
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene
from tests.journeys.test_files_reload import edit, read_again
from tests.rules.ladder import at, local

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]

P4 = "[P4] Báo cáo cuối ngày không chạy"
"""Opened on Monday at 10:00 it is due on Wednesday at 10:00: 2 x 8 working hours."""


async def travel(scene: Scene, to: str) -> None:
    """Let desk time pass up to a local time, every wake-up of the desk at its own time."""
    await scene.desk.fast_forward(minutes=(at(to) - scene.desk.clock.now()) / MINUTE)


def digests(scene: Scene) -> list[Standing]:
    """Return the digests in the managers' channel, oldest first."""
    return [card for card in scene.desk.channel.cards(scene.managers_channel) if "Bản tin" in card.summary]


def words(card: Standing) -> str:
    return json.dumps(card.card, ensure_ascii=False)


async def resolve(scene: Scene, by: ExamplePerson) -> None:
    """Have somebody take the newest ticket they were paged for, and resolve it."""
    page = scene.pages(by)[-1]
    for verb, data in (("acknowledge", {}), ("resolve", {"note": "Đã sửa báo cáo."})):
        await scene.desk.channel.tap(scene.persona(by), page, verb, data)
        await scene.desk.settle()


async def unbind_managers(scene: Scene) -> None:
    await scene.desk.channel.members_removed(scene.managers_channel, bot=True)
    await scene.desk.settle()


async def test_a_p4_that_passes_its_deadline_is_told_the_next_morning_and_not_at_once(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket(P4, "Không xuất được báo cáo.")
    before = len(desk.channel.posts(scene.managers_channel))

    await travel(scene, "2026-03-11 07:59")
    assert len(desk.channel.posts(scene.managers_channel)) == before, "on Tuesday there was nothing to tell"
    await travel(scene, "2026-03-11 08:01")
    (due,) = digests(scene)
    assert due.summary == "Bản tin quản lý: 1 sắp đến hạn"
    assert f"{code} · P4 · {people.customer.name} – hạn xử lý 10:00 ngày 11/03/2026; chưa có ai" in words(due)

    await travel(scene, "2026-03-11 16:59")
    assert await desk.events(code, "breached")
    assert len(digests(scene)) == 1, "the breach itself is not posted"
    assert scene.pages(people.l3), "the page to level 3 is"

    await travel(scene, "2026-03-12 08:00")
    _, passed = digests(scene)
    assert passed.summary == "Bản tin quản lý: 1 mới quá hạn"
    assert "Bản tin quản lý lúc 08:00 ngày 12/03/2026" in words(passed)
    assert "Tổng hợp từ 08:00 ngày 11/03/2026 đến 08:00 ngày 12/03/2026" in words(passed)
    # 10:00-12:00 and 13:00-17:00 on Wednesday
    assert "quá hạn 6 giờ (giờ tính SLA), từ 10:00 ngày 11/03/2026; chưa có ai nhận xử lý" in words(passed)
    assert "channelData" not in passed.body, "a digest rings nobody's phone"

    await travel(scene, "2026-03-13 08:00")
    assert digests(scene)[-1].summary == "Bản tin quản lý: 1 quá hạn từ trước"
    await resolve(scene, people.l3)
    told = len(digests(scene))
    await travel(scene, "2026-03-16 09:00")
    assert len(digests(scene)) == told, "days with nothing to tell"


async def test_a_ticket_that_was_resolved_late_before_the_digest_is_told_with_who_resolved_it(scene: Scene) -> None:
    people = scene.desk.people
    code = await scene.open_ticket(P4)
    await travel(scene, "2026-03-11 11:00")
    await resolve(scene, people.l3)
    await travel(scene, "2026-03-12 08:00")
    told = words(digests(scene)[-1])
    assert f"{code} · P4 · {people.customer.name} – quá hạn 1 giờ, từ 10:00 ngày 11/03/2026; {people.l3.name}" in told
    assert "đã khắc phục lúc 11:00 ngày 11/03/2026" in told


async def test_without_a_channel_each_manager_gets_a_mail_in_their_own_language(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    vietnamese = f"  - id: {people.l4.id}\n    name: {people.l4.name}\n    level: L4\n"
    extra = f"{vietnamese}    manager: true\n    language: en\n"
    await edit(desk, "roster.yaml", lambda text: text.replace(vietnamese, extra))
    await read_again(desk)
    await unbind_managers(scene)
    code = await scene.open_ticket(P4)
    await travel(scene, "2026-03-12 08:00")
    assert digests(scene) == []
    mails = [mail for mail in desk.sent_mails(people.manager.email) if "Bản tin" in mail.subject]
    assert [mail.subject for mail in mails] == ["Bản tin quản lý: 1 sắp đến hạn", "Bản tin quản lý: 1 mới quá hạn"]
    assert f"{code} · P4 · {people.customer.name} – quá hạn 6 giờ (giờ tính SLA)" in mails[-1].text
    (_, english) = [mail for mail in desk.sent_mails(people.l4.email) if "digest" in mail.subject]
    assert english.subject == "Managers' digest: 1 newly overdue"
    assert f"{code} · P4 · {people.customer.name} – overdue by 6 h" in english.text


async def test_a_channel_that_cannot_be_reached_is_replaced_by_mail(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    await scene.open_ticket(P4)
    desk.channel.connector.fail(
        status=403, times=99, match=lambda method, path: method == "POST" and scene.managers_channel.id in path
    )
    await travel(scene, "2026-03-11 08:00")
    assert digests(scene) == []
    (mail,) = [mail for mail in desk.sent_mails(people.manager.email) if "Bản tin" in mail.subject]
    assert "1 sắp đến hạn" in mail.subject


async def test_after_days_asleep_one_digest_covers_them_all(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket(P4)
    await travel(scene, "2026-03-10 09:00")
    desk.clock.move_to(at("2026-03-14 15:00"))  # nobody was awake in between
    await desk.settle()
    (told,) = digests(scene)
    assert told.summary == "Bản tin quản lý: 1 mới quá hạn"
    assert "Tổng hợp từ 08:00 ngày 10/03/2026 đến 15:00 ngày 14/03/2026" in words(told)
    assert code in words(told)
    await travel(scene, "2026-03-15 08:00")
    assert digests(scene)[-1].summary == "Bản tin quản lý: 1 quá hạn từ trước", "what was told is not new again"


async def test_a_digest_is_told_once_however_many_replicas_make_it(scene: Scene) -> None:
    desk = scene.desk
    await scene.open_ticket(P4)
    await travel(scene, "2026-03-11 08:00")
    replica = desk.service.desk
    for _ in range(3):
        await arm(replica)
        assert not await tell_managers(replica), "not due again before tomorrow"
    await desk.settle()
    assert len(digests(scene)) == 1


async def test_what_waits_what_is_suspended_and_which_calls_are_owed_is_told(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    waiting = await scene.open_ticket("[P2] Chập chờn")
    page, engineer = scene.pages(people.l2)[-1], scene.persona(people.l2)
    asked = {"reason": "third_party", "note": "Nhà mạng", "reference": "VT-0417", "confirmed": "true"}
    for verb, data in (("acknowledge", {}), ("pause", asked)):
        await desk.channel.tap(engineer, page, verb, data)
        await desk.settle()
    owed = await scene.open_ticket("[P1] Không gọi được")
    await resolve(scene, people.l2)
    order = f"đình chỉ {people.other_customer.id}: cấu hình không phù hợp"
    await desk.channel.message(scene.persona(people.manager), scene.managers_channel, order, mention=True)
    await desk.settle()
    await travel(scene, "2026-03-10 08:00")
    told = words(digests(scene)[-1])
    assert digests(scene)[-1].summary == "Bản tin quản lý: 2 đang tạm dừng hoặc đình chỉ, 1 chưa gọi lại"
    assert f"{waiting} · P2 · {people.customer.name} – chờ nhà cung cấp khác, từ 10:00 ngày 09/03/2026; " in told
    assert f"{people.l2.name} đang xử lý (VT-0417)" in told
    assert f"{people.other_customer.name} – SLA bị đình chỉ từ 10:00 ngày 09/03/2026 (cấu hình không phù hợp)" in told
    assert f"{owed} · P1 · {people.customer.name} – lẽ ra đã phải gọi lại trước 10:30 ngày 09/03/2026" in told


async def test_another_time_in_the_desks_files_holds_at_once(scene: Scene) -> None:
    desk = scene.desk
    await scene.open_ticket("[P4] Báo cáo")
    await travel(scene, "2026-03-10 21:00")
    await edit(desk, "desk.yaml", lambda text: text.replace('digest_at: "08:00"', 'digest_at: "22:30"'))
    await read_again(desk)
    await travel(scene, "2026-03-10 23:00")
    (told,) = digests(scene)
    assert "Bản tin sau: 22:30 ngày 11/03/2026" in words(told)
    assert "hạn xử lý 10:00 ngày 11/03/2026" in words(told)
    record = await desk.service.desk.desk_record()
    assert record.digest_until is not None
    assert local(record.digest_until) == "2026-03-10 22:30"
    assert (await desk.ledger.next_wake() or 0) - record.digest_until <= DAY - 0 * HOUR
