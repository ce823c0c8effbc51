"""What a statement of MariaDB or MySQL is, by its text: what the journal must know of it."""

from __future__ import annotations

import re
from enum import Enum, auto

# Strings, comments, and names in backquotes; what is in /*! */ is carried out, so it is no comment.
_PARTS = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")"""
    r"|(?P<comment>/\*(?!M?!).*?\*/|(?:--(?=\s|$)|\#)[^\n]*)|`[^`]*`",
    re.DOTALL,
)
_EXECUTABLE = re.compile(r"/\*M?!\d*|\*/")
_READS = {"DESC", "DESCRIBE", "EXPLAIN", "SELECT", "SET", "SHOW", "USE", "WITH"}
_DATA = {"DELETE", "DO", "INSERT", "LOAD", "REPLACE", "UPDATE"}
_DDL = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE"}
# It commits too, and can always be carried out again.
_MAINTENANCE = r"((ANALYZE|CHECK|OPTIMIZE|REPAIR) ((LOCAL|NO_WRITE_TO_BINLOG) )?TABLES?|GRANT|FLUSH PRIVILEGES)\b"
_SESSION = re.compile(
    r"(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK|COMMIT|START TRANSACTION|BEGIN WORK|PREPARE|DEALLOCATE|DROP PREPARE"
    r"|(UN)?LOCK TABLES?)\b|BEGIN$"
)
_WRITES_WITH = re.compile(r"WITH .*\) ?(UPDATE|DELETE)\b")
_TEMPORARY = re.compile(r"(CREATE( OR REPLACE)?|DROP) TEMPORARY\b")
_HAS_BODY = re.compile(
    r"CREATE (OR REPLACE )?(DEFINER ?= ?\S+( ?@ ?\S+)? )?(AGGREGATE )?(PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE)\b"
)
# DDL that can be carried out twice, by how it begins, and the errors that say, of such a statement, that it is done:
# the second time, what it creates is there already, or what it drops or renames is gone. Any other error is a real one.
_REPEATABLE: dict[str, set[int]] = {
    _MAINTENANCE: set(),
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
_LOCK = re.compile(
    r"(\s|/\*(?!M?!).*?\*/|(--(?=\s)|\#)[^\n]*\n)*(/\*M?!\d*\s*)?LOCK\s+TABLES?\s", re.DOTALL | re.IGNORECASE
)


class Kind(Enum):
    """What becomes of a statement when the migration is run again."""

    READS = auto()  # it changes no table: it is always run
    SESSION = auto()  # it begins or ends something of the session: it is always run
    DATA = auto()  # its transaction commits it, and what is noted in there
    DDL = auto()  # it commits what was before it, and itself
    OPAQUE = auto()  # it may have any of these in it


class Statement:
    """A statement, and what its text says of it."""

    def __init__(self, statement: str) -> None:
        # In capitals on one line, without comments, and with nothing in its strings.
        self.text = " ".join(_PARTS.sub(_without, statement).upper().split()).rstrip("; ").lstrip("( ")
        self.kind = _kind(self.text)

    @property
    def has_body(self) -> bool:
        """Whether it only defines what another statement will do."""
        return bool(_HAS_BODY.match(self.text))

    @property
    def is_of_temporary_table(self) -> bool:
        """Whether it creates or drops a table of the session."""
        return bool(_TEMPORARY.match(self.text))

    def repeatable(self) -> tuple[re.Match[str], set[int]] | None:
        """Return how it begins, if it can be carried out twice, and the errors that say that it is done."""
        if self.kind is Kind.DDL:
            for pattern, codes in _REPEATABLE.items():
                if match := re.match(pattern, self.text):
                    return match, codes
        return None


def targets(table: str) -> re.Pattern[str]:
    """Return what matches the text of a statement that creates, changes or fills just this table, as Alembic does."""
    return re.compile(
        r"(INSERT INTO|UPDATE|DELETE FROM|(CREATE|ALTER|DROP) TABLE)( IF (NOT )?EXISTS)? "
        rf"(`[^`]*`\.|[\w$]+\.)?`?{re.escape(table.upper())}(?![\w$])"
    )


def locking(statement: str, table: str) -> str:
    """Return LOCK TABLES with one more table; another statement as it is."""
    begin = _LOCK.match(statement)
    return f"{begin[0]}{table} WRITE, {statement[begin.end() :]}" if begin else statement


def _without(part: re.Match[str]) -> str:
    """Return what stays of a part: of a string that it is one, of a comment a blank."""
    return {"string": "''", "comment": " "}.get(str(part.lastgroup), part[0])


def _kind(text: str) -> Kind:
    verb = text.partition(" ")[0]
    if text.startswith("/*"):  # whether the server carries it out depends on its version
        inner = _kind(" ".join(_EXECUTABLE.sub(" ", text).split()))
        return inner if inner in (Kind.READS, Kind.SESSION) else Kind.OPAQUE
    if _HAS_BODY.match(text):
        return Kind.DDL
    if ";" in text or text.startswith("SET STATEMENT ") or _TEMPORARY.match(text):
        return Kind.OPAQUE
    if _SESSION.match(text):
        return Kind.SESSION
    if verb in _DATA or _WRITES_WITH.match(text):
        return Kind.DATA
    if re.match(_MAINTENANCE, text):
        return Kind.DDL
    kinds = {Kind.READS: _READS, Kind.DDL: _DDL}
    return next((kind for kind, verbs in kinds.items() if verb in verbs), Kind.OPAQUE)
