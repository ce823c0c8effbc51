"""What an application asks when it starts: is the database at the revision that this code was written for?"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import dialects
from .connecting import why_not
from .dialects.base import CONNECT_TIMEOUT
from .errors import DatabaseNotReady, first_line
from .prompts import in_flask
from .sqltext import full_name
from .url import masked

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from .schema.unfinished import Unfinished

log = logging.getLogger(__name__)

_DEPLOY = "run `alembic upgrade head` before the application starts"
Stamp = frozenset[tuple[str, int, int]]
_read: dict[Path, tuple[Stamp, tuple[set[str], set[str]]]] = {}  # by configuration: what was read of the revisions
_asking: ContextVar[bool] = ContextVar("_asking", default=False)  # whether a connection is opened for this check


def require_head(
    engine: Engine,
    config: str | Path,
    *,
    or_newer: bool = False,
    version_table: str = "alembic_version",
    version_table_schema: str | None = None,
) -> None:
    """Return when a database is at the newest revision of this code; nothing is changed or held.

    A server that does not answer is given up after 5 seconds, unless the engine has a time-out of its own.

    :param engine: the application's engine; inside of ``run_sync()`` also that of an asynchronous driver.
    :param config: the path of alembic.ini, or of a pyproject.toml that configures Alembic: it leads to the revisions.
        Flask-Migrate's is ``migrations/alembic.ini``.
    :param or_newer: whether a revision that this code does not know is accepted, with a warning in the log: a newer
        release has migrated the database, and an older one goes on beside it.
    :param version_table: Alembic's version table, where env.py names another one.
    :param version_table_schema: and its schema.
    :raises DatabaseNotReady: when the database is behind, at an unknown revision, in the middle of a migration, under
        no version table, or cannot be reached; and when the revisions cannot be read.
    """
    with _as_commands_are_typed(Path(config)):
        heads, known = _revisions(Path(config))
        current, left = _current(engine, version_table, version_table_schema)
        _compare(masked(engine.url), heads, known, current, or_newer)
        _require_finished(masked(engine.url), known, left, or_newer)


async def async_require_head(
    engine: AsyncEngine,
    config: str | Path,
    *,
    or_newer: bool = False,
    version_table: str = "alembic_version",
    version_table_schema: str | None = None,
) -> None:
    """Do what ``require_head()`` does, which see, for an asynchronous engine, and over a connection of that engine.

    Meanwhile, the event loop goes on: the revisions are read in a thread.
    """
    from sqlalchemy.util import greenlet_spawn

    with _as_commands_are_typed(Path(config)):
        heads, known = await asyncio.to_thread(_revisions, Path(config))
        current, left = await greenlet_spawn(_current, engine.sync_engine, version_table, version_table_schema)
        _compare(masked(engine.url), heads, known, current, or_newer)
        _require_finished(masked(engine.url), known, left, or_newer)


@contextmanager
def _as_commands_are_typed(config: Path) -> Iterator[None]:
    """Let errors name the commands of Flask-Migrate, in a project of Flask-Migrate's."""
    try:
        yield
    except DatabaseNotReady as error:
        if not _is_of_flask(config):
            raise
        raise DatabaseNotReady(in_flask(str(error))) from None


def _compare(where: str, heads: set[str], known: set[str], current: set[str], or_newer: bool) -> None:
    """Raise DatabaseNotReady where the current revisions are not those that are needed."""
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


def _require_finished(where: str, known: set[str], left: Unfinished | None, or_newer: bool) -> None:
    """Raise DatabaseNotReady where a migration is unfinished, on MariaDB and MySQL."""
    if left is None:
        return
    if or_newer and left.command == "upgrade" and left.revision not in known:
        log.warning("%s: %s. It is one of a newer release.", where, left.state)
        return
    raise DatabaseNotReady(
        f"{where} is in the middle of a migration. {left.state}. Run {left.resume}, which goes on from there, before "
        "the application starts."
    )


def _is_of_flask(file: Path) -> bool:
    """Tell whether an alembic.ini is that of Flask-Migrate, which lies beside env.py and does not lead there."""
    from alembic.config import Config

    if file.suffix == ".toml" or not file.with_name("env.py").is_file():
        return False
    return Config(str(file)).get_main_option("script_location") is None


def _revisions(file: Path) -> tuple[set[str], set[str]]:
    """Return the heads of the revisions, and all of them."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    if not file.is_file():
        raise DatabaseNotReady(
            f"There is no {file}, so nobody knows which revision this release needs: install the application with its "
            "migrations, or put them and that file there."
        )
    try:
        config = Config(toml_file=str(file)) if file.suffix == ".toml" else Config(str(file))
        if _is_of_flask(file):
            config.set_main_option("script_location", str(file.parent).replace("%", "%%"))
        before = list(sys.path)
        try:
            script = ScriptDirectory.from_config(config)
        finally:
            sys.path[:] = before  # an application's is not for us to change; prepend_sys_path would
        stamp = _stamp(file, script)
        if file not in _read or _read[file][0] != stamp:
            _read[file] = stamp, (set(script.get_heads()), {revision.revision for revision in script.walk_revisions()})
        return _read[file][1]
    except CommandError as error:
        raise DatabaseNotReady(f"The migrations of {file} cannot be read: {error}") from None
    except Exception as error:  # whatever a revision does when it is imported
        raise DatabaseNotReady(f"The migrations of {file} cannot be read: {_reason(error)}") from error


def _stamp(file: Path, script: ScriptDirectory) -> Stamp:
    """Return what changes when a revision does: a health check need not read a thousand of them each time."""
    from alembic.util import coerce_resource_to_filename

    places = script.version_locations or [f"{script.dir}/versions"]
    files = [found for place in places for found in Path(coerce_resource_to_filename(place)).rglob("*.py*")]
    facts = [(found, found.stat()) for found in (file, *files)]
    return frozenset((str(found), fact.st_mtime_ns, fact.st_size) for found, fact in facts)


def _reason(error: Exception) -> str:
    """Return what is wrong with a revision, and where."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    if isinstance(error, KeyError) and place.filename.endswith("revision.py"):
        return f"one of them follows revision {error}, and there is no file of that one: deploy all of them."
    file, line = place.filename, place.lineno
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    return f"{file}:{line}: {type(error).__name__}: {first_line(error)}"


def _current(engine: Engine, version_table: str, schema: str | None) -> tuple[set[str], Unfinished | None]:
    """Return the revisions in the database, and what is unfinished, over a connection that the pool does not keep."""
    from sqlalchemy import String, column, exc, inspect, literal_column, select, table

    where, name = masked(engine.url), full_name(version_table, schema)
    unmigrated = f"{where} has no table {name}, so no migration has created its tables: {_DEPLOY}."
    if engine.dialect.name == "sqlite" and not Path((engine.url.database or "").removeprefix("file:")).exists():
        raise DatabaseNotReady(unmigrated)  # to connect would create the file
    try:
        with _time_limit(engine), engine.connect() as connection:
            try:
                kind = engine.dialect.name
                interrupted = dialects.get(kind).interrupted if kind in dialects.KNOWN else ""
                columns = [column("version_num", String()), literal_column(f"({interrupted or 0})")]
                rows = connection.execute(select(*columns).select_from(table(version_table, schema=schema))).all()
                return {row[0] for row in rows}, _unfinished(connection) if any(row[1] for row in rows) else None
            except exc.DBAPIError:
                connection.rollback()
                if inspect(connection).has_table(version_table, schema):
                    raise
            finally:
                # Closed, for one kept in the pool would be shared by all processes that fork from this one. A detached
                # one would be left open by asynchronous drivers that cannot close at once, as psycopg.
                connection.invalidate()
    except exc.TimeoutError:
        raise DatabaseNotReady(f"{where} cannot be asked: all connections of this application are in use.") from None
    # TypeError: an option that the driver does not know. In Python 3.10, asyncio has a TimeoutError of its own.
    except (exc.DBAPIError, OSError, asyncio.TimeoutError, TypeError) as error:
        raise DatabaseNotReady(f"{where} cannot be reached or read: {why_not(engine.url, error)}") from None
    raise DatabaseNotReady(unmigrated)


def _unfinished(connection: Connection) -> Unfinished | None:
    """Return what is unfinished in a database that has notes of a migration."""
    from sqlalchemy import exc

    from .schema.unfinished import NOTES, unfinished

    try:
        return unfinished(connection.exec_driver_sql(NOTES).all())
    except exc.ProgrammingError:  # it has come to its end just now, and the table is gone
        return None


@contextmanager
def _time_limit(engine: Engine) -> Iterator[None]:
    """Limit how long the driver waits for the server in here. What other threads open meanwhile is not limited.

    The listener stays on the engine: to remove it while another thread connects would be an error in that thread.
    """
    from sqlalchemy import event

    if not event.contains(engine, "do_connect", _limit):
        event.listen(engine, "do_connect", _limit)
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


class _Limit(int):
    """A number of seconds that is ours: in older releases of SQLAlchemy, all connections of an engine share options."""


def _limit(dialect: Any, _: Any, __: Any, options: dict[str, Any]) -> None:
    """Limit how long the driver waits for the server, where nothing else is set."""
    if _asking.get() and dialect.name in dialects.KNOWN:
        for name, seconds in dialects.get(dialect.name).connect_timeouts(dialect.driver, CONNECT_TIMEOUT).items():
            options.setdefault(name, _Limit(seconds))
    else:
        for name in [name for name, value in options.items() if isinstance(value, _Limit)]:
            del options[name]
