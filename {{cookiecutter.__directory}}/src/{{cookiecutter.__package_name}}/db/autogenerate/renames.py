"""Renames: a table or column that goes and one that comes may be the same one, and only a person knows."""

from copy import copy
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateTableOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    RenameTableOp,
    UpgradeOps,
)
from alembic.util import CommandError
from sqlalchemy import Column, Table, inspect

from .answers import Answers
from .draft import Draft, full_name, model_tables, schema_of
from .ours import Key
from .renamed import Renamed


class RenameTable(RenameTableOp):
    """ALTER TABLE ... RENAME, up and down."""

    def reverse(self) -> MigrateOperation:
        """Return the way back."""
        return RenameTable(self.new_table_name, self.table_name, schema=self.schema)


class RenameColumn(AlterColumnOp):
    """ALTER TABLE ... RENAME COLUMN, up and down; MariaDB and MySQL must be told again all that the column is."""

    @classmethod
    def of(cls, dialect: str, table: Table, old: Column[Any], new: str) -> "RenameColumn":
        """Return the operation that gives a column, as reflected, a new name."""
        counts = dialect == "mysql" and old.autoincrement is True
        extra: dict[str, Any] = {"autoincrement": True} if counts else {}
        return cls(
            table.name,
            old.name,
            schema=table.schema,
            modify_name=new,
            existing_type=old.type,
            existing_nullable=old.nullable,
            existing_server_default=old.server_default or False,
            existing_comment=old.comment,
            **extra,
        )

    def reverse(self) -> "RenameColumn":
        """Return the way back."""
        back = copy(self)
        back.column_name, back.modify_name = str(self.modify_name), self.column_name
        return back


@renderers.dispatch_for(RenameTable)
def render_rename_table(autogen_context: AutogenContext, op: RenameTable) -> str:
    """Return the code."""
    schema = f", schema={op.schema!r}" if op.schema else ""
    return f"op.rename_table({op.table_name!r}, {op.new_table_name!r}{schema})"


@dataclass
class Pair:
    """Something that goes and something that comes, by their full names, and how likely they are the same."""

    old: str
    new: str
    likely: float
    gone: Any
    come: Any
    before: str = ""  # the old one, where its table has been renamed too

    @property
    def short(self) -> str:
        """The new name without the table's."""
        return str(getattr(self.come, "name", self.come))


def ask(draft: Draft) -> None:
    """Put a rename where something goes and something like it comes, and somebody says that it is one.

    Raises CommandError where nobody says.
    """
    if draft.context.connection is None:
        return
    tables: dict[Key, str] = {}
    columns: dict[Key, dict[str, str]] = {}
    renames: list[MigrateOperation] = []
    for pair in chosen(draft.answers, _tables(draft)):
        old, new = pair.gone, pair.come
        tables[old.schema, old.name] = new.name
        renames.append(RenameTable(old.name, new.name, schema=old.schema))
    if tables:
        draft.upgrade.ops = _compare(draft, tables, columns)
    for pair in chosen(draft.answers, _columns(draft, tables)):
        old, new = pair.gone, pair.come
        columns.setdefault((old.table.schema, new.table.name), {})[old.name] = new.name
        renames.append(RenameColumn.of(draft.dialect, new.table, old, new.name))
    if columns:
        draft.upgrade.ops = _compare(draft, tables, columns)
    draft.upgrade.ops[:0] = renames


def _compare(draft: Draft, tables: dict[Key, str], columns: dict[Key, dict[str, str]]) -> list[MigrateOperation]:
    """Return what is left to do once the renames are done."""
    autogen_context = AutogenContext(draft.context, draft.context.opts["target_metadata"])
    vars(autogen_context)["inspector"] = Renamed(inspect(draft.context.connection), tables, columns)
    operations = UpgradeOps([])
    autogen_context.comparators.dispatch("autogenerate", qualifier=draft.context.dialect.name)(
        autogen_context, operations
    )
    return list(operations.ops)


def chosen(answers: Answers, pairs: list[Pair]) -> list[Pair]:
    """Return the pairs that are renames, the most likely first; nothing is renamed twice."""
    pairs.sort(key=lambda pair: (-pair.likely, pair.old, pair.new))
    chosen = [p for p in pairs if any(answers.rename(old, p.new, p.short) for old in (p.old, p.before))]
    for side in ("old", "new"):
        names = [getattr(pair, side) for pair in chosen]
        if twice := {name for name in names if names.count(name) > 1}:
            raise CommandError(f"-x rename= says two things of {', '.join(sorted(twice))}. Nothing was written.")
    undecided = []
    for pair in pairs:
        taken = any(pair.old == other.old or pair.new == other.new for other in chosen)
        if taken or not pair.likely or answers.no_rename(pair.old):
            continue
        if not answers.can_ask:
            undecided.append(pair)
        elif answers.yes(f"Did you rename {pair.old} to {pair.new}?"):
            chosen.append(pair)
    if undecided:
        first = undecided[0]
        unused = "".join(f"{answer} fits none of them.\n" for answer in answers.unused("rename"))
        raise CommandError(
            "Something goes and something like it comes, and only you know whether it was renamed:\n"
            + "".join(f"  {pair.old} to {pair.new}\n" for pair in undecided)
            + unused
            + f"Say -x rename={first.old}:{first.short} for each that was, and -x no-rename for the "
            "rest (alembic -x ... revision ...). Nothing was written."
        )
    return chosen


def _tables(draft: Draft) -> list[Pair]:
    """Return the tables that go, each with those that come; they are alike if they share half of their columns."""
    gone = [op.to_table() for op in draft.upgrade.ops if isinstance(op, DropTableOp)]
    come = [op.to_table() for op in draft.upgrade.ops if isinstance(op, CreateTableOp)]
    pairs, dialect = [], draft.context.dialect
    for old, new in ((old, new) for old in gone for new in come if old.schema == schema_of(new, dialect)):
        here, there = set(old.columns.keys()), {column.name for column in new.columns}
        shared = len(here & there) / max(len(here), len(there), 1)
        likely = shared + alike(old.name, new.name) if shared >= 0.5 else 0
        pairs.append(Pair(full_name(old.name, old.schema), full_name(new.name, new.schema), likely, old, new))
    return pairs


def _columns(draft: Draft, tables: dict[Key, str]) -> list[Pair]:
    """Return the columns that go, each with those that come into its table; they are alike if their types are."""
    known = model_tables(draft.context)
    pairs = []
    for op in draft.upgrade.ops:
        if isinstance(op, ModifyTableOps):
            name = full_name(op.table_name, op.schema)
            before = {new: full_name(old, schema) for (schema, old), new in tables.items()}.get(op.table_name, name)
            gone = [drop.to_column() for drop in op.ops if isinstance(drop, DropColumnOp)]
            come = [known[name].columns[add.column.key] for add in op.ops if isinstance(add, AddColumnOp)]
            anew = {column.name for column in gone} & {column.name for column in come}  # what is computed otherwise
            gone, come = ([one for one in columns if one.name not in anew] for columns in (gone, come))
            for old, new in ((old, new) for old in gone for new in come):
                likely, was = _likely(draft, old, new), f"{before}.{old.name}"
                pairs.append(Pair(f"{name}.{old.name}", f"{name}.{new.name}", likely, old, new, was))
    return pairs


def _likely(draft: Draft, old: Column[Any], new: Column[Any]) -> float:
    same = not draft.context.impl.compare_type(old, new)
    if not same and old.type._type_affinity is not new.type._type_affinity:
        return 0
    return same + (old.nullable == new.nullable) / 2 + alike(old.name, new.name) + 0.1


def alike(old: str, new: str) -> float:
    return SequenceMatcher(None, old, new).ratio()
