"""The desk's files: what they say, every fault with its place, and edits while the desk runs."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.config.check import check_config
from bot.config.load import load_book
from bot.config.years import computed_year
from bot.errors import Fault
from bot.sla.instants import HOUR, MINUTE
from tests.harness.example_desk import DESK_FILES, ExampleDesk, write_example_desk
from tests.rules.files_at_hand import CHANNELS, at, edit, errors_of


@pytest.fixture
def desk(tmp_path: Path) -> ExampleDesk:
    return write_example_desk(tmp_path / "desk")


class TestTheDeskAsShipped:
    book, warnings = load_book(DESK_FILES, CHANNELS)

    def test_it_is_sound_and_says_what_is_still_to_be_filled_in(self) -> None:
        assert not [fault for fault in self.warnings if fault.fatal]
        said = "\n".join(map(str, self.warnings))
        for expected in ("placeholder", "phone is not configured", "no Teams identity", "2027 is provisional"):
            assert expected in said
        assert said.count("phone is not configured") == 1

    def test_it_promises_what_the_contract_says(self) -> None:
        policy = self.book.policy
        assert {name: p.target for name, p in policy.priorities.items()} == {
            "P1": 30 * MINUTE,
            "P2": 90 * MINUTE,
            "P3": 180 * MINUTE,
            "P4": 16 * HOUR,
        }
        assert [policy.ack_lasts(name) // MINUTE for name in policy.priorities] == [10, 30, 60, 320]
        assert [(row.uptime_from, row.percent, row.may_terminate) for row in policy.uptime.credits] == [
            (98.5, 2, False),
            (97.5, 3, False),
            (96.5, 5, False),
            (95.5, 6, False),
            (94.5, 10, True),
            (0, 25, True),
        ]
        assert policy.uptime.promised == Decimal("99.8")

    @pytest.mark.parametrize(
        ("priority", "rungs"),
        [
            ("P1", "0:L2 15:L3 24:L4 30:L5+channel"),
            ("P2", "0:L2 45:L3 67:L3 81:L4 90:L5+channel"),
            ("P3", "0:L2 90:L3 135:L3 180:L4+channel"),
            ("P4", "0:L2 720:L2 960:L3+digest"),
        ],
    )
    def test_it_climbs_the_ladder_of_the_product(self, priority: str, rungs: str) -> None:
        promise = self.book.policy.priorities[priority]
        assert rungs == " ".join(
            f"{step.offset(promise.target) // MINUTE}:{step.level}" + (f"+{step.managers}" if step.managers else "")
            for step in promise.ladder.steps
        )

    def test_p1_runs_through_a_holiday_and_p4_does_not(self) -> None:
        clocks = self.book.calendars
        assert clocks["around_the_clock"].is_open(at("2026-04-30T03:00"))
        assert not clocks["around_the_clock"].is_open(at("2026-02-18T12:00"))
        assert clocks["office"].add(at("2026-04-24T15:00"), 16 * HOUR) == at("2026-04-28T15:00")
        assert clocks["office"].is_open(at("2026-11-24T09:00")), "24 November is not enacted"
        assert clocks["office"].is_open(at("2026-08-31T09:00")), "state swaps are off"

    def test_the_five_days_of_tet_are_the_statutory_ones(self) -> None:
        for year, first, last in ((2025, "01-27", "01-31"), (2026, "02-16", "02-20"), (2027, "02-05", "02-09")):
            tet = [d.date.isoformat()[5:] for d in self.book.days.year(year).days if d.kind == "tet"]
            assert (len(tet), tet[0], tet[-1]) == (5, first, last)

    def test_a_year_that_nobody_reviewed_is_told(self) -> None:
        assert [self.book.days.year(y).status for y in (2025, 2026, 2027, 2031)] == [
            "reviewed",
            "reviewed",
            "provisional",
            "unreviewed",
        ]
        assert self.book.doubtful_years(at("2026-12-01T00:00"), at("2028-01-01T00:00")) == (2027, 2028)
        assert self.book.doubtful_years(at("2025-01-01T00:00"), at("2026-12-31T23:59")) == ()

    def test_a_frozen_policy_still_has_its_calendars(self) -> None:
        old = self.book.policy.model_copy(update={"hours": {"old": self.book.policy.hours["office"]}})
        assert self.book.calendars_for(old)["old"] is self.book.calendars["office"]
        assert self.book.calendars_for(self.book.policy) is self.book.calendars


def test_the_files_and_the_library_agree_on_what_the_law_fixes() -> None:
    """A cross-check: the 2026 and 2027 files are what the library computes, less what the facts correct."""
    book, _ = load_book(DESK_FILES, CHANNELS)
    for year in (2026, 2027):
        filed = {(day.date, day.kind) for day in book.days.year(year).days}
        assert filed == {(day.date, day.kind) for day in computed_year("VN", year).days}
    filed = {day.date for day in book.days.year(2025).days}
    computed = {day.date for day in computed_year("VN", 2025).days}
    assert filed ^ computed == {date(2025, 1, 27), date(2025, 2, 1)}


def test_a_computed_year_moves_a_sunday_to_the_next_working_day() -> None:
    days = {day.date: day.kind for day in computed_year("VN", 2028).days}
    assert days[date(2028, 4, 30)] == "holiday"
    assert days[date(2028, 5, 2)] == "holiday", "1 May is taken already"
    assert computed_year("ZZ", 2028).days == ()
    assert computed_year("VN", 2150).status == "unreviewed"


EDITS: dict[str, tuple[str, str, str, int, str]] = {
    # name: (file, what is there, what is written instead, lines from the edit to the fault, part of the message)
    "an unknown key": ("desk.yaml", "support_phone:", "suport_phone:", 0, "typing mistake"),
    "a missing key": ("desk.yaml", 'support_phone: "028 7303 9666"\n', "", None, "'support_phone' is missing"),
    "a wrong duration": ("policy.yaml", "notice_window: 30m", "notice_window: half an hour", 0, "is not a duration"),
    "a wrong share": ("policy.yaml", "share: 80%", "share: four fifths", 0, "is not a share"),
    "a wrong time": ("roster.yaml", "level: L5, people:", 'level: L5, window: "8-25", people:', 0, "not a time of day"),
    "a number without quotes": ("roster.yaml", '"20001"', "20001", 0, "in quotes"),
    "a wrong date": ("calendars/2026.yaml", "date: 2026-09-01", "date: 2026-09-31", 0, ""),
    "a duplicate key": ("desk.yaml", "country: VN", "country: VN\ncountry: VN", 1, "duplicate key"),
    "no YAML at all": ("desk.yaml", "country: VN", "country: [VN", None, "flow sequence in line"),
    "a tag": ("desk.yaml", "country: VN", "country: !!python/name:os.system VN", 0, ""),
    "a local tag": ("desk.yaml", "country: VN", "country: !run VN", 0, "not allowed"),
    "a step without channels": (
        "policy.yaml",
        ", by: [teams, mail], when: always, managers: digest",
        "",
        0,
        "needs 'by'",
    ),
    "hours that are not there": (
        "policy.yaml",
        "hours: office",
        "hours: offices",
        None,
        "'offices', which are not defined",
    ),
    "a level that is not there in a ladder": (
        "policy.yaml",
        "share: 80%, level: L4",
        "share: 80%, level: L9",
        0,
        "'L9'",
    ),
    "a level that is not there in triage": (
        "policy.yaml",
        "{ after: 30m, level: L3",
        "{ after: 30m, level: L9",
        0,
        "'L9'",
    ),
    "steps in the wrong order": ("policy.yaml", "share: 80%", "share: 40%", 0, "before the one above"),
    "a warning before the ack": ("policy.yaml", "ack_warning: 2m", "ack_warning: 11m", 0, "before an acknowledgement"),
    "hours that never open": ("policy.yaml", "  office: #", "  never: { weekly: {} }\n  office: #", 0, "never open"),
    "credits with a gap": ("policy.yaml", "uptime_from: 0,", "uptime_from: 90,", -6, "last row"),
    "a title in one language": (
        "desk.yaml",
        "{ vi: Giám đốc kỹ thuật, en: Technical director }",
        "{ vi: GĐ }",
        0,
        "'en'",
    ),
    "an unknown time zone": ("desk.yaml", "Asia/Ho_Chi_Minh", "Asia/Saigon_City", 0, "not known"),
    "an id that is none": ("desk.yaml", "tenant: d0000000", "tenant: x0000000", 0, "no id of Entra"),
    "a stand-in that is not there": ("desk.yaml", "stands_in: L2", "stands_in: L0", 0, "'L0'"),
    "a stand-in of itself": ("desk.yaml", "stands_in: L2", "stands_in: L1", 0, "by itself"),
    "two default teams": (
        "desk.yaml",
        "dashboard, wallboard]",
        "dashboard]\n    default: true",
        -4,
        "exactly one team",
    ),
    "a support mail elsewhere": (
        "desk.yaml",
        "support@idb.com.vn\nsupport",
        "a@elsewhere.example\nsupport",
        0,
        "mail_domains",
    ),
    "an operator without a mail": ("desk.yaml", "  email: vanhanh@trucban.example", "  email: nobody", 0, "no e-mail"),
    "a level that nobody has": (
        "roster.yaml",
        "name: Võ Trí Dũng\n    level: L3",
        "name: Dũng\n    level: L8",
        1,
        "'L8'",
    ),
    "a team that is not there": ("roster.yaml", "team: software", "team: hardware", 0, "'hardware'"),
    "half an identity": (
        "roster.yaml",
        "    object_id: d1000000-0000-4000-8000-000000000004\n",
        "",
        -1,
        "both tenant and",
    ),
    "an identity twice": ("roster.yaml", "8000-000000000004", "8000-000000000003", 0, "same Teams identity"),
    "an e-mail twice": ("roster.yaml", "email: dung.vo@", "email: chi.pham@", 0, "same e-mail"),
    "an id twice": ("roster.yaml", "id: dung.vo", "id: chi.pham", 0, "same id"),
    "a shift of a stranger": ("roster.yaml", "people: [hanh.bui]", "people: [nobody]", 0, "not among the people"),
    "a shift of another level": ("roster.yaml", "people: [hanh.bui]", "people: [dung.vo]", 0, "of level L3"),
    "a chase of a level that is not there": (
        "policy.yaml",
        "chase: { after: 60m, unanswered_after: 30m, level: L3",
        "chase: { after: 60m, unanswered_after: 30m, level: L8",
        0,
        "'L8'",
    ),
    "a domain twice": ("customers.yaml", "[binhminh.example]", "[AnPhu.example]", 0, "belongs to an-phu"),
    "the desk's own domain": ("customers.yaml", "[binhminh.example]", "[idb.com.vn]", 0, "the desk itself"),
    "no domain": ("customers.yaml", "[binhminh.example]", "[binhminh]", 0, "no mail domain"),
    "the desk's own tenant": (
        "customers.yaml",
        "[c0000000-0000-4000-8000-000000000002]",
        "[d0000000-0000-4000-8000-000000000001]",
        0,
        "the desk's own tenant",
    ),
    "a partner that is not there": ("customers.yaml", "partner: sao-nam", "partner: sao-bac", 0, "'sao-bac'"),
    "a customer twice": ("customers.yaml", "id: binh-minh", "id: an-phu", 0, "there twice"),
    "a day of another year": ("calendars/2026.yaml", "date: 2026-09-01", "date: 2025-09-03", 0, "not in 2026"),
    "a day twice": ("calendars/2026.yaml", "date: 2026-09-01", "date: 2026-05-01", 0, "there twice"),
    "a day without a source": (
        "calendars/2026.yaml",
        '    source: "Labour Code 2019, art. 112.1.a"\n',
        "",
        None,
        "'source' is missing",
    ),
    "a worked holiday": (
        "calendars/2026.yaml",
        "kind: holiday\n    name: { vi: Quốc khánh,",
        "kind: holiday\n    works_like: mon\n    name: { vi: Quốc khánh,",
        -1,
        "is not worked",
    ),
    "an unreviewed status": ("calendars/2026.yaml", "status: reviewed", "status: unreviewed", 0, "reviewed"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_fault_is_told_with_its_file_and_line(name: str, desk: ExampleDesk) -> None:
    file, old, new, away, message = EDITS[name]
    edited = edit(desk.folder, file, old, new)
    errors = errors_of(desk.folder)
    found = [fault for fault in errors if message in fault.message and fault.file == file]
    assert len(found) == 1, f"not exactly one fault says {message!r}: {[str(fault) for fault in errors]}"
    assert found[0].line is not None
    if away is not None:
        assert found[0].line == edited + away, str(found[0])


def test_every_fault_of_every_file_is_told_at_once(desk: ExampleDesk) -> None:
    for name in ("an unknown key", "a wrong duration", "an e-mail twice", "a domain twice", "a day twice"):
        file, old, new, *_ = EDITS[name]
        edit(desk.folder, file, old, new)
    (desk.folder / "calendars" / "next.yaml").write_text("status: reviewed\ndays: []\n", encoding="utf-8")
    errors = errors_of(desk.folder)
    assert {fault.file for fault in errors} == {
        "desk.yaml",
        "policy.yaml",
        "roster.yaml",
        "customers.yaml",
        "calendars/2026.yaml",
        "calendars/next.yaml",
    }
    assert all(fault.line for fault in errors)


def test_a_folder_without_files_says_which_are_missing(tmp_path: Path) -> None:
    assert sorted(fault.file for fault in errors_of(tmp_path)) == [
        "customers.yaml",
        "desk.yaml",
        "policy.yaml",
        "roster.yaml",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"people: []\nx: \xe1\xbb", "UTF-8"),
        (b"", "keys with values"),
        (b"- a\n- b\n", "keys with values"),
        (b"just text", "keys with values"),
        (
            b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + b"".join(
                b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n" % (c + 1, c + 1, *[c] * 10)
                for c in range(ord("a"), ord("i"))
            ),
            "more than",
        ),
        (b"people: " + b"[" * 600, ""),
        (b"#" + b"x" * 4_100_000, "larger than"),
    ],
)
def test_hostile_bytes_are_a_fault_and_nothing_worse(content: bytes, message: str, desk: ExampleDesk) -> None:
    (desk.folder / "roster.yaml").write_bytes(content)
    assert any(message in fault.message and fault.file == "roster.yaml" for fault in errors_of(desk.folder))


def test_a_level_that_nobody_can_be_reached_at_stops_the_start(desk: ExampleDesk) -> None:
    line = edit(desk.folder, "desk.yaml", "  L5:", "  L6: { title: { vi: Sáu, en: Six } }\n  L5:")
    errors = errors_of(desk.folder)
    assert [(fault.file, fault.line) for fault in errors] == [("desk.yaml", line)]
    assert "L6 has no contact" in errors[0].message


def test_a_team_with_people_needs_no_queue_and_one_without_both_stops_the_start(desk: ExampleDesk) -> None:
    queue = (
        '    queue:\n      email: software@idb.com.vn\n      extensions: ["10023", "10064", "10038", "10083", "10024"]'
    )
    edit(desk.folder, "desk.yaml", queue, "    queue: {}")
    load_book(desk.folder, CHANNELS)
    edit(desk.folder, "roster.yaml", "    team: software\n", "    team: teamx\n")
    assert "L2 has no contact in team software" in errors_of(desk.folder)[0].message


def warnings_after(desk: ExampleDesk, file: str, old: str, new: str) -> tuple[int, list[Fault]]:
    line = edit(desk.folder, file, old, new)
    return line, load_book(desk.folder, CHANNELS)[1]


def test_somebody_without_a_teams_identity_is_a_warning(desk: ExampleDesk) -> None:
    gone = f"    tenant: {desk.tenant}\n    object_id: {desk.l3.object_id}\n"
    line, warnings = warnings_after(desk, "roster.yaml", gone, "")
    assert any(w.file == "roster.yaml" and w.line == line - 3 and "no Teams identity" in w.message for w in warnings)


def test_a_step_that_only_an_absent_channel_could_send_stops_the_start(desk: ExampleDesk) -> None:
    line = edit(desk.folder, "policy.yaml", "80%, level: L4, by: [teams, mail, phone]", "80%, level: L4, by: [phone]")
    assert [(fault.line, "by phone only" in fault.message) for fault in errors_of(desk.folder)] == [(line, True)]
    with_phone = load_book(desk.folder, CHANNELS | {"phone"})[1]
    assert not any("phone" in warning.message for warning in with_phone)


def test_asking_a_level_without_teams_as_a_whole_team_stops_the_start(desk: ExampleDesk) -> None:
    line = edit(desk.folder, "policy.yaml", "share: 80%, level: L4,", "share: 80%, level: L4, whole_team: true,")
    assert [(fault.line, "L4 has none" in fault.message) for fault in errors_of(desk.folder)] == [(line, True)]


def test_a_step_by_a_channel_that_nobody_there_has_is_a_warning(desk: ExampleDesk) -> None:
    edit(desk.folder, "roster.yaml", f"    email: {desk.l4.email}\n", "")
    line, warnings = warnings_after(
        desk, "policy.yaml", "80%, level: L4, by: [teams, mail, phone]", "80%, level: L4, by: [mail]"
    )
    assert any(w.line == line and "nobody there" in w.message for w in warnings)


def test_a_person_of_another_tenant_and_a_desk_without_a_manager_are_warnings(desk: ExampleDesk) -> None:
    identity = f"    tenant: {desk.tenant}\n    object_id: {desk.l3.object_id}"
    edit(desk.folder, "roster.yaml", identity, identity.replace(desk.tenant, desk.partner.tenant))
    _, warnings = warnings_after(desk, "roster.yaml", "    manager: true\n", "")
    assert any("another tenant" in w.message for w in warnings)
    assert any("manager" in w.message for w in warnings)


def test_a_year_with_six_tet_days_is_a_warning(desk: ExampleDesk) -> None:
    old = "date: 2026-04-27 # Mon\n    kind: holiday"
    _, warnings = warnings_after(desk, "calendars/2026.yaml", old, old.replace("holiday", "tet"))
    assert any("has 6 tet days" in w.message and w.file == "calendars/2026.yaml" for w in warnings)


def test_the_example_desk_says_who_is_in_it(desk: ExampleDesk) -> None:
    book, warnings = load_book(desk.folder, CHANNELS)
    for person in desk.staff:
        assert book.roster.by_identity[(person.tenant, person.object_id)].name == person.name
        assert book.roster.by_email[person.email].id == person.id
    on_duty = [p.id for p in book.roster.on_duty("L5", None, at("2026-03-09T03:00"), book.desk.zone)]
    assert on_duty == [desk.l5.id], "the manager is never paged"
    assert book.customers.by_domain[desk.customer.domain].id == desk.customer.id
    assert book.customers.tenants_of(book.customers.by_id[desk.customer.id]) == {
        desk.customer.tenant,
        desk.partner.tenant,
    }
    assert desk.stranger.tenant not in book.customers.all_tenants
    assert all("Teams identity" not in warning.message for warning in warnings)


def test_check_config_prints_every_fault_and_says_whether_the_desk_would_start(desk: ExampleDesk) -> None:
    out, today = io.StringIO(), date(2026, 3, 1)
    assert check_config(desk.folder, CHANNELS, today, out=out) == 0
    assert "0 errors, 2 warnings; desk idb" in out.getvalue()
    assert "proved from 2026-03-01T00:00+07:00 to 2027-03-02T00:00+07:00 in " in out.getvalue()
    edit(desk.folder, "roster.yaml", "email: dung.vo@", "email: chi.pham@")
    line = edit(desk.folder, "desk.yaml", "country: VN", "contry: VN")
    out = io.StringIO()
    assert check_config(desk.folder, CHANNELS, today, out=out) == 2
    assert f"error: desk.yaml:{line}: contry:" in out.getvalue()
    assert "error: roster.yaml:" in out.getvalue()
    assert "would not start" in out.getvalue()
