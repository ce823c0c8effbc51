"""What production would notice of each statement on PostgreSQL: measured."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sqlalchemy import Connection

from .observer import Finding, Observer, Statement, query


class _Table(NamedTuple):
    """What PostgreSQL knows of a table, and of what the open transaction has done with it."""

    name: str
    oid: int
    file: int
    scans: int
    index_scans: int
    locks: list[str]


class PostgreSQL(Observer):
    """Measures which tables a statement reads as a whole or rewrites, and who is locked out of a table meanwhile.

    The tables may be empty: PostgreSQL scans, rewrites and locks them as it does others.
    """

    dialects = ("postgresql",)

    def __init__(self, revisions: set[str]) -> None:
        super().__init__(revisions)
        self._before_statement: dict[int, _Table] = {}  # by oid
        self._lock_lines: dict[tuple[int, str], int] = {}  # the line of the revision that took a lock

    def tables(self, connection: Connection) -> set[str]:
        """Return the names of the tables in the database, with their schema where they need it."""
        return {table.name for table in _measure(connection).values()}

    def before(self, connection: Connection, statement: Statement, parameters: Any) -> str:
        """Measure the tables. A statement outside of a transaction gets one, which keeps its locks until measured."""
        # What an index can find is then found by it, as on a big table: what is still scanned must be.
        query(connection, "SET enable_seqscan = off")
        query(connection, "SET jit = off")  # it takes more than half a second to compile what is measured
        if _is_autocommitted(connection, statement.sql):
            query(connection, "BEGIN")
        self._before_statement = _measure(connection)
        return statement.sql

    def after(self, connection: Connection, statement: Statement) -> None:
        """Measure them again. It is a finding if there was work to do while somebody was locked out."""
        after = _measure(connection)
        if _is_autocommitted(connection, statement.sql):
            query(connection, "COMMIT")
        pairs = [
            (old, after[oid])
            for oid, old in self._before_statement.items()
            if oid in after and old.name in statement.existing
        ]
        rewritten = {old.name for old, new in pairs if old.file != new.file}
        read = {old.name for old, new in pairs if _is_read(old, new, statement.sql)} - rewritten
        statement.existing.update(new.name for _, new in pairs)  # a renamed table existed before, too
        locked_out: dict[str, tuple[str, int]] = dict.fromkeys(rewritten, ("read or write", statement.line))
        for old, new in pairs:
            for mode in set(new.locks) - set(old.locks):
                self._lock_lines[new.oid, mode] = statement.line
            if mode := next((mode for mode in _LOCKED_OUT if mode in new.locks), ""):
                locked_out[old.name] = (_LOCKED_OUT[mode], self._lock_lines.get((new.oid, mode), statement.line))
        if locked_out and (read or rewritten) and not re.match(r"\s*TRUNCATE\b", statement.sql, re.IGNORECASE):
            works = (("rewrites", rewritten), ("reads all of", read))
            done = [f"{work} {_joined(names)}" for work, names in works if names]
            message = f"{' and '.join(done)}; meanwhile {_describe(locked_out, statement.line)}"
            statement.findings.append(Finding(message, sorted(locked_out), _instead(statement.sql)))


_MEASURE = """
    SELECT c.oid::regclass::text, c.oid, pg_relation_filenode(c.oid), pg_stat_get_xact_numscans(c.oid),
        (SELECT coalesce(sum(pg_stat_get_xact_numscans(indexrelid)), 0) FROM pg_index WHERE indrelid = c.oid),
        ARRAY(SELECT mode FROM pg_locks WHERE relation = c.oid AND pid = pg_backend_pid())
    FROM pg_class c
    WHERE relkind IN ('r', 'p', 'm') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
"""
_LOCKED_OUT = {  # the strongest first
    "AccessExclusiveLock": "read or write",
    "ExclusiveLock": "write",
    "ShareRowExclusiveLock": "write",
    "ShareLock": "write",
}
_NEVER_IN_TRANSACTION = re.compile(r"\bCONCURRENTLY\b|^\s*(VACUUM|ALTER SYSTEM|CREATE DATABASE|DROP DATABASE)", re.I)


def _measure(connection: Connection) -> dict[int, _Table]:
    return {table.oid: table for table in map(_Table._make, query(connection, _MEASURE))}


def _is_autocommitted(connection: Connection, sql: str) -> bool:
    """Tell whether a statement runs outside of a transaction, and could run in one."""
    level = connection.get_execution_options().get("isolation_level")
    return level == "AUTOCOMMIT" and not _NEVER_IN_TRANSACTION.search(sql)


def _is_read(old: _Table, new: _Table, sql: str) -> bool:
    by_index = new.index_scans > old.index_scans and re.match(r"\s*ALTER\b", sql, re.IGNORECASE)  # a new foreign key
    return new.scans > old.scans or bool(by_index)


def _describe(locked_out: dict[str, tuple[str, int]], line: int) -> str:
    """Say who is locked out of which tables, and since which line, if that is not this one."""
    kinds: dict[tuple[str, int], set[str]] = {}
    for table, kind in locked_out.items():
        kinds.setdefault(kind, set()).add(table)
    return " and ".join(
        f"nobody can {verb} {_joined(names)}{f', locked since line {since}' if since != line else ''}"
        for (verb, since), names in sorted(kinds.items())
    )


def _joined(names: set[str]) -> str:
    return ", ".join(sorted(names))


_CONCURRENTLY = "postgresql_concurrently=True) in op.get_context().autocommit_block(), in a revision of its own"
_VALIDATE = (
    "postgresql_not_valid=True), and in the next revision op.execute('ALTER TABLE ... VALIDATE CONSTRAINT ...'), "
    "during which others read and write"
)
# By statement, the way to the same result for which nobody waits. The first pattern that matches counts.
_INSTEAD = {
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\b|VALIDATE": "the same in a revision of its own, which has no lock",
    r"^\s*CREATE (UNIQUE )?INDEX": f"op.create_index(..., {_CONCURRENTLY}",
    r"^\s*REINDEX": "REINDEX ... CONCURRENTLY in op.get_context().autocommit_block()",
    r"SET NOT NULL": f"op.create_check_constraint(..., 'the_column IS NOT NULL', {_VALIDATE}; then NOT NULL reads "
    "nothing, and the CHECK can be dropped",
    r"FOREIGN KEY|REFERENCES": f"op.create_foreign_key(..., {_VALIDATE}",
    r"\bCHECK\b": f"op.create_check_constraint(..., {_VALIDATE}",
    r"\bUNIQUE\b|PRIMARY KEY": f"op.create_index(..., unique=True, {_CONCURRENTLY}; in the next, "
    "op.execute('ALTER TABLE ... ADD CONSTRAINT ... UNIQUE USING INDEX ...')",
    r"\bTYPE\b": "a new column that the application writes together with the old one; fill it in batches, read from "
    "it, and drop the old one",
    r"\bADD\b": "the column without a default that differs from row to row; set the default in a second statement, and "
    "fill existing rows in batches",
    "": "a quiet hour, or pg_repack, which does such things while others read and write",
}


def _instead(sql: str) -> str:
    return next(way for pattern, way in _INSTEAD.items() if re.search(pattern, sql, re.IGNORECASE))
