"""What revisions do, read from their source, where running them to find out would be too late, or needs a database."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..sqltext import full_name
from .recorder import Step

# Alembic's operations, and the names of their positional arguments.
_POSITIONAL = {
    "add_column": ("table_name", "column"),
    "alter_column": ("table_name", "column_name"),
    "batch_alter_table": ("table_name",),
    "create_table": ("table_name",),
    "drop_column": ("table_name", "column_name"),
    "drop_table": ("table_name",),
    "rename_table": ("old_table_name", "new_table_name"),
}
UNKNOWN = "?"  # stands for an argument that only running the revision would tell

Evaluate = Callable[[ast.expr], Any]  # returns the value of an expression, or raises LookupError


@dataclass(frozen=True)
class Operation:
    """A call of one of Alembic's operations, on ``op`` or in a batch: its name, and its arguments by their names."""

    name: str
    arguments: dict[str, ast.expr]
    call: ast.Call
    evaluate: Evaluate | None = None

    def value(self, argument: str) -> Any:
        """Return the value of an argument; UNKNOWN if only running would tell, None if it is not given."""
        node = self.arguments.get(argument)
        if node is None or isinstance(node, ast.Constant):
            return None if node is None else node.value
        if self.evaluate is not None:
            with contextlib.suppress(LookupError):
                return self.evaluate(node)
        return UNKNOWN

    def text(self, argument: str) -> str | None:
        """Return an argument that is a text, UNKNOWN for what is not certainly one, None for None or no argument."""
        value = self.value(argument)
        return value if value is None or isinstance(value, str) else UNKNOWN

    @property
    def table(self) -> str:
        """The table that it is on, with its schema."""
        return full_name(self.text("table_name") or "", self.text("schema"))


def operations(tree: ast.AST, evaluate: Evaluate | None = None) -> Iterator[Operation]:
    """Yield the operations in a part of a revision. Those of a batch have its table."""
    batches: dict[int, Operation] = {}
    for block in ast.walk(tree):
        for item in block.items if isinstance(block, (ast.With, ast.AsyncWith)) else ():
            if isinstance(item.context_expr, ast.Call) and isinstance(item.optional_vars, ast.Name):
                batch = _operation(item.context_expr)
                inside = (node for node in ast.walk(block) if isinstance(node, ast.Call))
                batches |= {id(node): batch for node in inside if _is_called_on(node, item.optional_vars.id)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield _operation(node, batches.get(id(node)), evaluate)


def _is_called_on(call: ast.Call, variable: str) -> bool:
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == variable


def _operation(call: ast.Call, batch: Operation | None = None, evaluate: Evaluate | None = None) -> Operation:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    names = _POSITIONAL.get(name, ())[batch is not None :]
    of_batch = batch.arguments.items() if batch else ()
    arguments = {key: node for key, node in of_batch if key in ("table_name", "schema")}
    arguments.update(zip(names, call.args, strict=False))
    arguments.update((word.arg or "", word.value) for word in call.keywords)
    return Operation(name, arguments, call, evaluate)


def constants(tree: ast.Module) -> dict[str, Any]:
    """Return what a module assigns to its variables, as far as it is written as a literal."""
    values: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                with contextlib.suppress(ValueError):
                    values[getattr(target, "id", "")] = ast.literal_eval(node.value)
    return values


def steps(tree: ast.Module, direction: str, evaluate: Evaluate) -> list[Step]:
    """Return what a revision does in a direction, in the order in which it is written.

    What is not an operation and may be SQL, such as any text, counts as executed. UNKNOWN stands for a name that only
    running would tell.
    """
    reader = _Reader(tree, _reachable(tree, direction), evaluate)
    reader.visit(tree)
    return reader.steps


def _reachable(tree: ast.Module, direction: str) -> set[str]:
    """Return the functions that may run: those whose names begin with the direction, as with several databases.

    Then those that they name, and those that the file names outside of functions.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    others = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    waiting = {name for name in functions if name.startswith(direction)} | _names(others)
    reachable: set[str] = set()
    while names := (waiting & functions.keys()) - reachable:
        reachable |= names
        waiting = _names(functions[name] for name in names)
    return reachable


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}


class _Reader(ast.NodeVisitor):
    """Reads operations and texts in the order in which they are written."""

    def __init__(self, tree: ast.Module, functions: set[str], evaluate: Evaluate) -> None:
        self.steps: list[Step] = []
        self._passed_over = {
            id(node) for node in tree.body if isinstance(node, ast.FunctionDef) and node.name not in functions
        }
        self._operations = {id(operation.call): operation for operation in operations(tree, evaluate)}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Pass over what does not run."""
        if id(node) not in self._passed_over:
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Pass over docstrings."""
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Read an operation."""
        if (operation := self._operations.get(id(node))) and (op := _as_alembics(operation)) is not None:
            self.steps.append(Step(op, node.lineno))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Read a text."""
        if isinstance(node.value, str):
            self._execute(node.value, node.lineno)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Read a text of which parts are unknown."""
        parts = [str(part.value) if isinstance(part, ast.Constant) else UNKNOWN for part in node.values]
        self._execute("".join(parts), node.lineno)

    def _execute(self, text: str, line: int) -> None:
        from alembic.operations.ops import ExecuteSQLOp

        self.steps.append(Step(ExecuteSQLOp(text), line))


def _as_alembics(operation: Operation) -> Any:
    """Return the operation as Alembic's own object; None for one that neither drops nor renames nor creates a table."""
    from alembic.operations import ops
    from sqlalchemy.types import TypeEngine

    name, schema = operation.text("table_name") or UNKNOWN, operation.text("schema")
    column = operation.text("column_name") or UNKNOWN
    if operation.name == "create_table":
        return ops.CreateTableOp(name, [], schema=schema)
    if operation.name == "drop_table":
        return ops.DropTableOp(name, schema=schema)
    if operation.name == "drop_column":
        return ops.DropColumnOp(name, column, schema=schema)
    if operation.name == "rename_table":
        old, new = (operation.text(key) or UNKNOWN for key in ("old_table_name", "new_table_name"))
        return ops.RenameTableOp(old, new, schema=schema)
    if operation.name == "alter_column":
        types = {key: operation.value(key) for key in ("existing_type", "type_")}
        existing, modified = (
            type_() if isinstance(type_, type) and issubclass(type_, TypeEngine) else type_ for type_ in types.values()
        )
        return ops.AlterColumnOp(
            name,
            column,
            schema=schema,
            existing_type=existing if isinstance(existing, TypeEngine) else None,
            modify_type=modified if isinstance(modified, TypeEngine) else None,
            modify_name=operation.text("new_column_name"),
            postgresql_using=operation.text("postgresql_using"),
        )
    return None
