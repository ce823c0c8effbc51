"""Operations that Alembic does not have, and how each is reversed. How they are written into a revision: render.py."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    RenameTableOp,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.schema import Sequence as NumberSequence

from . import enum_types
from .domain_types import Definition
from .numbering import NumberedColumn, Numbering

Altering = TypeVar("Altering", bound=AlterColumnOp)

_ALTERED = ("type", "nullable", "server_default", "comment")
_ATTRIBUTES = ("schema", "modify_name", *(f"{prefix}_{name}" for prefix in ("existing", "modify") for name in _ALTERED))


# How constraints are named on SQLite that have no name in the models: as SQLAlchemy's naming conventions are written.
CONVENTION = {
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
}


class TemporaryName(str):
    """The name that CONVENTION, in a batch, gives to a constraint that has none in the database."""


def altered(op: AlterColumnOp, kind: type[Altering], **changes: Any) -> Altering:
    """Return a copy of an ALTER COLUMN, as an operation of the given kind and with other attributes."""
    attributes = {name: getattr(op, name) for name in _ATTRIBUTES} | op.kw | changes
    column = attributes.pop("column_name", op.column_name)
    return kind(op.table_name, column, **attributes)


def constraint_of(op: AddConstraintOp | DropConstraintOp) -> Constraint | None:
    """Return the constraint that an operation adds or drops; None if it has only the name of one."""
    try:
        return op.to_constraint()
    except ValueError:
        return None


def take_keys_out(create: CreateTableOp, keys: Sequence[ForeignKeyConstraint]) -> None:
    """Take foreign keys out of a new table, as they are added later.

    A column that refers to another is not numbered: without its foreign key, SQLAlchemy would take it for one that is.
    """
    create.columns = [item for item in create.columns if not any(item is key for key in keys)]
    for column in (column for key in keys for column in key.columns):
        if column.autoincrement == "auto":
            column.autoincrement = False


class CountingColumnOp(AlterColumnOp):
    """Lets a column of MariaDB or MySQL begin to count, or cease to: AUTO_INCREMENT."""

    @classmethod
    def of(cls, table: ModifyTableOps, column: Column[Any], counts: bool) -> CountingColumnOp:
        """Return the operation on a reflected column."""
        return cls(
            table.table_name,
            column.name,
            schema=table.schema,
            existing_type=column.type,
            existing_nullable=column.nullable,
            existing_server_default=column.server_default or False,
            existing_comment=column.comment,
            autoincrement=counts,
        )

    def has_changes(self) -> bool:
        """Tell that it does something."""
        return True

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        counts = bool(self.kw["autoincrement"])
        return ("change_autoincrement", self.schema, self.table_name, self.column_name, counts)


class DropCreatedTableOp(DropTableOp):
    """Drops a table that the upgrade creates: without the copies of it that Alembic makes, which take time."""

    def __init__(self, create: CreateTableOp) -> None:
        super().__init__(create.table_name, schema=create.schema)
        self.create = copy(create)
        self.create.columns = list(create.columns)

    def reverse(self) -> CreateTableOp:
        """Return the operation that undoes this one."""
        return self.create

    def to_table(self, migration_context: MigrationContext | None = None) -> Table:
        """Return the table."""
        return self.create.to_table(migration_context)


class DropCreatedIndexOp(DropIndexOp):
    """Drops an index that the upgrade creates: without a copy of its table, which takes time."""

    def __init__(self, create: CreateIndexOp) -> None:
        name: Any = create.index_name
        super().__init__(name, create.table_name, schema=create.schema, unique=create.unique, **create.kw)
        self.create = create

    def reverse(self) -> CreateIndexOp:
        """Return the operation that undoes this one."""
        return self.create

    def to_index(self, migration_context: MigrationContext | None = None) -> Index:
        """Return the index."""
        return self.create.to_index(migration_context)


class RenameTableBothWaysOp(RenameTableOp):
    """ALTER TABLE ... RENAME, which can be reversed."""

    def reverse(self) -> RenameTableBothWaysOp:
        """Return the operation that undoes this one."""
        return RenameTableBothWaysOp(self.new_table_name, self.table_name, schema=self.schema)


class RenameColumnOp(AlterColumnOp):
    """ALTER TABLE ... RENAME COLUMN; MariaDB and MySQL need the whole definition of the column again."""

    @classmethod
    def of(cls, dialect: str, table: Table, column: Column[Any], new_name: str) -> RenameColumnOp:
        """Return the operation that gives a reflected column a new name."""
        counts = dialect == "mysql" and column.autoincrement is True
        extra: dict[str, Any] = {"autoincrement": True} if counts else {}
        return cls(
            table.name,
            column.name,
            schema=table.schema,
            modify_name=new_name,
            existing_type=column.type,
            existing_nullable=column.nullable,
            existing_server_default=column.server_default or False,
            existing_comment=column.comment,
            **extra,
        )

    def reverse(self) -> RenameColumnOp:
        """Return the operation that undoes this one."""
        return altered(self, RenameColumnOp, column_name=self.modify_name, modify_name=self.column_name)


class CastColumnOp(AlterColumnOp):
    """ALTER TABLE ... ALTER COLUMN ... TYPE ... USING, on PostgreSQL.

    From an enum type to another one, ``renamed_labels`` and ``replaced_labels`` say what becomes of labels on the way.
    """

    @property
    def moved_labels(self) -> dict[str, str | None]:
        """What rows get in place of labels; None is NULL."""
        return {**(self.kw.get("renamed_labels") or {}), **(self.kw.get("replaced_labels") or {})}

    def reverse(self) -> CastColumnOp:
        """Return the operation that undoes this one: which rows had a label that was replaced is not known."""
        reversed_op: CastColumnOp = super().reverse()  # type: ignore[assignment]  # it is of the same class
        reversed_op.kw.pop("replaced_labels", None)
        if renamed := reversed_op.kw.get("renamed_labels"):
            reversed_op.kw["renamed_labels"] = {new: old for old, new in renamed.items()}
        return reversed_op


class AddSerialColumnOp(AddColumnOp):
    """ALTER TABLE ... ADD COLUMN ... SERIAL, on PostgreSQL: rows get numbers. Alembic writes SERIAL in keys only."""


class UncomputeOp(MigrateOperation):
    """Makes a plain column, with its values, of one that was computed: in place, or by way of another column."""

    def __init__(self, table_name: str, schema: str | None, column: Column[Any], in_place: bool) -> None:
        self.table_name, self.schema, self.column, self.in_place = table_name, schema, column, in_place


@dataclass(eq=False)
class EnumTypeOp(MigrateOperation):
    """Creates, changes or drops an enum type of PostgreSQL: it has no labels before, or none after."""

    type: ENUM
    labels_before: list[str]
    labels_after: list[str]
    columns: list[enum_types.EnumColumn] = field(default_factory=list)
    # An added label cannot be used in the transaction that adds it. True: another operation may use one.
    used_in_same_revision: bool = False
    renamed: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str | None] = field(default_factory=dict)  # removed labels, and what rows get; None is NULL

    def reverse(self) -> EnumTypeOp:
        """Return the operation that undoes this one."""
        columns = [replace(column, default=self.renamed_in(column.default)) for column in self.columns]
        return replace(
            self,
            labels_before=self.labels_after,
            labels_after=self.labels_before,
            columns=columns,
            renamed={new: old for old, new in self.renamed.items()},
            replaced={},
        )

    def renamed_in(self, default: str) -> str:
        """Return a server default, in SQL, with the new names of labels."""
        return enum_types.with_renamed_labels(default, self.renamed)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        both = (self.labels_before, self.labels_after)
        before, after = (enum_types.sql_labels(labels) or "nothing" for labels in both)
        return ("change_enum", f"{self.type.name}: {before} becomes {after}")

    @property
    def is_remade(self) -> bool:
        """Whether another type takes the place of this one: PostgreSQL adds and renames labels, and nothing else."""
        if not self.labels_before or not self.labels_after:
            return False
        existing = [self.renamed.get(label, label) for label in self.labels_before]
        kept = [label for label in self.labels_after if label in existing]
        return existing != self.labels_after and (self.used_in_same_revision or existing != kept)

    @property
    def added_labels(self) -> list[str]:
        """The labels that a type gets."""
        existing = {self.renamed.get(label, label) for label in self.labels_before}
        return [label for label in self.labels_after if label not in existing]

    @property
    def removed_labels(self) -> list[str]:
        """The labels that a type loses which continues to exist."""
        if not self.labels_after:
            return []
        return [label for label in self.labels_before if self.renamed.get(label, label) not in self.labels_after]

    @property
    def left_labels(self) -> list[str]:
        """The removed labels about whose rows nothing is done."""
        return [label for label in self.removed_labels if label not in self.replaced]


@dataclass(eq=False)
class DomainOp(MigrateOperation):
    """Creates, changes or drops a domain of PostgreSQL: it is nothing before, or nothing after."""

    name: str  # in SQL, with its schema where it needs one
    schema: str | None
    before: Definition | None
    after: Definition | None

    def reverse(self) -> DomainOp:
        """Return the operation that undoes this one."""
        return DomainOp(self.name, self.schema, self.after, self.before)

    def statements(self) -> list[str]:
        """Return the SQL."""
        if self.after is None:
            return [f"DROP DOMAIN {self.name}"]
        return [self.after.create(self.name)] if self.before is None else [*self.before.alter(self.name, self.after)]

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("change_domain", *self.statements())


class UpdateOp(MigrateOperation):
    """Gives rows other values; what MariaDB and MySQL would change besides is kept: see rewrite/kept_stamps.py."""

    table: str
    schema: str | None
    kept: tuple[str, ...] = ()


@dataclass(eq=False)
class MoveLabelsOp(UpdateOp):
    """Gives the rows with a label of an enum another one: renamed labels, and others in place of removed ones.

    ``removed`` are labels about whose rows nothing is done: the revision says so.
    """

    table: str
    schema: str | None
    column: str
    renamed: dict[str, str]
    replaced: dict[str, str | None] = field(default_factory=dict)  # None is NULL
    removed: list[str] = field(default_factory=list)

    def reverse(self) -> MoveLabelsOp:
        """Return the operation that undoes this one: which rows had a label that was replaced is not known."""
        if not self.renamed:
            raise NotImplementedError
        renamed = {new: old for old, new in self.renamed.items()}
        return MoveLabelsOp(self.table, self.schema, self.column, renamed)


class FillRowsOp(UpdateOp):
    """Gives values to the rows that have none in a column, or to all rows in several new columns.

    The values are code of SQL expressions, by the names of the columns; where one is an empty string no value is
    right, and the revision says so. ``sql`` is the same as SQL.
    """

    def __init__(self, table: str, schema: str | None, values: dict[str, str], sql: dict[str, str]) -> None:
        self.table, self.schema, self.values, self.sql = table, schema, values, sql


class ShortenTextOp(UpdateOp):
    """Cuts off what is too long in a column of texts, before its type has that length."""

    def __init__(self, table: str, schema: str | None, column: str, length: int) -> None:
        self.table, self.schema, self.column, self.length = table, schema, column, length


class EnsureExistsOp(MigrateOperation):
    """Creates what tables need on PostgreSQL, a SCHEMA or an EXTENSION, if it does not exist; its reverse keeps it."""

    def __init__(self, kind: str, name: str, is_reverse: bool = False) -> None:
        self.kind, self.name, self.is_reverse = kind, name, is_reverse

    def reverse(self) -> EnsureExistsOp:
        """Return the operation that stands in a downgrade: a comment."""
        return EnsureExistsOp(self.kind, self.name, not self.is_reverse)


class SequenceOp(MigrateOperation):
    """Creates a sequence that a model names, or drops it.

    ``numbered`` are the columns that are there already: it goes on after their numbers.
    """

    def __init__(self, sequence: NumberSequence, drop: bool = False, numbered: Sequence[Column[Any]] = ()) -> None:
        self.sequence, self.drop, self.numbered = sequence, drop, numbered

    def reverse(self) -> SequenceOp:
        """Return the operation that undoes this one."""
        return SequenceOp(self.sequence, not self.drop, self.numbered)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("remove_sequence" if self.drop else "add_sequence", self.sequence.name)


@dataclass(eq=False)
class ChangeSequenceOp(MigrateOperation):
    """Gives a sequence other options."""

    before: NumberSequence
    after: NumberSequence

    def reverse(self) -> ChangeSequenceOp:
        """Return the operation that undoes this one."""
        return ChangeSequenceOp(self.after, self.before)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("change_sequence", self.after.name)


class IndexSqlOp(MigrateOperation):
    """Creates an index by its SQL, or drops it."""

    def __init__(self, name: str, sql: str, drop: bool = False, schema: str | None = None) -> None:
        self.name, self.sql, self.drop, self.schema = name, sql, drop, schema

    def reverse(self) -> IndexSqlOp:
        """Return the operation that undoes this one."""
        return IndexSqlOp(self.name, self.sql, not self.drop, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("remove_index" if self.drop else "add_index", self.sql)


class AutocommitOp(MigrateOperation):
    """Runs operations outside of the revision's transaction, on PostgreSQL."""

    def __init__(self, ops: list[MigrateOperation]) -> None:
        self.steps = ops


class UnnamedChecksOp(MigrateOperation):
    """Rebuilds a table of SQLite with other CHECKs that have no name: all that it is to have."""

    def __init__(self, table: str, before: list[str], after: list[str]) -> None:
        self.table, self.before, self.after = table, before, after

    def reverse(self) -> UnnamedChecksOp:
        """Return the operation that undoes this one."""
        return UnnamedChecksOp(self.table, self.after, self.before)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("change_unnamed_checks", self.table, "; ".join(self.before), "; ".join(self.after))


class RenameInPlaceOp(MigrateOperation):
    """Gives a CONSTRAINT, an INDEX or a SEQUENCE of a table another name, and does nothing else."""

    def __init__(self, kind: str, table_name: str, schema: str | None, old: str, new: str) -> None:
        self.kind, self.table_name, self.schema, self.old, self.new = kind, table_name, schema, old, new

    def reverse(self) -> RenameInPlaceOp:
        """Return the operation that undoes this one."""
        return RenameInPlaceOp(self.kind, self.table_name, self.schema, self.new, self.old)


class NumberingOp(MigrateOperation):
    """Lets the numbers of a column of PostgreSQL come about in another way: a serial, an identity, or nothing."""

    def __init__(self, at: NumberedColumn, old: Numbering, new: Numbering) -> None:
        self.at, self.old, self.new = at, old, new

    def reverse(self) -> NumberingOp:
        """Return the operation that undoes this one."""
        return NumberingOp(self.at, self.new, self.old)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("change_numbering", self.at.schema, self.at.table, self.at.column, self.old, self.new)


class SequenceTypeOp(NumberingOp):
    """Lets the sequence of a serial column of PostgreSQL count as far as the column does: PostgreSQL leaves it."""

    def reverse(self) -> SequenceTypeOp:
        """Return the operation that undoes this one."""
        return SequenceTypeOp(self.at, self.new, self.old)


class ChangePrimaryKeyOp(MigrateOperation):
    """Gives a table another primary key, or its primary key another name."""

    def __init__(self, old: PrimaryKeyConstraint, new: PrimaryKeyConstraint, schema: str | None = None) -> None:
        self.old, self.new = old, new
        self.table_name, self.schema = new.table.name, schema  # as other operations have it: None for the default one
        self.old_name: str | None = None  # on SQLite, where one has no name
        self.new_name: str | None = None

    def reverse(self) -> ChangePrimaryKeyOp:
        """Return the operation that undoes this one."""
        return ChangePrimaryKeyOp(self.new, self.old, self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("change_primary_key", self.schema, self.table_name, self.old, self.new)


class AutoincrementOp(MigrateOperation):
    """Rebuilds a table of SQLite with AUTOINCREMENT, or without."""

    def __init__(self, table: str, columns: list[str], key_name: str | None, counts: bool) -> None:
        self.table, self.columns, self.key_name, self.counts = table, columns, key_name, counts

    def reverse(self) -> AutoincrementOp:
        """Return the operation that undoes this one."""
        return AutoincrementOp(self.table, self.columns, self.key_name, not self.counts)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("change_autoincrement", self.table, self.counts)


class RemarkedOp(MigrateOperation):
    """An operation with a comment before it."""

    def __init__(self, op: MigrateOperation, remark: str) -> None:
        self.op, self.remark = op, remark

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return self.op.to_diff_tuple()


class DestructiveOp(MigrateOperation):
    """An operation that destroys data, and is marked so in the revision, with the name of what it is about."""

    def __init__(self, op: MigrateOperation, name: str = "") -> None:
        self.op, self.name = op, name

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return self.op.to_diff_tuple()
