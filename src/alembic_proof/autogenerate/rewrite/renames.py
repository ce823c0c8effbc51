"""Rule: a table or column that is removed and one that is added may be the same one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from alembic.operations.ops import (
    AddColumnOp,
    CreateTableOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import Column, MetaData, Table, inspect

from ... import upstream
from ...migrate.logging_less import logging_less
from ...sqltext import full_name
from ..compare.type_users import going
from ..domain_types import domains_by_name
from ..draft import Draft, reflected_schema
from ..enum_types import enums_by_name, sql_name
from ..name_steps import free_name, in_sequence
from ..operations import DomainOp, EnumTypeOp, IndexSqlOp, RenameColumnOp, RenameTableBothWaysOp, altered
from ..ownership import TableKey
from ..renamed_inspector import NewNames, RenamedAutogenContext
from .candidates import Candidate, Removal, name_likeness, place_likeness, renamed
from .fills import fill_arguments
from .moved_tables import require_not_moved
from .said_renames import dropped_first, said_columns, said_tables


def renames(draft: Draft) -> None:
    """Rename what somebody says was renamed, and compare again: what differs then is what else has changed of it.

    Where nobody says, the question is left open.
    """
    if draft.context.connection is None:
        return
    require_not_moved(draft)
    new_names = NewNames(draft.dialect)
    operations: list[MigrateOperation] = []
    tables_removed = Removal("allow-drop", "it was removed, and is dropped with its rows")
    columns_removed = Removal(
        "allow-drop", "it was removed, and is dropped with its values", lambda each: fill_arguments(draft, each.added)
    )
    tables = said_tables(draft)
    new_names.hidden = dropped_first(draft, tables)
    new_names.going = {(*table, None) for table in new_names.hidden}
    for candidate in renamed(draft.answers, _not_said(_table_candidates(draft), tables), tables_removed):
        tables.setdefault(candidate.removed.schema, {})[candidate.removed.name] = candidate.added.name
    drops = _drops(draft, new_names.hidden, {(schema, old) for schema, names in tables.items() for old in names})
    operations += drops.tables
    for schema, names in tables.items():
        for old, new in names.items():
            new_names.add_table(schema, old, new)
        stored = inspect(draft.context.connection).get_table_names(schema)
        steps = in_sequence(names, [name for name in stored if (schema, name) not in new_names.hidden])
        steps = [part for step in steps for part in _in_other_letters(draft, step, stored)]
        operations += [RenameTableBothWaysOp(old, new, schema=schema) for old, new in steps]
    if operations:
        _compare_again(draft, new_names)
    said = said_columns(draft, new_names)
    columns = {table: dict(names) for table, names in said.items()}
    for candidate in renamed(draft.answers, _not_said(_column_candidates(draft, new_names), said), columns_removed):
        key = (candidate.removed.table.schema, candidate.added.table.name)
        columns.setdefault(key, {})[candidate.removed.name] = (candidate.removed, candidate.added.name)
    for (schema, table), changes in columns.items():
        model = draft.tables[full_name(table, schema)]
        for old, (_, new) in changes.items():
            new_names.add_column(schema, table, old, new)
        operations += _column_steps(draft, model, changes)
    if new_names.columns:
        _compare_again(draft, new_names)
    others = {_type_name(draft, op) for op in draft.upgrade.ops}
    draft.upgrade.ops[:0] = operations
    draft.upgrade.ops += [op for op in drops.types if _type_name(draft, op) not in others]


def _in_other_letters(draft: Draft, step: tuple[str, str], stored: list[str]) -> list[tuple[str, str]]:
    """Return a step, or two: to SQLite, a name that has only other letters, capital or small, is taken by the table."""
    old, new = step
    if draft.kind != "sqlite" or old.lower() != new.lower():
        return [step]
    moment = free_name(old, stored)
    return [(old, moment), (moment, new)]


class _Drops(NamedTuple):
    """What drops tables, and the types of their columns that no model has."""

    tables: list[MigrateOperation]
    types: list[MigrateOperation]


def _drops(draft: Draft, tables: set[TableKey], renamed: set[TableKey]) -> _Drops:
    """Return what drops tables, as Alembic does where they are in no model; some others have another name then."""
    if not tables:
        return _Drops([], [])
    connection: Any = draft.context.connection
    names = NewNames(draft.dialect)
    inspector = inspect(connection)
    for schema in {schema for schema, _ in tables}:
        names.hidden |= {(schema, name) for name in inspector.get_table_names(schema)} - tables
    context = RenamedAutogenContext(draft.context, names, MetaData())
    names.going = {each for each in going(context, draft.upgrade) if each[:2] not in renamed}
    found = upstream.compare(context).ops
    is_on = [(op, (getattr(op, "schema", None), getattr(op, "table_name", None)) in tables) for op in found]
    columns = [column.type for table in draft.tables.values() for column in table.columns]
    kept = {None, *enums_by_name(columns, draft.dialect), *domains_by_name(columns, draft.dialect)}
    return _Drops(
        [op for op, its in is_on if its or isinstance(op, IndexSqlOp)],  # which has no table, but is of one of these
        [op for op, _ in is_on if _type_name(draft, op) not in kept],
    )


def _type_name(draft: Draft, op: MigrateOperation) -> str | None:
    """Return the name of the type of PostgreSQL that an operation is about."""
    if isinstance(op, EnumTypeOp):
        return sql_name(op.type, draft.dialect)
    return op.name if isinstance(op, DomainOp) else None


def _column_steps(draft: Draft, table: Table, changes: dict[str, tuple[Column[Any], str]]) -> list[RenameColumnOp]:
    """Return the operations that give the columns of a table new names, by the old ones."""
    steps: list[RenameColumnOp] = []
    current = {old: RenameColumnOp.of(draft.kind, table, column, new) for old, (column, new) in changes.items()}
    taken = {column.name for column in table.columns} | {*changes}
    for old, new in in_sequence({old: new for old, (_, new) in changes.items()}, taken):
        current[new] = altered(current.pop(old), RenameColumnOp, column_name=old, modify_name=new)
        steps.append(current[new])
    return steps


def _not_said(candidates: list[Candidate], said: Mapping[Any, Mapping[str, Any]]) -> list[Candidate]:
    """Return the candidates without those that are of something of which ``-x rename=`` says another name."""
    olds = {(schema, name) for schema, names in said.items() for name in names}
    news = {(schema, _name(new)) for schema, names in said.items() for new in names.values()}
    rest = []
    for each in candidates:
        is_table = isinstance(each.removed, Table)
        place = each.removed.schema if is_table else (each.removed.table.schema, each.added.table.name)
        if (place, each.removed.name) not in olds and (place, each.added.name) not in news:
            rest.append(each)
    return rest


def _name(new: Any) -> str:
    return new if isinstance(new, str) else str(new[1])


def _compare_again(draft: Draft, new_names: NewNames) -> None:
    """Compare with the new names; what Alembic tells of a difference has been told, and would be between questions."""
    with logging_less("alembic.autogenerate"):
        draft.upgrade.ops = upstream.compare(RenamedAutogenContext(draft.context, new_names)).ops


def _table_candidates(draft: Draft) -> list[Candidate]:
    """Return the removed tables, each with the added ones; those are alike that share half of their columns.

    So are those of which only foreign keys to tables that are alike have other names, as user_tag.user_id and
    account_tag.account_id.
    """
    candidates: list[Candidate] = []
    removed = [op.to_table() for op in draft.upgrade.ops if isinstance(op, DropTableOp)]
    if not removed:
        return candidates
    added = [op.to_table() for op in draft.upgrade.ops if isinstance(op, CreateTableOp)]
    for old, new in product(removed, added):
        if old.schema != reflected_schema(new, draft.dialect):
            continue
        names = (full_name(old.name, old.schema), full_name(new.name, new.schema))
        candidates.append(Candidate(*names, _table_likeness(old, new, 0), old, new))
    alike = {(each.old, each.new) for each in candidates if each.likeness}
    for each in candidates:
        if not each.likeness:
            each.likeness = _table_likeness(each.removed, each.added, _renamed_references(each, alike))
    return candidates


def _table_likeness(old: Table, new: Table, more: int) -> float:
    """Return how much alike two tables are, which share columns of the same names, and some more; 0 for too few."""
    old_columns, new_columns = ({column.name for column in table.columns} for table in (old, new))
    shared = (len(old_columns & new_columns) + more) / max(len(old_columns), len(new_columns), 1)
    return shared + name_likeness(old.name, new.name) if shared >= 0.5 else 0


def _renamed_references(candidate: Candidate, alike: set[tuple[str, str]]) -> int:
    """Return how many columns have other names, and refer to tables that are alike."""
    old, new = (_references(table) for table in (candidate.removed, candidate.added))
    waiting = [target for name, target in new.items() if name not in old]
    for target in (target for name, target in old.items() if name not in new):
        found = next((other for other in waiting if (target, other) in alike), None)
        if found is not None:
            waiting.remove(found)
    return len(new.keys() - old.keys()) - len(waiting)


def _references(table: Table) -> dict[str, str]:
    """Return to which tables the columns of a table refer, by their full names."""
    elements = (element for key in table.foreign_key_constraints for element in key.elements)
    return {each.parent.name: each.target_fullname.rpartition(".")[0] for each in elements}


def _column_candidates(draft: Draft, new_names: NewNames) -> list[Candidate]:
    """Return the removed columns, each with those that are added to its table."""
    candidates = []
    for op in draft.upgrade.ops:
        if not isinstance(op, ModifyTableOps):
            continue
        table = full_name(op.table_name, op.schema)
        earlier = full_name(new_names.old_table(op.schema, op.table_name), op.schema)
        drops = [drop.to_column() for drop in op.ops if isinstance(drop, DropColumnOp)]
        removed = _in_order([column for column in drops if _can_be_renamed(draft, column)])
        added = _in_order([draft.column(add) for add in op.ops if isinstance(add, AddColumnOp)])
        # A column that is computed from another expression is dropped and added under one name.
        names_removed, names_added = ([column.name for column in columns] for columns in (removed, added))
        recreated = {*names_removed} & {*names_added}
        for old, new in product(removed, added):
            is_possible = old.computed is not None or new.computed is None  # a plain column never becomes computed
            if is_possible and old.name not in recreated and new.name not in recreated:
                names, likeness = (f"{table}.{old.name}", f"{table}.{new.name}"), _column_likeness(draft, old, new)
                if likeness:
                    likeness += place_likeness(old.name, names_removed, new.name, names_added)
                candidates.append(Candidate(*names, likeness, old, new, f"{earlier}.{old.name}"))
    return candidates


def _can_be_renamed(draft: Draft, column: Column[Any]) -> bool:
    """Tell whether the database has a statement for it: of computed columns, MariaDB from 10.5.2 and MySQL from 8.

    Elsewhere one is dropped and added: it has no data of its own.
    """
    if draft.kind != "mysql" or column.computed is None:
        return True
    dialect: Any = draft.dialect
    return (dialect.server_version_info or (0,)) >= ((10, 5, 2) if dialect.is_mariadb else (8,))


def _in_order(columns: list[Column[Any]]) -> list[Column[Any]]:
    """Return columns of one table in its order."""
    places = {column.name: place for place, column in enumerate(columns[0].table.columns)} if columns else {}
    return sorted(columns, key=lambda column: places[column.name])


def _column_likeness(draft: Draft, old: Column[Any], new: Column[Any]) -> float:
    has_same_type = not draft.context.impl.compare_type(old, new)
    if not has_same_type and upstream.type_affinity(old.type) is not upstream.type_affinity(new.type):
        return 0
    return has_same_type + (old.nullable == new.nullable) / 2 + name_likeness(old.name, new.name) + 0.1
