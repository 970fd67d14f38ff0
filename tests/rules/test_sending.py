"""Each message of a page, and what is recorded of it, as a whole: nothing of it may change unnoticed."""

from dataclasses import replace
from typing import Any

import pytest

from bot.sla.instants import MINUTE, Instant
from bot.sla.roster import Person, Roster
from bot.sla.rungs import Ack, Progress, Rung
from bot.ticket.contacts import Contact
from bot.ticket.draft import Draft
from bot.ticket.effects import Call, Card, Effect, Mail, Mention, PageRef
from bot.ticket.model import DeskRecord, PendingPage, PersonKey
from bot.ticket.paging import situation_of
from bot.ticket.sending import mail_managers, queue_to_contact, send_pages, send_to_next_level, tell_operator
from tests.rules.case import Case, moment
from tests.rules.paged import without
from tests.rules.test_decide import TENANT, desk_record, staffed

CODE = "3CX-7K2M-9QXD"
NOW = moment("10:00")
CHANNELS = {bound.role: bound.chat for bound in desk_record().channels.values()}
ALL: Any = ("teams", "mail", "phone")


def draft_of(book: Any = None, desk: DeskRecord | None = None, **fields: Any) -> Draft:
    """Return a draft of a P1 of Monday at ten, of whose ladder nothing was climbed; its effects are numbered `.2.`."""
    case = Case("P1", book=book or staffed(), desk=desk_record() if desk is None else desk)
    cleared = {"pending": (), "progress": Progress(), "ack": None, **fields}
    return Draft(case.ticket.model_copy(update=cleared), case.rules())


def send(draft: Draft, *rungs: Rung, awaited_at: Instant | None = None) -> list[Effect]:
    send_pages(draft, situation_of(draft.ticket, draft.rules), rungs, awaited_at=awaited_at)
    return draft.effects


def rung(key: str = "0.s0", kind: Any = "step", level: str | None = "L2", by: Any = ("teams",), **fields: Any) -> Rung:
    return Rung(**{"key": key, "kind": kind, "due_at": NOW, "level": level, "by": by, **fields})


def page(contact: str, key: str = "0.s0", kind: Any = "step", level: str = "L2", **fields: Any) -> PageRef:
    return PageRef(**{"occurrence": key, "kind": kind, "contact": contact, "level": level, "due_at": NOW, **fields})


def events(draft: Draft) -> list[tuple[str, dict[str, object]]]:
    return [(event.kind, event.data) for event in draft.events]


def mail_of(number: int, level: str, ref: PageRef) -> Mail:
    return Mail(id=f"{CODE}.2.{number}", ticket=CODE, template="page", to=(f"{level.lower()}.one@trucban.example",),
                page=ref, values={"contact_name": f"Người {level}"})  # fmt: skip


def card_of(number: int, level: str, ref: PageRef) -> Card:
    return Card(id=f"{CODE}.2.{number}", ticket=CODE, slot=f"page:{ref.occurrence}:{ref.contact}", view="page",
                person=PersonKey(tenant=TENANT, object_id=f"object-{level.lower()}"), language="vi", page=ref,
                private=True)  # fmt: skip


def desk_post(number: int, ref: PageRef, *levels: str) -> Card:
    mentions = tuple(Mention(name=f"Người {level}", object_id=f"object-{level}") for level in levels)
    return Card(id=f"{CODE}.2.{number}", ticket=CODE, slot=f"page:{ref.occurrence}:desk", view="page",
                chat=CHANNELS["desk"], language="vi", mentions=mentions, page=ref, private=True)  # fmt: skip


def to_operator(number: int, what: str) -> Mail:
    return Mail(id=f"{CODE}.2.{number}", ticket=CODE, template="operator", to=("teamx@idb.com.vn",),
                values={"what": what})  # fmt: skip


# The messages of one page


def test_a_page_is_a_card_a_mail_a_call_and_a_post_that_names_whom_it_wakes() -> None:
    draft = draft_of()
    ref = page("l2.one")
    assert send(draft, rung(by=ALL)) == [
        card_of(0, "L2", ref),
        mail_of(1, "L2", ref),
        Call(id=f"{CODE}.2.2", ticket=CODE, extension="100", page=ref),
        desk_post(3, page("desk"), "L2"),
    ]
    told = {"occurrence": "0.s0", "page": "step", "level": "L2", "due_at": NOW, "channel": "desk",
            "contacts": {"l2.one": ["mail", "phone", "teams"]}}  # fmt: skip
    assert events(draft) == [("paged", told)]
    fates = {"teams": "queued", "mail": "queued", "phone": "queued"}
    assert draft.ticket.pending == (PendingPage(occurrence="0.s0", contact="l2.one", level="L2", channels=fates),)
    assert draft.ticket.progress == Progress()


def test_a_breach_goes_to_its_level_and_to_the_managers_as_a_breach() -> None:
    draft = draft_of()
    ref = page("l5.one", "0.s3", level="L5", breach=True)
    assert send(draft, rung("0.s3", level="L5", by=("mail",), managers="channel", breach=True)) == [
        mail_of(0, "L5", ref),
        managers_card(1, "breach", page("managers", "0.s3", level="L5", breach=True)),
    ]
    told = {"occurrence": "0.s3", "page": "step", "level": "L5", "due_at": NOW, "contacts": {"l5.one": ["mail"]}}
    assert events(draft) == [("paged", told)]
    assert draft.ticket.pending == (
        PendingPage(occurrence="0.s3", contact="l5.one", level="L5", breach=True, channels={"mail": "queued"}),
        PendingPage(occurrence="0.s3", contact="managers", level="", breach=True, channels={"teams": "queued"}),
    )


def test_managers_are_told_of_a_page_before_the_breach_as_a_page() -> None:
    draft = draft_of()
    effects = send(draft, rung(by=(), kind="triage", level=None, managers="channel"))
    assert effects == [managers_card(0, "page", page("managers", kind="triage", level=""))]


def test_what_managers_learn_from_their_digest_is_not_posted() -> None:
    assert send(draft_of(), rung(by=(), kind="triage", level=None, managers="digest")) == []


def managers_card(number: int, view: Any, ref: PageRef) -> Card:
    return Card(id=f"{CODE}.2.{number}", ticket=CODE, slot=f"managers:{ref.occurrence}", view=view,
                chat=CHANNELS["managers"], language="vi", page=ref, private=True)  # fmt: skip


def test_managers_without_a_channel_are_written_to_and_nothing_of_it_is_pending() -> None:
    draft = draft_of(desk=DeskRecord())
    assert send(draft, rung(by=(), kind="triage", level=None, managers="channel")) == [
        Mail(id=f"{CODE}.2.0", ticket=CODE, template="page", to=("teamx@idb.com.vn",),
             page=page("managers", kind="triage", level=""))
    ]  # fmt: skip
    assert draft.ticket.pending == ()


def test_a_breach_is_mailed_to_the_managers_without_a_page_that_could_be_taken() -> None:
    book = staffed()
    people = tuple(one.model_copy(update={"manager": one.level in ("L4", "L5")}) for one in book.roster.people)
    draft = draft_of(replace(book, roster=Roster(people=people)))
    mail_managers(draft, page("managers", breach=True))
    to = ("l4.one@trucban.example", "l5.one@trucban.example")
    assert draft.effects == [Mail(id=f"{CODE}.2.0", ticket=CODE, template="breach", to=to)]


def test_the_operator_is_written_to_about_the_ticket() -> None:
    draft = draft_of()
    tell_operator(draft, "the telephones are silent")
    assert draft.effects == [to_operator(0, "the telephones are silent")]


# The desk's channel


@pytest.mark.parametrize(
    ("kind", "by", "posted"),
    [
        ("step", ("teams",), True),
        ("step", ("mail", "phone"), False),
        ("chase", ("teams", "mail"), True),
        ("information", ("teams", "mail"), True),
        ("ack_warning", ("teams", "mail"), False),
        ("call_back", ("teams", "mail"), False),
    ],
)
def test_what_comes_by_teams_is_posted_to_the_desk_unless_it_is_between_two(kind: Any, by: Any, posted: bool) -> None:
    draft = draft_of()
    posts = [e for e in send(draft, rung(kind=kind, by=by)) if isinstance(e, Card) and e.chat is not None]
    mentioned = () if kind == "information" else ("L2",)
    number = len(draft.effects) - 1
    assert posts == ([desk_post(number, page("desk", kind=kind), *mentioned)] if posted else [])
    assert draft.events[-1].data.get("channel") == ("desk" if posted else None)


def test_a_desk_without_a_channel_records_no_post() -> None:
    draft = draft_of(desk=DeskRecord())
    assert send(draft, rung()) == [card_of(0, "L2", page("l2.one"))]
    assert "channel" not in draft.events[-1].data


def test_a_queue_is_nobody_to_be_named_and_each_page_to_it_turns_it() -> None:
    draft = draft_of(without("L2"))
    queue = page("queue:teamx")
    name = "3CX, server, cloud VM, bảo hành phần cứng"
    assert send(draft, rung(by=ALL)) == [
        Mail(id=f"{CODE}.2.0", ticket=CODE, template="page", to=("teamx@idb.com.vn",), page=queue,
             values={"contact_name": name}),
        Call(id=f"{CODE}.2.1", ticket=CODE, extension="10048", page=queue),
        desk_post(2, page("desk")),
    ]  # fmt: skip
    assert draft.ticket.progress == Progress(turns=1)


def test_one_post_tells_the_weightiest_and_names_everybody_once() -> None:
    draft = draft_of()
    effects = send(draft, rung("0.i1", "information", "L3"), rung("0.s1", level="L4"), rung("0.r0", "repeat", "L4"))
    assert effects == [
        card_of(0, "L3", page("l3.one", "0.i1", "information", "L3")),
        card_of(1, "L4", page("l4.one", "0.s1", level="L4")),
        desk_post(2, page("desk", "0.s1", level="L4"), "L3", "L4"),
    ]
    assert [data["contacts"] for _, data in events(draft)] == [{"l3.one": ["teams"]}, {"l4.one": ["teams"]}, {}]


def test_of_two_pages_that_weigh_the_same_the_later_in_the_order_is_sent() -> None:
    draft = draft_of()
    effects = send(draft, rung("0.s0", by=("mail",)), rung("0.s1", by=("mail",)))
    assert effects == [mail_of(0, "L2", page("l2.one", "0.s1"))]


# Lateness


@pytest.mark.parametrize(
    ("due", "awaited", "late", "marked"),
    [
        (0, None, 0, None),
        (-10 * MINUTE, None, 0, None),
        (0, 0, 0, None),
        (-10 * MINUTE, -10 * MINUTE, 10 * MINUTE, 10 * MINUTE),
        (-10 * MINUTE, -5 * MINUTE, 5 * MINUTE, 5 * MINUTE),
        (-5 * MINUTE, -10 * MINUTE, 5 * MINUTE, 5 * MINUTE),
        (-MINUTE, -MINUTE, MINUTE, None),
        (-MINUTE - 1, -MINUTE - 1, MINUTE + 1, MINUTE + 1),
        (MINUTE, 0, 0, None),
    ],
)
def test_every_message_says_by_how_much_it_is_late_since_the_desk_was_awaited(
    due: int, awaited: int | None, late: int, marked: int | None
) -> None:
    draft = draft_of()
    late_one = rung(by=ALL, due_at=NOW + due, managers="channel")
    send(draft, late_one, awaited_at=None if awaited is None else NOW + awaited)
    told = [(e.page.contact, e.page.late_ms) for e in draft.effects if isinstance(e, Card | Mail | Call) and e.page]
    assert told == [("l2.one", late)] * 3 + [("desk", late), ("managers", late)]
    assert draft.events[-1].data.get("late_ms") == marked


# Nobody to be reached


@pytest.mark.parametrize(
    ("fields", "whom", "recorded"),
    [
        ({"level": None, "to_holder": True}, "holder", {}),
        ({"level": None, "to": "gone.one"}, "gone.one", {"to": "gone.one"}),
        ({"level": "L3"}, "L3", {"level": "L3"}),
        ({"level": "L3", "to": "gone.one"}, "L3", {"level": "L3", "to": "gone.one"}),
    ],
)
def test_a_page_to_nobody_is_recorded_told_to_the_operator_and_sent_to_the_next_level_before_any_other(
    fields: dict[str, Any], whom: str, recorded: dict[str, str]
) -> None:
    draft = draft_of(without("L3"))
    above = "L4" if fields["level"] else "L2"
    effects = send(draft, rung("0.c1", "chase", by=("mail",), **fields), rung("0.s3", level="L5", by=("mail",)))
    pulled = page(f"{above.lower()}.one", f"0.c1+{above}", "chase", above)
    assert effects[0] == to_operator(0, f"page 0.c1: nobody of {whom} can be reached; going on to the next level")
    assert [e for e in effects if isinstance(e, Mail)][1] == mail_of(2, above, pulled)
    assert events(draft)[0] == ("nobody_reached", {"occurrence": "0.c1", **recorded})
    assert [data["occurrence"] for _, data in events(draft)[1:]] == ["0.c1", f"0.c1+{above}", "0.s3"]
    assert draft.ticket.progress.levels == (above,)


def test_a_page_that_could_not_be_delivered_climbs_over_a_level_without_anybody_once() -> None:
    draft = draft_of(without("L3"), ack=Ack(by="l2.one", name="-", level="L2", at=NOW, renewed_at=NOW))
    situation = situation_of(draft.ticket, draft.rules)
    for _ in range(2):
        send_to_next_level(draft, situation, rung(by=("mail",)))
    assert [kind for kind, _ in events(draft)] == ["nobody_reached", "paged", "paged"]
    assert [data["occurrence"] for _, data in events(draft)[1:]] == ["0.s0+L3", "0.s0+L3+L4"]
    assert draft.ticket.progress == Progress(pulled=("0.s0+L3",), levels=("L3", "L4"))


# One message by one channel


def contact(**fields: Any) -> Contact:
    person = Person(id="an", name="An", level="L2", tenant="T1", object_id="O1", language="en")
    return Contact(**{"id": "an", "name": "An", "level": "L2", "person": person, "email": None, "extension": None,
                      **fields})  # fmt: skip


@pytest.mark.parametrize(
    ("whom", "channel"),
    [
        (contact(person=None), "teams"),
        (contact(person=Person(id="an", name="An", level="L2", tenant="T1")), "teams"),
        (contact(person=Person(id="an", name="An", level="L2", object_id="O1")), "teams"),
        (contact(), "mail"),
        (contact(), "phone"),
    ],
)
def test_who_cannot_be_reached_by_a_channel_is_sent_nothing_by_it(whom: Contact, channel: Any) -> None:
    draft = draft_of()
    assert queue_to_contact(draft, page("an"), whom, channel) is False
    assert draft.effects == []


def test_whoever_has_no_way_by_a_channel_is_not_waited_for_on_it() -> None:
    draft = draft_of(without(email=None))
    send(draft, rung(by=("mail", "phone")))
    assert draft.events[-1].data["contacts"] == {"l2.one": ["phone"]}
    assert draft.ticket.pending[0].channels == {"phone": "queued"}


def test_somebody_in_teams_is_known_in_lower_case_and_read_to_in_their_language() -> None:
    draft = draft_of()
    assert queue_to_contact(draft, page("an"), contact(), "teams") is True
    assert draft.effects == [
        Card(id=f"{CODE}.2.0", ticket=CODE, slot="page:0.s0:an", view="page", language="en", page=page("an"),
             person=PersonKey(tenant="t1", object_id="o1"), private=True)
    ]  # fmt: skip
