"""Rule: a JSON column of MariaDB stays one: it is a LONGTEXT with a CHECK, which a change of the column would lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateTableOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    RenameTableOp,
)
from sqlalchemy import JSON, Column, text
from sqlalchemy.dialects.mysql import LONGTEXT

from ...sqltext import full_name
from ..draft import Draft, each_operation

_QUERY = text("""
SELECT table_name, constraint_name FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE() AND level = 'Column' AND check_clause LIKE 'json_valid(%'
""")

Name = tuple[str, str]
Place = tuple[Name, Callable[[], None]]


def json_columns(draft: Draft) -> None:
    """Let the revision say JSON where LONGTEXT was reflected of such a column.

    The names are followed from the database on: through the upgrade, and back from the end of the downgrade.
    """
    if draft.kind != "mysql" or draft.context.connection is None or not getattr(draft.dialect, "is_mariadb", False):
        return
    directions = ([*each_operation(draft.upgrade)], False), ([*each_operation(draft.downgrade)][::-1], True)
    if not any([*_places(op, is_undone)] for operations, is_undone in directions for op in operations):
        return
    found: set[Name] = {(table, column) for table, column in draft.context.connection.execute(_QUERY)}
    for operations, is_undone in directions:
        names = found
        for op in operations:
            for name, say_json in _places(op, is_undone):
                if name in names:
                    say_json()
            names = {_moved(name, op, is_undone) for name in names if not _is_gone(name, op)}


def _places(op: MigrateOperation, is_undone: bool) -> Iterator[Place]:
    """Yield the columns that an operation finds as LONGTEXT, or brings back as it, and what makes each JSON."""
    if isinstance(op, AlterColumnOp):
        attribute = "modify_type" if is_undone and op.modify_type is not None else "existing_type"
        if isinstance(getattr(op, attribute), LONGTEXT):
            column = op.modify_name if is_undone and op.modify_name else op.column_name
            yield (full_name(op.table_name, op.schema), column), _setting(op, attribute)
    elif is_undone and isinstance(op, AddColumnOp | CreateTableOp):
        for item in [op.column] if isinstance(op, AddColumnOp) else op.columns:
            if isinstance(item, Column) and isinstance(item.type, LONGTEXT):
                yield (full_name(op.table_name, op.schema), item.name), _setting(item, "type")


def _moved(name: Name, op: MigrateOperation, is_undone: bool) -> Name:
    """Return the name of a column after an operation, or before it."""
    table, column = name
    if isinstance(op, RenameTableOp):
        old, new = (full_name(other, op.schema) for other in (op.table_name, op.new_table_name))
        old, new = (new, old) if is_undone else (old, new)
        return (new if table == old else table), column
    if isinstance(op, AlterColumnOp) and op.modify_name and table == full_name(op.table_name, op.schema):
        old, new = (op.modify_name, op.column_name) if is_undone else (op.column_name, op.modify_name)
        return table, (new if column == old else column)
    return name


def _is_gone(name: Name, op: MigrateOperation) -> bool:
    """Tell whether an operation drops the column, or, read from the end, brings it back."""
    if isinstance(op, DropTableOp | CreateTableOp):
        return name[0] == full_name(op.table_name, op.schema)
    if isinstance(op, DropColumnOp | AddColumnOp):
        column = op.column.name if isinstance(op, AddColumnOp) else op.column_name
        return name == (full_name(op.table_name, op.schema), column)
    return False


def _setting(owner: object, name: str) -> Callable[[], None]:
    return lambda: setattr(owner, name, JSON())
