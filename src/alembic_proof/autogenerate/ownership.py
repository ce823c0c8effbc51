"""Which tables of a database are the project's own: those of its models and of its revisions. Others are left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from ..revisions import reader

TableKey = tuple["str | None", str]  # a schema, None for the default one, and a table


def include_object(script: ScriptDirectory) -> Callable[..., bool]:
    """Return a hook that leaves out a table in the database if no model has it and no revision creates it."""

    def include(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        is_removed = type_ == "table" and reflected and compare_to is None
        return not is_removed or (obj.schema, name) in tables_of_revisions(script)

    return include


def include_name(script: ScriptDirectory, metadata: Iterable[MetaData]) -> Callable[..., bool]:
    """Return a hook that leaves out a schema if no model has a table in it and no revision creates one."""
    of_models = {table.schema for each in metadata for table in each.tables.values()}

    def include(name: str | None, type_: str, parents: Any) -> bool:
        if type_ != "schema" or name is None or name in of_models:
            return True
        return name in {schema for schema, _ in tables_of_revisions(script)}

    return include


@cache
def tables_of_revisions(script: ScriptDirectory) -> set[TableKey]:
    """Return the tables that the revisions create, or to which they rename others."""
    tables: set[TableKey] = set()
    for revision in script.walk_revisions():
        tables |= reader.created_tables(Path(revision.path))
    return tables
