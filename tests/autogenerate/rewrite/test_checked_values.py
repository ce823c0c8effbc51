"""Whether CHECKs take what rows are filled with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Enum,
    Integer,
    MetaData,
    NullPool,
    Numeric,
    String,
    Table,
    create_engine,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.postgresql import DOMAIN
from support.lab import Lab
from support.models import column

from alembic_proof.prompts import Scripted


def colours() -> Enum:
    """Return an Enum with a CHECK."""
    return Enum("red", "blue", name="colour", native_enum=False, create_constraint=True)


def collated() -> Any:
    """Return a text that has a collation on PostgreSQL."""
    return String(9).with_variant(String(9, collation="C"), "postgresql")


def models(*items: Any) -> MetaData:
    """Return a table with a number, and more."""
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("size", Integer), *items)
    return metadata


def check(text: str, name: str | None = "ck") -> CheckConstraint:
    """Return a CHECK, which a table attaches to itself."""
    return CheckConstraint(text, name=name)


@pytest.mark.parametrize(
    ("new", "refused", "taken"),
    [
        (lambda: (column("a", Integer, nullable=False), check("a > 0")), "0", "1"),
        (lambda: (column("a", Integer, nullable=False), check("a > 0", None)), "0", "1"),
        (lambda: (column("a", Integer, nullable=False), check("a < size")), "9", "1"),
        (lambda: (column("a", String(9), nullable=False), check("a <> '100%' AND a <> 'x:y'")), "100%", "x"),
        (lambda: (column("a", Date, nullable=False), check("a > '2020-01-01'")), "2019-01-01", "2021-01-01"),
        (lambda: (column("a", collated(), nullable=False), check("a <> 'x'")), "x", "y"),
    ],
)
def test_a_fill_that_a_check_refuses(lab: Lab, new: Callable[[], Any], refused: str, taken: str) -> None:
    """It is said before anything is written, with the CHECK; also where several columns are in it."""
    lab.change(models())
    lab.rows("INSERT INTO t VALUES (1, 7)")
    said = lab.refused(models(*new()), f"fill=t.a={refused}")
    assert f"t.a cannot have '{refused}' in all rows: CHECK (a" in said
    lab.change(models(*new()), f"fill=t.a={taken}")


def test_a_default_that_a_check_refuses(lab: Lab) -> None:
    """The value is asked for, and a wrong one is asked again."""
    lab.change(models())
    lab.asker = Scripted(["-1", "5"])
    lab.change(models(column("a", Integer, nullable=False, default=0), check("a > 0")))
    assert "t.a becomes NOT NULL, and its default is refused by CHECK (a > 0)." in lab.asker.questions[0]
    assert "t.a cannot have '-1' in all rows" in lab.asker.questions[1]


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        (lambda: (column("a", Integer, nullable=False, server_default="5"),), 5),
        (lambda: (column("a", String(9), nullable=False, server_default="it's"),), "it's"),
        (lambda: (column("a", Integer, nullable=False), check("a > 3")), 4),
        (lambda: (column("a", Integer, nullable=False), check("a IN (7, 8)", None)), 7),
        (lambda: (column("a", String(9), nullable=False), check("a IN ('x', 'y')")), "x"),
        (lambda: (column("a", String(9), nullable=False), check("length(a) >= 0")), ""),
        (lambda: (column("a", Numeric(5, 2), nullable=False), check("a <= -0.5")), -0.5),
        (lambda: (column("a", colours(), nullable=False),), "red"),
        (lambda: (column("a", Boolean(create_constraint=True, name="ck_a"), nullable=False),), 0),
    ],
)
@pytest.mark.parametrize("is_kept", [True, False])
def test_what_a_downgrade_fills(lab: Lab, old: Callable[[], Any], expected: Any, is_kept: bool) -> None:
    """The default that comes back, or a value that the CHECKs take that come back, or were there all the time."""
    lab.change(models(*old()))
    type_ = old()[0].type
    if is_kept:
        lab.change(models(column("a", String(9) if isinstance(type_, String) else type_, nullable=True)))
    else:
        lab.change(models(), "allow-drop=t.a")
    lab.rows("INSERT INTO t (id) VALUES (1)")
    lab.downgrade()
    ((value,),) = lab.rows("SELECT a FROM t")
    assert (value if isinstance(expected, str) else float(value)) == expected
    lab.upgrade()


@pytest.mark.parametrize(
    ("type_", "check_of_domain", "expected"),
    [(Integer(), None, 0), (Integer(), "VALUE > -9", 0), (String(9), None, ""), (Integer(), "VALUE > 9", None)],
)
def test_a_downgrade_fills_a_domain(
    lab_postgresql: Lab, type_: Any, check_of_domain: str | None, expected: Any
) -> None:
    """With the value of its base type, if the domain takes that; else the downgrade says that none is known."""
    lab_postgresql.change(models(column("a", DOMAIN("amount", type_, check=check_of_domain), nullable=False)))
    text = lab_postgresql.change(models(), "allow-drop=t.a")
    assert ("# This fails while a row of t has no a" in text) is (expected is None)
    if expected is not None:
        lab_postgresql.rows("INSERT INTO t (id) VALUES (1)")
        lab_postgresql.downgrade()
        assert lab_postgresql.rows("SELECT a FROM t") == [(expected,)]


@pytest.mark.parametrize("zone", ["-12:00", "+00:00", "+13:00"])
@pytest.mark.parametrize("type_", [mysql.TIMESTAMP(), mysql.TIMESTAMP(fsp=3)])
def test_a_downgrade_fills_a_timestamp(lab_mysql: Lab, type_: Any, zone: str) -> None:
    """MariaDB has none at the very beginning of 1970, which it takes for UTC's."""
    lab_mysql.change(models(column("a", type_, nullable=False)))
    lab_mysql.change(models(), "allow-drop=t.a")
    lab_mysql.rows("INSERT INTO t (id) VALUES (1)")
    there = {"init_command": f"SET time_zone = '{zone}'"}
    lab_mysql.engine = create_engine(lab_mysql.url, poolclass=NullPool, connect_args=there)
    lab_mysql.downgrade()
    assert lab_mysql.rows("SELECT YEAR(a) FROM t") == [(1970,)]


def test_a_check_of_several_columns(lab: Lab) -> None:
    """No value is known to be right: the downgrade says so."""
    lab.change(models(column("a", Integer, nullable=False), check("a > size")))
    text = lab.change(models(), "allow-drop=t.a")
    assert "# This fails while a row of t has no a: fill it first." in text
