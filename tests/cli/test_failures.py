"""What ends an alembic command is said in one line: the place, what is wrong, the state of the database, what to do."""

from __future__ import annotations

import re
import signal

import pytest
from sqlalchemy import make_url
from support.databases import rows
from support.project import Project

BOOK, AUTHOR = "src/PACKAGE/models/book.py", "src/PACKAGE/models/author.py"
FIRST = 'op.create_table("author", sa.Column("name", sa.String(20)), sa.Column("n", sa.Integer))'
FIRST += """\nop.execute("INSERT INTO author VALUES ('a@b.kr', 1), ('a@b.kr', 2)")"""


def failed(project: Project, *command: str, **variables: str) -> str:
    """Run an alembic command that fails, and return the one line that it says besides its log."""
    done = project.run("alembic", *command, **variables)
    assert done.returncode != 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if not re.match(r"INFO|WARNI|  util\.warn|.*UserWarning", line)]
    assert len(lines) == 1, done.stdout
    assert lines[0].startswith("FAILED: "), done.stdout
    return lines[0].removeprefix("FAILED: ")


# Each changes the size of its file: Python takes one for unchanged that was edited within a second and kept its size.
MODELS = {
    "a typo": (BOOK, "mapped_column(String(200))", "mapped_column(Strin(200))", "NameError: name 'Strin'"),
    "a missing import": (AUTHOR, "import DateTime, String", "import String", "NameError: name 'DateTime'"),
    "a foreign key to nowhere": (BOOK, '"author.id"', '"writers.id"', "could not find table 'writers'"),
    "two classes for one table": (BOOK, '"book"', '"author"', "give one of the two classes another __tablename__"),
    "no Python": (BOOK, "Mapped[int]\n", "Mapped[int\n", "it cannot be read as Python"),
    "no type": (
        BOOK,
        "pages: Mapped[int]",
        "pages: Mapped[dict]",
        "give the column its type, as in mapped_column(JSON)",
    ),
    "a library that is not installed": (
        BOOK,
        "\nfrom sqlalchemy import",
        "\nimport nothing_here\nfrom sqlalchemy import",
        "nothing_here is not installed",
    ),
}


@pytest.mark.parametrize("fault", MODELS)
def test_a_model(project: Project, fault: str) -> None:
    """Its file and line; nothing was changed, and no file written."""
    path, old, new, words = MODELS[fault]
    project.edit(path, old, new)
    text = failed(project, "revision", "--autogenerate", "-m", "x")
    assert words in text
    assert re.search(rf"{path.replace('PACKAGE', project.package)}:\d+", text)
    assert "Nothing was changed." in text
    assert not list(project.path.glob("migrations/versions/*.py"))


@pytest.mark.parametrize("path", [BOOK, "src/PACKAGE/settings.py", "migrations/versions/r1.py"])
def test_a_file_in_another_encoding(project: Project, path: str) -> None:
    """As PowerShell's > writes it: Python does not say which file it is."""
    project.revision("r1", None, FIRST)
    file = project.path / path.replace("PACKAGE", project.package)
    file.write_bytes(file.read_text("utf-8").encode("utf-16"))
    said = failed(project, "upgrade", "head")
    assert said.startswith(f"{path.replace('PACKAGE', project.package)}: it has null bytes")
    assert "What to do: save it as UTF-8." in said


REVISIONS = {
    "no Python": ("revision = 'r2'\ndown_revision = 'r1'\ndef upgrade(:\n", "r2.py:3: it cannot be read as Python"),
    "an import": ("import nothing_here\n", "r2.py:1 imports it"),
    "a missing file": (
        "revision = 'r2'\ndown_revision = 'gone'\n",
        "r2.py:2: it follows revision gone, which is missing",
    ),
    "an error in it": (
        "revision = 'r2'\ndown_revision = 'r1'\nfrom alembic import op\ndef upgrade():\n    op.drop_tabel('x')\n",
        "r2.py:5: AttributeError",
    ),
}


@pytest.mark.parametrize("fault", REVISIONS)
def test_a_revision(project: Project, sqlite: str, fault: str) -> None:
    """Its file and line, and at which revision the database is."""
    text, words = REVISIONS[fault]
    project.revision("r1", None, FIRST)
    project.ok("alembic", "upgrade", "head", DATABASE_URL=sqlite)
    project.write("migrations/versions/r2.py", text)
    said = failed(project, "upgrade", "head", DATABASE_URL=sqlite)
    assert words in said
    assert "migrations/versions/r2.py" in said
    assert "Nothing of this revision was changed; the database is at r1." in said


ROWS = {
    "a value that is too long": (
        'op.alter_column("author", "name", type_=sa.String(3), existing_type=sa.String(20))',
        "rows",
    ),
    "a duplicate": ('op.create_unique_constraint("u", "author", ["name"])', "remove the duplicates"),
}


@pytest.mark.parametrize("fault", ["a value that is too long", "a duplicate"])
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_rows(request: pytest.FixtureRequest, project: Project, kind: str, fault: str) -> None:
    """The statement, the database's own words, and what stays: nothing, or on MariaDB what came before."""
    url = request.getfixturevalue(kind)
    operation, words = ROWS[fault]
    project.revision("r1", None, FIRST)
    project.ok("alembic", "upgrade", "head", DATABASE_URL=url)
    project.revision("r2", "r1", f'op.add_column("author", sa.Column("y", sa.Integer))\n{operation}')
    said = failed(project, "upgrade", "head", DATABASE_URL=url)
    assert re.search(r"^migrations/versions/r2\.py:\d+: the database refuses ALTER TABLE author ", said)
    assert words in said
    state = {
        "postgresql": "Nothing of this revision was changed; the database is at r1.",
        "mysql": "The revision is half done: its first statement stays; alembic upgrade goes on from there, and what "
        "you add to upgrade() belongs there too, just before the statement that failed; the database is at r1.",
    }
    assert state[kind] in said


def test_an_invalid_label(project: Project, postgresql: str) -> None:
    """A row has a value that the new type does not."""
    project.revision("r1", None, FIRST)
    project.revision(
        "r2",
        "r1",
        "op.execute(\"CREATE TYPE k AS ENUM ('b')\")\nop.execute('ALTER TABLE author ALTER name TYPE k USING name::k')",
    )
    said = failed(project, "upgrade", "head", DATABASE_URL=postgresql)
    assert 'invalid input value for enum k: "a@b.kr"' in said
    assert "change or delete them first" in said
    assert "the database is at r1" in said


def with_setting(url: str, setting: str) -> str:
    """Return a URL whose connections have a setting of PostgreSQL."""
    return make_url(url).update_query_dict({"options": f"-c {setting}"}).render_as_string(hide_password=False)


SERVER = {
    "statement_timeout=50": ('op.execute("SELECT pg_sleep(60)")', "give the migration more time"),
    "default_transaction_read_only=on": ('op.execute("CREATE TABLE t (i INT)")', "migrate the primary"),
}


@pytest.mark.parametrize("setting", SERVER)
def test_a_server(project: Project, postgresql: str, setting: str) -> None:
    """A time-out, and a standby that only reads."""
    operation, words = SERVER[setting]
    project.revision("r1", None, FIRST)
    project.ok("alembic", "upgrade", "head", DATABASE_URL=postgresql)
    project.revision("r2", "r1", operation)
    said = failed(project, "upgrade", "head", DATABASE_URL=with_setting(postgresql, setting))
    assert words in said
    assert "Nothing of this revision was changed; the database is at r1." in said


def test_what_was_done_outside_of_a_transaction(project: Project, postgresql: str) -> None:
    """It stays, as does what came before it in the revision; and the next run says so of what is there already."""
    project.revision("r1", None, FIRST)
    block = "with op.get_context().autocommit_block():\n    op.execute('CREATE INDEX CONCURRENTLY i ON author (n)')"
    project.revision("r2", "r1", f"{block}\nop.execute('NONSENSE')")
    said = failed(project, "upgrade", "head", DATABASE_URL=postgresql)
    assert "What was carried out in an autocommit_block(), and before it, stays; the database is at r1." in said
    assert rows(postgresql, "SELECT count(*) FROM pg_indexes WHERE indexname = 'i'") == [(1,)]
    said = failed(project, "upgrade", "head", DATABASE_URL=postgresql)
    assert "a run that failed there has left what came before it. If so, undo that by hand, and run it again" in said


LOST = {"postgresql": "SELECT pg_terminate_backend(pg_backend_pid())", "mysql": "KILL CONNECTION_ID()"}


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_connection(request: pytest.FixtureRequest, project: Project, kind: str) -> None:
    """Over another one the database says at which revision it is."""
    project.revision("r1", None, f'op.execute("{LOST[kind]}")')
    said = failed(project, "upgrade", "head", DATABASE_URL=request.getfixturevalue(kind))
    assert "migrations/versions/r1.py" in said
    assert "Nothing of this revision was changed; the database is at no revision." in said


IN_PYTHON = "import time\ntime.sleep(600)"
WAITING = {"sqlite": IN_PYTHON, "postgresql": "op.execute('SELECT pg_sleep(600)')", "mysql": IN_PYTHON}


@pytest.mark.parametrize("kind", WAITING)
def test_control_c(request: pytest.FixtureRequest, project: Project, kind: str) -> None:
    """Nobody reads where Python was; where the database is, they need to know."""
    said = f"print('here', flush=True)\n{WAITING[kind]}"
    project.revision("r1", None, f"op.execute('CREATE TABLE t (i INTEGER)')\n{said}")
    running = project.start("alembic", "upgrade", "head", DATABASE_URL=request.getfixturevalue(kind))
    assert running.stdout
    assert any(line == "here\n" for line in running.stdout)
    running.send_signal(signal.SIGINT)
    output = running.stdout.read()
    assert running.wait() == -signal.SIGINT
    state = {
        "sqlite": "Nothing of this revision was changed; the database is at no revision.",
        "postgresql": "Nothing of this revision was changed; the database is at no revision.",
        "mysql": "The revision is half done: its first statement stays; alembic upgrade goes on from there; the "
        "database is at no revision.",
    }
    assert output.splitlines()[-1] == f"FAILED: It was interrupted. {state[kind]}"
    assert "Traceback" not in output


def test_the_traceback_is_there_for_whoever_wants_it(project: Project) -> None:
    """A variable brings it back."""
    project.edit(BOOK, "mapped_column(String(200))", "mapped_column(Strin(200))")
    assert "ALEMBIC_PROOF_TRACEBACK=1 shows the traceback" in failed(project, "check")
    done = project.run("alembic", "check", ALEMBIC_PROOF_TRACEBACK="1")
    assert "Traceback (most recent call last)" in done.stdout


PROGRAM = """
import sys
from alembic import command
from alembic.config import Config
if sys.argv[1] == "own":
    sys.excepthook = lambda kind, error, trace: print("reported", kind.__name__)
    from alembic.config import main
    main(["check"])
command.check(Config("alembic.ini"))
"""


def test_other_programs_keep_their_errors(project: Project) -> None:
    """One that runs Alembic's commands gets the exception; one that reports errors goes on to get them."""
    project.edit(BOOK, "mapped_column(String(200))", "mapped_column(Strin(200))")
    project.write("program.py", PROGRAM)
    assert "Traceback (most recent call last)" in project.run("python", "program.py", "none").stdout
    assert "reported NameError" in project.run("python", "program.py", "own").stdout


def test_a_connection_that_is_handed_over_is_left_alone(project: Project, sqlite: str) -> None:
    """Its transaction belongs to whoever has begun it: it is not rolled back."""
    project.revision("r1", None, 'op.execute("NONSENSE")')
    project.write(
        "program.py",
        "from alembic import command\nfrom alembic.config import Config\nfrom sqlalchemy import create_engine\n"
        f"connection = create_engine('{sqlite}').connect()\nconnection.begin()\nconfig = Config('alembic.ini')\n"
        "config.attributes['connection'] = connection\n"
        "try:\n    command.upgrade(config, 'head')\nexcept Exception:\n    print(connection.in_transaction())\n",
    )
    assert project.ok("python", "program.py").splitlines()[-1] == "True"
