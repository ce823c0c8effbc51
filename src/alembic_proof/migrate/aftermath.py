"""In which state an error leaves the database: noted while the connection is there, said where the command ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..dialects.base import is_autocommit, listening
from . import unfinished

_NOTE = "alembic_proof_aftermath"  # an attribute of the error


@contextmanager
def noting_aftermath(connection: Connection, moves: bool, version: tuple[str, str | None]) -> Iterator[None]:
    """Note on an error that comes out in which state the database is then; ``moves`` says whether the command migrates.

    ``version`` are the version table and its schema.
    """
    borrowed = connection.in_transaction()
    outside: list[str] = []  # statements that were carried out in an autocommit_block()

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if is_autocommit(connection):
            outside.append(statement)

    try:
        with listening(connection, before_cursor_execute=note):
            yield
    except (Exception, KeyboardInterrupt) as error:
        if borrowed:
            setattr(error, _NOTE, "What becomes of it is up to whoever has begun the transaction.")
        elif moves:
            setattr(error, _NOTE, _state(connection, version, bool(outside), error))
        raise


def aftermath(error: BaseException) -> str:
    """Return in which state an error has left the database: a sentence. Before a migration nothing can have changed."""
    return str(getattr(error, _NOTE, "Nothing was changed."))


def _state(connection: Connection, version: tuple[str, str | None], has_outside: bool, error: BaseException) -> str:
    """Return the state after a revision that failed. Its transaction is rolled back by then.

    ``has_outside`` says whether something was carried out outside of a transaction.
    """
    look = "alembic current says at which revision the database is."
    if connection.invalidated or connection.closed:
        return f"The connection is lost, and what was not committed with it: {look}"
    try:
        connection.rollback()
        table, schema = version
        options = {"version_table": table, "version_table_schema": schema}
        heads = MigrationContext.configure(connection, opts=options).get_current_heads()
        half_done = _half_done(connection, isinstance(error, DBAPIError))
        connection.rollback()
    except SQLAlchemyError:
        return f"In which state the database is, is not known: {look}"
    at = f"the database is at {', '.join(heads)}" if heads else "the database is at no revision"
    if has_outside and not half_done:
        return f"What was carried out in an autocommit_block(), and before it, stays; {at}."
    return f"{half_done}; {at}." if half_done else f"Nothing of this revision was changed; {at}."


def _half_done(connection: Connection, has_failed: bool) -> str:
    """Return what stays of an unfinished revision, on a database that cannot take a statement back, and what goes on.

    ``has_failed`` says whether a statement has: somebody will want to put something before it.
    """
    left = unfinished.look(connection)
    if left is None:
        return ""
    function = left.command or "upgrade"
    command = left.resume if left.command == "downgrade" else f"alembic {function}"
    what = "downgrade" if left.command == "downgrade" else "revision"
    place = f", and what you add to {function}() belongs there too, just before the statement that failed"
    return f"The {what} is half done: {left.stays}; {command} goes on from there{place if has_failed else ''}"
