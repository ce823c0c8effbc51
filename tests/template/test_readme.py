"""What the READMEs print is run as printed, by a stranger: an empty HOME, a bare PATH, a clean copy."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values
from sqlalchemy import make_url
from support.databases import DATABASES, SERVERS, make_database, rows
from support.project import REPOSITORY, Project
from support.shell import blocks, shell, stranger

Bake = Callable[..., Project]
BOOK, PAGES = "src/PACKAGE/models/book.py", "    pages: Mapped[int]\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a stranger."""
    return stranger(tmp_path)


def tracked() -> list[str]:
    """Return the names of the files that git has, or would have, of this repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, encoding="utf-8")
    return [name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


@pytest.mark.slow
def test_the_two_commands(environment: dict[str, str], tmp_path: Path) -> None:
    """One makes a verified project, one runs the tests (here, of those, a few), in a clean copy of the repository."""
    copy = tmp_path / "copy"
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, copy / name)
    make, test = blocks((copy / "README.md").read_text(encoding="utf-8"), "sh")[:2]
    assert test.strip() in (copy / ".ci/run").read_text(encoding="utf-8"), "the gate runs the README's command"
    output = shell(make.strip() + " --no-input", copy, environment)
    assert re.search(r"my-service passes all its checks: \d\d ok, 0 PROBLEM, 0 unknown", output)
    assert (tmp_path / "my-service/alembic.ini").exists()
    output = shell(test, copy, {**environment, "PYTEST_ADDOPTS": "-n0 -k a_sound_slug tests/template"})
    assert "7 passed" in output


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each answer to the question for the database."""
    return str(request.param)


@pytest.fixture
def database(kind: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of that kind."""
    with make_database(kind, tmp_path) as url:
        yield url


@pytest.mark.slow
def test_the_projects_five_commands(bake: Bake, kind: str, database: str, environment: dict[str, str]) -> None:
    """Install, first revision, upgrade, change a model, check: as printed, then the project's tests."""
    project = bake(project_name="My Service", database=kind)
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    if kind != "sqlite":  # "use a server that you have": .env gets that of this test, with the driver that it had
        for name, url in (("DATABASE_URL", database), ("TEST_DATABASE_URL", os.environ[SERVERS[kind]])):
            before = str(dotenv_values(project.path / ".env")[name])
            other = make_url(url).set(drivername=make_url(before).drivername)
            project.edit(".env", f"\n{name}={before}", f"\n{name}={other.render_as_string(hide_password=False)}")
    install, first_change, *_ = (block.strip() for block in blocks(readme, "sh"))
    activate = ". .venv/bin/activate\n"
    shell(install, project.path, environment)
    project.edit(BOOK, PAGES, PAGES + blocks(readme, "python")[0])
    output = shell(activate + first_change, project.path, environment)
    assert "No new upgrade operations detected" in output
    assert "0 PROBLEM, 0 unknown" in output
    assert "Alembic sees 0 differences" in output
    revisions = sorted((project.path / "migrations/versions").glob("*.py"))
    assert len(revisions) == 2
    assert "isbn" in revisions[1].read_text(encoding="utf-8")
    everyday = re.findall(r"^\| [^|]+ \| `([^|]+)` \|$", readme, re.MULTILINE)
    for command in everyday:
        command = command.replace("`, `", " && ").replace("what changed", "nothing")
        shell(activate + command, project.path, environment)
        if command == "alembic downgrade -1":
            shell(activate + "alembic upgrade head", project.path, environment)
    assert {"alembic downgrade -1", "alembic-proof doctor", "pytest"} < set(everyday)


def test_what_autogenerate_asks(project: Project, sqlite: str) -> None:
    """Each change stops, and goes on with the answer that the README prints."""
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## What autogenerate asks")[2].partition("\n## ")[0]
    (command,) = re.findall(r"`alembic (-x rename=.*?)`", section.replace("\n", " "))
    printed = re.findall(r"`-x ([^`]+)`", section)
    column, table, label, switch, drop, any_drop, fill = printed
    assert (switch, any_drop) == ("no-rename", "allow-drop")
    assert label.startswith("rename=genre.")  # an enum's: tests/autogenerate/rewrite/test_enum_labels.py
    project.write(".env", f"DATABASE_URL={sqlite}\n")
    project.edit(BOOK, PAGES, PAGES + blocks(readme, "python")[0])
    project.ok("alembic", "revision", "--autogenerate", "-m", "first")
    project.ok("alembic", "upgrade", "head")
    rows(sqlite, "INSERT INTO author (id, name) VALUES (1, '한강')")
    rows(sqlite, "INSERT INTO book (id, title, pages, author_id, isbn) VALUES (1, '흰', 5, 1, '978')")

    def stops_and_goes_on(answer: str, *words: str) -> str:
        assert f"-x {answer.partition('=3')[0]}" in project.refused()
        before = set((project.path / "migrations/versions").glob("*.py"))
        project.ok("alembic", *(words or ("-x", answer, "revision", "--autogenerate", "-m", "x")))
        project.ok("alembic", "upgrade", "head")
        (new,) = set((project.path / "migrations/versions").glob("*.py")) - before
        return new.read_text(encoding="utf-8")

    project.edit(BOOK, "    isbn:", "    ean:")
    stops_and_goes_on(column, *shlex.split(command))
    assert rows(sqlite, "SELECT ean FROM book") == [("978",)]
    project.edit(BOOK, "    ean: Mapped[str | None] = mapped_column(String(13))\n", "")
    assert "# destroys data" in stops_and_goes_on(drop)
    project.edit(BOOK, PAGES, PAGES + "    rating: Mapped[int]\n")
    stops_and_goes_on(fill)
    project.edit(BOOK, '= "book"', '= "work"')
    stops_and_goes_on(table)
    assert rows(sqlite, "SELECT title, rating FROM work") == [("흰", 3)]
    before = list((project.path / "migrations/versions").iterdir())
    project.ok("alembic", "revision", "--autogenerate", "-m", "x")
    assert list((project.path / "migrations/versions").iterdir()) == before


def test_what_the_readme_names_exists(project: Project) -> None:
    """Commands of the library, settings, files."""
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    for command in set(re.findall(r"`alembic-proof (\w+)", readme)):
        assert "usage" in project.ok("alembic-proof", command, "--help")
    for file in set(re.findall(r"`((?:src|docs|\.env|alembic\.ini|pyproject)[\w./-]*)`", readme)):
        assert (project.path / file).exists() or (REPOSITORY / file).exists(), file


def test_every_file_name_is_legal_on_windows() -> None:
    """Whoever clones this repository there gets all of it."""
    names = [part for name in tracked() for part in name.split("/")]
    assert len(names) > 50
    assert not [name for name in names if re.search(r'[<>:"|?*\\]|[. ]$', name)]
