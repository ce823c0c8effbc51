"""Primary keys, and the names and the MATCH of foreign keys, which Alembic does not compare."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddConstraintOp,
    CreateForeignKeyOp,
    CreateUniqueConstraintOp,
    DropConstraintOp,
    ModifyTableOps,
)
from alembic.runtime.plugins import Plugin
from sqlalchemy import Constraint, Dialect, ForeignKeyConstraint, PrimaryKeyConstraint, Table

from ..operations import ChangePrimaryKeyOp
from ..sql import column_names, stored_name
from . import add_table_comparison
from .postgresql_details import details, read_validity

_ACTIONS = ("ondelete", "onupdate", "deferrable", "initially")


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_keys)


def compare_keys(autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table) -> None:
    """Add what the primary key, and the names of the foreign keys, need."""
    dialect = autogen_context.dialect
    old, new = reflected.primary_key, model.primary_key
    if column_names(old) != column_names(new) or _has_another_name(dialect, old, new):
        operations.ops.append(ChangePrimaryKeyOp(old, new, operations.schema))
    elif dialect.name == "postgresql":
        _remove_unique_of_primary_key(operations, new)
    if dialect.name == "postgresql":
        _read_matches(autogen_context, operations, reflected)
    _remove_same_foreign_keys(dialect.default_schema_name, operations)
    _rename_foreign_keys(dialect, operations, reflected, model)


def _remove_unique_of_primary_key(operations: ModifyTableOps, key: PrimaryKeyConstraint) -> None:
    """Remove the UNIQUE of what is the primary key already: PostgreSQL folds it into the key when it makes a table."""
    columns = set(column_names(key))
    operations.ops[:] = [
        op for op in operations.ops if not (isinstance(op, CreateUniqueConstraintOp) and set(op.columns) == columns)
    ]


def _read_matches(autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table) -> None:
    """Let the foreign keys of a reflected table say that they are MATCH FULL or NOT VALID: Alembic reads neither.

    What drops them says so, too, as a downgrade adds them again.
    """
    read_validity(autogen_context, reflected)
    names = {detail.name for detail in details(autogen_context, reflected, "f")}
    found = {}
    for key in reflected.foreign_key_constraints:
        if key.name in names:
            key.match = "FULL"
        if key.match or key.dialect_kwargs:
            found[key.name] = key
    for at, op in enumerate(operations.ops):
        if isinstance(op, DropConstraintOp) and op.constraint_type == "foreignkey" and op.constraint_name in found:
            operations.ops[at] = DropConstraintOp.from_constraint(found[op.constraint_name])


def _rename_foreign_keys(dialect: Dialect, operations: ModifyTableOps, reflected: Table, model: Table) -> None:
    """Drop and add the foreign keys that have another name, or MATCH, and are otherwise the same."""
    default = dialect.default_schema_name
    existing = {_references(key, default): key for key in reflected.foreign_key_constraints}
    dropped = {op.constraint_name for op in operations.ops if isinstance(op, DropConstraintOp)}
    for key in model.foreign_key_constraints:
        old = existing.get(_references(key, default))
        if old is None or old.name in dropped:
            continue
        if _has_another_name(dialect, old, key) or (dialect.name == "postgresql" and _match(old) != _match(key)):
            operations.ops.append(DropConstraintOp.from_constraint(old))
            operations.ops.append(AddConstraintOp.from_constraint(key))


def _remove_same_foreign_keys(default: str | None, operations: ModifyTableOps) -> None:
    """Remove the drop and the creation of one foreign key: the database omits the name of the default schema."""

    def identity(op: Any) -> tuple[Any, ...]:
        key = op.to_constraint()
        return _references(key, default), *(getattr(key, name) for name in _ACTIONS)

    created = [op for op in operations.ops if isinstance(op, CreateForeignKeyOp)]
    for drop in [op for op in operations.ops if isinstance(op, DropConstraintOp)]:
        names = (None, drop.constraint_name)  # without a name in the models, it is the database's to choose
        for create in created if drop.constraint_type == "foreignkey" else ():
            if create.constraint_name in names and identity(create) == identity(drop):
                operations.ops.remove(drop)
                operations.ops.remove(create)
                created.remove(create)
                break


def _references(key: ForeignKeyConstraint, default: str | None) -> tuple[tuple[str, str], ...]:
    """Return from which columns a foreign key refers to which ones, without the default schema."""
    prefix = f"{default}."
    return tuple(sorted((each.parent.name, each.target_fullname.removeprefix(prefix)) for each in key.elements))


def _match(key: ForeignKeyConstraint) -> str:
    """Return the MATCH of a foreign key of PostgreSQL."""
    return str(key.match or "SIMPLE").upper()


def _has_another_name(dialect: Dialect, old: Constraint, new: Constraint) -> bool:
    """Tell whether a constraint that has a name in the database has another one in the models.

    Where the models give none, and have no naming convention, the name is the database's to choose.
    """
    name = stored_name(new, dialect)
    return bool(old.name and name and str(old.name) != name)
