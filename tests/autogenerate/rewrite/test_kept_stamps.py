"""The time at which a row was changed is not that of a migration."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import TIMESTAMP, Column, DateTime, Enum, Integer, MetaData, String, Table, text
from support.lab import Lab


def models(*columns: Column[Any]) -> MetaData:
    """Return a table whose rows have the time of their last change."""
    metadata = MetaData()
    stamp = text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")
    changed = Column("changed", DateTime, server_default=stamp)
    Table("thing", metadata, Column("id", Integer, primary_key=True), changed, *columns)
    return metadata


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        (Column("a", Integer), Column("a", Integer, nullable=False), "fill=thing.a=7"),
        (Column("a", String(9)), Column("a", String(9), nullable=False), "fill=thing.a=sql:concat('x', id)"),
        (Column("a", Enum("x", "y")), Column("a", Enum("z", "y")), "rename=thing.a.x:z"),
        (Column("a", String(9)), Column("a", String(2)), "allow-drop=thing.a"),
    ],
)
def test_it_stays(lab_mysql: Lab, old: Column[Any], new: Column[Any], answer: str) -> None:
    """Whatever an UPDATE of the revision does to the rows, in both directions."""
    lab_mysql.change(models(old))
    value = {"Integer": "NULL", "Enum": "'x'"}.get(type(old.type).__name__, "'long'" if new.nullable else "NULL")
    lab_mysql.rows(f"INSERT INTO thing (id, a, changed) VALUES (1, {value}, '2020-01-02')")
    text_of = lab_mysql.change(models(new), answer)
    assert "'changed': sa.column('changed')" in text_of
    changed = "SELECT CAST(changed AS CHAR) FROM thing"
    assert lab_mysql.rows(changed) == [("2020-01-02 00:00:00",)]
    lab_mysql.downgrade()
    assert lab_mysql.rows(changed) == [("2020-01-02 00:00:00",)]


@pytest.mark.parametrize("is_set_before", [False, True])
def test_it_begins_or_ends_to_be_set(lab_mysql: Lab, is_set_before: bool) -> None:
    """In the revision that fills another column."""

    def with_stamp(is_set: bool, is_filled: bool) -> MetaData:
        metadata = MetaData()
        default = text(f"CURRENT_TIMESTAMP{' ON UPDATE CURRENT_TIMESTAMP' * is_set}")
        columns: list[Column[Any]] = [
            Column("changed", TIMESTAMP, server_default=default),
            Column("a", Integer, nullable=not is_filled),
        ]
        Table("thing", metadata, Column("id", Integer, primary_key=True), *columns)
        return metadata

    lab_mysql.change(with_stamp(is_set_before, is_filled=False))
    lab_mysql.rows("INSERT INTO thing (id, changed) VALUES (1, '2020-01-02')")
    lab_mysql.change(with_stamp(not is_set_before, is_filled=True), "fill=thing.a=5")
    assert lab_mysql.rows("SELECT CAST(changed AS CHAR) FROM thing") == [("2020-01-02 00:00:00",)]
