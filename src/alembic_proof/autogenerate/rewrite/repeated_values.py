"""Rule: a downgrade says where it may fail, as the values that it makes up are the same in all rows."""

from __future__ import annotations

from alembic.operations.ops import CreateIndexOp, CreateUniqueConstraintOp, MigrateOperation, ModifyTableOps

from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..indexes import index_of
from ..operations import RemarkedOp
from .fills import keys_of


def repeated_values(draft: Draft) -> None:
    """Put a comment before each UNIQUE of several columns of which the downgrade fills one that was dropped.

    One of such a column alone is not filled: see fills.py.
    """
    for operations in (draft.downgrade, *(op for op in draft.downgrade.ops if isinstance(op, ModifyTableOps))):
        operations.ops = [RemarkedOp(op, remark) if (remark := _remark(draft, op)) else op for op in operations.ops]


def _remark(draft: Draft, op: MigrateOperation) -> str:
    if isinstance(op, CreateUniqueConstraintOp):
        names = list(map(str, op.columns))
    elif isinstance(op, CreateIndexOp) and op.unique:
        names = [column.name for column in index_of(op).columns]
    else:
        return ""
    name = full_name(op.table_name, op.schema)
    reflected, model = reflected_tables(draft.context).get(name), draft.tables.get(name)
    if reflected is None or model is None:
        return ""
    kept = {column.name for column in model.columns}
    columns = [reflected.columns[each] for each in names if each in reflected.columns and each not in kept]
    filled = [column.name for column in columns if not column.nullable and column.server_default is None]
    rest = [each for each in names if each in kept]
    if len(names) < 2 or not filled or any(key <= {*rest} for key in keys_of(model)):
        return ""
    alike = f"rows of {name} have the same {' and '.join(rest)}" if rest else f"{name} has several rows"
    return f"This fails where {alike}: give each its own {' or '.join(filled)} first."
