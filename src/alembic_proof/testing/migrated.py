"""A database at the newest revision, made once per run of the tests; by the project's revisions, never by create_all().

With pytest-xdist, the first process that needs it makes a template, and each process gets a copy of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

from ..doctor.project import Project
from ..errors import ProofError, SettingsError, first_line
from ..sandbox import quiet, scratch_database
from ..sandbox.process import environment, keeping_logging
from ..url import database_url
from .migrations import project_config
from .sessions import protecting

_ANSWER_TIME = 3600  # seconds for another process to run all migrations


class MigrationsFailError(ProofError):
    """The project's revisions do not lead to a database. The message says why."""


@contextmanager
def migrated_database(project: Project, directory: Path, shared: Path | None = None) -> Iterator[str]:
    """Make a database at the newest revision, yield its URL, and drop it afterwards.

    If the project's settings name a database-variable, that environment variable names the database meanwhile.

    :param directory: where the first revision is written that autogenerate proposes, as long as there is none.
    :param shared: a directory that all processes of this run have; None where there is only one process.
    :raises UndeterminedError: when the server of TEST_DATABASE_URL cannot be used.
    :raises MigrationsFailError: when a revision, or env.py, fails.
    """
    with ExitStack() as stack:
        if shared is None:
            url = stack.enter_context(scratch_database(project.root.name, project.server))
            _migrate(project, url, directory)
        else:
            url = stack.enter_context(_copy(project, directory, shared))
        if not project.revisions:
            _alembic(project, url, directory, "stamp", "base")  # at no revision, as its code is: see require_head()
        if variable := project.settings.database_variable:
            stack.enter_context(protecting(_own_database(variable, project)))
            stack.enter_context(environment(**{variable: url}))
        yield url


def _own_database(variable: str, project: Project) -> URL | None:
    """Return the URL of the application's own database, as far as there is one."""
    try:
        return database_url(variable, project=project.root)
    except SettingsError:
        return None


@contextmanager
def _copy(project: Project, directory: Path, shared: Path) -> Iterator[str]:
    """Yield the URL of a copy of the template, which is made and dropped by the first process that comes here."""
    note = shared / "migrated-database"  # has the template's URL in it
    with ExitStack() as stack:
        with _alone(shared):
            if not note.exists():
                template = stack.enter_context(scratch_database(project.root.name, project.server))
                _migrate(project, template, directory)
                note.touch(mode=0o600)
                note.write_text(template, encoding="utf-8")
                stack.callback(_remove, note, shared)
            template = note.read_text(encoding="utf-8")
            url = stack.enter_context(scratch_database(project.root.name, project.server, template))
        _migrate(project, url, directory)  # which does nothing, unless the server cannot copy
        yield url


def _remove(note: Path, shared: Path) -> None:
    """Let nobody begin to copy the template any more."""
    with _alone(shared):
        note.unlink()


@contextmanager
def _alone(shared: Path) -> Iterator[None]:
    """Let one process at a time go on. It is SQLite's lock: it works on every system, and ends with the process."""
    with closing(sqlite3.connect(shared / "migrated-database.lock", timeout=_ANSWER_TIME, isolation_level=None)) as one:
        one.execute("BEGIN EXCLUSIVE")
        yield


def _migrate(project: Project, url: str, directory: Path) -> None:
    """Bring a database to the newest revision."""
    _alembic(project, url, directory, "upgrade", "heads")


def _alembic(project: Project, url: str, directory: Path, command: str, revision: str) -> None:
    """Run a command of Alembic's on a database."""
    variable = project.settings.database_variable
    with ExitStack() as stack:
        stack.enter_context(quiet())
        stack.enter_context(keeping_logging())
        if variable:
            stack.enter_context(environment(**{variable: url}))
        config = project_config(project, url, directory)
        try:
            project.alembic(command, config, revision)
        except ProofError:
            raise
        except Exception as error:
            where = make_url(url).get_backend_name()
            raise MigrationsFailError(
                f"The tests have no database: on an empty one ({where}), `alembic {command} {revision}` fails: "
                f"{first_line(error)}"
            ) from error
