"""Every error that crosses a room's wall. A library's errors are translated once, in its adapter."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Refused:
    """A rule said no: a returned value, shown in the reader's language, never retried.

    `reason` names a phrase of `text.phrases.Refusals`; `values` fill its gaps.
    """

    reason: str
    values: dict[str, str] = field(default_factory=dict)


class ConflictError(Exception):
    """The record kept changing under us for longer than the retry bound."""


class StoreAwayError(Exception):
    """The ledger did not answer; nothing is known about the last write."""


class DeliveryError(Exception):
    """A message was not accepted.

    `permanent`: trying again cannot help, go to the next channel. `retry_after_s`: what the other side
    asked for, seconds. `unknown`: the request left us and no answer came, it may have arrived.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
        unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        self.unknown = unknown


@dataclass(frozen=True)
class Fault:
    """One fault of the desk's files, with the place to look at."""

    file: str
    line: int | None
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{'error' if self.fatal else 'warning'}: {place}: {self.message}"


class ConfigError(Exception):
    """The desk cannot start: every fault at once. The process exits with 2."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class NoWorkingTime(Exception):  # noqa: N818  the calendars' own word, raised like a value
    """A calendar opens less than was asked for within its horizon."""
