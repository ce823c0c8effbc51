"""Rule: what a view, a trigger or a policy reads is not dropped, or changed so that it breaks or the upgrade fails."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp
from alembic.util import CommandError

from ...sqltext import full_name
from ..broken_triggers import broken_triggers
from ..draft import Draft, each_operation
from ..notes import say
from ..operations import EnumTypeOp, RenameColumnOp, RenameTableBothWaysOp
from ..view_readings import readings
from .dependents import columns_of_enum

_LOST = "after which it would not work"


def read_by_views(draft: Draft) -> None:
    """Raise CommandError for what a view, trigger or policy reads: the models know nothing of how it is made."""
    if draft.context.connection is None:
        return
    changes = {(table, column): what for table, column, what in _changes(draft)}
    made_anew_again = set(_only_remade_in_downgrade(draft))
    renames = [op for op in draft.upgrade.ops if isinstance(op, (RenameColumnOp, RenameTableBothWaysOp))]
    if not changes and not made_anew_again and not (draft.kind == "sqlite" and renames):
        return
    own = " ".join(str(getattr(op, "sqltext", vars(op))) for op in draft.upgrade.ops if _is_own(op))
    for kind, view, schema, table, column in sorted(readings(draft.context.connection), key=str):
        name, short = full_name(table, schema), view.split(" ON ")[0]
        if (name, column) in made_anew_again:
            say(
                draft.context,
                f"The {kind.split()[-1].lower()} {short} reads {name}.{column}. The downgrade makes its enum type "
                f'anew, which PostgreSQL refuses while it exists: put op.execute("DROP {kind} {view}") before it.',
            )
        what = changes.get((name, column))
        goes_with_table = kind == "TRIGGER" or (kind == "POLICY" and view.endswith(f" ON {name}"))
        if what is None and not goes_with_table:
            what = changes.get((name, None))
        if what is None or short.rpartition(".")[2].strip('"') in own:
            continue
        read = f"{name}.{column}" if column and (name, column) in changes else name
        raise CommandError(f"The {kind.split()[-1].lower()} {short} reads {read}, which {what}. {_help(kind, view)}")
    if draft.kind == "sqlite":
        for trigger, error in broken_triggers(draft.context.connection, draft.upgrade).items():
            if trigger not in own:
                raise CommandError(
                    f"The trigger {trigger} would not work after this revision: {error}. {_help('TRIGGER', trigger)}"
                )


def _help(kind: str, name: str) -> str:
    """Return what to do about a view, trigger or policy that is in the way."""
    return (
        f'Let a revision of its own drop it first (alembic revision -m "drop {name.split()[0]}", '
        f'op.execute("DROP {kind} {name}")), upgrade, run this again, and create it anew at the end of the new '
        "revision. Nothing was written."
    )


def _is_own(op: object) -> bool:
    """Tell whether an operation comes from a project's own hook, which may take care of a view."""
    module = type(op).__module__
    return not module.startswith(("alembic.", "alembic_proof.")) or hasattr(op, "sqltext")


def _changes(draft: Draft) -> Iterator[tuple[str, str | None, str]]:
    """Yield what changes, by its name in the database, and what that means for a view."""
    tables = {(op.schema, op.new_table_name): op.table_name for op in _renamed_tables(draft)}
    columns = {
        (op.schema, op.table_name, str(op.modify_name)): op.column_name
        for op in draft.upgrade.ops
        if isinstance(op, RenameColumnOp)
    }
    is_postgresql, is_mysql = draft.kind == "postgresql", draft.kind == "mysql"
    drops = "this revision drops: the database refuses that" if is_postgresql else f"this revision drops, {_LOST}"
    types = "gets another type: PostgreSQL refuses that while it exists"

    def names(schema: str | None, table: str, column: str) -> tuple[str, str]:
        old = tables.get((schema, table), table)
        return full_name(old, schema), columns.get((schema, table, column), column)

    for op in each_operation(draft.upgrade):
        if isinstance(op, DropTableOp):
            yield full_name(op.table_name, op.schema), None, drops
        elif isinstance(op, DropColumnOp):
            yield *names(op.schema, str(op.table_name), str(op.column_name)), drops
        elif isinstance(op, RenameTableBothWaysOp) and is_mysql:
            yield full_name(op.table_name, op.schema), None, f"gets another name, {_LOST}"
        elif isinstance(op, RenameColumnOp):
            if is_mysql:
                yield *names(op.schema, op.table_name, str(op.modify_name)), f"gets another name, {_LOST}"
        elif isinstance(op, AlterColumnOp) and op.modify_type is not None and is_postgresql:
            yield *names(op.schema, op.table_name, op.column_name), types
        elif isinstance(op, EnumTypeOp) and op.is_remade:
            for schema, table, column in columns_of_enum(draft, op):
                yield *names(schema, table, column), types


def _only_remade_in_downgrade(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield the columns of enum types that the upgrade changes in place, by their names in the new schema."""
    for op in draft.downgrade.ops:
        if isinstance(op, EnumTypeOp) and op.is_remade and not op.reverse().is_remade:
            for schema, table, column in columns_of_enum(draft, op):
                yield full_name(table, schema), column


def _renamed_tables(draft: Draft) -> list[RenameTableBothWaysOp]:
    return [op for op in draft.upgrade.ops if isinstance(op, RenameTableBothWaysOp)]
