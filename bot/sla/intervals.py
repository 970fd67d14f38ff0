"""Sets of time as sorted, disjoint stretches [start, end) in whole milliseconds. Nothing is ever counted twice."""

from collections.abc import Iterable
from typing import TypeAlias

from bot.sla.instants import Instant, Span

Interval: TypeAlias = tuple[Instant, Instant]


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return what at least one of the intervals covers; stretches that touch become one, empty ones are left out."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def cut(intervals: Iterable[Interval], window: Interval) -> tuple[Interval, ...]:
    """Return what of the intervals lies inside `window`."""
    since, until = window
    return union((max(start, since), min(end, until)) for start, end in intervals)


def minus(intervals: Iterable[Interval], holes: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return what of the intervals no hole covers."""
    left: list[Interval] = []
    out = union(holes)
    for start, end in union(intervals):
        since = start
        for hole_start, hole_end in out:
            if hole_end <= since:
                continue
            if hole_start >= end:
                break
            if hole_start > since:
                left.append((since, hole_start))
            since = hole_end
        if since < end:
            left.append((since, end))
    return tuple(left)


def length(intervals: Iterable[Interval]) -> Span:
    """Return how long disjoint intervals last together."""
    return sum(end - start for start, end in intervals)
