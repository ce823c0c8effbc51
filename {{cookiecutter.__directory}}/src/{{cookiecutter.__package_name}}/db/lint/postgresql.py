"""What production would feel of each statement on PostgreSQL: measured."""

import re
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Connection

from .watch import Finding, Statement, Watch, ask


class _Table(NamedTuple):
    """What PostgreSQL tells of a table, and of what the open transaction has done with it."""

    name: str
    oid: int
    file: int
    scans: int
    index_scans: int
    locks: list[str]


class PostgreSQL(Watch):
    """Measures which tables a statement reads as a whole or rewrites, and who is locked out of a table meanwhile.

    The tables may be empty: PostgreSQL scans, rewrites and locks those as it does with others.
    """

    # What an index can find is then found by it, as on a big table: what is still scanned has to be.
    connect_args: ClassVar[dict[str, str]] = {"options": "-c enable_seqscan=off"}

    def __init__(self, revisions: set[str]) -> None:
        super().__init__(revisions)
        self._was: dict[int, _Table] = {}  # before the statement
        self._since: dict[tuple[int, str], int] = {}  # the line of the revision that took a lock

    def tables(self, connection: Connection) -> set[str]:
        """Return the names of the tables in the database, with their schema where they need it."""
        return {table.name for table in _measured(connection).values()}

    def before(self, connection: Connection, statement: Statement, parameters: Any) -> str:
        """Measure the tables. A statement outside of a transaction gets one, as its locks would be gone after it."""
        if _is_alone(connection, statement.sql):
            ask(connection, "BEGIN")
        self._was = _measured(connection)
        return statement.sql

    def after(self, connection: Connection, statement: Statement) -> None:
        """Measure them again. It is a finding when there was work to do while somebody was locked out."""
        became = _measured(connection)
        if _is_alone(connection, statement.sql):
            ask(connection, "COMMIT")
        pairs = [(was, became[oid]) for oid, was in self._was.items() if oid in became and was.name in statement.there]
        rewritten = {was.name for was, now in pairs if was.file != now.file}
        read = {was.name for was, now in pairs if _is_read(was, now, statement.sql)} - rewritten
        statement.there.update(now.name for _, now in pairs)  # a renamed table is still one that was there
        locked_out: dict[str, tuple[str, int]] = dict.fromkeys(rewritten, ("read or write", statement.line))
        for was, now in pairs:
            for mode in set(now.locks) - set(was.locks):
                self._since[now.oid, mode] = statement.line
            if mode := next((mode for mode in _LOCKED_OUT if mode in now.locks), ""):
                locked_out[was.name] = (_LOCKED_OUT[mode], self._since.get((now.oid, mode), statement.line))
        if locked_out and (read or rewritten) and not re.match(r"\s*TRUNCATE\b", statement.sql, re.IGNORECASE):
            works = (("rewrites", rewritten), ("reads all of", read))
            done = [f"{work} {_listed(names)}" for work, names in works if names]
            what = f"{' and '.join(done)}; meanwhile {_told(locked_out, statement.line)}"
            statement.findings.append(Finding(what, sorted(locked_out), _instead(statement.sql)))


_MEASURED = """
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
_IN_NO_TRANSACTION = re.compile(r"\bCONCURRENTLY\b|^\s*(VACUUM|ALTER SYSTEM|CREATE DATABASE|DROP DATABASE)", re.I)


def _measured(connection: Connection) -> dict[int, _Table]:
    return {table.oid: table for table in map(_Table._make, ask(connection, _MEASURED))}


def _is_alone(connection: Connection, sql: str) -> bool:
    """Tell whether a statement runs in no transaction, and could run in one."""
    level = connection.get_execution_options().get("isolation_level")
    return level == "AUTOCOMMIT" and not _IN_NO_TRANSACTION.search(sql)


def _is_read(was: _Table, now: _Table, sql: str) -> bool:
    by_index = now.index_scans > was.index_scans and re.match(r"\s*ALTER\b", sql, re.IGNORECASE)  # a new foreign key
    return now.scans > was.scans or bool(by_index)


def _told(locked_out: dict[str, tuple[str, int]], line: int) -> str:
    """Put into words who is locked out of which tables, and since when, where that is not since this line."""
    kinds: dict[tuple[str, int], set[str]] = {}
    for table, kind in locked_out.items():
        kinds.setdefault(kind, set()).add(table)
    return " and ".join(
        f"nobody can {verb} {_listed(names)}{f', locked since line {since}' if since != line else ''}"
        for (verb, since), names in sorted(kinds.items())
    )


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


_CONCURRENTLY = "postgresql_concurrently=True) in op.get_context().autocommit_block(), in a revision of its own"
_VALIDATE = (
    "postgresql_not_valid=True), and in the next revision op.execute('ALTER TABLE ... VALIDATE CONSTRAINT ...'), "
    "during which others read and write"
)
# By statement, the way to the same end on which nobody waits. The first that is found counts.
_INSTEAD = {
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\b|VALIDATE": "the same in a revision of its own, which has no lock",
    r"^\s*CREATE (UNIQUE )?INDEX": f"op.create_index(..., {_CONCURRENTLY}",
    r"^\s*REINDEX": "REINDEX ... CONCURRENTLY in op.get_context().autocommit_block()",
    r"SET NOT NULL": f"op.create_check_constraint(..., 'the_column IS NOT NULL', {_VALIDATE}; NOT NULL after that "
    "reads nothing, and the CHECK can go",
    r"FOREIGN KEY|REFERENCES": f"op.create_foreign_key(..., {_VALIDATE}",
    r"\bCHECK\b": f"op.create_check_constraint(..., {_VALIDATE}",
    r"\bUNIQUE\b|PRIMARY KEY": f"op.create_index(..., unique=True, {_CONCURRENTLY}; in the next, "
    "op.execute('ALTER TABLE ... ADD CONSTRAINT ... UNIQUE USING INDEX ...')",
    r"\bTYPE\b": "a new column that the application writes beside the old one; fill it in batches, read from it, and "
    "drop the old one",
    r"\bADD\b": "the column without a default that differs from row to row; set the default in a second statement, and "
    "fill the old rows in batches",
    "": "a quiet hour, or pg_repack, which does such things while others read and write",
}


def _instead(sql: str) -> str:
    return next(way for pattern, way in _INSTEAD.items() if re.search(pattern, sql, re.IGNORECASE))
