"""Working time: when a clock runs, as a sorted table of open intervals."""

from typing import Protocol

from bot.sla.instants import Instant, Span


class Calendar(Protocol):
    """When a clock runs."""

    def add(self, at: Instant, span: Span) -> Instant:
        """Return the instant at which `span` of working time after `at` is used up."""
        ...

    def between(self, start: Instant, end: Instant) -> Span:
        """Return the working time from `start` to `end`; 0 if end <= start."""
        ...

    def is_open(self, at: Instant) -> bool:
        """Return whether the clock runs at `at`."""
        ...
