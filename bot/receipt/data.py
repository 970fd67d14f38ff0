"""A receipt as JSON: instants as ISO 8601 in the desk's zone, spans in whole milliseconds, named so."""

from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from bot.sla.instants import Instant, to_datetime
from bot.sla.receipt import Measure
from bot.ticket.receipt import Receipt

_SPANS = frozenset({"charged", "used", "stood", "target", "working_day", "late"})
_INSTANTS = frozenset({"start", "end", "at", "as_of"})


def receipt_as_data(receipt: Receipt) -> dict[str, Any]:
    """Return everything that a receipt has, as JSON knows it."""
    told: dict[str, Any] = as_data(receipt, receipt.zone)
    return {**told, "left_ms": receipt.left}


def as_data(value: object, zone: ZoneInfo) -> Any:
    """Return a value made of dataclasses as JSON knows it."""
    if is_dataclass(value) and not isinstance(value, type):
        told = dict(_named(field.name, getattr(value, field.name), zone) for field in fields(value))
        return {**told, "used_ms": value.used} if isinstance(value, Measure) else told
    if isinstance(value, (list, tuple)):
        return [as_data(item, zone) for item in value]
    if isinstance(value, dict):
        return {key: as_data(item, zone) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, ZoneInfo):
        return value.key
    return value.isoformat() if isinstance(value, date) else value


def moment(at: Instant, zone: ZoneInfo) -> str:
    """Return `2026-11-23T10:02:00+07:00`, with thousandths where there are any."""
    local = to_datetime(at).astimezone(zone)
    return local.isoformat(timespec="milliseconds" if at % 1000 else "seconds")


def _named(name: str, value: object, zone: ZoneInfo) -> tuple[str, Any]:
    if isinstance(value, int) and not isinstance(value, bool):
        if name in _SPANS:
            return f"{name}_ms", value
        if name in _INSTANTS or name.endswith("_at"):
            return name, moment(value, zone)
    if name.endswith("_at") and isinstance(value, tuple):
        return name, [moment(at, zone) for at in value]
    return name, as_data(value, zone)
