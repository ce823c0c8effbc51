"""SQL as text: what is written into a revision, and when two pieces of it are the same."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import make_url, text

from alembic_proof.sqltext import escape_colons, full_name, one_line, quote_literal, same_sql, single_percents, tokens


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
    [
        (' CREATE  INDEX\n"ix" ON t\t(a) ', "CREATE INDEX ix ON t (a)"),
        ("", ""),
        ("a", "a"),
        ('\'a  "b\'  "c"', "'a  \"b' c"),
    ],
)
def test_one_line(sql: str, expected: str) -> None:
    """With single spaces, and without the quotes of names."""
    assert one_line(sql) == expected


@pytest.mark.parametrize(
    ("sql", "other", "dialect", "same"),
    [
        ('CREATE INDEX "ix" ON t (a)', "CREATE  INDEX ix ON `t`(A)", "sqlite", True),
        ("x > 0", "(x > 0)", "", True),
        ("x > 0", "((x) > (0))", "", True),
        ("x > 0", "x > 1", "", False),
        ("x > 0", "x >= 0", "", False),
        ("x != 0", "x <> 0", "", True),
        ("'a b'", "'ab'", "", False),
        ("'a'", "'A'", "", False),
        ("'a''b'", "'a' 'b'", "", False),
        ("(a or b) and c", "a or (b and c)", "", False),
        ("(a OR b) AND c", "( a or b )and c", "", True),
        ("(a)+(b)", "a + b", "", True),
        ("(a + b) + (c)", "(a + b) + c", "", True),
        ("lower((x))", "LOWER (x)", "", True),
        ("lower x", "lower(x)", "", False),
        ("f()", "f", "", False),
        ("f((a, b))", "f(a, b)", "", False),
        ("not (a)", "NOT a", "", True),
        ('"A" > 0', "a > 0", "", False),
        ('"A" > 0', "[a] > 0", "sqlite", True),
        ("a --c\n> 0", "a /* c */ > 0", "sqlite", True),
        ("a = '--c'", "a = '--d'", "sqlite", False),
        ("ARRAY[a]", "array [ a ]", "", True),
        ("now()", "current_timestamp()", "mysql", True),
        ("NOW(6)", "current_timestamp(6)", "mysql", True),
        ("now(6)", "now()", "mysql", False),
        ("`a` <> _utf8mb4'x'", "a != 'x'", "mysql", True),
        (r"'a\\b'", r"'a\b'", "mysql", False),
        (r"'a\nb'", "'a\nb'", "mysql", True),
        (r"'a\nb'", "'a\nb'", "sqlite", False),
        ("7 % 4", "7 MOD 4", "mariadb", True),
        ("5--3", "5 - -3", "mysql", True),
        ("true", "1", "mysql", True),
        ("true", "1", "sqlite", False),
    ],
)
def test_same_sql(sql: str, other: str, dialect: str, same: bool) -> None:
    """By their tokens: blanks, quotes of names, the case of words and parentheses around one thing do not count."""
    assert same_sql(sql, other, dialect) == same


@pytest.mark.parametrize(
    ("sql", "other", "same"),
    [
        ("(name)::text <> ''::text", "name <> ''", True),
        ("(price > (0)::numeric(10,2))", "price > 0", True),
        ("'a'::\"Mood\"", "'a'", True),
        ("'a'::app.mood", "'a'", True),
        ("'{}'::integer[]", "'{}'", True),
        ("now()::timestamp(3) with time zone", "now()", True),
        (
            "(s)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])",
            "s = ANY (ARRAY['x', 'y'])",
            True,
        ),
        ("((a > 0) OR (b > 0)) AND (c > 0)", "(a > 0) OR ((b > 0) AND (c > 0))", False),
        ("'x'::text", "'y'::text", False),
        ("'0'::numeric", "0", True),
        ("'-1.5'::double precision", "- 1.5", True),
        ("'0'::text", "0", False),
        ("'a'::integer", "a", False),
    ],
)
def test_without_casts(sql: str, other: str, same: bool) -> None:
    """Those of PostgreSQL can be left out, with the parentheses that they need."""
    assert same_sql(sql, other, casts=False) == same
    assert same_sql(sql, sql + "::text", casts=True) is False


@pytest.mark.parametrize(
    ("sql", "other", "same"),
    [
        ("((at)::date)", "at", False),
        ("now()::date", "now()", False),
        ("lower('x')::bpchar", "lower('x')", False),
        ("days[1]::integer", "days[1]", False),
        ("name::varchar(3)", "name::varchar(5)", False),
        ("(name)::text", "name::text", True),
        ("x > (0)::numeric(10,2)", "x > 0", True),
        ("NOT ('-1.5'::double precision)", "NOT (- 1.5)", True),
        ("'now'::text::date", "'now'", True),
        ("NULL::character varying", "NULL", True),
        (
            "(s)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])",
            "(s)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text])",
            True,
        ),
    ],
)
def test_without_casts_of_literals(sql: str, other: str, same: bool) -> None:
    """Those of anything else count."""
    assert (tokens(sql, literal_casts=False) == tokens(other, literal_casts=False)) == same
