"""What the contract promises and whom it wakes: the part of a desk's files that is frozen with each ticket.

Source: product.md, "The contract in numbers", "The default ladder", D1-D3, D6, D15, D16.
"""

import hashlib
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from bot.sla.instants import MINUTE, Span
from bot.sla.shapes import Channel, Duration, Frozen, Percent, Share, Weekday, Window

ClockStarts: TypeAlias = Literal["first_contact", "notice"]
StatusMail: TypeAlias = Literal["resolved", "reopened", "merged"]


class Hours(Frozen):
    """When a clock runs: weekly windows, less the days that the calendar files close."""

    weekly: dict[Weekday, tuple[Window, ...]]
    closed_on: tuple[Literal["tet", "holiday"], ...] = ()
    boundary: Literal["close", "next_open"] = "close"


class Step(Frozen):
    """One rung: at a share of the target (or a fixed time) of used time, page `level` by `by`.

    `unacked` steps page only while nobody holds the ticket; while somebody does they inform by
    `inform_by` and are owed: when the acknowledgement runs out they fire at once.
    """

    share: Share | None = None
    after: Duration | None = None
    level: str | None = None
    whole_team: bool = False
    by: tuple[Channel, ...] = ()
    when: Literal["always", "unacked"] = "always"
    inform_by: tuple[Channel, ...] = ()
    managers: Literal["channel", "digest"] | None = None

    @model_validator(mode="after")
    def _one_time_and_somebody(self) -> "Step":
        if (self.share is None) == (self.after is None):
            raise ValueError("a step needs exactly one of 'share' (like 50%) and 'after' (like 15m)")
        if self.level is None and self.managers is None:
            raise ValueError("a step pages a 'level', the 'managers', or both; this one pages nobody")
        if self.level is not None and not self.by:
            raise ValueError("a step that pages a level needs 'by', for example [teams, mail, phone]")
        return self

    def offset(self, target: Span) -> Span:
        """Return the used time at which the step falls due."""
        return self.after if self.after is not None else target * (self.share or 0) // 100


class Chase(Frozen):
    """How the desk asks after a pause (D8): the holder at first, `level` if that stays unanswered. Working time."""

    after: Duration = Field(gt=0)
    unanswered_after: Duration = Field(gt=0)
    level: str
    by: tuple[Channel, ...] = Field(min_length=1)


class Ladder(Frozen):
    """Whom to page as a target is used up."""

    steps: tuple[Step, ...] = Field(min_length=1)
    chase: Chase | None = None
    repeat_every: Duration | None = None
    ack_warning: Duration = 0
    after_breach_every: Duration
    quiet: dict[Channel, Window] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _no_endless_repeat(self) -> "Ladder":
        if self.repeat_every is not None and self.repeat_every < MINUTE:
            raise ValueError("repeat_every must be at least 1m; shorter would flood the desk")
        if self.after_breach_every < MINUTE:
            raise ValueError("after_breach_every must be at least 1m; shorter would flood the desk")
        return self


class Priority(Frozen):
    """A class of incident: what was promised and how it is escalated."""

    title: dict[Literal["vi", "en"], str]
    target: Duration = Field(gt=0)
    hours: str
    ladder: Ladder
    clock_starts: ClockStarts = "first_contact"
    """D1. A priority that does not say so itself has the policy's."""
    call_back_within: Duration | None = None
    """Set where the customer must be called back after the resolution (D9): how soon."""
    working_day: Duration | None = None
    """Set when the target is promised in working days: the length of one, for how it is shown."""


class Triage(Frozen):
    """Who is woken while nobody has classified a ticket whose customer stated no priority (D2)."""

    target: Duration
    hours: str
    steps: tuple[Step, ...]

    @model_validator(mode="after")
    def _fixed_times(self) -> "Triage":
        if any(step.after is None for step in self.steps):
            raise ValueError("triage steps use 'after' (like 15m), not a share")
        return self


class Codes(Frozen):
    """How this desk's ticket codes look (D13)."""

    prefix: str = Field(pattern=r"^[A-Z0-9]{1,8}$")
    random_characters: int = Field(default=7, ge=6, le=12)


class Credit(Frozen):
    """A row of the credit table: from `uptime_from` (included) the fee is credited by `percent`."""

    uptime_from: Percent
    percent: Percent
    may_terminate: bool = False


class Uptime(Frozen):
    """The monthly promise and what missing it costs."""

    promised: Percent
    credits: tuple[Credit, ...]
    termination_notice_days: int = Field(default=30, ge=0)
    """Counted from the month's last day."""
    refund_days: int = Field(default=5, ge=0)
    """Counted from the end of the contract."""


class Policy(Frozen):
    """A desk's promise, frozen with each ticket by `content_hash`."""

    version: Literal[1]
    clock_starts: ClockStarts = "first_contact"
    notice_window: Duration
    codes: Codes
    hours: dict[str, Hours]
    priorities: dict[str, Priority]
    provisional: str
    triage: Triage
    ack_divisor: int = Field(default=3, ge=1, description="an acknowledgement lasts target / ack_divisor")
    uptime: Uptime
    status_mails: tuple[StatusMail, ...] = ("resolved", "reopened", "merged")
    """Which mails tell the customer, in the ticket's thread, what became of it. A suspension and its end are always
    mailed: by article 2.1 the suspension rests on that notice (D8)."""

    @model_validator(mode="before")
    @classmethod
    def _priorities_inherit(cls, data: object) -> object:
        if not isinstance(data, dict) or not isinstance(data.get("priorities"), dict):
            return data
        starts = data.get("clock_starts", "first_contact")
        priorities = {
            name: {"clock_starts": starts, **priority} if isinstance(priority, dict) else priority
            for name, priority in data["priorities"].items()
        }
        return data | {"priorities": priorities}

    @model_validator(mode="after")
    def _names_exist(self) -> "Policy":
        faults = [
            f"priority {name} uses hours {priority.hours!r}, which are not defined"
            for name, priority in self.priorities.items()
            if priority.hours not in self.hours
        ]
        if self.triage.hours not in self.hours:
            faults.append(f"triage uses hours {self.triage.hours!r}, which are not defined")
        if self.provisional not in self.priorities:
            faults.append(f"provisional priority {self.provisional!r} is not one of the priorities")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def ack_lasts(self, priority: str) -> Span:
        """Return how much used time an acknowledgement holds before it must be renewed."""
        return self.priorities[priority].target // self.ack_divisor

    def content_hash(self) -> str:
        """Return the name under which this exact policy is kept in the ledger."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:24]


def frozen_policy(body: bytes) -> Policy:
    """Return a policy as it was kept with a ticket; what a newer version added to it is passed over.

    A file is read strictly: there an unknown key is somebody's mistake.
    """
    return Policy.model_validate_json(body, extra="ignore")
