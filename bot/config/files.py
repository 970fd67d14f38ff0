"""A YAML file read with its line numbers, safely: no code, no duplicates, bounded in size and depth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.errors import Fault

SIZE_MAX_BYTES = 4_000_000
NODES_MAX = 200_000
"""Values in one file, aliases written out: a few lines of aliases can stand for billions."""

Loc = tuple[int | str, ...]
Model = TypeVar("Model", bound=BaseModel)


class _Constructor(RoundTripConstructor):
    """Leaves dates as they are written: the models read them, and a wrong one keeps its line."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


@dataclass
class Source:
    """A file as read: plain data, and where in the file each part of it stands."""

    name: str
    """Path within the desk's folder, for faults."""
    data: Any = None
    root: Any = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Return whether the file held a mapping."""
        return isinstance(self.data, dict)

    def items(self, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the mappings of a list in the file with their places, sound or not."""
        listed = self.data.get(key) if self.readable else None
        for i, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, dict):
                yield i, item

    def keys(self, key: str) -> list[str] | None:
        """Return the keys of a mapping in the file; None if it is not there."""
        mapping = self.data.get(key) if self.readable else None
        return list(mapping) if isinstance(mapping, dict) else None

    def note(self, message: str, *loc: int | str, fatal: bool = True) -> None:
        """Note a fault at a part of this file."""
        self.faults.append(self.fault(message, *loc, fatal=fatal))

    def line(self, *loc: int | str) -> int | None:
        """Return the line of the deepest part of `loc` that is in the file, from 1."""
        node, line = self.root, None if self.root is None else 1
        for part in loc:
            try:
                if isinstance(node, CommentedMap):
                    line, node = node.lc.key(part)[0] + 1, node[part]
                elif isinstance(node, CommentedSeq) and isinstance(part, int):
                    line, node = node.lc.item(part)[0] + 1, node[part]
                else:
                    break
            except (KeyError, IndexError):
                break
        return line

    def fault(self, message: str, *loc: int | str, fatal: bool = True) -> Fault:
        """Return a fault at a part of this file."""
        return Fault(self.name, self.line(*loc), message, fatal=fatal)


def read_source(folder: Path, name: str) -> Source:
    """Read one file of the desk's folder; what is wrong with it is in `faults`."""
    source = Source(name)
    try:
        raw = (folder / name).read_bytes()
    except OSError as error:
        source.faults.append(Fault(name, None, f"cannot be read: {error.strerror or error}"))
        return source
    if len(raw) > SIZE_MAX_BYTES:
        source.faults.append(Fault(name, None, f"is larger than {SIZE_MAX_BYTES} bytes"))
        return source
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        source.faults.append(Fault(name, line, "is not UTF-8; save it as UTF-8"))
        return source
    reader = YAML(typ="rt")
    reader.Constructor = _Constructor
    reader.allow_duplicate_keys = False
    try:
        source.root = reader.load(text)
        source.data = _plain(source, source.root, (), [NODES_MAX])
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        source.faults.append(Fault(name, mark.line + 1 if mark else None, _yaml_problem(error)))
    except (YAMLError, ValueError, RecursionError) as error:
        source.faults.append(Fault(name, None, f"is not sound YAML: {str(error).splitlines()[0]}"))
    else:
        if not isinstance(source.data, dict) and not source.faults:
            source.faults.append(Fault(name, 1, "must hold keys with values, like 'status: reviewed'"))
    return source


def validate(source: Source, model: type[Model]) -> Model | None:
    """Return the file as a value; None if it is none, and then every fault is noted with its line."""
    if not source.readable:
        return None
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        source.faults += [_fault_of(source, details) for details in error.errors()]
        return None


def mapping(value: object) -> dict[str, Any]:
    """Return a value of a file as a mapping, empty if it is none: for looking around in files that have faults."""
    return value if isinstance(value, dict) else {}


def _plain(source: Source, node: Any, loc: Loc, budget: list[int]) -> Any:
    """Return a node as plain dicts, lists and scalars; a tag asks for code and is a fault."""
    budget[0] -= 1
    if budget[0] < 0:
        raise ValueError(f"holds more than {NODES_MAX} values")
    tag = getattr(getattr(node, "tag", None), "value", None)
    if tag is not None and not str(tag).startswith("tag:yaml.org,2002:"):
        source.faults.append(source.fault(f"the tag {tag} is not allowed", *loc))
        return None
    if isinstance(node, CommentedMap):
        return {_key(key): _plain(source, value, (*loc, key), budget) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(source, value, (*loc, i), budget) for i, value in enumerate(node)]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(key)


def _fault_of(source: Source, details: Any) -> Fault:
    loc: Loc = details["loc"]
    path = ".".join(str(part) for part in loc)
    message = str(details["msg"]).removeprefix("Value error, ")
    match details["type"]:
        case "missing":
            message = f"{loc[-1]!r} is missing"
            path = ".".join(str(part) for part in loc[:-1])
        case "extra_forbidden":
            message = "is not a key that belongs here; a typing mistake?"
        case "string_type" if isinstance(details["input"], int | float):
            message = f"write {details['input']} in quotes; without them it is a number"
    return source.fault(f"{path}: {message}" if path else message, *loc)


def _yaml_problem(error: MarkedYAMLError) -> str:
    problem = (error.problem or "is not sound YAML").splitlines()[0]
    begun = error.context_mark
    if begun is None or (error.problem_mark is not None and begun.line == error.problem_mark.line):
        return problem
    return f"{problem} ({error.context or 'begun'} in line {begun.line + 1})"
