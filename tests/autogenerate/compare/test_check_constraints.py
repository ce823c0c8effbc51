"""CHECK constraints are added, removed and changed, by their names and texts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Boolean, CheckConstraint, Column, Integer, MetaData, String, Table, inspect
from support.lab import Lab
from support.models import CONVENTION


def models(*checks: tuple[str, str], convention: Any = CONVENTION, column: CheckConstraint | None = None) -> MetaData:
    """Return a table with CHECKs, each a name and a text; one may belong to a column."""
    metadata = MetaData(naming_convention=convention)
    size: Column[Any] = Column("size", Integer, *([column] if column is not None else []))
    constraints = [CheckConstraint(text, name=name) for name, text in checks]
    Table("thing", metadata, Column("id", Integer, primary_key=True), size, Column("name", String(20)), *constraints)
    return metadata


def checks(lab: Lab) -> dict[Any, str]:
    """Return the CHECKs in the database."""
    return {check["name"]: check["sqltext"] for check in inspect(lab.engine).get_check_constraints("thing")}


def test_they_are_added_removed_and_renamed(lab: Lab) -> None:
    """By their names, which the naming convention completes; with Alembic 1.18 too, which does not compare them."""
    lab.change(models(("positive", "size > 0")))
    lab.change(models(("positive", "size > 0"), ("named", "name <> ''")))
    assert set(checks(lab)) == {"ck_thing_positive", "ck_thing_named"}
    lab.change(models(("above_zero", "size > 0")))
    assert set(checks(lab)) == {"ck_thing_above_zero"}
    lab.downgrade()
    assert set(checks(lab)) == {"ck_thing_positive", "ck_thing_named"}


def test_without_a_naming_convention(lab: Lab) -> None:
    """By the names that they have."""
    lab.change(models(("positive", "size > 0"), convention=None))
    lab.change(models(("above_zero", "size > 0"), convention=None))
    assert set(checks(lab)) == {"above_zero"}


@pytest.mark.parametrize("name", [None, "named"])
def test_one_without_a_name_stays(lab: Lab, name: str | None) -> None:
    """PostgreSQL and MariaDB give it one that no model has: it is not dropped, nor is any other CHECK of its table."""

    def thing(*columns: Column[Any]) -> MetaData:
        metadata = MetaData()
        unnamed = CheckConstraint("size > 0")
        named = [CheckConstraint("size < 9", name=name)] if name else []
        Table(
            "thing",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("size", Integer),
            *columns,
            unnamed,
            *named,
        )
        return metadata

    lab.change(thing())
    before = set(checks(lab).values())
    assert len(before) == 1 + bool(name)
    assert "drop_constraint" not in lab.revision(thing(Column("note", String(20))))
    lab.upgrade()
    assert set(checks(lab).values()) == before


def test_of_a_column(lab: Lab) -> None:
    """It is compared as one of the table. (Alembic leaves it out of a new table.)"""
    lab.change(models(convention=None))
    lab.change(models(column=CheckConstraint("size > 0", name="ck_thing_size"), convention=None))
    assert set(checks(lab)) == {"ck_thing_size"}
    lab.change(models(convention=None))
    assert checks(lab) == {}


@pytest.mark.parametrize("lab", ["sqlite", "postgresql"], indirect=True)
def test_its_text_changes(lab: Lab) -> None:
    """Under the same name, up and down. (MariaDB and MySQL rewrite every text.)"""
    lab.change(models(("sized", "size > 0")))
    assert lab.differences(models(("sized", "size  >  0"))) == ""
    lab.change(models(("sized", "size > 1")))
    assert "size > 1" in checks(lab)["ck_thing_sized"]
    lab.downgrade()
    assert "size > 0" in checks(lab)["ck_thing_sized"]


def test_a_long_name_is_known_again(lab: Lab) -> None:
    """A database shortens it."""
    lab.change(models(("a_size_that_is_greater_than_nothing_and_that_is_what_this_is_about", "size > 0")))
    assert len(checks(lab)) == 1


def test_include_object_is_asked(lab_sqlite: Lab) -> None:
    """About one that is added, and about one that is removed."""
    lab_sqlite.change(models(("old", "size > 0")))

    def include_object(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        return type_ != "check_constraint"

    assert lab_sqlite.differences(models(("new", "size > 0"))) != ""
    assert lab_sqlite.differences(models(("new", "size > 0")), include_object=include_object) == ""


def test_that_of_a_type_which_the_database_does_not_create(lab_postgresql: Lab) -> None:
    """PostgreSQL has a boolean of its own."""
    metadata = MetaData()
    flag = Boolean(create_constraint=True, name="flag")
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("flag", flag))
    assert "CHECK" not in lab_postgresql.change(metadata)
