"""A database on its way up the revisions of a project, with rows in its tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.script import Script
from sqlalchemy import Engine, MetaData, NullPool, create_engine, event

from ..doctor.project import Project
from ..errors import ProofError, first_line
from ..migrate.connection import COMMITS_EACH
from ..migrate.step_functions import require_functions
from ..sqltext import full_name
from . import rows
from .contents import EMPTY, Contents, TableContents, as_text
from .migrations import project_config, project_database


class RoundTripError(ProofError):
    """A revision fails, or loses data. The message says which one, what is wrong, and what to do."""


class Chain:
    """A database on its way up the revisions, with rows in its tables."""

    def __init__(self, stack: ExitStack, project: Project, directory: Path) -> None:
        self.project = project
        url = stack.enter_context(project_database(project))
        self.config = project_config(project, url, directory)
        self.engine = create_engine(url)
        stack.callback(self.engine.dispose)
        self.config.attributes |= {"connection": self.engine, COMMITS_EACH: True}
        self.scripts = project.script_directory(self.config)
        self.revisions = list(self.scripts.walk_revisions())[::-1]
        self.applied = 0  # as many of them
        self.tables = MetaData()  # as reflected
        self._names: list[rows.Name] = []  # of the tables, when they were read
        self.contents: Contents = {}  # after advance() or hold()
        self.statements: list[str] = []  # since the tables were read
        self._latest: Contents = {}
        self._commits_each = False  # until env.py has shown it
        event.listen(self.engine, "connect", rows.without_durability)
        # Two connections that stay. What is asked of the catalogue is prepared by psycopg, and no query for rows.
        catalogue = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._catalogue = stack.enter_context(catalogue.connect())
        reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = stack.enter_context(reader.connect())
        event.listen(Engine, "before_cursor_execute", self._note)  # env.py may use an engine of its own
        stack.callback(event.remove, Engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, _: Any, statement: str, *rest: Any) -> None:
        if connection.engine.url.database == self.engine.url.database:
            self.statements.append(statement)

    def reach(self, n: int) -> None:
        """Apply the first n revisions, and fill the tables."""
        if n:
            self.run(self.revisions[:n])
            self.advance(n, self.read(), {})

    def run(self, scripts: list[Script]) -> None:
        """Run these revisions, and nothing else, as one alembic command does."""
        self._run([RevisionStep(self.scripts.revision_map, script, is_upgrade=True) for script in scripts])

    def steps(self, script: Script) -> list[RevisionStep]:
        """Return the steps of a revision up, down and up again.

        Raises CommandError where Alembic cannot run its functions.
        """
        revisions = self.scripts.revision_map
        directions = (True, False, True)
        return require_functions(lambda: [RevisionStep(revisions, script, is_upgrade) for is_upgrade in directions])

    def run_each(self, steps: list[RevisionStep], look: Callable[[], None]) -> None:
        """Run steps, and call a function after each, when it is committed.

        One command runs them where its env.py commits after each: else one for each, which takes longer.
        """
        if not self._commits_each:
            for step in steps:
                self._run([step])
                look()
            return
        for step in steps[1:]:
            step.migration_fn = _after(look, step.migration_fn)
        self._run(steps)
        look()

    def _run(self, steps: list[RevisionStep]) -> None:
        self.project.run_env(lambda *_: steps, self.config, destination_rev=steps[-1].revision.revision)
        given = [options.get("transaction_per_migration") for _, options in self.project.watch.configured]
        self._commits_each = given == [True]  # env.py of several databases would run all steps on one, then on the next

    def read(self) -> Contents:
        """Return what the tables contain. Only tables that a statement may have changed since are read."""
        self._names = rows.table_names(self._catalogue)
        return self._read_again()

    def _read_again(self) -> Contents:
        """Do so where the tables have the same names as before."""
        lines = [" ".join(statement.split()) for statement in self.statements]
        text = "\n".join(line for line in lines if not any(name in line for name in rows.OWN_TABLES))
        changed = rows.possibly_changed(self.tables.tables, text)
        names = rows.Names(text)
        contents: Contents = {}
        quote = self._reader.dialect.identifier_preparer.quote
        for schema, table in self._names:
            name = full_name(table, schema)
            if name in self._latest and name not in changed and table not in names:
                contents[name] = self._latest[name]
                continue
            quoted = full_name(quote(table), schema and quote(schema))
            result = self._reader.exec_driver_sql(f"SELECT * FROM {quoted}")
            contents[name] = TableContents(list(result.keys()), [tuple(map(as_text, row)) for row in result])
        self._latest = contents
        self.statements.clear()
        return contents

    def hold(self, own: rows.Rows) -> None:
        """Replace the rows of existing tables by a revision's own rows for them."""
        own = {name: values for name, values in own.items() if name in self.contents}
        if own:
            rows.reflect(self._catalogue, self.tables, self._names, list(self.contents), [])
            with self.engine.begin() as connection:
                rows.fill(connection, self.tables.tables, rows.empty(connection, self.tables.tables, own), own)
            self.contents = self._read_again()

    def advance(self, n: int, contents: Contents, own: rows.Rows) -> None:
        """Generate rows for the tables that are new or have changed: n revisions resulted in these contents."""
        new = {name for name, table in contents.items() if table.columns != self._columns(name)}
        kept = {name for name, table in contents.items() if set(self._columns(name)) <= set(table.columns)}
        own = {name: values for name, values in own.items() if name in new - set(self.contents)}
        rows.reflect(self._catalogue, self.tables, self._names, new, set(self.contents) - kept)
        with self.engine.begin() as connection:
            rows.fill(connection, self.tables.tables, new, own)
        self.contents = self._read_again() if new else contents
        self.applied = n

    def _columns(self, table: str) -> list[str]:
        return self.contents.get(table, EMPTY).columns


def _after(look: Callable[[], None], run: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of a revision that is run after one has looked at what is there before."""

    @wraps(run)
    def looking(**options: Any) -> Any:
        look()
        return run(**options)

    return looking


class Chains:
    """Hands out a chain with n revisions applied: the same one again, as long as it is usable."""

    def __init__(self, project: Project, directory: Path) -> None:
        self.project, self.directory = project, directory
        self._stack = ExitStack()
        self._chain: Chain | None = None
        self._error = ""

    def at(self, n: int) -> Chain:
        """Return the chain. Raises RoundTripError when the first n revisions do not run."""
        if self._error:
            raise RoundTripError(self._error)
        if self._chain is None or self._chain.applied != n:
            self.close()
            chain = Chain(self._stack, self.project, self.directory)
            try:
                chain.reach(n)
            except Exception as error:
                self._error = f"not tested, as the revisions before it fail: {first_line(error)}"
                raise RoundTripError(self._error) from None
            self._chain = chain
        return self._chain

    def close(self) -> None:
        """Drop the database."""
        self._chain = None
        self._stack.close()
