"""A rehearsal on paper, for a manager: what happened, who was paged when, by what and why; or as JSON for a machine."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from bot.errors import Refused
from bot.rehearsal.expect import Difference, since_first
from bot.rehearsal.rows import Played, Row, Told, reading_of
from bot.rehearsal.stage import Stage
from bot.rehearsal.told import DESK_CHANNEL, MANAGERS, QUEUE
from bot.rehearsal.words import Writer, hours_minutes
from bot.sla.instants import Instant, to_datetime
from bot.text import formats
from bot.text.phrases import phrases, refusal, say
from bot.ticket.model import Language

_WIDTHS = (9, 9, 9, 17)
_ACTS = frozenset(
    {
        "mail", "call", "call_noted", "code", "confirm", "chat", "answer", "reply", "ack", "note", "pause", "resume",
        "chase", "reclassify", "escalate", "hand_over", "suspend", "agree", "resolve", "call_back", "reopen",
    }
)  # fmt: skip


def on_paper(stage: Stage, played: Played, differences: tuple[Difference, ...], language: Language) -> Iterator[str]:
    """Yield the lines of a rehearsal."""
    paper = _Paper(stage, played, language)
    yield from paper.heading()
    yield from paper.time_line()
    yield ""
    yield paper.outcome()
    if stage.scenario.expect:
        yield from paper.compared(differences)


def as_data(stage: Stage, played: Played, differences: tuple[Difference, ...]) -> dict[str, object]:
    """Return a rehearsal as JSON: instants as local ISO times, spans in ms."""
    zone = stage.book.desk.zone

    def written(at: Instant | None) -> str | None:
        return None if at is None else to_datetime(at).astimezone(zone).isoformat()

    ticket = played.ticket(played.ended_at)
    reading = None if ticket is None else reading_of(ticket, played.book)
    return {
        "title": stage.scenario.title,
        "policy": stage.book.policy.content_hash(),
        "first_contact": written(stage.first),
        "rows": [
            {
                "at": written(row.at),
                "since_ms": row.at - stage.first,
                "kind": row.kind,
                "clock": row.clock,
                "used_ms": row.used,
                "left_ms": row.left,
                **({"data": _told_data(row.data, written)} if row.data else {}),
                **({"told": [vars(told) for told in row.told]} if row.told else {}),
            }
            for row in played.rows
        ],
        "ended_at": written(played.ended_at),
        "outcome": None
        if ticket is None or reading is None
        else {
            "state": ticket.state,
            "priority": ticket.priority,
            "used_ms": reading.used(played.ended_at),
            "target_ms": reading.target,
            "due_at": written(reading.due_at()),
            "breached_at": written(reading.breached_at(played.ended_at)),
        },
        "differences": [vars(difference) for difference in differences],
    }


_INSTANTS = frozenset({"at", "due_at", "was", "now", "taken_at", "asked_at", "since", "chase_at"})


def _told_data(data: dict[str, object], written: Callable[[int], str | None]) -> dict[str, object]:
    return {
        name: written(value) if name in _INSTANTS and isinstance(value, int) else value for name, value in data.items()
    }


class _Paper:
    def __init__(self, stage: Stage, played: Played, language: Language) -> None:
        self.stage = stage
        self.played = played
        self.language = language
        self.writer = Writer(language, stage.book.desk.zone)
        self.words = self.writer.words

    def heading(self) -> Iterator[str]:
        """Yield title, story and what it is played against."""
        scenario, book, words = self.stage.scenario, self.stage.book, self.words
        yield scenario.title
        if scenario.story:
            yield from scenario.story.strip().splitlines()
        yield words.policy_line.format(
            policy=book.policy.content_hash(), desk=book.desk.name, channels=self.writer.channels(scenario.channels)
        )
        if "desk" not in scenario.bound:
            yield words.unbound_desk
        if "managers" not in scenario.bound:
            yield words.unbound_managers

    def time_line(self) -> Iterator[str]:
        """Yield every row under its day; what happens at the same instant has its time once."""
        words = self.words
        columns = (words.column_time, words.column_since, words.column_used, words.column_left)
        yield ""
        yield f"{_columns(columns)}{words.column_what}"
        last: Row | None = None
        for row in self.played.rows:
            new_day = last is None or self._date(last.at) != self._date(row.at)
            if new_day:
                yield from self._day(last, row)
            same = last is not None and not new_day and _clock(last) == _clock(row)
            state = getattr(words, f"clock_{row.clock}")
            left = "" if row.clock == "none" else f"{hours_minutes(row.left)} {state}".strip()
            used = "" if row.clock == "none" else hours_minutes(row.used)
            told = ("", "", "", "") if same else (self.writer.time(row.at), self._since(row.at), used, left)
            for i, line in enumerate(self._what(row)):
                yield f"{_columns(told if i == 0 else ('', '', '', ''))}{line}".rstrip()
            last = row

    def outcome(self) -> str:
        """Return how it ended."""
        at, words, write = self.played.ended_at, self.words, self.writer
        ticket = self.played.ticket(at)
        if ticket is None:
            return words.outcome_none.format(at=write.moment(at))
        reading = reading_of(ticket, self.played.book)
        due, breached = reading.due_at(), reading.breached_at(at)
        if ticket.state != "open":
            told = formats.left(self.language, reading.target - reading.used(at))
        else:
            told = words.outcome_stands if due is None else words.outcome_due.format(due=write.moment(due))
        return words.outcome.format(
            at=write.moment(at),
            state=getattr(words, f"state_{ticket.state}"),
            priority=ticket.priority,
            used=write.span(reading.used(at)),
            target=write.span(reading.target),
            due=told,
            breach=words.outcome_not_breached
            if breached is None
            else words.outcome_breached.format(at=write.moment(breached)),
        )

    def compared(self, differences: tuple[Difference, ...]) -> Iterator[str]:
        """Yield whether it came as expected."""
        if not differences:
            yield self.words.as_expected.format(count=len(self.stage.scenario.expect))
            return
        yield self.words.not_as_expected
        for one in differences:
            place = "" if one.line is None else self.words.in_line.format(line=one.line)
            yield self.words.difference.format(place=place, what=one.what, expected=one.expected, found=one.found)

    def _day(self, last: Row | None, row: Row) -> Iterator[str]:
        """Yield the day's own line, with the name of a day that does not count and of those that passed unseen."""
        closed = self._closed(row.at if last is None else last.at, row.at)
        between = [
            day for day in closed if day[0] < self._date(row.at) and (last is None or day[0] > self._date(last.at))
        ]
        if between:
            days = "; ".join(f"{day:%d/%m} {name}" for day, name in between)
            yield f"{_columns(('', '', '', ''))}{self.words.days_passed.format(days=days)}"
        names = [name for day, name in closed if day == self._date(row.at)]
        day = self.writer.day(row.at)
        yield self.words.day_closed.format(day=day, names=", ".join(names)) if names else day

    def _closed(self, start: Instant, end: Instant) -> list[tuple[date, str]]:
        ticket = self.played.ticket(end)
        if ticket is None:
            return []
        hours = self.played.book.policy.priorities[ticket.priority].hours
        days = self.played.book.calendars[hours].closed_days(start, end)
        return [(day.date, day.name[self.language]) for day in days]

    def _date(self, at: Instant) -> date:
        return to_datetime(at).astimezone(self.stage.book.desk.zone).date()

    def _since(self, at: Instant) -> str:
        return since_first(at - self.stage.first)

    def _what(self, row: Row) -> Iterable[str]:
        if row.kind in _ACTS:
            return (self._act(row),)
        if row.kind == "page":
            return [self._page(row, told) for told in row.told]
        return (self._event(row),)

    def _act(self, row: Row) -> str:
        """Return what somebody did."""
        data: dict[str, Any] = {"note": "", "text": "", "reason": "", "subject": "", "agreement": "", **row.data}
        words, at = self.words, row.at

        def when(name: str) -> str:
            return self.writer.moment(int(data.get(name) or at), at)

        match row.kind:
            case "mail":
                return (words.mail_unstated if data.get("provisional") else words.mail_stated).format(**data)
            case "call" | "call_noted":
                name = "at" if row.kind == "call_noted" else "taken_at"
                return _filled(getattr(words, row.kind), data | {"at": when(name)})
            case "confirm":
                return words.confirm.format(at=when("asked_at"))
            case "ack":
                return words.ack.format(by=data["by"], level=data["by_level"])
            case "pause":
                reason = getattr(phrases(self.language).cards, f"pause_{data['reason']}")
                told = _filled(words.pause, data | {"reason": reason[:1].lower() + reason[1:]})
                told += words.pause_reference.format(reference=data["reference"]) if data.get("reference") else ""
                told += words.pause_agreed.format(name=data["agreed_by"]) if data.get("agreed_by") else ""
                return told + (words.pause_since.format(at=when("since")) if data.get("since") else "")
            case "resume":
                return (words.resume_one if data.get("pause") else words.resume).format(**data)
            case "reclassify":
                phrase = words.corrected if data["how"] == "corrected" else words.worsened
                return _filled(words.classified if data.get("same") else phrase, data | {"priority": data["to"]})
            case "escalate":
                return _filled(words.escalate, data | {"level": data["to"]})
            case "hand_over":
                return _filled(words.hand_over, data | {"name": data["to"]})
            case "resolve":
                told = _filled(words.workaround if data.get("workaround") else words.resolve, data)
                evidence = data.get("evidence", "")
                told += words.resolve_at.format(at=when("at"), evidence=evidence) if data.get("at") else ""
                return told + (words.resolve_called.format(whom=data["called"]) if data.get("called") else "")
            case "reopen":
                return _filled(words.reopen if data.get("by") else words.reopen_customer, data)
            case _:
                return _filled(getattr(words, row.kind), data)

    def _event(self, row: Row) -> str:
        """Return what followed."""
        data: dict[str, Any] = dict(row.data)
        words = self.words
        match row.kind:
            case "refused":
                refused = Refused(str(data["reason"]), data.get("values", {}))
                return words.refused.format(why=refusal(self.language, refused))
            case "deadline":
                return self._deadline(row)
            case "failed":
                return words.failed.format(
                    contact=self._contact(data["contact"]), channel=self.writer.channels((data["channel"],))
                )
            case "digest":
                return words.digest.format(at=self.writer.moment(int(data["at"]), row.at))
            case "said":
                return words.said.format(text=" ".join(say(self.language, data["phrase"], data["values"]).split()))
            case "mail_out":
                known = {
                    "auto_reply": words.auto_reply,
                    "chat_mirror": words.chat_mirror,
                    "resolved": words.mail_resolved,
                    "reopened": words.mail_reopened,
                    "suspended": words.mail_suspended,
                    "agreed": words.mail_agreed,
                }
                return known.get(data["template"]) or _filled(words.mail_out, data)
            case _:
                return _filled(getattr(words, row.kind), data)

    def _deadline(self, row: Row) -> str:
        words = self.words
        was, now = row.data["was"], row.data["now"]
        if not isinstance(now, int):
            if not isinstance(was, int):
                return words.deadline_none
            return words.deadline_stands.format(was=self.writer.moment(was, row.at))
        told = self.writer.moment(now, row.at)
        if row.data["first"]:
            return words.deadline_first.format(now=told)
        if not isinstance(was, int):
            return words.deadline_back.format(now=told)
        return words.deadline_moved.format(was=self.writer.moment(was, row.at), now=told)

    def _page(self, row: Row, told: Told) -> str:
        words = self.words
        where = self._where(told) or words.nobody
        why = self._why(row)
        if told.contact == MANAGERS:
            return words.page_managers.format(where=where, why=why)
        level = told.level or "–"
        return words.page.format(level=level, name=self._contact(told.contact, told.name), where=where, why=why)

    def _where(self, told: Told) -> str:
        words = self.words
        known = {"chat": words.where_chat, DESK_CHANNEL: words.where_desk, MANAGERS: words.where_managers}
        shown = []
        for where in told.where:
            if where in known:
                shown.append(known[where])
            elif "@" in where:
                shown.append(where if told.contact.startswith(QUEUE) else words.channel_mail)
            else:
                shown.append(words.where_phone.format(extension=where))
        return ", ".join(dict.fromkeys(shown))

    def _why(self, row: Row) -> str:
        data, words = row.data, self.words
        share, after = data.get("share"), data.get("after")
        step = words.why_step
        if isinstance(share, int):
            step = words.why_share.format(share=share)
        elif isinstance(after, int):
            step = words.why_after.format(span=self.writer.span(after))
        why: str = step if data["why"] == "step" else getattr(words, f"why_{data['why']}").format(step=step)
        if data["why"] == "step" and data.get("breach"):
            why = words.why_breach
        if data.get("held_back"):
            why = words.why_held_back.format(step=why)
        if data.get("passed_on"):
            why = words.why_passed_on.format(step=why)
        late = data.get("late")
        return words.late.format(why=why, span=self.writer.span(late)) if isinstance(late, int) else why

    def _contact(self, contact: str, name: str = "") -> str:
        if contact.startswith(QUEUE):
            return self.words.queue.format(team=contact.removeprefix(QUEUE))
        if contact == MANAGERS:
            return self.words.where_managers
        return self.words.where_desk if contact == DESK_CHANNEL else name or contact


def _filled(phrase: str, data: dict[str, Any]) -> str:
    """Return a phrase with its gaps filled; what is left empty at its end goes with its colon."""
    return phrase.format_map(data).rstrip(": ")


def _clock(row: Row) -> tuple[object, ...]:
    return row.at, row.clock, row.used, row.left


def _columns(values: tuple[str, ...]) -> str:
    return "".join(f"{value:<{width}}" for value, width in zip(values, _WIDTHS, strict=True))
