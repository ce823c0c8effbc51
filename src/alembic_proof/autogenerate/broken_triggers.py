"""Which triggers of SQLite a revision breaks: it is tried on the names of the database, in memory and without rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    CreateTableOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from sqlalchemy import Column, Connection, text

from ..dialects.sqlite import broken
from .operations import RenameColumnOp, RenameTableBothWaysOp

_OBJECTS = text("""
SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%'
ESCAPE '\\' ORDER BY type = 'trigger', type = 'view'
""")


def broken_triggers(connection: Connection, operations: OpContainer) -> dict[str, str]:
    """Return what SQLite will say of each trigger that works now, and will not after the operations."""
    objects = connection.execute(_OBJECTS).all()
    if sqlite3.sqlite_version_info < (3, 35) or not any(kind == "trigger" for kind, _, _ in objects):
        return {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:

        def send(sql: str) -> list[Any]:
            return memory.execute(sql.replace("%%", "%")).fetchall()

        for kind, name, sql in objects:
            with suppress(sqlite3.Error):  # what a table is made of does not count, but its columns
                columns = connection.exec_driver_sql(f"PRAGMA table_xinfo({_quoted(name)})")
                names = ", ".join(_quoted(row[1]) for row in columns)
                memory.execute(f"CREATE TABLE {_quoted(name)} ({names})" if kind == "table" else sql)
        for place, error in broken(send, sqlite3.Error).items():
            if error:
                kind, name = place.split(" ", 2)[1:]
                memory.execute(f"DROP {kind} {_quoted(name)}")
        found = {}
        for statement in _statements(operations):
            try:
                memory.execute(statement)
            except sqlite3.Error as refusal:
                if str(refusal).startswith("error in trigger "):
                    name, _, reason = str(refusal).removeprefix("error in trigger ").partition(": ")
                    found[name.removesuffix(" after drop column").removesuffix(" after rename")] = reason
        for place, error in broken(send, sqlite3.Error).items():
            if error and place.startswith("the trigger "):
                found.setdefault(place.removeprefix("the trigger "), error)
        return found


def _statements(operations: OpContainer) -> Iterator[str]:
    """Yield what happens to the names of tables and columns."""
    for op in operations.ops:
        if isinstance(op, ModifyTableOps) and op.schema is None:
            added = {each.column.name for each in op.ops if isinstance(each, AddColumnOp)}
            for each in op.ops:
                if not (isinstance(each, DropColumnOp) and each.column_name in added):
                    yield from _statement(each)
        else:
            yield from _statement(op)


def _statement(op: MigrateOperation) -> Iterator[str]:
    if getattr(op, "schema", None) is not None:
        return
    if isinstance(op, CreateTableOp):
        names = ", ".join(_quoted(each.name) for each in op.columns if isinstance(each, Column))
        yield f"CREATE TABLE {_quoted(op.table_name)} ({names})"
    elif isinstance(op, DropTableOp):
        yield f"DROP TABLE {_quoted(op.table_name)}"
    elif isinstance(op, RenameTableBothWaysOp):
        yield f"ALTER TABLE {_quoted(op.table_name)} RENAME TO {_quoted(op.new_table_name)}"
    elif isinstance(op, RenameColumnOp):
        names = f"{_quoted(op.column_name)} TO {_quoted(str(op.modify_name))}"
        yield f"ALTER TABLE {_quoted(op.table_name)} RENAME COLUMN {names}"
    elif isinstance(op, AddColumnOp):
        yield f"ALTER TABLE {_quoted(op.table_name)} ADD COLUMN {_quoted(op.column.name)}"
    elif isinstance(op, DropColumnOp):
        yield f"ALTER TABLE {_quoted(op.table_name)} DROP COLUMN {_quoted(op.column_name)}"


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
