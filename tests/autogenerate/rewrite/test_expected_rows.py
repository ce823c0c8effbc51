"""The rows of a table, as an operation of the revision will find them."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, patch

import pytest
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateTableOp,
    DowngradeOps,
    DropColumnOp,
    ExecuteSQLOp,
    MigrateOperation,
    UpgradeOps,
)
from sqlalchemy import Column, Computed, Identity, Integer, MetaData, String, Table, func
from support.models import column, dialect_of

from alembic_proof.autogenerate.draft import Draft
from alembic_proof.autogenerate.operations import FillRowsOp, MoveLabelsOp, RenameColumnOp, RenameTableBothWaysOp
from alembic_proof.autogenerate.rewrite import expected_rows
from alembic_proof.autogenerate.rewrite.expected_rows import ExpectedTables
from alembic_proof.prompts import Answers, Nobody


def tables(kind: str = "sqlite", *ops: MigrateOperation, **options: Any) -> ExpectedTables:
    """Return the tables of a draft with these operations, none of which is taken in yet: t, with an id, a and b."""
    metadata = MetaData()

    def table(metadata: MetaData, *new: Any) -> Table:
        computed = column("twice", Integer, Computed("b * 2"))
        id_ = column("id", Integer, primary_key=True)
        return Table("t", metadata, id_, Column("a", String(5)), Column("b", Integer), computed, *new, **options)

    table(metadata, Column("c", String(5)), Column("d", Integer))
    context = Mock(dialect=dialect_of(kind), opts={"target_metadata": metadata}, connection=None)
    draft = Draft(context, Answers((), Nobody()), UpgradeOps(list(ops)), DowngradeOps([]))
    with patch.object(expected_rows, "reflected_tables", lambda _: {"t": table(MetaData())}):
        return ExpectedTables(draft)


def add(name: str = "c", type_: Any = None, *parts: Any, **options: Any) -> AddColumnOp:
    """Return the operation that adds a column."""
    return AddColumnOp("t", Column(name, type_ or String(5), *parts, **options))


def filled(**sql: str) -> FillRowsOp:
    """Return the operation that fills columns from SQL."""
    return FillRowsOp("t", None, dict.fromkeys(sql, "code"), sql)


def renamed(old: str, new: str) -> RenameColumnOp:
    """Return the operation that renames a column."""
    return RenameColumnOp("t", old, modify_name=new, existing_type=Integer())


ALTERED = AlterColumnOp("t", "a", existing_type=String(5), modify_type=String(9))
CASES: dict[str, tuple[list[MigrateOperation], set[str], str | None]] = {
    "as they are": ([], {"a"}, "t"),
    "a new column": ([add()], {"a", "c"}, "(SELECT a, NULL AS c FROM (SELECT a FROM t) AS t) AS t"),
    "another column": ([add()], {"a"}, "t"),
    "with a default": ([add(server_default="x")], {"c"}, "(SELECT 'x' AS c FROM (SELECT 1 FROM t) AS t) AS t"),
    "with a default that is a function": ([add(server_default=func.own())], {"c"}, None),
    "with numbers": ([add("c", Integer, Identity())], {"c"}, None),
    "without a value": ([add(nullable=False)], {"c"}, None),
    "computed": ([add("c", Integer, Computed("b + 1"))], {"c"}, "(SELECT b + 1 AS c FROM (SELECT b FROM t) AS t) AS t"),
    "filled": (
        [add(), filled(c="lower(a)")],
        {"c"},
        "(SELECT lower(a) AS c FROM (SELECT a FROM t) AS t) AS t",
    ),
    "filled from another that is filled": (
        [add(), add("d", Integer), filled(d="b"), filled(c="d + 1")],
        {"c"},
        "(SELECT d + 1 AS c FROM (SELECT b AS d FROM (SELECT b FROM t) AS t) AS t) AS t",
    ),
    "filled where it is NULL": (
        [filled(a="'x'")],
        {"a"},
        "(SELECT COALESCE(a, 'x') AS a FROM (SELECT a FROM t) AS t) AS t",
    ),
    "filled by nobody knows what": ([add(), filled(c="own(a)")], {"c"}, None),
    "filled from what nobody knows": ([add("d", Integer, Identity()), add(), filled(c="d")], {"c"}, None),
    "no value is right": ([add(), filled(c="")], {"c"}, None),
    "a longer text": ([ALTERED], {"a"}, "t"),
    "a shorter text": ([AlterColumnOp("t", "a", existing_type=String(5), modify_type=String(2))], {"a"}, "t"),
    "a number": ([AlterColumnOp("t", "a", existing_type=String(5), modify_type=Integer())], {"a"}, None),
    "other labels": ([MoveLabelsOp("t", None, "a", {"x": "y"})], {"a"}, None),
    "computed from what is filled": ([filled(b="0")], {"twice"}, None),
    "dropped and added": (
        [DropColumnOp("t", "a"), AddColumnOp("t", Column("a", Integer))],
        {"a"},
        "(SELECT NULL AS a FROM (SELECT 1 FROM t) AS t) AS t",
    ),
}


@pytest.mark.parametrize(("ops", "columns", "expected"), CASES.values(), ids=CASES)
def test_source(ops: list[MigrateOperation], columns: set[str], expected: str | None) -> None:
    """What is written after FROM; None where nobody can tell."""
    found = tables()
    rows = found.rows("t", None)
    assert rows is not None
    assert all(found.take(op) for op in ops)
    assert rows.source(columns) == expected


@pytest.mark.parametrize(
    ("ops", "name", "expected"),
    [
        ([RenameTableBothWaysOp("s", "t")], "t", "(SELECT a FROM s) AS t"),
        ([renamed("x", "a")], "t", "(SELECT x AS a FROM t) AS t"),
    ],
)
def test_of_what_is_renamed(ops: list[MigrateOperation], name: str, expected: str) -> None:
    """The database has the old names."""
    rows = tables("sqlite", *ops).rows(name, None)
    assert rows is not None
    assert rows.source({"a"}) == expected


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("sqlite", {}, "(SELECT a FROM t LIMIT 9) AS t"),
        ("mysql", {}, "(SELECT a FROM t LIMIT 9) AS t"),
        ("postgresql", {}, "(SELECT a FROM ONLY t LIMIT 9) AS t"),
        ("postgresql", {"postgresql_partition_by": "RANGE (id)"}, "(SELECT a FROM t LIMIT 9) AS t"),
    ],
)
def test_with_a_limit(kind: str, options: dict[str, Any], expected: str) -> None:
    """What inherits from a table of PostgreSQL is not one of its rows; what is in a partition is."""
    rows = tables(kind, **options).rows("t", None)
    assert rows is not None
    assert rows.source({"a"}, 9) == expected


@pytest.mark.parametrize(
    ("kind", "sql", "inexact"),
    [("sqlite", "b", True), ("mysql", "b", True), ("postgresql", "b", False), ("mysql", "'x'", False)],
)
def test_what_the_database_converts(kind: str, sql: str, inexact: bool) -> None:
    """Only a cast to the type of its column makes an expression what is stored."""
    found = tables(kind)
    rows = found.rows("t", None)
    assert rows is not None
    for op in (add(), filled(c=sql)):
        found.take(op)
    assert ("c" in rows.inexact) is inexact


def test_what_nobody_can_tell() -> None:
    """New tables have no rows, others are not asked about, and SQL of a project may change anything."""
    found = tables()
    assert found.take(CreateTableOp("new", []))
    assert found.created == {"new"}
    assert found.rows("new", None) is None
    assert not found.take(ExecuteSQLOp("DELETE FROM t"))
