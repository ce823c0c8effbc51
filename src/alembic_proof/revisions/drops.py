"""What a downgrade loses, found in its operations and in the SQL that it executes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..sqltext import full_name
from .reader import UNKNOWN
from .recorder import Step
from .statements import Renamed, effects, sql_text

if TYPE_CHECKING:
    from alembic.operations.ops import AlterColumnOp
    from sqlalchemy import Dialect


@dataclass(frozen=True)
class Drop:
    """A table, or a column of one, by the names that they have now; without a table, a line that leaves them open.

    With an operation, a column that gets another type. ``is_part`` if only some of the rows go, or if values that do
    not fit are cut, where the database would refuse them.
    """

    name: str
    table: str = ""
    column: str = ""
    retyped: AlterColumnOp | None = None
    is_part: bool = False


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
                self._read_sql(place, op.sqltext)

    def _read_sql(self, place: str, sql: Any) -> None:
        from alembic.operations.ops import AlterColumnOp

        from ..ddl.type_text import read_type

        for effect in effects(sql_text(sql, self._dialect), self._dialect):
            table, column = effect.table, effect.column
            if isinstance(effect, Renamed):
                self._rename(table, column, effect.to)
            elif effect.type_:
                using: dict[str, Any] = {"postgresql_using": effect.using} if effect.using else {}
                type_ = read_type(effect.type_, self._dialect)
                op = AlterColumnOp(table, column, modify_type=type_, **using)
                self._drop(place, table, column, op, effect.is_part)
            else:
                self._drop(place, table, column, is_part=effect.is_part)

    def _drop(
        self, place: str, table: str, column: str = "", retyped: AlterColumnOp | None = None, is_part: bool = False
    ) -> None:
        drop = Drop(place)
        if table and UNKNOWN not in table + column:
            table = self._current.get((table, ""), table)
            column = self._current.get((table, column), column)
            drop = Drop(f"{table}.{column}" if column else table, table, column, retyped, is_part)
        if not (retyped and not drop.table):  # a type of something unknown: nothing says that it loses anything
            self.drops.append(drop)

    def _rename(self, table: str, column: str, to: str) -> None:
        current = self._current.get((table, ""), table)
        key = (current, to) if column else (to, "")
        self._current[key] = self._current.get((current, column), column) if column else current
