"""What a rehearsal of the policy says on paper: a time line that a manager reads, and when something is due."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rehearsals:
    """Every phrase of `due` and `simulate` in one language."""

    weekdays: tuple[str, ...]
    """Monday first."""
    weekdays_short: tuple[str, ...]
    moment: str
    day: str
    and_seconds: str
    """How a duration with seconds ends."""
    working_days: str

    channel_teams: str
    channel_mail: str
    channel_phone: str

    policy_line: str
    unbound_desk: str
    unbound_managers: str
    column_time: str
    column_since: str
    column_used: str
    column_left: str
    column_what: str
    day_closed: str
    days_passed: str
    clock_none: str
    clock_running: str
    clock_closed: str
    clock_paused: str
    clock_stopped: str

    mail_stated: str
    mail_unstated: str
    call_noted: str
    call: str
    code: str
    confirm: str
    chat: str
    answer: str
    reply: str
    ack: str
    note: str
    pause: str
    pause_since: str
    pause_reference: str
    pause_agreed: str
    resume: str
    resume_one: str
    chase: str
    classified: str
    corrected: str
    worsened: str
    escalate: str
    hand_over: str
    suspend: str
    agree: str
    resolve: str
    workaround: str
    resolve_at: str
    resolve_called: str
    call_back: str
    reopen: str
    reopen_customer: str

    refused: str
    hold_expired: str
    deadline_first: str
    deadline_none: str
    deadline_stands: str
    deadline_back: str
    deadline_moved: str
    breach: str
    breach_corrected: str
    operator: str
    auto_reply: str
    chat_mirror: str
    mail_resolved: str
    mail_reopened: str
    mail_suspended: str
    mail_agreed: str
    mail_out: str
    said: str
    mirrored: str
    card: str
    failed: str

    page: str
    page_managers: str
    digest: str
    """Of a page that managers learn of by their digest."""
    queue: str
    nobody: str
    where_chat: str
    where_desk: str
    where_managers: str
    where_phone: str
    why_share: str
    why_after: str
    why_step: str
    why_held_back: str
    why_passed_on: str
    why_repeat: str
    why_after_breach: str
    why_triage: str
    why_ack_warning: str
    why_information: str
    why_chase: str
    why_escalated: str
    why_handed_over: str
    why_call_back: str
    why_breach: str
    late: str

    outcome: str
    outcome_none: str
    state_open: str
    state_resolved: str
    state_merged: str
    outcome_due: str
    outcome_stands: str
    outcome_not_breached: str
    outcome_breached: str
    as_expected: str
    not_as_expected: str
    difference: str
    in_line: str

    due_title: str
    due_first: str
    due_notice: str
    due_from_notice: str
    due_at: str
    due_starts: str
    due_hours: str
    due_never_closed: str
    due_closed_tet: str
    due_closed_holiday: str
    due_ladder: str
    due_unacked: str
    due_informs: str
    due_quiet: str
    due_managers_channel: str
    due_managers_digest: str
    due_whole_team: str
    due_repeat: str
    due_after_breach: str
    due_ack: str
    due_closed_days: str
    due_closed_day: str
    due_no_closed_days: str
    due_doubtful: str
    status_provisional: str
    status_unreviewed: str
