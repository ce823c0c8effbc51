"""Flask-Migrate's commands: in its own projects they ask and guard as ``alembic`` does; story 5 is told here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.databases import rows
from support.foreign import Foreign
from support.project import Project

APP = """\
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "URL"
db = SQLAlchemy(app)
migrate = Migrate(app, db)


class Todo(db.Model):
    __tablename__ = "todos"
    id = db.Column(db.Integer, primary_key=True)
    description = db.Column(db.String(), nullable=False)
"""
DESCRIPTION = "    description = db.Column(db.String(), nullable=False)\n"
COMPLETED = "    completed = db.Column(db.Boolean, nullable=False, default=False)\n"


class App(Foreign):
    """A Flask application with its own layout of migrations."""

    def db(self, *arguments: str) -> str:
        """Run a command of ``flask db`` that must succeed, and return its output."""
        return self.ok("flask", "db", *arguments)

    def refused(self, *arguments: str) -> str:
        """Run one that must end with a sentence, and return it."""
        done = self.run("flask", "db", *arguments)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stdout, done.stdout
        return str(done.stdout)


def begin(path: Path, home: Path, url: str, server: str | None = None) -> App:
    """Return an application with todos: three of them, in a database that its first revision has made."""
    path.mkdir()
    app = App(path, home, {"TEST_DATABASE_URL": server} if server else {})
    app.write("app.py", APP.replace("URL", url))
    app.db("init")
    app.db("migrate", "-m", "todos", "--rev-id", "first")
    app.db("upgrade")
    rows(url, "INSERT INTO todos (description) VALUES ('a'), ('b'), ('c')")
    return app


def todos(url: str) -> Any:
    """Return the rows."""
    return rows(url, "SELECT * FROM todos ORDER BY id")


def adopt(app: App) -> str:
    """Let the library write its lines."""
    return str(app.run("alembic-proof", "adopt", "--write-env").stdout)


def test_story_five(tmp_path: Path, home: Path, postgresql: str) -> None:
    """Three lines, and NOT NULL comes to a table with rows, both ways; every command of ``flask db`` guards."""
    app = begin(tmp_path / "todo", home, postgresql, postgresql)
    output = adopt(app)
    assert len(re.findall(r"^\+.*(alembic_proof|migrating|options)", output, re.MULTILINE)) == 3, output
    assert "Next: flask db check, then alembic-proof doctor" in output
    assert "No new upgrade operations detected." in app.db("check")

    app.edit("app.py", DESCRIPTION, DESCRIPTION + COMPLETED)
    app.db("migrate", "-m", "completed", "--rev-id", "second")
    (revision,) = (app.path / "migrations/versions").glob("second*.py")
    assert "server_default=sa.false()" in revision.read_text("utf-8")
    assert "it is at revision first, and the newest is second. Run flask db upgrade first" in app.refused("check")
    app.db("upgrade")
    assert [completed for *_, completed in todos(postgresql)] == [False] * 3
    assert "second (head)" in app.db("current")
    assert "No new upgrade operations detected." in app.db("check")

    output = app.refused("downgrade")
    assert "This downgrade drops todos.completed, which has 3 values. Go on?" in output
    assert "    flask db -x allow-drop=todos.completed downgrade\n" in output
    assert len(todos(postgresql)[0]) == 3
    app.db("-x", "allow-drop=todos.completed", "downgrade")
    assert todos(postgresql) == [(1, "a"), (2, "b"), (3, "c")]
    app.db("upgrade")
    app.db("downgrade", "--x-arg", "allow-drop=todos.completed", "first")
    app.db("stamp", "second")
    app.db("stamp", "first")
    app.db("upgrade")
    assert [completed for *_, completed in todos(postgresql)] == [False] * 3
    assert "in 3 statements of 2 revisions, on postgresql" in app.run("alembic-proof", "lint").stdout
    report = app.examine()
    assert report["exit_code"] == 0, report


def test_a_rename_is_asked_about(tmp_path: Path, home: Path, sqlite: str) -> None:
    """The answer is shown as it is typed, and taken where Flask-Migrate takes it: for the group, or the command."""
    app = begin(tmp_path / "todo", home, sqlite)
    adopt(app)
    app.edit("app.py", "    description", "    text")
    output = app.refused("migrate", "-m", "rename")
    assert "    flask db -x rename=todos.description:text migrate -m rename\n" in output
    app.db("migrate", "-m", "rename", "-x", "rename=todos.description:text")
    app.db("upgrade")
    assert todos(sqlite) == [(1, "a"), (2, "b"), (3, "c")]


def test_a_terminal_is_asked(tmp_path: Path, home: Path, sqlite: str) -> None:
    """By ``flask db`` as by ``alembic``."""
    app = begin(tmp_path / "todo", home, sqlite)
    adopt(app)
    shown, code = app.answered("n\n", "flask", "db", "downgrade", "base")
    assert "This downgrade drops todos, which has 3 rows. Go on? [y/N]" in shown
    assert code == 1
    assert len(todos(sqlite)) == 3
    _, code = app.answered("y\n", "flask", "db", "downgrade", "base")
    assert code == 0


def test_two_heads(tmp_path: Path, home: Path, sqlite: str) -> None:
    """The sentence has the commands as they are typed there, and they help."""
    app = begin(tmp_path / "todo", home, sqlite)
    adopt(app)
    for revision in ("a2", "b2"):
        app.db("revision", "-m", revision, "--rev-id", revision, "--head", "first", "--splice")
    output = app.refused("upgrade")
    assert 'with flask db merge heads -m "merge", then flask db upgrade; or' in output
    app.db("merge", "heads", "-m", "merge", "--rev-id", "m3")
    app.db("upgrade")
    assert "m3 (head)" in app.db("current")


def test_what_ends_a_command(tmp_path: Path, home: Path, sqlite: str) -> None:
    """It is one sentence, with the place and the state of the database; on request, the traceback."""
    app = begin(tmp_path / "todo", home, sqlite)
    adopt(app)
    app.db("revision", "-m", "second", "--rev-id", "second")
    (revision,) = (app.path / "migrations/versions").glob("second*.py")
    revision.write_text(revision.read_text("utf-8").replace("    pass", "    op.create_table(nothing)", 1), "utf-8")
    output = app.refused("upgrade")
    assert re.search(
        r"FAILED: migrations/versions/second_\w+\.py:\d+: NameError: name 'nothing' is not defined", output
    )
    assert "was changed; the database is at first." in output
    done = app.run("flask", "db", "upgrade", ALEMBIC_PROOF_TRACEBACK="1")
    assert "Traceback" in done.stdout


def test_a_server_that_is_away(tmp_path: Path, home: Path, sqlite: str) -> None:
    """As for alembic; the password is not shown."""
    app = begin(tmp_path / "todo", home, sqlite)
    adopt(app)
    app.edit("app.py", sqlite, "postgresql+psycopg://u:s3cret@127.0.0.1:1/todo")
    output = app.refused("upgrade")
    assert "FAILED: " in output
    assert "s3cret" not in output


TESTS = "from alembic_proof.testing.tests import test_rows_survive, test_the_doctor_finds_nothing\n"


def test_its_tests(tmp_path: Path, home: Path, sqlite: str) -> None:
    """Those of the library find the application as the flask command does, and have a database of their own."""
    app = begin(tmp_path / "todo", home, sqlite)
    adopt(app)
    app.edit("app.py", f'"{sqlite}"', 'os.environ["DATABASE_URL"]')
    app.edit("app.py", "from flask import", "import os\n\nfrom flask import")
    app.write("pyproject.toml", '[tool.alembic-proof]\ndatabase-variable = "DATABASE_URL"\n')
    app.write("tests/test_migrations.py", TESTS)
    output = app.ok("python", "-m", "pytest", "-q", "-p", "alembic_proof.testing.plugin", DATABASE_URL=sqlite)
    assert " passed" in output, output


@pytest.mark.parametrize("command", [["upgrade"], ["migrate", "-m", "x"], ["upgrade", "--sql"], ["current"]])
def test_a_project_of_this_template(project: Project, command: list[str]) -> None:
    """Its commands are those of alembic: Flask-Migrate, put on top of it, says so in one sentence."""
    project.write(
        "app.py",
        "from flask import Flask\nfrom flask_migrate import Migrate\nfrom shop.models import Base\n"
        "app = Flask(__name__)\nMigrate(app, Base)\n",
    )
    done = project.run("flask", "db", *command)
    assert done.returncode == 1, done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last.endswith(
        "`flask db` looks for migrations/alembic.ini, which this project does not have: use `alembic` in its place, "
        "as in `alembic upgrade head`. Nothing was changed."
    ), done.stdout
    assert "Traceback" not in done.stdout
