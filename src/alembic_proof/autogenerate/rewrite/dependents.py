"""Rule: what depends on something that changes is dropped before it, and made again after it.

A database refuses to change the type of a column that another one is computed from, to drop a key to which foreign keys
refer, or an index that serves one. What depends on what is read from the tables that were compared. Where the revision
drops or creates a dependent anyway, that is moved; else both are added.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateTableOp,
    CreateUniqueConstraintOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from sqlalchemy import (
    CheckConstraint,
    Column,
    DefaultClause,
    Dialect,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from ... import upstream
from ...sqltext import all_tokens, full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..enum_types import enums_by_name, sql_labels, sql_name
from ..expressions.question import type_sql
from ..indexes import create_index_sql, has_expression, included, index_of, plain_columns, predicate, use_column_names
from ..operations import (
    CastColumnOp,
    ChangePrimaryKeyOp,
    DomainOp,
    DropCreatedIndexOp,
    EnumTypeOp,
    IndexSqlOp,
    UncomputeOp,
    constraint_of,
    take_keys_out,
)
from ..sql import column_names, sql_of, stored_name
from .kept_values import recreated
from .ordering import rank

# What stands before the first operation on a table or a type, and after the last one, stays there.
_MOVABLE_AROUND = (
    CreateTableOp,
    DropTableOp,
    ModifyTableOps,
    CreateIndexOp,
    DropIndexOp,
    EnumTypeOp,
    DomainOp,
    IndexSqlOp,
)

Key = tuple[str, str, str]  # of a dependent: its table, its kind, its name


@dataclass(frozen=True)
class ColumnChange:
    """A column gets another type, or is dropped and made again."""

    table: str
    column: str
    # PostgreSQL reads the texts of CHECKs and indexes again: it does not find the operators for the new type, or casts
    # the column, as the literals in them are of the old one.
    in_texts: bool = False
    in_lists: bool = False  # of texts only those in which literals get the type of the column: see _gives_type()
    in_keys: bool = False
    recreated: bool = False
    # Its enum type gets other labels in place: what depends on it stays, but what is made anew needs the labels.
    only_labels: bool = False


@dataclass(frozen=True)
class KeyChange:
    """A primary key, a UNIQUE or an index of these columns is dropped."""

    table: str
    columns: tuple[str, ...]


Change = ColumnChange | KeyChange


@dataclass
class Dependent:
    """A constraint, an index or a generated column: as it is in the database, and as the models have it."""

    key: Key
    reflected: Any = None
    model: Any = None

    @property
    def items(self) -> list[Any]:
        """What it is in the database and in the models."""
        return [item for item in (self.reflected, self.model) if item is not None]


def dependents(draft: Draft) -> None:
    """Add and move what depends on what the upgrade and the downgrade change."""
    if draft.kind == "sqlite":  # it rebuilds the table, and looks at foreign keys when the migration ends
        return
    tables = _Tables(draft)
    for operations in (draft.upgrade, draft.downgrade):
        _Direction(draft, tables, operations).rewrite()


class _Tables:
    """The tables of both sides, and what on them may depend on something."""

    def __init__(self, draft: Draft) -> None:
        self.dialect = draft.dialect
        self.reflected, self.models = reflected_tables(draft.context), draft.tables
        self._of_table: dict[str, list[Dependent]] = {}
        self._referring: dict[str, list[Dependent]] | None = None

    def of(self, table: str) -> list[Dependent]:
        """Return what a table has that may depend on something."""
        if table not in self._of_table:
            found: dict[Key, Dependent] = {}
            sides = {"reflected": self.reflected.get(table), "model": self.models.get(table)}
            for side, its_table in sides.items():
                for item in _items(its_table) if sides["reflected"] is not None and its_table is not None else ():
                    # Without a name in the models, it is found again as what the database has.
                    if key := key_of(table, item, self.dialect):
                        setattr(found.setdefault(key, Dependent(key)), side, item)
            self._of_table[table] = list(found.values())
        return self._of_table[table]

    def referring_to(self, table: str) -> list[Dependent]:
        """Return the foreign keys of all existing tables that refer to a table."""
        if self._referring is None:
            self._referring = {}
            for each in (each for name in self.reflected for each in self.of(name) if each.key[1] == "foreignkey"):
                for target in {self.target(key) for key in each.items}:
                    self._referring.setdefault(target, []).append(each)
        return self._referring.get(table, [])

    def target(self, key: ForeignKeyConstraint) -> str:
        """Return the name of the table to which a foreign key refers, without the default schema."""
        name = key.elements[0].target_fullname.rpartition(".")[0]
        return name.removeprefix(f"{self.dialect.default_schema_name}.")


class _Direction:
    """The upgrade or the downgrade, whose operations are rewritten."""

    def __init__(self, draft: Draft, tables: _Tables, operations: OpContainer) -> None:
        self.draft, self.tables, self.operations = draft, tables, operations
        self.dialect = draft.dialect
        self.is_upgrade = operations is draft.upgrade
        self.is_mysql = draft.kind == "mysql"
        self.ops: list[tuple[OpContainer, Any]] = [
            (parent, op) for parent in (operations, *_on_tables(operations)) for op in parent.ops
        ]

    def rewrite(self) -> None:
        """Surround what changes by drops and additions, those of the revision or others."""
        self._remake_for_new_labels()
        queue = deque(self._changes())
        if not queue:
            return
        self.drops, self.additions = self._by_key(_DROPS, True), self._by_key(_ADDITIONS, False)
        self.changed_keys = {full_name(op.table_name, op.schema) for _, op in self.ops if _changes_columns_of_key(op)}
        seen: set[Change] = set()
        found: dict[Key, Dependent] = {}
        while queue:
            change = queue.popleft()
            if change not in seen:
                seen.add(change)
                for each in self._depending_on(change):
                    is_in_the_way = self._is_changed(each) or not getattr(change, "only_labels", False)
                    if each.key not in found and is_in_the_way and not self._becomes_plain(each):
                        found[each.key] = each
                        queue.extend(self._changes_by(each))
        first = [op for each in found.values() if (op := self._drop(each))]
        last = [op for each in found.values() if (op := self._addition(each))]
        changed: dict[str, list[Change]] = defaultdict(list)
        for change in seen:
            changed[change.table].append(change)
        for _, op in self.ops:
            if isinstance(op, DropTableOp):
                first += [DropConstraintOp.from_constraint(key) for key in self._keys_of(op.reverse(), changed)]
            elif isinstance(op, CreateTableOp):
                keys = self._keys_of(op, changed)
                take_keys_out(op, keys)
                last += [CreateForeignKeyOp.from_constraint(key) for key in keys]
        self._insert(first, last)

    def _remake_for_new_labels(self) -> None:
        """Let another type take the place of an enum whose new label something uses that is created with it.

        PostgreSQL takes a label that was added in the same transaction for no value yet.
        """
        for _, enum in self.ops:
            if isinstance(enum, EnumTypeOp) and enum.labels_before and enum.labels_after and enum.added_labels:
                literals = [sql_labels([label]) for label in enum.added_labels]
                texts = [text for _, op in self.ops for text in _texts_in(op, self.dialect)]
                if any(literal in text for literal in literals for text in texts):
                    enum.used_in_same_revision = True

    def _changes(self) -> Iterator[Change]:
        """Yield what the operations change."""
        for _, op in self.ops:
            if isinstance(op, EnumTypeOp) and op.labels_before and op.labels_after:
                yield from self._columns_of_enum(op)
            elif isinstance(op, ModifyTableOps):
                for drop, _ in recreated(op):
                    yield ColumnChange(full_name(op.table_name, op.schema), drop.column_name, recreated=True)
            elif isinstance(op, UncomputeOp) and not op.in_place:
                yield ColumnChange(full_name(op.table_name, op.schema), op.column.name, recreated=True)
            elif isinstance(op, AlterColumnOp) and op.modify_type is not None:
                table = full_name(op.table_name, op.schema)
                kinds, names = {*map(self._kind_of, _types_of(op))}, {*map(self._sql_name, _types_of(op))}
                is_other = isinstance(op, CastColumnOp) or len(kinds) > 1
                in_lists = len(names) > 1 and not any(issubclass(kind, String) for kind, _ in kinds)
                if self.is_mysql:
                    yield ColumnChange(table, op.column_name, in_keys=True)
                else:
                    yield ColumnChange(table, op.column_name, is_other, in_lists, in_keys=is_other)
            elif isinstance(op, ChangePrimaryKeyOp) and _changes_columns_of_key(op):
                yield KeyChange(full_name(op.table_name, op.schema), tuple(column_names(op.old)))
            elif isinstance(op, DropCreatedIndexOp) and not (self.is_mysql or op.create.unique):
                continue  # no foreign key needs it
            elif isinstance(op, (DropIndexOp, DropConstraintOp)):
                item = index_of(op) if isinstance(op, DropIndexOp) else constraint_of(op)
                yield from self._key_change(full_name(str(op.table_name), op.schema), item)

    def _sql_name(self, type_: Any) -> str:
        """Return the name of a type in the database, without its length."""
        return (type_sql(type_, self.dialect) or "").partition("(")[0]

    def _kind_of(self, type_: Any) -> tuple[Any, bool]:
        """Return what two types share whose values PostgreSQL compares in the same words."""
        return upstream.type_affinity(type_), self._sql_name(type_) == "CHAR"

    def _columns_of_enum(self, enum: EnumTypeOp) -> Iterator[Change]:
        for schema, table, column in columns_of_enum(self.draft, enum):
            name = full_name(table, schema)
            yield ColumnChange(name, column, in_texts=True, in_keys=enum.is_remade, only_labels=not enum.is_remade)

    def _key_change(self, table: str, item: Any) -> Iterator[Change]:
        """Yield what it means that an index or a constraint is dropped: foreign keys may need it."""
        if isinstance(item, Index) and self.is_mysql:
            yield KeyChange(table, tuple(plain_columns(item, self.dialect)))
        elif isinstance(item, Index) and item.unique and not has_expression(item):
            yield KeyChange(table, tuple(column.name for column in item.columns))
        elif isinstance(item, UniqueConstraint):
            yield KeyChange(table, tuple(column_names(item)))

    def _changes_by(self, dependent: Dependent) -> Iterator[Change]:
        """Yield what it changes in its turn that a dependent is dropped and made again."""
        table, kind, name = dependent.key
        if kind == "column":
            yield ColumnChange(table, name, recreated=True)
        for item in dependent.items:
            yield from self._key_change(table, item)

    def _depending_on(self, change: Change) -> Iterator[Dependent]:
        if isinstance(change, KeyChange):
            yield from (each for each in self.tables.referring_to(change.table) if self._refers(each, change))
            if self.is_mysql:
                yield from (each for each in self.tables.of(change.table) if self._is_served(each, change))
            return
        for each in self.tables.of(change.table):
            if any(self._reads(item, change) for item in each.items):
                yield each
        for each in self.tables.referring_to(change.table):
            if any(self._is_in_the_way(key, change) for key in each.items):
                yield each

    def _reads(self, item: Any, change: ColumnChange) -> bool:
        """Tell whether something on a table cannot stay as it is while one of the columns changes."""
        name = change.column
        if isinstance(item, Column):
            return item.name != name and name in _names_in(item, self.dialect)
        names = _names_in(item, self.dialect) if isinstance(item, (CheckConstraint, Index)) else set()
        in_text, is_read_again = name in names, change.in_texts or (change.in_lists and _gives_type(item, self.dialect))
        if isinstance(item, CheckConstraint):
            return (is_read_again or change.recreated) and in_text
        if isinstance(item, Index):
            table: Any = item.table
            more = included(table, item.dialect_options["postgresql"]["include"])
            columns = {*more, *(column.name for column in item.columns)}
            return (in_text and is_read_again) or (change.recreated and (in_text or name in columns))
        is_column = name in column_names(item)
        return is_column and (change.recreated or (change.in_keys and isinstance(item, ForeignKeyConstraint)))

    def _refers(self, dependent: Dependent, change: KeyChange) -> bool:
        """Tell whether a foreign key refers to a key that is dropped."""
        for key in dependent.items:
            columns = _referred(key)
            if self.tables.target(key) != change.table:
                continue
            if self.is_mysql and columns == change.columns[: len(columns)] and not self._serves(change.table, columns):
                return True
            if not self.is_mysql and {*columns} == {*change.columns}:
                return True
        return False

    def _is_served(self, dependent: Dependent, change: KeyChange) -> bool:
        """Tell whether MariaDB and MySQL need an index that is dropped for a foreign key of the same table."""
        names = [tuple(column_names(key)) for key in dependent.items if isinstance(key, ForeignKeyConstraint)]
        return any(
            columns == change.columns[: len(columns)] and not self._serves(change.table, columns) for columns in names
        )

    def _serves(self, table: str, columns: tuple[str, ...]) -> bool:
        """Tell whether an index that stays begins with columns."""
        there = self.tables.reflected.get(table)
        if there is None:  # the table goes as a whole
            return True
        staying = [] if table in self.changed_keys else [tuple(column_names(there.primary_key))]
        keys = {each.key[2] for each in self.tables.of(table) if each.key[1] == "foreignkey"}
        keyed = {tuple(column_names(key)) for key in there.foreign_key_constraints}
        for each in self.tables.of(table):
            if isinstance(each.reflected, Index) and not self._is_changed(each):
                names = tuple(column.name for column in each.reflected.columns)
                # It has the name of the key, or of its first column, and goes when another one serves.
                is_of_key = each.model is None and names in keyed and each.key[2] == names[0]
                if each.key[2] not in keys and not is_of_key:
                    staying.append(names)
        return any(names[: len(columns)] == columns for names in staying)

    def _is_changed(self, dependent: Dependent) -> bool:
        """Tell whether the revision drops or creates a dependent."""
        return any(_found(ops, dependent.key) for ops in (self.drops, self.additions))

    def _becomes_plain(self, dependent: Dependent) -> bool:
        """Tell whether a column is computed no more, and keeps its values: that comes before what it depends on."""
        table, kind, name = dependent.key
        is_there = kind == "column" and name in {column.name for column in self.tables.models[table].columns}
        return is_there and dependent.model is None and not _found(self.drops, dependent.key)

    def _drop(self, dependent: Dependent) -> Any:
        """Return what drops a dependent: taken out of the revision, or new; None if it is not there to be dropped."""
        if existing := _found(self.drops, dependent.key):
            return _taken_out(*existing)
        pair = self._staying(dependent)
        return drop_of(pair[0] if self.is_upgrade else pair[1]) if pair else None

    def _addition(self, dependent: Dependent) -> Any:
        """Return what makes a dependent again: taken out of the revision, or new; None if it is not to be there."""
        if existing := _found(self.additions, dependent.key):
            return _taken_out(*existing)
        pair = self._staying(dependent)
        return addition_of(pair[1] if self.is_upgrade else pair[0], self.dialect) if pair else None

    def _staying(self, dependent: Dependent) -> tuple[Any, Any] | None:
        """Return what a dependent is in the database and is to become, if the revision does not change it."""
        if dependent.reflected is None or self._is_changed(dependent):
            return None
        if dependent.model is None:
            table = dependent.key[0]
            gone = {*self.tables.reflected[table].columns.keys()} - {each.name for each in self.tables.models[table].c}
            if gone & (_columns_of(dependent.reflected) | _names_in(dependent.reflected, self.dialect)):
                return None  # it goes with a column
        return dependent.reflected, dependent.reflected if dependent.model is None else dependent.model

    def _by_key(self, classes: tuple[type, ...], is_drop: bool) -> dict[Key, tuple[OpContainer, Any]]:
        """Return the operations that drop, or create, what may be a dependent, with where they stand."""
        found: dict[Key, tuple[OpContainer, Any]] = {}
        for parent, op in self.ops:
            key: Key | None = None
            if isinstance(op, IndexSqlOp):
                key = ("", "index", op.name) if op.drop == is_drop else None
            elif isinstance(op, classes) and (item := _item_of(op)) is not None:
                schema, name = _table_of(op)
                key = key_of(full_name(name, schema), item, self.dialect)
            if key:
                found[key] = (parent, op)
        return found

    def _keys_of(self, create: CreateTableOp, changed: dict[str, list[Change]]) -> list[ForeignKeyConstraint]:
        """Return the foreign keys of a table that refer to what cannot change while they are there."""
        keys = [item for item in create.columns if isinstance(item, ForeignKeyConstraint) and item.name]
        return [key for key in keys if any(self._is_in_the_way(key, each) for each in changed[self.tables.target(key)])]

    def _is_in_the_way(self, key: ForeignKeyConstraint, change: Change) -> bool:
        """Tell whether a foreign key refers to a key that is dropped, or a column that changes with its keys."""
        if isinstance(change, KeyChange):
            return self._refers(Dependent(("", "", ""), key), change)
        is_meant = self.tables.target(key) == change.table and change.column in _referred(key)
        return is_meant and (change.in_keys or change.recreated)

    def _insert(self, first: list[Any], last: list[Any]) -> None:
        """Put the drops before all else, and the additions after it; a new name is given before, or taken after."""
        ops = self.operations.ops
        places = [number for number, op in enumerate(ops) if isinstance(op, _MOVABLE_AROUND)]
        begin, end = places[0], places[-1] + 1
        ops[:] = [*ops[:begin], *_wrapped(first), *ops[begin:end], *_wrapped(last), *ops[end:]]


_DROPS = (DropConstraintOp, DropIndexOp, DropColumnOp)
_ADDITIONS = (AddConstraintOp, CreateIndexOp, AddColumnOp)


def columns_of_enum(draft: Draft, enum: EnumTypeOp) -> Iterator[tuple[str | None, str, str]]:
    """Yield the columns of existing tables that are, or become, of an enum type: schema, table and column."""
    name = sql_name(enum.type, draft.dialect)
    for table, reflected in reflected_tables(draft.context).items():
        model = draft.tables.get(table)
        columns = (*reflected.columns, *(() if model is None else model.columns))
        for column in {column.name: column for column in columns if _is_of(column.type, name, draft.dialect)}:
            yield reflected.schema, reflected.name, column


def _is_of(type_: Any, enum: str, dialect: Dialect) -> bool:
    return enum in enums_by_name([type_], dialect)


def key_of(table: str, item: Any, dialect: Dialect) -> Key | None:
    """Return by what a constraint, an index or a generated column is known; None if that is the database's to say.

    A UNIQUE is an index: MariaDB and MySQL reflect it as one.
    """
    kinds = {Column: "column", ForeignKeyConstraint: "foreignkey", CheckConstraint: "check"}
    kind = next((kind for class_, kind in kinds.items() if isinstance(item, class_)), "index")
    name = str(item.name) if kind == "column" else stored_name(item, dialect)
    return None if name is None else (table, kind, name)


def drop_of(item: Any) -> MigrateOperation:
    """Return what drops a constraint, an index or a generated column."""
    if isinstance(item, Index):
        return DropIndexOp.from_index(item)
    if isinstance(item, Column):
        return DropColumnOp.from_column_and_tablename(item.table.schema, item.table.name, item)
    return DropConstraintOp.from_constraint(item)


def addition_of(item: Any, dialect: Dialect) -> MigrateOperation:
    """Return what creates a constraint, an index or a generated column."""
    if isinstance(item, Column):
        return AddColumnOp.from_column_and_tablename(item.table.schema, item.table.name, item)
    op = CreateIndexOp.from_index(item) if isinstance(item, Index) else AddConstraintOp.from_constraint(item)
    if isinstance(op, (CreateIndexOp, CreateUniqueConstraintOp)):
        use_column_names(op, item.table, dialect)
    return op


def _items(table: Table) -> Iterator[Any]:
    """Yield what a table has that may depend on something."""
    yield from (column for column in table.columns if column.computed is not None)
    yield from table.indexes
    checks = (check for column in table.columns for check in column.constraints)
    yield from (each for each in (*table.constraints, *checks) if not isinstance(each, PrimaryKeyConstraint))


def _item_of(op: Any) -> Any:
    """Return what an operation drops or creates."""
    if isinstance(op, (DropIndexOp, CreateIndexOp)):
        return index_of(op)
    if isinstance(op, AddColumnOp):
        return op.column
    return op.to_column() if isinstance(op, DropColumnOp) else constraint_of(op)


def _on_tables(operations: OpContainer) -> list[ModifyTableOps]:
    return [op for op in operations.ops if isinstance(op, ModifyTableOps)]


def _changes_columns_of_key(op: MigrateOperation) -> bool:
    return isinstance(op, ChangePrimaryKeyOp) and column_names(op.old) != column_names(op.new)


def _types_of(op: AlterColumnOp) -> list[Any]:
    return [type_ for type_ in (op.existing_type, op.modify_type) if type_ is not None]


def _referred(key: ForeignKeyConstraint) -> tuple[str, ...]:
    return tuple(element.target_fullname.rpartition(".")[2] for element in key.elements)


def _columns_of(item: Any) -> set[str]:
    if isinstance(item, Column):
        return {item.name}
    return {column.name for column in getattr(item, "columns", ())}


def _names_in(item: Any, dialect: Dialect) -> set[str]:
    """Return the words of an expression, or of those of an index, that may be names of columns."""
    return {word for text in _expressions_of(item, dialect) for word in _words(text)}


def _expressions_of(item: Any, dialect: Dialect) -> list[str]:
    parts: Iterable[Any]
    if isinstance(item, Index):
        parts = [each for each in item.expressions if not isinstance(each, Column)]
        parts = [*parts, *filter(lambda part: part is not None, [_predicate(item, dialect)])]
    elif isinstance(item, Column):
        parts = [] if item.computed is None else [item.computed.sqltext]
    else:
        parts = [item.sqltext] if isinstance(item, CheckConstraint) else []
    return [part if isinstance(part, str) else sql_of(part, dialect) for part in parts]


# Operators that PostgreSQL has for integers of one size only, and words before a parenthesis that are no functions.
_OF_ONE_TYPE = {"%", "&", "|", "#", "case", "array"}
_NO_FUNCTIONS = {"and", "or", "not", "in", "is", "between", "when", "then", "else", "like", "from"}


def _gives_type(item: Any, dialect: Dialect) -> bool:
    """Tell whether literals in an expression get the type of an integer beside them, which PostgreSQL keeps then.

    They do in a list, a CASE and a function's arguments, and where an operator is for two integers of one size.
    """
    for text in _expressions_of(item, dialect):
        found = all_tokens(text)
        if not _OF_ONE_TYPE.isdisjoint(found):
            return True
        if any(two == "(" and one.isidentifier() and one not in _NO_FUNCTIONS for one, two in pairwise(found)):
            return True
    return False


def _texts_in(op: Any, dialect: Dialect) -> Iterator[str]:
    """Yield the SQL in which something that an operation creates may name the labels of an enum."""
    if isinstance(op, CreateTableOp):
        for item in op.columns:
            yield from _texts_of(item, dialect)
    elif isinstance(op, CreateIndexOp):
        yield create_index_sql(index_of(op), dialect)
    elif isinstance(op, (AddColumnOp, AddConstraintOp)):
        yield from _texts_of(_item_of(op), dialect)


def _texts_of(item: Any, dialect: Dialect) -> Iterator[str]:
    """Yield the SQL of a CHECK, and of the default of a column, or of what it is computed from."""
    if isinstance(item, CheckConstraint):
        yield sql_of(item.sqltext, dialect)
    elif isinstance(item, Column) and item.computed is not None:
        yield sql_of(item.computed.sqltext, dialect)
    elif isinstance(item, Column) and isinstance(item.server_default, DefaultClause):
        default = item.server_default.arg
        yield f"'{default}'" if isinstance(default, str) else sql_of(default, dialect)


def _predicate(index: Index, dialect: Dialect) -> Any:
    return predicate(index, dialect.name) if dialect.name == "postgresql" else None


_WORDS = re.compile(r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|(\w+)""")


def _words(sql: str) -> Iterator[str]:
    """Yield the names in SQL, without quotes, and its keywords; a name without quotes may be in lower case, too."""
    for match in _WORDS.finditer(sql):
        quoted, in_backticks, word = match.groups()
        yield from (quoted.replace('""', '"'),) if quoted else ()
        yield from (in_backticks.replace("``", "`"),) if in_backticks else ()
        yield from {word, word.lower()} if word else ()


def _found(ops: dict[Key, tuple[OpContainer, Any]], key: Key) -> tuple[OpContainer, Any] | None:
    return ops.get(key) or ops.get(("", *key[1:]))


def _taken_out(parent: OpContainer, op: Any) -> Any:
    if op in parent.ops:  # an IndexSqlOp may stand for indexes of the same name in several schemas
        parent.ops.remove(op)
    return op


def _wrapped(ops: list[Any]) -> list[ModifyTableOps | IndexSqlOp]:
    """Return operations in their order, those on one table together: foreign keys are dropped first, and added last."""
    wrapped: list[ModifyTableOps | IndexSqlOp] = []
    for op in sorted(ops, key=rank):
        if isinstance(op, IndexSqlOp):
            wrapped.append(op)
            continue
        schema, name = _table_of(op)
        last = wrapped[-1] if wrapped else None
        if not (isinstance(last, ModifyTableOps) and (last.schema, last.table_name) == (schema, name)):
            last = ModifyTableOps(name, [], schema=schema)
            wrapped.append(last)
        last.ops.append(op)
    return wrapped


def _table_of(op: Any) -> tuple[str | None, str]:
    """Return the schema and the name of the table that an operation is on."""
    if isinstance(op, CreateForeignKeyOp):
        return op.kw.get("source_schema"), op.source_table
    return op.schema, op.table_name
