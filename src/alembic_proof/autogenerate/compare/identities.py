"""Identities: Alembic does not see that an option is back at its usual value."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, DefaultClause, Identity

from ..numbering import options


def setup(plugin: Plugin) -> None:
    """Register the comparison, before Alembic's own."""
    plugin.add_autogenerate_comparator(
        compare_identity, "column", "server_default", qualifier="postgresql", priority=DispatchPriority.FIRST
    )


def compare_identity(
    autogen_context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    reflected: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    """Compare two identities by what their options come to, and an identity with another default."""
    before, after = reflected.server_default, model.server_default
    if {type(before), type(after)} == {Identity, DefaultClause}:  # which Alembic does not expect
        change.existing_server_default, change.modify_server_default = before, after
        return PriorityDispatchResult.STOP
    if not (isinstance(before, Identity) and isinstance(after, Identity)):
        return PriorityDispatchResult.CONTINUE
    dialect = autogen_context.dialect
    if options(before, reflected.type, dialect) != options(after, model.type, dialect):
        change.existing_server_default, change.modify_server_default = before, after
    return PriorityDispatchResult.STOP
