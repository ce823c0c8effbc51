"""Keeps the tables that were reflected, for the rules: nothing is asked of the database twice."""

from __future__ import annotations

from weakref import ref

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from sqlalchemy import Table

from ...sqltext import full_name
from . import add_table_comparison

# In the options of a MigrationContext: the tables, with the comparison that has reflected them, which is the last one.
# They are kept nowhere else: what listens to them leads back to the context, and would never be let go.
_KEPT = "alembic_proof_reflected"


def setup(plugin: Plugin) -> None:
    """Register what keeps them."""
    add_table_comparison(plugin, keep)


def keep(autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table) -> None:
    """Keep a reflected table: after renames it is compared again, and has its new names."""
    opts = autogen_context.migration_context.opts
    if _KEPT not in opts or opts[_KEPT][0]() is not autogen_context:
        opts[_KEPT] = ref(autogen_context), {}
    opts[_KEPT][1][full_name(reflected.name, reflected.schema)] = reflected


def reflected_tables(context: MigrationContext) -> dict[str, Table]:
    """Return the existing tables of the models as they are in the database, by their full names.

    Their columns and they themselves have the names that renames will give them.
    """
    tables: dict[str, Table] = context.opts[_KEPT][1] if _KEPT in context.opts else {}
    return tables
