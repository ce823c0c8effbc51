"""Errors that people can do something about, as sentences: alembic prints a CommandError as one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError

from .. import dialects, upstream
from ..errors import SettingsError, error_codes
from ..prompts import in_flask, is_of_flask
from . import revision_chain


@contextmanager
def as_sentences(dialect: Dialect | None = None) -> Iterator[None]:
    """Turn the errors inside into CommandError; of the database's, those that are locks and rights."""
    try:
        yield
    except SettingsError as error:
        raise CommandError(str(error)) from None
    except CommandError as error:
        sentence = _spelled(revision_chain.sentence(error, _current_heads) or str(error))
        if sentence != str(error):
            raise CommandError(sentence) from None
        raise
    except DBAPIError as error:
        if dialect is not None and dialect.name in dialects.KNOWN and (sentence := _sentence(error, dialect.name)):
            raise CommandError(sentence) from None
        raise


def _spelled(sentence: str) -> str:
    """Return a sentence with its commands as the running program has them."""
    try:
        config = upstream.environment_context().config
    except NameError:
        return sentence
    return in_flask(sentence) if is_of_flask(config) else sentence


def _current_heads() -> Sequence[str]:
    """Return the revisions that the database is at; none before env.py has configured the migration."""
    try:
        migration = context.get_context()
    except Exception:  # of no class of its own: "No context has been configured yet"
        return ()
    return migration.get_current_heads()


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
