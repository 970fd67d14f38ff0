"""Who is paged by a decision, and desks that lack somebody."""

from dataclasses import replace
from typing import Any

from bot.sla.book import Book
from bot.sla.roster import Person, Roster
from bot.ticket.commands import Staff, Undelivered
from bot.ticket.decide import Decision
from bot.ticket.effects import Effect
from tests.rules.case import Case
from tests.rules.test_decide import STAFF, page_of, staffed

L2, L3, L4, L5 = (STAFF[level] for level in ("L2", "L3", "L4", "L5"))
EVERY_WAY = {"teams", "mail", "phone"}


def told(decision: Decision) -> dict[str, set[str]]:
    """Return by which channels each person, queue, the desk's channel and the managers' are paged."""
    found: dict[str, set[str]] = {}
    for effect in decision.effects:
        page = page_of(effect)
        if page is not None:
            found.setdefault(page[1], set()).add(page[2])
    return found


def pages(decision: Decision, contact: str) -> list[Any]:
    return [e.page for e in decision.effects if (page := page_of(e)) is not None and page[1] == contact]


def kinds_of(decision: Decision) -> list[str]:
    return [event.kind for event in decision.events]


def without(*levels: str, **changes: Any) -> Book:
    """Return the staffed desk less the people of some levels, or with other contacts of everybody."""
    book = staffed()
    people = [person.model_copy(update=changes) for person in book.roster.people if person.level not in levels]
    return replace(book, roster=Roster(people=tuple(people)))


def with_second_l2(book: Book | None = None) -> tuple[Book, Staff]:
    book = book or staffed()
    two = Person(id="l2.two", name="Người Hai", level="L2", team="teamx", tenant="t", object_id="o2",
                 email="l2.two@trucban.example", extension="102")  # fmt: skip
    return replace(book, roster=Roster(people=(*book.roster.people, two))), Staff("l2.two", "Người Hai", "L2")


def fail(case: Case, effects: list[Effect]) -> Decision:
    decision: Decision | None = None
    for effect in effects:
        decision = case.must(Undelivered(effect.id, "403", page=page_of(effect)))
    assert decision is not None
    return decision


def to(decision: Decision, contact: str) -> list[Effect]:
    return [e for e in decision.effects if (page := page_of(e)) is not None and page[1] == contact]
