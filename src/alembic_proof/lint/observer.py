"""What the revisions execute, and from which of their lines, observed while they run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, event


@dataclass(frozen=True)
class Finding:
    """What production would notice of a statement, on which tables, and the safe way to the same result."""

    message: str
    tables: list[str]
    instead: str
    marker: str = "locks"  # with which the comment of a reviewed exception begins: # locks book


@dataclass
class Statement:
    """One statement of a revision, with the file and line that it comes from."""

    path: str
    line: int
    sql: str
    existing: set[str]  # the tables that existed before the revision
    findings: list[Finding] = field(default_factory=list)


class Observer:
    """Observes the revisions that run in this process, on one kind of server: there is a subclass for each."""

    dialects: ClassVar[tuple[str, ...]]

    def __init__(self, revisions: set[str]) -> None:
        self.revisions = revisions  # their files
        self.statements: list[Statement] = []

    @contextmanager
    def observing(self) -> Iterator[None]:
        """Collect the statements of the revisions that run inside, on whatever engine, with their findings."""
        event.listen(Engine, "before_cursor_execute", self._before, retval=True)
        event.listen(Engine, "after_cursor_execute", self._after)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._before)
            event.remove(Engine, "after_cursor_execute", self._after)

    def tables(self, connection: Connection) -> set[str]:
        """Return the names of the tables in the database."""
        raise NotImplementedError

    def before(self, connection: Connection, statement: Statement, parameters: Any) -> str:
        """Examine a statement before it runs, and return what to run."""
        return statement.sql

    def after(self, connection: Connection, statement: Statement) -> None:
        """Examine what a statement did."""

    def _before(self, connection: Connection, _: Any, sql: str, parameters: Any, context: Any, many: bool) -> Any:
        context.observed = None
        if connection.dialect.name in self.dialects and (place := self._place()):
            previous = self.statements[-1] if self.statements else None
            existing = previous.existing if previous and previous.path == place[0] else self.tables(connection)
            context.observed = Statement(*place, sql, existing)
            self.statements.append(context.observed)
            sql = self.before(connection, context.observed, parameters)
        return sql, parameters

    def _after(self, connection: Connection, _: Any, sql: str, parameters: Any, context: Any, many: bool) -> None:
        if getattr(context, "observed", None):
            self.after(connection, context.observed)

    def _place(self) -> tuple[str, int] | None:
        """Return the file and line of the revision that executes something; None where Alembic itself does."""
        frame: FrameType | None = sys._getframe()
        while frame and frame.f_code.co_filename not in self.revisions:
            frame = frame.f_back
        return (frame.f_code.co_filename, frame.f_lineno) if frame else None


def query(connection: Connection, sql: str, parameters: Any = None) -> list[Any]:
    """Execute SQL through the driver, so that no transaction of SQLAlchemy's begins, and it is not observed."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql) if parameters is None else cursor.execute(sql, parameters)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        cursor.close()
