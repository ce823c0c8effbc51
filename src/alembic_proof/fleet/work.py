"""What a worker does with one target. All that goes in and comes out can be sent to another process, or machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.util import CommandError
from sqlalchemy import Connection

from .. import upstream
from ..errors import ProofError, first_line
from ..explaining import sentence
from ..migrate.connection import AFTERWARDS, VERSION_TABLE
from ..prompts import Nobody
from ..sandbox import environment, quiet
from ..sandbox.process import keeping_logging
from ..schema import describe
from ..url import async_url
from .connections import Looker, looking
from .fingerprint import Reading, read_by, read_target
from .history import History, Project, history
from .leading import leading_to
from .targets import Target


@dataclass(frozen=True)
class Job:
    """One target, and what is to be done with it."""

    project: Project
    target: Target
    revision: str
    down: bool = False  # whether it is a downgrade
    only_ask: bool = False  # whether it ends where the first revision would begin
    compare: bool = False  # whether nothing is migrated, and the schema is compared with the models


@dataclass(frozen=True)
class Result:
    """What became of a job."""

    name: str  # of the target
    error: str = ""  # a sentence; empty if the target is at the revision
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    steps: int = 0  # revisions that were applied, or taken back
    digest: str = ""  # of its schema afterwards
    seconds: float = 0.0
    differences: tuple[str, ...] = ()  # from the models, where a job compares


class _AskedError(Exception):
    """Ends a job that only asks."""


# Held by the one job of this process: alembic.context and alembic.op are global.
WORKING = threading.Lock()


def warm(project: Project) -> None:
    """Read the revisions, before the first job of this process comes."""
    with suppress(ProofError):  # which the job will tell
        history(project)


def migrate(job: Job) -> Result:
    """Do a job with the project's own env.py: bring the target to a revision, and read its schema afterwards.

    Whatever goes wrong is told in the result. Threads of one process take turns.
    """
    with WORKING:
        return _compare(job) if job.compare else _migrate(job)


def migrate_target(project: Project, target: Target, revision: str = "heads") -> Result:
    """Upgrade one target, for a task queue of yours, and return what became of it; ``error`` is empty if it is there.

    Its schema is not compared with anything: ``alembic-proof fleet check`` does that for all of them.
    """
    return migrate(Job(project, target, revision))


def _migrate(job: Job) -> Result:
    start = time.monotonic()
    plan = _Plan(job)
    reading, error = Reading(frozenset(), {}), ""
    try:
        if job.target.schema:
            _give_version_table(job.target, plan.history)
        _run_env(job, plan.history, plan, destination_rev=job.revision, afterwards=plan.look)
    except _AskedError:
        return Result(job.target.name)
    except (Exception, SystemExit) as reason:  # a revision, or env.py, may raise anything
        error = _explained(job, reason)
    try:
        reading = plan.reading or read_target(job.target, plan.history)
        if not error and plan.left(reading.revisions):
            error = (
                f"It is at {_listed(reading.revisions)} and not at {job.revision}: env.py did not run the migrations, "
                "or did not commit them."
            )
    except Exception as reason:
        error = error or f"Afterwards it could not be read: {_told(reason)}"
    seconds = time.monotonic() - start
    return Result(job.target.name, error, plan.before, reading.revisions, plan.steps, reading.digest, seconds)


def _compare(job: Job) -> Result:
    """Compare a target with the models, as ``alembic check`` does."""
    from alembic.autogenerate import compare_metadata

    start = time.monotonic()
    before: frozenset[str] = frozenset()
    found: list[Any] = []

    def compare(heads: Collection[str], context: MigrationContext) -> list[MigrationStep]:
        nonlocal before
        before = frozenset(heads)
        metadata = context.opts["target_metadata"]
        if metadata is None:
            raise CommandError(
                "env.py gives context.configure() no target_metadata, so there are no models to compare."
            )
        found[:] = compare_metadata(context, metadata)
        return []

    error = ""
    try:
        _run_env(job, history(job.project), compare)
    except (Exception, SystemExit) as reason:
        error = _explained(job, reason)
    differences = tuple(map(describe, found))
    return Result(job.target.name, error, before, before, seconds=time.monotonic() - start, differences=differences)


class _Plan:
    """The steps of one job: what Alembic asks for when env.py calls run_migrations()."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.history: History = history(job.project)
        self.before: frozenset[str] = frozenset()
        self.steps = 0
        self.reading: Reading | None = None  # of the database afterwards

    def __call__(self, heads: Collection[str], context: MigrationContext) -> list[MigrationStep]:
        self._require_guarded(context.connection)
        self.before = frozenset(heads)
        found = self.history.steps(self._job.revision, heads, self._job.down)
        self.steps = len(found)
        if self._job.only_ask and upstream.is_migrating(context):
            raise _AskedError
        return found

    def look(self, connection: Connection) -> None:
        """Read what was committed, over the connection that has migrated it: another one costs PostgreSQL a process."""
        connection.rollback()
        if connection.dialect.name == "postgresql":
            own: Any = connection.connection.dbapi_connection
            looker = Looker(own, connection.dialect)
            with suppress(looker.errors):  # where there is no version table, for one: read_target() can ask again
                self.reading = read_by(looker, self._job.target, self.history)
            own.rollback()

    def _require_guarded(self, connection: Any) -> None:
        """Raise CommandError where env.py does not keep migrators apart, or has left the schema of the target."""
        if VERSION_TABLE not in connection.info:
            raise CommandError(
                "env.py does not connect with connect() or migrating() of this library, so nothing keeps two migrators "
                "apart, and nobody is asked before a downgrade loses rows: `alembic-proof adopt --write-env` adds it."
            )
        schema = self._job.target.schema
        if schema and connection.exec_driver_sql("SELECT current_schema()").scalar() != schema:
            raise CommandError(
                f"env.py leaves the schema {schema} by a search_path of its own: remove that, each connection begins "
                "in its target's schema."
            )

    def left(self, heads: frozenset[str]) -> bool:
        """Tell whether there would still be steps."""
        if self._job.down:  # where another branch stays, Alembic finds no way to where it is already
            return self.history.can_go_down(self._job.revision, heads)
        return bool(self.history.steps(self._job.revision, heads))


def _give_version_table(target: Target, history: History) -> None:
    """Create Alembic's version table in a schema: where there is none, Alembic would take one of the schema public."""
    with looking(target.address) as looker:
        name = f"{looker.quoted(str(target.schema))}.{looker.quoted(history.version_table)}"
        key = looker.quoted(f"{history.version_table}_pkc")
        create = f"CREATE TABLE IF NOT EXISTS {name} (version_num VARCHAR(32) CONSTRAINT {key} PRIMARY KEY)"
        try:
            looker.run(create)
        except looker.errors:  # another migration was faster
            looker.run(create)


def _run_env(
    job: Job,
    revisions: History,
    plan: Callable[[Collection[str], MigrationContext], list[MigrationStep]],
    afterwards: Callable[[Connection], None] | None = None,
    **options: Any,
) -> None:
    """Run env.py as an alembic command does; the database is named in every way that env.py may ask for one."""
    address = async_url(job.target.address) if revisions.is_asynchronous else job.target.address
    url = address.render_as_string(hide_password=False)
    config = job.project.config()
    if afterwards:
        config.attributes[AFTERWARDS] = afterwards
    config.attributes["asker"] = Nobody()  # several workers have one terminal
    config.attributes["allow-drop"] = job.project.allowed_drops if job.down else True  # up, nobody is asked
    config.set_section_option(config.config_ini_section, "sqlalchemy.url", url.replace("%", "%%"))
    variable = job.project.settings.database_variable
    with (
        keeping_logging(),
        quiet(),
        environment(**({variable: url} if variable else {})),
        leading_to(job.target),
        EnvironmentContext(config, revisions.script, fn=plan, as_sql=False, starting_rev=None, tag=None, **options),
    ):
        revisions.script.run_env()


def _explained(job: Job, error: BaseException) -> str:
    """Return what is wrong, with the place in the revision and the state of the database, where that is known."""
    if isinstance(error, CommandError):
        return _told(error).partition(" This command has the first answer")[0]
    if isinstance(error, Exception) and not isinstance(error, ProofError):
        with suppress(Exception):  # whatever cannot be explained is told as it is
            return sentence(job.project.config(), error) or _told(error)
    return _told(error)


def _told(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"env.py or a revision ended the process with the exit code {error.code}."
    told = first_line(getattr(error, "orig", None) or error)
    is_sentence = isinstance(error, (CommandError, ProofError))
    return told if is_sentence else f"{type(error).__name__}: {told}"


def _listed(revisions: Collection[str]) -> str:
    return ", ".join(sorted(revisions)) or "base"
