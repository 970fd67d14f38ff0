"""Whether everybody whom the ladder pages can be reached, and who on duty is missing. Asked of files that are sound."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from bot.config.files import Loc, Source
from bot.sla.book import Desk
from bot.sla.instants import MINUTE
from bot.sla.policy import Policy, Step
from bot.sla.roster import Person, Roster, Shift
from bot.sla.shapes import WEEKDAYS

_WEEK = 7 * 24 * 60


def prove_reach(
    sources: Mapping[str, Source], policy: Policy, desk: Desk, roster: Roster, channels: frozenset[str]
) -> None:
    """Note who could not be reached, and by which channels; the values are sound by themselves."""
    _prove_promises(sources["policy.yaml"], policy)
    _prove_contacts(sources["desk.yaml"], desk, roster)
    _prove_channels(sources["policy.yaml"], policy, desk, roster, channels)
    _prove_identities(sources["roster.yaml"], sources["desk.yaml"], desk, roster)
    _prove_duty(sources["roster.yaml"], desk, roster)


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
    rows = [row.uptime_from for row in policy.uptime.credits]
    if rows != sorted(set(rows), reverse=True) or rows[-1:] != [0] or rows[0] >= policy.uptime.promised:
        message = "credits go down from below the promise to a last row with 'uptime_from: 0'"
        source.note(message, "uptime", "credits")


def _prove_contacts(source: Source, desk: Desk, roster: Roster) -> None:
    for name, level in desk.levels.items():
        if level.stands_in is not None:
            continue
        people = [person for person in roster.people if person.level == name and _addresses(person)]
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


def _prove_channels(source: Source, policy: Policy, desk: Desk, roster: Roster, channels: frozenset[str]) -> None:
    missing: dict[str, Loc] = {}
    ladders: list[tuple[Loc, Step]] = [
        (("priorities", name, "ladder", "steps", k), step)
        for name, priority in policy.priorities.items()
        for k, step in enumerate(priority.ladder.steps)
    ]
    ladders += [(("triage", "steps", k), step) for k, step in enumerate(policy.triage.steps)]
    for loc, step in ladders:
        for channel in step.by:
            if channel not in channels:
                missing.setdefault(channel, loc)
        if step.level is None:
            continue
        usable = [channel for channel in step.by if channel in channels]
        if not usable:
            message = (
                f"the step pages {step.level} by {', '.join(step.by)} only, which is not configured; it is skipped"
            )
            source.note(message, *loc, fatal=False)
        elif not _reaches(step, usable, desk, roster):
            message = f"the step pages {step.level} by {', '.join(usable)}, but nobody there can be reached by that"
            source.note(message, *loc, fatal=False)
    for absent, place in missing.items():
        source.note(f"{absent} is not configured; pages by {absent} are skipped", *place, fatal=False)


def _reaches(step: Step, usable: Iterable[str], desk: Desk, roster: Roster) -> bool:
    name = step.level or ""
    level = desk.levels[name]
    while level.stands_in is not None:
        name, level = level.stands_in, desk.levels[level.stands_in]
    reach = {kind for person in roster.people if person.level == name for kind in _addresses(person)}
    if level.by_team:
        reach |= {"teams"}  # the desk's channel, bound by staff
        for team in desk.teams.values():
            reach |= {"mail"} if team.queue.email else set()
            reach |= {"phone"} if team.queue.extensions else set()
    return bool(reach & set(usable))


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


def _prove_duty(source: Source, desk: Desk, roster: Roster) -> None:
    """Note where a level with shifts has a time of the week with nobody; dated shifts count as if they held."""
    for name, level in desk.levels.items():
        shifts = [(i, shift) for i, shift in enumerate(roster.shifts) if shift.level == name]
        if not shifts:
            continue
        for team in desk.teams if level.by_team else [None]:
            ours = [(i, s) for i, s in shifts if team is None or s.team in (None, team)]
            covered = [False] * _WEEK
            for _, shift in ours:
                _mark(covered, shift)
            if ours and not all(covered):
                start = covered.index(False)
                end = next((m for m in range(start, _WEEK) if covered[m]), _WEEK)
                where = f"{name} {team}" if team else name
                message = (
                    f"nobody of {where} is on a shift from {_told(start)} to {_told(end)}"
                    f" ({covered.count(False)} min of the week in all); pages go up"
                )
                source.note(message, "shifts", ours[0][0], fatal=False)


def _mark(covered: list[bool], shift: Shift) -> None:
    start, end = shift.window
    length = end - start if end > start else end - start + 24 * 60
    for day in shift.days if shift.people else ():
        first = WEEKDAYS.index(day) * 24 * 60 + start
        for minute in range(first, first + length):
            covered[minute % _WEEK] = True


def _told(minute: int) -> str:
    day, rest = divmod(minute, 24 * 60)
    return f"{WEEKDAYS[day % 7]} {rest // 60:02}:{rest % 60:02}"


def _addresses(person: Person) -> set[str]:
    reach = {"mail"} if person.email else set()
    reach |= {"phone"} if person.extension or person.mobile else set()
    return reach | ({"teams"} if person.object_id else set())
