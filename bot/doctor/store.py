"""The store: it keeps every write, agrees with this machine about the time, and nothing in it waits for a person."""

from bot.desk.ports import RecordKey
from bot.doctor.installation import Installation
from bot.doctor.lines import Line, counted, fail, ok, warn
from bot.store.durability import Durability
from bot.ticket.model import Ticket
from bot.web.health import LATE_AFTER_S

_SKEW_WARN_S = 2.0
_SKEW_FAIL_S = 30.0
_NAMED_MAX = 10


async def durable(desk: Installation) -> list[Line]:
    """Look at how the server keeps what it is given."""
    told = await desk.ledger.durability()
    if told is None:
        advice = (
            "let its user run INFO, or make sure by other means that it keeps an append-only log and evicts nothing"
        )
        return [warn("store", "the store answers and does not tell how it keeps its data", advice)]
    return judge(told)


def judge(told: Durability) -> list[Line]:
    """Return a line for each way in which the server could lose what it accepted."""
    lines = []

    def failed(found: str, do: str) -> None:
        lines.append(fail("store", f"{told.server}: {found}", do))

    def warned(found: str, do: str) -> None:
        lines.append(warn("store", f"{told.server}: {found}", do))

    if not told.appendonly:
        failed("appendonly is off, so a crash loses tickets", "set `appendonly yes`")
    elif told.appendfsync == "no":
        failed("appendfsync is `no`, so a crash loses up to half a minute", "set `appendfsync always`")
    elif told.appendfsync == "everysec":
        warned("appendfsync is `everysec`, so a crash loses up to a second", "set `appendfsync always` if you can")
    elif not told.appendfsync:
        warned("it does not tell appendfsync", "see in its console that the log is written at least every second")
    if told.maxmemory_policy != "noeviction":
        failed(
            f"maxmemory-policy is {told.maxmemory_policy!r}, so tickets vanish when its memory is full",
            "set `maxmemory-policy noeviction`",
        )
    if not told.last_write_ok:
        failed("its last write to the log failed", "look at its disk: df -h, then its log")
    if not told.last_rewrite_ok:
        warned("its last snapshot or rewrite of the log failed", "look at its log, its memory and its disk")
    if told.appendonly and told.delayed_syncs:
        times = counted(told.delayed_syncs, "time", "times")
        warned(f"the log waited {times} for a slow disk since its start", "give it a faster disk if the number grows")
    kept = f"append-only log, appendfsync {told.appendfsync}, noeviction, last write on disk"
    return lines or [ok("store", f"{told.server}: {kept}")]


async def clock(desk: Installation) -> list[Line]:
    """Compare the store's clock, which decides, with this machine's, which judges tokens and certificates."""
    before_s = desk.real_s()
    store_s = await desk.ledger.store_time_ms() / 1000
    skew_s = store_s - (before_s + desk.real_s()) / 2
    found = f"the store's clock is {abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} this machine's"
    if abs(skew_s) > _SKEW_FAIL_S:
        return [
            fail("clock", found, "deadlines follow the store: set both by NTP now (timedatectl), before anything else")
        ]
    if abs(skew_s) > _SKEW_WARN_S:
        return [warn("clock", found, "deadlines follow the store: set both machines by NTP (timedatectl)")]
    return [ok("clock", "the store's clock and this machine's agree within 2 s")]


async def lateness(desk: Installation) -> list[Line]:
    """Say whether something due waits for too long."""
    state = await desk.vitals.desk()
    late_s = max(state.due_late_s, state.lane_late_s)
    backlog = f"{counted(state.backlog.due, 'wake-up', 'wake-ups')} due, {state.backlog.entries} to be sent"
    if late_s > LATE_AFTER_S:
        advice = "is the desk running? Then: docs/operator.md, status `late`"
        return [fail("lateness", f"the oldest has waited for {late_s:.0f} s; {backlog}", advice)]
    return [ok("lateness", f"{late_s:.0f} s; {backlog}")]


async def dead_letters(desk: Installation) -> list[Line]:
    """Say whether messages were given up."""
    check, number = "dead letters", (await desk.vitals.desk()).backlog.dead
    if not number:
        return [ok(check, "none")]
    newest = await desk.ledger.dead_letters(limit=1)
    reason = f"; the newest: {newest[0].reason[:120]}" if newest else ""
    advice = "the operator was mailed about each: do by hand what did not happen"
    return [warn(check, f"{counted(number, 'message was', 'messages were')} given up{reason}", advice)]


async def set_aside(desk: Installation) -> list[Line]:
    """Say whether an open ticket has no running clock any more."""
    check, keys = "set aside", await desk.ledger.poisoned()
    if not keys:
        return [ok(check, "none")]
    still_open = [key.id for key in keys if await _is_open(desk, key)]
    if still_open:
        named = ", ".join(still_open[:_NAMED_MAX])
        advice = "watch each until it is resolved, and report the trace in the log as a bug"
        return [
            fail(check, f"{counted(len(still_open), 'ticket has', 'tickets have')} no running clock: {named}", advice)
        ]
    advice = "nothing now; the trace in the log is a bug to be reported"
    return [warn(check, f"{counted(len(keys), 'record was', 'records were')} set aside, none an open ticket", advice)]


async def _is_open(desk: Installation, key: RecordKey) -> bool:
    if key.kind != "ticket":
        return False
    stored = await desk.ledger.read(key)
    return stored is not None and Ticket.model_validate_json(stored.body).state != "resolved"
