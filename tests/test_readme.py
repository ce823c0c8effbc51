"""What the READMEs print is run as printed, by a stranger: an empty HOME, a bare PATH, a clean copy."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BIN, SERVERS, TEMPLATE, Bake, Project, make_database, rows
from sqlalchemy import make_url
from test_doctor import BOOK
from test_not_null import PAGES

PASSED_ON = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "UV_"))}
PASSED_ON["UV_SYSTEM_CERTS"] = "true"  # where a proxy has certificates of its own, the system knows them


def blocks(readme: str, language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL)


@pytest.fixture
def stranger(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has Python 3, git and the system's commands only."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "home").mkdir()
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    (tmp_path / "bin/python3").symlink_to(base)
    quick = {"PIP_NO_COMPILE": "1"}  # most of what is installed is not imported
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    return {**PASSED_ON, **quick, "HOME": str(tmp_path / "home"), "PATH": path, "CI": "true"}


def shell(script: str, cwd: Path, env: dict[str, str]) -> str:
    """Run a script as a person would type it, stopping at the first failure, and return its output."""
    done = subprocess.run(["bash", "-ec", script], cwd=cwd, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_two_commands(stranger: dict[str, str], tmp_path: Path) -> None:
    """One makes a verified project, one runs the tests (here, of those, a few), in a clean copy of the repository."""
    copy = tmp_path / "copy"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=TEMPLATE, check=True, capture_output=True, encoding="utf-8")
    for name in filter(None, tracked.stdout.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / name, copy / name)
    make, test = blocks((copy / "README.md").read_text(encoding="utf-8"), "sh")
    assert test.strip() in (copy / ".ci/run").read_text(encoding="utf-8"), "the gate runs the README's command"
    said = shell(make.strip() + " --no-input", copy, stranger)
    assert "my_service passes all its checks: 29 ok, 0 PROBLEM, 0 unknown" in said
    assert (tmp_path / "my-service/alembic.ini").exists()
    said = shell(test, copy, {**stranger, "PYTEST_ADDOPTS": "-n0 -k test_a_sound_slug"})
    assert "7 passed" in said


@pytest.fixture(params=["sqlite", *SERVERS])
def kind(request: pytest.FixtureRequest) -> str:
    """Each answer to the question for the database."""
    return str(request.param)


@pytest.fixture
def database(kind: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of that kind."""
    yield from make_database(kind, tmp_path)


def test_the_projects_five_commands(
    bake: Bake, kind: str, database: str, stranger: dict[str, str], tmp_path: Path
) -> None:
    """Install, first revision, upgrade, change a model, check: as printed, then the project's tests."""
    project = bake(project_name="My Service", database=kind)
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    if kind != "sqlite":  # "Adjust it": .env gets the driver that it had and the server of this test
        driver = make_url((project.path / ".env").read_text().split("DATABASE_URL=")[1].strip()).drivername
        url = make_url(database).set(drivername=driver).render_as_string(hide_password=False)
        project.write(".env", f"DATABASE_URL={url}\n")
    install, first_change, *_ = (block.strip() for block in blocks(readme, "sh"))
    activate = ". .venv/bin/activate\n"
    shell(install, project.path, stranger)
    line = blocks(readme, "python")[0]
    project.edit("src/PACKAGE/models/book.py", "    pages: Mapped[int]\n", f"    pages: Mapped[int]\n{line}")
    said = shell(activate + first_change, project.path, stranger)
    assert "No new upgrade operations detected" in said
    assert "0 PROBLEM, 0 unknown" in said
    assert "Alembic sees 0 differences" in said
    revisions = sorted((project.path / "migrations/versions").glob("*.py"))
    assert len(revisions) == 2
    assert "isbn" in revisions[1].read_text(encoding="utf-8")
    if kind != "sqlite":
        stranger["TEST_DATABASE_URL"] = os.environ[SERVERS[kind]]  # what lint needs
    everyday = re.findall(r"^\| [^|]+ \| `([^|]+)`", readme, re.MULTILINE)
    for command in everyday:
        command = command.replace("`, `", " && ").replace("what changed", "nothing")
        shell(activate + command, project.path, stranger)
        if command == "alembic downgrade -1":
            shell(activate + "alembic upgrade head", project.path, stranger)
    assert {"alembic downgrade -1", "pytest"} < set(everyday)


def test_what_autogenerate_asks(project: Project, sqlite: str) -> None:
    """Each change stops, and goes on with the answer that the README prints."""
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## What autogenerate asks")[2].partition("\n## ")[0]
    (command,) = re.findall(r"`alembic (-x rename=.*?)`", section.replace("\n", " "))
    printed = re.findall(r"`-x ([^`]+)`", section)
    column, table, label, switch, drop, any_drop, fill = printed
    assert (switch, any_drop) == ("no-rename", "allow-drop")
    assert label.startswith("rename=genre.")  # an enum's: tests/test_enums.py
    project.write(".env", f"DATABASE_URL={sqlite}\n")
    project.edit(BOOK, PAGES, PAGES + blocks(readme, "python")[0])
    project.ok("alembic", "revision", "--autogenerate", "-m", "first")
    project.ok("alembic", "upgrade", "head")
    rows(sqlite, "INSERT INTO author (id, name) VALUES (1, '한강')")
    rows(sqlite, "INSERT INTO book (id, title, pages, author_id, isbn) VALUES (1, '흰', 5, 1, '978')")

    def stops_and_goes_on(answer: str, *words: str) -> None:
        refused = project.run("alembic", "revision", "--autogenerate", "-m", "x")
        assert refused.returncode != 0
        assert f"-x {answer.partition('=3')[0]}" in refused.stdout
        project.ok("alembic", *(words or ("-x", answer, "revision", "--autogenerate", "-m", "x")))
        project.ok("alembic", "upgrade", "head")

    project.edit(BOOK, "    isbn:", "    ean:")
    stops_and_goes_on(column, *shlex.split(command))
    assert rows(sqlite, "SELECT ean FROM book") == [("978",)]
    project.edit(BOOK, "    ean: Mapped[str | None] = mapped_column(String(13))\n", "")
    stops_and_goes_on(drop)
    assert "# destroys data" in max((project.path / "migrations/versions").glob("*.py")).read_text(encoding="utf-8")
    project.edit(BOOK, PAGES, PAGES + "    rating: Mapped[int]\n")
    stops_and_goes_on(fill)
    project.edit(BOOK, '= "book"', '= "work"')
    stops_and_goes_on(table)
    assert rows(sqlite, "SELECT title, rating FROM work") == [("흰", 3)]
    assert "there is nothing to write" in project.ok("alembic", "revision", "--autogenerate", "-m", "x")


def test_uv_sync_installs_the_project(bake: Bake, stranger: dict[str, str], tmp_path: Path) -> None:
    """As the project's README says, instead of pip."""
    project = bake(project_name="My Service")
    (tmp_path / "bin/uv").symlink_to(BIN / "uv")
    shell("uv sync && uv run alembic current && uv run pytest", project.path, stranger)


def test_every_file_name_is_legal_on_windows() -> None:
    """Whoever clones this repository there gets all of it."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=TEMPLATE, check=True, capture_output=True, encoding="utf-8")
    names = [part for name in tracked.stdout.split("\0") for part in name.split("/")]
    assert len(names) > 50
    assert not [name for name in names if re.search(r'[<>:"|?*\\]|[. ]$', name)]
