"""What SQL loses and renames, by its tokens."""

from __future__ import annotations

import pytest
from support.models import dialect_of

from alembic_proof.revisions.reader import UNKNOWN
from alembic_proof.revisions.statements import Lost, Renamed, effects

SQLITE, PG, MY = ("sqlite",), ("postgresql",), ("mysql",)
SERVERS, ALL = (*PG, *MY), (*SQLITE, *PG, *MY)
A, B, X, N = Lost("a"), Lost("b"), Lost("a", "x"), Lost("a", "n")
SOME = Lost("a", is_part=True)
LINE = Lost(UNKNOWN)


@pytest.mark.parametrize(
    ("dialects", "sql", "lost"),
    [
        # A table.
        (ALL, "DROP TABLE a", [A]),
        (ALL, "drop table if exists a ;", [A]),
        (ALL, "/* old table */ DROP TABLE a", [A]),
        (ALL, "-- old table\nDROP /* of the shop */ TABLE a -- it goes", [A]),
        (ALL, "-- DROP TABLE a", []),
        (ALL, "/* DROP TABLE a */ SELECT 1", []),
        (PG, "/* /* DROP TABLE b; */ */ DROP TABLE a", [A]),
        (MY, "# old table\nDROP TABLE a", [A]),
        (MY, "/*!40000 DROP TABLE a */", [A]),
        (MY, "/*M!100100 DROP TABLE a */", [A]),
        (MY, "DROP TABLE /*!32312 IF EXISTS*/ `a`", [A]),
        (PG, "/*!40000 DROP TABLE a */", []),
        (ALL, "SELECT 1; DROP TABLE a", [A]),
        (ALL, "SELECT 'x; DROP TABLE a'", []),
        (SERVERS, "DROP TABLE a, b CASCADE", [A, B]),
        (SERVERS, "DROP TABLE s.a", [Lost("s.a")]),
        (PG, 'DROP TABLE IF EXISTS "s"."a b" CASCADE', [Lost("s.a b")]),
        (SQLITE, "DROP TABLE [a]", [A]),
        (MY, "DROP TEMPORARY TABLE a", []),
        (MY, "CREATE OR REPLACE TABLE a (id INT)", [A]),
        (MY, "CREATE OR REPLACE TEMPORARY TABLE a (id INT)", []),
        (ALL, "CREATE TABLE a (id INT)", []),
        (SERVERS, "TRUNCATE a", [A]),
        (PG, "TRUNCATE TABLE ONLY a, b RESTART IDENTITY", [A, B]),
        (PG, "TRUNCATE a CASCADE", [A, LINE]),
        (MY, "ALTER TABLE a DISCARD TABLESPACE", [A]),
        # A column.
        (ALL, "ALTER TABLE a DROP x", [X]),
        (ALL, "ALTER TABLE a DROP COLUMN x", [X]),
        (SERVERS, "ALTER TABLE IF EXISTS a DROP COLUMN IF EXISTS x, ADD y INT, DROP n", [X, N]),
        (PG, "ALTER TABLE ONLY a DROP x CASCADE", [X]),
        (MY, "ALTER ONLINE TABLE a DROP COLUMN x", [X]),
        (MY, "ALTER TABLE a WAIT 5 DROP COLUMN x", [X]),
        (MY, "ALTER TABLE a ADD q DECIMAL(5, 2), DROP x", [X]),
        (SERVERS, "ALTER TABLE a DROP CONSTRAINT x, DROP PRIMARY KEY, DROP INDEX i", []),
        (MY, "ALTER TABLE a DROP FOREIGN KEY x, DROP KEY i, DROP CHECK c", []),
        (PG, "ALTER TABLE a DROP key, DROP keynote", [Lost("a", "key"), Lost("a", "keynote")]),
        (PG, "ALTER TABLE a ALTER x DROP NOT NULL, ALTER x DROP DEFAULT", []),
        (PG, "ALTER TABLE a DETACH PARTITION x", []),
        (PG, "ALTER TABLE a ALTER x TYPE int USING length(x)", [Lost("a", "x", "int", "length(x)")]),
        (
            PG,
            'ALTER TABLE a ALTER COLUMN x SET DATA TYPE varchar(2) COLLATE "C" USING left(x,2), DROP n',
            [Lost("a", "x", "varchar(2)", "left(x,2)"), N],
        ),
        (MY, "ALTER TABLE a MODIFY x VARCHAR(2)", [Lost("a", "x", "VARCHAR(2)")]),
        (MY, "ALTER TABLE a CHANGE COLUMN x x INT", [Lost("a", "x", "INT")]),
        (MY, "ALTER IGNORE TABLE a MODIFY x VARCHAR(2)", [Lost("a", "x", "VARCHAR(2)", is_part=True)]),
        (MY, "ALTER TABLE a MODIFY x VARCHAR(2) NOT NULL", [Lost("a", "x", "VARCHAR(2) NOT NULL")]),
        # Some rows.
        (ALL, "DELETE FROM a", [A]),
        (PG, "DELETE FROM ONLY a AS t RETURNING id", [A]),
        (ALL, "DELETE FROM a WHERE id > 5", []),
        (ALL, "DELETE FROM a WHERE 1 = 1", [A]),
        (MY, "DELETE LOW_PRIORITY QUICK FROM a", [A]),
        (ALL, "DELETE", []),
        (ALL, "Delete old rows", []),
        (ALL, "Drop owned rows", []),
        (MY, "DELETE FROM a LIMIT 5", [SOME]),
        (PG, "DELETE FROM a USING b", [SOME]),
        (PG, "DELETE FROM a USING b WHERE b.a_id = a.id", []),
        (PG, "DELETE FROM a USING (SELECT * FROM b WHERE id > 5) AS q", [SOME]),
        (MY, "DELETE a FROM a JOIN (SELECT 1) q", [SOME]),
        (MY, "DELETE t.*, b FROM a AS t JOIN b ON t.id = b.a_id", [SOME, Lost("b", is_part=True)]),
        (MY, "DELETE FROM t USING a t JOIN b", [SOME]),
        (PG, "WITH d AS (DELETE FROM a RETURNING *) SELECT count(*) FROM d", [A]),
        (PG, "WITH d AS (DELETE FROM a WHERE id > 5 RETURNING *) SELECT * FROM d", []),
        (ALL, "WITH d AS (SELECT 1) DELETE FROM a", [A]),
        (MY, "ALTER IGNORE TABLE a ADD UNIQUE (n)", [SOME]),
        (MY, "ALTER IGNORE TABLE a ADD COLUMN q INT", []),
        (MY, "ALTER TABLE a DROP PARTITION p", [SOME]),
        (MY, "ALTER TABLE a TRUNCATE PARTITION p", [SOME]),
        # What only running it would tell.
        (PG, "DROP SCHEMA public CASCADE", [LINE]),
        (PG, "DROP SCHEMA public", []),
        (MY, "DROP DATABASE IF EXISTS shop", [LINE]),
        (MY, "DROP SCHEMA shop", [LINE]),
        (PG, "DROP TYPE mood CASCADE", [LINE]),
        (PG, "DROP TYPE mood", []),
        (PG, "DROP DOMAIN IF EXISTS price CASCADE", [LINE]),
        (PG, "DROP EXTENSION hstore CASCADE", [LINE]),
        (PG, "DROP OWNED BY CURRENT_USER", [LINE]),
        (MY, "ALTER TABLE a DROP SYSTEM VERSIONING", [LINE]),
        (ALL, "DROP INDEX x", []),
        (PG, "DROP VIEW v CASCADE", []),
        (ALL, f"DROP TABLE {UNKNOWN}", [LINE]),
        (ALL, f"DROP TABLE {UNKNOWN}old", [LINE]),
        (ALL, f"DROP TABLE old{UNKNOWN}, b", [LINE, B]),
        (ALL, f"ALTER TABLE a DROP COLUMN {UNKNOWN}", [Lost("a", UNKNOWN)]),
        (ALL, "DROP TABLE %s", [LINE]),
        (ALL, "DROP TABLE %(name)s", [LINE]),
        (ALL, "DROP TABLE {}", [LINE]),
        # Programs, and what they execute.
        (PG, "DO $$ BEGIN DROP TABLE a; END $$", [A]),
        (
            PG,
            "DO LANGUAGE plpgsql $x$ DECLARE n int; BEGIN IF n THEN DELETE FROM a; ELSE DROP TABLE b; END IF; END $x$",
            [A, B],
        ),
        (PG, "DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$", [A]),
        (PG, "DO $$ BEGIN FOR t IN SELECT 1 LOOP EXECUTE format('DROP TABLE %I', t.name); END LOOP; END $$", [LINE]),
        (PG, "DO $$ BEGIN EXECUTE 'ALTER TABLE ' || t || ' DROP COLUMN x'; END $$", [Lost(UNKNOWN, "x")]),
        (PG, "DO $$ BEGIN q := 'DROP TABLE ' || t; EXECUTE q; END $$", [LINE]),
        (PG, "DO $$ BEGIN RAISE NOTICE 'DROP TABLE a'; PERFORM 1; END $$", []),
        (PG, "DO $$ BEGIN UPDATE a SET x = 1; END $$", []),
        (PG, "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DELETE FROM a; RETURN NULL; END $$ LANGUAGE plpgsql", []),
        (PG, "PREPARE d AS DELETE FROM a", [A]),
        (MY, "EXECUTE IMMEDIATE 'DROP TABLE a'", [A]),
        (MY, "SET @s = CONCAT('DROP TABLE ', @t)", [LINE]),
        (MY, "PREPARE st FROM 'DROP TABLE a'", [A]),
        (MY, "BEGIN NOT ATOMIC DROP TABLE a; IF 1 THEN DROP TABLE b; END IF; END", [A, B]),
        (("sqlite", "mysql"), "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET n = 1; DELETE FROM a; END", []),
    ],
)  # fmt: skip
def test_what_it_loses(dialects: tuple[str, ...], sql: str, lost: list[Lost]) -> None:
    """Whatever stands around it, and nothing that only looks like it."""
    for dialect in dialects:
        assert list(effects(sql, dialect_of(dialect))) == lost


@pytest.mark.parametrize(
    ("dialects", "sql", "renamed"),
    [
        (ALL, "ALTER TABLE a RENAME TO b", [Renamed("a", "", "b")]),
        (PG, "ALTER TABLE s.a RENAME TO b", [Renamed("s.a", "", "s.b")]),
        (PG, "ALTER TABLE a SET SCHEMA s", [Renamed("a", "", "s.a")]),
        (ALL, "ALTER TABLE a RENAME COLUMN x TO y", [Renamed("a", "x", "y")]),
        (PG, "ALTER TABLE a RENAME x TO y", [Renamed("a", "x", "y")]),
        (SERVERS, "ALTER TABLE a RENAME INDEX x TO y", []),
        (PG, 'ALTER TABLE a RENAME CONSTRAINT "x" TO y', []),
        (MY, "RENAME TABLE a TO b, `c` TO d", [Renamed("a", "", "b"), Renamed("c", "", "d")]),
        (MY, "ALTER TABLE a CHANGE x y INT", [Lost("a", "x", "INT"), Renamed("a", "x", "y")]),
    ],
)
def test_what_it_renames(dialects: tuple[str, ...], sql: str, renamed: list[Lost | Renamed]) -> None:
    """What is dropped afterwards is told by the name that it has now."""
    for dialect in dialects:
        assert list(effects(sql, dialect_of(dialect))) == renamed
