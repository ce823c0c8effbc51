"""The first revision of a database that has tables already: written for an empty database, and tried out on one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, Table, event, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import conv

from ..autogenerate.operations import EnsureExistsOp
from ..doctor.checks.models import made_by_importing, no_table_outside_migrations
from ..doctor.failures import failure
from ..doctor.findings import Problem
from ..doctor.project import Project, Run
from ..errors import NoScratchDatabaseError, ProofError, first_line
from ..sandbox import SCRATCH_VARIABLE, quiet, read_only_engine
from ..schema import buildable
from ..url import masked


@dataclass(frozen=True)
class Existing:
    """What a database has: the revisions it is at, and what a baseline of it is made from."""

    heads: set[str]
    prerequisites: list[EnsureExistsOp]  # what its tables need
    reflected: MetaData  # its tables that are in a model, if they were asked for


def run_env(project: Project) -> tuple[Run, URL]:
    """Run env.py in the project's sandbox; return what it does, and the URL of the database that it asks for.

    Raises CommandError when it fails or makes tables, when it connects to none or to several databases, when no scratch
    database can stand in for it, and when the models cannot be tried out there.
    """
    try:
        with quiet():
            runs = project.runs()
    except NoScratchDatabaseError as error:
        raise CommandError(
            "The baseline is tried out on a new, empty database, which is dropped again: export "
            f"{SCRATCH_VARIABLE} with the URL of a database on a server of the same kind as "
            f"{error}, as a user who may create databases there. Nothing was written."
        ) from None
    except (CommandError, ProofError):
        raise
    except (Exception, SystemExit) as error:  # the project's own code failed
        raise CommandError(f"{_failure(project, error)}. Nothing was written.") from None
    if len(runs) != 1:
        raise CommandError(
            f"env.py calls run_migrations() for {len(runs)} databases, and adopt is for one: alembic-proof doctor "
            "explains it. Nothing was written."
        )
    [run] = runs
    if not run.tables:
        raise CommandError(
            f"{project.name(project.env)} hands no table to Alembic: let it import the models, and set "
            "target_metadata to their metadata. Nothing was written."
        )
    if made := made_by_importing(run):
        raise CommandError(
            f"env.py makes {', '.join(made)} in an empty database when it is run{_who_makes_tables(project)}. Only "
            "migrations may create tables: delete that call, and adopt again. Nothing was written."
        )
    models = list(run.tables.values())
    if elsewhere := sorted(set(map(str, models)) - set(map(str, buildable(run.context.dialect.name, models)))):
        raise CommandError(
            f"The models put {', '.join(elsewhere)} into a schema, which is another database on this server. "
            "Trying out the baseline would change it: leave out the schema. Nothing was written."
        )
    [(_, url)] = project.live()
    return run, url


def _who_makes_tables(project: Project) -> str:
    """Return where create_all() is called, as far as that can be read."""
    places = [each.where for each in no_table_outside_migrations.find(project) if isinstance(each, Problem)]
    return f", as create_all() is called ({', '.join(places)})" if places else ""


def _failure(project: Project, error: BaseException) -> str:
    """Return what the doctor says of an error that ended env.py."""
    outcome = failure(project, error)
    return next((f"{each.where}: {each.message}: {each.fix}" for each in outcome.findings), outcome.reason)


def examine(run: Run, url: URL, reflect: bool) -> Existing:
    """Return what is in a database; on request its tables too, those that are in a model. Nothing in it is changed.

    Raises CommandError when it cannot be reached.
    """
    try:
        with read_only_engine(url).connect() as connection:
            reflected = _reflected(run.context, connection, list(run.tables.values())) if reflect else MetaData()
            return Existing(run.version(url), _prerequisites(connection), reflected)
    except DBAPIError as error:
        raise CommandError(f"Cannot connect to {masked(url)}: {error.orig}") from None


def _prerequisites(connection: Connection) -> list[EnsureExistsOp]:
    """Return what creates the extensions of PostgreSQL, which tables may need and autogenerate leaves out."""
    if connection.dialect.name != "postgresql":
        return []
    query = "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY oid"
    return [EnsureExistsOp("EXTENSION", name) for name in connection.exec_driver_sql(query).scalars()]


def _reflected(migration: MigrationContext, connection: Connection, models: list[Table]) -> MetaData:
    """Return the tables of the models as the database has them, those that it has."""
    reflected = MetaData()
    event.listen(reflected, "column_reflect", migration.impl.autogen_column_reflect)  # it recognizes SERIAL
    for schema in {table.schema for table in models}:
        names = {table.name for table in models if table.schema == schema}
        existing = names.intersection(inspect(connection).get_table_names(schema))
        reflected.reflect(connection, schema=schema, only=sorted(existing), resolve_fks=False)
    items: list[Any] = [item for table in reflected.tables.values() for item in (*table.constraints, *table.indexes)]
    for item in [item for item in items if item.name]:
        item.name = conv(item.name)  # a complete name, which no naming convention changes
    return reflected


def write(project: Project, existing: Existing, directory: Path) -> Script:
    """Write the baseline into a directory: of the reflected tables if there are any, else of the models.

    Returns it when it has built the scratch database of the project's sandbox; else raises CommandError.
    """

    def fill(migration: MigrationContext, _: Any, directives: list[Any]) -> None:
        [script] = directives
        if existing.reflected.tables:
            migrations = produce_migrations(migration, existing.reflected)
            script.upgrade_ops, script.downgrade_ops = migrations.upgrade_ops, migrations.downgrade_ops
        script.upgrade_ops.ops[:0] = existing.prerequisites

    config = project.config(version_locations=str(directory))
    try:
        with quiet():
            project.alembic("revision", config, "baseline", autogenerate=True, process_revision_directives=fill)
            project.alembic("upgrade", config, "head")
    except SQLAlchemyError as error:
        raise CommandError(
            f"What autogenerate writes for the baseline does not build an empty database: {first_line(error)}. Nothing "
            "was written: write the first revision by hand, then run alembic stamp head, and the doctor compares."
        ) from None
    [script] = project.script_directory(config).walk_revisions()
    return script


def leave_sandbox(run: Run) -> None:
    """Let the engine of env.py, after its sandbox is closed, lead to its own database again.

    One that outlives a run of env.py, as that of a Flask application does, has connections to the scratch database in
    its pool, and MySQL's dialect remembers the name of that.
    """
    assert run.context.connection is not None
    engine = run.context.connection.engine
    is_async = engine.dialect.is_async  # then its connections can be closed, or opened, in an event loop only
    engine.dispose(close=not is_async)
    if not is_async:
        with engine.connect() as connection:
            engine.dialect.initialize(connection)
