"""One way for every command: load, decide, commit in one step, decide again if somebody was faster."""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_fields

from bot.desk.ports import (
    BookSource,
    Clock,
    Commit,
    CommitResult,
    Committed,
    Conflict,
    Entry,
    Guard,
    GuardTaken,
    IndexChange,
    Ledger,
    RecordKey,
    Replayed,
    Stored,
)
from bot.errors import ConflictError, Refused
from bot.sla.instants import Instant
from bot.sla.policy import Policy, frozen_policy
from bot.ticket import codes
from bot.ticket.commands import (
    Bind,
    Bounced,
    ChatMessage,
    CodePosted,
    Command,
    CustomerMail,
    EngineerMail,
    OpenByMail,
    RecordNotice,
)
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules
from bot.ticket.effects import EFFECT, Effect, Mail, coalesce_key, lane_of
from bot.ticket.model import DeskRecord, PersonKey, PersonRecord, Ticket

_log = logging.getLogger("trucban.desk")
_TRIES = 16
_DESK = RecordKey("desk", "desk")
LATE = "late"
"""Index of the tickets that ever breached, by when that became known last. Costs those tickets alone."""
OWED = "owed"
"""Index of the tickets whose customer is owed a call, by when it was promised. Costs every commit one ZREM."""
_ABOUT_THE_INCIDENT = (CustomerMail, EngineerMail, Bounced, CodePosted, ChatMessage, Bind, RecordNotice)


@dataclass(frozen=True)
class Done:
    """A command was carried out. `replayed`: it had been before, nothing was done now."""

    ticket: Ticket
    version: int
    replayed: bool = False


@dataclass(frozen=True)
class Taken:
    """Something that the command claims (a mail, a thread) is another record's already."""

    name: str
    owner: str


class Desk:
    """The desk of one policy: the only writer of tickets."""

    def __init__(self, ledger: Ledger, books: BookSource, clock: Clock, on_commit: Callable[[], None]) -> None:
        self.ledger = ledger
        self.books = books
        self.clock = clock
        self._on_commit = on_commit
        self._policies: dict[str, Policy] = {}

    async def handle(
        self, code: str, command: Command, *, operation: str | None = None
    ) -> Done | Refused | Taken | None:
        """Carry out a command on a ticket; None if there is no such ticket.

        What customers and engineers write about a merged duplicate is carried out on the ticket that absorbed it.
        Raises ConflictError after many lost races, StoreAwayError if the ledger does not answer.
        """
        started = time.monotonic()
        for _ in range(_TRIES):
            stored, stored_desk = await self.ledger.read_many([_ticket_key(code), _DESK])
            if stored is None:
                return None
            ticket = Ticket.model_validate_json(stored.body)
            if ticket.merged_into and isinstance(command, _ABOUT_THE_INCIDENT):
                code = ticket.merged_into
                continue
            rules = await self._rules(ticket.policy, stored_desk, stored.version + 1)
            decision = decide(ticket, command, rules)
            if isinstance(decision, Refused):
                _report(command, code, f"refused:{decision.reason}", 0, started)
                return decision
            result = await self._write(decision, stored.version, operation)
            if isinstance(result, Conflict):
                continue
            return await self._answer(result, decision, command, started)
        raise ConflictError(f"{code} kept changing while {type(command).__name__} was decided")

    async def open(self, command: OpenByMail) -> Done | Taken:
        """Open a ticket under a new code; a mail that opened one already returns that ticket."""
        started = time.monotonic()
        policy = self.books.book().policy
        await self._keep_policy(policy)
        for _ in range(_TRIES):
            code = codes.issue(policy.codes.prefix, policy.codes.random_characters, secrets.randbits)
            named = with_fields(command, code=code)
            stored_desk = await self.ledger.read(_DESK)
            rules = await self._rules(policy.content_hash(), stored_desk, 1)
            decision = decide(None, named, rules)
            assert isinstance(decision, Decision)  # noqa: S101  opening is never refused
            result = await self._write(decision, 0, f"open:{command.message_id}")
            if isinstance(result, Conflict):
                continue  # the code is in use: draw another
            answer = await self._answer(result, decision, named, started)
            if isinstance(answer, (Done, Taken)):
                return answer
        raise ConflictError("no free ticket code was found")

    async def load(self, code: str) -> tuple[Ticket, int] | None:
        """Return a ticket and its version."""
        stored = await self.ledger.read(_ticket_key(code))
        return (Ticket.model_validate_json(stored.body), stored.version) if stored is not None else None

    async def load_with_desk(self, code: str) -> tuple[Ticket, int, DeskRecord, Rules] | None:
        """Return a ticket, its version, the desk's record and the rules that apply to the ticket now."""
        stored, stored_desk = await self.ledger.read_many([_ticket_key(code), _DESK])
        if stored is None:
            return None
        ticket = Ticket.model_validate_json(stored.body)
        rules = await self._rules(ticket.policy, stored_desk, stored.version)
        return ticket, stored.version, rules.desk, rules

    async def desk_record(self) -> DeskRecord:
        """Return what the desk learnt in operation."""
        return _desk_of(await self.ledger.read(_DESK))

    async def change_desk(
        self,
        change: Callable[[DeskRecord], DeskRecord],
        *,
        effects: Sequence[Effect] = (),
        operation: str | None = None,
    ) -> None:
        """Change the desk's record; `change` may be called several times."""
        for _ in range(_TRIES):
            stored = await self.ledger.read(_DESK)
            changed = change(_desk_of(stored))
            result = await self.ledger.commit(
                Commit(
                    key=_DESK,
                    expected_version=stored.version if stored else 0,
                    body=changed.model_dump_json(exclude_defaults=True).encode(),
                    operation=operation,
                    entries=_entries(effects),
                    wake_at=self._wakes_at(changed),
                )
            )
            if not isinstance(result, Conflict):
                self._on_commit()
                return
        raise ConflictError("the desk's record kept changing")

    async def alert_operator(self, what: str, also: Sequence[Effect] = (), *, operation: str | None = None) -> None:
        """Mail the operator what is wrong with the service; `also` is sent with it. Once for each `operation`."""
        operator = self.books.book().desk.operator
        name = hashlib.sha256(f"{what}|{operation or self.clock.now()}".encode()).hexdigest()[:20]
        mail = Mail(id=f"operator.{name}", template="operator", to=(operator.email,), values={"what": what})
        await self.change_desk(lambda record: record, effects=[mail, *also], operation=operation)

    async def person(self, key: PersonKey) -> PersonRecord:
        """Return what is kept about a person."""
        return _person_of(key, await self.ledger.read(_person_key(key)))

    async def change_person(
        self,
        key: PersonKey,
        change: Callable[[PersonRecord], tuple[PersonRecord, Sequence[Effect]]],
        *,
        operation: str | None = None,
    ) -> PersonRecord:
        """Change a person's record and send effects with it; `change` may be called several times."""
        for _ in range(_TRIES):
            stored = await self.ledger.read(_person_key(key))
            record, effects = change(_person_of(key, stored))
            result = await self.ledger.commit(
                Commit(
                    key=_person_key(key),
                    expected_version=stored.version if stored else 0,
                    body=record.model_dump_json(exclude_defaults=True).encode(),
                    operation=operation,
                    entries=_entries(effects),
                )
            )
            if isinstance(result, Conflict):
                continue
            self._on_commit()
            return record
        raise ConflictError("a person's record kept changing")

    def _wakes_at(self, record: DeskRecord) -> Instant | None:
        """Return when the desk's record is due: at the next digest, or as a call lapses that no mail followed (D1)."""
        book = self.books.book()
        calls = [notice.at + book.policy.notice_window + 1 for notice in record.phone_notices]
        digest = [] if record.digest_until is None else [book.desk.next_digest(record.digest_until)]
        return min([*calls, *digest], default=None)

    async def _rules(self, policy_hash: str, stored_desk: Stored | None, version: int) -> Rules:
        book = self.books.book()
        if book.policy.content_hash() != policy_hash:
            policy = await self._policy(policy_hash)
            book = with_fields(book, policy=policy, calendars=book.calendars_for(policy))
        return Rules(book=book, desk=_desk_of(stored_desk), now=self.clock.now(), version=version)

    async def _policy(self, content_hash: str) -> Policy:
        known = self._policies.get(content_hash)
        if known is None:
            body = await self.ledger.policy(content_hash)
            if body is None:
                raise LookupError(f"policy {content_hash} is not in the ledger")
            known = self._policies[content_hash] = frozen_policy(body)
        return known

    async def _keep_policy(self, policy: Policy) -> None:
        content_hash = policy.content_hash()
        if content_hash not in self._policies:
            await self.ledger.put_policy(content_hash, policy.model_dump_json().encode())
            self._policies[content_hash] = policy

    async def _write(self, decision: Decision, version: int, operation: str | None) -> CommitResult:
        ticket = decision.ticket
        opened, owed, known_at = ticket.opened_at, ticket.call_back, ticket.breach_known_at
        call_owed_at = owed.due_at if owed is not None and owed.at is None else None
        return await self.ledger.commit(
            Commit(
                key=_ticket_key(ticket.code),
                expected_version=version,
                body=ticket.model_dump_json(exclude_defaults=True).encode(),
                operation=operation,
                answer=ticket.code.encode(),
                guards=tuple(Guard(name, ticket.code) for name in decision.guards),
                events=tuple(event.model_dump_json().encode() for event in decision.events),
                entries=_entries(decision.effects),
                wake_at=decision.wake_at,
                indexes=(
                    IndexChange("tickets", ticket.code, opened),
                    IndexChange("open", ticket.code, opened if ticket.state == "open" else None),
                    IndexChange(f"of:{ticket.customer}", ticket.code, opened),
                    IndexChange(f"open:{ticket.customer}", ticket.code, opened if ticket.state == "open" else None),
                    IndexChange(OWED, ticket.code, call_owed_at),
                    *([IndexChange(LATE, ticket.code, known_at)] if known_at is not None else []),
                ),
            )
        )

    async def _answer(
        self, result: CommitResult, decision: Decision, command: Command, started: float
    ) -> Done | Taken | None:
        match result:
            case Committed(version):
                self._on_commit()
                _report(command, decision.ticket.code, "done", len(decision.effects), started)
                return Done(decision.ticket, version)
            case Replayed(answer):
                _report(command, decision.ticket.code, "replayed", 0, started)
                loaded = await self.load(answer.decode())
                return Done(*loaded, replayed=True) if loaded is not None else None
            case GuardTaken(name, owner):
                _report(command, decision.ticket.code, "taken", 0, started)
                return Taken(name, owner)
            case Conflict():
                raise AssertionError("conflicts are decided again by the caller")


def _report(command: Command, code: str, outcome: str, effects: int, started: float) -> None:
    _log.info(
        "command",
        extra={
            "command": type(command).__name__,
            "ticket": code,
            "actor": _actor(command),
            "outcome": outcome,
            "effects": effects,
            "ms": round((time.monotonic() - started) * 1000, 1),
        },
    )


def _actor(command: Command) -> str:
    by = getattr(command, "by", None) or getattr(command, "author", None)
    return getattr(by, "id", None) or str(getattr(by, "person", "")) or "desk"


def _entries(effects: Sequence[Effect]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            lane=lane_of(effect),
            id=effect.id,
            body=EFFECT.dump_json(effect, exclude_none=True),
            coalesce=coalesce_key(effect),
        )
        for effect in effects
    )


def _ticket_key(code: str) -> RecordKey:
    return RecordKey("ticket", code)


def _person_key(key: PersonKey) -> RecordKey:
    return RecordKey("person", str(key))


def _desk_of(stored: Stored | None) -> DeskRecord:
    return DeskRecord.model_validate_json(stored.body) if stored is not None else DeskRecord()


def _person_of(key: PersonKey, stored: Stored | None) -> PersonRecord:
    return PersonRecord.model_validate_json(stored.body) if stored is not None else PersonRecord(person=key)
