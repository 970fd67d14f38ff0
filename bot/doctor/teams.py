"""The way to Teams and back: tokens, keys, people who can be written to, channels, messages without a mention."""

import asyncio

from bot.desk.heard import last_unmentioned
from bot.doctor.installation import Installation, TeamsSide
from bot.doctor.lines import Line, age, counted, fail, ok, warn
from bot.errors import DeliveryError
from bot.sla.instants import to_datetime
from bot.sla.roster import Person
from bot.teams.credentials import CONNECTOR_SCOPE

_AT_ONCE = 4
NOT_CONNECTED = ("not looked at: Teams is not connected", "see docs/tenant.md")


async def login(desk: Installation) -> list[Line]:
    """Fetch a token for the connector."""
    check = "login"
    if desk.teams is None:
        return [warn(check, "Teams is not connected: MICROSOFT_APP_ID is empty", "see docs/tenant.md, steps 1 and 2")]
    why = await refused_login(desk.teams)
    if why:
        advice = (
            "check MICROSOFT_APP_ID, MICROSOFT_APP_TENANT_ID and that MICROSOFT_APP_PASSWORD is the secret's value, "
            "not its id, and has not ended (docs/operator.md, Rotate secrets); and the way out to the login"
        )
        return [fail(check, why, advice)]
    return [ok(check, "a token was fetched")]


async def keys(desk: Installation) -> list[Line]:
    """Fetch the keys that Teams signs with."""
    check = "signing keys"
    if desk.teams is None:
        return [warn(check, *NOT_CONNECTED)]
    if not await desk.teams.keys.warm():
        advice = "without them nobody is believed to be Teams: open the way out to that address"
        return [fail(check, f"no keys were had from {desk.teams.metadata_url}", advice)]
    return [ok(check, f"fetched from {desk.teams.metadata_url}")]


async def people(desk: Installation) -> list[Line]:
    """See for each person of the roster that a private chat can be opened; nothing is written there."""
    check = "people"
    if desk.teams is None:
        return [warn(check, *NOT_CONNECTED)]
    if await refused_login(desk.teams):
        return [warn(check, "not looked at: the login gives no token", "mend the line `login` first")]
    service_url = (await desk.record()).service_url
    if not service_url:
        advice = "install the app in the desk's team or write to it once; then run doctor again"
        return [warn(check, "not looked at: Teams never spoke to this desk, so its address is not known", advice)]
    today = to_datetime(desk.clock.now()).astimezone(desk.book.desk.zone).date()
    present = [one for one in desk.book.roster.people if one.until is None or today <= one.until]
    known = [one for one in present if one.tenant and one.object_id]
    gate = asyncio.Semaphore(_AT_ONCE)
    found = await asyncio.gather(*(_reach(desk.teams, gate, service_url, one) for one in known))
    lines = [line for line in found if line is not None]
    if lines:
        return lines
    if not known:
        return [warn(check, "nobody of the roster has a Teams identity", "see docs/tenant.md, step 7")]
    without = len(present) - len(known)
    return [ok(check, f"{len(known)} can be written to{f'; {without} without a Teams identity' if without else ''}")]


async def channels(desk: Installation) -> list[Line]:
    """Say which channels have a purpose."""
    check = "channels"
    if desk.teams is None:
        return [warn(check, *NOT_CONNECTED)]
    bound = list((await desk.record()).channels.values())
    roles = {channel.role for channel in bound}
    lines = []
    if "desk" not in roles:
        advice = "write `@Trực Ban bind channel desk` in the desk's channel (docs/tenant.md, step 8)"
        lines.append(fail(check, "no channel is the desk's: a team that is paged as a whole has no place", advice))
    if "managers" not in roles:
        advice = "write `@Trực Ban bind channel managers` in the managers' channel"
        lines.append(warn(check, "no channel is the managers'", advice))
    customers = sorted({channel.customer for channel in bound if channel.customer})
    named = f": {', '.join(customers)}" if customers else ""
    told = f"{counted(len(customers), 'customer', 'customers')} with a channel{named}"
    return lines or [ok(check, f"desk and managers are bound; {told}")]


async def unmentioned(desk: Installation) -> list[Line]:
    """Say from which teams messages without a mention arrive: the sign that their owner consented."""
    check = "unmentioned"
    if desk.teams is None:
        return [warn(check, *NOT_CONNECTED)]
    heard_at = await last_unmentioned(desk.ledger)
    if heard_at is None:
        return [warn(check, "no message without a mention ever came from a team's channel", _CANARY)]
    bound = (await desk.record()).channels.values()
    never = [
        channel.customer or channel.role
        for channel in bound
        if await last_unmentioned(desk.ledger, channel.chat.conversation) is None
    ]
    told = f"the last message without a mention came {age((desk.clock.now() - heard_at) / 1000)} ago"
    exceptions = f"; never from {', '.join(never)} (shared and private channels deliver mentions only)" if never else ""
    return [ok(check, f"{told}{exceptions}")]


_CANARY = (
    "post any word in a standard channel without @Trực Ban and run doctor again; if this stays, look at the line "
    "`grants`: ChannelMessage.Read.Group is what lets them come (docs/tenant.md, steps 4 and 6)"
)


async def refused_login(teams: TeamsSide, scope: str = CONNECTOR_SCOPE) -> str:
    """Return why the login gave no token; empty if it did."""
    try:
        await teams.credentials.token(scope)
    except DeliveryError as error:
        cause = error.__cause__
        why = str(cause) if isinstance(cause, DeliveryError) else type(cause).__name__ if cause is not None else ""
        return f"{error}{f' ({why})' if why else ''}"
    return ""


async def _reach(teams: TeamsSide, gate: asyncio.Semaphore, service_url: str, person: Person) -> Line | None:
    """Return what is wrong with the way to a person; None: nothing."""
    async with gate:
        try:
            await teams.connector.create_conversation(
                service_url, tenant=person.tenant or "", object_id=person.object_id or ""
            )
        except DeliveryError as error:
            advice = (
                "install the app for them or add them to the desk's team; and see that tenant and object_id in "
                "roster.yaml are theirs"
                if error.permanent
                else "try again in a minute; if it stays, nobody is paged in Teams: check the way out to Teams"
            )
            return fail("people", f"{person.id} cannot be written to: {error}", advice)
    return None
