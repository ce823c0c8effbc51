"""PostgreSQL's domains: they are created and dropped with the columns that use them, and change with the models."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, Column, Integer, MetaData, Numeric, String, Table, TypeDecorator, text
from sqlalchemy.dialects.postgresql import DOMAIN
from support.lab import Lab
from support.models import column

DOMAINS = "SELECT oid::regtype::text FROM pg_type WHERE typtype = 'd' AND oid > 16383 ORDER BY 1"

DEFINITIONS = """
SELECT typdefault, typnotnull, pg_get_constraintdef(c.oid) FROM pg_type t
LEFT JOIN pg_constraint c ON contypid = t.oid AND contype = 'c' WHERE typname = 'amount'
"""


class Coded(TypeDecorator[Any]):
    """A type of a project's own."""

    impl = DOMAIN("amount", Integer(), check="VALUE > -9")
    cache_ok = True


def models(*columns: Column[Any], name: str = "t") -> MetaData:
    """Return the models: a table with these columns."""
    metadata = MetaData()
    Table(name, metadata, column("id", Integer, primary_key=True), *columns)
    return metadata


@pytest.mark.parametrize(
    ("type_", "create", "name"),
    [
        (
            DOMAIN("amount", Integer(), check="VALUE > -9"),
            "CREATE DOMAIN amount AS INTEGER CHECK (VALUE > -9)",
            "amount",
        ),
        (Coded(), "CREATE DOMAIN amount AS INTEGER CHECK (VALUE > -9)", "amount"),
        (
            DOMAIN("Amount", Numeric(9, 2), default=text("1.5"), not_null=True),
            'CREATE DOMAIN "Amount" AS NUMERIC(9, 2) DEFAULT 1.5 NOT NULL',
            '"Amount"',
        ),
        (
            ARRAY(DOMAIN("code", String(9), check="VALUE <> '100%:x'", constraint_name="ck", collation="C")),
            "CREATE DOMAIN code AS VARCHAR(9) COLLATE \"C\" CONSTRAINT ck CHECK (VALUE <> '100%:x')",
            "code",
        ),
        (
            DOMAIN("amount", Integer(), schema="crm", default="7"),
            "CREATE DOMAIN crm.amount AS INTEGER DEFAULT '7'",
            "crm.amount",
        ),
    ],
)
def test_a_domain_lives_as_long_as_a_column_uses_it(lab_postgresql: Lab, type_: Any, create: str, name: str) -> None:
    """Created before its first column, dropped after the last; the downgrades do the reverse; by scripts as well."""
    lab = lab_postgresql
    lab.change(models())
    lab.change(models(column("d", type_)))
    assert create in lab.sql()
    lab.change(models(column("e", type_)), "rename=t.d:t.e")
    assert "DOMAIN" not in lab.change(models(column("e", type_), column("other", Integer)))
    lab.change(models(), "allow-drop")
    assert lab.rows(DOMAINS) == []
    lab.downgrade()
    assert lab.rows(DOMAINS) == [(name,)]
    lab.downgrade("base")
    assert lab.rows(DOMAINS) == []
    lab.upgrade("+2")
    assert lab.rows(DOMAINS) == [(name,)]


def test_a_domain_goes_with_its_table(lab_postgresql: Lab) -> None:
    """And is made again with it, once, where a column that is dropped with another table had it too."""
    lab = lab_postgresql
    amount = DOMAIN("amount", Integer())
    lab.change(models(column("d", amount)))
    both = models(column("d", amount))
    Table("u", both, column("id", Integer, primary_key=True), column("d", amount))
    assert "DOMAIN amount" not in lab.change(both).replace("postgresql.DOMAIN", "")
    lab.change(models(name="other"), "allow-drop=t", "allow-drop=u")
    assert lab.rows(DOMAINS) == []
    lab.downgrade()
    assert lab.rows(DOMAINS) == [("amount",)]


@pytest.mark.parametrize(
    ("before", "after", "statements"),
    [
        ({}, {"check": "VALUE > 0"}, ["ADD CONSTRAINT amount_check CHECK ((VALUE > 0))"]),
        ({"check": "VALUE > 0"}, {"check": "((VALUE) > 0)"}, []),
        ({"default": "7"}, {"default": text("7")}, []),
        (
            {"check": "VALUE > 0"},
            {"check": "VALUE > 1"},
            ["DROP CONSTRAINT amount_check", "ADD CONSTRAINT amount_check CHECK ((VALUE > 1))"],
        ),
        ({}, {"default": "7", "not_null": True}, ["SET DEFAULT 7", "SET NOT NULL"]),
        ({"default": "7", "not_null": True}, {}, ["DROP DEFAULT", "DROP NOT NULL"]),
    ],
)
def test_a_domain_changes(lab_postgresql: Lab, before: Any, after: Any, statements: list[str]) -> None:
    """In place, and back; the column has neither its default nor its NOT NULL."""
    lab = lab_postgresql
    old, new = (models(column("d", DOMAIN("amount", Integer(), **options))) for options in (before, after))
    lab.change(old)
    assert lab.differences() == ""
    if not statements:
        assert lab.differences(new) == ""
        return
    found = lab.rows(DEFINITIONS)
    assert "change_domain" in lab.differences(new)
    written = lab.change(new)
    assert all(f"ALTER DOMAIN amount {statement}" in written for statement in statements)
    assert "alter_column" not in written
    lab.downgrade()
    assert lab.rows(DEFINITIONS) == found


def test_the_type_of_a_domain_stays(lab_postgresql: Lab) -> None:
    """PostgreSQL has no statement for it; a column may get another domain."""
    lab = lab_postgresql
    lab.change(models(column("d", DOMAIN("code", String(9)))))
    said = lab.refused(models(column("d", DOMAIN("code", String(10)))))
    assert "The domain code is character varying(9) and becomes character varying(10)" in said
    lab.rows("INSERT INTO t VALUES (1, 'a')")
    lab.change(models(column("d", DOMAIN("longer", String(10)))))
    assert lab.rows("SELECT d FROM t") == [("a",)]
    assert lab.rows(DOMAINS) == [("longer",)]
    lab.downgrade()
    assert lab.rows(DOMAINS) == [("code",)]


def test_a_domain_that_rows_do_not_take(lab_postgresql: Lab) -> None:
    """A value that its new CHECK refuses, and a NULL: said before anything is written."""
    lab = lab_postgresql
    lab.change(models(column("d", DOMAIN("amount", Integer()))))
    lab.rows("INSERT INTO t VALUES (1, 5), (2, NULL)")
    said = lab.refused(models(column("d", DOMAIN("amount", Integer(), check="VALUE > 9"))))
    assert 'The domain amount changes, but this database cannot follow: column "d" of table "t" contains values' in said
    said = lab.refused(models(column("d", DOMAIN("amount", Integer(), not_null=True))))
    assert 'column "d" of table "t" contains null values' in said
    new = DOMAIN("other", Integer(), not_null=True)
    said = lab.refused(models(column("d", DOMAIN("amount", Integer())), column("e", new)))
    assert "t.e is of the domain other, which takes no NULL, and existing rows would have one" in said
    lab.change(models(column("d", DOMAIN("amount", Integer())), column("e", new, nullable=False)), "fill=t.e=3")
    assert lab.rows("SELECT e FROM t ORDER BY id") == [(3,), (3,)]
    lab.downgrade()
    lab.upgrade()
