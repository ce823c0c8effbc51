"""The doctor on projects that the template did not make: quiet about what is right, exact about what is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.breaking import (
    DISPATCH,
    ENV,
    HELPER,
    INDENTED,
    INI,
    MAKO,
    ONLY_OFFLINE,
    UNDER_MAIN,
    VARIABLE,
    VERSIONS,
    Break,
    append,
    edit,
    move,
    several,
    write,
)
from support.databases import make_database, rows
from support.foreign import Foreign, environ, init, make_plain
from support.interpreters import QUICK
from support.reports import verdicts

Act = Break[Foreign]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Foreign:
    """A plain project. Tests copy it."""
    return make_plain(tmp_path_factory.mktemp("plain") / "shop", home)


@pytest.fixture(scope="module")
def sound(plain: Foreign, tmp_path_factory: pytest.TempPathFactory) -> Foreign:
    """A plain project with its first revision. Tests copy it."""
    project = plain.copy(tmp_path_factory.mktemp("sound") / "shop")
    project.autogenerate()
    return project


def flask(app: str) -> Act:
    """Begin with Flask-Migrate."""

    def act(project: Foreign) -> None:
        for path in (*project.path.glob("*.*"), *project.path.glob("migrations/*.*")):
            path.unlink()
        move("migrations", "unused/migrations")(project)
        project.write(app, FLASK)
        project.ok("flask", "db", "init")
        project.ok("flask", "db", "migrate", "-m", "tables", "--rev-id", "first")

    return act


def revised(upgrade: str, downgrade: str = "pass", name: str = "second") -> Act:
    """Write a revision after the first by hand."""
    return several(Foreign.autogenerate, lambda project: project.revision(name, "first", upgrade, downgrade))


def downgrade(body: str) -> Act:
    """Write the downgrade of the first revision by hand."""

    def act(project: Foreign) -> None:
        file = next((project.path / VERSIONS).glob("first*"))
        file.write_text(f"{file.read_text('utf-8').split('def downgrade')[0]}def downgrade():\n    {body}\n", "utf-8")

    return several(Foreign.autogenerate, act)


FLASK = """\
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
class Author(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), unique=True)
class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    author_id = db.Column(db.ForeignKey("author.id"))
    author = db.relationship("Author", backref="books")
def make():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///app.db"
    db.init_app(app)
    Migrate(app, db)
    return app
app = make()
"""
SQLMODEL = """\
from sqlmodel import Field, Relationship, SQLModel as Base
class Author(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=80, index=True)
    books: list["Book"] = Relationship(back_populates="author")
class Book(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    author_id: int = Field(foreign_key="author.id")
    author: Author = Relationship(back_populates="books")
"""
AUDIT = """\
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table
metadata = MetaData()
user = Table("user", metadata, Column("id", Integer, primary_key=True))
event = Table("event", metadata, Column("id", Integer, primary_key=True), Column("who", ForeignKey("user.id")))
"""
HOOKS = """\
def include_object(object, name, type_, reflected, compare_to):
    return not object.info.get("skip", False)
def include_name(name, type_, parent_names):
    return name in (None, "main") if type_ == "schema" else True
def run_migrations_offline()"""
FIXTURE = "import pytest, models\n\n@pytest.fixture\ndef db(bind):\n    models.Base.metadata.create_all(bind)"
INIT, ENGINE, HANDS = "def run_migrations_offline()", "    connectable = engine_from_config(", "=target_metadata"
HANDED = f'    connectable = config.attributes.get("connection", None)\n    if connectable is None:\n    {ENGINE}'
URL, INI_URL = "sqlite:///%(here)s/app.db", 'config.get_main_option("sqlalchemy.url")'
BASE, NAME, METADATA = "Base = declarative_base()", "    name = Column(String(80), nullable=False", "= Base.metadata"
SECTION, PAGES = "config.get_section(config.config_ini_section, {})", "    pages = Column(Integer"
CONTEXT, FROM_OS = "config = context.config", 'os.environ["DATABASE_URL"]'
RUN = "import helping\nhelping.run(run_migrations_offline, run_migrations_online)\n"
CALL = "(run_migrations_offline if context.is_offline_mode() else run_migrations_online)()\n"
TWO: Act = several(write("audit.py", AUDIT), edit(ENV, "from models import", "import audit\nfrom models import"))
OS: Act = several(environ(DATABASE_URL="sqlite:///{}/app.db"), edit(ENV, CONTEXT, f"import os\n{CONTEXT}"))
LOWER = append("models.py", 'Index("ix_lower", func.lower(Author.name))')  # not seen by autogenerate on SQLite
AUDIT_BRANCH = ("-m", "audit", "--head=base", "--branch-label=audit", "--version-path=more")

CORRECT: dict[str, Act] = {
    "alembic init": several(),
    "우리 서점 book shop": several(),  # each is made in a directory of its name
    "async": init("async", driver="sqlite+aiosqlite"),
    "multidb": several(init("multidb", '{"engine1": Base.metadata, "engine2": audit.metadata}', nothing="{}"), TWO),
    "pyproject": several(
        init("pyproject"), OS, edit(ENV, INI_URL, FROM_OS), edit(ENV, SECTION, f'{{"sqlalchemy.url": {FROM_OS}}}')
    ),
    "Flask-Migrate": flask("app.py"),
    "Flask-Migrate with a factory": several(environ(FLASK_APP="shop.web:make"), flask("shop/web.py")),
    "SQLModel": several(write("models.py", SQLMODEL), edit(MAKO, "import sqlalchemy", "import sqlmodel, sqlalchemy")),
    "DeclarativeBase": edit("models.py", BASE, "import sqlalchemy.orm as o\nclass Base(o.DeclarativeBase): ..."),
    "ternary": edit(ENV, DISPATCH, CALL),
    "variable": edit(ENV, DISPATCH, VARIABLE),
    "function": edit(ENV, DISPATCH, f"def main():\n    {INDENTED}\n\nmain()\n"),
    "another module": several(write("helping.py", HELPER), edit(ENV, DISPATCH, RUN)),
    "try": edit(ENV, DISPATCH, f"try:\n    {INDENTED}\nexcept NameError:\n    raise\n"),
    "code after it": edit(ENV, DISPATCH, f"{DISPATCH}\nprint('done')\nlogged = [print(n) for n in range(2)]\n"),
    "list of metadata": several(TWO, edit(ENV, METADATA, "= [Base.metadata, audit.metadata]")),
    "third-party Base": several(
        environ(PYTHONPATH="{}/../vendor"),
        write("../vendor/thirdparty.py", "from sqlalchemy.orm import declarative_base", BASE),
        write("base.py", "from thirdparty import Base", '__all__ = ["Base"]'),
        edit("models.py", BASE, "from base import Base"),
    ),
    "connection handed over": edit(ENV, ENGINE, HANDED),
    "labelled branches": several(
        Foreign.autogenerate,
        several(TWO, edit(ENV, METADATA, "= [Base.metadata, audit.metadata]")),
        edit(f"{VERSIONS}/first_tables.py", "] = None\ndepends_on", '] = "shop"\ndepends_on'),
        edit(INI, "\npath_sep", "\nversion_locations = %(here)s/migrations/versions:%(here)s/more\npath_sep"),
        lambda project: print(project.migrate("upgrade", "heads")),
        lambda project: print(project.migrate("revision", "--autogenerate", *AUDIT_BRANCH)),
    ),
    "comments": edit(ENV, DISPATCH, f"# target_metadata = None\n# Base.metadata.create_all(engine)\n{DISPATCH}"),
    "create_all in a fixture": write("tests/conftest.py", FIXTURE),
    "scripts in a package": several(
        several(write("shopdb/__init__.py", ""), move("migrations", "shopdb/migrations")),
        edit(INI, "script_location = %(here)s/migrations", "script_location = shopdb:migrations"),
    ),
    "ini in a subdirectory": several(
        edit(INI, "%(here)s", "%(here)s/.."), edit(INI, "path = .", "path = %(here)s/.."), move(INI, "conf/alembic.ini")
    ),
    "include_object": several(
        append("models.py", 'Table("report", Base.metadata, Column("id", Integer), info={"skip": True})'),
        several(edit(ENV, INIT, HOOKS), edit(ENV, HANDS, f"{HANDS}, include_object=include_object")),
    ),
    "include_name": several(
        edit(ENV, INIT, HOOKS), edit(ENV, HANDS, f"{HANDS}, include_schemas=True, include_name=include_name")
    ),
    "no naming convention": edit("models.py", NAME, f"{NAME}, unique=True"),
    "server_default": edit("models.py", PAGES, f'{PAGES}, server_default=text("1 + 1")'),
    "expression in an index": several(
        LOWER, revised("op.create_index('ix_lower', 'author', [sa.text('lower(name)')])", "op.drop_index('ix_lower')")
    ),
    "data migration": revised("op.execute(\"UPDATE author SET name = trim(name) WHERE name LIKE ' %'\")"),
    "no way back": downgrade('raise NotImplementedError("restore the backup")'),
    "URL from os.environ": several(
        OS, edit(ENV, CONTEXT, f'{CONTEXT}\nconfig.set_main_option("sqlalchemy.url", {FROM_OS})')
    ),
}
RAN = {"env-runs-migrations", "metadata-is-the-models", "upgrade-is-committed", "models-match-revisions"}


@pytest.mark.parametrize("kind", CORRECT)
def test_a_sound_project_is_sound(plain: Foreign, tmp_path: Path, kind: str) -> None:
    """From elsewhere, with its database; the first one also from its own directory, and without; nothing is written."""
    project = plain.copy(tmp_path / kind)
    CORRECT[kind](project)
    project.prove()
    before, elsewhere = project.files(), tmp_path / "elsewhere"
    elsewhere.mkdir()
    reports = [project.examine(cwd=elsewhere)]
    if kind == next(iter(CORRECT)):
        reports.append(project.examine("--no-live"))
    for report in reports:
        assert not verdicts(report, "problem", "unknown"), report
        assert report["exit_code"] == 0
        assert set(verdicts(report, "ok", "note")) >= RAN, report
    assert project.files() == before
    assert not list(elsewhere.iterdir())


POSTGRESQL, APP_URL = "postgresql+psycopg://u:s3cret@127.0.0.1:1/x", 'f"sqlite:///{Path(__file__).parent}/app.db"'
SERVER: Act = several(edit(INI, URL, POSTGRESQL), edit("main.py", APP_URL, f'"{POSTGRESQL}"'))
# What keeps the doctor from a verdict, and words of the reason.
UNKNOWN: dict[str, tuple[Act, str]] = {
    "a package is not installed": (append("models.py", "import absent"), "absent"),
    "no server": (SERVER, "TEST_DATABASE_URL"),
}


@pytest.mark.parametrize("flags", [["--no-live"], []])
@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_cannot_be_examined(sound: Foreign, tmp_path: Path, kind: str, flags: list[str]) -> None:
    """It is not called a problem, and it is not passed over."""
    project = sound.copy(tmp_path / "shop")
    act, words = UNKNOWN[kind]
    act(project)
    report = project.examine(*flags)
    assert not verdicts(report, "problem"), report
    assert words in "".join(verdicts(report, "unknown").values()), report
    assert report["exit_code"] == 2


LOST = "from models import *\n\nclass Lost(Base):\n    __tablename__, id = 'lost', Column(Integer, primary_key=True)"
SIDE_EFFECT = (
    "from main import engine\nfor each in Base.metadata.sorted_tables:\n    each.create(engine, checkfirst=True)"
)
OWN_ENGINE = 'from sqlalchemy import create_engine\nengine = create_engine("sqlite:////tmp/other.db")'
CONFIGURE = "        context.configure(\n            connection"
FILED: Act = several(revised("pass"), move(f"{VERSIONS}/second.py", f"{VERSIONS}/2026/second.py"))
RELATIVE: Act = several(edit(INI, URL, "sqlite:///app.db"), edit(INI, "path = .", "path = %(here)s"))
YEAR = "    year = Column(Integer)"
SELECTING = f'        connection.exec_driver_sql("SELECT 1")\n{CONFIGURE}'
LIVE_MODEL = "from models import Author\nop.bulk_insert(Author.__table__, [{'name': 'Kim'}])"
APART = "same-database-from-everywhere"  # looked for with the live database only, and may be no more than a note
COMMITS, SAME = "revisions-leave-transactions-alone upgrade-is-committed", "application-uses-the-same-database"
# What is wrong: how, the check that must say so (one of several, or "": any), and words of its findings.
BROKEN: dict[str, tuple[Act, str, str]] = {
    "dispatch removed": (edit(ENV, DISPATCH, ""), "env-runs-migrations", "env.py"),
    "only offline": (edit(ENV, DISPATCH, ONLY_OFFLINE), "env-runs-migrations", "online"),
    "dispatch under main": (edit(ENV, DISPATCH, UNDER_MAIN), "env-runs-migrations", "env.py"),
    "env.py does not parse": (write(ENV, "def run(:"), "files-parse", "migrations/env.py:1"),
    "models do not parse": (write("models.py", "class Author(:"), "env-reaches-run-migrations", "models.py:1"),
    "a revision with conflict markers": (
        revised("op.execute('SELECT 1')\n<<<<<<< HEAD"),
        "files-parse",
        "it cannot be read as Python",
    ),
    "metadata None": (edit(ENV, METADATA, "= None"), "metadata-is-the-models", "env.py"),
    "a module that nobody imports": (write("lost.py", LOST), "metadata-is-the-models", "lost.py"),
    "a transaction left open": (edit(ENV, CONFIGURE, SELECTING), "upgrade-is-committed", "env.py"),
    "commit()": (revised("op.get_bind().commit()"), COMMITS, "second"),
    "COMMIT": (revised("op.execute('UPDATE author SET name = name')\nop.execute('COMMIT')"), COMMITS, "second"),
    "two heads": (several(revised("pass"), revised("pass", name="third")), "revisions-form-one-line", "third"),
    "a revision in a subdirectory": (FILED, "every-revision-is-loaded", "2026/second.py"),
    "a live model in a revision": (revised(LIVE_MODEL), "revisions-are-self-contained", "second.py"),
    "create_all": (append("main.py", "Author.metadata.create_all(engine)"), "no-table-outside-migrations", "main.py"),
    "create_all by another name": (append("models.py", SIDE_EFFECT), "", ""),
    "an edited model": (edit("models.py", PAGES, f"{YEAR}\n{PAGES}"), "models-match-revisions", "year"),
    "an edited CHECK": (edit("models.py", "pages > 0", "pages > 9"), "schema-matches-models", "pages_positive"),
    "an edited partial index": (edit("models.py", "pages > 500", "pages > 900"), "schema-matches-models", "ix_long"),
    "an index that autogenerate passes over": (LOWER, "schema-matches-models", "ix_lower"),
    "another database in main.py": (edit("main.py", APP_URL, '"sqlite:////srv/other.db"'), SAME, "other.db"),
    "another database in the models": (append("models.py", OWN_ENGINE), SAME, "other.db"),
    "no downgrade": (downgrade("pass"), "downgrade-leaves-nothing", "author"),
    "a database for each directory": (RELATIVE, APART, "app.db"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_found(sound: Foreign, tmp_path: Path, fault: str) -> None:
    """By the check that is about it, with a place and a fix."""
    project = sound.copy(tmp_path / "shop")
    act, check, words = BROKEN[fault]
    act(project)
    report = project.examine(*([] if check == APART else ["--no-live"]))
    reported = verdicts(report, "problem", *(["note"] if check == APART else []))
    assert any(words in reported[name] for name in check.split() or reported if name in reported), report
    assert report["exit_code"] == 1 or check == APART
    findings = [finding for check in report["checks"] if check["id"] in reported for finding in check["findings"]]
    assert all(finding["where"] and finding["fix"] for finding in findings)


RELEASES = [("1.13", "1.4"), ("1.13", "2.0.0"), *((f"1.{minor}", "2.0") for minor in range(13, 21)), ("1.20", "2.1")]


@pytest.mark.slow
@pytest.mark.parametrize(("alembic", "sqlalchemy"), RELEASES)
def test_every_release(home: Path, tmp_path: Path, alembic: str, sqlalchemy: str) -> None:
    """Of Alembic: a plain project of its time is sound, and without the dispatch it is not."""
    wanted, python = [f"alembic=={alembic}.*", f"sqlalchemy=={sqlalchemy}.*"], tmp_path / "venv/bin/python"
    subprocess.run([*QUICK, "venv", "-q", "-p", sys.executable, str(tmp_path / "venv")], check=True)
    install = [*QUICK, "pip", "install", "-q", "-p", str(python), *wanted]
    done = subprocess.run(install, stderr=subprocess.PIPE, encoding="utf-8")
    if re.search("Failed to fetch|error sending request|network was disabled", done.stderr):
        pytest.skip(f"needs a package registry to install {' and '.join(wanted)}: {done.stderr}")
    assert done.returncode == 0, done.stderr
    project = make_plain(tmp_path / "shop", home, python.parent)
    project.prove()
    report = project.examine()
    assert not verdicts(report, "problem", "unknown"), report
    project.edit(ENV, DISPATCH, "")
    assert "env-runs-migrations" in verdicts(project.examine("--only", "static"), "problem")


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_on_a_server(plain: Foreign, tmp_path: Path, kind: str) -> None:
    """With TEST_DATABASE_URL, a project on a server is examined there; its own database is only read."""
    with make_database(kind, tmp_path) as url:
        project = plain.copy(tmp_path / "shop")
        project.variables["TEST_DATABASE_URL"] = url
        quoted = url.replace("%", "%%").replace("postgresql:", "postgresql+psycopg:")
        for file, old in ((INI, URL), ("main.py", APP_URL)):
            project.edit(file, old, quoted if file == INI else f'"{quoted}"')
        downgrade("op.drop_table('book')\n    op.drop_table('author')")(project)  # Alembic's own fails on MariaDB
        project.prove()
        rows(url, "INSERT INTO author (id, name) VALUES (1, '한강')")
        report = project.examine()
        assert not verdicts(report, "problem", "unknown"), report
        assert not {"schema-matches-models", "live-matches-its-revisions"} & set(verdicts(report, "skipped"))
        assert rows(url, "SELECT name FROM author") == [("한강",)]
        column = "VARCHAR(7)" if kind == "postgresql" else "VARCHAR(7) NULL"
        alter = "ALTER COLUMN name TYPE" if kind == "postgresql" else "MODIFY name"
        rows(url, f"ALTER TABLE author {alter} {column}")
        assert list(verdicts(project.examine(), "problem")) == ["live-matches-its-revisions"]


def test_a_project_on_sqlite_needs_no_server(sound: Foreign, tmp_path: Path) -> None:
    """Whatever server TEST_DATABASE_URL names."""
    project = sound.copy(tmp_path / "shop")
    project.variables["TEST_DATABASE_URL"] = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    report = project.examine("--no-live")
    assert not verdicts(report, "problem", "unknown"), report
