"""EXCLUDE constraints of PostgreSQL, which SQLAlchemy does not read: a removed table comes back with its own."""

from __future__ import annotations

import re
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from ...sqltext import between_parentheses, single_percents
from ..renamed_inspector import RenamedInspector
from . import add_table_comparison

_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(x.oid), condeferrable, condeferred
FROM pg_constraint x JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE contype = 'x' AND relname = :name
AND (nspname = CAST(:schema AS text) OR (CAST(:schema AS text) IS NULL AND pg_table_is_visible(c.oid)))
"""
_PARTS = re.compile(r"EXCLUDE USING (\w+) (\(.*?\))(?: WHERE \((.*)\))?(?: DEFERRABLE.*)?$", re.DOTALL)
_ELEMENT = re.compile(r"(.*) WITH (\S+)", re.DOTALL)


def setup(plugin: Plugin) -> None:
    """Register it, for tables that are removed."""
    add_table_comparison(plugin, add_exclusions, ("postgresql",), removed=True)


def add_exclusions(autogen_context: AutogenContext, _: ModifyTableOps, reflected: Table, model: Any) -> None:
    """Give a reflected table that is removed its EXCLUDE constraints."""
    if model is not None:
        return
    connection: Any = autogen_context.connection
    inspector: Any = autogen_context.inspector
    is_renamed = isinstance(inspector, RenamedInspector)
    name = inspector.new_names.old_table(reflected.schema, reflected.name) if is_renamed else reflected.name
    dialect: Any = autogen_context.dialect
    quote = dialect.identifier_preparer.quote
    columns = {single_percents(quote(column.name), dialect): column for column in reflected.columns}
    found = connection.execute(text(_CONSTRAINTS), {"name": name, "schema": reflected.schema}).all()
    for constraint, sql, deferrable, deferred in found:
        parts: Any = _PARTS.match(sql)
        elements: list[Any] = []
        for element in between_parentheses(sql):
            what, operator = _ELEMENT.fullmatch(element.strip()).groups()  # type: ignore[union-attr]
            elements.append((columns.get(what, text(what)), operator))
        options: dict[str, Any] = {"deferrable": True} if deferrable else {}
        if deferrable:
            options["initially"] = "DEFERRED" if deferred else "IMMEDIATE"
        options |= {"using": parts[1], "where": None if parts[3] is None else text(parts[3]), "name": constraint}
        reflected.append_constraint(ExcludeConstraint(*elements, **options))
