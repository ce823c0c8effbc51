"""What revisions do, read from their source: to run them to find out would be too late, or needs a database."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..sqltext import full_name

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

# The same in SQL, without quotes and with single spaces.
_TABLES = re.compile(r"(?:DROP TABLE|TRUNCATE(?: TABLE)?|DELETE FROM(?!.* WHERE )) (.*)", re.IGNORECASE)
_ALTER = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+) (.*)", re.IGNORECASE)
_NO_COLUMN = "CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|CHECK|PARTITION|PERIOD"
_COLUMN = re.compile(rf"DROP (?!{_NO_COLUMN})(?:COLUMN )?(?:IF EXISTS )?(\S*)", re.IGNORECASE)
_RENAME = re.compile(r"RENAME (?:(?:COLUMN )?(\S+) )?TO (\S+)", re.IGNORECASE)
_AROUND = re.compile(r"\b(IF EXISTS|ONLY|CASCADE|RESTRICT)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Operation:
    """A call of one of Alembic's operations, on ``op`` or in a batch: its name, and its arguments by their names."""

    name: str
    arguments: dict[str, ast.expr]
    call: ast.Call

    def text(self, argument: str) -> str | None:
        """Return an argument that is a literal text, UNKNOWN for any other expression, None for None or no argument."""
        node = self.arguments.get(argument)
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return None
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else UNKNOWN

    @property
    def table(self) -> str:
        """The table that it is on, with its schema."""
        return full_name(self.text("table_name") or "", self.text("schema"))


def operations(tree: ast.AST) -> Iterator[Operation]:
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
            yield _operation(node, batches.get(id(node)))


def _is_called_on(call: ast.Call, variable: str) -> bool:
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == variable


def _operation(call: ast.Call, batch: Operation | None = None) -> Operation:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    names = _POSITIONAL.get(name, ())[batch is not None :]
    of_batch = batch.arguments.items() if batch else ()
    arguments = {key: node for key, node in of_batch if key in ("table_name", "schema")}
    arguments.update(zip(names, call.args, strict=False))
    arguments.update((word.arg or "", word.value) for word in call.keywords)
    return Operation(name, arguments, call)


def constants(tree: ast.Module) -> dict[str, Any]:
    """Return what a module assigns to its variables, as far as it is written as a literal."""
    values: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                with contextlib.suppress(ValueError):
                    values[getattr(target, "id", "")] = ast.literal_eval(node.value)
    return values


def created_tables(revision: Path) -> set[tuple[str | None, str]]:
    """Return the tables, each a schema and a name, that a revision creates or gives a new name.

    Only those whose names are written as literals; the schema "public" is None, as the inspector has it.
    """
    tables = set()
    for operation in operations(ast.parse(revision.read_bytes())):
        argument = {"create_table": "table_name", "rename_table": "new_table_name"}.get(operation.name)
        name = operation.text(argument) if argument else None
        if name and name != UNKNOWN:
            schema = operation.text("schema")
            tables.add((None if schema == "public" else schema, name))
    return tables


@dataclass(frozen=True)
class Drop:
    """A table, or a column of one, by the names that they have now; without a table, a line that leaves them open."""

    name: str
    table: str = ""
    column: str = ""


class DropReader(ast.NodeVisitor):
    """Reads what downgrades drop, in the order in which they run: one may rename what the next one drops."""

    def __init__(self) -> None:
        self.drops: list[Drop] = []
        self._file = ""
        self._operations: dict[int, Operation] = {}
        self._current: dict[tuple[str, str], str] = {}  # by table and column, or "", at that point: its name now

    def read(self, revision: Path) -> None:
        """Add what a revision drops, other than in its upgrade()."""
        self._file = revision.name
        tree = ast.parse(revision.read_bytes())
        self._operations = {id(operation.call): operation for operation in operations(tree)}
        self.visit(tree)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Pass over upgrade()."""
        if not node.name.startswith("upgrade"):
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Pass over docstrings."""
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Read an operation."""
        if operation := self._operations.get(id(node)):
            self._read_operation(operation)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Read the statements in a text."""
        for statement in str(node.value).split(";") if isinstance(node.value, str) else ():
            self._read_statement(node, " ".join(re.sub(r'["`\[\]]|--.*', "", statement).split()))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Read the statements in a text of which parts are unknown."""
        parts = [str(part.value) if isinstance(part, ast.Constant) else UNKNOWN for part in node.values]
        self.visit_Constant(ast.copy_location(ast.Constant("".join(parts)), node))

    def _read_operation(self, operation: Operation) -> None:
        if operation.name == "drop_table":
            self._drop(operation.call, operation.table)
        elif operation.name == "drop_column":
            self._drop(operation.call, operation.table, operation.text("column_name") or UNKNOWN)
        elif operation.name == "rename_table":
            schema = operation.text("schema")
            old, new = (operation.text(key) or UNKNOWN for key in ("old_table_name", "new_table_name"))
            self._rename(full_name(old, schema), "", full_name(new, schema))
        elif operation.name == "alter_column" and (new_name := operation.text("new_column_name")):
            self._rename(operation.table, operation.text("column_name") or "", new_name)

    def _read_statement(self, node: ast.AST, sql: str) -> None:
        if tables := _TABLES.match(f"{sql} "):
            for table in _AROUND.sub("", tables[1]).split(","):
                self._drop(node, table.strip())
        elif alter := _ALTER.match(f"{sql} "):
            for part in alter[2].split(","):
                if column := _COLUMN.match(part.strip()):
                    self._drop(node, alter[1], column[1])
                elif rename := _RENAME.match(part.strip()):
                    self._rename(alter[1], rename[1] or "", rename[2])

    def _drop(self, node: ast.AST, table: str, column: str = "") -> None:
        drop = Drop(f"{self._file}:{getattr(node, 'lineno', 0)}")
        if table and not re.search(r"[?%(]", table + column):
            table = self._current.get((table, ""), table)
            column = self._current.get((table, column), column)
            drop = Drop(f"{table}.{column}" if column else table, table, column)
        self.drops.append(drop)

    def _rename(self, table: str, column: str, to: str) -> None:
        current = self._current.get((table, ""), table)
        key = (current, to) if column else (to, "")
        self._current[key] = self._current.get((current, column), column) if column else current
