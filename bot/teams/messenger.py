"""Teams goes out here: an effect is drawn from the record as it is now, and posted or put in its place.

Cards and sayings may come twice, a mirror may not: after an uncertain attempt it is dropped, for the mail
thread holds the answer anyway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.cards.views import AnyView, PageView, StatusView
from bot.desk.ports import Ledger, Receipt, RecordKey
from bot.errors import DeliveryError
from bot.teams.connector import ActivityGoneError
from bot.teams.drawing import Drawing, Views
from bot.teams.outgoing import card_activity, finished_card, text_activity
from bot.ticket.effects import Card, Digest, Effect, Mirror, Say
from bot.ticket.model import Chat, Copy, PersonKey, PersonRecord

_CHAT_KEPT_S = 30 * 24 * 3600


class Posting(Protocol):
    """What the messenger needs of the connector."""

    async def post(self, chat: Chat, activity: dict[str, object]) -> str:
        """Post; return the activity's id."""
        ...

    async def update(self, chat: Chat, activity_id: str, activity: dict[str, object]) -> None:
        """Replace an activity; raises ActivityGoneError."""
        ...

    async def create_conversation(self, service_url: str, *, tenant: str, object_id: str) -> str:
        """Return the id of the 1:1 chat with a person."""
        ...


class TeamsMessenger:
    """A `Messenger` for all that goes to Teams. Raises DeliveryError, and StoreAwayError before anything was sent.

    `service_url`: where Teams is reached if a person never wrote to us; asked each time, empty while nobody knows.
    """

    def __init__(
        self,
        connector: Posting,
        ledger: Ledger,
        drawing: Drawing,
        views: Views,
        service_url: Callable[[], Awaitable[str]],
        *,
        gone_again_after_s: float = 1.0,
    ) -> None:
        self._connector = connector
        self._ledger = ledger
        self._drawing = drawing
        self._views = views
        self._service_url = service_url
        self._gone_again_after_s = gone_again_after_s

    async def send(self, effect: Effect, *, uncertain: bool) -> Receipt:
        """Send an effect. `uncertain`: an earlier attempt may have arrived."""
        match effect:
            case Card():
                return await self._card(effect)
            case Say():
                return await self._say(effect)
            case Mirror():
                return await self._mirror(effect, uncertain=uncertain)
            case Digest():
                return await self._digest(effect)
            case _:
                raise DeliveryError(f"{effect.kind} does not go by Teams", permanent=True)

    async def _card(self, effect: Card) -> Receipt:
        wanted = await self._views.card_view(effect)
        if wanted is None:
            return Receipt("dropped", detail="unwanted")
        view, version, standing = wanted
        chat = await self._chat(effect.chat, effect.person)
        drawn = self._drawing.card(view, effect.language, private=_is_private(view))
        activity = card_activity(
            finished_card(drawn, () if chat.personal else _mentions(effect, view)),
            self._drawing.summary(view, effect.language),
            alert=chat.personal,
        )
        activity_id = standing or effect.activity_id
        if activity_id is not None and await self._updated(chat, activity_id, activity):
            return Receipt("updated", copy=_copy(effect, view, chat, activity_id, version))
        activity_id = await self._connector.post(chat, activity)
        return Receipt("sent", copy=_copy(effect, view, chat, activity_id, version))

    async def _updated(self, chat: Chat, activity_id: str, activity: dict[str, object]) -> bool:
        """Put a card in its place; False if Teams twice did not find that place."""
        for pause_s in (self._gone_again_after_s, 0):
            try:
                await self._connector.update(chat, activity_id, activity)
            except ActivityGoneError:
                await asyncio.sleep(pause_s)
            else:
                return True
        return False

    async def _say(self, effect: Say) -> Receipt:
        chat = await self._chat(effect.chat, effect.person)
        text = self._drawing.say(effect.language, effect.phrase, effect.values)
        await self._connector.post(chat, text_activity(text, alert=chat.personal))
        return Receipt("sent")

    async def _mirror(self, effect: Mirror, *, uncertain: bool) -> Receipt:
        if uncertain:
            return Receipt("dropped", detail="uncertain")
        text = self._drawing.mirror(effect.language, effect)
        await self._connector.post(effect.chat, text_activity(text, alert=effect.chat.personal))
        return Receipt("sent")

    async def _digest(self, effect: Digest) -> Receipt:
        card, summary = self._drawing.digest(effect.language, effect.bulletin)
        await self._connector.post(effect.chat, card_activity(finished_card(card, ()), summary, alert=False))
        return Receipt("sent")

    async def _chat(self, chat: Chat | None, person: PersonKey | None) -> Chat:
        if chat is not None:
            return chat
        if person is None:
            raise DeliveryError("a message for nobody", permanent=True)
        return await self._stored_chat(person) or await self._new_chat(person)

    async def _stored_chat(self, person: PersonKey) -> Chat | None:
        stored = await self._ledger.read(RecordKey("person", str(person)))
        if stored is not None:
            chat = PersonRecord.model_validate_json(stored.body).chat
            if chat is not None:
                return chat
        remembered = await self._ledger.recall(_chat_name(person))
        return Chat.model_validate_json(remembered) if remembered else None

    async def _new_chat(self, person: PersonKey) -> Chat:
        service_url = await self._service_url()
        if not service_url:
            raise DeliveryError("Teams never spoke to this desk, so its address is not known", permanent=True)
        conversation = await self._connector.create_conversation(
            service_url, tenant=person.tenant, object_id=person.object_id
        )
        chat = Chat(conversation=conversation, service_url=service_url, tenant=person.tenant, personal=True)
        await self._ledger.remember(_chat_name(person), chat.model_dump_json().encode(), _CHAT_KEPT_S)
        return chat


def _mentions(effect: Card, view: object) -> tuple[tuple[str, str | None], ...]:
    named = tuple((mention.name, mention.object_id) for mention in effect.mentions)
    shown = view.mentions if isinstance(view, PageView) else ()
    return tuple(dict.fromkeys((*named, *shown)))


def _is_private(view: AnyView) -> bool:
    """Return whether details were allowed when the view was made: the desk decides, not the messenger (D11)."""
    return not isinstance(view, StatusView) or view.details is not None


def _copy(effect: Card, view: AnyView, chat: Chat, activity_id: str, version: int) -> Copy:
    return Copy(
        slot=effect.slot,
        view=effect.view,
        chat=chat,
        activity_id=activity_id,
        language=effect.language,
        version=version,
        person=effect.person,
        page=view.kind if isinstance(view, PageView) else None,
        level=view.level if isinstance(view, PageView) else "",
        late_ms=view.late_ms if isinstance(view, PageView) else 0,
    )


def _chat_name(person: PersonKey) -> str:
    return f"chat:{person}"
