"""A receipt in words, on a page and on a card: both languages, sums that a reader can check, nothing that acts."""

import json
import re
import unicodedata
from dataclasses import fields, replace
from html.parser import HTMLParser
from importlib.resources import files
from string import Formatter
from typing import Any

import pytest
from jsonschema import Draft6Validator

from bot.cards.draw import draw, summary
from bot.cards.receipt import draw_receipt, summary_receipt
from bot.cards.views import ReceiptView
from bot.receipt.data import receipt_as_data
from bot.receipt.page import as_page
from bot.receipt.plain import as_text
from bot.sla.instants import MINUTE, SECOND
from bot.text.phrases import phrases
from bot.text.receipts_en import EN
from bot.text.receipts_pen import Pen
from bot.text.receipts_vi import VI
from bot.text.receipts_written import write_receipt
from bot.ticket.commands import Pause, Reclassify, Resolve, Resume, Wake
from bot.ticket.model import Language
from bot.ticket.receipt import Audience, Receipt, receipt_of
from tests.cards import samples
from tests.rules.case import Case, moment
from tests.rules.test_decide import STAFF
from tests.rules.test_ticket_receipt import paused_case, receipt

L2 = STAFF["L2"]
VALIDATOR = Draft6Validator(json.loads(files("adaptive_cards").joinpath("schemas/schema-1.5.json").read_text()))
GAPLESS = {"weekdays"}
ALIKE = {"rests_on", "rests_on_key", "span", "day", "named_hours", "resolved_by"}
"""Patterns without a word of their own."""
LANGUAGES: tuple[Language, ...] = ("vi", "en")


def gaps(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("name", [field.name for field in fields(VI)])
def test_both_languages_have_the_phrase_with_the_same_gaps(name: str) -> None:
    vietnamese, english = getattr(VI, name), getattr(EN, name)
    if name in GAPLESS:
        assert len(vietnamese) == len(english) == 7
        return
    assert vietnamese.strip() == vietnamese
    assert english.strip() == english
    assert gaps(vietnamese) == gaps(english)
    assert (vietnamese == english) == (name in ALIKE)
    assert unicodedata.is_normalized("NFC", vietnamese)
    assert not re.search("[À-ỹđơư]", english.replace("×", ""))


def worsened_case() -> Case:
    """Return a P4 over a weekend and a holiday, paused meanwhile, that got worse to the millisecond."""
    case = Case(priority="P4", start="2026-04-24 15:10")
    case.must(Pause(L2, "third_party", "x", reference="VT-1"), "2026-04-24 16:00:00.250")
    case.must(Resume(L2), "2026-04-25 09:00")
    case.must(Wake(), "2026-04-28 09:00")
    case.must(Reclassify(L2, "P3", "worsened", "nặng hơn"), "2026-04-28 10:00")
    case.must(Wake(), "2026-04-28 14:00")
    return case


def spans(text: str) -> int:
    """Return the milliseconds of a span as it is written in either language."""
    if text in {"0", "–"}:
        return 0
    units = {"giờ": 3_600_000, "h": 3_600_000, "phút": 60_000, "min": 60_000, "giây": 1000, "s": 1000}
    found = re.findall(r"(\d+)(?:[,.](\d{3}))? (giờ|phút|giây|h|min|s)\b", text)
    assert found, text
    return sum(int(n) * units[unit] + int(thousandths or 0) for n, thousandths, unit in found)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", [paused_case, worsened_case])
def test_what_is_written_adds_up_with_pencil_and_paper(case: Any, language: Language) -> None:
    told = receipt(case())
    written = write_receipt(told, language)
    for measure, count in zip(written.measures, told.measures, strict=True):
        assert sum(spans(row.length) for row in measure.rows) == spans(measure.sum_length)
        assert sum(spans(row.charged) for row in measure.rows) == spans(measure.sum_charged) == count.used
        total = 0
        for row in measure.rows:
            total += spans(row.charged)
            assert spans(row.total) == total
        assert spans(measure.sum_length) == count.end - count.start


def test_times_are_written_as_finely_as_one_of_them_needs_and_no_finer() -> None:
    (measure,) = write_receipt(receipt(paused_case()), "vi").measures
    assert (measure.rows[0].starts, measure.rows[0].ends) == ("T2 09/03/2026 10:00", "10:09")
    first = write_receipt(receipt(worsened_case()), "vi").measures[0].rows
    assert (first[0].starts, first[0].ends, first[0].length) == (
        "T6 24/04/2026 15:10:00,000", "16:00:00,250", "50 phút 00,250 giây",
    )  # fmt: skip
    assert first[1].ends == "T7 25/04/2026 09:00:00,000"
    english = write_receipt(receipt(worsened_case()), "en").measures[0].rows
    assert (english[0].starts, english[0].length) == ("Fri 24 Apr 2026 15:10:00.000", "50 min 00.250 s")


@pytest.mark.parametrize(
    ("minutes", "tone", "said"),
    [(20, "good", "đúng hạn, còn 10 phút"), (30, "good", "vừa hết 30 phút"), (42, "bad", "quá hạn 12 phút")],
)
def test_the_verdict_of_a_resolved_ticket_is_exact_at_the_deadline(minutes: int, tone: str, said: str) -> None:
    case = Case()
    case.must(Resolve(L2, "xong"), f"10:{minutes}")
    written = write_receipt(receipt(case), "vi")
    assert written.tone == tone
    assert said in written.verdict


def test_the_verdict_of_an_open_ticket_says_what_is_left_or_since_when_it_is_over() -> None:
    assert "Hạn xử lý: T2 09/03/2026 10:30." in write_receipt(receipt(Case(), when="10:20"), "vi").verdict
    assert "quá hạn 5 phút, từ T2 09/03/2026 10:30" in write_receipt(receipt(Case(), when="10:35"), "vi").verdict
    case = Case()
    case.must(Pause(L2, "third_party", "x", reference="VT-1"), "10:09")
    written = write_receipt(receipt(case, when="10:20"), "en")
    assert written.verdict.startswith("9 min of 30 min used, 21 min left. The clock stands")


def test_a_promise_in_working_days_is_told_in_hours_and_days() -> None:
    facts = dict(write_receipt(receipt(Case(priority="P4")), "vi").facts)
    assert facts["Thời gian cam kết"] == "16 giờ (2 ngày làm việc × 8 giờ)"
    terms = dict(write_receipt(receipt(Case(priority="P4")), "vi").terms)
    assert terms["Giờ tính SLA"] == "T2–T7 08:00–12:00, 13:00–17:00; không tính Tết Nguyên Đán, ngày lễ"
    terms = dict(write_receipt(receipt(Case()), "en").terms)
    assert terms["SLA hours"] == "24 hours a day, all week; not counted: the Lunar New Year days"


def test_the_text_names_the_day_that_did_not_count_and_its_source() -> None:
    text = as_text(write_receipt(receipt(worsened_case()), "vi"))
    assert "Không tính: Nghỉ bù Giỗ Tổ Hùng Vương  [D5 · hours.office.closed_on: holiday]" in text
    assert "nguồn: Labour Code 2019" in text
    assert "Lần tính trước" in text
    assert not re.search(r"[^\S\n]+$", text, re.MULTILINE)


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def hostile() -> Receipt:
    case = Case(opening={"subject": samples.HOSTILE})
    case.must(Pause(L2, "third_party", samples.HOSTILE, reference=samples.HOSTILE, chase_at=moment("12:00")), "10:05")
    case.must(Resolve(L2, samples.HOSTILE, called="x"), "10:10")
    return receipt_of(case.ticket, tuple(case.events), case.rules(), "desk")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("audience", ["desk", "customer"])
def test_a_page_loads_nothing_runs_nothing_and_says_its_language(language: Language, audience: Audience) -> None:
    told = hostile() if audience == "desk" else receipt(worsened_case(), "customer")
    page = Tags(as_page(write_receipt(told, language)))
    used = {tag for tag, _ in page.tags}
    assert used <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "span", "dl", "dt", "dd",
        "section", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "ul", "li", "footer",
    }  # fmt: skip
    for _, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on") or name in {"src", "href", "style"}}
    assert ("html", {"lang": language}) in page.tags
    assert "default-src 'none'" in as_page(write_receipt(told, language))


def test_whatever_gets_onto_a_page_is_escaped() -> None:
    written = write_receipt(receipt(paused_case()), "vi")
    bad = '<script>alert(1)</script> & "x"'
    rows = tuple(replace(row, state=bad, details=(bad,), rule=bad, length=bad) for row in written.measures[0].rows)
    measures = (replace(written.measures[0], title=bad, note=bad, rows=rows, sum_label=bad),)
    section = replace(written.sections[0], title=bad, entries=((bad, (bad,)),))
    page = as_page(
        replace(
            written,
            title=bad,
            edition=bad,
            as_of=bad,
            verdict=bad,
            facts=((bad, bad),),
            terms=((bad, bad),),
            columns=(bad,) * 6,
            measures=measures,
            how_to_check=bad,
            sections=(section,),
            chain=bad,
        )
    )
    assert "script" not in {tag for tag, _ in Tags(page).tags}
    assert bad not in page


@pytest.mark.parametrize(
    ("length", "vietnamese", "english"),
    [
        (0, "0 phút", "0 min"),
        (5 * SECOND, "5 giây", "5 s"),
        (250, "0,250 giây", "0.250 s"),
        (60 * MINUTE, "1 giờ", "1 h"),
        (60 * MINUTE + 5 * SECOND, "1 giờ 00 phút 05 giây", "1 h 00 min 05 s"),
        (65 * MINUTE + 7_250, "1 giờ 05 phút 07,250 giây", "1 h 05 min 07.250 s"),
        (16 * 60 * MINUTE + MINUTE, "16 giờ 01 phút", "16 h 01 min"),
    ],
)
def test_a_span_is_written_exactly(length: int, vietnamese: str, english: str) -> None:
    told = receipt(paused_case())
    assert Pen(told, VI, phrases("vi").times).span(length) == vietnamese
    assert Pen(told, EN, phrases("en").times).span(length) == english


def test_the_page_says_every_row_and_every_section() -> None:
    written = write_receipt(receipt(worsened_case()), "vi")
    said = re.sub(r"\s+", " ", " ".join(Tags(as_page(written)).said))
    for measure in written.measures:
        for row in measure.rows:
            for part in (row.start, row.state, row.rule, row.length, row.charged, *row.details):
                assert part in said
    for section in written.sections:
        for line, about in section.entries:
            assert all(text in said for text in (line, *about))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_obeys_the_official_schema_has_no_buttons_and_stays_small(language: Language) -> None:
    many = Case()
    for n in range(30):
        many.must(Pause(L2, "third_party", "x", reference=f"VT-{n}" * 60), f"1{n // 20}:{n % 20 * 3 + 1:02}")
        many.must(Resume(L2), f"1{n // 20}:{n % 20 * 3 + 2:02}")
    for told in (receipt(paused_case()), receipt(worsened_case(), "customer"), hostile(), receipt(many)):
        card = draw_receipt(told, language)
        assert [fault.message[:200] for fault in VALIDATOR.iter_errors(card)] == []
        assert "actions" not in card
        assert len(json.dumps(draw_receipt(told, language, samples.BUTTON))) < 28_000
    shown = json.dumps(draw_receipt(receipt(many), language), ensure_ascii=False)
    left_out = len(receipt(many).measures[0].rows) - 12
    assert write_receipt(receipt(many), language).card_earlier.format(count=left_out) in shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("audience", ["customer", "desk"])
def test_a_receipt_that_was_asked_for_on_a_card_leads_back_to_it(language: Language, audience: Audience) -> None:
    view = ReceiptView(receipt(paused_case(), audience), samples.BUTTON)
    card = draw(view, language)
    assert VALIDATOR.is_valid(card)
    (back,) = card["actions"]
    assert (back["verb"], back["title"]) == ("refresh", {"vi": "Quay lại", "en": "Back"}[language])
    assert back["data"]["slot"] == samples.BUTTON.slot
    assert card["body"] == draw_receipt(view.receipt, language)["body"]
    assert summary(view, language) == card["fallbackText"] == summary_receipt(view.receipt, language)


def test_the_summary_says_the_thing_itself() -> None:
    assert summary_receipt(receipt(paused_case()), "vi") == (
        "Bảng tính thời gian SLA – ticket 3CX-7K2M-9QXD: Khắc phục lúc T2 09/03/2026 10:44, đã dùng 16 phút trong "
        "30 phút cam kết: đúng hạn, còn 14 phút."
    )


def test_the_data_has_instants_with_their_zone_and_spans_in_milliseconds() -> None:
    told = receipt(paused_case())
    data = json.loads(json.dumps(receipt_as_data(told)))
    assert (data["used_ms"], data["left_ms"], data["target_ms"]) == (16 * MINUTE, 14 * MINUTE, 30 * MINUTE)
    assert data["due_at"] == "2026-03-09T10:58:00+07:00"
    (measure,) = data["measures"]
    assert sum(row["charged_ms"] for row in measure["rows"]) == measure["used_ms"] == data["used_ms"]
    assert measure["rows"][1]["start"] == "2026-03-09T10:09:00+07:00"
    assert measure["rows"][1]["rule"] == {"decision": "D8", "key": ""}
    assert not [key for key in json.dumps(data) if "zoneinfo" in key]
    worse = receipt_as_data(receipt(worsened_case()))
    assert worse["measures"][0]["rows"][0]["end"] == "2026-04-24T16:00:00.250+07:00"
    assert worse["closed_days"][0]["source"].startswith("Labour Code")
