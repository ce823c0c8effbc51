"""Going back is safe to try: what a downgrade would destroy is said before anything is changed."""

import os
import pty
import subprocess

import pytest
from conftest import IN_ONE, SERVERS, Project, rows
from test_doctor import BOOK
from test_story_one import server_of

PAGES = "    pages: Mapped[int]\n"
PYTHON = """
from alembic import command
from alembic.config import Config

config = Config('alembic.ini')
{}
command.downgrade(config, '-1')
"""


@pytest.fixture
def library(project: Project, database: str) -> Project:
    """Two generated revisions, the second of which adds book.isbn, and three books, two of which have one."""
    project.write(".env", f"DATABASE_URL={database}\n")
    project.alembic("revision --autogenerate -m first --rev-id r1", "upgrade head")
    project.edit(BOOK, PAGES, f"{PAGES}    isbn: Mapped[str | None] = mapped_column(String(13))\n")
    project.alembic("revision --autogenerate -m isbn --rev-id r2", "upgrade head")
    rows(database, "INSERT INTO author (id, name) VALUES (1, '한강')")
    for n, isbn in enumerate(("'1'", "'2'", "NULL"), 1):
        rows(database, f"INSERT INTO book (id, title, pages, author_id, isbn) VALUES ({n}, '흰', 5, 1, {isbn})")
    return project


def stopped(project: Project, *command: str) -> str:
    """Run a downgrade that stops, and return its one sentence."""
    return with_nothing_done(project.run("alembic", *command))


def with_nothing_done(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a downgrade has said that has stopped."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    assert "Running downgrade" not in done.stdout
    return done.stdout


def test_without_a_terminal_it_stops_and_says_how_to_go_on(library: Project, database: str) -> None:
    """Each loss is named, a dropped table for its columns; the answer may be given for each, or for all."""
    assert (
        "This downgrade drops book.isbn, which has 2 values. If that is meant, say -x allow-drop=book.isbn for each, "
        "or -x allow-drop for all (alembic -x ... downgrade ...). Nothing was changed."
    ) in stopped(library, "downgrade", "-1")
    said = stopped(library, "-x", "allow-drop=book.isbn", "downgrade", "base")
    assert "drops book, which has 3 rows, and author, which has 1 row. If" in said
    assert "isbn" not in stopped(library, "-x", "allow-drop=author", "downgrade", "base").partition("If that")[0]
    assert len(rows(database, "SELECT isbn FROM book")) == 3
    library.ok("alembic", "-x", "allow-drop=book.isbn", "downgrade", "-1")
    assert rows(database, "SELECT COUNT(*) FROM book") == [(3,)]
    library.alembic("-x allow-drop downgrade base")


def test_what_is_empty_is_not_asked_about(library: Project, database: str) -> None:
    """A column without a value, a table without a row."""
    rows(database, "UPDATE book SET isbn = NULL")
    library.ok("alembic", "downgrade", "-1")
    rows(database, "DELETE FROM book")
    rows(database, "DELETE FROM author")
    library.ok("alembic", "downgrade", "base")


@pytest.mark.parametrize("answer", ["y\n", "\x04"])
def test_on_a_terminal_it_asks(library: Project, database: str, answer: str) -> None:
    """Ctrl-D is no. While it waits, the table is free."""
    yes = "y\n"
    ours, theirs = pty.openpty()
    running = library.start("alembic", "downgrade", "-1", stdin=theirs)
    assert running.stdout
    said = ""
    while "[y/N]" not in said:
        letter = running.stdout.read(1)
        assert letter, said
        said += letter
    assert "This downgrade drops book.isbn, which has 2 values. Go on? [y/N]" in said
    rows(database, "INSERT INTO book (id, title, pages, author_id) VALUES (9, '흰', 5, 1)")
    os.write(ours, answer.encode())
    said = running.communicate()[0]
    assert (running.returncode == 0) == (answer == yes), said
    assert ("Nothing was changed." in said) != (answer == yes)
    assert ("r1" if answer == yes else "r2") in library.ok("alembic", "current")


def test_from_python(library: Project) -> None:
    """A program that downgrades is stopped as well, unless it says that it means it."""
    assert "This downgrade drops book.isbn" in library.run("python", "-c", PYTHON.format("")).stdout
    library.ok("python", "-c", PYTHON.format("config.attributes['allow-drop'] = True"))


def test_sql_is_only_printed(library: Project) -> None:
    """Nothing is lost by reading it."""
    assert "DROP TABLE author" in library.ok("alembic", "downgrade", "r1:base", "--sql")


# What a hand-written downgrade() does, and what is lost by it, of the table old with the two rows (1, 1), (2, NULL)
WAYS: dict[str, tuple[str, str | None]] = {
    "a column": ("op.drop_column(column_name='x', table_name='old')", "old.x, which has 1 value."),
    "in a batch": ("with op.batch_alter_table('old') as b: b.drop_column('x')", "old.x, which has 1 value."),
    "a batch that drops nothing": (
        "with op.batch_alter_table('old') as b: b.add_column(sa.Column('z', sa.Integer()))",
        None,
    ),
    "in SQL": ("op.execute('DROP TABLE old')", "old, which has 2 rows."),
    "in lower case": ("op.execute(sa.text('drop table if exists old ;'))", "old, which has 2 rows."),
    "in capitals": ("op.execute('ALTER TABLE OLD DROP X')", "OLD.X, which has 1 value."),
    "a column in SQL": ("op.execute('ALTER TABLE old DROP COLUMN x')", "old.x, which has 1 value."),
    "all rows": ("op.execute('DELETE FROM old')", "old, which has 2 rows."),
    "some rows": ("op.execute('DELETE FROM old WHERE id > 5')", None),
    "after a rename": ("op.rename_table('old', 'new'); op.drop_table('new')", "old, which has 2 rows."),
    "after a rename in SQL": (
        "op.execute('ALTER TABLE old RENAME TO new'); op.drop_column('new', 'x')",
        "old.x, which has 1 value.",
    ),
    "after a column's rename": (
        "op.alter_column('old', 'x', new_column_name='y'); op.drop_column('old', 'y')",
        "old.x, which has 1 value.",
    ),
    "nobody knows what": ("for name in ('old',): op.drop_table(name)", "something in r1.py:16 that only running it"),
    "nobody knows what in SQL": ("op.execute(f'DROP TABLE {str()}old')", "something in r1.py:16 that only running it"),
    "what is not there": ("op.execute('DROP TABLE IF EXISTS nowhere')", None),
}


SERVERS_TOO = ("a column", "in capitals", "a column in SQL", "after a rename in SQL")  # the rest is read, not run


@pytest.mark.parametrize(
    ("database", "way"),
    [("sqlite", way) for way in WAYS] + [(kind, way) for kind in SERVERS for way in SERVERS_TOO],
    indirect=["database"],
)
def test_hand_written(project: Project, database: str, way: str) -> None:
    """However it is written, nothing has run when it stops."""
    downgrade, lost = WAYS[way]
    project.write(".env", f"DATABASE_URL={database}\n")
    project.revision(
        "r1",
        None,
        "op.create_table('old', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer()))\n"
        "op.execute('INSERT INTO old VALUES (1, 1), (2, NULL)')",
        f"op.execute('UPDATE old SET x = x + 1')\n    {downgrade}",
    )
    if lost is None:
        project.alembic("upgrade head", "downgrade base")
        return
    assert f"This downgrade drops {lost}" in with_nothing_done(
        project.run("python", "-c", IN_ONE, "upgrade head", "downgrade base")
    )
    assert rows(database, "SELECT id, x FROM old ORDER BY id") == [(1, 1), (2, None)]
    if lost.startswith("something"):
        project.ok("alembic", "-x", "allow-drop=r1.py:16", "downgrade", "base")


def test_many_rows_are_not_counted_to_the_end(library: Project, database: str) -> None:
    """A question is no reason to read a large table."""
    values = ", ".join(f"({n}, 'x')" for n in range(100, 1200))
    rows(database, f"INSERT INTO author (id, name) VALUES {values}")
    assert "author, which has more than 1000 rows" in stopped(library, "downgrade", "base")


def test_a_computed_column_has_nothing_of_its_own(project: Project, database: str) -> None:
    """It can be computed again."""
    project.write(".env", f"DATABASE_URL={database}\n")
    project.revision(
        "r1",
        None,
        "op.create_table('t', sa.Column('y', sa.Integer()), "
        "sa.Column('x', sa.Integer(), sa.Computed('y + 1', persisted=True)))\n"
        "op.execute('INSERT INTO t (y) VALUES (1)')",
    )
    project.revision("r2", "r1", "pass", "op.drop_column('t', 'x')")
    project.ok("alembic", "upgrade", "head")
    assert "This downgrade drops" not in project.run("alembic", "downgrade", "-1").stdout


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_seeded_rows_do_not_stop_the_projects_own_tests(library: Project, database: str) -> None:
    """They, and the doctor, go up and down on databases of their own."""
    seed = "INSERT INTO author (id, name) VALUES (7, 'seed')"
    upgrade = f'op.execute("DELETE FROM author WHERE id = 7")\nop.execute("{seed}")'
    library.revision("r3", "r2", upgrade, "op.execute('DELETE FROM author WHERE id = 8')")
    said = library.ok("pytest", "-q", "--deselect", "tests/test_models.py", **server_of(database))
    assert "8 passed" in said


def test_the_one_line_switches_it_off(library: Project) -> None:
    """As its comment says."""
    library.edit("migrations/env.py", "        downgrade.ask()  # before it drops what has rows or values\n", "")
    library.ok("alembic", "downgrade", "base")
