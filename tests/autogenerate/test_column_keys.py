"""Columns that are called otherwise in Python than in the database: ``Column("full_name", key="name")``. C16."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    func,
)
from support.lab import Lab
from support.models import CONVENTION


def people(*columns: Column[Any], more: Any = lambda table: None) -> MetaData:
    """Return models with one table, whose columns have other keys than names."""
    metadata = MetaData(naming_convention=CONVENTION)
    table = Table("person", metadata, Column("person_id", Integer, key="id", primary_key=True), *columns)
    more(table)
    return metadata


def named(name: str = "full_name", type_: Any = None, **options: Any) -> Column[Any]:
    """Return the column that has the key "name"."""
    return Column(name, type_ or String(40), key="name", **options)


def there_and_back(lab: Lab, before: MetaData, after: MetaData, *answers: str) -> str:
    """Change the models with a row in the table, and go down and up again."""
    lab.change(before)
    lab.rows("INSERT INTO person (person_id) VALUES (1)")
    text = lab.change(after, *answers)
    lab.downgrade()
    assert lab.differences(before).startswith("Target database is not up to date")
    lab.upgrade()
    assert lab.differences(after) == ""
    return text


def test_not_null_with_a_fill(lab: Lab) -> None:
    """Named as in the database."""
    there_and_back(lab, people(named()), people(named(nullable=False)), "fill=person.full_name=한강")
    assert lab.rows("SELECT full_name FROM person") == [("한강",)]


def test_not_null_with_a_default(lab: Lab) -> None:
    """Of the model."""
    there_and_back(lab, people(named()), people(named(nullable=False, default="nobody")))
    assert lab.rows("SELECT full_name FROM person") == [("nobody",)]


def test_added_as_not_null(lab: Lab) -> None:
    """In steps."""
    there_and_back(lab, people(), people(named(nullable=False)), "fill=person.full_name=x")
    assert lab.rows("SELECT full_name FROM person") == [("x",)]


def test_renamed(lab: Lab) -> None:
    """The key stays, the name changes; and the other way round nothing happens at all."""
    lab.change(people(named("fullname")))
    lab.rows("INSERT INTO person (person_id, fullname) VALUES (1, '한강')")
    lab.change(people(named()), "rename=person.fullname:full_name")
    assert lab.rows("SELECT full_name FROM person") == [("한강",)]
    assert lab.differences(people(Column("full_name", String(40), key="whole"))) == ""
    lab.downgrade()
    assert lab.rows("SELECT fullname FROM person") == [("한강",)]


def test_another_type(lab: Lab) -> None:
    """With a default, which PostgreSQL has to be told again."""
    before, after = (people(named(type_=type_, server_default="1")) for type_ in (Integer(), String(9)))
    there_and_back(lab, before, after)
    assert lab.rows("SELECT full_name FROM person") == [("1",)]


def test_an_enum(lab: Lab) -> None:
    """A label more, one renamed."""
    kinds = [Enum(*labels, name="kind", native_enum=True) for labels in (("a", "b"), ("a", "c", "d"))]
    before, after = (people(named(type_=kind, server_default="a", nullable=False)) for kind in kinds)
    if "sqlite" in lab.url:  # a text to it, of the same length
        lab.change(before)
        assert lab.differences(after) == ""
        return
    name = "kind" if "postgresql" in lab.url else "person.full_name"
    there_and_back(lab, before, after, f"rename={name}.b:c", "no-rename")


def test_keys_and_what_is_computed(lab: Lab) -> None:
    """Indexes, UNIQUE, CHECK, foreign keys and computed columns, in a new table, and added to one."""

    def more(table: Table) -> None:
        Index("ix_lower", func.lower(table.c.name))
        Index("ix_both", table.c.age, table.c.name)
        Index(None, table.c.name, unique=True)
        UniqueConstraint(table.c.name, table.c.age)
        table.append_constraint(CheckConstraint(table.c.age > 0, name="positive"))
        pet = Table(
            "pet",
            table.metadata,
            Column("pet_id", Integer, key="id", primary_key=True),
            Column("person_id", Integer, ForeignKey("person.id"), key="owner"),
        )
        pet.append_constraint(UniqueConstraint(pet.c.owner))

    def columns() -> list[Column[Any]]:
        twice = Column("age_twice", Integer, Computed("age_now * 2"), key="twice")
        return [named(), Column("age_now", Integer, key="age"), twice]

    if "mysql" in lab.url:  # it computes no index from an expression

        def more_there(table: Table) -> None:
            more(table)
            table.indexes -= {index for index in table.indexes if index.name == "ix_lower"}
    else:
        more_there = more
    lab.change(people(*columns(), more=more_there))
    lab.downgrade("base")
    lab.upgrade()
    lab.change(people(), "no-rename", "allow-drop")
    lab.rows("INSERT INTO person (person_id) VALUES (1)")
    lab.change(people(*columns(), more=more_there))
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""


def test_a_composite_key(lab: Lab) -> None:
    """As the target of a key of two columns; then the primary key changes."""

    def models(*key: str) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        columns = [Column("a_1", Integer, key="a", nullable=False), Column("b_1", Integer, key="b", nullable=False)]
        Table("pair", metadata, *columns, PrimaryKeyConstraint(*key), UniqueConstraint("a", "b"))
        owner = [Column("id", Integer, primary_key=True), *(Column(f"{n}_2", Integer, key=n) for n in "xy")]
        Table("owner", metadata, *owner, ForeignKeyConstraint(["x", "y"], ["pair.a", "pair.b"]))
        return metadata

    lab.change(models("a"))
    lab.change(models("a", "b"))
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda table: Index("ix", table.c.mood.asc(), postgresql_include=["name"]),
        lambda table: Index("ix", table.c.mood, func.lower(table.c.name)),
    ],
)
def test_what_is_made_anew_around_a_change(lab_postgresql: Lab, make: Any) -> None:
    """It has the columns by their names, too."""

    def models(*labels: str) -> MetaData:
        return people(named(), Column("state", Enum(*labels, name="mood"), key="mood"), more=make)

    text = there_and_back(lab_postgresql, models("good", "bad", "odd"), models("good", "bad"))
    assert "full_name" in text
