"""Was everything sent that the contract asks for, once, and nothing else? Looks at Teams, mails and the record."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bot.sla.instants import MINUTE, Instant
from tests.demo.sent import Mailed, Post, button_of, is_outcome, mentioned, posts
from tests.demo.stage import Stage, Story
from tests.harness.channel_connector import words_of
from tests.harness.example_desk import OPERATOR_MAIL, ExamplePerson
from tests.harness.local_channel import Place

LADDERS: Final[dict[str, tuple[tuple[int, str], ...]]] = {
    "P1": ((0, "L2"), (5, "L2"), (10, "L2"), (15, "L3"), (20, "L3"), (24, "L4"), (25, "L4"), (30, "L5")),
    "P2": ((0, "L2"), (10, "L2"), (20, "L2"), (30, "L2")),
    "P3": ((0, "L2"), (30, "L2")),
}
"""The contract's first 31 minutes for a ticket that nobody takes: (minute, level), each by Teams and mail."""
_HELD_FOR: Final = {"P1": 8 * MINUTE, "P2": 25 * MINUTE, "P3": 50 * MINUTE}
"""After so long without an act of theirs a holder is warned."""


class DeskTime:
    """Real time as the instance reckons it: the mails that it took tell how."""

    def __init__(self, inbox: Path, *, speed: float) -> None:
        self._speed = speed
        taken = [path for box in ("new", "cur") for path in (inbox / box).glob("*")]
        self._offset = median(int(path.name.split(".")[0]) - self._scaled(path.stat().st_mtime_ns) for path in taken)
        self._monotonic_ns = time.time_ns() - time.monotonic_ns()

    def of_ns(self, real_ns: int) -> Instant:
        """Return the desk time of `time.time_ns`."""
        return round(self._scaled(real_ns) + self._offset)

    def of_s(self, monotonic_s: float) -> Instant:
        """Return the desk time of `time.monotonic`."""
        return self.of_ns(round(monotonic_s * 1e9) + self._monotonic_ns)

    def _scaled(self, real_ns: int) -> float:
        return real_ns / 1e6 * self._speed


@dataclass(frozen=True)
class Row:
    """A line of the time line."""

    at: Instant
    text: str
    due: Instant | None = None
    channel: str = ""
    to: str = ""


class Proof:
    """Of one ticket."""

    def __init__(self, stage: Stage, story: Story, ticket: dict[str, Any], desk_time: DeskTime) -> None:
        self._stage = stage
        self._story = story
        self._time = desk_time
        self._events: list[dict[str, Any]] = ticket["events"]
        self._roots = {thread["chat"]["root"] for thread in ticket["threads"]}
        self.opened_at: Instant = ticket["opened_at"]
        self._paged = [event for event in self._events if event["kind"] == "paged"]
        everything = [post for post in posts(stage.channel) if self._is_ours(post)]
        self._posts = [post for post in everything if not post.is_change]
        self._changes = [post for post in everything if post.is_change]
        self._mails = [mail for mail in stage.mails.read() if self._is_my_mail(mail)]
        self._explained: set[int] = set()
        self.rows: list[Row] = []

    def prove(self) -> None:
        """Note every expectation, and fill `rows`."""
        taken_at = self._first("acknowledged", "resolved")
        for minute, level in self._ladder():
            if taken_at is None or self.opened_at + minute * MINUTE < taken_at:
                self._prove_rung(minute, level)
        if taken_at is None and self._story.priority == "P1":
            self._prove_breach()
        self._prove_unexpected_rungs(taken_at)
        self._prove_conversation()
        self._prove_settled()
        left = [post for post in self._posts if id(post) not in self._explained]
        left_mails = [mail for mail in self._mails if id(mail) not in self._explained]
        told = [self._place(post)[1] + ": " + _words(post) for post in left]
        told += [f"{mail.mail.to}: {mail.mail.subject}" for mail in left_mails]
        self._check(not told, "nothing else was sent, nothing twice", "; ".join(told))
        self._tell()

    def _ladder(self) -> tuple[tuple[int, str], ...]:
        """Return the contract's ladder as far as the time went on here: a breach is told until it is resolved (D15)."""
        ladder = LADDERS[self._story.priority]
        if self._story.priority != "P1":
            return ladder
        last = max((self._minute_of(event) for event in self._paged), default=0)
        return (*ladder, *((minute, "L5") for minute in range(60, last + 1, 30)))

    def _minute_of(self, event: dict[str, Any]) -> int:
        return int((event["data"]["due_at"] - self.opened_at) // MINUTE)

    def _prove_rung(self, minute: int, level: str) -> None:
        """Prove that a rung paged everybody of its level by each way."""
        people = [p for p in self._stage.people.staff if p.level == level and (p.team or "teamx") == "teamx"]
        people = [p for p in people if p is not self._stage.people.manager]
        first = minute == min(at for at, who in LADDERS[self._story.priority] if who == level)
        names = ", ".join(person.name for person in people)
        name = (
            f"{minute} min: {level} {names} paged{'' if first else ' again'} in Teams (private), "
            "in the desk channel with a mention and by mail"
        )
        climb = self._climb_of(minute, level)
        missing: list[str] = []
        if not climb:
            missing.append(f"the ladder did not reach {level}")
        for person in people:
            if not self._explain_card(climb, person.id, self._stage.private(person)):
                missing.append(f"no card to {person.name}")
            if not self._explain_page_mail(climb, person):
                missing.append(f"no mail to {person.name}")
        post = self._explain_card(climb, "desk", self._stage.desk_channel)
        if post is None:
            missing.append("no post in the desk channel")
        elif not {person.name for person in people} <= mentioned(post.body):
            missing.append(f"the desk channel's post mentions {', '.join(mentioned(post.body)) or 'nobody'}")
        self._check(not missing, name, "; ".join(missing))

    def _prove_breach(self) -> None:
        """Prove that managers are alerted once; an alert for a ticket without a breach is left over and told so."""
        alerts = [p for p in self._posts if p.conversation == self._stage.managers_channel.id]
        breach = [post for post in alerts if button_of(post.body)[1].startswith("managers:")]
        at = [self._time.of_s(post.at_s) - self.opened_at for post in breach]
        self._check(
            len(breach) == 1 and at[0] >= 30 * MINUTE and self._first("breached") is not None,
            "30 min: the managers' channel gets the breach alert, not before",
            f"alerts at {', '.join(_span(one) for one in at) or 'no time'}",
        )
        self._explained |= {id(post) for post in breach[:1]}

    def _prove_unexpected_rungs(self, taken_at: Instant | None) -> None:
        wanted = set(self._ladder())
        odd = []
        for event in self._paged:
            data = event["data"]
            rung = (self._minute_of(event), data.get("level"))
            warned = data["page"] == "ack_warning" and taken_at is not None
            if warned and event["at"] - taken_at >= _HELD_FOR[self._story.priority]:
                continue  # this machine was slow, the warning was right
            if rung not in wanted or (taken_at is not None and event["at"] >= taken_at):
                odd.append(f"{rung[0]} min: {rung[1]} ({data['page']})")
        name = "nobody is paged after it was taken" if taken_at is not None else "nobody is paged out of turn"
        self._check(not odd, name, "; ".join(odd))

    def _prove_conversation(self) -> None:
        """Everything that is no page: mails to the customer, what was said in Teams, status cards, answers in Teams."""
        story = self._story
        replies = [m for m in self._mails if m.automatic == "auto-replied"]
        outcomes = [m for m in self._mails if is_outcome(m.mail.text)]
        told = [*replies, *outcomes]
        mirrors = [m for m in self._mails if story.message_id in m.mail.references and m not in told]
        cards = [p for p in self._posts if button_of(p.body)[1].startswith("status:")]
        texts = [p for p in self._posts if p.root in self._roots and not p.body.get("attachments")]
        for what, found, count in (
            ("auto-reply", replies, 1),
            ("mail that it is resolved", outcomes, story.outcomes),
            ("message of Teams in the mail thread", mirrors, story.mirrors),
            ("status card", cards, story.cards),
            ("answer by mail in Teams", texts, story.answers),
        ):
            if count or found:
                self._check(len(found) == count, f"exactly {count} × {what}", f"{len(found)}")
            self._explained |= {id(one) for one in found}
        if story.cards:
            kinds = {event["kind"] for event in self._events}
            self._check({"notice", "linked"} <= kinds, "the record has the notice and the link", ", ".join(kinds))

    def _prove_settled(self) -> None:
        accepted = [
            (e["data"]["occurrence"], e["data"]["contact"], e["data"]["channel"])
            for e in self._events
            if e["kind"] == "page_accepted"
        ]
        queued = {
            (event["data"]["occurrence"], contact, channel)
            for event in self._paged
            for contact, channels in event["data"]["contacts"].items()
            for channel in channels
        }
        lost = [" ".join(page) for page in queued - set(accepted)]
        self._check(not lost, f"the record has each of {len(queued)} pages as accepted", "; ".join(lost))

    # Finding

    def _climb_of(self, minute: int, level: str) -> list[dict[str, Any]]:
        """Return the rungs that were paged in one go with this one: together they make one message per person."""
        for event in self._paged:
            rung = (self._minute_of(event), event["data"].get("level"))
            if rung == (minute, level):
                return [other for other in self._paged if other["at"] == event["at"]]
        return []

    def _explain_card(self, climb: list[dict[str, Any]], contact: str, place: Place) -> Post | None:
        slots = {f"page:{event['data']['occurrence']}:{contact}" for event in climb}
        for post in self._posts:
            if post.conversation == place.id and button_of(post.body)[1] in slots:
                self._explained.add(id(post))
                return post
        return None

    def _explain_page_mail(self, climb: list[dict[str, Any]], person: ExamplePerson) -> Mailed | None:
        """Page mails carry no mark of their rung: the first belongs to the first climb that paged the person."""
        climbs = sorted({e["at"] for e in self._paged if "mail" in e["data"]["contacts"].get(person.id, [])})
        mails = self._page_mails(person)
        at = climb[0]["at"] if climb else None
        if at not in climbs or climbs.index(at) >= len(mails):
            return None
        mail = mails[climbs.index(at)]
        self._explained.add(id(mail))
        return mail

    def _page_mails(self, person: ExamplePerson) -> list[Mailed]:
        return [m for m in self._mails if m.mail.to == person.email and self._story.message_id not in m.mail.references]

    def _is_ours(self, post: Post) -> bool:
        code, _ = button_of(post.body)
        if code:
            return code == self._story.code
        return post.root in self._roots or self._story.code in str(post.body)

    def _is_my_mail(self, mail: Mailed) -> bool:
        return self._story.message_id in mail.mail.references or self._story.code in mail.mail.subject

    def _first(self, *kinds: str) -> Instant | None:
        return next((event["at"] for event in self._events if event["kind"] in kinds), None)

    def _check(self, held: object, name: str, instead: str = "") -> None:
        self._stage.checks.that(held, self._story.letter, name, instead)

    # Telling

    def _tell(self) -> None:
        acts = [Row(self._time.of_ns(act.at_ns), act.text) for act in self._story.acts]
        due_of = {event["data"]["occurrence"]: event["data"]["due_at"] for event in self._paged}
        self.rows = [*acts, *self._told_posts(acts, due_of), *self._told_mails(acts), *self._told_changes()]
        for event in self._events:
            if event["kind"] in _TOLD_EVENTS:
                self.rows.append(Row(event["at"], f"recorded: {_TOLD_EVENTS[event['kind']]}"))
        self.rows.sort(key=lambda row: row.at)

    def _told_posts(self, acts: list[Row], due_of: dict[str, Instant]) -> Iterator[Row]:
        for post in self._posts:
            at, slot = self._time.of_s(post.at_s), button_of(post.body)[1]
            parts = slot.split(":")
            occurrence = parts[1] if parts[0] in {"page", "managers"} else ""
            due = due_of.get(occurrence, _last_act(acts, at))
            yield Row(at, _words(post), due, *self._place(post))

    def _told_mails(self, acts: list[Row]) -> Iterator[Row]:
        people = self._stage.people
        known = (*people.staff, *people.customer.people, *people.other_customer.people)
        names = {person.email: person.name for person in known}
        for mail in self._mails:
            at = self._time.of_ns(mail.at_ns)
            person = next((p for p in self._stage.people.staff if p.email == mail.mail.to), None)
            due = _last_act(acts, at)
            if person is not None and mail in (mails := self._page_mails(person)):
                dues = self._mail_dues(person)
                due = dues[mails.index(mail)] if mails.index(mail) < len(dues) else None
            cc = f" +{len(mail.mail.cc.split(','))} Cc" if mail.mail.cc else ""
            yield Row(at, mail.mail.subject, due, "mail", names.get(mail.mail.to, mail.mail.to) + cc)

    def _mail_dues(self, person: ExamplePerson) -> list[Instant]:
        by_climb: dict[Instant, Instant] = {}
        for event in self._paged:
            if "mail" in event["data"]["contacts"].get(person.id, []):
                due = event["data"]["due_at"]
                by_climb[event["at"]] = min(due, by_climb.get(event["at"], due))
        return [by_climb[at] for at in sorted(by_climb)]

    def _told_changes(self) -> Iterator[Row]:
        """One line for all cards that changed within a contract minute."""
        waiting: list[Post] = []
        for post in [*self._changes, None]:
            if waiting and (post is None or self._time.of_s(post.at_s) - self._time.of_s(waiting[0].at_s) > MINUTE):
                cards = {change.activity_id for change in waiting}
                to = f"{len(cards)} card{'s' * (len(cards) != 1)}"
                yield Row(self._time.of_s(waiting[-1].at_s), f"changed: {_words(waiting[-1])}", None, "Teams", to)
                waiting = []
            if post is not None:
                waiting.append(post)

    def _place(self, post: Post) -> tuple[str, str]:
        stage = self._stage
        for person in stage.people.staff:
            if post.conversation == stage.private(person).id:
                return "Teams", person.name
        place = stage.channel.places.get(post.conversation)
        called = f"#{place.name}" if place is not None else post.conversation
        names = mentioned(post.body)
        return "Teams", f"{called} @{', @'.join(sorted(names))}" if names else called


def prove_the_rest(stage: Stage, codes: set[str], roots: set[str]) -> None:
    """Prove that nothing was said beside the tickets but that three channels are bound, and nothing failed."""
    beside = [
        post
        for post in posts(stage.channel)
        if not button_of(post.body)[0] and post.root not in roots and not any(code in str(post.body) for code in codes)
    ]
    stage.checks.that(len(beside) == 3, "-", "nothing is said beside the tickets", "; ".join(map(_words, beside)))
    operator = [mail.mail.subject for mail in stage.mails.read() if OPERATOR_MAIL in mail.mail.to]
    stage.checks.that(not operator, "-", "the operator is not alerted", "; ".join(operator))
    faults = stage.instance.faults()
    stage.checks.that(not faults, "-", "the instance logs no error", "\n".join(faults[:10]))


_TOLD_EVENTS: Final = {
    "opened": "the ticket is opened",
    "notice": "the customer's notice",
    "linked": "the thread is linked",
    "acknowledged": "acknowledged",
    "ack_expired": "the acknowledgement ran out",
    "breached": "the deadline has passed",
    "resolved": "resolved",
    "nobody_reached": "a page reaches nobody",
    "page_failed": "a page failed",
    "undelivered": "a message was not delivered",
}


def _last_act(acts: list[Row], at: Instant) -> Instant | None:
    return max((act.at for act in acts if act.at <= at), default=None)


def _words(post: Post) -> str:
    return str(post.body.get("summary") or words_of(post.body)).replace("\n", " ")


def _span(span: int) -> str:
    return f"{span // MINUTE}:{span % MINUTE // 1000:02}"
