"""A revision runs up, down and up again on tables with rows, and the rows survive."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationStep
from alembic.script import Script
from sqlalchemy import Engine, MetaData, create_engine, event

from ..doctor.error_hints import ADD_AND_FILL, hint
from ..doctor.project import Project
from ..errors import ProofError, first_line
from ..revisions import markers
from ..sqltext import full_name
from . import rows
from .contents import EMPTY, Contents, Loss, TableContents, as_text, losses
from .migrations import project_config, project_database

ADDED = re.compile(r"ALTER TABLE (\S+) ADD (?:COLUMN )?(\S+) (?!.*\b(?:DEFAULT|AUTO_INCREMENT|AS)\b).*NOT NULL")


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
        self.config.attributes["connection"] = self.engine
        self.scripts = project.script_directory(self.config)
        self.revisions = list(self.scripts.walk_revisions())[::-1]
        self.applied = 0  # as many of them
        self.tables = MetaData()  # as reflected
        self.contents: Contents = {}  # after advance() or hold()
        self.statements: list[str] = []  # since the tables were read
        self._latest: Contents = {}
        event.listen(self.engine, "connect", rows.without_durability)
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

    def run(self, scripts: list[Script], up: bool = True) -> None:
        """Run these revisions, and nothing else, as one alembic command does."""
        step = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script
        steps = [step(self.scripts.revision_map, script) for script in scripts]
        self.project.run_env(lambda *_: steps, self.config, destination_rev=scripts[-1].revision)

    def read(self) -> Contents:
        """Return what the tables contain. Only tables that a statement may have changed since are read."""
        lines = [" ".join(statement.split()) for statement in self.statements]
        text = "\n".join(line for line in lines if not any(name in line for name in rows.OWN_TABLES))
        changed = rows.possibly_changed(self.tables.tables, text)
        contents: Contents = {}
        with self.engine.connect() as connection:
            quote = connection.dialect.identifier_preparer.quote
            for schema, table in rows.table_names(connection):
                name = full_name(table, schema)
                if name in self._latest and name not in changed and table not in text:
                    contents[name] = self._latest[name]
                    continue
                quoted = full_name(quote(table), schema and quote(schema))
                result = connection.exec_driver_sql(f"SELECT * FROM {quoted}")
                contents[name] = TableContents(list(result.keys()), [tuple(map(as_text, row)) for row in result])
        self._latest = contents
        self.statements.clear()
        return contents

    def hold(self, own: rows.Rows) -> None:
        """Replace the rows of existing tables by a revision's own rows for them."""
        own = {name: values for name, values in own.items() if name in self.contents}
        if own:
            with self.engine.begin() as connection:
                rows.reflect(connection, self.tables, list(self.contents), [])
                rows.fill(connection, self.tables.tables, rows.empty(connection, self.tables.tables, own), own)
            self.contents = self.read()

    def advance(self, n: int, contents: Contents, own: rows.Rows) -> None:
        """Generate rows for the tables that are new or have changed: n revisions resulted in these contents."""
        new = {name for name, table in contents.items() if table.columns != self._columns(name)}
        kept = {name for name, table in contents.items() if set(self._columns(name)) <= set(table.columns)}
        own = {name: values for name, values in own.items() if name in new - set(self.contents)}
        with self.engine.begin() as connection:
            rows.reflect(connection, self.tables, new, set(self.contents) - kept)
            rows.fill(connection, self.tables.tables, new, own)
        self.contents = self.read() if new else contents
        self.applied = n

    def _columns(self, table: str) -> list[str]:
        return self.contents.get(table, EMPTY).columns


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


def round_trip(chain: Chain, n: int) -> None:
    """Run the nth revision up, down and up again. Raises RoundTripError when one fails, or loses data.

    Its own rows, in its variable ``rows``, are in the tables before it; or after it, if it creates the table.
    """
    script = chain.revisions[n]
    own: rows.Rows = getattr(script.module, "rows", {})
    chain.applied = -1  # a database on which a revision failed is of no more use
    try:
        chain.hold(own)
    except rows.NoRowsError as error:
        raise _failure(script, f"its own rows are refused: {error}", "correct them") from None
    before = chain.contents
    up, down, again = (_contents_after(chain, script, step) for step in ("upgrade()", "downgrade()", "upgrade() again"))
    lost_up = set(losses(before, up))
    for loss in losses(before, down):
        in_upgrade = loss in lost_up and not loss.is_moved(before, up)
        _require_marker(script, "upgrade()" if in_upgrade else "downgrade()", loss)
    for loss in losses(before, again):
        if loss not in lost_up:
            _require_marker(script, "upgrade(), after a downgrade,", loss)
    try:
        chain.advance(n + 1, again, own)
    except rows.NoRowsError as error:
        raise _failure(
            script,
            f"no valid rows can be generated for the tables after it: {error}",
            'give the revision valid rows in a line: rows = {"table": [{"column": value}]}, or [] for none',
        ) from None


def _contents_after(chain: Chain, script: Script, step: str) -> Contents:
    """Run a step of a revision, and return what the tables contain then."""
    try:
        chain.run([script], up="upgrade" in step)
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        statement = " ".join(str(getattr(error, "statement", "")).split())
        message = f"{type(cause).__name__}: {first_line(cause)} {statement}".strip()
        raise _failed_step(chain, script, step, message, hint(error)) from None
    if column := _implicitly_filled(chain):
        message = f"{column} cannot be null, and this database gives existing rows a value that nobody chose"
        raise _failed_step(chain, script, step, message, ADD_AND_FILL)
    return chain.read()


def _failed_step(chain: Chain, script: Script, step: str, message: str, fix: str) -> RoundTripError:
    filled = [name for name, table in chain.contents.items() if table.rows and _mentions(message, name)]
    if not filled:
        return _failure(script, f"{step} fails: {message}", fix)
    fix = f"{fix}; if such rows cannot exist, give the revision a line rows = ..."
    return _failure(script, f"{step} fails on the rows of {', '.join(filled)}: {message}", fix)


def _implicitly_filled(chain: Chain) -> str | None:
    """Return a NOT NULL column that MariaDB or MySQL filled by itself, with 0 or '', and no UPDATE after it."""
    for n, statement in enumerate(chain.statements if chain.engine.dialect.name in ("mysql", "mariadb") else ()):
        added = ADDED.match(statement.replace("`", ""))
        if added and chain.contents.get(added[1], EMPTY).rows:
            later = (text for text in chain.statements[n:] if text.startswith("UPDATE") and _mentions(text, added[2]))
            if not any(later):
                return f"{added[1]}.{added[2]}"
    return None


def _require_marker(script: Script, step: str, loss: Loss) -> None:
    """Raise RoundTripError because of a loss, unless a marker in the revision says that it is meant."""
    marked = markers.marked_lines(Path(script.path).read_text("utf-8"))
    if not any(_mentions(line, loss.table) or _mentions(line, loss.column) for line in marked):
        column = f"{loss.table}.{loss.column}"
        raise _failure(
            script,
            f"{step} loses data: {column} had the value {loss.value[:40]!r}, which no row has after it",
            "rename or convert instead of dropping, or copy first; if it is meant, end the line with the comment "
            f"{markers.DESTROYS}: {column}",
        )


def _mentions(text: str, name: str) -> bool:
    """Tell whether a text mentions a table or a column."""
    return re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", text) is not None


def _failure(script: Script, message: str, fix: str) -> RoundTripError:
    return RoundTripError(f"{Path(script.path).name}: {message} ({fix})")
