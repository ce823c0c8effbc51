"""What holds while env.py migrates: who else may, and whether SQLite enforces foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .. import dialects
from ..sandbox import engine
from .project import Project

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext


class Migrating(NamedTuple):
    """The circumstances of one migration."""

    locked: bool  # a second migration would have to wait
    enforces_foreign_keys: bool  # of SQLite


def while_migrating(project: Project) -> list[Migrating]:
    """Run env.py once as for a migration, and return what holds meanwhile, for each database that it migrates."""

    def run() -> list[Migrating]:
        states: list[Migrating] = []

        def examine(_: Any, context: MigrationContext) -> list[Any]:
            url = project.sandbox.target(context.connection).url
            states.append(Migrating(_is_locked(url), _enforces_foreign_keys(context)))
            return []

        project.run_env(examine, destination_rev="heads")
        return states

    states: list[Migrating] = project.once("while migrating", run)
    return states


def _is_locked(url: str) -> bool:
    """Tell whether a second migration, with this library, would find that the first one holds the database."""
    from alembic.util import CommandError

    at_once = dialects.Timeouts(migrator=0, lock=0)
    with engine(url).connect() as connection:
        try:
            with dialects.get(connection.dialect.name).exclusive(connection, at_once), connection.begin():
                return False
        except CommandError:
            return True


def _enforces_foreign_keys(context: MigrationContext) -> bool:
    if context.dialect.name != "sqlite":
        return False
    assert context.connection is not None
    cursor = context.connection.connection.cursor()  # through SQLAlchemy, a transaction would begin
    cursor.execute("PRAGMA foreign_keys")
    return bool(cursor.fetchall()[0][0])
