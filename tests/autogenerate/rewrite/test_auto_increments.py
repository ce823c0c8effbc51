"""Columns of MariaDB and MySQL that count, and change."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, Numeric, String, Table
from support.lab import Lab


def models(type_: Any, key: tuple[str, ...]) -> MetaData:
    """Return a table with a column of a type, which is in the primary key or is not."""
    metadata = MetaData()
    columns = [Column("id", type_, nullable=False), Column("a", Integer, nullable=False, autoincrement=False)]
    for column in columns:
        column.primary_key = column.name in key
    Table("t", metadata, *columns)
    return metadata


@pytest.mark.parametrize("type_", [Numeric(10, 2), String(20), BigInteger()])
@pytest.mark.parametrize("key", [("id",), ("id", "a"), ("a",)])
def test_a_column_that_counts_gets_another_type(lab_mysql: Lab, type_: Any, key: tuple[str, ...]) -> None:
    """And another key beside it: only a number without digits behind the point counts."""
    lab_mysql.change(models(Integer(), ("id",)))
    lab_mysql.rows("INSERT INTO t (a) VALUES (7), (8)")
    before = lab_mysql.schema()
    lab_mysql.change(models(type_, key))
    after = lab_mysql.schema()
    lab_mysql.downgrade()
    assert lab_mysql.schema() == before
    assert lab_mysql.rows("SELECT id, a FROM t ORDER BY id") == [(1, 7), (2, 8)]
    lab_mysql.rows("INSERT INTO t (a) VALUES (9)")
    lab_mysql.upgrade()
    assert lab_mysql.schema() == after
