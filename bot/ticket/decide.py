"""The table: for each command the rule that says what follows. `decide` is the only way a ticket changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.errors import Refused
from bot.sla.instants import Instant
from bot.ticket import chat, closing, fate, hand, hold, intake, live, notices, outage, paging, pausing, work
from bot.ticket.commands import (
    Absorb,
    Acknowledge,
    AnswerChase,
    Bind,
    Bounced,
    CalledBack,
    ChatMessage,
    CodePosted,
    Command,
    CustomerMail,
    Delivered,
    EngineerMail,
    Escalate,
    HandOver,
    MergeInto,
    Note,
    OpenByMail,
    Pause,
    Reclassify,
    RecordNotice,
    Reopen,
    Resolve,
    Resume,
    Undelivered,
    Wake,
)
from bot.ticket.draft import Draft, Rules
from bot.ticket.effects import Effect
from bot.ticket.model import Event, Ticket
from bot.ticket.outage import ConfirmOutage, WithdrawOutage


@dataclass(frozen=True)
class Decision:
    """What follows from a command: committed in one step."""

    ticket: Ticket
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    guards: tuple[str, ...]
    wake_at: Instant | None


def decide(ticket: Ticket | None, command: Command, rules: Rules) -> Decision | Refused:
    """Return what follows from `command` now, or why it does not.

    `ticket` is None for OpenByMail only. What is due of the ladder is always paged along with the command.
    """
    if ticket is None:
        if not isinstance(command, OpenByMail):
            raise TypeError(f"{type(command).__name__} needs a ticket")
        ticket = intake.new_ticket(command, rules)
    draft = Draft(ticket, rules)
    before = _shown(draft)
    if not isinstance(command, OpenByMail):
        live.follow(draft)
    if not isinstance(command, _COMES_FIRST):
        # A hold that ran out before this command must not be renewed by it.
        paging.page_what_is_due(draft)
    refused = _RULES[type(command)](draft, command)
    if isinstance(refused, Refused):
        return refused
    if isinstance(command, OpenByMail):
        live.follow(draft)
    wake_at = paging.page_what_is_due(draft)
    draft.change(expected_at=wake_at)
    if _shown(draft) != before and not isinstance(command, OpenByMail):
        draft.change(shown_version=rules.version)
        draft.redraw(*draft.ticket.copies)
    return Decision(draft.ticket, tuple(draft.events), tuple(draft.effects), tuple(draft.guards), wake_at)


def _shown(draft: Draft) -> tuple[object, ...]:
    """Return what cards show of a ticket: they are redrawn when it changes."""
    ticket = draft.ticket
    return (
        ticket.priority,
        ticket.provisional,
        ticket.clock,
        ticket.calendar,
        ticket.state,
        ticket.resolution,
        ticket.last_answer_at,
        ticket.notice_at,
        ticket.breach_alerted_at,
        ticket.breach_corrected_at,
        ticket.call_back,
        ticket.pauses,
        ticket.word,
        (ticket.ack.by, ticket.ack.renewed_at) if ticket.ack is not None else None,
    )


def _wake(draft: Draft, command: Wake) -> None:
    """Do nothing of its own: what is due is paged along with every command."""


_COMES_FIRST = (OpenByMail, Resolve)
"""Nothing was due before the first contact; and whoever just resolved a ticket needs no page about it."""

_RULES: dict[type[Any], Callable[[Draft, Any], Refused | None]] = {
    OpenByMail: intake.open_by_mail,
    CustomerMail: intake.customer_mail,
    EngineerMail: intake.engineer_mail,
    Bounced: intake.bounced,
    CodePosted: chat.code_posted,
    ChatMessage: chat.chat_message,
    Bind: chat.bind,
    Acknowledge: hold.acknowledge,
    Escalate: hand.escalate,
    HandOver: hand.hand_over,
    Note: work.note,
    Reclassify: work.reclassify,
    RecordNotice: notices.record_notice,
    Pause: pausing.pause,
    AnswerChase: pausing.answer_chase,
    Resume: pausing.resume,
    Resolve: closing.resolve,
    CalledBack: closing.called_back,
    Reopen: closing.reopen,
    Absorb: closing.absorb,
    MergeInto: closing.merge_into,
    ConfirmOutage: outage.confirm_outage,
    WithdrawOutage: outage.withdraw_outage,
    Wake: _wake,
    Delivered: fate.settle_delivered,
    Undelivered: fate.settle_undelivered,
}
