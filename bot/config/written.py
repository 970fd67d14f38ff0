"""Whether the desk's files fit together as they are written.

Asked of the text rather than of the values, so that every fault of every file is told at once, also when
another file cannot be made sense of.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.config.files import Loc, Source, mapping

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DESK = "the desk itself"
_NOBODY = "00000000-0000-0000-0000-000000000000"
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.IGNORECASE)
_EMAIL = re.compile(rf"[^@\s<>()\[\],;:\"]{{1,64}}@{_DOMAIN.pattern}", re.IGNORECASE)


def prove_files(sources: Mapping[str, Source]) -> None:
    """Note in the sources what does not fit, by what is written in them."""
    policy, desk = sources["policy.yaml"], sources["desk.yaml"]
    roster, customers = sources["roster.yaml"], sources["customers.yaml"]
    _prove_desk(desk)
    prove_roster(roster, desk)
    _prove_ladders(policy, desk)
    _prove_titles(policy, desk)
    _prove_customers(customers, desk)


def prove_roster(roster: Source, desk: Source) -> None:
    """Note in `roster` what of its people and shifts does not fit the desk."""
    _prove_people(roster, desk)
    _prove_duties(roster, desk)
    _prove_exceptions(roster, desk)


def _prove_desk(desk: Source) -> None:
    if not desk.readable:
        return
    data = desk.data
    zone = data.get("timezone")
    if isinstance(zone, str):
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):  # unknown, not a name at all, a folder
            desk.note(f"timezone {zone!r} is not known; write it like Asia/Ho_Chi_Minh", "timezone")
    _prove_guid(desk, data.get("tenant"), "tenant")
    if str(data.get("tenant")) == _NOBODY:
        desk.note("tenant is the placeholder; until it is set nobody is staff in Teams", "tenant", fatal=False)
    _prove_domains(desk, data.get("mail_domains"), {}, "mail_domains")
    _prove_email(desk, data.get("support_mail"), "support_mail")
    support, domains = str(data.get("support_mail")).lower(), data.get("mail_domains")
    if isinstance(domains, list) and support.rpartition("@")[2] not in {str(d).lower() for d in domains}:
        desk.note(f"support_mail {support} is in none of mail_domains", "support_mail")
    _prove_email(desk, mapping(data.get("operator")).get("email"), "operator", "email")
    _prove_levels(desk, mapping(data.get("levels")))
    _prove_teams(desk, mapping(data.get("teams")))


def _prove_levels(desk: Source, levels: dict[str, Any]) -> None:
    if desk.data.get("levels") == {}:
        desk.note("levels is empty; a desk has at least one", "levels")
    for name, level in levels.items():
        stands_in = mapping(level).get("stands_in")
        if stands_in is not None and stands_in not in levels:
            desk.note(f"level {name} is stood in for by {stands_in!r}, which is no level", "levels", name, "stands_in")
    for name in _circles(levels):
        desk.note(f"level {name} is stood in for by itself in the end", "levels", name, "stands_in")


def _prove_teams(desk: Source, teams: dict[str, Any]) -> None:
    defaults = [name for name, team in teams.items() if mapping(team).get("default") is True]
    if "teams" in desk.data and len(defaults) != 1:
        message = f"exactly one team has 'default: true'; here it is {len(defaults)}"
        desk.note(message, "teams", *defaults[1:2])
    for name, team in teams.items():
        queue = mapping(mapping(team).get("queue"))
        _prove_email(desk, queue.get("email"), "teams", name, "queue", "email")


def _prove_people(roster: Source, desk: Source) -> None:
    seen: dict[tuple[str, str], int] = {}
    levels, teams = desk.keys("levels"), desk.keys("teams")
    for i, person in roster.items("people"):
        who = str(person.get("id"))
        loc = ("people", i)
        if levels is not None and "level" in person and person["level"] not in levels:
            roster.note(f"{who} is of level {person['level']!r}, which desk.yaml does not have", *loc, "level")
        if teams is not None and person.get("team") is not None and person["team"] not in teams:
            roster.note(f"{who} is of team {person['team']!r}, which desk.yaml does not have", *loc, "team")
        for key in ("tenant", "object_id"):
            _prove_guid(roster, person.get(key), *loc, key)
        if (person.get("tenant") is None) != (person.get("object_id") is None):
            given = "object_id" if person.get("tenant") is None else "tenant"
            roster.note(f"{who} needs both tenant and object_id to be recognised in Teams (D10)", *loc, given)
        _prove_email(roster, person.get("email"), *loc, "email")
        identity = f"{person.get('tenant')}/{person.get('object_id')}" if person.get("object_id") else None
        for key, what, value in (
            ("id", "id", person.get("id")),
            ("object_id", "Teams identity", identity),
            ("email", "e-mail", person.get("email")),
        ):
            if value is None:
                continue
            first = seen.setdefault((what, str(value).lower()), i)
            if first != i:
                line = roster.line("people", first, key)
                roster.note(f"{who} has the same {what} as the person in line {line}", *loc, key)


def _prove_duties(roster: Source, desk: Source) -> None:
    people = {str(person.get("id")): person for _, person in roster.items("people")}
    for key, word in (("shifts", "shift"), ("rotations", "rotation")):
        for i, duty in roster.items(key):
            level, team = duty.get("level"), duty.get("team")
            _prove_place(roster, desk, duty, f"the {word}", key, i)
            named = duty.get("people")
            for k, name in enumerate(named if isinstance(named, list) else ()):
                loc, person = (key, i, "people", k), people.get(str(name))
                if person is None:
                    roster.note(f"the {word} names {name!r}, who is not among the people", *loc)
                elif person.get("level") != level:
                    of = f"who is of level {person.get('level')}"
                    roster.note(f"the {word} of {level} names {name}, {of} and never on it", *loc)
                elif team is not None and person.get("team") not in (None, team):
                    of = f"who is of team {person.get('team')}"
                    roster.note(f"the {word} of {team} names {name}, {of} and never on it", *loc)


def _prove_exceptions(roster: Source, desk: Source) -> None:
    """Note overrides and absences of whom nobody knows: a typing mistake here is somebody who is paged on leave."""
    people = {str(person.get("id")) for _, person in roster.items("people")}
    for i, override in roster.items("overrides"):
        _prove_place(roster, desk, override, "the override", "overrides", i)
        named = override.get("people")
        for k, name in enumerate(named if isinstance(named, list) else ()):
            if str(name) not in people:
                message = f"the override names {name!r}, who is not among the people"
                roster.note(message, "overrides", i, "people", k)
        replaced = override.get("instead_of")
        if replaced is not None and str(replaced) not in people:
            message = f"the override is instead of {replaced!r}, who is not among the people"
            roster.note(message, "overrides", i, "instead_of")
    for i, absence in roster.items("absences"):
        if "person" in absence and str(absence["person"]) not in people:
            message = f"{absence['person']!r} is absent, but not among the people"
            roster.note(message, "absences", i, "person")


def _prove_place(roster: Source, desk: Source, entry: dict[str, Any], what: str, *loc: int | str) -> None:
    for key, known in (("level", desk.keys("levels")), ("team", desk.keys("teams"))):
        value = entry.get(key)
        if known is not None and value is not None and value not in known:
            roster.note(f"{what} is of {key} {value!r}, which desk.yaml does not have", *loc, key)


def _prove_ladders(policy: Source, desk: Source) -> None:
    levels = desk.keys("levels")
    if levels is None or not policy.readable:
        return
    for loc, step in _steps(policy.data):
        level = step.get("level")
        if level is not None and level not in levels:
            policy.note(f"the step pages level {level!r}, which desk.yaml does not have", *loc, "level")


def _prove_titles(policy: Source, desk: Source) -> None:
    for source, key in ((policy, "priorities"), (desk, "levels"), (desk, "teams")):
        entries = mapping(source.data.get(key)) if source.readable else {}
        for name, entry in entries.items():
            title = mapping(entry).get("title")
            for language in ("vi", "en"):
                if isinstance(title, dict) and language not in title:
                    source.note(f"{name} has no title in {language!r}", key, name, "title")


def _prove_customers(customers: Source, desk: Source) -> None:
    own = desk.data if desk.readable else {}
    domains: dict[str, str] = {}
    desk_domains = own.get("mail_domains")
    for domain in desk_domains if isinstance(desk_domains, list) else ():
        domains[str(domain).lower()] = _DESK
    tenants: dict[str, str] = {}
    partners = {str(partner.get("id")) for _, partner in customers.items("partners")}
    ids: set[tuple[str, str]] = set()
    for key in ("customers", "partners"):
        for i, entry in customers.items(key):
            who = str(entry.get("id"))
            if (key, who) in ids:
                customers.note(f"the id {who!r} is there twice", key, i, "id")
            ids.add((key, who))
            _prove_domains(customers, entry.get("domains"), domains, key, i, "domains", owner=who)
            tenants.setdefault(str(own.get("tenant")).lower(), _DESK)
            _prove_tenants(customers, entry.get("tenants"), tenants, key, i, owner=who)
            partner = entry.get("partner")
            if partner is not None and str(partner) not in partners:
                customers.note(f"{who} bought from {partner!r}, who is not among the partners", key, i, "partner")


def _prove_tenants(source: Source, tenants: object, seen: dict[str, str], *loc: int | str, owner: str) -> None:
    for k, tenant in enumerate(tenants if isinstance(tenants, list) else ()):
        place = (*loc, "tenants", k)
        _prove_guid(source, tenant, *place)
        first = seen.setdefault(str(tenant).lower(), owner)
        if first == _DESK:
            source.note(f"{owner} has the desk's own tenant; all of the desk would be its customer (D10)", *place)
        elif first != owner:
            source.note(f"the tenant belongs to {first} too; its people see both (D10)", *place, fatal=False)


def _steps(policy: dict[str, Any]) -> Iterator[tuple[Loc, dict[str, Any]]]:
    ladders: list[tuple[Loc, object]] = []
    for name, priority in mapping(policy.get("priorities")).items():
        ladder = mapping(mapping(priority).get("ladder"))
        ladders.append((("priorities", name, "ladder", "steps"), ladder.get("steps")))
        yield ("priorities", name, "ladder", "chase"), mapping(ladder.get("chase"))
    ladders.append((("triage", "steps"), mapping(policy.get("triage")).get("steps")))
    for loc, steps in ladders:
        for k, step in enumerate(steps if isinstance(steps, list) else ()):
            yield (*loc, k), mapping(step)


def _circles(levels: Mapping[str, Any]) -> list[str]:
    after = {name: str(mapping(level).get("stands_in")) for name, level in levels.items()}
    found = []
    for name in levels:
        at = after[name]
        for _ in levels:
            if at == name:
                found.append(name)
                break
            at = after.get(at, "")
    return found


def _prove_domains(source: Source, domains: object, seen: dict[str, str], *loc: int | str, owner: str = "") -> None:
    for k, domain in enumerate(domains if isinstance(domains, list) else ()):
        if not isinstance(domain, str):
            continue
        if not _DOMAIN.fullmatch(domain):
            source.note(f"{domain!r} is no mail domain; write it like company.vn", *loc, k)
        first = seen.setdefault(domain.lower(), owner)
        if owner and first != owner:
            source.note(f"the domain {domain} belongs to {first} already", *loc, k)


def _prove_guid(source: Source, value: object, *loc: int | str) -> None:
    if isinstance(value, str) and not _GUID.fullmatch(value):
        source.note(f"{value!r} is no id of Entra; it looks like {_NOBODY}", *loc)


def _prove_email(source: Source, value: object, *loc: int | str) -> None:
    if isinstance(value, str) and not _EMAIL.fullmatch(value):
        source.note(f"{value!r} is no e-mail address", *loc)
