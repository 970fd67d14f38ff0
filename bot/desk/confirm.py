"""Carries out the one-time code of D10 row 3. It looks the same for an unknown ticket, address or digit."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

from bot.desk.arrivals import Incoming
from bot.desk.handle import Desk, Done
from bot.desk.identity import domain_of
from bot.dialogs import confirm_address
from bot.ticket.commands import Bind
from bot.ticket.effects import Effect, Mail, Say
from bot.ticket.model import PersonKey, PersonRecord, Ticket


class Confirm:
    """Leads somebody through address and digits."""

    def __init__(self, desk: Desk, secret: bytes) -> None:
        self._desk = desk
        self._secret = secret

    async def ask_address(self, incoming: Incoming, key: PersonKey, code: str) -> str:
        """Offer, in private, a code by mail; for whatever was typed."""
        await self._keep(incoming, key, lambda record: confirm_address.begin(record, code, incoming.arrived_at))
        return "asked_address"

    async def answer(self, incoming: Incoming, key: PersonKey, asked_by: str) -> str:
        """Take the next answer of a conversation that is under way."""
        digits = f"{secrets.randbelow(10**confirm_address.DIGITS):0{confirm_address.DIGITS}d}"
        book = self._desk.books.book()
        means = confirm_address.Means(
            digest=self._digest(key, digits),
            matches=lambda digest, typed: hmac.compare_digest(digest, self._digest(key, typed)),
            support_phone=book.desk.support_phone,
            zone=book.desk.zone,
        )
        now = self._desk.clock.now()
        prompt = confirm_address.step(await self._desk.person(key), incoming.text, now, means)
        if prompt is None:
            return "silent"
        match prompt.intent:
            case confirm_address.SendCode() as intent:
                mail = await self._mail(incoming, key, intent, {"digits": digits, "asked_by": asked_by})
                await self._keep(incoming, key, lambda record: self._again(record, incoming, now, means), mail)
            case confirm_address.Bind(ticket, address):
                bound = await self._still_fits(incoming, key, now, means)
                bound = bound and await self._bind(incoming, key, ticket, address)
                if bound:
                    await self._keep(
                        incoming, key, lambda record: self._again(record, incoming, now, means), current=ticket
                    )
                else:
                    await self._keep(incoming, key, lambda record: confirm_address.wrong_digits(record, now))
                return "bound" if bound else "digits_wrong"
            case None:
                await self._keep(incoming, key, lambda record: self._again(record, incoming, now, means))
        return prompt.saying

    @staticmethod
    def _again(
        record: PersonRecord, incoming: Incoming, now: int, means: confirm_address.Means
    ) -> confirm_address.Prompt:
        """Take the step on the record as it is at the commit."""
        prompt = confirm_address.step(record, incoming.text, now, means)
        return prompt or confirm_address.Prompt(record, "dialog_cancelled")

    async def _still_fits(self, incoming: Incoming, key: PersonKey, now: int, means: confirm_address.Means) -> bool:
        """Return whether the digits fit the record at a commit of its own.

        Without it, guesses that arrive together are all compared before the first wrong one is counted.
        """
        fits = False

        def change(record: PersonRecord) -> tuple[PersonRecord, Sequence[Effect]]:
            nonlocal fits
            prompt = confirm_address.step(record, incoming.text, now, means)
            fits = prompt is not None and isinstance(prompt.intent, confirm_address.Bind)
            return record, ()

        await self._desk.change_person(key, change)
        return fits

    async def _keep(
        self,
        incoming: Incoming,
        key: PersonKey,
        take: Callable[[PersonRecord], confirm_address.Prompt],
        mail: Mail | None = None,
        *,
        current: str | None = None,
    ) -> None:
        def change(record: PersonRecord) -> tuple[PersonRecord, Sequence[Effect]]:
            known = record.model_copy(update={"chat": incoming.chat, "language": incoming.language})
            prompt = take(known)
            say = Say(
                id=f"{incoming.operation}.{prompt.saying}",
                chat=incoming.chat,
                person=key,
                language=incoming.language,
                phrase=prompt.saying,
                values=prompt.values,
            )
            sends = isinstance(prompt.intent, confirm_address.SendCode) and mail is not None
            effects: list[Effect] = [say, mail] if sends and mail is not None else [say]
            kept = prompt.record.model_copy(update={"current": current}) if current else prompt.record
            return kept, effects

        await self._desk.change_person(key, change, operation=f"{incoming.operation}:dialog")

    async def _mail(
        self, incoming: Incoming, key: PersonKey, asked: confirm_address.SendCode, values: dict[str, str]
    ) -> Mail | None:
        """Return the mail with the digits, to the named address alone; None if it is nobody's of this ticket.

        Guesses are counted too, so that both ways take as long, but apart: they must not use up the ticket's three.
        """
        code, address = asked.ticket, asked.address
        loaded = await self._desk.load(code)
        participant = loaded is not None and self._is_participant(loaded[0], address)
        allowed = await self._desk.ledger.allow(
            f"digits:{code}" if participant else f"digits:{code}|{key}",
            limit=confirm_address.PER_TICKET_A_DAY,
            window_s=86_400,
        )
        if not allowed or not participant:
            return None
        return Mail(
            id=f"{incoming.operation}.digits",
            ticket="",
            template="one_time_code",
            to=(address,),
            values={**values, "code": code},
        )

    async def _bind(self, incoming: Incoming, key: PersonKey, code: str, address: str) -> bool:
        loaded = await self._desk.load(code)
        if loaded is None or not self._is_participant(loaded[0], address):
            return False
        record = await self._desk.person(key)
        asked_at = next((asked.at for asked in record.asked_for if asked.code == code), None)
        command = Bind(key, address, asked_at)
        outcome = await self._desk.handle(code, command, operation=f"{incoming.operation}:bind")
        return isinstance(outcome, Done)

    def _is_participant(self, ticket: Ticket, address: str) -> bool:
        """Return whether an address is a participant's in a domain that the customer registered (D10)."""
        customer = self._desk.books.book().customers.by_id.get(ticket.customer)
        if customer is None or domain_of(address) not in {domain.lower() for domain in customer.domains}:
            return False
        return address.lower() in {participant.address.lower() for participant in ticket.participants}

    def _digest(self, key: PersonKey, digits: str) -> str:
        """Return a digest that is worth nothing without the desk's secret and for no other person."""
        return hmac.new(self._secret, f"digits|{key}|{digits}".encode(), hashlib.sha256).hexdigest()
