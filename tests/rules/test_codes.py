"""Ticket codes: issued, written by people in every way, and told from everything that only looks like them."""

import secrets
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from bot.ticket.codes import ALPHABET, find_codes, issue, near_misses, normalise
from bot.ticket.plain import LENGTH_MAX

PREFIX = "3CX"


def issued(seed: int, prefix: str = PREFIX, length: int = 7) -> str:
    """Issue a code from a number instead of from chance."""
    state = seed

    def randbits(bits: int) -> int:
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return state >> (64 - bits)

    return issue(prefix, length, randbits)


CODE = issued(1)
GROUP_1, GROUP_2 = CODE.split("-")[1:]
BODY = GROUP_1 + GROUP_2
WRONG = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
codes = st.builds(issued, st.integers(0, 2**40))


@given(st.integers(0, 2**40), st.sampled_from(["3CX", "TB", "SOL", "0", "A1B2C3D4"]), st.integers(6, 12))
def test_every_issued_code_is_recognised_as_it_was_written(seed: int, prefix: str, length: int) -> None:
    code = issued(seed, prefix, length)
    assert find_codes(f"mã ticket {code} vẫn chưa gọi được", prefix) == [code]
    assert normalise(code, prefix) == code == normalise(code.lower(), prefix)
    assert all(len(group) <= 4 for group in code.split("-")[1:])


@pytest.mark.parametrize("bits", [lambda _: 0, lambda k: (1 << k) - 1, lambda _: 1])
def test_even_the_poorest_randomness_gives_a_code_with_a_letter_and_a_digit(bits: Callable[[int], int]) -> None:
    code = issue(PREFIX, 7, bits)
    assert normalise(code, PREFIX) == code


def test_a_real_source_of_randomness_does_not_repeat_itself() -> None:
    assert len({issue(PREFIX, 7, secrets.randbits) for _ in range(500)}) == 500


@settings(max_examples=25)
@given(codes)
def test_no_single_wrong_character_passes(code: str) -> None:
    body = code.removeprefix("3CX-").replace("-", "")
    for place, right in enumerate(body):
        for wrong in ALPHABET:
            if wrong != right:
                assert normalise(f"3CX-{body[:place]}{wrong}{body[place + 1 :]}", PREFIX) is None


def test_nearly_no_swap_of_neighbours_passes() -> None:
    swaps = passed = 0
    for seed in range(2000):
        body = issued(seed).removeprefix("3CX-").replace("-", "")
        for i in range(len(body) - 1):
            if body[i] != body[i + 1]:
                swaps += 1
                passed += normalise(f"3CX-{body[:i]}{body[i + 1]}{body[i]}{body[i + 2 :]}", PREFIX) is not None
    assert swaps > 10_000
    assert passed / swaps < 0.01


FORGIVEN = [
    CODE.lower(),
    f"3CX {GROUP_1} {GROUP_2}",
    f"3cx{BODY.lower()}",
    f"3CX{GROUP_1}-{GROUP_2}",
    f"3CX – {GROUP_1} – {GROUP_2}",
    f"3CX\u2011{GROUP_1}\u2011{GROUP_2}",
    f"3CX\u00a0{GROUP_1}\u00a0{GROUP_2}",
    f"3CX-{GROUP_1[:2]}-{GROUP_1[2:]}{GROUP_2}",
    f"3CX-\u200b{GROUP_1}-{GROUP_2}\ufeff",
    "".join(chr(ord(c) + 0xFEE0) if c != "-" else c for c in CODE),
    f"3CX-{GROUP_1}-\r\n{GROUP_2}",
]


@pytest.mark.parametrize("typed", FORGIVEN)
def test_a_code_is_forgiven_how_it_was_typed(typed: str) -> None:
    assert normalise(typed, PREFIX) == CODE
    assert find_codes(f"Em chào anh, mã {typed} vẫn lỗi ạ", PREFIX) == [CODE]


def test_letters_that_are_read_as_digits_are_forgiven() -> None:
    code = next(c for c in map(issued, range(10_000)) if "0" in c and "1" in c)
    for zero, one in (("O", "I"), ("o", "l"), ("o", "i"), ("0", "L")):
        typed = code.replace("0", zero).replace("1", one)
        assert normalise(typed, PREFIX) == code
        assert find_codes(typed, PREFIX) == [code]


OTHER = issued(2)
IN_TEXT = {
    f"mã ticket {CODE} vẫn chưa gọi được": [CODE],
    f"ma ticket {CODE.lower()}": [CODE],
    f"ticket:{CODE.lower()}.": [CODE],
    f"[Ticket#{CODE}] Re: mất thoại": [CODE],
    f"Mã vé:{CODE},{OTHER}!": [CODE, OTHER],
    f"{OTHER} và {CODE}, nhắc lại {OTHER}": [OTHER, CODE],
    f"({CODE})": [CODE],
    f"**{CODE}**  _{OTHER}_": [CODE, OTHER],
    f"{CODE}.Vẫn chưa gọi được": [CODE],
    f"{CODE}-vẫn lỗi": [CODE],
    f"{CODE} - van chua goi duoc": [CODE],
    f"3CX bị lỗi, mã 3CX {GROUP_1} {GROUP_2} nhé": [CODE],
    f"3CX {CODE}": [CODE],
    f"sự cố P1 {CODE}/P1": [CODE],
    f"xem https://example.com/a {CODE}": [CODE],
    f"gọi 0912 345 678 về {CODE}": [CODE],
}


@pytest.mark.parametrize("text", IN_TEXT)
def test_codes_are_found_in_what_people_write(text: str) -> None:
    assert find_codes(text, PREFIX) == IN_TEXT[text]


NOT_CODES = [
    f"https://example.com/{CODE}",
    f"https://example.com/t?code={CODE}",
    f"https://example.com/#{CODE}",
    f"desk.example.com/tickets#{CODE}",
    f"www.example.com?{CODE}",
    f"/{CODE}",
    f"{CODE}@example.com",
    f"a@{CODE}.example",
    f"sip:{CODE}",
    f"A{CODE}",
    f"ABC-{CODE}",
    f"{CODE}9",
    f"{CODE}-AB12",
    f"3CX {GROUP_1} {GROUP_2}-AB12",
    f"Ệ{CODE}",
    "3CX 0912 345 678",
    "3CX 1900 1234",
    "hotline 3CX 028 7303 9666",
    "mã số thuế 0312345678",
    "3CX-0310711885",
    "3CX hotline không gọi được",
    "phần mềm 3CX bị lỗi, 3cx client không đăng nhập được",
    WRONG,
    f"\u0417СХ-{GROUP_1}-{GROUP_2}",
    f"3\u0421\u0425-{GROUP_1}-{GROUP_2}",
    f"3CX-{GROUP_1}-{GROUP_2[:-1]}\u0430",
    f"\u202e{CODE}\u202c",
    f"\u202d3CX-\u202c{BODY[::-1]}",
    BODY,
    "",
    "3CX",
    "3CX-",
]


@pytest.mark.parametrize("text", NOT_CODES)
def test_what_only_looks_like_a_code_is_left_alone(text: str) -> None:
    assert find_codes(text, PREFIX) == []


def test_phone_numbers_are_no_codes_even_if_their_check_would_pass() -> None:
    passing = [
        digits
        for digits in (f"0912345{n:03}" for n in range(1000))
        if mod_37_36.calc_check_digit(digits[:-1], alphabet=ALPHABET) == digits[-1]
    ]
    assert passing
    for digits in passing:
        for text in (f"3CX {digits}", f"3CX {digits[:4]} {digits[4:7]} {digits[7:]}", f"3CX-{digits}"):
            assert find_codes(text, PREFIX) == [] == near_misses(text, PREFIX, len(digits) - 1)


def test_at_most_the_first_ten_codes_of_a_message_are_looked_at() -> None:
    many = [issued(seed) for seed in range(30)]
    assert find_codes(" ".join(many), PREFIX) == many[:10]
    assert find_codes(" ".join(many), PREFIX, limit=3) == many[:3]


def test_a_code_beyond_the_bounded_length_is_not_read() -> None:
    assert find_codes("x " * (LENGTH_MAX // 2) + CODE, PREFIX) == []


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from(f"3CXcx-– \n7K2M9QD.{BODY}@/#:\u200b\u202eỆ"), max_size=120))
def test_whatever_is_found_is_a_sound_code_of_this_desk(text: str) -> None:
    for code in find_codes(text, PREFIX):
        assert normalise(code, PREFIX) == code


@given(st.text(max_size=300))
def test_no_text_at_all_makes_the_recogniser_stumble(text: str) -> None:
    assert isinstance(find_codes(text, PREFIX), list)
    assert isinstance(near_misses(text, PREFIX), list)
    code = normalise(text, PREFIX)
    assert code is None or normalise(code, PREFIX) == code


@pytest.mark.parametrize("typed", [WRONG, WRONG.lower(), WRONG.replace("-", " ").replace(" ", "-", 1)])
def test_a_mistyped_code_is_noticed(typed: str) -> None:
    assert find_codes(f"mã {typed} sao rồi", PREFIX) == []
    if typed.count("-") == 2:
        assert near_misses(f"mã {typed} sao rồi", PREFIX) == [WRONG]


def test_a_letter_that_no_code_has_is_a_slip_too() -> None:
    typed = CODE[:5] + "U" + CODE[6:]
    assert near_misses(typed, PREFIX) == [typed]


@pytest.mark.parametrize(
    "text",
    [
        "3CX-Update20",
        "3CXDesktop20",
        "3CX V20 2024",
        "3CX-2024-2025",
        CODE,
        f"https://x.example/{WRONG}",
        "3CX-V20-Update8",
    ],
)
def test_product_names_are_no_mistyped_codes(text: str) -> None:
    assert near_misses(text, PREFIX) == []


@pytest.mark.parametrize("text", ["", "3CX", f"{CODE} {OTHER}", f"xin chào {CODE}", "x" * 50_000, f"TB-{BODY}", "---"])
def test_one_code_alone_is_asked_for_and_anything_else_is_none(text: str) -> None:
    assert normalise(text, PREFIX) is None


def test_without_a_prefix_the_part_before_the_first_dash_is_it() -> None:
    assert normalise(CODE.lower()) == CODE
    assert normalise(CODE.replace("-", " ")) == CODE
    assert normalise(BODY) is None
