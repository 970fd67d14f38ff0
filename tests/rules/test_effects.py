"""What a message is to the messengers: its lane, what it makes unnecessary, and whether it may come twice."""

from hashlib import sha256
from typing import Any

import pytest

from bot.ticket.effects import (
    Bulletin,
    Call,
    Card,
    Digest,
    Effect,
    Mail,
    Mirror,
    PageRef,
    Say,
    coalesce_key,
    lane_of,
    repeatable,
)
from bot.ticket.model import Chat, PersonKey

CHAT = Chat(conversation="19:khach@thread.tacv2", service_url="https://x.example/", tenant="c1", root="17")
PERSON = PersonKey(tenant="t1", object_id="o1")
PAGE = PageRef(occurrence="0.s0", kind="step", contact="l2.one", level="L2", due_at=0)
CODE = "3CX-7K2M-9QXD"


def mail(to: tuple[str, ...] = ("mot@anphu.example",), **fields: Any) -> Mail:
    return Mail(**{"id": "1", "ticket": CODE, "template": "auto_reply", "to": to, **fields})


def card(**fields: Any) -> Card:
    return Card(**{"id": "1", "ticket": CODE, "slot": "status", "view": "status", "language": "vi", **fields})


def say(**fields: Any) -> Say:
    return Say(**{"id": "1", "ticket": CODE, "language": "vi", "phrase": "taken", **fields})


def mirror(**fields: Any) -> Mirror:
    return Mirror(**{"id": "1", "ticket": CODE, "chat": CHAT, "language": "vi", "author": "An", "text": "-", "at": 0,
                     **fields})  # fmt: skip


CALL = Call(id="1", ticket=CODE, extension="10048", page=PAGE)
DIGEST = Digest(id="1", chat=CHAT, language="vi", bulletin=Bulletin(since=0, until=1, next_at=2, sections=()))


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("effect", "lane"),
    [
        (mail(in_reply_to="<1@x>"), f"m:ticket:{CODE}"),
        (mail(), "m:" + hashed("mot@anphu.example")),
        (mail(to=("Mot@AnPhu.example",)), "m:" + hashed("mot@anphu.example")),
        (mail(in_reply_to="<1@x>", ticket=""), "m:" + hashed("mot@anphu.example")),
        (mail(to=("mot@anphu.example", "hai@anphu.example")), "m:" + hashed("mot@anphu.example,hai@anphu.example")),
        (CALL, "f:10048"),
        (DIGEST, "t:19:khach@thread.tacv2"),
        (card(chat=CHAT), "t:19:khach@thread.tacv2"),
        (card(person=PERSON), "t:t1/o1"),
        (card(chat=CHAT, person=PERSON), "t:t1/o1"),
        (say(chat=CHAT), "t:19:khach@thread.tacv2"),
        (say(person=PERSON), "t:t1/o1"),
        (mirror(), "t:19:khach@thread.tacv2"),
        (mirror(person=PERSON), "t:t1/o1"),
    ],
)
def test_each_destination_has_one_lane(effect: Effect, lane: str) -> None:
    assert lane_of(effect) == lane


@pytest.mark.parametrize(
    ("effect", "key"),
    [
        (card(chat=CHAT, activity_id="7"), f"{CODE}:status"),
        (card(chat=CHAT), None),
        (say(chat=CHAT), None),
        (mail(), None),
        (mirror(), None),
        (CALL, None),
        (DIGEST, None),
    ],
)
def test_only_the_update_of_a_card_that_stands_makes_an_older_one_unnecessary(effect: Effect, key: str | None) -> None:
    assert coalesce_key(effect) == key


@pytest.mark.parametrize("effect", [card(chat=CHAT), say(chat=CHAT), mail(), CALL, DIGEST])
def test_what_would_be_lost_otherwise_may_come_twice(effect: Effect) -> None:
    assert repeatable(effect) is True


def test_an_answer_that_is_shown_to_a_customer_comes_once() -> None:
    assert repeatable(mirror()) is False
