"""The project under examination, with what env.py does when it is run."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from pathlib import Path
from typing import Any

from . import Problem, Unknown
from .layout import Layout
from .standin import URL_PARTS, Scratch, engine, settings_of


@dataclass(frozen=True)
class Run:
    """One call of run_migrations(): its MigrationContext and the tables handed over; online, the scratch database's URL
    and the place that it stands in for."""

    context: Any
    tables: dict[str, Any]
    database: str
    place: str


class Project(Layout):
    """A project whose env.py can be run. What is expensive to find out is found out once, when it is asked for."""

    def __init__(self, config: Path, section: str = "alembic", x: list[str] | None = None) -> None:
        super().__init__(config, section)
        self.x = x  # what alembic -x hands to env.py
        self.scratch = Scratch()
        self.environment = dict(os.environ)  # as it is before DATABASE_URL names a scratch database
        self.logging_changed = ""
        self.proposed: set[str] = set()  # the tables that autogenerate proposes on an empty database
        self.noticed: list[Problem] = []  # what the revisions were seen to do while they ran
        self._done: dict[str, Any] = {}

    def config(self, **options: str) -> Any:
        """Return an Alembic Config for this project that prints nothing, with some main options replaced."""
        from alembic.config import Config

        arguments: dict[str, Any] = {"stdout": io.StringIO(), "output_buffer": io.StringIO()}
        if self.toml.is_file() and "toml_file" in signature(Config.__init__).parameters:
            arguments["toml_file"] = str(self.toml)
        elif self.config_file == self.toml:
            raise Unknown("this Alembic does not read pyproject.toml: it needs 1.16 or newer")
        config = Config(str(self.ini), ini_section=self.section, **arguments)
        config.cmd_opts = Namespace(x=self.x) if self.x else None
        config.attributes["allow-drop"] = True  # rows that revisions insert may go with the scratch database
        config.file_config.remove_section("post_write_hooks")
        options["script_location"] = str(self.scripts)  # absolute, as some are run from another directory
        if "version_locations" in self.options:
            options.setdefault("version_locations", self.separator.join(map(str, self.versions)))
        if "path_separator" not in self.options:  # 1.13's own template has a comment in the value
            options["version_path_separator"] = "os"
        for name, value in options.items():
            config.set_main_option(name, value.replace("%", "%%"))
        return config

    def run_env(
        self, work: Callable[[Any, Any], Any], config: Any = None, offline: bool = False, **options: Any
    ) -> None:
        """Run env.py as alembic does, with the function that run_migrations() is to call.

        Raises Elsewhere, and whatever env.py raises.
        """
        from alembic.runtime.environment import EnvironmentContext

        config = config or self.config()
        scripts = self.script_directory(config)
        with self._application(offline), EnvironmentContext(config, scripts, fn=work, as_sql=offline, **options):
            scripts.run_env()

    def alembic(self, name: str, config: Any, *arguments: Any, **options: Any) -> None:
        """Run one of Alembic's commands."""
        from alembic import command

        if not self.package:  # what env.py may ask about the command line
            config.cmd_opts = Namespace(x=self.x, autogenerate=bool(options.get("autogenerate")))
        with self._application(bool(options.get("sql"))):
            getattr(command, name)(config, *arguments, **options)

    def runs(self, offline: bool = False) -> list[Run]:
        """Return what env.py handed over in this mode: nothing when it never reached run_migrations()."""

        def run() -> list[Run]:
            found: list[Run] = []

            def look(_: Any, context: Any) -> list[Any]:
                metadata = context.opts.get("target_metadata")
                several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
                tables = {name: table for one in several if one is not None for name, table in one.tables.items()}
                url, place = ("", "") if offline else self.scratch.behind(context.connection)
                found.append(Run(context, tables, url, place))
                return []

            with self._logging_watched():
                self.run_env(look, offline=offline)
            return found

        runs: list[Run] = self.once(f"runs {offline}", run)
        return runs

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """Do some work the first time that it is asked for; return what came of it, or raise it, every time."""
        if name not in self._done:
            try:
                self._done[name] = work()
            except Exception as error:
                self._done[name] = error
        if isinstance(self._done[name], Exception):
            raise self._done[name]
        return self._done[name]

    @contextlib.contextmanager
    def _logging_watched(self) -> Iterator[None]:
        """Note what happens to the logging inside, and undo it."""
        root, witness = logging.root, logging.getLogger("doctor.witness")
        level, handlers = root.level, list(root.handlers)
        witness.disabled = False
        try:
            yield
        finally:
            if witness.disabled:
                self.logging_changed = "disables the loggers that are there"
            elif (root.level, root.handlers) != (level, handlers):
                self.logging_changed = "replaces the root logger's level and handlers"
            root.setLevel(level)
            root.handlers[:] = handlers

    def live(self) -> list[tuple[Run | None, Any]]:
        """Return the databases that env.py leads to: the Run that was led to a scratch database instead, and the URL.

        Raises Unknown when DATABASE_URL does not tell.
        """
        from sqlalchemy.engine import URL

        if self.package:
            run = None
            with contextlib.suppress(Exception, SystemExit):
                run = self.runs()[0]
            return [(run, self.once("live", lambda: None))]
        found: list[tuple[Run | None, Any]] = []
        for run in self.runs():
            dialect, _, parameters = self.scratch.wanted[run.place]
            place: Any = {name: next(filter(None, map(parameters.get, keys)), None) for name, keys in URL_PARTS.items()}
            if dialect.name == "sqlite":
                place = {"database": run.place.removeprefix("sqlite: ")}
            driver = _SYNCHRONOUS.get(dialect.driver, dialect.driver)
            found.append((run, URL.create(f"{dialect.name}+{driver}", **place)))
        return found

    def find_live(self) -> None:
        """Find out which database DATABASE_URL names, before it names a scratch database."""

        def look() -> Any:
            with settings_of(self.sources / self.package) as settings:
                try:
                    return settings.database_url()
                except settings.SettingsError as error:
                    raise Unknown(str(error)) from None

        if self.package:
            with contextlib.suppress(Exception):
                self.once("live", look)

    def script_directory(self, config: Any = None) -> Any:
        """Return Alembic's view of the revisions."""
        from alembic.script import ScriptDirectory

        return ScriptDirectory.from_config(config or self.config())

    @property
    def handed_over(self) -> dict[str, Any]:
        """By name, the tables of all the metadata that env.py hands to Alembic."""
        return {name: table for run in self.runs() for name, table in run.tables.items()}

    def loaded(self) -> dict[Path, Any]:
        """Return the owner's modules that are imported by now, by their files."""
        files = [(getattr(module, "__file__", None), module) for module in list(sys.modules.values())]
        return {Path(os.path.abspath(file)): module for file, module in files if file and self.owns(file)}

    @contextlib.contextmanager
    def _application(self, offline: bool = False) -> Iterator[None]:
        """Enter the Flask application, where env.py asks for one; offline also a directory where it may write."""
        if offline:
            sys.path[:] = [os.path.abspath(entry) for entry in sys.path]
            before = os.getcwd()
            os.chdir(self.scratch.directory())
            try:
                with self._application():
                    yield
            finally:
                os.chdir(before)
            return
        if b"current_app" not in self.env.read_bytes():
            yield
            return
        flask = importlib.import_module("flask.cli")
        try:
            flask.load_dotenv()  # .flaskenv, as the flask command does
            application = flask.ScriptInfo(os.environ.get("FLASK_APP")).load_app()
        except flask.NoAppException as error:
            raise Unknown(f"env.py needs the Flask application: set FLASK_APP ({error})") from None
        with application.app_context():
            yield

    @cached_property
    def defined(self) -> dict[Any, str]:
        """The tables that the models packages define, each with its file: every file is imported, registered or not."""
        from sqlalchemy import MetaData, Table

        sys.path.append(str(self.sources))
        models = self.sources / self.package / "models"
        found: dict[Any, str] = {}
        metadatas: set[MetaData] = set()
        modules = {}
        for path in sorted(models.rglob("*.py")):
            parts = path.relative_to(self.sources).with_suffix("").parts
            modules[path] = importlib.import_module(".".join(parts).removesuffix(".__init__"))
        elsewhere = [f"{name}." for name in getattr(sys.modules[f"{self.package}.models"], "ELSEWHERE", ())]
        for name, module in list(sys.modules.items()):  # env.py has imported all of them
            if f"{name}.".startswith(tuple(elsewhere)) and getattr(module, "__file__", None):
                modules[Path(str(module.__file__))] = module
        for path, module in modules.items():
            for value in list(vars(module).values()):
                table = getattr(value, "__table__", value)
                imported = isinstance(value, type) and value.__module__ != module.__name__
                if isinstance(table, Table) and not imported:
                    found.setdefault(table, self.name(path))
                metadatas |= {m for m in (value, getattr(value, "metadata", None)) if isinstance(m, MetaData)}
        for metadata in metadatas:
            for table in metadata.tables.values():
                found.setdefault(table, self.name(models))
        return found

    @cached_property
    def first_config(self) -> Any:
        """A Config for a first revision, whatever revisions there are."""
        return self.config(version_locations=self.scratch.directory())

    @cached_property
    def chain(self) -> Any:
        """A Config for the project's revisions; if there are none, for the one that autogenerate would write."""
        return self.config() if self.revisions else self.first_config


_SYNCHRONOUS = {"aiosqlite": "pysqlite", "asyncpg": "psycopg", "aiomysql": "pymysql", "asyncmy": "pymysql"}


def all_heads(scripts: Any) -> set[str]:
    """Return the revisions that a database at the heads is at: none that another one depends on."""
    depended = {
        scripts.get_revision(name).revision
        for script in scripts.walk_revisions()
        for name in ([script.dependencies] if isinstance(script.dependencies, str) else script.dependencies or ())
    }
    return set(scripts.get_heads()) - depended


def version(run: Run, source: Any = None) -> set[str]:
    """Return the heads that a database is at: the scratch database's, or another one's."""
    from alembic.runtime.migration import MigrationContext

    names = ("version_table", "version_table_schema")
    opts = {name: run.context.opts[name] for name in names if name in run.context.opts}
    if source is None and run.context.dialect.name == "postgresql":  # env.py may have set its search_path
        opts.setdefault("version_table_schema", run.context.dialect.default_schema_name)
    with engine(source or run.database).connect() as connection:
        return set(MigrationContext.configure(connection, opts=opts).get_current_heads())
