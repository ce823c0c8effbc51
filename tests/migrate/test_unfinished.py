"""What each command does while a migration of MariaDB or MySQL is unfinished."""

from __future__ import annotations

import logging

import pytest
from alembic import command
from alembic.util import CommandError
from support.lab import Lab

from alembic_proof.migrate import journal

CREATE = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))"
FAILING = "op.execute('ALTER TABLE missing ADD y INT')"
FAILS = f"op.add_column('t', sa.Column('x', sa.Integer()))\n{FAILING}"
BY_HAND = "or undo by hand what it did, and drop the table alembic_unfinished."


def fail(lab: Lab, direction: str, *to: str) -> None:
    """Let the upgrade to b2, or the downgrade of it, end half-way."""
    lab.write("a1", None, CREATE, "op.drop_table('t')")
    if direction == "upgrade":
        lab.write("b2", "a1", FAILS, "pass")
    else:
        lab.write("b2", "a1", "pass", FAILS)
        lab.upgrade()
    with pytest.raises(Exception, match="missing"):
        getattr(lab, direction)(*to)


def mend(lab: Lab) -> None:
    """Change what was wrong with b2."""
    path = lab.versions / "b2.py"
    path.write_text(path.read_text("utf-8").replace("missing", "t"), "utf-8")


def refused(lab: Lab, name: str, *arguments: str) -> str:
    """Let a command be refused, and return its sentence."""
    with pytest.raises(CommandError) as error:
        getattr(command, name)(lab.config("allow-drop"), *arguments)
    return str(error.value)


STAYS = "is unfinished: its first statement stays"
OUT = f", which goes on from there; {BY_HAND}"
STATES = {
    "upgrade": f"The upgrade of revision b2 {STAYS}. Run `alembic upgrade b2`{OUT}",
    "downgrade": f"The downgrade of revision b2 {STAYS}. Run `alembic downgrade a1`{OUT}",
}
OTHERS = [
    ("upgrade", "upgrade", "a1"),  # with nothing to do, as with the next two
    ("upgrade", "downgrade", "base"),
    ("downgrade", "upgrade", "head"),
    ("downgrade", "stamp", "head"),
]


@pytest.mark.parametrize(("direction", "name", "revision"), OTHERS)
def test_another_migration_is_refused(lab_mysql: Lab, direction: str, name: str, revision: str) -> None:
    """It does not report success, and changes nothing; what the sentence names goes on."""
    fail(lab_mysql, direction)
    before = lab_mysql.schema(), lab_mysql.rows(f"SELECT * FROM {journal.TABLE}")
    assert refused(lab_mysql, name, revision) == f"{STATES[direction]} Nothing was changed."
    assert (lab_mysql.schema(), lab_mysql.rows(f"SELECT * FROM {journal.TABLE}")) == before
    mend(lab_mysql)
    getattr(lab_mysql, direction)({"upgrade": "b2", "downgrade": "a1"}[direction])
    assert sorted(lab_mysql.schema()) == ["alembic_version", "t"]
    assert {row[0] for row in lab_mysql.rows("SHOW COLUMNS FROM t")} == {"id", "x", "y"}


def test_a_downgrade_of_several_goes_on(lab_mysql: Lab) -> None:
    """From the one that is unfinished; the notes are of that one only."""
    fail(lab_mysql, "downgrade")
    mend(lab_mysql)
    lab_mysql.downgrade("base")
    assert sorted(lab_mysql.schema()) == ["alembic_version"]


def test_a_downgrade_of_one_of_several_branches_goes_on(lab_mysql: Lab) -> None:
    """The command that is named leads back from that one, and leaves the others."""
    lab = lab_mysql
    for name in ("a3", "c3"):
        lab.write(name, "a1", "pass", "pass")
    fail(lab, "downgrade", "b2@-1")
    assert "Run `alembic downgrade b2@-1`, which goes on from there" in refused(lab, "upgrade", "heads")
    mend(lab)
    lab.downgrade("b2@-1")
    assert lab.rows("SELECT version_num FROM alembic_version ORDER BY 1") == [("a3",), ("c3",)]
    assert {row[0] for row in lab.rows("SHOW COLUMNS FROM t")} == {"id", "x", "y"}


@pytest.mark.parametrize("direction", STATES)
def test_models_are_not_compared(lab_mysql: Lab, direction: str) -> None:
    """The rest of the migration would be written into another revision."""
    fail(lab_mysql, direction)
    expected = f"{STATES[direction]} Nothing was written."
    assert lab_mysql.refused(lab_mysql.models) == expected
    assert lab_mysql.differences() == expected


@pytest.mark.parametrize("direction", STATES)
def test_a_command_that_only_looks_warns(lab_mysql: Lab, caplog: pytest.LogCaptureFixture, direction: str) -> None:
    """And does what it does."""
    fail(lab_mysql, direction)
    caplog.clear()
    command.current(lab_mysql.config())
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [STATES[direction]]
    assert {"upgrade": "a1", "downgrade": "b2"}[direction] in lab_mysql.output.getvalue()


def test_a_file_that_is_gone(lab_mysql: Lab) -> None:
    """Nobody can go on without it, so the sentence says what to do by hand; and that is enough."""
    fail(lab_mysql, "upgrade")
    (lab_mysql.versions / "b2.py").unlink()
    expected = (
        f"The upgrade of revision b2 {STAYS}, and no file here has that revision. Bring the file back and run `alembic "
        "upgrade b2`; or undo by hand what it did (alembic-proof doctor shows what the revisions do not make), and "
        "drop the table alembic_unfinished. Nothing was "
    )
    assert lab_mysql.refused(lab_mysql.models) == f"{expected}written."
    assert refused(lab_mysql, "upgrade", "head") == f"{expected}changed."
    lab_mysql.rows("ALTER TABLE t DROP x")
    lab_mysql.rows(f"DROP TABLE {journal.TABLE}")
    lab_mysql.write("c3", "a1", FAILING.replace("missing", "t"))
    lab_mysql.upgrade()
    assert {row[0] for row in lab_mysql.rows("SHOW COLUMNS FROM t")} == {"id", "y"}


def test_what_version_1_3_has_noted(lab_mysql: Lab) -> None:
    """It did not note which revision it was: a migration that has something to do may be the one, and says so then."""
    fail(lab_mysql, "upgrade")
    lab_mysql.rows(f"DELETE FROM {journal.TABLE} WHERE position = 0")
    sentence = f"A migration {STAYS}. Run the same command again, which goes on from there"
    assert refused(lab_mysql, "upgrade", "a1").startswith(sentence)
    assert lab_mysql.refused(lab_mysql.models).startswith(sentence)
    assert "missing" in refused_by_the_database(lab_mysql)
    assert refused(lab_mysql, "downgrade", "base").startswith("The upgrade of revision b2 is unfinished")
    mend(lab_mysql)
    lab_mysql.upgrade()


def refused_by_the_database(lab: Lab) -> str:
    """Let an upgrade fail, and return its error."""
    with pytest.raises(Exception, match="missing") as error:
        lab.upgrade()
    return str(error.value)


def test_where_nothing_stays_any_command_may_begin(lab_mysql: Lab) -> None:
    """The first statement has failed, so nothing is unfinished."""
    lab_mysql.write("a1", None, CREATE, "op.drop_table('t')")
    lab_mysql.write("b2", "a1", FAILING)
    assert "missing" in refused_by_the_database(lab_mysql)
    assert lab_mysql.rows(f"SELECT state FROM {journal.TABLE} WHERE position > 0") == [("failed",)]
    lab_mysql.downgrade("base")
    assert sorted(lab_mysql.schema()) == ["alembic_version"]


def test_what_a_hook_writes_while_stamping(lab_mysql: Lab) -> None:
    """It is noted, and belongs to no revision."""
    lab_mysql.write("a1", None, CREATE)
    lab_mysql.rows("CREATE TABLE t (id INTEGER)")
    insert = "INSERT INTO t VALUES (7)"
    command.stamp(lab_mysql.config(on_version_apply=lambda ctx, **_: ctx.connection.exec_driver_sql(insert)), "a1")
    assert lab_mysql.rows("SELECT id FROM t") == [(7,)]
    assert sorted(lab_mysql.schema()) == ["alembic_version", "t"]
