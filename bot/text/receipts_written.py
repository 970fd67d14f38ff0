"""A receipt in the words of one language: what text, page and card only lay out.

Every string is plain text on one line; what people wrote went through `plain`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bot.sla.instants import Instant
from bot.sla.receipt import Measure, Row, RowKind
from bot.text import receipts_en, receipts_vi
from bot.text.phrases import phrases
from bot.text.receipts import ReceiptWords
from bot.text.receipts_pen import Pen, calm, hours_in_words, pause_reason
from bot.ticket.model import Language
from bot.ticket.receipt import Chased, Heard, Paused, Receipt, Suspended

Tone: TypeAlias = Literal["calm", "good", "bad"]

_REMINDERS_MAX: Final = 5
_LANGUAGES: Final[dict[Language, ReceiptWords]] = {"vi": receipts_vi.VI, "en": receipts_en.EN}


@dataclass(frozen=True)
class WrittenRow:
    """A row of a measure; instants as day and time of day."""

    kind: RowKind
    over: bool
    start_day: str
    start: str
    end_day: str
    """Empty where it is that of the start."""
    end: str
    state: str
    details: tuple[str, ...]
    rule: str
    length: str
    charged: str
    total: str

    @property
    def starts(self) -> str:
        """Return the start with its date."""
        return f"{self.start_day} {self.start}"

    @property
    def ends(self) -> str:
        """Return the end, with its date where it is another."""
        return f"{self.end_day} {self.end}".strip()


@dataclass(frozen=True)
class WrittenMeasure:
    """One count from nothing, with its sums."""

    title: str
    note: str
    rows: tuple[WrittenRow, ...]
    sum_label: str
    sum_length: str
    sum_charged: str


@dataclass(frozen=True)
class Section:
    """What stands below the tables: entries, each a line and further lines about it."""

    title: str
    entries: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class WrittenReceipt:
    """A whole receipt."""

    language: Language
    title: str
    edition: str
    as_of: str
    tone: Tone
    verdict: str
    facts: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, str], ...]
    """What the count goes by; a card has no room for it."""
    columns: tuple[str, str, str, str, str, str]
    measures: tuple[WrittenMeasure, ...]
    how_to_check: str
    sections: tuple[Section, ...]
    chain: str
    card_earlier: str


def receipt_words(language: Language) -> ReceiptWords:
    """Return what a language says on a receipt."""
    return _LANGUAGES[language]


def write_receipt(receipt: Receipt, language: Language) -> WrittenReceipt:
    """Return a receipt in words, for the audience that it was made for."""
    words = receipt_words(language)
    pen = Pen(receipt, words, phrases(language).times)
    edition = words.for_customer if receipt.audience == "customer" else words.for_desk
    return WrittenReceipt(
        language=language,
        title=words.title.format(code=receipt.code),
        edition=edition,
        as_of=words.as_of.format(at=pen.at(receipt.as_of), offset=pen.offset()),
        tone=_tone(receipt),
        verdict=_verdict(receipt, pen),
        facts=tuple((label, value) for label, value in _facts(receipt, pen, language) if value),
        terms=tuple((label, value) for label, value in _terms(receipt, pen) if value),
        columns=(
            words.column_from, words.column_to, words.column_state,
            words.column_length, words.column_charged, words.column_total,
        ),
        measures=tuple(
            _measure(receipt, pen, measure, language, last=measure is receipt.measures[-1])
            for measure in receipt.measures
        ),
        how_to_check=words.how_to_check,
        sections=tuple(section for section in _sections(receipt, pen, language) if section.entries),
        chain=words.chain.format(events=receipt.events, head=receipt.head),
        card_earlier=words.card_earlier,
    )  # fmt: skip


def _tone(receipt: Receipt) -> Tone:
    if receipt.left < 0:
        return "bad"
    return "good" if receipt.state == "resolved" else "calm"


def _verdict(receipt: Receipt, pen: Pen) -> str:
    words = pen.words
    told = {
        "used": pen.span(receipt.used),
        "target": pen.span(receipt.target),
        "left": pen.span(max(0, receipt.left)),
        "over": pen.span(max(0, -receipt.left)),
        "due": pen.at(receipt.due_at) if receipt.due_at is not None else "",
        "at": pen.at(receipt.resolved_at) if receipt.resolved_at is not None else "",
    }
    if receipt.state == "merged":
        return words.merged.format(into=receipt.merged_into)
    if receipt.resolved_at is not None:
        ends = {1: words.resolved_in_time, 0: words.resolved_just, -1: words.resolved_over}
        return ends[(receipt.left > 0) - (receipt.left < 0)].format(**told)
    if receipt.left < 0:
        return words.used_over.format(**told)
    return (words.used_left if receipt.due_at is not None else words.used_standing).format(**told)


def _facts(receipt: Receipt, pen: Pen, language: Language) -> Iterable[tuple[str, str]]:
    words = pen.words
    title = receipt.priority_title.get(language, "")
    priority = words.provisional.format(priority=receipt.priority) if receipt.provisional else receipt.priority
    yield words.label_customer, calm(receipt.customer)
    yield words.label_subject, calm(receipt.subject)
    yield words.label_priority, f"{priority} – {calm(title)}" if title else priority
    yield words.label_target, pen.target(receipt, receipt.target)
    yield words.label_first_contact, _first_contact(receipt, pen)
    due_at = receipt.due_at
    yield words.label_due, words.due_standing if due_at is None and receipt.state == "open" else _when(pen, due_at)
    yield words.label_breached, _when(pen, receipt.breached_at)
    alerted = _when(pen, receipt.breach_alerted_at)
    if receipt.breach_corrected_at is not None:
        alerted = words.alert_corrected.format(at=alerted, corrected=pen.at(receipt.breach_corrected_at))
    yield words.label_alerted, alerted
    yield words.label_holder, calm(receipt.holder)
    yield words.label_resolved, _resolved(receipt, pen)
    resolution = calm(receipt.resolution)
    yield words.label_resolution, words.workaround.format(text=resolution) if receipt.workaround else resolution


def _terms(receipt: Receipt, pen: Pen) -> Iterable[tuple[str, str]]:
    words = pen.words
    yield words.label_contract, calm(receipt.contract_number)
    hours = {name: hours_in_words(hours, words) for name, hours in receipt.hours.items()}
    if len(hours) > 1:
        hours = {name: words.named_hours.format(name=name, hours=told) for name, told in hours.items()}
    yield words.label_hours, "; ".join(hours.values())
    yield words.label_notices, "; ".join(_heard(heard, pen) for heard in receipt.heard)
    if receipt.audience == "desk":
        yield words.label_policy, receipt.policy


def _heard(heard: Heard, pen: Pen) -> str:
    phrase = pen.words.notice_phone if heard.kind == "phone" else pen.words.notice_teams
    told = phrase.format(at=pen.at(heard.at), who=f"({calm(heard.caller)})" if heard.caller else "").strip()
    return f"{told}: {calm(heard.note)}" if heard.note else told


def _first_contact(receipt: Receipt, pen: Pen) -> str:
    words, contact = pen.words, receipt.first_contact
    who = calm(contact.who)
    if contact.kind in {"phone", "teams"} and who:
        who = f"({who})"
    phrases = {
        "mail": words.contact_mail,
        "phone": words.contact_phone,
        "teams": words.contact_teams,
        "merged": words.contact_merged,
    }
    return phrases[contact.kind].format(at=pen.at(contact.at), who=who).strip()


def _resolved(receipt: Receipt, pen: Pen) -> str:
    if receipt.resolved_at is None:
        return ""
    told = pen.at(receipt.resolved_at)
    if receipt.resolved_by:
        told = pen.words.resolved_by.format(at=told, who=calm(receipt.resolved_by))
    if receipt.resolution_noted_at is None:
        return told
    evidence = calm(receipt.resolution_evidence)
    return pen.words.noted_later.format(text=told, at=pen.at(receipt.resolution_noted_at), evidence=evidence)


def _measure(receipt: Receipt, pen: Pen, measure: Measure, language: Language, *, last: bool) -> WrittenMeasure:
    words = pen.words
    title = words.measure_first if measure.began == "first_contact" else words.measure_again
    target = pen.span(measure.target)
    about = {"priority": measure.priority, "used": pen.span(measure.used), "target": target}
    return WrittenMeasure(
        title=title.format(at=pen.at(measure.start), priority=measure.priority),
        note="" if last else words.measure_earlier.format(until=pen.at(measure.end), **about),
        rows=tuple(_row(receipt, pen, row, language) for row in measure.rows),
        sum_label=words.sum_used.format(target=target) if last else words.sum_row,
        sum_length=pen.span(sum(row.end - row.start for row in measure.rows)),
        sum_charged=pen.span(measure.used),
    )


def _row(receipt: Receipt, pen: Pen, row: Row, language: Language) -> WrittenRow:
    words = pen.words
    rule = words.rests_on_key if row.rule.key else words.rests_on
    return WrittenRow(
        kind=row.kind,
        over=row.over and row.kind == "running",
        start_day=pen.day(row.start),
        start=pen.time(row.start),
        end_day="" if pen.day(row.end) == pen.day(row.start) else pen.day(row.end),
        end=pen.time(row.end),
        state=_state(receipt, row, words, language),
        details=tuple(_row_details(receipt, pen, row)),
        rule=rule.format(decision=row.rule.decision, key=row.rule.key),
        length=pen.span(row.end - row.start),
        charged=pen.column(row.charged),
        total=pen.column(row.used),
    )


def _state(receipt: Receipt, row: Row, words: ReceiptWords, language: Language) -> str:
    match row.kind:
        case "running":
            return words.running_over if row.over else words.running
        case "closed":
            name = row.day.name.get(language, "") if row.day is not None else ""
            return words.special_day.format(name=calm(name)) if row.day is not None else words.outside_hours
        case "paused":
            open_now = [pause for pause in receipt.pauses if pause.number in row.pauses]
            told = (words.paused.format(number=p.number, reason=pause_reason(words, p.reason)) for p in open_now)
            return "; ".join(told)
        case "suspended":
            return words.suspended
        case "waiting_for_notice":
            return words.waiting
        case "resolved":
            return words.resolved


def _row_details(receipt: Receipt, pen: Pen, row: Row) -> Iterable[str]:
    words = pen.words
    if row.kind == "paused":
        for pause in receipt.pauses:
            if pause.number in row.pauses:
                yield from _grounds(pause, words)
    if row.stood and row.stood != row.end - row.start:
        yield words.stood.format(span=pen.span(row.stood))
    if row.day is not None:
        yield words.source.format(source=calm(row.day.source))


def _grounds(pause: Paused, words: ReceiptWords) -> Iterable[str]:
    """Yield what makes a pause right."""
    for phrase, text in (
        (words.reference, pause.reference),
        (words.asked, pause.asked),
        (words.agreed_by, pause.agreed_by),
        (words.evidence, pause.evidence),
    ):
        if text:
            yield phrase.format(text=calm(text))


def _sections(receipt: Receipt, pen: Pen, language: Language) -> Iterable[Section]:
    words = pen.words
    yield Section(words.section_history, tuple(_history(receipt, pen)))
    yield Section(words.section_pauses, tuple(_pause(receipt, pen, pause) for pause in receipt.pauses))
    yield Section(words.section_suspensions, tuple(_suspension(receipt, pen, one) for one in receipt.suspensions))
    days = (
        (
            words.day.format(date=pen.date(day.date), name=calm(name)),
            (words.source.format(source=calm(day.source)),),
        )
        for day in receipt.closed_days
        for name in (day.name.get(language, ""),)
    )
    yield Section(words.section_days, tuple(days))
    yield Section(words.section_doubts, tuple(_doubts(receipt, pen)))
    rests_on = {row.rule.decision for measure in receipt.measures for row in measure.rows} | {"D1"}
    if len(receipt.measures) > 1 or len(receipt.classified) > 1:
        rests_on.add("D7")
    rules = {
        "D1": words.d1, "D4": words.d4, "D5": words.d5, "D6": words.d6,
        "D7": words.d7, "D8": words.d8, "D9": words.d9,
    }  # fmt: skip
    yield Section(words.section_rules, tuple((f"{name}: {rules[name]}", ()) for name in rules if name in rests_on))


def _history(receipt: Receipt, pen: Pen) -> Iterable[tuple[str, tuple[str, ...]]]:
    words = pen.words
    if len(receipt.classified) == 1 and not receipt.provisional:
        return
    for one in receipt.classified:
        phrase = {
            None: words.history_first,
            "corrected": words.history_corrected,
            "worsened": words.history_worsened,
            "confirmed": words.history_confirmed,
        }[one.how]
        who = calm(one.by) or words.the_desk
        line = phrase.format(at=pen.at(one.at), priority=one.priority, was=one.was, who=who)
        yield line, (words.reason.format(text=calm(one.reason)),) if one.reason else ()


def _pause(receipt: Receipt, pen: Pen, pause: Paused) -> tuple[str, tuple[str, ...]]:
    words = pen.words
    title = words.paused.format(number=pause.number, reason=pause_reason(words, pause.reason))
    lines = [_from_to(pen, pause.start, pause.end)]
    kept = sum(row.stood for measure in receipt.measures for row in measure.rows if pause.number in row.pauses)
    lines.append(words.kept_in_all.format(span=pen.span(kept)))
    lines += _grounds(pause, words)
    lines += [words.note.format(text=calm(pause.note))] if pause.note else []
    lines.append(words.by.format(who=calm(pause.by) or words.the_desk))
    lines += [words.noted_at.format(at=pen.at(pause.noted_at))] if pause.noted_at is not None else []
    lines += _chases(pen, pause.chases)
    if pause.answered:
        lines.append(words.ended_by_answer)
    elif pause.end is not None:
        lines.append(words.ended_by.format(who=calm(pause.ended_by) or words.the_desk))
    lines += [words.note.format(text=calm(pause.end_note))] if pause.end_note else []
    return title, tuple(lines)


def _chases(pen: Pen, chases: tuple[Chased, ...]) -> Iterable[str]:
    """Yield what came of asking; of many reminders the first ones and the last."""
    reminders = [chase for chase in chases if chase.reminder]
    for chase in chases:
        if not chase.reminder or chase in reminders[:_REMINDERS_MAX]:
            yield _chase(pen, chase)
    if len(reminders) > _REMINDERS_MAX:
        more, last = len(reminders) - _REMINDERS_MAX, pen.at(reminders[-1].at)
        yield pen.words.reminded_more.format(count=more, at=last)


def _chase(pen: Pen, chase: Chased) -> str:
    words = pen.words
    if chase.reminder:
        phrase = words.reminded_level if chase.note else words.reminded
        return phrase.format(at=pen.at(chase.at), level=chase.note)
    told = words.chased.format(at=pen.at(chase.at), who=calm(chase.by) or words.the_desk)
    return f"{told}: {calm(chase.note)}" if chase.note else told


def _suspension(receipt: Receipt, pen: Pen, one: Suspended) -> tuple[str, tuple[str, ...]]:
    words = pen.words
    rows = (row for measure in receipt.measures for row in measure.rows if one.id in row.suspensions)
    lines = [words.kept_in_all.format(span=pen.span(sum(row.stood for row in rows)))]
    lines += [words.reason.format(text=calm(one.reason))] if one.reason else []
    lines += [words.agreement.format(text=calm(one.agreement))] if one.agreement else []
    return _from_to(pen, one.start, one.end), tuple(lines)


def _doubts(receipt: Receipt, pen: Pen) -> Iterable[tuple[str, tuple[str, ...]]]:
    words = pen.words
    for year, status in receipt.doubtful_years:
        phrase = words.doubt_provisional if status == "provisional" else words.doubt_unreviewed
        yield phrase.format(year=year), ()
    for at in receipt.calendar_corrected_at:
        yield words.calendar_corrected.format(at=pen.at(at)), ()


def _from_to(pen: Pen, start: Instant, end: Instant | None) -> str:
    if end is None:
        return pen.words.span_open.format(start=pen.at(start))
    return pen.words.span.format(start=pen.at(start), end=pen.at_after(end, start))


def _when(pen: Pen, at: Instant | None) -> str:
    return "" if at is None else pen.at(at)
