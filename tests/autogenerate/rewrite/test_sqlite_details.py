"""What is dropped on SQLite comes back as it was. C1, C12."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table
from support.lab import Lab

OPTIONS = ["sqlite_autoincrement=True", "sqlite_with_rowid=False", ""]


def models(*names: str, columns: bool = True, **options: Any) -> MetaData:
    """Return tables with a collation."""
    metadata = MetaData()
    for name in names:
        table = Table(name, metadata, Column("id", Integer, primary_key=True), **options)
        if columns:
            table.append_column(Column("a", String(10, collation="NOCASE"), nullable=False))
    return metadata


@pytest.mark.parametrize("option", OPTIONS)
def test_a_dropped_table(lab_sqlite: Lab, option: str) -> None:
    """With its options and collations."""
    name, _, value = option.partition("=")
    options = {name: value == "True"} if name else {}
    lab_sqlite.change(models("kept", "thing", **options))
    query = "SELECT sql FROM sqlite_master WHERE name = 'thing'"
    before = lab_sqlite.rows(query)
    lab_sqlite.change(models("kept", **options), "allow-drop")
    lab_sqlite.downgrade()
    assert words(lab_sqlite.rows(query)) == words(before)


@pytest.mark.parametrize(("name", "answers"), [("thing", ()), ("other", ("rename=thing:other",))])
def test_a_dropped_column(lab_sqlite: Lab, name: str, answers: tuple[str, ...]) -> None:
    """With its collation; of a table that gets another name, too."""
    lab_sqlite.change(models("thing"))
    lab_sqlite.change(models(name, columns=False), "allow-drop", *answers)
    lab_sqlite.downgrade()
    assert 'COLLATE "NOCASE"' in str(lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'"))


def test_a_dropped_column_of_tables_that_swap_names(lab_sqlite: Lab) -> None:
    """With its collation, too."""

    metadata, swapped = MetaData(), MetaData()
    name = Column("name", String(collation="NOCASE"))
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("one", Integer), name)
    Table("b", metadata, Column("id", Integer, primary_key=True), Column("two", Integer))
    lab_sqlite.change(metadata)
    Table("b", swapped, Column("id", Integer, primary_key=True), Column("one", Integer))
    Table("a", swapped, Column("id", Integer, primary_key=True), Column("two", Integer))
    lab_sqlite.change(swapped, "allow-drop=b.name", "rename=a:b", "rename=b:a")
    lab_sqlite.downgrade()
    assert 'COLLATE "NOCASE"' in str(lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'a'"))


def test_a_dropped_column_whose_name_another_one_gets(lab_sqlite: Lab) -> None:
    """With its collation, though it has another name when it is dropped."""
    added = models("thing")
    added.tables["thing"].append_column(Column("b", Integer))
    lab_sqlite.change(added)
    renamed = models("thing", columns=False)
    renamed.tables["thing"].append_column(Column("a", Integer))
    lab_sqlite.change(renamed, "rename=thing.b:a", "allow-drop=thing.a")
    lab_sqlite.downgrade()
    [(sql,)] = lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'")
    assert 'a VARCHAR(10) NOT NULL COLLATE "NOCASE"' in str(sql)


def words(rows: list[tuple[str]] | list[tuple[object, ...]]) -> list[str]:
    """Return the words of a statement."""
    return str(rows[0][0]).split()
