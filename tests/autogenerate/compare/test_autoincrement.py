"""AUTOINCREMENT comes and goes on SQLite. C1."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, MetaData, String, Table
from support.lab import Lab
from support.models import CONVENTION


def models(counts: bool, length: int = 10, *, name: str = "thing", convention: bool = True) -> MetaData:
    """Return a table, with AUTOINCREMENT or without."""
    metadata = MetaData(naming_convention=CONVENTION if convention else None)
    columns = (Column("id", Integer, primary_key=True), Column("a", String(length, collation="NOCASE")))
    Table(name, metadata, *columns, CheckConstraint("a <> 'b'", name="b"), sqlite_autoincrement=counts)
    return metadata


@pytest.mark.parametrize("convention", [True, False])
@pytest.mark.parametrize("begins", [True, False])
def test_it_begins_and_ends(lab_sqlite: Lab, begins: bool, convention: bool) -> None:
    """Up, down, up, with rows, and everything else as it was."""
    lab_sqlite.change(models(not begins, convention=convention))
    lab_sqlite.rows("INSERT INTO thing (id, a) VALUES (1, 'x'), (5, 'y')")
    before = lab_sqlite.schema()
    lab_sqlite.change(models(begins, convention=convention))
    assert counts(lab_sqlite) is begins
    lab_sqlite.downgrade()
    assert counts(lab_sqlite) is not begins
    assert lab_sqlite.schema() == before
    lab_sqlite.upgrade()
    assert counts(lab_sqlite) is begins
    lab_sqlite.rows("DELETE FROM thing WHERE id = 5")
    assert lab_sqlite.rows("INSERT INTO thing (a) VALUES ('z') RETURNING id") == [(6 if begins else 2,)]
    assert "COLLATE" in str(lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'"))


def test_with_a_rename_beside(lab_sqlite: Lab) -> None:
    """And another change of the table."""
    lab_sqlite.change(models(False))
    lab_sqlite.change(models(True, 20, name="other"), "rename=thing:other")
    assert counts(lab_sqlite, "other")
    lab_sqlite.downgrade()
    assert not counts(lab_sqlite)


def counts(lab: Lab, table: str = "thing") -> bool:
    """Tell whether the table has it."""
    ((sql,),) = lab.rows(f"SELECT sql FROM sqlite_master WHERE name = '{table}'")
    return "AUTOINCREMENT" in sql


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("type_", [Integer, String(20)])
@pytest.mark.parametrize("convention", [{}, {"pk": "pk_%(table_name)s"}])
def test_with_another_key(lab_sqlite: Lab, begins: bool, type_: Any, convention: dict[str, str]) -> None:
    """AUTOINCREMENT comes after its key, and goes with it."""

    def models(counts: bool) -> MetaData:
        metadata = MetaData(naming_convention=convention)
        columns = [
            Column("id", Integer, primary_key=counts, nullable=False),
            Column("code", type_, primary_key=not counts, nullable=False),
        ]
        Table("thing", metadata, *columns, sqlite_autoincrement=counts)
        return metadata

    lab_sqlite.change(models(not begins))
    lab_sqlite.rows("INSERT INTO thing (id, code) VALUES (3, 7)")
    lab_sqlite.change(models(begins))
    lab_sqlite.downgrade()
    ((sql,),) = lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'")
    assert ("AUTOINCREMENT" in str(sql)) == (not begins)
    lab_sqlite.upgrade()
    assert lab_sqlite.differences() == ""
    assert [(row[0], int(row[1])) for row in lab_sqlite.rows("SELECT id, code FROM thing")] == [(3, 7)]


@pytest.mark.parametrize("convention", [{}, {"pk": "pk_%(table_name)s"}])
def test_without_a_key(lab_sqlite: Lab, convention: dict[str, str]) -> None:
    """AUTOINCREMENT goes with the key, and comes back with it."""

    def models(has_key: bool) -> MetaData:
        metadata = MetaData(naming_convention=convention)
        column: Column[Any] = Column("id", Integer, primary_key=has_key, nullable=False)
        Table("thing", metadata, column, Column("code", String(9)), sqlite_autoincrement=has_key)
        return metadata

    lab_sqlite.change(models(True))
    before = lab_sqlite.schema()
    lab_sqlite.change(models(False))
    lab_sqlite.downgrade()
    assert lab_sqlite.schema() == before
    assert "AUTOINCREMENT" in str(lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'"))
    lab_sqlite.upgrade()


@pytest.mark.parametrize("begins", [True, False])
def test_with_another_type(lab_sqlite: Lab, begins: bool) -> None:
    """AUTOINCREMENT is there only while the column is an INTEGER."""

    def models(counts: bool) -> MetaData:
        metadata = MetaData()
        key: Column[Any] = Column("id", Integer if counts else BigInteger, primary_key=True)
        Table("thing", metadata, key, Column("code", String(9)), sqlite_autoincrement=counts)
        return metadata

    lab_sqlite.change(models(not begins))
    lab_sqlite.rows("INSERT INTO thing (id, code) VALUES (3, 'x')")
    before = lab_sqlite.schema()
    lab_sqlite.change(models(begins))
    lab_sqlite.downgrade()
    assert lab_sqlite.schema() == before
    lab_sqlite.upgrade()
    assert lab_sqlite.rows("SELECT id, code FROM thing") == [(3, "x")]
