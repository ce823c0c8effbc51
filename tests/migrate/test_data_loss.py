"""Going back is safe to try: what a downgrade would destroy is said before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.util import CommandError
from support.databases import DATABASES
from support.lab import Lab, making_lab

from alembic_proof.prompts import Scripted

NO_ANSWER = "no-rename"  # it answers another question


@pytest.fixture
def library(lab: Lab) -> Lab:
    """Two revisions, the second of which adds book.isbn, and three books, two of which have one."""
    columns = "sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(9))"
    lab.write(
        "r1",
        None,
        f"op.create_table('author', {columns})\nop.create_table('book', {columns})",
        "op.drop_table('book')\nop.drop_table('author')",
    )
    isbn = "op.add_column('book', sa.Column('isbn', sa.String(13)))"
    lab.write("r2", "r1", isbn, "op.drop_column('book', 'isbn')")
    lab.upgrade()
    lab.rows("INSERT INTO author (id, title) VALUES (1, '한강')")
    lab.rows("INSERT INTO book (id, title, isbn) VALUES (1, '흰', '1'), (2, '흰', '2'), (3, '흰', NULL)")
    return lab


def stopped(lab: Lab, revision: str, *answers: str) -> str:
    """Try a downgrade that stops, and return its sentence; the database stays where it is."""
    before = (lab.rows("SELECT version_num FROM alembic_version"), lab.schema())
    with pytest.raises(CommandError) as error:
        lab.downgrade(revision, *(answers or (NO_ANSWER,)))
    assert (lab.rows("SELECT version_num FROM alembic_version"), lab.schema()) == before
    return str(error.value)


def test_without_a_terminal_it_stops_and_says_how_to_go_on(library: Lab) -> None:
    """Each loss is named, a dropped table for its columns; the answer may be given for each, or for all."""
    assert stopped(library, "-1") == (
        "There is 1 question, and nobody who can be asked.\n"
        "This downgrade drops book.isbn, which has 2 values. Go on?\n"
        "    -x allow-drop=book.isbn  that is meant\n"
        "This command has the first answer to it; change what is not so:\n"
        "    alembic -x no-rename -x allow-drop=book.isbn downgrade ...\n"
        "Nothing was changed."
    )
    sentence = stopped(library, "base", "allow-drop=book.isbn")
    assert "drops book, which has 3 rows, and author, which has 1 row. Go on?" in sentence
    assert "isbn" not in stopped(library, "base", "allow-drop=author").partition("If that")[0]
    library.downgrade("-1", "allow-drop=book.isbn")
    assert library.rows("SELECT COUNT(*) FROM book") == [(3,)]
    library.downgrade("base", "allow-drop")
    assert list(library.schema()) == ["alembic_version"]


def test_what_is_empty_is_not_asked_about(library: Lab) -> None:
    """A column without a value, a table without a row."""
    library.rows("UPDATE book SET isbn = NULL")
    library.downgrade("-1", NO_ANSWER)
    library.rows("DELETE FROM book")
    library.rows("DELETE FROM author")
    library.downgrade("base", NO_ANSWER)


@pytest.mark.parametrize(("answer", "revision"), [("y", "r1"), ("n", "r2"), (None, "r2")])
def test_somebody_is_asked(library: Lab, answer: str | None, revision: str) -> None:
    """One question; while it waits, the tables are free."""

    class Asker(Scripted):
        def text(self, question: str) -> str | None:
            library.rows("INSERT INTO book (id, title) VALUES (9, '흰')")
            return super().text(question)

    asker = Asker([answer] if answer else [])
    config = library.config()
    config.attributes["asker"] = asker
    if answer == "y":
        command.downgrade(config, "-1")
    else:
        with pytest.raises(
            CommandError, match=r"^Nothing was changed\.$" if answer else "The input ended before this was answered"
        ):
            command.downgrade(config, "-1")
    assert asker.questions == ["This downgrade drops book.isbn, which has 2 values. Go on? [y/N]"]
    assert library.rows("SELECT version_num FROM alembic_version") == [(revision,)]


def test_the_database_was_moved_while_somebody_thought(library: Lab) -> None:
    """The answer was for other revisions: what these lose, nobody was asked."""

    class Asker(Scripted):
        def text(self, question: str) -> str | None:
            library.rows("UPDATE alembic_version SET version_num = 'r1'")
            return super().text(question)

    config = library.config()
    config.attributes["asker"] = Asker(["y"])
    with pytest.raises(CommandError, match="Another process has moved the database from r2 to r1, after this down"):
        command.downgrade(config, "base")
    assert library.rows("SELECT version_num FROM alembic_version") == [("r1",)]


def test_from_python(library: Lab) -> None:
    """A program that means it says so."""
    config = library.config()
    config.attributes["allow-drop"] = True
    command.downgrade(config, "-1")
    assert library.rows("SELECT version_num FROM alembic_version") == [("r1",)]


def test_nothing_is_asked_about_other_commands(library: Lab) -> None:
    """A stamp changes no table, SQL is only printed, an upgrade drops what its author meant."""
    command.downgrade(library.config(), "r1:base", sql=True)
    assert "DROP TABLE author" in library.output.getvalue()
    command.stamp(library.config(), "r1")
    command.stamp(library.config(), "r2", purge=True)
    library.write("r3", "r2", "op.drop_table('book')")
    command.upgrade(library.config(), "head")


COLUMNS = "sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer())"


# What a hand-written downgrade() does, and what is lost by it, of the table old with the two rows (1, 1), (2, NULL).
# tests/revisions/test_reader.py has the ways to write it.
@pytest.mark.parametrize(
    ("downgrade", "lost"),
    [
        ("with op.batch_alter_table('old') as b: b.drop_column('x')", "old.x, which has 1 value."),
        ("op.execute('DROP TABLE old')", "old, which has 2 rows."),
        ("op.execute('ALTER TABLE OLD DROP X')", "OLD.X, which has 1 value."),
        ("op.execute('DELETE FROM old WHERE id > 5')", None),
        ("op.execute('ALTER TABLE old RENAME TO new'); op.drop_column('new', 'x')", "old.x, which has 1 value."),
        ("for name in ('old',): op.drop_table(name)", "old, which has 2 rows."),
        (
            "for name in {'old': open}: op.get_bind().exec_driver_sql('SELECT 1'); op.drop_table(name)",
            "something that r1.py:15 names only when it runs.",
        ),
        ("op.execute('DROP TABLE IF EXISTS missing')", None),
    ],
)
@pytest.mark.parametrize("kind", DATABASES)
def test_hand_written(tmp_path: Any, kind: str, downgrade: str, lost: str | None) -> None:
    """Whatever it is, nothing has run when it stops."""
    with making_lab(kind, tmp_path) as lab:
        rows = "op.execute('INSERT INTO old VALUES (1, 1), (2, NULL)')"
        lab.write(
            "r1",
            None,
            f"op.create_table('old', {COLUMNS})\n{rows}",
            f"op.execute('UPDATE old SET x = x + 1')\n{downgrade}",
        )
        lab.upgrade()
        if lost is None:
            lab.downgrade("base", NO_ANSWER)
            return
        assert f"This downgrade drops {lost}" in stopped(lab, "base")
        assert lab.rows("SELECT id, x FROM old ORDER BY id") == [(1, 1), (2, None)]
        if lost.startswith("something"):
            lab.downgrade("base", "allow-drop=r1.py:15")


def test_many_rows_are_not_counted_to_the_end(library: Lab) -> None:
    """A question is no reason to read a large table."""
    values = ", ".join(f"({n}, 'x')" for n in range(100, 1200))
    library.rows(f"INSERT INTO author (id, title) VALUES {values}")
    assert "author, which has more than 1000 rows" in stopped(library, "base")


def test_a_computed_column_has_nothing_of_its_own(lab: Lab) -> None:
    """It can be computed again."""
    computed = "sa.Column('x', sa.Integer(), sa.Computed('y + 1', persisted=True))"
    lab.write("r1", None, f"op.create_table('t', sa.Column('y', sa.Integer()), {computed})")
    batch = "with op.batch_alter_table('t') as batch: batch.drop_column('x')"
    lab.write("r2", "r1", "op.execute('INSERT INTO t (y) VALUES (1)')", batch)
    lab.upgrade()
    lab.downgrade("-1", NO_ANSWER)
    assert lab.rows("SELECT * FROM t") == [(1,)]


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_borrowed_transaction_goes_on(library: Lab, is_begun: bool) -> None:
    """It is neither committed nor rolled back by the question."""
    config = library.config("allow-drop=book.isbn")
    with library.engine.connect() as connection:
        if is_begun:
            connection.exec_driver_sql("UPDATE author SET title = 'x'")
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
        assert connection.in_transaction() is is_begun
        connection.commit()
    assert library.rows("SELECT title FROM author") == [("x" if is_begun else "한강",)]
    assert library.rows("SELECT version_num FROM alembic_version") == [("r1",)]


def test_alembic_announces_one_context(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """The one that migrates: what a downgrade is examined with says nothing."""
    lab_sqlite.write("r1", None, "pass")
    with caplog.at_level("INFO", "alembic.runtime.migration"):
        lab_sqlite.upgrade()
    assert [record.getMessage() for record in caplog.records if "Context impl" in record.getMessage()] == [
        "Context impl CorrectedSQLiteImpl."
    ]
