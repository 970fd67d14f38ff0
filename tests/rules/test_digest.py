"""What the managers' digest tells: each breach once, by when the desk could know of it, and what stands besides."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.config.load import load_book
from bot.sla.instants import DAY, HOUR, MINUTE
from bot.ticket.commands import (
    Acknowledge,
    CalledBack,
    MergeInto,
    Pause,
    Reclassify,
    Reopen,
    Resolve,
    Resume,
    Wake,
)
from bot.ticket.digest import LINES_MAX, Found, Stretch, bulletin, lines_of, suspensions
from bot.ticket.effects import Card, DigestLine, Mail
from bot.ticket.model import DeskRecord, Suspension
from tests.harness.example_desk import write_example_desk
from tests.rules.case import DAY as MONDAY
from tests.rules.case import Case, moment
from tests.rules.files_at_hand import CHANNELS, edit
from tests.rules.ladder import at, book, local
from tests.rules.test_decide import STAFF, desk_record

L2, L3, L5 = STAFF["L2"], STAFF["L3"], STAFF["L5"]
PROVIDER: dict[str, Any] = {"reason": "third_party", "note": "Nhà mạng", "reference": "VT-1"}


def told(case: Case, since: str, until: str, next_at: str = "2026-03-20 08:00") -> list[Found]:
    stretch = Stretch(moment(since), moment(until), moment(next_at))
    return list(lines_of(case.ticket, replace(case.rules(), now=stretch.until), stretch))


def sections(case: Case, since: str, until: str, next_at: str = "2026-03-20 08:00") -> list[str]:
    return [name for name, _ in told(case, since, until, next_at)]


def p1(*, woken: str | None = "10:30") -> Case:
    """Return a P1 of 10:00, due at 10:30; `woken`: when the desk noticed that."""
    case = Case()
    if woken is not None:
        case.must(Wake(), woken)
    return case


# When it comes


@pytest.mark.parametrize(
    ("after", "comes"),
    [
        ("2026-03-09 07:59", "2026-03-09 08:00"),
        ("2026-03-09 08:00", "2026-03-10 08:00"),
        ("2026-03-09 08:01", "2026-03-10 08:00"),
        ("2026-03-31 23:59", "2026-04-01 08:00"),
    ],
)
def test_a_digest_comes_every_day_at_the_desks_own_time(after: str, comes: str) -> None:
    assert local(book().desk.next_digest(at(after))) == comes


def test_a_digest_at_the_end_of_the_day_comes_at_midnight() -> None:
    desk = book().desk.model_copy(update={"digest_at": 24 * 60})
    assert local(desk.next_digest(at("2026-03-09 12:00"))) == "2026-03-10 00:00"
    assert local(desk.next_digest(at("2026-03-10 00:00"))) == "2026-03-11 00:00"


def test_a_digest_comes_once_a_day_where_clocks_change() -> None:
    """In Berlin 02:30 is skipped on 29 March and comes twice on 25 October 2026."""
    desk = book().desk.model_copy(update={"timezone": "Europe/Berlin", "digest_at": 150})
    assert desk.zone == ZoneInfo("Europe/Berlin")
    now, comes = at("2026-01-01 00:00"), []
    while now < at("2027-01-01 00:00"):
        now = desk.next_digest(now)
        comes.append(now)
    gaps = {two - one for one, two in pairwise(comes)}
    assert gaps == {DAY, DAY - HOUR // 2, DAY - HOUR + HOUR // 2, DAY + HOUR}


# What passed its deadline


def test_a_breach_is_told_by_the_digest_after_it_and_by_no_other() -> None:
    case = p1()
    ((name, line),) = told(case, "08:00", "11:00")
    assert name == "passed"
    assert line == DigestLine(
        code=case.ticket.code, company=case.ticket.customer, priority="P1", at=moment("10:30"), over=30 * MINUTE
    )
    assert sections(case, "11:00", "12:00") == ["over"]
    assert sections(case, "08:00", "10:30") == ["due"], "exactly at the deadline is no breach"
    case.must(Acknowledge(L5), "12:10")
    case.must(Resolve(L5, "Đã sửa"), "12:20")
    ((name, line),) = [found for found in told(case, "08:00", "13:00") if found[0] != "call_backs"]
    assert (name, line.who, line.over, line.resolved_at) == ("passed", L5.name, 110 * MINUTE, moment("12:20"))
    assert sections(case, "12:30", "13:00") == ["call_backs"], "what was told and is resolved is over"


def test_a_breach_at_the_very_instant_of_a_digest_is_told_by_the_next() -> None:
    case = p1()
    assert sections(case, "08:00", "10:30") == ["due"]
    assert sections(case, "10:30", "11:00") == ["passed"]


def test_a_breach_that_the_desk_has_not_noticed_yet_is_told_all_the_same_and_not_again_once_it_has() -> None:
    asleep = p1(woken=None)
    assert sections(asleep, "08:00", "11:00") == ["passed"]
    asleep.must(Wake(), "11:20")
    assert "breached" in asleep.kinds()
    assert sections(asleep, "08:00", "11:00") == ["passed"]
    assert sections(asleep, "11:00", "12:00") == ["over"], "the alert was late by our own fault, the news is not new"


def test_a_breach_that_a_correction_puts_into_the_past_is_told_by_the_digest_after_the_correction() -> None:
    case = Case(priority="P3")
    assert sections(case, "08:00", "11:00", "12:00") == []
    case.must(Reclassify(L3, "P1", "corrected", "Mất hết cuộc gọi"), "11:30")
    assert case.due() == "10:30"
    assert sections(case, "11:00", "12:00") == ["passed"]
    assert sections(case, "12:00", "13:00") == ["over"]
    case.must(Resolve(L3, "Đã sửa"), "11:40")
    assert "passed" in sections(case, "11:00", "12:00"), "also if it was resolved before the digest"


def test_what_a_correction_says_was_no_breach_is_not_told_and_a_later_one_is() -> None:
    case = p1(woken="10:31")
    case.must(Reclassify(L3, "P3", "corrected", "Chỉ hai máy"), "10:40")
    assert case.ticket.breach_corrected_at is not None
    assert sections(case, "08:00", "11:00", "12:00") == []
    assert sections(case, "08:00", "12:59", "13:01") == ["due"]
    assert sections(case, "13:00", "14:00") == ["passed"], "though the corrected alert was told long before"


def test_a_worsening_begins_a_measure_of_its_own() -> None:
    case = Case(priority="P2")
    case.must(Wake(), "11:31")
    case.must(Reclassify(L3, "P1", "worsened", "Nặng hơn"), "12:00")
    assert case.due() == "12:30"
    assert sections(case, "08:00", "12:10", "12:20") == []
    assert sections(case, "12:30", "13:00") == ["passed"], "whatever was alerted of the measure before"


def test_what_is_due_before_the_next_digest_is_told_the_soonest_first() -> None:
    case = Case(priority="P2")
    case.must(Acknowledge(L2), "10:01")
    ((name, line),) = told(case, "08:00", "11:00", "11:31")
    assert (name, line.at, line.who, line.over) == ("due", moment("11:30"), L2.name, 0)
    assert sections(case, "08:00", "11:00", "11:30") == []
    assert sections(case, "08:00", "11:30", "11:31") == ["due"]


# What stands


def test_pauses_are_told_while_they_stand_with_what_they_wait_for() -> None:
    case = Case(priority="P2")
    case.must(Acknowledge(L2), "10:01")
    case.must(Pause(L2, **PROVIDER), "10:10")
    case.must(Pause(L2, "customer", "Hỏi số máy", asked="Những máy nào?"), "10:20")
    found = told(case, "08:00", "11:00")
    assert [(name, line.reason, local(line.at)[-5:], line.note, line.who) for name, line in found] == [
        ("waiting", "third_party", "10:10", "VT-1", L2.name),
        ("waiting", "customer", "10:20", "Những máy nào?", L2.name),
    ]
    case.must(Resume(L2), "11:10")
    assert sections(case, "08:00", "11:11", "11:12") == []


def test_a_ticket_that_is_overdue_and_waits_is_told_as_both() -> None:
    case = p1()
    case.must(Acknowledge(L5), "10:40")
    case.must(Pause(L5, **PROVIDER), "10:41")
    assert sections(case, "08:00", "11:00") == ["passed", "waiting"]


def test_a_suspension_is_told_once_for_its_customer_and_stops_the_clock_of_tickets_that_slept() -> None:
    one = Suspension(id="s", customer="an-phu", at=moment("10:05"), by="staff:l5.one", reason="Cấu hình")
    over = one.model_copy(update={"id": "t", "ended_at": moment("10:06")})
    case = Case()
    case.desk = desk_record().model_copy(update={"suspensions": (one, over)})
    assert sections(case, "08:00", "11:00") == []
    ((name, line),) = suspensions(case.desk, case.book)
    assert (name, line.code, line.company, line.reason, line.note) == (
        "waiting", "", "an-phu", "suspension", "Cấu hình",
    )  # fmt: skip
    assert list(suspensions(DeskRecord(), case.book)) == []


def test_an_owed_call_is_told_until_it_is_made() -> None:
    case = Case()
    case.must(Resolve(L2, "Đã sửa"), "10:20")
    ((name, line),) = told(case, "08:00", "11:00")
    assert (name, line.at, line.who, line.code) == ("call_backs", moment("10:50"), L2.name, case.ticket.code)
    case.must(CalledBack(L2, "chị Mẫu"), "11:10")
    assert told(case, "08:00", "12:00") == []


def test_a_reopened_ticket_owes_a_deadline_and_no_call() -> None:
    case = Case()
    case.must(Resolve(L2, "Đã sửa"), "10:20")
    case.must(Reopen(L2, "Lại hỏng"), "10:40")
    assert sections(case, "08:00", "10:45") == ["due"]


def test_a_merged_duplicate_tells_nothing_of_its_own() -> None:
    case = p1()
    case.must(MergeInto(L3, "3CX-2222-2222"), "10:40")
    assert told(case, "08:00", "11:00") == []


# The digest itself


def test_there_is_no_digest_of_nothing() -> None:
    stretch = Stretch(1, 2, 3)
    assert bulletin(stretch, []) is None
    made = bulletin(stretch, [], unreadable=1)
    assert made is not None
    assert (made.since, made.until, made.next_at, made.sections, made.unreadable) == (1, 2, 3, (), 1)


def test_sections_are_bounded_say_how_many_they_have_and_begin_with_what_matters_most() -> None:
    def line(n: int, **fields: Any) -> DigestLine:
        return DigestLine(code=f"{n:02}", company="x", **{"at": n, **fields})

    found: list[Found] = [("over", line(n, priority=f"P{4 - n % 4}", over=n)) for n in range(LINES_MAX + 5)]
    found += [(name, line(n)) for n in (2, 1, 3) for name in ("due", "waiting", "call_backs")]
    made = bulletin(Stretch(1, 2, 3), found)
    assert made is not None
    over, due, waiting, calls = made.sections
    assert [section.name for section in made.sections] == ["over", "due", "waiting", "call_backs"]
    assert (len(over.lines), over.count) == (LINES_MAX, LINES_MAX + 5)
    assert [(line.priority, line.over) for line in over.lines[:3]] == [("P1", 23), ("P1", 19), ("P1", 15)]
    assert [line.priority for line in over.lines] == sorted(line.priority for line in over.lines)
    assert [line.at for line in due.lines] == [line.at for line in waiting.lines] == [1, 2, 3]
    assert [line.at for line in calls.lines] == [3, 2, 1], "an old call that nobody recorded hides no new one"


# The step


def test_a_step_for_the_digest_posts_nothing_to_managers_and_its_breach_is_recorded() -> None:
    case = Case(priority="P4", start=f"{MONDAY} 08:00", opening={"team": "software"})
    decision = case.must(Wake(), "2026-03-10 17:00")
    assert "breached" in [event.kind for event in decision.events]
    (page,) = [event for event in decision.events if event.kind == "paged" and event.data["level"] == "L3"]
    assert page.data["contacts"]
    told_managers = [e for e in decision.effects if isinstance(e, Card) and e.slot.startswith("managers:")]
    assert told_managers == []
    assert [e for e in decision.effects if isinstance(e, Mail) and e.template == "breach"] == []
    assert "managers" not in {pending.contact for pending in case.ticket.pending}


@pytest.mark.parametrize(
    ("step", "digest"),
    [
        ("{ share: 75%, level: L2, by: [teams, mail, phone], when: always }",
         "{ share: 75%, level: L2, by: [teams, mail, phone], when: always, managers: digest }"),
        ("{ after: 45m, managers: channel }", "{ after: 45m, managers: digest }"),
    ],
)  # fmt: skip
def test_a_step_that_a_digest_would_never_tell_of_is_a_warning_at_its_line(
    tmp_path: Path, step: str, digest: str
) -> None:
    write_example_desk(tmp_path)
    _, warnings = load_book(tmp_path, CHANNELS)
    assert [fault for fault in warnings if "digest" in fault.message] == []
    line = edit(tmp_path, "policy.yaml", step, digest)
    _, warnings = load_book(tmp_path, CHANNELS)
    assert [(fault.file, fault.line) for fault in warnings if "digest" in fault.message] == [("policy.yaml", line)]
