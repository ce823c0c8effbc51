"""Tables that the models have in another schema: their rows could be kept, and a revision written now drops them."""

from __future__ import annotations

from alembic.operations.ops import CreateTableOp, DropTableOp
from alembic.util import CommandError
from sqlalchemy import Table

from ...sqltext import full_name
from ..draft import Draft
from ..operations import EnumTypeOp
from ..sql import quoted_name


def require_not_moved(draft: Draft) -> None:
    """Raise CommandError where tables are dropped that are created in another schema, unless somebody means it.

    It tells the statements that move them, and their enum types.
    """
    if draft.kind != "postgresql":  # elsewhere a schema is another database
        return
    moved = [(old, new) for old, new in _moved(draft) if not _is_meant(draft, full_name(old.name, old.schema))]
    if not moved:
        return
    olds, news = (", ".join(full_name(pair[side].name, pair[side].schema) for pair in moved) for side in (0, 1))
    schemas = dict.fromkeys(quoted_name(str(new.schema), draft.dialect) for _, new in moved if new.schema)
    statements = [f"CREATE SCHEMA IF NOT EXISTS {schema}" for schema in schemas]
    for old, new in moved:
        statements.append(_move(draft, "TABLE", str(old.name), old.schema, new.schema))
    statements += _types(draft)
    answers = " ".join(f"-x allow-drop={full_name(old.name, old.schema)}" for old, _ in moved)
    raise CommandError(
        f"The models have {news}, and the database {olds}, with the same columns: a revision written now would drop "
        "them with their rows, and create others. To keep the rows, write a revision by hand first, with op.execute() "
        f"of each of these: {'; '.join(statements)}. If they are other tables, say {answers}. Nothing was written."
    )


def _moved(draft: Draft) -> list[tuple[Table, Table]]:
    """Return the tables that are dropped, with those of the same name and columns that are created."""
    created = {_likeness(op): op.to_table() for op in draft.upgrade.ops if isinstance(op, CreateTableOp)}
    dropped = [op for op in draft.upgrade.ops if isinstance(op, DropTableOp) and _likeness(op) in created]
    in_order = sorted(dropped, key=lambda op: full_name(op.table_name, op.schema))
    return [(op.to_table(), created[_likeness(op)]) for op in in_order]


def _likeness(op: CreateTableOp | DropTableOp) -> tuple[str, frozenset[str]]:
    return op.table_name, frozenset(column.name for column in op.to_table().columns)


def _is_meant(draft: Draft, name: str) -> bool:
    return draft.answers.no_rename(name) or draft.answers.allow_drop(name)


def _types(draft: Draft) -> list[str]:
    """Return what moves the enum types that are dropped, and created in another schema."""
    enums = [op for op in draft.upgrade.ops if isinstance(op, EnumTypeOp)]
    created = {op.type.name: op.type.schema for op in enums if not op.labels_before}
    dropped = [op.type for op in enums if not op.labels_after and op.type.name in created]
    return [_move(draft, "TYPE", str(type_.name), type_.schema, created[type_.name]) for type_ in dropped]


def _move(draft: Draft, kind: str, name: str, old: str | None, new: str | None) -> str:
    schema = quoted_name(new or draft.dialect.default_schema_name or "public", draft.dialect)
    return f"ALTER {kind} {quoted_name(name, draft.dialect, old)} SET SCHEMA {schema}"
