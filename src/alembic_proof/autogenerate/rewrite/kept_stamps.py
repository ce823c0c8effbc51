"""Rule: rows that a revision gives other values keep the time at which somebody changed them."""

from __future__ import annotations

import re
from types import NoneType
from typing import Any

from sqlalchemy import Dialect, Table

from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft, each_operation
from ..operations import UpdateOp
from ..sql import sql_of


def kept_stamps(draft: Draft) -> None:
    """Let each UPDATE set what MariaDB and MySQL would set ON UPDATE to what it is."""
    if draft.kind != "mysql":
        return
    for operations in (draft.upgrade, draft.downgrade):
        for op in each_operation(operations):
            if isinstance(op, UpdateOp):
                name = full_name(op.table, op.schema)
                reflected, model = reflected_tables(draft.context).get(name), draft.tables.get(name)
                if reflected is not None and model is not None:
                    stamps = {each for table in (reflected, model) for each in _stamps(table, draft.dialect)}
                    names = {column.name for column in model.columns}
                    op.kept = tuple(each.name for each in reflected.columns if each.name in stamps & names)


def _stamps(table: Table, dialect: Dialect) -> list[str]:
    """Return the columns that the database sets when a row changes: now, or from a default on that comes before."""
    defaults: dict[str, Any] = {column.name: getattr(column.server_default, "arg", None) for column in table.columns}
    texts = {name: sql_of(each, dialect) for name, each in defaults.items() if not isinstance(each, (str, NoneType))}
    return [name for name, text in texts.items() if re.search(r"\bON UPDATE\b", text, re.IGNORECASE)]
