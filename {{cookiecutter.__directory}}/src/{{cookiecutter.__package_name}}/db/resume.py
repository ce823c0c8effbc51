"""An upgrade that died half-way on MariaDB or MySQL can be run again.

There CREATE, ALTER and DROP commit at once: a revision that dies leaves its first statements behind, and a rerun would
stumble over them. So every statement of a revision is noted before it runs. The notes are deleted together with the
writing of the new revision into alembic_version. A rerun skips what is noted, and goes on from there.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, event

log = logging.getLogger("alembic.resume")

TABLE = "alembic_unfinished"
DDL = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE"}
DML = {"DELETE", "INSERT", "LOAD", "REPLACE", "UPDATE"}
# What the server says of DDL that it has carried out before: exists already (table, column, index, primary key,
# constraint, foreign key), or is gone already (table, column, index or constraint, table).
DONE = {1050, 1060, 1061, 1068, 1826, 1005, 1051, 1054, 1091, 1146}


@contextmanager
def resumable(connection: Connection) -> Iterator[None]:
    """Note what the revisions do on this connection. Raises CommandError when they cannot go on from older notes."""
    notes = connection.info[TABLE] = _Notes(connection)
    hooks = {name: partial(notes.execute, getattr(connection.dialect, name)) for name in _EXECUTE}
    for name, hook in hooks.items():
        event.listen(connection.dialect, name, hook)
    try:
        yield
    finally:
        for name, hook in hooks.items():
            event.remove(connection.dialect, name, hook)
        del connection.info[TABLE]
    notes.tidy()


def forget(*, ctx: Any, step: Any, **_: Any) -> None:
    """Delete the notes of a revision that is done: for ``context.configure(on_version_apply=...)``."""
    notes = None if ctx.as_sql else ctx.connection.info.get(TABLE)
    if notes is not None:
        notes.forget(stamp=step.is_stamp)


_EXECUTE = ("do_execute", "do_executemany", "do_execute_no_params")  # SQLAlchemy's events and methods of that name


class _Notes:
    """The statements of the revision in progress, as digests, in the order in which they were begun."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.exists = bool(self._sql(f"SHOW TABLES LIKE '{TABLE}'"))
        self.noted = self._read()
        self.position = 0

    def execute(self, run: Any, cursor: Any, statement: str, *rest: Any) -> bool | None:
        """Carry out a statement, or skip it. Returns True, or None for one that is not noted but simply runs."""
        verb = statement.split(None, 1)[0].upper()
        if verb not in DDL | DML or "alembic_version" in statement or rest[-1].root_connection is not self.connection:
            return None
        digest = hashlib.sha256(repr((statement, rest[:-1])).encode()).hexdigest()
        known = self.position < len(self.noted)
        if known and (self.noted[self.position] != digest or "TEMPORARY" in statement.upper()):
            raise CommandError(self._stuck(f"its next statement was a different one, now it is: {statement}"))
        self.position += 1
        if known and (self.position < len(self.noted) or verb in DML):
            log.info("Done before the interruption, so skipped: %s", statement)
            return True
        if not known:
            self._note(digest)
        try:
            run(cursor, statement, *rest)
        except Exception as error:
            if known and error.args and error.args[0] in DONE:  # begun before the interruption: it had succeeded
                log.info("Done just before the interruption: %s", statement)
                return True
            if verb in DDL:  # it failed: noted, but not done
                self._sql(f"DELETE FROM {TABLE} WHERE position = {self.position}")
                self.connection.connection.commit()
            raise
        return True

    def forget(self, stamp: bool) -> None:
        """Delete all notes, in the transaction that writes the revision."""
        if self.position < len(self.noted) and not stamp:
            raise CommandError(self._stuck("now it has fewer statements"))
        if self.exists:
            self._sql(f"DELETE FROM {TABLE}")
        self.noted, self.position = [], 0

    def tidy(self) -> None:
        """Drop the table once it is empty."""
        if self.exists and not self._read():
            self._sql(f"DROP TABLE {TABLE}")

    def _note(self, digest: str) -> None:
        if not self.exists:
            self._sql(f"CREATE TABLE {TABLE} (position INTEGER PRIMARY KEY, digest CHAR(64) NOT NULL)")
            self.exists = True
        # The DDL that follows commits this note, and data that follows is committed with it.
        self._sql(f"INSERT INTO {TABLE} VALUES ({self.position}, '{digest}')")

    def _read(self) -> list[str]:
        return [row[0] for row in self._sql(f"SELECT digest FROM {TABLE} ORDER BY position")] if self.exists else []

    def _sql(self, statement: str) -> list[Any]:
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(statement)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def _stuck(self, why: str) -> str:
        return (
            f"A migration of this database was interrupted after {len(self.noted)} statements and cannot go on: {why} "
            "(run the same revision as before; or bring the schema to a known revision by hand and `alembic stamp` it)"
        )
