"""What a revision executes, and from which of its lines, while it runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, event


@dataclass(frozen=True)
class Finding:
    """What production would feel of a statement, on which tables, and the safe way to the same end."""

    what: str
    tables: list[str]
    instead: str
    verb: str = "locks"  # with which the comment of a reviewed exception begins: # locks book


@dataclass
class Statement:
    """One statement of a revision: the file and line that it comes from, and what it was found to do."""

    path: str
    line: int
    sql: str
    there: set[str]  # the tables that the revision found in the database
    findings: list[Finding] = field(default_factory=list)


class Watch:
    """Watches the revisions that run on an engine; there is a subclass for each kind of server."""

    connect_args: ClassVar[dict[str, str]] = {}

    def __init__(self, revisions: set[str]) -> None:
        self.revisions = revisions  # their files
        self.statements: list[Statement] = []

    @contextmanager
    def watching(self, engine: Engine) -> Iterator[None]:
        """Collect the statements of the revisions that run meanwhile, and what each is found to do."""
        event.listen(engine, "before_cursor_execute", self._before, retval=True)
        event.listen(engine, "after_cursor_execute", self._after)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", self._before)
            event.remove(engine, "after_cursor_execute", self._after)

    def tables(self, connection: Connection) -> set[str]:
        """Return the names of the tables in the database."""
        raise NotImplementedError

    def before(self, connection: Connection, statement: Statement, parameters: Any) -> str:
        """Look at a statement before it runs, and return what to run."""
        return statement.sql

    def after(self, connection: Connection, statement: Statement) -> None:
        """Look at what a statement did."""

    def _before(self, connection: Connection, _: Any, sql: str, parameters: Any, context: Any, many: bool) -> Any:
        context.watched = None
        if place := self._place():
            same = self.statements and self.statements[-1].path == place[0]
            there = self.statements[-1].there if same else self.tables(connection)
            context.watched = Statement(*place, sql, there)
            self.statements.append(context.watched)
            sql = self.before(connection, context.watched, parameters)
        return sql, parameters

    def _after(self, connection: Connection, _: Any, sql: str, parameters: Any, context: Any, many: bool) -> None:
        if context.watched:
            self.after(connection, context.watched)

    def _place(self) -> tuple[str, int] | None:
        """Return the file and line of the revision that is executing something; None where Alembic itself is."""
        frame: FrameType | None = sys._getframe()
        while frame and frame.f_code.co_filename not in self.revisions:
            frame = frame.f_back
        return (frame.f_code.co_filename, frame.f_lineno) if frame else None


def ask(connection: Connection, query: str, parameters: Any = None) -> list[Any]:
    """Ask the server through the driver, so that no transaction begins, and nobody watches."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query, parameters)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        cursor.close()
