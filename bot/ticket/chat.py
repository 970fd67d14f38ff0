"""What is said about a ticket in Teams: the code that links a thread, and the messages that follow it.

The mail thread stays the record: whatever an allowed author says in a linked chat is there too.
Source: D1, D10-D12; "The way in".
"""

import hashlib

from bot.sla.instants import DAY
from bot.ticket import notices
from bot.ticket.commands import Author, Bind, ChatMessage, CodePosted, CustomerSide, Staff
from bot.ticket.draft import Draft
from bot.ticket.effects import Card
from bot.ticket.hold import renew
from bot.ticket.model import Binding, Chat, Language, Notice, PersonKey, Thread
from bot.ticket.pausing import end_wait_for_customer
from bot.ticket.thread_mail import into_thread

BINDING_LASTS = 90 * DAY
_THREADS_MAX = 20
_TEXT_LENGTH = 8_000


def code_posted(draft: Draft, command: CodePosted) -> None:
    """Link the thread, record the notice and show the state. A notice after the mail never moves the start (D1)."""
    ticket, by = draft.ticket, _by(command.author)
    if isinstance(command.author, Staff):
        renew(draft, command.author)
    else:
        end_wait_for_customer(draft, command.arrived_at, by)
    if not isinstance(command.author, Staff) and not any(notice.channel == "teams" for notice in ticket.notices):
        notices.take(draft, Notice(at=command.arrived_at, channel="teams", by=by))
    if command.link and _thread_key(command.chat) not in {_thread_key(t.chat) for t in ticket.threads}:
        _link(draft, command, by)
    thread = _thread_key(command.chat)
    shown = sum(1 for copy in ticket.copies if copy.slot.startswith(f"{command.view}:{thread}:"))
    draft.tell(
        Card(
            id=draft.next_effect_id(),
            ticket=ticket.code,
            slot=f"{command.view}:{thread}:{shown}:{draft.rules.version}",
            view=command.view,
            chat=command.chat,
            person=_person(draft, command.author) if command.chat.personal else None,
            language=command.language,
        )
    )
    if command.follow and command.view == "status":
        draft.guards.append(f"chat:{command.message_id}")
    if command.mirror and command.view == "status":
        _mirror_to_mail(draft, command.author, command.text, "new")


def chat_message(draft: Draft, command: ChatMessage) -> None:
    """Put a message of a linked thread into the mail thread."""
    if isinstance(command.author, Staff):
        renew(draft, command.author)
    elif command.change == "new":
        end_wait_for_customer(draft, command.arrived_at, _by(command.author))
    draft.record("chat_message", by=_by(command.author), arrived_at=command.arrived_at, change=command.change)
    draft.guards.append(f"chat:{command.message_id}")
    _mirror_to_mail(draft, command.author, command.text, command.change)
    if draft.ticket.state == "resolved" and command.change == "new" and isinstance(command.author, CustomerSide):
        _ask_whether_it_is_back(draft, command.chat, command.author)


def bind(draft: Draft, command: Bind) -> None:
    """Let somebody see the ticket who proved a participant's address (D10 row 3)."""
    rest = tuple(b for b in draft.ticket.bindings if b.person != command.person)
    until = draft.rules.now + BINDING_LASTS
    draft.change(bindings=(*rest, Binding(person=command.person, address=command.address, until=until)))
    by = f"customer:{command.person}"
    draft.record("bound", by=by, address=command.address, until=until)
    asked_at, window = command.asked_at, draft.rules.book.policy.notice_window
    if asked_at is not None and draft.rules.now - asked_at <= window:
        notices.take(draft, Notice(at=asked_at, channel="teams", by=by))


def _ask_whether_it_is_back(draft: Draft, chat: Chat, author: CustomerSide) -> None:
    """Tell the desk that the customer has more to say about a resolved ticket; ask the customer, once."""
    draft.say_to_desk("wrote_after_resolved", code=draft.ticket.code)
    if draft.ticket.asked_to_reopen:
        return
    draft.change(asked_to_reopen=True)
    key = _thread_key(chat)
    language: Language = next((t.language for t in draft.ticket.threads if _thread_key(t.chat) == key), "vi")
    draft.say(chat, language, "reopen_question", {}, author.person if chat.personal else None)


def _link(draft: Draft, command: CodePosted, by: str) -> None:
    thread = Thread(
        chat=command.chat,
        language=command.language,
        linked_by=_person(draft, command.author),
        linked_at=draft.rules.now,
    )
    draft.change(threads=(*draft.ticket.threads, thread)[-_THREADS_MAX:])
    if not command.chat.personal:
        draft.guards.append(f"thread:{command.chat.thread_id()}")
    draft.record("linked", by=by, conversation=command.chat.conversation, root=command.chat.root or "")


def _mirror_to_mail(draft: Draft, author: Author, text: str, change: str) -> None:
    ticket, book = draft.ticket, draft.rules.book
    if not text.strip() and change != "deleted":
        return
    holder = book.roster.by_id.get(ticket.ack.by) if ticket.ack is not None else None
    values = {"author": author.name, "text": text[:_TEXT_LENGTH], "change": change, "at_ms": str(draft.rules.now)}
    into_thread(draft, "chat_mirror", values, also=(holder.email,) if holder is not None and holder.email else ())


def _thread_key(chat: Chat) -> str:
    return hashlib.sha256(chat.thread_id().encode()).hexdigest()[:10]


def _person(draft: Draft, author: Author) -> PersonKey:
    if isinstance(author, Staff):
        member = draft.rules.book.roster.by_id.get(author.id)
        tenant, object_id = (member.tenant, member.object_id) if member is not None else (None, None)
        return PersonKey(tenant=(tenant or "").lower(), object_id=(object_id or author.id).lower())
    return author.person


def _by(author: Author) -> str:
    return f"staff:{author.id}" if isinstance(author, Staff) else f"customer:{author.person}"
