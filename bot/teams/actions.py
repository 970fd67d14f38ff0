"""Taps on cards: every one is answered with HTTP 200 and a body that Teams can show, whatever happened inside.

The person is who Teams says pressed; what the button carries is passed on untrusted.
"""

import asyncio
import logging
from typing import Any

import orjson

from bot.cards.views import PageView, StatusView
from bot.desk.arrivals import Listener, ShowCard, ShowMessage, Tap, TapAnswer
from bot.errors import ConflictError, Refused, StoreAwayError
from bot.sla.instants import Instant
from bot.teams.activities import Seen
from bot.teams.adapter import InvokeBody
from bot.teams.drawing import Count, Drawing
from bot.teams.outgoing import finished_card
from bot.ticket.model import Chat, Language

_log = logging.getLogger(__name__)

ACTION_INVOKE = "adaptiveCard/action"
_CARD = "application/vnd.microsoft.card.adaptive"
_MESSAGE = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"


class TapActions:
    """Turns invokes into taps, and what the desk answers into invoke bodies."""

    def __init__(
        self,
        listener: Listener,
        drawing: Drawing,
        count: Count,
        *,
        timeout_s: float = 6,
    ) -> None:
        self._listener = listener
        self._drawing = drawing
        self._count = count
        self._timeout_s = timeout_s

    async def invoke(self, seen: Seen, chat: Chat, arrived_at: Instant) -> InvokeBody:
        """Return the body for an invoke; never raises but for cancellation."""
        if seen.name != ACTION_INVOKE:
            self._count("teams_invokes", "unknown")
            return _error_body(501, "NotImplemented", "")
        action = seen.value.get("action")
        tap = _tap(seen, chat, action, arrived_at, automatic=seen.value.get("trigger") == "automatic")
        if tap is None:
            self._count("teams_invokes", "no_verb")
            return _error_body(400, "BadRequest", "")
        return await self._answer(tap)

    def submitted(self, seen: Seen, chat: Chat, arrived_at: Instant) -> Tap | None:
        """Return the tap that a client without universal actions sends as a message; None: an ordinary message."""
        return None if seen.text.strip() else _tap(seen, chat, seen.value, arrived_at, automatic=False)

    async def _answer(self, tap: Tap) -> InvokeBody:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._listener.tap(tap)
                body = self.body(answer)
        except (StoreAwayError, ConflictError, TimeoutError) as error:
            self._count("teams_taps", type(error).__name__)
            return self._away(tap.language)
        except Exception:  # noqa: BLE001  the wall around one turn: a 500 would leave its person without any answer
            _log.exception("a tap failed: verb=%s", tap.verb[:40])
            self._count("teams_taps", "failed")
            return self._away(tap.language)
        self._count("teams_taps", type(answer).__name__)
        return body

    def body(self, answer: TapAnswer) -> InvokeBody:
        """Return the invoke body that shows an answer."""
        match answer:
            case ShowCard(view=view, language=language):
                private = not isinstance(view, StatusView) or view.details is not None
                card = self._drawing.card(view, language, private=private)
                mentions = view.mentions if isinstance(view, PageView) else ()
                return {"statusCode": 200, "type": _CARD, "value": finished_card(card, mentions)}
            case ShowMessage(refused=refused, language=language):
                return {"statusCode": 200, "type": _MESSAGE, "value": self._drawing.refusal(language, refused)}

    def _away(self, language: Language) -> InvokeBody:
        return _error_body(503, "StoreAway", self._drawing.refusal(language, Refused("store_away")))


def _tap(seen: Seen, chat: Chat, action: object, arrived_at: Instant, *, automatic: bool) -> Tap | None:
    if not isinstance(action, dict) or not isinstance(action.get("verb"), str) or not action["verb"]:
        return None
    verb: str = action["verb"]
    data = _data(action)
    return Tap(
        chat=chat,
        sender=seen.sender,
        verb=verb,
        data=data,
        card_activity=seen.reply_to,
        automatic=automatic,
        arrived_at=arrived_at,
        language=seen.language,
        operation=_operation(seen, verb, data, automatic=automatic),
    )


def _data(action: dict[str, Any]) -> dict[str, object]:
    data = action.get("data")
    # Action.Submit has no wrapper: the button's data are the message's value, with our verb among them.
    return dict(data) if isinstance(data, dict) else {k: v for k, v in action.items() if k not in {"verb", "msteams"}}


def _operation(seen: Seen, verb: str, data: dict[str, object], *, automatic: bool) -> str:
    """Name a tap by card, verb, person and what was entered: Teams re-sends it under a new id after half a minute.

    The data carry the button's version and nonce, and the inputs: two notes from one card are two happenings.
    """
    person = seen.sender.object_id or seen.sender.account
    entered = orjson.dumps(data, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    return seen.operation("tap", seen.reply_to, verb, person, "automatic" if automatic else "", entered)


def _error_body(status: int, code: str, message: str) -> InvokeBody:
    return {"statusCode": status, "type": _ERROR, "value": {"code": code, "message": message}}
