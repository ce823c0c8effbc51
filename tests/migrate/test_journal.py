"""A migration that died half-way on MariaDB or MySQL is run again."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from support.databases import engine_of
from support.lab import Lab

from alembic_proof.migrate import journal
from alembic_proof.migrate.aftermath import aftermath

TABLE = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))\n"
FIRST = f"{TABLE}op.execute('INSERT INTO t VALUES (1)')\nop.add_column('t', sa.Column('x', sa.Integer()))\n"
FAILING = "op.execute('ALTER TABLE missing ADD y INT')"
SEVERAL = "?client_flag=65536"  # lets PyMySQL send several statements in one text, as mysqlclient always does


def edit(lab: Lab, old: str, new: str) -> None:
    """Change the revision a1."""
    path = lab.versions / "a1.py"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def fail(lab: Lab, upgrade: str) -> None:
    """Write a revision, and let an upgrade to it end in an error of the database."""
    lab.write("a1", None, upgrade)
    with pytest.raises(Exception, match="missing"):
        lab.upgrade()


def stopped(lab: Lab) -> str:
    """Let an upgrade stop, and return its sentence."""
    with pytest.raises(CommandError) as error:
        lab.upgrade()
    return str(error.value)


class Killed(BaseException):
    """Stands for the end of the process: nothing of the journal's handles it."""


# Every statement of a revision: DDL and rows.
STATEMENTS = (
    "CREATE TABLE t (id INT)",
    "INSERT INTO t VALUES (1)",
    "ALTER TABLE t ADD COLUMN x INT",
    "UPDATE t SET x = 1",
    "CREATE INDEX ix ON t (x)",
)


@pytest.mark.parametrize("position", range(1, len(STATEMENTS) + 1))
@pytest.mark.parametrize("is_carried_out", [False, True], ids=["before the statement", "after the statement"])
def test_a_kill_at_each_place(
    lab_mysql: Lab, monkeypatch: pytest.MonkeyPatch, position: int, is_carried_out: bool
) -> None:
    """The rerun reaches head, and no row is lost or doubled."""
    lab_mysql.write("a1", None, "\n".join(f"op.execute({statement!r})" for statement in STATEMENTS))
    execute = journal._Journal.execute

    def killing(self: Any, run: Any, *rest: Any) -> Any:
        def run_and_die(*arguments: Any) -> None:
            if self._position == position:
                if is_carried_out:
                    run(*arguments)
                raise Killed
            run(*arguments)

        return execute(self, run_and_die, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(journal._Journal, "execute", killing)
        with pytest.raises(Killed):
            lab_mysql.upgrade()
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT id, x FROM t") == [(1, 1)]
    assert sorted(lab_mysql.schema()) == ["alembic_version", "t"]
    assert lab_mysql.rows("SELECT version_num FROM alembic_version") == [("a1",)]


def test_a_failed_revision_goes_on_after_its_mistake_is_mended(
    lab_mysql: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    """What had succeeded is not repeated, and its rows are kept."""
    fail(lab_mysql, FIRST + FAILING)
    edit(lab_mysql, "missing", "t")
    with caplog.at_level(logging.INFO, "alembic.journal"):
        lab_mysql.upgrade()
    assert caplog.text.count("Done before the interruption, so skipped: ") == 3
    assert lab_mysql.rows("SELECT id, x, y FROM t") == [(1, None, None)]


def test_a_failed_revision_edited_before_its_mistake_stops(lab_mysql: Lab) -> None:
    """Nobody knows what the schema would be, so it says so; stamp is the way out."""
    fail(lab_mysql, FIRST + FAILING)
    edit(lab_mysql, "('x'", "('z'")
    sentence = stopped(lab_mysql)
    assert "was interrupted after 3 statements and cannot go on: its next statement was another one" in sentence
    assert "belongs just before the statement that failed: ALTER TABLE missing ADD y INT (either" in sentence
    command.stamp(lab_mysql.config(), "head")
    lab_mysql.upgrade()
    assert sorted(lab_mysql.schema()) == ["alembic_version", "t"]


def test_what_is_added_to_a_failed_revision_has_one_place(lab_mysql: Lab) -> None:
    """Just before the statement that failed; at the top, it would run after what is written below it."""
    lab_mysql.write("a1", None, FIRST + "op.create_unique_constraint('uq', 't', ['x'])\n" + FAILING)
    with pytest.raises(Exception, match="missing"):
        lab_mysql.upgrade()
    added = "op.execute('UPDATE t SET x = 5')\n    "
    edit(lab_mysql, "op.create_table", f"{added}op.create_table")
    assert "just before the statement that failed: ALTER TABLE missing ADD y INT (either" in stopped(lab_mysql)
    assert lab_mysql.rows("SELECT x FROM t") == [(None,)]
    edit(lab_mysql, added, "")
    edit(lab_mysql, FAILING, added + FAILING.replace("missing", "t"))
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT x FROM t") == [(5,)]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE missing\n ADD `é` INT COMMENT 'it''s'", "ALTER TABLE missing ADD `?` INT COMMENT 'it''s'"),
        ("ALTER TABLE missing COMMENT '\\\\'", "ALTER TABLE missing COMMENT '??'"),
        (f"ALTER TABLE missing COMMENT '{'y' * 99}'", f"ALTER TABLE missing COMMENT '{'y' * 32}..."),
    ],
)
def test_how_the_statement_that_failed_is_noted(lab_mysql: Lab, statement: str, told: str) -> None:
    """Its beginning, in characters that every database takes."""
    fail(lab_mysql, f"{FIRST}op.execute({statement!r})")
    assert lab_mysql.rows(f"SELECT columns_ FROM {journal.TABLE} WHERE state = 'failed'") == [(told,)]


def test_a_revision_with_fewer_statements_stops(lab_mysql: Lab) -> None:
    """What was done beyond them would stay."""
    fail(lab_mysql, FIRST + FAILING)
    lab_mysql.write("a1", None, TABLE)
    assert "cannot go on: now it has fewer statements" in stopped(lab_mysql)


def test_what_was_undone_by_hand_is_not_taken_for_done(lab_mysql: Lab) -> None:
    """The tables have changed since the failure, so the notes are worth nothing."""
    fail(lab_mysql, FIRST + FAILING)
    lab_mysql.rows("DROP TABLE t")
    edit(lab_mysql, "missing", "t")
    sentence = stopped(lab_mysql)
    assert "cannot go on: the tables have been changed since" in sentence
    assert "drop the table alembic_unfinished" in sentence
    lab_mysql.rows(f"DROP TABLE {journal.TABLE}")
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT id, x, y FROM t") == [(1, None, None)]


CHECKS_OF_T = (
    "SELECT 1 FROM information_schema.table_constraints "
    "WHERE table_name = 't' AND constraint_type = 'CHECK' AND constraint_schema = DATABASE()"
)


@pytest.mark.parametrize(
    ("statement", "look", "expected"),
    [
        ("ALTER TABLE t ADD INDEX (x)", "SHOW INDEX FROM t", 2),
        ("ALTER TABLE t ADD CHECK (x > 0)", CHECKS_OF_T, 1),
        ("RENAME TABLE t TO tmp, u TO t, tmp TO u", "SHOW COLUMNS FROM u", 2),
        ("CREATE VIEW v AS SELECT 1 AS one", "SELECT * FROM v", 1),
        ("/* c */ INSERT INTO u VALUES (1)", "SELECT * FROM u", 1),
        ("-- c\nINSERT INTO u VALUES (1)", "SELECT * FROM u", 1),
    ],
)
def test_no_statement_is_carried_out_twice(lab_mysql: Lab, statement: str, look: str, expected: int) -> None:
    """Of whatever kind it is, when the one after it has failed."""
    tables = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer()))\n"
    tables += "op.create_table('u', sa.Column('z', sa.Integer()))\n"
    fail(lab_mysql, f"{tables}op.execute({statement!r})\n{FAILING}")
    edit(lab_mysql, "missing ADD y INT", 'u COMMENT "mended"')
    lab_mysql.upgrade()
    assert len(lab_mysql.rows(look)) == expected


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("ALTER TABLE t ADD CHECK (x > 0)", "nobody knows whether this was still carried out: ALTER TABLE t ADD CHECK"),
        ("RENAME TABLE t TO u", "nobody knows whether this was still carried out: RENAME TABLE"),
        ("ALTER TABLE t ADD COLUMN y INT; DO 1", "nobody knows whether this was still carried out: ALTER TABLE t ADD"),
        ("EXECUTE IMMEDIATE 'ALTER TABLE t ADD y INT'", "nobody knows whether this was still carried out: EXECUTE"),
        ("BEGIN NOT ATOMIC ALTER TABLE t ADD y INT; END", "nobody knows whether this was still carried out: BEGIN"),
    ],
)
def test_a_statement_that_cannot_be_repeated(
    lab_mysql: Lab, monkeypatch: pytest.MonkeyPatch, statement: str, reason: str
) -> None:
    """After a kill in it, the rerun stops in a sentence."""
    lab_mysql.engine = engine_of(f"{lab_mysql.url}{SEVERAL}")
    lab_mysql.write("a1", None, f"op.execute('CREATE TABLE t (x INT)')\nop.execute({statement!r})")
    write = journal._Journal._write

    def killing(self: Any, digest: str, state: str, *rest: Any, **options: Any) -> None:
        if (self._position, state) == (2, "done"):
            raise Killed
        write(self, digest, state, *rest, **options)

    with monkeypatch.context() as patched:
        patched.setattr(journal._Journal, "_write", killing)
        with pytest.raises(Killed):
            lab_mysql.upgrade()
    assert reason in stopped(lab_mysql)


# Each can be carried out once, or never. First what is there, then the statement, then whether it is carried out.
TABLES = ("CREATE TABLE t (id INT PRIMARY KEY, x INT)", "CREATE TABLE u (id INT PRIMARY KEY)")
KILLED = [
    ((), "CREATE TABLE v (id INT)", True),
    (TABLES, "CREATE TABLE v (id INT, FOREIGN KEY (id) REFERENCES missing (id))", False),
    (TABLES, "CREATE INDEX ix ON t (x)", True),
    (TABLES, "CREATE INDEX ix ON t (y)", False),
    (TABLES, "DROP TABLE u", True),
    ((*TABLES, "CREATE INDEX ix ON t (x)"), "DROP INDEX ix ON t", True),
    (TABLES, "DROP INDEX ix ON missing", False),
    (TABLES, "ALTER TABLE t ADD COLUMN y INT", True),
    (TABLES, "ALTER TABLE missing ADD COLUMN y INT", False),
    (TABLES, "ALTER TABLE t ADD COLUMN y INT AFTER z", False),
    (TABLES, "ALTER TABLE t ADD COLUMN y INT AS (z + 1)", False),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES u (id)", True),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES missing (id)", False),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES u (z)", False),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (z) REFERENCES u (id)", False),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (x)", True),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (z)", False),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT ck CHECK (x > 0)", True),
    (TABLES, "ALTER TABLE t ADD CONSTRAINT ck CHECK (z > 0)", False),
    (("CREATE TABLE t (id INT NOT NULL)",), "ALTER TABLE t ADD PRIMARY KEY (id)", True),
    (TABLES, "ALTER TABLE t DROP COLUMN x", True),
    (TABLES, "ALTER TABLE missing DROP COLUMN x", False),
    (TABLES, "ALTER TABLE t CHANGE x y INT", True),
    (TABLES, "ALTER TABLE t CHANGE z y INT", False),
    (TABLES, "ALTER TABLE t CHANGE z z BIGINT", False),
    (TABLES, "ALTER TABLE missing CHANGE x y INT", False),
    (TABLES, "ALTER TABLE t MODIFY x BIGINT", True),
    (TABLES, "ALTER TABLE t MODIFY z BIGINT", False),
    (TABLES, "ALTER TABLE t RENAME COLUMN x TO y", True),
    (TABLES, "ALTER TABLE t RENAME COLUMN z TO y", False),
    ((*TABLES, "CREATE INDEX ix ON t (x)"), "ALTER TABLE t RENAME INDEX ix TO iy", True),
    (TABLES, "ALTER TABLE t RENAME INDEX ix TO iy", False),
    (TABLES, "ALTER TABLE t RENAME TO v", True),
    (TABLES, "ALTER TABLE missing RENAME TO v", False),
]


@pytest.mark.parametrize(("before", "statement", "succeeds"), KILLED)
@pytest.mark.parametrize("is_carried_out", [True, False])
def test_only_what_says_that_it_is_done_counts_as_done(
    lab_mysql: Lab,
    monkeypatch: pytest.MonkeyPatch,
    before: tuple[str, ...],
    statement: str,
    succeeds: bool,
    is_carried_out: bool,
) -> None:
    """C18: a statement that can never succeed is no statement that has succeeded; head is not written."""
    for each in before:
        lab_mysql.rows(each)
    lab_mysql.write("a1", None, f"op.execute({statement!r})")
    write = journal._Journal._write

    def killing(self: Any, digest: str, state: str, *rest: Any, **options: Any) -> None:
        if state in ("done", "failed"):
            raise Killed
        write(self, digest, state, *rest, **options)
        if not is_carried_out:  # between the note, which the next statement commits, and the statement
            self._connection.connection.commit()
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(journal._Journal, "_write", killing)
        with pytest.raises(Killed):
            lab_mysql.upgrade()
    for _ in range(2):  # and what has failed can be mended and run again
        if succeeds:
            lab_mysql.upgrade()
        else:
            with pytest.raises(DBAPIError):
                lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT version_num FROM alembic_version") == ([("a1",)] if succeeds else [])


def test_a_failure_that_the_revision_expects_is_no_obstacle(lab_mysql: Lab) -> None:
    """A caught error leaves the notes in order."""
    caught = "try:\n    op.execute('ALTER TABLE t DROP INDEX maybe')\nexcept Exception:\n    pass\n"
    fail(lab_mysql, f"op.execute('CREATE TABLE t (id INT)')\n{caught}op.execute('ALTER TABLE t ADD x INT')\n{FAILING}")
    edit(lab_mysql, "missing", "t")
    lab_mysql.upgrade()


def test_the_result_of_what_was_done_cannot_be_had_again(lab_mysql: Lab) -> None:
    """A skipped INSERT ... RETURNING stops the rerun in a sentence."""
    table = "t = op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))\n"
    inserted = "op.get_bind().execute(sa.insert(t).values(id=5).returning(t.c.id)).scalar_one()\n"
    fail(lab_mysql, f"{table}{inserted}{FAILING}")
    assert "it needs the result of what was done already" in stopped(lab_mysql)


@pytest.mark.parametrize("function", ["UPDATE t SET n = :key", "INSERT INTO t (n) VALUES (:key)"])
def test_a_key_of_what_was_done_cannot_be_had_again(lab_mysql: Lab, function: str) -> None:
    """It was NULL, and written."""
    table = "t = op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('n', sa.Integer()))\n"
    inserted = "key = op.get_bind().execute(sa.insert(t).values(n=5)).inserted_primary_key[0]\n"
    use = f"op.get_bind().execute(sa.text({function!r}), {{'key': key}})"
    fail(lab_mysql, f"{table}{inserted}{FAILING}\n{use}")
    edit(lab_mysql, "missing", "t")
    assert "it needs the result of what was done already" in stopped(lab_mysql)
    assert lab_mysql.rows("SELECT n FROM t") == [(5,)]


def test_a_temporary_table_does_not_outlive_the_failure(lab_mysql: Lab) -> None:
    """It was created, but does not exist any more."""
    fail(lab_mysql, f"op.execute('CREATE TEMPORARY TABLE u (z INT)')\n{FAILING}")
    assert "it needs a temporary table that does not exist any more: CREATE TEMP" in stopped(lab_mysql)


def test_another_version_table_is_not_noted_either(lab_mysql: Lab) -> None:
    """It is created by the first command, and exists in the second."""
    env = lab_mysql.directory / "migrations/env.py"
    env.write_text(
        env.read_text("utf-8").replace('config.attributes["url"])', 'config.attributes["url"], version_table="v")')
    )
    lab_mysql.write("a1", None, FIRST + FAILING)
    with pytest.raises(Exception, match="missing"):
        lab_mysql.upgrade(version_table="v")
    edit(lab_mysql, "missing", "t")
    lab_mysql.upgrade(version_table="v")
    assert lab_mysql.rows("SELECT version_num FROM v") == [("a1",)]


def test_other_connections_of_the_engine_are_not_noted(lab_mysql: Lab) -> None:
    """Only what the revision does on the migration's own connection."""
    upgrade = f"with op.get_bind().engine.begin() as other:\n    other.exec_driver_sql({STATEMENTS[0]!r})"
    lab_mysql.write("a1", None, upgrade)
    lab_mysql.upgrade()
    assert sorted(lab_mysql.schema()) == ["alembic_version", "t"]


DOUBLE = (
    "op.execute('CREATE TABLE t (id INT PRIMARY KEY, n INT)')\n"
    "op.execute('INSERT INTO t VALUES (1, 1), (2, 1)')\n"
    'op.execute("CREATE PROCEDURE p() BEGIN ALTER TABLE t ADD COLUMN IF NOT EXISTS m INT; '
    'CREATE UNIQUE INDEX ix ON t (n); UPDATE t SET m = n; END")\n'
)


@pytest.mark.parametrize(
    "statement",
    [
        "EXECUTE IMMEDIATE 'CREATE UNIQUE INDEX ix ON t (n)'",
        "BEGIN NOT ATOMIC CREATE UNIQUE INDEX ix ON t (n); END",
        "IF 1 THEN CREATE UNIQUE INDEX ix ON t (n); END IF",
        "CALL p()",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS m INT; CREATE UNIQUE INDEX ix ON t (n)",
    ],
)
def test_what_commits_inside_is_done_when_it_has_ended(lab_mysql: Lab, statement: str) -> None:
    """It was noted as done by the DDL in it, so a rerun skipped what had failed; now its own changes are known too."""
    lab_mysql.engine = engine_of(f"{lab_mysql.url}{SEVERAL}")
    lab_mysql.write("a1", None, f"{DOUBLE}op.execute({statement!r})\n{FAILING}")
    with pytest.raises(DBAPIError, match="Duplicate entry") as error:
        lab_mysql.upgrade()
    assert "its first 3 statements stay and what statement 4 did before it failed may stay" in aftermath(error.value)
    lab_mysql.rows("UPDATE t SET n = id")
    with pytest.raises(DBAPIError, match="missing"):
        lab_mysql.upgrade()
    assert len(lab_mysql.rows("SHOW INDEX FROM t WHERE Key_name = 'ix'")) == 1
    edit(lab_mysql, "missing", "t")
    lab_mysql.upgrade()
    assert {row[0] for row in lab_mysql.rows("SHOW COLUMNS FROM t")} >= {"id", "n", "y"}


def test_several_statements_are_not_done_because_the_first_one_is(lab_mysql: Lab) -> None:
    """The error of the first one says nothing of the others."""
    lab_mysql.engine = engine_of(f"{lab_mysql.url}{SEVERAL}")
    several = "ALTER TABLE t ADD COLUMN z INT; CREATE UNIQUE INDEX ix ON t (n); UPDATE t SET z = n"
    lab_mysql.write("a1", None, f"{DOUBLE}op.execute({several!r})")
    with pytest.raises(DBAPIError, match="Duplicate entry"):
        lab_mysql.upgrade()
    lab_mysql.rows("UPDATE t SET n = id")
    with pytest.raises(DBAPIError, match="Duplicate column"):
        lab_mysql.upgrade()
    edit(lab_mysql, "ALTER TABLE t ADD COLUMN z INT; ", "")
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT z FROM t ORDER BY 1") == [(1,), (2,)]


@pytest.mark.parametrize("second", ["(2)", "(1)"], ids=["it succeeds", "it fails"])
def test_what_commits_nothing_inside_is_not_committed_by_its_note(lab_mysql: Lab, second: str) -> None:
    """The rows are the transaction's, which is rolled back whole; so the rerun has everything to do again."""
    inserts = (
        "op.execute('INSERT INTO t VALUES (1)')\n"
        + f"op.execute(\"EXECUTE IMMEDIATE 'INSERT INTO t VALUES {second}'\")\n"
    )
    lab_mysql.write("a1", None, f"{TABLE}{inserts}raise ZeroDivisionError")
    with pytest.raises((ZeroDivisionError, DBAPIError)):
        lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT id FROM t") == []
    edit(lab_mysql, "raise ZeroDivisionError", "pass")
    edit(lab_mysql, f"IMMEDIATE 'INSERT INTO t VALUES {second}'", "IMMEDIATE 'INSERT INTO t VALUES (3)'")
    lab_mysql.upgrade()
    assert len(lab_mysql.rows("SELECT id FROM t")) == 2


@pytest.mark.parametrize(
    ("attribute", "value", "statement"),
    [
        ("is_mariadb", False, "CREATE UNIQUE INDEX ix ON t (n)"),  # MySQL does not say whether a transaction is open
        ("driver", "mysqldb", "SELECT 1"),  # mysqlclient lets nobody write a note before the rows are read
    ],
)
def test_where_it_is_not_known_what_was_committed(
    lab_mysql: Lab, monkeypatch: pytest.MonkeyPatch, attribute: str, value: Any, statement: str
) -> None:
    """The note says begun, and the rerun stops."""
    lab_mysql.write("a1", None, "pass")
    lab_mysql.upgrade()
    monkeypatch.setattr(lab_mysql.engine.dialect, attribute, value)
    execute = f'op.execute("EXECUTE IMMEDIATE {statement!r}")'
    lab_mysql.write("b2", "a1", f"{DOUBLE}{execute}\n{FAILING}")
    with pytest.raises(DBAPIError):
        lab_mysql.upgrade()
    assert "nobody knows whether this was still carried out: EXECUTE IMMEDIATE" in stopped(lab_mysql)


def test_the_rows_of_a_call_can_be_read(lab_mysql: Lab) -> None:
    """The note after it leaves them where they are."""
    call = "assert op.get_bind().execute(sa.text('CALL q()')).scalar() == 7\n"
    lab_mysql.write("a1", None, f"op.execute('CREATE PROCEDURE q() SELECT 7')\n{call}")
    lab_mysql.upgrade()


def test_rows_outside_of_a_transaction_are_done_when_they_are_there(
    lab_mysql: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their note commits itself: after a kill, nobody knows."""
    block = "with op.get_context().autocommit_block():\n    op.execute('INSERT INTO t VALUES (1)')\n"
    lab_mysql.write("a1", None, TABLE + block)
    execute = journal._Journal.execute

    def killing(self: Any, run: Any, cursor: Any, statement: str, *rest: Any) -> Any:
        def die(*_: Any) -> None:
            raise Killed

        return execute(self, die if "INTO t" in statement else run, cursor, statement, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(journal._Journal, "execute", killing)
        with pytest.raises((Killed, PendingRollbackError)):  # a lost connection cannot leave the block
            lab_mysql.upgrade()
    assert "nobody knows whether this was still carried out: INSERT INTO t" in stopped(lab_mysql)


@pytest.mark.parametrize(
    ("before", "needing", "lost"),
    [
        ("INSERT INTO org (n) VALUES (7)", "UPDATE u SET x = LAST_INSERT_ID()", "LAST_INSERT_ID()"),
        ("INSERT INTO org (n) VALUES (7)", "UPDATE u SET x = @@identity", "@@IDENTITY"),
        ("SET @m = (SELECT COUNT(*) FROM org)", "UPDATE u SET x = @m", "@m"),
        ("SELECT COUNT(*) INTO @m FROM org", "UPDATE u SET x = @m", "@m"),
    ],
)
def test_what_the_session_knew_stops_the_rerun(lab_mysql: Lab, before: str, needing: str, lost: str) -> None:
    """It was another session, and no wrong value is written."""
    tables = "op.execute('CREATE TABLE org (id INT AUTO_INCREMENT PRIMARY KEY, n INT)')\n"
    tables += "op.execute('CREATE TABLE u (x INT)')\nop.execute('INSERT INTO u VALUES (5)')\n"
    added = "op.execute('ALTER TABLE org ADD z INT')\n"
    fail(lab_mysql, f"{tables}op.execute({before!r})\n{added}{FAILING}\nop.execute({needing!r})")
    edit(lab_mysql, "missing", "u")
    assert f"cannot go on: it needs {lost} as it was then: {needing} (either" in stopped(lab_mysql)
    assert lab_mysql.rows("SELECT x FROM u") == [(5,)]


def test_what_the_rerun_sets_itself_is_known(lab_mysql: Lab) -> None:
    """A variable after the last skipped statement, a constant before it, and a key of its own."""
    org = "op.execute('CREATE TABLE org (id INT AUTO_INCREMENT PRIMARY KEY, n INT)')\nop.execute('SET @c = 5')\n"
    rest = "op.execute('INSERT INTO org (n) VALUES (7)')\nop.execute('SET @m = (SELECT COUNT(*) FROM org)')\n"
    use = "op.execute('UPDATE org SET n = 100 * @c + 10 * @m + LAST_INSERT_ID()')"
    fail(lab_mysql, f"{org}{FAILING}\n{rest}{use}")
    edit(lab_mysql, "missing", "org")
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT n FROM org") == [(511,)]


@pytest.mark.parametrize("count", ["ROW_COUNT()", "FOUND_ROWS()"])
def test_a_note_does_not_come_between(lab_mysql: Lab, count: str) -> None:
    """What a statement asks of the one before it is as without notes."""
    before = {
        "ROW_COUNT()": "UPDATE t SET id = id + 10",
        "FOUND_ROWS()": "SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1",
    }
    statements = (
        "CREATE TABLE u (n INT)",
        "INSERT INTO t VALUES (1), (2), (3)",
        before[count],
        f"INSERT INTO u SELECT {count}",
    )
    lab_mysql.write("a1", None, TABLE + "\n".join(f"op.execute({statement!r})" for statement in statements))
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT n FROM u") == [(3,)]


def test_tables_are_locked_as_without_notes(lab_mysql: Lab) -> None:
    """The table of the notes with them; and a rerun locks them again."""
    lock = "op.execute('LOCK TABLES t WRITE')\n"
    held = "assert op.get_bind().execute(sa.text(\"SHOW OPEN TABLES WHERE `Table` = 't' AND In_use\")).first()\n"
    rest = "op.execute('UPDATE t SET id = id + 1')\nop.execute('ALTER TABLE t ADD z INT')\n"
    lab_mysql.write("a1", None, TABLE + "op.execute('INSERT INTO t VALUES (1)')")
    lab_mysql.write("b2", "a1", f"{lock}{rest}{held}raise ZeroDivisionError\nop.execute('UNLOCK TABLES')")
    with pytest.raises(ZeroDivisionError):
        lab_mysql.upgrade()
    path = lab_mysql.versions / "b2.py"
    path.write_text(path.read_text("utf-8").replace("raise ZeroDivisionError", "pass"), "utf-8")
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT id, z FROM t") == [(2, None)]
    assert sorted(lab_mysql.schema()) == ["alembic_version", "t"]


def test_a_savepoint_is_set_again(lab_mysql: Lab) -> None:
    """So a statement that may fail can fail again, also as the first one of the revision."""
    lab_mysql.write("a1", None, f"{TABLE}op.execute('INSERT INTO t VALUES (1)')")
    caught = (
        "try:\n    with op.get_bind().begin_nested():\n        op.execute('INSERT INTO t (id) VALUES (1)')\n"
        "except sa.exc.IntegrityError:\n    pass\n"
    )
    lab_mysql.write("b2", "a1", f"{caught}op.execute('ALTER TABLE t ADD x INT')\n{FAILING}")
    for _ in range(2):
        with pytest.raises(DBAPIError, match="missing"):
            lab_mysql.upgrade()
    notes = lab_mysql.rows(f"SELECT position, digest FROM {journal.TABLE} ORDER BY 1")
    assert notes[0] == (0, "b2")
    path = lab_mysql.versions / "b2.py"
    path.write_text(path.read_text("utf-8").replace("missing", "t"), "utf-8")
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT id, x, y FROM t") == [(1, None, None)]


def test_a_statement_that_reads_the_version_table_is_noted(lab_mysql: Lab) -> None:
    """Only Alembic's own statements on it are not: this one was carried out twice."""
    fail(lab_mysql, f"{TABLE}op.execute('INSERT INTO t SELECT 5 + COUNT(*) FROM alembic_version')\n{FAILING}")
    edit(lab_mysql, "missing", "t")
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT id FROM t") == [(5,)]
