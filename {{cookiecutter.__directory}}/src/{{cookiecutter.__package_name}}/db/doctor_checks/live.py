"""Checks of the database that env.py leads to, and the three questions about it. They only read."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import Note, Problem, Skipped, Unknown, check, first_line
from .project import Project, Run, all_heads, version
from .schema import described, differences, model_names, read, table_names
from .standin import engine


@dataclass(frozen=True)
class Database:
    """A live database: the Run that was led to a scratch database instead, the URL, its version and its tables.

    And the names that the tables of the models have in it.
    """

    run: Run
    url: Any
    version: set[str]
    tables: set[str]
    models: set[str]

    @property
    def name(self) -> str:
        """Return its URL for people."""
        return f"database {masked(self.url)}"

    @property
    def own(self) -> set[str]:
        """Return the tables that Alembic and this package keep in it."""
        return {self.run.context.version_table, "alembic_version", "alembic_unfinished"}


def databases(project: Project) -> list[Database]:
    """Look at the databases that env.py leads to, once. Raises Skipped or Unknown when there is nothing to look at."""

    def look() -> list[Database]:
        found = []
        for run, url in project.live():
            if not exists(url):
                raise Skipped(f"{masked(url)} does not exist yet")
            if run is None:
                raise Unknown("env-reaches-run-migrations comes first")
            try:
                with reading(url).connect() as connection:
                    tables = table_names(connection, run.tables.values())
                    models = model_names(connection.dialect, run.tables.values())
                found.append(Database(run, url, version(run, reading(url)), tables, models))
            except Exception as error:
                raise Unknown(f"{masked(url)} cannot be read: {first_line(error)}") from None
        return found

    looked: list[Database] = project.once("databases", look)
    return looked


def exists(url: Any) -> bool:
    """Tell whether there is a database to connect to, without making one as SQLite would."""
    return url.get_backend_name() != "sqlite" or os.path.isfile(url.database or "")


def masked(url: Any) -> str:
    """Return a URL without what may be secret."""
    return str(url.set(query={}).render_as_string(hide_password=True))


def reading(url: Any) -> Any:
    """Return an engine for a live database that only reads."""
    driver, name = url.get_dialect()().driver, url.get_backend_name()
    if name == "sqlite":
        path = Path(url.database).absolute()
        query = {"mode": "ro", "uri": "true"}
        with path.open("rb") as file:
            in_wal = file.read(20)[18:] == b"\2\2"
        if in_wal and not Path(f"{path}-wal").exists():  # nobody has it open, and even a reader would leave files there
            query["immutable"] = "1"
        return engine(url.set(drivername="sqlite", database=path.as_uri(), query=query))
    options: dict[str, Any] = {"connect_timeout": 5} if driver in ("psycopg", "psycopg2", "pymysql", "mysqldb") else {}
    if driver in ("pymysql", "mysqldb"):
        options["init_command"] = "SET SESSION TRANSACTION READ ONLY"
    made = engine(url, connect_args=options)
    return made.execution_options(postgresql_readonly=True) if name == "postgresql" else made


@check("live")
def same_database_from_everywhere(project: Project) -> Iterable[Problem]:
    """From another working directory, env.py leads to the same database

    A relative SQLite path, and a .env that is looked for in the working directory, mean another one in each.
    """
    home = Path(__file__).resolve().parents[1]
    doctor = home / "doctor.py" if home.is_dir() else home  # the archive that it was packed into
    command = [sys.executable, str(doctor), "--config", str(project.config_file), "--where", "-n", project.section]
    command += [argument for value in project.x or () for argument in ("-x", value)]
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(command, cwd=elsewhere, env=project.environment, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise Skipped("alembic works in the project's directory only")
    there, here = set(json.loads(done.stdout)), {project.scratch.place(url) for _, url in project.live()}
    if there and there != here:
        kind = Problem if project.package else Note  # a relative path is what every tutorial has
        places = " and ".join(sorted(here)), " and ".join(sorted(there))
        what = f"from here it leads to {places[0]}, from another working directory to {places[1]}"
        yield kind(project.name(project.env), what, "make the path absolute, starting from the file that reads it")


@check("live")
def dotenv_is_in_force(project: Project) -> Iterable[Problem]:
    """What .env says about the database is not overridden by the environment

    An exported DATABASE_URL wins over .env: a migration then runs where the shell points to.
    """
    dotenv = project.root / ".env"
    text = dotenv.read_text("utf-8-sig", errors="replace") if dotenv.is_file() else ""
    written = re.search(r"^\s*(?:export\s+)?DATABASE_URL\s*=\s*[\"']?(.*?)[\"']?\s*$", text, re.MULTILINE)
    exported = project.environment.get("DATABASE_URL")
    if written and exported and written[1] != exported:
        what = "DATABASE_URL is exported, and names another database than this file: the exported one is used"
        yield Note(project.name(dotenv), what, "if it is not meant so: unset DATABASE_URL")


@check("live")
def live_revision_is_known(project: Project) -> Iterable[Problem]:
    """The database is at a revision that the project has

    It is not where a branch was switched, a file deleted, or an older release deployed; and where something other
    than migrations made the tables, it is at none.
    """
    scripts = project.script_directory()
    known, heads = {script.revision for script in scripts.walk_revisions()}, all_heads(scripts)
    for database in databases(project):
        for revision in sorted(database.version - known):
            what = f"it is at revision {revision}, of which there is no file"
            yield Problem(database.name, what, "restore the file, or check out the branch that has it")
        made = sorted(database.tables & database.models)
        if not database.version and made:
            what = f"it has the tables {', '.join(made)}, but is at no revision: no migration made them"
            fix = "begin with an empty database; or, if they are as the revisions make them: alembic stamp head"
            if project.package and not project.revisions:
                fix = f"adopt it: python -m {project.package}.db adopt; or begin with an empty database"
            yield Problem(database.name, what, fix)
        elif database.version <= known and database.version != heads:
            at = ", ".join(sorted(database.version)) or "no revision"
            yield Note(database.name, f"it is at {at}, behind {', '.join(sorted(heads))}", "alembic upgrade head")


def _known(project: Project) -> list[Database]:
    """Return the databases. Raises Unknown when one is at a revision that the project has not."""
    known = {script.revision for script in project.script_directory().walk_revisions()}
    if any(not database.version <= known for database in databases(project)):
        raise Unknown("live-revision-is-known comes first")
    return databases(project)


@check("live")
def applied_revisions_are_unedited(project: Project) -> Iterable[Problem]:
    """No revision that the database has been through was edited since it was committed

    Other databases keep what the earlier text made of them.
    """
    scripts = project.script_directory()
    for database in _known(project):
        for script in scripts.iterate_revisions(tuple(database.version) or "base", "base"):
            path = Path(script.path)
            git = ["git", "--no-optional-locks", "-C", str(path.parent), "show", f"HEAD:./{path.name}"]
            with contextlib.suppress(OSError, SyntaxError):
                done = subprocess.run(git, capture_output=True)
                if not done.returncode and ast.dump(ast.parse(done.stdout)) != ast.dump(project.tree(path)):
                    what = "it has been edited since it was committed, and this database is past it"
                    yield Problem(project.name(path), what, "restore it, and write the change as a new revision")


@check("live")
def live_matches_its_revisions(project: Project) -> Iterable[Problem]:
    """The database has the schema that its revisions make

    It has not where it was stamped without an upgrade, its tables were dropped and the version stayed, a revision was
    edited after it was applied, or somebody altered a table by hand.
    """
    fix = "if a revision was edited after it was applied, restore it; what was changed by hand, write as a new revision"
    for database in _known(project):
        if not database.version:
            raise Skipped("it is at no revision")
        if project.foreign:
            raise Skipped(project.foreign)
        fresh = project.scratch.database(like=database.run.database)
        with project.scratch.standing_in(database.run.place, fresh):
            for revision in sorted(database.version):
                project.alembic("upgrade", project.config(), revision)
        live = reading(database.url)
        there, built = read(live), read(fresh, live.dialect.default_schema_name)
        wanted = {name: items for name, items in built.items() if name.split(".")[-1] not in database.own}
        yield from differences(wanted, there, None, ("its revisions make", "it has"), database.name, fix)


def _postgresql(project: Project) -> list[Database]:
    found = [database for database in databases(project) if database.url.get_backend_name() == "postgresql"]
    if not found:
        raise Skipped("it is about PostgreSQL")
    return found


@check("live")
def live_enums_have_their_labels(project: Project) -> Iterable[Problem]:
    """PostgreSQL's enum types have the labels of the models

    Autogenerate does not compare them: the first use of a new label fails.
    """
    from sqlalchemy import Enum, inspect

    heads = all_heads(project.script_directory())
    for database in [one for one in _postgresql(project) if one.version == heads]:  # else an upgrade may bring them
        with reading(database.url).connect() as connection:
            there = {one["name"]: list(one["labels"]) for one in inspect(connection).get_enums("*")}
        columns = [column for table in database.run.tables.values() for column in table.columns]
        types = {str(one.type.name): one.type for one in columns if isinstance(one.type, Enum) and one.type.native_enum}
        for name in sorted(set(types) & set(there)):
            for label in [label for label in types[name].enums if label not in there[name]]:
                fix = f"""in a revision: op.execute("ALTER TYPE {name} ADD VALUE '{label}'")"""
                yield Problem(database.name, f"the type {name} has no label {label!r}", fix)


@check("live")
def live_indexes_are_valid(project: Project) -> Iterable[Problem]:
    """PostgreSQL uses every index

    A CREATE INDEX CONCURRENTLY that failed leaves one behind that is kept up to date, and never used.
    """
    query = "SELECT indexrelid::regclass::text, indrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
    for database in _postgresql(project):
        with reading(database.url).connect() as connection:
            for index, table in connection.exec_driver_sql(query):
                what = f"the index {index} of {table} is INVALID: it costs, and serves no query"
                fix = f"DROP INDEX CONCURRENTLY {index}; then make it again, in an autocommit_block()"
                yield Problem(database.name, what, fix)


@check("live")
def live_tables_have_owners(project: Project) -> Iterable[Problem]:
    """Every table of the database is in a model or made by a revision

    Others may belong to somebody else, or be left over.
    """
    for database in databases(project):
        run = database.run
        with engine(run.database).connect() as connection:
            made = table_names(connection, run.tables.values())
        strangers = database.tables - database.models - made
        alone = sorted(name for name in strangers if name.split(".")[-1] not in database.own)
        if alone:
            fix = "nothing, if they are somebody else's"
            if not (run.context.opts.get("include_object") or run.context.opts.get("include_name")):
                fix = "autogenerate would drop them: give context.configure() an include_object that leaves them out"
            yield Note(database.name, f"in no model, and made by no revision: {', '.join(alone)}", fix)


def answers(project: Project) -> dict[str, Any]:
    """Return which tables the models register, which are in the live database, and what Alembic sees."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    tables = list(project.defined) if project.package else list(project.handed_over.values())
    found: dict[str, Any] = {"models": sorted(table.fullname for table in tables)}
    for run, url in project.live()[:1]:
        found["database"] = masked(url)
        if not exists(url):
            return {**found, "tables": None, "revision": [], "differences": None}
        opts: dict[str, Any] = dict(run.context.opts) if run else {"compare_type": True, "compare_server_default": True}
        metadata: Any = opts.get("target_metadata") or (tables[0].metadata if tables else None)
        with reading(url).connect() as connection:
            context = MigrationContext.configure(connection, opts=opts)
            found["models"] = sorted(model_names(connection.dialect, tables))
            own = {context.version_table, "alembic_unfinished"}
            found["tables"] = sorted(name for name in table_names(connection, tables) if name.split(".")[-1] not in own)
            found["revision"] = sorted(context.get_current_heads())
            found["differences"] = [described(one) for one in compare_metadata(context, metadata)] if metadata else []
    return found
