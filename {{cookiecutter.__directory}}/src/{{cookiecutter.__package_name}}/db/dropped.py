"""What the downgrades of revisions drop, read in their files: to run them to find out would be too late."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from .autogenerate.draft import full_name

# Alembic's operations, and the names of their positional arguments.
_OPERATIONS = {
    "batch_alter_table": ("table_name",),
    "drop_table": ("table_name",),
    "drop_column": ("table_name", "column_name"),
    "rename_table": ("old_table_name", "new_table_name"),
    "alter_column": ("table_name", "column_name"),
}
# The same in SQL, without quotes and with single spaces.
_TABLES = re.compile(r"(?:DROP TABLE|TRUNCATE(?: TABLE)?|DELETE FROM(?!.* WHERE )) (.*)", re.IGNORECASE)
_ALTER = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+) (.*)", re.IGNORECASE)
_NO_COLUMN = "CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|CHECK|PARTITION|PERIOD"
_COLUMN = re.compile(rf"DROP (?!{_NO_COLUMN})(?:COLUMN )?(?:IF EXISTS )?(\S*)", re.IGNORECASE)
_RENAME = re.compile(r"RENAME (?:(?:COLUMN )?(\S+) )?TO (\S+)", re.IGNORECASE)
_AROUND = re.compile(r"\b(IF EXISTS|ONLY|CASCADE|RESTRICT)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Drop:
    """A table, or a column of one, by the names that they have now; without a table, a line that leaves them open."""

    name: str
    table: str = ""
    column: str = ""


class Reader(ast.NodeVisitor):
    """Reads the files in the order in which they run, as one may rename what the next one drops."""

    def __init__(self) -> None:
        self.drops: list[Drop] = []
        self._file = ""
        self._batches: dict[str, str] = {}  # the tables of batch operations, by variable
        self._now: dict[tuple[str, str], str] = {}  # what is called otherwise at that point: table, column or none

    def read(self, revision: Path) -> None:
        """Add what a revision drops, other than in its upgrade()."""
        self._file = revision.name
        self.visit(ast.parse(revision.read_bytes()))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if not node.name.startswith("upgrade"):
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name) and isinstance(item.context_expr, ast.Call):
                given = _arguments(item.context_expr, "batch_alter_table")
                self._batches[item.optional_vars.id] = full_name(given.get("table_name", ""), given.get("schema"))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            on = node.func.value
            batch = self._batches.get(on.id) if isinstance(on, ast.Name) else None
            self._operation(node, node.func.attr, _arguments(node, node.func.attr, batch))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        for statement in str(node.value).split(";") if isinstance(node.value, str) else ():
            self._statement(node, " ".join(re.sub(r'["`\[\]]|--.*', "", statement).split()))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        parts = [str(part.value) if isinstance(part, ast.Constant) else "?" for part in node.values]
        self.visit_Constant(ast.copy_location(ast.Constant("".join(parts)), node))

    def _operation(self, node: ast.AST, name: str, given: dict[str, str]) -> None:
        schema, table = given.get("schema"), full_name(given.get("table_name", ""), given.get("schema"))
        if name == "drop_table":
            self._drop(node, table)
        elif name == "drop_column":
            self._drop(node, table, given.get("column_name", "?"))
        elif name == "rename_table":
            old, new = given.get("old_table_name", "?"), given.get("new_table_name", "?")
            self._rename(full_name(old, schema), "", full_name(new, schema))
        elif name == "alter_column" and "new_column_name" in given:
            self._rename(table, given.get("column_name", ""), given["new_column_name"])

    def _statement(self, node: ast.AST, sql: str) -> None:
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
            table = self._now.get((table, ""), table)
            column = self._now.get((table, column), column)
            drop = Drop(f"{table}.{column}" if column else table, table, column)
        self.drops.append(drop)

    def _rename(self, table: str, column: str, to: str) -> None:
        now = self._now.get((table, ""), table)
        key = (now, to) if column else (to, "")
        self._now[key] = self._now.get((now, column), column) if column else now


def _arguments(node: ast.Call, operation: str, batch: str | None = None) -> dict[str, str]:
    """Return the arguments of an operation that are texts; "?" stands for what is not known before it runs."""
    names = _OPERATIONS.get(operation, ())[batch is not None :]
    given = [*zip(names, node.args, strict=False), *((word.arg or "", word.value) for word in node.keywords)]
    known = {name: value.value if isinstance(value, ast.Constant) else "?" for name, value in given}
    texts = {name: value for name, value in known.items() if isinstance(value, str)}
    return texts if batch is None else {"table_name": batch, **texts}
