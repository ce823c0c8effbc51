"""What a rerun knows of the session in which the migration began."""

from __future__ import annotations

import pytest

from alembic_proof.migrate.session_values import SessionValues, asks_what_ran_before
from alembic_proof.migrate.statements import Statement

SKIPPED = "skipped "  # before a statement that was done already


def lost(*statements: str, last_id: int = 0) -> str:
    """Let statements run or be skipped, and return what the last one needs and cannot have."""
    values = SessionValues(lambda: last_id, lambda: None)
    for statement in statements[:-1]:
        what = Statement(statement.removeprefix(SKIPPED))
        (values.skip if statement.startswith(SKIPPED) else values.run)(what)
    return values.lost(Statement(statements[-1]))


INSERT = f"{SKIPPED}INSERT INTO t VALUES (1)"
MAX = "SET @m = (SELECT MAX(id) FROM t)"
USE = "UPDATE t SET x = @m"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((MAX, USE), ""),
        ((MAX, INSERT, USE), "@m"),
        ((MAX, INSERT, "SELECT @M"), "@m"),
        ((MAX, INSERT, "UPDATE t SET x = @`m`"), "@m"),
        ((INSERT, MAX, USE), ""),
        ((MAX, INSERT, "SET @m = @m + 1"), "@m"),
        ((INSERT, "SELECT MAX(id), 1 INTO @m, @n FROM t", f"{USE} + @n"), ""),
        (("SELECT MAX(id) INTO @m FROM t", INSERT, USE), "@m"),
        (("SET @m = 5, @n := '('", INSERT, f"{USE} + @n"), ""),
        (("SET @m = 5", f"{SKIPPED}UPDATE t SET x = @m := @m + 1", USE), "@m"),
        (("SET @m = 5", f"{SKIPPED}CALL p(@m)", USE), "@m"),
        ((f"{SKIPPED}CALL p()", USE), "@m"),
        (("SET @m = NOW()", INSERT, USE), "@m"),
        (("SET @m = CURRENT_DATE", INSERT, USE), "@m"),
        (("SET @m = %s", INSERT, USE), "@m"),
        (("SET @m = @@identity", INSERT, USE), "@m"),
        (("SET @old = @@sql_mode, sql_mode = ''", INSERT, "SET sql_mode = @old"), ""),
        ((MAX, "SET @n = @m", INSERT, "SELECT @n"), "@n"),
        ((MAX, "PREPARE s FROM @m", INSERT, "EXECUTE s"), "s"),
        ((INSERT, MAX, "PREPARE s FROM @m", "EXECUTE s"), ""),
        (("PREPARE s FROM 'DELETE FROM t'", INSERT, "EXECUTE s"), ""),
        (("SET @m = 'DELETE FROM t'", "PREPARE s FROM @m", INSERT, "EXECUTE s"), ""),
        (("PREPARE s FROM 'DELETE FROM t'", f"{SKIPPED}EXECUTE s", "EXECUTE s"), ""),
        ((INSERT, "EXECUTE IMMEDIATE 'DELETE FROM t'"), ""),
        ((INSERT, "UPDATE t JOIN (SELECT @r := 0) r SET x = (@r := @r + 1)"), ""),
        ((INSERT, "UPDATE t SET x = (@r := @r + 1)"), "@r"),
        ((INSERT, "LOAD DATA INFILE 'f' INTO TABLE t (@x) SET x = @x"), ""),
        ((INSERT, "CREATE PROCEDURE p() UPDATE t SET x = @m"), ""),
        ((INSERT, "GRANT SELECT ON t TO 'u'@'h'"), ""),
        ((INSERT, "INSERT INTO t VALUES ('a@b @c')"), ""),
        ((INSERT, "SELECT @@sql_mode"), ""),
    ],
)
def test_variables(statements: tuple[str, ...], expected: str) -> None:
    """What was set before something that is skipped may be another value now, unless it says the same for ever."""
    assert lost(*statements) == expected


@pytest.mark.parametrize(
    ("statements", "last_id", "expected"),
    [
        ((INSERT, "UPDATE t SET x = LAST_INSERT_ID()"), 0, "LAST_INSERT_ID()"),
        ((INSERT, "SELECT 1", "SELECT @@identity"), 0, "@@IDENTITY"),
        ((INSERT, "INSERT INTO t VALUES (2)", "UPDATE t SET x = LAST_INSERT_ID()"), 2, ""),
        ((INSERT, "UPDATE t SET x = LAST_INSERT_ID(x + 1)"), 0, ""),
        (("INSERT INTO t VALUES (1)", "UPDATE t SET x = LAST_INSERT_ID()"), 0, ""),
        ((INSERT, "UPDATE t SET x = ROW_COUNT()"), 0, "ROW_COUNT()"),
        ((INSERT, "SELECT FOUND_ROWS()"), 0, "FOUND_ROWS()"),
        ((INSERT, "UPDATE t SET x = 1", "SELECT ROW_COUNT()"), 0, ""),
    ],
)
def test_what_the_last_statement_did(statements: tuple[str, ...], last_id: int, expected: str) -> None:
    """It is not known of one that was skipped."""
    assert lost(*statements, last_id=last_id) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("INSERT INTO t VALUES (ROW_COUNT())", True),
        ("INSERT INTO t VALUES ('ROW_COUNT()')", False),
        ("CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW SET @n = ROW_COUNT()", False),
    ],
)
def test_what_asks_for_it(statement: str, expected: bool) -> None:
    """In the statement itself."""
    assert asks_what_ran_before(Statement(statement)) is expected
