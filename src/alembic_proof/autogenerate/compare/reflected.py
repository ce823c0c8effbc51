"""Keeps the tables that were reflected, for the rules: nothing is asked of the database twice."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from sqlalchemy import Table

from ...sqltext import full_name
from . import add_table_comparison

_kept: WeakKeyDictionary[MigrationContext, dict[str, Table]] = WeakKeyDictionary()


def setup(plugin: Plugin) -> None:
    """Register what keeps them."""
    add_table_comparison(plugin, keep)


def keep(autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table) -> None:
    """Keep a reflected table: after renames it is compared again, and has its new names."""
    tables = _kept.setdefault(autogen_context.migration_context, {})
    tables[full_name(reflected.name, reflected.schema)] = reflected


def reflected_tables(context: MigrationContext) -> dict[str, Table]:
    """Return the existing tables of the models as they are in the database, by their full names.

    Their columns and they themselves have the names that renames will give them.
    """
    return _kept.get(context, {})
