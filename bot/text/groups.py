"""The shape of a language: every phrase is a field, so a missing one is a type error.

Phrases are plain text with `{named}` gaps; both languages have the same gaps (tested).
"""

from dataclasses import dataclass

from bot.text.forms import Forms


@dataclass(frozen=True)
class Times:
    """How instants, spans and lists are written."""

    today: str
    on_day: str
    date: str
    """Of `day`, `month` (numbers), `name` (of the month) and `year`."""
    months: tuple[str, ...]
    minutes: str
    hours: str
    hours_minutes: str
    under_a_minute: str
    left: str
    over: str
    just_over: str
    sla_time: str
    """Said of a span that counts working time only, so that nobody reads it off the wall clock."""
    last_of_list: str


@dataclass(frozen=True)
class Cards:
    """Labels, headlines and buttons of the cards."""

    title_status: str
    state_received: str
    state_working: str
    state_waiting: str
    state_resolved: str
    label_priority: str
    label_state: str
    label_received: str
    label_notice: str
    label_due: str
    label_resolved_at: str
    label_last_answer: str
    label_company: str
    label_contract: str
    label_fqdn: str
    label_requester: str
    label_subject: str
    label_excerpt: str
    label_holder: str
    label_level: str
    label_channels: str
    label_waiting: str
    label_resolution: str
    label_breached_at: str
    label_paged: str
    label_mentions: str
    label_handed_over: str
    """{name}, {at}."""
    label_escalated: str
    """{name}, {at}."""
    label_chased: str
    label_reference: str
    label_asked: str
    label_detail: str
    label_answer: str
    """{at}."""
    level: str
    priority_with_title: str
    provisional: str
    due_paused: str
    due_used: str
    channels_mail: str
    channels_mail_and_chat: str
    nobody_holds: str
    held_until: str
    paged_line: str
    paged_before: str
    nobody_paged: str
    call_us: str
    write_here: str
    write_again: str
    kind_step: str
    kind_repeat: str
    kind_after_breach: str
    kind_triage: str
    kind_ack_warning: str
    kind_information: str
    kind_chase: str
    kind_escalated: str
    kind_handed_over: str
    kind_call_back: str
    late: str
    """The page is late by the desk's own fault."""
    kind_held: str
    kind_resolved: str
    kind_breach: str
    kind_corrected: str
    headline: str
    headline_paused: str
    headline_resolved: str
    headline_over: str
    headline_just_over: str
    headline_corrected: str
    summary_status: str
    summary_status_due: str
    summary_with_company: str
    summary_repeat: str
    summary_triage: str
    summary_ack_warning: str
    summary_information: str
    summary_held: str
    pause_third_party: str
    pause_customer: str
    pause_out_of_control: str
    pause_customer_fault: str
    pause_out_of_scope: str
    pause_suspension: str
    pause_notice: str
    pause_other: str
    pause_since: str
    """{at}."""
    pauses_before: str
    """{count}."""
    by_manager: str
    button_acknowledge: str
    button_keep: str
    button_resolve: str
    button_note: str
    button_classify: str
    button_reclassify: str
    button_pause: str
    button_resume: str
    button_reopen: str
    button_refresh: str
    button_how_counted: str
    """On the customer's card."""
    button_confirm: str
    input_resolution: str
    input_workaround: str
    input_note: str
    input_priority: str
    input_how: str
    how_corrected: str
    how_worsened: str
    input_reason: str
    input_pause_reason: str
    input_pause_note: str
    input_reopen: str
    input_missing: str


@dataclass(frozen=True)
class Sayings:
    """What the bot says in a chat."""

    unknown_code: str
    """For unknown and forbidden codes alike; never a hint whether the ticket exists (D10 row 4)."""
    ask_address: str
    address_not_an_address: str
    code_on_its_way: str
    """The same whether or not the address belongs to the ticket (D10 row 3)."""
    digits_needed: str
    digits_wrong: str
    digits_expired: str
    challenge_limit: str
    bound: str
    dialog_cancelled: str
    help_customer: str
    help_staff: str
    welcome_personal: str
    welcome_team: str
    no_current_ticket: str
    files_hint: str
    too_many_codes: str
    reopen_question: str
    wrote_after_resolved: str
    """To the desk."""
    channel_bound_desk: str
    channel_bound_managers: str
    channel_bound_customer: str
    channel_unbound: str
    channel_has_outsiders: str
    members_unknown: str
    """Why a channel cannot be bound to one customer."""
    binding_lapsed: str
    bind_usage: str
    unknown_customer: str
    staff_only: str
    undeliverable: str
    poisoned: str
    mail_held: str
    bounced: str
    reading_faults: str
    store_away: str
    call_noted: str
    """A call was entered before its mail; the desk waits for the mail (D1)."""
    call_on_ticket: str
    call_without_mail: str
    """To the desk: no mail followed a call within the notice window."""
    order_time_unclear: str
    call_usage: str
    suspension_usage: str
    suspended: str
    suspended_unmailed: str
    """The customer never had a ticket: there is nobody to mail."""
    suspended_already: str
    agreed: str
    agreed_unmailed: str
    not_suspended: str
    merge_usage: str
    order_refused: str
    merged: str


@dataclass(frozen=True)
class Refusals:
    """Why something was not done; fields are the reasons of `errors.Refused`."""

    not_allowed: str
    """Uniform: says nothing about whether the ticket exists."""
    not_your_level: str
    already_resolved: str
    already_acknowledged: str
    old_card: str
    reason_needed: str
    note_needed: str
    unknown_priority: str
    same_priority: str
    not_paused: str
    already_paused: str
    not_resolved: str
    conflict: str
    store_away: str
    unknown_action: str
    manager_only: str
    merged: str
    in_the_future: str
    in_the_past: str
    before_the_start: str
    already_recorded: str
    reference_needed: str
    agreement_needed: str
    evidence_needed: str
    whom_needed: str
    not_a_duplicate: str
    time_unclear: str
    outage_times: str
    outage_deductions: str
    no_outage: str
    level_unknown: str
    level_too_low: str
    nobody_holds: str
    not_holder: str
    colleague_unknown: str
    colleague_holds: str
    colleague_unreachable: str
    receipt_broken: str
    """The recorded events are not what they were; no receipt is made of them."""


@dataclass(frozen=True)
class Mirrors:
    """An engineer's answer by mail, as it appears in a linked chat."""

    answer: str
    answer_came: str
    """All that a shared channel is told (D11)."""
    attachments: str
    cut: str


@dataclass(frozen=True)
class Phrases:
    """Everything that one language says in Teams."""

    times: Times
    cards: Cards
    sayings: Sayings
    refusals: Refusals
    mirrors: Mirrors
    forms: Forms
