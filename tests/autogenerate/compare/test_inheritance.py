"""Tables of PostgreSQL that inherit from others. C11."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table
from support.lab import Lab
from support.models import CONVENTION


def models(*more: Column[Any], child: bool = True, parent: bool = True, name: str = "place") -> MetaData:
    """Return models with a parent and a child, which comes before it in the alphabet."""
    metadata = MetaData(naming_convention=CONVENTION)
    if parent:
        columns: list[Column[Any]] = [Column("id", Integer, primary_key=True), Column("name", String(20)), *more]
        Table(name, metadata, *columns, CheckConstraint("id > 0", name="positive"))
    if child:
        Table("city", metadata, Column("people", Integer), postgresql_inherits=name)
    return metadata


def test_inherited_columns_are_no_difference(lab_postgresql: Lab) -> None:
    """Neither columns nor CHECKs; the parent is created first, and dropped last."""
    lab = lab_postgresql
    text = lab.change(models())
    assert text.index("create_table('place'") < text.index("create_table('city'")
    assert text.index("drop_table('city'") < text.index("drop_table('place'")
    lab.rows("INSERT INTO city (id, name, people) VALUES (1, '서울', 9)")
    lab.downgrade("base")
    lab.upgrade()
    assert lab.differences() == ""


def test_the_parent_changes(lab_postgresql: Lab) -> None:
    """The child follows by itself, up and down."""
    lab = lab_postgresql
    lab.change(models())
    lab.rows("INSERT INTO city (id, name, people) VALUES (1, '서울', 9)")
    text = lab.change(models(Column("area", Integer)))
    assert "city" not in text
    lab.change(models(), "allow-drop", "no-rename")
    assert lab.rows("SELECT name FROM place") == [("서울",)]
    lab.downgrade("-2")
    lab.upgrade()
    assert lab.differences() == ""


def test_a_column_of_its_own_goes(lab_postgresql: Lab) -> None:
    """That is a difference."""
    lab = lab_postgresql
    lab.change(models())
    metadata = models(child=False)
    Table("city", metadata, Column("mayor", String(9)), postgresql_inherits="place")
    text = lab.change(metadata, "no-rename", "allow-drop")
    assert "batch_op.drop_column('people')" in text or "op.drop_column('city', 'people')" in text
    lab.downgrade()
    lab.upgrade()


def test_both_go(lab_postgresql: Lab) -> None:
    """The child first; the downgrade makes the parent first."""
    lab = lab_postgresql
    lab.change(models())
    metadata = models(child=False, parent=False)
    Table("other", metadata, Column("id", Integer, primary_key=True))
    lab.change(metadata, "allow-drop", "no-rename")
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""
