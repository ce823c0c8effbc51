"""Collations of texts come, go and change."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, inspect
from support.lab import Lab

COLLATIONS = {
    "sqlite": ("NOCASE", "RTRIM"),
    "postgresql": ("C", "POSIX"),
    "mysql": ("utf8mb4_bin", "utf8mb4_unicode_ci"),
}


def models(type_: Any, name: str = "a", table: str = "t") -> MetaData:
    """Return a table with a text."""
    metadata = MetaData()
    Table(table, metadata, Column("id", Integer, primary_key=True), Column(name, type_, nullable=False))
    return metadata


def collation(lab: Lab, table: str = "t", name: str = "a") -> str | None:
    """Return the collation of a column, as the database has it; None for the usual one."""
    if lab.engine.dialect.name == "sqlite":
        ((sql,),) = lab.rows(f"SELECT sql FROM sqlite_master WHERE name = '{table}'")
        found = [each for each in COLLATIONS["sqlite"] if each in sql]
        assert "BINARY" not in sql
        return found[0] if found else None
    if lab.engine.dialect.name == "postgresql":
        where = f"attrelid = '{table}'::regclass AND attname = '{name}' AND collname <> 'default'"
        rows = lab.rows(f"SELECT collname FROM pg_attribute JOIN pg_collation c ON c.oid = attcollation WHERE {where}")
        return rows[0][0] if rows else None
    types = {each["name"]: each["type"] for each in inspect(lab.engine).get_columns(table)}
    found_type: Any = types[name]
    return str(found_type.collation) if found_type.collation else None


@pytest.mark.parametrize(("old", "new"), [(None, 0), (0, None), (0, 1), (0, 0)])
@pytest.mark.parametrize("length", [40, 50])
def test_it_changes(lab: Lab, old: int | None, new: int | None, length: int) -> None:
    """Both ways, also where the length changes with it."""
    known = COLLATIONS[lab.engine.dialect.name]
    before, after = (None if each is None else known[each] for each in (old, new))
    lab.change(models(String(40, collation=before)))
    lab.rows("INSERT INTO t VALUES (1, 'x')")
    if (before, 40) == (after, length):
        assert lab.differences() == ""
        return
    lab.change(models(String(length, collation=after)))
    assert collation(lab) == after
    lab.downgrade()
    assert collation(lab) == before
    lab.upgrade()
    assert collation(lab) == after
    assert lab.rows("SELECT a FROM t") == [("x",)]


def test_beside_renames(lab: Lab) -> None:
    """It is that of the renamed column, in the renamed table."""
    name = COLLATIONS[lab.engine.dialect.name][0]
    lab.change(models(Text(collation=name)))
    assert "alter_column" not in lab.change(models(Text(collation=name), table="u"), "rename=t:u")
    lab.change(models(Text(), "b", "v"), "rename=u:v", "rename=v.a:b")
    assert collation(lab, "v", "b") is None
    lab.downgrade()
    assert collation(lab, "u") == name


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ("sqlite", "nocase"),
        ("sqlite", "BINARY"),
        ("mysql", "utf8mb4_general_ci"),
        ("mysql", "utf8_bin"),
        ("mysql", "UTF8MB3_bin"),
    ],
    indirect=["lab"],
)
def test_another_word_for_the_same(lab: Lab, said: str) -> None:
    """In other letters, that which a text has anyway, or by the name that an older or a newer server gives it."""
    there = {"nocase": "NOCASE", "utf8_bin": "utf8mb3_bin", "UTF8MB3_bin": "utf8_bin"}.get(said)
    if lab.engine.dialect.name == "mysql":
        lab.rows("ALTER DATABASE COLLATE utf8mb4_general_ci")
    lab.change(models(String(40, collation=there)))
    assert lab.differences(models(String(40, collation=said))) == ""
