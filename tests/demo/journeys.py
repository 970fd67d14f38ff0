"""Journeys A, B, C and E, each with a ticket of its own. What the ladder must have sent is proved afterwards."""

from typing import Final

from tests.demo.checks import Stopped
from tests.demo.sent import is_outcome
from tests.demo.stage import Stage, Story
from tests.harness.example_desk import ExamplePerson
from tests.harness.local_channel import Place

LAST_MINUTE: Final = 31.5
"""Of journey B: the breach at 30 minutes and what follows from it have been sent."""
_TEAM_MAIL: Final = "teamx@idb.com.vn"
_QUOTED: Final = "Cuộc gọi bị rè, không nghe rõ."
_ANSWER: Final = "Em đã đổi codec, chị gọi thử lại giúp em."


async def a(stage: Stage, story: Story) -> None:
    """Play A: a code in the channel links chat and mail, and everybody sees it."""
    first, second = story.customer.people
    code = await stage.open_ticket(story, "[P2] Cuộc gọi chập chờn", "Khoảng 30 % máy nhánh bị rớt cuộc gọi.")
    await _expect_page(stage, story)
    chatter = await stage.write(story, first, stage.shared_channel, "Chào cả nhà, hôm nay họp mấy giờ?")
    await stage.minute(story, 2)
    await _link(stage, story, second, stage.customer_channel, f"mã ticket {code} vẫn chưa gọi được")
    for person in (stage.people.l2, stage.people.l2_second):
        stage.check(
            story,
            await stage.until(lambda person=person: _card_was_changed(stage, story, person)),  # type: ignore[misc]
            f"the card of {person.name} shows that the chat is linked",
        )
    await stage.minute(story, 4)
    await _resolve(stage, story, "Đã thay cáp mạng của tủ tổng đài.")
    said = [sent for sent in stage.channel.sent if sent.root == chatter.activity_id]
    stage.check(story, not said, "a message without a code was left alone")


async def b(stage: Stage, story: Story) -> None:
    """Play B: nobody answers a P1. Only waits; `proof` looks at what was sent at which minute."""
    await stage.open_ticket(story, "[P1] Tổng đài không gọi được", "Cả team 25 kênh không gọi ra được.")
    for minute, person in (
        (0, stage.people.l2),
        (15, stage.people.l3),
        (24, stage.people.l4),
        (30, stage.people.l5),
    ):
        await stage.minute(story, minute)
        await _expect_page(stage, story, person, f"{person.name} has a card at {minute} min")
    alert = await stage.until(lambda: stage.posts(story, stage.managers_channel))
    stage.check(story, alert, "the managers' channel has the breach alert at 30 min")
    await stage.minute(story, LAST_MINUTE)


async def c(stage: Stage, story: Story) -> None:
    """Play C: an engineer takes the ticket from the card; every card changes and the ladder stops."""
    customer, people = story.customer.people[0], stage.people
    code = await stage.open_ticket(story, "[P1] Hotline không gọi ra được", "Cả nhóm 20 kênh không gọi ra được.")
    await _expect_page(stage, story)
    await stage.minute(story, 1)
    root = await _link(stage, story, customer, stage.customer_channel, f"{code} gấp lắm ạ")
    await stage.minute(story, 2)
    answer = await stage.press(story, people.l2, "acknowledge")
    stage.check(
        story, answer and people.l2.name in str(answer), "“Nhận xử lý” is answered by a card that names the holder"
    )
    for name, place in (
        (f"the card of {people.l2_second.name}", stage.private(people.l2_second)),
        ("the card in the desk channel", stage.desk_channel),
    ):
        stage.check(
            story,
            await stage.until(lambda place=place: _says(stage, story, place, people.l2.name)),  # type: ignore[misc]
            f"{name} names the holder",
        )
    stage.check(
        story,
        await stage.until(lambda: _says(stage, story, stage.customer_channel, "Đang xử lý", root=root)),
        "the customer's card says that it is being worked on",
    )
    await stage.minute(story, 6)  # past the repeat at 5 minutes, which must not come
    await _resolve(stage, story, "Đã khởi động lại dịch vụ SIP.")


async def e(stage: Stage, story: Story) -> None:
    """Play E: mail and chat read as one conversation."""
    first, second = story.customer.people
    people = stage.people
    code = await stage.open_ticket(story, "[P3] Âm thanh bị rè", _QUOTED)
    await _expect_page(stage, story)
    await stage.minute(story, 1)
    root = await _link(stage, story, first, stage.customer_channel, f"ticket {code}")
    shared = await _link(stage, story, first, stage.shared_channel, f"ticket {code}")
    seen = len(stage.channel.texts(stage.shared_channel, root=shared))
    await stage.minute(story, 3)
    quoted = f"\n\nVào Th 2, 9 thg 3, 2026 vào lúc 10:00 {first.name} <{first.email}> đã viết:\n> {_QUOTED}\n"
    await stage.send(story, people.l2, "Re: [P3] Âm thanh bị rè", _ANSWER + quoted, first.email)
    story.answers += 2
    texts = await stage.until(lambda: stage.channel.texts(stage.customer_channel, root=root))
    said = texts[-1] if texts else "nothing"
    stage.check(
        story,
        _ANSWER in said and people.l2.name in said and _QUOTED not in said,
        "the engineer's mail appears in the customer's thread without its quoted history",
        said,
    )
    texts = await stage.until(lambda: stage.channel.texts(stage.shared_channel, root=shared)[seen:])
    said = texts[-1] if texts else "nothing"
    stage.check(
        story,
        texts and _ANSWER not in said and people.l2.name not in said,
        "in the shared channel only that an answer has come",
        said,
    )
    await stage.minute(story, 4)
    words = "Bây giờ nghe rõ rồi, cảm ơn em."
    await stage.write(story, second, stage.customer_channel, words, root=root)
    story.mirrors += 1
    mirrored = await stage.until(lambda: stage.mail(lambda m: words in m.mail.text))
    stage.check(
        story,
        mirrored
        and second.name in mirrored.mail.text
        and story.message_id in mirrored.mail.references
        and mirrored.mail.to == first.email
        and _TEAM_MAIL in mirrored.mail.cc,
        "the customer's message is in the mail thread, for the customer and the team",
        f"To {mirrored.mail.to} Cc {mirrored.mail.cc}" if mirrored else "no such mail",
    )
    await stage.minute(story, 6)
    await _resolve(stage, story, "Đã đổi codec.")


async def _expect_page(
    stage: Stage, story: Story, person: ExamplePerson | None = None, name: str = "the engineers on duty have a card"
) -> None:
    wanted = [person] if person else [stage.people.l2, stage.people.l2_second]
    came = await stage.until(lambda: all(stage.page(story, one) for one in wanted), within_s=8)
    stage.check(story, came, name)


async def _link(stage: Stage, story: Story, person: ExamplePerson, place: Place, text: str) -> str:
    """Have somebody write the code; returns the thread's root."""
    answer = await stage.write(story, person, place, text)
    story.cards, story.mirrors = story.cards + 1, story.mirrors + 1
    root = answer.activity_id
    cards = await stage.until(lambda: stage.channel.cards(place, root=root))
    shown = str(cards[0].body) if cards else ""
    stage.check(story, story.code in shown, f"the status card stands in the thread in {place.name}", shown)
    company = story.customer.name in shown
    if place is stage.shared_channel:
        stage.check(story, not company, "a card in a shared channel does not name the company", shown)
    else:
        stage.check(story, company, "the card in the customer's own channel names the company", shown)
    if not cards:
        raise Stopped(f"{story.letter}: no status card came")
    return root


async def _resolve(stage: Stage, story: Story, note: str) -> None:
    """Have an engineer resolve; after a P1 or P2 the customer was called, so that no call is owed (D9)."""
    person, customer = stage.people.l2, story.customer.people[0]
    called = {"called": customer.name} if story.priority in {"P1", "P2"} else {}
    answer = await stage.press(story, person, "resolve", {"note": note, **called})
    story.outcomes += 1
    stage.check(story, answer is not None, f"{person.name} resolves the ticket from the card")
    stage.check(
        story,
        await stage.until(lambda: _says(stage, story, stage.customer_channel, "Đã khắc phục")),
        "the customer's card says that it is resolved",
    )
    told = await stage.until(lambda: stage.mail(lambda m: story.code in m.mail.subject and is_outcome(m.mail.text)))
    stage.check(
        story,
        told
        and note in told.mail.text
        and (f"đã gọi điện cho {customer.name}" in told.mail.text) == bool(called)
        and story.message_id in told.mail.references
        and told.mail.to == customer.email
        and _TEAM_MAIL in told.mail.cc,
        "a mail in the customer's thread says that it is resolved and what was done",
        told.mail.text if told else "no such mail",
    )


def _card_was_changed(stage: Stage, story: Story, person: ExamplePerson) -> bool:
    card = stage.page(story, person)
    return card is not None and card.updates > 0


def _says(stage: Stage, story: Story, place: Place, words: str, *, root: str | None = None) -> bool:
    cards = [card for card in stage.channel.cards(place, root=root) if story.code in card.summary]
    return bool(cards) and all(words in str(card.body) for card in cards)
