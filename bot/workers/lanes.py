"""Sends what waits in the lanes: one entry of a lane at a time, many lanes at once, within their limits."""

import asyncio
import logging
from collections.abc import Mapping

from bot.desk.digest import mail_instead
from bot.desk.handle import Desk
from bot.desk.ports import ClaimedEntry, LaneWait, Messenger, Receipt
from bot.errors import DeliveryError, StoreAwayError
from bot.ticket.commands import Delivered, Undelivered
from bot.ticket.effects import EFFECT, Card, Digest, Effect, Mail, Mirror, repeatable
from bot.workers.loop import Watch

_log = logging.getLogger("trucban.lanes")
LEASE_MS = 10_000
"""So long a lane waits for a replica that died while sending, real time; a living one renews it every third."""
_POLL_S = 0.05
_AT_ONCE = 32
_TRIES = 12
_PAGE_TRIES = 4
"""A page must not wait long for one channel: the next one is tried sooner."""
_FIRST_RETRY_MS = 500
_LONGEST_RETRY_MS = 60_000
_KINDS = {"t": "teams", "m": "mail", "f": "phone"}


class Lanes:
    """One turn claims what can be sent and starts sending it."""

    def __init__(
        self, desk: Desk, messengers: Mapping[str, Messenger], watch: Watch, *, lease_ms: int = LEASE_MS
    ) -> None:
        self._desk = desk
        self._messengers = messengers
        self._watch = watch
        self._lease_ms = lease_ms
        self._sending: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def turn(self) -> float:
        """Start sending one lane's head; returns how long nothing can be sent, real seconds."""
        await self._free.acquire()
        try:
            claimed = await self._desk.ledger.claim_lane(lease_ms=self._lease_ms)
        except BaseException:
            self._free.release()
            raise
        if isinstance(claimed, LaneWait):
            self._free.release()
            return _POLL_S if claimed.wait_ms is None else min(_POLL_S, claimed.wait_ms / 1000)
        task = asyncio.create_task(self._send(claimed), name=f"send {claimed.lane}")
        self._sending.add(task)
        task.add_done_callback(self._finished)
        return 0.0

    async def drain(self, timeout_s: float) -> None:
        """Wait for the messages in hand."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=timeout_s)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._free.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("send failed", extra={"lane": task.get_name(), "why": type(error).__name__}, exc_info=error)

    async def _send(self, claimed: ClaimedEntry) -> None:
        """Deliver one entry and settle it. The lease is renewed while the other side takes its time."""
        effect: Effect | None = None
        renewing = asyncio.create_task(self._keep_lease(claimed))
        try:
            effect = EFFECT.validate_json(claimed.body)
            messenger = self._messengers[claimed.lane[:1]]
            receipt = await messenger.send(effect, uncertain=claimed.uncertain)
            await self._report(effect, receipt)
        except DeliveryError as error:
            await self._not_delivered(claimed, effect, error)
            return
        except StoreAwayError:
            return  # the lease runs out, then the entry is tried again as uncertain
        except Exception as error:  # noqa: BLE001  the wall around one effect
            _log.exception("effect failed", extra={"lane": claimed.lane, "effect": claimed.id})
            self._watch.count("effects", _kind(effect), "fault")
            await self._retry_or_give_up(
                claimed, effect, f"fault: {type(error).__name__}", _TRIES, None, uncertain=True
            )
            return
        finally:
            renewing.cancel()
        self._watch.count("effects", _kind(effect), receipt.outcome)
        late_ms = await self._desk.ledger.store_time_ms() - claimed.queued_at_ms
        self._watch.lane_late(_KINDS.get(claimed.lane[:1], "other"), late_ms / 1000)
        await self._desk.ledger.settle_done(claimed)

    async def _keep_lease(self, claimed: ClaimedEntry) -> None:
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            try:
                if not await self._desk.ledger.renew_lane(claimed, lease_ms=self._lease_ms):
                    return
            except StoreAwayError:
                continue  # the next renewal may still be in time

    async def _report(self, effect: Effect, receipt: Receipt) -> None:
        """Bring the result in again as a command, once per effect."""
        page = _page_of(effect)
        message_id = receipt.detail if isinstance(effect, Mail) and receipt.outcome == "sent" else ""
        if not effect.ticket or (receipt.copy is None and page is None and not message_id):
            return
        await self._desk.handle(
            effect.ticket,
            Delivered(
                effect.id,
                copy=receipt.copy,
                page=page,
                message_id=message_id,
                dropped=receipt.outcome == "dropped",
            ),
            operation=f"delivered:{effect.id}",
        )

    async def _not_delivered(self, claimed: ClaimedEntry, effect: Effect | None, error: DeliveryError) -> None:
        self._watch.count("effects", _kind(effect), "permanent" if error.permanent else "retry")
        if error.permanent:
            await self._give_up(claimed, effect, str(error))
            return
        if error.unknown and effect is not None and not repeatable(effect):
            await self._desk.ledger.settle_done(
                claimed
            )  # it may have arrived; the status card says that an answer came
            return
        tries = _PAGE_TRIES if effect is not None and _page_of(effect) is not None else _TRIES
        await self._retry_or_give_up(claimed, effect, str(error), tries, error.retry_after_s, uncertain=error.unknown)

    async def _retry_or_give_up(
        self,
        claimed: ClaimedEntry,
        effect: Effect | None,
        reason: str,
        tries: int,
        retry_after_s: float | None,
        *,
        uncertain: bool,
    ) -> None:
        if claimed.attempts >= tries:
            await self._give_up(claimed, effect, reason)
            return
        backoff_ms = min(_LONGEST_RETRY_MS, _FIRST_RETRY_MS * 2 ** (claimed.attempts - 1))
        after_ms = max(backoff_ms, int((retry_after_s or 0) * 1000))
        await self._desk.ledger.settle_retry(claimed, after_ms=after_ms, uncertain=uncertain)

    async def _give_up(self, claimed: ClaimedEntry, effect: Effect | None, reason: str) -> None:
        """Make a dead letter, and an alert of it; a page goes on by the next channel, and the ticket tells of it."""
        self._watch.count("dead_letters", _kind(effect))
        _log.error("dead letter", extra={"lane": claimed.lane[:1], "effect": claimed.id, "why": reason[:200]})
        if effect is not None and effect.ticket:
            slot = effect.slot if isinstance(effect, Card) else None
            await self._desk.handle(
                effect.ticket,
                Undelivered(effect.id, reason[:200], slot=slot, page=_page_of(effect)),
                operation=f"undelivered:{effect.id}",
            )
        if isinstance(effect, Digest):
            await mail_instead(self._desk, effect)
        is_alert = isinstance(effect, Mail) and effect.template == "operator"
        is_page = effect is not None and _page_of(effect) is not None
        if not is_alert and not is_page:
            what = f"{_kind(effect)} {claimed.id} could not be delivered: {reason[:200]}"
            await self._desk.alert_operator(what, operation=f"dead:{claimed.id}")
        await self._desk.ledger.settle_dead(claimed, reason=reason[:200])


def _page_of(effect: Effect) -> tuple[str, str, str] | None:
    if isinstance(effect, Mirror) or getattr(effect, "page", None) is None:
        return None
    page = effect.page  # type: ignore[union-attr]
    channel = {"card": "teams", "mail": "mail", "call": "phone"}[effect.kind]
    return (page.occurrence, page.contact, channel)  # type: ignore[union-attr]


def _kind(effect: Effect | None) -> str:
    return effect.kind if effect is not None else "unreadable"
