"""What an application asks when it starts: is the database at the revision that this code was written for?"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import DatabaseNotReady
from .url import masked

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = logging.getLogger(__name__)

# Seconds for a server to answer, unless the URL has other ones: some drivers wait for minutes, or for ever.
TIMEOUT = 5
_DEPLOY = "run `alembic upgrade head` before the application starts"


def require_head(engine: Engine, config: str | Path, *, or_newer: bool = False) -> None:
    """Return when a database is at the newest revision of this code; nothing is changed or held.

    :param engine: the application's engine.
    :param config: the path of alembic.ini, which leads to the revisions.
    :param or_newer: whether a revision that this code does not know is accepted, with a warning in the log: a newer
        release has migrated the database, and an older one goes on beside it.
    :raises DatabaseNotReady: when the database is behind, at an unknown revision, under no version table, or cannot be
        reached; and when the revisions cannot be read.
    """
    where = masked(engine.url)
    heads, known = _revisions(Path(config))
    current = _current(engine, where)
    if current == heads:
        return
    if unknown := ", ".join(sorted(current - known)):
        message = f"{where} is at revision {unknown}, which this release does not have"
        if not or_newer:
            raise DatabaseNotReady(
                f"{message}: a newer release has migrated it, or it belongs to something else; start that release, or "
                "go back with it (`alembic downgrade`) before you start this one."
            )
        log.warning("%s: taken for that of a newer release.", message)
        return
    at = f"at revision {', '.join(sorted(current))}" if current else "empty, at no revision"
    raise DatabaseNotReady(f"{where} is {at}, and this release needs {', '.join(sorted(heads))}: {_DEPLOY}.")


def _revisions(ini: Path) -> tuple[set[str], set[str]]:
    """Return the heads of the revisions, and all of them."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    if not ini.is_file():
        raise DatabaseNotReady(
            f"There is no {ini}, so nobody knows which revision this release needs: install the application with its "
            "migrations, or put alembic.ini and the revisions there."
        )
    try:
        config = Config(str(ini))
        config.set_main_option("prepend_sys_path", "")  # an application's sys.path is not for us to change
        script = ScriptDirectory.from_config(config)
        return set(script.get_heads()), {revision.revision for revision in script.walk_revisions()}
    except CommandError as error:
        raise DatabaseNotReady(f"The migrations of {ini} cannot be read: {error}") from None


def _current(engine: Engine, where: str) -> set[str]:
    """Return the revisions in the database, over a connection that does not go back into the pool."""
    from sqlalchemy import event, inspect
    from sqlalchemy.exc import DBAPIError

    unmigrated = f"{where} has no table alembic_version, so no migration has created its tables: {_DEPLOY}."
    if engine.dialect.name == "sqlite" and not Path((engine.url.database or "").removeprefix("file:")).exists():
        raise DatabaseNotReady(unmigrated)  # to connect would create the file
    event.listen(engine, "do_connect", _impatient)
    try:
        with engine.connect() as connection:
            connection.detach()  # one kept in the pool would be shared by all processes that fork from this one
            try:
                return set(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())
            except DBAPIError:
                connection.rollback()
                if inspect(connection).has_table("alembic_version"):
                    raise
    except (DBAPIError, TypeError) as error:  # TypeError: an option that the driver does not know
        reason = " ".join(str(getattr(error, "orig", error)).split())
        raise DatabaseNotReady(f"{where} cannot be reached or read: {reason}") from None
    finally:
        event.remove(engine, "do_connect", _impatient)
    raise DatabaseNotReady(unmigrated)


def _impatient(dialect: Any, _: Any, __: Any, options: dict[str, Any]) -> None:
    if dialect.name != "sqlite":
        options.setdefault("connect_timeout", TIMEOUT)
    if dialect.name in ("mysql", "mariadb"):  # whose drivers do not count the wait for the server's greeting
        options.setdefault("read_timeout", TIMEOUT)
