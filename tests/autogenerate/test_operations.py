"""Operations that Alembic does not have, and their reverses."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.operations.ops import AddConstraintOp, AlterColumnOp, DropConstraintOp, DropTableOp
from sqlalchemy import Column, Integer, MetaData, PrimaryKeyConstraint, String, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import ENUM

from alembic_proof.autogenerate.enum_types import EnumColumn
from alembic_proof.autogenerate.operations import (
    CastColumnOp,
    ChangePrimaryKeyOp,
    DestructiveOp,
    EnsureExistsOp,
    EnumTypeOp,
    IndexSqlOp,
    MoveLabelsOp,
    RenameColumnOp,
    RenameTableBothWaysOp,
    altered,
    constraint_of,
)


def attributes(op: Any) -> dict[str, Any]:
    """Return what an operation is made of."""
    return {name: value for name, value in vars(op).items() if not name.startswith("_")}


KEYS = [Table("t", MetaData(), Column("a", Integer), PrimaryKeyConstraint("a", name=name)).primary_key for name in "xy"]


@pytest.mark.parametrize(
    ("op", "reverse"),
    [
        (RenameTableBothWaysOp("a", "b", schema="s"), RenameTableBothWaysOp("b", "a", schema="s")),
        (
            RenameColumnOp("t", "a", schema="s", modify_name="b", existing_nullable=True, autoincrement=True),
            RenameColumnOp("t", "b", schema="s", modify_name="a", existing_nullable=True, autoincrement=True),
        ),
        (
            CastColumnOp("t", "a", existing_type="old", modify_type="new"),
            CastColumnOp("t", "a", existing_type="new", modify_type="old"),
        ),
        (MoveLabelsOp("t", None, "c", {"old": "new"}), MoveLabelsOp("t", None, "c", {"new": "old"})),
        (EnsureExistsOp("SCHEMA", "s"), EnsureExistsOp("SCHEMA", "s", is_reverse=True)),
        (IndexSqlOp("i", "CREATE INDEX i", schema="s"), IndexSqlOp("i", "CREATE INDEX i", drop=True, schema="s")),
        (ChangePrimaryKeyOp(KEYS[0], KEYS[1]), ChangePrimaryKeyOp(KEYS[1], KEYS[0])),
    ],
)
def test_reverses(op: Any, reverse: Any) -> None:
    """Of the same kind, and back again."""
    assert type(op.reverse()) is type(reverse)
    assert attributes(op.reverse()) == attributes(reverse)
    assert attributes(op.reverse().reverse()) == attributes(op)


def test_which_rows_had_a_label_that_was_replaced_is_not_known() -> None:
    """What was renamed can be undone, and nothing else."""
    back = MoveLabelsOp("t", None, "c", {"old": "new"}, {"gone": None}, ["left"]).reverse()
    assert (back.renamed, back.replaced, back.removed) == ({"new": "old"}, {}, [])
    with pytest.raises(NotImplementedError):
        MoveLabelsOp("t", None, "c", {}, {"gone": "new"}).reverse()


def test_the_reverse_of_an_enum_type() -> None:
    """The defaults of columns have the other labels."""
    columns = [EnumColumn("t", "c", "'old'::kind", ""), EnumColumn("t", "d", "'{old,b}'::kind[]", "[]")]
    op = EnumTypeOp(ENUM(name="kind"), ["old", "b"], ["b", "new"], columns, renamed={"old": "new"})
    back = op.reverse()
    assert (back.labels_before, back.labels_after, back.renamed) == (["b", "new"], ["old", "b"], {"new": "old"})
    assert [column.default for column in back.columns] == ["'new'::kind", "'{new,b}'::kind[]"]
    assert [column.default for column in back.reverse().columns] == [column.default for column in columns]


@pytest.mark.parametrize(
    ("before", "after", "renamed", "removed"),
    [
        (["a", "b"], ["b"], {}, ["a"]),
        (["a", "b"], ["b", "c"], {"a": "c"}, []),
        (["a", "b"], [], {}, []),  # the type is dropped
        ([], ["a"], {}, []),
    ],
)
def test_removed_labels(before: list[str], after: list[str], renamed: dict[str, str], removed: list[str]) -> None:
    """Of a type that continues to exist."""
    assert EnumTypeOp(ENUM(name="kind"), before, after, renamed=renamed).removed_labels == removed


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (EnumTypeOp(ENUM(name="kind"), [], ["a", "it's"]), ("change_enum", "kind: nothing becomes 'a', 'it''s'")),
        (EnumTypeOp(ENUM(name="kind"), ["a"], []), ("change_enum", "kind: 'a' becomes nothing")),
        (IndexSqlOp("i", "CREATE INDEX i"), ("add_index", "CREATE INDEX i")),
        (IndexSqlOp("i", "CREATE INDEX i", drop=True), ("remove_index", "CREATE INDEX i")),
        (ChangePrimaryKeyOp(KEYS[0], KEYS[1]), ("change_primary_key", None, "t", KEYS[0], KEYS[1])),
    ],
)
def test_what_alembic_check_prints(op: Any, expected: Any) -> None:
    """A tuple, as Alembic has it."""
    assert op.to_diff_tuple() == expected


def test_a_destructive_operation_is_printed_as_the_one_in_it() -> None:
    """It adds a comment to the revision only."""
    drop = DropTableOp.from_table(Table("t", MetaData()))
    assert DestructiveOp(drop).to_diff_tuple()[0] == "remove_table"


def test_altered() -> None:
    """A copy of another kind; the original stays as it is."""
    op = AlterColumnOp("t", "c", schema="s", modify_type=String(9), existing_comment="x", autoincrement=True)
    copy = altered(op, CastColumnOp, modify_type=None, column_name="d")
    assert type(copy) is CastColumnOp
    assert attributes(copy) == attributes(op) | {"modify_type": None, "column_name": "d"}
    assert op.column_name == "c"


def test_the_rename_of_a_reflected_column() -> None:
    """MariaDB and MySQL need to be told that it counts."""
    table = Table("t", MetaData(), Column("id", Integer, primary_key=True, autoincrement=True, comment="x"))
    for dialect, extra in (("mysql", {"autoincrement": True}), ("postgresql", {})):
        op = RenameColumnOp.of(dialect, table, table.c.id, "key")
        assert (op.column_name, op.modify_name, op.existing_nullable, op.existing_comment) == ("id", "key", False, "x")
        assert op.kw == extra


def test_constraint_of() -> None:
    """None of an operation that has only a name."""
    unique = UniqueConstraint("a", name="u")
    Table("t", MetaData(), Column("a", Integer), unique)
    for op in (AddConstraintOp.from_constraint(unique), DropConstraintOp.from_constraint(unique)):
        constraint = constraint_of(op)
        assert constraint is not None
        assert constraint.name == "u"
    assert constraint_of(DropConstraintOp("u", "t")) is None
