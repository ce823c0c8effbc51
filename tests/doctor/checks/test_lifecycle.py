"""Checks of a whole life of the schema, in this process, on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.plain import INI, plain_project
from support.reports import outcomes
from support.written import Written

from alembic_proof.doctor.checks.lifecycle import created_tables
from alembic_proof.doctor.findings import Severity
from alembic_proof.doctor.project import Project

TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer))\n'
CREATE = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('x', sa.Integer()), {})"
MADE = CREATE.format("sa.PrimaryKeyConstraint('id', name='pk_t')")
OPTIONS = "**options(connection, target_metadata=metadata)"
CHECKED = TABLE.replace("sa.Integer))", 'sa.Integer), sa.CheckConstraint("x > 0", name="positive"))')
OK, PROBLEM, NOTE, SKIPPED = Severity.OK, Severity.PROBLEM, Severity.NOTE, Severity.SKIPPED
EVERY, COMPARES, OFFLINE = "autogenerate-sees-every-table", "autogenerate-compares-everything", "offline-prints-sql"
ALONE, COMMITTED, MATCH = "revisions-leave-transactions-alone", "upgrade-is-committed", "models-match-revisions"
SCHEMA, DOWN = "schema-matches-models", "downgrade-leaves-nothing"
SELECT = '        connection.exec_driver_sql("SELECT 1")\n        context.configure(connection'


def overriding(options: str) -> tuple[str, str]:
    """Return an edit that overrides what options() returns."""
    return OPTIONS, f"{OPTIONS} | {{{options}}}"


NOTHING = ("", "")
# The models, the upgrade and downgrade of a revision (none: no revision), an edit of env.py, the check, its end, words.
CASES: list[tuple[str, tuple[str, str] | None, tuple[str, str], str, Severity, str]] = [
    (TABLE, None, NOTHING, EVERY, OK, ""),
    (TABLE, None, overriding('"include_object": lambda *_: False'), EVERY, PROBLEM, "does not propose the tables t"),
    (
        f'{TABLE}sa.Table("u", metadata, sa.Column("id", sa.Integer))\n',
        None,
        overriding('"include_object": lambda obj, name, *_: name != "u"'),
        EVERY,
        NOTE,
        "does not propose the tables u",
    ),
    (  # C8: a class that is mapped to a view
        f'{TABLE}sa.Table("v", metadata, sa.Column("id", sa.Integer, primary_key=True))\n',
        (f"{MADE}\nop.execute('CREATE VIEW v AS SELECT id FROM t')", "op.execute('DROP VIEW v')\nop.drop_table('t')"),
        NOTHING,
        SCHEMA,
        OK,
        "",
    ),
    (
        TABLE,
        (MADE, "op.drop_table('t')"),
        overriding('"include_name": lambda name, kind, _: kind != "table"'),
        MATCH,
        PROBLEM,
        "autogenerate does not see that the revisions make t: no revision has this yet",
    ),
    (TABLE, None, NOTHING, COMPARES, OK, ""),
    (TABLE, None, overriding('"compare_type": False'), COMPARES, PROBLEM, "modify_type"),
    (TABLE, None, overriding('"include_object": None'), COMPARES, PROBLEM, "would drop every table"),
    (TABLE, None, NOTHING, OFFLINE, OK, ""),
    (TABLE, None, ("literal_binds=True, ", ""), OFFLINE, PROBLEM, "printed as placeholders"),
    (
        TABLE,
        None,
        ("from alembic import", "import nothing\nfrom alembic import"),
        OFFLINE,
        Severity.UNKNOWN,
        "it needs env-reaches",
    ),
    (
        TABLE,
        (f"{MADE}\nop.get_bind().execute(sa.text('SELECT 1')).fetchall()", ""),
        NOTHING,
        OFFLINE,
        NOTE,
        "ends here",
    ),
    (TABLE, (MADE, ""), NOTHING, ALONE, OK, ""),
    (TABLE, (f"{MADE}\nop.get_bind().commit()", ""), NOTHING, ALONE, PROBLEM, "commits or rolls back by itself"),
    (TABLE, (MADE, ""), NOTHING, COMMITTED, OK, ""),
    (TABLE, (MADE, ""), ("        context.configure(connection", SELECT), COMMITTED, PROBLEM, "did not commit"),
    (TABLE, (MADE, ""), NOTHING, MATCH, OK, ""),
    (TABLE, ("pass", ""), NOTHING, MATCH, PROBLEM, "add_table t (migrations/versions/a1.py does nothing"),
    (CHECKED, (MADE, ""), NOTHING, MATCH, PROBLEM, "add_constraint ck_t_positive"),
    (TABLE, (MADE, ""), NOTHING, SCHEMA, OK, ""),
    (TABLE, (f"{MADE}\nop.execute('CREATE TABLE old (i INTEGER)')", ""), NOTHING, SCHEMA, NOTE, "build the table old"),
    (
        TABLE,
        ("op.execute('CREATE TABLE t (id INTEGER NOT NULL, x INTEGER COLLATE NOCASE, PRIMARY KEY (id))')", ""),
        NOTHING,
        SCHEMA,
        PROBLEM,
        "by hand, or into the model if the revisions are right",
    ),
    (
        TABLE,
        (f"{MADE}\nop.execute('CREATE TRIGGER g AFTER DELETE ON t BEGIN DELETE FROM t; END')", ""),
        NOTHING,
        SCHEMA,
        NOTE,
        "t trigger g: the revisions build CREATE TRIGGER",
    ),
    (TABLE, (MADE, "op.drop_table('t')"), NOTHING, DOWN, OK, ""),
    (TABLE, (MADE, "pass"), NOTHING, DOWN, PROBLEM, "alembic downgrade base leaves t behind"),
    (TABLE, (MADE, "raise NotImplementedError"), NOTHING, DOWN, SKIPPED, "says that it cannot be undone"),
]


@pytest.mark.parametrize(
    ("models", "revision", "edit", "check", "severity", "words"),
    CASES,
    ids=[f"{check}-{severity.value}-{words}" for *_, check, severity, words in CASES],
)
def test_a_life(
    tmp_path: Path,
    models: str,
    revision: tuple[str, str] | None,
    edit: tuple[str, str],
    check: str,
    severity: Severity,
    words: str,
) -> None:
    """Of a schema: proposed, printed, upgraded, compared, downgraded."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", models)
    env = written.path / "migrations/env.py"
    env.write_text(env.read_text().replace(*edit) if edit[0] else env.read_text())
    if revision:
        written.revision("a1", None, revision[0], revision[1] or "op.drop_table('t')")
    outcome = outcomes(Project(written.ini), check)[check]
    assert outcome.severity is severity, outcome
    assert words in f"{outcome.reason}{outcome.findings}"
    assert not (tmp_path / "x.db").exists()


def test_what_is_switched_off_is_not_missed(tmp_path: Path) -> None:
    """A rule that the project has switched off is not to be seen."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    settings = '[tool.alembic-proof]\noff = ["server_defaults", "check_constraints"]\n'
    (written.path / "pyproject.toml").write_text(settings)
    env = written.path / "migrations/env.py"
    off = '"compare_server_default": False, "autogenerate_plugins": ["alembic.autogenerate.*"]'
    env.write_text(env.read_text().replace(*overriding(off)))
    outcome = outcomes(Project(written.ini), COMPARES)[COMPARES]
    assert outcome.severity is OK, outcome


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("BEGIN;\n\nCREATE TABLE t (\n", {"t"}),
        ('CREATE UNLOGGED TABLE IF NOT EXISTS "order" (', {'"order"'}),
        ('CREATE TABLE a (\n\tid INTEGER\n);\nCREATE TABLE shop."A b"(x INT);', {"a", 'shop."A b"'}),
        ("-- CREATE TABLE t (", set()),
        ("DROP TABLE t;", set()),
    ],
)
def test_sql_that_creates_a_table(sql: str, tables: set[str]) -> None:
    """However."""
    assert created_tables(sql) == tables


BEGINS = """\
        with context.begin_transaction():
            context.run_migrations()


if"""


def test_migrations_in_no_transaction(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database has transactional DDL, nothing is committed: the place is that of run_migrations()."""
    monkeypatch.setenv("TEST_DATABASE_URL", postgresql)
    ini = INI.replace("sqlite:///%(here)s/a.db", "postgresql://nobody@127.0.0.1/none")
    project = plain_project(tmp_path, (BEGINS, "        context.run_migrations()\n\n\nif"), files={"alembic.ini": ini})
    (finding,) = outcomes(project, "upgrade-is-committed")["upgrade-is-committed"].findings
    assert (
        project.env.read_text().splitlines()[int(finding.where.split(":")[1]) - 1] == "        context.run_migrations()"
    )
    assert "is called in no transaction" in finding.message
    assert finding.fix == "call it in the block of: with context.begin_transaction():"


TWO_KEYS = """\
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("first", sa.ForeignKey("b.id")),
    sa.Column("second", sa.ForeignKey("c.id")),
)
sa.Table("b", target_metadata, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("c", target_metadata, sa.Column("id", sa.Integer, primary_key=True))
"""
COLUMNS = """\
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20), unique=True, index=True),
)
"""
OTHER_ORDER = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision = "a1", None


def upgrade():
    for name in ("b", "c"):
        op.create_table(name, sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "a",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("first", sa.Integer),
        sa.Column("second", sa.Integer),
        sa.ForeignKeyConstraint(["second"], ["c.id"]),
        sa.ForeignKeyConstraint(["first"], ["b.id"]),
    )


def downgrade():
    for name in "abc":
        op.drop_table(name)
"""


def on_mariadb(tmp_path: Path, columns: str, files: dict[str, str]) -> Project:
    """Return a plain project on MariaDB, whose database is never connected to."""
    ini = INI.replace("sqlite:///%(here)s/a.db", "mysql+pymysql://nobody@127.0.0.1/none")
    return plain_project(tmp_path, (COLUMNS, columns), files={"alembic.ini": ini, **files})


def test_names_that_mariadb_makes_up_do_not_count(tmp_path: Path, mysql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It numbers foreign keys without a name, in the order in which it meets them."""
    monkeypatch.setenv("TEST_DATABASE_URL", mysql)
    project = on_mariadb(tmp_path, TWO_KEYS, {"migrations/versions/a1.py": OTHER_ORDER})
    assert outcomes(project, SCHEMA)[SCHEMA].severity is OK


def test_a_check_with_a_name_inside_of_a_column(tmp_path: Path, mysql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """MariaDB has no syntax for it: that is said, in place of its error about the SQL."""
    monkeypatch.setenv("TEST_DATABASE_URL", mysql)
    named = COLUMNS.replace("unique=True, index=True", 'sa.CheckConstraint("name > 1", name="positive")')
    results = outcomes(on_mariadb(tmp_path, named, {}), "checks-of-columns-have-no-names", SCHEMA)
    (finding,) = results["checks-of-columns-have-no-names"].findings
    assert finding.message == "a.name has the CHECK positive inside of the column, where MariaDB takes no name"
    assert results[SCHEMA].needs == "checks-of-columns-have-no-names"
    assert finding.fix.startswith("move it to __table_args__")
