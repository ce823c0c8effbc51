"""The rule about names that something gives up and something else gets, in the same revision."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from support.lab import Lab
from support.models import CONVENTION


def models(named: str, tables: dict[str, dict[str, Any]]) -> MetaData:
    """Return tables of the columns id, a and b with what each has besides: for a, for example, a UNIQUE of a."""
    metadata = MetaData(naming_convention=CONVENTION if named == "convention" else None)
    for name, has in tables.items():
        key = has.get("pk", ("id",))
        columns = [Column(each, Integer, primary_key=each in key, nullable=False) for each in ("id", "a", "b")]
        items: list[Any] = [UniqueConstraint(*names) for names in has.get("uq", ())]
        items += [Index(f"ix_{name}", *names) for names in has.get("ix", ())]
        items += [CheckConstraint(text, name=f"{name}_rule") for text in has.get("ck", ())]
        Table(name, metadata, *columns, *items)
    return metadata


def quoted(name: str, lab: Lab) -> str:
    """Return a name as SQL has it."""
    return lab.engine.dialect.identifier_preparer.quote_identifier(name)


def schema_of(lab: Lab) -> dict[str, list[str]]:
    """Return what is reflected, on SQLite without the names of keys, which mean nothing there."""
    found = lab.schema()
    if lab.engine.dialect.name == "sqlite":
        for items in found.values():
            items[:] = [re.sub("(?<='name': )(None|'(pk|uq)_.*?')", "...", item) for item in items]
    return found


@pytest.mark.parametrize("named", ["convention", "by the database"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"pk": ("id", "a")}),
        ({"pk": ("id", "a")}, {}),
        ({"pk": ("id", "b")}, {"pk": ("id", "a")}),
        ({"uq": [("a",)]}, {"uq": [("a", "b")]}),
        ({"ix": [("a",)]}, {"ix": [("b",)]}),
        ({"ck": ["a > 0"]}, {"ck": ["a > 1"]}),
        ({"uq": [("a",)], "ix": [("b", "a")]}, {"pk": ("id", "a"), "ix": [("a", "b")]}),
    ],
)
def test_tables_swap_names_and_one_gets_another_key(lab: Lab, named: str, one: Any, other: Any) -> None:
    """Before and after, the first one is one, the second one is other, and both have something else besides."""
    before = models(named, {"Name": one, "other": one})
    after = models(named, {"other": one, "Name": other})
    lab.change(before)
    lab.rows(f"INSERT INTO {quoted('Name', lab)} VALUES (1, 2, 3)")
    schema = schema_of(lab)
    lab.change(after, "rename=Name:other", "rename=other:Name")
    changed = schema_of(lab)
    assert lab.rows("SELECT id, a, b FROM other") == [(1, 2, 3)]
    lab.downgrade()
    assert schema_of(lab) == schema
    lab.upgrade()
    assert schema_of(lab) == changed


def plain(metadata: MetaData, name: str, *items: Any) -> Table:
    """Return a table of the columns id, a and b, with what else it has."""
    columns = [Column("id", Integer, primary_key=True), Column("a", Integer), Column("b", Integer)]
    return Table(name, metadata, *columns, *items)


ITEMS: dict[str, Callable[[str, str], Any]] = {
    "index": lambda column, table: Index("the_name", column),
    "unique": lambda column, table: UniqueConstraint(column, name="the_name"),
    "foreign key": lambda column, table: ForeignKeyConstraint([column], [f"{table}.id"], name="the_name"),
    "primary key": lambda column, table: PrimaryKeyConstraint("id", name="the_name"),
}


@pytest.mark.parametrize("kind", ITEMS)
def test_a_new_table_has_the_names_of_a_dropped_one(lab: Lab, kind: str) -> None:
    """The old table is there until the new one is."""
    before, after = MetaData(), MetaData()
    for metadata, name in ((before, "old"), (after, "new")):
        plain(metadata, "target")
        plain(metadata, name, ITEMS[kind]("a", "target"))
    lab.change(before)
    schema = lab.schema()
    lab.change(after, "allow-drop=old", "no-rename")
    changed = lab.schema()
    lab.downgrade()
    assert lab.schema() == schema
    lab.upgrade()
    assert lab.schema() == changed


@pytest.mark.parametrize("kind", ["index", "unique", "foreign key"])
def test_something_moves_to_another_table(lab: Lab, kind: str) -> None:
    """From the one that comes last to the one that comes first, and back again."""
    before, after = MetaData(), MetaData()
    for metadata, name in ((before, "z"), (after, "a")):
        plain(metadata, "target")
        for table in ("a", "z"):
            plain(metadata, table, *([ITEMS[kind]("a", "target")] if table == name else []))
    lab.change(before)
    schema = lab.schema()
    lab.change(after)
    changed = lab.schema()
    lab.downgrade()
    assert lab.schema() == schema
    lab.upgrade()
    assert lab.schema() == changed


def test_foreign_keys_of_tables_that_swap_their_names(lab: Lab) -> None:
    """MariaDB has their names for the whole database."""
    before, after = MetaData(naming_convention=CONVENTION), MetaData(naming_convention=CONVENTION)
    for metadata, one, other in ((before, "one", "other"), (after, "other", "one")):
        plain(metadata, "target")
        plain(metadata, one, ForeignKeyConstraint(["a"], ["target.id"]))
        key = ForeignKeyConstraint(["a"], ["target.id"], ondelete="CASCADE" if metadata is after else None)
        plain(metadata, other, key)
    lab.change(before)
    schema = lab.schema()
    lab.change(after, "rename=one:other", "rename=other:one")
    changed = lab.schema()
    lab.downgrade()
    assert lab.schema() == schema
    lab.upgrade()
    assert lab.schema() == changed


def test_a_new_table_takes_the_name_of_a_renamed_one(lab: Lab) -> None:
    """And those of its keys, which have followed the renamed one."""
    before, after = MetaData(), MetaData()
    plain(before, "one", UniqueConstraint("a"))
    plain(after, "other", UniqueConstraint("a"))
    plain(after, "one", UniqueConstraint("a"), UniqueConstraint("b"))
    lab.change(before)
    schema = schema_of(lab)
    lab.change(after, "rename=one:other")
    changed = schema_of(lab)
    lab.downgrade()
    assert schema_of(lab) == schema
    lab.upgrade()
    assert schema_of(lab) == changed


@pytest.mark.parametrize("named", ["one", "zero"])
@pytest.mark.parametrize("numbers", [(False, True), (True, False)])
def test_a_table_that_gives_up_its_name_counts_in_another_way(
    lab_postgresql: Lab, named: str, numbers: tuple[bool, bool]
) -> None:
    """Its sequence has a name for a moment then, which is the one to speak of. The next numbers are kept."""
    lab = lab_postgresql

    def tables(first: str, second: str, has_identity: bool) -> MetaData:
        metadata = MetaData()
        counted = [Identity(increment=10)] if has_identity else []
        Table(first, metadata, Column("id", BigInteger, *counted, primary_key=True), Column("a", Integer))
        Table(second, metadata, Column("id", Integer, primary_key=True), Column("b", Integer))
        return metadata

    lab.change(tables("many", "other", numbers[0]))
    lab.rows("INSERT INTO many (a) VALUES (1), (2)")
    schema = lab.schema()
    lab.change(tables(named, "many", numbers[1]), f"rename=many:{named}", "rename=other:many")
    changed = lab.schema()
    assert lab.rows(f'INSERT INTO "{named}" (a) VALUES (3) RETURNING id > 2') == [(True,)]
    assert lab.rows("INSERT INTO many (b) VALUES (4) RETURNING id") == [(1,)]
    lab.downgrade()
    assert lab.schema() == schema
    lab.upgrade()
    assert lab.schema() == changed
    assert lab.differences() == ""
