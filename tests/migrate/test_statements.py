"""What a statement of MariaDB or MySQL is, by its text."""

from __future__ import annotations

import pytest

from alembic_proof.migrate.statements import Kind, Statement, locking, targets

KINDS = {
    Kind.READS: (
        "SELECT 1",
        "(SELECT 1) UNION (SELECT 2)",
        "WITH c AS (SELECT 1) SELECT * FROM c FOR UPDATE",
        "SET @a = ';'",
        "SET sql_mode = ''; ",
        "/*!40101 SET NAMES utf8 */;",
        "show tables -- ; all",
    ),
    Kind.SESSION: (
        "SAVEPOINT sa_savepoint_1",
        "RELEASE SAVEPOINT s",
        "ROLLBACK TO SAVEPOINT s",
        "ROLLBACK",
        "START TRANSACTION READ ONLY",
        "BEGIN",
        "begin work",
        "COMMIT AND CHAIN;",
        "PREPARE s FROM 'ALTER TABLE t ADD x INT'",
        "DEALLOCATE PREPARE s",
        "LOCK TABLES t WRITE",
        "LOCK TABLE t READ",
        "UNLOCK TABLES",
    ),
    Kind.DATA: (
        "INSERT INTO t VALUES ('a; b', \"it\\\"s; \", '--')",
        "REPLACE t VALUES (1) # ; that is all",
        "/* c; d */ UPDATE t SET x = 'CREATE TEMPORARY'",
        "DELETE FROM `a -- b`",
        "WITH c AS (SELECT 1) UPDATE t JOIN c SET x = 1",
        "LOAD DATA INFILE 'f' INTO TABLE t",
        "DO f()",
    ),
    Kind.DDL: (
        "ALTER TABLE t ADD COLUMN x INT;",
        "CREATE TABLE t (x INT DEFAULT 1 COMMENT 'a; TEMPORARY')",
        "CREATE TABLE t (temporary INT)",
        "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.x = 1; SET NEW.y = 2; END",
        "CREATE OR REPLACE DEFINER = `root`@`localhost` PROCEDURE p() BEGIN DELETE FROM t; END",
        "DROP VIEW v",
        "ANALYZE LOCAL TABLE t",
        "GRANT SELECT ON t TO u",
        "TRUNCATE t",
        "RENAME TABLE t TO u",
    ),
    Kind.OPAQUE: (
        "EXECUTE s",
        "EXECUTE IMMEDIATE 'ALTER TABLE t ADD x INT'",
        "CALL p()",
        "BEGIN NOT ATOMIC DELETE FROM t; END",
        "IF 1 THEN DELETE FROM t; END IF",
        "ALTER TABLE t ADD COLUMN x INT; UPDATE t SET x = 1",
        "SET @a = 1; SET @b = 2",
        "SET STATEMENT foreign_key_checks = 0 FOR DROP TABLE t",
        "CREATE TEMPORARY TABLE t (x INT)",
        "DROP TEMPORARY TABLE t",
        "/*!40000 ALTER TABLE t DISABLE KEYS */",
        "ANALYZE UPDATE t SET x = 1",
        "REVOKE SELECT ON t FROM u",
    ),
}


@pytest.mark.parametrize(("kind", "statement"), [(kind, text) for kind, texts in KINDS.items() for text in texts])
def test_the_kind(kind: Kind, statement: str) -> None:
    """By how it begins, and by what is in it; nothing in a string or a comment counts."""
    assert Statement(statement).kind is kind


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("ALTER TABLE t ADD COLUMN x INT", True),
        ("ALTER TABLE t ADD COLUMN x INT; DROP TABLE u", False),
        ("OPTIMIZE TABLE t", True),
        ("RENAME TABLE t TO u", False),
        ("CREATE VIEW v AS SELECT 1", False),
    ],
)
def test_what_can_be_carried_out_twice(statement: str, expected: bool) -> None:
    """Only where the whole statement either was carried out or was not."""
    assert (Statement(statement).repeatable() is not None) is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("\nCREATE TABLE alembic_version (\n version_num VARCHAR(32))", True),
        ("INSERT INTO alembic_version (version_num) VALUES ('a')", True),
        ("UPDATE `s`.`alembic_version` SET version_num='b'", True),
        ("DELETE FROM s.alembic_version WHERE version_num = 'b'", True),
        ("DROP TABLE IF EXISTS alembic_version", True),
        ("INSERT INTO t SELECT COUNT(*) FROM alembic_version", False),
        ("CREATE TABLE alembic_versions (x INT)", False),
        ("CREATE TABLE alembic_version$ (x INT)", False),
        ("DELETE FROM t WHERE x = 'DELETE FROM alembic_version'", False),
    ],
)
def test_what_a_statement_is_about(statement: str, expected: bool) -> None:
    """The table that it creates, changes or fills, not those it reads."""
    assert bool(targets("alembic_version").match(Statement(statement).text)) is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("lock tables a WRITE, b READ", "lock tables n WRITE, a WRITE, b READ"),
        ("LOCK TABLE\n`a` READ NOWAIT", "LOCK TABLE\nn WRITE, `a` READ NOWAIT"),
        (
            "/* lock tables a */\n-- lock tables b\nLOCK TABLES a WRITE",
            "/* lock tables a */\n-- lock tables b\nLOCK TABLES n WRITE, a WRITE",
        ),
        ("/*!40000 LOCK TABLES a WRITE */", "/*!40000 LOCK TABLES n WRITE, a WRITE */"),
        ("UNLOCK TABLES ", "UNLOCK TABLES "),
        ("PREPARE s FROM 'LOCK TABLES a WRITE'", "PREPARE s FROM 'LOCK TABLES a WRITE'"),
        ("SAVEPOINT x", "SAVEPOINT x"),
    ],
)
def test_one_more_table_is_locked(statement: str, expected: str) -> None:
    """Wherever the list of tables begins."""
    assert locking(statement, "n") == expected
