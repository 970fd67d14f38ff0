"""To which ticket does a mail belong, and who wrote it? Source: facts on threading; D1-D3, D10, D18.

Order: Message-ID seen, In-Reply-To, References right to left, a code in the subject from somebody on the
ticket or of its customer; otherwise a new ticket for a registered domain, else it is held for a person.
"""

import hashlib
import json
from dataclasses import replace

from bot.desk.arrivals import ParsedMail
from bot.desk.handle import Desk, Done, Taken
from bot.desk.identity import domain_of, staff_by_mail
from bot.desk.ports import Commit, Committed, Entry, Guard, IndexChange, RecordKey
from bot.sla.book import Book, Customer
from bot.sla.instants import to_datetime
from bot.ticket import codes, reading
from bot.ticket.commands import Bounced, CustomerMail, EngineerMail, OpenByMail, Staff
from bot.ticket.effects import EFFECT, Effect, Mail, Say, lane_of
from bot.ticket.model import Participant, PhoneNotice, Ticket

_ANSWERS_PER_SENDER = (10, 180 * 60)
"""So many automatic answers to one address in so many seconds: two robots must not talk to each other."""
_SAME_SUBJECT_MAX = 2
_HELD_ANSWERS = (1, 24 * 3600)
_TOLD_TO_OPERATOR = (20, 3600)


class Mailroom:
    """Receives parsed mails."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def receive(self, mail: ParsedMail) -> str:
        """Handle a mail; returns a word for the log."""
        ledger, book = self._desk.ledger, self._desk.books.book()
        if mail.own or await ledger.guard_owner(f"mail:{mail.message_id}") is not None:
            return "own" if mail.own else "duplicate"
        if mail.bounced is not None:
            return await self._bounced(mail, mail.bounced)
        if mail.automatic:
            return "automatic"
        if mail.problem:
            return await self._hold(mail, mail.problem, answer=False)
        staff = staff_by_mail(mail.sender, book, self._desk.clock.now())
        code = await self._ticket_of(mail, staff, book)
        if code is not None:
            return await self._into_thread(mail, code, staff, book)
        if staff is not None or self._is_desk(mail.sender, book):
            return await self._hold(mail, "desk_without_ticket", answer=False)
        customer = book.customers.by_domain.get(domain_of(mail.sender))
        if customer is None:
            return await self._hold(mail, "unregistered", answer=True)
        missing = book.covered(customer, to_datetime(mail.received_at).astimezone(book.desk.zone).date())
        if missing != "ok":
            return await self._hold(mail, missing, answer=True)
        return await self._open(mail, customer, book)

    async def _ticket_of(self, mail: ParsedMail, staff: Staff | None, book: Book) -> str | None:
        """Return the code of the ticket whose conversation a mail continues."""
        known = [mail.in_reply_to] if mail.in_reply_to else []
        known += [reference for reference in reversed(mail.references) if reference not in known]
        for owner in await self._desk.ledger.guard_owners([f"mail:{reference}" for reference in known]):
            if owner is not None and not owner.startswith("held:"):
                return owner
        for code in codes.find_codes(mail.subject, book.policy.codes.prefix, limit=3):
            loaded = await self._desk.load(code)
            if loaded is not None and (staff is not None or self._may_write(mail.sender, loaded[0], book)):
                return code
        return None

    async def _into_thread(self, mail: ParsedMail, code: str, staff: Staff | None, book: Book) -> str:
        loaded = await self._desk.load(code)
        if loaded is None:
            return await self._hold(mail, "unknown_ticket", answer=False)
        ticket = loaded[0]
        operation = f"mail:{mail.message_id}"
        if staff is not None:
            reached = {*mail.to, *mail.cc} & {p.address for p in (ticket.requester, *ticket.participants)}
            command: EngineerMail | CustomerMail = EngineerMail(
                by=staff,
                message_id=mail.message_id,
                text=mail.new_text,
                received_at=mail.received_at,
                to_customer=bool(reached),
                attachments=mail.attachments,
            )
            word = "engineer_answer" if reached else "internal"
        elif self._may_write(mail.sender, ticket, book):
            command = CustomerMail(
                sender=Participant(address=mail.sender, name=mail.sender_name),
                message_id=mail.message_id,
                text=mail.new_text,
                received_at=mail.received_at,
                attachments=mail.attachments,
            )
            word = "customer_reply"
        else:
            return await self._hold(mail, "stranger_in_thread", answer=False)
        outcome = await self._desk.handle(code, command, operation=operation)
        return word if isinstance(outcome, Done) else "duplicate"

    async def _open(self, mail: ParsedMail, customer: Customer, book: Book) -> str:
        if not await self._may_answer(mail):
            return await self._hold(mail, "too_many", answer=False)
        text = f"{mail.subject}\n{mail.new_text}"
        stated = reading.stated_priority(text, tuple(book.policy.priorities))
        team = reading.guess_team(text, book.desk.teams) or book.desk.default_team()
        command = OpenByMail(
            code="",
            customer=customer.id,
            sender=Participant(address=mail.sender, name=mail.sender_name),
            message_id=mail.message_id,
            references=mail.references,
            subject=mail.subject,
            text=mail.new_text,
            received_at=mail.received_at,
            stated_priority=stated,
            team=team,
            missing=reading.missing_duties(
                f"{mail.subject}\n{mail.full_text}", reading.known_facts(customer, mail.sender_name), mail.attachments
            ),
            attachments=mail.attachments,
            call=await self._call_before(mail, customer),
        )
        outcome = await self._desk.open(command)
        if isinstance(outcome, Taken) and outcome.name.startswith("call:"):
            # Another mail of this customer claimed the call in this very moment.
            outcome = await self._desk.open(replace(command, call=None))
        return "duplicate" if isinstance(outcome, Taken) or outcome.replayed else "opened"

    async def _call_before(self, mail: ParsedMail, customer: Customer) -> PhoneNotice | None:
        """Return the earliest call of a customer that this mail follows and that no ticket has claimed (D1)."""
        window = self._desk.books.book().policy.notice_window
        record = await self._desk.desk_record()
        calls = [
            call
            for call in record.phone_notices
            if call.customer == customer.id and mail.received_at - window <= call.at <= mail.received_at
        ]
        owners = await self._desk.ledger.guard_owners([f"call:{call.id}" for call in calls]) if calls else []
        return next((call for call, owner in zip(calls, owners, strict=True) if owner is None), None)

    async def _may_answer(self, mail: ParsedMail) -> bool:
        """Count an automatic answer to a sender; False when somebody else's robot may be answering ours."""
        limit, window_s = _ANSWERS_PER_SENDER
        subject = hashlib.sha256(mail.subject.encode()).hexdigest()[:16]
        same = await self._allow(mail, f"subject:{mail.sender}:{subject}", _SAME_SUBJECT_MAX, window_s)
        return await self._allow(mail, f"answers:{mail.sender}", limit, window_s) and same

    async def _allow(self, mail: ParsedMail, name: str, limit: int, window_s: int) -> bool:
        """Count a mail once: one that is taken again because the store went away must not run into the limit."""
        counted = f"allowed:{name}:{_key(mail)}"
        known = await self._desk.ledger.recall(counted)
        if known is not None:
            return known == b"1"
        allowed = await self._desk.ledger.allow(name, limit=limit, window_s=window_s)
        await self._desk.ledger.remember(counted, b"1" if allowed else b"0", window_s)
        return allowed

    async def _bounced(self, mail: ParsedMail, message_id: str) -> str:
        """Tell the desk that a mail of ours did not arrive."""
        code = await self._desk.ledger.guard_owner(f"mail:{message_id}")
        report = mail.subject[:200]
        if code is not None:
            command = Bounced(message_id=message_id, report_id=mail.message_id, subject=report)
            if await self._desk.handle(code, command, operation=f"mail:{mail.message_id}") is not None:
                return "bounce"
        await self._keep(mail, "bounce", await self._to_desk(mail, "bounced", {"code": "?", "report": report}))
        return "bounce"

    async def _hold(self, mail: ParsedMail, reason: str, *, answer: bool) -> str:
        """Keep a mail for a person: no ticket, no clock; a polite answer at most once a day."""
        values = {"sender": mail.sender, "subject": mail.subject[:200], "reason": reason}
        effects = await self._to_desk(mail, "mail_held", values)
        limit, window_s = _HELD_ANSWERS
        if answer and mail.sender and await self._allow(mail, f"held:{mail.sender}", limit, window_s):
            effects.append(
                Mail(
                    id=f"{_key(mail)}.answer",
                    template="held",
                    to=(mail.sender,),
                    in_reply_to=mail.message_id,
                    references=(*mail.references, mail.message_id),
                    subject=mail.subject,
                    values={"reason": reason, "subject": mail.subject},
                )
            )
        await self._keep(mail, reason, effects)
        return "held"

    async def _to_desk(self, mail: ParsedMail, phrase: str, values: dict[str, str]) -> list[Effect]:
        """Return what the desk is told; without a channel of the desk its operator is, within reason."""
        channel = (await self._desk.desk_record()).channel("desk")
        limit, window_s = _TOLD_TO_OPERATOR
        if channel is None and not await self._allow(mail, "held-mails-told", limit, window_s):
            return []
        if channel is None:
            what = "\n".join([phrase, *(f"{name}: {value}" for name, value in values.items())])
            to = (self._desk.books.book().desk.operator.email,)
            return [Mail(id=f"{_key(mail)}.desk", template="operator", to=to, values={"what": what})]
        return [Say(id=f"{_key(mail)}.desk", chat=channel.chat, language="vi", phrase=phrase, values=values)]

    async def _keep(self, mail: ParsedMail, reason: str, effects: list[Effect]) -> bool:
        """Record a mail that opened nothing; False if it was recorded before."""
        record = {"sender": mail.sender, "subject": mail.subject[:200], "reason": reason, "at": mail.received_at}
        key = RecordKey("desk", _key(mail))
        result = await self._desk.ledger.commit(
            Commit(
                key=key,
                expected_version=0,
                body=json.dumps(record, ensure_ascii=False).encode(),
                guards=(Guard(f"mail:{mail.message_id}", _key(mail)),),
                entries=tuple(
                    Entry(lane_of(effect), effect.id, EFFECT.dump_json(effect, exclude_none=True)) for effect in effects
                ),
                indexes=(IndexChange("held", _key(mail), mail.received_at),),
            )
        )
        return isinstance(result, Committed)

    def _may_write(self, sender: str, ticket: Ticket, book: Book) -> bool:
        """Return whether a sender is on the ticket or of its customer or partner."""
        customer = book.customers.by_id.get(ticket.customer)
        if sender in {participant.address for participant in ticket.participants}:
            return True
        if customer is None:
            return False
        partner = book.customers.partners_by_id.get(customer.partner or "")
        domains = {d.lower() for d in (*customer.domains, *(partner.domains if partner else ()))}
        return domain_of(sender) in domains

    @staticmethod
    def _is_desk(sender: str, book: Book) -> bool:
        return domain_of(sender) in {domain.lower() for domain in book.desk.mail_domains}


def _key(mail: ParsedMail) -> str:
    return f"held:{hashlib.sha256(mail.message_id.encode()).hexdigest()[:20]}"
