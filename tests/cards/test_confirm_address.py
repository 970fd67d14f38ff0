"""The conversation that proves an address: what is said, kept and done at each answer (D10 row 3)."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.dialogs.confirm_address import (
    CODE_LASTS,
    PER_PERSON_A_DAY,
    PER_TICKET_A_DAY,
    TRIES_MAX,
    Bind,
    Means,
    Prompt,
    SendCode,
    begin,
    step,
    wrong_digits,
)
from bot.sla.instants import DAY, MINUTE, SECOND
from bot.text.phrases import say
from bot.ticket.model import PersonKey, PersonRecord
from tests.cards.samples import NOW, ZONE

TICKET = "3CX-7KD2M9Q4"
ADDRESS = "duong@songhuong.example"
RIGHT = "493027"


def means(digest: str = f"digest of {RIGHT}") -> Means:
    def matches(kept: str, typed: str) -> bool:
        return kept == f"digest of {typed}"

    return Means(digest=digest, matches=matches, support_phone="028 7303 9666", zone=ZONE)


def somebody() -> PersonRecord:
    return PersonRecord(person=PersonKey(tenant="t", object_id="o"))


def answer(record: PersonRecord, text: str, now: int = NOW) -> Prompt:
    prompt = step(record, text, now, means())
    assert prompt is not None
    return prompt


def asked() -> PersonRecord:
    return begin(somebody(), TICKET, NOW).record


def waiting() -> PersonRecord:
    return answer(asked(), ADDRESS).record


def test_a_person_who_was_asked_nothing_is_not_answered() -> None:
    assert step(somebody(), ADDRESS, NOW, means()) is None


def test_the_whole_conversation_ends_bound() -> None:
    first = begin(somebody(), TICKET, NOW)
    assert (first.saying, first.intent, first.record.step) == ("ask_address", None, "address")
    second = answer(first.record, f"Email của tôi là {ADDRESS}")
    assert (second.saying, second.values) == ("code_on_its_way", {"address": ADDRESS})
    assert second.intent == SendCode(TICKET, ADDRESS)
    third = answer(second.record, RIGHT)
    assert third.intent == Bind(TICKET, ADDRESS)
    assert third.values == {"code": TICKET, "until": "21/02/2027"}
    assert (third.record.step, third.record.challenge, third.record.asked) == ("idle", None, "")


def test_every_prompt_can_be_said_in_both_languages() -> None:
    prompts = [begin(somebody(), TICKET, NOW), answer(asked(), ADDRESS), answer(asked(), "gì cơ"),
               answer(waiting(), RIGHT), answer(waiting(), "000000"), answer(waiting(), "12"), answer(waiting(), "huỷ"),
               answer(waiting(), RIGHT, NOW + CODE_LASTS)]  # fmt: skip
    assert {p.saying for p in prompts} >= {"digits_wrong", "digits_needed", "digits_expired", "dialog_cancelled"}
    for prompt in prompts:
        assert say("vi", prompt.saying, prompt.values) != say("en", prompt.saying, prompt.values)


@pytest.mark.parametrize(
    "typed",
    [
        ADDRESS,
        f"  {ADDRESS.upper()} ",
        f"[{ADDRESS}](mailto:{ADDRESS})",
        f"<{ADDRESS}>.",
        "ｄｕｏｎｇ@songhuong.example",
    ],
)
def test_an_address_is_found_as_people_and_teams_write_it(typed: str) -> None:
    assert answer(asked(), typed).intent == SendCode(TICKET, ADDRESS)


@pytest.mark.parametrize(
    "typed", ["", "duong", "duong@", "@songhuong.example", f"{ADDRESS} hoặc khac@songhuong.example", "a@b", RIGHT]
)
def test_anything_else_is_asked_again_and_sends_nothing(typed: str) -> None:
    prompt = answer(asked(), typed)
    assert (prompt.saying, prompt.intent, prompt.record.step) == ("address_not_an_address", None, "address")


@pytest.mark.parametrize("typed", [RIGHT, f" {RIGHT} ", "493 027", "493-027", f"Mã là {RIGHT}.", "４９３０２７"])
def test_the_digits_are_read_as_people_type_them(typed: str) -> None:
    assert isinstance(answer(waiting(), typed).intent, Bind)


@pytest.mark.parametrize("typed", ["49302", f"{RIGHT}1", f"{RIGHT} 111111", "xin chào", "٤٩٣٠٢٧x", f"a{RIGHT}"])
def test_what_is_no_code_costs_no_try(typed: str) -> None:
    prompt = answer(waiting(), typed)
    assert (prompt.saying, prompt.intent) == ("digits_needed", None)
    assert prompt.record == waiting()


@pytest.mark.parametrize("stop", ["huỷ", "Hủy", "HUY", "cancel", "Stop!", "“huỷ”"])
@pytest.mark.parametrize("state", [asked, waiting])
def test_the_person_may_stop_at_any_step(state: Callable[[], PersonRecord], stop: str) -> None:
    prompt = answer(state(), stop)
    assert (prompt.saying, prompt.record.step, prompt.record.challenge) == ("dialog_cancelled", "idle", None)


def test_stopping_does_not_wipe_the_count_of_codes_sent() -> None:
    assert len(answer(waiting(), "huỷ").record.challenges) == 1


def test_wrong_digits_are_counted_down_and_the_last_ends_it() -> None:
    record, said = waiting(), []
    for _ in range(TRIES_MAX):
        prompt = answer(record, "000000")
        assert prompt.intent is None
        said.append((prompt.saying, prompt.values.get("left")))
        record = prompt.record
    assert said == [("digits_wrong", "4"), ("digits_wrong", "3"), ("digits_wrong", "2"), ("digits_wrong", "1"),
                    ("digits_expired", None)]  # fmt: skip
    assert step(record, RIGHT, NOW, means()) is None


def test_the_right_digits_are_too_late_after_ten_minutes_and_in_time_just_before() -> None:
    late = answer(waiting(), RIGHT, NOW + 10 * MINUTE)
    assert (late.saying, late.intent, late.record.challenge) == ("digits_expired", None, None)
    assert isinstance(answer(waiting(), RIGHT, NOW + 10 * MINUTE - SECOND).intent, Bind)


def test_another_address_sends_another_code_and_the_first_dies() -> None:
    prompt = step(waiting(), "khac@songhuong.example", NOW, means("digest of 111111"))
    assert prompt is not None
    assert prompt.intent == SendCode(TICKET, "khac@songhuong.example")
    assert answer(prompt.record, RIGHT).saying == "digits_wrong"
    assert answer(prompt.record, "111111").intent == Bind(TICKET, "khac@songhuong.example")


def test_the_fourth_code_of_a_day_for_one_ticket_is_not_sent() -> None:
    record = asked()
    for n in range(PER_TICKET_A_DAY):
        record = begin(answer(record, ADDRESS, NOW + n * MINUTE).record, TICKET, NOW).record
    over = answer(record, ADDRESS, NOW + MINUTE * 5)
    assert (over.saying, over.intent, over.record.step) == ("challenge_limit", None, "idle")
    assert over.values == {"support_phone": "028 7303 9666"}
    other = begin(over.record, "3CX-OTHER", NOW).record
    assert answer(other, ADDRESS, NOW + MINUTE * 6).intent == SendCode("3CX-OTHER", ADDRESS)
    assert answer(record, ADDRESS, NOW + DAY).intent == SendCode(TICKET, ADDRESS)


def test_nobody_can_make_the_desk_mail_without_end_by_naming_many_tickets() -> None:
    record, sent = somebody(), 0
    for n in range(40):
        prompt = answer(begin(record, f"3CX-{n}", NOW).record, ADDRESS, NOW + n)
        record, sent = prompt.record, sent + (prompt.intent is not None)
    assert sent == PER_PERSON_A_DAY
    assert len(record.challenges) == PER_PERSON_A_DAY


def test_the_conversation_is_the_same_for_a_ticket_that_does_not_exist() -> None:
    """The steps do not know; what they say differs in nothing but the code that was typed."""
    for typed in (ADDRESS, "gì cơ", "huỷ"):
        real, unreal = (answer(begin(somebody(), code, NOW).record, typed) for code in (TICKET, "3CX-XXXXXXXX"))
        assert (real.saying, real.values, real.record.step) == (unreal.saying, unreal.values, unreal.record.step)


def test_digits_that_fit_where_nothing_was_mailed_are_answered_like_wrong_ones() -> None:
    before = waiting()
    assert wrong_digits(before, NOW) == answer(before, "000000")


def test_a_record_without_its_challenge_asks_for_the_address_again() -> None:
    torn = waiting().model_copy(update={"challenge": None})
    assert answer(torn, RIGHT).saying == "address_not_an_address"
    assert answer(torn, ADDRESS).intent == SendCode(TICKET, ADDRESS)


@given(st.text(max_size=3_000))
def test_no_text_breaks_a_step_or_sneaks_a_binding(text: str) -> None:
    for record in (asked(), waiting()):
        prompt = answer(record, text)
        assert say("vi", prompt.saying, prompt.values)
        assert not isinstance(prompt.intent, Bind) or RIGHT in text


class Conversation(RuleBasedStateMachine):
    """Whatever is typed whenever: limits hold, and only the right digits of the living code bind."""

    def __init__(self) -> None:
        super().__init__()
        self.record, self.now = somebody(), NOW
        self.sent: list[tuple[str, int]] = []
        self.tries = 0

    @rule(ticket=st.sampled_from(["3CX-A", "3CX-B"]))
    def send_a_ticket_code(self, ticket: str) -> None:
        self.record = begin(self.record, ticket, NOW).record

    @rule(
        text=st.sampled_from([ADDRESS, "khac@songhuong.example", RIGHT, "000000", "huỷ", "xin chào"]),
        later=st.sampled_from([0, MINUTE, 9 * MINUTE, 11 * MINUTE, 8 * 60 * MINUTE]),
    )
    def say_something(self, text: str, later: int) -> None:
        self.now += later
        before = self.record
        prompt = step(before, text, self.now, means())
        if prompt is None:
            assert before.step == "idle"
            return
        if isinstance(prompt.intent, SendCode):
            self.sent.append((prompt.intent.ticket, self.now))
            self.tries = 0
        if isinstance(prompt.intent, Bind):
            assert text == RIGHT
            assert before.challenge is not None
            assert self.now < before.challenge.until
            assert prompt.intent.ticket == before.challenge.code == before.asked
            assert self.tries < TRIES_MAX
        if prompt.saying == "digits_wrong":
            self.tries += 1
        self.record = prompt.record

    @invariant()
    def never_more_than_three_codes_a_day_per_ticket(self) -> None:
        for ticket in ("3CX-A", "3CX-B"):
            assert sum(1 for t, at in self.sent if t == ticket and at > self.now - DAY) <= PER_TICKET_A_DAY

    @invariant()
    def the_challenge_belongs_to_the_step(self) -> None:
        assert (self.record.challenge is not None) == (self.record.step == "digits")


TestConversation = Conversation.TestCase
