"""A project on a server: while the server is away, alembic and the tests say in a sentence how to start it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import make_url
from support.project import Project

Render = Callable[..., Project]
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")


@pytest.fixture
def away(render: Render, kind: str) -> Project:
    """A project that leads to no server, as the one of compose.yaml is not started."""
    project = render(project_name="Shop", database=kind)
    text = (project.path / ".env.example").read_text(encoding="utf-8")
    project.write(".env", re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", text))
    return project


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_alembic_says_how_to_start_it(away: Project) -> None:
    """One line, without a password."""
    done = away.run("alembic", "upgrade", "head")
    assert done.returncode != 0
    (line,) = [line for line in done.stdout.splitlines() if "INFO" not in line]
    assert "no server answers at 127.0.0.1:1" in line
    assert "docker compose up -d --wait starts it" in line
    assert not re.search(":(postgres|mariadb)@", done.stdout)


def test_a_database_that_is_missing_is_told(project: Project, postgresql: str) -> None:
    """With the command that creates it, by alembic and by the doctor."""
    missing = make_url(postgresql).set(database="serve_missing")
    where = {"DATABASE_URL": missing.render_as_string(hide_password=False)}
    words = "the server has no database serve_missing. Create it: createdb "
    assert words in project.run("alembic", "upgrade", "head", **where).stdout
    assert words in project.doctor("--only", "live-revision-is-known", **where).stdout


@pytest.mark.parametrize("kind", ["postgresql"])
def test_its_tests_fail_and_say_so(away: Project) -> None:
    """They are not skipped, as what is skipped is green; each says the same sentence."""
    done = away.run(*PYTEST, "tests/test_models.py")
    assert done.returncode == 1, done.stdout
    assert re.search(
        r"^TEST_DATABASE_URL in \S*\.env cannot be used: no connection to \S+: no server", done.stdout, re.M
    )
    assert "docker compose up -d --wait starts it" in done.stdout
    assert "1 error in" in done.stdout
    assert not re.search(r"Traceback|:(postgres|mariadb)@", done.stdout)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_its_tests_want_a_server_of_their_own(away: Project) -> None:
    """Without TEST_DATABASE_URL they do not run on the application's database, nor on SQLite."""
    text = (away.path / ".env").read_text(encoding="utf-8")
    away.write(".env", re.sub("(?m)^TEST_DATABASE_URL=.*\n", "", text))
    done = away.run(*PYTEST, "tests/test_models.py")
    assert done.returncode == 1, done.stdout
    assert re.search("There is nothing to test on: this is a .* project, .*: set TEST_DATABASE_URL", done.stdout)
