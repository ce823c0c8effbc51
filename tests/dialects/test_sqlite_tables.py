"""A CREATE TABLE of SQLite's, taken apart."""

from __future__ import annotations

import sqlite3

import pytest

from alembic_proof.dialects.sqlite_tables import TableSql, names_in, tokens_of, unquoted


def column(definition: str) -> tuple[str, list[tuple[str, str | None]]]:
    """Return the type of a column, and the kinds and names of its clauses; SQLite takes the definition, too."""
    sql = f"CREATE TABLE t (id INTEGER PRIMARY KEY, {definition})"
    sqlite3.connect(":memory:").execute(sql)
    (_, piece) = TableSql.parse(sql).columns.values()
    return sql[slice(*piece.type)], [(clause.kind, clause.name) for clause in piece.clauses]


@pytest.mark.parametrize(
    ("definition", "type_", "clauses"),
    [
        ("a", "", []),
        ("a NUMERIC(10, 2)", "NUMERIC(10, 2)", []),
        ("a UNSIGNED BIG INT NOT NULL", "UNSIGNED BIG INT", [("NOT", None)]),
        ('"a" "my type" (3) UNIQUE', '"my type" (3)', [("UNIQUE", None)]),
        ("a INT NULL ON CONFLICT ABORT", "INT", [("NULL", None)]),
        ("a INT NOT NULL ON CONFLICT IGNORE DEFAULT 3", "INT", [("NOT", None), ("DEFAULT", None)]),
        ("a INT DEFAULT -1.5 CHECK (a > 0)", "INT", [("DEFAULT", None), ("CHECK", None)]),
        ("a TEXT DEFAULT ('x,)' || 'y') COLLATE NOCASE", "TEXT", [("DEFAULT", None), ("COLLATE", None)]),
        ("a BLOB DEFAULT x'00'", "BLOB", [("DEFAULT", None)]),
        ("a INT GENERATED ALWAYS AS (id * 2) STORED", "INT", [("AS", None)]),
        ("a AS (id) VIRTUAL NOT NULL", "", [("AS", None), ("NOT", None)]),
        ("a generated TEXT", "generated TEXT", []),
        ("a INT CONSTRAINT one CONSTRAINT two UNIQUE ON CONFLICT FAIL", "INT", [("UNIQUE", "two")]),
        ("a INT CONSTRAINT one", "INT", [("", "one")]),
        (
            "a INT REFERENCES p (x) ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE INITIALLY "
            "DEFERRED DEFAULT 1",
            "INT",
            [("REFERENCES", None), ("DEFAULT", None)],
        ),
        ("a INT REFERENCES p ON DELETE CASCADE DEFERRABLE NOT NULL", "INT", [("REFERENCES", None), ("NOT", None)]),
        ("a INT /* c, NOT NULL */ UNIQUE -- d, (\n", "INT", [("UNIQUE", None)]),
    ],
)
def test_columns(definition: str, type_: str, clauses: list[tuple[str, str | None]]) -> None:
    """Each has a name, perhaps a type, and clauses in any order."""
    assert column(definition) == (type_, clauses)


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        ("UNIQUE (a COLLATE NOCASE DESC, [b])", [("UNIQUE", None, ("a", "b"), "")]),
        ("UNIQUE (a) CHECK (b) CONSTRAINT c CHECK (a)", [("UNIQUE", None), ("CHECK", None), ("CHECK", "c")]),
        ("PRIMARY KEY (b, a) ON CONFLICT REPLACE, CONSTRAINT x", [("PRIMARY", None, ("b", "a")), ("", "x")]),
        (
            'CONSTRAINT "f k" FOREIGN KEY (a, B) REFERENCES "P" (x, y) ON DELETE CASCADE DEFERRABLE',
            [("FOREIGN", "f k", ("a", "b"), "p")],
        ),
    ],
)
def test_constraints(constraints: str, expected: list[tuple[object, ...]]) -> None:
    """Also without commas."""
    sql = f"CREATE TABLE t (a INT, b INT, {constraints})"
    sqlite3.connect(":memory:").execute(sql)
    parsed = [clause for piece in TableSql.parse(sql).constraints for clause in piece.clauses]
    found = [(clause.kind, clause.name, clause.columns, clause.referred) for clause in parsed]
    assert [clause[: len(each)] for clause, each in zip(found, expected, strict=True)] == expected


@pytest.mark.parametrize(
    ("sql", "options", "counts"),
    [
        ("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)", [], True),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY) WITHOUT ROWID, strict", ["WITHOUT ROWID", "STRICT"], False),
    ],
)
def test_options(sql: str, options: list[str], counts: bool) -> None:
    """They follow the columns."""
    parsed = TableSql.parse(sql)
    assert (parsed.options, parsed.counts) == (options, counts)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIRTUAL TABLE t USING fts5(a)",
        "CREATE TABLE t",
        "CREATE TABLE t (a INT",
        "CREATE TABLE t (a INT UNIQUE SURPRISE)",
        "CREATE TABLE t (a INT COLLATE)",
    ],
)
def test_what_is_not_understood(sql: str) -> None:
    """It is said, not guessed."""
    with pytest.raises(ValueError, match=r"understood|early|closed|no CREATE"):
        TableSql.parse(sql)


@pytest.mark.parametrize(
    ("text", "name"), [('"a""b"', 'a"b'), ("`a``b`", "a`b"), ("[a b]", "a b"), ("'a''b'", "a'b"), ("a", "a")]
)
def test_quotes(text: str, name: str) -> None:
    """SQLite has four kinds."""
    assert unquoted(text) == name


def test_names_in_an_expression() -> None:
    """Neither literals nor functions nor tables are names of columns."""
    assert names_in(tokens_of("lower(A) = 'b' AND t.\"c d\" > 1e5 /* e */")) == {"a", "and", "c d"}
