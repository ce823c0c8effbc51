"""The everyday recipes, each followed as printed in a project of the template that has rows: see support/pages.py."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from support.databases import rows
from support.pages import Page
from support.project import REPOSITORY, Project

PAGE = "guide-everyday.md"
TITLES = re.findall(r"^## (.+)$", (REPOSITORY / "docs" / PAGE).read_text("utf-8"), re.MULTILINE)
ENGINE, SQLMODEL, SPLIT, JOIN, SWITCH, SQUASH = TITLES


@pytest.fixture
def shop(project: Project) -> Project:
    """A project at its first revision, with an author."""
    project.alembic("revision --autogenerate -m first --rev-id first", "upgrade head")
    query(project, "INSERT INTO author (id, name) VALUES (1, 'Herman Melville')")
    return project


def query(project: Project, statement: str) -> Any:
    """Execute a statement in the project's database, and return its rows."""
    return rows(f"sqlite:///{project.path / 'shop.db'}", statement)


def follow(project: Project, title: str) -> Page:
    """Follow one section of the page."""
    page = Page(PAGE, project)
    page.follow(title, dict(zip(TITLES, [*TITLES[1:], ""], strict=True))[title])
    return page


def test_the_engine_and_a_session(shop: Project) -> None:
    """What the script adds is committed."""
    follow(shop, ENGINE)
    assert query(shop, "SELECT name, title FROM author JOIN book ON author_id = author.id") == [
        ("Han Kang", "The White Book")
    ]


def test_sqlmodel(shop: Project) -> None:
    """Its table comes from a revision, with a foreign key to one of SQLAlchemy's models."""
    assert "No new upgrade operations detected." in follow(shop, SQLMODEL).output
    query(shop, "INSERT INTO shelf (code) VALUES ('A')")
    shop.alembic("-x allow-drop downgrade -1", "upgrade head")


def test_split_a_column(shop: Project) -> None:
    """The values of the rows are in the new columns; a name of one word too."""
    query(shop, "INSERT INTO author (id, name) VALUES (2, 'Homer')")
    follow(shop, SPLIT)
    names = query(shop, "SELECT name, first_name, last_name FROM author ORDER BY id")
    assert names == [("Herman Melville", "Herman", "Melville"), ("Homer", "Homer", "")]


def test_join_two_branches(shop: Project) -> None:
    """Both are applied."""
    for revision in ("a2", "b2"):
        shop.revision(
            revision, "first", f"op.create_table('{revision}', sa.Column('id', sa.Integer(), primary_key=True))"
        )
    assert "There are 2 heads" in shop.run("alembic", "upgrade", "head").stdout
    follow(shop, JOIN)
    assert query(shop, "SELECT name FROM sqlite_master WHERE name IN ('a2', 'b2') ORDER BY name") == [("a2",), ("b2",)]


def test_switch_to_another_branch(shop: Project) -> None:
    """The database is as the other branch has it; gone without going back, it is refused there."""

    def git(*arguments: str) -> None:
        options = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *options, *arguments], cwd=shop.path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "migrations")
    git("commit", "-qm", "main")
    git("switch", "-qc", "feature")
    shop.revision(
        "a2", "first", "op.create_table('a2', sa.Column('id', sa.Integer(), primary_key=True))", "op.drop_table('a2')"
    )
    git("add", "migrations")
    git("commit", "-qm", "feature")
    shop.alembic("upgrade head")
    git("switch", "-q", "main")
    assert "no file here has it" in shop.run("alembic", "upgrade", "head").stdout
    git("switch", "-q", "feature")
    follow(shop, SWITCH)
    assert "first (head)" in shop.alembic("current")


def test_squash(shop: Project) -> None:
    """One revision is left, it builds the same, and no row is touched."""
    shop.revision(
        "second",
        "first",
        "op.add_column('author', sa.Column('born', sa.Integer()))",
        "op.drop_column('author', 'born')",
    )
    shop.edit("src/shop/models/author.py", "    name:", "    born: Mapped[int | None]\n    name:")
    follow(shop, SQUASH)
    assert len(list((shop.path / "migrations/versions").glob("*.py"))) == 1
    assert query(shop, "SELECT id, name, born FROM author") == [(1, "Herman Melville", None)]
    assert "No new upgrade operations detected." in shop.alembic("check")
