"""Whether everybody whom the ladder pages can be reached at all, and when in a year nobody is. Asked of sound files."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.config.files import Loc, Source
from bot.config.proof import DAYS, Gap, Page, Proof, addresses, answering, pages_of
from bot.sla.book import Book, Desk
from bot.sla.instants import MINUTE, Instant, to_datetime
from bot.sla.policy import Policy
from bot.sla.roster import Duty, Roster
from bot.sla.shapes import WEEKDAYS

_TOLD_MAX = 3
"""So many occurrences of a gap are told with their times; the rest is counted."""


def prove_reach(
    sources: Mapping[str, Source], policy: Policy, desk: Desk, roster: Roster, channels: frozenset[str]
) -> None:
    """Note who could not be reached whatever the day, and by which channels; the values are sound by themselves."""
    _prove_promises(sources["policy.yaml"], policy)
    _prove_contacts(sources["desk.yaml"], desk, roster)
    _prove_channels(sources["policy.yaml"], policy, desk, channels)
    _prove_identities(sources["roster.yaml"], sources["desk.yaml"], desk, roster)


def note_unreachable(source: Source, book: Book) -> None:
    """Note the steps by which nobody can be reached on any day; the proof of a year finds them too, and more."""
    for page in pages_of(book.policy):
        usable = book.channels_configured.intersection(page.by)
        if not usable & _ever_reached_by(page, book.desk, book.roster):
            by = ", ".join(sorted(usable))
            message = f"the step pages {page.level} by {by}, but nobody there can be reached by that"
            source.note(message, *page.loc, fatal=False)


def note_gaps(sources: Mapping[str, Source], book: Book, proof: Proof) -> None:
    """Note each cause for which pages of the year reach nobody, once."""
    for gap in proof.gaps:
        if gap.cause.why == "nobody":
            sources["roster.yaml"].note(_told(gap, book.desk.zone), *_duty_of(gap, book.roster), fatal=False)
        else:
            first = next(iter(gap.pages.values()))
            sources["policy.yaml"].note(_told(gap, book.desk.zone), *first.loc, fatal=False)


def _prove_promises(source: Source, policy: Policy) -> None:
    for name, hours in policy.hours.items():
        if not any(hours.weekly.values()):
            source.note(f"hours {name} never open", "hours", name)
    for name, priority in policy.priorities.items():
        lasts = policy.ack_lasts(name)
        if priority.ladder.ack_warning >= lasts:
            message = f"{name} would warn before an acknowledgement that lasts {lasts // MINUTE} min has begun"
            source.note(message, "priorities", name, "ladder", "ack_warning")
        offsets = [step.offset(priority.target) for step in priority.ladder.steps]
        for k, (one, two) in enumerate(pairwise(offsets)):
            if two < one:
                message = f"{name}: this step falls due before the one above it; write the steps in their order"
                source.note(message, "priorities", name, "ladder", "steps", k + 1)
    for loc in _untold(policy):
        message = "the managers' digest tells what is past its deadline, not of a step before it; 'channel' does"
        source.note(message, *loc, "managers", fatal=False)
    rows = [row.uptime_from for row in policy.uptime.credits]
    if rows != sorted(set(rows), reverse=True) or rows[-1:] != [0] or rows[0] >= policy.uptime.promised:
        message = "credits go down from below the promise to a last row with 'uptime_from: 0'"
        source.note(message, "uptime", "credits")


def _untold(policy: Policy) -> Iterator[Loc]:
    """Yield the steps whose managers would not learn of them, for they are told by digest of what is overdue alone."""
    for name, priority in policy.priorities.items():
        for k, step in enumerate(priority.ladder.steps):
            if step.managers == "digest" and step.offset(priority.target) < priority.target:
                yield ("priorities", name, "ladder", "steps", k)
    for k, step in enumerate(policy.triage.steps):
        if step.managers == "digest":
            yield ("triage", "steps", k)


def _prove_contacts(source: Source, desk: Desk, roster: Roster) -> None:
    for name, level in desk.levels.items():
        if level.stands_in is not None:
            continue
        people = [person for person in roster.people if person.level == name and addresses(person)]
        if not level.by_team:
            if not people:
                message = f"level {name} has no contact: nobody in roster.yaml, no team queue, no 'stands_in'"
                source.note(message, "levels", name)
            continue
        for team_name, team in desk.teams.items():
            of_team = [person for person in people if person.team in (None, team_name)]
            if not (of_team or team.queue.email or team.queue.extensions):
                message = f"level {name} has no contact in team {team_name}: nobody in roster.yaml and an empty queue"
                source.note(message, "teams", team_name)


def _prove_channels(source: Source, policy: Policy, desk: Desk, channels: frozenset[str]) -> None:
    missing: dict[str, Loc] = {}
    for page in pages_of(policy):
        for channel in page.by:
            if channel not in channels:
                missing.setdefault(channel, page.loc)
        usable = channels.intersection(page.by)
        if page.whole_team and not desk.levels[answering(desk, page.level)].by_team:
            source.note(f"'whole_team' goes with a level of teams; {page.level} has none", *page.loc)
        elif not usable:
            message = f"the step pages {page.level} by {', '.join(page.by)} only, which is not configured"
            source.note(message, *page.loc)
    for absent, place in missing.items():
        source.note(f"{absent} is not configured; pages by {absent} are skipped", *place, fatal=False)


def _ever_reached_by(page: Page, desk: Desk, roster: Roster) -> frozenset[str]:
    """Return the channels by which anybody who answers for a level may be reached, some day."""
    name = answering(desk, page.level)
    found = {kind for person in roster.people for kind in addresses(person) if person.level == name}
    found |= {
        kind
        for override in roster.overrides
        if override.level == name or override.instead_of in {p.id for p in roster.people if p.level == name}
        for person in override.people
        if person in roster.by_id
        for kind in addresses(roster.by_id[person])
    }
    if desk.levels[name].by_team:
        found |= {"teams"}  # the desk's channel, bound by staff
        for team in desk.teams.values():
            found |= {"mail"} if team.queue.email else set()
            found |= {"phone"} if team.queue.extensions else set()
    return frozenset(found)


def _prove_identities(source: Source, desk_source: Source, desk: Desk, roster: Roster) -> None:
    for i, person in enumerate(roster.people):
        if person.object_id is None:
            message = f"{person.id} has no Teams identity: reached by mail only, and can press no button"
            source.note(message, "people", i, fatal=False)
        elif (person.tenant or "").lower() != desk.tenant.lower():
            source.note(
                f"{person.id} is of another tenant than the desk and never staff (D10)",
                "people",
                i,
                "tenant",
                fatal=False,
            )
    if not any(person.manager for person in roster.people):
        message = "nobody in roster.yaml is 'manager: true'; what the contract leaves to a manager cannot be done"
        desk_source.note(message, "levels", fatal=False)


def _duty_of(gap: Gap, roster: Roster) -> Loc:
    """Return the place in the roster's file where a gap would be filled."""
    lists: tuple[tuple[str, tuple[Duty, ...]], ...] = (("rotations", roster.rotations), ("shifts", roster.shifts))
    for key, duties in lists:
        for i, duty in enumerate(duties):
            if duty.level == gap.cause.level and duty.team in (None, gap.cause.team or None):
                return (key, i)
    return ("people",)


def _told(gap: Gap, zone: ZoneInfo) -> str:
    cause = gap.cause
    where = f"{cause.level} {cause.team}" if cause.team else cause.level
    people, by = ", ".join(gap.people) or "the queue", " or ".join(cause.by)
    what = {
        "nobody": f"nobody of {where} is on duty",
        "unreachable": f"whoever of {where} is on duty ({people}) cannot be reached by {by}",
        "quiet": f"{where} is paged by {by} alone, which is quiet",
    }[cause.why]
    pages = ", ".join(gap.pages)
    follows = "go to nobody above either" if cause.lost else f"go up to {' or '.join(gap.goes_to)}"
    return f"{what}: {_spans(gap, zone)}; {pages} {follows}"


def _spans(gap: Gap, zone: ZoneInfo) -> str:
    """Return the first occurrences, how many more there are, and the time they take of the year."""
    told = [f"{_time(start, zone)} to {_time(end, zone)}" if end > start else f"at {_time(start, zone)}, as hours close"
            for start, end in gap.spans[:_TOLD_MAX]]  # fmt: skip
    more = len(gap.spans) - len(told)
    return f"{', '.join(told)}{f' and {more} times more' if more else ''} ({gap.length // MINUTE} min of {DAYS} days)"


def _time(at: Instant, zone: ZoneInfo) -> str:
    local: datetime = to_datetime(at).astimezone(zone)
    return f"{WEEKDAYS[local.weekday()]} {local:%Y-%m-%d %H:%M}"
