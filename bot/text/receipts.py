"""The shape of a receipt's words in one language: every phrase is a field, both languages have the same gaps."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReceiptWords:
    """Everything that a clock receipt says."""

    title: str
    for_desk: str
    for_customer: str
    as_of: str
    decimal_point: str
    hours: str
    minutes: str
    seconds: str
    nothing: str
    """No time at all, in a column of times."""
    weekdays: tuple[str, ...]
    """Short, Monday first."""
    whole_week: str
    all_day: str
    around_the_clock: str
    days_to: str
    not_counted: str
    closed_tet: str
    closed_holiday: str
    named_hours: str
    working_days: str

    used_left: str
    used_standing: str
    used_over: str
    resolved_in_time: str
    resolved_just: str
    resolved_over: str
    merged: str

    label_customer: str
    label_contract: str
    label_subject: str
    label_priority: str
    label_target: str
    label_hours: str
    label_first_contact: str
    label_notices: str
    label_due: str
    label_breached: str
    label_alerted: str
    label_resolved: str
    label_resolution: str
    label_holder: str
    label_policy: str
    provisional: str
    due_standing: str
    contact_mail: str
    contact_phone: str
    contact_teams: str
    contact_merged: str
    notice_phone: str
    notice_teams: str
    alert_corrected: str
    resolved_by: str
    workaround: str
    noted_later: str

    column_from: str
    column_to: str
    column_state: str
    column_length: str
    column_charged: str
    column_total: str
    sum_row: str
    sum_used: str
    measure_first: str
    measure_again: str
    measure_earlier: str
    how_to_check: str

    running: str
    running_over: str
    outside_hours: str
    special_day: str
    paused: str
    suspended: str
    waiting: str
    resolved: str
    stood: str
    rests_on: str
    rests_on_key: str
    source: str
    third_party: str
    customer: str
    out_of_control: str
    customer_fault: str
    out_of_scope: str
    other_pause: str

    section_history: str
    section_pauses: str
    section_suspensions: str
    section_days: str
    section_rules: str
    section_doubts: str
    history_first: str
    history_corrected: str
    history_worsened: str
    history_confirmed: str
    reason: str
    span: str
    span_open: str
    reference: str
    asked: str
    agreed_by: str
    evidence: str
    note: str
    by: str
    noted_at: str
    ended_by: str
    ended_by_answer: str
    agreement: str
    chased: str
    reminded: str
    reminded_level: str
    reminded_more: str
    kept_in_all: str
    day: str
    the_desk: str
    the_customer: str
    doubt_provisional: str
    doubt_unreviewed: str
    calendar_corrected: str
    chain: str

    d1: str
    d4: str
    d5: str
    d6: str
    d7: str
    d8: str
    d9: str

    card_earlier: str
    """Of rows that a card has no room for."""
