"""What a press on a card asks for: the fields of its form, read into a command. Nothing of it is trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.desk.times import read_coming, read_past
from bot.errors import Refused
from bot.sla.instants import Instant
from bot.ticket.commands import (
    Acknowledge,
    AnswerChase,
    CalledBack,
    Command,
    Escalate,
    HandOver,
    Note,
    Pause,
    Reclassify,
    RecordNotice,
    Reopen,
    Resolve,
    Resume,
    Staff,
)
from bot.ticket.model import Ticket
from bot.ticket.outage import ConfirmOutage, WithdrawOutage, proposed_deductions

_INPUT_LENGTH = 2_000


@dataclass(frozen=True)
class Press:
    """A press by staff, with what its times are read by."""

    by: Staff
    data: dict[str, object]
    ticket: Ticket
    now: Instant
    zone: ZoneInfo

    def text(self, name: str) -> str:
        """Return a field as text; empty if it is missing."""
        return field_text(self.data, name)

    def ticked(self, name: str) -> bool:
        """Return whether a box was ticked."""
        return self.data.get(name) in (True, "true")

    def past(self, name: str) -> Instant | Refused | None:
        """Return a time up to now; None if the field is empty."""
        return self._time(name, read_past)

    def coming(self, name: str) -> Instant | Refused | None:
        """Return a time after now; None if the field is empty."""
        return self._time(name, read_coming)

    def _time(self, name: str, read: Callable[[str, Instant, ZoneInfo], Instant | None]) -> Instant | Refused | None:
        text = self.text(name)
        if not text:
            return None
        at = read(text, self.now, self.zone)
        return at if at is not None else Refused("time_unclear")


def read_press(verb: str, press: Press) -> Command | Refused:
    """Return the command that a press asks for, or why it cannot be read."""
    read = _VERBS.get(verb)
    return read(press) if read is not None else Refused("unknown_action")


def field_text(data: dict[str, object], name: str) -> str:
    """Return a field of a form, bounded."""
    return str(data.get(name) or "")[:_INPUT_LENGTH].strip()


def _acknowledge(press: Press) -> Command | Refused:
    return Acknowledge(press.by)


def _note(press: Press) -> Command | Refused:
    return Note(press.by, press.text("note"))


def _reopen(press: Press) -> Command | Refused:
    return Reopen(press.by, press.text("note"))


def _resolve(press: Press) -> Command | Refused:
    at = press.past("at")
    if isinstance(at, Refused):
        return at
    return Resolve(
        press.by,
        press.text("note"),
        workaround=press.ticked("workaround"),
        at=at,
        evidence=press.text("evidence"),
        called=press.text("called"),
    )


def _classify(press: Press) -> Command | Refused:
    how: Any = press.text("how") or "corrected"
    if how not in ("corrected", "worsened"):
        return Refused("unknown_action")
    return Reclassify(press.by, press.text("priority"), how, press.text("reason"))


def _pause(press: Press) -> Command | Refused:
    reason: Any = press.text("reason")
    if reason not in ("third_party", "customer", "out_of_control", "customer_fault", "out_of_scope"):
        return Refused("reason_needed")
    since, chase_at = press.past("since"), press.coming("chase_at")
    if isinstance(since, Refused):
        return since
    if isinstance(chase_at, Refused):
        return chase_at
    return Pause(
        press.by,
        reason,
        press.text("note"),
        reference=press.text("reference"),
        asked=press.text("note") if reason == "customer" else "",
        agreed_by=press.text("agreed_by"),
        evidence=press.text("evidence"),
        since=since,
        chase_at=chase_at,
    )


def _resume(press: Press) -> Command | Refused:
    return Resume(press.by, press.text("note"), pause=_number(press, "pause"))


def _chase(press: Press) -> Command | Refused:
    chase_at = press.coming("chase_at")
    if isinstance(chase_at, Refused):
        return chase_at
    return AnswerChase(press.by, _number(press, "pause") or 0, press.text("note"), chase_at)


def _escalate(press: Press) -> Command | Refused:
    return Escalate(press.by, press.text("level"), press.text("reason"))


def _hand_over(press: Press) -> Command | Refused:
    return HandOver(press.by, press.text("to"), press.text("note"))


def _call(press: Press) -> Command | Refused:
    at = press.past("at")
    if isinstance(at, Refused):
        return at
    return RecordNotice(press.by, at=press.now if at is None else at, caller=press.text("caller"))


def _called_back(press: Press) -> Command | Refused:
    return CalledBack(press.by, press.text("whom"), press.text("note"))


def _outage(press: Press) -> Command | Refused:
    if press.ticked("withdraw"):
        return WithdrawOutage(press.by, press.text("evidence"))
    start, end = press.past("start"), press.past("end")
    if isinstance(start, Refused) or start is None:
        return Refused("time_unclear")
    if isinstance(end, Refused):
        return end
    deductions = proposed_deductions(press.ticket, start, press.now if end is None else end)
    return ConfirmOutage(press.by, start, end, press.text("evidence"), deductions if press.ticked("deduct") else ())


def _number(press: Press, name: str) -> int | None:
    text = press.text(name)
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= len("9999") else None


_VERBS: dict[str, Callable[[Press], Command | Refused]] = {
    "acknowledge": _acknowledge,
    "note": _note,
    "resolve": _resolve,
    "classify": _classify,
    "pause": _pause,
    "resume": _resume,
    "chase": _chase,
    "escalate": _escalate,
    "hand_over": _hand_over,
    "call": _call,
    "called_back": _called_back,
    "outage": _outage,
    "reopen": _reopen,
}
