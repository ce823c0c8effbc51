"""Constraints of SQLite that SQLAlchemy, or its releases before 2.0.45, do not read; ``test_every_release`` has one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Inspector, create_engine, event, inspect

from alembic_proof import upstream
from alembic_proof.dialects.sqlite_reflection import correct_reflection

IN_QUOTES = """CREATE TABLE "T" (
    "A b" INTEGER, c INTEGER, CONSTRAINT "pk T" PRIMARY KEY ("A b"),
    CONSTRAINT "fk T" FOREIGN KEY (c) REFERENCES "T" ("A b"),
    CONSTRAINT "uq T" UNIQUE (c), CONSTRAINT "ck T" CHECK (c > 0 AND (c <> 5))
)"""
ON_ONE_LINE = (
    'CREATE TABLE "T" (a INTEGER PRIMARY KEY, b INT CONSTRAINT x UNIQUE CONSTRAINT pos CHECK (b > 0), '
    'UNIQUE (b, a) CHECK (b < 9), CONSTRAINT fk FOREIGN KEY (b) REFERENCES "T" (a), CONSTRAINT uq UNIQUE (a, b))'
)
NAMES = {
    IN_QUOTES: ("pk T", ["fk T"], {("uq T", "c")}, [("ck T", "c > 0 AND (c <> 5)")]),
    ON_ONE_LINE: (None, ["fk"], {(None, "b"), (None, "b a"), ("uq", "a b")}, [("pos", "b > 0"), (None, "b < 9")]),
    """CREATE TABLE "T" (a VARCHAR(9) UNIQUE, b TEXT DEFAULT 'x' NOT NULL UNIQUE,
    "C" VARCHAR(9) PRIMARY KEY UNIQUE, UNIQUE (a,\n b),
    CONSTRAINT uq UNIQUE (\nb, "C" COLLATE NOCASE))""": (
        None,
        [],
        {(None, "a"), (None, "b"), (None, "a b"), ("uq", "b C")},
        [],
    ),
    'CREATE TABLE "T" (a INT REFERENCES "T" (a))': (None, [None], set(), []),
    'CREATE VIEW "T" AS SELECT 1 AS a': (None, [], set(), []),
}


def reflected(inspector: Inspector) -> tuple[Any, ...]:
    """Return the names of all constraints, and what they cover."""
    return (
        inspector.get_pk_constraint("T")["name"],
        [key["name"] for key in inspector.get_foreign_keys("T")],
        {(unique["name"], " ".join(unique["column_names"])) for unique in inspector.get_unique_constraints("T")},
        [(check["name"], check["sqltext"]) for check in inspector.get_check_constraints("T")],
    )


@pytest.mark.parametrize("is_old", [True, False])
@pytest.mark.parametrize("sql", NAMES)
def test_names_of_constraints(monkeypatch: pytest.MonkeyPatch, sql: str, is_old: bool) -> None:
    """In quotes, and several on one line: as the newer SQLAlchemy reads them. Other engines are left alone."""
    if is_old:
        monkeypatch.setattr(upstream, "reads_sqlite_constraints", lambda: False)
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
        for _ in range(2):
            correct_reflection(connection.dialect)
        assert reflected(inspect(connection)) == NAMES[sql]
    corrected = {"get_pk_constraint", "get_foreign_keys", "get_unique_constraints", "get_check_constraints"}
    assert corrected & vars(engine.dialect).keys() == (
        corrected if not upstream.reads_sqlite_constraints() else {"get_unique_constraints"}
    )
    assert not corrected & vars(create_engine("sqlite://").dialect).keys()


def test_what_is_read_of_many_tables() -> None:
    """The database is asked once for all of them, as long as an inspector remembers; then what has changed is seen."""
    engine = create_engine("sqlite://")
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    with engine.connect() as connection:
        for name in ("a", "B"):
            connection.exec_driver_sql(f"CREATE TABLE {name} (x VARCHAR(9) UNIQUE)")
        correct_reflection(connection.dialect)
        inspector = inspect(connection)
        for name in ("a", "B"):
            assert inspector.get_unique_constraints(name) == [{"name": None, "column_names": ["x"]}]
        assert len([sql for sql in asked if sql.startswith("SELECT name, sql")]) == 1
        connection.exec_driver_sql("DROP TABLE a")
        connection.exec_driver_sql("CREATE TABLE a (y TEXT DEFAULT 'z' UNIQUE)")
        assert inspect(connection).get_unique_constraints("a") == [{"name": None, "column_names": ["y"]}]
