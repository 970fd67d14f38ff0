"""What the managers' digest says: every phrase a field, both languages with the same gaps."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DigestWords:
    """Every phrase of the digest in one language."""

    title: str
    period: str
    """From the digest before it to this one."""
    greeting: str
    summary: str
    heading: str
    more: str
    """In place of the lines of a section that have no room."""
    unreadable: str
    next_one: str

    section_passed: str
    section_over: str
    section_due: str
    section_waiting: str
    section_call_backs: str

    count_passed: str
    count_over: str
    count_due: str
    count_waiting: str
    count_call_backs: str

    ticket: str
    customer: str
    provisional: str
    overdue: str
    due: str
    paused: str
    suspended: str
    call_back: str
    call_back_late: str
    held_by: str
    nobody: str
    resolved: str
    noted: str
