"""A type that something else uses is not dropped."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, String, Table
from sqlalchemy.dialects.postgresql import DOMAIN
from support.lab import Lab
from support.models import CONVENTION

MOOD = Enum("sad", "ok", name="mood")
CODE = DOMAIN("code", String(9))


def models(*columns: Column[Any], table: str = "t") -> MetaData:
    """Return a table."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table(table, metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


@pytest.mark.parametrize(
    ("by_hand", "user"),
    [
        ("CREATE TABLE other (m mood, n mood)", "other.m, other.n use it"),
        ("CREATE TABLE other (m mood[])", "other.m uses it"),
        ("CREATE TYPE pair AS (m mood)", "pair.m uses it"),
        ("CREATE DOMAIN glad AS mood CHECK (VALUE = 'ok')", "the domain glad uses it"),
        ("CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'", "the function f(mood) uses it"),
        ("CREATE SCHEMA crm CREATE TABLE t (m public.mood)", "crm.t.m uses it"),
        ("CREATE TABLE unrelated (id int)", ""),
    ],
)
@pytest.mark.parametrize("rename", [False, True])
def test_an_enum_type(
    lab_postgresql: Lab, by_hand: str, user: str, rename: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays, and why is said; without another user it goes with its last column, also of a table that is renamed."""
    lab_postgresql.change(models(Column("m", MOOD), Column("ms", ARRAY(MOOD))))
    lab_postgresql.rows(by_hand)
    answers = ["rename=t:u"] if rename else []
    text = lab_postgresql.change(models(table="u" if rename else "t"), *answers, "allow-drop")
    assert ("DROP TYPE mood" in text) == (not user)
    assert (f"The type mood stays, though no model has it any more: {user}." in caplog.text) == bool(user)
    lab_postgresql.downgrade()
    lab_postgresql.upgrade()


@pytest.mark.parametrize("others", [False, True])
def test_tables_that_go_at_different_times(lab_postgresql: Lab, others: bool, caplog: pytest.LogCaptureFixture) -> None:
    """One is dropped before its name is given to another table, one after that: neither keeps the type."""
    metadata = models(Column("m", MOOD), table="old")
    Table("gone", metadata, Column("id", Integer, primary_key=True), Column("ms", ARRAY(MOOD)))
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("x", String(5)), Column("m", MOOD))
    lab_postgresql.change(metadata)
    if others:
        lab_postgresql.rows("CREATE TABLE other (m mood)")
    answers = ["rename=t:old", "allow-drop=old", "allow-drop=old.m", "allow-drop=gone", "no-rename"]
    text = lab_postgresql.change(models(Column("x", String(5)), table="old"), *answers)
    assert ("DROP TYPE mood" in text) == (not others)
    assert ("other.m uses it." in caplog.text) == others
    assert "gone.ms" not in caplog.text
    lab_postgresql.downgrade()
    lab_postgresql.upgrade()


def test_a_domain(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """As an enum type."""
    lab_postgresql.change(models(Column("c", CODE)))
    lab_postgresql.rows("CREATE TABLE other (c code)")
    assert "DROP DOMAIN" not in lab_postgresql.change(models(), "allow-drop")
    assert "The type code stays, though no model has it any more: other.c uses it." in caplog.text
    lab_postgresql.downgrade()
