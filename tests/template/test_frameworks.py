"""Each framework on each database: tested, linted, typed, started as a process, asked over HTTP, and stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.databases import DATABASES, SERVERS, make_database, rows
from support.interpreters import PASSED_ON, QUICK
from support.project import Project, bake_into
from support.service import START, Cable, connections, eventually, serving, start

Bake = Callable[..., Project]
Baked = Callable[[str, str], Project]
PAIRS = [(framework, database) for framework in START for database in DATABASES]
FEW = [("fastapi", "sqlite"), ("fastapi-async", "postgresql"), ("flask", "mysql")]  # each answer once
EACH = [pytest.param(*pair, marks=[] if pair in FEW else [pytest.mark.slow], id="-".join(pair)) for pair in PAIRS]
each = pytest.mark.parametrize(("framework", "kind"), EACH)
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "alembic_proof.testing.plugin", "-W", "error")
ADA = {"name": "Ada", "email": "ada@example.com"}
NOTE = """\"\"\"A model.\"\"\"

from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class Note(Base):
    \"\"\"A note.\"\"\"

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
"""


@pytest.fixture(scope="module")
def baked(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Baked:
    """A function that bakes a project with its first revision: once for each pair of answers. Nobody changes it."""
    made: dict[tuple[str, str], Project] = {}

    def get(framework: str, kind: str) -> Project:
        if (framework, kind) not in made:
            directory = tmp_path_factory.mktemp("baked")
            project = bake_into(directory, home, project_name="Shop", framework=framework, database=kind)
            with make_database(kind, directory) as url:
                project.ok("alembic", "revision", "--autogenerate", "-m", "first tables", DATABASE_URL=url)
            made[framework, kind] = project
        return made[framework, kind]

    return get


@pytest.fixture
def database(kind: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of the kind that the project has."""
    with make_database(kind, tmp_path) as url:
        yield url


def server_of(kind: str) -> dict[str, str]:
    """Return the variable that names a server for the project's tests."""
    return {"TEST_DATABASE_URL": os.environ[SERVERS[kind]]} if kind in SERVERS else {}


@each
def test_its_tests_pass(baked: Baked, framework: str, kind: str, database: str) -> None:
    """Those of the application, without a warning, on the real database; the others: test_combinations.py."""
    tests = ("tests/test_app.py", "tests/test_authors.py", "tests/test_models.py")
    output = baked(framework, kind).ok(*PYTEST, *tests, **server_of(kind))
    assert "5 passed" in output


@pytest.mark.slow
@pytest.mark.parametrize(("framework", "kind"), FEW)
def test_its_tests_pass_before_the_first_revision(bake: Bake, framework: str, kind: str, database: str) -> None:
    """On the tables that autogenerate would write."""
    project = bake(project_name="Shop", framework=framework, database=kind)
    assert " skipped" not in project.ok(*PYTEST, **server_of(kind))


@pytest.mark.slow
@pytest.mark.parametrize(("framework", "kind"), FEW[1:])
def test_what_it_declares_is_all_that_it_needs(bake: Bake, framework: str, kind: str, database: str) -> None:
    """Installed by uv into an environment of its own, it is tested there, and its program starts."""
    project = bake(project_name="Shop", framework=framework, database=kind)
    environment = {**PASSED_ON, "HOME": str(project.home), "PATH": "/usr/bin:/bin", "DATABASE_URL": database}
    environment |= server_of(kind)
    bin, tests = project.path / ".venv/bin", ("tests/test_app.py", "tests/test_authors.py", "tests/test_models.py")
    commands = ([*QUICK, "sync", "-q"], [f"{bin}/pytest", *tests], [f"{bin}/{START[framework][0]}", "--help"])
    for command in commands:
        done = subprocess.run(
            command, cwd=project.path, env=environment, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8"
        )
        assert done.returncode == 0, done.stdout


@each
def test_it_is_clean_and_typed(baked: Baked, framework: str, kind: str, database: str) -> None:
    """For the project's own linter and types."""
    project = baked(framework, kind)
    project.ok("ruff", "check", ".")
    project.ok("ruff", "format", "--check", ".")
    project.ok("mypy")


@each
def test_it_serves(baked: Baked, framework: str, kind: str, database: str) -> None:
    """A whole life of the process: refused, migrated, started, asked, stopped, with no connection left."""
    project = baked(framework, kind)
    command = " ".join(START[framework]).format(project.package)
    assert f"```sh\n{command}\n" in (project.path / "README.md").read_text(encoding="utf-8")
    refused = start(project, framework, database)
    said = refused.communicate()[0]
    assert refused.returncode not in (0, None)
    assert "has no table alembic_version" in said
    assert "Traceback" not in said
    project.ok("alembic", "upgrade", "head", DATABASE_URL=database)
    with serving(project, framework, database) as service:
        answer = service.answer
        assert answer("/health/live") == (200, {"status": "live"})
        assert answer("/health/ready") == (200, {"status": "ready"})
        status, saved = answer("/authors", ADA)
        assert (status, saved["name"], saved["email"]) == (201, "Ada", "ada@example.com")
        assert saved["created_at"]
        assert answer(f"/authors/{saved['id']}") == (200, saved)
        assert answer("/authors", ADA)[0] == 409
        ids = [answer("/authors", {"name": name})[1]["id"] for name in ("한강", "b")]
        assert [author["id"] for author in answer("/authors?limit=2")[1]] == [saved["id"], ids[0]]
        assert [author["id"] for author in answer(f"/authors?limit=2&after={ids[0]}")[1]] == [ids[1]]
        for path in ("/authors/999", "/nowhere"):
            assert answer(path)[0] == 404
        for path in ("/authors?limit=0", "/authors?limit=1000", "/authors?after=x", f"/authors?after={10**30}"):
            assert answer(path)[0] == 422, path
        assert answer(f"/authors/{10**30}")[0] in (404, 422)
        for name in ("", "x" * 201, 1, None, "\ud800"):
            assert answer("/authors", {"name": name})[0] == 422, name
        assert answer("/authors", {"name": "x", "email": "e" * 300})[0] == 422
        assert service.stop() in (0, -15, 143)
    assert not [line for line in service.output if "Traceback" in line], "".join(service.output)
    assert len(rows(database, "SELECT * FROM author")) == 3
    assert eventually(lambda: not connections(database))


@each
def test_it_says_when_it_is_not_ready(baked: Baked, framework: str, kind: str, database: str, tmp_path: Path) -> None:
    """Behind, at an unknown revision, away: 503 and the sentence. Requests get a 503, too, and all is well later."""
    project = baked(framework, kind)
    project.ok("alembic", "upgrade", "head", DATABASE_URL=database)
    cable = Cable(database) if kind in SERVERS else None
    with serving(project, framework, cable.url if cable else database) as service:
        ((head,),) = rows(database, "SELECT version_num FROM alembic_version")
        rows(database, "DELETE FROM alembic_version")
        assert_not_ready(service.answer("/health/ready"), "is empty, at no revision, and this release needs")
        rows(database, "INSERT INTO alembic_version VALUES ('feedbeef')")
        assert_not_ready(service.answer("/health/ready"), "is at revision feedbeef, which this release does not have")
        rows(database, f"UPDATE alembic_version SET version_num = '{head}'")
        assert service.answer("/health/ready")[0] == 200
        if cable:
            assert service.answer("/authors", ADA)[0] == 201
            cable.cut()
            assert_not_ready(service.answer("/health/ready"), "cannot be reached or read")
            assert_not_ready(service.answer("/authors"), "The database does not answer as it should: try again later.")
            assert service.answer("/health/live")[0] == 200
            cable.mend()
            assert service.answer("/health/ready")[0] == 200
            assert service.answer("/authors")[0] == 200
    assert not [line for line in service.output if "Traceback" in line], "".join(service.output)


def assert_not_ready(answer: tuple[int, dict[str, str]], words: str) -> None:
    """It is a 503, with a sentence that has no password."""
    status, detail = answer
    assert status == 503
    assert words in detail["detail"]
    assert "Traceback" not in detail["detail"]


@pytest.mark.parametrize("framework", START)
def test_a_commit_that_fails_is_never_answered_as_done(baked: Baked, framework: str, postgresql: str) -> None:
    """A constraint that PostgreSQL looks at when the transaction is committed."""
    project = baked(framework, "postgresql")
    project.ok("alembic", "upgrade", "head", DATABASE_URL=postgresql)
    rows(postgresql, "ALTER TABLE author ADD CONSTRAINT late UNIQUE (name) DEFERRABLE INITIALLY DEFERRED")
    with serving(project, framework, postgresql) as service:
        assert [service.answer("/authors", {"name": "Ada"})[0] for _ in range(3)] == [201, 409, 409]
    assert len(rows(postgresql, "SELECT * FROM author")) == 1


@pytest.mark.parametrize("framework", START)
def test_nothing_is_connected_at_import(baked: Baked, framework: str) -> None:
    """Nor does anything say yet where the database is."""
    project = baked(framework, "sqlite")
    bare = {"DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nowhere"}
    project.ok(
        "python", "-W", "error", "-c", "import shop.app; from shop import db; print(db.engine.cache_info())", **bare
    )


def test_without_a_framework_there_is_no_application(bake: Bake) -> None:
    """Nor a package for one."""
    project = bake(project_name="Shop", framework="none")
    assert not [name for name in ("app.py", "authors.py", "dependencies.py") if (project.sources / name).exists()]
    pyproject = (project.path / "pyproject.toml").read_text(encoding="utf-8")
    assert not [name for name in ("fastapi", "flask", "uvicorn", "httpx", "asyncio", "anyio") if name in pyproject]


@pytest.mark.parametrize(
    "framework", ["fastapi", *(pytest.param(name, marks=pytest.mark.slow) for name in ("fastapi-async", "flask"))]
)
def test_the_examples_can_be_deleted(baked: Baked, framework: str, tmp_path: Path) -> None:
    """The files, and the lines of app.py that name them: the rest works, with a model of one's own."""
    shutil.copytree(baked(framework, "sqlite").path, tmp_path / "shop")
    project = Project(tmp_path / "shop", baked(framework, "sqlite").home)
    shutil.rmtree(project.path / "migrations/versions")
    (project.path / "migrations/versions").mkdir()
    for name in ("src/shop/models/author.py", "src/shop/models/book.py", "src/shop/authors.py"):
        (project.path / name).unlink()
    for name in ("tests/test_models.py", "tests/test_authors.py"):
        (project.path / name).unlink()
    app = project.sources / "app.py"
    lines = app.read_text(encoding="utf-8").replace("from . import authors, db", "from . import db").splitlines(True)
    app.write_text("".join(line for line in lines if "authors" not in line), encoding="utf-8")
    project.write("src/shop/models/note.py", NOTE)
    project.ok("ruff", "check", ".")
    project.ok("mypy")
    project.ok(*PYTEST, "tests/test_app.py")
