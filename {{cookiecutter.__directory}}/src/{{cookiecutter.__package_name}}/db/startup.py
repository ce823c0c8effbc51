"""What an application asks when it starts: is the database at the revision that this code was written for?"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

# Seconds for a server to answer, unless DATABASE_URL has other ones: some drivers wait for minutes, or for ever.
TIMEOUT = 5
DEPLOY = "run `alembic upgrade head` before the application starts"


class DatabaseNotReady(Exception):
    """The application must not start on this database. The message is one sentence that says why and what to do."""


def require_head(*, or_newer: bool = False) -> None:
    """Return when the database of ``engine()`` is at the newest revision of this code; nothing is changed or held.

    With or_newer, a revision that this code does not know is logged as a warning and accepted: a newer release has
    migrated the database, and an older one goes on beside it.
    Raises DatabaseNotReady when the database is behind, at an unknown revision, under no version table or unreachable.
    """
    from .. import settings
    from . import engine

    try:
        where = settings.masked(engine().url)
    except settings.SettingsError as error:
        raise DatabaseNotReady(str(error)) from None
    heads, known = _revisions()
    there = _current(where)
    if there == heads:
        return
    if unknown := ", ".join(sorted(there - known)):
        said = f"{where} is at revision {unknown}, which this release does not have"
        if not or_newer:
            raise DatabaseNotReady(
                f"{said}: a newer release has migrated it, or it belongs to something else; start that release, or go "
                "back with it (`alembic downgrade`) before you start this one."
            )
        log.warning("%s: taken for that of a newer release.", said)
        return
    at = f"at revision {', '.join(sorted(there))}" if there else "empty, at no revision"
    raise DatabaseNotReady(f"{where} is {at}, and this release needs {', '.join(sorted(heads))}: {DEPLOY}.")


def _revisions() -> tuple[set[str], set[str]]:
    """Return the heads of the migrations and all their revisions.

    An installed wheel has them beside this package's modules, everything else in the project's directory.
    """
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    from .. import settings

    package = Path(__file__).parents[1]
    ini = package / "alembic.ini"
    if not ini.is_file():
        ini = (settings.project_root() or Path()) / "alembic.ini"
    if not ini.is_file():
        raise DatabaseNotReady(
            f"There is no alembic.ini in {package} or above {Path.cwd()}, so nobody knows which revision this release "
            "needs: install the wheel that pyproject.toml describes, or put alembic.ini and migrations/ there."
        )
    try:
        config = Config(ini)
        config.set_main_option("prepend_sys_path", "")  # an application's sys.path is not for us to change
        script = ScriptDirectory.from_config(config)
        return set(script.get_heads()), {revision.revision for revision in script.walk_revisions()}
    except CommandError as error:
        raise DatabaseNotReady(f"The migrations of {ini} cannot be read: {error}") from None


def _current(where: str) -> set[str]:
    """Return the revisions in the database, over a connection that does not go back into the pool."""
    from sqlalchemy import event, inspect
    from sqlalchemy.exc import DBAPIError

    from . import engine

    unmigrated = f"{where} has no table alembic_version, so no migration has made its tables: {DEPLOY}."
    if engine().dialect.name == "sqlite" and not Path((engine().url.database or "").removeprefix("file:")).exists():
        raise DatabaseNotReady(unmigrated)  # to connect would make the file
    event.listen(engine(), "do_connect", _impatient)
    try:
        with engine().connect() as connection:
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
        event.remove(engine(), "do_connect", _impatient)
    raise DatabaseNotReady(unmigrated)


def _impatient(dialect: Any, _: Any, __: Any, options: dict[str, Any]) -> None:
    if dialect.name != "sqlite":
        options.setdefault("connect_timeout", TIMEOUT)
    if dialect.name in ("mysql", "mariadb"):  # whose drivers do not count the wait for the server's greeting
        options.setdefault("read_timeout", TIMEOUT)
