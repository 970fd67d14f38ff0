"""The desk's files: what loads and is doubtful all the same, such as people whom no channel reaches."""

from bot.doctor.installation import Installation
from bot.doctor.lines import Line, ok, warn


async def files(desk: Installation) -> list[Line]:
    """Return a line for each warning."""
    if desk.warnings:
        advice = "mend it there unless it is meant so; it goes live within seconds"
        return [warn("files", f"{_place(fault.file, fault.line)}: {fault.message}", advice) for fault in desk.warnings]
    book = desk.book
    told = f"{len(book.roster.people)} people, {len(book.customers.customers)} customers"
    return [ok("files", f"desk {book.desk.id}, policy {book.policy.content_hash()}, {told}, no doubts")]


def _place(file: str, line: int | None) -> str:
    return f"{file}:{line}" if line else file
