"""Rule: a JSON column of MariaDB stays one: it is a LONGTEXT with a CHECK, which a change of the column would lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alembic.operations.ops import AddColumnOp, AlterColumnOp, CreateTableOp, OpContainer
from sqlalchemy import JSON, Column, text
from sqlalchemy.dialects.mysql import LONGTEXT

from ...sqltext import full_name
from ..draft import Draft, each_operation
from .renamed_names import old_columns, old_tables

_QUERY = text("""
SELECT table_name, constraint_name FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE() AND level = 'Column' AND check_clause LIKE 'json_valid(%'
""")


def json_columns(draft: Draft) -> None:
    """Let the revision say JSON where LONGTEXT was reflected of such a column."""
    if draft.kind != "mysql" or draft.context.connection is None or not getattr(draft.dialect, "is_mariadb", False):
        return
    places = [*_places(draft.upgrade, reversed_=False), *_places(draft.downgrade, reversed_=True)]
    if not places:
        return
    found = {(table, column) for table, column in draft.context.connection.execute(_QUERY)}
    tables = {old: new for (_, new), old in old_tables(draft.upgrade.ops).items()}
    columns = {(table, old): new for (_, table, new), old in old_columns(draft.upgrade.ops).items()}
    names = {(tables.get(table, table), column) for table, column in found}
    names |= {(table, columns.get((table, column), column)) for table, column in names}
    for table, column, change in places:
        if (table, column) in names:
            change()


Place = tuple[str, str, Callable[[], None]]


def _places(operations: OpContainer, reversed_: bool) -> Iterator[Place]:
    """Yield the table and the column of each reflected LONGTEXT, and what makes it JSON."""
    for op in each_operation(operations):
        if isinstance(op, AlterColumnOp):
            name = "modify_type" if reversed_ and op.modify_type is not None else "existing_type"
            if isinstance(getattr(op, name), LONGTEXT):
                yield full_name(op.table_name, op.schema), op.column_name, _setting(op, name)
        elif isinstance(op, AddColumnOp) and isinstance(op.column.type, LONGTEXT):
            yield full_name(op.table_name, op.schema), op.column.name, _setting(op.column, "type")
        elif isinstance(op, CreateTableOp):
            for column in op.columns:
                if isinstance(column, Column) and isinstance(column.type, LONGTEXT):
                    yield full_name(op.table_name, op.schema), column.name, _setting(column, "type")


def _setting(owner: object, name: str) -> Callable[[], None]:
    return lambda: setattr(owner, name, JSON())
