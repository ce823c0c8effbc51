"""Renames in a chain or a circle, which only somebody can say: D12."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Enum, ForeignKey, Index, Integer, MetaData, String, Table, func
from sqlalchemy.dialects.postgresql import DOMAIN
from support.lab import Lab
from support.models import CONVENTION, column


def models(**tables: str) -> MetaData:
    """Return tables, each with columns of texts by their names; one that begins with > refers to another table."""
    metadata = MetaData(naming_convention=CONVENTION)
    for name, columns in tables.items():
        its_columns: list[Column[Any]] = [Column("id", Integer, primary_key=True)]
        for each in columns.split():
            target = ForeignKey(f"{each[1:]}.id")
            its_columns.append(column("other_id", target) if each[0] == ">" else Column(each, String(20)))
        Table(name, metadata, *its_columns)
    return metadata


@pytest.mark.parametrize(
    ("before", "after", "answers", "expected"),
    [
        ("a b", "b c", ["t.a:b", "t.b:c"], {"b": "A", "c": "B"}),
        ("a b", "b c", ["t.b:t.c", "t.a=t.b"], {"b": "A", "c": "B"}),
        ("a b c", "b c d", ["t.a:b", "t.b:c", "t.c:d"], {"b": "A", "c": "B", "d": "C"}),
        ("a b", "a b", ["t.a:b", "t.b:a"], {"a": "B", "b": "A"}),
        ("a b c", "a b c", ["t.a:b", "t.b:c", "t.c:a"], {"a": "C", "b": "A", "c": "B"}),
        ("a a_before b", "a a_before b", ["t.a:b", "t.b:a"], {"a": "B", "b": "A", "a_before": "A_BEFORE"}),
        ("a", "a b", ["t.a:b"], {"a": None, "b": "A"}),
    ],
)
def test_columns(lab: Lab, before: str, after: str, answers: list[str], expected: dict[str, Any]) -> None:
    """Rows keep their values, down and up again."""
    lab.change(models(t=before))
    schema = lab.schema()
    names = before.split()
    lab.rows(f"INSERT INTO t (id, {', '.join(names)}) VALUES (1, {', '.join(repr(name.upper()) for name in names)})")
    lab.change(models(t=after), *(f"rename={answer}" for answer in answers))
    assert lab.rows(f"SELECT {', '.join(expected)} FROM t") == [tuple(expected.values())]
    lab.downgrade()
    assert lab.schema() == schema
    assert lab.rows(f"SELECT {', '.join(names)} FROM t") == [tuple(name.upper() for name in names)]
    lab.upgrade()
    assert lab.rows(f"SELECT {', '.join(expected)} FROM t") == [tuple(expected.values())]


@pytest.mark.parametrize("indexed", [False, True])
def test_a_name_that_a_dropped_column_gives_up(lab: Lab, indexed: bool) -> None:
    """It is dropped under a name for a moment, with what is on it; the other one gets its name, and gives it back."""

    def changed(columns: str) -> MetaData:
        metadata = models(t=columns)
        if indexed:
            Index("ix_t_a", metadata.tables["t"].c.a, unique=True)
        return metadata

    lab.change(changed("a b c"))
    schema = lab.schema()
    lab.rows("INSERT INTO t (id, a, b, c) VALUES (1, 'A', 'B', 'C')")
    lab.change(changed("a c"), "allow-drop=t.a", "rename=t.b:a")
    assert lab.rows("SELECT a, c FROM t") == [("B", "C")]
    lab.downgrade()
    assert lab.schema() == schema
    assert lab.rows("SELECT b, c FROM t") == [("B", "C")]
    lab.upgrade()
    assert lab.rows("SELECT a, c FROM t") == [("B", "C")]


@pytest.mark.parametrize(
    ("before", "after", "answers", "expected"),
    [
        ({"a": "x", "b": "y"}, {"b": "x", "c": "y"}, ["a:b", "b:c"], {"b": "a", "c": "b"}),
        ({"a": "x", "b": "x"}, {"a": "x", "b": "x"}, ["a:b", "b:a"], {"a": "b", "b": "a"}),
        ({"a": "x", "b": "y"}, {"b": "x z", "c": "y"}, ["a:b", "b:c"], {"b": "a", "c": "b"}),
        ({"a": "x"}, {"b": "x", "a": "y"}, ["a:b"], {"b": "a"}),
        ({"a": "x", "b": ">a"}, {"b": "x", "a": ">b"}, ["a:b", "b:a"], {"b": "a", "a": "b"}),
    ],
)
def test_tables(
    lab: Lab, before: dict[str, str], after: dict[str, str], answers: list[str], expected: dict[str, str]
) -> None:
    """With what is named after them, and what refers to them."""
    lab.change(models(**before))
    schema = lab.schema()
    for number, name in enumerate(before, 1):
        lab.rows(f"INSERT INTO {name} (id) VALUES ({number})")
    numbers = {name: number for number, name in enumerate(before, 1)}
    lab.change(models(**after), *(f"rename={answer}" for answer in answers))
    for new, old in expected.items():
        assert lab.rows(f"SELECT id FROM {new}") == [(numbers[old],)]
    lab.downgrade()
    assert lab.schema() == schema
    lab.upgrade()
    for new, old in expected.items():
        assert lab.rows(f"SELECT id FROM {new}") == [(numbers[old],)]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (["rename=t.a:b"], "-x rename=t.a:b would leave two of the name b: say which name t.b gets, with another"),
        (["rename=t.a:b", "rename=t.c:b", "rename=t.b:a"], "would leave two of the name b: say which name t."),
        (["rename=t.a:nothing"], "-x rename=t.a:nothing does not match any detected change"),
    ],
)
def test_names_that_are_not_free(lab_sqlite: Lab, answers: list[str], message: str) -> None:
    """Nothing is written."""
    lab_sqlite.change(models(t="a b c"))
    assert message in lab_sqlite.refused(models(t="a b c"), *answers)


def kinds(*labels: str) -> MetaData:
    """Return items of kinds."""
    metadata = MetaData()
    Table("item", metadata, Column("id", Integer, primary_key=True), column("kind", Enum(*labels, name="kind")))
    return metadata


@pytest.mark.parametrize(
    ("after", "renames"),
    [
        (["b", "c"], ["a:b", "b:c"]),
        (["b", "a"], ["a:b", "b:a"]),
        (["x", "b", "c"], ["a:b", "b:c"]),
    ],
)
def test_labels(lab: Lab, after: list[str], renames: list[str]) -> None:
    """Of an enum type of PostgreSQL, or a column of MariaDB."""
    kind = lab.engine.dialect.name
    if kind == "sqlite":  # which has texts, and nothing to rename in a type
        assert lab.revision(kinds("a", "b"))
        return
    lab.change(kinds("a", "b"))
    lab.rows("INSERT INTO item VALUES (1, 'a'), (2, 'b')")
    before = lab.schema()
    name = "kind" if kind == "postgresql" else "item.kind"
    answers = [f"rename={name}.{each}" for each in renames]
    lab.change(kinds(*after), *answers)
    new = dict(each.split(":") for each in renames)
    assert lab.rows("SELECT kind FROM item ORDER BY id") == [(new["a"],), (new["b"],)]
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT kind FROM item ORDER BY id") == [("a",), ("b",)]
    lab.upgrade()
    assert lab.rows("SELECT kind FROM item ORDER BY id") == [(new["a"],), (new["b"],)]


@pytest.mark.parametrize("refers", ["", ">t"])
def test_a_name_that_a_dropped_table_gives_up(lab: Lab, refers: str) -> None:
    """The table is dropped first, with what is on it; the other one gets its name, and gives it back."""

    def indexed(**tables: str) -> MetaData:
        metadata = models(**tables)
        for table in metadata.tables.values():
            Index(f"ix_{table.name}_a", table.c.a)
            Index(f"ix_{table.name}_lower", func.lower(table.c.a)) if "sqlite" in lab.url else None
        return metadata

    before, after = {"t": f"a x {refers}", "u": "a y"}, {"t": "a z"}
    lab.change(indexed(**before))
    lab.rows("INSERT INTO u (id, a, y) VALUES (1, 'A', 'Y')")
    schema = lab.schema()
    text = lab.change(indexed(**after), "allow-drop=t", "rename=u:t", "rename=t.y:z")
    assert "op.drop_table('t')  # destroys data" in text
    assert lab.rows("SELECT id, a, z FROM t") == [(1, "A", "Y")]
    lab.downgrade()
    assert lab.schema() == schema
    assert lab.rows("SELECT id, a, y FROM u") == [(1, "A", "Y")]
    lab.upgrade()


def test_a_dropped_table_to_which_another_refers(lab: Lab) -> None:
    """Its foreign key would refer to the new one."""
    lab.change(models(t="a x", u="a y", v=">t"))
    said = lab.refused(models(t="a y", v=">t"), "allow-drop=t", "rename=u:t")
    assert "v refers to t, which this revision would drop to give its name to another table." in said


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("type_", [Enum("a", "b", name="mood"), DOMAIN("price", Integer())], ids=["enum", "domain"])
def test_a_type_of_a_dropped_table_that_gives_up_its_name(lab_postgresql: Lab, type_: Any, is_kept: bool) -> None:
    """It goes with the table, unless another one has it."""

    def changed(name: str, *more: Column[Any]) -> MetaData:
        metadata = MetaData()
        Table(name, metadata, Column("id", Integer, primary_key=True), Column("day", Integer))
        if is_kept:
            Table("stays", metadata, Column("x", type_))
        if more:
            Table("shop", metadata, *more)
        return metadata

    lab = lab_postgresql
    lab.change(changed("other", Column("number", Integer, primary_key=True), Column("x", type_)))
    lab.change(changed("shop"), "allow-drop=shop", "rename=other:shop")
    query = "SELECT count(*) FROM pg_type WHERE typname IN ('mood', 'price') AND typtype IN ('e', 'd')"
    assert lab.rows(query) == [(int(is_kept),)]
    lab.downgrade()
    assert lab.rows(query) == [(1,)]
    lab.upgrade()
    assert lab.differences() == ""
