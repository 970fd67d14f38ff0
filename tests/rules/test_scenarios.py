"""Scenarios worked out by hand come as the rules have it; a wrong expectation and a wrong file are told exactly."""

import json
import re
import unicodedata
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.config.files import read_source
from bot.config.schema import schema_text
from bot.errors import ConfigError
from bot.rehearsal import due, written
from bot.rehearsal.expect import differences
from bot.rehearsal.moments import parse_moment, wall_instant
from bot.rehearsal.play import EndlessError, play
from bot.rehearsal.rows import Played
from bot.rehearsal.scenario import Line, Scenario
from bot.rehearsal.stage import Stage, set_stage
from bot.rehearsal.words import Writer, words_of
from bot.sla.instants import HOUR, MINUTE
from bot.sla.rungs import PageKind
from bot.text.rehearsals import Rehearsals
from bot.ticket.model import Language
from tests.rules.ladder import DESK_FILES, ZONE, at, book, local

SCENARIOS = DESK_FILES / "scenarios"
FILES = sorted(path.name for path in SCENARIOS.glob("*.yaml"))
AGREED = {
    "p1-tet-0200-unanswered", "p1-acked-minute-10-forgotten", "p2-third-party-pause", "p3-to-p1-corrected",
    "p3-to-p1-worsened", "p4-over-a-weekend", "p1-nobody-acks", "provisional-untriaged", "phone-notice-before-the-mail",
    "several-pauses-and-chase", "resolve-set-back", "suspension",
}  # fmt: skip
SMALL = """title: small
first_contact: 2026-03-09T10:00
events:
  - { at: "+0m", mail: { priority: P1 } }
  - { at: "+3m", ack: jake }
  - { at: "+12m", resolve: { by: jake, note: done, called: somebody } }
"""


@cache
def played(name: str) -> tuple[Stage, Played]:
    stage = set_stage(SCENARIOS / name, DESK_FILES)
    return stage, play(stage)


def small(folder: Path, text: str = SMALL) -> tuple[Stage, Played]:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    stage = set_stage(path, DESK_FILES)
    return stage, play(stage)


def faults(folder: Path, text: str) -> list[str]:
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        set_stage(folder / "small.yaml", DESK_FILES)
    return [str(fault) for fault in caught.value.faults]


def test_the_scenarios_that_matter_are_there() -> None:
    assert {name.removesuffix(".yaml") for name in FILES} >= AGREED


@pytest.mark.parametrize("name", FILES)
def test_a_scenario_comes_as_it_was_worked_out_by_hand(name: str) -> None:
    stage, life = played(name)
    assert stage.scenario.expect != ()
    assert any(expected.pages for expected in stage.scenario.expect)
    assert differences(stage, life) == ()


@pytest.mark.parametrize("name", FILES)
def test_a_scenario_shows_its_arithmetic_and_lets_an_editor_check_it(name: str) -> None:
    text = (SCENARIOS / name).read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
    assert "\n# By hand" in text
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_time_line_can_be_written_in_both_languages(name: str, language: Language) -> None:
    stage, life = played(name)
    paper = list(written.on_paper(stage, life, differences(stage, life), language))
    assert [line for line in paper if re.search(r"[{}]|None", line)] == []
    told = sum(len(row.told) for row in life.rows if row.kind == "page")
    assert sum(bool(re.search(r" → (L\d|Quản lý:|Managers:)", line)) for line in paper) == told


def test_the_schema_beside_the_scenarios_is_current_and_they_keep_to_it() -> None:
    kept = (SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8")
    told = "changed; python -m bot schema scenario > infra/desk/scenarios/scenario.schema.json"
    assert kept == schema_text(Scenario), told
    schema = json.loads(kept)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for name in FILES:
        assert [error.message for error in validator.iter_errors(read_source(SCENARIOS, name).data)] == []
    assert not validator.is_valid({"title": "x", "first_contact": "2026-03-09T10:00", "events": [], "wrong": 1})


def test_the_readme_names_every_key_of_a_scenario() -> None:
    text = (SCENARIOS / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"`(\w+): ", text.split("### Events")[1].split("### Expect")[0])
    assert {*Line.model_fields} - {"at"} <= set(lines)
    assert [name for name in Scenario.model_fields if f"`{name}`" not in text] == []
    assert [kind for kind in get_args(PageKind) if f"`{kind}`" not in text] == []


@pytest.mark.parametrize(
    ("name", "minute", "vietnamese"),
    [
        ("p1-acked-minute-10-forgotten", "+0:20", "! Thời gian giữ ticket của Lê Hoài An đã hết"),
        ("p1-acked-minute-10-forgotten", "+0:20", "mốc 50%, được hoãn khi có người giữ, nay báo ngay"),
        ("p1-acked-minute-10-forgotten", "+0:15", "→ L3 Võ Trí Dũng: Teams, kênh trực, email – để biết, mốc 50%"),
        ("level-3-cannot-be-reached", "+0:15", "mốc 50%, vì cấp dưới không báo được cho ai"),
        ("level-3-cannot-be-reached", "+0:15", "✗ Không tới được Võ Trí Dũng qua điện thoại"),
        ("p2-third-party-pause", "+0:20", "Hạn xử lý: chưa có, đồng hồ đang dừng (trước là 11:30)"),
        ("p2-third-party-pause", "+0:50", "đến lúc hỏi lại về việc tạm dừng"),
        ("p3-to-p1-corrected", "+0:20", "Hạn xử lý: 13:00 → 10:30"),
        ("p1-to-p3-corrected-after-breach", "+0:40", "được đánh dấu hiệu chỉnh"),
        ("p1-tet-0200-unanswered", "+0:00", "18/02 Tết Nguyên Đán, mùng 2; 19/02"),
        ("phone-notice-before-the-mail", "+0:00", "Lê Hoài An ghi nhận cuộc gọi báo sự cố lúc 09:50, chưa có email"),
        ("suspension", "+0:15", "✗ Không thực hiện được: Thao tác này chỉ dành cho quản lý."),
        ("provisional-untriaged", "+0:00", "chưa phân loại, tạm xếp P2"),
    ],
)
def test_a_manager_is_told_at_its_minute_what_happened_and_why(name: str, minute: str, vietnamese: str) -> None:
    stage, life = played(f"{name}.yaml")
    since, found = "", []
    for line in written.on_paper(stage, life, (), "vi"):
        since = line[9:18].strip() or since
        if vietnamese in line:
            found.append(since)
    assert minute in found


def test_a_page_that_was_due_before_somebody_acted_is_told_before_them() -> None:
    stage, life = played("p1-acked-minute-10-forgotten.yaml")
    at_ten = [row.kind for row in life.rows if row.at == stage.first + 10 * MINUTE]
    assert at_ten == ["page", "ack"]


def test_playing_a_scenario_twice_gives_the_same_life() -> None:
    stage, life = played("p1-nobody-acks.yaml")
    assert play(stage).rows == life.rows


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("{ due: 2026-03-09T10:30, at: +1m }", None),
        ("{ due: 2026-03-09T10:31, at: +1m }", ("due", "2026-03-09T10:31 (+0:31)", "2026-03-09T10:30 (+0:30)")),
        ("{ due: none, at: +1m }", ("due", "none", "2026-03-09T10:30 (+0:30)")),
        ("{ used: 12m }", None),
        ("{ used: 11m }", ("used", "11m", "12m")),
        ("{ used: 90s, at: +2m }", ("used", "1m 30s", "2m")),
        ("{ breached: true }", ("breached", "true", "none")),
        ("{ state: open }", ("state", "open", "resolved")),
        ("{ priority: P2 }", ("priority", "P2", "P1")),
        ("{ holder: none, at: +2m }", None),
        ("{ holder: jake, at: +2m }", ("holder", "jake", "none")),
        ("{ holder: jake, at: +3m }", None),
        ("{ page: L2, at: +0m, by: [phone, mail, teams], to: ['queue:teamx'] }", None),
        ("{ page: L2, at: +0m, by: [teams, mail] }", ("page L2 at +0:00, by", "teams, mail", "teams, mail, phone")),
        ("{ page: L2, at: +0m, to: [jake] }", ("page L2 at +0:00, to", "jake", "queue:teamx")),
        ("{ page: L2, at: +0m, kind: repeat }", ("page L2 at +0:00", "L2 repeat", "L2 step")),
        ("{ page: L3, at: +0m }", ("page L3 at +0:00", "L3", "L2 step")),
        ("{ page: L2, at: +1m }", ("page L2 at +0:01", "L2", "nobody")),
        ("{ pages: [+0m L2 step] }", None),
        ("{ pages: [] }", ("pages", "no other page", "+0:00 L2 step")),
        ("{ pages: [+0m L2 step, +5m L2 repeat] }", ("pages", "+0:05 L2 repeat", "no such page")),
        ("{ never: { level: L3 } }", None),
        ("{ never: { level: L2, since: +1m } }", None),
        ("{ never: { level: L2, until: +0m } }", None),
        ("{ never: { level: L2 } }", ("never", "no such page", "+0:00 L2 queue:teamx (step)")),
        ("{ never: { kind: step } }", ("never", "no such page", "+0:00 L2 queue:teamx (step)")),
        ("{ refused: not_paused, at: +3m }", ("refused", "not_paused", "nobody")),
        ("{ used: 12m, at: +1h }", ("at", "+1:00", "the rehearsal ended at +0:12")),
    ],
)
def test_what_is_expected_is_compared_exactly(
    expected: str, found: tuple[str, str, str] | None, tmp_path: Path
) -> None:
    quoted = re.sub(r"(?<=[ \[])(\+\w+(?: L\d \w+)?)", r"'\1'", expected)
    stage, life = small(tmp_path, f"{SMALL}expect:\n  - {quoted}\n")
    told = [(one.line, one.what, one.expected, one.found) for one in differences(stage, life)]
    assert told == ([] if found is None else [(8, *found)])


def test_a_line_that_is_refused_differs_unless_that_is_expected(tmp_path: Path) -> None:
    text = SMALL.replace("ack: jake", "resume: { by: jake }")
    assert differences(*small(tmp_path, text)) == ()
    stage, life = small(tmp_path, f"{text}expect:\n  - {{ used: 12m }}\n")
    assert [(one.what, one.found) for one in differences(stage, life)] == [("resume at +0:03", "refused: not_paused")]
    stage, life = small(tmp_path, f'{text}expect:\n  - {{ at: "+3m", refused: not_paused }}\n')
    assert differences(stage, life) == ()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("title: small", "title: small\nwrong: 1", "small.yaml:2: wrong: is not a key that belongs here"),
        ("{ priority: P1 }", "{ priority: P9 }", "small.yaml:4: 'P9' is no priority (P1, P2, P3, P4)"),
        ("{ priority: P1 }", "{ team: nobody }", "small.yaml:4: 'nobody' is no team of the desk (software, teamx)"),
        ("ack: jake", "ack: jack", "small.yaml:5: 'jack' is not among the people (jake, raymond, vivian)"),
        ("ack: jake", "ack: jake, note: { by: jake, text: x }", "small.yaml:5: events.1: a line says 'at' and exactly"),
        ('at: "+3m", ack: jake', 'at: "+3m"', "small.yaml:5: events.1: a line says 'at' and exactly"),
        ('at: "+3m"', "at: later", "small.yaml:5: events.1.at: 'later' is not a time; write it like"),
        ('at: "+3m"', "at: 3", "small.yaml:5: events.1.at: 3 is not a time; write it like"),
        ('at: "+3m"', 'at: "-3m"', "small.yaml:5: ack: there is no ticket before the mail"),
        ('at: "+3m"', 'at: "+367d"', "small.yaml:5: lies more than 366 days from the first contact"),
        ("ack: jake", "mail: { priority: P1 }", "small.yaml:3: exactly one line is the 'mail'"),
        ("first_contact: 2026-03-09T10:00", 'first_contact: "+0m"', "first_contact: the first contact is a time on"),
        ("title: small", "title: small\nuntil: +1m", "small.yaml:2: 'until' is before the last line"),
        ("title: small", "title: small\ncustomer: nobody", "small.yaml:2: customer 'nobody' is not in customers.yaml"),
        ("title: small", "title: small\nchannels: []", "small.yaml:2: channels: Tuple should have at least 1 item"),
        ("title: small", "title: small\nshifts: []", "small.yaml:1: 'shifts' of a scenario need its own 'people'"),
        (
            "title: small",
            "title: small\npeople: [{ id: jake, name: J, level: L9 }]",
            "small.yaml:2: jake is of level 'L9', which desk.yaml does not have",
        ),
        (
            "title: small",
            "title: small\nfailing: [{ who: jack, by: mail }]",
            "small.yaml:2: 'jack' is nobody who is paged",
        ),
        ("title: small", "title: small\nexpect: [{ at: +1m }]", "small.yaml:2: expect.0: nothing is expected here"),
        ("title: small", "title: small\nexpect: [{ page: L3 }]", "small.yaml:2: expect.0: 'page' and 'refused' need"),
        (
            "title: small",
            "title: small\nexpect: [{ used: 1m, by: [mail] }]",
            "small.yaml:2: expect.0: 'by', 'to' and 'kind' belong to a 'page'",
        ),
        (
            "title: small",
            "title: small\nexpect: [{ pages: [+1m L3] }]",
            "small.yaml:2: expect.0: '+1m L3' is no page; write time, level and kind",
        ),
        ("title: small", "title: small\nexpect: [{ never: { level: L9 } }]", "small.yaml:2: 'L9' is no level"),
    ],
)
def test_a_fault_of_a_scenario_is_told_with_its_line(old: str, new: str, fault: str, tmp_path: Path) -> None:
    assert SMALL.count(old) == 1
    found = faults(tmp_path, SMALL.replace(old, new))
    assert [line for line in found if fault in line], found


def test_faults_of_a_scenario_are_told_together(tmp_path: Path) -> None:
    text = SMALL.replace("ack: jake", "ack: jack").replace("P1", "P9").replace("by: jake", "by: john")
    assert len(faults(tmp_path, text)) == 3


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+15m", 15), ("+1h 10m", 70), ("+0:15", 15), ("+94:05", 5645), ("-10m", -10), ("+2d", 2880), ("+0m", 0)],
)
def test_a_time_may_count_from_the_first_contact(text: str, minutes: int) -> None:
    assert parse_moment(text).instant(at("2026-03-09 10:00"), ZONE) == at("2026-03-09 10:00") + minutes * MINUTE


def test_a_time_on_the_wall_is_the_desks_unless_it_names_an_offset() -> None:
    assert parse_moment("2026-03-09T10:00").instant(0, ZONE) == at("2026-03-09 10:00")
    assert parse_moment("2026-03-09T10:00+00:00").instant(0, ZONE) == at("2026-03-09 17:00")
    with pytest.raises(ValueError, match="skipped by the clocks of Europe/Berlin"):
        wall_instant(datetime(2026, 3, 29, 2, 30), Writer("en", ZONE).zone.__class__("Europe/Berlin"))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text", ["", "+", "15m", "+15", "+1:5", "+5x", "2026-03-09", "2026-13-09T10:00", "10:00", None]
)
def test_a_time_that_is_none_says_how_to_write_it(text: object) -> None:
    with pytest.raises(ValueError, match=r"write it like 2026-03-07T16:30, \+15m"):
        parse_moment(text)


def test_who_resolves_at_the_very_minute_of_the_deadline_was_in_time(tmp_path: Path) -> None:
    stage, life = small(tmp_path, SMALL.replace("+12m", "+30m"))
    ticket = life.ticket(stage.first + HOUR)
    assert ticket is not None
    assert (ticket.state, ticket.breach_alerted_at) == ("resolved", None)


def test_a_rehearsal_ends_a_day_after_its_last_line_if_nobody_resolves(tmp_path: Path) -> None:
    stage, life = small(tmp_path, SMALL.rsplit("\n  -", 1)[0] + "\n")
    assert local(life.ended_at) == "2026-03-10 10:03"
    assert stage.until == life.ended_at


def test_an_owed_call_is_waited_for_though_the_ticket_is_resolved(tmp_path: Path) -> None:
    stage, life = small(tmp_path, SMALL.replace(", called: somebody", ""))
    reminded = [row for row in life.rows if row.kind == "page" and row.data["why"] == "call_back"]
    assert reminded != []
    assert reminded[0].at == stage.first + 42 * MINUTE


def test_a_rehearsal_without_end_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL.rsplit("\n  -", 2)[0] + "\nuntil: +300d\n", encoding="utf-8")
    stage = set_stage(tmp_path / "small.yaml", DESK_FILES)
    with pytest.raises(EndlessError, match="give an earlier 'until'"):
        play(stage, decisions_max=200)


def test_a_channel_that_fails_is_replaced_by_another_in_the_same_minute(tmp_path: Path) -> None:
    text = f"{SMALL}failing:\n  - {{ who: 'queue:teamx', by: phone, until: +1m }}\n"
    stage, life = small(tmp_path, text)
    failed = [row for row in life.rows if row.kind == "failed"]
    assert [(row.at, row.data["channel"]) for row in failed] == [(stage.first, "phone")]


def test_a_channel_that_is_not_there_is_not_used(tmp_path: Path) -> None:
    _, life = small(tmp_path, f"{SMALL}channels: [mail]\nbound: []\n")
    assert {told.channels for row in life.rows for told in row.told} == {("mail",)}


@settings(max_examples=25, deadline=None)
@given(acked=st.integers(1, 29), noted=st.integers(0, 20), ends=st.integers(30, 90))
def test_no_life_pages_somebody_before_the_first_contact_or_after_the_end(acked: int, noted: int, ends: int) -> None:
    stage, _ = played("p1-nobody-acks.yaml")
    line = Line.model_validate({"at": f"+{acked}m", "ack": "an.le"})
    note = Line.model_validate({"at": f"+{acked + noted}m", "note": {"by": "an.le", "text": "x"}})
    end = Line.model_validate({"at": f"+{ends}m", "resolve": {"by": "dung.vo", "note": "x", "called": "y"}})
    lines = (stage.scenario.events[0], line, note, end)
    scenario = stage.scenario.model_copy(update={"events": lines, "until": None})
    life = play(Stage(scenario, stage.source, stage.book, stage.desk, stage.first, stage.first + 2 * HOUR))
    assert [row.at for row in life.rows] == sorted(row.at for row in life.rows)
    pages = [row for row in life.rows if row.kind == "page"]
    assert all(stage.first <= row.at <= stage.first + ends * MINUTE for row in pages)
    assert all(row.used == row.at - stage.first for row in pages)
    assert next(row.at for row in pages if row.told[0].level == "L4") == stage.first + 24 * MINUTE


@pytest.mark.parametrize(
    ("priority", "first", "deadline", "closed"),
    [
        ("P1", "2026-03-07 16:30", "2026-03-07 17:00", 0),
        ("P1", "2026-02-17 02:00", "2026-02-21 00:30", 4),  # 17, 18, 19, 20 February
        ("P2", "2026-02-15 23:00", "2026-02-21 00:30", 5),  # one hour before Tet, half an hour after
        ("P3", "2026-01-01 10:00", "2026-01-01 13:00", 0),  # D4: 1 January does not stop P3
        ("P4", "2026-03-07 16:30", "2026-03-10 16:30", 0),
        ("P4", "2026-04-25 16:30", "2026-04-29 16:30", 1),  # Sunday 26 is nobody's working day, Monday 27 is in lieu
    ],
)
def test_a_deadline_is_as_counted_by_hand(priority: str, first: str, deadline: str, closed: int) -> None:
    found = due.due_of(book(), priority, at(first))
    assert local(found.due_at) == deadline
    assert len(found.closed) == closed
    assert all(day.source for day in found.closed)


def test_the_rungs_of_a_deadline_stand_at_their_shares_and_keep_quiet_hours() -> None:
    found = due.due_of(book(), "P3", at("2026-03-09 22:30"))
    assert [(local(rung.at)[11:], rung.share, rung.step.level) for rung in found.rungs] == [
        ("22:30", 0, "L2"),
        ("00:00", 50, "L3"),
        ("00:45", 75, "L3"),
        ("01:30", 100, "L4"),
    ]
    assert (found.rungs[0].by, found.rungs[0].quiet) == (("teams", "mail"), ("phone",))


def test_where_the_clock_waits_for_the_notice_the_given_time_is_the_notice_and_the_answer_says_so() -> None:
    desk = book()
    p1 = desk.policy.priorities["P1"].model_copy(update={"clock_starts": "notice"})
    policy = desk.policy.model_copy(update={"priorities": {**desk.policy.priorities, "P1": p1}})
    literal = replace(desk, policy=policy)
    found = due.due_of(literal, "P1", at("2026-03-09 10:00"))
    assert local(found.due_at)[11:] == "10:30"
    for language, notice, sentence in (
        ("vi", "Khách hàng báo", "Đồng hồ của P1 chỉ chạy khi khách hàng báo qua điện thoại hoặc gửi mã ticket"),
        ("en", "Notice", "The clock of P1 runs only from the customer's notice by phone or by the code in Teams"),
    ):
        paper = list(due.on_paper(literal, found, language))
        assert paper[1].strip().startswith(notice)
        assert any(line.startswith(sentence) for line in paper)
        other = "\n".join(due.on_paper(literal, due.due_of(literal, "P2", found.first), language))
        assert sentence[:20] not in other
    assert due.as_data(literal, found)["counts_from"] == "notice"
    assert due.as_data(desk, found)["counts_from"] == "first_contact"


@pytest.mark.parametrize(("year", "status"), [(2026, None), (2027, "provisional"), (2031, "unreviewed")])
def test_a_year_that_nobody_reviewed_is_named(year: int, status: str | None) -> None:
    found = due.due_of(book(), "P1", at(f"{year}-03-09 10:00"))
    assert found.doubtful == (((year, status),) if status else ())
    paper = "\n".join(due.on_paper(book(), found, "en"))
    assert (f"the calendar of {year}" in paper) == (status is not None)


def everything(language: Language) -> dict[str, str]:
    words = words_of(language)
    return {field.name: str(getattr(words, field.name)) for field in fields(Rehearsals)}


def gaps(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("name", [field.name for field in fields(Rehearsals)])
def test_both_languages_say_it_with_the_same_gaps(name: str) -> None:
    vietnamese, english = everything("vi")[name], everything("en")[name]
    assert gaps(vietnamese) == gaps(english)
    assert unicodedata.is_normalized("NFC", vietnamese)
    assert not re.search("[À-ỹđơư]", english)
    assert bool(vietnamese) == bool(english)


def test_every_kind_of_page_has_its_reason() -> None:
    assert [kind for kind in get_args(PageKind) if f"why_{kind}" not in everything("vi")] == []
