"""SQL as text: what is written into a revision, and when two pieces of it are the same."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import make_url, text

from alembic_proof.sqltext import (
    bare_definition,
    bare_expression,
    escape_colons,
    full_name,
    one_line,
    quote_literal,
    same_but_spacing,
    single_percents,
)


@pytest.mark.parametrize(("schema", "expected"), [(None, "book"), ("", "book"), ("shop", "shop.book")])
def test_full_name(schema: str | None, expected: str) -> None:
    """With the schema, if there is one."""
    assert full_name("book", schema) == expected


@pytest.mark.parametrize("value", ["", "a", "it's", "''", 'a"b', "ü한", 7, None])
def test_a_literal_comes_back_from_a_database(value: object) -> None:
    """As the text of the value."""
    assert sqlite3.connect(":memory:").execute(f"SELECT {quote_literal(value)}").fetchone() == (str(value),)


@pytest.mark.parametrize(
    ("driver", "options", "expected"),
    [
        ("postgresql+psycopg", {}, "x % 2"),
        ("mysql+pymysql", {}, "x % 2"),
        ("postgresql+asyncpg", {}, "x %% 2"),
        ("sqlite+pysqlite", {}, "x %% 2"),
        ("postgresql+psycopg", {"paramstyle": "named"}, "x %% 2"),
    ],
)
def test_percent_signs_are_doubled_for_some_drivers(driver: str, options: dict[str, str], expected: str) -> None:
    """Only there are two of them one."""
    dialect: Any = make_url(f"{driver}://").get_dialect()
    assert single_percents("x %% 2", dialect(**options)) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a = ':x'", r"a = '\:x'"),
        ("'12:30:00'", r"'12:30:00'"),
        ("x::text", "x::text"),
        ("x ::text", "x ::text"),
        (r"a = '\:x'", r"a = '\:x'"),
        ("a : b", "a : b"),
        ("(:x, :y)", r"(\:x, \:y)"),
    ],
)
def test_a_colon_is_no_parameter(sql: str, expected: str) -> None:
    """Whatever comes before or after it; and text() takes the backslash away."""
    escaped = escape_colons(sql)
    assert escaped == expected
    compiled = text(escaped).compile()
    assert not compiled.params
    assert str(compiled) == sql.replace("\\:", ":")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [(' CREATE  INDEX\n"ix" ON t\t(a) ', "CREATE INDEX ix ON t (a)"), ("", ""), ("a", "a")],
)
def test_one_line(sql: str, expected: str) -> None:
    """With single spaces, and without the quotes of names."""
    assert one_line(sql) == expected


@pytest.mark.parametrize(
    ("sql", "other", "same"),
    [
        ('CREATE INDEX "ix" ON t (a)', "CREATE  INDEX ix ON `t`(a)", True),
        ("(a)", "a", False),
        ("a + b", "a + c", False),
        ("A", "a", False),
    ],
)
def test_same_but_spacing(sql: str, other: str, same: bool) -> None:
    """And quotes."""
    assert same_but_spacing(sql, other) == same


@pytest.mark.parametrize(
    ("sql", "other", "same"),
    [
        ("x > 0", "(x > 0)", True),
        ("x > 0", "((x) > (0)::integer)", True),
        ("name <> ''", "((name)::text <> ''::text)", True),
        ("price > 0", "(price > (0)::numeric(10))", True),
        ('"x" > 0', "`x`>0", True),
        ("x > 0", "x > 1", False),
        ("x > 0", "x >= 0", False),
        ("x > 0", "y > 0", False),
    ],
)
def test_bare_expression(sql: str, other: str, same: bool) -> None:
    """What a database adds to an expression makes no difference."""
    assert (bare_expression(sql) == bare_expression(other)) == same


@pytest.mark.parametrize(
    ("sql", "other", "same"),
    [
        ("CREATE INDEX ix_a ON public.t USING btree (a)", "CREATE INDEX ix_b ON t USING btree (a)", True),
        ("CREATE UNIQUE INDEX ix ON t (a)", "CREATE INDEX ix ON t (a)", False),
        ("CREATE INDEX ix ON t (a)", "CREATE INDEX ix ON t (b)", False),
        ("CHECK ((x > 0))", "CHECK (x > 0)", False),
        ("CHECK ((name)::text <> ''::text)", "CHECK (name <> '')", True),
        ("(x > 0)", "x > 0", True),
        ("(x)", "x", True),
        ("a AND b", "aANDb", True),
        ("'a'::character varying(20)", "'a'", True),
        ("'a'::\"Mood\"", "'a'", True),
        ("'{}'::integer[]", "'{}'", True),
        ("now()::timestamp with time zone", "now()", True),
        ("FOREIGN KEY (a) REFERENCES t(id)", "FOREIGN KEY (a) REFERENCES t(id) ON DELETE CASCADE", False),
        ("1.50", "1.5", False),
    ],
)
def test_bare_definition(sql: str, other: str, same: bool) -> None:
    """The name of an index, casts, spaces, and parentheses around a name or the whole make no difference."""
    assert (bare_definition(sql) == bare_definition(other)) == same
