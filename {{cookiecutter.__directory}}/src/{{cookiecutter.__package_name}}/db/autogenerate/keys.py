"""Primary keys, and the names of foreign keys, which Alembic does not compare."""

from collections.abc import Callable
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op, renderers
from alembic.operations.ops import (
    AddConstraintOp,
    CreateCheckConstraintOp,
    CreateForeignKeyOp,
    DropConstraintOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import Constraint, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint, inspect

from .comparing import compare_tables
from .draft import Draft, full_name, in_text, model_tables, single_percents

PLUGIN = "keys"


class ChangePrimaryKeyOp(MigrateOperation):
    """Gives a table another primary key, or the one that it has another name."""

    def __init__(self, old: PrimaryKeyConstraint, new: PrimaryKeyConstraint) -> None:
        self.old, self.new = old, new
        self.table_name, self.schema = new.table.name, new.table.schema

    def reverse(self) -> "ChangePrimaryKeyOp":
        """Return the way back."""
        return ChangePrimaryKeyOp(self.new, self.old)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return how alembic check calls it."""
        return ("change_primary_key", self.schema, self.table_name, self.old, self.new)


@renderers.dispatch_for(ChangePrimaryKeyOp)
def render_primary_key(autogen_context: AutogenContext, op: ChangePrimaryKeyOp) -> list[str]:
    """Return the code."""
    quote: Any = autogen_context.dialect.identifier_preparer
    table, columns = quote.format_table(op.new.table), ", ".join(map(quote.quote, _columns(op.new)))
    if autogen_context.dialect.name in ("mysql", "mariadb"):  # which want an AUTO_INCREMENT to be in a key at all times
        statement = f"ALTER TABLE {table} DROP PRIMARY KEY, ADD PRIMARY KEY ({columns})"
    elif autogen_context.dialect.name == "postgresql" and _columns(op.old) == _columns(op.new):
        names = (quote.format_constraint(key) for key in (op.old, op.new))
        statement = "ALTER TABLE {} RENAME CONSTRAINT {} TO {}".format(table, *names)
    else:
        drop = render_op(autogen_context, DropConstraintOp.from_constraint(op.old))
        name = stored_name(autogen_context, op.new)
        if autogen_context._has_batch:
            return [*drop, f"batch_op.create_primary_key({name!r}, {_columns(op.new)!r})"]
        schema = f", schema={op.schema!r}" if op.schema else ""
        return [*drop, f"op.create_primary_key({name!r}, {op.table_name!r}, {_columns(op.new)!r}{schema})"]
    return [f"op.execute({in_text(single_percents(statement, autogen_context.dialect))!r})"]


def compare_keys(autogen_context: AutogenContext, operations: ModifyTableOps, inspected: Table, model: Table) -> None:
    """Add what the primary key, and the names of the foreign keys, need."""
    old, new = inspected.primary_key, model.primary_key
    if _columns(old) != _columns(new) or _renamed(autogen_context, old, new):
        operations.ops.append(ChangePrimaryKeyOp(old, new))
    default = autogen_context.dialect.default_schema_name
    there = {_means(key, default): key for key in inspected.foreign_key_constraints}
    _without_same_checks(autogen_context, operations)
    _without_same_foreign_keys(default, operations)
    dropped = {op.constraint_name for op in operations.ops if isinstance(op, DropConstraintOp)}
    for wanted in model.foreign_key_constraints:
        found = there.get(_means(wanted, default))
        if found is not None and found.name not in dropped and _renamed(autogen_context, found, wanted):
            operations.ops.append(DropConstraintOp.from_constraint(found))
            operations.ops.append(AddConstraintOp.from_constraint(wanted))


compare_tables(PLUGIN, compare_keys)


def drop_implicit_indexes(draft: Draft) -> None:
    """Drop, with a foreign key, the index that MariaDB and MySQL made for it because there was none."""
    if draft.dialect == "mysql":
        for operations, is_there in ((draft.upgrade, _in_database), (draft.downgrade, _made_by_upgrade)):
            for container in (operations, *(op for op in operations.ops if isinstance(op, ModifyTableOps))):
                container.ops = [step for op in container.ops for step in (op, *_index_of(draft, op, is_there))]


def _index_of(
    draft: Draft, op: MigrateOperation, is_there: Callable[[Draft, DropConstraintOp], bool]
) -> list[MigrateOperation]:
    if isinstance(op, DropConstraintOp) and op.constraint_type == "foreignkey" and is_there(draft, op):
        return [DropIndexOp(str(op.constraint_name), table_name=op.table_name, schema=op.schema)]
    return []


def _in_database(draft: Draft, op: DropConstraintOp) -> bool:
    """Tell whether the database has an index with the name of a foreign key."""
    inspector = inspect(draft.context.connection)
    if inspector is None or not inspector.has_table(op.table_name, schema=op.schema):
        return False
    return any(one["name"] == op.constraint_name for one in inspector.get_indexes(op.table_name, schema=op.schema))


def _made_by_upgrade(draft: Draft, op: DropConstraintOp) -> bool:
    """Tell whether no index of the models served a foreign key, so that the database made one."""
    table, constraint = model_tables(draft.context)[full_name(op.table_name, op.schema)], op.to_constraint()
    uniques = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    keys = [list(key.columns.keys()) for key in (table.primary_key, *uniques)] + [
        list(one.columns.keys()) for one in table.indexes
    ]
    columns = [column.name for column in constraint.columns] if isinstance(constraint, ForeignKeyConstraint) else []
    return not any(key[: len(columns)] == columns for key in keys)


def _without_same_checks(autogen_context: AutogenContext, operations: ModifyTableOps) -> None:
    """Leave out a CHECK that goes, and comes with the name that the database had to shorten."""
    checks = [op for op in operations.ops if isinstance(op, CreateCheckConstraintOp)]
    come = {stored_name(autogen_context, op.to_constraint()): op for op in checks}
    for gone in [op for op in operations.ops if isinstance(op, DropConstraintOp) and op.constraint_type == "check"]:
        same = come.get(str(gone.constraint_name))
        if same is not None and same.constraint_name != gone.constraint_name:
            operations.ops.remove(gone)
            operations.ops.remove(same)


def _without_same_foreign_keys(default: str | None, operations: ModifyTableOps) -> None:
    """Leave out a foreign key that goes, and comes with the name of the default schema, which the database omits."""

    def told(op: Any) -> tuple[Any, ...]:
        key = op.to_constraint()
        return op.constraint_name, _means(key, default), *(getattr(key, name) for name in _ACTIONS)

    come = {told(op): op for op in operations.ops if isinstance(op, CreateForeignKeyOp)}
    drops = [op for op in operations.ops if isinstance(op, DropConstraintOp)]
    for gone in [op for op in drops if op.constraint_type == "foreignkey"]:
        if same := come.get(told(gone)):
            operations.ops.remove(gone)
            operations.ops.remove(same)


_ACTIONS = ("ondelete", "onupdate", "deferrable", "initially")


def _columns(key: PrimaryKeyConstraint) -> list[str]:
    return [column.name for column in key.columns]


def _means(key: ForeignKeyConstraint, default: str | None) -> tuple[Any, ...]:
    """Return from which columns a foreign key leads to which ones; the default schema is left out."""
    prefix = f"{default}."
    return tuple(sorted((one.parent.name, one.target_fullname.removeprefix(prefix)) for one in key.elements))


def _renamed(autogen_context: AutogenContext, old: Constraint, new: Constraint) -> bool:
    """Tell whether a constraint that has a name in the database has another one in the models."""
    return bool(old.name and str(old.name) != stored_name(autogen_context, new))


def stored_name(autogen_context: AutogenContext, constraint: Constraint) -> str:
    """Return a constraint's name in the database: completed by the naming convention, and not too long."""
    quote: Any = autogen_context.dialect.identifier_preparer
    name: str = quote.unformat_identifiers(quote.format_constraint(constraint))[0]
    if autogen_context.dialect.name != "postgresql":
        return name
    return name.encode()[: autogen_context.dialect.max_identifier_length].decode(errors="ignore")  # it counts bytes
