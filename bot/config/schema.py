"""What may be written in the desk's files, as JSON schemas exported from the models that read them.

An editor checks with them while somebody types; what files must say together is proved by `check-config`.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bot.config.years import YearFile
from bot.sla.book import Customers, Desk
from bot.sla.policy import Policy
from bot.sla.roster import Roster
from bot.sla.shapes import (
    DURATION_PATTERN,
    MINUTE_OF_DAY_PATTERN,
    WINDOW_PATTERN,
    write_duration,
    write_minute_of_day,
    write_window,
)

MODELS: Mapping[str, type[BaseModel]] = {
    "policy": Policy,
    "desk": Desk,
    "roster": Roster,
    "customers": Customers,
    "calendar": YearFile,
}
"""By the name of the schema; each is kept as `schemas/NAME.schema.json` beside the desk's files."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WRITERS: Mapping[str, Callable[[Any], str]] = {
    DURATION_PATTERN: write_duration,
    MINUTE_OF_DAY_PATTERN: write_minute_of_day,
    WINDOW_PATTERN: write_window,
}
"""How a default is written, by the pattern of what it is a default of."""


def print_schema(name: str | None, models: Mapping[str, type[BaseModel]] = MODELS, out: TextIO | None = None) -> int:
    """Print a schema as it is kept, or, without a name, which there are; returns the exit code."""
    stream = out if out is not None else sys.stdout
    stream.write(schema_text(models[name]) if name is not None else "".join(f"{known}\n" for known in models))
    return 0


def schema_text(model: type[BaseModel]) -> str:
    """Return the schema of a file that a model reads, as it is kept."""
    schema = model.model_json_schema(schema_generator=_AsWritten)
    return json.dumps({"$schema": _DIALECT, **schema}, ensure_ascii=False, indent=2) + "\n"


class _AsWritten(GenerateJsonSchema):
    """Gives defaults as people write them, not as the models keep them."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema of a value with a default."""
        described = super().default_schema(schema)
        write = _WRITERS.get(described.get("pattern", ""))
        if write is not None and not isinstance(described.get("default", ""), str):
            described["default"] = write(schema["default"])
        return described
