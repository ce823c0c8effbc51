"""Bake projects, and give each test the databases that it asks for."""

from __future__ import annotations

import compileall
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.main import cookiecutter
from sqlalchemy import NullPool, create_engine, inspect, make_url

TEMPLATE = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
# The servers to test on are named by these variables; without them the tests that need them are skipped.
SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mysql": "TEST_MYSQL_URL"}
DATABASES = ["sqlite", *SERVERS]


# A process for several alembic commands, as to import Alembic takes longer than most of them.
IN_ONE = "import shlex, sys; from alembic.config import main; [main(shlex.split(line)) for line in sys.argv[1:]]"


@cache
def zygote() -> subprocess.Popen[str]:
    """Return the process that runs commands of Alembic's: see zygote.py."""
    command = [sys.executable, "-I", str(Path(__file__).parent / "zygote.py")]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", cwd="/")


def forked(
    command: tuple[str, ...], directory: Path, environment: dict[str, str], commands: list[Any]
) -> subprocess.CompletedProcess[str]:
    """Run commands of Alembic's as a process of their own would, but quicker."""
    server = zygote()
    assert server.stdin
    assert server.stdout
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
        request = {"directory": str(directory), "environment": environment, "commands": commands, "output": output.name}
        print(json.dumps(request), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(command, code, output.read())


@dataclass(frozen=True)
class Project:
    """A baked project that can be run, broken and read."""

    path: Path
    home: Path

    @property
    def package(self) -> str:
        """The name of its package."""
        return next(self.path.glob("src/*/models")).parent.name

    @property
    def sources(self) -> Path:
        """The directory of its package."""
        return self.path / "src" / self.package

    def environment(self, **variables: str) -> dict[str, str]:
        """Return a bare environment in which the project's commands work without being installed."""
        keep = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        paths = {"HOME": str(self.home), "PATH": f"{BIN}{os.pathsep}/usr/bin{os.pathsep}/bin"}
        quick = {"PYTHONDONTWRITEBYTECODE": "1", "MYPY_CACHE_DIR": str(self.home / "mypy")}
        return {**keep, **paths, **quick, "PYTHONPATH": str(self.path / "src"), **variables}

    def run(self, *command: str, cwd: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project and return it finished, its output and errors together in stdout."""
        environment = self.environment(**variables)
        commands = [command[1:]] if command[0] == "alembic" else [shlex.split(one) for one in command[3:]]
        if (command[0] == "alembic" or command[2:3] == (IN_ONE,)) and environment["PATH"].startswith(
            f"{BIN}{os.pathsep}"
        ):
            return forked(command, self.path / cwd, environment, commands)
        return subprocess.run(
            command,
            cwd=self.path / cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def ok(self, *command: str, **variables: str) -> str:
        """Run a command that must succeed and return its output."""
        done = self.run(*command, **variables)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}"
        return done.stdout

    def alembic(self, *commands: str, **variables: str) -> str:
        """Run alembic commands, which must succeed, in one process, and return their output."""
        return self.ok("python", "-c", IN_ONE, *commands, **variables)

    def change(self, message: str, *answers: str) -> str:
        """Write a revision, clean for the linter, upgrade to it, let alembic check find nothing more; return its text.

        The answers are what -x says.
        """
        given = shlex.join(part for answer in answers for part in ("-x", answer))
        said = self.alembic(f"{given} revision --autogenerate -m '{message}'", "upgrade head", "check")
        assert "No new upgrade operations detected." in said
        self.ok("ruff", "check", "migrations")
        return next((self.path / "migrations/versions").glob(f"*_{message.replace(' ', '_')}.py")).read_text("utf-8")

    def refused(self, *answers: str) -> str:
        """Let autogenerate stop, without a traceback and without a new file, and return what it says."""
        before = sorted(self.path.glob("migrations/versions/*"))
        given = [part for answer in answers for part in ("-x", answer)]
        done = self.run("alembic", *given, "revision", "--autogenerate", "-m", "refused")
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stdout
        assert sorted(self.path.glob("migrations/versions/*")) == before
        return done.stdout

    def answered(self, typed: str, *command: str) -> tuple[str, int]:
        """Run a command on a terminal on which something is typed, and return its output and exit code."""
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        running = self.start(*command, stdin=theirs)
        os.close(theirs)
        said = running.communicate()[0]
        os.close(ours)
        return said, running.returncode

    def start(self, *command: str, stdin: int | None = None, **variables: str) -> subprocess.Popen[str]:
        """Start a command, which Ctrl-C reaches even if it does not reach the tests, and return the running process."""
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=self.environment(**variables),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def doctor(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the project's doctor."""
        return self.run("python", "-m", f"{self.package}.db", "doctor", *arguments, **variables)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file; the text must be there."""
        file = self.path / path.replace("PACKAGE", self.package)
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.path / path.replace("PACKAGE", self.package)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def revision(self, name: str, after: str | None, upgrade: str, downgrade: str = "pass") -> None:
        """Write a revision by hand."""
        body = "\n".join(f"    {line}" for line in upgrade.splitlines())
        self.write(
            f"migrations/versions/{name}.py",
            f"import time\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = {name!r}\n"
            f"down_revision = {after!r}\n\n\ndef upgrade():\n{body}\n\n\ndef downgrade():\n    {downgrade}\n",
        )


Bake = Callable[..., Project]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home directory, as Cookiecutter writes into the user's."""
    return tmp_path_factory.mktemp("home")


def bake_into(directory: Path, home: Path, template: Path = TEMPLATE, **answers: Any) -> Project:
    """Run Cookiecutter in this process, with the hooks, and return the project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        path = cookiecutter(
            str(template), no_input=True, output_dir=str(directory), extra_context=answers, default_config=True
        )
    return Project(Path(path), home)


@pytest.fixture
def bake(tmp_path: Path, home: Path) -> Bake:
    """A function that bakes a project, verified by its hook, from answers."""

    def make(**answers: Any) -> Project:
        return bake_into(tmp_path / "baked", home, **answers)

    return make


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Project:
    """A project with the driver of every database at hand. Tests copy it: see project."""
    project = bake_into(tmp_path_factory.mktemp("pristine"), home, project_name="Shop")
    compileall.compile_dir(project.path / "src", quiet=1)  # else each of some thousand processes would
    return project


@pytest.fixture
def project(pristine: Project, tmp_path: Path) -> Project:
    """A fresh project to run or to break."""
    copy = tmp_path / "work" / "shop"
    shutil.copytree(pristine.path, copy)
    return Project(copy, pristine.home)


def make_database(kind: str, directory: Path) -> Iterator[str]:
    """Make an empty database of a kind and yield its URL; skip the test if its server is not named."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    if kind == "sqlite":
        yield f"sqlite:///{directory / name}.db"
        return
    if SERVERS[kind] not in os.environ:
        pytest.skip(f"needs a {kind} server: set {SERVERS[kind]} to the URL of a database on it (see README.md)")
    server = make_url(os.environ[SERVERS[kind]])
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgresql" else ""))


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind in turn: its URL."""
    yield from make_database(request.param, tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[str]:
    """An empty SQLite database: its URL."""
    yield from make_database("sqlite", tmp_path)


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[str]:
    """An empty PostgreSQL database: its URL."""
    yield from make_database("postgresql", tmp_path)


@pytest.fixture
def mysql(tmp_path: Path) -> Iterator[str]:
    """An empty MariaDB or MySQL database: its URL."""
    yield from make_database("mysql", tmp_path)


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement over a connection of its own and return its rows."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def schema(url: str) -> dict[str, list[str]]:
    """Return what is reflected of each table, without the order of its columns."""
    kinds = ("columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints")
    found: dict[str, list[str]] = {}
    with create_engine(url, poolclass=NullPool).connect() as connection:
        for kind in kinds:
            for (_, table), one in getattr(inspect(connection), f"get_multi_{kind}")().items():
                told = (re.sub(" at 0x[0-9a-f]+", "", str(item)) for item in (one if isinstance(one, list) else [one]))
                found.setdefault(table, []).extend(sorted(told))
    return found
