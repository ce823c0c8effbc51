"""The project under examination, and what env.py does when it is run."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import NotApplicableError, UndeterminedError
from ..packages import import_all
from ..sandbox import Sandbox, engine, environment
from ..sandbox.redirect import URL_PARTS
from ..sqltext import full_name
from .findings import Finding
from .layout import Layout
from .rehearsal import one_of_each_kind
from .revision_chain import several
from .untouched import is_a
from .watching import Watch, calling_place, noting_coroutines, noting_transactions, watched

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import URL, Engine, MetaData, Table

NOT_BEGUN = "there are no models and no revisions yet"
_SYNCHRONOUS = {"aiosqlite": "pysqlite", "asyncpg": "psycopg", "aiomysql": "pymysql", "asyncmy": "pymysql"}


@dataclass(frozen=True)
class Run:
    """One call of run_migrations(): its context, and the tables of the metadata that env.py hands over."""

    context: MigrationContext
    metadata: list[MetaData]  # that env.py hands over
    database: str  # online, the URL of the scratch database
    place: str  # online, what that stands in for: see Sandbox

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Its tables, by full name."""
        return {name: table for metadata in self.metadata for name, table in metadata.tables.items()}

    def version(self, source: URL | str | Engine | None = None) -> set[str]:
        """Return the revisions that a database is at: the scratch database, or another one."""
        from alembic.runtime.migration import MigrationContext

        names = ("version_table", "version_table_schema")
        opts = {name: self.context.opts[name] for name in names if name in self.context.opts}
        schema = self.context.dialect.default_schema_name
        # env.py may have set its search_path; elsewhere "public" may be another one, by what the role was given
        if self.context.dialect.name == "postgresql" and (source is None or schema != "public"):
            opts.setdefault("version_table_schema", schema)
        with engine(source or self.database).connect() as connection:
            return set(MigrationContext.configure(connection, opts=opts).get_current_heads())


class Comparison(NamedTuple):
    """What Alembic said of a schema, compared with the models."""

    schema: frozenset[tuple[str, ...]]  # its statements; none where the database does not keep them
    differences: list[Any]


class Project(Layout):
    """A project whose env.py can be run. What is expensive is determined once, when it is asked for."""

    def __init__(self, config: Path, section: str = "alembic", x: list[str] | None = None, url: str = "") -> None:
        super().__init__(config, section)
        self.x = x  # what alembic -x hands to env.py
        self.url = url  # what the application sets as sqlalchemy.url before it runs env.py; empty if it does not
        self.sandbox = Sandbox(self.root.name)
        self.scratch_place = ""  # the place that database-variable names in the sandbox
        self.watch = Watch()  # what the last run of env.py did
        self.first_watch = Watch()  # and the first one, online
        self.logging_changed = ""  # what env.py did to the logging
        self.proposed: set[str] = set()  # the tables that autogenerate proposes on an empty database
        self.rehearsed: set[str] = set()  # those of them that the revision which it writes creates
        # For each call of run_migrations(), the schema that the revisions built, and how it differs from the models.
        self.compared: list[Comparison] = []
        self.observed: list[Finding] = []  # what the revisions did besides their operations while they ran
        self._results: dict[str, Any] = {}

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """Call a function the first time; return what it returned, or raise what it raised, every time."""
        if name not in self._results:
            try:
                self._results[name] = work()
            except (Exception, SystemExit) as error:
                self._results[name] = error
        if isinstance(self._results[name], (Exception, SystemExit)):
            raise self._results[name]
        return self._results[name]

    def enter_sandbox(self, stack: contextlib.ExitStack) -> None:
        """Lead every connection to scratch databases, from the project's directory, as long as the stack is open.

        Raises UndeterminedError, and what a missing library raises.
        """
        stack.callback(os.chdir, os.getcwd())
        self.sandbox.server = self.server
        stack.enter_context(self.sandbox)
        if self.settings.database_variable:
            self.scratch_place = self.sandbox.name_in_environment(self.settings.database_variable)
        os.chdir(self.root)

    def config(self, **options: str) -> Config:
        """Return an Alembic Config for this project that prints nothing, with some main options replaced."""
        from alembic.config import Config

        arguments: dict[str, Any] = {"stdout": io.StringIO(), "output_buffer": io.StringIO()}
        toml = self.configuration.toml
        if toml.is_file() and "toml_file" in signature(Config.__init__).parameters:
            arguments["toml_file"] = str(toml)
        elif self.configuration.file == toml:
            raise UndeterminedError("this Alembic does not read pyproject.toml: it needs 1.16 or newer")
        config = Config(str(self.ini), ini_section=self.configuration.section, **arguments)
        config.cmd_opts = Namespace(x=self.x) if self.x else None
        config.attributes["allow-drop"] = True  # rows that revisions insert may go with the scratch database
        config.file_config.remove_section("post_write_hooks")
        options["script_location"] = str(self.scripts)  # absolute, as some are run from another directory
        separator = self.configuration.separator
        if (
            "path_separator" not in self.options
        ):  # the template of Alembic 1.13 has a comment in the value of the old one
            options["version_path_separator"], separator = "os", os.pathsep
        if "version_locations" in self.options:
            options.setdefault("version_locations", separator.join(map(str, self.versions)))
        if self.url:
            options["sqlalchemy.url"] = self.url
        for name, value in options.items():
            config.set_main_option(name, value.replace("%", "%%"))
        return config

    @cached_property
    def first_config(self) -> Config:
        """A Config for a first revision, whatever revisions there are."""
        return self.config(version_locations=self.sandbox.directory())

    @property
    def chain(self) -> Config:
        """A Config for the project's revisions; if there are none, for the one that autogenerate writes."""
        if self.revisions:
            return self.config()
        self.rehearse()
        return self.first_config

    def has_not_begun(self, handed_over: Sequence[MetaData]) -> bool:
        """Tell whether the first model is still to come: no revision, and no table in the packages for models.

        :param handed_over: the metadata that env.py hands to Alembic; where it hands over none, something is wrong.
        """
        if self.revisions or not handed_over or any(metadata.tables for metadata in handed_over):
            return False
        return bool(self.settings.models) and not self.defined

    def rehearse(self) -> None:
        """Let autogenerate write a first revision, once, whatever revisions there are: see proposed.

        Where there are revisions, it has one table of each kind: nobody runs it but to see that it can be run. Raises
        NotApplicableError where there is nothing to write yet.
        """
        if self.has_not_begun([metadata for run in self.runs() for metadata in run.metadata]):
            raise NotApplicableError(NOT_BEGUN)
        self.once("rehearsal", self._rehearse)

    def _rehearse(self) -> None:
        from alembic.operations.ops import CreateTableOp

        def created(operations: list[Any]) -> set[str]:
            return {full_name(op.table_name, op.schema) for op in operations if isinstance(op, CreateTableOp)}

        def collect(_: Any, __: Any, directives: Any) -> None:
            for operations in [operations for script in directives for operations in script.upgrade_ops_list]:
                self.proposed |= created(operations.ops)
                if self.revisions:
                    operations.ops = one_of_each_kind(operations.ops)
                self.rehearsed |= created(operations.ops)

        options: dict[str, Any] = {"autogenerate": True, "process_revision_directives": collect}
        if not self.has_metadata:  # revisions are written by hand
            options = {}
        self.alembic("revision", self.first_config, "rehearsal", **options)

    def run_env(
        self, work: Callable[[Any, Any], Any], config: Config | None = None, offline: bool = False, **options: Any
    ) -> None:
        """Run env.py as Alembic's commands do, with the function that run_migrations() is to call.

        Raises NoScratchDatabaseError, and whatever env.py raises.
        """
        from alembic.runtime.environment import EnvironmentContext

        config = config or self.config()
        scripts = self.script_directory(config)
        self.watch = Watch()
        environment = EnvironmentContext(config, scripts, fn=work, as_sql=offline, **options)
        with (
            self.application(offline),
            self._handing_over(config),
            watched(environment, self.watch, self._calling_place),
        ):
            scripts.run_env()

    def _calling_place(self) -> str:
        return calling_place(self.name, self.is_inside)

    def alembic(self, command: str, config: Config, *arguments: Any, **options: Any) -> None:
        """Run one of Alembic's commands."""
        from alembic import command as commands

        # What env.py may read of the command line: as Alembic's own, only `revision` has --autogenerate.
        revision = {"autogenerate": options.get("autogenerate", False)} if command == "revision" else {}
        config.cmd_opts = Namespace(x=self.x, **revision)
        with self.application(bool(options.get("sql"))), self._handing_over(config):
            getattr(commands, command)(config, *arguments, **options)

    def runs(self, offline: bool = False) -> list[Run]:
        """Return what env.py hands over in this mode: nothing when it never reaches run_migrations()."""

        from sqlalchemy import MetaData

        def run() -> list[Run]:
            runs: list[Run] = []

            def collect(_: Any, context: MigrationContext) -> list[Any]:
                context.opts = dict(context.opts)  # Alembic has one for all databases that env.py migrates
                metadata: Any = context.opts.get("target_metadata")
                several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
                given = [item for item in several if is_a(item, MetaData)]
                url, place = ("", "") if offline else self.sandbox.target(context.connection)
                runs.append(Run(context, given, url, place))
                return []

            try:
                with (
                    self._watching_logging(),
                    noting_coroutines(lambda: self.watch),
                    noting_transactions(lambda: self.watch, self._calling_place),
                ):
                    self.run_env(collect, offline=offline)
            finally:
                if not offline:
                    self.first_watch = self.watch
            return runs

        runs: list[Run] = self.once(f"runs {offline}", run)
        return runs

    @cached_property
    def takes_connection(self) -> bool:
        """Whether env.py makes no engine, and uses the connection that an application hands over."""
        text = self.env.read_bytes() if self.env.is_file() else b""
        takes = re.search(rb"attributes(\[|\.get\()\s*[\"']connection[\"']", text)
        return takes is not None and re.search(rb"create_(async_)?engine|engine_from_config", text) is None

    @contextlib.contextmanager
    def _handing_over(self, config: Config) -> Iterator[None]:
        """Hand env.py a connection to --url, where it takes one, and commit as the application does."""
        if not (self.url and self.takes_connection):
            yield
            return
        from sqlalchemy import create_engine, make_url
        from sqlalchemy.pool import NullPool

        url = make_url(self.url)
        driver = _SYNCHRONOUS.get(url.drivername.partition("+")[2])
        if driver:
            url = url.set(drivername=f"{url.get_backend_name()}+{driver}")
        with create_engine(url, poolclass=NullPool).begin() as connection:
            config.attributes["connection"] = connection
            try:
                yield
            finally:
                del config.attributes["connection"]

    @contextlib.contextmanager
    def _watching_logging(self) -> Iterator[None]:
        """Note what happens to the logging inside, and undo it."""
        root, witness = logging.root, logging.getLogger("alembic_proof.witness")
        level, handlers = root.level, list(root.handlers)
        witness.disabled = False
        try:
            yield
        finally:
            if witness.disabled:
                self.logging_changed = "disables the existing loggers"
            elif (root.level, root.handlers) != (level, handlers):
                self.logging_changed = "replaces the root logger's level and handlers"
            root.setLevel(level)
            root.handlers[:] = handlers

    @contextlib.contextmanager
    def application(self, offline: bool = False) -> Iterator[None]:
        """Enter the Flask application, where env.py asks for one; offline also a directory where it may write."""
        if offline:
            sys.path[:] = [os.path.abspath(entry) for entry in sys.path]
            before = os.getcwd()
            os.chdir(self.sandbox.directory())
            try:
                with self.application():
                    yield
            finally:
                os.chdir(before)
            return
        if not self.options.get("script_location"):
            sys.path.insert(0, str(self.root))  # as the flask command, which finds these scripts by itself
        if b"current_app" not in self.env.read_bytes():
            yield
            return
        flask = importlib.import_module("flask.cli")
        try:
            flask.load_dotenv()  # .flaskenv, as the flask command does
            application = flask.ScriptInfo(os.environ.get("FLASK_APP")).load_app()
        except flask.NoAppException as error:
            raise UndeterminedError(f"env.py needs the Flask application: set FLASK_APP ({error})") from None
        with application.app_context():
            yield

    def live(self) -> list[tuple[Run | None, URL]]:
        """Return the databases that env.py leads to outside of the sandbox: the Run in it, if any, and the URL.

        Raises UndeterminedError when database-variable is set, and that variable does not name a database.
        """
        from sqlalchemy.engine import URL

        if self.settings.database_variable and not self.url:
            run = None
            with contextlib.suppress(Exception, SystemExit):
                run = self.runs()[0]
            return [(run, self.once("live URL", self._configured_url))]
        databases: list[tuple[Run | None, URL]] = []
        for run in self.runs():
            dialect, _, parameters = self.sandbox.requests[run.place]
            parts: Any = {name: next(filter(None, map(parameters.get, keys)), None) for name, keys in URL_PARTS.items()}
            if dialect.name == "sqlite":
                parts = {"database": run.place.removeprefix("sqlite: ")}
            driver = _SYNCHRONOUS.get(dialect.driver, dialect.driver)
            databases.append((run, URL.create(f"{dialect.name}+{driver}", **parts)))
        return databases

    def _configured_url(self) -> URL:
        from ..errors import SettingsError
        from ..url import database_url

        variable = self.settings.database_variable
        assert variable
        try:
            with environment(**{variable: self.environment.get(variable)}):
                return database_url(variable, project=self.root)
        except SettingsError as error:
            raise UndeterminedError(str(error)) from None

    def script_directory(self, config: Config | None = None) -> ScriptDirectory:
        """Return Alembic's view of the revisions."""
        from alembic.script import ScriptDirectory

        return ScriptDirectory.from_config(config or self.config())

    @cached_property
    def history(self) -> ScriptDirectory:
        """Alembic's view of the revisions, to be read only: a revision that was run once may not be run as it was."""
        return self.script_directory()

    @property
    def history_of_chain(self) -> ScriptDirectory:
        """The same of the chain."""
        return self.history if self.revisions else self.script_directory(self.chain)

    @property
    def handed_over(self) -> dict[str, Table]:
        """By name, the tables of all the metadata that env.py hands to Alembic."""
        return {name: table for run in self.runs() for name, table in run.tables.items()}

    @property
    def has_metadata(self) -> bool:
        """Whether env.py hands over a metadata, with tables or without."""
        return any(run.metadata for run in self.runs())

    def loaded(self) -> dict[Path, Any]:
        """Return the project's own modules that are imported by now, by their files."""
        files = [(getattr(module, "__file__", None), module) for module in list(sys.modules.values())]
        return {Path(os.path.abspath(file)): module for file, module in files if file and self.is_inside(file)}

    @cached_property
    def defined(self) -> dict[Table, str]:
        """The tables that the packages in the setting ``models`` define, each with its file.

        Every file of them is imported, whether a package imports it itself or not.
        """
        from sqlalchemy import MetaData, Table

        tables: dict[Table, str] = {}
        metadatas: set[MetaData] = set()
        for module in list(self._model_modules()):
            place = self.name(str(module.__file__))
            for value in list(vars(module).values()):
                mapped = is_a(value, type)
                table = getattr(value, "__table__", None) if mapped else value
                imported = mapped and value.__module__ != module.__name__
                if is_a(table, Table) and not imported:
                    tables.setdefault(table, place)
                has_metadata = mapped or is_a(value, Table)
                metadata = getattr(value, "metadata", None) if has_metadata else value
                metadatas |= {metadata} if is_a(metadata, MetaData) else set()
        for table in (table for metadata in metadatas for table in metadata.tables.values()):
            tables.setdefault(table, f"the models in {' and '.join(self.settings.models)}")
        return tables

    def _model_modules(self) -> Iterator[Any]:
        sys.path.append(str(self.sources))
        for name in self.settings.models:
            yield from import_all(name)


def all_heads(scripts: ScriptDirectory) -> set[str]:
    """Return the revisions that a fully upgraded database is at: the heads that no other revision depends on."""
    dependencies = {
        scripts.get_revision(name).revision
        for script in scripts.walk_revisions()
        for name in several(script.dependencies)
    }
    return set(scripts.get_heads()) - dependencies
