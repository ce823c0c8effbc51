"""Checks for which env.py is really run, while every connection leads to a scratch database."""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import Elsewhere, Note, Problem, Skipped, Unknown, check
from .project import Project
from .standin import engine
from .static import DISPATCH


@check("probe")
def env_reaches_run_migrations(project: Project) -> Iterable[Problem]:
    """Running env.py reaches run_migrations(), online and offline

    The proof that does not depend on how it is written: alembic's own commands succeed either way.
    """
    for mode, offline in (("online", False), ("offline", True)):
        try:
            reached = project.runs(offline)
        except Elsewhere as error:
            if project.package:  # the next check is about that
                continue
            raise Unknown(f"env.py connects to {error}: set TEST_DATABASE_URL to a database on such a server") from None
        except Exception as error:
            if offline and not project.package and project.runs():
                return  # some projects have no use for it
            raise error
        if not reached and not project.package and _in_a_loop(project.tree(project.env)):
            raise Unknown(f"{mode}, env.py migrates what it finds in the database, and an empty one has nothing")
        if not reached:
            what = f"env.py ran to its end {mode} without run_migrations(): alembic succeeds and does nothing"
            yield Problem(project.name(project.env), what, f"end the file with these lines, not indented:\n{DISPATCH}")


def _in_a_loop(tree: ast.Module) -> bool:
    loops = [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.AsyncFor))]
    return any(getattr(node, "attr", "") == "run_migrations" for loop in loops for node in ast.walk(loop))


@check("probe", ours=True)
def env_uses_database_url(project: Project) -> Iterable[Problem]:
    """env.py connects to the database that DATABASE_URL names

    If it has a URL of its own, migrations succeed on one database while the application uses another.
    """
    with contextlib.suppress(Elsewhere):
        project.runs()
    named = project.scratch.place(project.scratch.main)
    for place in [place for place in project.scratch.wanted if place != named]:
        what = f"with DATABASE_URL naming another database, it connects to {place}"
        yield Problem(project.name(project.env), what, "connect with connection.connect(config), as in a new project")


@check("probe")
def application_uses_the_same_database(project: Project) -> Iterable[Problem]:
    """The application's engine leads to the database that env.py migrates

    Otherwise migrations succeed, and the application finds no table, or works on tables that nobody migrates.
    """
    wanted = set(project.scratch.wanted)
    for place in sorted(wanted):
        if re.search(r"[:/\\ ]None( at|$)|: None:", place):
            what = f"it connects to {place}: the URL is made from a variable that is not set"
            yield Problem(project.name(project.env), what, "set the variable, and let env.py stop when it is not")
        parameters = project.scratch.wanted[place][2]
        if "***" in (parameters.get("password"), parameters.get("passwd")):
            what = f"it connects to {place} with the password ***: str(url) masks the one that it has"
            fix = "create_engine(url), or url.render_as_string(hide_password=False)"
            yield Problem(project.name(project.env), what, fix)
    engines = {**_loaded_engines(project), **_written_engines(project)}
    others = {where: place for where, place in engines.items() if place not in wanted}
    kind = Problem if wanted and len(others) == len(engines) else Note
    for where, place in others.items():
        what = f"the application's engine leads to {place}, but env.py migrates {' and '.join(sorted(wanted))}"
        aside = not project.package and (_ASIDE.search(where) or any(_is_pooled(place, one) for one in wanted))
        yield (Note if aside else kind)(where, what, "let both take the URL from one place")


_ASIDE = re.compile(r"(^|/)(scripts?|notebooks?|docs?|examples?|tools?|bench(mark)?s?)/")
_POOLER = re.compile(r":6432$|:6543$|pooler|bouncer")


def _is_pooled(one: str, other: str) -> bool:
    """Tell whether two places are one database, once through a pooler, which migrations go around."""
    (database, _, server), (same, _, other) = one.partition(" at "), other.partition(" at ")
    return database == same and bool(_POOLER.search(server)) != bool(_POOLER.search(other))


def _loaded_engines(project: Project) -> dict[str, str]:
    """Return the engines in the modules that env.py imported: the file, and the place each leads to."""
    from sqlalchemy.engine import Engine

    found = {}
    if project.package:
        application = importlib.import_module(f"{project.package}.db")
        found[project.name(str(application.__file__))] = project.scratch.place(application.engine().url)
    for path, module in project.loaded().items():
        for value in list(vars(module).values()):
            if isinstance(one := getattr(value, "sync_engine", value), Engine):
                found[project.name(path)] = project.scratch.place(one.url)
    return found


def _written_engines(project: Project) -> dict[str, str]:
    """Return those in other modules whose URL is written down there, or comes from the environment."""
    from sqlalchemy.exc import ArgumentError

    found, loaded = {}, project.loaded()
    for path in project.files_with(rb"create_(async_)?engine"):
        if path in loaded or project.scripts in path.parents:
            continue
        known: dict[str, str] = {}
        for node in project.tree(path).body:
            if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
                continue
            if isinstance(node.value, ast.Call) and re.search(r"create_(async_)?engine$", ast.unparse(node.value.func)):
                url = _value(node.value.args[0], known) if node.value.args else None
                with contextlib.suppress(ArgumentError, ImportError):
                    if url:
                        found[project.name(path, node.lineno)] = project.scratch.place(url)
            elif (value := _value(node.value, known)) is not None:
                known[node.targets[0].id] = value
    return found


def _value(node: ast.expr, known: dict[str, str]) -> str | None:
    """Return the string that an expression comes to, if it is made of literals, known names and the environment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.JoinedStr):
        parts = [_value(part.value if isinstance(part, ast.FormattedValue) else part, known) for part in node.values]
        return None if None in parts else "".join(part for part in parts if part is not None)
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
        return os.environ.get(_value(node.slice, known) or "")
    if isinstance(node, ast.Call) and re.search(r"getenv$|environ\.get$", ast.unparse(node.func)):
        values = [_value(argument, known) for argument in node.args]
        return os.environ.get(values[0] or "", values[1] if len(values) > 1 else None) if values else None
    return None


@check("probe")
def env_leaves_logging_alone(project: Project) -> Iterable[Problem]:
    """Migrations run by the application leave its logging as it was

    fileConfig() disables every logger that is there and replaces the root logger's handlers. In the alembic command
    that does no harm; in a process that runs migrations by itself, its log falls silent.
    """
    if not project.package and not any(map(_runs_alembic, map(project.tree, project.files_with(b"alembic")))):
        raise Skipped("only the alembic command runs env.py")
    if project.logging_changed:
        what = f"run by a program, it {project.logging_changed}"
        fix = "if config.cmd_opts is not None: fileConfig(config.config_file_name, disable_existing_loggers=False)"
        yield (Problem if project.package else Note)(project.name(project.env), what, fix)


def _runs_alembic(tree: ast.Module) -> bool:
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(re.search(r"\b(command|alembic)\.(upgrade|downgrade|stamp)$", call) for call in calls)


@check("probe")
def metadata_is_the_models(project: Project) -> Iterable[Problem]:
    """env.py hands over the metadata with every table of the models

    For a model that it does not know, no migration makes a table; and where the table is there, autogenerate takes it
    for one that was removed, and proposes to drop it.
    """
    handed_over = project.handed_over
    if not handed_over:
        what = "target_metadata is None or has no tables: there is nothing to compare the database with"
        yield Problem(project.name(project.env), what, "set it: target_metadata = Base.metadata")
        return
    fix = "let models/__init__.py import every module of the package, and the model inherit from its Base"
    for table, home in project.defined.items() if project.package else ():
        if handed_over.get(table.fullname) is not table:
            what = f"it defines the table {table.fullname}, which env.py does not hand over: no migration creates it"
            yield Problem(home, what, fix)
    imported = project.loaded()
    homes = {path.parent for path in imported if path.parent != project.root and project.scripts not in path.parents}
    for path in project.files_with(rb"__tablename__|table ?= ?True|\.Model\b|SQLModel"):
        if project.scripts in path.parents or (homes and not any(home in path.parents for home in homes)):
            continue
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.ClassDef) and (said := _without_table(node, imported.get(path))):
                kind = Note if path not in imported and _has_another_base(project, path, node) else Problem
                yield kind(project.name(path, node.lineno), f"the model {node.name} {said[0]}", said[1])


def _has_another_base(project: Project, path: Path, node: ast.ClassDef) -> bool:
    """Tell whether a class inherits from a declarative base that env.py does not load: a model of another database."""
    names, loaded = {ast.unparse(base).split(".")[-1] for base in node.bases}, project.loaded()
    made = {
        file
        for file in project.files_with(rb"declarative_base|DeclarativeBase")
        for one in project.tree(file).body
        if (isinstance(one, ast.ClassDef) and one.name in names and "DeclarativeBase" in map(_last, one.bases))
        or (isinstance(one, ast.Assign) and {ast.unparse(target) for target in one.targets} & names
            and isinstance(one.value, ast.Call) and _last(one.value.func) == "declarative_base")
    }  # fmt: skip
    return path in made or (bool(made) and not made & set(loaded))


def _last(node: ast.expr) -> str:
    return ast.unparse(node).split(".")[-1]


def _is_inherited(value: Any) -> bool:
    """Tell whether a class has a table in a class that inherits from it."""
    below: list[Any] = value.__subclasses__() if isinstance(value, type) else []
    return any(hasattr(one, "__table__") or _is_inherited(one) for one in below)


def _without_table(node: ast.ClassDef, imported: Any) -> tuple[str, str] | None:
    """Return why a class that looks like a model has no table, and the fix, if that is so; given its module, if any."""
    body = "\n".join(ast.unparse(line) for line in node.body)
    keywords = {word.arg: ast.unparse(word.value) for word in node.keywords}
    bases = [ast.unparse(base) for base in node.bases]
    named = re.search(r"^__tablename__\b.*=", body, re.MULTILINE)
    if re.search(r"^__abstract__\b.*= True", body, re.MULTILINE):
        return ("is __abstract__, and has a __tablename__ that nothing uses", "delete one of them") if named else None
    columns = re.search(r"mapped_column\(|\bColumn\(|\bField\(|: (orm\.)?Mapped\[", body)
    model = keywords.get("table") == "True" or (columns and (named or any(base.endswith(".Model") for base in bases)))
    if model and not imported:
        return "is in a module that env.py does not import: no migration creates its table", "let env.py import it"
    if imported and "SQLModel" in bases and "primary_key=True" in body and "table" not in keywords:
        if _is_inherited(getattr(imported, node.name, None)):
            return None
        return "has a primary key, but no table", "write: class Name(SQLModel, table=True)"
    return None


@check("probe")
def every_revision_is_loaded(project: Project) -> Iterable[Problem]:
    """Every revision file is one that Alembic loads

    It passes over files in subdirectories (without recursive_version_locations), and over names that are no module's.
    """
    loaded = {Path(script.path).resolve() for script in project.script_directory().walk_revisions()}
    for directory in {project.scripts, *project.versions}:
        for path in sorted(directory.rglob("*")):
            if path.suffix in (".py", "") and path.is_file() and path.resolve() not in loaded and path != project.env:
                text = path.read_text(encoding="utf-8", errors="replace")
                if re.search(r"^revision\b.*=", text, re.M) and re.search(r"^down_revision\b.*=", text, re.M):
                    what = "it looks like a revision, but Alembic does not load it: its upgrade() never runs"
                    yield Problem(project.name(path), what, f"move it to {project.name(project.versions[0])}/x.py, or "
                                  "name its directory in version_locations")  # fmt: skip


@check("probe")
def revisions_are_self_contained(project: Project) -> Iterable[Problem]:
    """No revision uses a live model

    A model changes, and what the revision did with it yesterday changes with it, or fails. Types are no models.
    """
    project.runs()
    for path in project.revisions:
        tree = project.tree(path)
        for node in ast.walk(tree):
            for name, dotted in _imported(node, tree):
                if project.has_module(name) and _is_model(dotted):
                    what = f"it uses {dotted} as it is today, not as it was when the revision was written"
                    fix = "describe what it needs: sa.table('name', sa.column('id'), ...)"
                    yield Problem(project.name(path, getattr(node, "lineno", None)), what, fix)


def _imported(node: ast.AST, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what an import brings: the module, and the dotted name of each thing that is used of it."""
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            yield node.module, f"{node.module}.{alias.name}"
            yield from (
                (node.module, f"{node.module}.{alias.name}.{rest}") for rest in _used(alias.asname or alias.name, tree)
            )
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from ((alias.name, f"{(alias.asname and alias.name) or alias.name.split('.')[0]}.{rest}")
                        for rest in _used(alias.asname or alias.name.split(".")[0], tree))  # fmt: skip


def _used(name: str, tree: ast.Module) -> set[str]:
    chains = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {chain[len(name) + 1 :] for chain in chains if chain.startswith(f"{name}.") and "(" not in chain}


def _is_model(dotted: str) -> bool:
    """Tell whether a dotted name is a mapped class, a table or a metadata of a module that is loaded or can be."""
    from sqlalchemy import MetaData, Table

    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        with contextlib.suppress(Exception):
            value = importlib.import_module(".".join(parts[:cut]))
            for part in parts[cut:]:
                value = getattr(value, part)
            return isinstance(value, (MetaData, Table)) or (isinstance(value, type) and hasattr(value, "metadata"))
    return False


@check("probe", ours=True)
def constraints_have_names(project: Project) -> Iterable[Problem]:
    """Every constraint and index of the models gets a name

    What has no name cannot be dropped, nor compared. The naming convention in models/base.py gives one to each.
    """
    from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

    for run in project.runs():
        for table in run.tables.values():
            keys = (ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint)
            for one in [one for one in table.constraints if isinstance(one, keys) and one.columns]:
                if one.name is None or not run.context.dialect.identifier_preparer.format_constraint(one):
                    what = f"a {type(one).__name__} of {table.name} ({', '.join(one.columns.keys())}) has no name"
                    fix = "let its metadata have the naming convention of models/base.py"
                    yield Problem(project.name(project.sources / project.package / "models"), what, fix)


@check("probe")
def enum_types_lie_beside_their_tables(project: Project) -> Iterable[Problem]:
    """PostgreSQL's enum types lie in the schema of their tables

    Since SQLAlchemy 2.1 an Enum takes its schema from the MetaData, no longer from its table.
    """
    from sqlalchemy import Enum

    for run in project.runs():
        for table in run.tables.values() if run.context.dialect.name == "postgresql" else ():
            for one in [column.type for column in table.columns if isinstance(column.type, Enum)]:
                schema = table.schema if getattr(one, "inherit_schema", False) else one.schema or table.metadata.schema
                if one.native_enum and schema != table.schema:
                    what = f"the type {one.name} of {table.fullname} is made in {schema or 'the default schema'}"
                    fix = f"Enum(..., schema={table.schema!r}), or give the MetaData the schema"
                    yield Note(project.name(project.env), what, fix)


@check("probe", ours=True)
def migrations_take_turns(project: Project) -> Iterable[Problem]:
    """While one process migrates, another one waits

    Without a lock, two replicas that start at once run the same revision twice.
    """
    if not all(locked for locked, _ in _while_migrating(project)):
        what = "a second migration of the same database would run at the same time"
        yield Problem(project.name(project.env), what, "connect with connection.connect(config), as in a new project")


def _while_migrating(project: Project) -> list[tuple[bool, bool]]:
    """Return, for each database, whether a second migration is kept out, and whether SQLite enforces foreign keys."""

    def run() -> list[tuple[bool, bool]]:
        found = []

        def look(_: Any, context: Any) -> list[Any]:
            with contextlib.closing(engine(project.scratch.behind(context.connection)[0]).raw_connection()) as other:
                locked = _is_locked(context.dialect.name, other)
            cursor, sqlite = context.connection.connection.cursor(), context.dialect.name == "sqlite"
            found.append((locked, bool(sqlite and cursor.execute("PRAGMA foreign_keys").fetchone()[0])))
            return []

        project.run_env(look, destination_rev="heads")
        return found

    found: list[tuple[bool, bool]] = project.once("while migrating", run)
    return found


def _is_locked(dialect: str, connection: Any) -> bool:
    """Tell whether another connection holds what a migration must hold: SQLite's write lock, a server's own lock."""
    cursor = connection.cursor()
    if dialect == "sqlite":
        try:
            cursor.execute("PRAGMA busy_timeout=0")
            cursor.execute("BEGIN IMMEDIATE")
        except Exception as error:
            return "locked" in str(error)
        return False
    if dialect == "postgresql":
        cursor.execute("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
                       "WHERE locktype = 'advisory' AND datname = current_database()")  # fmt: skip
    else:
        cursor.execute("SELECT IS_USED_LOCK(CONCAT('alembic-', MD5(DATABASE()))) IS NOT NULL")
    return bool(cursor.fetchone()[0])


@check("probe")
def rebuilding_keeps_rows(project: Project) -> Iterable[Problem]:
    """On SQLite, rebuilding a table does not delete the rows that refer to it

    A batch makes a new table and drops the old one. With foreign keys enforced, ON DELETE CASCADE then empties the
    tables that refer to it.
    """
    keys = [key for table in project.handed_over.values() for key in table.foreign_keys]
    cascades = sorted(
        {key.parent.table.name for key in keys if (key.ondelete or "").upper() in ("CASCADE", "SET NULL")}
    )
    batch = any(run.context.opts.get("render_as_batch") for run in project.runs())
    if batch and (cascades or project.package) and any(enforced for _, enforced in _while_migrating(project)):
        what = (
            f"foreign keys are enforced while tables are rebuilt: rows of {', '.join(cascades) or 'tables'} go with it"
        )
        yield Problem(project.name(project.env), what, "PRAGMA foreign_keys=OFF on the migration's connection")
