"""Enum labels of PostgreSQL that come, go, or get another name, with what names them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Computed, Enum, Index, Integer, MetaData, String, Table, text
from support.lab import Lab


def models(labels: str, *, computed: str = "", new: str = "", **texts: str) -> MetaData:
    """Return a table with a column of an enum, and what names its labels; and, with a new label, another table."""
    metadata = MetaData()
    state = Enum(*labels, name="state")
    columns: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        Column("st", state),
        Column("size", Integer),
        Column("name", String(9)),
        *([Column("c", Integer, Computed(computed, persisted=True))] if computed else []),
    ]
    checks = [CheckConstraint(texts["check"], name="ck")] if "check" in texts else []
    table = Table("t", metadata, *columns, *checks)
    if "where" in texts:
        Index("ix", table.c.size, postgresql_where=text(texts["where"]))
    if new:
        its_check = CheckConstraint(f"st <> '{new}'", name="ck_n")
        Table(
            "n", metadata, Column("id", Integer, primary_key=True), Column("st", state, server_default=new), its_check
        )
    return metadata


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (models("abc", check="st <> 'c' OR size > 0"), models("ab", check="st <> 'b' OR size > 0")),
        (models("abc", where="st = 'c'"), models("ab")),
        (models("abc", where="st = 'c'"), models("ab", where="st = 'b'")),
        (models("abc", computed="CASE st WHEN 'c' THEN 1 END"), models("ab", computed="CASE st WHEN 'b' THEN 1 END")),
        (models("ab"), models("abc", check="st <> 'c'")),
        (models("ab"), models("abc", where="st = 'c'")),
        (models("ab", check="st <> 'b'"), models("abc", check="st <> 'c'")),
        (models("ab"), models("abc", new="c")),
        (models("ab"), models("abc", computed="CASE st WHEN 'c' THEN 1 END")),
    ],
)
def test_a_label_comes_or_goes(lab_postgresql: Lab, before: MetaData, after: MetaData) -> None:
    """It is there when something names it, in both directions: PostgreSQL does not take it in the same transaction."""
    lab = lab_postgresql
    lab.change(before)
    lab.rows("INSERT INTO t (st, size) VALUES ('a', 1)")
    lab.change(after)
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""
    lab.downgrade("base")


def two(labels: str, *, column: bool = False, table: bool = False) -> MetaData:
    """Return a table with a column of an enum, and another column or table of it, by default with its last label."""
    metadata = models(labels)
    state = Enum(*labels, name="state")
    if column:
        metadata.tables["t"].append_column(Column("more", state, server_default=labels[-1], nullable=False, index=True))
    if table:
        Table("n", metadata, Column("id", Integer, primary_key=True), Column("st", state, server_default=labels[-1]))
    return metadata


@pytest.mark.parametrize("kind", ["column", "table"])
def test_a_label_goes_with_its_column(lab_postgresql: Lab, kind: str) -> None:
    """With rows that have it, and a default: they go first, and come back when the label is there again."""
    lab = lab_postgresql
    lab.change(two("abc", **{kind: True}))
    lab.rows("INSERT INTO t (st) VALUES ('a')" if kind == "column" else "INSERT INTO n (id) VALUES (1)")
    written = lab.change(two("ab"), "allow-drop", "no-rename")
    assert written.index("op.drop_") < written.index("ALTER TYPE")
    lab.rows("DELETE FROM t")
    lab.downgrade()
    lab.upgrade()
    lab.downgrade("base")


RENAMES = ("rename=state.a:state.x",)
SWAPS = ("rename=state.a:state.b", "rename=state.b:state.a")


@pytest.mark.parametrize(
    ("before", "after", "answers", "is_made_anew"),
    [
        (models("ab", where="st = 'a'"), models("xb", where="st = 'x'"), RENAMES, False),
        (models("ab", check="st < 'b' OR st = 'a'"), models("xb", check="st < 'b' OR st = 'x'"), RENAMES, False),
        (models("ab", computed="(st = 'a')::int"), models("xb", computed="(st = 'x')::int"), RENAMES, False),
        (models("ab", where="st = 'a'"), models("ba", where="st = 'b'"), SWAPS, False),
        (models("ab", where="st = 'a'"), models("xb", where="st = 'b'"), RENAMES, True),
        (models("ab", check="name <> 'a'"), models("xb", check="name <> 'x'"), RENAMES, True),
    ],
)
def test_a_label_gets_another_name(
    lab_postgresql: Lab, before: MetaData, after: MetaData, answers: tuple[str, ...], is_made_anew: bool
) -> None:
    """What names it follows, and is not made anew; what names another one is."""
    lab = lab_postgresql
    lab.change(before)
    lab.rows("INSERT INTO t (st, size) VALUES ('a', 1)")
    written = lab.change(after, *answers)
    assert ("op.drop_" in written) is is_made_anew
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""
