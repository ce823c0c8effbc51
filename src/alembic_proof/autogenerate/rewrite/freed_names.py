"""Rule: a name that something else gets is given up first.

Nothing else of a whole schema, and not of a table alone, can have the name of an index on SQLite, of what has an index
on PostgreSQL, and of a sequence, and of a foreign key on MariaDB and MySQL. There a name can be needed before it is
free: tables swap their names, an index moves to another table, or a new table takes the place of a dropped one, and
their constraints have the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from alembic.operations.ops import (
    AddConstraintOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateTableOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, Table

from ..draft import Draft, each_operation
from ..indexes import index_of
from ..name_steps import free_name
from ..operations import (
    ChangePrimaryKeyOp,
    IndexSqlOp,
    NumberingOp,
    RenameInPlaceOp,
    RenameTableBothWaysOp,
    constraint_of,
)
from ..sql import column_names, stored_name, usual_name
from .sequences import usual_sequence

# What lets something have a name that it had not.
_GAINING = (CreateTableOp, CreateIndexOp, AddConstraintOp, RenameInPlaceOp, ChangePrimaryKeyOp, IndexSqlOp)

Name = tuple[str | None, str]  # a schema, and the name of something in it


def freed_names(draft: Draft) -> None:
    """Give up, before all else, each name that something else gets before the revision comes to drop what has it.

    PostgreSQL gives it another name for a moment, as other things may need it until it is dropped; elsewhere it is
    dropped first.
    """
    for operations in (draft.upgrade, draft.downgrade):
        if draft.kind == "postgresql":
            _as_renames(draft, operations)
        _Direction(draft, operations).free()


@dataclass
class _Holder:
    """What has a name that an operation takes from it."""

    op: Any
    kind: str  # CONSTRAINT, INDEX or a SEQUENCE
    name: str
    attribute: str = ""  # of the operation, which says the name
    constraint: Constraint | None = None  # of a table that is dropped

    @property
    def place(self) -> Name:
        """The schema and the name."""
        return _schema(self.op), self.name


class _Direction:
    """The upgrade or the downgrade, in the order in which it will run."""

    def __init__(self, draft: Draft, operations: OpContainer) -> None:
        self.draft, self.operations = draft, operations
        self.ops = [*each_operation(operations)]

    def free(self) -> None:
        """Insert what gives up names."""
        if not any(isinstance(op, _GAINING) for op in self.ops):
            return
        holders = [(place, each) for place, op in enumerate(self.ops) for each in self._holders(op)]
        gained: dict[Name, int] = {}
        for place, op in enumerate(self.ops) if holders else ():
            for name in gained_by(self.draft, op):
                gained.setdefault(name, place)
        first: list[MigrateOperation] = []
        given_up: set[Name] = set()
        for place, holder in holders:
            if gained.get(holder.place, place) < place and holder.place not in given_up:
                step = self._give_up(holder, {name for _, name in gained})
                first.append(step)
                self._tell_numberings(step, self.ops[:place])
            given_up.add(holder.place)
        begin = self._after_renamed_tables()
        self.operations.ops[begin:begin] = first

    def _holders(self, op: Any) -> Iterator[_Holder]:
        """Yield what gives up its name in an operation, as far as nothing else of its schema can have that name."""
        kind = self.draft.kind
        if isinstance(op, RenameInPlaceOp) and kind == "postgresql":
            yield _Holder(op, op.kind, op.old, "old")
        elif isinstance(op, IndexSqlOp) and op.drop:
            yield _Holder(op, "INDEX", op.name, "name")
        elif isinstance(op, DropIndexOp) and kind != "mysql":
            yield _Holder(op, "INDEX", str(op.index_name), "index_name")
        elif isinstance(op, DropConstraintOp) and _is_alone(self.draft, constraint_of(op)):
            yield _Holder(op, "CONSTRAINT", str(op.constraint_name), "constraint_name")
        elif isinstance(op, ChangePrimaryKeyOp) and op.old.columns and kind == "postgresql":
            yield _Holder(op, "CONSTRAINT", _name(self.draft, op.old), "old_name")
        elif isinstance(op, DropTableOp):
            table = op.to_table()
            for constraint in table.constraints:
                if _is_alone(self.draft, constraint):
                    yield _Holder(op, "CONSTRAINT", _name(self.draft, constraint), constraint=constraint)
            for name in _sequences(table) if kind == "postgresql" else ():
                yield _Holder(op, "SEQUENCE IF EXISTS", name)

    def _give_up(self, holder: _Holder, taken: set[str]) -> Any:
        """Return what comes first; it is no longer done where it was, or under the name for the moment."""
        op = holder.op
        table, schema = getattr(op, "table_name", ""), _schema(op)
        if self.draft.kind == "postgresql":
            moment = free_name(holder.name, taken)
            if holder.attribute:
                setattr(op, holder.attribute, moment)
            return RenameInPlaceOp(holder.kind, table, schema, holder.name, moment)
        if holder.constraint is not None:
            op = DropConstraintOp.from_constraint(holder.constraint)
        else:
            self._take_out(op)
        return op if isinstance(op, IndexSqlOp) else ModifyTableOps(table, [op], schema=schema)

    def _tell_numberings(self, step: Any, between: list[Any]) -> None:
        """Let what changes how a column counts say the name for the moment, until its sequence has the new one."""
        for op in between if isinstance(step, RenameInPlaceOp) else ():
            if isinstance(op, NumberingOp):
                at = op.at
                if (at.schema, at.table, at.sequence) == (step.schema, step.table_name, step.old):
                    op.at = replace(at, sequence=step.new)

    def _take_out(self, op: MigrateOperation) -> None:
        """Remove an operation from where it is, and what is empty then."""
        ops = self.operations.ops
        for container in (self.operations, *(each for each in ops if isinstance(each, ModifyTableOps))):
            container.ops = [each for each in container.ops if each is not op]
        self.operations.ops = [each for each in self.operations.ops if getattr(each, "ops", True)]

    def _after_renamed_tables(self) -> int:
        """Return where the tables that begin with another name have it; a downgrade ends with them."""
        if self.operations is self.draft.downgrade:
            return 0
        places = [place for place, op in enumerate(self.operations.ops, 1) if isinstance(op, RenameTableBothWaysOp)]
        return max(places, default=0)


def gained_by(draft: Draft, op: Any) -> Iterator[Name]:
    """Yield the names that something has from an operation on, as far as nothing else of its schema can have them."""
    items: Iterable[Any] = ()
    if isinstance(op, RenameInPlaceOp):
        yield op.schema, op.new
    elif isinstance(op, IndexSqlOp) and not op.drop:
        yield op.schema, op.name
    elif isinstance(op, ChangePrimaryKeyOp):
        items = [op.new]
    elif isinstance(op, CreateIndexOp):
        items = [index_of(op)]
    elif isinstance(op, AddConstraintOp):
        items = [constraint_of(op)]
    elif isinstance(op, CreateTableOp):
        table = op.to_table()
        items = table.constraints
        yield from ((op.schema, name) for name in _sequences(table) if draft.kind == "postgresql")
    yield from ((_schema(op), _name(draft, item)) for item in items if _is_alone(draft, item))


def _is_alone(draft: Draft, item: Constraint | Index | None) -> bool:
    """Tell whether nothing else of a schema can have the name of something."""
    if draft.kind == "sqlite":
        return isinstance(item, Index)
    if draft.kind == "mysql":
        return isinstance(item, ForeignKeyConstraint)
    is_empty = isinstance(item, PrimaryKeyConstraint) and not item.columns
    return item is not None and not is_empty and not isinstance(item, (ForeignKeyConstraint, CheckConstraint))


def _name(draft: Draft, item: Any) -> str:
    """Return the name of something; where nobody has given one to a key, that which PostgreSQL gives it."""
    name = stored_name(item, draft.dialect)
    if name is None and isinstance(item, PrimaryKeyConstraint):
        name = usual_name(item.table.name, "", "pkey")
    return name or ""


def _sequences(table: Table) -> list[str]:
    """Return the names of the sequences that a table of PostgreSQL may have."""
    return [usual_sequence(table.name, column.name) for column in table.columns if isinstance(column.type, Integer)]


def _schema(op: Any) -> str | None:
    schema: str | None = op.kw.get("source_schema") if isinstance(op, CreateForeignKeyOp) else op.schema
    return schema


def _as_renames(draft: Draft, operations: OpContainer) -> None:
    """Let primary keys that have only another name be renamed like everything else."""
    for table in operations.ops:
        if not isinstance(table, ModifyTableOps):
            continue
        for place, op in enumerate(table.ops):
            if isinstance(op, ChangePrimaryKeyOp) and column_names(op.old) == column_names(op.new):
                old, new = (stored_name(key, draft.dialect) for key in (op.old, op.new))
                if old and new:
                    table.ops[place] = RenameInPlaceOp("CONSTRAINT", op.table_name, op.schema, old, new)
