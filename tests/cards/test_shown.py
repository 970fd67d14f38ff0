"""What each card shows and keeps to itself."""

import json
import re
from dataclasses import replace
from typing import Any, Literal

import pytest

from bot.cards.draw import draw, summary
from bot.sla.instants import HOUR, MINUTE
from bot.ticket.model import Language
from tests.cards import samples
from tests.cards.test_schema import nodes

State = Literal["received", "working", "waiting", "resolved"]
VIETNAMESE = re.compile(r"[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]", re.IGNORECASE)


def words(card: dict[str, Any]) -> str:
    return json.dumps(card, ensure_ascii=False)


def verbs(card: dict[str, Any]) -> list[str]:
    return [node["verb"] for node in nodes(card) if node.get("type") == "Action.Execute"]


def titles(card: dict[str, Any]) -> list[str]:
    return [action["title"] for action in card.get("actions", [])]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("state", samples.STATES)
@pytest.mark.parametrize("careless", [False, True])
def test_a_shared_channel_sees_nothing_of_a_customer(state: State, language: Language, careless: bool) -> None:
    """D11; `careless`: the view carries details and the due time is long past, and still nothing shows."""
    view = samples.status(state, due_at=samples.NOW - HOUR)
    if careless:
        view = replace(view, details=samples.DETAILS)
    card = draw(view, language, private=False)
    shown = (words(card) + summary(view, language)).lower()
    assert [word for word in samples.FORBIDDEN if word.lower() in shown] == []
    assert view.code.lower() in shown
    assert "p1" in shown


def test_the_search_for_forbidden_words_finds_them_where_they_are_allowed() -> None:
    shown = words(draw(samples.status("waiting"), "vi")).lower()
    assert {w for w in samples.FORBIDDEN if w.lower() in shown} >= {samples.DETAILS.company, "nhà cung cấp"}
    assert "quá hạn" in words(draw(samples.breach(), "vi"))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_customers_late_ticket_looks_like_any_other(language: Language) -> None:
    late = draw(samples.status("working", due_at=samples.NOW - HOUR), language)
    assert not re.search(r"quá hạn|overdue|attention|warning|Attention", words(late))


def test_english_cards_have_no_vietnamese_word_of_ours() -> None:
    pauses = tuple(replace(one, note="x", asked="x", reference="x", answer="x") for one in samples.TWO_PAUSES)
    word = samples.ESCALATED.model_copy(update={"by_name": "x", "text": "x"})
    for name, view, private in samples.views():
        foreign = {"company": "Huong Ltd"} if hasattr(view, "company") else {}
        plain: dict[str, Any] = {
            "subject": "x", "excerpt": "x", "requester": "x", "holder": "", "resolution": "x", "mentions": (),
            "contract_number": "1", "paged": (), "details": None, "pauses": pauses, "colleagues": (),
            "foresight": None, "word": word, **foreign,
        }  # fmt: skip
        calm = replace(view, **{key: value for key, value in plain.items() if hasattr(view, key)})
        assert not VIETNAMESE.search(words(draw(calm, "en", private=private)) + summary(calm, "en")), name


def test_a_page_offers_to_take_the_ticket_first_while_nobody_holds_it() -> None:
    card = draw(samples.page("step"), "vi")
    assert card["actions"][0]["verb"] == "acknowledge"
    assert card["actions"][0]["style"] == "positive"
    assert titles(card) == [
        "Nhận xử lý", "Đã khắc phục", "Ghi chú", "Tạm dừng tính SLA", "Phân loại lại", "Thao tác khác",
    ]  # fmt: skip
    assert "Chưa có ai nhận xử lý" in words(card)


def test_a_held_page_shows_who_and_until_when_and_offers_no_taking() -> None:
    card = draw(samples.page("step", "working"), "vi")
    assert "acknowledge" not in verbs(card)
    assert "Đỗ Thị Quỳnh Trâm (đến 10:28 hôm nay)" in words(card)


def test_a_paused_ticket_looks_calm_however_much_of_its_time_was_used_unless_it_is_overdue() -> None:
    def colour(used_percent: int, *, breached: bool = False) -> str:
        view = samples.page("step", "waiting", used_percent=used_percent, breached=breached)
        return str(draw(view, "vi")["body"][0]["style"])

    assert (colour(20), colour(95)) == ("accent", "accent")
    assert colour(120, breached=True) == "attention"
    assert draw(samples.page("step", "received", used_percent=95), "vi")["body"][0]["style"] == "warning"


def test_the_holder_who_is_warned_can_keep_the_ticket_with_one_tap() -> None:
    card = draw(samples.page("ack_warning", "working"), "vi")
    assert (card["actions"][0]["verb"], card["actions"][0]["title"]) == ("acknowledge", "Tiếp tục xử lý")


def test_an_unclassified_ticket_asks_for_its_class_before_anything_but_taking_it() -> None:
    card = draw(samples.page("triage"), "vi")
    assert titles(card)[:2] == ["Nhận xử lý", "Phân loại"]
    assert next(n["data"]["how"] for n in nodes(card) if n.get("verb") == "classify" and "data" in n) == "corrected"


def test_a_paused_page_offers_to_resume_and_not_to_pause() -> None:
    assert verbs(draw(samples.page("step", "waiting"), "vi")) == [
        "acknowledge", "resolve", "note", "resume", "chase", "more",
    ]  # fmt: skip


def test_with_several_pauses_one_says_which_is_meant() -> None:
    card = draw(samples.page("step", "waiting", pauses=samples.TWO_PAUSES), "vi")
    for verb in ("resume", "chase"):
        (send,) = [n for n in nodes(card) if n.get("verb") == verb and n.get("type") == "Action.Execute"]
        assert "pause" not in send["data"]
    choices = [n["choices"] for n in nodes(card) if n.get("id") == "pause"]
    assert [[choice["value"] for choice in one] for one in choices] == [["all", "1", "3"], ["1", "3"]]


def test_what_is_rarely_done_is_one_tap_away() -> None:
    card = draw(samples.page("step", "working", menu=1), "vi")
    assert verbs(card) == ["escalate", "hand_over", "call", "receipt", "outage", "refresh"]
    assert titles(card)[3:] == ["Bảng tính giờ", "Gián đoạn dịch vụ (quản lý)", "Quay lại"]
    assert verbs(draw(samples.page("step", "resolved", menu=1), "vi")) == ["reopen", "receipt", "outage", "refresh"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_form_asks_for_the_evidence_that_its_own_act_needs(language: Language) -> None:
    card = draw(samples.page("step", "working"), language)
    asked = {n["id"] + str(i): n["label"] for i, n in enumerate(nodes(card)) if n.get("id") == "evidence"}
    resolving, pausing = asked.values()
    fault = {"vi": "lỗi của khách hàng", "en": "customer's own fault"}[language]
    earlier = {"vi": "tính lùi", "en": "earlier time"}[language]
    assert (fault in resolving, fault in pausing) == (False, True)
    assert earlier in resolving


def test_an_outage_that_was_confirmed_by_mistake_can_be_withdrawn_without_its_times() -> None:
    card = draw(samples.page("step", "working", menu=1), "vi")
    fields = {n["id"]: n for n in nodes(card) if str(n.get("type")).startswith("Input.")}
    assert fields["withdraw"]["title"] == "Rút lại xác nhận gián đoạn đã ghi"
    assert fields["withdraw"]["value"] == "false"
    assert not fields["start"].get("isRequired")
    assert fields["evidence"]["isRequired"]


def test_what_has_no_room_among_what_is_rarely_done_is_one_tap_further() -> None:
    view = samples.page("step", "waiting", menu=1, holder="Trâm")
    first = draw(view, "vi")
    assert verbs(first) == ["pause", "classify", "escalate", "hand_over", "more", "refresh"]
    (more,) = [n for n in nodes(first) if n.get("verb") == "more" and n.get("type") == "Action.Execute"]
    assert more["data"]["menu"] == "2"
    assert verbs(draw(replace(view, menu=2), "vi")) == ["call", "receipt", "outage", "refresh"]
    short = replace(view, menu=2, state="resolved", pauses=())
    assert verbs(draw(short, "vi")) == ["reopen", "receipt", "outage", "refresh"], "all of it has room meanwhile"


def test_what_would_follow_is_shown_with_both_deadlines_and_everybody_who_would_be_paged() -> None:
    card = draw(samples.page("step", "working", foresight=samples.FORESIGHT), "vi")
    assert verbs(card) == ["classify", "refresh"]
    data = card["actions"][0]["data"]
    assert (data["confirmed"], data["priority"], data["how"], data["reason"]) == ("true", "P1", "corrected", "mất hết")
    shown = words(card)
    assert "Nếu phân loại thành P1:" in shown
    assert "Hạn xử lý: 11:32 hôm nay → 10:02 hôm nay" in shown
    assert "Hạn mới đã qua" in shown
    assert "Level 3: Lê Hoài An – Teams, email" in shown
    assert "Quản lý – Teams" in shown


@pytest.mark.parametrize("kind", samples.KINDS)
def test_a_resolved_page_offers_only_the_call_that_is_owed_and_what_is_rarely_done(kind: Any) -> None:
    assert verbs(draw(samples.page(kind, "resolved"), "vi")) == ["more"]
    assert verbs(draw(samples.page(kind, "resolved", call_back_owed=True), "vi")) == ["called_back", "more"]


def test_a_merged_page_has_no_buttons() -> None:
    assert "actions" not in draw(samples.page("step", "resolved", merged_into="3CX-7K2M-9QXD"), "vi")


def test_a_customer_refreshes_an_open_ticket_and_reopens_a_resolved_one() -> None:
    assert verbs(draw(samples.status("working"), "vi")) == ["refresh", "receipt"]
    assert verbs(draw(samples.status("resolved"), "vi")) == ["reopen", "receipt"]


@pytest.mark.parametrize("state", samples.STATES)
@pytest.mark.parametrize("careless", [False, True])
def test_how_the_time_was_counted_is_offered_in_private_only(state: State, careless: bool) -> None:
    view = samples.status(state)
    shared = view if careless else replace(view, details=None)
    assert "receipt" not in verbs(draw(shared, "vi", private=False))
    assert "receipt" not in verbs(draw(replace(view, details=None), "vi", private=True))
    assert titles(draw(view, "vi", private=True))[-1] == "Xem cách tính giờ"


def test_a_person_without_an_object_id_is_named_but_not_mentioned() -> None:
    line = next(
        n["text"]
        for n in nodes(draw(samples.page(mentions=(("Lan", "oid"), ("Phước", None))), "vi"))
        if "<at>" in str(n.get("text", ""))
    )
    assert line == "Mời <at>Lan</at> và Phước"


def test_a_correction_says_that_the_breach_was_none() -> None:
    card = draw(samples.breach("working", corrected=True), "vi")
    assert "không quá hạn SLA (đã hiệu chỉnh)" in words(card)
    assert '"style": "attention"' not in words(card)


def test_the_managers_see_who_was_paged_and_how_many_before() -> None:
    paged = tuple(samples.PagedPerson("L2", f"Người {n}", samples.NOW + n * MINUTE) for n in range(30))
    shown = words(draw(samples.breach(paged=paged), "vi"))
    assert "Level 2 · Người 29" in shown
    assert "Người 21 " not in shown
    assert "và 22 lượt báo trước đó" in shown


@pytest.mark.parametrize(
    ("view", "vietnamese", "english"),
    [
        (samples.page("step"), "P1 3CX-7KD2M9Q4 còn 6 phút – {c}", "P1 3CX-7KD2M9Q4 6 min left – {c}"),
        (samples.page("repeat"), "Nhắc lại: P1 3CX-7KD2M9Q4 còn 6 phút – {c}",
         "Reminder: P1 3CX-7KD2M9Q4 6 min left – {c}"),
        (samples.page("triage"), "Chưa phân loại: P2 3CX-7KD2M9Q4 còn 6 phút – {c}",
         "Not classified: P2 3CX-7KD2M9Q4 6 min left – {c}"),
        (samples.page("information"), "Để biết: P1 3CX-7KD2M9Q4 còn 6 phút – {c}",
         "For information: P1 3CX-7KD2M9Q4 6 min left – {c}"),
        (samples.page("ack_warning", "working"), "Sắp hết thời gian nhận xử lý: P1 3CX-7KD2M9Q4 còn 6 phút – {c}",
         "Hold runs out soon: P1 3CX-7KD2M9Q4 6 min left – {c}"),
        (samples.page("after_breach"), "P1 3CX-7KD2M9Q4 quá hạn SLA 12 phút – {c}",
         "P1 3CX-7KD2M9Q4 12 min past its SLA – {c}"),
        (samples.page("step", "waiting"), "P1 3CX-7KD2M9Q4 tạm dừng tính SLA – {c}",
         "P1 3CX-7KD2M9Q4 SLA clock paused – {c}"),
        (samples.page("step", "resolved"), "P1 3CX-7KD2M9Q4 đã khắc phục – {c}", "P1 3CX-7KD2M9Q4 resolved – {c}"),
        (samples.page("step", "working"), "P1 3CX-7KD2M9Q4 còn 6 phút – {c}, Đỗ Thị Quỳnh Trâm đang xử lý",
         "P1 3CX-7KD2M9Q4 6 min left – {c}, Đỗ Thị Quỳnh Trâm is on it"),
        (samples.breach(), "P1 3CX-7KD2M9Q4 quá hạn SLA 12 phút – {c}", "P1 3CX-7KD2M9Q4 12 min past its SLA – {c}"),
        (samples.breach(over_by=300), "P1 3CX-7KD2M9Q4 vừa quá hạn SLA – {c}",
         "P1 3CX-7KD2M9Q4 just passed its SLA – {c}"),
        (samples.status("received"), "P1 3CX-7KD2M9Q4: đã tiếp nhận, hạn xử lý 10:32 hôm nay",
         "P1 3CX-7KD2M9Q4: received, due 10:32 today"),
        (samples.status("waiting"), "P1 3CX-7KD2M9Q4: đang chờ", "P1 3CX-7KD2M9Q4: waiting"),
        (samples.status("resolved"), "P1 3CX-7KD2M9Q4: đã khắc phục", "P1 3CX-7KD2M9Q4: resolved"),
    ],
)  # fmt: skip
def test_the_summary_says_the_thing_itself(view: Any, vietnamese: str, english: str) -> None:
    company = samples.DETAILS.company
    assert summary(view, "vi") == vietnamese.format(c=company)
    assert summary(view, "en") == english.format(c=company)
    assert draw(view, "vi")["fallbackText"] == summary(view, "vi")


def test_working_hours_left_are_not_sold_as_hours_of_the_wall_clock() -> None:
    view = samples.page("step", priority="P4", left=12 * HOUR, due_at=samples.NOW + 60 * HOUR)
    assert "còn 12 giờ (giờ tính SLA)" in summary(view, "vi")


@pytest.mark.parametrize(("language", "when"), [("vi", "Khắc phục lúc 10:25 hôm nay"), ("en", "Resolved 10:25 today")])
def test_a_resolved_page_says_when_it_was_resolved(language: Language, when: str) -> None:
    card = draw(samples.page("step", "resolved"), language)
    assert card["body"][0]["items"][1]["text"] == when


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("received", "Đã tiếp nhận"),
        ("working", f"Đang xử lý: {samples.DETAILS.holder}"),
        ("waiting", "Đang chờ"),
        ("resolved", "Khắc phục lúc"),
    ],
)
def test_a_page_that_staff_asked_for_says_the_state_in_place_of_a_level(state: State, says: str) -> None:
    card = draw(samples.page("information", state, level=""), "vi")
    assert card["body"][0]["items"][1]["text"].startswith(says)


@pytest.mark.parametrize(("late_ms", "said"), [(0, False), (MINUTE - 1, False), (MINUTE, True)])
@pytest.mark.parametrize(("language", "phrase"), [("vi", "đến muộn"), ("en", "our own service")])
def test_a_page_says_from_a_minute_on_that_our_own_outage_made_it_late(
    late_ms: int, said: bool, language: Language, phrase: str
) -> None:
    assert (phrase in words(draw(samples.page("step", late_ms=late_ms), language))) is said


def test_whom_a_ticket_was_handed_to_can_take_it_until_somebody_has() -> None:
    offered = draw(samples.page("handed_over", "working", offered=True), "vi")
    taken = draw(samples.page("handed_over", "working", offered=False), "vi")
    assert "acknowledge" in verbs(offered)
    assert "acknowledge" not in verbs(taken)


def lines(card: dict[str, Any]) -> list[str]:
    """Return what stands on a card, line by line, the labels of facts left out."""
    texts = [
        "".join(run["text"] for run in node["inlines"]) if "inlines" in node else node["text"]
        for node in nodes(card["body"])
        if node.get("type") in {"TextBlock", "RichTextBlock"}
    ]
    return [text.replace("\xa0", " ") for text in texts]


def told(card: dict[str, Any], label: str) -> str:
    """Return the value of a fact; empty if there is none."""
    rows = [row for node in nodes(card) if node.get("type") == "FactSet" for row in node["facts"]]
    return next((row["value"] for row in rows if row["title"].replace("\xa0", " ") == label), "")


@pytest.mark.parametrize(
    ("word", "language", "label"),
    [
        (samples.HANDED_OVER, "vi", "Bàn giao từ Đỗ Thị Quỳnh Trâm, 10:23 hôm nay"),
        (samples.HANDED_OVER, "en", "Handed over by Đỗ Thị Quỳnh Trâm, 10:23 today"),
        (samples.ESCALATED, "vi", "Lý do chuyển lên cấp trên – Đỗ Thị Quỳnh Trâm, 10:23 hôm nay"),
        (samples.ESCALATED, "en", "Why it was escalated – Đỗ Thị Quỳnh Trâm, 10:23 today"),
    ],
)  # fmt: skip
def test_whoever_a_ticket_was_passed_on_to_reads_first_what_was_said(word: Any, language: Language, label: str) -> None:
    for kind in samples.KINDS:
        shown = lines(draw(samples.page(kind, "working", word=word), language))
        at = shown.index(label)
        assert shown[at + 1 :][: len(word.text.splitlines())] == word.text.splitlines()
        assert at == 2, "right below the headline"
    assert label not in lines(draw(samples.page("step", "resolved", word=word), language))


def test_a_chase_says_what_is_to_be_asked_after() -> None:
    shown = lines(draw(samples.page("chase", "waiting", pauses=samples.TWO_PAUSES, chased=1), "vi"))
    assert shown[2:10] == [
        "Việc cần hỏi lại", "Chờ nhà cung cấp khác, từ 10:05 hôm nay", "Mã yêu cầu của nhà cung cấp",
        "VNPT-20261123-77", "Chi tiết", "Đã gọi trung tâm kỹ thuật, họ kiểm tra số tổng đài",
        "Trả lời lần trước, 10:20 hôm nay", "Nhà mạng hẹn mười phút nữa",
    ]  # fmt: skip
    other = shown.index("Tạm dừng tính SLA")
    assert shown[other + 1] == "Chờ khách hàng, từ 10:15 hôm nay: Danh sách số máy nhánh bị lỗi?"
    assert sum("nhà cung cấp" in line for line in shown) == 2, "the chased pause is told once"


def test_a_chase_of_a_question_says_what_the_customer_was_asked_once() -> None:
    shown = lines(draw(samples.page("chase", "waiting", pauses=samples.TWO_PAUSES, chased=3), "en"))
    assert shown[2:6] == [
        "To be asked after", "Waiting for the customer, since 10:15 today", "The customer was asked",
        "Danh sách số máy nhánh bị lỗi?",
    ]  # fmt: skip
    assert not [line for line in shown if "Details" in line or "Last answer" in line]
    assert shown.count("Danh sách số máy nhánh bị lỗi?") == 1


@pytest.mark.parametrize(("state", "pauses"), [("working", ()), ("resolved", samples.TWO_PAUSES)])
def test_a_chase_whose_pause_has_ended_asks_after_nothing(state: State, pauses: Any) -> None:
    shown = lines(draw(samples.page("chase", state, pauses=pauses, chased=1), "vi"))
    assert "Việc cần hỏi lại" not in shown
    assert "Tạm dừng tính SLA" not in shown


def test_every_pause_that_stands_is_told_with_its_reference_and_since_when() -> None:
    card = draw(samples.page("step", "waiting", pauses=samples.TWO_PAUSES), "en")
    shown = lines(card)
    at = shown.index("SLA clock paused")
    assert shown[at + 1 : at + 3] == [
        "Waiting for another provider, since 10:05 today: VNPT-20261123-77",
        "Waiting for the customer, since 10:15 today: Danh sách số máy nhánh bị lỗi?",
    ]
    assert told(card, "SLA clock paused") == "", "not said twice"
    suspended = draw(samples.page("step", "waiting", waiting_for="suspension", pauses=()), "vi")
    assert told(suspended, "Tạm dừng tính SLA") == "SLA của khách hàng đang được đình chỉ"


def test_of_many_pauses_the_latest_are_told_and_the_others_counted() -> None:
    many = tuple(replace(samples.TWO_PAUSES[0], number=n, reference=f"VNPT-{n}") for n in range(1, 8))
    shown = lines(draw(samples.page("step", "waiting", pauses=many), "vi"))
    at = shown.index("Tạm dừng tính SLA")
    assert shown[at + 1] == "và 4 lần tạm dừng trước đó"
    assert [line.rpartition(" ")[2] for line in shown[at + 2 : at + 5]] == ["VNPT-5", "VNPT-6", "VNPT-7"]
