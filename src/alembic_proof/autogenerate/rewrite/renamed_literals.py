"""What names a label of an enum of PostgreSQL that is renamed: it follows, and nothing is made anew."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    CreateIndexOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    ModifyTableOps,
)
from sqlalchemy import CheckConstraint

from ...sqltext import same_sql
from ..draft import Draft
from ..enum_types import sql_name, with_renamed_literals
from ..indexes import create_index_sql, index_of
from ..operations import EnumTypeOp, constraint_of
from ..sql import sql_of, stored_name

_DROPS = (DropIndexOp, DropConstraintOp, DropColumnOp)
_ADDITIONS = (CreateIndexOp, AddConstraintOp, AddColumnOp)


def remove_same_texts(draft: Draft, enum: EnumTypeOp) -> None:
    """Remove what makes an index, a CHECK or a computed column anew that says the same with the new names of labels."""
    name = sql_name(enum.type, draft.dialect)
    for table in draft.upgrade.ops if enum.renamed else ():
        if isinstance(table, ModifyTableOps):
            additions = {said[:2]: (op, said[2]) for op in table.ops if (said := _said(draft, op, _ADDITIONS))}
            for drop in list(table.ops):
                said = _said(draft, drop, _DROPS)
                addition, after = additions.get(said[:2], (None, "")) if said else (None, "")
                if said and addition is not None:
                    before = with_renamed_literals(said[2], name, enum.renamed)
                    if same_sql(before, after, casts=False):
                        table.ops = [op for op in table.ops if op is not drop and op is not addition]


def _said(draft: Draft, op: Any, kinds: tuple[type, ...]) -> tuple[str, str, str] | None:
    """Return the kind, the name and the SQL of an index, a CHECK or a computed column that an operation is about."""
    if not isinstance(op, kinds):
        return None
    dialect = draft.dialect
    if isinstance(op, (DropIndexOp, CreateIndexOp)):
        sql, _, where = create_index_sql(index_of(op), dialect).partition(" WHERE ")
        return "index", str(op.index_name), f"{sql} ({where})"
    if isinstance(op, (DropColumnOp, AddColumnOp)):
        column = op.to_column() if isinstance(op, DropColumnOp) else op.column
        if column.computed is None:
            return None
        type_ = dialect.type_compiler_instance.process(column.type)
        return "column", column.name, f"{type_} {column.nullable} ({sql_of(column.computed.sqltext, dialect)})"
    constraint: Any = op
    check = constraint_of(constraint)
    if not isinstance(check, CheckConstraint):
        return None
    return "check", str(stored_name(check, dialect)), sql_of(check.sqltext, dialect)
