"""Renames: a table or column that goes and one that comes may be the same one, and only a person knows."""

import re
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
from sqlalchemy import Column, Inspector, Table, inspect, text

from .answers import Answers
from .draft import Draft, full_name, model_tables, schema_of

Key = tuple[str | None, str]  # a schema and a table


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
class Renamed:
    """The database's inspector, as if the renames had been done: what still differs is what is left to do."""

    inspector: Inspector
    tables: dict[Key, str]
    columns: dict[Key, dict[str, str]]  # by the table's new name

    def __getattr__(self, name: str) -> Any:
        many = f"get_multi_{name.removeprefix('get_')}"
        if hasattr(self.inspector, many):  # this one is of one table
            return lambda table, schema=None: getattr(self, many)(schema, [table])[schema, table]
        found = getattr(self.inspector, name)
        if not name.startswith("get_multi_"):
            return found

        def reflect(schema: str | None, filter_names: list[str] | None = None) -> dict[Key, Any]:
            old_names = {new: old for (its_schema, old), new in self.tables.items() if its_schema == schema}
            names = filter_names and [old_names.get(name, name) for name in filter_names]
            reflected = found(schema=schema, filter_names=names)
            return {self.renamed(*key): self._told(self.renamed(*key), info) for key, info in reflected.items()}

        return reflect

    def get_table_names(self, schema: str | None = None) -> list[str]:
        """Return the tables' names."""
        return [self.renamed(schema, name)[1] for name in self.inspector.get_table_names(schema)]

    def renamed(self, schema: str | None, name: str) -> Key:
        """Return the schema and new name of a table."""
        return schema, self.tables.get((schema, name), name)

    def _told(self, table: Key, info: Any) -> Any:
        """Return what was reflected of a table (a list of columns, a primary key...) in the new names."""
        if isinstance(info, list):
            return [self._told(table, item) for item in info]
        names = self.columns.get(table, {})
        told = dict(info)
        if "type" in told and told["name"] in names:
            told["name"] = names[told["name"]]
            if str(told["default"]).startswith("nextval("):  # the column's own sequence, which follows it
                told["default"] = None
        if "referred_table" in told:
            referred = self.renamed(told["referred_schema"], told["referred_table"])
            told["referred_table"] = referred[1]
            told["referred_columns"] = _in_new_names(self.columns.get(referred, {}), told["referred_columns"])
        for part in _PARTS & set(told):
            told[part] = _in_new_names(names, told[part])
        if told.get("computed"):
            told["computed"] = told["computed"] | {"sqltext": self.in_sql(names, told["computed"]["sqltext"])}
        if "sqltext" in told:
            told["sqltext"] = self.in_sql(names, told["sqltext"])
        if "expressions" in told:
            told["expressions"] = [self.in_sql(names, expression) for expression in told["expressions"]]
        options = told.get("dialect_options", {})
        if "sqlite_where" in options:
            options = options | {"sqlite_where": text(self.in_sql(names, str(options["sqlite_where"])))}
        if "postgresql_where" in options:
            options = options | {"postgresql_where": self.in_sql(names, options["postgresql_where"])}
        return told | {"dialect_options": options} if options else told

    def in_sql(self, names: dict[str, str], sql: str) -> str:
        """Return an expression, or a name, in the new names; what is in single quotes is none."""
        quote = self.inspector.dialect.identifier_preparer.quote

        def renamed(word: re.Match[str]) -> str:
            new = names.get(word[0].strip('"`'))
            return word[0] if new is None else quote(new)

        return re.sub(r"""'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\w+""", renamed, sql)


_PARTS = {"constrained_columns", "column_names", "include_columns", "column_sorting"}


def _in_new_names(names: dict[str, str], columns: Any) -> Any:
    if isinstance(columns, dict):
        return {names.get(name, name): value for name, value in columns.items()}
    return [names.get(name, name) for name in columns]


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
            for old, new in ((old, new) for old in gone for new in come if old.name != new.name):
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
