"""A month's figures as JSON: exact milliseconds beside whole minutes, percentages as text, times with their offset."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from bot.report.figures import MonthFigures, OutageFigures, TicketFigures
from bot.sla.credits import Award, Crossing, shown
from bot.sla.instants import MINUTE, Instant, Span, to_datetime
from bot.sla.policy import Uptime


def as_data(figures: MonthFigures) -> dict[str, Any]:
    """Return the whole month; every figure stands beside the tickets and the time that make it."""
    zone = ZoneInfo(figures.zone)
    customer = figures.customer
    return {
        "month": str(figures.month),
        "customer": {"id": customer.id, "name": customer.name, "contract_number": customer.contract_number},
        "as_of": _at(figures.as_of, zone),
        "timezone": figures.zone,
        "uptime": _uptime(figures, zone),
        "outages": [_outage(outage, zone) for outage in figures.outages],
        "tickets": [_ticket(ticket, zone) for ticket in figures.tickets],
        "totals": [
            {
                "priority": total.priority,
                "count": total.count,
                **{
                    result: {
                        "count": getattr(total, result),
                        "tickets": [
                            ticket.code
                            for ticket in figures.tickets
                            if (ticket.priority, ticket.result) == (total.priority, result)
                        ],
                    }
                    for result in ("met", "breached", "open")
                },
            }
            for total in figures.totals
        ],
        "doubtful_years": list(figures.doubtful_years),
    }


def _uptime(figures: MonthFigures, zone: ZoneInfo) -> dict[str, Any] | None:
    measured, promise = figures.measure, figures.promise
    if measured is None:
        return None
    return {
        "promised_percent": str(promise.promised),
        "measured": _percentage(measured.uptime, promise),
        "so_far": _percentage(measured.so_far, promise) if measured.so_far is not None else None,
        "running": measured.running,
        "paid_from": _at(measured.paid[0], zone),
        "paid_until": _at(measured.paid[1], zone),
        **_span("paid", measured.total),
        **_span("down", measured.down),
        "made_by": [{"ticket": charge.ticket, **_span("charged", charge.charged)} for charge in measured.charges],
        "credit": _credit(figures, figures.award) if figures.award is not None else None,
        "forecast": [_crossing(crossing) for crossing in figures.crossings],
    }


def _percentage(value: Fraction, promise: Uptime) -> dict[str, str]:
    return {"percent": shown(value, promise), "exact": str(value)}


def _credit(figures: MonthFigures, award: Award) -> dict[str, Any]:
    year, quarter = figures.month.next_quarter
    return {
        "percent": str(award.row.percent),
        "uptime_from": str(award.row.uptime_from),
        "uptime_below": str(award.below),
        "monthly_fee_vnd": figures.customer.monthly_fee,
        "amount_vnd": award.amount_vnd,
        "deducted_with_payment_of": f"{year}-Q{quarter}",
        "refund_within_days": figures.promise.refund_days,
        "may_terminate": award.row.may_terminate,
        "notice_until": award.notice_until.isoformat() if award.notice_until is not None else None,
    }


def _crossing(crossing: Crossing) -> dict[str, Any]:
    return {
        "below": str(crossing.below),
        "more_ms": crossing.more,
        "more_minutes": crossing.more_minutes,
        "reachable": crossing.reachable,
        "percent": str(crossing.row.percent),
        "may_terminate": crossing.row.may_terminate,
    }


def _outage(outage: OutageFigures, zone: ZoneInfo) -> dict[str, Any]:
    confirmed, charge = outage.confirmed, outage.charge
    return {
        "ticket": charge.ticket,
        "start": _at(confirmed.start, zone),
        "end": _maybe_at(confirmed.end, zone),
        "evidence": confirmed.evidence,
        "confirmed_by": confirmed.by,
        "confirmed_at": _at(confirmed.confirmed_at, zone),
        "in_month_from": _at(charge.start, zone),
        "in_month_until": _at(charge.end, zone),
        "deductions": [
            {
                "start": _at(deduction.start, zone),
                "end": _at(deduction.end, zone),
                "reason": deduction.reason,
                "note": deduction.note,
            }
            for deduction in confirmed.deductions
        ],
        "deducted": _spans(dict(charge.deducted)),
        **_span("charged_elsewhere", charge.elsewhere),
        **_span("charged", charge.charged),
        "charged_spans": [{"start": _at(start, zone), "end": _at(end, zone)} for start, end in charge.spans],
        "proposed": _spans(outage.proposed),
    }


def _ticket(ticket: TicketFigures, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "ticket": ticket.code,
        "subject": ticket.subject,
        "priority": ticket.priority,
        "provisional": ticket.provisional,
        "first_contact_at": _at(ticket.first_contact_at, zone),
        "started_at": _at(ticket.started_at, zone),
        **_span("used", ticket.used),
        **_span("target", ticket.target),
        "due_at": _maybe_at(ticket.due_at, zone),
        "resolved_at": _maybe_at(ticket.resolved_at, zone),
        "workaround": ticket.workaround,
        "result": ticket.result,
        "breached": ticket.breached_at is not None,
        "breached_at": _maybe_at(ticket.breached_at, zone),
        **_span("over", ticket.over),
        "breach_alert_corrected": ticket.alert_corrected,
        "merged_into": ticket.merged_into or None,
        "paused": _spans(ticket.paused),
    }


def _span(name: str, span: Span) -> dict[str, int]:
    return {f"{name}_ms": span, f"{name}_minutes": span // MINUTE}


def _spans(spans: Mapping[str, Span]) -> list[dict[str, Any]]:
    return [{"reason": reason, "ms": span, "minutes": span // MINUTE} for reason, span in spans.items()]


def _at(at: Instant, zone: ZoneInfo) -> str:
    return to_datetime(at).astimezone(zone).isoformat(timespec="milliseconds")


def _maybe_at(at: Instant | None, zone: ZoneInfo) -> str | None:
    return None if at is None else _at(at, zone)
