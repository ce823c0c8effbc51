"""A column becomes NOT NULL where the table has rows: story 5, and what else can happen on the way."""

import os
import pty

import pytest
from conftest import Project, rows
from test_doctor import BOOK

PAGES = "    pages: Mapped[int]\n"
LITERALS = """\
    done: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(30), default="it's 100% \\\\ :so")
    rank: Mapped[int] = mapped_column(default=3)
"""


@pytest.fixture
def filled(project: Project, database: str) -> Project:
    """A project with its first revision, and a row in each table, on each database in turn."""
    project.write(".env", f"DATABASE_URL={database}\n")
    project.alembic("revision --autogenerate -m first", "upgrade head")
    rows(database, "INSERT INTO author (id, name) VALUES (1, '한강')")
    rows(database, "INSERT INTO book (id, title, pages, author_id) VALUES (1, '흰', 5, 1)")
    return project


def revisions(project: Project) -> int:
    """Return how many revision files there are."""
    return len(list((project.path / "migrations/versions").glob("*.py")))


def test_rows_get_the_default_of_the_model(filled: Project, database: str) -> None:
    """Up and down, whatever is in the text, and the rows keep what they had."""
    filled.edit(BOOK, PAGES, PAGES + LITERALS)
    filled.ok("alembic", "revision", "--autogenerate", "-m", "three more")
    filled.ok("ruff", "check", "migrations")
    filled.ok("alembic", "upgrade", "head")
    assert rows(database, "SELECT note, pages FROM book") == [("it's 100% \\ :so", 5)]
    assert rows(database, "SELECT title FROM book WHERE done = (1 = 0)") == [("흰",)]
    assert "No new upgrade operations" in filled.ok("alembic", "check")
    filled.ok("alembic", "-x", "allow-drop", "downgrade", "-1")
    assert rows(database, "SELECT title, pages FROM book") == [("흰", 5)]
    filled.ok("alembic", "upgrade", "head")


def test_a_column_that_is_there_is_filled_as_well(filled: Project, database: str) -> None:
    """It was nullable, and has a NULL."""
    filled.edit(BOOK, PAGES, "    pages: Mapped[int | None]\n")
    filled.alembic("revision --autogenerate -m nullable", "upgrade head")
    rows(database, "UPDATE book SET pages = NULL")
    filled.edit(BOOK, "    pages: Mapped[int | None]\n", "    pages: Mapped[int] = mapped_column(default=7)\n")
    filled.alembic("revision --autogenerate -m 'not null'", "upgrade head")
    assert rows(database, "SELECT pages FROM book") == [(7,)]
    assert "No new upgrade operations" in filled.ok("alembic", "check")


def test_without_a_default_it_stops_and_says_how_to_answer(filled: Project, database: str) -> None:
    """Nothing is written; alembic check is as it was; the answer may be of the wrong kind, and may be right."""
    filled.edit(BOOK, PAGES, f"{PAGES}    rank: Mapped[int]\n")
    assert "add_column" in filled.run("alembic", "check").stdout
    done = filled.run("alembic", "revision", "--autogenerate", "-m", "rank")
    assert done.returncode != 0
    assert "book.rank becomes NOT NULL, and nothing says what the rows get" in done.stdout
    assert "-x fill=book.rank=VALUE" in done.stdout
    assert "Traceback" not in done.stdout
    wrong = filled.run("alembic", "-x", "fill=book.rank=many", "revision", "--autogenerate", "-m", "rank")
    assert "'many' is no value for book.rank, a column of Integer()" in wrong.stdout
    assert revisions(filled) == 1
    filled.alembic("-x fill=book.rank=12 revision --autogenerate -m rank", "upgrade head")
    assert rows(database, "SELECT * FROM book")[0][-1] == 12


def test_on_a_terminal_it_asks(project: Project) -> None:
    """And writes what it is told."""
    project.alembic("revision --autogenerate -m first", "upgrade head")
    project.edit(BOOK, PAGES, f"{PAGES}    rank: Mapped[int]\n")
    ours, theirs = pty.openpty()
    os.write(ours, b"41\n")
    running = project.start("alembic", "revision", "--autogenerate", "-m", "rank", stdin=theirs)
    said = running.communicate()[0]
    assert running.returncode == 0, said
    assert "book.rank becomes NOT NULL. What do the rows get that are there?" in said
    assert "sa.literal_column('41')" in next((project.path / "migrations/versions").glob("*_rank.py")).read_text(
        "utf-8"
    )


def test_a_server_default_needs_one_step(project: Project) -> None:
    """The database gives it to the rows itself."""
    project.alembic("revision --autogenerate -m first", "upgrade head")
    project.edit(BOOK, PAGES, f"{PAGES}    rank: Mapped[int] = mapped_column(server_default='5')\n")
    project.ok("alembic", "revision", "--autogenerate", "-m", "rank")
    text = next((project.path / "migrations/versions").glob("*_rank.py")).read_text("utf-8")
    assert "op.execute" not in text
    assert "server_default='5', nullable=False" in text
