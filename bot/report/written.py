"""A month's figures as text that a manager can read. Every sentence comes from `bot.text.reports`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from bot.report.figures import MonthFigures, OutageFigures, TicketFigures
from bot.sla.credits import Award, Measure, shown
from bot.sla.instants import MINUTE, SECOND, Instant, Span, from_datetime, to_datetime
from bot.text import formats
from bot.text.plain import one_line
from bot.text.reports import Reports
from bot.text.reports_en import REPORTS_EN
from bot.text.reports_vi import REPORTS_VI
from bot.ticket.model import Language

REPORTS: Final[dict[Language, Reports]] = {"vi": REPORTS_VI, "en": REPORTS_EN}
_LABEL_WIDTH = 22
_EVIDENCE_MAX = 160
_GAP = "  "


def written(figures: MonthFigures, language: Language) -> str:
    """Return the report, without a line break at its end."""
    pen = _Pen(language, ZoneInfo(figures.zone))
    return "\n".join([*_head(figures, pen), *_uptime(figures, pen), *_outages(figures, pen), *_tickets(figures, pen)])


class _Pen:
    """Writes values the way a language does."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.words = REPORTS[language]
        self._language = language
        self._zone = zone

    def at(self, at: Instant) -> str:
        local = to_datetime(at).astimezone(self._zone)
        return self.words.moment.format(time=f"{local:%H:%M}", date=formats.day(self._language, at, self._zone))

    def day(self, day: date) -> str:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._zone)
        return formats.day(self._language, from_datetime(noon), self._zone)

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", self.words.thousands_mark)

    def percent(self, value: Decimal | str) -> str:
        text = f"{value.normalize():f}" if isinstance(value, Decimal) else value
        return text.replace(".", self.words.decimal_mark)

    def span(self, span: Span) -> str:
        """Return `90`, or `90:30` where seconds count; cut off."""
        minutes, rest = divmod(span, MINUTE)
        seconds = rest // SECOND
        return f"{self.number(minutes)}:{seconds:02}" if seconds else self.number(minutes)

    def spans(self, prefix: str, spans: Mapping[str, Span]) -> str:
        """Return why and how long, by the phrases whose names begin with `prefix`."""
        told = []
        for reason, span in spans.items():
            phrase = getattr(self.words, f"{prefix}_{reason}", None) or getattr(self.words, f"{prefix}_other")
            told.append(phrase.format(span=self.span(span)))
        return ", ".join(told)


def _head(figures: MonthFigures, pen: _Pen) -> list[str]:
    words, month = pen.words, figures.month
    customer = figures.customer
    lines = [
        words.title.format(month=f"{month.number:02}/{month.year}", company=customer.name),
        words.about.format(contract=customer.contract_number, at=pen.at(figures.as_of), zone=figures.zone),
    ]
    if figures.measure is not None and figures.measure.running:
        lines.append(words.running)
    if figures.tickets:
        years = ", ".join(map(str, figures.doubtful_years))
        lines.append(words.doubtful.format(years=years) if years else words.doubtful_none)
    return lines


def _uptime(figures: MonthFigures, pen: _Pen) -> list[str]:
    words, measured = pen.words, figures.measure
    heading = ["", words.heading_uptime]
    if measured is None:
        return [*heading, words.not_paid]
    percent = pen.percent(shown(measured.uptime, figures.promise))
    told = words.measured_running if measured.running else words.measured
    rows = [(words.label_measured, told.format(percent=percent))]
    if measured.running and measured.so_far is not None:
        rows.append((words.label_so_far, f"{pen.percent(shown(measured.so_far, figures.promise))}%"))
    start, end = map(pen.at, measured.paid)
    rows += [
        (words.label_promised, f"{pen.percent(figures.promise.promised)}%"),
        (words.label_paid, words.paid.format(minutes=pen.span(measured.total), start=start, end=end)),
        (words.label_down, _down(measured, pen)),
        *_credit(figures, pen),
    ]
    lines = [*heading, *(f"{label:<{_LABEL_WIDTH}}{value}".rstrip() for label, value in rows)]
    return [*lines, *_forecast(figures, pen)] if measured.running else lines


def _down(measured: Measure, pen: _Pen) -> str:
    parts = [f"{charge.ticket} {pen.span(charge.charged)}" for charge in measured.charges if charge.charged]
    told = pen.words.down.format(minutes=pen.span(measured.down))
    return told + (f" ({', '.join(parts)})" if parts else "")


def _credit(figures: MonthFigures, pen: _Pen) -> Iterable[tuple[str, str]]:
    words, award = pen.words, figures.award
    if award is None:
        yield words.label_credit, words.no_credit
        return
    amount = pen.number(award.amount_vnd)
    credit = words.credit.format(
        percent=pen.percent(award.row.percent),
        fee=pen.number(figures.customer.monthly_fee),
        amount=amount,
        least=pen.percent(award.row.uptime_from),
        below=pen.percent(award.below),
    )
    yield words.label_credit, credit
    yield "", words.credit_whole_dong
    yield words.label_terminate, _termination(figures, award, pen)
    year, quarter = figures.month.next_quarter
    yield words.label_settle, words.settle_deduct.format(amount=amount, quarter=quarter, year=year)
    yield "", words.settle_refund.format(amount=amount, days=figures.promise.refund_days)


def _termination(figures: MonthFigures, award: Award, pen: _Pen) -> str:
    if award.notice_until is None:
        return pen.words.no_right_to_terminate
    day = pen.day(award.notice_until)
    return pen.words.terminate.format(day=day, days=figures.promise.termination_notice_days)


def _forecast(figures: MonthFigures, pen: _Pen) -> list[str]:
    words = pen.words
    lines = ["", words.heading_forecast]
    for crossing in figures.crossings:
        if not crossing.reachable:
            continue
        phrase = words.crossing if crossing.more >= MINUTE else words.crossing_at_once
        told = phrase.format(
            minutes=pen.number(crossing.more_minutes),
            below=pen.percent(crossing.below),
            percent=pen.percent(crossing.row.percent),
        )
        lines.append(told + (words.crossing_terminate if crossing.row.may_terminate else "") + ".")
    return lines if len(lines) > 2 else [*lines, words.nothing_to_cross]  # noqa: PLR2004  the heading


def _outages(figures: MonthFigures, pen: _Pen) -> list[str]:
    words = pen.words
    lines = ["", words.heading_outages]
    if not figures.outages:
        return [*lines, words.no_outages]
    header = (
        words.column_ticket,
        words.column_from,
        words.column_to,
        words.column_lasted,
        words.column_deducted,
        words.column_elsewhere,
        words.column_charged,
    )
    table = _table([header, *(_outage_row(outage, pen) for outage in figures.outages)], right=(3, 4, 5, 6))
    lines.append(table[0])
    for row, outage in zip(table[1:], figures.outages, strict=True):
        lines += [row, *(f"    {note}" for note in _outage_notes(outage, pen))]
    return lines


def _outage_row(outage: OutageFigures, pen: _Pen) -> tuple[str, ...]:
    charge, confirmed = outage.charge, outage.confirmed
    deducted = sum(span for _, span in charge.deducted)
    cut_off = confirmed.end is None or confirmed.end > charge.end
    end = pen.words.still_down if confirmed.end is None and cut_off else pen.at(charge.end)
    spans = (charge.end - charge.start, deducted, charge.elsewhere, charge.charged)
    return (charge.ticket, pen.at(charge.start), end, *map(pen.span, spans))


def _outage_notes(outage: OutageFigures, pen: _Pen) -> Iterable[str]:
    words = pen.words
    yield words.evidence.format(text=one_line(outage.confirmed.evidence, _EVIDENCE_MAX))
    if outage.charge.deducted:
        yield words.deducted.format(spans=pen.spans("because", dict(outage.charge.deducted)))
    if outage.proposed:
        yield words.proposed.format(spans=pen.spans("because", outage.proposed))


def _tickets(figures: MonthFigures, pen: _Pen) -> list[str]:
    words = pen.words
    lines = ["", words.heading_tickets]
    if not figures.tickets:
        return [*lines, words.no_tickets]
    header = (
        words.column_ticket,
        words.column_priority,
        words.column_started,
        words.column_used,
        words.column_target,
        words.column_due,
        words.column_resolved,
        words.column_result,
        words.column_paused,
    )
    rows = [header, *(_ticket_row(ticket, pen) for ticket in figures.tickets)]
    sums: list[Sequence[str]] = [
        (words.heading_totals, words.column_count, words.column_met, words.column_breached, words.column_open)
    ]
    sums += [(t.priority, *map(str, (t.count, t.met, t.breached, t.open))) for t in figures.totals]
    every = [
        sum(column) for column in zip(*[(t.count, t.met, t.breached, t.open) for t in figures.totals], strict=True)
    ]
    sums.append((words.total, *map(str, every)))
    return [
        *lines,
        *_table(rows, right=(3, 4)),
        words.spans_are_minutes,
        "",
        *_table(sums, right=(1, 2, 3, 4)),
    ]


def _ticket_row(ticket: TicketFigures, pen: _Pen) -> tuple[str, ...]:
    words = pen.words
    result = {
        "met": words.result_met,
        "breached": words.result_breached.format(span=pen.span(ticket.over)),
        "open": words.result_open,
        "merged": words.result_merged.format(ticket=ticket.merged_into),
    }[ticket.result]
    if ticket.alert_corrected:
        result = f"{result}, {words.alert_corrected}"
    return (
        ticket.code,
        ticket.priority,
        pen.at(ticket.started_at),
        pen.span(ticket.used),
        pen.span(ticket.target),
        "–" if ticket.due_at is None else pen.at(ticket.due_at),
        "–" if ticket.resolved_at is None else pen.at(ticket.resolved_at),
        result,
        pen.spans("paused", ticket.paused),
    )


def _table(rows: Sequence[Sequence[str]], *, right: tuple[int, ...]) -> list[str]:
    """Return rows with their columns under each other; those in `right` are numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        _GAP.join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
