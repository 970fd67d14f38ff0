"""What the operator reads: metrics that cannot grow without end, log lines that hold nobody's secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telemetry import JsonLines, PlainLines, Telemetry, configure_logging, log_command, redact


def lines_of(telemetry: Telemetry) -> list[str]:
    return [line for line in telemetry.page().decode().splitlines() if not line.startswith("#")]


def test_two_telemetries_in_one_process_know_nothing_of_each_other() -> None:
    one, other = Telemetry(), Telemetry()
    one.count("mails", "opened")
    assert 'desk_mails_total{outcome="opened"} 1.0' in lines_of(one)
    assert not [line for line in lines_of(other) if line.startswith("desk_mails_total")]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (("arrivals", "message", "linked"), 'desk_arrivals_total{kind="message",outcome="linked"} 1.0'),
        (("arrivals", "message/linked"), 'desk_arrivals_total{kind="message",outcome="linked"} 1.0'),
        (("rejected", "413", "too large"), 'desk_rejected_total{reason="too large",status="413"} 1.0'),
        (("arrivals", "message"), 'desk_other_total{label="message",name="arrivals"} 1.0'),
        (("arivals", "message"), 'desk_other_total{label="message",name="arivals"} 1.0'),
        (("mails", "a/b"), 'desk_mails_total{outcome="a/b"} 1.0'),
        (("other", "key cache", "renewed"), 'desk_other_total{label="renewed",name="key cache"} 1.0'),
    ],
)
def test_a_count_lands_under_its_labels_and_an_unknown_one_is_kept_under_other(
    call: tuple[str, ...], line: str
) -> None:
    telemetry = Telemetry()
    telemetry.count(*call)
    assert line in lines_of(telemetry)


def test_labels_that_should_not_vary_cannot_fill_the_memory() -> None:
    telemetry = Telemetry()
    for number in range(1000):
        telemetry.count("mails", f"outcome {number}")
    counted = [line for line in lines_of(telemetry) if line.startswith("desk_mails_total")]
    assert len(counted) == 201
    assert 'desk_mails_total{outcome="…"} 800.0' in counted


def test_lateness_of_wake_ups_is_real_time_whatever_the_speed_of_the_desk() -> None:
    telemetry = Telemetry(speed=60)
    telemetry.wake_late(late_desk_ms=120_000)
    telemetry.wake_late(late_desk_ms=-5)
    assert "desk_wake_late_seconds_sum 2.0" in lines_of(telemetry)
    assert "desk_wake_late_seconds_count 2.0" in lines_of(telemetry)


def test_faults_of_the_files_show_until_they_are_read_without() -> None:
    telemetry = Telemetry()
    telemetry.file_faults(2, warnings=1)
    assert "desk_file_faults 2.0" in lines_of(telemetry)
    telemetry.file_faults(0)
    assert "desk_file_faults 0.0" in lines_of(telemetry)
    assert 'desk_reload_faults_total{severity="error"} 2.0' in lines_of(telemetry)
    assert 'desk_reload_faults_total{severity="warning"} 1.0' in lines_of(telemetry)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Authorization: Bearer abc.def-ghi/=", "Authorization: Bearer [token]"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln rest", "token [token] rest"),
        ("from lan.nguyen+3cx@mail.example.com: no", "from [address]: no"),
        ("<20250101.77@mx.example.com>", "<[address]>"),
        ("rediss://default:s3cret@cache.example:6380/0", "rediss://[login]@cache.example:6380/0"),
        ("ticket 3CX-7K2M at 10:15", "ticket 3CX-7K2M at 10:15"),
        ("lane t:19:aZ_9@thread.tacv2;messageid=17", "lane t:19:aZ_9@thread.tacv2;messageid=17"),
        ("a@thread.example", "[address]"),
    ],
)
def test_secrets_and_addresses_never_reach_the_log(said: str, kept: str) -> None:
    assert redact(said) == kept


@given(st.text(st.sampled_from("ab.@+ \n"), max_size=40), st.sampled_from(["a@b.example", "x.y+z@m.n.example"]))
def test_an_address_is_found_in_any_surroundings(around: str, address: str) -> None:
    assert address not in redact(f"{around} {address} {around}")


@pytest.mark.parametrize("piece", ["a", "eyJ-", "eyJa.", "Bearer ", "a@", "a@b", "://", "x."])
@pytest.mark.timeout(30)
def test_a_huge_hostile_line_is_redacted_in_time_that_grows_with_its_length_only(piece: str) -> None:
    # Work in proportion to the square of the length would take hours here: the timeout is what fails.
    assert redact(piece * 300_000)


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield root
    root.handlers[:], level = before
    root.setLevel(level)
    logging.captureWarnings(False)


def test_a_command_is_one_line_of_json_with_ids_and_kinds_only(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)
    log_command(
        logging.getLogger("bot.desk"),
        command="acknowledge",
        ticket="3CX-7K2M",
        actor="lan@desk.example",
        outcome="committed",
        effects=("card", "mail"),
        took_ms=12,
    )
    logging.getLogger("bot.desk").debug("not at this level")
    logging.getLogger("aiohttp.access").info("GET /healthz")
    [line] = stream.getvalue().splitlines()
    told = json.loads(line)
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "level": "INFO",
        "logger": "bot.desk",
        "message": "command",
        "command": "acknowledge",
        "ticket": "3CX-7K2M",
        "actor": "[address]",
        "outcome": "committed",
        "effects": ["card", "mail"],
        "took_ms": 12,
    }


def record(message: str, error: BaseException | None = None, **extra: object) -> logging.LogRecord:
    logger = logging.getLogger("bot.test")
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logger.makeRecord("bot.test", logging.ERROR, "f", 1, message, (), exc_info, extra=extra)


def test_a_trace_is_told_without_the_secrets_in_it() -> None:
    with pytest.raises(ValueError, match="refused") as caught:
        raise ValueError("refused for lan@customer.example with Bearer abc")
    told = json.loads(JsonLines().format(record("turn failed", caught.value)))
    assert "ValueError: refused for [address] with Bearer [token]" in told["trace"]
    assert "test_telemetry.py" in told["trace"]


def test_a_field_cannot_pass_itself_off_as_the_line_or_break_it() -> None:
    line = JsonLines().format(record("one\ntwo", level="FAKE", odd={"a@b.example": object}, when=(1, None, True)))
    told = json.loads(line)
    assert "\n" not in line
    assert told["level"] == "ERROR"
    assert "a@b.example" not in line
    assert told["when"] == [1, None, True]


def test_a_line_for_a_terminal_stays_one_line_and_shows_its_fields() -> None:
    line = PlainLines().format(record("one\ntwo\x1b[31m", ticket="3CX-7K2M"))
    assert line.endswith("bot.test: one two [31m ticket=3CX-7K2M")
    assert line.isprintable()


def test_a_terminal_gets_plain_lines_and_a_pipe_gets_json(root_logger: logging.Logger) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, pipe = Terminal(), io.StringIO()
    configure_logging("INFO", terminal)
    logging.getLogger("bot.test").info("up")
    configure_logging("INFO", pipe)
    logging.getLogger("bot.test").info("up")
    assert terminal.getvalue().endswith("INFO    bot.test: up\n")
    assert json.loads(pipe.getvalue())["message"] == "up"


def test_warnings_of_chatty_libraries_still_come_through(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    configure_logging("DEBUG", stream)
    logging.getLogger("msal").info("authority https://login.example")
    logging.getLogger("msal").warning("clock is off")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["clock is off"]
