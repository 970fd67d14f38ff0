"""Who is told by the messages of one decision: a page is one entry a person, whatever channels carry it."""

import re

from bot.rehearsal.rows import Told
from bot.sla.book import Book
from bot.sla.instants import Span
from bot.sla.policy import Policy
from bot.ticket.effects import Call, Card, Digest, Effect, Mail, Mirror, PageRef, Say

_STEP = re.compile(r"\d+\.[si](\d+)")  # a step's page, or the information in its place
_OWN_PAGE = re.compile(r"\d+\.s(\d+)")
CHANNELS = ("teams", "mail", "phone")
DESK_CHANNEL = "desk"
MANAGERS = "managers"
QUEUE = "queue:"


def page_of(effect: Effect) -> PageRef | None:
    """Return the page that a message carries; None if it carries none."""
    return None if isinstance(effect, (Mirror, Say, Digest)) else effect.page


def channel_of(effect: Effect) -> str:
    """Return by which channel a message goes."""
    return {"mail": "mail", "call": "phone"}.get(effect.kind, "teams")


def pages(effects: tuple[Effect, ...], book: Book) -> list[tuple[PageRef, Told]]:
    """Return the pages of a decision in its order, each contact of a rung once, managers included."""
    found: dict[tuple[str, str], tuple[PageRef, list[Effect]]] = {}
    posts: list[Card] = []
    for effect in effects:
        page = page_of(effect)
        if isinstance(effect, Card) and page is not None and page.contact == DESK_CHANNEL:
            posts.append(effect)
        elif page is not None:
            found.setdefault((page.occurrence, page.contact), (page, []))[1].append(effect)
    told = []
    for page, messages in found.values():
        posted = any(_is_called(post, page, book) for post in posts)
        told.append((page, _told(page, messages, book, posted=posted)))
    known = {page.occurrence for page, _ in told}
    # somebody of whom the desk's channel is the only way there is
    for post in posts:
        if post.page is not None and post.page.occurrence not in known:
            names = ", ".join(mention.name for mention in post.mentions)
            told.append((post.page, Told(DESK_CHANNEL, names, post.page.level, ("teams",), (DESK_CHANNEL,))))
    return told


def share_of(page: PageRef, policy: Policy, priority: str) -> tuple[int | None, Span | None]:
    """Return (share of the target in %, used time) of the ladder's step that a page belongs to; None for no step."""
    found = _STEP.match(page.occurrence)
    if found is None:
        return None, None
    promise = policy.priorities[priority]
    step = promise.ladder.steps[int(found[1])]
    return step.share, step.offset(promise.target)


def is_for_digest(occurrence: str, policy: Policy, priority: str) -> bool:
    """Return whether an occurrence is that of a step which managers learn of by their digest."""
    found = _OWN_PAGE.fullmatch(occurrence)
    return found is not None and policy.priorities[priority].ladder.steps[int(found[1])].managers == "digest"


def pulled_from(page: PageRef) -> str:
    """Return the occurrence that reached nobody and was passed on to this page; empty: it is its own."""
    before, plus, _ = page.occurrence.rpartition("+")
    return before if plus else ""


def _is_called(post: Card, page: PageRef, book: Book) -> bool:
    """Return whether a post in the desk's channel is about this contact: named in it, or a queue, which has no name."""
    if post.page is None or page.contact == MANAGERS:
        return False
    person = book.roster.by_id.get(page.contact)
    if person is None:
        return post.page.level == page.level
    return any(mention.name == person.name for mention in post.mentions) or post.page.occurrence == page.occurrence


def _told(page: PageRef, messages: list[Effect], book: Book, *, posted: bool) -> Told:
    channels = {channel_of(message) for message in messages} | ({"teams"} if posted else set())
    where: list[str] = [DESK_CHANNEL] if posted else []
    for message in messages:
        match message:
            case Mail(to=to):
                where += to
            case Call(extension=extension):
                where.append(extension)
            case Card() if page.contact != MANAGERS:
                where.insert(0, "chat")
            case _:
                where.append(MANAGERS)
    return Told(
        page.contact,
        _name(page.contact, book),
        MANAGERS if page.contact == MANAGERS else page.level,
        tuple(channel for channel in CHANNELS if channel in channels),
        tuple(where),
    )


def _name(contact: str, book: Book) -> str:
    person = book.roster.by_id.get(contact)
    if person is not None:
        return person.name
    return contact.removeprefix(QUEUE)
