# ruff: noqa: E501
"""The generated project's test of its revisions on tables with rows: it fails for bad ones, and for no good one."""

from __future__ import annotations

import os
import re

import pytest
from conftest import DATABASES, SERVERS, Project

TABLES = """\
op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(100), nullable=False),
    sa.Column('email', sa.String(100)), sa.Column('price', sa.String(20)), sa.Column('born', sa.Date))
op.create_table('todos', sa.Column('id', sa.Integer, primary_key=True), sa.Column('description', sa.Text, nullable=False),
    sa.Column('rank', sa.Integer), sa.Column('user_id', sa.Integer, sa.ForeignKey('users.id', name='fk'), nullable=False))"""
DROP = "[op.drop_table(name) for name in ('todos', 'users')]"


def batch(table: str, *operations: str) -> str:
    """Return code that alters a table on any database."""
    return "\n".join([f"with op.batch_alter_table({table!r}) as batch:", *(f"    batch.{one}" for one in operations)])


NULLABLE = batch("todos", "add_column(sa.Column('done', sa.Boolean))")
FILLED = "op.execute(sa.text('UPDATE todos SET done = (1 = 0)'))"
STRICT = batch("todos", "alter_column('done', existing_type=sa.Boolean(), nullable=False)")
INTEGER = "alter_column('price', existing_type=sa.String(20), type_=sa.Integer, postgresql_using='price::integer')"
STRING = "alter_column('price', existing_type=sa.Integer, type_=sa.String(20), postgresql_using='price::varchar')"
DUPLICATES = (
    "op.execute(sa.text('DELETE FROM users WHERE email IN (SELECT email FROM (SELECT email FROM users GROUP BY email"
    " HAVING COUNT(*) > 1) AS twice)'))"
)

# By name: upgrade, downgrade, and a line that the revision has besides.
GOOD = {
    "three_steps": (f"{NULLABLE}\n{FILLED}\n{STRICT}", batch("todos", "drop_column('done')"), ""),
    "nulls_are_filled": (
        "op.execute(sa.text('UPDATE todos SET rank = 0 WHERE rank IS NULL'))\n"
        + batch("todos", "alter_column('rank', existing_type=sa.Integer, nullable=False)"),
        batch("todos", "alter_column('rank', existing_type=sa.Integer, nullable=True)"),
        "",
    ),
    "column_renamed": (
        batch("users", "alter_column('name', new_column_name='full_name', existing_type=sa.String(100), existing_nullable=False)"),
        batch("users", "alter_column('full_name', new_column_name='name', existing_type=sa.String(100), existing_nullable=False)"),
        "",
    ),
    "renamed_back": (
        batch("users", "alter_column('full_name', new_column_name='name', existing_type=sa.String(100), existing_nullable=False)"),
        batch("users", "alter_column('name', new_column_name='full_name', existing_type=sa.String(100), existing_nullable=False)"),
        "",
    ),
    "table_renamed": ("op.rename_table('todos', 'tasks')", "op.rename_table('tasks', 'todos')", ""),
    "table_named_back": ("op.rename_table('tasks', 'todos')", "op.rename_table('todos', 'tasks')", ""),
    "type_changed": (batch("users", INTEGER), batch("users", STRING), "rows = {'users': [{'price': '7'}, {'price': '12'}]}"),
    "unique": (
        DUPLICATES + "\n" + batch("users", "create_unique_constraint('uq_email', ['email'])"),
        batch("users", "drop_constraint('uq_email', type_='unique')"),
        "",
    ),
    "in_cents": (
        "op.execute(sa.text('UPDATE users SET price = price * 100'))",
        "op.execute(sa.text('UPDATE users SET price = price / 100'))",
        "",
    ),
    "meant": (
        batch("users", "drop_column('born')  # destroys data"),
        batch("users", "add_column(sa.Column('born', sa.Date))"),
        "",
    ),
}  # fmt: skip

# And what it says of them.
BAD = {
    "story_five": (
        batch("todos", "add_column(sa.Column('completed', sa.Boolean, nullable=False))"),
        batch("todos", "drop_column('completed')"),
        r"upgrade\(\) fails on the rows of todos: .*completed.*\(add the column with nullable=True, fill it",
    ),
    "dropped_and_added": (
        batch("users", "drop_column('name')") + "\n" + batch("users", "add_column(sa.Column('full_name', sa.String(100)))"),
        batch("users", "drop_column('full_name')") + "\n" + batch("users", "add_column(sa.Column('name', sa.String(100)))"),
        r"upgrade\(\) loses data: users\.name held .*, which is gone \(rename or convert .*# destroys data: users\.name",
    ),
    "deletes": ("op.execute(sa.text('DELETE FROM todos'))", "pass", r"upgrade\(\) loses data: todos\.id held '\d+'"),
    "downgrade_fails": (
        batch("todos", "alter_column('rank', existing_type=sa.Integer, type_=sa.BigInteger)"),
        "op.execute(sa.text('UPDATE todos SET user_id = NULL'))",
        r"downgrade\(\) fails on the rows of todos.*: .*user_id",
    ),
    "downgrade_loses_rows": ("pass", "op.execute(sa.text('DELETE FROM todos'))", r"downgrade\(\) loses data: todos\.id held"),
    "another_upgrade_fails": (
        "op.create_table('extra', sa.Column('id', sa.Integer, primary_key=True))",
        "pass",
        r"upgrade\(\) again fails: .*extra.*already exists.*\(it is made twice",
    ),
    "overwrites": (
        "op.execute(sa.text(\"UPDATE users SET email = 'unknown'\"))",
        "pass",
        r"upgrade\(\) loses data: users\.email held",
    ),
    "narrows": (
        "op.execute(sa.text('UPDATE todos SET description = substr(description, 1, 10)'))",
        "pass",
        r"upgrade\(\) loses data: todos\.description held",
    ),
    "check_over_rows": (
        batch("todos", "create_check_constraint('ck_rank', 'rank > 1000')"),
        batch("todos", "drop_constraint('ck_rank', type_='check')"),
        r"upgrade\(\) fails on the rows of .*todos.*: .*\(rows are there that this does not allow.*; if no such rows can",
    ),
    "drops_a_table": (
        "op.drop_table('todos')",
        TABLES[TABLES.index("op.create_table('todos'") :],
        r"upgrade\(\) loses data: todos\.id held '\d+', which is gone .*# destroys data: todos\.id",
    ),
}  # fmt: skip


def write(project: Project, revisions: dict[str, tuple[str, str, str]]) -> None:
    """Give a project a chain of revisions."""
    before = "base_"
    project.revision(before, None, TABLES, DROP)
    for name, (upgrade, downgrade, line) in revisions.items():
        project.revision(name, before, f"{upgrade}\n", downgrade.replace("\n", "\n    "))
        file = project.path / f"migrations/versions/{name}.py"
        file.write_text(f"{file.read_text('utf-8')}\n{line}\n", "utf-8")
        before = name


def run(project: Project, kind: str, *arguments: str) -> tuple[int, str]:
    """Run the test on a kind of database, and return the exit code and what it prints."""
    variables = {}
    if kind != "sqlite":
        if SERVERS[kind] not in os.environ:
            pytest.skip(f"needs a {kind} server: set {SERVERS[kind]} to the URL of a database on it (see README.md)")
        variables["TEST_DATABASE_URL"] = os.environ[SERVERS[kind]]
    command = ("pytest", "-p", "no:cacheprovider", "-rA", "--tb=line", "tests/test_rows.py", *arguments)
    done = project.run(*command, COLUMNS="1000", **variables)
    return done.returncode, done.stdout


@pytest.mark.parametrize("kind", DATABASES)
def test_good_revisions_pass(project: Project, kind: str) -> None:
    """Each of them, on each database."""
    write(project, GOOD)
    code, said = run(project, kind)
    assert code == 0, said
    assert f"{len(GOOD) + 1} passed" in said


@pytest.mark.parametrize("kind", DATABASES)
def test_bad_revisions_fail(project: Project, kind: str) -> None:
    """Each in its own words; what comes after it is tested on a new database."""
    write(project, {name: (upgrade, downgrade, "") for name, (upgrade, downgrade, _) in BAD.items()})
    code, said = run(project, kind)
    assert code == 1, said
    for name, (_, _, words) in BAD.items():
        failed = re.search(rf"^FAILED \S+\[{name}\] - (.*)$", said, re.MULTILINE)
        assert failed, f"{name} did not fail: {said}"
        assert re.search(words, failed[1]), failed[1]
    assert "1 passed" in said


# Tables that are hard to fill, one statement a line; by dialect, those that only it has.
HARD = """\
CREATE TABLE sizes (id INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL, CONSTRAINT ck_order CHECK (low < high AND high < 1000))
CREATE TABLE status (id INTEGER PRIMARY KEY, word VARCHAR(8) NOT NULL, CONSTRAINT ck_word CHECK (word IN ('new', 'it''s')))
CREATE TABLE either (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, CONSTRAINT ck_either CHECK ((a IS NULL) <> (b IS NULL)))
CREATE TABLE codes (code CHAR(2) PRIMARY KEY, price NUMERIC(5, 2) NOT NULL, part NUMERIC(2, 2) NOT NULL, CONSTRAINT ck_price CHECK (price >= 100.5))
CREATE TABLE mails (id INTEGER PRIMARY KEY, mail VARCHAR(40) NOT NULL UNIQUE, CONSTRAINT ck_mail CHECK (mail LIKE '%@%'), CONSTRAINT ck_length CHECK (length(mail) > 4))
CREATE TABLE period (id INTEGER PRIMARY KEY, start_on DATE NOT NULL, end_on DATE NOT NULL, CONSTRAINT ck_period CHECK (start_on < end_on))
CREATE TABLE tree (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, FOREIGN KEY (parent) REFERENCES tree (id))
CREATE TABLE pairs (tenant INTEGER NOT NULL, n INTEGER NOT NULL, other INTEGER, PRIMARY KEY (tenant, n), FOREIGN KEY (tenant, other) REFERENCES pairs (tenant, n))
CREATE TABLE of_pairs (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, n INTEGER NOT NULL, FOREIGN KEY (tenant, n) REFERENCES pairs (tenant, n))
CREATE TABLE one_to_one (code CHAR(2) PRIMARY KEY, flag BOOLEAN NOT NULL UNIQUE, FOREIGN KEY (code) REFERENCES codes (code))
CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "a b" FLOAT NOT NULL, moment TIMESTAMP NULL, hour TIME, note TEXT)
CREATE VIEW seen AS SELECT id FROM sizes
"""
HARD_HERE = {
    "sqlite": """\
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL REFERENCES b (id))
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id))
CREATE TABLE untyped (id INTEGER PRIMARY KEY, x NOT NULL, doubled INTEGER GENERATED ALWAYS AS (id * 2), data JSON NOT NULL, raw BLOB NOT NULL)
""",
    "postgresql": """\
CREATE TYPE mood AS ENUM ('sad', 'it''s ok')
CREATE DOMAIN positive AS INTEGER CONSTRAINT ck_positive CHECK (VALUE > 500)
CREATE SCHEMA other
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL)
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id))
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id) DEFERRABLE
CREATE TABLE other.abroad (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id), twice INTEGER GENERATED ALWAYS AS (a_id * 2) STORED)
CREATE TABLE kinds (id SERIAL PRIMARY KEY, m mood NOT NULL, ms mood[] NOT NULL, d positive NOT NULL, u UUID NOT NULL UNIQUE, j JSONB NOT NULL, js JSON NOT NULL, i INET NOT NULL, c CIDR NOT NULL, mac MACADDR NOT NULL, r INT4RANGE NOT NULL, t TSTZRANGE NOT NULL, mr INT4MULTIRANGE NOT NULL, v INTERVAL NOT NULL, raw BYTEA NOT NULL, bits BIT(3) NOT NULL, at TIMESTAMPTZ NOT NULL, h TIMETZ NOT NULL, words TEXT[] NOT NULL, p POINT NOT NULL, ts TSVECTOR NOT NULL, x XML NOT NULL, f REAL NOT NULL, cash MONEY NOT NULL, s SMALLINT NOT NULL, vb BIT VARYING(5) NOT NULL)
CREATE TABLE coded (code TEXT PRIMARY KEY CONSTRAINT ck_code CHECK (code ~ '^[A-Z]{3}$'), EXCLUDE (code WITH =))
CREATE TABLE logs (at DATE NOT NULL) PARTITION BY RANGE (at)
CREATE TABLE logs_2024 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
""",
    "mysql": """\
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL)
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL, FOREIGN KEY (a_id) REFERENCES a (id))
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id)
CREATE TABLE kinds (id INTEGER AUTO_INCREMENT PRIMARY KEY, e ENUM('sad', 'it''s ok') NOT NULL, s SET('x', 'y') NOT NULL, y YEAR NOT NULL, u TINYINT UNSIGNED NOT NULL, b BIGINT UNSIGNED NOT NULL UNIQUE, j JSON NOT NULL, bits BIT(4) NOT NULL, raw VARBINARY(4) NOT NULL, uid BINARY(16) NOT NULL UNIQUE, d DOUBLE NOT NULL, dt DATETIME(6) NOT NULL, m MEDIUMTEXT NOT NULL, twice INTEGER AS (y * 2) STORED, at TIMESTAMP NOT NULL, lb LONGBLOB NOT NULL)
""",
}  # fmt: skip
IMPOSSIBLE = (
    "CREATE TABLE closed (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, CONSTRAINT ck_never CHECK (n < 7 AND n > 7))"
)
COUNTED = """
from contextlib import ExitStack
from pathlib import Path

import rows
from sqlalchemy import MetaData, create_engine, select
from test_rows import Chain


def test_every_table_has_rows(tmp_path: Path) -> None:
    with ExitStack() as stack:
        chain = Chain(stack, tmp_path)
        chain.reach(1)
        chain.run(chain.order[1:])
        chain.advance(2, chain.read(), {})
        few = {name: held.rows for name, held in chain.contents.items() if len(held.rows) < 5}
        assert set(few) <= {"one_to_one", "either", "status"}, few
        assert all(few.values()), few
        names = set(chain.contents)
        assert not names & {"seen", "alembic_version", "alembic_unfinished"}
        one = chain.contents["of_pairs"]
        assert len(set(one.rows)) == len(one.rows)
"""


@pytest.mark.parametrize("kind", DATABASES)
def test_hard_tables_get_rows(project: Project, kind: str) -> None:
    """Twice, as the second revision changes each of them; and a table that takes none is told of, with what to do."""
    statements = (HARD + HARD_HERE[kind]).replace('"', "`" if kind == "mysql" else '"').splitlines()
    tables = re.findall(r"CREATE TABLE (\S+)", "\n".join(statements))
    made = "\n".join(f"op.get_bind().exec_driver_sql({one.replace('%', '%%')!r})" for one in statements)
    parts = [one.split()[2] for one in statements if " PARTITION OF " in one]
    more = [f"ALTER TABLE {name} ADD extra VARCHAR(9)" for name in tables if name not in parts]
    project.revision("one", None, made)
    project.revision("two", "one", f"for one in {more!r}:\n    op.execute(one)")
    project.write("tests/test_counted.py", COUNTED)
    code, said = run(project, kind, "tests/test_counted.py", "-k", "every_table")
    assert code == 0, said
    for line, words in (
        ("", r"one\.py: after it no rows can be made up for closed, .*\(give the revision rows that can be there"),
        ("rows = {'closed': []}", ""),
        ("rows = {'closed': [{'n': 8}]}", r"one\.py: after it no rows can be made up for closed, .*ck_never"),
    ):
        project.revision("one", None, f"op.execute({IMPOSSIBLE!r})", "op.drop_table('closed')")
        file = project.path / "migrations/versions/one.py"
        file.write_text(f"{file.read_text('utf-8')}\n{line}\n", "utf-8")
        code, said = run(project, kind, "-k", "one")
        assert (code == 1) == bool(words), said
        assert re.search(words, said), said


def test_without_revisions_the_first_one_is_tried(project: Project) -> None:
    """The one that autogenerate would write; and rows can be made up for what it makes."""
    code, said = run(project, "sqlite")
    assert code == 0, said
    assert "PASSED tests/test_rows.py::test_rows_survive[the first one]" in said


@pytest.mark.parametrize("kind", DATABASES)
def test_branches_and_merges(project: Project, kind: str) -> None:
    """Each revision is carried out by itself, wherever it stands."""
    project.revision("one", None, TABLES, DROP)
    left = batch("todos", "add_column(sa.Column('done', sa.Boolean, nullable=False, server_default=sa.false()))")
    project.revision("left", "one", left, batch("todos", "drop_column('done')").replace("\n", "\n    "))
    project.revision("right", "one", "op.create_table('extra', sa.Column('x', sa.Integer))", "op.drop_table('extra')")
    project.revision("merge", "placeholder", "pass")
    project.edit("migrations/versions/merge.py", "'placeholder'", "('left', 'right')")
    code, said = run(project, kind)
    assert code == 0, said
    assert "4 passed" in said
