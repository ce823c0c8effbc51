"""EXCLUDE constraints of PostgreSQL, which SQLAlchemy does not read and Alembic does not compare.

They are told apart by their names: the texts of two may differ and mean the same.
"""

from __future__ import annotations

import re
from typing import Any
from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AddConstraintOp, DropConstraintOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from ...sqltext import between_parentheses, single_percents
from ..renamed_inspector import RenamedInspector
from ..sql import stored_name
from . import add_table_comparison

_CONSTRAINTS = """
SELECT CASE WHEN nspname = current_schema() THEN NULL ELSE nspname END, relname, conname,
    pg_get_constraintdef(x.oid), condeferrable, condeferred
FROM pg_constraint x JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE contype = 'x' AND nspname !~ '^(pg_|information_schema)'
"""
_found: WeakKeyDictionary[AutogenContext, list[Any]] = WeakKeyDictionary()  # of all tables at once
_PARTS = re.compile(r"EXCLUDE USING (\w+) (\(.*?\))(?: WHERE \((.*)\))?(?: DEFERRABLE.*)?$", re.DOTALL)
_ELEMENT = re.compile(r"(.*) WITH (\S+)", re.DOTALL)


def setup(plugin: Plugin) -> None:
    """Register it, also for tables that are removed."""
    add_table_comparison(plugin, compare_exclusions, ("postgresql",), removed=True)


def compare_exclusions(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table | None
) -> None:
    """Give a reflected table its EXCLUDE constraints; drop and add those that the model has not, or has besides."""
    _add_exclusions(autogen_context, reflected)
    if model is None:
        return
    dialect = autogen_context.dialect
    before, after = ({stored_name(each, dialect): each for each in _exclusions(table)} for table in (reflected, model))
    if None not in after:  # else the database has chosen its name
        operations.ops += [DropConstraintOp.from_constraint(before[name]) for name in before.keys() - after.keys()]
        operations.ops += [AddConstraintOp.from_constraint(after[name]) for name in after.keys() - before.keys()]


def _exclusions(table: Table) -> list[ExcludeConstraint]:
    return [constraint for constraint in table.constraints if isinstance(constraint, ExcludeConstraint)]


def _add_exclusions(autogen_context: AutogenContext, reflected: Table) -> None:
    connection: Any = autogen_context.connection
    inspector: Any = autogen_context.inspector
    new_names = inspector.new_names if isinstance(inspector, RenamedInspector) else None
    name = new_names.old_table(reflected.schema, reflected.name) if new_names else reflected.name
    if autogen_context not in _found:
        _found[autogen_context] = connection.execute(text(_CONSTRAINTS)).all()
    found = [row[2:] for row in _found[autogen_context] if tuple(row[:2]) == (reflected.schema, name)]
    dialect: Any = autogen_context.dialect
    quote = dialect.identifier_preparer.quote
    columns = {single_percents(quote(column.name), dialect): column for column in reflected.columns}
    for constraint, sql, deferrable, deferred in found:
        if new_names:
            sql = new_names.in_sql(new_names.columns.get((reflected.schema, reflected.name), {}), sql)
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
