"""In which state an error leaves the database: noted while the connection is there, said where the command ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from .. import dialects
from . import journal

_NOTE = "alembic_proof_aftermath"  # an attribute of the error


@contextmanager
def noting_aftermath(connection: Connection, moves: bool, version: tuple[str, str | None]) -> Iterator[None]:
    """Note on an error that comes out in which state the database is then; ``moves`` says whether the command migrates.

    ``version`` are the version table and its schema.
    """
    borrowed = connection.in_transaction()
    try:
        yield
    except Exception as error:
        if borrowed:
            setattr(error, _NOTE, "What becomes of it is up to whoever has begun the transaction.")
        elif moves:
            setattr(error, _NOTE, _state(connection, version))
        raise


def aftermath(error: BaseException) -> str:
    """Return in which state an error has left the database: a sentence. Before a migration nothing can have changed."""
    return str(getattr(error, _NOTE, "Nothing was changed."))


def _state(connection: Connection, version: tuple[str, str | None]) -> str:
    """Return the state after a revision that failed. Its transaction is rolled back by then."""
    look = "alembic current says at which revision the database is."
    if connection.invalidated or connection.closed:
        return f"The connection is lost, and what was not committed with it: {look}"
    try:
        connection.rollback()
        table, schema = version
        options = {"version_table": table, "version_table_schema": schema}
        heads = MigrationContext.configure(connection, opts=options).get_current_heads()
        stayed = _stayed(connection)
        connection.rollback()
    except SQLAlchemyError:
        return f"In which state the database is, is not known: {look}"
    at = f"the database is at {', '.join(heads)}" if heads else "the database is at no revision"
    if stayed:
        number = "its first statement stays" if stayed == 1 else f"its first {stayed} statements stay"
        return f"The revision is half done: {number}, and alembic upgrade goes on after them; {at}."
    return f"Nothing of this revision was changed; {at}."


def _stayed(connection: Connection) -> int:
    """Return how many statements of an unfinished revision stay, on a database that cannot take them back."""
    name = connection.dialect.name
    if name not in dialects.KNOWN or dialects.get(name).transactional_ddl:
        return 0
    if not connection.exec_driver_sql(f"SHOW TABLES LIKE '{journal.TABLE}'").first():
        return 0
    done = f"SELECT COUNT(*) FROM {journal.TABLE} WHERE state = 'done'"
    return int(connection.exec_driver_sql(done).scalar_one())
