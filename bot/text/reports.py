"""What a month's report says. Its figures are made in `bot/report`; here are only words, for managers and customers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reports:
    """Every phrase of a report in one language."""

    decimal_mark: str
    thousands_mark: str
    moment: str
    title: str
    about: str
    running: str
    doubtful: str
    doubtful_none: str
    """Where no clock of the month used a year that nobody reviewed."""

    heading_uptime: str
    not_paid: str
    label_measured: str
    measured: str
    measured_running: str
    label_so_far: str
    label_promised: str
    label_paid: str
    paid: str
    label_down: str
    down: str
    label_credit: str
    credit: str
    credit_whole_dong: str
    no_credit: str
    label_terminate: str
    terminate: str
    no_right_to_terminate: str
    label_settle: str
    settle_deduct: str
    settle_refund: str

    heading_forecast: str
    crossing: str
    crossing_at_once: str
    crossing_terminate: str
    nothing_to_cross: str

    heading_outages: str
    no_outages: str
    column_ticket: str
    column_from: str
    column_to: str
    column_lasted: str
    column_deducted: str
    column_elsewhere: str
    column_charged: str
    still_down: str
    deducted: str
    proposed: str
    evidence: str
    because_provider: str
    because_data_centre: str
    because_suspended: str
    because_excluded: str

    heading_tickets: str
    no_tickets: str
    spans_are_minutes: str
    column_priority: str
    column_started: str
    column_used: str
    column_target: str
    column_due: str
    column_resolved: str
    column_result: str
    column_paused: str
    result_met: str
    result_breached: str
    result_open: str
    result_merged: str
    alert_corrected: str
    paused_third_party: str
    paused_customer: str
    paused_out_of_control: str
    paused_customer_fault: str
    paused_out_of_scope: str
    paused_suspension: str
    paused_notice: str
    paused_other: str

    heading_totals: str
    column_count: str
    column_met: str
    column_breached: str
    column_open: str
    total: str
