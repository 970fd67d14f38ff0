"""What the service tells its operator: every metric with its unit, lateness first, and how log lines look.

Labels and log fields are kinds, outcomes and ids; never text, addresses or tokens.
"""

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import IO

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from bot.desk.ports import Backlog

_LATENESS_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_TURN_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
_LABEL_SETS_MAX = 200
"""Per counter. Labels come from code, so more can only be a mistake, and must not become a leak."""

_COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "arrivals": ("Happenings that came in by a door.", ("kind", "outcome")),
    "rejected": ("HTTP requests that were turned away.", ("status", "reason")),
    "teams_activities": ("Activities that the Teams door took in.", ("outcome",)),
    "teams_invokes": ("Invokes of Teams that are not a tap on one of our cards.", ("outcome",)),
    "teams_taps": ("Taps on our cards.", ("outcome",)),
    "teams_requests": ("Our requests to the Teams connector.", ("status",)),
    "mails": ("E-mails that came in.", ("outcome",)),
    "effects": ("Messages to people, by what became of them.", ("kind", "outcome")),
    "dead_letters": ("Messages that were given up.", ("kind",)),
    "poisoned": ("Records set aside because their wake-up kept failing.", ("kind",)),
    "reload_faults": ("Faults found when the desk's files were read again.", ("severity",)),
    "loop_faults": ("Failures caught at the wall of a loop.", ("loop",)),
    "store_away": ("Calls that the store did not answer.", ("where",)),
    "other": ("Happenings without a metric of their own.", ("name", "label")),
}


class Telemetry:
    """The metrics of one process, in a registry of their own.

    `speed` is desk seconds per real second; lateness in desk time is told in real seconds.
    `monotonic` returns real seconds.
    """

    def __init__(self, *, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._speed = speed
        self._monotonic = monotonic
        self._beats: dict[str, float] = {}
        self._label_sets: dict[str, set[tuple[str, ...]]] = {name: set() for name in _COUNTERS}
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

        self._wake_late_s = Histogram(
            "desk_wake_late_seconds",
            "How long after its due time a wake-up was decided, in real seconds.",
            buckets=_LATENESS_BUCKETS_S,
            registry=self.registry,
        )
        self._lane_late_s = Histogram(
            "desk_lane_late_seconds",
            "How long a message waited in its lane until it was sent.",
            ("kind",),
            buckets=_LATENESS_BUCKETS_S,
            registry=self.registry,
        )
        self._turn_s = Histogram(
            "desk_turn_seconds",
            "How long it took to answer one request from Teams.",
            ("kind",),
            buckets=_TURN_BUCKETS_S,
            registry=self.registry,
        )
        self._counters = {
            name: Counter(f"desk_{name}_total", text, labels, registry=self.registry)
            for name, (text, labels) in _COUNTERS.items()
        }
        self._store_up = self._gauge("desk_store_up", "1 if the store answered when this page was made.")
        self._waiting = {
            "due": self._gauge("desk_wake_backlog", "Records whose wake-up is due."),
            "lanes": self._gauge("desk_lane_backlog", "Lanes with something waiting."),
            "entries": self._gauge("desk_entry_backlog", "Messages waiting in lanes."),
            "dead": self._gauge("desk_dead_letters_standing", "Dead letters that nobody cleared yet."),
            "poisoned": self._gauge("desk_poisoned_standing", "Records that are set aside now."),
        }
        self._due_age_s = self._gauge("desk_wake_backlog_age_seconds", "Lateness of the oldest due wake-up, real time.")
        self._lane_age_s = self._gauge("desk_lane_backlog_age_seconds", "Lateness of the lane that waits longest.")
        self._file_faults = self._gauge("desk_file_faults", "Faults in the desk's files as they are now; 0: in use.")
        self._loop_age_s = Gauge(
            "desk_loop_age_seconds", "Time since a loop last ticked.", ("loop",), registry=self.registry
        )

    def wake_late(self, late_desk_ms: int) -> None:
        """Record that a wake-up was decided `late_desk_ms` of desk time after it was due."""
        self._wake_late_s.observe(self.real_seconds(late_desk_ms))

    def lane_late(self, kind: str, late_s: float) -> None:
        """Record that a message of a kind of lane (`teams`, `mail`, `phone`) waited `late_s`, real seconds."""
        self._lane_late_s.labels(kind).observe(max(0.0, late_s))

    def turn(self, kind: str, took_s: float) -> None:
        """Record how long a turn took, seconds."""
        self._turn_s.labels(kind).observe(took_s)

    def count(self, name: str, *labels: str) -> None:
        """Count one happening.

        `labels` are the counter's, in order; one text may hold them all, parted by `/`. A name that is not
        declared here is counted under `other`: a misspelt metric must never stop a ticket.
        """
        counter, values = name, tuple(labels)
        if counter in self._counters and len(values) != len(_COUNTERS[counter][1]):
            values = tuple("/".join(values).split("/", len(_COUNTERS[counter][1]) - 1))
        if counter not in self._counters or len(values) != len(_COUNTERS[counter][1]):
            counter, values = "other", (name, "/".join(labels))
        seen = self._label_sets[counter]
        if values not in seen and len(seen) >= _LABEL_SETS_MAX:
            values = tuple("…" for _ in values)
        seen.add(values)
        self._counters[counter].labels(*values).inc()

    def backlog(self, backlog: Backlog, *, due_late_s: float, lane_late_s: float) -> None:
        """Show how far behind the desk is; lateness in real seconds."""
        self._store_up.set(1)
        for name, gauge in self._waiting.items():
            gauge.set(getattr(backlog, name))
        self._due_age_s.set(due_late_s)
        self._lane_age_s.set(lane_late_s)

    def store_is_away(self) -> None:
        """Show that nothing is known about the backlog: its gauges keep their last values."""
        self._store_up.set(0)

    def file_faults(self, fatal: int, warnings: int = 0) -> None:
        """Record what reading the desk's files again found; with `fatal` faults the old ones stay in use."""
        self._file_faults.set(fatal)
        for severity, number in (("error", fatal), ("warning", warnings)):
            self._counters["reload_faults"].labels(severity).inc(number)

    def beat(self, loop: str) -> None:
        """Record that a loop is alive."""
        if loop not in self._beats:
            self._loop_age_s.labels(loop).set_function(lambda: self.ages_s()[loop])
        self._beats[loop] = self._monotonic()

    def ages_s(self) -> dict[str, float]:
        """Return for every loop that ever ticked how long ago that was, real seconds."""
        now = self._monotonic()
        return {loop: now - beat for loop, beat in self._beats.items()}

    def real_seconds(self, desk_ms: int) -> float:
        """Return a span of desk time as real seconds, never negative."""
        return max(0.0, desk_ms / 1000 / self._speed)

    page_type = CONTENT_TYPE_LATEST

    def page(self) -> bytes:
        """Return all metrics in Prometheus' text format, whose Content-Type is `page_type`."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)


def configure_logging(level: str, stream: IO[str] | None = None) -> None:
    """Send every log line of this process to `stream` (default stderr): for people on a terminal, else JSON.

    Replaces the handlers that were there. Fields passed as `extra=` stand in the line beside the message.
    """
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainLines() if stream.isatty() else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    # Their lines hold addresses, paths and bodies; what matters of them is counted or logged by us.
    for chatty in ("aiohttp.access", "aiosmtpd", "mail.log", "msal", "botbuilder", "urllib3", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def log_command(
    logger: logging.Logger, *, command: str, ticket: str, actor: str, outcome: str, effects: Sequence[str], took_ms: int
) -> None:
    """Write the one line of a command: ids and kinds only."""
    fields = {"command": command, "ticket": ticket, "actor": actor, "outcome": outcome}
    logger.info("command", extra={**fields, "effects": list(effects), "took_ms": took_ms})


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {"at": _at(record).isoformat(timespec="milliseconds"), "level": record.levelname}
        line |= {"logger": record.name, "message": redact(record.getMessage())}
        line |= {name: _safe(value) for name, value in _fields(record).items() if name not in line}
        if record.exc_info:
            line["trace"] = _trace(record)
        return json.dumps(line, ensure_ascii=False, default=lambda value: redact(str(value)))


class PlainLines(logging.Formatter):
    """One line for a person's eyes; only a trace takes more."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = " ".join(f"{name}={_safe(value)}" for name, value in _fields(record).items())
        text = f"{redact(record.getMessage())} {fields}".strip()
        line = f"{_at(record).astimezone():%H:%M:%S} {record.levelname:<7} {record.name}: {_one_line(text)}"
        return f"{line}\n{_trace(record)}" if record.exc_info else line


_SECRETS = (
    (re.compile(r"\bBearer\s+\S+", re.IGNORECASE), "Bearer [token]"),
    (re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), "[token]"),
    (re.compile(r"(?<=://)[^\s/@]*@"), "[login]@"),
    # The look-behind gives a long word one start only; without it a megabyte of letters takes minutes.
    # Ids of Teams conversations (19:…@thread.tacv2) look like addresses and are needed to find anything.
    (re.compile(r"(?<![\w.+%-])[\w.+%-]+@(?!thread\.(?:tacv2|v2|skype)\b|unq\.gbl)[\w-]+(?:\.[\w-]+)+"), "[address]"),
)


def redact(text: str) -> str:
    """Return `text` without bearer tokens, logins in URLs and e-mail addresses.

    A net below the rule that such things are not logged at all; Message-IDs fall into it too.
    """
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _safe(value: object) -> object:
    match value:
        case bool() | int() | float() | None:
            return value
        case list() | tuple() | set() | frozenset():
            return [_safe(item) for item in value]
        case dict():
            return {redact(str(key)): _safe(item) for key, item in value.items()}
        case _:
            return redact(str(value))


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    return redact("".join(traceback.format_exception(record.exc_info[1])).rstrip())


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _at(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)
