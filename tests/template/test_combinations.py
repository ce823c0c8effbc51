"""Every combination of the answers is verified, and every database lives a whole life: see cookiecutter.json."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.databases import SERVERS, make_database
from support.project import REPOSITORY, Project

Bake = Callable[..., Project]
CHOICES = {
    question: answers
    for question, answers in json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8")).items()
    if isinstance(answers, list) and not question.startswith("_")
}
DEFAULTS = {question: answers[0] for question, answers in CHOICES.items()}
# Which licence a project has makes no difference to anything else.
COMBINATIONS = [
    {**DEFAULTS, "database": database, "framework": framework}
    for database, framework in itertools.product(CHOICES["database"], CHOICES["framework"])
] + [{**DEFAULTS, "license": name} for name in CHOICES["license"][1:]]
# One for each database. Frameworks: see test_frameworks.py.
LIVES = [{**DEFAULTS, "database": database} for database in CHOICES["database"]]
PYTEST = ("pytest", "-p", "no:cacheprovider", "-p", "alembic_proof.testing.plugin")


def named(answers: dict[str, str]) -> str:
    """Return the name of a combination."""
    return "-".join(answers.values())


@pytest.fixture
def database(answers: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """An empty database of the kind that the combination is about."""
    with make_database(answers["database"], tmp_path) as url:
        yield url


@pytest.mark.slow
@pytest.mark.parametrize("answers", LIVES, ids=named)
def test_a_whole_life(bake: Bake, answers: dict[str, str], database: str) -> None:
    """Lint, types, the suite before and after the first revision, up, check, down, offline, on the real database."""
    project = bake(project_name="Book Shop", author_name="Ada", **answers)
    server = SERVERS.get(answers["database"])
    where = {"DATABASE_URL": database, **({"TEST_DATABASE_URL": os.environ[server]} if server else {})}
    assert not list((project.path / "migrations/versions").glob("*.py"))
    assert "create_all(" not in "".join(path.read_text(encoding="utf-8") for path in project.path.rglob("*.py"))

    project.ok(*PYTEST, **where)
    project.ok("alembic", "revision", "--autogenerate", "-m", 'first "tables" \\ 한국어"', **where)
    project.ok("ruff", "check", ".")
    project.ok("ruff", "format", "--check", ".")
    project.ok("mypy", **where)
    project.ok("alembic", "upgrade", "head", **where)
    assert "No new upgrade operations" in project.ok("alembic", "check", **where)
    assert "CREATE TABLE book" in project.ok("alembic", "upgrade", "head", "--sql", **where)
    project.alembic("downgrade base", "upgrade head", **where)
    assert "skipped" not in project.ok(*PYTEST, **where)
    assert project.doctor(**where).returncode == 0
    if server:
        project.ok("alembic-proof", "lint", **where)


@pytest.mark.parametrize("answers", COMBINATIONS, ids=named)
def test_every_combination_is_verified(bake: Bake, answers: dict[str, str]) -> None:
    """By its hook; and the licence is the one chosen, with the author's name."""
    project = bake(author_name="Ada Lovelace", **answers)
    text = (project.path / "LICENSE").read_text(encoding="utf-8")
    titles = {
        "MIT": "MIT License",
        "BSD-3-Clause": "BSD 3-Clause",
        "Apache-2.0": "Apache License",
        "Proprietary": "All rights",
    }
    assert titles[answers["license"]] in text
    assert "Ada Lovelace" in text or answers["license"] == "Apache-2.0"
