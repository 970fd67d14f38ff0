"""The proof of a year: it says of every page when it would reach nobody, as the product itself would find then."""

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.check import check_config
from bot.config.load import prove_book
from bot.config.proof import Gap, Page, Proof, pages_of, prove_year
from bot.sla.book import Book, Desk
from bot.sla.calendar import calendar_of
from bot.sla.days import Day, GivenDays, Year
from bot.sla.instants import DAY, MINUTE, Instant, to_datetime
from bot.sla.policy import Policy
from bot.sla.roster import Roster
from bot.sla.rungs import Rung
from bot.sla.walls import reached
from bot.ticket.contacts import reaches_somebody
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules
from bot.ticket.model import DeskRecord, Ticket
from tests.harness.example_desk import ExampleDesk, write_example_desk
from tests.rules.files_at_hand import edit
from tests.rules.ladder import book
from tests.rules.test_decide import desk_record, opening, staffed

FIRST = date(2026, 2, 1)


def rostered(**parts: Any) -> Book:
    """Return the shipped desk with somebody at each level, L2 being of teamx, and these shifts and so on."""
    desk: Book = staffed()
    people = [person.model_dump() for person in desk.roster.people]
    return replace(desk, roster=Roster.model_validate({"people": people, **parts}))


def changed(desk: Book, change: Any) -> Book:
    """Return a desk whose policy was changed in its plain data."""
    data = json.loads(desk.policy.model_dump_json())
    change(data)
    return replace(desk, policy=Policy.model_validate(data))


def told(gap: Gap, zone: Any) -> list[str]:
    return ["–".join(f"{to_datetime(at).astimezone(zone):%m-%d %H:%M}" for at in span) for span in gap.spans]


def id_at(level: str) -> str:
    return next(person.id for person in staffed().roster.people if person.level == level)


def test_a_desk_with_everybody_on_duty_has_no_gap() -> None:
    proof = prove_year(staffed(), FIRST)
    zone = book().desk.zone
    assert proof.gaps == ()
    assert proof.until - proof.since == 366 * DAY
    assert to_datetime(proof.since).astimezone(zone).date() == FIRST
    assert proof.intervals > 365 * 4


def test_a_team_without_people_falls_back_to_its_queue() -> None:
    assert [person.team for person in staffed().roster.people if person.level == "L2"] == ["teamx"]
    assert prove_year(rostered(shifts=[{"level": "L2", "people": []}]), FIRST).gaps == ()


def test_a_level_by_day_only_is_a_gap_every_night_told_once_with_all_pages_of_it() -> None:
    desk = rostered(shifts=[{"level": "L3", "people": [id_at("L3")], "window": "08:00-18:00"}])
    (gap,) = prove_year(desk, FIRST).gaps
    assert (gap.cause.level, gap.cause.team, gap.cause.why, gap.cause.lost) == ("L3", "", "nobody", False)
    assert list(gap.goes_to) == ["L4"]
    assert {"P1 50%", "P2 50%", "P2 75%", "P3 50%", "P3 75%", "triage 30m", "P1 chase"} <= set(gap.pages)
    assert not any(name.startswith("P4") for name in gap.pages), "nights are no time of P4's"
    spans = told(gap, desk.desk.zone)
    assert spans[:2] == ["02-01 00:00–02-01 08:00", "02-01 18:00–02-02 08:00"]
    assert "02-15 18:00–02-16 00:00" in spans, "at Tết the clocks of P1 to P3 stand"
    assert "02-21 00:00–02-21 08:00" in spans
    assert not [span for span in spans if span.startswith("02-17")]


def test_a_page_at_the_very_start_of_a_ticket_is_proved_at_tet_and_outside_hours_too() -> None:
    desk = rostered(shifts=[{"level": "L3", "people": [id_at("L3")], "not_on": ["tet"]}])
    desk = changed(
        desk,
        lambda policy: policy["priorities"]["P4"]["ladder"]["steps"].__setitem__(
            0, {"share": 0, "level": "L3", "by": ["mail"]}
        ),
    )
    closing, whole = prove_year(desk, FIRST).gaps
    assert list(whole.pages) == ["P4 0%"]
    assert whole.cause.lost, "P4's ladder has nobody above L3"
    assert told(whole, desk.desk.zone)[0] == "02-16 00:00–02-21 00:00"
    assert "P1 50%" in closing.pages
    assert told(closing, desk.desk.zone)[0] == "02-16 00:00–02-16 00:00", "what ran out as Tết began"


def test_a_shift_that_ends_as_hours_close_misses_what_is_due_then() -> None:
    office = {"days": ["mon", "tue", "wed", "thu", "fri", "sat"], "window": "08:00-17:00"}
    desk = rostered(shifts=[{"level": "L3", "people": [id_at("L3")], **office}])
    gaps = [gap for gap in prove_year(p4_alone(desk), FIRST).gaps if gap.cause.level == "L3"]
    (gap,) = gaps
    assert set(gap.pages) == {"P4 100%", "P4 chase"}
    assert told(gap, desk.desk.zone)[0] == "02-02 17:00–02-02 17:00"
    assert gap.length == 0
    later = p4_alone(rostered(shifts=[{"level": "L3", "people": [id_at("L3")], **office, "window": "08:00-17:01"}]))
    assert prove_year(later, FIRST).gaps == ()
    opens = changed(p4_alone(desk), lambda policy: policy["hours"]["office"].update(boundary="next_open"))
    assert prove_year(opens, FIRST).gaps == ()


def p4_alone(desk: Book) -> Book:
    def keep(policy: dict[str, Any]) -> None:
        policy["priorities"] = {"P4": policy["priorities"]["P4"]}
        policy["provisional"], policy["triage"]["steps"] = "P4", []

    return changed(desk, keep)


def test_quiet_hours_are_a_gap_for_a_page_that_is_only_a_call() -> None:
    desk = changed(
        staffed(), lambda policy: policy["priorities"]["P3"]["ladder"]["steps"][1].update(by=["phone"], level="L3")
    )
    (gap,) = prove_year(desk, FIRST).gaps
    assert (gap.cause.why, gap.cause.by, gap.cause.lost) == ("quiet", ("phone",), False)
    assert list(gap.pages) == ["P3 50%"]
    assert told(gap, desk.desk.zone)[1] == "02-01 22:00–02-02 06:00"


def test_quiet_hours_go_by_the_clock_on_the_wall_twice_where_it_goes_back_over_them() -> None:
    def change(policy: dict[str, Any]) -> None:
        ladder = policy["priorities"]["P3"]["ladder"]
        ladder["steps"][1]["by"], ladder["quiet"] = ["phone"], {"phone": "22:00-02:30"}

    desk = changed(staffed(), change)
    desk = replace(desk, desk=desk.desk.model_copy(update={"timezone": "Europe/Berlin"}))
    (gap,) = prove_year(desk, date(2026, 10, 24), days=2).gaps
    assert told(gap, ZoneInfo("UTC")) == [
        "10-23 22:00–10-24 00:30",
        "10-24 20:00–10-25 00:30",
        "10-25 01:00–10-25 01:30",
        "10-25 21:00–10-25 23:00",
    ]
    (gap,) = prove_year(desk, date(2026, 3, 28), days=2).gaps
    assert told(gap, ZoneInfo("UTC"))[1:] == ["03-28 21:00–03-29 01:00", "03-29 20:00–03-29 22:00"]


def test_somebody_without_the_channels_of_a_page_is_named_and_a_page_that_nobody_above_gets_is_lost() -> None:
    people = [person.model_dump() for person in staffed().roster.people]
    for person in people:
        if person["level"] == "L5":
            person |= {"email": None, "extension": None, "tenant": None, "object_id": None, "mobile": "0900"}
    desk = replace(staffed(), roster=Roster.model_validate({"people": people}))
    assert prove_year(desk, FIRST).gaps == (), "a mobile can be called"
    desk = replace(desk, channels_configured=frozenset({"teams", "mail"}))
    (gap,) = prove_year(desk, FIRST).gaps
    assert (gap.cause.level, gap.cause.why, gap.cause.by) == ("L5", "unreachable", ("mail", "teams"))
    assert list(gap.people) == [id_at("L5")]
    assert gap.cause.lost
    assert not gap.goes_to


def test_the_team_of_a_gap_is_named() -> None:
    queueless = staffed().desk.model_dump()
    queueless["teams"]["software"]["queue"] = {"email": None, "extensions": ["10023"]}
    desk = replace(rostered(), desk=Desk.model_validate(queueless), channels_configured=frozenset({"mail"}))
    proof = prove_year(desk, FIRST)
    assert {(gap.cause.level, gap.cause.team, gap.cause.why) for gap in proof.gaps} == {
        ("L2", "software", "unreachable")
    }


@pytest.fixture
def files(tmp_path: Path) -> ExampleDesk:
    return write_example_desk(tmp_path / "desk")


SENT = frozenset({"teams", "mail"})
NIGHTS_OFF = '  - { level: L3, people: [dung.vo], window: "08:00-18:00" }'


def test_a_gap_is_one_warning_at_the_shift_with_its_first_occurrences_and_the_time_of_the_year(
    files: ExampleDesk,
) -> None:
    line = edit(files.folder, "roster.yaml", "shifts:", f"shifts:\n{NIGHTS_OFF}") + 1
    found, faults, proof = prove_book(files.folder, SENT, FIRST)
    gaps = [fault for fault in faults if "on duty" in fault.message]
    assert [(gap.file, gap.line, gap.fatal) for gap in gaps] == [("roster.yaml", line, False)]
    minutes = (366 - 5) * 14 * 60  # fourteen hours of every day, less Tết of 2026
    assert gaps[0].message.startswith(
        "nobody of L3 is on duty: sun 2026-02-01 00:00 to sun 2026-02-01 08:00, "
        "sun 2026-02-01 18:00 to mon 2026-02-02 08:00, mon 2026-02-02 18:00 to tue 2026-02-03 08:00 and 3"
    )
    assert proof.gaps[0].length == minutes * MINUTE
    assert f"({minutes} min of 366 days); P1 50%, P1 chase, P2 50%" in gaps[0].message
    assert gaps[0].message.endswith("triage 30m go up to L4")
    assert "2027 is provisional" in str(faults[0])
    assert found.roster.shifts


def test_check_config_tells_faults_gaps_and_what_was_proved_as_one_json_object(files: ExampleDesk) -> None:
    edit(files.folder, "roster.yaml", "shifts:", f"shifts:\n{NIGHTS_OFF}")
    out = io.StringIO()
    assert check_config(files.folder, SENT, FIRST, as_json=True, out=out) == 0
    said = json.loads(out.getvalue())
    assert (said["starts"], said["faults"], said["desk"], said["people"]) == (True, [], "idb", 7)
    assert said["proved"]["from"] == "2026-02-01T00:00+07:00"
    assert said["proved"]["until"] == "2027-02-02T00:00+07:00"
    assert said["proved"]["intervals"] > 365
    (gap,) = said["gaps"]
    assert (gap["level"], gap["team"], gap["why"], gap["goes_to"]) == ("L3", None, "nobody", ["L4"])
    assert gap["spans"][0] == ["2026-02-01T00:00+07:00", "2026-02-01T08:00+07:00"]
    assert gap["times"] > 355
    assert len(gap["spans"]) == 100
    assert any("nobody of L3" in warning["message"] and warning["line"] for warning in said["warnings"])
    edit(files.folder, "desk.yaml", "country: VN", "contry: VN")
    out = io.StringIO()
    assert check_config(files.folder, SENT, FIRST, as_json=True, out=out) == 2
    said = json.loads(out.getvalue())
    assert not said["starts"]
    assert said["faults"][0]["file"] == "desk.yaml"
    assert "gaps" not in said


minutes = st.integers(0, 95).map(lambda quarter: quarter * 15)
whens = st.integers(0, 13).map(lambda day: date(2026, 3, 24) + timedelta(days=day))
DAYS = GivenDays(
    {
        2026: Year(
            status="reviewed",
            days=(
                Day(date=date(2026, 3, 27), kind="tet", name={}, source="test"),
                Day(date=date(2026, 3, 28), kind="holiday", name={}, source="test"),
            ),
        )
    },
    "reach",
)


@st.composite
def desks(draw: st.DrawFn) -> Book:
    """Return the shipped policy with another roster, other quiet hours, in a zone whose clocks change."""
    window = st.just("00:00-24:00") | st.tuples(minutes, minutes)
    who = st.sampled_from([person.id for person in staffed().roster.people])
    duty = st.fixed_dictionaries(
        {
            "level": st.sampled_from(("L2", "L3", "L4")),
            "window": window,
            "not_on": st.sampled_from(((), ("tet",), ("holiday",))),
        }
    )
    shifts = [shift | {"people": [id_at(shift["level"])]} for shift in draw(st.lists(duty, max_size=3))]
    absences = [
        {"person": draw(who), "since": (draw(whens), draw(minutes)), "until": (date(2026, 4, 9), draw(minutes))}
        for _ in range(draw(st.integers(0, 2)))
    ]
    zone = draw(st.sampled_from(("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/Santiago")))
    people = [
        person.model_dump() | ({"email": None} if draw(st.booleans()) else {}) for person in staffed().roster.people
    ]
    roster = Roster.model_validate({"people": people, "shifts": shifts, "absences": absences})
    quiet = draw(st.dictionaries(st.sampled_from(("phone", "teams", "mail")), st.tuples(minutes, minutes)))

    def change(policy: dict[str, Any]) -> None:
        for priority in policy["priorities"].values():
            priority["ladder"]["quiet"] = quiet

    desk = changed(replace(staffed(), roster=roster, days=DAYS), change)
    desk = replace(desk, desk=desk.desk.model_copy(update={"timezone": zone}))
    calendars = {name: calendar_of(hours, desk.desk.zone, DAYS, name) for name, hours in desk.policy.hours.items()}
    return replace(desk, calendars=calendars)


@settings(deadline=None, max_examples=60)
@given(desks(), st.data())
def test_the_proof_says_of_every_instant_what_the_product_would_find(desk: Book, data: st.DataObject) -> None:
    proof = prove_year(desk, date(2026, 3, 24), days=16)
    edges = sorted({at for gap in proof.gaps for span in gap.spans for at in span})
    near = st.sampled_from([proof.since, *(at for edge in edges for at in (edge - 1, edge)), proof.until - 1])
    anywhere = st.builds(reached, whens, st.integers(0, 1439), st.just(desk.desk.zone))
    for now in data.draw(st.lists(near | anywhere, min_size=6, max_size=6)):
        for page in pages_of(desk.policy):
            for team in desk.desk.teams if proof.since <= now < proof.until else ():
                compare(desk, proof, page, team, now)


def compare(desk: Book, proof: Proof, page: Page, team: str, now: Instant) -> None:
    """Hold an answer of the proof against the product's own, where the page may fall due at all."""
    found = [
        span for gap in proof.gaps if page.name in gap.pages and gap.cause.team in ("", team) for span in gap.spans
    ]
    what = page.name, team, to_datetime(now).astimezone(desk.desk.zone)
    calendar = None if page.hours is None else desk.calendars[page.hours]
    if calendar is None or calendar.is_open(now):
        assert any(start <= now < end for start, end in found) == (not reaches(desk, page, team, now)), what
    elif calendar.is_open(now - 1) and not reaches(desk, page, team, now):
        assert any(start <= now <= end for start, end in found), what


def reaches(desk: Book, page: Page, team: str, now: Instant) -> bool:
    """Ask the product, on a ticket of the page's priority. The desk's channel is there for queues only."""
    on_duty = desk.roster.on_duty(page.level, team, now, desk.desk.zone, desk.days)
    to_queue = desk.desk.levels[page.level].by_team and (page.whole_team or not on_duty)
    rules = Rules(book=desk, desk=desk_record() if to_queue else DeskRecord(), now=now, version=1)
    priority = page.name.split()[0].replace("triage", desk.policy.provisional)
    ticket = ticket_of(priority).model_copy(update={"team": team})
    return reaches_somebody(rules, ticket, Rung("x", "step", now, page.level, page.by, page.whole_team))


@cache
def ticket_of(priority: str) -> Ticket:
    at = reached(FIRST, 600, book().desk.zone)
    decision = decide(None, opening(at, priority), Rules(book=staffed(), desk=DeskRecord(), now=at, version=1))
    assert isinstance(decision, Decision)
    return decision.ticket
