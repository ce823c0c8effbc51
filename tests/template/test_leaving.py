"""Whoever takes the library out keeps a history that works: revisions never import it."""

from __future__ import annotations

import shutil
from pathlib import Path

import alembic
import pytest
from support.databases import rows, schema
from support.project import Project

BOOK, PAGES = "src/PACKAGE/models/book.py", "    pages: Mapped[int]\n"
INIT_ENV = Path(alembic.__file__).parent / "templates/generic/env.py"


@pytest.mark.slow
def test_the_history_works_without_the_library(project: Project, database: str, tmp_path: Path) -> None:
    """A history of every kind of change, then env.py as `alembic init` makes it: up and down, with the same result."""
    where = {"DATABASE_URL": database}
    change(project, "first", database)
    project.edit(BOOK, PAGES, PAGES + "    rating: Mapped[int] = mapped_column(default=3)\n")
    project.edit(BOOK, 'CheckConstraint("pages > 0"', 'CheckConstraint("pages > 1"')
    change(project, "rating", database)
    project.edit(BOOK, "    rating:", "    stars:")
    project.edit(
        BOOK, "title: Mapped[str] = mapped_column(String(200))", "title: Mapped[str] = mapped_column(String(300))"
    )
    change(project, "stars", database, "rename=book.rating:stars")
    project.edit(BOOK, "    stars: Mapped[int] = mapped_column(default=3)\n", "")
    change(project, "no stars", database, "allow-drop=book.stars")
    with_the_library = schema(database)
    project.ok("alembic", "-x", "allow-drop", "downgrade", "base", **where)
    take_out(project, database)
    for command in (["upgrade", "head"], ["downgrade", "base"], ["upgrade", "head"], ["current"]):
        project.ok("python", "-m", "alembic", *command, PYTHONPATH=str(project.path / "src"))
    assert schema(database) == with_the_library
    assert rows(database, "SELECT count(*) FROM book") == [(0,)]


def change(project: Project, message: str, database: str, *answers: str) -> None:
    """Write a revision and apply it."""
    given = [part for answer in answers for part in ("-x", answer)]
    project.ok("alembic", *given, "revision", "--autogenerate", "-m", message, DATABASE_URL=database)
    project.ok("alembic", "upgrade", "head", DATABASE_URL=database)


def take_out(project: Project, database: str) -> None:
    """Let the project be one of `alembic init`, with its models and its URL filled in, and without the library."""
    text = INIT_ENV.read_text(encoding="utf-8")
    text = text.replace("target_metadata = None", "from shop.models import Base\ntarget_metadata = Base.metadata")
    project.write("migrations/env.py", text)
    escaped = database.replace("%", "%%")
    project.edit("alembic.ini", "[alembic]\n", f"[alembic]\nsqlalchemy.url = {escaped}\n")
    shutil.rmtree(project.path / "vendor")
    for name in ("settings.py", "db.py"):
        (project.sources / name).unlink()
    blocker = "src/alembic_proof/__init__.py"
    project.write(blocker, "raise SystemExit('the library was imported')\n")
    shutil.copy(Path(alembic.__file__).parent / "templates/generic/script.py.mako", project.path / "migrations")
