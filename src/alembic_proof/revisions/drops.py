"""What a downgrade loses, found in its operations and in the SQL that it executes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..sqltext import full_name, single_percents
from .reader import UNKNOWN
from .recorder import Step

if TYPE_CHECKING:
    from alembic.operations.ops import AlterColumnOp
    from sqlalchemy import Dialect

# Drops and renames in SQL, without quotes and with single spaces.
_TABLES = re.compile(r"(?:DROP TABLE|TRUNCATE(?: TABLE)?|DELETE FROM(?!.* WHERE )) (.*)", re.IGNORECASE)
_ALTER = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+) (.*)", re.IGNORECASE)
_NO_COLUMN = "CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|CHECK|PARTITION|PERIOD"
_COLUMN = re.compile(rf"DROP (?!{_NO_COLUMN})(?:COLUMN )?(?:IF EXISTS )?(\S*)", re.IGNORECASE)
_RENAME = re.compile(r"RENAME (?:(?:COLUMN )?(\S+) )?TO (\S+)", re.IGNORECASE)
_AROUND = re.compile(r"\b(IF EXISTS|ONLY|CASCADE|RESTRICT)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Drop:
    """A table, or a column of one, by the names that they have now; without a table, a line that leaves them open.

    With an operation, a column that gets another type.
    """

    name: str
    table: str = ""
    column: str = ""
    retyped: AlterColumnOp | None = None


class DropReader:
    """Reads what downgrades drop, in the order in which they run: one may rename what the next one drops."""

    def __init__(self, dialect: Dialect) -> None:
        self.drops: list[Drop] = []
        self._dialect = dialect
        self._current: dict[tuple[str, str], str] = {}  # by table and column, or "", at that point: its name now

    def read(self, file: str, steps: Iterable[Step]) -> None:
        """Add what the steps of a revision lose; ``file`` is its name."""
        from alembic.operations import ops

        for step in steps:
            op: Any = step.op
            place = f"{file}:{step.line}"
            if isinstance(op, ops.DropTableOp):
                self._drop(place, full_name(op.table_name, op.schema))
            elif isinstance(op, ops.DropColumnOp):
                self._drop(place, full_name(op.table_name, op.schema), op.column_name)
            elif isinstance(op, ops.RenameTableOp):
                old, new = (full_name(name, op.schema) for name in (op.table_name, op.new_table_name))
                self._rename(old, "", new)
            elif isinstance(op, ops.AlterColumnOp):
                table = full_name(op.table_name, op.schema)
                if op.modify_type is not None:
                    self._drop(place, table, op.column_name, op)
                if op.modify_name:
                    self._rename(table, op.column_name, op.modify_name)
            elif isinstance(op, ops.ExecuteSQLOp):
                for statement in self._text(op.sqltext).split(";"):
                    self._read_statement(place, " ".join(re.sub(r'["`\[\]]|--.*', "", statement).split()))

    def _text(self, sql: Any) -> str:
        """Return the text of what is executed: a text, or an expression of SQLAlchemy's."""
        from sqlalchemy import TextClause
        from sqlalchemy.exc import SQLAlchemyError

        if isinstance(sql, TextClause):
            return sql.text
        try:
            compiled = sql if isinstance(sql, str) else str(sql.compile(dialect=self._dialect))
        except SQLAlchemyError:
            return ""
        return compiled if isinstance(sql, str) else single_percents(compiled, self._dialect)

    def _read_statement(self, place: str, sql: str) -> None:
        if tables := _TABLES.match(f"{sql} "):
            for table in _AROUND.sub("", tables[1]).split(","):
                self._drop_in_sql(place, table.strip())
        elif alter := _ALTER.match(f"{sql} "):
            for part in alter[2].split(","):
                if column := _COLUMN.match(part.strip()):
                    self._drop_in_sql(place, alter[1], column[1])
                elif rename := _RENAME.match(part.strip()):
                    self._rename(alter[1], rename[1] or "", rename[2])

    def _drop_in_sql(self, place: str, table: str, column: str = "") -> None:
        # With one of these in it, it is no name, but what a program puts a name into.
        self._drop(place, "" if re.search(r"[%(]", table + column) else table, column)

    def _drop(self, place: str, table: str, column: str = "", retyped: AlterColumnOp | None = None) -> None:
        drop = Drop(place)
        if table and UNKNOWN not in table + column:
            table = self._current.get((table, ""), table)
            column = self._current.get((table, column), column)
            drop = Drop(f"{table}.{column}" if column else table, table, column, retyped)
        if not (retyped and not drop.table):  # a type of something unknown: nothing says that it loses anything
            self.drops.append(drop)

    def _rename(self, table: str, column: str, to: str) -> None:
        current = self._current.get((table, ""), table)
        key = (current, to) if column else (to, "")
        self._current[key] = self._current.get((current, column), column) if column else current
