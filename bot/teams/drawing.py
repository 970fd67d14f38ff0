"""What this room needs of the rooms beside it, so that `wiring` alone knows both."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from bot.cards.views import AnyView
from bot.errors import Refused
from bot.ticket.effects import Bulletin, Card, Mirror
from bot.ticket.model import Language

Count: TypeAlias = Callable[[str, str], None]
"""(name of a counter, its label)."""


class Drawing(Protocol):
    """Turns views and phrases into what a reader sees. Pure."""

    def card(self, view: AnyView, language: Language, *, private: bool) -> dict[str, object]:
        """Return an Adaptive Card."""
        ...

    def summary(self, view: AnyView, language: Language) -> str:
        """Return the line that a phone shows."""
        ...

    def say(self, language: Language, phrase: str, values: dict[str, str]) -> str:
        """Return a saying with its gaps filled."""
        ...

    def refusal(self, language: Language, refused: Refused) -> str:
        """Return why something was not done."""
        ...

    def mirror(self, language: Language, effect: Mirror) -> str:
        """Return an engineer's mail as a chat message."""
        ...

    def digest(self, language: Language, bulletin: Bulletin) -> tuple[dict[str, object], str]:
        """Return the managers' digest as an Adaptive Card, and the line that a phone shows."""
        ...


class Views(Protocol):
    """The record as it is when a message leaves."""

    async def card_view(self, effect: Card) -> tuple[AnyView, int, str | None] | None:
        """Return (view, ticket version, the activity that already stands in the slot); None: no longer wanted."""
        ...
