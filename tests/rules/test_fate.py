"""What became of a message, to the letter: its event, the copies of cards, the next channel, the next level."""

from dataclasses import replace

import pytest

from bot.sla.instants import MINUTE
from bot.sla.policy import Step
from bot.ticket.commands import Acknowledge, Delivered, Undelivered, Wake
from bot.ticket.decide import Decision
from bot.ticket.effects import Card, Mail, PageRef, Say
from bot.ticket.model import Chat, Copy, PendingPage, PersonKey
from tests.rules.case import Case, moment
from tests.rules.ladder import plain_ladder, with_ladder
from tests.rules.paged import EVERY_WAY, L2, fail, kinds_of, to, told, with_second_l2, without
from tests.rules.test_decide import staffed

OF_L2 = ("0.s0", "l2.one", "teams")


def copy_at(slot: str, view: str = "status", *, root: str | None = None, version: int = 9, activity: str = "7") -> Copy:
    chat = Chat(conversation="19:khach@thread.tacv2", service_url="https://x.example/", tenant="c1", root=root)
    return Copy.model_validate({
        "slot": slot, "view": view, "chat": chat, "person": PersonKey(tenant="c1", object_id="o1"),
        "activity_id": activity, "language": "en", "version": version,
    })  # fmt: skip


# Accepted


@pytest.mark.parametrize(("version", "old"), [(1, True), (2, False), (3, False)])
def test_a_card_that_was_drawn_before_the_last_change_is_drawn_again_where_it_stands(version: int, old: bool) -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    assert case.ticket.shown_version == 2
    copy = copy_at("status:1", version=version)
    decision = case.must(Delivered("e1", copy=copy))
    redrawn = Card(
        id=f"{case.ticket.code}.3.0", ticket=case.ticket.code, slot="status:1", view="status", chat=copy.chat,
        person=copy.person, language="en", activity_id="7",
    )  # fmt: skip
    assert decision.effects == ((redrawn,) if old else ())
    assert case.ticket.copies == (copy,)


def test_answers_to_a_mail_of_the_desk_belong_to_its_ticket() -> None:
    case = Case("P1")
    assert case.must(Delivered("e1", message_id="<own@x>")).guards == ("mail:<own@x>",)
    assert case.must(Delivered("e2")).guards == ()


@pytest.mark.parametrize(("dropped", "kind"), [(False, "page_accepted"), (True, "page_dropped")])
def test_the_event_of_a_page_names_it_its_channel_and_its_message(dropped: bool, kind: str) -> None:
    case = Case("P1")
    decision = case.must(Delivered("e1", page=OF_L2, dropped=dropped))
    assert [(event.kind, event.data) for event in decision.events] == [
        (kind, {"occurrence": "0.s0", "contact": "l2.one", "channel": "teams", "effect": "e1"})
    ]
    assert pending_of(case, "l2.one").channels == {"teams": kind[5:], "mail": "queued", "phone": "queued"}


def pending_of(case: Case, contact: str) -> PendingPage:
    (found,) = [pending for pending in case.ticket.pending if pending.contact == contact]
    return found


def stand(case: Case, *copies: Copy) -> list[str]:
    for copy in copies:
        case.must(Delivered("e1", copy=copy))
    return [copy.slot for copy in case.ticket.copies]


@pytest.mark.parametrize(("view", "most"), [("status", 3), ("page", 20), ("breach", 20)])
def test_of_a_place_only_the_latest_cards_are_kept_up_to_date(view: str, most: int) -> None:
    case = Case("P1")
    elsewhere = [copy_at("thread", view, root="1"), copy_at("other", "page" if view == "status" else "status")]
    here = [copy_at(f"{n}", view) for n in range(most + 2)]
    assert stand(case, elsewhere[0], here[0], elsewhere[1]) == ["thread", "0", "other"]
    slots = ["thread", "0", "other", *(f"{n}" for n in range(1, most))]
    assert stand(case, *here[1:most]) == slots
    assert stand(case, here[most]) == [slot for slot in [*slots, f"{most}"] if slot != "0"]
    last = [slot for slot in [*slots, f"{most}", f"{most + 1}"] if slot not in {"0", "1"}]
    assert stand(case, here[most + 1]) == last


def test_a_card_that_is_sent_again_takes_its_own_place_alone() -> None:
    case = Case("P1")
    copies = [copy_at(f"{n}") for n in range(3)]
    stand(case, *copies)
    anew = copy_at("1", activity="8")
    stand(case, anew)
    assert case.ticket.copies == (copies[0], anew, copies[2])


# Given up


def opened(case: Case) -> Decision:
    """Return what the mail that opened a ticket came to."""
    return Decision(case.ticket, tuple(case.events), tuple(case.effects), (), None)


def test_a_message_that_is_no_page_is_only_recorded_as_undelivered() -> None:
    case = Case("P1")
    decision = case.must(Undelivered("e9", "550 unknown"))
    assert [(event.kind, event.data) for event in decision.events] == [
        ("undelivered", {"effect": "e9", "reason": "550 unknown"})
    ]
    assert decision.effects == ()


def test_a_page_that_failed_is_told_to_the_desk_and_the_operator_and_the_other_channels_are_waited_for() -> None:
    book, _ = with_second_l2()
    case = Case("P1", book=book)
    before = case.ticket.pending
    decision = case.must(Undelivered("e1", "403", page=OF_L2))
    assert [(event.kind, event.data) for event in decision.events] == [
        ("page_failed", {"occurrence": "0.s0", "contact": "l2.one", "channel": "teams", "reason": "403"})
    ]
    code, desk = case.ticket.code, case.desk.channel("desk")
    assert desk is not None
    said = Say(
        id=f"{code}.2.0", ticket=code, chat=desk.chat, language="vi", phrase="undeliverable",
        values={"code": code, "contact": "l2.one", "channel": "teams"},
    )  # fmt: skip
    mailed = Mail(
        id=f"{code}.2.1", ticket=code, template="operator", to=(book.desk.operator.email,),
        values={"what": "page 0.s0 to l2.one by teams failed: 403"},
    )  # fmt: skip
    assert decision.effects == (said, mailed)
    assert pending_of(case, "l2.one").channels == {"teams": "failed", "mail": "queued", "phone": "queued"}
    assert pending_of(case, "l2.two") == next(page for page in before if page.contact == "l2.two")


@pytest.mark.parametrize("page", [("0.s9", "l2.one", "teams"), ("0.s0", "l3.one", "teams"), ("0.s0", "l2.one", "fax")])
def test_a_page_that_is_not_awaited_any_more_goes_nowhere_else(page: tuple[str, str, str]) -> None:
    case = Case("P1")
    before = case.ticket.pending
    decision = case.must(Undelivered("e1", "403", page=page))
    assert kinds_of(decision) == ["page_failed"]
    assert [type(effect) for effect in decision.effects] == [Say, Mail]
    assert case.ticket.pending == before


def test_a_page_goes_by_every_channel_that_was_not_tried_one_at_a_time_and_then_to_the_next_level() -> None:
    steps = (Step(share=0, level="L2", by=("phone",)), Step(share=50, level="L3", by=("mail",)))
    case = Case("P1", book=replace(staffed(), policy=with_ladder(plain_ladder(steps=steps))))
    case.now = now = moment("10:01")
    by_teams = fail(case, to(opened(case), "l2.one"))
    assert told(by_teams) == {"l2.one": {"teams"}}
    page = PageRef(occurrence="0.s0", kind="step", contact="l2.one", level="L2", due_at=now)
    assert [effect.page for effect in to(by_teams, "l2.one") if isinstance(effect, Card)] == [page]
    awaited = PendingPage(
        occurrence="0.s0", contact="l2.one", level="L2", channels={"phone": "failed", "teams": "queued"}
    )
    assert case.ticket.pending == (awaited,)
    by_mail = fail(case, to(by_teams, "l2.one"))
    assert told(by_mail) == {"l2.one": {"mail"}}
    assert pending_of(case, "l2.one").channels == {"phone": "failed", "teams": "failed", "mail": "queued"}
    above = fail(case, to(by_mail, "l2.one"))
    assert told(above) == {"l3.one": {"mail"}}
    assert case.ticket.pending == (
        PendingPage(occurrence="0.s0+L3", contact="l3.one", level="L3", channels={"mail": "queued"}),
    )


def test_a_queue_has_no_other_channel_so_its_failed_page_goes_to_the_next_level() -> None:
    case = Case("P1", book=without("L2"))
    assert told(fail(case, to(opened(case), "queue:teamx"))) == {"l3.one": EVERY_WAY, "desk": {"teams"}}


def test_the_page_of_a_breach_is_one_also_by_another_channel_and_on_the_next_level() -> None:
    steps = (
        Step(share=0, level="L2", by=("mail",)),
        Step(share=100, level="L3", by=("mail", "phone")),
        Step(after=60 * MINUTE, level="L4", by=("mail",)),
    )
    case = Case("P1", book=replace(staffed(), policy=with_ladder(plain_ladder(steps=steps))))
    breach = PageRef(occurrence="0.s1", kind="step", contact="l3.one", level="L3", due_at=moment("10:30"), breach=True)
    failed = fail(case, to(case.must(Wake(), "10:30"), "l3.one"))
    (card,) = to(failed, "l3.one")
    assert isinstance(card, Card)
    assert card.page == breach
    (mail,) = to(fail(case, [card]), "l4.one")
    assert isinstance(mail, Mail)
    assert mail.page == breach.model_copy(update={"occurrence": "0.s1+L4", "contact": "l4.one", "level": "L4"})
