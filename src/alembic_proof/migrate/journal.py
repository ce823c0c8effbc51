"""The journal of a migration, with which one that died half-way on MariaDB or MySQL can be run again.

There CREATE, ALTER and DROP commit at once: a revision that dies leaves its first statements behind, and a rerun would
fail at them. So every statement of a revision is noted before it runs. The notes are deleted together with the writing
of the new revision into alembic_version. A rerun skips what is noted as done and goes on from there; where it cannot be
sure that this is right, it stops.
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

from ..dialects.base import send
from ..schema import JOURNAL
from ..schema.unfinished import NOTES, counted
from ..sqltext import quote_literal

log = logging.getLogger("alembic.journal")

TABLE = JOURNAL
_LONGEST = 64  # characters of a statement that failed

_READS = {"DESC", "DESCRIBE", "EXPLAIN", "SELECT", "SET", "SHOW", "USE", "WITH"}
_DDL = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE"}
# DDL that can be carried out twice, by how it begins, and the errors that say, of such a statement, that it is done:
# the second time, what it creates is there already, or what it drops or renames is gone. Any other error is a real one.
_REPEATABLE: dict[str, set[int]] = {
    r"CREATE TABLE": {1050},
    r"CREATE (UNIQUE )?INDEX": {1061},
    r"DROP TABLE": {1051},
    r"DROP INDEX": {1091},
    r"TRUNCATE": set(),
    r"ALTER TABLE \S+ ADD COLUMN": {1060},
    r"ALTER TABLE \S+ ADD CONSTRAINT": {1005, 1061, 1068, 1826, 3822},
    r"ALTER TABLE \S+ ADD PRIMARY": {1068},
    r"ALTER TABLE \S+ DROP": {1091, 3821, 3940},
    r"ALTER TABLE \S+ (MODIFY|ALTER|COMMENT)": set(),
    r"ALTER TABLE (?P<table>\S+) CHANGE (COLUMN )?(?P<old>\S+) (?P<column>\S+)": {1054},
    r"ALTER TABLE (?P<table>\S+) RENAME COLUMN (?P<old>\S+) TO (?P<column>\S+)": {1054},
    r"ALTER TABLE (?P<table>\S+) RENAME (INDEX|KEY) (?P<old>\S+) TO (?P<index>\S+)": {1176},
    r"ALTER TABLE (?P<old>\S+) RENAME TO (?P<table>\S+)": {1146},
}
_FOREIGN_KEY_FAILS, _BY_ITS_NAME = 1005, "errno: 121"  # MariaDB has one number for all that is wrong with one
_COMMENTS = re.compile(r"/\*(?!!).*?\*/|(--|#)[^\n]*\n", re.DOTALL)
# A fingerprint of all columns, to recognize that somebody has changed the tables since the interruption.
_FINGERPRINT = (
    "SELECT CONCAT(COUNT(*), '-', COALESCE(SUM(CRC32(CONCAT_WS(' ', table_name, column_name, column_type))), 0)) "
    f"FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> '{TABLE}'"
)
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


class _Journal:
    """The statements of the revision in progress, in their order."""

    def __init__(self, connection: Connection, version_table: str) -> None:
        self._connection = connection
        self._version_table = re.compile(rf"(?<!\w){re.escape(version_table.upper())}(?!\w)")
        self._position = 0
        self.steps: deque[MigrationStep] = deque()  # the one in progress, and those to come
        self._has_named_step = False
        self._exists = bool(self._sql(f"SHOW TABLES LIKE '{TABLE}'"))
        self._notes = {position: _Note(*note) for position, *note in self._read() if position > 0}
        # The tables as the last DDL left them; not known if that one is only begun.
        fingerprints = [
            note.about
            for note in self._notes.values()
            if (note.about and note.state != "failed") or note.state == "begun"
        ]
        known = bool(fingerprints and fingerprints[-1])
        self._is_changed = known and self._sql(_FINGERPRINT)[0][0] != fingerprints[-1]

    def execute(self, run: Any, cursor: Any, statement: str, *rest: Any) -> bool | None:
        """Carry out a statement, or skip it. Returns True, or None for one that only reads, or is Alembic's own."""
        text = " ".join(_COMMENTS.sub(" ", statement).upper().split())
        verb = text.split(" ")[0]
        if verb in _READS or self._version_table.search(text) or rest[-1].root_connection is not self._connection:
            return None
        self._position += 1
        digest = hashlib.sha256(repr((statement, rest[:-1])).encode()).hexdigest()
        note = self._notes.get(self._position)
        if note and not (note.state == "failed" and self._position == max(self._notes)):
            self._require(not self._is_changed, "the tables have been changed since")
            self._require(
                note.digest == digest,
                f"its next statement was another one, now it is: {statement}; what you add to the revision belongs "
                f"just before the statement that failed{self._failed()}",
            )
            self._require(
                "TEMPORARY" not in text, f"it needs a temporary table that does not exist any more: {statement}"
            )
        state = note.state if note else ""
        if state == "done":
            self._require(not _returns_rows(rest[-1]), f"it needs the result of what was done already: {statement}")
            with suppress(AttributeError):  # asyncmy's cursor has it from the beginning, and read-only
                cursor.lastrowid = None
            log.info("Done before the interruption, so skipped: %s", statement)
            return True
        if state == "begun":
            self._require(
                _repeatable(text) is not None, f"nobody knows whether this was still carried out: {statement}"
            )
        # What commits the statement commits this note: DDL in its beginning, data in its transaction.
        self._write(digest, "begun" if verb in _DDL else "done")
        try:
            run(cursor, statement, *rest)
        except Exception as error:
            if not (state == "begun" and self._says_done(text, error)):
                with suppress(Exception):  # the connection may be lost
                    self._write(digest, "failed", _beginning(statement), commit=verb in _DDL)
                raise
        if verb in _DDL:
            self._write(digest, "done", _FINGERPRINT, commit=True)
        return True

    def _says_done(self, text: str, error: Exception) -> bool:
        """Tell whether an error says that a statement, which somebody has begun, was carried out to its end."""
        found = _repeatable(text)
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
        left = [
            position for position, note in self._notes.items() if position > self._position and note.state != "failed"
        ]
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

    def _write(self, digest: str, state: str, about: str = "NULL", commit: bool = False) -> None:
        """Write the note of a statement, and at the first one which revision it is of."""
        if not self._exists:
            columns = "position INTEGER PRIMARY KEY, digest CHAR(64), state CHAR(6), columns_ VARCHAR(64)"
            self._sql(f"CREATE TABLE {TABLE} ({columns})")
            self._exists = True
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
        texts = [note.about for note in self._notes.values() if note.state == "failed" and note.about]
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


def _repeatable(text: str) -> tuple[re.Match[str], set[int]] | None:
    """Return how a statement begins that can be carried out twice, and the errors that say that it is done."""
    for pattern, codes in _REPEATABLE.items():
        if match := re.match(pattern, text):
            return match, codes
    return None


def _returns_rows(execution: Any) -> bool:
    return bool(getattr(execution.compiled, "effective_returning", None))
