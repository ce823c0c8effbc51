"""What a revision does besides its operations, seen while its upgrade() runs."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import Elsewhere, Note, Problem
from .project import Project
from .schema import spaced

_ENDS = re.compile(r"\s*(COMMIT|END|BEGIN|START TRANSACTION|ROLLBACK(?!\s+TO))\b", re.IGNORECASE)
_NAMED_CHECK = re.compile(r"CONSTRAINT\s+\S+\s+CHECK", re.IGNORECASE)  # spaced() leaves no quotes
_MORE_THAN_COLUMNS = re.compile(r"\(.*\(|\bWHERE\b", re.IGNORECASE | re.DOTALL)


class Watch:
    """Watches the steps of an upgrade, and puts what it notices into project.noticed."""

    def __init__(self, project: Project, context: Any) -> None:
        self.project, self.context = project, context
        self.path = ""  # of the revision that is running
        self.statements = 0  # that it has executed
        self.columns: dict[str, set[str]] = {}  # by table with a CHECK without a name, those that it had before
        self.in_block = False  # in an autocommit_block(), where everything is committed at once, and on purpose

    def over(self, step: Any) -> Any:
        """Return a step of the upgrade that is watched."""
        upgrade = step.migration_fn

        def run(**options: Any) -> None:
            self.path, self.statements = step.revision.path, 0
            self.columns.clear()
            before = self._fragile()
            with self._listening():
                self.project.scratch.revision = self.project.name(self.path)
                try:
                    upgrade(**options)
                except Elsewhere as error:
                    self._note(str(error), "use op.get_bind(), the migration's own connection")
                    raise
                finally:
                    self.project.scratch.revision = ""
            text, after = Path(self.path).read_text(encoding="utf-8"), self._fragile()
            for name in sorted(set(before) - set(after)):
                if name not in text and before[name][0] in self._tables() and not self._went(*before[name]):
                    what = f"rebuilding {before[name][0]} loses {name}: {before[name][1]}"
                    self._note(what, "create it again in the same revision")

        step.migration_fn = run
        return step

    def _note(self, what: str, fix: str, kind: type[Problem] = Problem) -> None:
        lines = [frame.lineno for frame in traceback.extract_stack() if frame.filename == self.path]
        problem = kind(self.project.name(self.path, lines[-1] if lines else None), what, fix)
        if problem not in self.project.noticed:
            self.project.noticed.append(problem)

    def _is_the_revision(self) -> bool:
        """Tell whether it is the revision itself that does what is being done, and not env.py or what it calls."""
        stack = [frame.filename for frame in traceback.extract_stack()]
        own = [name for name in stack if self.project.is_inside(name) and Path(name).parent != Path(__file__).parent]
        return bool(own) and own[-1] == self.path and not self.in_block

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Note what happens to the transaction that Alembic gave the revision, and what stays in a Session."""
        from sqlalchemy import event
        from sqlalchemy.orm import Session

        fix = "delete it; statements that must run outside of a transaction: with op.get_context().autocommit_block():"
        pending: set[Any] = set()

        def ended(_: Any) -> None:
            if self._is_the_revision():
                self._note("it commits or rolls back by itself: what follows is rolled back, with exit code 0", fix)

        def executed(_: Any, __: Any, statement: str, *___: Any) -> None:
            self.statements += 1
            if _ENDS.match(statement) and self._is_the_revision():
                self._note(f"it executes {statement.split()[0].upper()}: Alembic's transaction ends there", fix)

        block, connection = self.context.autocommit_block, self.context.connection
        listeners: list[tuple[Any, str, Any]] = [
            (connection, "commit", ended),
            (connection, "rollback", ended),
            (connection, "before_cursor_execute", executed),
            (Session, "transient_to_pending", lambda _, one: pending.add(one)),
            (Session, "pending_to_persistent", lambda _, one: pending.discard(one)),
        ]
        for listener in listeners:
            event.listen(*listener)
        self.context.autocommit_block = lambda: self._block(block)
        try:
            yield
        finally:
            self.context.autocommit_block = block
            for listener in listeners:
                event.remove(*listener)
        for one in pending:
            what = f"a {type(one).__name__} that it adds to a Session is never flushed: the row is lost"
            self._note(what, "op.bulk_insert(), or session.flush()")

    @contextlib.contextmanager
    def _block(self, block: Any) -> Iterator[None]:
        if self.statements and self.context.impl.transactional_ddl:
            what = "autocommit_block() commits what comes before it: after a failure, it would run a second time"
            kind = Problem if self.project.package else Note
            self._note(what, "put the block into a revision of its own, or first", kind)
        self.in_block = True
        try:
            with block():
                yield
        finally:
            self.in_block = False

    def _fragile(self) -> dict[str, tuple[str, str]]:
        """Return what SQLite loses with a rebuilt table: triggers, indexes of more than columns, unnamed CHECKs."""
        query = "SELECT name, tbl_name, type, sql FROM sqlite_master WHERE sql <> ''"
        found = {name: (table, kind, spaced(sql)) for name, table, kind, sql in self._master(query)}
        lost = {
            name: (table, sql)
            for name, (table, kind, sql) in found.items()
            if kind == "trigger" or (kind == "index" and _MORE_THAN_COLUMNS.search(sql))
        }
        for name, (table, kind, sql) in found.items():
            if kind == "table" and re.search(r"(?<!\S)CHECK\s*\(", _NAMED_CHECK.sub("", sql), re.IGNORECASE):
                lost[f"a CHECK without a name of {name}"] = (table, sql)
                self.columns.setdefault(name, self._columns(name))
        return lost

    def _went(self, table: str, sql: str) -> bool:
        """Tell whether every CHECK without a name was about a column that the revision drops."""
        gone = self.columns.get(table, set()) - self._columns(table)
        checks = re.split(r"(?<!\S)CHECK\s*\(", _NAMED_CHECK.sub("", sql), flags=re.IGNORECASE)[1:]
        return bool(checks) and all(any(re.search(rf"\b{re.escape(c)}\b", check) for c in gone) for check in checks)

    def _columns(self, table: str) -> set[str]:
        return {name for (name,) in self._master(f"SELECT name FROM pragma_table_info('{table}')")}

    def _tables(self) -> set[str]:
        return {name for (name,) in self._master("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def _master(self, query: str) -> list[Any]:
        """Ask SQLite's catalogue through the driver, which begins no transaction for it."""
        if self.context.dialect.name != "sqlite":
            return []
        cursor = self.context.connection.connection.cursor()
        cursor.execute(query)
        return list(cursor.fetchall())
