"""What autogenerate compares in addition to Alembic: one plug-in a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Table

TableComparison = Callable[[AutogenContext, ModifyTableOps, Table, Any], None]


def add_table_comparison(
    plugin: Plugin, compare: TableComparison, dialects: tuple[str, ...] = ("default",), removed: bool = False
) -> None:
    """Let a plug-in compare each table of the models that exists in the database, after Alembic.

    ``compare`` gets the reflected table and that of the models; on request also one that is removed, and None. Without
    dialects, it does so on all of them.
    """

    def comparator(
        autogen_context: AutogenContext,
        operations: ModifyTableOps,
        schema: str | None,
        name: str,
        reflected: Table | None,
        model: Table | None,
    ) -> Any:
        if reflected is not None and (removed or model is not None):
            compare(autogen_context, operations, reflected, model)
        return PriorityDispatchResult.CONTINUE

    for dialect in dialects:
        plugin.add_autogenerate_comparator(
            comparator, "table", plugin.name, qualifier=dialect, priority=DispatchPriority.LAST
        )
