"""What a revision does besides its operations, observed while its upgrade() runs."""

from __future__ import annotations

import contextlib
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..dialects.sqlite_tables import TableSql
from ..errors import NoScratchDatabaseError, first_line
from ..sqltext import one_line
from .findings import Finding, Note, Problem
from .project import Project

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

_ENDS = re.compile(r"\s*(COMMIT|END|BEGIN|START TRANSACTION|ROLLBACK(?!\s+TO))\b", re.IGNORECASE)
_CHECK = re.compile(r"(?<!\S)CHECK\s*\(", re.IGNORECASE)
_NAMED_CHECK = re.compile(r"CONSTRAINT\s+\S+\s+CHECK", re.IGNORECASE)  # one_line() leaves no quotes
_MORE_THAN_COLUMNS = re.compile(r"\(.*\(|\bWHERE\b", re.IGNORECASE | re.DOTALL)


class RevisionMonitor:
    """Observes the steps of an upgrade, and adds what it notices to project.observed."""

    def __init__(self, project: Project, context: MigrationContext) -> None:
        self.project, self.context = project, context
        self.path = ""  # of the revision that is running
        self.statements = 0  # that it has executed
        self.catalogue: _Catalogue | None = None
        self.hidden: list[Finding] = []  # how the revision ended its transaction while it handled an error
        self.in_block = False  # in an autocommit_block(), where everything is committed at once, and on purpose

    def around(self, step: Any) -> Any:
        """Return a step of the upgrade, observed."""
        upgrade = step.migration_fn

        def run(**options: Any) -> None:
            self.path, self.statements, self.hidden = step.revision.path, 0, []
            before = self.catalogue = _Catalogue.read(self.context, self.catalogue)
            with self._listening(), self.project.sandbox.forbidding(self.project.name(self.path)):
                try:
                    upgrade(**options)
                    self._tell_hidden()
                except NoScratchDatabaseError as error:
                    self._note(str(error), "use op.get_bind(), the migration's own connection")
                    raise
            text = Path(self.path).read_text(encoding="utf-8")
            self.catalogue = _Catalogue.read(self.context, before)
            for name, table, sql in before.lost(self.catalogue):
                if name not in text:
                    self._note(f"rebuilding {table} loses {name}: {sql}", "create it again in the same revision")

        step.migration_fn = run
        return step

    def _note(self, message: str, fix: str, kind: type[Finding] = Problem) -> None:
        self._add(self._finding(message, fix, kind))

    def _finding(self, message: str, fix: str, kind: type[Finding]) -> Finding:
        lines = [frame.lineno for frame in traceback.extract_stack() if frame.filename == self.path]
        return kind(self.project.name(self.path, lines[-1] if lines else None), message, fix)

    def _add(self, finding: Finding) -> None:
        if finding not in self.project.observed:
            self.project.observed.append(finding)

    def _tell_hidden(self) -> None:
        """Add what the revision did while it handled an error: it has ended well, so nobody hears of that error."""
        for finding in self.hidden:
            self._add(finding)

    def _is_the_revision(self) -> bool:
        """Tell whether the revision itself does what is being done, and not env.py or what it calls."""
        stack = [frame.filename for frame in traceback.extract_stack()]
        own = [name for name in stack if self.project.is_inside(name)]
        return bool(own) and own[-1] == self.path and not self.in_block

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Note what happens to the transaction that Alembic gave the revision, and what stays in a Session."""
        from sqlalchemy import event
        from sqlalchemy.orm import Session

        fix = "delete it; statements that must run outside of a transaction: with op.get_context().autocommit_block():"
        pending: set[Any] = set()

        def ended(_: Any) -> None:
            error = sys.exc_info()[1]
            if self._is_the_revision() and error is not None:
                message = f"it goes on after an error ({first_line(error)}), and has undone what came before it"
                self.hidden.append(self._finding(message, "let the error out: raise", Problem))
            elif self._is_the_revision():
                self._note("it commits or rolls back by itself: what follows is rolled back, with exit code 0", fix)

        def executed(_: Any, __: Any, statement: str, *___: Any) -> None:
            self.statements += 1
            if _ENDS.match(statement) and self._is_the_revision():
                self._note(f"it executes {statement.split()[0].upper()}: Alembic's transaction ends there", fix)

        connection, block = self.context.connection, self.context.autocommit_block
        listeners: list[tuple[Any, str, Any]] = [
            (connection, "commit", ended),
            (connection, "rollback", ended),
            (connection, "before_cursor_execute", executed),
            (Session, "transient_to_pending", lambda _, instance: pending.add(instance)),
            (Session, "pending_to_persistent", lambda _, instance: pending.discard(instance)),
        ]
        context: Any = self.context
        for listener in listeners:
            event.listen(*listener)
        context.autocommit_block = lambda: self._block(block)
        try:
            yield
        finally:
            context.autocommit_block = block
            for listener in listeners:
                event.remove(*listener)
        for instance in pending:
            message = f"a {type(instance).__name__} that it adds to a Session is never flushed: the row is lost"
            self._note(message, "op.bulk_insert(), or session.flush()")

    @contextlib.contextmanager
    def _block(self, block: Any) -> Iterator[None]:
        if self.statements and self.context.impl.transactional_ddl:
            message = "autocommit_block() commits what comes before it: after a failure, it would run a second time"
            kind = Problem if self.project.uses_library else Note
            self._note(message, "put the block into a revision of its own, or first", kind)
        self.in_block = True
        try:
            with block():
                yield
        finally:
            self.in_block = False


class _Catalogue(NamedTuple):
    """What SQLite has: by kind and name, the table and the SQL. In any other database, nothing."""

    version: int  # which SQLite counts up with every change
    rows: dict[tuple[str, str], tuple[str, str]]

    @classmethod
    def read(cls, context: MigrationContext, last: _Catalogue | None) -> _Catalogue:
        """Read it, unless it is as it was the last time."""
        version = _sqlite_rows(context, "PRAGMA schema_version") or [(0,)]
        if last is not None and last.version == version[0][0]:
            return last
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql <> ''"
        rows = {(kind, name): (table, sql) for kind, name, table, sql in _sqlite_rows(context, query)}
        return cls(version[0][0], rows)

    def lost(self, after: _Catalogue) -> Iterator[tuple[str, str, str]]:
        """Yield what does not exist any more: its name, its table, which still exists, and its SQL.

        Those are what a rebuilt table may lose: triggers, indexes of more than columns, CHECKs without a name.
        """
        changed = {key for key, row in self.rows.items() if after.rows.get(key) != row}
        before = _fragile({key: self.rows[key] for key in changed})
        left = _fragile({key: after.rows[key] for key in changed & after.rows.keys()})
        for name in sorted(before.keys() - left.keys()):
            table, sql = before[name]
            dropped = self._columns(table) - after._columns(table)
            if ("table", table) in after.rows and not _is_about(sql, dropped):
                yield name, table, sql

    def _columns(self, table: str) -> set[str]:
        """Return the columns of a table, as far as its SQL is understood."""
        _, sql = self.rows.get(("table", table), ("", ""))
        with contextlib.suppress(ValueError):
            return set(TableSql.parse(sql).columns)
        return set()


def _fragile(rows: dict[tuple[str, str], tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return, by name, the table and the SQL of what a rebuilt table may lose."""
    found = {}
    for (kind, name), (table, text) in rows.items():
        sql = one_line(text)
        if kind == "trigger" or (kind == "index" and _MORE_THAN_COLUMNS.search(sql)):
            found[name] = (table, sql)
        elif kind == "table" and _CHECK.search(_NAMED_CHECK.sub("", sql)):
            found[f"a CHECK without a name of {name}"] = (name, sql)
    return found


def _is_about(sql: str, columns: set[str]) -> bool:
    """Tell whether every CHECK without a name of a table is about one of these columns."""
    checks = _CHECK.split(_NAMED_CHECK.sub("", sql))[1:]
    names = [re.compile(rf"\b{re.escape(column)}\b", re.IGNORECASE) for column in columns]
    return bool(checks) and all(any(name.search(check) for name in names) for check in checks)


def _sqlite_rows(context: MigrationContext, query: str) -> list[Any]:
    """Ask SQLite's catalogue through the driver, which begins no transaction for it."""
    if context.dialect.name != "sqlite":
        return []
    assert context.connection is not None
    cursor = context.connection.connection.cursor()
    cursor.execute(query)
    return list(cursor.fetchall())
