"""In which state an error leaves the database: what the journal of MariaDB tells of a revision that is half done."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from support.databases import rows

from alembic_proof.migrate.aftermath import aftermath, noting_aftermath

GOES_ON = "; alembic upgrade goes on from there; the database is at no revision."
STATES = {
    "": "Nothing of this revision was changed; the database is at no revision.",
    "failed": "Nothing of this revision was changed; the database is at no revision.",
    "done failed": f"The revision is half done: its first statement stays{GOES_ON}",
    "done done failed": f"The revision is half done: its first 2 statements stay{GOES_ON}",
    "begun": f"The revision is half done: whether statement 1 was carried out is not known{GOES_ON}",
    "done begun": "The revision is half done: its first statement stays and whether statement 2 was carried out is not "
    f"known{GOES_ON}",
}


def noted(url: str, moves: bool = True, borrowed: bool = False) -> str:
    """Return what is noted of an error."""
    engine = create_engine(url)
    error = ZeroDivisionError()
    with engine.connect() as connection:
        if borrowed:
            connection.begin()
        with pytest.raises(ZeroDivisionError), noting_aftermath(connection, moves, ("alembic_version", None)):
            raise error
        assert connection.in_transaction() == borrowed
    engine.dispose()
    return aftermath(error)


@pytest.mark.parametrize("states", STATES)
def test_a_revision_that_is_half_done(mysql: str, states: str) -> None:
    """The database cannot take a statement back."""
    rows(mysql, "CREATE TABLE alembic_unfinished (state VARCHAR(10))")
    for state in states.split():
        rows(mysql, f"INSERT INTO alembic_unfinished VALUES ('{state}')")
    assert noted(mysql) == STATES[states]


def test_where_a_transaction_is_rolled_back(database: str) -> None:
    """Nothing stays."""
    assert noted(database) == STATES[""]
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
