"""EXCLUDE constraints of PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.dialects.postgresql import INT4RANGE, ExcludeConstraint
from support.lab import Lab


@pytest.mark.parametrize(
    ("elements", "options"),
    [
        ([("room", "&&")], {}),
        ([("room", "&&")], {"where": text("id > 5 AND (id < 9)")}),
        ([("room", "&&"), (text("int4range(id, id + 1)"), "=")], {"deferrable": True, "initially": "DEFERRED"}),
    ],
)
def test_a_removed_table_comes_back_with_it(lab_postgresql: Lab, elements: list[Any], options: dict[str, Any]) -> None:
    """With its operators, its predicate, and when it is checked."""
    lab, models, others = lab_postgresql, MetaData(), MetaData()
    columns: list[Column[Any]] = [Column("id", Integer, primary_key=True), Column("room", INT4RANGE)]
    for metadata in (models, others):
        Table("stays", metadata, Column("id", Integer, primary_key=True))
    Table("Booking 1", models, *columns, ExcludeConstraint(*elements, name="no_two", **options))
    lab.change(models)
    before = lab.schema()
    lab.change(others, "allow-drop")
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()


def test_beside_a_table_that_is_renamed(lab_postgresql: Lab) -> None:
    """It is asked for by the name that it has in the database, in whatever schema."""
    lab, models, others = lab_postgresql, MetaData(), MetaData()
    number: list[Column[Any]] = [Column("id", Integer, primary_key=True)]
    Table("old", models, Column("id", Integer, primary_key=True))
    Table("new", others, Column("id", Integer, primary_key=True))
    room = ExcludeConstraint(("room", "&&"), name="no_two")
    Table("Booking 1", models, *number, Column("room", INT4RANGE), room, schema="Sales Dept")
    lab.change(models)
    before = lab.schema()
    lab.change(others, "allow-drop", "rename=old:new")
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()


@pytest.mark.parametrize(("schema", "room"), [(None, "room 1"), ("shop", "room 1"), ("shop", "room 2")])
@pytest.mark.parametrize(("before", "after"), [((), ("a",)), (("a",), ()), (("a",), ("b",)), (("a", "b"), ("b", "c"))])
def test_one_comes_or_goes(lab_postgresql: Lab, before: Any, after: Any, schema: str | None, room: str) -> None:
    """By its name, up, down and up, with a rename beside it; one that stays is no difference."""

    def models(names: tuple[str, ...], room: str) -> MetaData:
        metadata = MetaData()
        rules = [ExcludeConstraint((room, "&&"), name=f"no_{name}", where=text(f"id > {ord(name)}")) for name in names]
        columns: list[Column[Any]] = [Column("id", Integer, primary_key=True), Column(room, INT4RANGE)]
        Table("Booking", metadata, *columns, *rules, schema=schema)
        return metadata

    lab_postgresql.change(models(before, "room 1"))
    first = found(lab_postgresql)
    assert len(first) == len(before)
    lab_postgresql.change(models(after, room), *([] if room == "room 1" else [f"rename=shop.Booking.room 1:{room}"]))
    second = found(lab_postgresql)
    assert [name for name, _ in second] == [f"no_{name}" for name in after]
    lab_postgresql.downgrade()
    assert found(lab_postgresql) == first
    lab_postgresql.upgrade()
    assert found(lab_postgresql) == second


LATE: dict[str, Any] = {"where": text("id > 5")}
NEXT = "int4range(id, id + 1)"


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        ((["room", "&&"], {}), (["room", "&&"], {}), False),
        ((["room", "&&"], LATE), (["room", "&&"], {"where": text("((id) > (5))")}), False),
        ((["room", "&&"], LATE), (["room", "&&"], {"where": text("id > 6")}), True),
        ((["room", "&&"], LATE), (["room", "&&"], {"where": text("CAST(id AS text) <> '50% a\\:b'")}), True),
        ((["room", "&&"], LATE), (["room", "&&"], {}), True),
        ((["room", "&&"], {}), (["room", "&&"], LATE), True),
        ((["room", "&&"], {}), (["room", "="], {}), True),
        ((["room", "&&"], {}), (["room", "&&"], {"ops": {"room": "range_ops"}}), False),
        ((["room", "&&"], {}), ([text(NEXT), "&&"], {}), True),
        (([text(NEXT), "&&"], {}), ([text("INT4RANGE(id, (id+1))"), "&&"], {}), False),
        (([text(NEXT), "&&"], {}), ([text("int4range(id, id + 2)"), "&&"], {}), True),
        ((["room", "&&"], {}), (["room", "&&"], {"deferrable": True, "initially": "DEFERRED"}), True),
        (
            (["room", "&&"], {"deferrable": True}),
            (["room", "&&"], {"deferrable": True, "initially": "IMMEDIATE"}),
            False,
        ),
        ((["room", "&&"], {"using": "gist"}), (["room", "&&"], {"using": "spgist"}), True),
    ],
)
def test_another_one_of_the_same_name(lab_postgresql: Lab, before: Any, after: Any, differs: bool) -> None:
    """It is replaced, up, down and up; the same in other words is no difference."""

    def models(element: list[Any], options: dict[str, Any]) -> MetaData:
        metadata = MetaData()
        columns: list[Column[Any]] = [Column("id", Integer, primary_key=True), Column("room", INT4RANGE)]
        Table("booking", metadata, *columns, ExcludeConstraint(tuple(element), name="no_two", **options))
        return metadata

    lab = lab_postgresql
    lab.change(models(*before))
    first = found(lab)
    assert bool(lab.differences(models(*after))) == differs
    if differs:
        lab.change(models(*after))
        second = found(lab)
        assert first != second
        lab.downgrade()
        assert found(lab) == first
        lab.upgrade()
        assert found(lab) == second


def found(lab: Lab) -> list[Any]:
    """Return the constraints as the database tells them."""
    return lab.rows("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x' ORDER BY 1")
