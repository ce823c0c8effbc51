"""Many migrators, dead migrators, tables in use: what happens to the database."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Project, make_database, rows
from sqlalchemy import NullPool, create_engine, inspect, make_url

CHAIN = 5


def chain(project: Project, pause: float = 0.0) -> None:
    """Write a chain of revisions by hand, with several statements, rows and a pause between two of them each."""
    for n in range(CHAIN):
        project.revision(
            f"r{n}",
            f"r{n - 1}" if n else None,
            f"op.create_table('t{n}', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer()))\n"
            f"op.execute('INSERT INTO t{n} (id, x) VALUES (1, 1)')\n"
            f"op.add_column('t{n}', sa.Column('y', sa.Integer()))\n"
            f"time.sleep({pause})\n"
            f"op.execute('UPDATE t{n} SET x = x + 1')\n"
            f"op.create_index('ix{n}', 't{n}', ['x'])",
        )


def assert_whole(url: str) -> None:
    """Every revision was applied, exactly once."""
    assert rows(url, "SELECT version_num FROM alembic_version") == [(f"r{CHAIN - 1}",)]
    for n in range(CHAIN):
        assert rows(url, f"SELECT id, x, y FROM t{n}") == [(1, 2, None)]


def test_eight_migrators_at_once(project: Project, database: str) -> None:
    """All succeed, and each revision is applied once."""
    chain(project)
    migrators = [project.start("alembic", "upgrade", "head", DATABASE_URL=database) for _ in range(8)]
    outputs = [(migrator.communicate()[0], migrator.returncode) for migrator in migrators]
    assert [code for _, code in outputs] == [0] * 8, next(text for text, code in outputs if code)
    assert_whole(database)
    ran = [text.count("Running upgrade") for text, _ in outputs]
    assert sum(ran) == CHAIN


@pytest.mark.parametrize("statements", [3, 4, 13, 15])
def test_a_killed_upgrade_can_be_run_again(project: Project, database: str, statements: int, tmp_path: Path) -> None:
    """Killed after its nth statement, whichever that is: the rerun reaches head and no row is lost or doubled."""
    chain(project)
    project.write("src/PACKAGE/models/killer.py", KILLER)
    died = project.run("alembic", "upgrade", "head", DATABASE_URL=database, KILL_AFTER=str(statements))
    assert died.returncode == -signal.SIGKILL, died.stdout
    project.ok("alembic", "upgrade", "head", DATABASE_URL=database)
    assert_whole(database)
    with create_engine(database, poolclass=NullPool).connect() as connection:
        assert sorted(inspect(connection).get_table_names()) == ["alembic_version", *(f"t{n}" for n in range(CHAIN))]


# Dies without a word right after the nth CREATE, ALTER, INSERT or UPDATE of the revisions.
KILLER = """
import os
import signal

from sqlalchemy import Engine, event

left = int(os.environ.get("KILL_AFTER", 0))


@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *_):
    global left
    if statement.split()[0] in ("CREATE", "ALTER", "INSERT", "UPDATE") and "alembic_version" not in statement:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_between_the_note_and_the_statement(project: Project, mysql: str) -> None:
    """MariaDB: noted, but not carried out. The rerun carries it out."""
    chain(project)
    project.edit("src/PACKAGE/db/resume.py", NOTE, NOTE + DIE)
    died = project.run("alembic", "upgrade", "head", DATABASE_URL=mysql, DIE_AT="3")
    assert died.returncode == -signal.SIGKILL, died.stdout
    project.ok("alembic", "upgrade", "head", DATABASE_URL=mysql)
    assert_whole(mysql)


NOTE = """\
        self._note(digest, "begun" if verb in DDL else "done")
"""
DIE = """\
        import os
        if os.environ.get("DIE_AT") == str(self.position):
            self.connection.connection.commit()
            os.kill(os.getpid(), 9)
"""


def half_done(project: Project, url: str) -> None:
    """A revision on MariaDB of which three statements succeed and the fourth fails."""
    first = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))\n"
    first += "op.execute('INSERT INTO t VALUES (1)')\nop.add_column('t', sa.Column('x', sa.Integer()))\n"
    project.revision("a1", None, first + "op.execute('ALTER TABLE nowhere ADD y INT')")
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=url)
    assert done.returncode != 0


def test_a_failed_revision_goes_on_after_its_mistake_is_mended(project: Project, mysql: str) -> None:
    """MariaDB: what had succeeded is not repeated."""
    half_done(project, mysql)
    project.edit("migrations/versions/a1.py", "nowhere", "t")
    assert project.ok("alembic", "upgrade", "head", DATABASE_URL=mysql).count("so skipped") == 3
    assert rows(mysql, "SELECT id, x, y FROM t") == [(1, None, None)]


def test_a_failed_revision_edited_before_its_mistake_stops(project: Project, mysql: str) -> None:
    """MariaDB: nobody knows what the schema would be, so it says so; stamp is the way out."""
    half_done(project, mysql)
    project.edit("migrations/versions/a1.py", "('x'", "('z'")
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=mysql)
    assert done.returncode != 0
    assert "was interrupted after 3 statements and cannot go on: its next statement was another one" in done.stdout
    assert "Traceback" not in done.stdout
    project.alembic("stamp head", "upgrade head", DATABASE_URL=mysql)


def test_what_was_undone_by_hand_is_not_taken_for_done(project: Project, mysql: str) -> None:
    """MariaDB: the tables have changed since the failure, so the notes are worth nothing, and it says so."""
    half_done(project, mysql)
    rows(mysql, "DROP TABLE t")
    project.edit("migrations/versions/a1.py", "nowhere", "t")
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=mysql)
    assert done.returncode != 0
    assert "cannot go on: the tables have been changed since" in done.stdout
    assert "drop the table alembic_unfinished" in done.stdout
    rows(mysql, "DROP TABLE alembic_unfinished")
    project.ok("alembic", "upgrade", "head", DATABASE_URL=mysql)
    assert rows(mysql, "SELECT id, x, y FROM t") == [(1, None, None)]


CHECKS_OF_T = (
    "SELECT 1 FROM information_schema.check_constraints WHERE table_name = 't' AND constraint_schema = DATABASE()"
)


@pytest.mark.parametrize(
    ("statement", "look", "expected"),
    [
        ("ALTER TABLE t ADD INDEX (x)", "SHOW INDEX FROM t", 2),
        ("ALTER TABLE t ADD CHECK (x > 0)", CHECKS_OF_T, 1),
        ("RENAME TABLE t TO tmp, u TO t, tmp TO u", "SHOW COLUMNS FROM u", 2),
        ("CREATE VIEW v AS SELECT 1 AS one", "SELECT * FROM v", 1),
        ("/* c */ INSERT INTO u VALUES (1)", "SELECT * FROM u", 1),
    ],
)
def test_no_statement_is_carried_out_twice(
    project: Project, mysql: str, statement: str, look: str, expected: int
) -> None:
    """MariaDB: of whatever kind it is, when the one after it has failed."""
    tables = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer()))\n"
    tables += "op.create_table('u', sa.Column('z', sa.Integer()))\n"
    project.revision("a1", None, f"{tables}op.execute({statement!r})\nop.execute('ALTER TABLE nowhere ADD y INT')")
    assert project.run("alembic", "upgrade", "head", DATABASE_URL=mysql).returncode != 0
    project.edit("migrations/versions/a1.py", "nowhere ADD y INT", 'u COMMENT "mended"')
    project.ok("alembic", "upgrade", "head", DATABASE_URL=mysql)
    assert len(rows(mysql, look)) == expected


def test_a_failure_that_the_revision_expects_is_no_obstacle(project: Project, mysql: str) -> None:
    """MariaDB: a caught error leaves the notes in order."""
    caught = "try:\n    op.execute('ALTER TABLE t DROP INDEX maybe')\nexcept Exception:\n    pass\n"
    body = f"op.execute('CREATE TABLE t (id INT)')\n{caught}op.execute('ALTER TABLE t ADD x INT')\n"
    project.revision("a1", None, f"{body}op.execute('ALTER TABLE nowhere ADD y INT')")
    assert project.run("alembic", "upgrade", "head", DATABASE_URL=mysql).returncode != 0
    project.edit("migrations/versions/a1.py", "nowhere", "t")
    project.ok("alembic", "upgrade", "head", DATABASE_URL=mysql)


def test_the_result_of_what_was_done_cannot_be_had_again(project: Project, mysql: str) -> None:
    """MariaDB: a skipped INSERT ... RETURNING stops the rerun in a sentence."""
    table = "t = op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))\n"
    inserted = "op.get_bind().execute(sa.insert(t).values(id=5).returning(t.c.id)).scalar_one()\n"
    project.revision("a1", None, f"{table}{inserted}op.execute('ALTER TABLE nowhere ADD y INT')")
    assert project.run("alembic", "upgrade", "head", DATABASE_URL=mysql).returncode != 0
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=mysql)
    assert "it needs the result of what was done already" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_second_migrator_waits_and_says_so(project: Project, database: str) -> None:
    """Announced, bounded, and ended by a sentence; reading commands do not wait."""
    project.revision("a1", None, "op.execute('SELECT 1')\nopen('begun', 'w').close()\ntime.sleep(60)")
    slow = project.start("alembic", "upgrade", "head", DATABASE_URL=database)
    while not (project.path / "begun").exists():
        assert slow.poll() is None, slow.communicate()[0]
        time.sleep(0.05)
    current = project.ok("alembic", "current", DATABASE_URL=database)
    assert "waiting" not in current
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=database, MIGRATION_TIMEOUT="0.3")
    slow.kill()
    slow.communicate()
    assert done.returncode != 0
    assert "Another process is migrating this database: waiting for it, at most 0.3 seconds." in done.stdout
    assert "has been migrating" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_table_in_use_is_not_waited_for_long(project: Project, kind: str, tmp_path: Path) -> None:
    """A reader holds the table; the migration gives up in a sentence, and can be run again when the reader is gone."""
    for url in make_database(kind, tmp_path):
        rows(url, "CREATE TABLE t (id INT)")
        project.revision("a1", None, "op.add_column('t', sa.Column('x', sa.Integer()))")
        with create_engine(url, poolclass=NullPool).connect() as reader:
            reader.exec_driver_sql("SELECT * FROM t")
            done = project.run("alembic", "upgrade", "head", DATABASE_URL=url, MIGRATION_LOCK_TIMEOUT="1")
        assert done.returncode != 0
        assert "Gave up waiting for a table in use" in done.stdout
        assert "ALTER TABLE t ADD COLUMN x INTEGER" in done.stdout
        assert "Traceback" not in done.stdout
        project.ok("alembic", "upgrade", "head", DATABASE_URL=url)


def test_concurrent_indexes_and_four_migrators(project: Project, postgresql: str) -> None:
    """PostgreSQL: the waiting must not hold up CREATE INDEX CONCURRENTLY."""
    project.revision("a1", None, "op.create_table('t', sa.Column('id', sa.Integer()))")
    concurrently = "op.create_index('ix', 't', ['id'], postgresql_concurrently=True)"
    project.revision("b2", "a1", f"with op.get_context().autocommit_block():\n    {concurrently}")
    migrators = [project.start("alembic", "upgrade", "head", DATABASE_URL=postgresql) for _ in range(4)]
    outputs = [(migrator.communicate()[0], migrator.returncode) for migrator in migrators]
    assert [code for _, code in outputs] == [0] * 4, outputs
    assert rows(postgresql, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass") == [(True,)]


def test_a_pooler_is_recognized(project: Project, postgresql: str) -> None:
    """PgBouncer in transaction mode: named, with what to do, and nothing is migrated."""
    if not shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin"):
        pytest.skip("needs pgbouncer: install the package of that name")
    server = make_url(postgresql)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ini = Path("/tmp") / f"pgbouncer-{port}.ini"
    ini.write_text(
        f"[databases]\n* = host={server.host} port={server.port or 5432} user={server.username} "
        f"{f'password={server.password}' if server.password else ''}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        "auth_type = any\npool_mode = transaction\nunix_socket_dir =\nignore_startup_parameters = extra_float_digits\n"
    )
    user = {"user": "nobody"} if os.getuid() == 0 else {}
    environment = {"PATH": "/usr/sbin:/usr/bin:/usr/local/bin"}
    bouncer = subprocess.Popen(["pgbouncer", "-q", str(ini)], env=environment, **user)  # type: ignore[call-overload]
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert bouncer.poll() is None
            time.sleep(0.05)
        pooled = server.set(host="127.0.0.1", port=port, username="any", password="s3cret")
        done = project.run("alembic", "upgrade", "head", DATABASE_URL=pooled.render_as_string(hide_password=False))
    finally:
        bouncer.kill()
        bouncer.wait()
        ini.unlink()
    assert done.returncode != 0
    assert "A connection pooler such as PgBouncer answers at" in done.stdout
    assert "Traceback" not in done.stdout
    assert "s3cret" not in done.stdout


def test_a_cascade_does_not_follow_a_rebuilt_table(project: Project, sqlite: str) -> None:
    """SQLite, foreign keys enforced by the application: a batch on the parent keeps the children's rows."""
    project.alembic("revision --autogenerate -m first --rev-id a1", "upgrade head", DATABASE_URL=sqlite)
    rows(sqlite, "INSERT INTO author (id, name) VALUES (1, 'Han Kang')")
    rows(sqlite, "INSERT INTO book (id, author_id, title, pages) VALUES (1, 1, 'The Vegetarian', 183)")
    batch = "with op.batch_alter_table('author') as batch:\n    batch.alter_column('name', type_=sa.Text())"
    project.revision("b2", "a1", batch)
    project.ok("alembic", "upgrade", "head", DATABASE_URL=sqlite)
    assert rows(sqlite, "SELECT author_id, title FROM book") == [(1, "The Vegetarian")]


def test_rows_without_their_parent_stop_the_migration(project: Project, sqlite: str) -> None:
    """SQLite: foreign keys are checked before the commit. Those that dangled before are not the migration's fault."""
    project.alembic("revision --autogenerate -m first --rev-id a1", "upgrade head", DATABASE_URL=sqlite)
    rows(sqlite, "INSERT INTO book (id, author_id, title, pages) VALUES (1, 7, 'An orphan of old', 1)")
    project.revision("b2", "a1", "op.execute('UPDATE book SET pages = 2')")
    project.ok("alembic", "upgrade", "head", DATABASE_URL=sqlite)
    project.revision("c3", "b2", "op.execute(\"INSERT INTO book VALUES (2, 8, 'A new orphan', 1)\")")
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=sqlite)
    assert done.returncode != 0
    assert "After this migration 1 rows of book would refer to missing rows of author" in done.stdout
    assert "Traceback" not in done.stdout
    assert rows(sqlite, "SELECT id FROM book") == [(1,)]
    assert rows(sqlite, "SELECT version_num FROM alembic_version") == [("b2",)]


@pytest.mark.parametrize("commit", ["op.get_bind().commit()", "op.execute('COMMIT')"])
def test_a_revision_that_commits_by_itself_is_not_silent(project: Project, postgresql: str, commit: str) -> None:
    """PostgreSQL: what follows the commit would be rolled back, with exit code 0."""
    project.revision(
        "a1", None, f"op.execute('CREATE TABLE a (i INT)')\n{commit}\nop.execute('CREATE TABLE b (i INT)')"
    )
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=postgresql)
    tables = rows(postgresql, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    complete = ("alembic_version",) in tables and ("b",) in tables
    assert complete == (done.returncode == 0), done.stdout
    assert done.returncode == 0 or "did not commit it" in done.stdout


LOG = "import logging; logging.basicConfig(level=logging.INFO)\n"


def test_a_missing_privilege_is_a_sentence(project: Project, sqlite: str) -> None:
    """What the database says, of which statement, and what to do."""
    read_only = sqlite.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true"
    rows(sqlite, "CREATE TABLE t (id INT)")
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=read_only)
    assert done.returncode != 0
    assert "may not do this: " in done.stdout
    assert "attempt to write a readonly database" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_role_that_may_not_create_tables(project: Project, postgresql: str) -> None:
    """PostgreSQL, with a role of its own."""
    role = make_url(postgresql).database
    rows(postgresql, f"CREATE ROLE {role} LOGIN PASSWORD 's3cret'")
    try:
        url = make_url(postgresql).set(username=role, password="s3cret").render_as_string(hide_password=False)
        done = project.run("alembic", "upgrade", "head", DATABASE_URL=url)
    finally:
        rows(postgresql, f"DROP ROLE {role}")
    assert done.returncode != 0
    assert "may not do this: " in done.stdout
    assert "Traceback" not in done.stdout
    assert "s3cret" not in done.stdout


def test_a_transaction_left_open_before_the_migration_is_an_error(project: Project, postgresql: str) -> None:
    """By whoever edits how a migration connects: Alembic would take it for somebody else's and commit nothing."""
    project.edit("src/PACKAGE/db/connection.py", "        connection.commit()  # an open", "        # an open")
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=postgresql)
    assert done.returncode != 0
    assert "A transaction was left open before the migration" in done.stdout
    assert "Traceback" not in done.stdout


GIVEN = """
import sys
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

config = Config("alembic.ini")
engine = create_engine(sys.argv[1], poolclass=NullPool)
if sys.argv[2] == "engine":
    config.attributes["connection"] = engine
    command.upgrade(config, "head")
elif sys.argv[2] == "begun":
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
else:
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assert not connection.in_transaction()
"""


@pytest.mark.parametrize("given", ["engine", "begun", "fresh"])
def test_a_connection_handed_in_is_used(project: Project, database: str, given: str) -> None:
    """Whatever DATABASE_URL says; with a transaction begun its owner commits."""
    chain(project)
    elsewhere = f"sqlite:///{project.path}/elsewhere.db"
    said = project.ok("python", "-c", LOG + GIVEN, database, given, DATABASE_URL=elsewhere)
    assert f"Database, as handed in: {make_url(database).render_as_string()}" in said
    assert_whole(database)
    assert not (project.path / "elsewhere.db").exists()


LOGGING = """
import logging
from alembic import command
from alembic.config import Config

logging.basicConfig(level=logging.INFO, format="mine: %(message)s")
mine = logging.getLogger("mine")
root = logging.getLogger()
before = (root.level, list(root.handlers))
command.upgrade(Config("alembic.ini"), "head")
assert not mine.disabled
assert (root.level, list(root.handlers)) == before
"""


def test_an_application_keeps_its_logging(project: Project) -> None:
    """Running migrations in a program changes neither its loggers nor its handlers."""
    assert "mine: Database: sqlite+pysqlite" in project.ok("python", "-c", LOGGING)


def test_the_application_enforces_foreign_keys_on_sqlite(project: Project) -> None:
    """Its engine asks for it on every connection."""
    shown = "from shop.db import engine; print(engine().connect().exec_driver_sql('PRAGMA foreign_keys').scalar())"
    assert project.ok("python", "-c", shown).strip() == "1"


ENFORCED = GIVEN.replace(
    "engine = create_engine", "from shop.db import engine\nmine = engine()\nengine = create_engine"
).replace("with engine.begin", "with mine.begin")


def test_a_transaction_with_foreign_keys_enforced_is_refused(project: Project, sqlite: str) -> None:
    """SQLite: a batch in it would delete the children's rows, and the pragma has no effect in a transaction."""
    done = project.run("python", "-c", ENFORCED, sqlite, "begun", DATABASE_URL=sqlite)
    assert done.returncode != 0
    assert "hand over the connection before you begin one" in done.stdout


def test_vacuum_runs_in_an_autocommit_block(project: Project, sqlite: str) -> None:
    """SQLite: no transaction is begun in it."""
    project.revision("a1", None, "with op.get_context().autocommit_block():\n    op.execute('VACUUM')")
    project.ok("alembic", "upgrade", "head", DATABASE_URL=sqlite)


def test_a_concurrent_index_waits_for_writers(project: Project, postgresql: str) -> None:
    """PostgreSQL: giving up would leave an invalid index, and it holds nobody up."""
    rows(postgresql, "CREATE TABLE t (id INT)")
    concurrently = "op.create_index('ix', 't', ['id'], postgresql_concurrently=True)"
    project.revision("a1", None, f"with op.get_context().autocommit_block():\n    {concurrently}")
    with create_engine(postgresql, poolclass=NullPool).connect() as writer:
        writer.exec_driver_sql("INSERT INTO t VALUES (1)")
        migrator = project.start("alembic", "upgrade", "head", DATABASE_URL=postgresql, MIGRATION_LOCK_TIMEOUT="0.1")
        time.sleep(2)
        assert migrator.poll() is None, migrator.communicate()[0]
    said = migrator.communicate()[0]
    assert migrator.returncode == 0, said
    assert rows(postgresql, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass") == [(True,)]


FAILING = """
import sys
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

config = Config("alembic.ini")
with create_engine(sys.argv[1]).connect() as connection:
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    connection.commit()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except Exception:
        print("failed, and foreign keys are", connection.exec_driver_sql("PRAGMA foreign_keys").scalar())
"""


def test_a_failed_migration_leaves_foreign_keys_enforced(project: Project, sqlite: str) -> None:
    """SQLite: on a connection that goes back to the application."""
    project.revision("a1", None, "op.execute('nonsense')")
    assert "failed, and foreign keys are 1" in project.ok("python", "-c", FAILING, sqlite)


BACK = """
import sys
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

config = Config("alembic.ini")
with create_engine(sys.argv[1]).connect() as connection:
    connection.exec_driver_sql("CHANGE")
    connection.commit()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    print("now", connection.exec_driver_sql("LOOK").scalar())
"""


@pytest.mark.parametrize(
    ("kind", "setting"), [("postgresql", "SHOW lock_timeout"), ("mysql", "SELECT @@lock_wait_timeout")]
)
def test_a_connection_handed_in_comes_back_as_it_was(project: Project, kind: str, setting: str, tmp_path: Path) -> None:
    """Its time-outs are its owner's."""
    for url in make_database(kind, tmp_path):
        change = {"postgresql": "SET lock_timeout = '77s'", "mysql": "SET SESSION lock_wait_timeout = 77"}[kind]
        script = BACK.replace("CHANGE", change).replace("LOOK", setting)
        assert "now 77" in project.ok("python", "-c", script, url).replace("1min 17s", "77")
