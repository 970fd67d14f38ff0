"""What the forms on the engineers' cards ask, and what they show before something is confirmed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Forms:
    """Buttons, labels and the preview of one language."""

    button_escalate: str
    button_hand_over: str
    button_call: str
    button_chase: str
    button_called_back: str
    button_outage: str
    button_receipt: str
    button_back: str
    button_more: str
    time_hint: str
    """Shown in an empty field for a time."""
    input_called: str
    input_resolved_at: str
    input_resolved_evidence: str
    input_reference: str
    input_agreed_by: str
    input_since: str
    input_pause_evidence: str
    input_chase_at: str
    input_which_pause: str
    all_pauses: str
    pause_choice: str
    """{reason}, {note}."""
    input_chase_note: str
    input_level: str
    input_reason: str
    input_colleague: str
    colleague_choice: str
    """{name}, {level}."""
    input_hand_over_note: str
    input_call_at: str
    input_caller: str
    input_whom: str
    input_call_note: str
    input_outage_start: str
    input_outage_end: str
    input_outage_evidence: str
    input_outage_deduct: str
    input_outage_withdraw: str
    preview_classify: str
    """{priority}."""
    preview_pause: str
    preview_due: str
    """{old}, {new}."""
    preview_stands: str
    """In place of a deadline: the clock stands before it."""
    preview_breached: str
    preview_paged: str
    preview_paged_line: str
    """{level}, {name}, {channels}."""
    preview_managers_line: str
    """{channels}."""
    preview_nobody: str
    channel_teams: str
    channel_mail: str
    channel_phone: str
