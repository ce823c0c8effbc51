"""The journal of a migration, with which one that died half-way on MariaDB or MySQL can be run again.

There CREATE, ALTER and DROP commit at once: a revision that dies leaves its first statements behind, and a rerun would
fail at them. So every statement of a revision that changes something is noted, before it runs. The notes are deleted
together with the writing of the new revision into alembic_version. A rerun skips what is noted as done and goes on from
there; where it cannot be sure that this is right, it stops.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationStep, RevisionStep
from alembic.util import CommandError, to_tuple
from sqlalchemy import Connection, event

from ..dialects.base import is_autocommit, send
from ..schema import JOURNAL
from ..schema.unfinished import NOTES, counted
from ..sqltext import quote_literal
from .session_values import LostKey, SessionValues, asks_what_ran_before
from .statements import Kind, Statement, locking, targets

log = logging.getLogger("alembic.journal")

TABLE = JOURNAL
_LONGEST = 64  # characters of a statement that failed

_FOREIGN_KEY_FAILS, _BY_ITS_NAME = 1005, "errno: 121"  # MariaDB has one number for all that is wrong with one
# A fingerprint of all columns, to recognize that somebody has changed the tables since the interruption.
_FINGERPRINT = (
    "SELECT CONCAT(COUNT(*), '-', COALESCE(SUM(CRC32(CONCAT_WS(' ', table_name, column_name, column_type))), 0)) "
    f"FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> '{TABLE}'"
)
_NEEDS_RESULT = "it needs the result of what was done already"
_HOOKS = ("do_execute", "do_executemany", "do_execute_no_params")  # SQLAlchemy's events, and its dialect's methods


@contextmanager
def journaled(connection: Connection, version_table: str = "alembic_version") -> Iterator[None]:
    """Note what the revisions do on this connection; what Alembic does with its version table is not noted.

    Raises CommandError when they cannot go on from older notes.
    """
    info = connection.info  # which an invalidated connection does not give any more
    journal = info[TABLE] = _Journal(connection, version_table)
    hooks = {name: partial(journal.execute, getattr(connection.dialect, name)) for name in _HOOKS}
    for name, hook in hooks.items():
        event.listen(connection.dialect, name, hook)
    try:
        yield
    finally:
        for name, hook in hooks.items():
            event.remove(connection.dialect, name, hook)
        info.pop(TABLE, None)
    journal.drop_if_empty()


def expect(connection: Connection, steps: Iterable[MigrationStep]) -> None:
    """Let the notes say which steps they are about, which come now in this order."""
    journal = connection.info.get(TABLE)
    if journal is not None:
        journal.steps = deque(steps)


def forget(*, ctx: Any, step: Any, **_: Any) -> None:
    """Delete the notes of a revision that is finished: for ``context.configure(on_version_apply=...)``."""
    journal = None if ctx.as_sql else ctx.connection.info.get(TABLE)
    if journal is not None:
        journal.forget(is_stamp=step.is_stamp)


class _Note(NamedTuple):
    """Of one statement: a digest, its state, and the fingerprint of the tables after it, or its text if it failed."""

    digest: str
    state: str
    about: str | None

    @property
    def has_failed(self) -> bool:
        """Whether the database has refused it, so that it can be another one now."""
        return self.state in ("failed", "partly")


class _Journal:
    """The statements of the revision in progress, in their order."""

    def __init__(self, connection: Connection, version_table: str) -> None:
        self._connection = connection
        self._of_alembic = targets(version_table)
        self._position = 0
        self.steps: deque[MigrationStep] = deque()  # the one in progress, and those to come
        self._has_named_step = False
        self._values = SessionValues(
            last_id=lambda: int(self._sql("SELECT LAST_INSERT_ID()")[0][0]),
            reset=lambda: self._sql("SELECT LAST_INSERT_ID(0)"),
        )
        self._exists = bool(self._sql(f"SHOW TABLES LIKE '{TABLE}'"))
        self._notes = {position: _Note(*note) for position, *note in self._read() if position > 0}
        # The tables as the last DDL left them; not known if that one is only begun.
        fingerprints = [
            note.about for note in self._notes.values() if (note.about and not note.has_failed) or note.state == "begun"
        ]
        known = bool(fingerprints and fingerprints[-1])
        self._is_changed = known and self._sql(_FINGERPRINT)[0][0] != fingerprints[-1]

    def execute(self, run: Any, cursor: Any, statement: str, *rest: Any) -> bool | None:
        """Carry out a statement, or skip it. Returns True, or None for one that only reads, or is Alembic's own."""
        if rest[-1].root_connection is not self._connection:
            return None
        what = Statement(statement)
        if self._of_alembic.match(what.text):
            return None
        self._require(not self._values.has_lost_key(rest[:-1]), f"{_NEEDS_RESULT}: {statement}")
        if what.kind not in (Kind.READS, Kind.SESSION):
            return self._noted(what, run, cursor, statement, *rest)
        self._use_session(what, statement)
        if what.kind is Kind.READS:
            return None
        self._create()  # in a transaction, behind a savepoint or a lock it could not be done any more
        self._has_named_step &= not what.text.startswith("ROLLBACK")  # which may take back that note
        run(cursor, locking(statement, TABLE), *rest)
        return True

    def _noted(self, what: Statement, run: Any, cursor: Any, statement: str, *rest: Any) -> bool:
        """Carry out, or skip, a statement that changes something."""
        self._position += 1
        digest = hashlib.sha256(repr((statement, rest[:-1])).encode()).hexdigest()
        state = self._state(what, digest, statement)
        if state == "done":
            self._require(not _returns_rows(rest[-1]), f"{_NEEDS_RESULT}: {statement}")
            rest[-1].get_lastrowid = LostKey
            self._values.skip(what)
            log.info("Done before the interruption, so skipped: %s", statement)
            return True
        if state == "begun":
            self._require(
                what.repeatable() is not None, f"nobody knows whether this was still carried out: {statement}"
            )
        self._use_session(what, statement)
        # What commits the statement commits this note: DDL in its beginning, data in its transaction. What is opaque
        # may commit it at any time, and so may data that has no transaction.
        kind = Kind.OPAQUE if what.kind is Kind.DATA and is_autocommit(self._connection) else what.kind
        is_late = kind is Kind.DATA and asks_what_ran_before(what)
        if is_late:
            self._create()
        else:
            self._write(digest, "done" if kind is Kind.DATA else "begun")
        is_committed = kind is Kind.DDL
        try:
            run(cursor, statement, *rest)
            if kind is Kind.OPAQUE:
                if cursor.description is None:
                    # Raises what is wrong with the rest of it; an asynchronous cursor of SQLAlchemy 2.0 has none.
                    while getattr(cursor, "nextset", bool)():
                        pass
                elif self._connection.dialect.driver == "mysqldb":
                    return True  # which takes nothing before these rows are read: it stays begun
                is_committed = self._has_committed()
        except Exception as error:
            if not (state == "begun" and self._says_done(what, error)):
                with suppress(Exception):  # the connection may be lost
                    self._note_failure(what, kind, digest, statement)
                raise
        if is_late or kind is not Kind.DATA:
            self._write(digest, "done", "NULL" if what.kind is Kind.DATA else _FINGERPRINT, commit=is_committed)
        return True

    def _state(self, what: Statement, digest: str, statement: str) -> str:
        """Return what is noted of the next statement. Raises CommandError if it cannot be the one of then."""
        note = self._notes.get(self._position)
        if note and not (note.has_failed and self._position == max(self._notes)):
            self._require(not self._is_changed, "the tables have been changed since")
            self._require(
                note.digest == digest,
                f"its next statement was another one, now it is: {statement}; what you add to the revision belongs "
                f"just before the statement that failed{self._failed()}",
            )
            self._require(
                not what.is_of_temporary_table,
                f"it needs a temporary table that does not exist any more: {statement}",
            )
        return note.state if note else ""

    def _use_session(self, what: Statement, statement: str) -> None:
        """Raise CommandError if a statement needs what the session of then knew."""
        lost = self._values.lost(what)
        self._require(not lost, f"it needs {lost} as it was then: {statement}")
        self._values.run(what)

    def _note_failure(self, what: Statement, kind: Kind, digest: str, statement: str) -> None:
        """Note that a statement has failed. Of an opaque one, what was not committed takes its note away with it."""
        if kind is Kind.OPAQUE and not self._has_committed():
            return
        if what.kind is Kind.OPAQUE:  # it may have changed tables
            self._sql(f"UPDATE {TABLE} SET columns_ = ({_FINGERPRINT}) WHERE state = 'done' AND columns_ IS NOT NULL")
        self._write(digest, "partly" if what.kind is Kind.OPAQUE else "failed", _beginning(statement))
        if kind is not Kind.DATA:
            self._connection.connection.commit()

    def _has_committed(self) -> bool:
        """Tell whether an opaque statement has committed everything; False where that is not known."""
        if getattr(self._connection.dialect, "is_mariadb", False):
            return not self._sql("SELECT @@in_transaction")[0][0]
        return is_autocommit(self._connection)

    def _says_done(self, what: Statement, error: Exception) -> bool:
        """Tell whether an error says that a statement, which somebody has begun, was carried out to its end."""
        found = what.repeatable()
        code, message = (*error.args, "", "")[:2]
        if found is None or code not in found[1]:
            return False
        if code == _FOREIGN_KEY_FAILS:
            return _BY_ITS_NAME in str(message)
        names = {name: value.strip("`").rpartition(".")[2].strip("`") for name, value in found[0].groupdict().items()}
        if "old" not in names:
            return True
        # What has a new name is there under it; else the old name is just wrong.
        catalogue = "statistics" if "index" in names else "columns"
        query = f"SELECT 1 FROM information_schema.{catalogue} WHERE table_schema = DATABASE()"
        for name in {"table", "column", "index"} & names.keys():
            query += f" AND UPPER({name}_name) = {quote_literal(names[name])}"
        return names["old"] != names.get("column") and bool(self._sql(query))

    def forget(self, is_stamp: bool) -> None:
        """Delete all notes, in the transaction that writes the revision."""
        left = [position for position, note in self._notes.items() if position > self._position and not note.has_failed]
        self._require(is_stamp or not left, "now it has fewer statements")
        if self._exists:
            self._sql(f"DELETE FROM {TABLE}")
        self._notes, self._position, self._has_named_step = {}, 0, False
        if self.steps:
            self.steps.popleft()

    def drop_if_empty(self) -> None:
        """Drop the table once it has no notes."""
        if self._exists and not self._read():
            self._sql(f"DROP TABLE {TABLE}")

    def _create(self) -> None:
        """Create the table, which commits."""
        if not self._exists:
            columns = "position INTEGER PRIMARY KEY, digest CHAR(64), state CHAR(6), columns_ VARCHAR(64)"
            self._sql(f"CREATE TABLE {TABLE} ({columns})")
            self._exists = True

    def _write(self, digest: str, state: str, about: str = "NULL", commit: bool = False) -> None:
        """Write the note of a statement, and at the first one which revision it is of."""
        self._create()
        step = self.steps[0] if self.steps else None
        if isinstance(step, RevisionStep) and not self._has_named_step:
            self._sql(f"REPLACE INTO {TABLE} VALUES {_named(step)}")
            self._has_named_step = True
        self._sql(f"REPLACE INTO {TABLE} SELECT {self._position}, '{digest}', '{state}', ({about})")
        if commit:
            self._connection.connection.commit()

    def _read(self) -> list[Any]:
        return self._sql(NOTES) if self._exists else []

    def _failed(self) -> str:
        """Return how the statement begins that failed, where it is known."""
        texts = [note.about for note in self._notes.values() if note.has_failed and note.about]
        return f": {texts[-1]}" if texts else ""

    def _sql(self, statement: str) -> list[Any]:
        """Execute a statement through the driver, so that these hooks do not see it; return its rows."""
        return send(self._connection, statement)

    def _require(self, sound: bool, otherwise: str) -> None:
        if not sound:
            done = sum(note.state == "done" for note in self._notes.values())
            raise CommandError(
                f"A migration of this database was interrupted after {counted(done)} and cannot go on: {otherwise} "
                f"(either run the same revision as then, or undo by hand what it did, drop the table {TABLE}, and run "
                "the command again)"
            )


def _named(step: RevisionStep) -> str:
    """Return the note that says of which revision the others are, as a row in SQL."""
    script = step.revision
    before = next(iter(to_tuple(script.down_revision, default=())), "base")
    parent = step.revision_map.get_revision(before) if before != "base" else None
    if parent is not None and len(parent.nextrev) > 1:  # a downgrade to it would begin with any of them
        before = f"{script.revision}@-1"
    direction, back_to = ("up", "NULL") if step.is_upgrade else ("down", quote_literal(before))
    return f"(0, {quote_literal(script.revision)}, '{direction}', {back_to})"


def _beginning(statement: str) -> str:
    """Return how a statement begins, as a literal that every database takes, whatever its character set."""
    text = " ".join(statement.split())
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return quote_literal(re.sub(r"[^ -\[\]-~]", "?", text))


def _returns_rows(execution: Any) -> bool:
    return bool(getattr(execution.compiled, "effective_returning", None))
