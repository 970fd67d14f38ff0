"""What would follow is told by the rules that would do it, and nothing is changed (D7)."""

from bot.errors import Refused
from bot.ticket.commands import CustomerMail, Pause, Reclassify, Resolve, Wake
from bot.ticket.effects import Say
from bot.ticket.model import Participant
from bot.ticket.preview import Preview, preview
from tests.rules.case import Case, moment
from tests.rules.test_decide import STAFF

L2 = STAFF["L2"]


def told(case: Case, how: str, priority: str = "P1") -> Preview:
    before = case.ticket
    shown = preview(case.ticket, Reclassify(L2, priority, how, "không gọi được"), case.rules())  # type: ignore[arg-type]
    assert isinstance(shown, Preview)
    assert case.ticket is before
    return shown


def test_a_correction_shows_both_deadlines_and_everybody_who_would_be_paged_now() -> None:
    case = Case("P3")
    case.must(Wake(), "10:25")
    shown = told(case, "corrected")
    assert (shown.old_due_at, shown.new_due_at, shown.new_priority) == (moment("13:00"), moment("10:30"), "P1")
    assert not shown.breached
    assert [(p.level, p.contact, p.channels) for p in shown.paged] == [
        ("L2", "l2.one", ("teams", "mail", "phone")),
        ("L3", "l3.one", ("teams", "mail", "phone")),
        ("L4", "l4.one", ("teams", "mail", "phone")),
    ]


def test_a_correction_past_the_new_deadline_says_so() -> None:
    case = Case("P3")
    case.must(Wake(), "10:40")
    shown = told(case, "corrected")
    assert shown.breached
    assert shown.new_due_at == moment("10:30")
    assert "managers" in {paged.contact for paged in shown.paged}


def test_a_worsening_starts_anew() -> None:
    case = Case("P3")
    case.must(Wake(), "10:40")
    shown = told(case, "worsened")
    assert (shown.new_due_at, shown.breached) == (moment("11:10"), False)
    assert [paged.level for paged in shown.paged] == ["L2"]


def test_a_pause_shows_that_there_is_no_deadline_while_it_stands() -> None:
    case = Case("P1")
    case.must(Wake(), "10:05")
    shown = preview(case.ticket, Pause(L2, "third_party", "chờ", reference="VNPT-1"), case.rules())
    assert isinstance(shown, Preview)
    assert (shown.old_due_at, shown.new_due_at, shown.paged) == (moment("10:30"), None, ())


def test_what_would_be_refused_is_refused() -> None:
    case = Case("P1")
    assert isinstance(preview(case.ticket, Reclassify(L2, "P9", "corrected", "?"), case.rules()), Refused)


def test_a_message_that_is_no_page_pages_nobody() -> None:
    case = Case("P3")
    case.must(Resolve(L2, "xong"), "10:05")
    mail = CustomerMail(Participant(address="mot@anphu.example"), "<c@x>", "Lại hỏng", moment("10:06"))
    shown = preview(case.ticket, mail, case.rules())
    assert isinstance(shown, Preview)
    assert shown.paged == ()
    assert [type(effect) for effect in case.must(mail).effects if not hasattr(effect, "page")] == [Say]
