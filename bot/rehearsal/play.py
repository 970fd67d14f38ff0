"""A scenario is played: each line becomes a command, wake-ups travel, messages arrive at once or fail as it says.

`decide` is the product's own; the ticket goes through its stored form after every decision, as in the ledger.
At equal times people come before the clock: somebody who acts at the very minute was in time.
"""

from collections.abc import Callable
from itertools import takewhile

from bot.errors import Refused
from bot.rehearsal import acts
from bot.rehearsal.moments import Moment
from bot.rehearsal.rows import ClockState, Played, Row, Told, clock_state, reading_of
from bot.rehearsal.scenario import Line
from bot.rehearsal.stage import Stage
from bot.rehearsal.told import (
    DESK_CHANNEL,
    MANAGERS,
    channel_of,
    is_for_digest,
    page_of,
    pages,
    pulled_from,
    share_of,
)
from bot.sla.instants import Instant
from bot.sla.shapes import Frozen
from bot.ticket.commands import Command, Delivered, Undelivered, Wake
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules
from bot.ticket.effects import Card, Effect, Mail, Mirror, Say
from bot.ticket.model import Chat, Copy, DeskRecord, Suspension, Ticket

DECISIONS_MAX = 20_000
_QUIET = frozenset({"page", "breach"})  # mails that the pages' own rows tell of


class EndlessError(Exception):
    """The rehearsal does not come to its end."""


def play(stage: Stage, *, decisions_max: int = DECISIONS_MAX) -> Played:
    """Play a scenario to its end. Raises EndlessError where that takes more decisions than allowed."""
    player = _Player(stage, decisions_max)
    waiting = sorted(enumerate(stage.scenario.events), key=lambda item: stage.at(item[1].at))
    while True:
        at = stage.at(waiting[0][1].at) if waiting else None
        wake = player.wake_at
        if wake is None and (at is None or at > stage.until):
            break
        if at is not None and (wake is None or at <= wake):
            number, line = waiting.pop(0)
            player.line(number, line, at)
        elif wake is not None and wake <= stage.until:
            player.wake(max(wake, player.now))
        else:
            break
    over = player.ticket is not None and player.ticket.state != "open" and player.wake_at is None and not waiting
    ended_at = player.now if over and stage.scenario.until is None else stage.until
    return Played(tuple(player.rows), tuple(player.tickets), ended_at, stage.book)


class _Player:
    """One ticket, its desk and what was told so far; lives only inside `play`."""

    def __init__(self, stage: Stage, decisions_max: int) -> None:
        self.stage = stage
        self.book = stage.book
        self.desk: DeskRecord = stage.desk
        self.ticket: Ticket | None = None
        self.before: Ticket | None = None
        self.version = 0
        self.now: Instant = stage.first
        self.wake_at: Instant | None = None
        self.rows: list[Row] = []
        self.tickets: list[tuple[Instant, Ticket]] = []
        self.decisions_left = decisions_max

    def line(self, number: int, line: Line, at: Instant) -> None:
        """Carry out a line of the scenario."""
        self.now = at
        if line.suspend is not None or line.agree is not None:
            self._suspension(number, line)
        elif self.ticket is None and line.call is not None:
            calls = (*self.desk.phone_notices, acts.call_of(self.stage, line, number))
            self.desk = self.desk.model_copy(update={"phone_notices": calls})
            self._row("call_noted", by=self._name(line.call.by), at=calls[-1].at)
        elif line.mail is not None:
            self._carry_out(acts.open_by_mail(self.stage, line, self.desk, at), line)
        else:
            self._carry_out(acts.command_of(self.stage, line, number, at), line)

    def wake(self, at: Instant) -> None:
        """Let the ticket's wake-up come."""
        self.now = at
        self._carry_out(Wake(), None)

    def _suspension(self, number: int, line: Line) -> None:
        """Change the desk's record as staff do, and let the ticket look at its clock again."""
        who = line.suspend or line.agree
        assert who is not None  # noqa: S101  asked for such lines only
        by, standing = f"staff:{who.by}", [s for s in self.desk.suspensions if s.ended_at is None]
        if not self.book.roster.by_id[who.by].manager:
            self._refuse(line, Refused("manager_only"))
            return
        known = self.desk.suspensions
        if line.suspend is not None and not standing:
            new = Suspension(
                id=f"suspension-{number}",
                customer=self.stage.customer,
                at=self.now,
                by=by,
                reason=line.suspend.reason,
            )
            known = (*known, new)
        elif line.agree is not None and standing:
            ended = {"ended_at": self.now, "ended_by": by, "agreement": line.agree.agreement}
            known = tuple(s.model_copy(update=ended) if s in standing else s for s in known)
        self.desk = self.desk.model_copy(update={"suspensions": known})
        if self.ticket is None:
            self._line_row(line)
        else:
            self._carry_out(Wake(), line)

    def _carry_out(self, command: Command, line: Line | None) -> None:
        """Decide a command and everything that its messages bring back."""
        waiting: list[Command] = [command]
        while waiting:
            outcome = self._decide(waiting.pop(0), line)
            line = None
            if outcome is not None:
                waiting += [back for effect in outcome.effects if (back := self._sent(effect)) is not None]

    def _decide(self, command: Command, line: Line | None) -> Decision | None:
        self.decisions_left -= 1
        if self.decisions_left < 0:
            raise EndlessError("there is no end to it; give an earlier 'until'")
        self.before = before = self.ticket
        rules = Rules(self.book, self.desk, self.now, self.version + 1)
        decision = decide(before, command, rules)
        if isinstance(decision, Refused):
            if line is not None:
                self._refuse(line, decision)
            return None
        self.ticket = Ticket.model_validate_json(decision.ticket.model_dump_json(exclude_defaults=True))
        self.version += 1
        self.wake_at = decision.wake_at
        self.tickets.append((self.now, self.ticket))
        if line is not None:
            was_due = _paged_before(decision)
            self._pages(decision, before or self.ticket, lambda occurrence: occurrence in was_due)
            self._line_row(line)
        else:
            was_due = frozenset()
        if isinstance(command, Undelivered) and command.page is not None:
            _, contact, channel = command.page
            self._row("failed", contact=self._name(contact), channel=channel)
        self._tell(before, self.ticket, decision)
        self._pages(decision, self.ticket, lambda occurrence: occurrence not in was_due)
        return decision

    def _tell(self, before: Ticket | None, after: Ticket, decision: Decision) -> None:
        """Make the rows of a decision: what ended, what moved, who is told."""
        kinds = {event.kind for event in decision.events}
        if before is not None and before.ack is not None and "ack_expired" in kinds:
            self._row("hold_expired", by=before.ack.name)
        old = reading_of(before, self.book).due_at() if before is not None else None
        new = reading_of(after, self.book).due_at()
        if before is None or (old != new and after.state == "open"):
            self._row("deadline", first=before is None, was=old, now=new)
        if before is not None and before.breach_corrected_at is None and after.breach_corrected_at is not None:
            self._row("breach_corrected")
        if "breached" in kinds:
            self._row("breach")
        paged = [str(event.data["occurrence"]) for event in decision.events if event.kind == "paged"]
        if any(is_for_digest(occurrence, self.book.policy, after.priority) for occurrence in paged):
            self._row("digest", at=self.book.desk.next_digest(self.now))
        for effect in decision.effects:
            self._other(effect)

    def _pages(self, decision: Decision, ticket: Ticket, wanted: Callable[[str], bool]) -> None:
        """Make the rows of those pages of a decision whose occurrence is wanted."""
        for page, told in pages(decision.effects, self.book):
            if not wanted(page.occurrence):
                continue
            share, offset = share_of(page, self.book.policy, ticket.priority)
            reached = None if offset is None else reading_of(ticket, self.book).when_used(offset)
            self._row(
                "page",
                (told,),
                why=page.kind,
                share=share,
                after=offset if share is None else None,
                held_back=reached is not None and reached < page.due_at and page.kind == "step",
                passed_on=bool(pulled_from(page)),
                breach=page.breach,
                occurrence=page.occurrence,
                due_at=page.due_at,
                late=page.late_ms or None,
            )

    def _other(self, effect: Effect) -> None:
        """Make a row of a message that is no page and no update of a card."""
        match effect:
            case Mail(template="operator"):
                self._row("operator", what=effect.values.get("what", ""))
            case Mail(template="breach", page=None):
                told = Told(MANAGERS, MANAGERS, MANAGERS, ("mail",), effect.to)
                self._row("page", (told,), why="step", breach=True, occurrence="", due_at=self.now)
            case Mail() if effect.template not in _QUIET:
                self._row("mail_out", template=effect.template, to=", ".join(effect.to))
            case Say():
                self._row("said", phrase=effect.phrase, values=dict(effect.values))
            case Mirror():
                self._row("mirrored", author=effect.author)
            case Card(page=None, activity_id=None):
                self._row("card", view=effect.view)

    def _sent(self, effect: Effect) -> Command | None:
        """Return what comes back of a message, as the workers report it: accepted, or given up."""
        if not effect.ticket:
            return None
        page = page_of(effect)
        ref = None if page is None else (page.occurrence, page.contact, channel_of(effect))
        slot = effect.slot if isinstance(effect, Card) else None
        if self._fails(effect):
            return Undelivered(effect.id, "as the scenario has it", slot=slot, page=ref)
        copy = self._copy(effect) if isinstance(effect, Card) else None
        message_id = f"<{effect.id}@desk.example>" if isinstance(effect, Mail) else ""
        return Delivered(effect.id, copy=copy, page=ref, message_id=message_id) if copy or ref or message_id else None

    def _fails(self, effect: Effect) -> bool:
        page = page_of(effect)
        who = page.contact if page is not None else MANAGERS if getattr(effect, "template", "") == "breach" else ""
        if isinstance(effect, Say):
            who = DESK_CHANNEL
        for failing in self.stage.scenario.failing:
            since = self.stage.at(failing.since) if failing.since is not None else self.now
            until = self.stage.at(failing.until) if failing.until is not None else self.now + 1
            if (failing.who, failing.by) == (who, channel_of(effect)) and since <= self.now < until:
                return True
        return False

    def _copy(self, card: Card) -> Copy:
        """Return the card as it now stands in its chat."""
        where = card.chat or Chat(
            conversation=f"a:{card.person}",
            service_url=self.desk.service_url,
            tenant=self.book.desk.tenant,
            personal=True,
        )
        known = next((c for c in (self.ticket.copies if self.ticket else ()) if c.slot == card.slot), None)
        return Copy(
            slot=card.slot,
            view=card.view,
            chat=where,
            person=card.person,
            activity_id=card.activity_id or f"activity-{card.id}",
            language=card.language,
            version=self.version,
            page=card.page.kind if card.page is not None else known.page if known is not None else None,
            level=card.page.level if card.page is not None else known.level if known is not None else "",
        )

    def _line_row(self, line: Line) -> None:
        action = line.action
        told: dict[str, object] = {"text": action}
        if isinstance(action, Frozen):
            told = {name: value for name, value in action if value is not None}
        if line.ack is not None:
            told = {"by": line.ack}
        for name in ("taken_at", "asked_at", "since", "chase_at", "at"):
            moment = getattr(action, name, None)
            if isinstance(moment, Moment):
                told[name] = self.stage.at(moment)
        if told.get("by"):
            person = self.book.roster.by_id[str(told["by"])]
            told |= {"by": person.name, "by_level": person.level}
        if line.reclassify is not None and self.before is not None and self.before.priority == line.reclassify.to:
            told["same"] = True
        if line.hand_over is not None:
            told["to"] = self._name(line.hand_over.to)
        if line.mail is not None and self.ticket is not None:
            mail = {"priority": self.ticket.priority, "provisional": self.ticket.provisional, "team": self.ticket.team}
            told |= mail | {"subject": line.mail.subject}
        self._row(line.name, **told)

    def _refuse(self, line: Line, refused: Refused) -> None:
        self._line_row(line)
        self._row("refused", line=line.name, reason=refused.reason, values=dict(refused.values))

    def _name(self, contact: str) -> str:
        person = self.book.roster.by_id.get(contact)
        return person.name if person is not None else contact

    def _row(self, kind: str, told: tuple[Told, ...] = (), /, **data: object) -> None:
        state: ClockState = "none"
        used = left = 0
        if self.ticket is not None:
            reading = reading_of(self.ticket, self.book)
            calendar = self.book.calendars[self.book.policy.priorities[reading.priority].hours]
            used = reading.used(self.now)
            left, state = reading.target - used, clock_state(reading, calendar, self.now)
        kept = {name: value for name, value in data.items() if value is not None and value is not False and value != ""}
        if kind == "deadline":
            kept = data
        self.rows.append(Row(self.now, kind, state, used, left, kept, told))


def _paged_before(decision: Decision) -> frozenset[str]:
    """Return the pages that were due before the command was carried out: the desk's own events before anybody's."""
    due = takewhile(lambda event: event.by == "desk", decision.events)
    return frozenset(str(event.data.get("occurrence")) for event in due if event.kind == "paged")
