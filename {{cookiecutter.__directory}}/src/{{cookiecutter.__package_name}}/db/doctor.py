"""Checks that the schema is wired and in step, each with its fix.

It starts with the standard library alone; what needs Alembic or SQLAlchemy says so where they are not installed. To
add a check, write a function under the stage it belongs to: its name is the id, its docstring the title.
"""

from __future__ import annotations

import argparse
import ast
import configparser
import contextlib
import gc
import importlib
import io
import os
import re
import sys
import tempfile
import textwrap
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

DISPATCH = """\
if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()"""


@dataclass(frozen=True)
class Problem:
    """What a check found: where it is, what is wrong with it, and what to do."""

    where: str
    what: str
    fix: str


class Unknown(Exception):
    """A check could not be carried out; the message says why and how it could."""


class Elsewhere(Exception):
    """Something wanted to connect to a database that is not the scratch database, and was kept from it."""


Check = Callable[["Project"], Iterable[Problem]]
STAGES: dict[str, list[Check]] = {"static": [], "probe": [], "scratch": []}


def check(stage: str) -> Callable[[Check], Check]:
    """Add a check to a stage. A stage runs only when the stages before it found no problem."""

    def register(function: Check) -> Check:
        STAGES[stage].append(function)
        return function

    return register


# ---------------------------------------------------------------------------------------------------- the project


class Project:
    """The project under examination. What is expensive to find out is found out once, when it is first asked for."""

    def __init__(self, ini: Path) -> None:
        self.ini = ini.resolve()
        self.root = self.ini.parent
        self.options: dict[str, str] = {}
        self.ini_error = ""
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(self.ini, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            self.ini_error = f"it cannot be read: {type(error).__name__}"  # its text may hold a password
        if parser.has_section("alembic"):
            here = str(self.root)
            self.options = {name: value.replace("%(here)s", here) for name, value in parser["alembic"].items()}
        self.handed_over: dict[str, Any] = {}  # by name, the tables of the metadata that env.py hands to Alembic
        self._contexts: dict[bool, Any] = {}
        self.scripts = self.root / self.options.get("script_location", "")
        self.env = self.scripts / "env.py"
        self.versions = self.scripts / "versions"
        self.sources = self.root / "src"
        self.foreign = self._foreign()  # found out now, as DATABASE_URL will name the scratch database later
        self.package = next((p.parent.parent.name for p in self.sources.glob("*/models/__init__.py")), "")

    def name(self, path: Path | str, line: int | None = None) -> str:
        """Return a path as people write it: relative to the project, with the line."""
        shown = Path(path)
        if shown.is_relative_to(self.root):
            shown = shown.relative_to(self.root)
        return f"{shown}:{line}" if line else str(shown)

    def _foreign(self) -> str:
        """Return why the scratch database is not of the project's own kind, if it is not: a sentence, or nothing."""
        if "TEST_DATABASE_URL" in os.environ:
            return ""
        files = [path for path in (self.root / ".env", self.root / ".env.example") if path.is_file()]
        texts = [f"DATABASE_URL={os.environ.get('DATABASE_URL', '')}", *(path.read_text("utf-8") for path in files)]
        named = re.search(r"^DATABASE_URL=[\"']?(postgres(?:ql)?|mysql|mariadb|sqlite)", "\n".join(texts), re.MULTILINE)
        if named is None or named[1] == "sqlite":
            return ""
        return f"only SQLite is at hand for a {named[1]} project: set TEST_DATABASE_URL to a database on such a server"

    def has_module(self, name: str) -> bool:
        """Tell whether a module, were it there, would be the project's own and not a library's."""
        return bool(name) and (self.sources / name.split(".")[0]).is_dir()

    def owns(self, path: str) -> bool:
        """Tell whether a file is the project's own: not a library's, and none of those around this one."""
        inside = Path(path).is_relative_to(self.scripts) or Path(path).is_relative_to(self.sources)
        return inside and not Path(path).is_relative_to(self.sources / self.package / "db")

    @cached_property
    def modules(self) -> dict[Path, ast.Module | SyntaxError]:
        """Every Python file of the application and of the migrations, parsed."""
        trees: dict[Path, ast.Module | SyntaxError] = {}
        scripts = self.scripts.rglob("*.py") if "script_location" in self.options else ()
        for path in sorted([*self.sources.rglob("*.py"), *scripts]):
            try:
                trees[path] = ast.parse(path.read_bytes(), str(path))
            except SyntaxError as error:
                trees[path] = error
        return trees

    def tree(self, path: Path) -> ast.Module:
        """Return one parsed file. Raises Unknown when it does not parse."""
        tree = self.modules.get(path)
        if not isinstance(tree, ast.Module):
            raise Unknown(f"{self.name(path)} cannot be read as Python")
        return tree

    @cached_property
    def revisions(self) -> dict[Path, dict[str, Any]]:
        """The revision files with what they assign to revision, down_revision and branch_labels."""
        found = {}
        for path in self.modules:
            if self.versions in path.parents:
                values = _constants(self.tree(path))
                if "revision" in values:
                    found[path] = values
        return found

    def config(self, **options: str) -> Any:
        """Return an Alembic Config for this project that prints nothing, with some main options replaced."""
        from alembic.config import Config

        config = Config(self.ini, stdout=io.StringIO(), output_buffer=io.StringIO())
        config.file_config.remove_section("post_write_hooks")
        for name, value in options.items():
            config.set_main_option(name, value.replace("%", "%%"))
        return config

    def run_env(self, offline: bool) -> Any:
        """Run env.py, once for each mode, as alembic does; return the MigrationContext that it made, or None.

        None means that it never reached run_migrations(). Raises Elsewhere, and whatever env.py raises.
        """
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory

        if offline in self._contexts:
            return self._contexts[offline]
        config = self.config()
        script = ScriptDirectory.from_config(config)
        reached: list[Any] = []

        def look(_: Any, context: Any) -> list[Any]:
            metadata = context.opts.get("target_metadata")
            several = metadata if isinstance(metadata, (list, tuple)) else [metadata] if metadata is not None else []
            self.handed_over = {name: table for one in several for name, table in one.tables.items()}
            reached.append(context)
            return []

        with EnvironmentContext(config, script, fn=look, as_sql=offline, dont_mutate=True):
            script.run_env()
        self._contexts[offline] = reached[0] if reached else None
        return self._contexts[offline]

    @property
    def compare_options(self) -> dict[str, Any]:
        """What env.py tells Alembic to compare; if it came to nothing, what a new project's env.py would."""
        context = self._contexts.get(False)
        return dict(context.opts) if context else {"compare_type": True, "compare_server_default": True}

    @cached_property
    def defined(self) -> dict[Any, str]:
        """The tables that the models define, each with its file: every file is imported, registered or not."""
        from sqlalchemy import MetaData, Table

        sys.path.append(str(self.sources))
        models = self.sources / self.package / "models"
        found: dict[Any, str] = {}
        metadatas = []
        for path in sorted(models.rglob("*.py")):
            parts = path.relative_to(self.sources).with_suffix("").parts
            module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
            for value in list(vars(module).values()):
                table = getattr(value, "__table__", value)
                imported = isinstance(value, type) and value.__module__ != module.__name__
                if isinstance(table, Table) and not imported:
                    found.setdefault(table, self.name(path))
                metadatas += [m for m in (value, getattr(value, "metadata", None)) if isinstance(m, MetaData)]
        for metadata in metadatas:
            for table in metadata.tables.values():
                found.setdefault(table, self.name(models))
        return found

    @contextlib.contextmanager
    def on_scratch(self) -> Iterator[None]:
        """Let everything inside happen on a scratch database instead of the one that DATABASE_URL names."""
        with (
            scratch_database() as url,
            tempfile.TemporaryDirectory() as versions,
            _environment(DATABASE_URL=url),
            _no_other(url),
        ):
            self.first_config = self.config(version_locations=versions)
            self.upgrade_config = self.config() if self.revisions else self.first_config
            yield

    @contextlib.contextmanager
    def second_connection(self) -> Iterator[Any]:
        """Look at the scratch database from outside of Alembic."""
        from sqlalchemy import NullPool, create_engine

        with create_engine(os.environ["DATABASE_URL"], poolclass=NullPool).connect() as connection:
            yield connection


def _constants(tree: ast.Module) -> dict[str, Any]:
    """Return what a module assigns to its variables, as far as it is written as a literal."""
    values: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                with contextlib.suppress(ValueError):
                    values[getattr(target, "id", "")] = ast.literal_eval(node.value)
    return values


# ------------------------------------------------------------------------------------------- static: nothing is run


@check("static")
def files_parse(project: Project) -> Iterable[Problem]:
    """Every Python file parses"""
    for path, tree in project.modules.items():
        if isinstance(tree, SyntaxError):
            yield Problem(project.name(path, tree.lineno), f"{tree.msg}", "correct the syntax")


@check("static")
def ini_leads_to_scripts(project: Project) -> Iterable[Problem]:
    """alembic.ini leads to env.py, script.py.mako and versions/"""
    if not project.options.get("script_location"):
        fix = "let it have a section [alembic] with script_location = %(here)s/migrations"
        yield Problem(project.name(project.ini), project.ini_error or "it has no script_location", fix)
        return
    for path, fix in {
        project.env: "restore it from version control",
        project.scripts / "script.py.mako": "restore it from version control",
        project.versions: "make the directory, with a .gitkeep: git does not keep empty directories",
    }.items():
        if not path.exists() or (path.is_file() and not path.read_text(encoding="utf-8").strip()):
            yield Problem(project.name(path), "it is missing or empty", fix)


@check("static")
def no_url_in_ini(project: Project) -> Iterable[Problem]:
    """The database URL has one home, and it is not alembic.ini"""
    if project.options.get("sqlalchemy.url"):
        what = "sqlalchemy.url is set, but the application reads DATABASE_URL: they will name two databases"
        yield Problem(project.name(project.ini), what, "delete the line, and put the URL into .env as DATABASE_URL")


@check("static")
def env_runs_migrations(project: Project) -> Iterable[Problem]:
    """env.py calls run_migrations(), online and offline"""
    tree = project.tree(project.env)
    missing = [mode for mode, offline in (("online", False), ("offline", True)) if not _reaches(tree, offline)]
    if not missing:
        return
    if "run_migrations" not in {getattr(node, "attr", "") for node in ast.walk(tree)} and _imports_ours(tree, project):
        return  # left to another module: the probe will tell
    effect = "every alembic command succeeds and does" if "online" in missing else "alembic upgrade head --sql prints"
    what = f"context.run_migrations() is never reached {' or '.join(missing)}: {effect} nothing"
    last = tree.body[-1].end_lineno if tree.body else None
    yield Problem(project.name(project.env, last), what, f"end the file with these lines, not indented:\n{DISPATCH}")


@check("static")
def no_create_all(project: Project) -> Iterable[Problem]:
    """Tables come from migrations, never from create_all()"""
    for path, tree in project.modules.items():
        for node in ast.walk(tree) if isinstance(tree, ast.Module) else ():
            if isinstance(node, ast.Attribute) and node.attr in ("create_all", "drop_all") and _is_metadata(node.value):
                what = f"{node.attr}() changes tables behind Alembic's back, and autogenerate then sees no difference"
                yield Problem(project.name(path, node.lineno), what, "delete the call; run: alembic upgrade head")


@check("static")
def revisions_form_one_line(project: Project) -> Iterable[Problem]:
    """The revisions form one line with one head"""
    known = {values["revision"]: path for path, values in project.revisions.items()}
    followed: set[str] = set()
    for path, values in project.revisions.items():
        if known[values["revision"]] != path:
            what = f"its id {values['revision']} is also that of {project.name(known[values['revision']])}"
            yield Problem(project.name(path), what, "give one of them, and those that follow it, another id")
        before = values.get("down_revision") or ()
        before = {before} if isinstance(before, str) else set(before)
        followed |= before
        for missing in sorted(before - set(known)):
            yield Problem(project.name(path), f"it follows revision {missing}, which is not there",
                          f"restore the file of revision {missing} from version control")  # fmt: skip
        if len(values["revision"]) > 32:
            yield Problem(project.name(path), "its id is longer than the 32 characters that alembic_version holds",
                          "shorten the id, also where another revision names it")  # fmt: skip
    heads = sorted(set(known) - followed)
    if len(heads) > 1 and not any(values.get("branch_labels") for values in project.revisions.values()):
        yield Problem(project.name(known[heads[-1]]), f"there are {len(heads)} heads, {' and '.join(heads)}: "
                      "alembic upgrade head will refuse to choose", "alembic merge heads -m 'merge'")  # fmt: skip


def _is_metadata(node: ast.expr) -> bool:
    return re.search(r"metadata|\bdb$", ast.unparse(node), re.IGNORECASE) is not None


def _imports_ours(tree: ast.Module, project: Project) -> bool:
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return any(name.split(".")[0] == project.package for name in names)


def _reaches(tree: ast.Module, offline: bool) -> bool:
    """Tell whether running the module leads to run_migrations() in this mode.

    Whatever function is mentioned is taken to be called, and of a condition that is not about the mode both sides.
    """
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
    modes = {
        target.id: _mode(node.value, offline, {})
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    seen: set[str] = set()

    def visit(node: ast.AST) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return any(map(visit, node.decorator_list)) or (bool(node.decorator_list) and any(map(visit, node.body)))
        if isinstance(node, (ast.If, ast.IfExp)):
            side = _mode(node.test, offline, modes)
            branches = [node.body] if side else [node.orelse] if side is False else [node.body, node.orelse]
            return any(visit(n) for branch in branches for n in (branch if isinstance(branch, list) else [branch]))
        name = getattr(node, "id", getattr(node, "attr", ""))
        if name == "run_migrations":
            return True
        if name in functions and name not in seen:
            seen.add(name)
            if any(map(visit, functions[name].body)):
                return True
        return any(map(visit, ast.iter_child_nodes(node)))

    return any(map(visit, tree.body))


def _mode(test: ast.expr, offline: bool, known: dict[str, bool | None]) -> bool | None:
    """Return what a condition is in this mode, None if that cannot be told."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        value = _mode(test.operand, offline, known)
        return None if value is None else not value
    if isinstance(test, ast.Call) and getattr(test.func, "attr", getattr(test.func, "id", "")) == "is_offline_mode":
        return offline
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Name):
        return False if test.id == "TYPE_CHECKING" else known.get(test.id)
    if isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__":
        return False  # alembic imports env.py, it is never __main__
    return None


# ------------------------------------------------------------------------------------ probe: env.py is really run


@check("probe")
def env_reaches_run_migrations(project: Project) -> Iterable[Problem]:
    """Running env.py reaches run_migrations(), online and offline"""
    for mode, offline in (("online", False), ("offline", True)):
        try:
            context = project.run_env(offline)
        except Elsewhere:  # the next check is about that
            continue
        if context is None:
            what = f"env.py ran to its end {mode} without run_migrations(): alembic succeeds and does nothing"
            yield Problem(project.name(project.env), what, f"end the file with these lines, not indented:\n{DISPATCH}")


@check("probe")
def env_uses_database_url(project: Project) -> Iterable[Problem]:
    """env.py connects to the database that DATABASE_URL names"""
    try:
        project.run_env(offline=False)
    except Elsewhere as error:
        what = f"with DATABASE_URL naming another database, it connects to {error}"
        yield Problem(project.name(project.env), what, "connect with connection.connect(config), as in a new project")


@check("probe")
def metadata_is_the_models(project: Project) -> Iterable[Problem]:
    """env.py hands over the metadata with every table of the models"""
    handed_over = dict(project.handed_over)
    if not handed_over:
        what = "target_metadata is None or has no tables: there is nothing to compare the database with"
        yield Problem(project.name(project.env), what, "set it: target_metadata = Base.metadata")
        return
    for table, path in project.defined.items():
        if handed_over.get(table.fullname) is not table:
            what = f"it defines the table {table.fullname}, which env.py does not hand over: no migration creates it"
            fix = "let models/__init__.py import every module of the package, and the model inherit from its Base"
            yield Problem(path, what, fix)


# ------------------------------------------------- scratch: a whole life, step by step, on a database of its own


@check("scratch")
def autogenerate_sees_every_table(project: Project) -> Iterable[Problem]:
    """On an empty database, autogenerate proposes every table of the models"""
    from alembic import command
    from alembic.operations.ops import CreateTableOp

    proposed: set[str] = set()

    def look(_: Any, __: Any, directives: Any) -> None:
        operations = directives[0].upgrade_ops.ops
        proposed.update(op.to_table().fullname for op in operations if isinstance(op, CreateTableOp))

    command.revision(project.first_config, "rehearsal", autogenerate=True, process_revision_directives=look)
    missing = sorted(set(project.handed_over) - proposed)
    if missing:
        what = f"on an empty database autogenerate does not propose the tables {', '.join(missing)}"
        yield Problem(project.name(project.env), what, "look at its include_object and autogenerate_plugins")


@check("scratch")
def offline_prints_sql(project: Project) -> Iterable[Problem]:
    """alembic upgrade head --sql prints the SQL"""
    from alembic import command

    config = project.first_config
    command.upgrade(config, "head", sql=True)
    printed = config.output_buffer.getvalue()
    quoted = project.run_env(offline=True).dialect.identifier_preparer.format_table
    missing = [name for name, table in project.handed_over.items() if f"CREATE TABLE {quoted(table)}" not in printed]
    if missing:
        what = f"the SQL printed offline does not create {', '.join(missing)}"
        yield Problem(project.name(project.env), what, "call context.run_migrations() in run_migrations_offline()")


@check("scratch")
def upgrade_is_committed(project: Project) -> Iterable[Problem]:
    """After alembic upgrade head, a second connection sees the revision"""
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    command.upgrade(project.upgrade_config, "heads")
    heads = set(ScriptDirectory.from_config(project.upgrade_config).get_heads())
    with project.second_connection() as connection:
        version = set(MigrationContext.configure(connection).get_current_heads())
    if version != heads:
        what = f"alembic upgrade succeeded, but the database is at {', '.join(version) or 'no revision'}"
        yield Problem(project.name(project.env), what, "leave no transaction open before context.configure()")


@check("scratch")
def models_match_revisions(project: Project) -> Iterable[Problem]:
    """The revisions lead to what the models describe"""
    from alembic import command
    from alembic.util import AutogenerateDiffsDetected

    try:
        command.check(project.upgrade_config)
    except AutogenerateDiffsDetected as error:
        seen = ", ".join(map(_described, error.diffs))
        yield Problem(project.name(project.versions), f"no revision has this yet: {seen}",
                      'alembic revision --autogenerate -m "what changed", read it, alembic upgrade head')  # fmt: skip


@check("scratch")
def downgrade_leaves_nothing(project: Project) -> Iterable[Problem]:
    """After alembic downgrade base nothing is left"""
    from alembic import command
    from sqlalchemy import inspect

    command.downgrade(project.upgrade_config, "base")
    with project.second_connection() as connection:
        look = inspect(connection)
        left = sorted(set(look.get_table_names()) - {"alembic_version"})
        types = sorted(enum["name"] for enum in look.get_enums()) if hasattr(look, "get_enums") else []
    if left or types:
        what = f"alembic downgrade base leaves {', '.join(left + types)} behind"
        drops = "".join(f"\nop.execute('DROP TYPE {name}')" for name in types)
        yield Problem(project.name(project.versions), what, f"let downgrade() undo all that its upgrade() does{drops}")


@contextlib.contextmanager
def scratch_database() -> Iterator[str]:
    """Make an empty database and yield its URL; it is gone afterwards.

    A new database on the server that TEST_DATABASE_URL names, else a temporary SQLite file. Raises Unknown when that
    server cannot be used.
    """
    if "TEST_DATABASE_URL" not in os.environ:
        with tempfile.TemporaryDirectory() as directory:
            yield f"sqlite:///{Path(directory, 'scratch.db').as_posix()}"
        return
    from sqlalchemy import NullPool, create_engine

    package = Path(__file__).resolve().parents[1]
    sys.path.append(str(package.parent))
    settings = importlib.import_module(f"{package.name}.settings")
    try:
        server = settings.database_url("TEST_DATABASE_URL")
        if server.get_backend_name() == "sqlite":
            raise Unknown("it names no server, and without it SQLite is used anyway")
        connection = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()
    except Exception as error:
        raise Unknown(f"TEST_DATABASE_URL cannot be used: {_first_line(error)}") from None
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    force = " WITH (FORCE)" if server.get_backend_name() == "postgresql" else ""
    with connection:
        try:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


@contextlib.contextmanager
def _no_other(url: str) -> Iterator[None]:
    """Keep everything in this process from connecting to any other database. Raises Elsewhere where it is tried."""
    from sqlalchemy import Engine, event, make_url

    def place(arguments: Any, parameters: Any) -> Any:
        names = ("host", "port", "unix_socket", "dbname", "database", "db")
        return [*arguments[:1], *(str(parameters[name]) for name in names if name in parameters)]

    def guard(dialect: Any, _: Any, arguments: Any, parameters: Any) -> None:
        scratch = make_url(url)
        wanted = place(arguments, parameters)
        if dialect.name != scratch.get_backend_name() or wanted != place(*dialect.create_connect_args(scratch)):
            raise Elsewhere(f"{dialect.name}: {' '.join(wanted)}")

    event.listen(Engine, "do_connect", guard)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", guard)


def _described(difference: Any) -> str:
    """Put one of Alembic's differences into words, such as ``add_column users.nickname``."""
    if isinstance(difference, list):  # several changes of one column
        return ", ".join(map(_described, difference))
    action, *rest = difference
    if len(rest) > 1:  # schema, table, column, ...
        return f"{action} {rest[1]}.{getattr(rest[2], 'name', rest[2])}"
    return f"{action} {getattr(rest[0], 'fullname', None) or getattr(rest[0], 'name', None) or rest[0]}"


# --------------------------------------------------------------------- the three questions, answered by looking


def answers(project: Project) -> Iterator[str]:
    """Yield which tables the models register, which are in the live database, and what Alembic sees. Only reads."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import NullPool, create_engine, inspect

    models = sorted(table.fullname for table in project.defined)
    yield f"The models register {len(models)} tables: {', '.join(models)}"
    settings = importlib.import_module(f"{project.package}.settings")
    url = settings.database_url()
    database = f"The database {settings.masked(url)}"
    if url.get_backend_name() == "sqlite":
        if settings.in_memory(url) or not Path(url.database).exists():
            yield f"{database} does not exist yet"
            return
        url = url.set(database=Path(url.database).as_uri(), query={"mode": "ro", "uri": "true"})
    with create_engine(url, poolclass=NullPool).connect() as connection:
        tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version", "alembic_unfinished"})
        context = MigrationContext.configure(connection, opts=project.compare_options)
        heads = context.get_current_heads()
        seen = compare_metadata(context, next(table.metadata for table in project.defined))
    yield f"{database} has {len(tables)}: {', '.join(tables) or '-'}; it is at {', '.join(heads) or 'no revision'}"
    if set(tables) - set(models):
        yield f"In no model, and left alone by autogenerate: {', '.join(sorted(set(tables) - set(models)))}"
    yield f"Alembic sees {len(seen)} differences: {', '.join(map(_described, seen)) or '-'}"


# ----------------------------------------------------------------------------------------------------- the report


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def examine(project: Project) -> Iterator[tuple[Check, list[Problem] | Unknown]]:
    """Run the checks in order and yield each with its problems, or with the reason why it could not be carried out."""
    stopped = ""
    with contextlib.ExitStack() as stack:
        for stage, checks in STAGES.items():
            if stage == "probe" and not stopped:
                try:
                    stack.enter_context(project.on_scratch())
                except ModuleNotFoundError as error:
                    stopped = f"{error.name} is not installed for {sys.executable}"
                except Exception as error:
                    stopped = f"there is no scratch database: {_first_line(error)}"
            found = ""
            for function in checks:
                outcome = Unknown(stopped) if stopped else _outcome(function, project)
                if stage == "scratch" and project.foreign and isinstance(outcome, list) and outcome:
                    outcome = Unknown(f"{outcome[0].what} ({project.foreign})")
                yield function, outcome
                if outcome and (stage != "static" or isinstance(outcome, list)):
                    found = found or f"{_id(function)} comes first"
                if stage != "static":  # there each check goes on from where the one before it has arrived
                    stopped = stopped or found
            stopped = stopped or found


def _outcome(function: Check, project: Project) -> list[Problem] | Unknown:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Alembic's own chatter
            return list(function(project))
    except Unknown as reason:
        return reason
    except ModuleNotFoundError as error:
        if not project.has_module(error.name or ""):
            return Unknown(f"{error.name} is not installed for {sys.executable}")
        return [_crash(project, error)]
    except (Exception, SystemExit) as error:  # the project's own code failed, or left
        return [_crash(project, error)]


def _crash(project: Project, error: BaseException) -> Problem:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if project.owns(frame.filename)]
    where = project.name(frames[-1].filename, frames[-1].lineno) if frames else project.name(project.env)
    return Problem(where, f"{type(error).__name__}: {_first_line(error)}", "correct it, then run the doctor again")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or "without a message").splitlines()[0]


def _id(function: Check) -> str:
    return getattr(function, "__name__", "").replace("_", "-")


def main(argv: list[str] | None = None) -> int:
    """Examine a project and print a report.

    Returns 0 if it is sound, 1 for problems, 2 if it could not be checked, 130 if it was interrupted.
    """
    try:
        return _main(argv)
    except KeyboardInterrupt:
        return 130


def _main(argv: list[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="doctor", description=__doc__)
    parser.add_argument("--config", type=Path, help="the project's alembic.ini (default: the one above this file)")
    parser.add_argument("--no-live", action="store_true", help="do not look at the database in DATABASE_URL")
    arguments = parser.parse_args(argv)
    gc.disable()  # most of the time goes into importing, of which nothing is garbage
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]  # nor is Mako to import Pygments
    sys.dont_write_bytecode = True  # nothing is left behind in the project
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    above = [parent / "alembic.ini" for parent in (*Path(__file__).resolve().parents, Path.cwd(), *Path.cwd().parents)]
    ini = arguments.config or next((ini for ini in above if ini.is_file()), None)
    if ini is None or not ini.is_file():
        missing = ini or f"alembic.ini above {Path.cwd()}"
        print(f"There is no {missing}: run this in the project, or name the file with --config.")
        return 2
    project = Project(ini)

    counts = {"ok": 0, "PROBLEM": 0, "unknown": 0}
    for function, outcome in examine(project):
        verdict = "unknown" if isinstance(outcome, Unknown) else "PROBLEM" if outcome else "ok"
        counts[verdict] += 1
        print(f"{verdict:8} {_id(function):30} {(function.__doc__ or '').splitlines()[0]}")
        if isinstance(outcome, Unknown):
            print(f"{'':8} not checked: {outcome}")
            continue
        for problem in outcome:
            print(textwrap.indent(f"{problem.where}: {problem.what}\nfix: {problem.fix}", " " * 9))
    if not arguments.no_live:
        try:
            for line in answers(project):
                print(line)
        except Exception as error:
            print(f"The three questions have no answer: {_first_line(error)}")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if counts["PROBLEM"] else 2 if counts["unknown"] else 0


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if Path(entry) != Path(__file__).parent]  # its neighbours are no modules
    code = main()
    sys.stdout.flush()
    os._exit(code)  # at once: taking down all that was imported would take as long as several checks
