"""In which state an error leaves the database: what the journal of MariaDB tells of a revision that is half done."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from support.databases import rows

from alembic_proof.migrate.aftermath import aftermath, noting_aftermath
from alembic_proof.schema import JOURNAL

UP, DOWN = "(0, 'a1', 'up', NULL)", "(0, 'a1', 'down', 'base')"
GOES_ON = "; alembic upgrade goes on from there"
GOES_BACK = "; `alembic downgrade base` goes on from there"
PLACE = ", and what you add to {}() belongs there too, just before the statement that failed"
NOTHING = "Nothing of this revision was changed"
STATES = {
    (): NOTHING,
    (UP, "failed"): NOTHING,
    (UP, "done", "failed"): f"The revision is half done: its first statement stays{GOES_ON}",
    (UP, "done", "done", "failed"): f"The revision is half done: its first 2 statements stay{GOES_ON}",
    (UP, "begun"): f"The revision is half done: whether statement 1 was carried out is not known{GOES_ON}",
    (UP, "done", "begun"): "The revision is half done: its first statement stays and whether statement 2 was carried "
    f"out is not known{GOES_ON}",
    (DOWN, "done", "failed"): f"The downgrade is half done: its first statement stays{GOES_BACK}",
    ("done", "failed"): f"The revision is half done: its first statement stays{GOES_ON}",  # as version 1.3 has noted it
}


def noted(url: str, moves: bool = True, borrowed: bool = False, error: Exception | None = None) -> str:
    """Return what is noted of an error."""
    engine = create_engine(url)
    error = error or ZeroDivisionError()
    with engine.connect() as connection:
        if borrowed:
            connection.begin()
        with pytest.raises(type(error)), noting_aftermath(connection, moves, ("alembic_version", None)):
            raise error
        assert connection.in_transaction() == borrowed
    engine.dispose()
    return aftermath(error)


@pytest.mark.parametrize("notes", STATES)
def test_a_revision_that_is_half_done(mysql: str, notes: tuple[str, ...]) -> None:
    """The database cannot take a statement back; and where one has failed, what is to come before it has its place."""
    rows(mysql, f"CREATE TABLE {JOURNAL} (position INTEGER, digest TEXT, state TEXT, columns_ TEXT)")
    for position, note in enumerate(notes, 0 if "(" in "".join(notes) else 1):
        rows(mysql, f"INSERT INTO {JOURNAL} VALUES {note if position == 0 else (position, '', note, '')}")
    end = "; the database is at no revision."
    assert noted(mysql) == f"{STATES[notes]}{end}"
    place = PLACE.format("downgrade" if DOWN in notes else "upgrade") if STATES[notes] != NOTHING else ""
    assert noted(mysql, error=DBAPIError("ALTER", None, Exception())) == f"{STATES[notes]}{place}{end}"


def test_where_a_transaction_is_rolled_back(database: str) -> None:
    """Nothing stays."""
    assert noted(database) == f"{NOTHING}; the database is at no revision."
    rows(database, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    rows(database, "INSERT INTO alembic_version VALUES ('r1')")
    assert noted(database) == "Nothing of this revision was changed; the database is at r1."
    assert noted(database, moves=False) == "Nothing was changed."


def test_a_transaction_of_somebody_else(sqlite: str) -> None:
    """It is for them to end."""
    assert noted(sqlite, borrowed=True) == "What becomes of it is up to whoever has begun the transaction."


def test_an_error_before_a_connection() -> None:
    """Nothing can have changed."""
    assert aftermath(ZeroDivisionError()) == "Nothing was changed."
