"""What a draft notes and tells: whole events and whole messages, as they are kept and sent."""

from dataclasses import replace

import pytest

from bot.sla.book import Customer
from bot.ticket.commands import Acknowledge, Note
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Draft, event_hash
from bot.ticket.effects import Card, Mail, Say
from bot.ticket.model import Chat, Copy, DeskRecord, Event, Participant, PersonKey
from bot.ticket.thread_mail import copies, into_thread
from tests.rules.case import Case, moment
from tests.rules.test_decide import STAFF, TENANT, channel_chat, opened, opening

CODE = "3CX-7K2M-9QXD"
READER = PersonKey(tenant="c1", object_id="o1")
PRIVATE = Chat(conversation="a:1", service_url="https://x.example/", tenant="c1", personal=True)


def draft(desk: DeskRecord | None = None) -> Draft:
    ticket, rules = opened(desk=desk)
    return Draft(ticket, rules)


def test_the_customer_of_a_ticket_is_looked_up_by_its_own_name_and_may_have_left() -> None:
    ticket, rules = opened()
    known = next(iter(rules.book.customers.by_id.values()))
    assert isinstance(known, Customer)
    assert rules.customer(ticket.model_copy(update={"customer": known.id})) is known
    assert rules.customer(ticket.model_copy(update={"customer": "an-phu-cu"})) is None


def test_something_for_the_desk_is_said_in_the_desks_channel_in_vietnamese() -> None:
    making = draft()
    making.say_to_desk("wrote_after_resolved", code=CODE)
    chat = Chat(conversation="19:desk@thread.tacv2", service_url="https://x.example/", tenant=TENANT)
    assert making.effects == [
        Say(
            id=f"{CODE}.2.0",
            ticket=CODE,
            chat=chat,
            language="vi",
            phrase="wrote_after_resolved",
            values={"code": CODE},
        )
    ]


def test_where_no_desk_channel_is_bound_the_operator_is_mailed_what_would_have_been_said() -> None:
    making = draft(DeskRecord())
    making.say_to_desk("wrote_after_resolved", code=CODE, who="Trần Thị Mẫu")
    what = f"no desk channel is bound to be told: wrote_after_resolved (code {CODE}, who Trần Thị Mẫu)"
    assert making.effects == [
        Mail(
            id=f"{CODE}.2.0",
            template="operator",
            to=("teamx@idb.com.vn",),
            values={"what": what, "code": CODE},
        )
    ]


def test_something_in_a_private_chat_names_whose_it_is_and_messages_are_numbered() -> None:
    making = draft()
    making.say(PRIVATE, "en", "reopen_question", {"code": CODE}, READER)
    making.say(channel_chat(1), "vi", "reopen_question", {})
    assert making.effects == [
        Say(
            id=f"{CODE}.2.0",
            ticket=CODE,
            chat=PRIVATE,
            person=READER,
            language="en",
            phrase="reopen_question",
            values={"code": CODE},
        ),
        Say(id=f"{CODE}.2.1", ticket=CODE, chat=channel_chat(1), language="vi", phrase="reopen_question"),
    ]


def a_copy(slot: str, chat: Chat, person: PersonKey | None = None, **fields: object) -> Copy:
    values = {"view": "status", "activity_id": f"activity-{slot}", "language": "vi", "version": 1, **fields}
    return Copy.model_validate({"slot": slot, "chat": chat, "person": person, **values})


def test_taking_a_ticket_updates_every_card_about_it_where_it_stands() -> None:
    ticket, rules = opened()
    cards = (a_copy("s1", PRIVATE, READER, language="en"), a_copy("s2", channel_chat(2), view="page"))
    decision = decide(ticket.model_copy(update={"copies": cards}), Acknowledge(STAFF["L2"]), rules)
    assert isinstance(decision, Decision)
    assert decision.guards == ()
    assert decision.ticket.shown_version == 2
    assert decision.effects == (
        Card(
            id=f"{CODE}.2.0",
            ticket=CODE,
            slot="s1",
            view="status",
            chat=PRIVATE,
            person=READER,
            language="en",
            activity_id="activity-s1",
        ),
        Card(
            id=f"{CODE}.2.1",
            ticket=CODE,
            slot="s2",
            view="page",
            chat=channel_chat(2),
            language="vi",
            activity_id="activity-s2",
        ),
    )


def test_a_note_of_somebody_who_does_not_hold_the_ticket_changes_no_card() -> None:
    ticket, rules = opened()
    ticket = ticket.model_copy(update={"copies": (a_copy("s1", PRIVATE, READER),)})
    decision = decide(ticket, Note(STAFF["L3"], "ghi chú"), rules)
    assert isinstance(decision, Decision)
    assert decision.effects == ()
    assert decision.ticket.shown_version == ticket.shown_version


def test_an_event_names_its_number_its_time_and_what_came_before() -> None:
    making = draft()
    before = making.ticket
    making.record("note", by="staff:l2.one", text="Đã gọi nhà mạng", reason=None)
    making.record("breached")
    first, second = making.events
    n = before.events + 1
    assert first.model_dump(exclude={"hash"}) == {
        "n": n,
        "at": moment("10:00"),
        "kind": "note",
        "by": "staff:l2.one",
        "data": {"text": "Đã gọi nhà mạng"},
        "before": before.head,
    }
    assert (second.n, second.by, second.data, second.before) == (n + 1, "desk", {}, first.hash)
    assert (making.ticket.events, making.ticket.head) == (n + 1, second.hash)


def test_the_hash_of_an_event_never_changes_or_old_records_could_not_be_proved() -> None:
    event = Event(
        n=3, at=moment("10:00"), kind="note", by="staff:l2.one", data={"text": "Đã gọi", "a": 1}, before="0" * 32
    )
    assert event_hash(event) == "2a93c9eee239beb7387b577ef7719456"
    assert event_hash(event.model_copy(update={"hash": "x"})) == "2a93c9eee239beb7387b577ef7719456"


# Mails into the thread


PEOPLE = ("Hai@anphu.example", "hai@ANPHU.example", "mot@anphu.example", "Support@IDB.com.vn", "ba@anphu.example")


@pytest.mark.parametrize(
    ("team", "also", "copied"),
    [
        ("teamx", (), ("teamx@idb.com.vn", "Hai@anphu.example", "ba@anphu.example")),
        ("gone", (), ("Hai@anphu.example", "ba@anphu.example")),
        ("teamx", ("BA@anphu.example", ""), ("teamx@idb.com.vn", "BA@anphu.example", "Hai@anphu.example")),
    ],
)
def test_the_team_and_the_participants_are_in_copy_once_and_never_the_desk_itself(
    team: str, also: tuple[str, ...], copied: tuple[str, ...]
) -> None:
    people = tuple(Participant(address=address) for address in PEOPLE)
    case = Case("P1")
    ticket = case.ticket.model_copy(update={"team": team, "participants": people})
    assert copies(ticket, case.book.desk, also) == copied


def test_a_mail_into_the_thread_answers_its_last_mail_and_says_nothing_empty() -> None:
    _, rules = opened()
    decision = decide(None, replace(opening(rules.now, "P1"), references=("<0@x>",)), replace(rules, version=1))
    assert isinstance(decision, Decision)
    making = Draft(decision.ticket, rules)
    into_thread(making, "merged", {"into": "3CX-OTHER", "note": ""}, also=("ba@anphu.example",))
    assert making.effects == [
        Mail(
            id=f"{CODE}.2.0",
            ticket=CODE,
            template="merged",
            to=("mot@anphu.example",),
            cc=("teamx@idb.com.vn", "ba@anphu.example"),
            in_reply_to="<1@x>",
            references=("<0@x>", "<1@x>"),
            subject="Tổng đài",
            values={"into": "3CX-OTHER"},
        )
    ]
