"""Errors that people can do something about, as sentences: alembic prints a CommandError as one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError

from .. import dialects
from ..errors import SettingsError


@contextmanager
def as_sentences(dialect: Dialect | None = None) -> Iterator[None]:
    """Turn the errors inside into CommandError; of the database's, those that are locks and rights."""
    try:
        yield
    except SettingsError as error:
        raise CommandError(str(error)) from None
    except CommandError as error:
        if not str(error).startswith("Target database is not up to date"):  # Alembic has no class or code for it
            raise
        raise CommandError(
            _not_up_to_date(context.get_context().get_current_heads(), context.script.get_heads())
        ) from None
    except DBAPIError as error:
        if dialect is not None and dialect.name in dialects.KNOWN and (sentence := _sentence(error, dialect.name)):
            raise CommandError(sentence) from None
        raise


def _not_up_to_date(current: Sequence[str], heads: Sequence[str]) -> str:
    """Return what to do where a new revision cannot follow the one that the database is at."""
    at, newest = (", ".join(revisions) or "none" for revisions in (current, heads))
    if len(heads) > 1:
        return (
            f"There are {len(heads)} heads, {newest}, and the database is at {at}: two revisions follow the same one. "
            'Run alembic merge heads -m "merge", then alembic upgrade head, then this command again.'
        )
    return (
        f"Target database is not up to date: it is at revision {at}, and the newest is {newest}. Run alembic upgrade "
        "head first, then this command again."
    )


def _sentence(error: DBAPIError, name: str) -> str:
    """Return what to do about an error of a database, or nothing."""
    dialect, codes = dialects.get(name), error_codes(error.orig)
    statement, reason = (" ".join(str(text).split()) for text in (error.statement, error.orig))
    if codes & dialect.locked:
        return (
            f"Gave up waiting for a table in use, so that its other users need not wait: {statement} "
            "(run the command again when the table is quiet, or set MIGRATION_LOCK_TIMEOUT to more seconds)"
        )
    if codes & dialect.forbidden:
        return (
            f"The database's user may not do this: {statement} (the database says: {reason}; migrate as a user who may "
            "change the schema)"
        )
    return ""


def error_codes(error: Any) -> set[Any]:
    """Return how a driver says what an error is: PostgreSQL's SQLSTATE, MariaDB's error number, SQLite's text."""
    codes = [getattr(error, "sqlstate", None), getattr(error, "pgcode", None), *getattr(error, "args", ())[:1]]
    return {code for code in codes if isinstance(code, (str, int))}  # some drivers put a dictionary into args
