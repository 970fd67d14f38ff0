"""What a scenario expects, compared with what came of it: exactly, and every difference told with its line."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.rehearsal.rows import Played, reading_of
from bot.rehearsal.scenario import Expected, Never, read_page
from bot.rehearsal.stage import Stage
from bot.rehearsal.told import CHANNELS
from bot.sla.instants import MINUTE, Instant, Span, to_datetime
from bot.ticket.model import Ticket


@dataclass(frozen=True)
class Difference:
    """Something that did not come as expected."""

    line: int | None
    what: str
    expected: str
    found: str


def differences(stage: Stage, played: Played) -> tuple[Difference, ...]:
    """Return where a rehearsal differs from what its scenario expects; nothing expected: nothing differs."""
    if not stage.scenario.expect:
        return ()
    checker = _Checker(stage, played)
    found = [
        Difference(stage.source.line("expect", i), *difference)
        for i, expected in enumerate(stage.scenario.expect)
        for difference in checker.check(expected)
    ]
    return (*found, *checker.unexpected_refusals())


class _Checker:
    def __init__(self, stage: Stage, played: Played) -> None:
        self.stage = stage
        self.played = played
        self.pages = [row for row in played.rows if row.kind == "page"]

    def check(self, expected: Expected) -> Iterator[tuple[str, str, str]]:
        """Yield (what, expected, found) of everything that differs."""
        at = self.played.ended_at if expected.at is None else self.stage.at(expected.at)
        if at > self.played.ended_at:
            yield "at", self._when(at), f"the rehearsal ended at {self._when(self.played.ended_at)}"
            return
        if expected.page is not None:
            yield from self._page(expected, expected.page, at)
        if expected.pages is not None:
            yield from self._all_pages(expected.pages)
        if expected.never is not None:
            yield from self._never(expected.never)
        if expected.refused is not None:
            reasons = {str(row.data["reason"]) for row in self.played.rows if row.kind == "refused" and row.at == at}
            if expected.refused not in reasons:
                yield "refused", expected.refused, _listed(reasons)
        ticket = self.played.ticket(at)
        if ticket is None:
            yield "at", "a ticket", "none yet"
            return
        yield from self._state(expected, ticket, at)

    def _page(self, expected: Expected, level: str, at: Instant) -> Iterator[tuple[str, str, str]]:
        rows = [
            row
            for row in self.pages
            if row.at == at
            and any(told.level == level for told in row.told)
            and (expected.kind is None or row.data.get("why") == expected.kind)
        ]
        what = f"page {level} at {self._when(at)}"
        if not rows:
            here = {f"{told.level} {row.data.get('why')}" for row in self.pages if row.at == at for told in row.told}
            wanted = level if expected.kind is None else f"{level} {expected.kind}"
            yield what, wanted, _listed(here)
            return
        if expected.by is not None:
            channels = {channel for row in rows for told in row.told for channel in told.channels}
            if channels != set(expected.by):
                yield f"{what}, by", _in_order(set(expected.by)), _in_order(channels)
        if expected.to is not None:
            contacts = {told.contact for row in rows for told in row.told}
            if contacts != set(expected.to):
                yield f"{what}, to", _listed(set(expected.to)), _listed(contacts)

    def _all_pages(self, written: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
        wanted = {(self.stage.at(moment), level, kind) for moment, level, kind in map(read_page, written)}
        found = {(row.at, told.level, str(row.data.get("why"))) for row in self.pages for told in row.told}
        for at, level, kind in sorted(wanted - found):
            yield "pages", f"{self._when(at)} {level} {kind}", "no such page"
        for at, level, kind in sorted(found - wanted):
            yield "pages", "no other page", f"{self._when(at)} {level} {kind}"

    def _never(self, never: Never) -> Iterator[tuple[str, str, str]]:
        since = None if never.since is None else self.stage.at(never.since)
        until = None if never.until is None else self.stage.at(never.until)
        for row in self.pages:
            told = [
                one
                for one in row.told
                if never.level in (None, one.level)
                and never.contact in (None, one.contact)
                and never.kind in (None, row.data.get("why"))
            ]
            if told and (since is None or since <= row.at) and (until is None or row.at < until):
                names = _listed({f"{one.level} {one.contact}" for one in told})
                yield "never", "no such page", f"{self._when(row.at)} {names} ({row.data.get('why')})"

    def _state(self, expected: Expected, ticket: Ticket, at: Instant) -> Iterator[tuple[str, str, str]]:
        reading = reading_of(ticket, self.played.book)
        if expected.due is not None:
            due = reading.due_at()
            wanted = None if isinstance(expected.due, str) else self.stage.at(expected.due)
            if due != wanted:
                yield "due", self._instant(wanted), self._instant(due)
        if expected.used is not None and reading.used(at) != expected.used:
            yield "used", _span(expected.used), _span(reading.used(at))
        if expected.breached is not None and (reading.breached_at(at) is not None) != expected.breached:
            yield "breached", str(expected.breached).lower(), self._instant(reading.breached_at(at))
        holder = ticket.ack.by if ticket.ack is not None else "none"
        for what, wish, is_ in (
            ("state", expected.state, ticket.state),
            ("priority", expected.priority, ticket.priority),
            ("holder", expected.holder, holder),
        ):
            if wish is not None and wish != is_:
                yield what, wish, is_

    def unexpected_refusals(self) -> Iterator[Difference]:
        """Yield the lines that were refused although nothing says that they are to be."""
        wanted = {
            (self.stage.at(expected.at), expected.refused)
            for expected in self.stage.scenario.expect
            if expected.refused is not None and expected.at is not None
        }
        for row in self.played.rows:
            if row.kind == "refused" and (row.at, row.data["reason"]) not in wanted:
                yield Difference(
                    None, f"{row.data['line']} at {self._when(row.at)}", "carried out", f"refused: {row.data['reason']}"
                )

    def _when(self, at: Instant) -> str:
        return since_first(at - self.stage.first)

    def _instant(self, at: Instant | None) -> str:
        if at is None:
            return "none"
        local = to_datetime(at).astimezone(self.stage.book.desk.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}".removesuffix(":00") + f" ({self._when(at)})"


def since_first(span: Span) -> str:
    """Return `+0:24` or, with seconds, `+0:24:30`: hours and minutes since the first contact."""
    sign = "-" if span < 0 else "+"
    seconds = abs(span) // 1000
    told = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{told}:{seconds % 60:02}" if seconds % 60 else told


def _span(span: Span) -> str:
    rest = f" {span % MINUTE / 1000:g}s" if span % MINUTE else ""
    return f"{span // MINUTE}m{rest}"


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"


def _in_order(channels: set[str]) -> str:
    return ", ".join(channel for channel in CHANNELS if channel in channels) or "no channel"
