"""How a migration connects: one migrator at a time, and transactions that are whole or never happened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

from alembic import context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from .. import dialects, upstream
from ..collecting import without_collecting
from ..connecting import why_not
from ..dialects import Timeouts
from ..prompts import is_of_flask
from ..settings import load
from ..sqltext import full_name
from ..url import in_memory, masked
from . import data_loss, journal, unfinished
from .aftermath import noting_aftermath
from .commit_check import require_committed
from .sentences import as_sentences
from .step_functions import require_functions

log = logging.getLogger("alembic.connection")

# Under this key of ``connection.info`` are the version table and its schema that migrating() was given.
VERSION_TABLE = "alembic_proof.version_table"
# Under this key of ``config.attributes`` is a function that looks at the database, over the connection, when a command
# has migrated it, and sees for itself what was committed.
AFTERWARDS = "alembic_proof.afterwards"
# Under this key, whether each revision is committed for itself, as it is on servers; SQLite else commits them together.
COMMITS_EACH = "alembic_proof.commits_each"
_PLANNED = "alembic_proof.planned"  # whether run_migrations() was called after options()

Plan = Callable[..., Any]  # from the current heads and the MigrationContext, the steps


@contextmanager
def connect(
    config: Config,
    url: Callable[[], URL],
    *,
    version_table: str = "alembic_version",
    version_table_schema: str | None = None,
) -> Iterator[Connection]:
    """Connect one alembic command to its database; upgrade, downgrade and stamp have it to themselves.

    :param config: Alembic's Config. A Connection or an Engine in ``config.attributes["connection"]`` is used instead of
        the URL. Whoever hands over a connection with a transaction begun keeps what belongs to it: locking, committing,
        closing.
    :param url: returns the URL of the database; it may raise SettingsError.
    :param version_table: Alembic's version table, where ``context.configure()`` names another one.
    :param version_table_schema: and its schema.
    :raises CommandError: which the alembic command prints as one line, when the URL is unusable or the database cannot
        be reached; when another migration, or whoever uses a table, does not finish in time; when a downgrade would
        lose data that nobody said may be lost; when a transaction is open that nobody handed over; and when something
        that the migration did was not committed.
    """
    require_own_program()
    given = config.attributes.get("connection")
    if given is not None:
        log.info("Database, as handed in: %s", masked(given.engine.url))
    if isinstance(given, Connection):
        with migrating(given, version_table=version_table, version_table_schema=version_table_schema):
            yield given
        return
    engine = given if isinstance(given, Engine) else create_engine(_checked(url), poolclass=NullPool)
    try:
        connection = engine.connect()
    except (DBAPIError, TypeError) as error:  # TypeError: an option that the driver does not know
        reason = why_not(engine.url, error, project_directory(config))
        raise CommandError(f"Cannot connect to {masked(engine.url)}: {reason}. Nothing was changed.") from None
    with connection, migrating(connection, version_table=version_table, version_table_schema=version_table_schema):
        yield connection


@contextmanager
def migrating(
    connection: Connection, *, version_table: str = "alembic_version", version_table_schema: str | None = None
) -> Iterator[None]:
    """Let one alembic command migrate over a connection, as connect() does; for an env.py that connects by itself.

    :param connection: the one that ``context.configure()`` gets: in an asynchronous env.py that of ``run_sync()``.
    :param version_table: Alembic's version table, where ``context.configure()`` names another one.
    :param version_table_schema: and its schema.
    :raises CommandError: as connect() does.
    """
    version = (version_table, version_table_schema)
    with (
        as_sentences(connection.dialect),
        noting_aftermath(connection, moves(), version),
        _noting(connection, *version),
        _exclusive(connection, *version),
    ):
        yield


def require_own_program() -> None:
    """Raise CommandError where Flask-Migrate runs an env.py that was not made for it: its alembic.ini is missing.

    Alembic takes such a Config without a word, and the options of the project would not count.
    """
    try:
        config = upstream.environment_context().config
    except NameError:  # nobody runs env.py
        return
    file = config.config_file_name
    if is_of_flask(config) and file is not None and not Path(file).is_file():
        raise CommandError(
            f"`flask db` looks for {file}, which this project does not have: use `alembic` in its place, as in "
            "`alembic upgrade head`. Nothing was changed."
        )


def moves() -> bool:
    """Tell whether the command moves the database to another revision, unlike current, check or revision.

    ``context.get_revision_argument()`` tells it too, and loads every revision file to say which one it is.
    """
    return "destination_rev" in upstream.environment_context().context_opts


@contextmanager
def _noting(connection: Connection, version_table: str, version_table_schema: str | None) -> Iterator[None]:
    """Let options() see which version table migrating() was given.

    Raises CommandError if options() was called, and run_migrations() was not: Alembic would report success.
    """
    info = connection.info  # which an invalidated connection does not give any more
    info[VERSION_TABLE] = (version_table, version_table_schema)
    info.pop(_PLANNED, None)
    try:
        yield
        if info.get(_PLANNED) is False:
            raise CommandError(
                "env.py configures the migration and never runs it, so every command would succeed and do nothing. Let "
                "context.run_migrations() follow context.configure(): with context.begin_transaction(): "
                "context.run_migrations()"
            )
    finally:
        for key in (VERSION_TABLE, _PLANNED):
            info.pop(key, None)


def planning(connection: Connection) -> Plan:
    """Return the function that plans the steps of the running command, with its checks, for ``context.configure()``.

    It raises CommandError if ``context.configure()`` got another version table than migrating(), past options(), if
    Alembic would not run a revision, or if another migration is unfinished. And migrating() sees whether a command of
    Alembic's ever called it; other programs may have their reasons.
    """
    plan: Plan = upstream.environment_context().context_opts["fn"]
    info = connection.info
    info[_PLANNED] = not upstream.command_of(plan)

    @wraps(plan)  # Alembic's commands are told apart by the name of theirs
    def planned(heads: Any, migration: MigrationContext) -> Any:
        info[_PLANNED] = True
        require_version_table(connection, migration.version_table, migration.version_table_schema)
        left = unfinished.look(connection)
        if left and not moves():
            unfinished.tell(left, migration)
        with without_collecting():  # autogenerate does all of its work here
            steps = require_functions(lambda: plan(heads, migration))
        if left and moves():
            unfinished.require_resumed(left, steps)
        journal.expect(connection, steps)
        return steps

    return planned


def require_version_table(connection: Connection, version_table: str, version_table_schema: str | None) -> None:
    """Raise CommandError if migrating() was given another version table: it asks before a downgrade by that one."""
    given, used = connection.info.get(VERSION_TABLE), (version_table, version_table_schema)
    if given not in (None, used):
        given_name, used_name = (full_name(*names) for names in (given, used))
        raise CommandError(
            f"env.py configures the version table {used_name}, but connect() or migrating() has {given_name}: give "
            "version_table and version_table_schema to them and to options(). Nothing was changed."
        )


@contextmanager
def _exclusive(connection: Connection, version_table: str, version_table_schema: str | None) -> Iterator[None]:
    """Let one command that moves the database have it; any other command need not wait."""
    if not moves() or connection.dialect.name not in dialects.KNOWN:
        yield
        return
    dialect = dialects.get(connection.dialect.name)
    if connection.in_transaction():
        _require_handed_in(connection)
        dialect.check_borrowed(connection)
        data_loss.ask(connection, version_table, version_table_schema)
        yield
        return
    examined = data_loss.ask(connection, version_table, version_table_schema)
    journaled = nullcontext() if dialect.transactional_ddl else journal.journaled(connection, version_table)
    with dialect.exclusive(connection, _timeouts(context.config)), journaled:
        if examined:
            examined.require_unchanged(connection)
        yield
        look = context.config.attributes.get(AFTERWARDS, require_committed)
        look(connection)


def _require_handed_in(connection: Connection) -> None:
    """Raise CommandError for an open transaction that env.py has begun: Alembic would leave its commit to the caller.

    A program that hands over a connection puts it into ``config.attributes``, where env.py can find it.
    """
    handed_in = context.config.attributes.values()
    if not any(getattr(value, "sync_connection", value) is connection for value in handed_in):
        raise CommandError(
            "A transaction is open on the connection before the migration, and Alembic would not commit it. "
            "Nothing was migrated. In env.py, connect with connect(), not begin(), and commit what is executed there "
            "before migrating(connection)."
        )


def _timeouts(config: Config) -> Timeouts:
    """Return how long a project lets its migrations wait."""
    settings = load(project_directory(config))
    return Timeouts(settings.migrator_timeout, settings.lock_timeout)


def project_directory(config: Config) -> Path:
    """Return the directory of the file that configures Alembic."""
    files = (config.config_file_name, getattr(config, "toml_file_name", None))
    return next((Path(file).absolute().parent for file in files if file), Path.cwd())


def _checked(url: Callable[[], URL]) -> URL:
    """Return the URL, and log it with the password masked. Raises CommandError when it is unusable, or in memory."""
    if not callable(url):
        raise CommandError(
            "connect() takes the function that returns the URL, not the URL: write its name without parentheses, as in "
            "connect(config, database_url)."
        )
    with as_sentences():
        database = url()
    if database.get_backend_name() == "sqlite" and in_memory(database):
        raise CommandError(
            "The URL names an SQLite database in memory, which does not exist any more when the migration ends: "
            "name a file, as in sqlite:///app.db."
        )
    log.info("Database: %s", masked(database))
    return database
