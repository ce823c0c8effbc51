"""A schema, read from a database's own catalogue."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine
from support.databases import rows

from alembic_proof.errors import UndeterminedError
from alembic_proof.migrate import journal
from alembic_proof.schema import own_tables, read

CREATE = "CREATE TABLE t (id INTEGER NOT NULL, x VARCHAR(9) DEFAULT 'a', CONSTRAINT pk_t PRIMARY KEY (id))"


def test_a_table_has_items(database: str) -> None:
    """Columns, defaults, constraints and indexes, each with a text, whatever the database."""
    rows(database, CREATE)
    rows(database, "CREATE INDEX ix_x ON t (x)")
    schema = read(database)
    items = schema["t"]
    assert {"column id", "column x", "default of x", "index ix_x"} <= set(items)
    assert any(item.startswith(("constraint", "index")) and "id" in items[item] for item in items)
    assert "NOT NULL" in items["column id"]
    assert read(create_engine(database)) == schema


def test_the_default_schema_is_left_out(postgresql: str) -> None:
    """That of the server, and that of the search path."""
    for statement in ("CREATE SCHEMA app", CREATE.replace(" t ", " app.t "), CREATE.replace(" t ", " u ")):
        rows(postgresql, statement)
    assert {"app.t", "u"} <= set(read(postgresql))
    assert {"t", "u"} <= set(read(postgresql, "app"))


@pytest.mark.parametrize(("comments", "items"), [(False, set()), (True, {"comment", "comment on x"})])
def test_comments(postgresql: str, comments: bool, items: set[str]) -> None:
    """On request."""
    for statement in (CREATE, "COMMENT ON TABLE t IS 'a'", "COMMENT ON COLUMN t.x IS 'b'"):
        rows(postgresql, statement)
    assert {item for item in read(postgresql, comments=comments)["t"] if item.startswith("comment")} == items


def test_an_unknown_database() -> None:
    """Cannot be read, and the error says which ones can."""

    class Engine:
        def connect(self) -> Any:
            return self

        def __enter__(self) -> Any:
            return SimpleNamespace(dialect=SimpleNamespace(name="oracle"))

        def __exit__(self, *_: object) -> None: ...

    with pytest.raises(
        UndeterminedError, match="the schema of a oracle database cannot be read: only sqlite, postgresql"
    ):
        read(Engine())  # type: ignore[arg-type]


def test_our_own_tables() -> None:
    """Those of Alembic, and the journal of unfinished migrations."""
    assert own_tables("version") == {"version", "alembic_version", journal.TABLE}
