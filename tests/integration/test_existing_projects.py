"""Projects of ``alembic init``, Flask-Migrate and SQLModel use the library with one import and two changed lines."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from support.breaking import ENV, INI, MAKO
from support.databases import make_database, rows
from support.foreign import Foreign
from support.interpreters import PASSED_ON, QUICK
from support.project import BIN, REPOSITORY, forked
from support.reports import verdicts

from alembic_proof import __version__

MODELS = """\
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()
class Author(Base):
    __tablename__ = "author"
    id = Column(Integer, primary_key=True)
    name = Column(String(80), nullable=False)
"""
SQLMODEL = """\
from sqlmodel import Field, SQLModel as Base

class Author(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=80)
"""
FLASK_APP = """\
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
class Author(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False)
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "URL"
db.init_app(app)
Migrate(app, db)
"""


@dataclass(frozen=True)
class Kind:
    """How a kind of project is begun, and how its models are written."""

    template: str  # of alembic init; empty for Flask-Migrate
    models: str
    born: str  # one more column

    def begin(self, project: Foreign, url: str) -> None:
        """Write the project and do what the comments in its env.py say."""
        if not self.template:
            project.write("app.py", self.models.replace("URL", url))
            project.ok("flask", "db", "init")
            return
        project.write("models.py", self.models)
        project.ok("alembic", "init", "-t", self.template, "migrations")
        project.edit(INI, "driver://user:pass@localhost/dbname", url.replace("%", "%%"))
        project.edit(ENV, "target_metadata = None", "from models import Base\n\ntarget_metadata = Base.metadata")
        if "sqlmodel" in self.models:
            project.edit(MAKO, "import sqlalchemy as sa", "import sqlalchemy as sa\nimport sqlmodel")

    def edit(self, project: Foreign, old: str, new: str) -> None:
        """Change a model."""
        project.edit("models.py" if self.template else "app.py", old, new)


KINDS = {
    "generic": Kind("generic", MODELS, "    born = Column(Integer)\n"),
    "async": Kind("async", MODELS, "    born = Column(Integer)\n"),
    "pyproject": Kind("pyproject", MODELS, "    born = Column(Integer)\n"),
    "SQLModel": Kind("generic", SQLMODEL, "    born: int | None = None\n"),
    "Flask-Migrate": Kind("", FLASK_APP, "    born = db.Column(db.Integer)\n"),
}
COMBINATIONS = [
    ("generic", "sqlite", "pysqlite"),
    ("generic", "postgresql", "psycopg"),
    ("generic", "postgresql", "psycopg2"),
    ("generic", "mysql", "pymysql"),
    ("async", "sqlite", "aiosqlite"),
    ("async", "postgresql", "asyncpg"),
    ("async", "postgresql", "psycopg"),
    ("async", "mysql", "asyncmy"),
    ("async", "mysql", "aiomysql"),
    ("pyproject", "sqlite", "pysqlite"),
    ("pyproject", "postgresql", "psycopg"),
    ("SQLModel", "sqlite", "pysqlite"),
    ("SQLModel", "postgresql", "psycopg"),
    ("SQLModel", "mysql", "pymysql"),
    ("Flask-Migrate", "sqlite", "pysqlite"),
    ("Flask-Migrate", "postgresql", "psycopg"),
    ("Flask-Migrate", "mysql", "pymysql"),
]


# Several commands in one process, as the imports take most of its time.
ALEMBIC = "import shlex, sys, alembic.config as c; [c.main(shlex.split(line)) for line in sys.argv[1:]]"
FLASK = "import shlex, sys, flask.cli as c; [c.cli.main(shlex.split(a), standalone_mode=False) for a in sys.argv[1:]]"


def run(project: Foreign, *commands: str, **variables: str) -> tuple[int, str]:
    """Run commands of Alembic's, or Flask-Migrate's, until one fails; return the exit code and the output."""
    environment = project.environment(**variables)
    if project.config.startswith("migrations"):  # "downgrade" is one revision there, and "-1" an unknown option
        lines = [f"db {command.removesuffix(' -1')}" for command in commands]
        done = project.run("python", "-c", FLASK, *lines, **variables)
    elif project.tools == BIN:
        lines = [f"-c {project.config} {command}" for command in commands]
        done = forked([["alembic", *shlex.split(line)] for line in lines], project.path, environment)
    else:
        lines = [f"-c {project.config} {command}" for command in commands]
        done = project.run("python", "-c", ALEMBIC, *lines, **variables)
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


def succeeds(project: Foreign, *commands: str) -> str:
    """Run commands that must succeed, and return their output."""
    code, output = run(project, *commands)
    assert code == 0, output
    return output


def refused(project: Foreign, *commands: str, **variables: str) -> str:
    """Run commands of which the last must end with a sentence, and return their output."""
    code, output = run(project, *commands, **variables)
    assert code != 0, output
    return output


def adopt(project: Foreign, *arguments: str) -> str:
    """Run ``alembic-proof adopt``, and return its output."""
    forked = project.tools == BIN
    command = ["alembic-proof"] if forked else ["python", "-m", "alembic_proof"]
    return project.run(*command, "adopt", "--config", project.config, *arguments).stdout


@contextmanager
def another_migrator(url: str) -> Iterator[None]:
    """Hold the lock that a migrator takes."""
    lock = {
        "sqlite": "BEGIN IMMEDIATE",
        "postgresql": f"SELECT pg_advisory_lock({int.from_bytes(b'alembic', 'big')})",
        "mysql": "SELECT GET_LOCK(CONCAT('alembic-', MD5(DATABASE())), 0)",
    }
    name = make_url(url).get_backend_name()
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(lock[name])
        yield
        if name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")


def prove(project: Foreign, kind: Kind, url: str) -> None:
    """Let autogenerate ask, migrators take turns, a downgrade ask, and the doctor be content."""
    assert "Changed: migrations/env.py" in adopt(project, "--write-env")
    succeeds(project, "revision --autogenerate -m tables")
    with another_migrator(url):
        output = refused(project, "upgrade head", MIGRATION_TIMEOUT="0.2")
        assert "Another process has been migrating" in output
    succeeds(project, "upgrade head")
    rows(url, "INSERT INTO author (id, name) VALUES (1, '한강')")

    kind.edit(project, "    name", "    full_name")
    autogenerate = "revision --autogenerate -m rename"
    assert "-x rename=author.name:full_name" in refused(project, autogenerate)
    succeeds(project, f"-x rename=author.name:full_name {autogenerate}", "upgrade head")

    kind.edit(project, "    full_name", f"{kind.born}    full_name")
    succeeds(project, "revision --autogenerate -m born", "upgrade head")
    assert "No new upgrade operations detected" in succeeds(project, "check")
    rows(url, "UPDATE author SET born = 1970")
    output = refused(project, "downgrade -1")
    assert "This downgrade drops author.born, which has 1 value." in output
    succeeds(project, "-x allow-drop=author.born downgrade -1", "upgrade head")
    assert rows(url, "SELECT id, full_name, born FROM author") == [(1, "한강", None)]

    report = project.examine()
    assert not verdicts(report, "problem", "unknown"), report
    assert "revisions-keep-data" in verdicts(report, "ok"), report  # which judges by the library's rules


def begin(path: Path, home: Path, name: str, url: str, driver: str) -> Foreign:
    """Begin a project of a kind in a new directory, on a database, with a driver."""
    path.mkdir()
    project = Foreign(path, home)
    dialect = make_url(url).get_backend_name()
    if dialect != "sqlite":
        project.variables["TEST_DATABASE_URL"] = url
    own = make_url(url).set(drivername=f"{dialect}+{driver}")
    KINDS[name].begin(project, own.render_as_string(hide_password=False))
    return project


@pytest.mark.slow
@pytest.mark.parametrize(("name", "database", "driver"), COMBINATIONS)
def test_an_existing_project(tmp_path: Path, home: Path, name: str, database: str, driver: str) -> None:
    """Of each kind, with each driver."""
    with make_database(database, tmp_path) as url:
        prove(begin(tmp_path / "shop", home, name, url, driver), KINDS[name], url)


AUTHOR = "CREATE TABLE author (id {} NOT NULL, name VARCHAR(80) NOT NULL, CONSTRAINT author_pkey PRIMARY KEY (id))"


@pytest.mark.parametrize(
    ("name", "database", "driver"),
    [
        ("generic", "sqlite", "pysqlite"),
        ("async", "sqlite", "aiosqlite"),
        ("Flask-Migrate", "sqlite", "pysqlite"),
        ("pyproject", "postgresql", "psycopg2"),
        ("async", "postgresql", "asyncpg"),
    ],
)
def test_an_existing_database(tmp_path: Path, home: Path, name: str, database: str, driver: str) -> None:
    """It is adopted in the same command, where no migration has made its tables."""
    with make_database(database, tmp_path) as url:
        project = begin(tmp_path / "shop", home, name, url, driver)
        statement = AUTHOR.format("SERIAL" if database == "postgresql" else "INTEGER")
        rows(url, statement.replace("CONSTRAINT author_pkey ", "") if database == "sqlite" else statement)
        rows(url, "INSERT INTO author (id, name) VALUES (1, '한강')")
        output = adopt(project, "--write-env")
        assert "Changed: migrations/env.py" in output
        assert "Stamped: the database is at this revision." in output, output
        assert "No new upgrade operations detected" in succeeds(project, "check")
        assert rows(url, "SELECT name FROM author") == [("한강",)]


HOOKS = """\
import json
from pathlib import Path
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult

def note(name, result=True):
    with open(Path(__file__).parent / "calls", "a") as file:
        print(name, file=file)
    return result

def compared(autogen_context, upgrade_ops, schemas):
    note("autogenerate_plugins")
    return PriorityDispatchResult.CONTINUE

Plugin("shop").add_autogenerate_comparator(compared, "schema")
hooks = {
    "include_object": lambda obj, name, *rest: note("include_object", name != "report"),
    "include_name": lambda name, *rest: note("include_name", name != "old"),
    "render_item": lambda *arguments: note("render_item", False),
    "process_revision_directives": lambda context, revision, directives: note("process_revision_directives"),
    "on_version_apply": lambda **arguments: note("on_version_apply"),
}
"""
NOTED = {"include_object", "include_name", "render_item", "process_revision_directives", "on_version_apply"}


def test_its_own_hooks_are_kept(tmp_path: Path, home: Path, database: str) -> None:
    """All of them are called, and what they say holds."""
    kind = KINDS["generic"]
    driver = {"sqlite": "pysqlite", "postgresql": "psycopg", "mysql": "pymysql"}
    project = begin(tmp_path / "shop", home, "generic", database, driver[make_url(database).get_backend_name()])
    kind.edit(
        project,
        "class Author",
        "class Report(Base):\n    __tablename__ = 'report'\n    id = Column(Integer, primary_key=True)\nclass Author",
    )
    project.write("hooking.py", HOOKS)
    project.edit(ENV, "\ntarget_metadata", "\nfrom hooking import hooks\ntarget_metadata")
    handed = "target_metadata=target_metadata\n        )\n\n        with"
    plugins = 'autogenerate_plugins=["alembic.autogenerate.*", "shop"], **hooks'
    project.edit(ENV, handed, handed.replace("target_metadata\n", f"target_metadata, {plugins}\n"))
    rows(database, "CREATE TABLE old (id INTEGER)")
    assert f"**options(connection, target_metadata=target_metadata, {plugins})" in adopt(project, "--write-env")
    succeeds(project, "revision --autogenerate -m tables", "upgrade head")
    assert set((project.path / "calls").read_text().split()) == NOTED | {"autogenerate_plugins"}
    [revision] = (project.path / "migrations/versions").glob("*.py")
    text = revision.read_text("utf-8")
    assert "author" in text
    assert "report" not in text
    assert "old" not in text
    kind.edit(project, "    name", "    full_name")
    assert "-x rename=author.name:full_name" in refused(project, "revision --autogenerate -m rename")


RELEASES = [("1.18", "2.0.4"), ("1.18", "2.0.30"), ("1.18", "2.0"), ("1.18", "2.1"), ("1.20", "2.0"), ("1.20", "2.1")]


def uv(*arguments: object) -> None:
    """Run uv; skip the test where there is no package registry."""
    done = subprocess.run([*QUICK, *map(str, arguments)], stderr=subprocess.PIPE, encoding="utf-8", env=PASSED_ON)
    if re.search("Failed to fetch|error sending request|network was disabled", done.stderr):
        pytest.skip(f"needs a package registry: {done.stderr}")
    assert done.returncode == 0, done.stderr


class Installed(Foreign):
    """A project for whose Python the library is installed: nothing is on the path."""

    def environment(self, **variables: str) -> dict[str, str]:
        """Return a bare environment."""
        bare = super().environment(**variables)
        return {name: value for name, value in bare.items() if name not in ("PYTHONPATH", "PYTEST_PLUGINS")}


@pytest.mark.slow
@pytest.mark.parametrize(("alembic", "sqlalchemy"), RELEASES)
def test_every_release(tmp_path: Path, home: Path, alembic: str, sqlalchemy: str) -> None:
    """The oldest and the newest of Alembic and SQLAlchemy; for the newest, the library is installed with pip."""
    newest = (alembic, sqlalchemy) == RELEASES[-1]
    tools, path = tmp_path / "venv/bin", tmp_path / "shop"
    uv("venv", "-q", *(["--seed"] if newest else []), "-p", sys.executable, tmp_path / "venv")
    uv("pip", "install", "-q", "-p", tools / "python", f"alembic=={alembic}.*", f"sqlalchemy=={sqlalchemy}.*")
    path.mkdir()
    project = (Installed if newest else Foreign)(path, home, tools=tools)
    project.variables["PYTHONDONTWRITEBYTECODE"] = ""  # else each process compiles SQLAlchemy
    if newest:
        subprocess.run([tools / "pip", "install", "-q", REPOSITORY], check=True, env=PASSED_ON)
        assert project.ok("alembic-proof", "--version") == f"alembic-proof {__version__}\n"
        plugins = "import importlib.metadata as m; print([p.name for p in m.entry_points(group='pytest11')])"
        assert project.ok("python", "-c", plugins) == "['alembic_proof']\n"
    with make_database("sqlite", tmp_path) as url:
        KINDS["generic"].begin(project, url)
        prove(project, KINDS["generic"], url)
