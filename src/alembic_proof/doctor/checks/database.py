"""Checks of the database that env.py leads to outside of the sandbox. They only read."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...connecting import about_file, why_not
from ...errors import NotApplicableError, UndeterminedError
from ...sandbox import engine, exists, read_only_engine
from ...schema import JOURNAL, Schema, model_names, own_tables, read, table_names
from ...schema.unfinished import NOTES, unfinished
from ..elsewhere import command
from ..findings import BlockedError, Finding, Note, Problem
from ..project import Project, Run, all_heads
from ..registry import check
from ..revision_chain import Chain
from ..schema_findings import schema_findings
from .lifecycle import built_schema

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import URL


@dataclass(frozen=True)
class Database:
    """A live database, and the Run that was led to a scratch database in its place."""

    run: Run
    url: URL
    version: set[str]  # the revisions that it is at
    tables: set[str]
    models: set[str]  # the names that the tables of the models have in it

    @property
    def name(self) -> str:
        """Its URL for people."""
        return f"database {_masked(self.url)}"

    @property
    def own_tables(self) -> set[str]:
        """The tables that Alembic and this library keep in it."""
        return own_tables(self.run.context.version_table)


def _masked(url: URL) -> str:
    from ...url import masked

    return masked(url)


def databases(project: Project) -> list[Database]:
    """Read from the databases that env.py leads to, once.

    Raises NotApplicableError or UndeterminedError when there is nothing to read.
    """

    def read_all() -> list[Database]:
        return [_database(project, run, url) for run, url in project.live()]

    databases: list[Database] = project.once("databases", read_all)
    return databases


def _database(project: Project, run: Run | None, url: URL) -> Database:
    if not exists(url):
        if wrong := about_file(url):
            raise UndeterminedError(f"{_masked(url)} cannot be made{wrong}")
        raise NotApplicableError(f"{_masked(url)} does not exist yet")
    if run is None:
        raise BlockedError("env-reaches-run-migrations")
    try:
        with read_only_engine(url).connect() as connection:
            tables = table_names(connection, run.tables.values())
            models = model_names(connection.dialect, run.tables.values())
        return Database(run, url, run.version(read_only_engine(url)), tables, models)
    except Exception as error:
        raise UndeterminedError(f"{_masked(url)} cannot be read: {why_not(url, error, project.root, engine)}") from None


def _ask_elsewhere(project: Project, stack: contextlib.ExitStack) -> subprocess.Popen[str]:
    """Start a process that tells, once, where env.py leads to from another directory."""

    def start() -> subprocess.Popen[str]:
        configuration = project.configuration
        arguments = ["--where", "--config", str(configuration.file), "-n", configuration.section]
        arguments += [part for value in project.x or () for part in ("-x", value)]
        process = stack.enter_context(
            subprocess.Popen(
                command(*arguments),
                cwd=project.sandbox.directory(),
                env=project.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
        )
        stack.callback(process.kill)
        return process

    process: subprocess.Popen[str] = project.once("elsewhere", start)
    return process


@check("same-database-from-everywhere", "live", begin=_ask_elsewhere)
def same_database_from_everywhere(project: Project) -> Iterable[Finding]:
    """From another working directory, env.py leads to the same database

    A relative SQLite path, and a .env that is looked for in the working directory, mean another one in each.
    """
    with contextlib.ExitStack() as stack:
        process = _ask_elsewhere(project, stack)
        printed, _ = process.communicate()
    if process.returncode:
        raise NotApplicableError("alembic works in the project's directory only")
    places, places_here = set(json.loads(printed)), {project.sandbox.place(url) for _, url in project.live()}
    if places and places != places_here:
        kind = Problem if project.settings.database_variable else Note  # a relative path is what every tutorial has
        here, elsewhere = (" and ".join(sorted(each)) for each in (places_here, places))
        message = f"from here it leads to {here}, from another working directory to {elsewhere}"
        yield kind(project.name(project.env), message, "make the path absolute, starting from the file that reads it")


@check("dotenv-is-in-force", "live", setting="database_variable")
def dotenv_is_in_force(project: Project) -> Iterable[Finding]:
    """What .env says about the database is not overridden by the environment

    An exported variable wins over .env: a migration then runs where the shell points to.
    """
    dotenv, variable = project.root / ".env", str(project.settings.database_variable)
    text = dotenv.read_text("utf-8-sig", errors="replace") if dotenv.is_file() else ""
    pattern = rf"^\s*(?:export\s+)?{re.escape(variable)}\s*=\s*[\"']?(.*?)[\"']?\s*$"
    written, exported = re.search(pattern, text, re.MULTILINE), project.environment.get(variable)
    if written and exported and written[1] != exported:
        message = f"{variable} is exported, and names another database than this file: the exported one is used"
        yield Note(project.name(dotenv), message, f"if it is not meant so: unset {variable}")


@check("live-revision-is-known", "live", follows=("revisions-form-one-line",))
def live_revision_is_known(project: Project) -> Iterable[Finding]:
    """The database is at a revision that the project has

    It is not where a branch was switched, a file deleted, or an older release deployed; and where something other
    than migrations made the tables, it is at none.
    """
    scripts = project.history
    known, heads = _known_revisions(project), all_heads(scripts)
    for database in databases(project):
        for revision in sorted(database.version - known):
            message = f"it is at revision {revision}, of which there is no file"
            missing = Problem(database.name, message, "restore the file, or check out the branch that has it")
            yield Chain(project).edited(revision) or missing
        if passed := _passed(scripts, database.version & known):
            yield Problem(
                database.name,
                f"it is at revision {', '.join(passed)} and at one that comes after it, so Alembic can go nowhere",
                f"delete the older one by hand: DELETE FROM {database.run.context.version_table} "
                f"WHERE version_num = '{passed[0]}'",
            )
            continue
        unmigrated = sorted(database.tables & database.models)
        if JOURNAL in database.tables:
            continue  # a first migration that was interrupted: another check says so
        if not database.version and unmigrated:
            message = f"it has the tables {', '.join(unmigrated)}, but is at no revision: no migration made them"
            fix = "begin with an empty database; or, if they are as the revisions make them: alembic stamp head"
            if project.uses_library and not project.revisions:
                fix = "adopt it: alembic-proof adopt; or begin with an empty database"
            if others := _other_version_tables(database):
                named = database.run.context.version_table
                message = f"env.py names the version table {named}, but the revision is in {', '.join(others)}"
                fix = (
                    f"let env.py say version_table={others[0].split('.')[-1]!r}, or rename the table to {named} by hand"
                )
            yield Problem(database.name, message, fix)
        elif database.version <= known and database.version != heads:
            current = ", ".join(sorted(database.version)) or "no revision"
            behind = ", ".join(sorted(heads - database.version))
            several = "s" if len(heads) > 1 else ""
            yield Note(database.name, f"it is at {current}, behind {behind}", f"alembic upgrade head{several}")


def _passed(scripts: ScriptDirectory, version: Iterable[str]) -> list[str]:
    """Return those of a database's revisions that come before another one of them."""
    older = {
        script.revision
        for each in version
        for script in scripts.iterate_revisions(each, "base")
        if script.revision != each
    }
    return sorted(older.intersection(version))


def _other_version_tables(database: Database) -> list[str]:
    """Return the tables that look like Alembic's version table, and are not the one that env.py names."""
    from sqlalchemy import inspect

    inspector = inspect(read_only_engine(database.url))
    names = sorted(database.tables - database.models - {database.run.context.version_table, JOURNAL})
    parts = {name: name.rpartition(".") for name in names}
    columns = {name: inspector.get_columns(table, schema or None) for name, (schema, _, table) in parts.items()}
    return [name for name, found in columns.items() if [each["name"] for each in found] == ["version_num"]]


def _known_revisions(project: Project) -> set[str]:
    return {script.revision for script in project.history.walk_revisions()}


def _at_known_revisions(project: Project) -> list[Database]:
    """Return the databases. Raises UndeterminedError when one is at revisions at which it cannot be."""
    known = _known_revisions(project)
    versions = [database.version for database in databases(project)]
    if any(not version <= known or _passed(project.history, version) for version in versions):
        raise BlockedError("live-revision-is-known")
    return databases(project)


@check("no-migration-is-unfinished", "live")
def no_migration_is_unfinished(project: Project) -> Iterable[Finding]:
    """No migration of the database was interrupted half-way

    MariaDB and MySQL commit each CREATE, ALTER and DROP at once. What a migration had done when it ended is noted in
    the table alembic_unfinished, and the same command goes on after it: the upgrade, or the downgrade.
    """
    for database in databases(project):
        if JOURNAL in database.tables:
            with read_only_engine(database.url).connect() as connection:
                left = unfinished(connection.exec_driver_sql(NOTES).all())
            if left is not None:
                message = f"a migration was interrupted. {left.state} (the table {JOURNAL} has the notes of it)"
                yield Problem(database.name, message, f"run {left.resume}, which goes on from there")


@check("applied-revisions-are-unedited", "live", requires=("live-revision-is-known",))
def applied_revisions_are_unedited(project: Project) -> Iterable[Finding]:
    """No revision that the database has been through was edited since it was committed

    Other databases keep what the earlier text made of them.
    """
    committed = {path: text for directory in project.versions for path, text in _uncommitted_files(directory)}
    for database in _at_known_revisions(project):
        for script in project.history.iterate_revisions(tuple(database.version) or "base", "base"):
            path = Path(script.path)
            with contextlib.suppress(SyntaxError):
                before = committed.get(path.resolve())
                if before is not None and ast.dump(ast.parse(before)) != ast.dump(project.tree(path)):
                    message = "it has been edited since it was committed, and this database is past it"
                    yield Problem(project.name(path), message, "restore it, and write the change as a new revision")


def _uncommitted_files(directory: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield the files below a directory that are not as git has them, each with what git has."""

    def git(*arguments: str) -> bytes:
        done = subprocess.run(["git", "--no-optional-locks", "-C", str(directory), *arguments], capture_output=True)
        return b"" if done.returncode else done.stdout

    with contextlib.suppress(OSError):  # no git, or no such directory
        changed = git("diff", "--name-only", "--no-renames", "--diff-filter=M", "--relative", "-z", "HEAD", "--", ".")
        for name in filter(None, changed.decode(errors="surrogateescape").split("\0")):
            yield Path(directory, name).resolve(), git("show", f"HEAD:./{name}")


@check(
    "live-matches-its-revisions",
    "live",
    requires=("live-revision-is-known",),
    follows=("revisions-form-one-line", "no-migration-is-unfinished", "applied-revisions-are-unedited"),
)
def live_matches_its_revisions(project: Project) -> Iterable[Finding]:
    """The database has the schema that its revisions make

    It does not where it was stamped without an upgrade, its tables were dropped and the version stayed, a revision was
    edited after it was applied, or somebody altered a table by hand.
    """
    fix = "if a revision was edited after it was applied, restore it; what was changed by hand, write as a new revision"
    for database in _at_known_revisions(project):
        if not database.version:
            raise NotApplicableError("it is at no revision")
        if project.missing_server:
            raise NotApplicableError(project.missing_server)
        built, existing = _built(project, database), read(read_only_engine(database.url))
        wanted = {name: items for name, items in built.items() if name.split(".")[-1] not in database.own_tables}
        yield from schema_findings(wanted, existing, None, ("its revisions make", "it has"), database.name, fix)


def _built(project: Project, database: Database) -> Schema:
    """Return the schema that the revisions up to that of a database build."""
    own_search_path = database.run.context.dialect.default_schema_name not in (None, "public")
    is_postgresql = database.url.get_backend_name() == "postgresql"
    if database.version == all_heads(project.history) and not (is_postgresql and own_search_path):
        return built_schema(project, database.run)
    fresh = project.sandbox.database(database.run.context.dialect.name)
    with project.sandbox.standing_in(database.run.place, fresh):
        for revision in sorted(database.version):
            project.alembic("upgrade", project.config(), revision)
    return read(fresh, read_only_engine(database.url).dialect.default_schema_name)


def _postgresql(project: Project) -> list[Database]:
    selected = [database for database in databases(project) if database.url.get_backend_name() == "postgresql"]
    if not selected:
        raise NotApplicableError("it is about PostgreSQL")
    return selected


@check("live-enums-have-their-labels", "live", follows=("live-matches-its-revisions",))
def live_enums_have_their_labels(project: Project) -> Iterable[Finding]:
    """PostgreSQL's enum types have the labels of the models

    Autogenerate does not compare them: the first use of a new label fails.
    """
    from sqlalchemy import Enum, inspect

    heads = all_heads(project.history)
    for database in [item for item in _postgresql(project) if item.version == heads]:  # else an upgrade may add them
        with read_only_engine(database.url).connect() as connection:
            inspector = inspect(connection)
            existing = {enum["name"]: list(enum["labels"]) for enum in inspector.get_enums("*")}  # type: ignore[attr-defined]
        columns = [column for table in database.run.tables.values() for column in table.columns]
        enums = [column.type for column in columns if isinstance(column.type, Enum) and column.type.native_enum]
        types = {str(enum.name): enum for enum in enums}
        for name in sorted(set(types) & set(existing)):
            for label in [label for label in types[name].enums if label not in existing[name]]:
                fix = f"""in a revision: op.execute("ALTER TYPE {name} ADD VALUE '{label}'")"""
                yield Problem(database.name, f"the type {name} has no label {label!r}", fix)


@check("live-indexes-are-valid", "live")
def live_indexes_are_valid(project: Project) -> Iterable[Finding]:
    """PostgreSQL uses every index

    A CREATE INDEX CONCURRENTLY that failed leaves one behind that is kept up to date, and never used.
    """
    query = "SELECT indexrelid::regclass::text, indrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
    for database in _postgresql(project):
        with read_only_engine(database.url).connect() as connection:
            for index, table in connection.exec_driver_sql(query):
                message = f"the index {index} of {table} is INVALID: it costs, and serves no query"
                fix = f"DROP INDEX CONCURRENTLY {index}; then make it again, in an autocommit_block()"
                yield Problem(database.name, message, fix)


@check("live-tables-have-owners", "live", requires=("upgrade-is-committed",))
def live_tables_have_owners(project: Project) -> Iterable[Finding]:
    """Every table of the database is in a model or made by a revision

    Others may belong to another application, or be left over.
    """
    for database in databases(project):
        run = database.run
        with engine(run.database).connect() as connection:
            created = table_names(connection, run.tables.values())
        others = database.tables - database.models - created
        foreign = sorted(name for name in others if name.split(".")[-1] not in database.own_tables)
        if foreign:
            fix = "nothing, if they belong to another application"
            if not (run.context.opts.get("include_object") or run.context.opts.get("include_name")):
                fix = "autogenerate would drop them: give context.configure() an include_object that leaves them out"
            yield Note(database.name, f"in no model, and made by no revision: {', '.join(foreign)}", fix)
