"""What a scenario file may say: who is there, what happens when, and what must come of it."""

from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import AfterValidator, Field, model_validator

from bot.rehearsal.moments import Moment, When, parse_moment
from bot.sla.roster import Person, Shift
from bot.sla.rungs import PageKind
from bot.sla.shapes import Channel, Duration, Frozen
from bot.ticket.commands import PauseReason

PERSON = "person id of the roster"


def _on_the_wall(moment: Moment) -> Moment:
    if moment.wall is None:
        raise ValueError("the first contact is a time on the desk's clock, like 2026-03-07T16:30")
    return moment


FirstContact: TypeAlias = Annotated[When, AfterValidator(_on_the_wall)]


class MailIn(Frozen):
    """The customer's mail that opens the ticket."""

    priority: str | None = Field(default=None, description="stated by the customer; absent: read from the text")
    subject: str = ""
    text: str = ""
    team: str | None = Field(default=None, description="absent: as the text names its service (D3)")


class Call(Frozen):
    """A phone call that an engineer enters: before the mail, or afterwards for an earlier time (D1)."""

    by: str = Field(description=PERSON)
    taken_at: When | None = Field(default=None, description="when the call was; absent: as it is entered")
    caller: str = ""
    note: str = ""


class Confirm(Frozen):
    """Somebody who wrote the code before they were allowed to see the ticket has proved who they are (D1, D10)."""

    asked_at: When = Field(description="when they wrote the code")


class Remark(Frozen):
    """An internal note."""

    by: str = Field(description=PERSON)
    text: str


class PauseLine(Frozen):
    """Stop the clock (D8)."""

    by: str = Field(description=PERSON)
    reason: PauseReason
    note: str
    reference: str = ""
    asked: str = ""
    agreed_by: str = ""
    evidence: str = ""
    since: When | None = None
    chase_at: When | None = None


class ResumeLine(Frozen):
    """Let the clock run again; `pause`: only the one with this number."""

    by: str = Field(description=PERSON)
    pause: int | None = None
    note: str = ""


class ChaseLine(Frozen):
    """Somebody asked after a pause."""

    by: str = Field(description=PERSON)
    pause: int = 1
    note: str
    chase_at: When | None = None


class ReclassifyLine(Frozen):
    """A priority decided by an engineer (D2, D7)."""

    by: str = Field(description=PERSON)
    to: str
    how: Literal["corrected", "worsened"] = "corrected"
    reason: str = ""


class EscalateLine(Frozen):
    """Page a level by hand."""

    by: str = Field(description=PERSON)
    to: str
    reason: str = ""


class HandOverLine(Frozen):
    """Offer the ticket to a colleague."""

    by: str = Field(description=PERSON)
    to: str = Field(description=PERSON)
    note: str = ""


class SuspendLine(Frozen):
    """The customer's contract stands still (D8)."""

    by: str = Field(description=PERSON)
    reason: str = ""


class AgreeLine(Frozen):
    """The suspension ends."""

    by: str = Field(description=PERSON)
    agreement: str = ""


class ResolveLine(Frozen):
    """Restored, or a workaround; `at`: when it really was (D9)."""

    by: str = Field(description=PERSON)
    note: str
    workaround: bool = False
    at: When | None = None
    evidence: str = ""
    called: str = ""


class CallBackLine(Frozen):
    """The call that a P1 or P2 owes the customer."""

    by: str = Field(description=PERSON)
    whom: str
    note: str = ""


class ReopenLine(Frozen):
    """The fault is back."""

    by: str | None = Field(default=None, description=f"{PERSON}; absent: the customer")
    note: str = ""


class Line(Frozen):
    """One thing that happens: `at`, and exactly one key that says what."""

    at: When
    mail: MailIn | None = None
    call: Call | None = None
    code: str | None = Field(default=None, description="the customer writes the code in Teams, with this text")
    confirm: Confirm | None = None
    chat: str | None = Field(default=None, description="the customer writes in the linked thread")
    answer: str | None = Field(default=None, description="the customer writes in the mail thread")
    reply: Remark | None = Field(default=None, description="an engineer answers the customer by mail")
    ack: str | None = Field(default=None, description=PERSON)
    note: Remark | None = None
    pause: PauseLine | None = None
    resume: ResumeLine | None = None
    chase: ChaseLine | None = None
    reclassify: ReclassifyLine | None = None
    escalate: EscalateLine | None = None
    hand_over: HandOverLine | None = None
    suspend: SuspendLine | None = None
    agree: AgreeLine | None = None
    resolve: ResolveLine | None = None
    call_back: CallBackLine | None = None
    reopen: ReopenLine | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "Line":
        if len(self.model_fields_set - {"at"}) != 1 or self.action is None:
            known = ", ".join(name for name in type(self).model_fields if name != "at")
            raise ValueError(f"a line says 'at' and exactly one of {known}")
        return self

    @property
    def name(self) -> str:
        """Return which key it is."""
        return next(iter(self.model_fields_set - {"at"}))

    @property
    def action(self) -> Frozen | str | None:
        """Return what happens."""
        found: Frozen | str | None = getattr(self, self.name)
        return found


class Failing(Frozen):
    """A channel by which somebody is not reached."""

    who: str = Field(description=f"{PERSON}, `queue:<team>`, `desk` (the desk's channel) or `managers`")
    by: Channel
    since: When | None = None
    until: When | None = None


class Never(Frozen):
    """A page that must not happen."""

    level: str | None = None
    contact: str | None = None
    kind: PageKind | None = None
    since: When | None = None
    until: When | None = Field(default=None, description="before this time")


class Expected(Frozen):
    """What must come of it. With `at`: as it is after everything of that instant; without: at the end."""

    at: When | None = None
    page: str | None = Field(default=None, description="a page of this level (or `managers`) at exactly this time")
    by: tuple[Channel, ...] | None = Field(default=None, description="exactly these channels")
    to: tuple[str, ...] | None = Field(default=None, description="exactly these contacts")
    kind: PageKind | None = None
    pages: tuple[str, ...] | None = Field(
        default=None, description="every page there is: time, level (or `managers`), kind; `+0:05 L2 repeat`"
    )
    never: Never | None = None
    due: When | Literal["none"] | None = Field(default=None, description="`none`: the clock stands before it")
    used: Duration | None = None
    breached: bool | None = None
    state: Literal["open", "resolved", "merged"] | None = None
    priority: str | None = None
    holder: str | None = Field(default=None, description=f"{PERSON}, or `none`")
    refused: str | None = Field(default=None, description="the line at this time is refused for this reason")

    @model_validator(mode="after")
    def _something(self) -> "Expected":
        if not self.model_fields_set - {"at", "by", "to", "kind"}:
            raise ValueError("nothing is expected here; for example 'page: L3', 'due: …', 'used: 30m'")
        if (self.page is not None or self.refused is not None) and self.at is None:
            raise ValueError("'page' and 'refused' need 'at': exactly when")
        if self.page is None and self.model_fields_set & {"by", "to", "kind"}:
            raise ValueError("'by', 'to' and 'kind' belong to a 'page'")
        for written in self.pages or ():
            read_page(written)
        return self


class Scenario(Frozen):
    """A rehearsal of one ticket's life against a policy."""

    title: str
    story: str = ""
    first_contact: FirstContact = Field(description="where relative times count from: 2026-03-07T16:30, desk time")
    until: When | None = Field(
        default=None, description="absent: until resolved with nothing left to do, at most 24 h after the last line"
    )
    channels: tuple[Channel, ...] = Field(default=("teams", "mail", "phone"), min_length=1)
    bound: tuple[Literal["desk", "managers"], ...] = Field(
        default=("desk", "managers"), description="which of the desk's own channels staff bound"
    )
    customer: str | None = Field(default=None, description="id in customers.yaml; absent: an invented one")
    people: tuple[Person, ...] | None = Field(default=None, description="instead of the desk's own roster")
    shifts: tuple[Shift, ...] | None = None
    failing: tuple[Failing, ...] = ()
    events: tuple[Line, ...] = Field(min_length=1, max_length=1_000)
    expect: tuple[Expected, ...] = ()

    @model_validator(mode="after")
    def _shifts_of_people(self) -> "Scenario":
        if self.shifts is not None and self.people is None:
            raise ValueError("'shifts' of a scenario need its own 'people'")
        return self


def read_page(written: str) -> tuple[Moment, str, str]:
    """Read `+0:05 L2 repeat`; raises ValueError that says the form."""
    parts = written.split()
    if len(parts) < 3 or parts[-1] not in get_args(PageKind):  # noqa: PLR2004  time, level, kind
        kinds = ", ".join(get_args(PageKind))
        raise ValueError(f"{written!r} is no page; write time, level and kind, like '+0:05 L2 repeat' ({kinds})")
    return parse_moment(" ".join(parts[:-2])), parts[-2], parts[-1]
