"""The labels of enums that a database keeps as texts: those of a CHECK, and those that only the models know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alembic.operations.ops import AlterColumnOp, ModifyTableOps
from alembic.util import CommandError
from sqlalchemy import CheckConstraint, Column, Dialect, Enum, Table

from ...ddl.types import database_type
from ...prompts import Question
from ...sqltext import full_name, quote_literal, tokens
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..operations import MoveLabelsOp, UnnamedChecksOp
from ..sql import sql_of
from .moved_labels import Labels, moves
from .stored_values import Found, count, other_texts, rows_with_label, stored_column

# With more texts than so many that are no labels, a column was no enum before: it is asked about as a whole.
_FEW = 5


@dataclass
class _Moved:
    """A column whose rows get other labels, with all that it may have meanwhile."""

    op: MoveLabelsOp
    labels: list[str]


def labels_in_texts(draft: Draft) -> None:
    """Give rows the new names of labels, or other labels, after the CHECK for the old ones and before that for the new.

    Where somebody must say which, and nobody can be asked, the question is left open.
    """
    for name, reflected in reflected_tables(draft.context).items():
        model = draft.tables.get(name)
        columns = () if model is None else model.columns
        if moved := [each for column in columns if (each := _moved(draft, reflected, column))]:
            _insert(draft, reflected, moved)


def _moved(draft: Draft, reflected: Table, column: Column[Any]) -> _Moved | None:
    """Return what happens to the rows of a column that is there already, and is or was an enum kept as a text."""
    dialect = draft.dialect
    type_, old = database_type(column.type, dialect), reflected.columns.get(column.name)
    if old is None or not isinstance(type_, Enum) or (_is_native(old.type, dialect) and _is_native(type_, dialect)):
        return None
    place = AlterColumnOp(reflected.name, column.name, schema=reflected.schema, existing_type=old.type)
    name = f"{full_name(reflected.name, reflected.schema)}.{column.name}"
    before = old.type.enums if isinstance(old.type, Enum) else _checked_labels(reflected, column.name, dialect)
    strange = other_texts(draft, place, [*before, *type_.enums], _FEW + 1)
    if len(strange) > _FEW:
        _ask_about_all(draft, place, type_, name)
        strange = []
    before = [*before, *strange]
    is_checked = type_.create_constraint or _is_native(type_, dialect)

    def rows_with(label: str) -> list[tuple[str, Found]]:
        rows = rows_with_label(draft, place, label)
        return [(name, rows)] if rows else []

    added = []
    if {*before} - {*type_.enums}:  # a label that rows have already is no new name
        added = [label for label in type_.enums if label not in before and not rows_with(label)]
    left = {} if is_checked else {"left": "the models cannot read such a row"}
    is_nullable = bool(old.nullable and column.nullable)
    found = moves(draft, Labels(name, before, type_.enums, rows_with, is_nullable, added, **left))
    removed = found.removed if is_checked else []
    if not (found.renamed or found.replaced or removed):
        return None
    op = MoveLabelsOp(reflected.name, reflected.schema, column.name, found.renamed, found.replaced, removed)
    return _Moved(op, [*dict.fromkeys([*before, *type_.enums])])


def _ask_about_all(draft: Draft, place: AlterColumnOp, type_: Enum, name: str) -> None:
    """Ask about a column with many texts that are no labels."""
    if draft.answers.allow_drop(name):
        return
    found = count(draft, place, stored_column(draft, place).not_in(type_.enums))
    if found is None or not found.number:
        return
    told = found.told("row has a text that is none of them", "rows have texts that are none of them")
    said = f"{name} has the labels {', '.join(type_.enums)}. {told}."
    if not draft.answers.can_ask:
        draft.answers.open.append(
            Question(f"{said} Is that intended?", (((f"allow-drop={name}",), "that is intended"),))
        )
    elif not draft.answers.yes(f"{said} Is that intended?"):
        raise CommandError(f"{said} Change such rows, or the labels. Nothing was written.")


def _is_native(type_: Any, dialect: Dialect) -> bool:
    """Tell whether a database has a type of its own for an enum."""
    own = database_type(type_, dialect)
    return isinstance(own, Enum) and own.native_enum and dialect.supports_native_enum


def _checked_labels(table: Table, column: str, dialect: Dialect) -> list[str]:
    """Return the labels that the CHECK of an enum lets into a column; none, where there is no such CHECK."""
    checks = (sql_of(each.sqltext, dialect) for each in table.constraints if isinstance(each, CheckConstraint))
    return next((labels for sql in checks if (labels := labels_in(sql, column, dialect))), [])


def labels_in(check: str, column: str, dialect: Dialect) -> list[str]:
    """Return the labels in the SQL of a CHECK that is that of an enum; none, where it is another one."""
    found = tokens(check, dialect.name, casts=False)
    rest = {token.lower() for token in found if not token.startswith("'")}
    is_enum = rest - {"in", "any", "array", "(", ")", "[", "]", ",", "="} == {column.lower()}
    return [token[1:] for token in found if token.startswith("'")] if is_enum else []


def _insert(draft: Draft, reflected: Table, moved: list[_Moved]) -> None:
    """Add the moves to the operations on a table, after what makes room for a label and before what leaves none."""
    ops = draft.upgrade.ops
    operations = next(_operations_on(draft, reflected), None)
    checks = next((op for op in ops if isinstance(op, UnnamedChecksOp) and op.table == reflected.name), None)
    if checks is not None:
        meanwhile = _meanwhile(draft, checks, moved)
        last = UnnamedChecksOp(checks.table, meanwhile, checks.after)
        ops[(at := ops.index(checks)) : at + 1] = [*(each.op for each in moved), last]
        at = at if operations is None else ops.index(operations)
        ops.insert(at, UnnamedChecksOp(checks.table, checks.before, meanwhile))
        return
    if operations is None:
        operations = ModifyTableOps(reflected.name, [], schema=reflected.schema)
        ops.append(operations)
    for each in moved:
        operations.ops.insert(_position(draft, operations, each.op.column), each.op)


def _operations_on(draft: Draft, table: Table) -> Iterator[ModifyTableOps]:
    for op in draft.upgrade.ops:
        if isinstance(op, ModifyTableOps) and (op.schema, op.table_name) == (table.schema, table.name):
            yield op


def _position(draft: Draft, operations: ModifyTableOps, column: str) -> int:
    """Return where rows are moved: after a change of the column's type that gives it more room, else before it."""
    for at, op in enumerate(operations.ops):
        if isinstance(op, AlterColumnOp) and op.column_name == column and op.modify_type is not None:
            old, new = (getattr(type_, "length", None) for type_ in (op.existing_type, op.modify_type))
            is_text = not _is_native(op.modify_type, draft.dialect)
            was_native = _is_native(op.existing_type, draft.dialect)
            return at + (is_text and (was_native or bool(old and new and new >= old)))
    return len(operations.ops)


def _meanwhile(draft: Draft, checks: UnnamedChecksOp, moved: list[_Moved]) -> list[str]:
    """Return the CHECKs that SQLite has without a name, with all labels in them that rows have meanwhile."""
    meanwhile = list(checks.before)
    preparer: Any = draft.dialect.identifier_preparer
    for each in moved:
        labels = ", ".join(map(quote_literal, each.labels))
        for number, text in enumerate(checks.before):
            if labels_in(text, each.op.column, draft.dialect):
                meanwhile[number] = f"{preparer.quote(each.op.column)} IN ({labels})"
    return meanwhile
