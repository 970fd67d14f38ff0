"""What is said in Teams about a ticket: exactly what is recorded, told and guarded for each author and chat."""

from dataclasses import replace
from typing import Any

import pytest

from bot.sla.book import Book
from bot.sla.roster import Roster
from bot.ticket.commands import (
    Acknowledge,
    Author,
    Bind,
    ChatMessage,
    CodePosted,
    CustomerMail,
    CustomerSide,
    Pause,
    Resolve,
    Staff,
)
from bot.ticket.decide import Decision
from bot.ticket.effects import Card, Mail, Say
from bot.ticket.model import Binding, Chat, Notice, Participant, PersonKey, Thread
from tests.rules.case import Case, moment
from tests.rules.paged import without
from tests.rules.test_decide import CUSTOMER, STAFF, TENANT, channel_chat, desk_record, staffed

CODE = "3CX-7K2M-9QXD"
L2, L3 = STAFF["L2"], STAFF["L3"]
CUSTOMER_KEY = PersonKey(tenant="c1", object_id="o1")
L2_KEY = PersonKey(tenant="d0000000-0000-4000-8000-000000000001", object_id="object-l2")
IN_CHANNEL, KEY_OF_CHANNEL = channel_chat(7), "9f1e0db86c"
IN_PRIVATE = Chat(conversation="a:rieng", service_url="https://x.example/", tenant="c1", personal=True)
KEY_OF_PRIVATE = "09f152f786"
IN_GROUP = Chat(conversation="19:nhom@thread.v2", service_url="https://x.example/", tenant="c1")
KEY_OF_GROUP = "adedbd48f4"
POST = CodePosted(CUSTOMER, IN_CHANNEL, "en", moment("10:02"), "Mất tổng đài 3CX-7K2M-9QXD", "19:k|7")
MESSAGE = ChatMessage(CUSTOMER, IN_CHANNEL, "Vẫn chưa gọi được", moment("10:03"), "19:k|8")


def said(decision: Decision) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what was recorded: of each event its kind, by whom, and everything that it says."""
    return [(event.kind, event.by, event.data) for event in decision.events]


def card(n: str, slot: str, chat: Chat, **fields: Any) -> Card:
    return Card(**{"id": f"{CODE}.{n}", "ticket": CODE, "slot": slot, "view": "status", "chat": chat,
                   "language": "en", **fields})  # fmt: skip


def mirrored(n: str, author: str, text: str, change: str, when: str, **fields: Any) -> Mail:
    values = {"author": author, "text": text, "change": change, "at_ms": str(moment(when))}
    return Mail(**{"id": f"{CODE}.{n}", "ticket": CODE, "template": "chat_mirror", "to": ("mot@anphu.example",),
                   "cc": ("teamx@idb.com.vn",), "in_reply_to": "<1@x>", "references": ("<1@x>",),
                   "subject": "Tổng đài", "values": {name: value for name, value in values.items() if value},
                   **fields})  # fmt: skip


def resolved(*posts: CodePosted) -> Case:
    case = Case("P1")
    for post in posts:
        case.must(post, "10:02")
    case.must(Resolve(L2, "Đã khởi động lại tổng đài"), "10:03")
    return case


def held(book: Book | None = None) -> Case:
    case = Case("P1", book=book or staffed())
    case.must(Acknowledge(L2), "10:01")
    return case


def waiting_for_the_customer() -> Case:
    case = held()
    case.must(Pause(L2, "customer", "Xin ảnh màn hình", asked="ảnh màn hình"), "10:01")
    return case


# The code


def test_a_customers_code_links_the_thread_is_a_notice_shows_the_state_and_goes_into_the_mail_thread() -> None:
    case = Case("P1")
    decision = case.must(POST, "10:03")
    assert said(decision) == [
        ("notice", "customer:c1/o1", {"arrived_at": moment("10:02"), "channel": "teams"}),
        ("linked", "customer:c1/o1", {"conversation": "19:khach@thread.tacv2", "root": "7"}),
    ]
    assert decision.effects == (
        card("2.0", f"status:{KEY_OF_CHANNEL}:0:2", IN_CHANNEL),
        mirrored("2.1", "Trần Thị Mẫu", "Mất tổng đài 3CX-7K2M-9QXD", "new", "10:03"),
    )
    assert decision.guards == ("thread:19:khach@thread.tacv2;messageid=7", "chat:19:k|7")
    assert case.ticket.notices == (Notice(at=moment("10:02"), channel="teams", by="customer:c1/o1"),)
    thread = Thread(chat=IN_CHANNEL, language="en", linked_by=CUSTOMER_KEY, linked_at=moment("10:03"))
    assert case.ticket.threads == (thread,)


@pytest.mark.parametrize(
    ("chat", "key", "root", "guards"),
    [
        (IN_PRIVATE, KEY_OF_PRIVATE, "", ("chat:19:k|7",)),
        (IN_CHANNEL, KEY_OF_CHANNEL, "7", ("thread:19:khach@thread.tacv2;messageid=7", "chat:19:k|7")),
        (IN_GROUP, KEY_OF_GROUP, "", ("thread:19:nhom@thread.v2", "chat:19:k|7")),
    ],
)
@pytest.mark.parametrize("author", [CUSTOMER, L2])
def test_only_a_private_card_names_its_reader_and_only_a_thread_of_several_readers_is_taken_for_one_ticket(
    author: Author, chat: Chat, key: str, root: str, guards: tuple[str, ...]
) -> None:
    case = Case("P1")
    decision = case.must(replace(POST, author=author, chat=chat, mirror=False), "10:03")
    by, person = ("staff:l2.one", L2_KEY) if author is L2 else ("customer:c1/o1", CUSTOMER_KEY)
    assert said(decision)[-1] == ("linked", by, {"conversation": chat.conversation, "root": root})
    reader = person if chat is IN_PRIVATE else None
    assert decision.effects == (card("2.0", f"status:{key}:0:2", chat, person=reader),)
    assert decision.guards == guards
    assert [thread.linked_by for thread in case.ticket.threads] == [person]


@pytest.mark.parametrize(
    ("changes", "author", "key"),
    [
        ({}, L2, L2_KEY),
        ({"object_id": None}, L2, PersonKey(tenant=TENANT, object_id="l2.one")),
        ({"tenant": None}, L2, PersonKey(tenant="", object_id="object-l2")),
        ({"tenant": "D000-ABC"}, L2, PersonKey(tenant="d000-abc", object_id="object-l2")),
        ({}, Staff("Da.Nghi", "Người Đã Nghỉ", "L2"), PersonKey(tenant="", object_id="da.nghi")),
    ],
)
def test_staff_are_known_by_their_lower_case_account_or_by_their_id_where_the_roster_has_none(
    changes: dict[str, Any], author: Staff, key: PersonKey
) -> None:
    case = Case("P1", book=without(**changes))
    decision = case.must(replace(POST, author=author, chat=IN_PRIVATE, mirror=False), "10:03")
    assert decision.effects == (card("2.0", f"status:{KEY_OF_PRIVATE}:0:2", IN_PRIVATE, person=key),)
    assert case.ticket.threads[0].linked_by == key


def test_a_code_of_staff_is_no_notice_and_does_not_end_the_wait_for_the_customer() -> None:
    case = waiting_for_the_customer()
    decision = case.must(replace(POST, author=L2, arrived_at=moment("10:03")), "10:03")
    assert [kind for kind, _, _ in said(decision)] == ["linked"]
    assert case.ticket.notices == ()
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:03")


def test_a_customers_code_ends_the_wait_for_them_when_it_arrived() -> None:
    case = waiting_for_the_customer()
    decision = case.must(POST, "10:04")
    assert said(decision)[0] == ("resumed", "customer:c1/o1", {"pauses": [1], "answered_at": moment("10:02")})
    assert case.used("10:04") == 3


def test_a_thread_is_linked_once_and_never_when_it_is_somebody_elses() -> None:
    case = Case("P1")
    elsewhere = case.must(replace(POST, link=False), "10:02")
    assert [kind for kind, _, _ in said(elsewhere)] == ["notice"]
    assert elsewhere.guards == ("chat:19:k|7",)
    assert case.ticket.threads == ()
    case.must(POST, "10:03")
    again = case.must(replace(POST, message_id="19:k|9"), "10:04")
    assert said(again) == []
    assert again.guards == ("chat:19:k|9",)
    assert len(case.ticket.threads) == 1
    case.must(replace(POST, chat=channel_chat(8)), "10:04")
    assert [thread.chat.root for thread in case.ticket.threads] == ["7", "8"]


def test_the_latest_twenty_threads_stay_linked() -> None:
    case = Case("P1")
    for number in range(21):
        case.must(replace(POST, chat=channel_chat(number)), "10:02")
    assert [thread.chat.root for thread in case.ticket.threads] == [str(number) for number in range(1, 21)]


def test_each_further_card_in_a_chat_has_a_slot_of_its_own() -> None:
    """The number tells the cards apart that stand in this chat, of this view: others do not count."""
    case = Case("P1")
    slots = [f"status:{KEY_OF_CHANNEL}:{n}" for n in range(2)]
    others = [f"page:{KEY_OF_CHANNEL}:0", f"status:{KEY_OF_GROUP}:0"]
    copies = [{"slot": slot, "view": "status", "chat": IN_CHANNEL.model_dump(), "activity_id": slot, "language": "en",
               "version": 1} for slot in (*slots, *others)]  # fmt: skip
    case.ticket = case.ticket.model_validate({**case.ticket.model_dump(), "copies": copies})
    decision = case.must(replace(POST, mirror=False), "10:03")
    assert decision.effects[0] == card("2.0", f"status:{KEY_OF_CHANNEL}:2:2", IN_CHANNEL)


@pytest.mark.parametrize(
    ("view", "follow", "mirror", "guards", "mails"),
    [
        ("status", True, True, ("chat:19:k|7",), 1),
        ("status", True, False, ("chat:19:k|7",), 0),
        ("status", False, True, (), 1),
        ("status", False, False, (), 0),
        ("page", True, True, (), 0),
        ("page", False, False, (), 0),
    ],
)
def test_only_what_belongs_to_this_customers_ticket_is_mailed_and_followed(
    view: Any,
    follow: bool,
    mirror: bool,
    guards: tuple[str, ...],
    mails: int,
) -> None:
    case = Case("P1")
    asked = replace(POST, author=L2, link=False, view=view, follow=follow, mirror=mirror)
    decision = case.must(asked, "10:03")
    assert decision.guards == guards
    mail = mirrored("2.1", "Người L2", "Mất tổng đài 3CX-7K2M-9QXD", "new", "10:03")
    assert decision.effects == (card("2.0", f"{view}:{KEY_OF_CHANNEL}:0:2", IN_CHANNEL, view=view), *(mail,) * mails)
    assert said(decision) == []


# Messages of a linked thread


@pytest.mark.parametrize(
    ("author", "by", "name"), [(CUSTOMER, "customer:c1/o1", "Trần Thị Mẫu"), (L3, "staff:l3.one", "Người L3")]
)
@pytest.mark.parametrize("change", ["new", "edited", "deleted"])
@pytest.mark.parametrize("text", ["Vẫn chưa gọi được", ""])
def test_whatever_is_said_is_recorded_and_is_in_the_mail_thread_unless_it_says_nothing(
    author: Author, by: str, name: str, change: Any, text: str
) -> None:
    decision = Case("P1").must(replace(MESSAGE, author=author, change=change, text=text), "10:04")
    assert said(decision) == [("chat_message", by, {"arrived_at": moment("10:03"), "change": change})]
    assert decision.guards == ("chat:19:k|8",)
    mail = mirrored("2.0", name, text, change, "10:04")
    assert decision.effects == ((mail,) if text or change == "deleted" else ())


def test_a_message_of_nothing_but_blanks_is_not_mailed() -> None:
    assert Case("P1").must(replace(MESSAGE, text=" \n\t"), "10:04").effects == ()


@pytest.mark.parametrize(("length", "kept"), [(7_999, 7_999), (8_000, 8_000), (8_001, 8_000)])
def test_a_very_long_message_is_mailed_up_to_eight_thousand_characters(length: int, kept: int) -> None:
    (mail,) = Case("P1").must(replace(MESSAGE, text="a" * length), "10:04").effects
    assert isinstance(mail, Mail)
    assert mail.values["text"] == "a" * kept


@pytest.mark.parametrize(
    ("book", "cc"),
    [
        (staffed(), ("teamx@idb.com.vn", "l2.one@trucban.example")),
        (without(email=None), ("teamx@idb.com.vn",)),
        (replace(staffed(), roster=Roster(people=())), ("teamx@idb.com.vn",)),  # the holder left the roster
    ],
)
def test_whoever_holds_the_ticket_is_in_copy_of_what_the_customer_says(book: Book, cc: tuple[str, ...]) -> None:
    decision = held(book).must(MESSAGE, "10:04")
    assert decision.effects == (mirrored("3.0", "Trần Thị Mẫu", "Vẫn chưa gọi được", "new", "10:04", cc=cc),)


@pytest.mark.parametrize(
    ("author", "change", "ended"),
    [(CUSTOMER, "new", True), (CUSTOMER, "edited", False), (CUSTOMER, "deleted", False), (L3, "new", False)],
)
def test_only_a_new_message_of_the_customer_ends_the_wait_for_them(author: Author, change: Any, *, ended: bool) -> None:
    case = waiting_for_the_customer()
    decision = case.must(replace(MESSAGE, author=author, change=change), "10:04")
    resumed = ("resumed", "customer:c1/o1", {"pauses": [1], "answered_at": moment("10:03")})
    assert (said(decision)[0] == resumed) is ended
    assert case.reading().running is ended


# After the resolution


@pytest.mark.parametrize(
    ("chat", "language", "person"),
    [
        (IN_CHANNEL, "en", None),
        (channel_chat(8), "vi", None),
        (IN_PRIVATE, "en", CUSTOMER_KEY),
        (channel_chat(9), "vi", None),  # not linked any more: in the desk's own language
    ],
)
def test_a_customer_who_writes_after_the_resolution_is_asked_once_whether_the_fault_is_back(
    chat: Chat, language: Any, person: PersonKey | None
) -> None:
    case = resolved(
        POST, replace(POST, chat=channel_chat(8), language="vi"), replace(POST, chat=IN_PRIVATE, language="en")
    )
    desk = desk_record().channels["19:desk@thread.tacv2"].chat
    first = case.must(replace(MESSAGE, chat=chat), "10:04")
    assert first.effects[1:] == (
        Say(id=f"{CODE}.6.1", ticket=CODE, chat=desk, language="vi", phrase="wrote_after_resolved",
            values={"code": CODE}),
        Say(id=f"{CODE}.6.2", ticket=CODE, chat=chat, person=person, language=language, phrase="reopen_question"),
    )  # fmt: skip
    assert case.ticket.asked_to_reopen
    second = case.must(replace(MESSAGE, chat=chat, message_id="19:k|9"), "10:05")
    assert [e.phrase for e in second.effects if isinstance(e, Say)] == ["wrote_after_resolved"]


def test_a_message_in_the_only_thread_is_answered_in_the_threads_language() -> None:
    said_back = resolved(POST).must(MESSAGE, "10:04").effects[-1]
    assert isinstance(said_back, Say)
    assert (said_back.phrase, said_back.language) == ("reopen_question", "en")


@pytest.mark.parametrize(
    ("author", "change"), [(CUSTOMER, "edited"), (CUSTOMER, "deleted"), (L2, "new"), (L2, "edited")]
)
def test_nobody_is_asked_for_what_staff_write_or_for_a_changed_message(author: Author, change: Any) -> None:
    case = resolved(POST)
    decision = case.must(replace(MESSAGE, author=author, change=change), "10:04")
    assert [effect.kind for effect in decision.effects] == ["mail"]
    assert not case.ticket.asked_to_reopen


@pytest.mark.parametrize("author", [CUSTOMER, L2])
def test_nobody_is_asked_while_the_ticket_is_open(author: Author) -> None:
    case = Case("P1")
    decision = case.must(replace(MESSAGE, author=author), "10:04")
    assert [effect.kind for effect in decision.effects] == ["mail"]
    assert not case.ticket.asked_to_reopen


# A proved address


def test_who_proved_an_address_sees_the_ticket_for_ninety_days_and_a_new_proof_replaces_the_old() -> None:
    case = Case("P1")
    one, two = PersonKey(tenant="f1", object_id="o1"), PersonKey(tenant="f1", object_id="o2")
    for person, address, when in ((one, "mot@anphu.example", "10:01"), (two, "hai@anphu.example", "10:02")):
        case.must(Bind(person, address), when)
    decision = case.must(Bind(one, "ba@anphu.example"), "10:03")
    until = {minute: moment(f"2026-06-07 10:0{minute}") for minute in (2, 3)}
    assert case.ticket.bindings == (
        Binding(person=two, address="hai@anphu.example", until=until[2]),
        Binding(person=one, address="ba@anphu.example", until=until[3]),
    )
    assert said(decision) == [("bound", "customer:f1/o1", {"address": "ba@anphu.example", "until": until[3]})]
    assert (decision.effects, decision.guards) == ((), ())


@pytest.mark.parametrize(("proved", "counts"), [("10:32", True), ("10:32:00.001", False)])
def test_a_code_counts_as_a_notice_if_it_is_proved_within_half_an_hour(proved: str, *, counts: bool) -> None:
    case = Case("P4")
    case.must(Bind(PersonKey(tenant="f1", object_id="o1"), "mot@anphu.example", moment("10:02")), proved)
    assert [notice.at for notice in case.ticket.notices] == ([moment("10:02")] if counts else [])


def test_a_code_that_was_written_before_the_proof_is_a_notice_of_whoever_proved() -> None:
    case = Case("P1")
    decision = case.must(Bind(PersonKey(tenant="f1", object_id="o1"), "mot@anphu.example", moment("10:02")), "10:03")
    assert said(decision)[1:] == [
        ("notice", "customer:f1/o1", {"arrived_at": moment("10:02"), "channel": "teams"}),
    ]
    assert case.ticket.notices == (Notice(at=moment("10:02"), channel="teams", by="customer:f1/o1"),)


def test_a_mail_after_a_chat_message_leaves_the_chats_author_no_participant() -> None:
    """Who writes in Teams may see the ticket there; copies of the mail thread are for whoever mailed."""
    case = Case("P1")
    case.must(replace(POST, author=CustomerSide(CUSTOMER_KEY, "Trần Thị Mẫu")), "10:02")
    case.must(CustomerMail(Participant(address="hai@anphu.example"), "<2@x>", "Gửi thêm", moment("10:03")), "10:03")
    decision = case.must(MESSAGE, "10:04")
    assert decision.effects == (
        mirrored("4.0", "Trần Thị Mẫu", "Vẫn chưa gọi được", "new", "10:04", in_reply_to="<2@x>",
                 references=("<1@x>", "<2@x>"), cc=("teamx@idb.com.vn", "hai@anphu.example")),
    )  # fmt: skip
