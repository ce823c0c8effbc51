"""The first revision of a database that has tables already: written against an empty database, and tried out there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic import command
from alembic.autogenerate import produce_migrations
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, Table, event, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import conv

from .. import settings
from .autogenerate.draft import model_tables
from .autogenerate.schemas import GroundOp
from .doctor_checks import Unknown, first_line
from .doctor_checks.command import quiet
from .doctor_checks.schema import buildable
from .doctor_checks.standin import engine, scratch_database


@dataclass(frozen=True)
class Found:
    """What env.py leads to: the revisions that the database is at, and what a baseline of it is made from."""

    heads: tuple[str, ...]
    own: set[str]  # the tables that Alembic and this package keep in it
    before: list[GroundOp]  # what its tables build upon
    reflected: MetaData  # its tables that are in a model


def look(config: Config, reflect: bool = False) -> Found:
    """Run env.py and return what is in the database that it connects to; change nothing there.

    Raises CommandError when that cannot be reached or tried out elsewhere.
    """
    scripts, found = ScriptDirectory.from_config(config), list[Found]()

    def find(heads: Any, migration: MigrationContext) -> list[Any]:
        assert migration.connection is not None
        models = list(model_tables(migration).values())
        if away := sorted({str(table) for table in models} - set(map(str, buildable(migration.dialect.name, models)))):
            raise CommandError(
                f"The models put {', '.join(away)} into a schema, which on this server is another database, and trying "
                "the baseline out would change that one: leave out the schema. Nothing was written."
            )
        own = {migration.version_table, "alembic_unfinished"}
        reflected = _reflected(migration, migration.connection, models) if reflect else MetaData()
        found.append(Found(heads, own, _before(migration.connection), reflected))
        return []

    with EnvironmentContext(config, scripts, fn=find, dont_mutate=True):
        scripts.run_env()
    if not found:
        raise CommandError(f"env.py ended without run_migrations(): python -m {__package__} doctor says what to do.")
    return found[0]


def _before(connection: Connection) -> list[GroundOp]:
    """Return what makes that which autogenerate leaves out, and tables build upon: extensions."""
    if connection.dialect.name != "postgresql":
        return []
    query = "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY oid"
    return [GroundOp("EXTENSION", name) for name in connection.exec_driver_sql(query).scalars()]


def _reflected(migration: MigrationContext, connection: Connection, models: list[Table]) -> MetaData:
    """Return the tables of the models as the database has them, those that it has."""
    reflected = MetaData()
    event.listen(reflected, "column_reflect", migration.impl.autogen_column_reflect)  # it recognizes SERIAL
    for schema in {table.schema for table in models}:
        names = {table.name for table in models if table.schema == schema}
        there = names.intersection(inspect(connection).get_table_names(schema))
        reflected.reflect(connection, schema=schema, only=sorted(there), resolve_fks=False)
    named: list[Any] = [one for table in reflected.tables.values() for one in (*table.constraints, *table.indexes)]
    for one in [one for one in named if one.name]:
        one.name = conv(one.name)  # which the naming convention leaves as it is
    return reflected


@contextmanager
def scratch(like: URL) -> Iterator[str]:
    """Make an empty database of the same kind as another one and yield its URL; it is gone afterwards.

    Raises CommandError when TEST_DATABASE_URL names no server of that kind, or one that cannot be used.
    """
    kind = like.get_backend_name()
    if kind == "sqlite":
        with TemporaryDirectory() as directory:
            yield f"sqlite:///{Path(directory, 'scratch.db').as_posix()}"
        return
    named = settings.database_url("TEST_DATABASE_URL").get_backend_name() if "TEST_DATABASE_URL" in os.environ else ""
    if named.replace("mariadb", "mysql") != kind.replace("mariadb", "mysql"):
        raise CommandError(
            "The baseline is tried out on a new, empty database, which is dropped again: export TEST_DATABASE_URL with "
            f"the URL of a database on a {kind} server, as a user who may create databases there. Nothing was written."
        )
    try:
        with scratch_database() as url:
            yield url
    except Unknown as error:
        raise CommandError(f"{error}. Nothing was written.") from None


def write(ini: Path, directory: Path, scratch: str, found: Found) -> Script:
    """Write the baseline into a directory, of the database's tables if they were reflected, else of the models'.

    Returns it when it has built the scratch database, whose URL is given; else raises CommandError.
    """

    def fill(migration: MigrationContext, _: Any, directives: list[Any]) -> None:
        [script] = directives
        if found.reflected.tables:
            made = produce_migrations(migration, found.reflected)
            script.upgrade_ops, script.downgrade_ops = made.upgrade_ops, made.downgrade_ops
        script.upgrade_ops.ops[:0] = found.before

    config = Config(ini)
    config.set_main_option("version_locations", str(directory).replace("%", "%%"))
    config.attributes["connection"] = engine(scratch)
    try:
        with quiet():
            command.revision(config, "baseline", autogenerate=True, process_revision_directives=fill)
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise CommandError(
            f"What autogenerate writes for the baseline does not build an empty database: {first_line(error)}. Nothing "
            "was written: write the first revision by hand, then alembic stamp head, and the doctor compares."
        ) from None
    return ScriptDirectory.from_config(config).get_revision("head")
