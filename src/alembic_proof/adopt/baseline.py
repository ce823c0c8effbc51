"""The first revision of a database that has tables already: written for an empty database, and tried out on one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, Table, event, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import conv

from ..autogenerate.draft import model_tables
from ..autogenerate.operations import EnsureExistsOp
from ..doctor.project import Project
from ..errors import NoScratchDatabaseError, first_line
from ..sandbox import SCRATCH_VARIABLE, quiet
from ..sandbox.process import keeping_logging
from ..schema import buildable, own_tables


@dataclass(frozen=True)
class Existing:
    """What a database has: the revisions it is at, and what a baseline of it is made from."""

    heads: tuple[str, ...]
    own_tables: set[str]  # that Alembic and this library keep in it
    prerequisites: list[EnsureExistsOp]  # what its tables need
    reflected: MetaData  # its tables that are in a model, if they were asked for


@dataclass(frozen=True)
class Baseline:
    """A revision in a temporary directory, and the scratch database that it built."""

    script: Script
    scratch: str  # its URL


def database_of(project: Project) -> URL:
    """Return the URL of the database that env.py connects to. It is not connected to.

    Raises CommandError when env.py connects to none or to several, or when there is no scratch server of its kind.
    """
    with project.sandbox, keeping_logging():
        try:
            with quiet():
                runs = project.runs()
            for run in runs:
                _forget_connections(run.context)
        except NoScratchDatabaseError as error:
            raise CommandError(
                "The baseline is tried out on a new, empty database, which is dropped again: export "
                f"{SCRATCH_VARIABLE} with the URL of a database on a server of the same kind as {error}, as a user who "
                "may create databases there. Nothing was written."
            ) from None
        if len(runs) != 1:
            raise CommandError(
                f"env.py calls run_migrations() for {len(runs)} databases, and adopt is for one: alembic-proof doctor "
                "explains it. Nothing was written."
            )
        [(_, url)] = project.live()
        return url


def examine(project: Project, reflect: bool = False) -> Existing:
    """Run env.py, and return what is in the database that it connects to. Nothing in it is changed.

    Raises CommandError when that cannot be reached, or cannot be tried out elsewhere.
    """
    results: list[Existing] = []

    def collect(heads: Any, migration: MigrationContext) -> list[Any]:
        assert migration.connection is not None
        models = list(model_tables(migration).values()) if migration.opts["target_metadata"] is not None else []
        if not models:
            raise CommandError(
                f"{project.name(project.env)} hands no table to Alembic: let it import the models, and set "
                "target_metadata to their metadata. Nothing was written."
            )
        if elsewhere := sorted(set(map(str, models)) - set(map(str, buildable(migration.dialect.name, models)))):
            raise CommandError(
                f"The models put {', '.join(elsewhere)} into a schema, which is another database on this server. "
                "Trying out the baseline would change it: leave out the schema. Nothing was written."
            )
        _forget_connections(migration)
        reflected = _reflected(migration, migration.connection, models) if reflect else MetaData()
        own = own_tables(migration.version_table)
        results.append(Existing(heads, own, _prerequisites(migration.connection), reflected))
        return []

    with keeping_logging(), quiet():
        project.run_env(collect, dont_mutate=True)
    return results[0]


def _forget_connections(migration: MigrationContext) -> None:
    """Let the engine of a migration open a new connection the next time, in a sandbox or no longer in one.

    One that outlives a run of env.py, as that of a Flask application does, would hand out a connection to the other
    database. An asynchronous pool can be closed in its event loop only; its connections are left to it.
    """
    assert migration.connection is not None
    migration.connection.engine.dispose(close=not migration.dialect.is_async)


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


@contextmanager
def written(project: Project, existing: Existing) -> Iterator[Baseline]:
    """Write the baseline: of the reflected tables if there are any, else of the models. It is deleted afterwards.

    Raises CommandError when it does not build an empty database.
    """
    scratch: list[str] = []
    migrations: list[MigrationContext] = []

    def fill(migration: MigrationContext, _: Any, directives: list[Any]) -> None:
        scratch.append(project.sandbox.target(migration.connection).url)
        migrations.append(migration)
        [script] = directives
        if existing.reflected.tables:
            produced = produce_migrations(migration, existing.reflected)
            script.upgrade_ops, script.downgrade_ops = produced.upgrade_ops, produced.downgrade_ops
        script.upgrade_ops.ops[:0] = existing.prerequisites

    with TemporaryDirectory() as directory, project.sandbox:
        config = project.config(version_locations=directory)
        try:
            with keeping_logging(), quiet():
                project.alembic("revision", config, "baseline", autogenerate=True, process_revision_directives=fill)
                project.alembic("upgrade", config, "head")
        except SQLAlchemyError as error:
            raise CommandError(
                f"What autogenerate writes for the baseline does not build an empty database: {first_line(error)}. "
                "Nothing was written: write the first revision by hand, then run alembic stamp head, and the doctor "
                "compares."
            ) from None
        finally:
            for migration in migrations:
                _forget_connections(migration)
        [script] = project.script_directory(config).walk_revisions()
        yield Baseline(script, scratch[0])
