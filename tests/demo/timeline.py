"""The time line: what was due when and sent when, to whom, by which way, how late; minutes of the ticket's own time."""

from collections.abc import Iterator

from bot.sla.instants import MINUTE, Instant
from tests.demo.proof import Row
from tests.demo.stage import Story

_TEXT_MAX = 78
_TO_MAX = 44


def lines(story: Story, opened_at: Instant, rows: list[Row], *, speed: float) -> Iterator[str]:
    """Yield the lines of one story."""
    yield ""
    yield f"{story.letter} · {story.title} · {story.code} · {story.customer.name}"
    yield f"  {'sent':>6} {'due':>6} {'late, desk':>10} {'real':>7}  {'by':<6}{'to':<{_TO_MAX}}  what"
    for row in rows:
        at = _minute(row.at - opened_at)
        if row.channel:
            due = _minute(row.due - opened_at) if row.due is not None else ""
            late, real = _late(row, speed)
            to = _short(row.to, _TO_MAX).ljust(_TO_MAX)
            yield f"  {at:>6} {due:>6} {late:>10} {real:>7}  {row.channel:<6}{to}  {_short(row.text)}"
        else:
            yield f"  {at:>6} {'':>25}  {_short(row.text, 120)}"


def lateness(rows: list[Row], *, speed: float) -> str:
    """Return the middle and the worst lateness of all messages."""
    late = sorted(max(0, row.at - row.due) for row in rows if row.channel and row.due is not None)
    if not late:
        return "no message was due"
    middle, worst = late[len(late) // 2], late[-1]
    return (
        f"{len(late)} messages had a due time: middle {middle / 1000:.1f} desk s ({middle / speed:.0f} ms real), "
        f"worst {worst / 1000:.1f} desk s ({worst / speed:.0f} ms real)"
    )


def _late(row: Row, speed: float) -> tuple[str, str]:
    if row.due is None:
        return "", ""
    late = max(0, row.at - row.due)
    return f"{late / 1000:.1f} s", f"{late / speed:.0f} ms"


def _minute(span: int) -> str:
    sign, span = ("-", -span) if span <= -1000 else ("", max(0, span))
    return f"{sign}{span // MINUTE}:{span % MINUTE // 1000:02}"


def _short(text: str, width: int = _TEXT_MAX) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
