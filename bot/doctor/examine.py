"""Runs every check, each on its own: one that cannot be made hides no other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bot.doctor import doors, files, grants, mail, store, teams
from bot.doctor.installation import Installation
from bot.doctor.lines import Line, fail, warn
from bot.errors import StoreAwayError

Check: TypeAlias = Callable[[Installation], Awaitable[list[Line]]]

_CHECK_MAX_S: Final = 60.0
CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("files", files.files),
    ("login", teams.login),
    ("signing keys", teams.keys),
    ("own door", doors.own_door),
    ("public door", doors.public_door),
    ("people", teams.people),
    ("channels", teams.channels),
    ("grants", grants.grants),
    ("unmentioned", teams.unmentioned),
    ("store", store.durable),
    ("clock", store.clock),
    ("lateness", store.lateness),
    ("dead letters", store.dead_letters),
    ("set aside", store.set_aside),
    ("mail folders", mail.folders),
    ("mail door", mail.smtp_door),
    ("mail", mail.traffic),
)
"""In the order in which they are told."""


async def examine(desk: Installation) -> list[Line]:
    """Return the lines of all checks, in their order; they are made at the same time."""
    found = await asyncio.gather(*(_made(name, check, desk) for name, check in CHECKS))
    return [line for lines in found for line in lines]


async def _made(name: str, check: Check, desk: Installation) -> list[Line]:
    try:
        async with asyncio.timeout(_CHECK_MAX_S):
            return await check(desk)
    except StoreAwayError as error:
        if check is store.durable:
            advice = "is it running, and REDIS_URL right? Do not restart the desk: it keeps what arrives meanwhile"
            return [fail(name, f"the store does not answer: {str(error)[:200]}", advice)]
        return [warn(name, "not looked at: the store does not answer", "mend the line `store` first")]
    except TimeoutError:
        return [fail(name, f"no result within {_CHECK_MAX_S:.0f} s", "run doctor again; then look at what it asks for")]
