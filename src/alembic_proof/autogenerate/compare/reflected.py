"""Keeps the tables that were reflected, for the rules: nothing is asked of the database twice."""

from __future__ import annotations

from weakref import WeakKeyDictionary, ref

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from sqlalchemy import Table

from ...sqltext import full_name
from . import add_table_comparison

# With the comparison that has reflected them, which is the last one.
_kept: WeakKeyDictionary[MigrationContext, tuple[ref[AutogenContext], dict[str, Table]]] = WeakKeyDictionary()


def setup(plugin: Plugin) -> None:
    """Register what keeps them."""
    add_table_comparison(plugin, keep)


def keep(autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table) -> None:
    """Keep a reflected table: after renames it is compared again, and has its new names."""
    context = autogen_context.migration_context
    if context not in _kept or _kept[context][0]() is not autogen_context:
        _kept[context] = ref(autogen_context), {}
    _kept[context][1][full_name(reflected.name, reflected.schema)] = reflected


def reflected_tables(context: MigrationContext) -> dict[str, Table]:
    """Return the existing tables of the models as they are in the database, by their full names.

    Their columns and they themselves have the names that renames will give them.
    """
    return _kept[context][1] if context in _kept else {}
