"""An upgrade that died half-way on MariaDB or MySQL can be run again.

There CREATE, ALTER and DROP commit at once: a revision that dies leaves its first statements behind, and a rerun would
stumble over them. So every statement of a revision is noted before it runs. The notes are deleted together with the
writing of the new revision into alembic_version. A rerun skips what is noted as done and goes on from there; where it
cannot be sure that this is right, it stops.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, event

log = logging.getLogger("alembic.resume")

TABLE = "alembic_unfinished"
READS = {"DESC", "DESCRIBE", "EXPLAIN", "SELECT", "SET", "SHOW", "USE", "WITH"}
DDL = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE"}
# DDL that can be carried out twice: the second time it changes nothing, or fails with one of these errors, as what it
# makes is there already (table, column, index, primary key, constraint), or what it drops or renames is gone already.
REPEATABLE = re.compile(
    r"(CREATE|DROP) (TABLE|(UNIQUE )?INDEX)|TRUNCATE"
    r"|ALTER TABLE \S+ (ADD (COLUMN|CONSTRAINT|PRIMARY)|DROP|MODIFY|CHANGE|ALTER|RENAME TO|COMMENT)"
)
DONE = {1050, 1060, 1061, 1068, 1826, 1005, 1051, 1054, 1091, 1146}
COMMENTS = re.compile(r"/\*(?!!).*?\*/|(--|#)[^\n]*\n", re.DOTALL)
# What the tables look like, to recognize that somebody has changed them since the interruption.
SCHEMA = (
    "SELECT CONCAT(COUNT(*), '-', COALESCE(SUM(CRC32(CONCAT_WS(' ', table_name, column_name, column_type))), 0)) "
    f"FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> '{TABLE}'"
)


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
        if not connection.invalidated:
            connection.info.pop(TABLE, None)
    notes.tidy()


def forget(*, ctx: Any, step: Any, **_: Any) -> None:
    """Delete the notes of a revision that is done: for ``context.configure(on_version_apply=...)``."""
    notes = None if ctx.as_sql else ctx.connection.info.get(TABLE)
    if notes is not None:
        notes.forget(stamp=step.is_stamp)


_EXECUTE = ("do_execute", "do_executemany", "do_execute_no_params")  # SQLAlchemy's events, and methods, of that name


class _Notes:
    """The statements of the revision in progress: a digest and a state (begun, done, failed) for each, in order."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.position = 0
        self.exists = bool(self._sql(f"SHOW TABLES LIKE '{TABLE}'"))
        rows = self._read()
        self.noted = {position: (digest, state) for position, digest, state, _ in rows}
        # The tables as the last DDL left them; not known if that one is only begun.
        schemas = [schema for *_, state, schema in rows if schema or state == "begun"]
        self.changed = bool(schemas and schemas[-1]) and self._sql(SCHEMA)[0][0] != schemas[-1]

    def execute(self, run: Any, cursor: Any, statement: str, *rest: Any) -> bool | None:
        """Carry out a statement, or skip it. Returns True, or None for one that only reads, or is Alembic's own."""
        text = " ".join(COMMENTS.sub(" ", statement).upper().split())
        verb = text.split(" ")[0]
        if verb in READS or "ALEMBIC_VERSION" in text or rest[-1].root_connection is not self.connection:
            return None
        self.position += 1
        digest = hashlib.sha256(repr((statement, rest[:-1])).encode()).hexdigest()
        before, state = self.noted.get(self.position, (None, None))
        last = self.position == max(self.noted, default=0)
        if state and not (state == "failed" and last):
            self._require(not self.changed, "the tables have been changed since")
            self._require(before == digest, f"its next statement was another one, now it is: {statement}")
            self._require("TEMPORARY" not in text, f"it needs a temporary table that is gone: {statement}")
        if state == "done":
            self._require(not _returns(rest[-1]), f"it needs the result of what was done already: {statement}")
            cursor.lastrowid = None
            log.info("Done before the interruption, so skipped: %s", statement)
            return True
        if state == "begun":
            self._require(bool(REPEATABLE.match(text)), f"nobody knows whether this was still carried out: {statement}")
        # What commits the statement commits this note: DDL in its beginning, data in its transaction.
        self._note(digest, "begun" if verb in DDL else "done")
        try:
            run(cursor, statement, *rest)
        except Exception as error:
            if not (state == "begun" and error.args and error.args[0] in DONE):
                with suppress(Exception):  # the connection may be lost
                    self._note(digest, "failed", commit=verb in DDL)
                raise
        if verb in DDL:
            self._note(digest, "done", SCHEMA, commit=True)
        return True

    def forget(self, stamp: bool) -> None:
        """Delete all notes, in the transaction that writes the revision."""
        left = [state for position, (_, state) in self.noted.items() if position > self.position and state != "failed"]
        self._require(stamp or not left, "now it has fewer statements")
        if self.exists:
            self._sql(f"DELETE FROM {TABLE}")
        self.noted, self.position = {}, 0

    def tidy(self) -> None:
        """Drop the table once it is empty."""
        if self.exists and not self._read():
            self._sql(f"DROP TABLE {TABLE}")

    def _note(self, digest: str, state: str, schema: str = "NULL", commit: bool = False) -> None:
        if not self.exists:
            columns = "position INTEGER PRIMARY KEY, digest CHAR(64), state CHAR(6), columns_ VARCHAR(64)"
            self._sql(f"CREATE TABLE {TABLE} ({columns})")
            self.exists = True
        self._sql(f"REPLACE INTO {TABLE} SELECT {self.position}, '{digest}', '{state}', ({schema})")
        if commit:
            self.connection.connection.commit()

    def _read(self) -> list[Any]:
        return self._sql(f"SELECT position, digest, state, columns_ FROM {TABLE} ORDER BY 1") if self.exists else []

    def _sql(self, statement: str) -> list[Any]:
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(statement)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def _require(self, sound: bool, otherwise: str) -> None:
        if not sound:
            done = sum(state == "done" for _, state in self.noted.values())
            raise CommandError(
                f"A migration of this database was interrupted after {done} statements and cannot go on: {otherwise} "
                f"(either run the same revision as then, or undo by hand what it did, drop the table {TABLE}, and run "
                "the command again)"
            )


def _returns(context: Any) -> bool:
    return bool(getattr(context.compiled, "effective_returning", None))
