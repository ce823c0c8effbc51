"""Whether what a migration did is committed."""

from __future__ import annotations

import pytest
from alembic.util import CommandError
from support.lab import Lab


@pytest.mark.parametrize("commit", ["op.get_bind().commit()", "op.execute('COMMIT')"])
def test_a_revision_that_commits_by_itself_is_not_silent(lab_postgresql: Lab, commit: str) -> None:
    """PostgreSQL: what follows the commit may be rolled back, which Alembic does not tell."""
    upgrade = f"op.execute('CREATE TABLE a (i INT)')\n{commit}\nop.execute('CREATE TABLE b (i INT)')"
    lab_postgresql.write("a1", None, upgrade)
    error = ""
    try:
        lab_postgresql.upgrade()
    except CommandError as raised:
        error = str(raised)
    is_complete = {"alembic_version", "b"} <= set(lab_postgresql.schema())
    assert is_complete == (not error)
    assert is_complete or error.startswith("The migration reached a1 but did not commit it, the database is at base: ")


def test_a_transaction_that_the_revision_leaves_open(lab_sqlite: Lab) -> None:
    """What was reached, what is committed, and how to write it instead."""
    lab_sqlite.write("a1", None, "op.create_table('t', sa.Column('id', sa.Integer()))")
    lab_sqlite.upgrade()
    lab_sqlite.write("b2", "a1", "op.get_bind().commit()\nop.get_bind().begin()", "pass")
    with pytest.raises(CommandError) as error:
        lab_sqlite.upgrade()
    assert "The migration reached b2 but did not commit it, the database is at a1: " in str(error.value)
    assert "use op.get_context().autocommit_block()" in str(error.value)


def test_what_is_committed_passes(lab: Lab) -> None:
    """Several heads, back to none, and a stamp."""
    lab.write("a1", None, "pass")
    lab.write("b1", "a1", "pass")
    lab.write("b2", "a1", "pass")
    lab.upgrade()
    assert sorted(lab.rows("SELECT version_num FROM alembic_version")) == [("b1",), ("b2",)]
    lab.downgrade("base")
    assert lab.rows("SELECT version_num FROM alembic_version") == []
