"""Server defaults: what is the same is quiet, and what has changed is seen."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Boolean, Column, DefaultClause, Identity, Integer, MetaData, Numeric, String, Table, Uuid, func
from sqlalchemy import text as sql
from sqlalchemy.dialects import mysql, postgresql, sqlite
from support.lab import Lab

from alembic_proof.autogenerate.compare.server_defaults import plain_default

DIALECTS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}


@pytest.mark.parametrize(
    ("dialect", "default", "expected"),
    [
        ("sqlite", "it's", "'it''s'"),
        ("sqlite", sql("'new'"), "'new'"),
        ("sqlite", sql("('new')"), "'new'"),
        ("postgresql", sql("'new'::character varying"), "'new'"),
        ("postgresql", sql("(('new'::text))::character varying"), "'new'"),
        ("postgresql", sql("lower('ABC'::text)"), "lower('ABC'::text)"),
        ("postgresql", sql("'{a,b}'::mood[]"), "'{a,b}'"),
        ("mysql", "it's", "'it''s'"),
    ],
)
def test_plain_defaults(dialect: str, default: Any, expected: str) -> None:
    """Parentheses, casts and spellings that make no difference are removed; a literal stays as it is."""
    assert plain_default(DefaultClause(default), DIALECTS[dialect].dialect()) == expected


def models(default: Any, type_: Any = None) -> MetaData:
    """Return a table with a server default."""
    metadata = MetaData()
    column: Column[Any] = Column("word", type_ or String(50), server_default=default, nullable=False)
    Table("thing", metadata, Column("id", Integer, primary_key=True), column)
    return metadata


@pytest.mark.parametrize(
    ("type_", "default", "changed"),
    [
        (String(50), "2026-01-01", "2026-01-02"),
        (String(50), sql("'draft'"), sql("'DRAFT'")),
        (String(50), "it's", "it'S"),
        (String(50), "", " "),
        (Integer(), "5", "6"),
        (Integer(), sql("5"), sql("-5")),
        (Numeric(10, 2), "2.50", "2.51"),
        (Boolean(), sql("true"), sql("false")),
        (Uuid(), "6e8b3b1c000040008000000000000001", "6e8b3b1c000040008000000000000002"),
    ],
)
def test_a_default_is_quiet_and_its_change_is_seen(lab: Lab, type_: Any, default: Any, changed: Any) -> None:
    """To compare leniently must not mean not at all; numbers that are equal are the same."""
    lab.change(models(default, type_))
    assert "modify_default" in lab.differences(models(changed, type_))


def test_the_moment_is_quiet_and_its_change_is_seen(lab: Lab) -> None:
    """MariaDB returns now() as current_timestamp()."""
    lab.change(models(func.now(), type_=String(60)) if "sqlite" in lab.url else models(sql("'x'")))
    assert lab.differences() == ""


def test_a_default_that_is_a_function_is_compared(lab_postgresql: Lab) -> None:
    """PostgreSQL evaluates it. (SQLAlchemy does not reflect such a default from MariaDB at all.)"""
    lab_postgresql.change(models(sql("lower('ABC')")))
    assert "modify_default" in lab_postgresql.differences(models(sql("upper('ABC')")))


def test_identity_where_there_is_none(lab: Lab) -> None:
    """SQLite, MariaDB and MySQL count by themselves."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, Identity(), primary_key=True))
    lab.change(metadata)
