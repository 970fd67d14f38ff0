"""Print the mutants of a module as JSON: each is the module's source with one small fault in it.

The faults are mutmut's own (`mutmut.mutation.mutators`), made one at a time so that no other process's tree is touched,
and also where mutmut itself makes none: in properties, validators and at the top of modules. Left out are texts that
are no rule (docstrings, error messages, descriptions), type annotations and decorators. Runs in the mutators' own
environment: it imports nothing of the product.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators, operator_string

_SKIPPED = (
    m.Annotation()
    | m.Decorator()
    | m.Raise()
    | m.Import()
    | m.ImportFrom()
    | m.Assert()
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.AnnAssign(annotation=m.Annotation(annotation=m.Name("TypeAlias")))
    | m.Arg(keyword=m.Name("description"))
    | m.Call(func=m.Name("len") | m.Name("isinstance") | m.Name("TypeVar"))
)


class _Finder(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (cst.metadata.PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str, int, int, cst.CSTNode, cst.CSTNode]] = []
        self._statements: dict[int, int] = {}
        self._statement = -1
        self._inside: list[str] = []
        self._lines: list[tuple[int, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Module):
            self._statements = {id(statement): number for number, statement in enumerate(node.body)}
        self._statement = self._statements.get(id(node), self._statement)
        if m.matches(node, _SKIPPED):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._inside.append(node.name.value)
        position = self.get_metadata(cst.metadata.PositionProvider, node, None)
        if position is not None:
            self._lines.append((position.start.line, position.end.line))
        else:
            self._lines.append(self._lines[-1])
        first, last = self._lines[-1]
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                faults = list(operator(node))
                for fault in faults[:1] if operator is operator_string else faults:
                    self.found.append((self._statement, ".".join(self._inside), first, last, node, fault))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if m.matches(original_node, _SKIPPED):
            return
        self._lines.pop()
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._inside.pop()


def mutants(path: Path) -> Iterator[dict[str, object]]:
    """Yield each mutant: where it is, what it is called, and its whole source."""
    source = path.read_text(encoding="utf-8")
    wrapper = cst.MetadataWrapper(cst.parse_module(source))
    finder = _Finder()
    wrapper.visit(finder)
    module = wrapper.module
    parts = [module.code_for_node(statement) for statement in module.body]
    top = source[: len(source) - len("".join(parts)) - len(_foot(module))]
    assert top + "".join(parts) + _foot(module) == source
    seen: set[str] = set()
    names: Counter[str] = Counter()
    for number, inside, first, last, node, fault in finder.found:
        statement = module.body[number].deep_replace(node, fault) if node is not module.body[number] else fault
        faulty = module.code_for_node(statement)  # type: ignore[arg-type]
        changed = "".join([top, *parts[:number], faulty, *parts[number + 1 :], _foot(module)])
        if changed == source or changed in seen or not _compiles(changed):
            continue
        seen.add(changed)
        was, becomes = module.code_for_node(node), module.code_for_node(fault)
        what = f"{path.as_posix()}|{inside}|{was.strip()}|{becomes.strip()}"
        names[what] += 1
        # The name holds no line number: justifying a survivor outlives changes elsewhere in its file.
        name = hashlib.sha256(f"{what}|{names[what]}".encode()).hexdigest()[:12]
        yield {"id": name, "inside": inside, "first": first, "last": last, "source": changed}


def _foot(module: cst.Module) -> str:
    return "".join(module.code_for_node(line) for line in module.footer)


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


if __name__ == "__main__":
    json.dump({name: list(mutants(Path(name))) for name in sys.argv[1:]}, sys.stdout)
