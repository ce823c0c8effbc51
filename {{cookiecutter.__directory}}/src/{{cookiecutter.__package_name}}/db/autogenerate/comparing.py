"""How the plug-ins compare a table that is both in the database and in the models."""

from collections.abc import Callable
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Table

Comparison = Callable[[AutogenContext, ModifyTableOps, Table, Table], None]


def compare_tables(plugin: str, compare: Comparison, *dialects: str) -> None:
    """Let a plug-in compare tables as they are with the models', after Alembic; on all databases, if none is named."""

    def comparator(
        autogen_context: AutogenContext,
        operations: ModifyTableOps,
        schema: str | None,
        name: str,
        inspected: Table | None,
        model: Table | None,
    ) -> Any:
        if inspected is not None and model is not None and autogen_context.dialect.name in (dialects or _ALL):
            compare(autogen_context, operations, inspected, model)
        return PriorityDispatchResult.CONTINUE

    Plugin(plugin).add_autogenerate_comparator(comparator, "table", plugin, priority=DispatchPriority.LAST)


_ALL = ("sqlite", "postgresql", "mysql", "mariadb")
