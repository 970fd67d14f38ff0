"""What a message in Teams means. Nothing is said unasked (D12); a code is a pointer, not a key (D10)."""

from dataclasses import replace

from bot.desk.arrivals import Incoming, MembersChanged, People
from bot.desk.bindings import Bindings
from bot.desk.confirm import Confirm
from bot.desk.handle import Desk, Done, Taken
from bot.desk.heard import Heard
from bot.desk.identity import author_for, person_key, staff_of
from bot.desk.orders import StaffOrder, read_order, read_staff_order
from bot.desk.ports import Member
from bot.desk.staff_orders import StaffOrders
from bot.dialogs.confirm_address import asked_for
from bot.errors import Refused
from bot.sla.book import Book
from bot.text.phrases import refusal
from bot.ticket import codes
from bot.ticket.commands import Author, ChatMessage, CodePosted, Staff
from bot.ticket.effects import Effect, Say
from bot.ticket.model import PersonKey, PersonRecord

_CODES_MAX = 10
_UNIFORM_ANSWERS = (20, 600)  # per person: so many in so many seconds, then silence
_SAYINGS_FOR_PEOPLE_UNKNOWN = "unknown"


class Listen:
    """Turns messages into commands."""

    def __init__(self, desk: Desk, people: People, bindings: Bindings, confirm: Confirm) -> None:
        self._desk = desk
        self._people = people
        self._bindings = bindings
        self._confirm = confirm
        self._staff_orders = StaffOrders(desk)
        self._heard = Heard(desk.ledger, desk.clock)

    async def incoming(self, incoming: Incoming) -> str:
        """Handle a message, an edit or a deletion; returns a word for the log."""
        word = await self._understand(incoming)
        await self._heard.note(incoming)
        return word

    async def members_changed(self, change: MembersChanged) -> str:
        """Greet where the bot was added; look again at bound channels where people were added."""
        if change.bot_added:
            await self._welcome(change)
            return "added"
        if change.bot_removed:
            await self._bindings.forget(change.chat.conversation, team=change.team)
            return "removed"
        if change.added:
            return await self._bindings.recheck(change)
        return "silent"

    async def _understand(self, incoming: Incoming) -> str:
        book = self._desk.books.book()
        if incoming.kind == "deleted":
            return await self._follow(incoming, "deleted")
        if incoming.kind == "edited" and await self._was_mirrored(incoming):
            return await self._follow(incoming, "edited")
        if incoming.mentioned or incoming.chat.personal:
            order = read_order(incoming.text)
            if order is not None:
                member = await self._member(incoming)
                staff = staff_of(member, book, self._desk.clock.now())
                if order.what == "help":
                    return await self._help(incoming, member, staff)
                return await self._bindings.order(incoming, order, staff)
            staff_order = read_staff_order(incoming.text)
            if staff_order is not None:
                member = await self._member(incoming)
                staff = staff_of(member, book, self._desk.clock.now())
                if staff is not None and member is not None:
                    return await self._carry_out(incoming, staff_order, staff, member)
        prefix = book.policy.codes.prefix
        found = codes.find_codes(incoming.text, prefix, limit=_CODES_MAX + 1)
        mistyped = codes.near_misses(incoming.text, prefix, book.policy.codes.random_characters)
        if found or mistyped:
            return await self._codes(incoming, found, mistyped, book)
        if incoming.kind == "edited":
            return "silent"
        if incoming.chat.personal:
            return await self._personal(incoming, book)
        return await self._in_channel(incoming, book)

    async def _carry_out(self, incoming: Incoming, order: StaffOrder, staff: Staff, member: Member) -> str:
        """Do what staff ordered and say what came of it."""
        answer = await self._staff_orders.carry_out(order, staff, incoming)
        if isinstance(answer, Refused):
            text = {"why": refusal(incoming.language, answer)}
            await self._reply(incoming, member, "order_refused", text)
            return answer.reason
        await self._reply(incoming, member, answer.phrase, answer.values)
        return answer.phrase

    async def _welcome(self, change: MembersChanged) -> None:
        """Greet, once: Teams tells an installation twice, in two shapes."""
        operation = f"welcome:{change.chat.conversation}"
        say = Say(
            id=operation,
            chat=change.chat,
            language=change.language,
            phrase="welcome_personal" if change.chat.personal else "welcome_team",
            values=self._ways_in(self._desk.books.book()),
        )
        key = PersonKey(tenant=change.chat.tenant.lower(), object_id=f"chat:{change.chat.conversation}"[:120])
        await self._say(key, operation, say)
        await self._desk.change_desk(lambda record: record.model_copy(update={"service_url": change.chat.service_url}))

    async def _codes(self, incoming: Incoming, found: list[str], mistyped: list[str], book: Book) -> str:
        """Show each ticket that the author may see; for all others there is one answer, whatever the reason."""
        member = await self._member(incoming)
        now = self._desk.clock.now()
        denied = list(mistyped)
        shown: dict[str, Author] = {}
        customers: set[str] = set()
        for code in found[:_CODES_MAX]:
            loaded = await self._desk.load(code)
            author = author_for(member, loaded[0] if loaded else None, book, now)
            if author is None or loaded is None:
                denied.append(code)
            else:
                shown[code] = author
                customers.add(loaded[0].customer)
        desk_chat = await self._is_desk_chat(incoming)
        for number, (code, author) in enumerate(shown.items()):
            among_staff = isinstance(author, Staff) and (desk_chat or incoming.chat.personal)
            await self._show(
                incoming, code, author, among_staff=among_staff, first=number == 0, mirror=len(customers) == 1
            )
        if shown and member is not None and incoming.chat.personal:
            await self._make_current(incoming, person_key(member), next(iter(shown)))
        if len(found) > _CODES_MAX:
            await self._reply(incoming, member, "too_many_codes", {"limit": str(_CODES_MAX)})
        if not denied:
            return "linked" if shown else "silent"
        if incoming.chat.personal and member is not None and not shown and staff_of(member, book, now) is None:
            return await self._confirm.ask_address(incoming, person_key(member), denied[0])
        if not shown and not incoming.chat.personal:
            await self._linked_message(incoming, member, book)
        await self._uniform_answer(incoming, member, denied[0])
        return "unknown_code"

    async def _show(
        self, incoming: Incoming, code: str, author: Author, *, among_staff: bool, first: bool, mirror: bool
    ) -> None:
        """Show a ticket. The first code of a message has its thread, and its later edits."""
        owner = await self._thread_owner(incoming)
        command = CodePosted(
            author=author,
            chat=incoming.chat,
            language=incoming.language,
            arrived_at=incoming.arrived_at,
            text=incoming.text,
            message_id=_message_guard(incoming),
            link=first and not among_staff and owner in (None, code),
            view="page" if among_staff else "status",
            mirror=mirror,
            follow=first,
        )
        operation = f"{incoming.operation}:{code}"
        if isinstance(await self._desk.handle(code, command, operation=operation), Taken):
            # Another ticket linked the thread, or took the message, in this very moment.
            await self._desk.handle(code, replace(command, link=False, follow=False), operation=operation)

    async def _thread_owner(self, incoming: Incoming) -> str | None:
        """Return the code of the ticket that the thread is linked to."""
        if incoming.chat.personal:
            return None
        return await self._desk.ledger.guard_owner(f"thread:{incoming.chat.thread_id()}")

    async def _personal(self, incoming: Incoming, book: Book) -> str:
        """Go on with what this person's private chat is about."""
        member = await self._member(incoming)
        if member is None:
            await self._uniform_answer(incoming, None)
            return "unknown_person"
        key = person_key(member)
        record = await self._desk.person(key)
        if record.step != "idle":
            return await self._confirm.answer(incoming, key, member.name)
        staff = staff_of(member, book, self._desk.clock.now())
        if staff is not None:
            return await self._help(incoming, member, staff)
        if record.current is not None and await self._message(incoming, record.current, member, book, "new"):
            return "mirrored"
        await self._reply(incoming, member, "no_current_ticket", self._ways_in(book))
        return "no_ticket"

    async def _in_channel(self, incoming: Incoming, book: Book) -> str:
        """Mirror allowed authors in linked threads; otherwise stay silent unless spoken to."""
        if await self._thread_owner(incoming) is None:
            if not incoming.mentioned:
                return "silent"
            member = await self._member(incoming)
            return await self._help(incoming, member, staff_of(member, book, self._desk.clock.now()))
        member = await self._member(incoming)
        if await self._linked_message(incoming, member, book):
            return "mirrored"
        if member is None:
            await self._limited_answer(incoming, None, "store_away")
            return "unknown_person"
        return "silent"

    async def _linked_message(self, incoming: Incoming, member: Member | None, book: Book) -> bool:
        """Take a message of a linked thread into its ticket, if its author may see that; False: it was not."""
        code = await self._thread_owner(incoming)
        return code is not None and await self._message(incoming, code, member, book, "new")

    async def _follow(self, incoming: Incoming, change: str) -> str:
        """Note in the mail thread that a mirrored message was edited or deleted."""
        code = await self._desk.ledger.guard_owner(f"chat:{_message_guard(incoming)}")
        if code is None:
            return "silent"
        member = await self._member(incoming)
        book = self._desk.books.book()
        return "mirrored" if await self._message(incoming, code, member, book, change) else "silent"

    async def _was_mirrored(self, incoming: Incoming) -> bool:
        return await self._desk.ledger.guard_owner(f"chat:{_message_guard(incoming)}") is not None

    async def _message(self, incoming: Incoming, code: str, member: Member | None, book: Book, change: str) -> bool:
        loaded = await self._desk.load(code)
        author = author_for(member, loaded[0] if loaded else None, book, self._desk.clock.now())
        if author is None:
            return False
        command = ChatMessage(
            author=author,
            chat=incoming.chat,
            text=incoming.text,
            arrived_at=incoming.arrived_at,
            message_id=_message_guard(incoming),
            change=change,  # type: ignore[arg-type]
        )
        outcome = await self._desk.handle(code, command, operation=incoming.operation)
        if isinstance(outcome, Done) and incoming.has_files and not outcome.replayed:
            await self._reply(incoming, member, "files_hint", self._ways_in(book))
        return isinstance(outcome, Done)

    async def _make_current(self, incoming: Incoming, key: PersonKey, code: str) -> None:
        def change(record: PersonRecord) -> tuple[PersonRecord, list[Effect]]:
            return record.model_copy(update={"current": code, "step": "idle", "chat": incoming.chat}), []

        await self._desk.change_person(key, change, operation=f"{incoming.operation}:current")

    async def _help(self, incoming: Incoming, member: Member | None, staff: Staff | None) -> str:
        phrase = "help_staff" if staff is not None else "help_customer"
        await self._reply(incoming, member, phrase, self._ways_in(self._desk.books.book()))
        return "help"

    async def _uniform_answer(self, incoming: Incoming, member: Member | None, asked: str = "") -> None:
        await self._limited_answer(incoming, member, "unknown_code", asked)

    async def _limited_answer(self, incoming: Incoming, member: Member | None, phrase: str, asked: str = "") -> None:
        limit, window_s = _UNIFORM_ANSWERS
        if await self._desk.ledger.allow(f"uniform:{self._asker(incoming, member)}", limit=limit, window_s=window_s):
            await self._reply(incoming, member, phrase, self._ways_in(self._desk.books.book()), asked)

    async def _reply(
        self, incoming: Incoming, member: Member | None, phrase: str, values: dict[str, str], asked: str = ""
    ) -> None:
        """Say something; `asked`: the code that somebody wrote who may not see it (yet): remembered with them."""
        say = Say(
            id=f"{incoming.operation}.{phrase}",
            chat=incoming.chat,
            person=person_key(member) if member is not None and incoming.chat.personal else None,
            language=incoming.language,
            phrase=phrase,
            values=values,
        )
        await self._say(self._asker(incoming, member), f"{incoming.operation}:{phrase}", say, asked)

    async def _say(self, key: PersonKey, operation: str, say: Say, asked: str = "") -> None:
        at = self._desk.clock.now()
        await self._desk.change_person(
            key,
            lambda record: (asked_for(record, asked, at) if asked else record, [say]),
            operation=operation,
        )

    async def _member(self, incoming: Incoming) -> Member | None:
        """Return who wrote; somebody without an object id (anonymous) is nobody, and shares no record with others."""
        member = await self._people.member(incoming.chat, incoming.sender)
        return member if member is not None and member.object_id else None

    async def _is_desk_chat(self, incoming: Incoming) -> bool:
        channel = (await self._desk.desk_record()).channels.get(incoming.chat.conversation)
        return channel is not None and channel.role in ("desk", "managers")

    @staticmethod
    def _asker(incoming: Incoming, member: Member | None) -> PersonKey:
        if member is not None:
            return person_key(member)
        return PersonKey(tenant=_SAYINGS_FOR_PEOPLE_UNKNOWN, object_id=incoming.sender.account[:120])

    @staticmethod
    def _ways_in(book: Book) -> dict[str, str]:
        return {"support_mail": book.desk.support_mail, "support_phone": book.desk.support_phone}


def _message_guard(incoming: Incoming) -> str:
    return f"{incoming.chat.conversation}|{incoming.message_id}"
