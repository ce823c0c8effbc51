"""Pages about applications that exist, followed as printed on PostgreSQL: see support/pages.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url
from support.databases import make_database, rows
from support.foreign import Foreign
from support.pages import Page
from support.project import REPOSITORY

SERVER = "postgresql+psycopg://postgres@localhost:5432"
START = "from {0} import TestClient; from {1} import app\nwith TestClient(app) as c: print(c.get('/{2}').text)"
AUTHOR = "INSERT INTO author (id, name, created_at, updated_at) VALUES (gen_random_uuid(), 'Han Kang', now(), now())"
NOT_READY = r"DatabaseNotReady: .* and this release needs \w+: run `{} upgrade.*` before the application starts"


@pytest.fixture
def home_of_page(tmp_path: Path, home: Path) -> Foreign:
    """An empty directory."""
    (tmp_path / "page").mkdir()
    return Foreign(tmp_path / "page", home)


def with_driver(url: str, driver: str = "psycopg") -> str:
    """Return the URL of a database with a driver in it."""
    return make_url(url).set(drivername=f"postgresql+{driver}").render_as_string(hide_password=False)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[str]:
    """Another empty database."""
    with make_database("postgresql", tmp_path) as url:
        yield url


def columns(url: str, table: str) -> list[str]:
    """Return the columns of a table."""
    query = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    return [name for (name,) in rows(url, query)]


def test_fastapi(home_of_page: Foreign, postgresql: str, fresh: str) -> None:
    """Story 4: no row is touched, a fresh database is built, and the application refuses one that is behind."""
    project, url = home_of_page, with_driver(postgresql)
    page = Page("guide-fastapi.md", project, {f"{SERVER}/mysite": url, f"{SERVER}/postgres": url})
    start = START.format("fastapi.testclient", "main", "users")
    page.follow(last="1. Alembic, with the library")
    assert project.ok("python", "-W", "ignore", "-c", start) == "[]\n"  # create_all()
    rows(url, "INSERT INTO users (email) VALUES ('a@example.org')")
    page.follow("1. Alembic, with the library", "4. The first change")
    assert "a@example.org" in project.ok("python", "-W", "ignore", "-c", start)
    page.follow("4. The first change")
    assert rows(url, "SELECT id, email, nickname FROM users") == [(1, "a@example.org", None)]
    assert "a@example.org" in project.ok("python", "-W", "ignore", "-c", start)
    project.ok("alembic", "downgrade", "-1")
    done = project.run("uvicorn", "main:app", "--port", "0")
    assert done.returncode == 3, done.stdout
    assert "and this release needs" in done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    for database in (url, fresh):
        project.ok("alembic", "upgrade", "head", DATABASE_URL=database)
    assert columns(fresh, "users") == columns(url, "users")
    assert columns(fresh, "posts") == columns(url, "posts")


def test_litestar(home_of_page: Foreign, postgresql: str, fresh: str) -> None:
    """One URL, of asyncpg; Advanced Alchemy's own commands go on to work."""
    project, url = home_of_page, with_driver(postgresql, "asyncpg")
    page = Page(
        "guide-litestar.md", project, {f"{SERVER.replace('psycopg', 'asyncpg')}/blog": url, f"{SERVER}/postgres": url}
    )
    start = START.format("litestar.testing", "app", "authors")
    page.follow(last="1. Alembic, with the library")
    assert project.ok("python", "-W", "ignore", "-c", start).endswith("[]\n")  # create_all=True
    rows(postgresql, AUTHOR)
    page.follow("1. Alembic, with the library")
    assert '["Han Kang"]' in project.ok("python", "-W", "ignore", "-c", start)
    assert columns(postgresql, "author")[-1] == "born"
    project.ok("alembic", "downgrade", "-1")
    done = project.run("python", "-W", "ignore", "-c", start)
    assert re.search(NOT_READY.format("alembic"), done.stdout), done.stdout
    project.ok("litestar", "--app", "app:app", "database", "upgrade", "--no-prompt")
    assert '["Han Kang"]' in project.ok("python", "-W", "ignore", "-c", start)
    project.ok("alembic", "upgrade", "head", DATABASE_URL=fresh)
    assert columns(fresh, "author") == columns(postgresql, "author")


def test_flask(home_of_page: Foreign, postgresql: str) -> None:
    """Story 5: see also test_flask.py."""
    project, url = home_of_page, with_driver(postgresql)
    project.variables["DATABASE_URL"] = url
    page = Page("guide-flask.md", project, {f"{SERVER}/postgres": url})
    page.follow(last="1. Three lines")
    for command in (("init",), ("migrate", "-m", "todos"), ("upgrade",)):
        project.ok("flask", "db", *command)
    rows(url, "INSERT INTO todos (description) VALUES ('a'), ('b'), ('c')")
    page.follow("1. Three lines")
    assert rows(url, "SELECT * FROM todos ORDER BY id") == [(1, "a", False), (2, "b", False), (3, "c", False)]
    project.ok("flask", "db", "-x", "allow-drop", "downgrade")
    done = project.run("python", "-c", "import serve")
    assert re.search(NOT_READY.format("flask db"), done.stdout), done.stdout


@pytest.mark.parametrize("page", sorted((REPOSITORY / "docs").glob("guide-*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """To files that are there, and to headings in them."""
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text("utf-8")):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{file}#{anchor}"
