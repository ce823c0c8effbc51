"""Computed columns are dropped and added, with what is on them, when their expression changes."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Computed, Date, Index, Integer, MetaData, Numeric, String, Table
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import CONVENTION


def models(twice: str, fifth: str) -> MetaData:
    """Return a table with two computed columns, one with an index and one with a UNIQUE."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("size", Integer, nullable=False),
        Column("twice", Integer, Computed(twice, persisted=True), index=True),
        Column("fifth", Integer, Computed(fifth, persisted=True), unique=True),
    )
    return metadata


def test_two_at_once(lab: Lab) -> None:
    """Neither is taken for a rename of the other; an index and a UNIQUE are created again; up and down."""
    lab.change(models("size * 2", "size * 5"))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    before = lab.schema()
    lab.change(models("size * 3", "size * 6"))
    assert lab.rows("SELECT twice, fifth FROM thing") == [(21, 42)]
    with pytest.raises(DBAPIError):
        lab.rows("INSERT INTO thing (id, size) VALUES (2, 7)")
    lab.downgrade()
    assert {name: sorted(items) for name, items in lab.schema().items()} == {
        name: sorted(items) for name, items in before.items()
    }


def test_of_a_type_with_a_comma(lab: Lab) -> None:
    """SQLAlchemy does not read its expression on SQLite; on PostgreSQL it is compared as a value of that type."""
    metadata = MetaData()
    total = Column("total", Numeric(12, 3), Computed("price * 2", persisted=True))
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("price", Numeric(10, 2)), total)
    lab.change(metadata)


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        ("(size + 1)  *  2", True),
        ("((size + 1) * 2)", True),
        ("2 * (size + 1)", False),
        ("size + (1 * 2)", False),
        ("(size + 1) * 2 + 0", False),
    ],
)
def test_another_expression(lab: Lab, expression: str, same: bool) -> None:
    """B1, B3: the database is asked whether it is one."""
    lab.change(models("(size + 1) * 2", "size % 5"))
    assert (lab.differences(models(expression, "size % 5")) == "") == same


def plain_or_computed(computed: Computed | None, **index: Any) -> MetaData:
    """Return a table with a column that may be computed."""
    metadata = MetaData(naming_convention=CONVENTION)
    column: Column[Any] = Column("twice", Integer, *([computed] if computed is not None else []), **index)
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("size", Integer), column)
    return metadata


@pytest.mark.parametrize("index", [{}, {"index": True}, {"unique": True}])
def test_a_column_becomes_computed_and_back(lab: Lab, index: dict[str, bool]) -> None:
    """B8: after the question of losing its values; as it was computed, there is none."""
    plain, computed = (plain_or_computed(each, **index) for each in (None, Computed("size * 2", persisted=True)))
    lab.change(plain)
    lab.rows("INSERT INTO thing (id, size, twice) VALUES (1, 7, 5)")
    assert "thing.twice becomes computed, and the values that it has are lost." in lab.refused(computed)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Computed default")  # Alembic's
        lab.change(computed, "allow-drop=thing.twice")
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
    lab.downgrade()
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
    lab.upgrade()
    lab.change(plain_or_computed(None, **index))
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
    lab.rows("UPDATE thing SET twice = 3")
    lab.downgrade()
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
    lab.upgrade()
    assert lab.rows("SELECT twice FROM thing") == [(14,)]


def ceasing(column: Column[Any], *others: Any, table: str = "thing", size: str | None = "size") -> MetaData:
    """Return a table with a column that is computed, or was."""
    metadata = MetaData(naming_convention=CONVENTION)
    sizes = [Column(size, Integer)] if size else []
    Table(table, metadata, Column("id", Integer, primary_key=True), *sizes, column, *others)
    return metadata


@pytest.mark.parametrize("persisted", [True, False])
@pytest.mark.parametrize(
    ("after", "answers"),
    [
        (ceasing(Column("twice", Integer)), ()),
        (ceasing(Column("twice", BigInteger, index=True)), ()),
        (ceasing(Column("twice", Integer, nullable=False)), ("fill=thing.twice=0",)),
        (ceasing(Column("twice", Integer, server_default="3")), ()),
        (ceasing(Column("twice", Integer), size=None), ("allow-drop=thing.size",)),
        (ceasing(Column("twice", Integer), size="length"), ("rename=thing.size:length",)),
        (ceasing(Column("doubled", Integer)), ("rename=thing.twice:doubled",)),
        (ceasing(Column("twice", Integer), table="item"), ("rename=thing:item",)),
        (ceasing(Column("twice", Integer), Column("new", Integer, nullable=False)), ("fill=thing.new=sql:twice + 1",)),
    ],
)
def test_a_column_is_no_longer_computed(lab: Lab, persisted: bool, after: MetaData, answers: tuple[str, ...]) -> None:
    """Its values stay, stored or not, whatever else changes; after the downgrade they are computed again."""
    if not persisted and lab.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL 15 stores all of them")
    lab.change(ceasing(Column("twice", Integer, Computed("size * 2", persisted=persisted))))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    before = lab.schema()
    lab.change(after, *answers)
    (table,) = after.tables.values()
    column = table.columns[2] if "size" in table.columns or "length" in table.columns else table.columns[1]
    assert lab.rows(f"SELECT {column.name} FROM {table.name}") == [(14,)]
    lab.downgrade()
    assert lab.rows("SELECT twice FROM thing") == [(None if len(table.columns) == 2 else 14,)]
    assert {name: sorted(items) for name, items in lab.schema().items()} == {
        name: sorted(items) for name, items in before.items()
    }
    lab.upgrade()


@pytest.mark.parametrize("name", ["long_" * 12 + "end", "이름" * 10])
def test_one_of_a_long_name_is_no_longer_computed(lab: Lab, name: str) -> None:
    """Another column has its values for a moment, whose name is not longer than a name can be."""
    computed = Column(name, Integer, Computed("size * 2", persisted=lab.engine.dialect.name == "postgresql"))
    lab.change(ceasing(computed))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    lab.change(ceasing(Column(name, Integer)))
    assert lab.rows("SELECT * FROM thing") == [(1, 7, 14)]


def test_of_quite_another_type_its_values_are_asked_about(lab: Lab) -> None:
    """They could not be kept as they are."""
    lab.change(ceasing(Column("twice", Integer, Computed("size * 2", persisted=True))))
    asked = lab.refused(ceasing(Column("twice", Date)))
    assert "thing.twice is no longer computed, and becomes Date(): the values that it has are lost." in asked
    lab.change(ceasing(Column("twice", Date)), "allow-drop=thing.twice")
    lab.downgrade()


def test_an_index_changes_with_the_expression(lab: Lab) -> None:
    """It is dropped and created once."""

    def indexed(expression: str, *columns: str) -> MetaData:
        return ceasing(Column("twice", Integer, Computed(expression, persisted=True)), Index("ix", *columns))

    lab.change(indexed("size * 2", "twice"))
    lab.change(indexed("size * 3", "twice", "size"))
    lab.downgrade()


@pytest.mark.parametrize("lab", ["sqlite", "mysql"], indirect=True)
def test_whether_it_is_stored(lab: Lab) -> None:
    """B8: that changes as well, and without a question; PostgreSQL 15 stores all of them."""
    lab.change(plain_or_computed(Computed("size * 2")))
    assert lab.differences(plain_or_computed(Computed("size * 2", persisted=False))) == ""
    lab.change(plain_or_computed(Computed("size * 2", persisted=True)))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
    lab.downgrade()
    assert lab.rows("SELECT twice FROM thing") == [(14,)]


@pytest.mark.parametrize("name", ["twice", "e"])
def test_a_column_is_added_beside_a_computed_one(lab: Lab, name: str) -> None:
    """On SQLite it comes to stand on the same line; a name may be the end of another one."""

    def models(size: str, *others: Column[Any]) -> MetaData:
        metadata = MetaData()
        computed = Column(name, Numeric(10, 2), Computed(f"({size} + 1) * 2", persisted=False if is_sqlite else None))
        key: Column[Any] = Column("id", Integer, primary_key=True)
        Table("size", metadata, key, Column(size, Numeric(12, 2)), computed, *others)
        return metadata

    is_sqlite = "sqlite" in lab.url
    lab.change(models("size"))
    lab.change(models("size", Column("more", String(200))))
    lab.change(models("length", Column("more", String(200))), "rename=size.size:length")
    lab.change(models("length", Column("more", String(200)), Column("most", Integer)))
    lab.downgrade()
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""


@pytest.mark.parametrize("persisted", [False, True])
@pytest.mark.parametrize(
    "change", [{"type_": BigInteger}, {"comment": "say so"}, {"type_": BigInteger, "comment": "x"}]
)
def test_its_type_or_its_comment_changes(lab_mysql: Lab, persisted: bool, change: dict[str, Any]) -> None:
    """MariaDB has no MODIFY that keeps what it is computed from, in Alembic: it is dropped and added."""

    def of(type_: Any = Integer, comment: str | None = None) -> MetaData:
        metadata = MetaData()
        computed = Column("twice", type_, Computed("a * 2", persisted=persisted), comment=comment, index=True)
        Table("thing", metadata, Column("id", Integer, primary_key=True), Column("a", Integer), computed)
        return metadata

    lab_mysql.change(of())
    lab_mysql.rows("INSERT INTO thing (id, a) VALUES (1, 21)")
    before = lab_mysql.schema()
    lab_mysql.change(of(**change))
    after = lab_mysql.schema()
    assert lab_mysql.rows("SELECT twice FROM thing") == [(42,)]
    lab_mysql.downgrade()
    assert lab_mysql.schema() == before
    lab_mysql.upgrade()
    assert lab_mysql.schema() == after
