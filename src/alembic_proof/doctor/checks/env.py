"""Checks of env.py: what it reaches, where it connects, and what it leaves as it was."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from ...errors import NoScratchDatabaseError, NotApplicableError, UndeterminedError
from ...sandbox.redirect import explain
from ..findings import Finding, Note, Problem
from ..layout import is_aside
from ..migrating import while_migrating
from ..model_places import line_of
from ..project import Project
from ..reaching import runs_in_a_loop, runs_migrations
from ..registry import check
from ..untouched import is_a

DISPATCH = """\
if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()"""
# What is wrong in the text of env.py, and of what it is called with.
_ENV_FAULTS = (
    "env-runs-migrations",
    "ini-has-its-logging",
    "options-have-one-meaning",
    "library-settings-are-valid",
    "library-pin-agrees",
)
# Through one of these, a text does not tell what is called.
_DYNAMIC = {"globals", "locals", "vars", "getattr", "exec", "eval", "import_module", "run_path"}


@check("env-runs-migrations", "static", requires=("ini-leads-to-scripts",))
def env_runs_migrations(project: Project) -> Iterable[Finding]:
    """env.py calls run_migrations(), online and offline

    If it does not, every alembic command exits with 0, alembic check included, and autogenerate writes an empty file.
    """
    tree = project.tree(project.env)
    missing = [mode for mode, offline in (("online", False), ("offline", True)) if not runs_migrations(tree, offline)]
    if not missing:
        return
    names = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(tree)}
    if "run_migrations" not in names or names & _DYNAMIC:  # another module may do it
        raise NotApplicableError("the text of env.py does not tell what is called: running it will")
    effect = "every alembic command succeeds and does" if "online" in missing else "alembic upgrade head --sql prints"
    message = f"context.run_migrations() is never reached {' or '.join(missing)}: {effect} nothing"
    last = tree.body[-1].end_lineno if tree.body else None
    yield Problem(project.name(project.env, last), message, _dispatch(tree))


@check(
    "env-reaches-run-migrations",
    "probe",
    requires=("libraries-are-not-hidden", "ini-leads-to-scripts"),
    follows=_ENV_FAULTS,
    essential=True,
)
def env_reaches_run_migrations(project: Project) -> Iterable[Finding]:
    """Running env.py reaches run_migrations(), online and offline

    The proof that does not depend on how it is written: alembic's own commands succeed either way.
    """
    silent: dict[tuple[str, str, str], list[str]] = {}  # by what is wrong, the modes in which it is
    for mode, offline in (("online", False), ("offline", True)):
        try:
            reached = project.runs(offline)
        except NoScratchDatabaseError as error:
            if project.settings.database_variable:  # the next check is about that
                continue
            raise UndeterminedError(f"env.py: {explain(error)}") from None
        except Exception as error:
            if offline and not project.uses_library and project.runs():
                return  # some projects have no use for it
            if not offline and not project.takes_connection and (place := _without_connection(project)):
                message = "online, context.configure() is given no connection: there is nothing to migrate with"
                yield Problem(place, message, "context.configure(connection=connection, ...) in place of url=")
                return
            raise error
        if not reached and runs_in_a_loop(project.tree(project.env)):
            raise UndeterminedError(f"{mode}, env.py migrates what it finds in the database, and an empty one has none")
        if not reached:
            silent.setdefault(_silence(project), []).append(mode)
    for (where, message, fix), modes in silent.items():
        yield Problem(where, message.format(" and ".join(modes)), fix)


def _silence(project: Project) -> tuple[str, str, str]:
    """Return where and why env.py has just run to its end without run_migrations(), with {} for how, and the fix."""
    if project.watch.unawaited:
        return _unawaited(project, project.watch.unawaited[0])
    message = "env.py ran to its end {} without run_migrations(): alembic succeeds and does nothing"
    return project.name(project.env), message, _dispatch(project.tree(project.env))


def _without_connection(project: Project) -> str:
    """Return where env.py calls context.configure() online without a connection; an empty string if it does not."""
    places = [place for place, options in project.first_watch.configured if options.get("connection") is None]
    return places[0] if places else ""


def _dispatch(tree: ast.Module) -> str:
    """Return how to let env.py reach run_migrations(), by what is in it."""
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    both = {"run_migrations_offline", "run_migrations_online"}
    called = {
        name.id for line in tree.body if line not in functions for name in ast.walk(line) if isinstance(name, ast.Name)
    }
    if both <= {function.name for function in functions} and not both <= called:
        return f"end the file with these lines, not indented:\n{DISPATCH}"
    if any(getattr(node, "attr", "") == "configure" for node in ast.walk(tree)) and (both <= called or not functions):
        return "after each context.configure(...): with context.begin_transaction():\n    context.run_migrations()"
    running = [function for function in functions if "run_migrations(" in ast.unparse(function)]
    if running:
        calls = [
            f"asyncio.run({each.name}())" if isinstance(each, ast.AsyncFunctionDef) else f"{each.name}()"
            for each in running
        ]
        return f"call what runs the migrations, in a line that is not indented: {' or '.join(calls)}"
    return (
        "write how env.py connects, context.configure(connection=connection, target_metadata=...), and "
        "with context.begin_transaction(): context.run_migrations(), as in the env.py of alembic init"
    )


def _unawaited(project: Project, coroutine: str) -> tuple[str, str, str]:
    """Return the place of a coroutine that env.py makes and nobody runs, what comes of it, and the fix."""
    calls = [
        node.lineno
        for node in ast.walk(project.tree(project.env))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == coroutine
    ]
    message = f"{coroutine}() is a coroutine, and nobody awaits it: alembic succeeds and does nothing"
    return project.name(project.env, max(calls, default=None)), message, f"asyncio.run({coroutine}())"


@check("env-uses-database-url", "probe", setting="database_variable")
def env_uses_database_url(project: Project) -> Iterable[Finding]:
    """env.py connects to the database that the setting database-variable names

    If it has a URL of its own, migrations succeed on one database while the application uses another.
    """
    with contextlib.suppress(NoScratchDatabaseError):
        project.runs()
    variable = project.settings.database_variable
    for place in [place for place in project.sandbox.requests if place != project.scratch_place]:
        message = f"with {variable} naming another database, it connects to {place}"
        fix = f"connect to what {variable} names: with connect(config, database_url) as connection:"
        yield Problem(project.name(project.env), message, fix)


@check("application-uses-the-same-database", "probe", follows=("env-uses-database-url",))
def application_uses_the_same_database(project: Project) -> Iterable[Finding]:
    """The application's engine leads to the database that env.py migrates

    Otherwise migrations succeed, and the application finds no table, or works on tables that nobody migrates.
    """
    requests = project.sandbox.requests
    for place in sorted(requests):
        if re.search(r"[:/\\ ]None( at|$)|: None:", place):
            message = f"it connects to {place}: the URL contains the value of a variable that is not set"
            yield Problem(project.name(project.env), message, "set the variable, and let env.py stop when it is not")
        parameters = requests[place].parameters
        if "***" in (parameters.get("password"), parameters.get("passwd")):
            message = f"it connects to {place} with the password ***: str(url) masks the real one"
            fix = "create_engine(url), or url.render_as_string(hide_password=False)"
            yield Problem(project.name(project.env), message, fix)
    engines = {**_loaded_engines(project), **_written_engines(project)}
    others = {where: place for where, place in engines.items() if place not in requests}
    others = {where: place for where, place in others.items() if not (is_aside(where) and "memory" in place)}
    kind = Problem if requests and len(others) == len(engines) else Note
    for where, place in others.items():
        message = f"the application's engine leads to {place}, but env.py migrates {' and '.join(sorted(requests))}"
        aside = is_aside(where) or any(_is_pooled(place, request) for request in requests)
        yield (Note if aside else kind)(where, message, "let both take the URL from one place")


_POOLER = re.compile(r":6432$|:6543$|pooler|bouncer")


def _is_pooled(place: str, other: str) -> bool:
    """Tell whether two places are one database, once through a pooler, which migrations go around."""
    (database, _, server), (other_database, _, other_server) = place.partition(" at "), other.partition(" at ")
    return database == other_database and bool(_POOLER.search(server)) != bool(_POOLER.search(other_server))


def _loaded_engines(project: Project) -> dict[str, str]:
    """Return the engines in the modules that env.py imported: the file and line, and the place each leads to."""
    from sqlalchemy.engine import Engine

    kinds: list[type] = [Engine]
    if asynchronous := sys.modules.get("sqlalchemy.ext.asyncio.engine"):  # importing it needs greenlet
        kinds.append(asynchronous.AsyncEngine)
    places: dict[str, str] = {}
    for path, module in project.loaded().items():
        for name, value in list(vars(module).items()):
            if is_a(value, *kinds):
                engine: Any = getattr(value, "sync_engine", value)
                where = project.name(path, line_of(project, path, name))
                places[where] = project.sandbox.place(engine.url)
    return places


def _written_engines(project: Project) -> dict[str, str]:
    """Return those in other modules whose URL is written down there, or comes from the environment."""
    from sqlalchemy.exc import ArgumentError

    places, loaded = {}, project.loaded()
    for path in project.files_with(rb"create_(async_)?engine"):
        if path in loaded or project.scripts in path.parents:
            continue
        tree = project.tree(path)
        known = _known_texts(tree)
        # Without the setting, an engine that a function makes may well be for another database.
        nodes = ast.walk(tree) if project.settings.database_variable else _assigned(tree)
        for node in nodes:
            if isinstance(node, ast.Call) and re.search(r"\bcreate_(async_)?engine$", ast.unparse(node.func)):
                url = _text(node.args[0], known) if node.args else None
                with contextlib.suppress(ArgumentError, ImportError):
                    if url:
                        places[project.name(path, node.lineno)] = project.sandbox.place(url)
    return places


def _assigned(tree: ast.Module) -> list[ast.AST]:
    """Return what a module assigns to its variables."""
    return [node.value for node in tree.body if isinstance(node, ast.Assign)]


def _known_texts(tree: ast.Module) -> dict[str, str]:
    """Return the variables of a module that are texts, as far as they can be read."""
    known: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _text(node.value, known)
            if value is not None:
                known[node.targets[0].id] = value
    return known


def _text(node: ast.expr, known: dict[str, str]) -> str | None:
    """Return the text that an expression comes to, if it consists of literals, known names and the environment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.JoinedStr):
        parts = [_text(part.value if isinstance(part, ast.FormattedValue) else part, known) for part in node.values]
        return None if None in parts else "".join(part for part in parts if part is not None)
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
        return os.environ.get(_text(node.slice, known) or "")
    if isinstance(node, ast.Call) and re.search(r"getenv$|environ\.get$", ast.unparse(node.func)):
        values = [_text(argument, known) for argument in node.args]
        return os.environ.get(values[0] or "", values[1] if len(values) > 1 else None) if values else None
    return None


@check("env-leaves-logging-alone", "probe")
def env_leaves_logging_alone(project: Project) -> Iterable[Finding]:
    """Migrations run by the application leave its logging as it was

    fileConfig() disables every existing logger and replaces the root logger's handlers. In the alembic command that
    does no harm; in a process that runs migrations by itself, its log falls silent.
    """
    has_application = bool(project.settings.database_variable) and not project.is_of_flask
    if not has_application and not any(map(_runs_alembic, map(project.tree, project.files_with(b"alembic")))):
        raise NotApplicableError("only the alembic command runs env.py")
    if project.logging_changed:
        message = f"run by a program, it {project.logging_changed}"
        call = "fileConfig(config.config_file_name, disable_existing_loggers=False)"
        if b"fileConfig" not in project.env.read_bytes():
            call = "followed by what sets up the logging, such as logging.basicConfig()"
        fix = f"only for the alembic command: if context.config.cmd_opts is not None: {call}"
        if project.is_of_flask:  # it has cmd_opts also where the application runs migrations
            fix = f"keep those of the application: {call}"
        yield (Problem if has_application else Note)(project.name(project.env), message, fix)


def _runs_alembic(tree: ast.Module) -> bool:
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(re.search(r"\b(command|alembic)\.(upgrade|downgrade|stamp)$", call) for call in calls)


@check("migrations-take-turns", "probe", library=True, follows=("env-uses-database-url",))
def migrations_take_turns(project: Project) -> Iterable[Finding]:
    """While one process migrates, another one waits

    Without a lock, two replicas that start at once run the same revision twice.
    """
    if not all(state.locked for state in while_migrating(project)):
        message = "a second migration of the same database would run at the same time"
        fix = (
            "with connect(config, database_url) as connection: or, with a connection of its own, migrating(connection)"
        )
        yield Problem(project.name(project.env), message, fix)


@check("rebuilding-keeps-rows", "probe")
def rebuilding_keeps_rows(project: Project) -> Iterable[Finding]:
    """On SQLite, rebuilding a table does not delete the rows that refer to it

    A batch makes a new table and drops the old one. With foreign keys enforced, ON DELETE CASCADE then empties the
    tables that refer to it.
    """
    keys: list[Any] = [key for table in project.handed_over.values() for key in table.foreign_keys]
    tables = {key.parent.table.name for key in keys if (key.ondelete or "").upper() in ("CASCADE", "SET NULL")}
    batch = any(run.context.opts.get("render_as_batch") for run in project.runs())
    if batch and tables and any(state.enforces_foreign_keys for state in while_migrating(project)):
        message = (
            f"foreign keys are enforced while tables are rebuilt: rows of {', '.join(sorted(tables))} are deleted with "
            "the old table"
        )
        yield Problem(project.name(project.env), message, "PRAGMA foreign_keys=OFF on the migration's connection")
