"""Which tables of a database are the project's own: those of its models and of its revisions. Others are left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from alembic.operations.ops import CreateTableOp, ExecuteSQLOp, RenameTableOp
from alembic.script import ScriptDirectory
from sqlalchemy import Dialect, MetaData

from ..revisions.actions import actions
from ..revisions.reader import UNKNOWN
from ..revisions.statements import Renamed, effects, sql_text

TableKey = tuple["str | None", str]  # a schema, None for the default one, and a table


def include_object(script: ScriptDirectory, dialect: Dialect) -> Callable[..., bool]:
    """Return a hook that leaves out a table in the database if no model has it and no revision creates it."""

    def include(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        is_removed = type_ == "table" and reflected and compare_to is None
        return not is_removed or (obj.schema, name) in tables_of_revisions(script, dialect)

    return include


def include_name(script: ScriptDirectory, dialect: Dialect, metadata: Iterable[MetaData]) -> Callable[..., bool]:
    """Return a hook that leaves out a schema if no model has a table in it and no revision creates one."""
    of_models = {table.schema for each in metadata for table in each.tables.values()}

    def include(name: str | None, type_: str, parents: Any) -> bool:
        if type_ != "schema" or name is None or name in of_models:
            return True
        return name in {schema for schema, _ in tables_of_revisions(script, dialect)}

    return include


def tables_of_revisions(script: ScriptDirectory, dialect: Dialect) -> set[TableKey]:
    """Return the tables that the revisions create, or to which they rename others, as reflection has them.

    That is with None for the schema that is the connection's default one, whatever it is called.
    """
    default = dialect.default_schema_name  # which a project's env.py may set together with its search_path
    return {(None if schema == default else schema, name) for schema, name in _created(script, dialect)}


@cache
def _created(script: ScriptDirectory, dialect: Dialect) -> set[TableKey]:
    tables: set[TableKey] = set()
    for revision in script.walk_revisions():
        for op in (step.op for step in actions(revision, "upgrade", dialect)):
            if isinstance(op, (CreateTableOp, RenameTableOp)):
                name = op.table_name if isinstance(op, CreateTableOp) else op.new_table_name
                if UNKNOWN not in (name, op.schema):
                    tables.add((op.schema, name))
            elif isinstance(op, ExecuteSQLOp):
                tables |= _renamed(sql_text(op.sqltext, dialect), dialect)
    return tables


def _renamed(sql: str, dialect: Dialect) -> set[TableKey]:
    """Return the names that SQL gives to tables, which it may move into another schema."""
    if not re.search(r"\b(RENAME|SCHEMA)\b", sql, re.IGNORECASE):
        return set()
    names = [each.to for each in effects(sql, dialect) if isinstance(each, Renamed) and not each.column]
    parts = [name.rpartition(".") for name in names if UNKNOWN not in name]
    return {(schema or None, name) for schema, _, name in parts}
