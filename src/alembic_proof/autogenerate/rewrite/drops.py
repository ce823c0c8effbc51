"""Rule: nothing is dropped, and no value cut off, unless somebody means it."""

from __future__ import annotations

from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation, ModifyTableOps
from alembic.util import CommandError

from ...ddl.losses import alteration, loss, lost_values, shortened_to, too_great, unreadable
from ...ddl.types import NUMBERS, database_type, kind_of, stored_kind
from ...prompts import Question
from ...sqltext import full_name
from ..draft import Draft, each_operation
from ..operations import MoveLabelsOp, ShortenTextOp
from .kept_values import keeps_values, recreated
from .stored_values import Found, count, refused_conversion, stored_column


def drops(draft: Draft) -> None:
    """Ask about each operation that destroys data; where nobody can be asked, the question is left open.

    A column that gets another type is asked about where the database would lose values without a word, and where texts
    of this database are too long. Raises CommandError when the answer is no, and where values of this database cannot
    be converted: the upgrade could not run.
    """
    refused = []
    for op in each_operation(draft.upgrade):
        if (name := _name(op)) is None:
            continue
        # A computed column has no data of its own; who says that it may go has said nothing wrong.
        may_be_meant = isinstance(op, DropColumnOp) or _may_lose(draft, op)
        is_meant = may_be_meant and draft.answers.allow_drop(name)
        if is_meant and not isinstance(op, AlterColumnOp):
            continue
        what = _loss(draft, op, name)
        if what is None or is_meant:
            continue
        question = f"{name} {what} Is that intended?"
        if not draft.answers.can_ask:
            draft.answers.open.append(Question(question, (((f"allow-drop={name}",), "that is intended"),)))
        elif draft.answers.yes(question):
            draft.answers.add("allow-drop", name)
        else:
            refused.append(f"{name} {what}")
    if refused:
        raise CommandError(
            f"This revision would destroy data: {' '.join(refused)} Answer with yes if that is intended, or give the "
            "models what they miss. Nothing was written."
        )
    for table in draft.upgrade.ops:
        if isinstance(table, ModifyTableOps):
            table.ops = [step for op in table.ops for step in _shortened(draft, op)]


def _may_lose(draft: Draft, op: MigrateOperation) -> bool:
    """Tell whether an operation destroys data, shortens texts, or leaves values that nobody can read."""
    if loss(op, draft.dialect):
        return True
    if not isinstance(op, AlterColumnOp):
        return False
    if shortened_to(op, draft.dialect) is not None:
        return True
    found = stored_column(draft, op), op.existing_type, op.modify_type, draft.dialect
    return unreadable(*found) is not None or alteration(*found) is not None


def _loss(draft: Draft, op: MigrateOperation, name: str) -> str | None:
    """Return what an operation destroys, as the rest of a sentence and another about this database, or None.

    Raises CommandError where values cannot be converted.
    """
    found: Found | None = None
    what = loss(op, draft.dialect)
    if isinstance(op, AlterColumnOp):
        value = stored_column(draft, op)
        types = (op.existing_type, op.modify_type, draft.dialect)
        great = too_great(value, *types)
        if great is not None and (found := count(draft, op, great)) and found.number:
            said = found.told("value does not fit", "values do not fit")
            raise CommandError(f"{name} becomes {op.modify_type!r}. {said}. Change them first. Nothing was written.")
        if not _is_moved(draft, op) and _may_not_fit(draft, op) and (error := refused_conversion(draft, op)):
            found = count(draft, op)
            if (found is not None and not found.number) or _is_of_types(draft, op):  # no value is at fault
                raise CommandError(
                    f"{name} becomes {op.modify_type!r}, which the database does not make of {op.existing_type!r} "
                    f"({error}). Add a column of the new type beside it, fill it, and drop this one in a later "
                    "revision. Nothing was written."
                )
            shown = f" This shows values: {found.query}." if found else ""
            raise CommandError(
                f"{name} becomes {op.modify_type!r}, but the database cannot convert a value that it has ({error})."
                f"{shown} Change such values first. Nothing was written."
            )
        if what or shortened_to(op, draft.dialect) is not None:
            found = count(draft, op, lost_values(value, *types))
            if not what and found and found.number:
                what = f"becomes {op.modify_type!r}, and what is longer is cut off"
            return what and _told(what, found, "value would be lost", "values would be lost")
        altered = alteration(value, *types)
        if altered and (found := count(draft, op, altered.condition)) and found.number:
            what = f"becomes {op.modify_type!r}, which {altered.words}"
            return _told(what, found, "value would be lost", "values would be lost")
        strange = unreadable(value, *types)
        if strange is not None and (found := count(draft, op, strange)) and found.number:
            what = f"becomes {op.modify_type!r}, which cannot read every value, and SQLite keeps them as they are"
            return _told(what, found, "value may be unreadable", "values may be unreadable")
        return None
    if isinstance(op, DropColumnOp):
        what = _recreated(draft, op) or what
    if what and isinstance(op, (DropColumnOp, DropTableOp)):
        return _told(what, count(draft, op), *(_VALUES if isinstance(op, DropColumnOp) else _ROWS))
    return None


# Of these, none can be changed so that it is a value of a type of another kind.
_UNLIKE = NUMBERS | {"boolean", "date", "datetime", "time", "interval", "uuid"}


def _is_of_types(draft: Draft, op: AlterColumnOp) -> bool:
    """Tell whether two types are of kinds of which the database makes no value into one of the other."""
    before, after = (kind_of(database_type(type_, draft.dialect)) for type_ in (op.existing_type, op.modify_type))
    return before in _UNLIKE and after != before and not {before, after} <= NUMBERS


def _recreated(draft: Draft, op: DropColumnOp) -> str | None:
    """Return what is lost by a column that is dropped and added under the same name, or None for another."""
    tables = (each for each in draft.upgrade.ops if isinstance(each, ModifyTableOps) and op in each.ops)
    new = next((add.column for table in tables for drop, add in recreated(table) if drop is op), None)
    if new is None:
        return None
    if new.computed is not None:
        return None if op.to_column().computed is not None else "becomes computed, and the values that it has are lost"
    if keeps_values(draft, op.to_column(), new):
        return None
    return f"is no longer computed, and becomes {new.type!r}: the values that it has are lost"


def _is_moved(draft: Draft, op: AlterColumnOp) -> bool:
    """Tell whether the rows of a column get other values before it changes: those of today tell nothing."""
    moved = (each for each in each_operation(draft.upgrade) if isinstance(each, MoveLabelsOp))
    place = (op.schema, op.table_name, op.column_name)
    return any((each.schema, each.table, each.column) == place for each in moved)


def _may_not_fit(draft: Draft, op: AlterColumnOp) -> bool:
    """Tell whether the database may refuse values in a new type, so that only a try can tell.

    Of a SET or of another character set, it may not have all; and of these kinds nobody else compares the lengths.
    """
    old, new = (database_type(type_, draft.dialect) for type_ in (op.existing_type, op.modify_type))
    kind = stored_kind(new)
    if stored_kind(old) != kind or kind in ("array", "binary", "other", "set") or getattr(new, "charset", None):
        return True
    return draft.kind == "mysql" and kind == "text" and new.length is None  # several of these differ, as TINYTEXT


_ROWS = ("row is in it", "rows are in it")
_VALUES = ("row has a value", "rows have a value")


def _told(what: str, found: Found | None, one: str, several: str) -> str:
    return f"{what}. {found.told(one, several)}." if found else f"{what}."


def _shortened(draft: Draft, op: MigrateOperation) -> list[MigrateOperation]:
    """Return an operation, after one that cuts off what is too long, if somebody has said that it may."""
    if not isinstance(op, AlterColumnOp) or (length := shortened_to(op, draft.dialect)) is None:
        return [op]
    if not draft.answers.allow_drop(f"{full_name(op.table_name, op.schema)}.{op.column_name}"):
        return [op]
    return [ShortenTextOp(op.table_name, op.schema, op.column_name, length), op]


def _name(op: MigrateOperation) -> str | None:
    """Return the name of the table or column that is dropped, or gets another type, or None."""
    if isinstance(op, DropTableOp):
        return full_name(op.table_name, op.schema)
    if isinstance(op, DropColumnOp) or (isinstance(op, AlterColumnOp) and op.modify_type is not None):
        return f"{full_name(op.table_name, op.schema)}.{op.column_name}"
    return None
