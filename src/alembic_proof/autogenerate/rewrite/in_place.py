"""Rule: a constraint or an index that has only another name is renamed, and nothing is made anew."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import (
    AddConstraintOp,
    CreateIndexOp,
    DropConstraintOp,
    DropIndexOp,
    ModifyTableOps,
)
from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from ...sqltext import same_sql
from ..draft import Draft
from ..indexes import index_of
from ..operations import RenameInPlaceOp, constraint_of
from ..sql import column_names, sql_of, stored_name

_OPTIONS = ("deferrable", "initially", "ondelete", "onupdate", "match")


def in_place(draft: Draft) -> None:
    """Replace, in both directions, the drop of something and its addition under another name by its new name."""
    if draft.kind == "sqlite":
        return
    for operations in (draft.upgrade, draft.downgrade):
        for table in operations.ops:
            if isinstance(table, ModifyTableOps):
                _rename_pairs(draft, table)


def _rename_pairs(draft: Draft, table: ModifyTableOps) -> None:
    drops: list[Any] = [op for op in table.ops if isinstance(op, (DropConstraintOp, DropIndexOp))]
    additions: list[Any] = [op for op in table.ops if isinstance(op, (AddConstraintOp, CreateIndexOp))]
    if not drops or not additions:
        return
    dialect = draft.dialect
    items = {id(op): _item(op) for op in (*drops, *additions)}
    dropped = {stored_name(item, dialect) for op in drops if (item := items[id(op)]) is not None}
    for drop in drops:
        old = items[id(drop)]
        for addition in additions:
            new = items[id(addition)]
            if old is None or new is None or not _can_be_renamed(draft, old) or not _is_same(draft, old, new):
                continue
            names = stored_name(old, dialect), stored_name(new, dialect)
            if None in names or names[0] == names[1] or names[1] in dropped:
                continue
            kind = "INDEX" if isinstance(old, Index) or draft.kind == "mysql" else "CONSTRAINT"
            renaming = RenameInPlaceOp(kind, table.table_name, table.schema, str(names[0]), str(names[1]))
            table.ops[table.ops.index(drop)] = renaming
            table.ops.remove(addition)
            additions.remove(addition)
            break


def _item(op: Any) -> Any:
    return index_of(op) if isinstance(op, (DropIndexOp, CreateIndexOp)) else constraint_of(op)


def _can_be_renamed(draft: Draft, item: Constraint | Index) -> bool:
    """Tell whether the database can give something another name: MariaDB from 10.5.2 and MySQL from 5.7 an index."""
    if draft.kind == "postgresql":
        return True
    dialect: Any = draft.dialect
    version = dialect.server_version_info or (0,)
    return isinstance(item, (Index, UniqueConstraint)) and version >= ((10, 5, 2) if dialect.is_mariadb else (5, 7))


def _is_same(draft: Draft, old: Any, new: Any) -> bool:
    """Tell whether two constraints or indexes differ in nothing but their names."""
    indexes = (Index, UniqueConstraint)
    if draft.kind == "mysql" and isinstance(old, indexes) and isinstance(new, indexes):
        return bool(_index_on_mysql(old) == _index_on_mysql(new))
    if type(old) is not type(new) or _kwargs(old) != _kwargs(new) or isinstance(old, ExcludeConstraint):
        return False
    if isinstance(old, CheckConstraint):
        before, after = (sql_of(each.sqltext, draft.dialect) for each in (old, new))
        return same_sql(before, after, draft.dialect.name, casts=False)
    if isinstance(old, Index):
        return old.unique == new.unique and _plain_columns(old) == _plain_columns(new) is not None
    if any(getattr(old, name, None) != getattr(new, name, None) for name in _OPTIONS):
        return False
    if isinstance(old, ForeignKeyConstraint):
        return _references(draft, old) == _references(draft, new)
    return column_names(old) == column_names(new)


def _index_on_mysql(item: Index | UniqueConstraint) -> Any:
    if isinstance(item, UniqueConstraint):
        return True, column_names(item), {}
    columns = _plain_columns(item)
    return object() if columns is None else (bool(item.unique), columns, _kwargs(item))


def _plain_columns(index: Index) -> list[str] | None:
    """Return the columns of an index; None if it has something else, or a WHERE."""
    plain = [expression.name for expression in index.expressions if isinstance(expression, Column)]
    has_where = any(name.endswith("_where") and value is not None for name, value in index.kwargs.items())
    return None if has_where or len(plain) < len(list(index.expressions)) else plain


def _kwargs(item: Any) -> dict[str, Any]:
    """Return the options of a dialect that say something."""
    said = {name: value for name, value in item.kwargs.items() if value is not None and value is not False}
    return {name: str(value) for name, value in said.items() if not isinstance(value, (list, dict)) or value}


def _references(draft: Draft, key: ForeignKeyConstraint) -> list[tuple[str, str]]:
    prefix = f"{draft.dialect.default_schema_name}."
    return [(each.parent.name, each.target_fullname.removeprefix(prefix)) for each in key.elements]
