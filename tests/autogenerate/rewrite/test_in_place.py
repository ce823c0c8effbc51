"""What has only another name is renamed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from support.lab import Lab
from support.models import CONVENTION


def models(table: str, prefix: str = "", schema: str | None = None, convention: Any = CONVENTION) -> MetaData:
    """Return a table with one of each kind; the convention may have a prefix."""
    metadata = MetaData(naming_convention={kind: prefix + name for kind, name in convention.items()})
    place = f"{schema}." if schema else ""
    Table("parent", metadata, Column("id", Integer, primary_key=True), schema=schema)
    Table(
        table,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("p", ForeignKey(f"{place}parent.id", ondelete="CASCADE"), index=True),
        Column("name", String(20), unique=True),
        Column("size", Integer),
        CheckConstraint("size > 0", name="size" if convention else None),
        UniqueConstraint("size", "name", name=None if convention else f"{table}_size_name_key"),
        schema=schema,
    )
    return metadata


def objects(lab: Lab) -> list[tuple[Any, ...]]:
    """Return what PostgreSQL has stored for constraints and indexes: those that are only renamed stay the same."""
    return sorted(
        lab.rows("SELECT 'c', oid FROM pg_constraint WHERE contype <> 'n' AND conrelid <> 0")
        + lab.rows("SELECT 'i', indexrelid FROM pg_index WHERE indrelid > 16000")
    )


@pytest.mark.parametrize("schema", [None, "Shop"])
@pytest.mark.parametrize("convention", [CONVENTION, {}])
@pytest.mark.parametrize("new", ["kid", "The Kid"])
def test_a_table_is_renamed(lab_postgresql: Lab, schema: str | None, convention: Any, new: str) -> None:
    """D9: nothing is made anew, and names are as in a database that has never known the old one."""
    lab, place = lab_postgresql, "Shop." if schema else ""
    lab.change(models(new, schema=schema, convention=convention))
    names = _names(lab)
    lab.downgrade("base")
    for file in lab.versions.glob("*.py"):
        file.unlink()
    lab.change(models("child", schema=schema, convention=convention))
    before, there = _names(lab), objects(lab)
    text = lab.change(models(new, schema=schema, convention=convention), f"rename={place}child:{place}{new}")
    assert "create_foreign_key" not in text
    assert "create_unique_constraint" not in text
    assert "create_check_constraint" not in text
    assert _names(lab) == names
    if convention:
        assert objects(lab) == there
    lab.downgrade()
    assert _names(lab) == before
    lab.upgrade()
    assert _names(lab) == names


def _names(lab: Lab) -> list[tuple[Any, ...]]:
    return lab.rows(
        "SELECT relname::text FROM pg_class WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)' "
        "UNION ALL SELECT conname::text FROM pg_constraint WHERE connamespace::regnamespace::text !~ "
        "'^(pg_|information_schema)' ORDER BY 1"
    )


def test_a_convention_changes(lab: Lab) -> None:
    """Everywhere; where the database can, in place."""
    lab.change(models("child"))
    lab.rows("INSERT INTO parent (id) VALUES (1)")
    lab.rows("INSERT INTO child (id, p, name, size) VALUES (1, 1, 'a', 2)")
    before = lab.schema()
    text = lab.change(models("child", "new_"))
    if lab.engine.dialect.name == "postgresql":
        assert "op.create_" not in text
        assert "op.execute('ALTER INDEX ix_child_p RENAME TO new_ix_child_p')" in text
    if lab.engine.dialect.name == "mysql":
        assert "op.execute('ALTER TABLE child RENAME INDEX ix_child_p TO new_ix_child_p')" in text
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
    assert lab.rows("SELECT * FROM child") == [(1, 1, "a", 2)]


def test_names_that_are_swapped(lab: Lab) -> None:
    """They are made anew, as neither name is free."""

    def swapped(one: str, other: str) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        columns = [Column("id", Integer, primary_key=True), Column("a", Integer), Column("b", Integer)]
        Table("t", metadata, *columns, Index(one, "a"), Index(other, "b"))
        return metadata

    lab.change(swapped("ix_one", "ix_other"))
    before = lab.schema()
    lab.change(swapped("ix_other", "ix_one"))
    lab.downgrade()
    assert lab.schema() == before


def test_the_sequence_of_a_renamed_column(lab_postgresql: Lab) -> None:
    """It follows the column, and an identity's too."""

    def renamed(one: str, other: str) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        Table("t", metadata, Column(one, Integer, primary_key=True), Column(other, Integer, Identity(), unique=True))
        return metadata

    lab_postgresql.change(renamed("id", "nr"))
    lab_postgresql.rows("INSERT INTO t DEFAULT VALUES")
    lab_postgresql.change(renamed("key", "number"), "rename=t.id:key", "rename=t.nr:number")
    assert {("t_key_seq",), ("t_number_seq",)} <= {*_names(lab_postgresql)}
    lab_postgresql.rows("INSERT INTO t DEFAULT VALUES")
    lab_postgresql.downgrade()
    assert {("t_id_seq",), ("t_nr_seq",)} <= {*_names(lab_postgresql)}
    assert lab_postgresql.rows("SELECT * FROM t") == [(1, 1), (2, 2)]


def test_tables_that_swap_their_names(lab_postgresql: Lab) -> None:
    """Their sequences too."""

    def named(one: str, other: str) -> MetaData:
        metadata = MetaData()
        Table(one, metadata, Column("id", Integer, primary_key=True), Column("a", Integer))
        Table(other, metadata, Column("id", Integer, primary_key=True), Column("b", String(5)))
        return metadata

    lab_postgresql.change(named("a", "b"))
    lab_postgresql.rows("INSERT INTO a (a) VALUES (7)")
    lab_postgresql.change(named("b", "a"), "rename=a:b", "rename=b:a")
    lab_postgresql.rows("INSERT INTO b (a) VALUES (8)")
    lab_postgresql.downgrade()
    assert lab_postgresql.rows("SELECT * FROM a") == [(1, 7), (2, 8)]
    lab_postgresql.upgrade()
    lab_postgresql.change(named("c", "d"), "rename=a:d", "rename=b:c")
    lab_postgresql.change(named("d", "e"), "rename=c:d", "rename=d:e")
    assert {("d_id_seq",), ("e_id_seq",)} <= {*_names(lab_postgresql)}
