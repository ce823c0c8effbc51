"""Whether what a migration did is committed."""

from __future__ import annotations

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection


def require_committed(connection: Connection) -> None:
    """Compare the revision that the migration believes in with the one that the next transaction sees.

    Raises CommandError where they differ.
    """
    migration = context.get_context()
    believed = migration.get_current_heads()
    connection.rollback()
    committed = migration.get_current_heads()
    connection.rollback()
    if believed != committed:
        raise CommandError(
            f"The migration reached {', '.join(believed) or 'base'} but did not commit it, the database is at "
            f"{', '.join(committed) or 'base'}: a revision commits or begins a transaction by itself; "
            "use op.get_context().autocommit_block() for statements that must run outside of one."
        )
