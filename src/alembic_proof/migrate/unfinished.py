"""What a command does over a database in which a migration is unfinished: go on with it, refuse, or warn."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection

from .. import dialects, upstream
from ..schema.unfinished import NOTES, Unfinished, unfinished
from .journal import TABLE
from .warnings import warn

log = logging.getLogger("alembic.journal")


def look(connection: Connection) -> Unfinished | None:
    """Return what is unfinished; None on a database that takes back what did not come to its end."""
    name = connection.dialect.name
    if name not in dialects.KNOWN or dialects.get(name).transactional_ddl:
        return None
    if not connection.exec_driver_sql(f"SHOW TABLES LIKE '{TABLE}'").first():
        return None
    return unfinished(connection.exec_driver_sql(NOTES).all())


def tell(left: Unfinished, migration: MigrationContext) -> None:
    """Say to a command that moves no database what is unfinished.

    Raises CommandError for one that compares models and database: it would write the rest of the migration into a
    revision for every database.
    """
    if upstream.is_autogenerating(migration):
        raise CommandError(f"{_sentence(left)} Nothing was written.")
    warn(log, _sentence(left))


def require_resumed(left: Unfinished, steps: Sequence[MigrationStep]) -> None:
    """Raise CommandError for a command that does not begin with what is unfinished. To stamp is to have mended it."""
    first = steps[0] if steps else None
    if isinstance(first, RevisionStep):
        command = "upgrade" if first.is_upgrade else "downgrade"
        is_sound = not left.command or (command, first.revision.revision) == (left.command, left.revision)
    else:
        is_sound = first is not None
    if not is_sound:
        raise CommandError(f"{_sentence(left)} Nothing was changed.")


def _sentence(left: Unfinished) -> str:
    """Return what is unfinished, and the two ways out of it."""
    undo, drop = "or undo by hand what it did", f"drop the table {TABLE}."
    if left.command and not _has_file(left.revision):
        seen = " (alembic-proof doctor shows what the revisions do not make)" if left.command == "upgrade" else ""
        return (
            f"{left.state}, and no file here has that revision. Bring the file back and run {left.resume}; {undo}"
            f"{seen}, and {drop}"
        )
    return f"{left.state}. Run {left.resume}, which goes on from there; {undo}, and {drop}"


def _has_file(revision: str) -> bool:
    """Tell whether the project has a revision."""
    try:
        return context.script.get_revision(revision) is not None
    except CommandError:
        return False
